"""SASL mechanisms: what they answer, held against the examples of their RFCs, and which one is chosen."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.model import Cause, Failure
from collectd_inode.smarthost.mechanisms import (
    MECHANISMS,
    Login,
    Mechanism,
    _scram_sha_256,
    best,
    challenge,
    encoded,
    named,
)

TIM = Login("tim", "tanstaaftanstaaf")


def answers(name: str, login: Login, *challenges: str) -> list[bytes]:
    """What is said at first, and then to each of the challenges."""
    mechanism = named(name)
    assert mechanism is not None
    responses = mechanism.responses(login)
    return [next(responses), *(responses.send(text) for text in challenges)]


def test_plain_is_rfc_4616_s() -> None:
    """Section 4: nobody to act for, who we are, the password."""
    assert answers("PLAIN", TIM) == [b"\0tim\0tanstaaftanstaaf"]


@pytest.mark.parametrize("text", ["a\u0308", "\u00a0", "\ufb01", "\u00ad", "\u00b2"])
def test_nothing_is_prepared(text: str) -> None:
    """What SASLprep (RFC 4013) would change is sent as it is, as mail servers do."""
    assert answers("PLAIN", Login(text, text)) == [f"\0{text}\0{text}".encode()]


def test_login_answers_two_prompts() -> None:
    """Whatever they say: one server's are not even Base64."""
    assert answers("LOGIN", TIM, "VXNlcm5hbWU6", "Password:") == [b"", b"tim", b"tanstaaftanstaaf"]


def test_cram_md5_is_rfc_2195_s() -> None:
    """Section 2: the RFC's own challenge and its digest."""
    asked = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
    assert answers("CRAM-MD5", TIM, asked) == [b"", b"tim b913a602c7eda7a495b4e6e7334d3890"]


SCRAM_FIRST = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SCRAM_LAST = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_scram_sha_256_is_rfc_7677_s() -> None:
    """Section 3: the RFC's own exchange; the server's last word is held against the password."""
    responses = _scram_sha_256(Login("user", "pencil"), "rOprNGfwEbeRWgbNEkqO")
    assert next(responses) == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    assert responses.send(coded(SCRAM_FIRST)) == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert responses.send(coded(SCRAM_LAST)) == b""


@pytest.mark.parametrize(
    ("first", "last", "cause"),
    [
        (SCRAM_FIRST.replace("r=rOpr", "r=xxxx"), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("4096", "999999999"), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("4096", "0"), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("4096", "-1"), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("4096", "\uff14\uff10\uff19\uff16"), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace(",i=4096", ""), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("s=W22ZaJ0SNY7soEsUEjb6gQ==,", ""), "", Cause.PROTOCOL),
        (SCRAM_FIRST.replace("W22ZaJ0SNY7soEsUEjb6gQ==", ""), "", Cause.PROTOCOL),
        (SCRAM_FIRST, f"x=y,{SCRAM_LAST}", Cause.CREDENTIALS),
        (SCRAM_FIRST.replace("s=W22", "s=!!"), "", Cause.PROTOCOL),
        ("hello", "", Cause.PROTOCOL),
        (SCRAM_FIRST, SCRAM_LAST.replace("6rri", "7rri"), Cause.CREDENTIALS),
        (SCRAM_FIRST, "", Cause.CREDENTIALS),
        (f"m=new,{SCRAM_FIRST}", "", Cause.PROTOCOL),
    ],
)
def test_a_server_that_does_not_know_scram_or_the_password(first: str, last: str, cause: Cause) -> None:
    """It gets no further, and cannot make us count for long."""
    responses = _scram_sha_256(Login("user", "pencil"), "rOprNGfwEbeRWgbNEkqO")
    next(responses)
    with pytest.raises(Failure) as raised:
        responses.send(coded(first))
        responses.send(coded(last))
    assert raised.value.cause is cause


def test_a_server_that_wants_too_many_rounds_is_told_so() -> None:
    """It is one of SCRAM's challenges all the same."""
    responses = _scram_sha_256(Login("user", "pencil"), "rOprNGfwEbeRWgbNEkqO")
    next(responses)
    with pytest.raises(Failure, match="wants 600000 rounds, and at most 200000 are done here"):
        responses.send(coded(SCRAM_FIRST.replace("4096", "600000")))


