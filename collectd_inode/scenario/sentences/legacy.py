"""cucumber-nagios as it was: "see" is a regular expression on the page's source, quotes may reach to the last one."""

from __future__ import annotations

import re

from collectd_inode.scenario import actions
from collectd_inode.scenario.sentences.sources import GREEDY, NAGIOS
from collectd_inode.scenario.vocabulary import Sentence

SENTENCES = (
    Sentence(
        re.compile(r'(?:I )?should see "([^"]*)"'),
        actions.source_should_match,
        example='I should see "<h1>.*Welcome"',
        about="A regular expression matches the page's source, tags included.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    Sentence(
        re.compile(r'(?:I )?should not see "([^"]*)"'),
        actions.source_should_not_match,
        example='I should not see "error|exception"',
        about="A regular expression matches nowhere in the page's source.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    Sentence(
        re.compile(r"(?:I )?should see an? (\w+) message"),
        actions.legacy_should_see_message,
        example="I should see an error message",
        about="An element has this class and no other, to be seen or not.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    Sentence(
        re.compile(r"the (?:.*) ?request should succeed.*"),
        actions.legacy_should_succeed,
        example="the request should succeed",
        about="The answer's status is 200 to 499, as Webrat had it.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    Sentence(
        re.compile(r"the (?:.*) ?request should fail.*"),
        actions.legacy_should_fail,
        example="the request should fail",
        about="The answer's status is not 200 to 499, as Webrat had it.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    *(
        Sentence(
            re.compile(pattern),
            action,
            example=example,
            about="The same with quotes inside the quotes.",
            source=NAGIOS,
            rank=GREEDY,
            vocabulary="legacy",
        )
        for pattern, action, example in (
            (r'I should see "(.*)"', actions.source_should_match, 'I should see "class="error""'),
            (r'I should not see "(.*)"', actions.source_should_not_match, 'I should not see "class="error""'),
            (r'I go to "(.*)"', actions.go, 'I go to "/search?q="a""'),
            (r'I follow "(.*)"', actions.follow, 'I follow "Say "hi""'),
            (r'I press "(.*)"', actions.press, 'I press "Say "hi""'),
            (r'I fill in "(.*)" with "(.*)"', actions.fill_in, 'I fill in "Name" with "Jo "Bo" Doe"'),
            (r'I select "(.*)" from "(.*)"', actions.select, 'I select "19" rack" from "Size"'),
            (r'I check "(.*)"', actions.check, 'I check "19" rack"'),
            (r'I uncheck "(.*)"', actions.uncheck, 'I uncheck "19" rack"'),
            (r'I choose "(.*)"', actions.choose, 'I choose "19" rack"'),
            (r'I submit the form named "(.*)"', actions.submit, 'I submit the form named "a"b"'),
            (
                r'I attach the file at "(.*)" to "(.*)"',
                actions.attach,
                'I attach the file at "/srv/a "b".txt" to "File"',
            ),
            (r'I fetch headers from "(.*)"', actions.go, 'I fetch headers from "/search?q="a""'),
            (
                r'the "(.*)" header should be "(.*)"',
                actions.header_should_be,
                'the "ETag" header should be ""33a64df5""',
            ),
            (
                r'the "(.*)" header should contain "(.*)"',
                actions.header_should_contain,
                'the "ETag" header should contain ""33a""',
            ),
            (
                r'the "(.*)" header should not contain "(.*)"',
                actions.header_should_not_contain,
                'the "ETag" header should not contain ""33a""',
            ),
        )
    ),
)
