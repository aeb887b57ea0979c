"""From a ``<Scenario>`` block to jobs: reads features, matches steps, finds mistakes before the first run.

One job for each scenario.  A mistake that belongs to no scenario (an unreadable file, an empty selection) becomes a job
with the block's name, which cannot run and reports that in every interval: a typo must raise the alarm, not silence it.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from collectd_inode.browser.profile import BrowserProfile
from collectd_inode.dependencies import DEPENDENCIES, require
from collectd_inode.keys import NO_FOLDER, BlockSettings, Loaded, contradictions
from collectd_inode.model import (
    NOWHERE,
    Cause,
    Job,
    Misconfigured,
    Place,
    PlannedStep,
    Problem,
    ReplayEngine,
    Status,
    Story,
    Trouble,
)
from collectd_inode.names import slug, target_of
from collectd_inode.page import urls
from collectd_inode.permissions import loose
from collectd_inode.reference import readings_of
from collectd_inode.scenario import actions, environment, feature, mistakes, sentences
from collectd_inode.scenario.action import Action
from collectd_inode.scenario.engine import OpenEngine
from collectd_inode.scenario.environment import NO_ENVIRONMENT, Environment
from collectd_inode.scenario.evidence import Evidence
from collectd_inode.scenario.feature import BrokenScenario, Feature, Scenario, Step
from collectd_inode.scenario.folders import feature_files, ruby_steps
from collectd_inode.scenario.kind import SCENARIO
from collectd_inode.scenario.prose import lost_step
from collectd_inode.scenario.reference import READINGS
from collectd_inode.scenario.replay import (
    VARIABLE,
    Argument,
    PreparedStep,
    Replay,
    WithChromium,
    plain,
    usable_secret,
    variables_in,
)
from collectd_inode.scenario.settings import Settings
from collectd_inode.scenario.titles import Titled, told_apart
from collectd_inode.scenario.usersteps import load as load_user_steps
from collectd_inode.scenario.vocabulary import Ambiguous, Matched, Undefined, Vocabulary
from collectd_inode.trust import profile as tls
from collectd_inode.wire.address import without_port
from collectd_inode.wire.tcp import Route
from collectd_inode.words import and_more

# Also modules imported only for the first selector, pattern or cookie, and modules that are too old.
require(*(set(DEPENDENCIES) - {"ntplib"}))


_PORTS = {"http": 80, "https": 443}

NO_RETRY = "@no-retry"
"""The tag of a scenario that must not run more often than once in an interval, whatever ``RetryInterval`` is."""


def load(name: str | None, settings: Settings, common: BlockSettings, around: Environment = NO_ENVIRONMENT) -> Loaded:
    """The jobs of the block called *name*; does not raise for a mistake of an operator or in a file.

    Without a name (no configuration, just files) each job is named after its file.
    """
    loader = _Loader(name, settings, common, around)
    jobs = loader.jobs()
    return Loaded(jobs, tuple(loader.problems), tuple(loader.sources), tuple(loader.warnings))


_Found = tuple[Feature, Scenario | BrokenScenario]


class _Loader:
    """One loading of one block; collects problems on the way."""

    def __init__(self, name: str | None, settings: Settings, common: BlockSettings, around: Environment) -> None:
        self.name, self.settings, self.common, self.environment = name, settings, common, around
        self.where = f'<Scenario "{name}">' if name is not None else ""
        self.problems: dict[Problem, None] = {}  # each once, in order: a background's is found in each scenario
        self.unknown_steps: set[Place] = set()
        self.warnings: list[Problem] = []
        self.block_troubles: list[Trouble] = []
        self.without_tls: Trouble | None = None
        s = settings
        self.profile = tls.TrustProfile(s.ca_cert, s.verify_peer, s.client_cert, s.client_key, s.minimum_tls)
        self.sources: list[str] = [*settings.features, *settings.steps, *self.profile.sources]
        self.known = {name for name, _ in (*settings.variables, *settings.secrets)}
        self.from_environment: dict[str, str] = {}

    def jobs(self) -> tuple[Job, ...]:
        for what in contradictions(self.settings, self.common):  # a block's have been found by `config`
            self._misconfigured(Problem(what))
        vocabulary_of = self._vocabularies()
        features = list(self._features())
        for read in features:
            self._find_lost_steps(read, vocabulary_of(read.language))
        good = [(f, s) for f in features for s in self._chosen(f)] or self._by_their_jobs(features)
        self._take_environment(scenario for _, scenario in good)
        found = self._told_apart([*good, *((f, b) for f in features for b in self._broken(f))])
        if not found and not self.block_troubles:
            nothing = "no scenario is selected: an empty run can never fail" + self._selection()
            self._misconfigured(Problem(nothing))
        context = self._context()
        self._check_secrets()
        self._check_browser()
        jobs = [
            self._job(f, s, vocabulary_of(f.language), context) if isinstance(s, Scenario) else self._broken_job(f, s)
            for f, s in found
        ]
        return (*jobs, *self._block_job())

    # The files and names in the block.

    def _vocabularies(self) -> Callable[[str], Vocabulary]:
        """The vocabulary of a feature file by its language."""
        own, problems = load_user_steps(self.settings.steps)
        for problem in problems:
            self._misconfigured(problem)
        return cache(lambda language: sentences.vocabulary(language, self.settings.vocabulary, own))

    def _take_environment(self, scenarios: Iterable[Scenario]) -> None:
        """Secrets that *scenarios* use, and whose files the environment names."""
        if not self.environment.secret_files:
            return
        steps = {step for scenario in scenarios for step in scenario.steps}
        used = set().union(*(variables_in((step.text, step.doc_string, step.table)) for step in steps))
        found, complaints = environment.secrets(self.environment.secret_files, used, self.known)
        self.settings = replace(self.settings, secrets=(*self.settings.secrets, *found))
        self.known |= {name for name, _ in found}
        self.from_environment = {name: environment.variable_of(name) for name, _ in found}
        for complaint in complaints:
            self._misconfigured(Problem(complaint))

    def _features(self) -> Iterator[Feature]:
        if not self.settings.features:
            self._misconfigured(Problem('expected a Feature "file, folder or glob"'))
        seen: set[str] = set()
        for entry in self.settings.features:
            given = entry in self.environment.contents
            paths = [entry] if given else feature_files(entry)
            for path in dict.fromkeys([] if given else [entry, *paths]):
                if (warning := loose(path)) and warning not in {told.what for told in self.warnings}:
                    self.warnings.append(Problem(warning, where=self.where, value=path))
            self.warnings += [replace(found, where=self.where) for found in ([] if given else ruby_steps(entry))]
            if not paths:
                what = f'Feature "{entry}": expected a file, folder or glob with feature files in it'
                self._misconfigured(Problem(what, value=entry))
            self.sources.extend(paths)
            yield from self._read(path for path in paths if os.path.abspath(path) not in seen)
            seen.update(map(os.path.abspath, paths))  # one that is named twice is read once

    def _read(self, paths: Iterable[str]) -> Iterator[Feature]:
        for path in paths:
            try:
                content = self.environment.contents.get(path)
                read = feature.read(path) if content is None else feature.parse(content, path)
            except feature.UnreadableFeature as error:
                for problem in error.problems:
                    self._misconfigured(problem)
                continue
            self.warnings += [replace(warning, where=self.where) for warning in read.warnings]
            yield read

    def _find_lost_steps(self, read: Feature, vocabulary: Vocabulary) -> None:
        """Warn of the lines of a description that were meant to be steps."""
        for line in read.prose:
            if what := lost_step(line.text, read.language, vocabulary.knows):
                self.warnings.append(Problem(what, line.place, where=self.where))

    def _chosen(self, read: Feature) -> list[Scenario]:
        return feature.select(read.scenarios, self.settings.tags, self.settings.name)

    def _by_their_jobs(self, features: Iterable[Feature]) -> list[tuple[Feature, Scenario]]:
        """The scenarios whose plugin instance, or a series of it, is the selected name; no title contains it."""
        if not self.settings.name:
            return []
        series = rf"(?:(?:.+/)?{SCENARIO.plugin}[-/])?([^/]+?)(?:/[^/]*)?:?"
        found = re.fullmatch(series, self.settings.name)
        wanted = found[1] if found else ""
        titled = [(f, s) for f in features for s in feature.select(f.scenarios, self.settings.tags)]
        return [
            (read, scenario)
            for (read, scenario), (_, told) in zip(titled, self._told_apart(titled), strict=True)
            if wanted == self._instance(read, told.series)
        ]

    def _instance(self, read: Feature | None, series: str) -> str:
        name = self._name(read)
        return f"{slug(name)}-{series}" if series else slug(name)

    def _name(self, read: Feature | None) -> str:
        return self.name or (Path(read.path).stem if read else "run")

    def _selection(self) -> str:
        parts = [
            f"tags {self.settings.tags}" if self.settings.tags else "",
            f"name {self.settings.name}" if self.settings.name else "",
        ]
        said = " and ".join(part for part in parts if part)
        return f" (asked for: {said})" if said else ""

    def _context(self) -> ssl.SSLContext | None:
        try:
            return tls.context(self.profile)
        except tls.BadProfile as error:
            self._problem(Problem(str(error), value=error.path))
            self.without_tls = Trouble(Status.ERROR, Cause.CONFIGURATION, str(error))
            return None

    def _check_secrets(self) -> None:
        """Report a missing secret now; each run reports it too, until the file exists."""
        files = [(self.from_environment.get(name, ""), path) for name, path in self.settings.secrets]
        if self.settings.auth_password_file is not None:
            files.append(("", self.settings.auth_password_file))
        for variable, path in files:
            if warning := loose(path, private=True):
                self.warnings.append(Problem(warning, where=self.where, value=path))
            try:
                usable_secret(path)
            except Misconfigured as error:
                self._problem(Problem(f"{variable}: {error}" if variable else str(error), value=path))

    def _check_browser(self) -> None:
        """Report a missing browser now; each run reports it too, until there is one."""
        s = self.settings
        if s.engine == "chromium" and not s.any_variable:
            from collectd_inode.chromium import program as programs  # noqa: PLC0415  # for who has a browser

            try:
                programs.find(s.browser_path)
                programs.user_of(s.browser_user, root=os.geteuid() == 0)
            except Misconfigured as error:
                self._problem(Problem(str(error), value=s.browser_path or ""))

    # One scenario.

    def _job(self, read: Feature, scenario: Scenario, vocabulary: Vocabulary, context: ssl.SSLContext | None) -> Job:
        matched = list(self._matched(read, scenario, vocabulary))
        planned = tuple(m if isinstance(m, PlannedStep) else m[0] for m in matched)
        job = self._bare_job(read, scenario.title, scenario.series, Place(read.path, scenario.line))
        retry = 0.0 if NO_RETRY in scenario.tags else self.settings.retry
        job = replace(
            job,
            steps=planned,
            lines=scenario.lines,
            story=_story(read, scenario),
            retry=retry,
            tags=tuple(sorted(scenario.tags)),
            engine=ReplayEngine(self.settings.engine),
            readings=readings_of(READINGS[ReplayEngine(self.settings.engine)]),
        )
        trouble = next((step.trouble for step in planned if step.trouble), None)
        if trouble is not None or context is None:
            return replace(job, trouble=trouble or self.without_tls)
        good = [m for m in matched if isinstance(m, tuple)]
        replay = self._replay(_prepared(good), context, job.instance)
        look = self.environment.look
        probe = replay if look is None else replace(replay, look=partial(look, job.place))
        return replace(job, target=self._target([m for _, m in good]), probe=probe)

    def _matched(
        self, read: Feature, scenario: Scenario, vocabulary: Vocabulary
    ) -> Iterator[PlannedStep | tuple[PlannedStep, Matched]]:
        """The steps with their sentences, or with their mistakes; each may use values that earlier steps remember."""
        meanings = [vocabulary.match(step.text) for step in scenario.steps]
        remembered = [mistakes.remembered(found) if isinstance(found, Matched) else () for found in meanings]
        for index, (step, found) in enumerate(zip(scenario.steps, meanings, strict=True)):
            known = self.known.union(*remembered[:index])
            earlier = [one.sentence for one in meanings[:index] if isinstance(one, Matched)]
            done = [(one.text, one.series) for one in scenario.steps[:index]]
            before = mistakes.StepsBefore(known, set().union(*remembered[index:]) - known, earlier, done)
            yield self._match(read, step, found, before)

    def _match(
        self, read: Feature, step: Step, found: Matched | Undefined | Ambiguous, before: mistakes.StepsBefore
    ) -> PlannedStep | tuple[PlannedStep, Matched]:
        match found:
            case Undefined() as undefined:
                what, help, snippet = mistakes.undefined(undefined)
                return self._bad_step(read, step, Trouble(Status.UNDEFINED, Cause.UNDEFINED, what), help, snippet)
            case Ambiguous() as ambiguous:
                what, help = mistakes.ambiguous(ambiguous)
                return self._bad_step(read, step, Trouble(Status.AMBIGUOUS, Cause.UNDEFINED, what), help)
            case Matched() as matched:
                if extra := _extra(step, matched.sentence.action):
                    matched = replace(matched, arguments=(*matched.arguments, *extra))
                complaint = (
                    self._other_engine(matched)
                    or mistakes.misfit(matched, step)
                    or mistakes.bad_scope(matched)
                    or mistakes.bad_argument(matched, matched.sentence.action.checks)
                    or self._unknown_variables(matched, before)
                    or mistakes.bad_name(matched)
                    or self._no_address(matched)
                    or self._bad_here(matched)
                    or mistakes.too_early(matched, before)
                    or mistakes.unknown_step(matched, before)
                )
                if complaint:
                    return self._bad_step(read, step, Trouble(Status.ERROR, Cause.CONFIGURATION, complaint))
                action = matched.sentence.action
                navigates = action.navigates and not (action.fetches and self.settings.engine != "plain")
                return _planned(read, step, navigates=navigates, soft=matched.soft, cleanup=matched.cleanup), matched

    def _bad_step(self, read: Feature, step: Step, trouble: Trouble, help: str = "", snippet: str = "") -> PlannedStep:
        place = Place(read.path, step.line, step.column)
        problem = Problem(trouble.message, place, help=help, snippet=snippet)
        # Each row of an outline has its own text of the one step that nobody knows.
        if trouble.cause is not Cause.UNDEFINED or place not in self.unknown_steps:
            self._problem(problem)
        if trouble.cause is Cause.UNDEFINED:
            self.unknown_steps.add(place)
        return replace(_planned(read, step), trouble=replace(trouble, message=str(problem)))

    def _other_engine(self, matched: Matched) -> str:
        """Why this engine cannot do a sentence; empty for one that it can."""
        engine, able = self.settings.engine, matched.sentence.engines
        return "" if engine in able else f"this sentence is for Engine {' and '.join(sorted(able))}, not {engine}"

    def _unknown_variables(self, matched: Matched, before: mistakes.StepsBefore) -> str:
        unknown = sorted((variables_in((*matched.arguments, *matched.scopes)) | mistakes.used(matched)) - before.known)
        if early := [name for name in unknown if name in before.later]:
            return f"unknown variable ${{{early[0]}}}: no step before this one remembers it"
        if not unknown or self.settings.any_variable:
            return ""
        known = ", ".join(sorted(before.known))
        there = f"; known: {known}" if known else "; no Variable or Secret is given"
        mend = f"; {environment.how_to_give(unknown[0])}" if self.environment.is_typed else ""
        return f"unknown variable ${{{unknown[0]}}}{there}{mend}"

    def _no_address(self, matched: Matched) -> str:
        """The mistake in the address of a navigation, where it is written out."""
        given = matched.sentence.action.given(matched.sentence.action.address, matched.arguments)
        if given is None or variables_in(given) or self.settings.any_variable:
            return ""
        target = actions.address(str(given))
        try:
            urls.destination(target, self.settings.base_url)
        except urls.BadURL as error:
            return f"“{urls.shown(target)}”: {error}"
        return ""

    def _target(self, matched: Sequence[Matched]) -> str:
        """The host of the first navigation, as far as it is known before the run."""
        variables = dict(self.settings.variables)
        given = (m.sentence.action.given(m.sentence.action.address, m.arguments) for m in matched)
        first = next((str(one) for one in given if one is not None), "/")
        filled = VARIABLE.sub(lambda found: variables.get(found[1], found[0]), first)
        try:
            parts = urlsplit(urls.destination(actions.address(filled), self.settings.base_url))
            return target_of(parts.hostname or "", parts.port or _PORTS.get(parts.scheme))
        except ValueError:  # BadURL: it is in a variable that a run fills, say
            return ""

    def _bad_here(self, matched: Matched) -> str:
        """The mistake in an argument, such as a missing file, that only the machine that replays can find."""
        return "" if self.settings.any_variable else mistakes.bad_argument(matched, matched.sentence.action.checks_here)

    def _replay(self, steps: tuple[PreparedStep, ...], context: ssl.SSLContext, instance: str) -> Replay:
        s = self.settings
        profile = BrowserProfile(
            base_url=s.base_url,
            headers=s.headers,
            max_body=s.max_body,
            max_redirects=s.max_redirects,
            allow_private=s.allow_private,
            own_hosts=frozenset(without_port(host) for host, _ in s.resolve),
            auth_user=s.auth_user,
            legacy=s.vocabulary == "legacy",
        )
        if s.user_agent:
            profile = replace(profile, user_agent=s.user_agent)
        return Replay(
            steps=steps,
            profile=profile,
            tls=context,
            route=Route(dict(s.resolve), self.common.family, s.source_address),
            proxy=s.proxy,
            variables=dict(s.variables),
            secrets=dict(s.secrets),
            auth_password_file=s.auth_password_file,
            step_timeout=s.step_timeout,
            legacy=s.vocabulary == "legacy",
            assets_every=s.assets_every,
            counter=self.common.state.of("scenario-counter", instance),
            messages=self.common.state.of("scenario-messages", instance),
            evidence=self._evidence(instance),
            open=OPENERS[ReplayEngine(s.engine)](self),
        )

    def with_chromium(self) -> OpenEngine:
        """The engine with scripts, by the block's keys."""
        from collectd_inode.chromium.options import BrowserProgram, Options, usual_jobs  # noqa: PLC0415

        s = self.settings
        program = BrowserProgram(
            path=s.browser_path,
            user=s.browser_user,
            resolve=s.resolve,
            ca_cert=s.ca_cert,
            verify=s.verify_peer,
            minimum_tls=s.minimum_tls,
        )
        options = Options(
            program=program,
            jobs=s.browser_jobs or usual_jobs(),
            window=s.window,
            locale=s.locale,
            time_zone=s.time_zone,
            block=s.block,
            wait_for=s.wait_for,
            user_agent=s.user_agent,
            proxy=s.proxy,
        )
        return WithChromium(options)

    def _evidence(self, instance: str) -> Evidence | None:
        """The evidence of the scenario's failed runs; None if none is kept."""
        s, common = self.settings, self.common
        state_dir = common.state.folder if s.save_failures is None else None
        folder = os.path.join(state_dir, "failures") if state_dir else s.save_failures
        if folder is None or folder == NO_FOLDER:
            return None
        return Evidence(
            folder,
            s.save_max,
            s.save_bytes,
            common.save_total,
            common.save_age,
            common.state.of("scenario-outage", instance),
            in_state_dir=bool(state_dir),
        )

    # Jobs.

    def _bare_job(self, read: Feature | None, title: str | None, series: str, place: Place) -> Job:
        return self.common.job(
            SCENARIO.plugin,
            self._name(read),
            instance=self._instance(read, series),
            scenario=title,
            start_offset=self.settings.start_offset,
            detail=self.settings.detail,
            place=place,
        )

    def _broken(self, read: Feature) -> list[BrokenScenario]:
        """Scenarios of a readable file that cannot run."""
        return feature.select(read.broken, self.settings.tags, self.settings.name)

    def _broken_job(self, read: Feature, broken: BrokenScenario) -> Job:
        """A job that cannot run, under the name of its scenario."""
        problem = broken.problem
        self._problem(problem)
        job = self._bare_job(read, broken.title, broken.series, replace(problem.place, column=0))
        return replace(job, trouble=Trouble(Status.ERROR, Cause.CONFIGURATION, str(problem)))

    def _told_apart(self, found: Sequence[_Found]) -> list[_Found]:
        """The same scenarios, each with a series that no other one of the block has."""
        # On the command line nothing is stored: two files in two folders may well have the same names.
        apart = self.name is None and not self.settings.any_variable
        titled = [_titled(read, scenario, read.path if apart else "") for read, scenario in found]
        series, warnings = told_apart(titled)
        self.warnings += [replace(warning, where=self.where) for warning in warnings]
        return [
            (f, scenario if scenario.series == name else replace(scenario, series=name))
            for (f, scenario), name in zip(found, series, strict=True)
        ]

    def _block_job(self) -> Iterator[Job]:
        if self.block_troubles:
            first = self.block_troubles[0]
            trouble = replace(first, message=first.message + and_more(self.block_troubles))
            yield replace(self._bare_job(None, None, "", NOWHERE), trouble=trouble)

    # Mistakes.

    def _problem(self, problem: Problem) -> None:
        self.problems.setdefault(replace(problem, where=self.where))

    def _misconfigured(self, problem: Problem) -> None:
        """A mistake that belongs to no scenario: the block's own job reports it."""
        self._problem(problem)
        self.block_troubles.append(Trouble(Status.ERROR, Cause.CONFIGURATION, str(problem)))


