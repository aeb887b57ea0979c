"""The verdict of a mail server that uses GnuTLS on a server's certificates: Debian's Exim, verification enforced.

Measured with Exim 4.96 and GnuTLS 3.7.9 (Debian 12).  Unlike OpenSSL it checks neither the purpose (extended key usage)
nor a key of 1024 bits; a common name counts where there is no name of a host or address; a trusted intermediate ends
the chain, and so does the server's own certificate if it comes alone.  It rejects a key usage without digitalSignature,
which OpenSSL's clients accept, and some critical extensions that OpenSSL accepts.  Pure.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from collectd_inode.trust import der, signatures
from collectd_inode.trust.der import ReadCertificate

_LEAST_RSA_BITS = 1024
_WEAK = ("md5", "sha1")
_LONGEST = 16
_CRITICAL = {
    der.SUBJECT_KEY, der.KEY_USAGE, der.ALTERNATIVE_NAMES, "2.5.29.18", der.BASIC_CONSTRAINTS, der.NAME_CONSTRAINTS,
    "2.5.29.31", "2.5.29.32", der.AUTHORITY_KEY, der.EXTENDED_KEY_USAGE, "2.5.29.54", "1.3.6.1.5.5.7.1.1",
    "1.3.6.1.5.5.7.1.14",
}  # fmt: skip
"""The extensions that may be critical."""
_CONSTRAINED = {0x81, der.DNS_NAME, der.DIRECTORY_NAME, 0x86, der.ADDRESS}
"""The kinds of names that may be constrained."""


def accepts(host: str, presented: Sequence[bytes], anchors: Sequence[bytes] | None, now: float) -> bool:
    """Whether it would send mail to *host*, which has sent the certificates *presented* (DER, its own first).

    *anchors* are the trusted certificates; None for a store that was not read: then the chain's end is not checked.
    *now* is epoch seconds.
    """
    try:
        chain = [der.read(one) for one in presented]
    except der.Malformed:
        return False
    if not chain:
        return False
    leaf = chain[0]
    return _is_for(host, leaf) and leaf.may(der.DIGITAL_SIGNATURE) and _is_believed(chain, anchors, now)


def _is_believed(chain: Sequence[ReadCertificate], anchors: Sequence[bytes] | None, now: float) -> bool:
    """Whether a chain leads from the server's certificate to a trusted one."""
    believed = list(_readable(anchors or ()))
    leaf = at = chain[0]
    depth = 0
    while depth < _LONGEST:
        if not _is_sound(at, leaf, now):
            return False
        if at in believed and (at is not leaf or len(chain) == 1):
            return True
        if signatures.HASHES.get(at.algorithm) in _WEAK:
            return False
        above = _issuer(at, believed, depth)
        if above is not None:
            return _is_sound(above, leaf, now)
        above = _issuer(at, [one for one in chain[1:] if one is not at], depth)
        if above is None:
            return anchors is None
        at, depth = above, depth + 1
    return False


def _issuer(of: ReadCertificate, among: Sequence[ReadCertificate], below: int) -> ReadCertificate | None:
    """The CA that has signed it; *below* is the number of intermediates beneath that one."""
    for one in among:
        same_key = not (of.authority_key and one.subject_key) or of.authority_key == one.subject_key
        fits = one.subject == of.issuer and same_key and one.is_ca and one.may(der.KEY_CERT_SIGN)
        short_enough = one.path_length is None or below <= one.path_length
        if fits and short_enough and signatures.signed_by(of, one) is not False:
            return one
    return None


def _readable(anchors: Sequence[bytes]) -> Iterator[ReadCertificate]:
    for one in anchors:
        try:
            yield der.read(one)
        except der.Malformed:
            continue


def _is_sound(one: ReadCertificate, leaf: ReadCertificate, now: float) -> bool:
    """Whether a certificate of the chain is good by itself, and good with *leaf* below it."""
    bits = signatures.rsa_bits(one)
    strong = bits is None or bits >= _LEAST_RSA_BITS
    in_date = one.begins <= now <= one.ends
    return in_date and strong and not one.damaged and one.critical <= _CRITICAL and _allows(one, leaf)


def _allows(ca: ReadCertificate, leaf: ReadCertificate) -> bool:
    """Name constraints.  Names of directories may lie outside of what is permitted, as measured."""
    if {kind for kind, _ in (*ca.permitted, *ca.excluded)} - _CONSTRAINED:
        return False
    hosts = [(der.DNS_NAME, name.lower()) for name in leaf.hosts]
    addresses = [(der.ADDRESS, address) for address in leaf.addresses]
    for kind, name in (*hosts, *addresses):
        permitted = [value for of, value in ca.permitted if of == kind]
        if permitted and not any(_is_within(kind, name, value) for value in permitted):
            return False
        if any(of == kind and _is_within(kind, name, value) for of, value in ca.excluded):
            return False
    return not any(kind == der.DIRECTORY_NAME and _is_below(leaf, value) for kind, value in ca.excluded)


def _is_within(kind: int, name: str, value: bytes) -> bool:
    if kind == der.DNS_NAME:
        tree = value.decode("ascii", "backslashreplace").lower().removeprefix(".")
        return not tree or name == tree or name.endswith(f".{tree}")
    half = len(value) // 2
    own = ipaddress.ip_address(name).packed
    return len(own) == half and all(o & m == v & m for o, v, m in zip(own, value[:half], value[half:], strict=True))


def _is_below(leaf: ReadCertificate, name: bytes) -> bool:
    """Whether the subject begins with *name*, a sequence of relative names."""
    try:
        (tree,), (own,) = der.elements(name), der.elements(leaf.subject)
        return [part.whole for part in own.parts()][: len(tree.parts())] == [part.whole for part in tree.parts()]
    except ValueError:
        return True


def _is_for(host: str, leaf: ReadCertificate) -> bool:
    """gnutls_x509_crt_check_hostname: a common name counts without names of hosts and addresses, and for servers."""
    if is_address(host):
        return str(ipaddress.ip_address(host)) in leaf.addresses
    if leaf.hosts or leaf.addresses:
        return any(matches(host, name) for name in leaf.hosts)
    return leaf.purposes_allow(der.SERVER_AUTH) and len(leaf.common_names) == 1 and matches(host, leaf.common_names[0])


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
