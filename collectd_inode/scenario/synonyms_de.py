"""German words of other tools, and our German sentences with the same meaning; rows as in `synonyms`."""

from __future__ import annotations

import re

Rows = list[tuple[str, tuple[str, ...]]]

_ICH = r"(?:ich )?"
_WHO = re.compile(
    r"(?:ich|wir|man|(?:der|die|ein|eine) (?:benutzer(?:in)?|nutzer(?:in)?|besucher(?:in)?|kunde|kundin)) "
)
_VERBS = {
    "klicke": "anklicke klickt klicken doppelklicke", "drücke": "drückt drücken", "tippe": "eintippe tippt tippen",
    "gebe": "eingebe gibt geben", "fülle": "ausfülle füllt füllen", "trage": "eintrage trägt tragen",
    "leere": "leert leeren", "öffne": "öffnet öffnen", "rufe": "aufrufe ruft rufen", "gehe": "geht gehen",
    "navigiere": "navigiert navigieren", "lade": "hochlade lädt laden", "melde": "anmelde meldet melden",
    "aktualisiere": "aktualisiert aktualisieren", "warte": "wartet warten", "logge": "einlogge loggt loggen",
    "setze": "setzt setzen", "entferne": "entfernt entfernen", "scrolle": "scrollt scrollen",
    "sende": "absende sendet senden", "schicke": "abschicke schickt schicken", "wähle": "auswähle wählt wählen",
    "sehe": "sieht sehen", "finde": "findet finden", "lese": "liest lesen", "merke": "merkt merken",
    "speichere": "speichert speichern", "lande": "landet landen", "fahre": "fährt fahren", "werde": "wird werden",
}  # fmt: skip
_PLAIN = {form: verb for verb, forms in _VERBS.items() for form in (verb, *forms.split())}
_ICH_SOLLTE = re.compile(r"sollte ich (.+) (sehen|finden|lesen|landen)")
_DAS = r"(?:(?:den|die|das|der|dem|ein|eine|einen|alle) )?"
_NICHT = r".*\b(?:nicht|kein\w*)\b"
_DA = r".*\b(?:vorhanden|sichtbar|da|angezeigt|existier\w+|erschein\w+|zu sehen|geben|gibt|dargestellt|stehen|steht)\b"
_KNOPF = r"(?:knopf|button|schaltfläche)"
_AN = r"(?:aktiv(?:iert)?|bearbeitbar|anklickbar|klickbar|beschreibbar|freigegeben|bedienbar)\b"
_AUS = r"(?:deaktiviert|gesperrt|ausgegraut|inaktiv)\b"

_KLICKE = ('ich klicke auf "Kontakt"', 'ich drücke auf "Anmelden"')
_GIB_EIN = ('ich gebe "monitor" in "Benutzer" ein', 'ich fülle "Benutzer" mit "monitor" aus')
_WAEHLE = ('ich wähle "Deutsch" in "Sprache" aus', 'ich wähle "Per Post" aus')
_GEHE = ('ich gehe auf "/kontakt"', 'ich besuche "/kontakt"')
_SEHE, _SEHE_NICHT = 'sehe ich "Willkommen"', 'sehe ich "Leider" nicht'
_STATUS = ("sollte der Status 200 sein", "sollte der Status nicht 500 sein")
_TITEL = ('sollte der Titel "Willkommen" sein', 'sollte der Titel "Will" enthalten')
_ADRESSE = ('sollte der Pfad "/kontakt" sein', 'sollte die Adresse "https://www.example.org/suche?q=a" sein')
_UMGELEITET = ('sollte ich nach "/login" weitergeleitet werden', 'sollte ich auf "/kontakt" sein')
_GEHAKT = (
    'sollte die Checkbox "Angemeldet bleiben" angehakt sein',
    'sollte die Checkbox "Angemeldet bleiben" nicht angehakt sein',
)
_GESPERRT = ('sollte der Knopf "Zahlen" gesperrt sein', 'sollte der Knopf "Zahlen" nicht gesperrt sein')
_FELD_GESPERRT = ('sollte das Feld "E-Mail" gesperrt sein', 'sollte das Feld "E-Mail" nicht gesperrt sein')
_FELD = ('sollte das Feld "Benutzer" "monitor" enthalten', 'sollte das Feld "Benutzer" nicht "root" enthalten')
_COOKIE = ('sollte ich das Cookie "lang" haben', 'sollte das Cookie "lang" "de" sein')
_MERKE = (
    'ich mir den Text zu /Auftrag (\\d+)/ als "es" merke',
    'ich mir das JSON unter "/access_token" als "es" merke',
)
_JSON = ('sollte das JSON unter "/user/name" "monitor" sein', 'sollte es das JSON unter "/user/id" geben')


