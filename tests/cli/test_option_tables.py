"""The page of the command line has the tables that the commands' help makes."""

from __future__ import annotations

import io

from docutils.core import publish_doctree

from collectd_inode.cli.option_tables import written_into
from collectd_inode.cli.output import FORMATS
from tests.helpers.places import ROOT

PAGE = (ROOT / "docs" / "reference" / "command-line.rst").read_text(encoding="utf-8")
OWN = ".. The options of {}, written by scripts/commands: change their help.\n\n======\nOption\n======\n\nText.\n"


def test_the_page_has_the_tables_of_the_commands() -> None:
    """``sh scripts/commands`` writes them anew."""
    assert written_into(PAGE) == PAGE, "sh scripts/commands"


def test_a_table_is_one_for_docutils() -> None:
    """Whatever a help text has in it is text; what stands around a table stays."""
    written = written_into(OWN.format("run"))
    complaints = io.StringIO()
    tree = publish_doctree(written, settings_overrides={"warning_stream": complaints, "report_level": 1})
    assert complaints.getvalue() == ""
    assert "a regular expression if it begins with ^" in " ".join(tree.astext().split())
    assert written.endswith("\n\nText.\n")


def test_what_several_commands_share_is_told_once() -> None:
    """In the table of all of them."""
    page = OWN.format("clock") + "\n" + OWN.format("clock, ntp")
    own, shared = written_into(page).split("clock, ntp")
    assert "``--root DIR``" in own
    assert "--format" not in own
    assert f"``--format {{{','.join(FORMATS)}}}``" in shared
    assert "--samples" not in shared


def test_a_new_mark_has_no_table_yet() -> None:
    """The paragraph behind it stays."""
    mark = ".. The options of clock, written by scripts/commands: change their help."
    written = written_into(f"{mark}\n\nText.\n")
    assert (written.startswith(f"{mark}\n\n="), written.endswith("=\n\nText.\n")) == (True, True)
    assert written_into(written) == written
