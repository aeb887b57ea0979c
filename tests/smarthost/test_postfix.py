"""The audit of a Postfix's main.cf: what each configuration of postfixes.py enforces, and what is said of it."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.cli import smarthost
from collectd_inode.cli.terminal import Exit
from collectd_inode.model import Place
from collectd_inode.smarthost import credentials, foreign
from collectd_inode.smarthost.audit import AuditFinding, report
from collectd_inode.smarthost.postfixconf import Parameters, entries, listed, parameters, services
from tests.helpers.places import ROOT
from tests.helpers.postfixes import LEAVES, Leaf

HOP = "[smarthost.tld]:587"
MASTER = "smtp unix - - n - - smtp\n  {}\nrelay unix - - n - - smtp\n"
GOOD = """\
# a leaf
relayhost = [smarthost.tld]:587
smtp_tls_security_level = secure
smtp_tls_CAfile = /etc/postfix/ca.crt
smtp_sasl_auth_enable = yes
smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd
smtp_sasl_security_options = noanonymous
"""
CA = "-----BEGIN CERTIFICATE-----\n"
FILES = {"/etc/postfix/sasl_passwd": f"{HOP} leaf:s3cret\n", "/etc/postfix/ca.crt": CA, "/ca.crt": CA,
         "/etc/ssl/certs": "a.pem\n1a2b3c4d.0", "/unhashed": "a.pem"}  # fmt: skip


def audited(text: str, *, master: str = "", files: dict[str, str] | None = None) -> tuple[AuditFinding, ...]:
    return report(text, path="main.cf", master=master, read=(FILES | (files or {})).get)


def bad(text: str, *, master: str = "", files: dict[str, str] | None = None) -> list[tuple[int, str]]:
    """Line and code of what is not as it should be."""
    return [(f.place.line, f.code) for f in audited(text, master=master, files=files) if not f.ok]


def filled(case: Leaf) -> tuple[AuditFinding, ...]:
    def fill(text: str) -> str:
        text = text.replace("SMARTHOST", HOP).replace("CAPITALS", HOP.upper())
        return text.replace("= CA\n", "= /ca.crt\n").replace("FOLDER", "/t")

    files = {f"/t/{name}": fill(text) for name, text in case.tables.items()} | {"/t/sasl_passwd": f"{HOP} leaf:s3cret"}
    return audited(fill(case.text), master=MASTER.replace("{}", fill(case.master)), files=files)


def enforces(found: tuple[AuditFinding, ...]) -> tuple[bool, bool]:
    """TLS, verification: for all that was found."""
    levels = [f for f in found if f.code in ("smtp_tls_security_level", "smtp_tls_policy_maps", "smtp_tls_per_site")]
    assert levels
    broken = [f for f in levels if "is no TLS level" in f.message]
    tls = [f.ok or "verification is not enforced" in f.message for f in levels]
    return (True, True) if broken else (all(tls), all(f.ok for f in levels))


@pytest.mark.parametrize("case", LEAVES, ids=[case.name for case in LEAVES])
def test_what_the_audit_says(case: Leaf) -> None:
    """For every host that the mail may end at; where it goes; and that mail waits where it does."""
    found = filled(case)
    assert enforces(found) == (case.tls, case.verifies)
    assert next(f.message for f in found if f.code == "route").endswith(f" goes to {HOP}")
    waits = [f.code for f in found if not f.ok and ("all mail waits" in f.message or "no mail is sent" in f.message
                                                    or "is not understood" in f.message)]  # fmt: skip
    assert (waits == []) is case.mails
    assert all(bool(f.mend) != f.ok for f in found)


def test_a_good_leaf() -> None:
    """Everything that is looked at, in order."""
    assert [(f.place.line, f.code, f.message) for f in audited(GOOD)] == [
        (2, "route", f"all mail goes to {HOP}"),
        (3, "smtp_tls_security_level", "the level secure: nothing is sent without TLS, and an invalid certificate"
         " stops the mail"),
        (2, "port", "port 587, STARTTLS"),
        (4, "smtp_tls_CAfile", "certificates are verified with /etc/postfix/ca.crt"),
        (5, "smtp_sasl_auth_enable", "Postfix logs in where the server offers it"),
        (6, "smtp_sasl_password_maps", f"the table of passwords has a line for {HOP}"),
    ]  # fmt: skip
    assert bad(GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("relayhost = [smarthost.tld]:587", "", [(1, "route")]),
        ("relayhost = [smarthost.tld]:587", "relayhost [smarthost.tld]:587", [(2, "configuration"), (1, "route")]),
        (":587", ":465", [(2, "port"), (6, "smtp_sasl_password_maps")]),
        ("secure", "secure\nsmtp_tls_wrappermode = yes", [(4, "port")]),
        ("secure", "may\nsmtp_tls_wrappermode = yes", [(3, "smtp_tls_security_level"), (4, "smtp_tls_wrappermode")]),
        ("auth_enable = yes", "auth_enable = no", [(5, "smtp_sasl_auth_enable")]),
        ("smtp_sasl_security_options = noanonymous", "", [(1, "smtp_sasl_tls_security_options")]),
        ("noanonymous", "noplaintext\nsmtp_sasl_tls_security_options = noanonymous", []),
        ("hash:/etc/postfix/sasl_passwd", "", [(6, "smtp_sasl_password_maps")]),
        ("hash:/etc", "hash:/nowhere", [(6, "smtp_sasl_password_maps")]),
        ("hash:/etc/postfix/sasl_passwd", "ldap:/x.cf", [(6, "smtp_sasl_password_maps")]),
        ("hash:/etc/postfix/sasl_passwd", "regexp:{{/smarthost/ leaf:s3cret}}", []),
        ("hash:/etc/postfix/sasl_passwd", "regexp:{{/other/ leaf:s3cret}}", [(6, "smtp_sasl_password_maps")]),
        ("hash:/etc/postfix/sasl_passwd", "regexp:{{/smart(.*)/ leaf:$$1}}", [(6, "smtp_sasl_password_maps")]),
        ("/etc/postfix/ca.crt", "", [(4, "smtp_tls_CAfile")]),
        ("smtp_tls_CAfile = /etc/postfix/ca.crt", "smtp_tls_CApath = /etc/ssl/certs", []),
        ("smtp_tls_CAfile = /etc/postfix/ca.crt", "tls_append_default_CA = yes", []),
        ("smtp_tls_CAfile = /etc/postfix/ca.crt", "", [(1, "smtp_tls_CAfile")]),
        ("level = secure", "level = fingerprint\nsmtp_tls_fingerprint_cert_match = 00:11", []),
        ("level = secure", "level = fingerprint", [(1, "smtp_tls_fingerprint_cert_match")]),
        ("level = secure", "level = dane-only\nsmtp_dns_support_level = dnssec", []),
        ("level = secure", "level = dane-only", [(1, "smtp_dns_support_level")]),
        ("level = secure", "level = dane", [(3, "smtp_tls_security_level")]),
        ("[smarthost.tld]:587\nsmtp_tls_security_level = secure", "smarthost.tld:587\nsmtp_tls_security_level = verify",
         [(2, "smtp_tls_verify_cert_match"), (6, "smtp_sasl_password_maps")]),
        ("level = secure", "level = secure\nsmtp_tls_policy_maps = ldap:/x.cf", [(4, "map")]),
        ("level = secure", "level = secure\nsmtp_tls_policy_maps = regexp:{{/other$/ none}}", [(4, "configuration")]),
        ("level = secure", "level = secure\nsmtp_tls_policy_maps = regexp:{{/other$$/ none}}", []),
        ("level = secure", "level = secure\nlocal_transport = local:${x", [(4, "configuration")]),
        ("level = secure", "level = secure\nlocal_transport = local:${}", [(4, "configuration")]),
        ("level = secure", "level = secure\nnobodys = a$", []),
        ("level = secure", "level = may\nsmtp_tls_policy_maps = regexp:{{/(a+)smart/ may},{/./ secure}}", []),
        ("level = secure", "level = may\nsmtp_tls_policy_maps = pcre:{{/^\\[smart\\w+\\.tld\\]/ secure}}", []),
        ("level = secure", "level = may\nsmtp_tls_policy_maps = static:secure, socketmap:unix:/s:x", []),
        ("level = secure", "level = secure\ntransport_maps = mysql:/x.cf", [(4, "map")]),
        ("level = secure", "level = secure\nsmtp_fallback_relay = [backup.tld]", [(7, "smtp_sasl_password_maps")]),
    ],
)  # fmt: skip
def test_what_is_not_as_it_should_be(old: str, new: str, expected: list[tuple[int, str]]) -> None:
    """Each by the line that it stands in, with the line that mends it."""
    assert old in GOOD
    text = GOOD.replace(old, new)
    assert bad(text) == expected
    assert all(finding.mend for finding in audited(text) if not finding.ok)


PLAIN_HOP = GOOD.replace("[smarthost.tld]:587", "smarthost.tld:587").replace("level = secure", "level = may")
SENT_BY = """\
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
rewrite unix - - n - - trivial-rewrite
"""
OWN = "own unix - - n - - smtp -o smtp_tls_security_level=may\n"


@pytest.mark.parametrize(
    ("text", "master", "expected"),
    [
        # Which policy.
        (PLAIN_HOP + "smtp_tls_policy_maps = inline:{.tld=secure}", "",
         "the level may: without TLS on offer mail goes"),
        (GOOD + "smtp_tls_policy_maps = inline:{{[smarthost.tld]:587 = secure,match=.tld}}", "",
         "a certificate for .tld is taken for that of smarthost.tld"),
        (GOOD + "smtp_tls_policy_maps = static:{secure match=other.tld}", "",
         "a certificate for other.tld is taken for that of smarthost.tld"),
        (GOOD + "smtp_tls_policy_maps = static:{secure foo=bar}", "", "“secure foo” is no TLS level: no mail is sent"),
        (GOOD + "smtp_tls_policy_maps = regexp:/t/policy", "",
         "whether TLS and verification are enforced is not known"),
        (GOOD + "smtp_tls_policy_maps = unionmap:{static:none,static:x}", "", "the level none: TLS is never used"),
        (GOOD + "smtp_tls_policy_maps = unionmap:{static:secure,ldap:x}", "", "are enforced is not known"),
        (GOOD + "smtp_tls_policy_maps = randmap:{secure,none}", "", "are enforced is not known"),
        (GOOD + r"smtp_tls_policy_maps = regexp:{{/\<smart/ secure},{/./ secure}}", "", "are enforced is not known"),
        (GOOD + "smtp_tls_policy_maps = pcre:{{/(?<=x)y/ secure}}", "", "are enforced is not known"),
        (GOOD + "smtp_tls_policy_maps = socketmap:unix:/s:x, static:secure", "", "are enforced is not known"),
        (GOOD + "transport_maps = regexp:{{/(.*)@/ smtp:[$$1.tld]}}", "", "has not been read: mail may go elsewhere"),
        (GOOD + "transport_maps = regexp:{{/other/ smtp:[other.tld]}}", "",
         "[other.tld]: the table of passwords has no line for [other.tld]"),
        (GOOD + "smtp_tls_per_site = static:MUST_NOPEERMATCH", "", "the level encrypt: verification is not enforced"),
        (GOOD + "smtp_tls_per_site = inline:{smarthost.tld=NONE}", "", "the level none: TLS is never used"),
        (GOOD.replace("= secure", "= ${{3} > {10}?{secure}:{none}}"), "", "the level none: TLS is never used"),
        (GOOD,
         SENT_BY.replace("smtp\nrelay", "smtp -o {smtp_tls_policy_maps = inline:{ {[smarthost.tld]:587=may} }}\nrelay"),
         "the level may: without TLS on offer mail goes in clear"),
        (GOOD + "smtp_tls_per_site = cdb:/t/sites", "", "smtp_tls_per_site is cdb:/t/sites, which has not been read"),
        (GOOD + "myhostname = leaf.tld\nrelayhost = [smarthost.$mydomain]:587\n"
         "smtp_tls_policy_maps = inline:{{[smarthost.tld]:587=none}}", "", "the level none: TLS is never used"),
        # Which certificate.
        (GOOD + "smtp_tls_secure_cert_match = other.tld", "", "a certificate for other.tld is taken for that of"),
        (GOOD.replace("[smarthost.tld]:587", "smarthost.tld") + "smtp_tls_secure_cert_match = hostname", "",
         "the certificate is for the host that DNS (MX) names for smarthost.tld"),
        (GOOD.replace("[smarthost.tld]", "[192.0.2.1]"), "", "[192.0.2.1]:587 is an address: no mail is sent"),
        (GOOD + "smtp_tls_CAfile = /t/none", "",
         "no certificate can be read in /t/none: Postfix switches TLS off, and all mail"),
        (GOOD.replace("CAfile = /etc/postfix/ca.crt", "CApath = /unhashed"), "",
         "no file in /unhashed has a hashed name"),
        (GOOD.replace("CAfile = /etc/postfix/ca.crt", "CApath = /none"), "", "no file in /none has a hashed name"),
        (GOOD + "smtp_discard_ehlo_keywords = STARTTLS", "", "STARTTLS is not seen: no mail is sent"),
        # Which service, and which way.
        (GOOD + "transport_maps = inline:{{* = lmtp:[smarthost.tld]:587}}", SENT_BY,
         "the level none: TLS is never used"),
        (GOOD + "transport_maps = inline:{example.net=own}", SENT_BY + OWN,
         "example.net: the level may (set for the service"),
        (GOOD + "relay_domains = x.tld\ndefault_transport = smtp:[a.tld]\nrelay_transport=own", SENT_BY + OWN,
         "[smarthost.tld]:587: the level may (set for the service own in master.cf)"),
        (GOOD + "virtual_transport = own:[a.tld]", SENT_BY + OWN, "[a.tld]: the level may (set for the service own"),
        (GOOD + "content_filter = own:[a.tld]:26", SENT_BY + OWN, "[a.tld]:26: the level may (set for the service own"),
        (GOOD, SENT_BY.replace("trivial-rewrite", "trivial-rewrite -o relayhost=[a.tld]") + OWN,
         "all mail goes to [a.tld]"),
        (GOOD, SENT_BY.replace("smtp\nrelay", "smtp -o smtp_fallback_relay=[a.tld]\nrelay"),
         "what fails goes to [a.tld]"),
        (GOOD + "relayhost =\ntransport_maps = inline:{{a.tld = smtp:[b.tld]}}", "",
         "all other mail goes to each recipient's own server"),
        (GOOD + "relayhost = smtp:[smarthost.tld]:587", "", "“smtp:” is no part of a next hop there: no mail is sent"),
        (GOOD + "default_transport = nosuch", SENT_BY, "master.cf has no such service, and all mail waits"),
        (GOOD + "default_transport = uucp", SENT_BY + "uucp unix - n n - - pipe user=uucp\n", "a program has it there"),
        (GOOD + "default_transport = error:x", SENT_BY + "error unix - - n - - error\n", "none leaves by that (error)"),
        (GOOD, SENT_BY.replace("smtp\nrelay", "smtp -o smtp_tls_security_level = may\nrelay"),
         "which has -o smtp_tls_security_level without “=” in master.cf: no mail is sent"),
        # How it is written.
        (GOOD.replace("= secure", "= \u00a0secure"), "", "“\u00a0secure” is no TLS level: no mail is sent"),
        (GOOD.replace("= secure", "= $$secure"), "", "“$secure” is no TLS level: no mail is sent"),
        (GOOD.replace("= secure", "= secure # really"), "", "“secure # really” is no TLS level: no mail is sent"),
        (GOOD.replace("noanonymous", "NOANONYMOUS"), "", "“NOANONYMOUS” is no such option: no mail is sent"),
        # Which password.
        (GOOD + "smtp_sasl_password_maps = inline:{smarthost.tld:587=leaf:s3cret}", "",
         "has no line for [smarthost.tld]:587"),
    ],
)  # fmt: skip
def test_what_a_really_sending_postfix_has_shown(text: str, master: str, expected: str) -> None:
    """Postfix 3.7 at four smarthosts: a good one, one without TLS, one of a stranger's CA, one of another name."""
    said = [f.message for f in audited(text, master=master) if not f.ok or f.code == "route"]
    assert [message for message in said if expected in message], said


