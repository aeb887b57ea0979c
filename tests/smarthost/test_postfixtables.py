"""What is in a Postfix's tables, where their sources tell."""

from __future__ import annotations

import pytest

from collectd_inode.smarthost.postfixtables import Rows, find, table

FILES = {"/t": "# c\nA 1\nb\n  3\n.c\n", "/twice": "A 1\nb 3\na 2\n"}
ROWS = Rows({"a": "1", "b": "3"})


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
        ("static:secure", Rows(always="secure")),
        ("static:{ secure match=x }", Rows(always="secure match=x")),
        ("inline:{ { A = b c }, d=e }", Rows({"a": "b c", "d": "e"})),
        ("inline:{{[a]:25 = secure match=b}}", Rows({"[a]:25": "secure match=b"})),
        # Postfix takes none of it where a part is no KEY=VALUE.
        ("inline:{ a = b }", None),
        ("inline:{ {= b} }", None),
        ("ldap:/t", None),
        ("unionmap:{static:a,ldap:b}", None),
        ("unionmap:{static:1,{static:2 3}}", None),
        ("unionmap:{}", None),
        ("pipemap:{}", None),
        ("randmap:{}", None),
        ("regexp:/nowhere", None),
        ("regexp:{{/a{/ OK}}", None),
        ("regexp:{/a/ OK}", None),
    ],
)
def test_what_is_in_a_table(written: str, expected: Rows | None) -> None:
    """What only Postfix can look up is None."""
    assert table(written, FILES.get) == expected


def test_what_it_says() -> None:
    """Keys are alike in capitals; a static one says the same of all."""
    assert (ROWS.get("A"), ROWS.get("x"), ROWS.said) == ("1", "", (("a", "1"), ("b", "3")))
    assert (Rows(always="x").get("y"), Rows(always="x").said) == ("x", (("*", "x"),))


POSIX = "/[[:alpha:]]{2}z/ 1\n/[]x]\\.y/ 2\n/^(a|b)c$/i 3\n/[\\]]/ 4\n/f+oo?$/ 5\n"
NESTED = "if /r/\nif !/e/\n/l/ both\nENDIF\n/y/ one\nendif\n/./ rest\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # As "postmap -q" of Postfix 3.7 answers.
        ("regexp:/posix", {"abz": "1", "a1z": "", "].Y": "2", "ac": "3", "AC": "", "\\]": "4", "]": "", "FFO": "5"}),
        ("regexp:/nested", {"rl": "both", "rel": "rest", "rey": "one", "x": "rest", "": ""}),
        ("regexp:{{!/a/ N},{!!/a/ Y}}", {"b": "N", "a": "Y"}),
        ("regexp:{{#a#i H},{,b, C}}", {"a": "", "b": "C"}),
        ("regexp:{{/a/ $$x}}", {"a": "$x"}),
        # Python might take these otherwise than POSIX or Perl.
        ("regexp:{{/^x/ X},{/\\<a/ A}}", {"x": "X", "a": None}),
        ("regexp:{{/a/x BRE}}", {"a": None}),
        ("regexp:{{/a+?/ A}}", {"a": None}),
        ("regexp:{{/(?:a)/ A}}", {"a": None}),
        ("regexp:{{/*a/ A}}", {"a": None}),
        ("regexp:{{/a**/ A}}", {"a": None}),
        ("regexp:{{/[[.hyphen.]]/ A}}", {"a": None}),
        ("regexp:{{/[[:foo:]]/ A}}", {"a": None}),
        ("regexp:{{/(.*)tld/ X$1},{/b/ B}}", {"a.tld": None, "b": "B"}),
        ("regexp:{{a b},{/b/ B}}", {"b": None}),
        ("pcre:{{/(?:a|b)+?\\d/ A},{/[\\d]/ B}}", {"b1": "A", "c1": None}),
        (
            "cidr:{{10.0.0.0/8 A},{1.2.3.4 B},{!::1 C}}",
            {"10.9.9.9": "A", "1.2.3.4": "B", "::1": "", "::2": "C", "a": ""},
        ),
        ("cidr:{{10.0.0.1/8 A},{0.0.0.0/0 z}}", {"10.0.0.1": None, "a": None}),
        ("cidr:{{foo x}}", {"1.2.3.4": None}),
        ("unionmap:{inline:{a=1},static:2}", {"a": "1,2", "b": "2"}),
        ("unionmap:{regexp:{{/a/ 1}},regexp:{{/b/ 2}}}", {"ab": "1,2", "b": "2", "c": ""}),
        ("pipemap:{inline:{a=b,c=d},inline:{b=e}}", {"a": "e", "c": "", "x": ""}),
        ("pipemap:{regexp:{{/a/ k}},static:v}", {"a": "v", "x": ""}),
        ("randmap:{x,x}", {"a": "x"}),
        ("randmap:{x,y}", {"a": None}),
    ],
)
def test_what_it_says_of_a_key(written: str, expected: dict[str, str | None]) -> None:
    """As Postfix; None where that is unknown."""
    found = table(written, {"/posix": POSIX, "/nested": NESTED}.get)
    assert found is not None
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("regexp:{{/^.*$/ A},{/b/ B}}", (("*", "A"), ("/b/", "B"))),
        ("regexp:{{if /c/},{/./ A},{endif},{!/b/ B}}", (("/…./", "A"), ("/!b/", "B"))),
        ("regexp:{{/(a)/ $1}}", None),
        ("unionmap:{inline:{a=1,b=2},inline:{b=3}}", (("a", "1"), ("b", "2,3"))),
        ("unionmap:{static:1,static:2}", (("*", "1,2"),)),
        ("unionmap:{regexp:{{/a/ 1}},static:2}", None),
        ("pipemap:{inline:{a=b,c=d},inline:{b=e}}", (("a", "e"),)),
        ("pipemap:{static:a,regexp:{{/(a)/ $1}}}", None),
        ("pipemap:{regexp:{{/(a)/ $1}},static:a}", None),
        ("randmap:{x,y}", (("*", "x"), ("*", "y"))),
    ],
)
def test_all_that_it_says(written: str, expected: tuple[tuple[str, str], ...] | None) -> None:
    """``*`` is every key; None where only Postfix knows all of it."""
    found = table(written, FILES.get)
    assert found is not None
    assert found.said == expected


def test_each_key_is_looked_up_in_all_tables_before_the_next() -> None:
    """And a table that only Postfix can ask makes it unknown, unless an earlier one has answered."""
    keys = ("a.b", ".b")
    found = (
        ["inline:{.b=2}", "inline:{a.b=1}"],
        ["inline:{a.b=1}", "ldap:x"],
        ["inline:{.b=2}", "ldap:x"],
        ["inline:{c=1}"],
    )
    assert [find(tables, iter(keys), FILES.get) for tables in found] == [("1", ""), ("1", ""), ("", "ldap:x"), ("", "")]
