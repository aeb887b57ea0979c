"""Whether others can write files that the daemon, often root, executes or trusts: judged as ssh and sudo judge it.

Folders of root and a group that the daemon is in (0750, with files of 0640) are Debian's way, and fine.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator


def strangers_code(path: str) -> str:
    """Why *path* must not be executed: it, or a folder above it, can be written by others; empty if it may be.

    Others are all but root and whoever this process runs as.
    """
    try:
        return next(filter(None, map(_writers, _with_parents(os.path.realpath(path)))), "")
    except OSError:
        return ""  # such a file cannot be read either, and the reader reports that


def loose(path: str, *, private: bool = False) -> str:
    """The fault in the mode of *path*, and the fix: others can write it or, if it is *private*, read it."""
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        return ""
    wrong = mode & (stat.S_IWOTH | (stat.S_IROTH if private else 0))
    if not wrong or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return ""
    what = " and ".join(word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "write")) if wrong & bit)
    return f"{path}: mode {stat.S_IMODE(mode):04o}: everybody can {what} it; chmod o-{'rwx' if private else 'w'} {path}"


def _with_parents(path: str) -> Iterator[str]:
    yield path
    while (parent := os.path.dirname(path)) != path:
        path = parent
        yield path


def _writers(path: str) -> str:
    status = os.stat(path)
    mode, mend = stat.S_IMODE(status.st_mode), "own step modules are executed"
    # In a folder with the sticky bit, such as /tmp, nobody replaces what is somebody else's.
    is_shared = stat.S_ISDIR(status.st_mode) and bool(mode & stat.S_ISVTX)
    if status.st_uid not in (0, os.geteuid()):
        return f"{path} belongs to {_user(status.st_uid)}, neither to root nor to {_user(os.geteuid())}: {mend}"
    if mode & stat.S_IWOTH and not is_shared:
        return f"{path}: mode {mode:04o}: everybody can write it; chmod o-w {path}: {mend}"
    if mode & stat.S_IWGRP and not is_shared and not _is_own_group(status):
        return f"{path}: mode {mode:04o}: its group can write it; chmod g-w {path}: {mend}"
    return ""


def _is_own_group(status: os.stat_result) -> bool:
    """Whether nobody but the owner is in the group: Debian gives each user such a one."""
    if status.st_gid == 0:
        return True
    try:
        owner = pwd.getpwuid(status.st_uid)
        return owner.pw_gid == status.st_gid and set(grp.getgrgid(status.st_gid).gr_mem) <= {owner.pw_name}
    except KeyError:
        return False


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
