"""The Debian package's own files; `sh scripts/try-release SUITE FOLDER deb` builds, installs and purges it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from collectd_inode import __version__, oconfig
from tests.helpers.places import ROOT

RULES = (ROOT / "debian" / "rules").read_text(encoding="utf-8")
SCRIPTS = sorted(
    file
    for file in (ROOT / "debian").glob("collectd-inode.*")
    if file.suffix in (".preinst", ".postinst", ".prerm", ".postrm")
)
(NAMES,) = re.findall(r"foreach name,([^,]*),", RULES)
EXAMPLES = [*(f"conf.d/{name}.conf" for name in NAMES.split()), "systemd/inode.conf"]


def test_the_package_has_our_version() -> None:
    changelog = (ROOT / "debian" / "changelog").read_text(encoding="utf-8")
    assert changelog.startswith(f"collectd-inode ({__version__}) ")


def sed(expression: str, text: str) -> str:
    """What sed makes of *text*."""
    done = subprocess.run(["sed", "-E", expression], input=text, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_configuration_file_is_commented_out(example: str) -> None:
    """Nothing in it counts, and the command in its first line brings all of it back."""
    text = (ROOT / example).read_text(encoding="utf-8")
    (expression,) = re.findall(r"sed -E '(.*)' \$\(1\)", RULES)
    commented = sed(expression.replace("$$", "$"), text)
    assert oconfig.parse(commented, example) == ()
    assert sed("s/^#://", commented) == text
    assert "# To use this file:  sed -i 's/^#://' " in RULES


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda file: file.suffix[1:])
def test_a_maintainer_s_script(script: Path) -> None:
    """The shell reads it, it ends at a mistake, and debhelper finds its place."""
    subprocess.run(["sh", "-n", script], check=True)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert {"set -e", "#DEBHELPER#"} <= set(lines)


def test_a_machine_that_cannot_build_one(tmp_path: Path) -> None:
    """It is told what to install, before anything is written."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("dirname", "sh"):
        (programs / program).symlink_to(shutil.which(program) or program)
    done = subprocess.run(
        ["/bin/sh", "scripts/deb"],
        cwd=tmp_path,
        env={"PATH": str(programs)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    tools = "build-essential debhelper python3-pip python3-setuptools python3-venv python3-wheel"
    assert done.stdout == f"scripts/deb: there is no dpkg-buildpackage; type: apt-get install {tools}\n"
    assert done.returncode == 1
    assert {path.name for path in tmp_path.iterdir()} == {"scripts", "bin"}
