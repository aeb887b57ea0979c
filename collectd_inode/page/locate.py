"""Finding the links, buttons, fields, options and forms that sentences name (rules 32 to 38).

Every kind of thing has a ladder of ways in which a name may fit, best first.  The first rung on which anything fits
decides; several different things on that rung are an ambiguity, not a choice for us to make.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice

from collectd_inode.model import Failure, Misconfigured
from collectd_inode.page import forms, scope
from collectd_inode.page.forms import kind_of
from collectd_inode.page.page import Page
from collectd_inode.page.text import (
    CONTROLS,
    LONGEST_NAME,
    Element,
    all_text,
    hidden_by,
    hides,
    inert_by,
    name_of,
    normalise,
    own_name,
    tag_of,
    visible_text,
    words,
)
from collectd_inode.words import several

NEAREST = 5
"""The largest number of candidates in a failure's message."""

MOST_CANDIDATES = 20_000
"""The largest number of candidates of one kind on a page: a page with more is a mistake or an attack."""

_MOST_NAMED = MOST_CANDIDATES // 2
"""Candidates whose names a failure compares."""

_COMPARED = 80
"""Characters of a name that count there."""

_MOST_PARTS = 10
"""The largest number of elements that one name is put together of."""

_MOST_CHARACTERS = 4_000_000
"""Characters in all candidates' names of one sort: thousands may refer to one long text."""

Names = Callable[[Page, Element], Iterable[str]]
"""The texts under which a page's element is known, in one respect."""
Fit = Callable[[str, str], bool]
"""Whether a normalised name fits the normalised text that was asked for."""
Rung = tuple[Names, Fit]

FILLABLE = words("text search tel url email password date month week time datetime-local number range color textarea")
WRITTEN = FILLABLE - {"range", "color"}
"""The controls that can be read-only (HTML, 4.10.5.3.3)."""
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


def whole_name(page: Page, element: Element) -> list[str]:
    """The text of a link or button with the alternative texts of its pictures, if it may have any."""
    return [name_of(element, LONGEST_NAME, spoken=True)] if len(element) else []


def _image_texts(page: Page, element: Element) -> list[str]:
    return [normalise(image.get(name) or "") for image in element.iter("img") for name in ("alt", "title")]


def labelled_by(page: Page, element: Element) -> list[str]:
    """The texts that ``aria-labelledby`` joins to a name."""
    named = (page.by_id.get(identity) for identity in (element.get("aria-labelledby") or "").split()[:_MOST_PARTS])
    texts = (_referred(page, e) if e is not element else _own_label(e) for e in named if e is not None)
    return [" ".join(filter(None, texts))]


def _own_label(element: Element) -> str:
    return normalise(element.get("aria-label") or "") or name_of(element, LONGEST_NAME, spoken=True)


def _referred(page: Page, element: Element) -> str:
    if element not in page.names_elsewhere:
        page.names_elsewhere[element] = _name_elsewhere(element)
    return page.names_elsewhere[element]


def _name_elsewhere(element: Element) -> str:
    if own := own_name(element):
        return own
    text = name_of(element, LONGEST_NAME, hidden=bool(hidden_by(element)), spoken=True)
    return text or normalise(element.get("title") or "")


def button_text(page: Page, button: Element) -> list[str]:
    """The label of a button; for an unlabelled one, the browsers' default."""
    kind = kind_of(button)
    if tag_of(button) != "input":
        return shown_text(page, button)
    value = button.get("value")
    if value is None:
        return {"submit": [forms.UNLABELLED], "reset": ["Reset"]}.get(kind, [])
    return [normalise(value)] if kind != "image" else []


def label_texts(page: Page, control: Element) -> list[str]:
    """The texts of a control's labels, each a name of its own, and what ``aria-labelledby`` makes of its parts."""
    labels = page.labels.get(control, ())
    names = [_label_names(page, label, control) for label in labels]
    joined = [" ".join(of_one[0] for of_one in names)] if len(names) > 1 else []
    return [*(name for of_one in names for name in of_one), *joined, *labelled_by(page, control)]


