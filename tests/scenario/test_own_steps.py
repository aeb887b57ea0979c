"""docs/how-to/own-steps.rst: its example works, and breaks as the page says; what it names is there."""

from __future__ import annotations

import asyncio
import inspect
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import docutils.core
import pytest
from docutils import nodes

from collectd_inode import Cause, Failure, Misconfigured, Session
from collectd_inode.browser.browser import Browser
from collectd_inode.page.page import Page
from collectd_inode.scenario.usersteps import load, with_user_errors
from collectd_inode.troubles import trouble_from
from demo.site import PASSWORD, Outage, Site
from tests.helpers.places import ROOT

PAGE = (ROOT / "docs" / "how-to" / "own-steps.rst").read_text(encoding="utf-8")
TREE = docutils.core.publish_doctree(PAGE, settings_overrides={"report_level": 2, "syntax_highlight": "none"})
BLOCKS = [(block["classes"][1], block.astext()) for block in TREE.findall(nodes.literal_block)]
ADDRESS = "http://127.0.0.1:8080"


def rows(number: int) -> list[list[str]]:
    """The rows of the page's n-th table, without its head."""
    body = next(list(TREE.findall(nodes.table))[number].findall(nodes.tbody))
    return [[" ".join(cell.astext().split()) for cell in row.findall(nodes.entry)] for row in body.findall(nodes.row)]


def sessions() -> list[tuple[str, str]]:
    """Each command with what it prints, in the page's order."""
    texts = [part for language, text in BLOCKS if language == "console" for part in text.split("$ ")[1:]]
    return [(command, printed) for command, _, printed in (text.partition("\n") for text in texts)]


def masked(text: str) -> list[str]:
    """The words of *text* without its times, by which the columns stand."""
    return re.sub(r"\d+\.\d+ ?m?s\b|\d+m", "TIME", text).split()


@pytest.fixture
def site() -> Iterator[Site]:
    with Site(outage=Outage(first=float("inf")), sleep=lambda _: None) as running:
        yield running


def test_the_page_s_commands_print_what_it_shows(tmp_path: Path, site: Site) -> None:
    """One after the other, on the page's files and a real site; the mistake that it makes on purpose, too."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "login").write_text(PASSWORD)
    for _, text in BLOCKS:
        if name := re.match(r"# (\S+\.\w+)\n", text):
            path = tmp_path / name[1]
            path.parent.mkdir(exist_ok=True)
            path.write_text(text + "\n", encoding="utf-8")
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONPATH": str(ROOT)}
    assert sessions()
    for command, printed in sessions():
        done = subprocess.run(
            ["sh", "-c", command.replace(ADDRESS, site.url)],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert masked(done.stdout.decode()) == masked(printed)
        traceback = done.stderr.decode().strip().splitlines()
        if " error: " in printed:
            assert traceback[:2] == [
                "Traceback (most recent call last):",
                '  File "steps/shop.py", line 26, in count_penguins',
            ]
            assert traceback[-1] == "IndexError: no such group"
        else:
            assert traceback == []


def test_the_names_on_the_page_are_there() -> None:
    """Of the session, its browser and its page."""
    names = " ".join(cell for row in rows(0) for cell in row)
    browser = set(re.findall(r"session\.browser\.(\w+)", names)) | {"check", "uncheck", "choose", "is_checked"}
    page = set(re.findall(r"session\.page\.(\w+)", names))
    page |= {"title", "source", "status", "url", "path", "headers", "should_not_show"}
    session = set(re.findall(r"session\.(\w+)", names)) | {"element"}
    assert [n for n in browser if not hasattr(Browser, n)] == []
    assert [n for n in page if n not in {*dir(Page), *Page.__dataclass_fields__}] == []
    assert [n for n in session if n not in {*dir(Session), *Session.__dataclass_fields__}] == []
    awaited = set(re.findall(r"await session\.browser\.(\w+)", names))
    assert {n for n in browser if inspect.iscoroutinefunction(getattr(Browser, n))} == awaited


def awaited(action: Callable[..., Awaitable[None]]) -> None:
    """Do *action*, without a session."""

    async def main() -> None:
        await action(None)

    asyncio.run(main())


RAISED = {
    'assert …, "no stock"': AssertionError("no stock"),
    'Failure(Cause.REFUSED, "no stock")': Failure(Cause.REFUSED, "no stock"),
    'Misconfigured("no password")': Misconfigured("no password"),
    'TimeoutError("too slow")': TimeoutError("too slow"),
    "any other exception": KeyError("price"),
}


@pytest.mark.parametrize("row", rows(1), ids=lambda row: row[0])
def test_what_a_step_raises_is_what_the_page_says(tmp_path: Path, row: list[str]) -> None:
    """Status, cause, and whether the line of the operator's file is told."""
    error = RAISED[row[0]]

    async def stumble(session: object) -> None:
        raise error

    with pytest.raises(Exception) as caught:
        awaited(with_user_errors(stumble, __file__))
    trouble = trouble_from(caught.value)
    assert [trouble.status, trouble.cause.word] == row[1:3]
    line = f" ({__file__}:{stumble.__code__.co_firstlineno + 1})"
    assert trouble.message.endswith(line) == ("line of your file" in row[3])
    text = str(error) if "your text" in row[3] else f"{type(error).__name__}: {error}"
    assert trouble.message.removesuffix(line) == text


def test_every_exit_is_told_with_its_place(tmp_path: Path) -> None:
    """``sys.exit()`` in a step, which would else be told with the place of ours."""
    path = tmp_path / "own.py"
    path.write_text(
        'import sys\nfrom collectd_inode import step\n\n@step("x")\nasync def x(session):\n    sys.exit(3)\n'
    )
    (sentence,), _ = load([str(path)])
    with pytest.raises(Exception, match=rf"^SystemExit: 3 \({path}:6\)$"):
        awaited(sentence.action)
