"""``--format nagios``: what a monitoring system is told, held against the Monitoring Plugins guidelines.

The stories are those of `test_golden`; with ``COLLECTD_INODE_GOLDEN=write`` in the environment the expected
files are written anew, to be looked at in the diff.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode import cli
from collectd_inode.model import Cause, Failure, Job, Observation, PlannedStep, Status, Trouble, unable
from collectd_inode.report.nagios import LIMIT, NagiosThreshold, ServiceState, report, threshold, unknown
from collectd_inode.report.ranges import parsed
from collectd_inode.run import Run
from demo import unpacked
from demo.site import Outage, Site
from tests.helpers.examples import OPEN, exchange, job, observed, passing, write_feature
from tests.helpers.places import GOLDEN, ROOT
from tests.helpers.stories import observations

STORIES = ("passed", "refused", "deadline", "smarthost", "undefined")


@dataclass(frozen=True, slots=True)
class Datum:
    """One label of the performance data."""

    value: str
    unit: str
    warning: str
    critical: str
    least: str
    most: str


_NUMBER = r"-?[0-9.]+"
_RANGE = rf"@?(?:(?:~|{_NUMBER})?:)?(?:{_NUMBER})?"
_DATUM = re.compile(
    rf"'([^'=|]+)'=(U|{_NUMBER})(s|B|)((?:;(?:{_RANGE})?){{0,2}}(?:;(?:{_NUMBER})?){{0,2}})(?: |\Z)", re.ASCII
)


def performance(text: str) -> dict[str, Datum]:
    """The performance data of a plugin's output, read strictly; every label is there once."""
    line, bar, data = text.partition("\n")[0].partition(" | ")
    assert "|" not in line
    found: dict[str, Datum] = {}
    place = 0
    while place < len(data):
        match = _DATUM.match(data, place)
        assert match, data[place:]
        label, value, unit, rest = match.groups()
        assert label not in found
        assert not (value == "U" and unit)
        found[label] = Datum(value, unit, *(rest.split(";")[1:] + [""] * 4)[:4])
        place = match.end()
    assert bool(found) is bool(bar)
    return found


def first(text: str) -> str:
    """What is said before the bar."""
    return text.partition("\n")[0].partition(" | ")[0]


def warning(text: str) -> NagiosThreshold:
    return threshold(ServiceState.WARNING, text)


def critical(text: str) -> NagiosThreshold:
    return threshold(ServiceState.CRITICAL, text)


async def failing(run: Run) -> None:
    with run.step(OPEN):
        run.exchange(exchange(503, connect=0.05))
        raise Failure(Cause.REFUSED, "http://www/ answered 503", expected="a status below 400", found="“Sorry”")


async def warned(run: Run) -> None:
    run.warn("expiry", "the certificate of www ends in 3 days")
    run.add_reading("gauge", "certificate_days_left-www", 3.25)
    await passing(run)


GOOD = observed(passing)
BAD = observed(failing)
WARNED = observed(warned)


# Stories


