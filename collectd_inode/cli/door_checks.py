"""Checks whether exec or serve can run on a machine, and names the fix.  Pure.

`door_facts` reads the machine.  Facts that it could not read are empty here, and not checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode.cli.doctor_checks import Conf, Finding, Level, of_jobs
from collectd_inode.model import Door


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """The command in collectd's Exec line, or in the unit; ``place`` is its place."""

    place: str = ""
    user: str = ""
    user_there: bool = True
    user_is_root: bool = False
    path: str = ""
    there: bool = True
    may: bool | None = None
    """Whether the user may execute it; None: not known."""
    words: tuple[str, ...] = ()
    unquoted: bool = False
    """Whether a word of it is a number, which collectd writes with six places."""


@dataclass(frozen=True, slots=True)
class Socket:
    """collectd's socket, and its configured path and mode."""

    path: str
    there: bool = False
    may: bool | None = None
    """Whether the service's user may write to it; None: not known."""
    deletes: bool = False
    """``DeleteSocket true``."""
    place: str = ""


@dataclass(frozen=True, slots=True)
class BrowserFacts:
    """The browser of FILE's blocks with ``Engine "chromium"``."""

    path: str = ""
    """Empty where none can be used."""
    snap: str = ""
    """A snap's, which cannot be started as another user."""
    profiled: bool = True
    """Whether AppArmor lets programs make user namespaces that have no profile for it."""
    namespaces: bool = True
    """Whether the kernel lets users make namespaces at all."""


@dataclass(frozen=True, slots=True)
class DoorFacts:
    """All facts.  ``jobs``: FILE, as the door's user finds it; ``conf``: collectd.conf."""

    door: Door
    conf: Conf
    jobs: Conf
    loads: str = ""
    """The place where the door's plugin is loaded."""
    interval: float | None = None
    """The Interval of ``<LoadPlugin exec>``, if it has one."""
    program: ProgramFacts = ProgramFacts()
    socket: Socket | None = None
    credentials: tuple[str, ...] = ()
    """Credentials that FILE names and the unit does not load."""
    browser: BrowserFacts | None = None
    """None where no block needs one."""


PLUGINS = {Door.EXEC: "exec", Door.SERVE: "unixsock"}
_SLOW_RESTART = 10.0
"""collectd's own Interval, which the exec plugin takes by default."""


def door_findings(facts: DoorFacts) -> Iterator[Finding]:
    """In the order in which things go wrong."""
    if facts.conf.troubles:
        for trouble in facts.conf.troubles:
            yield Finding(Level.ERROR, "configuration", trouble, f"correct {facts.conf.path}, or name another")
    else:
        yield from _plugin(facts)
    yield from _program(facts)
    if facts.socket is not None:
        yield from _socket(facts.socket, facts.program.user)
    if facts.jobs.troubles:
        for trouble in facts.jobs.troubles:
            yield Finding(Level.ERROR, "jobs", trouble, f"correct {facts.jobs.path}, or name another")
        return
    for name in facts.credentials:
        found = f"{facts.jobs.path} names the credential {name}, which {facts.program.place} does not load"
        yield Finding(Level.ERROR, "LoadCredential", found, f"LoadCredential={name}:PATH in the unit")
    yield from of_jobs(facts.jobs, facts.program.user or "the door's user")
    if facts.browser is not None:
        yield from _browser(facts.browser)


_OTHER_BROWSER = "BrowserPath names another one, such as Debian's chromium-headless-shell or Chrome for Testing"


