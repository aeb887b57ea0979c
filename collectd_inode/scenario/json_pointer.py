"""JSON (RFC 8259) read within bounds, and the value that a JSON Pointer (RFC 6901) finds in it.  Pure."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Iterator
from enum import Enum
from itertools import zip_longest
from typing import NoReturn

from collectd_inode.words import ELLIPSIS, plural, shortened

MOST = 2 * 2**20
"""Characters of a JSON text: read, it takes up to twenty-four bytes each."""

_SHOWN = 200
_NEAREST = 8
_COMPARED = 300
_BAD_ESCAPE = re.compile(r"~(?![01])")
_INDEX = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)


class NotJSON(ValueError):
    """The text is not JSON, or too long; the message says what and where."""


class BadPointer(ValueError):
    """The text is not a JSON Pointer; the message says why."""


class Missing(LookupError):
    """The pointer points to nothing; the message describes the nearest value."""


class Nothing(Enum):
    """No value at all, which is not null."""

    NOTHING = "nothing"


NOTHING = Nothing.NOTHING

_Pair = tuple[str, object, object]
"""A pointer, and what two values have there."""


def read(text: str) -> object:
    """The value that *text* is: dict, list, str, int, float, bool or None.  Raises NotJSON.

    Stricter than Python: NaN and Infinity are not JSON (section 6), a key may occur once (section 4), a number must be
    finite and have at most 4300 digits.
    """
    if len(text) > MOST:
        raise NotJSON(f"it has {len(text)} characters; at most {MOST} are read")
    if not text.strip():
        raise NotJSON("it is empty")
    try:
        return _DECODER.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        what = error.msg[:1].lower() + error.msg[1:].removesuffix(" at")
        raise NotJSON(f"line {error.lineno}, column {error.colno}: {what}") from None
    except NotJSON:
        raise
    except ValueError:  # Python limits the digits of a number
        raise NotJSON("a number has more than 4300 digits") from None
    except RecursionError:
        raise NotJSON("it is nested too deeply") from None


def scalar(text: str) -> object:
    """The number, true, false or null that *text* is.  Raises NotJSON."""
    value = read(text)
    if isinstance(value, dict | list | str):
        raise NotJSON(f"it is {kind(value)}, not a number, true, false or null")
    return value


def tokens(pointer: str) -> list[str]:
    """The names and indexes of *pointer*, from the outside in; none for the empty one.  Raises BadPointer."""
    if not pointer:
        return []
    if not pointer.startswith("/"):
        raise BadPointer(f"a JSON pointer begins with a slash: “{_slashed(pointer)}”")
    if _BAD_ESCAPE.search(pointer):
        raise BadPointer("in a JSON pointer ~ is written ~0, and a slash in a name ~1")
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/")]


def find(document: object, pointer: str) -> object:
    """The value that *pointer* points to in *document*.  Raises BadPointer, and Missing."""
    value = document
    parts = tokens(pointer)
    for depth, part in enumerate(parts):
        here = "".join(f"/{_escaped(p)}" for p in parts[:depth])
        match value:
            case dict() if part in value:
                value = value[part]
            case list() if _INDEX.fullmatch(part) and int(part) < len(value):
                value = value[int(part)]
            case _:
                raise Missing(f"{_named(here)} {_has(value, part)}")
    return value


def kind(value: object) -> str:
    """The type of *value*, in JSON's words."""
    match value:
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def size(value: object) -> int | None:
    """How many elements an array, or members an object, has; None for anything else."""
    return len(value) if isinstance(value, list | dict) else None


def same(one: object, other: object) -> bool:
    """Whether two values are equal: numbers by value (3 is 3.0), and no number is true."""
    return difference(one, other) is None


def difference(found: object, wanted: object) -> tuple[str, object, object] | None:
    """The first place in which two values differ: its pointer, what is there and what should be; None if equal.

    Where one of them has no value there, it is NOTHING.
    """
    # A stack of our own: a text may nest deeper than Python's recursion limit.
    todo = [iter([("", found, wanted)])]
    while todo:
        pair = next(todo[-1], None)
        if pair is None:
            todo.pop()
            continue
        where, one, other = pair
        if isinstance(one, dict) and isinstance(other, dict):
            todo.append(_members(where, one, other))
        elif isinstance(one, list) and isinstance(other, list):
            todo.append(_elements(where, one, other))
        elif not _equal(one, other):
            return where, one, other
    return None


def contains(value: object, wanted: object) -> bool:
    """Whether a string has *wanted* as a part, an array as an element, an object as a key."""
    match value:
        case str() | dict():
            return isinstance(wanted, str) and wanted in value
        case list():
            return any(element == wanted and same(element, wanted) for element in value)
        case _:
            return False


def shown(value: object) -> str:
    """*value* as JSON, at most 200 characters of it, for a message."""
    if isinstance(value, Nothing):
        return value.value
    text = _encoded(value, _SHOWN)
    # Half of a surrogate pair is good JSON, and nothing that can be written anywhere.
    whole = text.encode("utf-8", "backslashreplace").decode()
    return shortened(whole, _SHOWN)


def as_text(value: object, most: int) -> str:
    """*value* as a feature file would write it: a string without its quotes, all else as JSON.

    A longer one is cut, but keeps more than *most* characters.
    """
    return value[: most + 1] if isinstance(value, str) else _encoded(value, most)


def _encoded(value: object, most: int) -> str:
    pieces: list[str] = []
    length = 0
    try:
        for piece in json.JSONEncoder(ensure_ascii=False).iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > most:
                break
    except RecursionError:
        pieces.append(ELLIPSIS * (most + 1))
    return "".join(pieces)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise NotJSON(f"the key {shown(twice)} occurs twice in one object")
    return made


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise NotJSON(f"the number {text[:_SHOWN]} is too large")
    return value


def _constant(name: str) -> NoReturn:
    raise NotJSON(f"{name} is no JSON")


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)


def _slashed(path: str) -> str:
    """The JSON pointer for a JSONPath (``$.items[0].name``)."""
    parts = [part for part in re.split(r"[.\[\]/'\"]+", path.removeprefix("$")) if part]
    return "".join(f"/{part}" for part in parts) or "/"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _named(pointer: str) -> str:
    return f"“{pointer}”" if pointer else "the JSON"


def _has(value: object, wanted: str) -> str:
    """The value found instead of *wanted*, in a few words."""
    match value:
        case dict():
            return f"has {_keys(value, wanted)}" if value else "is an empty object"
        case list():
            return f"is an array of {plural(len(value), 'element')}"
        case _:
            return f"is {shown(value)}"


def _keys(value: dict[str, object], wanted: str) -> str:
    """The keys of an object, those most like *wanted* first."""
    names = list(value)[:_COMPARED]
    near = difflib.get_close_matches(wanted[:100], names, n=_NEAREST, cutoff=0.5)
    listed = [*near, *(name for name in names if name not in near)][:_NEAREST]
    said = ", ".join(shown(name) for name in listed)
    return f"the keys {said}{', …' if len(value) > len(listed) else ''}"


def _members(where: str, one: dict[str, object], other: dict[str, object]) -> Iterator[_Pair]:
    for name in (*other, *(name for name in one if name not in other)):
        yield f"{where}/{_escaped(name)}", one.get(name, NOTHING), other.get(name, NOTHING)


def _elements(where: str, one: list[object], other: list[object]) -> Iterator[_Pair]:
    for index, (first, second) in enumerate(zip_longest(one, other, fillvalue=NOTHING)):
        yield f"{where}/{index}", first, second


def _equal(one: object, other: object) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and one == other
