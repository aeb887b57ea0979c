"""Kept state: dataclasses to what JSON can hold, and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from collectd_inode.codec import Unfit, from_json, known, to_json


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True)
class Leaf:
    name: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Tree:
    leaves: tuple[Leaf, ...]
    by_name: dict[str, float]
    pair: tuple[int, str]
    colour: Colour
    green: bool
    rest: list[object]


TREE = Tree((Leaf("a", 1), Leaf("b", None)), {"a": 0.5}, (1, "x"), Colour.RED, True, [1, "x", None])
CONTENT: dict[str, Any] = json.loads(json.dumps(to_json(TREE)))


def test_what_is_written_is_read() -> None:
    """All that a dataclass may hold, through JSON; what is there beside it is ignored."""
    assert from_json(Tree, {**CONTENT, "newer": 1}) == TREE


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("leaves", {"name": "a"}),
        ("leaves", [{"name": "a"}]),
        ("leaves", [{"name": "a", "size": True}]),
        ("by_name", []),
        ("by_name", {"a": "much"}),
        ("by_name", {"a": float("nan")}),
        ("by_name", {"a": 10**400}),
        ("by_name", {"a": -2e15}),
        ("pair", [1]),
        ("pair", [1.0, "x"]),
        ("colour", "blue"),
        ("colour", []),
        ("green", 1),
        ("rest", None),
    ],
)
def test_what_makes_no_sense_is_unfit(field: str, value: object) -> None:
    """The field of the outermost dataclass is named, with what it holds."""
    with pytest.raises(Unfit) as caught:
        from_json(Tree, {**CONTENT, field: value})
    assert str(caught.value) == f"{field} cannot be {value!r:.60}"
    assert known(Tree, {**CONTENT, field: value}) is None


def test_what_is_missing_is_unfit() -> None:
    """And what is no object at all."""
    with pytest.raises(Unfit, match=r"^name is missing$"):
        from_json(Leaf, {"size": 1})
    nothing: tuple[object, ...] = (None, [], "x")
    assert [known(Leaf, content) for content in nothing] == [None, None, None]


def test_numbers_within_bounds() -> None:
    """A float may be written without a fraction."""
    assert from_json(dict[str, float], {"a": 1}, least=0, most=1) == {"a": 1.0}
    with pytest.raises(Unfit):
        from_json(dict[str, float], {"a": -1}, least=0)
