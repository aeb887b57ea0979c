"""From a ``<Scenario>`` block to jobs: whatever is wrong with its files, it is said beforehand, and the others run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.keys import BlockSettings, Loaded
from collectd_inode.model import Cause, Confirm, Detail, Job, Place, PlannedStep, ReplayEngine, Status, Story, Trouble
from collectd_inode.scenario.jobs import Judged, judged
from collectd_inode.scenario.replay import Replay
from tests.helpers.examples import loaded, write_feature

GOOD = 'When I go to "http://www.test/"\nThen I should see "Welcome"'


def told(found: Loaded, folder: Path) -> list[str]:
    """The problems as text, without the folder's own name."""
    return [str(problem).replace(f"{folder}/", "") for problem in found.problems]


def runnable(found: Loaded) -> dict[str, bool]:
    """Instance → whether it can run."""
    return {job.instance: job.probe is not None for job in found.jobs}


def test_a_job(tmp_path: Path) -> None:
    """Everything that reports and the schedule want to know of a scenario."""
    path = write_feature(tmp_path, f"Feature: Web\n  It is up\n\n  Scenario: Home page\n{GOOD}\n")
    (job,) = loaded(
        path, common=BlockSettings(20, 30, "www", "any", False, Confirm(3, 3)), start_offset=5.0, detail=Detail.PHASE
    ).jobs
    assert isinstance(job.probe, Replay)
    assert job == Job(
        kind="scenario",
        name="web",
        instance="web-home_page",
        scenario="Home page",
        host="www",
        interval=20,
        deadline=20,
        notify=False,
        confirm=Confirm(3, 3),
        start_offset=5.0,
        detail=Detail.PHASE,
        steps=(
            PlannedStep('I go to "http://www.test/"', "go_to_http_www_test", Place(str(path), 5), "When"),
            PlannedStep('I should see "Welcome"', "should_see_welcome", Place(str(path), 6), "Then", navigates=False),
        ),
        place=Place(str(path), 4),
        lines=((1, 3), (4, 6)),
        story=Story("Feature: Web", ("It is up",), "Scenario: Home page", str(path)),
        target="www.test",
        engine=ReplayEngine.PLAIN,
        probe=job.probe,
    )


def test_without_a_configuration_a_job_is_named_after_its_file(tmp_path: Path) -> None:
    """Two files may have the same scenarios then: nothing is stored."""
    one, other = write_feature(tmp_path, GOOD, "Web Home.feature"), write_feature(tmp_path, GOOD, "shop.feature")
    found = loaded(one, other, name=None)
    assert (runnable(found), found.problems) == ({"web_home-home": True, "shop-home": True}, ())


