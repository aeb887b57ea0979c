"""The fleet's drill in small: three probes, ten scenarios; which trial loses values, and what each is told as."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.fleet_drill import TRIALS, Seen, Size, drilled, main

SMALL = Size(probes=3, scenarios=10, interval=4.0, watch=30.0)


@pytest.mark.slow
def test_what_is_lost_what_is_told_and_how_it_comes_back(tmp_path: Path) -> None:
    """Each job stays up by most probes and nobody is notified; only a hub or a link that is gone loses values."""
    well, dead, restarted, lossy, clocks = drilled(tmp_path, SMALL)
    for seen in (well, dead, restarted, lossy, clocks):
        assert (seen.up, seen.down) == (SMALL.scenarios, 0), str(seen)
        assert seen.notes[-1] == "0 notifications", str(seen)
        assert seen.sent > 100
    assert (well.lost, dead.lost) == (0, 0)
    assert [note.partition(" for ")[0] for note in dead.notes if note.endswith("(silent)")] == [
        "10 jobs: silent: hamilton"
    ]
    assert "status --fleet at the end: 4 hosts; 40 jobs: 40 passed" in well.notes
    assert "status --fleet: 4 hosts: 1 silent; 40 jobs: 10 stale, 30 passed" in dead.notes
    assert restarted.lost > 0
    assert [note for note in restarted.notes if "complaints" in note] == ["the probes logged 0 complaints"]
    assert [note.partition(": ")[2].partition(" of ")[0] for note in restarted.notes if "after its first" in note] == [
        "0"
    ]
    assert 0 < lossy.lost < lossy.sent
    assert [note for note in lossy.notes if "packets dropped; of the other probes' values 0 of " in note]
    assert [note for note in clocks.notes if "the values of hamilton are " in note and " ahead, by this clock" in note]


def test_it_says_what_it_has_seen() -> None:
    """A trial in lines, and the trials in their order."""
    seen = Seen("the hub is away for 6 s", 200, 50, 10, 0, ("0 notifications",))
    assert str(seen) == (
        "the hub is away for 6 s\n  150 of 200 values arrived (25.0 % lost)\n"
        "  10 jobs were up by most probes, 0 down at some time\n  0 notifications"
    )
    assert [trial.__name__ for trial in TRIALS] == [
        "all_is_well", "a_probe_dies", "the_hub_restarts", "a_link_loses_packets", "clocks_differ",
    ]  # fmt: skip


def test_it_wants_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And says how to have it."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert main([]) == 1
    expected = "scripts/fleet-drill: network namespaces want root; type: sudo sh scripts/fleet-drill\n"
    assert capsys.readouterr().err == expected
