"""CSS selectors as XPath: cssselect, and the parts of Selectors 4 and HTML that it lacks.

``:not()``, ``:is()``, ``:where()``, ``:has()`` and ``:nth-child(… of …)`` are taken out of a selector before cssselect
reads it, since it refuses lists, combinators or nesting in them; what stands in them is translated for itself, as a
condition.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import cssselect
from cssselect.parser import Attrib, CombinedSelector, Function, Tree
from cssselect.xpath import XPathExpr

from collectd_inode.page.text import words

_BACKSLASH = "\ufdd0"
"""Stands for an escaped backslash: cssselect would take it for the beginning of a second escape."""
_TAKEN = "\ufdd1"
"""The name of a function that was taken out; its argument is its number."""
_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"

_ESCAPED_BACKSLASH = re.compile(
    r"\\(?:(?:00005c|0{0,3}5c(?![0-9a-f]))(?:\r\n|[ \n\r\t\f])?|\\)|\\.", re.IGNORECASE | re.DOTALL
)
_PIECE = re.compile(
    r"""/\*.*?(?:\*/|\Z) | "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \\.
    | (?<!:):(?P<name>not|has|is|where|matches|nth-child|nth-last-child)(?P<function>\()
    | (?P<open>[(\[]) | (?P<close>[)\]]) | (?P<comma>,)""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_OF = re.compile(r"(?P<series>[-+\sa-z0-9]*?[\s0-9])of(?![-\w])(?P<selectors>.*)", re.IGNORECASE | re.DOTALL)
_RELATIVE = re.compile(r"\s*([>+~]?)\s*(.*)", re.DOTALL)
_FORWARD = {"": "descendant::", ">": "child::", "+": "following-sibling::*[1]/self::", "~": "following-sibling::"}
_REVERSE = {" ": "ancestor::*", ">": "parent::*", "+": "preceding-sibling::*[1]", "~": "preceding-sibling::*"}


def to_xpath(selector: str, *, html: bool) -> str:
    """A CSS *selector* as XPath, by the rules of *html* or of XML.  Raises cssselect's SelectorError."""
    if _BACKSLASH in selector or _TAKEN in selector:
        raise cssselect.SelectorSyntaxError("it contains an invalid character")
    readable = _ESCAPED_BACKSLASH.sub(_without_backslash, selector)
    translator = _Html() if html else _Translator()
    return translator.css_to_xpath(translator.without_lists(readable))


def _without_backslash(escape: re.Match[str]) -> str:
    text = escape[0]
    return _BACKSLASH if len(text) > 2 or text == r"\\" else text  # else of another sign


class _Translator(cssselect.GenericTranslator):
    """cssselect's, with lists of any selectors in the functions that have them (Selectors 4, 4 and 13.3)."""

    def __init__(self) -> None:
        super().__init__()
        self._taken: list[tuple[str, str]] = []

    def without_lists(self, css: str) -> str:
        """*css* with each function that has a list replaced by its number; places in it stay where they are."""
        kept, at = "", 0
        while (found := _PIECE.search(css, at)) is not None:
            end = _closing(css, found.end()) if found["name"] else None
            if found["name"] and end is None:
                raise cssselect.SelectorSyntaxError(f":{found['name']}( is not closed")
            inside = css[found.end() : end] if end else ""
            if end is None or (found["name"].lower().startswith("nth") and not _OF.match(inside)):
                kept, at = kept + css[at : found.end()], found.end()
                continue
            number = f":{_TAKEN}({len(self._taken)}"
            self._taken.append((found["name"].lower(), inside))
            kept, at = kept + css[at : found.start()] + number.ljust(end - found.start()) + ")", end + 1
        return kept + css[at:]

    def xpath_function(self, function: Function) -> XPathExpr:
        """One that was taken out, or one of cssselect's."""
        if function.name != _TAKEN:
            return super().xpath_function(function)
        name, inside = self._taken[int(str(function.arguments[0].value))]
        expression = self.xpath(function.selector)
        try:
            return self._listing(expression, name, inside)
        except cssselect.SelectorError as error:
            raise cssselect.SelectorSyntaxError(f"in :{name}(): {error}") from None

    def xpath_scope_pseudo(self, xpath: XPathExpr) -> XPathExpr:
        """``:scope``, which is recognised by its place in the result: not within a list."""
        if self._within:
            raise cssselect.SelectorSyntaxError(":scope stands at the start of a selector only")
        return super().xpath_scope_pseudo(xpath)

    @staticmethod
    def xpath_literal(s: str) -> str:
        """*s* as a string of XPath."""
        return cssselect.GenericTranslator.xpath_literal(s.replace(_BACKSLASH, "\\"))

    _within = 0
    """How many lists are around what is being translated."""

    def _listing(self, expression: XPathExpr, name: str, inside: str) -> XPathExpr:
        if name == "not":
            return expression.add_condition(f"not({self._any(inside)})")
        if name == "has":
            return expression.add_condition(self._any_around(inside))
        if not name.startswith("nth"):
            return expression.add_condition(self._any(inside))
        counted = _OF.match(inside)
        assert counted is not None  # it was taken out for that
        condition = self._any(counted["selectors"])
        series = cssselect.parse(f"*:{name}({counted['series']})")[0].parsed_tree
        assert isinstance(series, Function)
        # Like :nth-of-type, with another test of the siblings.
        siblings = XPathExpr(element=f"*[{condition}]")
        place = self.xpath_nth_child_function(siblings, series, last="last" in name, add_name_test=False)
        return expression.add_condition(condition).add_condition(place.condition or "true()")

    def _any(self, selectors: str) -> str:
        """The condition under which one of the *selectors* is an element's."""
        self._within += 1
        conditions = [f"({self._condition(tree)})" for tree in self._trees(selectors)]
        self._within -= 1
        return " or ".join(conditions)

    def _any_around(self, selectors: str) -> str:
        """The condition under which one of the relative *selectors* names an element."""
        self._within += 1
        paths = []
        for one in _between_commas(selectors):
            combinator, selector = _RELATIVE.findall(one)[0]
            paths += [f"{_FORWARD[combinator]}{self.xpath(tree)}" for tree in self._trees(selector)]
        self._within -= 1
        return " or ".join(paths)

    def _trees(self, selectors: str) -> Iterator[Tree]:
        for selector in cssselect.parse(self.without_lists(selectors)):
            if selector.pseudo_element:
                raise cssselect.ExpressionError("Pseudo-elements are not supported.")
            yield selector.parsed_tree

    def _condition(self, tree: Tree) -> str:
        if isinstance(tree, CombinedSelector):
            before = f"{_REVERSE[tree.combinator]}[{self._condition(tree.selector)}]"
            return f"({self._condition(tree.subselector)}) and {before}"
        expression = self.xpath(tree)
        expression.add_name_test()
        return expression.condition or "true()"


def _closing(css: str, at: int) -> int | None:
    """Where the bracket closes that was opened before *at*, None if it does not."""
    depth = 1
    for piece in _PIECE.finditer(css, at):
        depth += bool(piece["function"] or piece["open"]) - bool(piece["close"])
        if depth == 0:
            return piece.start()
    return None


def _between_commas(css: str) -> Iterator[str]:
    """The parts of a list, whose brackets are all closed."""
    depth, begin = 0, 0
    for piece in _PIECE.finditer(css):
        depth += bool(piece["function"] or piece["open"]) - bool(piece["close"])
        if piece["comma"] and depth == 0:
            yield css[begin : piece.start()]
            begin = piece.end()
    yield css[begin:]


def _named(*tags: str) -> str:
    return "(" + " or ".join(f"self::{tag}" for tag in tags) + ")"


def _lower(attribute: str) -> str:
    return f"translate({attribute}, '{_UPPER}', '{_LOWER}')"


def _typed(*types: str) -> str:
    return "(" + " or ".join(f"{_lower('@type')} = '{kind}'" for kind in types) + ")"


_NEVER_REQUIRED = _typed("hidden", "range", "color", "submit", "image", "reset", "button")
"""Kinds of input to which ``required`` does not apply (HTML, 4.10.5)."""
_NEVER_WRITTEN = f"({_NEVER_REQUIRED} or {_typed('checkbox', 'radio', 'file')})"
"""Kinds of input to which ``readonly`` does not apply."""
_REQUIRED = f"@required and ({_named('select', 'textarea')} or (self::input and not({_NEVER_REQUIRED})))"
_BY_FIELDSET = (
    "count(ancestor::fieldset[@disabled])"
    " > count(ancestor::legend[parent::fieldset[@disabled] and not(preceding-sibling::legend)])"
)
"""Each first legend around a control exempts it from one disabled fieldset, the legend's own."""
_CAN_BE_DISABLED = _named("button", "input", "select", "textarea", "fieldset", "optgroup", "option")
_DISABLED = (
    f"({_CAN_BE_DISABLED} and @disabled) or (self::option and ancestor::optgroup[1][@disabled])"
    f" or ({_named('button', 'input', 'select', 'textarea', 'fieldset')} and {_BY_FIELDSET})"
)
_EDITING = " or ".join(f"{_lower('@contenteditable')} = '{word}'" for word in ("", "true", "plaintext-only"))
_EDITABLE = (
    f"ancestor-or-self::*[@contenteditable and ({_EDITING} or {_lower('@contenteditable')} = 'false')][1]"
    f"[{_lower('@contenteditable')} != 'false']"
)
_READ_WRITE = (
    f"((self::textarea or (self::input and not({_NEVER_WRITTEN}))) and not(@readonly) and not({_DISABLED}))"
    f" or (not({_named('input', 'textarea')}) and {_EDITABLE})"
)
_PSEUDO_CLASSES = {
    "any-link": f"@href and {_named('a', 'area')}",
    "disabled": _DISABLED,
    "enabled": f"{_CAN_BE_DISABLED} and not({_DISABLED})",
    "link": f"@href and {_named('a', 'area')}",
    "optional": f"{_named('input', 'select', 'textarea')} and not({_REQUIRED})",
    "read-only": f"not({_READ_WRITE})",
    "read-write": _READ_WRITE,
    "required": _REQUIRED,
}
"""The condition of each pseudo-class (HTML, 4.16.3), in XPath."""


_IN_ANY_CASE = words(
    "accept accept-charset align alink axis bgcolor charset checked clear codetype color compact declare defer dir"
    " direction disabled enctype face frame hreflang http-equiv lang language link media method multiple nohref"
    " noresize noshade nowrap readonly rel rev rules scope scrolling selected shape target text type valign valuetype"
    " vlink"
)
"""Attributes whose values a selector compares in any case of letters (HTML, 4.16.2)."""


class _Html(_Translator, cssselect.HTMLTranslator):
    """The same for HTML, where more is known of elements."""

    def __init__(self) -> None:
        super().__init__()

    def xpath_attrib(self, selector: Attrib) -> XPathExpr:
        """The values of some attributes are compared in any case of letters."""
        name, value = selector.attrib.lower(), None if selector.value is None else selector.value.value
        if not value or getattr(selector, "flag", None) or selector.namespace or name not in _IN_ANY_CASE:
            return super().xpath_attrib(selector)
        compared = getattr(self, f"xpath_attrib_{self.attribute_operator_mapping[selector.operator]}")
        expression: XPathExpr = compared(self.xpath(selector.selector), _lower(f"@{name}"), value.lower())
        return expression

    def xpath_pseudo(self, pseudo: cssselect.parser.Pseudo) -> XPathExpr:
        """A pseudo-class of HTML's, or one of cssselect's."""
        condition = _PSEUDO_CLASSES.get(pseudo.ident)
        return self.xpath(pseudo.selector).add_condition(condition) if condition else super().xpath_pseudo(pseudo)
