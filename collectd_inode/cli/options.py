"""Options that are read as the configuration's keys are: the same words are said on both doors."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from collectd_inode.keys import COMMON_KEYS, Expected, Key, Reader


def checked(read: Reader) -> Callable[[str], Any]:
    """A key's reader as argparse's ``type``."""

    def argument(value: str) -> Any:
        try:
            return read((value,))
        except Expected as error:
            raise argparse.ArgumentTypeError(f"{value}: expected {error}") from None

    return argument


def reading(keys: Iterable[Key]) -> Callable[[str], Callable[[str], Any]]:
    """Gives, by a key's name, argparse's ``type`` for it: one of *keys*, or one that every block takes."""
    readers = {key.name: key.read for key in (*COMMON_KEYS, *keys)}
    return lambda name: checked(readers[name])
