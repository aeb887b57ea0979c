"""The house of docs/explanation/architecture.rst: doors open one way, and what may live where."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

import collectd_inode
from tests.helpers import plain_english
from tests.helpers.places import ROOT

HOUSE = Path(collectd_inode.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))

FLOORS = (
    {"plugin", "cli"},
    {"doors"},
    {"daemon"},
    {"drain"},
    {"fleet", "histories", "runner"},
    {"config", "schedule", "report"},
    {"kinds"},
    {"scenario", "smarthost", "ntp", "clock", "quorum"},
    {"kind", "observing", "reload"},
    {"keys", "panels", "reference", "run"},
    {"troubles"},
    {"secrets"},
    {"chromium"},
    {"browser", "timekeeper"},
    {"page"},
    {"wire"},
    {"trust"},
    {"state"},
    {
        "codec",
        "dependencies",
        "descriptors",
        "files",
        "key_synonyms",
        "names",
        "oconfig",
        "permissions",
        "shards",
        "whereabouts",
        "words",
    },
    {"model"},
)
"""From the doors down; who stands higher may import from below, and rooms of one floor know nothing of each other."""
SAME_FLOOR = {("config", "report"), ("schedule", "report")}

LIVES_IN = {
    "collectd": ("plugin.py",),
    "httpx": ("wire/", "browser/"),
    "lxml": ("page/",),
    "turbohtml": ("page/tree.py", "page/encoders.py"),
    "gherkin": ("scenario/",),
    "cucumber_expressions": ("scenario/",),
    "cucumber_tag_expressions": ("scenario/",),
    "regex": ("scenario/", "secrets/"),
    "ntplib": ("ntp/",),
    "argparse": ("cli/",),
}
"""A library and the only rooms that know it."""


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


@cache
def imports(file: Path) -> list[tuple[str, int]]:
    """Every module that *file* imports, wherever it does so, with the line."""
    found: list[tuple[str, int]] = []
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are absolute"
            found += [(f"{node.module}.{alias.name}", node.lineno) for alias in node.names]
    return found


def room(file: Path) -> str:
    return file.relative_to(HOUSE).parts[0].removesuffix(".py")


ROOMS = {room(file) for file in FILES}


def room_of_module(name: str) -> str:
    """The room that an import of ours leads to; empty for the package itself and for other people's."""
    head, _, rest = name.partition(".")
    first = rest.partition(".")[0]
    return first if head == "collectd_inode" and first in ROOMS else ""


def floor(name: str) -> int:
    found = [number for number, rooms in enumerate(FLOORS) if name in rooms]
    assert found != [], f"{name} has no place in FLOORS"
    return found[0]


def test_every_room_has_a_floor() -> None:
    """A new room has to be thought about."""
    assert {room(file) for file in FILES} - {"__init__"} <= set().union(*FLOORS)


def test_the_architecture_page_describes_every_room() -> None:
    """Each has its row there, and the floors are drawn as they are."""
    table, _, below = (ROOT / "docs/explanation/architecture.rst").read_text().partition("Each room imports only")
    assert ROOMS - set(re.findall(r"``(\w+)(?:\.py|/)``", table)) == set()
    drawn = below.partition("::\n\n")[2].partition("\n\n")[0]
    assert [set(re.findall(r"\w+", rooms)) for rooms in drawn.split("→")] == list(FLOORS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(HOUSE)))
def test_doors_open_one_way(file: Path) -> None:
    """From the front door and the side door down to the nouns."""
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
    assert found <= {"", "wire", "trust", "model", "words"}


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
    assert places == {"engine.py", "schedule.py", "series.py", "jobs.py", "replay.py", "pool.py", "talk.py", "probe.py",
        "tokens.py",
    }  # fmt: skip
    assert not [one for one in wrong if one.endswith(": time")]


def in_a_fresh_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=HOUSE.parent)
    return done.stdout.strip()


def test_importing_the_package_brings_the_standard_library_only() -> None:
    """Whatever is broken must be a line in the log, never a daemon that does not start."""
    code = "import sys; before = set(sys.modules); import collectd_inode; print(*sorted(set(sys.modules) - before))"
    found = in_a_fresh_interpreter(code).split()
    assert [name for name in found if name.partition(".")[0] not in sys.stdlib_module_names] == ["collectd_inode"]


