"""A page as it came, and what a person would see of it.  Parsed when first looked at."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qs, urlsplit

from lxml import etree

from collectd_inode.browser import charset, refresh, text, urls
from collectd_inode.browser.attributes import MOST, MOST_TAGS, first_tags, without_floods
from collectd_inode.browser.headers import essence
from collectd_inode.browser.nesting import FORM_END, owners, without_nested_forms
from collectd_inode.browser.text import CONTROLS, Element, normalise, tag_of
from collectd_inode.run import Cause, Failure

FOUND_LIMIT = 200
_SPARSE = 60
"""Fewer visible characters, beside scripts and without a field, is a page that JavaScript has yet to build."""

_SEARCHED = 200_000
"""Where the nearest text is looked for: a hint is not worth a second of everybody's time."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_TEXT_TYPES = re.compile(
    r"text/|application/(?:[\w.+-]*[+/])?(?:json|xml|javascript|ecmascript|x-www-form-urlencoded)\b"
)
_LOOKS_LIKE_HTML = re.compile(
    rb"\s*<(?:!--|!doctype html|html|head|body|script|style|title|table|iframe|meta|h1|div|font|a|b|br|p|form)[\s>]",
    re.IGNORECASE,
)
_LOOKS_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_FORM_END = f"<{FORM_END}></{FORM_END}>"
_XML_DECLARATION = re.compile(r"\s*<\?xml[^>]*>")


@dataclass(slots=True)
class Entered:
    """What has been typed and ticked: it lies over what the page itself says, and goes with the page."""

    values: dict[Element, str] = field(default_factory=dict)
    ticked: dict[Element, bool] = field(default_factory=dict)
    chosen: dict[Element, tuple[Element, ...]] = field(default_factory=dict)
    files: dict[Element, tuple[str, str, bytes]] = field(default_factory=dict)
    """File fields: name, content type, content."""

    def fields(self) -> set[Element]:
        """All fields that have been touched."""
        return {*self.values, *self.ticked, *self.chosen, *self.files}

    def forget(self, element: Element) -> None:
        """Back to what the page says, for this field."""
        for kept in (self.values, self.ticked, self.chosen, self.files):
            kept.pop(element, None)


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the parser made of a page: the root element, None if there is none."""

    root: Element | None = None
    lost: str = ""
    """Why a part of the page is not in it, if so."""
    owners: Mapping[Element, Element | None] = field(default_factory=dict)
    """Each control's form, where that is not the form around it (rule 28)."""


