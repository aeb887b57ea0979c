"""OAuth 2.0's refresh grant (RFC 6749 section 6): the request to a token server, and its answer's meaning.  Pure."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.replies import Hide, shown

FORM = "application/x-www-form-urlencoded"
_MARGIN, _MOST_MARGIN = 0.1, 60.0
"""A token is renewed when a tenth of its time is left, a minute at most."""
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""RFC 6749 appendix A.12, without the blank, which no header or SASL message has room for."""


@dataclass(frozen=True, slots=True)
class Client:
    """The client: its id at the provider, and its secret, if it has one."""

    id: str
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Granted:
    """An access token; ``seconds`` it is good for, None if nobody says; a new refresh token, if there is one."""

    token: str = field(repr=False)
    seconds: float | None
    refresh_token: str = field(repr=False)

    def expires(self, now: float) -> float:
        """The time until which to use it, if it was granted at *now*; a token of unknown lifetime is for one run."""
        seconds = self.seconds or 0.0
        return now + seconds - min(_MOST_MARGIN, _MARGIN * seconds)


class TokenRefused(Failure):
    """The token server's own error; ``error`` is its word."""

    def __init__(self, cause: Cause, error: str, message: str) -> None:
        super().__init__(cause, message)
        self.error = error


def body(refresh_token: str, client: Client, *, with_secret: bool) -> bytes:
    """The form to post; the secret stands in it, or in Authorization."""
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "client_id": client.id}
    return urlencode(form | ({"client_secret": client.secret} if with_secret else {})).encode()


def authorization(client: Client) -> str:
    """The client's id and secret as a header (RFC 6749 section 2.3.1: encoded as in a form, first)."""
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def answered(status: int, text: str, where: str, hide: Hide) -> Granted:
    """The tokens in an answer (RFC 6749 section 5.1); raises Refused for an error, Failure for anything else."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    told = found if isinstance(found, dict) else {}
    if isinstance(error := told.get("error"), str) and error:
        raise _refused(error, told.get("error_description"), where, hide)
    if status >= 400:
        raise Failure(Cause.REFUSED, f"{where} answered {status}, without an error that OAuth knows")
    token, kind = told.get("access_token"), told.get("token_type")
    if status != 200 or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise Failure(Cause.PROTOCOL, f"{where} answered {status} without an access token")
    if isinstance(kind, str) and kind.lower() != "bearer":
        raise Failure(Cause.PROTOCOL, f"{where} gives a token of type “{shown(hide(kind))}”: expected Bearer")
    renewed = told.get("refresh_token")
    usable = isinstance(renewed, str) and _TOKEN.fullmatch(renewed) is not None
    return Granted(token, _seconds(told.get("expires_in")), renewed if isinstance(renewed, str) and usable else "")


def _seconds(value: object) -> float | None:
    """``expires_in``; some servers write the number as a text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if 0 < seconds < _FOREVER else None


_FOREVER = 1e9

MEANINGS: dict[str, tuple[Cause, str]] = {
    # RFC 6749 section 5.2
    "invalid_request": (Cause.REFUSED, "the request lacks something that this server requires"),
    "invalid_client": (Cause.CREDENTIALS, "ClientID or ClientSecretFile is not what this server knows"),
    "invalid_grant": (Cause.CREDENTIALS, "the refresh token has expired, was revoked, or is another client's;"
                      " log in once more for a new one"),
    "unauthorized_client": (Cause.CREDENTIALS, "this client may not use refresh tokens"),
    "unsupported_grant_type": (Cause.REFUSED, "this server accepts no refresh tokens"),
    "invalid_scope": (Cause.REFUSED, "the token is not for sending mail"),
    # RFC 6749 section 4.1.2.1, and Microsoft's
    "server_error": (Cause.REFUSED, "a fault of this server's"),
    "temporarily_unavailable": (Cause.REFUSED, "this server is busy"),
    "interaction_required": (Cause.CREDENTIALS, "a person must log in with a browser again"),
    "consent_required": (Cause.CREDENTIALS, "a person must agree with a browser again"),
}  # fmt: skip
"""Error → cause, and what it means here."""


def _refused(error: str, description: object, where: str, hide: Hide) -> TokenRefused:
    cause, meaning = MEANINGS.get(error, (Cause.REFUSED, ""))
    said = f": “{shown(hide(description))}”" if isinstance(description, str) and description else ""
    meant = f" ({meaning})" if meaning else ""
    return TokenRefused(cause, error, f"{where} answered {shown(hide(error))}{meant}{said}")
