"""A page as it came, and its visible content.  Parsed at the first look."""

from __future__ import annotations

import copy
import difflib
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, urlsplit

from collectd_inode.model import Cause, Failure
from collectd_inode.page import charset, complaint, text, urls, xml
from collectd_inode.page import refresh as refreshing
from collectd_inode.page.form_owners import owners
from collectd_inode.page.headers import essence, upgrades_insecure_requests
from collectd_inode.page.remembered import Findings, remembered
from collectd_inode.page.text import CONTROLS, Element, normalise, tag_of
from collectd_inode.page.tree import Parsed, parse
from collectd_inode.page.weights import Rank
from collectd_inode.words import ELLIPSIS, plural, shortened

MOST_LABELS = 10
"""The largest number of labels of one field; unclosed labels stand inside one another."""
MOST_TWINS = 100
"""The largest number of fields with one id that a label names."""

FOUND_LIMIT = 200
_LONGEST_REMEMBERED = 200
"""Characters of a wanted text, up to which the next run knows whether the same page shows it."""
_SPARSE = 60
_SCRIPTS = re.compile(r"\bjava ?script\b", re.IGNORECASE)
_PIECES, _SAID = 200, 120
"""Visible characters: a page with fewer, with scripts and without a field, needs JavaScript to build it."""

_SEARCHED = 200_000
"""Characters searched for the nearest text: a hint must not delay all jobs by a second."""

_HTML_TYPES = ("text/html", "application/xhtml+xml")
_TEXT_TYPES = re.compile(
    r"text/|application/(?:[\w.+-]*[+/]|(?:x-)?(?:amz-|nd))?(?:json|xml|javascript|ecmascript|x-www-form-urlencoded)\b"
)
_LOOKS_LIKE_HTML = re.compile(
    rb"[\t\n\f\r ]*<(?:!--|!doctype html|html|head|body|script|style|title|table|iframe|h1|div|font|a|b|p)",
    re.IGNORECASE,
)
"""Tags by which browsers know HTML that has no type; Chromium takes longer names that begin so, too."""
_LOOKS_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(slots=True)
class Entered:
    """The values that have been typed and ticked: they take precedence over the page's own, and end with the page."""

    values: dict[Element, str] = field(default_factory=dict)
    ticked: dict[Element, bool] = field(default_factory=dict)
    chosen: dict[Element, tuple[Element, ...]] = field(default_factory=dict)
    files: dict[Element, tuple[tuple[str, str, bytes], ...]] = field(default_factory=dict)
    """File fields, and of each file: name, content type, content."""

    def fields(self) -> set[Element]:
        """All fields that have been touched."""
        return {*self.values, *self.ticked, *self.chosen, *self.files}

    def forget(self, element: Element) -> None:
        """Reset this field to the page's value."""
        for kept in (self.values, self.ticked, self.chosen, self.files):
            kept.pop(element, None)


