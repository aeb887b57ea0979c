"""The manual page collectd-inode.conf(5), in man's macros, from the keys' rows.  Pure.

``sh scripts/man`` writes it to man/collectd-inode.conf.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from collectd_inode import __version__
from collectd_inode.keys import COMMON_KEYS, MODULE_KEYS, Key
from collectd_inode.kinds import KINDS
from collectd_inode.report.key_tables import default, meaning

_HEAD = f"""\
.TH COLLECTD\\-INODE.CONF 5 "" "collectd_inode {__version__}" "File Formats"
.SH NAME
collectd\\-inode.conf \\- the keys of collectd_inode in collectd's configuration
.SH SYNOPSIS
.nf
<Plugin python>
  Import "collectd_inode"
  <Module collectd_inode>
    Interval 60
    <Scenario "shop">
      Feature "/etc/collectd/scenarios/shop.feature"
      BaseURL "https://www.example.org"
    </Scenario>
  </Module>
</Plugin>
.fi
.SH DESCRIPTION
The blocks stand in <Module collectd_inode> of
.BR collectd.conf (5).
The file of collectd\\-inode exec and collectd\\-inode serve holds the same, without the lines around it.
collectd\\-inode check reads either and names each mistake with its line.
"""
_FOOT = """\
.SH SEE ALSO
.BR collectd\\-inode (1),
.BR collectd.conf (5)
"""


def page() -> str:
    """The page."""
    sections = [
        ("KEYS OF <Module collectd_inode>", MODULE_KEYS),
        ("KEYS OF <Module> AND OF ALL BLOCKS", COMMON_KEYS),
        *((f"KEYS OF <{kind.block}>", kind.keys) for kind in KINDS if kind.keys),
    ]
    return "".join([_HEAD, *(line for title, keys in sections for line in _section(title, keys)), _FOOT])


def _section(title: str, keys: Iterable[Key]) -> Iterator[str]:
    yield f'.SH "{_roff(title)}"\n'
    for key in keys:
        shown = default(key)
        yield f".TP\n.B {_roff(f'{key.name} {key.example}').rstrip()}\n{_text(meaning(key))}\n"
        if shown:
            yield f"Default: {_text(shown)}\n"


def _text(rst: str) -> str:
    """A cell of a table as plain text for man: literals and links without their marks."""
    plain = re.sub(r"``(.+?)``", r"\1", rst)
    plain = re.sub(r"`([^`<]+?)(?: <[^>]*>)?`_{1,2}", r"\1", plain)
    plain = re.sub(r"(?<=\w)_(?=[\s.,;)]|$)", "", plain)
    return _roff(" ".join(plain.split()))


def _roff(text: str) -> str:
    r"""*text* with troff's special characters escaped; a line that begins with . or ' is a macro there."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in escaped)
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped
