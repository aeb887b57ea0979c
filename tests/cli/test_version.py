"""`collectd-inode --version`: the release, and the commit where it is known, without asking git."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode import __version__
from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.cli.version import checked_out, commit, version

COMMIT = "bfaced7c0ffee0123456789abcdef0123456789a"


def repository(folder: Path, **files: str) -> Path:
    """A folder with a .git of these files; _ is / in their names."""
    for name, text in files.items():
        path = folder / ".git" / name.replace("__", "-").replace("_", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


HEAD = "ref: refs/heads/main\n"
PACKED = f"# pack-refs with: peeled sorted\n{'0' * 40} refs/heads/other\n{COMMIT} refs/heads/main\n^{'1' * 40}\n"


def test_a_branch(tmp_path: Path) -> None:
    assert checked_out(repository(tmp_path, HEAD=HEAD, refs_heads_main=f"{COMMIT}\n")) == "bfaced7"


def test_a_branch_that_git_has_packed(tmp_path: Path) -> None:
    assert checked_out(repository(tmp_path, HEAD=HEAD, packed__refs=PACKED)) == "bfaced7"


def test_no_branch(tmp_path: Path) -> None:
    assert checked_out(repository(tmp_path, HEAD=f"{COMMIT}\n")) == "bfaced7"


@pytest.mark.parametrize("refs", ["refs_heads_main", "packed__refs"])
def test_another_work_tree(tmp_path: Path, refs: str) -> None:
    """Its .git is a file that names its own part of the repository, and that names the common one."""
    main = repository(
        tmp_path / "main",
        worktrees_second_HEAD=HEAD,
        worktrees_second_commondir="../..\n",
        **{refs: COMMIT if refs.startswith("refs") else PACKED},
    )
    second = tmp_path / "second"
    second.mkdir()
    for pointer in (str(main), "../main"):
        (second / ".git").write_text(f"gitdir: {pointer}/.git/worktrees/second\n")
        assert checked_out(second) == "bfaced7"


@pytest.mark.parametrize(
    "files",
    [{}, {"HEAD": HEAD}, {"HEAD": "ref: refs/heads/.invalid\n"}, {"HEAD": ""}, {"HEAD": "nonsense\n"}],
    ids=["no repository", "no commit yet", "reftable", "empty", "nonsense"],
)
def test_no_commit_is_known(tmp_path: Path, files: dict[str, str]) -> None:
    """That is no fault: the release stands alone."""
    assert checked_out(repository(tmp_path, **files)) == ""


def test_what_was_built_knows_what_it_was_built_of(tmp_path: Path) -> None:
    """Where there is no repository; a folder above is somebody else's."""
    repository(tmp_path, HEAD=COMMIT)
    package = tmp_path / "site-packages" / "collectd_inode"
    package.mkdir(parents=True)
    assert commit(package) == ""
    (package / "commit").write_text("1234567")
    assert commit(package) == "1234567"
    repository(package.parent, HEAD=COMMIT)
    assert commit(package) == "bfaced7"


def test_it_is_shown(typed: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("collectd_inode.cli.version.commit", lambda: "bfaced7")
    assert typed("--version") == (0, f"collectd-inode {__version__} (bfaced7)\n", "")
    monkeypatch.setattr("collectd_inode.cli.version.commit", lambda: "")
    assert typed("--version") == (0, f"collectd-inode {__version__}\n", "")


def test_what_servers_see_is_the_release_only() -> None:
    assert re.search(r"\(([0-9a-f]{7})\)$", version()) or version() == __version__
    assert BrowserProfile().user_agent == f"collectd_inode/{__version__} (+replayed use-case)"
