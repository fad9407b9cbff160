"""The records that travel between the stages, and the one list of their columns.

`RawMessage` leaves the sources, `Report` with its `Failure`s leaves parsing, `Verdict` leaves classify; together
they make one row of `BOUNCE_COLUMNS` for each failed recipient. `SEND_COLUMNS` and `LEAD_COLUMNS` are what a
campaign log and a lead list hold once their headers are mapped. This module knows nothing of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Label: TypeAlias = Literal["hard", "spam", "unknown"]
Fault: TypeAlias = Literal[
    "address", "mailbox", "infrastructure", "sender", "content", "recipient", "complaint", "unknown"
]
Kind: TypeAlias = Literal["bounce", "delayed", "delivered", "autoreply", "mdn", "complaint", "challenge", "other"]

LABELS: tuple[Label, ...] = ("hard", "spam", "unknown")
KINDS: tuple[Kind, ...] = ("bounce", "delayed", "delivered", "autoreply", "mdn", "complaint", "challenge", "other")

#: Kinds that are counted as a failed send.
COUNTED_KINDS: frozenset[str] = frozenset({"bounce", "complaint"})
#: Faults that speak about deliverability; "address" alone speaks about the quality of the lead data.
DELIVERABILITY_FAULTS: frozenset[str] = frozenset({"sender", "content", "recipient", "complaint"})

#: The columns of `parse`, in the order in which every writer writes them.
BOUNCE_COLUMNS: tuple[str, ...] = (
    "source",
    "kind",
    "received_at",
    "recipient",
    "original_recipient",
    "sender",
    "original_message_id",
    "subject",
    "reporting_mta",
    "remote_mta",
    "provider",
    "action",
    "status",
    "reply",
    "diagnostic",
    "label",
    "fault",
    "reason",
    "transient",
    "confidence",
    "decided_by",
    "evidence",
    "blocklist",
    "retry_after_s",
    "format",
    "record_id",
    # What matching needs beside the contract's columns: where the bounce itself was delivered (VERP), and the
    # returned original's own headers (X-…, Feedback-ID, List-Unsubscribe) as a JSON object.
    "delivered_to",
    "original_headers",
    # How the provider or the mail server that reported it classed the failure itself: `ses:Permanent/General`.
    "provider_class",
)

#: Columns of `parse` that are not text.
BOUNCE_TYPES: dict[str, type] = {"transient": bool, "confidence": float, "retry_after_s": int}

#: What `classify --json` answers, in this order.
VERDICT_COLUMNS: tuple[str, ...] = (
    "label",
    "fault",
    "reason",
    "transient",
    "confidence",
    "decided_by",
    "evidence",
    "blocklist",
    "retry_after_s",
    "provider",
    "status",
    "reply",
)

#: Canonical columns of a campaign log; only `recipient` is needed.
SEND_COLUMNS: tuple[str, ...] = (
    "recipient",
    "sent_at",
    "campaign",
    "step",
    "sender",
    "message_id",
    "lead_id",
    "bounced",
    "bounce_reason",
)

#: Of mails that a workspace keeps: "yes" where the log named the zone of `sent_at`, or somebody said which; "no" where
#: it was taken as UTC for want of one; "" where that was not kept.
SENT_AT_ZONED = "sent_at_zoned"

#: Canonical columns of a lead list; only `email` is needed.
LEAD_COLUMNS: tuple[str, ...] = (
    "email",
    "lead_id",
    "email_status",
    "industry",
    "company",
    "country",
    "verified_at",
    "title",
)

EMAIL_STATUSES: tuple[str, ...] = ("verified", "guessed", "catch_all", "risky", "unknown", "invalid")
INDUSTRY_GROUPS: tuple[str, ...] = ("strict", "open", "unclassified")


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One message as it was found: `source` is the path, with `#n` behind it for the n-th in a container."""

    source: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """What a report says of one recipient, before anyone judges it.

    `action` is RFC 3464's (`failed`, `delayed`, `delivered`, `relayed`, `expanded`), `status` an enhanced status code
    (RFC 3463), `reply` an SMTP reply code, `diagnostic` the deciding reply decoded onto one line.
    """

    recipient: str
    original_recipient: str = ""
    action: str = "failed"
    status: str = ""
    reply: str = ""
    diagnostic: str = ""
    remote_mta: str = ""
    #: The reporter's own class of the failure, its name in front: `ses:Permanent/General`, `pmta:bad-mailbox`.
    provider_class: str = ""


@dataclass(frozen=True, slots=True)
class Original:
    """What came back of the message that we had sent."""

    message_id: str = ""
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """One message, read: its kind, and what it says of each recipient."""

    kind: Kind
    format: str
    failures: tuple[Failure, ...] = ()
    received_at: str = ""
    subject: str = ""
    delivered_to: str = ""
    reporting_mta: str = ""
    original: Original = field(default_factory=Original)
    #: The names of the bounds that the message exceeds, and that it was therefore read only up to.
    exceeded: tuple[str, ...] = ()
    #: Of a mail system's notice whose words are in no table: those who have failed if what it says of them is a reason.
    perhaps: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that an event feed or a log tells, in the form of a report that needs no more parsing.

    `message` is the bounce message itself where the feed carries it: what it says is added to the report.
    """

    source: str
    report: Report
    message: bytes = b""


#: What the sources yield.
Item: TypeAlias = RawMessage | Event


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a recipient failed. `confidence` is the estimated chance that `label` is right."""

    label: Label
    fault: Fault
    reason: str
    transient: bool
    confidence: float
    decided_by: str
    evidence: str = ""
    blocklist: str = ""
    retry_after_s: int | None = None
    provider: str = ""
    status: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True)
class ByMethod:
    """Bounces by what tied them to a send."""

    message_id: int = 0
    verp: int = 0
    header: int = 0
    recipient: int = 0


@dataclass(frozen=True, slots=True)
class Matching:
    """bounces = matched + unmatched + duplicates; `suspected_forged` are some of the unmatched."""

    bounces: int
    matched: int
    unmatched: int
    duplicates: int
    suspected_forged: int
    by_method: ByMethod = field(default_factory=ByMethod)
    #: Leads that the log flags as bounced and that no bounce explains.
    flag_only: int = 0
    #: The suspected forgeries by why they are not believed (`correlate.forged.REASONS`).
    forged_reasons: dict[str, int] = field(default_factory=dict)