def _label_names(page: Page, label: Element, control: Element) -> list[str]:
    """The name that a label gives its control as one sees it and, if that is another one, as one hears it."""
    hidden = label not in page.in_view
    seen = name_of(label, LONGEST_NAME, hidden=hidden, without=control)
    spoken = normalise(label.get("aria-label") or "")
    if not spoken and len(label):
        spoken = name_of(label, LONGEST_NAME, hidden=hidden, without=control, spoken=True)
    return list(dict.fromkeys((seen, spoken or seen)))


BY_ID, BY_NAME, BY_VALUE, BY_TITLE = map(attribute, ("id", "name", "value", "title"))

LINK_LADDER: Sequence[Rung] = (
    *((names, fit) for fit in (exactly, same_letters, contains) for names in (shown_text, whole_name)),
    *((labelled_by, fit) for fit in (same_letters, contains)),
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
    (whole_name, exactly),
    (button_text, same_letters),
    (whole_name, same_letters),
    *((names, same_letters) for names in (labelled_by, BY_TITLE, attribute("alt"), attribute("aria-label"))),
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
    *((names, contains) for names in (label_texts, attribute("aria-label"), attribute("placeholder"), BY_TITLE)),
)

RADIO_LADDER: Sequence[Rung] = (*FIELD_LADDER[:1], *FIELD_LADDER[2:], (BY_VALUE, exactly), FIELD_LADDER[1])
"""A radio button's name is its group's, so it comes last."""


def link(page: Page, locator: str) -> Element:
    """The link that *locator* names (rule 32).  Raises Failure(EXPECTATION)."""
    page.must_have_elements()
    everything = [e for e in page.elements("a", "area") if e.get("href") is not None]
    shown = [e for e in everything if e in page.in_view or tag_of(e) == "area"]

    def target(element: Element) -> Hashable:
        return page.resolve(element.get("href") or "")

    found = _climb(page, locator, shown, LINK_LADDER, target)
    if found is None:
        found = _climb(page, locator, _drawn(page, _FOLLOWED), LINK_LADDER, id)
    if found is None:
        if (hidden := _climb(page, locator, everything, HIDDEN_LADDER, lambda e: None)) is not None:
            raise page.failure(
                f"the link “{locator}” is hidden", f"a visible link “{locator}”", f"hidden by {hidden_by(hidden)}"
            )
        instead = _instead(page, locator, shown, LINK_LADDER, "links")
        raise page.failure(f"no link “{locator}”", f"a link “{locator}”", instead)
    return _usable(page, f"link “{locator}”", found)


def buttons(page: Page) -> list[Element]:
    """All buttons of the page, in document order."""
    return [e for e in page.elements("input", "button") if kind_of(e) in forms.BUTTON_TYPES]


def button(page: Page, locator: str) -> Element:
    """The button that *locator* names; without one, the first that submits (rule 33).  Raises Failure(EXPECTATION)."""
    page.must_have_elements()
    everything = buttons(page)
    candidates = [b for b in everything if b in page.in_view]
    found = _button(page, locator, candidates)
    if found is None:
        found = _climb(page, locator, _drawn_as_buttons(page), LINK_LADDER, lambda e: _where_to(page, e))
    if found is None:
        what = f"button “{locator}”" if locator.strip() else "button"
        if (found := _hidden_button(page, locator, everything)) is None:
            candidates += _drawn_as_buttons(page)
            raise page.failure(f"no {what}", f"a {what}", _instead(page, locator, candidates, BUTTON_LADDER, "buttons"))
        _hidden_is_used(page, what, found, "pressed")
    if forms.is_disabled(found) or (tag_of(found) not in CONTROLS and found.get("aria-disabled") == "true"):
        raise page.failure(f"the button “{locator}” is disabled", f"a button “{locator}” that can be pressed")
    return _usable(page, f"button “{locator}”", found)


def _where_to(page: Page, drawn: Element) -> Hashable:
    """The target of a link that is drawn as a button; other elements are their own."""
    href = drawn.get("href")
    return drawn if href is None else page.resolve(href)


