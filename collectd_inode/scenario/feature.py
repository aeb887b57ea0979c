"""Feature files, read into scenarios that can be run.

gherkin-official reads the text; its syntax tree is translated here, at the border, and expanded by us: backgrounds
in front, one scenario a row of an outline.  A file that cannot be read as a whole raises `UnreadableFeature`; a
scenario that cannot be run as it is written (no steps, no rows) becomes a `BrokenScenario`, and the others run.

The names of series come from the author's words, not from positions: that of a step from its text before anything is
filled in, that of a scenario from its title; or from a comment ``# series: NAME`` directly above.
"""

from __future__ import annotations

import difflib
import os
import re
import stat
import textwrap
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from gherkin import parser_types as ast
from gherkin.dialect import DIALECTS, Dialect
from gherkin.errors import CompositeParserException, NoSuchLanguageException, ParserException
from gherkin.parser import Parser
from gherkin.token_matcher import TokenMatcher
from gherkin.token_scanner import TokenScanner

from collectd_inode.model import Lines, Place, Problem
from collectd_inode.names import slug, unique
from collectd_inode.scenario.outline import fill, row_name
from collectd_inode.scenario.prose import slip, title_of_another_language
from collectd_inode.scenario.tags import parse_tags, select
from collectd_inode.words import alternatives, shortened

__all__ = [
    "BrokenScenario",
    "Feature",
    "Scenario",
    "Step",
    "UnreadableFeature",
    "parse",
    "parse_tags",
    "read",
    "select",
]

MOST_BYTES = 1024 * 1024
MOST_STEPS = 10_000
"""The largest number of steps of one file after expansion, since rows times steps may exceed the memory."""

_SHOWN = 60


class UnreadableFeature(Exception):
    """A feature file that cannot be read as a whole; ``problems`` holds every reason."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Step:
    """One step: outline cells are filled in, ``${variables}`` are not."""

    keyword: str
    text: str
    series: str
    line: int
    column: int
    table: tuple[tuple[str, ...], ...] | None = None
    doc_string: str | None = None
    media_type: str | None = None
    wanted: str = ""
    """The series that it has unless an earlier step has it."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario, or one row of an outline, with everything it inherits.

    The steps of backgrounds come first.  ``tags`` have their @.  The place of a row is its line.  Another scenario may
    have the same ``series``; `titles` then renames it.
    """

    title: str
    series: str
    keyword: str
    tags: frozenset[str]
    steps: tuple[Step, ...]
    line: int
    is_row: bool = field(default=False, compare=False)
    lines: Lines = field(default=(), compare=False)
    """The first and the last line of each part of the file that is its own: its outline, its feature's head, …"""


@dataclass(frozen=True, slots=True)
class BrokenScenario:
    """A scenario that cannot be run as it is written."""

    title: str
    series: str
    tags: frozenset[str]
    problem: Problem


@dataclass(frozen=True, slots=True)
class Prose:
    """A line of a description, and where it stands."""

    text: str
    place: Place


@dataclass(frozen=True, slots=True)
class Feature:
    """A feature file: scenarios that can be run, scenarios that cannot, and warnings for its author.

    ``prose`` are the lines of all descriptions; some may be meant as steps, which then do not run.
    """

    path: str
    title: str
    keyword: str
    description: str
    language: str
    scenarios: tuple[Scenario, ...]
    broken: tuple[BrokenScenario, ...] = ()
    warnings: tuple[Problem, ...] = ()
    prose: tuple[Prose, ...] = field(default=(), compare=False, repr=False)


def read(path: str | os.PathLike[str]) -> Feature:
    """The feature file at *path*; raises UnreadableFeature with the reason."""
    name = os.fspath(path)
    try:
        # Checked before it is opened: a FIFO would block for ever.
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise UnreadableFeature(Problem("is not a file", Place(name, 1, 1)))
        with open(name, "rb") as file:
            source = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableFeature(Problem(error.strerror or str(error), Place(name, 1, 1))) from None
    except ValueError as error:
        raise UnreadableFeature(Problem(f"is not a path: {error}", Place(name, 1, 1))) from None
    return parse(source, name)


