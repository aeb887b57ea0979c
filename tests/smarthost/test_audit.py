"""What the audit says of a configuration; that Exim itself agrees is in test_exim.py."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Place
from collectd_inode.smarthost.audit import AuditFinding, report
from collectd_inode.smarthost.eximconf import NotLiteral, options, sent
from demo import unpacked

BLOG = """\
hosts_require_tls = *
hosts_require_auth = *
tls_verify_certificates = /etc/exim4/tls/smarthost-ca.crt
"""
GOOD = """\
qualify_domain = example.org

begin routers

smarthost:
  driver = manualroute
  route_list = * smarthost.tld
  transport = smarthost

begin transports

smarthost:
  driver = smtp
  port = 587
  hosts_require_tls = *
  hosts_require_auth = *
  tls_verify_certificates = /etc/exim4/tls/smarthost-ca.crt
  tls_verify_hosts = *

begin retry

* * F,2h,15m

begin authenticators

login:
  driver = plaintext
  public_name = LOGIN
  client_send = : leaf : s3cret::pass^^word
"""
NOT_ENFORCED = (
    "verification is not enforced: mail and password go to a server with any certificate, and the log says CV=no"
)
LOGGED_ONLY = "certificates are verified, but an invalid one is only logged (CV=no)"


def changed(*changes: tuple[str, str]) -> str:
    """The good configuration with each first replaced by its second."""
    text = GOOD
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def bad(text: str) -> list[tuple[str, str, str]]:
    """Code, line and mend of all that is not as it should be."""
    return [(f.code, str(f.place.line), f.mend) for f in report(text, path="conf") if not f.ok]


def test_the_blog_post_s_three_lines() -> None:
    """They require TLS and a login, and verify nothing; one line more does."""
    place = "/etc/exim4/exim4.conf"
    assert report(BLOG, path=place) == (
        AuditFinding("hosts_require_tls", True, Place(place, 1), "nothing is sent without TLS"),
        AuditFinding("hosts_require_auth", True, Place(place, 2), "nothing is sent without a log-in"),
        AuditFinding(
            "tls_verify_certificates",
            True,
            Place(place, 3),
            "certificates are verified with /etc/exim4/tls/smarthost-ca.crt, "
            "which must be readable for Exim's user (Debian-exim)",
        ),
        AuditFinding("tls_verify_hosts", False, Place(place, 1), NOT_ENFORCED, "tls_verify_hosts = *"),
        AuditFinding("tls_try_verify_hosts", False, Place(place, 1), LOGGED_ONLY, "tls_verify_hosts = *"),
        AuditFinding(
            "tls_verify_cert_hostnames", True, Place(place, 1), "the certificate must be for the name of the smarthost"
        ),
    )
    assert bad(BLOG + "tls_verify_hosts = *\n") == []


def test_a_good_configuration() -> None:
    """Every thing that was looked at, with its line; nothing to mend, and no password."""
    who = "transport smarthost: "
    assert report(GOOD, path="conf") == (
        AuditFinding("route", True, Place("conf", 7), "mail for * goes to smarthost.tld by the transport smarthost"),
        AuditFinding("hosts_require_tls", True, Place("conf", 15), who + "nothing is sent without TLS"),
        AuditFinding("port", True, Place("conf", 14), who + "port 587, STARTTLS"),
        AuditFinding("hosts_require_auth", True, Place("conf", 16), who + "nothing is sent without a log-in"),
        AuditFinding(
            "tls_verify_certificates",
            True,
            Place("conf", 17),
            who + "certificates are verified with /etc/exim4/tls/smarthost-ca.crt, "
            "which must be readable for Exim's user (Debian-exim)",
        ),
        AuditFinding("tls_verify_hosts", True, Place("conf", 18), who + "an invalid certificate stops the mail"),
        AuditFinding(
            "tls_try_verify_hosts", True, Place("conf", 12), who + "is irrelevant, since tls_verify_hosts enforces"
        ),
        AuditFinding(
            "tls_verify_cert_hostnames",
            True,
            Place("conf", 12),
            who + "the certificate must be for the name of the smarthost",
        ),
        AuditFinding("authenticator", True, Place("conf", 29), "authenticator login logs in by LOGIN"),
    )


WHOLE = "audit what exim4 -bP config prints"
ROUTE = "driver = manualroute; route_list = * smarthost.tld; transport = NAME"
LOGIN = "client_send = : USER : PASSWORD"
AUTHENTICATOR = f"driver = plaintext; public_name = LOGIN; {LOGIN}"
SENDS = ": leaf : s3cret::pass^^word"
LIST = "tls_verify_hosts = *"
VERIFY = f"  {LIST}\n"
UNVERIFIED = [
    ("tls_verify_hosts", "12", "tls_verify_hosts = *"),
    ("tls_try_verify_hosts", "12", "tls_verify_hosts = *"),
]


@pytest.mark.parametrize(
    ("old", "new", "findings"),
    [
        (VERIFY, "", UNVERIFIED),
        (
            VERIFY,
            "  tls_verify_hosts =\n  tls_try_verify_hosts =\n",
            [("tls_verify_hosts", "18", LIST), ("tls_try_verify_hosts", "19", LIST)],
        ),
        ("hosts_require_tls = *", "hosts_require_tls =", [("hosts_require_tls", "15", "hosts_require_tls = *")]),
        ("hosts_require_auth = *", "hosts_try_auth = *", [("hosts_require_auth", "12", "hosts_require_auth = *")]),
        (VERIFY, VERIFY + "  hosts_avoid_tls = *\n", [("hosts_avoid_tls", "19", "hosts_avoid_tls =")]),
        (
            "/etc/exim4/tls/smarthost-ca.crt",
            "",
            [("tls_verify_certificates", "17", "tls_verify_certificates = /etc/exim4/tls/smarthost-ca.crt")],
        ),
        (
            VERIFY,
            VERIFY + "  tls_verify_cert_hostnames =\n",
            [("tls_verify_cert_hostnames", "19", "tls_verify_cert_hostnames = *")],
        ),
        ("port = 587", "port = 465", [("port", "14", "protocol = smtps")]),
        ("port = 587", "port = 465\n  protocol = smtps", []),
        ("port = 587", "protocol = smtps", []),
        ("port = 587", "port = 587\n  protocol = smtps", [("port", "14", "port = 465")]),
        ("  port = 587\n", "", []),
        ("* smarthost.tld", "* smarthost.tld::465", [("port", "14", "protocol = smtps")]),
        ("hosts_require_tls = *", "protocol = smtps\n  port = submissions", []),
        (SENDS, ": leaf : s3cret:word", [("client_send", "29", LOGIN)]),
        (SENDS, ": leaf : s3cret^word", [("client_send", "29", LOGIN)]),
        (SENDS, "<; ; ${lookup{$host}…} ; x", []),
        ("client_send =", "server_prompts =", [("authenticator", "26", AUTHENTICATOR)]),
        ("LOGIN", "PLAIN", [("client_send", "29", "client_send = ^USER^PASSWORD")]),
        ("  route_list = * smarthost.tld\n", "", [("route", "5", ROUTE)]),
        ("begin retry", ".include /etc/exim4/more.conf\nbegin retry", [("include", "20", WHOLE)]),
        ("driver = smtp", "driver = pipe", [("transport", "1", WHOLE)]),
    ],
)  # fmt: skip
def test_one_line_off(old: str, new: str, findings: list[tuple[str, str, str]]) -> None:
    """Each thing that is not enforced, alone, with its line and the line that mends it."""
    text = changed((old, new))
    assert bad(text) == findings
    assert "s3cret" not in repr(report(text, path="conf"))


@pytest.mark.parametrize(
    "hosts",
    ["*", "$host_address", "<; $host_address", "0.0.0.0/0", "!10.0.0.1 : *", "10.0.0.1 : *", "*.tld", "+sm",
     "! +no : *", "smarthost.tld : *"],
)  # fmt: skip
def test_a_list_that_holds_for_every_host_is_enough(hosts: str) -> None:
    """In whichever words it says so."""
    lists = "hostlist sm = *\nhostlist no = 10.0.0.1\n"
    text = changed((VERIFY, f"  tls_verify_hosts = {hosts}\n"), ("qualify_domain", f"{lists}qualify_domain"))
    assert bad(text) == []


@pytest.mark.parametrize("hosts", ["smarthost.tld", "192.0.2.1 : SMARTHOST.TLD", "<; smarthost.tld", "+sm", "$host"])
def test_a_list_that_names_the_smarthost_holds_by_chance(hosts: str) -> None:
    """Exim looks the name up once more, and compares addresses: of several it may get another one."""
    text = changed(
        (VERIFY, f"  tls_verify_hosts = {hosts}\n"), ("qualify_domain", "hostlist sm = smarthost.tld\nqualify_domain")
    )
    (found,) = (f for f in report(text, path="conf") if f.code == "tls_verify_hosts")
    message = (
        f"transport smarthost: enforced only while the name ({hosts}) has one and the same address always, since Exim"
        f" looks it up again and compares addresses; else: {NOT_ENFORCED}"
    )
    assert found == AuditFinding("tls_verify_hosts", False, Place("conf", 19), message, "tls_verify_hosts = *")


def test_a_list_that_one_unknown_name_ends() -> None:
    """Whatever follows; measured with Exim 4.96."""
    text = changed((VERIFY, "  tls_verify_hosts = other.tld : *\n"))
    (found,) = (f for f in report(text, path="conf") if f.code == "tls_verify_hosts")
    message = (
        "transport smarthost: enforced only while each name in the list (other.tld : *) can be looked up, since Exim"
        f" reads no further than one that cannot; else: {NOT_ENFORCED}"
    )
    assert found == AuditFinding("tls_verify_hosts", False, Place("conf", 18), message, "tls_verify_hosts = *")


def test_verified_as_of_old() -> None:
    """Where neither list says for whom, and there is a CA (tls-gnu.c)."""
    text = changed((VERIFY, "  tls_try_verify_hosts =\n"))
    assert bad(text) == []
    said = [(f.place.line, f.message) for f in report(text, path="conf") if f.code == "tls_verify_hosts"]
    message = (
        "an invalid certificate stops the mail, since tls_try_verify_hosts is empty, and tls_verify_hosts is not set"
    )
    assert said == [(18, f"transport smarthost: {message}")]


def test_sections_in_capitals() -> None:
    """Exim takes both."""
    text = changed(("begin routers", "BEGIN Routers"), ("begin transports", "Begin TRANSPORTS"))
    assert report(text, path="conf") == report(GOOD, path="conf")


@pytest.mark.parametrize(
    "hosts",
    [
        "other.tld",
        "!smarthost.tld : *",
        "${if eq{$host}{x}{*}}",
        "${if a{b}{x : * : y}}",
        "*.org",
        "+unknown",
        "lsearch;/f",
    ],
)
def test_a_list_that_depends_is_said_to(hosts: str) -> None:
    """What only Exim can tell is not taken for granted."""
    text = changed((VERIFY, f"  tls_verify_hosts = {hosts}\n"))
    (found,) = (f for f in report(text, path="conf") if f.code == "tls_verify_hosts")
    message = f"transport smarthost: it depends on the host ({hosts}); for other hosts: {NOT_ENFORCED}"
    assert found == AuditFinding("tls_verify_hosts", False, Place("conf", 18), message, "tls_verify_hosts = *")


@pytest.mark.parametrize(
    ("route_list", "message"),
    [
        ("* smarthost.tld", "mail for * goes to smarthost.tld by the transport smarthost"),
        ("* a.tld:b.tld byname", "mail for * goes to a.tld, then b.tld by the transport smarthost"),
        ('"* a.tld::587"', "mail for * goes to a.tld:587 by the transport smarthost"),
        ("* 'a.tld : b.tld' randomize", "mail for * goes to a.tld, then b.tld by the transport smarthost"),
        ("!*.local a.tld bydns", "mail for !*.local goes to a.tld by the transport smarthost"),
    ],
)
def test_where_mail_goes(route_list: str, message: str) -> None:
    """A route_list in its forms; several hosts are tried in order."""
    found = report(changed(("* smarthost.tld", route_list)), path="conf")[0]
    assert found == AuditFinding("route", True, Place("conf", 7), message)


def test_several_rules_of_a_route_list() -> None:
    """Each is a route of its own."""
    text = changed(("* smarthost.tld", "a.tld one.tld ; * two.tld"))
    messages = [f.message for f in report(text, path="conf") if f.code == "route"]
    assert messages == [
        "mail for a.tld goes to one.tld by the transport smarthost",
        "mail for * goes to two.tld by the transport smarthost",
    ]


def test_the_main_section_s_option_of_that_name_is_another() -> None:
    """A trap: there it is about clients, and the transport still verifies nothing."""
    text = changed((VERIFY, ""), ("qualify_domain", "tls_verify_hosts = *\nqualify_domain"))
    (found,) = (f for f in report(text, path="conf") if f.code == "tls_verify_hosts")
    aside = " (the one in line 1 is about clients of this server)"
    message = f"transport smarthost: {NOT_ENFORCED}{aside}"
    assert found == AuditFinding("tls_verify_hosts", False, Place("conf", 13), message, "tls_verify_hosts = *")


def test_a_transport_that_no_smarthost_is_reached_by_is_left_alone() -> None:
    """Debian's remote_smtp, beside the one for the smarthost."""
    other = "begin transports\n\nremote_smtp:\n  driver = smtp\n\nlocal:\n  driver = appendfile\n"
    assert bad(changed(("begin transports\n", other))) == []


