"""Suggestions for people who know cucumber, behave, pytest, k6, kubectl or Nagios: our words for theirs.

Loaded for the first suggestion.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection

from collectd_inode.cli.output import format_of

_COMMANDS = {
    "run": ("test", "tests", "exec-feature", "execute", "replay", "play", "behave", "cucumber", "cucumber-nagios",
        "features", "verify-site", "start-test", "perform"),
    "check": ("validate", "verify", "configtest", "test-config", "config-test", "checkconfig", "conftest", "-t",
        "syntax"),
    "lint": ("dry-run", "dryrun", "format", "fmt", "parse", "validate-feature"),
    "once": ("run-once", "run-all", "probe", "oneshot", "now", "trigger", "force", "reschedule"),
    "status": ("state", "states", "health", "top", "info", "list-status", "alerts", "problems", "show", "overview",
        "ps"),
    "jobs": ("list", "ls", "get", "describe", "config", "settings", "targets", "services", "schedule", "next",
        "dump"),
    "why": ("explain", "diagnose", "analyse", "analyze", "reason", "cause", "debug", "logs", "log", "rca"),
    "mute": ("silence", "downtime", "ack", "acknowledge", "snooze", "maintenance", "disable", "pause", "suppress",
        "unmute", "silences"),
    "test-notification": ("notify", "test-alert", "test-notify", "alert", "send-test", "test-alarm", "amtool"),
    "graph": ("plot", "draw", "dashboard", "dashboards", "chart", "charts", "picture", "pictures", "graphs", "render",
        "rrd"),
    "thresholds": ("limits", "baseline", "alarms", "rules", "threshold", "suggest-limits"),
    "series": ("metrics", "identities", "names", "perfdata", "values", "types"),
    "steps": ("vocabulary", "sentences", "step-definitions", "stepdefs", "definitions", "keywords", "words",
        "grammar"),
    "init": ("new", "create", "generate", "scaffold", "bootstrap", "quickstart", "setup", "add", "generate-feature"),
    "import": ("record", "har", "convert", "codegen", "from-har", "load"),
    "files": ("install", "copy", "layout", "assets", "examples", "unpack", "eject"),
    "snippet": ("conf", "configuration", "print-config", "stub", "modulepath"),
    "doctor": ("troubleshoot", "selftest", "self-test", "check-install", "env", "environment", "support"),
    "serve": ("daemon", "start", "service", "server", "agent", "up"),
    "smarthost": ("mail", "smtp", "check_smtp", "relay", "mx", "exim", "postfix"),
    "ntp": ("time", "check_ntp", "check_ntp_time", "ntpdate", "chrony", "timeserver"),
    "clock": ("timedatectl", "adjtimex", "chronyc", "timex"),
    "completion": ("completions", "bash-completion", "complete", "autocomplete"),
}  # fmt: skip

_OPTIONS = {
    "--tags": ("-t", "--tag", "-T", "--tagged", "-m", "--grep-tags", "--include", "--marker", "-l", "--selector",
        "--tags-help", "--deselect", "--label"),
    "--name": ("-n", "-k", "-g", "--grep", "--filter", "--scenario", "--match", "-i", "--include-name",
        "--test-name"),
    "--list": ("--dry-run", "-d", "--collect-only", "--co", "--list-tests", "--dryrun", "--list-scenarios", "--plan"),
    "--format": ("-f", "--formatter", "--reporter", "--report", "-R", "--output-format", "--junit",
        "--nagios"),
    "--output": ("--out", "--outfile", "--junit-xml", "--junitxml", "--junit-directory", "--report-file",
        "--log-file", "--result-log", "--output-file"),
    "--fail-fast": ("-x", "--stop", "--exitfirst", "--maxfail", "--bail", "--failfast", "--abort-on-error"),
    "--jobs": ("--parallel", "--workers", "--processes", "--numprocesses", "--concurrency", "-c", "--vus",
        "--threads", "-P", "--max-workers", "-Z", "--dist", "--parallel-scheme", "--parallel-max"),
    "--verbose": ("-V", "--debug", "--show-timings", "--expand", "--backtrace", "--log-level", "--trace",
        "--verbosity", "--show-source", "-vvv", "-rA", "-ra", "--tb", "--durations", "--full-trace", "--summarize",
        "--http-debug", "--trace-ascii", "--dump-header", "--log-format", "--log-output", "--logging-level",
        "--logging-format", "--logging-filter", "--log-cli-level", "--showlocals", "--loglevel", "--no-backtrace",
        "--debug-on-error", "--no-summary", "-vv"),
    "--quiet": ("--silent", "-s", "--no-source", "--summary", "--no-snippets", "--progress", "--terse",
        "--no-skipped", "--no-multiline", "--no-timings", "--only-failures", "-sS", "-S", "--no-header",
        "--no-progress-meter", "--no-headers"),
    "--watch": ("-w", "--follow", "--watch-all", "--loop", "--looponfail"),
    "--repeat": ("--iterations", "--times", "--count", "--loops", "--retry", "--retries", "--runs", "-r", "--rerun",
        "--reruns", "--duration", "--retry-delay", "--retry-max-time", "--retry-tag-filter"),
    "--steps": ("--require", "--glue", "--steps-dir", "--step-definitions", "--import", "--python-path", "--stage",
        "--require-module", "--loader"),
    "--base-url": ("--url", "-u", "--host", "--site", "--target", "--uri", "--baseurl", "--endpoint", "-H",
        "--server"),
    "-D": ("--define", "--variable", "--var", "-e", "--env", "--set", "--userdata", "--param", "--world-parameters"),
    "--config": ("--conf", "--configuration", "--profile", "-p", "-C", "--config-file", "--rcfile", "--values"),
    "--save-failures": ("--screenshot", "--screenshots", "--artifacts", "--output-dir", "--outputdir", "--evidence",
        "--save", "--video", "--tracing", "--trace-dir"),
    "--verify-peer": ("--insecure", "-k", "--no-check-certificate", "--insecure-skip-tls-verify",
        "--ignore-certificate-errors", "--no-verify", "--skip-verify", "--ssl-no-verify", "--ignore-https-errors"),
    "--ca-cert": ("--cacert", "--ca", "--ca-file", "--cafile", "--capath", "--certificate-authority", "--ca-bundle",
        "--crlfile", "--pinnedpubkey"),
    "--max-body-size": ("--max-filesize", "--pagesize", "--max-size"),
    "--block": ("--block-hostnames", "--blacklist-ip", "--block-url", "--deny"),
    "--client-cert": ("--cert", "--certificate", "--client-certificate", "-E", "--ssl-cert"),
    "--client-key": ("--key", "--ssl-key", "--private-key"),
    "--user-agent": ("-A", "--ua", "--agent", "--useragent"),
    "--max-redirects": ("--max-redirs", "--redirects"),
    "--proxy": ("-x", "--http-proxy", "--proxy-url", "--socks5", "--preproxy", "--proxy-user"),
    "--resolve": ("--add-host", "--connect-to", "--dns", "--hosts", "--host-resolver-rules", "--map", "--dns-servers",
        "--doh-url"),
    "--timeout": ("--max-time", "-m", "--deadline", "--time-limit", "--request-timeout", "--global-timeout", "-W"),
    "--step-timeout": ("--connect-timeout", "--default-timeout", "--wait"),
    "--auth-user": ("--user", "--username", "--basic-auth", "--login"),
    "--auth-password-file": ("--password", "--pass", "--password-file"),
    "--secret": ("--secrets", "--password", "--token", "--secret-file", "--secret-env"),
    "--engine": ("--browser", "--headless", "--headed", "--chromium", "--driver", "--chrome", "--javascript", "--js"),
    "--address-family": ("-4", "-6", "--ipv4", "--ipv6", "--inet", "--ip-version"),
    "--source-address": ("--interface", "--bind", "--local-addr", "--bind-address", "--source", "--local-ips"),
    "--window": ("--viewport", "--viewport-size", "--window-size", "--screen"),
    "--no-color": ("--no-colour", "--nocolor", "--no-colors", "--monochrome", "--plain", "--no-ansi", "--colour",
        "--colors"),
    "--warning": ("-w", "--warn"),
    "--critical": ("-c", "--crit"),
    "--help": ("-?", "--usage", "-help", "--man"),
    "--strict": ("--error-on-warnings", "--warnings-as-errors", "--werror", "--max-warnings", "--fail-on-warning"),
    "--fragment": ("--part", "--partial", "--snippet", "--include"),
    "--last": ("--since", "--range", "--period", "--span", "--from", "--hours", "--start"),
    "--out": ("--output", "--output-dir", "-o", "--dir", "--directory", "--dest"),
    "--job": ("--name", "--jobs", "--only", "--filter", "-j", "-n"),
    "--conf": ("--config", "-c", "-C", "--file", "-f"),
    "--state-dir": ("--state", "--statedir", "--data-dir", "--dir"),
    "--end": ("--unmute", "--remove", "--delete", "--expire", "--cancel", "--off"),
    "--language": ("-l", "--lang", "-L"),
    "--data": ("--rrd", "--rrd-dir", "--data-dir", "--datadir", "--rrds"),
}  # fmt: skip

_BY_VALUE = (
    (("--line", "--lines", "-l"), r"\d", "PATH:LINE"),
    (("-c",), r".*cookie", "--header 'Cookie: …'"),
    (("-e", "--referer"), r"https?:", "--header 'Referer: …'"),
    (("--cookie-jar", "--cookies", "--load-cookies"), r"", "--header 'Cookie: …'"),
    (("--oauth2-bearer", "--bearer", "--access-token"), r"", "--header 'Authorization: Bearer …'"),
    (("--range", "-r"), r"\d+-", "--header 'Range: …'"),
    (("--tlsv1.0", "--tlsv1.1", "--tlsv1.2", "--tlsv1.3", "--tls-min", "--min-tls", "--ssl-version"), r"",
     "--minimum-tls"),
    (("-i", "--include"), r"$|-|https?:|.*\.feature", "--verbose"),
    (("-w", "--warning"), r"[\d@~:.]", "--warning"),
    (("-H", "--hostname", "--host"), r"", "HOST without an option"),
    (("-p",), r"\d+$", "--port"),
    (("-t",), r"\d", "--timeout"),
    (("-F", "--fqdn"), r"\w", "--helo"),
    (("-U", "--authuser", "--username"), r"\w", "--user with --password-file"),
    (("-A", "--authtype"), r"\w", "--mechanism"),
    (("-S", "--starttls"), r"", "--tls starttls"),
    (("--ssl", "--tls", "--smtps"), r"$|-", "--tls implicit"),
    (("-D", "--certificate"), r"\d", "--expiry-warning"),
    (("--from", "--mail-from"), r"", "--sender with --recipient"),
    (("-p", "--port"), r"\d+$", "--base-url, with the port"),
    (("-P",), r"(?!\d+$)\w", "--auth-password-file"),
    (("-I", "--IP-address"), r"[\d.:]+$", "--resolve"),
    (("--no-redirects", "--no-follow", "--no-location"), r"", "--max-redirects 0"),
    (("--html",), r"", "-o junit=FILE"),
    (("--lang", "--language"), r"", "--language"),
    (("--out", "--summary-export"), r"json=", "-o {}"),
    (("--out",), r"(?!json=)\w+=", "-o FORMAT=FILE"),
    (("-u", "--user"), r"https?://|/", "--base-url"),
    (("-u", "--user"), r"[^-:][^:]*:", "--auth-user with --auth-password-file"),
    (("-H", "-k"), r"[\w-]+:(?!\d)", "--header"),
    (("-b", "--cookie"), r"[^-]", "--header 'Cookie: …'"),
    (("-m",), r"[\d.]+s?$", "--timeout"),
    (("-x",), r"\w+://|[\w.]+:\d", "--proxy"),
    (("-k",), r"$|-|.*\.feature", "--verify-peer false"),
    (("--insecure", "--no-verify-peer", "--no-check-certificate", "--ignore-https-errors"), r"", "--verify-peer false"),
    (("-4", "--ipv4"), r"", "--address-family ipv4"),
    (("-6", "--ipv6"), r"", "--address-family ipv6"),
    (("--json",), r"(?!\w+=|.*\.json$|[{\[@])", "--format json"),
    (("--nagios",), r"", "--format nagios"),
    (("-o", "--output", "--out"), r"json$", "--format json"),
    (("--out", "--outfile", "--output-file", "--report-file", "--json"), r".*\.json$", "-o json={}"),
    (("--out", "--outfile", "--output-file", "--report-file", "--junit", "--junitxml", "--junit-xml"),
     r".*\.xml$", "-o junit={}"),
    (("--junit", "--junitxml", "--junit-xml", "--junit-directory"), r"", "-o junit=FILE"),
    (("-o", "--output"), r"yaml|jsonpath|name$|custom", "--format json"),
    (("-o", "--output"), r"wide$|table$", "--format pretty"),
    (("--for", "--duration", "-d", "--until", "--reason", "--comment", "-m", "--author"), r"",
     "SPAN REASON without an option"),
    (("--search", "--grep", "-g", "-k", "--filter", "--name", "-n"), r"", "WORD without an option"),
    (("--shell", "-s"), r"", "SHELL without an option"),
    (("-c", "-C", "--config", "--conf", "-f", "--file"), r"", "FILE without an option"),
    (("-o", "--output", "--out", "--dest", "-d"), r"", "DIR without an option"),
    (("--alluredir",), r"", "-o junit=FILE"),
    (("--tags", "-t", "--scenario", "--feature"), r"", "JOB without an option"),
    (("--exclude", "--exclude-tags", "--skip"), r"", "--tags 'not @NAME'"),
    (("--wip",), r"", "--tags @wip --fail-fast"),
    (("-c", "-P"), r"\d+$", "--jobs"),
    (("-c", "--critical"), r"[\d@~:.]+$", "--critical"),
    (("-c", "-C", "--conf", "--config", "--file", "-f"), r"[^-\d].*[./]", "CONF without an option"),
    (("-c", "-C"), r"", "CONF without an option"),
    (("--job", "-n", "--name", "--service"), r"", "JOB without an option"),
    (("--all", "-A", "-a"), r"", "no JOB, for all of them"),
)  # fmt: skip
"""Options of other programs, a regular expression for the word behind one, and what is meant then; {} is that word.

