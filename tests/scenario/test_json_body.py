"""JSON read within bounds, and JSON Pointers: RFC 8259 and RFC 6901."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.scenario.json_pointer import (
    MOST,
    BadPointer,
    Missing,
    NotJSON,
    as_text,
    contains,
    difference,
    find,
    read,
    same,
    scalar,
    shown,
    size,
    tokens,
)

# RFC 6901, section 5.
RFC = read(
    r'{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4, "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}'
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", RFC),
        ("/foo", ["bar", "baz"]),
        ("/foo/0", "bar"),
        ("/", 0),
        ("/a~1b", 1),
        ("/c%d", 2),
        ("/e^f", 3),
        ("/g|h", 4),
        ("/i\\j", 5),
        ('/k"l', 6),
        ("/ ", 7),
        ("/m~0n", 8),
    ],
)
def test_the_rfc_s_examples(pointer: str, value: object) -> None:
    """Each finds what section 5 says."""
    assert find(RFC, pointer) == value


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ("foo", "a JSON pointer begins with a slash: “/foo”"),
        ("$.foo[0].name", "a JSON pointer begins with a slash: “/foo/0/name”"),
        ("$", "a JSON pointer begins with a slash: “/”"),
        ("/a~b", "in a JSON pointer ~ is written ~0, and a slash in a name ~1"),
        ("/a~", "in a JSON pointer ~ is written ~0, and a slash in a name ~1"),
    ],
)
def test_what_is_no_pointer(pointer: str, said: str) -> None:
    """With what to write instead."""
    with pytest.raises(BadPointer) as caught:
        tokens(pointer)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("pointer", "said"),
    [
        ("/fooo", 'the JSON has the keys "foo", "", "a/b", "c%d", "e^f", "g|h", "i\\\\j", "k\\"l", …'),
        ("/foo/2", "“/foo” is an array of 2 elements"),
        ("/foo/-", "“/foo” is an array of 2 elements"),
        ("/foo/01", "“/foo” is an array of 2 elements"),
        ("/foo/-1", "“/foo” is an array of 2 elements"),
        ("/foo/x/y", "“/foo” is an array of 2 elements"),
        ("/foo/٠", "“/foo” is an array of 2 elements"),
        ("/foo/0/b", '“/foo/0” is "bar"'),
        ("/a~1b/c", "“/a~1b” is 1"),
        ("/foo/" + "9" * 5000, "“/foo” is an array of 2 elements"),
    ],
)
def test_what_is_missing(pointer: str, said: str) -> None:
    """What is there instead, the nearest keys first."""
    with pytest.raises(Missing) as caught:
        find(RFC, pointer)
    assert str(caught.value) == said


def test_an_empty_object_and_an_array_of_one() -> None:
    """Said as they are."""
    with pytest.raises(Missing, match=r"^the JSON is an empty object$"):
        find({}, "/a")
    with pytest.raises(Missing, match=r"^“/a” is an array of 1 element$"):
        find({"a": [1]}, "/a/1")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        (" \n", "it is empty"),
        ("<p>", "line 1, column 1: expecting value"),
        ('{"a": 1,\n "b": }', "line 2, column 7: expecting value"),
        ("{} {}", "line 1, column 4: extra data"),
        ('{"a', "line 1, column 2: unterminated string starting"),
        ("[NaN]", "NaN is no JSON"),
        ("-Infinity", "-Infinity is no JSON"),
        ('{"a": 1, "b": 2, "a": 3}', 'the key "a" occurs twice in one object'),
        ("1e400", "the number 1e400 is too large"),
        ("9" * 5000, "a number has more than 4300 digits"),
        ("[" * 200_000, "it is nested too deeply"),
        ('{"a":' * 200_000, "it is nested too deeply"),
        (" " * (MOST + 1), f"it has {MOST + 1} characters; at most {MOST} are read"),
    ],
    ids=lambda text: text[:20],
)
def test_what_is_no_json(text: str, said: str) -> None:
    """What is wrong and where, whatever a server sends."""
    with pytest.raises(NotJSON) as caught:
        read(text)
    assert str(caught.value) == said


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some servers send one all the same (RFC 8259, section 8.1)."""
    assert read("\ufeff[1]") == [1]


@given(JSON)
def test_what_json_is_written_is_read(value: object) -> None:
    """And is the same as itself, and found by the empty pointer."""
    found = read(json.dumps(value))
    assert same(found, value)
    assert find(found, "") is found


