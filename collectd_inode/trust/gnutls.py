"""The verdict of a mail server that uses GnuTLS on a server's certificates: Debian's Exim, verification enforced.

Measured with Exim 4.96 and GnuTLS 3.7.9 (Debian 12).  Unlike OpenSSL it checks neither the purpose (extended key usage)
nor a key of 1024 bits; a common name counts where there is no name of a host or address; a trusted intermediate ends
the chain, and so does the server's own certificate if it comes alone.  It rejects a key usage without digitalSignature,
which OpenSSL's clients accept, and some critical extensions that OpenSSL accepts.  Pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from collectd_inode.trust import der, signatures
from collectd_inode.trust.constraints import Constraints
from collectd_inode.trust.der import ReadCertificate

_LEAST_RSA_BITS = 1024
_WEAK = ("md5", "sha1")
_LONGEST = 16
_CRITICAL = {
    der.SUBJECT_KEY, der.KEY_USAGE, der.ALTERNATIVE_NAMES, "2.5.29.18", der.BASIC_CONSTRAINTS, der.NAME_CONSTRAINTS,
    "2.5.29.31", "2.5.29.32", der.AUTHORITY_KEY, der.EXTENDED_KEY_USAGE, "2.5.29.54", "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.14", der.FEATURES,
}  # fmt: skip
"""The extensions that may be critical."""
_MOST_BELOW = 4096


def accepts(host: str, presented: Sequence[bytes], anchors: Sequence[bytes] | None, now: float) -> bool:
    """Whether it would send mail to *host*, which has sent the certificates *presented* (DER, its own first).

    *anchors* are the trusted certificates; None for a store that was not read: then the chain's end is not checked.
    *now* is epoch seconds.
    """
    try:
        shown = [der.read(one) for one in presented]
    except der.Malformed:
        return False
    if not shown or not (_is_for(host, shown[0]) and shown[0].may(der.DIGITAL_SIGNATURE)):
        return False
    if anchors is not None:
        return _Store(tuple(_readable(anchors)), now).believes(shown)
    path = _segment(shown)
    return _Store((path[-1],), now).believes(path[:-1] or path)


def _segment(shown: Sequence[ReadCertificate]) -> list[ReadCertificate]:
    """The certificates from the first one up, by names and identifiers of keys alone (_gnutls_sort_clist)."""
    path = [shown[0]]
    while len(shown) <= _LONGEST and not _names_issuer(path[-1], path[-1]):
        above = next((one for one in shown[1:] if one != path[-1] and _names_issuer(path[-1], one)), None)
        if above is None or above in path:
            break
        path.append(above)
    return path


def _names_issuer(of: ReadCertificate, issuer: ReadCertificate) -> bool:
    """Whether it names *issuer* as the one that has issued it."""
    same_key = not (of.authority_key and issuer.subject_key) or of.authority_key == issuer.subject_key
    return of.issuer == issuer.subject and same_key


def _readable(anchors: Sequence[bytes]) -> Iterator[ReadCertificate]:
    for one in anchors:
        try:
            yield der.read(one)
        except der.Malformed:
            continue


@dataclass(frozen=True, slots=True)
class _Store:
    """The trusted certificates, at a moment (lib/x509/verify.c and verify-high.c)."""

    anchors: tuple[ReadCertificate, ...]
    now: float

    def believes(self, shown: Sequence[ReadCertificate]) -> bool:
        """Whether a trusted certificate is on the path that the server shows, or above it."""
        path = _without_root(self._path(shown))
        roots = (at for at, one in enumerate(path) if at and one in self.anchors and one.subject == one.issuer)
        path = path[: next(roots, len(path)) + 1]
        top = path[-1]
        found = self._verifies(path, self._called(top.issuer))
        if found is None and top.subject != top.issuer:
            found = self._verifies(path, self._called(top.subject))
        return found is True

    def _path(self, shown: Sequence[ReadCertificate]) -> list[ReadCertificate]:
        """The certificates that are shown, in order, as far as the first whose issuer is trusted."""
        path: list[ReadCertificate] = []
        left = list(dict.fromkeys(shown))
        while left and not (path and self._issuer(path[-1], self.anchors)):
            path += _segment(left)
            left = [one for one in left if one not in path]
        return path

    def _called(self, name: bytes) -> list[ReadCertificate]:
        return [one for one in self.anchors if one.subject == name]

    def _verifies(self, path: Sequence[ReadCertificate], anchors: Sequence[ReadCertificate]) -> bool | None:
        """Whether the path is good from one of these down; None if its top's issuer is not there, or too old."""
        path = _without_root(path)
        for at, one in enumerate(path):
            same = self._has_key_of(one, anchors) if at else one if one in anchors else None
            if same is not None:
                if not self._in_date(same):
                    return None
                path = path[:at]
                break
        if not path:
            return True
        above = self._issuer(path[-1], anchors)
        if above is None or not (self._in_date(above) and self._in_date(path[-1])) or _is_weak(path[-1]):
            return None
        return self._leads_down(path, above)

    def _leads_down(self, path: Sequence[ReadCertificate], above: ReadCertificate) -> bool:
        left, state = _MOST_BELOW, _Above(Constraints())
        for one in reversed(path):
            if left == 0 or not self._is_issued(one, above, is_top=one is path[-1]):
                return False
            left = min(left - 1, _MOST_BELOW if above.path_length is None or not above.is_ca else above.path_length)
            found = state.below(above)
            if found is None or not found.features <= one.features:
                return False
            above, state = one, found
        return state.names.allow(path[0])

    def _has_key_of(self, one: ReadCertificate, anchors: Sequence[ReadCertificate]) -> ReadCertificate | None:
        """The trusted certificate with its name and key."""
        key = one.key_algorithm, one.curve, one.key
        same = (it for it in anchors if it.subject == one.subject and (it.key_algorithm, it.curve, it.key) == key)
        return next(same, None)

    def _issuer(self, of: ReadCertificate, anchors: Sequence[ReadCertificate]) -> ReadCertificate | None:
        """The one that it names: of several, the last whose time it is; signatures are not asked (find_issuer)."""
        named = [one for one in anchors if _names_issuer(of, one)]
        return next((one for one in named[:0:-1] if self._in_date(one)), named[0] if named else None)

    def _is_issued(self, one: ReadCertificate, by: ReadCertificate, *, is_top: bool) -> bool:
        """Whether it is good, and issued by a CA that is."""
        if not _names_issuer(one, by) or _is_weak(one):
            return False
        if one != by and not (_is_ca(by, is_anchor=is_top) and by.may(der.KEY_CERT_SIGN)):
            return False
        return signatures.signed_by(one, by) is not False and self._is_sound(one) and self._is_sound(by)

    def _is_sound(self, one: ReadCertificate) -> bool:
        bits = signatures.rsa_bits(one)
        strong = bits is None or bits >= _LEAST_RSA_BITS
        return self._in_date(one) and strong and not one.damaged and one.critical <= _CRITICAL

    def _in_date(self, one: ReadCertificate) -> bool:
        return one.begins <= self.now <= one.ends