def main_clause(said: str) -> str:
    """*said* as a sentence of "ich" with the verb behind it: "ich den Link anklicke", "der Benutzer klickt …"."""
    if expected := _ICH_SOLLTE.fullmatch(said):
        return f"ich {_PLAIN[expected[2]]} {expected[1]}"
    who = _WHO.match(said)
    if who is None:
        return said
    first, *more = said[who.end() :].split(" ")
    if first in _PLAIN:
        return " ".join(["ich", _PLAIN[first], *more])
    if more and more[-1] in _PLAIN:
        return " ".join(["ich", _PLAIN[more[-1]], first, *more[:-1]])
    return said


GERMAN: Rows = [
    (rf"{_ICH}drücke (?:auf )?(?:die )?(?:enter|return|eingabe)", ('ich in "Suche" Enter drücke',)),
    (rf"{_ICH}(?:sende|schicke|übermittle|bestätige) {_DAS}formular\b", ("ich das Formular abschicke",)),
    (rf"{_ICH}(?:gehe|navigiere|kehre|klicke)\b.*\bzurück\b", ("ich zurückgehe",)),
    (rf"{_ICH}(?:entferne|lösche|nehme|deaktiviere)\b.*(?:haken|häkchen|checkbox|kästchen)",
     ('ich hake "Angemeldet bleiben" ab',)),
    (rf"{_ICH}(?:setze|mache|aktiviere|markiere|kreuze)\b.*(?:haken|häkchen|checkbox|kästchen|\ban$)",
     ('ich hake "Angemeldet bleiben" an',)),
    (rf"{_ICH}(?:lade|füge|hänge|wähle)\b.*(?:datei|bild|foto|anhang)\b",
     ('ich die Datei "/srv/probe/foto.png" als "Foto" anhänge',)),
    (rf"{_ICH}(?:melde (?:mich|uns)|logge (?:mich|uns)|bin (?:angemeldet|eingeloggt))", (_GIB_EIN[0], _KLICKE[1])),
    (rf"{_ICH}(?:werde|wurde|bin)\b.*(?:weiter|um)geleitet", _UMGELEITET),
    (rf"{_ICH}(?:lande|befinde mich)\b", _UMGELEITET[::-1]),
    (rf"{_ICH}(?:rufe|öffne|navigiere|surfe|gehe|betrete|lade|springe)\b.*(?:startseite|homepage)",
     ("ich gehe auf die Startseite",)),
    (rf"{_ICH}(?:rufe|öffne|navigiere|surfe|gehe|betrete|lade|springe)\b.*\"\"", _GEHE),
    (rf"{_ICH}(?:lade|aktualisiere|erneuere)\b.*\b(?:seite|browser|neu)\b", ("ich die Seite neu lade",)),
    (rf"{_ICH}(?:sende|schicke|mache|stelle|führe)\b.*\bget\b", _GEHE),
    (rf"{_ICH}(?:sende|schicke|mache|stelle|führe)\b.*\b(?:post|put|patch)\b",
     ('ich eine POST-Anfrage an "/api/orders" mit dem Inhalt sende:',
      'ich eine POST-Anfrage an "/oauth/token" mit den Formulardaten sende:')),
    (rf"{_ICH}(?:setze|sende|schicke)\b.*(?:header|kopfzeile)",
     ('ich die Kopfzeile "Accept" auf "application/json" setze',)),
    (rf"{_ICH}klick\w* (?:auf )?{_DAS}{_KNOPF}\b", ('ich drücke auf "Anmelden"',)),
    (rf"{_ICH}klick\w* (?:auf )?{_DAS}(?:link|verweis|menü\w*|reiter|tab)\b",
     (_KLICKE[0], 'ich auf den Link "Kontakt" klicke')),
    (rf"{_ICH}(?:(?:doppel)?klick\w*|tippe auf|betätige)\b", _KLICKE),
    (rf"{_ICH}(?:akzeptiere|bestätige|schließe)\b.*(?:cookies?|banner|hinweis|\"\")", _KLICKE[::-1]),
    (rf"{_ICH}(?:tippe|schreibe|trage|gebe)\b", _GIB_EIN),
    (rf"{_ICH}(?:fülle|befülle|leere|setze)\b", _GIB_EIN[::-1]),
    (rf"{_ICH}wähle\b.*(?:optionsfeld|radio)", _WAEHLE[::-1]),
    (rf"{_ICH}wähle\b.*\"\".*\"\"", _WAEHLE),
    (rf"{_ICH}wähle\b", _WAEHLE[::-1]),
    (rf"{_ICH}warte\b.*\"\"", (_SEHE,)),
    (rf"{_ICH}(?:merke|speichere|sichere|notiere)\b", _MERKE),
    (rf"{_ICH}(?:warte|pausiere|scrolle|fahre|bewege|ziehe|mache|erstelle|schließe|wechsle|maximiere|lösche"
     r"|akzeptiere|bestätige|führe|aktualisiere)\b", ()),
    (rf"(?:sollte )?{_DAS}(?:seiten)?titel\b{_NICHT}", ('sollte der Titel nicht "Fehler" enthalten',)),
    (rf"(?:sollte )?{_DAS}(?:seiten)?titel\b.*\b(?:enth|beinh)", _TITEL[::-1]),
    (rf"(?:sollte )?{_DAS}(?:seiten)?titel\b", _TITEL),
    (rf"(?:sollte )?{_DAS}(?:haupt)?überschrift\b", ('sollte ich "Willkommen" sehen innerhalb "#main"', _SEHE)),
    (rf"(?:sollte )?{_DAS}(?:http-? ?|antwort-?)?status(?:-?code)?\b{_NICHT}", _STATUS[::-1]),
    (rf"(?:sollte )?{_DAS}(?:http-? ?|antwort-?)?(?:status(?:-?code)?|code)\b", _STATUS),
    (rf"(?:sollte )?{_DAS}(?:antwort(?:zeit)?|ladezeit|seite|anfrage)\b.*\b(?:sekunden?|ms|millisekunden)\b",
     ("sollte der letzte Schritt weniger als 2 Sekunden dauern",
      "sollte der letzte Schritt weniger als 800 ms dauern")),
    (rf"(?:sollte )?{_DAS}(?:aktuelle )?(?:url|adresse)\b.*\b(?:enth|beinh|pass)",
     ("sollte die Adresse zu /auftrag=\\d+/ passen", _ADRESSE[0])),
    (rf"(?:sollte )?{_DAS}(?:aktuelle )?(?:url|adresse)\b", _ADRESSE),
    (rf"(?:sollte )?{_DAS}{_KNOPF} \"\" (?:(?:ist|sei|soll\w*) )?nicht {_AUS}", _GESPERRT[::-1]),
    (rf"(?:sollte )?{_DAS}{_KNOPF} \"\" (?:(?:ist|sei|soll\w*) )?(?:{_AUS}|nicht {_AN})", _GESPERRT),
    (rf"(?:sollte )?{_DAS}{_KNOPF} \"\" (?:(?:ist|sei|soll\w*) )?{_AN}", _GESPERRT[::-1]),
    (rf"(?:sollte )?{_DAS}(?:eingabe)?feld \"\" (?:(?:ist|sei|soll\w*) )?nicht {_AUS}", _FELD_GESPERRT[::-1]),
    (rf"(?:sollte )?{_DAS}(?:eingabe)?feld \"\" (?:(?:ist|sei|soll\w*) )?(?:{_AUS}|nicht {_AN})", _FELD_GESPERRT),
    (rf"(?:sollte )?{_DAS}(?:eingabe)?feld \"\" (?:(?:ist|sei|soll\w*) )?{_AN}", _FELD_GESPERRT[::-1]),
    (rf"(?:sollte )?{_DAS}(?:checkbox|kontrollkästchen|kästchen)\b{_NICHT}", _GEHAKT[::-1]),
    (rf"(?:sollte )?{_DAS}(?:checkbox|kontrollkästchen|kästchen)\b", _GEHAKT),
    (rf"(?:sollte )?{_DAS}(?:option|eintrag) \"\"", ('sollte das Feld "Benutzer" "monitor" enthalten',)),
    (rf"(?:{_ICH}sehe |sollte )?{_DAS}(?:link|verweis) \"\"{_NICHT}", ('sollte ich keinen Link "Kontakt" sehen',)),
    (rf"(?:{_ICH}sehe |sollte )?{_DAS}(?:link|verweis) \"\"", ('sollte ich den Link "Kontakt" sehen',)),
    (rf"(?:{_ICH}sehe )?{_DAS}{_KNOPF} \"\"{_NICHT}", ('sollte ich keinen Knopf "Zahlen" sehen',)),
    (rf"(?:{_ICH}sehe )?{_DAS}{_KNOPF} \"\"", ('sollte ich den Knopf "Zahlen" sehen',)),
    (rf"(?:{_ICH}sehe )?{_DAS}(?:eingabe)?feld \"\"{_NICHT}{_DA}", ('sollte ich kein Feld "E-Mail" sehen',)),
    (rf"(?:{_ICH}sehe )?{_DAS}(?:eingabe)?feld \"\"{_DA}", ('sollte ich das Feld "E-Mail" sehen',)),
    (rf"(?:sollte )?{_DAS}(?:eingabe)?feld \"\"{_NICHT}", _FELD[::-1]),
    (rf"(?:sollte )?{_DAS}(?:eingabe)?feld \"\"", _FELD),
    (rf"(?:{_ICH}sehe )?{_DAS}element \"\"{_NICHT}", ('sollte ich kein Element ".error" sehen',)),
    (rf"(?:{_ICH}sehe )?{_DAS}element \"\"", ('sollte ich ein Element "#korb .posten" sehen',)),
    (r"(?:es gibt|sollten? es|die tabelle|die liste|ich sehe)\b.*\b\d+ (?:zeilen?|einträge|elemente?|treffer)\b",
     ('sollte ich genau 3 Elemente "ul.news > li" sehen',)),
    (rf"{_DAS}bild(?:er)?\b.*\b(?:ge)?lad", ("sollten sich die Bilder der Seite laden lassen",)),
    (rf"(?:sollte )?{_DAS}(?:antwort-?)?(?:header|kopfzeile)\b",
     ('sollte die Kopfzeile "Content-Type" "text/html" sein',)),
    (rf"(?:sollte )?{_DAS}json\b.*\b(?:enth|hat|haben|gibt|vorhanden)", _JSON[::-1]),
    (rf"(?:sollte )?{_DAS}json\b", _JSON),
    (rf"(?:sollte )?{_DAS}cookie\b{_NICHT}", ('sollte ich das Cookie "tracking" nicht haben',)),
    (rf"(?:sollte )?{_DAS}cookie\b", _COOKIE),
    (rf"(?:sollte )?{_DAS}(?:ssl-|tls-)?(?:zertifikat|verbindung)\b", ("sollte die Seite verschlüsselt sein",)),
    (rf"{_ICH}(?:sehe|finde|lese|erkenne)\b{_NICHT}", (_SEHE_NICHT,)),
    (rf"{_ICH}(?:sehe|finde|lese|erkenne)\b", (_SEHE,)),
    (rf"(?:sollte )?(?:auf )?{_DAS}(?:seite|antwort|meldung|text)\b{_NICHT}", (_SEHE_NICHT,)),
    (rf"(?:sollte )?{_DAS}antwort\b.*\bstatus", _STATUS),
    (rf"(?:sollte )?(?:auf )?{_DAS}(?:seite|antwort|meldung|text)\b.*\"\"", (_SEHE,)),
    (rf"sollte (?:es )?\"\"{_NICHT}{_DA}", (_SEHE_NICHT,)),
    (rf"sollte (?:es )?\"\"{_DA}", (_SEHE,)),
    (rf"(?:es |da |dort )?(?:\"\" )?(?:erscheint|wird|ist|steht|soll\w*)\b{_NICHT}", (_SEHE_NICHT,)),
    (r"(?:es |da |dort )?(?:\"\" )?(?:erscheint|wird|ist|steht)\b.*", (_SEHE,)),
]  # fmt: skip
"""The first row that fits is taken; no examples: nothing here does that."""
