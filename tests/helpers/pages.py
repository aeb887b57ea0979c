"""A page as docutils reads it."""

from __future__ import annotations

import io
from functools import cache

from docutils import nodes
from docutils.core import publish_doctree


@cache
def tree_of(text: str) -> tuple[nodes.document, str]:
    """A page as docutils reads it, and its complaints."""
    complaints = io.StringIO()
    overrides = {"warning_stream": complaints, "report_level": 1, "syntax_highlight": "none", "_disable_config": True}
    return publish_doctree(text, settings_overrides=overrides), complaints.getvalue()
