"""From what each probe said last to one verdict.  Pure: hosts, values and ages in, up, down or unknown out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import Enum

from collectd_inode.words import span

GRACE = 10.0
"""Seconds beside two intervals until a probe is silent: network buffers are sent every few seconds."""
MOST_NAMES = 5


class QuorumVerdict(Enum):
    """The state of a job, seen from several places."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """The last word of a probe: up or not, how many seconds ago, and every how many seconds it says so.

    ``up`` None: it has said nothing since we began to listen, *age* seconds ago.
    """

    up: bool | None
    age: float
    interval: float

    @property
    def silent(self) -> bool:
        """Whether that counts no more."""
        return self.up is None or self.age > patience(self.interval)


def patience(interval: float) -> float:
    """Seconds without a value after which a probe is silent."""
    return 2 * interval + GRACE


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the probes by what they said, each sorted by name."""

    verdict: QuorumVerdict
    up: tuple[str, ...]
    down: tuple[str, ...]
    silent: tuple[str, ...]

    @property
    def reporting(self) -> int:
        """The number of probes that are not silent."""
        return len(self.up) + len(self.down)

    @property
    def agreeing(self) -> int:
        """The number of probes that say what the verdict says; 0 where it is unknown."""
        return {QuorumVerdict.UP: len(self.up), QuorumVerdict.DOWN: len(self.down), QuorumVerdict.UNKNOWN: 0}[
            self.verdict
        ]


def judge(said: Mapping[str, Said], least: int | None, min_reporting: int) -> Judgement:
    """The verdict of the probes, by host.

    Down if *least* of them say so, or else most of those that report; unknown if fewer than *min_reporting* report, or
    if some say down where fewer report than it takes.
    """
    heard = {host: one for host, one in said.items() if not one.silent}
    up = tuple(sorted(host for host, one in heard.items() if one.up))
    down = tuple(sorted(host for host, one in heard.items() if not one.up))
    needed = len(heard) // 2 + 1 if least is None else least
    if len(heard) < min_reporting or (down and len(heard) < needed):
        verdict = QuorumVerdict.UNKNOWN
    else:
        verdict = QuorumVerdict.DOWN if len(down) >= needed else QuorumVerdict.UP
    return Judgement(verdict, up, down, tuple(sorted(set(said) - set(heard))))


def is_settled(said: Mapping[str, Said], hosts: Collection[str]) -> bool:
    """Whether all of *hosts*, of which there are some, have been heard: soon after the start nobody else is late."""
    return bool(hosts) and all(host in said and said[host].up is not None for host in hosts)


def sentence(judgement: Judgement) -> str:
    """``3 of 5 probes: down; only auckland, dunedin up``."""
    numbers = f"{judgement.agreeing} of {judgement.reporting} probes: {judgement.verdict.value}"
    others = {QuorumVerdict.UP: judgement.down, QuorumVerdict.DOWN: judgement.up}.get(judgement.verdict, ())
    if not others:
        return numbers
    other = QuorumVerdict.DOWN if judgement.verdict is QuorumVerdict.UP else QuorumVerdict.UP
    return f"{numbers}; only {names(others)} {other.value}"


def unknown(judgement: Judgement, least: int | None, min_reporting: int) -> str:
    """Why there is no verdict, and what those say who report."""
    wanted = max(min_reporting, least or 0)
    votes = [f"{names(hosts)} {word}" for hosts, word in ((judgement.up, "up"), (judgement.down, "down")) if hosts]
    report = "1 probe reports" if judgement.reporting == 1 else f"{judgement.reporting} probes report"
    return f"unknown: {report}, expected {wanted} at least; {'; '.join(votes) or 'nobody'}"


def silence(said: Mapping[str, Said], silent: Collection[str]) -> str:
    """Which probes are silent, and for how long."""
    listed = sorted(silent)
    shown = ", ".join(f"{host} for {span(said[host].age)}" for host in listed[:MOST_NAMES])
    return f"silent: {shown}{_rest(listed)}"


def names(hosts: Collection[str]) -> str:
    """*hosts*, or as many as there is room for."""
    listed = sorted(hosts)
    return ", ".join(listed[:MOST_NAMES]) + _rest(listed)


def _rest(listed: list[str]) -> str:
    return f" and {len(listed) - MOST_NAMES} more" if len(listed) > MOST_NAMES else ""
