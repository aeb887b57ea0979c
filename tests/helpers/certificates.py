"""Certificates for tests: every kind of good and bad one that a server may show, as files a real server can read.

``make(kind, folder)`` writes what the server needs (chain and key, one PEM file) and what a client believes (its CA).
A chain is leaf, issuing CA, root; the server sends the first two.
"""

from __future__ import annotations

import datetime
import functools
import ipaddress
import itertools
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from demo.authority import USAGES

HOST = "smarthost.test"
AIA = "http://ca.test/issuing.der"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class Kind(StrEnum):
    """What is right or wrong with what the server shows."""

    GOOD = "good"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_NAME = "wrong_name"
    COMMON_NAME_ONLY = "common_name_only"
    WILDCARD = "wildcard"
    CLIENT_PURPOSE = "client_purpose"
    RSA_1024 = "rsa_1024"
    SHA1 = "sha1"
    SELF_SIGNED = "self_signed"
    SELF_SIGNED_ROOT = "self_signed_root"
    UNKNOWN_CA = "unknown_ca"
    MISSING_INTERMEDIATE = "missing_intermediate"
    EXPIRED_CA = "expired_ca"


DAYS = {Kind.EXPIRING: (-85, 5), Kind.EXPIRED: (-100, -10), Kind.NOT_YET_VALID: (3, 93)}
"""First and last day of the leaf, counted from today; of others it is (-1, 89)."""
LEAF_DAYS, ISSUING_DAYS, ROOT_DAYS = (-1, 89), (-2, 1800), (-3, 3600)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: Key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def ends(self) -> float:
        """Epoch seconds."""
        return self.certificate.not_valid_after_utc.timestamp()


@dataclass(frozen=True, slots=True)
class Files:
    """What a server of this kind is given, and its client."""

    kind: Kind
    server: Path
    """The server's chain as it sends it, and its key behind it (mode 0600)."""
    ca: Path
    """What the client believes."""
    chain: tuple[Issued, ...]
    """What the server sends, leaf first."""
    root: Issued
    """The end of the server's chain; not in ``ca`` if the CA is unknown."""

    @property
    def today(self) -> float:
        """When it was made, epoch seconds."""
        begin = self.chain[0].certificate.not_valid_before_utc.timestamp()
        return begin - 86400 * DAYS.get(self.kind, LEAF_DAYS)[0]


def authority(
    name: str,
    *,
    issuer: Issued | None = None,
    days: tuple[float, float] = ROOT_DAYS,
    key: Key | None = None,
    usage: bool = True,
    extra: x509.ExtensionType | None = None,
    length: int | None = None,
    constrained: bool = True,
) -> Issued:
    """A CA; without *issuer* a root, without *usage* no keyUsage; *extra* is one more extension.

    Below it are at most *length* further CAs; unless *constrained* it has no basic constraints.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(name), key, issuer, days)
    if constrained:
        builder = builder.add_extension(x509.BasicConstraints(True, length), critical=True)
    if usage:
        builder = builder.add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
    if extra is not None:
        builder = builder.add_extension(extra, critical=False)
    return _sign(builder, key, issuer)


def key_usage(*fields: str) -> x509.KeyUsage:
    """A keyUsage with these bits, by cryptography's names for them."""
    return x509.KeyUsage(**{field: field in fields for field in USAGES})


