"""Keys and clicks as Chromium is told of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.chromium.hands import LONGEST_TYPED, clicked, typed


def test_each_character_is_a_key() -> None:
    """Down with its text, and up; letters and digits have the codes that scripts look for."""
    said = [
        (how["type"], how.get("text"), how.get("code"), how.get("windowsVirtualKeyCode")) for _, how in typed("a1ä")
    ]
    assert said == [
        ("keyDown", "a", "KeyA", 65), ("keyUp", None, "KeyA", 65),
        ("keyDown", "1", "Digit1", 49), ("keyUp", None, "Digit1", 49),
        ("keyDown", "ä", None, None), ("keyUp", None, None, None),
    ]  # fmt: skip


def test_nothing_deletes_and_a_line_end_is_enter() -> None:
    """The field's old text is selected before."""
    assert [how["key"] for _, how in typed("")] == ["Delete", "Delete"]
    assert [how["key"] for _, how in typed("\r\n")] == ["Enter", "Enter"]


def test_what_is_long_is_pasted() -> None:
    """A run does not spend its time at the keyboard."""
    assert typed("x" * (LONGEST_TYPED + 1)) == [("Input.insertText", {"text": "x" * (LONGEST_TYPED + 1)})]


def test_a_click_is_down_and_up() -> None:
    """In one place."""
    assert [(how["type"], how["x"], how["y"]) for _, how in clicked(3, 4)] == [
        ("mousePressed", 3, 4), ("mouseReleased", 3, 4)
    ]  # fmt: skip


@given(st.text(max_size=LONGEST_TYPED))
def test_whatever_is_typed_arrives(text: str) -> None:
    """Every character once, in order; a line end as Enter."""
    wanted = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r")
    assert "".join(how.get("text", "") for _, how in typed(text)) == wanted