def _usable(page: Page, what: str, found: Element) -> Element:
    """The element *found*; Failure(EXPECTATION) for one that is inert: seen, and not to be used (HTML, 6.3)."""
    if inert := inert_by(found):
        raise page.failure(f"the {what} is inert", f"a {what} that can be used", f"kept by {inert}")
    return found


_PRESSED, _FOLLOWED = words("button menuitem menuitemcheckbox menuitemradio switch tab"), frozenset({"link"})
"""The roles of what is pressed and of what is followed (ARIA 1.2), whatever element it is made of."""


def _drawn_as_buttons(page: Page) -> list[Element]:
    """Links and other elements that a screen reader calls buttons, entries of a menu or tabs."""
    return _drawn(page, _PRESSED)


def _drawn(page: Page, roles: frozenset[str]) -> list[Element]:
    if "role" not in page.source.lower():
        return []
    drawn = (e for e in page.elements() if tag_of(e) not in CONTROLS and e.get("role") is not None)
    return [e for e in drawn if not roles.isdisjoint((e.get("role") or "").lower().split()[:1]) and e in page.in_view]


def _button(page: Page, locator: str, candidates: list[Element]) -> Element | None:
    if locator.strip():
        return _climb(page, locator, candidates, BUTTON_LADDER, lambda b: _what_it_does(page, b))
    submitting = [b for b in candidates if kind_of(b) in forms.SUBMITTING and not forms.is_disabled(b)]
    return next(iter(_in_touched_forms(page, submitting) or submitting), None)


def _hidden_button(page: Page, locator: str, candidates: list[Element]) -> Element | None:
    if not locator.strip():
        return _button(page, locator, candidates)
    return _climb(page, locator, candidates, (*BUTTON_LADDER, *HIDDEN_LADDER), lambda button: None)


def _hidden(page: Page, what: str, element: Element, done: str) -> Failure:
    """The failure for *what* that exists but is invisible."""
    return page.failure(f"the {what} is hidden", f"a {what} that can be {done}", f"hidden by {hidden_by(element)}")


def _hidden_is_used(page: Page, what: str, element: Element, done: str) -> None:
    """Failure(EXPECTATION) for what exists and is invisible, but for Webrat, which did not look at that."""
    if page.told_legacy is None:
        raise _hidden(page, what, element, done)
    page.told_legacy(f"the {what} is hidden by {hidden_by(element)}, and {done} all the same")


def _tell_of_twins(page: Page, locator: str, found: Element, what: str) -> None:
    """Say that others have the id of the field *found*: Webrat took the first of them."""
    identity = found.get("id")
    if page.told_legacy is None or not identity:
        return
    if sum(e.get("id") == identity for e in page.elements(*CONTROLS)) > 1:
        page.told_legacy(f"the {what} “{locator}” is the first of several with the id “{identity}”")


def _what_it_does(page: Page, button: Element) -> Hashable:
    return forms.form_of(page, button), kind_of(button), button.get("name"), button.get("value")


def field(page: Page, locator: str, kinds: frozenset[str], what: str) -> Element:
    """The enabled field of one of *kinds* that *locator* names (rules 34, 35); *what* names them in a failure."""
    page.must_have_elements()
    everything = [c for c in page.elements(*CONTROLS) if kind_of(c) in kinds]
    candidates = [c for c in everything if _is_usable(page, c)]
    ladder = RADIO_LADDER if kinds == frozenset({"radio"}) else FIELD_LADDER
    found = _climb(page, locator, candidates, ladder, id)
    if found is None:
        if (found := _climb(page, locator, everything, ladder, lambda c: None)) is None:
            raise _no_field(page, locator, what, _instead(page, locator, candidates, ladder, several(what)))
        _hidden_is_used(page, f"{what} “{locator}”", found, "used")
    _tell_of_twins(page, locator, found, what)
    return _enabled_field(page, locator, found, what)


def _enabled_field(page: Page, locator: str, found: Element, what: str) -> Element:
    if forms.is_disabled(found):
        raise page.failure(f"the {what} “{locator}” is disabled", f"a {what} “{locator}” that can be used")
    return found if kind_of(found) == "hidden" else _usable(page, f"{what} “{locator}”", found)


