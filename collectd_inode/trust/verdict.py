"""Whether a server's certificate is good enough, and if not, the fault and who can fix it.

There are two verdicts, because a check that is only strict reports "down" while mail flows: ours (OpenSSL's, the name
included) and that of an Exim leaf, which on Debian uses GnuTLS and checks neither the certificate's purpose nor the
length of its key (measured with GnuTLS 3.7).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from collectd_inode.trust import der, gnutls, signatures
from collectd_inode.trust.certificate import Certificate, clean
from collectd_inode.trust.der import ReadCertificate
from collectd_inode.trust.gnutls import is_address, matches
from collectd_inode.trust.store import Store
from collectd_inode.words import plural


class Flaw(StrEnum):
    """The fault of a certificate."""

    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    WRONG_NAME = "wrong_name"
    COMMON_NAME_ONLY = "common_name_only"
    SELF_SIGNED = "self_signed"
    UNKNOWN_ISSUER = "unknown_issuer"
    MISSING_INTERMEDIATE = "missing_intermediate"
    WEAK_KEY = "weak_key"
    WEAK_DIGEST = "weak_digest"
    WRONG_PURPOSE = "wrong_purpose"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class TrustVerdict:
    """The verdict on a server's certificate."""

    verified: bool
    """Ours: chain, dates, name, purpose and strength are good."""
    as_leaf: bool | None
    """Whether an Exim leaf (GnuTLS, verification enforced) would send its mail; None where it asks what we cannot."""
    flaw: Flaw | None
    message: str
    """The fault and the fix, to stand behind "HOST: "; empty if verified."""
    leaf_ends: float | None
    """The end of the server's own certificate, epoch seconds; so are the next two."""
    chain_ends: float | None
    """The earliest end in the chain: the verified one, else the one that the server has sent."""
    ca_ends: float | None
    """The end of the trusted CA, else of the first CA in the store to end."""


def judge(
    host: str,
    presented: Sequence[Certificate],
    verified_chain: Sequence[Certificate],
    verify_code: int | None,
    verify_message: str,
    *,
    now: float,
    store: Store | None,
) -> TrustVerdict:
    """The verdict on the certificates of *host*.

    *verify_code* and *verify_message* are those of ``ssl.SSLCertVerificationError``, None (or 0) and "" after a
    handshake that verified.  *store* has the trusted CAs, None for the system's; *now* is epoch seconds.
    """
    case = _Case(host, tuple(presented), verify_message, now, store)
    chain = verified_chain or presented
    anchor = verified_chain[-1].not_after if verified_chain else store.earliest if store else None
    flaw, message = _FLAWS.get(verify_code, _other)(case) if verify_code else (None, "")
    return TrustVerdict(
        verified=not verify_code,
        as_leaf=case.as_leaf(verify_code or 0),
        flaw=flaw,
        message=message,
        leaf_ends=case.leaf.not_after,
        chain_ends=min((c.not_after for c in chain if c.not_after is not None), default=None),
        ca_ends=anchor,
    )


_GNUTLS_ACCEPTS = {26, 66}
"""The results of OpenSSL that GnuTLS accepts, where nothing else is known."""
_USAGES = (der.DIGITAL_SIGNATURE, 2, 4)
"""OpenSSL requires one of these bits in the key usage of a server's certificate (keyEncipherment, keyAgreement)."""
_NO_ANCHOR = {2, 7, 18, 19, 20, 21}
"""OpenSSL's results for a chain that does not reach the system's store."""
_MOST_NAMES = 5
_INTERMEDIATE = ("intermediate", "issuing", "sub ca", "subca")
"""Names of intermediates of private CAs, which have no AIA as a rule (step-ca's for one)."""


