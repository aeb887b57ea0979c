"""What gunicorn runs as graphite-web: Debian's, unpacked, and its scripts and style sheets beside it."""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from graphite.wsgi import application as graphite  # type: ignore[import-not-found]  # in .tools/graphite

STATIC = Path(os.environ["GRAPHITE_STATIC"])


def application(environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """A file below /static/, else Graphite."""
    path = environment["PATH_INFO"]
    file = STATIC / path.removeprefix("/static/")
    if path.startswith("/static/") and ".." not in path and file.is_file():
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(file.stat().st_size))])
        return [file.read_bytes()]
    answer: Iterable[bytes] = graphite(environment, start_response)
    return answer
