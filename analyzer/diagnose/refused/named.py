"""What a refusal may name of our side; light to load, for every output asks it."""

from __future__ import annotations

#: Reasons that name a fault of ours, by what kind of proof they are.
NAMED: dict[str, str] = {
    "auth_failure": "authentication",
    "ptr_missing": "server set-up",
    "tls_required": "server set-up",
    "protocol_error": "message form",
    "ip_blocklisted": "block list",
    "domain_blocklisted": "block list",
    "url_blocklisted": "block list",
    "sender_account": "own account",
    "complaint": "complaints",
}
#: Reasons that name one only where their words do: those of a fix that is proof (`rules/fixes.toml`).
NAMED_BY_WORDS: dict[str, str] = {"sender_rejected": "sender address"}
#: Every kind, in the order in which they are told.
KINDS: tuple[str, ...] = tuple(dict.fromkeys([*NAMED.values(), *NAMED_BY_WORDS.values()]))
