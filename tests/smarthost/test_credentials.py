"""User and password out of every file that an operator may name, and a sentence for every one that does not do."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Misconfigured
from collectd_inode.smarthost import credentials
from collectd_inode.smarthost.credentials import Credentials
from collectd_inode.smarthost.eximconf import listed, options, sent

SERVER = "smarthost.tld"
SECRET = "hush-hush"
CNAME = "(Exim itself looks for the name at the end of a CNAME)"


def written(folder: Path, content: str | bytes, name: str = "password", mode: int = 0o600) -> str:
    """A file with this content and mode; its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    path.chmod(mode)
    return str(path)


def read(path: str, *, user: str | None = None, server: str = SERVER) -> tuple[str, str, list[str]]:
    """User, password and the codes of the warnings."""
    found = credentials.read(path, server=server, user=user)
    return found.user, found.password, [code for code, _ in found.warnings]


def refused(path: str, *, user: str | None = "leaf") -> str:
    """What is said of a file that does not do, without its path; nothing of its content may be in it."""
    with pytest.raises(Misconfigured) as caught:
        credentials.read(path, server=SERVER, user=user)
    said = str(caught.value)
    assert SECRET not in said
    assert caught.value.__cause__ is None
    assert said.startswith(path)
    return said.removeprefix(path)


# A password -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "password"),
    [
        ("hush", "hush"),
        ("hush\n", "hush"),
        ("hush\r\n", "hush"),
        ("hush\nfor another day\n", "hush"),
        ("\ufeffhush\n", "hush"),
        (" a : b ^^ c:: \n", " a : b ^^ c:: "),
        ("pässwörd€\n", "pässwörd€"),
        (b"hush\n\xff\xfe latin\n", "hush"),
        ("leaf:hush\n", "leaf:hush"),
    ],
)
def test_a_password_is_the_first_line_to_the_letter(tmp_path: Path, content: str | bytes, password: str) -> None:
    """Whatever it holds, and whatever is below it."""
    assert read(written(tmp_path, content), user="leaf") == ("leaf", password, [])


_ONE_LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), min_size=1)


@given(password=_ONE_LINE.filter(lambda text: bool(text.strip()) and not text.startswith("\ufeff")))
def test_any_password_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, password: str) -> None:
    """Unless it is nothing but white space; a mark at its start is the file's."""
    path = written(tmp_path_factory.getbasetemp(), password + "\n")
    assert read(path, user="leaf") == ("leaf", password, [])


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from([SERVER, "[", "]", ":587", " ", ":", "*", "^", "leaf", SECRET, "\n", "\n ", "#", "\0", '"',
                             "\\", "client_send = ", "$", "é", "\r\n", "("]),
            max_size=20,
        ).map(lambda pieces: "".join(pieces).encode()),
    ),
    name=st.sampled_from(["password", "passwd.client", "sasl_passwd", "exim4.conf"]),
    user=st.sampled_from([None, "leaf"]),
)  # fmt: skip
def test_any_file_is_read_or_refused_without_a_word_of_it(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str, user: str | None
) -> None:
    """Whatever is in a file of passwords, and whichever program it is for."""
    path = written(tmp_path_factory.getbasetemp(), content, name)
    try:
        found = credentials.read(path, server=SERVER, user=user)
    except Misconfigured as error:
        assert SECRET not in str(error)
        return
    assert found.password
    assert found.password not in repr(found)[:-1] or len(found.password) < len(SECRET)


def test_a_password_is_in_no_representation(tmp_path: Path) -> None:
    """Neither in a traceback's nor in a log's."""
    found = credentials.read(written(tmp_path, SECRET), server=SERVER, user="leaf")
    assert found == Credentials("leaf", SECRET, (), found.stamp)
    assert SECRET not in f"{found!r} {found!s}"


