"""Step modules: what they define, and what is wrong with them."""

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from collectd_inode.scenario.usersteps import StepsProblem, load, step
from collectd_inode.scenario.vocabulary import Matched, Vocabulary

Write = Callable[[str, str], str]
HEAD = "from collectd_inode import step\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(name: str, text: str) -> str:
        path = tmp_path / name
        path.write_text(HEAD + dedent(text))
        return str(path)

    return written


def defined(path: str) -> list[tuple[str, str, str]]:
    sentences, problems = load([path])
    assert problems == []
    return [(s.expression_text, s.about, s.place) for s in sentences]


def test_a_module_s_steps_are_sentences(write: Write) -> None:
    """Stacked or not; the docstring's first line says what they are about, the place is the decorator's."""
    path = write(
        "shop.py",
        '''\
        import re
        @step("I search for {string}")
        @step(re.compile(r"search (.*)"))
        async def search(session, text):
            """Type and send.

            More.
            """
            session.append(text)

        async def helper(session): ...
        ''',
    )
    sentences, problems = load([path])
    assert problems == []
    assert [(s.expression_text, s.example, s.about, s.place) for s in sentences] == [
        ("I search for {string}", "I search for {string}", "Type and send.", f"{path}:3"),
        ("/search (.*)/", "search (.*)", "Type and send.", f"{path}:4"),
    ]
    found = Vocabulary([], sentences).match('I search for "tea"')
    assert isinstance(found, Matched)
    session: list[object] = []
    asyncio.run(found.sentence.action(session, *found.arguments))  # type: ignore[arg-type]  # it is a coroutine
    assert session == ["tea"]


def test_a_step_may_remember_values(write: Write) -> None:
    """It says so, or the steps after it would not know their names."""
    path = write("a.py", '@step("I log in", remembers=("user", "token"))\nasync def f(session): ...\n')
    assert [s.remembers for s in load([path])[0]] == [("user", "token")]


def test_functions_of_one_name_lose_no_sentence(write: Write) -> None:
    """Who comes from behave calls every function ``step_impl``."""
    path = write(
        "behave.py",
        """\
        @step("one")
        async def step_impl(session): ...
        @step("two")
        async def step_impl(session): ...
        """,
    )
    assert defined(path) == [("one", "", f"{path}:2"), ("two", "", f"{path}:4")]


def test_a_folder_is_its_modules(write: Write, tmp_path: Path) -> None:
    """In order of their names, without those that begin with an underscore; a module named twice is loaded once."""
    for name in ("b.py", "a.py", "_private.py", "notes.txt"):
        write(name, f'@step("{name}")\nasync def f(session): ...\n')
    sentences, problems = load([str(tmp_path), str(tmp_path / "a.py")])
    assert problems == []
    assert [s.expression for s in sentences] == ["a.py", "b.py"]


def test_steps_are_loaded_anew_each_time(write: Write, tmp_path: Path) -> None:
    """Also within one second and with one size, where a cached .pyc would lie; nothing is left in the folder."""
    assert defined(write("a.py", '@step("one")\nasync def f(session): ...\n'))[0][0] == "one"
    assert defined(write("a.py", '@step("two")\nasync def f(session): ...\n'))[0][0] == "two"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.py"]
    assert "a" not in sys.modules


def test_a_module_may_use_dataclasses(write: Write) -> None:
    """Dataclasses look their module up by name; it is there, under a private one."""
    path = write(
        "data.py",
        """\
        from dataclasses import dataclass
        @dataclass
        class Basket:
            fruit: "list[str]"
        @step("x")
        async def x(session): ...
        """,
    )
    assert defined(path) == [("x", "", f"{path}:6")]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("def broken(:\n", 2, "SyntaxError: invalid syntax"),
        ("if 1:\nx = 1\n", 3, "IndentationError: expected an indented block after 'if' statement on line 2"),
        ("def f():\n    return 1 / 0\n\nf()\n", 3, "ZeroDivisionError: division by zero"),
        ("import no_such_module\n", 2, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("raise ValueError\n", 2, "ValueError"),
        ("import sys\nsys.exit('bye')\n", 3, "SystemExit: bye"),
        ('\n@step("x")\ndef f(session): ...\n', 3, 'f is not "async def"'),
        (
            '@step("I (")\nasync def f(session): ...\n',
            2,
            "\"I (\" is not a cucumber expression: column 3: the '(' does not have a matching ')'",
        ),
        ("@step(3)\nasync def f(session): ...\n", 2, "@step takes a text or re.compile(…), not 3"),
        (
            "@step\nasync def f(session): ...\n",
            2,
            'TypeError: @step needs the sentence: @step("I search for {string}")',
        ),
        (
            '@step("x", remembers="token")\nasync def f(session): ...\n',
            2,
            "remembers takes names of variables, as (\"token\",), not 'token'",
        ),
        (
            '@step("x", remembers=["a b"])\nasync def f(session): ...\n',
            2,
            "remembers takes names of variables, as (\"token\",), not ['a b']",
        ),
        ('@step("x")\nclass F: ...\n', 2, 'TypeError: @step belongs above "async def"'),
        (
            'import re\n@step(re.compile("("))\nasync def f(s): ...\n',
            3,
            f"{re.error.__name__}: missing ), unterminated subpattern at position 0",
        ),
        ("x = '\0'\n", 0, None),
    ],
)
def test_a_broken_module_says_where_and_loses_no_other(write: Write, text: str, line: int, message: str | None) -> None:
    """Its problem has path, line and what Python said; the module beside it is loaded."""
    bad, good = write("bad.py", text), write("good.py", '@step("good")\nasync def f(session): ...\n')
    sentences, problems = load([bad, good])
    assert [s.expression for s in sentences] == ["good"]
    (problem,) = problems
    assert (problem.path, problem.line) == (bad, line)
    assert message is None or problem.message == message


def test_one_bad_step_loses_no_other_of_its_module(write: Write) -> None:
    """A sentence that is none is told; the next one works."""
    path = write("a.py", '@step("(")\nasync def f(s): ...\n@step("good")\nasync def g(s): ...\n')
    sentences, problems = load([path])
    assert [s.expression for s in sentences] == ["good"]
    assert [p.line for p in problems] == [2]


def test_paths_that_hold_no_steps(tmp_path: Path) -> None:
    """A missing path and an empty folder are mistakes, and told as such."""
    missing = str(tmp_path / "missing.py")
    sentences, problems = load([missing, str(tmp_path), "/dev/null"])
    assert sentences == []
    assert problems == [
        StepsProblem(missing, 0, "No such file or directory"),
        StepsProblem(str(tmp_path), 0, "the folder holds no step modules"),
        StepsProblem("/dev/null", 0, "is neither a file nor a folder"),
    ]


def test_a_problem_reads_like_a_compiler_s() -> None:
    """With its line, if it has one."""
    assert str(StepsProblem("a.py", 3, "no")) == "a.py:3: no"
    assert str(StepsProblem("a.py", 0, "no")) == "a.py: no"


def test_a_marked_function_is_still_the_function() -> None:
    """``@step`` changes nothing about what is below it."""

    async def f() -> None: ...

    assert step("x")(f) is f
