"""The environment of the shell that runs a command: pipes with feature files, and names of secrets' files.

``INODE_SECRET_SHOP_PASSWORD_FILE`` is the file of ``${shop-password}``: a name's letters are capitals there, and its
hyphens are underscores, so that two names may coincide: then neither gets the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from collectd_inode.model import Place


@dataclass(frozen=True, slots=True)
class Environment:
    """``contents``: feature files that were read already, by name.  ``secret_files``: see `secret_files`.

    ``look`` receives the place of each scenario that has run, and its last page.  ``is_typed``: somebody typed a
    command that takes variables.
    """

    contents: Mapping[str, bytes] = field(default_factory=dict)
    secret_files: Mapping[str, str] = field(default_factory=dict)
    look: Callable[[Place, Any], None] | None = None
    is_typed: bool = False


NO_ENVIRONMENT = Environment()
"""A daemon's."""
_VARIABLE = re.compile(r"INODE_SECRET_(.+)_FILE")


def secret_files(environment: Mapping[str, str]) -> dict[str, str]:
    """The files that *environment* names, by the secret's name in it; one that is empty is none."""
    found = ((_VARIABLE.fullmatch(variable), path) for variable, path in environment.items())
    return {match[1]: path for match, path in found if match and path}


def variable_of(name: str) -> str:
    """The environment's variable for a secret called *name*."""
    return f"INODE_SECRET_{_folded(name)}_FILE"


def how_to_give(name: str) -> str:
    """The ways in which a command gets a value for *name*."""
    return f"give it by -D {name}=VALUE, --secret {name}=FILE, or the file's name in {variable_of(name)}"


def secrets(
    files: Mapping[str, str], names: Collection[str], given: Collection[str]
) -> tuple[list[tuple[str, str]], list[str]]:
    """Name and path of the secrets among *names* that are not *given* otherwise; a sentence for names that meet."""
    found, complaints = [], []
    for folded, path in files.items():
        meant = sorted(name for name in {*names, *given} if _folded(name) == folded)
        if len(meant) > 1:
            both = " and ".join(f"${{{name}}}" for name in meant)
            complaints.append(
                f"{variable_of(folded)} is the file of {both}: expected one name; give each by --secret NAME=FILE"
            )
        found += [(name, path) for name in meant if len(meant) == 1 and name not in given]
    return found, complaints


def _folded(name: str) -> str:
    return name.upper().replace("-", "_")
