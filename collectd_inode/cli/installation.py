"""Facts read from the machine: collectd's installation, its start, and the files in its configuration.

`doctor_checks` judges them.  Unknown facts stay empty.  Root is not needed, but sees more.
"""

from __future__ import annotations

import ast
import glob
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from collectd_inode import oconfig
from collectd_inode.cli.configured import Configured, last, read
from collectd_inode.cli.doctor_checks import (
    COMPILED,
    PACKAGE,
    SLOW,
    Conf,
    DaemonFacts,
    Facts,
    FolderFacts,
    HostFacts,
    Named,
    PluginFacts,
    ServiceFacts,
    Stub,
)
from collectd_inode.dependencies import DEPENDENCIES, Version, has, numbers, version_in
from collectd_inode.keys import NO_FOLDER, FileRole
from collectd_inode.kinds import KINDS
from collectd_inode.oconfig import Node
from collectd_inode.permissions import in_the_way
from collectd_inode.wire.address import is_known
from collectd_inode.wire.loopback import kernel_stamps

UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
         "/lib/systemd/system")  # fmt: skip
"""Where systemd looks for a unit, the first first (systemd.unit(5))."""

SERVICE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""The default PATH of a service (systemd.exec(5))."""

DESCRIPTORS = 1024
"""The default soft limit of a service."""

STUB = f"{PACKAGE}.py"
"""The stub's file; its folder is what ModulePath names."""

_SBIN = "/usr/sbin:/usr/local/sbin:/opt/collectd/sbin"
_OWN = ("/usr/local/lib/python{0}/dist-packages", "/usr/lib/python3/dist-packages",
        "/usr/local/lib/python{0}/site-packages", "/usr/lib/python{0}/site-packages",
        "/usr/lib64/python{0}/site-packages")  # fmt: skip
_HIDING = ("csv", "email", "uuid")
_SECONDS = 20


def here() -> str:
    """The minor version of the Python that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def module_paths() -> list[str]:
    """The folders of this installation that collectd's configuration must name, in ModulePath's order."""
    own = {own.format(here()) for own in _OWN}
    folders = (_home(module) for module in (*DEPENDENCIES, PACKAGE))
    return [folder for folder in dict.fromkeys(folders) if folder and folder not in own]


def _home(module: str) -> str:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    origin = Path(spec.origin)
    return str(origin.parents[1] if spec.submodule_search_locations else origin.parent)


def environment() -> str:
    """The folder of this installation: what pip calls its prefix."""
    return sysconfig.get_path("data")


def stub_folder() -> str:
    """The folder with this installation's stub, which ModulePath names; empty if it has none."""
    folder = f"{environment()}/share/collectd-inode"
    return folder if os.path.exists(f"{folder}/{STUB}") else ""


def stub_text() -> str:
    """The stub as it is installed, or as it is in the checkout that this runs from."""
    checkout = Path(__file__).parents[2] / "stub"
    return Path(stub_folder() or checkout, STUB).read_text(encoding="utf-8")


def examine(conf: str, units: Sequence[str] = UNITS) -> Facts:
    """All facts about this machine and the collectd.conf *conf*."""
    found = read(conf)
    daemon = _daemon(last(found.tree, "plugindir"))
    started = service(units, daemon)
    account = DaemonUser(started.user)
    own = tuple(folder(own.format(daemon.python or here())) for own in _OWN)
    return Facts(
        python=here(),
        daemon=daemon,
        service=replace(started, user_there=account.there),
        conf=configuration(conf, found, account.name, daemon.python or here(), os.path.dirname(daemon.plugin)),
        own_folders=tuple(one for one in own if one.there),
        stamps=kernel_stamps(),
        enforcing=_content("/sys/fs/selinux/enforce").strip() == "1",
    )


# collectd ------------------------------------------------------------------------------------------------------------


def _daemon(plugin_dir: str) -> DaemonFacts:
    path = shutil.which("collectd", path=f"{_SBIN}:{os.environ.get('PATH', '')}") or ""
    said = _output(path, "-h") if path else ""
    version = _first(r"^collectd (\S+?),", said)
    plugin_dir = plugin_dir or _first(r"^\s*Plugin directory\s+(\S+)", said)
    plugin = f"{plugin_dir}/python.so" if plugin_dir else ""
    there = bool(plugin) and os.path.exists(plugin)
    library, library_path = linked(_output("ldd", plugin)) if there else ("", "")
    return DaemonFacts(path, version, plugin, there, library, library_path, _library_s_own(library, library_path))


