"""The pages on clocks of the room ``clock/``: what they show of a machine is what the command prints of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.cli import clock, parser
from tests.helpers.machines import CONTAINER, UNSYNCHRONISED, kernel, machine, process
from tests.helpers.places import ROOT


@pytest.mark.parametrize(
    ("page", "layer"), [("clock-container", CONTAINER), ("clock-guest", process(5, "VBoxService"))]
)
def test_what_a_page_shows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], page: str, layer: dict[str, str]
) -> None:
    """Diagnosis, sentence and advice."""
    root = machine(tmp_path, layer)
    clock.main(parser().parse_args(["clock", "--root", root]), kernel(UNSYNCHRONISED))
    told = capsys.readouterr().out.splitlines()[:3]
    shown = (ROOT / "docs" / "how-to" / f"{page}.rst").read_text()
    assert "".join(f"    {line}\n" for line in told) in shown
