"""The requests and answers of a failed run, as text for a tired person; and why it failed.  Pure.

All text passes through `Hiding` before it stands in these lines.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import unquote_to_bytes

from collectd_inode.browser.record import LONGEST_FORM, Hop, Recorder, Sent
from collectd_inode.model import Observation, StepResult
from collectd_inode.page.charset import Encoding
from collectd_inode.page.headers import essence
from collectd_inode.secrets.hiding import Hiding
from collectd_inode.wire import Exchange
from collectd_inode.words import duration, in_bytes

_LONGEST_VALUE = 1000
"""Characters of a form's field, of an address and the like, after its secrets were hidden."""
_LABEL = 10
_WIDTH = 110
_FINE = 0.01
_FIELD_NAME = re.compile(r';\s*name="([^"]*)"')
_FILE_NAME = re.compile(r';\s*filename="([^"]*)"')


def reason(observation: Observation, hide: Hiding) -> str:
    """The job, the time, the step and the reason: a reader's first questions."""
    return "".join(f"{line}\n" for line in _reason(observation, hide))


def transcript(observation: Observation, recorder: Recorder, hide: Hiding, page: str) -> str:
    """The whole run, step by step; *page* describes the last answer's body."""
    lines = [
        *_reason(observation, hide),
        *_labelled("page", page),
        "",
        "> is what we sent, < what came back.  […] is a redacted secret, [name] a Secret of that name.",
        *_left_out(recorder),
        "",
        *_steps(observation, recorder, hide),
        *_traceback(observation, hide),
    ]
    return "".join(f"{line}\n" for line in lines)


def _moment(epoch: float) -> str:
    return f"{datetime.fromtimestamp(epoch, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _reason(observation: Observation, hide: Hiding) -> Iterator[str]:
    job, step = observation.job, observation.bad_step
    yield hide(job.scenario or job.name)
    yield f"{observation.status.value}: {observation.cause.word}"
    yield ""
    yield from _labelled("when", f"{_moment(observation.time)}, took {duration(observation.elapsed, fine=_FINE)}")
    yield from _labelled("job", hide(f"{job.kind}/{job.instance}" + (f" for {job.host}" if job.host else "")))
    if step is not None:
        yield from _labelled("step", hide(sentence(step)))
        yield from _labelled("place", hide(str(step.place)))
    told = [("reason", observation.message)]
    if observation.trouble is not None:
        told += [("expected", observation.trouble.expected), ("found", observation.trouble.found)]
    told += [("warning", f"{warning.message} ({warning.code})") for warning in observation.warnings]
    for label, text in told:
        yield from _labelled(label, *hide.lines(text))


def _labelled(label: str, *lines: str) -> Iterator[str]:
    """Lines behind a label, folded where they are longer than a screen is wide; no word is broken."""
    for line in lines:
        folded = textwrap.wrap(line, _WIDTH - _LABEL, break_long_words=False, break_on_hyphens=False)
        for part in folded:
            yield f"{label:{_LABEL}}{part}"
            label = ""


def _left_out(recorder: Recorder) -> Iterator[str]:
    left_out = recorder.asked - len(recorder.hops)
    if left_out:
        yield f"The first {left_out:,} requests are left out: the last {len(recorder.hops)} are kept."


def _steps(observation: Observation, recorder: Recorder, hide: Hiding) -> Iterator[str]:
    numbered = list(enumerate(recorder.hops, recorder.asked - len(recorder.hops) + 1))
    known = {step.series for step in observation.steps}
    yield from _hops(((number, hop) for number, hop in numbered if hop.step not in known), hide)
    for step in observation.steps:
        yield from _step(step, hide)
        yield from _hops(((number, hop) for number, hop in numbered if hop.step == step.series), hide)


def _step(step: StepResult, hide: Hiding) -> Iterator[str]:
    took = f", {duration(step.seconds, fine=_FINE)}" if step.seconds is not None else ""
    place = f"  # {step.place}" if step.place else ""
    status = step.status.value if step.trouble is None else "warning" if step.excused else step.status.value.upper()
    yield hide(f"{status:{_LABEL}}{sentence(step)}{took}{place}")
    yield from (f"{'':{_LABEL}}    {hide(line)}" for line in step.planned.below)
    if step.trouble is not None:
        yield from _labelled("", *hide.lines(f"{step.trouble.cause.word}: {step.trouble.message}"))
    if step.because:
        yield from _labelled("", *hide.lines(step.because))


def sentence(step: StepResult) -> str:
    """A step as it stands in its file."""
    return f"{step.planned.keyword} {step.name}".lstrip()


