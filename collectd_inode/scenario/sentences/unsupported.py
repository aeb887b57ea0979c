"""Sentences that people know from cucumber-nagios and cucumber-rails and that are not done here: what is, instead."""

from __future__ import annotations

import re

from collectd_inode.scenario.sentences.sources import NAGIOS, RAILS
from collectd_inode.scenario.vocabulary import Known

_OWN_STEP = "a sentence of your own in a Steps folder"
_PING = "collectd's ping plugin does it, with a series for each host"
_AMQP = f"read the queue from RabbitMQ's management API with collectd's curl_json plugin, or write {_OWN_STEP}"
_SSH = "collectd's exec plugin runs a script that logs in by ssh; a scenario opens web pages"
_COMMAND = f"collectd's exec plugin runs commands; a scenario does not, unless you write {_OWN_STEP}"
_FILE = f"collectd's filecount, table and tail plugins look at files; a scenario does not, unless you write {_OWN_STEP}"
DATE = 'choose the parts of the date one by one: I select "2026" from "order_date_1i"'
SHOW = (
    "nobody sits before a daemon; a step that fails tells the page's title, address, status and what comes"
    " nearest, and collectd-inode run FILE shows it"
)
PAGE_NAME = (
    'say its path, as in I am on "/login", with BaseURL in front of it; the home page is the only name that is known'
)


def _known(source: str, instead: str, *rows: tuple[str, str]) -> tuple[Known, ...]:
    return tuple(Known(re.compile(pattern), example, instead, source) for pattern, example in rows)


_Q = r"""(?:"[^"]*"|'[^']*')"""

KNOWN: tuple[Known, ...] = (
    *_known(
        NAGIOS,
        _PING,
        (rf"(?:I )?ping {_Q}", 'I ping "www.example.org"'),
        (r"it should respond", "it should respond"),
        (r"it should not respond", "it should not respond"),
    ),
    *_known(
        NAGIOS,
        _AMQP,
        (r"(?:I )?have an? AMQP server on (.+)", "I have a AMQP server on rabbit.example.org"),
        (r"(?:I )?want to check on the (\w+) queue", "I want to check on the mail queue"),
        (r"it should have less than (\d+) messages per consumer", "it should have less than 50 messages per consumer"),
        (r"it should have less than (\d+) messages", "it should have less than 50 messages"),
        (r"it should have at least (\d+) messages", "it should have at least 1 messages"),
        (r"it should have more than (\d+) messages", "it should have more than 1 messages"),
        (r"[Ii]t should have more than (\d+) consumers", "It should have more than 1 consumers"),
        (r"[Ii]t should have less than (\d+) consumers", "It should have less than 9 consumers"),
        (r"[Ii]t should have (\d+) consumers", "It should have 3 consumers"),
    ),
    *_known(
        NAGIOS,
        _SSH,
        (r"(?:I )?have no public keys set", "I have no public keys set"),
        (r"(?:I )?have the following public keys:", "I have the following public keys:"),
        (
            rf"(?:I )?can ssh to {_Q} with the following credentials:",
            'I can ssh to "www.example.org" with the following credentials:',
        ),
        (
            r"(?:I )?can ssh to the following hosts with these credentials:",
            "I can ssh to the following hosts with these credentials:",
        ),
        (
            rf"(?:I )?ssh to {_Q} with the following credentials:",
            'I ssh to "www.example.org" with the following credentials:',
        ),
        (r'(?:I )?run "([^"]*)"', 'I run "uptime"'),
        (rf"(?:I )?should see {_Q} in the output", 'I should see "load" in the output'),
    ),
    *_known(
        NAGIOS,
        _COMMAND,
        (r"(?:I )?run '(.+)'", "I run 'uptime'"),
        (r"it should exit '(.+)'", "it should exit '0'"),
        (r"it should exit from being signaled", "it should exit from being signaled"),
        (r"'(.+)' should have '(.+)'", "'stdout' should have 'load'"),
        (r"'(.+)' should not have '(.+)'", "'stderr' should not have 'error'"),
        (r"'(.+)' should appear on '(.+)' '(.+)' times", "'load' should appear on 'stdout' '1' times"),
    ),
    *_known(
        NAGIOS,
        _FILE,
        (r"we have an empty file named '(.+)'", "we have an empty file named '/tmp/a'"),
        (r"we have the atime/mtime of '(.+)'", "we have the atime/mtime of '/tmp/a'"),
        (r"a file named '(.+)' should exist", "a file named '/tmp/a' should exist"),
        (r"a file named '(.+)' should not exist", "a file named '/tmp/a' should not exist"),
        (r"'(.+)' should exist and raise error when copying", "'/tmp/a' should exist and raise error when copying"),
        (r"the (.)time of '(.+)' should be different", "the mtime of '/tmp/a' should be different"),
        (r"a file named '(.+)' should contain '(.+)'", "a file named '/tmp/a' should contain 'b'"),
        (
            r"a file named '(.+)' should contain '(.+)' only '(.+)' time(?:s)?",
            "a file named '/tmp/a' should contain 'b' only '2' times",
        ),
        (r"the file named '(.+)' should be owned by '(.+)'", "the file named '/tmp/a' should be owned by 'root'"),
        (r"the file named '(.+)' should have mode '(.+)'", "the file named '/tmp/a' should have mode '0644'"),
        (r"a directory named '(.+)' should exist", "a directory named '/tmp' should exist"),
        (r"a directory named '(.+)' should not exist", "a directory named '/tmp' should not exist"),
        (
            r"the directory named '(.+)' should be owned by '(.+)'",
            "the directory named '/tmp' should be owned by 'root'",
        ),
        (r"the directory named '(.+)' should have mode '(.+)'", "the directory named '/tmp' should have mode '1777'"),
    ),
    *_known(
        RAILS,
        DATE,
        (rf"(?:I )?select {_Q} as the date and time", 'I select "2026-11-22 16:40" as the date and time'),
        (rf"(?:I )?select {_Q} as the {_Q} date and time", 'I select "2026-11-22 16:40" as the "Order" date and time'),
        (rf"(?:I )?select {_Q} as the time", 'I select "16:40" as the time'),
        (rf"(?:I )?select {_Q} as the {_Q} time", 'I select "16:40" as the "Order" time'),
        (rf"(?:I )?select {_Q} as the date", 'I select "2026-11-22" as the date'),
        (rf"(?:I )?select {_Q} as the {_Q} date", 'I select "2026-11-22" as the "Order" date'),
    ),
    *_known(
        RAILS,
        SHOW,
        (r"(?:I )?show me the page", "show me the page"),
        (r"(?:I )?save and open (?:the )?page|save_and_open_page", "save and open page"),
    ),
    *_known(
        RAILS,
        PAGE_NAME,
        (r"(?:I )?(?:am on|go to|should be on) the (.+)", "I am on the login page"),
    ),
)
