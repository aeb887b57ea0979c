"""The wheel and the source distribution, built as an index or a distributor would, and used without the checkout."""

from __future__ import annotations

import email
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from email.message import Message
from pathlib import Path

import pytest
from docutils import nodes

from collectd_inode import __version__
from collectd_inode.cli import files
from collectd_inode.cli.version import version
from tests.helpers import checkout
from tests.helpers.pages import tree_of
from tests.helpers.places import ROOT

CLEAN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
NAME = f"collectd_inode-{__version__}"
BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]
for build in (build_meta.build_sdist, build_meta.build_wheel):
    build(folder)
"""


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a command prints; it must end with 0."""
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "http", "HTTP"))}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=CLEAN | kept | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def pip(*words: object, cwd: Path) -> None:
    """Install something."""
    run(sys.executable, "-m", "pip", "--disable-pip-version-check", *words, cwd=cwd, HOME=str(cwd))


def copy_of_checkout(folder: Path) -> Path:
    """The repository's files, with what an earlier build has left behind."""
    copy = checkout.copy_to(folder / "checkout", history=True)
    left_over = copy / "build" / "lib" / "collectd_inode" / "removed.py"
    left_over.parent.mkdir(parents=True)
    left_over.write_text('raise ValueError("this module is no part of this release")\n')
    return copy


@dataclass(frozen=True, slots=True)
class Built:
    """The two distributions, and the folder that they are in."""

    folder: Path

    @property
    def sdist(self) -> Path:
        """The source distribution."""
        return self.folder / f"{NAME}.tar.gz"

    @property
    def wheel(self) -> Path:
        """The wheel."""
        return self.folder / f"{NAME}-py3-none-any.whl"

    def in_the_wheel(self, pattern: str) -> set[str]:
        """The files in the wheel whose names begin like this, without it."""
        with zipfile.ZipFile(self.wheel) as wheel:
            return {name.removeprefix(pattern) for name in wheel.namelist() if name.startswith(pattern)}

    @property
    def metadata(self) -> Message:
        """What an index shows of the wheel."""
        with zipfile.ZipFile(self.wheel) as wheel:
            return email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))

    def environment(self, folder: Path, *words: object) -> Path:
        """A fresh environment in which something is installed; its folder bin."""
        run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=self.folder)
        pip("--python", folder / "bin" / "python", "install", "--quiet", *words, cwd=self.folder)
        return folder / "bin"


@pytest.fixture(scope="session")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the oldest setuptools that builds a wheel by itself."""
    folder = tmp_path_factory.mktemp("backend")
    pip("install", "--quiet", "--target", folder, "setuptools==70.1", cwd=folder)
    return folder


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, backend: Path) -> Built:
    """Built of a copy of this checkout."""
    folder = tmp_path_factory.mktemp("built")
    copy = copy_of_checkout(folder)
    run(sys.executable, "-c", BUILD, folder, cwd=copy, PYTHONPATH=str(backend))
    return Built(folder)


@pytest.fixture(scope="session")
def unpacked(built: Built) -> Path:
    """The source distribution, unpacked."""
    with tarfile.open(built.sdist) as archive:
        archive.extractall(built.folder)
    return built.folder / NAME


pytestmark = pytest.mark.slow


def test_the_wheel_holds_what_files_lays_out(built: Built) -> None:
    """In the package, where any way of installing puts it; and the stub below the environment's folder."""
    assert built.in_the_wheel("collectd_inode/shipped/") == set(map(str, files.names(ROOT)))
    assert built.in_the_wheel(f"{NAME}.data/data/") == {"share/collectd-inode/collectd_inode.py"}