@pytest.mark.parametrize(
    ("text", "master"),
    [
        (GOOD + "policyd-spf_time_limit = 3600s\n", ""),
        (GOOD.replace("\n", "\r\n"), ""),
        (GOOD + "smtp_tls_policy_maps = static:{secure,match=nexthop:dot-nexthop}\n", ""),
        (GOOD + "smtp_tls_policy_maps = proxy:inline:{{[smarthost.tld]:587=secure}}\n", ""),
        (GOOD + "smtp_tls_per_site = static:MAY\n", ""),
        (GOOD + "smtp_tls_secure_cert_match = smarthost.tld\n", ""),
        (GOOD.replace("/etc/postfix/ca.crt", "") + "smtp_tls_trust_anchor_file = /etc/postfix/ca.crt\n", ""),
        (GOOD.replace("noanonymous", "noplaintext") + "smtp_sasl_tls_verified_security_options = noanonymous\n", ""),
        (GOOD + "smtp_sasl_password_maps = inline:{smarthost.tld=leaf:s3cret}\n", ""),
        (GOOD + "smtp_sasl_password_maps = inline:{me@a.tld=leaf:s3cret}\n"
         "smtp_sender_dependent_authentication = yes\n", ""),
        (GOOD + "sender_dependent_relayhost_maps = inline:{@a.tld=DUNNO}\n", ""),
        (GOOD + "content_filter = scan:[127.0.0.1]:10024\nvirtual_transport = lmtp:unix:private/dovecot-lmtp\n",
         SENT_BY + "scan unix - - n - - smtp\n"),
        (GOOD + "transport_maps = inline:{ a.tld=local: {b.tld = error:gone} c.tld=: {d.tld = list:} }\n",
         SENT_BY + "local unix - n n - - local\nerror unix - - n - - error\nlist unix - n n - - pipe user=list\n"),
    ],
)  # fmt: skip
def test_what_is_good_is_called_so(text: str, master: str) -> None:
    """By the same Postfix, or since that mail does not leave."""
    assert bad(text, master=master) == []