@dataclass(frozen=True, slots=True)
class _Case:
    """The facts about a rejected certificate."""

    host: str
    presented: tuple[Certificate, ...]
    said: str
    now: float
    store: Store | None

    @property
    def leaf(self) -> Certificate:
        return self.presented[0] if self.presented else Certificate()

    @property
    def place(self) -> str:
        return self.store.path if self.store else "the system's CA store"

    @property
    def path(self) -> list[Certificate]:
        """The presented chain, from the leaf up."""
        path = [self.leaf]
        while not path[-1].self_issued:
            above = next((c for c in self.presented if c.subject == path[-1].issuer and c not in path), None)
            if above is None:
                break
            path.append(above)
        return path

    @property
    def top(self) -> Certificate:
        return self.path[-1]

    def believed(self, subject: str) -> list[Certificate]:
        """The CAs of that name in the store."""
        return [c for c in self.store.certificates if c.subject == subject] if self.store else []

    @property
    def signer(self) -> ReadCertificate | None:
        """The certificate in the store whose key has signed the top of the presented chain, if known."""
        below = _read(self.top)
        if below is None or self.store is None:
            return None
        known = (_readable(anchor.der) for anchor in self.store.anchors)
        named = (one for one in known if one is not None and one.subject == below.issuer)
        return next((one for one in named if signatures.signed_by(below, one)), None)

    @property
    def out_of_date(self) -> Iterable[tuple[Certificate, bool]]:
        """Certificates outside of their dates, the likeliest first, and whether they are in our own store."""
        yield from ((c, False) for c in self.presented if not self._in_date(c))
        own = self.believed(self.top.issuer)
        if not any(map(self._in_date, own)):  # OpenSSL takes the one whose time it is
            yield from ((c, True) for c in own)

    def _in_date(self, certificate: Certificate) -> bool:
        begins, ends = certificate.not_before, certificate.not_after
        return (begins is None or begins <= self.now) and (ends is None or self.now <= ends)

    def as_leaf(self, verify_code: int) -> bool | None:
        """Whether an Exim would send its mail; OpenSSL's first flaw may hide another one.

        None if it would only beside OCSP's answer, which the ssl module cannot ask for.
        """
        shown = [one.der for one in self.presented]
        if not shown or not all(shown):
            return not verify_code or (verify_code in _GNUTLS_ACCEPTS and self.else_good)
        if self.store is None and verify_code in _NO_ANCHOR:
            return False
        anchors = None if self.store is None else [anchor.der for anchor in self.store.anchors]
        leaf = _read(self.leaf)
        accepted = gnutls.accepts(self.host, shown, anchors, self.now)
        return None if accepted and leaf is not None and der.MUST_STAPLE in leaf.features else accepted

    @property
    def else_good(self) -> bool:
        """Whether the checks that OpenSSL skipped after its first flaw would have passed."""
        names = self.leaf.names or (self.leaf.common_name or "",)
        known = self.store is None or bool(self.believed(self.top.issuer))
        return known and any(matches(self.host, name) for name in names) and not any(self.out_of_date)


def _read(certificate: Certificate) -> ReadCertificate | None:
    return _readable(certificate.der)


def _readable(octets: bytes) -> ReadCertificate | None:
    try:
        return der.read(octets)
    except der.Malformed:
        return None


_Explained = tuple[Flaw, str]


def _expired(case: _Case) -> _Explained:
    dated = ((c, ours, c.not_after) for c, ours in case.out_of_date if c.not_after is not None)
    found = next(((c, ours, end) for c, ours, end in dated if end < case.now), None)
    if found is None:
        return Flaw.EXPIRED, f'the certificate "{case.leaf.shown}", or a CA\'s above it, has expired'
    certificate, ours, end = found
    what, when = f'"{certificate.shown}"', _when(end, case.now)
    if ours:
        return Flaw.EXPIRED, f"the CA {what} in {case.place} expired {when}: put its new certificate there"
    if certificate != case.leaf:
        return Flaw.EXPIRED, f"the CA certificate {what} in the server's chain expired {when}: it must send a new one"
    return Flaw.EXPIRED, f"the certificate of {what} expired {when}: renew it on the server"


def _not_yet_valid(case: _Case) -> _Explained:
    dated = ((c, c.not_before) for c, _ in case.out_of_date if c.not_before is not None)
    found = next(((c, begin) for c, begin in dated if begin > case.now), None)
    if found is None:
        what = f'the certificate "{case.leaf.shown}", or a CA\'s above it, is not yet valid'
    else:
        what = f'the certificate "{found[0].shown}" is not yet valid, it begins {_when(found[1], case.now)}'
    return Flaw.NOT_YET_VALID, f"{what}; our own clock says {_date(case.now)}: is it right?"


