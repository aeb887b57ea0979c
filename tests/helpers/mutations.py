"""Octets of others, and of files, with a few of them changed, dropped or doubled."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence


def mutated(samples: Sequence[bytes], letters: bytes, count: int, seed: int = 0) -> Iterator[bytes]:
    """So many of the samples, each with a few changes; *letters* are put in."""
    rng = random.Random(seed)
    for _ in range(count):
        yield _one(rng, rng.choice(samples), letters)


def _one(rng: random.Random, sample: bytes, letters: bytes) -> bytes:
    came = bytearray(sample)
    for _ in range(rng.randint(1, 6)):
        came = came or bytearray(letters[:1])
        at = rng.randrange(len(came))
        match rng.randrange(3):
            case 0:
                came[at] = rng.choice(letters)
            case 1:
                del came[at : at + rng.randint(1, 4)]
            case _:
                came[at:at] = came[at : at + rng.randint(1, 9)]
    return bytes(came)
