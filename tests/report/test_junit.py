"""``--format junit``: what a CI system is told; it reads XML, and every text is one.

The stories are those of `test_golden`; with ``COLLECTD_INODE_GOLDEN=write`` in the environment the expected
files are written anew, to be looked at in the diff.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode import cli
from collectd_inode.model import Cause, Failure, Observation, Status, Story, Trouble, unable
from collectd_inode.report import junit
from collectd_inode.run import Run
from demo.site import Outage, Site
from tests.helpers.examples import OPEN, job, observed, passing, write_feature
from tests.helpers.places import GOLDEN, ROOT
from tests.helpers.stories import observations

STORIES = ("passed", "refused", "deadline", "smarthost", "undefined", "verbose-outline")

CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testcase"},
    "testcase": {"failure", "error", "skipped", "system-out", "system-err"},
}
ATTRIBUTES = {
    "testsuites": {"tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "testcase": {"classname", "name", "time"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message", "type"},
}
"""What the schema of Jenkins' xunit plugin (junit-10.xsd) knows of, as far as we use it."""


def read(text: str) -> ElementTree.Element:
    """The document's root; its elements, attributes and counts are what CI systems expect."""
    root = ElementTree.fromstring(text.encode())
    for element in root.iter():
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
        assert set(element.attrib) <= ATTRIBUTES.get(element.tag, set())
        assert re.fullmatch(r"[0-9]+\.[0-9]{3}", element.get("time", "0.000"))
    for suite in root:
        assert suite.attrib.keys() >= {"name", "tests", "failures", "errors"}
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert suite.get(count) == str(len(suite.findall(f"testcase/{tag}")))
        assert suite.get("tests") == str(len(suite.findall("testcase")))
    for count in ("tests", "failures", "errors"):
        assert root.get(count) == str(sum(int(suite.attrib[count]) for suite in root))
    return root


