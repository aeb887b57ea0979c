"""The page with every job: what it says, in which order, and that it needs nothing but itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from collectd_inode.model import Warning
from collectd_inode.report.overview import (
    NOTHING_KNOWN,
    History,
    JobState,
    LegendItem,
    Made,
    Numbers,
    OverviewJob,
    Shot,
    page,
)
from collectd_inode.report.record import Record

NOW = 1_763_800_000.0  # 2025-11-22 08:26:40 UTC
MADE = Made(NOW, "web1", "24h", UTC)

PASSED = Record(
    kind="scenario",
    job="shop",
    scenario="Buying",
    instance="shop-buying",
    host="",
    place="shop.feature:2",
    status="passed",
    since=NOW - 7200,
    time=NOW - 30,
    interval=60,
    last_good=NOW - 30,
    seconds=0.0421,
)
FAILED = replace(
    PASSED,
    status="failed",
    since=NOW - 150,
    cause="refused",
    step='I follow "Stock"',
    message="http://shop/stock answered 503",
    expected="a status below 400",
    found="<h1>503 & gone</h1>",
    evidence="/var/lib/evidence/1",
    place="shop.feature:4",
    last_good=NOW - 86400 * 3,
    seconds=None,
    bad_runs=3,
)
SHOT = Shot(
    "steps, milliseconds",
    'steps. "/": average 1.3',
    400,
    130,
    b"light",
    b"dark",
    (LegendItem("go <home>", "#0072b2", "#2f8fd0", "1.3"), LegendItem("all steps", "", "")),
    "shop-steps.png",
)


def entry(name: str = "shop: Buying", **more: object) -> OverviewJob:
    return OverviewJob(name, "scenario", 60.0, **more)  # type: ignore[arg-type]


def tree(*entries: OverviewJob, notes: tuple[str, ...] = ()) -> html.HtmlElement:
    return html.document_fromstring(page(entries, MADE, notes))


def texts(element: html.HtmlElement, path: str) -> list[str]:
    """The texts of what *path* finds, blanks made one."""
    return [" ".join(found.text_content().split()) for found in element.xpath(path)]


@pytest.mark.parametrize(
    ("known", "state"),
    [
        (entry(record=PASSED), JobState.PASSED),
        (entry(record=replace(PASSED, warnings=(Warning("soft", "slow"),))), JobState.WARNED),
        (entry(record=FAILED), JobState.FAILED),
        (entry(record=replace(FAILED, status="undefined")), JobState.ERROR),
        (entry(record=replace(FAILED, status="error")), JobState.ERROR),
        (entry(record=replace(PASSED, time=NOW - 3600)), JobState.STALE),
        (entry(record=PASSED, history=History(NOW, 0.0)), JobState.PASSED),
        (entry(history=History(NOW - 900, 1.0)), JobState.PASSED),
        (entry(history=History(NOW - 900, 0.0)), JobState.FAILED),
        (entry(history=History(NOW - 1100, 1.0)), JobState.STALE),
        (entry(), JobState.STALE),
    ],
)
def test_how_a_job_is(known: OverviewJob, state: JobState) -> None:
    """The record knows; without one the RRD file's last value does, as long as it is fresh."""
    assert known.state(NOW) is state


@pytest.mark.parametrize(
    ("values", "last", "since", "failure"),
    [
        ([1, 1, 0, 0], 0.0, 2, 3),
        ([1, 0, 1, 1], 1.0, 2, 1),
        ([1, 0, None, 1, None], 1.0, 3, 1),
        ([1, 1, 1, 1], 1.0, None, None),
        ([0.3, 1, 1, 0], 1.0, 3, 3),  # the last run has passed, its point is not full yet
        ([], 1.0, None, None),
    ],
)
def test_what_a_history_tells(values: list[float | None], last: float, since: int | None, failure: int | None) -> None:
    """Since when it has been so, and when something failed last; None: for longer than it goes back."""
    history = History(4.0, last, tuple((float(time), value) for time, value in enumerate(values)))
    assert (history.since, history.last_failure) == (since, failure)


def test_a_failed_job_says_all_that_is_known() -> None:
    """In words, with what the server said as text and not as markup."""
    article = tree(entry(record=FAILED)).xpath("//article")[0]
    assert article.get("class") == "failed"
    assert texts(article, ".//h2") == ["✗ shop: Buying"]
    assert texts(article, ".//p[@class='state']") == ["failed since 08:24 (2 min) scenario"]
    facts = dict(zip(texts(article, ".//dt"), texts(article, ".//dd"), strict=True))
    assert facts == {
        "step": 'I follow "Stock"',
        "cause": "refused",
        "message": "http://shop/stock answered 503",
        "expected": "a status below 400",
        "found": "<h1>503 & gone</h1>",
        "place": "shop.feature:4",
        "evidence": "/var/lib/evidence/1",
        "bad runs": "3",
        "last good run": "2025-11-19 08:26 (3 d)",
    }


