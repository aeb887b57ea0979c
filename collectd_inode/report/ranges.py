"""The ranges of the Monitoring Plugins guidelines, as ``--warning`` and ``--critical`` take them: ``[@][start:][end]``.

``10`` alarms below 0 and above 10, ``10:`` below 10, ``~:10`` above 10, ``10:20`` outside of the two, ``@10:20``
inside, the ends included (https://www.monitoring-plugins.org/doc/guidelines.html).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"(?P<inside>@)?(?:(?P<start>~|{_NUMBER})?(?P<colon>:))?(?P<end>{_NUMBER})?", re.ASCII)
_EXPECTED = "expected a range such as 10, 10:, ~:10, 10:20 or @10:20"


@dataclass(frozen=True, slots=True)
class Range:
    """The values without alarm: *start* to *end*; with *inside*, the values with alarm.

    ``bare`` is a range of one number, without a colon.
    """

    start: float
    end: float
    inside: bool = False
    bare: bool = False

    def alarms(self, value: float) -> bool:
        """Whether *value* raises an alarm; the ends belong to the range."""
        return (self.start <= value <= self.end) is self.inside

    @property
    def around_zero(self) -> Range:
        """The same for what may be off in either direction: ``0.1`` is ``-0.1:0.1``; others stay what they are."""
        return replace(self, start=-self.end, bare=False) if self.bare else self

    def __str__(self) -> str:
        start = "" if self.start == 0 and not math.isinf(self.end) else f"{figure(self.start)}:"
        return f"{'@' if self.inside else ''}{start}{'' if math.isinf(self.end) else figure(self.end)}"


def parsed(text: str) -> Range:
    """The range in *text*; raises ValueError with a sentence where it is none."""
    match = _RANGE.fullmatch(text)
    if match is None or (match["start"] is None and match["end"] is None):
        raise ValueError(f"{text or 'nothing'}: {_EXPECTED}")
    start = -math.inf if match["start"] == "~" else _number(match["start"] or "0", text)
    end = math.inf if match["end"] is None else _number(match["end"], text)
    if start > end:
        raise ValueError(
            f"{text}: expected a range that does not end ({figure(end)}) below its start ({figure(start)})"
        )
    return Range(start, end, match["inside"] is not None, match["colon"] is None)


def _number(digits: str, text: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{text}: {_EXPECTED}")
    return number + 0.0  # no -0


def figure(number: float) -> str:
    """*number* in the C locale and without an exponent, which not everybody reads; ``~`` is minus infinity."""
    if number == -math.inf:
        return "~"
    digits = format(Decimal(repr(number)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
