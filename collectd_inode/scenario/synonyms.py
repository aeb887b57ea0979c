"""The words of other tools, and our sentences with the same meaning: for suggestions only.

A row is a regular expression, looked for at the beginning of a step without its "I", and the examples of the sentences
that are meant, best first.  The first row that fits is taken.  No examples: nothing here does that.
"""

from __future__ import annotations

import re

from collectd_inode.scenario.synonyms_de import GERMAN, Rows, main_clause
from collectd_inode.scenario.wordings import plain, seen, without_subject

_FOLLOW = 'I follow "Contact"'
_PRESS = 'I press "Log in"'
_FILL_IN = 'I fill in "User name" with "monitor"'
_GO_TO = 'I go to "http://www.example.org/contact"'
_SEE, _NOT_SEE = 'I should see "Welcome"', 'I should not see "Sorry"'
_ELEMENT, _NO_ELEMENT = 'I should see an element "#basket .item"', 'I should see no element ".error"'
_STATUS = ("the status should be 200", "I should get a 404 status code")
_ON = ('I should be on "/contact"', 'I should be redirected to "/login"')
_COUNT = 'I should see 3 elements "ul.news > li"'
_WITHIN = 'I should see "Welcome" within "#main"'
_CHECKED = ('the "Remember me" checkbox should be checked', 'the "Remember me" checkbox should not be checked')
_CONTAINS = ('the "User name" field should contain "monitor"', 'the "User name" field should not contain "root"')
_DISABLED = {
    what: (f'the "{name}" {what} should be disabled', f'the "{name}" {what} should not be disabled')
    for what, name in (("field", "E-mail"), ("button", "Pay"))
}
_OPPOSITE = re.compile(
    r"\b(?:deselect|unchoose|unpick|enabled|active|editable|writable|(?:in)?aktiv(?:iert)?|bearbeitbar|anklickbar"
    r"|klickbar|beschreibbar|freigegeben|bedienbar)\b"
)
"""Words of other tools that look like one of ours with the opposite meaning."""
_THERE = (
    r".*\b(?:exists?|visible|present|displayed|shown|appears?|there|available|see[ns]?"
    r"|on (?:the|this|my) (?:\w+ )?(?:page|screen))\b"
)
_SHOULD_SEE = r"(?:should (?:also |still )?(?:see|find|get|read)|sees?|can see|must see|will see)"
_TITLE = r"(?:the )?(?:(?:page|window|document|tab|browser)(?:'s)? )?title\b"
_ADDRESS = ('the address should be "https://www.example.org/search?q=a"', 'the path should be "/contact"')
_NOT = r".*\b(?:not?|n't|hidden|invisible|absent|disappear)\b"
_CLICK = r"(?:double[- ])?(?:click|tap|hit|push|touch)"
_WRITE = r"(?:type|enter|input|write|put|key in|fill|set)"
_THE_URL = r"(?:should (?:be (?:at|on) |see )?)?(?:the )?(?:current |page |browser )*(?:url|uri|location)\b"
_THE_PAGE = r"(?:the )?(?:page|body|screen|response|source|text)\b.*"

_A = r"(?:(?:the|an?|any|some|my|our|this|that|only|also) )*(?:\"\" )?"
_FIELD = (
    r"(?:(?:input|text|password|form|search|e-?mail|edit|user ?name|name|select|combo|list) ?)*"
    r"(?:field|input|text ?box|text ?area|drop-?down|box)"
)
_PICTURE = (
    r"(?:elements?|css|xpath|selectors?|locators?|images?|pictures?|icons?|logos?|videos?|photos?|forms?|img|div|svg"
    r"|tag"
    r"|spinner|map|chart|avatar|class|id)"
)
_LINKS = ('I should see the link "Contact"', 'I should not see the link "Contact"')
_BUTTONS = ('I should see the button "Pay"', 'I should not see the button "Pay"')
_FIELDS = ('I should see the field "E-mail"', 'I should not see the field "E-mail"')
_TITLES = ('the title should contain "Wel"', 'the title should not contain "Error"')
_MATCHES = ("I should see /Order \\d+ received/", "I should not see /[Ee]rror/")
_AT_LEAST = 'I should see at least 1 elements "ul.news > li"'
_AT_MOST = 'I should see at most 50 elements "ul.news > li"'
_REMEMBER = r"(?:save|store|capture|extract|keep|grab|copy|note|memori[sz]e|remember|get|read|fetch|take)\b.*\b"
_ANSWERS = r"(?:returns?|responds?|answers?|repl(?:y|ies)|gives?|sends?|is|was|be|returned|yields?)"

_CONTROL = r"(?:check ?box|radio(?: button)?|drop-?down|text ?area)\b(?!.*\b(?:checked|ticked|selected)\b)"

