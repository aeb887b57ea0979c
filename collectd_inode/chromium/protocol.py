"""The Chrome DevTools Protocol over a pipe: calls and their answers, events by session.

Messages are JSON, each with a zero octet behind it.  Who may write into the pipe may do anything in the browser; nobody
else has its other ends, which is why there is no port (``--remote-debugging-port`` is for every user of the machine).
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

LONGEST_MESSAGE = 96 * 2**20
"""Octets; a browser that sends more is faulty, and ended."""
_AT_ONCE = 2**18

Listener = Callable[[str, Mapping[str, Any]], None]
"""A function that receives an event: its method and parameters."""


class Gone(Exception):
    """The browser has ended."""


class CommandRefused(Exception):
    """The browser has refused a call; the text is its own."""


class Connection:
    """The two ends of a browser's pipe that are ours.  Belongs to the loop that runs when it is made."""

    def __init__(self, reading: int, writing: int) -> None:
        self._reading, self._writing = reading, writing
        self._loop = asyncio.get_running_loop()
        self._calls: dict[int, asyncio.Future[Any]] = {}
        self._listeners: dict[str, Listener] = {}
        self._number = 0
        self._in = bytearray()
        self._searched = 0
        self._out = bytearray()
        self.is_open = True
        for end in (reading, writing):
            os.set_blocking(end, False)
        self._loop.add_reader(reading, self._read)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that it belongs to."""
        return self._loop

    def listen(self, session: str, listener: Listener) -> None:
        """Send the events of a session to *listener*; those of the browser itself where *session* is empty."""
        self._listeners[session] = listener

    def forget(self, session: str) -> None:
        """No more events of a session."""
        self._listeners.pop(session, None)

    def send(self, method: str, parameters: Mapping[str, Any] | None = None, session: str = "") -> asyncio.Future[Any]:
        """Send a call now; the future has the answer, Refused or Gone.  It need not be awaited."""
        future: asyncio.Future[Any] = self._loop.create_future()
        future.add_done_callback(_looked_at)
        if not self.is_open:
            future.set_exception(Gone("the browser has ended"))
            return future
        self._number += 1
        number = self._number
        self._calls[number] = future
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        future.add_done_callback(lambda _: self._calls.pop(number, None))
        self._out += json.dumps(message).encode("utf-8", "surrogatepass") + b"\0"
        self._write()
        return future

    def close(self) -> None:
        """Close the pipe: the browser then ends."""
        if not self.is_open:
            return
        self.is_open = False
        if not self._loop.is_closed():
            with suppress(OSError, ValueError):
                self._loop.remove_reader(self._reading)
                self._loop.remove_writer(self._writing)
        for end in (self._reading, self._writing):
            with suppress(OSError):
                os.close(end)
        for future in list(self._calls.values()):
            if not future.done() and not self._loop.is_closed():
                future.set_exception(Gone("the browser has ended"))
        self._calls.clear()
        self._in.clear()
        told, self._listeners = list(self._listeners.values()), {}
        for listener in told:
            listener(GONE, {})

    def _write(self) -> None:
        try:
            written = os.write(self._writing, self._out)
            del self._out[:written]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        if self._out:
            self._loop.add_writer(self._writing, self._write)
        else:
            self._loop.remove_writer(self._writing)

    def _read(self) -> None:
        try:
            octets = os.read(self._reading, _AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            octets = b""
        self._in += octets
        if not octets or len(self._in) > LONGEST_MESSAGE:
            self.close()
            return
        while (end := self._in.find(b"\0", self._searched)) >= 0:
            message = bytes(self._in[:end])
            del self._in[: end + 1]
            self._searched = 0
            self._take(message)
            if not self.is_open:
                return
        self._searched = len(self._in)

    def _take(self, text: bytes) -> None:
        try:
            message = json.loads(text)
        except ValueError:
            self.close()
            return
        if "id" in message:
            future = self._calls.get(message["id"])
            if future is None or future.done():
                return
            if "error" in message:
                future.set_exception(CommandRefused(str(message["error"].get("message", ""))))
            else:
                future.set_result(message.get("result", {}))
            return
        listener = self._listeners.get(message.get("sessionId", ""))
        if listener is not None:
            listener(str(message.get("method", "")), message.get("params", {}))


GONE = "gone"
"""The event for every listener when the browser has ended; the protocol has no method without a dot."""


def _looked_at(future: asyncio.Future[Any]) -> None:
    """Nobody need wait for a call: its exception is then no news."""
    if not future.cancelled():
        future.exception()
