"""oconfig reads a configuration as collectd itself does: each case goes through the real daemon too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Place, Problem
from collectd_inode.oconfig import BadConfig, Node, WholeConf, load, parse, read
from demo import machine
from tests.helpers.places import ROOT


def header(folder: Path) -> str:
    """What a real daemon needs before it hands `dump_config` its configuration."""
    return (
        f'BaseDir "{folder}"\nPIDFile "{folder}/pid"\nHostname "test"\nFQDNLookup false\n'
        f"{machine.PLUGINS}\n{machine.TYPES}\n"
        "<LoadPlugin python>\n  Globals true\n</LoadPlugin>\n"
        f'<Plugin python>\n  ModulePath "{ROOT}/tests/helpers"\n  Import "dump_config"\n</Plugin>\n'
    )


def collectd_reads(folder: Path, text: str) -> list[object] | None:
    """The modules' trees as the daemon hands them out, or None if it refuses to start."""
    conf, dump = folder / "collectd.conf", folder / "dump"
    conf.write_bytes(text.encode("utf-8", "surrogateescape"))
    # PYTHONDONTWRITEBYTECODE: a daemon run by root must not leave files in the checkout.
    environment = {
        "PATH": machine.PATH,
        "DUMP_CONFIG": str(dump),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ended = subprocess.run(
        ["collectd", "-T", "-C", str(conf)], env=environment, cwd=folder, capture_output=True, timeout=60, check=False
    )
    (folder / "stderr").write_bytes(ended.stderr)
    if ended.returncode != 0:
        return None
    return [json.loads(line) for line in dump.read_text().splitlines()] if dump.exists() else []


def we_read(conf: Path) -> list[object] | None:
    """The same from `read`."""
    try:
        nodes = read(str(conf))
    except BadConfig:
        return None
    return modules(nodes)


def modules(nodes: tuple[Node, ...]) -> list[object]:
    plugins = [node for node in nodes if (node.key, node.values) == ("Plugin", ("python",))]
    return [tree(child) for plugin in plugins for child in plugin.children if child.key == "Module"]


def tree(node: Node) -> list[object]:
    return [node.key, list(node.values), [tree(child) for child in node.children]]


LINES = {
    "an unquoted hyphen parts two values": "A foo-bar",
    "a hyphen is dropped from a key too": "A-B 1",
    "host:port is two values": "A host:80",
    "dots part words": "A www.x.org",
    "letters outside ASCII are dropped": "A ünï",
    "single quotes are dropped": "A 'single quoted'",
    "a number with a unit is two values or a word": "A 12.5s 5s 5",
    "exponents need a fraction and a sign": "A 1e3 1.5e3 1.5e+3 1.5E-3",
    "hexadecimal yes, octal no": "A 0x10 0X1f 010 0xg 08",
    "signs belong to numbers": "A +5 -5 --5 +.5 -.5 5. 1.2.3",
    "huge numbers": "A 123456789012345678901234567890 0xffffffffffffffffffff",
    "only lower case is boolean": "A true yes on false no off TRUE True trueish offside",
    "quoted is always text": 'A "true" "5" ""',
    "IPv4 with a port": "A 10.0.0.1 10.0.0.1:80 10.0.0.1:65535 10.0.0.1:65536 10.0.0.1:08",
    "an IPv4 byte that is too large": "A 1.2.3.256 1.2.3.2567 256.1.1.1 01.2.3.4 1.2.3.4.5",
    "IPv6": "A ::1 fe80::1 2001:db8::8:800:200c:417a 1:2:3:4:5:6:7:8 :: ::1:2 a::",
    "IPv6 in brackets, with and without a port": "A [::1] [::1]:80 [fe80::1]:99999 [::1 ::1]",
    "IPv6 with IPv4 in it": "A ::ffff:1.2.3.4 ::1.2.3.4:80 1:2:3:4:5:6:1.2.3.4",
    "what only looks like IPv6": "A 1:2 1:2:3:4:5:6:7 ::g :::1 12345::1 1::2::3 beef::cafe::x",
    "an IPv6 address is a key": "::1 1",
    "backslashes are dropped from quoted text": r'A "\d+\\d" "a\nb" "say \"hi\"" "C:\dir\\"',
    "a quoted text may span lines": 'A "one\n  two"',
    "a backslash joins lines in quotes": 'A "one\\\n   two\\\n\t three" "x"',
    "a joined line that opens with its closing quote goes on": 'A "one\\\n" 2\nB "x"',
    "a backslash joins lines outside quotes": "A 1 \\\n  2",
    "a backslash outside quotes is dropped": "A a\\b",
    "comments": 'A 1 # one\n# B 2\nC "#3"#four\n  # five \\\nD 4',
    "carriage returns": 'A 1\r\nB "x\r\ny"\r\nC "x\\\r\n  y"\r\nD a\rb',
    "a stray quote at the very end is dropped": 'A foo"',
    "blocks": '<B "a" 1 true>\n  X 1\n  <C>\n    Y "z"\n  </C>\n</B>',
    "a block without anything is forgotten": "<B>\n</B>\n<C 1>\n</C>\n<D>\n  <E>\n  </E>\n</D>\nX 1",
    "white space in a block's brackets": '  < B "a" >\n X\t1\n  < / B >',
    "values touch each other": 'A"x""y"1"z"',
    "UTF-8 in quotes": 'A "Grüße, 東京 🙂"',
    "a byte order mark": "\ufeffA 1",
    "a backspace is white space": "A\b1",
    "a slash": "A http://h/",
    "a key without a value": "A",
    "a quoted key": '"A" 1',
    "a number as a key": "1 2",
    "a boolean as a key": "true 1",
    "the block's end does not match": "<B>\nX 1\n</C>",
    "the block's end in other case": "<Bo>\nX 1\n</bo>",
    "the block is never closed": "<B>\nX 1",
    "nothing to close": "</B>",
    "something after a block's start": "<B> 1\n</B>",
    "something after a block's end": "<B>\nX 1\n</B> 1",
    "a block in one line": "<B>X 1</B>",
    "a block that closes itself": "<B/>",
    "a block without a name": '<"B">\nX 1\n</B>',
    "a bracket in a value": "A <b>",
    "an open quote": 'A "foo\nB 1',
    "an open quote before another": 'A "foo\nB "x"\nC 1',
}


@pytest.mark.parametrize("lines", LINES.values(), ids=LINES.keys())
def test_the_daemon_reads_the_same(lines: str, tmp_path: Path) -> None:
    """Whatever stands in a <Module>, collectd and we make the same tree of it or both refuse it."""
    text = f"{header(tmp_path)}<Plugin python>\n<Module dump_config>\n{lines}\n</Module>\n</Plugin>\n"
    theirs = collectd_reads(tmp_path, text)
    assert we_read(tmp_path / "collectd.conf") == theirs


ENDINGS = {
    "a newline": "\n",
    "no newline": "",
    "a comment without newline": "\n# end",
    "white space": "\n  \t",
    "a backslash and a newline": "\n\\\n",
    "a backslash": "\n\\",
    "a stray quote": '\n"',
    "carriage return": "\r",
}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS.keys())
def test_the_file_must_end_in_a_newline(ending: str, tmp_path: Path) -> None:
    """A last line without its newline stops the daemon; an unfinished comment or blanks do not."""
    text = f'{header(tmp_path)}<Plugin python>\n<Module dump_config>\nA "x"\n</Module>\n</Plugin>{ending}'
    theirs = collectd_reads(tmp_path, text)
    assert we_read(tmp_path / "collectd.conf") == theirs


