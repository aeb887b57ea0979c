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
    Leaf("no CA", ca="", mails=False),
    Leaf("nobody is believed", ca="/dev/null", mails=False),
    Leaf("no CA, and nobody asks", f"{RELAY}smtp_tls_security_level = encrypt", ca="", verifies=False),
    Leaf("a CA file that is not there, and nobody asks", f"{RELAY}smtp_tls_security_level = may", ca="/nowhere/ca.crt",
         tls=False, verifies=False),
    Leaf("TLS on connect at a port without", f"{RELAY}smtp_tls_security_level = secure\nsmtp_tls_wrappermode = yes",
         mails=False),
)  # fmt: skip
