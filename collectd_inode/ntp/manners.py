"""The rules for a kiss-o'-death: how long a server is left alone.  Pure; times are seconds since the epoch.

RFC 5905 section 7.4: RATE means slow down, and again at each further one; DENY and RSTR mean stop asking.  Other codes
ask for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from collectd_inode.codec import known

DAY = 86400.0
"""So long after its last kiss a server is asked as if nothing had been: one that was repaired must not stay lost."""

LEAST_PACE, MOST_PACE = 64.0, 2.0**17
"""Seconds between two packets: NTP's usual shortest poll, and its longest."""

STOP = ("DENY", "RSTR")
SLOW = "RATE"


@dataclass(frozen=True, slots=True)
class Hold:
    """How a server wants to be left alone: the code, when it came, the seconds between packets, the last packet."""

    code: str
    since: float
    pace: float
    asked: float

    def until(self) -> float:
        """When the server may be asked next."""
        return self.since + DAY if self.code in STOP else min(self.asked + self.pace, self.since + DAY)

    def forbids(self, now: float) -> bool:
        """Whether the server must be left alone now; a hold from the future means that this clock was set back."""
        return self.asked <= now < self.until()

    def is_over(self, now: float) -> bool:
        """Whether all of it is forgotten."""
        return not self.since <= now < self.since + DAY

    def again(self, now: float) -> Hold:
        """The hold after the server was asked once more."""
        return replace(self, asked=now)

    def sentence(self, interval: float) -> str:
        """Why the server was not asked, and what to do."""
        when = datetime.fromtimestamp(self.until(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if self.code in STOP:
            return f"not queried until {when}, because it answered kiss-o'-death {self.code}"
        mend = f"; an Interval of {self.pace:g} is long enough" if self.pace > interval else ""
        return f"not queried until {when}, because it answered kiss-o'-death {self.code}{mend}"


def held(before: Hold | None, code: str, now: float, interval: float) -> Hold | None:
    """The hold after a kiss with this *code*; the one that was there for a code that asks for nothing."""
    if code in STOP:
        return Hold(code, now, MOST_PACE, now)
    if code != SLOW:
        return before
    last = before.pace if before is not None and before.code == SLOW else max(LEAST_PACE, interval)
    return Hold(code, now, min(MOST_PACE, 2 * last), now)


def hold_from(kept: object) -> Hold | None:
    """The hold that was kept; None if it makes no sense."""
    hold = known(Hold, kept)
    return hold if hold is not None and hold.code in (*STOP, SLOW) else None
