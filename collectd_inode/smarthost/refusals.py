"""The meaning of a server's reply to AUTH: why, whether it has judged the credentials, whether to hold off.

RFC 4954 section 6 gives the codes; large providers say with the same codes what only their words tell apart.  Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from collectd_inode.model import Cause
from collectd_inode.smarthost.replies import Reply


@dataclass(frozen=True, slots=True)
class LoginRefusal:
    """A refused login.  ``judged``: the server has looked at user and password; ``account``: it is the account's.

    After a refusal of the account the next attempt waits for ``AuthHoldOff``.
    """

    cause: Cause
    why: str
    judged: bool = False
    account: bool = False


@dataclass(frozen=True, slots=True)
class _Row:
    """``codes``: the replies it is about, none for any from 400 on; ``words``: what their text must hold."""

    codes: Iterable[int]
    words: str
    refusal: LoginRefusal

    def fits(self, reply: Reply) -> bool:
        right_code = reply.code in self.codes if self.codes else reply.code >= 400
        return right_code and re.search(self.words, " ".join(reply.lines), re.IGNORECASE) is not None


def _of_account(why: str, cause: Cause = Cause.REFUSED) -> LoginRefusal:
    return LoginRefusal(cause, why, judged=True, account=True)


_ANY: tuple[int, ...] = ()
_REFUSES = (525, 534, 535, 550, 551, 553, 554, 571)
_TOO_OFTEN = LoginRefusal(Cause.REFUSED, "too many log-ins: the server accepts no more for a while", account=True)
_WRONG = _of_account("wrong user or password", Cause.CREDENTIALS)
_BY_TOKEN = _of_account("the provider requires an OAuth token in place of a password (Mechanism XOAUTH2)")

_ROWS = (
    _Row((534, 535), r"app(lication)?[- ](specific )?password|5\.7\.9 .*InvalidSecondFactor"
         r"|\b(2fa|mfa)\b|\b(two|second|multi)[- ]?(factor|step)\b", _of_account(
        "the account requires an application password, which the provider makes for one program")),
    _Row(_REFUSES, r"Smtp(Client)?Auth\w* is disabled|basic auth\w* is (disabled|not)"
         r"|\b(enable|turn on)\b.*\b(pop3?|imap|smtp)\b|\bsmtp (access|service) is (not|disabled)", _of_account(
        "the provider has switched off log-in by password (SMTP AUTH) for this account")),
    _Row(_REFUSES, r"did not meet the criteria|security defaults|conditional access", _of_account(
        "the provider's policy refuses this log-in, with any password")),
    _Row(_REFUSES, r"web ?browser|^5\.7\.14\b", _of_account(
        "the provider requires a log-in with a browser first")),
    _Row(_ANY, r"\bblock\w* (\w+ )?(ip|address)\b|\b(ip|address)\b.*\b(block|banned|(black|deny)-?list)",
         LoginRefusal(Cause.REFUSED, "the server has blocked this machine's address", account=True)),
    _Row((421, 450, 451, 454), r"too many (\w+ ){0,2}(log-?in|auth|attempt|invalid)|(log-?in|auth\w*) (rate|limit)"
        r"|(rate|limit)\w* .*\b(log-?in|auth)|(account|user|mailbox)\b.*\blocked", _TOO_OFTEN),
    _Row(_REFUSES, r"too many (\w+ ){0,2}(log-?in|auth|attempt|invalid)|(log-?in|auth\w*) (rate|limit)", LoginRefusal(
        Cause.REFUSED, _TOO_OFTEN.why, judged=True, account=True)),
    _Row(_REFUSES, r"password (has |is )?expired|expired password", _of_account("the password has expired")),
    _Row(_REFUSES, r"5\.7\.13\b|account (is |was |has been )?closed"
        r"|\b(suspended|disabled|deactivated|locked|blocked|inactive|terminated)\b", _of_account(
        "the account is disabled or suspended")),
    _Row((525,), "", _of_account("the account is disabled or suspended")),
    # Cyrus SASL's words where it cannot reach its password store.
    _Row((535,), r"generic failure|saslauthd|no mechanism available|internal (server )?error|system busy|temporar",
         LoginRefusal(Cause.REFUSED, "the server cannot check passwords at the moment", account=True)),
    _Row(_REFUSES, r"\bx?oauth|modern auth", _BY_TOKEN),
    _Row((526, 535), "", _WRONG),  # 526: QQ's and others'
    _Row(_REFUSES, r"^5\.7\.8\b", _WRONG),  # RFC 4954 section 6, whatever the code
    _Row((432,), "", LoginRefusal(Cause.REFUSED, "a password transition is needed")),
    _Row((454,), "", LoginRefusal(Cause.REFUSED, "temporary fault")),
    _Row((534,), "", LoginRefusal(Cause.REFUSED, "policy: this mechanism is too weak for the account")),
    _Row((538,), "", LoginRefusal(Cause.REFUSED, "policy: this mechanism requires encryption")),
    _Row((550, 551, 553, 554, 571), "", _of_account("refused")),
    _Row({*range(505, 600)} - {521, 530}, "", LoginRefusal(Cause.REFUSED, "refused", account=True)),
)  # fmt: skip
"""The first that fits.  The words are Google's, Microsoft's, Yahoo's, and those of Postfix, Exim, Dovecot, Cyrus."""


def of(reply: Reply, *, by_token: bool = False) -> LoginRefusal | None:
    """The meaning of *reply* to AUTH beyond its first digit; None if it has no more."""
    found = next((row.refusal for row in _ROWS if row.fits(reply)), None)
    if by_token and found in (_WRONG, _BY_TOKEN):
        return _of_account("the token was rejected: it has expired, or is another user's", Cause.CREDENTIALS)
    if found is not None and reply.code == 535 and found.cause is Cause.REFUSED:
        return LoginRefusal(Cause.CREDENTIALS, found.why, found.judged, found.account)
    return found
