"""A real Exim as the smarthost, on free ports of loopback, and one as the leaf that sends through it.

Both are Debian's, unpacked by ``scripts/unpack exim``; nothing of an Exim that is installed is read or touched.
Configuration, spool and logs are in the folder that the test gives, and stay there to be looked at.

Exim refuses to work without its user Debian-exim, so libnss_wrapper shows it one: the user that runs the tests, or
nobody when root does.  That nobody keeps root's way with files, because pytest's folders are for their owner alone.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from demo import unpacked
from tests.helpers.ports import free_port

NAME = "smarthost.tld"
"""What the smarthost's certificate is for, beside localhost and 127.0.0.1; the leaf finds it at 127.0.0.1."""

MECHANISMS = ("LOGIN", "PLAIN", "CRAM-MD5")
_KEPT = ("LD_LIBRARY_PATH", "LD_PRELOAD", "NSS_WRAPPER_PASSWD", "NSS_WRAPPER_GROUP", "NSS_WRAPPER_HOSTS")
_NOBODY = 65534
_FILES_AS_ROOT = (
    "setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups",
    "--inh-caps=+dac_override", "--ambient-caps=+dac_override",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was taken: envelope, whom the sender had logged in as, header lines and body."""

    sender: str
    recipients: tuple[str, ...]
    authenticated: str
    text: str


@dataclass(frozen=True, slots=True)
class Exim:
    """A running smarthost: where it listens, the CA to trust, who may log in, and what it has logged and taken."""

    folder: Path
    port: int
    """STARTTLS"""
    tls_port: int
    """TLS on connect"""
    ca: str
    user: str
    password: str = field(repr=False)

    def log(self) -> str:
        """Its main log so far."""
        return _log(self.folder)

    def mails(self) -> tuple[Mail, ...]:
        """What it has taken; it sends nothing on."""
        spool = self.folder / "spool" / "input"
        return tuple(_mail(header) for header in sorted(spool.rglob("*-H")))


@contextmanager
def smarthost(
    folder: Path,
    *,
    user: str = "leaf",
    password: str = "s3cret:pass^w;o,r$d",  # all that means something to Exim
    mechanisms: Sequence[str] = MECHANISMS,
    certificate: str | None = None,
    ca: str | None = None,
    greylists: bool = False,
    relays: bool = False,
    main: str = "",
    in_clear: bool = False,
    logs: str = "+smtp_connection +smtp_protocol_error",
) -> Iterator[Exim]:
    """An Exim that takes mail for anywhere from those who log in (over TLS), and keeps it.

    *certificate* is a PEM file with key and chain, and *ca* the one to trust; without them it gets a good one.  With
    *greylists* every recipient gets a 451; *relays* makes it take mail from strangers too; *main* is added to the main
    section.  With *in_clear* there is no STARTTLS, and whoever likes may log in in clear.  Other recipients get a 550.
    *logs* is its log_selector.
    """
    home = folder / "smarthost"
    _prepare(home)
    if certificate is None:
        certificate, ca = _certificate(home)
    for name, content in (("user", user), ("password", password)):
        (home / name).write_text(content, encoding="utf-8")
    recipients = _RECIPIENTS.format(
        before="defer message = 4.7.1 Greylisted, please come back" if greylists else "",
        whom="" if relays else "authenticated = *",
    )
    authenticators = "".join(_AUTHENTICATORS[mechanism].replace("HOME", str(home)) for mechanism in mechanisms)
    main += f"log_selector = {logs}\ntls_certificate = {certificate}\ntls_privatekey = {certificate}\n"
    main += _IN_CLEAR if in_clear else _BELOW_TLS
    process, ports = _started(home, f"{main}\n{recipients}\nbegin authenticators\n{authenticators}")
    try:
        yield Exim(home, *ports, ca=ca or "", user=user, password=password)
    finally:
        # The daemon, and whatever of it still talks to somebody: all of one group, which we made.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


@dataclass(frozen=True, slots=True)
class Leaf:
    """An Exim that sends through a smarthost, by the configuration that it was given."""

    folder: Path

    @property
    def configuration(self) -> Path:
        """The file that it reads."""
        return self.folder / "exim.conf"

    def send(self, sender: str, recipient: str, text: str) -> str:
        """Hand it a mail, wait until it has tried to deliver it, and give back what it has logged of that."""
        before = len(self.log())
        self._run("-odi", "-oi", "-f", sender, recipient, text=text)
        return self.log()[before:]

    def printed(self, *what: str) -> str:
        """What ``exim -bP`` says of this configuration."""
        return self._run("-bP", *what)

    def queue(self) -> str:
        """What it keeps for another try."""
        return self._run("-bp")

    def log(self) -> str:
        """Its main log so far."""
        return _log(self.folder)

    def _run(self, *arguments: str, text: str = "") -> str:
        command = _command(self.folder, "-C", str(self.configuration), *arguments)
        done = subprocess.run(
            command, env=_environment(self.folder), input=text, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0 and not done.stderr, (command, done.stdout, done.stderr, self.log())
        return done.stdout


def leaf(folder: Path, configuration: str) -> Leaf:
    """A leaf with this configuration; what makes it work in *folder* is put before it."""
    home = folder / "leaf"
    _prepare(home)
    (home / "exim.conf").write_text(_own(home) + configuration, encoding="utf-8")
    return Leaf(home)


def swaks(exim: Exim, *arguments: str, password: str | None = None) -> subprocess.CompletedProcess[str]:
    """Swaks talks to *exim*: by STARTTLS, without sending anything, unless *arguments* say otherwise."""
    program = unpacked.command("exim", "swaks")
    command = [program.path, "--server", "127.0.0.1", "--port", str(exim.port), *arguments]
    if password is not None:
        command += ["--auth-user", exim.user, "--auth-password", password]
    return subprocess.run(command, env=program.environment, capture_output=True, text=True, timeout=60, check=False)


# How both are run.


def _prepare(home: Path) -> None:
    """The folder of one Exim: spool and logs that are its user's, and what the wrapped NSS shows it."""
    user = _NOBODY if os.geteuid() == 0 else os.geteuid()
    group = _NOBODY if os.geteuid() == 0 else os.getegid()
    for place in (home, home / "spool", home / "log"):
        place.mkdir(parents=True)
        os.chown(place, user, group)
    (home / "passwd").write_text(f"root:x:0:0::/root:/bin/sh\nDebian-exim:x:{user}:{group}::/nonexistent:/bin/false\n")
    (home / "group").write_text(f"root:x:0:\nDebian-exim:x:{group}:\n")
    # The first name is the canonical one, which Exim takes as $host and for the certificate.
    (home / "hosts").write_text(f"127.0.0.1 {NAME}\n127.0.0.2 other.tld\n")


def _environment(home: Path) -> dict[str, str]:
    wrapped = {f"NSS_WRAPPER_{name.upper()}": str(home / name) for name in ("passwd", "group", "hosts")}
    return {**unpacked.environment("exim"), "LD_PRELOAD": "libnss_wrapper.so", **wrapped}


def _command(home: Path, *arguments: str) -> list[str]:
    program = unpacked.command("exim", "exim4").path
    return [*(_FILES_AS_ROOT if os.geteuid() == 0 else ()), program, *arguments]


def _own(home: Path) -> str:
    """The main options that keep an Exim in its folder."""
    return f"""
exim_path = {unpacked.command("exim", "exim4").path}
keep_environment = {" : ".join(_KEPT)}
spool_directory = {home}/spool
log_file_path = {home}/log/%s
pid_file_path = {home}/pid
deliver_drop_privilege = true
"""


def _log(home: Path) -> str:
    file = home / "log" / "main"
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


# The smarthost.


def _started(home: Path, configuration: str) -> tuple[subprocess.Popen[bytes], tuple[int, int]]:
    """The daemon, once it listens.  A port that somebody takes before it can is followed by another."""
    for _ in range(5):
        ports = free_port(), free_port()
        listening = _LISTENING.format(name=NAME, port=ports[0], tls_port=ports[1])
        (home / "exim.conf").write_text(_own(home) + listening + configuration, encoding="utf-8")
        with (home / "output").open("ab") as output:
            process = subprocess.Popen(
                _command(home, "-C", str(home / "exim.conf"), "-bdf"),
                env=_environment(home), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        if _listens(home, process):
            return process, ports
    raise AssertionError(f"Exim does not start: {_said(home)}")


def _listens(home: Path, process: subprocess.Popen[bytes]) -> bool:
    """Wait until it does; False when it has given up because of a port."""
    end = time.monotonic() + 120
    while f"daemon started: pid={process.pid}" not in _log(home):
        if process.poll() is not None:
            assert "Address already in use" in _said(home), _said(home)
            return False
        assert time.monotonic() < end, _said(home)
        time.sleep(0.01)
    return True


def _said(home: Path) -> str:
    return (home / "output").read_text() + "".join(file.read_text() for file in sorted((home / "log").glob("*")))


_LISTENING = """
primary_hostname = {name}
disable_ipv6 = true
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port} : {tls_port}
tls_on_connect_ports = {tls_port}
acl_smtp_rcpt = recipient
queue_only = true
"""

_BELOW_TLS = """
tls_advertise_hosts = *
auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}
"""
_IN_CLEAR = """
tls_advertise_hosts =
auth_advertise_hosts = *
"""

_RECIPIENTS = """
begin acl

recipient:
  {before}
  accept {whom}
  deny message = relay not permitted
"""

# In LOGIN user and password are $auth1 and $auth2; in PLAIN, $auth2 and $auth3.
_AUTHENTICATORS = {
    "LOGIN": """
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${if and{{eq{$auth1}{${readfile{HOME/user}}}}{eq{$auth2}{${readfile{HOME/password}}}}}}
  server_set_id = $auth1
""",
    "PLAIN": """
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{${readfile{HOME/user}}}}{eq{$auth3}{${readfile{HOME/password}}}}}}
  server_set_id = $auth2
""",
    "CRAM-MD5": """
cram_md5:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = ${if eq{$auth1}{${readfile{HOME/user}}}{${readfile{HOME/password}}}fail}
  server_set_id = $auth1
""",
}


def _certificate(home: Path) -> tuple[str, str]:
    """A good certificate with its key, and the CA that vouches for it."""
    authority = trustme.CA()
    pem, ca = home / "smarthost.pem", home / "ca.pem"
    authority.issue_cert("localhost", "127.0.0.1", NAME).private_key_and_cert_chain_pem.write_to_path(str(pem))
    authority.cert_pem.write_to_path(str(ca))
    return str(pem), str(ca)


def _mail(header: Path) -> Mail:
    """A message out of Exim's spool (specification, chapter 56)."""
    text = header.read_text(encoding="utf-8", errors="replace")
    envelope, _, lines = text.partition("\n\n")
    body = Path(f"{str(header)[:-2]}-D").read_text(encoding="utf-8", errors="replace").partition("\n")[2]
    recipients = re.search(r"\n(?:XX|[YN][YN] .*)\n(\d+)\n(.*)$", envelope, re.DOTALL)
    assert recipients is not None, envelope
    logged_in = re.search(r"^--?auth_id (.*)$", envelope, re.MULTILINE)
    headers = re.sub(r"^\d{3,}[A-Z* ] ", "", lines, flags=re.MULTILINE)
    return Mail(
        sender=envelope.split("\n")[2].strip("<>"),
        recipients=tuple(recipients[2].split("\n")),
        authenticated=logged_in[1] if logged_in else "",
        text=f"{headers.rstrip()}\n\n{body}",
    )
