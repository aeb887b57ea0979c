"""The user and the password that the probe logs in with, read from a file for each run.  Only files are touched.

A PasswordFile may be written in one of four ways:

a password
    The first line, UTF-8, with or without a byte-order mark, taken literally, ``:``, ``^`` and spaces included.
    The rest of the file is ignored.
Exim's ``passwd.client``
    Every file that has ``passwd.client`` in its name: lines ``target:user:password`` as Debian's Exim looks them up.
    The first line whose target fits Server (and, if User is set, has that user) is taken; User need not be set.
Exim's ``client_send``
    Every file with a line ``client_send = …``: such a line alone, or a whole ``exim4.conf``.  The first one that has
    its user and password written out (and, if User is set, has that user) is taken; ``::`` and ``^^`` are one each.
Postfix's ``sasl_passwd``
    Every file that has ``sasl_passwd`` in its name: lines ``[host]:port user:password`` as ``postmap`` reads them, the
    source and not the ``.db`` made of it.  The first line for Server (and, if User is set, with that user) is taken; a
    line with Port comes before one without any port.

The notation is detected: no real password begins with ``client_send =``.  So the probe and the mail server log in from
one file, and a password changed there is changed for both.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field

from collectd_inode.model import Misconfigured
from collectd_inode.secrets.files import first_line, secret_content, secret_text
from collectd_inode.smarthost.eximconf import NotLiteral, options, sent
from collectd_inode.smarthost.postfixconf import logical_lines

_EXIM_NAME, _POSTFIX_NAME = "passwd.client", "sasl_passwd"
_POSTFIX_LINE = re.compile(r"\[?(?P<host>[^]\[\s]+?)\]?(?::(?P<port>\w+))?\s+(?P<data>.+)")
_CLIENT_SEND = re.compile(r"^\s*(hide\s+)?client_send\s*=", re.MULTILINE)
_PASSWD_LINE = re.compile(
    r"""
    (?: "(?P<quoted>(?:[^"\\]|\\.)*)" | (?P<plain>[^\s:]+) )   # the key ends at white space or a colon
    \s* :? \s* (?P<data>.*)
    """,
    re.VERBOSE,
)
_MODES = ((0o004, "everybody on this machine"), (0o040, "its group"))

Stamp = tuple[int, int, int]
"""Time of the last change (nanoseconds), size and inode of a file: differs after each change."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The user to log in as, and the password, which no ``repr`` shows.

    ``warnings`` are codes with sentences, for `Run.warn`; a ``stamp`` other than last time's ends the hold-off.
    """

    user: str
    password: str = field(repr=False)
    warnings: tuple[tuple[str, str], ...]
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class _Login:
    user: str
    password: str = field(repr=False)


def read(path: str, *, server: str, user: str | None, port: int | None = None) -> Credentials:
    """User and password for *server* from the PasswordFile *path*, which may be one of Exim's own.

    Raises Misconfigured, which names the file and never what is in it: missing, unreadable, not a file, too large,
    not UTF-8, empty, nothing for this server or user.
    """
    content, status = secret_content(path, path)
    stamp = _stamp(status)
    text = secret_text(content, path)
    if _EXIM_NAME in os.path.basename(path):
        login = _from_passwd_client(path, text, server, user)
        warnings = (*_mode(path, status, exims=True), *_other_by_exim(path, login))
    elif _POSTFIX_NAME in os.path.basename(path):
        login, warnings = _from_sasl_passwd(path, text, (server, port), user), _mode(path, status, exims=False)
    elif _CLIENT_SEND.search(text):
        login, warnings = _from_client_send(path, text, user), _mode(path, status, exims=True)
    else:
        login, warnings = _from_first_line(path, text, user), _mode(path, status, exims=False)
    if "\0" in login.user + login.password:
        raise Misconfigured(f"{path}: user and password may hold no NUL byte")  # RFC 4616 section 2
    return Credentials(login.user, login.password, warnings, stamp)


def stamp_of(path: str | None) -> Stamp | None:
    """The stamp by which a change of the file *path* is noticed; None if there is none."""
    try:
        return None if path is None else _stamp(os.stat(path))
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_mtime_ns, status.st_size, status.st_ino


def _from_first_line(path: str, text: str, user: str | None) -> _Login:
    password = first_line(text, path)
    if not user:
        raise Misconfigured(f"{path}: this is a password without a user: set User")
    return _Login(user, password)


def _from_passwd_client(path: str, text: str, server: str, user: str | None) -> _Login:
    for target, login in _passwd_lines(text):
        if _fits(target, server) and user in (None, "", login.user):
            if not (login.user and login.password):
                raise Misconfigured(f"{path}: the line for {server} is not target:user:password")
            return login
    whose = f" and user {user}" if user else ""
    raise Misconfigured(
        f'{path}: no line for {server}{whose}; such as "{server}:USER:PASSWORD" '
        "(Exim itself looks for the name at the end of a CNAME)"
    )


def _passwd_lines(text: str) -> Iterator[tuple[str, _Login]]:
    """Targets with user and password, as Exim's lsearch reads them (specification, section 9.3).

    Comments begin in the first column; a line that begins with white space continues the one before; the password is
    all that follows the user's colon.
    """
    joined: list[str] = []
    for raw in text.split("\n"):
        line = raw.rstrip()
        if not line or line.startswith("#"):
            continue
        if line[0].isspace() and joined:
            joined[-1] += " " + line.lstrip()
        else:
            joined.append(line)
    for line in joined:
        found = _PASSWD_LINE.fullmatch(line)
        if found is not None:
            target = found["plain"] if found["quoted"] is None else re.sub(r"\\(.)", r"\1", found["quoted"])
            user, _, password = found["data"].partition(":")
            yield target, _Login(user, password)


def _from_sasl_passwd(path: str, text: str, to: tuple[str, int | None], user: str | None) -> _Login:
    """User and password from the source of Postfix's smtp_sasl_password_maps (postmap(1), SASL_README)."""
    server, port = to
    matches = (_POSTFIX_LINE.fullmatch(line) for _, line in logical_lines(text))
    lines = [found for found in matches if found and found["host"].lower() == server.rstrip(".").lower()]
    for found in lines if port is None else sorted(lines, key=lambda found: _apart(found["port"], port)):
        name, colon, password = found["data"].partition(":")
        if not (name and colon and password):
            raise Misconfigured(f"{path}: the line for {server} is not [host]:port user:password")
        if user in (None, "", name):
            return _Login(name, password)
    whose = f" and user {user}" if user else ""
    raise Misconfigured(f'{path}: no line for {server}{whose}; such as "[{server}]:587 USER:PASSWORD"')