HALF = 'Feature: x\n  Scenario: y\n    When I go to "http://www.test/"\n    I see\n'
NOTHING = 'b.feature:1:1: <Scenario "web">: the file has no feature: it is empty or contains only comments'
NO_FILES = "expected a file, folder or glob with feature files in it"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", NOTHING),
        (b"#\n", NOTHING),
        (b"Feature: \0", 'b.feature:1:10: <Scenario "web">: the file is binary: a NUL byte'),
        (b"Feature: caf\xe9", 'b.feature:1:13: <Scenario "web">: the file is not UTF-8: byte 0xe9'),
        (b"#" * 2**20 + b"\n", 'b.feature:1:1: <Scenario "web">: the file is too large: more than 1048576 bytes'),
        (b"Feature: x\n", 'b.feature:1:1: <Scenario "web">: the feature has no scenarios'),
        (
            HALF.encode(),
            'b.feature:4:5: <Scenario "web">: found "I see", expected a table row (| … |), a doc string ("""),'
            ' a step (Given, When, Then…), tags (@…), "Examples:", "Scenario:" or "Rule:"',
        ),
    ],
    ids=["empty", "comments", "binary", "not UTF-8", "huge", "no scenarios", "half"],
)  # fmt: skip
def test_a_bad_file_stops_no_other(content: bytes, problem: str, tmp_path: Path) -> None:
    """Its place is told, the block's own job says every interval that it is there, the other file's scenarios run."""
    good = write_feature(tmp_path, GOOD, "a.feature")
    (tmp_path / "b.feature").write_bytes(content)
    found = loaded(good, tmp_path / "b.feature")
    assert told(found, tmp_path) == [problem]
    assert runnable(found) == {"web-home": True, "web": False}
    message = problem.replace(' <Scenario "web">:', "")
    trouble = found.jobs[-1].trouble
    assert trouble is not None
    assert (trouble.status, trouble.cause) == (Status.ERROR, Cause.CONFIGURATION)
    assert trouble.message.replace(f"{tmp_path}/", "") == message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A folder's broken link, a FIFO, one that went away in between: none of them keeps us waiting."""
    write_feature(tmp_path, GOOD, "a.feature")
    os.mkfifo(tmp_path / "b.feature")
    os.symlink("/gone", tmp_path / "c.feature")
    found = loaded(tmp_path)
    assert told(found, tmp_path) == [
        'b.feature:1:1: <Scenario "web">: is not a file',
        'c.feature:1:1: <Scenario "web">: No such file or directory',
    ]
    assert runnable(found) == {"web-home": True, "web": False}
    assert found.jobs[-1].trouble is not None
    assert found.jobs[-1].trouble.message.endswith(": is not a file (and 1 more)")


