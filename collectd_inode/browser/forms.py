"""Forms: who belongs to which, what a field holds, and the bytes that pressing a button sends (rules 39 to 57).

What a person entered lies in the page's `Entered`, over what the document says; nothing here changes the document.
``required``, ``pattern`` and the like are not looked at: what is sent goes out, and the server's answer is what is
monitored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import quote_from_bytes

from collectd_inode.browser import charset, urls
from collectd_inode.browser.charset import Encoding
from collectd_inode.browser.page import Page
from collectd_inode.browser.text import CONTROLS, LONGEST_NAME, Element, normalise, tag_of, words

BUTTON_TYPES = frozenset({"submit", "image", "button", "reset"})
SUBMITTING = frozenset({"submit", "image"})

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PLAIN = "text/plain"

_INPUT_TYPES = words(
    "hidden text search tel url email password date month week time datetime-local number range color checkbox radio"
    " file submit image reset button"
)
_TYPED = words("textarea text search tel url email password")
_ONE_LINE = words("text search tel url email password date month week time datetime-local number")
_DIRECTED = _TYPED | {"hidden"}
_COLUMNS = 20
"""How wide a textarea is that does not say so."""
_LINE_END = re.compile(r"\r\n|\r|\n")
_COLOUR = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class File:
    """A file to be sent: its name, media type and bytes."""

    name: str
    content_type: str
    content: bytes


NO_FILE = File("", "application/octet-stream", b"")
"""What a file field without a file sends (rule 48)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name and value of a form's entry list."""

    name: str
    value: str | File


@dataclass(frozen=True, slots=True)
class Submission:
    """The request that a form makes; ``method`` is GET, POST, or DIALOG, which asks for nothing (rule 54)."""

    method: str
    url: str
    content_type: str | None = None
    body: bytes | None = None


def kind_of(control: Element) -> str:
    """What sort of control it is: an input's or button's type, else ``select`` or ``textarea``."""
    tag = tag_of(control)
    kind = (control.get("type") or "").strip().lower()
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


def option_is_disabled(option: Element) -> bool:
    """Whether an option is disabled, by itself or by its group."""
    parent = option.getparent()
    in_group = parent is not None and tag_of(parent) == "optgroup" and parent.get("disabled") is not None
    return in_group or option.get("disabled") is not None


def option_text(option: Element) -> str:
    """An option's text as it is shown and, without a value attribute, sent (rule 46)."""
    pieces = (str(t) for t in option.itertext())
    return " ".join("".join(pieces).replace("\xa0", "\0").split()).replace("\0", "\xa0")


def option_value(option: Element) -> str:
    """What an option sends."""
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
    """What a field holds: typed text, an option's value, a checkbox's value (whether ticked or not)."""
    if control in page.entered.values:
        return page.entered.values[control]
    kind = kind_of(control)
    if kind == "textarea":
        content = _LINE_END.sub("\n", "".join(str(t) for t in control.itertext()))
        return content.removeprefix("\n")  # rule 29: HTML drops one line end after the tag, libxml2 does not
    if kind == "select":
        return next((option_value(o) for o in selected_options(page, control)), "")
    value = control.get("value")
    if kind in ("checkbox", "radio"):
        return "on" if value is None else value
    if kind == "file":
        return page.entered.files[control][0] if control in page.entered.files else ""
    return sanitised(kind, value or "", control)


def sanitised(kind: str, value: str, control: Element) -> str:
    """*value* as an input of this kind would hold it: without line ends, and the defaults of range and color."""
    if kind in ("hidden", "submit", "image", "reset", "button"):
        return value
    value = re.sub(r"[\r\n]", "", value)
    if kind in ("url", "email"):
        return value.strip("\t\n\f\r ")
    if kind == "color":
        return value.lower() if _COLOUR.fullmatch(value.lower()) else "#000000"
    if kind in ("range", "number"):
        number = _number(value)
        return value if number is not None else _middle(control) if kind == "range" else ""
    return value


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?", text, re.ASCII) else None


def _middle(control: Element) -> str:
    low, high = _number(control.get("min") or ""), _number(control.get("max") or "")
    low, high = 0.0 if low is None else low, 100.0 if high is None else high
    return f"{low + (high - low) / 2 if high > low else low:g}"


def controls_of(page: Page, form: Element) -> list[Element]:
    """A form's controls, in document order, wherever they stand (rule 39)."""
    return [c for c in page.elements(*CONTROLS) if form_of(page, c) is form]


def entries(page: Page, form: Element, button: Element | None, encoding: Encoding) -> list[Entry]:
    """The form's entry list when *button* is pressed, in document order (rules 39 to 49)."""
    return [e for control in controls_of(page, form) for e in _entries_of(page, control, button, encoding)]


