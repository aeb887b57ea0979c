"""Findings in a body that are known are not looked for again."""

from __future__ import annotations

import pytest

from collectd_inode.page.page import Page
from collectd_inode.page.remembered import remembered

HTML = {"content-type": "text/html"}
KNOWN = Page("http://remembered.test/", 200, HTML, b"<title>Known</title>")


def looked_at(page: Page) -> list[Page]:
    """The pages that are looked at for *page* when `KNOWN` has been."""
    looked: list[Page] = []

    def title(page: Page) -> str:
        looked.append(page)
        return page.title

    remembered(KNOWN, "title", lambda page: page.title)
    assert remembered(page, "title", title) == page.title
    return looked


def test_the_same_body_is_not_looked_at_again() -> None:
    """Another answer with the same bytes, from the same address: nothing of it is even decoded."""
    same = Page(KNOWN.url, 503, {**HTML, "date": "today"}, bytes(bytearray(KNOWN.body)))
    assert looked_at(same) == []


@pytest.mark.parametrize(
    "page",
    [
        Page(KNOWN.url, 200, HTML, b"<title>Other</title>"),
        Page(KNOWN.url, 200, {"content-type": "text/plain"}, KNOWN.body),
        Page("http://remembered.test/other", 200, HTML, KNOWN.body),
    ],
    ids=["body", "type", "address"],
)
def test_another_one_is(page: Page) -> None:
    """Another body, type or address is another page."""
    assert looked_at(page) == [page]


def test_what_is_long_is_not_kept() -> None:
    """An address of thousands of characters has its own page each time."""
    address = f"http://remembered.test/{'x' * 3000}"
    pages = [Page(address, 200, HTML, b"<title>Long</title>") for _ in range(2)]
    assert list(map(looked_at, pages)) == [[page] for page in pages]


def test_one_thing_is_not_another() -> None:
    """Several things are known of one body."""
    assert remembered(KNOWN, "length", lambda page: len(page.body)) == len(KNOWN.body)
    assert remembered(KNOWN, "title", lambda page: page.title) == "Known"
