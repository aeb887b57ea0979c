"""Step modules: what they define, and what is wrong with them."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from collectd_inode.model import Broken, Place, Problem
from collectd_inode.scenario import usersteps
from collectd_inode.scenario.usersteps import load, step
from collectd_inode.scenario.vocabulary import Matched, Vocabulary
from tests.helpers.examples import HUNG

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
    asyncio.run(found.sentence.action(session, *found.arguments))
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
    assert problem.place == Place(bad, line)
    assert message is None or problem.what == message


def test_one_bad_step_loses_no_other_of_its_module(write: Write) -> None:
    """A sentence that is none is told; the next one works."""
    path = write("a.py", '@step("(")\nasync def f(s): ...\n@step("good")\nasync def g(s): ...\n')
    sentences, problems = load([path])
    assert [s.expression for s in sentences] == ["good"]
    assert [p.place.line for p in problems] == [2]


def test_paths_that_hold_no_steps(tmp_path: Path) -> None:
    """A missing path and an empty folder are mistakes, and told as such."""
    missing = str(tmp_path / "missing.py")
    sentences, problems = load([missing, str(tmp_path), "/dev/null"])
    assert sentences == []
    assert problems == [
        Problem("No such file or directory", Place(missing)),
        Problem("the folder holds no step modules", Place(str(tmp_path))),
        Problem("is neither a file nor a folder", Place("/dev/null")),
    ]


def test_a_problem_reads_like_a_compiler_s() -> None:
    """With its line, if it has one."""
    assert str(Problem("no", Place("a.py", 3))) == "a.py:3: no"
    assert str(Problem("no", Place("a.py"))) == "a.py: no"


def test_a_marked_function_is_still_the_function() -> None:
    """``@step`` changes nothing about what is below it."""

    async def f() -> None: ...

    assert step("x")(f) is f


@pytest.mark.parametrize(
    "error",
    [
        "BaseException('x')",
        "KeyboardInterrupt",
        "GeneratorExit",
        "SystemExit(2)",
        "BaseExceptionGroup('x', [SystemExit()])",
    ],
)
def test_whatever_a_module_raises_at_import_is_its_own_problem(write: Write, error: str) -> None:
    """collectd starts all the same, with what is good."""
    bad, good = (
        write("bad.py", f"x = 1\nraise {error}\n"),
        write("good.py", '@step("good")\nasync def f(session): ...\n'),
    )
    sentences, problems = load([bad, good])
    assert [s.expression for s in sentences] == ["good"]
    assert [p.place.line for p in problems] == [3]


def test_a_module_that_hangs_at_import_is_told_with_its_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The start waits for a while, and no longer."""
    monkeypatch.setattr(usersteps, "IMPORT_SECONDS", 0.2)
    bad = write("bad.py", "import threading\n\nthreading.Event().wait()\n")
    sentences, problems = load([bad])
    assert (sentences, problems) == ([], [Problem("the module was not imported after 0.2 s", Place(bad, 4))])


RAISED_IN_A_STEP = {
    "BaseException('x')": "BaseException: x",
    "GeneratorExit": "GeneratorExit: ",
    "KeyboardInterrupt": "KeyboardInterrupt: ",
    "BaseExceptionGroup('x', [KeyboardInterrupt()])": "BaseExceptionGroup: x (1 sub-exception)",
    "__import__('pytest').fail('no stock')": "Failed: no stock",
}


@pytest.mark.parametrize("error", RAISED_IN_A_STEP)
def test_whatever_a_step_raises_is_told_with_its_line(write: Write, error: str) -> None:
    """An error of that step, and nothing more."""
    path = write("a.py", f'@step("x")\nasync def x(session):\n    raise {error}\n')
    (sentence,), _ = load([path])

    async def done() -> None:
        await sentence.action(None)

    with pytest.raises(Broken) as caught:
        asyncio.run(done())
    assert str(caught.value) == f"{RAISED_IN_A_STEP[error]} ({path}:4)"


