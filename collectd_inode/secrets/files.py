"""Files of secrets: read for each run, in the same way everywhere."""

from __future__ import annotations

import os

from collectd_inode.files import read_file
from collectd_inode.model import Misconfigured

MOST_SECRET_BYTES = 2**20
LEAST_CHARACTERS = 4


def secret_content(path: str, called: str) -> tuple[bytes, os.stat_result]:
    """The content of a file of secrets, and its ``stat``.

    Raises Misconfigured, which begins with *called* and never repeats the file's content: missing, unreadable, not a
    file, too large, empty.
    """
    try:
        content, status = read_file(path, MOST_SECRET_BYTES)
    except OSError as error:
        raise Misconfigured(f"{called}: {error.strerror}") from None
    if len(content) > MOST_SECRET_BYTES:
        raise Misconfigured(f"{called}: larger than a megabyte, too large for a file of secrets")
    if not content.strip():
        raise Misconfigured(f"{called}: the file is empty")
    return content, status


def secret_text(content: bytes, called: str) -> str:
    """The whole file; where only what follows the first line is not UTF-8, that line alone.  Raises Misconfigured."""
    for part in (content, content.partition(b"\n")[0]):
        try:
            return part.decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    # From None, as a traceback would show the bytes.
    raise Misconfigured(f"{called}: this is not UTF-8; convert Latin-1 text with: iconv -f latin1 -t utf8")


def first_line(text: str, called: str) -> str:
    """The first line of a file of secrets, literally, without its end.  Raises Misconfigured if it is blank."""
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line.strip():
        raise Misconfigured(f"{called}: the first line is empty")
    return line


def long_enough(secret: str, called: str) -> None:
    """Raise Misconfigured if *secret* is so short that hiding it would garble messages, and so reveal it."""
    if len(secret.strip()) < LEAST_CHARACTERS:
        what = f"the secret has fewer than {LEAST_CHARACTERS} characters: it cannot be redacted from messages"
        raise Misconfigured(f"{called}: {what}; set a longer one")
