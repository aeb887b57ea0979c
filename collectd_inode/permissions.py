"""Whether others can write files that the daemon, often root, executes or trusts: judged as ssh and sudo judge it.

Folders of root and a group that the daemon is in (0750, with files of 0640) are Debian's way, and fine.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import struct
from collections.abc import Iterator


def strangers_code(path: str) -> str:
    """Why *path* must not be executed: it, or a folder above it, can be written by others; empty if it may be.

    Others are all but root and this process' user.
    """
    try:
        return next(filter(None, map(_writers, _with_parents(os.path.realpath(path)))), "")
    except OSError:
        return ""  # such a file cannot be read either, and the reader reports that


def loose(path: str, *, private: bool = False) -> str:
    """The fault in the mode of *path*, and the fix: others can write it or, if it is *private*, read it.

    The same where everybody can replace it, by a folder above it, and where another group can write a *private* one.
    """
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return ""
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return ""
    mode = stat.S_IMODE(status.st_mode)
    if wrong := mode & (stat.S_IWOTH | (stat.S_IROTH if private else 0)):
        what = " and ".join(word for bit, word in ((stat.S_IROTH, "read"), (stat.S_IWOTH, "write")) if wrong & bit)
        return f"{path}: mode {mode:04o}: everybody can {what} it; chmod o-{'rwx' if private else 'w'} {path}"
    if private and mode & stat.S_IWGRP and not _is_own_group(status):
        return f"{path}: mode {mode:04o}: its group can write it; chmod g-w {path}"
    return next(filter(None, map(_replaceable, _above(path))), "")


def in_the_way(path: str) -> str:
    """The file because of which there can be no folder *path*: it, or the nearest one above it that exists."""
    for one in (path, *_with_parents(os.path.dirname(os.path.abspath(path)))):
        try:
            mode = os.stat(one).st_mode
        except (OSError, ValueError):
            continue
        return "" if stat.S_ISDIR(mode) else one
    return ""


def _above(path: str) -> Iterator[str]:
    """The folders above *path*, and above what it is a link to."""
    seen: set[str] = set()
    for start in (os.path.abspath(path), os.path.realpath(path)):
        yield from (folder for folder in _with_parents(os.path.dirname(start)) if folder not in seen)
        seen.update(_with_parents(os.path.dirname(start)))


def _replaceable(folder: str) -> str:
    """Why what is in *folder* may be replaced by everybody; empty where the sticky bit keeps them from that."""
    try:
        mode = stat.S_IMODE(os.stat(folder).st_mode)
    except OSError:
        return ""
    if not mode & stat.S_IWOTH or mode & stat.S_ISVTX:
        return ""
    return f"{folder}: mode {mode:04o}: everybody can write it; chmod o-w {folder}"


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
    if mode & stat.S_IWGRP and not is_shared and (who := _by_access_list(path)):
        return f"{path}: its access list lets {who} write it; setfacl -b {path}: {mend}"
    return ""


_ACL = "system.posix_acl_access"
_ENTRY = struct.Struct("<HHI")
_HEAD_SIZE = 4
_A_USER, _A_GROUP, _THE_MASK = 0x02, 0x08, 0x10
_WRITE = 2


def _by_access_list(path: str) -> str:
    """The others who may write *path* by its access list (acl(5)); its mask stands where the group's bits are."""
    try:
        entries = list(_ENTRY.iter_unpack(os.getxattr(path, _ACL)[_HEAD_SIZE:]))
    except (OSError, struct.error):
        return ""  # it has none
    mask = next((allowed for tag, allowed, _ in entries if tag == _THE_MASK), _WRITE)
    for tag, allowed, number in entries:
        if not allowed & mask & _WRITE:
            continue
        if tag == _A_USER and number not in (0, os.geteuid()):
            return _user(number)
        if tag == _A_GROUP and number != 0:
            return f"group {number}"
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
