"""From a recorded journey to a scenario: pages, forms and calls become sentences, tokens become remembered values.

The scenario has the visitor's actions.  A value that sounds secret becomes a ``Secret``, and a value that an earlier
answer held is remembered from there; neither is ever written into the feature.  Pure.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from collectd_inode.browser.suffixes import site
from collectd_inode.model import Failure
from collectd_inode.page import forms, locate, urls
from collectd_inode.page.headers import IS_JSON
from collectd_inode.page.page import Page
from collectd_inode.page.text import Element
from collectd_inode.scenario.draft import Draft, DraftStep, quoted
from collectd_inode.scenario.recording import BadRecording, Purpose, Recorded
from collectd_inode.secrets.names import looks_secret
from collectd_inode.words import plural

_TELLING = 8
"""Fewer characters are not remembered: they may stand in an answer by chance."""
_MOST_STEPS = 200
_IS_ID = re.compile(r"(?:^|[_/-])(?:id|uuid|number|nr|ref|reference|key)$|Id$|ID$")
"""The names of identifiers: in a body, and at the end of a JSON pointer."""
_TEXTS = {"text/plain": "text", "application/xml": "xml", "text/xml": "text/xml"}
"""Media types of bodies that are sent as they are → the word behind the quotes."""
_BARE = "\ue000"
"""Around what stands in JSON without quotes, while it is written."""


@dataclass(frozen=True, slots=True)
class Imported:
    """A scenario and its needs: ``secrets`` are names with their values, ``notes`` list the parts left out."""

    base_url: str
    draft: Draft
    secrets: dict[str, str] = field(repr=False)
    notes: tuple[str, ...] = ()


class _Unsayable(Exception):
    """No sentence can do it; the message names it."""


def imported(recorded: list[Recorded], comments: tuple[str, ...] = ()) -> Imported:
    """The scenario of a recording.  Raises BadRecording where no page was opened in it."""
    first = next((one for one in recorded if one.purpose is Purpose.PAGE), None)
    if first is None:
        raise BadRecording("no page was opened in the recording: start it, then open the site")
    return _Importer(recorded, first).imported(comments)


@dataclass
class _Source:
    """An answer of the journey, and the index of the step after which it is there."""

    after: int
    answer: Recorded
    page: Page


class _Importer:
    def __init__(self, recorded: list[Recorded], first: Recorded) -> None:
        parts = urlsplit(first.url)
        self.base = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        self.recorded, self.host, self.site = recorded, first.host, site(first.host)
        self.steps: list[DraftStep] = []
        self.memories: dict[int, list[DraftStep]] = {}
        self.sources: list[_Source] = []
        self.said: dict[str, str] = {}
        """Value → the variable of the secret, or of the remembered value, as a sentence writes it."""
        self.ids: dict[str, str] = {}
        """The same for numbers of created objects; they may stand elsewhere by chance."""
        self.taken: set[str] = set()
        self.password_fields: set[str] = set()
        self.secrets: dict[str, str] = {}
        self.typed: set[str] = set()
        self.page: Page | None = None
        self.shown = ""
        """The address of the page that the browser shows; empty where a call has taken its place."""
        self.headers: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()
        self.scripts: list[str] = []
        self.notes: list[str] = []

    def imported(self, comments: tuple[str, ...]) -> Imported:
        expected = ""
        for one in self.recorded:
            if expected and one.url == expected and one.method in ("GET", "POST"):
                expected = one.leads_to
                if not expected:
                    self._arrive(one)
                continue
            if not self._is_ours(one):
                continue
            if len(self.steps) >= _MOST_STEPS:
                self.notes.append(f"the scenario ends after {_MOST_STEPS} steps: record less")
                break
            try:
                self._page(one) if one.purpose is Purpose.PAGE else self._call(one)
            except _Unsayable as error:
                self.notes.append(f"left out: {one.method} {_path(one.url)}: {error}")
                continue
            expected = one.leads_to
            if not expected:
                self._arrive(one)
        if not self.steps:
            raise BadRecording("; ".join(("nothing in the recording becomes a step", *self.notes, *self._summary())))
        draft = Draft(self.host, f"A visitor on {self.host}", tuple(self._in_order()), comments)
        return Imported(self.base, self._discreet(draft), self.secrets, (*self.notes, *self._summary()))

    def _is_ours(self, one: Recorded) -> bool:
        if one.purpose is Purpose.PART:
            self.left_out["style sheets, scripts, pictures and the like"] += 1
        elif one.purpose is Purpose.CALL and site(one.host) != self.site:
            self.left_out[f"calls of other sites ({one.host})"] += 1
        elif one.status == 0:
            self.left_out["requests without an answer"] += 1
        elif one.purpose is Purpose.CALL and one.method == "GET" and not _is_json(one):
            self.left_out["calls that no JSON answered"] += 1
        else:
            return True
        return False

    def _summary(self) -> Iterator[str]:
        if self.scripts:
            shown = ", ".join(self.scripts[:5]) + (", …" if len(self.scripts) > 5 else "")
            yield f"scripts of the page made {plural(len(self.scripts), 'call')}, which are steps now: {shown}"
        lost = sum(one.is_lost and one.purpose is Purpose.PAGE for one in self.recorded)
        if lost:
            yield f"{plural(lost, 'page')} without its content in the recording: no link or form of it is known"
        for what, number in sorted(self.left_out.items()):
            yield f"left out: {what} ({number})"

    def _in_order(self) -> Iterator[DraftStep]:
        """The steps, each with what is remembered of its answer behind it."""
        for index, step in enumerate(self.steps):
            yield step
            yield from self.memories.get(index, ())

    def _discreet(self, draft: Draft) -> Draft:
        """The same without any secret."""

        def clean(text: str) -> str:
            for name, value in self.secrets.items():
                if len(value) >= 4:
                    for said in (value, quote(value, safe=""), json.dumps(value)[1:-1]):
                        text = text.replace(said, f"${{{name}}}")
            return text

        steps = (replace(s, text=clean(s.text), below=tuple(map(clean, s.below))) for s in draft.steps)
        return replace(draft, steps=tuple(steps))

    # Pages.

    def _page(self, one: Recorded) -> None:
        self._take_account(one)
        if one.method == "GET":
            if name := self._link_to(one.url):
                self._do(f"I follow {name}")
            elif not self._by_form(one, parse_qsl(urlsplit(one.url).query, keep_blank_values=True)):
                self._do(f"I go to {self._address(one.url)}")
        elif one.sends_file:
            raise _Unsayable("a file has been sent; write the step yourself: I attach the file …")
        elif one.method == "POST" and one.sent_type in (forms.URLENCODED, forms.MULTIPART):
            self._post(one)
        else:
            raise _Unsayable(f"a form of {one.sent_type or one.method} has no sentence; write the step yourself")

    def _link_to(self, url: str) -> str | None:
        """A link of the page that leads there, by its text; None if none does, or it is no good name."""
        if self.page is None or not self.shown:
            return None
        for name in locate.names(self.page).get("links", ())[:200]:
            said = quoted(name)
            try:
                if said and urls.without_fragment(self.page.resolve(_href(self.page, name))) == url:
                    return said
            except Failure:
                continue
        return None

    def _post(self, one: Recorded) -> None:
        if self._by_form(one, one.fields):
            return
        if one.sent_type == forms.MULTIPART:
            raise _Unsayable("no form of the page before it is like this one; write the step yourself")
        self._send_fields(one)

    def _send_fields(self, one: Recorded) -> None:
        """By a request with the same fields."""
        if any("${" in name for name, _ in one.fields):
            raise _Unsayable("a field's name has ${ in it")
        rows = tuple(f"| {_cell(name)} | {_cell(self._value(name, value))} |" for name, value in one.fields)
        self._do(f"I send a {one.method} request to {self._address(one.url)} with the form data:", rows)

    def _by_form(self, one: Recorded, sent: list[tuple[str, str]]) -> bool:
        """Whether the fields are sent by the form of the page: its hidden ones as they come."""
        before = list(self.steps)
        try:
            if not sent and one.method == "GET":
                raise _Unsayable("no field")
            self._fill_in(one, sent)
        except (_Unsayable, Failure):
            self.steps = before
            return False
        return True

    def _fill_in(self, one: Recorded, sent: list[tuple[str, str]]) -> None:
        if self.page is None:
            raise _Unsayable("no page")
        if not self.shown:
            self._do(f"I go to {self._address(self.page.url)}")
        page, form = self.page, self._form(one, {name for name, _ in sent})
        given = dict(sent)
        if len(given) != len(sent):
            raise _Unsayable("a name twice")
        pressed = entered = None
        for control in forms.controls_of(page, form):
            kind, name = forms.kind_of(control), control.get("name") or ""
            if kind in forms.SUBMITTING:
                pressed = control if name in given and pressed is None else pressed
            elif kind != "hidden" and name:
                self._enter(page, control, kind, name, given)
                entered = control if kind in locate.FILLABLE - {"textarea"} else entered
            elif name in given and given[name] != forms.value_of(page, control):
                raise _Unsayable("a script has changed a hidden field")
        button = pressed if pressed is not None else forms.default_button(page, form)
        if button is not None:
            self._do(f"I press {_name(page, 'buttons', button)}")
        elif entered is not None:
            self._do(f"I press Enter in {_name(page, 'fields', entered)}")
        else:
            raise _Unsayable("no button")

    def _form(self, one: Recorded, names: set[str]) -> Element:
        assert self.page is not None
        for form in self.page.elements("form"):
            known = {control.get("name") for control in forms.controls_of(self.page, form)}
            sent = forms.submission(self.page, form, None, "")
            if names <= known and sent.method == one.method and _bare(sent.url) == _bare(one.url):
                return form
        raise _Unsayable("no form")

    def _enter(self, page: Page, control: Element, kind: str, name: str, given: dict[str, str]) -> None:
        value, now = given.get(name), forms.value_of(page, control)
        if kind in ("checkbox", "radio"):
            ticked, wanted = forms.is_checked(page, control), value == now
            if ticked != wanted:
                if kind == "radio" and not wanted:
                    return
                verb = "choose" if kind == "radio" else "check" if wanted else "uncheck"
                self._do(f"I {verb} {_name(page, 'fields', control)}")
        elif value is None or value == now:
            return
        elif kind == "select":
            option = next((o for o in forms.options_of(control) if forms.option_value(o) == value), None)
            text = None if option is None else quoted(forms.option_text(option))
            if text is None:
                raise _Unsayable("no option")
            self._do(f"I select {text} from {_name(page, 'fields', control)}")
        elif kind in locate.FILLABLE:
            said = self._value(name, value, secret=kind == "password")
            self._type(_name(page, "fields", control), said, is_variable=said != value)
        elif kind == "file" and not value:
            return
        else:
            raise _Unsayable("another field")

    def _type(self, field: str, said: str, *, is_variable: bool) -> None:
        """Text of several lines, or with both kinds of quotes, stands below the step."""
        text = f'"{said}"' if is_variable else quoted(said)
        if text is not None:
            self._do(f"I fill in {field} with {text}")
            return
        lines = said.replace("\r\n", "\n").split("\n")
        if '"""' in said or not all(line.isprintable() for line in lines):
            raise _Unsayable("no string")
        self._do(f"I fill in {field} with:", ('"""', *lines, '"""'))

    # Calls.

    def _call(self, one: Recorded) -> None:
        self._take_account(one)
        self._take_headers(one)
        if one.sent and IS_JSON.fullmatch(one.sent_type):
            self._send(one, "json", self._json(one.sent))
        elif one.sent and one.sent_type == forms.URLENCODED:
            self._send_fields(one)
        elif one.sent and (kind := _TEXTS.get(one.sent_type)):
            self._send(one, kind, self._text(one.sent))
        elif one.sent:
            raise _Unsayable(f"a body of {one.sent_type or 'no type'} has no sentence; write the step yourself")
        else:
            self._do(f"I send a {one.method} request to {self._address(one.url)}")
        self.scripts.append(f"{one.method} {_path(one.url)}")
        self.shown = ""

    def _send(self, one: Recorded, kind: str, body: str) -> None:
        if '"""' in body:
            raise _Unsayable('its body has """ in it')
        lines = (f'"""{kind}', *body.split("\n"), '"""')
        self._do(f"I send a {one.method} request to {self._address(one.url)} with the body:", lines)

    def _text(self, sent: str) -> str:
        if sent.lstrip().startswith(("{", "[")):
            return self._json(sent)  # which scripts often send without its media type
        if any(looks_secret(word) for word in re.findall(r"[\w-]+", sent)):
            raise _Unsayable("its body names what may be secret; write the step yourself")
        return self._plain(sent)

    def _json(self, sent: str) -> str:
        try:
            body = json.loads(sent)
        except (ValueError, RecursionError):
            raise _Unsayable("its body is no JSON") from None
        text = json.dumps(self._leaves("", body), ensure_ascii=False, indent=2)
        text = text.replace('\\"\\"\\"', "\\u0022\\u0022\\u0022")
        return re.sub(f'"{_BARE}([^"]*){_BARE}"', r"\1", text)

    def _leaves(self, name: str, value: Any) -> Any:
        """A JSON value with its texts as sentences write them; the keys are unchanged."""
        if isinstance(value, dict):
            return {key: self._leaves(key, one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._leaves(name, one) for one in value]
        if isinstance(value, int) and not isinstance(value, bool):
            return f"{_BARE}{said}{_BARE}" if _IS_ID.search(name) and (said := self._id(name, str(value))) else value
        return self._value(name, value) if isinstance(value, str) else value

    def _take_account(self, one: Recorded) -> None:
        """The account of basic authentication, when it is first used."""
        if one.account is not None and self.headers.get("account") != one.account[0]:
            user, password = one.account
            if (said := quoted(user)) is None:
                raise _Unsayable("the user of its HTTP authentication has no sentence")
            value = self._value("password", password, secret=True)
            self._do(f'I authenticate as {said} with the password "{value}"')
            self.headers["account"] = user

    def _take_headers(self, one: Recorded) -> None:
        """Headers that scripts have set and that a site may insist on: tokens, in a word."""
        for name, value in one.headers.items():
            scheme, _, token = value.partition(" ")
            if self.headers.get(name) == value or not value:
                continue
            if name == "authorization" and scheme.lower() == "bearer" and token:
                self._do(f'I authenticate with the bearer token "{self._value("token", token, secret=True)}"')
            elif name.startswith("x-") and looks_secret(name):
                self._do(f'I set the header "{name}" to "{self._value(name.removeprefix("x-"), value, secret=True)}"')
            elif name == "authorization" and one.account is None:
                self.notes.append("the account of HTTP authentication was left out: AuthUser and AuthPasswordFile")
            else:
                continue
            self.headers[name] = value

    # Values.

    def _value(self, name: str, value: str, *, secret: bool = False) -> str:
        """The wording of *value*: itself, or the variable that stands for it."""
        if value not in self.said:
            secret = secret or name in self.password_fields or looks_secret(name)
            if value not in self.typed and len(value) >= _TELLING and self._remember(name, value, secret=secret):
                pass
            elif value and secret:
                fresh = self._new_name(name)
                self.said[value] = f"${{{fresh}}}"
                self.secrets[fresh] = value
            else:
                return self._id(name, value) if _IS_ID.search(name) and self._id(name, value) else self._plain(value)
        return self.said[value]

    def _id(self, name: str, value: str) -> str:
        """The variable of a short number or text that identifies an object of an earlier request."""
        if value in self.ids:
            return self.ids[value]
        for source in reversed(self.sources):
            if source.answer.method != "GET" and _is_json(source.answer):
                where = next((one for one in _pointers(source.answer, value) if _IS_ID.search(one)), None)
                if where is not None and (said := quoted(where)):
                    fresh = self._new_name(name)
                    self._memorise(source, f'the JSON at {said} as "{fresh}"')
                    self.ids[value] = f"${{{fresh}}}"
                    return self.ids[value]
        return ""

    def _plain(self, value: str) -> str:
        """A value that is written as it is."""
        self.typed.add(value)
        if "${" in value:
            raise _Unsayable("a value has ${ in it")
        return value

    def _new_name(self, wanted: str) -> str:
        wanted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", wanted)
        name = re.sub(r"[^a-z0-9]+", "_", wanted.lower()).strip("_")[:40] or "value"
        name = name if name[0].isalpha() else f"v_{name}"
        number, fresh = 1, name
        while fresh in self.taken:
            number += 1
            fresh = f"{name}_{number}"
        self.taken.add(fresh)
        return fresh

    def _remember(self, wanted: str, value: str, *, secret: bool = False) -> bool:
        """Whether an answer before this held *value*: then a step behind it remembers it."""
        for source in reversed(self.sources):
            where, rest = _where(source, value, secret=secret), ""
            if where is None and secret:
                where, rest = _escaped_cookie(source.answer, value)
            if where is not None:
                name = self._new_name(wanted)
                self.said[value] = f"${{{name}}}{rest}"
                hidden = "the secret " if looks_secret(wanted, where) and not where.endswith(" cookie") else ""
                self._memorise(source, f'{where} as {hidden}"{name}"')
                return True
        return False

    def _memorise(self, source: _Source, what: str) -> None:
        self.memories.setdefault(source.after, []).append(DraftStep("When", f"I remember {what}"))

    # Output.

    def _address(self, url: str) -> str:
        """The address in quotes: a path on the site itself, tokens in its query as their names."""
        parts = urlsplit(url)
        named = [
            f"{quote(name, safe='')}={said if said.startswith('${') else quote(value, safe='')}"
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            for said in [self._said_in_query(name, value)]
        ]
        path = "/".join(self._segment(segment) for segment in parts.path.split("/")) or "/"
        here = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], "", "", ""))
        said = quoted_address(("" if here == self.base else here) + path + ("?" + "&".join(named) if named else ""))
        if said is None:
            raise _Unsayable("its address has both kinds of quotes in it")
        return said

    def _said_in_query(self, name: str, value: str) -> str:
        if quote(value, safe="") != value and not looks_secret(name):
            return ""
        return "" if "${" in value else self._value(name, value)

    def _segment(self, segment: str) -> str:
        if not any(c.isdigit() for c in segment):
            return segment
        tells = len(segment) >= _TELLING and segment not in self.typed
        if tells and (segment in self.said or self._remember("id", segment)):
            return self.said[segment]
        return self._id("id", segment) or segment

    def _do(self, text: str, below: tuple[str, ...] = ()) -> None:
        self.steps.append(DraftStep("When", text, below))

    def _arrive(self, one: Recorded) -> None:
        """Where the browser is after a step, and what to expect there."""
        page = Page(one.url, one.status, {"content-type": one.answered.get("content-type", "")}, one.body)
        self.sources.append(_Source(len(self.steps) - 1, one, page))
        if one.status >= 400:
            self.steps.append(DraftStep("Then", f"the status should be {one.status}"))
        if one.purpose is not Purpose.PAGE:
            return
        self.page, self.shown = page if page.is_html else None, one.url
        self.password_fields |= {e.get("name") or "" for e in page.elements("input") if forms.kind_of(e) == "password"}
        title = quoted(page.title)
        if title and page.title and not any(c.isdigit() for c in page.title) and len(page.title) <= 100:
            self.steps.append(DraftStep("Then", f"the title should be {title}"))


