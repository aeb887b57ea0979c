"""What is allowed in a scenario but worth a second look; and what was decided about its steps when it was loaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import cast

from collectd_inode.keys import Problem
from collectd_inode.names import SLUG_BYTES
from collectd_inode.run import Job, PlannedStep
from collectd_inode.scenario import actions, patterns
from collectd_inode.scenario.jobs import judged
from collectd_inode.scenario.replay import Argument, PreparedStep, Replay, variables_in
from collectd_inode.scenario.vocabulary import Action


def warnings(job: Job) -> list[Problem]:
    """The warnings for one scenario that can run."""
    if not isinstance(job.probe, Replay):
        return []
    steps = job.probe.steps
    found = [Problem("", what, step.planned.place) for step in steps for what in _of_step(step)]
    found += [
        Problem("", what, step.place) for step, what in (*_early_cleanup(steps), *_never_used(steps), *_untimed(steps))
    ]
    if not any(_what_is_done(step)[0] not in _DOING for step in steps):
        found.append(Problem("", "nothing is asserted: any page below status 400 will do", job.place))
    return found


def rules(job: Job) -> list[tuple[PlannedStep, str]]:
    """Each step of a scenario that can run, and what its failure is: who judges the status of its answer, and so on."""
    said: dict[PlannedStep, list[str]] = {step: [] for step in job.steps}
    for navigation in judged(job):
        said[navigation.step].append(_who_judges(navigation.step, navigation.by))
    for step, what in said.items():
        if step.soft:
            what.append("its failure is a warning")
        if step.cleanup:
            what.append("done at the end if the run fails before it")
    return [(step, "; ".join(what)) for step, what in said.items()]


def _who_judges(step: PlannedStep, by: PlannedStep) -> str:
    if by is step:
        return "fails on a status of 400 or more"
    warns = ", and only warns" if by.soft else ""
    return f"takes any status: line {by.place.rpartition(':')[2]} judges it{warns} ({by.name})"


_DOING = actions.NAVIGATIONS | actions.PREPARATIONS

_LIKE_A_PATTERN = re.compile(r"\\[\w.()|/\[]|[.)\]][*+]|\w\|\w|\w\[[^\]\s]+\]|\[[^\]\s]+\]\w|^\^|\(\?|</?\w|&#?\w+;")
"""What stands in quotes of old files only: it means something to a regular expression, or it is markup."""

_SEEN = {
    actions.should_see: "cannot be seen on most pages",
    actions.should_not_see: "is hardly ever seen, so this cannot fail",
}
_ON_SOURCE = (actions.source_should_match, actions.source_should_not_match)


def _of_step(step: PreparedStep) -> list[str]:
    action, arguments = _what_is_done(step)
    found = []
    if action in (actions.should_see, actions.source_should_match) and not str(arguments[0]).strip():
        found.append("every page shows the empty text: this step cannot fail")
    found += _other_vocabulary(action, arguments)
    if step.planned.navigates and len(step.planned.series) == SLUG_BYTES:
        found.append("a long series name; a comment line # series: NAME above the step gives it a short one")
    return found


def _early_cleanup(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Clean-up steps before others: when all is well they are done there."""
    for index, step in enumerate(steps):
        later = next((s.planned for s in steps[index + 1 :] if not s.planned.cleanup), None)
        if step.planned.cleanup and later is not None:
            line = later.place.rpartition(":")[2]
            yield (
                step.planned,
                f"in a good run this is done before the step in line {line}; a clean-up stands at the end",
            )


def _never_used(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Values that are remembered for nothing."""
    for index, step in enumerate(steps):
        action, arguments = _what_is_done(step)
        if action in actions.REMEMBERING:
            name = str(arguments[actions.REMEMBERING[action]])
            if not any(name in variables_in(later.arguments) for later in steps[index + 1 :]):
                yield step.planned, f"${{{name}}} is remembered, and no later step uses it"


def _untimed(steps: Sequence[PreparedStep]) -> Iterator[tuple[PlannedStep, str]]:
    """Steps that judge a time before there is one."""
    asked = False
    for step in steps:
        asked = asked or step.planned.navigates
        if not asked and _what_is_done(step)[0] in actions.TIMING:
            yield step.planned, "no step before it opens a page or sends anything: there is no time to judge"


def _what_is_done(step: PreparedStep) -> tuple[Action, tuple[Argument, ...]]:
    """The step's action and its arguments, also where it is done in a part of the page."""
    if step.action is actions.within:
        _, action, *arguments = step.arguments
        return cast(Action, action), tuple(arguments)
    return step.action, step.arguments


def _other_vocabulary(action: Action, arguments: tuple[Argument, ...]) -> Iterator[str]:
    """Where the step reads differently under the other vocabulary."""
    text = str(arguments[0]) if arguments else ""
    if action in _SEEN and _LIKE_A_PATTERN.search(text):
        yield (
            f"this very text {_SEEN[action]}; cucumber-nagios took it for a regular expression on the page's source:"
            ' Vocabulary "legacy" does so too, or write see /…/'
        )
    if action in _ON_SOURCE and not _is_plain(text):
        yield 'under Vocabulary "web" this would be the very text as it is seen, not a regular expression on the source'
    if action is actions.legacy_should_succeed:
        yield 'under Vocabulary "web" a status of 400 to 499 would fail this step'
    if action is actions.legacy_should_fail:
        yield 'under Vocabulary "web" a status of 400 to 499 would pass this step'
    if action is actions.legacy_should_see_message:
        yield 'under Vocabulary "web" the element has to be seen, and may have other classes too'


def _is_plain(text: str) -> bool:
    return "<" not in text and patterns.is_plain(text)
