"""Servers in threads of their own: the standard library's, and asyncio's beside a command that has its own loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from socketserver import BaseServer
from typing import TypeVar

S = TypeVar("S", bound=BaseServer)
T = TypeVar("T")


@contextmanager
def served(server: S) -> Iterator[S]:
    """Run *server* until the block ends, however it ends."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def served_aside(server: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Run an asyncio *server* until the block ends."""
    ready, end = threading.Event(), threading.Event()
    found: list[T] = []

    async def serve() -> None:
        async with server as running:
            found.append(running)
            ready.set()
            await asyncio.get_running_loop().run_in_executor(None, end.wait)

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    ready.wait()
    try:
        yield found[0]
    finally:
        end.set()
        thread.join()
