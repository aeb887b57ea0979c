"""What an API or a selector may cost: whatever comes, the run ends by name and in time, and other jobs go on."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from collectd_inode.model import Cause, Failure, Observation
from collectd_inode.observing import observe
from collectd_inode.page import scope
from collectd_inode.page.page import Page
from collectd_inode.scenario import json_pointer, patterns
from tests.helpers.api import api, replayed, said
from tests.helpers.examples import FEW_TURNS, HUNG, PatientClock, loaded, write_feature
from tests.helpers.peers import answer, tidily

HEAVY = b"<title>Many</title>" + b"<p>a<b>c</b></p>" * 1500
"""A page on which libxml2 takes its time for what is quadratic."""

QUADRATIC = "//*[count(.|//*)=0]"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("[" * 5_000_000 + "]" * 5_000_000, "it has 10000000 characters; at most 2097152 are read"),
        ("[" * 1_000_000 + "]" * 1_000_000, "it is nested too deeply"),
        ('{"a":' * 300_000 + "1" + "}" * 300_000, "it is nested too deeply"),
        ("9" * 2_000_000, "a number has more than 4300 digits"),
        ("-" + "9" * 4_301, "a number has more than 4300 digits"),
        ("1e999999999", "the number 1e999999999 is too large"),
        ("[" + "1e400," * 300_000 + "1]", "the number 1e400 is too large"),
        ('["' + "x" * 2_000_000, "line 1, column 2: unterminated string starting"),
        ("{" + '"a": 1, ' * 200_000 + '"b": 1}', 'the key "a" occurs twice in one object'),
        ("\x00" * 1000, "line 1, column 1: expecting value"),
    ],
    ids=["10-MiB", "arrays", "objects", "digits", "minus", "exponent", "floats", "string", "twice", "NUL"],
)
def test_json_without_measure(tmp_path: Path, body: str, what: str) -> None:
    """The step says what it is that it does not read."""
    steps = 'When I send a GET request to "/"\nThen the response should be JSON'
    found, _ = replayed(tmp_path, steps, {"/": said(body)})
    assert found.cause is Cause.EXPECTATION
    assert found.message.startswith(f"the answer is not JSON: {what}, on http://127.0.0.1:")


def test_what_is_no_text_is_no_json(tmp_path: Path) -> None:
    """And is not called empty."""
    steps = 'When I send a GET request to "/"\nThen the response should be JSON'
    found, (asked,) = replayed(tmp_path, steps, {"/": said(b"\x89PNG\r\n", "image/png")})
    here = f"http://{asked.headers['host']}/"
    assert found.message == f"the answer is not JSON, on {here} (status 200); the page is not text but image/png"


def test_large_json_is_searched_in_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million elements took seconds, in which nobody else ran."""
    gone_on = threading.Event()

    def contains(value: object, wanted: object) -> bool:
        return gone_on.wait(HUNG)

    monkeypatch.setattr(json_pointer, "contains", contains)
    steps = 'When I send a GET request to "/"\nThen the JSON at "" should contain 443'

    async def main() -> tuple[Observation, Observation]:
        async with api({"/": said("[" + "1," * 2**17 + "443]"), "/good": answer()}) as site:
            looking = asyncio.ensure_future(observe(loaded(write_feature(tmp_path, steps), base_url=site.url).jobs[0]))
            other = write_feature(tmp_path, 'When I go to "/good"', name="other.feature")
            good = await observe(loaded(other, base_url=site.url).jobs[0])
            gone_on.set()
            return await looking, good

    assert [one.message for one in tidily(main())] == ["", ""]


