"""Declarative shadow roots, moved to where a browser draws them (HTML, 4.12.3 "The template element", 4.12.4 "slot").

``<my-card><template shadowrootmode="open">Hello <slot></slot></template>Ann</my-card>`` shows “Hello Ann”, without any
script.
"""

from __future__ import annotations

import re

from collectd_inode.page.text import Element, words

_HOSTS = words("article aside blockquote body div footer h1 h2 h3 h4 h5 h6 header main nav p section span")
_CUSTOM = re.compile(r"[a-z][^\s/>]*-[^\s/>]*")

_Node = Element | str
"""An element, or text beside elements."""


def draw(root: Element) -> None:
    """Move the content of the shadow roots below *root* into their hosts, and the hosts' content into the slots."""
    filled: set[Element] = set()
    taken: set[Element] = set()
    # The inner ones first: their slots hold the slots of the outer ones.
    templates = [t for t in root.iter("template") if (t.get("shadowrootmode") or "").lower() in ("open", "closed")]
    first = [t for t in templates if _is_the_first(t, taken)]
    for template in reversed(first):
        host = template.getparent()
        if host is not None:
            _draw(host, template, filled)


def _is_the_first(template: Element, taken: set[Element]) -> bool:
    host = template.getparent()
    if host is None or host in taken or not (host.tag in _HOSTS or _CUSTOM.fullmatch(host.tag)):
        return False
    taken.add(host)
    return True


def _draw(host: Element, template: Element, filled: set[Element]) -> None:
    inside = _taken_out(template)
    held = [node for node in _taken_out(host) if node is not template]
    _put(host, inside)
    for slot in host.iter("slot"):
        if slot in filled:
            continue
        filled.add(slot)
        name = slot.get("name") or ""
        fitting = [node for node in held if _slot_of(node) == name]
        if any(not isinstance(node, str) or node.strip() for node in fitting):
            held = [node for node in held if _slot_of(node) != name]
            _taken_out(slot)
            _put(slot, fitting)
    for node in held:  # it is in the document, and drawn nowhere
        if not isinstance(node, str):
            node.set("hidden", "")
            host.append(node)


def _slot_of(node: _Node) -> str:
    return "" if isinstance(node, str) else node.get("slot") or ""


def _taken_out(parent: Element) -> list[_Node]:
    """The children and texts of *parent*, which is left empty."""
    found: list[_Node] = [parent.text or ""]
    for child in list(parent):
        found += [child, child.tail or ""]
        child.tail = None
        parent.remove(child)
    parent.text = None
    return found


def _put(parent: Element, nodes: list[_Node]) -> None:
    """Put *nodes* into the empty *parent*."""
    for node in nodes:
        if not isinstance(node, str):
            parent.append(node)
        elif len(parent):
            parent[-1].tail = (parent[-1].tail or "") + node
        else:
            parent.text = (parent.text or "") + node