What is meant is known if its first option, or the name of an argument in it, is."""

_ADVICE = {
    "a step does that, see collectd-inode steps request":
        ("-X", "--request", "--method", "--data", "--data-raw", "--data-binary", "--data-urlencode", "--json", "-I",
         "--head", "-G", "--get", "-T", "--upload-file", "-F", "--form", "--form-string", "--post", "--body", "-j"),
    "a step does that, see collectd-inode steps see": ("-r", "--regex", "--string", "--expect", "-R", "--eregi"),
    "leave it out: nothing is captured": ("--no-capture", "--nocapture", "--capture", "--no-logcapture",
                                          "--no-capture-stderr", "--capture-hooks", "--no-capture-hooks"),
    "leave it out: an undefined step always fails": ("--strict", "--strict-markers", "--no-strict", "--strict-config",
                                                     "--guess"),
    "leave it out: answers may always be compressed": ("--compressed",),
    "leave it out: redirects are followed, 20 of them": ("-L", "--location", "--location-trusted", "--follow-redirects",
                                                         "--onredirect"),
    "leave it out: a status of 400 or more fails a step": ("--fail", "--fail-with-body", "--fail-early"),
    "leave it out: requests are HTTP/1.1, with engine chromium what the site speaks":
        ("--http2", "--http1.1", "--http1.0", "-0", "--http3", "--http2-prior-knowledge", "--alpn", "--no-alpn"),
    "leave it out: basic or digest, as the site asks, with --auth-user":
        ("--digest", "--basic", "--anyauth", "--ntlm", "--negotiate"),
    "leave it out: each run begins without cookies and without a connection":
        ("--no-cookies-reset", "--no-connection-reuse", "--no-vu-connection-reuse", "--junk-session-cookies", "-j",
         "--no-keepalive", "--cache-clear"),
    "leave it out: the environment's proxy is ignored": ("--noproxy", "--no-proxy"),
    "leave it out: skipped steps are always shown, but for --quiet": ("--show-skipped",),
    "leave it out: the name of --base-url is sent": ("--sni", "--vhost"),
    "leave it out: it goes to no other machine": ("--publish-quiet", "--no-publish-quiet", "--no-usage-report"),
    "leave it out: it has no plugins and no debugger":
        ("--runner", "--pdb", "--plugins", "-p", "--disable-warnings", "-W", "--pythonwarnings", "--cov", "--no-cov",
         "--import-mode", "--rootdir", "--exit", "--no-exit", "--basetemp", "--setup-show"),
    "client certificates are PEM files without a passphrase: --client-cert and --client-key":
        ("--cert-type", "--key-type", "--pass"),
    "write FILE:LINE in place of the file": ("--line", "--lines"),
    "-o FORMAT=FILE writes results; --verbose shows more of them":
        ("--write-out", "--summary-export", "--console-output", "--summary-trend-stats", "--extended-perfdata",
         "--html", "-O", "--remote-name"),
    "for that type: collectd-inode steps": ("--steps-catalog", "--fixtures", "--steps-usage", "--usage"),
    "for that type: collectd-inode steps --language LANGUAGE": ("--i18n-keywords", "--keywords"),
    "it watches a site, and puts no load on it": ("--rps", "--batch", "--min-iteration-duration", "--paused",
                                                  "--linger", "--execution-segment", "--max-vus"),
    "scenarios run in the order of their files": ("--order", "--random", "--shuffle", "--random-order", "--sort",
                                                  "--sort-by"),
    "write PATH:LINE for a scenario that has failed": ("--lf", "--last-failed", "--ff", "--failed-first", "--sw",
                                                       "--rerunfailures", "--only-failed", "--stepwise", "--nf"),
    "the language is in the feature's first line: # language: de": ("--lang", "--language", "--lang-list",
                                                                   "--lang-help", "--i18n-languages"),
    "results go nowhere by themselves; -o FORMAT=FILE writes them": ("--publish", "--record", "--upload"),
    "for that type: watch collectd-inode …": ("-w", "--watch", "--follow", "-F"),
    "collectd-inode check and jobs run nothing": ("--dry-run", "--list", "-t", "--test", "--syntax-check"),
    "it changes nothing: each finding says what to do": ("--fix", "--autofix", "-i", "--write"),
    "leave it out: this command always shows the same":
        ("-v", "--verbose", "-q", "--quiet", "--silent", "--debug", "-d", "--no-headers", "--show-labels"),
    "the file is written as an argument, without an option": ("-f", "--filename", "--file"),
}  # fmt: skip
"""Advice about options of other programs that no option here is like."""

_CHOICES = {
    "pretty": ("plain", "progress", "progress2", "progress3", "text", "human", "console", "spec", "documentation",
               "dot", "dots", "line", "list", "wide", "table", "default"),
    "json": ("json.pretty", "ndjson", "jsonl", "message", "cucumber", "jsonlines", "yaml", "rerun"),
    "junit": ("xml", "junitxml", "junit-xml", "xunit", "surefire", "html", "allure"),
    "nagios": ("icinga", "plugin", "naemon", "sensu", "checkmk", "check_mk"),
    "chromium": ("chrome", "browser", "headless", "firefox", "webkit", "edge", "selenium", "playwright"),
}  # fmt: skip


def command(typed: str, known: Collection[str]) -> str:
    """The most similar command; empty where none is similar."""
    word = typed.lower()
    if word == "version":
        return "--version"
    if word.partition(":")[0].endswith(".feature"):
        return f"run {typed}"
    if word in known:
        return word
    meant = next((ours for ours, theirs in _COMMANDS.items() if word in theirs and ours in known), "")
    begun = [name for name in known if name.startswith(word)]
    if meant or len(begun) == 1:
        return meant or begun[0]
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")


def option(typed: str, known: Collection[str], value: str = "") -> str:
    """The most similar option, as it is written with the *value* behind it; empty where none is similar."""
    word, equals, own = typed.partition("=")
    value = own if equals else value
    plain = word.lower().replace("_", "-") if word.startswith("--") else word
    if plain in known:
        return plain
    if meant := _by_value(plain, value, known):
        return meant
    if meant := next((ours for ours, theirs in _OPTIONS.items() if word in theirs and ours in known), ""):
        return meant
    if advice(typed):
        return ""
    long = [name for name in known if name.startswith("--")]
    begun = [name for name in long if len(plain) > 3 and name.startswith(plain)]
    return begun[0] if len(begun) == 1 else _nearest(plain, long)


def _nearest(typed: str, known: Collection[str]) -> str:
    """The one of *known* that *typed* is a slip of: it begins alike, and most of its letters are there."""
    alike = [name for name in known if name[:3] == typed[:3]]
    near = difflib.get_close_matches(typed[2:], [name[2:] for name in alike], n=1, cutoff=0.72)
    return f"--{near[0]}" if near and typed.startswith("--") else ""


def _by_value(word: str, value: str, known: Collection[str]) -> str:
    for theirs, pattern, ours in _BY_VALUE:
        wanted = re.findall(r"--?[a-zA-Z-]+|[A-Z]{3,}", ours)[0]
        if word in theirs and wanted in known and re.match(pattern, value):
            return ours.format(value)
    return ""


def advice(typed: str) -> str:
    """Advice about an option of another program that no option here is like; empty if there is none."""
    word = typed.partition("=")[0]
    return next((what for what, theirs in _ADVICE.items() if word in theirs), "")


def choice(typed: str, known: Collection[str]) -> str:
    """The most similar one of an option's words; empty where none is similar."""
    word = typed.lower()
    if word in known:
        return word
    format, _, path = typed.partition(":")
    if format in known and path:  # as cucumber has it
        return f"-o {format}={path}"
    meant = next((ours for ours, theirs in _CHOICES.items() if word in theirs and ours in known), "")
    if not meant and "json" in known and (found := re.search(r"@|/|\.\w+$", typed)):  # of another program's -f
        written = format_of(typed)
        file = f"-o {written}={typed}" if written not in ("", "pretty") else "the file without -f"
        return "--sender" if found[0] == "@" else file
    return meant or next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.6)), "")
