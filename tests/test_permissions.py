"""Who else can write what is executed and believed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.permissions import loose, strangers_code
from collectd_inode.scenario.usersteps import load

STEP = 'from collectd_inode import step\n\n\n@step("x")\nasync def x(session): ...\n'


@pytest.fixture
def steps(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    folder = tmp_path / "steps"
    folder.mkdir(mode=0o755)
    (folder / "own.py").write_text(STEP)
    (folder / "own.py").chmod(0o644)
    return folder


@pytest.mark.parametrize(("folder", "file"), [(0o755, 0o644), (0o750, 0o640), (0o700, 0o600), (0o1777, 0o644)])
def test_what_nobody_else_can_write_is_executed(steps: Path, folder: int, file: int) -> None:
    """Debian's way for services, one's own folders, and a folder like /tmp, where nobody replaces what is ours."""
    (steps / "own.py").chmod(file)
    steps.chmod(folder)
    sentences, problems = load([str(steps)])
    assert ([s.example for s in sentences], problems) == (["x"], [])


@pytest.mark.parametrize("what", ["own.py", ".", ".."])
@pytest.mark.parametrize(("more", "who"), [(0o002, "everybody"), (0o020, "its group")])
def test_what_others_can_write_is_not_executed(
    steps: Path, what: str, more: int, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the file, nor where its folder or one above is theirs to change; the message has the mend."""
    monkeypatch.setattr("collectd_inode.permissions._is_own_group", lambda status: False)
    path = (steps / what).resolve()
    mode = path.stat().st_mode & 0o7777 | more
    path.chmod(mode)
    sentences, (problem,) = load([str(steps)])
    assert sentences == []
    assert problem.what.startswith(f"{path}: mode {mode:04o}: {who} can write it; chmod ")
    assert problem.place.path == str(steps / "own.py")


def test_what_belongs_to_somebody_else_is_not_executed(steps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root executes nothing of a user's."""
    owner = steps.stat().st_uid
    monkeypatch.setattr("collectd_inode.permissions.os.geteuid", lambda: owner + 54321)
    assert (strangers_code(str(steps)) == "") == (owner == 0)


def test_modes_that_are_warned_of(tmp_path: Path) -> None:
    """What everybody can write, and of secrets and StateDir also what everybody can read."""
    path = tmp_path / "x"
    path.write_text("x")
    said = {}
    for mode in (0o640, 0o644, 0o666, 0o602):
        path.chmod(mode)
        said[mode] = loose(str(path)), loose(str(path), private=True)
    assert said == {
        0o640: ("", ""),
        0o644: ("", f"{path}: mode 0644: everybody can read it; chmod o-rwx {path}"),
        0o666: (
            f"{path}: mode 0666: everybody can write it; chmod o-w {path}",
            f"{path}: mode 0666: everybody can read and write it; chmod o-rwx {path}",
        ),
        0o602: (
            f"{path}: mode 0602: everybody can write it; chmod o-w {path}",
            f"{path}: mode 0602: everybody can write it; chmod o-rwx {path}",
        ),
    }
    assert loose(str(tmp_path / "none")) == ""