# Debian ---------------------------------------------------------------------------------------------------------------

DEBCONF = """\
DCconfig_smarthost = 1
DCsmarthost = smarthost.tld::587
CONFDIR = /etc/exim4
"""


def debian(*macros: str) -> str:
    """Debian's own configuration as update-exim4.conf makes it for a smarthost, with local macros."""
    template = Path(unpacked.file("exim", "etc/exim4/exim4.conf.template")).read_text(encoding="utf-8")
    return DEBCONF + "".join(f"{macro}\n" for macro in macros) + template


def codes(text: str) -> list[str]:
    return [code for code, _, _ in bad(text)]


def test_debians_own_configuration_verifies_and_requires_nothing() -> None:
    """It keeps mail from a bad certificate; but where there is no TLS, or no login, it sends all the same."""
    assert codes(debian()) == ["hosts_require_tls", "hosts_require_auth"]
    findings = {f.code: f.message for f in report(debian(), path="conf")}
    assert findings["route"] == "mail for * goes to smarthost.tld:587 by the transport remote_smtp_smarthost"
    assert findings["port"] == "transport remote_smtp_smarthost: port 587, STARTTLS"


def test_debians_macros_are_followed() -> None:
    """What README.Debian tells to set, and what it tells not to unset."""
    tls = "REMOTE_SMTP_SMARTHOST_HOSTS_REQUIRE_TLS = *"
    unverified = "REMOTE_SMTP_SMARTHOST_TLS_VERIFY_HOSTS ="
    assert codes(debian(tls)) == ["hosts_require_auth"]
    assert codes(debian(tls, unverified)) == ["hosts_require_auth", "tls_verify_hosts", "tls_try_verify_hosts"]


