"""CA stores: what is odd about each, for us and for an Exim leaf."""

from __future__ import annotations

import grp
import os
import pwd
import ssl
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Place
from collectd_inode.trust.store import Store, StoreFinding, StoreLevel, StoreReader, look_over, read
from tests.helpers.certificates import HOST, Issued, authority, leaf

NOW = time.time()
NOBODY = (
    'Exim trusts no server: it defers all mail ("certificate invalid") or, without tls_verify_hosts, '
    "sends mail and password to any server (CV=no)"
)
PASSED_OVER = "Exim ignores this file silently"
DEFERS = 'Exim defers all mail: "Base64 unexpected header error." or "ASN1 parser: Error in …"'
NO_STAT = 'Exim defers all mail ("TLS session: NULL"; its paniclog: "could not stat")'
READ_ERROR = 'Exim defers all mail: it says "Error while reading file." if its user may not read the file'
REFUSES = (
    'Exim refuses what this CA issued ("certificate invalid") or, without tls_verify_hosts, sends all the same (CV=no)'
)

CA, OTHER = authority("The CA"), authority("Another CA")
KEY = CA.key_pem
SERVER = leaf([HOST], CA)
CUT = OTHER.pem[:300]
NO_CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n"


def names(store: Store) -> list[str]:
    return [ca.shown for ca in store.certificates]


def only(store: Store) -> tuple[str, str, int | None, str, str]:
    """The one finding: level, code, line, message, and what Exim does."""
    (finding,) = store.findings
    return finding.level, finding.code, finding.place.line or None, finding.message, finding.exim


@pytest.mark.parametrize(
    "text",
    [
        CA.pem,
        f"The CA of the office.\n\n{CA.pem}",
        CA.pem.replace("\n", "\r\n"),
        CA.pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
        CA.pem.removesuffix("\n"),
    ],
    ids=["plain", "with a text", "of Windows", "old name", "without a last newline"],
)
def test_files_of_which_there_is_nothing_to_say(text: str, tmp_path: Path) -> None:
    """Text around a certificate is a comment (RFC 7468 section 2)."""
    file = tmp_path / "ca.pem"
    file.write_bytes(text.encode())
    store = look_over(str(file), now=NOW)
    assert (names(store), store.findings, store.fatal, store.earliest) == (["The CA"], (), None, CA.ends)


UNUSABLE = {
    "empty": (b"", "empty", None, "no PEM certificate in it: the file is empty", NOBODY),
    "blank": (b" \n\n", "empty", None, "no PEM certificate in it: the file is empty", NOBODY),
    "comments": (
        b"# our CA\n\n# to come\n",
        "comments_only",
        None,
        "no PEM certificate in it: nothing but comments",
        NOBODY,
    ),
    "text": (b"Ask Jo.", "no_certificate", None, "no PEM certificate in it", NOBODY),
    "binary": (bytes(range(128, 256)), "no_certificate", None, "no PEM certificate in it", NOBODY),
    "der": (
        CA.der,
        "der",
        None,
        "no PEM certificate in it, but a binary (DER) one: convert it with openssl x509 -inform DER",
        NOBODY,
    ),
    "utf-16": (
        CA.pem.encode("utf-16"),
        "no_certificate",
        None,
        "no PEM certificate in it: UTF-16 text; save it as plain ASCII",
        NOBODY,
    ),
    "trusted": (
        CA.pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE").encode(),
        "no_certificate",
        None,
        "no PEM certificate in it, only TRUSTED CERTIFICATE",
        NOBODY,
    ),
    "key": (
        b"\n" + KEY.encode(),
        "private_key",
        2,
        "no PEM certificate in it, but a private key",
        f'{NOBODY}; where its user may not read the key: "Error while reading file."',
    ),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_files_without_a_certificate(name: str, tmp_path: Path) -> None:
    """By itself such a file is no store; in a folder with others it is passed over, and named."""
    content, *said, exim = UNUSABLE[name]
    assert isinstance(content, bytes)
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "odd").write_bytes(content)
    assert only(look_over(str(folder / "odd"), now=NOW)) == ("fatal", *said, exim)

    (folder / "00000000.0").write_text(CA.pem)
    store = look_over(str(folder), now=NOW)
    level = "warning" if name == "der" else "note"
    assert (names(store), only(store)) == (["The CA"], (level, *said, PASSED_OVER))


