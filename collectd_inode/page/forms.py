"""Forms: their controls, the fields' values, and the bytes that pressing a button sends (rules 39 to 57).

Entered values are in the page's `Entered` and take precedence over the document, which nothing here changes.
``required``, ``pattern`` and the like are ignored: the form is sent, and the check is about the server's answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from lxml import etree

from collectd_inode.page import charset, urls, values
from collectd_inode.page.charset import Encoding
from collectd_inode.page.page import Page
from collectd_inode.page.text import CONTROLS, Element, tag_of, words
from collectd_inode.words import shortened

BUTTON_TYPES = frozenset({"submit", "image", "button", "reset"})
SUBMITTING = frozenset({"submit", "image"})

UNLABELLED = "Submit"
"""The text that a browser writes on an ``<input type=submit>`` without one."""

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PLAIN = "text/plain"

_INPUT_TYPES = words(
    "hidden text search tel url email password date month week time datetime-local number range color checkbox radio"
    " file submit image reset button"
)
_TYPED = words("textarea text search tel url email password")
_ONE_LINE = words("text search tel url email password date month week time datetime-local number")
_SUGGESTING = words("text search tel url email date month week time datetime-local number range color")
_DIRECTED = _TYPED | {"hidden", "submit"}
_ISOLATED = words("bdi script style textarea")
"""The elements that do not affect the direction of the text around them."""
_COLUMNS = 20
"""The default width of a textarea."""
_SHOWN = 60
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be sent: its name, media type and bytes."""

    name: str
    content_type: str
    content: bytes


NO_FILE = Upload("", "application/octet-stream", b"")
"""The value that a file field without a file sends (rule 48)."""


@dataclass(frozen=True, slots=True)
class FormEntry:
    """One name and value of a form's entry list."""

    name: str
    value: str | Upload


@dataclass(frozen=True, slots=True)
class Submission:
    """The request of a form; ``method`` is GET, POST, or DIALOG, which sends nothing (rule 54)."""

    method: str
    url: str
    content_type: str | None = None
    body: bytes | None = None


def kind_of(control: Element) -> str:
    """The kind of a control: an input's or button's type, else ``select`` or ``textarea``."""
    tag = tag_of(control)
    kind = (control.get("type") or "").lower()  # with a blank in it, it is none that is known
    if tag == "input":
        return kind if kind in _INPUT_TYPES else "text"
    if tag == "button":
        return kind if kind in ("reset", "button") else "submit"  # rule 41: no or an unknown type submits
    return tag


def form_of(page: Page, control: Element) -> Element | None:
    """The form that *control* belongs to (rules 28, 39)."""
    return page.form_of(control)


def is_disabled(control: Element) -> bool:
    """Whether a control is disabled, by itself or by a fieldset around it, whose first legend is exempt (rule 40)."""
    if control.get("disabled") is not None:
        return True
    legends = set(control.iterancestors("legend"))
    disabled = (f for f in control.iterancestors("fieldset") if f.get("disabled") is not None)
    return any(next(fieldset.iterchildren("legend"), None) not in legends for fieldset in disabled)


def is_checked(page: Page, control: Element) -> bool:
    """Whether a checkbox or radio button is ticked."""
    if control in page.entered.ticked:
        return page.entered.ticked[control]
    if control.get("checked") is None:
        return False
    if kind_of(control) != "radio":
        return True
    # Of several radio buttons marked as checked, the last one is.
    return next(c for c in reversed(radio_group(page, control)) if c.get("checked") is not None) is control


def radio_group(page: Page, control: Element) -> list[Element]:
    """The radio buttons that exclude each other with *control*, itself included."""
    return page.radio_groups.get((form_of(page, control), control.get("name") or ""), [control])


def options_of(select: Element) -> list[Element]:
    """A select's options, those in groups included."""
    return list(select.iter("option"))


def datalist_of(page: Page, control: Element) -> Element | None:
    """The suggestions that a field offers, if its type can have some (HTML, 4.10.5.3.9 "The list attribute")."""
    if tag_of(control) != "input" or kind_of(control) not in _SUGGESTING:
        return None
    there = page.by_id.get(control.get("list") or "")
    return there if there is not None and tag_of(there) == "datalist" else None


def option_is_disabled(option: Element) -> bool:
    """Whether an option is disabled, by itself or by its group."""
    parent = option.getparent()
    in_group = parent is not None and tag_of(parent) == "optgroup" and parent.get("disabled") is not None
    return in_group or option.get("disabled") is not None


