"""The keys of a ``<Scenario>`` block; the command line's options fill in the same settings."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from collectd_inode.keys import (
    ENGINES,
    NO_FOLDER,
    SECONDS,
    BlockSettings,
    Expected,
    FileRole,
    Values,
    any_text,
    boolean,
    choice,
    endpoint,
    file,
    file_or_folder,
    ip_address,
    key,
    number,
    pair,
    text,
    variable_name,
    web_address,
    whole,
)
from collectd_inode.model import Detail, Door
from collectd_inode.page.headers import FRAMING, TOKEN, is_value
from collectd_inode.page.hosts import BadHost, in_ascii
from collectd_inode.scenario.feature import parse_tags
from collectd_inode.trust.profile import MINIMUM_VERSIONS
from collectd_inode.wire.address import is_numeric


def _tags(values: Values) -> str:
    expression = text(values)
    try:
        parse_tags(expression)
    except ValueError as error:
        raise Expected(f'a tag expression such as "@web and not @slow" ({error})') from None
    return expression


def _detail(values: Values) -> Detail:
    return Detail(choice(*(detail.value for detail in Detail))(values))


def _header_name(values: Values) -> str:
    value = text(values)
    if not TOKEN.fullmatch(value):
        raise Expected("a header's name of letters, digits and hyphens, without the colon")
    if value.lower() in FRAMING:
        raise Expected("a header that does not follow from the request by itself")
    return value


def _header(values: Values) -> str:
    value = text(values)
    if value != value.strip() or not is_value(value):
        raise Expected("a header without line breaks, controls, and blanks at its ends")
    return value


def _host(values: Values) -> str:
    """A host's name as it goes over the wire."""
    value = text(values).strip("[]")
    if is_numeric(value):
        return value.lower()
    try:
        return in_ascii(value).removesuffix(".")
    except BadHost:
        raise Expected("a host name such as www.example.org") from None


def _host_and_port(values: Values) -> str:
    """A host with or without its port: ``www.example.org:443``, ``[2001:db8::1]:443``."""
    value = text(values)
    with_port = re.fullmatch(r"(\[[^\]]+\]|[^:]+):(\d{1,5})", value)
    if with_port is None:
        return _host(values)
    host, port = _host((with_port[1],)), int(with_port[2])
    if not 0 < port < 65536:
        raise Expected("a host name with or without a port, such as www.example.org:443")
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _host_pattern(values: Values) -> str:
    """A host, or ``*.`` and a domain."""
    value = text(values)
    try:
        return "*." * value.startswith("*.") + _host((value.removeprefix("*."),))
    except Expected:
        raise Expected("a host such as www.example.org, or *.example.org for all below it") from None


def _encrypted_or_not(values: Values) -> str:
    value = text(values)
    return web_address((value,)) if "://" in value else web_address((f"http://{value}",))


def _private_folder(values: Values) -> str:
    """A folder that only its owner can write to, or the name of one that can be created; or ``none``."""
    path = text(values)
    if path == NO_FOLDER:
        return path
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        if "\0" in path or os.path.lexists(path) or not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise Expected("a folder, or a new one in a folder that exists") from None
        return path
    if not stat.S_ISDIR(mode):
        raise Expected("a folder, not what is there")
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Expected("a folder that only its owner can write to (chmod go-w)")
    return path


def _window(values: Values) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,5})[x×](\d{2,5})", text(values))
    if found is None or not all(50 <= int(side) <= 10_000 for side in found.groups()):
        raise Expected('a width and a height in pixels, such as "1280x800"')
    return int(found[1]), int(found[2])


