"""What a run in a browser costs: ours beside the plain engine, Playwright and Selenium, all on the same site.

CPU is user and system time of a program and everything that it has started, the browser included; memory is their
share (PSS) at its highest, looked at ten times a second.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.tools import cpu_seconds, numbers, situation, table
from tests.helpers.browsing import site

TEXT = "Lorem ipsum"
ROWS = "".join(f"<tr><td>{number}<td><a href=/item/{number}>Item {number}</a>" for number in range(60))
APP = f"""<!doctype html><title>App</title><h1>Start</h1><table>{ROWS}</table><button id=go>Go</button><p id=said></p>
<script>document.getElementById('go').onclick = () => fetch('/data').then((a) => a.text())
  .then((text) => {{ document.getElementById('said').textContent = text; }})</script>"""
PLAIN = (
    f"<!doctype html><title>App</title><h1>Start</h1><table>{ROWS}</table><form action=/data><button>Go</button></form>"
)
PAGES_A_RUN = 2
"""One that is opened, and one that is fetched or opened by a button."""
CORE_SECONDS = 300.0
"""A core's seconds between two runs of a job with its default Interval."""


def main() -> None:
    """Measure, and print the tables."""
    options = _options()
    print(situation(), end="\n\n")
    with site({"/": APP, "/plain": PLAIN, "/data": TEXT}) as here, tempfile.TemporaryDirectory() as folder:
        chromium = _feature(Path(folder), "app", f"{here.url}/")
        plain = _feature(Path(folder), "plain", f"{here.url}/plain")
        with table("CPU          ", "seconds a run", "a page ", "ratio ", "jobs a core") as row:
            first = 0.0
            for who, contender, line in (
                ("chromium", contenders.ours("chromium"), [chromium]),
                ("plain", contenders.ours("plain"), [plain]),
                ("playwright", contenders.peer("playwright"), _visit(here.url)),
                ("selenium", contenders.peer("selenium"), _visit(here.url)),
            ):
                with contender as asked:
                    spent = _cpu_a_run(asked, line, options.runs)
                first = first or spent
                row(
                    who,
                    f"{spent:.3f}",
                    f"{spent / PAGES_A_RUN:.3f}",
                    f"{spent / first:.2f}×",
                    f"{CORE_SECONDS / spent:.0f}",
                )
        print()
        with table("Jobs at once", "MB of PSS") as row:
            for count in options.jobs:
                one = [_feature(Path(folder), f"job{number}", f"{here.url}/") for number in range(count)]
                with contenders.ours("chromium") as asked, _highest(asked.process.pid) as highest:
                    for _ in range(3):
                        asked.asked(one)
                row(count, f"{highest():.0f}")
        print()
        with contenders.ours("chromium") as asked:
            _repeat(asked, [chromium], 50)
            before = _pss(asked.process.pid)
            _repeat(asked, [chromium], options.growth)
            after = _pss(asked.process.pid)
        print(f"From run 50 to run {50 + options.growth}: {before:.0f} MB to {after:.0f} MB.")


def _visit(url: str) -> dict[str, str]:
    return {"url": f"{url}/", "click": "Go", "text": TEXT}


def _feature(folder: Path, name: str, url: str) -> str:
    path = folder / f"{name}.feature"
    steps = (
        f'When I go to "{url}"\n    Then I should see "Start"\n    When I press "Go"\n    Then I should see "{TEXT}"'
    )
    path.write_text(f"Feature: {name}\n  Scenario: S\n    {steps}\n", encoding="utf-8")
    return str(path)


def _repeat(asked: Contender, line: Any, times: int) -> None:
    for _ in range(times):
        asked.asked(line)


def _cpu_a_run(asked: Contender, line: Any, runs: int) -> float:
    """CPU seconds a run of *line*, once everything has been started."""
    _repeat(asked, line, 2)
    before = _cpu(asked.process.pid)
    _repeat(asked, line, runs)
    return (_cpu(asked.process.pid) - before) / runs


def _cpu(pid: int) -> float:
    return sum(cpu_seconds(one) for one in _tree(pid))


def _tree(pid: int) -> Iterator[int]:
    """A process and what it has started."""
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _tree(int(child))


def _pss(pid: int) -> float:
    return sum(map(_megabytes, _tree(pid)))


def _megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)


@contextmanager
def _highest(pid: int) -> Iterator[Callable[[], float]]:
    """The most megabytes that the process and its children have had inside the block."""
    found, ended = [0.0], threading.Event()

    def look() -> None:
        while not ended.wait(0.1):
            try:
                found.append(_pss(pid))
            except OSError:  # one of them ended in between
                continue

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield lambda: max(found)
    finally:
        ended.set()
        looking.join()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=30, help="of each for CPU (%(default)s)")
    parser.add_argument("--jobs", type=numbers, default=[1, 10, 50], help="at once, for memory (1,10,50)")
    parser.add_argument("--growth", type=int, default=450, metavar="RUNS", help="for memory that is not given back")
    return parser.parse_args()


if __name__ == "__main__":
    main()
