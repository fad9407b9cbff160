"""An address as people write it: cleaned, read, and named as what is wrong with it; nothing is known of its mail."""

from __future__ import annotations

from analyzer.addresses.address import Address
from analyzer.addresses.names import DomainName, domain_name
from analyzer.addresses.reading import read_address

__all__ = ["Address", "DomainName", "domain_name", "read_address"]
