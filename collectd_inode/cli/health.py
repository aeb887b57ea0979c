"""What would stop collectd from loading us, judged by what is known of the machine; and the mend.  Pure.

`installation` asks the machine.  What it could not find out is empty here, and nothing is said of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from collectd_inode.report.notification import counted

LEAST_PYTHON = (3, 11)
LEAST_TYPING_EXTENSIONS = (4, 10)

NEEDED: Mapping[str, str] = {
    "httpx": "httpx",
    "httpcore": "httpcore",
    "sniffio": "sniffio",
    "lxml": "lxml",
    "ntplib": "ntplib",
    "gherkin": "gherkin-official",
    "typing_extensions": "typing-extensions",
    "cucumber_expressions": "cucumber-expressions",
    "cucumber_tag_expressions": "cucumber-tag-expressions",
    "regex": "regex",
    "cssselect": "cssselect",
    "publicsuffixlist": "publicsuffixlist",
}
"""The modules that the plugin imports, and what brings each."""

COMPILED = ("lxml", "regex")
"""Those of them that are good for one minor version of Python only."""

SLOW = ("click", "rich", "pygments")
"""httpx imports these if all are there."""

TYPES = frozenset(
    [
        "bool",
        "bytes",
        "clock_stratum",
        "count",
        "delay",
        "duration",
        "frequency_offset",
        "gauge",
        "latency",
        "response_code",
        "response_time",
        "root_delay",
        "root_dispersion",
        "time_dispersion",
        "time_offset",
    ]
)
"""The types of our values, all of them collectd's own."""

PACKAGE = "collectd_inode"


class Level(Enum):
    """How bad a finding is; only errors stop anything."""

    OK = "OK"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it."""

    level: Level
    looked_at: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class Daemon:
    """collectd as it is installed: its binary, its python plugin and the libpython that this wants."""

    path: str = ""
    version: str = ""
    plugin: str = ""
    """Where the python plugin is, or ought to be."""
    plugin_there: bool = False
    library: str = ""
    """The name that the plugin was linked with: ``libpython3.11.so.1.0``."""
    library_path: str = ""
    standard_library: str = ""
    """The folder with the standard library that belongs to it."""

    @property
    def python(self) -> str:
        """The minor version of its Python: ``3.11``."""
        found = re.match(r"libpython(3\.\d+)", self.library)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Service:
    """What the daemon is started as; without a unit, what Debian's would be."""

    unit: str = ""
    user: str = "root"
    user_there: bool = True
    path: str = ""
    python: str = ""
    """The first python3 in its PATH."""
    standard_library: str = ""
    """The one that goes with that python3; empty if it has none for collectd's version, which then takes its own."""
    descriptors: int | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder where collectd's Python looks for modules: a ModulePath, or one of its own (then without a place)."""

    path: str
    place: str = ""
    late: bool = False
    """It is named after the Import."""
    there: bool = True
    readable: bool = True
    seen: bool = True
    """Whether it is known what is in it: root's folders are not for everybody."""
    modules: frozenset[str] = frozenset()
    compiled: frozenset[str] = frozenset()
    """The versions of Python that its compiled modules are for."""
    typing_extensions: tuple[int, ...] = ()
    editable: str = ""
    """The checkout that an editable install refers to."""
    hides: tuple[str, ...] = ()
    """collectd's plugins in it that have the names of Python's own modules."""


@dataclass(frozen=True, slots=True)
class Named:
    """A file or folder that the configuration names, and what keeps collectd from reading it or writing there."""

    path: str
    key: str
    place: str = ""
    trouble: str = ""
    known: bool = True
    written: bool = False
    """collectd is to write there, and does without if it cannot."""


@dataclass(frozen=True, slots=True)
class Conf:
    """A collectd.conf, as far as it concerns whether we are loaded."""

    path: str
    troubles: tuple[str, ...] = ()
    """Why collectd would not even read it."""
    loads: str = ""
    """Where python is loaded."""
    loads_late: bool = False
    """Only after a ``<Plugin python>``."""
    globals: bool = False
    imports: str = ""
    module: str = ""
    import_first: bool = True
    folders: tuple[Folder, ...] = ()
    """What ModulePath names, in order."""
    types_db: tuple[Named, ...] = ()
    types: frozenset[str] = frozenset()
    """The types in what TypesDB names."""
    files: tuple[Named, ...] = ()
    state_dir: Named | None = None
    jobs: int = 0
    mistakes: int = 0
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was found out."""

    python: str
    """The minor version of the Python that this command runs in."""
    daemon: Daemon
    service: Service
    conf: Conf
    own_folders: tuple[Folder, ...] = ()
    """Where collectd's Python looks behind all ModulePaths."""
    stamps: bool = True
    enforcing: bool = False
    """Whether SELinux is there and forbids."""

    @property
    def folders(self) -> tuple[Folder, ...]:
        """Where collectd's Python looks, in its order: the last ModulePath first."""
        return (*reversed(self.conf.folders), *self.own_folders)

    def where(self, module: str) -> Folder | None:
        """The folder that *module* would come from."""
        return next((folder for folder in self.folders if module in folder.modules and folder.readable), None)