def leaf(
    names: Iterable[str],
    issuer: Issued | None,
    *,
    common_name: str | None = None,
    organization: str | None = None,
    days: tuple[float, float] = LEAF_DAYS,
    key: Key | None = None,
    purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    aia: str | None = None,
    plain: bool = False,
    usage: x509.KeyUsage | None = None,
    extra: x509.ExtensionType | None = None,
    critical: bool = False,
    authority_key: x509.AuthorityKeyIdentifier | None = None,
) -> Issued:
    """A server's certificate for *names* (hosts and addresses); without *issuer* self-signed.

    *plain* is one without an extended key usage; *usage* is a key usage, *extra* one more extension, maybe *critical*;
    *authority_key* is what it says of its issuer's key.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_name(common_name, organization), key, issuer, days, authority_key)
    if not plain:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    if usage is not None:
        builder = builder.add_extension(usage, critical=True)
    if extra is not None:
        builder = builder.add_extension(extra, critical=critical)
    if alternatives := [_general_name(name) for name in names]:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=common_name is None)
    if aia is not None:
        where = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(aia))
        builder = builder.add_extension(x509.AuthorityInformationAccess([where]), critical=False)
    return _sign(builder, key, issuer)


def make(kind: Kind, folder: Path, host: str = HOST) -> Files:
    """The files of a server at *host* whose certificate is of this *kind*, written into *folder*."""
    root, issuing = _believed()
    believed = root
    names, common_name = [host], host
    key, purpose, aia = None, ExtendedKeyUsageOID.SERVER_AUTH, None
    match kind:
        case Kind.WRONG_NAME:
            names, common_name = ["other.test", "www.other.test"], "other.test"
        case Kind.COMMON_NAME_ONLY:
            names = []
        case Kind.WILDCARD:
            names = ["*." + host.rpartition(".")[2]]
        case Kind.UNKNOWN_CA | Kind.SELF_SIGNED_ROOT:
            root = issuing = authority("Unknown Root")
        case Kind.EXPIRED_CA:
            believed = root = authority("Old Root", days=(-3600, -10))
            issuing = authority("Issuing CA of Old Root", issuer=root, days=ISSUING_DAYS)
        case Kind.CLIENT_PURPOSE:
            purpose = ExtendedKeyUsageOID.CLIENT_AUTH
        case Kind.RSA_1024:
            key = rsa.generate_private_key(65537, 1024)
        case Kind.SHA1:
            issuing = authority("RSA Issuing CA", issuer=root, key=rsa.generate_private_key(65537, 2048))
        case Kind.MISSING_INTERMEDIATE:
            aia = AIA
    signer = None if kind is Kind.SELF_SIGNED else issuing
    days = DAYS.get(kind, LEAF_DAYS)
    server = leaf(names, signer, common_name=common_name, days=days, key=key, purpose=purpose, aia=aia)
    if kind is Kind.SHA1:
        server = in_sha1(server, issuing)
    match kind:
        case Kind.SELF_SIGNED | Kind.MISSING_INTERMEDIATE | Kind.UNKNOWN_CA:
            chain: tuple[Issued, ...] = (server,)
        case _:
            chain = (server, issuing)
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(kind, folder / f"{kind}.server.pem", folder / f"{kind}.ca.pem", chain, root)
    files.server.touch(0o600)
    files.server.write_text("".join(one.pem for one in chain) + server.key_pem)
    files.ca.write_text(believed.pem)
    return files


def server_context(files: Files) -> ssl.SSLContext:
    """A server that shows even what OpenSSL's usual security level refuses to load."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers("DEFAULT:@SECLEVEL=0")
    made.load_cert_chain(files.server)
    return made


def handshake(
    client: ssl.SSLContext, server: ssl.SSLContext, host: str = HOST
) -> tuple[ssl.SSLObject, ssl.SSLError | None]:
    """Both sides of a handshake in memory: the client's, and the error with which it ended, if it did."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(to_client, to_server, server_hostname=host)
    answering = server.wrap_bio(to_server, to_client, server_side=True)
    done: set[ssl.SSLObject] = set()
    while len(done) < 2:
        for side in (asking, answering):
            try:
                side.do_handshake()
                done.add(side)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError as error:
                return asking, error
    return asking, None


_RSA_SHA256 = bytes.fromhex("06092a864886f70d01010b")
_RSA_SHA1 = bytes.fromhex("06092a864886f70d010105")
_numbers = itertools.count(1000)


@functools.cache
def _believed() -> tuple[Issued, Issued]:
    """The CA of every kind whose CA is not the trouble: root and issuing CA."""
    root = authority("Test Root")
    return root, authority("Test Issuing CA", issuer=root, days=ISSUING_DAYS)


def _name(common_name: str | None, organization: str | None = None) -> x509.Name:
    parts = {NameOID.COMMON_NAME: common_name, NameOID.ORGANIZATION_NAME: organization}
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts.items() if value is not None])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    key: Key,
    issuer: Issued | None,
    days: tuple[float, float],
    authority_key: x509.AuthorityKeyIdentifier | None = None,
) -> x509.CertificateBuilder:
    today = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    begins, ends = (today + datetime.timedelta(days=day) for day in days)
    signer = issuer.key if issuer else key
    named = authority_key or x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(next(_numbers))
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(named, critical=False)
    )


def _sign(builder: x509.CertificateBuilder, key: Key, issuer: Issued | None) -> Issued:
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)


def in_sha1(issued: Issued, issuer: Issued) -> Issued:
    """The same certificate signed with SHA-1, which cryptography does for plain bytes only; *issuer* has an RSA key."""
    assert isinstance(issuer.key, rsa.RSAPrivateKey)
    body = issued.certificate.tbs_certificate_bytes.replace(_RSA_SHA256, _RSA_SHA1, 1)
    signature = issuer.key.sign(body, padding.PKCS1v15(), hashes.SHA1())
    algorithm = _der(0x30, _RSA_SHA1 + b"\x05\x00")
    whole = _der(0x30, body + algorithm + _der(0x03, b"\x00" + signature))
    return Issued(x509.load_der_x509_certificate(whole), issued.key)


def _der(tag: int, content: bytes) -> bytes:
    """*content* as one DER element of 128 to 65535 bytes, or of fewer than 128."""
    size = len(content)
    length = bytes([size]) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return bytes([tag]) + length + content
