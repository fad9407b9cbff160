"""Whether the same mail, unchanged, would plausibly get through later: by meaning, with the reply class as evidence."""

from __future__ import annotations

from functools import cache

from analyzer import knowledge
from analyzer.classify.patterns import PatternIndex, refuse_unsound

#: Reasons that stay as they are whatever the class: a mailbox that is not there is not there tomorrow.
_ADDRESS_IS_WRONG = frozenset(
    {
        "user_unknown",
        "mailbox_disabled",
        "moved",
        "domain_not_found",
        "no_mail_server",
        "address_syntax",
        "relay_denied",
    }
)
#: Reasons that pass by themselves, but not when the receiver chose to answer 5xx: then it has given up on this mail.
_GIVEN_UP_ON_5XX = frozenset({"mailbox_full", "rate_limited", "too_many_connections", "server_error"})
_NEVER = frozenset({"complaint", "unspecified"})


@cache
def _later() -> PatternIndex:
    """Words that say "later", in the languages of `rules/codes.toml`."""
    path = knowledge.data_folder("rules") / "codes.toml"
    patterns = knowledge.load_toml(path).get("temporary", {}).get("patterns", [])
    for pattern in patterns:
        refuse_unsound(pattern, f"{path}: temporary")
    return PatternIndex(patterns)


def is_transient(reason: str, own: bool | None, status: str, reply: str, masked: str) -> bool:
    """`own` is what the deciding rule or code says itself; `masked`, the deciding text, may speak of a later try."""
    if own is not None:
        return own
    if reason in _NEVER:
        return False
    usual = knowledge.reasons()[reason].transient
    # RFC 5321 lets the reply class decide about a retry; the status only stands in where no reply is known.
    reply_class = reply[:1] or status[:1]
    if reply_class == "4" and reason not in _ADDRESS_IS_WRONG:
        return True
    if usual and not (reply_class == "5" and reason in _GIVEN_UP_ON_5XX):
        return True
    return _later().first(masked) is not None
