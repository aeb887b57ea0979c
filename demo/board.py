"""Values as they arrive: a line an interval, a column a block of the configuration.  Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from collectd_inode.model import Job
from collectd_inode.report.overview import JobState
from demo.tables import milliseconds
from demo.values import SUCCESS, WARNINGS, Run

SERIES = (SUCCESS, WARNINGS, "latency-total", "time_offset-consensus")
"""What is shown: a run's latency, or what the time servers agree on; and how it went."""
LEGEND = (
    f"Milliseconds (of two scenarios the slower one).  {JobState.PASSED.mark} passed, {JobState.WARNED.mark} passed "
    f"with a warning, {JobState.FAILED.mark} failed."
)
_NUMBERS = SERIES[2:]
_WIDTH = 10
_NOTHING = "·"


@dataclass(frozen=True, slots=True)
class Cell:
    """What a block's runs of one interval were like: a number if there is one, and how they went."""

    text: str = _NOTHING
    state: JobState = JobState.PASSED

    def padded(self) -> str:
        """The number, and a sign if it did not simply pass."""
        mark = " " if self.state is JobState.PASSED and self.text else self.state.mark
        return f"{self.text} {mark}".rjust(_WIDTH)


@dataclass(slots=True)
class Board:
    """Which lines can be shown, and which were; a line can be shown when every job has a run of it, or a later one.

    Jobs that run less often than there are lines are not waited for: a run of theirs is in the line that follows it.
    """

    jobs: Sequence[Job]
    interval: float
    _complete: int = 0
    _shown: int = 0
    _seen: dict[str, float] = field(default_factory=dict)
    """The time of the last run that was shown of a job that runs less often."""

    @property
    def blocks(self) -> list[tuple[str, str]]:
        """Kind and name of each block, which may have several scenarios."""
        return list(dict.fromkeys((job.kind, job.name) for job in self.jobs))

    def heading(self) -> list[str]:
        """The two lines above: what each column is."""
        kinds, names = zip(*self.blocks, strict=True)
        return [f"{'':8}{''.join(f'{word:>{_WIDTH - 2}}  ' for word in words)}".rstrip() for words in (kinds, names)]

    def lines(self, runs: Mapping[str, Sequence[Run]]) -> Iterator[tuple[float, list[Cell]]]:
        """New lines: the time at which an interval began, and a cell a block.  *runs* by the jobs' instances.

        A run's values arrive one after the other: so a line is shown at the look after the one that finds it complete.
        """
        windows = {instance: self._windows(found) for instance, found in runs.items()}
        often = [job for job in self.jobs if job.interval <= self.interval]
        if not all(windows.get(job.instance) for job in often):
            return
        first = min(min(windows[job.instance]) for job in often)
        for window in range(max(first, self._shown + 1), self._complete + 1):
            self._shown = window
            yield window * self.interval, [self._cell(block, windows, window) for block in self.blocks]
        self._complete = min(max(windows[job.instance]) for job in often)

    def _windows(self, runs: Sequence[Run]) -> dict[int, Run]:
        return {math.floor(run.time / self.interval): run for run in runs}

    def _cell(self, block: tuple[str, str], windows: Mapping[str, Mapping[int, Run]], window: int) -> Cell:
        of_block = [job for job in self.jobs if (job.kind, job.name) == block]
        return cell([run for job in of_block for run in self._runs(job, windows[job.instance], window)])

    def _runs(self, job: Job, runs: Mapping[int, Run], window: int) -> list[Run]:
        """The run of *job* that a line shows, if there is one."""
        if job.interval <= self.interval:
            return [runs[window]] if window in runs else []
        new = [
            run for when, run in sorted(runs.items()) if when <= window and run.time > self._seen.get(job.instance, 0)
        ]
        if new:
            self._seen[job.instance] = new[-1].time
        return new[-1:]


def cell(runs: Sequence[Run]) -> Cell:
    """One block's runs in one interval."""
    if not runs:
        return Cell()
    if not all(run.passed for run in runs):
        return Cell("", JobState.FAILED)
    numbers = [run.values[series] for run in runs for series in _NUMBERS if series in run.values]
    text = milliseconds(max(numbers)) if numbers else ""
    return Cell(text, JobState.WARNED if any(run.warned for run in runs) else JobState.PASSED)
