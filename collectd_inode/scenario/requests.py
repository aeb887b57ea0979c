"""The sentences for APIs: requests with a method, headers, a body and authentication."""

from __future__ import annotations

import re
from typing import cast

from collectd_inode.page import forms, headers
from collectd_inode.scenario import json_pointer
from collectd_inode.scenario.action import action
from collectd_inode.scenario.session import Session, Table, complain, pairs, pairs_complaint
from collectd_inode.secrets.names import looks_secret

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "form": forms.URLENCODED,
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "xml": "application/xml",
    "yaml": "application/yaml",
}
"""The words after the quotes that begin a body → the Content-Type of each."""

_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+\s*(?:;[\x20-\x7e]*)?", re.ASCII)
_NO_TOKEN = re.compile(r"[^\x21-\x7e]")


def method_complaint(method: str) -> str:
    """The mistake in the method of a request; empty for a good one."""
    if method == "CONNECT":
        return "CONNECT asks a proxy for a tunnel and returns no page"
    return "" if method == method.upper() else f"a method is written in capitals: {method.upper()}"


def media_type_complaint(media_type: str) -> str:
    """The mistake in the words after the quotes that begin a body; empty for none, and for good ones."""
    said = media_type.strip()
    if not said or said.lower() in MEDIA_TYPES or _MEDIA_TYPE.fullmatch(said):
        return ""
    return f"“{said}” is not a media type: use application/…, or one of {', '.join(MEDIA_TYPES)}"


@action(navigates=True, of_an_api=True, address="target", checks={"method": method_complaint})
async def send(session: Session, method: str, target: str) -> None:
    """Send a request without a body."""
    await session.browser.request(method, target)


@action(
    navigates=True,
    doc_string=True,
    address="target",
    of_an_api=True,
    checks={"method": method_complaint, "media_type": media_type_complaint},
)
async def send_body(session: Session, method: str, target: str, body: str, media_type: str = "") -> None:
    """Send a request with the text below the step as its body."""
    await session.browser.request(method, target, body.encode(), content_type(body, media_type))


@action(navigates=True, of_an_api=True, address="target", checks={"method": method_complaint, "table": pairs_complaint})
async def send_form(session: Session, method: str, target: str, table: Table) -> None:
    """Send a request with the table below the step as its body, as a form would."""
    entries = [forms.FormEntry(name, value) for name, value in pairs(table)]
    await session.browser.request(method, target, forms.urlencoded(entries), forms.URLENCODED)


@action(navigates=True, of_an_api=True, address="target")
async def post_text(session: Session, target: str, body: str) -> None:
    """Send a POST with a form's body, ``a=b&c=d``."""
    await session.browser.request("POST", target, body.encode(), forms.URLENCODED)


def data_complaint(data: object) -> str:
    """The mistake in the data below a step; empty for a text, and for a table of two columns."""
    return "" if isinstance(data, str) else pairs_complaint(cast(Table, data))


@action(
    navigates=True,
    doc_string=True,
    or_table=True,
    address="target",
    of_an_api=True,
    checks={"data": data_complaint, "media_type": media_type_complaint},
)
async def post_data(session: Session, target: str, data: str | Table, media_type: str = "") -> None:
    """Send a POST with the data below the step: a text by its look, else as a form; a table as a form."""
    if not isinstance(data, str):
        await send_form(session, "POST", target, data)
        return
    kind = content_type(data, media_type)
    if not media_type.strip() and kind == MEDIA_TYPES["text"]:
        kind = forms.URLENCODED
    await session.browser.request("POST", target, data.encode(), kind)


@action(navigates=False, apart=True, prepares=True, checks={"name": headers.name_complaint})
async def set_header(session: Session, name: str, value: str) -> None:
    """Send a header with all requests that follow in this run."""
    session.browser.set_header(name, value)
    if looks_secret(name):
        await session.hide_secret(name, value)
        # "Bearer abc", "Basic abc": the part after the scheme may appear alone.
        if secret := value.partition(" ")[2].strip():
            await session.hide_secret(name, secret)


def token_complaint(token: str) -> str:
    """The mistake in a bearer token, without the token; empty for a good one."""
    if not token:
        return "the bearer token is empty"
    wrong = _NO_TOKEN.search(token) is not None
    return "the bearer token contains a blank or another character that is not allowed in one" if wrong else ""


@action(navigates=False, apart=True, prepares=True, checks={"token": token_complaint})
async def authenticate_with_token(session: Session, token: str) -> None:
    """Send a bearer token (RFC 6750) to the scenario's own site."""
    complain(token_complaint(token))
    await session.hide_secret("token", token)
    session.browser.set_header("Authorization", f"Bearer {token}")


@action(navigates=False, apart=True, prepares=True)
async def authenticate_as(session: Session, user: str, password: str) -> None:
    """Answer with these credentials when the site asks, basic or digest."""
    await session.hide_secret("password", password)
    session.browser.authenticate(user, password)


@action(navigates=True)
async def press_enter(session: Session, field: str) -> None:
    """Press Enter in a field and so send its form."""
    await session.browser.press_enter(field)


def content_type(body: str, media_type: str) -> str:
    """The Content-Type of a *body* with *media_type* behind its quotes; without one, by its look."""
    complain(media_type_complaint(media_type))
    if said := media_type.strip():
        return MEDIA_TYPES.get(said.lower(), said)
    start = body.lstrip()[:1]
    if start == "<":
        return MEDIA_TYPES["xml"]
    return MEDIA_TYPES["json" if start in ("{", "[") and _is_json(body) else "text"]


def _is_json(body: str) -> bool:
    try:
        json_pointer.read(body)
    except json_pointer.NotJSON:
        return False
    return True
