"""The DNS resolver to ask: how a person names it, and whether the system's own can be believed."""

from __future__ import annotations

import ipaddress
import socket

from analyzer.errors import AnalyzerError

DNS_PORT = 53
#: What to say of a resolver that denies the root of all names. Closed networks have such: they would make every lead
#: and every sender a domain that does not exist.
DENIES_ALL = "says of every name that it does not exist"


def host_and_port(text: str) -> tuple[str, int]:
    """`192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53` or a host name, as address and port.

    `AnalyzerError` for anything else, and for a host without an address.
    """
    bare = text.strip()
    if bare.startswith("["):
        host, _, port = bare[1:].partition("]")
        port = port.removeprefix(":")
    elif bare.count(":") == 1:
        host, _, port = bare.partition(":")
    else:
        host, port = bare, ""
    if not host or (port and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise AnalyzerError(f"--resolver {text}: is not HOST:PORT, such as 192.0.2.53:53")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        try:
            host = str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
        except OSError:
            raise AnalyzerError(f"--resolver {text}: the host {host} has no address") from None
    return host, int(port) if port else DNS_PORT
