"""One project has one verdict in every command, and a job's names that are printed anywhere are taken everywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.model import Job, Place, PlannedStep, Problem
from collectd_inode.report.mute import Mutes, parse
from collectd_inode.report.mute import path as mutes_path
from collectd_inode.report.names import is_called
from collectd_inode.report.plan import Plan, path, planned, text
from collectd_inode.report.problems import helped, once_each

Typed = Callable[..., tuple[int, str, str]]
STEP = PlannedStep("go", "go", Place("/srv/shop.feature", 9))
SHOP = Job(
    "scenario", "shop", "shop-buy", scenario="Buy", place=Place("/srv/shop.feature", 7), steps=(STEP,), interval=3600.0
)
EVERY_NAME = (
    "shop", "shop-buy", "scenario/shop-buy", "scenario-shop-buy", "www/scenario/shop-buy", "www/scenario-shop-buy",
    "/srv/shop.feature:7", "/srv/shop.feature:9:5", "/srv/../srv/shop.feature:8",
    "scenario/shop-buy:", "/srv/shop.feature:7:", "/srv/shop.feature:9:5:", "www/scenario-shop-buy/bool-success",
)  # fmt: skip


@pytest.mark.parametrize("name", EVERY_NAME)
def test_every_name(name: str) -> None:
    """Of the block, of the instance, with kind and host as collectd or we write it, and any line of its own."""
    assert is_called(name, SHOP)


@pytest.mark.parametrize(
    "name",
    [
        "buy",
        "Shop",
        "/srv/shop.feature:6",
        "/srv/shop.feature:10",
        "/srv/shop.feature",
        "",
        "www/scenario-shop/bool-success",
    ],
)
def test_what_is_no_name(name: str) -> None:
    """Neither a title, nor a line of another scenario."""
    assert not is_called(name, SHOP)


def test_a_mistake_that_two_blocks_share() -> None:
    """Is one, with both named; code that would mend several is printed once."""
    here = Place("a.feature", 3, 5)
    first = Problem("undefined", here, "<a>", help="like this\n@step", snippet="@step")
    assert once_each(
        [first, Problem("undefined", here, "<b>"), Problem("x"), Problem("x"), Problem("x", where="<c>")]
    ) == [
        Problem("undefined", here, "<a>, <b>", help="like this\n@step", snippet="@step"),
        Problem("x"),
        Problem("x", where="<c>"),
    ]
    again = Problem("undefined", Place("b.feature"), help="@step", snippet="@step")
    assert [lines for _, lines in helped([first, again])] == [["like this", "@step"], []]


THRICE = """Feature: x
  Background:
    Given I frobnicate "a"
  Scenario: One
    When I frobnicate "b"
  Scenario Outline: The <page>
    When I dance to "<page>"
    Examples:
      | page |
      | /a   |
      | /b   |
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A configuration with a good job, and two blocks that name one bad file."""
    (tmp_path / "bad.feature").write_text(THRICE)
    block = '<Scenario "{}">\nFeature "{}"\nBaseURL "http://127.0.0.1:1"\n</Scenario>'
    (tmp_path / "good.feature").write_text('Feature: x\n\n  Scenario: Home\n    Given I am on "/"\n')
    blocks = [
        block.format(name, tmp_path / f"{file}.feature") for name, file in (("a", "bad"), ("b", "bad"), ("c", "good"))
    ]
    made = tmp_path / "collectd.conf"
    inside = "\n".join(['Import "collectd_inode"', "<Module collectd_inode>", *blocks, "</Module>"])
    made.write_text(f"<Plugin python>\n{inside}\n</Plugin>\n")
    return made


def test_a_mistake_in_one_place_is_reported_once(typed: Typed, shop: Path) -> None:
    """However many scenarios, rows and blocks it is in; lint, check and once say the same."""
    file = shop.with_name("bad.feature")
    places = [f"{file}:3:5", f"{file}:5:5", f"{file}:7:5"]
    for words in (("lint", file), ("run", file, "--base-url", "http://127.0.0.1:1"), ("check", shop), ("once", shop)):
        code, _, err = typed(*words)
        errors = [line.partition(": error:")[0] for line in err.splitlines() if ": error:" in line]
        assert (code, errors) == (2, places)
        assert err.count('@step("I frobnicate {string}")') == 1
    assert typed("check", shop)[1] == f"{shop}: 3 mistakes\n"


@pytest.mark.parametrize("name", ["c", "c-home", "scenario/c-home", "{}/good.feature:3", "{}/good.feature:4:5"])
def test_a_mistake_in_another_block_keeps_no_job_from_running(typed: Typed, shop: Path, name: str) -> None:
    """It is reported, and the job runs as it does in the daemon; by each of its names."""
    code, out, err = typed("once", shop, name.format(shop.parent), "--format", "json")
    assert [json.loads(line)["cause"] for line in out.splitlines()] == ["connect"]
    assert (code, err.count("error: <Scenario")) == (1, 3)
    assert [
        json.loads(line)["instance"]
        for line in typed("jobs", shop, name.format(shop.parent), "--format", "json")[1].splitlines()
    ] == ["c-home"]
    assert all("/scenario-c-home/" in line for line in typed("series", shop, name.format(shop.parent))[1].splitlines())


def test_a_job_that_cannot_run_is_not_passed_over(typed: Typed, shop: Path) -> None:
    """Asked for, it says why; StrictConfig keeps all of them from running, as it keeps collectd from starting."""
    assert typed("once", shop, "a")[0] == 2
    shop.write_text(shop.read_text().replace("<Module collectd_inode>", "<Module collectd_inode>\nStrictConfig true"))
    code, out, err = typed("once", shop, "c")
    assert (code, out, err.splitlines()[-1]) == (2, "", "nothing was run")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The StateDir of a daemon that has just begun with one job."""
    path(str(tmp_path)).write_text(text(Plan(1, 0.0, (planned(SHOP, 1e9),))))
    return tmp_path


