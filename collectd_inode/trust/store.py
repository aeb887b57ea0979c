"""The operator's CA store, a PEM file or a folder of them: we read every file, and list its oddities.

OpenSSL does not report an empty, unhashed or missing folder until a handshake fails, and Exim, which uses GnuTLS on
Debian, does not report a file without a certificate and then trusts none.  The statements about Exim were measured with
Exim 4.96 and GnuTLS 3.7.9 on Debian 12.
"""

from __future__ import annotations

import base64
import dataclasses
import grp
import os
import pwd
import re
import ssl
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from collectd_inode.model import Place
from collectd_inode.trust.certificate import Certificate, from_info
from collectd_inode.trust.openssl import contained


class StoreLevel(StrEnum):
    """The level of a finding for us."""

    FATAL = "fatal"
    """Nothing can be verified with this store."""
    WARNING = "warning"
    """It works, and should be checked; it may be fatal for Exim."""
    NOTE = "note"
    """Nothing to fix; an explanation."""


@dataclass(frozen=True, slots=True)
class StoreFinding:
    """One oddity of a CA store; as text ``PATH:LINE: message``."""

    place: Place
    code: str
    message: str
    exim: str
    """The effect on an Exim leaf (GnuTLS)."""
    level: StoreLevel

    @property
    def fatal(self) -> bool:
        """Whether we cannot verify with this store at all."""
        return self.level is StoreLevel.FATAL

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True, slots=True)
class Anchor:
    """A trusted certificate, and where it stands; ``certificate`` is None if it is not a CA's."""

    path: str
    line: int
    der: bytes = field(repr=False)
    certificate: Certificate | None


@dataclass(frozen=True, slots=True)
class Store:
    """A CA store as it was read."""

    path: str
    certificates: tuple[Certificate, ...]
    """Its CAs."""
    findings: tuple[StoreFinding, ...] = ()
    anchors: tuple[Anchor, ...] = field(default=(), repr=False)
    """Everything that can be loaded, each certificate once."""

    @property
    def earliest(self) -> float | None:
        """The end of the first of its CAs, epoch seconds."""
        return min((c.not_after for c in self.certificates if c.not_after is not None), default=None)

    @property
    def fatal(self) -> StoreFinding | None:
        """Why we cannot verify with it, if we cannot."""
        return next((finding for finding in self.findings if finding.fatal), None)


def look_over(path: str, *, now: float, reader: str | None = None, expiring_days: float = 14.0) -> Store:
    """The store at *path*, a file or folder, with its oddities, the worst first.

    *now* is epoch seconds.  *reader* is the mail server's user (``Debian-exim``): the files that it may not read, by
    owners and modes (not by access lists), are listed, too; no such user, no check.  Raises nothing.
    """
    store = read(path)
    findings = [*store.findings, *_dates(store.anchors, now, expiring_days)]
    if (user := StoreReader.named(reader)) is not None:
        findings += _closed(store.path, user)
    findings.sort(key=lambda finding: list(StoreLevel).index(finding.level))
    return dataclasses.replace(store, findings=tuple(findings))


def read(path: str) -> Store:
    """The store at *path*, with the findings that depend on neither day nor user.  Raises nothing."""
    anchors, findings = _read_folder(path) if os.path.isdir(path) else _read_file(path, _FILE)
    cas = tuple(anchor.certificate for anchor in anchors if anchor.certificate is not None)
    return Store(path, cas, tuple(findings), tuple(anchors))


_Read = tuple[list[Anchor], list[StoreFinding]]

_DEFERS = "Exim defers all mail"
_BELIEVES_NOBODY = (
    'Exim trusts no server: it defers all mail ("certificate invalid") or, without tls_verify_hosts, '
    "sends mail and password to any server (CV=no)"
)
_PASSES_OVER = "Exim ignores this file silently"
_NO_STAT = f'{_DEFERS} ("TLS session: NULL"; its paniclog: "could not stat")'
_READ_ERROR = f'{_DEFERS}: it says "Error while reading file." if its user may not read the file'
_DAMAGED = f'{_DEFERS}: "Base64 unexpected header error." or "ASN1 parser: Error in …"'


@dataclass(frozen=True, slots=True)
class _Strictness:
    """The effect of a bad file: a store by itself is rejected whole, one of a folder is skipped."""

    bad: StoreLevel
    none: StoreLevel
    """For a file that is not a certificate and does not claim to be one."""
    in_folder: bool

    def exim(self, alone: str) -> str:
        return _PASSES_OVER if self.in_folder else alone


_FILE = _Strictness(StoreLevel.FATAL, StoreLevel.FATAL, in_folder=False)
_IN_FOLDER = _Strictness(StoreLevel.WARNING, StoreLevel.NOTE, in_folder=True)


