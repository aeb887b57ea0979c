"""JSON Schema, as much of draft 6 as the HAR schema needs; ``har_schema.json`` is the one of npm's har-schema."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

HAR: Mapping[str, Any] = json.loads(Path(__file__).with_name("har_schema.json").read_text(encoding="utf-8"))

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def _is_uri(text: str) -> bool:
    return bool(urlsplit(text).scheme) and re.fullmatch(r"[\w.~%:/?#\[\]@!$&'()*+,;=-]+", text, re.ASCII) is not None


_FORMATS: Mapping[str, Callable[[str], object]] = {
    "date-time": datetime.fromisoformat,
    "uri": _is_uri,
    "ipv4": ipaddress.IPv4Address,
    "ipv6": ipaddress.IPv6Address,
}


def complaints(value: Any, schema: Mapping[str, Any], place: str = "$") -> Iterator[str]:
    """Where *value* is not what *schema* asks for."""
    if "$ref" in schema:
        yield from complaints(value, HAR[schema["$ref"].rstrip("#")], place)
        return
    if "type" in schema:
        wanted = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
        if not isinstance(value, tuple(one for name in wanted for one in _TYPES[name])):
            yield f"{place}: expected {wanted}, found {value!r}"
            return
    if isinstance(value, dict):
        yield from (f"{place}: {name} is missing" for name in schema.get("required", ()) if name not in value)
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from complaints(value[name], inner, f"{place}.{name}")
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from complaints(one, schema.get("items", {}), f"{place}[{number}]")
    yield from _of_text(value, schema, place)
    if "oneOf" in schema and sum(not list(complaints(value, one, place)) for one in schema["oneOf"]) != 1:
        yield f"{place}: {value!r} is not one of {schema['oneOf']}"


def _of_text(value: Any, schema: Mapping[str, Any], place: str) -> Iterator[str]:
    if "min" in schema and value < schema["min"]:
        yield f"{place}: {value} is below {schema['min']}"
    if "pattern" in schema and not re.search(schema["pattern"], value):
        yield f"{place}: {value!r} does not match {schema['pattern']}"
    if "format" in schema:
        try:
            found = _FORMATS[schema["format"]](value)
        except ValueError:
            found = False
        if not found:
            yield f"{place}: {value!r} is no {schema['format']}"
