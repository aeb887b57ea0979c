"""The sentences that no peer has: redirects, cookies, elements, JSON, requests for APIs, values remembered, times.

``${name}`` may stand wherever a text does, and for most of the numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from collectd_inode.scenario import actions, answers, json_body, remembering, requests
from collectd_inode.scenario.sentences.sources import LITERAL, OURS, QUOTED
from collectd_inode.scenario.vocabulary import Action, Expression, Sentence

_METHOD = "([A-Za-z]+)"
_COUNTS = (("exactly", "", "3"), ("at least", "at least ", "1"), ("at most", "at most ", "50"))


def _ours(expression: Expression, action: Action, example: str, about: str, *given: object) -> Sentence:
    return Sentence(expression, action, example=example, about=about, source=OURS, given=given)


def _remembered(what: str, action: Action, example: str, about: str) -> Iterator[Sentence]:
    """Two rows: for a value that may be shown, and for one that the feature file calls a secret."""
    yield _ours(f"(I )remember {what} as {{string}}", action, f'I remember {example} as "it"', about, False)
    yield _ours(
        f"(I )remember {what} as the secret {{string}}",
        action,
        f'I remember {example} as the secret "it"',
        "The same, hidden in all reports.",
        True,
    )


def _found(pattern: str, action: Action, example: str, about: str) -> Iterator[Sentence]:
    """The same for what a regular expression finds; *pattern* is one itself."""
    for secret, form, told in ((False, "", about), (True, "the secret ", "The same, hidden in all reports.")):
        yield _ours(
            re.compile(rf"(?:I )?remember {pattern} as {form}{QUOTED}"),
            action,
            f'I remember {example} as {form}"it"',
            told,
            secret,
        )


SENTENCES = (
    # The status, and how we came where we are.
    _ours(
        "the status should be {int}",
        actions.status_should_be,
        "the status should be 200",
        "The answer's status is this one.",
    ),
    _ours(
        "the status should not be {int}",
        answers.status_should_not_be,
        "the status should not be 500",
        "The answer's status is another one.",
    ),
    _ours(
        "(I )should be redirected to {string}",
        answers.should_be_redirected,
        'I should be redirected to "/login"',
        "The last request was redirected to this path or URL, or over it; the query only where one is said.",
    ),
    _ours(
        "(I )should be redirected {int} time(s)",
        answers.should_be_redirected_times,
        "I should be redirected 1 time",
        "The last request was redirected so often, meta refreshes included.",
    ),
    _ours(
        "(I )should not be redirected",
        answers.should_not_be_redirected,
        "I should not be redirected",
        "The last request was answered where it was sent.",
    ),
    _ours(
        "the address should be {string}",
        answers.address_should_be,
        'the address should be "https://www.example.org/search?q=a"',
        "The page's address is this one, query included; a path is taken from the page's host.",
    ),
    _ours(
        re.compile(r"the address should match /(.+)/"),
        answers.address_should_match,
        r"the address should match /order=\d+/",
        "A regular expression matches the page's address.",
    ),
    _ours(
        "the path should be {string}",
        actions.should_be_on,
        'the path should be "/contact"',
        'The same as "I should be on".',
    ),
    _ours(
        "the host should be {string}",
        answers.host_should_be,
        'the host should be "www.example.org"',
        "The page's address has this host; with a port where one is said.",
    ),
    _ours(
        "the scheme should be {string}",
        answers.scheme_should_be,
        'the scheme should be "https"',
        "The page's address begins so.",
    ),
    _ours("the page should be secure", answers.should_be_secure, "the page should be secure", "It came over https."),
    # Cookies.
    _ours(
        "(I )should have the cookie {string}",
        answers.should_have_cookie,
        'I should have the cookie "lang"',
        "The browser has a cookie of this name, from any site it has been to in this run.",
    ),
    _ours(
        "(I )should not have the cookie {string}",
        answers.should_not_have_cookie,
        'I should not have the cookie "tracking"',
        "The browser has no cookie of this name.",
    ),
    _ours(
        "the {string} cookie should be {string}",
        answers.cookie_should_be,
        'the "lang" cookie should be "en"',
        "The cookie has exactly this value.",
    ),
    _ours(
        re.compile(rf"the {QUOTED} cookie should match /(.+)/"),
        answers.cookie_should_match,
        r'the "lang" cookie should match /^en/',
        "A regular expression matches the cookie's value.",
    ),
    _ours(
        "the {string} cookie should be secure",
        answers.cookie_should_be_secure,
        'the "session" cookie should be secure',
        "It has the attribute Secure: it goes over https only.",
    ),
    _ours(
        "the {string} cookie should be HttpOnly",
        answers.cookie_should_be_http_only,
        'the "session" cookie should be HttpOnly',
        "It has the attribute HttpOnly: scripts cannot read it.",
    ),
    _ours(
        "the {string} cookie should be SameSite {string}",
        answers.cookie_should_be_same_site,
        'the "session" cookie should be SameSite "Lax"',
        "It has the attribute SameSite, with this value: Strict, Lax or None.",
    ),
    # The title, and elements.
    _ours(
        "the title should be {string}",
        answers.title_should_be,
        'the title should be "Welcome"',
        "The page's title is this one; white space does not matter.",
    ),
    _ours(
        "the title should contain {string}",
        answers.title_should_contain,
        'the title should contain "Wel"',
        "The page's title has this text in it.",
    ),
    _ours(
        "the title should not contain {string}",
        answers.title_should_not_contain,
        'the title should not contain "Error"',
        "The page's title has not this text in it.",
    ),
    _ours(
        "(I )should see an element {string}",
        answers.should_see_elements,
        'I should see an element "#basket .item"',
        "At least one element can be seen: a CSS selector, or XPath where it begins with / or (.",
        "at least",
        1,
    ),
    _ours(
        "(I )should see no element {string}",
        answers.should_see_elements,
        'I should see no element ".error"',
        "None of these elements can be seen.",
        "exactly",
        0,
    ),
    _ours(
        "(I )should not see an element {string}",
        answers.should_see_elements,
        'I should not see an element ".error"',
        "The same.",
        "exactly",
        0,
    ),
    *(
        _ours(
            f"(I )should see {words}{{int}} element(s) {{string}}",
            answers.should_see_elements,
            f'I should see {words}{count} elements "ul.news > li"',
            "So many of these elements can be seen.",
            comparison,
        )
        for comparison, words, count in _COUNTS
    ),
    _ours(
        "there should be an element {string}",
        answers.should_have_elements,
        "there should be an element \"//link[@rel='canonical']\"",
        "The page has such an element, to be seen or not.",
        "at least",
        1,
    ),
    _ours(
        "there should be no element {string}",
        answers.should_have_elements,
        'there should be no element "meta[name=robots]"',
        "The page has no such element.",
        "exactly",
        0,
    ),
    *(
        _ours(
            f"there should be {words}{{int}} element(s) {{string}}",
            answers.should_have_elements,
            f'there should be {words}{count} elements "script"',
            "The page has so many of these elements, to be seen or not.",
            comparison,
        )
        for comparison, words, count in _COUNTS
    ),
    # JSON.
    _ours(
        "the response should be JSON",
        json_body.should_be_json,
        "the response should be JSON",
        "The answer can be read as JSON.",
    ),
    _ours(
        "the JSON at {string} should be {string}",
        json_body.should_be,
        'the JSON at "/user/name" should be "monitor"',
        'The text at a place: a JSON Pointer (RFC 6901), "/items/0/name"; "" is the whole answer.',
    ),
    _ours(
        re.compile(rf"the JSON at {QUOTED} should be {LITERAL}"),
        json_body.should_be_literal,
        'the JSON at "/healthy" should be true',
        "The value there is this number, true, false or null; 3 and 3.0 are the same.",
    ),
    _ours(
        "the JSON at {string} should be:",
        json_body.should_be_document,
        'the JSON at "/items/0" should be:',
        "The value there is equal to the JSON in the doc string below the step; the order of keys does not matter.",
    ),
    _ours(
        "the JSON at {string} should not be {string}",
        json_body.should_not_be,
        'the JSON at "/state" should not be "down"',
        "There is a value, and it is not this text.",
    ),
    _ours(
        re.compile(rf"the JSON at {QUOTED} should not be {LITERAL}"),
        json_body.should_not_be_literal,
        'the JSON at "/error" should not be null',
        "There is a value, and it is not this number, true, false or null.",
    ),
    _ours(
        "the JSON at {string} should contain {string}",
        json_body.should_contain,
        'the JSON at "/tags" should contain "news"',
        "A text has this part, an array this element, an object this key.",
    ),
    _ours(
        re.compile(rf"the JSON at {QUOTED} should contain {LITERAL}"),
        json_body.should_contain_literal,
        'the JSON at "/ports" should contain 443',
        "An array has this number, true, false or null as an element.",
    ),
    _ours(
        "the JSON at {string} should not contain {string}",
        json_body.should_not_contain,
        'the JSON at "/warnings" should not contain "disk"',
        "There is a value, and it has no such part, element or key.",
    ),
    _ours(
        re.compile(rf"the JSON at {QUOTED} should not contain {LITERAL}"),
        json_body.should_not_contain_literal,
        'the JSON at "/ports" should not contain 23',
        "There is a value, and it has no such element.",
    ),
    _ours(
        re.compile(rf"the JSON at {QUOTED} should match /(.+)/"),
        json_body.should_match,
        r'the JSON at "/version" should match /^2\.\d+/',
        "A regular expression matches the text or number there.",
    ),
    *(
        _ours(
            f"the JSON at {{string}} should have {words}{{int}} element(s)",
            json_body.should_have_elements,
            f'the JSON at "/items" should have {words}{count} elements',
            "The array has so many elements, or the object so many members.",
            comparison,
        )
        for comparison, words, count in _COUNTS
    ),
    *(
        _ours(
            re.compile(rf"the JSON at {QUOTED} should be {comparison} {LITERAL}"),
            json_body.should_compare,
            f'the JSON at "/queue" should be {comparison} 100',
            "The number there compares so.",
            comparison,
        )
        for comparison in ("less than", "more than", "at least", "at most")
    ),
    _ours(
        "the JSON at {string} should exist",
        json_body.should_exist,
        'the JSON at "/user/id" should exist',
        "There is a value, null perhaps.",
    ),
    _ours(
        "the JSON at {string} should not exist",
        json_body.should_not_exist,
        'the JSON at "/error" should not exist',
        "There is no value at this place.",
    ),
    # Requests.
    _ours(
        re.compile(rf"(?:I )?send an? {_METHOD} request to {QUOTED}"),
        requests.send,
        'I send a DELETE request to "/api/orders/7"',
        "Any method, as a program would send it (Accept: */*); a path is taken from BaseURL.",
    ),
    _ours(
        re.compile(rf"(?:I )?send an? {_METHOD} request to {QUOTED} with (?:the )?body:"),
        requests.send_body,
        'I send a POST request to "/api/orders" with the body:',
        'The doc string is sent as it stands; its """json gives the Content-Type, else what it looks like.',
    ),
    _ours(
        re.compile(rf"(?:I )?send an? {_METHOD} request to {QUOTED} with (?:the )?form data:"),
        requests.send_form,
        'I send a POST request to "/oauth/token" with the form data:',
        "A table of two columns below the step, name and value, sent as a form would send it.",
    ),
    _ours(
        "(I )set the header {string} to {string}",
        requests.set_header,
        'I set the header "Accept" to "application/json"',
        "It goes with all requests that follow in this run; Authorization and Cookie to BaseURL's host only.",
    ),
    _ours(
        "(I )authenticate with the bearer token {string}",
        requests.authenticate_with_token,
        'I authenticate with the bearer token "${token}"',
        "It is shown to BaseURL's host from now on, and hidden in all reports.",
    ),
    _ours(
        "(I )authenticate as {string} with the password {string}",
        requests.authenticate_as,
        'I authenticate as "monitor" with the password "${password}"',
        "Answer with these when the site asks, basic or digest; the password is hidden in all reports.",
    ),
    _ours(
        "(I )press Enter in {string}",
        requests.press_enter,
        'I press Enter in "Search"',
        "Send the field's form as the Enter key does: by its first submit button.",
    ),
    # Remembering.
    *_found(
        "the text matching /(.+)/",
        remembering.remember_text,
        r"the text matching /Order (\d+)/",
        "From then on ${it} is what the group (or all of it) finds in the visible text.",
    ),
    *_found(
        "the source matching /(.+)/",
        remembering.remember_source,
        "the source matching /nonce: '(\\w+)'/",
        "The same in the page's source, tags and scripts included.",
    ),
    *_remembered(
        "the {string} field",
        remembering.remember_field,
        'the "Reference" field',
        "What is in a field; a password, or a hidden field's value, is hidden in all reports.",
    ),
    *_remembered(
        "the address of the link {string}",
        remembering.remember_link,
        'the address of the link "Download"',
        "Where a link leads, as an absolute address.",
    ),
    *_remembered(
        "the {string} header", remembering.remember_header, 'the "Location" header', "A header of the answer."
    ),
    *_found(
        rf"the {QUOTED} header matching /(.+)/",
        remembering.remember_from_header,
        'the "Link" header matching /<(.+?)>; rel="next"/',
        "What a regular expression finds in a header of the answer.",
    ),
    *_remembered(
        "the JSON at {string}",
        remembering.remember_json,
        'the JSON at "/access_token"',
        "The text or number at a place of the answer; an array or object as JSON.",
    ),
    *_remembered(
        "the text of the element {string}",
        remembering.remember_element,
        'the text of the element "#order-number"',
        "Of several elements the first.",
    ),
    *_remembered(
        "the attribute {string} of the element {string}",
        remembering.remember_attribute,
        'the attribute "content" of the element "meta[name=csrf-token]"',
        "Of several elements the first.",
    ),
    _ours(
        "(I )remember the {string} cookie as {string}",
        remembering.remember_cookie,
        'I remember the "session" cookie as "it"',
        "A cookie's value; it is hidden in all reports.",
    ),
    *_remembered("the address", remembering.remember_address, "the address", "The page's address."),
    *_remembered("the title", remembering.remember_title, "the title", "The page's title."),
    _ours(
        "(I )remember {string} as {string}",
        remembering.remember,
        'I remember "monitor-${number}@example.org" as "mail"',
        "A text put together from others.",
    ),
    _ours(
        "(I )remember a new uuid as {string}",
        remembering.remember_uuid,
        'I remember a new uuid as "id"',
        "A random UUID, another one each time.",
    ),
    _ours(
        "(I )remember a new number as {string}",
        remembering.remember_number,
        'I remember a new number as "number"',
        "A number that this scenario has not had before: 1, 2, 3, …; StateDir keeps it over restarts.",
    ),
    _ours(
        "(I )remember the timestamp as {string}",
        remembering.remember_timestamp,
        'I remember the timestamp as "now"',
        "Seconds since 1970.",
    ),
    _ours(
        "(I )remember the time as {string}",
        remembering.remember_time,
        'I remember the time as "now"',
        "As ISO 8601 has it, in UTC: 2026-11-22T18:47:39Z.",
    ),
    # The last step's time.
    _ours(
        "the last step should take less than {float} ms",
        answers.last_step_should_take_less,
        "the last step should take less than 800 ms",
        'The last step that opened a page or sent something took less wire time.  With ", or warn" a warning only.',
        0.001,
    ),
    _ours(
        "the last step should take less than {float} second(s)",
        answers.last_step_should_take_less,
        "the last step should take less than 2 seconds",
        "The same in seconds; 0.5 is possible.",
        1.0,
    ),
)
