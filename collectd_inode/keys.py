"""Configuration keys: the rules for their values, and the messages for wrong ones.

A kind of job declares its keys as the fields of a dataclass, each made by `key`.  The row of a key has all facts about
it, and everything that depends on keys uses the rows.  `config` reads blocks by them.  A reader receives the values of
a key and returns their meaning, or raises `Expected` with the end of the sentence "expected …".
"""

from __future__ import annotations

import difflib
import ipaddress
import math
import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from collectd_inode.key_synonyms import has_no_like, meant, meant_in_part
from collectd_inode.model import Confirm, Door, Job, Problem, ReplayEngine
from collectd_inode.names import slug
from collectd_inode.oconfig import Node, Scalar
from collectd_inode.secrets.names import says_secret
from collectd_inode.shards import MOST as MOST_SHARDS
from collectd_inode.shards import Shard
from collectd_inode.state import State

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Values = tuple[Scalar, ...]
Reader = Callable[[Values], Any]

OR = "|"
"""The separator between keys of which one is needed."""
VARIABLE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
"""The pattern of a name in ``${…}``."""


class Expected(Exception):
    """The value is wrong for the key; the text describes a right one."""


class FileRole(Enum):
    """The relation of a key's value to files."""

    NONE = "no file"
    READ = "a file, folder or glob that is read"
    WRITTEN = "a folder that is written to"


NO_FOLDER = "none"
"""The value of ``SaveFailures`` for no folder."""


ENGINES = tuple(engine.value for engine in ReplayEngine)
"""The words for the engines that can replay a scenario."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key's row: all facts about one key of a block.

    *example* is a value as in a file, *meaning* its text in the tables of keys (reStructuredText).  *shown* is the
    default in those tables; if it is None, *default* is.  Messages never repeat *secret* values;
    *of_secrets* names a file that other users must not read.  *one_run*: it changes a single run, so that commands
    that run something have an option for it; *metavar* is the value of that option, a name and a value if it has a
    ``=``.  *needs* are the keys that must also be set; ``A|B`` means one of two.  *fits* returns the fault of a value
    together with the block's settings, or nothing.
    """

    name: str
    read: Reader
    repeatable: bool = False
    secret: bool = False
    example: str = ""
    meaning: str = ""
    default: Any = None
    shown: str | None = None
    file: FileRole = FileRole.NONE
    of_secrets: bool = False
    one_run: bool = False
    metavar: str = ""
    engines: tuple[str, ...] = ENGINES
    needs: tuple[str, ...] = ()
    fits: Callable[[Any, BlockSettings], str] = lambda _value, _block: ""

    @property
    def option(self) -> str:
        """Its option on the command line: ``--base-url``."""
        words = re.sub("(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", self.name)
        return f"--{words.lower()}"


def key(name: str, read: Reader, example: str, meaning: str, *, default: Any = None, **more: Any) -> Any:
    """A field of a dataclass of settings for the value of a key; *more* is the rest of its row (see `Key`).

    The values of a repeatable key make a tuple.
    """
    if more.get("repeatable"):
        default = ()
    row = Key(name, read, example=example, meaning=meaning, default=default, **more)
    return field(default=default, metadata={Key: row})


_Settings = TypeVar("_Settings", bound="DataclassInstance")


def rows_of(settings: Any) -> dict[str, Key]:
    """Field → its key's row, of a dataclass of settings or of an instance."""
    return {field.name: field.metadata[Key] for field in fields(settings) if Key in field.metadata}


def keys_of(settings: type[Any]) -> tuple[Key, ...]:
    """The rows of a dataclass of settings, in its order."""
    return tuple(rows_of(settings).values())


def filled(settings: _Settings, values: Mapping[str, Any]) -> _Settings:
    """*settings* with *values* from their keys' readers."""
    said = {field: values[row.name] for field, row in rows_of(settings).items() if row.name in values}
    made = {field: tuple(value) if isinstance(value, list) else value for field, value in said.items()}
    return replace(settings, **made)


