"""Words of other programs: accepted where that is possible, and ours suggested where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from collectd_inode import cli
from collectd_inode.cli import habits
from collectd_inode.cli.parser import parse
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
        ("--insecure", "--verify-peer false"), ("--require", "--steps"), ("--junitxml=x", "-o junit=FILE"),
        ("-e", "-D"),
        ("--viewport", "--window"), ("--ipv4", "--address-family ipv4"),
        ("--no-colour", "--no-color"),
        ("--retry", "--repeat"),
        ("--FAIL-FAST", "--fail-fast"),
    ],
)  # fmt: skip
def test_an_option(typed: Typed, option: str, meant: str) -> None:
    """At the end of argparse's own words."""
    code, out, err = typed("run", "x.feature", option)
    assert (code, out) == (2, "")
    said = f"collectd-inode run: error: unrecognized arguments: {option}; did you mean {meant}?"
    assert err.splitlines()[-1] == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        # curl, check_http
        ("run x -u user:pass", "did you mean --auth-user with --auth-password-file?"),
        ("run -u user:pass x", "did you mean --auth-user with --auth-password-file?"),
        ("run x -u http://127.0.0.1", "did you mean --base-url?"),
        ("run x -u /contact", "did you mean --base-url?"),
        ("run x -H Accept:text/html", "did you mean --header?"),
        ("run x -H www.example.org", "did you mean --base-url?"),
        ("run x -H 127.0.0.1:80", "did you mean --base-url?"),
        ("run x -b a=b", "did you mean --header 'Cookie: …'?"),
        ("run -k x.feature", "did you mean --verify-peer false?"),
        ("run x -k", "did you mean --verify-peer false?"),
        ("run x -x 192.0.2.1:3128", "did you mean --proxy?"),
        ("run x -m 5", "did you mean --timeout?"),
        ("run x -X POST", "a step does that, see collectd-inode steps request"),
        ("run x --data-raw=a=b", "a step does that, see collectd-inode steps request"),
        ("run x --compressed", "leave it out: answers may always be compressed"),
        # pytest
        ("run x -k login", "did you mean --name?"),
        ("run x -m slow", "did you mean --tags?"),
        ("run x -x", "did you mean --fail-fast?"),
        ("run x -rA", "did you mean --verbose?"),
        ("run x --tb=short", "did you mean --verbose?"),
        ("run x --durations=5", "did you mean --verbose?"),
        ("run x --reruns 2", "did you mean --repeat?"),
        ("run x --lf", "write PATH:LINE for a scenario that has failed"),
        ("run x --junitxml=report.xml", "did you mean -o junit=report.xml?"),
        ("run x --version", "did you mean collectd-inode --version?"),
        # behave, cucumber
        ("run x --no-capture", "leave it out: nothing is captured"),
        ("run x --no-skipped", "did you mean --quiet?"),
        ("run x --wip", "did you mean --tags @wip --fail-fast?"),
        ("run x --strict", "leave it out: an undefined step always fails"),
        ("run x --junit", "did you mean -o junit=FILE?"),
        ("run x --junit report.xml", "did you mean -o junit=report.xml?"),
        ("run x --out report.xml", "did you mean -o junit=report.xml?"),
        ("run x --outfile report.json", "did you mean -o json=report.json?"),
        ("run x --json report.json", "did you mean -o json=report.json?"),
        ("run x --json", "did you mean --format json?"),
        ("run x --order random", "scenarios run in the order of their files"),
        ("run x --publish", "results go nowhere by themselves; -o FORMAT=FILE writes them"),
        ("run x --lang de", "the language is in the feature's first line: # language: de"),
        ("run x --exclude slow", "did you mean --tags 'not @NAME'?"),
        ("run x -6", "did you mean --address-family ipv6?"),
        ("run -4 x", "did you mean --address-family ipv4?"),
        ("ntp x -6", "did you mean --address-family ipv6?"),
        ("smarthost -4 x", "did you mean --address-family ipv4?"),
        # kubectl, nginx, systemctl, procps
        ("status -o json", "did you mean --format json?"),
        ("graph -o pictures", "did you mean --out?"),
        ("graph -n shop", "did you mean --job?"),
        ("status -A", "did you mean no JOB, for all of them?"),
        ("status --watch", "for that type: watch collectd-inode …"),
        ("status -n shop", "did you mean JOB without an option?"),
        ("once --job shop", "did you mean JOB without an option?"),
        ("once -c x.conf", "did you mean CONF without an option?"),
        ("run x -c 5", "did you mean --jobs?"),
        ("check -C /etc/collectd.conf", "did you mean CONF without an option?"),
        ("check --config=x.conf", "did you mean CONF without an option?"),
        ("status -c x.conf", "did you mean --conf?"),
        ("check -t", "collectd-inode check and jobs run nothing"),
        ("once --dry-run", "collectd-inode check and jobs run nothing"),
        ("lint --fix x", "it changes nothing: each finding says what to do"),
        ("run x -L", "leave it out: redirects are followed, 20 of them"),
        ("run x --digest", "leave it out: basic or digest, as the site asks, with --auth-user"),
        ("run x --fail", "leave it out: a status of 400 or more fails a step"),
        ("run x --form a=b", "a step does that, see collectd-inode steps request"),
        ("run x --json {}", "a step does that, see collectd-inode steps request"),
        ("run x -sS", "did you mean --quiet?"),
        ("run x -i", "did you mean --verbose?"),
        ("run x -c cookies.txt", "did you mean --header 'Cookie: …'?"),
        ("run x -e http://127.0.0.1/", "did you mean --header 'Referer: …'?"),
        ("run x --oauth2-bearer x", "did you mean --header 'Authorization: Bearer …'?"),
        ("run x --tlsv1.2", "did you mean --minimum-tls?"),
        ("run x -k X-Foo:bar", "did you mean --header?"),
        ("run x --max-filesize 5", "did you mean --max-body-size?"),
        ("run x --line 3", "did you mean PATH:LINE?"),
        ("run x --logging-level=DEBUG", "did you mean --verbose?"),
        ("run x --show-skipped", "leave it out: skipped steps are always shown, but for --quiet"),
        ("run x --steps-catalog", "for that type: collectd-inode steps"),
        ("run x --require-module x", "did you mean --steps?"),
        ("run x --publish-quiet", "leave it out: it goes to no other machine"),
        ("run x --out json=x.json", "did you mean -o json=x.json?"),
        ("run x --out influxdb=http://x", "did you mean -o FORMAT=FILE?"),
        ("run x --block-hostnames x", "did you mean --block?"),
        ("run x --rps 5", "it watches a site, and puts no load on it"),
        ("run x --local-ips 192.0.2.1", "did you mean --source-address?"),
        ("run x --no-cookies-reset", "leave it out: each run begins without cookies and without a connection"),
        ("run x --html=x", "did you mean -o junit=FILE?"),
        ("run x --pdb", "leave it out: it has no plugins and no debugger"),
        ("smarthost -H x -p 25", "did you mean HOST without an option?"),
        ("smarthost x -w 5", "did you mean --warning?"),
        ("smarthost x -c 10", "did you mean --critical?"),
        ("smarthost x -p 25", "did you mean --port?"),
        ("smarthost x -t 10", "did you mean --timeout?"),
        ("smarthost x -S", "did you mean --tls starttls?"),
        ("smarthost x -D 30", "did you mean --expiry-warning?"),
        ("smarthost x -U bob -P pw", "did you mean --user with --password-file?"),
        ("smarthost x -A LOGIN", "did you mean --mechanism?"),
        ("smarthost x -F me", "did you mean --helo?"),
        ("ntp x -w 0.5", "did you mean --warning?"),
        ("ntp x -v", "leave it out: this command always shows the same"),
        ("status -o yaml", "did you mean --format json?"),
        ("mute shop --for 2h", "did you mean SPAN REASON without an option?"),
        ("steps -k word", "did you mean WORD without an option?"),
        ("steps -l de", "did you mean --language?"),
        ("completion --shell bash", "did you mean SHELL without an option?"),
        ("serve -c x", "did you mean FILE without an option?"),
        ("files -o x", "did you mean DIR without an option?"),
        ("once --tags x", "did you mean JOB without an option?"),
    ],
)
def test_an_option_of_another_program(typed: Typed, words: str, said: str) -> None:
    """By what stands behind it, where one letter has two meanings; with what to do where there is no like."""
    code, out, err = typed(*words.split())
    assert (code, out, err.splitlines()[-1].partition("; ")[2]) == (2, "", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("-o report.xml", "junit=report.xml"),
        ("-o out.json", "json=out.json"),
        ("-o junit:report.xml", "junit=report.xml"),
        ("-o json", "json=FILE; without a file it is --format json"),
        ("-o yaml", "junit=report.xml"),
    ],
)
def test_a_file_without_its_format(typed: Typed, words: str, said: str) -> None:
    """Written as it was perhaps meant."""
    wanted = "expected FORMAT=FILE, FORMAT one of pretty, json, junit, nagios, such as"
    (_, given) = words.split()
    err = typed("run", "x", *words.split())[2]
    assert err.splitlines()[-1] == f"collectd-inode run: error: argument -o/--output: {given}: {wanted} {said}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("run x --dry-run=client", "--list/--dry-run/-d: takes no value, but has client; did you mean --dry-run?"),
        ("run x --dry-run=none", "--list/--dry-run/-d: takes no value, but has none; leave it out"),
        ("run x -v=6", "-v/--verbose: takes no value, but has 6; did you mean -v?"),
        ("run x --fail-fast=false", "--fail-fast: takes no value, but has false; leave it out"),
        ("check x --fragment=it's", "--fragment: takes no value, but has it's; did you mean --fragment?"),
        ("run x --timeout -5", "--timeout: -5: expected a number of seconds above 0, such as 5 or 2.5"),
        ("run x -j -2", "-j/--jobs: -2: expected a whole number of at least 1"),
    ],
)
def test_a_value_that_an_option_does_not_take(typed: Typed, words: str, said: str) -> None:
    """Named, with the option as it is; a negative number is a value where one is expected."""
    code, out, err = typed(*words.split())
    name, _, option = err.splitlines()[-1].partition(" error: argument ")
    assert (code, out, name, option) == (2, "", f"collectd-inode {words.split(maxsplit=1)[0]}:", said)


