"""German: the translated sentences, cucumber-rails' own among them, and a feature file in it against a real server.

``test_languages.py`` has what holds for every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.model import Cause, Status
from collectd_inode.scenario import actions, feature
from collectd_inode.scenario.sentences import every_unsupported, vocabulary
from collectd_inode.scenario.vocabulary import Matched, Undefined
from demo.site import Outage, Site
from tests.helpers.examples import loaded, replayed, write_feature
from tests.helpers.places import FEATURES

GERMAN = vocabulary("de")


# cucumber-rails' German web steps (web_steps_de.rb.erb, 1.0.6)

Row = tuple[str, str, Callable[..., Any], tuple[object, ...], tuple[str, ...]]
SEE = r"^(?:|ich sollte |sollte (?:|ich )?)"

RAILS: tuple[Row, ...] = (
    (r"^(.*) innerhalb ([^:]+)$", 'ich auf "a" klicke innerhalb "#b"', actions.follow, ("a",), ("#b",)),
    (r"^(.*) innerhalb ([^:]+)$", "sollte ich /a+/ sehen innerhalb der Seite", actions.should_see_pattern, ("a+",), ()),
    (r"^(.*) innerhalb ([^:]+):$", 'ich folgendes eingebe innerhalb "#b":', actions.fill_in_table, (), ("#b",)),
    (r"^(?:|ich )bin auf (.+)$", "ich bin auf der Startseite", actions.go, ("/",), ()),
    (r"^(?:|ich )bin auf (.+)$", "ich bin auf the home page", actions.go, ("/",), ()),
    (r"^(?:|ich )bin auf (.+)$", "ich bin auf /kontakt", actions.go, ("/kontakt",), ()),
    (r"^(?:|ich )auf (.+) gehe$", "ich auf die Startseite gehe", actions.go, ("/",), ()),
    (r"^(?:|ich )auf (.+) gehe$", "ich auf http://www.example.org gehe", actions.go, ("http://www.example.org",), ()),
    (r'^(?:|ich )auf "([^"]*)" drücke$', 'ich auf "Los" drücke', actions.press, ("Los",), ()),
    (r'^(?:|ich )auf "([^"]*)" klicke$', 'ich auf "Kontakt" klicke', actions.follow, ("Kontakt",), ()),
    (r'^(?:|ich )"([^"]*)" mit "([^"]*)" ausfülle$', 'ich "a" mit "b" ausfülle', actions.fill_in, ("a", "b"), ()),
    (r'^(?:|ich )"([^"]*)" in "([^"]*)" eingebe$', 'ich "b" in "a" eingebe', actions.fill_in_for, ("b", "a"), ()),
    (r"^(?:|ich )folgendes eingebe:$", "ich folgendes eingebe:", actions.fill_in_table, (), ()),
    (r'^(?:|ich )"([^"]*)" in "([^"]*)" auswähle$', 'ich "b" in "a" auswähle', actions.select, ("b", "a"), ()),
    (r'^(?:|ich )"([^"]*)" anhake$', 'ich "a" anhake', actions.check, ("a",), ()),
    (r'^(?:|ich )"([^"]*)" abhake$', 'ich "a" abhake', actions.uncheck, ("a",), ()),
    (r'^(?:|ich )"([^"]*)" auswähle$', 'ich "a" auswähle', actions.choose, ("a",), ()),
    (
        r'^(?:|ich )die Datei "([^"]*)" als "([^"]*)" anhänge$',
        'ich die Datei "/a" als "b" anhänge',
        actions.attach,
        ("/a", "b"),
        (),
    ),
    (SEE + r'"([^"]*)" sehen$', 'sollte ich "a" sehen', actions.should_see, ("a",), ()),
    (SEE + r'"([^"]*)" sehen$', 'ich sollte "a" sehen', actions.should_see, ("a",), ()),
    (SEE + r'"([^"]*)" sehen$', 'sollte "a" sehen', actions.should_see, ("a",), ()),
    (SEE + r'"([^"]*)" sehen$', '"a" sehen', actions.should_see, ("a",), ()),
    (SEE + r"\/([^\/]*)\/ sehen$", "ich sollte /a+/ sehen", actions.should_see_pattern, ("a+",), ()),
    (SEE + r'nicht "([^"]*)" sehen$', 'sollte ich nicht "a" sehen', actions.should_not_see, ("a",), ()),
    (SEE + r"nicht \/([^\/]*)\/ sehen$", "sollte nicht /a+/ sehen", actions.should_not_see_pattern, ("a+",), ()),
    (
        r'^(?:|sollte )das "([^"]*)" Feld (?:|sollte )"([^"]*)" enthalten$',
        'sollte das "a" Feld "b" enthalten',
        actions.field_should_contain,
        ("a", "b"),
        (),
    ),
    (
        r'^(?:|sollte )das "([^"]*)" Feld (?:|sollte )nicht "([^"]*)" enthalten$',
        'das "a" Feld sollte nicht "b" enthalten',
        actions.field_should_not_contain,
        ("a", "b"),
        (),
    ),
    (
        r'^(?:|sollte )die "([^"]*)" Checkbox (?:|sollte )angehakt sein$',
        'sollte die "a" Checkbox angehakt sein',
        actions.should_be_checked,
        ("a",),
        (),
    ),
    (
        r'^(?:|sollte )die "([^"]*)" Checkbox (?:|sollte )nicht angehakt sein$',
        'die "a" Checkbox sollte nicht angehakt sein',
        actions.should_not_be_checked,
        ("a",),
        (),
    ),
    (SEE + r"auf (.+) sein$", "sollte ich auf der Startseite sein", actions.should_be_on, ("/",), ()),
    (SEE + r"auf (.+) sein$", "ich sollte auf /kontakt sein", actions.should_be_on, ("/kontakt",), ()),
    (r"^zeig mir die Seite$", "zeig mir die Seite", actions.show_page, (), ()),
)

UNSUPPORTED = (
    r'^(?:|ich )"([^"]*)" als Datum und Uhrzeit auswähle$',
    r'^(?:|ich )"([^"]*)" als "([^"]*)" Datum und Uhrzeit auswähle$',
    r'^(?:|ich )"([^"]*)" als Uhrzeit auswähle$',
    r'^(?:|ich )"([^"]*)" als "([^"]*)" Uhrzeit auswähle$',
    r'^(?:|ich )"([^"]*)" als Datum auswähle$',
    r'^(?:|ich )"([^"]*)" als "([^"]*)" Datum auswähle$',
    r"^(?:|ich )bin auf (.+)$",
)


@pytest.mark.parametrize(("pattern", "example", "action", "arguments", "scopes"), RAILS)
def test_a_step_of_cucumber_rails_is_a_sentence(
    pattern: str, example: str, action: Callable[..., Any], arguments: tuple[object, ...], scopes: tuple[str, ...]
) -> None:
    """It does the same, in either quotes, with its ich and without."""
    assert re.search(pattern, example)
    for text in (example, example.replace('"', "'"), example.removeprefix("ich ")):
        found = GERMAN.match(text)
        assert isinstance(found, Matched)
        assert (found.sentence.action, found.arguments, found.scopes) == (action, arguments, scopes)


@pytest.mark.parametrize(
    ("main", "after_wenn"),
    [
        ('ich gehe auf "/kontakt"', 'ich auf "/kontakt" gehe'),
        ("ich gehe auf /kontakt", "ich auf /kontakt gehe"),
        ("ich gehe auf die Startseite", "ich auf die Startseite gehe"),
        ('ich besuche "/kontakt"', 'ich "/kontakt" besuche'),
        ('ich klicke auf "Kontakt"', 'ich auf "Kontakt" klicke'),
        ('ich folge "Kontakt"', 'ich auf "Kontakt" klicke'),
        ('ich folge dem Link "Kontakt"', 'ich auf "Kontakt" klicke'),
        ('ich drücke auf "Anmelden"', 'ich auf "Anmelden" drücke'),
        ('ich klicke auf den Knopf "Anmelden"', 'ich auf den Knopf "Anmelden" drücke'),
        ('ich fülle "Benutzer" mit "monitor" aus', 'ich "Benutzer" mit "monitor" ausfülle'),
        ('ich gebe "monitor" in "Benutzer" ein', 'ich "monitor" in "Benutzer" eingebe'),
        ('ich wähle "Deutsch" in "Sprache" aus', 'ich "Deutsch" in "Sprache" auswähle'),
        ('ich wähle "Per Post" aus', 'ich "Per Post" auswähle'),
        ('ich hake "AGB" an', 'ich "AGB" anhake'),
        ('ich hake "AGB" ab', 'ich "AGB" abhake'),
        ('ich schicke das Formular "suche" ab', 'ich das Formular "suche" abschicke'),
        ('sehe ich "Willkommen"', 'sollte ich "Willkommen" sehen'),
        ('ich sehe "Willkommen"', 'sollte ich "Willkommen" sehen'),
        ('sehe ich "Leider" nicht', 'sollte ich "Leider" nicht sehen'),
    ],
)
def test_the_order_of_a_main_clause(main: str, after_wenn: str) -> None:
    """After Und, Aber and Angenommen the verb comes second; after Wenn it comes last."""
    found, like = GERMAN.match(main), GERMAN.match(after_wenn)
    assert isinstance(found, Matched) and isinstance(like, Matched)
    assert (found.sentence.action, found.arguments) == (like.sentence.action, like.arguments)


@pytest.mark.parametrize("pattern", UNSUPPORTED)
def test_a_step_of_cucumber_rails_that_is_not_done_is_known(pattern: str) -> None:
    """What to use instead is told, in English as all messages."""
    examples = [u.example for u in every_unsupported() if re.search(pattern, u.example)]
    assert examples
    for example in examples:
        found = GERMAN.match(example)
        assert isinstance(found, Undefined)
        assert found.instead.startswith("known from cucumber-rails, but not supported: ")


@pytest.mark.parametrize(
    ("text", "soft", "cleanup"),
    [
        ('ich auf "Abmelden" klicke', False, False),
        ('ich auf "Abmelden" klicke, sonst Warnung', True, False),
        ('ich in jedem Fall auf "Abmelden" klicke', False, True),
        ('In jedem Fall ich auf "Abmelden" klicke, sonst Warnung', True, True),
        ('whatever happens, auf "Abmelden" klicke', False, True),
        ('falls "ich auf "Anmelden" klicke" gelang, in jedem Fall auf "Abmelden" klicke', False, True),
    ],
)
def test_another_step(text: str, *, soft: bool, cleanup: bool) -> None:
    """One that only warns, one that is done in any case; around an English sentence or within one, too."""
    found = GERMAN.match(text)
    assert isinstance(found, Matched)
    assert (found.sentence.action, found.arguments) == (actions.follow, ("Abmelden",))
    assert (found.soft, found.cleanup) == (soft, cleanup)


def test_of_two_parts_of_the_page_the_one_at_the_end_is_the_outer() -> None:
    """As in English."""
    found = GERMAN.match('sollte das Feld "a" innerhalb "#inner" "b" enthalten innerhalb von "#outer"')
    assert isinstance(found, Matched)
    assert (found.sentence.action, found.arguments) == (actions.field_should_contain, ("a", "b"))
    assert found.scopes == ("#outer", "#inner")


def test_parts_of_parts_have_an_end() -> None:
    """A line of a megabyte is no reason to recurse as deep."""
    for part in (' innerhalb "b"', ", sonst Warnung", ' innerhalb von "b" "c"', " Feld innerhalb "):
        assert not isinstance(GERMAN.match('das Feld "a"' + part * 20_000), Matched)


# Files


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site(outage=Outage(length=1, period=1, first=0), sleep=lambda _: None) as running:
        yield running


def test_a_german_file_is_run(site: Site) -> None:
    """Keywords, sentences, tables, outlines; an English sentence among them."""
    runs = replayed(FEATURES / "anmelden.feature", base_url=site.url)
    assert [(run.job.scenario, run.status, run.message) for run in runs] == [
        ("Anmelden", Status.PASSED, ""),
        ("Seiten, /contact, 200, My PGP key", Status.PASSED, ""),
        ("Seiten, /gone, 404, There is no such page.", Status.PASSED, ""),
    ]
    ((warning,), *others) = (run.warnings for run in runs)
    assert warning.code == "soft"
    assert warning.message.startswith('sollte ich "Letzte Bestellung" sehen, sonst Warnung: ')
    assert others == [(), ()]


def test_its_steps_have_series_as_all_have() -> None:
    """From the text as it was written."""
    (scenario, *_) = feature.read(FEATURES / "anmelden.feature").scenarios
    assert [(step.keyword, step.series) for step in scenario.steps][:4] == [
        ("Angenommen", "ich_bin_auf_der_startseite"),
        ("Und", "ich_messe_die_zeit"),
        ("Wenn", "ich_auf_log_in_klicke"),
        ("Und", "ich_folgendes_eingebe"),
    ]


def german(folder: Path, *steps: str) -> Path:
    lines = "\n".join(f"    {step}" for step in steps)
    return write_feature(folder, f"# language: de\nFunktion: Netz\n  Szenario: Seite\n{lines}\n#Feature:\n")


def test_what_a_failed_step_says_is_english(tmp_path: Path, site: Site) -> None:
    """The same actions, the same messages: they are searched for in logs and in these pages."""
    path = german(tmp_path, "Wenn ich auf die Startseite gehe", 'Dann sollte ich "Warenkorb" sehen')
    (run,) = replayed(path, base_url=site.url)
    assert (run.status, run.cause) == (Status.FAILED, Cause.EXPECTATION)
    assert run.message.startswith("text “Warenkorb” not found, on “inode.co.nz” at ")


def test_the_status_is_judged_by_german_steps_too(tmp_path: Path, site: Site) -> None:
    """A navigation whose status a later step judges takes any."""
    path = german(tmp_path, 'Wenn ich "/stock" besuche', "Dann sollte die Anfrage fehlschlagen")
    (run,) = replayed(path, base_url=site.url)
    assert run.passed, run.message
    (run,) = replayed(german(tmp_path, 'Wenn ich "/stock" besuche'), base_url=site.url)
    assert (run.status, run.message) == (Status.FAILED, f"{site.url}/stock answered 503 Service Unavailable")


def test_a_typo_gets_a_german_suggestion(tmp_path: Path) -> None:
    """From the sentences of both languages."""
    found = loaded(german(tmp_path, 'Wenn ich auf "Kontakt" kliche'))
    assert found.problems[0].what == (
        'undefined step: ich auf "Kontakt" kliche; did you mean: ich auf "Kontakt" klicke'
    )


def test_a_file_of_another_language_speaks_english(tmp_path: Path) -> None:
    """French keywords, English sentences; German ones are not for it."""
    path = write_feature(
        tmp_path,
        "# language: fr\nFonctionnalité: Toile\n  Scénario: Page\n"
        '    Quand I go to "http://a/"\n    Alors sollte ich "a" sehen\n#Feature:\n',
    )
    assert [problem.what for problem in loaded(path).problems] == [
        'undefined step: sollte ich "a" sehen: only valid in a feature file that begins with "# language: de"'
    ]


def test_an_operator_s_own_sentence_is_good_in_every_language(tmp_path: Path) -> None:
    """It may be German in an English file, too."""
    mine = tmp_path / "mine.py"
    mine.write_text(
        'from collectd_inode import step\n\n@step("ich {string} suche")\nasync def search(session, text): ...\n'
    )
    path = german(tmp_path, 'Wenn ich "Tee" suche')
    assert not loaded(path, steps=(str(mine),)).problems
    assert not loaded(write_feature(tmp_path, '* ich "Tee" suche'), steps=(str(mine),)).problems
