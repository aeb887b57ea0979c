"""Programs of Debian packages that ``scripts/unpack`` put into ``.tools/``: where they are, what they need to run."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
TOOLS = CHECKOUT / ".tools"
# Chromium's in usr/bin is a script that reads the real /etc/chromium.d.
_PLACES = ("usr/lib/chromium", "usr/sbin", "usr/bin", "usr/lib/nagios/plugins", "sbin", "bin")
_LIBRARIES = (
    "usr/lib", "usr/lib/*-linux-gnu*", "lib/*-linux-gnu*",
    "usr/lib/*-linux-gnu*/ntp", "usr/lib/*-linux-gnu*/pulseaudio",
)  # fmt: skip
_PERL = ("usr/share/perl5", "usr/lib/*-linux-gnu*/perl5/5.*", "usr/share/perl/5.*", "usr/lib/*-linux-gnu*/perl/5.*")
_PYTHON = ("usr/lib/python3/dist-packages",)
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An unpacked program: its path, and the environment in which it finds its libraries and modules."""

    path: str
    environment: dict[str, str]

    def __str__(self) -> str:
        return self.path


def command(name: str, program: str) -> Unpacked:
    """The *program* of the set *name*: ``command("exim", "swaks")``.

    Raises FileNotFoundError, with the mend, where the set has not been unpacked: a test fails then.  The environment
    is whole: nothing of the caller's belongs beside it, least of all a virtual environment in front of Debian's Python.
    """
    for place in _PLACES:
        path = TOOLS / name / place / program
        if path.is_file():
            return Unpacked(str(path), environment(name))
    raise _missing(name, program)


def file(name: str, pattern: str) -> str:
    """A file of the set *name*, by a pattern that fits one, such as ``usr/lib/*/faketime/libfaketime.so.1``.

    That one is for LD_PRELOAD: the program ``faketime`` looks for it in the real /usr/lib only, and goes on without.
    """
    found = sorted((TOOLS / name).glob(pattern))
    if len(found) != 1:
        raise _missing(name, pattern)
    return str(found[0])


def environment(name: str) -> dict[str, str]:
    """PATH, and where the libraries, modules and fonts are, for the programs of the set *name*."""
    folder = TOOLS / name
    found = {
        "LD_LIBRARY_PATH": _existing(folder, _LIBRARIES),
        "PERL5LIB": _existing(folder, _PERL),
        "PYTHONPATH": _existing(folder, _PYTHON),
        "FONTCONFIG_FILE": next(map(str, folder.glob("fonts.conf")), ""),
        "XDG_CACHE_HOME": str(folder) if (folder / "fonts.conf").exists() else "",
    }
    own = _existing(folder, _PLACES)
    return {"PATH": f"{own}:{PATH}", "LC_ALL": "C.UTF-8", **{key: value for key, value in found.items() if value}}


def _existing(folder: Path, patterns: tuple[str, ...]) -> str:
    return os.pathsep.join(str(path) for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_dir())


def _missing(name: str, what: str) -> FileNotFoundError:
    return FileNotFoundError(f"there is no {what} in {TOOLS / name}: sh scripts/unpack {name}")
