"""Checks of the facts about a machine: faults that would stop collectd from loading us, each with its fix.  Pure.

`installation` reads the machine.  Facts that it could not read are empty here, and not checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from collectd_inode.dependencies import DEPENDENCIES, Version, numbers, written
from collectd_inode.descriptors import at_once
from collectd_inode.words import plural

LEAST_PYTHON = (3, 11)

COMPILED = ("lxml", "regex", "turbohtml")
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
    """The level of a finding; only errors stop anything."""

    OK = "OK"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """A check: its subject, its result, and the fix."""

    level: Level
    looked_at: str
    found: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """collectd as it is installed: its binary, its python plugin and the libpython that this wants."""

    path: str = ""
    version: str = ""
    plugin: str = ""
    """The path of the python plugin, or its expected one."""
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
class ServiceFacts:
    """The way the daemon is started; without a unit, as Debian's unit would."""

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
class Stub:
    """The stub in a folder of modules: the environment in which it looks for us, and the Pythons that this is for."""

    environment: str
    there: bool = True
    versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostFacts:
    """The name that collectd reports as."""

    name: str = ""
    place: str = ""
    """Where Hostname is."""
    lookup: str = ""
    """Where FQDNLookup is."""
    looked_up: bool = False
    """collectd asks for this machine's full name when it starts: by FQDNLookup (default: true)."""
    resolves: bool = True


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """A folder where collectd's Python looks for modules: a ModulePath, or one of its own (then without a place)."""

    path: str
    place: str = ""
    late: bool = False
    """It is named after the Import."""
    there: bool = True
    readable: bool = True
    seen: bool = True
    """Whether its content is known: root's folders may be unreadable."""
    modules: frozenset[str] = frozenset()
    compiled: frozenset[str] = frozenset()
    """The versions of Python that its compiled modules are for."""
    versions: Mapping[str, Version] = field(default_factory=dict, hash=False)
    """The versions of the modules that we need, if known."""
    editable: str = ""
    """The checkout that an editable install refers to."""
    hides: tuple[str, ...] = ()
    """collectd's plugins in it that have the names of Python's own modules."""
    stub: Stub | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A file or folder that the configuration names, and why collectd cannot read it or write there."""

    path: str
    key: str
    place: str = ""
    trouble: str = ""
    known: bool = True
    written: bool = False
    """collectd writes there, and goes on if it cannot."""
    user: str = ""
    """Its user, where that is not collectd itself but a program that it runs for notifications."""


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """A plugin that the configuration loads: its expected path, and its missing libraries."""

    name: str
    place: str
    path: str
    there: bool = True
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Conf:
    """The part of a collectd.conf that decides whether we are loaded."""

    path: str
    troubles: tuple[str, ...] = ()
    """Why collectd cannot read it."""
    host: HostFacts = HostFacts()
    loads: str = ""
    """The place where python is loaded."""
    loads_late: bool = False
    """Only after a ``<Plugin python>``."""
    globals: bool = False
    imports: str = ""
    module: str = ""
    import_first: bool = True
    folders: tuple[FolderFacts, ...] = ()
    """The folders that ModulePath names, in order."""
    types_db: tuple[Named, ...] = ()
    types: frozenset[str] = frozenset()
    """The types in what TypesDB names."""
    files: tuple[Named, ...] = ()
    state_dir: Named | None = None
    plugins: tuple[PluginFacts, ...] = ()
    """The other plugins whose place is known."""
    jobs: int = 0
    mistakes: int = 0
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """All findings."""

    python: str
    """The minor version of the Python that this command runs in."""
    daemon: DaemonFacts
    service: ServiceFacts
    conf: Conf
    own_folders: tuple[FolderFacts, ...] = ()
    """The folders that collectd's Python searches after all ModulePaths."""
    stamps: bool = True
    enforcing: bool = False
    """Whether SELinux is enforcing."""

    @property
    def folders(self) -> tuple[FolderFacts, ...]:
        """The folders that collectd's Python searches, in order: the last ModulePath first."""
        return (*reversed(self.conf.folders), *self.own_folders)

    def where(self, module: str) -> FolderFacts | None:
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
            yield Finding(Level.ERROR, "configuration", trouble, f"fix {facts.conf.path}, or name another: doctor CONF")
    else:
        yield from _configuration(facts)
    yield from _surroundings(facts)


