#!/usr/bin/env python3
"""A program in a browser's place: notes what it can reach, then says that it is a browser of some version.

Started as ``BrowserPath``; what it is to do stands in a file beside it: its name with ``.json``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

TOLD = json.loads(Path(f"{sys.argv[0]}.json").read_text())


def look() -> dict[str, object]:
    """Who we are, which descriptors we have, what is in our environment, which of the files can be read."""
    readable = []
    for path in TOLD["secrets"]:
        try:
            if os.path.isdir(path):
                os.listdir(path)
            else:
                Path(path).read_bytes()
        except OSError:
            continue
        readable.append(path)
    descriptors = {int(name): os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")
                   if os.path.exists(f"/proc/self/fd/{name}") or os.path.islink(f"/proc/self/fd/{name}")}  # fmt: skip
    return {
        "uid": os.getuid(), "gid": os.getgid(), "groups": os.getgroups(), "readable": readable, "words": sys.argv[1:],
        "environment": dict(os.environ), "descriptors": {n: t.partition(":")[0] for n, t in descriptors.items()},
    }  # fmt: skip


def main() -> None:
    """Answer the first call and every other one with the version."""
    home = os.environ["HOME"]
    Path(home, "seen.json").write_text(json.dumps(look()))
    if TOLD.get("says"):
        sys.exit(TOLD["says"])
    buffer = b""
    while piece := os.read(3, 65536):
        *messages, buffer = (buffer + piece).split(b"\0")
        for message in messages:
            answer = {"id": json.loads(message)["id"], "result": {"product": TOLD["product"], "userAgent": "x"}}
            os.write(4, json.dumps(answer).encode() + b"\0")


main()
