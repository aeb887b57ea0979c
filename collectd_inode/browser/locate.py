"""Finding what a sentence names: links, buttons, fields, options, forms (rules 32 to 38).

Every kind of thing has a ladder of ways in which a name may fit, best first.  The first rung on which anything fits
decides; several different things on that rung are an ambiguity, not a choice for us to make.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

from collectd_inode.browser import forms, scope
from collectd_inode.browser.forms import kind_of
from collectd_inode.browser.page import Page
from collectd_inode.browser.text import (
    CONTROLS,
    LONGEST_NAME,
    Element,
    all_text,
    normalise,
    tag_of,
    visible_text,
    words,
)
from collectd_inode.run import Failure, Misconfigured

NEAREST = 5
"""How many candidates a failure names."""

_MOST_LABELS = 10
"""Of one field; where nobody closes a label, each is inside of the one before."""

Names = Callable[[Page, Element], Iterable[str]]
"""The texts under which a page's element is known, in one respect."""
Fit = Callable[[str, str], bool]
"""Whether a normalised name fits the normalised text that was asked for."""
Rung = tuple[Names, Fit]

FILLABLE = words("text search tel url email password date month week time datetime-local number range color textarea")
_KIND_SENTENCES = {
    "checkbox": "a checkbox: I check or uncheck it",
    "radio": "a radio button: I choose it",
    "select": "a select: I select an option from it",
    "file": "a file field: I attach a file to it",
    "hidden": "a hidden field, which a person cannot reach",
    "submit": "a button: I press it",
    "image": "a button: I press it",
    "button": "a button: I press it",
    "reset": "a button: I press it",
}


def exactly(name: str, wanted: str) -> bool:
    """The same text."""
    return name == wanted


def same_letters(name: str, wanted: str) -> bool:
    """The same text but for upper and lower case."""
    return name.casefold() == wanted.casefold()


def contains(name: str, wanted: str) -> bool:
    """The text as a part, upper and lower case aside."""
    return wanted.casefold() in name.casefold()


def starts_with(name: str, wanted: str) -> bool:
    """The text at the start, leading punctuation and letter case aside."""
    return re.sub(r"^\W+", "", name.casefold()).startswith(re.sub(r"^\W+", "", wanted.casefold()))


def starts_with_words(name: str, wanted: str) -> bool:
    """The text at the start and up to the end of a word, letter case aside."""
    start, text = wanted.casefold(), name.casefold()
    if not text.startswith(start):
        return False
    return len(text) == len(start) or not (start[-1:].isalnum() and text[len(start)].isalnum())


def attribute(name: str) -> Names:
    """The names that stand in an attribute."""
    return lambda page, element: [normalise(element.get(name) or "")]


def shown_text(page: Page, element: Element) -> list[str]:
    """The text of a link or a button element, as it is seen."""
    return [normalise(visible_text(element, LONGEST_NAME))] if tag_of(element) != "input" else []


def _any_text(page: Page, element: Element) -> list[str]:
    return [normalise(all_text(element, LONGEST_NAME))]


def _area_id(page: Page, element: Element) -> list[str]:
    return [element.get("id") or ""] if tag_of(element) == "area" else []


def _image_texts(page: Page, element: Element) -> list[str]:
    return [normalise(image.get("alt") or "") for image in element.iter("img")]


def button_text(page: Page, button: Element) -> list[str]:
    """What is written on a button; an unlabelled one says what browsers write there."""
    kind = kind_of(button)
    if tag_of(button) == "button":
        return shown_text(page, button)
    value = button.get("value")
    if value is None:
        return {"submit": ["Submit"], "reset": ["Reset"]}.get(kind, [])
    return [normalise(value)] if kind != "image" else []


def label_texts(page: Page, control: Element) -> list[str]:
    """The texts of a control's labels, ``aria-labelledby`` included."""
    labels = list(page.labels.get(control, ()))[:_MOST_LABELS]
    described = (control.get("aria-labelledby") or "").split()
    labels += [page.by_id[identity] for identity in described if identity in page.by_id]
    return [forms.label_text(label, control) for label in labels]


