"""``bool-as_leaf`` against a really sending Exim (GnuTLS): the same chains, the same answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.helpers import certificates
from tests.helpers.certificates import Files, Issued, Kind, authority, in_sha1, key_usage
from tests.helpers.exim import NAME
from tests.helpers.exim import leaf as sending
from tests.helpers.leaves import Leaf
from tests.helpers.smtp_faults import serving
from tests.helpers.watching import watched

CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class Chain:
    """What a server shows, what is believed, and whether an Exim sends; ``verified`` is ours."""

    shown: tuple[Issued, ...]
    believed: Issued
    sends: bool | None
    """None: not without OCSP's answer, which this server does not send, and we cannot ask for."""
    verified: bool = False
    differs: bool = False
    """Whether Exim sends with some releases of GnuTLS, and does not with others."""

    def files(self, folder: Path) -> Files:
        files = Files(Kind.GOOD, folder / "server.pem", folder / "ca.pem", self.shown, self.believed)
        files.server.write_text("".join(one.pem for one in self.shown) + self.shown[0].key_pem)
        files.ca.write_text(self.believed.pem)
        return files


def leaf(names: Sequence[str], issuer: Issued | None, *, common_name: str | None = None, **more: Any) -> Issued:
    """A server's certificate with a subject: Ubuntu 24.04's Exim rejects one without."""
    organization = "Example" if common_name is None else None
    return certificates.leaf(names, issuer, common_name=common_name, organization=organization, **more)


def long(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def used_for(*usages: str, sends: bool, key: rsa.RSAPrivateKey | None = None) -> Chain:
    root = authority("Root")
    # OpenSSL, as a client, asks for one of three bits.
    verified = bool({"digital_signature", "key_encipherment", "key_agreement"} & set(usages))
    return Chain((leaf([NAME], root, key=key, usage=key_usage(*usages)),), root, sends, verified)


def purpose_and_sha1(key: rsa.RSAPrivateKey | None = None, purpose: ObjectIdentifier = CLIENTS) -> Chain:
    root = authority("Root", key=long())
    return Chain((in_sha1(leaf([NAME], root, purpose=purpose, key=key), root),), root, sends=False)


def of_another_root() -> Chain:
    return Chain((leaf([NAME], authority("Root"), purpose=CLIENTS),), authority("Root"), sends=False)


def common_name(*, sends: bool, name: str = NAME, verified: bool = False, **more: object) -> Chain:
    root = authority("Root")
    return Chain((leaf([], root, common_name=name, **more),), root, sends, verified)


def with_intermediate(believes: str = "root", *, sends: bool, verified: bool = False, **more: object) -> Chain:
    root = authority("Root")
    issuing = authority("Issuing", issuer=root, **more)  # type: ignore[arg-type]
    server = leaf([NAME], issuing)
    believed = {"root": root, "issuing": issuing, "leaf": server}[believes]
    return Chain((server, issuing), believed, sends, verified)


def alone() -> Chain:
    server = leaf([NAME], authority("Root"), common_name=NAME)
    return Chain((server,), server, sends=True)


def self_signed(*, ca: bool, usage: bool = True, sends: bool) -> Chain:
    names = x509.SubjectAlternativeName([x509.DNSName(NAME)])
    server = authority("Self", usage=usage, extra=names) if ca else leaf([NAME], None, common_name=NAME)
    return Chain((server,), server, sends, verified=not (ca and usage))


def of_root(*, sends: bool, verified: bool = False, purpose: ObjectIdentifier | None = None, **more: object) -> Chain:
    root = authority("Root", **more)  # type: ignore[arg-type]
    return Chain((leaf([NAME], root),), root, sends, verified)


def extended(extra: x509.ExtensionType, *, critical: bool = True, sends: bool | None, verified: bool = False) -> Chain:
    root = authority("Root")
    return Chain((leaf([NAME], root, extra=extra, critical=critical),), root, sends, verified)


def too_long() -> Chain:
    root = authority("Root", length=0)
    issuing = authority("Issuing", issuer=root)
    return Chain((leaf([NAME], issuing), issuing), root, sends=False)


def below_a_server() -> Chain:
    root = authority("Root")
    middle = leaf(["other.tld"], root, common_name="other.tld")
    return Chain((leaf([NAME], middle), middle), root, sends=False)


def as_it_is(oid: str, content: str, *, critical: bool, sends: bool, verified: bool) -> Chain:
    """The certificate has one more extension, whatever is in it."""
    root = authority("Root")
    extra = x509.UnrecognizedExtension(ObjectIdentifier(oid), bytes.fromhex(content))
    return Chain((leaf([NAME], root, extra=extra, critical=critical),), root, sends, verified)


def constrained(*, permits: x509.GeneralName | None = None, excludes: x509.GeneralName | None = None, sends: bool,
                verified: bool) -> Chain:  # fmt: skip
    root = authority("Root")
    extra = x509.NameConstraints([permits] if permits else None, [excludes] if excludes else None)
    issuing = authority("Issuing", issuer=root, extra=extra)
    return Chain((leaf([NAME], issuing, common_name=NAME), issuing), root, sends, verified)


def with_two(root: x509.ExtensionType | None, issuing: x509.ExtensionType | None, *, sends: bool, verified: bool,
             hosts: Sequence[str] = (NAME,), differs: bool = False) -> Chain:  # fmt: skip
    """Each CA has one more extension."""
    top = authority("Root", extra=root)
    middle = authority("Issuing", issuer=top, extra=issuing)
    return Chain((leaf(hosts, middle), middle), top, sends, verified, differs)


def names(*permitted: str, excluded: Sequence[str] = ()) -> x509.NameConstraints:
    def of(given: Sequence[str]) -> list[x509.GeneralName] | None:
        return [x509.DNSName(name) for name in given] or None

    return x509.NameConstraints(of(permitted), of(excluded))


def without_constraints(*, sends: bool, of_issuing: bool = False) -> Chain:
    """A CA has no basic constraints: the root, or the one below it."""
    root = authority("Root", constrained=of_issuing)
    issuing = authority("Issuing", issuer=root, constrained=False) if of_issuing else root
    shown = (leaf([NAME], issuing), issuing) if of_issuing else (leaf([NAME], issuing),)
    return Chain(shown, root, sends, verified=not of_issuing)


def believed_below(*, shows_root: bool, sends: bool) -> Chain:
    """The lower of two intermediates is believed, and no root."""
    root = authority("Root")
    upper = authority("Upper", issuer=root)
    lower = authority("Lower", issuer=upper)
    shown = (leaf([NAME], lower), lower, upper, *((root,) if shows_root else ()))
    return Chain(shown, lower, sends)


def in_disorder() -> Chain:
    root = authority("Root")
    upper = authority("Upper", issuer=root)
    lower = authority("Lower", issuer=upper)
    return Chain((leaf([NAME], lower), root, upper, lower), root, sends=True, verified=True)


MUST_STAPLE = x509.TLSFeature([x509.TLSFeatureType.status_request])
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")
MAIL_NAME = x509.SubjectAlternativeName([x509.RFC822Name("postmaster@example.org")])
ORGANIZATION = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Another")]))
OURSELVES = x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)]))
AIA, IAN = "1.3.6.1.5.5.7.1.1", "2.5.29.18"