_STYLED = frozenset({"checkbox", "radio", "file"})
"""Kinds of fields that pages replace by drawings of their own: a person uses their label."""


def _is_usable(page: Page, control: Element) -> bool:
    """Whether a person can get at *control*; what type="hidden" holds is the page's, and may be looked at."""
    kind = kind_of(control)
    if control in page.in_view or kind == "hidden":
        return True
    return kind in _STYLED and any(label in page.in_view for label in page.labels.get(control, ()))


def _no_field(page: Page, locator: str, what: str, found: str) -> Failure:
    # Only the rungs on which a name is exact: "con" is part of too many labels to be called a mistaken kind.
    other = _climb(page, locator, page.elements(*CONTROLS), FIELD_LADDER[:3], lambda e: None)
    if other is not None:
        found = f"“{locator}” is {_KIND_SENTENCES.get(kind_of(other), 'a text field: I fill it in')}"
    return page.failure(f"no {what} “{locator}”", f"a {what} “{locator}”", found)


def fillable(page: Page, locator: str) -> Element:
    """The text field that *locator* names; a read-only one is a failure (rule 35)."""
    return _writable(page, locator, field(page, locator, FILLABLE, "field"))


def _writable(page: Page, locator: str, found: Element) -> Element:
    if found.get("readonly") is not None:
        raise page.failure(f"the field “{locator}” is read-only", f"a field “{locator}” that can be filled in")
    return found


def choices(page: Page, locator: str) -> Element:
    """The control that offers an option: a drop-down list, or a text field with a datalist (rule 36)."""
    lists = [c for c in page.elements("select") if _is_usable(page, c)]
    if _climb(page, locator, lists, FIELD_LADDER, lambda e: None) is None:
        fields = (c for c in page.elements("input") if forms.datalist_of(page, c) is not None)
        suggesting = [c for c in fields if _is_usable(page, c)]
        found = _climb(page, locator, suggesting, FIELD_LADDER, id)
        if found is not None:
            return _writable(page, locator, _enabled_field(page, locator, found, "field"))
    return field(page, locator, frozenset({"select"}), "select")


def option(page: Page, locator: str, select: Element, field_name: str) -> Element:
    """The option of a list, or of a field's datalist, that *locator* names: text, part of it, value (rule 36)."""
    datalist = forms.datalist_of(page, select)
    options = forms.options_of(select if datalist is None else datalist)
    found = _climb(page, locator, options, OPTION_LADDER, forms.option_value, shortest_wins=False)
    if found is None:
        names = [normalise(forms.option_text(o)) for o in options]
        what = f"option “{locator}” in “{field_name}”"
        instead = _nearest(page, locator, names, "options") if names else f"“{field_name}” has no options"
        raise page.failure(f"no {what}", f"an {what}", instead)
    around = found.getparent()
    if hides(found) or (around is not None and tag_of(around) == "optgroup" and hides(around)):
        raise _hidden(page, f"option “{locator}” of “{field_name}”", found, "selected")
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


def every(page: Page, what: str, locator: str) -> list[Element]:
    """The links, buttons or fields (that is *what*) that can be seen and fit *locator* best, disabled ones included."""
    page.must_have_elements()
    return _fitting(page, locator, *_SEEN[what](page))


def seen(page: Page, what: str, locator: str) -> list[Element]:
    """The same; Failure(EXPECTATION) if there is none."""
    found = every(page, what, locator)
    if not found:
        candidates, ladder = _SEEN[what](page)
        instead = _instead(page, locator, candidates, ladder, several(what))
        raise page.failure(f"no {what} “{locator}”", f"a {what} “{locator}”", instead)
    return found


def _seen_links(page: Page) -> tuple[list[Element], Sequence[Rung]]:
    links = (e for e in page.elements("a", "area") if e.get("href") is not None)
    drawn = (e for e in _drawn(page, _FOLLOWED) if e.get("href") is None)
    return [*(e for e in links if e in page.in_view or tag_of(e) == "area"), *drawn], LINK_LADDER