def _daemon(daemon: DaemonFacts) -> Iterator[Finding]:
    if not daemon.path:
        yield Finding(Level.ERROR, "collectd", "there is none in PATH", "apt install collectd")
    else:
        yield Finding(Level.OK, "collectd", ", ".join(filter(None, (daemon.path, daemon.version))))
    if daemon.plugin and not daemon.plugin_there:
        mend = "apt install collectd-core (dnf install collectd-python)"
        yield Finding(Level.ERROR, "python plugin", f"there is no {daemon.plugin}", mend)
    elif daemon.plugin and daemon.library and not daemon.library_path:
        found = f"{daemon.plugin} needs {daemon.library}, which is missing"
        mend = f"apt install libpython{daemon.python} (collectd-core does not bring it)"
        yield Finding(Level.ERROR, "python plugin", found, mend)
    elif daemon.plugin:
        yield Finding(Level.OK, "python plugin", " with ".join(filter(None, (daemon.plugin, daemon.library_path))))


def _python(facts: Facts) -> Iterator[Finding]:
    theirs = facts.daemon.python
    if not theirs:
        return
    if numbers(theirs) < LEAST_PYTHON:
        mend = "this collectd cannot load collectd_inode: install one that was built with a newer Python"
        yield Finding(Level.ERROR, "Python", f"{theirs} in collectd; the oldest supported is 3.11", mend)
    elif theirs != facts.python:
        found = f"{facts.python} here, {theirs} in collectd: modules compiled for one do not load in the other"
        yield Finding(Level.WARNING, "Python", found, _anew(theirs))
    else:
        yield Finding(Level.OK, "Python", f"{theirs}, here as in collectd")


def _anew(version: str) -> str:
    return f"make a new environment with /usr/bin/python{version} -m venv, and install there"


def _service(service: ServiceFacts) -> Iterator[Finding]:
    unit = service.unit or "no systemd unit; assuming Debian's defaults"
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
        found = f"{service.python} comes first, and with it {service.standard_library}, which does not match libpython"
        mend = (
            "start collectd with PATH=/usr/sbin:/usr/bin:/sbin:/bin (a pyenv or another Python precedes the system's)"
        )
        yield Finding(Level.ERROR, "PATH of the service", found, mend)
    else:
        yield Finding(Level.OK, "PATH of the service", f"standard library is {own}")


def _configuration(facts: Facts) -> Iterator[Finding]:
    conf = facts.conf
    yield _host(conf.path, conf.host)
    yield from _loading(conf)
    yield from _importing(facts)
    yield from _types(conf)
    yield from _plugins(conf)
    yield from _jobs(conf)
    yield from _files(conf, facts.service.user)


def _host(conf: str, host: HostFacts) -> Finding:
    if host.looked_up and not host.resolves:
        said = f"FQDNLookup is true{_at(host.lookup)}"
        found = f"{host.name} cannot be resolved and {said}, so collectd does not start"
        mend = f"a line `127.0.1.1 {host.name}` in /etc/hosts, or `FQDNLookup false` in {conf}"
        return Finding(Level.ERROR, "host name", found, mend)
    return Finding(Level.OK, "host name", f"{host.name}{_at(host.place)}")


def _loading(conf: Conf) -> Iterator[Finding]:
    if not conf.loads:
        mend = "the lines that `collectd-inode snippet` prints, in a file that is included"
        yield Finding(Level.ERROR, "LoadPlugin python", f"not in {conf.path} nor in what it includes", mend)
        return
    if conf.loads_late:
        found = f"{conf.loads}: it follows a <Plugin python>, which collectd then ignores"
        yield Finding(Level.ERROR, "LoadPlugin python", found, "put it before the first <Plugin python>")
    else:
        yield Finding(Level.OK, "LoadPlugin python", conf.loads)
    if not conf.globals:
        found = "not set; the default of collectd 5.12, not of all builds"
        mend = "write <LoadPlugin python>, Globals true, </LoadPlugin>"
        yield Finding(Level.WARNING, "Globals true", found, mend)


