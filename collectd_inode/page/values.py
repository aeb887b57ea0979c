"""The values of a form's inputs: HTML's value sanitization algorithms, and how each kind of value is written.

A page may write anything into a ``value`` attribute; a browser converts it to a value that the input can hold (rule
81).  Typed values must follow the same rules, but are never corrected silently (`complaint`, rule 82).
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite

from collectd_inode.page import colours
from collectd_inode.page.text import Element

_AS_IT_IS = frozenset({"hidden", "submit", "image", "reset", "button"})
_LINES = frozenset({"text", "search", "tel", "url", "email", "password"})
"""The kinds that lose the line ends in their value; to another it is no such value."""
_ASCII_BLANKS = "\t\n\f\r "
_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_MONTH = re.compile(r"([0-9]{4,})-([0-9]{2})")
_DAY = re.compile(r"([0-9]{4,})-([0-9]{2})-([0-9]{2})")
_WEEK = re.compile(r"([0-9]{4,})-W([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3}))?)?")
_LOCAL_TIME = re.compile(r"([0-9-]+)[T ]([0-9:.]+)")
_LONGEST_YEAR = 6
"""Digits of a year: browsers end at 275760, JavaScript's last."""


def sanitised(kind: str, value: str, control: Element) -> str:
    """*value* as an input of this kind holds it (HTML, 4.10.5.1, "value sanitization algorithm")."""
    if kind in _AS_IT_IS:
        return value
    if kind in _LINES:
        value = re.sub(r"[\r\n]", "", value)
    if kind == "email" and control.get("multiple") is not None:
        return ",".join(address.strip(_ASCII_BLANKS) for address in value.split(","))
    if kind in ("url", "email"):
        return value.strip(_ASCII_BLANKS)
    if kind == "color":
        return colours.in_hexadecimal(value)
    if kind == "range":
        return _on_the_scale(value, control)
    if kind == "datetime-local":
        return _local_time(value)
    is_good = _GOOD.get(kind)
    return value if is_good is None or is_good(value) else ""


def complaint(kind: str, value: str) -> str:
    """The form of a value of this kind, if *value* is wrong; empty for a good one, and for none at all."""
    written = _WRITTEN.get(kind)
    if written is None or not value:
        return ""
    is_good, how = written
    return "" if is_good(value) else how


def number(text: str) -> Decimal | None:
    """A valid floating-point number (HTML, 2.3.4.3), as precise as browsers keep it; None for anything else."""
    if not _NUMBER.fullmatch(text):
        return None
    near = float(text)
    return Decimal(repr(near)) if isfinite(near) else None


def _on_the_scale(value: str, control: Element) -> str:
    """The position of a slider that comes nearest to *value*; its middle where that is no number."""
    low, high = number(control.get("min") or ""), number(control.get("max") or "")
    low = Decimal(0) if low is None else low
    high = max(low, Decimal(100) if high is None else high)
    wanted = number(value)
    position = _stepped(low + (high - low) / 2 if wanted is None else wanted, low, high, control)
    return value if wanted is not None and position == wanted else _written_out(position)


def _stepped(position: Decimal, low: Decimal, high: Decimal, control: Element) -> Decimal:
    inside = max(low, min(position, high))
    step = _step(control)
    if step is None:
        return inside
    base = _step_base(control)
    steps = ((inside - base) / step).to_integral_value(ROUND_HALF_UP)
    nearest = base + steps * step
    if nearest > high:
        nearest -= step
    elif nearest < low:
        nearest += step
    return nearest if low <= nearest <= high else inside


def _step(control: Element) -> Decimal | None:
    """The distance of a slider's positions; None if it has all of them."""
    said = control.get("step") or ""
    if said.lower() == "any":
        return None
    step = number(said)
    return step if step is not None and step > 0 else Decimal(1)


def _step_base(control: Element) -> Decimal:
    """The base of steps: min, else the page's value (HTML, 4.10.5.3.8, "step base")."""
    said = (number(control.get(name) or "") for name in ("min", "value"))
    return next((base for base in said if base is not None), Decimal(0))


def _written_out(position: Decimal) -> str:
    text = f"{position:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _is_number(text: str) -> bool:
    return number(text) is not None


def _year(digits: str) -> int:
    """A year; 0, which is none, for one that no browser takes."""
    return int(digits) if len(digits) <= _LONGEST_YEAR else 0


def _is_month(text: str) -> bool:
    found = _MONTH.fullmatch(text)
    return found is not None and _year(found[1]) > 0 and 1 <= int(found[2]) <= 12


def _is_date(text: str) -> bool:
    found = _DAY.fullmatch(text)
    if found is None or not _is_month(f"{found[1]}-{found[2]}"):
        return False
    return 1 <= int(found[3]) <= monthrange(_like(_year(found[1])), int(found[2]))[1]


def _is_week(text: str) -> bool:
    found = _WEEK.fullmatch(text)
    if found is None or _year(found[1]) == 0:
        return False
    last = date(_like(_year(found[1])), 12, 28).isocalendar().week  # which is always in the year's last week
    return 1 <= int(found[2]) <= last


def _like(year: int) -> int:
    """A year that Python knows with the same calendar, which repeats itself every 400 years."""
    return (year - 1) % 400 + 1


def _is_time(text: str) -> bool:
    found = _TIME.fullmatch(text)
    return found is not None and int(found[1]) < 24 and int(found[2]) < 60 and int(found[3] or 0) < 60


def _local_time(text: str) -> str:
    """A local date and time in its normal form, without seconds where they are zero; empty for anything else."""
    found = _LOCAL_TIME.fullmatch(text)
    if found is None or not _is_date(found[1]) or not _is_time(found[2]):
        return ""
    day, time = found.groups()
    if ":" not in time[5:]:
        return f"{day}T{time}"
    seconds = time[6:].rstrip("0").rstrip(".") if "." in time else time[6:]
    return f"{day}T{time[:5]}" + ("" if seconds in ("00", "") else f":{seconds}")


def _is_local_time(text: str) -> bool:
    return bool(_local_time(text))


_GOOD: Mapping[str, Callable[[str], bool]] = {
    "date": _is_date,
    "month": _is_month,
    "week": _is_week,
    "time": _is_time,
    "number": _is_number,
}

_WRITTEN: Mapping[str, tuple[Callable[[str], bool], str]] = {
    "date": (_is_date, "a date is written 2026-12-31"),
    "month": (_is_month, "a month is written 2026-12"),
    "week": (_is_week, "a week is written 2026-W53"),
    "time": (_is_time, "a time is written 09:30 or 09:30:15"),
    "datetime-local": (_is_local_time, "a date and time are written 2026-12-31T09:30"),
    "number": (_is_number, "a number is written 1234.5"),
    "range": (_is_number, "a number is written 1234.5"),
    "color": (lambda text: _COLOUR.fullmatch(text.lower()) is not None, "a colour is written #ff8800"),
}
"""The pattern of a typed value, and the message for anything else."""