_READS_IT = "Exim reads it all the same"
_NOT_ALONE = (
    "the lines that begin and end a certificate must be -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, with"
    " nothing else in them: programs that use OpenSSL, as Postfix does, reject the file"
)


class _Broken(Exception):
    """A broken PEM block: code, message, Exim's message."""


def _read_folder(folder: str) -> _Read:
    """Every certificate in the files of *folder*, whether c_rehash has been there or not."""
    try:
        files = _by_target(folder)
    except OSError as error:
        unreadable = f"cannot be listed: {error.strerror}"
        return [], [StoreFinding(Place(folder), "unreadable", unreadable, _BELIEVES_NOBODY, StoreLevel.FATAL)]
    anchors: dict[bytes, Anchor] = {}
    findings: list[StoreFinding] = []
    hashed: set[bytes] = set()
    for names in files:
        found, said = _read_file(os.path.join(folder, names[0]), _IN_FOLDER)
        findings += said
        for anchor in found:
            anchors.setdefault(anchor.der, anchor)
        if any(_HASHED.fullmatch(name) for name in names):
            hashed.update(anchor.der for anchor in found)
    if not anchors:
        nothing = "no certificate in this folder"
        findings.append(StoreFinding(Place(folder), "no_certificate", nothing, _BELIEVES_NOBODY, StoreLevel.FATAL))
    elif unhashed := anchors.keys() - hashed:
        what = (
            f"{len(unhashed)} of {len(anchors)} certificates have no hashed name (c_rehash): we read them all the same,"
            " programs that use OpenSSL's capath do not find them"
        )
        findings.append(
            StoreFinding(Place(folder), "unhashed", what, "Exim with GnuTLS reads them all the same", StoreLevel.NOTE)
        )
    return list(anchors.values()), findings


_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")


def _by_target(folder: str) -> list[list[str]]:
    """The names of a folder's files (folders in it are nothing to us), those of one file together, its own first."""
    targets: dict[str, list[str]] = {}
    for entry in sorted(os.scandir(folder), key=lambda entry: (entry.is_symlink(), entry.name)):
        if not os.path.isdir(entry.path):  # entry.is_dir raises for a link to itself
            targets.setdefault(os.path.realpath(entry.path), []).append(entry.name)
    return sorted(targets.values())


def _read_file(path: str, place: _Strictness) -> _Read:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would keep us for ever
            exim = place.exim(_BELIEVES_NOBODY)
            return [], [StoreFinding(Place(path), "not_a_file", "neither a file nor a folder", exim, place.bad)]
        with open(path, "rb") as file:
            data = file.read()
    except FileNotFoundError as error:  # in a folder: a link to nowhere
        exim = place.exim(_NO_STAT)
        return [], [StoreFinding(Place(path), "missing", str(error.strerror), exim, place.bad)]
    except OSError as error:
        exim = place.exim(_READ_ERROR)
        return [], [StoreFinding(Place(path), "unreadable", str(error.strerror), exim, place.bad)]
    return _parse(path, data, place)


def _parse(path: str, data: bytes, place: _Strictness) -> _Read:
    findings: list[StoreFinding] = []
    if data.startswith(_UTF8_MARK):
        mark = "begins with a byte-order mark, which is harmless"
        findings.append(StoreFinding(Place(path, 1), "byte_order_mark", mark, _READS_IT, StoreLevel.NOTE))
    lines = data.removeprefix(_UTF8_MARK).decode("ascii", "replace").splitlines()
    blocks = list(_blocks(lines))
    odd = [n for n, line in enumerate(lines, 1) if _is_odd(line)] + [block.line for block in blocks if block.other_end]
    if odd:
        findings.append(StoreFinding(Place(path, min(odd)), "glued", _NOT_ALONE, _READS_IT, StoreLevel.WARNING))
    certificates = [block for block in blocks if block.label in _CERTIFICATES]
    if not certificates:
        return [], [*findings, _nothing(path, data, blocks, place)]
    findings += [_a_key(path, block) for block in blocks if block.is_key]
    anchors: list[Anchor] = []
    for block in certificates:
        try:
            anchor = Anchor(path, block.line, der := _der(block), _certificate(der))
        except _Broken as error:
            code, message, exim = error.args
            # OpenSSL and GnuTLS refuse such a file as a whole; trusting half of it would hide that from its owner.
            broken = StoreFinding(Place(path, block.line), code, message, place.exim(exim), place.bad)
            return [], [*findings, broken]
        anchors.append(anchor)
        if anchor.certificate is None:
            what = "not a CA's certificate: it cannot issue certificates; only a self-signed one is useful, for itself"
            exim = "Exim finds no CA in it; it trusts a self-signed certificate in it if a server sends it"
            findings.append(StoreFinding(Place(path, block.line), "not_a_ca", what, exim, StoreLevel.WARNING))
    return anchors, findings


