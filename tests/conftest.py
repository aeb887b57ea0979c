"""What holds for every test: a skip is a failure, and property tests try more in CI than on a desk."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from collectd_inode import cli

hypothesis.settings.register_profile("desk", max_examples=50, deadline=None)
hypothesis.settings.register_profile("ci", max_examples=200, deadline=None, derandomize=True)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "desk")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A test that was skipped has shown nothing: the run is not green."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(autouse=True)
def undisturbed(request: pytest.FixtureRequest) -> Iterator[None]:
    """No garbage collection beside a scripted NTP server: after thousands of tests it takes 160 ms.

    Half of that is what its clock would seem to be off, which is more than MaxOffset.
    """
    if request.path.parent.name != "ntp":
        yield
        return
    gc.collect()
    gc.disable()
    yield
    gc.enable()


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
