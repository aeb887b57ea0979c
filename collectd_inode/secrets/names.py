"""Names that sound secret, in two tables.

The wide one hides remembered values and evidence, where nobody misses them.  The narrow one hides values of unknown
keys, since the value helps to find a typo in ``ClientKey`` or ``AuthHoldOff``.
"""

from __future__ import annotations

import re

_SAYS_SECRET = re.compile("pass(word)?$|secret|token|authorization|cookie", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"passw|passphrase|passcode|pwd|kennwort|secret|token|csrf|xsrf|sess(?:ion|id)|cookie|credential|signature"
    r"|key(?!board|word)|auth(?!ors?(?:\b|_))|^(?:pass|pin|otp|tan|sid|sig)$"
    r"|jwt|hmac|assertion|samlre(?:sponse|quest)|mot_?de_?passe|contrase|wachtwoord|l[oö]senord|^(?:senha|has[lł]o|parola)$",
    re.IGNORECASE,
)
_ONE_TIME = frozenset({"code", "code_verifier", "hash", "invite", "nonce", "state", "ticket"})
"""Parameters that let somebody in once: OAuth's, OpenID Connect's, CAS's, those of links in mails."""


def looks_secret(*names: str) -> bool:
    """Whether a value with this name, or from a source with this name, must be hidden."""
    return any(_LOOKS_SECRET.search(name) for name in names)


def lets_in(name: str) -> bool:
    """Whether a parameter of an address or a field of a form with this name may let somebody in."""
    return looks_secret(name) or name.lower() in _ONE_TIME


def says_secret(key: str) -> bool:
    """Whether the value of an unknown key with this name must be hidden."""
    return _SAYS_SECRET.search(key) is not None
