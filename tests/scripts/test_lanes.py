"""The lanes of scripts/test: files run side by side, and a test that is skipped in one of them fails the run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.helpers.collectd_process import CLEAN
from tests.helpers.examples import HUNG
from tests.helpers.places import ROOT

CONFTEST = "from tests.conftest import pytest_sessionfinish as pytest_sessionfinish\n"
MEETS = "from pathlib import Path\n\ndef test_meets():\n    Path('{pipe}').open('{way}').close()\n"
SKIPPED = "import pytest\n\ndef test_skipped():\n    pytest.skip('there is no daemon')\n"


def lanes(folder: Path, **files: str) -> tuple[int, str]:
    """Run these files of tests with the options of the script: exit code, and the last line."""
    for name, text in {"conftest": CONFTEST, **files}.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    script = (ROOT / "scripts" / "test").read_text(encoding="utf-8")
    options = script.partition("\nlanes='")[2].partition("'")[0].split()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib", *options, str(folder)],
        cwd=folder, env=CLEAN | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=HUNG, check=False,
    )  # fmt: skip
    assert done.stdout, done.stderr
    return done.returncode, done.stdout.splitlines()[-1].partition(" in ")[0]


def test_two_files_run_side_by_side(tmp_path: Path) -> None:
    """Each opens its end of a pipe, which waits until the other is there."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    one, other = (MEETS.format(pipe=pipe, way=way) for way in "rw")
    assert lanes(tmp_path, test_one=one, test_other=other) == (0, "2 passed")


def test_a_skip_in_a_lane_fails_the_run(tmp_path: Path) -> None:
    """As it does in a run without lanes."""
    fine = "def test_fine():\n    pass\n"
    assert lanes(tmp_path, test_fine=fine, test_skipped=SKIPPED) == (1, "1 passed, 1 skipped")