@pytest.mark.parametrize(
    ("features", "more", "problem"),
    [
        ((), {}, 'expected a Feature "file, folder or glob"'),
        (("gone.feature",), {}, f'Feature "gone.feature": {NO_FILES}'),
        (("empty",), {}, f'Feature "empty": {NO_FILES}'),
        (("*.feat",), {}, f'Feature "*.feat": {NO_FILES}'),
        (
            ("good.feature",),
            {"tags": "@slow"},
            "no scenario is selected: an empty run can never fail (asked for: tags @slow)",
        ),
        (("good.feature",), {"steps": ("gone",)}, "gone: No such file or directory"),
    ],
)
def test_a_block_that_selects_nothing(
    features: tuple[str, ...], more: dict[str, Any], problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of nothing would never fail: it is refused, and says so every interval."""
    monkeypatch.chdir(tmp_path)
    write_feature(tmp_path, GOOD, "good.feature")
    (tmp_path / "empty").mkdir()
    found = loaded(*map(Path, features), **more)
    block = next(job for job in found.jobs if job.instance == "web")
    assert block.trouble == Trouble(Status.ERROR, Cause.CONFIGURATION, problem)
    assert [p.what for p in found.problems] == [problem.removeprefix("gone: ")]


@pytest.mark.parametrize(
    ("step", "status", "cause", "said"),
    [
        ("When I dance", Status.UNDEFINED, Cause.UNDEFINED, "undefined step: I dance"),
        (
            'When I dance "tango',
            Status.UNDEFINED,
            Cause.UNDEFINED,
            'undefined step: I dance "tango: a double quote is missing',
        ),
        (
            'When I folow "Contact"',
            Status.UNDEFINED,
            Cause.UNDEFINED,
            'undefined step: I folow "Contact"; did you mean: I follow "Contact"',
        ),
        (
            'When I go to "${where}"',
            Status.ERROR,
            Cause.CONFIGURATION,
            "unknown variable ${where}; no Variable or Secret is given",
        ),
        ('When I go to "/"\n      | a |', Status.ERROR, Cause.CONFIGURATION, "this sentence takes no table"),
        (
            'When I go to "/"\n      """\n      a\n      """',
            Status.ERROR,
            Cause.CONFIGURATION,
            "this sentence takes no doc string",
        ),
        ("When I hop 3 times", Status.AMBIGUOUS, Cause.UNDEFINED, "ambiguous step: I hop 3 times"),
        (
            "When I skip 3 times",
            Status.ERROR,
            Cause.CONFIGURATION,
            "this sentence does not pass its step function the 1 arguments it needs",
        ),
    ],
)
def test_a_bad_step_stops_its_own_scenario_only(
    step: str, status: Status, cause: Cause, said: str, tmp_path: Path
) -> None:
    """Found before the first run; the scenario's job tells it every interval, with the place."""
    steps = tmp_path / "steps.py"
    steps.write_text(
        "from collectd_inode import step\n"
        '@step("I hop {int} times")\nasync def hop(session, times): ...\n'
        '@step("I hop {word} times")\nasync def hop(session, times): ...\n'
        '@step("I skip {int} times")\nasync def skip(session): ...\n'
    )
    path = write_feature(
        tmp_path, f"Feature: Web\n  Scenario: Bad\n    {step}\n  Scenario: Good\n{GOOD}\n", "two.feature"
    )
    found = loaded(path, steps=(str(steps),))
    assert runnable(found) == {"web-bad": False, "web-good": True}
    assert told(found, tmp_path) == [f'two.feature:3:5: <Scenario "web">: {said}']
    trouble = Trouble(status, cause, f"{path}:3:5: {said}")
    assert (found.jobs[0].trouble, [s.trouble for s in found.jobs[0].steps]) == (trouble, [trouble])


def test_an_undefined_step_comes_with_help(tmp_path: Path) -> None:
    """What was perhaps meant, and Python to make it a sentence."""
    found = loaded(write_feature(tmp_path, 'When I folow "Contact"'))
    assert found.problems[0].help.splitlines() == [
        "or perhaps:",
        '  I go to "http://www.example.org/contact"',
        "or write it yourself, in a file of a Steps folder:",
        "from collectd_inode import step",
        "",
        '@step("I folow {string}")',
        "async def folow(session, text):",
        "    ...",
    ]


def test_an_ambiguous_step_names_both(tmp_path: Path) -> None:
    """With the operator's places."""
    steps = tmp_path / "steps.py"
    steps.write_text(
        'from collectd_inode import step\n@step("I hop {int}")\n@step("I hop {word}")\nasync def hop(session, n): ...\n'
    )
    found = loaded(write_feature(tmp_path, "When I hop 3"), steps=(str(steps),))
    assert found.problems[0].help.splitlines() == [
        "it matches:",
        f"  I hop {{int}} ({steps}:2)",
        f"  I hop {{word}} ({steps}:3)",
    ]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("1/0\n", "steps.py:1: ZeroDivisionError: division by zero"),
        ("def f(:\n", "steps.py:1: SyntaxError: invalid syntax"),
        ("import gone_for_good\n", "steps.py:1: ModuleNotFoundError: No module named 'gone_for_good'"),
        ("import sys\nsys.exit()\n", "steps.py:2: SystemExit"),
    ],
)
def test_a_step_module_that_raises_stops_no_scenario_that_does_without(source: str, said: str, tmp_path: Path) -> None:
    """Its place is told, and the block's own job says so every interval."""
    (tmp_path / "steps.py").write_text(source)
    found = loaded(write_feature(tmp_path, GOOD), steps=(str(tmp_path / "steps.py"),))
    assert told(found, tmp_path) == [said.replace(": ", ': <Scenario "web">: ', 1)]
    assert runnable(found) == {"web-home": True, "web": False}


def test_broken_scenarios_report_under_their_own_names(tmp_path: Path) -> None:
    """An outline without examples, a scenario without steps: refused, never passed; the third one runs."""
    path = write_feature(
        tmp_path,
        "Feature: x\n  Scenario: Empty\n  Scenario Outline: Rows\n    When I go to <a>\n"
        f"  Scenario: Good\n{GOOD}\n  Scenario: Good\n",
    )
    found = loaded(path)
    assert runnable(found) == {"web-good": True, "web-empty": False, "web-rows": False, "web-good_x": False}
    assert told(found, tmp_path) == [
        'web.feature:2:3: <Scenario "web">: the scenario has no steps of its own',
        'web.feature:3:3: <Scenario "web">: the outline has no examples',
        'web.feature:8:3: <Scenario "web">: the scenario has no steps of its own',
    ]


