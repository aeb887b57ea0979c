"""Die deutschen Sätze: the German sentences, for feature files that begin with ``# language: de``.

They are cucumber-rails' German web steps (``web_steps_de.rb``), so that such files run, and German for everything else.
Each does what its English sentence does; English ones stay good in a German file.  They mean the same in every
vocabulary: cucumber-nagios, whose old ways ``legacy`` keeps, spoke English only.  What a failed step says is English.

A further language is a file like this one (Gherkin's name for the language, a row for each English sentence, examples
and explanations in that language; ``KNOWN`` may be empty) and its name in ``LANGUAGES`` of ``__init__.py``.
``tests/scenario/test_german.py`` shows what has to hold for it: every English sentence has a row, and each example is
one row's and no other's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from collectd_inode.scenario import actions, answers, json_body, remembering, requests
from collectd_inode.scenario.sentences.sources import (
    CLEANUP,
    FIELD_WITHIN,
    LITERAL,
    OURS,
    QUOTED,
    RAILS,
    SOFT,
    UNQUOTED,
    WITHIN,
)
from collectd_inode.scenario.sentences.unsupported import DATE, PAGE_NAME, SHOW
from collectd_inode.scenario.vocabulary import Action, Expression, Known, Sentence, another_step

LANGUAGE, NAME = "de", "German"

_ICH_SOLLTE = "(ich sollte )(sollte ich )(sollte )"
"""How what should be so begins; all three, or nothing, as cucumber-rails had it."""

_ICH_SOLLTE_RE = "(?:ich sollte |sollte (?:ich )?)?"
_HOME = "(?:der |die |the )?(?:Startseite|Homepage|home ?page)"
_NAME = f"(?!{_HOME}(?: |$))(?:der|die|das|den|dem) .+"
# Without quotes only addresses: other page names are nobody's but their application's.
_BARE = r"(?![\"'])(?!(?:der|die|das|den|dem|the) )(?!(?:Startseite|Homepage|home ?page)(?: |$))(.+)"
_SCOPE = "(?P<scope>\"[^\"]*\"|'[^']*'|der Seite|the page)"

_sentence = partial(Sentence, language=LANGUAGE)

WEB = (
    _sentence(
        "(ich )auf {string} gehe",
        actions.go,
        example='ich auf "http://www.example.org/kontakt" gehe',
        about="Eine Adresse öffnen; ein Pfad gilt ab BaseURL.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"(?:ich )?auf {_BARE} gehe"),
        actions.go,
        example="ich auf http://www.example.org gehe",
        about="Dasselbe ohne Anführungszeichen.",
        source=RAILS,
        rank=UNQUOTED,
    ),
    _sentence(
        re.compile(rf"(?:ich )?auf {_HOME} gehe"),
        actions.go,
        example="ich auf die Startseite gehe",
        about="Die Startseite öffnen: / von BaseURL.",
        source=RAILS,
        given=("/",),
    ),
    _sentence(
        "(ich )bin auf {string}",
        actions.go,
        example='ich bin auf "/kontakt"',
        about="Eine Adresse öffnen, als Voraussetzung.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"(?:ich )?bin auf {_BARE}"),
        actions.go,
        example="ich bin auf http://www.example.org",
        about="Dasselbe ohne Anführungszeichen.",
        source=RAILS,
        rank=UNQUOTED,
    ),
    _sentence(
        re.compile(rf"(?:ich )?bin auf {_HOME}"),
        actions.go,
        example="ich bin auf der Startseite",
        about="Die Startseite öffnen, als Voraussetzung.",
        source=RAILS,
        given=("/",),
    ),
    _sentence(
        "(ich )bin mit den folgenden HTTP-Zugangsdaten angemeldet:",
        actions.authenticate,
        example="ich bin mit den folgenden HTTP-Zugangsdaten angemeldet:",
        about="Damit antworten, wenn der Server fragt, mit Basic oder Digest: eine Tabelle mit username und password im"
        " Kopf.",
        source=OURS,
    ),
    _sentence(
        "(ich )auf {string} klicke",
        actions.follow,
        example='ich auf "Kontakt" klicke',
        about="Dem Link mit diesem Text (oder Titel, oder dieser id) folgen.",
        source=RAILS,
    ),
    _sentence(
        "(ich )auf {string} drücke",
        actions.press,
        example='ich auf "Anmelden" drücke',
        about="Den Knopf mit diesem Text, Wert, Titel, Namen oder dieser id drücken.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} mit {string} ausfülle",
        actions.fill_in,
        example='ich "Benutzer" mit "monitor" ausfülle',
        about="Einen Wert in das Feld mit dieser Beschriftung, diesem Platzhalter, Namen oder dieser id schreiben.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} in {string} eingebe",
        actions.fill_in_for,
        example='ich "monitor" in "Benutzer" eingebe',
        about="Dasselbe, der Wert zuerst.",
        source=RAILS,
    ),
    _sentence(
        "(ich )folgendes/Folgendes eingebe:",
        actions.fill_in_table,
        example="ich folgendes eingebe:",
        about="Mehrere Felder ausfüllen: unter dem Schritt eine Tabelle mit zwei Spalten, Feld und Wert.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} in {string} auswähle",
        actions.select,
        example='ich "Deutsch" in "Sprache" auswähle',
        about="Einen Eintrag einer Auswahlliste wählen.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} anhake",
        actions.check,
        example='ich "Angemeldet bleiben" anhake',
        about="Ein Kästchen anhaken.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} abhake",
        actions.uncheck,
        example='ich "Angemeldet bleiben" abhake',
        about="Den Haken aus einem Kästchen nehmen.",
        source=RAILS,
    ),
    _sentence(
        "(ich ){string} auswähle",
        actions.choose,
        example='ich "Per Post" auswähle',
        about="Einen Auswahlknopf (radio) wählen.",
        source=RAILS,
    ),
    _sentence(
        "(ich )die Datei {string} als {string} anhänge",
        actions.attach,
        example='ich die Datei "/srv/probe/foto.png" als "Foto" anhänge',
        about="Eine Datei der Maschine, auf der das Szenario läuft, in ein Dateifeld legen.",
        source=RAILS,
    ),
    _sentence(
        "(ich )das Formular {string} abschicke",
        actions.submit,
        example='ich das Formular "suche" abschicke',
        about="Das Formular mit dieser id oder diesem Namen ohne Knopfdruck abschicken.",
        source=OURS,
    ),
    _sentence(
        _ICH_SOLLTE + "{string} sehen",
        actions.should_see,
        example='sollte ich "Willkommen" sehen',
        about="Der sichtbare Text der Seite enthält diesen Text; auf Leerraum kommt es nicht an.",
        source=RAILS,
    ),
    _sentence(
        _ICH_SOLLTE + "nicht {string} sehen",
        actions.should_not_see,
        example='sollte ich nicht "Leider" sehen',
        about="Der sichtbare Text der Seite enthält diesen Text nicht.",
        source=RAILS,
    ),
    _sentence(
        _ICH_SOLLTE + "{string} nicht sehen",
        actions.should_not_see,
        example='sollte ich "Leider" nicht sehen',
        about="Dasselbe.",
        source=OURS,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}eine (\w+)-Meldung sehen"),
        actions.should_see_message,
        example="sollte ich eine error-Meldung sehen",
        about="Ein Element dieser Klasse ist zu sehen.",
        source=OURS,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}/([^/]*)/ sehen"),
        actions.should_see_pattern,
        example=r"sollte ich /Auftrag \d+ erhalten/ sehen",
        about="Ein regulärer Ausdruck trifft den sichtbaren Text der Seite.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}nicht /([^/]*)/ sehen"),
        actions.should_not_see_pattern,
        example="sollte ich nicht /[Ff]ehler/ sehen",
        about="Ein regulärer Ausdruck trifft nirgends im sichtbaren Text der Seite.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}/([^/]*)/ nicht sehen"),
        actions.should_not_see_pattern,
        example="sollte ich /[Ff]ehler/ nicht sehen",
        about="Dasselbe.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Anfrage (sollte )erfolgreich sein",
        actions.should_succeed,
        example="sollte die Anfrage erfolgreich sein",
        about="Der Status der Antwort ist kleiner als 400; der Schritt, der sie geholt hat, urteilt dann nicht selbst.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Anfrage (sollte )fehlschlagen",
        actions.should_fail,
        example="sollte die Anfrage fehlschlagen",
        about="Der Status der Antwort ist 400 oder mehr.",
        source=OURS,
    ),
    _sentence(
        _ICH_SOLLTE + "den Statuscode {int} bekommen",
        actions.status_should_be,
        example="sollte ich den Statuscode 404 bekommen",
        about="Der Status der Antwort ist dieser.",
        source=OURS,
    ),
    _sentence(
        _ICH_SOLLTE + "auf {string} sein",
        actions.should_be_on,
        example='sollte ich auf "/kontakt" sein',
        about="Die Adresse der Seite hat diesen Pfad; auf Host und Parameter kommt es nicht an.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}auf {_BARE} sein"),
        actions.should_be_on,
        example="sollte ich auf /kontakt sein",
        about="Dasselbe ohne Anführungszeichen.",
        source=RAILS,
        rank=UNQUOTED,
    ),
    _sentence(
        re.compile(rf"{_ICH_SOLLTE_RE}auf {_HOME} sein"),
        actions.should_be_on,
        example="sollte ich auf der Startseite sein",
        about="Die Adresse der Seite hat den Pfad /.",
        source=RAILS,
        given=("/",),
    ),
    _sentence(
        _ICH_SOLLTE + "unter dem Pfad {string} sein",
        actions.should_be_on,
        example='sollte ich unter dem Pfad "/kontakt" sein',
        about="Die Adresse der Seite hat diesen Pfad.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Adresse (sollte )die folgenden Parameter haben:",
        actions.query_should_be,
        example="sollte die Adresse die folgenden Parameter haben:",
        about="Die Adresse hat genau diese Parameter: eine Tabelle mit zwei Spalten, Name und Wert.",
        source=OURS,
    ),
    _sentence(
        "(sollte )das Feld {string} (sollte ){string} enthalten",
        actions.field_should_contain,
        example='sollte das Feld "Benutzer" "monitor" enthalten',
        about="Ein regulärer Ausdruck trifft, was im Feld steht.",
        source=OURS,
    ),
    _sentence(
        "(sollte )das {string} Feld (sollte ){string} enthalten",
        actions.field_should_contain,
        example='sollte das "Benutzer" Feld "monitor" enthalten',
        about="Dasselbe.",
        source=RAILS,
    ),
    _sentence(
        "(sollte )das Feld {string} (sollte )nicht {string} enthalten",
        actions.field_should_not_contain,
        example='sollte das Feld "Benutzer" nicht "root" enthalten',
        about="Ein regulärer Ausdruck trifft nichts von dem, was im Feld steht.",
        source=OURS,
    ),
    _sentence(
        "(sollte )das {string} Feld (sollte )nicht {string} enthalten",
        actions.field_should_not_contain,
        example='sollte das "Benutzer" Feld nicht "root" enthalten',
        about="Dasselbe.",
        source=RAILS,
    ),
    _sentence(
        "(sollte )das Feld {string} (sollte )den Fehler {string} haben",
        actions.field_should_have_error,
        example='sollte das Feld "E-Mail" den Fehler "fehlt" haben',
        about="Was um das Feld steht, hat die Klasse field_with_errors oder error, und die Seite zeigt die Meldung.",
        source=OURS,
    ),
    _sentence(
        "(sollte )das Feld {string} (sollte )keinen Fehler haben",
        actions.field_should_have_no_error,
        example='sollte das Feld "E-Mail" keinen Fehler haben',
        about="Was um das Feld steht, hat keine dieser Klassen.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Checkbox {string} (sollte )angehakt sein",
        actions.should_be_checked,
        example='sollte die Checkbox "Angemeldet bleiben" angehakt sein',
        about="Das Kästchen ist angehakt.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die {string} Checkbox (sollte )angehakt sein",
        actions.should_be_checked,
        example='sollte die "Angemeldet bleiben" Checkbox angehakt sein',
        about="Dasselbe.",
        source=RAILS,
    ),
    _sentence(
        "(sollte )die Checkbox {string} (sollte )nicht angehakt sein",
        actions.should_not_be_checked,
        example='sollte die Checkbox "Angemeldet bleiben" nicht angehakt sein',
        about="Das Kästchen ist nicht angehakt.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die {string} Checkbox (sollte )nicht angehakt sein",
        actions.should_not_be_checked,
        example='sollte die "Angemeldet bleiben" Checkbox nicht angehakt sein',
        about="Dasselbe.",
        source=RAILS,
    ),
    _sentence(
        re.compile(rf"(?P<step>.+) innerhalb (?:von )?{_SCOPE}(?P<rest>:?)"),
        actions.within,
        example='sollte ich "Willkommen" sehen innerhalb "#main"',
        about="Jeder andere Schritt, nur in einem Teil der Seite: ein CSS-Selektor, oder XPath, wo es mit / oder ("
        " beginnt.",
        source=RAILS,
        rank=WITHIN,
        scoping=True,
    ),
    _sentence(
        re.compile(
            r"(?P<step>(?:sollte )?(?:das|die) (?:(?:Feld|Checkbox) .+|.+ (?:Feld|Checkbox)))"
            rf" innerhalb (?:von )?{_SCOPE}(?P<rest> .+)"
        ),
        actions.within,
        example='sollte das Feld "Benutzer" innerhalb von "#login" "monitor" enthalten',
        about="Dasselbe für das, was in einem Feld oder Kästchen steht.",
        source=OURS,
        rank=FIELD_WITHIN,
        scoping=True,
    ),
    _sentence(
        re.compile(r"(?P<step>.+), sonst Warnung(?P<rest>:?)"),
        another_step,
        example='sollte ich "Letzte Bestellung" sehen, sonst Warnung',
        about="Jeder andere Schritt; misslingt er, ist das eine Warnung, und es geht weiter.",
        source=OURS,
        rank=SOFT,
        soft=True,
    ),
    _sentence(
        re.compile(r"(?:ich )?[Ii]n jedem Fall (?P<step>.+)"),
        another_step,
        example='ich in jedem Fall auf "Abmelden" klicke',
        about="Jeder andere Schritt; er wird am Ende getan, wenn der Lauf vorher misslingt.",
        source=OURS,
        rank=CLEANUP,
        cleanup=True,
    ),
    _sentence(
        "(ich )die Kopfzeilen von {string} abrufe",
        actions.go,
        example='ich die Kopfzeilen von "http://www.example.org/" abrufe',
        about="Eine Adresse öffnen, um die Kopfzeilen (headers) der Antwort anzusehen.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Kopfzeile {string} (sollte ){string} sein",
        actions.header_should_be,
        example='sollte die Kopfzeile "Content-Type" "text/html" sein',
        about="Die Antwort hat diese Kopfzeile, mit genau diesem Wert.",
        source=OURS,
    ),
    _sentence(
        _ICH_SOLLTE + "die Kopfzeile {string} mit {string} bekommen",
        actions.header_should_be,
        example='sollte ich die Kopfzeile "Content-Type" mit "text/html" bekommen',
        about="Dasselbe.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Antwort (sollte )die Kopfzeile {string} enthalten",
        actions.should_have_header,
        example='sollte die Antwort die Kopfzeile "ETag" enthalten',
        about="Die Antwort hat diese Kopfzeile.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Kopfzeile {string} (sollte ){string} enthalten",
        actions.header_should_contain,
        example='sollte die Kopfzeile "Cache-Control" "max-age=\\d+" enthalten',
        about="Ein regulärer Ausdruck trifft die Kopfzeile.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die Kopfzeile {string} (sollte )nicht {string} enthalten",
        actions.header_should_not_contain,
        example='sollte die Kopfzeile "Server" nicht "PHP" enthalten',
        about="Ein regulärer Ausdruck trifft nichts in der Kopfzeile, oder es gibt keine solche.",
        source=OURS,
    ),
    _sentence(
        "(ich ){string} besuche",
        actions.go,
        example='ich "/kontakt" besuche',
        about="Eine Adresse öffnen.",
        source=OURS,
    ),
    _sentence(
        "(ich ){string} abrufe",
        actions.go,
        example='ich "/kontakt" abrufe',
        about="Eine Adresse öffnen.",
        source=OURS,
    ),
    _sentence(
        "(ich )auf den Link {string} klicke",
        actions.follow,
        example='ich auf den Link "Kontakt" klicke',
        about="Einem Link folgen.",
        source=OURS,
    ),
    _sentence(
        "(ich )auf den Knopf {string} drücke/klicke",
        actions.press,
        example='ich auf den Knopf "Anmelden" drücke',
        about="Einen Knopf drücken.",
        source=OURS,
    ),
    _sentence(
        re.compile(r"(?:ich )?(?:messe die Zeit|die Zeit messe)"),
        actions.start_benchmark,
        example="ich messe die Zeit",
        about="Die Stoppuhr starten.",
        source=OURS,
    ),
    _sentence(
        "(sollte )(sollten )weniger als {float} Sekunde(n) vergangen sein",
        actions.elapsed_should_be_less,
        example="sollten weniger als 5 Sekunden vergangen sein",
        about='Seit "ich messe die Zeit" ist weniger Zeit vergangen, alles zusammen; auch 0.5 ist möglich.',
        source=OURS,
    ),
    _sentence(
        "(ich )die Adressen von {string} nachschlage",
        actions.lookup,
        example='ich die Adressen von "www.example.org" nachschlage',
        about="Die Adressen eines Namens nachschlagen, mit dem Resolver dieser Maschine.",
        source=OURS,
    ),
    _sentence(
        "(sollte )der Name (sollte )zu {string} aufgelöst werden",
        actions.name_should_resolve,
        example='sollte der Name zu "192.0.2.7" aufgelöst werden',
        about="Die Adresse ist unter den gefundenen.",
        source=OURS,
    ),
    _sentence(
        "(ich )den Namen von {string} nachschlage",
        actions.reverse_lookup,
        example='ich den Namen von "192.0.2.7" nachschlage',
        about="Den Namen zu einer Adresse nachschlagen.",
        source=OURS,
    ),
    _sentence(
        "(sollte )die IP (sollte )zu {string} aufgelöst werden",
        actions.ip_should_resolve,
        example='sollte die IP zu "www.example.org" aufgelöst werden',
        about="Der gefundene Name ist dieser.",
        source=OURS,
    ),
)


def _ours(expression: Expression, action: Action, example: str, about: str, *given: object) -> Sentence:
    return _sentence(expression, action, example=example, about=about, source=OURS, given=given)


_VERSTECKT = "Dasselbe, in allen Berichten verborgen."


def _merken(was: str, action: Action, example: str, about: str) -> Iterator[Sentence]:
    """Zwei Sätze: für einen Wert, der gezeigt werden darf, und für ein Geheimnis."""
    for secret, form, told in ((False, "", about), (True, "Geheimnis ", _VERSTECKT)):
        expression = f"(ich )mir {was} als {form}{{string}} merke"
        yield _ours(expression, action, f'ich mir {example} als {form}"es" merke', told, secret)


def _gefunden(was: str, action: Action, example: str, about: str) -> Iterator[Sentence]:
    """Dasselbe für das, was ein regulärer Ausdruck findet; *was* ist selbst einer."""
    for secret, form, told in ((False, "", about), (True, "Geheimnis ", _VERSTECKT)):
        expression = re.compile(rf"(?:ich )?mir {was} als {form}{QUOTED} merke")
        yield _ours(expression, action, f'ich mir {example} als {form}"es" merke', told, secret)


_ES_SOLLTE = "(sollte es )(es sollte )"
_ANZAHL = (
    ("exactly", "(genau )", "genau 3"),
    ("at least", "mindestens ", "mindestens 2"),
    ("at most", "höchstens ", "höchstens 50"),
)
_VERGLEICH = (
    ("less than", "kleiner als"),
    ("more than", "größer als"),
    ("at least", "mindestens"),
    ("at most", "höchstens"),
)
_ANFRAGE = rf"(?:ich )?eine ([A-Za-z]+)-Anfrage an {QUOTED}"

BEYOND = (
    # Status und Weg.
    _ours(
        "(sollte )der Status (sollte ){int} sein",
        actions.status_should_be,
        "sollte der Status 200 sein",
        "Der Status der Antwort ist dieser.",
    ),
    _ours(
        "(sollte )der Status (sollte )nicht {int} sein",
        answers.status_should_not_be,
        "sollte der Status nicht 500 sein",
        "Der Status der Antwort ist ein anderer.",
    ),
    _ours(
        _ICH_SOLLTE + "nach {string} weitergeleitet werden",
        answers.should_be_redirected,
        'sollte ich nach "/login" weitergeleitet werden',
        "Die letzte Anfrage wurde zu diesem Pfad oder dieser URL weitergeleitet, oder darüber; Parameter zählen nur, wo"
        " sie dastehen.",
    ),
    _ours(
        _ICH_SOLLTE + "{int} mal/Mal weitergeleitet werden",
        answers.should_be_redirected_times,
        "sollte ich 1 Mal weitergeleitet werden",
        "Die letzte Anfrage wurde so oft weitergeleitet, durch meta refresh auch.",
    ),
    _ours(
        _ICH_SOLLTE + "nicht weitergeleitet werden",
        answers.should_not_be_redirected,
        "sollte ich nicht weitergeleitet werden",
        "Die letzte Anfrage wurde dort beantwortet, wohin sie ging.",
    ),
    _ours(
        "(sollte )die Adresse (sollte ){string} sein",
        answers.address_should_be,
        'sollte die Adresse "https://www.example.org/suche?q=a" sein',
        "Die Adresse der Seite ist diese, mit ihren Parametern; ein Pfad gilt auf dem Host der Seite.",
    ),
    _ours(
        re.compile(r"(?:sollte )?die Adresse (?:sollte )?zu /(.+)/ passen"),
        answers.address_should_match,
        r"sollte die Adresse zu /auftrag=\d+/ passen",
        "Ein regulärer Ausdruck trifft die Adresse der Seite.",
    ),
    _ours(
        "(sollte )der Pfad (sollte ){string} sein",
        actions.should_be_on,
        'sollte der Pfad "/kontakt" sein',
        'Dasselbe wie "sollte ich auf … sein".',
    ),
    _ours(
        "(sollte )der Host (sollte ){string} sein",
        answers.host_should_be,
        'sollte der Host "www.example.org" sein',
        "Die Adresse der Seite hat diesen Host; mit einem Port, wo einer dasteht.",
    ),
    _ours(
        "(sollte )das Schema (sollte ){string} sein",
        answers.scheme_should_be,
        'sollte das Schema "https" sein',
        "So beginnt die Adresse der Seite.",
    ),
    _ours(
        "(sollte )die Seite (sollte )verschlüsselt sein",
        answers.should_be_secure,
        "sollte die Seite verschlüsselt sein",
        "Sie kam über https.",
    ),
    # Cookies.
    _ours(
        _ICH_SOLLTE + "das Cookie {string} haben",
        answers.should_have_cookie,
        'sollte ich das Cookie "lang" haben',
        "Der Browser hat ein Cookie dieses Namens, von irgendeiner Website, auf der er in diesem Lauf war.",
    ),
    _ours(
        _ICH_SOLLTE + "das Cookie {string} nicht haben",
        answers.should_not_have_cookie,
        'sollte ich das Cookie "tracking" nicht haben',
        "Der Browser hat kein Cookie dieses Namens.",
    ),
    _ours(
        "(sollte )das Cookie {string} (sollte ){string} sein",
        answers.cookie_should_be,
        'sollte das Cookie "lang" "de" sein',
        "Das Cookie hat genau diesen Wert.",
    ),
    _ours(
        re.compile(rf"(?:sollte )?das Cookie {QUOTED} (?:sollte )?zu /(.+)/ passen"),
        answers.cookie_should_match,
        'sollte das Cookie "lang" zu /^de/ passen',
        "Ein regulärer Ausdruck trifft den Wert des Cookies.",
    ),
    _ours(
        "(sollte )das Cookie {string} (sollte )Secure/secure sein",
        answers.cookie_should_be_secure,
        'sollte das Cookie "session" Secure sein',
        "Es hat das Attribut Secure: es geht nur über https.",
    ),
    _ours(
        "(sollte )das Cookie {string} (sollte )HttpOnly sein",
        answers.cookie_should_be_http_only,
        'sollte das Cookie "session" HttpOnly sein',
        "Es hat das Attribut HttpOnly: Skripte können es nicht lesen.",
    ),
    _ours(
        "(sollte )das Cookie {string} (sollte )SameSite {string} sein",
        answers.cookie_should_be_same_site,
        'sollte das Cookie "session" SameSite "Lax" sein',
        "Es hat das Attribut SameSite mit diesem Wert: Strict, Lax oder None.",
    ),
    # Titel und Elemente.
    _ours(
        "(sollte )der Titel (sollte ){string} sein",
        answers.title_should_be,
        'sollte der Titel "Willkommen" sein',
        "Der Titel der Seite ist dieser; auf Leerraum kommt es nicht an.",
    ),
    _ours(
        "(sollte )der Titel (sollte ){string} enthalten",
        answers.title_should_contain,
        'sollte der Titel "Will" enthalten',
        "Der Titel der Seite enthält diesen Text.",
    ),
    _ours(
        "(sollte )der Titel (sollte )nicht {string} enthalten",
        answers.title_should_not_contain,
        'sollte der Titel nicht "Fehler" enthalten',
        "Der Titel der Seite enthält diesen Text nicht.",
    ),
    _ours(
        _ICH_SOLLTE + "ein Element {string} sehen",
        answers.should_see_elements,
        'sollte ich ein Element "#korb .posten" sehen',
        "Mindestens ein Element ist zu sehen: ein CSS-Selektor, oder XPath, wo er mit / oder ( beginnt.",
        "at least",
        1,
    ),
    _ours(
        _ICH_SOLLTE + "kein Element {string} sehen",
        answers.should_see_elements,
        'sollte ich kein Element ".error" sehen',
        "Keines dieser Elemente ist zu sehen.",
        "exactly",
        0,
    ),
    _ours(
        _ICH_SOLLTE + "das Element {string} nicht sehen",
        answers.should_see_elements,
        'sollte ich das Element ".error" nicht sehen',
        "Dasselbe.",
        "exactly",
        0,
    ),
    *(
        _ours(
            f"{_ICH_SOLLTE}{words}{{int}} Element(e) {{string}} sehen",
            answers.should_see_elements,
            f'sollte ich {count} Elemente "ul.news > li" sehen',
            "So viele dieser Elemente sind zu sehen.",
            comparison,
        )
        for comparison, words, count in _ANZAHL
    ),
    _ours(
        _ES_SOLLTE + "ein Element {string} geben",
        answers.should_have_elements,
        "sollte es ein Element \"//link[@rel='canonical']\" geben",
        "Die Seite hat ein solches Element, ob zu sehen oder nicht.",
        "at least",
        1,
    ),
    _ours(
        _ES_SOLLTE + "kein Element {string} geben",
        answers.should_have_elements,
        'sollte es kein Element "meta[name=robots]" geben',
        "Die Seite hat kein solches Element.",
        "exactly",
        0,
    ),
    *(
        _ours(
            f"{_ES_SOLLTE}{words}{{int}} Element(e) {{string}} geben",
            answers.should_have_elements,
            f'sollte es {count} Elemente "script" geben',
            "Die Seite hat so viele dieser Elemente, ob zu sehen oder nicht.",
            comparison,
        )
        for comparison, words, count in _ANZAHL
    ),
    # JSON.
    _ours(
        "(sollte )die Antwort (sollte )JSON sein",
        json_body.should_be_json,
        "sollte die Antwort JSON sein",
        "Die Antwort lässt sich als JSON lesen.",
    ),
    _ours(
        "(sollte )das JSON unter {string} (sollte ){string} sein",
        json_body.should_be,
        'sollte das JSON unter "/user/name" "monitor" sein',
        'Der Text an einer Stelle: ein JSON Pointer (RFC 6901), "/items/0/name"; "" ist die ganze Antwort.',
    ),
    _ours(
        re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?{LITERAL} sein"),
        json_body.should_be_literal,
        'sollte das JSON unter "/healthy" true sein',
        "Der Wert dort ist diese Zahl, true, false oder null; 3 und 3.0 sind dasselbe.",
    ),
    _ours(
        "(sollte )das JSON unter {string} (sollte )so aussehen:",
        json_body.should_be_document,
        'sollte das JSON unter "/items/0" so aussehen:',
        "Der Wert dort ist gleich dem JSON im Textblock unter dem Schritt; auf die Reihenfolge kommt es bei Schlüsseln"
        " nicht an.",
    ),
    _ours(
        "(sollte )das JSON unter {string} (sollte )nicht {string} sein",
        json_body.should_not_be,
        'sollte das JSON unter "/state" nicht "down" sein',
        "Es gibt einen Wert, und er ist nicht dieser Text.",
    ),
    _ours(
        re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?nicht {LITERAL} sein"),
        json_body.should_not_be_literal,
        'sollte das JSON unter "/error" nicht null sein',
        "Es gibt einen Wert, und er ist nicht diese Zahl, true, false oder null.",
    ),
    _ours(
        "(sollte )das JSON unter {string} (sollte ){string} enthalten",
        json_body.should_contain,
        'sollte das JSON unter "/tags" "news" enthalten',
        "Ein Text hat diesen Teil, eine Liste dieses Element, ein Objekt diesen Schlüssel.",
    ),
    _ours(
        re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?{LITERAL} enthalten"),
        json_body.should_contain_literal,
        'sollte das JSON unter "/ports" 443 enthalten',
        "Eine Liste hat diese Zahl, true, false oder null als Element.",
    ),
    _ours(
        "(sollte )das JSON unter {string} (sollte )nicht {string} enthalten",
        json_body.should_not_contain,
        'sollte das JSON unter "/warnings" nicht "disk" enthalten',
        "Es gibt einen Wert, und er hat keinen solchen Teil, kein solches Element und keinen solchen Schlüssel.",
    ),
    _ours(
        re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?nicht {LITERAL} enthalten"),
        json_body.should_not_contain_literal,
        'sollte das JSON unter "/ports" nicht 23 enthalten',
        "Es gibt einen Wert, und er hat kein solches Element.",
    ),
    _ours(
        re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?zu /(.+)/ passen"),
        json_body.should_match,
        r'sollte das JSON unter "/version" zu /^2\.\d+/ passen',
        "Ein regulärer Ausdruck trifft den Text oder die Zahl dort.",
    ),
    *(
        _ours(
            f"(sollte )das JSON unter {{string}} (sollte ){words}{{int}} Element(e) haben",
            json_body.should_have_elements,
            f'sollte das JSON unter "/items" {count} Elemente haben',
            "Die Liste hat so viele Elemente, oder das Objekt so viele Schlüssel.",
            comparison,
        )
        for comparison, words, count in _ANZAHL
    ),
    *(
        _ours(
            re.compile(rf"(?:sollte )?das JSON unter {QUOTED} (?:sollte )?{words} {LITERAL} sein"),
            json_body.should_compare,
            f'sollte das JSON unter "/queue" {words} 100 sein',
            "Die Zahl dort verhält sich so.",
            comparison,
        )
        for comparison, words in _VERGLEICH
    ),
    _ours(
        _ES_SOLLTE + "das JSON unter {string} geben",
        json_body.should_exist,
        'sollte es das JSON unter "/user/id" geben',
        "Es gibt einen Wert, vielleicht null.",
    ),
    _ours(
        _ES_SOLLTE + "das JSON unter {string} nicht geben",
        json_body.should_not_exist,
        'sollte es das JSON unter "/error" nicht geben',
        "Es gibt an dieser Stelle keinen Wert.",
    ),
    # Anfragen.
    _ours(
        re.compile(rf"{_ANFRAGE} (?:sende|schicke)"),
        requests.send,
        'ich eine DELETE-Anfrage an "/api/orders/7" sende',
        "Jede Methode, so wie ein Programm sie schickt (Accept: */*); ein Pfad gilt ab BaseURL.",
    ),
    _ours(
        re.compile(rf"{_ANFRAGE} mit dem Inhalt (?:sende|schicke):"),
        requests.send_body,
        'ich eine POST-Anfrage an "/api/orders" mit dem Inhalt sende:',
        'Der Textblock geht hinaus, wie er dasteht; sein """json bestimmt den Content-Type, sonst, wonach er aussieht.',
    ),
    _ours(
        re.compile(rf"{_ANFRAGE} mit den Formulardaten (?:sende|schicke):"),
        requests.send_form,
        'ich eine POST-Anfrage an "/oauth/token" mit den Formulardaten sende:',
        "Unter dem Schritt eine Tabelle mit zwei Spalten, Name und Wert; so geschickt, wie ein Formular es täte.",
    ),
    _ours(
        "(ich )die Kopfzeile {string} auf {string} setze",
        requests.set_header,
        'ich die Kopfzeile "Accept" auf "application/json" setze',
        "Sie geht mit allen weiteren Anfragen dieses Laufs mit; Authorization und Cookie nur zum Host von BaseURL.",
    ),
    _ours(
        "(ich )mich mit dem Bearer-Token {string} ausweise",
        requests.authenticate_with_token,
        'ich mich mit dem Bearer-Token "${token}" ausweise',
        "Der Host von BaseURL bekommt es von nun an gezeigt; in allen Berichten ist es verborgen.",
    ),
    _ours(
        "(ich )mich als {string} mit dem Passwort {string} anmelde",
        requests.authenticate_as,
        'ich mich als "monitor" mit dem Passwort "${password}" anmelde',
        "Damit antworten, wenn der Server fragt, mit Basic oder Digest; das Passwort ist in allen Berichten verborgen.",
    ),
    _ours(
        "(ich )in {string} Enter/Return drücke",
        requests.press_enter,
        'ich in "Suche" Enter drücke',
        "Das Formular des Feldes abschicken, wie die Eingabetaste es tut: mit seinem ersten Absendeknopf.",
    ),
    # Merken.
    *_gefunden(
        "den Text zu /(.+)/",
        remembering.remember_text,
        r"den Text zu /Auftrag (\d+)/",
        "Von da an ist ${es}, was die Gruppe (oder das Ganze) im sichtbaren Text findet.",
    ),
    *_gefunden(
        "den Quelltext zu /(.+)/",
        remembering.remember_source,
        "den Quelltext zu /nonce: '(\\w+)'/",
        "Dasselbe im Quelltext der Seite, Tags und Skripte eingeschlossen.",
    ),
    *_merken(
        "das Feld {string}",
        remembering.remember_field,
        'das Feld "Aktenzeichen"',
        "Was in einem Feld steht; Passwörter und die Werte versteckter Felder sind in allen Berichten verborgen.",
    ),
    *_merken(
        "die Adresse des Links {string}",
        remembering.remember_link,
        'die Adresse des Links "Download"',
        "Wohin ein Link führt, als ganze Adresse.",
    ),
    *_merken(
        "die Kopfzeile {string}", remembering.remember_header, 'die Kopfzeile "Location"', "Eine Kopfzeile der Antwort."
    ),
    *_gefunden(
        rf"die Kopfzeile {QUOTED} zu /(.+)/",
        remembering.remember_from_header,
        'die Kopfzeile "Link" zu /<(.+?)>; rel="next"/',
        "Was ein regulärer Ausdruck in einer Kopfzeile der Antwort findet.",
    ),
    *_merken(
        "das JSON unter {string}",
        remembering.remember_json,
        'das JSON unter "/access_token"',
        "Der Text oder die Zahl an einer Stelle der Antwort; eine Liste oder ein Objekt als JSON.",
    ),
    *_merken(
        "den Text des Elements {string}",
        remembering.remember_element,
        'den Text des Elements "#auftragsnummer"',
        "Von mehreren Elementen das erste.",
    ),
    *_merken(
        "das Attribut {string} des Elements {string}",
        remembering.remember_attribute,
        'das Attribut "content" des Elements "meta[name=csrf-token]"',
        "Von mehreren Elementen das erste.",
    ),
    _ours(
        "(ich )mir das Cookie {string} als {string} merke",
        remembering.remember_cookie,
        'ich mir das Cookie "session" als "es" merke',
        "Der Wert eines Cookies; er ist in allen Berichten verborgen.",
    ),
    *_merken("die Adresse", remembering.remember_address, "die Adresse", "Die Adresse der Seite."),
    *_merken("den Titel", remembering.remember_title, "den Titel", "Der Titel der Seite."),
    _ours(
        "(ich )mir {string} als {string} merke",
        remembering.remember,
        'ich mir "monitor-${nummer}@example.org" als "adresse" merke',
        "Ein Text, der aus anderen zusammengesetzt ist.",
    ),
    _ours(
        "(ich )mir eine neue UUID als {string} merke",
        remembering.remember_uuid,
        'ich mir eine neue UUID als "id" merke',
        "Eine zufällige UUID, jedes Mal eine andere.",
    ),
    _ours(
        "(ich )mir eine neue Nummer als {string} merke",
        remembering.remember_number,
        'ich mir eine neue Nummer als "nummer" merke',
        "Eine Zahl, die dieses Szenario noch nicht hatte: 1, 2, 3, …; StateDir behält sie über Neustarts.",
    ),
    _ours(
        "(ich )mir den Zeitstempel als {string} merke",
        remembering.remember_timestamp,
        'ich mir den Zeitstempel als "jetzt" merke',
        "Sekunden seit 1970.",
    ),
    _ours(
        "(ich )mir die Uhrzeit als {string} merke",
        remembering.remember_time,
        'ich mir die Uhrzeit als "jetzt" merke',
        "Nach ISO 8601, in UTC: 2026-11-22T18:47:39Z.",
    ),
    # Die Zeit des letzten Schritts.
    _ours(
        "(sollte )der letzte Schritt (sollte )weniger als {float} ms dauern",
        answers.last_step_should_take_less,
        "sollte der letzte Schritt weniger als 800 ms dauern",
        'Der letzte Schritt, der eine Seite geöffnet oder etwas gesendet hat, brauchte weniger Netzzeit.  Mit ", sonst'
        ' Warnung" nur eine Warnung.',
        0.001,
    ),
    _ours(
        "(sollte )der letzte Schritt (sollte )weniger als {float} Sekunde(n) dauern",
        answers.last_step_should_take_less,
        "sollte der letzte Schritt weniger als 2 Sekunden dauern",
        "Dasselbe in Sekunden; auch 0.5 ist möglich.",
        1.0,
    ),
)

