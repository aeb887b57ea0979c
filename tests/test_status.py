"""What is known of each job: its record, its file, and the page at three in the morning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from examples import LOOK, OPEN, job, observed, passing, write_feature
from hypothesis import example, given
from hypothesis import strategies as st

from collectd_inode import cli, run
from collectd_inode.cli import COMMANDS, Command
from collectd_inode.cli.configured import DEFAULT_CONF, read
from collectd_inode.cli.status import CONF, page, state_dir
from collectd_inode.report.status import (
    STATUSES,
    NoRecord,
    Record,
    Warning,
    following,
    parse,
    path,
    read_all,
    text,
    worth_writing,
)
from collectd_inode.report.style import COLOURED, PLAIN
from collectd_inode.run import Cause, Failure, Observation, Run, Status

STALE = "see that collectd runs, and that it can write here; a job that was taken out is forgotten within two hours"
NOW = 1_795_341_600.0  # 2026-11-22 10:00:00 UTC
FINE = Record("scenario", "web", "Home", "web-home", "", "f:2", "passed", NOW - 7200, NOW - 12, 60.0, seconds=0.25)
BAD = replace(
    FINE,
    place="f:4",
    status="failed",
    since=NOW - 3 * 3600,
    cause="expectation",
    step='I should see "Welcome"',
    message="“Welcome” is not to be seen",
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
        "scenario", "web", "Home", "web-home", "", "", "passed", 100.0, 100.0, 60.0, last_good=100.0, seconds=0.25
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


def test_the_statuses_are_those_of_runs() -> None:
    """`report.status` must not import `run`, so it has a list of its own."""
    assert sorted(STATUSES) == sorted(Status)
    assert [field.name for field in fields(Warning)] == [field.name for field in fields(run.Warning)]


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
    )
    assert [worth_writing(BAD, replace(BAD, **change), NOW - 12) for change in changes] == [True] * 4
    assert not worth_writing(BAD, replace(BAD, message="refused 2 s ago", evidence="/failures/8"), NOW - 12)
    assert worth_writing(None, BAD, NOW - 12)
    assert not worth_writing(BAD, replace(BAD, bad_runs=181), NOW - 12)
    assert worth_writing(replace(BAD, told=False), replace(BAD, told=False, bad_runs=181), NOW - 12)
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
    assert read_all(str(tmp_path)) == (
        [BAD],
        [
            f"{tmp_path}/status-b.json cannot be read: it is broken: this is not JSON",
            f"{tmp_path}/status-c.json cannot be read: a newer version has written it (its format is 7, this one reads"
            " 1)",
            f"{tmp_path}/status-d.json cannot be read: it is no record of a job's status",
            f"{tmp_path}/status-e.json cannot be read: it is broken: status cannot be 'fine'",
            f"{tmp_path}/status-f.json cannot be read: it is broken: this is not JSON",
            f"{tmp_path}/status-g.json cannot be read: Is a directory",
        ],
    )
    assert read_all(str(tmp_path / "none")) == ([], [])


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


def test_the_page() -> None:
    """The worst first, of these the latest; what passed has one line, unless it was warned of."""
    assert list(page([FINE, LOST, WARNED, NEVER, BAD], NOW, PLAIN)) == [
        "scenario/web-home: failed since 2026-11-22 07:00:00 (3 h ago)",
        '  step:       I should see "Welcome"',
        "  cause:      expectation",
        "  message:    “Welcome” is not to be seen",
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
        "  last good:  never, as far as is known",
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
        "  to do:      see that this machine's clock is right (collectd-inode clock), and that collectd runs",
    ]


# The command

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
    nothing = "so that nothing is known of any job"
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
    assert err.startswith(f"collectd-inode: {file} names no StateDir: without it the daemon keeps what it knows to")
    code, out, err = typed("--conf", tmp_path / "none.conf")
    assert (code, out) == (2, "")
    assert err.endswith("; --state-dir DIR does without it\n")
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
    assert b"  message:    " + shown + b" is not to be seen\n" in done.stdout


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
