"""Which scenarios run."""

from dataclasses import dataclass

import pytest

from collectd_inode.scenario.feature import parse_tags, select


@dataclass(frozen=True)
class Titled:
    title: str
    tags: frozenset[str]


HOME = Titled("Home page", frozenset({"@web"}))
CART = Titled("Cart", frozenset({"@web", "@slow"}))
MAIL = Titled("Mail", frozenset())


@pytest.mark.parametrize(
    ("tags", "name", "expected"),
    [
        (None, None, [HOME, CART, MAIL]),
        ("", "", [HOME, CART, MAIL]),
        ("@web", None, [HOME, CART]),
        ("not @slow", None, [HOME, MAIL]),
        ("@web\n and\tnot (@slow or @wip)", None, [HOME]),
        (None, "PAGE", [HOME]),
        ("@slow", "home", []),
    ],
)
def test_selection(tags: str | None, name: str | None, expected: list[Titled]) -> None:
    """By tag expression and by a part of the title, in any case of letters; order stays."""
    assert select([HOME, CART, MAIL], tags, name) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@a and", "it ends where a tag should stand"),
        ("and @a", 'it begins with "and", "or" or ")"'),
        ("@a or or @b", 'a tag is missing after "or"'),
        ("@a @b", '"and" or "or" is missing after "@a"'),
        ("(@a", 'a "(" has no ")"'),
        ("@a)", 'a ")" has no "("'),
        ("()", 'a tag is missing after "("'),
        ("@a\\b", "a backslash stands only before a parenthesis or a backslash"),
        ("not slow", '"slow" is not a tag; tags begin with @'),
        ("@", '"@" is not a tag; tags begin with @'),
        ("~@slow", '"~@slow" is the old notation; write "not @slow"'),
        ("@a,@b", '"@a,@b" is the old notation; write "@a or @b"'),
        ("@x and ~@a,@b", '"~@a,@b" is the old notation; write "(not @a or @b)"'),
    ],
)
def test_what_is_no_expression_says_why(text: str, reason: str) -> None:
    """Also what the parser would take, and nobody can have meant: "not slow" would select everything."""
    with pytest.raises(ValueError) as caught:
        parse_tags(text)
    assert str(caught.value) == f'"{text}" is not a tag expression: {reason}'


def test_an_endless_expression_ends() -> None:
    """Nesting that Python cannot follow is refused like any other mistake."""
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_tags("not " * 5000 + "@a")
