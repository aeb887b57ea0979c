"""An unknown key in another program's words is told ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectd_inode.config import Configuration
from collectd_inode.key_synonyms import meant, meant_in_part
from collectd_inode.keys import COMMON_KEYS, MODULE_KEYS
from collectd_inode.kinds import KINDS
from collectd_inode.oconfig import parse, sections

KNOWN = {kind.block: [*(row.name for row in kind.keys), *(row.name for row in COMMON_KEYS)] for kind in KINDS}
SECTION = '<Plugin python>\n<Module collectd_inode>\n<{block} "a">\n{key} "x"\n</{block}>\n</Module>\n</Plugin>\n'


@pytest.mark.parametrize("word", ["WarningMax", "FailureMin", "query_response", "display_name", "Persist"])
def test_a_key_that_has_no_like(word: str) -> None:
    """The known keys are listed, and none is suggested for its letters."""
    configuration = Configuration()
    for section in sections(parse(SECTION.format(block="Smarthost", key=word), "x.conf")):
        configuration.section(section)
    assert [problem.what.partition("; ")[2].partition(":")[0] for problem in configuration.problems] == ["known here"]


@pytest.mark.parametrize(
    ("block", "word", "key"),
    [
        ("Scenario", "Insecure", "VerifyPeer"),
        ("Scenario", "Match", "Feature"),
        ("Scenario", "Username", "AuthUser"),
        ("Scenario", "URL", "BaseURL"),
        ("Scenario", "Password", "AuthPasswordFile"),
        ("Scenario", "Cron", "Interval"),
        ("Scenario", "Schedule", "Interval"),
        # Nagios and Icinga
        ("Scenario", "max_check_attempts", "Confirm"),
        ("Scenario", "check_interval", "Interval"),
        ("Scenario", "retry_interval", "RetryInterval"),
        ("Scenario", "notification_interval", "RepeatInterval"),
        ("Scenario", "check_timeout", "Timeout"),
        ("Scenario", "freshness_threshold", "Heartbeat"),
        ("Scenario", "notifications_enabled", "Notify"),
        ("Smarthost", "host_name", "Server"),
        # Prometheus, its blackbox exporter, Alertmanager
        ("Scenario", "for", "Confirm"),
        ("Scenario", "keep_firing_for", "ConfirmRecovery"),
        ("Scenario", "scrape_interval", "Interval"),
        ("Scenario", "scrape_timeout", "Timeout"),
        ("Scenario", "repeat_interval", "RepeatInterval"),
        ("Scenario", "insecure_skip_verify", "VerifyPeer"),
        ("Scenario", "preferred_ip_protocol", "AddressFamily"),
        ("Scenario", "proxy_url", "Proxy"),
        ("Scenario", "bearer_token", "Header"),
        # spelled nearly so
        ("Scenario", "Intervall", "Interval"),
        ("Scenario", "UserAgnt", "UserAgent"),
        ("Smarthost", "RefreshTokenFlie", "RefreshTokenFile"),
        ("Smarthost", "Password", "PasswordFile"),
        ("Smarthost", "Username", "User"),
        ("NTP", "peer", "Server"),
        # Nagios
        ("Scenario", "first_notification_delay", "Confirm"),
        ("Scenario", "normal_check_interval", "Interval"),
        ("Scenario", "retry_check_interval", "RetryInterval"),
        ("Scenario", "low_flap_threshold", "Confirm"),
        ("Scenario", "notification_options", "Notify"),
        ("Scenario", "notification_period", "Notify"),
        ("Scenario", "service_description", "Host"),
        ("Scenario", "check_command", "Feature"),
        ("Scenario", "check_freshness", "Heartbeat"),
        ("Scenario", "contact_groups", "Notify"),
        ("Scenario", "address", "Host"),
        ("Scenario", "obsess_over_service", "Notify"),
        ("Scenario", "active_checks_enabled", "Interval"),
        ("Scenario", "check_period", "Interval"),
        ("Scenario", "recovery_notification_delay", "ConfirmRecovery"),
        ("Scenario", "event_handler", "Notify"),
        # Icinga
        ("Scenario", "vars", "Variable"),
        ("Scenario", "vars.user", "Variable"),
        ("Scenario", "command_endpoint", "SourceAddress"),
        ("Scenario", "enable_flapping", "Confirm"),
        ("Scenario", "flapping_threshold_high", "Confirm"),
        ("Scenario", "times.begin", "Confirm"),
        ("Scenario", "http_vhost", "BaseURL"),
        ("Scenario", "http_address", "Resolve"),
        ("Scenario", "http_uri", "BaseURL"),
        ("Scenario", "http_ssl", "MinimumTLS"),
        ("Scenario", "http_useragent", "UserAgent"),
        ("Scenario", "http_expect", "Feature"),
        ("Scenario", "http_certificate", "VerifyPeer"),
        ("Scenario", "http_timeout", "Timeout"),
        ("Scenario", "http_auth_pair", "AuthUser"),
        ("Scenario", "http_header", "Header"),
        ("Scenario", "http_onredirect", "MaxRedirects"),
        # Prometheus
        ("Scenario", "evaluation_interval", "Interval"),
        ("Scenario", "metrics_path", "BaseURL"),
        ("Scenario", "static_configs", "BaseURL"),
        ("Scenario", "targets", "BaseURL"),
        ("Scenario", "tls_config", "MinimumTLS"),
        ("Scenario", "ca_file", "CACert"),
        ("Scenario", "cert_file", "ClientCert"),
        ("Scenario", "key_file", "ClientKey"),
        ("Scenario", "basic_auth", "AuthUser"),
        ("Scenario", "password_file", "AuthPasswordFile"),
        ("Scenario", "bearer_token_file", "Header"),
        ("Scenario", "follow_redirects", "MaxRedirects"),
        ("Scenario", "expr", "Feature"),
        ("Scenario", "labels", "Tags"),
        ("Scenario", "annotations", "Notify"),
        ("Scenario", "sample_limit", "MaxBodySize"),
        ("Scenario", "honor_labels", "Host"),
        ("Scenario", "external_labels", "Host"),
        # Alertmanager
        ("Scenario", "group_wait", "Confirm"),
        ("Scenario", "group_interval", "RepeatInterval"),
        ("Scenario", "group_by", "Notify"),
        ("Scenario", "resolve_timeout", "ConfirmRecovery"),
        ("Scenario", "send_resolved", "Notify"),
        ("Scenario", "receiver", "Notify"),
        ("Scenario", "routes", "Notify"),
        ("Scenario", "inhibit_rules", "Notify"),
        ("Scenario", "mute_time_intervals", "Notify"),
        ("Scenario", "active_time_intervals", "Notify"),
        ("Scenario", "smtp_smarthost", "Notify"),
        # blackbox
        ("Scenario", "prober", "Engine"),
        ("Scenario", "module", "Steps"),
        ("Scenario", "valid_status_codes", "Feature"),
        ("Scenario", "fail_if_not_ssl", "MinimumTLS"),
        ("Scenario", "fail_if_body_matches_regexp", "Feature"),
        ("Scenario", "fail_if_body_not_matches_regexp", "Feature"),
        ("Scenario", "ip_protocol_fallback", "AddressFamily"),
        ("Scenario", "source_ip_address", "SourceAddress"),
        ("Scenario", "no_follow_redirects", "MaxRedirects"),
        ("Scenario", "body_size_limit", "MaxBodySize"),
        ("Scenario", "compression", "Header"),
        ("Scenario", "body", "Feature"),
        ("Scenario", "method", "Feature"),
        ("Scenario", "http_headers", "Header"),
        ("Scenario", "oauth2", "Header"),
        ("Scenario", "min_version", "MinimumTLS"),
        ("Scenario", "server_name", "Resolve"),
        ("Scenario", "skip_resolve_phase_with_proxy", "Resolve"),
        # Zabbix
        ("Scenario", "Update_interval", "Interval"),
        ("Scenario", "Attempts", "Confirm"),
        ("Scenario", "Agent", "UserAgent"),
        ("Scenario", "HTTP_proxy", "Proxy"),
        ("Scenario", "Macros", "Variable"),
        ("Scenario", "Required_string", "Feature"),
        ("Scenario", "Required_status_codes", "Feature"),
        ("Scenario", "SSL_verify_peer", "VerifyPeer"),
        ("Scenario", "SSL_verify_host", "VerifyPeer"),
        ("Scenario", "SSL_certificate_file", "ClientCert"),
        ("Scenario", "SSL_key_file", "ClientKey"),
        ("Scenario", "SSL_key_password", "ClientKey"),
        ("Scenario", "delay", "StartOffset"),
        # curl, k6, etc
        ("Scenario", "location", "MaxRedirects"),
        ("Scenario", "referer", "Header"),
        ("Scenario", "cookie", "Header"),
        ("Scenario", "vus", "Interval"),
        ("Scenario", "iterations", "Interval"),
        ("Scenario", "headless", "Engine"),
        ("Scenario", "browser", "Engine"),
        ("Scenario", "browserName", "Engine"),
        ("Scenario", "viewport", "Window"),
        ("Scenario", "windowSize", "Window"),
        ("Scenario", "screen_size", "Window"),
        ("Scenario", "resolution", "Window"),
        ("Scenario", "timezoneId", "TimeZone"),
        ("Scenario", "tz", "TimeZone"),
        ("Scenario", "lang", "Locale"),
        ("Scenario", "language", "Locale"),
        ("Scenario", "executablePath", "BrowserPath"),
        ("Scenario", "chromePath", "BrowserPath"),
        ("Scenario", "chrome", "Engine"),
        ("Scenario", "implicit_wait", "WaitFor"),
        ("Scenario", "defaultCommandTimeout", "WaitFor"),
        ("Scenario", "wait", "WaitFor"),
        ("Scenario", "blockHosts", "Block"),
        ("Scenario", "blockedUrls", "Block"),
        ("Scenario", "adblock", "Block"),
        ("Scenario", "workers", "BrowserJobs"),
        ("Scenario", "parallel", "BrowserJobs"),
        ("Scenario", "runas", "BrowserUser"),
        ("Scenario", "screenshotsFolder", "SaveFailures"),
        ("Scenario", "specPattern", "Feature"),
        ("Scenario", "retries", "Confirm"),
        ("Scenario", "Inteval", "Interval"),
        ("Scenario", "Interwal", "Interval"),
        ("Scenario", "Feture", "Feature"),
        ("Scenario", "Featur", "Feature"),
        ("Scenario", "Secrets", "Secret"),
        ("Scenario", "BaseUri", "BaseURL"),
        ("Scenario", "AuthPassword", "AuthPasswordFile"),
        ("Scenario", "AuthUsername", "AuthUser"),
        ("Scenario", "VerifyHost", "VerifyPeer"),
        ("Scenario", "SSLVerify", "VerifyPeer"),
        ("Scenario", "Varable", "Variable"),
        ("Scenario", "RetryIntervall", "RetryInterval"),
        ("Scenario", "Conform", "Confirm"),
        # German
        ("Scenario", "Intervalle", "Interval"),
        ("Scenario", "Zeitlimit", "Timeout"),
        ("Scenario", "Passwort", "AuthPasswordFile"),
        ("Scenario", "Benutzer", "AuthUser"),
        ("Scenario", "Adresse", "BaseURL"),
        # Playwright, Cypress, k6, Postfix, Debian's Exim
        ("Scenario", "posts", "Feature"),
        ("Scenario", "query_fields", "Feature"),
        ("Scenario", "Required", "Feature"),
        ("Scenario", "javaScriptEnabled", "Engine"),
        ("Scenario", "desired_capabilities", "Engine"),
        ("Scenario", "screenshot_root_directory", "SaveFailures"),
        ("Scenario", "videosFolder", "SaveFailures"),
        ("Scenario", "run_on_failure", "SaveFailures"),
        ("Scenario", "blacklistIPs", "Block"),
        ("Scenario", "dns", "Resolve"),
        ("Scenario", "ignoreHTTPSErrors", "VerifyPeer"),
        ("Scenario", "extraHTTPHeaders", "Header"),
        ("Scenario", "httpCredentials", "AuthUser"),
        ("Scenario", "insecureSkipTLSVerify", "VerifyPeer"),
        ("Smarthost", "smtp_tls_wrappermode", "TLS"),
        ("Smarthost", "smtp_sasl_auth_enable", "User"),
        ("Smarthost", "auth_plain", "User"),
        ("Smarthost", "mailname", "HeloName"),
        ("Smarthost", "dc_smarthost", "Server"),
        ("Smarthost", "smtp_smarthost", "Server"),
        ("Smarthost", "hosts_require_tls", "TLS"),
        ("Smarthost", "authtype", "Mechanism"),
        # smarthost
        ("Smarthost", "hostname", "Server"),
        ("Smarthost", "smtp_port", "Port"),
        ("Smarthost", "relayhost", "Server"),
        ("Smarthost", "smtp_auth_user", "User"),
        ("Smarthost", "smtp_auth_password", "PasswordFile"),
        ("Smarthost", "smtp_auth_username", "User"),
        ("Smarthost", "smtp_require_tls", "TLS"),
        ("Smarthost", "smtp_from", "Sender"),
        ("Smarthost", "smtp_hello", "HeloName"),
        ("Smarthost", "smtp_sasl_password_maps", "PasswordFile"),
        ("Smarthost", "smtp_tls_security_level", "TLS"),
        ("Smarthost", "smtp_tls_CAfile", "CACert"),
        ("Smarthost", "from", "Sender"),
        ("Smarthost", "to", "Recipient"),
        ("Smarthost", "starttls", "TLS"),
        ("Smarthost", "username", "User"),
        ("Smarthost", "auth_username", "User"),
        ("Smarthost", "auth_identity", "User"),
        ("Smarthost", "auth_secret", "PasswordFile"),
        ("Smarthost", "days_warning", "ExpiryWarning"),
        ("Smarthost", "certificate_age", "ExpiryWarning"),
        ("Smarthost", "warning", "ExpiryWarning"),
        ("Smarthost", "fqdn", "HeloName"),
        ("Smarthost", "ssl", "TLS"),
        ("Smarthost", "mail_from", "Sender"),
        ("Smarthost", "rcpt", "Recipient"),
        ("Smarthost", "oauth_token", "TokenFile"),
        ("Smarthost", "client_id", "ClientID"),
        ("Smarthost", "client_secret", "ClientSecretFile"),
        ("Smarthost", "token_endpoint", "TokenURL"),
        ("Smarthost", "refresh_token", "RefreshTokenFile"),
        ("Smarthost", "open_relay", "RefusedWithoutAuth"),
        ("Smarthost", "retry_after", "AuthHoldOff"),
        ("NTP", "servers", "Server"),
        ("NTP", "warning", "MaxOffset"),
        ("NTP", "critical", "MaxOffset"),
        ("NTP", "offset", "MaxOffset"),
        ("NTP", "offset_critical", "MaxOffset"),
        ("NTP", "ntp_address", "Server"),
        ("NTP", "max_drift", "MaxOffset"),
        ("NTP", "stratum", "MaxRootDistance"),
        ("NTP", "iburst", "Samples"),
        ("NTP", "burst", "Samples"),
        ("NTP", "minpoll", "Interval"),
        ("NTP", "poll", "Interval"),
        ("NTP", "jitter", "MaxOffset"),
        ("Quorum", "members", "Hosts"),
        ("Quorum", "probes", "Hosts"),
        ("Quorum", "min", "Least"),
        ("Quorum", "quorum", "Least"),
        ("Quorum", "threshold", "Least"),
        ("Quorum", "checks", "Job"),
        ("Quorum", "service", "Job"),
        ("Quorum", "minimum", "MinReporting"),
    ],
)
def test_the_key_that_is_meant(block: str, word: str, key: str) -> None:
    """By the message that check prints."""
    configuration = Configuration()
    (section,) = sections(parse(SECTION.format(block=block, key=word)))
    problems = configuration.section(section)
    assert f"unknown key; did you mean {key}?" in [problem.what for problem in problems]


@pytest.mark.parametrize("ending", ["", ":"])
def test_a_key_of_yaml(ending: str) -> None:
    """With its colon, should somebody hand one over."""
    assert meant(f"repeat_interval{ending}", KNOWN["Scenario"]) == "RepeatInterval"


@given(st.text(max_size=40))
def test_only_what_the_block_knows(word: str) -> None:
    """Whatever is written, no key is suggested that would be the next mistake."""
    for known in (*KNOWN.values(), [row.name for row in MODULE_KEYS], []):
        assert {meant(word, known), meant_in_part(word, known)} <= {"", *known}
