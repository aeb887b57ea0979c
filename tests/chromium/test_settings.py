"""Which keys and sentences go with which engine: others are refused when they are loaded, by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode import oconfig
from collectd_inode.config import Configuration
from collectd_inode.keys import BlockSettings
from collectd_inode.model import Cause, Door
from collectd_inode.scenario.jobs import load
from collectd_inode.scenario.replay import Replay, WithChromium
from collectd_inode.scenario.settings import Settings
from tests.helpers.examples import write_feature


def mistakes(keys: str, door: Door = Door.SERVE) -> list[str]:
    """What is wrong with a block that says *keys*."""
    nodes = oconfig.parse(f'<Scenario "x">\nFeature "/none"\n{keys}\n</Scenario>\n')
    return [problem.what for problem in Configuration(door).section(oconfig.Node("Module", (), tuple(nodes)))]


@pytest.mark.parametrize(
    ("keys", "what"),
    [
        ('Engine "netscape"', "expected plain or chromium"),
        ("WaitFor 5", "WaitFor is for Engine chromium, not plain"),
        ('Window "390x844"', "Window is for Engine chromium, not plain"),
        ("BrowserJobs 1", "BrowserJobs is for Engine chromium, not plain"),
        ('Engine "chromium"\nMaxRedirects 20', "MaxRedirects is for Engine plain, not chromium"),
        ('Engine "chromium"\nSourceAddress "192.0.2.1"', "SourceAddress is for Engine plain, not chromium"),
        ('Engine "chromium"\nVocabulary "legacy"', 'Vocabulary "legacy" is for Engine plain, not chromium'),
        ('Engine "chromium"\nAddressFamily "ipv4"', 'AddressFamily "ipv4" is for Engine plain, not chromium'),
        (
            'Engine "chromium"\nMinimumTLS "1.0"',
            'MinimumTLS "1.0": expected 1.2 or 1.3 with Engine chromium, which knows no older',
        ),
        ('Engine "chromium"\nWindow "wide"', 'expected a width and a height in pixels, such as "1280x800"'),
        ('Engine "chromium"\nLocale "German!"', 'expected a language and perhaps a country, such as "de-DE"'),
        ('Engine "chromium"\nTimeZone "1"', 'expected a time zone such as "Europe/Berlin"'),
        ('Engine "chromium"\nWaitFor 0', "expected a number of seconds above 0, such as 5 or 2.5"),
    ],
)
def test_keys_of_the_other_engine_are_refused(keys: str, what: str) -> None:
    """Also where they say no more than their default."""
    assert mistakes(keys) == [what]


def test_inside_collectd_it_is_refused_with_the_mend() -> None:
    """Whatever else the block says."""
    (what,) = mistakes('Engine "chromium"', Door.EMBEDDED)
    assert what.startswith('Engine "chromium" does not run inside collectd: ')
    assert "collectd-inode exec FILE" in what
    assert "collectd-inode serve FILE" in what


@pytest.mark.parametrize(
    ("said", "interval"), [("", 300.0), ("Interval 60", 60.0)], ids=["by default", "as the block says"]
)
def test_such_blocks_run_every_five_minutes(said: str, interval: float) -> None:
    """Unless they say otherwise; other blocks run as they did."""
    other = '<Scenario "y">\nFeature "/none"\n</Scenario>\n'
    text = f'<Scenario "x">\nFeature "/none"\nEngine "chromium"\n{said}\n</Scenario>\n{other}'
    made = Configuration(Door.SERVE)
    assert made.section(oconfig.Node("Module", (), tuple(oconfig.parse(text)))) == []
    assert [block.common.interval for block in made.blocks] == [interval, 60.0]


@pytest.mark.parametrize("step", ['I send a GET request to "/x"', 'I visit "/x" without following redirects'])
def test_sentences_of_the_other_engine_are_refused(tmp_path: Path, step: str) -> None:
    """The job says which; the same step is fine in the other."""
    feature = str(write_feature(tmp_path, f"When {step}"))
    settings = Settings((feature,), base_url="http://www.test", engine="chromium", browser_path="/bin/true")
    (job,) = load("web", settings, BlockSettings()).jobs
    assert job.trouble is not None
    assert job.trouble.cause is Cause.CONFIGURATION
    assert job.trouble.message.endswith("this sentence is for Engine plain, not chromium")
    (plain,) = load("web", Settings((feature,), base_url="http://www.test"), BlockSettings()).jobs
    assert plain.trouble is None


def test_a_missing_browser_is_told_before_the_first_run(tmp_path: Path) -> None:
    """The job runs all the same, and says so each time until there is one."""
    feature = str(write_feature(tmp_path, 'When I go to "http://www.test/"'))
    loaded = load("web", Settings((feature,), engine="chromium", browser_path="/none"), BlockSettings())
    assert [problem.what for problem in loaded.problems] == ["BrowserPath /none: expected a program"]
    (job,) = loaded.jobs
    assert isinstance(job.probe, Replay)
    assert isinstance(job.probe.open, WithChromium)
    assert (job.engine, ("duration", "queued") in job.readings) == ("chromium", True)
