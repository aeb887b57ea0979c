"""The side door: each command as it is typed, with its exit code."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_inode.cli import COMMANDS, Command, main, parser
from collectd_inode.cli.parser import parse
from collectd_inode.cli.terminal import style
from collectd_inode.cli.version import version
from collectd_inode.report.style import COLOURED, PLAIN
from collectd_inode.scenario.sentences import languages
from demo.site import Outage, Site
from tests.helpers.examples import write_feature
from tests.helpers.places import ROOT

DOWN = Outage(length=1, period=1, first=0)
Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=DOWN, sleep=lambda _: None) as running:
        yield running


GOOD = 'When I go to "/"\nThen I should see "Dunedin"'
BAD = 'When I go to "/stock"\nThen I should see "penguin"'
TYPO = 'When I go to "/"\nThen I sohuld see "Dunedin"'


# run


def test_the_blog_post_s_feature(typed: Typed, site: Site) -> None:
    """It prints what cucumber printed, plus latencies."""
    webhome = ROOT / "scenarios" / "webhome.feature"
    code, out, err = typed("run", webhome, "--resolve", f"inode.co.nz=127.0.0.1:{site.port}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:4] == [
        "Feature: inode.co.nz",
        "  It should be up",
        "  And the home page should introduce Inode",
        "  And the Contact page should have my PGP key fingerprint",
    ]
    assert lines[-3:-1] == ["2 scenarios (2 passed)", "5 steps (5 passed)"]
    follow = next(line for line in lines if "I follow" in line)
    assert follow.startswith('    And I follow "Contact"  ')
    assert follow.endswith(f" ms  # {webhome}:12")


TWO = """Feature: Two
  Background:
    Given I am on "/"

  Scenario: First
    Then I should see "Dunedin"

  Scenario: Second
    Then I should see "nothing like it"

  Scenario Outline: The <page>
    When I go to "<page>"

    Examples:
      | page     |
      | /        |
      | /contact |
