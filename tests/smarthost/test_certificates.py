"""Every kind of certificate that a smarthost may show: what is said of it, both verdicts, the days that are left."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from tests.helpers import smtp_faults
from tests.helpers.certificates import AIA, HOST, Files, Issued, Kind, authority, key_usage, leaf
from tests.helpers.smtp_faults import FAULTS
from tests.helpers.watching import SECRETS, Watched, watched

NAMES = {fault.tls.kind: name for name, fault in FAULTS.items() if name.startswith("certificate ")}
NAMES[Kind.GOOD] = "nothing"
"""The server that shows a certificate of a kind."""

BOTH_WAYS = pytest.mark.parametrize("implicit", [False, True], ids=["starttls", "implicit"])


@dataclass(frozen=True, slots=True)
class Seen:
    """What is to be said of a certificate; ``message`` is for `str.format` with what its files say.

    ``days``: the days left of the certificate, of the chain's earliest, and of the trusted CA.
    """

    message: str = ""
    as_leaf: bool = False
    days: tuple[float, float, float] = (89.0, 89.0, 3600.0)
    warnings: tuple[tuple[str, str], ...] = ()


GNUTLS = "; Exim with GnuTLS accepts it"
SEEN: Mapping[Kind, Seen] = {
    Kind.GOOD: Seen(as_leaf=True),
    Kind.EXPIRING: Seen(
        as_leaf=True,
        days=(5.0, 5.0, 3600.0),
        warnings=(("certificate_expiring", "the server's certificate expires in 5.0 days"),),
    ),
    Kind.EXPIRED: Seen(
        'expired: the certificate of "{host}" expired 10 days ago ({ends}): renew it on the server',
        days=(-10.0, -10.0, 3600.0),
    ),
    Kind.NOT_YET_VALID: Seen(
        'not yet valid: the certificate "{host}" is not yet valid, it begins in 2 days ({begins});'
        " our own clock says {now}: is it right?",
        days=(93.0, 93.0, 3600.0),
    ),
    Kind.WRONG_NAME: Seen(
        "wrong name: the certificate is for other.test, www.other.test, not for {host}:"
        " ask for a name that it has, or have it issued for this one"
    ),
    Kind.COMMON_NAME_ONLY: Seen(
        "common name only: the certificate has {host} as its common name (CN) only, which does not count (RFC 9525):"
        " have it issued with a subject alternative name",
        as_leaf=True,
    ),
    Kind.WILDCARD: Seen(
        "wrong name: the certificate is for *.test, not for {host}"
        " (a * stands for one label, and not right below a top-level domain):"
        " ask for a name that it has, or have it issued for this one"
    ),
    Kind.CLIENT_PURPOSE: Seen(
        'wrong purpose: the certificate "{host}" is not one for servers (its extended key usage lacks serverAuth):'
        f" have it issued for that{GNUTLS}",
        as_leaf=True,
    ),
    Kind.RSA_1024: Seen(
        'weak key: the key of "{host}" is too short (RSA needs 2048 bits): have it issued for a longer one' + GNUTLS,
        as_leaf=True,
    ),
    Kind.SHA1: Seen(
        'weak digest: "{host}", or a CA above it, is signed with SHA-1 or MD5, which can be forged:'
        " have it issued again with SHA-256"
    ),
    Kind.SELF_SIGNED: Seen(
        'self signed: the certificate "{host}" is self-signed: have one issued by a CA,'
        " or, if it is the right one, add it to {ca}"
    ),
    Kind.SELF_SIGNED_ROOT: Seen(
        'unknown issuer: the server\'s chain ends in the self-signed "Unknown Root", which is not in {ca}:'
        " add it there if it is the CA you expect"
    ),
    Kind.UNKNOWN_CA: Seen(
        'unknown issuer: "{host}" was issued by "Unknown Root", which is not in {ca}:'
        " add that CA there, or, if it is an intermediate, have the server send it"
    ),
    Kind.MISSING_INTERMEDIATE: Seen(
        'missing intermediate: the server does not send the certificate of its issuer "Test Issuing CA"'
        f" (available from {AIA}): it must send the whole chain; if that is a root, add it to {{ca}}"
    ),
    Kind.EXPIRED_CA: Seen(
        'expired: the CA "Old Root" in {ca} expired 10 days ago ({root_ends}): put its new certificate there',
        days=(89.0, 89.0, -10.0),
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the servers' certificates and the password file."""
    return tmp_path_factory.mktemp("certificates")