def test_a_format_for_standard_output(typed: Typed, tmp_path: Path) -> None:
    """It is no file called ``-``."""
    said = "argument -o/--output: json=-: expected a file; for standard output it is --format json"
    assert typed("run", "x", "-o", "json=-")[2].splitlines()[-1] == f"collectd-inode run: error: {said}"
    assert list(tmp_path.iterdir()) == []


def test_the_help_of_a_command(typed: Typed) -> None:
    """As with git and kubectl; and of help itself there is the general one."""
    ways = [typed(*words) for words in (("check", "--help"), ("--help", "check"), ("-h", "check"), ("help", "check"))]
    assert ways == [ways[0]] * 4
    assert typed("help", "help") == typed("--help")
    wanted = "collectd-inode: error: the following arguments are required: COMMAND; see --help"
    assert typed()[2].splitlines()[-1] == wanted


@pytest.mark.parametrize("option", ["--hsts", "--batches", "--lines-of", "--digests", "--noprox", "--wroute"])
def test_an_option_that_is_no_slip(typed: Typed, option: str) -> None:
    """Letters in common are not enough: another word is no suggestion."""
    assert typed("run", "x", option)[2].endswith(f"unrecognized arguments: {option}\n")


@pytest.mark.parametrize(
    ("words", "paths"),
    [
        ("a -v b", ["a", "b"]),
        ("a --timeout 5 b", ["a", "b"]),
        ("-v a -q b -n Home", ["a", "b"]),
        ("a -- -v", ["a", "-v"]),
    ],
)
def test_options_between_the_other_words(words: str, paths: list[str]) -> None:
    """As everywhere; behind two hyphens nothing is an option."""
    assert parse(cli.parser("run"), ["run", *words.split()]).paths == paths


