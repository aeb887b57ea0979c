"""Recordings of anybody's: whatever is in them, the scenario is one, and shows no secret."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from collectd_inode.scenario import feature
from collectd_inode.scenario.importing import imported
from collectd_inode.scenario.recording import BadRecording, requests

texts = some.text(max_size=20)
urls = some.sampled_from(
    ["http://h.test/", "http://h.test/a?token=hunter22&b=c", "http://api.h.test/x", "ftp://h/", "x"]
)
headers = some.lists(
    some.fixed_dictionaries(
        {
            "name": some.sampled_from(["Sec-Fetch-Dest", "Authorization", "X-CSRF-Token", "Content-Type", "Location"]),
            "value": some.sampled_from(["document", "empty", "Bearer hunter22", "hunter22hunter22", "text/html", "/"]),
        }
    ),
    max_size=4,
)
sent = some.one_of(
    some.just("password=hunter22&a=b"),
    some.just('{"password": "hunter22", "a": ["${x}", "\\"\\"\\""]}'),
    some.text(alphabet="ab${}\"'|\\\n=&%", max_size=30),
)
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | texts,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
entries = some.one_of(
    anything,
    some.fixed_dictionaries(
        {
            "request": some.fixed_dictionaries(
                {
                    "method": some.sampled_from(["GET", "POST", "PUT", "OPTIONS", ""]),
                    "url": urls,
                    "headers": headers | anything,
                    "postData": some.fixed_dictionaries(
                        {
                            "text": sent,
                            "mimeType": some.sampled_from(
                                ["application/x-www-form-urlencoded", "application/json", "text/plain", ""]
                            ),
                        }
                    )
                    | anything,
                }
            ),
            "response": some.fixed_dictionaries(
                {
                    "status": some.sampled_from([200, 302, 404, 0, "200", None]),
                    "headers": headers,
                    "content": some.fixed_dictionaries(
                        {
                            "mimeType": some.sampled_from(["text/html", "application/json", ""]),
                            "text": some.sampled_from(
                                [
                                    "<title>Home</title><form method=post action=/a><input name=a>"
                                    "<input type=password name=password><button>Go</button></form><a href=/>Home</a>",
                                    '{"a": "hunter22hunter22"}',
                                    "",
                                ]
                            ),
                        }
                    )
                    | anything,
                }
            ),
        }
    ),
)


@given(some.binary(max_size=200) | anything.map(lambda found: json.dumps({"log": found}).encode()))
def test_any_bytes(content: bytes) -> None:
    """A list of requests, or BadRecording."""
    with suppress(BadRecording):
        requests(content)


@given(some.lists(entries, max_size=6))
def test_any_recording(found: list[Any]) -> None:
    """The file is one scenario with the steps of the draft, and no secret is in it."""
    try:
        made = imported(requests(json.dumps({"log": {"entries": found}}).encode()))
    except BadRecording:
        return
    text = made.draft.text()
    (scenario,) = feature.parse(text.encode(), "x.feature").scenarios
    assert len(scenario.steps) == len(made.draft.steps)
    assert not [value for value in made.secrets.values() if len(value) >= 4 and value in text]
