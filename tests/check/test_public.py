"""A mail server's address is public only where no form of it leads into a private network."""

from __future__ import annotations

import pytest

from analyzer.network.public import is_public


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"])
def test_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"),
        *("::1", "::ffff:127.0.0.1", "fe80::1", "fc00::1", "fec0::1", "ff02::1", "::127.0.0.1", "::ffff:0:10.0.0.1"),
        # NAT64 and 6to4: a router on the way makes 10.0.0.1 and 169.254.169.254 of these.
        *("64:ff9b::a00:1", "64:ff9b::a9fe:a9fe", "2002:a00:1::", "not an address", ""),
    ],
)
def test_not_public(address: str) -> None:
    assert not is_public(address)
