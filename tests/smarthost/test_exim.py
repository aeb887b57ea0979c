"""The documented leaf and a real smarthost: mail goes through, and stays where it should."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from pathlib import Path

import docutils.core
import pytest
import trustme
from docutils import nodes

from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.audit import report
from demo import unpacked
from tests.helpers.exim import MECHANISMS, NAME, Exim, Leaf, Mail, leaf, smarthost, swaks
from tests.helpers.places import ROOT

PAGE = ROOT / "docs" / "how-to" / "exim-leaf.rst"
SETTINGS = {"report_level": 2, "syntax_highlight": "none"}
TREE = docutils.core.publish_doctree(PAGE.read_text(encoding="utf-8"), settings_overrides=SETTINGS)
(DOCUMENTED,) = (block.astext() for block in TREE.findall(nodes.literal_block) if "begin routers" in block.astext())
DOCUMENTED_PASSWORD = "s3cret:pass^word"
VERIFY = "  tls_verify_hosts = *\n"
MAIL = "Subject: from the leaf\n\nIt works.\n"


def replaced(text: str, *pairs: tuple[str, str]) -> str:
    """*text* with each first replaced by its second, of which there must be one."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def documented(folder: Path, exim: Exim, *changes: tuple[str, str]) -> Leaf:
    """The leaf of the docs, talking to *exim*.

    What must differ here: the port, the CA's place, and that the smarthost is on the same machine.
    """
    own = (
        ("keep_environment =\n", ""),
        ("port = 587", f"port = {exim.port}"),
        ("/etc/exim4/tls/smarthost-ca.crt", exim.ca),
        ("driver = manualroute\n", "driver = manualroute\n  self = send\n"),
    )
    return leaf(folder, replaced(DOCUMENTED, *own, *changes) + "\n")


def deferred(log: str) -> str:
    """Why the mail waits, by the leaf's *log*; a newer Exim gives no number of the error."""
    waits = r" == someone@example\.net R=\S+ T=\S+ defer(?: \(-\d+\))?(?: H=\S+ \[\S+\])?: (.+)"
    (why,) = re.findall(waits, log)
    return str(why)


def received(exim: Exim) -> list[tuple[str, tuple[str, ...], str]]:
    """Sender, recipients and user of each mail."""
    return [(mail.sender, mail.recipients, mail.authenticated) for mail in exim.mails()]


def test_the_page_is_valid() -> None:
    """docutils has nothing to complain of: a system message would be part of the page."""
    assert [message.astext() for message in TREE.findall(nodes.system_message)] == []


def test_the_documented_leaf_sends_a_mail(tmp_path: Path) -> None:
    """Verified (CV=yes), logged in (A=login), and the smarthost has it."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD) as exim:
        log = documented(tmp_path, exim).send("root@example.org", "someone@example.net", MAIL)
        assert "=> someone@example.net R=smarthost T=smarthost" in log
        assert " CV=yes A=login " in log
        assert received(exim) == [("root@example.org", ("someone@example.net",), "leaf")]
        (mail,) = exim.mails()
        assert "\nSubject: from the leaf\n" in mail.text
        assert mail.text.endswith("\n\nIt works.\n")


def test_the_documented_leaf_sends_by_tls_on_connect(tmp_path: Path) -> None:
    """With the two lines that the page names for port 465."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD) as exim:
        change = (f"port = {exim.port}", f"port = {exim.tls_port}\n  protocol = smtps")
        log = documented(tmp_path, exim, change).send("root@example.org", "someone@example.net", MAIL)
        assert " CV=yes A=login " in log
        assert received(exim) == [("root@example.org", ("someone@example.net",), "leaf")]


def expired(authority: trustme.CA) -> trustme.LeafCert:
    """For the right name, until yesterday."""
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return authority.issue_cert(NAME, not_after=yesterday)


def wrong_name(authority: trustme.CA) -> trustme.LeafCert:
    """For another name."""
    return authority.issue_cert("other.tld")


def unknown_ca(_: trustme.CA) -> trustme.LeafCert:
    """For the right name, by somebody else."""
    return trustme.CA().issue_cert(NAME)