OPENERS: Mapping[ReplayEngine, Callable[[_Loader], OpenEngine]] = {
    ReplayEngine.PLAIN: lambda loader: plain,
    ReplayEngine.CHROMIUM: _Loader.with_chromium,
}
"""How each of the engines is opened."""


def _titled(read: Feature, scenario: Scenario | BrokenScenario, block: str) -> Titled:
    if isinstance(scenario, BrokenScenario):
        return Titled(scenario.series, read.title, replace(scenario.problem.place, column=0), block=block)
    return Titled(scenario.series, read.title, Place(read.path, scenario.line), scenario.is_row, block)


def _planned(
    read: Feature, step: Step, *, navigates: bool = True, soft: bool = False, cleanup: bool = False
) -> PlannedStep:
    """*step* in its job's plan."""
    return PlannedStep(
        name=step.text,
        series=step.series,
        place=Place(read.path, step.line),
        keyword=step.keyword,
        below=_below(step),
        navigates=navigates,
        soft=soft,
        cleanup=cleanup,
        wanted=step.wanted,
    )


def _prepared(matched: Sequence[tuple[PlannedStep, Matched]]) -> tuple[PreparedStep, ...]:
    """The steps with their actions; this decides, once, which step judges the status of an answer."""
    return tuple(
        PreparedStep(
            planned=planned,
            action=m.sentence.action,
            arguments=m.arguments,
            scopes=m.scopes,
            judge=_judge(matched[index + 1 :]),
            after=tuple(_those(m.passed, [done for done, _ in matched[:index]])),
            is_own=bool(m.sentence.place),
        )
        for index, (planned, m) in enumerate(matched)
    )


