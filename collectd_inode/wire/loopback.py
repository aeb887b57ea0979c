"""Whether the kernel of this machine stamps datagrams: tested by one to ourselves.

Without stamps (gVisor, some containers) only elapsed time is left, which includes this machine's own delays.
"""

from __future__ import annotations

import select
import socket

from collectd_inode.wire import stamps

_TRIES = 100
_WAIT_SECONDS = 0.02


def kernel_stamps() -> bool:
    """Whether a datagram over the loopback gets a stamp when it leaves and one when it arrives.

    Takes two seconds at most: the kernel switches stamping on lazily, so that the first datagrams may get none.
    """
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs,
    ):
        theirs.bind(("127.0.0.1", 0))
        ours.connect(theirs.getsockname())
        ours.setblocking(False)
        theirs.setblocking(False)
        return stamps.switch_on(ours) and stamps.switch_on(theirs) and any(_both(ours, theirs) for _ in range(_TRIES))


def _both(ours: socket.socket, theirs: socket.socket) -> bool:
    ours.sendmsg([b"x"], stamps.ASK_WHEN_SENT)
    select.select([theirs], [], [], _WAIT_SECONDS)
    try:
        _, ancillary, _, _ = theirs.recvmsg(1, stamps.ANCILLARY_BYTES)
    except BlockingIOError:
        return False
    arrived, left = stamps.received(ancillary), stamps.sent(ours)
    if arrived is None or left is None:
        select.select([], [], [], _WAIT_SECONDS)
    return arrived is not None and left is not None
