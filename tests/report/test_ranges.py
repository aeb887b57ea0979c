"""The guidelines' ranges: what they alarm on, how they are written, and what is none."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.report.ranges import Range, figure, parsed

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
RANGES = st.builds(
    lambda ends, inside: Range(min(ends) + 0.0, max(ends) + 0.0, inside),
    st.tuples(NUMBERS | st.just(-math.inf), NUMBERS | st.just(math.inf)),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("text", "fine", "bad"),
    [
        ("10", [0, 5, 10], [-0.1, 10.1]),
        ("10:", [10, 1e9], [9.9, -1]),
        ("~:10", [-1e9, 10], [10.1]),
        ("10:20", [10, 20], [9.9, 20.1]),
        ("@10:20", [9.9, 20.1], [10, 15, 20]),
        ("@10", [-0.1, 10.1], [0, 10]),
        (":10", [0, 10], [-1, 11]),
        ("~:", [-1e9, 1e9], []),
        ("0:", [0], [-1]),
        ("-0.1:.1", [-0.1, 0.1], [-0.2, 0.2]),
        ("-2e-3:1E-3", [-0.002, 0.001], [-0.0021, 0.0011]),
        ("5:5", [5], [4.9, 5.1]),
    ],
)
def test_what_a_range_alarms_on(text: str, fine: list[float], bad: list[float]) -> None:
    """The ends belong to it."""
    found = parsed(text)
    assert [value for value in [*fine, *bad] if found.alarms(value)] == bad


@pytest.mark.parametrize(
    "text",
    ["", ":", "@", "@:", "~", "5 s", "1,5", "1:2:3", "~1", "1:~", "nan", "inf:", "1e999", "٣", "1 :2", "@@1", "x=1"],
)
def test_what_is_no_range(text: str) -> None:
    """The message says what would be one."""
    with pytest.raises(ValueError, match=r"expected a range such as 10, 10:, ~:10, 10:20 or @10:20$") as raised:
        parsed(text)
    assert str(raised.value).startswith(f"{text or 'nothing'}: ")


@pytest.mark.parametrize(("text", "ends"), [("20:10", "(10) below its start (20)"), ("-5", "(-5) below its start (0)")])
def test_a_range_that_ends_before_it_starts(text: str, ends: str) -> None:
    """A single number ends what starts at 0."""
    with pytest.raises(ValueError, match="expected a range that does not end") as raised:
        parsed(text)
    assert str(raised.value) == f"{text}: expected a range that does not end {ends}"


@given(RANGES)
def test_a_range_is_read_as_it_is_written(range: Range) -> None:
    """Whatever its ends are."""
    found = parsed(str(range))
    assert (found.start, found.end, found.inside) == (range.start, range.end, range.inside)


@given(RANGES, NUMBERS)
def test_inside_is_the_contrary_of_outside(range: Range, value: float) -> None:
    """No value is neither or both."""
    contrary = Range(range.start, range.end, not range.inside)
    assert range.alarms(value) is not contrary.alarms(value)
    assert range.alarms(value) is ((range.start <= value and value <= range.end) == range.inside)  # noqa: PLR1716


@given(st.text(st.sampled_from("0123456789.:~@-+e "), max_size=12))
def test_whatever_is_typed(text: str) -> None:
    """It is a range, whose writing means the same, or a sentence."""
    try:
        found = parsed(text)
    except ValueError as error:
        assert str(error).startswith(f"{text or 'nothing'}: expected a range ")
    else:
        again = parsed(str(found))
        assert (again.start, again.end, again.inside) == (found.start, found.end, found.inside)


def test_around_zero() -> None:
    """One number is for both directions; what was said with a colon stays what it is."""
    assert [str(parsed(text).around_zero) for text in ("0.1", "@2", "0:0.1", "~:3", "1:")] == [
        "-0.1:0.1",
        "@-2:2",
        "0.1",
        "~:3",
        "1:",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (10.0, "10"), (0.25, "0.25"), (1e-7, "0.0000001"), (1e22, "1" + "0" * 22), (-math.inf, "~")],
)
def test_figures_have_no_exponent(number: float, text: str) -> None:
    """Some consumers cannot read one."""
    assert figure(number) == text