def test_every_kind_has_its_server_and_its_words() -> None:
    """What can be wrong with a certificate is shown by a server, and looked at here."""
    assert set(NAMES) == set(SEEN) == set(Kind)
    assert {kind for kind, name in NAMES.items() if FAULTS[name].sound} == {Kind.GOOD, Kind.EXPIRING}


@BOTH_WAYS
@pytest.mark.parametrize("kind", Kind)
def test_a_certificate_is_judged(folder: Path, kind: Kind, implicit: bool) -> None:
    """Cause, class in words, both verdicts; the days left are known also of one that was not accepted."""
    expected, files = SEEN[kind], smtp_faults.files(kind, folder)
    run = watched(NAMES[kind], folder, implicit=implicit)

    if expected.message:
        assert run.verdict == ("certificate", "tls", f"{HOST}: {filled_in(expected.message, files, run)}")
    else:
        assert run.verdict == ("none", "", "")
    assert run.warnings == expected.warnings
    verified = not expected.message
    assert (run.logins, "AUTH, in clear" in run.said) == (int(verified), False)
    assert readings(run) == {
        "bool-verified": float(verified),
        "bool-as_leaf": float(expected.as_leaf),
        "gauge-certificate_days_left": expected.days[0],
        "gauge-chain_days_left": expected.days[1],
        "gauge-ca_days_left": expected.days[2],
        "gauge-tls_version": 1.3,
    }
    assert [secret for secret in SECRETS if secret in run.told] == []


def filled_in(message: str, files: Files, run: Watched) -> str:
    """*message* with the names and dates of what the server shows."""
    shown = files.chain[0].certificate
    return message.format(
        host=HOST,
        ca=files.ca,
        begins=written(shown.not_valid_before_utc.timestamp()),
        ends=written(files.chain[0].ends),
        root_ends=written(files.root.ends),
        now=written(run.observation.time),
    )


