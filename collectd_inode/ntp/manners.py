"""What a kiss-o'-death asks of us, and for how long we keep to it.  Pure; times are seconds since the epoch.

RFC 5905 section 7.4: RATE means slow down, and again at each further one; DENY and RSTR mean stop asking.  Other codes
ask for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

DAY = 86400.0
"""So long after its last kiss a server is asked as if nothing had been: one that was mended must not stay lost."""

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
        """Whether the server is to be left alone now; a hold from the future means that this clock was set back."""
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
            return f"not asked until {when}, because it answered kiss-o'-death {self.code}"
        mend = f"; an Interval of {self.pace:g} would do" if self.pace > interval else ""
        return f"not asked until {when}, because it answered kiss-o'-death {self.code}{mend}"

    def kept(self) -> dict[str, object]:
        """What is to outlive the run."""
        return {"code": self.code, "since": self.since, "pace": self.pace, "asked": self.asked}


def held(before: Hold | None, code: str, now: float, interval: float) -> Hold | None:
    """The hold after a kiss with this *code*; the one that was there for a code that asks for nothing."""
    if code in STOP:
        return Hold(code, now, MOST_PACE, now)
    if code != SLOW:
        return before
    last = before.pace if before is not None and before.code == SLOW else max(LEAST_PACE, interval)
    return Hold(code, now, min(MOST_PACE, 2 * last), now)


def hold_from(kept: object) -> Hold | None:
    """The hold that `Hold.kept` gave; None if it makes no sense."""
    match kept:
        case {
            "code": str() as code,
            "since": int() | float() as since,
            "pace": int() | float() as pace,
            "asked": int() | float() as asked,
        } if code in (*STOP, SLOW):
            return Hold(code, float(since), float(pace), float(asked))
        case _:
            return None