def option_text(option: Element) -> str:
    """An option's text as it is shown and, without a value attribute, sent (rule 46)."""
    return " ".join("".join(_texts_but_scripts(option)).replace("\xa0", "\0").split()).replace("\0", "\xa0")


def _texts_but_scripts(element: Element) -> Iterator[str]:
    yield "" if tag_of(element) == "script" else element.text or ""
    for inner in element:
        yield from _texts_but_scripts(inner)
        yield inner.tail or ""


def option_value(option: Element) -> str:
    """The value that an option sends."""
    value = option.get("value")
    return option_text(option) if value is None else value


def selected_options(page: Page, select: Element) -> list[Element]:
    """The options that are selected (rule 45)."""
    if select in page.entered.chosen:
        return list(page.entered.chosen[select])
    options = options_of(select)
    marked = [o for o in options if o.get("selected") is not None]
    if select.get("multiple") is not None:
        return marked
    if marked:
        return marked[-1:]
    if _display_size(select) == 1:
        return [o for o in options if not option_is_disabled(o)][:1]
    return []


def _display_size(select: Element) -> int:
    return _positive(select.get("size")) or 1


def default_button(page: Page, form: Element) -> Element | None:
    """The button that Enter presses: the form's first that submits, disabled or not (rule 56)."""
    return next((c for c in controls_of(page, form) if kind_of(c) in SUBMITTING), None)


def submits_on_enter(page: Page, form: Element) -> bool:
    """Whether Enter submits a form that has no button: only if it has no more than one line to type (rule 56)."""
    return sum(kind_of(c) in _ONE_LINE for c in controls_of(page, form)) <= 1


def value_of(page: Page, control: Element) -> str:
    """The value of a field: typed text, an option's value, a checkbox's value (whether ticked or not)."""
    if control in page.entered.values:
        return page.entered.values[control]
    kind = kind_of(control)
    if kind == "textarea":
        return _LINE_END.sub("\n", "".join(str(t) for t in control.itertext()))
    if kind == "select":
        return next((option_value(o) for o in selected_options(page, control)), "")
    value = control.get("value")
    if kind in ("checkbox", "radio"):
        return "on" if value is None else value
    if kind == "file":
        return next((name for name, _, _ in page.entered.files.get(control, ())), "")
    return values.sanitised(kind, value or "", control)


def controls_of(page: Page, form: Element) -> list[Element]:
    """A form's controls, in document order, wherever they stand (rule 39)."""
    return [c for c in page.elements(*CONTROLS) if form_of(page, c) is form]


def entries(page: Page, form: Element, button: Element | None, encoding: Encoding) -> list[FormEntry]:
    """The form's entry list when *button* is pressed, in document order (rules 39 to 49)."""
    return [e for control in controls_of(page, form) for e in _entries_of(page, control, button, encoding)]


def _entries_of(page: Page, control: Element, button: Element | None, encoding: Encoding) -> Iterator[FormEntry]:
    kind, name = kind_of(control), control.get("name") or ""
    if is_disabled(control) or next(control.iterancestors("datalist"), None) is not None:
        return
    if kind in BUTTON_TYPES and control is not button:
        return
    if kind == "image":
        prefix = f"{name}." if name else ""
        yield FormEntry(prefix + "x", "0")
        yield FormEntry(prefix + "y", "0")
        return
    if not name or (kind in ("checkbox", "radio") and not is_checked(page, control)):
        return
    yield from (FormEntry(name, value) for value in _values_of(page, control, kind, name, encoding))
    if (direction := control.get("dirname")) and kind in _DIRECTED and tag_of(control) != "button":
        yield FormEntry(direction, _direction(control, value_of(page, control)))


def _values_of(page: Page, control: Element, kind: str, name: str, encoding: Encoding) -> list[str | Upload]:
    if kind == "select":
        return [option_value(o) for o in selected_options(page, control) if not option_is_disabled(o)]
    if kind == "file":
        return [Upload(*chosen) for chosen in page.entered.files.get(control, ())] or [NO_FILE]
    if kind == "hidden" and name.lower() == "_charset_":
        return [encoding.name]
    value = value_of(page, control)
    if kind == "submit" and tag_of(control) == "input" and control.get("value") is None:
        return [UNLABELLED]  # as every browser does: what is written on it
    if kind == "textarea" and (control.get("wrap") or "").lower() == "hard":
        return [wrapped(value, _positive(control.get("cols")) or _COLUMNS)]
    return [value]


