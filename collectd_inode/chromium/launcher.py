"""Becomes the browser: a program of its own between us and it, which gives up all that is not the browser's.

It is started by its path, with Python's own modules only, and takes the words READ WRITE UID GID PARENT PROGRAM ….
Nothing of the package is imported: as another user it might not even be readable.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import sys
from contextlib import suppress

_PR_SET_PDEATHSIG = 1
_FIRST_TO_GO = "500"
"""When memory ends, the kernel ends the browser before us, and before the site's neighbours here."""


def main(words: list[str]) -> None:
    """Take on the user, keep the pipe's two ends as descriptors 3 and 4, end with the parent, become the program."""
    reading, writing, uid, gid, parent = map(int, words[:5])
    command = words[5:]
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user, which would clear it again.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_FIRST_TO_GO)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (reading, writing)]
    for end, wanted in zip(ends, (3, 4), strict=True):
        os.dup2(end, wanted)
    os.closerange(5, 256)
    os.umask(0o077)
    os.chdir("/")
    os.execv(command[0], command)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except OSError as error:
        sys.exit(f"cannot be started: {error}")