BY_ID, BY_NAME, BY_VALUE, BY_TITLE = map(attribute, ("id", "name", "value", "title"))

LINK_LADDER: Sequence[Rung] = (
    (shown_text, exactly),
    (shown_text, same_letters),
    (shown_text, contains),
    *((names, fit) for names in (BY_TITLE, _image_texts) for fit in (same_letters, contains)),
    *((names, fit) for names in (attribute("alt"), attribute("aria-label")) for fit in (same_letters, contains)),
    (BY_ID, exactly),
    (_area_id, contains),
)

HIDDEN_LADDER: Sequence[Rung] = ((_any_text, same_letters), (_any_text, contains))
"""For messages: the link is there, but out of sight."""

BUTTON_LADDER: Sequence[Rung] = (
    (BY_ID, exactly),
    (button_text, exactly),
    (BY_NAME, exactly),
    (button_text, same_letters),
    *((names, same_letters) for names in (BY_TITLE, attribute("alt"), attribute("aria-label"))),
    (_image_texts, same_letters),
    (label_texts, same_letters),
    (button_text, starts_with),
    (attribute("alt"), starts_with),
    (button_text, contains),
    *((names, contains) for names in (BY_TITLE, attribute("alt"), _image_texts)),
    (BY_VALUE, exactly),
)

FIELD_LADDER: Sequence[Rung] = (
    (BY_ID, exactly),
    (BY_NAME, exactly),
    (label_texts, exactly),
    (label_texts, starts_with_words),
    *((names, same_letters) for names in (attribute("aria-label"), attribute("placeholder"), BY_TITLE)),
    (label_texts, contains),
    (attribute("placeholder"), contains),
)

RADIO_LADDER: Sequence[Rung] = (*FIELD_LADDER[:1], *FIELD_LADDER[2:], (BY_VALUE, exactly), FIELD_LADDER[1])
"""A radio button's name is its group's, so it comes last."""


def link(page: Page, locator: str) -> Element:
    """The link that *locator* names (rule 32).  Raises Failure(EXPECTATION)."""
    everything = [e for e in page.elements("a", "area") if e.get("href") is not None]
    shown = [e for e in everything if e in page.in_view or tag_of(e) == "area"]

    def target(element: Element) -> Hashable:
        return page.resolve(element.get("href") or "")

    found = _climb(page, locator, shown, LINK_LADDER, target)
    if found is None:
        if _climb(page, locator, everything, HIDDEN_LADDER, lambda e: None) is not None:
            raise page.failure(f"the link “{locator}” is hidden", f"a link “{locator}” that can be seen")
        names = _named(page, shown, LINK_LADDER)
        raise page.failure(f"no link “{locator}”", f"a link “{locator}”", _nearest(locator, names, "links"))
    return found


def buttons(page: Page) -> list[Element]:
    """All buttons of the page, in document order."""
    return [e for e in page.elements("input", "button") if kind_of(e) in forms.BUTTON_TYPES]


def button(page: Page, locator: str) -> Element:
    """The button that *locator* names; without one, the first that submits (rule 33).  Raises Failure(EXPECTATION)."""
    candidates = [b for b in buttons(page) if b in page.in_view] or buttons(page)
    if not locator.strip():
        submitting = [b for b in candidates if kind_of(b) in forms.SUBMITTING and not forms.is_disabled(b)]
        found = next(iter(_in_touched_forms(page, submitting) or submitting), None)
    else:
        found = _climb(page, locator, candidates, BUTTON_LADDER, lambda b: _what_it_does(page, b))
    if found is None:
        what = f"button “{locator}”" if locator.strip() else "button"
        names = _named(page, candidates, BUTTON_LADDER)
        raise page.failure(f"no {what}", f"a {what}", _nearest(locator, names, "buttons"))
    if forms.is_disabled(found):
        raise page.failure(f"the button “{locator}” is disabled", f"a button “{locator}” that can be pressed")
    return found


