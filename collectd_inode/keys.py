"""Configuration keys: what a value may be, and what to say when it is not.

A kind of job declares its keys as a table of `Key`; `config` reads blocks by it.  A reader gets the values behind a
key and returns what they mean or raises `Expected` with the end of the sentence "expected …".

Files of secrets, which some keys name, are read here too (`secret_content`): for each run anew, and by all rooms alike.
"""

from __future__ import annotations

import difflib
import errno
import ipaddress
import math
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from collectd_inode.names import slug
from collectd_inode.oconfig import Node, Scalar
from collectd_inode.run import Job, Misconfigured
from collectd_inode.state import State

Values = tuple[Scalar, ...]
Reader = Callable[[Values], Any]

VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""What ``${…}`` can hold."""

MOST_SECRET_BYTES = 2**20

_SAYS_SECRET = re.compile("pass(word)?$|secret|token|authorization|cookie", re.IGNORECASE)
_LOOKS_SECRET = re.compile(
    r"passw|passphrase|passcode|pwd|kennwort|secret|token|csrf|xsrf|sess(?:ion|id)|cookie|credential|signature"
    r"|key(?!board|word)|auth(?!ors?(?:\b|_))|^(?:pass|pin|otp|tan|sid|sig)$",
    re.IGNORECASE,
)


class Expected(Exception):
    """The value is not what the key takes; the text says what would have been."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake of the operator's: where (block and key as written), what is wrong, its place (``file:line``) if known.

    ``help`` is what there is to say below it: suggestions, a snippet.  ``value`` is the configured value that it is
    about, by which a mistake found later can be traced back to its line.
    """

    where: str
    what: str
    place: str = ""
    help: str = ""
    value: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.place, self.where, self.what) if part)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block.  ``private`` values are never repeated in a message."""

    name: str
    read: Reader
    repeatable: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Common:
    """What every block may say: how often, how long, for which host, over which addresses, and whom to tell."""

    interval: float = 60.0
    timeout: float = 30.0
    host: str = ""
    family: str = "any"
    notify: bool = True
    confirm: int = 1
    state: State = field(default_factory=State, compare=False)
    """What jobs keep between runs."""

    @property
    def deadline(self) -> float:
        """Seconds for one whole run: the timeout, but never longer than the interval."""
        return min(self.timeout, self.interval)

    def job(self, kind: str, name: str, **more: Any) -> Job:
        """The job called *name* of a block that says this; *more* is what else a `Job` takes."""
        settled = {"instance": slug(name), "host": self.host, "notify": self.notify, "confirm": self.confirm}
        return Job(kind, name, interval=self.interval, deadline=self.deadline, **{**settled, **more})


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a block: its jobs, the mistakes found, and the files, folders and globs it was made from."""

    jobs: tuple[Job, ...]
    problems: tuple[Problem, ...] = ()
    sources: tuple[str, ...] = ()
    warnings: tuple[Problem, ...] = ()


def _one(values: Values) -> Scalar:
    if len(values) != 1:
        raise Expected(_how_many("one value", values))
    return values[0]


def _how_many(wanted: str, values: Values) -> str:
    if not values:
        return f"{wanted}, not none"
    return f"{wanted}, not {len(values)}: put it in double quotes"


def number(what: str, *, least: float | None = None, above: float | None = None) -> Reader:
    """A number, written with or without quotes; *what* names it and its limits."""

    def read(values: Values) -> float:
        value = _number(_one(values), what)
        if (least is not None and value < least) or (above is not None and value <= above):
            raise Expected(what)
        return value

    return read


def _number(value: Scalar, what: str) -> float:
    if isinstance(value, bool):
        raise Expected(what)
    try:
        result = float(value)
    except ValueError:
        raise Expected(what) from None
    if not math.isfinite(result):
        raise Expected(what)
    return result


def whole(what: str, *, least: int) -> Reader:
    """A whole number of at least *least*."""
    read_number = number(what, least=least)

    def read(values: Values) -> int:
        value = read_number(values)
        if value != int(value):
            raise Expected(what)
        return int(value)

    return read


def port(values: Values) -> int:
    """The number of a port."""
    what = "a port, 1 to 65535"
    value = whole(what, least=1)(values)
    if value > 65535:
        raise Expected(what)
    return int(value)


def text(values: Values) -> str:
    """One text in double quotes, not empty."""
    value = _one(values)
    if not isinstance(value, str) or not value:
        raise Expected("a text in double quotes")
    return value


def any_text(values: Values) -> str:
    """One text in double quotes, which may be empty."""
    value = _one(values)
    if not isinstance(value, str):
        raise Expected("a text in double quotes")
    return value


def boolean(values: Values) -> bool:
    """true or false, or collectd's other words for them."""
    value = _one(values)
    if isinstance(value, bool):
        return value
    word = str(value).lower()
    if word in ("true", "yes", "on"):
        return True
    if word in ("false", "no", "off"):
        return False
    raise Expected("true or false")


