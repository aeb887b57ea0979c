"""JSON Schema as far as ours goes: each line of ``--format json`` is held against the schemas that are shipped."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.helpers.places import ROOT

SCHEMAS = json.loads((ROOT / "collectd_inode" / "report" / "schemas.json").read_text())
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "number": (int, float), "integer": (int,), "boolean": (bool,), "null": (type(None),),
    "array": (list,), "object": (dict,),
}  # fmt: skip
_KNOWN = {"type", "enum", "properties", "required", "additionalProperties", "items", "$ref", "description"}


def complaints(command: str, line: str) -> list[str]:
    """What is wrong with a line of *command*."""
    return list(_wrong(SCHEMAS["properties"][command], json.loads(line), command))


def _wrong(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    assert set(schema) <= _KNOWN, f"{path}: {set(schema) - _KNOWN} is not looked at here"
    if "$ref" in schema:
        yield from _wrong(SCHEMAS["$defs"][schema["$ref"].rpartition("/")[2]], value, path)
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r} is none of {schema['enum']}"
    types = schema.get("type", [])
    if types and not any(_is(value, name) for name in ([types] if isinstance(types, str) else types)):
        yield f"{path}: {value!r} is no {types}"
    elif isinstance(value, dict):
        yield from _wrong_object(schema, value, path)
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _wrong(schema.get("items", {}), one, f"{path}[{number}]")


def _wrong_object(schema: Mapping[str, Any], value: Mapping[str, Any], path: str) -> Iterator[str]:
    known = schema.get("properties", {})
    yield from (f"{path}: {name} is missing" for name in schema.get("required", ()) if name not in value)
    for name, one in value.items():
        more = known.get(name, schema.get("additionalProperties", {}))
        if more is False:
            yield f"{path}: {name} is not expected"
        else:
            yield from _wrong({} if more is True else more, one, f"{path}.{name}")


def _is(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and not (isinstance(value, bool) and name in ("number", "integer"))