def test_a_file_of_the_split_configuration_by_itself() -> None:
    """Its options are a transport's, although no ``begin`` says so; what its macros are is not known here."""
    name = "etc/exim4/conf.d/transport/30_exim4-config_remote_smtp_smarthost"
    text = Path(unpacked.file("exim", name)).read_text(encoding="utf-8")
    assert codes(text) == ["hosts_require_tls", "hosts_require_auth", "tls_verify_hosts", "tls_try_verify_hosts"]


def test_debians_authenticators_by_themselves() -> None:
    """Three that log in; there is no transport to be seen in that file."""
    text = Path(unpacked.file("exim", "etc/exim4/conf.d/auth/30_exim4-config_examples")).read_text(encoding="utf-8")
    assert [(f.code, f.ok, f.message) for f in report(text, path="conf")] == [
        ("authenticator", True, "authenticator cram_md5 logs in by CRAM-MD5"),
        ("authenticator", True, "authenticator plain logs in by PLAIN"),
        ("authenticator", True, "authenticator login logs in by LOGIN"),
        ("transport", False, "there is no smtp transport in this text"),
    ]


def test_what_exim_does_not_show_is_not_judged() -> None:
    """``exim -bP`` by somebody who may not read the configuration."""
    printed = "login authenticator:\ndriver = plaintext\npublic_name = LOGIN\nclient_send = <value not displayable>\n"
    assert codes(printed) == ["transport"]


