"""The way out of a program of collectd's exec plugin: standard output, which never blocks us.

The lines that fit into the pipe are written, whole lines only; the rest waits in the outbox.  collectd does not answer.
When it has ended, nobody reads the pipe any more, and poll(2) reports that at once.
"""

from __future__ import annotations

import os
import select
import stat
from collections.abc import Sequence

from collectd_inode.doors.lines import ProtocolLine, chunks
from collectd_inode.doors.outbox import Outbox
from collectd_inode.wire import SYSTEM_CLOCK, Clock

LEAVE_SECONDS = 0.7
"""Seconds that collectd may take to end before we do; a stop by anybody else is delayed by these."""
ROUND_SECONDS = 0.05
"""Between two values of one series that have waited: collectd's write threads reorder bursts."""


def taken(descriptor: int = 1, instead: int = 2) -> int:
    """*descriptor* for us alone, if it leads to collectd: a step's output goes to *instead*, which collectd logs.

    It would be read as a value else, or stand in the middle of one.
    """
    if not stat.S_ISFIFO(os.fstat(descriptor).st_mode):
        return descriptor
    ours = os.dup(descriptor)
    os.dup2(instead, descriptor)
    return ours


class Pipe:
    """Standard output as a way to collectd."""

    def __init__(self, outbox: Outbox, descriptor: int = 1, clock: Clock = SYSTEM_CLOCK) -> None:
        self._outbox, self._descriptor, self._clock = outbox, descriptor, clock
        self.gone = False
        """Whether nobody reads it any more."""
        self._leaves = False
        self.is_of_collectd = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        if self.is_of_collectd:  # a terminal's would be the shell's, too
            os.set_blocking(descriptor, False)

    @property
    def waits(self) -> bool:
        """Whether there is something that collectd does not have."""
        return len(self._outbox) > 0

    def pump(self, until: float) -> None:
        """Write what waits, until *until* (monotonic seconds) at the latest."""
        while self._writes and (lines := self._outbox.round(self._clock.monotonic())):
            left = self._write_all(lines, until)
            if left:
                self._outbox.give_back(left)
                return
            if len(self._outbox):
                self._poll(0, min(until, self._clock.monotonic() + ROUND_SECONDS))

    def rest(self, until: float, wake: int) -> None:
        """Wait until *until*, until the descriptor *wake* can be read, or until nobody reads any more."""
        self._poll(0, until, wake)

    def leave(self) -> None:
        """Write nothing more to a collectd that stops.

        It frees what its thread for this pipe logs and dispatches with: a line of ours, or the pipe's end, can be its
        crash.  With collectd 5.12 that is a notification while its python plugin ends.
        """
        self._leaves = self.is_of_collectd

    def close(self) -> None:
        """Wait for the end of a collectd that stops, for a moment."""
        end = self._clock.monotonic() + LEAVE_SECONDS
        while self.is_of_collectd and not self.gone and (self._clock.monotonic() < end):
            self._poll(0, end)

    @property
    def _writes(self) -> bool:
        return not (self.gone or self._leaves)

    def _write_all(self, lines: Sequence[ProtocolLine], until: float) -> Sequence[ProtocolLine]:
        """Write *lines*; the value is the unwritten rest."""
        for number, chunk in chunks(lines):
            if not self._write(b"".join(line.octets for line in chunk), until):
                return lines[number:]
            for line in chunk:
                self._outbox.arrived(line)
        return ()

    def _write(self, octets: bytes, until: float) -> bool:
        while self._writes:
            try:
                # Up to PIPE_BUF a pipe takes all or nothing (pipe(7)): no line is ever half written.
                os.write(self._descriptor, octets)
            except BlockingIOError:
                if self._clock.monotonic() >= until:
                    return False
                self._poll(select.POLLOUT, until)
            except OSError:
                self.gone = True
            else:
                return True
        return False

    def _poll(self, events: int, until: float, *others: int) -> None:
        poll = select.poll()
        poll.register(self._descriptor, events)
        for other in others:
            poll.register(other, select.POLLIN)
        milliseconds = max(0.0, until - self._clock.monotonic()) * 1000
        for descriptor, event in poll.poll(milliseconds):
            if descriptor == self._descriptor and event & (select.POLLERR | select.POLLNVAL):
                self.gone = True