def _importing(facts: Facts) -> Iterator[Finding]:
    conf = facts.conf
    early = [folder for folder in facts.folders if not folder.late and folder.readable]
    home = next((folder for folder in early if PACKAGE in folder.modules), None)
    if home is None:
        yield _no_package(facts)
    else:
        yield Finding(Level.OK, "ModulePath", f"collectd_inode is in {home.path}{_at(home.place)}")
        yield from _empty_folders(conf)
        yield from _dependencies(facts)
    for folder in conf.folders:
        if folder.hides:
            found = (
                f"{folder.place}: {folder.path} hides Python's own {', '.join(folder.hides)} from all Python plugins"
            )
            yield Finding(Level.ERROR, "ModulePath", found, "remove that line")
    if not conf.imports:
        yield Finding(
            Level.ERROR, "Import", "nothing imports collectd_inode", 'Import "collectd_inode" in <Plugin python>'
        )
    elif not conf.import_first:
        found = f"{conf.imports}: it follows {conf.module}, which collectd then ignores"
        mend = "put it before the first <Module collectd_inode>; files are read in alphabetical order"
        yield Finding(Level.ERROR, "Import", found, mend)
    else:
        yield Finding(Level.OK, "Import", conf.imports)


def _at(place: str) -> str:
    return f" ({place})" if place else ""


def _no_package(facts: Facts) -> Finding:
    conf = facts.conf
    if not conf.folders:
        return Finding(Level.ERROR, "ModulePath", "there is none", _PRINTED)
    unseen = next((folder for folder in conf.folders if not folder.seen), None)
    if unseen is not None:
        found = f"{unseen.path}{_at(unseen.place)}: {_why_not(unseen)}"
        return Finding(Level.WARNING, "ModulePath", found, _BE_ROOT)
    for folder in conf.folders:
        if folder.stub is not None and not folder.late:
            return _nothing_behind_the_stub(folder, folder.stub, facts.daemon.python or facts.python)
    each = "; ".join(f"{folder.path}{_at(folder.place)}: {_why_not(folder)}" for folder in conf.folders)
    checkout = next((folder.editable for folder in conf.folders if folder.editable), "")
    mend = f'install without --editable, or add ModulePath "{checkout}"' if checkout else _PRINTED
    return Finding(Level.ERROR, "ModulePath", f"collectd_inode not found: {each}", mend)


_BE_ROOT = "be root: sudo collectd-inode doctor"


def _nothing_behind_the_stub(folder: FolderFacts, stub: Stub, wanted: str) -> Finding:
    pip = f"{stub.environment}/bin/pip"
    mend = f"make it with /usr/bin/python{wanted} -m venv {stub.environment}, then install collectd_inode with {pip}"
    if not stub.there:
        why = "is missing"
    elif wanted not in stub.versions:
        why = f"is for Python {', '.join(stub.versions)}, collectd has {wanted}" if stub.versions else "is empty"
    else:
        why, mend = "does not hold collectd_inode", f"install it with {pip}"
    found = (
        f"the environment of the stub in {folder.path}{_at(folder.place)} {why}; collectd starts, without"
        " collectd_inode"
    )
    return Finding(Level.ERROR, "ModulePath", found, mend)


_NAME_THE_STUB = (
    "then let ModulePath name the stub, as `collectd-inode snippet` prints it: it outlives upgrades of Python"
)
_PRINTED = "before the Import, the ModulePath that `collectd-inode snippet` prints"


def _why_not(folder: FolderFacts) -> str:
    if not folder.there:
        return "there is no such folder"
    if not folder.seen:
        return "you may not look into it"
    if not folder.readable:
        return "collectd may not read it"
    if folder.late and PACKAGE in folder.modules:
        return "it follows the Import"
    if folder.editable:
        return f"an editable install, a .pth file, which ModulePath does not follow, of {folder.editable}"
    return "it is not in there"


