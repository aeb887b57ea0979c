"""What a page is made of: which files, what they must be, and that a missing one fails the step."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any

import pytest

from collectd_inode.observing import observe
from collectd_inode.page.assets import Asset, AssetKind, assets, fault_of
from collectd_inode.page.page import Page
from tests.helpers.examples import loaded, write_feature
from tests.helpers.hostile_peers import listening, told
from tests.helpers.peers import answer, tidily

PAGE = """<head><link rel=stylesheet href=/a.css><link rel="alternate stylesheet" href=/no.css>
<link rel=icon href=/i.ico><link rel=stylesheet href=/off.css disabled><script src=/a.js></script>
<script type=module src="b.js?x#y"></script>
<script type="application/json" src=/no.json></script><script>1</script></head>
<img src=/a.png><img src=/a.png><img src="data:image/png;base64,x"><script src=/a.js></script>"""
STEP = "the page's style sheets, scripts and images should load"


def page(url: str = "http://h/dir/") -> Page:
    return Page(url, 200, {"content-type": "text/html"}, PAGE.encode())


def test_which_files() -> None:
    """Rule 72: what a browser fetches to draw and run the page, each address once."""
    assert assets(page(), frozenset(AssetKind)) == [
        Asset(AssetKind.STYLE_SHEET, "http://h/a.css"),
        Asset(AssetKind.SCRIPT, "http://h/a.js"),
        Asset(AssetKind.SCRIPT, "http://h/dir/b.js?x"),
        Asset(AssetKind.IMAGE, "http://h/a.png"),
    ]
    assert assets(page(), frozenset({AssetKind.IMAGE})) == [Asset(AssetKind.IMAGE, "http://h/a.png")]


@pytest.mark.parametrize(
    ("kind", "status", "content_type", "said"),
    [
        (AssetKind.STYLE_SHEET, 200, "text/css; charset=utf-8", ""),
        (AssetKind.STYLE_SHEET, 200, "text/html", "is no style sheet but text/html"),
        (AssetKind.STYLE_SHEET, 404, "text/css", "answered 404"),
        (AssetKind.SCRIPT, 200, "text/javascript", ""),
        (AssetKind.SCRIPT, 200, "application/javascript", ""),
        (AssetKind.SCRIPT, 200, "text/html", "is no script but text/html"),
        (AssetKind.SCRIPT, 200, "", "is no script but of no type"),
        (AssetKind.IMAGE, 200, "image/svg+xml", ""),
        (AssetKind.IMAGE, 200, "", ""),
        (AssetKind.IMAGE, 200, "text/html", "is no image but text/html"),
        (AssetKind.IMAGE, 500, "image/png", "answered 500"),
    ],
)
def test_what_each_must_be(kind: AssetKind, status: int, content_type: str, said: str) -> None:
    """Rule 72: a server that answers its start page for a bundle that is gone answers 200."""
    assert fault_of(Asset(kind, "http://h/x"), page(), status, content_type) == said


@pytest.mark.parametrize(
    ("markup", "found"),
    [
        ("<script src=/old.js nomodule></script><script type=module src=/new.js nomodule></script>", ["/new.js"]),
        ("<link rel=stylesheet type=text/less href=/a.less><link rel=stylesheet type='text/css' href=/b>", ["/b"]),
        ("<input type=image src=/go.png><input type=text src=/no.png>", ["/go.png"]),
        ("<img srcset='/a.png 1x, /b.png 2x'>", ["/a.png"]),
        ("<img src=/a.png srcset='/b.png 2x'>", ["/a.png"]),
        ("<img src=/a.png srcset='/w_1,h_2/b.png 500w,/c.png 1300w, /d.png 2000w'>", ["/c.png"]),
        ("<img src=/a.png srcset='/b.png 300w'>", ["/b.png"]),
        ("<img src=/a.png srcset='  , '>", ["/a.png"]),
        ("<img src=/a.png srcset='/b.png big'>", ["/a.png"]),
        ("<img srcset='/a.png (, /b.png 1x, ), /c.png'>", ["/c.png"]),
        ("<img srcset='/a.png 1w 1x, /b.png 0w, /c.png 1.0w, /d.png 1h, /e.png -1x'>", []),
        ("<img srcset='/a.png 1e0x, /b.png 2x'>", ["/a.png"]),
        ("<img srcset='/a.png 100w 50h, /b.png 100w'>", ["/a.png"]),
        ("<img srcset='/a.png 640w, /b.png 1x'>", ["/b.png"]),
        ("<picture><source srcset=/a.webp type=image/webp><img src=/b.png></picture>", ["/a.webp"]),
        ("<picture><source srcset=/a.jxl type=image/jxl><img src=/b.png></picture>", ["/b.png"]),
        ("<picture><source srcset=/a media=print><source srcset=/b><source srcset=/c><img src=/d></picture>", ["/b"]),
    ],
)
def test_which_files_of_several(markup: str, found: list[str]) -> None:
    """Rule 72: those that a browser of today takes, in a window of 1280 pixels."""
    made = Page("http://h/", 200, {"content-type": "text/html"}, markup.encode())
    assert [asset.url.removeprefix("http://h") for asset in assets(made, frozenset(AssetKind))] == found


@pytest.mark.parametrize(
    ("url", "headers", "asked"),
    [
        ("https://h/", {}, ["http://h/a.js", "https://h/a.png", "http://192.0.2.1/a.png"]),
        ("http://h/", {}, ["http://h/a.js", "http://h/a.png", "http://192.0.2.1/a.png"]),
        (
            "https://h/",
            {"content-security-policy": "upgrade-insecure-requests"},
            ["https://h/a.js", "https://h/a.png", "https://192.0.2.1/a.png"],
        ),
    ],
)
def test_what_is_asked_for_by_tls(url: str, headers: dict[str, str], asked: list[str]) -> None:
    """Rule 72: pictures on a page with TLS are, and all that a page wants to have so."""
    markup = b"<script src=http://h/a.js></script><img src=http://h/a.png><img src=http://192.0.2.1/a.png>"
    made = Page(url, 200, {"content-type": "text/html", **headers}, markup)
    assert [asset.url for asset in assets(made, frozenset(AssetKind))] == asked


def test_an_address_that_is_none() -> None:
    """Rule 72: it does not load, and says so."""
    made = Page("http://h/", 200, {"content-type": "text/html"}, b"<script src='http://h:99999/a.js'></script>")
    (asset,) = assets(made, frozenset(AssetKind))
    assert asset.lost == "an address on the page is invalid: port 99999 of “h” is above 65535"


PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/octet-stream", PNG, ""),
        ("text/plain", b"GIF89a", ""),
        ("application/octet-stream", b"<svg/>", "is no image but application/octet-stream"),
        ("image/png", b"<!DOCTYPE html><title>Shop</title>", "is no image but image/png"),
        ("", b" <html>", "is no image but of no type"),
    ],
)
def test_what_a_picture_is(content_type: str, body: bytes, said: str) -> None:
    """Rule 72: browsers look at its first octets."""
    assert fault_of(Asset(AssetKind.IMAGE, "http://h/x"), page(), 200, content_type, body) == said


@pytest.mark.parametrize(
    ("integrity", "is_good"),
    [
        ("", True),
        ("sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=", True),
        ("sha256-LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564=?x md5-no", True),
        ("sha256-AAAA sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564=", True),
        ("sha256-LCa0a2j/xo/5m0U8HTBBNBNCLXBkg7+g+YpeiGJm564= sha512-AAAA", False),
        ("sha384-no", False),
        ("sha1-no", True),
    ],
)
def test_integrity(integrity: str, is_good: bool) -> None:
    """Rule 72: a browser does not run a file that is not the one the page names (Subresource Integrity)."""
    said = fault_of(Asset(AssetKind.SCRIPT, "http://h/x", integrity), page(), 200, "text/javascript", b"foo")
    assert said == ("" if is_good else "is not the file that its integrity attribute names")


def test_what_a_page_with_tls_may_not_ask_for() -> None:
    """Rule 72: browsers block it."""
    blocked = "is requested without TLS, which browsers block on an https page"
    assert fault_of(Asset(AssetKind.SCRIPT, "http://h/x"), page("https://h/"), 200, "text/javascript") == blocked
    assert fault_of(Asset(AssetKind.SCRIPT, "http://localhost/x"), page("https://h/"), 200, "text/javascript") == ""


def replayed(folder: Path, files: dict[str, bytes], runs: int = 1, **settings: Any) -> tuple[list[str], list[str]]:
    """What each run says, and the files that were asked for, in their order."""
    asked: list[str] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            asked.append(target)
            writer.write(files.get(target, answer(b"gone", "404 Not Found")))

    async def main() -> list[str]:
        async with listening(talk) as port:
            path = write_feature(folder, f'When I go to "/dir/"\nThen {STEP}')
            (job,) = loaded(path, base_url=f"http://127.0.0.1:{port}", **settings).jobs
            return [told(await observe(job)).replace(str(port), "PORT") for _ in range(runs)]

    return tidily(main()), asked


def typed(kind: str, body: bytes = b"x") -> bytes:
    return answer(body).replace(b"text/html", kind.encode(), 1)


GOOD = {
    "/dir/": answer(PAGE.encode()),
    "/a.css": typed("text/css"),
    "/a.js": typed("text/javascript"),
    "/dir/b.js?x": typed("application/javascript"),
    "/a.png": typed("image/png"),
}


def test_all_load(tmp_path: Path) -> None:
    """Each is asked for once, and the step has a latency."""
    said, asked = replayed(tmp_path, GOOD)
    assert (said, sorted(asked)) == (["passed"], sorted(GOOD))


def test_six_at_a_time(tmp_path: Path) -> None:
    """None of these files comes before six are asked for; their connections are kept for the next six."""
    scripts = [f"/{number}.js" for number in range(12)]
    page = answer("".join(f"<script src={script}></script>" for script in scripts).encode())
    files = {"/dir/": page, **dict.fromkeys(scripts, typed("text/javascript"))}
    together = asyncio.Barrier(6)
    ports: list[int] = []

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        ports.append(writer.get_extra_info("peername")[1])
        while True:
            target = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
            if target in scripts:
                await together.wait()
            writer.write(files[target])

    async def main() -> str:
        async with listening(talk) as port:
            path = write_feature(tmp_path, f'When I go to "/dir/"\nThen {STEP}')
            (job,) = loaded(path, base_url=f"http://127.0.0.1:{port}").jobs
            return told(await observe(job))

    assert (tidily(main()), len(ports)) == ("passed", 6)


def test_the_evidence_of_files_that_do_not_load(tmp_path: Path) -> None:
    """Each request with its own answer; the page is the one on the screen, not the last file."""
    files = {**GOOD, "/a.js": answer(b"gone", "404 Not Found"), "/a.png": answer(b"broken", "500 Oh")}
    said, _ = replayed(tmp_path, files, save_failures=str(tmp_path / "failures"))
    (kept,) = (tmp_path / "failures").glob("*/*")
    entries = json.loads((kept / "requests.har").read_text())["log"]["entries"]
    answers = {"/" + e["request"]["url"].split("/", 3)[3]: e["response"]["content"]["size"] for e in entries}
    assert said[0].startswith("failed expectation: 2 of 4 files")
    assert answers == {"/dir/": len(PAGE), "/a.css": 1, "/a.js": 4, "/dir/b.js?x": 1, "/a.png": 6}
    assert (kept / "page.html").read_text() == PAGE


def test_what_does_not_load_is_named(tmp_path: Path) -> None:
    """Gone, and a start page in the place of the bundle; a redirect is followed."""
    moved = answer(b"", "302 Found", "Location: /b.css")
    files = {**GOOD, "/a.css": moved, "/b.css": typed("text/css"), "/a.js": answer(b"<html>")}
    del files["/a.png"]
    (said,), asked = replayed(tmp_path, files)
    assert said.startswith(
        "failed expectation: 2 of 4 files of the page did not load: http://127.0.0.1:PORT/a.js is no script but"
        " text/html; http://127.0.0.1:PORT/a.png answered 404, on http://127.0.0.1:PORT/dir/"
    )
    assert sorted(asked) == sorted([*GOOD, "/b.css"])


def test_not_in_every_run(tmp_path: Path) -> None:
    """``AssetsEvery 3``: the first run and the fourth ask for them."""
    said, asked = replayed(tmp_path, GOOD, runs=4, assets_every=3)
    assert said == ["passed"] * 4
    assert asked.count("/a.css") == 2
    assert asked.count("/dir/") == 4