_UTF8_MARK, _UTF16_MARKS = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_BEGIN, _END = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----"), re.compile(r"-----END ([^-]*)-{0,5}")
_MARK = re.compile(r"(-----BEGIN [A-Z0-9 ]+-----|-----END [^-]*-{0,5})")
"""The mark at which GnuTLS begins or ends a block: anywhere in a line, and any label ends it."""
_STRICT = re.compile(r"-----(BEGIN|END) [A-Z0-9 ]+-----")
_CERTIFICATES = {"CERTIFICATE", "X509 CERTIFICATE"}


@dataclass(frozen=True, slots=True)
class _Block:
    """One PEM block (RFC 7468): its label, its first line and text; whether it has an end, and one of another label."""

    label: str
    line: int
    text: str
    whole: bool
    other_end: bool = False

    @property
    def is_key(self) -> bool:
        return self.label.endswith("PRIVATE KEY")


def _blocks(lines: Iterable[str]) -> Iterator[_Block]:
    label, begun, inside = "", 0, list[str]()
    for number, part in _parted(lines):
        if begin := _BEGIN.fullmatch(part):
            if label:
                yield _Block(label, begun, "".join(inside), whole=False)
            label, begun, inside = begin[1], number, []
        elif end := _END.fullmatch(part):
            if label:
                yield _Block(label, begun, "".join(inside), whole=True, other_end=end[1] != label)
            label = ""
        else:
            inside.append("".join(part.split()))
    if label:
        yield _Block(label, begun, "".join(inside), whole=False)


def _parted(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Lines with their numbers; a mark is a part by itself."""
    for number, line in enumerate(lines, 1):
        yield from ((number, part) for part in _MARK.split(line.strip()))


def _is_odd(line: str) -> bool:
    """Whether *line* has a mark that OpenSSL does not accept."""
    return _MARK.search(line) is not None and _STRICT.fullmatch(line.rstrip()) is None


def _der(block: _Block) -> bytes:
    """The content of a block; raises _Broken."""
    if not block.whole:
        raise _Broken("truncated", "the certificate that begins here has no end: the file is truncated", _DAMAGED)
    try:
        return base64.b64decode(block.text, validate=True)
    except ValueError:
        raise _Broken("broken", "the certificate that begins here is damaged: not base64", _DAMAGED) from None


@lru_cache(maxsize=1024)
def _certificate(der: bytes) -> Certificate | None:
    """The certificate that OpenSSL reads in *der*; None if it is not a CA's; raises _Broken."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with contained():
        try:
            made.load_verify_locations(cadata=der)
        except (ssl.SSLError, ValueError):  # ValueError: nothing at all in it
            raise _Broken("broken", "the block that begins here is not a certificate", _DAMAGED) from None
        try:
            return next((from_info(info) for info in made.get_ca_certs()), None)
        except (ssl.SSLError, ValueError):  # OpenSSL trusts it, and ssl cannot decode it
            return Certificate()


def _a_key(path: str, block: _Block) -> StoreFinding:
    what = "a private key in the CA store: everybody who can read the store has it; keep it elsewhere"
    return StoreFinding(Place(path, block.line), "private_key", what, "Exim ignores the key", StoreLevel.WARNING)


def _nothing(path: str, data: bytes, blocks: list[_Block], place: _Strictness) -> StoreFinding:
    """The content of a file that has no certificate."""
    exim = place.exim(_BELIEVES_NOBODY)
    if key := next((block for block in blocks if block.is_key), None):
        what = "no PEM certificate in it, but a private key"
        # Keys are 0600 as a rule, so that this is what people get to read.
        read_error = f'{_BELIEVES_NOBODY}; where its user may not read the key: "Error while reading file."'
        return StoreFinding(Place(path, key.line), "private_key", what, place.exim(read_error), place.none)
    code, what = _content(data, blocks)
    # A binary certificate in a folder was meant to be trusted, a README was not.
    level = place.bad if code == "der" else place.none
    return StoreFinding(Place(path), code, what, exim, level)


def _content(data: bytes, blocks: list[_Block]) -> tuple[str, str]:
    lines = data.removeprefix(_UTF8_MARK).split()
    if not lines:
        return "empty", "no PEM certificate in it: the file is empty"
    if data.startswith(_UTF16_MARKS):
        return "no_certificate", "no PEM certificate in it: UTF-16 text; save it as plain ASCII"
    if _is_der(data):
        return "der", "no PEM certificate in it, but a binary (DER) one: convert it with openssl x509 -inform DER"
    if blocks:
        kinds = ", ".join(dict.fromkeys(block.label for block in blocks))
        return "no_certificate", f"no PEM certificate in it, only {kinds}"
    if all(line.startswith(b"#") for line in data.splitlines() if line.strip()):
        return "comments_only", "no PEM certificate in it: nothing but comments"
    return "no_certificate", "no PEM certificate in it"


def _is_der(data: bytes) -> bool:
    try:
        _certificate(data)
    except _Broken:
        return False
    return True


def _dates(anchors: Iterable[Anchor], now: float, expiring_days: float) -> Iterator[StoreFinding]:
    cas = [(anchor, anchor.certificate) for anchor in anchors if anchor.certificate is not None]
    good = {ca.subject for _, ca in cas if _dated(ca, now, expiring_days) is None}
    for anchor, ca in cas:
        # Some of the world's CAs have always ended, and one beside its successor is only left over.
        level = StoreLevel.NOTE if len(cas) > _MANY or ca.subject in good else StoreLevel.WARNING
        if dated := _dated(ca, now, expiring_days):
            yield StoreFinding(Place(anchor.path, anchor.line), *dated, level)


def _dated(ca: Certificate, now: float, expiring_days: float) -> tuple[str, str, str] | None:
    """The findings about a CA's dates: code, message, effect on Exim."""
    name = f'the CA "{ca.shown}"'
    if ca.not_after is not None and ca.not_after < now:
        return "expired_ca", f"{name} expired {_days(now - ca.not_after)} ago: put its new certificate here", _REFUSES
    if ca.not_after is not None and ca.not_after < now + expiring_days * _DAY:
        what = f"{name} expires in {_days(ca.not_after - now)}: get its new certificate"
        return "expiring_ca", what, f"From that day on: {_REFUSES}"
    if ca.not_before is not None and ca.not_before > now:
        what = f"{name} is not valid for another {_days(ca.not_before - now)}: is our own clock right?"
        return "not_yet_valid_ca", what, _REFUSES
    return None


_MANY = 20
_REFUSES = (
    'Exim refuses what this CA issued ("certificate invalid") or, without tls_verify_hosts, sends all the same (CV=no)'
)
_DAY = 86400.0


def _days(seconds: float) -> str:
    days = int(seconds / _DAY)
    return "less than a day" if days < 1 else "a day" if days == 1 else f"{days} days"


@dataclass(frozen=True, slots=True)
class StoreReader:
    """Somebody other than us who reads the store."""

    name: str
    uid: int
    groups: frozenset[int]

    @classmethod
    def named(cls, name: str | None) -> StoreReader | None:
        """The user of that name, None if this machine has none."""
        try:
            entry = pwd.getpwnam(name or "")
        except KeyError:
            return None
        return cls(entry.pw_name, entry.pw_uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))

    def may(self, what: os.stat_result, bit: int) -> bool:
        """Whether the mode lets this user read (4) or enter (1); the first class that fits decides (inode(7))."""
        if self.uid == 0:
            return True
        shift = 6 if what.st_uid == self.uid else 3 if what.st_gid in self.groups else 0
        return bool(what.st_mode >> shift & bit)


