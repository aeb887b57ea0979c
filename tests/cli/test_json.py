"""``--format json`` of every command that has it: one object a line, as the schemas that are shipped say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.cli import COMMANDS
from collectd_inode.report import record as job_record
from collectd_inode.report.plan import Plan, path, planned, text
from demo.site import Outage, Site
from tests.helpers.examples import write_feature
from tests.helpers.schema import SCHEMAS, complaints

Typed = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


CONF = """<Plugin python>
Import "collectd_inode"
<Module collectd_inode>
StateDir "{folder}/state"
<Scenario "shop">
Feature "{folder}/web.feature"
BaseURL "http://127.0.0.1:1"
{more}
</Scenario>
<Clock "here">
</Clock>
</Module>
</Plugin>
"""
TWO = """Feature: Shop
  @slow
  Scenario: Home
    When I go to "/"
  Scenario: Home
    When I go to "/stock"
    Then I should see "penguin"
"""


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    """With a warning: two titles that meet."""
    write_feature(tmp_path, TWO)
    (tmp_path / "state").mkdir(mode=0o700)
    made = tmp_path / "collectd.conf"
    made.write_text(CONF.format(folder=tmp_path, more=""))
    return made


def told(typed: Typed, *words: object) -> tuple[int, list[dict[str, Any]]]:
    """The exit code and the objects of a command, each as its schema says; standard error is left to people."""
    code, out, err = typed(*words, "--format", "json")
    assert err == ""
    lines = out.splitlines()
    assert [complaint for line in lines for complaint in complaints(str(words[0]), line)] == []
    return code, [json.loads(line) for line in lines]


def test_every_command_with_json_has_a_schema() -> None:
    """And no other has one."""
    import argparse

    found = set()
    for command in COMMANDS:
        sub = argparse.ArgumentParser()
        command.module.arguments(sub)
        found |= {command.name for action in sub._actions if "json" in (action.choices or ())}
    assert found == set(SCHEMAS["properties"])


def test_run_and_once(typed: Typed, site: Site, conf: Path) -> None:
    """What passed, what failed, and what is no scenario."""
    code, runs = told(typed, "run", "web.feature", "--base-url", site.url)
    assert (code, [run["status"] for run in runs]) == (1, ["passed", "failed"])
    assert (runs[0]["engine"], runs[0]["place"], runs[0]["tags"]) == ("plain", "web.feature:3", ["@slow"])
    code, out, _ = typed("once", conf, "--format", "json")
    assert [complaints("once", line) for line in out.splitlines()] == [[], [], []]


def test_check_and_lint(typed: Typed, conf: Path) -> None:
    """A warning says what to write; without mistakes the exit code is 0, with one it is 2."""
    warning = {"severity": "warning", "place": f"{conf.parent}/web.feature:5"}
    code, found = told(typed, "check", conf)
    assert (code, [{key: one[key] for key in warning} for one in found]) == (0, [warning])
    assert '<Scenario "shop">: its title gives the series "home"' in found[0]["message"]
    code, found = told(typed, "lint", conf.parent / "web.feature")
    assert (code, [one["severity"] for one in found]) == (0, ["warning"] * len(found))
    conf.write_text(CONF.format(folder=conf.parent, more="Colour 1"))
    code, found = told(typed, "check", conf)
    assert (code, [(one["severity"], one["place"]) for one in found]) == (2, [("error", f"{conf}:8")])
    assert found[0]["message"].startswith('<Scenario "shop"> Colour 1: unknown key')
    write_feature(conf.parent, 'When I click "Home"\nThen I dance')
    code, found = told(typed, "lint", conf.parent / "web.feature")
    assert (code, [one["severity"] for one in found]) == (2, ["error"] * 2)
    assert found[0]["message"] == 'undefined step: I click "Home"; did you mean: I follow "Contact"'
    assert found[0]["help"].splitlines()[:2] == ["or perhaps:", '  I press "Log in"']
    assert '@step("I dance")' in found[1]["help"]


def test_doctor(typed: Typed, conf: Path) -> None:
    """What is as it should be is ``ok``."""
    code, found = told(typed, "doctor", conf)
    assert {one["severity"] for one in found} <= {"ok", "warning", "error"}
    assert (code == 1) == any(one["severity"] == "error" for one in found)


def test_series_and_jobs(typed: Typed, conf: Path) -> None:
    """Each part of an identity for itself, and the step that it is of."""
    code, found = told(typed, "series", conf)
    assert code == 0
    assert {
        "job": "shop", "scenario": "Home", "step": 'I go to "/stock"', "plugin": "scenario",
        "plugin_instance": "shop-home_shop", "type": "response_time", "type_instance": "go_to_stock",
    } in found  # fmt: skip
    assert {one["job"]: one["scenario"] for one in found} == {"shop": "Home", "here": None}
    identities = typed("series", conf)[1].splitlines()
    assert [f"{one['plugin']}-{one['plugin_instance']}/{one['type']}-{one['type_instance']}" for one in found] == [
        line.partition("/")[2] for line in identities
    ]
    code, jobs = told(typed, "jobs", conf)
    assert (code, [job["instance"] for job in jobs]) == (0, ["shop-home", "shop-home_shop", "here"])


def test_steps(typed: Typed) -> None:
    """With where people know each from; what is not done here is for people."""
    code, found = told(typed, "steps", "drop-down")
    assert code == 0
    assert {one["language"] for one in found} >= {"en"}
    assert told(typed, "steps")[0] == 0


def test_status(typed: Typed, conf: Path) -> None:
    """What has run, and what has not."""
    state = conf.parent / "state"
    observation = _observed()
    record = job_record.following(None, observation)
    job_record.path(str(state), record.identity).write_text(job_record.text(record))
    path(str(state)).write_text(text(Plan(1, 0.0, (planned(observation.job, 1e9),))))
    code, found = told(typed, "status", "--conf", conf)
    assert (code, [one["status"] for one in found]) == (1, ["stale"])


def _observed() -> Any:
    from collectd_inode.model import Job, unable

    return unable(Job("scenario", "shop", "shop-home", scenario="Home"), 1000.0)


def test_a_schema_that_is_not_met() -> None:
    """The helper sees what is missing, what is too much, and what is of another type."""
    assert complaints("check", '{"severity": "bad", "place": 1, "message": "x", "more": true}') == [
        "check: help is missing",
        "check.severity: 'bad' is none of ['error', 'warning', 'ok']",
        "check.place: 1 is no ['string', 'null']",
        "check: more is not expected",
    ]


# check in a pipeline


def test_a_fragment(typed: Typed, tmp_path: Path) -> None:
    """What goes into conf.d needs no Import; a mistake in it is one all the same."""
    write_feature(tmp_path, TWO)
    whole = CONF.format(folder=tmp_path, more="").replace('Import "collectd_inode"\n', "")
    lines = whole.splitlines()
    parts = {"plugin": lines, "module": lines[1:-1], "blocks": lines[2:-2], "defaults": ["Interval 60"]}
    (tmp_path / "state").mkdir(mode=0o700)
    for name, part in parts.items():
        (tmp_path / name).write_text("\n".join(part) + "\n")
        code, out, err = typed("check", "--fragment", name)
        assert (code, "error" in err, f"{name}: good" in out) == (0, False, True), (name, err)
        (tmp_path / name).write_text(
            "\n".join(part).replace("Interval 60", "Interval x").replace("<Clock", "Zzz 1\n<Clock") + "\n"
        )
        assert typed("check", "--fragment", name)[0] == 2
    (tmp_path / "plugin").write_text(whole)
    assert typed("check", "plugin")[0] == 2


def test_the_keys_of_a_block(typed: Typed, tmp_path: Path) -> None:
    """Without the block, as ``run --config`` takes them; a whole configuration wants the block."""
    feature = write_feature(tmp_path, 'When I go to "/"')
    (tmp_path / "c.conf").write_text(f'Feature "{feature}"\nBaseURL "http://127.0.0.1:1"\n')
    assert typed("run", "--list", "--config", "c.conf")[0] == 0
    assert typed("check", "--fragment", "c.conf") == (0, "c.conf: good: 1 job, up to 14 series\n", "")
    wanted = (
        f'c.conf:1: error: <Module> Feature "{feature}": expected it within <Scenario "NAME">\n'
        'c.conf:2: error: <Module> BaseURL "http://127.0.0.1:1": expected it within <Scenario "NAME">\n'
    )
    assert typed("check", "c.conf") == (2, "c.conf: 2 mistakes\n", wanted)
    (tmp_path / "c.conf").write_text(f'Feature "{feature}"\nIntervall 60\n')
    mistake = 'c.conf:2: error: <Scenario "run"> Intervall 60: unknown key; did you mean Interval?\n'
    assert typed("run", "--config", "c.conf") == (2, "", f"{mistake}nothing was run\n")
    assert typed("check", "--fragment", "c.conf") == (2, "c.conf: 1 mistake\n", mistake)
    (tmp_path / "c.conf").write_text('Server "127.0.0.1"\n')  # of two kinds
    wanted = 'c.conf:1: error: <Module> Server "127.0.0.1": expected it within <Smarthost "NAME"> or <NTP "NAME">\n'
    assert typed("check", "--fragment", "c.conf") == (2, "c.conf: 1 mistake\n", wanted)


SECRETS = """<Module collectd_inode>
<Scenario "shop">
Feature "{folder}/web.feature"
BaseURL "http://127.0.0.1:1"
Secret "password" "{folder}/gone"
AuthUser "u"
AuthPasswordFile "{folder}/gone"
ClientCert "{folder}/gone"
ClientKey "{folder}/gone"
</Scenario>
<Smarthost "mail">
Server "mail.example.org"
User "u"
PasswordFile "{folder}/gone"
</Smarthost>
</Module>
"""


def test_secrets_that_are_not_here(typed: Typed, tmp_path: Path) -> None:
    """In CI nobody has them; everything else is checked."""
    write_feature(tmp_path, 'When I go to "/${password}"')
    (tmp_path / "c.conf").write_text(SECRETS.format(folder=tmp_path))
    assert typed("check", "--fragment", "c.conf")[0] == 2
    code, out, err = typed("check", "--fragment", "--no-secrets", "c.conf")
    assert (code, err, out.startswith("c.conf: good: 2 jobs")) == (0, "", True)
    write_feature(tmp_path, 'When I go to "/${passwort}"')
    code, out, err = typed("check", "--fragment", "--no-secrets", "c.conf")
    assert (code, "unknown variable ${passwort}; known: password" in err) == (2, True)