def _locale(values: Values) -> str:
    value = text(values)
    if not re.fullmatch(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*", value):
        raise Expected('a language and perhaps a country, such as "de-DE"')
    return value.replace("_", "-")


def _time_zone(values: Values) -> str:
    value = text(values)
    if not re.fullmatch(r"[A-Za-z_]+(?:[/+-][A-Za-z0-9_+-]+)*", value):
        raise Expected('a time zone such as "Europe/Berlin"')
    return value


def _engine_fits(value: str, common: BlockSettings) -> str:
    if value == "plain":
        return ""
    if common.door is Door.EMBEDDED:
        return (
            f'Engine "{value}" does not run inside collectd: put the block into a file of its own'
            " for collectd-inode exec FILE (collectd's exec plugin) or collectd-inode serve FILE (a service)"
        )
    return "" if common.family == "any" else f'AddressFamily "{common.family}" is for Engine plain, not {value}'


def _at_least_one_or_never(values: Values) -> float:
    what = "a number of seconds of at least 1, or 0 for never"
    value: float = number(what, least=0)(values)
    if 0 < value < 1:
        raise Expected(what)
    return value


def _within_the_interval(value: float, common: BlockSettings) -> str:
    below = value < common.interval
    return "" if below else f"expected a StartOffset below the interval ({common.interval:g} s)"


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Scenario>`` block, or a ``run`` on the command line, as the operator wrote it."""

    # fmt: off
    features: tuple[str, ...] = key("Feature", text, '"/etc/collectd/scenarios/shop.feature"',
        "Required.  A file, a folder (with its subfolders) or a glob.",
        repeatable=True, file=FileRole.READ)
    tags: str | None = key("Tags", _tags, '"@web and not @slow"',
        "Run only the scenarios with these tags.", one_run=True, metavar="EXPR")
    vocabulary: str = key("Vocabulary", choice("web", "legacy"), '"legacy"',
        "``legacy``: for feature files of cucumber-nagios; see `Old feature files`_.", default="web", one_run=True)
    steps: tuple[str, ...] = key("Steps", file_or_folder, '"/etc/collectd/scenarios/steps"',
        "`Sentences of your own`_: a Python file or a folder of them.",
        repeatable=True, file=FileRole.READ, one_run=True, metavar="PATH")
    base_url: str | None = key("BaseURL", web_address, '"https://www.example.org"',
        "The address that paths such as ``/contact`` are relative to.", one_run=True, metavar="URL")
    engine: str = key("Engine", choice(*ENGINES), '"chromium"',
        "``plain`` requests pages like a browser without scripts; ``chromium`` replays the same sentences in"
        " Chromium (``docs/how-to/chromium.rst``).", default="plain", one_run=True, fits=_engine_fits)
    wait_for: float = key("WaitFor", SECONDS, "10",
        "Seconds that a step waits for its text or element.", default=5.0, one_run=True, metavar="S",
        engines=("chromium",))
    browser_path: str | None = key("BrowserPath", text, '"/usr/bin/chromium-headless-shell"',
        "The browser's program.  Default: chromium-headless-shell, else chromium.",
        file=FileRole.READ, one_run=True, metavar="PATH", engines=("chromium",))
    browser_user: str | None = key("BrowserUser", text, '"inode-browser"',
        "The user of the browser, if the daemon is root; default: a user id of its own, without an account.",
        one_run=True, metavar="U", engines=("chromium",))
    browser_jobs: int | None = key("BrowserJobs", whole("a whole number, 1 or more", least=1), "4",
        "The largest number of runs in browsers at once, of all blocks together; the others wait."
        "  Default: one for each core, at most 2.",
        shown="", engines=("chromium",))
    window: tuple[int, int] = key("Window", _window, '"390x844"',
        "The size of the window, in pixels.", default=(1280, 800), shown='"1280x800"', one_run=True, metavar="WxH",
        engines=("chromium",))
    locale: str | None = key("Locale", _locale, '"de-DE"',
        "The browser's language.  Default: the machine's.", one_run=True, metavar="LOCALE",
        engines=("chromium",))
    time_zone: str | None = key("TimeZone", _time_zone, '"Europe/Berlin"',
        "The browser's time zone.  Default: the machine's.", one_run=True, metavar="ZONE",
        engines=("chromium",))
    block: tuple[str, ...] = key("Block", _host_pattern, '"*.example.net"',
        "A host, or all hosts below it, to which the browser sends no request: a visitor counter, for example.",
        repeatable=True, one_run=True, metavar="HOST", engines=("chromium",))
    variables: tuple[tuple[str, str], ...] = key("Variable",
        pair("a name", "its value", variable_name, any_text), '"user" "monitor"',
        "``${user}`` in steps.", repeatable=True, one_run=True, metavar="NAME=VALUE")
    secrets: tuple[tuple[str, str], ...] = key("Secret",
        pair("a name", "the path of a file", variable_name, text), '"password" "/etc/collectd/secrets/login"',
        "``${password}`` in steps: the first line of the file (not a pipe).  It is never shown.",
        repeatable=True, file=FileRole.READ, of_secrets=True, one_run=True, metavar="NAME=FILE")
    step_timeout: float | None = key("StepTimeout", SECONDS, "10",
        "Seconds that one step may take.", one_run=True, metavar="S")
    start_offset: float | None = key("StartOffset", number("a number of seconds, 0 or more", least=0), "5",
        "Seconds from the start of the interval to the start of the run.", fits=_within_the_interval)
    retry: float = key("RetryInterval", _at_least_one_or_never, "15",
        "Seconds from the end of a bad run to the next one, until the failure is notified or a run is good; 0: wait"
        " for the next interval.  Such a run sends no values, but counts for ``Confirm``.  A scenario with the tag"
        " ``@no-retry`` has no such runs.", default=0.0)
    detail: Detail = key("Detail", _detail, '"phase"',
        "The level of the series: ``scenario``, ``step`` or ``phase``; see Identities_.", default=Detail.STEP,
        one_run=True, metavar="scenario|step|phase")
    resolve: tuple[tuple[str, tuple[str, int | None]], ...] = key("Resolve",
        pair("a host name", "its address", _host_and_port, endpoint), '"www.example.org" "192.0.2.7:8080"',
        "Connect to this address instead of the name's own: a staging server, or one of several front ends.  A name"
        " with a port (``www.example.org:443``) applies to that port only.",
        repeatable=True, one_run=True, metavar="NAME[:PORT]=ADDRESS[:PORT]")
    source_address: str | None = key("SourceAddress", ip_address, '"192.0.2.1"',
        "The source address of connections.", one_run=True, metavar="ADDRESS", engines=("plain",))
    proxy: str | None = key("Proxy", _encrypted_or_not, '"http://proxy.example.org:3128"',
        "The proxy to use; the environment's ``http_proxy`` is ignored.",
        secret=True, one_run=True, metavar="URL")
    headers: tuple[tuple[str, str], ...] = key("Header",
        pair("a name", "its value", _header_name, _header), '"X-Probe" "collectd"',
        "A header to send with each request.", repeatable=True, secret=True, one_run=True, metavar="NAME: VALUE")
    user_agent: str | None = key("UserAgent", _header, '"Mozilla/5.0"',
        "The user agent to send instead of ``collectd_inode/VERSION …``.", one_run=True, metavar="TEXT")
    auth_user: str | None = key("AuthUser", text, '"monitor"',
        "The user for HTTP basic or digest authentication.", one_run=True, metavar="U", needs=("AuthPasswordFile",))
    auth_password_file: str | None = key("AuthPasswordFile", text, '"/etc/collectd/secrets/login"',
        "A file whose first line is the password of ``AuthUser``.", file=FileRole.READ, of_secrets=True, one_run=True,
        metavar="F", needs=("AuthUser",))
    ca_cert: str | None = key("CACert", file_or_folder, '"/etc/ssl/certs/my-ca.pem"',
        "A file or folder of CA certificates to trust instead of the system's.",
        file=FileRole.READ, one_run=True, metavar="PATH")
    verify_peer: bool = key("VerifyPeer", boolean, "false",
        "Whether to verify certificates.", default=True, one_run=True)
    minimum_tls: str = key("MinimumTLS", choice(*MINIMUM_VERSIONS), '"1.3"',
        "The oldest TLS version to accept: ``1.0``, ``1.1``, ``1.2`` or ``1.3``.", default="1.2", one_run=True)
    client_cert: str | None = key("ClientCert", file, '"/etc/collectd/client.pem"',
        "The client certificate, for servers that require one.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", engines=("plain",))
    client_key: str | None = key("ClientKey", file, '"/etc/collectd/client.key"',
        "The key of ``ClientCert``, without a passphrase; default: in the same file.",
        file=FileRole.READ, of_secrets=True, one_run=True, metavar="F", needs=("ClientCert",), engines=("plain",))
    max_redirects: int = key("MaxRedirects", whole("a whole number, 0 or more", least=0), "5",
        "The largest number of redirects; with more, the step fails.", default=20, one_run=True,
        metavar="N", engines=("plain",))
    allow_private: tuple[str, ...] = key("AllowPrivate", _host_pattern, '"*.example.org"',
        "A host in your own network, or all hosts below it, that a public address may redirect to.  Without this key"
        " such a redirect is a warning, and a redirect to this machine itself is not followed.  Hosts in ``Resolve``"
        " are allowed.",
        repeatable=True, one_run=True, metavar="HOST", engines=("plain",))
    assets_every: int = key("AssetsEvery", whole("a whole number, 1 or more", least=1), "1",
        "The step that expects style sheets, scripts and images to load requests them in one run of this number; in"
        " the other runs it passes.", default=10, engines=("plain",))
    max_body: int = key("MaxBodySize", whole("a number of bytes, at least 1", least=1), "1000000",
        "The largest page, in bytes; with a larger one, the step fails.", default=10 * 2**20, one_run=True, metavar="N")
    save_failures: str | None = key("SaveFailures", _private_folder, '"/var/lib/collectd/inode-failures"',
        "The folder for the Evidence_ of failed runs; ``none``: keep none.  Default: ``failures`` in ``StateDir``,"
        " if that is set.  The folder is created if its parent exists.  It must not be group- or world-writable.",
        file=FileRole.WRITTEN, one_run=True, metavar="DIR")
    save_max: int = key("SaveMax", whole("a whole number of at least 1", least=1), "20",
        "The largest number of failed runs to keep for this block.  The first and the last run of the last five"
        " outages of each scenario are kept in any case.", default=50)
    save_bytes: int = key("SaveBytes", whole("a number of bytes, at least 1", least=1), "1000000",
        "The largest size of all their files together, in bytes.  The runs that ``SaveMax`` keeps in any case may take"
        " more; each of them takes at most this.", default=10 * 2**20)
    # fmt: on
    def complaints(self) -> Iterator[str]:
        """The contradictions among its values, a sentence each."""
        if self.engine == "chromium":
            if self.vocabulary == "legacy":
                yield 'Vocabulary "legacy" is for Engine plain, not chromium'
            if self.minimum_tls in ("1.0", "1.1"):
                yield f'MinimumTLS "{self.minimum_tls}": expected 1.2 or 1.3 with Engine chromium, which knows no older'

    name: str | None = None
    """Only scenarios whose title contains this; the command line's ``--name``."""
    any_variable: bool = False
    """Take every ``${name}`` for known; for commands that only look at features."""
