"""The error that a page itself shows: its error messages, else its main heading, else the start of its text.

For messages only: no expectation is judged by it.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from collectd_inode.page import api_errors, text
from collectd_inode.page.remembered import remembered
from collectd_inode.page.text import CONTROLS, Element, normalise, tag_of
from collectd_inode.page.weights import MAY_BE, Hidden, Rank, names_of, own_worth, words_of, worth
from collectd_inode.words import cut_at_word

if TYPE_CHECKING:
    from collectd_inode.page.page import Page

LIMIT = 200
"""Characters of a complaint."""
_LONGEST = 400
"""Characters: a longer text is a coloured part of the page, not a message."""
_MOST = 5
"""The largest number of messages in a complaint."""
_PIECES = 2000
_CANDIDATES = 200
"""The largest number of elements whose text is read: messages of a rank, headings; each reading goes up to the root."""
_LOOKED_AT = 50_000
"""The largest number of elements or pieces of text: a hint must not delay all jobs by a second."""

_SPOKEN_WORDS = (
    *("Fatal error", "Parse error", "Uncaught ", "Traceback (most recent", "SQLSTATE[", "ORA-", "FATAL: ", "panic: "),
    *("Exception: ", "Error: ", "ERROR: ", "on line <b>", "ECONN", "ENOTFOUND", "onnection refused", " failed: ", "::"),
)
_SPOKEN = re.compile(
    r"(?:PHP )?(?:Fatal|Catchable fatal|Parse) error: |Uncaught \w|Traceback \(most recent call last\)|SQLSTATE\["
    r"|ORA-\d{5}: |FATAL: |(?:PHP )?(?:Warning|Notice|Deprecated): .{1,300} on line \d|panic: |(?:Error|ERROR): \w"
    r"|(?:[A-Z][\w ]{1,20}: )?(?:\w+(?:[.\\]|::))*[A-Z]\w*(?:Exception|Error): |(?:[A-Z]\w*::)+[A-Z]\w*: "
    r"|[A-Z][\w ]{1,40} failed: \w"
)
"""The start of a line with a language's or a database's own error, which has no element of its own."""
_MENTIONED = re.compile(r"\b(?:ECONN[A-Z]+|ENOTFOUND|[Cc]onnection refused)\b")
"""Words of error pages only; such a page is read from its beginning."""
_FURNITURE_TAGS = text.words("nav aside menu noscript")
_ENDS = text.words("header footer")
_SECTIONS = ("main", "article", "section", "dialog")
_FURNITURE_ROLES = text.words("navigation banner contentinfo complementary search menu menubar toolbar tablist")
_FURNITURE_WORDS = text.words(
    "nav navbar navigation navigations menu topmenu mainmenu submenu sidebar breadcrumb breadcrumbs footer masthead"
    " topbar skip skiplink skiplinks toolbar"
)
_FURNITURE_NAMES = text.words("header site-header page-footer")
_MOST_SKIPS = 20
"""Links within a page, of which those that skip the navigation are the first."""
_SKIPS = re.compile(
    r"(?:skip|jump|go) to\b|zum (?:haupt)?inhalt|direkt zu|aller au"
    r"|(?:ir|saltar) al?\b|pular para|naar de inhoud|ga naar|hoppa till|gå til"
    r"|przejdź do",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(
    r"This application has no explicit mapping for /error, so you are seeing this as a fallback\."  # Spring
    r"|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d+ [\d:]+ \w+ \d{4}"
)
"""A line of an error page that is on each one of its kind."""
_VAGUE_WORDS = 2
"""Words: a shorter heading says too little alone: “Error”, “Oops”."""


def complaint(page: Page, near: str = "") -> str:
    """The error that *page* itself shows, in at most 200 characters, and next to it the text *near* to the wanted one.

    Its error messages come first; else its main heading; else, and where that says little, the start of its text.  A
    message that the good pages before it had, too, comes last.
    """
    fresh, usual = _told_apart(page)
    first = _joined(fresh) or heading(page)
    if not fresh and (not near or not first or page.status >= 400):
        first = _start(page, first)
    parts = [cut_at_word(first, LIMIT), near, cut_at_word(_joined(usual), LIMIT)]
    return "; ".join(part for part in _without_repetition(parts) if part)


def alerts(page: Page) -> str:
    """The error messages that *page* shows and the good pages before it did not; empty if there is none."""
    return cut_at_word(_joined(_told_apart(page)[0]), LIMIT)


def fingerprint(message: str) -> str:
    """A message's fingerprint, whatever numbers are in it."""
    return hashlib.sha256(re.sub(r"\d+", "0", message).casefold().encode()).hexdigest()[:12]