def _seen_buttons(page: Page) -> tuple[list[Element], Sequence[Rung]]:
    return [b for b in buttons(page) if b in page.in_view] + _drawn_as_buttons(page), BUTTON_LADDER


def _seen_fields(page: Page) -> tuple[list[Element], Sequence[Rung]]:
    kinds = forms.BUTTON_TYPES | {"hidden"}
    fields = (c for c in page.elements(*CONTROLS) if kind_of(c) not in kinds)
    return [c for c in fields if _is_usable(page, c)], FIELD_LADDER


_SEEN = {"link": _seen_links, "button": _seen_buttons, "field": _seen_fields}


def names(page: Page) -> dict[str, list[str]]:
    """Name the links, buttons and fields of the page as sentences may, each once."""
    if page.tree is None:
        return {}
    return {several(what): list(dict.fromkeys(_named(page, *candidates(page)))) for what, candidates in _SEEN.items()}


def form(page: Page, locator: str) -> Element:
    """The form with this id, else with this name, else at this CSS selector or XPath (rule 37).

    A selector may also lead to something inside the form.  Without a locator, the page's first form.
    """
    page.must_have_elements()
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
        instead = (
            page.complaint(_by_position(page, candidates)) if nameless else _nearest(page, locator, names, "forms")
        )
        raise page.failure(f"no form “{locator}”", f"a form “{locator}”", instead)
    return found


def _by_position(page: Page, candidates: list[Element]) -> str:
    """Names for forms without id and name: by position, each with its first field."""
    return "forms by position: " + ", ".join(
        f"“(//form)[{number}]”{_first_field(page, form)}" for number, form in enumerate(candidates[:NEAREST], 1)
    )


def _first_field(page: Page, form: Element) -> str:
    fields = (c for c in page.elements(*CONTROLS) if c in page.in_view and page.form_of(c) is form)
    first = next((field for field in fields if tag_of(field) != "button"), None)
    names = () if first is None else _named(page, [first], FIELD_LADDER)
    return f" with “{names[0]}”" if names else ""


def only_form(page: Page) -> Element:
    """The only form that can be seen.  Raises Failure(EXPECTATION) where there is none, or several."""
    page.must_have_elements()
    used = {page.form_of(control) for control in page.elements(*CONTROLS) if control in page.in_view}
    # A browser draws no form that stands between a table's rows, but its fields.
    found = [form for form in page.elements("form") if form in used or not hidden_by(form)]
    if len(found) != 1:
        named = ", ".join(start_tag(page, form) for form in found[:NEAREST])
        what = f"the page has {len(found)} forms: which one?" if found else "the page has no visible form"
        raise page.failure(what, "one form", named)
    return found[0]


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
    """The candidate on the first rung that has any; *same* decides which candidates are equivalent."""
    fitting = _fitting(page, locator, candidates, ladder, shortest_wins=shortest_wins)
    return _only(page, locator, fitting, same) if fitting else None


def _fitting(
    page: Page, locator: str, candidates: list[Element], ladder: Sequence[Rung], *, shortest_wins: bool = True
) -> list[Element]:
    """The candidates on the first rung that has any."""
    wanted = normalise(locator)
    if not wanted:
        return []
    candidates = candidates[:MOST_CANDIDATES]
    known: dict[Names, list[tuple[str, Element]]] = {}
    for names, fits in ladder:
        if names not in known:  # several rungs ask for the same: a link's text takes a walk through it
            known[names] = _all_named(page, candidates, names)
        fitting = [(len(name), c) for name, c in known[names] if fits(name, wanted)]
        if fitting:
            shortest = min(length for length, _ in fitting)
            return [c for length, c in fitting if length == shortest or not shortest_wins]
    return []


def _all_named(page: Page, candidates: list[Element], names: Names) -> list[tuple[str, Element]]:
    """The candidates' names of one sort; those of the last ones are left out where all have too many characters."""
    found, left = [], _MOST_CHARACTERS
    for candidate in candidates:
        for name in filter(None, names(page, candidate)):
            found.append((name, candidate))
            left -= len(name)
        if left < 0:
            break
    return found


