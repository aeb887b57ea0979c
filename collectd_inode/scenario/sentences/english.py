"""The English sentences of cucumber-nagios and of cucumber-rails' web steps.

Ranks: 0 the usual form, 10 the unquoted ones, 20 the historic greedy quotes (``I follow "say "hi""``), which only old
files need.
"""

from __future__ import annotations

import re

from collectd_inode.scenario import actions
from collectd_inode.scenario.vocabulary import Sentence

NAGIOS, RAILS = "cucumber-nagios", "cucumber-rails"
UNQUOTED, GREEDY = 10, 20

SENTENCES = (
    Sentence(
        "(I )go to {string}",
        actions.go,
        example='I go to "http://www.example.org/contact"',
        about="Open an address; a path is taken from BaseURL.",
        source=NAGIOS,
    ),
    Sentence(
        re.compile(r"(?:I )?go to (?![\"'])(.+)"),
        actions.go,
        example="I go to http://www.example.org",
        about="The same without quotes, as before cucumber-nagios 0.9.",
        source=NAGIOS,
        rank=UNQUOTED,
    ),
    Sentence(
        "(I )am on {string}",
        actions.go,
        example='I am on "/contact"',
        about="Open an address, as a Given.",
        source=RAILS,
    ),
    Sentence(
        re.compile(r"(?:I )?am on (?![\"'])(.+)"),
        actions.go,
        example="I am on the home page",
        about="Open an address, as a Given; the home page is BaseURL's /.",
        source=RAILS,
        rank=UNQUOTED,
    ),
    Sentence(
        "(I )follow {string}",
        actions.follow,
        example='I follow "Contact"',
        about="Click the link with this text (or title, or id).",
        source=NAGIOS,
    ),
    Sentence(
        "(I )press {string}",
        actions.press,
        example='I press "Log in"',
        about="Click the button with this text, value, title, name or id.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )fill in {string} with {string}",
        actions.fill_in,
        example='I fill in "User name" with "monitor"',
        about="Type a value into the field with this label, placeholder, name or id.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )fill in {string} for {string}",
        actions.fill_in_for,
        example='I fill in "monitor" for "User name"',
        about="The same, the value first.",
        source=RAILS,
    ),
    Sentence(
        "(I )select {string} from {string}",
        actions.select,
        example='I select "English" from "Language"',
        about="Choose an option of a drop-down list.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )check {string}",
        actions.check,
        example='I check "Remember me"',
        about="Tick a checkbox.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )uncheck {string}",
        actions.uncheck,
        example='I uncheck "Remember me"',
        about="Untick a checkbox.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )choose {string}",
        actions.choose,
        example='I choose "By post"',
        about="Choose a radio button.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )submit the form named {string}",
        actions.submit,
        example='I submit the form named "search"',
        about="Send the form with this id or name, without clicking a button.",
        source=NAGIOS,
    ),
    Sentence(
        "(I )should see {string}",
        actions.should_see,
        example='I should see "Welcome"',
        about="The page's visible text contains this text; white space does not matter.",
        source=NAGIOS,
        vocabulary="web",
    ),
    Sentence(
        "(I )should not see {string}",
        actions.should_not_see,
        example='I should not see "Sorry"',
        about="The page's visible text does not contain this text.",
        source=NAGIOS,
        vocabulary="web",
    ),
    Sentence(
        re.compile(r"(?:I )?should see /([^/]*)/"),
        actions.should_see_pattern,
        example=r"I should see /Order \d+ received/",
        about="A regular expression matches the page's visible text.",
        source=RAILS,
    ),
    Sentence(
        re.compile(r"(?:I )?should not see /([^/]*)/"),
        actions.should_not_see_pattern,
        example="I should not see /[Ee]rror/",
        about="A regular expression matches nowhere in the page's visible text.",
        source=RAILS,
    ),
    Sentence(
        re.compile(r"the (?:.*) ?request should succeed.*"),
        actions.should_succeed,
        example="the request should succeed",
        about="The answer's status is below 400; the step that fetched it then does not judge the status itself.",
        source=NAGIOS,
        vocabulary="web",
    ),
    Sentence(
        re.compile(r"the (?:.*) ?request should fail.*"),
        actions.should_fail,
        example="the request should fail",
        about="The answer's status is 400 or more.",
        source=NAGIOS,
        vocabulary="web",
    ),
    # cucumber-nagios as it was: quotes reach to the last one, "see" is a regular expression on the page's source.
    Sentence(
        re.compile(r'I should see "(.*)"'),
        actions.source_should_match,
        example='I should see "<h1>.*Welcome"',
        about="A regular expression matches the page's source, tags included.",
        source=NAGIOS,
        vocabulary="legacy",
    ),
    Sentence(
        re.compile(r'I should not see "(.*)"'),
        actions.source_should_not_match,
        example='I should not see "error|exception"',
        about="A regular expression matches nowhere in the page's source.",
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
            (r'I go to "(.*)"', actions.go, 'I go to "/search?q="a""'),
            (r'I follow "(.*)"', actions.follow, 'I follow "Say "hi""'),
            (r'I press "(.*)"', actions.press, 'I press "Say "hi""'),
            (r'I fill in "(.*)" with "(.*)"', actions.fill_in, 'I fill in "Name" with "Jo "Bo" Doe"'),
            (r'I select "(.*)" from "(.*)"', actions.select, 'I select "19" rack" from "Size"'),
            (r'I check "(.*)"', actions.check, 'I check "19" rack"'),
            (r'I uncheck "(.*)"', actions.uncheck, 'I uncheck "19" rack"'),
            (r'I choose "(.*)"', actions.choose, 'I choose "19" rack"'),
            (r'I submit the form named "(.*)"', actions.submit, 'I submit the form named "a"b"'),
        )
    ),
)
