"""html5lib's tests of HTML's tree construction: the text that a browser shows of each document.

The tests say which tree a browser makes.  Fragments, and documents that need scripts, are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from collectd_inode.page.page import Page
from collectd_inode.page.text import Element


@dataclass(frozen=True, slots=True)
class Document:
    """One test: where it stands, the source, and the lines of the expected tree."""

    place: str
    source: str
    tree: tuple[str, ...]


def seen(source: str) -> str:
    """What our page shows of *source*."""
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, source.encode()).visible_text


def documents(file: Path) -> Iterator[Document]:
    """The tests in *file*."""
    if file.parent.name == "scripted":
        return
    text = file.read_text(encoding="utf-8", errors="surrogateescape")
    for number, test in enumerate(re.split(r"(?:\A|\n\n?)#data\n", text)[1:], 1):
        parts = re.split(r"\n#(errors|new-errors|script-off|script-on|document-fragment|document)(?=\n|$)", "\n" + test)
        sections = dict(zip(parts[1::2], parts[2::2], strict=True))
        if "document-fragment" in sections or "script-on" in sections or "document" not in sections:
            continue
        yield Document(f"{file.name}:{number}", parts[0][1:], tuple(_lines(sections["document"])))


def _lines(tree: str) -> Iterator[str]:
    """The lines of a tree; text may hold line ends of its own."""
    line = ""
    for part in tree.strip("\n").split("\n"):
        if part.startswith("| "):
            if line:
                yield line
            line = part[2:]
        else:
            line += "\n" + part
    if line:
        yield line


def expected(lines: tuple[str, ...]) -> Element:
    """The tree that *lines* describe, two blanks a level."""
    root = etree.Element("document")
    path: list[Element] = [root]
    for line in lines:
        content = line.lstrip(" ")
        depth = (len(line) - len(content)) // 2
        del path[depth + 1 :]
        parent = path[-1]
        if content.startswith('"'):
            _add_text(parent, content[1:-1])
        elif content == "content":  # of a template
            path.append(etree.SubElement(parent, "template"))
        elif content.startswith("<") and not content.startswith(("<!", "<?")):
            path.append(etree.SubElement(parent, _name(content[1:-1])))
        elif "=" in content and not content.startswith("<"):
            name, _, value = content.partition("=")
            parent.set(_name(name), re.sub(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]", "", value[1:-1]))
    return root


def _name(name: str) -> str:
    """The local name, as far as lxml takes it."""
    local = name.rpartition(" ")[2]
    return local if re.fullmatch(r"[A-Za-z_][\w.-]*", local, re.ASCII) else "x-odd"


def _add_text(parent: Element, text: str) -> None:
    text = re.sub(r"[\x00-\x08\x0b\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    if len(parent):
        parent[-1].tail = (parent[-1].tail or "") + text
    else:
        parent.text = (parent.text or "") + text
