"""Findings in a body that are known are not looked for again."""

from __future__ import annotations

import pytest

from collectd_inode.page.page import Page
from collectd_inode.page.remembered import MOST_FINDINGS, Findings, remembered

HTML = {"content-type": "text/html"}
URL = "http://remembered.test/"
BODY = b"<title>Known</title>"


def looked_at(*pages: Page) -> list[Page]:
    """Those of *pages* that are looked at when their titles are wanted in turn."""
    looked: list[Page] = []

    def title(page: Page) -> str:
        looked.append(page)
        return page.title

    for page in pages:
        assert remembered(page, "title", title) == page.title
    return looked


def page_of(known: Findings | None, url: str = URL, body: bytes = BODY, type: str = "text/html") -> Page:
    """A page whose findings are added to *known*."""
    return Page(url, 200, {"content-type": type}, body, known=known)


def test_the_same_body_is_not_looked_at_again() -> None:
    """Another answer with the same bytes, from the same address: nothing of it is even decoded."""
    known = Findings()
    first = page_of(known)
    same = Page(URL, 503, {**HTML, "date": "today"}, bytes(bytearray(BODY)), known=known)
    assert looked_at(first, same) == [first]


@pytest.mark.parametrize(
    "other",
    [{"body": b"<title>Other</title>"}, {"type": "text/plain"}, {"url": f"{URL}other"}],
    ids=["body", "type", "address"],
)
def test_another_one_is(other: dict[str, object]) -> None:
    """Another body, type or address is another page."""
    known = Findings()
    pages = [page_of(known), page_of(known, **other)]  # type: ignore[arg-type]
    assert looked_at(*pages) == pages


def test_a_body_that_must_not_be_sniffed_is_another_one() -> None:
    """Without a type it is a page only where the server does not forbid to take it for one."""
    known = Findings()
    answers: tuple[dict[str, str], ...] = ({}, {"x-content-type-options": "nosniff"})
    pages = [Page(URL, 200, headers, BODY, known=known) for headers in answers]
    assert looked_at(*pages) == pages
    assert [page.is_html for page in pages] == [True, False]


def test_another_job_looks_for_itself() -> None:
    """What is kept belongs to a job, and grows with its own pages only; without it a page has findings of its own."""
    pages = [page_of(Findings()), page_of(Findings()), page_of(None), page_of(None)]
    assert looked_at(*pages) == pages


def test_an_answer_that_differs_each_time_takes_the_place_of_the_last() -> None:
    """A page with a token in it: the newest is kept, and pages that stay the same are not lost for it."""
    known = Findings(most=2)
    home = page_of(known, f"{URL}home")
    tokens = [page_of(known, body=b"<title>%d</title>" % number) for number in range(10, 15)]
    assert looked_at(home, *tokens, page_of(known, f"{URL}home")) == [home, *tokens]
    assert looked_at(page_of(known, body=b"<title>14</title>")) == []


def test_the_one_whose_use_is_oldest_is_forgotten() -> None:
    """More addresses than there is room for."""
    known = Findings(most=2)
    urls = [f"{URL}{number}" for number in range(3)]
    looked_at(page_of(known, urls[0]), page_of(known, urls[1]), page_of(known, urls[0]), page_of(known, urls[2]))
    again = [page_of(known, url) for url in (urls[0], urls[2], urls[1])]
    assert looked_at(*again) == again[2:]


def test_what_is_long_is_not_kept() -> None:
    """An address of thousands of characters has its own page each time."""
    known = Findings()
    pages = [page_of(known, f"{URL}{'x' * 3000}") for _ in range(2)]
    assert looked_at(*pages) == pages


def test_one_thing_is_not_another() -> None:
    """Several things are known of one body."""
    known = Findings()
    assert remembered(page_of(known), "length", lambda page: len(page.body)) == len(BODY)
    assert remembered(page_of(known), "title", lambda page: page.title) == "Known"


def test_a_text_that_a_page_shows_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the next run the same page is not parsed for it; another text is looked for."""
    known = Findings()
    parsed: list[Page] = []
    tree = Page.tree

    def parse(page: Page) -> object:
        parsed.append(page)
        return tree.__get__(page)

    monkeypatch.setattr(Page, "tree", property(parse))
    body = b"<p>Welcome <b>back</b>"
    pages = [page_of(known, body=body) for _ in range(3)]
    assert [page.shows("Welcome  back") for page in pages[:2]] == [True, True]
    assert pages[0] in parsed
    assert pages[1] not in parsed
    assert not pages[2].shows("Welcome home")
    assert pages[2] in parsed


def test_texts_that_differ_each_time_are_not_all_kept() -> None:
    """A step may look for a number that no other run has."""
    known = Findings()
    for number in range(2 * MOST_FINDINGS):
        assert not page_of(known).shows(f"order {number}")
    assert len(page_of(known).findings) == MOST_FINDINGS
    assert not page_of(known).shows("x" * 1000)
