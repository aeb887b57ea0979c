"""Many jobs at once: how many, in which order they are shown, and what is left when somebody loses patience."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.cli.progress import PATIENCE_SECONDS, Progress
from collectd_inode.cli.together import PER_HOST, run_all
from collectd_inode.model import Job, Observation
from collectd_inode.run import Probe, Run
from collectd_inode.wire import workers
from demo.site import Outage, Site
from tests.helpers.examples import HUNG, write_feature

Typed = Callable[..., tuple[int, str, str]]


class Hosts:
    """Jobs that end in the order in which their hosts let go of them, the last first."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.now: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.all = 0
        self.most_of_all = 0
        self.jobs = [
            Job("scenario", f"{n}", f"{n}", target=target, probe=self.probe(target)) for n, target in enumerate(targets)
        ]

    def probe(self, target: str) -> Probe:
        async def ask(run: Run) -> None:
            self.now[target] = self.now.get(target, 0) + 1
            self.all += 1
            self.most[target] = max(self.most.get(target, 0), self.now[target])
            self.most_of_all = max(self.most_of_all, self.all)
            for _ in range(5 + hash(target) % 5):
                await asyncio.sleep(0)
            self.now[target] -= 1
            self.all -= 1

        return ask


@given(st.lists(st.sampled_from("abc"), max_size=60), st.integers(1, 40))
def test_no_more_at_once_and_each_in_its_turn(targets: list[str], at_once: int) -> None:
    """So many in all, so many of one host, and shown in the order of the jobs."""
    hosts, shown = Hosts(targets), []

    def show(observation: Observation) -> bool:
        shown.append(observation.job.name)
        return True

    workers.run(run_all(hosts.jobs, at_once, show))
    assert shown == [job.name for job in hosts.jobs]
    assert hosts.most_of_all <= at_once
    assert all(most <= PER_HOST for most in hosts.most.values())
    assert hosts.most_of_all == min(at_once, sum(min(targets.count(host), PER_HOST) for host in set(targets)))


def test_a_job_that_ends_it() -> None:
    """The others are let go of."""
    hosts, shown = Hosts("a" * 30), []

    def show(observation: Observation) -> bool:
        shown.append(observation.job.name)
        return len(shown) < 3

    workers.run(run_all(hosts.jobs, 8, show))
    assert shown == ["0", "1", "2"]


def test_what_has_ended_is_shown_although_others_have_not() -> None:
    """The first job hangs: the second is shown all the same when the command is cancelled."""
    done = asyncio.Event()

    async def hang(run: Run) -> None:
        await asyncio.Event().wait()

    async def end(run: Run) -> None:
        done.set()

    shown: list[str] = []
    jobs = [Job("scenario", "hangs", "hangs", probe=hang), Job("scenario", "ends", "ends", probe=end)]

    def show(observation: Observation) -> bool:
        shown.append(observation.job.name)
        return True

    async def impatient() -> None:
        task = asyncio.ensure_future(run_all(jobs, 2, show))
        await done.wait()
        for _ in range(20):  # until what has been done has been noted
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    workers.run(impatient())
    assert shown == ["ends"]


# Typed


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


MANY = "Feature: Many\n" + "".join(
    f'  Scenario: S{n}\n    When I go to "/"\n    Then I should see "{"penguin" if n == 3 else "Dunedin"}"\n'
    for n in range(12)
)


@pytest.mark.parametrize("more", [(), ("-j", "4"), ("--jobs", "100")])
def test_run_shows_them_in_order(typed: Typed, tmp_path: Path, site: Site, more: tuple[str, ...]) -> None:
    """However many run at once; ``--fail-fast`` ends with the first bad one in this order."""
    path = write_feature(tmp_path, MANY)
    words = ("run", path, "--base-url", site.url, "--format", "json", *more)
    code, out, _ = typed(*words)
    assert (code, [json.loads(line)["scenario"] for line in out.splitlines()]) == (1, [f"S{n}" for n in range(12)])
    code, out, _ = typed(*words, "--fail-fast")
    assert (code, [json.loads(line)["scenario"] for line in out.splitlines()]) == (1, [f"S{n}" for n in range(4)])


