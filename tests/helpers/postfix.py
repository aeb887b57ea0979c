"""A real Postfix as leaf or smarthost, on loopback: Debian's, unpacked by ``scripts/unpack postfix``.  Wants root.

It runs in a mount namespace of its own, where /etc/passwd, /etc/group and /etc/hosts are the test's: Postfix wants its
user and its group, and finds the smarthost's name there.  It runs in a process namespace of its own, too, which ends
all of it at once: a master that is asked to stop waits for a second.  Nothing of the machine's is changed.
"""

from __future__ import annotations

import base64
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from demo import unpacked
from tests.helpers.examples import HUNG

_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved", "trace")
_MAIL = "From: root@example.org\nTo: someone@example.net\nSubject: from the leaf\n\nIt works.\n"
_MAIN = """\
queue_directory = {home}/queue
data_directory = {home}/data
command_directory = {tools}/usr/sbin
daemon_directory = {tools}/usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/log
maillog_file_prefixes = {home}
import_environment = LD_LIBRARY_PATH MAIL_CONFIG
export_environment = LD_LIBRARY_PATH MAIL_CONFIG
smtp_host_lookup = native
smtp_dns_support_level = disabled
inet_interfaces = 127.0.0.1
smtp_connect_timeout = 60
smtp_helo_timeout = 60
smtp_starttls_timeout = 60
"""
_SERVICES = """\
pickup unix n - n 2 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
smtp unix - - n - - smtp
"""
_START = """\
set -eu
cd {home}
for file in passwd group hosts; do mount --bind $file /etc/$file; done
chown postfix queue/* data
chgrp postdrop queue/maildrop queue/public
start() {{  # on a busy machine it has ended at once, with no word
    {tools}/usr/lib/postfix/sbin/master -c {home}/conf -d >>master 2>&1 &
    while ! [ -S queue/public/pickup ]; do kill -0 $! 2>/dev/null || return 1; sleep 0.02; done
}}
start || start || start
{task}
read -r _ || true  # what was started ends with this script
"""
_LONG_AGO = 1e9
"""A time before which nothing has to be looked at again: while main.cf is younger than a second, each part of Postfix
that reads it sleeps for 0.3 s and reads it once more."""
_SEND = "{tools}/usr/sbin/sendmail -C {home}/conf -f root@example.org someone@example.net <mail"
_SERVER = """\
myhostname = smarthost.tld
mydestination =
mynetworks =
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_chain_files = {certificate}
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{passwords}
smtpd_delay_reject = no
smtpd_helo_required = yes
smtpd_helo_restrictions = check_helo_access inline:{{{slow}=late}}
smtpd_restriction_classes = late
late = sleep 1
alias_maps =
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
"""
_LISTENS = """\
anvil unix - - n - 1 anvil
127.0.0.1:{port} inet n - n - - smtpd
"""


def sent(folder: Path, main: str, *, smtp: str = "", tables: Mapping[str, str] | None = None) -> str:
    """Send one mail by the leaf *main*, and give back what the log has of the attempt.

    *smtp* is what master.cf sets for that service, *tables* are files in *folder*, which Postfix's user must be able
    to look into (`open_folder`).
    """
    home = folder / "leaf"
    _prepare(home, main, f"{_SERVICES}  {smtp}\n" if smtp else _SERVICES)
    for name, text in (tables or {}).items():
        _write(folder / name, text)
    with _running(home, _SEND) as process:
        return _logged(home, process, r"status=(sent|deferred|bounced)|fatal:")


@dataclass(frozen=True, slots=True)
class Postfix:
    """A running smarthost by STARTTLS, which takes mail from who logs in by PLAIN or LOGIN."""

    log_file: Path
    port: int

    def log(self) -> str:
        """What it has logged so far."""
        return self.log_file.read_text(encoding="utf-8")


@contextmanager
def smarthost(folder: Path, certificate: Path, user: str, password: str, *, slow: str) -> Iterator[Postfix]:
    """A Postfix that listens, with *certificate* (key and chain), and knows one *user*.

    Who calls himself *slow* gets his answer to EHLO a second later.
    """
    home = folder / "postfix"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with _passwords(f"\0{user}\0{password}".encode()) as passwords:
        _prepare(
            home,
            _SERVER.format(certificate=certificate, passwords=passwords, slow=slow),
            _SERVICES + _LISTENS.format(port=port),
        )
        with _running(home, ":") as process:
            _logged(home, process, "daemon started")
            yield Postfix(home / "log", port)


@contextmanager
def _passwords(right: bytes) -> Iterator[int]:
    """Something that Postfix takes for Dovecot's server of passwords; its port."""

    def serve(connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="ascii", newline="\n") as file, suppress(OSError):
            file.write(_DOVECOT)
            file.flush()
            for line in file:
                number, _, response = line.rstrip().partition("\t")[2].partition("\t")
                said = base64.b64decode(response.partition("resp=")[2])
                if line.startswith("AUTH\t"):
                    file.write(f"OK\t{number}\tuser=leaf\n" if said == right else f"FAIL\t{number}\tuser=leaf\n")
                    file.flush()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


_DOVECOT = "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef\nDONE\n"
"""How that server begins: Dovecot's authentication protocol, version 1.2."""


@contextmanager
def _running(home: Path, task: str) -> Iterator[subprocess.Popen[str]]:
    """Postfix's master with what is in *home*, and a *task* of the shell's once it runs."""
    tools = unpacked.TOOLS / "postfix"
    environment = unpacked.environment("postfix") | {"MAIL_CONFIG": str(home / "conf")}
    environment["LD_LIBRARY_PATH"] = f"{tools}/usr/lib/postfix:{environment['LD_LIBRARY_PATH']}"
    script = _START.format(home=home, tools=tools, task=task.format(home=home, tools=tools))
    with subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", script],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        try:
            yield process
        finally:
            process.stdin.close()  # which lets the script end, and with it what it has started
            process.wait(HUNG)


def _logged(home: Path, process: subprocess.Popen[str], wanted: str) -> str:
    """The log, once there is in it what fits *wanted*."""
    end = time.monotonic() + HUNG
    while time.monotonic() < end and process.poll() is None:
        log = (home / "log").read_text(encoding="utf-8") if (home / "log").exists() else ""
        if re.search(wanted, log):
            return log
        time.sleep(0.02)
    said = process.stderr.read() if process.stderr is not None and process.poll() is not None else ""
    raise AssertionError(f"no {wanted}: {said}{(home / 'master').read_text() if (home / 'master').exists() else ''}")


def _prepare(home: Path, main: str, services: str) -> None:
    for name in ("conf", "data", *(f"queue/{name}" for name in (*_QUEUES, "maildrop", "pid", "public"))):
        (home / name).mkdir(parents=True)
    (home / "queue" / "maildrop").chmod(0o730)
    (home / "queue" / "public").chmod(0o710)
    tools = unpacked.TOOLS / "postfix"
    contents = {
        "conf/main.cf": main + _MAIN.format(home=home, tools=tools),
        "conf/master.cf": services,
        "passwd": f"{Path('/etc/passwd').read_text()}postfix:x:64100:64100::/nonexistent:/bin/false\n",
        "group": f"{Path('/etc/group').read_text()}postfix:x:64100:\npostdrop:x:64101:\n",
        "hosts": "127.0.0.1 localhost smarthost.tld\n",
        "mail": _MAIL,
    }
    for name, text in contents.items():
        _write(home / name, text)


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    os.utime(file, (_LONG_AGO, _LONG_AGO))