@dataclass(frozen=True, eq=False)
class Page:
    """One answer.  ``headers`` looks names up in any case; ``body`` is without Content-Encoding."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    entered: Entered = field(default_factory=Entered, repr=False)

    @cached_property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if the server gave none."""
        return essence(self.headers.get("content-type", ""))

    @cached_property
    def is_html(self) -> bool:
        """Whether it is read as HTML; anything else has text at most (rule 27)."""
        if self.content_type:
            return self.content_type in _HTML_TYPES
        return _LOOKS_LIKE_HTML.match(self.body) is not None

    @property
    def is_text(self) -> bool:
        """Whether it has text to look at."""
        if self.is_html or _TEXT_TYPES.match(self.content_type):
            return True
        return not self.content_type and not _LOOKS_BINARY.search(self.body[:1445])

    @cached_property
    def _decoded(self) -> tuple[str, charset.Encoding]:
        if not self.is_text:
            return "", charset.UTF8
        return charset.decode(self.body, self.headers.get("content-type", ""), html=self.is_html)

    @property
    def source(self) -> str:
        """The body as text; empty for pictures and the like."""
        return self._decoded[0]

    @property
    def encoding(self) -> charset.Encoding:
        """The encoding the body was in."""
        return self._decoded[1]

    @cached_property
    def _parsed(self) -> Parsed:
        return parse(self.source) if self.is_html else Parsed()

    def prepare(self) -> None:
        """Do now what takes long on a large page; to be called in a worker, so that it holds up nobody."""
        _ = self.visible_text, self.in_view, self.labels, self.by_id

    @property
    def tree(self) -> Element | None:
        """The document's root element; None if it is not HTML or has no element at all."""
        return self._parsed.root

    @property
    def truncated(self) -> bool:
        """Whether the parser gave up on a part of the page (rule 31)."""
        return bool(self._parsed.lost)

    def elements(self, *tags: str) -> list[Element]:
        """All elements of these names, in document order."""
        return [] if self.tree is None else list(self.tree.iter(*tags))

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """The first element of each id."""
        return {identity: e for e in reversed(self.elements()) if (identity := e.get("id"))}

    def form_of(self, control: Element) -> Element | None:
        """The form of *control*: the one that its ``form`` attribute names, else the one around it (rules 28, 39)."""
        wanted = control.get("form")
        if wanted is not None:
            return self._forms_by_id.get(wanted)
        owners = self._parsed.owners
        return owners[control] if control in owners else next(control.iterancestors("form"), None)

    @cached_property
    def _forms_by_id(self) -> dict[str, Element]:
        return {identity: f for f in reversed(self.elements("form")) if (identity := f.get("id"))}

    @cached_property
    def radio_groups(self) -> dict[tuple[Element | None, str], list[Element]]:
        """The radio buttons that exclude each other, by form and name."""
        groups: dict[tuple[Element | None, str], list[Element]] = {}
        for control in self.elements("input"):
            if (name := control.get("name")) and (control.get("type") or "").strip().lower() == "radio":
                groups.setdefault((self.form_of(control), name), []).append(control)
        return groups

    @cached_property
    def title(self) -> str:
        """What the browser's tab would say."""
        found = next((e for e in self.elements("title") if not _is_drawn(e)), None)
        return normalise("".join(map(str, found.itertext()))) if found is not None else ""

    @cached_property
    def labels(self) -> dict[Element, list[Element]]:
        """Each control's labels, whether they name it or stand around it."""
        by_id = {e.get("id"): e for e in reversed(self.elements(*CONTROLS))}
        found: dict[Element, list[Element]] = {}
        for label in self.elements("label"):
            target = label.get("for")
            control = by_id.get(target) if target else None if target is not None else _first_control(label)
            if control is not None:
                found.setdefault(control, []).append(label)
        return found

    @cached_property
    def base(self) -> str:
        """What the page's links are relative to (rule 3)."""
        here = urls.without_fragment(self.url)
        href = next((e.get("href") for e in self.elements("base") if e.get("href") is not None), None)
        if href is None:
            return here
        try:
            base = urls.resolve(here, href)
        except urls.BadURL:
            return here
        return base if urls.is_web(base) else here

    def resolve(self, reference: str) -> str:
        """*reference*, as it stands in the page, as an absolute URL (rules 2 to 4).  Raises Failure(EXPECTATION)."""
        if not urls.clean(reference):
            return urls.without_fragment(self.url)
        try:
            return urls.resolve(self.base, reference, self.encoding.for_forms.codec)
        except urls.BadURL as error:
            raise Failure(Cause.EXPECTATION, f"the page leads nowhere: {error}", found=self.describe()) from error

    @cached_property
    def visible_text(self) -> str:
        """What is seen, one line a block, each line normalised (rule 58); for other texts than HTML, the text."""
        if self.is_html:
            return "" if self.tree is None else text.visible_text(self.tree)
        return text.lines_of(self.source)

    @cached_property
    def in_view(self) -> frozenset[Element]:
        """The links and controls that can be seen."""
        tags = ("a", *CONTROLS)
        return frozenset(e for e in (() if self.tree is None else text.shown(self.tree)) if tag_of(e) in tags)

    @cached_property
    def _on_one_line(self) -> str:
        return normalise(self.visible_text)

    @cached_property
    def all_text(self) -> str:
        """The visible text and the hidden: for messages only."""
        return text.all_text(self.tree) if self.tree is not None else self.visible_text

    def shows(self, wanted: str) -> bool:
        """Whether *wanted* is part of the visible text; any whitespace stands for any other."""
        return normalise(wanted) in self._on_one_line

    def should_show(self, wanted: str) -> None:
        """Failure(EXPECTATION) unless the page shows *wanted*; says what comes nearest and why it might be missing."""
        if not self.shows(wanted):
            raise self.failure(f"“{_short(wanted)}” is not to be seen", normalise(wanted), self._instead_of(wanted))

    def should_not_show(self, wanted: str) -> None:
        """Failure(EXPECTATION) if the page shows *wanted*."""
        if self.shows(wanted):
            raise self.failure(f"“{_short(wanted)}” is to be seen", f"not “{normalise(wanted)}”", self.nearest(wanted))

    def failure(self, message: str, expected: str = "", found: str = "") -> Failure:
        """A failed expectation of this page: the message ends in which page it was, and what is odd about it."""
        return Failure(Cause.EXPECTATION, f"{message}, on {self.describe()}", expected=expected, found=found)

    def _instead_of(self, wanted: str) -> str:
        needle = normalise(wanted)
        if needle.casefold() in self._on_one_line.casefold():
            return f"in other letter case: {self.nearest(wanted)}"
        if needle in normalise(self.all_text):
            return "only in text that is hidden"
        if label := self._labelled(needle):
            return f"only as {label}"
        return self.nearest(wanted)

    def _labelled(self, needle: str) -> str:
        """Where *needle* can be seen although it is no text."""
        for element in self.elements("input", "img", "textarea"):
            for name in ("value", "placeholder", "alt"):
                if element.get("type", "").lower() not in ("hidden", "password") and needle in normalise(
                    element.get(name) or ""
                ):
                    return f"the {name} of <{tag_of(element)}>"
        return ""

    def nearest(self, wanted: str) -> str:
        """The part of the visible text that comes nearest to *wanted*, at most 200 characters."""
        needle = normalise(wanted).casefold()
        lines = self.visible_text[:_SEARCHED].split("\n")
        if needle in self._on_one_line.casefold():
            return _around(self._on_one_line, needle)
        words = set(re.findall(r"\w+", needle))
        ranked = sorted(lines, key=lambda line: -len(words.intersection(re.findall(r"\w+", line.casefold()))))[:20]
        if not words.intersection(re.findall(r"\w+", ranked[0].casefold())):
            return _cut(self._on_one_line)
        # Ratios are quadratic in length: compare the beginnings.
        best = max(ranked, key=lambda line: difflib.SequenceMatcher(None, needle[:200], line.casefold()[:400]).ratio())
        shared = [w for w in re.findall(r"\w+", needle) if w in best.casefold()]
        return _around(best, max(shared, key=len, default=""))

    def describe(self) -> str:
        """The page in one line, for messages: “Title” at URL (status 200), and what is odd about it."""
        named = f"“{_cut(self.title, 80)}” at " if self.title else ""
        return f"{named}{urls.shown(self.url)} (status {self.status}){self._oddities()}"

    def _oddities(self) -> str:
        odd = []
        if self.truncated:
            odd.append(f"the page was cut: {self._parsed.lost}")
        if self.looks_scripted:
            odd.append("the page looks like it is built by JavaScript, which is not run")
        if not self.body:
            odd.append("the page is empty")
        elif not self.is_text:
            odd.append(f"the page is no text but {self.content_type or 'binary data'}")
        return "".join(f"; {o}" for o in odd)

    @cached_property
    def looks_scripted(self) -> bool:
        """Whether the page has scripts, next to no text and nothing to fill in (rule 38)."""
        if not self.elements("script"):
            return False
        fields = (e for e in self.elements("input", "select", "textarea") if e.get("type", "").lower() != "hidden")
        if next(fields, None) is not None:
            return False
        outermost = (e for e in self.elements("noscript") if next(e.iterancestors("head", "noscript"), None) is None)
        unscripted = sum(len(text.visible_text(e)) for e in outermost)
        return len(self.visible_text) - unscripted < _SPARSE

    @property
    def path(self) -> str:
        """The URL's path, which is all that ``I should be on`` compares (rule 59)."""
        return urlsplit(self.url).path or "/"

    @property
    def query(self) -> dict[str, list[str]]:
        """The URL's query, parsed (rule 59)."""
        return parse_qs(urlsplit(self.url).query, keep_blank_values=True)

    @cached_property
    def referrer_policy(self) -> str:
        """What the page lets Referer say of it: its last ``<meta name=referrer>``, else its header (rule 16)."""
        if "referrer" in self.source:
            metas = [m for m in self.elements("meta") if (m.get("name") or "").strip().lower() == "referrer"]
            asked = [policy for m in metas if (policy := urls.referrer_policy(m.get("content") or ""))]
            if asked:
                return asked[-1]
        return urls.referrer_policy(self.headers.get("referrer-policy", "")) or urls.REFERRER_POLICY

    @cached_property
    def refresh(self) -> refresh.Refresh | None:
        """Where the page or its Refresh header sends a browser on, all by itself (rule 15)."""
        if header := self.headers.get("refresh"):
            return refresh.parse(header)
        if "refresh" not in self.source.lower():
            return None
        metas = [m for m in self.elements("meta") if (m.get("http-equiv") or "").strip().lower() == "refresh"]
        return next((r for r in (refresh.parse(m.get("content") or "") for m in metas) if r is not None), None)

    def at(self, url: str) -> Page:
        """The same page, with all that was entered, seen at another fragment of its URL."""
        moved = copy.copy(self)
        object.__setattr__(moved, "url", url)
        return moved