@pytest.mark.parametrize("story", STORIES)
def test_a_story(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as it was told before, and its performance data can be read."""
    monkeypatch.chdir(GOLDEN / story)
    found = report(observations(GOLDEN / story))
    text = f"{found.text}\n"
    file = GOLDEN / story / "expected.nagios"
    if os.environ.get("COLLECTD_INODE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()
    assert "bool-success" in {label.rpartition("/")[2] for label in performance(text)}


# States


def unable_to(status: Status, cause: Cause) -> Observation:
    return unable(replace(job(None), trouble=Trouble(status, cause, "it cannot")), 0.0)


@pytest.mark.parametrize(
    ("observation", "state"),
    [
        (GOOD, ServiceState.OK),
        (WARNED, ServiceState.WARNING),
        (BAD, ServiceState.CRITICAL),
        (unable_to(Status.UNDEFINED, Cause.UNDEFINED), ServiceState.UNKNOWN),
        (unable_to(Status.AMBIGUOUS, Cause.UNDEFINED), ServiceState.UNKNOWN),
        (unable_to(Status.ERROR, Cause.CONFIGURATION), ServiceState.UNKNOWN),
        (unable_to(Status.ERROR, Cause.ERROR), ServiceState.UNKNOWN),
        (unable_to(Status.SKIPPED, Cause.NONE), ServiceState.UNKNOWN),
    ],
)
def test_states(observation: Observation, state: ServiceState) -> None:
    """0 passed, 1 passed with warnings, 2 failed, 3 everything else."""
    found = report([observation])
    assert found.state is state
    assert found.text.startswith(f"SCENARIO {state.name} - web: Home: ")


def test_nothing_ran_is_never_ok() -> None:
    """Whatever the reason."""
    assert report([]).text == "JOBS UNKNOWN - nothing was run"
    assert report([]).state is ServiceState.UNKNOWN


@pytest.mark.parametrize(
    ("observation", "line"),
    [
        (GOOD, "SCENARIO OK - web: Home: 2 steps in 0.25 s"),
        (WARNED, "SCENARIO WARNING - web: Home: the certificate of www ends in 3 days"),
        (BAD, 'SCENARIO CRITICAL - web: Home: refused: go to "/": http://www/ answered 503: “Sorry”'),
    ],
)
def test_the_first_line(observation: Observation, line: str) -> None:
    """Who, and why."""
    assert first(report([observation]).text) == line


def named(observation: Observation, name: str) -> Observation:
    return replace(observation, job=replace(observation.job, name=name, instance=name, scenario=None))


def test_of_several_the_worst_comes_first() -> None:
    """In the line, in the performance data, and below."""
    found = report([named(GOOD, "a"), named(WARNED, "b"), named(BAD, "c"), named(BAD, "d")])
    assert first(found.text) == (
        'SCENARIO CRITICAL - 2 critical, 1 warning of 4: c: refused: go to "/": http://www/ answered 503: “Sorry”;'
        ' d: refused: go to "/": http://www/ answered 503: “Sorry”; b: the certificate of www ends in 3 days'
    )
    labels = list(performance(found.text))
    assert labels[0] == "scenario-c/bool-success"
    assert labels[-1] == "scenario-a/response_time-go_to"
    heads = [line.strip() for line in found.text.splitlines() if line.startswith("  scenario: ")]
    assert heads == [f"scenario: {name}" for name in "cdba"]


def test_of_several_good_ones() -> None:
    """How many, and how long they took."""
    assert first(report([named(GOOD, "a"), named(GOOD, "b")]).text) == "SCENARIO OK - 2 scenarios, 4 steps in 0.5 s"


def test_unknown_beats_warning_and_critical_beats_unknown() -> None:
    """What is known to be down wakes somebody, whatever else is not known."""
    lost = named(unable_to(Status.ERROR, Cause.ERROR), "x")
    assert report([named(WARNED, "a"), lost]).state is ServiceState.UNKNOWN
    assert report([named(WARNED, "a"), lost, named(BAD, "c")]).state is ServiceState.CRITICAL


def of_kind(kind: str, **readings: float) -> Observation:
    async def probe(run: Run) -> None:
        for name, value in readings.items():
            type, _, instance = name.partition("__")
            run.add_reading(type, instance, value)

    there = tuple((name.partition("__")[0], name.partition("__")[2]) for name in readings)
    found = observed(probe)
    return replace(found, job=Job(kind, "local", "local", readings=there), steps=(), seconds=None, elapsed=0.25)


@pytest.mark.parametrize(
    ("observation", "line"),
    [
        (of_kind("ntp", time_offset__consensus=-0.0000123456), "NTP OK - local: offset -0.0000123 s"),
        (of_kind("clock", time_dispersion__max_error=0.0215), "CLOCK OK - local: error at most 0.0215 s"),
        (of_kind("clock"), "CLOCK OK - local: error at most unknown"),
        (of_kind("smarthost"), "SMARTHOST OK - local: 0 steps"),
    ],
)
def test_each_kind_has_its_word_and_its_figure(observation: Observation, line: str) -> None:
    """A clock has no latency."""
    assert first(report([observation]).text) == line


def test_jobs_of_several_kinds() -> None:
    """``once`` runs all that is configured."""
    assert (
        first(report([GOOD, of_kind("ntp", time_offset__consensus=0.001)]).text)
        == "JOBS OK - 2 jobs, 2 steps in 0.25 s"
    )


# Thresholds


@pytest.mark.parametrize(
    ("thresholds", "state", "why"),
    [
        ([warning("0.25")], ServiceState.OK, "2 steps in 0.25 s"),
        ([warning("0.2"), critical("1")], ServiceState.WARNING, "latency-total 0.25 s is above 0.2 s"),
        (
            [warning("0.1"), critical("0.2")],
            ServiceState.CRITICAL,
            "latency-total 0.25 s is above 0.2 s; latency-total 0.25",
        ),
        ([critical("1:")], ServiceState.CRITICAL, "latency-total 0.25 s is below 1 s"),
        ([critical("@0:1")], ServiceState.CRITICAL, "latency-total 0.25 s is within 0:1"),
        ([warning("response_time-go_to=0.1")], ServiceState.WARNING, "response_time-go_to 0.25 s is above 0.1 s"),
        ([warning("scenario-web-home/latency-total=0.1")], ServiceState.WARNING, "latency-total 0.25 s is above 0.1 s"),
        ([critical("count-passed=3:")], ServiceState.CRITICAL, "count-passed 2 is below 3"),
        ([critical("duration-tls=1")], ServiceState.UNKNOWN, "duration-tls has no value to compare with 1"),
        ([critical("latency-totl=1")], ServiceState.UNKNOWN, "there is no series latency-totl; known: latency-total"),
    ],
)
def test_thresholds(thresholds: list[NagiosThreshold], state: ServiceState, why: str) -> None:
    """What leaves its range is bad although all steps passed; what cannot be judged is not OK."""
    found = report([GOOD], thresholds)
    assert found.state is state
    assert first(found.text).removeprefix(f"SCENARIO {state.name} - ").removeprefix("web: Home: ").startswith(why)


def test_thresholds_stand_in_the_performance_data() -> None:
    """In the guidelines' notation; also where there is no value."""
    found = performance(report([GOOD], [warning("~:1"), critical("2:"), warning("duration-tls=@1:2")]).text)
    assert found["latency-total"] == Datum("0.25", "s", "~:1", "2:", "0", "")
    assert found["duration-tls"] == Datum("U", "", "@1:2", "", "0", "")


def test_a_failed_run_is_not_excused_by_a_threshold() -> None:
    """Neither by one that has no value, nor by one for a certificate that was not met."""
    found = report([BAD], [warning("1"), warning("gauge-certificate_days_left-www=14:")])
    assert found.state is ServiceState.CRITICAL
    assert first(found.text).startswith('SCENARIO CRITICAL - web: Home: refused: go to "/"')
    assert "there is no series gauge-certificate_days_left-www" in first(found.text)


def test_a_threshold_for_a_series_that_only_the_run_shows() -> None:
    """A host's certificate is known once it was met."""
    found = report([WARNED], [critical("gauge-certificate_days_left-www=7:")])
    assert found.state is ServiceState.CRITICAL
    assert "gauge-certificate_days_left-www 3.25 is below 7; the certificate" in first(found.text)


@pytest.mark.parametrize(
    ("range", "offset", "state", "shown"),
    [
        ("0.1", -0.2, ServiceState.CRITICAL, "-0.1:0.1"),
        ("0.1", 0.2, ServiceState.CRITICAL, "-0.1:0.1"),
        ("0.1", -0.05, ServiceState.OK, "-0.1:0.1"),
        ("time_offset-consensus=0.1", -0.2, ServiceState.CRITICAL, "-0.1:0.1"),
        ("0:0.1", -0.05, ServiceState.CRITICAL, "0.1"),
    ],
)
def test_an_offset_may_be_off_in_either_direction(range: str, offset: float, state: ServiceState, shown: str) -> None:
    """One number is for both, as in check_ntp_time."""
    found = report([of_kind("ntp", time_offset__consensus=offset)], [critical(range)])
    assert found.state is state
    assert performance(found.text)["time_offset-consensus"].critical == shown


def test_a_threshold_holds_for_every_job_that_has_the_series() -> None:
    """With several jobs a prefix names one."""
    jobs = [named(GOOD, "a"), named(GOOD, "b"), of_kind("clock", time_dispersion__max_error=9.0)]
    assert "2 critical of 3" in report(jobs, [critical("latency-total=0.1")]).text
    assert "1 critical of 3: b: latency-total" in report(jobs, [critical("scenario-b/latency-total=0.1")]).text
    assert "3 critical of 3" in report(jobs, [critical("0.1")]).text


def test_what_is_no_threshold() -> None:
    """A name is not empty; the range's own mistakes are told by it."""
    assert warning("a=1") == NagiosThreshold(ServiceState.WARNING, "a", parsed("1"))
    with pytest.raises(ValueError, match=r"^=1: expected the name of a series before the =$"):
        warning("=1")
    with pytest.raises(ValueError, match=r"^five: expected a range such as"):
        warning("latency-total=five")


# Performance data


def test_units_and_limits() -> None:
    """Seconds are s, bytes B, a number nothing; no exponent, no NaN."""
    found = performance(
        report([of_kind("ntp", time_offset__consensus=1e-7, bytes__page=2048.0, gauge__odd=float("nan"))]).text
    )
    assert found == {
        "bool-success": Datum("1", "", "", "", "0", "1"),
        "gauge-cause": Datum("0", "", "", "", "", ""),
        "gauge-warnings": Datum("0", "", "", "", "", ""),
        "duration-elapsed": Datum("0.25", "s", "", "", "0", ""),
        "time_offset-consensus": Datum("0.0000001", "s", "", "", "", ""),
        "bytes-page": Datum("2048", "B", "", "", "0", ""),
    }  # fmt: skip


def test_a_failed_run_has_the_series_of_a_good_one() -> None:
    """Without a value they are U: who draws them keeps the set."""
    good, bad = (performance(report([one]).text) for one in (GOOD, BAD))
    assert set(good) <= set(bad)
    assert {label for label, datum in bad.items() if datum.value == "U"} == {
        "latency-total",
        "response_time-go_to",
        *(f"duration-{name}" for name in ("resolve", "connect", "tls", "processing", "transfer", "overhead")),
    }
    assert "U" not in {datum.value for datum in good.values()}


def test_the_same_series_on_two_hosts() -> None:
    """The reported host tells them apart."""
    here, there = (replace(GOOD, job=replace(GOOD.job, host=host)) for host in ("", "www"))
    found = performance(report([here, there]).text)
    assert {"scenario-web-home/bool-success", "www/scenario-web-home/bool-success"} <= set(found)


# Text


def test_below_the_first_line() -> None:
    """The steps, the reason, what was expected and found, the evidence, and what the configuration is odd in."""
    found = report([replace(BAD, evidence="/var/lib/x/1")], notes=["c.conf:3: warning: odd"])
    assert found.text.splitlines()[1:] == [
        "  scenario: Home",
        '    When go to "/"                        # home.feature:3',
        "      refused: http://www/ answered 503",
        "      expected: a status below 400",
        "      found:    “Sorry”",
        '    Then should see "Welcome"             # home.feature:4',
        "    evidence: /var/lib/x/1",
        "c.conf:3: warning: odd",
    ]


@given(st.text(), st.text(), st.text(), st.text(min_size=1))
def test_no_text_breaks_the_output(message: str, found: str, scenario: str, series: str) -> None:
    """Bars, newlines and quotes of a page or a file stay text; there is one bar, in the first line."""
    step = PlannedStep(message, series)

    async def fails(run: Run) -> None:
        with run.step(step):
            raise Failure(Cause.EXPECTATION, message, expected=found, found=found)

    observation = observed(fails, step)
    told = report([replace(observation, job=replace(observation.job, scenario=scenario))], notes=[found])
    assert told.text.count("|") == 1
    assert first(told.text).startswith("SCENARIO CRITICAL - web: ")
    assert performance(told.text)["bool-success"].value == "0"
    assert all(line.isprintable() for line in told.text.split("\n"))
    assert len(told.text.encode()) < LIMIT


@given(st.text(), st.lists(st.text()))
def test_whatever_is_wrong_is_one_line_and_what_is_below(what: str, below: list[str]) -> None:
    """Without a bar."""
    told = unknown("JOBS", what, below)
    assert told.text.startswith("JOBS UNKNOWN -")
    assert "|" not in told.text
    assert len(told.text.split("\n")) <= 1 + len(below)


def test_the_output_is_bounded() -> None:
    """The important comes first: the reason, whole labels, then as much as there is room for."""
    long = Trouble(Status.FAILED, Cause.REFUSED, "long " * 400)
    many = [named(replace(BAD, trouble=long), f"j{n}") for n in range(100)]
    told = report(many, notes=["the end"])
    assert len(told.text.encode()) < LIMIT
    assert len(first(told.text).encode()) <= 1000
    lines = told.text.splitlines()
    assert "scenario-j0/bool-success" in performance(told.text)
    assert re.fullmatch(r"\d+ values omitted from the performance data, which is limited to 6000 bytes", lines[1])
    assert lines[2] == "  scenario: j0"
    assert lines[-1] == "(the rest is omitted: the output is limited to 8000 bytes)"


# The command line

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


@pytest.fixture
def typed(typed: Typed) -> Typed:
    """Types a command with ``--format nagios``."""
    return lambda *words: typed(*words, "--format", "nagios")


HOME = 'When I go to "/"\nThen I should see "Dunedin"'


@pytest.mark.parametrize(
    ("text", "more", "verdict"),
    [
        (HOME, "", (0, "SCENARIO OK - web: Home: 2 steps in ")),
        (HOME, "--warning 0.000001", (1, "SCENARIO WARNING - web: Home: latency-total ")),
        (HOME, "--warning 1 --critical response_time-go_to=@0:9", (2, "SCENARIO CRITICAL - web: Home: response_")),
        (HOME, "--warning -2:-1", (1, "SCENARIO WARNING - web: Home: latency-total ")),
        ('When I go to "/stock"', "", (2, 'SCENARIO CRITICAL - web: Home: refused: I go to "/stock": http')),
        ("When I dance", "", (3, "SCENARIO UNKNOWN - web.feature:3:5: undefined step: I dance")),
    ],
)
def test_run(typed: Typed, site: Site, text: str, more: str, verdict: tuple[int, str]) -> None:
    """The state is the exit code; nothing is said on standard error, which Icinga would take for output."""
    write_feature(Path(), text)
    code, out, err = typed("run", "web.feature", "--base-url", site.url, *more.split())
    assert (code, err) == (verdict[0], "")
    assert out.startswith(verdict[1])
    assert ("bool-success" in performance(out)) is (code != 3)


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("run x --tags web", 'SCENARIO UNKNOWN - argument --tags: "web" is not a tag expression'),
        ("run", "SCENARIO UNKNOWN - the following arguments are required: PATH"),
        ("run x --zzz", "SCENARIO UNKNOWN - unrecognized arguments: --zzz"),
        ("run gone.feature", 'SCENARIO UNKNOWN - Feature "gone.feature": '),
        ("run x --warning five", "SCENARIO UNKNOWN - argument --warning: five: expected a range such as 10, 10:"),
        ("run x --critical =5", "SCENARIO UNKNOWN - argument --critical: =5: expected the name of a series"),
        ("run x --critical", "SCENARIO UNKNOWN - argument --critical: expected one argument"),
        ("run x --repeat 2", "SCENARIO UNKNOWN - --format nagios shows one run: --repeat is for pretty and json"),
        ("once gone.conf", "JOBS UNKNOWN - gone.conf: cannot read it: "),
        ("smarthost", "SMARTHOST UNKNOWN - expected a HOST, or --audit"),
        ("smarthost --audit x", "SMARTHOST UNKNOWN - --audit has no --format nagios: pretty or json"),
        ("smarthost x --port 0", "SMARTHOST UNKNOWN - argument --port: 0: expected a port, 1 to 65535"),
        ("ntp", "NTP UNKNOWN - the following arguments are required: HOST"),
        ("ntp x x", 'NTP UNKNOWN - Server "x": '),
        ("clock --root /gone", "CLOCK UNKNOWN - argument --root: /gone: expected a folder that exists"),
        ("dance", "COLLECTD-INODE UNKNOWN - argument COMMAND: invalid choice: 'dance'"),
    ],
)
def test_mistakes_are_unknown(typed: Typed, words: str, line: str) -> None:
    """One line on standard output, exit 3, silence on standard error."""
    code, out, err = typed(*words.split())
    assert (code, err) == (3, "")
    assert out.startswith(line)
    assert "|" not in out


