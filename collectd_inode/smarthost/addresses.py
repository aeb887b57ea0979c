"""The addresses of a name to try, and the failures after which the next one is tried, as a mail server does.  Pure."""

from __future__ import annotations

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.dialogue import Dialogue, SmtpStep
from collectd_inode.wire import WireError

MOST_ADDRESSES = 5
"""The largest number: the default of Postfix's smtp_mx_address_limit and of Exim's hosts_max_try."""
_MAILS = (SmtpStep.MAIL, SmtpStep.RCPT)


def connect_series(number: int) -> str:
    """The series of connecting to the address with this *number*, from 1: ``connect``, ``connect_2``."""
    return SmtpStep.CONNECT.value if number == 1 else f"{SmtpStep.CONNECT.value}_{number}"


def is_of_address(error: Failure | WireError, step: SmtpStep, dialogue: Dialogue) -> bool:
    """Whether *error* in *step* concerns this address only, so that the next one is worth a try.

    Before the log-in each failure does.  A run sends AUTH once: after it, only a temporary reply (4xx) that is about no
    account does.  In MAIL and RCPT a lost connection does; a reply is about the mail (Exim's specification, 47.2).
    """
    if step is SmtpStep.AUTH:
        temporary = dialogue.refused is not None and 400 <= dialogue.refused < 500
        return temporary and dialogue.authenticated is None and dialogue.rejected is None
    answered = isinstance(error, Failure) and error.cause not in (Cause.TIMEOUT, Cause.PROTOCOL)
    return step not in _MAILS or not answered
