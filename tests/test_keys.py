"""What a configuration value may be, and what is said when it is not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode import keys
from collectd_inode.keys import BlockSettings, Expected, Key, Values, read_block
from collectd_inode.model import Confirm, Place, Problem
from collectd_inode.oconfig import Node, parse
from collectd_inode.scenario.settings import Settings

SCENARIO_KEYS = keys.keys_of(Settings)

SECONDS = keys.number("a number of seconds above 0, such as 5 or 2.5", above=0)
TIMES = keys.whole("a whole number of at least 1", least=1)
PAIR = keys.pair("a name", "its value")


@pytest.mark.parametrize(
    ("read", "values", "meant"),
    [
        (SECONDS, (2.5,), 2.5),
        (SECONDS, ("2.5",), 2.5),
        (TIMES, (3.0,), 3),
        (keys.text, ("a b",), "a b"),
        (keys.any_text, ("",), ""),
        (keys.boolean, (True,), True),
        (keys.boolean, ("Off",), False),
        (keys.boolean, ("yes",), True),
        (keys.choice("web", "legacy"), ("LEGACY",), "legacy"),
        (keys.web_address, ("https://www.example.org:8443/a",), "https://www.example.org:8443/a"),
        (keys.ip_address, ("2001:db8::1",), "2001:db8::1"),
        (keys.host_name, ("www 1.example",), "www 1.example"),
        (PAIR, ("user", "monitor"), ("user", "monitor")),
        (keys.variable_name, ("user-2_x",), "user-2_x"),
        (keys.endpoint, ("192.0.2.7",), ("192.0.2.7", None)),
        (keys.endpoint, ("192.0.2.7:8080",), ("192.0.2.7", 8080)),
        (keys.endpoint, ("2001:db8::1",), ("2001:db8::1", None)),
        (keys.endpoint, ("[2001:db8::1]:8080",), ("2001:db8::1", 8080)),
        (keys.endpoint, ("[2001:db8::1]",), ("2001:db8::1", None)),
    ],
)
def test_values_that_will_do(read: keys.Reader, values: Values, meant: object) -> None:
    """Each as its key takes it."""
    assert read(values) == meant


ADDRESS = 'an IP address with or without a port, such as "192.0.2.7:8080"'


@pytest.mark.parametrize(
    ("read", "values", "expected"),
    [
        (SECONDS, (), "one value, not none"),
        (SECONDS, (5.0, "s"), "one value, not 2: put it in double quotes"),
        (SECONDS, ("5 s",), "a number of seconds above 0, such as 5 or 2.5"),
        (SECONDS, (0.0,), "a number of seconds above 0, such as 5 or 2.5"),
        (SECONDS, (True,), "a number of seconds above 0, such as 5 or 2.5"),
        (SECONDS, ("nan",), "a number of seconds above 0, such as 5 or 2.5"),
        (SECONDS, ("inf",), "a number of seconds above 0, such as 5 or 2.5"),
        (TIMES, (1.5,), "a whole number of at least 1"),
        (TIMES, (0.0,), "a whole number of at least 1"),
        (keys.text, (5.0,), "a text in double quotes"),
        (keys.text, ("",), "a text that is not empty"),
        (keys.any_text, (True,), "a text in double quotes"),
        (keys.boolean, ("perhaps",), "true or false"),
        (keys.boolean, (1.0,), "true or false"),
        (keys.choice("any", "ipv4", "ipv6"), ("ipv5",), "any, ipv4 or ipv6"),
        (keys.web_address, ("www.example.org",), 'an address such as "https://www.example.org"'),
        (keys.web_address, ("ftp://www.example.org",), 'an address such as "https://www.example.org"'),
        (keys.web_address, ("http://www:port",), 'an address such as "https://www.example.org"'),
        (keys.web_address, ("http://[::1",), 'an address such as "https://www.example.org"'),
        (keys.ip_address, ("www.example.org",), 'an IP address such as "192.0.2.7"'),
        (keys.host_name, ("a/b",), "a host name of at most 63 bytes, without a slash"),
        (keys.host_name, ("..",), "a host name of at most 63 bytes, without a slash"),
        (keys.host_name, ("é" * 32,), "a host name of at most 63 bytes, without a slash"),
        (PAIR, ("user",), "two values, a name and its value, each in double quotes"),
        (PAIR, ("user", ""), "a text that is not empty"),
        (keys.variable_name, ("2nd",), "a name of letters, digits, _ and -, starting with a letter"),
        (keys.variable_name, ("a}",), "a name of letters, digits, _ and -, starting with a letter"),
        (keys.endpoint, ("www.example.org:80",), ADDRESS),
        (keys.endpoint, ("192.0.2.7:0",), ADDRESS),
        (keys.endpoint, ("192.0.2.7:65536",), ADDRESS),
        (keys.endpoint, ("192.0.2.7:",), ADDRESS),
        (keys.endpoint, ("[2001:db8::1",), ADDRESS),
        (keys.file, ("/gone/file",), "a file that exists"),
        (keys.file, ("/",), "a file, not a folder"),
        (keys.folder, ("/dev/null",), "a folder, not what is there"),
        (keys.folder, ("/gone",), "a folder that exists"),
        (keys.file_or_folder, ("/gone",), "a file or folder that exists"),
    ],
)
def test_values_that_will_not_do(read: keys.Reader, values: Values, expected: str) -> None:
    """What would have: the end of the sentence "expected …"."""
    with pytest.raises(Expected) as caught:
        read(values)
    assert str(caught.value) == expected


@given(st.text(max_size=40))
def test_no_text_breaks_a_reader(value: str) -> None:
    """It is taken or it is not as expected; nothing else is ever raised."""
    for key in (*keys.COMMON_KEYS, *SCENARIO_KEYS):
        for values in ((value,), (value, value)):
            try:
                key.read(values)
            except Expected as error:
                assert str(error)


def test_a_file_of_somebody_else(tmp_path: Path) -> None:
    """One that may not be read is as good as none."""
    path = tmp_path / "key.pem"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:  # root may read everything
        patch.setattr(os, "access", lambda path, mode: mode != os.R_OK)
        with pytest.raises(Expected, match=r"^a file that can be read \(permission denied\)$"):
            keys.file((str(path),))


TABLE = (
    Key("Interval", SECONDS),
    Key("Feature", keys.text, repeatable=True),
    Key("Header", PAIR, repeatable=True, secret=True),
)


def block(text: str) -> Node:
    return Node("Scenario", ("web",), parse(text, "c.conf"))


def read(text: str) -> tuple[dict[str, Any], list[str]]:
    values, problems = read_block('<Scenario "web">', block(text), TABLE, ["Other"])
    return values, [str(problem) for problem in problems]


def test_a_block_that_will_do() -> None:
    """In any case of letters; repeatable keys make a list; blocks inside are for others."""
    values, problems = read('interval 5\nFEATURE "a"\nFeature "b"\n<Other>\nx 1\n</Other>\n')
    assert (values, problems) == ({"Interval": 5.0, "Feature": ["a", "b"]}, [])


def test_every_mistake_of_a_block() -> None:
    """All at once, each with place, block, key and value; a private value is not repeated."""
    values, problems = read(
        'Interval 0\nIntervall 5\nFeature a b\nHeader "Cookie"\nHeader "a" "b" "hunter2"\nPassword "hunter2"\nZzz on\n'
        "<Feature>\nx 1\n</Feature>\n"
    )
    assert values == {}
    assert problems == [
        'c.conf:1: <Scenario "web"> Interval 0: expected a number of seconds above 0, such as 5 or 2.5',
        'c.conf:2: <Scenario "web"> Intervall 5: unknown key; did you mean Interval?',
        'c.conf:3: <Scenario "web"> Feature "a" "b": expected one value, not 2: put it in double quotes',
        'c.conf:4: <Scenario "web"> Header …: expected two values, a name and its value, each in double quotes',
        'c.conf:5: <Scenario "web"> Header …: expected two values, a name and its value, each in double quotes',
        'c.conf:6: <Scenario "web"> Password …: unknown key; known here: Feature, Header, Interval, Other',
        'c.conf:7: <Scenario "web"> Zzz true: unknown key; known here: Feature, Header, Interval, Other',
        'c.conf:8: <Scenario "web"> Feature: expected a key with a value, not a block',
    ]


def test_a_key_that_stands_twice() -> None:
    """The first counts, the second is a mistake."""
    assert read("Interval 5\nInterval 6\n") == (
        {"Interval": 5.0},
        ['c.conf:2: <Scenario "web"> Interval 6: expected this key once only'],
    )


def test_a_password_in_an_address_is_not_repeated() -> None:
    """Not in the message about what is wrong with it."""
    assert keys.written("BaseURL", ["ftp://me:hunter2@www/a@b"]) == 'BaseURL "ftp://…@www/a@b"'


def test_a_problem_in_words() -> None:
    """Its place first, as compilers have it; what is not known is left out."""
    assert str(Problem("expected more", Place("c.conf", 3), "Interval 0")) == "c.conf:3: Interval 0: expected more"
    assert str(Problem("no job")) == "no job"


def test_a_run_is_never_longer_than_its_interval() -> None:
    """Deadline = min(Timeout, Interval)."""
    assert (BlockSettings(60, 30).deadline, BlockSettings(10, 30).deadline) == (30, 10)


def test_what_a_block_does_not_say_comes_from_its_module() -> None:
    """Key by key."""
    defaults = BlockSettings(10, 5, "www", "ipv4", False, Confirm(3, 3))
    assert keys.filled(defaults, {"Interval": 20.0}) == BlockSettings(20, 5, "www", "ipv4", False, Confirm(3, 3))
    assert keys.filled(defaults, {}) == defaults


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("X Probe", "v"), "a header's name of letters, digits and hyphens, without the colon"),
        (("X-Probe:", "v"), "a header's name of letters, digits and hyphens, without the colon"),
        (("Content-Length", "3"), "a header that does not follow from the request by itself"),
        (("X-Probe", "v\r\nCookie: x"), "a header without line breaks, controls, and blanks at its ends"),
        (("X-Probe", " v"), "a header without line breaks, controls, and blanks at its ends"),
    ],
)
def test_headers_that_could_not_be_sent(values: Values, expected: str) -> None:
    """They are found before the first run."""
    with pytest.raises(Expected) as caught:
        next(key for key in SCENARIO_KEYS if key.name == "Header").read(values)
    assert str(caught.value) == expected


def test_every_key_of_a_scenario_reaches_its_settings() -> None:
    """No key is read and then forgotten."""
    marks = {key.name: [key.name] if key.repeatable else key.name for key in SCENARIO_KEYS}
    made = keys.filled(Settings(), marks)
    assert {getattr(made, field) for field in keys.rows_of(made)} == {
        tuple(mark) if isinstance(mark, list) else mark for mark in marks.values()
    }