"""


@pytest.fixture
def two(tmp_path: Path) -> Path:
    path = tmp_path / "two.feature"
    path.write_text(TWO)
    return path


@pytest.mark.parametrize(
    ("lines", "titles"),
    [
        (":5", ["First"]),
        (":6", ["First"]),
        (":8", ["Second"]),
        (":5:9", ["First", "Second"]),
        (":16", ["The /"]),
        ("", ["First", "Second", "The /", "The /contact"]),
    ],
)
def test_a_scenario_by_its_line(typed: Typed, two: Path, lines: str, titles: list[str]) -> None:
    """As cucumber has it, and as our own reports print it; ``--list`` runs nothing."""
    code, out, err = typed("run", f"{two}{lines}", "--list", "--base-url", "http://127.0.0.1:1")
    assert (code, err) == (0, "")
    assert [line.partition("  # ")[2] for line in out.splitlines()] == titles
    for line in out.splitlines():
        place = line.partition("  # ")[0]
        assert typed("run", place, "--list", "--base-url", "http://127.0.0.1:1")[1] == f"{line}\n"


def test_a_line_where_no_scenario_stands(typed: Typed, two: Path) -> None:
    """Nothing is run, and nothing ran is no pass."""
    said = f"collectd-inode: {two}:99: there is no scenario\n"
    assert typed("run", f"{two}:99", "--base-url", "http://127.0.0.1:1") == (2, "", said)


def test_a_name_that_is_a_pattern(typed: Typed, two: Path) -> None:
    """From ``^`` on it is a regular expression."""

    def listed(name: str) -> list[str]:
        out = typed("run", two, "--list", "--name", name, "--base-url", "http://127.0.0.1:1")[1]
        return [line.partition("  # ")[2] for line in out.splitlines()]

    assert listed("the /") == ["The /", "The /contact"]
    assert listed("^The /$") == ["The /"]
    assert "not a regular expression" in typed("run", two, "--name", "^(")[2]


def test_fail_fast_and_quiet(typed: Typed, site: Site, two: Path) -> None:
    """``--fail-fast`` stops after the first bad one; ``-q`` shows only bad ones."""
    base = ("--base-url", f"http://127.0.0.1:{site.port}")
    code, out, _ = typed("run", two, "--fail-fast", *base)
    assert (code, "Scenario: Second" in out, "The /" in out) == (1, True, False)
    code, out, _ = typed("run", two, "-q", *base)
    assert (code, "Scenario: First" in out, "Scenario: Second" in out) == (1, False, True)
    assert "4 scenarios (1 failed, 3 passed)" in out


def test_help_and_colours(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """``help run`` is ``run --help``; ``--no-color`` may stand anywhere, FORCE_COLOR colours a pipe, too."""
    with pytest.raises(SystemExit) as left:
        main(["help", "run"])
    assert left.value.code == 0
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert style() is COLOURED
    monkeypatch.setenv("NO_COLOR", "")  # given back afterwards
    typed("steps", "drop-down", "--no-color")
    assert style() is PLAIN


def test_the_log_in_feature(typed: Typed, site: Site, tmp_path: Path) -> None:
    """With a variable and a secret, which is shown nowhere."""
    (tmp_path / "password").write_text("open sesame\n")
    feature = ROOT / "scenarios" / "login.feature"
    options = ("-D", "user=monitor", "--secret", "password=password", "--base-url", site.url)
    code, out, err = typed("run", feature, *options, "--verbose")
    assert (code, err) == (0, "")
    assert "2 scenarios (2 passed)" in out
    assert "sesame" not in out


@pytest.mark.parametrize(("text", "code"), [(GOOD, 0), (BAD, 1), (TYPO, 2), ('When I go to "ftp://x"', 2)], ids="0123")
def test_exit_codes_of_run(typed: Typed, site: Site, tmp_path: Path, text: str, code: int) -> None:
    """All passed, something failed, nothing can be run; JSON or not."""
    path = write_feature(tmp_path, text)
    assert typed("run", path, "--base-url", site.url)[0] == code
    assert typed("run", path, "--base-url", site.url, "--format", "json")[0] == code


def test_a_step_that_raises_is_our_error(typed: Typed, site: Site, tmp_path: Path) -> None:
    """Exit 3; the others have run; the traceback is on standard error."""
    (tmp_path / "steps.py").write_text(
        "from collectd_inode import step\n\n@step('I break')\nasync def broken(session):\n    1 / 0\n"
    )
    path = write_feature(tmp_path, f"Feature: Web\n  Scenario: Bug\n    When I break\n  Scenario: Good\n{GOOD}\n")
    code, out, err = typed("run", path, "--base-url", site.url, "--steps", "steps.py")
    assert code == 3
    assert "2 scenarios (1 error, 1 passed)" in out
    assert "      error: ZeroDivisionError: division by zero (steps.py:5)" in out.splitlines()
    assert "Traceback" in err


def test_an_undefined_step_keeps_everything_from_running(typed: Typed, site: Site, tmp_path: Path) -> None:
    """Exit 2, with help; not even the good scenario beside it was run."""
    write_feature(tmp_path, f"Feature: Web\n  Scenario: Typo\n{TYPO}\n  Scenario: Good\n{GOOD}\n")
    code, out, err = typed("run", "web.feature", "--base-url", site.url)
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0] == (
        'web.feature:4:1: error: undefined step: I sohuld see "Dunedin"; did you mean: I should see "Welcome"'
    )
    assert '    @step("I sohuld see {string}")' in lines
    assert lines[-1] == "nothing was run"


def test_an_undefined_step_in_json(typed: Typed, tmp_path: Path) -> None:
    """One line an observation, on standard output."""
    write_feature(tmp_path, TYPO)
    code, out, err = typed("run", "web.feature", "--format", "json", "--base-url", "http://www.test")
    found = json.loads(out)
    assert (code, found["status"], found["cause"], found["job"]) == (2, "undefined", "undefined", "web")
    assert err.endswith("nothing was run\n")


def test_json_lines(typed: Typed, site: Site, tmp_path: Path) -> None:
    """One object a line, one an observation, and nothing else."""
    path = write_feature(tmp_path, f"Feature: Web\n  Scenario: Bad\n{BAD}\n  Scenario: Good\n{GOOD}\n")
    code, out, err = typed("run", path, "--base-url", site.url, "--format", "json", "--repeat", "2")
    found = [json.loads(line) for line in out.splitlines()]
    assert (code, err) == (1, "")
    assert [(o["scenario"], o["status"], o["cause"]) for o in found] == [
        ("Bad", "failed", "refused"),
        ("Good", "passed", "none"),
    ] * 2
    assert found[0]["steps"][0]["response_code"] == 503
    assert found[1]["readings"]["count-passed"] == 2


def test_the_ways_to_select(typed: Typed, site: Site, tmp_path: Path) -> None:
    """By tag and by name; an empty selection is refused, never passed."""
    path = write_feature(tmp_path, f"Feature: Web\n  @slow\n  Scenario: Bad\n{BAD}\n  Scenario: Good\n{GOOD}\n")
    base = ("run", path, "--base-url", site.url)
    assert typed(*base, "--tags", "not @slow")[0] == 0
    assert typed(*base, "--name", "goo")[0] == 0
    assert typed(*base, "--tags", "@slow")[0] == 1
    code, out, err = typed(*base, "--tags", "@slow", "--name", "Good")
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "error: no scenario is selected: an empty run can never fail (asked for: tags @slow and name Good)",
        "nothing was run",
    ]
    assert typed("run", "gone.feature")[0] == 2


def test_many_runs_end_in_a_table(typed: Typed, site: Site, tmp_path: Path) -> None:
    """Min, median, p95, max and a sparkline for each step that asks something of the network."""
    path = write_feature(tmp_path, GOOD)
    code, out, err = typed("run", path, "--base-url", site.url, "--repeat", "3")
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert lines[0] == "Home: 3 runs, all passed"
    assert lines[1].split() == ["min", "median", "p95", "max"]
    assert lines[2].startswith('  I go to "/" ')
    assert len(lines) == 3


def test_a_deadline_on_the_command_line(typed: Typed, tmp_path: Path) -> None:
    """``--timeout`` is for the whole run."""
    from tests.helpers.faults import FaultySite

    path = write_feature(tmp_path, 'When I go to "/hang"')
    with FaultySite() as faults:
        code, out, _ = typed("run", path, "--base-url", faults.url, "--timeout", "0.1")
    assert code == 1
    assert "      timeout: not done after 0.1 s" in out


# Usage


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "the following arguments are required: COMMAND"),
        ("dance", "argument COMMAND: invalid choice: 'dance' (choose from"),
        ("run", "the following arguments are required: PATH"),
        ("run x --format xml", "argument --format: invalid choice: 'xml' (choose from"),
        ("run x --tags web", 'argument --tags: "web" is not a tag expression: "web" is not a tag; tags begin with @'),
        ("run x --base-url www", 'argument --base-url: www: expected an address such as "https://www.example.org"'),
        ("run x -D 1=2", "argument -D: 1: expected a name of letters, digits, _ and -, starting with a letter"),
        ("run x -D user", "argument -D: user: expected NAME=…"),
        ("run x --secret p", "argument --secret: p: expected NAME=…"),
        ("run x --resolve www", "argument --resolve: www: expected NAME=ADDRESS or NAME=ADDRESS:PORT"),
        ("run x --resolve www=there", "argument --resolve: there: expected an IP address with or without a port"),
        ("run x --ca-cert /gone", "argument --ca-cert: /gone: expected a file or folder that exists"),
        ("run x --timeout 0", "argument --timeout: 0: expected a number of seconds above 0, such as 5 or 2.5"),
        ("run x --timeout nan", "argument --timeout: nan: expected a number of seconds above 0, such as 5 or 2.5"),
        ("run x --repeat 0", "argument --repeat: 0: expected a whole number of at least 1"),
        ("run x --vocabulary webby", "argument --vocabulary: invalid choice: 'webby' (choose from"),
        ("run x --base=http://x", "unrecognized arguments: --base=http://x"),
        ("lint", "the following arguments are required: PATH"),
        ("series", "the following arguments are required: PATH|CONF"),
    ],
)
def test_usage(typed: Typed, words: str, said: str) -> None:
    """Exit 2, the mistake in words, nothing on standard output."""
    code, out, err = typed(*words.split())
    assert (code, out) == (2, "")
    assert f"error: {said}" in err


def test_the_version(typed: Typed) -> None:
    """And the list of commands."""
    assert typed("--version") == (0, f"collectd-inode {version()}\n", "")
    code, out, _ = typed("--help")
    assert code == 0
    assert {"run", "once", "check", "lint", "series", "steps"} <= set(out.split())


def test_a_bug_of_ours(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 3, with a traceback to report."""

    def bug(*_: object) -> None:
        raise RuntimeError("bug")

    monkeypatch.setattr("collectd_inode.cli.steps.load", bug)
    code, out, err = typed("steps")
    assert (code, out) == (3, "")
    assert err.endswith("RuntimeError: bug\ncollectd-inode: that was a bug of ours; please report it\n")


