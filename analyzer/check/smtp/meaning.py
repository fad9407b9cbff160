"""What a reply to the probe means: our own classifier reads it, so that a refusal of *us* is never taken for one of the
address. RFC 5321 4.2 and 4.3.2 (codes after RCPT), RFC 3463 (4.5.3: too many recipients).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from analyzer.classify import classify

if TYPE_CHECKING:
    from analyzer.check.records import MailboxState
    from analyzer.check.smtp.connection import Reply
    from analyzer.check.smtp.dialogue import Phase
    from analyzer.records import Verdict

#: Whether the reply is about who asks: `blocks` sends us away, `slows` wants less of us.
AboutUs: TypeAlias = Literal["", "blocks", "slows"]

#: A 5xx for one of these reasons says what is wrong with the mailbox; every other one leaves it open.
_STATES: dict[str, MailboxState] = {
    "user_unknown": "unknown_user",
    "mailbox_disabled": "disabled",
    "moved": "disabled",
    "mailbox_full": "full",
}
#: Reasons that pass, whatever class of reply they come with.
_PASSING = frozenset({"greylisted", "rate_limited", "too_many_connections", "server_error", "network_error", "expired"})
_BLOCKS = frozenset(
    {
        "auth_failure",
        "domain_blocklisted",
        "domain_reputation",
        "ip_blocklisted",
        "ip_reputation",
        "ptr_missing",
        "sender_account",
        "sender_rejected",
        "tls_required",
    }
)
_SLOWS = frozenset({"rate_limited", "too_many_connections"})
#: RFC 7504: the host, or the domain, takes no mail at all.
_NO_MAIL_HERE = frozenset({521, 556})
#: A rule must have read the words, and be right so often, before an address is called wrong: neither a code alone nor
#: the model's guess will do. The measured share of the general rules, where a code speaks against them, is about .8;
#: the line stands clear of what the next measurement moves.
_SURE = 0.75
_IN_WORDS: dict[Phase, str] = {
    "connect": "connection",
    "helo": "EHLO",
    "mail": "MAIL FROM",
    "rcpt": "RCPT TO",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """`too_many`: the host takes no further recipient in this session, which is no verdict. `leaving`: it closes the
    connection (421)."""

    state: MailboxState
    reason: str = ""
    about_us: AboutUs = ""
    too_many: bool = False
    leaving: bool = False
    retry_after_s: int | None = None


def of_recipient(reply: Reply, host: str, address: str) -> Meaning:
    """What the reply to RCPT TO says of the address."""
    if reply.code in {250, 251}:
        return Meaning("accepted")
    if reply.code == 252:
        # "Cannot verify, but will try": takes whatever comes.
        return Meaning("opaque")
    if reply.code // 100 not in {4, 5}:
        return Meaning("no_answer", "protocol_error")
    verdict = _read(reply, "rcpt", host, address)
    about_us = _about_us(verdict.reason)
    if verdict.status.endswith(".5.3") or (reply.code == 452 and verdict.reason == "rate_limited"):
        return Meaning("temporary", "rate_limited", too_many=True, retry_after_s=verdict.retry_after_s)
    return Meaning(
        _state(reply, verdict),
        verdict.reason,
        about_us,
        leaving=reply.code == 421,
        retry_after_s=verdict.retry_after_s,
    )


def of_refusal(reply: Reply, phase: Phase, host: str) -> Meaning:
    """What a refusal before RCPT TO says: of us or of the host, never of an address."""
    verdict = _read(reply, phase, host, "")
    reason = verdict.reason
    if reply.code in _NO_MAIL_HERE:
        return Meaning("no_answer", "not_accepting_mail")
    if verdict.fault == "address":
        # No address was named, so the words speak of ours, or of the host as a whole.
        reason = "sender_rejected" if phase == "mail" else "not_accepting_mail"
    passing = reply.code // 100 == 4 or reason in _PASSING
    state: MailboxState = "temporary" if passing else "policy"
    if reason == "not_accepting_mail" and not passing:
        state = "no_answer"
    about_us = _about_us(reason)
    if state == "policy" and phase in {"helo", "mail"}:
        # All that was said so far was our own name and address.
        about_us = "blocks"
    return Meaning(state, reason, about_us, leaving=reply.code == 421, retry_after_s=verdict.retry_after_s)


def _state(reply: Reply, verdict: Verdict) -> MailboxState:
    state = _STATES.get(verdict.reason)
    if state == "full":
        return "full"
    if reply.code // 100 == 4 or verdict.reason in _PASSING:
        return "temporary"
    if state is not None and verdict.decided_by.startswith("rule:") and verdict.confidence >= _SURE:
        return state
    if verdict.reason == "not_accepting_mail":
        return "no_answer"
    return "policy"


def _about_us(reason: str) -> AboutUs:
    return "blocks" if reason in _BLOCKS else "slows" if reason in _SLOWS else ""


def _read(reply: Reply, phase: Phase, host: str, address: str) -> Verdict:
    # The phase goes before the reply, so that the classifier reads the reply as quoted, by itself.
    text = f"in reply to {_IN_WORDS[phase]}, {host} said: {reply}"
    return classify(text, reply=str(reply.code), host=host, recipient=address)
