"""What many scenarios a minute cost on paper, and which part gives way first: ``sh benchmarks/simulate``.

The cost of a step, a job and a value is measured elsewhere (each figure names where, and is an option); the limits of
the stores are their projects' or users' own.  When jobs run is told by the schedule's own code, for so many jobs as
one collectd has: is there a second in which too many of them run?
"""

from __future__ import annotations

import argparse
import math
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmarks.tools import numbers
from collectd_inode.model import Job
from collectd_inode.schedule import first_run, slot_offset

MINUTE = 60.0
DAY = 86400.0
KIB, MIB, GB, TB = 1024, 1024**2, 1e9, 1e12


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, what it is of, and where it is from."""

    name: str
    value: float
    about: str
    source: str


COSTS = (
    Figure("steps", 5, "steps of a scenario", "benchmarks/scale: a page, two links, two texts"),
    Figure(
        "ms-step", 0.63, "ms of processor time a step, its share of the run included", "benchmarks/README.rst, scale"
    ),
    Figure("busy", 0.5, "of a core that a collectd may use", "benchmarks/README.rst, scale: the rest is for bursts"),
    Figure("mib-collectd", 45, "MiB of a collectd with the plugin and no job", "benchmarks/README.rst, scale"),
    Figure("kib-scenario", 25, "KiB of memory a scenario", "benchmarks/README.rst, scale"),
    Figure("values", 16, "values a run", "collectd-inode series: three of the five steps navigate"),
    Figure("bytes-value", 46, "bytes a value on the wire, encrypted", "scripts/fleet-drill: 154 225 of 3 360 values"),
)
LIMITS = (
    Figure("hub", 150_000, "values/s: one hub's network plugin, which dispatches in one thread",
        "github.com/collectd/collectd/pull/3492: 6 000 packets/s"),
    Figure("rrd", 80, "updates/s of RRD files on a spinning disk, without a cache",
        "collectd.conf(5), WritesPerSecond: 25 to 80"),
    Figure("rrdcached", 39_200, "values/s with rrdcached: 80 updates/s of 490 values each",
        "github.com/collectd/collectd/wiki/Plugin-RRDCacheD"),
    Figure("carbon", 50_000, "values/s: a Graphite on one machine at its limit",
        "medium.com/teads-engineering, Scaling Graphite in a cloud environment, 2019"),
    Figure("prometheus", 1_000_000, "samples/s: one large Prometheus",
        "training.promlabs.com; 380 000 on 8 cores and 32 GB: percona.com/blog/2018/09/20"),
)  # fmt: skip
DISK = (
    Figure("rrd-bytes", 162_000, "bytes a series, from the first value on", "docs/explanation/limits.rst"),
    Figure("whisper-bytes", 12, "bytes a value, reserved for the whole retention", "graphite.readthedocs.io, Whisper"),
    Figure("prometheus-bytes", 2, "bytes a sample", "prometheus.io/docs, Storage: 1 to 2"),
    Figure("days", 365, "days that values are kept", "choose"),
)
FIGURES = (*COSTS, *LIMITS, *DISK)


@dataclass(frozen=True, slots=True)
class Need:
    """What so many scenarios a minute take."""

    scenarios: int
    cores: float
    collectds: int
    memory: float
    """Bytes, of all collectds."""
    values: float
    """A second."""
    bits: float
    """A second, to the hub."""
    disk: dict[str, float]
    """Store → bytes."""
    gives_way: tuple[str, ...]
    """The limits that are passed, the nearest first, with how often over."""


def need(scenarios: int, figures: dict[str, float]) -> Need:
    """The arithmetic; one run a minute of each scenario."""
    f = figures
    cores = scenarios * f["steps"] * f["ms-step"] / 1000 / MINUTE
    collectds = max(1, math.ceil(cores / f["busy"]))
    series = scenarios * f["values"]
    values = series / MINUTE
    kept = f["days"] * DAY / MINUTE
    over = sorted(((values / f[limit.name], limit.name) for limit in LIMITS), reverse=True)
    return Need(
        scenarios=scenarios,
        cores=cores,
        collectds=collectds,
        memory=collectds * f["mib-collectd"] * MIB + scenarios * f["kib-scenario"] * KIB,
        values=values,
        bits=values * f["bytes-value"] * 8,
        disk={
            "RRD": series * f["rrd-bytes"],
            "Whisper": series * kept * f["whisper-bytes"],
            "Prometheus": series * kept * f["prometheus-bytes"],
        },
        gives_way=tuple(f"{name} {share:.1f}x" for share, name in over if share > 1),
    )


# When they run.


@dataclass(frozen=True, slots=True)
class Spread:
    """How many runs begin in a second: on average, at most, and what chance alone would make the most."""

    mean: float
    most: int
    chance: int


def jobs(count: int, host: str = "hub") -> list[Job]:
    """So many scenarios of one collectd, once a minute."""
    return [Job("scenario", "drill", f"drill-s{n:06}", scenario=f"S{n:06}", host=host) for n in range(count)]


def spread(moments: Iterable[float], seconds: int, *, seed: int = 1) -> Spread:
    """How *moments* (seconds) lie in so many seconds, beside as many that are drawn by chance."""
    found = Counter(int(moment) % seconds for moment in moments)
    count = found.total()
    drawn = random.Random(seed)
    by_chance = Counter(drawn.randrange(seconds) for _ in range(count))
    return Spread(count / seconds, max(found.values(), default=0), max(by_chance.values(), default=0))


def in_slots(count: int) -> Spread:
    """An ordinary minute."""
    return spread(map(slot_offset, jobs(count)), 60)


def after_a_start(count: int, interval: float = 3600.0) -> Spread:
    """The minute after a start, of jobs that would run once an hour: all are run once within it."""
    begin = 1_800_000_000.0
    made = [Job(j.kind, j.name, j.instance, scenario=j.scenario, host=j.host, interval=interval) for j in jobs(count)]
    first = [when - begin for job in made if (when := first_run(job, begin, None)) is not None]
    slots = [s for job in made if (s := (slot_offset(job) - begin) % interval) < 60.0]
    return spread([*first, *slots], 60)


def of_machines(count: int, machines: int, skew: float, *, seed: int = 1) -> Spread:
    """The same scenarios on several machines, whose clocks differ by up to *skew* seconds: what the site sees."""
    drawn = random.Random(seed)
    moments: list[float] = []
    for machine in range(machines):
        ahead = drawn.uniform(-skew, skew)
        moments += [(slot_offset(job) + ahead) % 60 for job in jobs(count, f"probe{machine}")]
    return spread(moments, 60)


# What is printed.


def _rows(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[i]) for row in (titles, *rows)) for i in range(len(titles))]
    rule = " ".join("=" * width for width in widths)
    lines = [" ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    head = " ".join(f"{title:<{width}}" for title, width in zip(titles, widths, strict=True)).rstrip()
    return "\n".join([rule, head, rule, *lines, rule])


def _of(number: float) -> str:
    """A number in three digits or so."""
    return f"{number:,.0f}".replace(",", " ") if number >= 10 else f"{number:.2g}"


def _bytes(number: float) -> str:
    unit, name = next(
        (unit, name) for unit, name in ((TB, "TB"), (GB, "GB"), (1e6, "MB")) if number >= unit or name == "MB"
    )
    return f"{_of(number / unit)} {name}"


def needs(counts: Sequence[int], figures: dict[str, float]) -> str:
    """A table of what each number takes."""
    found = [need(count, figures) for count in counts]
    rows = [
        ("cores, by the work", *(_of(n.cores) for n in found)),
        ("collectds", *(_of(n.collectds) for n in found)),
        ("memory", *(_bytes(n.memory) for n in found)),
        ("values a second", *(_of(n.values) for n in found)),
        ("Mbit/s to the hub", *(_of(n.bits / 1e6) for n in found)),
        *((f"disk, {store}", *(_bytes(n.disk[store]) for n in found)) for store in found[0].disk),
        ("past its limit", *(", ".join(n.gives_way) or "none" for n in found)),
    ]
    return _rows(("scenarios a minute", *(_of(count) for count in counts)), rows)


def bursts(count: int) -> str:
    """A table of how many runs begin in one second."""
    trials = {
        f"{_of(count)} jobs, an ordinary minute": in_slots(count),
        f"{_of(count)} hourly jobs, the minute after a start": after_a_start(count),
        f"{_of(count)} jobs on each of 5 machines, clocks ±2 s": of_machines(count, 5, 2.0),
        f"{_of(count)} jobs on each of 5 machines, clocks ±120 s": of_machines(count, 5, 120.0),
    }
    rows = [(name, f"{s.mean:.1f}", str(s.most), str(s.chance)) for name, s in trials.items()]
    return _rows(("runs that begin in a second", "mean", "most", "most by chance"), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both tables, and whence the figures are."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(prog="benchmarks/simulate", description=__doc__.partition("\n")[0])
    parser.add_argument("--per-minute", type=numbers, default=[10**3, 10**5, 10**7], metavar="N,N")
    parser.add_argument("--jobs", type=int, default=6000, help="of one collectd, for the bursts (default: %(default)s)")
    for figure in FIGURES:
        about = f"{figure.about} (default: %(default)s; {figure.source})"
        parser.add_argument(f"--{figure.name}", type=float, default=figure.value, help=about)
    options = parser.parse_args(arguments)
    figures = {figure.name: float(getattr(options, figure.name.replace("-", "_"))) for figure in FIGURES}
    print(needs(options.per_minute, figures), bursts(options.jobs), sep="\n\n")
    print()
    for figure in FIGURES:
        print(f"{figure.name}: {figures[figure.name]:g} {figure.about} ({figure.source})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
