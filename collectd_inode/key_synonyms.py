"""Keys in other programs' words: Nagios', Icinga's, Prometheus' and its exporters', Alertmanager's, curl's, cron's.

For suggestions only.  A row is a regular expression for a whole key in lower case, without hyphens, underscores and a
colon at its end, and our keys with its meaning: the first that the block knows is suggested.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_SYNONYMS = (
    (r"(?:quorum|majority|votes?|threshold|atleast|min(?:imum)?down|mindown|minfailing|least|needed|downcount|min)",
     ("Least",)),
    # Zabbix, Selenium, Playwright, Cypress, k6, Postfix, Debian's Exim
    (r"posts|queryfields|required|match(?:es|regex)?", ("Feature",)),
    (r"javascriptenabled|desiredcapabilities", ("Engine",)),
    (r"screenshotrootdirectory|videos?(?:folder)?|runonfailure", ("SaveFailures",)),
    (r"(?:blacklist|block)ips?", ("Block",)),
    (r"dns(?:servers?)?", ("Resolve", "Server")),
    (r"smtptlswrappermode", ("TLS",)),
    (r"smtpsaslauthenable|authplain", ("User",)),
    (r"mailname", ("HeloName",)),
    (r"(?:smtp|dc)?smarthosts?", ("Server", "Notify")),
    # words whose last part has another meaning
    (r"(?:notification|notify|alert|contact|mute|active|inhibit)(?:period|timeintervals?|rules?|options|by)?"
     r"|(?:muted?|active)timeintervals?|inhibit(?:ion)?rules?|groupby|eventhandler|obsess\w*|annotations?|routes?"
     r"|(?:smtp)?(?:smarthost|emailconfigs?|webhook\w*|slack\w*|pagerduty\w*)|summary|runbook\w*",
     ("Notify", "Server")),
    (r"(?:enable)?flap(?:ping)?\w*|timesbegin|times|\w*flapthreshold|failafter|failuresbeforealert", ("Confirm",)),
    (r"maxretriesbefore\w*|unhealthythreshold", ("Confirm",)),
    (r"(?:healthy|rise)threshold", ("ConfirmRecovery",)),
    (r"activechecks?enabled|activechecks|(?:min|max)poll|poll|updateinterval|runevery|every|iterations?|vus",
     ("Interval",)),
    (r"check(?:command|type|plugin)|commandline|exec(?:utable)?|plugin|command|query|keyword|keywords"
     r"|http(?:expect(?:bodyregex\w*|string)?|string|regex|method|post|body)|expect(?:ed\w*|string|body|status\w*)?"
     r"|required(?:string|statuscodes?)|requiredstring|valid(?:statuscodes?|httpversions)|statuscodes?"
     r"|failif(?!.*(?:ssl|tls)).*|body|method|verb|expr(?:ession)?|query(?:response)?|post(?:data|fields)?"
     r"|steps?definition"
     r"|spec(?:pattern|files?)|testmatch|testdir|assert(?:ions?)?|thresholds?|acceptedstatuscodes?",
     ("Feature", "Confirm")),
    (r"failif(?:not)?(?:ssl|tls)\w*|httpssl(?:version)?|forcetls\w*|forcessl", ("MinimumTLS", "TLS")),
    (r"staticconfigs?|targets?|hostsfile|(?:http)?(?:vhost|uri|urlpath|url|baseurl)|metricspath|endpoint|webpage"
     r"|webroot",
     ("BaseURL", "Server", "Job")),
    (r"(?:http|ip)address(?:es)?|hostip|hostresolverrules|skipresolve\w*|connectip|addhost|hosts?override",
     ("Resolve", "Server")),
    (r"commandendpoint|zone|sourceip(?:address)?|egress\w*", ("SourceAddress", "Host")),
    (r"(?:honor|external)labels|servicedescription|servicename|jobname|title|description|name", ("Host",)),
    (r"samplelimit|labellimit", ("MaxBodySize",)),
    (r"(?:http)?onredirect|(?:no)?followredirects?|maxredirs?", ("MaxRedirects",)),
    (r"httpcertificate|certificatecheck|sslcheck", ("VerifyPeer", "ExpiryWarning")),
    (r"(?:http)?authpair|httpauth|httpusername", ("AuthUser", "User")),
    (r"compression|contenttype|acceptencoding|accept(?:language)?|referr?er|useragentheader|oauth2?|apitoken|jwt"
     r"|xapikey"
     r"|origin|cors|useragentstring", ("Header", "TokenURL")),
    # the browser
    (r"prober|headless|browser(?:name|type)?|engine|driver|render(?:er)?|javascript|js|webdriver|chrom(?:e|ium)|firefox"
     r"|playwright|selenium|puppeteer", ("Engine",)),
    (r"(?:chrom(?:e|ium)|browser|executable|binary|driver)(?:executable)?(?:path|binary|location)|chromebin",
     ("BrowserPath",)),
    (r"runas(?:user)?|asuser|browseruid|sandboxuser", ("BrowserUser",)),
    (r"workers?|parallel(?:ism|jobs)?|concurren\w*|threads?|maxinstances|browsers|maxparallel|instances",
     ("BrowserJobs", "Shard")),
    (r"view ?port(?:size|width|height)?|(?:window|screen)(?:size|width|height|resolution)?|resolution|geometry"
     r"|device(?:name)?"
     r"|emulate", ("Window",)),
    (r"timezone(?:id|name)?|tz|time_?zone|utcoffset", ("TimeZone",)),
    (r"lang(?:uage)?s?|acceptlanguages?|locales?|localeid|country", ("Locale", "Vocabulary")),
    (r"implicit(?:ly)?wait|(?:default)?(?:command|assertion|expect|action)timeout|wait(?:timeout|until|fortimeout)?"
     r"|actionability"
     r"|polltimeout|settle(?:time)?", ("WaitFor", "Confirm")),
    (r"block(?:ed)?(?:hosts?|urls?|list|ads|requests?|domains?)?|ad ?block(?:er)?|denylist|blacklist|excludeurls?"
     r"|ignoreurls?",
     ("Block",)),
    (r"(?:allow|permit)(?:local|internal|private|loopback)\w*|ssrf\w*|(?:allow|white)list", ("AllowPrivate",)),
    # a smarthost
    (r"(?:smtp|ntp|mail|server|remote|submission)?port(?:s|number|no)?", ("Port", "BaseURL")),
    (r"(?:ssl|tls|client)?keypassw\w*|(?:ssl|tls)keypass\w*", ("ClientKey",)),
    (r"(?:smtp)?(?:sasl)?(?:auth)?(?:identity|user|username|login)", ("User", "AuthUser")),
    (r"(?:smtp)?(?:require|use|enable|start)(?:start)?tls|(?:smtp)?tlssecuritylevel|smtpd?usetls|encryption"
     r"|securitylevel",
     ("TLS", "MinimumTLS")),
    (r"(?:smtp)?sasl(?:password\w*|passwd)|(?:smtp)?authsecret|passwordmaps", ("PasswordFile", "Secret")),
    (r"(?:smtp)?(?:sasl)?(?:mechanismfilter|authmechanisms?)", ("Mechanism",)),
    (r"(?:smtp)?(?:helo|ehlo|hello)(?:name)?|fqdn|myhostname|primaryhostname", ("HeloName", "Server", "Host")),
    (r"(?:smtp)?tlscafile|(?:smtp)?cafile", ("CACert",)),
    (r"certificate(?:age|days|expiry|expiration|lifetime)|mindays|dayswarning", ("ExpiryWarning",)),
    (r"(?:oauth2?|access|bearer)(?:access)?token(?:file|path)?", ("TokenFile", "Header")),
    (r"clientsecret(?:file)?|oauth2?secret", ("ClientSecretFile", "Secret")),
    (r"clientid|oauth2?client|appid|tenant\w*", ("ClientID",)),
    (r"(?:oauth2?|token)(?:token)?(?:endpoint|uri|url)|issuer|tokenserver", ("TokenURL",)),
    (r"refreshtoken(?:path)?", ("RefreshTokenFile",)),
    (r"(?:check)?open(?:ly)?relay\w*|relaycheck|refuse\w*|denyrelay|anonymous\w*|unauth\w*", ("RefusedWithoutAuth",)),
    (r"retryafter|(?:auth|login|lockout|failed|back)(?:backoff|lockout|delay|pause|cooldown|off)|lockout\w*|cooldown",
     ("AuthHoldOff", "RetryInterval")),
    # time, and a quorum
    (r"(?:offset)?(?:warning|warn|critical|crit)(?:offset|threshold|level)?|maxslew|panic\w*|makestep|maxchange"
     r"|tinker\w*|jitter",
     ("MaxOffset", "Least", "ExpiryWarning")),
    (r"(?:max)?(?:stratum|rootdelay|rootdispersion|dispersion|distance|maxdistance)", ("MaxRootDistance",)),
    (r"(?:i|x)?burst|polls|packets|count|measurements|queries", ("Samples",)),
    (r"ntp(?:server|address|host|peer)s?|timeserver|ntpservers?|clock|reference", ("Server",)),
    (r"ntppool|pools?", ("Pool", "Server")),
    (r"members?|probes?|nodes?|machines?|locations?|vantagepoints?|agents?|zones?|regions?|sites?|hosts|instances",
     ("Hosts",)),
    (r"min(?:imum)?(?:reporters|probes|alive|present|hosts|nodes|up|members|reports)?|reporting|quorumsize",
     ("MinReporting",)),
    (r"checks?|services?|watch(?:es)?|monitors?|scenarios?|jobs?|tests?|series|plugininstance|identifier",
     ("Job", "Feature")),
    # on disk
    (r"maxdisk(?:usage|space)?|(?:disk|total)(?:quota|limit|size|usage|space|max)?|quota|maxtotal(?:size)?|diskquota",
     ("SaveTotal", "SaveBytes")),
    (r"retention(?:days|time|period)?|maxage|keepdays|expireafter|(?:storage)?retention", ("SaveAge", "SaveMax")),
    # German
    (r"intervalle?|takt|haeufigkeit|abstand", ("Interval",)),
    (r"zeitlimit|zeitueberschreitung|zeitüberschreitung|frist", ("Timeout",)),
    (r"passw(?:oe|ö)rte?r?|passwort(?:datei)?|kennwort", ("AuthPasswordFile", "PasswordFile", "Secret")),
    (r"benutzer(?:name)?|nutzer|anmeldename", ("AuthUser", "User")),
    (r"adresse|rechner|seite|basisurl", ("BaseURL", "Server", "Host")),
    (r"wiederholung(?:en)?|versuche", ("Confirm",)),
    (r"benachrichtig\w*|alarm\w*", ("Notify",)),
    (r"geheimnis|schluessel|schlüssel", ("Secret",)),
    # intervals and timeouts
    (r"(?:max|service|host|hard)?(?:check)?(?:attempts?|retries|tries)|maxcheckattempts|for|pending(?:for"
     r"|period)?|alertafter"
     r"|grace(?:period)?|groupwait|evaluationdelay|wait|soft(?:states?|checks?)|firstnotificationdelay"
     r"|failures?(?:before.*|threshold)?"
     r"|(?:failure|alert|down)?threshold|consecutive.*|flap.*|debounce|damp.*|hysteresis|confirm(?:ations?|checks)",
     ("Confirm", "MaxOffset")),
    (r"keepfiringfor|resolve(?:timeout|after|d)|recover(?:y|ies|after|threshold).*|success(?:threshold"
     r"|before).*|oksbefore.*"
     r"|confirm(?:ok|okay|up)", ("ConfirmRecovery",)),
    (r"(?:check)?retr(?:y|ies)(?:check)?(?:interval|delay|period|every|wait|backoff|seconds|after)?|recheck.*"
     r"|softinterval",
     ("RetryInterval",)),
    (r"(?:re)?notif(?:y|ication)s?(?:repeat)?(?:interval|period|every)|(?:repeat|group|renotif\w*|resend"
     r"|realert|remind(?:er)?s?)"
     r"(?:interval|every|period|delay)?|escalat.*", ("RepeatInterval",)),
    (r"freshness.*|checkfreshness|heart ?beats?|keepalive|deadman.*|watchdog|stalkingoptions|passivechecks?.*|ttl",
     ("Heartbeat",)),
    (r"startdelay|delay|offset|initialdelay|splay|jitter|startat", ("StartOffset",)),
    (r"steptimeout|requesttimeout|readtimeout|connecttimeout|navigationtimeout"
     r"|perstep.*", ("StepTimeout", "Timeout")),
    (r"(?:\w*time ?out\w*|deadline|maxtime|maxduration|maxruntime|timelimit|timeouts?econds"
     r"|executiontimeout)", ("Timeout",)),
    (r"(?:normal|active|scrape|evaluation|poll(?:ing)?|run|probe|sample|service|host)?(?:check)?(?:interval"
     r"|frequency|freq|period"
     r"|every|cadence|rate)(?:s|seconds|sec)?|cron(?:tab|expression)?|schedule|every|step|repeatevery"
     r"|refresh(?:interval)?"
     r"|minutes|seconds|timer|oncalendar", ("Interval",)),
    (r"notif(?:y|ications?)(?:enabled|options?|s)?|enablenotifications?|alert(?:s|ing|ingenabled)?"
     r"|contacts?(?:groups?)?"
     r"|sendresolved|receivers?|route|pager|e?mailto|severity", ("Notify",)),
    (r"(?:host|instance|node|machine)(?:name|alias|s)?|alias|display(?:name)?|address|target|fqdn",
     ("Server", "Host")),
    # addresses and routes
    (r"(?:preferred)?ip(?:protocol|version|family)?(?:fallback)?|ipv[46](?:only)?|inet6?|force(?:ip)?v?[46]|network"
     r"|family"
     r"|protocolversion",
     ("AddressFamily",)),
    (r"(?:source|local|bind|outgoing|client)(?:ip)?(?:address|ip|interface|addr)?|interface|bind(?:to)?|localaddr",
     ("SourceAddress",)),
    (r"(?:base|site|start|root|home|target|app|test)?(?:url|uri|site|website|link|domain|origin|href)s?|urls?"
     r"|baseaddress|webroot",
     ("BaseURL", "Server")),
    (r"(?:https?|socks)?proxy(?:url|host|server|address)?|viaproxy|gateway", ("Proxy",)),
    (r"(?:request|http|extra|custom|add)?headers?|cookies?|bearer.*|authorization|apikey", ("Header",)),
    (r"(?:http)?(?:user)?agents?(?:string)?|ua", ("UserAgent",)),
    (r"(?:basic|http|digest)?(?:auth)?(?:user|username|login|loginname|account|uid)|basicauth|auth|credentials?"
     r"|authentication",
     ("AuthUser", "User")),
    (r"(?:\w*(?:password|passwd|passphrase|pwd))s?(?:file|path)?|pass|pw",
     ("AuthPasswordFile", "PasswordFile", "Secret")),
    (r"secrets?(?:file|path|key)?|(?:\w*)secret|vault|token|accesstoken", ("Secret", "TokenFile")),
    (r"env(?:ironment)?s?|vars?|variables?|param(?:eter)?s?|define|defines|data|args?|macros?", ("Variable",)),
    (r"(?:dns|host)?(?:resolve|override|map|alias)(?:s|to)?|etchosts|connectto|nameserver", ("Resolve",)),
    (r"(?:follow|max|allow|no)?(?:follow)?redirects?(?:count|limit)?|followlocation|location", ("MaxRedirects",)),
    (r"(?:max|body|page|response|download)(?:body|page|response|download)?(?:size|bytes|length"
     r"|limit)?(?:limit)?", ("MaxBodySize",)),
    # TLS
    (r"insecure(?:skip(?:tls)?verify|tls)?|(?:tls|ssl)?(?:skip|no|dis\w*)?(?:cert\w*)?(?:verify|validat"
     r"|check)(?:ssl|tls|host|peer|cert\w*)?"
     r"|(?:ignore|accept|allow|skip|trust|verify|check)(?:\w*(?:cert|ssl|tls|https|insecure)\w*)|k"
     r"|rejectunauthorized|strictssl",
     ("VerifyPeer",)),
    (r"(?:ca|root|trust)(?:file|path|cert|certs|bundle|certificate|certificates|store|info|s)?|cafile"
     r"|truststore|sslcafile",
     ("CACert",)),
    (r"(?:client|tls|ssl|my)?cert(?:ificate|s)?(?:file|path)?|pem|keystore|identity", ("ClientCert",)),
    (r"(?:client|tls|ssl|private)?key(?:file|path)?|privatekey", ("ClientKey",)),
    (r"min(?:imum)?(?:protocol)?version|tlsconfig|(?:min(?:imum)?|lowest)?(?:tls|ssl)(?:min(?:imum)?)?(?:version|v"
     r"|protocols?)|mintls|sslversion"
     r"|securityprotocol",
     ("MinimumTLS",)),
    (r"(?:tls|ssl)servername|sni|servername|certname|expectedname", ("ServerName", "Resolve")),
    (r"(?:use)?(?:start)?(?:tls|ssl|encryption|secure|security)|smtps|implicittls", ("TLS", "MinimumTLS")),
    (r"(?:certificate)?(?:expir\w*|warn(?:ing)?)(?:days|warning|alert)?|daysleft|sslwarn.*", ("ExpiryWarning",)),
    # steps and expectations
    (r"(?:feature|scenario|test|spec|script|gherkin)s?(?:file|path|dir|folder|directory)?s?|files?|paths?"
     r"|include|glob|source",
     ("Feature",)),
    (r"tags?(?:filter|expression)?|filter|only|select|exclude|skip|labels?|markers?|suite|scope", ("Tags",)),
    (r"(?:step|python)(?:definitions?|defs?|dir|path|file|module|modules|s)?|plugins?|modules?|glue|require"
     r"|library", ("Steps",)),
    (r"(?:dialect|language|grammar|compat(?:ibility)?|legacy|mode|syntax)", ("Vocabulary",)),
    (r"(?:metric|detail|measure|series|granularity|verbosity|level|perfdata|responsetime|measure\w+)s?", ("Detail",)),
    (r"(?:save|keep|store)?(?:screenshots?|artifacts?|evidence|dumps?|traces?|failures?|har|logs?|outputdir"
     r"|output|report)(?:s|dir|path"
     r"|folder)?", ("SaveFailures",)),
    (r"(?:keep|retain|retention|history|max(?:failures|saves|files))(?:count|runs|s|days)?", ("SaveMax", "SaveAge")),
    (r"(?:state|data|cache|spool|var|work|persist\w*)(?:dir|directory|path|file|folder)?", ("StateDir",)),
    (r"strict|failonerror|exitonerror|fatal", ("StrictConfig",)),
    # mail, time
    (r"(?:smtp|mail|relay|smart)?(?:server|host|relay|mx|hub)(?:name|s)?|smtp|mta|upstream", ("Server", "Host")),
    (r"(?:mail|envelope)?(?:from|sender|returnpath)(?:address)?", ("Sender",)),
    (r"(?:mail|envelope)?(?:to|rcpt|rcptto|recipients?|receiver)(?:address)?", ("Recipient",)),
    (r"(?:helo|ehlo|hello)(?:name|host|domain)?|myhostname", ("HeloName",)),
    (r"(?:auth|sasl)?(?:mechanisms?|mechs?|method|type)", ("Mechanism",)),
    (r"(?:max|critical|crit|allowed)?(?:offset|drift|skew|deviation|error|difference)(?:s|ms|seconds|limit"
     r"|max)?", ("MaxOffset",)),
    (r"(?:ntp)?(?:peers?|timeservers?|time|sources?|servers)", ("Server", "Pool")),
)  # fmt: skip
"""Compiled for the first unknown key."""


_TOOLS = re.compile(
    r"^(?:http|https|smtp|smtpd|ntp|vars|ssl|tls|service|check|probe|monitor|web|curl|k6|nagios"
    r"|icinga|zabbix)(?=.)"
)


def meant(word: str, known: Collection[str]) -> str:
    """The one of the *known* keys with the meaning of *word*; empty where no row knows it."""
    return _row_of("".join(_parts(word)).lower(), known)


def meant_in_part(word: str, known: Collection[str]) -> str:
    """The same by the end of *word*: ``smtp_auth_user`` is ``auth_user``, ``http_uri`` is ``uri``."""
    parts = _parts(word)
    ends = ("".join(parts[first:]).lower() for first in range(1, len(parts)))
    found = (_row_of(end, known) for end in (*ends, _TOOLS.sub("", "".join(parts).lower())))
    return next((key for key in found if key), "")


def has_no_like(word: str) -> bool:
    """Whether *word* is a key of another program that no key here is like, though its letters are."""
    return bool(re.fullmatch(_NO_LIKE, "".join(_parts(word)).lower()))


_NO_LIKE = (
    r"(?:warning|failure|warn|crit)(?:max|min)|hits|persist|queryresponse|displayname|isvolatile"
    r"|relabelconfigs"
)


def _parts(word: str) -> list[str]:
    """The words in a key."""
    return re.findall(r"[A-Z]+(?![a-zß-ÿ])|[A-Z]?[a-zß-ÿ0-9]+|[A-Z0-9]+", word)


def _row_of(plain: str, known: Collection[str]) -> str:
    rows = (keys for pattern, keys in _SYNONYMS if re.fullmatch(pattern, plain))
    return next((key for keys in rows for key in keys if key in known), "")
