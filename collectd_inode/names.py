"""Names that every store can keep: a slug is the form of a text in a metric's identity.

collectd cuts names at 127 bytes silently and every writer escapes other characters in its own way, so our
names have only ``[a-z0-9_]``, at most 63 bytes: two of them and a hyphen are one plugin instance.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator

SLUG_BYTES = 63
_HASH_DIGITS = 8


def slug(text: str) -> str:
    """*text* as a name in an identity: ``"Log in (café)"`` becomes ``log_in_cafe``.

    Where letters were lost or the name had to be cut, a hash of the text distinguishes it from its neighbours.
    """
    name, lost = _spelled(text)
    if name and not lost and len(name) <= SLUG_BYTES:
        return name
    room = SLUG_BYTES - _HASH_DIGITS - 1
    # A name of nothing but lost letters would start with the underscore: "x" keeps it a word in every store.
    return f"{name[:room].strip('_') or 'x'}_{_digest(text)}"


def loses_letters(text: str) -> bool:
    """Whether the slug of *text* lacks letters of it, as those of most scripts, for which a hash stands."""
    return _spelled(text)[1]


def _spelled(text: str) -> tuple[str, bool]:
    plain = text.lower() if text.isascii() else _without_marks(text).lower()
    lost = not plain.isascii() and any(c.isalnum() and not c.isascii() for c in plain)
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_"), lost


def _without_marks(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.category(c).startswith("M"))


def _digest(text: str) -> str:
    # surrogatepass: a hash must not be the place where a broken text raises.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_HASH_DIGITS]


def fingerprint(text: str) -> str:
    """A hash of eight digits."""
    return _digest(text)


def unique(names: Iterable[str]) -> Iterator[str]:
    """*names* in order, twins numbered by ``_2``, ``_3``…; never longer than a slug may be.

    A name that is somebody's own is never given to a twin, wherever it stands.
    """
    names = list(names)
    own = set(names)
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for name in names:
        fresh, number = name, numbers.get(name, 1)
        while fresh in taken or (fresh != name and fresh in own):
            number += 1
            suffix = f"_{number}"
            fresh = name[: SLUG_BYTES - len(suffix)] + suffix
        taken.add(fresh)
        numbers[name] = number
        yield fresh


def target_of(host: str, port: int | None) -> str:
    """The target that two jobs of the same machine share: its name or address; on this machine the port, too.

    A port of this machine may be a tunnel to anywhere.
    """
    name = host.strip("[]").rstrip(".").lower()
    ours = name == "::1" or name.startswith("127.") or f".{name}".endswith(".localhost")
    return f"{name}:{port}" if ours and port is not None else name
