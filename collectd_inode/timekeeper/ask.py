"""Query the machine's time daemon for its account, without any privilege: on loopback, and by its files."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from collectd_inode.timekeeper import chrony, configured, control
from collectd_inode.timekeeper.account import Account, NoAccount, NoPeer, Peer
from collectd_inode.wire import Clock, ConnectFailed, deadline
from collectd_inode.wire.address import lookup
from collectd_inode.wire.udp import Datagrams

PATIENCE = 1.0
"""Seconds for each of the two ports: a daemon on loopback answers at once, or never."""


@dataclass(frozen=True, slots=True)
class Doors:
    """The places to query: chronyd's command port, ntpd's port, and the root of files."""

    chrony: int = 323
    ntp: int = 123
    host: str = "127.0.0.1"
    root: str = "/"


DOORS = Doors()

Ask = Callable[[Clock, float], Awaitable[Account | None]]
"""`account`, but for the doors: the clock, and the seconds that are left."""


async def account(clock: Clock, seconds: float, doors: Doors = DOORS) -> Account | None:
    """The account of the first that gives one: chronyd, ntpd or ntpsec, systemd-timesyncd, openntpd; None for none.

    If there is no listener, no answer within `PATIENCE`, or a refusal, the next one is queried.
    """
    until = clock.monotonic() + seconds
    for port, ask in ((doors.chrony, _chronyd), (doors.ntp, _ntpd)):
        try:
            async with deadline(min(PATIENCE, max(0.0, until - clock.monotonic())), clock):
                (address, *_), _ = await lookup(doors.host, port, clock=clock)
                with closing(Datagrams(address, clock=clock)) as socket:
                    return await ask(socket)
        except (TimeoutError, ConnectFailed, NoAccount):
            continue
    return await asyncio.get_running_loop().run_in_executor(None, _by_files, doors.root)


def _by_files(root: str) -> Account | None:
    return configured.timesyncd(root) or configured.openntpd(root)


async def _chronyd(socket: Datagrams) -> Account:
    count = chrony.count(await _commanded(socket, chrony.SOURCES))
    found = [await _unless_gone(_source(socket, number)) for number in range(count)]
    return _with(found, chrony.account(await _commanded(socket, chrony.TRACKING), _peers(found)))


async def _source(socket: Datagrams, number: int) -> Peer | NoPeer:
    return chrony.peer(await _commanded(socket, chrony.SOURCE, number))


async def _unless_gone(source: Awaitable[Peer | NoPeer]) -> Peer | NoPeer | None:
    """None for one that the daemon has dropped since it was counted."""
    try:
        return await source
    except NoAccount:
        return None


def _peers(found: Sequence[Peer | NoPeer | None]) -> tuple[Peer, ...]:
    return tuple(source for source in found if isinstance(source, Peer))


def _with(found: Sequence[Peer | NoPeer | None], told: Account) -> Account:
    return replace(told, unresolved=found.count(NoPeer.UNRESOLVED), clocks=found.count(NoPeer.CLOCK))


async def _commanded(socket: Datagrams, command: int, number: int = 0) -> bytes:
    sequence = secrets.randbits(32)
    socket.send(chrony.question(command, sequence, number))
    while (data := chrony.answer(await socket.receive(), command, sequence)) is None:
        pass
    return data


async def _ntpd(socket: Datagrams) -> Account:
    listed = control.associations(await _controlled(socket, control.READ_STATUS))
    found = [await _unless_gone(_association(socket, number, followed=followed)) for number, followed in listed]
    told = await _controlled(socket, control.READ_VARIABLES, 0, control.OF_SYSTEM)
    return _with(found, control.account(told, _peers(found)))


async def _association(socket: Datagrams, number: int, *, followed: bool) -> Peer | NoPeer:
    told = await _controlled(socket, control.READ_VARIABLES, number, control.OF_PEER)
    return control.peer(told, followed=followed)


async def _controlled(socket: Datagrams, operation: int, association: int = 0, data: str = "") -> bytes:
    sequence = secrets.randbits(16)
    socket.send(control.question(operation, sequence, association, data))
    pieces: list[control.Piece] = []
    while len(pieces) < control.MOST_PIECES:
        piece = control.answer(await socket.receive(), operation, sequence)
        if piece is not None:
            pieces.append(piece)
        if (told := control.whole(pieces)) is not None:
            return told
    raise NoAccount(f"ntpd answers operation {operation} in more than {control.MOST_PIECES} pieces")