def test_a_tree_has_places() -> None:
    """Every option and block knows its file and the line where it begins, also after a text of several lines."""
    text = '# a comment\n<Module "m">\n  A "x\n  y" \\\n    2\n\n  B true\n</Module>\n'
    assert parse(text, "f.conf") == (
        Node(
            "Module",
            ("m",),
            (Node("A", ("x\n  y", 2.0), (), Place("f.conf", 3)), Node("B", (True,), (), Place("f.conf", 7))),
            Place("f.conf", 2),
        ),
    )


def test_all_mistakes_are_told_at_once() -> None:
    """Where collectd stops at the first syntax error, we go on and name each with its line."""
    text = 'A http://h/\nB\n"C" 1\n<D> 1\n<E>\n  X 1\n</F>\n</G>\n<H>\n</ I 2>\nlast 1'
    with pytest.raises(BadConfig) as caught:
        parse(text, "f.conf")
    assert str(caught.value).splitlines() == [
        "f.conf:1: A: '/' outside quotes: put the value in double quotes",
        "f.conf:2: B has no value",
        "f.conf:3: expected a key, found '\"C\"'; keys are words without quotes",
        'f.conf:4: the start of a block is written <Name> or <Name "value">, alone on its line',
        "f.conf:7: </F> closes <E> of line 5",
        "f.conf:8: </G> closes nothing",
        "f.conf:10: the end of a block is written </Name>, alone on its line",
        "f.conf:11: the last line does not end in a newline, or a quote is not closed",
        "f.conf:9: <H> is never closed",
    ]


