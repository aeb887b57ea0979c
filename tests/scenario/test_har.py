"""The HAR file of a failed run: what browsers' tools open, by har-schema, and without what is secret."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.browser.record import Recorder
from collectd_inode.model import Observation, Phase, PlannedStep, Status, StepResult
from collectd_inode.page.forms import URLENCODED, FormEntry, urlencoded
from collectd_inode.page.headers import Headers
from collectd_inode.scenario.evidence import written
from collectd_inode.scenario.har import document
from collectd_inode.secrets.hiding import Hiding
from collectd_inode.secrets.redactor import Redactor
from collectd_inode.wire import Exchange
from tests.helpers.examples import job
from tests.helpers.json_schema import HAR, complaints

NOON = 1_795_003_200.0
STEP = PlannedStep('I press "Log in"', "press_log_in", keyword="When")


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers([(name.encode(), value.encode()) for name, value in pairs])


def observation() -> Observation:
    return Observation(job(None, STEP), Status.FAILED, NOON, 1.0, (StepResult(STEP, Status.FAILED),))


def archive(recorder: Recorder, *secrets: str) -> dict[str, Any]:
    """The file's log, which is what the schema asks for."""
    redactor = Redactor()
    for number, secret in enumerate(secrets):
        redactor.hide(f"secret{number}", secret)
    found = json.loads(document(observation(), recorder, Hiding(redactor, recorder), "0.1.0"))
    assert list(complaints(found, HAR["har.json"])) == []
    log: dict[str, Any] = found["log"]
    return log


def login() -> Recorder:
    """A form that is sent, with all that is to be hidden, and redirected to a host that does not answer."""
    recorder = Recorder(now=iter((NOON + 0.25, NOON + 1.5)).__next__)
    recorder.step = "press_log_in"
    body = urlencoded([FormEntry("user", "anna"), FormEntry("password", "open sesame")])
    asked = headers(
        ("host", "shop"), ("authorization", "Basic YTpi"), ("cookie", "sid=4711471147"), ("x-key", "abracadabra"),
        ("content-type", URLENCODED),
    )  # fmt: skip
    recorder.asks("POST", "http://u:pw@shop/login?token=t0ken&lang=de#x", asked, body, None)
    recorder.answers(
        303,
        headers(
            ("location", "https://shop/in"), ("set-cookie", "sid=4711471147; Path=/"), ("content-type", "text/html")
        ),
    )
    phases = {
        Phase.RESOLVE: 0.001,
        Phase.CONNECT: 0.002,
        Phase.TLS: 0.0305,
        Phase.PROCESSING: 0.08,
        Phase.TRANSFER: 0.01,
    }
    recorder.exchange(Exchange("shop", phases, response_code=303, bytes=120, address="192.0.2.7"))
    recorder.asks("GET", "https://shop/in", headers(("host", "shop")), None, None)
    recorder.exchange(Exchange("shop", {}, finished=False, doing="connecting to shop (192.0.2.7:443)"))
    return recorder


def test_our_phases_as_timings() -> None:
    """In milliseconds; connecting contains TLS there, and what did not happen is -1."""
    first, second = archive(login())["entries"]
    assert first["timings"] == {
        "blocked": -1, "dns": 1, "connect": 32.5, "ssl": 30.5, "send": 0, "wait": 80, "receive": 10,
    }  # fmt: skip
    assert (first["time"], first["startedDateTime"]) == (123.5, "2026-11-18T12:00:00.250Z")
    assert first["serverIPAddress"] == "192.0.2.7"
    assert second["timings"] == {
        "blocked": -1, "dns": -1, "connect": -1, "ssl": -1, "send": 0, "wait": 0, "receive": 0,
    }  # fmt: skip
    assert (second["time"], second["response"]["status"]) == (0, 0)
    assert second["response"]["comment"] == "it broke off while connecting to shop (192.0.2.7:443)"


def test_what_was_asked_and_answered() -> None:
    """Under the step that asked; the form's fields, but for what is secret."""
    log = archive(login())
    assert [(page["id"], page["title"]) for page in log["pages"]] == [("press_log_in", 'When I press "Log in"')]
    request, response = log["entries"][0]["request"], log["entries"][0]["response"]
    assert (request["method"], request["url"]) == ("POST", "http://shop/login?token=%5B%E2%80%A6%5D&lang=de#x")
    assert request["queryString"] == [{"name": "token", "value": "[…]"}, {"name": "lang", "value": "de"}]
    assert request["headers"] == [{"name": "host", "value": "shop"}, {"name": "content-type", "value": URLENCODED}]
    assert request["postData"] == {
        "mimeType": URLENCODED,
        "params": [{"name": "user", "value": "anna"}, {"name": "password", "value": "[…]"}],
    }
    assert (response["status"], response["redirectURL"]) == (303, "https://shop/in")
    assert response["content"] == {"size": 120, "mimeType": "text/html"}