def _wrong_name(case: _Case) -> _Explained:
    leaf = case.leaf
    read = _read(leaf)
    if read is not None and case.host in read.hosts and is_address(case.host):
        return Flaw.WRONG_NAME, (
            f"the certificate has {case.host} as the name of a host, where it must be an address (IP, not DNS, in its"
            " subject alternative name): have it issued again"
        )
    if not leaf.names and leaf.common_name and matches(case.host, leaf.common_name):
        return Flaw.COMMON_NAME_ONLY, (
            f"the certificate has {case.host} as its common name (CN) only, which does not count (RFC 9525): "
            "have it issued with a subject alternative name"
        )
    if not leaf.names:
        has = f"has no subject alternative name (CN: {leaf.common_name or 'none'})"
    else:
        more = len(leaf.names) - _MOST_NAMES
        has = f"is for {', '.join(leaf.names[:_MOST_NAMES])}{f' and {more} more' if more > 0 else ''}"
    star = any(name.startswith("*.") for name in leaf.names)
    hint = " (a * stands for one label, and not right below a top-level domain)" if star else ""
    return Flaw.WRONG_NAME, (
        f"the certificate {has}, not for {case.host}{hint}: ask for a name that it has, or have it issued for this one"
    )


def _self_signed(case: _Case) -> _Explained:
    return Flaw.SELF_SIGNED, (
        f'the certificate "{case.leaf.shown}" is self-signed: have one issued by a CA, '
        f"or, if it is the right one, add it to {case.place}"
    )


def _unknown_root(case: _Case) -> _Explained:
    """OpenSSL's "self-signed certificate in certificate chain": the server sends its root, and we do not know it."""
    if case.believed(case.top.subject):
        return _another_key(case, case.top.shown)
    return Flaw.UNKNOWN_ISSUER, (
        f'the server\'s chain ends in the self-signed "{case.top.shown}", which is not in {case.place}: '
        "add it there if it is the CA you expect"
    )


def _no_issuer(case: _Case) -> _Explained:
    """Distinguished by hints only: whether an unseen CA is a root is unknown."""
    leaf, issuer = case.leaf, _called(case.top.issuer)
    if case.believed(case.top.issuer) or case.signer is not None:
        return _another_key(case, issuer)
    hints = leaf.ca_issuers or len(case.presented) > 1 or any(word in leaf.issuer.lower() for word in _INTERMEDIATE)
    if len(case.path) == 1 and not leaf.self_issued and hints:
        where = f" (available from {leaf.ca_issuers[0]})" if leaf.ca_issuers else ""
        return Flaw.MISSING_INTERMEDIATE, (
            f'the server does not send the certificate of its issuer "{issuer}"{where}: '
            f"it must send the whole chain; if that is a root, add it to {case.place}"
        )
    return Flaw.UNKNOWN_ISSUER, (
        f'"{case.top.shown}" was issued by "{issuer}", which is not in {case.place}: '
        "add that CA there, or, if it is an intermediate, have the server send it"
    )


def _store_ends(case: _Case) -> _Explained:
    """The chain comes as far as our store and does not end there."""
    ours = next((c for c in case.believed(case.top.issuer) if not c.self_issued), None)
    if ours is None:
        return _no_issuer(case)
    return Flaw.UNKNOWN_ISSUER, (
        f'{case.place} has the intermediate CA "{ours.shown}" but not its issuer "{_called(ours.issuer)}": add that one'
    )


def _bad_signature(case: _Case) -> _Explained:
    return _another_key(case, _called(case.top.issuer)) if case.believed(case.top.issuer) else _other(case)


def _another_key(case: _Case, ca: str) -> _Explained:
    """The store has a CA of the right name, and OpenSSL rejects it."""
    if (signer := case.signer) is not None:
        return Flaw.UNKNOWN_ISSUER, _unfit(case, signer, ca)
    return Flaw.UNKNOWN_ISSUER, (
        f'the CA "{ca}" in {case.place} has the right name, but not the key that signed: '
        "get that CA's current certificate"
    )


