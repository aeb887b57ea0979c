"""What is allowed in a scenario but worth a second look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import cast

import regex

from collectd_inode.keys import Problem
from collectd_inode.names import SLUG_BYTES
from collectd_inode.run import Job
from collectd_inode.scenario import actions
from collectd_inode.scenario.replay import Argument, PreparedStep, Replay
from collectd_inode.scenario.vocabulary import Action


def warnings(job: Job) -> list[Problem]:
    """The warnings for one scenario that can run."""
    if not isinstance(job.probe, Replay):
        return []
    steps = job.probe.steps
    found = [Problem("", what, step.planned.place) for step in steps for what in _of_step(step)]
    if not any(_what_is_done(step)[0] not in _DOING for step in steps):
        found.append(Problem("", "nothing is asserted: any page below status 400 will do", job.place))
    return found


_DOING = actions.NAVIGATIONS | {
    actions.fill_in,
    actions.fill_in_for,
    actions.fill_in_table,
    actions.select,
    actions.check,
    actions.uncheck,
    actions.choose,
    actions.attach,
    actions.start_benchmark,
    actions.authenticate,
}

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
    return "<" not in text and regex.escape(text, special_only=True, literal_spaces=True) == text