def _told_apart(page: Page) -> tuple[list[str], list[str]]:
    """The page's messages that are new, and those that are about something else or that good pages had, too."""
    fresh: list[str] = []
    usual: list[str] = []
    for rank, message in page.ranked_messages:
        known = rank is Rank.ASIDE or fingerprint(message) in page.usual
        (usual if known else fresh).append(message)
    return fresh, usual


def may_be_in(page: Page) -> bool:
    """Whether *page* may hold a message at all: most good pages name none, and need not be walked through."""
    # Many times as fast as a regular expression in any case of letters, and done for each page.
    source = page.source.lower()
    return (_is_named_in(source) if page.is_html else api_errors.may_be_in(source)) or _speaks(page)


def _is_named_in(source: str) -> bool:
    return any(part in source and any(word in source for word in words) for part, words in MAY_BE.items())


def _speaks(page: Page) -> bool:
    return remembered(page, "speaks", lambda page: any(word in page.source for word in _SPOKEN_WORDS))


def found_in(page: Page) -> tuple[tuple[Rank, str], ...]:
    """The messages of *page* and their weights, the weightiest first, each once."""
    if page.tree is None:
        return tuple((Rank.NAMED, cut_at_word(said, _LONGEST)) for said in _of_an_answer(page))
    ranked = [*_outermost(page), *islice(_invalid_fields(page), _CANDIDATES)]
    ranked.sort(key=lambda entry: entry[0])
    said: dict[str, Rank] = {}
    for rank, element in ranked:
        if message := _message(element):
            said.setdefault(message, rank)
    if _speaks(page):
        for line in islice(_spoken(page.visible_text, anywhere=page.status < 400), _MOST):
            said.setdefault(line, Rank.NAMED)
    known = [(rank, message) for message, rank in said.items() if not _is_within_another(message, said)]
    return tuple(sorted(known, key=lambda entry: entry[0]))


def _of_an_answer(page: Page) -> Iterator[str]:
    """The errors of an answer that is not HTML; of plain text the lines that begin as programs' own errors do."""
    if page.document.root is not None or not _speaks(page):
        return api_errors.found_in(page)
    reported = list(api_errors.found_in(page))
    spoken = dict.fromkeys(_spoken(page.visible_text, anywhere=False))
    return iter(reported or islice(spoken, _MOST))


_OF_PROGRAMS = re.compile(
    r"(?:PHP )?(?:Fatal|Catchable fatal|Parse) error: |Uncaught \w+|Traceback \(most recent call last\)|SQLSTATE\["
    r"|ORA-\d{5}: |(?:PHP )?(?:Warning|Notice|Deprecated): .{1,300} on line \d|panic: "
    r"|(?:\w+[.\\])+[A-Z]\w*(?:Exception|Error): "
)
"""The start of a line that only a program writes, and no author of a page."""


def errors_of_programs(page: Page) -> tuple[str, ...]:
    """The errors of programs that *page* shows beside, or in place of, what it is for; of a traceback its end."""
    if not _speaks(page):
        return ()
    lines = islice(_spoken(page.visible_text, _OF_PROGRAMS, anywhere=False), _MOST)
    return tuple(dict.fromkeys(cut_at_word(line, LIMIT) for line in lines))


def _is_within_another(message: str, others: Iterable[str]) -> bool:
    bare = message.replace(" ", "")
    return any(message != other and bare in other.replace(" ", "") for other in others)


