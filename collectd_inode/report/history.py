"""Observations → a job's own history: each run of the last day, in a file of bounded size.  Pure.

A line a run, appended.  Properties of many runs (the steps' names, the site's facts, the version) stand once, in a line
of their own that the runs name by a hash, so that 256 KiB hold a day.  A file that has grown to that is rewritten: runs
of more than a day are dropped, then every second of the older good ones.  The runs that explain an outage stay: the one
before it, its first and its last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from collectd_inode import state
from collectd_inode.codec import Unfit, from_json, known, to_json
from collectd_inode.model import Fact, Identity, Job, Observation, Phase, Status
from collectd_inode.names import fingerprint

MOST_BYTES = 256 * 2**10
"""Of one job's file."""
DAY = 86400.0
"""Seconds for which runs are kept."""
_KEPT_BYTES = MOST_BYTES // 2
"""Bytes that rewriting leaves of a file that was too large, so that it is not rewritten for each run."""
_MOST_STEPS = 100
_MOST_READINGS = 50
_MOST = 1e11
_MICRO = 1e6
_PHASES = (Phase.RESOLVE, Phase.CONNECT, Phase.TLS, Phase.PROCESSING, Phase.TRANSFER)
"""The phases by their places in a line of a file, which never change: a new one comes last."""


@dataclass(frozen=True, slots=True)
class RunsOrigin:
    """The process behind runs: our version, the start of this collectd, and the boot of the machine.

    Times are seconds since the epoch; ``boot`` is the kernel's own name for it.
    """

    version: str = ""
    started: float = 0.0
    booted: float = 0.0
    boot: str = ""