def findings(facts: Facts) -> Iterator[Finding]:
    """Every check, in the order in which things go wrong."""
    yield from _daemon(facts.daemon)
    yield from _python(facts)
    yield from _service(facts.service)
    yield from _first_python(facts)
    if facts.conf.troubles:
        for trouble in facts.conf.troubles:
            yield Finding(
                Level.ERROR, "configuration", trouble, f"mend {facts.conf.path}, or name another: doctor CONF"
            )
    else:
        yield from _configuration(facts)
    yield from _surroundings(facts)


def _daemon(daemon: Daemon) -> Iterator[Finding]:
    if not daemon.path:
        yield Finding(Level.ERROR, "collectd", "there is none in PATH", "apt install collectd")
    else:
        yield Finding(Level.OK, "collectd", ", ".join(filter(None, (daemon.path, daemon.version))))
    if daemon.plugin and not daemon.plugin_there:
        mend = "apt install collectd-core (dnf install collectd-python)"
        yield Finding(Level.ERROR, "python plugin", f"there is no {daemon.plugin}", mend)
    elif daemon.plugin and daemon.library and not daemon.library_path:
        found = f"{daemon.plugin} wants {daemon.library}, which is not there"
        mend = f"apt install libpython{daemon.python} (collectd-core does not bring it)"
        yield Finding(Level.ERROR, "python plugin", found, mend)
    elif daemon.plugin:
        yield Finding(Level.OK, "python plugin", " with ".join(filter(None, (daemon.plugin, daemon.library_path))))


def _python(facts: Facts) -> Iterator[Finding]:
    theirs = facts.daemon.python
    if not theirs:
        return
    if _numbers(theirs) < LEAST_PYTHON:
        mend = "this collectd cannot load us: it wants one that was built with a newer Python"
        yield Finding(Level.ERROR, "Python", f"{theirs} in collectd, where 3.11 is the oldest that will do", mend)
    elif theirs != facts.python:
        found = f"{facts.python} here, {theirs} in collectd: what is compiled for the one is no good in the other"
        yield Finding(Level.WARNING, "Python", found, _anew(theirs))
    else:
        yield Finding(Level.OK, "Python", f"{theirs}, here as in collectd")


def _anew(version: str) -> str:
    return f"make the environment anew with /usr/bin/python{version} -m venv, and install there"


def _service(service: Service) -> Iterator[Finding]:
    unit = service.unit or "no unit of systemd's, so Debian's defaults are supposed"
    if service.user_there:
        yield Finding(Level.OK, "service", f"{unit}; runs as {service.user}")
    else:
        found = f"{unit}: there is no user {service.user}"
        yield Finding(Level.ERROR, "service", found, f"useradd --system {service.user}, or correct User=")


def _first_python(facts: Facts) -> Iterator[Finding]:
    service, own = facts.service, facts.daemon.standard_library
    if not service.python or not own:
        return
    if service.standard_library not in ("", own):
        found = f"{service.python} comes first, and with it {service.standard_library}, which does not fit libpython"
        mend = "start collectd with PATH=/usr/sbin:/usr/bin:/sbin:/bin (a pyenv or another Python is in front)"
        yield Finding(Level.ERROR, "PATH of the service", found, mend)
    else:
        yield Finding(Level.OK, "PATH of the service", f"standard library is {own}")


def _configuration(facts: Facts) -> Iterator[Finding]:
    conf = facts.conf
    yield from _loading(conf)
    yield from _importing(facts)
    yield from _types(conf)
    yield from _jobs(conf)
    yield from _files(conf, facts.service.user)


def _loading(conf: Conf) -> Iterator[Finding]:
    if not conf.loads:
        mend = "the lines that `collectd-inode snippet` prints, in a file that is included"
        yield Finding(Level.ERROR, "LoadPlugin python", f"not in {conf.path} nor in what it includes", mend)
        return
    if conf.loads_late:
        found = f"{conf.loads}: stands behind a <Plugin python>, which collectd then ignores"
        yield Finding(Level.ERROR, "LoadPlugin python", found, "put it before the first <Plugin python>")
    else:
        yield Finding(Level.OK, "LoadPlugin python", conf.loads)
    if not conf.globals:
        found = "not said; collectd 5.12 does it by itself, other builds may not"
        mend = "write <LoadPlugin python>, Globals true, </LoadPlugin>"
        yield Finding(Level.WARNING, "Globals true", found, mend)


