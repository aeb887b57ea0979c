"""A step in fewer words: without its subject, its adverbs and its quoted text.  For suggestions only.

``I don't see 'Sorry'``, ``the page must not contain "Sorry"`` and ``Page Should Not Contain "Sorry"`` (Robot Framework)
are ``should not see ""``; ``click_on`` (Capybara) and ``clickOn`` (Codeception) are ``click on``.
"""

from __future__ import annotations

import re

_LONGEST = 200

_QUOTED = re.compile(r"\"[^\"]*\"|(?<!\w)'[^']*'(?!\w)|‘[^’]*’|“[^”]*”|«[^»]*»|`[^`]*`")
_ROLE = re.compile(r"\brole[ =]+[\"'](\w+)[\"']", re.IGNORECASE)
_JOINED = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
_CALL = re.compile(r"(?:await )?\w+(?:\.\w+|\([^)]*\))*\(.*\);?$")
_CALLED = re.compile(r"^(?:await )?(?:(?:page|cy|driver|browser|window|self|this|screen|[a-z])\.)*")
_SPOKEN = (
    (re.compile(r"\b(?:can|won|shan)['’]t\b"), "can not"),
    (re.compile(r"n['’]t\b"), " not"),
    (re.compile(r"\bdont\b"), "do not"),
    (re.compile(r"\bcannot\b"), "can not"),
    (re.compile(r"['’](?:m|re)\b"), " am"),
    (re.compile(r"\b(?:also|additionally|then|next|now|just|simply|quickly|immediately|eventually|finally|afterwards"
                r"|subsequently|please|still|again|automatically|clearly|actually|currently)\b,? ?"), ""),
)  # fmt: skip
_WHO = r"(?:user|visitor|customer|client|person|tester|admin(?:istrator)?|shopper|guest|member)"
_SUBJECT = re.compile(
    rf"(?:as (?:an? |the )?\w+,? )?(?:i|we|they|you|(?:(?:the|an?|any|some|my) )?{_WHO}|he|she|one) +"
)
_KEPT = ("is", "has", "was", "does")
_ENDING = re.compile(r"(?<=sh|ch|ss)es$|(?<=[xo])es$|(?<!s)s$")
_PLURAL = ("i ", "we ", "they ", "you ")

_MAY = r"(?:to|should|shall|can|could|must|will|would|may|might|do|does|did|ought to|needs? to|expect to|want to)"
_SEE = r"(?:see|sees|notice|observe|spot|be shown|be presented with|be greeted (?:with|by)|is shown|is presented with)"
_THERE = r"(?:there|here)"
_BE = r"(?:(?:should|must|shall|will|can|may|to) )?(?:be|is|are|was|exists?|appears?)"
_PAGE = (
    r"(?:the |this |that |my |each )?(?:current |web ?|html |result(?:ing)? |response |landing |home ?|login |main )*"
    r"(?:page|body|screen|response|site|website|document|source|view|window|content|system|app|application|portal"
    r"|program)(?:'s)?(?: body| source| text| content)?"
)
_HOLDS = r"(?:contains?|have|has|includes?|shows?|displays?|lists?)"
_SEEN = (
    (
        re.compile(rf"{_THERE} (?:{_MAY} )?(?:not be|be not|is not|are not|be no|is no|are no|not exist|be without)\b"),
        "should not see",
    ),
    (re.compile(rf"{_THERE} {_BE}\b"), "should see"),
    (
        re.compile(
            r"(?:it|he|she|this|that|(?:the |an? )?(?!element|cell|field)(?:\w+ )?(?:output|result|answer|message"
            r"|text|notification|alert|label|banner|toast))"
            rf" (?:{_MAY} )?not (?:be |say|read|contain|show|display|include|print)\w* (?=.*\"\")"
        ),
        "should not see ",
    ),
    (
        re.compile(
            r"(?:it|he|she|this|that|(?:the |an? )?(?!element|cell|field)(?:\w+ )?(?:output|result|answer|message"
            r"|text|notification|alert|label|banner|toast))"
            rf" (?:{_MAY} )?(?:be|is|says?|reads?|contains?|shows?|displays?|includes?|prints?) (?=.*\"\")"
        ),
        "should see ",
    ),
    (re.compile(rf"(?:{_MAY} )?(?:be able to )?not (?:be able to )?{_SEE}\b"), "should not see"),
    (re.compile(rf"{_MAY} (?:be able to )?not (?:be able to )?{_SEE}\b"), "should not see"),
    (re.compile(rf"(?:{_MAY} )?(?:be able to )?{_SEE}\b(?! (?:that|if|whether)\b)"), "should see"),
    (re.compile(rf"{_PAGE} (?:{_MAY} )?not {_HOLDS}\b"), "should not see"),
    (re.compile(rf"{_PAGE} (?:{_MAY} )?{_HOLDS}\b"), "should see"),
)
_WAIT = re.compile(r"wait(?:s|ing)? (?:up to \d+ \w+ )?(?P<how>until|till|that|for|to see) (?P<what>.*\"\".*)")
_GONE = re.compile(r"\b(?:not|disappears?|vanish\w*|hidden|invisible|gone|go away|removed|closed)\b")


def plain(step: str) -> str:
    """*step* in fewer words."""
    said = _ROLE.sub(r"role \1", _prose(step[:_LONGEST]))
    said = _JOINED.sub(" ", _QUOTED.sub('""', said)).lower()
    for pattern, instead in _SPOKEN:
        said = pattern.sub(instead, said)
    return seen(without_subject(re.sub(r"\s+", " ", said).strip(" .!")))


def _prose(step: str) -> str:
    """A call of Playwright's, Cypress' or Selenium's as words: ``page.goto("/")`` is ``goto "/"``."""
    if not _CALL.match(step):
        return step
    return re.sub(r"[().,;]+(?=(?:[^\"']|\"[^\"]*\"|'[^']*')*$)", " ", _CALLED.sub("", step))


def without_subject(said: str) -> str:
    """*said* without who does it; a verb that agreed with that is in its plain form."""
    subject = _SUBJECT.match(said)
    if subject is None:
        return said
    rest = said[subject.end() :].removeprefix("can ")
    verb, blank, what = rest.partition(" ")
    if verb in _KEPT or subject[0].endswith(_PLURAL):
        return rest
    return _ENDING.sub("", verb) + blank + what


def seen(said: str) -> str:
    """*said* with ``should see`` for each way to say that something is there; to wait for it is to expect it."""
    waits = _WAIT.match(said)
    if waits is not None:
        return _awaited(waits["what"], expects=waits["how"] in ("for", "to see"))
    for pattern, instead in _SEEN:
        found = pattern.match(said)
        if found is not None:
            return instead + said[found.end() :]
    return said


def _awaited(what: str, *, expects: bool) -> str:
    gone = _GONE.search(what) is not None
    if expects:
        return f"should {'not ' * gone}see {what}"
    return seen(without_subject(what))
