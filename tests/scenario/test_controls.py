"""Sentences that look at links, buttons, fields and tables, fill in what is large, reload and go back."""

from __future__ import annotations

from pathlib import Path

import pytest

from collectd_inode.model import Observation
from collectd_inode.observing import observe
from tests.helpers.api import api, said
from tests.helpers.examples import loaded, write_feature
from tests.helpers.peers import answer, peer, tidily

PAGE = b"""<!doctype html><title>Shop</title><a href=/contact>Contact</a><a href=/x hidden>Secret</a>
<form action=/s method=post><label>E-mail <input name=mail value=me@x></label>
<label>Code <input name=code readonly></label>
<label>Old <input name=old disabled></label><label>Message <textarea name=text></textarea></label>
<label>Language <select name=l><option>English<option>Deutsch</select></label>
<label>Colours <select name=c multiple><option selected>Red<option selected>Blue</select></label>
<label>Make <input name=m list=makes></label><datalist id=makes><option>Audi<option>VW</datalist>
<label>One <input type=file name=one></label><label>Many <input type=file name=many multiple></label>
<button>Pay</button><button disabled>Later</button></form><form hidden action=/other></form>
<p>Rain, rain, Rain</p><table><tr><th>Day<th>Weather<th>Wind<tr><td>Mon<td>Rain<td>3<tr><td>Tue<td>Sun<td>5</table>"""


def replayed(folder: Path, steps: str, page: bytes = PAGE) -> tuple[Observation, list[str]]:
    """What comes of the steps after the page is open, and the first lines of what was asked for."""

    async def main() -> tuple[Observation, list[str]]:
        async with peer(answer(page, "200 OK", "Content-Type: text/html; charset=utf-8")) as server:
            found = loaded(write_feature(folder, f'When I go to "/start"\n{steps}'), base_url=server.url)
            assert [str(problem) for problem in found.problems] == []
            seen = await observe(found.jobs[0])
            return seen, [head.split(b" HTTP")[0].decode() for head in server.heads]

    return tidily(main())


@pytest.mark.parametrize(
    "steps",
    [
        'Then I should see the link "Contact"',
        'Then I should not see the link "Secret"',
        'Then I should see a button "Later"',
        'Then I should not see the button "Contact"',
        'Then I should see the field "Old"',
        'Then I should not see a field "Phone"',
        'Then the "Later" button should be disabled',
        'Then the "Pay" button should not be disabled',
        'Then the "Old" field should be disabled',
        'Then the "E-mail" field should not be disabled',
        'Then the "Code" field should be read-only',
        'Then the "E-mail" field should not be read-only',
        'Then the "Language" field should have the options:\n| Deutsch |\n| English |',
        'Then the "Make" field should have the option "VW"',
        'Then the "Language" field should not have the option "Klingon"',
        'Then I should see "Rain" 3 times',
        'Then I should see "rain" 1 time',
        'Then I should see "Rain" at least 2 times',
        'Then I should see "Snow" at most 0 times',
        "Then I should see the table rows:\n| Day | Wind |\n| Tue | 5 |",
        "Then I should not see the table rows:\n| Mon | Sun |",
        'When I fill in "Message" with:\n"""\nTwo\nlines\n"""\nThen the "Message" field should contain "Two\\nlines"',
        'When I unselect "Red" from "Colours"\nThen the "Colours" field should contain "Blue"',
        'When I select "Audi" from "Make"\nThen the "Make" field should contain "^Audi$"',
        'When I fill in "E-mail" with "x"\nAnd I follow "Contact"\nAnd I go back\nThen I should be on "/start"\n'
        'And the "E-mail" field should contain "^x$"',
    ],
)
def test_passes(tmp_path: Path, steps: str) -> None:
    """Where the page is as it says."""
    found, _ = replayed(tmp_path, steps)
    assert (found.message, found.status.value) == ("", "passed")


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ('Then I should see the link "Secret"', "no link “Secret”"),
        ('Then I should not see the link "Contact"', "the link “Contact” is there"),
        ('Then I should not see the button "Later"', "the button “Later” is there"),
        ('Then the "Pay" button should be disabled', "the button “Pay” is not disabled"),
        ('Then the "Old" field should not be disabled', "the field “Old” is not enabled"),
        ('Then the "Nix" field should be disabled', "no field “Nix”"),
        ('Then the "Language" field should be read-only', "the field “Language” is not read-only"),
        ('Then the "Code" field should not be read-only', "the field “Code” is not editable"),
        (
            'Then the "Language" field should have the options:\n| English | French |',
            "the field “Language” lacks “French” and has “Deutsch” besides",
        ),
        ('Then the "Language" field should have the option "Fr"', "the field “Language” has no option “Fr”"),
        ('Then the "Make" field should not have the option "VW"', "the field “Make” has an option “VW”"),
        ('Then the "E-mail" field should have the option "x"', "the field “E-mail” has no options"),
        ('Then I should see "Rain" 2 times', "text “Rain” found 3 times"),
        ("Then I should see the table rows:\n| Mon | Snow |", "no table has the row | Mon | Snow |"),
        ("Then I should see the table rows:\n| Tue |\n| Mon |", "no table has these rows in this order"),
        ("Then I should not see the table row:\n| Mon | Rain |", "a table has the row | Mon | Rain |"),
        ('When I unselect "English" from "Language"', "the select takes one option only"),
        ("When I go back", "there is no page to go back to"),
    ],
)
def test_fails(tmp_path: Path, steps: str, message: str) -> None:
    """Where it is not, with what is there instead."""
    found, _ = replayed(tmp_path, steps)
    assert found.message.startswith(message)
    assert found.status.value == "failed"