def _importing(facts: Facts) -> Iterator[Finding]:
    conf = facts.conf
    early = [folder for folder in facts.folders if not folder.late and folder.readable]
    home = next((folder for folder in early if PACKAGE in folder.modules), None)
    if home is None:
        yield _no_package(conf)
    else:
        yield Finding(Level.OK, "ModulePath", f"collectd_inode is in {home.path}{_at(home.place)}")
        yield from _empty_folders(conf)
        yield from _dependencies(facts)
    for folder in conf.folders:
        if folder.hides:
            found = (
                f"{folder.place}: {folder.path} hides Python's own {', '.join(folder.hides)} from all Python plugins"
            )
            yield Finding(Level.ERROR, "ModulePath", found, "take that line out")
    if not conf.imports:
        yield Finding(
            Level.ERROR, "Import", "nothing imports collectd_inode", 'Import "collectd_inode" in <Plugin python>'
        )
    elif not conf.import_first:
        found = f"{conf.imports}: stands behind {conf.module}, which collectd then ignores"
        mend = "put it before the first <Module collectd_inode>; files are read in alphabetical order"
        yield Finding(Level.ERROR, "Import", found, mend)
    else:
        yield Finding(Level.OK, "Import", conf.imports)


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _no_package(conf: Conf) -> Finding:
    if not conf.folders:
        return Finding(Level.ERROR, "ModulePath", "there is none", _PRINTED)
    unseen = next((folder for folder in conf.folders if not folder.seen), None)
    if unseen is not None:
        found = f"{unseen.path}{_at(unseen.place)}: {_why_not(unseen)}"
        return Finding(Level.WARNING, "ModulePath", found, _BE_ROOT)
    each = "; ".join(f"{folder.path}{_at(folder.place)}: {_why_not(folder)}" for folder in conf.folders)
    checkout = next((folder.editable for folder in conf.folders if folder.editable), "")
    mend = f'install without --editable, or add ModulePath "{checkout}"' if checkout else _PRINTED
    return Finding(Level.ERROR, "ModulePath", f"collectd_inode is not to be found: {each}", mend)


_BE_ROOT = "be root: sudo collectd-inode doctor"
_PRINTED = "before the Import, the ModulePath that `collectd-inode snippet` prints"


def _why_not(folder: Folder) -> str:
    if not folder.there:
        return "there is no such folder"
    if not folder.seen:
        return "you may not look into it"
    if not folder.readable:
        return "collectd may not read it"
    if folder.late and PACKAGE in folder.modules:
        return "it stands behind the Import"
    if folder.editable:
        return f"an editable install, a .pth file, which ModulePath does not follow, of {folder.editable}"
    return "it is not in there"


def _empty_folders(conf: Conf) -> Iterator[Finding]:
    for folder in conf.folders:
        if not folder.there or not folder.readable:
            found = f"{folder.place}: {folder.path}: {_why_not(folder)}"
            yield Finding(Level.WARNING, "ModulePath", found, "correct that line, or take it out")


def _dependencies(facts: Facts) -> Iterator[Finding]:
    missing = [brought_by for module, brought_by in NEEDED.items() if facts.where(module) is None]
    if missing:
        mend = "name the site-packages they are in by ModulePath, too (`collectd-inode snippet` prints it)"
        yield Finding(Level.ERROR, "dependencies", f"not to be found: {', '.join(missing)}", mend)
    wanted = facts.daemon.python
    compiled = {folder for folder in map(facts.where, COMPILED) if folder is not None and folder.compiled}
    wrong = sorted((folder for folder in compiled if wanted and wanted not in folder.compiled), key=lambda f: f.path)
    for folder in wrong:
        versions = ", ".join(sorted(folder.compiled, key=_numbers))
        found = f"{folder.path}{_at(folder.place)} is for Python {versions}, collectd has {wanted}"
        yield Finding(Level.ERROR, "dependencies", found, f"{_anew(wanted)}; then correct ModulePath")
    source = facts.where("typing_extensions")
    old = source is not None and () < source.typing_extensions < LEAST_TYPING_EXTENSIONS
    if old and source is not None:
        found = (
            f"typing_extensions {'.'.join(map(str, source.typing_extensions))} in {source.path}, where 4.10 is wanted"
        )
        mend = "install a newer one into the environment that ModulePath names"
        yield Finding(Level.ERROR, "dependencies", found, mend)
    if not missing and not wrong and not old:
        yield Finding(Level.OK, "dependencies", f"all {len(NEEDED)} are there")
    yield from _extras(facts)