@dataclass(frozen=True, slots=True)
class _Above:
    """The demands of the CAs above a certificate."""

    names: Constraints
    features: frozenset[int] = frozenset()

    def below(self, ca: ReadCertificate) -> _Above | None:
        names = self.names.below(ca)
        return None if names is None else _Above(names, self.features | ca.features)


def _without_root(path: Sequence[ReadCertificate]) -> Sequence[ReadCertificate]:
    """A root that the server has sent does not count."""
    return path[:-1] if len(path) > 1 and _names_issuer(path[-1], path[-1]) else path


def _is_weak(one: ReadCertificate) -> bool:
    return signatures.HASHES.get(one.algorithm) in _WEAK and not _names_issuer(one, one)


def _is_ca(one: ReadCertificate, *, is_anchor: bool) -> bool:
    """Whether it may issue; a trusted root needs no basic constraints."""
    return one.is_ca or (is_anchor and not one.is_constrained and _names_issuer(one, one))


def _is_for(host: str, leaf: ReadCertificate) -> bool:
    """gnutls_x509_crt_check_hostname: a common name counts without names of hosts and addresses, and for servers."""
    if is_address(host):
        return str(ipaddress.ip_address(host)) in leaf.addresses
    if leaf.hosts or leaf.addresses:
        return any(_fits(host, name) for name in leaf.hosts)
    return leaf.purposes_allow(der.SERVER_AUTH) and len(leaf.common_names) == 1 and _fits(host, leaf.common_names[0])


def _fits(host: str, name: str) -> bool:
    """_gnutls_hostname_compare: a ``*`` stands for the first label, or its first part; a dot at the end counts."""
    host, name = host.lower(), name.lower()
    if not name.startswith("*"):
        return host == name
    wide = name.count(".") < 2 or name.endswith(".")
    return not wide and any(host[at:] == name[1:] for at in range(len(host.partition(".")[0]) + 1))


def is_address(host: str) -> bool:
    """Whether *host* is an address rather than a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def matches(host: str, name: str) -> bool:
    """Whether a certificate for *name* is one for *host* (RFC 9525 section 6.3).

    A ``*`` is the whole first label and stands for one; ``*.test`` matches nothing, as in OpenSSL.
    """
    host, name = host.lower().removesuffix("."), name.lower().removesuffix(".")
    first, _, rest = name.partition(".")
    if first != "*":
        return host == name
    return "." in rest and host.partition(".")[0] != "" and host.partition(".")[2] == rest
