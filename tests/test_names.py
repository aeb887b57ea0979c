"""Names that every store can keep."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.names import SLUG_BYTES, slug, unique

TEXTS = st.text(st.characters(), max_size=150)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('go to "http://inode.co.nz"', "go_to_http_inode_co_nz"),
        ("Log in (café)", "log_in_cafe"),
        ("  --Déjà vu!  ", "deja_vu"),
        ("ﬁne ²", "fine_2"),
        ("a" * 63, "a" * 63),
        ("_", "x_d2e2adf7"),
        ("", "x_e3b0c442"),
        ("日本", "x_cf2abf0c"),
        ("Straße", "stra_e_58a3778c"),
        ("a" * 64, "a" * 54 + "_ffe054fe"),
        ("a" * 53 + " b" * 20, "a" * 53 + "_d520c9e5"),
    ],
)
def test_a_slug(text: str, expected: str) -> None:
    """Marks dropped, lower case, runs of anything else an underscore; a hash where letters were lost or it was cut."""
    assert slug(text) == expected


@given(TEXTS)
def test_a_slug_is_a_name_everywhere(text: str) -> None:
    """Whatever the text: 1 to 63 bytes of ``[a-z0-9_]``, neither beginning nor ending in an underscore."""
    name = slug(text)
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9_]*[a-z0-9])?", name)
    assert len(name.encode()) <= SLUG_BYTES


@given(TEXTS)
def test_a_slug_of_a_slug_is_itself(text: str) -> None:
    """What is a name already stays as it is: ``# series: NAME`` means what it says."""
    assert slug(slug(text)) == slug(text)


@given(st.from_regex("[ -~]{0,30}[A-Za-z0-9][ -~]{0,30}", fullmatch=True))
def test_case_and_blanks_make_no_other_series(text: str) -> None:
    """Capitals, and blanks around a text, are no part of its name."""
    assert slug(f"  {text.upper()}\n") == slug(text)


@given(st.lists(TEXTS.map(slug), max_size=30))
def test_twins_are_told_apart(names: list[str]) -> None:
    """As many names come out as went in, none twice, none too long."""
    found = list(unique(names))
    assert len(found) == len(set(found)) == len(names)
    assert all(len(name) <= SLUG_BYTES for name in found)


def test_twins_are_numbered_from_two() -> None:
    """In order; a number that is somebody's name, wherever that stands, is passed over."""
    assert list(unique(["go", "go", "go_2", "go", "x" * 63, "x" * 63])) == [
        "go",
        "go_3",
        "go_2",
        "go_4",
        "x" * 63,
        "x" * 61 + "_2",
    ]
