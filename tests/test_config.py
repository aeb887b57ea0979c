"""From configuration to jobs: tiny wrong configurations and what is said of them, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.config import Configuration, load_all
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Confirm, Door, Job, Status, Trouble
from collectd_inode.oconfig import Node, parse, sections
from collectd_inode.scenario.replay import Replay
from tests.helpers.examples import configured, write_feature

CONFIRM = 'a whole number from 1 to 100, or "3/10" for three of the last ten'
BLOCK = '<Scenario "web">\n{}\n</Scenario>\n'


@pytest.mark.parametrize(
    ("text", "mistakes"),
    [
        ("Intervall 60\n", ["c.conf:1: <Module> Intervall 60: unknown key; did you mean Interval?"]),
        (
            'Interval "1 m"\n',
            ['c.conf:1: <Module> Interval "1 m": expected a number of seconds, at least 1, such as 60'],
        ),
        ("Interval 0.5\n", ["c.conf:1: <Module> Interval 0.5: expected a number of seconds, at least 1, such as 60"]),
        ("Notify always\n", ['c.conf:1: <Module> Notify "always": expected change or none']),
        ("AddressFamily ipv5\n", ['c.conf:1: <Module> AddressFamily "ipv5": expected any, ipv4 or ipv6']),
        ("Confirm 0\n", [f"c.conf:1: <Module> Confirm 0: expected {CONFIRM}"]),
        ('Confirm "4/3"\n', [f'c.conf:1: <Module> Confirm "4/3": expected {CONFIRM}']),
        ('Confirm "0/3"\n', [f'c.conf:1: <Module> Confirm "0/3": expected {CONFIRM}']),
        ('Confirm "1/101"\n', [f'c.conf:1: <Module> Confirm "1/101": expected {CONFIRM}']),
        ("Confirm 3 10\n", ["c.conf:1: <Module> Confirm 3 10: expected one value, not 2: put it in double quotes"]),
        ("ConfirmRecovery 0\n", ["c.conf:1: <Module> ConfirmRecovery 0: expected a whole number from 1 to 100"]),
        ("Heartbeat -1\n", ["c.conf:1: <Module> Heartbeat -1: expected a number of seconds, or 0 for never"]),
        ("RetryInterval 15\n", ['c.conf:1: <Module> RetryInterval 15: expected it within <Scenario "NAME">']),
        ("Port 25\n", ['c.conf:1: <Module> Port 25: expected it within <Smarthost "NAME"> or <NTP "NAME">']),
        ('secret "x" "y"\n', ['c.conf:1: <Module> secret …: expected it within <Scenario "NAME">']),
        (
            '<Scenario "a">\nFeature "x"\nRetryInterval 0.5\n</Scenario>\n',
            [
                'c.conf:3: <Scenario "a"> RetryInterval 0.5: expected a number of seconds of at least 1, or 0 for never'
            ],
        ),
        ("StrictConfig 1\n", ["c.conf:1: <Module> StrictConfig 1: expected true or false"]),
        ("<Scenario>\nX 1\n</Scenario>\n", ["c.conf:1: <Scenario>: expected one value, not none as the job's name"]),
        (
            "<Scenario 5>\nInterval 60\n</Scenario>\n",
            ["c.conf:1: <Scenario 5>: expected a text in double quotes as the job's name"],
        ),
        (
            '<Scenario "--">\nInterval 60\n</Scenario>\n',
            ["c.conf:1: <Scenario \"--\">: expected a name with a letter or digit in it as the job's name"],
        ),
        (
            BLOCK.format('Feature "x"') + '<Scenario "WEB">\nInterval 60\n</Scenario>\n',
            ['c.conf:4: <Scenario "WEB">: expected another name: there is a job of this name already'],
        ),
        (
            BLOCK.format('Feature "x"\nTimeout "5 s"'),
            ['c.conf:3: <Scenario "web"> Timeout "5 s": expected a number of seconds above 0, such as 5 or 2.5'],
        ),
        (
            BLOCK.format('Feature "x"\nAllowPrivate "a/b"'),
            [
                'c.conf:3: <Scenario "web"> AllowPrivate "a/b":'
                " expected a host such as www.example.org, or *.example.org for all below it"
            ],
        ),
        (
            BLOCK.format('Tags "web and"'),
            [
                'c.conf:2: <Scenario "web"> Tags "web and": expected a tag expression such as "@web and not @slow"'
                ' ("web and" is not a tag expression: it ends where a tag should stand)'
            ],
        ),
        (
            BLOCK.format("Detail all"),
            ['c.conf:2: <Scenario "web"> Detail "all": expected scenario, step or phase'],
        ),
        (
            BLOCK.format("MinimumTLS 1.4"),
            ['c.conf:2: <Scenario "web"> MinimumTLS 1.4: expected 1.0, 1.1, 1.2 or 1.3'],
        ),
        (
            BLOCK.format("StartOffset 60"),
            ['c.conf:1: <Scenario "web">: expected a StartOffset below the interval (60 s)'],
        ),
        (
            BLOCK.format('ClientKey "/dev/null"\nAuthUser "me"'),
            [
                'c.conf:2: <Scenario "web"> ClientKey "/dev/null": expected a file, not what is there',
                'c.conf:1: <Scenario "web">: expected AuthUser and AuthPasswordFile together',
            ],
        ),
        (
            BLOCK.format('Secret "pass word" "/x"\nResolve "www" "here"\nSaveFailures "/gone/by"\nMaxBodySize 0'),
            [
                'c.conf:2: <Scenario "web"> Secret "pass word" "/x":'
                " expected a name of letters, digits, _ and -, starting with a letter",
                'c.conf:3: <Scenario "web"> Resolve "www" "here":'
                ' expected an IP address with or without a port, such as "192.0.2.7:8080"',
                'c.conf:4: <Scenario "web"> SaveFailures "/gone/by":'
                " expected a folder, or a new one in a folder that exists",
                'c.conf:5: <Scenario "web"> MaxBodySize 0: expected a number of bytes, at least 1',
            ],
        ),
        (
            '<Xyz "relay">\nServer "x"\n</Xyz>\n',
            [
                'c.conf:1: <Module> Xyz "relay": unknown key; known here: AddressFamily, Clock, Confirm,'
                " ConfirmRecovery, Fleet, Heartbeat, Host, Interval, NTP, Notify, Quorum, RepeatInterval, SaveAge,"
                " SaveTotal, Scenario, Shard, Smarthost, StateDir, StrictConfig, Timeout"
            ],
        ),
    ],
)  # fmt: skip
def test_mistakes(text: str, mistakes: list[str]) -> None:
    """Each by place, block, key and value, and what was expected; all of them at once."""
    assert [str(problem) for problem in configured(text).problems] == mistakes


def fleet(text: str, door: Door) -> Configuration:
    made = Configuration(door)
    made.section(Node("Module", ("collectd_inode",), parse(text, "c.conf")))
    return made


@pytest.mark.parametrize("door", [Door.EXEC, Door.SERVE, Door.CLI])
def test_a_fleet_is_for_the_door_that_sees_values(door: Door) -> None:
    """Behind the others it is a mistake."""
    made = fleet("Fleet true\n", door)
    assert [str(problem) for problem in made.problems] == [
        "c.conf:1: <Module> Fleet true: expected it in the <Module collectd_inode> of the hub's collectd.conf:"
        " only collectd's own process sees the values of other machines"
    ]
    assert (made.fleet, made.late_warnings()) == (False, [])


def test_a_fleet_wants_a_state_dir() -> None:
    """Before it or behind it."""
    made = fleet("Fleet true\n", Door.EMBEDDED)
    assert [str(one) for one in made.late_warnings()] == [
        "c.conf:1: <Module> Fleet true: without StateDir nothing is kept"
    ]
    made = fleet('Fleet true\nStateDir "/nonexistent/inode"\n', Door.EMBEDDED)
    assert (made.fleet, made.late_warnings()) == (True, [])


def test_a_refused_block_s_job_says_so_every_interval() -> None:
    """A typo must raise the alarm, not silence it: the block's good keys count for the job that stands in for it."""
    made = configured('Interval 20\n<Scenario "Web Home">\nInterval 30\nTimeout -1\nHost "www"\nX 1\n</Scenario>\n')
    said = 'c.conf:4: <Scenario "Web Home"> Timeout -1: expected a number of seconds above 0, such as 5 or 2.5'
    trouble = Trouble(Status.ERROR, Cause.CONFIGURATION, said + " (and 1 more)")
    refused = Job("scenario", "Web Home", "web_home", host="www", interval=30, deadline=30, trouble=trouble)
    assert (made.blocks, made.refused) == ([], [refused])


