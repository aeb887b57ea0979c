"""scripts/soak: what it finds wrong, and a short soak in a real collectd."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks.soak import CHROMIUM, MIX, ONE_IN, WARM, Look, Planned, Soaked, Tree, grown, judged
from collectd_inode.model import Cause, Door
from tests.helpers.collectd_process import CLEAN, HOST, Sent
from tests.helpers.places import ROOT

HEALTHY, HOSTILE = Planned("", "scenario-a-a", healthy=True), Planned("", "scenario-b-b", healthy=False)
SLOTS = (10.0, 20.0, 30.0)


def value(identity: str, time: float, number: float) -> Sent:
    return Sent(HOST, identity, time, 10.0, number)


def told(job: Planned, time: float, success: float, cause: Cause) -> list[Sent]:
    return [value(f"{job.identity}/bool-success", time, success), value(f"{job.identity}/gauge-cause", time, cause)]


FINE = [one for time in SLOTS for one in told(HEALTHY, time, 1.0, Cause.NONE)]
BAD = [one for time in SLOTS for one in told(HOSTILE, time, 0.0, Cause.TIMEOUT)]
LOOKS = [Look(50.0, 20, 16)] * (WARM + 10)
GOOD = Soaked([HEALTHY, HOSTILE], 10.0, 35.0, [*FINE, *BAD], LOOKS, [8] * (WARM + 10), ["started"], 1.0)


LIVE = Planned("", "scenario-c-c", healthy=True, door=Door.EXEC)
BROWSED = replace(
    GOOD,
    jobs=[*GOOD.jobs, LIVE],
    values=[*FINE, *BAD, *told(LIVE, 12.0, 1.0, Cause.NONE)],
    programs=[Look(40.0, 12, 8)] * (WARM + 10),
    trees=[Tree(300.0, 6)] * (WARM + 10),
)


def looks(mib: list[float]) -> list[Look]:
    return [Look(0.0, 20, 16)] * WARM + [Look(one, 20, 16) for one in mib]


def test_what_is_good_is_told_in_figures() -> None:
    """And nothing is wrong."""
    verdict = judged(GOOD)
    assert verdict.wrong == []
    assert verdict.figures == [
        "verdicts: 6 of 6 due; 0 runs were counted as late",
        "causes: none 3, timeout 3",
        "values: 12",
        "memory (MiB): 50 at most; 50 in the first half, 50 in the second (+0.00 a minute)",
        "descriptors: 20 at most; 20 in the first half, 20 in the second (+0.00 a minute)",
        "threads: 16 at most; 16 in the first half, 16 in the second (+0.00 a minute)",
        "tasks: 8 at most; 8 in the first half, 8 in the second (+0.00 a minute)",
        "log: 1 lines, 72 at most",
        "stop: 1.0 s",
    ]


def test_jobs_in_chromium_have_longer_intervals_and_more_figures() -> None:
    """Their slots are three intervals apart; their process and the browser's are looked at, too."""
    verdict = judged(BROWSED)
    assert verdict.wrong == []
    assert verdict.figures[0] == "verdicts: 7 of 7 due; 0 runs were counted as late"
    assert verdict.figures[7:12] == [
        "exec: memory (MiB): 40 at most; 40 in the first half, 40 in the second (+0.00 a minute)",
        "exec: descriptors: 12 at most; 12 in the first half, 12 in the second (+0.00 a minute)",
        "exec: threads: 8 at most; 8 in the first half, 8 in the second (+0.00 a minute)",
        "the browser's memory (MiB): 300 at most; 300 in the first half, 300 in the second (+0.00 a minute)",
        "the browser's processes: 6 at most; 6 in the first half, 6 in the second (+0.00 a minute)",
    ]


MISSING = "1 verdicts are missing and 0 were counted as late; most of {}"