def wrapped(text: str, columns: int) -> str:
    """*text* with a line end wherever ``wrap=hard`` shows one: after a space, or in a long word (rule 50)."""
    return "\n".join(piece for line in text.split("\n") for piece in _folded(line, columns))


def _folded(line: str, columns: int) -> Iterator[str]:
    start = 0
    while len(line) - start > columns:
        space = line.rfind(" ", start, start + columns)
        end = space + 1 if space >= 0 else start + columns
        yield line[start:end]
        start = end
    yield line[start:]


def _positive(attribute: str | None) -> int:
    """A number as attributes hold it, zero if it is not one."""
    number = re.match(r"\s*\+?(\d{1,9})", attribute or "")
    return int(number.group(1)) if number else 0


def _direction(control: Element, value: str) -> str:
    """The direction of the text of *control* (rule 49)."""
    own = (control.get("dir") or "").lower()
    if own == "auto":
        return _first_direction(value) or "ltr"
    if own not in ("ltr", "rtl") and kind_of(control) == "tel":
        return "ltr"
    for element in (control, *control.iterancestors()):
        direction = (element.get("dir") or "").lower()
        if direction in ("ltr", "rtl"):
            return direction
        if direction == "auto" or tag_of(element) == "bdi":
            found = next(filter(None, map(_first_direction, _directing_texts(element))), None)
            if found or direction == "auto":
                return found or "ltr"
    return "ltr"


def _first_direction(text: str) -> str:
    """The direction of the first letter of *text* that has one; empty if none has."""
    strong = (unicodedata.bidirectional(letter) for letter in text)
    return next(("ltr" if kind == "L" else "rtl" for kind in strong if kind in ("L", "R", "AL")), "")


def _directing_texts(element: Element) -> Iterator[str]:
    """The texts in *element* but for those that have a direction of their own."""
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, inner in walk:
        if event == "end":
            yield "" if inner is element else inner.tail or ""
        elif inner is element or (tag_of(inner) not in _ISOLATED and inner.get("dir") is None):
            yield inner.text or ""
        else:
            walk.skip_subtree()


def form_encoding(page: Page, form: Element) -> Encoding:
    """The encoding a form is sent in: the first of accept-charset that exists, else the page's (rule 51)."""
    labels = (form.get("accept-charset") or "").replace(",", " ").split()
    usable = (e for e in map(charset.encoding_for, labels) if e is not None)
    return next(usable, page.encoding).for_forms


def submission(page: Page, form: Element, button: Element | None, boundary: str) -> Submission:
    """The request that submitting *form* makes, by *button* if one is pressed (rules 54 to 57)."""
    encoding = form_encoding(page, form)
    entry_list = entries(page, form, button, encoding)
    action = _override(button, "formaction", form, "action")
    url = page.resolve(action) if urls.clean(action) else urls.without_fragment(page.url)
    method = _override(button, "formmethod", form, "method").upper()
    if method == "DIALOG":
        return Submission("DIALOG", url)
    if method != "POST":
        return Submission("GET", urls.with_query(url, urlencoded(entry_list, encoding).decode("ascii")))
    content_type = _override(button, "formenctype", form, "enctype").lower()
    if content_type == MULTIPART:
        body = multipart(entry_list, encoding, boundary)
        return Submission("POST", url, f"{MULTIPART}; boundary={boundary}", body)
    serialise = _SERIALISERS.get(content_type)
    if serialise is None:
        return Submission("POST", url, URLENCODED, urlencoded(entry_list, encoding))
    return Submission("POST", url, content_type, serialise(entry_list, encoding))


def _override(button: Element | None, on_button: str, form: Element, on_form: str) -> str:
    own = button.get(on_button) if button is not None else None
    return form.get(on_form) or "" if own is None else own


def with_crlf(text: str) -> str:
    """*text* with every line end as CR LF (rule 50)."""
    return _LINE_END.sub("\r\n", text)


def _as_text(value: str | Upload) -> str:
    return value.name if isinstance(value, Upload) else value


def urlencoded(entry_list: list[FormEntry], encoding: Encoding = charset.UTF8) -> bytes:
    """The entries as application/x-www-form-urlencoded: ``A-Za-z0-9*-._`` stay, a space is ``+`` (rule 52)."""
    pairs = (f"{_escaped(e.name, encoding)}={_escaped(_as_text(e.value), encoding)}" for e in entry_list)
    return "&".join(pairs).encode("ascii")


