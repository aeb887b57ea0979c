"""The last value that each probe has sent of one job; written by collectd's write threads, read by the probe."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from collectd_inode.quorum.verdict import Said, patience
from collectd_inode.wire import SYSTEM_CLOCK, Clock

FORGET_SECONDS = 86400.0
"""After a day of silence a probe that is not among ``Hosts`` is forgotten."""
_AHEAD = 5.0
_MOST_HOSTS = 10_000


@dataclass(frozen=True, slots=True)
class _Heard:
    up: bool
    time: float
    interval: float
    at: float
    """Its arrival, by our own monotonic clock: a probe's clock may be wrong."""
    lag: float
    """Its age then, by both clocks; negative if theirs is ahead."""


@dataclass(eq=False, slots=True)
class Board:
    """The last values of *plugin* and *instance*, by host; a `model.Listener`.

    A probe among *hosts* counts as silent until it is heard; without *hosts* every sender is a probe.  *interval* is
    assumed for a probe that was not heard yet.
    """

    plugin: str
    instance: str
    interval: float
    hosts: tuple[str, ...] = ()
    clock: Clock = SYSTEM_CLOCK
    listening_since: float | None = None
    """None: no values can come."""
    _heard: dict[str, _Heard] = field(default_factory=dict)
    _known: dict[str, None] = field(default_factory=dict)

    def start(self) -> None:
        """From now on values come."""
        self.listening_since = self.clock.monotonic()

    def take(self, host: str, time: float, interval: float, value: float) -> None:
        """Note a value; one that is older than what is known counts only once that is silent (a clock was set)."""
        if math.isnan(value) or (self.hosts and host not in self.hosts):
            return
        now = self.clock.monotonic()
        before = self._heard.get(host)
        if before is None and len(self._heard) >= _MOST_HOSTS:
            return
        if before is not None and time <= before.time and now - before.at <= patience(before.interval):
            return
        every = interval if interval > 0 else self.interval
        self._heard[host] = _Heard(value >= 0.5, time, every, now, self.clock.now() - time)

    def remember(self, hosts: Iterable[str]) -> None:
        """Expect these, too, which were heard before the last restart."""
        self._known.update(dict.fromkeys(hosts))

    @property
    def expected(self) -> tuple[str, ...]:
        """Those that are known to report, heard or not."""
        return self.hosts or tuple(self._known)

    @property
    def probes(self) -> tuple[str, ...]:
        """All that are expected to report."""
        return self.hosts or tuple(sorted({**self._known, **self._heard}))

    def said(self) -> dict[str, Said]:
        """Host → what it said last."""
        now = self.clock.monotonic()
        since = now if self.listening_since is None else self.listening_since
        heard = dict(self._heard)
        for host in (*heard, *self._known):
            if not self.hosts and now - (heard[host].at if host in heard else since) > FORGET_SECONDS:
                self._known.pop(host, None)
                self._heard.pop(host, None)
        return {
            host: Said(heard[host].up, now - heard[host].at, heard[host].interval)
            if host in heard
            else Said(None, now - since, self.interval)
            for host in self.probes
        }

    def skewed(self) -> dict[str, float]:
        """Host → seconds that its values are late by the clocks, where that is too much; negative if they are ahead."""
        heard = dict(self._heard)
        return {h: one.lag for h, one in sorted(heard.items()) if not -_AHEAD <= one.lag <= patience(one.interval)}

    @property
    def seconds(self) -> float:
        """How long values have been coming."""
        return 0.0 if self.listening_since is None else self.clock.monotonic() - self.listening_since
