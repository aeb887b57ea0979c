"""One ``rrdtool -`` for many queries: a process for each would take longer than its query.

A child of the command line, never of the daemon.
"""

from __future__ import annotations

import math
import os
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from collectd_inode.report.unusual import Points


class NotRead(Exception):
    """Nothing could be read; the text says why."""


class Rrdtool:
    """An rrdtool that runs for at most *seconds*: a disk may hang, an rrdcached may not answer.

    *daemon*: the address of rrdcached, which then writes its values to a file before that is read.
    """

    def __init__(self, daemon: str = "", seconds: float = 60.0) -> None:
        address = {"RRDCACHED_ADDRESS": daemon} if daemon else {}
        kept = {name: value for name, value in os.environ.items() if name != "RRDCACHED_ADDRESS"}
        try:
            self._process = subprocess.Popen(
                ["rrdtool", "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**kept, **address, "LC_ALL": "C.UTF-8"},
            )
        except OSError as error:
            raise NotRead(f"rrdtool cannot be run: {error.strerror}: apt-get install rrdtool") from None
        self._timer = threading.Timer(seconds, self._process.kill)
        self._timer.daemon = True

    def __enter__(self) -> Rrdtool:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._process.kill()
        self._process.communicate()

    def ask(self, commands: Iterable[str]) -> Iterator[list[bytes]]:
        """The lines of the answer to each of *commands*; none to one that was refused."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        waiting = iter(commands)
        lines: list[bytes] = []
        with suppress(OSError, ValueError):  # it has ended
            # No more at once than a pipe holds, or both sides would write and neither read.
            while some := list(islice(waiting, _AT_ONCE)):
                stdin.write(os.fsencode("".join(some)))
                stdin.flush()
                left = len(some)
                while left and (line := stdout.readline()):
                    if line[0] in _ENDS:
                        yield lines if line.startswith(b"OK ") else []
                        lines, left = [], left - 1
                    else:
                        lines.append(line)

    def ask_all(self, *commands: str) -> list[list[bytes]]:
        """The lines of the answer to each of *commands*."""
        found = list(self.ask(commands))
        return [*found, *([] for _ in range(len(commands) - len(found)))]


_AT_ONCE = 20
_ENDS = b"OE"
"""The start of the last line of an answer: ``OK u:0.00 …`` or ``ERROR: …``; no other line begins so."""


def _quoted(path: str) -> str:
    """*path* quoted for rrdtool's own reader of lines; a name that cannot be quoted becomes one that does not exist."""
    if any(c in path for c in "\n\r\0") or ('"' in path and "'" in path):
        return "/nonexistent"
    mark = "'" if '"' in path else '"'
    return f"{mark}{path}{mark}"


def last_update(file: Path) -> str:
    """The command that asks for the last value of *file*."""
    return f"lastupdate {_quoted(str(file))}\n"


def fetch(file: Path, cf: str, start: float, end: float, step: float = 1) -> str:
    """The command that asks for the points of *file*; each may stand for about *step* seconds."""
    return f"fetch {_quoted(str(file))} {cf} --resolution {int(step)} --start {int(start)} --end {int(end)}\n"


def parsed(lines: Sequence[bytes]) -> dict[str, Points]:
    """Parse the output of ``rrdtool fetch``: data source → its known points."""
    if not lines:
        return {}
    sources = lines[0].decode("utf-8", "replace").split()
    words = b"".join(lines[1:]).split()  # a time with a colon, then a value a source
    width = len(sources) + 1
    times = [float(word[:-1]) for word in words[::width]]
    return {source: _known(times, words[number::width]) for number, source in enumerate(sources, 1)}


def _known(times: Sequence[float], values: Sequence[bytes]) -> Points:
    return [point for point in zip(times, map(float, values), strict=False) if math.isfinite(point[1])]


def first_of(sources: Mapping[str, Points]) -> Points:
    """The points of the only data source."""
    return next(iter(sources.values()), ())