def _entries_of(page: Page, control: Element, button: Element | None, encoding: Encoding) -> Iterator[Entry]:
    kind, name = kind_of(control), control.get("name") or ""
    if is_disabled(control) or next(control.iterancestors("datalist"), None) is not None:
        return
    if kind in BUTTON_TYPES and control is not button:
        return
    if kind == "image":
        prefix = f"{name}." if name else ""
        yield Entry(prefix + "x", "0")
        yield Entry(prefix + "y", "0")
        return
    if not name or (kind in ("checkbox", "radio") and not is_checked(page, control)):
        return
    yield from (Entry(name, value) for value in _values_of(page, control, kind, name, encoding))
    if (direction := control.get("dirname")) and kind in _DIRECTED:
        yield Entry(direction, _direction(control))


def _values_of(page: Page, control: Element, kind: str, name: str, encoding: Encoding) -> list[str | File]:
    if kind == "select":
        return [option_value(o) for o in selected_options(page, control) if not option_is_disabled(o)]
    if kind == "file":
        chosen = page.entered.files.get(control)
        return [File(*chosen) if chosen else NO_FILE]
    if kind == "hidden" and name.lower() == "_charset_":
        return [encoding.name]
    value = value_of(page, control)
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
    """A number as attributes hold it, zero if it is none."""
    number = re.match(r"\s*\+?(\d{1,9})", attribute or "")
    return int(number.group(1)) if number else 0


def _direction(control: Element) -> str:
    for element in (control, *control.iterancestors()):
        if (direction := (element.get("dir") or "").lower()) in ("ltr", "rtl"):
            return direction
    return "ltr"


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
    method = _override(button, "formmethod", form, "method").strip().upper()
    if method == "DIALOG":
        return Submission("DIALOG", url)
    if method != "POST":
        return Submission("GET", urls.with_query(url, urlencoded(entry_list, encoding).decode("ascii")))
    content_type = _override(button, "formenctype", form, "enctype").strip().lower()
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


def _as_text(value: str | File) -> str:
    return value.name if isinstance(value, File) else value


def urlencoded(entry_list: list[Entry], encoding: Encoding = charset.UTF8) -> bytes:
    """The entries as application/x-www-form-urlencoded: ``A-Za-z0-9*-._`` stay, a space is ``+`` (rule 52)."""
    pairs = (f"{_escaped(e.name, encoding)}={_escaped(_as_text(e.value), encoding)}" for e in entry_list)
    return "&".join(pairs).encode("ascii")


def _escaped(text: str, encoding: Encoding) -> str:
    # quote keeps "~" whatever it is told; the standard does not.
    return quote_from_bytes(encoding.encode(with_crlf(text)), safe="* ").replace(" ", "+").replace("~", "%7E")


def plain(entry_list: list[Entry], encoding: Encoding) -> bytes:
    """The entries as text/plain: a line each, nothing escaped."""
    lines = (f"{with_crlf(e.name)}={with_crlf(_as_text(e.value))}\r\n" for e in entry_list)
    return encoding.encode("".join(lines))


def multipart(entry_list: list[Entry], encoding: Encoding, boundary: str) -> bytes:
    """The entries as multipart/form-data (rules 48, 50, 53)."""
    mark = boundary.encode("ascii")
    parts = [b"--" + mark + b"\r\n" + _part(e, encoding) + b"\r\n" for e in entry_list]
    return b"".join(parts) + b"--" + mark + b"--\r\n"


def _part(entry: Entry, encoding: Encoding) -> bytes:
    head = b'Content-Disposition: form-data; name="' + _in_header(with_crlf(entry.name), encoding) + b'"'
    if not isinstance(entry.value, File):
        return head + b"\r\n\r\n" + encoding.encode(with_crlf(entry.value))
    head += b'; filename="' + _in_header(entry.value.name, encoding) + b'"'
    head += b"\r\nContent-Type: " + entry.value.content_type.encode("ascii", "replace")
    return head + b"\r\n\r\n" + entry.value.content


def _in_header(text: str, encoding: Encoding) -> bytes:
    octets = encoding.encode(text)
    return octets.replace(b"\r", b"%0D").replace(b"\n", b"%0A").replace(b'"', b"%22")


_SERIALISERS: dict[str, Callable[[list[Entry], Encoding], bytes]] = {URLENCODED: urlencoded, PLAIN: plain}


def enter(page: Page, control: Element, value: str) -> None:
    """Type *value* over what the field holds; as in a browser, maxlength ends the typing."""
    kind = kind_of(control)
    value = _LINE_END.sub("\n", value) if kind == "textarea" else sanitised(kind, value, control)
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


def reset(page: Page, form: Element) -> None:
    """Forget what was entered into *form*."""
    for control in controls_of(page, form):
        page.entered.forget(control)


def label_text(label: Element, control: Element) -> str:
    """A label's text without the control's own, if that stands inside; no more of it than a name can have."""
    pieces = [label.text or ""]
    todo: list[Element | str] = list(reversed(label))
    while todo and len(pieces) < LONGEST_NAME:
        node = todo.pop()
        if isinstance(node, str):
            pieces.append(node)
            continue
        todo.append(node.tail or "")
        if node is control or tag_of(node) == "br":
            pieces.append(" ")
        if node is not control:
            pieces.append(node.text or "")
            todo.extend(reversed(node))
    return normalise("".join(pieces))
