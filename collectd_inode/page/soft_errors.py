"""Pages with a good status whose own title or heading says that they are not the wanted ones ("soft 404").

For warnings only: an author may well write about errors, so that no run fails for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from collectd_inode.page import text
from collectd_inode.page.text import normalise

if TYPE_CHECKING:
    from collectd_inode.page.page import Page

_LONGEST = 120
"""Characters of a title or heading; a longer one is about something else."""
_SHORT_PAGE = 1500
"""Characters of a page's visible text; a longer page may announce maintenance or a product, and is not that."""
_HEADINGS = 5
"""The number of first headings that are read; on some pages one or two of them are hidden."""

_REASON = (
    r"bad request|forbidden|access denied"
    r"|(?:the )?(?:requested )?(?:page|file|site|url)(?: was| could)? not(?: be)? found"
    r"|(?:(?:oops|ups|sorry)[!,.]* )?(?:this|that|the) page (?:[^|–—]{1,40} )?(?:can['’]?t|cannot|could not|couldn['’]t"
    r"|does not|doesn['’]t|is not|isn['’]t|no longer)(?: be)? (?:found|exists?|available)"
    r"|not found|(?:internal )?server error|bad gateway|temporarily unavailable"
    r"|(?:service|site|website|page) (?:is )?(?:currently |temporarily )?(?:unavailable|not available)"
    r"|gateway time-?out|application error|database error|error establishing a database connection"
    r"|(?:an? )?(?:unexpected |unknown )?error(?: has)? occurred|unexpected error|unhandled exception|unauthorized"
    r"|(?:(?:oops|whoops|sorry|we['’]re sorry)[!,]* (?:but )?)?(?:looks like )?something went wrong"
    r"|(?:whoops! )?there was an error|(?:runtime|fatal) error|(?:whitelabel )?error page"
    r"|server error in '[^']{1,60}' application|(?:your )?session (?:has )?(?:expired|timed out)"
)
_PHRASES = (
    r"(?:die )?(?:angeforderte )?seite (?:wurde )?(?:leider )?nicht gefunden|interner serverfehler"
    r"|(?:(?:die|diese) )?(?:seite|website|webseite) (?:ist )?(?:derzeit |zurzeit |momentan |leider )?nicht"
    r" (?:erreichbar|verfügbar)|(?:der )?dienst (?:ist )?nicht verfügbar|es ist ein fehler aufgetreten"
    r"|ein (?:unerwarteter )?fehler ist aufgetreten|(?:ihre )?(?:sitzung|session) (?:ist )?abgelaufen"
    r"|(?:la )?page (?:est )?(?:introuvable|non trouvée)|página no encontrada|pagina (?:niet gevonden|non trovata)"
    r"|sidan (?:kunde inte hittas|hittades inte)|siden (?:blev )?ikke (?:funnet|fundet)|nie znaleziono strony"
)
_WORD = r"(?:error|http|http error|http status|fehler|erreur)[ :#–—-]*"
_STATUS = rf"(?:{_WORD})?\(?[45]\d\d\)?"
_ERROR = (
    rf"{_STATUS}[ :.|–—-]+(?:{_REASON}|{_PHRASES}|service temporarily unavailable|error|gone|unauthorized"
    rf"|too many requests)|{_WORD}[45]\d\d(?: \([^)]{{1,40}}\)!*1?)?|(?:{_REASON}) \([45]\d\d\)"
    r"|403|404|410|500|502|503|504"
)
_MAINTENANCE = (
    r"(?:[^|–—]{1,60} )?(?:down|under|undergoing|in|offline|unavailable|closed)(?: for| due to)?(?: \w+){0,2}"
    r" maintenance(?: mode)?"
    r"|(?:site |server |website )?maintenance(?: mode)?|wartung|wartungsarbeiten|wartungsmodus"
    r"|(?:we|we['’]ll|we will)(?: be)?(?: right)? back (?:soon|shortly)|(?:site )?en maintenance"
    r"|(?:sitio )?en mantenimiento|wir sind (?:gleich|bald) (?:wieder (?:da|zurück)|zurück)"
    r"|(?:temporarily|currently) offline|(?:sorry,? )?we(?: are|['’]re) (?:currently |temporarily )?(?:down|offline)"
)
_UNFINISHED = (
    r"coming soon|(?:site |website |page )?under construction|(?:demnächst|bald) (?:hier|verfügbar)|im aufbau"
    r"|(?:this |the )?domain(?: name)?(?: [^|–—]{1,60})? (?:is )?(?:parked|for sale|expired)|untitled document"
)
_DEFAULT = (
    r"welcome to (?:nginx|openresty|tengine|caddy)(?: on [^|–—]{1,40})?|it works|index of /"
    r"|apache2? [^|–—]{0,30}default page(?:: it works)?|(?:[^|–—]{1,30} )?test page (?:for|powered by) [^|–—]{1,60}"
    r"|iis(?: windows)?(?: server)?|iis ?\d+(?:\.\d)?|caddy works|apache tomcat(?:/[\d.]+)?"
    r"|(?:domain |web server['’]s )?default (?:plesk |parallels plesk |web site )?page"
    r"|account suspended|this account has been suspended|directory listing for /|(?:php [\d.]+ [-–] )?phpinfo\(\)"
    r"|welcome to (?:centos|apache|jetty|iis)|the install worked successfully! congratulations"
    r"|wordpress › (?:installation|setup configuration file)"
)
_ROBOTS = (
    r"just a moment|attention required|checking your browser(?: before [^|–—]{1,60})?|ddos-guard"
    r"|(?:robot|bot|human|browser) (?:check|verification)|are you (?:a )?(?:human|robot)\??"
    r"|verify(?:ing)? (?:that )?you are (?:a )?human"
)
_CLOSED, _PLACEHOLDER = "a maintenance page", "a placeholder"
_PARTS = re.compile(r"\s+[|–—·•»›:-]+\s+|: ")
"""Between the title of a page and the name of its site."""


@cache
def kinds() -> Mapping[str, re.Pattern[str]]:
    """The kinds of pages that are not the wanted ones, and their words.

    They are compiled for runs alone, by `replay.make_ready`: no start waits for it.
    """
    texts = {
        "an error page": rf"{_ERROR}|{_REASON}|{_PHRASES}",
        _CLOSED: _MAINTENANCE,
        _PLACEHOLDER: _UNFINISHED,
        "a check for robots": _ROBOTS,
        "a page of the server itself": _DEFAULT,
    }
    return {kind: re.compile(words, re.IGNORECASE) for kind, words in texts.items()}


def likeness(page: Page) -> tuple[str, str]:
    """The kind of page that *page* looks like, and the words of its title or heading that say so; "" for a good one."""
    for said in _said_on_top(page) if page.is_html else ():
        kind = next((kind for kind, pattern in kinds().items() if pattern.fullmatch(said)), "")
        if kind and not (kind in (_CLOSED, _PLACEHOLDER) and len(page.visible_text) > _SHORT_PAGE):
            return kind, said
    return "", ""


def _said_on_top(page: Page) -> Iterator[str]:
    """The title and the first headings, whole and in parts."""
    first = islice((element for root in page.roots for element in root.iter("h1")), _HEADINGS)
    headings = (normalise(text.readable_text(e, 2 * _LONGEST)) for e in first if not page.hidden_by(e))
    for said in (page.title, *headings):
        if len(said) <= _LONGEST:
            yield from (part.strip(" .!…:") for part in (said, *_PARTS.split(said)))
