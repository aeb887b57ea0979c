"""What holds for every test: a skip is a failure, and property tests try more in CI than on a desk."""

from __future__ import annotations

import gc
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from collectd_inode import cli
from collectd_inode.wire import stamps
from demo import machine
from tests.helpers.examples import HUNG

# Where the commands that are tested find rrdtool and collectd.
os.environ["PATH"] = machine.PATH

TOO_SLOW = [hypothesis.HealthCheck.too_slow]
"""What hypothesis says of a machine that other programs keep busy."""

hypothesis.settings.register_profile("desk", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
# By hand: the twenty tests of docs/explanation/reliability.rst, “Any bytes”, are a million inputs together.
hypothesis.settings.register_profile("million", max_examples=50_000, deadline=None, suppress_health_check=TOO_SLOW)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped has shown nothing: the run is not green."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session", autouse=True)
def stamping() -> Iterator[None]:
    """The kernel stamps packets before the first test begins: it switches that on when it finds the time."""
    with stamps.kept_on(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        stamps.switch_on(sock)
        for _ in range(100_000):
            sock.sendto(b"?", sock.getsockname())
            _, ancillary, _, _ = sock.recvmsg(1, stamps.ANCILLARY_BYTES)
            if stamps.received(ancillary) is not None:
                break
        yield


@pytest.fixture(autouse=True)
def undisturbed(request: pytest.FixtureRequest) -> Iterator[None]:
    """No garbage collection beside a scripted NTP server: after thousands of tests it takes 160 ms.

    Half of that is what its clock would seem to be off, which is more than MaxOffset.  What is left after collecting is
    frozen, so that the next test's collection does not look through all of it again: 0.5 s each, for hundreds of tests.
    """
    if "ntp" not in (request.path.parent.name, request.path.stem.removeprefix("test_")):
        yield
        return
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is given a few seconds has all the time that it takes, unless a test says otherwise."""
    monkeypatch.setattr("collectd_inode.scenario.patterns.PATTERN_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.observing.KEEPING_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.runner.STOP_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.runner.ONCE_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.ntp.pool.SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.state.STOP_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.daemon.READ_SECONDS", HUNG)


@pytest.fixture
def typed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str, str]]:
    """Types a command in an empty folder: exit code, what it printed, and what it complained of."""
    monkeypatch.chdir(tmp_path)

    def type(*words: object) -> tuple[int, str, str]:
        try:
            code = cli.main([str(word) for word in words])
        except SystemExit as left:  # argparse's way
            code = int(left.code or 0)
        return code, *capsys.readouterr()

    return type


@pytest.fixture
def greenwich(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local times are those of UTC."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
