"""The warnings of a run: what its pages' consoles and requests complain of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from collectd_inode.chromium.tab import ConsoleLine
from collectd_inode.chromium.traffic import Request, noted

_MOST_WARNINGS = 5
"""Of one code; the rest are counted."""


class Heard:
    """Warnings, each once and not too many of a kind."""

    def __init__(self, warn: Callable[[str, str], None]) -> None:
        self._tell = warn
        self._said: set[tuple[str, str]] = set()
        self._number: Counter[str] = Counter()

    def warn(self, code: str, message: str) -> None:
        """Add a warning, if it is news."""
        if (code, message) in self._said:
            return
        self._said.add((code, message))
        self._number[code] += 1
        if self._number[code] <= _MOST_WARNINGS:
            self._tell(code, message)

    def error(self, line: ConsoleLine) -> None:
        """The console has an error."""
        if line.kind == "exception":
            self.warn("exception", str(line))
        else:
            self.warn("console", str(line))

    def failed(self, request: Request) -> None:
        """A request has failed."""
        if said := noted(request):
            self.warn("asset", said)
