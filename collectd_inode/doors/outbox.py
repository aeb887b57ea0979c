"""Lines on their way to collectd: a queue, in which values wait for a minute at most, and a count of lost ones."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable

from collectd_inode.doors.lines import ProtocolLine, TooLong, notification_line, value_line
from collectd_inode.model import Identity
from collectd_inode.report.notification import Notification
from collectd_inode.report.values import Value

KEPT_SECONDS = 60.0
"""Seconds that a value may wait for collectd.  A notification waits until collectd takes it: it is sent only once."""
MOST_LINES = 50_000
MOST_NOTIFICATIONS = 1000
MOST_TOLD = 100
"""Different complaints that are logged; each is logged once."""

log = logging.getLogger("collectd_inode")


class Outbox:
    """Lines that wait, the oldest first.  Times are monotonic seconds, passed in."""

    def __init__(self, hostname: str) -> None:
        self._hostname = hostname
        self._waiting: deque[ProtocolLine] = deque()
        self._notifications: deque[ProtocolLine] = deque()
        self._lost = 0
        self._told: set[str] = set()
        self.sent: dict[Identity, float] = {}
        """The last slot of each job whose verdict collectd has."""

    def __len__(self) -> int:
        return len(self._notifications) + len(self._waiting)

    def put(self, what: Value | Notification, now: float) -> None:
        """Queue *what*; if no line can hold it, it is lost, and logged once."""
        try:
            if isinstance(what, Value):
                self._append(self._waiting, value_line(what, self._hostname, now), MOST_LINES)
            else:
                self._append(self._notifications, notification_line(what, self._hostname, now), MOST_NOTIFICATIONS)
        except TooLong as error:
            self.lose(str(error))

    def _append(self, waiting: deque[ProtocolLine], line: ProtocolLine, most: int) -> None:
        waiting.append(line)
        if len(waiting) > most:
            waiting.popleft()
            self._lost += 1

    def round(self, now: float) -> list[ProtocolLine]:
        """The lines to send next, taken out: all notifications, then one value of each series.

        collectd's write threads reorder bursts of values; notifications go through none of them.  A value that has
        waited for too long is lost instead.
        """
        while self._waiting and now - self._waiting[0].put > KEPT_SECONDS:
            self._waiting.popleft()
            self._lost += 1
        seen: set[str] = set()
        chosen, later = list(self._notifications), deque[ProtocolLine]()
        self._notifications.clear()
        for line in self._waiting:
            if line.series in seen:
                later.append(line)
            else:
                seen.add(line.series)
                chosen.append(line)
        self._waiting = later
        return chosen

    def give_back(self, lines: Iterable[ProtocolLine]) -> None:
        """Queue *lines* again, before all others: collectd may not have them."""
        for line in reversed(list(lines)):
            (self._notifications if line.is_notification else self._waiting).appendleft(line)

    def arrived(self, line: ProtocolLine) -> None:
        """collectd has *line*."""
        if line.verdict is not None:
            job, slot = line.verdict
            self.sent[job] = slot

    def lose(self, why: str) -> None:
        """One line is lost; *why* is logged once."""
        self._lost += 1
        if why not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(why)
            log.error("collectd did not get a line: %s", why)

    def lost(self) -> int:
        """The number of lines lost since the last call."""
        lost, self._lost = self._lost, 0
        return lost