def _browser(browser: BrowserFacts) -> Iterator[Finding]:
    if not browser.path:
        found = f"only {browser.snap}, a snap, which cannot be started as another user" if browser.snap else "none"
        fix = _OTHER_BROWSER if browser.snap else "apt install chromium-headless-shell, or BrowserPath"
        yield Finding(Level.ERROR, "browser", found, fix)
    elif not browser.namespaces:
        found = f"{browser.path}: the kernel lets no user make namespaces, which its sandbox needs"
        yield Finding(Level.ERROR, "browser", found, "sysctl kernel.unprivileged_userns_clone=1, or chromium-sandbox")
    elif not browser.profiled:
        found = f"{browser.path}: AppArmor lets no program make user namespaces that has no profile for it"
        profile = f"abi <abi/4.0>, profile browser {browser.path} flags=(unconfined) {{ userns, }}"
        fix = f"a profile in /etc/apparmor.d: {profile}"
        yield Finding(Level.WARNING, "browser", found, fix)
    else:
        yield Finding(Level.OK, "browser", browser.path)


def _plugin(facts: DoorFacts) -> Iterator[Finding]:
    plugin = PLUGINS[facts.door]
    if not facts.loads:
        found = f"not in {facts.conf.path} nor in the files it includes"
        fix = f"add the lines that `collectd-inode snippet --{facts.door.value}` prints"
        yield Finding(Level.ERROR, f"LoadPlugin {plugin}", found, fix)
        return
    yield Finding(Level.OK, f"LoadPlugin {plugin}", facts.loads)
    seconds = _SLOW_RESTART if facts.interval is None else facts.interval
    if facts.door is Door.EXEC and seconds > 1:
        found = f"{facts.loads}: a program that has ended is started again after {seconds:g} s"
        yield Finding(Level.WARNING, "Interval", found, "write <LoadPlugin exec>, Interval 1, </LoadPlugin>")


def _program(facts: DoorFacts) -> Iterator[Finding]:
    program, what = facts.program, "Exec" if facts.door is Door.EXEC else "unit"
    if not program.place:
        wanted = "no Exec line starts" if facts.door is Door.EXEC else "no unit collectd-inode.service has"
        fix = (
            "add the line that `collectd-inode snippet --exec` prints"
            if facts.door is Door.EXEC
            else "`collectd-inode files DIR` lays out systemd/collectd-inode.service; copy it to /etc/systemd/system"
        )
        named = f"collectd-inode {facts.door.value} {facts.jobs.path}"
        yield Finding(Level.ERROR, what, f"{wanted} {named}", fix)
        return
    if program.user_is_root and facts.door is Door.EXEC:
        found = f"{program.place}: the exec plugin starts nothing as root"
        yield Finding(Level.ERROR, what, found, "name a user that is not root")
    elif not program.user_there:
        found = f"{program.place}: there is no user {program.user}"
        yield Finding(Level.ERROR, what, found, f"useradd --system {program.user}")
    elif not program.there:
        found = f"{program.place}: there is no program {program.path}"
        yield Finding(Level.ERROR, what, found, "name the command of this installation: which collectd-inode")
    elif program.may is False:
        found = f"{program.place}: {program.user} may not execute {program.path}"
        yield Finding(Level.ERROR, what, found, f"namei -l {program.path}")
    elif program.unquoted:
        found = f"{program.place}: a number without quotes, of which collectd makes one with six decimal places"
        yield Finding(Level.ERROR, what, found, "put every word of the line in double quotes")
    else:
        yield Finding(Level.OK, what, f"{program.place}: {program.path} as {program.user}")


def _socket(socket: Socket, user: str) -> Iterator[Finding]:
    if socket.place and not socket.deletes:
        found = f"{socket.place}: without DeleteSocket true, a collectd that was killed opens no socket afterwards"
        yield Finding(Level.WARNING, "DeleteSocket", found, "DeleteSocket true in <Plugin unixsock>")
    if not socket.there:
        found = f"there is no {socket.path} at the moment: values wait, for a minute at most"
        yield Finding(Level.WARNING, "socket", found, "start collectd, or name its socket by serve --socket")
    elif socket.may is False:
        found = f"{user} may not write to {socket.path}"
        yield Finding(Level.ERROR, "socket", found, f'SocketGroup "{user}" and SocketPerms "0660" in <Plugin unixsock>')
    else:
        yield Finding(Level.OK, "socket", socket.path)