def test_nothing_at_all() -> None:
    """An empty text gets one sentence."""
    nothing = AuditFinding("transport", False, Place("conf", 1), "there is no smtp transport in this text", WHOLE)
    assert report("", path="conf") == (nothing,)


PIECES = st.sampled_from(
    ["begin ", "routers", "transports", "authenticators", "acl", "\n", "\\\n", "name:", " = ", "driver", "smtp", "port",
     "manualroute", "route_list", "client_send", "public_name", "LOGIN", "tls_verify_hosts", "protocol", "smtps", "*",
     ":", "::", "^", "$", "\\", '"', "'", "<;", ";", "#", ".ifdef ", ".else", ".endif", ".include ", "MACRO", "no_",
     "465", "x transport:", "x router:", " ", "é"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(PIECES).map("".join)))
def test_any_text_gets_a_report(text: str) -> None:
    """Without an exception, since files are written by people; what is bad has a mend."""
    found = report(text, path="conf")
    assert all(bool(f.mend) != f.ok for f in found)
    assert all(0 < f.place.line <= text.count("\n") + 1 for f in found)
    for option in options(text):
        with contextlib.suppress(NotLiteral):
            assert sent(option.value)


FOREIGN = {
    "a Postfix master.cf": "smtp      inet  n       -       y       -       -       smtpd\n",
    "an msmtp configuration": "defaults\ntls on\naccount work\nhost smarthost.tld\n",
    "an ssmtp configuration": "root=postmaster\nmailhub=smarthost.tld:587\nUseSTARTTLS=YES\n",
    "a dma configuration": "SMARTHOST smarthost.tld\nPORT 587\nSECURETRANSFER\nSTARTTLS\n",
    "a list of nullmailer's remotes": "smarthost.tld smtp --port=587 --starttls --user=leaf --pass=s3cret\n",
}


