"""The house of CONTRIBUTING.rst: doors open one way, and what may live where."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import collectd_inode

HOUSE = Path(collectd_inode.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))

FLOORS = (
    {"plugin"},
    {"daemon"},
    {"cli"},
    {"config", "schedule", "report"},
    {"kinds"},
    {"scenario", "smarthost", "ntp", "clock"},
    {"browser"},
    {"keys"},
    {"run"},
    {"wire"},
    {"trust"},
    {"state"},
    {"names", "oconfig"},
)
"""From the doors down; who stands higher may import from below, and rooms of one floor know nothing of each other."""
SAME_FLOOR = {("config", "report"), ("schedule", "report")}

LIVES_IN = {
    "collectd": ("plugin.py",),
    "httpx": ("wire/", "browser/"),
    "httpcore": ("wire/", "browser/"),
    "lxml": ("browser/",),
    "gherkin": ("scenario/",),
    "cucumber_expressions": ("scenario/",),
    "cucumber_tag_expressions": ("scenario/",),
    "regex": ("scenario/",),
    "ntplib": ("ntp/",),
    "argparse": ("cli/",),
}
"""A library and the only rooms that know it."""


def imports(file: Path) -> Iterator[tuple[str, int]]:
    """Every module that *file* imports, wherever it does so, with the line."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((name, node.lineno) for name in names)


def room(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


def room_of_module(name: str) -> str:
    """The room that an import of ours leads to; empty for the package itself and for other people's."""
    head, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    known = {room(file) for file in FILES}
    return first if head == "collectd_inode" and first in known else ""


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def test_every_room_has_a_floor() -> None:
    """A new room has to be thought about."""
    assert {room(file) for file in FILES} - {"__init__"} <= set().union(*FLOORS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_doors_open_one_way(file: Path) -> None:
    """plugin → daemon; daemon, cli → config, schedule, report → kinds → scenario → browser → run → wire → trust."""
    here = -1 if room(file) == "__init__" else floor(room(file))
    wrong = [
        f"{file}:{line}: {name}"
        for name, line in imports(file)
        if (target := room_of_module(name)) not in ("", room(file)) and floor(target) <= here
    ]
    assert wrong == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_libraries_live_where_they_are_translated(file: Path) -> None:
    """Each library's exceptions end at one border."""
    place = file.relative_to(HOUSE).as_posix()
    wrong = [
        f"{file}:{line}: {name}"
        for name, line in imports(file)
        if not place.startswith(LIVES_IN.get(name.partition(".")[0], ("",)))
    ]
    assert wrong == []


def test_wire_and_trust_know_nothing_of_runs() -> None:
    """The wire hands back what it measured."""
    found = {room_of_module(name) for file in (HOUSE / "wire").glob("*.py") for name, _ in imports(file)}
    assert found <= {"", "wire", "trust"}


def test_who_opens_sockets_and_looks_at_clocks() -> None:
    """``wire/`` alone; names of this machine may be asked for elsewhere."""
    wrong = [
        f"{file}:{line}: {name}"
        for file in FILES
        for name, line in imports(file)
        if name in ("time", "socket", "ssl", "time.time", "time.monotonic")
        and not file.relative_to(HOUSE).as_posix().startswith(("wire/", "trust/"))
    ]
    # gethostname, in the hash of slots and in the identities listed; and ssl for the name of a type.
    places = {wrong_one.rpartition("/")[2].partition(":")[0] for wrong_one in wrong}
    assert places == {"schedule.py", "series.py", "jobs.py", "replay.py", "pool.py", "talk.py", "probe.py"}
    assert not [one for one in wrong if one.endswith(": time")]


def in_a_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE.parent)
    return done.stdout.strip()


def test_importing_the_package_brings_the_standard_library_only() -> None:
    """Whatever is broken must be a line in the log, never a daemon that does not start."""
    code = "import sys; before = set(sys.modules); import collectd_inode; print(*sorted(set(sys.modules) - before))"
    found = in_a_fresh_interpreter(code).split()
    assert [name for name in found if name.partition(".")[0] not in sys.stdlib_module_names] == ["collectd_inode"]


def test_inside_the_daemon_it_is_no_more() -> None:
    """With the daemon's own module there, `plugin` registers its callbacks, and still imports nothing else."""
    code = """
import sys, types
before = set(sys.modules)
collectd = sys.modules["collectd"] = types.ModuleType("collectd")
called = []
for name in ("register_read", "register_config", "register_init", "register_shutdown"):
    setattr(collectd, name, lambda *_, what=name, **__: called.append(what))
collectd.error = collectd.warning = collectd.info = print
import collectd_inode
others = {n for n in set(sys.modules) - before if n.partition(".")[0] not in sys.stdlib_module_names}
print(*called, *sorted(others))
"""
    assert in_a_fresh_interpreter(code).split() == [
        "register_config",
        "register_init",
        "register_shutdown",
        "collectd",
        "collectd_inode",
        "collectd_inode.plugin",
    ]


def test_pypi_s_collectd_is_not_the_daemon() -> None:
    """A client library of that name registers nothing."""
    code = "import sys, types; sys.modules['collectd'] = types.ModuleType('collectd'); import collectd_inode; print(1)"
    assert in_a_fresh_interpreter(code) == "1"


def test_what_the_package_hands_out() -> None:
    """The version, and what operators' own step modules need; nothing else by accident."""
    assert collectd_inode.__all__ == ["Cause", "Failure", "Misconfigured", "Session", "__version__", "step"]
    assert collectd_inode.step.__module__ == "collectd_inode.scenario.usersteps"
    with pytest.raises(AttributeError, match=r"^module 'collectd_inode' has no attribute 'steps'$"):
        collectd_inode.steps  # noqa: B018


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_every_file_says_what_it_is_for(file: Path) -> None:
    """And every public class and function in one sentence at least."""
    tree = ast.parse(file.read_text())
    assert ast.get_docstring(tree), file
    silent = [
        f"{file}:{node.lineno}: {node.name}"
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_nothing_is_printed_outside_of_the_command_line() -> None:
    """stdout is /dev/null in a daemon."""
    wrong = [
        f"{file}:{node.lineno}"
        for file in FILES
        if room(file) != "cli"
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert wrong == []
