"""The series and the warnings that a scenario's job sends."""

from __future__ import annotations

from collectd_inode.model import Phase, ReplayEngine
from collectd_inode.reference import KindReference, SeriesRow, WarningRow
from collectd_inode.scenario.kind import SCENARIO

MOST_CERTIFICATES = 16
_PASSED, _KNOWN = "when the run passed", "if known"

SERIES = (
    SeriesRow("count", "passed", "steps", "the number of steps that passed", "every run"),
    SeriesRow(
        "response_code", "last", "status", "the status of the last answer, without clean-up after a failure",
        "every run with an answer",
    ),
    SeriesRow("latency", "total", "seconds", "the sum of the steps' latencies", _PASSED),
    SeriesRow(
        "response_time", "STEP", "seconds", "the step's latency; the time waited, if it ran into a deadline",
        "when the step passed, or ran into a deadline",
    ),
    *(SeriesRow("duration", phase, "seconds", f"{phase.meaning}, in all steps", _PASSED) for phase in Phase),
    SeriesRow("duration", "overhead", "seconds", "our own work, which is in no latency", _PASSED),
    SeriesRow(
        "gauge", "certificate_days_left-HOST", "days", "the certificate's remaining time; negative: expired",
        f"for each TLS host met, redirects included; {MOST_CERTIFICATES} at most",
    ),
)  # fmt: skip

PHASES = (
    *(SeriesRow("duration", f"STEP-{phase}", "seconds", phase.meaning, _KNOWN) for phase in Phase),
    SeriesRow("response_code", "STEP", "status", "the status of the step's last answer", _KNOWN),
    SeriesRow("bytes", "STEP", "bytes", "the size of the step's answers", _KNOWN),
)

BROWSER = (
    SeriesRow("duration", "ttfb", "seconds", "until a page's first byte", _KNOWN),
    SeriesRow("duration", "fcp", "seconds", "until a page's first content was painted", _KNOWN),
    SeriesRow("duration", "lcp", "seconds", "until a page's largest content was painted", _KNOWN),
    SeriesRow(
        "duration", "inp", "seconds", "from the slowest click or key to the next frame", "if there was a click or key"
    ),
    SeriesRow("duration", "longtasks", "seconds", "the page's scripts: all pieces of more than 50 ms", "every run"),
    SeriesRow("duration", "queued", "seconds", "the wait for a browser", "every run"),
    SeriesRow("gauge", "cls", "score", "how far the page's content moves", _KNOWN),
    SeriesRow("count", "requests", "number", "all requests, redirects included", "every run"),
    SeriesRow("count", "failing_requests", "number", "requests with status 400 or more, or no answer", "every run"),
    SeriesRow("count", "console_errors", "number", "errors in the console, and exceptions", "every run"),
    SeriesRow("bytes", "transferred", "bytes", "the bytes on the wire", "every run"),
)
READINGS = {ReplayEngine.PLAIN: (), ReplayEngine.CHROMIUM: BROWSER}
"""The values that each engine sends of its own accord."""
BROWSER_PHASES = (
    SeriesRow("duration", "STEP-network", "seconds", "the step's wait for answers", 'with ``Detail "phase"``'),
)

WARNINGS = (
    WarningRow(
        "private_redirect",
        "a public address redirects into a private network",
        "``AllowPrivate`` the host, if that is meant",
    ),
    WarningRow("soft", "a step that says ``, or warn`` failed", "the same as for a failed step"),
    WarningRow(
        "evidence",
        "the evidence of a failed run could not be kept",
        "read the message: the disk is full, or the folder is not writable",
    ),
    WarningRow(
        "cookie_refused",
        "the site set a cookie that browsers reject",
        "correct the cookie's attributes on the site: its users lack it, too",
    ),
    WarningRow(
        "page_error",
        "a page of a run that passed shows the error of a program: PHP, Python, Java, a database; or its title or first"
        " heading is that of an error page, of maintenance, or of a web server's default page",
        "repair the page; if it is meant to say that, expect it: ``I should see``",
    ),
    WarningRow(
        "overlooked",
        "no step looks at a page of a run that passed, and it shows nothing, is built by scripts that do not run, asks "
        "for the password again, or is an answer that reports an error or is broken JSON",
        "expect what the page should show: ``I should see``; of an API that answers with nothing: ``I send a GET "
        "request``",
    ),
    WarningRow(
        "insecure_form",
        "a form on an https page is sent by http",
        "correct the form's ``action``: browsers warn before they send it",
    ),
    WarningRow(
        "legacy",
        '``Vocabulary "legacy"`` did what Webrat did: it took the first match, or used a hidden field',
        "name the element exactly, then leave the key out",
    ),
    WarningRow(
        "process",
        "a step of your own changed what all jobs share: the working folder, the umask, the locale…; it was put back",
        "make the change in a process that the step starts",
    ),
    WarningRow(
        "asset",
        '``Engine "chromium"``: a file of the page, or a request of its scripts, failed; '
        '``"plain"``: the page has more files than are requested (rule 72)',
        "open the address in the message",
    ),
    WarningRow("console", '``Engine "chromium"``: the page wrote an error to its console', "read ``console.txt``"),
    WarningRow("exception", '``Engine "chromium"``: a script of the page raised an exception', "read ``console.txt``"),
    WarningRow(
        "unsettled",
        '``Engine "chromium"``: the page was still busy after five seconds, and was judged then',
        "``Block`` the host that keeps it busy, if it is not the site's own",
    ),
)

REFERENCE = KindReference(
    {
        SCENARIO.plugin: SERIES,
        f'{SCENARIO.plugin}, Detail "phase"': PHASES,
        f'{SCENARIO.plugin}, Engine "chromium"': (*BROWSER, *BROWSER_PHASES),
    },
    WARNINGS,
)
