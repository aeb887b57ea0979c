"""benchmarks/clock: its tables without servers, and the counts on the page that shows them."""

from __future__ import annotations

import pytest

from benchmarks.clock import main, same
from tests.helpers.kinds_of_machine import KINDS
from tests.helpers.places import ROOT
from tests.helpers.pool_rules import ANSWERS
from tests.helpers.server_situations import SITUATIONS

PAGE = (ROOT / "docs" / "explanation" / "vote.rst").read_text(encoding="utf-8")


@pytest.mark.parametrize("rows", [SITUATIONS, KINDS, ANSWERS])
def test_the_page_has_the_tables_lengths(rows: tuple[object, ...]) -> None:
    assert f" {len(rows)} of {len(rows)} " in PAGE


def test_the_tables_without_servers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["machines", "pool"]) == 0
    last = [line for line in capsys.readouterr().out.splitlines() if line.startswith(("machines:", "pool:"))]
    assert last == [
        f"machines: {len(KINDS)} of {len(KINDS)} kinds right",
        f"pool: {len(ANSWERS)} of {len(ANSWERS)} answers scored as by the pool's monitor",
    ]


def test_no_offset_is_the_same_as_no_offset() -> None:
    assert (same(None, None), same(None, 0.0), same(0.0, 0.04), same(0.0, 0.06)) == (True, False, True, False)