@pytest.fixture(params=[expired, wrong_name, unknown_ca], ids=lambda make: make.__name__)
def bad(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """A bad certificate with its key, and the CA that the leaf trusts."""
    make: Callable[[trustme.CA], trustme.LeafCert] = request.param
    authority, pem, ca = trustme.CA(), tmp_path / "bad.pem", tmp_path / "ca.pem"
    make(authority).private_key_and_cert_chain_pem.write_to_path(str(pem))
    authority.cert_pem.write_to_path(str(ca))
    return str(pem), str(ca)


def test_the_documented_leaf_keeps_its_mail_from_a_bad_certificate(tmp_path: Path, bad: tuple[str, str]) -> None:
    """The mail waits; the smarthost has seen neither it nor a login."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD, certificate=bad[0], ca=bad[1]) as exim:
        sender = documented(tmp_path, exim)
        log = sender.send("root@example.org", "someone@example.net", MAIL)
        assert deferred(log).removesuffix(": certificate invalid") == "TLS session: (certificate verification failed)"
        assert "someone@example.net" in sender.queue()
        assert exim.mails() == ()


def test_without_the_line_that_verifies_mail_and_password_go_to_anybody(tmp_path: Path, bad: tuple[str, str]) -> None:
    """Why the page insists, and what the audit says of it."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD, certificate=bad[0], ca=bad[1]) as exim:
        sender = documented(tmp_path, exim, (VERIFY, ""))
        log = sender.send("root@example.org", "someone@example.net", MAIL)
        assert " CV=no A=login " in log
        assert received(exim) == [("root@example.org", ("someone@example.net",), "leaf")]
        text = sender.configuration.read_text()
        failed = {f.code: f.mend for f in report(text, path="exim.conf") if not f.ok}
        assert failed == {"tls_verify_hosts": "tls_verify_hosts = *", "tls_try_verify_hosts": "tls_verify_hosts = *"}


def test_a_password_that_is_not_doubled_is_a_wrong_one(tmp_path: Path) -> None:
    """The trap of the page, which the audit tells without a login."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD) as exim:
        sender = documented(tmp_path, exim, ("s3cret::pass^^word", "s3cret:pass^word"))
        log = sender.send("root@example.org", "someone@example.net", MAIL)
        assert deferred(log) == "authentication required but authentication attempt(s) failed"
        assert "535 Incorrect authentication data" in exim.log()
        failed = [f.code for f in report(sender.configuration.read_text(), path="exim.conf") if not f.ok]
        assert failed == ["client_send"]


PREPARED = "a\u0308\u00a0\ufb01\u00ad\u00b2"
"""Which SASLprep (RFC 4013) would change: nobody does, and so do we not."""
PASSWORDS = ("plain", "a:b", "::", "^", "^^a^", "o;r,s", "d$ollar", "back\\slash", "quo\"te'", "p w", "ä€", PREPARED)


@pytest.mark.parametrize("password", PASSWORDS)
def test_client_send_says_the_same_to_us_and_to_exim(tmp_path: Path, password: str) -> None:
    """What we read out of a configuration logs in where the Exim with that configuration does."""
    written = password.replace("\\", "\\\\").replace("$", "\\$").replace(":", "::").replace("^", "^^")
    with smarthost(tmp_path, password=password) as exim:
        sender = documented(tmp_path, exim, ("s3cret::pass^^word", written))
        assert " A=login " in sender.send("root@example.org", "someone@example.net", MAIL)
        found = credentials.read(str(sender.configuration), server=NAME, user=None)
        assert (found.user, found.password) == (exim.user, exim.password)


def with_debians_authenticators(folder: Path, exim: Exim, password: str) -> Leaf:
    """The leaf, but logging in as Debian's own configuration does: with what ``passwd.client`` says."""
    client = folder / "passwd.client"
    client.write_text(f"# comment\nother.tld:other:wrong\n*.tld:leaf:{password}\n", encoding="utf-8")
    client.chmod(0o640)
    examples = Path(unpacked.file("exim", "etc/exim4/conf.d/auth/30_exim4-config_examples")).read_text()
    own = DOCUMENTED[DOCUMENTED.index("# In user and password") :]
    return documented(folder, exim, (own, f"CONFDIR = {folder}\n{examples}"))


@pytest.mark.parametrize(
    ("password", "mechanism"),
    [(p, m) for m in ("LOGIN", "PLAIN") for p in PASSWORDS if m == "LOGIN" or not p.startswith("^")],
)
def test_passwd_client_says_the_same_to_us_and_to_exim(tmp_path: Path, password: str, mechanism: str) -> None:
    """What we read out of the file logs in where Debian's configuration, which looks it up there, does."""
    with smarthost(tmp_path, password=password, mechanisms=[mechanism]) as exim:
        sender = with_debians_authenticators(tmp_path, exim, password)
        assert f" CV=yes A={mechanism.lower()} " in sender.send("root@example.org", "someone@example.net", MAIL)
        found = credentials.read(str(tmp_path / "passwd.client"), server=NAME, user=None)
        assert (found.user, found.password) == (exim.user, exim.password)


@pytest.mark.parametrize(
    ("password", "mechanism", "warning"),
    [("a:b", "CRAM-MD5", "password_colon"), ("^a", "PLAIN", "password_circumflex")],
)
def test_what_debian_cannot_send_out_of_passwd_client_is_warned_of(
    tmp_path: Path, password: str, mechanism: str, warning: str
) -> None:
    """The check would log in where Exim does not."""
    with smarthost(tmp_path, password=password, mechanisms=[mechanism]) as exim:
        sender = with_debians_authenticators(tmp_path, exim, password)
        log = sender.send("root@example.org", "someone@example.net", MAIL)
        assert deferred(log) == "authentication required but authentication attempt(s) failed"
        assert "535 Incorrect authentication data" in exim.log()
        found = credentials.read(str(tmp_path / "passwd.client"), server=NAME, user=None)
        assert [code for code, _ in found.warnings] == [warning]


def test_the_audit_finds_nothing_to_mend_in_the_documented_leaf(tmp_path: Path) -> None:
    """Neither in the file nor in what Exim prints of it, which has the defaults too."""
    with smarthost(tmp_path, password=DOCUMENTED_PASSWORD) as exim:
        sender = documented(tmp_path, exim)
    printed = "".join(sender.printed(kind) for kind in ("routers", "transports", "authenticators"))
    codes = [
        "route", "hosts_require_tls", "port", "hosts_require_auth", "tls_verify_certificates", "tls_verify_hosts",
        "tls_try_verify_hosts", "tls_verify_cert_hostnames", "authenticator",
    ]  # fmt: skip
    for text in (sender.configuration.read_text(), printed, sender.printed("config")):
        found = report(text, path="exim.conf")
        assert ([f.code for f in found], [f for f in found if not f.ok]) == (codes, [])
        assert DOCUMENTED_PASSWORD not in repr(found)


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_swaks_logs_in(tmp_path: Path, mechanism: str, tls: str) -> None:
    """By each mechanism, both ways of TLS, and sends a mail; with a wrong password it gets a 535."""
    with smarthost(tmp_path) as exim:
        way = ("--tls",) if tls == "starttls" else ("--tls-on-connect", "--port", str(exim.tls_port))
        arguments = (*way, "--auth", mechanism, "--from", "a@leaf.tld", "--to", "b@example.net")
        good = swaks(exim, *arguments, password=exim.password)
        wrong = swaks(exim, *arguments, password="wrong")
        assert (good.returncode, wrong.returncode) == (0, 28)
        assert "<~* 535 Incorrect authentication data" in wrong.stdout
        assert received(exim) == [("a@leaf.tld", ("b@example.net",), "leaf")]


@pytest.mark.parametrize(
    ("relays", "greylists", "logs_in", "code"),
    [
        (False, False, True, "250 Accepted"),
        (False, False, False, "550 relay not permitted"),
        (True, False, False, "250 Accepted"),
        (False, True, True, "451 4.7.1 Greylisted, please come back"),
    ],
    ids=["logged in", "a stranger", "an open relay", "greylisted"],
)
def test_what_a_recipient_is_answered(tmp_path: Path, relays: bool, greylists: bool, logs_in: bool, code: str) -> None:
    """The smarthost of the tests says what it was asked to say."""
    with smarthost(tmp_path, relays=relays, greylists=greylists) as exim:
        addresses = ("--from", "a@leaf.tld", "--to", "b@example.net", "--quit-after", "RCPT")
        done = swaks(exim, "--tls", *addresses, password=exim.password if logs_in else None)
        assert code in done.stdout
        assert exim.mails() == ()


def test_mechanisms_are_offered_after_tls_only(tmp_path: Path) -> None:
    """And those alone that were asked for."""
    with smarthost(tmp_path, mechanisms=("CRAM-MD5",)) as exim:
        before = swaks(exim, "--quit-after", "EHLO").stdout
        after = swaks(exim, "--tls", "--quit-after", "EHLO").stdout
        assert ("AUTH" in before, "AUTH CRAM-MD5\n" in after) == (False, True)


def test_a_mail_is_read_out_of_the_spool(tmp_path: Path) -> None:
    """Several recipients, no login, headers and body."""
    with smarthost(tmp_path, relays=True) as exim:
        done = swaks(exim, "--from", "a@leaf.tld", "--to", "b@example.net,c@example.net", "--data", MAIL)
        assert done.returncode == 0, done.stdout
        (mail,) = exim.mails()
        assert mail == Mail("a@leaf.tld", ("b@example.net", "c@example.net"), "", mail.text)
        assert mail.text.endswith("Subject: from the leaf\n\nIt works.\n\n")
