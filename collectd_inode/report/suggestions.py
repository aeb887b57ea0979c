"""The values of a series in a month → a limit for it, and the number of times it would have been exceeded.  Pure.

By the largest values, not by averages: an average of half an hour hides what a limit is to bound.  Values of a job that
failed are left out; failures are reported elsewhere, and a deadline is no latency.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, pairwise

from collectd_inode.report.statistics import percentile
from collectd_inode.report.unusual import Points
from collectd_inode.words import blanked, in_quotes, plural, span

TYPES = ("response_time", "latency", "delay")
"""Of these a limit is suggested: seconds, of which more is worse."""
ROOM = 1.5
"""The limit, as a multiple of the 99th percentile."""
FEWEST = 20
"""The least number of points for a limit."""
_GOOD = 0.999


@dataclass(frozen=True, slots=True)
class ThresholdSeries:
    """A series by its parts, and its name for people; ``host`` as a threshold has to name it, ``instance`` always."""

    plugin: str
    plugin_instance: str
    type: str
    type_instance: str
    name: str
    host: str = ""
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A limit, and the data behind it.

    ``count`` points, each the largest value of ``step`` seconds, and ``left_out`` ones from outages; the limit is None
    where there are too few.  ``alarms``: how many times in a row of points the series was above it.
    """

    series: ThresholdSeries
    count: int
    left_out: int
    step: float
    median: float = 0.0
    p99: float = 0.0
    most: float = 0.0
    limit: float | None = None
    alarms: int = 0


def suggest(series: ThresholdSeries, most: Points, success: Points) -> Suggestion:
    """A limit for *series*, by its largest values and the least values of ``bool-success`` in the same time."""
    step = min((b[0] - a[0] for a, b in pairwise(most)), default=0.0)
    bad = {time for time, value in success if value < _GOOD}
    # Where both are of the same archives, as with collectd, they have the same times.
    good = [(time, value) for time, value in most if time not in bad]
    left_out = len(most) - len(good)
    if len(good) < FEWEST:
        return Suggestion(series, len(good), left_out, step)
    numbers = [value for _, value in good]
    p99 = percentile(numbers, 99)
    limit = two_digits(ROOM * p99)
    above = sum(1 for exceeds, _ in groupby(good, lambda point: point[1] > limit) if exceeds)
    return Suggestion(series, len(good), left_out, step, percentile(numbers, 50), p99, max(numbers), limit, above)


def two_digits(number: float) -> float:
    """*number*, rounded up to two significant digits; nothing below a microsecond."""
    number = max(number, 1e-6)
    exponent = math.floor(math.log10(number)) - 1
    # Not 1.2000000000000002: what is hardly more than two digits has two.
    digits = math.ceil(round(number / 10.0**exponent, 6))
    return float(f"{digits}e{exponent}")


def written(number: float) -> str:
    """*number* without an exponent."""
    return f"{number:.8f}".rstrip("0").rstrip(".")


@dataclass(frozen=True, slots=True)
class Period:
    """The period examined: its length in seconds, and its end."""

    seconds: float
    until: float


def collectd(suggestions: Iterable[Suggestion], looked: Period) -> Iterator[str]:
    """A ``<Plugin threshold>`` with a limit for each, to be read, changed and pasted."""
    yield from _comment(looked, "Interesting false: a run that failed sends no latency, which is no alarm of its own.")
    yield "LoadPlugin threshold"
    yield "<Plugin threshold>"
    for host, of_host in groupby(suggestions, lambda one: one.series.host):
        indent = "  "
        if host:
            yield f"  <Host {in_quotes(host)}>"
            indent = "    "
        yield from (indent + line for line in _plugins(list(of_host), looked))
        if host:
            yield "  </Host>"
    yield "</Plugin>"


def _comment(looked: Period, *more: str) -> Iterator[str]:
    until = f"{datetime.fromtimestamp(looked.until):%Y-%m-%d %H:%M}"
    yield f"# Limits from the MAX archives of {span(looked.seconds)} up to {until}, outages left out."
    yield f"# A limit is {ROOM:g} times the 99th percentile of these largest values.  Read, change, then paste."
    yield from (f"# {line}" for line in more)


def _plugins(suggestions: Sequence[Suggestion], looked: Period) -> Iterator[str]:
    for (plugin, instance), group in groupby(suggestions, lambda one: (one.series.plugin, one.series.plugin_instance)):
        yield f"<Plugin {in_quotes(plugin)}>"
        yield f"  Instance {in_quotes(instance)}"
        for one in group:
            yield f"  # {sentence(one, looked)}"
            if one.limit is not None:
                yield f'  <Type "{one.series.type}">'
                yield f"    Instance {in_quotes(one.series.type_instance)}"
                yield f"    WarningMax {written(one.limit)}"
                yield "    Interesting false"
                yield "  </Type>"
        yield "</Plugin>"


def sentence(one: Suggestion, looked: Period) -> str:
    """The data behind a limit: ``I go to "/": n 1206, p50 0.12 s, p99 0.68 s, max 3.99 s; …``."""
    left_out = f", {one.left_out} left out" if one.left_out else ""
    name = blanked(one.series.name)
    if one.limit is None:
        return f"{name}: n {one.count}{left_out}: too few for a limit; a shorter --last has finer ones"
    numbers = f"p50 {_digits(one.median)} s, p99 {_digits(one.p99)} s, max {_digits(one.most)} s"
    alarms = f"would have alarmed {plural(one.alarms, 'time')} in {span(looked.seconds)}"
    return f"{name}: n {one.count} of {span(one.step)} each{left_out}, {numbers}; {alarms}"


def _digits(number: float) -> str:
    return written(float(f"{number:.3g}"))


def prometheus(suggestions: Iterable[Suggestion], looked: Period) -> Iterator[str]:
    """A rule file with an alert for each."""
    found = list(suggestions)
    yield from _comment(looked)
    limited = [one for one in found if one.limit is not None]
    yield from (f"# {one.series.plugin_instance}: {sentence(one, looked)}" for one in found if one.limit is None)
    yield "groups:"
    yield "  - name: collectd_inode_limits"
    yield "    rules:" if limited else "    rules: []"
    for one in limited:
        series = one.series
        labels = {"instance": series.instance, series.plugin: series.plugin_instance, "type": series.type_instance}
        told = ",".join(f'{label}="{value}"' for label, value in labels.items())
        metric = f"collectd_{series.plugin}_{series.type}{{{told}}}"
        name = f"{series.plugin_instance}: {series.name}".replace("{{", "{ {")
        yield f"      # {sentence(one, looked)}"
        yield "      - alert: InodeSlow"
        yield f"        expr: '{metric} > {written(one.limit or 0.0)}'"
        # Rules of one name and the same labels are duplicates to promtool.
        which = f"{series.plugin}-{series.plugin_instance}/{series.type}-{series.type_instance}"
        yield f"        labels: {{severity: warning, series: {_yaml(which)}}}"
        summary = f"{blanked(name)} took more than {written(one.limit or 0.0)} s"
        yield f"        annotations: {{summary: {_yaml(summary)}}}"


def _yaml(text: str) -> str:
    """*text* between quotes, in which YAML knows no escapes."""
    return "'" + text.replace("'", "''") + "'"
