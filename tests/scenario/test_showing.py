"""``show me the page``: while a scenario is written it shows where the run is; a daemon passes over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.model import Observation, Status
from collectd_inode.observing import observe
from collectd_inode.page.page import Page
from collectd_inode.scenario.showing import shown_page
from collectd_inode.wire import workers
from demo.site import Site
from tests.helpers.examples import loaded, replayed, write_feature

Typed = Callable[..., tuple[int, str, str]]
SHOW = "\nThen show me the page"


def page(body: bytes) -> Page:
    """A page of *body*."""
    return Page("http://www.example.org/", 200, {"content-type": "text/html"}, body)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """The demonstration's site."""
    with Site() as started:
        yield started


def unattended(*features: Path, **settings: Any) -> Observation:
    """The first scenario's run as a daemon does it."""

    async def once() -> Observation:
        return await observe(loaded(*features, **settings).jobs[0])

    return workers.run(once())


def test_a_page_in_lines() -> None:
    """What can be named on it, and what it says."""
    body = b"<title>Shop</title><a href=/>Home</a><p>Pay here</p><form><label>Code <input name=c></label><button>Pay"
    assert list(shown_page(page(body), str)) == [
        "the page “Shop” at http://www.example.org/ (status 200):",
        '  links: "Home"',
        '  buttons: "Pay"',
        '  fields: "Code"',
        "  text:",
        "    Home",
        "    Pay here",
        "    Code Pay",
    ]


def test_a_page_without_words_and_one_with_many() -> None:
    """No page of a terminal's is more than forty lines long."""
    assert list(shown_page(page(b""), str))[-1] == "  text: none"
    lines = list(shown_page(page(b"<p>x</p>" * 100), str))
    assert (len(lines), lines[-2:]) == (46, ["    x", "    and 60 more lines"])


def test_secrets_go_before_lines_are_cut() -> None:
    """Half a secret is one, too."""
    secret = "s3cret" * 20
    body = f"<title>{secret}</title><a href=/>{secret}</a><p>{secret}{secret}".encode()
    shown = "\n".join(shown_page(page(body), lambda text: text.replace(secret, "[key]")))
    assert "s3cret" not in shown
    assert shown.count("[key]") == 5


def test_it_stands_below_its_step(typed: Typed, tmp_path: Path, site: Site) -> None:
    """For people; what programs read is as it was."""
    path = write_feature(tmp_path, f'Given I go to "/login"{SHOW} within "form"')
    code, out, _ = typed("run", path, "--base-url", site.url)
    said = f"""\
    Then show me the page within "form"
      the page “Log in” at {site.url}/login (status 200):
        links: none
        buttons: "Log in"
"""
    assert code == 0
    assert said.splitlines()[1:] == [
        line.rstrip() for line in out.splitlines() if "the page “" in line or "links:" in line or "buttons:" in line
    ]
    document = json.loads(typed("run", path, "--base-url", site.url, "--format", "json")[1].splitlines()[0])
    assert "shown" not in document["steps"][1]


def test_after_a_failure(tmp_path: Path, site: Site) -> None:
    """As a clean-up step it shows the page that the run has ended on."""
    path = write_feature(
        tmp_path, 'When I go to "/login"\nAnd I follow "Lost"\nThen whatever happens, show me the page'
    )
    (observed,) = replayed(path, base_url=site.url)
    assert observed.steps[2].status is Status.PASSED
    assert observed.steps[2].shown[0] == f"the page “Log in” at {site.url}/login (status 200):"


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        ("show me the page", ("no page yet: open one first",)),
        ('show me the page within "#nowhere"', ("no page yet: open one first",)),
    ],
)
def test_no_page_is_no_failure(tmp_path: Path, step: str, shown: tuple[str, ...]) -> None:
    """It says what is missing instead."""
    (observed,) = replayed(write_feature(tmp_path, f"Given {step}"))
    assert (observed.status, observed.steps[0].shown) == (Status.PASSED, shown)


def test_no_such_part_is_no_failure(tmp_path: Path, site: Site) -> None:
    """In words of the message that another step would fail with."""
    (observed,) = replayed(
        write_feature(tmp_path, f'Given I go to "/login"{SHOW} within "#nowhere"'), base_url=site.url
    )
    assert observed.status is Status.PASSED
    assert observed.steps[1].shown[0].startswith("there is no “#nowhere”, on “Log in”")


@pytest.mark.parametrize("step", ["show me the page", 'show me the page within "#nowhere"', "save and open page"])
def test_a_daemon_passes_over_it(tmp_path: Path, site: Site, step: str) -> None:
    """It passes, and nothing is looked at."""
    observed = unattended(write_feature(tmp_path, f'Given I go to "/login"\nThen {step}'), base_url=site.url)
    assert [(found.status, found.shown, found.seconds is None) for found in observed.steps] == [
        (Status.PASSED, (), False),
        (Status.PASSED, (), True),
    ]