def test_a_route_past_the_smarthost() -> None:
    """Each next hop is looked at with what holds there."""
    text = f"{GOOD}transport_maps = hash:/t/transport\nsmtp_tls_policy_maps = hash:/t/policy\n"
    files = {"/t/transport": "example.net smtp:[other.tld]\nlocal.tld local:\nfoo.tld slow:\n",
             "/t/policy": "[other.tld] may\n"}  # fmt: skip
    found = audited(text, files=files)
    assert [f.message for f in found if f.code == "route"] == [
        f"all mail goes to {HOP}",
        "mail by the key example.net of transport_maps goes to [other.tld]",
        "mail by the key foo.tld of transport_maps goes to foo.tld by the service slow",
    ]
    level = "[other.tld]: the level may: without TLS on offer mail goes in clear, and so does the password"
    assert level in [f.message for f in found if not f.ok]


def test_a_service_of_its_own() -> None:
    """What master.cf sets for it counts for its mail alone."""
    text = GOOD + "default_transport = strict:[smarthost.tld]:587\n"
    text = text.replace("level = secure", "level = none")
    master = MASTER.format("") + "strict unix - - n - - smtp -v -o smtp_tls_security_level=secure\n"
    assert bad(text, master=master) == []
    assert bad(text.replace("strict:", "smtp:"), master=master) == [(3, "smtp_tls_security_level")]