def quoted_address(address: str) -> str | None:
    """An address as a sentence's string, with its variables."""
    return next((f"{mark}{address}{mark}" for mark in ('"', "'") if mark not in address), None)


def _bare(url: str) -> str:
    """*url* without its query, which a form of GET makes."""
    return url.partition("?")[0]


def _is_json(one: Recorded) -> bool:
    return IS_JSON.match(one.answered.get("content-type", "")) is not None


def _path(url: str) -> str:
    return urlsplit(url).path or "/"


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\r\n", "\n").replace("\n", "\\n")


def _href(page: Page, name: str) -> str:
    return locate.link(page, name).get("href") or ""


def _name(page: Page, what: str, control: Element) -> str:
    """The name of a control that leads to no other one.  Raises _Unsayable."""
    find = locate.button if what == "buttons" else _any_field
    names = [*locate.names(page).get(what, ()), control.get("id") or "", control.get("name") or ""]
    for name in names:
        said = quoted(name) if name else None
        try:
            if said is not None and find(page, name) is control:
                return said
        except Failure:
            continue
    raise _Unsayable("a control without a name")


def _any_field(page: Page, name: str) -> Element:
    kinds = locate.FILLABLE | {"select", "checkbox", "radio"}
    return locate.field(page, name, frozenset(kinds), "field")


