"""Certificates as peers show them: good, refused, and such as nobody should issue."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.trust.certificate import Certificate, chain, clean, from_info, presented
from collectd_inode.trust.profile import TrustProfile, context
from tests.helpers.certificates import AIA, HOST, Issued, Kind, handshake, leaf, make, server_context


def written(issued: Issued, **more: Any) -> Certificate:
    """What is to be read in a certificate of ours; *more* is what differs from the least."""
    begins = issued.certificate.not_valid_before_utc.timestamp()
    subject, issuer = (
        ", ".join(f"CN={attribute.value!s}" for attribute in name)
        for name in (issued.certificate.subject, issued.certificate.issuer)
    )
    common_name = subject.removeprefix("CN=") or None
    return Certificate(
        subject, issuer, **{"common_name": common_name, "not_before": begins, "not_after": issued.ends, **more}
    )


def test_what_a_good_server_shows(tmp_path: Path) -> None:
    """What it has sent, and the chain that OpenSSL made of it, up to the CA in our store."""
    files = make(Kind.GOOD, tmp_path)
    tls, error = handshake(context(TrustProfile(str(files.ca))), server_context(files))
    server, issuing = (written(files.chain[0], names=(HOST,)), written(files.chain[1]))
    assert error is None
    assert presented(tls) == (server, issuing)
    assert chain(tls) == (server, issuing, written(files.root, self_issued=True))


@pytest.mark.parametrize("kind", [Kind.EXPIRED, Kind.WRONG_NAME, Kind.MISSING_INTERMEDIATE, Kind.RSA_1024])
def test_what_a_refused_server_has_shown(kind: Kind, tmp_path: Path) -> None:
    """Its certificates can be read all the same; there is no verified chain, though OpenSSL would hand one out."""
    files = make(kind, tmp_path)
    tls, error = handshake(context(TrustProfile(str(files.ca))), server_context(files))
    assert isinstance(error, ssl.SSLCertVerificationError)
    assert [shown.not_after for shown in presented(tls)] == [sent.ends for sent in files.chain]
    assert chain(tls) == ()


def test_what_is_shown_to_somebody_who_does_not_ask(tmp_path: Path) -> None:
    """Without verification there are dates, and no chain that could be called verified."""
    files = make(Kind.EXPIRED, tmp_path)
    tls, error = handshake(context(TrustProfile(verify=False)), server_context(files))
    assert (error, presented(tls)[0].not_after, chain(tls)) == (None, files.chain[0].ends, ())


def test_before_the_handshake_nothing_was_shown() -> None:
    """Nor has a peer that broke off before its certificate."""
    tls = context(TrustProfile(verify=False)).wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname=HOST)
    assert (presented(tls), chain(tls)) == ((), ())


def test_a_python_without_the_getters(tmp_path: Path) -> None:
    """Then a verified peer's own certificate is known, and an unverified one's is not."""

    class Bare:
        def __init__(self, tls: ssl.SSLObject) -> None:
            self.getpeercert = tls.getpeercert

    files = make(Kind.GOOD, tmp_path)
    verified, _ = handshake(context(TrustProfile(str(files.ca))), server_context(files))
    unverified, _ = handshake(context(TrustProfile(verify=False)), server_context(files))
    bare = [cast(ssl.SSLObject, Bare(tls)) for tls in (verified, unverified)]
    assert [presented(tls) for tls in bare] == [(written(files.chain[0], names=(HOST,)),), ()]
    assert [chain(tls) for tls in bare] == [(), ()]


def shown(der: bytes, key: str, folder: Path) -> Certificate:
    """A certificate as a client that verifies nothing reads it."""
    (folder / "odd.pem").write_text(ssl.DER_cert_to_PEM_cert(der) + key)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "odd.pem")
    tls, error = handshake(context(TrustProfile(verify=False)), server)
    assert error is None
    return presented(tls)[0]


@pytest.fixture(scope="module")
def odd() -> Issued:
    return leaf(["odd.test", "192.0.2.7", "2001:db8::1"], None, common_name="odd\nname", aia=AIA)


READ: dict[str, Any] = {
    "common_name": r"odd\nname",
    "names": ("odd.test", "192.0.2.7", "2001:db8::1"),
    "ca_issuers": (AIA,),
    "self_issued": True,
}


def test_odd_certificates_can_be_read(odd: Issued, tmp_path: Path) -> None:
    """Control characters are written out; a date that is none is None; no subject is an empty one."""
    begins, ends = (
        date.strftime("%y%m%d%H%M%SZ").encode()
        for date in (odd.certificate.not_valid_before_utc, odd.certificate.not_valid_after_utc)
    )
    undated = odd.der.replace(begins, b"not a date !!").replace(ends, b"9999999999999")
    name = r"CN=odd\nname"
    as_it_is = Certificate(
        name, name, not_before=odd.certificate.not_valid_before_utc.timestamp(), not_after=odd.ends, **READ
    )
    assert shown(odd.der, odd.key_pem, tmp_path) == as_it_is
    assert shown(undated, odd.key_pem, tmp_path) == Certificate(name, name, **READ)

    nameless = leaf([], None)
    assert shown(nameless.der, nameless.key_pem, tmp_path) == written(nameless, self_issued=True)


@pytest.mark.parametrize(("good", "bad"), [(b"odd.test", b"od\xff\xe9.\0st"), (AIA.encode(), b"\xff" * len(AIA))])
def test_a_certificate_that_python_cannot_put_into_words(odd: Issued, good: bytes, bad: bytes, tmp_path: Path) -> None:
    """It still counts as one that was shown."""
    assert shown(odd.der.replace(good, bad), odd.key_pem, tmp_path) == Certificate()


@pytest.mark.parametrize(
    ("certificate", "called"),
    [
        (Certificate(subject="CN=a.test, O=A", common_name="a.test", names=("b.test",)), "a.test"),
        (Certificate(subject="O=A", names=("b.test",)), "O=A"),
        (Certificate(names=("b.test",)), "b.test"),
        (Certificate(), "no name"),
    ],
)
def test_what_a_certificate_is_called(certificate: Certificate, called: str) -> None:
    """The best name that there is."""
    assert certificate.shown == called


def test_a_subject_is_written_as_people_know_it() -> None:
    """Short names where RFC 4514 has them, in the certificate's order."""
    name = ((("countryName", "NZ"),), (("organizationName", "Example"), ("serialNumber", "7")))
    read = from_info({"subject": name, "issuer": name, "subjectAltName": (("IP Address", "<invalid>"),)})
    text = "C=NZ, O=Example, serialNumber=7"
    assert read == Certificate(text, text, names=("<invalid>",), self_issued=True)


@given(st.text())
def test_text_from_a_certificate_is_fit_for_a_log(text: str) -> None:
    """One line, and an end, whatever a stranger has put into it."""
    said = clean(text)
    assert said.isprintable()
    assert len(said) <= 255 * len(r"\U0010ffff") + 1
    assert said == text or not (text.isprintable() and len(text) <= 255)
