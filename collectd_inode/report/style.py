"""Colours of the terminal, as cucumber uses them; or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_CODES = {"passed": "32", "failed": "31", "skipped": "36", "undefined": "33", "comment": "90", "bold": "1"}
_OF_STATUS = {
    "passed": "passed",
    "failed": "failed",
    "error": "failed",
    "skipped": "skipped",
    "undefined": "undefined",
    "ambiguous": "failed",
}


@dataclass(frozen=True, slots=True)
class Style:
    """The colour of each kind of text; without codes it stays as it is."""

    codes: Mapping[str, str] = field(default_factory=dict)

    def _paint(self, kind: str, text: str) -> str:
        code = self.codes.get(kind)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text else text

    def status(self, status: str, text: str) -> str:
        """*text* in the colour of *status*."""
        return self._paint(_OF_STATUS[status], text)

    def failed(self, text: str) -> str:
        """In red."""
        return self._paint("failed", text)

    def undefined(self, text: str) -> str:
        """In yellow."""
        return self._paint("undefined", text)

    def comment(self, text: str) -> str:
        """In grey."""
        return self._paint("comment", text)


PLAIN = Style()
COLOURED = Style(_CODES)