def _only(page: Page, locator: str, found: list[Element], same: Callable[[Element], Hashable]) -> Element:
    for prefer in (_enabled, _not_inert, _shown, _in_touched_forms):
        found = prefer(page, found) or found
    if len({same(element) for element in found}) > 1:
        if page.told_legacy is not None and same is id:
            page.told_legacy(f"“{locator}” matches {len(found)}; only the first is used")
            return found[0]
        places = "; ".join(start_tag(page, e) for e in found[:NEAREST])
        raise page.failure(f"“{locator}” is ambiguous: {len(found)} match", f"one “{locator}”", places)
    return found[0]


def _enabled(page: Page, found: list[Element]) -> list[Element]:
    return [e for e in found if not forms.is_disabled(e)]


def _not_inert(page: Page, found: list[Element]) -> list[Element]:
    return [e for e in found if not inert_by(e)] if "inert" in page.source else found


def _shown(page: Page, found: list[Element]) -> list[Element]:
    return [e for e in found if e in page.in_view]


def _in_touched_forms(page: Page, found: list[Element]) -> list[Element]:
    """Those in a form with entered values: the person is working there."""
    touched = {forms.form_of(page, e) for e in page.entered.fields()} - {None}
    return [e for e in found if tag_of(e) in CONTROLS and forms.form_of(page, e) in touched]


def start_tag(page: Page, element: Element) -> str:
    """An element as its start tag, with what tells it from its twins."""
    kept = ("id", "name", "type", "value", "href")
    secret = kind_of(element) in ("password", "hidden")
    attributes = "".join(f' {n}="{element.get(n)}"' for n in kept if element.get(n) and not (secret and n == "value"))
    owner = forms.form_of(page, element) if tag_of(element) in CONTROLS else None
    where = (owner.get("id") or owner.get("name") or owner.get("action")) if owner is not None else None
    return f"<{tag_of(element)}{attributes}>" + (f" in form “{where}”" if where else "")


def _named(page: Page, candidates: list[Element], ladder: Sequence[Rung]) -> list[str]:
    """Each candidate under the name a person would use for it: the first it has, labels and texts before ids."""
    ordered = sorted((names for names, _ in ladder), key=lambda names: names in (BY_ID, BY_NAME))

    def first(page: Page, candidate: Element) -> Iterable[str]:
        return islice(_names(page, candidate, ordered), 1)

    return [name for name, _ in _all_named(page, candidates[:_MOST_NAMED], first)]


def _instead(page: Page, locator: str, candidates: list[Element], ladder: Sequence[Rung], what: str) -> str:
    """The nearest candidates, and whether all were compared."""
    nearest = _nearest(page, locator, _named(page, candidates, ladder), what)
    few = f"; only the first {MOST_CANDIDATES} of {len(candidates)} {what} were looked at"
    return nearest + few if len(candidates) > MOST_CANDIDATES else nearest


def _names(page: Page, element: Element, ways: Iterable[Names]) -> Iterator[str]:
    return (name for way in ways for name in way(page, element) if name)


def _nearest(page: Page, locator: str, names: Iterable[str], what: str) -> str:
    """The error that the page shows, and the names nearest to *locator*."""
    distinct = list(dict.fromkeys(name[:_COMPARED] for name in names))
    if not distinct:
        return "; ".join(filter(None, (page.complaint(), f"the page has no {what}", page.elsewhere)))
    return "; ".join(filter(None, (page.complaint(_ranked(locator, distinct, what)), page.elsewhere)))


def _ranked(locator: str, distinct: list[str], what: str) -> str:
    """A sentence with the names that come nearest to *locator*."""
    wanted = normalise(locator).casefold()

    def likeness(name: str) -> float:
        return difflib.SequenceMatcher(None, wanted, name.casefold()).ratio()

    # difflib is slow: a page of a thousand links is not worth a second at three in the morning.
    ranked = sorted(distinct[:300], key=likeness, reverse=True)
    more = f" and {len(distinct) - NEAREST} more" if len(distinct) > NEAREST else ""
    return f"nearest {what}: " + ", ".join(f"“{name}”" for name in ranked[:NEAREST]) + more
