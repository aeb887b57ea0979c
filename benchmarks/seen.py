"""How far off a step's time in Chromium is from the site's known delay: ``python -m benchmarks.seen [RUNS]``.

Ten cases against one site with known delays.  For each: our ``response_time`` (what a person sees) and its network
part, minus the truth, at the median and the 95th percentile; with ``--spin N`` beside N processes that spin.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from collectd_inode.chromium import keeper
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Job, Status
from collectd_inode.report.statistics import percentile
from collectd_inode.run import observe
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.settings import Settings
from collectd_inode.wire import workers
from demo import unpacked
from tests.helpers.browsing import Asked, Page, Said, site

TEXT = "Lorem ipsum"


@dataclass(frozen=True, slots=True)
class Case:
    """A step that is timed, on a page; ``seen`` and ``network`` are the truth, in seconds."""

    name: str
    step: str
    seen: float
    network: float
    page: str = ""
    """Where it is before; empty for an address that is opened."""


def _app(script: str) -> str:
    known = "const $ = (id) => document.getElementById(id);"
    return f"<p id=said>Start</p><button id=go>Go</button><script>{known}{script}</script>"


_FETCH = "fetch('/wait?ms=200').then((a) => a.text()).then((t) => { $('said').textContent = t; })"
_TWICE = f"fetch('/wait?ms=200').then(() => {_FETCH})"


def pages(other: str) -> dict[str, Page]:
    """The site; *other* is a third party that takes a second."""

    def wait(asked: Asked) -> Said:
        query = dict(part.split("=") for part in asked.path.partition("?")[2].split("&"))
        return Said(f"<p>{TEXT}</p>", delay=int(query["ms"]) / 1000)

    def redirect(asked: Asked) -> Said:
        left = int(asked.path.partition("=")[2])
        where = f"/redirect?n={left - 1}" if left > 1 else "/wait?ms=100"
        return Said("", 302, headers=(("Location", where),), delay=0.1)

    late = f"<script async src='{other}/slow.js'></script>"
    return {
        "/wait": wait,
        "/redirect": redirect,
        "/styled": Said(f"<link rel=stylesheet href=/late.css><p>{TEXT}</p>", delay=0.1),
        "/late.css": Said("p { color: red }", kind="text/css", delay=0.3),
        "/third": Said(f"{late}<p>{TEXT}</p>", delay=0.1),
        "/polls": Said(f"<p>{TEXT}</p><script>setInterval(() => fetch('/poll'), 400)</script>", delay=0.1),
        "/poll": "x",
        "/link": "<p>Start</p><a href='/wait?ms=200'>Go</a>",
        "/fetch": _app(f"$('go').onclick = () => {_FETCH}"),
        "/twice": _app(f"$('go').onclick = () => {_TWICE}"),
        "/route": _app(f"$('go').onclick = () => setTimeout(() => {{ $('said').textContent = '{TEXT}' }}, 200)"),
        "/polling": _app(f"setInterval(() => fetch('/poll'), 400); $('go').onclick = () => {_FETCH}"),
    }


CASES = (
    Case("open, 200 ms", 'I go to "/wait?ms=200"', 0.2, 0.2),
    Case("three redirects, 400 ms", 'I go to "/redirect?n=3"', 0.4, 0.4),
    Case("blocking style sheet, 400 ms", 'I go to "/styled"', 0.4, 0.4),
    Case("third party of 1000 ms, seen at 100", 'I go to "/third"', 0.1, 0.1),
    Case("page that polls, seen at 100", 'I go to "/polls"', 0.1, 0.1),
    Case("link to a page of 200 ms", 'I follow "Go"', 0.2, 0.2, "/link"),
    Case("click, fetch of 200 ms", 'I press "Go"', 0.2, 0.2, "/fetch"),
    Case("click, two fetches of 200 ms", 'I press "Go"', 0.4, 0.4, "/twice"),
    Case("click, script of 200 ms", 'I press "Go"', 0.2, 0.0, "/route"),
    Case("click, fetch of 200 ms, polling", 'I press "Go"', 0.2, 0.2, "/polling"),
)


def main() -> int:
    """Measure and print."""
    options = _options()
    spinners = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.spin)]
    try:
        slow = Said("", kind="text/javascript", delay=1.0)
        with site({"/slow.js": slow}) as other, site(pages(f"http://localhost:{other.port}")) as here:
            workers.run(_measure(here.url, options.runs, options.engine_path))
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    return 0


async def _measure(url: str, runs: int, path: str) -> None:
    print(f"{'':38}{'seen − truth, ms':>20}{'network − truth, ms':>24}")
    print(f"{f'{runs} runs':38}{'median':>12}{'p95':>8}{'median':>16}{'p95':>8}")
    everything: list[float] = []
    try:
        for case in CASES:
            with tempfile.TemporaryDirectory() as folder:
                job = _job(case, url, path, Path(folder))
            found = [await _one(case, job) for _ in range(runs)]
            seen = [seen - case.seen for seen, _ in found]
            network = [network - case.network for _, network in found]
            everything += seen
            print(f"{case.name:38}{_two(seen, 12)}{_two(network, 16)}", flush=True)
    finally:
        keeper.end_all()
    print(f"{'all':38}{_two(everything, 12)}")


def _two(values: list[float], width: int) -> str:
    return f"{1000 * percentile(values, 50):>+{width}.0f}{1000 * percentile(values, 95):>+8.0f}"


def _job(case: Case, url: str, path: str, folder: Path) -> Job:
    before = f'When I go to "{case.page}"\n    Then I should see "Start"\n    ' if case.page else ""
    feature = folder / "case.feature"
    steps = f'{before}When {case.step}\n    Then I should see "{TEXT}"'
    feature.write_text(f"Feature: F\n  Scenario: S\n    {steps}\n", encoding="utf-8")
    settings = Settings((str(feature),), base_url=url, engine="chromium", browser_path=path)
    (job,) = load("case", settings, BlockSettings(interval=60, timeout=60)).jobs
    return job


async def _one(case: Case, job: Job) -> tuple[float, float]:
    observation = await observe(job)
    if observation.status is not Status.PASSED:
        raise SystemExit(f"{case.name}: {observation.message}")
    step = observation.steps[-2]
    return step.seconds or 0.0, step.network or 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="?", type=int, default=20, help="of each case")
    parser.add_argument("--spin", type=int, default=0, metavar="N", help="beside N processes that take a core each")
    default = str(unpacked.TOOLS / "browser" / "bin" / "chromium-headless-shell")
    parser.add_argument("--browser-path", dest="engine_path", default=default, metavar="PATH")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