def test_a_broken_scenario_that_is_not_selected_is_nobody_s_business(tmp_path: Path) -> None:
    """Somebody is still writing it."""
    path = write_feature(tmp_path, f"Feature: x\n  @wip\n  Scenario: Empty\n  Scenario: Good\n{GOOD}\n")
    found = loaded(path, tags="not @wip")
    assert (runnable(found), found.problems) == ({"web-good": True}, ())


def test_five_hundred_steps(tmp_path: Path) -> None:
    """Each with a series of its own."""
    path = write_feature(tmp_path, 'When I go to "http://www.test/"\n' * 500)
    (job,) = loaded(path).jobs
    assert job.probe is not None
    assert len({step.series for step in job.steps}) == 500
    assert (job.steps[1].series, job.steps[499].series) == ("go_to_http_www_test_2", "go_to_http_www_test_500")


def test_a_ca_store_that_will_not_do_is_every_scenario_s_trouble(tmp_path: Path) -> None:
    """In its own words, whatever else is wrong with the block."""
    one = write_feature(tmp_path, "When I dance", "a.feature")
    two = write_feature(tmp_path, f"Feature: x\n  Scenario: Other\n{GOOD}\n", "b.feature")
    found = loaded(one, two, ca_cert="/gone.pem", secrets=(("password", "/gone"),))
    said = "/gone.pem: No such file or directory"
    assert found.jobs[1].trouble == Trouble(Status.ERROR, Cause.CONFIGURATION, said)
    assert found.jobs[0].trouble is not None
    assert found.jobs[0].trouble.status is Status.UNDEFINED
    assert told(found, tmp_path) == [
        f'<Scenario "web">: {said}',
        '<Scenario "web">: secret /gone: No such file or directory',
        'a.feature:3:5: <Scenario "web">: undefined step: I dance',
    ]


def test_keys_that_do_not_go_together_are_told_without_a_configuration_too(tmp_path: Path) -> None:
    """What ``run`` may be given; a block's are found with its keys."""
    path = write_feature(tmp_path, f"Feature: F\n  Scenario: S\n{GOOD}\n")
    found = loaded(path, auth_user="me", client_key="/key.pem")
    assert [problem.what for problem in found.problems][:2] == [
        "expected AuthUser and AuthPasswordFile together",
        "ClientKey: expected a ClientCert beside it",
    ]


def test_a_missing_secret_is_told_and_the_run_tells_it_again(tmp_path: Path) -> None:
    """Until the file is there: it is read for each run."""
    found = loaded(write_feature(tmp_path, GOOD), secrets=(("password", f"{tmp_path}/gone"),))
    assert told(found, tmp_path) == ['<Scenario "web">: secret gone: No such file or directory']
    assert runnable(found) == {"web-home": True}


def test_what_is_watched_for_changes(tmp_path: Path) -> None:
    """What was written in the configuration, and the files it stands for today."""
    path = write_feature(tmp_path, GOOD)
    glob = tmp_path / "*.feature"
    assert loaded(glob, steps=(str(tmp_path),)).sources == (str(glob), str(tmp_path), str(path))