def test_interrupted(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends it without a traceback."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("collectd_inode.cli.steps.load", interrupted)
    assert typed("steps") == (130, "", "")


def test_a_reader_who_has_had_enough() -> None:
    """``collectd-inode steps | head -1`` leaves no traceback."""
    code = "import sys; from collectd_inode.cli import main; sys.exit(main(['steps']))"
    command = [sys.executable, "-u", "-c", code]
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    os.close(writing)
    assert done.stderr == b""


@pytest.mark.parametrize(
    "words", [["steps"], ["clock", "--format", "nagios"], ["clock", "--format", "junit"], ["--help"]]
)
def test_a_full_disk_behind_standard_output(words: list[str]) -> None:
    """It is no bug and no verdict: 3, which is Nagios' UNKNOWN too."""
    code = f"import sys; from collectd_inode.cli import main; sys.exit(main({words!r}))"
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, cwd=ROOT, check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )  # fmt: skip
    said = b"collectd-inode: standard output cannot be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (3, said)


def test_nobody_hears_the_verdict() -> None:
    """``collectd-inode check … >&-``: the exit code is as ever."""
    code = "import sys; from collectd_inode.cli import main; sys.stdout = None; sys.exit(main(['steps', 'zzz']))"
    done = subprocess.run([sys.executable, "-c", code], stderr=subprocess.PIPE, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (1, b"no sentence with zzz in it\n")


def test_a_library_that_is_missing() -> None:
    """A command that cannot be imported has no verdict either."""
    code = "import sys; sys.modules['ntplib'] = None; from collectd_inode.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "ntp", "127.0.0.1", "--format", "nagios"]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, check=False, text=True)
    said = "NTP UNKNOWN - a bug of ours: ModuleNotFoundError: import of ntplib halted; None in sys.modules\n"
    assert (done.returncode, done.stdout) == (3, said)


# steps, lint, series


def test_the_vocabulary(typed: Typed, tmp_path: Path) -> None:
    """Searchable, with examples, the operator's own sentences among them."""
    code, out, _ = typed("steps", "fill", "cucumber-nagios", "label")
    assert (code, out.splitlines()) == (
        0,
        [
            'I fill in "User name" with "monitor"',
            "  (I )fill in {string} with {string}",
            "  Type a value into the field with this label, placeholder, name or id.  (cucumber-nagios)",
        ],
    )
    (tmp_path / "mine.py").write_text(
        'from collectd_inode import step\n\n@step("I fill it up")\nasync def fill(session):\n    """Up."""\n'
    )
    code, out, _ = typed("steps", "fill", "up", "--steps", "mine.py")
    assert (code, out.splitlines()) == (0, ["I fill it up", "  Up.  (mine.py:3)"])
    assert typed("steps", "zzz") == (1, "", "no sentence with zzz in it\n")
    assert typed("steps", "--steps", "gone.py")[0] == 2


def test_the_vocabulary_in_german(typed: Typed) -> None:
    """After the English sentences, with what a file must begin with; or alone."""
    each = [typed("steps", "--language", language)[1] for language in languages()]
    assert typed("steps") == (0, "\n".join(each), "")
    code, out, _ = typed("steps", "datei", "foto.png")
    assert (code, out.splitlines()) == (
        0,
        [
            'ich die Datei "/srv/probe/foto.png" als "Foto" anhänge',
            "  (ich )die Datei {string} als {string} anhänge",
            "  Eine Datei der Maschine, auf der das Szenario läuft, in ein Dateifeld legen."
            "  (cucumber-rails, # language: de)",
        ],
    )


def test_lint(typed: Typed, tmp_path: Path) -> None:
    """Exit 2 for what cannot run; anything else is a warning."""
    write_feature(tmp_path, GOOD + '\nThen I should see ""', "good.feature")
    assert typed("lint", "good.feature") == (
        0,
        "1 scenario can run\n",
        "good.feature:5: warning: every page shows the empty text: this step cannot fail\n",
    )
    write_feature(tmp_path, 'When I go to "${where}"', "silent.feature")
    assert typed("lint", "silent.feature") == (
        0,
        "1 scenario can run\n",
        "silent.feature:2: warning: nothing is asserted: any page with a status below 400 passes\n",
    )
    write_feature(tmp_path, TYPO, "typo.feature")
    (tmp_path / "empty.feature").touch()
    code, out, err = typed("lint", ".")
    assert (code, out) == (2, "")
    assert "./empty.feature:1:1: error: the file has no feature" in err
    assert "./typo.feature:4:5: error: undefined step" in err


ADDRESSES = """Feature: x
  Scenario: one
    When I go to "http://127.0.0.1:35247/contact"
    Then I should see "a"
    When I go to http://shop.example.org:8080
    And I go to "http://www.example.org/contact"
    # series: go_home
    And I go to "http://127.0.0.1:35247"
    And I go to "/contact"
"""


def test_lint_offers_a_name_without_the_server_s_address(typed: Typed, tmp_path: Path) -> None:
    """Ports and IP addresses change from one machine to the next, and with them the series."""
    write_feature(tmp_path, ADDRESSES)
    code, _, err = typed("lint", "web.feature")
    found = [line for line in err.splitlines() if "the server's address" in line]
    assert (code, [(line.partition(": warning")[0], line.rpartition(": ")[2]) for line in found]) == (
        0,
        [("web.feature:3", "go_to_contact"), ("web.feature:5", "go_to_home")],
    )


NAMELESS = f"""Feature: x
  # series: prices
  Scenario: 値段
    When I go to "http://www.example.org/"
    Then I should see "x"
  Scenario: 注文
    When I go to "http://www.example.org/"
    And I follow "Next"
    And I follow "次へ"
    And I follow "Next"
    # series: follow_next_3
    And I follow "next!"
    And I follow "12345678"
    And I follow "{"long " * 13}"
    # series: follow_next
    And I follow "Last"
    Then I should see "x"
    And I should see "x"
"""


def test_lint_offers_names_for_series(typed: Typed, tmp_path: Path) -> None:
    """That say nothing, that are long, and that steps before them would rename; what is offered is kept."""
    write_feature(tmp_path, NAMELESS)
    code, _, err = typed("lint", "web.feature")
    assert (code, err.splitlines()) == (
        0,
        [
            'web.feature:9: warning: the series "follow_d4dfd66a" lacks letters of the step, as it has only those from'
            " a to z; name it by a comment line # series: NAME above the step",
            "web.feature:14: warning: a long series name; shorten it by a comment line # series: NAME above the step",
            'web.feature:10: warning: the series "follow_next_2" is numbered, since the step in line 8 has'
            ' "follow_next"; a comment line above the step keeps the name: # series: follow_next_2',
            'web.feature:16: warning: the series "follow_next_4" is numbered, since the step in line 8 has'
            ' "follow_next"; a comment line above the step keeps the name: # series: follow_next_4',
            'web.feature:6: warning: the series "x_266125dd" lacks letters of the title, as it has only those from a to'
            " z; name it by a comment line # series: NAME above the scenario or outline",
        ],
    )


def test_lint_tells_who_judges_the_status(typed: Typed, tmp_path: Path) -> None:
    """Step by step, if asked."""
    write_feature(tmp_path, 'When I go to "/a"\nAnd I go to "/b"\nThen the request should fail')
    _, out, _ = typed("lint", "web.feature", "--verbose")
    assert out.splitlines() == [
        "web.feature:2: Scenario: Home",
        'web.feature:3:   I go to "/a": fails on a status of 400 or more',
        'web.feature:4:   I go to "/b": takes any status: line 5 judges it (the request should fail)',
        "web.feature:5:   the request should fail",
        "1 scenario can run",
    ]


def conf(folder: Path, inside: str) -> Path:
    path = folder / "collectd.conf"
    path.write_text(
        'Hostname "here"\n<Plugin python>\n  Import "collectd_inode"\n  <Module collectd_inode>\n'
        f"{inside}  </Module>\n</Plugin>\n"
    )
    return path


def scenario(name: str, feature: str, more: str = "") -> str:
    return f'    <Scenario "{name}">\n      Feature "{feature}"\n{more}    </Scenario>\n'


def test_the_series_of_a_feature_and_of_a_configuration(typed: Typed, tmp_path: Path) -> None:
    """The identities that will be sent, one a line, under the host they will have."""
    feature = write_feature(tmp_path, GOOD)
    code, out, _ = typed("series", feature)
    names = [line.partition("/")[2] for line in out.splitlines()]
    assert code == 0
    assert names[:3] == [f"scenario-web-home/{n}" for n in ("bool-success", "gauge-cause", "gauge-warnings")]
    assert names[-1] == "scenario-web-home/response_time-go_to"
    path = conf(tmp_path, scenario("shop", str(feature), '      BaseURL "http://x"\n      Detail scenario\n'))
    code, out, _ = typed("series", path)
    assert (code, out.splitlines()[0]) == (0, "here/scenario-shop-home/bool-success")
    assert "response_time" not in out


# check, once


def test_a_good_configuration(typed: Typed, tmp_path: Path) -> None:
    """How many jobs, and up to how many series."""
    feature = write_feature(tmp_path, GOOD)
    conf(tmp_path, scenario("web", str(feature), '      BaseURL "http://x"\n'))
    assert typed("check", "collectd.conf") == (0, "collectd.conf: good: 1 job, up to 14 series\n", "")


def test_every_mistake_of_a_configuration(typed: Typed, tmp_path: Path) -> None:
    """With file and line, in files that are included too; exit 2."""
    feature = write_feature(tmp_path, TYPO)
    (tmp_path / "more.conf").write_text("<Plugin python>\n<Module collectd_inode>\nZzz 1\n</Module>\n</Plugin>\n")
    base = '      BaseURL "http://www.test"\n'
    path = conf(tmp_path, scenario("web", str(feature), '      Timeout "5 s"\n') + scenario("shop", str(feature), base))
    path.write_text(path.read_text() + f'Include "{tmp_path}/more.conf"\n')
    code, out, err = typed("check", path)
    assert (code, out) == (2, f"{path}: 3 mistakes\n")
    mistakes = [line for line in err.splitlines() if not line.startswith("    ")]
    assert mistakes == [
        f'{path}:7: error: <Scenario "web"> Timeout "5 s": expected a number of seconds above 0, such as 5 or 2.5',
        f"{tmp_path}/more.conf:3: error: <Module> Zzz 1: unknown key; known here: AddressFamily, Clock, Confirm,"
        " ConfirmRecovery, Fleet, Heartbeat, Host, Interval, NTP, Notify, Quorum, RepeatInterval, SaveAge, SaveTotal,"
        " Scenario, Shard, Smarthost, StateDir, StrictConfig, Timeout",
        f'{feature}:4:5: error: <Scenario "shop">: undefined step: I sohuld see "Dunedin"; did you mean:'
        ' I should see "Welcome"',
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "{0}:1: error: the configuration is empty: collectd does not start"),
        ("Interval 10\n", "{0}: error: expected a <Module collectd_inode> section in a <Plugin python>"),
        (
            '<Plugin python>\n<Module collectd_inode>\nInterval 5\n</Module>\nImport "collectd_inode"\n</Plugin>\n',
            '{0}:2: error: <Module collectd_inode>: expected Import "collectd_inode" before it: collectd ignores this'
            " section",
        ),
    ],
)
def test_configurations_that_do_nothing(typed: Typed, tmp_path: Path, text: str, said: str) -> None:
    """Nothing ran is never OK."""
    path = tmp_path / "c.conf"
    path.write_text(text)
    code, _, err = typed("check", path)
    assert code == 2
    assert said.format(path) in err.splitlines()
    assert typed("once", path)[0] == 2
    assert typed("check", tmp_path / "gone.conf")[0] == 2


