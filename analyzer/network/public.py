"""Whether an address is in the public Internet: an MX record is anybody's to write, and may point into our network."""

from __future__ import annotations

import ipaddress

#: What carries an IPv4 address within an IPv6 one, and how many bits stand behind it: NAT64 (RFC 6052, RFC 8215), 6to4
#: (RFC 3056), IPv4-translated (RFC 2765) and IPv4-compatible addresses (RFC 4291, 2.5.5.1).
_CARRIERS = tuple(
    (ipaddress.IPv6Network(network), bits_behind)
    for network, bits_behind in (
        ("64:ff9b::/96", 0),
        ("64:ff9b:1::/48", 0),
        ("2002::/16", 80),
        ("::ffff:0:0:0/96", 0),
        ("::/96", 0),
    )
)


def is_public(address: str) -> bool:
    """Whether an IP address is one that anybody's mail goes to; what is no address is not."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if found.is_multicast or not found.is_global:
        return False
    if isinstance(found, ipaddress.IPv4Address):
        return True
    carried = [bits for network, bits in _CARRIERS if found in network]
    # Site-local addresses (RFC 3879) are global to the library.
    return not found.is_site_local and all(is_public(str(_within(found, bits))) for bits in carried)


def _within(address: ipaddress.IPv6Address, bits_behind: int) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) >> bits_behind & 0xFFFFFFFF)
