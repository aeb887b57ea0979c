"""``sh scripts/demo [SECONDS]``: the small site, a real collectd, values as they arrive, tables, a page."""

from __future__ import annotations

import argparse
import io
import math
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from types import FrameType

from collectd_inode import cli, oconfig
from collectd_inode.report.statistics import FAILED
from demo import configuration, report
from demo.site import Site

CHECKOUT = Path(__file__).resolve().parent.parent
COLLECTD = "/usr/sbin/collectd"
# Even if this process is killed in the worst moment, the kernel tells collectd.
DIES_WITH_US = ("setpriv", "--pdeathsig", "TERM")
LOOK_EVERY = 0.2
STOPS_WITHIN = 10


class Stopped(BaseException):
    """Somebody pressed Ctrl-C or sent SIGTERM."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


class Gone(Exception):
    """collectd ended by itself."""


class Screen:
    """Lines, and on a terminal colours and a progress bar below them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.terminal = sys.stdout.isatty()
        self.colours = self.terminal and not environment.get("NO_COLOR")
        self._bar = ""

    def line(self, text: str = "") -> None:
        """Print a line above the progress bar."""
        self._clear()
        print(text, flush=True)

    def progress(self, elapsed: float, seconds: float) -> None:
        """Redraw the progress bar."""
        if not self.terminal:
            return
        width = 40
        done = min(width, int(width * elapsed / seconds)) if seconds else width
        self._clear()
        self._bar = f"{'━' * done}{'╌' * (width - done)} {min(elapsed, seconds):.0f} of {seconds:.0f} s"
        print(self.paint("2", self._bar), end="", flush=True)

    def done(self) -> None:
        """Take the progress bar away."""
        self._clear()
        if self.terminal:
            sys.stdout.flush()

    def paint(self, code: str, text: str) -> str:
        """*text* in a colour, where colours are wanted."""
        return f"\033[{code}m{text}\033[0m" if self.colours else text

    def _clear(self) -> None:
        if self._bar:
            print("\r\033[K", end="")
            self._bar = ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demonstration; 0: values arrived from every scenario."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Shows collectd_inode at work.")
    parser.add_argument("seconds", nargs="?", type=float, default=40.0, help="how long (%(default).0f)")
    parser.add_argument("--run", type=Path, default=CHECKOUT / "demo-run", help="the run's folder; replaced")
    options = parser.parse_args(arguments)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show the bars must not end the show
            stream.reconfigure(errors="replace")
    screen = Screen(os.environ)
    try:
        return _demonstrate(options.seconds, options.run.resolve(), screen)
    except Stopped as stopped:
        screen.done()
        print("stopped; nothing is left running", file=sys.stderr)
        return 128 + stopped.number
    except (configuration.Drifted, Gone, oconfig.BadConfig, OSError) as trouble:
        screen.done()
        print(f"scripts/demo: {trouble}", file=sys.stderr)
        return 1


def _stop(number: int, _frame: FrameType | None) -> None:
    raise Stopped(number)


def _demonstrate(seconds: float, run: Path, screen: Screen) -> int:
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    with Site() as site:
        place = configuration.Place(CHECKOUT, Path(sysconfig.get_path("platlib")), run, site.port)
        conf = configuration.write(place)
        with _in_folder(run):
            scenarios = list(configuration.scenarios(oconfig.read(conf.name)))
        screen.line(f"A small site at {site.url}, a collectd with {_shown(conf)}; {seconds:.0f} seconds, Ctrl-C stops.")
        screen.line()
        with _collectd(run) as daemon:
            try:
                _watch(daemon, scenarios, run, seconds, screen)
            finally:
                screen.done()
    return _tell(scenarios, run, screen) or _draw(conf, screen)


