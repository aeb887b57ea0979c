"""What Postfix makes of references, conditions and comparisons in a parameter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.smarthost.postfixmacros import braced, expanded

RAW = {"x": "1", "ten": "10", "empty": "", "to_empty": "$empty", "to_x": "$x", "self": "a$self", "level": "3.6",
       "many": "$many" * 9 + "$other", "other": "$many"}  # fmt: skip


def of(text: str) -> str:
    return expanded(text, lambda name: RAW.get(name, ""))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x ${x} $(x) ${ x }-$nothing.", "1 1 1 1-."),
        ("$to_x", "1"),
        ("$$x $$$x $", "$x $1 $"),
        ("a ${x", "a ${x"),
        ("${x?yes}${empty?no}${empty:or}${x:no}", "yesor"),
        ("${x?{a b}:{c}} ${empty?{a}:{ c }}", "a b c"),
        ("${x ? {a} : {c}}", "a"),
        # It counts whether anything is written there, not what becomes of it (a really sending Postfix 3.7).
        ("${to_empty?{a}:{b}}", "a"),
        ("${x?$ten}${x?{${empty?{a}:{b$x}}}}", "10b1"),
        ("${{$x} == {1} ? {a} : {b}}", "a"),
        ("${{$x} != {1}?{a}:{b}}${{$x}=={2}?{a}}", "b"),
        # Numbers by their value, all else by its letters.
        ("${{$ten} < {9}?{a}:{b}} ${{a10} < {a9}?{a}:{b}}", "b a"),
        ("${{$ten} >= {10}?{a}:{b}}${{$ten} > {10}?{a}:{b}}${{$ten} <= {10}?{a}:{b}}", "aba"),
        ("${{$level} <level {3.10} ? {old} : {new}}", "old"),
        ("${{$level} >=level {3}?{new}:{old}}", "new"),
        ("${{$x} ~ {1}?{a}:{b}}", ""),
    ],
)
def test_what_a_text_comes_to(text: str, expected: str) -> None:
    """postconf(5)."""
    assert of(text) == expected


def test_a_parameter_that_stands_for_itself() -> None:
    """It has an end, and soon, however often it does so."""
    assert (of("$self"), of("$many$other")) == ("a", "")


@pytest.mark.parametrize(
    ("line", "found"),
    [("$p{}", ""), ("a$p{}", "a" * 101), ("$p{0}$p{0}", ""), ("${{p{}?{{$p{}}}}}", ""), ("${{x:{{$p{}}}}}", "")],
)
def test_parameters_that_stand_for_others_without_end(line: str, found: str) -> None:
    """A hundred deep, as in Postfix, and no exception; and soon, where each stands for two."""
    raw = {f"p{n}": line.format(n + 1, n + 1) for n in range(5000)}
    assert expanded("$p0", lambda name: raw.get(name, "")) == found


def test_what_stands_in_braces() -> None:
    """Balanced ones hold their own; without any it is all."""
    assert [braced(text) for text in ("{ a {b} } c", "a b", "{a", "")] == [
        ("a {b}", " c"), ("a b", ""), ("{a", ""), ("", ""),
    ]  # fmt: skip


@given(st.lists(st.sampled_from(["$", "{", "}", "(", ")", "?", ":", "==", "<level", " ", "x", "self"])).map("".join))
def test_any_text_comes_to_something(text: str) -> None:
    """Without an exception, since files are written by people."""
    assert isinstance(of(text), str)