def test_a_changed_file_has_another_stamp(tmp_path: Path) -> None:
    """Also one of the same length, put in its place; a file that was left alone has the same."""
    path = written(tmp_path, "one")
    first = credentials.read(path, server=SERVER, user="leaf").stamp
    assert credentials.read(path, server=SERVER, user="leaf").stamp == first
    status = os.stat(path)
    os.replace(written(tmp_path, "two", "new"), path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert credentials.read(path, server=SERVER, user="leaf").stamp != first


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        (0o600, ""),
        (0o400, ""),
        (0o640, "mode 0640: its group can read the password; chmod 600 PATH"),
        (0o644, "mode 0644: everybody on this machine can read the password; chmod 600 PATH"),
        (0o604, "mode 0604: everybody on this machine can read the password; chmod 600 PATH"),
    ],
)
def test_who_else_can_read_it(tmp_path: Path, mode: int, sentence: str) -> None:
    """A warning, since the check itself is not stopped by it."""
    path = written(tmp_path, "hush", mode=mode)
    warnings = credentials.read(path, server=SERVER, user="leaf").warnings
    expected = (("password_file_mode", f"{path}: {sentence.replace('PATH', path)}"),) if sentence else ()
    assert warnings == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", ": the file is empty"),
        ("\n \n", ": the file is empty"),
        (f"\n{SECRET}\n", ": the first line is empty"),
        (
            SECRET.encode() + "ä".encode("latin1"),
            ": this is not UTF-8; convert Latin-1 text with: iconv -f latin1 -t utf8",
        ),
        (f"{SECRET}\0\n", ": user and password may hold no NUL byte"),
        (f"{SECRET}\n" * 200_000, ": larger than a megabyte, too large for a file of secrets"),
    ],
    ids=["empty", "blank", "first line empty", "latin1", "nul", "large"],
)
def test_a_file_that_holds_no_password(tmp_path: Path, content: str | bytes, said: str) -> None:
    """A sentence with the path, and nothing of the content."""
    assert refused(written(tmp_path, content)) == said


def test_a_password_wants_a_user(tmp_path: Path) -> None:
    """It has to come from somewhere."""
    said = ": this is a password without a user: set User"
    assert [refused(written(tmp_path, SECRET), user=user) for user in (None, "")] == [said, said]


def test_what_is_no_file(tmp_path: Path) -> None:
    """Missing, a folder, a pipe nobody writes into, no way through: at once, and nothing is left open."""
    os.mkfifo(tmp_path / "pipe")
    open_before = os.listdir("/proc/self/fd")
    assert refused(str(tmp_path / "missing")) == ": No such file or directory"
    assert refused(str(tmp_path)) == ": expected a regular file"
    assert refused(str(tmp_path / "pipe")) == ": expected a regular file"
    assert refused(written(tmp_path, SECRET) + "/below") == ": Not a directory"
    assert os.listdir("/proc/self/fd") == open_before


# passwd.client --------------------------------------------------------------------------------------------------------

PASSWD_CLIENT = r"""
# target:user:password
# smarthost.tld:comment:wrong

other.tld:other:wrong
"Quoted.TLD" : quoted : pass:word
^mail[0-9]+\.tld$:regex:p^w
"^a:b\\.tld":colon:pw
*.wild.tld:wild:pw
Case.TLD:case:pw
long.tld:long:one
  two
two.tld:first:1
two.tld:second:2
bare.tld user pw
space.tld  spaced:pw
*:everyone:pw
"""


@pytest.mark.parametrize(
    ("server", "user", "found"),
    [
        ("other.tld", None, ("other", "wrong")),
        ("quoted.tld", None, ("quoted ", " pass:word")),
        ("mail12.tld", None, ("regex", "p^w")),
        ("MAIL12.TLD", None, ("regex", "p^w")),
        ("a:b.tld", None, ("colon", "pw")),
        ("relay.wild.tld", None, ("wild", "pw")),
        ("case.tld", None, ("case", "pw")),
        ("case.tld.", None, ("case", "pw")),
        ("long.tld", None, ("long", "one two")),
        ("two.tld", None, ("first", "1")),
        ("two.tld", "second", ("second", "2")),
        ("space.tld", None, ("spaced", "pw")),
        ("smarthost.tld", None, ("everyone", "pw")),
        ("case.tld", "everyone", ("everyone", "pw")),
    ],
)
def test_passwd_client_is_read_as_exim_looks_it_up(
    tmp_path: Path, server: str, user: str | None, found: tuple[str, str]
) -> None:
    """The first line that fits; with User set, the first of that user."""
    path = written(tmp_path, PASSWD_CLIENT, "passwd.client", 0o640)
    assert read(path, server=server, user=user)[:2] == found


