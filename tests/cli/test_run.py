"""``collectd-inode run``: whatever a block can say of one run, and where feature files and secrets come from."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from collectd_inode.cli.block import NO_BLOCK, read_block
from collectd_inode.cli.options import KeyOptions, over
from collectd_inode.keys import BlockSettings, rows_of
from collectd_inode.scenario.environment import secret_files, secrets, variable_of
from collectd_inode.scenario.settings import Settings
from demo.site import Outage, Site
from tests.helpers.examples import write_feature

Typed = Callable[..., tuple[int, str, str]]
HOME = 'When I go to "/"\nThen I should see "Dunedin"'


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


def test_every_key_that_changes_one_run_is_an_option(typed: Typed) -> None:
    """In lower case with hyphens, made from its row."""
    shown = typed("run", "--help")[1]
    keys = [row for settings in (BlockSettings, Settings) for row in rows_of(settings).values()]
    assert [row.option for row in keys if row.one_run and f"  {row.option}" not in shown] == []
    assert "--header NAME: VALUE" in shown
    assert "--save-max" not in shown


@pytest.mark.parametrize(
    "typed_header", ["X-Probe: collectd", "X-Probe:collectd", "X-Probe=collectd"], ids=["curl", "close", "equals"]
)
def test_a_header(typed_header: str) -> None:
    """As curl has it; a value may have a colon, or an equals sign."""
    parser, keys = argparse.ArgumentParser(), KeyOptions(Settings)
    keys.add(parser, "Header")
    options = parser.parse_args(["--header", typed_header, "--header", "X-B: http://a.test:8/?b=c"])
    assert keys.settings(options).headers == (("X-Probe", "collectd"), ("X-B", "http://a.test:8/?b=c"))


@pytest.mark.parametrize("header", ["X-Probe", "X Probe: a", "Host", ": a"])
def test_what_is_no_header(typed: Typed, header: str) -> None:
    """The message says how one is written."""
    code, _, err = typed("run", "x.feature", "--header", header)
    assert (code, "argument --header: " in err) == (2, True)


BLOCK = """<Scenario "shop">
  Feature "{feature}"
  BaseURL "{site}"
  Variable "place" "Dunedin"
  Header "X-Probe" "block"
  UserAgent "block"
