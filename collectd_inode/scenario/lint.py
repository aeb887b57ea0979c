"""Warnings about valid scenarios that look like mistakes, and notes on the rules that judge their steps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from collectd_inode.browser.request import REDIRECTS
from collectd_inode.model import Job, PlannedStep, Problem
from collectd_inode.names import SLUG_BYTES, loses_letters, slug
from collectd_inode.scenario.feature import without_subject
from collectd_inode.scenario.jobs import judged
from collectd_inode.scenario.overlooked import finds_something
from collectd_inode.scenario.replay import PreparedStep, Replay, expand
from collectd_inode.wire.address import is_numeric


def warnings(job: Job) -> list[Problem]:
    """The warnings for one scenario that can run."""
    if not isinstance(job.probe, Replay):
        return []
    steps = job.probe.steps
    known = job.probe.variables
    found = [Problem(what, step.planned.place) for step in steps for what in _of_step(step, known)]
    found += [
        Problem(what, step.place)
        for step, what in (
            *_early_cleanup(steps),
            *_never_used(steps),
            *_untimed(steps),
            *_numbered(steps),
            *_repeated(steps),
        )
    ]
    found += [Problem(what, job.place) for what in _of_title(job)]
    found += [Problem(_HIDDEN.format(status), step.place) for step, status in _hidden(steps).items()]
    if all(step.action.navigates or step.action.prepares or step.action.shows for step in steps):
        found.append(Problem("nothing is asserted: any page with a status below 400 passes", job.place))
    elif not any(map(_shows_something, steps)):
        what = "nothing that a page shows is asserted: an empty page or an error page passes, if its status is 200"
        found.append(Problem(f'{what}; add a step such as: I should see "…"', job.place))
    return found


def _shows_something(step: PreparedStep) -> bool:
    """Whether *step* asserts something that an empty page with status 200 has not."""
    action = step.action
    if action.navigates or action.prepares or action.shows:
        return False
    if not action.judges_status:
        return finds_something(step)
    status = action.given("status", step.arguments)
    return action.wants_error or (isinstance(status, int) and status != _OK)


_OK = 200


def _repeated(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Steps that expect a text which the scenario itself has typed, and which the page may only repeat."""
    typed: dict[str, int] = {}
    for step in steps:
        typed = dict.fromkeys(_typed(step), step.planned.place.line) | typed
        wanted = step.action.given(step.action.wants_text, step.arguments)
        if isinstance(wanted, str) and not step.scopes and (line := typed.get(wanted)) is not None:
            what = f"this is the text that was typed in line {line}, and a page that found nothing may repeat it"
            yield step.planned, f"{what}; expect something that only the right answer shows"


def _typed(step: PreparedStep) -> list[str]:
    given = step.action.given(step.action.types, step.arguments)
    if isinstance(given, tuple):
        return [text for _, text in given]
    return [given] if isinstance(given, str) else []


def rules(job: Job) -> list[tuple[PlannedStep, str]]:
    """Each step of a scenario that can run, and its rules: the judge of its answer's status, for example."""
    said: dict[PlannedStep, list[str]] = {step: [] for step in job.steps}
    hidden = _hidden(job.probe.steps) if isinstance(job.probe, Replay) else {}
    for navigation in judged(job):
        said[navigation.step].append(_who_judges(navigation.step, navigation.by, hidden.get(navigation.by)))
    for step, what in said.items():
        if step.soft:
            what.append("its failure is a warning")
        if step.cleanup:
            what.append("done at the end if the run fails before it")
    return [(step, "; ".join(what)) for step, what in said.items()]


_HIDDEN = (
    "redirects are followed, so that a status of {0} is never seen, but that of where they lead:"
    ' open the address by I visit "…" without following redirects'
)


def _hidden(steps: Sequence[PreparedStep]) -> dict[PlannedStep, int]:
    """The steps that judge a status which redirects hide, and that status."""
    found, followed = {}, False
    for step in steps:
        if step.planned.navigates:
            followed = step.action.follows
        status = step.action.given("status", step.arguments) if step.action.judges_status else None
        if followed and isinstance(status, int) and status in REDIRECTS:
            found[step.planned] = status
    return found


def _who_judges(step: PlannedStep, by: PlannedStep, hidden: int | None) -> str:
    if by is step:
        return "fails on a status of 400 or more"
    warns = ", and only warns" if by.soft else ""
    never = f", but never sees a {hidden}, since redirects are followed" if hidden is not None else ""
    return f"takes any status: line {by.place.line} judges it{warns} ({by.name}){never}"


