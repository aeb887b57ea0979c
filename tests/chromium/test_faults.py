"""Chromium's names for what went wrong, as causes."""

from __future__ import annotations

import pytest

from collectd_inode.chromium.faults import cause_of, failure
from collectd_inode.model import Cause


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("net::ERR_NAME_NOT_RESOLVED", Cause.RESOLVE),
        ("net::ERR_CONNECTION_REFUSED", Cause.CONNECT),
        ("net::ERR_CONNECTION_TIMED_OUT", Cause.CONNECT),
        ("net::ERR_PROXY_CONNECTION_FAILED", Cause.CONNECT),
        ("net::ERR_CERT_AUTHORITY_INVALID", Cause.CERTIFICATE),
        ("net::ERR_SSL_PROTOCOL_ERROR", Cause.TLS),
        ("net::ERR_TIMED_OUT", Cause.TIMEOUT),
        ("net::ERR_EMPTY_RESPONSE", Cause.PROTOCOL),
        ("net::ERR_CONNECTION_RESET", Cause.PROTOCOL),
        ("net::ERR_SOMETHING_NEW", Cause.PROTOCOL),
    ],
)
def test_causes(name: str, cause: Cause) -> None:
    """Those of the plain engine; what is new is the protocol's."""
    assert cause_of(name)[0] is cause


def test_no_password_of_an_address_is_told() -> None:
    """A message may be mailed."""
    assert failure("http://anna:sesame@shop.test/", "net::ERR_FAILED").message == (
        "http://shop.test/: the request failed (net::ERR_FAILED)"
    )
