"""The browser's program, its user, and its options."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode.chromium.options import BrowserProgram
from collectd_inode.model import Misconfigured
from collectd_inode.wire.address import without_port
from collectd_inode.words import shortened

NAMES = ("chromium-headless-shell", "chromium")
FOLDERS = ("/usr/lib/chromium", "/usr/lib64/chromium-browser", "/usr/lib64/chromium", "/usr/lib/chromium-browser")
"""Where Debian, and Fedora's EPEL, keep the programs that the scripts in PATH start."""
_PATH = "/usr/local/bin:/usr/bin:/bin"
OLDEST = 140
"""The first major version that has everything we need."""

INSTALL = "apt install chromium-headless-shell (Debian), or BrowserPath"

_UIDS = range(61184, 65520)
"""Dynamic users: systemd gives them to services for as long as they run (DynamicUser)."""

_ALWAYS = (
    "--headless",
    "--remote-debugging-pipe",
    "--site-per-process",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--hide-scrollbars",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
    "--log-level=3",
    # Nothing of it waits for a person, or is slower because nobody looks.
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-hang-monitor",
    "--disable-popup-blocking",
    "--disable-prompt-on-repost",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--disable-background-timer-throttling",
    "--disable-ipc-flooding-protection",
    # Nothing is sent to anybody but the site.
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-component-update",
    "--disable-component-extensions-with-background-pages",
    "--disable-client-side-phishing-detection",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-field-trial-config",
    "--disable-sync",
    "--metrics-recording-only",
    "--no-pings",
    "--no-service-autorun",
    "--disable-features=Translate,OptimizationHints,OptimizationGuideModelDownloading,MediaRouter"
    ",DialMediaRouteProvider,AutofillServerCommunication,CertificateTransparencyComponentUpdater,HttpsUpgrades"
    ",LensOverlay,PrivacySandboxSettings4,InterestFeedContentSuggestions,NetworkTimeServiceQuerying,DnsOverHttps"
    ",PreconnectToSearch,PreconnectToSearchNonGoogle,PreconnectFromKeyedService",
    # A page whose script takes all memory there is ends alone.
    "--js-flags=--max-old-space-size=512",
)
_TALKATIVE = (
    "accounts.google.com", "update.googleapis.com", "clients2.google.com", "clients2.googleusercontent.com",
    "content-autofill.googleapis.com", "optimizationguide-pa.googleapis.com", "redirector.gvt1.com",
    "edgedl.me.gvt1.com", "android.clients.google.com", "mtalk.google.com", "safebrowsing.googleapis.com",
    "passwordsleakcheck-pa.googleapis.com", "start.duckduckgo.com",
)  # fmt: skip
"""Hosts that a Chromium with a window contacts by itself, whatever its options; a headless shell contacts none."""


def find(wanted: str | None) -> str:
    """The path of the browser: *wanted*, else the first that this machine has.  Raises Misconfigured."""
    if wanted is not None:
        if not os.path.isfile(wanted) or not os.access(wanted, os.X_OK):
            raise Misconfigured(f"BrowserPath {wanted}: expected a program")
        return os.path.abspath(wanted)
    found = next(_installed(), None)
    if found is None:
        raise Misconfigured(f"there is no {NAMES[0]} and no {NAMES[1]} on this machine: {INSTALL}")
    return found


def _installed() -> Iterator[str]:
    """The browsers of this machine, the lightest first; a snap's cannot be started as somebody else."""
    path = os.environ.get("PATH", _PATH)
    for name in NAMES:
        for folder in (*path.split(os.pathsep), *FOLDERS):
            program = shutil.which(name, path=folder)
            if program is not None and not is_snap(program):
                yield os.path.abspath(program)


def is_snap(program: str) -> bool:
    """Whether *program* is a snap's, or Ubuntu's script that only leads to one."""
    return os.path.realpath(program) == "/usr/bin/snap" or program.startswith("/snap/")