def _spoken(visible: str, start: re.Pattern[str] = _SPOKEN, *, anywhere: bool) -> Iterator[str]:
    """The visible lines that begin as programs' own errors do; of a traceback the line that ends it."""
    lines = [normalise(line) for line in visible.split("\n")]
    for index, line in enumerate(lines):
        if line.startswith("Traceback ("):
            rest = (later for later in lines[index + 1 :] if re.match(r"[\w.]+(?:Error|Exception)\b", later))
            line = next(rest, line)  # noqa: PLW2901
        ends_traceback = line is not lines[index]
        if ends_traceback or start.match(line) or (anywhere and _MENTIONED.search(line)):
            yield cut_at_word(line, _LONGEST)


def _outermost(page: Page) -> Iterator[tuple[Rank, Element]]:
    """The elements that are messages as a whole; of one that is too long, and of a form, the messages inside."""
    taken: set[Element] = set()
    shown = (element for root in page.roots for element in text.shown(root))
    candidates: list[tuple[Rank, Element]] = []
    left = Counter(dict.fromkeys(Rank, _CANDIDATES))
    hidden: Hidden = {}
    for element in shown:
        own = own_worth(element)
        if own is not None and left[own] and (rank := worth(element, hidden)) is not None:
            left[own] -= 1
            candidates.append((rank, element))
    outer = {ancestor for _, e in candidates for ancestor in e.iterancestors()}
    for rank, element in candidates:
        if any(ancestor in taken for ancestor in element.iterancestors()):
            continue
        if element in outer and (tag_of(element) in _HOLDERS or _is_long(element)):
            continue
        if tag_of(element) in ("body", "noscript") or next(element.iterancestors("noscript"), None) is not None:
            continue  # noscript is of scripts, which are never run: a person with a browser does not see it
        taken.add(element)
        yield rank, element


_HOLDERS = text.words("form fieldset main section table")


def _is_long(element: Element) -> bool:
    return len(text.readable_text(element, _PIECES)) > _LONGEST


def _invalid_fields(page: Page) -> Iterator[tuple[Rank, Element]]:
    """The elements that describe invalid fields (ARIA 1.2, aria-errormessage, aria-describedby).

    Where one of several descriptions is named an error, the others are hints, which stand there at all times.
    """
    for field in _invalid(page):
        names = (field.get("aria-errormessage") or field.get("aria-describedby") or "").split()
        described = [e for name in names if (e := page.by_id.get(name)) is not None and not text.hidden_by(e)]
        errors = [element for element in described if worth(element, {}) is not None]
        yield from ((Rank.LOUD, element) for element in errors or described)


def _invalid(page: Page) -> Iterator[Element]:
    """The fields that say that they are invalid, those that scripts make of other elements among them."""
    elements = page.elements() if "aria-invalid" in page.source.lower() else ()
    return (e for e in elements if (e.get("aria-invalid") or "false").strip().lower() not in ("", "false"))


def _message(element: Element) -> str:
    """The text of a message on one line; empty if it says nothing."""
    left_out = {e for e in element.iter("button", "select", "textarea") if e is not element}
    left_out |= {e for e in element.iter("a") if not _CLOSES.isdisjoint(words_of(names_of(e)))}
    labels: list[Element] = []
    if next(element.iter(*CONTROLS), None) is not None:
        # Around a wrong field: its label names the field, and alone is not a message.
        labels = [e for e in element.iter("label") if e is not element]
    lines = text.readable_text(element, _PIECES, without=left_out.union(labels)).split("\n")
    if lines != [""]:
        lines = [*(normalise(text.readable_text(label, _PIECES)) for label in labels), *lines]
    said = [line for line in dict.fromkeys(lines) if sum(map(str.isalpha, line)) > 1]
    said = [line for line in said if not _TITLE.fullmatch(line)] or said
    whole = cut_at_word(_sentences(said), _LONGEST) if said else ""
    return "" if _NOTHING.fullmatch(whole) else whole


