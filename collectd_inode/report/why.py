"""An explanation → the page of ``collectd-inode why``: one screen, this side first.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from collectd_inode.report.explanation import Change, ComparedStep, Explanation, moment
from collectd_inode.report.record import Record
from collectd_inode.report.style import Style
from collectd_inode.report.unusual import HostSeries, Left
from collectd_inode.words import blanked, cut_at_word, duration, plural, shortened, span

_MOST_STEPS, _MOST_CHANGES, _MOST_SERIES = 12, 10, 10
"""Lines of each part."""
_NAME = 44
_WIDTH = 110
_NOTHING = "nothing: the same feature, configuration, version, collectd and boot"


@dataclass(frozen=True, slots=True)
class Asked:
    """A job in question: its record, its history's explanation, its host's series, and the time.

    ``notes``: sentences about data that could not be read.
    """

    record: Record
    found: Explanation
    host: HostSeries | None
    now: float
    notes: Sequence[str] = ()


def page(asked: Asked, style: Style) -> Iterator[str]:
    """The page of one job."""
    found = asked.found
    yield from _head(asked, style)
    if found.bad is not None:
        yield ""
        yield "changed here between the two runs:"
        yield from _changes(found.ours, _NOTHING if found.good else "not known: there is no good run in the history")
    if found.steps:
        yield ""
        yield from _steps(asked, style)
    if found.bad is not None:
        yield ""
        yield "changed on the other side:"
        yield from _changes(found.theirs, "nothing that is looked at" if found.good else "not known")
        yield ""
        yield from _host(asked)
    yield from (f"note: {note}" for note in asked.notes)


def _head(asked: Asked, style: Style) -> Iterator[str]:
    record, found, now = asked.record, asked.found, asked.now
    name = f"{record.host}/{record.kind}/{record.instance}".removeprefix("/")
    stale = record.stale(now)
    said = f"stale: {record.status} at the last run" if stale else record.status
    since = record.time if stale else record.since
    yield style.status(record.status, f"{name}: {said}{'' if stale else ' since'} {_when(since, now)}")
    bad = found.bad
    if bad is None:
        yield _row("history", f"no bad run in {plural(found.runs + 1, 'run')}" if found.good else "no run is known")
        return
    if record.passed:
        ended = f" until {moment(found.over.time)}" if found.over is not None else ""
        yield _row("last outage", f"from {moment(bad.time)}{ended}")
    step = bad.setting.steps[bad.bad][1] if bad.bad is not None and bad.bad < len(bad.setting.steps) else ""
    if step:
        yield _row("step", step)
    yield _row("cause", bad.cause)
    yield _row("message", bad.message)
    if bad.found and bad.found not in bad.message:
        yield _row("found", bad.found)
    if not record.passed and record.message and record.message != bad.message:
        yield _row("now", f"{record.cause}: {record.message}")
    yield _row("bad run", _when(bad.time, now))
    good = found.good
    yield _row("good run", _when(good.time, now) if good is not None else "none in the history")
    if record.evidence and not record.passed:
        yield _row("evidence", record.evidence)


def _row(name: str, text: str) -> str:
    return f"  {f'{name}:':12} {cut_at_word(blanked(text), _WIDTH * 2)}"


def _changes(changes: Sequence[Change], none: str) -> Iterator[str]:
    if not changes:
        yield f"  {none}"
    for change in changes[:_MOST_CHANGES]:
        told = f"{blanked(change.before)} → {blanked(change.after)}"
        yield f"  {blanked(change.what)}: {shortened(told, 2 * _WIDTH)}"
    if len(changes) > _MOST_CHANGES:
        yield f"  and {plural(len(changes) - _MOST_CHANGES, 'other')}"


def _steps(asked: Asked, style: Style) -> Iterator[str]:
    found = asked.found
    width = min(_NAME, max(len(shortened(blanked(step.name), _NAME)) for step in found.steps))
    which = "this run" if found.bad is None else "bad run"
    heads = " ".join(f"{head:>9}" for head in ("median", "95 %", "good run", which))
    yield f"{'steps':{width + 2}}  {heads}   (median and 95 % of {plural(found.runs, 'good run')} within a day)"
    shown = _telling(found.steps)
    for step in shown:
        line = f"  {shortened(blanked(step.name), _NAME):{width}}  {_numbers(step)}"
        yield style.failed(line) if step.ended else line
        if step.ended or _is_slow(step):
            yield from _phases(step, width)
    if len(shown) < len(found.steps):
        yield f"  and {plural(len(found.steps) - len(shown), 'other')}"


def _telling(steps: Sequence[ComparedStep]) -> Sequence[ComparedStep]:
    """Around the one that ended the run."""
    ended = next((number for number, step in enumerate(steps) if step.ended), 0)
    first = max(0, min(ended - _MOST_STEPS + 3, len(steps) - _MOST_STEPS))
    return steps[first : first + _MOST_STEPS]


def _numbers(step: ComparedStep) -> str:
    usual = (step.usual.median, step.usual.p95) if step.usual is not None else (None, None)
    last = duration(step.seconds) or ("failed" if step.ended else "–" if step.reached else "skipped")
    return " ".join(f"{duration(seconds) or '–':>9}" for seconds in (*usual, step.good)) + f" {last:>9}"


def _is_slow(step: ComparedStep) -> bool:
    return step.usual is not None and step.seconds is not None and step.seconds > 2 * step.usual.p95


def _phases(step: ComparedStep, width: int) -> Iterator[str]:
    parts = []
    for phase, seconds in step.phases.items():
        usual = step.usual_phases.get(phase)
        known = f" (usually {duration(usual.median)}, 95 % {duration(usual.p95)})" if usual is not None else ""
        parts.append(f"{phase.value} {duration(seconds)}{known}")
    if parts:
        yield f"    {', '.join(parts)}"


def _host(asked: Asked) -> Iterator[str]:
    host = asked.host
    if host is None:
        yield "this host: not looked at"
        return
    span_ = f"{_clock(host.minutes.start)} to {_clock(host.minutes.end)}"
    behind = host.until < host.minutes.end - 60
    if not host.judged:
        yield f"this host, {span_}: not known{_why_not_known(host)}"
    else:
        yield from _judged(host, span_)
        if behind:
            yield f"  there is data until {_clock(host.until)} only"
    if host.unread:
        yield f"  {plural(host.unread, 'file')} could not be read, or not in time"


def _why_not_known(host: HostSeries) -> str:
    if host.until > host.minutes.start:
        return "; there are too few values of the time before to compare with"
    return f"; there is data until {_clock(host.until)}" if host.until else ""


def _judged(host: HostSeries, span_: str) -> Iterator[str]:
    if not host.left:
        yield f"this host, {span_}: nothing else on this host changed ({host.judged} series kept their usual range)"
        return
    length = span(host.minutes.length)
    ordinary = f"in an ordinary {length} {_count(host.ordinary)} do"
    if host.base_rate is None:
        ordinary = f"how many do in an ordinary {length} is not known yet"
    yield f"this host, {span_}: {len(host.left)} of {host.judged} series left their usual range; {ordinary}"
    width = max(len(left.series) for left in host.left[:_MOST_SERIES])
    yield from (f"  {left.series:{min(width, 60)}}  {_left(left)}" for left in host.left[:_MOST_SERIES])
    if len(host.left) > _MOST_SERIES:
        yield f"  and {plural(len(host.left) - _MOST_SERIES, 'other')}"
    yield "  That they changed at the same time does not make them the cause."


def _count(ordinary: float) -> str:
    return f"{ordinary:.0f}" if ordinary >= 10 else f"{ordinary:.1f}"


def _left(left: Left) -> str:
    return f"{_short(left.before)} → {_short(left.after)}, since {_clock(left.since)}"


_THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def _short(value: float) -> str:
    """A number in a few characters: ``71``, ``581.6 k``."""
    size, unit = next((row for row in _THOUSANDS if abs(value) >= 10 * row[0]), (1.0, ""))
    return f"{value / size:.4g} {unit}".rstrip()


def _clock(time: float) -> str:
    return f"{datetime.fromtimestamp(time):%H:%M}"


def _when(then: float, now: float) -> str:
    return f"{moment(then)} ({span(max(0.0, now - then))} ago)"