def choice(*words: str) -> Reader:
    """One of *words*, in any case."""
    listed = ", ".join(words[:-1]) + f" or {words[-1]}"

    def read(values: Values) -> str:
        word = str(_one(values)).lower()
        if word not in words:
            raise Expected(listed)
        return word

    return read


def file(values: Values) -> str:
    """The path of a file that can be read."""
    path = text(values)
    if not os.path.isfile(path):
        raise Expected("a file" + _instead(path))
    if not os.access(path, os.R_OK):
        raise Expected("a file that can be read (permission denied)")
    return path


def file_or_folder(values: Values) -> str:
    """The path of a file or folder that is there."""
    path = text(values)
    if not os.path.exists(path):
        raise Expected("a file or folder" + _instead(path))
    return path


def folder(values: Values) -> str:
    """The path of a folder that is there."""
    path = text(values)
    if not os.path.isdir(path):
        raise Expected("a folder" + _instead(path))
    return path


def _instead(path: str) -> str:
    if not os.path.lexists(path):
        return " that exists"
    return ", not a folder" if os.path.isdir(path) else ", not what is there"


def web_address(values: Values) -> str:
    """An http or https URL."""
    value = text(values)
    try:
        parts = urlsplit(value)
        fine = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fine = False
    if not fine:
        raise Expected('an address such as "https://www.example.org"')
    return value


def ip_address(values: Values) -> str:
    """An IPv4 or IPv6 address."""
    value = text(values)
    try:
        ipaddress.ip_address(value)
    except ValueError:
        raise Expected('an IP address such as "192.0.2.7"') from None
    return value


def host_name(values: Values) -> str:
    """A name to report under; it becomes a folder in csv and rrdtool."""
    value = text(values)
    if "/" in value or value.strip(".") == "" or len(value.encode()) > 63 or not value.isprintable():
        raise Expected("a host name of at most 63 bytes, without a slash")
    return value


def pair(first: str, second: str, read_first: Reader = text, read_second: Reader = text) -> Reader:
    """Two values: *first* and *second* say what they are."""

    def read(values: Values) -> tuple[Any, Any]:
        if len(values) != 2:
            raise Expected(f"two values, {first} and {second}, each in double quotes")
        return read_first(values[:1]), read_second(values[1:])

    return read


def variable_name(values: Values) -> str:
    """A name that ``${…}`` can hold."""
    value = text(values)
    if not VARIABLE_NAME.fullmatch(value):
        raise Expected("a name of letters, digits, _ and -, starting with a letter")
    return value


def endpoint(values: Values) -> tuple[str, int | None]:
    """An address with or without a port: ``192.0.2.7``, ``192.0.2.7:8080``, ``[2001:db8::1]:8080``."""
    value = text(values)
    bracketed = re.fullmatch(r"\[([^\]]+)\](?::(\d+))?", value)
    plain = re.fullmatch(r"([^:]+)(?::(\d+))?", value)
    match = bracketed or plain
    address, port = match.groups() if match else (value, None)
    try:
        ipaddress.ip_address(address)
    except ValueError:
        address = ""
    if not address or (port is not None and not 0 < int(port) < 65536):
        raise Expected('an IP address with or without a port, such as "192.0.2.7:8080"')
    return address, int(port) if port else None


def looks_secret(*names: str) -> bool:
    """Whether a value that is called so, or that comes from what is called so, had better not be shown."""
    return any(_LOOKS_SECRET.search(name) for name in names)


