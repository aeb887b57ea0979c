"""Observations → a monitoring plugin's output: a state, one line with performance data, and more below it.

The rules are those of the Monitoring Plugins guidelines (https://www.monitoring-plugins.org/doc/guidelines.html).
The lines below the first are for people.  The output has at most `LIMIT` bytes, the important first.

A failed run has no value for some of its known series: they are ``U``, the guidelines' word for unknown, so that the
set stays the same.  In a run that passed they are left out: Icinga's writers log each ``U``.
"""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from collectd_inode.kinds import kind_of
from collectd_inode.model import Observation, Status
from collectd_inode.report import pretty, ranges
from collectd_inode.report.notification import one_line, reason
from collectd_inode.report.ranges import Range, figure
from collectd_inode.report.style import PLAIN
from collectd_inode.report.values import series, values
from collectd_inode.words import blanked, plural

LIMIT = 8000
"""Bytes of output.  Nagios' documentation promises 4 KB, Nagios 3 takes 8, Nagios 4.4 took 24 (2026-11-22)."""
_LINE, _DATA = 1000, 6000
"""Of these, for the first line's text and for the performance data; the rest is for the lines below."""


class ServiceState(IntEnum):
    """A service's state, and the plugin's exit code."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


_BADNESS = (ServiceState.OK, ServiceState.WARNING, ServiceState.UNKNOWN, ServiceState.CRITICAL)
"""If there are multiple, the last in this order is reported."""

JOBS = "JOBS"
"""The service's name where jobs have different kinds, or of none that is known."""

_UNITS: Mapping[str, tuple[str, str]] = {
    "bool": ("", "0;1"),
    "bytes": ("B", "0"),
    "clock_stratum": ("", "0"),
    "count": ("", "0"),
    "delay": ("s", "0"),
    "duration": ("s", "0"),
    "latency": ("s", "0"),
    "response_time": ("s", "0"),
    "root_delay": ("s", ""),
    "root_dispersion": ("s", "0"),
    "time_dispersion": ("s", "0"),
    "time_offset": ("s", ""),
}
"""Unit, and least and greatest value, by collectd's type; a gauge has neither."""


@dataclass(frozen=True, slots=True)
class NagiosThreshold:
    """A range for a series (its type and type instance; empty: the job's main series), and the state beyond it."""

    state: ServiceState
    series: str
    range: Range


def threshold(state: ServiceState, text: str) -> NagiosThreshold:
    """The threshold in ``--warning`` or ``--critical``: ``[SERIES=]RANGE``; raises ValueError if it is invalid."""
    name, equals, range = text.rpartition("=")
    if equals and not name:
        raise ValueError(f"{text}: expected the name of a series before the =")
    return NagiosThreshold(state, name, ranges.parsed(range))


@dataclass(frozen=True, slots=True)
class Report:
    """The text to print, and the exit code."""

    state: ServiceState
    text: str


@dataclass(frozen=True, slots=True)
class _Judged:
    """An observation, what is known of its series (None: no value), its thresholds by series, and the verdict."""

    observation: Observation
    known: Mapping[str, float | None]
    thresholds: Mapping[str, Sequence[NagiosThreshold]]
    found: tuple[tuple[ServiceState, str], ...]
    """The violated thresholds, in words."""

    @property
    def state(self) -> ServiceState:
        """The worst of the run's own and the thresholds'."""
        return _worst([_own_state(self.observation), *(state for state, _ in self.found)])


def report(
    observations: Sequence[Observation],
    thresholds: Sequence[NagiosThreshold] = (),
    *,
    notes: Sequence[str] = (),
    **more: bool,
) -> Report:
    """A plugin's output for *observations*; *notes* are lines for the end; ``verbose`` shows phases too."""
    if not observations:
        return unknown(JOBS, "nothing was run", notes)
    judged = sorted((_judged(o, thresholds) for o in observations), key=lambda j: -_BADNESS.index(j.state))
    strays = [(ServiceState.UNKNOWN, text) for text in _strays(judged, thresholds)]
    state = _worst([*(one.state for one in judged), *(state for state, _ in strays)])
    line = f"{_service(observations)} {state.name} - {_summary(judged, strays)}"
    data, left_out = _fitting(_performance(judged, several=len(judged) > 1))
    below = [line for one in judged for line in _below(one, **more)]
    return Report(state, _assembled(line, data, [*left_out, *below, *notes]))


def unknown(service: str, text: str, below: Sequence[str] = ()) -> Report:
    """The output if nothing could be run: UNKNOWN, and why."""
    return Report(ServiceState.UNKNOWN, _assembled(f"{service} UNKNOWN - {text}", "", below))