def parse(source: bytes, path: str) -> Feature:
    """The feature in *source*; raises UnreadableFeature, with every problem, if there is no feature."""
    text = _text(source, path)
    document, dialect = _document(text, path)
    if document.get("feature") is None:
        nothing = "the file has no feature: it is empty or contains only comments"
        raise UnreadableFeature(Problem(nothing, Place(path, 1, 1)))
    feature = _Translation(path, text, document, dialect).feature()
    if not feature.scenarios and not feature.broken:
        node = document["feature"]
        help = _taken_for_description(node["description"], dialect, node["language"])
        raise UnreadableFeature(
            Problem("the feature has no scenarios", Place(path, *_place(node["location"])), help=help)
        )
    return feature


# From bytes to text


def _text(source: bytes, path: str) -> str:
    """*source* decoded, with lines that end in a line feed."""
    if len(source) > MOST_BYTES:
        raise UnreadableFeature(Problem(f"the file is too large: more than {MOST_BYTES} bytes", Place(path, 1, 1)))
    if source.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFeature(Problem("the file is UTF-16; save it as UTF-8", Place(path, 1, 1)))
    plain = source.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if (zero := plain.find(0)) >= 0:
        raise UnreadableFeature(Problem("the file is binary: a NUL byte", Place(path, *_place_of_byte(plain, zero))))
    try:
        return plain.decode()
    except UnicodeDecodeError as error:
        if (declared := _in_its_encoding(plain)) is not None:
            return declared
        message = f"the file is not UTF-8: byte 0x{plain[error.start]:02x}"
        help = "save it as UTF-8, or name its encoding in a comment above the feature: # encoding: iso-8859-1"
        raise UnreadableFeature(Problem(message, Place(path, *_place_of_byte(plain, error.start)), help=help)) from None


_ENCODING = re.compile(
    rb"(?:[ \t]*(?:#.*)?\n)*?[ \t]*#[ \t]*(?:-\*-[ \t]*)?(?:en)?coding[ \t]*[:=][ \t]*([\w.-]+)", re.IGNORECASE
)


def _in_its_encoding(source: bytes) -> str | None:
    """*source* by the comment in which cucumber looks for an encoding; None where it has none that fits.

    The comment may be older than the file's bytes: whatever is UTF-8 is read as that.
    """
    found = _ENCODING.match(source)
    try:
        return source.decode(found[1].decode()) if found else None
    except (LookupError, UnicodeError):
        return None


def _place_of_byte(source: bytes, offset: int) -> tuple[int, int]:
    before = source[:offset]
    line_start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[line_start:].decode(errors="replace")) + 1


# From text to gherkin's syntax tree


def _document(text: str, path: str) -> tuple[ast.GherkinDocument, Dialect]:
    matcher = TokenMatcher()
    try:
        # A scanner of our own: older parsers take a string for the name of a file.
        return Parser().parse(TokenScanner(text), matcher), matcher.dialect
    except CompositeParserException as error:
        raise UnreadableFeature(*_syntax_problems(error.errors, path, matcher.dialect)) from None
    except Exception as error:
        # Any error in the parser, RecursionError included, is about this file and must not stop the others.
        message = f"the Gherkin parser cannot read the file: {type(error).__name__}: {error}"
        raise UnreadableFeature(Problem(message, Place(path, 1, 1))) from error


def _syntax_problems(errors: Sequence[ParserException], path: str, dialect: Dialect) -> list[Problem]:
    # With the wrong keywords every other line is an error too, and none of them says anything.
    language = [error for error in errors if isinstance(error, NoSuchLanguageException)]
    problems: dict[int, Problem] = {}
    for error in language or errors:
        problem = _syntax_problem(error, path, dialect)
        # A bad line is often reported twice (a bad tag line, then a line that cannot be one): the first has the reason.
        problems.setdefault(problem.place.line, problem)
    return sorted(problems.values(), key=lambda p: (p.place.line, p.place.column))


def _syntax_problem(error: ParserException, path: str, dialect: Dialect) -> Problem:
    message, help = _readable(re.sub(r"^\(\d+:\d+\): ", "", str(error)), dialect)
    return Problem(message, Place(path, *_place(error.location)), help=help)


