"""Nothing that a certificate or a CA file holds reaches beyond its own place, however odd it is."""

from __future__ import annotations

import ssl
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.trust import certificate
from collectd_inode.trust.profile import BadProfile, TrustProfile, context
from collectd_inode.trust.store import look_over
from tests.helpers.certificates import HOST, Issued, authority, handshake, leaf

GOOD = authority("Good CA")
EXTENSIONS = {
    "keyUsage": ExtensionOID.KEY_USAGE,
    "extendedKeyUsage": ExtensionOID.EXTENDED_KEY_USAGE,
    "nameConstraints": ExtensionOID.NAME_CONSTRAINTS,
    "authorityInfoAccess": ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
    "cRLDistributionPoints": ExtensionOID.CRL_DISTRIBUTION_POINTS,
    "certificatePolicies": ExtensionOID.CERTIFICATE_POLICIES,
    "subjectAltName": ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
    "policyMappings": ExtensionOID.POLICY_MAPPINGS,
}
RAW = (b"", b"\x03\x01\x00", b"\x03\x02\x07\x00", b"\x30\x03\x30\x01\x05", b"\x30\x03\x82\x09a", b"\x04\x00", b"\x05")


def odd(name: str, raw: bytes, kind: str) -> x509.UnrecognizedExtension:
    """An extension of this *kind* that holds *raw*."""
    return x509.UnrecognizedExtension(EXTENSIONS[kind], raw)


def queue_is_empty() -> bool:
    """Whether the next one that OpenSSL is asked for is a good CA."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=GOOD.der)
    except ssl.SSLError:
        return False
    return True


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Before a test and after it."""
    assert queue_is_empty()
    yield
    assert queue_is_empty()


def odd_ca(kind: str, raw: bytes) -> Issued:
    return authority("Odd CA", usage=False, extra=odd("ca", raw, kind))


def test_the_queue_is_what_it_is_said_to_be() -> None:
    """Python 3.11 passes on what one certificate has left to the next, 3.12.1 no longer does."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(cadata=odd_ca("authorityInfoAccess", RAW[3]).der)
    made.get_ca_certs()
    assert queue_is_empty() == (sys.version_info >= (3, 12))


@pytest.mark.parametrize("kind", EXTENSIONS)
@pytest.mark.parametrize("raw", RAW, ids=bytes.hex)
def test_an_odd_ca_costs_only_itself(kind: str, raw: bytes, tmp_path: Path) -> None:
    """Before or behind a good one in a file, before it in a folder: the good one serves."""
    bad = odd_ca(kind, raw)
    server = leaf([HOST], GOOD)
    (tmp_path / "server.pem").write_text(server.pem + server.key_pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "0.pem").write_text(bad.pem)
    (folder / "1.pem").write_text(GOOD.pem)
    (tmp_path / "first.pem").write_text(bad.pem + GOOD.pem)
    (tmp_path / "last.pem").write_text(GOOD.pem + bad.pem)
    for path in (folder, tmp_path / "first.pem", tmp_path / "last.pem"):
        store = look_over(str(path), now=GOOD.ends - 86400 * 100)
        assert (store.fatal, "Good CA" in [ca.shown for ca in store.certificates]) == (None, True)
        assert queue_is_empty()
        tls, error = handshake(context(TrustProfile(str(path))), serving)
        assert (error, [c.shown for c in certificate.chain(tls)][-1:]) == (None, ["Good CA"])
    context(TrustProfile(str(folder / "0.pem")))


SERVED = ("authorityInfoAccess", "certificatePolicies", "policyMappings")
"""What OpenSSL as a server passes over in its own certificate; the rest it sends on in a chain at most."""


@pytest.mark.parametrize("kind", EXTENSIONS)
@pytest.mark.parametrize("raw", RAW, ids=bytes.hex)
def test_what_a_server_shows_costs_only_its_own_verdict(kind: str, raw: bytes, tmp_path: Path) -> None:
    """Whatever was looked at in it, another connection and another store know nothing of that."""
    server = leaf([HOST], GOOD, extra=odd("leaf", raw, kind) if kind in SERVED else None)
    (tmp_path / "server.pem").write_text(server.pem + server.key_pem + odd_ca(kind, raw).pem)
    (tmp_path / "ca.pem").write_text(GOOD.pem)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tmp_path / "server.pem")
    for profile in (TrustProfile(str(tmp_path / "ca.pem")), TrustProfile(verify=False)):
        tls, error = handshake(context(profile), serving)
        assert (error, len(certificate.presented(tls))) == (None, 2)
        for look in (certificate.presented, certificate.chain, certificate.end_of_validity):
            look(tls)
            assert queue_is_empty()


@given(st.sampled_from(list(EXTENSIONS)), st.binary(max_size=12), st.booleans())
def test_any_extension_costs_only_its_certificate(kind: str, raw: bytes, damaged: bool) -> None:
    """Whatever is in it, and whatever of the certificate's own bytes is changed."""
    der = bytearray(odd_ca(kind, raw).der)
    if damaged and raw:
        der[raw[0] % len(der)] ^= 1 << raw[-1] % 8
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ca.pem"
        file.write_text(ssl.DER_cert_to_PEM_cert(bytes(der)))
        look_over(str(file), now=GOOD.ends)
        assert queue_is_empty()
        try:
            context(TrustProfile(str(file)))
        except BadProfile:
            assert damaged
        assert queue_is_empty()
