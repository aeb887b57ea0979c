"""A job's history → the facts about why it went bad: the last good run beside the bad one.  Pure.

Nothing here is a verdict: it lists changes of the same time, those on this side first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from collectd_inode.model import Phase
from collectd_inode.report.history import DAY, Ran, Timed
from collectd_inode.report.statistics import Spread, spread
from collectd_inode.report.unusual import HostSeries, usual
from collectd_inode.words import shortened

_LONGEST = 200
"""Characters shown of a change."""


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between the bad run and the last good one."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ComparedStep:
    """A step of the bad run beside its usual: seconds of the good runs of the last day, and those of the two runs.

    ``ended``: it ended the bad run; ``reached``: the bad run reached it.
    """

    name: str
    usual: Spread | None
    good: float | None
    seconds: float | None
    phases: Mapping[Phase, float]
    usual_phases: Mapping[Phase, Spread]
    ended: bool = False
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of a job's last outage.

    ``good``: the last good run before it; ``bad``: its first run; ``over``: the first good run after it, if it is over.
    ``ours`` are changes on this side, ``theirs`` on the other.  ``runs``: good runs behind the usual times.
    """

    good: Ran | None = None
    bad: Ran | None = None
    over: Ran | None = None
    steps: tuple[ComparedStep, ...] = ()
    ours: tuple[Change, ...] = ()
    theirs: tuple[Change, ...] = ()
    runs: int = 0


def explain(runs: Sequence[Ran]) -> Explanation:
    """Explain the last outage in *runs*, the oldest first; of a job that has had none, its last run."""
    first = _outage(runs)
    if first is None:
        last = runs[-1] if runs else None
        steps = tuple(_steps(None, last, runs[:-1])) if last is not None else ()
        return Explanation(good=last, steps=steps, runs=max(0, len(runs) - 1))
    bad = runs[first]
    good = runs[first - 1] if first else None
    over = next((run for run in runs[first:] if run.passed), None)
    before = [run for run in runs[:first] if run.passed and bad.time - run.time <= DAY]
    ours = tuple(_ours(good, bad)) if good else ()
    theirs = tuple(_theirs(good, bad, before)) if good else ()
    return Explanation(good, bad, over, tuple(_steps(good, bad, before)), ours, theirs, len(before))


def _outage(runs: Sequence[Ran]) -> int | None:
    """The place of the first run of the last outage."""
    bad = [number for number, run in enumerate(runs) if not run.passed]
    if not bad:
        return None
    good = [number for number, run in enumerate(runs[: bad[-1]]) if run.passed]
    return good[-1] + 1 if good else bad[0]


# Steps ----------------------------------------------------------------------------------------------------------------


def _steps(good: Ran | None, bad: Ran, before: Sequence[Ran]) -> Iterator[ComparedStep]:
    for number, (series, name) in enumerate(bad.setting.steps):
        timed = bad.step(series) or Timed()
        was = good.step(series) if good is not None else None
        usual_of = [found for run in before if (found := run.step(series)) is not None]
        seconds = spread([one.seconds for one in usual_of if one.seconds is not None])
        phases = {phase: spread([one.phases[phase] for one in usual_of if phase in one.phases]) for phase in Phase}
        yield ComparedStep(
            name,
            seconds,
            was.seconds if was is not None else None,
            timed.seconds,
            timed.phases,
            {phase: found for phase, found in phases.items() if found is not None},
            ended=number == bad.bad,
            reached=bad.bad is None or number <= bad.bad,
        )


# Changes --------------------------------------------------------------------------------------------------------------


def _ours(good: Ran, bad: Ran) -> Iterator[Change]:
    """The changes on this side."""
    was, now = good.setting, bad.setting
    if was.feature != now.feature:
        yield from _feature(good, bad)
    if was.configuration != now.configuration:
        yield Change("configuration", was.configuration or "none", now.configuration or "none")
    if was.origin.version != now.origin.version:
        yield Change("collectd_inode", was.origin.version, now.origin.version)
    if was.origin.boot != now.origin.boot:
        yield Change("host", f"booted {moment(was.origin.booted)}", f"booted {moment(now.origin.booted)}")
    if was.origin.started != now.origin.started:
        yield Change("collectd", f"started {moment(was.origin.started)}", f"started {moment(now.origin.started)}")


def _feature(good: Ran, bad: Ran) -> Iterator[Change]:
    was, now = ([name for _, name in run.setting.steps] for run in (good, bad))
    gone = [name for name in was if name not in now]
    new = [name for name in now if name not in was]
    if gone or new:
        yield Change("feature", _listed(gone), _listed(new))
    else:
        yield Change("feature", good.setting.feature, bad.setting.feature)


def _listed(names: Sequence[str]) -> str:
    return shortened("; ".join(names), _LONGEST) if names else "none"


def _theirs(good: Ran, bad: Ran, before: Sequence[Ran]) -> Iterator[Change]:
    """The changes on the other side, to values that no good run of the last day had."""
    known = good.facts
    seen = {(what, value) for run in before for what, value in run.facts.items()}
    for what, value in bad.facts.items():
        if what in known and known[what] != value and (what, value) not in seen:
            yield Change(what, known[what], value)
    yield from _readings(bad, before)


_AGES = "gauge-certificate_days_left", "gauge-chain_days_left", "gauge-ca_days_left"


def _readings(bad: Ran, before: Sequence[Ran]) -> Iterator[Change]:
    """Readings out of their usual range."""
    for name, value in bad.numbers.items():
        range = usual([run.numbers[name] for run in before if name in run.numbers])
        if range is not None and not range.holds(value) and not name.startswith(_AGES):
            yield Change(name, f"{range.middle:.4g}", f"{value:.4g}")


def moment(time: float) -> str:
    """A time as people here read it."""
    return f"{datetime.fromtimestamp(time):%Y-%m-%d %H:%M:%S}"


# JSON -----------------------------------------------------------------------------------------------------------------


def as_object(job: str, found: Explanation, host: HostSeries | None) -> dict[str, Any]:
    """A job's object in ``why --format json``; unknown values are null."""
    return {
        "job": job,
        "good": found.good.time if found.good is not None else None,
        "bad": found.bad.time if found.bad is not None else None,
        "steps": [
            {
                "name": step.name,
                "usual_seconds": step.usual.median if step.usual is not None else None,
                "seconds": step.seconds,
                "phases": {phase.value: seconds for phase, seconds in step.phases.items()},
            }
            for step in found.steps
        ],
        "changed": [
            {"what": change.what, "before": change.before, "after": change.after}
            for change in (*found.ours, *found.theirs)
        ],
        "host": [
            {"series": left.series, "before": left.before, "after": left.after, "since": left.since}
            for left in (host.left if host is not None else ())
        ],
        "base_rate": host.base_rate if host is not None else None,
    }
