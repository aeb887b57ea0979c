"""The end of ``run --repeat``: a table of each step's latencies."""

from __future__ import annotations

from collections.abc import Sequence

from collectd_inode.model import Observation, Place, Status, StepResult
from collectd_inode.report.notification import one_line
from collectd_inode.report.statistics import FAILED, NOT_REACHED, sparkline, spread
from collectd_inode.report.style import Style
from collectd_inode.words import duration, plural, shortened

_COLUMNS = ("min", "median", "p95", "max")
_NAME_WIDTH = 44


def repeated(observations: Sequence[Observation], style: Style) -> str:
    """For each scenario: runs and failures; for each step that uses the network: min, median, p95, max, sparkline."""
    scenarios: dict[tuple[str, Place], list[Observation]] = {}
    for o in observations:
        scenarios.setdefault((o.job.instance, o.job.place), []).append(o)
    return "\n\n".join("\n".join(_scenario(runs, style)) for runs in scenarios.values())


def _scenario(runs: Sequence[Observation], style: Style) -> list[str]:
    bad = [run for run in runs if not run.passed]
    verdict = (
        style.failed(f"{len(bad)} of {plural(len(runs), 'run')} bad")
        if bad
        else f"{plural(len(runs), 'run')}, all passed"
    )
    lines = [f"{runs[0].job.scenario or runs[0].job.name}: {verdict}"]
    if bad:
        lines.append(style.failed(f"  first: {bad[0].cause.word}: {one_line(bad[0].message)}"))
    lines.append(f"  {'':{_NAME_WIDTH}}" + "".join(f"{name:>11}" for name in _COLUMNS))
    for index, step in enumerate(runs[0].steps):
        latencies = [_latency(run.steps[index]) for run in runs]
        found = spread([seconds for seconds in latencies if isinstance(seconds, float)])
        if found is not None or FAILED in latencies:
            numbers = (found.least, found.median, found.p95, found.most) if found else (None,) * 4
            name = shortened(step.name, _NAME_WIDTH)
            row = "".join(f"{duration(n) or '–':>11}" for n in numbers)
            lines.append(f"  {name:{_NAME_WIDTH}}{row}  {sparkline(latencies)}")
    return lines


def _latency(step: StepResult) -> float | str:
    """The step's latency, or the mark that a sparkline shows in its place."""
    if step.status is Status.PASSED:
        return NOT_REACHED if step.seconds is None else step.seconds
    return NOT_REACHED if step.status is Status.SKIPPED else FAILED
