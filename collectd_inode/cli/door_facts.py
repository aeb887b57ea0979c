"""The machine's facts about exec and serve: the Exec line or the unit, collectd's socket, and FILE.

`door_checks` judges them.  Unknown facts stay empty.  Root sees more.
"""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace

from collectd_inode.chromium import program as programs
from collectd_inode.cli.check import stand_in_for_secrets
from collectd_inode.cli.configured import Configured, read
from collectd_inode.cli.doctor_checks import Conf, Named
from collectd_inode.cli.door_checks import PLUGINS, BrowserFacts, DoorFacts, ProgramFacts, Socket
from collectd_inode.cli.installation import DaemonUser, configuration, first_unit, unit_settings
from collectd_inode.model import Door, Misconfigured
from collectd_inode.oconfig import Node

UNIT = "collectd-inode.service"
CREDENTIALS = f"/run/credentials/{UNIT}/"
SOCKET = "/run/collectd-unixsock"


def examine_door(door: Door, conf: str, file: str, units: Sequence[str]) -> DoorFacts:
    """All facts about *door* with the jobs of *file*, beside the collectd.conf *conf*."""
    theirs = read(conf)
    loading = [n for n in theirs.tree if n.key.lower() == "loadplugin" and n.values == (PLUGINS[door],)]
    lines = [
        line
        for node in theirs.tree
        if node.key.lower() == "plugin" and node.values == (PLUGINS[door],)
        for line in node.children
    ]
    unit = unit_settings(UNIT, units) if door is Door.SERVE else {}
    program = _exec(lines, file) if door is Door.EXEC else _service(unit, first_unit(UNIT, units), file)
    account = DaemonUser(program.user)
    types = configuration(conf, theirs, "root")
    jobs, missing = _jobs(file, program.user, _loaded(unit))
    return DoorFacts(
        door=door,
        conf=types,
        jobs=replace(jobs, types_db=types.types_db, types=types.types),
        loads=str(loading[0].place) if loading else "",
        interval=_interval(loading),
        program=program,
        socket=_socket(lines, program, account) if door is Door.SERVE else None,
        credentials=missing,
        browser=_browser(read(file).tree),
    )


_APPARMOR = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
_NAMESPACES = ("/proc/sys/kernel/unprivileged_userns_clone", "/proc/sys/user/max_user_namespaces")


def _browser(tree: Sequence[Node]) -> BrowserFacts | None:
    """The browser that the blocks of *tree* would be replayed in; None where none of them asks for one."""
    said = [{child.key.lower(): child.values for child in block.children} for block in tree]
    wanting = [keys for keys in said if keys.get("engine") == ("chromium",)]
    if not wanting:
        return None
    paths = [str(keys["browserpath"][0]) for keys in wanting if keys.get("browserpath")]
    try:
        path = programs.find(paths[0] if paths else None)
    except Misconfigured:
        path = ""
    snaps = (found for name in _NAMES if (found := shutil.which(name, path=_PATHS)) and programs.is_snap(found))
    return BrowserFacts(
        path=path,
        snap=next(snaps, ""),
        profiled=_number(_APPARMOR) != 1,
        namespaces=all(_number(one) != 0 for one in _NAMESPACES),
    )


_NAMES = (*programs.NAMES, "chromium-browser")
_PATHS = "/usr/local/bin:/usr/bin:/bin:/snap/bin"


def _number(path: str) -> int | None:
    """The number in a file of the kernel's; None if there is none."""
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return None


def _interval(loading: Sequence[Node]) -> float | None:
    said = [child.values[0] for node in loading[:1] for child in node.children if child.key.lower() == "interval"]
    return float(said[-1]) if said and isinstance(said[-1], float) else None


def _exec(lines: Sequence[Node], file: str) -> ProgramFacts:
    """The Exec line that starts ``collectd-inode exec FILE``."""
    for line in lines:
        words = tuple(str(value) for value in line.values)
        if line.key.lower() == "exec" and "exec" in words[2:] and words[-1] != "exec" and _same(file, words[2:]):
            user, path = words[0].partition(":")[0], words[1]
            unquoted = any(isinstance(value, float) for value in line.values)
            return _started(ProgramFacts(str(line.place), user, path=path, words=words[2:], unquoted=unquoted))
    return ProgramFacts()


def _service(unit: dict[str, list[str]], path: str, file: str) -> ProgramFacts:
    """The file that the unit starts, if that is ``collectd-inode serve FILE``."""
    try:
        words = shlex.split((unit.get("ExecStart") or [""])[-1])
    except ValueError:
        words = []
    if not path or "serve" not in words or not _same(file, words):
        return ProgramFacts()
    return _started(ProgramFacts(path, (unit.get("User") or ["root"])[-1], path=words[0], words=tuple(words[1:])))


def _same(file: str, words: Sequence[str]) -> bool:
    return os.path.abspath(file) in {os.path.abspath(word) for word in words}


def _started(program: ProgramFacts) -> ProgramFacts:
    account = DaemonUser(program.user)
    path = shutil.which(program.path) or program.path
    there = os.path.exists(path)
    may = account.may("x", path) if there and account.there else None
    return replace(program, user_there=account.there, user_is_root=account.is_root, there=there, may=may)


def _socket(lines: Sequence[Node], program: ProgramFacts, account: DaemonUser) -> Socket:
    said = {line.key.lower(): line for line in lines if line.values}
    path = str(said["socketfile"].values[0]) if "socketfile" in said else SOCKET
    if "--socket" in program.words[:-1]:
        path = program.words[program.words.index("--socket") + 1]
    there = os.path.exists(path)
    return Socket(
        path,
        there=there,
        may=account.may("w", path) if there else None,
        deletes="deletesocket" in said and said["deletesocket"].values == (True,),
        place=str(lines[0].place) if lines else "",
    )


def _loaded(unit: dict[str, list[str]]) -> dict[str, str]:
    """Credential → the file that root reads it from."""
    pairs = (value.partition(":") for value in unit.get("LoadCredential", ()))
    return {name: path for name, _, path in pairs}


def _jobs(file: str, user: str, credentials: dict[str, str]) -> tuple[Conf, tuple[str, ...]]:
    """FILE as *user* finds what it names, and the credentials in it that are not loaded."""
    with tempfile.TemporaryDirectory() as folder:
        found: Configured = read(file, stand_in=stand_in_for_secrets(folder))
    jobs = configuration(file, found, user or "root")
    if not jobs.path or jobs.troubles:
        return jobs, ()
    missing = tuple(
        name
        for named in jobs.files
        if named.path.startswith(CREDENTIALS) and (name := named.path.removeprefix(CREDENTIALS)) not in credentials
    )
    files = tuple(_as_user(one, user) for one in _with_credentials(jobs.files, credentials))
    state_dir = _as_user(jobs.state_dir, user) if jobs.state_dir is not None else None
    return replace(jobs, files=files, state_dir=state_dir), missing


def _with_credentials(files: Sequence[Named], credentials: dict[str, str]) -> Iterator[Named]:
    """*files*; for a credential, the file that systemd takes it from, which root reads."""
    for one in files:
        source = credentials.get(one.path.removeprefix(CREDENTIALS)) if one.path.startswith(CREDENTIALS) else None
        if source is not None:
            trouble = "" if os.path.lexists(source) else "no such file or directory"
            yield replace(one, path=source, key="LoadCredential", trouble=trouble)
        elif not one.path.startswith(CREDENTIALS):
            yield one


def _as_user(named: Named, user: str) -> Named:
    return replace(named, trouble=named.trouble.replace("collectd's user", user))
