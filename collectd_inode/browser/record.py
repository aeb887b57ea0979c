"""The requests and answers of a browser in one run, recorded for the evidence of a run that fails.  Data only, and
bounded.

A browser without a recorder notes nothing.  The record has secrets: a writer must hide them first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from collectd_inode.browser.auth import HttpCredentials
from collectd_inode.browser.decoding import Body
from collectd_inode.page import urls
from collectd_inode.page.charset import UTF8, Encoding
from collectd_inode.page.forms import kind_of, value_of
from collectd_inode.page.headers import Headers
from collectd_inode.page.page import Page
from collectd_inode.wire import Exchange

MOST_HOPS = 200
"""The number of kept hops, the last ones."""
LONGEST_FORM = 64 * 2**10
"""Bytes of a form's data."""
LONGEST_HEADERS = 16 * 2**10
"""Bytes of one message's headers; those that reach further are counted only."""

Lines = tuple[tuple[str, str], ...]
"""Headers: name in lower case, value."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The data that a form sent: its media type, its beginning, its whole size in bytes, its encoding."""

    content_type: str
    body: bytes
    size: int
    encoding: Encoding = UTF8

    @property
    def cut(self) -> bool:
        """Whether there was more."""
        return self.size > len(self.body)


@dataclass(slots=True)
class Hop:
    """One request and its answer, as far as it came; ``step`` is the series of the requesting step."""

    step: str
    method: str
    url: str
    headers: Lines
    headers_left_out: int = 0
    sent: Sent | None = None
    status: int | None = None
    answer: Lines = ()
    answer_left_out: int = 0
    time: float = 0.0
    """The time of the request, in seconds since the epoch; 0 if unknown."""
    exchange: Exchange | None = None
    """The wire's measurements, once there are any."""


class ReceivedBody(Protocol):
    """A body, as far as it came."""

    @property
    def so_far(self) -> bytes:
        """Its octets, without Content-Encoding."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it stands on the screen."""

    so_far: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """The body of the answer to request *number*, without Content-Encoding; ``whole`` is False if it broke off."""

    number: int
    content_type: str
    body: bytes
    whole: bool
    is_shown: bool = False
    """Whether it is the page as it stands on the screen, which scripts may have made."""


class Recorder:
    """Records a run.  `step` names the current step; the browser and the wire add the rest.

    *cleanup* are the clean-up steps: their pages must not replace the page on which the run failed.
    *now* gives the time, in seconds since the epoch.
    """

    def __init__(self, cleanup: frozenset[str] = frozenset(), now: Callable[[], float] = lambda: 0.0) -> None:
        self._cleanup, self._now = cleanup, now
        self.step = ""
        self.asked = 0
        """Requests, those that are no longer among `hops` included."""
        self._under_way: dict[int, Hop] = {}
        """The last hop of each lane."""
        self.hops: deque[Hop] = deque(maxlen=MOST_HOPS)
        self.passwords: set[str] = set()
        """The values of password fields, and the passwords of sites."""
        self.password_fields: set[str] = set()
        """The names of these fields."""
        self.console: list[str] = []
        """The output of the page's console, and failed requests; for a browser with scripts."""
        self.picture = b""
        """The window after the failure, a JPEG."""
        self.pictured = b""
        """The text on the picture, as HTML in UTF-8."""
        self._last: dict[bool, tuple[int, Hop, str, ReceivedBody]] = {}

    def asks(
        self, method: str, url: str, headers: Headers, body: bytes | None, page: Page | None, *, lane: int = 0
    ) -> None:
        """A request starts in *lane*; *page* was on the screen."""
        self._look_for_passwords(page)
        sent = None
        if body is not None:
            encoding = page.encoding.for_forms if page is not None else UTF8
            sent = Sent(headers.get("content-type", ""), body[:LONGEST_FORM], len(body), encoding)
        kept, left_out = _lines(headers)
        hop = self._under_way[lane] = Hop(self.step, method, url, kept, left_out, sent, time=self._now())
        self.hops.append(hop)
        self.asked += 1

    def answers(self, status: int, headers: Headers, lane: int = 0) -> None:
        """The head of the answer to the last request of *lane* is here."""
        hop = self._under_way[lane]
        hop.status = status
        hop.answer, hop.answer_left_out = _lines(headers)

    def shows(self, page: bytes) -> None:
        """The page on the screen as it stands, in HTML and UTF-8."""
        if self.hops:
            hop = self.hops[-1]
            hop.exchange = hop.exchange or Exchange("", {})
            self._last[self.step in self._cleanup] = self.asked, hop, "text/html; charset=utf-8", Shown(page)

    def receives(self, body: Body, content_type: str) -> None:
        """Its body begins, into *body*; an earlier one is dropped."""
        self._last[self.step in self._cleanup] = self.asked, self.hops[-1], content_type, body

    def exchange(self, exchange: Exchange) -> None:
        """The wire's measurements of the last request of its lane."""
        if exchange.lane in self._under_way:
            self._under_way[exchange.lane].exchange = exchange

    def leaves(self, page: Page | None, credentials: Mapping[urls.Origin, HttpCredentials]) -> None:
        """The browser closes, with *page* on the screen; *credentials* are those that it had for sites."""
        self.passwords.update(who.password for who in credentials.values())
        self._look_for_passwords(page)

    def received(self, step: str = "") -> Received | None:
        """The last answer's body, as far as it came; None where no answer had one to read.

        *step* is the step that failed: if that is a clean-up step, the answer is the last one of cleaning up.
        """
        last = self._last.get(step in self._cleanup)
        if last is None:
            return None
        number, hop, content_type, body = last
        whole = hop.exchange is not None and hop.exchange.finished
        return Received(number, content_type, body.so_far, whole, isinstance(body, Shown))

    def _look_for_passwords(self, page: Page | None) -> None:
        if page is None:
            return
        fields = [control for control in page.elements("input") if kind_of(control) == "password"]
        self.passwords.update(value_of(page, control) for control in fields)
        self.password_fields.update(name for control in fields if (name := control.get("name")))


def _lines(headers: Headers) -> tuple[Lines, int]:
    """The headers that fit, and the number of others: none is cut, since a part of a secret is not recognised."""
    every = [(name, value) for name in headers for value in headers.get_list(name)]
    kept = tuple(_fitting(every))
    return kept, len(every) - len(kept)


def _fitting(lines: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    room = LONGEST_HEADERS
    for name, value in lines:
        size = len(name) + len(value)
        if size <= room:
            room -= size
            yield name, value
