"""TLS profiles: what they make, and what is said of files that will not do."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from collectd_inode.trust.profile import BadProfile, TrustProfile, context, read_system_stores


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


def subjects(made: ssl.SSLContext) -> int:
    return len(made.get_ca_certs())


def test_a_profile_is_built_once() -> None:
    """An SSLContext of the system's store takes 19 ms."""
    assert context(TrustProfile()) is context(TrustProfile())


def test_the_system_s_store_is_read_before_the_first_handshake(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not while collectd starts: there it is read when all are made ready for the first run."""
    ca.cert_pem.write_to_path(tmp_path / "system.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "system.pem"))
    one, other = context(TrustProfile()), context(TrustProfile(minimum="1.3"))
    assert (subjects(one), subjects(other)) == (0, 0)
    one.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="shop.test")
    assert (subjects(one), subjects(other)) == (1, 0)
    read_system_stores()
    assert (subjects(one), subjects(other)) == (1, 1)


def test_what_a_profile_means() -> None:
    """Verified, names checked, TLS 1.2 and up; strictness the same under every Python."""
    made = context(TrustProfile())
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert made.minimum_version == ssl.TLSVersion.TLSv1_2
    assert not made.verify_flags & ssl.VERIFY_X509_STRICT
    assert not made.hostname_checks_common_name

    unbelieving = context(TrustProfile(verify=False))
    assert (unbelieving.verify_mode, unbelieving.check_hostname) == (ssl.CERT_NONE, False)


@pytest.mark.parametrize(
    ("minimum", "version"),
    [
        ("1.0", ssl.TLSVersion.TLSv1),
        ("1.1", ssl.TLSVersion.TLSv1_1),
        ("1.2", ssl.TLSVersion.TLSv1_2),
        ("1.3", ssl.TLSVersion.TLSv1_3),
    ],
)
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
def test_the_oldest_tls_that_will_do(minimum: str, version: ssl.TLSVersion) -> None:
    """As ``MinimumTLS`` says."""
    assert context(TrustProfile(minimum=minimum)).minimum_version == version


def test_a_store_is_a_file_or_a_folder(ca: trustme.CA, tmp_path: Path) -> None:
    """A folder need not be hashed; keys, revocation lists and notes in it are passed over."""
    ca.cert_pem.write_to_path(tmp_path / "one.pem")
    trustme.CA().cert_pem.write_to_path(tmp_path / "two.crt")
    (tmp_path / "README").write_text("Ask Jo.")
    ca.private_key_pem.write_to_path(tmp_path / "one.key")
    (tmp_path / "old.r0").write_text("-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----\n")
    (tmp_path / "folder").mkdir()
    assert subjects(context(TrustProfile(str(tmp_path)))) == 2
    assert subjects(context(TrustProfile(str(tmp_path / "one.pem")))) == 1


def said(profile: TrustProfile) -> str:
    with pytest.raises(BadProfile) as caught:
        context(profile)
    return str(caught.value)


def test_stores_that_will_not_do(ca: trustme.CA, tmp_path: Path) -> None:
    """The message names the file, and the line; the many ways are in ``trust/test_store.py``."""
    (tmp_path / "empty.pem").touch()
    (tmp_path / "cut.pem").write_bytes(ca.cert_pem.bytes()[:300])
    (tmp_path / "folder").mkdir()
    assert said(TrustProfile(str(tmp_path / "gone.pem"))) == f"{tmp_path}/gone.pem: No such file or directory"
    empty = f"{tmp_path}/empty.pem: no PEM certificate in it: the file is empty"
    assert said(TrustProfile(str(tmp_path / "empty.pem"))) == empty
    cut = f"{tmp_path}/cut.pem:1: the certificate that begins here has no end: the file is truncated"
    assert said(TrustProfile(str(tmp_path / "cut.pem"))) == cut
    assert said(TrustProfile(str(tmp_path / "folder"))) == f"{tmp_path}/folder: no certificate in this folder"


def test_a_bad_profile_is_looked_at_again(ca: trustme.CA, tmp_path: Path) -> None:
    """Once the file is there it is good."""
    late = TrustProfile(str(tmp_path / "late.pem"))
    assert said(late) == f"{tmp_path}/late.pem: No such file or directory"
    ca.cert_pem.write_to_path(tmp_path / "late.pem")
    assert subjects(context(late)) == 1


def test_a_changed_store_gets_a_new_context(ca: trustme.CA, tmp_path: Path) -> None:
    """A file that was written again or replaced, or a folder's; what has not changed is kept."""
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    file, folder = TrustProfile(str(tmp_path / "ca.pem")), TrustProfile(str(tmp_path))
    before = context(file), context(folder)
    assert (context(file), context(folder)) == before

    trustme.CA().cert_pem.write_to_path(tmp_path / "new.pem")
    (tmp_path / "new.pem").replace(tmp_path / "ca.pem")
    after = context(file), context(folder)
    assert not set(before) & set(after)
    assert [made.get_ca_certs() for made in after] != [made.get_ca_certs() for made in before]

    trustme.CA().cert_pem.write_to_path(tmp_path / "more.pem")
    assert context(file) is after[0]
    assert (subjects(context(folder)), subjects(after[1])) == (2, 1)


def test_a_changed_client_certificate_gets_a_new_context(ca: trustme.CA, tmp_path: Path) -> None:
    """Renewed by a cron job, say; the profile is the same."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    profile = TrustProfile(client_cert=str(cert), client_key=str(key))
    made = []
    for name in ("one.test", "two.test"):
        issued = ca.issue_cert(name)
        issued.cert_chain_pems[0].write_to_path(cert)
        issued.private_key_pem.write_to_path(key)
        made.append(context(profile))
        assert context(profile) is made[-1]
    assert made[0] is not made[1]


def test_client_certificates_that_will_not_do(ca: trustme.CA, tmp_path: Path) -> None:
    """A key of another certificate, an encrypted one, none at all."""
    one, other = ca.issue_cert("one.test"), ca.issue_cert("other.test")
    cert, key, locked = (str(tmp_path / name) for name in ("cert.pem", "key.pem", "locked.pem"))
    one.cert_chain_pems[0].write_to_path(cert)
    other.private_key_pem.write_to_path(key)
    private = load_pem_private_key(one.private_key_pem.bytes(), None)
    encrypted = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    Path(locked).write_bytes(encrypted)

    def with_key(key: str | None) -> str:
        return said(TrustProfile(client_cert=cert, client_key=key))

    assert with_key(key) == f"{cert} with {key}: the key is another certificate's"
    assert with_key(locked) == f"{locked}: the key is encrypted; a daemon cannot type its passphrase"
    assert with_key(str(tmp_path / "gone")) == f"{cert} with {tmp_path}/gone: No such file or directory"
    assert with_key(None) == f"{cert}: expected a certificate and its key, in PEM (-----BEGIN …)"