def _apart(written: str | None, port: int) -> int:
    """A line's rank by its port, the best first: Postfix looks up the next hop as it is written, then the host."""
    if written is None:
        return 1
    return 0 if _PORTS.get(written.lower(), written) == str(port) else 2


_PORTS = {"smtp": "25", "submission": "587", "smtps": "465", "submissions": "465"}


def only_token(token: str, path: str) -> None:
    """Raise Misconfigured if *token*, of the file *path*, cannot be sent (RFC 6750 section 2.1)."""
    if not _TOKEN.fullmatch(token):
        what = "letters, digits and -._~+/= without a blank, and neither JSON nor “Bearer” around it"
        raise Misconfigured(f"{path}: the first line is no access token: expected {what}")


_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def _fits(target: str, server: str) -> bool:
    """Whether a key of an nwildlsearch fits: ``^`` begins a regular expression, ``*`` stands for any beginning.

    Case means nothing.  Exim asks for the name that it has connected to, at the end of any CNAME; we for what Server
    says.
    """
    name = server.rstrip(".")
    if target.startswith("^"):
        try:
            return re.search(target, name, re.IGNORECASE) is not None
        except re.error:
            return False  # Perl's notation has more than ours
    if target.startswith("*"):
        return name.lower().endswith(target[1:].lower())
    return target.lower() == name.lower()


def _from_client_send(path: str, text: str, user: str | None) -> _Login:
    looked_up = 0
    for option in options(text):
        if option.name != "client_send":
            continue
        try:
            login = _sent_login(sent(option.value))
        except NotLiteral:
            looked_up = looked_up or option.line
            continue
        if login is None:
            raise Misconfigured(
                f"{path}:{option.line}: client_send is neither LOGIN's (: user : password) nor PLAIN's "
                "(^user^password); in user and password : is written :: and ^ is written ^^"
            )
        if user in (None, "", login.user):
            return login
    if looked_up:
        raise Misconfigured(
            f"{path}:{looked_up}: client_send looks its password up; name the file where it does, "
            "which is /etc/exim4/passwd.client on Debian"
        )
    raise Misconfigured(f"{path}: no client_send for user {user}" if user else f"{path}: no client_send that is used")


def _sent_login(strings: tuple[tuple[str, ...], ...]) -> _Login | None:
    """User and password in the strings that ``client_send`` sends, by their form; None where there are none."""
    match strings:
        case (("",), (user,), (password,)) | ((_, user, password),) if user and password:
            return _Login(user, password)
        case _:
            return None


def _mode(path: str, status: os.stat_result, *, exims: bool) -> tuple[tuple[str, str], ...]:
    """A warning where others may read the password; of Exim's files, its group may: they are root:Debian-exim 0640."""
    mode = stat.S_IMODE(status.st_mode)
    for bit, who in _MODES:
        if mode & bit and not (exims and bit == 0o040):
            mend = "chmod 640" if exims else "chmod 600"
            return (("password_file_mode", f"{path}: mode {mode:04o}: {who} can read the password; {mend} {path}"),)
    return ()


def _other_by_exim(path: str, login: _Login) -> tuple[tuple[str, str], ...]:
    """Warnings about passwords in ``passwd.client`` that Debian's Exim changes, so that its log-in fails where ours
    works.

    Its cram_md5 authenticator takes a line's third field, where plain and login take all that is left.  Its plain one
    writes a NUL byte as ``^`` and doubles the circumflex behind it, which Exim pairs from the left.
    """
    found: list[tuple[str, str]] = []
    if ":" in login.password:
        sentence = "the password holds a colon, where Debian's Exim cuts it off when it logs in by CRAM-MD5"
        found.append(("password_colon", f"{path}: {sentence}"))
    if login.password.startswith("^"):
        sentence = "the password begins with a circumflex, which Debian's Exim cannot send by PLAIN"
        found.append(("password_circumflex", f"{path}: {sentence}"))
    return tuple(found)
