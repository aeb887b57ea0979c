"""Packages that are missing or too old are told as that, on the command line and to collectd's log."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from collectd_inode.dependencies import (
    DEPENDENCIES,
    DependencyFault,
    Incomplete,
    explained,
    numbers,
    require,
    troubles_of,
    version_in,
    written,
)
from tests.helpers.places import ROOT


def package(folder: Path, module: str, version: str, *, name: str = "", end: str = "dist-info", code: str = "") -> None:
    """A package as pip or Debian leave it."""
    (folder / module).mkdir(parents=True, exist_ok=True)
    (folder / module / "__init__.py").write_text(code)
    (folder / f"{name or module}-{version}.{end}").mkdir()


@pytest.mark.parametrize(
    ("beside", "version"),
    [
        (["gherkin_official-39.0.0.dist-info"], (39, 0, 0)),
        (["gherkin-official-39.1.dist-info"], (39, 1)),
        (["Gherkin.Official-39.egg-info"], (39,)),
        (["gherkin_official-38.0.0-py3.11.egg-info"], (38, 0, 0)),
        (["gherkin_official-40.0.0rc1.dist-info"], (40, 0, 0)),
        (["gherkin_official-9.0.0.dist-info", "gherkin_official-39.0.0.dist-info"], (39, 0, 0)),
        (["gherkin_official_more-1.0.dist-info", "gherkin-1.0.dist-info", "official"], ()),
        ([], ()),
    ],
)
def test_a_version_by_the_names_in_a_folder(tmp_path: Path, beside: list[str], version: tuple[int, ...]) -> None:
    """Of wheels, of Debian's packages, of an upgrade that left the old one's name."""
    for name in beside:
        (tmp_path / name).mkdir()
    assert version_in(str(tmp_path), "gherkin-official") == version


def test_what_is_missing_and_what_is_too_old(tmp_path: Path) -> None:
    """The first folder that has the module counts, as for Python; what tells no version is believed."""
    first, second = tmp_path / "first", tmp_path / "second"
    package(first, "httpx", "0.23.3")
    package(second, "httpx", "0.28.1")
    package(second, "lxml", "6.0.2", end="egg-info")
    package(second, "cssselect", "1.1.0", end="egg-info")
    (second / "typing_extensions.py").write_text("")
    asked = ("lxml", "httpx", "cssselect", "ntplib", "typing_extensions")
    assert list(troubles_of(asked, [str(tmp_path / "none"), str(first), str(second)])) == [
        DependencyFault(f"httpx 0.23.3 from {first} is too old: 0.28 is needed", "httpx>=0.28"),
        DependencyFault("ntplib is missing", "ntplib>=0.4"),
        DependencyFault(f"cssselect 1.1.0 from {second} is too old: 1.2 is needed", "cssselect>=1.2"),
    ]


@pytest.mark.parametrize("module", DEPENDENCIES)
def test_the_oldest_version_will_do_and_one_before_it_will_not(tmp_path: Path, module: str) -> None:
    """Of each."""
    needed = DEPENDENCIES[module]
    package(tmp_path / "least", module, written(needed.least), name=needed.distribution)
    *most, last = needed.least
    package(tmp_path / "old", module, written((*most, last - 1)), name=needed.distribution)
    assert list(troubles_of([module], [str(tmp_path / "least")])) == []
    assert [one.wanted for one in troubles_of([module], [str(tmp_path / "old")])] == [
        f"{needed.distribution}>={written(needed.least)}"
    ]


def test_this_environment_has_them() -> None:
    assert list(troubles_of()) == []
    require(*DEPENDENCIES)


def test_an_error_of_another_kind_stays_what_it_is() -> None:
    error = ValueError("mine")
    assert explained(error) is error


def test_a_version_is_written_as_it_is_read() -> None:
    assert written(numbers("2022.10.31")) == "2022.10.31"


def test_several_are_told_together() -> None:
    assert str(Incomplete([DependencyFault("a is missing", "a>=1"), DependencyFault("b is missing", "b>=2")])) == (
        "a is missing; b is missing"
    )


def typed(folder: Path, *words: str) -> tuple[int, str, str]:
    """The command with *folder* in front of all others."""
    done = subprocess.run(
        [sys.executable, "-c", "import sys; from collectd_inode import cli; sys.exit(cli.main())", *words],
        env={**os.environ, "PYTHONPATH": f"{folder}:{ROOT}"},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def too_old(tmp_path: Path) -> Path:
    """A folder whose httpx is Debian 12's, as far as its name goes; importing it fails as an old one's would."""
    package(tmp_path, "httpx", "0.23.3", code="raise AttributeError('module httpcore has no attribute Request')\n")
    (tmp_path / "a.feature").write_text('Feature: f\n  Scenario: s\n    When I go to "/"\n')
    return tmp_path


def found(folder: Path) -> str:
    return f"cannot run: httpx 0.23.3 from {folder} is too old: 0.28 is needed"


COMMANDS = [("run", "a.feature"), ("lint", "a.feature"), ("series", "a.feature")]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_the_command_line_says_what_is_too_old(too_old: Path, words: tuple[str, ...]) -> None:
    """And how to get a newer one; it is no bug of ours."""
    mend = f"to do: {sys.executable} -m pip install 'httpx>=0.28'\n"
    assert typed(too_old, *words) == (3, "", f"collectd-inode: {found(too_old)}\n{mend}")


def test_one_that_can_be_imported_is_still_too_old(too_old: Path) -> None:
    """The cssselect that does not know ``div:has(> ul)``, for one, would fail in the middle of a run."""
    package(too_old, "cssselect", "1.1.0")
    (too_old / "httpx" / "__init__.py").unlink()
    code, out, err = typed(too_old, "run", "a.feature")
    assert (code, out) == (3, "")
    assert f"cannot run: cssselect 1.1.0 from {too_old} is too old: 1.2 is needed\n" in err


def test_nagios_is_told_too(too_old: Path) -> None:
    code, out, _ = typed(too_old, "run", "a.feature", "--format", "nagios")
    assert (code, out) == (3, f"SCENARIO UNKNOWN - {found(too_old)}\n")


def test_commands_that_do_without_it_work(too_old: Path) -> None:
    """The clock's and the vocabulary's want none of them."""
    assert typed(too_old, "steps", "follow")[::2] == (0, "")
    code, out, err = typed(too_old, "clock", "--format", "json")
    assert (code in (0, 1), out[:16], err) == (True, '{"kind": "clock"', "")


def test_the_doctor_begins_with_its_own_environment(too_old: Path) -> None:
    """Without it CONF cannot be read as the plugin does."""
    assert typed(too_old, "doctor", "collectd.conf") == (
        1,
        f"error    this environment: httpx 0.23.3 from {too_old} is too old: 0.28 is needed\n"
        f"         to do: {sys.executable} -m pip install 'httpx>=0.28'\n"
        "collectd.conf: 1 error: fix that, and run doctor again\n",
        "",
    )


def test_an_installation_without_any(tmp_path: Path) -> None:
    """As when the plugin was copied rather than installed: without site-packages, each is named."""
    code = "import sys; from collectd_inode import cli; sys.exit(cli.main(['ntp', '127.0.0.1']))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    each = "; ".join(f"{one.distribution} is missing" for one in DEPENDENCIES.values())
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(
        f"collectd-inode: cannot run: {each}\nto do: {sys.executable} -m pip install 'httpx>="
    )
