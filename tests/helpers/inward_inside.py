"""Run in a network of its own, as root: redirects between this machine, a private and a public address, as JSON."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from collectd_inode.model import Observation
from collectd_inode.observing import observe
from collectd_inode.wire import workers
from demo import unpacked
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer

PUBLIC, PRIVATE, MACHINE = "203.0.113.7", "10.9.9.9", "127.0.0.1"


async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """``/to/HOST`` redirects to that host, everything else is a page."""
    target = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
    port = writer.get_extra_info("sockname")[1]
    if target.startswith("/to/"):
        where = f"Location: http://{target.removeprefix('/to/')}:{port}/in"
        writer.write(answer(b"", "302 Found", where, "Connection: close"))
    else:
        writer.write(answer(b"<!doctype html>in", "200 OK", "Connection: close"))
    await writer.drain()
    writer.close()


async def main() -> None:
    """Walk each way once."""
    server = await asyncio.start_server(served, "0.0.0.0", 0)
    port = server.sockets[0].getsockname()[1]

    async def walked(start: str, target: str, **settings: Any) -> str:
        with tempfile.TemporaryDirectory() as folder:
            feature = write_feature(
                Path(folder), f'When I go to "http://{start}:{port}/to/{target}"\nThen I should see "in"'
            )
            (job,) = loaded(feature, **settings).jobs
        return told(await observe(job)).replace(str(port), "PORT")

    resolved = (("meant.test", (MACHINE, None)),)
    found = {
        "machine": await walked(PUBLIC, MACHINE),
        "allowed": await walked(PUBLIC, MACHINE, allow_private=(MACHINE,)),
        "private": await walked(PUBLIC, PRIVATE),
        "resolved": await walked(PUBLIC, "meant.test", resolve=resolved),
        "from within": await walked(PRIVATE, MACHINE),
    }
    server.close()
    sys.stdout.write(json.dumps(found))


def told(observation: Observation) -> str:
    """Status, message and warnings."""
    warnings = "; ".join(f"{warning.code}: {warning.message}" for warning in observation.warnings)
    return f"{observation.status}: {observation.message or ''}{warnings}"


if __name__ == "__main__":
    ip = unpacked.command("iproute", "ip")
    for command in ("link set lo up", f"address add {PUBLIC}/32 dev lo", f"address add {PRIVATE}/32 dev lo"):
        subprocess.run([ip.path, *command.split()], env=ip.environment, check=True)
    workers.run(main())