def _closed(path: str, user: StoreReader) -> Iterator[StoreFinding]:
    """The parts of the store that *user* may not read."""
    try:
        if (closed := _closed_parent(path, user)) is not None:
            yield StoreFinding(Place(path), "unreadable_for_reader", closed, _NO_STAT, StoreLevel.WARNING)
        elif not os.path.isdir(path):
            yield from _closed_file(path, user, _READ_ERROR)
        elif not user.may(folder := os.stat(path), 4) or not user.may(folder, 1):
            what = f"{user.name} may not read this folder ({_owned(folder)})"
            yield StoreFinding(Place(path), "unreadable_for_reader", what, _BELIEVES_NOBODY, StoreLevel.WARNING)
        else:
            for names in _by_target(path):
                yield from _closed_file(os.path.join(path, names[0]), user, _PASSES_OVER)
    except OSError:
        return  # gone, or closed to ourselves: reported already


def _closed_file(path: str, user: StoreReader, exim: str) -> Iterator[StoreFinding]:
    try:
        file = os.stat(path)
    except OSError:
        return
    what = None if user.may(file, 4) else f"{user.name} may not read it ({_owned(file)})"
    if closed := _closed_parent(path, user) or what:
        yield StoreFinding(Place(path), "unreadable_for_reader", closed, exim, StoreLevel.WARNING)


def _closed_parent(path: str, user: StoreReader) -> str | None:
    """The first folder on the way to *path*, and to what it is a link to, that *user* may not enter."""
    for way in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
        folders = []
        while (way := os.path.dirname(way)) not in folders:
            folders.append(way)
        for folder in reversed(folders):
            if not user.may(entry := os.stat(folder), 1):
                return f"{user.name} may not enter {folder} ({_owned(entry)})"
    return None


def _owned(what: os.stat_result) -> str:
    return f"mode {stat.S_IMODE(what.st_mode):04o}, owner {_account(what.st_uid)}, group {_group(what.st_gid)}"


def _account(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
