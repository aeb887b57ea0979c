"""Numbers and texts as people read them."""

from __future__ import annotations

import pytest

from collectd_inode.words import (
    alternatives,
    and_more,
    blanked,
    cells,
    duration,
    harmless,
    plural,
    printable,
    shortened,
    span,
)


def test_plurals() -> None:
    """One is one; none are many."""
    assert [plural(n, "step") for n in (0, 1, 2)] == ["0 steps", "1 step", "2 steps"]
    assert [plural(n, "checkbox") for n in (1, 2)] == ["1 checkbox", "2 checkboxes"]


def test_lists() -> None:
    """The last of several stands behind "or"; of mistakes one is named, and the others are counted."""
    assert [alternatives(words) for words in ("", "a", "ab", "abc")] == ["", "a", "a or b", "a, b or c"]
    assert [and_more(several) for several in ("", "a", "ab", "abc")] == ["", "", " (and 1 more)", " (and 2 more)"]


def test_long_texts() -> None:
    """The ellipsis is counted."""
    assert [shortened("abcdef", length) for length in (4, 5, 6, 7)] == ["abc…", "abcd…", "abcdef", "abcdef"]


def test_columns_of_a_terminal() -> None:
    """Wide characters take two, and an accent of its own none."""
    assert [cells(text) for text in ("Pay", "Größe", "名前", "ｱ", "e\u0301", "①")] == [3, 5, 4, 1, 1, 1]


def test_strange_texts() -> None:
    """Controls and line ends are shown, or are blanks."""
    assert printable("é\x1b[31m\n") == "é\\x1b[31m\\n"
    assert blanked("é\x1b[31m\n") == "é [31m "


def test_the_operator_s_own_texts() -> None:
    """What plays tricks on a terminal is shown as an escape; Persian, Hebrew and emoji of several parts are whole."""
    assert (
        harmless("a\x1b[31m\x9b\u202eb\u2066\u200f\r\n\ud800") == "a\\x1b[31m\\x9b\\u202eb\\u2066\\u200f\\r\\n\\ud800"
    )
    for text in ("می\u200cخواهم", "שלום", "👩\u200d👧", "a\xa0b", "a\tb", "é"):
        assert harmless(text) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.0, "0.00 ms"), (0.00042, "0.42 ms"), (0.0123, "12.3 ms"), (1.2344, "1.234 s")],
)  # fmt: skip
def test_latencies(seconds: float | None, text: str) -> None:
    """Three digits that say something."""
    assert duration(seconds) == text


def test_latencies_to_the_digit() -> None:
    """A transcript tells three digits from a hundredth of a second down."""
    assert [duration(seconds, fine=0.01) for seconds in (0.0123, 0.00794)] == ["12.3 ms", "7.94 ms"]


def test_spans() -> None:
    """In the largest unit of which there are two at least."""
    found = [span(seconds) for seconds in (0.5, 119, 120, 7199, 7199.999, 7200, 172800)]
    assert found == ["0 s", "119 s", "2 min", "119 min", "2 h", "2 h", "2 d"]