SENTENCES = (*WEB, *BEYOND)

_Q = r"""(?:"[^"]*"|'[^']*')"""

KNOWN = tuple(
    Known(re.compile(pattern), example, instead, RAILS)
    for pattern, example, instead in (
        (
            rf"(?:ich )?{_Q} als Datum und Uhrzeit auswähle",
            'ich "22.11.2026 16:40" als Datum und Uhrzeit auswähle',
            DATE,
        ),
        (
            rf"(?:ich )?{_Q} als {_Q} Datum und Uhrzeit auswähle",
            'ich "22.11.2026 16:40" als "Liefertermin" Datum und Uhrzeit auswähle',
            DATE,
        ),
        (rf"(?:ich )?{_Q} als Uhrzeit auswähle", 'ich "16:40" als Uhrzeit auswähle', DATE),
        (rf"(?:ich )?{_Q} als {_Q} Uhrzeit auswähle", 'ich "16:40" als "Liefertermin" Uhrzeit auswähle', DATE),
        (rf"(?:ich )?{_Q} als Datum auswähle", 'ich "22.11.2026" als Datum auswähle', DATE),
        (rf"(?:ich )?{_Q} als {_Q} Datum auswähle", 'ich "22.11.2026" als "Liefertermin" Datum auswähle', DATE),
        (r"zeig mir die Seite", "zeig mir die Seite", SHOW),
        (
            rf"(?:ich )?(?:bin auf {_NAME}|auf {_NAME} gehe)|{_ICH_SOLLTE_RE}auf {_NAME} sein",
            "ich bin auf der Anmeldeseite",
            PAGE_NAME,
        ),
    )
)
"""Date helpers and the like of the German edition; what to use instead is told in English, as all messages."""
