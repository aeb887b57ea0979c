"""How many runs there are descriptors for."""

from __future__ import annotations

import os

import pytest

from collectd_inode.descriptors import most_at_once


def test_how_many_runs_there_are_descriptors_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two each, and some for the daemon; a few runs in any case."""
    opened = len(os.listdir("/proc/self/fd"))
    for limit, expected in ((1024 + opened, (1024 - 64) // 2), (70, 8)):
        monkeypatch.setattr("resource.getrlimit", lambda _, limit=limit: (limit, limit))
        assert most_at_once() == expected
