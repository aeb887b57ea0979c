"""What the doctor says of exec and serve, of machines that are made up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from collectd_inode.cli.doctor_checks import TYPES, Conf, Level, Named
from collectd_inode.cli.door_checks import BrowserFacts, DoorFacts, ProgramFacts, Socket, door_findings
from collectd_inode.model import Door

CONF = Conf("/etc/collectd/collectd.conf")
JOBS = Conf(
    "/etc/collectd/inode.conf",
    types_db=(Named("/usr/share/collectd/types.db", "TypesDB", "collectd.conf:3"),),
    types=TYPES,
    files=(Named("/etc/collectd/secrets/login", "Secret", "inode.conf:20"),),
    state_dir=Named("/var/lib/collectd-inode", "StateDir", "inode.conf:4", written=True),
    jobs=2,
)
PLACE = "/etc/collectd/collectd.conf.d/inode-exec.conf:16"
PROGRAM = ProgramFacts(PLACE, "collectd-inode", path="/opt/collectd-inode/bin/collectd-inode", may=True)
EXEC = DoorFacts(Door.EXEC, CONF, JOBS, "inode-exec.conf:6", 1.0, PROGRAM)
UNIT = "/etc/systemd/system/collectd-inode.service"
SOCKET = Socket("/run/collectd-unixsock", there=True, may=True, deletes=True, place="inode-unixsock.conf:8")
SERVE = DoorFacts(Door.SERVE, CONF, JOBS, "inode-unixsock.conf:5", None, replace(PROGRAM, place=UNIT), SOCKET)


def said(facts: DoorFacts) -> list[tuple[Level, str, str]]:
    """All but what is in order."""
    return [(one.level, one.looked_at, one.found) for one in door_findings(facts) if one.level is not Level.OK]


@pytest.mark.parametrize("facts", [EXEC, SERVE])
def test_all_is_well(facts: DoorFacts) -> None:
    """Each thing that was looked at has its line."""
    assert said(facts) == []
    looked_at = [one.looked_at for one in door_findings(facts)]
    plugin, program = ("exec", "Exec") if facts.door is Door.EXEC else ("unixsock", "unit")
    more = ["socket"] if facts.socket is not None else []
    assert looked_at == [f"LoadPlugin {plugin}", program, *more, "TypesDB", "jobs", "files"]


SAYS_NO = Named("/etc/collectd/secrets/login", "Secret", "inode.conf:20", trouble="collectd-inode may not read it")
DENIED, OPEN = "cannot read /x: Permission denied", "/y:3: <Plugin> is never closed"
BAD = (
    (replace(EXEC, loads=""), "LoadPlugin exec", "not in /etc/collectd/collectd.conf nor in the files it includes"),
    (replace(EXEC, program=ProgramFacts()), "Exec", "no Exec line starts collectd-inode exec /etc/collectd/inode.conf"),
    (
        replace(SERVE, program=ProgramFacts()),
        "unit",
        "no unit collectd-inode.service has collectd-inode serve /etc/collectd/inode.conf",
    ),
    (
        replace(EXEC, program=replace(PROGRAM, user="root", user_is_root=True)),
        "Exec",
        f"{PLACE}: the exec plugin starts nothing as root",
    ),
    (
        replace(EXEC, program=replace(PROGRAM, user_there=False)),
        "Exec",
        f"{PLACE}: there is no user collectd-inode",
    ),
    (
        replace(EXEC, program=replace(PROGRAM, there=False)),
        "Exec",
        f"{PLACE}: there is no program /opt/collectd-inode/bin/collectd-inode",
    ),
    (
        replace(EXEC, program=replace(PROGRAM, may=False)),
        "Exec",
        f"{PLACE}: collectd-inode may not execute /opt/collectd-inode/bin/collectd-inode",
    ),
    (
        replace(EXEC, program=replace(PROGRAM, unquoted=True)),
        "Exec",
        f"{PLACE}: a number without quotes, of which collectd makes one with six decimal places",
    ),
    (
        replace(EXEC, jobs=replace(JOBS, files=(SAYS_NO,))),
        "Secret",
        "inode.conf:20: /etc/collectd/secrets/login: collectd-inode may not read it",
    ),
    (
        replace(EXEC, jobs=replace(JOBS, types=TYPES - {"bool"})),
        "TypesDB",
        "collectd.conf:3 replaces collectd's own, and lacks bool: those values are lost",
    ),
    (replace(EXEC, jobs=Conf("/x", (DENIED,))), "jobs", DENIED),
    (replace(EXEC, conf=Conf("/y", (OPEN,))), "configuration", OPEN),
    (
        replace(SERVE, socket=replace(SOCKET, may=False)),
        "socket",
        "collectd-inode may not write to /run/collectd-unixsock",
    ),
    (
        replace(SERVE, credentials=("login",)),
        "LoadCredential",
        f"/etc/collectd/inode.conf names the credential login, which {UNIT} does not load",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("facts", "looked_at", "found"), BAD)
def test_what_stops_it(facts: DoorFacts, looked_at: str, found: str) -> None:
    """One error for one mistake, with something to do."""
    assert said(facts) == [(Level.ERROR, looked_at, found)]
    assert all(one.mend for one in door_findings(facts) if one.level is Level.ERROR)


ODD = (
    (
        replace(EXEC, interval=None),
        "Interval",
        "inode-exec.conf:6: a program that has ended is started again after 10 s",
    ),
    (
        replace(SERVE, socket=replace(SOCKET, deletes=False)),
        "DeleteSocket",
        "inode-unixsock.conf:8: without DeleteSocket true, a collectd that was killed opens no socket afterwards",
    ),
    (
        replace(SERVE, socket=replace(SOCKET, there=False, may=None)),
        "socket",
        "there is no /run/collectd-unixsock at the moment: values wait, for a minute at most",
    ),
    (replace(EXEC, jobs=replace(JOBS, jobs=0)), "jobs", "there is none yet"),
)


@pytest.mark.parametrize(("facts", "looked_at", "found"), ODD)
def test_what_costs_something(facts: DoorFacts, looked_at: str, found: str) -> None:
    """A warning: it runs all the same."""
    assert said(facts) == [(Level.WARNING, looked_at, found)]


@pytest.mark.parametrize(
    ("browser", "level", "found", "fix"),
    [
        (BrowserFacts("/usr/bin/x"), Level.OK, "/usr/bin/x", ""),
        (BrowserFacts(), Level.ERROR, "none", "apt install chromium-headless-shell, or BrowserPath"),
        (
            BrowserFacts(snap="/snap/bin/chromium"),
            Level.ERROR,
            "only /snap/bin/chromium, a snap, which cannot be started as another user",
            "BrowserPath names another one, such as Debian's chromium-headless-shell or Chrome for Testing",
        ),
        (
            BrowserFacts("/usr/bin/x", profiled=False),
            Level.WARNING,
            "/usr/bin/x: AppArmor lets no program make user namespaces that has no profile for it",
            "a profile in /etc/apparmor.d: abi <abi/4.0>, profile browser /usr/bin/x flags=(unconfined) { userns, }",
        ),
        (
            BrowserFacts("/usr/bin/x", namespaces=False),
            Level.ERROR,
            "/usr/bin/x: the kernel lets no user make namespaces, which its sandbox needs",
            "sysctl kernel.unprivileged_userns_clone=1, or chromium-sandbox",
        ),
    ],
)
def test_the_browser_of_the_blocks_that_need_one(browser: BrowserFacts, level: Level, found: str, fix: str) -> None:
    """Ubuntu has a snap only, and forbids namespaces to what has no profile; without such a block nothing is said."""
    (one,) = (one for one in door_findings(replace(SERVE, browser=browser)) if one.looked_at == "browser")
    assert (one.level, one.found, one.mend) == (level, found, fix)
    assert not [one for one in door_findings(SERVE) if one.looked_at == "browser"]
