"""What the demonstration writes on: lines, and on a terminal colours and a progress bar below them."""

from __future__ import annotations

import sys
from collections.abc import Mapping


class Screen:
    """Lines, and on a terminal colours and a progress bar below them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.terminal = sys.stdout.isatty()
        self.colours = self.terminal and not environment.get("NO_COLOR")
        self._bar = ""

    def line(self, text: str = "") -> None:
        """Print a line above the progress bar."""
        self._clear()
        print(text, flush=True)

    def progress(self, elapsed: float, seconds: float) -> None:
        """Redraw the progress bar."""
        if not self.terminal:
            return
        width = 40
        done = min(width, int(width * elapsed / seconds)) if seconds else width
        self._clear()
        self._bar = f"{'━' * done}{'╌' * (width - done)} {min(elapsed, seconds):.0f} of {seconds:.0f} s"
        print(self.paint("2", self._bar), end="", flush=True)

    def done(self) -> None:
        """Take the progress bar away."""
        self._clear()
        if self.terminal:
            sys.stdout.flush()

    def paint(self, code: str, text: str) -> str:
        """*text* in a colour, where colours are wanted."""
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def _clear(self) -> None:
        if self._bar:
            print("\r\033[K", end="")
            self._bar = ""