def test_other_formats_beside_it(typed: Typed, tmp_path: Path, site: Site) -> None:
    """Each in its file, whole, without colours; standard output and exit code stay what they are."""
    path = write_feature(tmp_path, MANY)
    files = ("-o", "junit=j.xml", "--output", "json=j.json", "-o", "pretty=p.txt", "-o", "nagios=n.txt")
    code, out, err = typed("run", path, "--base-url", site.url, *files)
    assert (code, err) == (1, "")
    assert out == (tmp_path / "p.txt").read_text()
    assert out.endswith("s\n") and "12 scenarios (1 failed, 11 passed)" in out
    assert (tmp_path / "j.xml").read_text().count("<testcase ") == 12
    assert len((tmp_path / "j.json").read_text().splitlines()) == 12
    assert (tmp_path / "n.txt").read_text().startswith("SCENARIO CRITICAL - 1 critical of 12")


def test_a_refusal_in_a_file(typed: Typed, tmp_path: Path) -> None:
    """A CI that reads the file only learns of it, and people are told once."""
    path = write_feature(tmp_path, "When I dance")
    code, out, err = typed("run", path, "-o", "junit=j.xml")
    assert (code, out, err.count("undefined step"), err.count("nothing was run")) == (2, "", 1, 1)
    assert "undefined" in (tmp_path / "j.xml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--format", "json", "--format", "junit"), "--format is given twice: expected it once, and -o FORMAT=FILE"),
        (
            ("-o", "junit"),
            "argument -o/--output: junit: expected FORMAT=FILE, FORMAT one of pretty, json, junit, nagios",
        ),
        (("-o", "xml=x"), "argument -o/--output: xml=x: expected FORMAT=FILE"),
        (("-o", "json=/gone/x"), "-o json=/gone/x: No such file or directory"),
        (("--repeat", "2", "-o", "junit=x"), "--format junit shows one run: --repeat is for pretty and json"),
        (("-j", "0"), "argument -j/--jobs: 0: expected a whole number of at least 1"),
    ],
)
def test_what_makes_no_sense(typed: Typed, words: tuple[str, ...], said: str) -> None:
    """Nothing is run."""
    code, out, err = typed("run", "x.feature", *words)
    assert (code, out, said in err) == (2, "", True)


class Hanging(ThreadingHTTPServer):
    """Says when ``/hang`` is asked for, and never answers that."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.ended = threading.Event(), threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Hanging

    def do_GET(self) -> None:
        if self.path == "/hang":
            self.server.asked.set()
            self.server.ended.wait()
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


PATIENT = """Feature: x
  Scenario: Good
    When I go to "/"
  Scenario: Slow
    When I go to "/hang"
"""


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "1 scenario (1 passed)"),
        (("--repeat", "1000"), "Good: 1 run, all passed"),
        (("--format", "junit"), 'tests="1"'),
    ],
)
def test_impatience_loses_nothing(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    """Ctrl-C: what is known is shown, and the exit code is a shell's."""
    path = write_feature(tmp_path, PATIENT)
    code = "import sys; from collectd_inode.cli import main; sys.exit(main())"
    with Hanging() as server:
        base = f"http://127.0.0.1:{server.server_port}"
        command = [sys.executable, "-c", code, "run", str(path), "--base-url", base, *more]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert server.asked.wait(HUNG)
            os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=HUNG)
    assert (process.returncode, err) == (130, "")
    assert said in out


# Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal; whatever else is written there finds its line empty."""
    monkeypatch.setenv("TERM", "xterm")
    now, terminal, pipe = [0.0], Terminal(), io.StringIO()
    shown = [Progress(3, "jobs", stream, lambda: now[0]) for stream in (terminal, pipe)]
    for seconds in (0.0, PATIENCE_SECONDS, PATIENCE_SECONDS + 0.1):
        now[0] = seconds
        for one in shown:
            one.step()
    assert (terminal.getvalue(), pipe.getvalue()) == ("\r2 of 3 jobs", "")
    shown[0].clear()
    shown[0].clear()
    assert terminal.getvalue() == "\r2 of 3 jobs\r           \r"
    assert list(shown[0].of("ab")) == ["a", "b"]
