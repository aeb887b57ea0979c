"""From an exception to a run's trouble: the one table from exceptions to statuses and causes.

Nothing else in the package turns an exception into a status.
"""

from __future__ import annotations

import traceback

from collectd_inode import wire
from collectd_inode.model import Broken, Cause, Failure, Misconfigured, Status, Trouble
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.trust.certificate import names_and_dates

WIRE_CAUSES: tuple[tuple[type[wire.WireError], Cause], ...] = (
    (wire.ResolveFailed, Cause.RESOLVE),
    (wire.ConnectFailed, Cause.CONNECT),
    (wire.CertificateRefused, Cause.CERTIFICATE),  # before its base class
    (wire.TLSFailed, Cause.TLS),
    (wire.ProtocolBroken, Cause.PROTOCOL),
)


def trouble_from(error: BaseException) -> Trouble:
    """The trouble for *error*."""
    match error:
        case Failure():
            return Trouble(Status.FAILED, error.cause, _bounded(error.message), error.expected, error.found)
        case Misconfigured():
            return Trouble(Status.ERROR, Cause.CONFIGURATION, text_of(error))
        case Broken():
            return Trouble(Status.ERROR, Cause.ERROR, text_of(error))
        case TimeoutError():
            return Trouble(Status.FAILED, Cause.TIMEOUT, text_of(error) or "deadline exceeded")
        case wire.OutOfFiles():
            return Trouble(Status.ERROR, Cause.CONFIGURATION, str(error))
        case wire.CertificateRefused():
            return Trouble(Status.FAILED, Cause.CERTIFICATE, text_of(error), found=_presented(error))
        case wire.WireError():
            cause = next(cause for kind, cause in WIRE_CAUSES if isinstance(error, kind))
            return Trouble(Status.FAILED, cause, text_of(error))
        case _:
            return Trouble(Status.ERROR, Cause.ERROR, bug(error))


def _presented(error: wire.CertificateRefused) -> str:
    """The rejected certificate, if the message does not name its subject already."""
    if error.tls is None or "(subject " in str(error):
        return ""
    return names_and_dates(error.tls)


def bug(error: BaseException) -> str:
    """A bug's kind, text and innermost place."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {text_of(error)}{place}"


def formatted(error: BaseException, redact: Redactor) -> str:
    """An exception with its traceback as Python prints it, with limits for length, frames and causes.

    Secrets are hidden before it is cut, since half a secret is not recognised.
    """
    last = error
    for _ in range(_MOST_CHAINED):
        if (before := last.__cause__ or last.__context__) is None:
            break
        last = before
    else:
        last.__cause__ = last.__context__ = None
    try:
        text = "".join(traceback.format_exception(error, limit=-_MOST_FRAMES))
    except BaseException as another:  # an operator's own exception may raise when it is asked for its text
        return f"the traceback is not available ({type(another).__name__})"
    if len(text) > _MOST_REDACTED:
        frames = "".join(traceback.format_tb(error.__traceback__, limit=-_MOST_FRAMES))
        text = f"{frames}{type(error).__name__}: a text of {len(text)} characters, which is not shown"
    text, half = redact(text), _TRACEBACK_LENGTH // 2
    return text if len(text) <= _TRACEBACK_LENGTH else f"{text[:half]}\n  …\n{text[-half:]}"


def described(error: BaseException) -> str:
    """An exception's kind and text."""
    return f"{type(error).__name__}: {text_of(error)}".removesuffix(": ")


def text_of(error: BaseException) -> str:
    """An exception's text, cut if it is long; an operator's exception may have none, or raise in its ``__str__``."""
    try:
        text = str(error)
    except BaseException as another:
        return f"its text is not available ({type(another).__name__})"
    return _bounded(text)


def _bounded(text: object) -> str:
    text = str(text)
    return text if len(text) <= _TEXT_LENGTH else f"{text[:_TEXT_LENGTH]}…"


_TEXT_LENGTH = 2000
"""Characters: a message is a sentence, not the page that it came from."""
_MOST_CHAINED, _MOST_FRAMES, _TRACEBACK_LENGTH = 20, 50, 20_000
"""The largest number of causes of an exception, of frames of each, and of characters of the whole."""
_MOST_REDACTED = 10**6
"""Characters searched for secrets: more would delay the other jobs."""
