"""What `collectd-inode snippet` prints: what conf.d ships, with this installation's own paths."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode import cli, oconfig
from collectd_inode.cli import installation
from collectd_inode.cli.installation import module_paths
from collectd_inode.cli.snippet import door_snippet, snippet
from collectd_inode.model import NOWHERE
from collectd_inode.oconfig import Node
from tests.helpers.places import ROOT

STUB = (ROOT / "stub" / "collectd_inode.py").read_text(encoding="utf-8")
SHIPPED = (ROOT / "conf.d" / "00-python.conf").read_text(encoding="utf-8")


def bare(nodes: tuple[Node, ...]) -> list[Node]:
    """The tree without its places."""
    return [replace(node, place=NOWHERE, children=tuple(bare(node.children))) for node in nodes]


def paths_in(text: str) -> list[object]:
    plugin = next(node for node in oconfig.parse(text) if node.key == "Plugin")
    return [node.values[0] for node in plugin.children if node.key == "ModulePath"]


def test_it_says_what_conf_d_says() -> None:
    """For the installation of docs/how-to/install.rst, to the letter but for the comments."""
    printed = snippet(["/opt/collectd-inode/share/collectd-inode"])
    assert bare(oconfig.parse(printed)) == bare(oconfig.parse(SHIPPED))


def test_state_dir_is_explained_in_conf_d_s_words() -> None:
    start = SHIPPED.index("    # A folder for state that must survive a restart")
    assert SHIPPED[start:] in snippet([])


def test_an_editable_install_wants_the_checkout_too() -> None:
    """This one is: its .pth file is not read by ModulePath."""
    site_packages = next(path for path in sys.path if path.endswith("site-packages") and path.startswith(sys.prefix))
    assert module_paths() == [site_packages, str(ROOT)]


def test_without_a_stub_it_names_the_packages(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an installation has it that brought no data files, such as one by --target."""
    monkeypatch.setattr(installation, "environment", lambda: str(tmp_path))
    assert cli.main(["snippet"]) == 0
    assert capsys.readouterr() == (snippet(module_paths()), "")


def test_it_names_the_stub_of_the_installation(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folder where pip puts a wheel's data."""
    folder = tmp_path / "share" / "collectd-inode"
    folder.mkdir(parents=True)
    (folder / "collectd_inode.py").write_text(STUB)
    monkeypatch.setattr(installation, "environment", lambda: str(tmp_path))
    assert cli.main(["snippet"]) == 0
    out, err = capsys.readouterr()
    assert (paths_in(out), err) == ([str(folder)], "")
    assert bare(oconfig.parse(out)) == bare(oconfig.parse(snippet([str(folder)])))


def test_it_writes_a_stub_for_the_installation(typed: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Into a folder that it makes; again, too; the environment is written into it, and nothing else is changed."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside" / "collectd_inode.py").write_text("what was there before")
    for folder in ("beside", "new/folder"):
        code, out, err = typed("snippet", "--stub", folder)
        assert (code, paths_in(out), err) == (0, [f"{tmp_path}/{folder}"], "")
        written = (tmp_path / folder / "collectd_inode.py").read_text()
        assert written == STUB.replace('ENVIRONMENT = ""', f"ENVIRONMENT = {installation.environment()!r}")
        assert [path.name for path in (tmp_path / folder).iterdir()] == ["collectd_inode.py"]


def test_a_stub_that_cannot_be_written(typed: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    """Nothing is printed, so that nobody saves half a configuration."""
    (tmp_path / "file").touch()
    assert typed("snippet", "--stub", "file") == (2, "", "collectd-inode snippet: file: File exists\n")
    assert typed("snippet", "--stub", "file/below") == (2, "", "collectd-inode snippet: file/below: Not a directory\n")


def test_where_collectd_looks_by_itself_no_path_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip install --break-system-packages puts it there."""
    monkeypatch.setattr(installation, "_OWN", tuple(module_paths()))
    printed = snippet(module_paths())
    assert paths_in(printed) == []
    assert "# No ModulePath: collectd's Python looks where this is installed by itself." in printed


def test_a_path_with_a_quote_survives_collectd_s_quoting() -> None:
    odd = ['/srv/our "new" tools/lib', "/srv/back\\slash"]
    assert paths_in(snippet(odd)) == odd


@pytest.mark.parametrize(("option", "name"), [("--exec", "inode-exec.conf"), ("--serve", "inode-unixsock.conf")])
def test_a_door_s_snippet_is_conf_d_s(typed: Callable[..., tuple[int, str, str]], option: str, name: str) -> None:
    """With this installation's own program; the unit's is said below, where it is another."""
    code, out, err = typed("snippet", option)
    program = Path(sysconfig.get_path("scripts"), "collectd-inode")
    shipped = (ROOT / "conf.d" / name).read_text(encoding="utf-8").replace(PROGRAM, str(program))
    assert (code, err) == (0, "")
    assert bare(oconfig.parse(out)) == bare(oconfig.parse(shipped))
    assert out.startswith(shipped)
    assert (f"#   ExecStart={program} serve /etc/collectd/inode.conf\n" in out) is (option == "--serve")
    assert door_snippet(name, PROGRAM) == (ROOT / "conf.d" / name).read_text(encoding="utf-8")


PROGRAM = "/opt/collectd-inode/bin/collectd-inode"


def test_a_door_wants_no_stub(typed: Callable[..., tuple[int, str, str]]) -> None:
    """And one door is asked for at a time."""
    said = "collectd-inode snippet: expected --stub alone: neither exec nor serve needs a stub\n"
    assert typed("snippet", "--exec", "--stub", "x") == (2, "", said)
    assert typed("snippet", "--exec", "--serve")[0] == 2
