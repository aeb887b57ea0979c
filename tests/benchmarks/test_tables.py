"""Public tables of tests are counted by one command: a made-up folder with a file of each format."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks import tables
from benchmarks.literals import File, calls, objects

FORMS = "wpt/html/semantics/forms"
SRCSET = "wpt/html/semantics/embedded-content/the-img-element/srcset"
REFRESH = "wpt/html/semantics/document-metadata/the-meta-element/pragma-directives/attr-meta-http-equiv-refresh"

FILES: Mapping[str, str] = {
    "html5lib-tests/tree-construction/one.dat": (
        "#data\n<p>a<b>b</p>c\n#errors\nno doctype\n#document\n| <html>\n|   <head>\n|   <body>\n|     <p>\n"
        '|       "a"\n|       <b>\n|         "b"\n|     <b>\n|       "c"\n\n'
        '#data\nx\n#errors\n#document-fragment\ntextarea\n#document\n| "x"\n'
    ),
    "html5lib-tests/tokenizer/namedEntities.test": '{"tests": [{"input": "&auml;", "output": [["Character", "ä"]]}]}',
    "html5lib-tests/encoding/tests1.dat": (
        "#data\n<meta charset=koi8-r>\n#encoding\nkoi8-r\n\n#data\nx\n#encoding\nwindows-1252\n"
    ),
    "wpt/encoding/resources/encodings.js": 'const t = [{"encodings": [{"labels": ["l2"], "name": "ISO-8859-2"}]}];',
    "wpt/encoding/legacy-mb-tchinese/big5/big5_chars.html": (
        '<meta charset="big5"><span data-cp="4E2D" data-bytes="A4 A4">x</span>'
    ),
    "wpt/mimesniff/mime-types/resources/mime-types.json": (
        '["Basics", {"input": "text/html;charset=gbk", "output": "text/html;charset=gbk", "encoding": "GBK"}]'
    ),
    "wpt/fetch/content-type/resources/content-types.json": (
        '[{"contentType": ["text/html", "x"], "encoding": null, "mimeType": "text/html"}]'
    ),
    "wpt/url/resources/urltestdata.json": (
        '["", {"input": "../x", "base": "http://h/a/b", "href": "http://h/x"},'
        ' {"input": "http://a b", "failure": true}, {"input": "mailto:x", "base": null, "href": "mailto:x"}]'
    ),
    "wpt/url/resources/toascii.json": '[{"input": "☃", "output": "xn--n3h"}, {"input": "", "output": null}]',
    "wpt/url/resources/percent-encoding.json": (
        '[{"input": "†", "output": {"windows-1252": "%86", "utf-8": "%E2%80%A0"}}]'
    ),
    f"{REFRESH}/parsing.html": "<script>var t = [{input: '1; url=x', expected: [1, 'x']}];</script>",
    f"{SRCSET}/one.html": "<img srcset='a 1x, b 2x' data-expect='a'><img srcset='a' sizes=1px data-expect=''>",
    "list/tests/test_psl.txt": "// checkPublicSuffix('x', 'y');\ncheckPublicSuffix('a.b.co.uk', 'b.co.uk');\n",
    "wpt/cookies/name/name.html": "<script>[{cookie: ['a=1', 'b=2; Path=/x'], expected: 'a=1'}]</script>",
    "http-state/tests/data/parser.json": (
        '[{"test": "0001", "received": ["a=b"], "sent": [{"name": "a", "value": "b"}]},'
        ' {"test": "0004", "received": ["foo"], "sent": []}]'
    ),
    "http-state/tests/data/dates/examples.json": (
        '// A remark\n[{"test": "Mon, 10-Dec-07 20:35:03 GMT", "expected": "Mon, 10 Dec 2007 20:35:03 GMT"}]'
    ),
    "wpt/html/dom/elements/the-innertext-and-outertext-properties/getter-tests.js": (
        'testText("<p>a  b", "a b", "one");\ntestText("<p style=\'display:none\'>a", "a", "not seen");'
    ),
    "wpt/accname/name/one.html": (
        "<label for=f>Name</label><input id=f data-expectedlabel=Name>"
        '<a href=/ data-expectedlabel="Home"></a><p data-expectedlabel=x>x</p>'
    ),
    "wpt/accname/manual/name_one-manual.html": (
        '<script>({"test": [["property", "name", "is", "Send"]]})</script><button id=test>Send</button>'
    ),
    f"{FORMS}/the-input-element/time-2.html": "<script>[{value: '9:00', attributes: {min: 1}, expected: ''}]</script>",
    f"{FORMS}/form-submission-0/urlencoded2.window.js": (
        'form({name: "a b", value: new File([], "x"), expected: "a+b=x"});'
    ),
    f"{FORMS}/form-submission-0/text-plain.window.js": 'form({name: "a", value: "b", expected: "a=b\\r\\n"});',
    f"{FORMS}/form-submission-0/multipart-formdata.window.js": (
        'form({name: "a", value: new File([], "\\"", {type: "text/plain"}),'
        ' expected: {name: "a", filename: "%22", value: ""}});'
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return tmp_path


COUNTS = {
    **dict.fromkeys((table.name for table in tables.TABLES), (1, 1)),
    "sniffing": (2, 2),
    "characters": (2, 2),
    "addresses": (2, 2),
    "queries": (2, 2),
    "state": (1, 2),
    "names": (1, 2),
    "forms": (3, 3),
}


@pytest.mark.parametrize("table", tables.TABLES, ids=lambda table: table.name)
def test_each_table_is_counted(folder: Path, table: tables.Table) -> None:
    """What a test is about and what leads nowhere, or to no page, is left out."""
    counted = tables.count(table, folder)
    assert counted is not None
    assert (counted.right, counted.total) == COUNTS[table.name]


def test_what_is_printed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line a table, and what differs; a table without files says which they are."""
    (folder / "list/tests/test_psl.txt").unlink()
    tables.main([str(folder), "--only", "sites,state", "--show"])
    assert capsys.readouterr().out.splitlines()[1:] == [
        "sites        not there: list/tests/test_psl.txt",
        "state             1 of      2  the same in RFC 6265's own tests",
        "  parser.json:0004",
        "    given  ['foo']",
        "    wanted ''",
        "    found  'foo'",
    ]


def test_a_table_that_does_not_exist(folder: Path) -> None:
    """A wrong name ends the command with status 2."""
    with pytest.raises(SystemExit, match="2"):
        tables.main([str(folder), "--only", "sights"])


def test_literals_of_javascript() -> None:
    """Strings, numbers, arrays, objects and files; what would have to be run is left out."""
    script = """f('a\\x41\\u{1F600}' + "\\n", 1.5, -2, 0x1F, 1e2, [null, true,], new File([], 'n', {type: "t"}), `b`);
        f(x); // c
        f("t".repeat(3)); f(`${x}`); g.f(1); f({a: 'b', "c": [1] /* d */,})"""
    assert list(calls(script, "f")) == [
        ["aA\U0001f600\n", 1.5, -2, 31, 100.0, [None, True], File("n"), "b"],
        [{"a": "b", "c": [1]}],
    ]
    assert list(objects("[{a: 1}, {b: 2}, {a: f()}, {a: {a: 3}}]", "a")) == [{"a": 1}, {"a": {"a": 3}}, {"a": 3}]