def linked(ldd: str) -> tuple[str, str]:
    """The libpython in ldd(1)'s output, and its path; both empty if there is none."""
    found = re.search(r"^\s*(libpython\S+) => (/\S+|not found)", ldd, re.MULTILINE)
    return (found[1], found[2].removeprefix("not found")) if found else ("", "")


def _library_s_own(library: str, path: str) -> str:
    version = _first(r"libpython(3\.\d+)", library)
    return standard_library(Path(os.path.realpath(path)).parent, version) if path and version else ""


def standard_library(folder: Path, version: str) -> str:
    """The standard library that Python finds from *folder*: in the first folder above it that has one."""
    candidates = (above / "lib" / f"python{version}" for above in (folder, *folder.parents))
    return next((os.path.realpath(one) for one in candidates if os.path.exists(one / "os.py")), "")


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found[1] if found else ""


def _content(path: str | Path) -> str:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


# Its service ---------------------------------------------------------------------------------------------------------


def service(units: Sequence[str], daemon: DaemonFacts) -> ServiceFacts:
    """collectd.service with its drop-ins, as systemd reads both from *units*, and the python3 that it would find."""
    unit, said = first_unit("collectd.service", units), unit_settings("collectd.service", units)
    path = dict(_environment(said)).get("PATH", SERVICE_PATH)
    python, library = first_python(path, daemon.python)
    return ServiceFacts(
        unit=unit,
        user=(said.get("User") or ["root"])[-1],
        path=path,
        python=python,
        standard_library=library,
        descriptors=_limit((said.get("LimitNOFILE") or [""])[-1]),
    )


def first_unit(name: str, units: Sequence[str]) -> str:
    """The unit file *name* that systemd takes, in the first of the folders *units* that has it; empty if none has."""
    return next((path for path in (f"{folder}/{name}" for folder in units) if os.path.exists(path)), "")


def unit_settings(name: str, units: Sequence[str]) -> dict[str, list[str]]:
    """The [Service] section of the unit *name* and its drop-ins: key → values, in systemd's order."""
    drop_ins = {os.path.basename(p): p for f in reversed(units) for p in glob.glob(f"{f}/{name}.d/*.conf")}
    said: dict[str, list[str]] = {}
    for path in (first_unit(name, units), *(drop_ins[name] for name in sorted(drop_ins))):
        for key, value in _section(_content(path) if path else "", "Service"):
            said[key] = [*said.get(key, ()), value] if value else []  # empty: it resets the earlier values
    return said