def _hops(numbered: Iterable[tuple[int, Hop]], hide: Hiding) -> Iterator[str]:
    """The requests of one step, between blank lines."""
    some = False
    for number, hop in numbered:
        some = True
        yield ""
        yield from (line.rstrip() for line in _hop(number, hop, hide))
    if some:
        yield ""


def _hop(number: int, hop: Hop, hide: Hiding) -> Iterator[str]:
    yield f"{number:4}  > {hide(hop.method)} {_short(hide(hop.url))}"
    yield from (f"      >   {line}" for line in _headers(hop.headers, hop.headers_left_out, hide, of_request=True))
    if hop.sent is not None:
        yield from (f"      >   {line}" for line in _form(hop.sent, hide))
    yield f"      < {_status(hop, hide)}"
    yield from (f"      <   {line}" for line in _headers(hop.answer, hop.answer_left_out, hide, of_request=False))
    if hop.exchange is not None:
        yield f"        {_measured(hop, hop.exchange)}"


def _status(hop: Hop, hide: Hiding) -> str:
    if hop.status is not None:
        return f"{hop.status} {phrase(hop.status)}"
    doing = hop.exchange.doing if hop.exchange is not None else ""
    return "no answer" + (f": it broke off while {hide(doing)}" if doing else "")


def _headers(lines: Iterable[tuple[str, str]], left_out: int, hide: Hiding, *, of_request: bool) -> Iterator[str]:
    for name, value in lines:
        yield f"{_short(hide(name))}: {_short(hide.header(name, value, of_request=of_request))}"
    if left_out:
        yield f"({left_out} more, too long to be kept)"


def _measured(hop: Hop, exchange: Exchange) -> str:
    size = [f"{in_bytes(exchange.bytes)} of body" + ("" if exchange.finished else ", then it broke off")]
    phases = [f"{phase.value} {duration(seconds, fine=_FINE)}" for phase, seconds in exchange.phases.items()]
    return "; ".join([*(size if hop.status is not None else []), *([", ".join(phases)] if phases else [])])


def phrase(status: int) -> str:
    """The name of a status; empty for one without a name."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text):,} characters)"


# Forms: what is cut is left out as a whole, or a piece of a secret would not be known for one.


def _form(sent: Sent, hide: Hiding) -> Iterator[str]:
    media_type = essence(sent.content_type)
    read = READERS.get(media_type)
    if read is None:
        yield f"({in_bytes(sent.size)} of {hide(media_type) or 'a type that was not named'}, not shown)"
        return
    for name, value in read(sent):
        yield f"{_short(hide(name))} = {_short(hide.entry(name, value))}"
    if sent.cut:
        yield f"(the rest of {in_bytes(sent.size)} is not kept: the first {LONGEST_FORM:,} are)"


def _urlencoded(sent: Sent) -> Iterator[tuple[str, str]]:
    pairs = sent.body.decode("ascii", "replace").split("&")
    for pair in pairs[: -1 if sent.cut else None]:
        name, _, value = pair.partition("=")
        yield _unquoted(name, sent.encoding), _unquoted(value, sent.encoding)


def _unquoted(text: str, encoding: Encoding) -> str:
    return encoding.decode(unquote_to_bytes(text.replace("+", " ")))


def _plain(sent: Sent) -> Iterator[tuple[str, str]]:
    lines = sent.encoding.decode(sent.body).split("\r\n")
    for line in lines[:-1]:
        name, _, value = line.partition("=")
        yield name, value


def _multipart(sent: Sent) -> Iterator[tuple[str, str]]:
    mark = b"--" + sent.content_type.partition("boundary=")[2].encode("ascii", "replace")
    parts = sent.body.split(mark + b"\r\n")[1:]
    for number, part in enumerate(parts, 1):
        if sent.cut and number == len(parts):
            return
        head, _, content = part.partition(b"\r\n\r\n")
        text = sent.encoding.decode(head)
        name, file = _FIELD_NAME.search(text), _FILE_NAME.search(text)
        content = content.partition(b"\r\n" + mark)[0].removesuffix(b"\r\n")
        value = f"file “{file[1]}”, {in_bytes(len(content))}" if file else sent.encoding.decode(content)
        yield name[1] if name else "", value


READERS = {
    "application/x-www-form-urlencoded": _urlencoded,
    "multipart/form-data": _multipart,
    "text/plain": _plain,
}


def _traceback(observation: Observation, hide: Hiding) -> Iterator[str]:
    if observation.traceback:
        yield ""
        yield from hide.lines(observation.traceback)
