"""Stories: a feature, what came of its steps, and what is printed about it.

A folder of ``golden/`` is a story: ``*.feature`` as it was written, ``outcome.json`` with what each step met (by
scenario; a step that is not named passes without the network), ``expected.pretty`` and ``expected.json``.  A story of
another kind of job has no feature: its ``outcome.json`` names the job and its steps too.  With
``COLLECTD_INODE_GOLDEN=write`` in the environment the expected files are written anew, to be looked at in the diff.
The times are sums of powers of two, so that every Python adds them up to the same.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from collectd_inode.model import Observation, Reading, Status
from collectd_inode.report import jsonl, pretty
from collectd_inode.report.style import COLOURED, PLAIN, Style
from tests.helpers.places import GOLDEN
from tests.helpers.stories import observations

STORIES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())


def shown(found: Sequence[Observation], style: Style = PLAIN, *, verbose: bool = False) -> str:
    """As the command line shows them."""
    parts = []
    before = None
    for one in found:
        parts.append(pretty.observation(one, style, before=before, verbose=verbose))
        before = one.job.story
    return "\n".join([*parts, pretty.summary(found, style), ""])


@pytest.mark.parametrize("story", STORIES)
@pytest.mark.parametrize("format", ["pretty", "json"])
def test_a_story(story: str, format: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as it was told before."""
    monkeypatch.chdir(GOLDEN / story)
    found = observations(GOLDEN / story)
    if format == "pretty":
        text = shown(found, verbose="verbose" in story)
    else:
        text = "".join(f"{jsonl.line(one)}\n" for one in found)
    file = GOLDEN / story / f"expected.{format}"
    if os.environ.get("COLLECTD_INODE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()


def test_the_keys_of_a_json_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are a contract: other people's programs read them."""
    monkeypatch.chdir(GOLDEN / "refused")
    line = json.loads(jsonl.line(observations(GOLDEN / "refused")[0]))
    assert list(line) == [
        "kind",
        "job",
        "scenario",
        "engine",
        "place",
        "tags",
        "status",
        "cause",
        "message",
        "expected",
        "found",
        "warnings",
        "time",
        "seconds",
        "elapsed_seconds",
        "overhead_seconds",
        "steps",
        "readings",
    ]
    assert list(line["steps"][0]) == [
        "name",
        "series",
        "status",
        "cause",
        "message",
        "expected",
        "found",
        "seconds",
        "phases",
        "response_code",
        "bytes",
        "stamps",
    ]
    assert {tuple(warning) for warning in line["warnings"]} == {("code", "message")}


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cucumber's: green, red, cyan, yellow; places in grey; without them the same text."""
    monkeypatch.chdir(GOLDEN / "refused")
    found = observations(GOLDEN / "refused")
    text = shown(found, COLOURED)
    lines = [line.partition("\x1b[0m")[0] for line in text.splitlines()]
    assert '\x1b[32m    When I fill in "User name" with "${user}"' in lines
    assert '\x1b[31m    And I press "Log in"' in lines
    assert '\x1b[36m    Then I should see "Welcome"' in lines
    assert "1 scenario (\x1b[31m1 failed" in lines
    plain = re.sub("\x1b\\[[0-9]+m", "", text)
    assert plain == shown(found)


def test_a_warning_is_yellow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is a step that failed; what is red must be seen to."""
    monkeypatch.chdir(GOLDEN / "soft")
    found = observations(GOLDEN / "soft")
    lines = [line.partition("\x1b[0m")[0] for line in shown(found[:1], COLOURED).splitlines()]
    assert '\x1b[33m    When I follow "News", or warn' in lines
    assert "\x1b[33m      warning: http://shop.test/news answered 503 Service Unavailable" in lines
    assert not [line for line in lines if line.startswith("\x1b[31m")]


def test_evidence_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the steps, where there is some."""
    monkeypatch.chdir(GOLDEN / "refused")
    (found,) = observations(GOLDEN / "refused")
    lines = pretty.observation(replace(found, evidence="/srv/evidence/login"), PLAIN).splitlines()
    assert lines[-2:] == [
        "    evidence: /srv/evidence/login",
        "    warning: the certificate of www.example.org ends in 3 days (expiry)",
    ]


def test_a_number_of_an_own_step_is_no_browser_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Although a browser sends one of the same name, beside others."""
    monkeypatch.chdir(GOLDEN / "refused")
    (found,) = observations(GOLDEN / "refused")
    counted = replace(found, readings=(Reading("count", "failing_requests", 2.0),))
    assert pretty.observation(counted, PLAIN) == pretty.observation(replace(found, readings=()), PLAIN)


def test_nothing_ran() -> None:
    """The summary of nothing says so."""
    assert pretty.summary([], PLAIN).splitlines() == ["0 scenarios", "0 steps", "0m0.000s"]


def test_every_status_has_its_place_in_the_summary() -> None:
    """Whatever a step came to."""
    for status in Status:
        assert pretty._counted("step", [status, status], PLAIN) == f"2 steps (2 {status})"