def _of_title(job: Job) -> Iterator[str]:
    """The warning for a title with letters that its series has not."""
    title = job.scenario or ""
    series = slug(title)
    if loses_letters(title) and job.instance.endswith(f"-{series}"):
        what = f'the series "{series}" lacks letters of the title, as it has only those from a to z'
        yield f"{what}; name it by a comment line # series: NAME above the scenario or outline"


def _of_step(step: PreparedStep, variables: Mapping[str, str]) -> list[str]:
    text = str(expand(step.arguments[0], variables)) if step.arguments else ""
    found = [said for doubt in step.action.lint if (said := doubt(text))]
    if said := _never_fails(step):
        found.append(f"{said}: this step hardly checks anything")
    if step.planned.navigates and (name := _without_address(step)):
        found.append(
            f'the series "{step.planned.series}" contains the server\'s address, and changes with it; set BaseURL and'
            f" write the path alone, or keep the name by a comment line above the step: # series: {name}"
        )
    if step.planned.navigates and (said := _unreadable(step.planned)):
        found.append(f"{said} by a comment line # series: NAME above the step")
    return found


_ANYTHING = ("", "x", "42", "Zürich – ß\nzwei")


def _never_fails(step: PreparedStep) -> str:
    """The reason why a step passes on every page; empty for a step that can fail."""
    given = step.action.given
    if (given("comparison", step.arguments), given("count", step.arguments)) == ("at least", 0):
        return "every page has at least 0 elements"
    if "pattern" not in step.action.checks or step.action.negative:
        return ""
    pattern = str(step.arguments[-1])
    try:
        matches_all = all(re.search(pattern, text) for text in _ANYTHING)
    except re.error:  # a variable stands in it
        return ""
    return f"/{pattern}/ matches any text, an empty one too" if matches_all else ""


def _unreadable(step: PlannedStep) -> str:
    """The fault of a series in which a hash stands for a part of the step's text, and what to do; empty if none."""
    text = without_subject(step.name)
    if slug(text) == step.series and loses_letters(text):
        return f'the series "{step.series}" lacks letters of the step, as it has only those from a to z; name it'
    is_cut = len(step.series) == SLUG_BYTES or (slug(text) == step.series and len(text) > SLUG_BYTES)
    return "a long series name; shorten it" if is_cut else ""


def _numbered(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Steps whose series are numbered, since an earlier one has the same."""
    first: dict[str, PlannedStep] = {}
    for step in (prepared.planned for prepared in steps):
        first[step.series] = step
        if step.wanted and step.navigates:
            what = f'the series "{step.series}" is numbered, since the step in line {first[step.wanted].place.line} has'
            yield step, f'{what} "{step.wanted}"; a comment line above the step keeps the name: # series: {step.series}'


def _without_address(step: PreparedStep) -> str:
    """A name for the series of a step whose own name contains an IP address or a port; empty if it contains none."""
    given = step.action.given(step.action.address, step.arguments)
    try:
        parts = urlsplit(str(given))
        authority = f"{parts.scheme}://{parts.netloc}"
        moves = bool(parts.hostname) and (parts.port is not None or is_numeric(parts.hostname or ""))
    except ValueError:
        return ""
    where = slug(authority)
    if not moves or where not in step.planned.series:
        return ""
    before, _, after = step.planned.series.partition(where)
    return slug(f"{before}_{after.strip('_') or 'home'}")


def _early_cleanup(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Clean-up steps before other steps: in a good run, they run at that place."""
    for index, step in enumerate(steps):
        later = next((s.planned for s in steps[index + 1 :] if not s.planned.cleanup), None)
        if step.planned.cleanup and later is not None:
            line = later.place.line
            said = (
                f"in a run that passes, this is done before the step in line {line}; move the clean-up step to the end"
            )
            yield step.planned, said


def _never_used(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Remembered values that no step uses."""
    for index, step in enumerate(steps):
        name = step.action.given(step.action.remembers, step.arguments)
        if name is not None and not any(name in later.variables for later in steps[index + 1 :]):
            yield step.planned, f"${{{name}}} is remembered, but no later step uses it"


def _untimed(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Steps that judge a time before there is one."""
    asked = False
    for step in steps:
        asked = asked or step.planned.navigates
        if not asked and step.action.judges_time:
            yield step.planned, "no step before it opens a page or sends anything: there is no time to compare"
