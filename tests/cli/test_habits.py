"""Words of other programs: accepted where that is possible, and ours suggested where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.cli import habits
from collectd_inode.cli.terminal import style
from collectd_inode.report.style import COLOURED, PLAIN

Typed = Callable[..., tuple[int, str, str]]
COMMANDS = [command.name for command in cli.COMMANDS]
TWO = """Feature: x
  @one
  Scenario: One
    Given I am on "/"
  @one @two
  Scenario: Two
    Given I am on "/"
"""


@pytest.mark.parametrize(
    ("typed_word", "meant"),
    [
        ("runn", "run"), ("RUN", "run"), ("test", "run"), ("validate", "check"), ("configtest", "check"),
        ("stat", "status"), ("ls", "jobs"), ("silence", "mute"), ("ack", "mute"), ("explain", "why"), ("plot", "graph"),
        ("new", "init"), ("record", "import"), ("vocabulary", "steps"), ("thresh", "thresholds"), ("lnit", "lint"),
        ("notify", "test-notification"), ("daemon", "serve"), ("shop.feature", "run shop.feature"),
        ("shop.feature:12", "run shop.feature:12"), ("version", "--version"), ("xyzzy", ""),
    ],
)  # fmt: skip
def test_a_command(typed_word: str, meant: str) -> None:
    """By its beginning, by another program's word, by its letters; nothing is better than anything."""
    assert habits.command(typed_word, COMMANDS) == meant


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("--timout", "--timeout"), ("--base_url", "--base-url"), ("--baseurl=http://x", "--base-url"),
        ("--verb", "--verbose"),
        ("--tag", "--tags"), ("-x", "--fail-fast"), ("--maxfail=1", "--fail-fast"), ("--collect-only", "--list"),
        ("--insecure", "--verify-peer"), ("--require", "--steps"), ("--junitxml=x", "--output"), ("-e", "-D"),
        ("--viewport", "--window"),
        ("--ipv4", "--address-family"), ("--no-colour", "--no-color"), ("--retry", "--repeat"),
        ("--FAIL-FAST", "--fail-fast"),
    ],
)  # fmt: skip
def test_an_option(typed: Typed, option: str, meant: str) -> None:
    """At the end of argparse's own words."""
    code, out, err = typed("run", "x.feature", option)
    assert (code, out) == (2, "")
    said = f"collectd-inode run: error: unrecognized arguments: {option}; did you mean {meant}?"
    assert err.splitlines()[-1] == said


def test_an_option_that_nothing_is_like(typed: Typed) -> None:
    """And one that another command has is not suggested."""
    assert typed("run", "x", "--frobnicate")[2].endswith("unrecognized arguments: --frobnicate\n")
    assert typed("snippet", "--tags")[2].endswith("unrecognized arguments: --tags\n")


@pytest.mark.parametrize(
    "words", [("completion", "bsh"), ("run", "x", "--format", "jsn"), ("run", "x", "--engine", "chrome")]
)
def test_a_choice(typed: Typed, words: tuple[str, ...]) -> None:
    """One of the words that an option takes."""
    meant = {"bsh": "bash", "jsn": "json", "chrome": "chromium"}[words[-1]]
    assert typed(*words)[2].endswith(f"; did you mean {meant}?\n")


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        (("-t", "@two"), ["Two"]),
        (("--tags", "@one", "-t", "not @two"), ["One"]),
        (("-t", "@one or @two", "-t", "@two"), ["Two"]),
        (("-n", "Two"), ["Two"]),
    ],
)
@pytest.mark.parametrize("listing", ["--list", "--dry-run", "-d"])
def test_letters_of_cucumber_and_behave(
    typed: Typed, words: tuple[str, ...], titles: list[str], listing: str, tmp_path: Path
) -> None:
    """Each of several tag expressions must hold."""
    (path := tmp_path / "x.feature").write_text(TWO)
    code, out, _ = typed("run", path, *words, listing, "--base-url", "http://127.0.0.1:1")
    assert (code, [line.partition("  # ")[2] for line in out.splitlines()]) == (0, titles)


def test_a_second_name_is_not_passed_over(typed: Typed) -> None:
    """The first would be lost without a word."""
    said = "collectd-inode run: error: --name is said twice: expected it once, and ^(One|Two) for two titles\n"
    assert typed("run", "x", "-n", "One", "--name", "Two")[2].endswith(said)


@pytest.mark.parametrize(
    ("words", "coloured"),
    [(("--color=always",), True), (("--color", "always"), True), (("--color=never",), False), (("--no-color",), False)],
)
def test_colours_by_the_command_line(
    typed: Typed, words: tuple[str, ...], coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes before the environment."""
    monkeypatch.setenv("NO_COLOR" if coloured else "FORCE_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR" if coloured else "NO_COLOR", "")
    typed("steps", "drop-down", *words)
    assert style() is (COLOURED if coloured else PLAIN)


@pytest.mark.parametrize("words", [(), ("shop",), ("shop", "2h"), ("--list", "shop"), ("--end", "shop", "--list")])
def test_mute_with_too_few_words(typed: Typed, words: tuple[str, ...]) -> None:
    """It says what it wants before it looks for a configuration."""
    assert typed("mute", *words)[2].startswith("collectd-inode: expected JOB SPAN REASON, such as: mute shop 2h ")