@pytest.mark.parametrize("program", FOREIGN)
def test_another_program_s_configuration_is_named(program: str) -> None:
    """It is not audited, and nothing is called good in it; no password is shown."""
    (found,) = report(FOREIGN[program], path="conf")
    message = f"this is {program}, not an Exim configuration: not audited"
    assert found == AuditFinding(
        "configuration", False, Place("conf", 1), message, "name Exim's configuration, or none"
    )


def test_main_options_alone() -> None:
    """Some have names that a transport's have, too; no mail leaves by them."""
    text = "primary_hostname = leaf.tld\nhostlist sm = *\ntls_verify_hosts = *\ntls_verify_certificates = /ca\n"
    message = "there are main options only, no router and no transport"
    assert report(text, path="conf") == (AuditFinding("transport", False, Place("conf", 1), message, WHOLE),)


def test_an_include_in_an_access_list_sends_no_mail() -> None:
    """It is told, and nothing is to be mended."""
    text = changed(("begin routers", "begin acl\ncheck:\n  .include /etc/exim4/acl.conf\n  accept\nbegin routers"))
    message = (
        "/etc/exim4/acl.conf is included in a part that sends no mail (such as an access list), and has not been read"
    )
    assert report(text, path="conf")[0] == AuditFinding("include", True, Place("conf", 5), message)
    assert bad(text) == []


