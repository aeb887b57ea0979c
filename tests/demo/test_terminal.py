"""A picture of a terminal is well-formed, keeps every word, and paints what the command painted."""

from __future__ import annotations

from xml.etree import ElementTree

from demo.terminal import picture

SVG = "{http://www.w3.org/2000/svg}"


def spans(output: str) -> list[list[tuple[str | None, str | None]]]:
    """Each line's parts: class and text."""
    tree = ElementTree.fromstring(picture(output, most=20))
    return [[(span.get("class"), span.text) for span in text] for text in tree.iter(f"{SVG}text")]


def test_words_and_colours_are_kept() -> None:
    assert spans("$ run a<b & c\n\x1b[32mpassed\x1b[0m 1") == [
        [("c", "$ run a<b & c")],
        [("c32", "passed"), ("c", " 1")],
    ]


def test_a_long_line_is_cut() -> None:
    assert spans("x" * 30) == [[("c", "x" * 19 + "…")]]


def test_it_is_light_and_dark() -> None:
    """By the reader's own setting."""
    assert "prefers-color-scheme: dark" in picture("a")
