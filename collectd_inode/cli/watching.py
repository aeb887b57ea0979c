"""``run --watch``: again whenever a file has changed, with what the page that it ended on has to offer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from collectd_inode.reload import Stamp, stamp
from collectd_inode.report.style import Style
from collectd_inode.scenario.showing import named

LOOK_SECONDS = 0.3


def pause() -> None:
    """Wait until it is worth another look."""
    threading.Event().wait(LOOK_SECONDS)


def wait_for_change(sources: Iterable[str], before: Stamp, pause: Callable[[], None] = pause) -> None:
    """Return when a file of *sources* is not as it was *before*, and has then rested for a look: it is all there."""
    sources = list(sources)
    last = before
    while True:
        pause()
        now = stamp(sources)
        if now == last != before:
            return
        last = now


def seen(url: str, names: Mapping[str, Any], style: Style) -> Iterator[str]:
    """A page, as sentences may name what is on it."""
    yield style.comment(f"      on the page {url}:")
    yield from (style.comment(f"        {line}") for line in named(names))