CUT_OFF = "the certificate that begins here has no end: the file is truncated"
DAMAGED = {
    "truncated": (CUT, "truncated", 1, CUT_OFF, DEFERS),
    "good, then truncated": (CA.pem + CUT, "truncated", CA.pem.count("\n") + 1, CUT_OFF, DEFERS),
    "truncated, then good": (f"{CUT}\n{CA.pem}", "truncated", 1, CUT_OFF, DEFERS),
    "not base64": (
        OTHER.pem[:200] + "!!" + OTHER.pem[202:],
        "broken",
        1,
        "the certificate that begins here is damaged: not base64",
        DEFERS,
    ),
    "none": (
        CA.pem + NO_CERTIFICATE,
        "broken",
        CA.pem.count("\n") + 1,
        "the block that begins here is not a certificate",
        DEFERS,
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files(name: str, tmp_path: Path) -> None:
    """Refused as a whole, as OpenSSL and GnuTLS do; in a folder the other files serve."""
    content, *said, exim = DAMAGED[name]
    (tmp_path / "damaged").write_text(str(content))
    store = look_over(str(tmp_path / "damaged"), now=NOW)
    assert (store.certificates, only(store)) == ((), ("fatal", *said, exim))

    third = authority("A third CA")
    (tmp_path / "00000000.0").write_text(third.pem)
    store = look_over(str(tmp_path), now=NOW)
    assert (names(store), only(store)) == (["A third CA"], ("warning", *said, PASSED_OVER))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Missing, a link to itself, a pipe (which nobody waits for); in a folder each is passed over."""
    said = {
        "gone": ("missing", None, "No such file or directory", NO_STAT),
        "loop": ("unreadable", None, "Too many levels of symbolic links", READ_ERROR),
        "pipe": ("not_a_file", None, "neither a file nor a folder", NOBODY),
    }
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name, finding in said.items():
        assert only(look_over(str(tmp_path / name), now=NOW))[1:] == finding
    assert only(look_over(str(tmp_path / "nowhere" / "ca.pem"), now=NOW))[0] == "fatal"

    (tmp_path / "00000000.0").write_text(CA.pem)
    store = look_over(str(tmp_path), now=NOW)
    assert (names(store), store.fatal) == (["The CA"], None)
    # Links come after files, by what they lead to.
    found = {(Path(f.place.path).name, f.level, f.code, f.message, f.exim) for f in store.findings}
    assert found == {(name, StoreLevel.WARNING, *said[name][::2], PASSED_OVER) for name in said}


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    """Neither to us nor to Exim."""
    (tmp_path / "ca.pem").write_text(CA.pem, encoding="utf-8-sig")
    store = look_over(str(tmp_path / "ca.pem"), now=NOW)
    mark = (
        "note",
        "byte_order_mark",
        1,
        "begins with a byte-order mark, which is harmless",
        "Exim reads it all the same",
    )
    assert (names(store), only(store)) == (["The CA"], mark)


NOT_ALONE = (
    "the lines that begin and end a certificate must be -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----, with"
    " nothing else in them: programs that use OpenSSL, as Postfix does, reject the file"
)
END = CA.pem.count("\n")


@pytest.mark.parametrize(
    ("content", "cas", "line"),
    [
        (CA.pem.rstrip("\n") + authority("Other").pem, ["The CA", "Other"], END),  # as cat makes of them
        (CA.pem.replace("\n-----END", "-----END"), ["The CA"], END - 1),
        (CA.pem.replace("END CERTIFICATE-----", "END CERTIFICATE----"), ["The CA"], END),
        (CA.pem.replace("END CERT", "END NEW CERT"), ["The CA"], 1),
        (CA.pem.replace("-----BEGIN", "Root: -----BEGIN"), ["The CA"], 1),
        (CA.pem.replace("-----END", "  -----END"), ["The CA"], END),
        (CA.pem.replace("\n", "\n   "), ["The CA"], END),
        (CA.pem.replace("\n", ""), ["The CA"], 1),
        (CA.pem.replace("\n", " "), ["The CA"], 1),
    ],
)
def test_certificates_that_do_not_begin_or_end_in_a_line_of_their_own(
    content: str, cas: list[str], line: int, tmp_path: Path
) -> None:
    """GnuTLS reads them all (each tried with a sending Exim), OpenSSL rejects the file."""
    (tmp_path / "ca.pem").write_text(content)
    store = look_over(str(tmp_path / "ca.pem"), now=NOW)
    assert (names(store), only(store)) == (cas, ("warning", "glued", line, NOT_ALONE, "Exim reads it all the same"))
    with pytest.raises(ssl.SSLError):
        ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))


def test_a_key_beside_its_certificate(tmp_path: Path) -> None:
    """It works, and it should not lie there."""
    (tmp_path / "ca.pem").write_text(CA.pem + KEY)
    store = look_over(str(tmp_path / "ca.pem"), now=NOW)
    said = "a private key in the CA store: everybody who can read the store has it; keep it elsewhere"
    line = CA.pem.count("\n") + 1
    assert (names(store), only(store)) == (
        ["The CA"],
        ("warning", "private_key", line, said, "Exim ignores the key"),
    )


def test_a_certificate_that_is_no_ca_s(tmp_path: Path) -> None:
    """The server's own instead of its CA's: a usual mix-up."""
    (tmp_path / "ca.pem").write_text(SERVER.pem)
    store = look_over(str(tmp_path / "ca.pem"), now=NOW)
    assert (store.certificates, len(store.anchors)) == ((), 1)
    assert only(store) == (
        "warning",
        "not_a_ca",
        1,
        "not a CA's certificate: it cannot issue certificates; only a self-signed one is useful, for itself",
        "Exim finds no CA in it; it trusts a self-signed certificate in it if a server sends it",
    )


def dated(name: str, first: float, last: float) -> Issued:
    return authority(name, days=(first, last))


@pytest.mark.parametrize(
    ("ca", "code", "message", "exim"),
    [
        (dated("A", -99, -10.5), "expired_ca", 'the CA "A" expired 10 days ago: put its new certificate here', REFUSES),
        (
            dated("A", -99, -0.5),
            "expired_ca",
            'the CA "A" expired less than a day ago: put its new certificate here',
            REFUSES,
        ),
        (
            dated("A", -99, 1.5),
            "expiring_ca",
            'the CA "A" expires in a day: get its new certificate',
            f"From that day on: {REFUSES}",
        ),
        (
            dated("A", 3.5, 99),
            "not_yet_valid_ca",
            'the CA "A" is not valid for another 3 days: is our own clock right?',
            REFUSES,
        ),
    ],
)
def test_cas_whose_time_it_is_not(ca: Issued, code: str, message: str, exim: str, tmp_path: Path) -> None:
    """A warning each, where the certificate stands; the store can be used all the same, and the run will tell."""
    (tmp_path / "ca.pem").write_text(OTHER.pem + ca.pem)
    store = look_over(str(tmp_path / "ca.pem"), now=NOW)
    assert only(store) == ("warning", code, OTHER.pem.count("\n") + 1, message, exim)
    assert store.earliest == min(ca.ends, OTHER.ends)
    assert read(str(tmp_path / "ca.pem")).findings == ()


def test_how_early_an_ending_ca_is_told_is_the_caller_s(tmp_path: Path) -> None:
    """As ``ExpiryWarning`` says."""
    (tmp_path / "ca.pem").write_text(dated("A", -9, 20).pem)
    assert look_over(str(tmp_path / "ca.pem"), now=NOW).findings == ()
    assert only(look_over(str(tmp_path / "ca.pem"), now=NOW, expiring_days=30))[1] == "expiring_ca"


def test_an_old_ca_beside_its_successor_is_but_a_note(tmp_path: Path) -> None:
    """So is one of the many of a distribution."""
    old, new = dated("A", -99, -10), dated("A", -9, 99)
    (tmp_path / "rolled.pem").write_text(old.pem + new.pem)
    assert only(look_over(str(tmp_path / "rolled.pem"), now=NOW))[:2] == ("note", "expired_ca")
    (tmp_path / "world.pem").write_text(old.pem + "".join(authority(str(n)).pem for n in range(20)))
    assert only(look_over(str(tmp_path / "world.pem"), now=NOW))[:2] == ("note", "expired_ca")


def test_a_hashed_folder(tmp_path: Path) -> None:
    """As c_rehash leaves it: a file and its link are one."""
    (tmp_path / "the-ca.pem").write_text(CA.pem)
    (tmp_path / "0a1b2c3d.0").symlink_to("the-ca.pem")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "more.pem").write_text(OTHER.pem)
    store = look_over(str(tmp_path), now=NOW)
    assert (names(store), store.findings) == (["The CA"], ())
    assert [(anchor.path, anchor.line) for anchor in store.anchors] == [(f"{tmp_path}/the-ca.pem", 1)]


def test_an_unhashed_folder(tmp_path: Path) -> None:
    """Good enough for us and for GnuTLS; twice the same certificate is one."""
    (tmp_path / "one.pem").write_text(CA.pem)
    (tmp_path / "two.crt").write_text(CA.pem + OTHER.pem)
    (tmp_path / "0a1b2c3d.0").symlink_to("one.pem")
    store = look_over(str(tmp_path), now=NOW)
    assert names(store) == ["The CA", "Another CA"]
    assert only(store) == (
        "note",
        "unhashed",
        None,
        "1 of 2 certificates have no hashed name (c_rehash): we read them all the same, "
        "programs that use OpenSSL's capath do not find them",
        "Exim with GnuTLS reads them all the same",
    )


def test_a_folder_without_a_certificate(tmp_path: Path) -> None:
    """The worst comes first; as text each is a line that names its place."""
    (tmp_path / "README").write_text("Ask Jo.")
    (tmp_path / "ca.key").write_text(KEY)
    store = look_over(str(tmp_path), now=NOW)
    assert store.fatal == StoreFinding(
        Place(str(tmp_path)), "no_certificate", "no certificate in this folder", NOBODY, StoreLevel.FATAL
    )
    assert [str(finding) for finding in store.findings] == [
        f"{tmp_path}: no certificate in this folder",
        f"{tmp_path}/README: no PEM certificate in it",
        f"{tmp_path}/ca.key:1: no PEM certificate in it, but a private key",
    ]


@pytest.fixture
def common() -> Iterator[Path]:
    """A folder that everybody may enter; pytest's own are its user's."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def closed_to_nobody(path: Path) -> list[tuple[str, str, str, str]]:
    store = look_over(str(path), now=NOW, reader="nobody")
    assert look_over(str(path), now=NOW, reader=user()).findings == read(str(path)).findings
    assert names(store) == ["The CA"]
    return [(f.place.path, f.code, f.message, f.exim) for f in store.findings if f.level is StoreLevel.WARNING]


def whose(mode: str) -> str:
    return f"(mode {mode}, owner {user()}, group {grp.getgrgid(os.getgid()).gr_name})"


def test_a_file_that_the_mail_server_may_not_read(common: Path) -> None:
    """collectd runs as root and reads it; Exim does not."""
    file = common / "ca.pem"
    file.write_text(CA.pem)
    file.chmod(0o644)
    assert closed_to_nobody(file) == []
    file.chmod(0o640)
    said = f"nobody may not read it {whose('0640')}"
    assert closed_to_nobody(file) == [(str(file), "unreadable_for_reader", said, READ_ERROR)]
    assert look_over(str(file), now=NOW, reader="no-such-user").findings == ()
    file.unlink()
    assert only(look_over(str(file), now=NOW, reader="nobody"))[1] == "missing"


def test_a_file_in_a_folder_that_the_mail_server_may_not_enter(common: Path) -> None:
    """Wherever on the way it is, and on the way to what a link leads to."""
    closed, link = common / "closed", common / "ca.pem"
    (closed / "in").mkdir(parents=True)
    (closed / "in" / "ca.pem").write_text(CA.pem)
    link.symlink_to(closed / "in" / "ca.pem")
    closed.chmod(0o750)
    said = f"nobody may not enter {closed} {whose('0750')}"
    for path in (closed / "in" / "ca.pem", link):
        assert closed_to_nobody(path) == [(str(path), "unreadable_for_reader", said, NO_STAT)]


def test_a_folder_that_the_mail_server_may_not_list(common: Path) -> None:
    """GnuTLS takes that for an empty one."""
    (common / "0a1b2c3d.0").write_text(CA.pem)
    for mode in (0o711, 0o744):
        common.chmod(mode)
        said = f"nobody may not read this folder {whose(f'{mode:04o}')}"
        assert closed_to_nobody(common) == [(str(common), "unreadable_for_reader", said, NOBODY)]


def test_a_file_of_a_folder_that_the_mail_server_may_not_read(common: Path) -> None:
    """The others serve."""
    (common / "0a1b2c3d.0").write_text(CA.pem)
    (common / "key.pem").write_text(KEY)
    (common / "key.pem").chmod(0o600)
    said = f"nobody may not read it {whose('0600')}"
    assert closed_to_nobody(common) == [(f"{common}/key.pem", "unreadable_for_reader", said, PASSED_OVER)]


@pytest.mark.parametrize(
    ("mode", "owner", "group", "may"),
    [
        (0o400, 101, 0, True),
        (0o040, 0, 102, True),
        (0o040, 0, 8, True),
        (0o004, 0, 0, True),
        (0o044, 101, 102, False),
        (0o404, 0, 102, False),
        (0o733, 0, 0, False),
    ],
)
def test_whose_bits_count(mode: int, owner: int, group: int, may: bool) -> None:
    """The owner's for the owner, even if others may more; then the group's; then everybody's.  root may."""
    file = os.stat_result((mode, 0, 0, 1, owner, group, 0, 0, 0, 0))
    assert StoreReader("Debian-exim", 101, frozenset({102, 8})).may(file, 4) is may
    assert StoreReader("root", 0, frozenset()).may(file, 4)


@given(st.binary(max_size=300), st.booleans())
def test_any_content_is_told_or_read(content: bytes, certificate: bool) -> None:
    """Nothing raises, and a file that gives no certificate is never silent."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ca.pem"
        file.write_bytes(content + (b"\n" + CA.pem.encode() if certificate else b""))
        store = look_over(str(file), now=NOW, reader="nobody")
        assert bool(store.certificates) is (store.fatal is None)
        assert store.fatal is None or store.fatal.message
