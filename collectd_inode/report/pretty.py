"""Observation → text as cucumber prints it: feature, scenario, steps, each with its latency and its place."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from collectd_inode.kinds import KINDS, kind_of
from collectd_inode.model import SOFT, Cause, Job, Observation, Place, ReplayEngine, Status, StepResult, Story, Trouble
from collectd_inode.report.notification import one_line
from collectd_inode.report.style import Style
from collectd_inode.words import cells, duration, harmless, plural, shortened

_WIDEST = 100
"""The rightmost column for places; longer steps have theirs behind them."""
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
    texts = [f"  {harmless(heading)}", *(f"    {_text(step)}" for step in observed.steps)]
    width = min(_WIDEST, max(map(cells, texts)))
    yield _row(texts[0], "", job.place, width, style)
    for text, step in zip(texts[1:], observed.steps, strict=True):
        colour = Status.UNDEFINED if step.excused else step.status
        yield _row(text, duration(step.seconds), step.place, width, style, status=colour)
        yield from (style.status(colour, f"      {harmless(line)}") for line in step.planned.below)
        yield from (style.comment(f"      {harmless(line)}") for line in step.shown)
        if verbose:
            yield from (style.comment(f"      {line}") for line in _measured(step))
        if step.trouble is not None:
            yield from _trouble("warning" if step.excused else step.trouble.cause.word, step.trouble, style, colour)
        if step.because:
            yield style.status(colour, f"      {one_line(step.because, _DETAIL)}")
    if observed.trouble is not None and observed.bad_step is None:
        yield from _trouble(why(observed), observed.trouble, style, Status.FAILED)
    if observed.evidence:
        yield f"    evidence: {observed.evidence}"
    for warning in observed.warnings:
        if warning.code == SOFT:
            continue  # it stands below its step
        yield style.undefined(f"    warning: {warning.message} ({warning.code})")
    if observed.ran and (seen := _seen(observed)):
        yield style.comment(f"    page: {seen}")
    if not kind_of(job.kind).sums_up and observed.readings:
        yield from _wrapped(f"{r.type}-{r.type_instance} {r.value:.6g}" for r in observed.readings)
    yield ""


_VITALS = {"ttfb": "first byte", "fcp": "first content", "lcp": "largest content", "inp": "slowest click"}

_COUNTED = {("count", "requests"), ("count", "failing_requests"), ("count", "console_errors"), ("bytes", "transferred")}


def _seen(observed: Observation) -> str:
    """The measurements of a browser with scripts on the run's pages: the worst vitals, and the number of requests."""
    read = {(r.type, r.type_instance): r.value for r in observed.readings}
    vitals = [
        f"{words} {duration(read['duration', name])}" for name, words in _VITALS.items() if ("duration", name) in read
    ]
    if not read.keys() >= _COUNTED:  # an own step may send one of them
        return ""
    requests = plural(int(read["count", "requests"]), "request")
    failing, errors = int(read["count", "failing_requests"]), int(read["count", "console_errors"])
    counted = [requests, f"{failing} failed" if failing else "", plural(errors, "error") if errors else ""]
    size = f"{read['bytes', 'transferred'] / 1000:.0f} kB"
    return ", ".join([*vitals, *filter(None, counted), size])


def why(observed: Observation) -> str:
    """The cause of a run that did not pass, in a word; its status where it has none."""
    return observed.status if observed.cause is Cause.NONE else observed.cause.word


def _head(story: Story) -> Iterator[str]:
    yield harmless(story.feature)
    yield from (f"  {harmless(line)}".rstrip() for line in story.description)
    yield ""


def _text(step: StepResult) -> str:
    return harmless(f"{step.planned.keyword} {step.name}".lstrip())


def _row(text: str, time: str, place: Place, width: int, style: Style, *, status: Status | None = None) -> str:
    painted = style.status(status, text) if status else text
    padding = " " * max(0, width - cells(text))
    comment = f"  # {harmless(str(place))}" if place else ""
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
    if step.network is not None:
        yield f"network {duration(step.network)}"
    if step.phases:
        phases = ", ".join(f"{phase} {duration(seconds)}" for phase, seconds in step.phases.items())
        code = f"status {step.response_code}, " if step.response_code is not None else ""
        yield f"{code}{step.bytes or 0} bytes: {phases}"


def summary(observations: Sequence[Observation], style: Style) -> str:
    """Cucumber's summary: which scenarios are bad, how many of each status, and the time it took."""
    steps = [step for o in observations for step in o.steps]
    elapsed = sum(o.elapsed for o in observations)
    total = sum(step.seconds or 0.0 for step in steps)
    lines = [
        *_bad_scenarios(observations, style),
        _counted(noun_of(observations), [o.status for o in observations], style),
        _counted("step", [step.status for step in steps], style, excused=sum(step.excused for step in steps)),
        f"{int(elapsed // 60)}m{elapsed % 60:.3f}s"
        + (f", of which {_whose(observations)} {duration(total)}" if total else ""),
    ]
    return "\n".join(lines)


def _whose(observations: Sequence[Observation]) -> str:
    """The meaning of the steps' times, in words."""
    engines = (o.job.engine or ReplayEngine.PLAIN for o in observations)
    return next((one for one in engines if one is not ReplayEngine.PLAIN), ReplayEngine.PLAIN).measures


def _bad_scenarios(observations: Sequence[Observation], style: Style) -> Iterator[str]:
    bad = [o for o in observations if not o.passed]
    if bad:
        yield f"Bad {noun_of(observations)}s:"
        for o in bad:
            yield style.failed(harmless(str(o.job.place) or f"{o.job.kind}/{o.job.instance}")) + style.comment(
                _title(o.job)
            )
        yield ""


def noun_of(observations: Sequence[Observation]) -> str:
    """The noun for *observations*: their kinds' own, or jobs."""
    nouns = {kind_of(o.job.kind).noun for o in observations} or {KINDS[0].noun}
    return nouns.pop() if len(nouns) == 1 else "job"


def _title(job: Job) -> str:
    title = job.story.scenario if job.story else job.scenario
    return f"  # {harmless(title)}" if title else ""


def _counted(noun: str, statuses: Sequence[Status], style: Style, *, excused: int = 0) -> str:
    counts = Counter(statuses)
    counts[Status.FAILED] -= excused
    parts = [style.status(s, f"{counts[s]} {s}") for s in _ORDER if counts[s]]
    parts += [style.undefined(f"{excused} warned")] if excused else []
    return plural(len(statuses), noun) + (f" ({', '.join(parts)})" if parts else "")
