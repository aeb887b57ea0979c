"""Titles that meet: all run, each under a series of its own, with one verdict everywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from collectd_inode.model import Place, Problem
from collectd_inode.scenario.titles import Titled, told_apart
from tests.helpers.examples import loaded, write_feature

Typed = Callable[..., tuple[int, str, str]]

GOOD = 'When I go to "http://www.test/"\nThen I should see "x"'


def titled(series: str, feature: str, path: str, line: int = 1) -> Titled:
    return Titled(series, feature, Place(path, line))


def names(*scenarios: Titled) -> list[str]:
    return told_apart(scenarios)[0]


def test_the_first_in_path_order_keeps_its_series() -> None:
    """Whatever the order in which the files are named; the later one gets its feature's name behind it."""
    assert names(titled("home", "KDE", "kde/a.feature"), titled("home", "Gnome", "gnome/a.feature")) == [
        "home_kde",
        "home",
    ]


def test_feature_then_file_then_number() -> None:
    """What tells a scenario apart, best first."""
    assert names(
        titled("home", "Shop", "shop.feature", 2),
        titled("home", "Shop", "shop.feature", 5),
        titled("home", "Shop", "shop.feature", 8),
        titled("home", "Shop", "store.feature", 2),
        titled("home", "", "stand.feature", 2),
        titled("home", "Shop", "store.feature", 5),
    ) == ["home", "home_shop", "home_2", "home_store", "home_stand", "home_3"]


def test_nobody_loses_a_series_to_a_twin() -> None:
    """A title that gives the very name which a twin would get keeps it."""
    assert names(
        titled("home", "Shop", "a.feature", 2),
        titled("home", "Shop", "a.feature", 5),
        titled("home_shop", "Shop", "b.feature", 2),
    ) == ["home", "home_a", "home_shop"]


def test_names_are_never_too_long() -> None:
    """A store cuts off what is."""
    long = "n" * 63
    found = names(*(titled(long, "Shop", "shop.feature", line) for line in range(5)))
    assert len(set(found)) == 5
    assert max(map(len, found)) == 63


def test_each_is_warned_of_with_the_line_that_keeps_its_name() -> None:
    """Rows of an outline have no comment of their own."""
    row = Titled("home", "Shop", Place("a.feature", 7), is_row=True)
    assert told_apart([titled("home", "Shop", "a.feature", 2), titled("home", "Shop", "a.feature", 5), row])[1] == [
        Problem(
            'its title gives the series "home", which the scenario at a.feature:2 has already: it is stored as'
            ' "home_shop", until an earlier file has that title, too; a comment line above it keeps the name:'
            " # series: home_shop",
            Place("a.feature", 5),
        ),
        Problem(
            'its title gives the series "home", which the scenario at a.feature:2 has already: it is stored as'
            ' "home_a", until an earlier file has that title, too; a comment line above its outline keeps the name:'
            " # series: home_a_<column>",
            Place("a.feature", 7),
        ),
    ]


def feature(folder: Path, name: str, title: str, scenario: str = "Visiting home page") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    steps = GOOD.replace("\n", "\n    ")
    path.write_text(f"Feature: {title}\n  Scenario: {scenario}\n    {steps}\n")
    return path


def test_all_scenarios_of_a_block_run(tmp_path: Path) -> None:
    """As a generator names them: the same title for every site.  A file that is named twice is read once."""
    gnome = feature(tmp_path, "gnome.org/navigation.feature", "gnome.org")
    kde = feature(tmp_path, "kde.org/navigation.feature", "kde.org")
    found = loaded(kde, gnome, kde)
    assert found.problems == ()
    assert [(job.instance, job.trouble) for job in found.jobs] == [
        ("web-visiting_home_page_kde_org", None),
        ("web-visiting_home_page", None),
    ]
    assert [warning.place for warning in found.warnings] == [Place(str(kde), 2)]


def test_the_comment_that_is_offered_keeps_the_name(tmp_path: Path) -> None:
    """Nothing is left to warn of then, and an earlier file changes nothing."""
    path = tmp_path / "b.feature"
    path.write_text(f"Feature: x\n  # series: home_x\n  Scenario: Home\n{GOOD}\n")
    write_feature(tmp_path, GOOD, "a.feature")
    found = loaded(tmp_path)
    assert ([job.instance for job in found.jobs], found.warnings) == (["web-home", "web-home_x"], ())


def test_what_is_not_selected_meets_nobody(tmp_path: Path) -> None:
    """The names are told apart in a block, not in a file."""
    path = tmp_path / "a.feature"
    path.write_text(f"Feature: x\n  @a\n  Scenario: Home\n{GOOD}\n  @b\n  Scenario: Home\n{GOOD}\n")
    found = loaded(path, tags="@b")
    assert ([job.instance for job in found.jobs], found.warnings) == (["web-home"], ())


def test_one_verdict(typed: Typed, tmp_path: Path) -> None:
    """lint and check warn in the same words, once and run run both scenarios."""
    features = tmp_path / "features"
    feature(features, "gnome.org/navigation.feature", "gnome.org")
    feature(features, "kde.org/navigation.feature", "kde.org")
    conf = tmp_path / "collectd.conf"
    conf.write_text(
        '<Plugin python>\n  Import "collectd_inode"\n  <Module collectd_inode>\n    <Scenario "web">\n'
        '      Feature "features"\n      Resolve "www.test" "127.0.0.1:9"\n    </Scenario>\n  </Module>\n</Plugin>\n'
    )
    what = (
        'its title gives the series "visiting_home_page", which the scenario at features/gnome.org/navigation.feature:2'
        ' has already: it is stored as "visiting_home_page_kde_org", until an earlier file has that title, too; a'
        " comment line above it keeps the name: # series: visiting_home_page_kde_org\n"
    )
    place = "features/kde.org/navigation.feature:2: warning: "
    assert typed("lint", "features") == (0, "2 scenarios can run\n", place + what)
    assert typed("lint", "features", "--strict") == (1, "2 scenarios can run\n", place + what)
    code, _, err = typed("check", "collectd.conf")
    assert (code, err) == (0, f'{place}<Scenario "web">: {what}')
    code, out, err = typed("once", "collectd.conf")
    assert (code, out.count("\n  Scenario: Visiting home page")) == (1, 2)
    code, out, err = typed("run", "features", "--resolve", "www.test=127.0.0.1:9")
    assert (code, out.count("\n  Scenario: Visiting home page"), err) == (1, 2, "")
