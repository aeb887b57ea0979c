"""Whether the wall clock was set between two instants: what separates it from the clock that is never set."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_inode.wire import Clock
from collectd_inode.wire.stamps import SLACK_SECONDS
from collectd_inode.wire.udp import Instant

_SLACK = round(SLACK_SECONDS * 1e9)


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """The wall clock less the monotonic one, in nanoseconds, at least and at most; it changes when the clock is set.

    A machine that sleeps changes it, too.  A clock that is slewed does not: both are.
    """

    least: float
    most: float

    def is_other(self, than: ClockSetting) -> bool:
        """Whether the clock was certainly set in between; that this process was held up makes it less certain."""
        return self.least > than.most + _SLACK or than.least > self.most + _SLACK


def setting_now(clock: Clock) -> ClockSetting:
    """The setting of *clock* now: the wall clock is read between two readings of the other."""
    before, now, after = clock.monotonic(), clock.nanoseconds(), clock.monotonic()
    return ClockSetting(now - after * 1e9, now - before * 1e9)


def setting_at(left: Instant, came: Instant) -> ClockSetting:
    """The setting when an answer *came*, to a request that had *left* before; each was noticed after it happened."""
    return ClockSetting(came.nanoseconds - came.monotonic * 1e9, came.nanoseconds - left.monotonic * 1e9)