@pytest.mark.parametrize("name", EVERY_NAME)
def test_status_and_mute_by_each_name(state: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A place in a file is kept as the job that stands there now; any name ends the mute."""
    where = ("--state-dir", str(state))
    assert cli.main(["status", name, *where]) == 1
    assert capsys.readouterr().out.startswith("scenario/shop-buy: has not run yet; ")
    assert cli.main(["mute", name, "2h", "moving", *where]) == 0
    (mute,) = parse(mutes_path(str(state)).read_bytes()).mutes
    assert mute.covers(SHOP.identity, SHOP.name, 0.0)
    other = "scenario-shop-buy" if name != "shop" else name
    assert cli.main(["mute", "--end", other, *where]) == 0
    assert parse(mutes_path(str(state)).read_bytes()) == Mutes()


def test_a_job_does_not_end_the_mute_of_its_block(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Which holds for others, too."""
    where = ("--state-dir", str(state))
    assert cli.main(["mute", "shop", "2h", "moving", *where]) == 0
    assert cli.main(["mute", "--end", "shop-buy", *where]) == 2
    assert capsys.readouterr().err == "collectd-inode: 'shop-buy' is not muted; muted: shop\n"


LINES = """# a comment
@all
Feature: Shop

  Background:
    Given I am on "/"

  # why
  @one
  Scenario: One
    Then I should see "a"

  @two
  Scenario Outline: Two <x>
    Then I should see "<x>"

    @first
    Examples: few
      | x |
      | b |

    Examples:
      | x |
      | c |
      | d |

  Rule: of the house
    Background:
      Given I am on "/house"

    Scenario: Three
      When I POST to "/order" the data:
        | a | b |
        | 1 | 2 |
"""
ONE, B, C, D, THREE = 10, 20, 24, 25, 31


@pytest.mark.parametrize(
    ("lines", "meant"),
    [
        ((1, 2, 3, 4, 5, 6, 7), (ONE, B, C, D, THREE)),
        ((8, 9, 10, 11), (ONE,)),
        ((13, 14, 15), (B, C, D)),
        ((17, 18, 19, 20), (B,)),
        ((22, 23), (C, D)),
        ((24,), (C,)),
        ((25,), (D,)),
        ((27, 28, 29), (THREE,)),
        ((31, 32, 33, 34), (THREE,)),
        ((12, 16, 21, 26, 35, 99), ()),
    ],
)
def test_each_line_of_a_file(typed: Typed, lines: tuple[int, ...], meant: tuple[int, ...], tmp_path: Path) -> None:
    """As cucumber has it: an outline is all of its rows, a feature's head and background are all of its scenarios."""
    path = tmp_path / "shop.feature"
    path.write_text(LINES)
    (tmp_path / "link.feature").symlink_to(path)
    inside = f'<Scenario "shop">\nFeature "{path}"\nBaseURL "http://127.0.0.1:1"\n</Scenario>'
    conf = tmp_path / "collectd.conf"
    section = f'Import "collectd_inode"\n<Module collectd_inode>\n{inside}\n</Module>'
    conf.write_text(f"<Plugin python>\n{section}\n</Plugin>\n")
    expected = [f"{path}:{line}" for line in meant]
    for line in lines:
        _, out, _ = typed("run", f"{path}:{line}", "--list", "--base-url", "http://127.0.0.1:1")
        assert [said.partition("  # ")[0] for said in out.splitlines()] == expected
        for name in (f"{path}:{line}:", f"{tmp_path}/link.feature:{line}:5"):
            code, out, _ = typed("jobs", conf, name, "--format", "json")
            assert len(out.splitlines()) == len(meant)
            assert code == (0 if meant else 2)


@pytest.mark.parametrize(
    "name",
    [
        "shop-home", "scenario/shop-home", "scenario-shop-home", "www/scenario-shop-home",
        "www/scenario-shop-home/bool-success", "scenario/shop-home:",
    ],
)  # fmt: skip
def test_run_by_the_name_of_a_job(typed: Typed, name: str, tmp_path: Path) -> None:
    """Where no title contains it: what another command has printed."""
    path = tmp_path / "shop.feature"
    path.write_text('Feature: x\n  Scenario: Home\n    Given I am on "/"\n  Scenario: Basket\n    Given I am on "/b"\n')
    code, out, _ = typed("run", path, "--name", name, "--list", "--base-url", "http://127.0.0.1:1")
    assert (code, out) == (0, f"{path}:2  # Home\n")
    assert typed("run", path, "--name", "shop-house", "--list", "--base-url", "http://127.0.0.1:1")[0] == 2


HOME_AND_BASKET = """Feature: x
  Scenario: Home
    When I go to "http://127.0.0.1:1/"
  Scenario: Basket
    When I go to "http://127.0.0.1:1/b"
"""


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        (("shop.feature", "-n", "shop.feature:3"), ["shop.feature:2  # Home"]),
        (("-n", "shop.feature:4"), ["shop.feature:4  # Basket"]),
        (("--name", "{}/shop.feature:5:5:"), ["{}/shop.feature:4  # Basket"]),
        ((".", "-n", "{}/shop.feature:2"), ["./shop.feature:2  # Home"]),
        (("-n", "shop.feature:1"), ["shop.feature:2  # Home", "shop.feature:4  # Basket"]),
        (("--config", "shop.conf", "-n", "shop.feature:4"), ["./shop.feature:4  # Basket"]),
    ],
)
def test_run_by_a_place(typed: Typed, words: tuple[str, ...], listed: list[str], tmp_path: Path) -> None:
    """Of the files that are named, or of its own file."""
    (tmp_path / "shop.feature").write_text(HOME_AND_BASKET)
    (tmp_path / "shop.conf").write_text('Feature "."\n')
    code, out, err = typed("run", "--list", *(word.format(tmp_path) for word in words))
    assert (code, out.splitlines(), err) == (0, [line.format(tmp_path) for line in listed], "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("shop.feature", "-n", "shop.feature:9"), "collectd-inode: shop.feature:9: there is no scenario\n"),
        (("shop.feature:2", "-n", "shop.feature:4"), "collectd-inode: shop.feature:4: there is no scenario\n"),
    ],
)
def test_run_by_a_place_without_a_scenario(typed: Typed, words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Nothing is run instead."""
    (tmp_path / "shop.feature").write_text(HOME_AND_BASKET)
    assert typed("run", "--list", *words) == (2, "", said)


@pytest.mark.parametrize(
    ("word", "quoted"),
    [
        ("scenario/shop-home", "scenario/shop-home"),
        ("www/scenario-shop-home/bool-success", "www/scenario-shop-home/bool-success"),
        ("shop-home", "shop-home"),
        ("Home page", "'Home page'"),
    ],
)
def test_run_of_a_job_in_place_of_a_path(typed: Typed, word: str, quoted: str) -> None:
    """The message says where such a name goes."""
    assert typed("run", word)[2].splitlines() == [
        f'error: Feature "{word}": expected a file, folder or glob with feature files in it',
        "    a job's name or a title goes behind --name; a configured job runs by:"
        f" collectd-inode once [CONF] {quoted}",
        "nothing was run",
    ]


@pytest.mark.parametrize("word", ["featurs/", "featurs/shop", "shop.feature", "shop*"])
def test_run_of_a_path_without_a_feature(typed: Typed, word: str) -> None:
    """It cannot be the name of a job."""
    assert len(typed("run", word)[2].splitlines()) == 2
