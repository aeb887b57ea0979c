"""How many instructions do a page and a run take?  Counted by callgrind, so that neither load nor luck changes it.

It counts what is executed, not how cold the caches are: the paced benchmark (``cost``) stays for that.  One process of
ours replays a scenario so many times under callgrind, then more times; the difference is what the runs between took.
Start-up, imports and caches drop out.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks.page import LARGE_PAGE, NEW_PAGE, PAGE, WANTED
from benchmarks.servers import delaying
from benchmarks.tools import situation, table
from collectd_inode.keys import BlockSettings
from collectd_inode.observing import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from tests.helpers.ports import free_port

CHECKOUT = Path(__file__).resolve().parent.parent
UNPACKED = CHECKOUT / ".tools" / "valgrind" / "usr"
PAGES = 5
"""In the longer scenario."""
FEW, MORE = 10, 30
"""Runs."""


def main() -> None:
    """Count and print; with ``--replay`` be what is counted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replay", nargs=2, metavar=("FEATURE", "RUNS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.replay:
        _replay(options.replay[0], int(options.replay[1]))
        return
    print(situation())
    counted = measured(NEW_PAGE), measured(PAGE), measured(LARGE_PAGE)
    size = f"new, {len(LARGE_PAGE) // 1024} KiB"
    with table(f"{'million instructions':<32}", "new pages", "the same each time", size) as row:
        row("a run of one page", *_shown(*(each.one for each in counted)))
        row(f"a run of {PAGES} pages", *_shown(*(each.several for each in counted)))
        row("a page", *_shown(*(each.page for each in counted)))
        row("a run, without its pages", *_shown(*(each.run for each in counted)))


def _shown(*counts: float) -> list[str]:
    return [f"{count / 1e6:.3f}" for count in counts]


@dataclass(frozen=True, slots=True)
class Counted:
    """Instructions of a run of one page, and of a run of `PAGES` pages."""

    one: float
    several: float

    @property
    def page(self) -> float:
        """Those of one page more."""
        return (self.several - self.one) / (PAGES - 1)

    @property
    def run(self) -> float:
        """Those of a run without its pages."""
        return self.one - self.page


def measured(page: bytes) -> Counted:
    """Each *page* is fetched and looked at."""
    with tempfile.TemporaryDirectory(prefix="instructions-") as name:
        folder, port = Path(name), free_port()
        with delaying(folder, port, 0, page):
            url = f"http://127.0.0.1:{port}/"
            return Counted(_a_run(folder, url, 1), _a_run(folder, url, PAGES))


def _a_run(folder: Path, url: str, pages: int) -> float:
    steps = f'    When I go to "{url}"\n    Then I should see "{WANTED}"\n' * pages
    feature = folder / f"{pages}.feature"
    feature.write_text(f"Feature: f\n  Scenario: s\n{steps}")
    few, more = (_counted(feature, runs) for runs in (FEW, MORE))
    return (more - few) / (MORE - FEW)


def _counted(feature: Path, runs: int) -> int:
    """All that a process takes that replays *feature* so many times."""
    unpacked = UNPACKED.is_dir()
    valgrind = UNPACKED / "bin" / "valgrind" if unpacked else Path("valgrind")
    command = (valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable)
    own = (*command, "-m", "benchmarks.instructions", "--replay", feature, str(runs))
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    if unpacked:
        environment["VALGRIND_LIB"] = str(UNPACKED / "libexec" / "valgrind")
    done = subprocess.run(
        [str(part) for part in own], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    )
    found = re.search(r"Collected : (\d+)", done.stderr)
    if found is None:
        raise RuntimeError(f"callgrind has counted nothing: {done.stderr[-500:]}")
    return int(found[1])


def _replay(feature: str, runs: int) -> None:
    (job,) = load(None, Settings((feature,)), BlockSettings(timeout=600, interval=600)).jobs

    async def go() -> None:
        for number in range(runs):
            if number == 1:  # as in the daemon, or one look at all modules' objects more would count as a run's
                gc.collect()
                gc.freeze()
            observation = await observe(job)
            assert observation.passed, observation.message

    workers.run(go())


if __name__ == "__main__":
    main()