def _extras(facts: Facts) -> Iterator[Finding]:
    if all(facts.where(module) for module in SLOW):
        found = "click, rich and pygments are there: httpx imports them, which costs 40 ms and 6 MB"
        mend = "a virtual environment with nothing in it but collectd_inode"
        yield Finding(Level.WARNING, "dependencies", found, mend)
    other = facts.where("collectd")
    if other is not None:
        found = f"{other.path} has PyPI's collectd, which is not the daemon's module"
        mend = "pip uninstall collectd, as nothing of ours wants it"
        yield Finding(Level.WARNING, "dependencies", found, mend)


def _types(conf: Conf) -> Iterator[Finding]:
    if not conf.types_db:
        return
    places = ", ".join(dict.fromkeys(named.place for named in conf.types_db if named.place))
    for named in conf.types_db:
        if named.trouble:
            yield Finding(Level.ERROR, "TypesDB", f"{named.place}: {named.path}: {named.trouble}", "correct that path")
    missing = sorted(TYPES - conf.types)
    if missing and all(named.known for named in conf.types_db):
        found = f"{places} takes the place of collectd's own, and has no {', '.join(missing)}: those values are lost"
        yield Finding(Level.ERROR, "TypesDB", found, 'name collectd\'s, too: TypesDB "/usr/share/collectd/types.db"')
    elif not missing:
        yield Finding(Level.OK, "TypesDB", f"{places}: has all {len(TYPES)} types")


def _jobs(conf: Conf) -> Iterator[Finding]:
    if conf.mistakes:
        level = Level.ERROR if conf.strict else Level.WARNING
        stops = " and StrictConfig, so that collectd does not start" if conf.strict else ""
        found = f"{counted(conf.mistakes, 'mistake')}{stops}"
        yield Finding(level, "jobs", found, f"collectd-inode check {conf.path}")
    elif not conf.jobs:
        yield Finding(
            Level.WARNING, "jobs", "there is none yet", "put a file of conf.d/ beside it: inode-scenario.conf"
        )
    else:
        yield Finding(Level.OK, "jobs", counted(conf.jobs, "job"))


def _files(conf: Conf, user: str) -> Iterator[Finding]:
    every = (*conf.files, *((conf.state_dir,) if conf.state_dir else ()))
    for named in every:
        if named.trouble:
            level, mend = Level.ERROR, f"ls -ld {named.path}; collectd runs as {user}"
            if named.written:
                level, mend = Level.WARNING, f"install -d -m 0700 -o {user} {named.path}"
            yield Finding(level, named.key, f"{named.place}: {named.path}: {named.trouble}", mend)
    unknown = [named for named in every if not named.known]
    if unknown:
        found = f"whether {user} may use {unknown[0].path}{_more(len(unknown) - 1)} is not known"
        yield Finding(Level.WARNING, "files", found, _BE_ROOT)
    elif every and not any(named.trouble for named in every):
        yield Finding(Level.OK, "files", f"{user} may use {every[0].path}{_more(len(every) - 1)}")


def _more(number: int) -> str:
    return f" and {number} more" if number else ""


def _surroundings(facts: Facts) -> Iterator[Finding]:
    if facts.stamps:
        yield Finding(Level.OK, "kernel stamps", "they work")
    else:
        found = "this kernel gives none: latencies are elapsed time, with this machine's own delays in them"
        yield Finding(
            Level.WARNING, "kernel stamps", found, "run on the host or in a virtual machine, not in a sandbox"
        )
    limit, jobs = facts.service.descriptors, facts.conf.jobs
    if limit is not None and most_at_once(limit) < jobs:
        found = f"{limit}, which is enough for {most_at_once(limit)} runs at once, of {jobs} jobs"
        yield Finding(Level.WARNING, "descriptors", found, "LimitNOFILE= in the unit, or longer Intervals")
    elif limit is not None:
        yield Finding(Level.OK, "descriptors", f"{limit}, enough for {most_at_once(limit)} runs at once")
    if facts.enforcing:
        mend = "if a file cannot be read in the daemon only: ausearch -m avc -c collectd"
        yield Finding(Level.WARNING, "SELinux", "it enforces, and what it forbids to collectd is not seen here", mend)


def most_at_once(descriptors: int) -> int:
    """How many runs may be under way with so many descriptors, as `schedule.most_at_once` has it, roughly."""
    return max(8, (descriptors - 64 - 16) // 2)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
