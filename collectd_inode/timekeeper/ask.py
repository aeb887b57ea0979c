"""Query the machine's time daemon for its account, without any privilege: on loopback, and by its files."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass

from collectd_inode.timekeeper import chrony, configured, control
from collectd_inode.timekeeper.account import Account, NoAccount
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

    No listener, no answer within `PATIENCE` and a refusal are all the same: the next one is queried.
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
    found = [chrony.peer(await _commanded(socket, chrony.SOURCE, number)) for number in range(count)]
    return chrony.account(await _commanded(socket, chrony.TRACKING), tuple(peer for peer in found if peer is not None))


async def _commanded(socket: Datagrams, command: int, number: int = 0) -> bytes:
    sequence = secrets.randbits(32)
    socket.send(chrony.question(command, sequence, number))
    while (data := chrony.answer(await socket.receive(), command, sequence)) is None:
        pass
    return data


async def _ntpd(socket: Datagrams) -> Account:
    found = []
    for number, followed in control.associations(await _controlled(socket, control.READ_STATUS)):
        told = await _controlled(socket, control.READ_VARIABLES, number, control.OF_PEER)
        found.append(control.peer(told, followed=followed))
    told = await _controlled(socket, control.READ_VARIABLES, 0, control.OF_SYSTEM)
    return control.account(told, tuple(peer for peer in found if peer is not None))


async def _controlled(socket: Datagrams, operation: int, association: int = 0, data: str = "") -> bytes:
    sequence = secrets.randbits(16)
    socket.send(control.question(operation, sequence, association, data))
    while (told := control.answer(await socket.receive(), operation, sequence)) is None:
        pass
    return told
