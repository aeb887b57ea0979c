"""A browser on a busy machine has all the time that it takes."""

from __future__ import annotations

import pytest

from tests.helpers.examples import HUNG


@pytest.fixture(autouse=True)
def unhurried_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a browser is given a few seconds for, unless a test says otherwise."""
    monkeypatch.setattr("collectd_inode.chromium.process.START_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.chromium.keeper.ANSWER_SECONDS", HUNG)
    monkeypatch.setattr("collectd_inode.chromium.settling.SETTLE_SECONDS", HUNG / 4)
    monkeypatch.setattr("collectd_inode.chromium.witness.PICTURE_SECONDS", HUNG / 4)
    monkeypatch.setattr("collectd_inode.chromium.window._CLOSE_SECONDS", HUNG / 4)
