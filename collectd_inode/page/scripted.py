"""Script behaviour that is known for certain: the links of Rails and Turbo, a form that sends itself.  Everything else
that only works with a script is reported as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from collectd_inode.page import forms
from collectd_inode.page.forms import FormEntry
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element

_METHODS = ("data-turbo-method", "data-method")
_NOWHERE = ("", "#", "#!")
_ACTS = ("onclick", "onmousedown", "data-toggle", "data-bs-toggle", "data-action", "aria-haspopup", "aria-expanded")
_BOUND = re.compile(
    r"on[a-z]|data-(?!turbo|track|ga|gtm|analytics)|@|v-on:|x-on:|x-bind:|:|ng-|\(|hx-|wire:|aria-controls"
)
"""Attributes by which a page's scripts, or a library's, find the links that they are to make work."""
_CANCELS = re.compile(r"\s*+(?:javascript:)?(?:event\s*\.\s*preventDefault\(\s*\)|return\s++false\b|[\s;])++")
_BUTTONS = frozenset({"btn", "button"})
"""Classes of links that are drawn as buttons, in most libraries of style sheets."""
_STRING = r"(?:\"(?P<{0}1>[^\"\\]*)\"|'(?P<{0}2>[^'\\]*)')"
_SUBMITS = re.compile(
    r"\s*(?:javascript:)?\s*(?:window\.)?document\s*\.\s*(?:forms\s*\[\s*(?:(?P<index>\d{1,3})|"
    + _STRING.format("named")
    + r")\s*\]|forms\s*\.\s*(?P<formname>[\w$]+)|getElementById\(\s*"
    + _STRING.format("id")
    + r"\s*\)|(?P<name>(?!forms\b|body\b|write\b)[\w$]+))\s*\.\s*submit\(\s*\)\s*;?\s*"
)
_SUBMITS_SOMEWHERE = re.compile(r"\.\s*submit\s*\(")


def method(link: Element) -> str:
    """The method that Rails' or Turbo's script gives *link*, in capitals; nothing for an ordinary link."""
    found = next((link.get(name) for name in _METHODS if link.get(name)), None)
    asked = (found or "").strip().upper()
    return "" if asked == "GET" else asked


def entries(page: Page, link: Element, *, at_home: bool) -> list[FormEntry]:
    """The fields that such a link sends: its method, and the page's token against forgery, *at_home* only
    (rails-ujs).
    """
    sent = [FormEntry("_method", method(link).lower())]
    parameter, token = (_meta(page, name) for name in ("csrf-param", "csrf-token"))
    if at_home and parameter and token:
        sent.append(FormEntry(parameter, token))
    return sent


def needs_script(page: Page, link: Element) -> bool:
    """Whether *link* does nothing without a script: it leads nowhere and yet something should happen, or it is Ajax."""
    if (link.get("data-remote") or "").strip().lower() == "true" or is_cancelled(link, "onclick"):
        return True
    href = (link.get("href") or "").strip()
    return _acts(link, nowhere=href.startswith("#")) and _leads_nowhere(page, href) and not method(link)


def is_cancelled(element: Element, event: str) -> bool:
    """Whether the page keeps the browser from what *event* would do, and does nothing in its place: a script will.

    One that does more may be the faster way to the same, and the page's own is for those without scripts.
    """
    return _CANCELS.fullmatch(element.get(event) or "") is not None


def _acts(link: Element, *, nowhere: bool) -> bool:
    """Whether something should happen by *link*; one that would reload the page is taken at its word more often."""
    if (link.get("role") or "").lower().split()[:1] == ["button"] or any(link.get(n) is not None for n in _ACTS):
        return True
    if not nowhere:
        return False
    drawn = not _BUTTONS.isdisjoint((link.get("class") or "").lower().split())
    return drawn or any(_BOUND.match(str(name).lower()) for name in link.attrib)


def _leads_nowhere(page: Page, href: str) -> bool:
    """Whether there is no place on the page that *href* could lead to, nor another page."""
    if href in _NOWHERE:
        return True
    name = href.removeprefix("#")
    if name.lower() == "top":
        return False
    return name != href and name not in page.by_id and all(a.get("name") != name for a in page.elements("a"))


def form_that_sends_itself(page: Page) -> Element | None:
    """The form that the page's script sends at once and that holds nothing for a person: it is a redirect.

    So OpenID's form_post and SAML's POST binding hand a browser on.  Only where sending it is all that the script does.
    """
    if "submit" not in page.source or len(page.elements("form")) == 0:
        return None
    scripts = page.elements("script")
    inline = ["".join(map(str, s.itertext())) for s in scripts if s.get("src") is None]
    bodies = [b.get("onload") or "" for b in page.elements("body") if (b.get("onload") or "").strip()]
    whole = bodies if bodies else inline
    if len(whole) != 1 or (bodies and inline) or len(inline) != len(scripts):
        return None
    found = _SUBMITS.fullmatch(whole[0])
    form = None if found is None else _named(page.elements("form"), found)
    if form is None or not _holds_nothing_for_a_person(page, form):
        return None
    # A control of that name is what form.submit is then, and no script can call it.
    hides_submit = any("submit" in (c.get("name"), c.get("id")) for c in forms.controls_of(page, form))
    return None if hides_submit else form


def hint(page: Page) -> str:
    """How to go on where the page sends a form by a script that does more than that; nothing where it does not.

    A page with something else to fill in, or with several forms, is one that a person uses.
    """
    if not _SUBMITS_SOMEWHERE.search(page.source) or len(page.elements("form")) != 1:
        return ""
    scripts = ["".join(map(str, s.itertext())) for s in page.elements("script")]
    if not any(map(_SUBMITS_SOMEWHERE.search, (*scripts, *(b.get("onload") or "" for b in page.elements("body"))))):
        return ""
    for form in page.elements("form"):
        if _holds_nothing_for_a_person(page, form):
            buttons = [c for c in forms.controls_of(page, form) if forms.kind_of(c) in forms.SUBMITTING]
            label = next((text for b in buttons if (text := _label(b))), "")
            return "this page sends a form by script" + (f"; press “{label}”" if label else "")
    return ""


def _label(button: Element) -> str:
    return " ".join("".join(map(str, button.itertext())).split()) or (button.get("value") or "").strip()


def _named(candidates: list[Element], found: re.Match[str]) -> Element | None:
    if found["index"] is not None:
        index = int(found["index"])
        return candidates[index] if index < len(candidates) else None
    if identity := found["id1"] or found["id2"]:
        return _first(f for f in candidates if f.get("id") == identity)
    name = found["named1"] or found["named2"] or found["formname"] or found["name"]
    return _first(f for f in candidates if name in (f.get("id"), f.get("name")))


def _first(elements: Iterable[Element]) -> Element | None:
    return next(iter(elements), None)


def _holds_nothing_for_a_person(page: Page, form: Element) -> bool:
    kinds = [forms.kind_of(control) for control in forms.controls_of(page, form)]
    return "hidden" in kinds and all(kind == "hidden" or kind in forms.BUTTON_TYPES for kind in kinds)


def _meta(page: Page, name: str) -> str:
    found = _first(m for m in page.elements("meta") if (m.get("name") or "").strip().lower() == name)
    return "" if found is None else found.get("content") or ""
