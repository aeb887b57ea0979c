"""Verdicts: the matrix of certificates over real handshakes, and what is said of each."""

from __future__ import annotations

import dataclasses
import datetime
import ssl
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.trust.certificate import Certificate, chain, presented
from collectd_inode.trust.gnutls import matches
from collectd_inode.trust.profile import TrustProfile, context
from collectd_inode.trust.store import Store, read
from collectd_inode.trust.verdict import Flaw, TrustVerdict, judge
from tests.helpers.certificates import AIA, HOST, Files, Issued, Kind, authority, handshake, leaf, make, server_context

DAY = 86400.0


def judged(files: Files, host: str = HOST) -> TrustVerdict:
    """The verdict after a handshake in memory."""
    store = read(str(files.ca))
    tls, error = handshake(context(TrustProfile(str(files.ca))), server_context(files), host)
    code, said = None, ""
    if error is not None:
        assert isinstance(error, ssl.SSLCertVerificationError)
        code, said = error.verify_code, error.verify_message
    return judge(host, presented(tls), chain(tls), code, said, now=files.today, store=store)


def date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def ends(chain: tuple[Issued, ...]) -> float:
    return min(one.ends for one in chain)


@pytest.mark.parametrize("kind", [Kind.GOOD, Kind.EXPIRING])
def test_good_certificates(kind: Kind, tmp_path: Path) -> None:
    """Verified, with the ends of leaf, chain and CA."""
    files = make(kind, tmp_path)
    leaf_ends = files.chain[0].ends
    assert leaf_ends - files.today == DAY * {Kind.GOOD: 89, Kind.EXPIRING: 5}[kind]
    assert judged(files) == TrustVerdict(
        verified=True,
        as_leaf=True,
        flaw=None,
        message="",
        leaf_ends=leaf_ends,
        chain_ends=leaf_ends,
        ca_ends=files.root.ends,
    )


MATRIX = {
    Kind.EXPIRED: (Flaw.EXPIRED, 'the certificate of "{host}" expired 10 days ago ({ends}): renew it on the server'),
    Kind.NOT_YET_VALID: (
        Flaw.NOT_YET_VALID,
        'the certificate "{host}" is not yet valid, it begins in 3 days ({begins}); '
        "our own clock says {now}: is it right?",
    ),
    Kind.WRONG_NAME: (
        Flaw.WRONG_NAME,
        "the certificate is for other.test, www.other.test, not for {host}: "
        "ask for a name that it has, or have it issued for this one",
    ),
    Kind.COMMON_NAME_ONLY: (
        Flaw.COMMON_NAME_ONLY,
        "the certificate has {host} as its common name (CN) only, which does not count (RFC 9525): "
        "have it issued with a subject alternative name",
    ),
    Kind.WILDCARD: (
        Flaw.WRONG_NAME,
        "the certificate is for *.test, not for {host} (a * stands for one label, and not right below a top-level "
        "domain): ask for a name that it has, or have it issued for this one",
    ),
    Kind.CLIENT_PURPOSE: (
        Flaw.WRONG_PURPOSE,
        'the certificate "{host}" is not one for servers (its extended key usage lacks serverAuth): '
        "have it issued for that; Exim with GnuTLS accepts it",
    ),
    Kind.RSA_1024: (
        Flaw.WEAK_KEY,
        'the key of "{host}" is too short (RSA needs 2048 bits): have it issued for a longer one; '
        "Exim with GnuTLS accepts it",
    ),
    Kind.SHA1: (
        Flaw.WEAK_DIGEST,
        '"{host}", or a CA above it, is signed with SHA-1 or MD5, which can be forged: '
        "have it issued again with SHA-256",
    ),
    Kind.SELF_SIGNED: (
        Flaw.SELF_SIGNED,
        'the certificate "{host}" is self-signed: have one issued by a CA, or, if it is the right one, add it to {ca}',
    ),
    Kind.SELF_SIGNED_ROOT: (
        Flaw.UNKNOWN_ISSUER,
        'the server\'s chain ends in the self-signed "Unknown Root", which is not in {ca}: '
        "add it there if it is the CA you expect",
    ),
    Kind.UNKNOWN_CA: (
        Flaw.UNKNOWN_ISSUER,
        '"{host}" was issued by "Unknown Root", which is not in {ca}: '
        "add that CA there, or, if it is an intermediate, have the server send it",
    ),
    Kind.MISSING_INTERMEDIATE: (
        Flaw.MISSING_INTERMEDIATE,
        f'the server does not send the certificate of its issuer "Test Issuing CA" (available from {AIA}): '
        "it must send the whole chain; if that is a root, add it to {ca}",
    ),
    Kind.EXPIRED_CA: (
        Flaw.EXPIRED,
        'the CA "Old Root" in {ca} expired 10 days ago ({ca_ends}): put its new certificate there',
    ),
}
GNUTLS_ACCEPTS = {Kind.CLIENT_PURPOSE, Kind.RSA_1024}