def test_what_is_asked_for(tmp_path: Path) -> None:
    """Reload asks again, back does not; the only form that can be seen is sent."""
    steps = "When I reload the page\nAnd I submit the form\nAnd I reload the page\nAnd I go back"
    found, asked = replayed(tmp_path, steps)
    assert found.message == ""
    assert [line.rpartition("=")[2] if "=" in line else line for line in asked] == [
        "GET /start",
        "GET /start",
        "POST /s",
        "POST /s",
    ]


def test_the_form_of_several(tmp_path: Path) -> None:
    """It is not for us to choose one."""
    found, _ = replayed(tmp_path, "When I submit the form", b"<form id=a></form><form id=b></form>")
    assert found.message.startswith("the page has 2 forms: which one?")
    found, _ = replayed(tmp_path, "When I submit the form", b"<form hidden></form>")
    assert found.message.startswith("the page has no visible form")


def test_several_files(tmp_path: Path) -> None:
    """Into a field that takes several; each must be there when the scenario is loaded."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(name)
    table = f":\n| {tmp_path}/a.txt |\n| {tmp_path}/b.txt |"
    found, _ = replayed(
        tmp_path, f'When I attach the files to "Many"{table}\nThen the "Many" field should contain "a.txt"'
    )
    assert found.message == ""
    found, _ = replayed(tmp_path, f'When I attach the following files to "One"{table}')
    assert found.message.startswith("the file field takes one file only")
    problems = loaded(
        write_feature(tmp_path, 'When I attach the files to "Many":\n| /gone |'), base_url="http://h"
    ).problems
    assert [problem.what for problem in problems] == ["the file /gone cannot be attached: No such file or directory"]


@pytest.mark.parametrize(
    ("step", "kind", "body"),
    [
        ('I try to post to "/p" with "a=1&b=x+y"', "application/x-www-form-urlencoded", "a=1&b=x+y"),
        ('I POST to "/p" the data:\n"""\na=1\n"""', "application/x-www-form-urlencoded", "a=1"),
        ('I POST to "/p" the data:\n"""\n{"a": 1}\n"""', "application/json", '{"a": 1}'),
        ('I POST to "/p" the data:\n"""csv\na,b\n"""', "text/csv; charset=utf-8", "a,b"),
        ('I POST to "/p" the data:\n| a | x y |', "application/x-www-form-urlencoded", "a=x+y"),
    ],
)
def test_posts(tmp_path: Path, step: str, kind: str, body: str) -> None:
    """As GOV.UK's and cucumber-nagios' users write them."""

    async def main() -> tuple[str, str, str]:
        async with api({"/p": said("{}")}) as server:
            (job,) = loaded(write_feature(tmp_path, f"When {step}"), base_url=server.url).jobs
            assert (await observe(job)).message == ""
            (asked,) = server.asked
            return asked.line, asked.headers["content-type"], asked.body.decode()

    assert tidily(main()) == ("POST /p", kind, body)
