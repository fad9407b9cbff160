"""Ties bounces to the mails and leads that they are about: `correlate`, and the normalisers that other stages share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys, normalise_addresses
from analyzer.correlate.duplicates import merge_duplicates
from analyzer.correlate.forged import doubt, sentences
from analyzer.correlate.industries import normalise_industries, normalise_industry
from analyzer.correlate.leads import LEAD_FRAME, Tables, build_leads, extras
from analyzer.correlate.match import match_bounces
from analyzer.correlate.outcomes import Judge, add_outcomes
from analyzer.correlate.providers import add_providers
from analyzer.correlate.sends import add_derived, build_sends, join_leads, leads_of, number_of_leads, shown
from analyzer.correlate.statuses import normalise_status, normalise_statuses
from analyzer.records import BOUNCE_COLUMNS, COUNTED_KINDS, ByMethod, Matching
from analyzer.sources.tables import parse_times
from analyzer.sources.tables.encoded import over_distinct, texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analyzer.verp.keys import Keys

__all__ = [
    "SEND_FRAME",
    "Beside",
    "Correlated",
    "address_keys",
    "correlate",
    "counted_bounces",
    "framed",
    "normalise_addresses",
    "normalise_industries",
    "normalise_industry",
    "normalise_status",
    "normalise_statuses",
]

Bounces: TypeAlias = pd.DataFrame | Iterable[Mapping[str, Any]]

#: Columns of `Correlated.sends`. `lead` numbers the recipients: the same number is the same lead.
SEND_FRAME: tuple[str, ...] = (
    *("send_id", "lead", "recipient", "sent_at", "campaign", "step", "sender", "message_id", "lead_id"),
    *("email_status", "industry", "industry_group", "company", "country", "title", "verified_at"),
    *("email_status_original", "industry_original"),
    *("recipient_domain", "sender_domain", "provider", "week"),
    *("label", "fault", "reason", "transient", "diagnostic", "record_id"),
)


@dataclass(frozen=True)
class Correlated:
    """What was sent, what came back, and which belongs to which.

    sends: SEND_FRAME, one row a mail; label "" where nothing came back. Of a large log, columns whose texts repeat are
        categoricals with text for categories (`analyzer.sources.tables.encoded`); so are those of leads.
    bounces: BOUNCE_COLUMNS, then match_method, send_id (Int64), duplicate_of, suspected_forged, forged_reason
        (`forged.REASONS`), forged_why, sure (it shows what a stranger does not know). Where a bounce was matched,
        original_recipient is whom that mail was sent to, whatever the bounce said.
    leads, next_leads: LEAD_FRAME, one row an address; of next_leads also what `extras` finds, and rows without one.
    warnings: sentences, those about reading the tables first.
    have: the canonical columns that the log or the lead list really held, and those that tell what became of a mail
        (`sends.TELLING`), be they blank.
    drivers: columns of `sends` beside SEND_FRAME's, and those of its own that a person wants scanned for drivers.
    timezone: that of the hours and weekdays that drivers are told by; "" is UTC.
    judge: what read the log's own reason texts; None is `classify`.
    opted_out: keys of leads who asked not to be written to again, by the log, the lead list or the next list.
    """

    sends: pd.DataFrame
    bounces: pd.DataFrame
    leads: pd.DataFrame
    matching: Matching
    warnings: list[str]
    have: frozenset[str]
    next_leads: pd.DataFrame | None = None
    drivers: tuple[str, ...] = ()
    timezone: str = ""
    judge: Judge | None = None
    opted_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Beside:
    """Leads that no bounce can be about, whose mails lie elsewhere and are only counted.

    have: as in `Correlated`; leads: how many, and of them those without a row in the lead list (`strangers`), without a
    known industry, and whose status was set by a bounce.
    """

    have: frozenset[str] = frozenset()
    leads: int = 0
    strangers: int = 0
    unclassified: int = 0
    set_by_bounce: int = 0


def correlate(
    bounces: Bounces,
    log: Tables,
    leads: Tables | None = None,
    next_leads: Tables | None = None,
    *,
    window_days: float = 14,
    judge: Judge | None = None,
    drivers: Sequence[str] = (),
    timezone: str = "",
    beside: Beside | None = None,
    verp_keys: Keys | None = None,
    proven: int = 0,
) -> Correlated:
    """Match bounces to sends, and sends to leads.

    bounces: rows with BOUNCE_COLUMNS; only kinds `bounce` and `complaint` count. log, leads, next_leads: tables of
    `read_table`, or frames with SEND_COLUMNS or LEAD_COLUMNS. window_days: how long after a send a bounce is tied to it
    where only the recipient says so. drivers: what `driver_columns` makes of the columns that a person named;
    timezone: see `Correlated`. judge: what reads the log's own reason texts (default: `classify`). beside: what else
    the campaign has, for the sentences that count. verp_keys: what return paths or a header were signed with.
    proven: bounces that were tied to mail of ours beyond doubt elsewhere, and are not among these. Raises
    `MissingColumnError` for a frame without addresses, `UnreadableInputError` for a log without a single mail.
    """
    with_leads = leads is not None
    # Text of many rows is worked on in Arrow and NumPy, beside Python's lock: what asks nothing of each other goes on
    # at the same time. What was read goes as soon as it is used: of a large campaign, it is as large as what is made.
    with ThreadPoolExecutor(2) as pool:
        coming = pool.submit(build_leads, leads), pool.submit(counted_bounces, bounces)
        del leads, bounces
        sent = build_sends(log)
        del log
    listed, reported = coming[0].result(), coming[1].result()
    upcoming = build_leads(next_leads, "next list", every=True) if next_leads is not None else None
    warnings = [*sent.warnings, *listed.warnings, *(upcoming.warnings if upcoming else ())]

    with ThreadPoolExecutor(1) as pool:
        joining = pool.submit(lambda: _derived(*join_leads(sent.frame, listed)))
        matches = match_bounces(reported, sent.frame, window=pd.Timedelta(days=window_days), keys=verp_keys)
    doubt(reported, sent.frame, matches, proven, listed.frame["key"] if with_leads else None)
    reported["original_recipient"], reported["original_key"] = _written_to(reported, sent.frame, matches.send_id)
    reported["match_method"] = pd.Series(matches.method, index=reported.index, dtype="str")
    reported["send_id"] = matches.send_id
    reported["sure"] = matches.sure
    reported["forged_why"] = pd.Series(matches.forged_why, index=reported.index, dtype="str")
    reported["forged_reason"] = pd.Series(matches.forged_reason, index=reported.index, dtype="str")
    reported = merge_duplicates(reported)
    reported["suspected_forged"] = reported["forged_why"] != ""

    sends, strangers = joining.result()
    sends = add_providers(sends, reported, {**sent.providers, **listed.providers})
    sends, flag_only, flag_warnings = add_outcomes(sends, reported, judge)
    beside = beside or Beside()
    have = sent.have | listed.have - {"email"} | beside.have
    warnings += [*flag_warnings, *sentences(reported, sends)]
    warnings += _what_is_missing(have, with_leads, sends, strangers, beside)

    out = sent.opted_out | listed.opted_out | (upcoming.opted_out if upcoming else frozenset())
    if upcoming and (them := int(texts(upcoming.frame["key"]).isin(out).sum())):
        whom = "leads of the next list" if them > 1 else "lead of the next list"
        warnings.append(f"{them:,} {whom} asked not to be written to again: next_send.csv sends them nothing.")

    known = listed.frame if len(listed.frame) else leads_of(sends)
    more = [name for name in extras(sends) if (sends[name] != "").any()]
    return Correlated(
        sends=shown(sends, (*SEND_FRAME, *more)),
        bounces=_shown(reported),
        leads=known[list(LEAD_FRAME)],
        matching=_matching(reported, flag_only),
        warnings=list(dict.fromkeys(warnings)),
        have=have,
        next_leads=upcoming.frame[[*LEAD_FRAME, *extras(upcoming.frame)]] if upcoming else None,
        drivers=tuple(dict.fromkeys([*more, *(name for name in drivers if name in SEND_FRAME)])),
        timezone=timezone,
        judge=judge,
        opted_out=out,
    )


def _derived(sends: pd.DataFrame, strangers: int) -> tuple[pd.DataFrame, int]:
    return add_derived(sends), strangers


def counted_bounces(bounces: Bounces) -> pd.DataFrame:
    """The bounces that count, with every column, and what matching compares by: key, original_key, received."""
    frame = bounces.reset_index(drop=True) if isinstance(bounces, pd.DataFrame) else framed(list(bounces))
    columns: dict[str, pd.Series] = {}
    for name in BOUNCE_COLUMNS:
        column = frame[name] if name in frame.columns else pd.Series("", index=frame.index, dtype="str")
        columns[name] = column if name in {"confidence", "retry_after_s"} else column.astype("str").fillna("")
    columns["kind"] = columns["kind"].replace("", "bounce")
    columns["transient"] = columns["transient"].str.lower().isin(("true", "1", "yes"))
    full = pd.DataFrame(columns)
    full = full[full["kind"].isin(COUNTED_KINDS)].reset_index(drop=True)
    unnamed = full["record_id"] == ""
    full["record_id"] = full["record_id"].mask(unnamed, "row " + full.index.astype("str").to_series(index=full.index))
    full["key"] = address_keys(normalise_addresses(full["recipient"]))
    full["original_key"] = address_keys(normalise_addresses(full["original_recipient"]))
    full["received"] = parse_times(full["received_at"])
    return full


def framed(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows as a frame of those BOUNCE_COLUMNS that any of them has."""
    there = [name for name in BOUNCE_COLUMNS if any(name in row for row in rows)]
    return pd.DataFrame({name: [row.get(name) for row in rows] for name in there}, index=range(len(rows)))


def _written_to(reported: pd.DataFrame, sends: pd.DataFrame, send_id: NDArray[np.int64]) -> tuple[pd.Series, pd.Series]:
    """(`original_recipient`, `original_key`): whom the mail was sent to, where that is not who failed.

    What a bounce says of it is not believed: it would strike off whom a stranger names in it.
    """
    place = np.maximum(sends.index.get_indexer(pd.Index(send_id)), 0)
    to = sends["key"].iloc[place].astype("str").to_numpy()
    original, key = reported["original_recipient"], reported["original_key"]
    wrong = (send_id >= 0) & (np.where(key != "", key, reported["key"]) != to)
    if not wrong.any():
        return original, key
    forwarded = (reported["key"] != to).to_numpy()
    whom = pd.Series(sends["recipient"].iloc[place].astype("str").to_numpy(), index=original.index)
    keys = pd.Series(to, index=key.index)
    return original.mask(wrong, whom.where(forwarded, "")), key.mask(wrong, keys.where(forwarded, ""))


def _shown(reported: pd.DataFrame) -> pd.DataFrame:
    shown = reported[
        [
            *(*BOUNCE_COLUMNS, "match_method", "send_id", "duplicate_of"),
            *("suspected_forged", "forged_reason", "forged_why", "sure"),
        ]
    ].copy()
    shown["send_id"] = shown["send_id"].astype("Int64").mask(shown["send_id"] < 0)
    return shown