def _readable(message: str, dialect: Dialect) -> tuple[str, str]:
    """A message of gherkin's as our message and help."""
    if found := re.fullmatch(r"expected: (.*?), got '(.*)'", message, re.DOTALL):
        line = found[2]
        return f'found "{shortened(line, _SHOWN)}", expected {_expected(found[1], dialect)}', _meant(line, dialect)
    if found := re.fullmatch(r"unexpected end of file, expected: (.*)", message):
        if found[1] == "#DocStringSeparator, #Other":
            return 'the file ends inside a doc string; its closing """ or ``` is missing', ""
        return f"the file ends here, expected {_expected(found[1], dialect)}", ""
    if found := re.fullmatch(r"Language not supported: (.*)", message):
        near = difflib.get_close_matches(found[1], DIALECTS)
        help = f"did you mean {alternatives(near)}?" if near else 'languages are written like "en", "de" or "fr"'
        return f'unknown language "{found[1]}"', help
    return _PLAIN.get(message, message), ""


_PLAIN = {
    "inconsistent cell count within the table": "this row has more or fewer cells than the first row of its table",
    "A tag may not contain whitespace": "a tag is one word that begins with @ and contains no space",
}


def _expected(tokens: str, dialect: Dialect) -> str:
    """Gherkin's token names in words; tokens that may stand everywhere are left out."""
    steps = (dialect.given_keywords, dialect.when_keywords, dialect.then_keywords)
    words = {
        "#FeatureLine": f'"{dialect.feature_keywords[0]}:"',
        "#RuleLine": f'"{dialect.rule_keywords[0]}:"',
        "#BackgroundLine": f'"{dialect.background_keywords[0]}:"',
        "#ScenarioLine": f'"{dialect.scenario_keywords[-1]}:"',
        "#ExamplesLine": f'"{dialect.examples_keywords[0]}:"',
        "#StepLine": f"a step ({', '.join(_keywords(steps, first=True))}…)",
        "#TagLine": "tags (@…)",
        "#TableRow": "a table row (| … |)",
        "#DocStringSeparator": 'a doc string (""")',
    }
    return alternatives([words[token] for token in tokens.split(", ") if token in words])


def _meant(line: str, dialect: Dialect) -> str:
    """Did you mean: the keyword that looks most like how *line* begins."""
    titles = (
        dialect.feature_keywords,
        dialect.rule_keywords,
        dialect.background_keywords,
        dialect.scenario_keywords,
        dialect.scenario_outline_keywords,
        dialect.examples_keywords,
    )
    if elsewhere := title_of_another_language(line, _keywords(titles)):
        return elsewhere
    steps = (
        dialect.given_keywords,
        dialect.when_keywords,
        dialect.then_keywords,
        dialect.and_keywords,
        dialect.but_keywords,
    )
    keywords = [f"{word}:" for word in _keywords(titles)] + _keywords(steps)
    words = line.split(maxsplit=2)
    beginnings = {" ".join(words[:1]), " ".join(words[:2]), line.partition(":")[0][:_SHOWN] + ":"}
    # Short words resemble each other by accident: "It" is not a mistyped "And".
    near = [
        (difflib.SequenceMatcher(None, beginning.lower(), keyword.lower()).ratio(), keyword)
        for beginning in beginnings
        for keyword in keywords
        if len(beginning) > 2
    ]
    likeness, keyword = max(near, default=(0.0, ""))
    # What is a keyword already is not mistyped but misplaced.
    return f'did you mean "{keyword}"?' if 0.7 <= likeness < 1 else ""


def _keywords(lists: Iterable[list[str]], first: bool = False) -> list[str]:
    """Keywords without the asterisk that stands for any of them; *first*: one of each list."""
    named = [[word.strip() for word in words if word.strip() != "*"] for words in lists]
    return [word for words in named for word in (words[:1] if first else words)]


def _place(location: ast.Location) -> tuple[int, int]:
    return location["line"], location.get("column", 1)


# From the syntax tree to scenarios


