"""What does a page cost?  CPU time of fetching, parsing and looking at 8 KiB of HTML: ours, and httpx with lxml alone.

Both ask the same server over one kept connection, from one process and in turn: our own replay (a scenario's steps,
everything that a daemon measures and prepares, a fresh browser a run), and an `httpx.AsyncClient` whose answers
``lxml.html`` parses.  Each looks for one text in each page.  No two pages are the same, but for the last rows.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import lxml.html

from benchmarks.delaying import NUMBER
from benchmarks.servers import delaying
from benchmarks.tools import situation, table
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from tests.helpers.ports import free_port

ROW = (
    '<tr class="odd"><td><a href="/item/{n}?from=list">Item {n}</a></td><td>{n}.00</td><td><b>in stock</b></td></tr>\n'
)
_BEFORE = (
    '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>'
    '<link rel="stylesheet" href="/style.css"><script src="/shop.js"></script></head><body><h1>Shop</h1>'
    '<form action="/search"><label for="q">Search</label><input id="q" name="q"><button>Go</button></form><table>\n'
)


def _page(rows: int, *, new: bool) -> bytes:
    listed = "".join(ROW.format(n=n) for n in range(rows))
    number = b"<!-- " + NUMBER + b" -->" if new else b""
    return f"{_BEFORE}{listed}</table><p>68 items</p>".encode() + number + b"</body></html>"


PAGE = _page(68, new=False)
NEW_PAGE = _page(68, new=True)
"""The same, with another number in each answer."""
LARGE_PAGE = _page(1700, new=True)
"""200 KiB, which a worker looks at."""
WANTED = "68 items"
PAGES = 50
"""In a run."""

Work = Callable[[], Awaitable[None]]


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help=f"runs of {PAGES} pages (%(default)s)")
    options = parser.parse_args()
    print(f"{situation()}\nhttpx {httpx.__version__}, lxml {lxml.html.etree.__version__}\n\n{len(PAGE)} bytes a page\n")
    with tempfile.TemporaryDirectory(prefix="page-") as name:
        new, same = Path(name, "new"), Path(name, "same")
        ports = free_port(), free_port()
        with delaying(new, ports[0], 0, NEW_PAGE), delaying(same, ports[1], 0, PAGE):
            url, again = (f"http://127.0.0.1:{port}/" for port in ports)
            works = {
                "httpx + lxml": lambda: _bare(url),
                "collectd_inode, one page a run": _replayed(_job(new, url, 1), PAGES),
                f"collectd_inode, {PAGES} pages a run": _replayed(_job(new, url, PAGES), 1),
                "one page a run, the same each time": _replayed(_job(same, again, 1), PAGES),
                f"{PAGES} pages a run, the same each time": _replayed(_job(same, again, PAGES), 1),
            }
            found = workers.run(_measured(list(works.values()), options.rounds))
    with table(f"{'CPU ms a page':<35}", "median", "ratio ") as row:
        for who, seconds in zip(works, found, strict=True):
            row(who, f"{seconds * 1e3:.3f}", f"{seconds / found[0]:.2f}×")


async def _measured(works: Sequence[Work], rounds: int) -> list[float]:
    """CPU seconds a page of each: the median of its runs, which take turns."""
    spent: list[list[float]] = [[] for _ in works]
    for number in range(rounds + 1):
        for work, seconds in zip(works, spent, strict=True):
            before = time.process_time()
            await work()
            if number:  # the first is for caches and imports
                seconds.append((time.process_time() - before) / PAGES)
    return [statistics.median(seconds) for seconds in spent]


async def _bare(url: str) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(PAGES):
            answer = await client.get(url)
            assert WANTED in str(lxml.html.fromstring(answer.text).xpath("string()"))


def _job(folder: Path, url: str, pages: int) -> Job:
    steps = f'    When I go to "{url}"\n    Then I should see "{WANTED}"\n' * pages
    path = folder / f"{pages}.feature"
    path.write_text(f"Feature: f\n  Scenario: s\n{steps}")
    (job,) = load(None, Settings((str(path),)), BlockSettings()).jobs
    return job


def _replayed(job: Job, runs: int) -> Work:
    async def work() -> None:
        for _ in range(runs):
            observation = await observe(job)
            assert observation.passed, observation.message

    return work


if __name__ == "__main__":
    main()
