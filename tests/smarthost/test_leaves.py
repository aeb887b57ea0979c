"""The audit of the configurations in leaves.py; a really sending Exim agrees with each of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from collectd_inode.smarthost.audit import AuditFinding, report
from tests.helpers.exim import NAME, Exim, leaf, smarthost
from tests.helpers.leaves import LEAVES, Leaf

EACH = pytest.mark.parametrize("case", LEAVES, ids=[case.name for case in LEAVES])
MAIL = "Subject: from the leaf\n\nIt works.\n"


def filled(case: Leaf, *, port: int = 587, ca: str = "/etc/exim4/ca.crt") -> str:
    """The configuration of a leaf at a smarthost."""
    text = case.text.replace("SMARTHOST", NAME).replace("CAPITALS", NAME.upper())
    return text.replace("PORT", str(port)).replace("= CA\n", f"= {ca}\n")


def enforced(found: tuple[AuditFinding, ...], code: str) -> bool | None:
    """Whether all of that code are as they should be; None where it holds by chance."""
    said = [finding for finding in found if finding.code == code]
    assert said
    by_chance = any("enforced only while" in finding.message for finding in said)
    return None if by_chance else all(finding.ok for finding in said)


@EACH
def test_what_the_audit_says(case: Leaf) -> None:
    """For every host that the mail may end at; and where it goes."""
    found = report(filled(case), path="conf")
    avoided = any(finding.code == "hosts_avoid_tls" for finding in found)
    assert (enforced(found, "hosts_require_tls"), enforced(found, "tls_verify_hosts")) == (case.tls, case.verifies)
    assert avoided is (case.name == "TLS is avoided")
    routes = [finding for finding in found if finding.code == "route"]
    assert all(route.ok and "transport smart" in route.message for route in routes)
    assert any(NAME in route.message for route in routes)
    assert {finding.message.split(":")[0] for finding in found if "transport other" in finding.message} == set()
    assert [finding.ok for finding in found if finding.code == "tls_verify_certificates"] == [case.mails]


@dataclass(frozen=True, slots=True)
class Smarthosts:
    """Two that nobody should talk to: one without TLS, one with a certificate of nobody's."""

    in_clear: Exim
    unknown: Exim
    ca: str


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Smarthosts]:
    folder = tmp_path_factory.mktemp("smarthosts")
    pem, ca = folder / "bad.pem", folder / "ca.pem"
    trustme.CA().issue_cert(NAME).private_key_and_cert_chain_pem.write_to_path(str(pem))
    trustme.CA().cert_pem.write_to_path(str(ca))
    with ExitStack() as stack:
        yield Smarthosts(
            stack.enter_context(smarthost(folder / "in clear", password="s3cret", relays=True, in_clear=True)),
            stack.enter_context(
                smarthost(folder / "unknown", password="s3cret", relays=True, certificate=str(pem), ca=str(ca))
            ),
            str(ca),
        )


@EACH
def test_exim_agrees(case: Leaf, bad: Smarthosts, tmp_path: Path) -> None:
    """It sends, where that is not enforced, in clear and to whom it does not know; and prints what the audit says.

    Where TLS is not required, it delivers in clear to whom it does not know.
    """
    tls, verifies = (case.lucky if held is None else held for held in (case.tls, case.verifies))
    kept = (tls, tls and verifies)
    for at, keeps in zip((bad.in_clear, bad.unknown), kept, strict=True):
        folder = tmp_path / at.folder.parent.name
        folder.mkdir()
        sender = leaf(folder, filled(case, port=at.port, ca=bad.ca))
        log = sender.send("root@example.org", "someone@example.net", MAIL)
        sent = "=> someone@example.net R=smart T=smart" in log
        assert sent is not keeps, log
        assert answers(sender.configuration.read_text()) == answers(sender.printed("config"))


def answers(text: str) -> list[tuple[str, bool, str]]:
    """What the audit says, but for places and for what was not read."""
    return [(f.code, f.ok, f.message) for f in report(text, path="conf") if f.code != "include"]
