"""Small campaigns by hand: blocks of like leads become the frames that correlate hands over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from analyzer.correlate import Correlated
from analyzer.records import BOUNCE_COLUMNS, ByMethod, Matching

LABEL_OF = {"address": "hard", "mailbox": "hard", "infrastructure": "hard", "unknown": "unknown"}
TEXTS = {
    "user_unknown": "550 5.1.1 No such user here",
    "auth_failure": "550 5.7.26 Rejected under the DMARC policy of example.com",
    "policy": "550 5.7.1 Blocked by the company's rule for outside mail",
    "recipient_restricted": "550 5.7.133 Group takes mail from members only",
    "spam_content": "554 5.7.1 Message scored as spam",
    "domain_reputation": "550 5.7.1 Poor standing of the sending domain",
    "ip_blocklisted": "554 5.7.1 Host 192.0.2.9 is listed",
    "rate_limited": "421 4.7.28 Unusual rate of mail, slow down",
    "sender_account": "550 5.4.5 Daily sending limit exceeded",
    "complaint": "abuse report",
    "mailbox_full": "452 4.2.2 Mailbox full",
    "network_error": "connection timed out",
    "unspecified": "",
}
FAULTS = {
    "user_unknown": "address",
    "domain_not_found": "address",
    "auth_failure": "sender",
    "ip_blocklisted": "sender",
    "domain_reputation": "sender",
    "rate_limited": "sender",
    "greylisted": "sender",
    "sender_account": "sender",
    "spam_content": "content",
    "policy": "recipient",
    "recipient_restricted": "recipient",
    "complaint": "complaint",
    "mailbox_full": "mailbox",
    "network_error": "infrastructure",
    "unspecified": "unknown",
}
STRICT, OPEN, UNCLASSIFIED = ("Banking", "strict"), ("Software Development", "open"), ("", "unclassified")


@dataclass(frozen=True)
class Block:
    """`n` like leads: `bounced` maps reasons to how many of them bounce so; `per_domain` leads share a domain.

    With `domain`, all of them are at that one. `spread` deals the bounces out evenly instead of one after the other.
    """

    n: int
    status: str = "verified"
    industry: tuple[str, str] = OPEN
    bounced: dict[str, int] | None = None
    per_domain: int = 1
    domain: str = ""
    campaign: str = "spring"
    sender: str = "ann@sender.example"
    step: str = "1"
    provider: str = "google"
    title: str = ""
    text: str = ""
    sent_at: str = "2026-03-03T09:00:00Z"


def campaign(*blocks: Block, next_leads: pd.DataFrame | None = None, **changes: Any) -> Correlated:
    """The frames of a campaign made of blocks; `changes` replace fields of the result."""
    rows = [row for number, block in enumerate(blocks) for row in _rows(number, block)]
    sends = pd.DataFrame(rows, columns=list(_rows(0, Block(1))[0]))
    sends.insert(0, "send_id", range(len(sends)))
    sends["sent_at"] = pd.to_datetime(sends["sent_at"], utc=True)
    sends["week"] = sends["sent_at"].dt.strftime("%G-W%V").fillna("")
    bounced = sends[sends["label"] != ""]
    bounces = pd.DataFrame(
        {
            **{column: [""] * len(bounced) for column in BOUNCE_COLUMNS},
            **{
                column: bounced[column].tolist()
                for column in ("recipient", "label", "fault", "reason", "transient", "diagnostic", "record_id")
            },
            "kind": "bounce",
            "received_at": "2026-03-03T09:05:00+00:00",
            "match_method": "message_id",
            "send_id": bounced["send_id"].astype("Int64").tolist(),
            "duplicate_of": "",
            "suspected_forged": False,
            "forged_why": "",
        }
    )
    fields: dict[str, Any] = {
        "sends": sends,
        "bounces": bounces,
        "leads": pd.DataFrame(columns=["email"]),
        "matching": Matching(len(bounces), len(bounces), 0, 0, 0, ByMethod(message_id=len(bounces))),
        "warnings": [],
        "next_leads": next_leads,
        "have": frozenset({"email_status", "industry", "campaign", "step", "sender", "message_id", "sent_at"}),
    }
    return Correlated(**(fields | changes))


def next_list(*parts: tuple[int, str, tuple[str, str]]) -> pd.DataFrame:
    """A next list of (leads, email status, industry) parts, every lead at a domain of its own."""
    rows = [
        {
            "email": f"n{part}-{i}@next{part}-{i}.example",
            "email_status": status,
            "industry": name,
            "industry_group": group,
        }
        for part, (n, status, (name, group)) in enumerate(parts)
        for i in range(n)
    ]
    return pd.DataFrame(rows)


def _rows(number: int, block: Block) -> list[dict[str, Any]]:
    reasons = [reason for reason, count in (block.bounced or {}).items() for _ in range(count)]
    assert len(reasons) <= block.n
    industry, group = block.industry
    rows = []
    for i in range(block.n):
        reason = reasons[i] if i < len(reasons) else ""
        domain = block.domain or f"d{number}-{i // block.per_domain}.example"
        fault = FAULTS.get(reason, "")
        rows.append(
            {
                "recipient": f"P{number}.{i}@{domain}",
                "sent_at": block.sent_at,
                "campaign": block.campaign,
                "step": block.step,
                "sender": block.sender,
                "message_id": f"<{number}.{i}@sender.example>",
                "lead_id": f"{number}-{i}",
                "email_status": block.status,
                "industry": industry,
                "industry_group": group,
                "company": "",
                "country": "",
                "title": block.title,
                "verified_at": pd.NaT,
                "recipient_domain": domain,
                "sender_domain": block.sender.rpartition("@")[2],
                "provider": block.provider,
                "week": "",
                "label": LABEL_OF.get(fault, "spam") if reason else "",
                "fault": fault,
                "reason": reason,
                "transient": reason == "mailbox_full",
                "diagnostic": (block.text or TEXTS.get(reason, "550 no")) if reason else "",
                "record_id": f"r{number}-{i}" if reason else "",
            }
        )
    return rows
