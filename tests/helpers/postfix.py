"""A real Postfix as a leaf, on loopback: Debian's, unpacked by ``scripts/unpack postfix``.  Wants root.

It runs in a mount namespace of its own, where /etc/passwd, /etc/group and /etc/hosts are the test's: Postfix wants its
user and its group, and finds the smarthost's name there.  It runs in a process namespace of its own, too, which ends
all of it at once: a master that is asked to stop waits for a second.  Nothing of the machine's is changed.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
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
{tools}/usr/sbin/sendmail -C {home}/conf -f root@example.org someone@example.net <mail
read -r _ || true  # what was started ends with this script
"""
_LONG_AGO = 1e9
"""A time before which nothing has to be looked at again: while main.cf is younger than a second, each part of Postfix
that reads it sleeps for 0.3 s and reads it once more."""


def sent(folder: Path, main: str, *, smtp: str = "", tables: Mapping[str, str] | None = None) -> str:
    """Send one mail by the leaf *main*, and give back what the log has of the attempt.

    *smtp* is what master.cf sets for that service, *tables* are files in *folder*, which Postfix's user must be able
    to look into (`open_folder`).
    """
    home = folder / "leaf"
    _prepare(home, main, smtp)
    for name, text in (tables or {}).items():
        _write(folder / name, text)
    tools = unpacked.TOOLS / "postfix"
    environment = unpacked.environment("postfix") | {"MAIL_CONFIG": str(home / "conf")}
    environment["LD_LIBRARY_PATH"] = f"{tools}/usr/lib/postfix:{environment['LD_LIBRARY_PATH']}"
    with subprocess.Popen(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", _START.format(home=home, tools=tools)],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        try:
            return _attempt(home, process)
        finally:
            process.stdin.close()  # which lets the script end, and with it what it has started
            process.wait(HUNG)


def _attempt(home: Path, process: subprocess.Popen[str]) -> str:
    end = time.monotonic() + HUNG
    while time.monotonic() < end and process.poll() is None:
        log = (home / "log").read_text(encoding="utf-8") if (home / "log").exists() else ""
        if re.search(r"status=(sent|deferred|bounced)|fatal:", log):
            return log
        time.sleep(0.02)
    said = process.stderr.read() if process.stderr is not None and process.poll() is not None else ""
    raise AssertionError(f"no attempt: {said}{(home / 'master').read_text() if (home / 'master').exists() else ''}")


def _prepare(home: Path, main: str, smtp: str) -> None:
    for name in ("conf", "data", *(f"queue/{name}" for name in (*_QUEUES, "maildrop", "pid", "public"))):
        (home / name).mkdir(parents=True)
    (home / "queue" / "maildrop").chmod(0o730)
    (home / "queue" / "public").chmod(0o710)
    tools = unpacked.TOOLS / "postfix"
    contents = {
        "conf/main.cf": main + _MAIN.format(home=home, tools=tools),
        "conf/master.cf": f"{_SERVICES}  {smtp}\n" if smtp else _SERVICES,
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
