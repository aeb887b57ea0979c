"""The files of daemons that only root may query, under a root folder.

systemd-timesyncd leaves a stamp when it synchronises, and its servers are those of timesyncd.conf and of the network's
links, DHCP's included; openntpd's are in its ntpd.conf.  Reading a few small files blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from glob import escape, glob

from collectd_inode.timekeeper.account import Account, Peer

_STAMP = "run/systemd/timesync/synchronized"
_FOLDERS = ("etc", "run", "usr/local/lib", "usr/lib")
"""systemd's folders: the first that has a file of a name counts."""
_TIMESYNCD = "systemd/timesyncd.conf"
_LINKS = ("run/systemd/netif/state", "run/systemd/netif/links/*")
_OPENNTPD = ("etc/openntpd/ntpd.conf", "etc/ntpd.conf")
_PROCESSES = {"systemd-timesyncd": "systemd-timesyn", "openntpd": "ntpd"}
"""A daemon → the name of its process, as the kernel keeps it."""
_MOST_BYTES = 65536
_MOST_SERVERS = 16
_MOST_PROCESSES = 65536


def timesyncd(root: str) -> Account | None:
    """systemd-timesyncd's account; None where it does not run, and where that is unknown and it has left no stamp.

    Its source is on D-Bus only.  As in timesyncd, FallbackNTP counts where nothing else names a server; its
    files have the built-in ones as a comment.
    """
    try:
        updated: float | None = os.stat(os.path.join(root, _STAMP)).st_mtime
    except OSError:
        updated = None
    runs = _runs(root, "systemd-timesyncd")
    if not (updated is not None if runs is None else runs):
        return None
    named: dict[str, list[str]] = {}
    for line in _lines(_settings(root)):
        key, _, value = (part.strip() for part in line.removeprefix("#").partition("="))
        if not line.startswith("#") or (key == "FallbackNTP" and key not in named):
            # An empty value resets those before it.
            named[key] = [*named.get(key, []), *value.split()] if value.split() else []
    links = [server for line in _lines(_found(root, *_LINKS)) if line.startswith("NTP=") for server in line[4:].split()]
    servers = [*links, *named.get("NTP", ())] or named.get("FallbackNTP", [])
    return Account("systemd-timesyncd", updated=updated, peers=_peers(servers))


def openntpd(root: str) -> Account | None:
    """openntpd's servers by its ntpd.conf; None without one, and where it does not run: its socket is for root."""
    if _runs(root, "openntpd") is False:
        return None
    words = [line.split() for line in _lines(_found(root, *_OPENNTPD)[:1])]
    servers = [row[1] for row in words if len(row) > 1 and row[0] in ("server", "servers")]
    return Account("openntpd", peers=_peers(servers)) if servers else None


def _peers(servers: list[str]) -> tuple[Peer, ...]:
    return tuple(Peer(server) for server in list(dict.fromkeys(servers))[:_MOST_SERVERS] if server.isprintable())


def _runs(root: str, daemon: str) -> bool | None:
    """Whether a daemon runs, None where processes are hidden; its files stay when it is switched off."""
    names = list(_lines(_found(root, "proc/[0-9]*/comm")[:_MOST_PROCESSES]))
    return _PROCESSES[daemon] in names if names else None


def _settings(root: str) -> list[str]:
    """timesyncd.conf, then its drop-ins in the order of their names, as systemd reads them."""
    main = [path for folder in _FOLDERS for path in _found(root, f"{folder}/{_TIMESYNCD}")]
    dropped: dict[str, str] = {}
    for folder in _FOLDERS:
        for path in _found(root, f"{folder}/{_TIMESYNCD}.d/*.conf"):
            dropped.setdefault(os.path.basename(path), path)
    return [*main[:1], *(dropped[name] for name in sorted(dropped))]


def _found(root: str, *patterns: str) -> list[str]:
    return [path for pattern in patterns for path in sorted(glob(os.path.join(escape(root), pattern)))]


def _lines(paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        try:
            with open(path, "rb") as file:
                yield from map(str.strip, file.read(_MOST_BYTES).decode("utf-8", "replace").splitlines())
        except OSError:
            continue
