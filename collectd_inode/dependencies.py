"""The Python packages that we need, the oldest version of each, and the faults of the installed ones.

Versions are read from the names of the folders that pip and Debian leave beside a package.  Nothing is imported.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Version = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dependency:
    """The package that brings a module that we import, and the oldest version with which all tests pass."""

    distribution: str
    least: Version


DEPENDENCIES: Mapping[str, Dependency] = {
    "httpx": Dependency("httpx", (0, 28)),
    "idna": Dependency("idna", (3, 4)),
    "lxml": Dependency("lxml", (6, 0, 2)),
    "turbohtml": Dependency("turbohtml", (1, 15)),
    "ntplib": Dependency("ntplib", (0, 4)),
    "gherkin": Dependency("gherkin-official", (42,)),
    "typing_extensions": Dependency("typing-extensions", (4, 10)),
    "cucumber_expressions": Dependency("cucumber-expressions", (17, 1)),
    "cucumber_tag_expressions": Dependency("cucumber-tag-expressions", (6, 2)),
    "regex": Dependency("regex", (2022, 10, 31)),
    "cssselect": Dependency("cssselect", (1, 2)),
    "publicsuffixlist": Dependency("publicsuffixlist", (0, 10, 0, 20230611)),
}
"""By the module's name."""


@dataclass(frozen=True, slots=True)
class DependencyFault:
    """The fault of one dependency, and the requirement to give to pip."""

    found: str
    wanted: str


class Incomplete(ImportError):
    """A package that we need is missing or too old; the text names each."""

    def __init__(self, troubles: Iterable[DependencyFault]) -> None:
        self.troubles = tuple(troubles)
        super().__init__("; ".join(trouble.found for trouble in self.troubles))


def require(*modules: str) -> None:
    """Check that these modules are installed and new enough; raises Incomplete."""
    troubles = tuple(troubles_of(modules))
    if troubles:
        raise Incomplete(troubles)


def explained(error: BaseException) -> BaseException:
    """*error*, or the `Incomplete` that names the packages that are missing or too old, if there are any."""
    troubles = tuple(troubles_of())
    return Incomplete(troubles) if troubles else error


def cannot_run(error: BaseException) -> str:
    """Why we cannot run, and what to do: a module that we need is missing, or raised *error* while it was imported."""
    error = explained(error)
    reason = str(error) if isinstance(error, ImportError) else f"{type(error).__name__}: {error}"
    mend = "run collectd-inode doctor to see what is missing; reinstall collectd_inode with collectd's Python"
    if "undefined symbol" in reason:
        # The embedded interpreter takes its standard library from the first python3 in PATH.
        mend = "another Python precedes Debian's in the PATH of collectd (pyenv, a virtual environment)"
    return f"cannot run: {reason}; {mend}"


def troubles_of(modules: Iterable[str] = DEPENDENCIES, path: Iterable[str] | None = None) -> Iterator[DependencyFault]:
    """The faults of these modules in the folders *path*, by default Python's own search path."""
    folders = sys.path if path is None else tuple(path)
    wanted = frozenset(modules)
    for module, dependency in DEPENDENCIES.items():
        if module not in wanted:
            continue
        least = written(dependency.least)
        folder = next((folder for folder in folders if has(folder, module)), None)
        version = () if folder is None else version_in(folder, dependency.distribution)
        if folder is None and (path is not None or importlib.util.find_spec(module) is None):
            found = f"{dependency.distribution} is missing"
        elif () < version < dependency.least:
            found = f"{dependency.distribution} {written(version)} from {folder} is too old: {least} is needed"
        else:
            continue
        yield DependencyFault(found, f"{dependency.distribution}>={least}")


def has(folder: str, module: str) -> bool:
    """Whether *module* is in *folder*."""
    return any(os.path.exists(f"{folder}/{module}{end}") for end in ("/__init__.py", ".py"))


def version_in(folder: str, distribution: str) -> Version:
    """The version of *distribution* in *folder*, the newest with a metadata folder there; empty if there is none."""
    wanted = _normal(distribution)
    found = (_NAME.match(name) for name in os.listdir(folder) if name.endswith(("-info", ".egg-info")))
    versions = [numbers(match[2]) for match in found if match and _normal(match[1]) == wanted]
    return max(versions, default=())


_NAME = re.compile(r"(.+?)-(\d+(?:\.\d+)*)")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def numbers(version: str) -> Version:
    """A version for comparisons: ``3.11`` is (3, 11)."""
    return tuple(int(part) for part in version.split("."))


def written(version: Version) -> str:
    """The opposite of `numbers`."""
    return ".".join(map(str, version))