def _where(source: _Source, value: str, *, secret: bool) -> str | None:
    """The place of *value* in an answer, as a sentence writes it."""
    answered, page = source.answer.answered, source.page
    pointers = _pointers(source.answer, value) if _is_json(source.answer) else ()
    if said := next(filter(None, map(quoted, pointers)), None):
        return f"the JSON at {said}"
    if page.is_html:
        for element in page.elements("input"):
            name = element.get("name") or ""
            if element.get("value") == value and name and (said := quoted(name)):
                return f"the {said} field"
        for element in page.elements("meta"):
            name = element.get("name") or ""
            if element.get("content") == value and re.fullmatch(r"[\w-]+", name):
                return f'the attribute "content" of the element "meta[name={name}]"'
    for name in ("x-csrf-token", "x-xsrf-token", "etag", "location"):
        if answered.get(name) == value:
            return f'the "{name}" header'
    cookie = next((name for name, held in source.answer.cookies if held == value and re.fullmatch(r"[\w-]+", name)), "")
    if cookie:
        return f'the "{cookie}" cookie'
    return _in_source(page.source, value) if page.is_html and (secret or _LIKE_A_TOKEN.fullmatch(value)) else None


_LIKE_A_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w.+/=-]{12,}")
"""Values that nobody types: searched in scripts and attributes, too."""
_BEFORE = 24