@pytest.mark.parametrize("line", ["transport_maps = inline:{}", "myhostname = a.tld", "lmtp_tls_security_level = may"])
def test_a_main_cf_of_one_line(line: str) -> None:
    """It is recognised."""
    assert foreign.program(f"# mine\n{line}\n") == foreign.POSTFIX


def test_no_password_is_shown() -> None:
    """Wherever it stands."""
    text = GOOD.replace("hash:/etc/postfix/sasl_passwd", "static:leaf:s3cret")
    assert "s3cret" not in repr(audited(text)) + repr(audited(GOOD))


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """main.cf with what stands beside it; postconf -n's output is read as well."""
    (tmp_path / "main.cf").write_text(GOOD.replace("/etc/postfix", str(tmp_path)))
    (tmp_path / "sasl_passwd").write_text(f"{HOP} leaf:s3cret\n")
    (tmp_path / "ca.crt").write_text(CA)
    assert smarthost._audit(str(tmp_path / "main.cf"), "json") is Exit.PASSED
    assert [json.loads(line)["ok"] for line in capsys.readouterr().out.splitlines()] == [True] * 6
    (tmp_path / "master.cf").write_text(MASTER.format("-o smtp_tls_security_level=encrypt"))
    assert smarthost._audit(str(tmp_path / "main.cf"), "pretty") is Exit.FAILED
    assert "the level encrypt (set for the service smtp in master.cf): verification" in capsys.readouterr().out


