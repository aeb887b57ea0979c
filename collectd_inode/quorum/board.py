"""The last value that each probe has sent of one job; written by collectd's write threads, read by the probe."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from collectd_inode.quorum.verdict import Said, patience
from collectd_inode.wire import SYSTEM_CLOCK, Clock

FORGET_SECONDS = 86400.0
"""After a day of silence a probe that is not among ``Hosts`` is forgotten."""
LONGEST_INTERVAL = 7 * 86400.0
"""Of a stranger's value; a longer one would be no silence for ever."""
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
    silent_since: dict[str, float] = field(default_factory=dict)
    """Host → when it fell silent (epoch), also before the last restart; written by `said`."""
    _contradictions: dict[str, tuple[float, ...]] = field(default_factory=dict)
    """Host → times for which it has said both up and down, the last two."""

    def start(self) -> None:
        """From now on values come."""
        self.listening_since = self.clock.monotonic()

    def take(self, host: str, time: float, interval: float, value: float) -> None:
        """Note a value; one that is older than what is known counts only once that is silent (a clock was set)."""
        if not math.isfinite(value) or (self.hosts and host not in self.hosts):
            return
        now = self.clock.monotonic()
        before = self._heard.get(host)
        if before is None and len(self._heard) >= _MOST_HOSTS:
            return
        if before is not None and time <= before.time and now - before.at <= patience(before.interval):
            if time == before.time and before.up is not (value >= 0.5):
                self._contradictions[host] = (*self._contradictions.get(host, ())[-1:], time)
            return
        every = interval if 0 < interval <= LONGEST_INTERVAL else self.interval
        self._heard[host] = _Heard(value >= 0.5, time, every, now, self.clock.now() - time)

    def remember(self, hosts: Iterable[str], silent_since: Mapping[str, float]) -> None:
        """Expect these, too, which were heard before the last restart; some were silent already."""
        self._known.update(dict.fromkeys(hosts))
        self.silent_since = {**silent_since, **self.silent_since}

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
        heard = dict(self._heard)
        found = {host: self._said(host, heard.get(host)) for host in self.probes}
        now = self.clock.now()
        self.silent_since = {
            host: self.silent_since.get(host, now - one.age) for host, one in found.items() if one.silent
        }
        if not self.hosts:
            for host in [host for host, one in found.items() if one.silent and one.age > FORGET_SECONDS]:
                for known in (found, self._known, self._heard, self.silent_since):
                    known.pop(host, None)
        return found

    def _said(self, host: str, heard: _Heard | None) -> Said:
        now = self.clock.monotonic()
        if heard is not None:
            return Said(heard.up, now - heard.at, heard.interval)
        since = now if self.listening_since is None else self.listening_since
        before = self.clock.now() - self.silent_since[host] if host in self.silent_since else 0.0
        return Said(None, max(now - since, before), self.interval)

    def contradictory(self) -> tuple[str, ...]:
        """Hosts that have lately said both up and down of one time, twice: several machines have that name."""
        heard = dict(self._heard)
        found = dict(self._contradictions)
        return tuple(
            host
            for host, one in sorted(heard.items())
            if len(times := found.get(host, ())) > 1 and one.time - times[0] <= 2 * patience(one.interval)
        )

    def skewed(self) -> dict[str, float]:
        """Host → seconds that its values are late by the clocks, where that is too much; negative if they are ahead."""
        heard = dict(self._heard)
        return {h: one.lag for h, one in sorted(heard.items()) if not -_AHEAD <= one.lag <= patience(one.interval)}

    @property
    def seconds(self) -> float:
        """How long values have been coming."""
        return 0.0 if self.listening_since is None else self.clock.monotonic() - self.listening_since