def test_a_good_job_says_when_it_failed_last() -> None:
    """Warnings and the last latency, too."""
    warned = replace(PASSED, warnings=(Warning("certificate", "12 days left"),))
    history = History(NOW, 1.0, ((NOW - 5000, 0.5), (NOW - 60, 1.0)))
    article = tree(entry(record=warned, history=history)).xpath("//article")[0]
    assert texts(article, ".//h2 | .//p") == ["▲ shop: Buying", "warning since 06:26 (2 h) scenario"]
    assert texts(article, ".//dd") == ["12 days left certificate", "42.1 ms", "07:03 (83 min)"]


def test_without_a_record_the_page_says_what_it_does_not_know() -> None:
    """The RRD file alone tells that it failed, not why."""
    article = tree(entry(history=History(NOW, 0.0, ((NOW - 120, 1.0), (NOW - 60, 0.0))))).xpath("//article")[0]
    assert texts(article, ".//p") == ["failed since 08:25 (60 s) scenario"]
    assert texts(article, ".//dl/div") == ["whynot known: no StateDir has a record of this job"]


@pytest.mark.parametrize(
    ("known", "sentence"),
    [
        (entry(), "stale: no run recorded scenario"),
        (
            entry(record=replace(PASSED, time=NOW - 7200)),
            "stale: no run recorded since 06:26 (2 h); is collectd running? scenario",
        ),
        (
            entry(history=History(NOW - 86400 * 2, 1.0)),
            "stale: no run recorded since 2025-11-20 08:26 (2 d); is collectd running? scenario",
        ),
    ],
)
def test_silence_is_no_good_news(known: OverviewJob, sentence: str) -> None:
    """A job that nobody watches any more is not green."""
    assert texts(tree(known), "//p[@class='state']") == [sentence]


def test_the_worst_comes_first() -> None:
    """And within a state the configuration's order stays; the window's title has the verdict."""
    found = tree(
        entry("good", record=PASSED),
        entry("stale"),
        entry("bad 1", record=FAILED),
        entry("broken", record=replace(FAILED, status="error")),
        entry("bad 2", record=FAILED),
    )
    assert [name.partition(" ")[2] for name in texts(found, "//h2")] == ["bad 1", "bad 2", "broken", "stale", "good"]
    assert texts(found, "//title") == ["2 failed, 1 error, 1 stale, 1 passed – web1"]
    warned = entry(record=replace(PASSED, warnings=(Warning("soft", "slow"),)))
    broken = entry(record=replace(FAILED, status="error"))
    assert texts(tree(warned, broken, warned, broken), "//title") == ["2 errors, 2 warnings – web1"]
    assert texts(found, "//header/*") == [
        "web1",
        "2 failed, 1 error, 1 stale, 1 passed. Made 2025-11-22 08:26 UTC; the pictures show the last 24h.",
    ]


def test_pictures_are_in_the_page() -> None:
    """One for light, one for dark, with words for those who see neither, a legend, and a link to the large one."""
    figure = tree(entry(record=PASSED, shots=(SHOT,))).xpath("//figure")[0]
    assert figure.xpath(".//source/@media") == ["(prefers-color-scheme: dark)"]
    assert figure.xpath(".//source/@srcset") == ["data:image/png;base64,ZGFyaw=="]
    assert figure.xpath(".//img/@src") == ["data:image/png;base64,bGlnaHQ="]
    assert figure.xpath(".//img/@alt") == ['steps. "/": average 1.3']
    assert figure.xpath("./a/@href") == ["shop-steps.png"]
    assert texts(figure, ".//li") == ["go <home> 1.3", "all steps"]
    assert figure.xpath(".//i/@style") == ["--light:#0072b2;--dark:#2f8fd0"]