def test_extensions_of_scram_that_may_be_passed_over() -> None:
    """RFC 5802 section 7: behind what is known, in both of the server's messages; the first is signed with them."""
    responses = _scram_sha_256(Login("user", "pencil"), "rOprNGfwEbeRWgbNEkqO")
    next(responses)
    responses.send(coded(SCRAM_FIRST))
    assert responses.send(coded(f"{SCRAM_LAST},x=y")) == b""


def test_tokens_are_sent_as_bearers() -> None:
    """Google's XOAUTH2 and RFC 7628's OAUTHBEARER; what a refusal is answered by ends the exchange."""
    login = Login("some,one@example.org", "ya29.token")
    said = [b"user=some,one@example.org\1auth=Bearer ya29.token\1\1", b""]
    assert answers("XOAUTH2", login, coded('{"status":"401"}')) == said
    said = [b"n,a=some=2Cone@example.org,\1auth=Bearer ya29.token\1\1", b"\1"]
    assert answers("OAUTHBEARER", login, coded('{"status":"invalid_token"}')) == said


def test_what_must_be_asked_for_is_not_taken_otherwise() -> None:
    """PLAIN below verified TLS tests the password and nothing else."""
    assert best(["SCRAM-SHA-256", "XOAUTH2", "PLAIN"]).name == "PLAIN"
    assert best(["SCRAM-SHA-256", "PLAIN"], "scram-sha-256").name == "SCRAM-SHA-256"


def test_names_and_passwords_are_utf_8() -> None:
    """smtplib raises UnicodeEncodeError here."""
    login = Login("müller", "pässwört:^^\u20ac")
    assert answers("PLAIN", login) == ["\0müller\0pässwört:^^\u20ac".encode()]
    assert answers("LOGIN", login, "", "")[1:] == ["müller".encode(), "pässwört:^^\u20ac".encode()]


TEXT = st.text(st.characters(codec="utf-8"))


@given(TEXT, TEXT, st.sampled_from(MECHANISMS), st.binary())
def test_every_mechanism_comes_to_an_end(user: str, password: str, mechanism: Mechanism, asked: bytes) -> None:
    """A server cannot make us talk for ever, and nothing but our end raises."""
    responses = mechanism.responses(Login(user, password))
    next(responses)
    with pytest.raises(StopIteration):
        for _ in range(3):
            responses.send(encoded(asked).decode())


def test_the_password_is_not_in_a_repr() -> None:
    """Nor in a traceback that shows one."""
    assert repr(TIM) == "Login(user='tim')"


@pytest.mark.parametrize(
    ("offered", "wanted", "chosen"),
    [
        (["LOGIN", "PLAIN", "CRAM-MD5"], None, "PLAIN"),
        (["CRAM-MD5", "LOGIN"], None, "LOGIN"),
        (["GSSAPI", "CRAM-MD5"], None, "CRAM-MD5"),
        (["login"], None, "LOGIN"),
        (["LOGIN", "PLAIN", "CRAM-MD5"], "cram-md5", "CRAM-MD5"),
    ],
)
def test_the_best_common_mechanism(offered: list[str], wanted: str | None, chosen: str) -> None:
    """The one that tests the password and nothing else, unless the operator wants another."""
    assert best(offered, wanted).name == chosen


@pytest.mark.parametrize(
    ("offered", "wanted", "message"),
    [
        (["GSSAPI"], None, "the server offers GSSAPI; supported: PLAIN, LOGIN, CRAM-MD5"),
        (["GSSAPI", "PLAIN"], "LOGIN", "the server offers GSSAPI, PLAIN; Mechanism is LOGIN"),
        ([], None, "the server offers no AUTH; supported: PLAIN, LOGIN, CRAM-MD5"),
        (["PLAIN"], "NTLM", "the server offers PLAIN; Mechanism is NTLM"),
    ],
)
def test_no_common_mechanism(offered: list[str], wanted: str | None, message: str) -> None:
    """Both lists are told."""
    with pytest.raises(Failure) as raised:
        best(offered, wanted)
    assert (raised.value.cause, raised.value.message) == (Cause.CREDENTIALS, f"no common mechanism: {message}")


@given(st.binary())
def test_a_challenge_is_base64(asked: bytes) -> None:
    """Any bytes, there and back."""
    assert challenge(base64.b64encode(asked).decode()) == asked


@pytest.mark.parametrize("text", ["hello there", "=", "YWJj\u00e9", "YWJ"])
def test_a_challenge_that_is_none(text: str) -> None:
    """The server's fault, and nothing that raises elsewhere."""
    with pytest.raises(Failure, match=r"^AUTH: the server's challenge is not Base64$"):
        challenge(text)