_CLOSES = text.words("close dismiss closer")
_TITLE = re.compile(
    r"(?:(?:error|warning|status|alert|danger|fehler|warnung|erreur|avertissement|errore|fout)(?: messages?| alert)?"
    r"|message d[’']erreur|fehlermeldung(?:en)?|mensaje de error|messaggio di errore|foutmelding)[!:.]?",
    re.IGNORECASE,
)
"""A line of a message that only says that it is one, mostly to those who do not see its colour."""
_NOTHING = re.compile(
    r"(?:0|no|keine) (?:\w+ )?(?:errors?|warnings?|alerts?|messages?|problems?|fehler)\.?", re.IGNORECASE
)


def _sentences(lines: list[str]) -> str:
    """*lines* on one line, with something between them where no stop is."""
    return " ".join(line if line[-1] in ".:;,!?…" else f"{line};" for line in lines).removesuffix(";")


def _joined(messages: list[str]) -> str:
    return _sentences(messages[:_MOST])


def heading(page: Page) -> str:
    """The main heading: the first visible one of the highest level, in the page's main part if there is one."""
    furniture = _furniture(page)
    headings = list(islice((e for root in page.roots for e in text.shown(root) if _level(e)), _CANDIDATES))
    headings.sort(key=lambda e: (e in furniture, _level(e)))
    return next((said for e in headings if (said := normalise(text.readable_text(e, _PIECES)))), "")


def _level(element: Element) -> int:
    tag = tag_of(element)
    if tag in ("h1", "h2"):
        return int(tag[1])
    return 1 if element.get("role") == "heading" and element.get("aria-level") == "1" else 0


def _start(page: Page, heading: str) -> str:
    """The start of the page's text without what stands on each page; from its main heading on if it has one."""
    if page.tree is None:
        return normalise(page.visible_text[: 4 * LIMIT])
    if heading and page.status < 400 and len(heading.split()) > _VAGUE_WORDS:
        return heading
    furniture = frozenset(_furniture(page))
    parts = (text.readable_text(root, _LOOKED_AT, without=furniture) for root in page.roots)
    lines = "\n".join(part for part in parts if part).split("\n")
    if heading in lines:
        lines = lines[lines.index(heading) :]
    lines = [line for line in lines if not _SAYS_NOTHING.fullmatch(line)]
    return normalise(" ".join(lines[:50])) or heading or normalise(page.visible_text[: 4 * LIMIT])


def _furniture(page: Page) -> set[Element]:
    """The parts that are on each page of a site, and all in them: navigation, header, footer, menus, skip links."""
    found: set[Element] = set()
    sections: set[Element] = set()
    skips = 0
    for element in (e for root in page.roots for e in islice(root.iterdescendants(), _LOOKED_AT)):
        tag, around = tag_of(element), element.getparent()
        if tag in _SECTIONS or around in sections:
            sections.add(element)
        may_skip = tag == "a" and skips < _MOST_SKIPS and (element.get("href") or "").startswith("#")
        skips += may_skip
        if (
            around in found
            or _is_furniture(element, tag, in_section=around in sections)
            or (may_skip and _SKIPS.match(normalise(text.readable_text(element, _PIECES))) is not None)
        ):
            found.add(element)
    return found


def _is_furniture(element: Element, tag: str, *, in_section: bool) -> bool:
    if not tag or tag in ("html", "body", "main"):
        return False
    if tag in _FURNITURE_TAGS or (element.get("role") or "").strip().lower() in _FURNITURE_ROLES:
        return True
    if tag in _ENDS:
        return not in_section
    names = names_of(element)
    return not _FURNITURE_NAMES.isdisjoint(names.split()) or not _FURNITURE_WORDS.isdisjoint(words_of(names))


def _without_repetition(parts: list[str]) -> Iterator[str]:
    """*parts* without those that another one holds."""
    first, near, last = parts
    repeated = bool(near) and first.casefold() in near.casefold()
    yield "" if repeated else first
    yield "" if near and not repeated and near.casefold() in first.casefold() else near
    yield last
