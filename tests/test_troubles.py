"""What an exception means: status, cause and message."""

from __future__ import annotations

import pytest

from collectd_inode.model import Broken, Cause, Failure, Misconfigured, Status, Trouble
from collectd_inode.troubles import trouble_from
from collectd_inode.wire import (
    CertificateRefused,
    ConnectFailed,
    ProtocolBroken,
    ResolveFailed,
    TLSFailed,
    WireError,
)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Failure(Cause.CREDENTIALS, "no", expected="a", found="b"), (Status.FAILED, Cause.CREDENTIALS, "no", "a", "b")),
        (Misconfigured("no file"), (Status.ERROR, Cause.CONFIGURATION, "no file")),
        (Broken("steps.py:3: no"), (Status.ERROR, Cause.ERROR, "steps.py:3: no")),
        (TimeoutError("late"), (Status.FAILED, Cause.TIMEOUT, "late")),
        (TimeoutError(), (Status.FAILED, Cause.TIMEOUT, "deadline exceeded")),
        (ResolveFailed("w: no such name"), (Status.FAILED, Cause.RESOLVE, "w: no such name")),
        (ConnectFailed("w: refused"), (Status.FAILED, Cause.CONNECT, "w: refused")),
        (TLSFailed("w: eof"), (Status.FAILED, Cause.TLS, "w: eof")),
        (CertificateRefused("w: expired"), (Status.FAILED, Cause.CERTIFICATE, "w: expired")),
        (ProtocolBroken("w: closed"), (Status.FAILED, Cause.PROTOCOL, "w: closed")),
        (KeyError("x"), (Status.ERROR, Cause.ERROR, "KeyError: 'x'")),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_an_exception_means(error: Exception, expected: tuple[Status, Cause, str]) -> None:
    """Their fault is failed, ours and the operator's is error; the cause says which."""
    assert trouble_from(error) == Trouble(*expected)


def test_every_wire_error_has_a_cause() -> None:
    """Also those that are yet to come."""

    def below(kind: type[WireError]) -> list[type[WireError]]:
        return [kind, *(k for sub in kind.__subclasses__() for k in below(sub))]

    assert Cause.ERROR not in {trouble_from(kind("x")).cause for kind in below(WireError)[1:]}