@pytest.mark.parametrize("kind", MATRIX)
def test_bad_certificates(kind: Kind, tmp_path: Path) -> None:
    """Each flaw is told from the others, with what to do; the dates are there all the same."""
    files = make(kind, tmp_path)
    flaw, message = MATRIX[kind]
    server = files.chain[0]
    (believed,) = read(str(files.ca)).certificates
    assert believed.not_after is not None
    message = message.format(
        host=HOST,
        ca=files.ca,
        ends=date(server.ends),
        begins=date(server.certificate.not_valid_before_utc.timestamp()),
        now=date(files.today),
        ca_ends=date(believed.not_after),
    )
    assert judged(files) == TrustVerdict(
        verified=False,
        as_leaf=kind in {*GNUTLS_ACCEPTS, Kind.COMMON_NAME_ONLY},
        flaw=flaw,
        message=message,
        leaf_ends=server.ends,
        chain_ends=ends(files.chain),
        ca_ends=believed.not_after,
    )


def test_every_kind_of_certificate_is_judged() -> None:
    """The matrix is whole."""
    assert set(MATRIX) | {Kind.GOOD, Kind.EXPIRING} == set(Kind)


def test_an_address_is_a_name_too(tmp_path: Path) -> None:
    """The certificate must have it, as an address."""
    assert judged(make(Kind.GOOD, tmp_path, "192.0.2.7"), "192.0.2.7").verified
    refused = judged(make(Kind.GOOD, tmp_path), "192.0.2.7")
    assert (refused.flaw, refused.message) == (
        Flaw.WRONG_NAME,
        f"the certificate is for {HOST}, not for 192.0.2.7: ask for a name that it has, or have it issued for this one",
    )


def test_a_self_signed_certificate_that_is_in_the_store_is_good(tmp_path: Path) -> None:
    """As the message says."""
    files = make(Kind.SELF_SIGNED, tmp_path)
    files.ca.write_text(files.chain[0].pem)
    assert judged(files).verified


def serving(folder: Path, chain: tuple[Issued, ...], believed: Issued) -> Files:
    """A server of our own making; its root is of no interest."""
    files = Files(Kind.GOOD, folder / "server.pem", folder / "ca.pem", chain, believed)
    files.server.write_text("".join(one.pem for one in chain) + chain[0].key_pem)
    files.ca.write_text(believed.pem)
    return files


def test_a_ca_that_was_renewed(tmp_path: Path) -> None:
    """The old CA in our store has the name, but another key: whether the server sends its root or not."""
    old, new = authority("The CA"), authority("The CA")
    server = leaf([HOST], new)
    for sent in ((server,), (server, new)):
        verdict = judged(serving(tmp_path, sent, old))
        assert (verdict.flaw, verdict.message) == (
            Flaw.UNKNOWN_ISSUER,
            f'the CA "The CA" in {tmp_path}/ca.pem has the right name, but not the key that signed: '
            "get that CA's current certificate",
        )


def test_a_store_that_lacks_its_own_root(tmp_path: Path) -> None:
    """OpenSSL believes roots: an intermediate in the store is a way there and no more."""
    root = authority("The Root")
    issuing = authority("The Issuing CA", issuer=root)
    verdict = judged(serving(tmp_path, (leaf([HOST], issuing),), issuing))
    assert (verdict.flaw, verdict.message) == (
        Flaw.UNKNOWN_ISSUER,
        f'{tmp_path}/ca.pem has the intermediate CA "The Issuing CA" but not its issuer "The Root": add that one',
    )


