"""The probe of a quorum: look at what the probes said last, and judge."""

from __future__ import annotations

import math
from dataclasses import dataclass

from collectd_inode.model import Cause, Failure, Misconfigured, PlannedStep, Standing
from collectd_inode.quorum.board import Board
from collectd_inode.quorum.verdict import (
    MOST_NAMES,
    QuorumVerdict,
    is_settled,
    judge,
    names,
    patience,
    sentence,
    silence,
    unknown,
)
from collectd_inode.run import Run
from collectd_inode.state import Memory
from collectd_inode.words import span

COUNT = PlannedStep("quorum", "quorum", navigates=False)
NO_VALUES = "only the hub's collectd itself gets the probes' values; collectd-inode status prints its last verdict"


@dataclass(frozen=True, slots=True)
class QuorumProbe:
    """Judges what is on the board once."""

    board: Board
    memory: Memory
    interval: float
    least: int | None
    min_reporting: int

    async def __call__(self, run: Run) -> None:
        """Judge once, writing into *run*."""
        with run.step(COUNT):
            if self.board.listening_since is None:
                raise Misconfigured(NO_VALUES)
            self._judge(run)

    def _judge(self, run: Run) -> None:
        self.board.remember(*self._kept())
        said = self.board.said()
        judgement = judge(said, self.least, self.min_reporting)
        run.add_reading("gauge", "agreeing", judgement.agreeing)
        run.add_reading("gauge", "reporting", judgement.reporting)
        # Probes may report less often than we judge: the first few of them need not be most.
        longest = max((self.interval, *(one.interval for one in said.values())))
        if self.board.seconds <= patience(longest) and not is_settled(said, self.board.expected):
            run.leave_open(Standing.NOT_YET)
            return
        if not self.board.hosts:
            self.memory.write({"hosts": list(self.board.probes), "silent": self.board.silent_since})
        run.note("probes that say up", names(judgement.up) or "none")
        if judgement.silent:
            run.warn("silent", silence(said, judgement.silent))
        for host, lag in list(self.board.skewed().items())[:MOST_NAMES]:
            late = f"{span(lag)} old when they came" if lag > 0 else f"{span(-lag)} ahead"
            run.warn("skewed", f"the values of {host} are {late}, by this clock: one of the clocks is wrong")
        for host in self.board.contradictory()[:MOST_NAMES]:
            what = f"{host} says up and down of the same time: several machines report as {host}"
            run.warn("same_host", f"{what}; give each a Hostname of its own")
        if judgement.verdict is QuorumVerdict.DOWN:
            raise Failure(Cause.EXPECTATION, sentence(judgement))
        if judgement.verdict is QuorumVerdict.UNKNOWN:
            run.leave_open(Standing.UNKNOWN)
            run.warn("unknown", unknown(judgement, self.least, self.min_reporting))
        elif judgement.down:
            run.warn("dissent", sentence(judgement))

    def _kept(self) -> tuple[tuple[str, ...], dict[str, float]]:
        """The probes that were known before the restart, and since when which of them were silent."""
        content = {} if self.board.hosts else self.memory.read()
        hosts, silent = content.get("hosts"), content.get("silent")
        named = tuple(host for host in hosts if isinstance(host, str)) if isinstance(hosts, list) else ()
        since = silent if isinstance(silent, dict) else {}
        return named, {h: float(t) for h, t in since.items() if isinstance(t, int | float) and math.isfinite(t)}
