"""What the scripts beside it share that hand a collectd notification to a program that speaks HTTP.

Only Python's standard library.  Copy it to where they are.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import ssl
import sys
import syslog
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

SECONDS = 10
"""For each wait; and three times as long for everything."""
FIRING = ("FAILURE", "WARNING")


@dataclass(frozen=True)
class Notification:
    """A notification as collectd's exec plugin writes it: some headers, an empty line, the message."""

    headers: Mapping[str, str]
    message: str

    @property
    def severity(self) -> str:
        """FAILURE, WARNING or OKAY."""
        return self.headers.get("Severity", "")

    @property
    def host(self) -> str:
        """The host that it is about."""
        return self.headers.get("Host", "")

    @property
    def instance(self) -> str:
        """The job: its plugin instance; of collectd_inode itself the plugin."""
        return self.headers.get("PluginInstance") or self.headers.get("Plugin", "")

    @property
    def series(self) -> str:
        """``bool-success``, or what else is alarmed on."""
        return "-".join(filter(None, (self.headers.get("Type"), self.headers.get("TypeInstance"))))

    @property
    def time(self) -> str:
        """When, as RFC 3339 has it."""
        seconds = float(self.headers.get("Time") or 0) or datetime.now(UTC).timestamp()
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

    @property
    def cause(self) -> str:
        """The word that a failure's message begins with: resolve, connect, refused…; else empty."""
        found = re.match(r"(?:still bad(?: after [^:]*)?: )?([a-z]+): ", self.message)
        return found[1] if found and self.severity == "FAILURE" else ""

    @property
    def evidence(self) -> str:
        """The folder of a failed run, if the message names it."""
        found = re.search(r" \((/[^()]+)\)$", self.message)
        return found[1] if found else ""

    def __str__(self) -> str:
        return f"{self.host} {self.headers.get('Plugin', '')}-{self.instance}/{self.series}: {self.message}"


def spooled(words: list[str]) -> list[str]:
    """*words* of the command line without ``--spool FOLDER``, which runs the script by ``spooled`` instead."""
    if words[1:2] != ["--spool"] or len(words) < 3:
        return words
    script = os.path.abspath(words[0])
    beside = os.path.join(os.path.dirname(script), "spooled")
    rest = [*words[:1], *words[3:]]
    if os.access(beside, os.X_OK):
        os.execv(beside, [beside, words[2], script, *rest[1:]])
    print(f"{beside} is missing: what cannot be delivered is lost", file=sys.stderr)
    return rest


def parsed(text: str) -> Notification:
    """The notification in what the exec plugin has written."""
    head, _, message = text.partition("\n\n")
    pairs = (line.partition(": ") for line in head.splitlines())
    return Notification({name: value for name, _, value in pairs}, " ".join(message.split()))


def received() -> Notification:
    """The notification on standard input."""
    return parsed(sys.stdin.buffer.read().decode("utf-8", "replace"))


def basic(path: str) -> str:
    """The header of a file whose first line is USER:PASSWORD."""
    return "Basic " + base64.b64encode(first_line(path).encode()).decode("ascii")


def bearer(path: str) -> str:
    """The header of a file whose first line is a token."""
    return f"Bearer {first_line(path)}"


def first_line(path: str) -> str:
    """The secret in a file; OSError or ValueError where there is none."""
    with open(path, encoding="utf-8") as file:
        found = file.readline().rstrip("\r\n")
    if not found.isprintable() or not found.strip():
        raise ValueError(f"{path}: expected the secret in the first line")
    _secrets.append(found)
    return found


_secrets: list[str] = []
"""What must not be shown, even if an answer repeats it."""


def shown(url: str) -> str:
    """*url* as a log may show it: the path of a webhook is a secret, and so is a password in front of the host."""
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError:
        return "its address"
    rest = "/…" if parts.path.strip("/") or parts.query else ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{rest}"


def _cleaned(text: str, url: str) -> str:
    """*text* without the secrets that were sent, even if the answer repeats them, and those in *url*."""
    about, _, rest = url.partition("://")[2].partition("/")
    parts = [*re.split(r"[/?&=#]", rest), *re.split("[:@]", about.rpartition("@")[0])]
    text = text.replace(url, shown(url))
    for secret in (rest, *_secrets, *parts):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, "[…]")
    return text


_SHORTEST = 8
"""Characters: what is shorter is a word of its own."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """An alarm is not sent where an answer leads: it would become a GET."""


def post(url: str, content: object, headers: Mapping[str, str], authority: str | None) -> None:
    """POST *content* as JSON; raises OSError, ValueError, HTTPException where it is not taken."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected http://HOST or https://HOST")
    if "@" in parts.netloc:
        raise ValueError("a user's name in an address is not sent: put USER:PASSWORD into a file")
    if authority is not None and not os.access(authority, os.R_OK):
        raise ValueError(f"{authority}: cannot be read")
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json", **headers})
    context = ssl.create_default_context(cafile=authority)
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context), _NoRedirects())
    with urllib.request.build_opener(*handlers).open(request, timeout=SECONDS) as answer:
        answer.read(65536)


def hand_on(name: str, url: str, send: Callable[[Notification], None]) -> int:
    """Read a notification from standard input and *send* it; the value is the exit code: 0, or 1 and why."""
    notification = received()
    try:
        signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(3 * SECONDS)
        send(notification)
    except urllib.error.HTTPError as error:
        return lost(name, f"{shown(url)}: {_cleaned(_refusal(error), url)}", notification)
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = getattr(error, "reason", None) or error
        return lost(name, f"{shown(url)}: {_cleaned(str(why) or type(error).__name__, url)}", notification)
    finally:
        signal.alarm(0)
    return 0


def _refusal(error: urllib.error.HTTPError) -> str:
    """An answer's status, and where it leads or what it says."""
    if location := error.headers.get("Location"):
        return f"{error}; it redirects to {shown(urllib.parse.urljoin(error.url or '', location))}: give that address"
    try:
        answer = " ".join(error.read(200).decode("utf-8", "replace").split())
    except (OSError, http.client.HTTPException):  # it breaks off
        answer = ""
    return f"{error}{f' ({answer})' if answer else ''}"


def _too_long(*_: object) -> None:
    raise TimeoutError(f"not done after {3 * SECONDS} s")


def lost(name: str, why: str, notification: Notification) -> int:
    """Say what did not arrive, and why: never with a secret.  Below ``spooled`` nothing is lost yet."""
    spooled = "SPOOLED" in os.environ
    what = f"{why}.  {'Not taken' if spooled else 'Lost'}: {notification}"
    if not spooled:
        syslog.openlog(name, facility=syslog.LOG_DAEMON)
        syslog.syslog(syslog.LOG_ERR, what)
    print(f"{name}: {what}", file=sys.stderr)
    return 1