@given(st.text(alphabet=st.sampled_from('A1.:[]fx0e+-"\\\r\n <>/#\0 tru'), max_size=60))
def test_any_text_is_a_tree_or_a_list_of_problems(text: str) -> None:
    """No input raises anything but `BadConfig`, and that has at least one problem with a line that exists."""
    try:
        parse(text, "f")
    except BadConfig as bad:
        assert bad.problems
        assert all(1 <= problem.place.line <= text.count("\n") + 1 for problem in bad.problems)


def test_a_long_text_behind_an_open_quote_costs_no_more_than_its_length() -> None:
    """An open quote at the end of a file is dropped, however much text stands behind it."""
    assert parse('A "' + "x " * 100_000 + "\n") == (Node("A", ("x",) * 100_000, (), Place("", 1)),)


MODULE = '<Plugin python>\n<Module dump_config>\nFrom "{}"\n</Module>\n</Plugin>\n'


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("DIR", str(folder)))


def chain(length: int) -> dict[str, str]:
    links = {f"{i}.conf": f'Include "DIR/{i + 1}.conf"\n' for i in range(1, length)}
    return {**links, f"{length}.conf": MODULE.format(length)}


INCLUDES: dict[str, tuple[str, dict[str, str]]] = {
    "a file, in its place": (
        MODULE.format("before") + 'Include "DIR/a.conf"\n' + MODULE.format("after"),
        {"a.conf": MODULE.format("a")},
    ),
    "in any case": ('INCLUDE "DIR/a.conf"\n', {"a.conf": MODULE.format("a")}),
    "a glob, sorted by bytes": (
        'Include "DIR/d/*.conf"\n',
        {f"d/{name}.conf": MODULE.format(name) for name in ("b", "A", "a", "10", "9")},
    ),
    "a folder, with its folders, but nothing hidden": (
        'Include "DIR/d"\n',
        {f"d/{name}": MODULE.format(name) for name in ("b.conf", "a/z.txt", ".hidden", "c")},
    ),
    "a folder, filtered": (
        '<Include "DIR/d">\n  Filter "[^a]*.conf"\n</Include>\n',
        {f"d/{name}": MODULE.format(name) for name in ("b.conf", "a.conf", "b.conf~", "sub/c.conf", "sub/d")},
    ),
    "files, filtered: what does not match is fatal": (
        '<Include "DIR/d/*">\n  Filter "*.conf"\n</Include>\n' + MODULE.format("main"),
        {"d/a.conf": MODULE.format("a"), "d/b": MODULE.format("b")},
    ),
    "files, filtered, all match": (
        '<Include "DIR/d/*">\n  Filter "*.conf"\n</Include>\n' + MODULE.format("main"),
        {"d/a.conf": MODULE.format("a")},
    ),
    "a missing file is no more than a warning": ('Include "DIR/gone.conf"\n' + MODULE.format("main"), {}),
    "a missing folder, filtered": ('<Include "DIR/gone">\n Filter "*"\n</Include>\n' + MODULE.format("main"), {}),
    "a blank makes two names": ('Include "DIR/a.conf DIR/b.conf"\n', {f"{n}.conf": MODULE.format(n) for n in "ab"}),
    "a variable": ('Include "DIR/${NOT_SET}a.conf"\n', {"a.conf": MODULE.format("a")}),
    "a command is refused": ('Include "$(echo DIR/a.conf)"\n' + MODULE.format("m"), {"a.conf": MODULE.format("a")}),
    "what a shell would not take": ('Include "DIR/a;b"\n' + MODULE.format("main"), {}),
    "two values are ignored": ('Include "DIR/a.conf" "DIR/b.conf"\n' + MODULE.format("main"), {}),
    "a word that is no text is ignored": ("Include true\n" + MODULE.format("main"), {}),
    "an unknown option in the block": ('<Include "DIR/a.conf">\n Sort 1\n</Include>\n', {"a.conf": MODULE.format("a")}),
    "a filter of two values": (
        '<Include "DIR/a.conf">\n Filter "x" "y"\n</Include>\n',
        {"a.conf": MODULE.format("a")},
    ),
    "an empty file": ('Include "DIR/a.conf"\n' + MODULE.format("main"), {"a.conf": ""}),
    "a broken file": ('Include "DIR/a.conf"\n' + MODULE.format("main"), {"a.conf": "A\n"}),
    "seven deep": ('Include "DIR/1.conf"\n', chain(7)),
    "eight deep": ('Include "DIR/1.conf"\n' + MODULE.format("main"), chain(8)),
    "a file that includes itself": ('Include "DIR/a.conf"\n', {"a.conf": 'Include "DIR/a.conf"\n'}),
    "inside a block it is an ordinary option": (
        '<Plugin python>\n<Module dump_config>\nInclude "DIR/a.conf"\n</Module>\n</Plugin>\n',
        {"a.conf": "A 1\n"},
    ),
}