</Scenario>
"""
IN_MODULE = 'StateDir "{state}"\nTimeout 7\n'


@pytest.fixture
def shop(tmp_path: Path, site: Site) -> dict[str, str]:
    feature = write_feature(tmp_path, 'When I go to "/"\nThen I should see "${place}"')
    return {"feature": str(feature), "site": site.url, "state": str(tmp_path / "state")}


@pytest.mark.parametrize(
    ("around", "job"),
    [
        ("{}", "shop"),
        (IN_MODULE + "{}", "shop"),
        (
            '<Plugin python>\nImport "collectd_inode"\n<Module collectd_inode>\n'
            + IN_MODULE
            + "{}</Module>\n</Plugin>\n",
            "shop",
        ),
        (None, "web"),
    ],
    ids=["block", "module", "conf", "bare"],
)
def test_a_block_from_a_file(typed: Typed, tmp_path: Path, shop: dict[str, str], around: str | None, job: str) -> None:
    """However much of a collectd.conf stands around it; what the daemon keeps is left alone."""
    block = BLOCK if around is not None else "\n".join(BLOCK.splitlines()[1:-1]) + "\n"
    text = block if around is None else around.replace("{}", block)
    (tmp_path / "shop.conf").write_text(text.format(**shop))
    code, out, err = typed("run", "--config", "shop.conf", "--format", "json")
    assert (code, err, json.loads(out)["job"], json.loads(out)["status"]) == (0, "", job, "passed")
    assert not (tmp_path / "state").exists()


def test_options_go_before_the_block(tmp_path: Path, shop: dict[str, str]) -> None:
    """What has a name replaces what has the same one; what has none is added."""
    (tmp_path / "shop.conf").write_text(BLOCK.format(**shop))
    block, problems = read_block(str(tmp_path / "shop.conf"))
    assert problems == []
    said = argparse.Namespace(
        variables=[("place", "Oamaru"), ("other", "x")], headers=[("x-probe", "typed")], max_redirects=3, timeout=9.0
    )
    settings = over(said, block.settings)
    assert settings.variables == (("place", "Oamaru"), ("other", "x"))
    assert settings.headers == (("x-probe", "typed"),)
    assert (settings.max_redirects, settings.user_agent) == (3, "block")
    assert (over(said, block.common).timeout, block.common.timeout) == (9.0, 30.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<Clock c>\n</Clock>\n", "shop.conf: error: expected one <Scenario> block, found: none"),
        ('<Scenario "a">\nFeature "x"\n</Scenario>\n<Scenario "b">\nFeature "x"\n</Scenario>\n', 'found: "a", "b"'),
        ("Colour 1\n", 'shop.conf:1: error: <Scenario "run"> Colour 1: unknown key'),
        ('<Scenario "a">\nFeature "x"\n', "shop.conf:"),
    ],
)
def test_a_file_without_one_good_block(typed: Typed, tmp_path: Path, text: str, said: str) -> None:
    """Nothing is run."""
    (tmp_path / "shop.conf").write_text(text)
    code, out, err = typed("run", "--config", "shop.conf")
    assert (code, out) == (2, "")
    assert said in err
    assert read_block(str(tmp_path / "shop.conf"))[0] is NO_BLOCK


def test_paths_go_before_the_block_s_features(typed: Typed, tmp_path: Path, shop: dict[str, str]) -> None:
    """And without either there is nothing to run."""
    (tmp_path / "shop.conf").write_text(BLOCK.format(**shop))
    other = write_feature(tmp_path, HOME, "other.feature")
    out = typed("run", other, "--config", "shop.conf", "--list")[1]
    assert out.startswith(f"{other}:")
    assert "required: PATH[:LINE], or --config FILE" in typed("run")[2]


# Secrets from the environment


def test_secrets_of_the_environment() -> None:
    """Capitals, and an underscore for a hyphen; what is given otherwise goes first."""
    files = secret_files({"INODE_SECRET_SHOP_KEY_FILE": "/run/key", "INODE_SECRET_EMPTY_FILE": "", "HOME": "/root"})
    assert files == {"SHOP_KEY": "/run/key"}
    assert secrets(files, {"shop-key", "user"}, {"user"}) == ([("shop-key", "/run/key")], [])
    assert secrets(files, {"shop_key"}, {"shop_key"}) == ([], [])
    assert secrets(files, {"user"}, set()) == ([], [])
    assert variable_of("shop-key") == "INODE_SECRET_SHOP_KEY_FILE"


def test_two_names_that_meet_are_refused() -> None:
    """Nobody can know which is meant."""
    found, complaints = secrets({"SHOP_KEY": "/run/key"}, {"shop-key", "shop_key"}, set())
    assert (found, len(complaints)) == ([], 1)
    assert complaints[0].startswith(
        "INODE_SECRET_SHOP_KEY_FILE is the file of ${shop-key} and ${shop_key}: expected one"
    )
    assert secrets({"SHOP_KEY": "/run/key"}, {"shop-key"}, {"shop_key"})[0] == []


def test_a_run_with_a_secret_of_the_environment(
    typed: Typed, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is shown nowhere; two that meet keep everything from running."""
    (tmp_path / "key").write_text("open sesame\n")
    monkeypatch.setenv("INODE_SECRET_SHOP_KEY_FILE", "key")
    feature = write_feature(tmp_path, 'When I go to "/"\nThen I should not see "${shop-key}"')
    code, out, err = typed("run", feature, "--base-url", site.url)
    assert (code, err, "sesame" in out) == (0, "", False)
    feature.write_text(feature.read_text() + '    And I should not see "${shop_key}"\n')
    code, out, err = typed("run", feature, "--base-url", site.url)
    assert (code, out, "${shop-key} and ${shop_key}" in err) == (2, "", True)


