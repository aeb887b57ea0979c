"""Every step that cucumber-nagios 0.9.3 and cucumber-rails' web steps shipped is one here, or says what to use instead.

The patterns are theirs: each example is held against the pattern that it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from collectd_inode.scenario import actions
from collectd_inode.scenario.sentences import every_unsupported, vocabulary
from collectd_inode.scenario.vocabulary import Matched, Undefined, Unsupported

WEB = vocabulary()
LEGACY = vocabulary(name="legacy")

Row = tuple[str, str, Callable[..., Any], tuple[object, ...]]

NAGIOS: tuple[Row, ...] = (
    # http_steps.rb
    (
        r"^I am HTTP digest authenticated with the following credentials:$",
        "I am HTTP digest authenticated with the following credentials:",
        actions.authenticate,
        (),
    ),
    (r'^I go to "(.*)"$', 'I go to "/a b"', actions.go, ("/a b",)),
    (r"^I go to (.*)$", "I go to http://www.example.org", actions.go, ("http://www.example.org",)),
    (r'^I press "(.*)"$', 'I press "Log in"', actions.press, ("Log in",)),
    (r'^I follow "(.*)"$', 'I follow "Contact"', actions.follow, ("Contact",)),
    (r'^I fill in "(.*)" with "(.*)"$', 'I fill in "User" with "monitor"', actions.fill_in, ("User", "monitor")),
    (r'^I select "(.*)" from "(.*)"$', 'I select "German" from "Tongue"', actions.select, ("German", "Tongue")),
    (r'^I check "(.*)"$', 'I check "Remember me"', actions.check, ("Remember me",)),
    (r'^I uncheck "(.*)"$', 'I uncheck "Remember me"', actions.uncheck, ("Remember me",)),
    (r'^I choose "(.*)"$', 'I choose "By post"', actions.choose, ("By post",)),
    (r'^I submit the form named "(.*)"$', 'I submit the form named "search"', actions.submit, ("search",)),
    (
        r'^I attach the file at "(.*)" to "(.*)"',
        'I attach the file at "/a" to "Photo"',
        actions.attach,
        ("/a", "Photo"),
    ),
    (r'^I should see "(.*)"$', 'I should see "Welcome"', actions.should_see, ("Welcome",)),
    (r'^I should not see "(.*)"$', 'I should not see "Sorry"', actions.should_not_see, ("Sorry",)),
    (r"^I should see an? (\w+) message$", "I should see an error message", actions.should_see_message, ("error",)),
    (r"^I should see an? (\w+) message$", "I should see a flash message", actions.should_see_message, ("flash",)),
    (r"^the (.*) ?request should succeed", "the request should succeed", actions.should_succeed, ()),
    (r"^the (.*) ?request should succeed", "the second request should succeed too", actions.should_succeed, ()),
    (r"^the (.*) ?request should fail", "the request should fail", actions.should_fail, ()),
    # http_header_steps.rb
    (r'I fetch headers from "(.*)"', 'I fetch headers from "/"', actions.go, ("/",)),
    (r'^the "(.*)" header should be "(.*)"$', 'the "Age" header should be "0"', actions.header_should_be, ("Age", "0")),
    (
        r'^the response should contain the "(.*)" header$',
        'the response should contain the "ETag" header',
        actions.should_have_header,
        ("ETag",),
    ),
    (
        r'^the "(.*)" header should contain "(.*)"$',
        r'the "Age" header should contain "\d+"',
        actions.header_should_contain,
        ("Age", r"\d+"),
    ),
    (
        r'^the "(.*)" header should not contain "(.*)"$',
        'the "Server" header should not contain "PHP"',
        actions.header_should_not_contain,
        ("Server", "PHP"),
    ),
    # benchmark_steps.rb
    (r"^I am benchmarking$", "I am benchmarking", actions.start_benchmark, ()),
    (
        r"^the elapsed time should be less than (\d+) seconds$",
        "the elapsed time should be less than 5 seconds",
        actions.elapsed_should_be_less,
        (5.0,),
    ),
    # dns_steps.rb
    (r'^I lookup "([^\"]*)"$', 'I lookup "www.example.org"', actions.lookup, ("www.example.org",)),
    (r'^I reverse lookup "([^\"]*)"$', 'I reverse lookup "192.0.2.7"', actions.reverse_lookup, ("192.0.2.7",)),
    (
        r'^the name should resolve to "([^\"]*)"$',
        'the name should resolve to "192.0.2.7"',
        actions.name_should_resolve,
        ("192.0.2.7",),
    ),
    (
        r'^the IP should resolve to "([^\"]*)"$',
        'the IP should resolve to "www.example.org"',
        actions.ip_should_resolve,
        ("www.example.org",),
    ),
)

RAILS: tuple[Row, ...] = (
    (r"^show me the page$", "show me the page", actions.show_page, ()),
    (r"^(?:|I )am on (.+)$", "I am on the home page", actions.go, ("the home page",)),
    (r"^(?:|I )am on (.+)$", "I am on /contact", actions.go, ("/contact",)),
    (r"^(?:|I )go to (.+)$", "I go to the homepage", actions.go, ("the homepage",)),
    (r'^(?:|I )press "([^"]*)"$', 'I press "Log in"', actions.press, ("Log in",)),
    (r'^(?:|I )follow "([^"]*)"$', 'I follow "Contact"', actions.follow, ("Contact",)),
    (r'^(?:|I )fill in "([^"]*)" with "([^"]*)"$', 'I fill in "User" with ""', actions.fill_in, ("User", "")),
    (r'^(?:|I )fill in "([^"]*)" for "([^"]*)"$', 'I fill in "me" for "User"', actions.fill_in_for, ("me", "User")),
    (r"^(?:|I )fill in the following:$", "I fill in the following:", actions.fill_in_table, ()),
    (r'^(?:|I )select "([^"]*)" from "([^"]*)"$', 'I select "b" from "a"', actions.select, ("b", "a")),
    (r'^(?:|I )check "([^"]*)"$', 'I check "a"', actions.check, ("a",)),
    (r'^(?:|I )uncheck "([^"]*)"$', 'I uncheck "a"', actions.uncheck, ("a",)),
    (r'^(?:|I )choose "([^"]*)"$', 'I choose "a"', actions.choose, ("a",)),
    (r'^(?:|I )attach the file "([^"]*)" to "([^"]*)"$', 'I attach the file "/a" to "b"', actions.attach, ("/a", "b")),
    (r'^(?:|I )should see "([^"]*)"$', 'I should see "Welcome"', actions.should_see, ("Welcome",)),
    (r"^(?:|I )should see \/([^\/]*)\/$", r"I should see /\d+ left/", actions.should_see_pattern, (r"\d+ left",)),
    (r'^(?:|I )should not see "([^"]*)"$', 'I should not see "Sorry"', actions.should_not_see, ("Sorry",)),
    (r"^(?:|I )should not see \/([^\/]*)\/$", "I should not see /a+/", actions.should_not_see_pattern, ("a+",)),
    (
        r'^the "([^"]*)" field(?: within (.*))? should contain "([^"]*)"$',
        'the "User" field should contain "mon.*"',
        actions.field_should_contain,
        ("User", "mon.*"),
    ),
    (
        r'^the "([^"]*)" field(?: within (.*))? should not contain "([^"]*)"$',
        'the "User" field should not contain "root"',
        actions.field_should_not_contain,
        ("User", "root"),
    ),
    (
        r'^the "([^"]*)" checkbox(?: within (.*))? should be checked$',
        'the "Remember me" checkbox should be checked',
        actions.should_be_checked,
        ("Remember me",),
    ),
    (
        r'^the "([^"]*)" checkbox(?: within (.*))? should not be checked$',
        'the "Remember me" checkbox should not be checked',
        actions.should_not_be_checked,
        ("Remember me",),
    ),
    (r"^(?:|I )should be on (.+)$", 'I should be on "/a"', actions.should_be_on, ("/a",)),
    (r"^(?:|I )should be on (.+)$", "I should be on the home page", actions.should_be_on, ("the home page",)),
    (
        r"^(?:|I )should have the following query string:$",
        "I should have the following query string:",
        actions.query_should_be,
        (),
    ),
    (
        r'^the "([^"]*)" field should have the error "([^"]*)"$',
        'the "User" field should have the error "is missing"',
        actions.field_should_have_error,
        ("User", "is missing"),
    ),
    (
        r'^the "([^"]*)" field should have no error$',
        'the "User" field should have no error',
        actions.field_should_have_no_error,
        ("User",),
    ),
)

WITHIN: tuple[tuple[str, str, Callable[..., Any], tuple[object, ...], tuple[str, ...]], ...] = (
    (
        r'^(?:|I )follow "([^"]*)" within (.*)$',
        'I follow "Contact" within "#menu"',
        actions.follow,
        ("Contact",),
        ("#menu",),
    ),
    (
        r'^(?:|I )should see "([^"]*)" within "([^"]*)"$',
        'I should see "a" within "#b"',
        actions.should_see,
        ("a",),
        ("#b",),
    ),
    (
        r'^(?:|I )should not see "([^"]*)" within "([^"]*)"$',
        'I should not see "a" within "//b"',
        actions.should_not_see,
        ("a",),
        ("//b",),
    ),
    (
        r"^(?:|I )should see \/([^\/]*)\/ within (.*)$",
        'I should see /a+/ within "#b"',
        actions.should_see_pattern,
        ("a+",),
        ("#b",),
    ),
    (
        r"^(?:|I )should not see \/([^\/]*)\/ within (.*)$",
        "I should not see /a+/ within the page",
        actions.should_not_see_pattern,
        ("a+",),
        (),
    ),
    (r"^(.*) within (.*[^:])$", 'I check "a" within "#b"', actions.check, ("a",), ("#b",)),
    (r"^(.*) within (.*[^:])$", 'I check "a" within "i" within "#b"', actions.check, ("a",), ("#b", "i")),
    (
        r"^(.*) within (.*[^:]):$",
        'I fill in the following within "#b":',
        actions.fill_in_table,
        (),
        ("#b",),
    ),
    (
        r'^the "([^"]*)" field(?: within (.*))? should contain "([^"]*)"$',
        'the "User" field within "#b" should contain "me"',
        actions.field_should_contain,
        ("User", "me"),
        ("#b",),
    ),
    (
        r'^the "([^"]*)" field(?: within (.*))? should not contain "([^"]*)"$',
        'the "User" field within "#b" should not contain "me"',
        actions.field_should_not_contain,
        ("User", "me"),
        ("#b",),
    ),
    (
        r'^the "([^"]*)" checkbox(?: within (.*))? should be checked$',
        'the "a" checkbox within "#b" should be checked',
        actions.should_be_checked,
        ("a",),
        ("#b",),
    ),
    (
        r'^the "([^"]*)" checkbox(?: within (.*))? should not be checked$',
        'the "a" checkbox within the page should not be checked',
        actions.should_not_be_checked,
        ("a",),
        (),
    ),
)

GOVUK: tuple[Row, ...] = (
    (r'I visit "(.*)"', 'I visit "/a"', actions.go, ("/a",)),
    (r'I request "(.*)"', 'I request "/a"', actions.go, ("/a",)),
    (r"I should get a (\d+) status code", "I should get a 404 status code", actions.status_should_be, (404,)),
    (
        r'I should get a "(.*)" header of "(.*)"',
        'I should get a "Age" header of "0"',
        actions.header_should_be,
        ("Age", "0"),
    ),
    (
        r'I should be at a location path of "(.*)"',
        'I should be at a location path of "/a"',
        actions.should_be_on,
        ("/a",),
    ),
    (r'I click on the link "(.*)"', 'I click on the link "Contact"', actions.follow, ("Contact",)),
    (r'I click on the button "(.*)"', 'I click on the button "Log in"', actions.press, ("Log in",)),
)


def other_quotes(text: str) -> str:
    """The same step in single quotes."""
    return text.replace('"', "'")


@pytest.mark.parametrize(("pattern", "example", "action", "arguments"), [*NAGIOS, *RAILS, *GOVUK])
def test_a_shipped_step_is_a_sentence(
    pattern: str, example: str, action: Callable[..., Any], arguments: tuple[object, ...]
) -> None:
    """It does the same, in double quotes as it was written and in single ones, with its I and without."""
    assert re.search(pattern, example)
    for text in (example, other_quotes(example), example.removeprefix("I ")):
        found = WEB.match(text)
        assert isinstance(found, Matched)
        assert (found.sentence.action, found.arguments, found.scopes) == (action, arguments, ())


@pytest.mark.parametrize(("pattern", "example", "action", "arguments", "scopes"), WITHIN)
def test_a_shipped_step_in_a_part_of_the_page(
    pattern: str, example: str, action: Callable[..., Any], arguments: tuple[object, ...], scopes: tuple[str, ...]
) -> None:
    """It is the same step, with the part; the page itself is no part."""
    assert re.search(pattern, example)
    for text in (example, other_quotes(example), example.removeprefix("I ")):
        found = WEB.match(text)
        assert isinstance(found, Matched)
        assert (found.sentence.action, found.arguments, found.scopes) == (action, arguments, scopes)


@pytest.mark.parametrize(("pattern", "example", "action", "arguments"), NAGIOS)
def test_cucumber_nagios_steps_are_legacy_too(
    pattern: str, example: str, action: Callable[..., Any], arguments: tuple[object, ...]
) -> None:
    """With another meaning, some of them, but none is undefined."""
    found = LEGACY.match(example)
    assert isinstance(found, Matched)
    assert found.arguments == arguments
    assert (found.sentence.action is action) or found.sentence.vocabulary == "legacy"


UNSUPPORTED = (
    # ping_steps.rb
    r'^I ping "([^\"]*)"$',
    r"^it should respond$",
    r"^it should not respond$",
    # amqp_steps.rb
    r"I have a AMQP server on (.+)$",
    r"I want to check on the (\w+) queue$",
    r"it should have less than (\d+) messages per consumer$",
    r"it should have less than (\d+) messages$",
    r"it should have at least (\d+) messages$",
    r"it should have more than (\d+) messages$",
    r"It should have more than (\d+) consumers$",
    r"It should have less than (\d+) consumers$",
    r"It should have (\d+) consumers$",
    # ssh_steps.rb
    r"^I have no public keys set$",
    r"^I have the following public keys:$",
    r'^I can ssh to "([^\"]*)" with the following credentials:$',
    r"^I can ssh to the following hosts with these credentials:$",
    r'^I ssh to "([^\"]*)" with the following credentials:$',
    r'^I run "([^\"]*)"$',
    r'^I should see "([^\"]*)" in the output$',
    # command_steps.rb
    r"^I run '(.+)'$",
    r"^it should exit '(.+)'$",
    r"^it should exit from being signaled$",
    r"^'(.+)' should have '(.+)'$",
    r"^'(.+)' should not have '(.+)'$",
    r"^'(.+)' should appear on '(.+)' '(.+)' times$",
    # file_steps.rb
    r"^we have an empty file named '(.+)'$",
    r"^we have the atime\/mtime of '(.+)'$",
    r"^a file named '(.+)' should exist$",
    r"^a file named '(.+)' should not exist$",
    r"^'(.+)' should exist and raise error when copying$",
    r"^the (.)time of '(.+)' should be different$",
    r"^a file named '(.+)' should contain '(.+)'$",
    r"^a file named '(.+)' should contain '(.+)' only '(.+)' time(?:s)?$",
    r"^the file named '(.+)' should be owned by '(.+)'$",
    r"^the file named '(.+)' should have mode '(.+)'$",
    r"^a directory named '(.+)' should exist$",
    r"^a directory named '(.+)' should not exist$",
    r"^the directory named '(.+)' should be owned by '(.+)'$",
    r"^the directory named '(.+)' should have mode '(.+)'$",
    # cucumber-rails
    r'^(?:|I )select "([^"]*)" as the date and time$',
    r'^(?:|I )select "([^"]*)" as the "([^"]*)" date and time$',
    r'^(?:|I )select "([^"]*)" as the time$',
    r'^(?:|I )select "([^"]*)" as the "([^"]*)" time$',
    r'^(?:|I )select "([^"]*)" as the date$',
    r'^(?:|I )select "([^"]*)" as the "([^"]*)" date$',
)


@pytest.mark.parametrize("pattern", UNSUPPORTED)
def test_a_shipped_step_that_is_not_done_is_known(pattern: str) -> None:
    """One row at least is an example of it."""
    assert [known.example for known in every_unsupported() if re.search(pattern, known.example)]


@pytest.mark.parametrize("known", every_unsupported(), ids=lambda known: known.example)
def test_a_known_step_says_what_to_use_instead(known: Unsupported) -> None:
    """In either vocabulary, and offers nothing that merely looks like it."""
    for either in (WEB, LEGACY):
        found = either.match(known.example)
        assert isinstance(found, Undefined)
        assert found.instead == f"known from {known.source}, but not supported: {known.instead}"
        assert found.suggestions == ()


def test_a_step_of_the_other_vocabulary_says_so() -> None:
    """An old file's quotes within quotes."""
    found = WEB.match('I follow "Say "hi""')
    assert isinstance(found, Undefined)
    assert found.instead == 'only valid under Vocabulary "legacy", as /I follow "(.*)"/'


