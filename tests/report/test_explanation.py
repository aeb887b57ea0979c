"""A job's history explained: the last good run beside the bad one, and what changed."""

from __future__ import annotations

from dataclasses import replace

from collectd_inode.model import Fact, Observation, PlannedStep, Reading
from collectd_inode.report import explanation
from collectd_inode.report.explanation import Change, explain
from collectd_inode.report.history import RunsOrigin
from tests.helpers.examples import LOOK, OPEN
from tests.helpers.past import BAD, BAD_AT, GOOD, START, day, ran


def test_a_job_without_a_bad_run_has_nothing_to_explain() -> None:
    """The last run beside its usual all the same."""
    found = explain(day())
    assert (found.good and found.good.time, found.bad, found.ours, found.theirs) == (BAD_AT - 60, None, (), ())
    assert [(step.name, step.seconds) for step in found.steps] == [(OPEN.name, 0.25), (LOOK.name, None)]
    assert explain([]) == explanation.Explanation()


def test_the_bad_run_is_the_first_of_the_last_outage() -> None:
    """And the good one the last before it; when it is over, that is known."""
    runs = [ran(GOOD if c == "g" else BAD, START + n) for n, c in enumerate("gbgggbbbg")]
    found = explain(runs)
    times = [one and one.time - START for one in (found.good, found.bad, found.over)]
    assert times == [4, 5, 8]
    assert (explain(runs[:-1]).over, explain(runs[:5]).bad) == (None, runs[1])
    assert (explain(runs[5:8]).good, explain(runs[5:8]).bad) == (None, runs[5])


def test_steps_beside_their_usual() -> None:
    """Median and 95th percentile of the good runs; the step that ended it, and its phases."""
    first, second = explain(day(ran(BAD, BAD_AT))).steps
    assert (first.usual and first.usual.median, first.good, first.seconds) == (0.25, 0.25, 4.25)
    assert {phase.value: seconds for phase, seconds in first.phases.items()} == {"connect": 0.05, "processing": 4.2}
    assert (first.ended, second.ended, second.usual, second.reached) == (False, True, None, True)


def test_what_changed_on_this_side() -> None:
    """Feature, configuration, version, boot and collectd, in this order."""
    job = replace(BAD.job, configuration="c2", steps=(OPEN, PlannedStep("look at it", "look", navigates=False)))
    other = replace(BAD, job=job, steps=(BAD.steps[0], replace(BAD.steps[1], planned=job.steps[1])))
    origin = RunsOrigin("0.2.0", BAD_AT - 5, BAD_AT - 90, "boot-2")
    moment = explanation.moment
    assert explain(day(ran(other, BAD_AT, origin))).ours == (
        Change("feature", LOOK.name, "look at it"),
        Change("configuration", "none", "c2"),
        Change("collectd_inode", "0.1.0", "0.2.0"),
        Change("host", f"booted {moment(START - 9000)}", f"booted {moment(BAD_AT - 90)}"),
        Change("collectd", f"started {moment(START - 1000)}", f"started {moment(BAD_AT - 5)}"),
    )
    assert explain(day(ran(BAD, BAD_AT))).ours == ()


def test_what_changed_on_the_other_side() -> None:
    """A fact that a good run of the day has had too is no news; nor is one that the bad run did not come to."""
    facts = (Fact("address of shop", "192.0.2.8"), Fact("title after OPEN", "Oops"))
    bad = ran(replace(BAD, facts=facts), BAD_AT)
    assert explain(day(bad)).theirs == (
        Change("address of shop", "192.0.2.7", "192.0.2.8"),
        Change("title after OPEN", "Welcome", "Oops"),
    )
    seen = ran(replace(GOOD, facts=facts[:1]), START - 1)
    assert explain([seen, *day(bad)]).theirs == (Change("title after OPEN", "Welcome", "Oops"),)
    assert explain(day(ran(BAD, BAD_AT))).theirs == ()


def test_readings_out_of_their_range_are_changes() -> None:
    """For kinds whose steps take no time: an offset, a dispersion."""

    def with_offset(observation: Observation, offset: float) -> Observation:
        return replace(observation, readings=(Reading("time_offset", "consensus", offset),))

    runs = [ran(with_offset(GOOD, 0.0002 + n % 3 * 0.0001), START + n) for n in range(20)]
    runs.append(ran(with_offset(BAD, 0.41), START + 20))
    assert explain(runs).theirs == (Change("time_offset-consensus", "0.0003", "0.41"),)
