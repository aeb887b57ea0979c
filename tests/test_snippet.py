"""What `collectd-inode snippet` prints: what conf.d ships, with this installation's own paths."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from collectd_inode import cli, oconfig
from collectd_inode.cli import installation
from collectd_inode.cli.installation import module_paths
from collectd_inode.cli.snippet import snippet
from collectd_inode.oconfig import Node

ROOT = Path(__file__).parent.parent
SHIPPED = (ROOT / "conf.d" / "00-python.conf").read_text(encoding="utf-8")


def bare(nodes: tuple[Node, ...]) -> list[Node]:
    """The tree without its places."""
    return [replace(node, place=None, children=tuple(bare(node.children))) for node in nodes]


def paths_in(text: str) -> list[object]:
    plugin = next(node for node in oconfig.parse(text) if node.key == "Plugin")
    return [node.values[0] for node in plugin.children if node.key == "ModulePath"]


def test_it_says_what_conf_d_says() -> None:
    """For the installation of which the README tells, to the letter but for the comments."""
    printed = snippet(["/opt/collectd-inode/lib/python3.11/site-packages"])
    assert bare(oconfig.parse(printed)) == bare(oconfig.parse(SHIPPED))


def test_state_dir_is_explained_in_conf_d_s_words() -> None:
    start = SHIPPED.index("    # A folder for what is to outlive the daemon")
    assert SHIPPED[start:] in snippet([])


def test_an_editable_install_wants_the_checkout_too() -> None:
    """This one is: its .pth file is not read by ModulePath."""
    site_packages = next(path for path in sys.path if path.endswith("site-packages") and path.startswith(sys.prefix))
    assert module_paths() == [site_packages, str(ROOT)]


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["snippet"]) == 0
    assert capsys.readouterr() == (snippet(module_paths()), "")


def test_where_collectd_looks_by_itself_no_path_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip install --break-system-packages puts it there."""
    monkeypatch.setattr(installation, "_OWN", tuple(module_paths()))
    printed = snippet(module_paths())
    assert paths_in(printed) == []
    assert "# No ModulePath: collectd's Python looks where this is installed by itself." in printed


def test_a_path_with_a_quote_survives_collectd_s_quoting() -> None:
    odd = ['/srv/our "new" tools/lib', "/srv/back\\slash"]
    assert paths_in(snippet(odd)) == odd
