"""The rules for a kiss-o'-death: when a server may be queried again.  Pure; times are seconds since the epoch.

RFC 5905 section 7.4: RATE means slow down, and again at each further one; DENY and RSTR mean stop.  Other codes have
no effect.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from collectd_inode.codec import known

DAY = 86400.0
"""Seconds after a server's last kiss that end its hold: a repaired server must come back."""

LEAST_PACE, MOST_PACE = 64.0, 2.0**17
"""Seconds between two packets: NTP's usual shortest poll, and its longest."""

STOP = ("DENY", "RSTR")
SLOW = "RATE"


@dataclass(frozen=True, slots=True)
class Hold:
    """A server's kiss-o'-death: the code, when it came, the seconds between packets, the last packet."""

    code: str
    since: float
    pace: float
    asked: float

    def until(self) -> float:
        """The time from which the server may be queried."""
        return self.since + DAY if self.code in STOP else min(self.asked + self.pace, self.since + DAY)

    def forbids(self, now: float) -> bool:
        """Whether the server must not be queried now; a hold from the future means that this clock was set back."""
        return self.asked <= now < self.until()

    def is_over(self, now: float) -> bool:
        """Whether the hold has ended."""
        return not self.since <= now < self.since + DAY

    def again(self, now: float) -> Hold:
        """The hold after one more query."""
        return replace(self, asked=now)

    def sentence(self, interval: float) -> str:
        """Why the server was not queried, and what to do."""
        when = datetime.fromtimestamp(self.until(), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        if self.code in STOP:
            return f"not queried until {when}, because it answered kiss-o'-death {self.code}"
        mend = f"; an Interval of {self.pace:g} is long enough" if self.pace > interval else ""
        return f"not queried until {when}, because it answered kiss-o'-death {self.code}{mend}"


def held(before: Hold | None, code: str, now: float, interval: float) -> Hold | None:
    """The hold after a kiss with this *code*; unchanged by a code without effect."""
    if code in STOP:
        return Hold(code, now, MOST_PACE, now)
    if code != SLOW:
        return before
    last = before.pace if before is not None and before.code == SLOW else max(LEAST_PACE, interval)
    return Hold(code, now, min(MOST_PACE, 2 * last), now)


def hold_from(kept: object) -> Hold | None:
    """The kept hold; None if it is invalid."""
    hold = known(Hold, kept)
    return hold if hold is not None and hold.code in (*STOP, SLOW) else None
