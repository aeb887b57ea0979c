"""After a refused login, none for a while: a check every minute must not lock the account that it watches over.

The state has the time, the code and the account of a refusal; never the password, nor anything derived from it.  A
changed password file, user or server ends the hold-off, and so does success.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from collectd_inode.codec import known, to_json
from collectd_inode.model import Cause, Failure
from collectd_inode.state import Memory

_KEY, _CODE = "auth_refused", "auth_refused_code"
_WRONG = 535
"""The code of a kept refusal that has none."""
TOKEN_SERVER = 400
"""The code for a refusal of the token server's, in place of a mail server's."""
_REFUSED = {
    _WRONG: f"the server refused user and password ({_WRONG})",
    TOKEN_SERVER: "the token server refused the refresh token or the client",
}


@dataclass(frozen=True, slots=True)
class _Refused:
    """When a server refused an account, and which."""

    time: float
    account: list[object]


@dataclass(frozen=True, slots=True)
class HoldOff:
    """The hold-off of one job: ``seconds`` long; 0 is none."""

    memory: Memory
    seconds: float

    def check(self, account: Sequence[object], now: float, path: str) -> Failure | None:
        """Why there is no AUTH now, if so.  *account* distinguishes log-ins, *path* is the file to correct."""
        refused = known(_Refused, self.memory.read().get(_KEY))
        if refused is None or refused.account != list(account):
            return None
        passed = now - refused.time
        if passed < 0:
            # The clock was set back: a hold-off must still end.
            self._keep({_KEY: to_json(_Refused(now, list(account)))})
            passed = 0.0
        if passed >= self.seconds:
            return None
        code = known(int, self.memory.read().get(_CODE)) or _WRONG
        what = _REFUSED.get(code, f"the server refused the account ({code})")
        return Failure(
            Cause.CREDENTIALS,
            f"no AUTH: {what} {_span(passed)} ago; the next attempt is in"
            f" {_span(self.seconds - passed)} (AuthHoldOff), or as soon as {path} is changed",
        )

    def began(self, account: Sequence[object], now: float, code: int = _WRONG) -> None:
        """The server has refused *account* with this *code*."""
        self.ended()
        self._keep({_KEY: to_json(_Refused(now, list(account))), **({} if code == _WRONG else {_CODE: code})})

    def ended(self) -> None:
        """The server has taken the password."""
        self.memory.write({key: value for key, value in self.memory.read().items() if key not in (_KEY, _CODE)})

    def _keep(self, what: Mapping[str, object]) -> None:
        self.memory.write({**self.memory.read(), **what})


def _span(seconds: float) -> str:
    """A time for people: ``12 min``."""
    return f"{seconds / 60:.0f} min" if seconds >= 60 else f"{seconds:.0f} s"
