"""Observations → JUnit's XML, as Jenkins and GitLab read it (there is no standard; Jenkins' xunit plugin has a schema).

A feature file or a job is a test suite, a scenario or a run of a job a test case.  *failed* is a failure; our or the
operator's fault is an error; steps that were not run are skipped.  GitLab shows of a test case its class, its name, its
time and the text inside; Jenkins takes the part before the last dot of a class for its package.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from collectd_inode.model import Observation, Status
from collectd_inode.report import pretty
from collectd_inode.report.style import PLAIN

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 does not allow (section 2.2), not even escaped; a page may contain them."""

_ELEMENTS = {Status.PASSED: None, Status.FAILED: "failure", Status.SKIPPED: "skipped"}
_ERROR = "error"
"""JUnit's word for a status; every other one is an error."""


def document(observations: Sequence[Observation], problems: Sequence[str] = ()) -> str:
    """*observations* as one document; *problems* are mistakes that belong to none of them, each an error."""
    suites: dict[tuple[str, str, str], list[Observation]] = {}
    for one in observations:
        job = one.job
        suites.setdefault((job.kind, job.name, job.story.path if job.story else ""), []).append(one)
    root = ElementTree.Element("testsuites")
    for group in suites.values():
        root.append(_suite(group))
    if problems:
        root.append(_not_attributed(problems))
    for count in ("tests", "failures", "errors"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    root.set("time", _seconds(sum(one.elapsed for one in observations)))
    ElementTree.indent(root)
    # In ASCII, with references for the rest, it is right in the encoding of every terminal.
    octets: bytes = ElementTree.tostring(root, encoding="us-ascii")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + octets.decode("ascii")


def _suite(group: Sequence[Observation]) -> ElementTree.Element:
    job = group[0].job
    name = (job.story.feature.partition(": ")[2] if job.story else "") or job.name
    elements = [_ELEMENTS.get(one.status, _ERROR) for one in group]
    started = datetime.fromtimestamp(min(one.time for one in group), UTC)
    suite = _element(
        "testsuite",
        name=name,
        tests=str(len(group)),
        failures=str(elements.count("failure")),
        errors=str(elements.count(_ERROR)),
        skipped=str(elements.count("skipped")),
        time=_seconds(sum(one.elapsed for one in group)),
        timestamp=started.strftime("%Y-%m-%dT%H:%M:%S"),
    )
    suite.extend(_case(one) for one in group)
    return suite


def _case(one: Observation) -> ElementTree.Element:
    job = one.job
    case = _element(
        "testcase",
        classname=f"{job.kind}.{job.name.replace('.', '_')}",
        name=job.scenario or job.name,
        time=_seconds(one.elapsed),
    )
    element = _ELEMENTS.get(one.status, _ERROR)
    if element is not None:
        case.append(_element(element, "\n".join(_reason(one)), message=_message(one), type=pretty.why(one)))
    case.append(_element("system-out", pretty.observation(one, PLAIN, before=job.story)))
    if one.traceback:
        case.append(_element("system-err", one.traceback))
    return case


def _message(one: Observation) -> str:
    found = one.trouble.found if one.trouble else ""
    return one.message if found in one.message else ": ".join(filter(None, (one.message, found)))


def _reason(one: Observation) -> list[str]:
    trouble, step = one.trouble, one.bad_step
    rows = (
        (pretty.why(one), one.message),
        ("step", f"{step.name} ({step.place})" if step and step.place else step.name if step else ""),
        ("expected", trouble.expected if trouble else ""),
        ("found", trouble.found if trouble else ""),
        ("evidence", one.evidence),
    )
    return [f"{word}: {text}" for word, text in rows if text]


def _not_attributed(problems: Sequence[str]) -> ElementTree.Element:
    count = str(len(problems))
    suite = _element("testsuite", name="collectd-inode", tests=count, failures="0", errors=count, skipped="0")
    for problem in problems:
        case = _element("testcase", classname="collectd-inode", name=problem)
        case.append(_element(_ERROR, problem, message=problem, type="configuration"))
        suite.append(case)
    return suite


def _element(tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    element = ElementTree.Element(tag, {name: _legal(value) for name, value in attributes.items()})
    element.text = _legal(text) or None
    return element


def _legal(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