def parse(source: str) -> Parsed:
    """*source* as a tree (rules 25, 26, 28, 31)."""
    source = _XML_DECLARATION.sub("", source, count=1) if _XML_DECLARATION.match(source) else source
    parser = etree.HTMLParser(huge_tree=True, remove_comments=True, remove_pis=True)
    begun = first_tags(source)
    whole = without_floods(begun)
    mended = without_nested_forms(whole, _FORM_END)
    try:
        root: Element | None = etree.fromstring(mended, parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return Parsed()  # nothing but blanks or comments; lxml raises or not, as its version has it
    # What is in a template is not in the document.
    for template in root.iter("template"):
        template.text = None
        template[:] = []
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        lost = "it is nested too deeply to be read to its end"
    elif begun is not source:
        lost = f"it has more than {MOST_TAGS} tags"
    else:
        lost = f"a tag of it has more than {MOST} attributes" if whole is not begun else ""
    return Parsed(root, lost, {} if mended is whole else owners(root))


def _first_control(label: Element) -> Element | None:
    controls = label.iter(*CONTROLS)
    return next((c for c in controls if (c.get("type") or "").lower() != "hidden"), None)


def _is_drawn(element: Element) -> bool:
    return next(element.iterancestors("svg"), None) is not None


def _short(wanted: str) -> str:
    return _cut(normalise(wanted), 80)


def _cut(line: str, limit: int = FOUND_LIMIT) -> str:
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _around(line: str, needle: str) -> str:
    """A window of *line* with *needle* (casefolded) in it."""
    start = line.casefold().find(needle)
    if start < FOUND_LIMIT // 2 or len(line) <= FOUND_LIMIT:
        return _cut(line)
    return "…" + _cut(line[start - FOUND_LIMIT // 4 :], FOUND_LIMIT - 1)
