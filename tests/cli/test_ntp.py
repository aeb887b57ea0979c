"""`collectd-inode ntp` as it is typed."""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from collectd_inode import cli
from tests.helpers.examples import HUNG
from tests.helpers.ntp_peer import GOOD, Behaviour, ntp_peer, saying

FIGURE = re.compile(r"[+-]?\d+\.\d{3} m?s")


@contextmanager
def servers(*behaviours: Behaviour) -> Iterator[str]:
    """Servers on 127.0.0.1, 127.0.0.2… in a thread; the value is their port."""
    loop, up, done, ports = asyncio.new_event_loop(), threading.Event(), asyncio.Event(), [0]

    async def serve(number: int) -> None:
        if number == len(behaviours):
            up.set()
            await done.wait()
            return
        async with ntp_peer(behaviours[number], host=f"127.0.0.{number + 1}", port=ports[0]) as peer:
            ports[0] = peer.port
            await serve(number + 1)

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(0),))
    thread.start()
    try:
        assert up.wait(HUNG)
        yield str(ports[0])
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str]]:
    """The exit code and the lines on stdout; figures that differ each time read ``N``."""
    code = cli.main(["ntp", *words])
    return code, [FIGURE.sub("N", line) for line in capsys.readouterr().out.splitlines()]


def squeezed(lines: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in lines]


def test_a_page(capsys: pytest.CaptureFixture[str]) -> None:
    """The verdict, and what each server said."""
    with servers(GOOD, saying(ahead=1200, stratum=1, reference_id=b"GPS"), GOOD) as port:
        code, lines = typed(capsys, "127.0.0.1", "127.0.0.2", "127.0.0.3", "--port", port)

    assert code == 0
    assert re.fullmatch(r"this clock is N (ahead|behind), give or take N", lines[0])
    assert squeezed(lines[1:]) == [
        "",
        "server offset error delay stratum follows",
        "127.0.0.1 N N N 2 192.0.2.1",
        "127.0.0.2 (wrong) +1200.0 s N N 1 Global Position System",
        "127.0.0.3 N N N 2 192.0.2.1",
    ]


def test_a_page_with_bad_news(capsys: pytest.CaptureFixture[str]) -> None:
    """A server without a say stands below the verdict."""
    with servers(saying(ahead=60), saying(ahead=60), saying(leap=3)) as port:
        code, lines = typed(capsys, "127.0.0.1", "127.0.0.2", "127.0.0.3", "--port", port)

    assert code == 1
    assert squeezed(lines) == [
        "expectation: this clock is 60.0 s behind 127.0.0.1 and 127.0.0.2, the limit is 0.1 s;"
        " naming the wrong one needs 3 sources",
        "127.0.0.3: the server says that it is not synchronised (leap 3)",
        "",
        "server offset error delay stratum follows",
        "127.0.0.1 +60.0 s N N 2 192.0.2.1",
        "127.0.0.2 +60.0 s N N 2 192.0.2.1",
    ]


def test_a_page_without_anything(capsys: pytest.CaptureFixture[str]) -> None:
    with servers(saying(stratum=0, reference_id=b"RATE")) as port:
        code, lines = typed(capsys, "127.0.0.1", "--port", port)

    assert (code, lines) == (1, ["refused: 127.0.0.1: kiss-o'-death RATE: it is queried too often"])


def test_a_datagram_that_nobody_asked_for_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    def both(request: bytes) -> list[bytes]:
        good = GOOD(request)
        assert isinstance(good, bytes)
        return [b"", good]

    with servers(both) as port:
        code, lines = typed(capsys, "127.0.0.1", "--port", port)

    assert code == 0
    assert lines[1] == "  warning: ignored unsolicited datagrams: 1 too short (rejected)"


def test_json(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, one observation; the job is called after the first host."""
    with servers(saying(ahead=1200)) as port:
        code = cli.main(["ntp", "127.0.0.1", "--port", port, "--format", "json", "--max-offset", "2000"])
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)

    assert code == 0
    assert (told["kind"], told["job"], told["scenario"], told["status"]) == ("ntp", "127.0.0.1", None, "passed")
    assert told["seconds"] is None
    assert abs(told["readings"]["time_offset-127_0_0_1"] - 1200) < 0.5
    assert [(step["name"], step["series"], step["seconds"]) for step in told["steps"]] == [
        ("127.0.0.1", "127_0_0_1", None)
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--port", "0"), "0: expected a port, 1 to 65535"),
        (("--samples", "many"), "many: expected a whole number of at least 1"),
        (("--max-offset", "-1"), "-1: expected a number of seconds above 0, such as 0.1"),
        (("--timeout", "0"), "0: expected a number of seconds above 0, such as 5 or 2.5"),
    ],
)
def test_what_an_option_does_not_take(capsys: pytest.CaptureFixture[str], words: tuple[str, str], message: str) -> None:
    """In the words of the configuration's keys."""
    with pytest.raises(SystemExit) as left:
        cli.main(["ntp", "127.0.0.1", *words])
    assert left.value.code == 2
    assert message in capsys.readouterr().err


def test_a_host_twice(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is asked: exit 2."""
    assert cli.main(["ntp", "127.0.0.1", "127.0.0.1"]) == 2
    assert "its series would be that of" in capsys.readouterr().err