@dataclass(frozen=True, eq=False)
class Page:
    """One answer.  ``headers`` looks names up in any case; ``body`` is without Content-Encoding."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    entered: Entered = field(default_factory=Entered, repr=False)
    usual: Set[str] = field(default=frozenset(), repr=False)
    """Fingerprints of the messages that good pages before this one had, too: a cookie banner calls itself an alert."""
    beside: Page | None = field(default=None, repr=False)
    """The answer that came last and is no page to look at, such as a download: this one stayed on the screen."""
    told_legacy: Callable[[str], None] | None = field(default=None, repr=False)
    """Where Webrat's choices are reported; None where they are not taken (``Vocabulary "legacy"``)."""
    known: Findings | None = field(default=None, repr=False)
    """The findings in the bodies of earlier pages, to which this page's are added."""
    trouble: str = field(default="", repr=False)
    """The first failure among the scripts that make the page, as an engine that runs them saw it."""

    @cached_property
    def content_type(self) -> str:
        """The media type in lower case, without parameters; empty if the server gave none that says anything."""
        return essence(self.headers.get("content-type", ""))

    @cached_property
    def is_html(self) -> bool:
        """Whether it is read as HTML; anything else has text at most (rule 27)."""
        if not self.content_type:
            return not self._has_nosniff and _LOOKS_LIKE_HTML.match(self.body) is not None
        return self.content_type in _HTML_TYPES or self._is_xhtml

    @cached_property
    def is_xml(self) -> bool:
        """Whether it is read as XML: it has elements, though none that a person could use (rule 62)."""
        if self.content_type:
            return not self.is_html and xml.IS_XML.fullmatch(self.content_type) is not None
        return not self.is_html and not self._has_nosniff and xml.LOOKS_LIKE_XML.match(self.body) is not None

    @cached_property
    def findings(self) -> dict[str, Any]:
        """The findings in its body, for `remembered`."""
        if self.known is None:
            return {}
        given = self.headers.get("content-type", "") or ("nosniff" if self._has_nosniff else "")
        return self.known.of(self.url, given, self.body)

    @property
    def _has_nosniff(self) -> bool:
        """Whether the content must not be taken for markup where it has no type (MIME Sniffing, 7)."""
        return self.headers.get("x-content-type-options", "").partition(",")[0].strip().lower() == "nosniff"

    @property
    def is_text(self) -> bool:
        """Whether it has text to look at."""
        if self.is_html or self.is_xml or _TEXT_TYPES.match(self.content_type):
            return True
        return not self.content_type and not _LOOKS_BINARY.search(self.body[:1445])

    @cached_property
    def _decoded(self) -> tuple[str, charset.Encoding]:
        if not self.is_text:
            return "", charset.UTF8
        declared = xml.encoding_in(self.body) if self.is_html or self.is_xml else ""
        html = self.is_html and not self._is_xhtml
        otherwise = charset.UTF8 if self.is_xml or self._is_xhtml else charset.WINDOWS_1252
        given = self.headers.get("content-type", "")
        return charset.decode(self.body, given, html=html, declared=declared, otherwise=otherwise)

    @property
    def source(self) -> str:
        """The body as text; empty for pictures and the like."""
        return self._decoded[0]

    @property
    def encoding(self) -> charset.Encoding:
        """The encoding the body was in."""
        return self._decoded[1]

    @cached_property
    def _is_xhtml(self) -> bool:
        """Whether it is a page that is read by XML's rules."""
        return xml.is_xhtml(self.content_type, self.body)

    @cached_property
    def _parsed(self) -> Parsed:
        if not self.is_html:
            return Parsed()
        return xml.parse_page(self.source) if self._is_xhtml else parse(self.source)

    @cached_property
    def document(self) -> xml.XmlDocument:
        """The parsed XML page; an empty document for any other page."""
        if not self.is_xml:
            return xml.XmlDocument()
        # What is no character of its encoding is a mistake in XML (XML 1.0, 4.3.3).
        broken = "\ufffd" in self.source and not charset.is_whole(self.body, self.encoding)
        return xml.XmlDocument(lost=f"it is not {self.encoding.name}") if broken else xml.parse(self.source)

    def must_have_elements(self) -> None:
        """Failure(EXPECTATION) where no element can be looked for, so that "none is there" says nothing."""
        if not self.is_html and self.document.root is None:
            why = f", but {self.document.lost}" if self.document.lost else ": it has no elements"
            kind = self.content_type or ("XML" if self.is_xml else "of no type")
            raise self.failure(f"the page is {kind}{why}", "a page with elements", self.complaint())

    def hidden_by(self, element: Element) -> str:
        """The reason why *element* is invisible; empty for a visible one, as all of an XML page is."""
        return "" if self.is_xml else text.hidden_by(element)

    def text_of(self, element: Element) -> str:
        """The visible text of *element*, one line a block."""
        return text.lines_of(xml.text_of(element)) if self.is_xml else text.visible_text(element)

    def prepare(self) -> None:
        """Parse it, and find what `failure` says of it; call it in a worker, so that the other jobs go on."""
        _ = self.roots, self.messages, self.looks_scripted, self.script_hint

    @property
    def tree(self) -> Element | None:
        """The document's root element; None if it is not HTML or has no element at all."""
        return self._parsed.root

    @property
    def truncated(self) -> bool:
        """Whether the parser gave up on a part of the page (rule 31)."""
        return bool(self._parsed.lost)

    @cached_property
    def roots(self) -> tuple[Element, ...]:
        """The elements to search: the document's root, or the parts in scope."""
        root = self.document.root if self.is_xml else self.tree
        return () if root is None else (root,)

    def elements(self, *tags: str) -> list[Element]:
        """All HTML elements of these names, in document order: what XML calls ``<a>`` is no link."""
        if not self.is_html:
            return []
        return [element for root in self.roots for element in root.iter(*tags)]

    @cached_property
    def names_elsewhere(self) -> dict[Element, str]:
        """The names of elements that others refer to; each is made once, when it is first asked for."""
        return {}

    @cached_property
    def by_id(self) -> dict[str, Element]:
        """The first element of each id."""
        return {identity: e for e in reversed(self.elements()) if (identity := e.get("id"))}

    def form_of(self, control: Element) -> Element | None:
        """The form of *control*: the one that its ``form`` attribute names, else the one around it (rules 28, 39)."""
        wanted = control.get("form")
        if wanted is not None:
            return self._forms_by_id.get(wanted)
        owner = self._owners.get(control)
        return owner if owner is not None else next(control.iterancestors("form"), None)

    @cached_property
    def _owners(self) -> Mapping[Element, Element]:
        if self.tree is None or self._is_xhtml:  # in XML a form is what stands between its tags
            return {}
        return owners(self.tree, self.source, lambda source: parse(source).root)

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
        """The title as the browser's tab shows it."""
        found = next((e for e in self.elements("title") if not _is_drawn(e)), None)
        return normalise("".join(map(str, found.itertext()))) if found is not None else ""

    @cached_property
    def labels(self) -> dict[Element, list[Element]]:
        """Each control's labels, whether they name it or stand around it.

        Where several controls have the id that a label names, it is the label of the one in its own form; where that
        does not tell, of each.
        """
        by_id: dict[str, list[Element]] = {}
        by_form: dict[tuple[str, Element | None], list[Element]] = {}
        for control in self.elements(*CONTROLS):
            if identity := control.get("id"):
                by_id.setdefault(identity, []).append(control)
                by_form.setdefault((identity, self.form_of(control)), []).append(control)
        found: dict[Element, list[Element]] = {}
        for label in self.elements("label"):
            target = label.get("for")
            if target is None:
                first = _first_control(label)
                controls = [] if first is None else [first]
            elif self.told_legacy is not None:  # Webrat looks an id up as the document does: the first counts
                controls = by_id.get(target, [])[:1]
            else:
                form = next(label.iterancestors("form"), None)
                controls = by_form.get((target, form)) or by_id.get(target, [])
            for control in controls[:MOST_TWINS]:
                labels = found.setdefault(control, [])
                if len(labels) < MOST_LABELS:
                    labels.append(label)
        return found

    @cached_property
    def base(self) -> str:
        """The address that the page's links are relative to (rule 3)."""
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
        return self._resolved(self.base, reference)

    def _resolved(self, base: str, reference: str) -> str:
        try:
            return urls.resolve(base, reference, self.encoding.for_forms)
        except urls.BadURL as error:
            raise Failure(
                Cause.EXPECTATION, f"an address on the page is invalid: {error}", found=self.describe()
            ) from error

    @cached_property
    def visible_text(self) -> str:
        """The visible text, one line a block, each line normalised (rule 58); of XML, and of other texts, the text."""
        if self.is_html:
            return "" if self.tree is None else text.visible_text(self.tree)
        if self.document.root is not None:
            return self.text_of(self.document.root)
        return text.lines_of(self.source)

    @cached_property
    def in_view(self) -> frozenset[Element]:
        """The links, controls and labels that can be seen, and what has a role."""
        tags = ("a", "label", *CONTROLS)
        seen = (element for root in self.roots for element in text.shown(root))
        return frozenset(e for e in seen if tag_of(e) in tags or e.get("role") is not None)

    @cached_property
    def _on_one_line(self) -> str:
        return normalise(self.visible_text)

    @cached_property
    def all_text(self) -> str:
        """The visible text and the hidden: for messages only."""
        return "\n".join(map(text.all_text, self.roots)) or self.visible_text

    def shows(self, wanted: str) -> bool:
        """Whether *wanted* is part of the visible text; any whitespace stands for any other."""
        line = normalise(wanted)
        if len(line) > _LONGEST_REMEMBERED:
            return self._shows(line)
        return remembered(self, f"shows {line}", lambda page: page._shows(line))

    def _shows(self, line: str) -> bool:
        if line and "visible_text" not in self.__dict__ and self.is_html and self.tree is not None:
            return text.shows_at_once(self.tree, line) or line in self._on_one_line
        return line in self._on_one_line

    def should_show(self, wanted: str) -> None:
        """Failure(EXPECTATION) unless the page shows *wanted*; says what comes nearest and why it might be missing."""
        if not self.shows(wanted):
            what = normalise(wanted)
            raise self.failure(f"text “{shortened(what, 80)}” not found", what, self._instead_of(wanted))

    def should_not_show(self, wanted: str) -> None:
        """Failure(EXPECTATION) if the page shows *wanted*."""
        if self.shows(wanted):
            what = normalise(wanted)
            raise self.failure(f"text “{shortened(what, 80)}” found", f"not “{what}”", self._near(wanted))

    def failure(self, message: str, expected: str = "", found: str = "") -> Failure:
        """A failed expectation of this page: the message ends in which page it was, and what is odd about it."""
        said = self.alerts
        found = found if said in found else "; ".join(filter(None, (said, found)))
        return Failure(Cause.EXPECTATION, f"{message}, on {self.describe()}", expected=expected, found=found)

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """The visible errors, alerts and notices of the page, the most important first."""
        return tuple(message for _, message in self.ranked_messages)

    @cached_property
    def ranked_messages(self) -> tuple[tuple[Rank, str], ...]:
        """The same, each with its weight."""
        return complaint.found_in(self) if self.status >= 400 or complaint.may_be_in(self) else ()

    @cached_property
    def alerts(self) -> str:
        """The messages that no good page before this one had, on one line of at most 200 characters."""
        return complaint.alerts(self)

    def complaint(self, near: str = "") -> str:
        """The error that the page itself shows; next to it the text *near* to the wanted one."""
        return complaint.complaint(self, near)

    def _instead_of(self, wanted: str) -> str:
        needle = normalise(wanted)
        if needle.casefold() in self._on_one_line.casefold():
            return f"in other letter case: {self._near(wanted)}"
        if needle in normalise(self.all_text):
            titled = needle in self.title and next(iter(self.elements("title")), None) is not None
            return "only in the title" if titled else "only in hidden text"
        if label := self._labelled(needle):
            return f"only as {label}"
        return "; ".join(filter(None, (self.nearest(wanted), self.elsewhere)))

    @cached_property
    def elsewhere(self) -> str:
        """Where else what is missing may be: in frames, or in what the page's scripts would make."""
        return "; ".join(filter(None, (self._framed, self._scripts_wanted)))

    @cached_property
    def _scripts_wanted(self) -> str:
        """The words in which the page itself asks for JavaScript; empty if it does not."""
        if "<noscript" not in self.source.lower():
            return ""
        said = (normalise(text.visible_text(e, _PIECES)) for e in self.elements("noscript"))
        found = next((words for words in said if _SCRIPTS.search(words)), "")
        return f"without JavaScript the page says: “{shortened(found, _SAID)}”" if found else ""

    @cached_property
    def _framed(self) -> str:
        """Frames, which are pages of their own; empty if none is visible."""
        seen = [frame for frame in self.elements("iframe", "frame") if text.is_frame_in_view(frame)]
        if not seen:
            return ""
        said = "a frame of the page is" if len(seen) == 1 else f"{len(seen)} frames of the page are"
        try:
            source = (seen[0].get("src") or "").strip()
            where = f": open {urls.shown(self.resolve(source))} for that" if source else ""
        except Failure:
            where = ""
        return f"{said} not looked into{where}"

    def _labelled(self, needle: str) -> str:
        """The place where *needle* is visible, although it is not text."""
        for element in self.elements("input", "img", "textarea"):
            for name in ("value", "placeholder", "alt"):
                if element.get("type", "").lower() not in ("hidden", "password") and needle in normalise(
                    element.get(name) or ""
                ):
                    return f"the {name} of <{tag_of(element)}>"
        return ""

    def nearest(self, wanted: str) -> str:
        """The error that the page shows, and the part of its text that is nearest to *wanted*."""
        near = self._near(wanted) if normalise(wanted) else ""
        labelled = f"nearest text: “{near}”" if near else ""
        said = self.complaint(labelled)
        return near if near and said == labelled else said

    def _near(self, wanted: str) -> str:
        """The part of the visible text that comes nearest to *wanted*, at most 200 characters; empty if nothing is."""
        needle = normalise(wanted).casefold()
        lines = self.visible_text[:_SEARCHED].split("\n")
        if needle in self._on_one_line.casefold():
            return _around(self._on_one_line, needle)
        words = set(re.findall(r"\w+", needle))
        ranked = sorted(lines, key=lambda line: -len(words.intersection(re.findall(r"\w+", line.casefold()))))[:20]
        if not words.intersection(re.findall(r"\w+", ranked[0].casefold())):
            return ""
        # Ratios are quadratic in length: compare the beginnings.
        best = max(ranked, key=lambda line: difflib.SequenceMatcher(None, needle[:200], line.casefold()[:400]).ratio())
        shared = [w for w in re.findall(r"\w+", needle) if w in best.casefold()]
        return _around(best, max(shared, key=len, default=""))

    def describe(self) -> str:
        """The page in one line, for messages: “Title” at URL (status 200), and what is odd about it."""
        named = f"“{shortened(self.title, 80)}” at " if self.title else ""
        return f"{named}{urls.shown(self.url)} (status {self.status}){self._oddities()}"

    def _oddities(self) -> str:
        odd = [self.trouble] if self.trouble else []
        if self.truncated:
            odd.append(f"the page was cut: {self._parsed.lost}")
        if self.looks_scripted:
            odd.append("the page looks like it is built by JavaScript, which is not run")
        if hint := self.script_hint:
            odd.append(hint)
        if not self.body:
            odd.append("the page is empty")
        elif not self.is_text:
            odd.append(f"the page is not text but {self.content_type or 'binary data'}")
        if (answer := self.beside) is not None:
            size = f", {plural(len(answer.body), 'octet')}" if answer.body else ""
            what = (answer.content_type or "of no type") + size
            odd.append(f"the last answer is not shown: {urls.shown(answer.url)} (status {answer.status}, {what})")
        return "".join(f"; {o}" for o in odd)

    @cached_property
    def script_hint(self) -> str:
        """How to go on where a script of the page sends its form; empty where none does."""
        from collectd_inode.page import scripted  # noqa: PLC0415  # it is about pages itself

        return scripted.hint(self)

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
        """The page's policy for Referer: its last ``<meta name=referrer>``, else its header (rule 16)."""
        if "referrer" in self.source:
            metas = [m for m in self.elements("meta") if (m.get("name") or "").strip().lower() == "referrer"]
            asked = [policy for m in metas if (policy := urls.referrer_policy(m.get("content") or ""))]
            if asked:
                return asked[-1]
        return urls.referrer_policy(self.headers.get("referrer-policy", "")) or urls.REFERRER_POLICY

    @cached_property
    def upgrades_insecure_requests(self) -> bool:
        """Whether its links and forms go to https where they say http (rule 64)."""
        if upgrades_insecure_requests(self.headers.get("content-security-policy", "")):
            return True
        if "upgrade-insecure-requests" not in self.source.lower():
            return False
        return any(
            upgrades_insecure_requests(m.get("content") or "")
            for m in self.elements("meta")
            if (m.get("http-equiv") or "").lower() == "content-security-policy"
        )

    @cached_property
    def refresh(self) -> refreshing.Refresh | None:
        """The refresh of the page or its Refresh header (rule 15)."""
        if header := self.headers.get("refresh"):
            return refreshing.parse(header)
        if not remembered(self, "refresh", lambda page: "refresh" in page.source.lower()):
            return None
        based = False
        for element in self.elements("base", "meta"):
            if tag_of(element) == "base":
                based = based or element.get("href") is not None
            elif (element.get("http-equiv") or "").lower() == "refresh":
                found = refreshing.parse(element.get("content") or "")
                if found is not None:
                    return replace(found, based=based)
        return None

    def refreshed_to(self, asked: refreshing.Refresh) -> str:
        """The absolute URL that a refresh of this page leads to.  Raises Failure(EXPECTATION)."""
        here = urls.without_fragment(self.url)
        # A browser reads it at once: a <base> that follows does not count (rule 15).
        return self._resolved(self.base if asked.based else here, asked.target) if asked.target else here

    def with_beside(self, answer: Page | None) -> Page:
        """The same page, with all that was entered, after an answer that leaves it on the screen."""
        same = copy.copy(self)
        object.__setattr__(same, "beside", answer)
        return same

    def at(self, url: str) -> Page:
        """The same page, with all that was entered, seen at another fragment of its URL."""
        moved = copy.copy(self)
        object.__setattr__(moved, "url", url)
        return moved


def _first_control(label: Element) -> Element | None:
    controls = label.iter(*CONTROLS)
    return next((c for c in controls if (c.get("type") or "").lower() != "hidden"), None)


def _is_drawn(element: Element) -> bool:
    return next(element.iterancestors("svg"), None) is not None


def _around(line: str, needle: str) -> str:
    """A window of *line* with *needle* (casefolded) in it."""
    start = line.casefold().find(needle)
    if start < FOUND_LIMIT // 2 or len(line) <= FOUND_LIMIT:
        return shortened(line, FOUND_LIMIT)
    return ELLIPSIS + shortened(line[start - FOUND_LIMIT // 4 :], FOUND_LIMIT - 1)