@dataclass(frozen=True, slots=True)
class _Scope:
    """The part of a feature and rule that scenarios inherit; ``lines`` are those of it that stand for all of them."""

    tags: frozenset[str] = frozenset()
    lines: Lines = ()
    background: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class _Row:
    """One row of an outline's examples; a plain scenario has a row without cells."""

    location: ast.Location
    cells: Mapping[str, str] = field(default_factory=dict)
    tags: frozenset[str] = frozenset()
    lines: Lines = ()

    def name(self, text: str) -> str:
        # A cell may hold a line feed; a title is one line wherever it is shown.
        return (row_name(text, self.cells) if self.cells else text).replace("\n", " ")

    def fill(self, step: Step) -> Step:
        if not self.cells:
            return step
        return replace(
            step,
            text=fill(step.text, self.cells),
            table=step.table and tuple(tuple(fill(cell, self.cells) for cell in row) for row in step.table),
            doc_string=step.doc_string and fill(step.doc_string, self.cells),
            media_type=step.media_type and fill(step.media_type, self.cells),
        )


_PLACEHOLDER = re.compile(r"<(\w[\w -]*)>(?!.*</)")
"""The place of a cell, and no HTML that is closed again."""


class _SeriesComments:
    """The comments ``# series: NAME``, and which of them stand above nothing."""

    def __init__(self, comments: Sequence[ast.Comment]) -> None:
        self._comments = {comment["location"]["line"]: comment["text"] for comment in comments}
        self._names = {
            line: (found[1], text.index("#") + 1)
            for line, text in self._comments.items()
            if (found := re.fullmatch(r"\s*#\s*series\s*:\s*(.*?)\s*", text))
        }
        self._used: set[int] = set()

    def above(self, line: int, tag_lines: Collection[int] = ()) -> str:
        """The name for what stands in *line*: other comments and its own tags may be between."""
        line -= 1
        while line not in self._names and (line in self._comments or line in tag_lines):
            line -= 1
        if line not in self._names:
            return ""
        self._used.add(line)
        return self._names[line][0]

    def first_above(self, line: int, tag_lines: Collection[int] = ()) -> int:
        """The first of the lines of comments and of its own tags right above *line*; itself if there is none."""
        while line - 1 in self._comments or line - 1 in tag_lines:
            line -= 1
        return min([line, *tag_lines])

    def stray(self, path: str) -> Iterator[Problem]:
        for line, (name, column) in self._names.items():
            if not name:
                yield Problem('a name is missing after "series:"', Place(path, line, column))
            elif line not in self._used:
                message = "this applies to nothing: put it directly above a step or a scenario"
                yield Problem(message, Place(path, line, column))