def _what_it_does(page: Page, button: Element) -> Hashable:
    return forms.form_of(page, button), kind_of(button), button.get("name"), button.get("value")


def field(page: Page, locator: str, kinds: frozenset[str], what: str) -> Element:
    """The enabled field of one of *kinds* that *locator* names (rules 34, 35); *what* names them in a failure."""
    candidates = [c for c in page.elements(*CONTROLS) if kind_of(c) in kinds]
    ladder = RADIO_LADDER if kinds == frozenset({"radio"}) else FIELD_LADDER
    found = _climb(page, locator, candidates, ladder, id)
    if found is None:
        raise _no_field(page, locator, what, _nearest(locator, _named(page, candidates, ladder), f"{what}s"))
    if forms.is_disabled(found):
        raise page.failure(f"the {what} “{locator}” is disabled", f"a {what} “{locator}” that can be used")
    return found


def _no_field(page: Page, locator: str, what: str, found: str) -> Failure:
    # Only the rungs on which a name is exact: "con" is part of too many labels to be called a mistaken kind.
    other = _climb(page, locator, page.elements(*CONTROLS), FIELD_LADDER[:3], lambda e: None)
    if other is not None:
        found = f"“{locator}” is {_KIND_SENTENCES.get(kind_of(other), 'a text field: I fill it in')}"
    return page.failure(f"no {what} “{locator}”", f"a {what} “{locator}”", found)


def fillable(page: Page, locator: str) -> Element:
    """The text field that *locator* names; a read-only one is a failure (rule 35)."""
    found = field(page, locator, FILLABLE, "field")
    if found.get("readonly") is not None:
        raise page.failure(f"the field “{locator}” is read-only", f"a field “{locator}” that can be filled in")
    return found


def option(page: Page, locator: str, select: Element, field_name: str) -> Element:
    """The option of *select* that *locator* names: text, part of the text, value (rule 36)."""
    options = forms.options_of(select)
    found = _climb(page, locator, options, OPTION_LADDER, forms.option_value, shortest_wins=False)
    if found is None:
        names = [normalise(forms.option_text(o)) for o in options]
        what = f"option “{locator}” in “{field_name}”"
        raise page.failure(f"no {what}", f"an {what}", _nearest(locator, names, "options"))
    if forms.option_is_disabled(found):
        raise page.failure(f"the option “{locator}” of “{field_name}” is disabled", f"an option “{locator}” to select")
    return found


def _option_texts(page: Page, option: Element) -> list[str]:
    return [normalise(forms.option_text(option)), normalise(option.get("label") or "")]


OPTION_LADDER: Sequence[Rung] = (
    (_option_texts, exactly),
    (_option_texts, same_letters),
    (BY_VALUE, exactly),
    (_option_texts, contains),
)


def form(page: Page, locator: str) -> Element:
    """The form with this id, else with this name, else at this CSS selector or XPath (rule 37).

    A selector may also lead to something inside the form.  Without a locator, the page's first form.
    """
    candidates = page.elements("form")
    if not locator.strip() and candidates:
        return candidates[0]
    ladder = ((BY_ID, exactly), (BY_NAME, exactly))
    found = _climb(page, locator, candidates, ladder, id)
    if found is None:
        found = _form_at(page, locator)
    if found is None:
        names = _named(page, candidates, ladder)
        nameless = candidates and not names
        instead = "the page's forms have neither id nor name" if nameless else _nearest(locator, names, "forms")
        raise page.failure(f"no form “{locator}”", f"a form “{locator}”", instead)
    return found


def _form_at(page: Page, selector: str) -> Element | None:
    try:
        elements = scope.select(page, selector)
    except scope.BadSelector as error:
        if scope.is_xpath(selector):
            raise Misconfigured(f"“{selector}”: {error}") from None
        return None  # the name of a form that is not there
    owners = (e if tag_of(e) == "form" else page.form_of(e) for e in elements)
    return next((f for f in owners if f is not None), None)


