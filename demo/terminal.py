"""A picture of a terminal, made of what a command really prints: ``python -m demo.terminal COMMAND… >FILE.svg``.

One SVG is light or dark, as its reader is; text stays text.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence

from demo import machine

_LIGHT = {"ground": "#ffffff", "frame": "#d0d7de", "text": "#1f2328", "32": "#116329", "31": "#b3261e", "36": "#0b6b75",
          "33": "#7d4e00", "90": "#656d76", "1": "#1f2328"}  # fmt: skip
_DARK = {"ground": "#161b22", "frame": "#3d444d", "text": "#e6edf3", "32": "#7ee787", "31": "#ff9a92", "36": "#76e3ea",
         "33": "#f2cc60", "90": "#9198a1", "1": "#ffffff"}  # fmt: skip
"""What each SGR code is in; the contrast of all is above 4.5, WCAG's AA."""

_CHARACTER, _LINE, _MARGIN = 7.8, 18, 16
_NAMESPACE = "http://www.w3.org/2000/svg"
_FONT = "text { font: 13px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }"
_SGR = re.compile(r"\x1b\[(\d*)m")


def main(command: Sequence[str]) -> int:
    """Run *command* with colours, and print the picture of its prompt and output."""
    environment = {**os.environ, "FORCE_COLOR": "1", "PATH": machine.PATH}  # rrdtool may be an unpacked one
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    typed = " ".join([os.path.basename(command[0]), *command[1:]])
    print(picture(f"$ {typed}\n{done.stdout}"))
    return 0


def picture(output: str, most: int = 124) -> str:
    """*output*, with its SGR codes, as an SVG; a line of more than *most* characters ends in an ellipsis."""
    lines = [list(_cut(_runs(line), most)) for line in output.rstrip("\n").split("\n")]
    columns = max(sum(len(text) for _, text in line) for line in lines)
    width, height = round(columns * _CHARACTER) + 2 * _MARGIN, len(lines) * _LINE + 2 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="{_NAMESPACE}" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
            f"<style>{_rules(_LIGHT)} @media (prefers-color-scheme: dark) {{ {_rules(_DARK)} }} {_FONT}</style>",
            f'<rect class="ground" x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8"/>',
            *(_text(line, _MARGIN + _LINE * (number + 0.75)) for number, line in enumerate(lines)),
            "</svg>",
        ]
    )


def _runs(line: str) -> Iterator[tuple[str, str]]:
    """The parts of *line*, each with the code that it is painted by (empty: none)."""
    code = ""
    for number, part in enumerate(_SGR.split(line)):
        if number % 2:
            code = "" if part in ("", "0") else part
        elif part:
            yield code, part


def _cut(runs: Iterator[tuple[str, str]], most: int) -> Iterator[tuple[str, str]]:
    left = most
    for code, text in runs:
        if len(text) > left:
            yield code, text[: left - 1] + "…"
            return
        yield code, text
        left -= len(text)


def _text(line: Sequence[tuple[str, str]], y: float) -> str:
    # A length for each part: columns stay below each other in every monospaced font.
    spans, column = [], 0
    for code, text in line:
        if text.strip():
            x, length = _MARGIN + column * _CHARACTER, len(text) * _CHARACTER
            shown = html.escape(text, quote=False)
            spans.append(f'<tspan class="c{code}" x="{x:.1f}" textLength="{length:.1f}">{shown}</tspan>')
        column += len(text)
    return f'<text y="{y:g}">{"".join(spans)}</text>'


def _rules(colours: dict[str, str]) -> str:
    codes = "".join(f".c{code} {{ fill: {colour} }} " for code, colour in colours.items() if code.isdigit())
    return (
        f".ground {{ fill: {colours['ground']}; stroke: {colours['frame']} }} .c {{ fill: {colours['text']} }} {codes}"
    ).strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
