"""What is allowed in a scenario but worth a second look."""

from __future__ import annotations

from collectd_inode.keys import Problem
from collectd_inode.names import SLUG_BYTES
from collectd_inode.run import Job
from collectd_inode.scenario import actions
from collectd_inode.scenario.replay import PreparedStep, Replay


def warnings(job: Job) -> list[Problem]:
    """The warnings for one scenario that can run."""
    if not isinstance(job.probe, Replay):
        return []
    steps = job.probe.steps
    found = [Problem("", what, step.planned.place) for step in steps for what in _of_step(step)]
    if not any(step.action not in _DOING for step in steps):
        found.append(Problem("", "nothing is asserted: any page below status 400 will do", job.place))
    return found


_DOING = actions.NAVIGATIONS | {
    actions.fill_in,
    actions.fill_in_for,
    actions.select,
    actions.check,
    actions.uncheck,
    actions.choose,
}


def _of_step(step: PreparedStep) -> list[str]:
    found = []
    if step.action in (actions.should_see, actions.source_should_match) and not str(step.arguments[0]).strip():
        found.append("every page shows the empty text: this step cannot fail")
    if step.planned.navigates and len(step.planned.series) == SLUG_BYTES:
        found.append("a long series name; a comment line # series: NAME above the step gives it a short one")
    return found
