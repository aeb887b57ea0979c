"""What a run has told it lets go of: nothing large is left to the garbage collector."""

from __future__ import annotations

import asyncio
import gc
import gzip
import threading
import tracemalloc
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from collectd_inode.model import Cause
from collectd_inode.observing import observe
from collectd_inode.run import Run
from collectd_inode.wire import workers
from tests.helpers.examples import OPEN, job, loaded, write_feature

LIMIT = 500_000
BODY = b"<p>" + b"x" * 2 * LIMIT


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = gzip.compress(BODY) if self.path == "/gzip" else BODY
        self.send_response(200)
        if self.path == "/gzip":
            self.send_header("Content-Encoding", "gzip")
        if self.path != "/endless":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None: ...


@pytest.fixture
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        yield
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("path", ["/length", "/endless", "/gzip"])
def test_a_body_that_is_too_large_does_not_stay(tmp_path: Path, site: str, path: str) -> None:
    """A traceback and the frames in it are a cycle: five bodies would stay until the collector comes by."""
    feature = write_feature(tmp_path, f'Given I go to "{site}{path}"\n')

    async def runs() -> int:
        (flooded,) = loaded(feature, max_body=LIMIT).jobs
        observation = await observe(flooded)
        assert observation.cause is Cause.PROTOCOL
        assert "is larger than MaxBodySize allows (500000 bytes)" in observation.message
        with without_collector():
            before, _ = tracemalloc.get_traced_memory()
            for _ in range(5):
                await observe(flooded)
            await asyncio.sleep(0)
            after, _ = tracemalloc.get_traced_memory()
        return after - before

    assert workers.run(runs()) < LIMIT


class _Page:
    """It is looked at by a weak reference."""


def test_what_has_no_such_attribute_does_not_stay() -> None:
    """Python keeps it with the exception; a mistyped name in an operator's step would keep each run's page."""
    pages: list[weakref.ref[_Page]] = []

    async def mistyped(run: Run) -> None:
        page = _Page()
        pages.append(weakref.ref(page))
        with run.step(OPEN):
            page.titel  # type: ignore[attr-defined]  # noqa: B018

    with without_collector():
        observation = workers.run(observe(job(mistyped, OPEN)))
        assert "no attribute 'titel'" in observation.message
        assert [page() for page in pages] == [None]
