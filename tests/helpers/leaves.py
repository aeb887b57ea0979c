"""Small configurations of a leaf, each with what it enforces for every host that its mail may end at.

``SMARTHOST`` stands for the smarthost's name, ``CAPITALS`` for the same in capitals, ``PORT`` for its port, ``CA`` for
the file to trust.  What a leaf has beside that is in `text`.  The audit must say of each what is written here; a really
sending Exim agrees.
"""

from __future__ import annotations

from dataclasses import dataclass

MANUAL = "driver = manualroute\n  route_list = * SMARTHOST\n  self = send"
DATA = "driver = manualroute\n  route_data = SMARTHOST\n  self = send"
ACCEPT = "driver = accept"
HOSTS = "hosts = SMARTHOST\n  gethostbyname\n  allow_localhost"
STRICT = "hosts_require_tls = *\n  hosts_require_auth = *\n  tls_verify_hosts = *"


@dataclass(frozen=True, slots=True)
class Leaf:
    """One configuration; ``tls``, ``verifies``: whether that is enforced, None where it holds by chance only."""

    name: str
    router: str = MANUAL
    transport: str = STRICT
    main: str = ""
    acl: str = ""
    others: str = ""
    """Other transports."""
    ca: str = "CA"
    tls: bool | None = True
    verifies: bool | None = True
    mails: bool = True
    """Whether it sends at all when everything is good."""
    lucky: bool = True
    """Whether what holds by chance does so where it is tried."""

    @property
    def text(self) -> str:
        """The whole configuration."""
        return f"""\
primary_hostname = leaf.example.org
qualify_domain = example.org
{self.main}
begin acl
check:
  accept
{self.acl}
begin routers
smart:
  {self.router}
  transport = smart
begin transports
{self.others}
smart:
  driver = smtp
  port = PORT
  tls_verify_certificates = {self.ca}
  {self.transport}
begin retry
* * F,2h,15m
begin authenticators
login:
  driver = plaintext
  public_name = LOGIN
  client_send = : leaf : s3cret
"""


def listing(hosts: str) -> str:
    """The same host list for all three."""
    return "\n  ".join(f"{name} = {hosts}" for name in ("hosts_require_tls", "hosts_require_auth", "tls_verify_hosts"))


UNUSED = "other:\n  driver = smtp\n  hosts = other.tld\n"