class _Translation:
    """One file's way from gherkin's tree to our scenarios."""

    def __init__(self, path: str, text: str, document: ast.GherkinDocument, dialect: Dialect) -> None:
        self._path, self._dialect, self._lines = path, dialect, text.split("\n")
        self._node = document["feature"]
        self._comments = _SeriesComments(document["comments"])
        self._warnings: list[Problem] = []
        self._prose: list[Prose] = []
        self._step_count = 0

    def feature(self) -> Feature:
        self._read_prose(self._node["description"], self._node["location"])
        scope = _Scope(tags=_tags(self._node["tags"]), lines=self._head(self._node, 1))
        found = list(self._children(self._node["children"], scope))
        warnings = [*self._warnings, *self._comments.stray(self._path)]
        return Feature(
            path=self._path,
            title=self._node["name"],
            keyword=self._node["keyword"],
            description=_description(self._node["description"]),
            language=self._node["language"],
            scenarios=tuple(s for s in found if isinstance(s, Scenario)),
            broken=tuple(s for s in found if isinstance(s, BrokenScenario)),
            warnings=tuple(sorted(warnings, key=lambda w: w.place.line)),
            prose=tuple(self._prose),
        )

    def _read_prose(self, description: str, location: ast.Location) -> None:
        """Note the lines of a description, which stand somewhere below *location*: Gherkin gives no line."""
        if not description:
            return  # an empty line would be looked for to the end of the file
        at = location["line"]
        for line in description.split("\n"):
            while at < len(self._lines) and self._lines[at].strip() != line.strip():
                at += 1
            at += 1
            if line.strip():
                self._prose.append(Prose(line.strip(), Place(self._path, at, len(line) - len(line.lstrip()) + 1)))

    def _children(self, children: Sequence[ast.Envelope], scope: _Scope) -> Iterator[Scenario | BrokenScenario]:
        for child in children:
            # Gherkin types a child as an empty dictionary; which of the three it is, its key tells.
            if "background" in child:
                background = cast(ast.BackgroundEnvelope, child)["background"]
                self._read_prose(background["description"], background["location"])
                scope = replace(scope, background=scope.background + self._steps(background["steps"]))
            elif "scenario" in child:
                yield from self._scenarios(cast(ast.ScenarioEnvelope, child)["scenario"], scope)
            elif "rule" in child:
                rule = cast(ast.RuleEnvelope, child)["rule"]
                self._read_prose(rule["description"], rule["location"])
                lines = (*scope.lines, *self._head(rule, self._first_line(rule)))
                inner = replace(scope, tags=scope.tags | _tags(rule["tags"]), lines=lines)
                yield from self._children(rule["children"], inner)

    def _first_line(self, node: ast.Rule | ast.Scenario | ast.Examples) -> int:
        """The line in which *node* begins: that of its keyword, or the first of its tags and of the comments above."""
        tags = [tag["location"]["line"] for tag in node["tags"]]
        return self._comments.first_above(node["location"]["line"], tags)

    def _head(self, node: ast.Feature | ast.Rule, first: int) -> Lines:
        """The lines of a feature or a rule before the first scenario or rule in it."""
        inner = [part for child in node["children"] for name, part in child.items() if name != "background"]
        last = self._first_line(cast(ast.Scenario, inner[0])) - 1 if inner else len(self._lines)
        return ((first, last),)

    def _own_lines(self, node: ast.Scenario) -> Lines:
        """A scenario from its tags to the end of its last step; an outline without its examples."""
        own = node["location"]["line"]
        return ((self._first_line(node), max((_last_line(step) for step in node["steps"]), default=own)),)

    def _scenarios(self, node: ast.Scenario, scope: _Scope) -> Iterator[Scenario | BrokenScenario]:
        """The scenario, or the scenarios of the outline's rows."""
        tag_lines = {tag["location"]["line"] for tag in node["tags"]}
        name = self._comments.above(node["location"]["line"], tag_lines) or node["name"]
        lines = (*scope.lines, *self._own_lines(node))
        scope = replace(scope, tags=scope.tags | _tags(node["tags"]), lines=lines)
        own = self._steps(node["steps"])
        if own:  # without any, that itself is reported
            self._read_prose(node["description"], node["location"])
        if not self._is_outline(node):
            yield self._scenario(node, scope, name, own, _Row(node["location"]))
            return
        if reason := self._outline_trouble(node):
            problem = self._refused(node["location"], reason)
            yield BrokenScenario(node["name"], slug(name), scope.tags, problem)
            return
        self._warnings += self._unfilled(node, own)
        for row in self._rows(node):
            yield self._scenario(node, scope, name, own, row)

    def _unfilled(self, node: ast.Scenario, steps: Sequence[Step]) -> Iterator[Problem]:
        """A warning for each place of a cell, in the text of a step, that is the head of no column."""
        headers = list(dict.fromkeys(cell["value"] for examples in node["examples"] for cell in _header(examples)))
        for step in steps:
            for name in _PLACEHOLDER.findall(fill(step.text, dict.fromkeys(headers, ""))):
                what = f"“<{name}>” is taken as it stands: the examples have no column {name}, but {', '.join(headers)}"
                yield Problem(what, Place(self._path, step.line, step.column))

    def _scenario(
        self, node: ast.Scenario, scope: _Scope, name: str, own: tuple[Step, ...], row: _Row
    ) -> Scenario | BrokenScenario:
        title, series = row.name(node["name"]), slug(row.name(name))
        tags = scope.tags | row.tags
        if not own:
            help = _taken_for_description(node["description"], self._dialect, self._node["language"])
            problem = self._refused(node["location"], "the scenario has no steps of its own", help)
            return BrokenScenario(title, series, tags, problem)
        return Scenario(
            title=title,
            series=series,
            keyword=node["keyword"],
            tags=tags,
            steps=self._all_steps(scope.background, own, row),
            line=row.location["line"],
            is_row=bool(row.cells),
            lines=(*scope.lines, *row.lines),
        )

    def _refused(self, location: ast.Location, message: str, help: str = "") -> Problem:
        return Problem(message, Place(self._path, *_place(location)), help=help)

    def _is_outline(self, node: ast.Scenario) -> bool:
        keyword = node["keyword"]
        outline = keyword in self._dialect.scenario_outline_keywords and keyword not in self._dialect.scenario_keywords
        return outline or bool(node["examples"])

    def _outline_trouble(self, node: ast.Scenario) -> str:
        if not node["examples"]:
            return "the outline has no examples"
        if not any(examples["tableBody"] for examples in node["examples"]):
            return "the outline's examples have no rows"
        for examples in node["examples"]:
            headers = Counter(cell["value"] for cell in _header(examples))
            if twins := [header for header, count in headers.items() if count > 1]:
                return f'the outline\'s examples have the column "{twins[0]}" twice'
        return ""

    def _rows(self, node: ast.Scenario) -> Iterator[_Row]:
        for examples in node["examples"]:
            if not examples["tableBody"]:
                place = Place(self._path, *_place(examples["location"]))
                self._warnings.append(Problem("these examples have no rows", place))
            headers = [cell["value"] for cell in _header(examples)]
            tags = _tags(examples["tags"])
            for row in examples["tableBody"]:
                cells = dict(zip(headers, (c["value"] for c in row["cells"]), strict=True))
                at = row["location"]["line"]
                head = (self._first_line(examples), examples["tableBody"][0]["location"]["line"] - 1)
                yield _Row(row["location"], cells, tags, (head, (at, at)))

    def _steps(self, nodes: Sequence[ast.Step]) -> tuple[Step, ...]:
        return tuple(map(self._step, nodes))

    def _step(self, node: ast.Step) -> Step:
        line, column = _place(node["location"])
        name = self._comments.above(line) or without_subject(node["text"])
        table, doc = node.get("dataTable"), node.get("docString")
        return Step(
            keyword=node["keyword"].strip(),
            text=node["text"],
            series=slug(name),
            line=line,
            column=column,
            table=tuple(tuple(cell["value"] for cell in row["cells"]) for row in table["rows"]) if table else None,
            doc_string=doc["content"] if doc else None,
            media_type=doc.get("mediaType") if doc else None,
        )

    def _all_steps(self, background: tuple[Step, ...], own: tuple[Step, ...], row: _Row) -> tuple[Step, ...]:
        self._step_count += len(background) + len(own)
        if self._step_count > MOST_STEPS:
            message = f"the scenarios of this file have more than {MOST_STEPS} steps, rows of outlines included"
            raise UnreadableFeature(Problem(message, Place(self._path, *_place(row.location))))
        steps = [*background, *map(row.fill, own)]
        return tuple(
            step if step.series == name else replace(step, series=name, wanted=step.series)
            for step, name in zip(steps, unique(s.series for s in steps), strict=True)
        )