def contradictions(settings: Any, common: BlockSettings, said: Iterable[str] = ()) -> list[str]:
    """A sentence for each key that *settings* need, and for each value that does not fit the block's other values.

    *said* are the keys that the block sets, also those set to their default.
    """
    rows = {row.name: row for row in rows_of(settings).values()}
    values = {row.name: getattr(settings, field) for field, row in rows_of(settings).items()}
    given = {name for name, value in values.items() if value != rows[name].default} | (set(said) & set(rows))
    engine = getattr(settings, "engine", "")
    strange = [
        f"{name} is for Engine {' and '.join(row.engines)}, not {engine}"
        for name, row in rows.items()
        if name in given and engine and engine not in row.engines
    ]
    strange += getattr(settings, "complaints", tuple)()
    found = [complaint for name in rows if name in given and (complaint := rows[name].fits(values[name], common))]
    return (
        strange
        + found
        + [_needed(rows, rows[name]) for name in rows if name in given and not _has_its_needs(rows[name], given)]
    )


def _has_its_needs(row: Key, given: set[str]) -> bool:
    return all(given.intersection(need.split(OR)) for need in row.needs)


def _needed(rows: Mapping[str, Key], row: Key) -> str:
    *others, last = (need.partition(OR)[0] for need in row.needs)  # the usual one
    if others:
        return f"{row.name}: expected {', '.join(others)} and {last} beside it"
    if row.name in rows[last].needs:
        return f"expected {' and '.join(name for name in rows if name in (row.name, last))} together"
    return f"{row.name}: expected a {last} beside it"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A loaded block: its jobs, the mistakes found, and the files, folders and globs it was made from."""

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


SECONDS = number("a number of seconds above 0, such as 5 or 2.5", above=0)


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
    if not isinstance(value, str):
        raise Expected("a text in double quotes")
    if not value:
        raise Expected("a text that is not empty")
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


@dataclass(frozen=True, slots=True)
class Choice:
    """Reads one of some words, in any case."""

    words: tuple[str, ...]

    def __call__(self, values: Values) -> str:
        """The word, spelled as in the list."""
        word = str(_one(values)).lower()
        if word not in self.words:
            raise Expected(", ".join(self.words[:-1]) + f" or {self.words[-1]}")
        return word


def choice(*words: str) -> Choice:
    """One of *words*, in any case."""
    return Choice(words)


def file(values: Values) -> str:
    """The path of a file that can be read."""
    path = text(values)
    if not os.path.isfile(path):
        raise Expected("a file" + _instead(path))
    if not os.access(path, os.R_OK):
        raise Expected("a file that can be read (permission denied)")
    return path


def file_or_folder(values: Values) -> str:
    """The path of an existing file or folder."""
    path = text(values)
    if not os.path.exists(path):
        raise Expected("a file or folder" + _instead(path))
    return path


def folder(values: Values) -> str:
    """The path of an existing folder."""
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
    """A host's name for reports; csv and rrdtool make a folder of it."""
    value = text(values)
    if "/" in value or value.strip(".") == "" or len(value.encode()) > 63 or not value.isprintable():
        raise Expected("a host name of at most 63 bytes, without a slash")
    return value


@dataclass(frozen=True, slots=True)
class Pair:
    """Reads two values, each in its own way."""

    first: str
    second: str
    read_first: Reader
    read_second: Reader

    def __call__(self, values: Values) -> tuple[Any, Any]:
        """The meaning of both values."""
        if len(values) != 2:
            raise Expected(f"two values, {self.first} and {self.second}, each in double quotes")
        return self.read_first(values[:1]), self.read_second(values[1:])


def pair(first: str, second: str, read_first: Reader = text, read_second: Reader = text) -> Pair:
    """Two values: *first* and *second* describe them."""
    return Pair(first, second, read_first, read_second)


def variable_name(values: Values) -> str:
    """A name that ``${…}`` can contain."""
    value = text(values)
    if not VARIABLE_NAME.fullmatch(value):
        raise Expected("a name of letters, digits, _ and -, starting with a letter")
    return value


def server(example: str) -> Reader:
    """The name or address of a server, such as *example*: no URL, no port."""

    def read(values: Values) -> str:
        value = text(values)
        if not re.fullmatch(r"[\w.-]+", value) and not _is_ipv6(value):
            raise Expected(f'a host name or an address such as "{example}", without a port')
        return value

    return read


def _is_ipv6(value: str) -> bool:
    try:
        return bool(ipaddress.IPv6Address(value))
    except ValueError:
        return False


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


def written(key: str, values: Iterable[Scalar]) -> str:
    """A key and its values as in the file."""
    return " ".join([key, *(_written(v) for v in values)])


