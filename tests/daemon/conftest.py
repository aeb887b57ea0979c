"""Fixtures of tests that hold the doctor to a real collectd."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo import machine


@pytest.fixture
def found_as_by_collectd(monkeypatch: pytest.MonkeyPatch) -> None:
    """The libraries that were unpacked for collectd's plugins."""
    if machine.LIBRARIES:
        monkeypatch.setenv("LD_LIBRARY_PATH", machine.LIBRARIES)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)