def test_configured_jobs_once(typed: Typed, site: Site, tmp_path: Path) -> None:
    """All of them, or those that are named, as the daemon would."""
    good = write_feature(tmp_path, GOOD, "good.feature")
    bad = write_feature(tmp_path, BAD, "bad.feature")
    base = f'      BaseURL "{site.url}"\n'
    path = conf(tmp_path, scenario("good", str(good), base) + scenario("bad", str(bad), base))
    assert typed("once", path)[0] == 1
    code, out, err = typed("once", path, "good", "--format", "json")
    assert (code, err, json.loads(out)["job"]) == (0, "", "good")
    assert typed("once", path, "shop") == (2, "", "collectd-inode: unknown job shop; known: bad, good\n")


def test_a_mistake_keeps_configured_jobs_from_running(typed: Typed, site: Site, tmp_path: Path) -> None:
    """Exit 2, and nothing was run."""
    good = write_feature(tmp_path, GOOD, "good.feature")
    path = conf(tmp_path, scenario("good", str(good), f'      BaseURL "{site.url}"\n') + "Zzz 1\n")
    code, out, err = typed("once", path)
    assert (code, out) == (2, "")
    assert err.endswith("nothing was run\n")


# Colours


class Terminal:
    """Says that it is one."""

    def isatty(self) -> bool:
        return True


