"""The demonstration's collectd: how it is started, and how it is stopped."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from demo import machine
from demo.signals import deaf

# Even if this process is killed in the worst moment, the kernel tells collectd.
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
STOPS_WITHIN = 10


class Gone(Exception):
    """collectd ended by itself."""


def environment(ours: Mapping[str, str]) -> dict[str, str]:
    """collectd's Python takes its standard library from the first python3 in PATH: that must be Debian's."""
    kept = {name: ours[name] for name in ("TZ", "LANG") if name in ours}
    return {**kept, "PATH": machine.PATH}


@contextmanager
def running(run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A collectd in the foreground, with the collectd.conf in *run*; stopped when the block is left."""
    with open(run / "collectd.out", "wb") as output:
        # A session of its own: Ctrl-C is for us, who then stop it.
        daemon = subprocess.Popen(
            [*DIES_WITH_US, "collectd", "-f", "-C", "collectd.conf"],
            cwd=run,
            env=environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            # In the foreground collectd writes none itself.
            (run / "collectd.pid").write_text(f"{daemon.pid}\n", encoding="utf-8")
            yield daemon
        finally:
            with deaf():
                _end(daemon)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    daemon.terminate()
    try:
        daemon.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
