"""What is known of each job: its record, its file, and the page at three in the morning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from collectd_inode import cli
from collectd_inode.cli import COMMANDS, Command
from collectd_inode.cli.configured import DEFAULT_CONF, read
from collectd_inode.cli.status import CONF, as_json, page, state_dir
from collectd_inode.model import Cause, Failure, Observation, Status, Warning
from collectd_inode.report.plan import Plan, Planned
from collectd_inode.report.plan import path as plan_path
from collectd_inode.report.plan import text as plan_text
from collectd_inode.report.record import (
    STATUSES,
    NoRecord,
    Past,
    Record,
    among,
    following,
    parse,
    path,
    text,
    worth_writing,
)
from collectd_inode.report.style import COLOURED, PLAIN
from collectd_inode.run import Run
from collectd_inode.state import files
from tests.helpers.examples import LOOK, OPEN, job, observed, passing, write_feature

STALE = "check that collectd runs, and that it can write here; a removed job disappears within two hours"
NOW = 1_795_341_600.0  # 2026-11-22 10:00:00 UTC
FINE = Record("scenario", "web", "Home", "web-home", "", "f:2", "passed", NOW - 7200, NOW - 12, 60.0, seconds=0.25)
BAD = replace(
    FINE,
    place="f:4",
    status="failed",
    since=NOW - 3 * 3600,
    cause="expectation",
    step='I should see "Welcome"',
    message="text “Welcome” not found",
    expected="Welcome",
    found="Sorry\n\tback at nine",
    evidence="/var/lib/failures/7",
    last_good=NOW - 3 * 3600 - 60,
    warnings=(Warning("slow", "that took long"),),
    seconds=None,
    bad_runs=180,
    told=True,
)


async def refused(run: Run) -> None:
    with run.step(OPEN):
        pass
    with run.step(LOOK):
        raise Failure(Cause.EXPECTATION, "not there", expected="Welcome", found="Sorry")


async def warned(run: Run) -> None:
    with run.step(OPEN):
        run.warn("slow", "that took long")


def at(start: float, observation: Observation) -> Observation:
    return replace(observation, time=start)


# The record


def test_what_is_known_after_a_bad_run() -> None:
    """The step that ended it, with its place; what was expected and found; when the last good one was."""
    good = following(None, at(100.0, observed(passing)))
    assert good == Record(
        "scenario",
        "web",
        "Home",
        "web-home",
        "",
        "",
        "passed",
        100.0,
        100.0,
        60.0,
        last_good=100.0,
        seconds=0.25,
        recent=(Past(100.0, True),),
    )
    bad = following(good, replace(at(160.0, observed(refused)), evidence="/e"))
    assert bad == Record(
        "scenario",
        "web",
        "Home",
        "web-home",
        "",
        "home.feature:4",
        "failed",
        160.0,
        160.0,
        60.0,
        cause="expectation",
        step='should see "Welcome"',
        message="not there",
        expected="Welcome",
        found="Sorry",
        evidence="/e",
        last_good=100.0,
        bad_runs=1,
        told=True,
        recent=(Past(160.0, False),),
        down_since=160.0,
        failed_runs=1,
        notified=160.0,
    )


def test_a_status_is_as_old_as_its_first_run() -> None:
    """The last run is the last."""
    record = None
    for start, probe in enumerate((refused, refused, passing, passing, warned)):
        record = following(record, at(float(start), observed(probe, host="www")))
    assert record is not None
    assert (record.status, record.since, record.time, record.last_good) == ("passed", 2.0, 4.0, 4.0)
    assert record.warnings == (Warning("slow", "that took long"),)
    assert record.identity == ("www", "scenario", "web-home") == job(passing, host="www").identity


def test_each_status_has_its_place_among_the_worst() -> None:
    """None is left out of the order in which they are told."""
    assert sorted(STATUSES) == sorted(Status)


def test_a_job_is_stale_after_three_intervals() -> None:
    """And the minute that a record may be old; also where it comes from the future."""
    assert [replace(FINE, time=NOW - age).stale(NOW) for age in (0, 240, 241, -240, -241)] == [
        False,
        False,
        True,
        False,
        True,
    ]


def test_a_change_is_written_at_once_and_the_time_once_a_minute() -> None:
    """Whatever the interval is."""
    changes: tuple[dict[str, Any], ...] = (
        {"status": "error"},
        {"cause": "timeout"},
        {"step": "another"},
        {"told": False},
        {"evidence": "/failures/8"},
    )
    assert [worth_writing(BAD, replace(BAD, **change), NOW - 12) for change in changes] == [True] * 5
    assert not worth_writing(BAD, replace(BAD, message="refused 2 s ago"), NOW - 12)
    assert worth_writing(None, BAD, NOW - 12)
    warned = replace(FINE, warnings=(Warning("expiry", "13.2 days left"),))
    assert worth_writing(FINE, warned, NOW - 12)
    assert worth_writing(warned, replace(FINE, warnings=(Warning("expiry", "h2: 13.2 days left"),)), NOW - 12)
    assert not worth_writing(warned, replace(FINE, warnings=(Warning("expiry", "9 days left"),)), NOW - 12)
    assert not worth_writing(BAD, replace(BAD, bad_runs=181), NOW - 12)
    assert worth_writing(replace(BAD, told=False), replace(BAD, told=False, recent=(Past(NOW, False),)), NOW - 12)
    for interval, expected in ((1, [60, 120]), (60, [60, 120]), (45, [45, 90, 135]), (300, [300, 600])):
        written, times = 0.0, []
        for number in range(1, 1 + max(3, 120 // interval)):
            # A slot's run begins a little later, now more, now less.
            record = replace(FINE, interval=float(interval), time=number * interval + 0.1 * (number % 2))
            if worth_writing(record, record, written):
                written = record.time
                times.append(number * interval)
        assert times[: len(expected)] == expected, interval


def test_a_clock_that_was_set_back_does_not_end_the_writing() -> None:
    """What was written in the future is written again."""
    assert worth_writing(FINE, FINE, NOW + 3600)


# The file


texts = st.text(st.characters(codec=None, exclude_categories=()))
times = st.floats(0, 1e10)
records = st.builds(
    Record,
    kind=texts,
    job=texts,
    scenario=st.none() | texts,
    instance=texts,
    host=texts,
    place=texts,
    status=st.sampled_from(STATUSES),
    since=times,
    time=times,
    interval=times,
    cause=texts,
    step=texts,
    message=texts,
    expected=texts,
    found=texts,
    evidence=texts,
    last_good=st.none() | times,
    warnings=st.lists(st.builds(Warning, texts, texts)).map(tuple),
    seconds=st.none() | times,
    bad_runs=st.integers(0, 1 << 40),
    told=st.booleans(),
)


@given(records)
def test_a_record_survives_its_file(record: Record) -> None:
    """Whatever a site has put into its texts."""
    assert parse(text(record).encode("ascii")) == record


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@given(records, st.sampled_from(Record.__slots__), json_values)
@example(FINE, "warnings", {})
@example(FINE, "warnings", "")
@example(FINE, "seconds", True)
@example(FINE, "time", float("nan"))
@example(FINE, "since", 10**400)
def test_a_field_of_the_wrong_kind_is_no_record(record: Record, field: str, value: object) -> None:
    """Either it is one that `text` writes, or it is told: nothing else is raised, and nothing odd gets through."""
    octets = json.dumps({**json.loads(text(record)), field: value}).encode()
    try:
        assert json.loads(text(parse(octets))) == json.loads(octets)
    except NoRecord as error:
        assert str(error).startswith("it is broken: ")


@given(st.binary() | json_values.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_no_record(octets: bytes) -> None:
    """Half a file, another program's."""
    with pytest.raises(NoRecord):
        parse(octets)


