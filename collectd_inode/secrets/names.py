"""Names that sound secret, in two tables.

What is remembered, or stands in evidence, is hidden by the wide one: nobody misses it.  Of an unknown key the value is
shown by the narrow one, since a typo in ``ClientKey`` or ``AuthHoldOff`` is found by what stands beside it.
"""

from __future__ import annotations

import re

_SAYS_SECRET = re.compile("pass(word)?$|secret|token|authorization|cookie", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"passw|passphrase|passcode|pwd|kennwort|secret|token|csrf|xsrf|sess(?:ion|id)|cookie|credential|signature"
    r"|key(?!board|word)|auth(?!ors?(?:\b|_))|^(?:pass|pin|otp|tan|sid|sig)$",
    re.IGNORECASE,
)


def looks_secret(*names: str) -> bool:
    """Whether a value with this name, or from a source with this name, must be hidden."""
    return any(_LOOKS_SECRET.search(name) for name in names)


def says_secret(key: str) -> bool:
    """Whether the value of an unknown key with this name must be hidden."""
    return _SAYS_SECRET.search(key) is not None