def test_within_beats_greedy_quotes() -> None:
    """In an old file too: two quoted texts are not one with quotes inside."""
    found = LEGACY.match('I should see "a" within "b"')
    assert isinstance(found, Matched)
    assert (found.sentence.action, found.arguments, found.scopes) == (actions.source_should_match, ("a",), ("b",))
    greedy = LEGACY.match('I should see "a" and "b"')
    assert isinstance(greedy, Matched)
    assert (greedy.arguments, greedy.scopes) == (('a" and "b',), ())


def test_a_field_s_part_of_the_page_within_another() -> None:
    """The part at the step's end is the outer one."""
    found = WEB.match('the "User" field within "#a" should contain "x" within "#b"')
    assert isinstance(found, Matched)
    assert (found.arguments, found.scopes) == (("User", "x"), ("#b", "#a"))


def test_within_something_without_quotes_is_undefined() -> None:
    """cucumber-rails wanted it mapped to a selector; here it is to be written out."""
    found = WEB.match('I should see "Welcome" within the footer')
    assert isinstance(found, Undefined)
    assert 'I should see "Welcome" within "#main"' in found.suggestions


def test_parts_of_parts_have_an_end() -> None:
    """A line of a megabyte is no reason to recurse as deep."""
    assert isinstance(WEB.match('I check "a"' + ' within "b"' * 10), Matched)
    assert isinstance(WEB.match('I check "a"' + ' within "b"' * 20_000), Undefined)


def test_an_undefined_step_within_a_part_of_the_page_is_told_as_its_own() -> None:
    """With what the inner step is known for."""
    found = WEB.match('I ping "a" within "#main"')
    assert isinstance(found, Undefined)
    assert (found.text, found.instead[:26]) == ('I ping "a" within "#main"', "known from cucumber-nagios")