@contextmanager
def _in_folder(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextmanager
def _collectd(run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A collectd in the foreground; stopped when the block is left, however that happens."""
    with open(run / "collectd.out", "wb") as output:
        # A session of its own: Ctrl-C is for us, who then stop it.
        daemon = subprocess.Popen(
            [*DIES_WITH_US, COLLECTD, "-f", "-C", "collectd.conf"],
            cwd=run,
            env=configuration.daemon_environment(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            # In the foreground collectd writes none itself.
            (run / "collectd.pid").write_text(f"{daemon.pid}\n", encoding="utf-8")
            yield daemon
        finally:
            _end(daemon)


def _end(daemon: subprocess.Popen[bytes]) -> None:
    # From here on nothing may keep us from seeing it gone.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    daemon.terminate()
    try:
        daemon.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)


def _watch(
    daemon: subprocess.Popen[bytes], scenarios: Sequence[report.Scenario], run: Path, seconds: float, screen: Screen
) -> None:
    """Show each run as soon as all its values are there."""
    names = max((len(scenario.name) for scenario in scenarios), default=0)
    told: dict[str, float] = {}
    waiting: dict[str, float] = {}
    start = time.monotonic()
    while (elapsed := time.monotonic() - start) < seconds:
        if daemon.poll() is not None:
            raise Gone(f"collectd ended with status {daemon.returncode}:\n{_last_words(run)}")
        for scenario in scenarios:
            all_runs = report.runs(scenario, _series(scenario, run))
            new = [r for r in all_runs if r.time > told.get(scenario.instance, 0)]
            # A run's values arrive one after the other: it is shown at the second look.
            for each in new:
                if each.time <= waiting.get(scenario.instance, 0):
                    screen.line(_run_line(scenario, each, names, screen))
                    told[scenario.instance] = each.time
            if new:
                waiting[scenario.instance] = new[-1].time
        screen.progress(elapsed, seconds)
        time.sleep(LOOK_EVERY)


def _run_line(scenario: report.Scenario, run: report.Run, names: int, screen: Screen) -> str:
    clock = time.strftime("%H:%M:%S", time.localtime(run.time))
    start = f"{screen.paint('2', clock)}  {scenario.name:<{names}}"
    if run.passed:
        return f"{start}  {screen.paint('32', 'passed')} {report.milliseconds(run.total):>6} ms"
    step = report.failed_step(scenario, run)
    return f"{start}  {screen.paint('31', 'failed')}" + (f" at: {step.name}" if step else "")


def _series(scenario: report.Scenario, run: Path) -> dict[str, dict[float, float]]:
    """All series of a scenario; a run over midnight has two files of each."""
    found: dict[str, dict[float, float]] = {}
    for path in sorted((run / "csv" / "demo" / f"scenario-{scenario.instance}").glob("*")):
        values = report.samples(path.read_text(encoding="utf-8"))
        found.setdefault(report.series_name(path.name), {}).update(values)
    return found


def _tell(scenarios: Sequence[report.Scenario], run: Path, screen: Screen) -> int:
    silent = []
    for scenario in scenarios:
        all_runs = report.runs(scenario, _series(scenario, run))
        if not all_runs:
            silent.append(scenario.name)
            continue
        first, *rest = report.table(scenario, all_runs).splitlines()
        screen.line()
        screen.line(screen.paint("1", first))
        for line in rest:
            screen.line(line.replace(FAILED, screen.paint("31", FAILED)))
    screen.line()
    if silent:
        print(f"scripts/demo: no values from {'; '.join(silent)}:\n{_last_words(run)}", file=sys.stderr)
        return 1
    screen.line(f"Configuration, log and values: {_shown(run)}/collectd.conf, collectd.log, csv/ and rrd/")
    return 0


def _draw(conf: Path, screen: Screen) -> int:
    """The pictures and the page, by the command that anybody would use."""
    seconds = math.ceil(time.time() - conf.stat().st_mtime)
    with _in_folder(conf.parent), redirect_stdout(io.StringIO()) as said:
        code = cli.main(["graph", conf.name, "--last", f"{seconds}s", "--out", "graphs"])
    screen.line(f"Pictures, and what each job has to say: {_shown(conf.parent / said.getvalue().strip())}")
    return code


def _shown(path: Path) -> str:
    """Relative to where the person stands, if it is below."""
    try:
        return str(path.relative_to(os.environ.get("DEMO_FROM") or Path.cwd()))
    except ValueError:
        return str(path)


def _last_words(run: Path) -> str:
    """The ends of collectd's output and log."""
    texts = [path.read_text(errors="replace") for path in (run / "collectd.out", run / "collectd.log") if path.exists()]
    return "\n".join(line for text in texts for line in text.splitlines()[-10:])


if __name__ == "__main__":
    sys.exit(main())
