"""The input of a person: the mouse and the keys, as events for Chromium.  Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Event = tuple[str, Mapping[str, Any]]
"""A method of the protocol and its parameters."""

LONGEST_TYPED = 200
"""Characters that are typed key by key; what is longer is pasted, or a run would spend its time at the keyboard."""

SET_AT_ONCE = frozenset({"color", "date", "datetime-local", "month", "range", "time", "week"})
"""Kinds of fields that are no place to type in: what they hold is picked."""

_ENTER = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r", "unmodifiedText": "\r"}
_DELETE = {"key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46}


def moved(x: float, y: float) -> Event:
    """The mouse goes there."""
    return "Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y}


def clicked(x: float, y: float) -> list[Event]:
    """The left button goes down and up."""
    at = {"x": x, "y": y, "button": "left", "clickCount": 1}
    return [("Input.dispatchMouseEvent", {"type": kind, **at}) for kind in ("mousePressed", "mouseReleased")]


def enter() -> list[Event]:
    """The Enter key."""
    return list(_key(_ENTER))


def typed(text: str) -> list[Event]:
    """*text*, in place of what is selected; an empty one deletes that."""
    if not text:
        return list(_key(_DELETE))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > LONGEST_TYPED:
        return [("Input.insertText", {"text": text})]
    return [event for character in text for event in _key(_of(character))]


def _of(character: str) -> Mapping[str, Any]:
    if character == "\n":
        return _ENTER
    said: dict[str, Any] = {"key": character, "text": character, "unmodifiedText": character}
    if character.isascii() and character.isalpha():
        said |= {"code": f"Key{character.upper()}", "windowsVirtualKeyCode": ord(character.upper())}
    elif character.isascii() and character.isdecimal():
        said |= {"code": f"Digit{character}", "windowsVirtualKeyCode": ord(character)}
    return said


def _key(key: Mapping[str, Any]) -> Iterator[Event]:
    yield "Input.dispatchKeyEvent", {"type": "keyDown", **key}
    up = {name: value for name, value in key.items() if name not in ("text", "unmodifiedText")}
    yield "Input.dispatchKeyEvent", {"type": "keyUp", **up}