def _last_line(step: ast.Step) -> int:
    """The last line of a step, its table and its doc string."""
    table, doc = step.get("dataTable"), step.get("docString")
    if table:
        return table["rows"][-1]["location"]["line"]
    if doc:
        return doc["location"]["line"] + doc["content"].count("\n") + (2 if doc["content"] else 1)
    return step["location"]["line"]


def without_subject(step: str) -> str:
    """The text that a step's series is made of: the step without the "I" that it begins with."""
    return re.sub(r"^I\s+", "", step)


def _header(examples: ast.Examples) -> list[ast.Cell]:
    # The type says that it is always there; without a table it is not.
    header = cast("ast.TableRow | None", examples.get("tableHeader"))
    return header["cells"] if header else []


def _tags(tags: Sequence[ast.Tag]) -> frozenset[str]:
    return frozenset(tag["name"] for tag in tags)


def _description(text: str) -> str:
    return textwrap.dedent("\n".join(line.rstrip() for line in text.split("\n"))).strip("\n")


def _taken_for_description(description: str, dialect: Dialect, language: str) -> str:
    """Help where steps or scenarios are missing: the lines that were meant to be some."""
    for line in description.splitlines():
        if meant := _meant(line.strip(), dialect) or slip(line, language):
            return f'"{shortened(line.strip(), _SHOWN)}" was read as a line of the description; {meant}'
    first = description.strip().partition("\n")[0]
    return f'"{shortened(first, _SHOWN)}" was read as the description: it begins with no keyword' if first else ""
