"""The findings of an audit, for every mail server."""

from __future__ import annotations

from dataclasses import dataclass

from collectd_inode.model import Place


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """The result of one rule: whether it is enforced, the place, the meaning, and the line that fixes it.

    ``code`` is the mail server's name of the option; of Exim's also ``route``, ``authenticator``, ``include``,
    ``transport``, ``port``, ``configuration``; of Postfix's also ``route``, ``map``, ``port``, ``configuration``.
    ``mend`` is empty where there is nothing to fix.
    """

    code: str
    ok: bool
    place: Place
    message: str
    mend: str = ""