def test_passwd_client_is_known_by_its_name(tmp_path: Path) -> None:
    """Also as a copy; the same line elsewhere is a password."""
    line = "smarthost.tld:leaf:hush\n"
    assert read(written(tmp_path, line, "passwd.client.inode")) == ("leaf", "hush", [])
    assert read(written(tmp_path, line, "password"), user="leaf") == ("leaf", line.strip(), [])


@pytest.mark.parametrize(
    ("content", "user", "said"),
    [
        (
            f"other.tld:leaf:{SECRET}\n",
            None,
            f': no line for {SERVER}; such as "{SERVER}:USER:PASSWORD" {CNAME}',
        ),
        (
            f"*:other:{SECRET}\n",
            "leaf",
            f': no line for {SERVER} and user leaf; such as "{SERVER}:USER:PASSWORD" {CNAME}',
        ),
        (f"*:{SECRET}\n", None, f": the line for {SERVER} is not target:user:password"),
        (f"*::{SECRET}\n", None, f": the line for {SERVER} is not target:user:password"),
        (
            f"^(?<{SECRET}:leaf:{SECRET}\n",
            None,
            f': no line for {SERVER}; such as "{SERVER}:USER:PASSWORD" {CNAME}',
        ),
    ],
    ids=["no target", "no user", "no password", "empty user", "a bad expression"],
)
def test_a_passwd_client_that_does_not_help(tmp_path: Path, content: str, user: str | None, said: str) -> None:
    """What is missing, and how it is written."""
    assert refused(written(tmp_path, content, "passwd.client"), user=user) == said


def test_exims_files_may_be_read_by_its_group(tmp_path: Path) -> None:
    """root:Debian-exim 0640 is what Debian recommends; others are another matter."""
    for name, content in (("passwd.client", "*:leaf:hush\n"), ("exim4.conf", "client_send = : leaf : hush\n")):
        path = written(tmp_path, content, name, 0o640)
        assert read(path) == ("leaf", "hush", [])
        os.chmod(path, 0o644)
        (warning,) = credentials.read(path, server=SERVER, user=None).warnings
        sentence = f"{path}: mode 0644: everybody on this machine can read the password; chmod 640 {path}"
        assert warning == ("password_file_mode", sentence)


@pytest.mark.parametrize(
    ("password", "code"), [("a:b", "password_colon"), ("^ab", "password_circumflex"), ("a^b", "")], ids=str
)
def test_what_debian_cannot_send_is_warned_of(tmp_path: Path, password: str, code: str) -> None:
    """test_exim.py shows that it cannot; the sentence names the file and not the password."""
    path = written(tmp_path, f"*:leaf:{password}\n", "passwd.client")
    warnings = credentials.read(path, server=SERVER, user=None).warnings
    assert [warning for warning, _ in warnings] == ([code] if code else [])
    assert all(sentence.startswith(path) and password not in sentence for _, sentence in warnings)


