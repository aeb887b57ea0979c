"""How many of html5lib-tests' documents show a person the text that a browser would show?

The public tests of HTML's tree construction (https://github.com/html5lib/html5lib-tests, folder tree-construction) say
which tree a browser makes of a document.  Each is read by our own `Page`, and its visible text is compared with the
text that the same rules see in the expected tree.  Fragments, and documents that need scripts, are left out.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from collectd_inode.page.page import Page
from collectd_inode.page.text import Element, visible_text


@dataclass(frozen=True, slots=True)
class Document:
    """One test: where it stands, the source, and the lines of the expected tree."""

    place: str
    source: str
    tree: tuple[str, ...]


def main() -> None:
    """Count, and print those that differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="tree-construction of a checkout of html5lib-tests")
    parser.add_argument("--show", action="store_true", help="print what differs")
    options = parser.parse_args()
    right = total = 0
    for document in documents(options.folder):
        wanted, found = visible_text(expected(document.tree)), seen(document.source)
        total += 1
        right += wanted == found
        if options.show and wanted != found:
            print(f"{document.place}\n  source   {document.source!r}\n  expected {wanted!r}\n  found    {found!r}")
    print(f"{right} of {total} documents show the same text")


def seen(source: str) -> str:
    """What our page shows of *source*."""
    return Page("http://h/", 200, {"content-type": "text/html; charset=utf-8"}, source.encode()).visible_text


def documents(folder: Path) -> Iterator[Document]:
    """The tests below *folder*."""
    for file in sorted(folder.rglob("*.dat")):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        for number, test in enumerate(re.split(r"(?:\A|\n\n?)#data\n", text)[1:], 1):
            parts = re.split(r"\n#(errors|new-errors|script-off|script-on|document-fragment|document)\n?", "\n" + test)
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


if __name__ == "__main__":
    main()
