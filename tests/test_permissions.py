"""Who else can write what is executed and believed here."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pytest

from collectd_inode.permissions import in_the_way, loose, strangers_code
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


def test_a_file_is_in_the_way_of_a_folder(tmp_path: Path) -> None:
    """In its own place, or anywhere above it; a folder that is not there yet can be made."""
    file = tmp_path / "file"
    file.touch()
    asked = [tmp_path, tmp_path / "none" / "state", file, file / "inode" / "state"]
    assert [in_the_way(str(path)) for path in asked] == ["", "", str(file), str(file)]


def test_what_can_be_replaced_is_warned_of(tmp_path: Path) -> None:
    """A folder above it is everybody's, or that of a link to it; not where the sticky bit is set, as in /tmp."""
    shared, private = tmp_path / "shared", tmp_path / "private"
    for folder in (shared, shared / "inner", private):
        folder.mkdir(mode=0o700)
    (shared / "inner" / "secret").write_text("x")
    (private / "secret").write_text("x")
    (shared / "link").symlink_to(private / "secret")
    for path in (shared / "inner" / "secret", private / "secret"):
        path.chmod(0o600)
    asked = (shared / "inner" / "secret", shared / "link", private / "secret")
    said = {}
    for mode in (0o777, 0o1777, 0o770):
        shared.chmod(mode)
        said[mode] = [loose(str(path), private=True) for path in asked]
    why = f"{shared}: mode 0777: everybody can write it; chmod o-w {shared}"
    assert said == {0o777: [why, why, ""], 0o1777: ["", "", ""], 0o770: ["", "", ""]}


def test_a_private_file_is_no_other_group_s_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature may be written by those who work together on it."""
    path = tmp_path / "secret"
    path.write_text("x")
    path.chmod(0o660)
    assert loose(str(path), private=True) == loose(str(path)) == ""
    monkeypatch.setattr("collectd_inode.permissions._is_own_group", lambda status: False)
    assert loose(str(path), private=True) == f"{path}: mode 0660: its group can write it; chmod g-w {path}"
    assert loose(str(path)) == ""


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """As the kernel has it: tag, permissions, number."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 2**32 - 1
STRANGER = 54321
OWN = (0x01, 6, NOBODY), (0x04, 4, NOBODY), (0x20, 4, NOBODY)


@pytest.mark.parametrize(
    ("entries", "who"),
    [
        (((0x02, 6, STRANGER), (0x10, 6, NOBODY)), f"user {STRANGER}"),
        (((0x08, 6, STRANGER), (0x10, 6, NOBODY)), f"group {STRANGER}"),
        (((0x02, 4, STRANGER), (0x10, 6, NOBODY)), ""),
        (((0x02, 6, STRANGER), (0x10, 4, NOBODY)), ""),
        (((0x02, 6, 0), (0x08, 6, 0), (0x02, 6, os.geteuid()), (0x10, 6, NOBODY)), ""),
        ((), ""),
    ],
    ids=["user", "group", "reads", "masked", "root", "none"],
)
def test_an_access_list_lets_nobody_in_unseen(
    steps: Path, entries: tuple[tuple[int, int, int], ...], who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mode of a file of root's group does not tell who can write it."""
    own = (steps / "own.py").resolve()
    own.chmod(0o664)
    monkeypatch.setattr("collectd_inode.permissions._is_own_group", lambda status: True)
    lists = {str(own): access_list(*OWN, *entries)}

    def of(path: str, name: str) -> bytes:
        if path not in lists:
            raise OSError(61, "No data available")
        return lists[path]

    monkeypatch.setattr("collectd_inode.permissions.os.getxattr", of)
    why = f"{own}: its access list lets {who} write it; setfacl -b {own}: own step modules are executed"
    assert strangers_code(str(own)) == (why if who else "")