def test_a_refused_block_stops_no_other(tmp_path: Path) -> None:
    """The rest runs."""
    feature = write_feature(tmp_path, 'When I go to "http://www"')
    made = configured(f'Zzz 1\n{BLOCK.format("Zzz 1")}<Scenario "two">\nFeature "{feature}"\n</Scenario>\n')
    jobs = [job for part in load_all(made) for job in part.jobs]
    assert [(job.instance, job.trouble is None) for job in jobs] == [("two-home", True), ("web", False)]


def test_what_a_module_says_holds_for_its_blocks_and_those_that_follow(tmp_path: Path) -> None:
    """Sections add up, in the order of the file; a block has the last word."""
    made = Configuration()
    for text in ('Interval 10\nHost "www"\n', 'Confirm 2\n<Scenario "web">\nInterval 20\n</Scenario>\n'):
        made.section(Node("Module", ("collectd_inode",), parse(text, "c.conf")))
    assert [block.common for block in made.blocks] == [BlockSettings(interval=20, host="www", confirm=Confirm(2, 2))]


@pytest.mark.parametrize("name", ["bücher.test", "bu\u0308cher.test", "XN--BCHER-KVA.test."])
def test_a_name_of_resolve_fits_however_it_is_written(tmp_path: Path, name: str) -> None:
    """Over the wire it is the same name."""
    feature = write_feature(tmp_path, 'When I go to "http://bücher.test/"')
    made = configured(BLOCK.format(f'Feature "{feature}"\nResolve "{name}" "127.0.0.1"'))
    (job,) = [job for part in load_all(made) for job in part.jobs]
    assert isinstance(job.probe, Replay)
    assert job.probe.route.resolve == {"xn--bcher-kva.test": ("127.0.0.1", None)}