def test_unreadable_files_are_sentences_and_the_others_are_read(tmp_path: Path) -> None:
    """Broken, half written, newer, not ours, none of our business."""
    whole = text(BAD)
    contents = {
        "a": whole,
        "b": whole[:40],
        "c": whole.replace('"version": 1', '"version": 7'),
        "d": "[]",
        "e": whole.replace('"failed"', '"fine"'),
        "f": "[" * 100_000,
    }
    for name, content in contents.items():
        (tmp_path / f"status-{name}.json").write_text(content)
    (tmp_path / "status-g.json").mkdir()
    (tmp_path / "ntp-pool.json").write_text("{}")
    assert among(files(str(tmp_path))) == (
        [BAD],
        [
            f"{tmp_path}/status-b.json cannot be read: it is broken: this is not JSON",
            f"{tmp_path}/status-c.json cannot be read: it was written by a newer version"
            " (its format is 7, this one reads 1)",
            f"{tmp_path}/status-d.json cannot be read: it is not a record of a job's status",
            f"{tmp_path}/status-e.json cannot be read: it is broken: status cannot be 'fine'",
            f"{tmp_path}/status-f.json cannot be read: it is broken: this is not JSON",
            f"{tmp_path}/status-g.json cannot be read: expected a regular file",
        ],
    )
    assert among(files(str(tmp_path / "none"))) == ([], [])


