"""From a ``<Scenario>`` block to jobs: features read, steps matched, everything that can go wrong found beforehand.

One job a scenario.  What belongs to no scenario (an unreadable file, an empty selection) becomes a job named like the
block, which cannot run and says so every interval: a typo must raise the alarm, not silence it.
"""

from __future__ import annotations

import glob
import inspect
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from collectd_inode.browser import Profile, urls
from collectd_inode.keys import Common, Loaded, Problem
from collectd_inode.names import slug
from collectd_inode.run import Cause, Job, Misconfigured, PlannedStep, Status, Story, Trouble
from collectd_inode.scenario import actions, feature, json_body
from collectd_inode.scenario.evidence import Evidence
from collectd_inode.scenario.feature import Feature, Scenario, Step
from collectd_inode.scenario.replay import Argument, PreparedStep, Replay, read_secret, variables_in
from collectd_inode.scenario.sentences import KNOWN, SENTENCES
from collectd_inode.scenario.session import name_complaint, selector_complaint
from collectd_inode.scenario.settings import Settings
from collectd_inode.scenario.usersteps import guarded
from collectd_inode.scenario.usersteps import load as load_user_steps
from collectd_inode.scenario.vocabulary import Action, Ambiguous, Matched, Sentence, Undefined, Vocabulary
from collectd_inode.trust import profile as tls
from collectd_inode.wire.tcp import Route

KIND = "scenario"


def load(name: str | None, settings: Settings, common: Common) -> Loaded:
    """The jobs of the block called *name*; never raises for what an operator or a file did wrong.

    Without a name (no configuration, just files) each job is named after its file.
    """
    loader = _Loader(name, settings, common)
    jobs = loader.jobs()
    return Loaded(jobs, tuple(loader.problems), tuple(loader.sources), tuple(loader.warnings))


def feature_files(entry: str) -> list[str]:
    """The feature files that *entry* (file, folder or glob) stands for, in order; empty if there are none."""
    if os.path.isdir(entry):
        return sorted(glob.glob(os.path.join(glob.escape(entry), "**", "*.feature"), recursive=True))
    if os.path.lexists(entry):
        return [entry]
    return sorted(path for path in glob.glob(entry, recursive=True) if os.path.isfile(path))


