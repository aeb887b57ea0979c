"""The requests of a run's pages and their results: times, and failures.  Pure.

Times are Chromium's, seconds of CLOCK_MONOTONIC, which is `wire.Clock.monotonic`'s too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_inode.browser.suffixes import site
from collectd_inode.chromium.faults import why_failed
from collectd_inode.page import urls

MOST_KEPT = 2000
"""Requests of a run whose times are kept; a page that polls makes thousands."""
MOST_NOTED = 200
"""Failed requests that are listed one by one; all are counted."""

_NEVER_ENDS = frozenset({"WebSocket", "EventSource", "WebTransport"})
_UNWAITED = _NEVER_ENDS | {"Ping", "CSPViolationReport", "Preflight", "Prefetch", "Media", "Manifest"}
"""Kinds of requests that a page is not waited for because of them."""

ASSETS = {
    "Stylesheet": "style sheet",
    "Script": "script",
    "Image": "image",
    "Font": "font",
    "Media": "medium",
    "Manifest": "manifest",
    "TextTrack": "text track",
    "Document": "frame",
}
"""The parts of a page: Chromium's names and ours."""
_DATA = {"XHR": "request", "Fetch": "request"}
_MAKES_A_PAGE = ("Script", *_DATA)


@dataclass(slots=True)
class Request:
    """One request, with the redirects that it went through (``hops``); ``end`` is None while it is in flight."""

    id: str
    url: str
    type: str
    start: float
    is_own: bool
    page: str = ""
    """The loader of the document that asked."""
    end: float | None = None
    status: int | None = None
    hops: list[str] = field(default_factory=list)
    failed: str = ""
    """Why it failed; empty for what did not, as far as is known."""
    number: int = 0
    size: float = 0.0
    """Bytes that came over the wire, headers included."""
    is_page: bool = False
    """Whether it is for a page itself, which steps judge, rather than for what it is made of."""