PAGE = ROOT / "docs" / "how-to" / "postfix-leaf.rst"


def test_the_leaf_of_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its two files are good, by the command that the page names, and its password is found for the check."""
    blocks = re.findall(
        r"^\.\. code-block:: none\n\n((?:    .*\n|\n)+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    main, passwords = map(textwrap.dedent, blocks)
    (tmp_path / "main.cf").write_text(main.replace("/etc/postfix", str(tmp_path)))
    password = tmp_path / "sasl_passwd"
    password.touch(0o600)
    password.write_text(passwords)
    (tmp_path / "smarthost-ca.crt").write_text(CA)
    assert smarthost._audit(str(tmp_path / "main.cf"), "pretty") is Exit.PASSED
    assert "a line for [smarthost.tld]:587" in capsys.readouterr().out
    found = credentials.read(str(password), server="smarthost.tld", user=None)
    assert (found.user, found.password, found.warnings) == ("leaf", "s3cret", ())


# Notation


def test_main_cf_and_master_cf_as_postfix_reads_them() -> None:
    """postconf(5), master(5), postmap(1)."""
    found, broken = parameters("a = 1\n# c\n  2\n\nb=$a ${a?x}${c:y} $$d\nnonsense\na = 3\n")
    assert ({name: (s.value, s.line) for name, s in found.items()}, broken) == (
        {"a": ("3", 7), "b": ("$a ${a?x}${c:y} $$d", 5)},
        [6],
    )
    assert Parameters(found).value("b") == "3 xy $d"
    (one,) = services("x unix - - n - - smtp -v -o a=1 -o { b = 2 3 }\n  -o c=$d\nshort unix\n")
    assert (one.name, one.program, one.over) == ("x", "smtp", {"a": "1", "b": "2 3", "c": "$d"})
    assert entries("A b c\n  d\n#x\nE\n") == (("a", "b c d", 1), ("e", "", 4))
    assert listed("a, b\tinline:{ {c = d}, {e=f} } {g}") == ["a", "b", "inline:{ {c = d}, {e=f} }", "{g}"]


def test_parameters_that_stand_for_one_another() -> None:
    """They have no value, and no end."""
    found, _ = parameters("a = $b\nb = ${a}\n")
    assert Parameters(found).value("a") == ""


PIECES = st.sampled_from(
    ["relayhost", "smtp_tls_security_level", "smtp_tls_policy_maps", "transport_maps", " = ", "=", "\n", "\n ", "$",
     "${", "}", "{", "?", ":", "[", "]", "a", "secure", "may", "inline:", "static:", "hash:/t", ",", " ", "#", "smtp",
     "é", "smtp_sasl_auth_enable = yes\n", "default_transport", "smtp_sasl_password_maps", "465"]
)  # fmt: skip


@given(st.lists(PIECES).map("".join), st.text(), st.text())
def test_any_text_gets_a_report(text: str, master: str, table: str) -> None:
    """Without an exception, since files are written by people; what is bad has a mend."""
    text = f"relayhost = x\n{text}"
    found = report(text, path="main.cf", master=master, read=lambda _: table)
    assert found
    assert all(bool(f.mend) != f.ok for f in found)
    assert all(0 < f.place.line <= text.count("\n") + 1 for f in found)
    assert all(f.place.path == "main.cf" for f in found)
    assert found[0].place == Place("main.cf", found[0].place.line)