def test_a_server_whose_issuing_ca_has_expired(tmp_path: Path) -> None:
    """The flaw is not the leaf's."""
    root = authority("The Root")
    issuing = authority("The Issuing CA", issuer=root, days=(-100, -2))
    files = serving(tmp_path, (leaf([HOST], issuing), issuing), root)
    verdict = judged(files)
    assert (verdict.flaw, verdict.message, verdict.chain_ends) == (
        Flaw.EXPIRED,
        f'the CA certificate "The Issuing CA" in the server\'s chain expired 2 days ago ({date(issuing.ends)}): '
        "it must send a new one",
        issuing.ends,
    )


NOW = 1_800_000_000.0
LEAF = Certificate("CN=a.test", "CN=Far CA", ("a.test",), "a.test", NOW - DAY, NOW + DAY)
FAR_CA = Certificate("CN=Far CA", "CN=Root", (), "Far CA", NOW - 9 * DAY, NOW + 9 * DAY)
ROOT = Certificate("CN=Root", "CN=Root", (), "Root", NOW - 9 * DAY, NOW + 99 * DAY, True)
STORE = Store("/etc/ca.pem", (ROOT,))


def because(
    code: int, *shown: Certificate, said: str = "no such luck", store: Store | None = STORE, host: str = "a.test"
) -> TrustVerdict:
    return judge(host, shown, (), code, said, now=NOW, store=store)