# client_send ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "client_send = : leaf : s3c::ret^^\n",
        "hide client_send = : leaf : s3c::ret^^\n",
        "  client_send=:leaf:s3c::ret^^",
        'client_send = "<; ; leaf ; s3c:ret^^"\n',
        "client_send = <, , leaf , s3c:ret^^\n",
        "client_send = ^leaf^s3c::ret^^\n",
        "client_send = nobody^leaf^s3c::ret^^\n",
        "# my login\nclient_send = : \\\n   leaf : \\\n  # a comment\n   s3c::ret^^\n",
        "PASS = s3c::ret^^\nbegin authenticators\nlogin:\n  driver = plaintext\n  client_send = : leaf : PASS\n",
        "client_send = <; ${lookup{$host}…}\nclient_send = : leaf : s3c::ret^^\n",
        "client_send = : other : wrong\nclient_send = : leaf : s3c::ret^^\n",
    ],
)
def test_client_send_in_all_its_forms(tmp_path: Path, content: str) -> None:
    """LOGIN's and PLAIN's, with any separator, in a line by itself or in a whole configuration."""
    path = written(tmp_path, content, "exim4.conf", 0o640)
    assert read(path, user="leaf") == ("leaf", "s3c:ret^", [])


_LINE = st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="\ufeff")


@given(user=st.text(_LINE, min_size=1), password=st.text(_LINE, min_size=1))
def test_what_is_doubled_is_read_as_one(user: str, password: str) -> None:
    """Any user and password, written as Exim wants them."""

    def exims(text: str) -> str:
        return re.sub(r"([\\$])", r"\\\1", text).replace(":", "::").replace("^", "^^")

    assert sent(f": {exims(user)} : {exims(password)}") == (("",), (user,), (password,))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"client_send = : leaf : {SECRET}:x\n", ":1: client_send is neither LOGIN's"),
        (f"client_send = : leaf : {SECRET}^x\n", ":1: client_send is neither LOGIN's"),
        (f"client_send = leaf : {SECRET}\n", ":1: client_send is neither LOGIN's"),
        ("client_send = \n", ":1: client_send is neither LOGIN's"),
        (f"client_send = ^leaf^{SECRET}^x\n", ":1: client_send is neither LOGIN's"),
        (f"\nclient_send = : leaf : ${{lookup{{{SECRET}}}}}\n", ":2: client_send looks its password up; name the file"),
        (f"client_send = : leaf : \\x41{SECRET}\n", ":1: client_send looks its password up; name the file"),
        (f"client_send = : other : {SECRET}\n", ": no client_send for user leaf"),
        (f".ifdef NEVER\nclient_send = : leaf : {SECRET}\n.endif\n", ": no client_send for user leaf"),
    ],
)
def test_a_client_send_that_does_not_help(tmp_path: Path, content: str, said: str) -> None:
    """Which line, and what is wrong with it."""
    assert refused(written(tmp_path, content, "exim4.conf")).startswith(said)


# Exim's notation ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("", ("",)),
        ("a", ("a",)),
        (" a : b ", ("a", "b")),
        ("a::b:c", ("a:b", "c")),
        (":a:", ("", "a")),
        ("a: :b", ("a", "", "b")),
        ("<; 127.0.0.1 ; ::1", ("127.0.0.1", "::1")),
        ("<;a;;b;c", ("a;b", "c")),
        ("<a:b", ("<a", "b")),
    ],
)
def test_lists(text: str, items: tuple[str, ...]) -> None:
    """Separators doubled are one; ``<`` names another."""
    assert listed(text) == items


@given(st.lists(st.text(_LINE, min_size=1), min_size=1))
def test_any_list_is_read_as_it_was_written(items: list[str]) -> None:
    """Whatever its items hold."""
    assert listed("<; " + " ; ".join(item.replace(";", ";;") for item in items)) == tuple(items)


def test_conditions_and_macros() -> None:
    """As Exim's specification has it, sections 6.4 to 6.8; the line is the first of those that were put together."""
    text = """
A_B = two
A = one
.ifdef A
 x = A A_B A_C
.ifdef NEVER
 x = never
.elifdef A_B
 x = elif
.else
 x = else
.endif
.else
 x = outer else
.endif
.ifndef NEVER
y = \\
   # aside
   A
.endif
.ifdef _HAVE_TLS
y = "a \\"b\\" \\\\ c"
.endif
"""
    assert [(option.name, option.value, option.line) for option in options(text)] == [
        ("x", "one two one_C", 5),
        ("x", "elif", 9),
        ("y", "one", 17),
        ("y", 'a "b" \\ c', 22),
    ]