def _in_source(source: str, value: str) -> str | None:
    """A pattern that finds *value* in the source of a page: by the word before it, else by all that is before it."""
    at = source.find(value)
    before = source[max(at - _BEFORE, 0) : at].rpartition("\n")[2]
    after = source[at + len(value) : at + len(value) + 1]
    if at < 0 or not before.isprintable() or not after.strip() or after.isalnum() or "${" in before:
        return None
    word = re.search(r"[\w-]+\W*$", before)
    for start in (word[0] if word else before, before):
        pattern = f"{_escaped(start)}([^{_escaped(after)}]+)"
        found = re.search(pattern, source)
        if found and found[1] == value:
            return f"the source matching /{pattern}/"
    return None


def _escaped(text: str) -> str:
    return re.sub(r"\\([ \-\"'=:])", r"\1", re.escape(text))


def _escaped_cookie(answer: Recorded, value: str) -> tuple[str | None, str]:
    """Where a cookie holds *value* with its last characters escaped, and these: scripts send it back as it is meant."""
    body = value.rstrip("=")
    for name, held in answer.cookies:
        if held != value and unquote(held) == value and held.startswith(f"{body}%") and re.fullmatch(r"[\w-]+", name):
            return f'the "Set-Cookie" header matching /{name}=([^;%]+)/', value[len(body) :]
    return None, ""


def _pointers(answer: Recorded, value: str) -> Iterator[str]:
    """The JSON pointers (RFC 6901) of a text or number in an answer."""
    with suppress(ValueError, RecursionError):
        yield from list(_pointers_in(json.loads(answer.body), value, ""))


def _pointers_in(document: Any, value: str, at: str) -> Iterator[str]:
    parts: Iterable[tuple[str, Any]] = ()
    if isinstance(document, dict):
        parts = ((k.replace("~", "~0").replace("/", "~1"), v) for k, v in document.items())
    elif isinstance(document, list):
        parts = ((str(index), one) for index, one in enumerate(document))
    elif isinstance(document, str | int) and not isinstance(document, bool) and str(document) == value:
        yield at
    for key, one in parts:
        yield from _pointers_in(one, value, f"{at}/{key}")