def test_an_option_that_nothing_is_like(typed: Typed) -> None:
    """And one that another command has is not suggested."""
    assert typed("run", "x", "--frobnicate")[2].endswith("unrecognized arguments: --frobnicate\n")
    assert typed("snippet", "--tags")[2].endswith("unrecognized arguments: --tags\n")


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("completion bsh", "bash"),
        ("run x --format jsn", "json"),
        ("run x -f progress", "pretty"),
        ("run x -f plain", "pretty"),
        ("run x -f json.pretty", "json"),
        ("run x -f xml", "junit"),
        ("run x -f icinga", "nagios"),
        ("run x -f junit:report.xml", "-o junit=report.xml"),
        ("run x --engine chrome", "chromium"),
        ("run x --engine firefox", "chromium"),
        ("run x -f report.xml", "-o junit=report.xml"),
        ("smarthost x -f me@example.org", "--sender"),
        ("check -f /etc/x.conf", "the file without -f"),
    ],
)
def test_a_choice(typed: Typed, words: str, meant: str) -> None:
    """One of the words that an option takes."""
    assert typed(*words.split())[2].endswith(f"; did you mean {meant}?\n")


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
    said = "collectd-inode run: error: --name is given twice: expected it once, and ^(One|Two) for two titles\n"
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