def _written(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return '"' + re.sub(r"//[^/?#\s]*@", "//…@", value) + '"'  # a password may stand in an address


def where(block: str, node: Node, *, secret: bool = False) -> str:
    """The place of a mistake in words: ``<Scenario "webhome"> Timeout "5 s"``."""
    shown = f"{node.key} …" if secret and node.values else written(node.key, node.values)
    return f"{block} {shown}"


def read_block(
    block: str,
    node: Node,
    table: Iterable[Key],
    blocks: Iterable[str] = (),
    elsewhere: Callable[[str], str] = lambda _: "",
) -> tuple[dict[str, Any], list[Problem]]:
    """The values of a block by key name, each read by its row of *table*, and every mistake in it.

    Repeatable keys give a list.  Children named in *blocks* are skipped.  *elsewhere* names the block that knows a key.
    """
    rows = {row.name.lower(): row for row in table}
    others = {name.lower() for name in blocks}
    found: dict[str, Any] = {}
    problems: list[Problem] = []
    for child in node.children:
        row = rows.get(child.key.lower())
        if child.key.lower() in others:
            continue
        if row is None:
            known = [*(known.name for known in rows.values()), *blocks]
            problems.append(_unknown(block, child, known, elsewhere(child.key)))
            continue
        try:
            _take(row, child, found)
        except Expected as error:
            place = where(block, child, secret=row.secret)
            problems.append(Problem(f"expected {error}", child.place, place))
    return found, problems


def _take(row: Key, node: Node, found: dict[str, Any]) -> None:
    if node.children:
        raise Expected("a key with a value, not a block")
    value = row.read(node.values)
    if row.repeatable:
        found.setdefault(row.name, []).append(value)
    elif row.name in found:
        raise Expected("this key once only")
    else:
        found[row.name] = value


def _unknown(block: str, node: Node, known: list[str], elsewhere: str) -> Problem:
    near = "" if elsewhere else _near(node.key, known)
    hint = f"did you mean {near}?" if near else f"known here: {', '.join(sorted(known))}"
    secret = says_secret(node.key)
    return Problem(elsewhere or f"unknown key; {hint}", node.place, where(block, node, secret=secret))


def _near(word: str, known: Collection[str]) -> str:
    """The key that was probably meant: by spelling, else by other programs' words, else the most similar one."""
    if has_no_like(word):
        return ""
    by_lower = {name.lower(): name for name in known}

    def alike(cutoff: float) -> str:
        near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=cutoff)
        return by_lower[near[0]] if near else ""

    return alike(_TYPO) or meant(word, known) or alike(_NEAR) or meant_in_part(word, known) or alike(_ALIKE)


_TYPO, _NEAR, _ALIKE = 0.85, 0.76, 0.68


def _notify(values: Values) -> bool:
    return bool(choice("change", "none")(values) == "change")


_MOST_RUNS = 100
"""The number of kept runs of each job."""
_RUNS = f"a whole number from 1 to {_MOST_RUNS}"


def _runs(values: Values) -> int:
    value: int = whole(_RUNS, least=1)(values)
    if value > _MOST_RUNS:
        raise Expected(_RUNS)
    return value


def _shard(values: Values) -> Shard:
    """``"2/5"``: the second of five machines."""
    match = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text(values))
    if match is None or not 1 <= int(match[1]) <= int(match[2]) <= MOST_SHARDS:
        raise Expected('a share such as "2/5": this machine\'s number, a slash, the number of machines')
    return Shard(int(match[1]), int(match[2]))


def _confirm(values: Values) -> Confirm:
    what = f'{_RUNS}, or "3/10" for three of the last ten'
    match = re.fullmatch(r"(\d{1,3})/(\d{1,3})", str(_one(values)))
    if match is None:
        try:
            number = _runs(values)
        except Expected:
            raise Expected(what) from None
        return Confirm(number, number)
    bad, of = map(int, match.groups())
    if not 1 <= bad <= of <= _MOST_RUNS:
        raise Expected(what)
    return Confirm(bad, of)


SAVE_TOTAL, SAVE_AGE = 200_000_000, 30.0
"""The default limits of evidence: bytes, days."""
_OR_NEVER = number("a number of seconds, or 0 for never", least=0)