def _matching(reported: pd.DataFrame, flag_only: int) -> Matching:
    first = reported[reported["duplicate_of"] == ""]
    matched = first[first["send_id"] >= 0]
    methods = matched["match_method"].value_counts()
    return Matching(
        bounces=len(reported),
        matched=len(matched),
        unmatched=len(first) - len(matched),
        duplicates=len(reported) - len(first),
        suspected_forged=int(first["suspected_forged"].sum()),
        by_method=ByMethod(**{field.name: int(methods.get(field.name, 0)) for field in fields(ByMethod)}),
        flag_only=flag_only,
        forged_reasons=dict(sorted(Counter(first["forged_reason"][first["suspected_forged"]]).items())),
    )


def _what_is_missing(
    have: frozenset[str], with_leads: bool, sends: pd.DataFrame, strangers: int, beside: Beside
) -> list[str]:
    """A plain sentence for each thing that cannot be told because a column is missing, or half there."""
    sentences = []
    if "email_status" not in have:
        where = "The lead list has" if with_leads else "No lead list was given, and the log has"
        sentences.append(f"{where} no verification status: verified and guessed addresses cannot be compared.")
    if "industry" not in have:
        where = "The lead list has" if with_leads else "No lead list was given, and the log has"
        sentences.append(f"{where} no industry: strict and open industries cannot be told apart.")
    if "sent_at" not in have:
        sentences.append(
            "The log has no times: a bounce goes to its recipient's latest mail; nothing is shown by week."
        )
    lead = sends["lead"].to_numpy()
    total = number_of_leads(lead, np.ones(len(lead), dtype=bool)) + beside.leads
    strangers += beside.strangers
    if strangers:
        sentences.append(f"Recipients that are not in the lead list: {strangers:,} of {total:,}.")
    if "industry" in have:
        lost = number_of_leads(lead, (sends["industry_group"] == "unclassified").to_numpy()) + beside.unclassified
        if lost:
            sentences.append(f"Recipients without a known industry, neither strict nor open: {lost:,} of {total:,}.")
    after = over_distinct(
        sends["email_status_original"], lambda words: words.str.lower().str.contains("bounced", regex=False)
    )
    if after.any() or beside.set_by_bounce:
        count = number_of_leads(lead, after.to_numpy()) + beside.set_by_bounce
        sentences.append(f"Recipients whose status was set by a bounce, so that it is not known before: {count:,}.")
    return sentences
