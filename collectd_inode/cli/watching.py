"""``run --watch``: again whenever a file has changed, with what the page that it ended on has to offer."""

from __future__ import annotations

import glob
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from collectd_inode.report.style import Style
from collectd_inode.scenario.showing import named

Stamps = dict[str, tuple[int, int]]
LOOK_SECONDS = 0.3


def pause() -> None:
    """Wait until it is worth another look."""
    threading.Event().wait(LOOK_SECONDS)


def wait_for_change(sources: Iterable[str], before: Stamps, pause: Callable[[], None] = pause) -> None:
    """Return when a file of *sources* is not as it was *before*, and has then rested for a look: it is all there."""
    sources = list(sources)
    last = before
    while True:
        pause()
        now = stamps(sources)
        if now == last != before:
            return
        last = now


def stamps(sources: Iterable[str]) -> Stamps:
    """When each file of *sources* (files, folders, globs) was written, and its size."""
    found: Stamps = {}
    for path in sorted({file for source in sources for file in _files(source)}):
        with suppress(OSError):
            status = os.stat(path)
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _files(source: str) -> Iterator[str]:
    if os.path.isdir(source):
        for ending in ("feature", "py"):
            yield from glob.glob(os.path.join(glob.escape(source), "**", f"*.{ending}"), recursive=True)
    elif os.path.lexists(source):
        yield source
    else:
        yield from glob.glob(source, recursive=True)


def seen(url: str, names: Mapping[str, Any], style: Style) -> Iterator[str]:
    """A page, as sentences may name what is on it."""
    yield style.comment(f"      on the page {url}:")
    yield from (style.comment(f"        {line}") for line in named(names))