def _climb(
    page: Page,
    locator: str,
    candidates: list[Element],
    ladder: Sequence[Rung],
    same: Callable[[Element], Hashable],
    *,
    shortest_wins: bool = True,
) -> Element | None:
    """The candidate on the first rung that has any; *same* tells which of several come to the same thing."""
    wanted = normalise(locator)
    if not wanted:
        return None
    known: dict[Names, list[tuple[str, Element]]] = {}
    for names, fits in ladder:
        if names not in known:  # several rungs ask for the same: a link's text takes a walk through it
            known[names] = [(name, c) for c in candidates for name in names(page, c) if name]
        fitting = [(len(name), c) for name, c in known[names] if fits(name, wanted)]
        if fitting:
            shortest = min(length for length, _ in fitting)
            kept = [c for length, c in fitting if length == shortest or not shortest_wins]
            return _only(page, locator, kept, same)
    return None


def _only(page: Page, locator: str, found: list[Element], same: Callable[[Element], Hashable]) -> Element:
    for prefer in (_enabled, _shown, _in_touched_forms):
        found = prefer(page, found) or found
    if len({same(element) for element in found}) > 1:
        places = "; ".join(_told_apart(page, e) for e in found[:NEAREST])
        raise page.failure(f"“{locator}” is ambiguous: {len(found)} fit", f"one “{locator}”", places)
    return found[0]


def _enabled(page: Page, found: list[Element]) -> list[Element]:
    return [e for e in found if not forms.is_disabled(e)]


def _shown(page: Page, found: list[Element]) -> list[Element]:
    return [e for e in found if e in page.in_view]


def _in_touched_forms(page: Page, found: list[Element]) -> list[Element]:
    """Those in a form that something has been entered into: there is where the person is."""
    touched = {forms.form_of(page, e) for e in page.entered.fields()} - {None}
    return [e for e in found if tag_of(e) in CONTROLS and forms.form_of(page, e) in touched]


def _told_apart(page: Page, element: Element) -> str:
    """An element as its start tag, with what tells it from its twins."""
    kept = ("id", "name", "type", "value", "href")
    secret = kind_of(element) in ("password", "hidden")
    attributes = "".join(f' {n}="{element.get(n)}"' for n in kept if element.get(n) and not (secret and n == "value"))
    owner = forms.form_of(page, element) if tag_of(element) in CONTROLS else None
    where = (owner.get("id") or owner.get("name") or owner.get("action")) if owner is not None else None
    return f"<{tag_of(element)}{attributes}> in line {element.sourceline}" + (f", form “{where}”" if where else "")


def _named(page: Page, candidates: list[Element], ladder: Sequence[Rung]) -> list[str]:
    """Each candidate under the name a person would use for it: the first it has, labels and texts before ids."""
    ordered = sorted((names for names, _ in ladder), key=lambda names: names in (BY_ID, BY_NAME))
    return [name for c in candidates if (name := next(_names(page, c, ordered), ""))]


def _names(page: Page, element: Element, ways: Iterable[Names]) -> Iterator[str]:
    return (name for way in ways for name in way(page, element) if name)


def _nearest(locator: str, names: Iterable[str], what: str) -> str:
    """A sentence with the names that come nearest to *locator*."""
    distinct = list(dict.fromkeys(name[:80] for name in names))
    if not distinct:
        return f"the page has no {what}"
    wanted = normalise(locator).casefold()

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, wanted, name.casefold()).ratio()

    # difflib is slow: a page of a thousand links is not worth a second at three in the morning.
    ranked = sorted(distinct[:300], key=likeness, reverse=True)
    more = f" and {len(distinct) - NEAREST} more" if len(distinct) > NEAREST else ""
    return f"nearest {what}: " + ", ".join(f"“{name}”" for name in ranked[:NEAREST]) + more
