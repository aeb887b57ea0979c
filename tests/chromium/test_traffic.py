"""What pages ask for: what is counted, what is waited for, what is a failure."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.chromium.traffic import Traffic, noted, worst

HOME = "http://www.shop.test/"


def sent(url: str, at: float, kind: str = "Fetch", **more: Any) -> dict[str, Any]:
    return {"request": {"url": url}, "timestamp": at, "type": kind, **more}


def done(at: float, size: float = 100) -> dict[str, Any]:
    return {"timestamp": at, "encodedDataLength": size}


def answered(status: int, kind: str = "Fetch", url: str = HOME) -> dict[str, Any]:
    return {"type": kind, "response": {"status": status, "url": url}}


def traffic() -> Traffic:
    """Of a page at home."""
    made = Traffic()
    made.settle_at(HOME)
    return made


def test_own_hosts_are_those_of_the_site() -> None:
    """Its registrable domain, and hosts that the operator names."""
    made = Traffic(("10.0.0.1",))
    made.settle_at(HOME)
    own = [f"http://{host}/" for host in ("www.shop.test", "api.shop.test", "10.0.0.1")]
    assert all(map(made.is_own, own))
    assert not any(map(made.is_own, ("http://ads.example/", "http://10.0.0.2/")))


def test_a_page_is_waited_for_because_of_its_own_requests_only() -> None:
    """Neither third parties', nor those that never end."""
    made = traffic()
    made.sent("a", sent("http://ads.example/x", 1))
    made.sent("b", sent(HOME, 2, "WebSocket"))
    assert made.flying() == []
    made.sent("c", sent("http://api.shop.test/x", 3))
    assert [request.url for request in made.flying()] == ["http://api.shop.test/x"]
    made.finished("c", done(4))
    assert (made.flying(), made.last_own, made.bytes) == ([], 4, 100)
    made.sent("s d", sent(HOME, 5))
    made.forget_flying("s")
    assert made.flying() == []


def test_redirects_count_each_and_keep_their_way() -> None:
    """As one request with several addresses."""
    made = traffic()
    made.sent("a", sent(HOME, 1, "Document"))
    again = sent("http://www.shop.test/x", 2, "Document", redirectResponse={"url": HOME, "encodedDataLength": 30})
    request = made.sent("a", again)
    assert request is not None
    assert (request.hops, request.start, made.count, made.bytes) == ([HOME, "http://www.shop.test/x"], 1, 2, 30)


@pytest.mark.parametrize(
    ("event", "failed", "said"),
    [
        ({"errorText": "net::ERR_ABORTED", "canceled": True}, "", ""),
        (
            {"errorText": "net::ERR_NAME_NOT_RESOLVED"},
            "its name does not resolve (net::ERR_NAME_NOT_RESOLVED)",
            f"the request to {HOME}: its name does not resolve (net::ERR_NAME_NOT_RESOLVED)",
        ),
        (
            {"errorText": "net::ERR_FAILED", "corsErrorStatus": {"corsError": "MissingAllowOriginHeader"}},
            "the answer is not for this page (CORS: MissingAllowOriginHeader)",
            f"the request to {HOME}: the answer is not for this page (CORS: MissingAllowOriginHeader)",
        ),
        (
            {"errorText": "", "blockedReason": "mixed-content"},
            "blocked: http in a page that came over https",
            f"the request to {HOME}: blocked: http in a page that came over https",
        ),
        ({"errorText": "net::ERR_BLOCKED_BY_CLIENT", "blockedReason": "inspector"}, "", ""),
    ],
)
def test_what_fails_and_what_was_only_called_off(event: dict[str, Any], failed: str, said: str) -> None:
    """A request that a page has given up is no failure; nor is what the operator has blocked."""
    made = traffic()
    made.sent("a", sent(HOME, 1))
    request = made.broke_off("a", {"timestamp": 2, **event})
    assert request is not None
    assert (request.failed, made.count_failing, noted(request)) == (failed, int(bool(failed)), said)


def test_a_404_stays_one_though_the_browser_calls_it_off() -> None:
    """Chromium ends a style sheet's 404 with "canceled"."""
    made = traffic()
    made.sent("a", sent(f"{HOME}x.css", 1, "Stylesheet"))
    made.answered("a", answered(404, "Stylesheet"))
    request = made.broke_off("a", {"timestamp": 2, "errorText": "net::ERR_ABORTED", "canceled": True})
    assert request is not None
    assert (made.count_failing, noted(request)) == (1, f"the style sheet {HOME}x.css: answered 404")


def test_a_404_of_an_api_is_counted_and_no_warning() -> None:
    """Programs ask whether something is there; a server that breaks, and pages that steps judge, are something else."""
    said = []
    for status, is_page in ((404, False), (500, False), (500, True)):
        made = traffic()
        request = made.sent("a", sent(HOME, 1))
        assert request is not None
        request.is_page = is_page
        made.answered("a", answered(status))
        said.append((made.count_failing, noted(request)))
    assert said == [(1, ""), (1, f"the request to {HOME}: answered 500"), (1, "")]


def test_the_wait_for_the_network_within_a_step() -> None:
    """Own requests that began and ended in it, each moment once; a page of which a part is enough counts so far."""
    made = traffic()
    made.sent("before", sent(HOME, 0.5))
    made.sent("a", sent(HOME, 1.0))
    made.sent("b", sent(HOME, 1.1))
    made.finished("a", done(1.3))
    made.finished("b", done(1.4, 50))
    made.sent("other", sent("http://ads.example/", 1.0))
    made.finished("other", done(1.9))
    made.sent("late", sent(HOME, 1.8))
    assert made.busy(1.0, 2.0) == pytest.approx(0.4)
    assert made.busy(3.0, 4.0) is None
    assert made.size(1.0, 2.0) == 250
    page = made.sent("page", sent(HOME, 5.0, "Document"))
    assert page is not None
    page.is_page = True
    assert made.busy(5.0, 5.5) == pytest.approx(0.5)


@given(st.lists(st.tuples(st.floats(0, 10), st.floats(0, 5)), max_size=20), st.floats(0, 5), st.floats(0, 10))
def test_the_network_never_takes_longer_than_the_step(
    spans: list[tuple[float, float]], since: float, length: float
) -> None:
    """Whatever overlaps."""
    made = traffic()
    for number, (start, lasts) in enumerate(spans):
        made.sent(str(number), sent(HOME, start))
        made.finished(str(number), done(start + lasts))
    busy = made.busy(since, since + length)
    assert busy is None or -1e-9 <= busy <= length + 1e-9


def test_the_worst_of_several_pages() -> None:
    """What none says is not known."""
    pages = [{"lcp": 1.0, "cls": 0.5}, {"lcp": 3.0}, {}]
    assert (worst(pages, "lcp"), worst(pages, "cls"), worst(pages, "inp")) == (3.0, 0.5, None)