def read_file(path: str, most: int) -> tuple[bytes, os.stat_result]:
    """What is in a file, up to *most* bytes and one more, and what the system says of it.

    Raises OSError; also for a pipe or a device, which could keep the worker until somebody writes into it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            status = os.fstat(file.fileno())
            if stat.S_ISREG(status.st_mode):
                return file.read(most + 1), status
    except IsADirectoryError:
        pass
    raise OSError(errno.EINVAL, "a file is wanted here", path)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)


def secret_content(path: str, called: str) -> tuple[bytes, os.stat_result]:
    """What is in a file of secrets, and what the system says of the file.

    Raises Misconfigured, which begins with *called* and never repeats what is in the file: missing, unreadable, no
    file, too large, empty.
    """
    try:
        content, status = read_file(path, MOST_SECRET_BYTES)
    except OSError as error:
        raise Misconfigured(f"{called}: {error.strerror}") from None
    if len(content) > MOST_SECRET_BYTES:
        raise Misconfigured(f"{called}: larger than a megabyte, which no file of passwords is")
    if not content.strip():
        raise Misconfigured(f"{called}: the file is empty")
    return content, status


def secret_text(content: bytes, called: str) -> str:
    """The whole file; where only what follows the first line is not UTF-8, that line alone.  Raises Misconfigured."""
    for part in (content, content.partition(b"\n")[0]):
        try:
            return part.decode("utf-8-sig")
        except UnicodeDecodeError:
            continue
    # From None, as a traceback would show the bytes.
    raise Misconfigured(f"{called}: this is not UTF-8; Latin-1 text is mended by: iconv -f latin1 -t utf8")


def first_line(text: str, called: str) -> str:
    """The first line of a file of secrets, to the letter, without its end.  Raises Misconfigured if it is blank."""
    line = text.split("\n", 1)[0].rstrip("\r")
    if not line.strip():
        raise Misconfigured(f"{called}: the first line is empty")
    return line


def written(key: str, values: Iterable[Scalar]) -> str:
    """A key and its values as they stand in the file."""
    return " ".join([key, *(_written(v) for v in values)])


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return '"' + re.sub(r"//[^/?#\s]*@", "//…@", value) + '"'  # a password may stand in an address


def where(block: str, node: Node, *, private: bool = False) -> str:
    """The place of a mistake in words: ``<Scenario "webhome"> Timeout "5 s"``."""
    shown = f"{node.key} …" if private and node.values else written(node.key, node.values)
    return f"{block} {shown}"


def read_block(
    block: str, node: Node, table: Iterable[Key], blocks: Iterable[str] = ()
) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a block by key name, each read by its row of *table*, and every mistake in it.

    Repeatable keys give a list.  Children named in *blocks* are left alone.
    """
    keys = {key.name.lower(): key for key in table}
    others = {name.lower() for name in blocks}
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for child in node.children:
        key = keys.get(child.key.lower())
        if child.key.lower() in others:
            continue
        if key is None:
            problems.append(_unknown(block, child, [*(k.name for k in keys.values()), *blocks]))
            continue
        try:
            _take(key, child, found)
        except Expected as error:
            place = where(block, child, private=key.private)
            problems.append(Problem(place, f"expected {error}", _place(child)))
    return found, problems


def _take(key: Key, node: Node, found: dict[str, Any]) -> None:
    if node.children:
        raise Expected("a key with a value, not a block")
    value = key.read(node.values)
    if key.repeatable:
        found.setdefault(key.name, []).append(value)
    elif key.name in found:
        raise Expected("this key once only")
    else:
        found[key.name] = value


def _place(node: Node) -> str:
    return str(node.place) if node.place else ""


def _unknown(block: str, node: Node, known: list[str]) -> Problem:
    by_lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(node.key.lower(), by_lower, n=1)
    hint = f"did you mean {by_lower[near[0]]}?" if near else f"known here: {', '.join(sorted(known))}"
    private = _SAYS_SECRET.search(node.key) is not None
    return Problem(where(block, node, private=private), f"unknown key; {hint}", _place(node))


def _notify(values: Values) -> bool:
    return bool(choice("change", "none")(values) == "change")


COMMON_KEYS = (
    Key("Interval", number("a number of seconds, at least 1, such as 60", least=1)),
    Key("Timeout", number("a number of seconds above 0, such as 5 or 2.5", above=0)),
    Key("Host", host_name),
    Key("AddressFamily", choice("any", "ipv4", "ipv6")),
    Key("Notify", _notify),
    Key("Confirm", whole("a whole number of at least 1", least=1)),
)


def common(values: Mapping[str, Any], defaults: Common) -> Common:
    """The common settings of a block, those it does not name taken from *defaults*."""
    return Common(
        interval=values.get("Interval", defaults.interval),
        timeout=values.get("Timeout", defaults.timeout),
        host=values.get("Host", defaults.host),
        family=values.get("AddressFamily", defaults.family),
        notify=values.get("Notify", defaults.notify),
        confirm=values.get("Confirm", defaults.confirm),
        state=defaults.state,
    )