@pytest.mark.parametrize(
    ("step", "selector"),
    [
        (f'Then there should be an element "{QUADRATIC}"', QUADRATIC),
        (f'When I submit the form named "{QUADRATIC[:-1]} ]"', f"{QUADRATIC[:-1]} ]"),
        (f'Then I should see "a" within "{QUADRATIC[:-1]}  ]"', f"{QUADRATIC[:-1]}  ]"),
    ],
    ids=["element", "form", "part"],
)
def test_a_selector_without_end_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, selector: str
) -> None:
    """Its worker is busy until libxml2 is done; meanwhile other jobs run, and the step is not tried anew."""
    begun, let_go, overdue = threading.Event(), threading.Event(), Overdue()
    monkeypatch.setattr(patterns, "_OVERDUE", overdue)
    select = scope.select

    def selected(page: Page, what: str) -> object:
        if page.url.endswith("/heavy"):  # it is tried on no page at all when the feature is loaded
            begun.set()
            let_go.wait(HUNG)
        return select(page, what)

    monkeypatch.setattr(scope, "select", selected)
    seeing = f'When I go to "/heavy"\n{step}'
    other = 'When I go to "/good"\nThen there should be an element "p"'

    async def main() -> list[str]:
        async with api({"/heavy": answer(b"<p>Never done"), "/good": answer(b"<p>Fine")}) as site:
            ends = []
            for name, steps, seconds in (("a", seeing, 0.05), ("b", other, HUNG), ("c", seeing, HUNG)):
                monkeypatch.setattr(patterns, "PATTERN_SECONDS", seconds)
                path = write_feature(tmp_path, steps, name=f"{name}.feature")
                (job,) = loaded(path, base_url=site.url).jobs
                ends.append((await observe(job, PatientClock(begun.is_set))).message)
            let_go.set()
            return ends

    assert tidily(main()) == [
        f"“{selector}” took longer than 0.05 s on the page",
        "",
        f"“{selector}” still runs on the page of an earlier run",
    ]
    assert overdue.let_go.wait(HUNG)


def test_libxml2_does_not_keep_the_others_from_running() -> None:
    """It lets go of the interpreter's lock while it searches: meanwhile the loop turns."""
    page = Page("http://www/heavy", 200, {"content-type": "text/html"}, HEAVY)

    async def main() -> int:
        search = asyncio.ensure_future(patterns.selected(QUADRATIC, lambda: scope.select(page, QUADRATIC)))
        turns = 0
        while not search.done():
            await asyncio.sleep(0)
            turns += 1
        assert await search == []
        return turns

    assert tidily(main()) > FEW_TURNS


class Overdue(set[str]):
    """Tells when a selector is overdue no longer."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()

    def discard(self, element: object) -> None:
        super().discard(element)
        self.let_go.set()


def test_a_selector_is_good_again_when_it_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is overdue is known by its text, and only for as long as a worker is busy with it."""
    busy, free, overdue = threading.Event(), threading.Event(), Overdue()
    monkeypatch.setattr(patterns, "_OVERDUE", overdue)

    def search() -> str:
        busy.set()
        free.wait(HUNG)
        return "found"

    async def main() -> list[object]:
        first = asyncio.ensure_future(patterns.selected("#a", search))
        await asyncio.to_thread(busy.wait, HUNG)
        first.cancel()  # the run's deadline
        await asyncio.wait([first])
        with pytest.raises(Failure) as caught:
            await patterns.selected("#a", lambda: "not asked")
        other = await patterns.selected("#b", lambda: "other")
        free.set()
        await asyncio.to_thread(overdue.let_go.wait, HUNG)
        return [first.cancelled(), caught.value.message, other, await patterns.selected("#a", search)]

    assert tidily(main()) == [True, "“#a” still runs on the page of an earlier run", "other", "found"]


@pytest.mark.parametrize("pattern", ["(a|aa)+$b", "((((a{1,90}){1,90}){1,90}){1,90})b"])
def test_a_remembered_text_may_be_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str) -> None:
    """What a page sends can stand in a pattern, and make it one without end."""
    monkeypatch.setattr("collectd_inode.scenario.patterns.PATTERN_SECONDS", 0.05)
    steps = (
        'When I go to "/"\nAnd I remember the text of the element "#pattern" as "it"\nAnd I go to "/many"\n'
        "Then I should see /${it}/"
    )
    routes = {"/": answer(f"<p id=pattern>{pattern}".encode()), "/many": answer(b"<p>" + b"a" * 5000)}
    found, _ = replayed(tmp_path, steps, routes)
    assert (found.cause, found.message) == (Cause.TIMEOUT, f"/{pattern}/ took longer than 0.05 s on the page")


def test_a_remembered_text_that_is_no_pattern(tmp_path: Path) -> None:
    """Said as such: it cannot be known when the feature is loaded."""
    steps = 'When I go to "/"\nAnd I remember the text of the element "#pattern" as "it"\nThen I should see /x${it}/'
    found, _ = replayed(tmp_path, steps, {"/": answer(b"<p id=pattern>(1")})
    assert (found.cause, found.message) == (
        Cause.CONFIGURATION,
        "/x(1/ is not a regular expression: missing ) at position 3",
    )
