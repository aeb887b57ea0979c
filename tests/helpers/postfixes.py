"""Small Postfix configurations of a leaf, each with what it enforces for every host that its mail may end at.

``SMARTHOST`` stands for the smarthost as a next hop (``[smarthost.tld]:PORT``), ``CA`` for the file to trust,
``FOLDER`` for the folder of tables.  The audit must say of each what is written here; a really sending Postfix agrees.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Leaf:
    """One configuration; ``tls``, ``verifies``: whether that is enforced; ``mails``: whether a good server gets any."""

    name: str
    main: str = "relayhost = SMARTHOST\nsmtp_tls_security_level = secure"
    master: str = ""
    """What the service smtp is given in master.cf."""
    tables: Mapping[str, str] = field(default_factory=dict)
    ca: str = "CA"
    login: bool = True
    tls: bool = True
    verifies: bool = True
    mails: bool = True

    @property
    def text(self) -> str:
        """The whole main.cf."""
        sasl = "smtp_sasl_auth_enable = yes\nsmtp_sasl_password_maps = texthash:FOLDER/sasl_passwd\n"
        return f"""\
compatibility_level = 3.6
myhostname = leaf.example.org
mydestination =
smtp_tls_CAfile = {self.ca}
smtp_sasl_security_options = noanonymous
{sasl if self.login else ""}{self.main}
"""


RELAY = "relayhost = SMARTHOST\n"
LEAVES = (
    Leaf("secure"),
    Leaf("verify", f"{RELAY}smtp_tls_security_level = verify"),
    Leaf("encrypt", f"{RELAY}smtp_tls_security_level = encrypt", verifies=False),
    Leaf("may", f"{RELAY}smtp_tls_security_level = may", tls=False, verifies=False),
    Leaf("none", f"{RELAY}smtp_tls_security_level = none", tls=False, verifies=False),
    Leaf("nothing said", RELAY, tls=False, verifies=False),
    Leaf("capitals", f"{RELAY}smtp_tls_security_level = Secure"),
    Leaf("the old way, may", f"{RELAY}smtp_use_tls = yes", tls=False, verifies=False),
    Leaf("the old way, verified", f"{RELAY}smtp_enforce_tls = yes"),
    Leaf("the old way, not verified", f"{RELAY}smtp_enforce_tls = yes\nsmtp_tls_enforce_peername = no", verifies=False),
    Leaf("the last one counts", f"{RELAY}smtp_tls_security_level = secure\nsmtp_tls_security_level = may", tls=False,
         verifies=False),
    Leaf("a comment is none", f"{RELAY}smtp_tls_security_level = encrypt\n# smtp_tls_security_level = secure",
         verifies=False),
    Leaf("a line that goes on", "relayhost =\n  SMARTHOST\nsmtp_tls_security_level =\n# between\n   secure"),
    Leaf("by another parameter", f"{RELAY}level = secure\nsmtp_tls_security_level = ${{level}}"),
    Leaf("by a condition", f"{RELAY}level =\nsmtp_tls_security_level = ${{level?{{may}}:{{secure}}}}"),
    Leaf("by the old condition", f"{RELAY}level = x\nsmtp_tls_security_level = ${{level:secure}}", tls=False,
         verifies=False),
    # It counts whether anything is written, not what becomes of it.
    Leaf("by a condition on what is empty", f"{RELAY}b =\na = $b\nsmtp_tls_security_level = ${{a?{{may}}:{{secure}}}}",
         tls=False, verifies=False),
    Leaf("a policy", f"{RELAY}smtp_tls_security_level = may\nsmtp_tls_policy_maps = texthash:FOLDER/policy",
         tables={"policy": "SMARTHOST secure\n"}),
    Leaf("a policy that says less", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_tls_policy_maps = texthash:FOLDER/policy", tables={"policy": "SMARTHOST encrypt\n"}, verifies=False),
    Leaf("a policy for another port", f"{RELAY}smtp_tls_security_level = may\n"
         "smtp_tls_policy_maps = texthash:FOLDER/policy", tables={"policy": "[smarthost.tld]:1 secure\n"}, tls=False,
         verifies=False),
    Leaf("a policy in place", f"{RELAY}smtp_tls_policy_maps = inline:{{ {{ SMARTHOST = secure }} }}"),
    Leaf("a policy for all", f"{RELAY}smtp_tls_policy_maps = static:secure"),
    Leaf("set in master.cf", f"{RELAY}smtp_tls_security_level = secure", "-o smtp_tls_security_level=may", tls=False,
         verifies=False),
    Leaf("set in master.cf, with blanks", f"{RELAY}smtp_tls_security_level = may",
         "-o { smtp_tls_security_level = secure }"),
    Leaf("two services of a name", f"{RELAY}smtp_tls_security_level = secure", "-o smtp_tls_security_level=secure\n"
         "smtp unix - - n - - smtp -o smtp_tls_security_level=may", tls=False, verifies=False),
    Leaf("a sender's transport", f"{RELAY}smtp_tls_security_level = secure\n"
         "sender_dependent_default_transport_maps = inline:{ @example.org=own }",
         "-v\nown unix - - n - - smtp -o smtp_tls_security_level=may", tls=False, verifies=False),
    Leaf("default_transport", "default_transport = smtp:SMARTHOST\nsmtp_tls_security_level = secure"),
    Leaf("default_transport before relayhost", "relayhost = [192.0.2.1]\ndefault_transport = smtp:SMARTHOST\n"
         "smtp_tls_security_level = encrypt", verifies=False),
    Leaf("transport_maps", "transport_maps = texthash:FOLDER/transport\nsmtp_tls_security_level = secure",
         tables={"transport": "* smtp:SMARTHOST\n"}),
    Leaf("transport_maps, with a policy", "transport_maps = texthash:FOLDER/transport\n"
         "smtp_tls_policy_maps = static:encrypt", tables={"transport": "example.net smtp:SMARTHOST\n"}, verifies=False),
    # Tables of patterns, and tables of tables.
    Leaf("a policy by a pattern", f"{RELAY}smtp_tls_policy_maps = regexp:FOLDER/policy",
         tables={"policy": "/^\\[SMARTHOST.tld\\]:/ secure\n".replace("SMARTHOST", "smarthost")}),
    Leaf("a policy by a pattern, the first counts", f"{RELAY}smtp_tls_policy_maps = regexp:FOLDER/policy",
         tables={"policy": "/other/ none\n/tld/ encrypt\n/smarthost/ secure\n"}, verifies=False),
    Leaf("a policy by a pattern, in conditions", f"{RELAY}smtp_tls_security_level = may\n"
         "smtp_tls_policy_maps = regexp:FOLDER/policy",
         tables={"policy": "if !/smarthost/\n/./ none\nendif\nif /TLD/\n/smart/ secure\nendif\n"}),
    Leaf("a policy by a pattern, not in capitals", f"{RELAY}smtp_tls_security_level = encrypt\n"
         "smtp_tls_policy_maps = regexp:{{/SMART/i secure}}", verifies=False),
    Leaf("a policy by a pattern, in place",
         f"{RELAY}smtp_tls_policy_maps = regexp:{{ {{/tld/ secure match=nexthop}} }}"),
    Leaf("a policy by a pattern of POSIX's", f"{RELAY}smtp_tls_policy_maps = regexp:FOLDER/policy",
         tables={"policy": "/^[[][[:alpha:].]+[]]:[0-9]{2,5}$/ secure\n"}),
    Leaf("a policy by a pattern for others", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_tls_policy_maps = regexp:FOLDER/policy", tables={"policy": "!/smarthost/ none\n"}),
    Leaf("a policy by addresses", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_tls_policy_maps = cidr:{{127.0.0.0/8 none}}"),
    Leaf("a policy of two tables", f"{RELAY}smtp_tls_policy_maps = unionmap:{{static:secure,static:match=nexthop}}"),
    Leaf("a policy of two tables that contradict",
         f"{RELAY}smtp_tls_policy_maps = unionmap:{{static:secure,static:may}}", mails=False),
    Leaf("a policy by two tables", f"{RELAY}smtp_tls_policy_maps = pipemap:{{inline:{{SMARTHOST=strict}},"
         "inline:{strict=secure}}"),
    Leaf("a policy by two tables, the second knows nothing", f"{RELAY}smtp_tls_security_level = encrypt\n"
         "smtp_tls_policy_maps = pipemap:{inline:{SMARTHOST=strict},inline:{lax=may}}", verifies=False),
    Leaf("a policy at random of one", f"{RELAY}smtp_tls_policy_maps = randmap:{{secure}}"),
    Leaf("policies of two tables, the first counts", f"{RELAY}smtp_tls_policy_maps = inline:{{SMARTHOST=encrypt}},"
         " static:secure", verifies=False),
    Leaf("policies of two tables, the first has none", f"{RELAY}smtp_tls_policy_maps = inline:{{other=none}}"
         " static:secure"),
    Leaf("transport_maps by a pattern", "transport_maps = regexp:FOLDER/transport\nsmtp_tls_security_level = secure",
         tables={"transport": "/.*/ smtp:SMARTHOST\n"}),
    Leaf("transport_maps by a pattern, in a service", "transport_maps = regexp:{{/@example\\.net$$/ own:SMARTHOST}}\n"
         "relayhost = SMARTHOST\nsmtp_tls_security_level = secure",
         "-v\nown unix - - n - - smtp -o smtp_tls_security_level=encrypt", verifies=False),
    Leaf("transport_maps by two tables", "transport_maps = pipemap:{static:relay,inline:{relay=smtp:SMARTHOST}}\n"
         "smtp_tls_security_level = encrypt", verifies=False),
    Leaf("a sender's relayhost by a pattern", "relayhost = SMARTHOST\nsmtp_tls_security_level = secure\n"
         "sender_dependent_relayhost_maps = regexp:{{/@example\\.org$$/ SMARTHOST}}"),
    # Policies and their attributes.
    Leaf("a policy for capitals", f"{RELAY}smtp_tls_policy_maps = texthash:FOLDER/policy",
         tables={"policy": "CAPITALS secure\n"}),
    Leaf("a policy without the port", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_tls_policy_maps = texthash:FOLDER/policy", tables={"policy": "[smarthost.tld] none\n"}),
    Leaf("a policy that knows the name", f"{RELAY}smtp_tls_policy_maps = static:{{secure match=smarthost.tld}}"),
    Leaf("a policy with ciphers and protocols",
         f"{RELAY}smtp_tls_policy_maps = static:{{secure ciphers=high protocols=>=TLSv1.2}}"),
    Leaf("a policy that is none", f"{RELAY}smtp_tls_policy_maps = static:strict", mails=False),
    Leaf("another name is taken", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_tls_secure_cert_match = other.tld, nexthop"),
    Leaf("verify, with names of its own", f"{RELAY}smtp_tls_security_level = verify\n"
         "smtp_tls_verify_cert_match = nexthop"),
    # Others.
    Leaf("two smarthosts", "relayhost = SMARTHOST, SMARTHOST\nsmtp_tls_security_level = secure"),
    Leaf("dane, without DNSSEC", f"{RELAY}smtp_tls_security_level = dane", tls=False, verifies=False),
    Leaf("a level in the old way and in the new", f"{RELAY}smtp_enforce_tls = yes\nsmtp_tls_security_level = may",
         tls=False, verifies=False),
    Leaf("no STARTTLS is seen", f"{RELAY}smtp_tls_security_level = secure\n"
         "smtp_discard_ehlo_keywords = starttls", mails=False),
    Leaf("a password below TLS alone", f"{RELAY}smtp_tls_security_level = may\n"
         "smtp_sasl_tls_security_options = noanonymous", tls=False, verifies=False),
    Leaf("a level with a comment behind it", f"{RELAY}smtp_tls_security_level = secure # all of them", mails=False),
    Leaf("no CA", ca="", mails=False),
    Leaf("nobody is believed", ca="/dev/null", mails=False),
    Leaf("no CA, and nobody asks", f"{RELAY}smtp_tls_security_level = encrypt", ca="", verifies=False),
    Leaf("a CA file that is not there, and nobody asks", f"{RELAY}smtp_tls_security_level = may", ca="/nowhere/ca.crt",
         tls=False, verifies=False),
    Leaf("TLS on connect at a port without", f"{RELAY}smtp_tls_security_level = secure\nsmtp_tls_wrappermode = yes",
         mails=False),
)  # fmt: skip