@dataclass(frozen=True, slots=True)
class BlockSettings:
    """The keys of every block: interval, deadline, host, addresses, notifications."""

    # fmt: off
    interval: float = key("Interval", number("a number of seconds, at least 1, such as 60", least=1), "60",
        "Seconds from run to run, at least 1.  A hash of the job's name sets its place in the interval, so that not all"
        " jobs run at once.", default=60.0)
    timeout: float = key("Timeout", SECONDS, "30",
        "Seconds that one whole run may take, never more than the interval.",
        default=30.0, one_run=True, metavar="S")
    host: str = key("Host", host_name, '"www.example.org"',
        "The host name in the values.  Default: collectd's own.", default="", shown="")
    family: str = key("AddressFamily", choice("any", "ipv4", "ipv6"), '"ipv4"',
        "The IP version of connections: ``any``, ``ipv4`` or ``ipv6``.", default="any", one_run=True)
    notify: bool = key("Notify", _notify, '"none"',
        "``change``: notify when a job fails and when it recovers.  ``none``: never.",
        default=True, shown='"change"')
    confirm: Confirm = key("Confirm", _confirm, '"3/10"',
        "Bad runs in a row before FAILURE.  ``3/10``: three bad runs among the last ten.", default=Confirm(), shown="1")
    confirm_recovery: int = key("ConfirmRecovery", _runs, "2",
        "Good runs in a row before OKAY.", default=1)
    repeat: float = key("RepeatInterval", _OR_NEVER, "3600",
        "Seconds between reminders while a job is bad; 0: none.", default=0.0)
    heartbeat: float = key("Heartbeat", _OR_NEVER, "600",
        "Seconds between repeats of the current state, also of OKAY, for receivers that check freshness; 0: none.",
        default=0.0)
    # fmt: on
    state: State = field(default_factory=State, compare=False)
    """State that jobs keep between runs."""
    door: Door = Door.CLI
    """The place where its jobs run; not a key."""
    save_total: int = SAVE_TOTAL
    """The largest size of all evidence in one folder, in bytes; a key of ``<Module>``, like the next."""
    save_age: float = SAVE_AGE
    """Days for which evidence is kept."""

    @property
    def deadline(self) -> float:
        """Seconds for one whole run: the timeout, or the interval if that is shorter."""
        return min(self.timeout, self.interval)

    def job(self, kind: str, name: str, **more: Any) -> Job:
        """The job called *name* of a block with these settings; *more* are the other fields of a `Job`."""
        settled = {
            "instance": slug(name),
            "host": self.host,
            "notify": self.notify,
            "confirm": self.confirm,
            "confirm_recovery": self.confirm_recovery,
            "repeat": self.repeat,
            "heartbeat": self.heartbeat,
        }
        return Job(kind, name, interval=self.interval, deadline=self.deadline, **{**settled, **more})


COMMON_KEYS = keys_of(BlockSettings)


ONLY_AT_THE_HUB = (
    "expected it in the <Module collectd_inode> of the hub's collectd.conf: only collectd's own process sees the values"
    " of other machines"
)
"""The mistake of a key or block that needs values of other machines, behind a door that receives none."""


@dataclass(frozen=True, slots=True)
class ModuleSettings:
    """The keys of ``<Module>`` itself, beside its defaults for blocks."""

    # fmt: off
    strict: bool = key("StrictConfig", boolean, "true",
        "Whether a mistake in the configuration keeps collectd, with all its other metrics, from starting.",
        default=False)
    state_dir: str | None = key("StateDir", text, '"/var/lib/collectd/inode"',
        "The folder for state that must survive a restart; created with mode 0700; one for each collectd.  Without it,"
        " a restart loses notification state, hold-offs after a wrong password, pool scores, kiss-o'-death pauses and"
        " steps of the clock, and `status`_ has nothing to show.", file=FileRole.WRITTEN)
    save_total: int = key("SaveTotal", whole("a number of bytes, at least 1", least=1), "1000000000",
        "The largest size of the Evidence_ of all blocks in one folder, in bytes.", default=SAVE_TOTAL)
    save_age: float = key("SaveAge", number("a number of days above 0, such as 30", above=0), "90",
        "The age at which evidence is removed, in days.", default=SAVE_AGE)
    shards: tuple[Shard, ...] = key("Shard", _shard, '"2/5"',
        "This machine's share of the ``<Scenario>`` blocks, if several machines have the same files; ``2/5``: it is the"
        " second of five.  Set it twice to take over the share of a machine that is gone.",
        repeatable=True)
    fleet: bool = key("Fleet", boolean, "true",
        "Whether to keep in ``StateDir`` the last values and notifications that this collectd receives, of every host:"
        " on a `hub <../how-to/many-machines.rst>`__, for ``status --fleet`` and ``graph --fleet``.", default=False)
    # fmt: on


MODULE_KEYS = keys_of(ModuleSettings)