def _empty_folders(conf: Conf) -> Iterator[Finding]:
    for folder in conf.folders:
        if not folder.there or not folder.readable:
            found = f"{folder.place}: {folder.path}: {_why_not(folder)}"
            yield Finding(Level.WARNING, "ModulePath", found, "correct that line, or remove it")


def _dependencies(facts: Facts) -> Iterator[Finding]:
    missing = [needed.distribution for module, needed in DEPENDENCIES.items() if facts.where(module) is None]
    if missing:
        mend = "name the site-packages they are in by ModulePath, too (`collectd-inode snippet` prints it)"
        yield Finding(Level.ERROR, "dependencies", f"not found: {', '.join(missing)}", mend)
    wanted = facts.daemon.python
    compiled = {folder for folder in map(facts.where, COMPILED) if folder is not None and folder.compiled}
    wrong = sorted((folder for folder in compiled if wanted and wanted not in folder.compiled), key=lambda f: f.path)
    for folder in wrong:
        versions = ", ".join(sorted(folder.compiled, key=numbers))
        found = f"{folder.path}{_at(folder.place)} is for Python {versions}, collectd has {wanted}"
        yield Finding(Level.ERROR, "dependencies", found, f"{_anew(wanted)}; {_NAME_THE_STUB}")
    old = [(home, module) for module in DEPENDENCIES if (home := facts.where(module)) and _too_old(home, module)]
    for home, module in old:
        dependency = DEPENDENCIES[module]
        version, least = written(home.versions[module]), written(dependency.least)
        found = f"{dependency.distribution} {version} in {home.path}; the oldest supported is {least}"
        mend = "install a newer one into the environment that ModulePath names"
        yield Finding(Level.ERROR, "dependencies", found, mend)
    if not missing and not wrong and not old:
        yield Finding(Level.OK, "dependencies", f"all {len(DEPENDENCIES)} found")
    yield from _extras(facts)


def _too_old(folder: FolderFacts, module: str) -> bool:
    return () < folder.versions.get(module, ()) < DEPENDENCIES[module].least


def _extras(facts: Facts) -> Iterator[Finding]:
    if all(facts.where(module) for module in SLOW):
        found = "click, rich and pygments are installed: httpx imports them, which costs 40 ms and 6 MB"
        mend = "a virtual environment with nothing in it but collectd_inode"
        yield Finding(Level.WARNING, "dependencies", found, mend)
    other = facts.where("collectd")
    if other is not None:
        found = f"{other.path} has PyPI's collectd, which is not the daemon's module"
        mend = "pip uninstall collectd; nothing here needs it"
        yield Finding(Level.WARNING, "dependencies", found, mend)


def of_jobs(conf: Conf, user: str) -> Iterator[Finding]:
    """Findings about a file of jobs for exec or serve, as *user* finds what it names."""
    yield from _types(conf)
    if not conf.jobs and not conf.mistakes:
        yield Finding(Level.WARNING, "jobs", "there is none yet", "add a block, such as those of systemd/inode.conf")
    else:
        yield from _jobs(conf)
    for one in _files(conf, user):
        yield replace(one, mend=one.mend.replace("collectd runs as", "the jobs run as"))


def _types(conf: Conf) -> Iterator[Finding]:
    if not conf.types_db:
        return
    places = ", ".join(dict.fromkeys(named.place for named in conf.types_db if named.place))
    for named in conf.types_db:
        if named.trouble:
            yield Finding(Level.ERROR, "TypesDB", f"{named.place}: {named.path}: {named.trouble}", "correct that path")
    missing = sorted(TYPES - conf.types)
    if missing and all(named.known for named in conf.types_db):
        found = f"{places} replaces collectd's own, and lacks {', '.join(missing)}: those values are lost"
        yield Finding(Level.ERROR, "TypesDB", found, 'name collectd\'s, too: TypesDB "/usr/share/collectd/types.db"')
    elif not missing:
        yield Finding(Level.OK, "TypesDB", f"{places}: has all {len(TYPES)} types")