@pytest.mark.parametrize(("text", "files"), INCLUDES.values(), ids=INCLUDES.keys())
def test_the_daemon_includes_the_same(text: str, files: dict[str, str], tmp_path: Path) -> None:
    """Include takes files, folders and globs as collectd does, in the same order, and refuses the same."""
    write(tmp_path, files)
    theirs = collectd_reads(tmp_path, header(tmp_path) + text.replace("DIR", str(tmp_path)))
    assert we_read(tmp_path / "collectd.conf") == theirs


def test_a_broken_file_in_a_folder_is_refused(tmp_path: Path) -> None:
    """Here we are stricter: collectd starts without the broken file, and nobody would notice what is missing."""
    write(tmp_path, {"d/a.conf": "# one\nA\n", "d/b.conf": MODULE.format("b")})
    theirs = collectd_reads(tmp_path, f'{header(tmp_path)}Include "{tmp_path}/d"\n')
    assert theirs == [["Module", ["dump_config"], [["From", ["b"], []]]]]
    with pytest.raises(BadConfig) as caught:
        read(str(tmp_path / "collectd.conf"))
    assert caught.value.problems == (Problem("A has no value", Place(f"{tmp_path}/d/a.conf", 2)),)


def test_what_the_daemon_lets_pass_is_a_warning(tmp_path: Path) -> None:
    """Dropped characters, a missing include and an Include that is ignored do not stop collectd; `load` tells them."""
    conf = tmp_path / "collectd.conf"
    conf.write_text('A foo-bar\nInclude "/gone"\nInclude 1\n<Include "/gone">\n  Sort 1\n</Include>\n')
    assert load(str(conf)) == WholeConf(
        (Node("A", ("foo", "bar"), (), Place(str(conf), 1)),),
        (
            Problem("'-' outside quotes is dropped by collectd: use double quotes", Place(str(conf), 1)),
            Problem("cannot read /gone: No such file or directory", Place(str(conf), 2)),
            Problem("Include takes exactly one text in double quotes; collectd ignores this one", Place(str(conf), 3)),
            Problem("Sort is not allowed in <Include>", Place(str(conf), 5)),
            Problem("cannot read /gone: No such file or directory", Place(str(conf), 4)),
        ),
    )


@pytest.mark.parametrize("text", ["", "# nothing\n", "<Plugin>\n</Plugin>\n", 'Include "/gone"\n'])
def test_an_empty_configuration_is_refused(text: str, tmp_path: Path) -> None:
    """collectd does not start with a configuration in which nothing is left."""
    assert collectd_reads(tmp_path, text) is None
    with pytest.raises(BadConfig, match="the configuration is empty"):
        read(str(tmp_path / "collectd.conf"))


def test_a_missing_configuration_is_refused(tmp_path: Path) -> None:
    """The file that was asked for must be there."""
    with pytest.raises(BadConfig) as caught:
        read(f"{tmp_path}/gone.conf")
    assert str(caught.value) == f"{tmp_path}/gone.conf: cannot read it: No such file or directory"
