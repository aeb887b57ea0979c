"""The requests and answers of a failed run, as a HAR 1.2 file: browsers' developer tools open it.  Pure.

It has the content of the transcript, and the same parts are hidden: cookies, credentials, private headers, secrets in
addresses and forms.  It has no bodies of answers; the last one is the page beside it.
The form: http://www.softwareishard.com/blog/har-12-spec/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

from collectd_inode.browser.record import Hop, Lines, Recorder, Sent
from collectd_inode.model import Observation, Phase
from collectd_inode.page.headers import essence
from collectd_inode.scenario.transcript import READERS, phrase, sentence
from collectd_inode.secrets.hiding import HIDDEN, Hiding
from collectd_inode.wire import Exchange

_HTTP = "HTTP/1.1"
_LEFT_OUT = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})
_IN_URLS = "%/:?#@!$&'()*+,;=~-._"
"""The characters that need no % in an address (RFC 3986), letters and digits aside."""
_UNKNOWN = -1
"""HAR's number for a phase that did not happen, or is unknown."""

Json = dict[str, Any]


def document(observation: Observation, recorder: Recorder, hide: Hiding, version: str) -> bytes:
    """The file; *version* is our own."""
    steps = {step.series: hide(sentence(step)) for step in observation.steps}
    asked = [hop.step for hop in recorder.hops]
    first = {hop.step: hop.time or observation.time for hop in reversed(recorder.hops)}
    pages = [
        {"startedDateTime": _moment(first[step]), "id": step, "title": steps.get(step, step), "pageTimings": {}}
        for step in dict.fromkeys(asked)
    ]
    log = {
        "version": "1.2",
        "creator": {"name": "collectd_inode", "version": version},
        "pages": pages,
        "entries": [_entry(hop, observation.time, hide) for hop in recorder.hops],
        "comment": hide(f"{observation.job.kind}/{observation.job.instance}: {observation.message}"),
    }
    return (json.dumps({"log": log}, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _moment(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entry(hop: Hop, start: float, hide: Hiding) -> Json:
    timings = _timings(hop.exchange.phases if hop.exchange is not None else {})
    address = hop.exchange.address if hop.exchange is not None else ""
    return {
        "pageref": hop.step,
        "startedDateTime": _moment(hop.time or start),
        "time": round(sum(value for name, value in timings.items() if value > 0 and name != "ssl"), 3),
        "request": _request(hop, hide),
        "response": _response(hop, hide),
        "cache": {},
        "timings": timings,
        **({"serverIPAddress": address.partition("%")[0]} if address else {}),
    }


_HAR_TIMINGS = {
    Phase.RESOLVE: "dns",
    Phase.CONNECT: "connect",
    Phase.TLS: "connect",
    Phase.PROCESSING: "wait",
    Phase.TRANSFER: "receive",
}
"""The part of HAR's ``timings`` that each phase belongs to."""


def _timings(phases: Mapping[Phase, float]) -> dict[str, float]:
    """Our phases in HAR's words, in milliseconds; there, connecting contains TLS."""
    timings: dict[str, float] = dict.fromkeys(("blocked", "dns", "connect", "ssl"), _UNKNOWN)
    timings |= dict.fromkeys(("send", "wait", "receive"), 0)
    for phase, seconds in phases.items():
        word = _HAR_TIMINGS[phase]
        timings[word] = round(max(0.0, timings[word]) + round(seconds * 1000, 3), 3)
    if Phase.TLS in phases:
        timings["ssl"] = round(phases[Phase.TLS] * 1000, 3)
    return timings


def _request(hop: Hop, hide: Hiding) -> Json:
    url = _url(hop.url, hide)
    query = parse_qsl(url.partition("#")[0].partition("?")[2], keep_blank_values=True)
    return {
        "method": hide(hop.method),
        "url": url,
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": list(_headers(hop.headers, hide, of_request=True)),
        "queryString": [{"name": name, "value": value} for name, value in query],
        **({"postData": _post_data(hop.sent, hide)} if hop.sent is not None else {}),
        "headersSize": _UNKNOWN,
        "bodySize": hop.sent.size if hop.sent is not None else 0,
    }


def _response(hop: Hop, hide: Hiding) -> Json:
    """Status 0 is HAR's word for an answer that did not come."""
    headers = dict(hop.answer)
    size = hop.exchange.bytes if hop.exchange is not None else 0
    location = headers.get("location", "")
    return {
        "status": hop.status or 0,
        "statusText": phrase(hop.status) if hop.status is not None else "",
        "httpVersion": _HTTP,
        "cookies": [],
        "headers": list(_headers(hop.answer, hide, of_request=False)),
        "content": {"size": size, "mimeType": hide(headers.get("content-type", ""))},
        "redirectURL": _url(location, hide) if location else "",
        "headersSize": _UNKNOWN,
        "bodySize": size,
        **_broken_off(hop.exchange, hide),
    }


def _broken_off(exchange: Exchange | None, hide: Hiding) -> Json:
    if exchange is None or exchange.finished:
        return {}
    return {"comment": f"it broke off{f' while {hide(exchange.doing)}' if exchange.doing else ''}"}


def _headers(lines: Lines, hide: Hiding, *, of_request: bool) -> Iterator[Json]:
    for name, value in lines:
        shown = hide.header(name, value, of_request=of_request)
        if name not in _LEFT_OUT and shown != HIDDEN:
            yield {"name": hide(name), "value": shown}


def _post_data(sent: Sent, hide: Hiding) -> Json:
    media_type = essence(sent.content_type)
    read = READERS.get(media_type)
    fields = () if read is None else read(sent)
    params = [{"name": hide(name), "value": hide.entry(name, value)} for name, value in fields]
    return {"mimeType": hide(media_type), "params": params}


def _url(url: str, hide: Hiding) -> str:
    """*url* without secrets, and still an address: what stands for a secret in it is written with %."""
    scheme, slashes, rest = hide(url).partition("://")
    if not slashes:
        return quote(scheme, safe=_IN_URLS)
    end = min((rest.find(mark) for mark in "/?#" if mark in rest), default=len(rest))
    host = rest[:end].rpartition("@")[2]
    return f"{scheme}://{host}{quote(rest[end:], safe=_IN_URLS)}"