def written(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def readings(run: Watched) -> dict[str, float]:
    """Those of TLS and certificates; how many bits a cipher has is the peers' business."""
    others = ("bool-authenticated", "bool-relay", "gauge-cipher_bits")
    return {name: value for name, value in run.readings.items() if name not in others}


# What else is agreed on in the handshake.


@BOTH_WAYS
def test_a_wildcard_stands_for_one_label(tmp_path: Path, implicit: bool) -> None:
    """One that is not right below a top-level domain is good, for Exim too; it does not stand for two labels."""
    root = authority("Wildcard Root")
    server = leaf([f"*.{HOST}"], root)
    shown = Files(Kind.WILDCARD, tmp_path / "server.pem", tmp_path / "ca.pem", (server,), root)
    shown.server.write_text(server.pem + server.key_pem)
    shown.ca.write_text(root.pem)

    run = watched("nothing", tmp_path, implicit=implicit, shown=shown, server_name=f"mx.{HOST}")
    assert run.verdict == ("none", "", "")
    assert (run.readings["bool-verified"], run.readings["bool-as_leaf"]) == (1.0, 1.0)

    run = watched("nothing", tmp_path, implicit=implicit, shown=shown, server_name=f"a.mx.{HOST}")
    assert run.verdict == (
        "certificate",
        "tls",
        f"a.mx.{HOST}: wrong name: the certificate is for *.{HOST}, not for a.mx.{HOST}"
        " (a * stands for one label, and not right below a top-level domain):"
        " ask for a name that it has, or have it issued for this one",
    )
    assert (run.readings["bool-verified"], run.readings["bool-as_leaf"]) == (0.0, 0.0)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")  # Python says that nobody should
@BOTH_WAYS
@pytest.mark.parametrize(("name", "version"), [("TLS 1.0 only", 1.0), ("TLS 1.1 only", 1.1)])
def test_old_tls_is_spoken_where_minimum_tls_allows_it(folder: Path, name: str, version: float, implicit: bool) -> None:
    """And reported; without it (`test_faults`) the run fails, and nothing is known of the certificate."""
    run = watched(name, folder, implicit=implicit, minimum_tls=str(version))
    assert run.verdict == ("none", "", "")
    assert run.readings["gauge-tls_version"] == version

    run = watched(name, folder, implicit=implicit)
    assert readings(run) == {"gauge-ca_days_left": 3600.0}


@BOTH_WAYS
@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_server_that_wants_a_client_certificate_gets_it(folder: Path, version: str, implicit: bool) -> None:
    """ClientCert: certificate, chain and key in one file, or the key in another."""
    ours = smtp_faults.files(Kind.CLIENT_PURPOSE, folder).server
    name = f"client certificate wanted, TLS {version}"
    run = watched(name, folder, implicit=implicit, client_cert=str(ours))
    assert run.verdict == ("none", "", "")
    run = watched(name, folder, implicit=implicit, client_cert=str(ours), client_key=str(ours))
    assert run.verdict == ("none", "", "")


@BOTH_WAYS
def test_an_odd_extension_fails_no_later_step(tmp_path: Path, implicit: bool) -> None:
    """Neither the server's (its authority information access is none) nor that of a CA beside the right one."""
    root = authority("Root")
    damaged = x509.UnrecognizedExtension(ExtensionOID.AUTHORITY_INFORMATION_ACCESS, b"\x30\x03\x30\x01\x05")
    no_usage = x509.UnrecognizedExtension(ExtensionOID.KEY_USAGE, b"\x03\x02\x07\x00")
    server = leaf([HOST], root, extra=damaged)
    shown = Files(Kind.GOOD, tmp_path / "server.pem", tmp_path / "ca.pem", (server,), root)
    shown.server.write_text(server.pem + server.key_pem)
    for odd in (authority("Odd CA", usage=False, extra=no_usage), authority("Odd CA", extra=damaged)):
        shown.ca.write_text(odd.pem + root.pem)
        run = watched("nothing", tmp_path, implicit=implicit, shown=shown)
        assert run.verdict == ("none", "", "")
        assert (run.readings["bool-verified"], run.readings["bool-as_leaf"]) == (1.0, 1.0)


def refused(folder: Path, server: Issued, ca: Issued, *more: Issued, name: str = HOST) -> str:
    """What is said of a server that shows this."""
    shown = Files(Kind.GOOD, folder / "server.pem", folder / "ca.pem", (server, *more), ca)
    shown.server.write_text(server.pem + "".join(one.pem for one in more) + server.key_pem)
    shown.ca.write_text(ca.pem)
    return watched("nothing", folder, shown=shown, server_name=name).verdict[2]


def test_what_is_wrong_is_called_by_its_name(tmp_path: Path) -> None:
    """Key usage or purpose, the server's or a CA's; an address that is written as a host; a CA that may not be one."""
    root = authority("Root")
    usage = leaf([HOST], root, common_name=HOST, usage=key_usage("content_commitment"))
    assert refused(tmp_path, usage, root) == (
        f'{HOST}: wrong purpose: the certificate "{HOST}" is not one for servers (its key usage lacks'
        " digitalSignature): have it issued for that; Exim with GnuTLS rejects it, too"
    )
    issuing = authority("Issuing", issuer=root, extra=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))
    assert refused(tmp_path, leaf([HOST], issuing), root, issuing) == (
        f'{HOST}: wrong purpose: "Issuing" is no CA for servers (its extended key usage lacks serverAuth):'
        " have the certificate issued by another; Exim with GnuTLS accepts it"
    )
    address = leaf([], root, extra=x509.SubjectAlternativeName([x509.DNSName("127.0.0.1")]))
    assert refused(tmp_path, address, root, name="127.0.0.1") == (
        "127.0.0.1: wrong name: the certificate has 127.0.0.1 as the name of a host, where it must be an address"
        " (IP, not DNS, in its subject alternative name): have it issued again"
    )
    another = x509.AuthorityKeyIdentifier(b"another", None, None)
    odd = leaf([HOST], root, common_name=HOST, authority_key=another)
    assert refused(tmp_path, odd, root) == (
        f'{HOST}: unknown issuer: "{HOST}" was signed by the CA "Root" in {tmp_path}/ca.pem, but names another key'
        " of it (authority key identifier): have it issued again"
    )
    middle = leaf(["other.test"], root, common_name="Middle")
    assert refused(tmp_path, leaf([HOST], middle), middle).endswith(
        f'the CA "Middle" in {tmp_path}/ca.pem must not issue certificates (it lacks basic constraints with CA:TRUE):'
        " get the right one"
    )
    assert "but not the key that signed" in refused(tmp_path, leaf([HOST], authority("Root")), root)