def test_a_secret_that_is_not_there(typed: Typed, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that names the file is named; without one, how to give a value is said."""
    words = ("run", write_feature(tmp_path, 'When I go to "/${shop-key}"'), "--base-url", site.url)
    assert (
        typed(*words)[2]
        .splitlines()[0]
        .endswith(
            "unknown variable ${shop-key}; no Variable or Secret is given; give it by -D shop-key=VALUE, --secret"
            " shop-key=FILE, or the file's name in INODE_SECRET_SHOP_KEY_FILE"
        )
    )
    monkeypatch.setenv("INODE_SECRET_SHOP_KEY_FILE", "gone")
    message = "error: INODE_SECRET_SHOP_KEY_FILE: secret gone: No such file or directory\nnothing was run\n"
    assert typed(*words) == (2, "", message)


# Pipes


def test_a_configuration_from_a_pipe(typed: Typed, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` for standard input, and whatever a shell's <(…) is; of each command that takes one."""
    feature = write_feature(tmp_path, HOME)
    keys = f'Feature "{feature}"\nBaseURL "{site.url}"\n'

    def said(text: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return typed(*words)

    assert said(keys, "run", "--config", "-", "--list") == (0, f"{feature}:2  # Home\n", "")
    block = f'<Scenario "web">\n{keys}</Scenario>\n'
    assert said(block, "check", "--fragment", "-")[:2] == (0, "-: good: 1 job, up to 14 series\n")
    reading, writing = os.pipe()
    os.write(writing, keys.encode())
    os.close(writing)
    assert typed("run", "--config", f"/dev/fd/{reading}", "--list")[0] == 0
    os.close(reading)
    assert "/dev/null is neither a file nor a folder" in typed("check", "/dev/null")[2]
    for words, complaint in (
        (("--config", "-", "--watch"), "--watch looks at files"),
        (("--config", "-", "-"), "standard input can be read once"),
        (("--config", "a", "--config", "b"), "--config is given twice"),
    ):
        assert complaint in typed("run", *words)[2]


def test_standard_input(typed: Typed, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-``; places in it are taken back."""
    text = write_feature(tmp_path, HOME).read_bytes()

    def said(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))
        return typed(*words)

    code, out, err = said("run", "-", "--base-url", site.url, "--format", "json")
    assert (code, err, json.loads(out)["place"], json.loads(out)["job"]) == (0, "", "/dev/stdin:2", "stdin")
    assert said("run", "-:3", "--base-url", site.url, "--list")[1] == "/dev/stdin:2  # Home\n"
    assert said("lint", "-")[:2] == (0, "1 scenario can run\n")
    assert "/scenario-stdin-home/" in said("series", "-")[1]


def test_a_pipe(typed: Typed, tmp_path: Path, site: Site) -> None:
    """A shell's ``<(…)``, or a FIFO, is waited for."""
    text = write_feature(tmp_path, HOME).read_bytes()
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(text))
    writer.start()
    assert typed("run", "pipe", "--base-url", site.url)[0] == 0
    writer.join()


def test_a_mistake_in_another_scenario_of_the_file(typed: Typed, tmp_path: Path, site: Site) -> None:
    """Is mentioned, and keeps the one that is asked for from nothing."""
    feature = write_feature(tmp_path, f"Feature: Web\n  Scenario: Bad\n    When I dance\n  Scenario: Good\n{HOME}\n")
    code, out, err = typed("run", f"{feature}:4", "--base-url", site.url, "--format", "json")
    assert (code, json.loads(out)["scenario"], ":3:5: error: undefined step" in err) == (0, "Good", True)
    assert typed("run", f"{feature}:2", "--base-url", site.url)[0] == 2


TRICKS = """Feature: F \x1b[2J
  An \u202eold\u2066 story \x9b31m.

  Scenario: red \x1b[31m \u202egnihton
    When I go to "http://127.0.0.1:1/\x1b[5m"
"""


@pytest.mark.parametrize("more", ["", '    When I frobnicate "\x1b[5m\u202e"\n'], ids=["run", "mistake"])
def test_the_operator_s_own_words_play_no_tricks(typed: Typed, tmp_path: Path, more: str) -> None:
    """Escapes and marks of direction in a feature, copied from somewhere, are shown as such."""
    file = write_feature(tmp_path, "")
    file.write_text(TRICKS + more, encoding="utf-8")
    for command in ("run", "lint"):
        _, out, err = typed(command, str(file))
        assert {"\x1b", "\x9b", "\u202e", "\u2066"} & {*out, *err} == set()
    assert "\\x1b[5m" in "".join(typed("run", str(file))[1:])