@dataclass(frozen=True, slots=True)
class RunSetting:
    """A property that stays the same for many runs of a job.

    ``configuration`` and ``feature``: fingerprints of the settings in collectd.conf and of the steps in their file.
    ``steps``: series and name of each.  ``readings``: ``TYPE-TYPE_INSTANCE`` of each.
    """

    origin: RunsOrigin
    configuration: str
    feature: str
    steps: tuple[tuple[str, str], ...]
    readings: tuple[str, ...]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Timed:
    """One step of a run: its latency and its phases, in seconds; None if it has none."""

    seconds: float | None = None
    phases: Mapping[Phase, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run in the history.

    ``bad``: the step that ended it, by its place in the setting; ``found``: what was there instead, in the page's own
    words.
    """

    setting: RunSetting
    time: float
    status: str
    cause: str
    message: str
    bad: int | None
    elapsed: float
    seconds: float | None
    steps: tuple[Timed, ...]
    readings: tuple[float | None, ...]
    found: str = ""

    @property
    def passed(self) -> bool:
        """Whether it was good."""
        return self.status == Status.PASSED

    def step(self, series: str) -> Timed | None:
        """The result of the step with this series; None if there is none in this run."""
        numbers = (number for number, (known, _) in enumerate(self.setting.steps) if known == series)
        number = next(numbers, None)
        return None if number is None or number >= len(self.steps) else self.steps[number]

    @property
    def facts(self) -> dict[str, str]:
        """The properties of the other side."""
        return {fact.what: fact.value for fact in self.setting.facts}

    @property
    def numbers(self) -> dict[str, float]:
        """Its readings by name, those that are known."""
        pairs = zip(self.setting.readings, self.readings, strict=False)
        return {name: value for name, value in pairs if value is not None}


@dataclass(frozen=True, slots=True)
class _Line:
    """A run as its line has it; times of steps in microseconds, their phases in the order of `Phase`."""

    time: float
    of: str
    status: str
    cause: str
    message: str
    bad: int | None
    elapsed: float
    seconds: float | None
    steps: list[int | None]
    phases: list[list[int]]
    readings: list[float | None]
    found: str = ""


@dataclass(frozen=True, slots=True)
class Described:
    """A setting with its name and its line."""

    content: RunSetting
    name: str
    line: str


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A run, ready to be written: its setting, and its own line."""

    described: Described
    line: str

    @property
    def of(self) -> str:
        """Its setting's name."""
        return self.described.name

    @property
    def setting(self) -> str:
        """Its setting's line."""
        return self.described.line


def of_steps(job: Job) -> str:
    """The fingerprint of the steps of *job*: of their texts, not of their places."""
    told = [(step.keyword, step.name, step.series, step.below, step.soft, step.cleanup) for step in job.steps]
    return fingerprint(repr((told, job.tags)))


def entry(observation: Observation, origin: RunsOrigin, feature: str, before: Described | None = None) -> HistoryEntry:
    """*observation* as its job's history has it; *feature* is the fingerprint of its steps (`of_steps`).

    *before* is the setting of the run before: most have the same, and describing it takes longer than the rest.
    """
    job, steps = observation.job, observation.steps[:_MOST_STEPS]
    numbers = {f"{r.type}-{r.type_instance}": r.value for r in observation.readings if r.dispatched}
    names = tuple(sorted(numbers))[:_MOST_READINGS]
    setting = RunSetting(
        origin, job.configuration, feature, tuple((s.series, s.name) for s in steps), names, observation.facts
    )
    bad = observation.bad_step
    line = _Line(
        time=round(observation.time, 3),
        of="",
        status=observation.status.value,
        cause=observation.cause.word,
        message=observation.message[:300],
        bad=next((number for number, step in enumerate(steps) if step is bad), None),
        elapsed=round(observation.elapsed, 6),
        seconds=None if observation.seconds is None else round(observation.seconds, 6),
        steps=[None if step.seconds is None else round(step.seconds * _MICRO) for step in steps],
        phases=[[round(step.phases.get(phase, 0.0) * _MICRO) for phase in _PHASES] for step in steps],
        readings=[_significant(numbers[name]) for name in names],
        found=observation.trouble.found[:300] if observation.trouble else "",
    )
    return _entry(_described(setting, before), line)


def _described(setting: RunSetting, before: Described | None = None) -> Described:
    if before is not None and before.content == setting:
        return before
    told = to_json(setting)
    name = fingerprint(json.dumps(told))
    return Described(setting, name, _json({"setting": name, **told}))


_FIELDS = tuple(one.name for one in fields(_Line))


def _entry(described: Described, line: _Line) -> HistoryEntry:
    phases = [found if any(found) else [] for found in line.phases]
    while phases and not phases[-1]:
        phases.pop()
    # Not by way of asdict, which copies every list.
    shown = {name: getattr(line, name) for name in _FIELDS if name != "found" or line.found}
    return HistoryEntry(described, _json({**shown, "of": described.name, "phases": phases}))


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n"


def _significant(value: float) -> float | None:
    number = float(f"{value:.6g}")
    return number if abs(number) < _MOST else None


def path(folder: str, identity: Identity) -> Path:
    """The file of a job's history in StateDir *folder*."""
    host, kind, instance = identity
    return Path(folder, f"history-{kind}-{instance}{'@' if host else ''}{host}.jsonl")


def parse(octets: bytes) -> tuple[list[Ran], int]:
    """The runs in a file, the oldest first, and the number of invalid lines."""
    settings: dict[str, RunSetting] = {}
    runs: list[Ran] = []
    damaged = 0
    for text in octets.splitlines():
        found = _parsed(text)
        setting = known(RunSetting, found) if "setting" in found else None
        if setting is not None and isinstance(name := found["setting"], str):
            settings[name] = setting
        elif (ran := _ran(found, settings)) is not None:
            runs.append(ran)
        else:
            damaged += 1
    return sorted(runs, key=lambda run: run.time), damaged


def _parsed(text: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, Mapping) else {}


def _ran(found: Mapping[str, Any], settings: Mapping[str, RunSetting]) -> Ran | None:
    try:
        line = from_json(_Line, {"found": "", **found}, least=-_MOST, most=_MOST)
    except Unfit:
        return None
    setting = settings.get(line.of)
    if setting is None:
        return None
    phases = [*line.phases, *([] for _ in line.steps)]
    steps = tuple(
        Timed(
            None if micros is None else micros / _MICRO,
            {phase: share / _MICRO for phase, share in zip(_PHASES, shares, strict=False) if share},
        )
        for micros, shares in zip(line.steps, phases, strict=False)
    )
    return Ran(
        setting, line.time, line.status, line.cause, line.message, line.bad, line.elapsed, line.seconds, steps,
        tuple(line.readings), line.found,
    )  # fmt: skip


def compacted(octets: bytes, most: int = _KEPT_BYTES) -> tuple[bytes, frozenset[str], int]:
    """A rewritten file: its runs within a number of bytes; the settings in it; the number of invalid lines."""
    runs, damaged = parse(octets)
    described = {id(setting): _described(setting) for setting in {id(r.setting): r.setting for r in runs}.values()}
    entries = {id(run): _again(run, described[id(run.setting)]) for run in runs}
    kept = thinned(runs, lambda run: len(entries[id(run)].line), most - _of_settings(entries.values(), most // 2))
    lines: list[str] = []
    settings: set[str] = set()
    for one in (entries[id(run)] for run in kept):
        lines += [one.line] if one.of in settings else [one.setting, one.line]
        settings.add(one.of)
    content = "".join(lines).encode()
    # Settings that change with every run: the latest runs are the ones to keep.
    if len(content) > most and len(kept) > 1:
        return compacted(_text(kept[len(kept) // 2 :], entries), most)
    return content, frozenset(settings), damaged


def _text(runs: Iterable[Ran], entries: Mapping[int, HistoryEntry]) -> bytes:
    return "".join(part for run in runs for part in (entries[id(run)].setting, entries[id(run)].line)).encode()


def _of_settings(entries: Iterable[HistoryEntry], most: int) -> int:
    return min(most, sum(len(text) for text in {one.setting for one in entries}))


def _again(run: Ran, described: Described) -> HistoryEntry:
    line = _Line(
        run.time, "", run.status, run.cause, run.message, run.bad, run.elapsed, run.seconds,
        [None if step.seconds is None else round(step.seconds * _MICRO) for step in run.steps],
        [[round(step.phases.get(phase, 0.0) * _MICRO) for phase in _PHASES] for step in run.steps],
        list(run.readings), run.found,
    )  # fmt: skip
    return _entry(described, line)


def thinned(runs: Sequence[Ran], size: Callable[[Ran], int], most: int) -> list[Ran]:
    """Those of *runs* (the oldest first) that are kept where *most* bytes are to do; *size* gives a run's."""
    marks = set(_marks(runs))
    newest = runs[-1].time if runs else 0.0
    kept = [run for number, run in enumerate(runs) if run.time > newest - DAY or number in marks]
    telling = {id(runs[number]) for number in marks}
    while sum(map(size, kept)) > most:
        plain = [run for run in kept if id(run) not in telling]
        if not plain:
            return kept[len(kept) // 2 :] if len(kept) > 1 else kept
        older = plain[: max(1, len(plain) * 3 // 4)]
        gone = {id(run) for run in older[::2]}
        kept = [run for run in kept if id(run) not in gone]
    return kept


def _marks(runs: Sequence[Ran]) -> Iterator[int]:
    """The places of the last good run before each outage, of its first and its last run; and of the last run."""
    for number, (before, after) in enumerate(pairwise(runs)):
        if before.passed != after.passed:
            yield from (number, number + 1)
    if runs:
        yield len(runs) - 1


def read(folder: str, identity: Identity) -> tuple[list[Ran], str]:
    """A job's runs in StateDir *folder*, the oldest first, and a sentence about what of it cannot be read."""
    file = path(folder, identity)
    octets = state.content_of(file, 2 * MOST_BYTES)
    if isinstance(octets, FileNotFoundError):
        return [], ""
    if isinstance(octets, OSError):
        return [], f"{file} cannot be read: {octets.strerror or octets}"
    runs, damaged = parse(octets)
    return runs, f"{file}: {damaged} of its lines cannot be read" if damaged else ""
