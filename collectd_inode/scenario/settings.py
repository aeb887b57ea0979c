"""What a ``<Scenario>`` block may say; the command line's options fill in the same settings."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collectd_inode.browser.headers import FRAMING, TOKEN, is_value
from collectd_inode.keys import (
    Expected,
    Key,
    Values,
    any_text,
    boolean,
    choice,
    endpoint,
    file,
    file_or_folder,
    ip_address,
    number,
    pair,
    text,
    variable_name,
    web_address,
    whole,
)
from collectd_inode.run import Detail
from collectd_inode.scenario.feature import parse_tags
from collectd_inode.trust.profile import MINIMUM_VERSIONS

MAX_BODY = 10 * 2**20
MAX_REDIRECTS = 20


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


def _encrypted_or_not(values: Values) -> str:
    value = text(values)
    return web_address((value,)) if "://" in value else web_address((f"http://{value}",))


def _private_folder(values: Values) -> str:
    """A folder that only its owner can write to, or the name of one that can be made."""
    path = text(values)
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError):
        if "\0" in path or os.path.lexists(path) or not os.path.isdir(os.path.dirname(os.path.abspath(path))):
            raise Expected("a folder, or a new one in a folder that exists") from None
        return path
    if not stat.S_ISDIR(mode):
        raise Expected("a folder, not what is there")
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise Expected("a folder that nobody but its owner can write to (chmod go-w)")
    return path


SCENARIO_KEYS = (
    Key("Feature", text, repeatable=True),
    Key("Steps", file_or_folder, repeatable=True),
    Key("Tags", _tags),
    Key("Vocabulary", choice("web", "legacy")),
    Key("BaseURL", web_address),
    Key("Variable", pair("a name", "its value", variable_name, any_text), repeatable=True),
    Key("Secret", pair("a name", "the path of a file", variable_name, text), repeatable=True),
    Key("Resolve", pair("a host name", "its address", text, endpoint), repeatable=True),
    Key("CACert", file_or_folder),
    Key("VerifyPeer", boolean),
    Key("ClientCert", file),
    Key("ClientKey", file),
    Key("MinimumTLS", choice(*MINIMUM_VERSIONS)),
    Key("AuthUser", text),
    Key("AuthPasswordFile", text),
    Key("Header", pair("a name", "its value", _header_name, _header), repeatable=True, private=True),
    Key("UserAgent", _header),
    Key("Proxy", _encrypted_or_not, private=True),
    Key("SourceAddress", ip_address),
    Key("MaxBodySize", whole("a number of bytes, at least 1", least=1)),
    Key("MaxRedirects", whole("a whole number, 0 or more", least=0)),
    Key("StepTimeout", number("a number of seconds above 0, such as 5 or 2.5", above=0)),
    Key("Detail", _detail),
    Key("SaveFailures", _private_folder),
    Key("SaveMax", whole("a whole number of at least 1", least=1)),
    Key("SaveBytes", whole("a number of bytes, at least 1", least=1)),
    Key("StartOffset", number("a number of seconds, 0 or more", least=0)),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A ``<Scenario>`` block, or a ``run`` on the command line, as told by the operator."""

    features: tuple[str, ...]
    steps: tuple[str, ...] = ()
    tags: str | None = None
    name: str | None = None
    """Only scenarios whose title contains this; the command line's ``--name``."""
    any_variable: bool = False
    """Take every ``${name}`` for known; for commands that only look at features."""
    vocabulary: str = "web"
    base_url: str | None = None
    variables: tuple[tuple[str, str], ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    resolve: tuple[tuple[str, tuple[str, int | None]], ...] = ()
    ca_cert: str | None = None
    verify_peer: bool = True
    client_cert: str | None = None
    client_key: str | None = None
    minimum_tls: str = "1.2"
    auth_user: str | None = None
    auth_password_file: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    user_agent: str | None = None
    proxy: str | None = None
    source_address: str | None = None
    max_body: int = MAX_BODY
    max_redirects: int = MAX_REDIRECTS
    step_timeout: float | None = None
    detail: Detail = Detail.STEP
    save_failures: str | None = None
    save_max: int = 50
    save_bytes: int = 10 * 2**20
    start_offset: float | None = None


_FIELDS = {
    "Feature": "features",
    "Steps": "steps",
    "Tags": "tags",
    "Vocabulary": "vocabulary",
    "BaseURL": "base_url",
    "Variable": "variables",
    "Secret": "secrets",
    "Resolve": "resolve",
    "CACert": "ca_cert",
    "VerifyPeer": "verify_peer",
    "ClientCert": "client_cert",
    "ClientKey": "client_key",
    "MinimumTLS": "minimum_tls",
    "AuthUser": "auth_user",
    "AuthPasswordFile": "auth_password_file",
    "Header": "headers",
    "UserAgent": "user_agent",
    "Proxy": "proxy",
    "SourceAddress": "source_address",
    "MaxBodySize": "max_body",
    "MaxRedirects": "max_redirects",
    "StepTimeout": "step_timeout",
    "Detail": "detail",
    "SaveFailures": "save_failures",
    "SaveMax": "save_max",
    "SaveBytes": "save_bytes",
    "StartOffset": "start_offset",
}


def settings(values: Mapping[str, Any]) -> Settings:
    """The settings of a block whose values were read by `SCENARIO_KEYS`."""
    named: dict[str, Any] = {"features": ()}
    for key, field in _FIELDS.items():
        if key in values:
            value = values[key]
            named[field] = tuple(value) if isinstance(value, list) else value
    return Settings(**named)