class Traffic:
    """The requests of one run."""

    def __init__(self, own_hosts: Iterable[str] = ()) -> None:
        self._own = set(own_hosts)
        self._sites = {site(host) for host in self._own}
        self._flying: dict[str, Request] = {}
        self._kept: deque[Request] = deque(maxlen=MOST_KEPT)
        self.failing: deque[Request] = deque(maxlen=MOST_NOTED)
        self.count = 0
        self.count_failing = 0
        self.bytes = 0.0
        self.certificates: dict[str, float] = {}
        """Host → end of its certificate's validity, epoch seconds."""
        self.last_own = 0.0
        """When a request of the site's own hosts last began or ended."""

    def is_own(self, url: str) -> bool:
        """Whether *url* is of the site's own hosts: those of its registrable domain, or named by the operator."""
        host = urls.origin(url)[1]
        return host in self._own or site(host) in self._sites

    def settle_at(self, url: str) -> None:
        """The page on the screen is *url*: from now on its host is the site's own, too."""
        host = urls.origin(url)[1]
        if host and host not in self._own:
            self._own.add(host)
            self._sites.add(site(host))

    def sent(self, key: str, event: Mapping[str, Any]) -> Request | None:
        """A ``Network.requestWillBeSent``; None for what asks nobody."""
        url, at = str(event["request"]["url"]), float(event["timestamp"])
        if not urls.is_web(url):
            return None
        self.count += 1
        request = self._flying.get(key)
        if request is not None and event.get("redirectResponse"):
            self._hear(event["redirectResponse"])
            self.bytes += float(event["redirectResponse"].get("encodedDataLength") or 0)
            request.hops.append(url)
            request.url, request.is_own = url, self.is_own(url)
        else:
            request = Request(key, url, str(event.get("type") or ""), at, self.is_own(url), hops=[url])
            request.page, request.number = str(event.get("loaderId") or ""), self.count
            self._flying[key] = request
            self._kept.append(request)
        self._happened(request, at)
        return request

    def answered(self, key: str, event: Mapping[str, Any]) -> Request | None:
        """A ``Network.responseReceived``."""
        request, answer = self._flying.get(key), event["response"]
        self._hear(answer)
        if request is None:
            return None
        request.status = int(answer.get("status") or 0)
        request.type = str(event.get("type") or request.type)
        if request.status >= 400:
            self._fail(request, f"answered {request.status}")
        return request

    def finished(self, key: str, event: Mapping[str, Any]) -> Request | None:
        """A ``Network.loadingFinished``."""
        size = float(event.get("encodedDataLength") or 0)
        self.bytes += size
        if (request := self._flying.get(key)) is not None:
            request.size = size
        return self._end(key, float(event["timestamp"]))

    def broke_off(self, key: str, event: Mapping[str, Any]) -> Request | None:
        """A ``Network.loadingFailed``.  One that was cancelled is no failure, unless it had failed before."""
        request = self._end(key, float(event["timestamp"]))
        if request is None or request.failed:
            return request
        why = why_failed(event)
        cancelled = event.get("canceled") and not event.get("blockedReason") and not event.get("corsErrorStatus")
        if why and not cancelled:
            self._fail(request, why)
        return request

    def flying(self) -> list[Request]:
        """Requests of the site's own hosts that a page is waited for."""
        return [r for r in self._flying.values() if r.is_own and r.type not in _UNWAITED]

    def forget_flying(self, session: str) -> None:
        """Forget the requests in flight of a session that has ended."""
        for key in [key for key in self._flying if key.startswith(f"{session} ")]:
            del self._flying[key]

    def size(self, since: float, until: float) -> int:
        """Bytes of the requests that were begun and done between the two."""
        return round(sum(r.size for r in self._kept if r.end is not None and since <= r.start and r.end <= until))

    def busy(self, since: float, until: float) -> float | None:
        """Seconds between the two in which a request of the site's own was in flight that ended in time.

        None where none was.  What is still in flight at *until* was not waited for, unless it is the page itself, of
        which a part is enough.
        """
        asked = [r for r in self._kept if r.is_own and since <= r.start <= until]
        spans = sorted(
            (r.start, until if r.end is None else min(r.end, until))
            for r in asked
            if r.is_page or (r.end is not None and r.end <= until)
        )
        if not spans:
            return None
        total, reached = 0.0, since
        for start, end in spans:
            total += max(0.0, end - max(start, reached))
            reached = max(reached, end)
        return total

    def _end(self, key: str, at: float) -> Request | None:
        request = self._flying.pop(key, None)
        if request is not None:
            request.end = at
            self._happened(request, at)
        return request

    def _happened(self, request: Request, at: float) -> None:
        if request.is_own and request.type not in _UNWAITED:
            self.last_own = max(self.last_own, at)

    def broken(self, page: str) -> str:
        """The first script or request for data of the site's own that failed for a document; empty if none did."""
        for request in self.failing:
            if request.page == page and request.is_own and request.type in _MAKES_A_PAGE and (said := noted(request)):
                return said
        return ""

    def _fail(self, request: Request, why: str) -> None:
        if not request.failed:
            self.count_failing += 1
            self.failing.append(request)
        request.failed = why

    def _hear(self, answer: Mapping[str, Any]) -> None:
        details = answer.get("securityDetails")
        if isinstance(details, Mapping) and len(self.certificates) < _MOST_HOSTS:
            end = details.get("validTo")
            if isinstance(end, int | float) and end > 0:
                self.certificates.setdefault(urls.origin(str(answer.get("url") or ""))[1], float(end))


_MOST_HOSTS = 100


def noted(request: Request) -> str:
    """The text of a failed request for a warning; empty for requests of a program, such as a 404 of an API.

    Of what a script asks for only errors of the server (500 and above), and what brought no answer at all.
    """
    if request.is_page or not request.failed:
        return ""
    if (kind := ASSETS.get(request.type)) is not None:
        return f"the {kind} {urls.shown(request.url)}: {request.failed}"
    if request.type in _DATA and (request.status is None or request.status >= 500):
        return f"the {_DATA[request.type]} to {urls.shown(request.url)}: {request.failed}"
    return ""


def worst(readings: Iterable[Mapping[str, float]], name: str) -> float | None:
    """The greatest of what several documents say under *name*; None where none says anything."""
    return max(_said(readings, name), default=None)


def _said(readings: Iterable[Mapping[str, float]], name: str) -> Iterator[float]:
    return (one[name] for one in readings if isinstance(one.get(name), int | float))