BLOCKING = """
import threading
BEGUN, ENOUGH = threading.Event(), threading.Event()

@step("I wait", blocking=True)
def wait(session):
    BEGUN.set()
    ENOUGH.wait()

@step("I open {string}", blocking=True)
def open(session, path):
    session.variables["found"] = session.browser.go(path) + session.element("p")

@step("I await {string}", blocking=True)
async def await_it(session, path):
    session.variables["found"] = await session.browser.go(path)

@step("I raise", blocking=True)
def fail(session):
    raise KeyboardInterrupt
"""


class FakeBrowser:
    async def go(self, path: str) -> str:
        await asyncio.sleep(0)
        return f"the page {path}, "


class FakeSession:
    def __init__(self) -> None:
        self.browser, self.variables = FakeBrowser(), dict[str, str]()

    async def element(self, selector: str) -> str:
        return f"<{selector}>"


def test_a_blocking_step_is_done_in_a_thread(write: Write) -> None:
    """What is to be awaited of its session is done in the loop, for a plain function and a coroutine function."""
    sentences, problems = load([write("a.py", BLOCKING)])
    assert problems == []
    actions = {s.example: s.action for s in sentences}

    async def found(sentence: str) -> str:
        session = FakeSession()
        await actions[sentence](session, "/")
        return session.variables["found"]

    assert asyncio.run(found("I open {string}")) == "the page /, <p>"
    assert asyncio.run(found("I await {string}")) == "the page /, "


def test_a_blocking_step_that_hangs_holds_up_nobody(write: Write) -> None:
    """Its run ends at the deadline; others go on meanwhile, and an error in a thread is told like any other."""
    path = write("a.py", BLOCKING)
    sentences, _ = load([path])
    actions = {s.example: s.action for s in sentences}

    async def main() -> None:
        waiting = asyncio.create_task(actions["I wait"](FakeSession()))
        module = sys.modules[actions["I wait"].function.__module__]
        await asyncio.to_thread(module.BEGUN.wait)
        with pytest.raises(Broken, match=r"KeyboardInterrupt:  \(.*a.py:21\)"):
            await actions["I raise"](FakeSession())
        waiting.cancel()
        await asyncio.wait([waiting])
        assert waiting.cancelled()
        module.ENOUGH.set()

    asyncio.run(main())


def test_the_interpreter_s_end_waits_for_no_thread_of_a_step(tmp_path: Path) -> None:
    """Neither for one that is no daemon thread, nor for an executor's."""
    (tmp_path / "own.py").write_text(
        "import concurrent.futures, threading\n"
        "def hang():\n    begun.release()\n    threading.Event().wait()\n"
        "begun = threading.Semaphore(0)\n"
        "threading.Thread(target=hang, daemon=False).start()\n"
        "concurrent.futures.ThreadPoolExecutor().submit(hang)\n"
        "begun.acquire(), begun.acquire()\n"
    )
    program = (
        "from collectd_inode.scenario.usersteps import load\n"
        "from collectd_inode.whereabouts import let_go\n"
        "print(load(['own.py']))\n"
        "let_go()\n"
    )
    environment = {"PYTHONPATH": str(Path(usersteps.__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, timeout=HUNG, check=True
    )
    assert done.stdout == b"([], [])\n"


@pytest.mark.parametrize(
    "way",
    [
        '@step("I act")\nasync def act(session):\n    child = os.fork()\n',
        '@step("I act", blocking=True)\ndef act(session):\n    child = os.fork()\n',
        '@step("I act")\nasync def act(session):\n    child = os.fork()\n    if not child: raise OSError\n',
        '@step("I act")\nasync def act(session):\n    child = os.fork()\n    if not child: await asyncio.sleep(9)\n',
    ],
    ids=["returns", "blocking", "raises", "awaits"],
)
def test_a_step_that_forks_makes_no_second_daemon(tmp_path: Path, way: str) -> None:
    """Its child ends where it would go on as we do: else each run would double the processes, without end."""
    (tmp_path / "own.py").write_text(
        "import asyncio, os\nfrom collectd_inode import step\n\n"
        f"{way}    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 70\n"
    )
    (tmp_path / "a.feature").write_text("Feature: A\n  Scenario: A\n    When I act\n")
    command = [f"{sys.prefix}/bin/collectd-inode", "run", "a.feature", "--steps", "own.py"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=HUNG, check=False)
    assert (ended.returncode, ended.stdout.count("1 scenario (1 passed)"), ended.stderr) == (0, 1, "")