@pytest.mark.parametrize(
    ("steps", "rules"),
    [
        (["go", "see"], [True]),
        (["go", "succeed"], [False]),
        (["go", "see", "fail"], [False]),
        (["go", "go", "fail"], [True, False]),
        (["go", "fail", "follow", "see"], [False, True]),
        (["go", "press", "submit", "succeed"], [True, True, False]),
    ],
)
def test_who_judges_the_status(steps: list[str], rules: list[bool], tmp_path: Path) -> None:
    """The navigation itself, unless a later step before the next navigation does."""
    sentences = {
        "go": 'When I go to "http://www.test/"',
        "follow": 'When I follow "a"',
        "press": 'When I press "a"',
        "submit": 'When I submit the form named "a"',
        "see": 'Then I should see "a"',
        "succeed": "Then the request should succeed",
        "fail": "Then the request should fail",
    }
    (job,) = loaded(write_feature(tmp_path, "\n".join(sentences[step] for step in steps))).jobs
    assert isinstance(job.probe, Replay)
    assert [step.refuse_bad_status for step in job.probe.steps if step.planned.navigates] == rules
    numbers = {step.planned: number for number, step in enumerate(job.probe.steps)}
    assert [(one.by is one.step, numbers[one.by] >= numbers[one.step]) for one in judged(job)] == [
        (rule, True) for rule in rules
    ]


def test_who_judges_the_status_is_told(tmp_path: Path) -> None:
    """Of each navigation in order; a step that only warns judges, too.  Nothing of a job that cannot run."""
    text = """
        When I go to "http://www.test/"
        And I follow "a"
        Then I should see "b"
        And the request should succeed, or warn
    """
    (job,) = loaded(write_feature(tmp_path, text)).jobs
    go, follow, _, succeed = job.steps
    assert succeed.soft
    assert judged(job) == (Judged(go, go), Judged(follow, succeed))
    (broken,) = loaded(write_feature(tmp_path, text + "And nonsense")).jobs
    assert judged(broken) == ()


# Variables

NOTE = """
from collectd_inode import step

@step("I note the token", remembers=("token",))
async def note(session): ...
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('When I note the token\nAnd I go to "http://www.test/${token}"', []),
        ('When I note the token, or warn\nAnd I go to "http://www.test/${token}"', []),
        ('When I note the token\nThen I should see "a" within "#${token}"', []),
        (
            'When I go to "http://www.test/${token}"\nAnd I note the token',
            ['web.feature:3:5: <Scenario "web">: unknown variable ${token}: no step before this one remembers it'],
        ),
        (
            'When I note the token\nAnd I go to "http://www.test/${taken}"',
            ['web.feature:4:5: <Scenario "web">: unknown variable ${taken}; known: token, user'],
        ),
    ],
)
def test_a_variable_is_known_after_the_step_that_remembers_it(tmp_path: Path, text: str, said: list[str]) -> None:
    """Not before; each scenario for itself."""
    (tmp_path / "steps.py").write_text(NOTE)
    variables = (("user", "me"),)
    found = loaded(write_feature(tmp_path, text), steps=(str(tmp_path / "steps.py"),), variables=variables)
    assert told(found, tmp_path) == said


def test_a_variable_that_is_used_too_early_is_seen_where_variables_are_not_given(tmp_path: Path) -> None:
    """``lint`` takes every name for known, but not one that only a later step remembers."""
    (tmp_path / "steps.py").write_text(NOTE)
    text = 'When I go to "http://www.test/${host}/${token}"\nAnd I note the token'
    found = loaded(write_feature(tmp_path, text), steps=(str(tmp_path / "steps.py"),), any_variable=True)
    expected = 'web.feature:3:5: <Scenario "web">: unknown variable ${token}: no step before this one remembers it'
    assert told(found, tmp_path) == [expected]


def test_a_variable_of_another_scenario_is_not_known(tmp_path: Path) -> None:
    """They run each for itself."""
    (tmp_path / "steps.py").write_text(NOTE)
    text = """Feature: Web
  Background:
    Given I go to "http://www.test/"
  Scenario: One
    When I note the token
  Scenario: Two
    When I follow "${token}"
"""
    found = loaded(write_feature(tmp_path, text), steps=(str(tmp_path / "steps.py"),))
    expected = 'web.feature:7:5: <Scenario "web">: unknown variable ${token}; no Variable or Secret is given'
    assert told(found, tmp_path) == [expected]
    assert list(runnable(found).values()) == [True, False]