SASL_PASSWD = """\
# comment
[smarthost.tld]:587   leaf:s3cret:pass word
relay.tld leaf2@example.org:with#hash
[two.tld]:submission first:one1
[two.tld]:submission second:two2
[long.tld]:587
    leaf:continued
copied.tld leaf:no-break\N{NO-BREAK SPACE}
[bad.tld]:587 nopassword
"""


@pytest.mark.parametrize(
    ("server", "user", "found"),
    [
        ("smarthost.tld", None, ("leaf", "s3cret:pass word")),
        ("SMARTHOST.TLD.", None, ("leaf", "s3cret:pass word")),
        ("relay.tld", None, ("leaf2@example.org", "with#hash")),
        ("two.tld", None, ("first", "one1")),
        ("two.tld", "second", ("second", "two2")),
        ("long.tld", None, ("leaf", "continued")),
        ("copied.tld", None, ("leaf", "no-break\N{NO-BREAK SPACE}")),
    ],
)
def test_sasl_passwd_is_read_as_postmap_reads_it(
    tmp_path: Path, server: str, user: str | None, found: tuple[str, str]
) -> None:
    """In brackets or not, with a port or not; a line may go on; only ASCII's blanks are blanks."""
    file = tmp_path / "sasl_passwd"
    file.touch(0o600)
    file.write_text(SASL_PASSWD)
    read = credentials.read(str(file), server=server, user=user)
    assert ((read.user, read.password), read.warnings) == (found, ())


@pytest.mark.parametrize(
    ("port", "password"), [(None, "at_25"), (25, "at_25"), (587, "at_587"), (465, "at_465"), (2525, "anywhere")]
)
def test_of_several_lines_of_a_sasl_passwd_the_port_s_is_taken(tmp_path: Path, port: int | None, password: str) -> None:
    """Another port's password may be another account's: it would be refused, and count as a wrong one."""
    file = tmp_path / "sasl_passwd"
    file.touch(0o600)
    file.write_text("a.tld:25 u:at_25\n[a.tld] u:anywhere\n[a.tld]:submission u:at_587\n[a.tld]:smtps u:at_465\n")
    assert credentials.read(str(file), server="a.tld", user=None, port=port).password == password


@pytest.mark.parametrize(
    "text",
    [
        "Bearer ya29.a-b_c",
        '{"access_token":"ya29"}',
        "two words",
        "ya29 ",
        "-----BEGIN PRIVATE KEY-----",
        '"ya29"',
        "ya29é",
    ],
)
def test_what_is_no_access_token(text: str) -> None:
    """It is said before a mail server refuses it as an expired one; the file is named, and nothing of what is in it."""
    with pytest.raises(Misconfigured, match="/t: the first line is no access token: expected letters") as raised:
        credentials.only_token(text, "/t")
    assert "ya29" not in str(raised.value)


def test_access_tokens() -> None:
    """An opaque one, a JSON Web Token, and one in Base64 (RFC 6750 section 2.1)."""
    for token in ("ya29.a0AfH6-_~", "eyJhbGciOi.eyJzdWIi.sig", "EwBoA8l6BAAU+/b=="):
        credentials.only_token(token, "/t")


@pytest.mark.parametrize(
    ("server", "user", "said"),
    [
        ("other.tld", None, 'no line for other.tld; such as "[other.tld]:587 USER:PASSWORD"'),
        ("two.tld", "third", 'no line for two.tld and user third; such as "[two.tld]:587 USER:PASSWORD"'),
        ("bad.tld", None, "the line for bad.tld is not [host]:port user:password"),
    ],
)
def test_a_sasl_passwd_without_the_line(tmp_path: Path, server: str, user: str | None, said: str) -> None:
    """The file is named, and nothing of what is in it."""
    file = tmp_path / "sasl_passwd"
    file.write_text(SASL_PASSWD)
    with pytest.raises(Misconfigured) as raised:
        credentials.read(str(file), server=server, user=user)
    assert str(raised.value) == f"{file}: {said}"
