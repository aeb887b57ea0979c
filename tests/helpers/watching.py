"""The smarthost check against the servers of `smtp_faults`: one run, tidily, and all that anybody is told of it.

As a program it says how much memory runs take, each against a server that somebody else serves::

    python -m tests.helpers.watching PASSWORDFILE starttls:PORT:SECONDS:CA…    # prints cause and KiB, a line each
"""

from __future__ import annotations

import asyncio
import base64
import re
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job, Observation
from collectd_inode.observing import observe
from collectd_inode.report import jsonl, notification, pretty
from collectd_inode.report.style import PLAIN
from collectd_inode.report.values import values
from collectd_inode.smarthost.jobs import load
from collectd_inode.smarthost.settings import Settings
from collectd_inode.wire import workers
from tests.helpers.certificates import HOST, Files
from tests.helpers.examples import FEW_TURNS, HUNG, PatientClock, observe_patiently
from tests.helpers.peers import descriptors
from tests.helpers.smtp_faults import PASSWORD, USER, Listens, Server, serving

SENDER, RECIPIENT = "monitor@example.org", "postmaster@example.net"
SECRETS = ("s3cret", *(base64.b64encode(text.encode()).decode() for text in (PASSWORD, f"\0{USER}\0{PASSWORD}")))
"""A piece of the password that stands in no other word, and how LOGIN and PLAIN write it."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A run, and the verbs that the server was told meanwhile, ``VERB, in clear`` where there was no TLS."""

    observation: Observation
    said: tuple[str, ...]

    @property
    def verdict(self) -> tuple[str, str, str]:
        """Cause, the step that is bad, message; the last for people."""
        bad = self.observation.bad_step
        return self.observation.cause.word, bad.series if bad else "", self.observation.message

    @property
    def warnings(self) -> tuple[tuple[str, str], ...]:
        """Code and sentence of each."""
        return tuple((warning.code, warning.message) for warning in self.observation.warnings)

    @property
    def readings(self) -> dict[str, float]:
        """All of them, by name, to a tenth."""
        return {f"{r.type}-{r.type_instance}": round(r.value, 1) for r in self.observation.readings}

    @property
    def logins(self) -> int:
        """How often AUTH was tried."""
        return sum(verb.startswith("AUTH") for verb in self.said)

    @property
    def told(self) -> str:
        """All that anybody is told of it."""
        seen = self.observation
        reports = [jsonl.line(seen), pretty.observation(seen, PLAIN, verbose=True), notification.message(seen)]
        return "\n".join([*reports, *(value.identity for value in values(seen, 0.0)), repr(seen)])


def password_file(folder: Path) -> Path:
    """A file with the right password, as it should be."""
    file = folder / "password"
    file.touch(0o600)
    file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    return file


def job(
    port: int,
    ca: str,
    password: Path,
    *,
    name: str = "relay",
    interval: float = 60.0,
    timeout: float = HUNG,
    **more: Any,
) -> Job:
    """The job of a block that asks for all there is, at a server of ours; *more* are other settings."""
    wanted: dict[str, Any] = {
        "server": "127.0.0.1",
        "port": port,
        "ca_cert": ca,
        "server_name": HOST,
        "user": USER,
        "password_file": str(password),
        "helo_name": "leaf.test",
        "sender": SENDER,
        "recipient": RECIPIENT,
        "refused_without_auth": True,
        **more,
    }
    found = load(name, Settings(**wanted), BlockSettings(interval=interval, timeout=timeout))
    assert found.problems == ()
    return found.jobs[0]


def watched(
    name: str,
    folder: Path,
    *,
    implicit: bool = False,
    pace: float = 0.1,
    shown: Files | None = None,
    late: str = "",
    **more: Any,
) -> Watched:
    """One run against the server called *name*; neither leaves a task, a thread or a descriptor.

    Its deadline counts from when the server hangs and we are in the step called *late*, if that is given.
    """
    before, threads = set(descriptors()), _threads()
    with serving(name, folder, implicit=implicit, pace=pace, shown=shown) as server:
        observation = workers.run(_alone(_job_for(server, folder, **more), server, late))
    # What another test has left may go meanwhile.
    assert (set(descriptors()) - before, _threads() - threads) == (set(), set())
    return Watched(observation, tuple(server.said))


def _job_for(server: Server, folder: Path, **more: Any) -> Job:
    tls = "implicit" if server.implicit else "starttls"
    return job(server.port, server.ca, password_file(folder), tls=tls, **more)


async def _alone(job: Job, server: Server, late: str) -> Observation:
    def reached() -> bool:
        return not late or server.hanging.is_set() or server.fault.listens is Listens.DROPS

    clock = PatientClock()
    observation = await observe_patiently(job, step=late, ready=reached, clock=clock)
    assert clock.given[0] == job.deadline
    assert not late or clock.turns < FEW_TURNS
    assert asyncio.all_tasks() == {asyncio.current_task()}
    return observation


def _threads() -> set[threading.Thread]:
    """All but the pool's, which are kept."""
    return {thread for thread in threading.enumerate() if thread.name != "collectd_inode worker"}


def main(password: str, *servers: str) -> None:
    """Run against each; print its cause, and by how much the memory in core was at most above what it had been."""
    for tls, port, seconds, ca in (server.split(":", 3) for server in servers):
        checked = job(int(port), ca, Path(password), tls=tls, timeout=float(seconds))
        Path("/proc/self/clear_refs").write_text("5")  # VmHWM begins anew (proc(5))
        before = _memory("VmRSS")
        observation = workers.run(observe(checked))
        print(observation.cause.word, _memory("VmHWM") - before)  # noqa: T201


def _memory(what: str) -> int:
    """KiB."""
    found = re.search(rf"^{what}:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