def test_the_nouns_are_light() -> None:
    """Importing `model` brings nothing else of the package, no asyncio and no TLS."""
    code = "import sys, collectd_inode.model; print(*sys.modules)"
    found = in_a_fresh_interpreter(code).split()
    assert {name for name in found if name.startswith("collectd_inode.")} == {"collectd_inode.model"}
    assert not {"asyncio", "ssl", "socket", "json"} & set(found)


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


def test_a_scenario_is_loaded_without_what_only_its_runs_need() -> None:
    """collectd's start waits for what is imported here: 353 modules on 2026-11-30, 375 by Python 3.14."""
    code = """
import sys
from collectd_inode.daemon import Daemon
from collectd_inode.kinds import KINDS
(scenario,) = (kind for kind in KINDS if kind.plugin == "scenario")
scenario.load_module()
loaded = set(sys.modules)
scenario.make_ready()
ours = {f"collectd_inode.{name}" for name in ("browser.browser", "wire.http", "scenario.har")}
late = {"httpx", "turbohtml", *ours}
never = {"collectd_inode.chromium", "collectd_inode.scenario.synonyms", "cssselect", "regex", "uuid"}
print(len(loaded), *sorted((late | never) & loaded), *sorted((late - set(sys.modules)) | (never & set(sys.modules))))
"""
    number, *wrong = in_a_fresh_interpreter(code).split()
    assert wrong == []
    assert int(number) < 400


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
    tree = parsed(file)
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
        for node in ast.walk(parsed(file))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert wrong == []


OF_NO_MODULE = {"benchmarks", "daemon", "dashboards", "demo", "scripts", "stub"}
"""Folders of tests whose subject is no module of the package: what is beside it, and the plugin in a real collectd."""
TESTS = [file for file in sorted((ROOT / "tests").rglob("test_*.py")) if file.parent.name not in OF_NO_MODULE]


@pytest.mark.parametrize("file", TESTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_test_is_where_its_module_is(file: Path) -> None:
    """``tests/x/test_y.py`` tests ``x/y.py``, or a property of the room ``x/`` that its docstring names."""
    inside = file.relative_to(ROOT / "tests")
    module = HOUSE / inside.with_name(inside.name.removeprefix("test_"))
    assert module.exists() or (HOUSE / inside.parent).is_dir(), f"{file}: no room collectd_inode/{inside.parent}"


@pytest.mark.parametrize("file", sorted((ROOT / "tests").rglob("*.py")), ids=lambda file: str(file.relative_to(ROOT)))
def test_no_test_imports_another_test(file: Path) -> None:
    """What several tests need lives in ``tests/helpers/``."""
    tests = [f"{file}:{line}: {name}" for name, line in imports(file) if name.startswith("tests.") and ".test_" in name]
    assert tests == []


def test_a_name_of_a_class_has_one_meaning() -> None:
    """In the whole package; but every kind of job has its `Settings`, and what begins with _ is its module's own."""
    found: dict[str, list[str]] = {}
    for file in FILES:
        for node in parsed(file).body:
            if isinstance(node, ast.ClassDef) and node.name != "Settings" and not node.name.startswith("_"):
                found.setdefault(node.name, []).append(str(file.relative_to(HOUSE)))
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def test_what_people_read_is_plain_english() -> None:
    """Messages, docstrings and pages avoid the wordings of a table; whoever meets one is given the plain one."""
    texts = [*plain_english.texts_of_package(), *plain_english.texts_of_pages()]
    assert list(plain_english.findings(plain_english.RULES, texts)) == []


def test_a_wording_is_found_with_its_line() -> None:
    """Over the end of a line too; in its own kinds of text, and not where an exception covers it."""
    module = '"""Fine.\n\nA mistake is\ntold.\n"""\nWHAT = "it is told: the moral"\nSHORT = "told"\n'
    rule = plain_english.Rule("is told", "is logged", allowed=(("told: the moral", "a proverb"),))
    texts = [*plain_english.texts_of_module("a.py", module)]
    assert list(plain_english.findings([rule], texts)) == ["a.py:3: “is told.…”: is logged"]
    pages = replace(rule, kinds=frozenset({plain_english.Kind.PAGE}))
    assert list(plain_english.findings([pages], texts)) == []