def _those(texts: Iterable[str], earlier: Sequence[PlannedStep]) -> Iterator[PlannedStep]:
    """The *earlier* steps that have the *texts*, which `mistakes.unknown_step` has seen to be there."""
    named = [(step.name, step.series) for step in earlier]
    return (earlier[place] for text in texts if (place := mistakes.place_of(text, named)) is not None)


def _judge(later: Iterable[tuple[PlannedStep, Matched]]) -> PlannedStep | None:
    """The one among the *later* steps that judges the status before the next navigation replaces it."""
    for planned, matched in later:
        if matched.sentence.action.judges_status:
            return planned
        if matched.sentence.action.navigates and not matched.sentence.place:  # an operator's own may or may not
            return None
    return None


@dataclass(frozen=True, slots=True)
class Judged:
    """A navigation, and the step that fails when it ends in a status of 400 or more: itself, or a later one."""

    step: PlannedStep
    by: PlannedStep


def judged(job: Job) -> tuple[Judged, ...]:
    """The judges of the status of each of *job*'s navigations, in order; nothing for a job that cannot run."""
    if not isinstance(job.probe, Replay):
        return ()
    return tuple(Judged(s.planned, s.judge or s.planned) for s in job.probe.steps if s.planned.navigates)


def _extra(step: Step, action: Action[...]) -> tuple[Argument, ...]:
    """A step's doc string or table, handed to the action after the sentence's own arguments."""
    media_type = step.media_type if "media_type" in action.parameters else None
    return tuple(part for part in (step.doc_string, media_type, step.table) if part is not None)


def _story(read: Feature, scenario: Scenario) -> Story:
    return Story(
        feature=f"{read.keyword}: {read.title}",
        description=tuple(read.description.splitlines()),
        scenario=f"{scenario.keyword}: {scenario.title}",
        path=read.path,
    )


def _below(step: Step) -> tuple[str, ...]:
    """A step's table or doc string as it is shown."""
    if step.doc_string is not None:
        return ('"""', *step.doc_string.splitlines(), '"""')
    if step.table is None:
        return ()
    widths = [max(len(cell) for cell in column) for column in zip(*step.table, strict=True)]
    rows = (" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in step.table)
    return tuple(f"| {row} |" for row in rows)