@given(st.text(st.sampled_from('{}[]:,"01e.-+ tfn\\u\n'), max_size=20))
def test_any_text_is_json_or_not(text: str) -> None:
    """Nothing else comes of it, and what Python takes for JSON but is not is refused."""
    try:
        value = read(text)
    except NotJSON as error:
        assert str(error)
    else:
        assert same(json.loads(text), value)


@given(JSON, JSON)
def test_two_values_are_the_same_or_differ_somewhere(one: object, other: object) -> None:
    """Where a difference is told, either value has something there that the other has not."""
    different = difference(one, other)
    assert (different is None) == (difference(other, one) is None)
    if different is not None:
        where, found, wanted = different
        assert tokens(where) is not None
        assert found is not wanted


@pytest.mark.parametrize(
    ("one", "other", "different"),
    [
        ("3", "3.0", None),
        ("1", "true", ("", "1", "true")),
        ("0", "false", ("", "0", "false")),
        ("null", "false", ("", "null", "false")),
        ('"3"', "3", ("", '"3"', "3")),
        ('{"a": 1, "b": [1, {"c": 2}]}', '{"b": [1, {"c": 2}], "a": 1}', None),
        ('{"a": [1, {"b/c": 2}]}', '{"a": [1, {"b/c": 3}]}', ("/a/1/b~1c", "2", "3")),
        ('{"a": 1}', '{"a": 1, "b": null}', ("/b", "nothing", "null")),
        ('{"a": 1, "b": null}', '{"a": 1}', ("/b", "null", "nothing")),
        ("[1, 2]", "[1]", ("/1", "2", "nothing")),
        ("[1, 2]", "[2, 1]", ("/0", "1", "2")),
        ("[]", "{}", ("", "[]", "{}")),
        ("9007199254740993", "9007199254740992", ("", "9007199254740993", "9007199254740992")),
    ],
)
def test_where_two_values_differ(one: str, other: str, different: object) -> None:
    """The first place in document order; numbers by value and to the last digit, and no number is true."""
    found = difference(read(one), read(other))
    assert (found and (found[0], shown(found[1]), shown(found[2]))) == different


def test_deep_values_are_compared_and_shown() -> None:
    """As deep as can be read, without a stack that overflows."""
    deep = read("[" * 900 + "1" + "]" * 900)
    assert difference(deep, read("[" * 900 + "2" + "]" * 900)) == ("/0" * 900, 1, 2)
    assert shown(deep) == "[" * 199 + "…"
    assert len(as_text(deep, 4096)) > 0


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("a", '"a"'),
        ("é", '"é"'),
        ("\ud800", '"\\ud800"'),
        ({"a": [1, None, True]}, '{"a": [1, null, true]}'),
        ("x" * 300, '"' + "x" * 198 + "…"),
    ],
)
def test_a_value_in_a_message(value: object, said: str) -> None:
    """As JSON, at most 200 characters of it, and nothing that cannot be written."""
    assert shown(value) == said


@given(JSON)
def test_a_message_has_room(value: object) -> None:
    """For any value."""
    assert len(shown(value)) <= 200


def test_a_value_as_a_feature_file_writes_it() -> None:
    """A text without its quotes; what is too long is seen to be."""
    assert [as_text(v, 10) for v in ("a b", 3, 1.5, True, None, [1, "a"])] == [
        "a b", "3", "1.5", "true", "null", '[1, "a"]',
    ]  # fmt: skip
    assert [len(as_text(v, 10)) for v in ("x" * 99, ["x" * 99])] == [11, 102]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "it is an array, not a number, true, false or null"),
        ("{}", "it is an object, not a number, true, false or null"),
        ('"a"', "it is a string, not a number, true, false or null"),
        ("yes", "line 1, column 1: expecting value"),
    ],
)
def test_what_is_no_scalar(text: str, said: str) -> None:
    """Only what stands without quotes in a sentence."""
    with pytest.raises(NotJSON) as caught:
        scalar(text)
    assert str(caught.value) == said


def test_what_contains_what() -> None:
    """A text a part, an array an element, an object a key; nothing else contains anything."""
    assert contains("abc", "b")
    assert contains([1, {"a": 2.0}], {"a": 2})
    assert contains({"a": 1}, "a")
    assert not contains(["abc"], "b")
    assert not contains({"a": "b"}, "b")
    assert not contains("1", 1)
    assert not contains(11, 1)
    assert not contains([True], 1)
    assert [size(v) for v in ([1, 2], {"a": 1}, "ab", None)] == [2, 1, None, None]
