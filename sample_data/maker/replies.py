"""One SMTP reply in the words of a provider: picks a wording of replies.toml and fills it in."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maker.chance import Chance

FAULTS = {
    "user_unknown": ("hard", "address"),
    "mailbox_disabled": ("hard", "address"),
    "moved": ("hard", "address"),
    "domain_not_found": ("hard", "address"),
    "no_mail_server": ("hard", "address"),
    "recipient_rejected": ("hard", "address"),
    "relay_denied": ("hard", "address"),
    "mailbox_full": ("hard", "mailbox"),
    "message_too_large": ("hard", "mailbox"),
    "network_error": ("hard", "infrastructure"),
    "expired": ("hard", "infrastructure"),
    "auth_failure": ("spam", "sender"),
    "greylisted": ("spam", "sender"),
    "rate_limited": ("spam", "sender"),
    "spam_content": ("spam", "content"),
    "recipient_restricted": ("spam", "recipient"),
    "policy": ("spam", "recipient"),
    "complaint": ("spam", "complaint"),
}
RCPT, DATA = "RCPT TO", "end of DATA"


@dataclass(frozen=True)
class Reply:
    """One SMTP reply, or (with no code) what the sending server found out by itself."""

    reason: str
    code: str
    status: str
    text: str
    phase: str = RCPT

    @property
    def lines(self) -> list[str]:
        """The reply as it crossed the wire, a string a line; Google repeats the status on each."""
        rows = self.text.split("\n")
        if not self.code:
            return rows
        status = f"{self.status} " if self.status else ""
        last = len(rows) - 1
        return [f"{self.code}{' ' if n == last else '-'}{status}{row}".rstrip() for n, row in enumerate(rows)]

    @property
    def flat(self) -> str:
        """The reply on one line."""
        return " ".join(self.lines)

    @property
    def dsn_status(self) -> str:
        """The enhanced status that a delivery report gives."""
        return self.status or f"{self.code[:1] or '5'}.0.0"


@cache
def _wordings() -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The rows of replies.toml by (provider, reason)."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    table = tomllib.loads(Path(__file__).with_name("replies.toml").read_text(encoding="utf-8"))
    for row in table["reply"]:
        found.setdefault((row["provider"], row["reason"]), []).append(row)
    return found


def has_wording(provider: str, reason: str) -> bool:
    """True when the provider itself gives this reason in its own words."""
    return (provider, reason) in _wordings()


def word(chance: Chance, reason: str, *, provider: str, mx: str, rcpt: str, sender: str) -> Reply:
    """A reply of this provider for this reason, filled in."""
    row = chance.pick(_wordings().get((provider, reason)) or _wordings()["*", reason])
    made_up = {
        "google": f"{chance.hexes(14)}-{chance.hexes(14)}si{chance.whole(100000, 999999)}",
        "microsoft": f"{chance.letters(10)}{chance.whole(100, 999)}",
    }.get(provider, chance.letters(14))
    filled = row["text"].format(
        rcpt=rcpt,
        domain=rcpt.partition("@")[2],
        sender=sender,
        sender_domain=sender.partition("@")[2],
        ip=f"198.51.100.{chance.whole(10, 40)}",
        mx=mx,
        id=made_up,
        n=chance.whole(1000, 4999),
    )
    return Reply(reason, row.get("code", ""), row.get("status", ""), filled, DATA if row.get("data") else RCPT)
