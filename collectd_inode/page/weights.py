"""The weight of an element as a message, by the roles, ids and classes of applications and CSS frameworks.

For messages only: no expectation is judged by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from itertools import islice

from collectd_inode.page.text import Element, normalise, tag_of, visible_text, words

_GRAVE_KINDS = (
    "error|danger|invalid|failure|fatal|fehler|erreur|errore|erro|fout|chyba|fejl|feil|felmeddelande|virhe|hiba|bledu"
)
_KINDS = f"{_GRAVE_KINDS}|alert|flash|warning|warn|notice|warnung|hinweis|aviso"
_ENDINGS = (
    "s|es|area|banner|bar|block|body|box|code|container|content|description|detail|details|explanation|field|heading|info|item"
    "|label|list|message|messages|msg|note|page|panel|summary|text|title|wrap|wrapper|meldung|meldungen|melding"
)
_COMPLAINS = re.compile(rf"(?:{_KINDS})(?:{_ENDINGS})?|(?:form|field|page|login|user)(?:error|alert|fehler)s?")
"""A word of an id or a class: whole, or in a form that is written together (Django's ``errorlist``)."""
_BAD = words("bad negative fail failed problem critical exception")
_CARRIERS = words("alert banner callout message messages msg notification notify snackbar toast value")
"""With a word of `_BAD` they name a message, too: Semantic UI's ``negative message``, Django's ``exception_value``."""
_MAY_NAME = re.compile(rf"{_KINDS}|bad|negative|fail|problem|critical|exception", re.IGNORECASE)
_GRAVE = re.compile(rf"(?:{_GRAVE_KINDS})(?:{_ENDINGS})?")
_CAUTIONS = re.compile(rf"(?:warning|warn|warnung)(?:{_ENDINGS})?|(?:form|field|page|login|user)alerts?")
_MILD = re.compile(r"success|info|ok|primary|secondary|light|dark|notices?|flash|flashes|hinweis|hinweise|aviso|avisos")
_NO_MESSAGE = words(
    "badge btn button buttons icon ico link close dismiss toggle menu dropdown nav navbar sidebar count"
    " counter no without free total totals"
)
"""An id or class with one of these words names something that is pressed or counted, or the lack of an error."""
_NOTICES = words("ad ads advert announcement campaign marketing newsletter promo promotion promotional sale teaser")
_CONSENT = words("ccpa consent cookie cookiebot cookies gdpr onetrust usercentrics")
"""A message with such a name is about something else, whatever its role: it comes last."""
_COOKIE = r"(?<![a-z])(?:cookies?|クッキー|куки)(?![a-z])"
_COOKIES = re.compile(
    r"(?:\b(?:use[sd]?|using|usa|usamos|verwende[nt]|nutz(?:t|en)|setz(?:t|en)|utilis\w+|utiliz\w+|gebrui\w+|anv[äa]nd\w+"
    rf"|brug\w+|używ\w+|использу\w+)\b|使用|利用).{{0,60}}{_COOKIE}|{_COOKIE}.{{0,60}}(?:verwende[nt]|einsetzen|使用|利用)"
    rf"|\baccept (?:all )?{_COOKIE}|\b(?:your privacy|privatsphäre|vie privée|su privacidad)\b",
    re.IGNORECASE | re.DOTALL,
)
"""That a site uses cookies, or what becomes of its visitors' privacy."""
_OFFERS = re.compile(
    r"\bnews-?letters?\b|\bmailing list\b|\bsubscribe\b|\bboletín\b|メールマガジン|メルマガ|\d ?% (?:off|rabatt)\b",
    re.IGNORECASE,
)
_RED_CLASS = re.compile(r"(?<!:)\b(?:text|bg|border)-(?:red|rose)-\d+|\bred-text\b|\btext-red\b")
"""Tailwind's and Materialize's; not those of ``hover:``."""
_RED_STYLE = re.compile(
    r"(?:^|[;\s])color\s*:\s*(?:red|crimson|darkred|firebrick|#(?:f00|c00|ff0000|cc0000)|rgb\(255, ?0, ?0\))"
    r"\s*(?:;|!|$)",
    re.IGNORECASE,
)
_RED_FONTS = words("red #f00 #ff0000 ff0000 #c00 #cc0000")

_LOUD = words("alert alertdialog")
_NO_PLACE = words("a area button col colgroup head html input link meta option select svg textarea thead tr tbody")
"""Elements that a style colours, and that say nothing by that."""
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")

_TOGETHER = {
    "err": ("erro", "erreur"),
    "fail": ("failure", "failed"),
    "dialog": ("<dialog", 'role="dialog'),
    "status": ('role="status', "role='status", "role=status"),
    "red": ("-red-", "red-text", "text-red", "color:red", "color: red", 'color="red', "color=red", "darkred"),
    "#": ("#f00", "#c00", "#ff0000", "#cc0000"),
}
_ALONE = (
    *("alert", "flash", "warn", "danger", "invalid", "notice", "fatal", "fehler", "hinweis", "fout", "aviso", "chyba"),
    *("fejl", "feil", "felmeddel", "virhe", "hiba", "bledu"),
    *("negative", "exception", "msg-bad", "problem", "critical", "aria-live", "crimson", "firebrick", "rgb(255"),
)
MAY_BE = {**_TOGETHER, **{word: (word,) for word in _ALONE}}
"""Of a page's source in lower case: without one of these no element of it is a message; by a part that they share."""

_KEPT_HIDDEN = words(
    "d-none display-none hide hide-if-js hidden is-hidden js-hidden ng-hide slds-hide uk-hidden u-hidden"
)
"""Classes by which the usual style sheets hide what a script may show later: style sheets are not read."""
_OWN_KEPT_HIDDEN = words("cf-cookie-error invisible template")
_SHOWN_BY = words("collapse fade modal")
"""Bootstrap's and Bulma's, which hide an element that has none of these:"""
_SHOWS = words("show showing in active is-active is-visible swal2-show visible")
_UNHIDES = re.compile(r"(?:sm|md|lg|xl):(?:block|contents|flex|grid|inline|inline-block|inline-flex|table)")


_BESIDE = 12
"""The largest number of elements that are looked at in, before or behind another one."""


class Rank(IntEnum):
    """The weight of a message: the least comes first."""

    LOUD = 0
    NAMED = 1
    CAUTION = 2
    MILD = 3
    ASIDE = 4


Hidden = dict[Element, bool]
"""Whether a class hides an element, or one around it: found once for all that stand in the same one."""


def worth(element: Element, hidden: Hidden) -> Rank | None:
    """The weight of *element* as a message; None if it is not a message.  It adds to *hidden* what it learns."""
    rank = own_worth(element)
    # What is hidden from those who listen, and says that something is wrong, is not seen either.
    if rank is None or _is_kept_hidden(element, hidden) or _said(element, "aria-hidden") == "true":
        return None
    return Rank.ASIDE if _is_aside(element, rank) else rank


def own_worth(element: Element) -> Rank | None:
    """The weight of *element*, wherever it stands and whatever it says; None if it is not a message."""
    tag = tag_of(element)
    if tag in _NO_PLACE or not (element.attrib or "-" in tag):
        return None
    names = names_of(element)
    found = words_of(names) if _MAY_NAME.search(names) else frozenset()
    if not _NO_MESSAGE.isdisjoint(found):
        return Rank.MILD if _is_dialog(element, tag) else None
    named, live = _by_name(found), _said(element, "aria-live")
    if _said(element, "role") in _LOUD or live == "assertive":
        # Bootstrap's alert-success has the role of an alert, too.
        return named if named in (Rank.CAUTION, Rank.MILD) else Rank.LOUD
    if named is not None:
        return named
    if _is_red(element, tag):
        return Rank.CAUTION
    return Rank.MILD if _said(element, "role") == "status" or live == "polite" or _is_dialog(element, tag) else None


def _said(element: Element, attribute: str) -> str:
    return (element.get(attribute) or "").strip().lower()


def names_of(element: Element) -> str:
    """The id, the classes and, of a custom element (``<mat-error>``), the tag of *element*."""
    tag = tag_of(element)
    own = tag if "-" in tag else ""
    return f"{element.get('id') or ''} {element.get('class') or ''} {own}".strip()


def words_of(names: str) -> frozenset[str]:
    """The words of ids and classes, in lower case: ``loginErrorMsg`` has three."""
    return frozenset(word.lower() for word in _WORD.findall(names))


def _by_name(found: frozenset[str]) -> Rank | None:
    if not found:
        return None
    if not any(map(_COMPLAINS.fullmatch, found)):
        return None if _BAD.isdisjoint(found) or _CARRIERS.isdisjoint(found) else Rank.NAMED
    if any(map(_GRAVE.fullmatch, found)) or not _BAD.isdisjoint(found):
        return Rank.NAMED
    if any(map(_CAUTIONS.fullmatch, found)):
        return Rank.CAUTION
    return Rank.MILD if any(map(_MILD.fullmatch, found)) else Rank.NAMED


def _is_red(element: Element, tag: str) -> bool:
    if _RED_CLASS.search(element.get("class") or "") or _RED_STYLE.search(element.get("style") or ""):
        return True
    return tag == "font" and _said(element, "color") in _RED_FONTS


def _is_dialog(element: Element, tag: str) -> bool:
    """Whether it is a dialog that is open: a closed ``<dialog>`` is not looked at."""
    return tag == "dialog" or (_said(element, "role") == "dialog" and not _SHOWS.isdisjoint(_classes(element)))


def _classes(element: Element) -> list[str]:
    return (element.get("class") or "").split()


def _around(element: Element) -> Iterator[Element]:
    """*element* and those that it stands in, the body and the document not among them."""
    yield from (e for e in (element, *element.iterancestors()) if tag_of(e) not in ("body", "html"))


def _is_kept_hidden(element: Element, hidden: Hidden) -> bool:
    """Whether a class hides *element*, or one around it, as long as no script shows it."""
    return (
        not _OWN_KEPT_HIDDEN.isdisjoint(_classes(element))
        or _is_hidden_with(element, hidden)
        or _is_of_a_valid_field(element)
        or _is_of_a_valid_form(element)
    )


def _is_hidden_with(element: Element, hidden: Hidden) -> bool:
    unknown: list[Element] = []
    found = False
    for one in _around(element):
        if one in hidden:
            found = hidden[one]
            break
        unknown.append(one)
    for one in reversed(unknown):
        hidden[one] = found = found or _hides(one)
    return found


def _hides(element: Element) -> bool:
    classes = _classes(element)
    if not _KEPT_HIDDEN.isdisjoint(classes):
        return not any(map(_UNHIDES.fullmatch, classes))
    if not _SHOWS.isdisjoint(classes) or (tag_of(element) == "dialog" and element.get("open") is not None):
        return False
    # Others call a toast so, too, and show it.
    inside = islice(element.iterdescendants(), _BESIDE)
    is_toast = "toast" in classes and any("toast-body" in _classes(e) for e in inside)
    return is_toast or not _SHOWN_BY.isdisjoint(classes)


def _is_of_a_valid_field(element: Element) -> bool:
    """Bootstrap's feedback is on each page, and its style sheet shows it beside a field that is invalid."""
    if "invalid-" not in (element.get("class") or ""):
        return False
    beside = (e for before in (True, False) for e in islice(element.itersiblings(preceding=before), _BESIDE))
    validated = any("was-validated" in (form.get("class") or "") for form in element.iterancestors("form"))
    return not validated and not any("is-invalid" in _classes(e) for e in beside)


def _is_of_a_valid_form(element: Element) -> bool:
    """So are Foundation's messages of fields, and Semantic UI's of forms."""
    form = next(element.iterancestors("form"), None)
    classes = _classes(element)
    if form is None:
        return False
    if "form-error" in classes and form.get("data-abide") is not None:
        return "is-visible" not in classes
    is_semantic = {"ui", "message"}.issubset(classes) and "ui" in _classes(form)
    kinds = {"error", "warning", "success"}.intersection(classes)
    return is_semantic and bool(kinds) and kinds.isdisjoint(_classes(form)) and "visible" not in classes


def _is_aside(element: Element, rank: Rank) -> bool:
    """Whether a message is about cookies or something to buy; one that is named an error is not.

    A status or a dialog that speaks of a newsletter is; an alert may say that subscribing to it has failed.
    """
    own = words_of(names_of(element))
    if any(map(_GRAVE.fullmatch, own)):
        return False
    if not _NOTICES.isdisjoint(own) or any(not _CONSENT.isdisjoint(words_of(names_of(e))) for e in _around(element)):
        return True
    said = normalise(visible_text(element, _PIECES))
    return _COOKIES.search(said) is not None or (rank is Rank.MILD and _OFFERS.search(said) is not None)


_PIECES = 200