SYNONYMS = [
    # Selenium IDE, Robot Framework, Playwright, Cypress
    (r"select (?:the )?frame\b|mouse ?(?:over|out|down|up|move)\b|answer on\b|capture\b.*\bscreenshot"
     r"|set (?:window|selenium|browser|screen)\b", ()),
    (r"remove selection\b", ('I unselect "Red" from "Colours"',)),
    (r"(?:verify|assert) not checked\b", _CHECKED[::-1]),
    (r"(?:verify|assert) checked\b", _CHECKED),
    (r"(?:verify|assert) not editable\b", _DISABLED["field"]),
    (r"(?:verify|assert) editable\b", _DISABLED["field"][::-1]),
    (r"(?:verify|assert) (?:value|selected)\b|text ?(?:field|area) value\b", _CONTAINS),
    (r"wait until (?:page|element)\b(?=.*\b(?:does|is) not\b).*\bcontain", (_NOT_SEE,)),
    (r"wait until element\b(?=.*\bis not\b)", (_NO_ELEMENT,)),
    (r"wait until page contains element\b|wait until element\b(?!.*\bcontain)", (_ELEMENT,)),
    (r"wait until (?:page|element)\b.*\bcontain", (_SEE,)),
    (r"element should not contain\b", (_NOT_SEE,)),
    (r"element should contain\b", (_WITHIN,)),
    (r"get by \w+(?: \w+)* \"\" press\b", ('I press Enter in "Search"',)),
    (r"get by .*\bset input files\b", ('I attach the file "/srv/probe/photo.png" to "Photo"',)),
    (r"get (?:by )?.*\bselect\b", ('I select "English" from "Language"',)),
    (r"get by \w+(?: \w+)* \"\" is (?:hidden|disabled)\b", (_NOT_SEE,)),
    (r"get by \w+(?: \w+)* \"\" is visible\b", (_SEE,)),
    (r"contains \"\" click$", (_FOLLOW, _PRESS)),
    (r"get cookie\b.*\bshould\b", ('I should have the cookie "lang"', 'the "lang" cookie should be "en"')),
    (r"get \"\" should \"\" \d+$|get element count\b", (_COUNT,)),
    (r"get \"\" should \"\"", (_ELEMENT, _NO_ELEMENT)),
    (r"go \"\"$", (_GO_TO, "I go back")),
    (r"(?:print|dump|debug|log|echo|show)\b(?! ?(?:in|on|out|off)\b).*\b(?:page|html|source|body|response)$",
     ("show me the page",)),
    # not supported here
    (r"(?:solve|complete|pass|enter) .*captcha|ping\b|traceroute|telnet|ssh\b|(?:print|dump|debug|log|echo"
     r"|show)\b(?! ?(?:in|on|out|off|me)\b)"
     r"|(?:run|execute)\b.*\b(?:query|sql|script|command|javascript)|(?:should )?(?:get|receive|check|open"
     r"|read)\b.*\b(?:e-?mails?|sms|inbox|mailbox)\b"
     r"|(?:download|save) .*\bfile\b|use (?:the |an? )?\"?\"? ?(?:browser|device|mobile|driver|viewport)", ()),
    (r"(?:open|start|launch) (?:the |an? |my |\"\" )*browser$", ()),
    (r".*\b(?:java ?script|console|js) (?:errors?|warnings?)\b|.*\b(?:broken|dead) links?\b|(?:all|every"
     r"|each) (?:the )?links?\b|(?:database|db|redis|queue)\b", ()),
    # visible text and elements
    (r".*\bwithout (?:following|redirect)", ('I visit "/old" without following redirects',)),
    (r"(?:deselect|unchoose|unpick|unselect)\b(?!.*\bcheck ?box).*\b(?:from|in|of)\b",
     ('I unselect "Red" from "Colours"',)),
    (r"(?:the )?(?:\"\" )?field(?: \"\")?\b.*\bnot (?:be )?(?:enabled|active|editable|writable)", _DISABLED["field"]),
    (r"(?:the )?(?:\"\" )?field(?: \"\")?\b.*\b(?:enabled|active|editable|writable)", _DISABLED["field"][::-1]),
    (r"should (?:not )?see (?:the |an? |these )?(?:following )?(?:table )?rows?\b", ("I should see the table rows:",)),
    (rf"should see (?:the |an? )?{_CONTROL}", _FIELDS),
    (rf"should not see (?:the |an? )?{_CONTROL}", _FIELDS[::-1]),
    (r".*\b(?:broken|missing|all|every|each) (?:the )?(?:images?|pictures?)\b|(?:the |all )*images? (?:should "
     r"|must )?(?:be )?load", ("the page's images should load",)),
    (r"(?:within|in|inside|under) .*should see\b", (_WITHIN,)),
    (r"(?:within|in|inside|under) .*should not see\b", (_NOT_SEE,)),
    (r"should see .*\b(?:twice|thrice|once|\d+x|\d times|(?:two|three|four|five) times)",
     ('I should see "Sold out" 3 times',)),
    (rf"should see .*\bin {_A}(?:element|section|area|box|heading|h\d|list|row|cell|div|panel)\b", (_WITHIN, _SEE)),
    (r"(?:the )?(?:\"\" )?(?:drop-?down|select(?: box)?|list ?box|combo ?box)(?: \"\")? (?:should |must )?(?:not"
     r"|does not|do not) (?:contains?|have|has|offers?|includes?)\b",
     ('the "Language" field should not have the option "Klingon"', _CONTAINS[1])),
    (r"(?:the )?(?:\"\" )?(?:drop-?down|select(?: box)?|list ?box|combo ?box)(?: \"\")? (?:should "
     r"|must )?(?:contains?|have|has|offers?|includes?) (?:the |an? )*(?:options?|choices?|values?|entry)\b",
     ('the "Language" field should have the option "English"', _CONTAINS[0])),
    (r"(?:the )?option \"\".*\bselected|\"\" .*\bselected in\b", _CONTAINS[:1]),
    (rf"(?:the |an? |my )?(?:\w+ )?(?:elements?|modal|pop-?up|dialog|form|banner|menu|spinner|overlay|sidebar|panel"
     rf"|list|table|section|footer|widget|tooltip|basket|cart)(?: \"\")? ?(?:should |must )?(?:{_NOT}|.*\b(?:closed"
     rf"|gone|removed|vanish\w*|disappears?|disappeared))", (_NO_ELEMENT,)),
    (rf"(?:the |an? |my )?(?:\w+ )?(?:modal|pop-?up|dialog|form|banner|menu|spinner|overlay|sidebar|panel|list|table"
     rf"|section|footer|widget|tooltip|basket|cart)(?: \"\")?{_THERE}", (_ELEMENT,)),
    (r"no (?:\w+ )*(?:elements?|images?|icons?)\b", (_NO_ELEMENT,)),
    (r"should see (?:an? |the |some )?errors?$", ("I should see an error message", _SEE)),
    (r"should (?:not )?see (?:the |an? )?(?:current )?(?:url|uri|location|address)\b", _ADDRESS),
    (r"should see (?:the |an? )?(?:response )?headers?\b", ('the response should contain the "ETag" header',)),
    (r"press keys? .*\b(?:enter|return)\b", ('I press Enter in "Search"',)),
    (r"no\b(?! later)", (_NOT_SEE,)),
    (r"should not be redirected|(?:should )?not (?:be )?redirect|no redirect", ("I should not be redirected",)),
    (r"(?!go\b|follow\b).*\bredirect(?:s|ed|ion)?\b", _ON[::-1]),
    (r"should (?:not )?see (?:text |an? |the |string |content |something )*(?:matching|matches|that matches|like"
     r"|(?:the )?(?:pattern|regex\w*|regular expression))", _MATCHES),
    (r"should see (?:at least|more than|a minimum of|minimum) \d+ (?!times)", (_AT_LEAST, _COUNT)),
    (r"should see (?:at most|up to|less than|fewer than|no more than|a maximum of) \d+ (?!times)", (_AT_MOST, _COUNT)),
    (r"should see (?:that )?(?:the )?(?:number|count) of\b", (_COUNT,)),
    (r"should see (?:an? |the )?(?:\w+ )?(?:table|list|grid|menu)\b.* (?:with|of|having|containing) \d+", (_COUNT,)),
    (r"should see \"\" in (?:the )?(?:page )?title", _TITLES[:1]),
    (rf"should see (?:in|inside) {_A}{_FIELD}\b|should see \"\" in {_A}{_FIELD}\b", _CONTAINS),
    (rf"should not see (?:in|inside) {_A}{_FIELD}\b|should not see \"\" in {_A}{_FIELD}\b", _CONTAINS[::-1]),
    (r"should not see (?:the )?(?:check ?box|option)\b.*\b(?:checked|selected|ticked)", _CHECKED[::-1]),
    (r"should see (?:the )?check ?box\b.*\b(?:checked|selected|ticked)", _CHECKED),
    (r"should see (?:the )?option\b.*\bselected", _CONTAINS),
    (r"should see (?:the )?(?:\w+ )?(?:success|confirmation|warning|info\w*|welcome|flash|thank you|toast|alert"
     r"|notification|popup)"
     r"(?: message| text| box| banner)?\b", (_SEE,)),
    (r"should see (?:an? |the )?error(?: message)? (?:saying |that says |with |of |reading |containing "
     r"|: ?)?(?:the text )?\"\"", (_SEE,)),
    *((rf"should {negative}see {_A}{noun}\b", examples[::-1] if negative else examples)
      for noun, examples in ((r"links?", _LINKS), (r"buttons?", _BUTTONS), (_FIELD, _FIELDS))
      for negative in ("", "not ")),
    (rf"should not see {_A}{_PICTURE}\b", (_NO_ELEMENT,)),
    (rf"should see {_A}{_PICTURE}\b", (_ELEMENT,)),
    (rf"{_A}{_PICTURE}(?: \"\")?{_NOT}", (_NO_ELEMENT,)),
    (rf"{_A}(?:images?|pictures?|icons?|logos?|videos?|photos?|img|spinner|selectors?|css|xpath)(?: \"\")?{_THERE}",
     (_ELEMENT,)),
    (r"(?:the )?(?:page|site|form|response|there)\b.*\b(?:no|without|free of) (?:\w+ )?(?:errors?|warnings?"
     r"|mistakes?)\b", (_NOT_SEE,)),
    (r"(?:elements? )?(?:not|no) (?:present|visible|there)\b.*|elements? not (?:present|visible)", (_NO_ELEMENT,)),
    (r"(?:verify|assert|check that|expect|wait for|is|are)? ?elements? (?:\"\" ?)?(?:present|visible|exists?|there|$)",
     (_ELEMENT,)),
    (r"(?:verify|assert) (?:elements?|css|xpath)\b.*\bnot\b|(?:verify|assert) no elements?", (_NO_ELEMENT,)),
    (r"(?:verify|assert) (?:elements?|css|xpath)\b", (_ELEMENT,)),
    (r"element (?:\"\" )?(?:should |must )?(?:contains?|have|has) (?:the )?text\b", (_WITHIN,)),
    (r"element should be (?:enabled|clickable)", _DISABLED["button"][::-1]),
    (r"element should be disabled", _DISABLED["button"]),
    (r"(?:get|read|check|verify) text \"\" (?:==|is|equals|contains|should)", (_WITHIN,)),
    (r"(?:locator|get)\b.* role (?:button|submit)\b.*click", (_PRESS,)),
    (r"(?:the )?(?:\w+ )*(?:page|screen|dashboard|view)(?: \"\")? (?:is|should be|gets?) (?:displayed|shown|visible)",
     (*_ON, _SEE)),
    (r"get \"\" (?:click|press|tap)|(?:locator|get) .*\bclick$", (_FOLLOW, _PRESS)),
    (r"(?:locator|get) .*\b(?:type|fill|send keys)\b", (_FILL_IN,)),
    (r"(?:locator|get) .*\bcheck$", ('I check "Remember me"',)),
    (r"contains \"\"", (_SEE,)),
    # within a part of the page
    (r"(?:the )?(?:\"\" )?element(?: \"\")?(?:'s)? (?:text|inner text)\b|(?:the )?text (?:of|in|inside"
     r"|within) (?:the )?(?:\"\" )?(?:element|heading|h\d|\"\")"
     r"|(?:the )?(?:\"\" )?element(?: \"\")? (?:should |must )?(?:contains?|have|has"
     r"|includes?) (?:the )?(?:text )?\"\"|(?:assert|verify) text \"\" \"\""
     r"|(?:the )?(?:main |page |first )?(?:heading|headline|h[1-6]|header text)\b(?: element)?(?: \"\")? ?(?:should"
     r"|is|says|must|reads|contains|has)\b", (_WITHIN,)),
    # JSON
    (r"(?:the )?(?:field|key|property|attribute|value|path)\b.*\b(?:in|of) the (?:json |api )?(?:response|body|json"
     r"|answer|result|reply|payload)\b"
     r"|(?:the )?(?:response|body|json|payload|answer)(?:'s)? (?:json )?(?:field|key|property|attribute|path)\b",
     ('the JSON at "/user/name" should be "monitor"',)),
    # numbers of elements
    (r"(?:the )?(?:json|response json)(?: response| body)? (?:array|list)\b",
     ('the JSON at "/items" should have 3 elements',)),
    (r".*\b(?:contains?|have|has|shows?|lists?|displays?) (?:exactly |only )?\d+ (?!seconds|times|ms\b|milli"
     r"|days)\w+", (_COUNT,)),
    # the server's answer
    (rf"(?:the )?(?:\w+ )?(?:server|api|endpoint|service|url|page|site|request|response|\"\""
     rf"|https?:\S+)\b.*\b{_ANSWERS}\b.*\b[1-5]\d\d\b(?! ?(?:ms|s|milli|sec|items|bytes))", _STATUS),
    (r"(?:should )?(?:get|receive|expect|have|see)s? (?:back )?(?:an? |the )?(?:http[ /\d.]* ?)?(?:status |code "
     r"|response )*[1-5]\d\d\b(?! ?\w)", _STATUS),
    (r"(?:https?:\S+|\"\"|(?:the )?url \"\") (?:is|should be|must be) (?:up|reachable|available|online|accessible"
     r"|alive|working)", ("the request should succeed", "the status should be 200")),
    (r".*\b(?:certificate|ssl|tls)\b.*\b(?:expir\w*|valid|trusted|days)\b", ("the page should be secure",)),
    (r".*\b(?:dns|domain|host ?name"
     r"|name)\b.*\bresolv", ('I lookup "www.example.org"', 'the name should resolve to "192.0.2.7"')),
    (r"(?:be |am |is |get )?(?:redirected|forwarded) to (?:the |my |an? )?\w+(?: \w+)?$|should be (?:redirected"
     r"|forwarded) to (?:the |my |an? )?\w+(?: \w+)?$", _ON[::-1]),
    (r"(?:the )?page (?:should )?loads? (?:in|within|under|in under|in less than|faster than)\b",
     ("the last step should take less than 2 seconds",)),
    (rf"{_TITLE}{_NOT}.*\b(?:contain|include)", _TITLES[1:]),
    (r"(?:the )?(?:url|uri|address)(?:'s)? path\b", ('the path should be "/contact"',)),
    (r".*\b(?:returns?|finds?|yields?|matches) (?:exactly |only |at least )?\d+ (?!ms|s\b|sec|milli|ok)\w+", (_COUNT,)),
    (r"\"\" (?:should |must )?(?:be|is|equals?|has the value|be equal to) (?:equal to )?\"\"$", _CONTAINS[:1]),
    (r"(?:the )?(?:page|site|website|url) (?:\"\" )?(?:should|must|will) be (?:open|opened|active)", _ON),
    (r"(?:the )?(?:page|site|website|home ?page|home page|app|application)(?: \"\")? (?:should |must "
     r"|will )?(?:opens?|comes? up|starts?|renders?)(?: \w+)?$",
     ("the request should succeed", "the status should be 200")),
    (r"(?:the )?(?:json|response)\b.*\b(?:equals?|be|match(?:es)?)(?: the(?: following)?(?: json)?)?:$",
     ('the JSON at "/items/0" should be:',)),
    (r"(?:the )?(?:json|response|body) (?:should be|is|must be) (?:valid|well[- ]formed)|should see json$",
     ("the response should be JSON",)),
    (r"(?:the )?(?:response|body|page|output|result)(?: body| text| content)? (?:should be|is|must be"
     r"|equals?) (?:equal to )?(?:exactly )?\"\"", (_SEE,)),
    (r"(?:the )?(?:site|page|connection|server|website) (?:should )?(?:uses?|is (?:served )?over"
     r"|be served over) (?:https|ssl|tls|encryption)", ("the page should be secure",)),
    (r"(?:the )?(?:order|payment|registration|message|form|user|request|account) (?:is|was|has been"
     r"|should be) (?:confirmed|accepted|sent|created|saved|submitted|complete[d]?|placed|logged (?:in|out))", (_SEE,)),
    # actions
    (r"(?:enter|type|fill in|fill|use|input|submit|provide|supply)\b.*\b(?:otp|totp|one[- ]time|2fa|mfa"
     r"|two[- ]factor|authenticator|(?:verification|security) code)\b",
     ('I fill in "Code" with the one-time password of "seed"',)),
    (r"(?:generate|create|make|use|choose|pick)\b.*\b(?:random|unique|fresh)\b",
     ('I remember a new number as "number"', 'I remember a new uuid as "id"')),
    (r"set (?:the |an? )?variable\b|(?:define|assign"
     r"|let)\b", ('I remember "monitor-${number}@example.org" as "mail"',)),
    (r"(?:set|add|send) (?:the |an? )?cookie\b", ('I set the header "Accept" to "application/json"',)),
    (r"(?:send|post|submit)\b.*\b(?:json|body|payload|xml|data)\b",
     ('I send a POST request to "/api/orders" with the body:',)),
    (r"(?:curl|wget|goto|new page|open browser) ?", (_GO_TO,)),
    (r"(?:press|send|hit) (?:the )?keys? .*(?:enter|return)", ('I press Enter in "Search"',)),
    (r"(?:fill|type|enter|input|complete|provide|supply|write|populate|put)\b.*\b(?:following|these|below|table"
     r"|(?:form|fields|details|data) with)\b(?!.*\"\")|fill\b.*:$",
     ("I fill in the following:", _FILL_IN)),
    (r"(?:supply|populate|insert|provide|specify|change|update|edit|complete)\b(?!.*\b(?:order|purchase"
     r"|checkout)\b).*(?:\"\"|\b(?:credentials|login|user ?name|password|details|name)\b)",
     (_FILL_IN,)),
    (r"(?:agree|consent)\b|accept\b.*\b(?:terms|conditions|policy|agreement)", ('I check "Remember me"', _PRESS)),
    (r"(?:activate|enable|toggle|set|switch)\b.*\b(?:check ?box|switch|toggle)", ('I check "Remember me"',)),
    (r"(?:deactivate|disable)\b", ('I uncheck "Remember me"',)),
    (r"(?:open|expand|choose|select|unfold|go to)\b.*\b(?:menu|sub ?menu|accordion|details|menu item|entry|section"
     r"|navigation)\b(?!.*\bfrom\b)", (_FOLLOW, _PRESS)),
    (r"(?:follow|use|open|choose|select|visit|go to)\b.*\blink\b", (_FOLLOW,)),
    (r"submit (?:the )?form (?:named |called |with (?:the )?(?:name|id) )?\"\"|submit (?:the )?\"\" form"
     r"|send (?:the )?form \"\"", ('I submit the form named "search"', "I submit the form")),
    (r"(?:the )?(?:page|site|browser) (?:is|gets|should be|was|has been) (?:refreshed|reloaded)",
     ("I reload the page",)),
    (r"(?:go|return|move|navigate|get)\b.*\b(?:previous|last) (?:page|screen|site)", ("I go back",)),
    (r"(?:head|surf|point|direct|view|am viewing|look at|(?:am |is )?browsing|travel|jump)\b.*(?:\"\"|/|page|site)"
     r"|(?:the )?browser is (?:at|on)\b|have (?:the )?(?:page |site |url )?\"\" (?:open|loaded)", (_GO_TO,)),
    (r"(?:use|with) (?:the )?(?:credentials|user ?name|login|account)\b|authenticate with \"\"",
     ('I authenticate as "monitor" with the password "${password}"', _FILL_IN)),
    (r"(?:click|tap|press|get)\b.* role (?:button|submit)|(?:click|tap|press)\b.*\b(?:submit|save|login|ok|search"
     r"|buy|checkout) button|(?:press|hit|click|tap|push) (?:on )?submit\b"
     r"|(?:press|hit|push)\b(?!.*\bback\b).*\bbutton\b", (_PRESS,)),
    (r"(?:click|tap|get)\b.* role link", (_FOLLOW,)),
    (r"(?:send|press|type) keys?\b.*\b(?:to|in|into)\b|send keys?\b", (_FILL_IN,)),
    (r"(?:unselect|untick|deselect|uncheck|clear)\b.*\bcheck ?box", ('I uncheck "Remember me"',)),
    (r"(?:go|move|navigate|step)\b.*\bback(?:wards?)?\b(?! to)", ("I go back",)),
    (r"(?:add|put)\b.*\b(?:cart|basket|bag|wish ?list|favou?rites)\b|(?:buy|order|purchase|check ?out"
     r"|remove)\b(?!.*\b(?:tick|check|selection|cookie)s?\b)", (_PRESS, _FOLLOW)),
    (r"(?:am on page|am on the page|goto|get) \"\"", (_GO_TO,)),
    (r"(?:is|are|be) on (?:the )?\w+ ?page$", ('I am on "/contact"', _GO_TO)),
    *((_REMEMBER + what, examples) for what, examples in (
        (r"cookie\b", ('I remember the "session" cookie as "it"',)),
        (r"(?:access ?|bearer |json |api |auth\w* )*token\b", ('I remember the JSON at "/access_token" as "it"',)),
        (r"header\b", ('I remember the "Location" header as "it"',)),
        (r"attribute\b", ('I remember the attribute "content" of the element "meta[name=csrf-token]" as "it"',)),
        (r"title\b", ('I remember the title as "it"',)),
        (r"value (?:of|from|in) (?:the )?(?:\"\" )?(?:field|input)", ('I remember the "Reference" field as "it"',)),
        (r"text (?:of|from|in) ", ('I remember the text of the element "#order-number" as "it"',)),
    )),
    (r"(?:put|patch|delete) \"\"|(?:put|patch"
     r"|delete) /", ('I send a DELETE request to "/api/orders/7"',
     'I send a POST request to "/api/orders" with the body:')),
    (r"post (?:to )?(?:\"\"|/)", ('I send a POST request to "/api/orders" with the body:',)),
    (r"(?:(?:should |can |must )?see \"\" within \d|see \"\" (?:after|in less than) \d)", (_SEE,)),
    (r"(?:should |can )?see \"\" (?:within|in|inside|under) (?!\d|.*\b(?:url|address|location|title)\b)",
     (_WITHIN, _SEE)),
    (r"(?:should (?:see|find|have) |see )?(?:an? |the )?(?:(?:h[1-6]|main|page) )?(?:heading|headline"
     r"|headers? text)\b",
     (_WITHIN,)),
    (r"(?:accept|dismiss|close|agree|allow|reject|decline)\b.*\b(?:cookies?|banner|consent|pop-?up|dialog|modal)\b",
     (_PRESS, _FOLLOW)),
    (r"(?:navigate|go|move) forwards?\b", ()),
    (r"(?:should be|am|is|are) (?:logged|signed) in$", (_SEE,)),
    (r"should (?:see|get|have|find) no\b(?! elements?\b)", (_NOT_SEE, "I should not see /[Ee]rror/")),
    (rf"should {_NOT}.*\belements?\b", (_NO_ELEMENT,)),
    (r"(?:should (?:see|find|have|get)|see) (?:an? |the )?(?:elements?|image|picture|icon|logo|video"
     r"|form)\b", (_ELEMENT,)),
    (r"press\b.*\blink\b", (_FOLLOW,)),
    (r"(?:proceed|continue|advance|move on)\b", (_FOLLOW, _PRESS)),
    (r"(?:the )?(?:count|number) of\b|count\b", (_COUNT,)),
    (r"(?:the )?(?:response|body|page|source|text)\b.*\b(?:match|matches"
     r"|equals?)\b", ("I should see /Order \\d+ received/",)),
    (r"(?:the )?(?:response|page|request|status)\b" + _NOT + r".*\b(?:errors?|fail"
     r"|failure)\b", ("the request should succeed",)),
    (r"(?:turn|switch) on\b", ('I check "Remember me"',)),
    (r"(?:turn|switch) off\b|disable\b", ('I uncheck "Remember me"',)),
    (r"(?:open|switch to|close|quit)\b.*\b(?:tab|window|frame|iframe)\b|(?:close|quit) (?:the )?browser\b", ()),
    (r"(?:focus|blur|zoom|resize|right[- ]click|long[- ]press|confirm$|press (?:and hold|down)|swipe"
     r"|move the mouse)", ()),
    (r"(?:hit|press|push|type)\b.*\b(?:tab|escape|esc|backspace|arrow|space|f\d+) ?(?:key|bar)?$", ()),
    (r"(?:press|hit|push) (?:the )?key\b", ('I press Enter in "Search"',)),
    (r"(?:clear|delete|remove|reset)\b.*\b(?:cookies?|cache|session|storage)\b", ()),
    (r"(?:navigate|browse|go|return|press|click|hit|use|push)\b.*\bback\b", ("I go back",)),
    (r"(?:go|return|come|get) (?:back )?to\b", (_GO_TO,)),
    (r"(?:hit|call|query|consume) (?:the )?(?:url|uri|api|endpoint|page|server|service|address|\"\"$)", (_GO_TO,)),
    (r"(?:click|tap|press|push)\b.*\b(?:cell|row|image|icon|logo)\b", (_FOLLOW, _PRESS)),
    (r"(?:search|look up|google|query)\b", (_FILL_IN, _PRESS)),
    (r"(?:choose|select|pick|browse)\b.*\bfile\b", ('I attach the file "/srv/probe/photo.png" to "Photo"',)),
    (r"(?:choose|select|pick)\b.*\bradio", ('I choose "By post"',)),
    (r"(?:check|tick|select)\b.*\bcheck ?box", ('I check "Remember me"',)),
    (r"(?:clear|empty|erase|blank)\b(?!.*\b(?:check|tick|selection)\b)", (_FILL_IN,)),
    (r"(?:wait|sleep|pause|hover|scroll|drag|swipe|take a screenshot|switch|maximi[sz]e|execute|accept the)\b", ()),
    (r"(?:hit|press|push|type|tap)\b.* ?\b(?:enter|return)\b", ('I press Enter in "Search"',)),
    (rf"{_CLICK}\b.*\b(?:button|submit)\b", (_PRESS,)),
    (rf"{_CLICK}\b.*\b(?:link|anchor|menu|tab)\b", (_FOLLOW,)),
    (rf"{_CLICK}\b.*\bcheck ?box", ('I check "Remember me"',)),
    (rf"{_CLICK}\b.*\bradio", ('I choose "By post"',)),
    (rf"{_CLICK}\b", (_FOLLOW, _PRESS)),
    (r"(?:upload|attach|add (?:a|the) file)\b", ('I attach the file "/srv/probe/photo.png" to "Photo"',)),
    (r"(?:remove the (?:tick|check)|untick|deselect|clear the check"
     r"|unmark)\b", ('I uncheck "Remember me"', 'I unselect "Red" from "Colours"')),
    (r"(?:tick|mark|enable)\b", ('I check "Remember me"',)),
    (r"(?:pick|choose|select|set)\b.*\b(?:from|in|as|option)\b", ('I select "English" from "Language"',)),
    (r"(?:add|pass|include|send|use|give|set"
     r"|put)\b.*\bheaders?\b", ('I set the header "Accept" to "application/json"',)),
    (r"(?:use|send|pass|with)\b.*\b(?:token|bearer)\b", ('I authenticate with the bearer token "${token}"',)),
    (r"(?:use|with) basic auth", ('I authenticate as "monitor" with the password "${password}"',)),
    (r"(?:pick|toggle)\b", ('I choose "By post"', 'I check "Remember me"')),
    (r"(?:refresh|reload)\b", ("I reload the page",)),
    (r"(?:submit|send|post|complete)\b.*\bform\b", ("I submit the form", 'I submit the form named "search"')),
    (r"(?:make|perform|issue|do|send|call|execute)\b ?(?:an? )?(?:http )?(?:put|patch|delete|head|options)\b",
     ('I send a DELETE request to "/api/orders/7"', 'I send a POST request to "/api/orders" with the body:')),
    (r"(?:(?:have |has |had )?(?:visit|open|navigat|brows|load|access|launch|start|view|fetch|download|retriev"
     r"|request|proceed)(?:e|ed|es|s)?\b(?: (?:to|up|at|from|the|a|an|my|our|this|that|url|uri|browser|home"
     r"|page|site|website|web|app|application|login|start|landing|main|shop|store|front|address|link|for|on"
     r"|with|and|\"\"|/\S*|https?:\S*))*$)",
     (_GO_TO,)),
    (r"(?:visit|open|navigate|browse|load|access|goto|get|enter the url|(?:am|i'm|start) (?:at|on))\b", (_GO_TO,)),
    (r"(?:the )?(?:user|visitor|customer)? ?(?:is |am )?(?:on|at) the\b.*\bpage\b", (_GO_TO,)),
    (r"(?:the )?(?:site|website|web ?page|page|browser|home ?page|app|application)(?: \"\")? (?:is"
     r"|has been) (?:open|opened|loaded|visited)\b", (_GO_TO,)),
    (r"(?:am |is |are |have |has )?(?:already )?(?:log|sign|authenticat)(?:ged|ed)? ?(?:me |myself )?(?:in|as"
     r"|with|into)?\b(?! ?(?:out|off|up))", (_FILL_IN, _PRESS)),
    (r"am an? (?:authenticated|logged|signed|registered)", (_FILL_IN, _PRESS)),
    (r"(?:register|create an account|sign ?up|subscribe)\b", (_FILL_IN, _PRESS)),
    (r"(?:am |is )?(?:log|sign)(?:ged|ed)? ?(?:me |myself )?(?:out|off)\b", (_FOLLOW, _PRESS)),
    (rf"{_WRITE}\b(?! in the following)", (_FILL_IN,)),
    (r"(?:should (?:see|have|find|get) )?(?:the "
     r"|an? )?cookies?\b" + _NOT, ('I should not have the cookie "tracking"',)),
    (r"(?:should (?:see|have|find|get) )?(?:the |an? )?cookies?\b.*\b(?:set|exists?|present|sent|stored)\b",
     ('I should have the cookie "lang"', 'the "lang" cookie should be "en"')),
    (r"(?:should (?:see|have|find|get|receive)|there (?:should be|is)) (?:the |an? )?cookies?\b",
     ('I should have the cookie "lang"', 'the "lang" cookie should be "en"')),
    (r"(?:the )?cookies?\b", ('the "lang" cookie should be "en"', 'I should have the cookie "lang"')),
    (r"(?:the )?(?:response(?:'s)? |http )?content[- ]type\b", ('the "Content-Type" header should be "text/html"',)),
    (r"(?:the )?(?:response(?:'s)? |http )?headers?\b.*\b(?:contain|include|match|start)",
     ('the "Cache-Control" header should contain "max-age=\\d+"', 'the "Content-Type" header should be "text/html"')),
    (r"(?:the )?(?:response(?:'s)? |http )?headers?\b.*\b(?:exists?|present|set|there|sent)\b",
     ('the response should contain the "ETag" header',)),
    (r"(?:the )?(?:response(?:'s)? |http )?headers?\b", ('the "Content-Type" header should be "text/html"',)),
    (r"(?:the )?response\b.*\bjson$|(?:the )?(?:response|body|result) (?:is|must be|should be) (?:valid )?json",
     ("the response should be JSON",)),
    (r"(?:the )?(?:json|response json|json response)\b.*\b(?:have|has|contain|contains|include|exist|exists)\b",
     ('the JSON at "/user/id" should exist', 'the JSON at "/user/name" should be "monitor"')),
    (r"(?:the )?(?:json|response json|json response)\b", ('the JSON at "/user/name" should be "monitor"',)),
    (r"(?:the )?(?:ssl |tls |https )?(?:certificate|connection)\b",
     ("the page should be secure",)),
    (r"should be (?:using|on) https\b", ("the page should be secure", 'the scheme should be "https"')),
    (r"(?:the )?(?:site|server|service|page|website|application|app|api|home ?page"
     r"|system)\b(?: \"\")? (?:(?:should|must|will|is|to)?(?: be)? ?(?:up|available|reachable|online|alive"
     r"|healthy|running|accessible|working)|(?:should |has |have )?(?:responds?|responded|loads?|loaded"
     r"|works?)(?: successfully| correctly| ok| fine)?)$",
     ("the request should succeed", "the status should be 200")),
    (r"(?:the )?(?:request|call|response)\b.*\b(?:succeeds?|successful|ok|fine)\b", ("the request should succeed",)),
    (r"(?:the )?(?:request|call)\b.*\b(?:fails?|unsuccessful|rejected|refused)\b", ("the request should fail",)),
    (r"(?:should |must |will )?(?:be |am |is |are |get |gets )?(?:on|at|taken|sent|brought|led|redirected"
     r"|forwarded|land|lands|landed|arrive|end up|still on)(?: back)? ?(?:to|on|at|up)?\b(?=.*(?:page|\"\"|/"
     r"|site|screen))", _ON),
    (r"should see \"\" in the (?:url|address|location)", _ADDRESS),
    (r"should see \"\" in the (?:page )?title", ('the title should contain "Wel"',)),
    (r"(?:should (?:see|have) |page (?:should have|has) |the page (?:should have|has) )(?:the |a )?(?:page )?title\b",
     ('the title should be "Welcome"',)),
    (r"(?:the )?current (?:path|page)\b|(?:the )?path\b",
     ('the path should be "/contact"', 'I should be on "/contact"')),
    (r"(?:should (?:get|receive|see|have) |(?:get|receive)s? )(?:an? |the )?(?:http )?\d{3}\b", _STATUS),
    (r"should (?:get|receive) (?:an? )?(?:error|failure)", ("I should see an error message",)),
    (r"(?:should (?:get|receive) )?(?:an? )?(?:http )?(?:success|successful|ok) (?:status|response)", _STATUS),
    (r"(?:it|this|that|the (?:page|step|request|response|site))\b.*\b(?:fast|faster|quick|quickly|seconds?|ms"
     r"|milliseconds)\b",
     ("the last step should take less than 2 seconds", "the last step should take less than 800 ms")),
    (rf"(?:the )?(?:\"\" )?link(?: \"\")?{_NOT}", ('I should not see the link "Contact"',)),
    (rf"(?:the )?(?:\"\" )?link(?: \"\")?{_THERE}", ('I should see the link "Contact"',)),
    (r"(?:the )?(?:\"\" )?button(?: \"\")?\b.*\b(?:disabled|greyed|inactive|not (?:be )?(?:enabled|clickable"
     r"|active))",
     _DISABLED["button"]),
    (r"(?:the )?(?:\"\" )?button(?: \"\")?\b.*\b(?:enabled|clickable|active)", _DISABLED["button"][::-1]),
    (rf"(?:the )?(?:\"\" )?button(?: \"\")?{_NOT}", ('I should not see the button "Pay"',)),
    (rf"(?:the )?(?:\"\" )?button(?: \"\")?{_THERE}", ('I should see the button "Pay"',)),
    (r"(?:the )?(?:\"\" )?check ?box(?: \"\")?\b.*\b(?:not|n't|unchecked|unticked|unselected)\b", _CHECKED[::-1]),
    (r"(?:the )?(?:\"\" )?check ?box(?: \"\")?\b.*\b(?:checked|ticked|selected|on)\b|\"\" (?:should be"
     r"|is) (?:checked|ticked)",
     _CHECKED),
    (r"(?:the )?(?:value (?:of|in) (?:the )?)?(?:\"\" )?(?:field|input|text ?box|text ?area|drop-?down"
     r"|select)(?: \"\")?\b.*\b(?:disabled|read-?only)", _DISABLED["field"]),
    (r"(?:the )?(?:\"\" )?(?:field|input|text ?box|text ?area)(?: \"\")?\b.*\bempty\b", _CONTAINS[:1]),
    (r"(?:the )?(?:value (?:of|in) (?:the )?)?(?:\"\" )?(?:field|input|text ?box|text ?area|drop-?down"
     r"|select)(?: \"\")?(?: value)?\b.*\b(?:contains?|equals?|be|is|have|has|shows?|filled)\b.*\"\"", _CONTAINS),
    (r"(?:the )?value of \"\"|\"\" (?:should be |is )selected\b|\"\" (?:should|has|have"
     r"|contains?)\b.*\bvalue\b", _CONTAINS[:1]),
    (rf"(?:the )?(?:\"\" )?(?:field|input|text ?box)(?: \"\")?{_NOT}", ('I should not see the field "E-mail"',)),
    (rf"(?:the )?(?:\"\" )?(?:field|input|text ?box)(?: \"\")?{_THERE}", ('I should see the field "E-mail"',)),
    (rf"{_SHOULD_SEE} (?:exactly |about )?\d+ (?!times)", (_COUNT,)),
    (r"(?:there (?:should be|are)|the (?:page|list|table)(?: \"\")? (?:should have|has"
     r"|shows?)) (?:exactly )?\d+\b", (_COUNT,)),
    (r"(?:the )?(?:table|row|list|menu|sidebar|footer|section|navigation|basket|cart)\b.*\b(?:contains?|have"
     r"|has|includes?|shows?|see)\b", (_WITHIN, _SEE)),
    (r"(?:the )?(?:dom|html|markup)\b.*\b(?:contains?|have|has|includes?)\b", (_ELEMENT,)),
    (r"(?:an? |the )?(?:error|validation)(?: message)?(?: \"\")?" + _THERE, ("I should see an error message", _SEE)),
    (r"(?:should not|shouldn't|don't|do not|cannot|can't|can not|must not|won't) (?:be able to |also "
     r"|any longer )?(?:see|find|have|get|read|contain|view)\b", (_NOT_SEE,)),
    (r"no longer see\b", (_NOT_SEE,)),
    (rf"(?:the |an? |any )?(?:text |message |word |string |words |phrase |content |label )?\"\"(?: text)?{_NOT}",
     (_NOT_SEE,)),
    (rf"(?:the |an? |any )?(?:text |message |word |string |words |phrase |content |label )?\"\"(?: text"
     rf"| message)?{_THERE}", (_SEE,)),
    (r"(?:should (?:be able to )?see|see|find|read|should find|should read|look for|notice|should have) (?:the "
     r"|a |an |some |my )?(?:text|message|words?|phrase|content|string|label|greeting|note|notice"
     r"|notification)?(?: saying| that says| of| with| reading)? ?\"\"", (_SEE,)),
    (r"(?:check|test|confirm|validate|make sure|see)\b (?:that|if|whether|the page|for)\b" + _NOT, (_NOT_SEE,)),
    (r"(?:check|test|confirm|validate|make sure)\b (?:that|if|whether|the page|for)\b", (_SEE,)),
    (rf"{_THE_URL}.*\b(?:contain|include|match|start|end)", ("the address should match /order=\\d+/", *_ADDRESS)),
    (_THE_URL, _ADDRESS),
    (rf"{_TITLE}.*\b(?:contain|include)", ('the title should contain "Wel"',)),
    (_TITLE, ('the title should be "Welcome"',)),
    (r"(?:(?:the|should (?:get|see|receive)) )?(?:an? )?(?:http |response |return )*(?:status|code)\b",
     _STATUS),
    (r"(?:the )?(?:response time|page load|load time|page should load (?:in|within))\b",
     ("the last step should take less than 2 seconds", "the last step should take less than 800 ms")),
    (rf"(?:the )?element\b{_NOT}", (_NO_ELEMENT,)),
    (r"(?:the )?element\b", (_ELEMENT,)),
    (rf"{_THE_PAGE}{_NOT}.*\b(?:contain|have|include|show|display|see)", (_NOT_SEE,)),
    (rf"{_THE_PAGE}\b(?:contain|have|has|include|show|display|see|visible)", (_SEE,)),
    (r"(?:expect|verify|assert|check that|ensure|must|can|will)\b" + _NOT, (_NOT_SEE,)),
    (r"(?:expect|verify|assert|check that|ensure|see|can see|must see|will see)\b", (_SEE,)),
    (r"(?:make|perform|issue|do|send|call)?\b ?(?:an? )?(?:http )?(?:post|put|patch)\b",
     ('I send a POST request to "/api/orders" with the body:',)),
    (r"(?:make|perform|issue|do|send|call)\b ?(?:an? )?(?:http )?get\b", (_GO_TO,)),
    (r"(?:save|store|capture|extract|keep)\b", ('I remember the text matching /Order (\\d+)/ as "it"',)),
    (r"should not see\b", (_NOT_SEE,)),
    (r"should see\b", (_SEE,)),
]  # fmt: skip
"""Compiled for the first suggestion: a daemon whose steps are all known never needs them."""

