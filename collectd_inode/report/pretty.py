"""Observation → text as cucumber prints it: feature, scenario, steps, each with its latency and its place."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collectd_inode.report.notification import one_line, shortened
from collectd_inode.report.readings import SCENARIO
from collectd_inode.report.style import Style
from collectd_inode.run import SOFT, Cause, Job, Observation, PlannedStep, Status, StepResult, Story, Trouble

_WIDEST = 100
"""Places stand in one column, but not further right than this: long steps push theirs out."""
_TIME_WIDTH = 9
_DETAIL = 400
_TIED = "\0"

_ORDER = (Status.FAILED, Status.ERROR, Status.AMBIGUOUS, Status.UNDEFINED, Status.SKIPPED, Status.PASSED)


def observation(observed: Observation, style: Style, *, before: Story | None = None, verbose: bool = False) -> str:
    """One scenario with its steps; the feature's head too if *before* (the story shown last) is of another file."""
    return "\n".join(_lines(observed, style, before, verbose))


def _lines(observed: Observation, style: Style, before: Story | None, verbose: bool) -> Iterator[str]:
    job = observed.job
    if job.story is not None and (before is None or before.path != job.story.path):
        yield from _head(job.story)
    heading = job.story.scenario if job.story else f"{job.kind}: {job.scenario or job.name}"
    texts = [f"  {heading}", *(f"    {_text(step)}" for step in job.steps)]
    width = min(_WIDEST, max(map(len, texts)))
    yield _row(texts[0], "", job.place, width, style)
    for text, planned, step in zip(texts[1:], job.steps, observed.steps, strict=True):
        colour = Status.UNDEFINED if step.excused else step.status
        yield _row(text, duration(step.seconds), step.place, width, style, status=colour)
        yield from (style.status(colour, f"      {line}") for line in planned.below)
        if verbose:
            yield from (style.comment(f"      {line}") for line in _measured(step))
        if step.trouble is not None:
            yield from _trouble("warning" if step.excused else step.trouble.cause.word, step.trouble, style, colour)
    if observed.trouble is not None and observed.bad_step is None:
        yield from _trouble(why(observed), observed.trouble, style, Status.FAILED)
    if observed.evidence:
        yield f"    evidence: {observed.evidence}"
    for warning in observed.warnings:
        if warning.code == SOFT:
            continue  # it stands below its step
        yield style.undefined(f"    warning: {warning.message} ({warning.code})")
    if job.kind != SCENARIO and observed.readings:
        yield from _wrapped(f"{r.type}-{r.type_instance} {r.value:.6g}" for r in observed.readings)
    yield ""


def why(observed: Observation) -> str:
    """The cause of a run that did not pass, in a word; its status where it has none."""
    return observed.status if observed.cause is Cause.NONE else observed.cause.word


def _head(story: Story) -> Iterator[str]:
    yield story.feature
    yield from (f"  {line}".rstrip() for line in story.description)
    yield ""


def _text(step: PlannedStep) -> str:
    return f"{step.keyword} {step.name}" if step.keyword else step.name


def _row(text: str, time: str, place: str, width: int, style: Style, *, status: Status | None = None) -> str:
    painted = style.status(status, text) if status else text
    padding = " " * max(0, width - len(text))
    comment = f"  # {place}" if place else ""
    return f"{painted}{padding}  {time:>{_TIME_WIDTH}}{style.comment(comment)}".rstrip()


def _trouble(head: str, trouble: Trouble, style: Style, colour: Status) -> Iterator[str]:
    yield style.status(colour, f"      {head}: {one_line(trouble.message, _DETAIL)}")
    for label in ("expected", "found"):
        text = getattr(trouble, label)
        if text:
            yield style.status(colour, f"      {label + ':':9} {shortened(one_line(text, 4 * _DETAIL), _DETAIL)}")


def _wrapped(parts: Iterable[str]) -> Iterator[str]:
    """Parts with commas between them, on as many lines as it takes; no part is broken."""
    text = ", ".join(part.replace(" ", _TIED) for part in parts)
    lines = textwrap.wrap(text, _WIDEST, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)
    yield from (line.replace(_TIED, " ") for line in lines)


def _measured(step: StepResult) -> Iterator[str]:
    if step.phases:
        phases = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in step.phases.items())
        code = f"status {step.response_code}, " if step.response_code is not None else ""
        yield f"{code}{step.bytes or 0} bytes: {phases}"


def duration(seconds: float | None) -> str:
    """Seconds for people: ``0.42 ms``, ``12.3 ms``, ``1.234 s``; nothing where there are none."""
    if seconds is None:
        return ""
    if seconds >= 1:
        return f"{seconds:.3f} s"
    milliseconds = seconds * 1000
    return f"{milliseconds:.1f} ms" if milliseconds >= 1 else f"{milliseconds:.2f} ms"


def summary(observations: Sequence[Observation], style: Style) -> str:
    """What cucumber prints at the end: which scenarios are bad, how many of what, and the time it took."""
    steps = [step for o in observations for step in o.steps]
    elapsed = sum(o.elapsed for o in observations)
    total = sum(step.seconds or 0.0 for step in steps)
    lines = [
        *_bad_scenarios(observations, style),
        _counted(noun_of(observations), [o.status for o in observations], style),
        _counted("step", [step.status for step in steps], style, excused=sum(step.excused for step in steps)),
        f"{int(elapsed // 60)}m{elapsed % 60:.3f}s" + (f", of which on the wire {duration(total)}" if total else ""),
    ]
    return "\n".join(lines)


def _bad_scenarios(observations: Sequence[Observation], style: Style) -> Iterator[str]:
    bad = [o for o in observations if not o.passed]
    if bad:
        yield f"Bad {noun_of(observations)}s:"
        for o in bad:
            yield style.failed(o.job.place or f"{o.job.kind} {o.job.name}") + style.comment(_title(o.job))
        yield ""


def noun_of(observations: Sequence[Observation]) -> str:
    """What *observations* are of, in one word: scenarios, or jobs of any kind."""
    return "scenario" if all(o.job.kind == SCENARIO for o in observations) else "job"


def _title(job: Job) -> str:
    title = job.story.scenario if job.story else job.scenario
    return f"  # {title}" if title else ""


def _counted(noun: str, statuses: Sequence[Status], style: Style, *, excused: int = 0) -> str:
    counts = Counter(statuses)
    counts[Status.FAILED] -= excused
    parts = [style.status(s, f"{counts[s]} {s}") for s in _ORDER if counts[s]]
    parts += [style.undefined(f"{excused} warned")] if excused else []
    plural = "" if len(statuses) == 1 else "s"
    return f"{len(statuses)} {noun}{plural}" + (f" ({', '.join(parts)})" if parts else "")