PACKAGES = {
    "libesmtp": "libesmtp6",
    "libmicrohttpd": "libmicrohttpd12",
    "libprotobuf-c": "libprotobuf-c1",
    "librrd": "librrd8",
}
"""Library → Debian's package of it, which collectd-core does not bring."""


def _plugins(conf: Conf) -> Iterator[Finding]:
    """Other plugins that cannot be loaded: collectd goes on without them, or stops at their settings."""
    for plugin in conf.plugins:
        wanted = f"{plugin.place}: {plugin.path}"
        if not plugin.there:
            yield Finding(Level.ERROR, plugin.name, f"{wanted} is not there", f"remove LoadPlugin {plugin.name}")
        elif plugin.missing:
            packages = " ".join(PACKAGES.get(name.partition(".so")[0], name) for name in plugin.missing)
            found = f"{wanted} wants {', '.join(plugin.missing)}, which is not there: it cannot be loaded"
            yield Finding(Level.ERROR, plugin.name, found, f"apt install {packages}")


def _jobs(conf: Conf) -> Iterator[Finding]:
    if conf.mistakes:
        level = Level.ERROR if conf.strict else Level.WARNING
        stops = " and StrictConfig, so collectd does not start" if conf.strict else ""
        found = f"{plural(conf.mistakes, 'mistake')}{stops}"
        yield Finding(level, "jobs", found, f"collectd-inode check {conf.path}")
    elif not conf.jobs:
        yield Finding(Level.WARNING, "jobs", "none yet", "add a file of conf.d/: inode-scenario.conf")
    else:
        yield Finding(Level.OK, "jobs", plural(conf.jobs, "job"))


def _files(conf: Conf, user: str) -> Iterator[Finding]:
    every = (*conf.files, *((conf.state_dir,) if conf.state_dir else ()))
    for named in every:
        if named.trouble:
            level, mend = Level.ERROR, f"ls -ld {named.path}; {_who(named, user)}"
            if named.written:
                level, mend = Level.WARNING, f"install -d -m 0700 -o {user} {named.path}"
            yield Finding(level, named.key, f"{named.place}: {named.path}: {named.trouble}", mend)
    unknown = [named for named in every if not named.known]
    if unknown:
        found = f"cannot tell whether {unknown[0].user or user} may use {unknown[0].path}{_more(len(unknown) - 1)}"
        yield Finding(Level.WARNING, "files", found, _BE_ROOT)
    elif every and not any(named.trouble for named in every):
        yield Finding(Level.OK, "files", f"{every[0].user or user} may use {every[0].path}{_more(len(every) - 1)}")


def _who(named: Named, user: str) -> str:
    return f"{named.key} runs it as {named.user}" if named.user else f"collectd runs as {user}"


def _more(number: int) -> str:
    return f" and {number} more" if number else ""


_COLLECTD_S_OWN = 16
"""The number of descriptors that collectd has open before it loads us, about."""


def _surroundings(facts: Facts) -> Iterator[Finding]:
    if facts.stamps:
        yield Finding(Level.OK, "kernel stamps", "they work")
    else:
        found = "not supported by this kernel: latencies are elapsed time, including this machine's own delays"
        yield Finding(
            Level.WARNING, "kernel stamps", found, "run on the host or in a virtual machine, not in a sandbox"
        )
    limit, jobs = facts.service.descriptors, facts.conf.jobs
    runs = jobs if limit is None else at_once(limit - _COLLECTD_S_OWN)
    if runs < jobs:
        found = f"{limit}, which is enough for {runs} runs at once, of {jobs} jobs"
        yield Finding(Level.WARNING, "descriptors", found, "LimitNOFILE= in the unit, or longer Intervals")
    elif limit is not None:
        yield Finding(Level.OK, "descriptors", f"{limit}, enough for {runs} runs at once")
    if facts.enforcing:
        mend = "if a file cannot be read in the daemon only: ausearch -m avc -c collectd"
        yield Finding(Level.WARNING, "SELinux", "enforcing; its denials for collectd are not visible here", mend)
