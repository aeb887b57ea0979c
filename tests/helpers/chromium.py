"""A headless Chromium from ``.tools/``: what a person would see at an address, as text or as a picture."""

from __future__ import annotations

import html
import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from demo import unpacked
from tests.helpers.examples import HUNG

_PATIENCE = HUNG
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # root may not have one, and the pages are ours
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nobody outside is asked for anything
    # Scripts get so much of the page's own time (ms), which passes as fast as the machine can.
    "--virtual-time-budget=10000",
)
DESKTOP, PHONE = (1100, 800), (390, 844)


def dom(url: str, *flags: str) -> str:
    """The page as it stands when its scripts have run."""
    return _run(url, "--dump-dom", *flags)


def screenshot(url: str, file: Path, *flags: str, size: tuple[int, int] = DESKTOP) -> None:
    """A picture of the window in *file*."""
    _run(url, f"--screenshot={file}", f"--window-size={size[0]},{size[1]}", "--hide-scrollbars", *flags)
    assert file.is_file(), url


def _run(url: str, *flags: str) -> str:
    program = unpacked.command("chromium", "chromium")
    with _home() as home:
        environment = {**program.environment, "HOME": str(home), "XDG_RUNTIME_DIR": str(home)}
        command = [str(program), *_FLAGS, f"--user-data-dir={home}/data", *flags, url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=_PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def _home() -> Iterator[Path]:
    """A folder of its own: nothing of another run, or of a person's browser, is seen; what is left is thrown away."""
    with tempfile.TemporaryDirectory(prefix="chromium", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a person sees of a page: its text line by line, its pictures, how far it sticks out, and its colours."""

    lines: tuple[str, ...]
    pictures: tuple[Picture, ...]
    too_wide: int
    """Pixels that one would have to scroll sideways, the page or a part of it."""
    background: str
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that is shown: what is said in its place, where it came from, its pixels, and the width it is given."""

    alt: str
    source: str
    natural: tuple[int, int]
    width: int


_FRAME = """<!DOCTYPE html><meta charset="utf-8"><style>body {{ margin: 0 }}</style>
<iframe id="page" src="{url}" width="{width}" height="800" style="border: 0"></iframe><pre id="seen"></pre>
<script>
document.getElementById("page").onload = (event) => {{
  const inside = event.target.contentDocument, root = inside.documentElement, body = inside.body;
  const colour = (element) => inside.defaultView.getComputedStyle(element);
  const shown = [...inside.images].filter((image) => image.complete && image.offsetWidth);
  document.getElementById("seen").textContent = JSON.stringify({{
    lines: body.innerText.split("\\n").map((line) => line.trim()).filter((line) => line),
    pictures: shown.map((image) => ({{
      alt: image.alt,
      source: image.currentSrc,
      natural: [image.naturalWidth, image.naturalHeight],
      width: image.offsetWidth,
    }})),
    too_wide: Math.max(...[root, ...body.querySelectorAll("div")].map((one) => one.scrollWidth - one.clientWidth)),
    background: colour(body).backgroundColor,
    text: colour(body).color,
  }});
}};
</script>
"""
"""A page around the page: a window cannot be made as narrow as a phone, a frame can."""

DARK = "--blink-settings=preferredColorScheme=0"
LIGHT = "--blink-settings=preferredColorScheme=1"


def look(page: Path, width: int, colours: str) -> Seen:
    """Open the file *page* in a window of *width* pixels, by *colours* (`LIGHT` or `DARK`), and look."""
    around = page.parent / f"around-{page.name}"
    around.write_text(_FRAME.format(url=page.as_uri(), width=width), encoding="utf-8")
    # Each file is a site of its own otherwise.
    told = dom(around.as_uri(), "--allow-file-access-from-files", colours)
    around.unlink()
    found = json.loads(html.unescape(told.partition('<pre id="seen">')[2].partition("</pre>")[0]))
    pictures = tuple(Picture(p["alt"], p["source"], tuple(p["natural"]), p["width"]) for p in found["pictures"])
    return Seen(tuple(found["lines"]), pictures, found["too_wide"], found["background"], found["text"])
