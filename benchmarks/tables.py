"""How far does the plain engine do as browsers do?  Public tables of tests, counted against our own rooms.

FOLDER holds checkouts by their names: ``html5lib-tests`` (github.com/html5lib), ``wpt``
(github.com/web-platform-tests), ``http-state`` (github.com/abarth) and ``list`` (github.com/publicsuffix).  A table
whose files are not there says so.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from benchmarks import trees
from benchmarks.literals import File, calls, objects
from collectd_inode.browser import suffixes
from collectd_inode.browser.cookies import Jar, parse_date
from collectd_inode.page import assets, charset, forms, hosts, locate, refresh, urls, values
from collectd_inode.page.forms import FormEntry, Upload
from collectd_inode.page.headers import media_type
from collectd_inode.page.page import Page
from collectd_inode.page.text import CONTROLS, Element, lines_of, normalise, tag_of, visible_text


@dataclass(frozen=True, slots=True)
class Row:
    """One test: where it stands, what is given, what a browser makes of it and what we do."""

    place: str
    given: object
    wanted: object
    found: object


@dataclass(frozen=True, slots=True)
class Table:
    """Tests of one kind: what they check, the files below the folder, and how one file is judged."""

    name: str
    checks: str
    files: tuple[str, ...]
    rows: Callable[[Path], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Count:
    """What a table came to, and the rows that differ."""

    right: int
    total: int
    differing: tuple[Row, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line a table, and the rows that differ."""
    parser = argparse.ArgumentParser(prog="benchmarks/tables", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with the checkouts")
    parser.add_argument("--only", default="", metavar="NAMES", help="tables by name, separated by commas")
    parser.add_argument("--show", action="store_true", help="print what differs")
    options = parser.parse_args(arguments)
    only = {name for name in options.only.split(",") if name}
    if unknown := only - {table.name for table in TABLES}:
        parser.error(f"no table is called {', '.join(sorted(unknown))}: {', '.join(table.name for table in TABLES)}")
    print(date.today().isoformat())
    for table in TABLES:
        if not only or table.name in only:
            print("\n".join(told(table, count(table, options.folder), show=options.show)), flush=True)


def count(table: Table, folder: Path) -> Count | None:
    """Judge the rows of *table*; None where none of its files is in *folder*."""
    files = sorted({file for pattern in table.files for file in folder.glob(pattern)})
    if not files:
        return None
    rows = [row for file in files for row in table.rows(file)]
    differing = tuple(row for row in rows if row.wanted != row.found)
    return Count(len(rows) - len(differing), len(rows), differing)


def told(table: Table, counted: Count | None, *, show: bool) -> Iterator[str]:
    """The lines about a table."""
    if counted is None:
        yield f"{table.name:<12} not there: {', '.join(table.files)}"
        return
    yield f"{table.name:<12} {counted.right:>6} of {counted.total:>6}  {table.checks}"
    for row in counted.differing if show else ():
        yield f"  {row.place}\n    given  {row.given!r}\n    wanted {row.wanted!r}\n    found  {row.found!r}"


def _data(file: Path) -> list[Any]:
    """The objects of a JSON file whose strings are remarks, as are the lines before it."""
    source = file.read_text(encoding="utf-8")
    return [case for case in json.loads(source[source.index("[") :]) if not isinstance(case, str)]


def _script(file: Path) -> str:
    return file.read_text(encoding="utf-8")


def _page(source: str | bytes, url: str = "http://web-platform.test/") -> Page:
    body = source if isinstance(source, bytes) else source.encode("utf-8", "surrogatepass")
    return Page(url, 200, {"content-type": "text/html" + (";charset=utf-8" if isinstance(source, str) else "")}, body)


# -- what a page is ---------------------------------------------------------------------------------------------------


def _trees(file: Path) -> Iterator[Row]:
    for document in trees.documents(file):
        wanted = visible_text(trees.expected(document.tree))
        yield Row(document.place, document.source, wanted, trees.seen(document.source))


def _entities(file: Path) -> Iterator[Row]:
    for case in json.loads(file.read_text(encoding="utf-8"))["tests"]:
        if all(token[0] == "Character" for token in case["output"]) and not case.get("doubleEscaped"):
            wanted = lines_of("".join(token[1] for token in case["output"]).replace("\n", " "))
            yield Row(file.name, case["input"], wanted, _page("<body>" + case["input"]).visible_text)


def _sniffed(file: Path) -> Iterator[Row]:
    """An octet that is no UTF-8 stands before each document, so that one that says nothing is windows-1252."""
    tests = re.split(rb"(?:\A|\n)#data\n", file.read_bytes())[1:]
    for number, test in enumerate(tests, 1):
        source, _, encoding = test.partition(b"\n#encoding\n")
        wanted = charset.encoding_for(encoding.split()[0].decode("ascii"))
        found = charset.decode(source if source.startswith(b"\xef\xbb\xbf") else b"\xff" + source)[1]
        yield Row(f"{file.name}:{number}", source, wanted and wanted.name, found.name)


def _labels(file: Path) -> Iterator[Row]:
    script = _script(file)
    for group in json.loads(script[script.index("[") : script.rindex("]") + 1]):
        for encoding in group["encodings"]:
            for label in encoding["labels"]:
                known = charset.encoding_for(f"\t{label.upper()} ")
                yield Row(file.name, label, encoding["name"], known and known.name)


_CHARACTER = re.compile(rb'data-cp="([0-9A-F]+)" data-bytes="([0-9A-F ]+)"')


_READ_ONLY = 0x8F
"""The octet before each character of JIS X 0212, which nobody writes."""


def _characters(file: Path) -> Iterator[Row]:
    """Each as it is read and as it is written; ASCII, and octets for two characters, are written only."""
    source = file.read_bytes()
    declared = re.search(rb'charset="?([^">]+)', source)
    encoding = charset.encoding_for(declared[1].decode("ascii")) if declared else None
    if encoding is None:
        return
    rows = [(chr(int(point, 16)), bytes.fromhex(octets.decode())) for point, octets in _CHARACTER.findall(source)]
    once = Counter(octets for _, octets in rows)
    for character, octets in rows:
        if len(octets) > 1 and once[octets] == 1:
            yield Row(file.name, octets.hex(" "), character, encoding.decode(octets))
        if not file.stem.endswith("extra") and (encoding.name != "EUC-JP" or octets[0] != _READ_ONLY):
            yield Row(file.name, character, octets.hex(" "), encoding.encode(character).hex(" "))


def _types(file: Path) -> Iterator[Row]:
    for case in _data(file):
        wanted = (case["output"] or "").partition(";")[0]
        yield Row(file.name, case["input"], (wanted, case.get("encoding")), _type(case["input"], "encoding" in case))


def _type(content_type: str, with_encoding: bool) -> tuple[str, str | None]:
    found = media_type(content_type)
    encoding = charset.encoding_for(found.charset) if with_encoding else None
    return found.essence, encoding.name if encoding else None


def _type_lines(file: Path) -> Iterator[Row]:
    for case in _data(file):
        given = ", ".join(case["contentType"])
        wanted = ((case["mimeType"] or "").partition(";")[0], case["encoding"] and case["encoding"].lower())
        found = media_type(given)
        yield Row(file.name, case["contentType"], wanted, (found.essence, found.charset.lower() or None))


# -- addresses --------------------------------------------------------------------------------------------------------


def _addresses(file: Path) -> Iterator[Row]:
    """Those that lead to http or https, or that look so and lead nowhere."""
    for case in _data(file):
        base, given = case.get("base") or "", case["input"]
        if (urls.scheme_of(given) or urls.scheme_of(base)) in urls.WEB:
            yield Row(file.name, (base, given), case.get("href"), _resolved(base, given))


def _resolved(base: str, reference: str, encoding: charset.Encoding = charset.UTF8) -> str | None:
    try:
        return urls.resolve(base, reference, encoding)
    except urls.BadURL:
        return None


def _hosts(file: Path) -> Iterator[Row]:
    for case in _data(file):
        if given := case["input"]:
            wanted = None if case["output"] is None else f"https://{case['output']}/x"
            yield Row(file.name, given, wanted, _resolved("", f"https://{given}/x"))


def _queries(file: Path) -> Iterator[Row]:
    for case in _data(file):
        for label, wanted in case["output"].items():
            encoding = charset.encoding_for(label)
            address = _resolved("http://h/", "?" + case["input"], encoding.for_forms) if encoding else None
            yield Row(file.name, (label, case["input"]), wanted, (address or "").partition("?")[2])


def _refreshes(file: Path) -> Iterator[Row]:
    for case in objects(_script(file), "expected"):
        parsed = refresh.parse(str(case["input"]))
        found = [] if parsed is None else [parsed.seconds, urls.clean(parsed.target) or "__filename__"]
        yield Row(file.name, case["input"], case["expected"], found)


def _sources(file: Path) -> Iterator[Row]:
    """Pictures for one pixel a pixel; what they do in a window of another width is left out."""
    page = _page(_script(file))
    for image in page.elements("img"):
        wanted = image.get("data-expect")
        if wanted is not None and image.get("sizes") is None:
            yield Row(file.name, image.get("srcset"), wanted, assets.picture(image))


# -- cookies ----------------------------------------------------------------------------------------------------------


def _sites(file: Path) -> Iterator[Row]:
    for host, wanted in calls(re.sub(r"(?m)^\s*//.*", "", _script(file)), "checkPublicSuffix"):
        if isinstance(host, str):
            ascii_wanted = hosts.in_ascii(wanted) if isinstance(wanted, str) else None
            yield Row(file.name, host, ascii_wanted, _registered(host))


def _registered(host: str) -> str | None:
    """The domain that somebody has registered, of which *host* is a part."""
    try:
        name = hosts.in_ascii(host)
    except hosts.BadHost:
        return None
    return None if suffixes.is_public(name) else suffixes.site(name)


_WRITTEN_IN = datetime(2011, 1, 1).timestamp()
"""The years in which http-state's cookies with dates are to last or are over."""


def _state(file: Path) -> Iterator[Row]:
    for case in _data(file):
        here = f"http://home.example.org:8888/cookie-parser?{case['test']}"
        there = urljoin(here, case.get("sent-to", f"/cookie-parser-result?{case['test']}"))
        wanted = "; ".join(f"{sent['name']}={sent['value']}" for sent in case["sent"])
        found = _sent(here, case["received"], there, _WRITTEN_IN)
        yield Row(f"{file.name}:{case['test']}", case["received"], wanted, found)


def _sent(here: str, received: list[Any], there: str, now: float) -> str:
    jar = Jar()
    for header in received:
        jar.store(here, header.encode("utf-8"), now)
    return (jar.header_for(there, now) or b"").decode("utf-8")


def _dates(file: Path) -> Iterator[Row]:
    for case in _data(file):
        seconds = parse_date(case["test"])
        found = None if seconds is None else time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
        yield Row(file.name, case["test"], case["expected"], found)


def _cookies(file: Path) -> Iterator[Row]:
    scheme = "https" if ".https." in file.name else "http"
    here = f"{scheme}://web-platform.test:8000/cookies/resources/cookie.py"
    for case in objects(_script(file), "cookie"):
        received = case["cookie"] if isinstance(case["cookie"], list) else [case["cookie"]]
        if "location" in case or "expected" not in case:
            continue
        there = urljoin(here, "echo-cookie.html" if case.get("defaultPath", True) else "../attributes/path.html")
        yield Row(file.name, case["cookie"], case["expected"], _sent(here, received, there, time.time()))


# -- what is seen, and how it is called -------------------------------------------------------------------------------


def _texts(file: Path) -> Iterator[Row]:
    """Texts with blanks collapsed, as steps compare them; without those of what is not seen or made by a script."""
    for source, wanted, *_ in calls(_script(file), "testText"):
        if not isinstance(wanted, str) or _UNSEEN.search(str(source)):
            continue
        yield Row(file.name, source, lines_of(str(wanted)), _page(f"<!doctype html>{source}").visible_text)


_UNSEEN = re.compile(r"^<[^>]*display:none|class='poke|id='?target|class='shadow")


def _names(file: Path) -> Iterator[Row]:
    page = _page(file.read_bytes(), "http://web-platform.test/" + file.name)
    for element in page.elements():
        wanted = normalise(element.get("data-expectedlabel") or "")
        if wanted and (what := _what(element)):
            yield _named(file, page, element, what, wanted)


def _test_names(file: Path) -> Iterator[Row]:
    source = file.read_text(encoding="utf-8")
    said = re.search(r'"name",\s*"is",\s*("(?:[^"\\]|\\.)*")', source)
    page = _page(source)
    element = page.by_id.get("test")
    if said and element is not None and (wanted := normalise(json.loads(said[1]))) and (what := _what(element)):
        yield _named(file, page, element, what, wanted)


def _named(file: Path, page: Page, element: Element, what: str, wanted: str) -> Row:
    given = etree.tostring(element, encoding="unicode", with_tail=False)
    names = (
        name
        for ways, fit in _LADDERS[what]
        if fit is locate.same_letters or fit is locate.exactly
        for name in ways(page, element)
    )
    found = any(locate.same_letters(name, wanted) for name in names)
    return Row(file.name, (wanted, given), f"a {what} of this name", f"a {what} of this name" if found else "none")


_LADDERS = {"link": locate.LINK_LADDER, "button": locate.BUTTON_LADDER, "field": locate.FIELD_LADDER}


def _what(element: Element) -> str:
    """What a step may use the element as; empty for nothing."""
    if tag_of(element) in ("a", "area") and element.get("href") is not None:
        return "link"
    if tag_of(element) not in CONTROLS or forms.kind_of(element) == "hidden":
        return ""
    return "button" if forms.kind_of(element) in forms.BUTTON_TYPES else "field"


# -- what a form sends ------------------------------------------------------------------------------------------------


def _held(file: Path) -> Iterator[Row]:
    kind = re.sub(r"-\d+$", "", file.stem)
    for case in objects(_script(file), "expected"):
        if not isinstance(case["expected"], str):
            continue
        given = {"type": kind, **_attributes(case)}
        if "value" in case:
            given["value"] = str(case["value"])
        yield Row(file.name, given, case["expected"], _value(kind, given))


def _attributes(case: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in (case.get("attributes") or {}).items()}


def _value(kind: str, attributes: dict[str, str]) -> str:
    control = etree.Element("input")
    for name, value in attributes.items():
        if name != "value":
            control.set(name, value)
    return values.sanitised(kind, attributes.get("value", ""), control)


def _sent_forms(file: Path) -> Iterator[Row]:
    for given in calls(_script(file), "form"):
        case = given[0] if given else None
        if isinstance(case, dict) and "expected" in case:
            yield Row(file.name, case, _wanted(case), _written(file.name.partition(".")[0], case))


def _wanted(case: dict[str, Any]) -> str:
    expected = case["expected"]
    if isinstance(expected, str):
        return expected
    head = f'--B\r\nContent-Disposition: form-data; name="{expected["name"]}"'
    if "filename" in expected:
        head += f'; filename="{expected["filename"]}"\r\nContent-Type: text/plain'
    return f"{head}\r\n\r\n{expected['value']}\r\n--B--\r\n"


def _written(enctype: str, case: dict[str, Any]) -> str:
    encoding = charset.encoding_for(case.get("formEncoding", "utf-8")) or charset.UTF8
    value = case["value"]
    entry = FormEntry(case["name"], Upload(value.name, "text/plain", b"") if isinstance(value, File) else value)
    if enctype.startswith("multipart"):
        return forms.multipart([entry], encoding, "B").decode("latin-1")
    if enctype.startswith("text"):
        return forms.plain([entry], encoding).decode("latin-1")
    return forms.urlencoded([entry], encoding).decode("latin-1")


_WPT_FORMS = "wpt/html/semantics/forms"

TABLES = (
    Table(
        "trees",
        "HTML's tree: the text that is seen",
        ("html5lib-tests/tree-construction/**/*.dat", "wpt/html/syntax/parsing/resources/*.dat"),
        _trees,
    ),
    Table("entities", "HTML's character references", ("html5lib-tests/tokenizer/*ntities.test",), _entities),
    Table("sniffing", "the encoding that a page says it is in", ("html5lib-tests/encoding/*.dat",), _sniffed),
    Table("labels", "the names of encodings", ("wpt/encoding/resources/encodings.js",), _labels),
    Table(
        "characters",
        "characters in the encodings of East Asia, read and written",
        ("wpt/encoding/legacy-mb-*/*/*_chars.html", "wpt/encoding/legacy-mb-*/*/*_chars_extra.html"),
        _characters,
    ),
    Table(
        "types",
        "a Content-Type: media type and charset",
        ("wpt/mimesniff/mime-types/resources/*mime-types.json",),
        _types,
    ),
    Table("type lines", "several Content-Types", ("wpt/fetch/content-type/resources/content-types.json",), _type_lines),
    Table("addresses", "links made absolute", ("wpt/url/resources/urltestdata.json",), _addresses),
    Table(
        "hosts",
        "hosts in ASCII",
        ("wpt/url/resources/toascii.json", "wpt/url/resources/IdnaTestV2.json"),
        _hosts,
    ),
    Table("queries", "queries in an encoding", ("wpt/url/resources/percent-encoding.json",), _queries),
    Table(
        "refreshes",
        "<meta http-equiv=refresh>",
        ("wpt/html/semantics/document-metadata/the-meta-element/**/attr-meta-http-equiv-refresh/parsing.html",),
        _refreshes,
    ),
    Table(
        "pictures",
        "the picture in a srcset",
        ("wpt/html/semantics/embedded-content/the-img-element/srcset/*.html",),
        _sources,
    ),
    Table("sites", "the registered domain of a host", ("list/tests/test_psl.txt",), _sites),
    Table("cookies", "Set-Cookie, and what is sent back", ("wpt/cookies/*/*.html",), _cookies),
    Table("state", "the same in RFC 6265's own tests", ("http-state/tests/data/parser.json",), _state),
    Table("dates", "a cookie's dates", ("http-state/tests/data/dates/*.json",), _dates),
    Table("texts", "the text that is seen", ("wpt/html/dom/elements/the-inner*/getter-tests.js",), _texts),
    Table("names", "links, buttons and fields by their names", ("wpt/accname/name/**/*.html",), _names),
    Table(
        "test names",
        "the same in ARIA's own tests",
        ("wpt/accname/manual/name*.html", "wpt/accname/name*-manual.html"),
        _test_names,
    ),
    Table("values", "what an input holds", (f"{_WPT_FORMS}/the-input-element/*.html",), _held),
    Table("forms", "what a form sends", (f"{_WPT_FORMS}/form-submission-0/*.window.js",), _sent_forms),
)
"""A row each."""


if __name__ == "__main__":
    main()