@pytest.mark.parametrize("story", STORIES)
def test_a_story(story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as it was told before."""
    monkeypatch.chdir(GOLDEN / story)
    text = f"{junit.document(observations(GOLDEN / story))}\n"
    file = GOLDEN / story / "expected.junit"
    if os.environ.get("COLLECTD_INODE_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text()
    read(text)


def unable_to(status: Status) -> Observation:
    return unable(replace(job(None), trouble=Trouble(status, Cause.CONFIGURATION, "it cannot")), 0.0)


@pytest.mark.parametrize(
    ("status", "element"),
    [
        (Status.FAILED, "failure"),
        (Status.SKIPPED, "skipped"),
        (Status.UNDEFINED, "error"),
        (Status.AMBIGUOUS, "error"),
        (Status.ERROR, "error"),
    ],
)
def test_statuses(status: Status, element: str) -> None:
    """A failure is the world's fault, an error ours or the operator's."""
    (case,) = read(junit.document([unable_to(status)])).iter("testcase")
    assert [child.tag for child in case] == [element, "system-out"]
    assert case[0].attrib == {"message": "it cannot", "type": "configuration"}
    assert case[0].text == "configuration: it cannot"


def test_what_passed() -> None:
    """Has its steps in system-out, and nothing else."""
    (case,) = read(junit.document([observed(passing)])).iter("testcase")
    assert case.attrib == {"classname": "scenario.web", "name": "Home", "time": "1.250"}
    (out,) = case
    assert out.tag == "system-out"
    assert (out.text or "").splitlines()[1].split() == ["When", "go", "to", '"/"', "250.0", "ms", "#", "home.feature:3"]


def test_why_it_failed() -> None:
    """GitLab shows the text of the element and not its attributes: it holds all of the reason."""

    async def fails(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.REFUSED, "answered 503", expected="a status below 400", found="“Sorry”")

    failure = read(junit.document([replace(observed(fails), evidence="/tmp/1", traceback="Traceback")])).find(
        ".//failure"
    )
    assert failure is not None
    assert (failure.text or "").splitlines() == [
        "refused: answered 503",
        'step: go to "/" (home.feature:3)',
        "expected: a status below 400",
        "found: “Sorry”",
        "evidence: /tmp/1",
    ]


def test_a_traceback() -> None:
    """Of an operator's step; in system-err."""
    (case,) = read(junit.document([replace(unable_to(Status.ERROR), traceback="Traceback: x")])).iter("testcase")
    assert case[-1].tag == "system-err"
    assert case[-1].text == "Traceback: x"


def test_a_suite_is_a_feature_or_a_job() -> None:
    """Dots in a job's name would be packages in Jenkins."""
    good = observed(passing)
    features = [
        replace(good, job=replace(good.job, name="a", story=Story(f"Feature: {title}", (), "Scenario: Home", path)))
        for title, path in (("Shop", "1"), ("Shop", "1"), ("Blog", "2"))
    ]
    other = replace(good, job=replace(good.job, kind="smarthost", name="relay.example.org", scenario=None))
    root = read(junit.document([*features, other]))
    assert [(suite.get("name"), suite.get("tests")) for suite in root] == [
        ("Shop", "2"),
        ("Blog", "1"),
        ("relay.example.org", "1"),
    ]
    assert root[2][0].attrib["classname"] == "smarthost.relay_example_org"
    assert root[2][0].attrib["name"] == "relay.example.org"
    assert root[0].attrib["timestamp"] == "1970-01-12T13:46:40"


@given(st.text(), st.text(), st.text())
def test_every_text_makes_a_document(message: str, found: str, scenario: str) -> None:
    """A page may hold what XML has no characters for, a file's name half a character."""

    async def fails(run: Run) -> None:
        with run.step(OPEN):
            raise Failure(Cause.EXPECTATION, message, found=found)

    observation = observed(fails)
    observation = replace(observation, job=replace(observation.job, scenario=scenario), traceback=found)
    root = read(junit.document([observation], [message]))
    failure = root.find(".//failure")
    assert failure is not None
    said = message if found in message else ": ".join(filter(None, (message, found)))
    assert failure.attrib["message"] == "".join(c if legal(c) else "\ufffd" for c in said)


def legal(character: str) -> bool:
    """XML 1.0 section 2.2."""
    code = ord(character)
    return code in (9, 10, 13) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


# The command line

Typed = Callable[..., tuple[int, ElementTree.Element, str]]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


@pytest.fixture
def typed(typed: Callable[..., tuple[int, str, str]]) -> Typed:
    """Types a command with ``--format junit``: exit code, document, stderr."""

    def type(*words: object) -> tuple[int, ElementTree.Element, str]:
        code, out, err = typed(*words, "--format", "junit")
        return code, read(out), err

    return type


HOME = 'When I go to "/"\nThen I should see "Dunedin"'
TWO = f'Feature: Web\n  Scenario: Bad\nWhen I go to "/stock"\n  Scenario: Good\n{HOME}\n'


def outcomes(root: ElementTree.Element) -> list[tuple[str, str]]:
    """Each test case's name and what came of it."""
    return [
        (case.attrib["name"], next((c.tag for c in case if not c.tag.startswith("system")), "passed"))
        for case in root.iter("testcase")
    ]


def test_run(typed: Typed, site: Site, tmp_path: Path) -> None:
    """One document on standard output; the exit code is as ever."""
    write_feature(tmp_path, TWO)
    code, root, err = typed("run", "web.feature", "--base-url", site.url)
    assert (code, err) == (1, "")
    assert outcomes(root) == [("Bad", "failure"), ("Good", "passed")]


def test_what_cannot_run(typed: Typed, site: Site, tmp_path: Path) -> None:
    """Its mistake is an error, what was therefore not run is skipped: a report without them would look good."""
    write_feature(tmp_path, f"Feature: Web\n  Scenario: Typo\nWhen I dance\n  Scenario: Good\n{HOME}\n")
    code, root, err = typed("run", "web.feature", "--base-url", site.url)
    assert code == 2
    assert outcomes(root) == [("Typo", "error"), ("Good", "skipped")]
    assert [element.attrib["type"] for tag in ("error", "skipped") for element in root.iter(tag)] == [
        "undefined",
        "skipped",
    ]
    assert [element.text for element in root.iter("skipped")] == ["skipped: nothing was run"]
    assert err.endswith("nothing was run\n")


def test_a_mistake_that_belongs_to_no_job(typed: Typed, tmp_path: Path) -> None:
    """It is an error of its own."""
    (tmp_path / "c.conf").write_text("Interval 10\n")
    code, root, _ = typed("once", "c.conf")
    assert code == 2
    expected = "c.conf: expected a <Module collectd_inode> section in a <Plugin python>"
    assert outcomes(root) == [(expected, "error")]


def test_a_job_that_there_is_not(typed: Typed, tmp_path: Path) -> None:
    """It is told in the document too: an empty file is what no reader takes."""
    (tmp_path / "c.conf").write_text(
        '<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n<Clock "local">\n</Clock>\n</Module>\n'
        "</Plugin>\n"
    )
    code, root, err = typed("once", "c.conf", "shop")
    said = "unknown job shop; known: local"
    assert (code, err) == (2, f"collectd-inode: {said}\n")
    assert outcomes(root) == [(said, "error")]


def test_the_other_kinds(typed: Typed) -> None:
    """A clock is a test case too."""
    _, root, _ = typed("clock")
    (suite,) = root
    assert (suite.attrib["name"], suite[0].attrib["classname"]) == ("local", "clock.local")


def test_many_runs_have_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    """Test cases of the same name are dropped by their readers."""
    with pytest.raises(SystemExit) as left:
        cli.main(["run", "x", "--repeat", "2", "--format", "junit"])
    assert left.value.code == 2
    said = "error: --format junit shows one run: --repeat is for pretty and json\n"
    assert capsys.readouterr().err.endswith(said)


def test_a_terminal_without_utf_8(site: Site, tmp_path: Path) -> None:
    """The document says that it is UTF-8, and is that whatever standard output is."""
    write_feature(tmp_path, 'When I go to "/"\nThen I should see "Mäuse"')
    code = "import sys; from collectd_inode.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", code, "run", "web.feature", "--base-url", site.url, "--format", "junit"],
        capture_output=True,
        env={"PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        check=False,
    )
    failure = ElementTree.fromstring(done.stdout).find(".//failure")
    assert failure is not None
    assert "Mäuse" in (failure.text or "")