def test_the_page_stands_alone() -> None:
    """No script, style sheet, font or picture from elsewhere; it fits a phone and both schemes."""
    found = tree(entry(record=FAILED, shots=(SHOT,)), notes=("a file <was> broken",))
    assert found.xpath("//script/@src | //link | //iframe | //object | //@onclick") == []
    assert len(found.xpath("//script")) == 1
    assert found.xpath("//meta[@http-equiv='refresh']/@content") == ["300"]
    assert {source.partition(":")[0] for source in found.xpath("//@src | //@srcset")} == {"data"}
    style = found.xpath("//style")[0].text_content()
    assert "prefers-color-scheme: dark" in style
    assert not re.search(r"url\(|@import", style)
    assert found.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    assert found.xpath("/html/@lang") == ["en"]
    assert [len(found.xpath(path)) for path in ("//h1", "//main", "//header", "//title")] == [1, 1, 1, 1]
    assert texts(found, "//section//li") == ["a file <was> broken"]
    assert found.xpath("//section/@aria-label") == ["Not shown"]


def test_the_strip_has_a_part_red_if_anything_failed_in_it() -> None:
    """And none where nothing is known."""
    history = History(NOW, 1.0, ((0.0, 1.0), (10.0, 0.4), (11.0, 1.0), (50.0, None), (100.0, 1.0)))
    assert history.cells(4) == (False, None, None, True)
    assert History(NOW, 1.0).cells(4) == ()
    seldom = History(NOW, 1.0, ((0.0, 1.0), (10.0, 0.0), (20.0, None), (30.0, 1.0)))
    assert seldom.cells(9) == (True, False, False, False, None, None, None, True, True)


@pytest.mark.parametrize(
    ("numbers", "cells"),
    [
        (Numbers(1.0, 0.99999, 0.0421, 1.5), ["100 %", "99.9 %", "42.1 ms", "1.5 s"]),
        (Numbers(0.0, 0.5, None, None), ["0 %", "50 %", "–", "–"]),
        (Numbers(None, None, 0.9996, 1234.5), ["–", "–", "1 s", "1230 s"]),
        (Numbers(None, None, 0.9994, 0.0001234), ["–", "–", "999 ms", "0.123 ms"]),
        (NOTHING_KNOWN, ["–", "–", "–", "–"]),
    ],
)
def test_numbers_have_units(numbers: Numbers, cells: list[str]) -> None:
    """What has failed at all is never 100 %."""
    assert texts(tree(entry(numbers=numbers)), "//tbody//td")[3:7] == cells


def test_a_row_says_why_it_is_bad() -> None:
    """Step, message and the page's words, and a link to more; the filter looks in name, kind and state."""
    found = tree(entry(record=FAILED, why="why-shop.txt"))
    assert texts(found, "//tbody//td[last()]") == [
        'I follow "Stock": http://shop/stock answered 503: <h1>503 & gone</h1> why'
    ]
    assert found.xpath("//tbody//td//a/@href") == ["why-shop.txt"]
    assert found.xpath("//tr/@data-job") == ["shop: buying scenario failed"]
    assert found.xpath("//article/@data-job") == ["shop: buying scenario failed"]


def test_three_hundred_jobs_are_less_than_two_megabytes() -> None:
    """With all that can be known of a bad one, a history that changes all the time, and five with pictures."""
    points = tuple((NOW - 86400 + 60.0 * n, float(n % 60 > 0)) for n in range(1440))
    shot = replace(SHOT, light=b"x" * 37_000, dark=b"x" * 37_000)
    links = tuple((f"a picture of this {n}", f"scenario-shop-buying-{n}.png") for n in range(5))
    jobs = [
        OverviewJob(
            f"shop: Buying number {number}", "scenario", 60.0, replace(FAILED, message="x" * 300, found="y" * 300),
            History(NOW, 0.0, points), (shot, shot) if number < 5 else (), pictures=links, why="why.txt",
        )
        for number in range(300)
    ]  # fmt: skip
    assert len(page(jobs, MADE).encode()) < 2_000_000


def test_a_page_without_jobs_says_so() -> None:
    """Nothing is not good news either."""
    assert texts(tree(), "//title") == ["no jobs – web1"]


@given(text=st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_no_text_becomes_markup(text: str) -> None:
    """Whatever servers, authors and operators write: the page has the same elements."""
    written = replace(FAILED, step=text, message=text, expected=text, found=text, place=text, evidence=text)
    plain = tree(entry("x", record=replace(written, step="x", place="x")))
    shot = replace(SHOT, caption=text, alt=text, keys=(LegendItem(text, "#000000", "#000000", text),))
    found = html.document_fromstring(
        page([entry(text, record=written, shots=(shot,))], replace(MADE, host=text), [text])
    )
    allowed = {element.tag for element in plain.iter()} | {element.tag for element in tree(entry(shots=(SHOT,))).iter()}
    assert {element.tag for element in found.iter()} <= allowed | {"section", "ul", "li", "b"}