def _unfit(case: _Case, signer: ReadCertificate, ca: str) -> str:
    """Why the CA whose key has signed may not issue this certificate."""
    below = _read(case.top)
    if below and below.authority_key and signer.subject_key and below.authority_key != signer.subject_key:
        return (
            f'"{case.top.shown}" was signed by the CA "{ca}" in {case.place}, but names another key of it '
            "(authority key identifier): have it issued again"
        )
    lacks = "basic constraints with CA:TRUE" if not signer.is_ca else "a key usage with keyCertSign"
    if signer.is_ca and signer.may(der.KEY_CERT_SIGN) and not signer.damaged:
        return f'the CA "{ca}" in {case.place} has signed, but must not: {clean(case.said)}'
    return f'the CA "{ca}" in {case.place} must not issue certificates (it lacks {lacks}): get the right one'


def _weak_key(case: _Case) -> _Explained:
    return Flaw.WEAK_KEY, (
        f'the key of "{case.leaf.shown}" is too short (RSA needs 2048 bits): have it issued for a longer one; '
        "Exim with GnuTLS accepts it"
    )


def _weak_ca_key(case: _Case) -> _Explained:
    return Flaw.WEAK_KEY, (
        f'the key of a CA above "{case.leaf.shown}" is too short (RSA needs 2048 bits): the CA must be replaced'
    )


def _weak_digest(case: _Case) -> _Explained:
    return Flaw.WEAK_DIGEST, (
        f'"{case.leaf.shown}", or a CA above it, is signed with SHA-1 or MD5, which can be forged: '
        "have it issued again with SHA-256"
    )


def _wrong_purpose(case: _Case) -> _Explained:
    leaf = _read(case.leaf)
    if leaf is not None and not leaf.purposes_allow(der.SERVER_AUTH):
        pass
    elif leaf is not None and not any(map(leaf.may, _USAGES)):
        return Flaw.WRONG_PURPOSE, (
            f'the certificate "{case.leaf.shown}" is not one for servers (its key usage lacks digitalSignature): '
            "have it issued for that; Exim with GnuTLS rejects it, too"
        )
    elif leaf is not None:
        above = ((one, _read(one)) for one in case.path[1:])
        bad = next((one for one, read in above if read and not read.purposes_allow(der.SERVER_AUTH)), None)
        which = f'"{bad.shown}"' if bad else f'a CA above "{case.leaf.shown}"'
        return Flaw.WRONG_PURPOSE, (
            f"{which} is no CA for servers (its extended key usage lacks serverAuth): have the certificate issued by"
            " another; Exim with GnuTLS accepts it"
        )
    return Flaw.WRONG_PURPOSE, (
        f'the certificate "{case.leaf.shown}" is not one for servers (its extended key usage lacks serverAuth): '
        "have it issued for that; Exim with GnuTLS accepts it"
    )


def _other(case: _Case) -> _Explained:
    return Flaw.OTHER, f'the certificate "{case.leaf.shown}" was not accepted: {clean(case.said)}'


_FLAWS: dict[int | None, Callable[[_Case], _Explained]] = {
    2: _store_ends,
    7: _bad_signature,
    9: _not_yet_valid,
    10: _expired,
    18: _self_signed,
    19: _unknown_root,
    20: _no_issuer,
    21: _no_issuer,
    26: _wrong_purpose,
    62: _wrong_name,
    64: _wrong_name,
    66: _weak_key,
    67: _weak_ca_key,
    68: _weak_digest,
}
"""OpenSSL's verification results (openssl/x509_vfy.h, 3.0)."""


def _called(name: str) -> str:
    """An issuer in a sentence: its common name if it has one."""
    return next((part.removeprefix("CN=") for part in name.split(", ") if part.startswith("CN=")), name or "no name")


def _date(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def _when(seconds: float, now: float) -> str:
    """``10 days ago (2026-11-12 15:46 UTC)``."""
    distance = abs(seconds - now)
    size, unit = next(((s, u) for s, u in _UNITS if distance >= s), (0, ""))
    count = int(distance / size) if size else 0
    many = plural(count, unit) if size else "less than a minute"
    return f"{f'{many} ago' if seconds < now else f'in {many}'} ({_date(seconds)})"


_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))
