"""Who may well report the failure of a mail: the hosts whose word on a recipient is believed.

A bounce that shows no Message-ID, signed return path or header of ours has only its recipient and its time to go by,
and everybody can write those. So the host that reports it has to fit: the recipient's own side, our own side, a
provider or a relay that serves others, or a host that reports failures of mail that is proven to be ours.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from functools import cache, lru_cache

from analyzer import knowledge
from analyzer.classify.providers import clean_host, of_host
from analyzer.correlate.clues import organisation

#: Names that mean something inside one network only (RFC 6761, RFC 6762 and common habit): they say nothing to others.
_INSIDE = frozenset(
    ("local", "localhost", "localdomain", "lan", "internal", "intern", "intranet", "corp", "home", "private", "arpa")
)


@dataclass(frozen=True, slots=True)
class Reporters:
    """Organisations (`clues.organisation`) whose hosts report our mail: `own`, and those that were `proven` to."""

    own: frozenset[str]
    proven: frozenset[str] = frozenset()

    def fits(self, host: str, recipients: tuple[str, ...]) -> bool:
        """Whether a host (`public_host`) may report failures of these recipients (address keys)."""
        who = organisation(host)
        return (
            who in self.own
            or who in self.proven
            or serves_others(host)
            or any(who == organisation(recipient) for recipient in recipients if recipient)
        )


@lru_cache(maxsize=65536)
def public_host(name: str) -> str:
    """A reporting host's name where it means something to others; "" for an address, a bare or an inside name."""
    host = clean_host(name).strip("[]<>\"' ")
    if "." not in host or host.rpartition(".")[2] in _INSIDE or len(host) > 255:
        return ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host
    return ""


@lru_cache(maxsize=65536)
def serves_others(host: str) -> bool:
    """Whether the host belongs to a provider or a relay that sends or receives for domains of other names."""
    if of_host(host):
        return True
    labels = host.split(".")
    return any(".".join(labels[place:]) in _relays() for place in range(len(labels) - 1))


@cache
def _relays() -> frozenset[str]:
    return frozenset(knowledge.load_toml(knowledge.data_folder("rules") / "relays.toml")["hosts"])