@pytest.mark.parametrize(
    ("written", "name", "alone"),
    [
        ("Bücher.test:443", "xn--bcher-kva.test:443", "xn--bcher-kva.test"),
        ("www.test.:80", "www.test:80", "www.test"),
        ("[2001:DB8::1]:443", "[2001:db8::1]:443", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1", "2001:db8::1"),
        ("192.0.2.7:80", "192.0.2.7:80", "192.0.2.7"),
    ],
)
def test_a_name_of_resolve_may_have_a_port(tmp_path: Path, written: str, name: str, alone: str) -> None:
    """It holds for that port only; the host counts as meant."""
    feature = write_feature(tmp_path, 'When I go to "http://www.test/"')
    made = configured(BLOCK.format(f'Feature "{feature}"\nResolve "{written}" "127.0.0.1:8080"'))
    (job,) = [job for part in load_all(made) for job in part.jobs]
    assert isinstance(job.probe, Replay)
    assert job.probe.route.resolve == {name: ("127.0.0.1", 8080)}
    assert job.probe.profile.own_hosts == {alone}


@pytest.mark.parametrize("written", ["www.test:0", "www.test:65536", ":443", "www.test:http"])
def test_a_port_of_resolve_that_is_none(written: str) -> None:
    """The sentence says what is expected there."""
    problems = configured(BLOCK.format(f'Feature "/f"\nResolve "{written}" "127.0.0.1"')).problems
    start = f'c.conf:3: <Scenario "web"> Resolve "{written}" "127.0.0.1": expected a host name'
    assert [str(problem)[: len(start)] for problem in problems] == [start]


def test_hosts_inside_that_are_meant(tmp_path: Path) -> None:
    """AllowPrivate takes hosts, and all below one; what Resolve names needs none."""
    feature = write_feature(tmp_path, 'When I go to "http://www.test/"')
    keys = 'AllowPrivate "*.Bücher.test"\nAllowPrivate "sso.test."\nResolve "www.test" "127.0.0.1"'
    made = configured(BLOCK.format(f'Feature "{feature}"\n{keys}'))
    (job,) = [job for part in load_all(made) for job in part.jobs]
    assert isinstance(job.probe, Replay)
    assert job.probe.profile.allow_private == ("*.xn--bcher-kva.test", "sso.test")
    assert job.probe.profile.own_hosts == {"www.test"}


def test_a_timeout_above_the_interval_is_a_warning() -> None:
    """If somebody has said so; the default may well be."""
    said = 'c.conf:1: <Scenario "web">: a run ends when its interval does: Timeout 30 counts as 10'
    assert [str(w) for w in configured(BLOCK.format("Interval 10\nTimeout 30")).warnings] == [said]
    assert configured(BLOCK.format("Interval 10")).warnings == []


def test_strictness_and_the_state_s_folder() -> None:
    """Off, and memory only, unless the module says otherwise."""
    assert (configured("").strict, configured("").state_dir) == (False, None)
    made = configured('StrictConfig true\nStateDir "/var/lib/collectd/inode"\n')
    assert (made.strict, made.state_dir) == (True, "/var/lib/collectd/inode")


def test_a_state_dir_below_a_file_is_a_warning() -> None:
    """Known before the first thing is to be kept."""
    lost = "/dev/null/inode cannot be made, so a restart loses all state: /dev/null is not a folder"
    said = [str(warning) for warning in configured('StateDir "/dev/null/inode"\n').warnings]
    assert said == [f"<Module>: {lost}"]


def test_our_sections_in_a_whole_configuration() -> None:
    """Those of other modules and plugins are none of our business; names in any case of letters."""
    tree = parse(
        "<Plugin cpu>\n<Module collectd_inode>\nA 1\n</Module>\n</Plugin>\n"
        '<Plugin "python">\n<Module other>\nB 1\n</Module>\n<Module "collectd_inode">\nC 1\n</Module>\n</Plugin>\n'
        "<Plugin python>\n<module Collectd_Inode>\nD 1\n</module>\n</Plugin>\n"
    )
    assert [section.children[0].key for section in sections(tree)] == ["C", "D"]


@pytest.mark.parametrize("door", Door)
def test_every_block_knows_behind_which_door_it_runs(door: Door) -> None:
    """What a block may say may depend on where its jobs run."""
    made = Configuration(door)
    for name in ("one", "two"):  # sections add up
        text = f'<Clock "{name}">\nInterval 60\n</Clock>\n'
        made.section(Node("Module", ("collectd_inode",), parse(text, "c.conf")))

    assert {block.common.door for block in made.blocks} == {door}
