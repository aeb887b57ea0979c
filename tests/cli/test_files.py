"""`collectd-inode files DIR`: what comes with the program, laid out, and nothing of anybody's overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode.cli import files
from tests.helpers.places import ROOT

Typed = Callable[..., tuple[int, str, str]]


def below(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file: its content and its mode."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mode & 0o777) for path in found}


def test_they_are_the_repository_s(typed: Typed, tmp_path: Path) -> None:
    """All files of the seven folders, but for the program that makes the dashboards; each is named."""
    code, out, err = typed("files", "new/folder")
    laid_out = below(tmp_path / "new" / "folder")
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"wrote new/folder/{name}" for name in map(str, files.names(ROOT))] + [
        f"new/folder: {len(laid_out)} files written"
    ]
    ours = {
        str(path.relative_to(ROOT)): path.read_bytes()
        for folder in ("conf.d", "scenarios", "alerts", "dashboards", "systemd", "completion", "man")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.parent.name != "__pycache__" and path.name not in ("__init__.py", "__main__.py")
    }
    assert {name: content for name, (content, _) in laid_out.items()} == ours
    assert {name for name, (_, mode) in laid_out.items() if mode == 0o755} == {
        "alerts/alertmanager",
        "alerts/icinga2-api",
        "alerts/nagios-passive",
        "alerts/spooled",
        "alerts/webhook",
    }
    assert {mode for _, mode in laid_out.values()} == {0o755, 0o644}


def test_what_is_there_already_stays(typed: Typed, tmp_path: Path) -> None:
    """The same file is passed over; one that differs is named; one that is missing comes back."""
    typed("files", ".")
    before = below(tmp_path)
    assert typed("files", ".") == (0, f".: {len(before)} files there already\n", "")

    changed, missing = tmp_path / "conf.d" / "rrdtool.conf", tmp_path / "scenarios" / "login.feature"
    changed.write_text("mine")
    missing.unlink()
    assert typed("files", ".") == (
        1,
        f"wrote scenarios/login.feature\n.: 1 file written, {len(before) - 2} files there already, 1 file differs\n",
        "collectd-inode files: conf.d/rrdtool.conf differs and was left as it is\n",
    )
    assert changed.read_text() == "mine"
    assert below(tmp_path) == before | {"conf.d/rrdtool.conf": (b"mine", 0o644)}


def test_links_and_folders_in_the_way_stay(typed: Typed, tmp_path: Path) -> None:
    """A link is not written through, wherever it leads to."""
    (tmp_path / "conf.d" / "rrdtool.conf").mkdir(parents=True)
    (tmp_path / "conf.d" / "thresholds.conf").symlink_to("nowhere")
    code, _, err = typed("files", ".")
    assert (code, err.splitlines()) == (
        1,
        [
            "collectd-inode files: conf.d/rrdtool.conf differs and was left as it is",
            "collectd-inode files: conf.d/thresholds.conf differs and was left as it is",
        ],
    )
    assert os.readlink(tmp_path / "conf.d" / "thresholds.conf") == "nowhere"


@pytest.mark.parametrize("words", [[], ["a", "b"]], ids=["none", "two"])
def test_one_folder_is_wanted(typed: Typed, words: list[str]) -> None:
    code, out, err = typed("files", *words)
    assert (code, out) == (2, "")
    assert err.startswith("usage: collectd-inode ")


def test_a_folder_that_cannot_be_made(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert typed("files", "file") == (2, "", "collectd-inode files: file/conf.d: Not a directory\n")
    assert typed("files", "file/below") == (2, "", "collectd-inode files: file/below/conf.d: Not a directory\n")


def test_a_file_where_a_folder_is_wanted(typed: Typed, tmp_path: Path) -> None:
    (tmp_path / "conf.d").touch()
    code, _, err = typed("files", ".")
    assert (code, err) == (2, "collectd-inode files: conf.d: File exists\n")


def test_an_installation_has_them_inside(tmp_path: Path) -> None:
    """As setup.py builds it; a checkout has them beside the package."""
    package = tmp_path / "collectd_inode"
    package.mkdir()
    assert files.shipped(package) == tmp_path
    (package / "shipped").mkdir()
    assert files.shipped(package) == package / "shipped"


def test_an_installation_without_them(typed: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of who typed it, and nothing is made."""
    monkeypatch.setattr(files, "shipped", lambda: tmp_path / "none")
    assert typed("files", "new") == (
        3,
        "",
        f"collectd-inode files: {tmp_path}/none holds none of them; install collectd_inode again\n",
    )
    assert list(tmp_path.iterdir()) == []