def test_colours_are_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless NO_COLOR is set, or the terminal has none."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert style(Terminal()) is COLOURED
    assert style(object()) is PLAIN
    monkeypatch.setenv("NO_COLOR", "1")
    assert style(Terminal()) is PLAIN
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert style(Terminal()) is PLAIN


def test_the_evidence_of_a_run_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes a feature looks at the page that it failed on."""
    feature = write_feature(tmp_path, 'When I go to "/"\nThen I should see "Zzz"')
    with Site() as site:
        options = ["run", str(feature), "--base-url", site.url, "--save-failures", str(tmp_path / "failures")]
        assert main(options) == 1
    (folder,) = (tmp_path / "failures").glob("*/*")
    assert f"    evidence: {folder}\n" in capsys.readouterr().out
    assert sorted(file.name for file in folder.iterdir()) == [
        "page.html",
        "reason.txt",
        "requests.har",
        "transcript.txt",
    ]


def test_an_unknown_option_shows_the_command_s_usage(typed: Typed) -> None:
    """Not the usage of all commands."""
    code, out, err = typed("check", "--frob", "x.conf")
    assert (code, out, err.split(" [-h]")[0]) == (2, "", "usage: collectd-inode check")
    assert err.splitlines()[-1] == "collectd-inode check: error: unrecognized arguments: --frob"


def test_what_people_copy_from_the_help_is_in_one_line(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and names of series, in a narrow terminal too."""
    monkeypatch.setenv("COLUMNS", "50")
    lines = typed("completion", "--help")[1].splitlines()
    assert "  fish:  collectd-inode completion fish > ~/.config/fish/completions/collectd-inode.fish" in lines
    assert {"time_offset-consensus", "gauge-agreeing;"} <= set(typed("once", "--help")[1].split())


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.example], ids=lambda command: command.name)
def test_every_command_shows_an_example(typed: Typed, command: Command, tmp_path: Path) -> None:
    """Which the command understands."""
    assert f"example: collectd-inode {command.name}" in typed(command.name, "--help")[1]
    options = parse(parser(command.name), [command.name, *shlex.split(command.example)])
    for _, file in getattr(options, "outputs", ()):
        file.close()
