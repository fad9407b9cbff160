"""The diagnosis as it leaves this stage: the shape of `diagnosis.json`, field for field.

Rates and shares are fractions of 1, intervals cover 95 %, counts are leads unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from analyzer.records import Matching

SCHEMA_VERSION = "1.0"

#: The dimensions of `breakdown`, in the order in which reports show them.
DIMENSIONS: tuple[str, ...] = (
    "email_status",
    "industry",
    "industry_group",
    "provider",
    "sender",
    "sender_domain",
    "campaign",
    "step",
    "recipient_domain",
    "week",
)

Recommendation: TypeAlias = Literal["max_quality", "max_quantity", "reverify", "insufficient_evidence"]
GuessedEffect: TypeAlias = Literal["driven", "contributes", "not_shown", "too_little_data"]
Side: TypeAlias = Literal["sender", "recipient", "mixed", "none", "undetermined"]
FixSide: TypeAlias = Literal["sender", "recipient"]


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95 % interval; all three are None where the data cannot tell."""

    estimate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` of `leads`, with the rate (0 to 1) and Wilson's interval, wider where leads share companies; None without
    leads.
    """

    count: int
    leads: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One value of one dimension: leads contacted there, and how many of them bounced in which way."""

    value: str
    leads: int
    hard: int
    spam: int
    unknown: int
    hard_rate: float
    hard_low: float
    hard_high: float
    spam_rate: float
    spam_low: float
    spam_high: float


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """Leads that bounced for one reason."""

    reason: str
    leads: int


@dataclass(frozen=True, slots=True)
class OtherHard:
    """Leads with a hard bounce of which none says that the address is bad: full mailboxes, servers that failed.

    `passing` of them bounced for reasons that pass. `provider` or `domain` is where most of them are, `first` to `last`
    the days (ISO 8601, UTC) on which most of these mails were sent; "" where they are spread.
    """

    leads: int
    reasons: list[ReasonCount]
    passing: int
    provider: str
    domain: str
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """Address-fault bounces expected of a list: mean, 95 % predictive interval, chance of exceeding the tolerance.

    All but `leads` and `bounces` is None without leads, and of max quality where no lead has an email status (`leads`
    are all then). Where bounces of unknown cause leave it open, `rate` and
    `p_over_tolerance` are None, the interval goes from none of these being the address to all of them, and `bounces` is
    the most that is to be expected.
    """

    leads: int
    bounces: float
    rate: float | None
    low: float | None
    high: float | None
    p_over_tolerance: float | None


@dataclass(frozen=True, slots=True)
class Forecasts:
    """The next list, sent three ways."""

    max_quantity: Forecast
    max_quality: Forecast
    best_mix: Forecast


@dataclass(frozen=True, slots=True)
class Ranking:
    """What orders the leads of the next list, and how the model did against the cells on the log's later part.

    `leads` and `bounces` (address faults) make up that part; the figures are None where none was compared. A lower
    `log_loss` (mean, natural logarithm) and a higher `auc` (area under the ROC curve) foretell better.
    """

    used: Literal["model", "cells"]
    why: str
    auc: float | None = None
    cells_auc: float | None = None
    log_loss: float | None = None
    cells_log_loss: float | None = None
    leads: int = 0
    bounces: int = 0


@dataclass(frozen=True, slots=True)
class Explanation:
    """A cause that can be named for some of the address-fault bounces, whatever the setting.

    `bounces` of `leads` are explained by it; `domains` are where, those with most bounces first (at most 20).
    """

    kind: Literal["typo", "dead_domain", "wrong_pattern", "stale_verification"]
    bounces: int
    leads: int
    domains: list[str]
    text: str
    #: Of old verifications: the leads of the next list to be verified again for it; None where that is not known.
    next_leads: int | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Values of a column of the leads (list source, country, title, one that was named) that bounce more than others.

    `rate` is theirs, `expected` what leads of the same status and industry have elsewhere; `next_leads` are the leads
    of the next list with such a value, None without such a list or column.
    """

    column: str
    values: list[str]
    #: The leads that are meant, where not all of these values are.
    only: str
    leads: int
    bounces: int
    rate: float
    expected: float
    next_leads: int | None
    text: str


@dataclass(frozen=True, slots=True)
class StatusEffect:
    """What sets the addresses of one email status apart from verified ones of the same industry and campaign.

    `risk_difference` (of rates, 0 to 1) and `risk_ratio` are Mantel-Haenszel's, `attributable_share` is of all
    address-fault bounces.
    """

    status: str
    leads: int
    bounces: int
    effect: GuessedEffect
    risk_difference: Interval
    risk_ratio: float | None
    attributable_share: Interval
    #: The ratio's 95 % interval; None above where no bound is known, for verified addresses may hardly bounce at all.
    risk_ratio_low: float | None = None
    risk_ratio_high: float | None = None


@dataclass(frozen=True, slots=True)
class StatusDecisions:
    """How many leads of one email status have which decision."""

    status: str
    send: int
    verify_again: int
    do_not_send: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """How many leads of the next list have which decision in next_send.csv.

    `misspelt` are those of `verify_again` whose domain looks like a misspelling; `by_status` parts the leads by email
    status, in the order of `EMAIL_STATUSES`, those without leads left out.
    """

    send: int
    verify_again: int
    do_not_send: int
    misspelt: int
    by_status: list[StatusDecisions] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lacking:
    """What would let the data tell, where it cannot.

    `what`: `bounces` (or the log that they are of), `next_leads` (a next list with leads that can be written to),
    `bounce_reasons`, `email_status` (of the leads written to), `next_email_status` (of the next list), `first_sends`
    (mail to `statuses`, which nobody ever wrote to) or `more_sends`. `sends` is how many of these would tell, to each
    of `statuses` if there are any; 0 where none would.
    """

    what: Literal[
        "bounces", "next_leads", "bounce_reasons", "email_status", "next_email_status", "first_sends", "more_sends"
    ]
    statuses: list[str] = field(default_factory=list)
    sends: int = 0


@dataclass(frozen=True, slots=True)
class DataQuality:
    """Is it the data? The first of the two recommendations."""

    recommendation: Recommendation
    guessed_effect: GuessedEffect
    risk_difference: Interval
    attributable_share: Interval
    forecast: Forecasts
    why: str
    #: None without a next list.
    ranking: Ranking | None = None
    explained_by: list[Explanation] = field(default_factory=list)
    #: Where the leads come from that bounce more, where that is shown.
    origin: Origin | None = None
    #: Guessed, catch-all, risky and unknown addresses, as far as enough mail went to them.
    by_status: list[StatusEffect] = field(default_factory=list)
    #: With `reverify`: the email statuses to verify again or to leave out; without "verified", those are in order. None
    #: where only leads of `origins` are.
    to_verify: list[str] = field(default_factory=list)
    #: Of verified ones, only those whose verification is older than so many days; None: whatever their age.
    to_verify_older_than: int | None = None
    #: All of `origin` and what else: each further column speaks of the leads that those before it say nothing against.
    origins: list[Origin] = field(default_factory=list)
    #: None without a next list.
    decisions: Decisions | None = None
    #: With `insufficient_evidence`.
    lacking: Lacking | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """What a provider or a standard says of a fix, and where; `url` is "" for what has no address."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class FixPart:
    """The part of our mail that nearly all bounces of a fix are of: a sender domain or mailbox, campaign or alike.

    `sending_ip` is the address that the replies of several companies name, `receiver` the one provider that refuses.
    """

    dimension: str
    value: str
    bounces: int


@dataclass(frozen=True, slots=True)
class Fix:
    """One named fix that the bounces ask for. `share` is its part of all spam bounces; `priority` its place among all,
    by the bounces that it explains times how sure it is that it answers them.

    `senders` are the sender domains whose mail was refused so, the one with most bounces first; `since` and `until` are
    the days (ISO 8601, UTC) of the first and the last such mail, "" where the log has no times. `clear` are the mails
    like these that went out after the last one, none of them refused so, where chance would hardly leave as many: the
    fault is no longer there, or its mail is no longer sent. None where it may still be there. `only` are the parts of
    our mail that it is about, where these are not all of it.
    """

    id: str
    title: str
    side: FixSide
    reasons: list[str]
    priority: int
    bounces: int
    domains: int
    share: float
    evidence: list[str]
    steps: list[str]
    verify: list[str]
    senders: list[str] = field(default_factory=list)
    since: str = ""
    until: str = ""
    clear: int | None = None
    only: list[FixPart] = field(default_factory=list)
    documentation: list[Document] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shares:
    """Whose the spam bounces are: how many leads' are put down to the sender, to the recipients, and to nobody."""

    sender: int
    recipient: int
    undetermined: int


@dataclass(frozen=True, slots=True)
class Deliverability:
    """Whose side is it? The second of the two recommendations."""

    side: Side
    sender_rate: Interval
    strict_rate: Interval
    fixes: list[Fix]
    why: str
    shares: Shares = field(default_factory=lambda: Shares(0, 0, 0))


@dataclass(frozen=True, slots=True)
class Driver:
    """A value of a dimension that bounces more than its mix of status and industry explains."""

    dimension: str
    value: str
    label: Literal["hard", "spam"]
    leads: int
    bounces: int
    rate: float
    expected: float
    lift: float
    q_value: float


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file that went in: `kind` is `bounces`, `log`, `leads` or `next`; `rows` after reading."""

    path: str
    kind: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class AtMost:
    """What each rate is at most: with every bounce of unknown cause on its side. At least it is the rate itself."""

    hard: Rate
    spam: Rate


@dataclass(frozen=True, slots=True)
class Totals:
    """The campaign in six figures, and the bounds of two of them where bounces say nothing of their cause."""

    leads_contacted: int
    emails_sent: int
    hard: Rate
    spam: Rate
    unknown: Rate
    address: Rate
    at_most: AtMost | None = None


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Everything `diagnose` found, ready to be shown or written."""

    inputs: list[InputFile]
    tool_version: str
    rules_version: str
    options: dict[str, Any]
    matching: Matching
    totals: Totals
    breakdown: dict[str, list[Row]]
    data_quality: DataQuality
    deliverability: Deliverability
    drivers: list[Driver]
    warnings: list[str]
    #: None where every hard bounce calls an address bad.
    other_hard: OtherHard | None = None
    #: Values of a dimension that are not in `breakdown`, those with fewest bounces, where there are too many.
    breakdown_left_out: dict[str, int] = field(default_factory=dict)
    schema_version: str = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """The diagnosis as plain lists and dicts: what `diagnosis.json` holds."""
        return asdict(self)
