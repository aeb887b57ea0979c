"""How Sphinx makes the book: ``sh scripts/docs``.

The pages are plain reStructuredText with relative links, so that a forge and an editor show them, too; here those links
become links between the book's pages.
"""

from __future__ import annotations

import posixpath
import sys
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from collectd_inode import __version__  # noqa: E402 (the checkout's, installed or not)

project = "collectd_inode"
author = "collectd_inode developers"
project_copyright = author
version = release = __version__

extensions = ["sphinx.ext.autodoc"]
autodoc_member_order = "bysource"
exclude_patterns = ["pictures"]
nitpicky = False
highlight_language = "none"

# furo: kept up, light (no framework), with search, a dark form that follows the reader's, and pages that fit a phone.
html_theme = "furo"
html_title = f"collectd_inode {release}"
html_show_sourcelink = False
html_copy_source = False
html_static_path: list[str] = []

_log = logging.getLogger(__name__)


def link_pages(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """A link to a ``.rst`` file leads to its page; to a file beside the book, it is plain text."""
    for node in list(doctree.findall(nodes.reference)):
        uri = node.get("refuri", "")
        path, mark, heading = uri.partition("#")
        if ":" in uri or not path:
            continue
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
        name = target.removesuffix(".rst")
        if path.endswith(".rst") and name in app.env.found_docs:
            node["refuri"] = app.builder.get_relative_uri(page, name) + mark + heading
        elif (ROOT / "docs" / target).exists():
            node.replace_self(nodes.inline("", "", *node.children))
        else:
            _log.warning("no such page: %s", uri, location=node)


def setup(app: Sphinx) -> dict[str, Any]:
    """What Sphinx asks of this file."""
    app.connect("doctree-resolved", link_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