def test_dane_for_every_host_enforces_tls_and_verification() -> None:
    """Without a TLSA record the mail waits."""
    dane = ("  hosts_require_tls = *\n", "  hosts_require_dane = *\n")
    found = {f.code: (f.ok, f.message) for f in report(changed(dane, (VERIFY, "")), path="conf")}
    said = (True, "transport smarthost: hosts_require_dane enforces it")
    assert (found["hosts_require_tls"], found["tls_verify_hosts"]) == (said, said)


def test_fallback_hosts_count_as_well() -> None:
    """Mail may end there."""
    text = changed(
        ("  transport = smarthost", "  fallback_hosts = backup.tld\n  transport = smarthost"),
        ("hosts_require_tls = *", "hosts_require_tls = *smarthost.tld"),
    )
    assert [f.message for f in report(text, path="conf") if f.code == "route"] == [
        "mail for * goes to smarthost.tld, then backup.tld by the transport smarthost"
    ]
    assert [code for code, _, _ in bad(text)] == ["hosts_require_tls"]


def test_an_option_of_a_rule_may_name_the_transport() -> None:
    """Section 20.3; what is not used is not audited."""
    other = "begin transports\n\nother:\n  driver = smtp\n"
    text = changed(("* smarthost.tld", "* smarthost.tld byname other"), ("begin transports\n", other))
    assert [code for code, _, _ in bad(text)] == [
        "hosts_require_tls", "hosts_require_auth", "tls_verify_hosts", "tls_try_verify_hosts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "unknown"),
    [
        # As a really routing Exim 4.96 has it.
        ("route_list = * smarthost.tld byname randomize", ""),
        ("route_list = * smarthost.tld ipv4_only smarthost", ""),
        ("route_list = * smarthost.tld bydns_mx", "bydns_mx"),
        ("route_list = * smarthost.tld BYNAME", "BYNAME"),
        ("route_list = * smarthost.tld nosuch", "nosuch"),
        ("route_list = * smarthost.tld:other.tld", ""),
        ("route_list = * smarthost.tld : other.tld", ":"),
        ("route_data = smarthost.tld byname", ""),
        ("route_data = smarthost.tld smarthost", ""),
        ("route_data = smarthost.tld nosuch", "nosuch"),
        ("route_data = <;smarthost.tld;other.tld", ""),
        ("route_data = <; smarthost.tld ; other.tld", "smarthost.tld"),
        ('route_data = "<; smarthost.tld ; other.tld"', "smarthost.tld"),
        ("route_data = '<; smarthost.tld ; other.tld' byname", ""),
    ],
)
def test_a_word_behind_the_hosts_that_exim_does_not_know(written: str, unknown: str) -> None:
    """It is neither an option nor a transport's name: no mail is sent."""
    routes = [f for f in report(GOOD.replace("route_list = * smarthost.tld", written), path="c") if f.code == "route"]
    assert [f.ok for f in routes] == [not unknown]
    assert (f"does not know the word “{unknown}” behind them" in routes[0].message) is bool(unknown)


@pytest.mark.parametrize(
    ("macros", "lines"),
    [
        ("HOSTS = 10.0.0.1\nALLHOSTS = *", [2]),
        ("ALLHOSTS = *\nHOSTS = 10.0.0.1", []),
        ("A_B = 1\nA_B = 2", [2]),
        ("A_B = 1\nA_B == 2", []),
        ("A_B == 2", [1]),
        (".ifdef NO_SUCH\nA_B = 1\n.endif\nA_B = 2", []),
    ],
)
def test_macros_that_exim_does_not_take(macros: str, lines: list[int]) -> None:
    """It does not start with them."""
    found = report(f"{macros}\n{GOOD}", path="conf")
    assert [f.place.line for f in found if f.code == "configuration" and not f.ok] == lines
