"""The way from a service to collectd's unixsock plugin.

collectd answers each line with one of its own:  ``0 Success: …``, or ``-1`` and why not.  Each answer is read: without
reading, a client blocks after some hundred lines.  Lines without an answer when the connection ends are queued again,
so that a restarted collectd gets them.
"""

from __future__ import annotations

import logging
import select
from collections import deque

from collectd_inode.doors.lines import ProtocolLine, chunks
from collectd_inode.doors.outbox import KEPT_SECONDS, Outbox
from collectd_inode.wire import SYSTEM_CLOCK, Clock
from collectd_inode.wire.local import Stream, connect
from collectd_inode.words import blanked, plural, shortened

ROUND_SECONDS = 0.05
"""Between two values of one series that have waited: collectd's write threads reorder bursts."""
CONNECT_SECONDS = 0.5
ANSWER_OCTETS = 4096
"""Octets: a longer answer is not collectd's."""
_ANSWER_SHOWN = 200

log = logging.getLogger("collectd_inode")


class Unixsock:
    """collectd's socket *path*; it may come and go."""

    gone = False
    """A collectd that is not there may come back."""
    is_of_collectd = False
    """collectd does not stop us."""

    def __init__(self, outbox: Outbox, path: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._outbox, self._path, self._clock = outbox, path, clock
        self._socket: Stream | None = None
        self._unanswered: deque[ProtocolLine] = deque()
        self._to_write: deque[bytes] = deque()
        self._read = b""
        self._asked = 0.0
        """When something was last heard, or asked after nothing was under way."""
        self._trouble = ""

    @property
    def waits(self) -> bool:
        """Whether there is something that collectd has not confirmed."""
        return len(self._outbox) > 0 or bool(self._unanswered)

    def pump(self, until: float) -> None:
        """Send what waits and read the answers, until *until* (monotonic seconds) at the latest."""
        while self._connected(until):
            try:
                if not self._unanswered and not self._begin():
                    return
                self._talk(until)
            except OSError as error:
                self._lost(error.strerror or str(error))
                return
            if self._unanswered:
                if self._clock.monotonic() - self._asked > KEPT_SECONDS:
                    self._lost(f"no answer within {KEPT_SECONDS:g} s")
                return
            if len(self._outbox):
                self._poll(0, min(until, self._clock.monotonic() + ROUND_SECONDS))

    def rest(self, until: float, wake: int) -> None:
        """Wait until *until*, or until the descriptor *wake* can be read."""
        poll = select.poll()
        poll.register(wake, select.POLLIN)
        poll.poll(max(0.0, until - self._clock.monotonic()) * 1000)

    def leave(self) -> None:
        """We stop, and collectd does not: the last observations are still sent."""

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self, until: float) -> bool:
        if self._clock.monotonic() >= until:
            return False
        if self._socket is not None:
            return True
        try:
            self._socket = connect(self._path, CONNECT_SECONDS)
        except OSError as error:
            self._tell(error.strerror or "no answer")
            return False
        if self._trouble:
            log.info("%s: connected to collectd; %s to send", self._path, plural(len(self._outbox), "line"))
            self._trouble = ""
        return True

    def _begin(self) -> bool:
        """Begin to send the next round's lines, if there are any."""
        self._unanswered.extend(self._outbox.round(self._clock.monotonic()))
        self._to_write.extend(b"".join(line.octets for line in part) for _, part in chunks(list(self._unanswered)))
        self._asked = self._clock.monotonic()
        return bool(self._unanswered)

    def _talk(self, until: float) -> None:
        while self._unanswered and self._clock.monotonic() < until:
            events = self._poll(select.POLLIN | (select.POLLOUT if self._to_write else 0), until)
            if events & (select.POLLIN | select.POLLHUP | select.POLLERR):
                self._take_answers()
            if events & select.POLLOUT and self._to_write:
                self._send(self._to_write.popleft())

    def _send(self, octets: bytes) -> None:
        assert self._socket is not None
        try:
            sent = self._socket.send(octets)
        except BlockingIOError:
            sent = 0
        if sent < len(octets):
            self._to_write.appendleft(octets[sent:])

    def _poll(self, events: int, until: float) -> int:
        assert self._socket is not None
        poll = select.poll()
        poll.register(self._socket, events)
        found = poll.poll(max(0.0, until - self._clock.monotonic()) * 1000)
        return found[0][1] if found else 0

    def _take_answers(self) -> None:
        assert self._socket is not None
        octets = self._socket.recv(65536)
        if not octets:
            raise OSError("collectd has closed the connection")
        self._asked = self._clock.monotonic()
        *answers, self._read = (self._read + octets).split(b"\n")
        if len(self._read) > ANSWER_OCTETS:
            raise OSError("the program at this socket is not collectd")
        for answer in answers:
            if not self._unanswered:
                raise OSError("more answers than lines: the program at this socket is not collectd")
            self._judge(self._unanswered.popleft(), answer)

    def _judge(self, line: ProtocolLine, answer: bytes) -> None:
        if answer.split(b" ", 1)[0] == b"0":
            self._outbox.arrived(line)
        else:
            said = shortened(blanked(answer.decode("utf-8", "replace")), _ANSWER_SHOWN)
            self._outbox.lose(f"{line.series}: {said}")

    def _lost(self, why: str) -> None:
        """The connection has ended: queue the lines without an answer again."""
        self.close()
        self._outbox.give_back(self._unanswered)
        self._unanswered.clear()
        self._to_write.clear()
        self._read = b""
        self._tell(why)

    def _tell(self, trouble: str) -> None:
        if trouble != self._trouble:
            kept = f"values wait, for {KEPT_SECONDS:g} s at most"
            log.warning("%s: %s: collectd's unixsock plugin cannot be reached; %s", self._path, trouble, kept)
        self._trouble = trouble
