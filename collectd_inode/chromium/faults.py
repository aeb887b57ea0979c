"""The meaning of Chromium's names for failed requests: a cause, and words.  Pure."""

from __future__ import annotations

from collections.abc import Mapping

from collectd_inode.model import Cause, Failure
from collectd_inode.page import urls

NO_PAGE = ("net::ERR_ABORTED", "net::ERR_INVALID_RESPONSE")
"""Chromium's names for an answer that it keeps as a file, or that has no content."""
_CAUSES: tuple[tuple[str, Cause, str], ...] = (
    ("NAME_NOT_RESOLVED", Cause.RESOLVE, "its name does not resolve"),
    ("NAME_RESOLUTION_FAILED", Cause.RESOLVE, "its name does not resolve"),
    ("ICANN_NAME_COLLISION", Cause.RESOLVE, "its name does not resolve"),
    ("DNS_", Cause.RESOLVE, "its name does not resolve"),
    ("CONNECTION_REFUSED", Cause.CONNECT, "connection refused"),
    ("CONNECTION_TIMED_OUT", Cause.CONNECT, "the connection was not made in time"),
    ("CONNECTION_FAILED", Cause.CONNECT, "no connection"),
    ("ADDRESS_UNREACHABLE", Cause.CONNECT, "no way to its address"),
    ("ADDRESS_INVALID", Cause.CONNECT, "no way to its address"),
    ("NETWORK_", Cause.CONNECT, "no network"),
    ("INTERNET_DISCONNECTED", Cause.CONNECT, "no network"),
    ("PROXY_", Cause.CONNECT, "the proxy does not help"),
    ("TUNNEL_CONNECTION_FAILED", Cause.CONNECT, "the proxy does not let through"),
    ("SOCKS_", Cause.CONNECT, "the proxy does not help"),
    ("CERT_", Cause.CERTIFICATE, "its certificate is not accepted"),
    ("SSL_CLIENT_AUTH", Cause.TLS, "it requires a client certificate (use Engine plain)"),
    ("BAD_SSL_CLIENT_AUTH", Cause.TLS, "it requires a client certificate (use Engine plain)"),
    ("SSL_", Cause.TLS, "TLS failed"),
    ("ECH_", Cause.TLS, "TLS failed"),
    ("TIMED_OUT", Cause.TIMEOUT, "not done in time"),
    ("TOO_MANY_REDIRECTS", Cause.PROTOCOL, "redirected too often"),
    ("EMPTY_RESPONSE", Cause.PROTOCOL, "closed without an answer"),
    ("CONNECTION_RESET", Cause.PROTOCOL, "the connection was reset"),
    ("CONNECTION_CLOSED", Cause.PROTOCOL, "the connection was closed"),
    ("CONNECTION_ABORTED", Cause.PROTOCOL, "the connection was broken off"),
    ("MISCONFIGURED_AUTH", Cause.CREDENTIALS, "the log-in does not work"),
    ("INVALID_AUTH", Cause.CREDENTIALS, "the log-in does not work"),
    ("BLOCKED_BY", Cause.EXPECTATION, "the browser does not let the page open it"),
)
"""The name after ``net::ERR_``, its meaning, and its words in a message; the first match counts."""


def cause_of(name: str) -> tuple[Cause, str]:
    """The cause of what Chromium calls *name* (``net::ERR_CONNECTION_REFUSED``), in words too."""
    bare = name.removeprefix("net::").removeprefix("ERR_")
    found = ((cause, words) for start, cause, words in _CAUSES if bare.startswith(start))
    return next(found, (Cause.PROTOCOL, "the request failed"))


def failure(url: str, name: str) -> Failure:
    """The failure of opening the address *url*."""
    cause, words = cause_of(name)
    return Failure(cause, f"{urls.shown(url)}: {words} ({name})", found=name)


_REASONS = {
    "mixed-content": "blocked: http in a page that came over https",
    "csp": "blocked by the page's Content-Security-Policy",
    "origin": "blocked: another origin",
    "subresource-filter": "blocked by the browser",
    "coep-frame-resource-needs-coep-header": "blocked by Cross-Origin-Embedder-Policy",
    "corp-not-same-origin": "blocked by Cross-Origin-Resource-Policy",
    "corp-not-same-site": "blocked by Cross-Origin-Resource-Policy",
}


def why_failed(event: Mapping[str, object]) -> str:
    """Why a request failed, by its ``Network.loadingFailed``; empty where it was the operator who blocked it."""
    reason = str(event.get("blockedReason") or "")
    if reason == "inspector":
        return ""
    if reason:
        return _REASONS.get(reason, f"blocked ({reason})")
    cors = event.get("corsErrorStatus")
    if isinstance(cors, Mapping):
        return f"the answer is not for this page (CORS: {cors.get('corsError', 'refused')})"
    name = str(event.get("errorText") or "")
    return f"{cause_of(name)[1]} ({name})" if name else "failed"