@dataclass(frozen=True, slots=True)
class User:
    """The browser's user and group; -1 for our own."""

    uid: int = -1
    gid: int = -1


def user_of(name: str | None, *, root: bool) -> User:
    """The browser's user: the operator's choice, else under root a user without files or processes.

    Raises Misconfigured where that cannot be.
    """
    if not root:
        if name is not None and _known(name).uid != os.geteuid():
            raise Misconfigured(f"BrowserUser {name}: only root can start a browser as another user")
        return User()
    if name is not None:
        user = _known(name)
        if user.uid == 0:
            raise Misconfigured(f"BrowserUser {name}: a browser is never run as root: expected another user")
        return user
    taken = _taken()
    free = next((uid for uid in _UIDS if uid not in taken and not _has_name(uid)), None)
    if free is None:
        raise Misconfigured("no user id is free for the browser: set BrowserUser")
    return User(free, free)


def _known(name: str) -> User:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        raise Misconfigured(f"BrowserUser {name}: this machine has no such user") from None
    return User(entry.pw_uid, entry.pw_gid)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _taken() -> set[int]:
    """The users of all processes: what another browser's can do is not this one's business."""
    found = set()
    try:
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                try:
                    found.add(entry.stat().st_uid)
                except OSError:
                    continue
    except OSError:
        pass
    return found


def words(path: str, program: BrowserProgram, folder: str) -> list[str]:
    """The command that starts the browser at *path* with its profile in *folder*."""
    command = [path, *_ALWAYS, f"--user-data-dir={folder}", "--no-proxy-server"]
    # The browser takes the first rule that fits: one with a port goes before the same name without.
    given = sorted(program.resolve, key=lambda one: without_port(one[0]) == one[0])
    rules = [_rule(host, *place) for host, place in given]
    if "headless" not in os.path.basename(path):
        rules += [f"MAP {host} ~NOTFOUND" for host in _TALKATIVE]
    if rules:
        command.append(f"--host-resolver-rules={','.join(rules)}")
    if not program.verify:
        command.append("--ignore-certificate-errors")
    if program.minimum_tls == "1.3":
        command.append("--ssl-version-min=tls1.3")
    return command


def _rule(host: str, address: str, port: int | None) -> str:
    where = f"[{address}]" if ":" in address else address
    return f"MAP {host} {where}" + (f":{port}" if port is not None else "")


def environment(folder: str) -> dict[str, str]:
    """The environment of the browser: nothing of ours."""
    return {
        "HOME": folder,
        "TMPDIR": folder,
        "XDG_CONFIG_HOME": folder,
        "XDG_CACHE_HOME": folder,
        "XDG_RUNTIME_DIR": folder,
        "PATH": _PATH,
        "LANG": "C.UTF-8",
    }


def why_not(said: str) -> str:
    """Why a browser did not start, by its last output: the fix if it is known, then its own words.

    Chromium's words about its sandbox end with the advice to do without.
    """
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    for words, mend in _LAST_WORDS:
        for line in lines:
            if words in line:
                return f"{mend}; it printed: {shortened(line[line.index(words) :], _SHOWN)}"
    return shortened(lines[-1], _SHOWN) if lines else "it printed nothing"


_SHOWN = 100
"""Characters of a browser's own words."""


_USERNS = (
    "its sandbox needs user namespaces, which this machine does not let it make (a chroot has none, Ubuntu 24.04 needs"
    " an AppArmor profile, Docker another seccomp profile): allow them, or install Debian's chromium-sandbox"
)
_LAST_WORDS = (
    ("No usable sandbox", _USERNS),
    ("Failed to move to new namespace", _USERNS),
    ("setuid sandbox", _USERNS),
    ("Running as root without --no-sandbox", "it does not run as root: BrowserUser names another user"),
    (
        "error while loading shared libraries",
        "install the browser by the machine's package manager, with what it depends on",
    ),
    ("Permission denied", "its user cannot read it: no folder above it may be closed to others"),
    ("No space left on device", "the disk that has its folder is full"),
)
