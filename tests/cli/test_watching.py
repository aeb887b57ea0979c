"""``run --watch``, and the page that a scenario has ended on, by what sentences may name on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_inode.cli import run, watching
from collectd_inode.cli.watching import seen, wait_for_change
from collectd_inode.page import locate
from collectd_inode.page.page import Page
from collectd_inode.reload import stamp
from collectd_inode.report.style import PLAIN
from demo.site import Outage, Site
from tests.helpers.examples import write_feature

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


BAD = 'When I go to "/login"\nThen I should see "penguin"'


def test_what_is_on_the_page() -> None:
    """As a person calls it; what is not seen cannot be named."""
    page = Page(
        "http://h/",
        200,
        {"content-type": "text/html; charset=utf-8"},
        (
            b'<a href="/a">Home</a><a href="/b" hidden>Gone</a><a href="/a">Home</a><form>'
            b'<label>User name <input name=u></label><input type=hidden name=h value=x><input placeholder="Search">'
            b"<button>Log in</button><input type=submit value=Send></form>"
        ),
    )
    assert locate.names(page) == {
        "links": ["Home"], "buttons": ["Log in", "Send"], "fields": ["User name", "Search"],
    }  # fmt: skip


def test_a_page_for_people() -> None:
    """Long names and many of them are cut."""
    lines = list(seen("http://h/", {"links": [f"L{n}" for n in range(32)], "buttons": [], "fields": ["x" * 99]}, PLAIN))
    assert lines[0] == "      on the page http://h/:"
    assert lines[1].endswith('"L29", and 2 more')
    assert lines[2:] == ["        buttons: none", f'        fields: "{"x" * 59}…"']


def test_verbose_after_a_failure(typed: Typed, tmp_path: Path, site: Site) -> None:
    """And after nothing else; no secret is among the names."""
    path = write_feature(tmp_path, f'Feature: x\n  Scenario: Bad\n{BAD}\n  Scenario: Good\n    When I go to "/login"\n')
    words = ("run", path, "--base-url", site.url)
    code, out, _ = typed(*words, "--verbose")
    assert (code, out.count("on the page")) == (1, 1)
    assert f"      on the page {site.url}/login:\n" in out
    assert '        buttons: "Log in"\n' in out
    assert "on the page" not in typed(*words)[1]
    assert "buttons" not in typed(*words, "--verbose", "--format", "json")[1]
    (tmp_path / "secret").write_text("Log in\n")
    out = typed(*words, "--verbose", "--secret", f"button={tmp_path / 'secret'}")[1]
    assert 'buttons: "Log in"' not in out


@pytest.mark.parametrize("moment", ["edited", "added", "removed"])
def test_a_file_that_changes(tmp_path: Path, moment: str) -> None:
    """Waited for until it has rested for a look; a folder's files are looked at, and a glob's."""
    path, other = write_feature(tmp_path, BAD), tmp_path / "steps.py"
    looks: list[int] = []

    def pause() -> None:
        looks.append(len(looks))
        if len(looks) == 3:
            if moment == "edited":
                path.write_text("half")
            if moment == "added":
                other.write_text("")
            if moment == "removed":
                path.unlink()
        if len(looks) == 4 and moment == "edited":
            path.write_text("half and half")

    for sources in ([str(tmp_path)], [str(tmp_path / "*.*")]):
        wait_for_change(sources, stamp(sources), pause)
        assert len(looks) == (5 if moment == "edited" else 4)
        looks.clear()
        path.write_text(BAD)
        other.unlink(missing_ok=True)


def test_watch(typed: Typed, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, shows the page, waits, runs again; a mistake is shown and mended; Ctrl-C ends it."""
    path = write_feature(tmp_path, BAD)
    versions = iter([BAD.replace("penguin", "User name"), "When I dance"])

    def change(sources: object, before: object) -> None:
        try:
            write_feature(tmp_path, next(versions))
        except StopIteration:
            raise KeyboardInterrupt from None

    monkeypatch.setattr(run, "wait_for_change", change)
    code, out, err = typed("run", path, "--watch", "--base-url", site.url)
    assert code == 130
    assert ("1 scenario (1 failed)" in out, "1 scenario (1 passed)" in out, out.count("on the page")) == (True, True, 2)
    assert (err.count("watching 1 file; Ctrl-C ends"), "undefined step: I dance" in err) == (3, True)


def test_pauses_are_short() -> None:
    """Nobody waits long for what he has just written."""
    assert watching.LOOK_SECONDS <= 0.5


@pytest.mark.parametrize(
    "words", [("--watch", "--format", "json"), ("--watch", "--list"), ("-", "--watch"), ("/dev/stdin:3", "--watch")]
)
def test_what_cannot_be_watched(typed: Typed, words: tuple[str, ...]) -> None:
    """Says so, and runs nothing."""
    code, out, err = typed("run", "x.feature", *words)
    assert (code, out, "error: --watch" in err) == (2, "", True)