def test_nothing_secret_is_in_it() -> None:
    """No cookie, no credentials, no private header, no password, in any encoding."""
    text = json.dumps(archive(login(), "open sesame", "anna"))
    assert re.findall(r"4711|YTpi|abracadabra|sesame|t0ken|pw@|anna|[Cc]ookie:|authorization", text) == []


@pytest.mark.parametrize(
    "url", ["http://[::1]:8080/a b", "http://shop/ü?q=a|b", "http://shop", "http://open sesame@x/"]
)
def test_every_address_is_one(url: str) -> None:
    """Whatever stands in it, the schema takes it."""
    recorder = Recorder()
    recorder.asks("GET", url, headers(), None, None)
    assert archive(recorder, "open sesame")["entries"][0]["request"]["url"].startswith("http://")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://app/cb?code=S3CRET&state=S3CRET&lang=de", "https://app/cb?code=[…]&state=[…]&lang=de"),
        ("https://app/#access_token=S3CRET&token_type=x", "https://app/#access_token=[…]&token_type=[…]"),
        ("https://app/cart;jsessionid=S3CRET?a=1", "https://app/cart;jsessionid=[…]"),
        ("https://app/?ticket=S3CRET", "https://app/?ticket=[…]"),
        ("https://app/?SAMLResponse=S3CRET&RelayState=x", "https://app/?SAMLResponse=[…]&RelayState=x"),
        (
            "https://cas/?service=https%3A%2F%2Fapp%2F%3Ftoken%3DS3CRET%26a%3D1",
            "https://cas/?service=https%3A%2F%2Fapp%2F%3Ftoken%3D[…]%26a%3D1",
        ),
        ("https://cas/?to=%2Fx%3Fto%3D%252Fy%253Fsid%253DS3CRET", "https://cas/?to=%2Fx%3Fto%3D%252Fy%253Fsid%253D[…]"),
        ("https://cas/?next=/x?token=S3CRET", "https://cas/?next=/x?token=[…]"),
        ("https://app/?q=a%26b%3Dc%3Fd&next=%2Fx%3Fpage%3D2", "https://app/?q=a%26b%3Dc%3Fd&next=%2Fx%3Fpage%3D2"),
    ],
)
def test_what_lets_somebody_in_by_an_address_is_hidden(url: str, shown: str) -> None:
    """In a request, and where an answer leads; what is harmless stays to the letter."""
    recorder = Recorder(now=iter((NOON, NOON)).__next__)
    recorder.step = "press_log_in"
    recorder.asks("GET", url, headers(("host", "app"), ("referer", url)), None, None)
    recorder.answers(302, headers(("location", url), ("refresh", f"0;url={url}")))
    (entry,) = archive(recorder)["entries"]
    assert Hiding(Redactor(), recorder)(url).replace("%5B…%5D", "[…]") == shown
    assert "S3CRET" not in json.dumps(entry)
    assert [line["name"] for line in entry["response"]["headers"]] == ["location", "refresh"]


@given(st.text(max_size=60), st.text(max_size=60), st.binary(max_size=100))
def test_whatever_was_asked_is_a_har_file(path: str, value: str, body: bytes) -> None:
    """By the schema."""
    recorder = Recorder()
    recorder.asks("POST", f"http://shop/{path}", headers(("x-a", "b"), ("content-type", "text/plain")), body, None)
    recorder.answers(299, Headers([(b"server", value.encode("utf-8", "replace"))]))
    assert len(archive(recorder)["entries"]) == 1


def test_it_is_left_out_where_there_is_no_room() -> None:
    """It is whole or not there; page and transcript go first."""
    recorder = login()
    whole = written(observation(), recorder, Redactor(), 2**20)
    assert list(whole) == ["reason.txt", "transcript.txt", "requests.har"]
    size = sum(map(len, whole.values()))
    assert list(written(observation(), recorder, Redactor(), size)) == list(whole)
    assert list(written(observation(), recorder, Redactor(), size - 1)) == ["reason.txt", "transcript.txt"]
