"""Requests that are paused before they go: headers for the site alone, and log-ins.  Only where there are any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from collectd_inode.browser.auth import HttpCredentials, SiteCredentials
from collectd_inode.page import urls

Parameters = Mapping[str, Any]
Send = Callable[[str, Parameters, str], object]
"""Sends a call (method, parameters, session)."""

_FOR_HOME_ONLY = frozenset({"authorization", "cookie", "proxy-authorization"})


class Guard:
    """The changes of a run to requests."""

    def __init__(
        self,
        send: Send,
        is_own: Callable[[str], bool],
        headers: tuple[tuple[str, str], ...],
        credentials: SiteCredentials,
        proxy: HttpCredentials | None,
    ) -> None:
        self._send, self._is_own = send, is_own
        self._headers = {name.lower(): (name, value) for name, value in headers}
        self._proxy = proxy
        self._shown: set[str] = set()
        self.credentials = credentials
        self.refused = False
        """The last log-in did not help."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to add."""
        return bool(self._headers or self.credentials.known or self._proxy)

    def set_header(self, name: str, value: str) -> None:
        """Send this header from now on."""
        self._headers[name.lower()] = name, value

    def told(self, session: str, method: str, event: Parameters) -> None:
        """A request is paused: continue it, with our additions."""
        if method == "Fetch.authRequired":
            answer = self._answer(event)
            self._send(
                "Fetch.continueWithAuth", {"requestId": event["requestId"], "authChallengeResponse": answer}, session
            )
            return
        going: dict[str, Any] = {"requestId": event["requestId"]}
        if added := self._added(str(event["request"]["url"])):
            own = {name.lower() for name, _ in added}
            said = event["request"].get("headers", {}).items()
            kept = [(name, value) for name, value in said if name.lower() not in own]
            going["headers"] = [{"name": name, "value": value} for name, value in (*kept, *added)]
        self._send("Fetch.continueRequest", going, session)

    def _added(self, url: str) -> list[tuple[str, str]]:
        """Headers are for the site's own hosts, credentials for its home alone: other people's scripts see neither."""
        if not self._is_own(url):
            return []
        at_home = urls.origin(url) == self.credentials.home
        return [pair for name, pair in self._headers.items() if at_home or name not in _FOR_HOME_ONLY]

    def _answer(self, event: Parameters) -> Parameters:
        challenge = event.get("authChallenge", {})
        from_proxy = challenge.get("source") == "Proxy"
        where = urls.origin(str(challenge.get("origin") or ""))
        who = self._proxy if from_proxy else self.credentials.known.get(where)
        asked = f"{event['requestId']} {from_proxy}"
        if who is None or asked in self._shown:  # shown twice, a wrong password locks the account
            self.refused = who is not None
            return {"response": "CancelAuth"}
        self._shown.add(asked)
        self.refused = False
        return {"response": "ProvideCredentials", "username": who.user, "password": who.password}
