"""Kept state: dataclasses to what JSON can hold, and back.

Reading is strict: a field that is missing or of another type is `Unfit`, and numbers are finite.  Unknown fields are
ignored, so that an older version reads a newer one's state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from enum import Enum
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
Read = Callable[[object], Any]

MOST = 1e15
"""The default limit of numbers with a fraction, in either direction."""


class Unfit(ValueError):
    """The content does not fit the dataclass; the text names the missing field or the wrong value."""


def to_json(value: Any) -> dict[str, Any]:
    """A dataclass as a dictionary that JSON can hold; tuples become lists there."""
    return asdict(value)


def from_json(kind: type[T], content: object, *, least: float = -MOST, most: float = MOST) -> T:
    """The *kind* of dataclass that *content* holds; raises `Unfit`.  Floats are within *least* and *most*."""
    of: Any = kind  # mypy takes a type[T] for unhashable
    found: T = _reader(of, least, most)(content)
    return found


def known(kind: type[T], content: object) -> T | None:
    """As `from_json`; None if the content makes no sense."""
    try:
        return from_json(kind, content)
    except Unfit:
        return None


@lru_cache(maxsize=256)
def _reader(kind: Any, least: float, most: float) -> Read:
    """The reader of a value of this type."""
    inner = partial(_reader, least=least, most=most)
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (Any, object):
        return lambda value: value
    if origin is UnionType:  # with None: the only one that is kept
        return partial(_optional, inner(next(one for one in arguments if one is not NoneType)))
    if origin is tuple and arguments[1:] != (...,):
        return partial(_fixed, tuple(map(inner, arguments)))
    if origin in (tuple, list):
        return partial(_sequence, origin, inner(arguments[0]))
    if origin is dict:
        return partial(_mapping, inner(arguments[1]))
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(_dataclass, kind, {name: inner(of) for name, of in get_type_hints(kind).items()})
    if issubclass(kind, Enum):
        return partial(kind)
    return partial(_number, least, most) if kind is float else partial(_plain, kind)


def _optional(read: Read, value: object) -> Any:
    return None if value is None else read(value)


def _fixed(reads: tuple[Read, ...], value: object) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or len(value) != len(reads):
        raise Unfit
    return tuple(read(one) for read, one in zip(reads, value, strict=True))


def _sequence(make: type, read: Read, value: object) -> Any:
    if not isinstance(value, list | tuple):
        raise Unfit
    return make(map(read, value))


def _mapping(read: Read, value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise Unfit
    return {name: read(one) for name, one in value.items()}


def _dataclass(kind: type, reads: Mapping[str, Read], value: object) -> Any:
    if not isinstance(value, Mapping):
        raise Unfit
    return kind(**{name: _field(name, read, value) for name, read in reads.items()})


def _field(name: str, read: Read, content: Mapping[str, object]) -> Any:
    if name not in content:
        raise Unfit(f"{name} is missing")
    try:
        return read(content[name])
    except ValueError:
        raise Unfit(f"{name} cannot be {content[name]!r:.60}") from None


def _number(least: float, most: float, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unfit
    if not least <= value <= most:  # which NaN is not
        raise Unfit
    return float(value)


def _plain(kind: type, value: object) -> Any:
    if type(value) is not kind:
        raise Unfit
    return value
