"""What is in a Postfix's tables, where their sources tell."""

from __future__ import annotations

import pytest

from collectd_inode.smarthost.postfixtables import Table, table

FILES = {"/t": "# c\nA 1\nb\n  3\n.c\n", "/twice": "A 1\nb 3\na 2\n"}
ROWS = Table({"a": "1", "b": "3"})


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("texthash:/t", ROWS),
        ("/t", ROWS),
        ("proxy:hash:/t", ROWS),
        ("hash:/nowhere", None),
        # What postmap made has the first; texthash is refused (a really sending Postfix 3.7), inline has the last.
        ("hash:/twice", ROWS),
        ("texthash:/twice", None),
        ("inline:{a=2,a=1,b=3}", ROWS),
        ("static:secure", Table(always="secure")),
        ("static:{ secure match=x }", Table(always="secure match=x")),
        ("inline:{ { A = b c }, d=e }", Table({"a": "b c", "d": "e"})),
        ("inline:{{[a]:25 = secure match=b}}", Table({"[a]:25": "secure match=b"})),
        # Postfix takes none of it where a part is no KEY=VALUE.
        ("inline:{ a = b }", None),
        ("inline:{ {= b} }", None),
        ("regexp:/t", None),
        ("unionmap:{static:a,static:b}", None),
    ],
)
def test_what_is_in_a_table(written: str, expected: Table | None) -> None:
    """What only Postfix can look up is None."""
    assert table(written, FILES.get) == expected


def test_what_it_says() -> None:
    """Keys are alike in capitals; a static one says the same of all."""
    assert (ROWS.get("A"), ROWS.get("x"), ROWS.said) == ("1", "", (("a", "1"), ("b", "3")))
    assert (Table(always="x").get("y"), Table(always="x").said) == ("x", (("*", "x"),))