@pytest.mark.parametrize(
    ("soaked", "wrong"),
    [
        (replace(GOOD, values=[*FINE[:2], *FINE[4:], *BAD]), MISSING.format("scenario-a-a 1")),
        (replace(GOOD, values=[*FINE[4:], *BAD]), MISSING.replace("1 v", "2 v").format("scenario-a-a 2")),
        (replace(GOOD, values=FINE), MISSING.replace("1 v", "3 v").format("scenario-b-b 3")),
        (replace(GOOD, values=[*FINE[:4], *BAD, *told(HEALTHY, 30.0, 0.0, Cause.CONNECT)]),
            "scenario-a-a: its peer is healthy and was told bad 1 of 3 times: {'none': 2, 'connect': 1}"),
        (replace(GOOD, values=[*FINE, *BAD[:4], *told(HOSTILE, 30.0, 1.0, Cause.NONE)]),
            "scenario-b-b: its peer is hostile and was told good 1 of 3 times: {'timeout': 2, 'none': 1}"),
        (replace(GOOD, values=[*FINE, *BAD[:4], *told(HOSTILE, 30.0, 0.0, Cause.ERROR)]),
            "scenario-b-b: cause “error” 1 times"),
        (replace(GOOD, looks=looks([50.0] * 5 + [80.0] * 5)), "memory (MiB): grew from 50 to 80"),
        (replace(GOOD, looks=looks([401.0] * 10)), "memory (MiB): 401; 400 at most were expected"),
        (replace(GOOD, looks=[*LOOKS[:-5], *[Look(50.0, 90, 16)] * 5]), "descriptors: grew from 20 to 90"),
        (replace(GOOD, looks=[*LOOKS[:-5], *[Look(50.0, 20, 40)] * 5]), "threads: grew from 16 to 40"),
        (replace(GOOD, tasks=[*[8] * (WARM + 5), *[50] * 5]), "tasks: grew from 8 to 50"),
        (replace(BROWSED, until=45.0, values=[*FINE, *BAD, *told(LIVE, 12.0, 1.0, Cause.NONE)]),
            MISSING.replace("1 v", "2 v").format("scenario-a-a 1, scenario-b-b 1")),
        (replace(BROWSED, programs=[*BROWSED.programs[:-5], *[Look(90.0, 12, 8)] * 5]),
            "exec: memory (MiB): grew from 40 to 90"),
        (replace(BROWSED, trees=[*BROWSED.trees[:-5], *[Tree(600.0, 6)] * 5]),
            "the browser's memory (MiB): grew from 300 to 600"),
        (replace(BROWSED, trees=[*BROWSED.trees[:-5], *[Tree(300.0, 36)] * 5]),
            "the browser's processes: grew from 6 to 36"),
        (replace(BROWSED, trees=[Tree(1501.0, 6)] * (WARM + 10)),
            "the browser's memory (MiB): 1501; 1500 at most were expected"),
        (replace(BROWSED, left=2), "2 processes of the browser were left after the stop"),
        (replace(GOOD, log=["x"] * 73), "the log has 73 lines; 72 at most were expected"),
        (replace(GOOD, log=["Traceback (most recent call last):"]), "log: Traceback (most recent call last):"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(soaked: Soaked, wrong: str) -> None:
    """Each check finds its own fault, and no other does."""
    assert judged(soaked).wrong == [wrong]


def test_a_run_that_a_busy_machine_leaves_out_is_counted_not_missing() -> None:
    """The daemon says itself how many were late."""
    late = value("inode_probe/count-late", 60.0, 1.0)
    verdict = judged(replace(GOOD, values=[*FINE[:2], *FINE[4:], *BAD, late]))
    assert verdict.wrong == []
    assert verdict.figures[0] == "verdicts: 5 of 6 due; 1 runs were counted as late"


def test_what_is_too_short_says_so() -> None:
    """The warm looks are compared with nothing."""
    verdict = judged(replace(GOOD, looks=LOOKS[:WARM], tasks=[]))
    assert verdict.wrong == []
    assert "memory (MiB): 50 at most; too short to see growth" in verdict.figures
    assert grown([1.0, 2.0, 3.0]) is None


def test_a_slope_is_told_by_the_minute() -> None:
    """A look every five seconds, a MiB more each time."""
    assert str(grown([10.0, 11.0, 12.0, 13.0])) == "10 in the first half, 12 in the second (+12.00 a minute)"


@pytest.mark.slow
def test_two_minutes_with_the_whole_mix() -> None:
    """Each job of the mix once, pages in Chromium too: healthy jobs lose nothing beside the others, nothing grows."""
    jobs = len(MIX) + len(CHROMIUM)
    assert jobs // ONE_IN == len(CHROMIUM)
    done = subprocess.run(
        ["/bin/sh", "scripts/soak", "2", str(jobs)],
        cwd=ROOT,
        env={**CLEAN, **{name: os.environ[name] for name in ("PIP_CERT", "PIP_INDEX_URL") if name in os.environ}},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("\nnothing is wrong\n")


def test_words_that_make_no_sense_are_a_usage_error() -> None:
    """Before anything is started."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "0"],
        cwd=ROOT, env=CLEAN, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.endswith("scripts/soak: error: MINUTES, JOBS and SECONDS must be above zero\n")
