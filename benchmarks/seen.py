"""How far off a step's time in Chromium is from the site's known delay: ``sh benchmarks/seen [RUNS]``.

Ten cases against one site with known delays.  For each: our ``response_time`` (what a person sees) and its network
part, minus the truth, at the median and the 95th percentile; beside it what the same browser takes by the rules of
others.  With ``--spin N`` beside N processes that spin.
"""

from __future__ import annotations

import argparse
import math
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks import contenders
from benchmarks.contenders import Contender
from benchmarks.tools import some_of
from collectd_inode.report.statistics import percentile
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
            _measure(here.url, options.runs, list(filter(None, options.peers)))
    finally:
        for spinner in spinners:
            spinner.kill()
            spinner.wait()
    return 0


def _measure(url: str, runs: int, peers: list[str]) -> None:
    titles = ["seen − truth, ms", "network − truth, ms", *(f"{peer}, ms" for peer in peers)]
    print(f"{f'{runs} runs: median, p95':38}" + "".join(f"{title:>24}" for title in titles))
    everything: list[list[float]] = [[] for _ in titles]
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        ours = stack.enter_context(contenders.ours("chromium"))
        others = [stack.enter_context(contenders.peer(peer)) for peer in peers]
        for number, case in enumerate(CASES):
            feature = _feature(case, url, Path(folder) / f"case{number}.feature")
            rounds = [[*_ours(ours, feature, case), *(_peer(one, url, case) for one in others)] for _ in range(runs)]
            columns = [list(column) for column in zip(*rounds, strict=True)]
            everything = [[*whole, *column] for whole, column in zip(everything, columns, strict=True)]
            print(f"{case.name:38}" + "".join(map(_two, columns)), flush=True)
    print(f"{'all':38}" + "".join(map(_two, everything)))


def _two(values: list[float]) -> str:
    median, highest = (_shown(1000 * percentile(values, share)) for share in (50, 95))
    return f"{median:>16}{highest:>8}"


def _shown(milliseconds: float) -> str:
    return "never" if milliseconds == math.inf else f"{milliseconds:+.0f}"


def _feature(case: Case, url: str, path: Path) -> str:
    before = f'When I go to "{url}{case.page}"\n    Then I should see "Start"\n    ' if case.page else ""
    step = case.step.replace('"/', f'"{url}/')
    steps = f'{before}When {step}\n    Then I should see "{TEXT}"'
    path.write_text(f"Feature: F\n  Scenario: S\n    {steps}\n", encoding="utf-8")
    return str(path)


def _ours(contender: Contender, feature: str, case: Case) -> tuple[float, float]:
    seen, network = contender.asked([feature])[-2]
    return (seen or 0.0) - case.seen, (network or 0.0) - case.network


def _peer(contender: Contender, url: str, case: Case) -> float:
    """What its rule says, less the truth; infinite where it has not ended."""
    address = case.page or case.step.split('"')[1]
    took = contender.asked({"url": url + address, "click": "Go" if case.page else "", "text": TEXT})
    return math.inf if took is None else float(took) - case.seen


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("runs", nargs="?", type=int, default=20, help="of each case")
    parser.add_argument("--spin", type=int, default=0, metavar="N", help="beside N processes that take a core each")
    peers = ["playwright", "networkidle", "datadog"]
    parser.add_argument("--peers", type=some_of([*contenders.PEERS, ""]), default=peers, help=f"({','.join(peers)})")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