def changed(certificate: Certificate, **more: object) -> Certificate:
    return dataclasses.replace(certificate, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", [26, 66])
def test_what_exim_puts_up_with_must_be_good_otherwise(code: int) -> None:
    """OpenSSL tells the first flaw that it meets; GnuTLS would meet the next."""
    assert because(code, LEAF, FAR_CA).as_leaf
    assert because(code, LEAF, FAR_CA, ROOT).as_leaf
    assert because(code, LEAF, FAR_CA, store=None).as_leaf
    assert not because(code, LEAF, FAR_CA, host="b.test").as_leaf
    assert not because(code, changed(LEAF, not_after=NOW - 1), FAR_CA).as_leaf
    assert not because(code, LEAF, changed(FAR_CA, not_before=NOW + 1)).as_leaf
    assert not because(code, LEAF).as_leaf
    assert not because(code, LEAF, FAR_CA, store=Store("/etc/ca.pem", ())).as_leaf
    ended = changed(ROOT, not_after=NOW - 1)
    assert not because(code, LEAF, FAR_CA, store=Store("/etc/ca.pem", (ended,))).as_leaf
    assert because(code, LEAF, FAR_CA, store=Store("/etc/ca.pem", (ended, ROOT))).as_leaf


@pytest.mark.parametrize(
    "shown",
    [
        (changed(LEAF, ca_issuers=(AIA,)),),
        (LEAF, ROOT),
        (changed(LEAF, issuer="CN=X Intermediate CA, O=X"),),
    ],
    ids=["says where its issuer is", "others were sent", "by the issuer's name"],
)
def test_signs_that_an_intermediate_is_missing(shown: tuple[Certificate, ...]) -> None:
    """There is no proof, only signs."""
    assert because(20, *shown).flaw is Flaw.MISSING_INTERMEDIATE
    assert because(20, LEAF).flaw is Flaw.UNKNOWN_ISSUER
    # All was sent up to a root that we do not know.
    assert because(20, *(changed(LEAF, ca_issuers=(AIA,)), FAR_CA), store=None).flaw is Flaw.UNKNOWN_ISSUER


SAID = [
    (
        66,
        (changed(LEAF, common_name=None, subject=""),),
        'the key of "a.test" is too short (RSA needs 2048 bits): have',
    ),
    (67, (LEAF,), 'the key of a CA above "a.test" is too short (RSA needs 2048 bits): the CA must be replaced'),
    (24, (LEAF,), 'the certificate "a.test" was not accepted: no such luck'),
    (7, (LEAF,), 'the certificate "a.test" was not accepted: no such luck'),
    (2, (LEAF,), '"a.test" was issued by "Far CA", which is not in /etc/ca.pem: add'),
    (20, (changed(LEAF, issuer="O=Some, OU=Far"),), '"a.test" was issued by "O=Some, OU=Far", which is not in'),
    (20, (changed(LEAF, issuer=""),), '"a.test" was issued by "no name", which is not in'),
    (
        10,
        (changed(LEAF, not_after=NOW - 30),),
        'the certificate of "a.test" expired less than a minute ago (2027-01-15',
    ),
    (
        10,
        (changed(LEAF, not_after=NOW - 90),),
        'the certificate of "a.test" expired 1 minute ago (2027-01-15 07:58 UTC)',
    ),
    (10, (changed(LEAF, not_after=NOW - 7200),), 'the certificate of "a.test" expired 2 hours ago (2027-01-15 06:00'),
    (10, (LEAF,), 'the certificate "a.test", or a CA\'s above it, has expired'),
    (10, (), 'the certificate "no name", or a CA\'s above it, has expired'),
    (
        9,
        (LEAF,),
        'the certificate "a.test", or a CA\'s above it, is not yet valid; our own clock says 2027-01-15 08:00',
    ),
    (13, (changed(LEAF, not_before=None),), 'the certificate "a.test" was not accepted: no such luck'),
    (
        62,
        (changed(LEAF, names=()),),
        "the certificate has no subject alternative name (CN: a.test), not for b.test: ask",
    ),
    (62, (Certificate(),), "the certificate has no subject alternative name (CN: none), not for b.test: ask"),
    (
        62,
        (changed(LEAF, names=tuple("abcdefg")),),
        "the certificate is for a, b, c, d, e and 2 more, not for b.test: ask",
    ),
]


@pytest.mark.parametrize(("code", "shown", "begin"), SAID)
def test_what_is_said_of_rarer_ones(code: int, shown: tuple[Certificate, ...], begin: str) -> None:
    """Also of certificates that lack everything."""
    assert because(code, *shown, host="b.test").message[: len(begin)] == begin


def test_the_system_s_store_is_called_that() -> None:
    """It has no path that a person would know."""
    assert because(20, LEAF, store=None).message == (
        '"a.test" was issued by "Far CA", which is not in the system\'s CA store: '
        "add that CA there, or, if it is an intermediate, have the server send it"
    )


@pytest.mark.parametrize(
    ("host", "name", "fits"),
    [
        ("a.example.test", "a.example.test", True),
        ("A.Example.test", "a.exAmple.test.", True),
        ("a.example.test", "*.example.test", True),
        ("a.b.example.test", "*.example.test", False),
        ("example.test", "*.example.test", False),
        (".example.test", "*.example.test", False),
        ("example.test", "*.test", False),
        ("test", "*", False),
        ("a.example.test", "a*.example.test", False),
        ("192.0.2.7", "192.0.2.7", True),
        ("a.test", "", False),
    ],
)
def test_names_and_wildcards(host: str, name: str, fits: bool) -> None:
    """RFC 9525 section 6.3, and OpenSSL's rule that a * needs two labels behind it."""
    assert matches(host, name) is fits


texts = st.text(max_size=5) | st.sampled_from(["a.test", "CN=a.test", "CN=Root", "*.a.test"])
moments = st.none() | st.floats(min_value=-1e9, max_value=2.5e11)
certificates = st.builds(
    Certificate,
    subject=texts,
    issuer=texts,
    names=st.lists(texts, max_size=7).map(tuple),
    common_name=st.none() | texts,
    not_before=moments,
    not_after=moments,
    self_issued=st.booleans(),
    ca_issuers=st.lists(texts, max_size=2).map(tuple),
)


@given(
    st.integers(0, 95), st.lists(certificates, max_size=4), st.none() | st.lists(certificates, max_size=3), st.text()
)
def test_there_is_always_a_verdict(
    code: int, shown: list[Certificate], cas: list[Certificate] | None, said: str
) -> None:
    """Whatever a stranger shows: a flaw and one printable sentence, or neither; nothing raises."""
    store = None if cas is None else Store("/etc/ca.pem", tuple(cas))
    verdict = judge("a.test", shown, (), code, said, now=NOW, store=store)
    assert verdict.verified is (code == 0)
    assert (verdict.flaw is None) is (verdict.message == "") is verdict.verified
    assert not verdict.as_leaf or code in (0, 26, 66)