CHAINS: dict[str, Callable[[], Chain]] = {
    "good": lambda: with_intermediate(sends=True, verified=True),
    "digitalSignature alone": lambda: used_for("digital_signature", sends=True),
    "keyEncipherment alone, RSA": lambda: used_for("key_encipherment", sends=False, key=long()),
    "keyAgreement alone, RSA": lambda: used_for("key_agreement", sends=False, key=long()),
    "keyAgreement alone, ECDSA": lambda: used_for("key_agreement", sends=False),
    "keyCertSign alone": lambda: used_for("key_cert_sign", sends=False),
    "nonRepudiation alone": lambda: used_for("content_commitment", sends=False),
    "a self-signed CA": lambda: self_signed(ca=True, sends=False),
    "a self-signed CA without a key usage": lambda: self_signed(ca=True, usage=False, sends=True),
    "self-signed, believed": lambda: self_signed(ca=False, sends=True),
    "for clients, SHA-1": purpose_and_sha1,
    "RSA 1024, SHA-1": lambda: purpose_and_sha1(long(1024), ExtendedKeyUsageOID.SERVER_AUTH),
    "for clients, of another root of that name": of_another_root,
    "common name": lambda: common_name(sends=True),
    "common name, for clients": lambda: common_name(sends=False, purpose=CLIENTS),
    "common name beside a mail address": lambda: common_name(sends=True, extra=MAIL_NAME),
    "another common name": lambda: common_name(sends=False, name="other.tld"),
    "an intermediate is believed": lambda: with_intermediate("issuing", sends=True),
    "the certificate itself is believed": lambda: with_intermediate("leaf", sends=False),
    "the certificate itself is believed, and comes alone": alone,
    "intermediate with RSA 1024": lambda: with_intermediate(sends=True, key=long(1024)),
    "root with RSA 1024": lambda: of_root(sends=True, key=long(1024)),
    "intermediate that has expired": lambda: with_intermediate(sends=False, days=(-100, -10)),
    "root that has expired": lambda: of_root(sends=False, days=(-100, -10)),
    "an unknown extension": lambda: extended(UNKNOWN, critical=False, sends=True, verified=True),
    "an unknown critical extension": lambda: extended(UNKNOWN, sends=False),
    "a damaged one that Exim does not read": lambda: as_it_is(
        AIA, "3003300105", critical=False, sends=True, verified=True),
    "a critical one that GnuTLS knows": lambda: as_it_is(IAN, "3003820161", critical=True, sends=True, verified=False),
    "a critical one that OpenSSL knows": lambda: as_it_is(
        "1.3.6.1.5.5.7.48.1.5", "0500", critical=True, sends=False, verified=True),
    "an empty key usage of a CA": lambda: with_intermediate(sends=False, usage=False, extra=x509.UnrecognizedExtension(
        ObjectIdentifier("2.5.29.15"), b"\x03\x02\x07\x00")),
    "a damaged key usage of a CA": lambda: with_intermediate(sends=False, usage=False, extra=x509.UnrecognizedExtension(
        ObjectIdentifier("2.5.29.15"), b"\x04\x00")),
    "another domain permitted": lambda: constrained(permits=x509.DNSName("org"), sends=False, verified=False),
    "our domain permitted": lambda: constrained(permits=x509.DNSName("tld"), sends=True, verified=True),
    "our domain excluded": lambda: constrained(excludes=x509.DNSName("tld"), sends=False, verified=False),
    "another domain excluded": lambda: constrained(excludes=x509.DNSName("org"), sends=True, verified=True),
    "another organization permitted": lambda: constrained(permits=ORGANIZATION, sends=True, verified=False),
    "our subject excluded": lambda: constrained(excludes=OURSELVES, sends=False, verified=False),
    "another organization excluded": lambda: constrained(excludes=ORGANIZATION, sends=False, verified=True),
    "below our domain permitted": lambda: constrained(permits=x509.DNSName(f".{NAME}"), sends=False, verified=False),
    "no domain permitted": lambda: constrained(permits=x509.DNSName(""), sends=True, verified=True),
    "every domain excluded": lambda: constrained(excludes=x509.DNSName(""), sends=False, verified=False),
    "a domain with two dots permitted": lambda: constrained(
        permits=x509.DNSName("a..tld"), sends=False, verified=False),
    "two CAs permit what has nothing in common": lambda: with_two(
        names(NAME), names("org"), sends=False, verified=False),
    "two CAs permit our domain": lambda: with_two(names("tld", "org"), names(NAME), sends=True, verified=True),
    "a CA permits another domain below one that excludes": lambda: with_two(
        names(excluded=["net"]), names("org"), sends=False, verified=False, differs=True),
    "more names than GnuTLS compares": lambda: with_two(
        names(*(f"{number}.tld" for number in range(1100)), "tld"), None, sends=False, verified=False,
        hosts=[NAME, *(f"{number}.tld" for number in range(999))]),
    "a root without basic constraints": lambda: without_constraints(sends=True),
    "an intermediate without basic constraints": lambda: without_constraints(sends=False, of_issuing=True),
    "the lower of two intermediates is believed": lambda: believed_below(shows_root=False, sends=False),
    "the lower of two is believed, and the root comes too": lambda: believed_below(shows_root=True, sends=False),
    "in disorder": in_disorder,
    "it must staple": lambda: extended(MUST_STAPLE, critical=False, sends=None, verified=True),
    "it must staple, and that is critical": lambda: extended(MUST_STAPLE, sends=None),
    "a CA whose servers must staple": lambda: with_two(None, MUST_STAPLE, sends=False, verified=True),
    "a number permitted": lambda: constrained(
        permits=x509.RegisteredID(ObjectIdentifier("1.2.3")), sends=False, verified=True),
    "an intermediate for clients": lambda: with_intermediate(sends=True, extra=x509.ExtendedKeyUsage([CLIENTS])),
    "a longer chain than the root allows": too_long,
    "issued by a server": below_a_server,
}  # fmt: skip


@pytest.mark.parametrize("name", CHAINS)
def test_exim_and_we_agree(name: str, tmp_path: Path) -> None:
    """Whether mail is handed over: our verdict on it, and what it does; and our own verdict."""
    chain = CHAINS[name]()
    files = chain.files(tmp_path)
    run = watched("nothing", tmp_path, shown=files, server_name=NAME)
    assert (run.readings["bool-verified"], run.readings.get("bool-as_leaf")) == (chain.verified, chain.sends)
    with serving("nothing", tmp_path, shown=files) as server:
        text = Leaf("strict").text.replace("SMARTHOST", NAME).replace("PORT", str(server.port))
        sender = sending(tmp_path, text.replace("= CA\n", f"= {files.ca}\n"))
        log = sender.send("root@example.org", "someone@example.net", "Subject: x\n\nx\n")
    assert "AUTH, in clear" not in server.said, log
    assert ("AUTH" in server.said) in ({False, True} if chain.differs else {bool(chain.sends)}), log