_LEAD_IN = re.compile(
    r"(?:expect|verify|assert|check|ensure|confirm|validate|test|make sure|see|hope|want|need)(?:s|ies|ed)?\b"
    r"(?: that| if| whether| to)?\s+"
    r"(?=(?:the|there|my|this|that|it|i|we|status|response|page|title|url|element|link|button|checkbox|no|should|see"
    r"|be) |\"\")"
)
"""How some begin whatever they expect."""


def meant(step: str, language: str = "en") -> tuple[str, ...] | None:
    """The examples of sentences with the meaning of *step*; None where no row knows it."""
    said = plain(step)
    if language == "de" and (found := _row_of(main_clause(said), GERMAN)) is not None:
        return found
    if lead_in := _LEAD_IN.match(said):
        what = seen(without_subject(said[lead_in.end() :]))
        found = _row_of(re.sub(r"^(?:am|are|is|be) (?=(?:on|at|in)\b)", "should be ", what), SYNONYMS)
        if found is not None:
            return found
    return _row_of(said, SYNONYMS)


def is_slip(step: str) -> bool:
    """Whether what looks nearly like a sentence is that sentence: *step* has no word that turns it into another."""
    return not _OPPOSITE.search(plain(step))


def _row_of(said: str, rows: Rows) -> tuple[str, ...] | None:
    return next((examples for pattern, examples in rows if re.match(pattern, said)), None)
