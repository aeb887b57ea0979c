"""When a leap second can be true: each one so far came at the end of June or December (as chronyd has it, too)."""

from __future__ import annotations

from datetime import UTC, datetime

_MONTHS = (6, 12)
_DAYS = ((6, 30), (12, 31))
_MEND = "compare with the IERS' bulletin C"


def unusual_month(now: float) -> str:
    """The remark on a leap second at the end of the month of *now* (epoch seconds); empty if it is usual."""
    return "" if datetime.fromtimestamp(now, UTC).month in _MONTHS else f"; none ever came in this month: {_MEND}"


def unusual_day(now: float) -> str:
    """The remark on a leap second at the end of the day of *now* (epoch seconds); empty if it is usual."""
    today = datetime.fromtimestamp(now, UTC)
    return "" if (today.month, today.day) in _DAYS else f"; none ever came on this day: {_MEND}"