def _worst(states: Iterable[ServiceState]) -> ServiceState:
    return max(states, key=_BADNESS.index)


def _own_state(observation: Observation) -> ServiceState:
    if observation.passed:
        return ServiceState.WARNING if observation.warnings else ServiceState.OK
    return ServiceState.CRITICAL if observation.status is Status.FAILED else ServiceState.UNKNOWN


def _service(observations: Sequence[Observation]) -> str:
    kinds = {o.job.kind for o in observations}
    return kind_of(kinds.pop()).service if len(kinds) == 1 else JOBS


# Thresholds


def _judged(observation: Observation, thresholds: Sequence[NagiosThreshold]) -> _Judged:
    known = _known(observation)
    mine: dict[str, list[NagiosThreshold]] = {}
    for one in thresholds:
        label = _label_of(one, observation)
        if label in known:
            mine.setdefault(label, []).append(_for(label, one))
    found = [
        verdict
        for label, ones in mine.items()
        for one in ones
        if (verdict := _breach(one, label, known[label], observation)) is not None
    ]
    return _Judged(observation, known, mine, tuple(sorted(found, key=lambda v: -_BADNESS.index(v[0]))))


def _known(observation: Observation) -> dict[str, float | None]:
    """Each series that this job may send, with its value in this run."""
    known: dict[str, float | None] = {_last_part(identity): None for identity in series(observation.job)}
    for value in values(observation, observation.time):
        known[_last_part(value.identity)] = value.value if math.isfinite(value.value) else None
    return known


def _last_part(identity: str) -> str:
    return identity.partition("/")[2]


def _prefix(observation: Observation) -> str:
    job = observation.job
    return "/".join(filter(None, (job.host, f"{job.kind}-{job.instance}"))) + "/"


def _main(observation: Observation) -> str:
    return kind_of(observation.job.kind).main_series


def _label_of(one: NagiosThreshold, observation: Observation) -> str:
    return one.series.removeprefix(_prefix(observation)) or _main(observation)


def _for(label: str, one: NagiosThreshold) -> NagiosThreshold:
    return NagiosThreshold(one.state, label, one.range.around_zero) if is_signed(label) else one


def is_signed(series: str) -> bool:
    """Whether *series* may be off in either direction: a range of one number is for both, as in check_ntp_time."""
    return series.startswith("time_offset-")


def _breach(
    one: NagiosThreshold, label: str, value: float | None, observation: Observation
) -> tuple[ServiceState, str] | None:
    if value is None:  # a failed run is bad enough; in one that passed, what cannot be judged is not OK
        return (
            (ServiceState.UNKNOWN, f"{label} has no value to compare with {one.range}") if observation.passed else None
        )
    if not one.range.alarms(value):
        return None
    return one.state, f"{label} {_shown(label, value)} is {_where(one.range, label, value)}"


def _where(range: Range, label: str, value: float) -> str:
    if range.inside:
        return f"within {figure(range.start)}:{'' if math.isinf(range.end) else figure(range.end)}"
    return f"above {_shown(label, range.end)}" if value > range.end else f"below {_shown(label, range.start)}"


def _shown(label: str, value: float, digits: int = 6) -> str:
    unit, _ = _unit(label)
    return f"{figure(float(f'{value:.{digits}g}') + 0.0)} {unit}".strip()


def _strays(judged: Sequence[_Judged], thresholds: Sequence[NagiosThreshold]) -> Iterator[str]:
    """A sentence for each threshold whose series no job has."""
    if not all(one.observation.ran for one in judged):
        return  # what cannot run has no series, and says why
    labels = sorted({label for one in judged for label in one.known})
    for one in thresholds:
        wanted = [_label_of(one, j.observation) for j in judged]
        if not any(label in j.known for label, j in zip(wanted, judged, strict=True)):
            near = difflib.get_close_matches(wanted[0], labels, n=3, cutoff=0.4) or labels
            yield f"there is no series {wanted[0]}; known: {', '.join(near)}"


# Text


def _summary(judged: Sequence[_Judged], strays: Sequence[tuple[ServiceState, str]]) -> str:
    bad = [(one.state, f"{one.observation.job.full_name}: {_why(one)}") for one in judged if one.state]
    bad = sorted([*bad, *strays], key=lambda entry: -_BADNESS.index(entry[0]))
    texts = [text for _, text in bad]
    if len(judged) == 1:
        return "; ".join(texts) or f"{judged[0].observation.job.full_name}: {_good(judged[0])}"
    if not bad:
        return _all_good([one.observation for one in judged])
    counts = Counter(one.state for one in judged if one.state)
    states = ", ".join(f"{counts[state]} {state.name.lower()}" for state in reversed(_BADNESS) if counts[state])
    return f"{states or 'none'} of {len(judged)}: {'; '.join(texts)}"