def _section(text: str, wanted: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in map(str.strip, text.replace("\\\n", " ").splitlines()):
        if line.startswith("["):
            section = line.strip("[]")
        elif section == wanted and "=" in line and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


def _environment(said: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Variables, the later ones winning: files override the unit itself."""
    words = [word for value in said.get("Environment", ()) for word in _words(value)]
    files = (_content(value.removeprefix("-")) for value in said.get("EnvironmentFile", ()))
    words += [word for text in files for line in text.splitlines() for word in _words(line)]
    return ((name, value) for name, equals, value in (word.partition("=") for word in words) if equals)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []


def _limit(said: str) -> int | None:
    soft = said.partition(":")[0]
    if not soft:
        return DESCRIPTORS
    return int(soft) if soft.isdecimal() else None  # infinity


def first_python(path: str, version: str) -> tuple[str, str]:
    """The first python3 in *path*, and the standard library that an embedded Python takes because of it.

    As CPython's getpath does it: from the folder that pyvenv.cfg names as home if there is one, else from where the
    links lead to.  Measured: where there is none for its *version* (another minor version, pyenv's shims), it takes
    its own.
    """
    python = shutil.which("python3", path=path)
    if python is None:
        return "", ""
    folder = Path(python).parent
    environment = _content(folder / "pyvenv.cfg") or _content(folder.parent / "pyvenv.cfg")
    home = _first(r"^home\s*=\s*(.+?)\s*$", environment)
    start = Path(home) if home else Path(os.path.realpath(python)).parent
    return python, standard_library(start, version) if version else ""


@dataclass(frozen=True, slots=True)
class DaemonUser:
    """The daemon's user, and that user's permissions."""

    name: str

    @property
    def there(self) -> bool:
        """Whether there is such a user."""
        return self._entry() is not None

    @property
    def is_root(self) -> bool:
        """Whether that is uid 0."""
        entry = self._entry()
        return entry is not None and entry.pw_uid == 0

    @property
    def is_us(self) -> bool:
        """Whether that user runs this command."""
        entry = self._entry()
        return entry is not None and entry.pw_uid == os.geteuid()

    def _entry(self) -> pwd.struct_passwd | None:
        try:
            return pwd.getpwuid(int(self.name)) if self.name.isdecimal() else pwd.getpwnam(self.name)
        except KeyError:
            return None

    def may(self, what: str, path: str) -> bool | None:
        """Whether the user may read ("r"), write ("w") or enter ("x") *path*, which exists; None: only root knows."""
        entry = self._entry()
        if entry is None:
            return None
        if entry.pw_uid == os.geteuid():
            return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[what], effective_ids=True)
        if os.geteuid() != 0:
            return True if entry.pw_uid == 0 else None
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
        done = subprocess.run(
            ["test", f"-{what}", path], user=entry.pw_uid, group=entry.pw_gid, extra_groups=groups, check=False
        )  # test(1) asks the kernel, which knows of access control lists, too
        return done.returncode == 0


# Its configuration ---------------------------------------------------------------------------------------------------


def configuration(path: str, found: Configured, user: str, python: str = "", plugin_dir: str = "") -> Conf:
    """A collectd.conf that has been read, as the user called *user* would find what it names.

    *python* is the minor version of collectd's Python; by default that of the one that runs this.  *plugin_dir* is the
    folder of collectd's plugins, if it is known.
    """
    if not found.tree:
        return Conf(path, tuple(map(str, found.problems)))
    account = DaemonUser(user)
    plugins = [node for node in found.tree if node.key.lower() == "plugin" and node.values == ("python",)]
    loads, is_global, is_late = _loads(found.tree, plugins)
    lines = [line for plugin in plugins for line in plugin.children]
    imports = next((n for n in lines if n.key.lower() == "import" and oconfig.MODULE in n.values), None)
    module = next(filter(oconfig.is_ours, lines), None)
    types_db = tuple(_types_db(found.tree, account))
    return Conf(
        path=path,
        host=host(found.tree),
        loads=loads,
        loads_late=is_late,
        globals=is_global,
        imports=_place(imports),
        module=_place(module),
        import_first=imports is None or module is None or lines.index(imports) < lines.index(module),
        folders=tuple(_folders(lines, imports, account, python or here())),
        types_db=types_db,
        types=frozenset(_types(types_db)),
        files=(*_files(found.tree, account), *_receivers(found.tree)),
        state_dir=_state_dir(found, account),
        plugins=tuple(_plugins(found.tree, plugin_dir)),
        jobs=len(found.jobs),
        mistakes=len(found.problems) if found.jobs or _blocks(found.tree) else 0,
        strict=any(n.key.lower() == "strictconfig" and n.values == (True,) for n in _ours(found.tree)),
    )


def _plugins(tree: Sequence[Node], folder: str) -> Iterator[PluginFacts]:
    """The plugins that are loaded beside python's, which has checks of its own."""
    named = {str(node.values[0]): node for node in tree if node.key.lower() == "loadplugin" and node.values}
    for name, node in named.items() if folder and os.path.isdir(folder) else ():
        path = f"{folder}/{name}.so"
        if name.lower() != "python":
            there = os.path.exists(path)
            yield PluginFacts(name, _place(node), path, there, missing(_output("ldd", path)) if there else ())


def missing(ldd: str) -> tuple[str, ...]:
    """The libraries that ldd(1) has not found."""
    return tuple(re.findall(r"^\s*(\S+) => not found$", ldd, re.MULTILINE))


def host(tree: Sequence[Node]) -> HostFacts:
    """The name that collectd takes, and whether it would be resolved: init_hostname in collectd's daemon/collectd.c."""
    named, lookup = _last(tree, "hostname"), _last(tree, "fqdnlookup")
    if named is not None and named.values[0]:
        return HostFacts(str(named.values[0]), _place(named))
    own = os.uname().nodename
    if lookup is not None and str(lookup.values[0]).lower() in _FALSE:
        return HostFacts(own, lookup=_place(lookup))
    return HostFacts(own, lookup=_place(lookup), looked_up=True, resolves=is_known(own))


_FALSE = ("false", "no", "off")
"""The words that IS_FALSE of collectd's common.h accepts."""


def _last(tree: Sequence[Node], key: str) -> Node | None:
    return next((node for node in reversed(tree) if node.key.lower() == key and node.values), None)


def _place(node: Node | None) -> str:
    return str(node.place) if node is not None else ""


def _loads(tree: Sequence[Node], plugins: Sequence[Node]) -> tuple[str, bool, bool]:
    """The place where python is loaded, whether its symbols are global, and whether that comes too late."""
    loading = [node for node in tree if node.key.lower() == "loadplugin" and node.values == ("python",)]
    if loading:
        globals_said = any(n.key.lower() == "globals" and n.values == (True,) for n in loading[0].children)
        late = bool(plugins) and tree.index(plugins[0]) < tree.index(loading[0])
        return _place(loading[0]), globals_said, late
    by_itself = [node for node in tree if node.key.lower() == "autoloadplugin" and node.values == (True,)]
    if by_itself and plugins:
        return _place(by_itself[-1]), False, tree.index(plugins[0]) < tree.index(by_itself[-1])
    return "", False, False


def _folders(lines: Sequence[Node], imports: Node | None, account: DaemonUser, python: str) -> Iterator[FolderFacts]:
    """The folders that ModulePath names, in order; then those that a stub names, which it puts before all others."""
    last = lines.index(imports) if imports is not None else len(lines)
    found = []
    for number, line in enumerate(lines):
        if line.key.lower() == "modulepath" and line.values:
            found.append(replace(folder(str(line.values[0]), account), place=_place(line), late=number > last))
    yield from found
    for one in found:
        if one.stub is not None:
            places = _packages(one.stub.environment, python)
            yield from (replace(folder(path, account), place=one.place, late=one.late) for path in places)


def _packages(environment: str, python: str) -> Iterator[str]:
    """Folders where the stub finds packages in an environment, the first last; a checkout, too, if editable."""
    names = [
        f"lib/python{python}/dist-packages",
        f"lib64/python{python}/site-packages",
        f"lib/python{python}/site-packages",
    ]
    paths = [path for name in names if os.path.isdir(path := f"{environment}/{name}")]
    yield from (checkout for path in paths if (checkout := folder(path).editable))
    yield from paths


def folder(path: str, account: DaemonUser | None = None) -> FolderFacts:
    """The state of a folder of Python modules."""
    there = Path(path)
    if not os.path.isdir(path) or not os.access(path, os.R_OK | os.X_OK, effective_ids=True):
        return _out_of_sight(path, account)
    stub = _stub(there)
    ours = () if stub else (PACKAGE,)
    modules = frozenset(name for name in (*DEPENDENCIES, *SLOW, *ours, "collectd") if has(path, name))
    editable = next(there.glob(f"{PACKAGE}-*.dist-info/direct_url.json"), None)
    return FolderFacts(
        path,
        readable=account is None or _readable(there, modules, account),
        modules=modules,
        compiled=frozenset(_compiled(there)),
        versions=dict(_versions(path, modules)),
        editable=_first(r'"url": "file://([^"]*)"', _content(editable)) if editable and PACKAGE not in modules else "",
        hides=tuple(name for name in _HIDING if (there / f"{name}.so").exists()),
        stub=stub,
    )


def _stub(folder: Path) -> Stub | None:
    """The stub, if *folder* has one."""
    found = re.search(r"^ENVIRONMENT = ([\"'].*?[\"'])(?:  #|$)", _content(folder / STUB), re.MULTILINE)
    if found is None:
        return None
    environment = ast.literal_eval(found[1]) or str(folder.absolute().parents[1])
    versions = {_first(r"/python(3\.\d+)$", path) for path in glob.glob(f"{glob.escape(environment)}/lib/python3.*")}
    return Stub(environment, os.path.isdir(environment), tuple(sorted(versions - {""}, key=numbers)))


def _out_of_sight(path: str, account: DaemonUser | None) -> FolderFacts:
    try:
        os.listdir(path)
    except PermissionError:
        return FolderFacts(path, readable=False, seen=account is not None and account.is_us)
    except OSError:
        pass
    return FolderFacts(path, there=False)


def _readable(folder: Path, modules: frozenset[str], account: DaemonUser) -> bool:
    """False only if it is known: the folder itself, and one file of ours in it."""
    ours = [str(folder / PACKAGE / "__init__.py")] if PACKAGE in modules else []
    return all(account.may("r", path) is not False for path in (str(folder), *ours))


def _compiled(folder: Path) -> Iterator[str]:
    for path in (path for module in COMPILED for path in (folder / module).glob("*.cpython-3*.so")):
        yield "3." + _first(r"\.cpython-3(\d+)-", path.name)


def _versions(folder: str, modules: frozenset[str]) -> Iterator[tuple[str, Version]]:
    for module in sorted(modules & set(DEPENDENCIES)):
        if version := version_in(folder, DEPENDENCIES[module].distribution):
            yield module, version


def _types_db(tree: Iterable[Node], account: DaemonUser) -> Iterator[Named]:
    for node in tree:
        if node.key.lower() == "typesdb":
            yield from (_reading(str(path), "TypesDB", _place(node), account) for path in node.values)


def _types(types_db: Iterable[Named]) -> Iterator[str]:
    for named in types_db:
        lines = (line.split() for line in _content(named.path).splitlines())
        yield from (words[0] for words in lines if words and not words[0].startswith("#"))


def _ours(tree: Sequence[Node]) -> list[Node]:
    return [node for section in oconfig.sections(tree) for node in section.children]


def _blocks(tree: Sequence[Node]) -> list[Node]:
    return [node for node in _ours(tree) if node.children]


def _files(tree: Sequence[Node], account: DaemonUser) -> Iterator[Named]:
    for block in _blocks(tree):
        rows = {row.name.lower(): row for kind in KINDS if kind.block.lower() == block.key.lower() for row in kind.keys}
        for line in (line for line in block.children if line.key.lower() in rows):
            if line.values and isinstance(path := line.values[-1], str):
                yield from _named(path, rows[line.key.lower()].file, line, account)


def _receivers(tree: Sequence[Node]) -> Iterator[Named]:
    """The programs that collectd runs for notifications, and the files in their arguments, as their users find them.

    A missing file may be created later on, as a pipe is.
    """
    blocks = [node for node in tree if node.key.lower() == "plugin" and node.values == ("exec",)]
    for line in (line for block in blocks for line in block.children if line.key.lower() == "notificationexec"):
        user, *command = map(str, line.values)
        account = DaemonUser(user.partition(":")[0])
        place, key = _place(line), line.key
        if not account.there:
            yield Named(account.name, key, place, "there is no such user", user=account.name)
            continue
        given = [path for path in command[1:] if os.path.isabs(path) and os.path.isfile(path)]
        for path, may in (*((path, "run") for path in command[:1]), *((path, "read") for path in given)):
            yield _using(Named(path, key, place, user=account.name), account, may)


def _named(path: str, what: FileRole, line: Node, account: DaemonUser) -> Iterator[Named]:
    if what is FileRole.READ:
        for one in sorted(glob.glob(path)) or [path]:
            yield _reading(one, line.key, _place(line), account)
    elif what is FileRole.WRITTEN and path != NO_FOLDER:
        yield _writing(path, line.key, _place(line), account)


def _state_dir(found: Configured, account: DaemonUser) -> Named | None:
    if not found.state_dir:
        return None
    lines = [node for node in _ours(found.tree) if node.key.lower() == "statedir"]
    return _writing(found.state_dir, "StateDir", _place(lines[-1] if lines else None), account)


def _reading(path: str, key: str, place: str, account: DaemonUser) -> Named:
    return _using(Named(path, key, place), account, "read")


def _using(named: Named, account: DaemonUser, what: str) -> Named:
    """*named* with what keeps *account* from reading, or running, it and the files in it."""
    path = named.path
    try:
        os.stat(path)
    except PermissionError:
        return _judged(named, False if account.is_us else None, what)
    except OSError as error:
        return replace(named, trouble=(error.strerror or str(error)).lower())
    inside = glob.glob(f"{glob.escape(path)}/*") if os.path.isdir(path) else []
    answers = {account.may("x" if what == "run" else "r", one) for one in (path, *inside)}
    return _judged(named, False if False in answers else None if None in answers else True, what)


def _writing(path: str, key: str, place: str, account: DaemonUser) -> Named:
    """A missing folder is created later: then the nearest one above it counts."""
    named = Named(path, key, place, written=True)
    if file := in_the_way(path):
        return replace(named, trouble=f"{file} is not a folder")
    for one in (Path(path), *Path(path).absolute().parents):
        try:
            os.stat(one)
        except PermissionError:
            return _judged(named, False if account.is_us else None, "write")
        except OSError:
            continue
        return _judged(named, account.may("w", str(one)), "write")
    return named


def _judged(named: Named, may: bool | None, what: str) -> Named:
    if may is None:
        return replace(named, known=False)
    who = named.user or "collectd's user"
    return named if may else replace(named, trouble=f"{who} may not {what} it")