LEAVES = (
    Leaf("a star"),
    Leaf("nothing required", transport="", tls=False, verifies=False),
    Leaf("TLS alone", transport="hosts_require_tls = *", verifies=False),
    Leaf("verification alone", transport="tls_verify_hosts = *", tls=False),
    # Where the smarthost is named.
    Leaf("route_data", router=DATA),
    Leaf("route_data, nothing required", router=DATA, transport="", tls=False, verifies=False),
    Leaf("route_data by a macro", router=DATA.replace("SMARTHOST", "MAILHUB"), main="MAILHUB = SMARTHOST"),
    Leaf("route_data worked out", router=DATA.replace("SMARTHOST", "${if eq{1}{1}{SMARTHOST}}")),
    Leaf("route_data worked out, by name", DATA.replace("SMARTHOST", "${if eq{1}{1}{SMARTHOST}}"),
         listing("SMARTHOST"), tls=None, verifies=None),
    Leaf("accept and hosts", ACCEPT, f"{HOSTS}\n  {STRICT}"),
    Leaf("accept and hosts, nothing required", ACCEPT, HOSTS, tls=False, verifies=False),
    Leaf("hosts_override", MANUAL.replace("SMARTHOST", "other.tld"), f"{HOSTS}\n  hosts_override\n  {STRICT}"),
    Leaf("hosts_override, nothing required", MANUAL.replace("SMARTHOST", "other.tld"), f"{HOSTS}\n  hosts_override",
         tls=False, verifies=False),
    Leaf("another transport, unused", others=UNUSED),
    Leaf("another transport, unused and strict", transport="", others=f"{UNUSED}  {STRICT}\n", tls=False,
         verifies=False),
    Leaf("an include in an access list", acl="  .include_if_exists /nowhere/acl.conf"),
    # Host lists.
    Leaf("by name", transport=listing("SMARTHOST"), tls=None, verifies=None),
    Leaf("by name, in capitals", transport=listing("CAPITALS"), tls=None,
         verifies=None),
    Leaf("by another name", transport=listing("other.invalid"), tls=False, verifies=False),
    Leaf("$host_address", transport=listing("$host_address")),
    Leaf("$host_address, another separator", transport=listing("<; $host_address")),
    Leaf("every IPv4 address", transport=listing("0.0.0.0/0")),
    Leaf("all but another", transport=listing("!10.0.0.1 : *")),
    Leaf("another, then all", transport=listing("10.0.0.1 : *")),
    Leaf("another alone", transport=listing("10.0.0.1"), tls=False, verifies=False),
    Leaf("a pattern", transport=listing("*.tld")),
    Leaf("another pattern", transport=listing("*.org"), tls=False, verifies=False),
    Leaf("a named list", transport=listing("+sm"), main="hostlist sm = *"),
    Leaf("a named list of another", transport=listing("+sm"), main="hostlist sm = 10.0.0.1", tls=False,
         verifies=False),
    Leaf("all but a named list", transport=listing("!+sm : *"), main="hostlist sm = 10.0.0.1"),
    Leaf("none", transport=listing(""), tls=False, verifies=False),
    Leaf("all but the smarthost", transport=listing("!SMARTHOST : *"), tls=False, verifies=False),
    Leaf("an expansion that is empty", transport=listing("${if eq{$host}{other}{*}}"), tls=False, verifies=False),
    # A name that cannot be looked up ends a list.
    Leaf("another name, then all", transport=listing("other.tld : *"), tls=None, verifies=None),
    Leaf("an unknown name, then all", transport=listing("nowhere.invalid : *"), tls=None, verifies=None, lucky=False),
    Leaf("all but an unknown name", transport=listing("!nowhere.invalid"), tls=None, verifies=None, lucky=False),
    Leaf("an unknown name, then a pattern", transport=listing("nowhere.invalid : *.tld"), tls=None, verifies=None,
         lucky=False),
    Leaf("an unknown name that is ignored", transport=listing("+ignore_unknown : nowhere.invalid : *")),
    Leaf("a named list with an unknown name, then all", transport=listing("+sm : *"),
         main="hostlist sm = nowhere.invalid"),
    Leaf("all, then an unknown name", transport=listing("* : nowhere.invalid")),
    # How it is written.
    Leaf("an escape", transport=STRICT.replace("= *", r'= "\052"', 1).replace("= *", r'= "\x2a"')),
    Leaf("a condition within a continued line",
         transport=STRICT.replace("= *", "= \\\n.ifdef NO_SUCH\n  10.0.0.1 : \\\n.endif\n  *", 1)),
    Leaf("a macro that is defined anew", transport=listing("STAR"), main="STAR = 10.0.0.1\nSTAR == *"),
    Leaf("a macro that is empty", transport=listing("NOBODY"), main="NOBODY =", tls=False, verifies=False),
    Leaf("what OpenSSL would have", transport=f".ifdef _HAVE_OPENSSL\n  {STRICT}\n.endif", tls=False, verifies=False),
    Leaf("what GnuTLS has", transport=f".ifdef _HAVE_GNUTLS\n  {STRICT}\n.endif"),
    Leaf("hosts_override = yes", MANUAL.replace("SMARTHOST", "other.tld"),
         f"{HOSTS}\n  hosts_override = yes\n  {STRICT}"),
    # Exim verifies where neither list says for whom.
    Leaf("no list of verified hosts", transport="hosts_require_tls = *\n  tls_try_verify_hosts ="),
    Leaf("two empty lists of verified hosts", transport="hosts_require_tls = *\n  tls_try_verify_hosts =\n"
         "  tls_verify_hosts =", verifies=False),
    # Where a route is written otherwise.
    Leaf("route_list with options", MANUAL.replace("* SMARTHOST", "* SMARTHOST byname randomize")),
    Leaf("route_list with semicolons", MANUAL.replace("* SMARTHOST", "*.org other.tld ; * SMARTHOST")),
    Leaf("route_list with another separator", MANUAL.replace("* SMARTHOST", '<| *.org other.tld | * SMARTHOST')),
    Leaf("route_list with two hosts", MANUAL.replace("* SMARTHOST", '* "SMARTHOST : other.tld"')),
    Leaf("route_list with two hosts, one by name", MANUAL.replace("* SMARTHOST", '* "SMARTHOST : other.tld"'),
         listing("other.tld"), tls=False, verifies=False),
    Leaf("route_list for a domain", MANUAL.replace("* SMARTHOST", "example.net SMARTHOST no_randomize ipv4_only"),
         transport="hosts_require_tls = *", verifies=False),
    Leaf("route_data with two hosts", DATA.replace("SMARTHOST", "<;SMARTHOST;other.tld"),
         transport="hosts_require_tls = *", verifies=False),
    Leaf("fallback_hosts", MANUAL.replace("SMARTHOST", "other.tld") + "\n  fallback_hosts = SMARTHOST",
         transport="gethostbyname\n  allow_localhost\n  hosts_require_tls = *", verifies=False),
    Leaf("route_list with a port", MANUAL.replace("* SMARTHOST", "* SMARTHOST::PORT")),
    Leaf("route_list with a lookup", MANUAL.replace("* SMARTHOST", "* ${lookup{SMARTHOST}lsearch{/dev/null}"
         "{$value}{SMARTHOST}}")),
    Leaf("route_list by a macro in a macro", MANUAL.replace("* SMARTHOST", "* HUB"), main="ONE = SMARTHOST\nHUB = ONE"),
    Leaf("route_list that goes on",
         MANUAL.replace("* SMARTHOST", "*.org other.tld ; \\\n    # a comment\n    * SMARTHOST")),
    Leaf("route_data with an option", DATA.replace("SMARTHOST", "SMARTHOST byname")),
    Leaf("hosts_randomize", f"{MANUAL}\n  hosts_randomize", STRICT),
    Leaf("several transports, one used", MANUAL, others=f"{UNUSED}  hosts_require_tls = *\n", transport="", tls=False,
         verifies=False),
    Leaf("a condition on the router", f"{MANUAL}\n  condition = ${{if eq{{1}}{{1}}}}", transport=STRICT),
    Leaf("a router that declines before it", "driver = manualroute\n  domains = other.org\n  route_list = * other.tld\n"
         f"  transport = smart\nnext:\n  {MANUAL}"),
    # Conditions and macros.
    Leaf("a condition of the file's", transport=".ifdef STRICT_TLS\n  " + STRICT + "\n.else\n.endif", tls=False,
         verifies=False),
    Leaf("a condition of the file's that holds", transport=".ifdef STRICT_TLS\n  " + STRICT + "\n.endif",
         main="STRICT_TLS = yes"),
    Leaf("ifndef", transport=".ifndef LAX\n  " + STRICT + "\n.endif"),
    Leaf("ifdef and elifdef", transport=".ifdef A_A\n.elifdef B_B\n  " + STRICT + "\n.else\n.endif", main="B_B = 1"),
    Leaf("conditions within conditions", main="B_B = 1",
         transport=f".ifdef B_B\n.ifdef NO_SUCH\n  hosts_require_tls =\n.else\n  {STRICT}\n.endif\n.endif"),
    Leaf("a macro for the lists", transport=listing("ALL_HOSTS"), main="ALL_HOSTS = *"),
    # Host lists.
    Leaf("hosts_try_auth", transport="hosts_try_auth = *\n  hosts_require_tls = *\n  tls_verify_hosts = *"),
    Leaf("tls_try_verify_hosts", transport="hosts_require_tls = *\n  tls_try_verify_hosts = *", verifies=False),
    Leaf("two names", transport=listing("SMARTHOST : other.tld"), tls=None, verifies=None),
    Leaf("all but networks", transport=listing("!10.0.0.0/8 : !192.168.0.0/16 : *")),
    Leaf("a named list in a named list", transport=listing("+outer"),
         main="hostlist inner = *\nhostlist outer = +inner"),
    Leaf("a star in quotes", transport=STRICT.replace("= *", '= "*"')),
    Leaf("a star with blanks", transport=STRICT.replace("= *", "=   *   ")),
    Leaf("a star behind an empty item", transport=listing(": *")),
    Leaf("all, then all but one", transport=listing("* : !127.0.0.1")),
    Leaf("$host in a list", transport=listing("$host"), tls=None, verifies=None),
    Leaf("tls_verify_cert_hostnames is empty", transport=f"{STRICT}\n  tls_verify_cert_hostnames ="),
    # Others.
    Leaf("nobody is believed", ca="/dev/null", mails=False),
    Leaf("TLS is avoided", transport="hosts_avoid_tls = *", tls=False, verifies=False),
)  # fmt: skip