def test_help_is_not_ok(typed: Typed) -> None:
    """Nothing has run."""
    assert typed("run", "--help")[0] == 3


def test_the_other_way_to_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    """With an equals sign."""
    with pytest.raises(SystemExit) as left:
        cli.main(["clock", "--format=nagios", "--zzz"])
    assert left.value.code == 3
    assert capsys.readouterr() == ("CLOCK UNKNOWN - unrecognized arguments: --zzz\n", "")


def test_a_bug_of_ours(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """UNKNOWN on one line; the traceback on standard error, behind it."""

    def bug(*_: object, **__: object) -> None:
        raise RuntimeError("a | b\nc")

    monkeypatch.setattr("collectd_inode.cli.run.load", bug)
    code, out, err = typed("run", "x")
    assert (code, out) == (3, "SCENARIO UNKNOWN - a bug of ours: RuntimeError: a ¦ b c\n")
    assert "Traceback" in err


def test_thresholds_are_for_nagios(capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere they would do nothing, and somebody would rely on them."""
    with pytest.raises(SystemExit) as left:
        cli.main(["clock", "--warning", "1"])
    assert left.value.code == 2
    assert capsys.readouterr().err.endswith("error: --warning and --critical are for --format nagios\n")


def test_configured_jobs(typed: Typed, site: Site, tmp_path: Path) -> None:
    """All of them on one line, or one."""
    write_feature(tmp_path, HOME, "good.feature")
    write_feature(tmp_path, 'When I go to "/stock"', "bad.feature")
    blocks = "".join(
        f'<Scenario "{name}">\nFeature "{tmp_path}/{name}.feature"\nBaseURL "{site.url}"\n</Scenario>\n'
        for name in ("good", "bad")
    )
    conf = f'<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n{blocks}</Module>\n</Plugin>\n'
    (tmp_path / "c.conf").write_text(conf)
    code, out, err = typed("once", "c.conf")
    assert (code, err) == (2, "")
    assert out.startswith("SCENARIO CRITICAL - 1 critical of 2: bad: Home: refused: ")
    assert performance(out)["scenario-good-home/bool-success"].value == "1"
    code, out, _ = typed("once", "c.conf", "good")
    assert code == 0
    assert out.startswith("SCENARIO OK - good: Home: 2 steps in ")
    assert typed("once", "c.conf", "shop") == (3, "JOBS UNKNOWN - unknown job shop; known: bad, good\n", "")


def test_a_step_that_raises(typed: Typed, site: Site, tmp_path: Path) -> None:
    """UNKNOWN; the traceback comes after what is for the monitoring system."""
    (tmp_path / "steps.py").write_text(
        "from collectd_inode import step\n\n@step('I break')\nasync def broken(session):\n    1 / 0\n"
    )
    write_feature(tmp_path, "When I break")
    code, out, err = typed("run", "web.feature", "--base-url", site.url, "--steps", "steps.py")
    assert code == 3
    assert out.startswith("SCENARIO UNKNOWN - web: Home: error: I break: ZeroDivisionError: division by zero")
    assert "Traceback" in err


# Consumers

COMMAND = [sys.executable, "-c", "import sys; from collectd_inode.cli import main; sys.exit(main())"]


def as_nagios_runs_it(*words: str, folder: Path, before: tuple[str, ...] = ()) -> tuple[int, str]:
    """With closed standard input, hardly any environment, and both outputs in one pipe, as Icinga reads them."""
    shell = ["sh", "-c", 'exec "$@" <&- 2>&1', "sh", *before]
    environment = {"LANG": "C", "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*shell, *COMMAND, *words, "--format", "nagios"],
        capture_output=True, text=True, encoding="utf-8", env=environment, cwd=folder, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_as_a_monitoring_system_runs_it(site: Site, tmp_path: Path) -> None:
    """Nothing but the plugin's output, good or bad."""
    write_feature(tmp_path, HOME)
    good = ("run", "web.feature", "--base-url", site.url)
    code, out = as_nagios_runs_it(*good, folder=tmp_path, before=("timeout", "60"))
    assert code == 0
    assert out.startswith("SCENARIO OK - web: Home: 2 steps in ")
    assert performance(out)["response_time-go_to"].unit == "s"
    code, out = as_nagios_runs_it(*good, "--zzz", folder=tmp_path)
    assert (code, out) == (3, "SCENARIO UNKNOWN - unrecognized arguments: --zzz\n")


def test_below_negate(site: Site, tmp_path: Path) -> None:
    """A plugin of the Monitoring Plugins runs ours, and turns what we say into its contrary."""
    write_feature(tmp_path, 'When I go to "/stock"')
    negate = unpacked.command("monitoring", "negate")
    words = ("run", "web.feature", "--base-url", site.url)
    code, out = as_nagios_runs_it(*words, folder=tmp_path, before=(str(negate), "-t", "60", "-s"))
    assert code == 0
    assert out.startswith('SCENARIO OK - web: Home: refused: I go to "/stock": http')
    assert performance(out)["bool-success"].value == "0"