def test_no_two_jobs_share_a_file() -> None:
    """Also two of one name that report as two hosts."""
    assert path("/s", ("", "scenario", "web-home")) == Path("/s/status-scenario-web-home.json")
    assert path("/s", ("a.b", "scenario", "web-home")) == Path("/s/status-scenario-web-home@a.b.json")


# The page


@pytest.fixture(autouse=True)
def utc() -> Iterator[None]:
    """Times on the calendar are Greenwich's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


WARNED = replace(FINE, instance="web-about", warnings=(Warning("slow", "that took\nlong"),))
LOST = replace(FINE, instance="web-old", time=NOW - 90_000, since=NOW - 400_000, host="www2")
NEVER = replace(
    BAD,
    instance="web-new",
    status="undefined",
    since=NOW - 61,
    cause="undefined",
    last_good=None,
    told=False,
    bad_runs=1,
    warnings=(),
    step="",
    expected="",
    found="",
    evidence="",
    message="dance?",
    place="",
)


def planned(instance: str, next: float, host: str = "") -> Planned:
    return Planned(host, "scenario", "web", instance, 3600.0, next)


def test_what_waits() -> None:
    """A job that has not run yet, the next one first, and when it runs; one that should have run long ago."""
    waiting = [
        planned("web-b", NOW + 90),
        planned("web-a", NOW + 40, "www2"),
        planned("web-c", NOW - 10),
        planned("web-d", NOW - 3 * 3600 - 61),
    ]
    assert list(page([FINE], NOW, PLAIN, waiting=waiting)) == [
        "scenario/web-home: passed since 2026-11-22 08:00:00 (2 h ago)",
        f"scenario/web-d: has not run yet; its first run was due at 2026-11-22 06:58:59 (3 h ago): {STALE}",
        "scenario/web-c: has not run yet; it runs at 2026-11-22 10:59:50 (in 59 min)",
        "www2/scenario/web-a: has not run yet; it runs at 2026-11-22 10:00:40 (in 40 s)",
        "scenario/web-b: has not run yet; it runs at 2026-11-22 10:01:30 (in 90 s)",
        "5 jobs: 1 passed, 4 waiting",
    ]


def test_status_soon_after_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing has run, and nothing is known to be good: exit code 1; a plan that is broken is none."""
    jobs = (planned("web-home", time.time() + 40), planned("web-about", time.time() + 50))
    file = plan_path(str(tmp_path))
    file.write_text(plan_text(Plan(1, time.time(), jobs)))
    assert cli.main(["status", "--state-dir", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "2 jobs: 2 waiting"
    assert cli.main(["status", "--state-dir", str(tmp_path), "web-about"]) == 1
    assert capsys.readouterr().out.startswith("scenario/web-about: has not run yet; it runs at ")
    assert cli.main(["status", "--state-dir", str(tmp_path), "shop"]) == 2
    assert capsys.readouterr().err == f"collectd-inode: no job 'shop' is known in {tmp_path}; known there: web\n"
    for content in ("", "[]", "{}", '{"version": 2}', '{"version": 1, "pid": "x"}', file.read_text()[:50]):
        file.write_text(content)
        assert cli.main(["status", "--state-dir", str(tmp_path)]) == 2
        assert "no daemon has written into" in capsys.readouterr().err


def test_a_stale_job_of_a_daemon_that_has_started_since(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says when it runs, rather than to look after collectd; a run that should have been is no reason to wait."""
    stale = replace(FINE, time=time.time() - 86400)
    path(str(tmp_path), stale.identity).write_text(text(stale))
    for seconds, advice in ((40, "wait: the daemon has started since; it runs at "), (-40, STALE)):
        coming = Planned("", "scenario", "web", "web-home", 3600.0, time.time() + seconds)
        plan_path(str(tmp_path)).write_text(plan_text(Plan(1, time.time(), (coming,))))
        assert cli.main(["status", "--state-dir", str(tmp_path)]) == 1
        lines = capsys.readouterr().out.splitlines()
        assert next(line for line in lines if "to do:" in line).startswith(f"  to do:      {advice}")


def test_the_page() -> None:
    """The worst first, of these the latest; what passed has one line, unless it was warned of."""
    assert list(page([FINE, LOST, WARNED, NEVER, BAD], NOW, PLAIN)) == [
        "scenario/web-home: failed since 2026-11-22 07:00:00 (3 h ago)",
        '  step:       I should see "Welcome"',
        "  cause:      expectation",
        "  message:    text “Welcome” not found",
        "  expected:   Welcome",
        "  found:      Sorry",
        "               back at nine",
        "  evidence:   /var/lib/failures/7",
        "  at:         f:4",
        "  last good:  2026-11-22 06:59:00 (3 h ago)",
        "  last run:   2026-11-22 09:59:48 (12 s ago)",
        "  notified:   yes",
        "  warning:    that took long (slow)",
        "scenario/web-new: undefined since 2026-11-22 09:58:59 (61 s ago)",
        "  cause:      undefined",
        "  message:    dance?",
        "  last good:  never, as far as known",
        "  last run:   2026-11-22 09:59:48 (12 s ago)",
        "  notified:   no (1 bad run in a row)",
        "www2/scenario/web-old: stale: passed at the last run, 2026-11-21 09:00:00 (25 h ago)",
        f"  to do:      {STALE}",
        "  at:         f:2",
        "  last run:   2026-11-21 09:00:00 (25 h ago), 0.250 s",
        "scenario/web-about: passed since 2026-11-22 08:00:00 (2 h ago)",
        "  warning:    that took long (slow)",
        "scenario/web-home: passed since 2026-11-22 08:00:00 (2 h ago)",
        "5 jobs: 1 failed, 1 undefined, 1 stale, 2 passed",
    ]


def test_a_page_in_colours() -> None:
    """Red for what is bad, yellow for what nobody knows."""
    lines = "\n".join(page([BAD, FINE, LOST], NOW, COLOURED)).splitlines()
    assert lines[0] == "\x1b[31mscenario/web-home: failed since 2026-11-22 07:00:00 (3 h ago)\x1b[0m"
    assert (
        "\x1b[33mwww2/scenario/web-old: stale: passed at the last run, 2026-11-21 09:00:00 (25 h ago)\x1b[0m" in lines
    )
    assert "\x1b[32mscenario/web-home: passed since 2026-11-22 08:00:00 (2 h ago)\x1b[0m" in lines


def test_what_a_site_says_does_not_write_over_the_terminal() -> None:
    """Control characters are blanks."""
    evil = replace(BAD, message="\x1b[2J\x07gone\r", found="", expected="", evidence="")
    assert "  message:     [2J gone" in list(page([evil], NOW, PLAIN))


def test_a_record_from_the_future_is_stale() -> None:
    """The clock was wrong then, or is now."""
    assert list(page([replace(FINE, time=NOW + 86400 * 3)], NOW, PLAIN))[:2] == [
        "scenario/web-home: stale: passed at the last run, 2026-11-25 10:00:00 (3 d ahead of this clock)",
        "  to do:      check that this machine's clock is right (collectd-inode clock), and that collectd runs",
    ]


# The command

NOTHING: dict[str, Any] = dict.fromkeys([
    *("kind", "job", "instance", "status", "since", "cause", "step", "message", "expected", "found", "place"),
    *("warnings", "last_run", "last_good", "notified", "muted_until", "evidence"),
]) | {"kind": "scenario", "job": "web"}  # fmt: skip
"""What JSON has of a job of which nothing is known."""

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture
def typed(typed: Typed) -> Typed:
    """Types the command."""
    return lambda *words: typed("status", *words)


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Path]:
    """Writes records of a moment ago into a StateDir."""

    def keep(*records: Record) -> Path:
        shift = time.time() - NOW
        for record in records:
            moved = replace(record, time=record.time + shift, since=record.since + shift)
            path(str(tmp_path), record.identity).write_text(text(moved))
        return tmp_path

    return keep


def test_all_is_well(typed: Typed, kept: Callable[..., Path]) -> None:
    """Exit 0; warnings are no failure."""
    code, out, err = typed("--state-dir", kept(FINE, WARNED))
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "2 jobs: 2 passed"


@pytest.mark.parametrize("record", [BAD, LOST, NEVER], ids=["failed", "stale", "undefined"])
def test_something_is_not_well(typed: Typed, kept: Callable[..., Path], record: Record) -> None:
    """Exit 1: also where nobody has looked for long."""
    code, _, err = typed("--state-dir", kept(FINE, replace(record, instance="web-other")))
    assert (code, err) == (1, "")


def test_an_unreadable_record_is_no_pass(typed: Typed, kept: Callable[..., Path]) -> None:
    """Exit 1 and a sentence; the others are shown."""
    folder = kept(FINE)
    (folder / "status-x.json").write_text("{")
    code, out, err = typed("--state-dir", folder)
    assert code == 1
    assert out.splitlines()[-1] == "1 job: 1 passed"
    assert err == f"collectd-inode: {folder}/status-x.json cannot be read: it is broken: this is not JSON\n"
    (folder / "status-scenario-web-home.json").unlink()
    assert typed("--state-dir", folder)[:2] == (1, "0 jobs\n")


def test_one_job(typed: Typed, kept: Callable[..., Path]) -> None:
    """By its name, its plugin instance, or both with the plugin; with details also where it passed."""
    folder = kept(FINE, replace(BAD, job="shop", instance="shop-buy"))
    for name in ("web", "web-home", "scenario/web-home"):
        code, out, _ = typed(name, "--state-dir", folder)
        assert code == 0
        assert [line.split(":")[0] for line in out.splitlines()] == [
            "scenario/web-home",
            "  at",
            "  last run",
            "1 job",
        ]
    assert typed("shop", "--state-dir", folder)[0] == 1
    assert typed("nope", "--state-dir", folder) == (
        2,
        "",
        f"collectd-inode: no job 'nope' is known in {folder}; known there: shop, web\n",
    )


def test_json(typed: Typed, kept: Callable[..., Path]) -> None:
    """One object a line, the page's order; what there is none of is null; a job that is stale or waits says so."""
    assert list(map(json.loads, as_json([FINE, LOST, BAD], NOW, waiting=[planned("web-b", NOW + 90)]))) == [
        {
            "kind": "scenario",
            "job": "web",
            "instance": "web-home",
            "status": "failed",
            "since": NOW - 3 * 3600,
            "cause": "expectation",
            "step": 'I should see "Welcome"',
            "message": "text “Welcome” not found",
            "expected": "Welcome",
            "found": "Sorry\n\tback at nine",
            "place": "f:4",
            "warnings": [{"code": "slow", "message": "that took long"}],
            "last_run": NOW - 12,
            "last_good": NOW - 3 * 3600 - 60,
            "notified": True,
            "muted_until": None,
            "evidence": "/var/lib/failures/7",
        },
        {
            **NOTHING,
            "instance": "web-old",
            "status": "stale",
            "since": NOW - 400_000,
            "cause": "none",
            "place": "f:2",
            "warnings": [],
            "last_run": NOW - 90_000,
            "notified": False,
        },
        {
            **NOTHING,
            "instance": "web-home",
            "status": "passed",
            "since": NOW - 7200,
            "cause": "none",
            "place": "f:2",
            "warnings": [],
            "last_run": NOW - 12,
            "notified": False,
        },
        {**NOTHING, "instance": "web-b", "status": "waiting"},
    ]
    folder = kept(FINE, replace(BAD, job="shop", instance="shop-buy"))
    code, out, err = typed("--state-dir", folder, "--format", "json")
    assert (code, err) == (1, "")
    assert [json.loads(line)["instance"] for line in out.splitlines()] == ["shop-buy", "web-home"]
    code, out, err = typed("--state-dir", folder, "web", "--format", "json")
    assert (code, err, [json.loads(line)["status"] for line in out.splitlines()]) == (0, "", ["passed"])


def test_a_job_whose_record_is_broken_is_not_just_unknown(typed: Typed, kept: Callable[..., Path]) -> None:
    """What could not be read is told beside it."""
    folder = kept(FINE)
    fields = json.loads(text(BAD))
    del fields["cause"]
    (folder / "status-scenario-shop.json").write_text(json.dumps(fields))
    assert typed("shop", "--state-dir", folder) == (
        2,
        "",
        f"collectd-inode: no job 'shop' is known in {folder}; known there: web\n"
        f"collectd-inode: {folder}/status-scenario-shop.json cannot be read: it is broken: cause is missing\n",
    )


def test_where_nothing_is_known(typed: Typed, tmp_path: Path) -> None:
    """Exit 2: nothing at all is never a pass."""
    nothing = "so no job is known"
    assert typed("--state-dir", tmp_path / "none") == (
        2,
        "",
        f"collectd-inode: there is no such folder: no daemon has written into {tmp_path}/none yet, {nothing}\n",
    )
    for words in ([], ["shop"]):
        assert typed("--state-dir", tmp_path, *words) == (
            2,
            "",
            f"collectd-inode: no daemon has written into {tmp_path} yet, {nothing}\n",
        )
    (tmp_path / "file").write_text("")
    assert typed("--state-dir", tmp_path / "file") == (
        2,
        "",
        f"collectd-inode: {tmp_path}/file cannot be read: Not a directory\n",
    )


def conf(folder: Path, module: str) -> Path:
    feature = write_feature(folder, 'When I go to "http://www.example/"')
    file = folder / "collectd.conf"
    block = f'<Scenario "web">\nFeature "{feature}"\n</Scenario>'
    (folder / "inode.conf").write_text(f"<Plugin python>\n<Module collectd_inode>\n{module}\n</Module>\n</Plugin>\n")
    file.write_text(
        '<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\nStateDir "/first"\n'
        f'{block}\n</Module>\n</Plugin>\nInclude "{folder}/inode.conf"\n'
    )
    return file


def test_the_folder_is_the_one_of_the_configuration(typed: Typed, kept: Callable[..., Path]) -> None:
    """Found without reading what the blocks name; the last that was said holds, as in the daemon."""
    folder = kept(FINE)
    file = conf(folder, f'statedir "{folder}"')
    assert typed("--conf", file)[0] == 0
    assert state_dir(str(file)) == read(str(file)).state_dir == str(folder)
    assert CONF == DEFAULT_CONF


def test_without_a_folder(typed: Typed, tmp_path: Path) -> None:
    """What to do instead."""
    file = tmp_path / "collectd.conf"
    file.write_text("<Plugin python>\n<Module collectd_inode>\nInterval 60\n</Module>\n</Plugin>\n")
    code, out, err = typed("--conf", file)
    assert (code, out) == (2, "")
    assert err.startswith(f"collectd-inode: {file} names no StateDir: without it the daemon keeps its state in")
    code, out, err = typed("--conf", tmp_path / "none.conf")
    assert (code, out) == (2, "")
    assert err.endswith("; or give --state-dir DIR\n")
    assert "none.conf" in err


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_a_terminal_without_utf_8_or_colours(kept: Callable[..., Path], locale: str) -> None:
    """What it cannot show is written as Python would."""
    folder = kept(BAD)
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": locale, "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    code = "import sys; from collectd_inode.cli import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, "status", "--state-dir", str(folder)],
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    shown = "“Welcome”".encode() if locale == "C.UTF-8" else rb"\u201cWelcome\u201d"
    assert b"  message:    text " + shown + b" not found\n" in done.stdout


def test_it_loads_next_to_nothing(kept: Callable[..., Path]) -> None:
    """Neither asyncio nor TLS, nor the libraries: that is what makes it answer at once."""
    code = """
import sys
from collectd_inode.cli import main
main(sys.argv[1:])
heavy = {"asyncio", "ssl", "httpx", "lxml", "gherkin", "ntplib", "hypothesis"}
print(*sorted(heavy & set(sys.modules)))
"""
    folder = kept(FINE)
    file = conf(folder, f'StateDir "{folder}"')
    done = subprocess.run(
        [sys.executable, "-c", code, "status", "--conf", str(file)],
        env={**os.environ},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines()[-2:] == ["1 job: 1 passed", ""]


# All commands


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_of_the_list_is_there(command: Command) -> None:
    """Its module says what it is for, and has what the command line asks of it; its own name is the list's."""
    assert command.module.__doc__
    assert callable(command.module.arguments)
    assert callable(command.module.main)
    assert vars(command.module).get("NAME", command.name) == command.name
    assert vars(command.module).get("HELP", command.help) == command.help


def test_help_lists_all_commands_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    """With their help; the command that was typed shows its own."""
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    out = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name in out
        assert command.help in " ".join(out.split())
    code = "import sys; from collectd_inode.cli import parser; parser(''); print('collectd_inode.run' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
    with pytest.raises(SystemExit):
        cli.main(["status", "--help"])
    assert "--state-dir DIR" in capsys.readouterr().out
