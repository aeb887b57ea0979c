"""Slow searches in a page: in a worker, and regular expressions and selectors for two seconds at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from collectd_inode.model import Cause, Failure, Misconfigured
from collectd_inode.wire import SYSTEM_CLOCK, Clock, deadline
from collectd_inode.wire.workers import DaemonPool

if TYPE_CHECKING:
    import regex

PATTERN_SECONDS = 2.0
"""Seconds for a regular expression or a selector: a catastrophic one would run for ever."""

SELECTING = DaemonPool(4)
"""Workers of their own: libxml2 may keep one for an hour, and nothing else may lack it."""

_OVERDUE: set[str] = set()
"""Selectors that a worker is still busy with although nobody waits for it."""

_Found = TypeVar("_Found")


async def found(pattern: str, text: str) -> bool:
    """Whether *pattern* (Ruby's ``/m``: a dot matches line ends too) is found, without holding up the other jobs."""
    if is_plain(pattern):
        return pattern in text
    return await _search(pattern, text) is not None


async def captured(pattern: str, text: str) -> str | None:
    """The match of the first group of *pattern* in *text*, or of all of it where it has no group; None without a match.

    A group that took no part in the match has found the empty text.
    """
    match = await _search(pattern, text)
    return None if match is None else match[1 if match.re.groups else 0] or ""


_SPECIAL = frozenset("()[]{}?*+|^$\\.-#&~")
"""The characters with a special meaning anywhere in a regular expression."""


def is_plain(pattern: str) -> bool:
    """Whether *pattern* is plain text."""
    return _SPECIAL.isdisjoint(pattern)


def complaint(pattern: str) -> str:
    """The mistake in *pattern*; empty for a good one."""
    try:
        _compiled(pattern)
    except Misconfigured as error:
        return str(error)
    return ""


def _compiled(pattern: str) -> regex.Pattern[str]:
    import regex  # noqa: PLC0415  # 1.3 MB, and most scenarios have no pattern

    try:
        return regex.compile(pattern, regex.DOTALL | regex.MULTILINE)
    except (regex.error, RecursionError, OverflowError) as error:
        raise Misconfigured(f"/{pattern}/ is not a regular expression: {error}") from None


async def selected(what: str, search: Callable[[], _Found], clock: Clock = SYSTEM_CLOCK) -> _Found:
    """The result of *search*, for an XPath or CSS selector; Failure(TIMEOUT) if that takes too long.

    libxml2 cannot be stopped: the worker stays busy until it has finished, and the same selector is not tried again
    meanwhile, or runs would occupy one worker after the other.  It does not hold the interpreter's lock.
    """
    if what in _OVERDUE:
        raise Failure(Cause.TIMEOUT, f"“{what}” still runs on the page of an earlier run")
    call = SELECTING.submit(search)
    try:
        async with deadline(PATTERN_SECONDS, clock):
            return await asyncio.wrap_future(call)
    except TimeoutError:
        raise Failure(Cause.TIMEOUT, f"“{what}” took longer than {PATTERN_SECONDS:g} s on the page") from None
    finally:
        if call.running():
            _OVERDUE.add(what)
            call.add_done_callback(lambda _: _OVERDUE.discard(what))


async def _search(pattern: str, text: str) -> regex.Match[str] | None:
    seconds = PATTERN_SECONDS

    def search() -> regex.Match[str] | None:
        # Compiling has no limit of its own, and a pattern may hold what a page has sent.
        return _compiled(pattern).search(text, timeout=seconds, concurrent=True)

    try:
        return await asyncio.get_running_loop().run_in_executor(None, search)
    except TimeoutError:
        raise Failure(Cause.TIMEOUT, f"/{pattern}/ took longer than {seconds:g} s on the page") from None