def _why(one: _Judged) -> str:
    observation = one.observation
    if not observation.passed:
        return reason(observation, _LINE)
    return "; ".join([*(text for _, text in one.found), *(warning.message for warning in observation.warnings)])


def _good(one: _Judged) -> str:
    """The result in short: the main series' value; of a job whose steps use the network their number and total."""
    observation = one.observation
    kind = kind_of(observation.job.kind)
    if kind.main_words:
        value = one.known.get(kind.main_series)
        return f"{kind.main_words} {'unknown' if value is None else _shown(kind.main_series, value, 3)}"
    return _took(len(observation.steps), observation.seconds)


def _took(steps: int, seconds: float | None) -> str:
    return plural(steps, "step") + ("" if seconds is None else f" in {_shown('latency', seconds, 3)}")


def _all_good(observations: Sequence[Observation]) -> str:
    noun = pretty.noun_of(observations)
    steps = sum(len(o.steps) for o in observations)
    known = [o.seconds for o in observations if o.seconds is not None]
    return f"{plural(len(observations), noun)}, {_took(steps, sum(known) if known else None)}"


def _below(one: _Judged, *, verbose: bool = False) -> Iterator[str]:
    """An observation's details, as on a terminal."""
    observation = one.observation
    text = pretty.observation(observation, PLAIN, before=observation.job.story, verbose=verbose)
    yield from (line for line in text.split("\n") if line.strip())
    if observation.evidence and observation.evidence not in text:
        yield f"    evidence: {observation.evidence}"
    yield from (f"    {state.name.lower()}: {text}" for state, text in one.found)


# Performance data


def _performance(judged: Sequence[_Judged], *, several: bool) -> Iterator[str]:
    for one in judged:
        prefix = _prefix(one.observation) if several else ""
        for label, value in one.known.items():
            mine = one.thresholds.get(label, ())
            if value is not None or mine or not one.observation.passed:
                yield _datum(prefix + label, label, value, mine)


def _datum(name: str, label: str, value: float | None, thresholds: Sequence[NagiosThreshold]) -> str:
    """``'label'=value[UOM];warn;crit;min;max``, without the semicolons that nothing stands behind."""
    unit, limits = _unit(label)
    shown = "U" if value is None else f"{figure(round(value, 9) + 0.0)}{unit}"
    bounds = (
        next((str(t.range) for t in thresholds if t.state is s), "")
        for s in (ServiceState.WARNING, ServiceState.CRITICAL)
    )
    return f"'{_quotable(name)}'={';'.join([shown, *bounds, limits])}".rstrip(";")


def _unit(label: str) -> tuple[str, str]:
    return _UNITS.get(label.partition("-")[0], ("", ""))


def _quotable(name: str) -> str:
    """*name* without what ends a label."""
    return "".join(c if c.isprintable() and c not in "'=| " else "_" for c in name)


def _fitting(data: Iterable[str]) -> tuple[str, list[str]]:
    """The items that fit, none cut; and a line about the others."""
    fitting: list[str] = []
    left_out, room = 0, _DATA
    for datum in data:
        room -= len(datum.encode()) + 1
        if room >= 0:
            fitting.append(datum)
        else:
            left_out += 1
    note = f"{plural(left_out, 'value')} omitted from the performance data, which is limited to {_DATA} bytes"
    return " ".join(fitting), [note] if left_out else []


def _assembled(line: str, data: str, below: Sequence[str]) -> str:
    """All of it, within `LIMIT`; what is below is cut between lines, and says so."""
    first = one_line(_plain(line), _LINE) + (f" | {data}" if data else "")
    lines, room = [first], LIMIT - len(first.encode()) - len(_CUT) - 2
    for text in map(_plain, below):
        room -= len(text.encode()) + 1
        if room < 0:
            lines.append(_CUT)
            break
        lines.append(text)
    return "\n".join(lines)


_CUT = f"(the rest is omitted: the output is limited to {LIMIT} bytes)"


def _plain(text: str) -> str:
    """*text* without the bar that begins performance data, and without unprintable characters and newlines."""
    return blanked(text.replace("|", "¦")).rstrip()
