"""What holds for the tests of this folder."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def no_collection() -> Iterator[None]:
    """A scripted server's clock stands still with its process, and after thousands of tests a collection takes 160 ms.

    It would be half of that off, which is more than MaxOffset.
    """
    gc.collect()
    gc.disable()
    yield
    gc.enable()