class _Loader:
    """One loading of one block; gathers problems on the way."""

    def __init__(self, name: str | None, settings: Settings, common: Common) -> None:
        self.name, self.settings, self.common = name, settings, common
        self.where = f'<Scenario "{name}">' if name is not None else ""
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self.homeless: list[Trouble] = []
        self.without_tls: Trouble | None = None
        s = settings
        self.profile = tls.Profile(s.ca_cert, s.verify_peer, s.client_cert, s.client_key, s.minimum_tls)
        self.sources: list[str] = [*settings.features, *settings.steps, *self.profile.sources]
        self.known = {name for name, _ in (*settings.variables, *settings.secrets)}

    def jobs(self) -> tuple[Job, ...]:
        vocabulary_of = self._vocabularies()
        features = list(self._features())
        chosen = [(f, s) for f in features for s in self._chosen(f)]
        broken = [job for f in features for job in self._broken(f)]
        if not chosen and not broken and not self.homeless:
            self._misconfigured("no scenario is selected: a run of nothing would never fail" + self._selection())
        context = self._context()
        self._check_secrets()
        jobs = [self._job(f, s, vocabulary_of(f.language), context) for f, s in chosen]
        return (*self._without_twins([*jobs, *broken]), *self._homeless_job())

    # What the block names.

    def _vocabularies(self) -> Callable[[str], Vocabulary]:
        """The vocabulary of a feature file by its language."""
        sentences, problems = load_user_steps(self.settings.steps)
        for problem in problems:
            self._misconfigured(problem.message, place=f"{problem.path}:{problem.line}")
        return cache(lambda language: Vocabulary(SENTENCES, sentences, self.settings.vocabulary, KNOWN, language))

    def _features(self) -> Iterator[Feature]:
        if not self.settings.features:
            self._misconfigured('expected a Feature "file, folder or glob"')
        for entry in self.settings.features:
            paths = feature_files(entry)
            if not paths:
                what = f'Feature "{entry}": expected a file, a folder or a glob with feature files in it'
                self._misconfigured(what, value=entry)
            self.sources.extend(paths)
            yield from self._read(paths)

    def _read(self, paths: Iterable[str]) -> Iterator[Feature]:
        for path in paths:
            try:
                read = feature.read(path)
            except feature.Unreadable as error:
                for problem in error.problems:
                    self._misconfigured(problem.message, _place(problem), problem.help)
                continue
            self.warnings += [Problem(self.where, w.message, _place(w), w.help) for w in read.warnings]
            yield read

    def _chosen(self, read: Feature) -> list[Scenario]:
        return feature.select(read.scenarios, self.settings.tags, self.settings.name)

    def _selection(self) -> str:
        parts = [
            f"tags {self.settings.tags}" if self.settings.tags else "",
            f"name {self.settings.name}" if self.settings.name else "",
        ]
        said = " and ".join(part for part in parts if part)
        return f" (asked for: {said})" if said else ""

    def _context(self) -> ssl.SSLContext | None:
        s = self.settings
        try:
            return tls.context(self.profile)
        except tls.BadProfile as error:
            named = (path for path in (s.client_cert, s.client_key, s.ca_cert) if path and path in str(error))
            self._problem(str(error), value=next(named, ""))
            self.without_tls = Trouble(Status.ERROR, Cause.CONFIGURATION, str(error))
            return None

    def _check_secrets(self) -> None:
        """A missing secret is told now; the run will say it again, until the file is there."""
        files = [path for _, path in self.settings.secrets]
        if self.settings.auth_password_file is not None:
            files.append(self.settings.auth_password_file)
        for path in files:
            try:
                read_secret(path)
            except Misconfigured as error:
                self._problem(str(error), value=path)

    # One scenario.

    def _job(self, read: Feature, scenario: Scenario, vocabulary: Vocabulary, context: ssl.SSLContext | None) -> Job:
        matched = list(self._matched(read, scenario, vocabulary))
        planned = tuple(m if isinstance(m, PlannedStep) else m[0] for m in matched)
        job = self._bare_job(read, scenario.title, scenario.series, f"{read.path}:{scenario.line}")
        job = replace(job, steps=planned, story=_story(read, scenario))
        trouble = next((step.trouble for step in planned if step.trouble), None)
        if trouble is not None or context is None:
            return replace(job, trouble=trouble or self.without_tls)
        steps = _prepared([m for m in matched if isinstance(m, tuple)])
        return replace(job, probe=self._replay(steps, context, job.instance))

    def _matched(
        self, read: Feature, scenario: Scenario, vocabulary: Vocabulary
    ) -> Iterator[PlannedStep | tuple[PlannedStep, Matched]]:
        """The steps with their sentences, or with what is wrong; each may use what those before it remember."""
        sentences = [vocabulary.match(step.text) for step in scenario.steps]
        remembered = [_remembered(found) if isinstance(found, Matched) else () for found in sentences]
        for index, (step, found) in enumerate(zip(scenario.steps, sentences, strict=True)):
            known = self.known.union(*remembered[:index])
            earlier = [one.sentence for one in sentences[:index] if isinstance(one, Matched)]
            before = _Before(known, set().union(*remembered[index:]) - known, earlier)
            yield self._match(read, step, found, before)

    def _match(
        self, read: Feature, step: Step, found: Matched | Undefined | Ambiguous, before: _Before
    ) -> PlannedStep | tuple[PlannedStep, Matched]:
        planned = PlannedStep(
            name=step.text,
            series=step.series,
            place=f"{read.path}:{step.line}",
            keyword=step.keyword,
            below=_below(step),
        )
        match found:
            case Undefined() as undefined:
                what, help = _undefined(undefined)
                return self._bad_step(planned, step, Trouble(Status.UNDEFINED, Cause.UNDEFINED, what), help)
            case Ambiguous() as ambiguous:
                what, help = _ambiguous(ambiguous)
                return self._bad_step(planned, step, Trouble(Status.AMBIGUOUS, Cause.UNDEFINED, what), help)
            case Matched() as matched:
                matched = replace(matched, arguments=(*matched.arguments, *_extra(step, matched.sentence.action)))
                complaint = (
                    _misfit(matched, step)
                    or _bad_scope(matched)
                    or _bad_argument(matched)
                    or self._unknown_variables(matched, before)
                    or _bad_name(matched)
                    or self._no_address(matched)
                    or self._no_attachment(matched)
                    or _too_early(matched, before)
                )
                if complaint:
                    return self._bad_step(planned, step, Trouble(Status.ERROR, Cause.CONFIGURATION, complaint))
                navigates = bool(matched.sentence.place) or matched.sentence.action in actions.NAVIGATIONS
                planned = replace(planned, navigates=navigates, soft=matched.soft, cleanup=matched.cleanup)
                return planned, matched

    def _bad_step(self, planned: PlannedStep, step: Step, trouble: Trouble, help: str = "") -> PlannedStep:
        place = f"{planned.place}:{step.column}"
        self._problem(trouble.message, place, help)
        return replace(planned, trouble=replace(trouble, message=f"{place}: {trouble.message}"))

    def _unknown_variables(self, matched: Matched, before: _Before) -> str:
        unknown = sorted(variables_in((*matched.arguments, *matched.scopes)) - before.known)
        if early := [name for name in unknown if name in before.later]:
            return f"unknown variable ${{{early[0]}}}: no step before this one remembers it"
        if not unknown or self.settings.any_variable:
            return ""
        known = ", ".join(sorted(before.known))
        there = f"; known: {known}" if known else "; no Variable or Secret is given"
        return f"unknown variable ${{{unknown[0]}}}{there}"

    def _no_address(self, matched: Matched) -> str:
        """What is wrong with the address of a navigation, where it is written out."""
        index = actions.ADDRESSES.get(matched.sentence.action)
        if index is None or variables_in(matched.arguments[index]) or self.settings.any_variable:
            return ""
        target = actions.address(str(matched.arguments[index]))
        try:
            urls.destination(target, self.settings.base_url)
        except urls.BadURL as error:
            return f"“{urls.shown(target)}”: {error}"
        return ""

    def _no_attachment(self, matched: Matched) -> str:
        """What is wrong with the file that a step attaches, which only the machine that replays must have."""
        if matched.sentence.action is not actions.attach or self.settings.any_variable:
            return ""
        path = str(matched.arguments[0])
        return "" if variables_in(path) else actions.attachment_complaint(path)

    def _replay(self, steps: tuple[PreparedStep, ...], context: ssl.SSLContext, instance: str) -> Replay:
        s = self.settings
        profile = Profile(
            base_url=s.base_url,
            headers=s.headers,
            max_body=s.max_body,
            max_redirects=s.max_redirects,
            auth_user=s.auth_user,
            **({"user_agent": s.user_agent} if s.user_agent else {}),
        )
        return Replay(
            steps=steps,
            profile=profile,
            tls=context,
            route=Route({host.lower(): to for host, to in s.resolve}, self.common.family, s.source_address),
            proxy=s.proxy,
            variables=dict(s.variables),
            secrets=dict(s.secrets),
            auth_password_file=s.auth_password_file,
            step_timeout=s.step_timeout,
            counter=self.common.state.of("scenario-counter", instance),
            evidence=Evidence(s.save_failures, s.save_max, s.save_bytes) if s.save_failures is not None else None,
        )

    # Jobs.

    def _bare_job(self, read: Feature | None, title: str | None, series: str, place: str) -> Job:
        name = self.name or (Path(read.path).stem if read else "run")
        return self.common.job(
            KIND,
            name,
            instance=f"{slug(name)}-{series}" if series else slug(name),
            scenario=title,
            start_offset=self.settings.start_offset,
            detail=self.settings.detail,
            place=place,
        )

    def _broken(self, read: Feature) -> Iterator[Job]:
        """Scenarios of a readable file that are none: those that have a name of their own report under it."""
        for broken in feature.select(read.broken, self.settings.tags, self.settings.name):
            problem = broken.problem
            if not broken.series:
                self._misconfigured(problem.message, _place(problem), problem.help)
                continue
            self._problem(problem.message, _place(problem), problem.help)
            job = self._bare_job(read, broken.title, broken.series, f"{problem.path}:{problem.line}")
            yield replace(job, trouble=Trouble(Status.ERROR, Cause.CONFIGURATION, str(problem)))

    def _without_twins(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """The first of two scenarios with one identity; the other would write into its files."""
        first: dict[tuple[str, str], Job] = {}
        for job in jobs:
            # Without a configuration nothing is stored: two files in two folders may well have the same names.
            file = job.story.path if job.story and self.name is None else ""
            twin = first.setdefault((file, job.instance), job)
            if twin is job:
                yield job
            else:
                self._misconfigured(
                    f'scenario "{job.scenario}" has the same series as the one at {twin.place}:'
                    " give one of them another title, or a comment line # series: NAME above it",
                    place=job.place,
                )

    def _homeless_job(self) -> Iterator[Job]:
        if self.homeless:
            more = f" (and {len(self.homeless) - 1} more)" if len(self.homeless) > 1 else ""
            trouble = replace(self.homeless[0], message=self.homeless[0].message + more)
            yield replace(self._bare_job(None, None, "", ""), trouble=trouble)

    # Mistakes.

    def _problem(self, what: str, place: str = "", help: str = "", value: str = "") -> None:
        self.problems.append(Problem(self.where, what, place, help, value))

    def _misconfigured(self, what: str, place: str = "", help: str = "", value: str = "") -> None:
        """A mistake that belongs to no scenario: the block's own job reports it."""
        self._problem(what, place, help, value)
        message = f"{place}: {what}" if place else what
        self.homeless.append(Trouble(Status.ERROR, Cause.CONFIGURATION, message))


@dataclass(frozen=True, slots=True)
class _Before:
    """What there is before a step: the variables that it may use, and the sentences of the steps.

    ``later`` are the variables that only it or a later step remembers.
    """

    known: Set[str]
    later: Set[str]
    sentences: Sequence[Sentence]


def _place(problem: feature.Problem) -> str:
    return f"{problem.path}:{problem.line}:{problem.column}"


def _prepared(matched: Sequence[tuple[PlannedStep, Matched]]) -> tuple[PreparedStep, ...]:
    """The steps with what they do; who judges the status of an answer is decided here, once."""
    return tuple(
        PreparedStep(
            planned=planned,
            action=actions.within if m.scopes else _action(m.sentence),
            arguments=(m.scopes, _action(m.sentence), *m.arguments) if m.scopes else m.arguments,
            judge=_judge(matched[index + 1 :]),
        )
        for index, (planned, m) in enumerate(matched)
    )


def _action(sentence: Sentence) -> Action:
    return guarded(sentence) if sentence.place else sentence.action


def _judge(later: Iterable[tuple[PlannedStep, Matched]]) -> PlannedStep | None:
    """The one among the *later* steps that judges the status before the next navigation replaces it."""
    for planned, matched in later:
        if matched.sentence.action in actions.STATUS_ASSERTIONS:
            return planned
        if matched.sentence.action in actions.NAVIGATIONS:
            return None
    return None


@dataclass(frozen=True, slots=True)
class Judged:
    """A navigation, and which step fails when it ends in a status of 400 or more: itself, or a later one."""

    step: PlannedStep
    by: PlannedStep


def judged(job: Job) -> tuple[Judged, ...]:
    """Who judges the status of each of *job*'s navigations, in order; nothing for a job that cannot run."""
    if not isinstance(job.probe, Replay):
        return ()
    return tuple(Judged(s.planned, s.judge or s.planned) for s in job.probe.steps if s.planned.navigates)


def _remembered(matched: Matched) -> tuple[str, ...]:
    """The variables that a step sets."""
    index = actions.REMEMBERING.get(matched.sentence.action)
    return matched.sentence.remembers if index is None else (str(matched.arguments[index]),)


def _bad_name(matched: Matched) -> str:
    """What is wrong with the name of a variable that a step sets, if anything."""
    return next((complaint for name in _remembered(matched) if (complaint := name_complaint(name))), "")


def _extra(step: Step, action: Action) -> tuple[Argument, ...]:
    """A step's doc string or table, handed to the action after the sentence's own arguments."""
    media_type = step.media_type if action in actions.TYPED else None
    return tuple(part for part in (step.doc_string, media_type, step.table) if part is not None)


def _misfit(matched: Matched, step: Step) -> str:
    """What is wrong with the number of arguments, if anything."""
    given = "table" if step.table is not None else "doc string" if step.doc_string is not None else ""
    wanted = "doc string" if matched.sentence.action in actions.DOC_STRINGS else "table"
    try:
        inspect.signature(matched.sentence.action).bind(None, *matched.arguments)
    except TypeError:
        if given:
            return f"this sentence takes no {given}"
        if not matched.sentence.place:
            return f"this sentence wants a {wanted} below it"
        return f"this sentence does not hand its step function the {len(matched.arguments)} arguments it wants"
    if given not in ("", wanted) and not matched.sentence.place:
        return f"this sentence wants a {wanted} below it, not a {given}"
    return ""


def _bad_scope(matched: Matched) -> str:
    """What is wrong with the parts of the page that a step is to be done in, if anything."""
    if matched.scopes and matched.sentence.action in actions.ON_JSON:
        return json_body.NO_PARTS
    written = (selector for selector in matched.scopes if not variables_in(selector))
    return next((complaint for selector in written if (complaint := selector_complaint(selector))), "")


def _bad_argument(matched: Matched) -> str:
    """What is wrong with an argument that is written out, if it shows without a page."""
    checks = actions.CHECKS.get(matched.sentence.action, {})
    written = ((matched.arguments[n], check) for n, check in checks.items() if n < len(matched.arguments))
    return next((what for given, check in written if not variables_in(given) and (what := check(given))), "")


def _too_early(matched: Matched, before: _Before) -> str:
    """What is missing before a step, if anything; an operator's own step may have done it."""
    wanted, complaint = actions.AFTER.get(matched.sentence.action, (frozenset(), ""))
    there = any(sentence.place or sentence.action in wanted for sentence in before.sentences)
    return "" if there else complaint


def _undefined(undefined: Undefined) -> tuple[str, str]:
    if undefined.instead:
        own = f"or write it yourself, in a file of a Steps folder:\n{undefined.snippet}"
        return f"undefined step: {undefined.text}: {undefined.instead}", own
    near = undefined.suggestions[:3]
    meant = "or perhaps:\n" + "\n".join(f"  {text}" for text in near[1:]) if near[1:] else ""
    snippet = f"or write it yourself, in a file of a Steps folder:\n{undefined.snippet}"
    hint = f"; did you mean: {near[0]}" if near else ""
    return f"undefined step: {undefined.text}{hint}", "\n".join(part for part in (meant, snippet) if part)


def _ambiguous(ambiguous: Ambiguous) -> tuple[str, str]:
    lines = [f"  {s.expression_text}{f' ({s.place})' if s.place else ''}" for s in ambiguous.sentences]
    return f"ambiguous step: {ambiguous.text}", "it matches:\n" + "\n".join(lines)


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