def test_the_wheel_holds_the_modules_and_no_left_over_ones(built: Built) -> None:
    """And what they read, and the mark that says that they have types (PEP 561)."""
    package = ROOT / "collectd_inode"
    paths = (path for path in package.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
    modules = {str(path.relative_to(package)) for path in paths}
    found = {name for name in built.in_the_wheel("collectd_inode/") if not name.startswith("shipped/")}
    assert "py.typed" in found
    assert found == modules | {"commit"}


def test_the_source_distribution_is_the_repository(built: Built, unpacked: Path) -> None:
    """All that its tests, the demonstration and the scripts need, with its modes."""
    made = {"PKG-INFO", "collectd_inode/commit"}
    found, wanted = (checkout.files(folder) for folder in (unpacked, built.folder / "checkout"))
    assert made <= set(found)
    for name in made:
        del found[name]
        wanted.pop(name, None)  # where this is a source distribution itself
    assert found == wanted


def test_the_index_shows_the_readme(built: Built) -> None:
    """It is valid by itself, in text and code; no link and no picture leads to a file that is not there."""
    assert built.metadata["Description-Content-Type"] == "text/x-rst"
    page = built.metadata.get_payload(decode=True)
    assert isinstance(page, bytes)
    tree, complaints = tree_of(page.decode("utf-8"))
    assert complaints == ""
    assert [node["uri"] for node in tree.findall(nodes.image) if ":" not in node["uri"]] == []
    links = (node.get("refuri", "") for node in tree.findall(nodes.reference))
    assert [link for link in links if link and ":" not in link] == []
    assert len(list(tree.findall(nodes.literal_block))) >= 3


def test_the_readme_s_pictures_are_told_until_there_is_an_address_for_them() -> None:
    """With one, pictures and links lead there."""
    setup = runpy.run_path(str(ROOT / "setup.py"))
    readme = (ROOT / "README.rst").read_text(encoding="utf-8")
    pictures = re.findall(r"^\.\. image:: (\S+)\n   :alt: (.+)$", readme, re.MULTILINE)
    assert pictures

    told = setup["description"](readme, "", "")
    assert [alt for _, alt in pictures if f"*Picture:* {alt}" not in told] == []
    assert setup["urls"]("", "") == {}

    shown = setup["description"](readme, "https://example.org/r/v1", "https://example.org/raw/v1")
    tree, complaints = tree_of(shown)
    assert complaints == ""
    assert [node["uri"] for node in tree.findall(nodes.image)] == [
        f"https://example.org/raw/v1/{uri}" for uri, _ in pictures
    ]
    uris = {node.get("refuri", "") for node in tree.findall(nodes.reference)}
    assert "https://example.org/r/v1/docs/how-to/evidence.rst" in uris
    assert setup["urls"]("https://example.org/r", "https://example.org/r/v1") == {
        "Source": "https://example.org/r",
        "Documentation": "https://example.org/r/v1/README.rst",
        "Changelog": "https://example.org/r/v1/CHANGELOG.rst",
    }


@pytest.fixture(scope="session")
def binaries(built: Built) -> Path:
    """The commands of a fresh environment with the wheel in it."""
    return built.environment(built.folder / "installed", built.wheel)


def test_an_installed_wheel_lays_out_its_files(built: Built, binaries: Path) -> None:
    """Far from the checkout; and its scripts can be run."""
    folder = built.folder / "laid-out"
    run(binaries / "collectd-inode", "files", folder, cwd=built.folder)
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found == {str(name): (ROOT / name).read_bytes() for name in files.names(ROOT)}
    assert os.access(folder / "alerts" / "nagios-passive", os.X_OK)


def test_an_installed_wheel_knows_its_commit_and_names_its_stub(built: Built, binaries: Path) -> None:
    """And every command's library is there."""
    assert run(binaries / "collectd-inode", "--version", cwd=built.folder) == f"collectd-inode {version()}\n"
    stub = built.folder / "installed" / "share" / "collectd-inode"
    assert f'ModulePath "{stub}"' in run(binaries / "collectd-inode", "snippet", cwd=built.folder)
    feature = built.folder / "checkout" / "scenarios" / "webhome.feature"
    assert run(binaries / "collectd-inode", "lint", feature, cwd=built.folder)


def test_what_was_removed_is_gone_after_an_upgrade(built: Built, backend: Path) -> None:
    """As docs/how-to/install.rst has it: pip install, and again after an update; pip builds in the checkout."""
    copy = built.folder / "upgraded"
    shutil.copytree(built.folder / "checkout", copy)
    module = copy / "collectd_inode" / "soon_removed.py"
    module.write_text('"""A module of an older release."""\n')
    binaries = built.environment(built.folder / "upgrade", "--no-deps", copy)
    installed = next((binaries.parent / "lib").glob("python3*/site-packages/collectd_inode"))
    assert (installed / module.name).exists()
    module.unlink()
    pip("--python", binaries / "python", "install", "--quiet", "--no-deps", "--upgrade", copy, cwd=built.folder)
    assert not (installed / module.name).exists()
    assert not (installed / "removed.py").exists()


LEFT_OUT = (
    *("chromium", "daemon", "dashboards", "demo", "ntp", "smarthost", "timekeeper", "wire"),
    "cli/test_door_facts.py",  # it asks whether nobody may execute the program, which pytest's folders forbid
)
"""What wants real daemons, a browser or many minutes."""


def test_the_source_distribution_s_tests_run(built: Built, unpacked: Path) -> None:
    """In an environment of its own, with no checkout behind it; those of real daemons are only looked for."""
    binaries = built.environment(built.folder / "tested", "--editable", f"{unpacked}[test]")
    tools = ROOT / ".tools"
    if tools.exists():
        (unpacked / ".tools").symlink_to(tools)
    run(binaries / "python", "-m", "pytest", "-q", "--collect-only", "-m", "slow or not slow", cwd=unpacked)
    left_out = [f"--ignore=tests/{folder}" for folder in LEFT_OUT]
    told = run(binaries / "python", "-m", "pytest", "-q", *left_out, cwd=unpacked)
    assert re.search(r"^\d+ passed", told, re.MULTILINE)
