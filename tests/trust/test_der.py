"""The small reader of certificates, held against cryptography's; whatever else it gets, it says so in time."""

from __future__ import annotations

import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.trust import der, gnutls, signatures
from tests.helpers.certificates import HOST, Issued, authority, in_sha1, key_usage, leaf

ROOT = authority("Root", length=1)
USAGE = key_usage("digital_signature", "key_agreement", "decipher_only")
SERVER = leaf([HOST, "192.0.2.7", "2001:db8::1"], ROOT, common_name="Ä b", usage=USAGE)


def test_what_is_read() -> None:
    """All that is asked of it."""
    read = der.read(SERVER.der)
    assert (read.common_names, read.hosts, read.addresses) == (("Ä b",), (HOST,), ("192.0.2.7", "2001:db8::1"))
    assert (read.usage, read.purposes, read.is_ca) == (frozenset({0, 4, 8}), frozenset({der.SERVER_AUTH}), False)
    assert (read.begins, read.ends) == (SERVER.certificate.not_valid_before_utc.timestamp(), SERVER.ends)
    assert (read.issuer, read.body) == (
        ROOT.certificate.subject.public_bytes(),
        SERVER.certificate.tbs_certificate_bytes,
    )
    root = der.read(ROOT.der)
    assert (root.is_ca, root.path_length, root.usage, root.purposes) == (True, 1, frozenset({5, 6}), None)
    assert read.authority_key == root.subject_key != b""
    assert (root.critical, root.damaged) == (frozenset({der.BASIC_CONSTRAINTS, der.KEY_USAGE}), ())


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP384R1()),
     rsa.generate_private_key(65537, 2048)],
    ids=["P-256", "P-384", "RSA"],
)  # fmt: skip
def test_a_signature(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    """By the CA's key, and by no other; of a changed certificate it is none."""
    ca, another = authority("CA", key=key), authority("CA")
    issued = [leaf([HOST], ca) for _ in range(5)]
    if isinstance(key, rsa.RSAPrivateKey):
        issued.append(in_sha1(issued[0], ca))
    for one in issued:
        read = der.read(one.der)
        assert signatures.signed_by(read, der.read(ca.der)) is True
        assert signatures.signed_by(read, der.read(another.der)) is False
        changed = der.read(one.der.replace(HOST.encode(), HOST.upper().encode()))
        assert signatures.signed_by(changed, der.read(ca.der)) is False
    assert signatures.rsa_bits(der.read(ca.der)) == (2048 if isinstance(key, rsa.RSAPrivateKey) else None)


def accepted(shown: bytes) -> bool:
    return gnutls.accepts(HOST, [shown], [ROOT.der], time.time())


def test_a_certificate_that_is_changed_is_not_accepted() -> None:
    """Not by a single bit of what was signed."""
    assert accepted(SERVER.der)
    start = SERVER.der.index(SERVER.certificate.tbs_certificate_bytes)
    for at in range(start, start + len(SERVER.certificate.tbs_certificate_bytes), 3):
        changed = bytearray(SERVER.der)
        changed[at] ^= 4
        assert not accepted(bytes(changed))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_malformed(octets: bytes) -> None:
    """Nothing else is raised."""
    for one in (octets, b"\x30\x82\x01\x00" + octets):
        with pytest.raises(der.Malformed):
            der.read(one)


@given(st.lists(st.tuples(st.integers(0, len(SERVER.der) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_change_is_read_or_malformed(changes: list[tuple[int, int]]) -> None:
    """A changed certificate gives no other exception, in the reader or above it."""
    changed = bytearray(SERVER.der)
    for at, octet in changes:
        changed[at] = octet
    accepted(bytes(changed))
    try:
        read = der.read(bytes(changed))
    except der.Malformed:
        return
    assert signatures.signed_by(read, read) in (True, False, None)


def test_an_empty_extension_is_malformed() -> None:
    """What hypothesis found: a sequence of extensions whose first has nothing in it."""
    changed = bytearray(SERVER.der)
    first = SERVER.der.index(b"\x30\x1d\x06\x03\x55\x1d\x0e")  # the subject key identifier, 31 octets
    changed[first : first + 31] = b"\x30\x00\x04\x1b" + bytes(27)
    with pytest.raises(der.Malformed, match="an empty extension"):
        der.read(bytes(changed))


def test_an_endless_one_is_refused_at_once() -> None:
    """By its length, and by the number of its elements."""
    for octets in (b"\x30" * 2**17, b"\x30\x83\x01\x00\x00" + b"\x05\x00" * 2**15):
        with pytest.raises(der.Malformed):
            der.read(octets)


def issued(*names: str, **more: object) -> Issued:
    return leaf(names, ROOT, **more)  # type: ignore[arg-type]


def test_which_name_counts() -> None:
    """An address is none as a name; one common name counts where there is nothing else, and that for servers."""
    now = time.time()
    address = leaf([], ROOT, common_name="192.0.2.7")
    named = leaf([], ROOT, extra=x509.SubjectAlternativeName([x509.DNSName("192.0.2.7")]))
    assert not gnutls.accepts("192.0.2.7", [address.der], [ROOT.der], now)
    assert not gnutls.accepts("192.0.2.7", [named.der], [ROOT.der], now)
    assert gnutls.accepts("192.0.2.7", [SERVER.der], [ROOT.der], now)
    assert gnutls.accepts(HOST, [issued(common_name=HOST).der], [ROOT.der], now)
    assert not gnutls.accepts(HOST, [issued("other.test", common_name=HOST).der], [ROOT.der], now)