def _escaped(text: str, encoding: Encoding) -> str:
    # quote keeps "~" whatever it is told; the standard does not.
    return quote_from_bytes(encoding.encode(with_crlf(text)), safe="* ").replace(" ", "+").replace("~", "%7E")


def plain(entry_list: list[FormEntry], encoding: Encoding) -> bytes:
    """The entries as text/plain: a line each, nothing escaped."""
    lines = (f"{with_crlf(e.name)}={with_crlf(_as_text(e.value))}\r\n" for e in entry_list)
    return encoding.encode("".join(lines))


def multipart(entry_list: list[FormEntry], encoding: Encoding, boundary: str) -> bytes:
    """The entries as multipart/form-data (rules 48, 50, 53)."""
    mark = boundary.encode("ascii")
    parts = [b"--" + mark + b"\r\n" + _part(e, encoding) + b"\r\n" for e in entry_list]
    return b"".join(parts) + b"--" + mark + b"--\r\n"


def _part(entry: FormEntry, encoding: Encoding) -> bytes:
    head = b'Content-Disposition: form-data; name="' + _in_header(with_crlf(entry.name), encoding) + b'"'
    if not isinstance(entry.value, Upload):
        return head + b"\r\n\r\n" + encoding.encode(with_crlf(entry.value))
    head += b'; filename="' + _in_header(entry.value.name, encoding) + b'"'
    head += b"\r\nContent-Type: " + entry.value.content_type.encode("ascii", "replace")
    return head + b"\r\n\r\n" + entry.value.content


def _in_header(text: str, encoding: Encoding) -> bytes:
    octets = encoding.encode(text)
    return octets.replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")


_SERIALISERS: dict[str, Callable[[list[FormEntry], Encoding], bytes]] = {URLENCODED: urlencoded, PLAIN: plain}


def must_be_typable(page: Page, control: Element, value: str) -> None:
    """Failure(EXPECTATION) where the field would stay empty, since no browser lets *value* be typed (rule 82)."""
    kind = kind_of(control)
    if how := values.complaint(kind, value):
        raise page.failure(f"“{shortened(value, _SHOWN)}” cannot be typed into a field of type {kind}: {how}", how)


def enter(page: Page, control: Element, value: str) -> None:
    """Type *value* over what the field holds; as in a browser, maxlength ends the typing."""
    must_be_typable(page, control, value)
    kind = kind_of(control)
    value = _LINE_END.sub("\n", value) if kind == "textarea" else values.sanitised(kind, value, control)
    limit = re.match(r"\s*\+?(\d{1,9})", control.get("maxlength") or "")
    if limit and kind in _TYPED:
        value = value[: int(limit.group(1))]
    page.entered.values[control] = value


def tick(page: Page, control: Element, ticked: bool) -> None:
    """Tick or untick a checkbox; ticking a radio button unticks the others of its group."""
    if kind_of(control) == "radio":
        page.entered.ticked.update(dict.fromkeys(radio_group(page, control), False))
    page.entered.ticked[control] = ticked


def pick(page: Page, select: Element, option: Element) -> None:
    """Select an option, beside those already selected if the select takes several."""
    kept = selected_options(page, select) if select.get("multiple") is not None else []
    page.entered.chosen[select] = tuple(o for o in options_of(select) if o in kept or o is option)


def unpick(page: Page, select: Element, option: Element) -> None:
    """Take back an option of a select that takes several; one that is not selected stays so.

    Raises Failure(EXPECTATION) for one that takes one only: in a browser another option is selected instead.
    """
    if select.get("multiple") is None:
        raise page.failure(
            "the select takes one option only: select another one instead", "a select that takes several options"
        )
    page.entered.chosen[select] = tuple(o for o in selected_options(page, select) if o is not option)


def attach(page: Page, control: Element, files: tuple[tuple[str, str, bytes], ...]) -> None:
    """Put files (name, content type, content) into a file field, over what it holds (rule 48)."""
    if len(files) > 1 and control.get("multiple") is None:
        raise page.failure(
            "the file field takes one file only", "a file field that takes several files", f"{len(files)} files"
        )
    page.entered.files[control] = files


def reset(page: Page, form: Element) -> None:
    """Forget what was entered into *form*."""
    for control in controls_of(page, form):
        page.entered.forget(control)
