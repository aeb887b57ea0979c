"""What StateDir holds, what token servers say and what forms hold, with a few octets changed: read, or left alone."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from collectd_inode.doors import sent
from collectd_inode.model import Cause, Failure
from collectd_inode.page import forms, locate
from collectd_inode.page.page import Page
from collectd_inode.report import history, mute, plan, record
from collectd_inode.report.history import RunsOrigin, entry
from collectd_inode.report.mute import Mute, Mutes
from collectd_inode.report.plan import Plan, planned
from collectd_inode.report.record import NoRecord, following
from collectd_inode.run import Run
from collectd_inode.smarthost import oauth
from collectd_inode.smarthost.replies import as_it_is
from collectd_inode.state import State
from tests.helpers.examples import OPEN, job, logged, observed, passing
from tests.helpers.mutations import mutated


async def refused(run: Run) -> None:
    with run.step(OPEN):
        raise Failure(Cause.REFUSED, "http://shop/ answered 503", expected="below 400", found="503")


GOOD, BAD = observed(passing), observed(refused)
JSON = b'{}[]",:0159eE.-+\\utrflasn \n\0\xff\xc3\xa9'


def _state(octets: bytes) -> None:
    state = State("/nowhere")
    state.load({Path("/nowhere/ntp-a.json"): octets})
    assert isinstance(state.of("ntp", "a").read(), dict)


def _mutes(octets: bytes) -> None:
    found = mute.parse(octets)
    assert mute.parse(mute.text(found).encode()) == found


def _plan(octets: bytes) -> None:
    found = plan.parse(octets)
    assert found is None or plan.parse(plan.text(found).encode()) == found


def _record(octets: bytes) -> None:
    with contextlib.suppress(NoRecord):
        found = record.parse(octets)
        assert record.parse(record.text(found).encode()) == found


def _history(octets: bytes) -> None:
    runs, damaged = history.parse(octets)
    assert len(runs) + damaged <= octets.count(b"\n") + 1
    content, _, _ = history.compacted(octets)
    assert history.parse(content)[1] == 0


def _sent(octets: bytes) -> None:
    assert len(sent.parse(sent.text(sent.parse(octets)))) == len(sent.parse(octets))


def _token(octets: bytes) -> None:
    with contextlib.suppress(Failure):
        granted = oauth.answered(200, octets.decode("utf-8", "replace"), "token server", as_it_is)
        assert granted.token.isascii() and granted.token.isprintable() and " " not in granted.token


def _form(octets: bytes) -> None:
    shown = Page("http://h/", 200, {"content-type": "text/html"}, octets)
    with contextlib.suppress(Failure):
        button = locate.button(shown, "Go")
        form = forms.form_of(shown, button)
        if form is not None:
            forms.submission(shown, form, button, "")


@dataclass(frozen=True, slots=True)
class Read:
    """What is read: samples that are good, the letters that are put in, and what holds of whatever comes."""

    samples: Sequence[bytes]
    letters: bytes
    check: Callable[[bytes], None]


_KEPT = {"version": 1, "job": "a", "kept": {"score": 19.5, "at": [1, 2], "who": {"b": None, "é": True}}}
_RUNS = [entry(replace(one, time=time), RunsOrigin(), "f1") for time, one in ((10.0, GOOD), (20.0, BAD), (30.0, GOOD))]
_TOKEN = {"access_token": "abc", "token_type": "Bearer", "expires_in": 3599, "refresh_token": "d", "scope": "x y"}
_REFUSED = {"error": "invalid_grant", "error_description": "Bad é"}
_FORM = (
    b"<form action='/x?a=b#c' method=post enctype=multipart/form-data accept-charset='utf-8, latin1'><label for=i>N"
    b"</label><input id=i name='n\"' value='v&amp;&eacute;'><select name=s multiple><option selected value=1>O"
    b"<option>P</select><textarea name=t>\nx</textarea><input type=file name=f>"
    b"<input type=image name=g><button name=b value=w>Go"
)
READ = {
    "state": Read([json.dumps(_KEPT).encode()], JSON, _state),
    "mutes": Read([mute.text(Mutes((Mute("all", 50.0, "why é"), Mute("web", 1e9, "")))).encode()], JSON, _mutes),
    "plan": Read([plan.text(Plan(1, 5.0, (planned(job(passing), 7.0),))).encode()], JSON, _plan),
    "record": Read([record.text(following(None, one)).encode() for one in (GOOD, BAD)], JSON, _record),
    "history": Read(["".join(f"{one.setting}{one.line}" for one in _RUNS).encode()], JSON, _history),
    "sent": Read([sent.text({("h", "scenario", "a"): 5.5, ("", "ntp", "b"): 1.8e9})], b"\t\n0159.-+einf\0\xff", _sent),
    "token": Read([json.dumps(one).encode() for one in (_TOKEN, _REFUSED)], JSON, _token),
    "form": Read([_FORM], b"<>/='\"& \n\0\xff&#x;ainputformselct", _form),
}


def fuzz(name: str, count: int, seed: int = 0) -> None:
    """Read so many of these, each with a few octets changed."""
    read = READ[name]
    with logged():
        for octets in mutated(read.samples, read.letters, count, seed):
            try:
                read.check(octets)
            except Exception as error:
                error.add_note(repr(octets))
                raise


@pytest.mark.parametrize("name", READ)
def test_what_is_mutated_is_read_or_left(name: str) -> None:
    """Two thousand of each here; ``python -c 'import test_mutated_files as t; t.fuzz("state", 100_000)'`` for more."""
    fuzz(name, 2000)
