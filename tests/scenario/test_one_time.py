"""One-time passwords: RFC 6238's own vectors, the seeds that people are given, and a page that asks for one."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from collectd_inode.model import Cause
from collectd_inode.observing import observe
from collectd_inode.scenario.one_time import BadSeed, Seed, seed
from tests.helpers.examples import SetClock, loaded, write_feature
from tests.helpers.peers import answer, peer, tidily

TWENTY = b"12345678901234567890"
KEYS = {"SHA1": TWENTY, "SHA256": TWENTY + TWENTY[:12], "SHA512": TWENTY * 3 + TWENTY[:4]}
VECTORS = """
59          94287082 46119246 90693936
1111111109  07081804 68084774 25091201
1111111111  14050471 67062674 99943326
1234567890  89005924 91819424 93441116
2000000000  69279037 90698825 38618901
20000000000 65353130 77737706 47863826
"""
"""RFC 6238, appendix B, with the keys of its erratum 2866."""
SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
"""TWENTY in base32."""


@pytest.mark.parametrize("line", VECTORS.split("\n")[1:-1])
def test_vectors_of_the_rfc(line: str) -> None:
    """Eight digits, a period of 30 s."""
    now, *codes = line.split()
    found = [Seed(KEYS[name], 8, 30, name).password(float(now)) for name in ("SHA1", "SHA256", "SHA512")]
    assert found == codes


@pytest.mark.parametrize(
    "text",
    [
        SEED,
        "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
        "GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ\n",
        f"{SEED}====",
        f"otpauth://totp/Shop:monitor?secret={SEED}&issuer=Shop",
        f"otpauth://totp/x?secret={SEED}&algorithm=SHA1&digits=6&period=30",
    ],
)
def test_seeds(text: str) -> None:
    """As a site shows them, or its QR code has them."""
    assert seed(text) == Seed(TWENTY)
    assert seed(text).password(59) == "287082"


def test_all_of_an_address() -> None:
    """Algorithm, digits and period are said there."""
    found = seed(f"otpauth://totp/x?secret={SEED}&algorithm=hmac-sha-256&digits=8&period=60")
    assert found == Seed(TWENTY, 8, 60, "SHA256")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a seed of base32"),
        ("hunter22", "a seed of base32"),
        ("hunter22hunter22hunter01", "a seed of base32"),
        (f"otpauth://hotp/x?secret={SEED}&counter=1", "by a counter (hotp) are not supported"),
        (f"otpauth://totp/x?secret={SEED}&algorithm=MD5", "expected algorithm SHA1, SHA256, SHA512"),
        (f"otpauth://totp/x?secret={SEED}&digits=0", "expected 6 to 8 digits"),
        (f"otpauth://totp/x?secret={SEED}&period=²", "expected 6 to 8 digits"),
        ("otpauth://totp/x?secret=hunter22", "a seed of base32"),
        ("otpauth://[/", "a seed of base32"),
    ],
)
def test_what_is_no_seed(text: str, said: str) -> None:
    """The message says what is expected and never shows it."""
    with pytest.raises(BadSeed) as found:
        seed(text)
    assert said in str(found.value)
    assert "hunter" not in str(found.value)


@given(some.binary(min_size=10, max_size=40), some.floats(0, 1e11))
def test_any_key_at_any_time(key: bytes, now: float) -> None:
    """It is read back, and its passwords have six digits."""
    read = seed(base64.b32encode(key).decode())
    assert read.key == key
    assert len(read.password(now)) == 6
    assert read.password(now).isdigit()


FORM = b"<form action=/in method=post><label>Code <input name=code></label><button>Go</button></form>"
STEPS = """
When I go to "/"
And I fill in "Code" with the one-time password of "{name}"
And I press "Go"
Then I should see "Welcome"
"""


def run(folder: Path, name: str, content: str, steps: str = STEPS) -> tuple[Any, list[bytes]]:
    """The observation of a run at the second 59, and the bodies that the site was sent."""
    (folder / "seed").write_text(content + "\n")
    (folder / "seed").chmod(0o600)
    feature = write_feature(folder, steps.format(name=name))
    bodies: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        bodies.append(await reader.readexactly(len("code=287082")))
        writer.write(answer(b"Welcome, 287082"))
        await writer.drain()

    async def main() -> Any:
        async with peer(answer(FORM), take) as site:
            found = loaded(feature, base_url=site.url, secrets=(("seed", str(folder / "seed")),))
            assert found.problems == ()
            return await observe(found.jobs[0], SetClock(59.0))

    return tidily(main()), bodies


@pytest.mark.parametrize("name", ["seed", "${seed}"])
@pytest.mark.parametrize("content", [SEED, f"otpauth://totp/x?secret={SEED}"])
def test_a_page_asks_for_one(tmp_path: Path, name: str, content: str) -> None:
    """The site gets the password of the moment; no report shows it, nor the seed."""
    observation, bodies = run(tmp_path, name, content)
    assert (observation.message, bodies) == ("", [b"code=287082"])
    assert SEED not in repr(observation)


def test_it_is_in_no_message(tmp_path: Path) -> None:
    """Where the page says it back, its name is shown."""
    steps = STEPS.replace("Welcome", "Goodbye")
    observation, bodies = run(tmp_path, "seed", SEED, steps)
    assert (observation.cause, bodies) == (Cause.EXPECTATION, [b"code=287082"])
    assert "287082" not in repr(observation)


def test_for_a_request(tmp_path: Path) -> None:
    """Remembered, it is a variable, and hidden."""
    steps = """
    When I go to "/"
    And I remember the one-time password of "{name}" as "code"
    And I POST to "/in" the data:
      | code | ${{code}} |
    Then I should see "Welcome"
    """
    observation, bodies = run(tmp_path, "seed", SEED, steps)
    assert (observation.message, bodies) == ("", [b"code=287082"])
    assert "287082" not in repr(observation)


def test_a_secret_that_is_no_seed(tmp_path: Path) -> None:
    """The run says so without it."""
    observation, bodies = run(tmp_path, "seed", "hunter22")
    assert (observation.cause, bodies) == (Cause.CONFIGURATION, [])
    assert "one-time password: expected a seed of base32" in observation.message
    assert "hunter22" not in repr(observation)


def test_a_seed_that_nothing_names(tmp_path: Path) -> None:
    """It is found before anything runs."""
    feature = write_feature(tmp_path, STEPS.format(name="sede"))
    (problem,) = loaded(feature, base_url="http://h/").problems
    assert "unknown variable ${sede}" in str(problem)
