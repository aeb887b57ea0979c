"""A key that changes one run can be an option, made from its row alone."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from collectd_inode.cli.options import KeyOptions
from collectd_inode.keys import FileRole, Key, filled
from collectd_inode.kind import Kind
from collectd_inode.kinds import KINDS
from collectd_inode.oconfig import Scalar, parse

OF_ONE_RUN = [(kind, key) for kind in KINDS for key in kind.keys if key.one_run]


def values_of(key: Key, folder: Path) -> tuple[Scalar, ...]:
    """What a key's example says; a path is one that is there."""
    (node,) = parse(f"{key.name} {key.example}\n")
    if key.file is FileRole.NONE:
        return node.values
    path = folder / "file"
    path.touch()
    return *node.values[:-1], str(folder if key.file is FileRole.WRITTEN else path)


def typed_as(value: Scalar) -> str:
    """A value as it is typed in a shell."""
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize(("kind", "key"), OF_ONE_RUN, ids=lambda of: getattr(of, "plugin", getattr(of, "name", "")))
def test_an_option_says_what_its_key_says(kind: Kind, key: Key, tmp_path: Path) -> None:
    """Typed, its example comes to the same settings as in a configuration."""
    settings = type(kind.settings({}))
    options, parser = KeyOptions(settings), argparse.ArgumentParser()
    options.add(parser, key.name)
    values = values_of(key, tmp_path)
    typed = "=".join(map(typed_as, values))
    read = [key.read(values)] if key.repeatable else key.read(values)
    assert options.settings(parser.parse_args([key.option, typed])) == filled(settings(), {key.name: read})
    assert key.option in parser.format_help()
    assert options.settings(parser.parse_args([])) == settings()


def test_an_option_is_called_as_its_key() -> None:
    """In lower case, with hyphens between its words."""
    known = {key.name: key.option for _, key in OF_ONE_RUN}
    assert [known[name] for name in ("BaseURL", "CACert", "MinimumTLS", "TLS", "HeloName", "RefusedWithoutAuth")] == [
        "--base-url", "--ca-cert", "--minimum-tls", "--tls", "--helo-name", "--refused-without-auth",
    ]  # fmt: skip


def test_what_is_no_matter_of_one_run_is_no_option() -> None:
    """Nor what is no key."""
    options = KeyOptions(type(KINDS[0].settings({})))
    with pytest.raises(ValueError, match="SaveMax does not change one run"):
        options.add(argparse.ArgumentParser(), "SaveMax")
    with pytest.raises(KeyError):
        options.add(argparse.ArgumentParser(), "Colour")
