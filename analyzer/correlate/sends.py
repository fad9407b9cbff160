"""Campaign logs as one frame, one row a mail sent, with what is known of the lead it went to."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys, domains, normalise_addresses
from analyzer.correlate.events import fold_events
from analyzer.correlate.leads import (
    LEAD_FRAME,
    Leads,
    TableLike,
    Tables,
    as_list,
    asked_out,
    extras,
    frame_of,
    held,
    text_column,
    with_all_extras,
    with_at_sign,
    with_attributes,
)
from analyzer.correlate.marks import read_marks
from analyzer.correlate.providers import listed_providers
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS, SENT_AT_ZONED
from analyzer.sources.tables import Table, read_times
from analyzer.sources.tables.encoded import (
    asked_once,
    distinct,
    either,
    in_order,
    is_encoded,
    numbered,
    over_distinct,
    places_in,
    plain,
    recoded,
    spread,
    stacked,
    texts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Columns by which a log says itself what became of its mails, be they blank: then nothing bounced.
TELLING = frozenset({"bounced", "bounce_reason", "state", "event", "spam_blocked", "complained"})
_TEXT = ("campaign", "step", "message_id", "lead_id", "bounced", "bounce_reason")
_JOINED: tuple[str, ...] = (
    *("email_status", "industry", "industry_group", "company", "country", "title", "verified_at"),
    *("email_status_original", "industry_original"),
)
#: Fields of which a log of mails has one at least.
_OF_MAIL = TELLING | {"sent_at", "was_sent", "message_id", "campaign", "step", "sender", "template"}
_BLANK = {"email_status": "unknown", "industry_group": "unclassified"}
#: Of so many values at most are the categories sorted.
_FEW = 10_000
Codes: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.integer[Any]]]
Flags: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Sends:
    """frame: the sends, and what they are compared by (`key`, `lead_key`, `flag`, `zoned`); index: send_id.

    `lead` numbers the recipients as they come; `zoned` is whether the zone of `sent_at` is known,
    `last_contact` whether it is the time of a later mail where nothing bounced. have: canonical columns that hold
    anything. opted_out: the keys of leads who asked not to be written to again. providers: who runs the mail of each
    domain, as far as the logs say so. Columns are encoded where those of the log are.
    """

    frame: pd.DataFrame
    have: frozenset[str]
    warnings: tuple[str, ...]
    opted_out: frozenset[str] = frozenset()
    providers: Mapping[str, str] = field(default_factory=dict)


def build_sends(log: Tables) -> Sends:
    """Every mail of the logs; `MissingColumnError` without a `recipient` column, `UnreadableInputError` if none."""
    tables = as_list(log)
    warnings: list[str] = []
    have: set[str] = set()
    parts = []
    out: frozenset[str] = frozenset()
    run_by: dict[str, str] = {}
    for table in tables:
        raw, platform = frame_of(table)
        warnings += table.warnings if isinstance(table, Table) else ()
        warnings += _no_log(table)
        have |= held(raw, (*SEND_COLUMNS, *LEAD_COLUMNS)) - {"email"}
        have |= TELLING.intersection(table.mapping.values() if isinstance(table, Table) else raw.columns)
        times = read_times(raw["sent_at"] if "sent_at" in raw.columns else text_column(raw, "sent_at"))
        zoned = table.zoned if isinstance(table, Table) else times.zoned
        part, told, these = _sends_of(raw, table, platform, times.values, zoned=zoned)
        warnings += told
        out |= these
        if "provider" in raw.columns:
            name = "recipient" if "recipient" in raw.columns else "email"
            keys = over_distinct(over_distinct(raw[name], normalise_addresses), address_keys)
            listed, doubts = listed_providers(text_column(raw, "provider"), keys, "campaign log")
            run_by |= listed
            warnings += doubts
        part["last_contact"] = last = isinstance(table, Table) and table.last_contact and _has_later_mails(part)
        if last:
            warnings.append(
                f"{Path(table.path).name}: its times are those of each lead's last mail, and who bounced got no "
                "further one: weeks, weekdays and hours are not counted. A log with a row for each mail has them."
            )
        unsent = (part["flag"] == "not_sent").to_numpy()
        if unsent.any():
            warnings.append(
                f"Rows of the log left out, because nothing was sent to these leads: {int(unsent.sum()):,}."
            )
            part = part[~unsent]
        parts.append(with_at_sign(part, "recipient"))
    if not parts or not sum(map(len, parts)):
        raise _without_mail(tables)
    frame = stacked(with_all_extras(parts))
    if len(parts) > 1:
        # Two exports overlap, or one was given twice: the same mail to the same lead is one mail.
        mail = ["key", "message_id", "sent_at", "step", "sender"]
        # What has an id is one mail, be the campaign called after the file.
        again = frame.duplicated([*mail, "campaign"]) | (frame.duplicated(mail) & (frame["message_id"] != ""))
        if again.any():
            warnings.append(f"Rows that stand in several of the logs, counted once: {int(again.sum()):,}.")
            frame = frame[~again].reset_index(drop=True)
    frame["lead"] = numbered(frame["key"])[0].astype(np.int64, copy=False)
    frame["lead_key"] = over_distinct(frame["lead_id"], lambda ids: ids.str.lower())
    return Sends(frame, frozenset(have), tuple(warnings), out, run_by)


def _has_later_mails(rows: pd.DataFrame) -> bool:
    """Whether the one row of each lead may tell of a later mail than the first."""
    steps = rows["step"].drop_duplicates()
    return bool(rows.loc[rows["sent_at"].notna(), "key"].is_unique) and int((steps != "").sum()) != 1


def _no_log(table: TableLike) -> list[str]:
    """One sentence where a log looks like a list of leads: nothing in it tells of a mail."""
    if not isinstance(table, Table) or _OF_MAIL & set(table.mapping.values()):
        return []
    return [
        f"{Path(table.path).name}: nothing in it tells that mail was sent: no time, campaign, sender or state; every "
        "row was counted as a lead who got one mail. A list of leads goes with --leads."
    ]


def _sends_of(
    raw: pd.DataFrame, table: TableLike, platform: str, sent: pd.Series, *, zoned: bool
) -> tuple[pd.DataFrame, list[str], frozenset[str]]:
    """The mails of one log, what to tell of it, and the keys of leads who asked out."""
    name = "recipient" if "recipient" in raw.columns else "email"
    if name not in raw.columns:
        raise MissingColumnError("campaign log", "has no column 'recipient'", "rename the column of addresses")
    if "event" in raw.columns:
        # What happened to a mail is found by sorting texts, row by row.
        raw = plain(raw)
    columns = {column: text_column(raw, column) for column in _TEXT}
    recipient = over_distinct(raw[name], normalise_addresses)
    keys = over_distinct(recipient, address_keys)
    out = asked_out(raw, recipient)
    marks = read_marks(raw, keys, blank_is_unsent=isinstance(table, Table) and table.blank_is_unsent)
    columns |= {"bounced": marks.words, "bounce_reason": marks.reason}
    rows = pd.DataFrame(
        {
            "recipient": recipient,
            "key": keys,
            "sent_at": sent,
            "zoned": _zoned(raw, known=zoned),
            "sender": over_distinct(text_column(raw, "sender"), normalise_senders),
            **columns,
            "flag": marks.flag,
            **with_attributes(raw, platform),
            **{name: text_column(raw, name) for name in extras(raw)},
        }
    )
    if "event" not in raw.columns:
        return rows, list(marks.warnings), out
    rows, folded = fold_events(rows, text_column(raw, "event"))
    told = [f"Rows of the log that tell what became of a mail that another row sends: {folded:,}."] if folded else []
    return rows, [*marks.warnings, *told], out


def _zoned(raw: pd.DataFrame, *, known: bool) -> pd.Series:
    """Whether each time's zone is known; a workspace keeps that mail by mail, for it holds all times in UTC."""
    if SENT_AT_ZONED in raw.columns:
        return over_distinct(raw[SENT_AT_ZONED], lambda words: words == "yes").astype(bool)
    return pd.Series(known, index=raw.index)


def normalise_senders(column: pd.Series) -> pd.Series:
    """Sender addresses in one spelling; a sender that is no address (a mailbox's name) stays as it is."""
    distinct = column.drop_duplicates()
    address = address_keys(normalise_addresses(distinct))
    spelling = address.where(address.str.contains("@", regex=False), distinct)
    return column.map(dict(zip(distinct, spelling, strict=True))).astype("str")


def join_leads(sends: pd.DataFrame, leads: Leads) -> tuple[pd.DataFrame, int]:
    """The sends with the attributes of their leads, found by address, else by lead_id; and how many leads have none.

    Where the lead list says nothing, what the log itself says stays.
    """
    listed = leads.frame
    if not len(listed):
        return sends, 0
    codes = sends["lead"].to_numpy()
    row = places_in(texts(sends["key"].iloc[first_rows(codes)]), texts(listed["key"]))[codes]
    missing = row < 0
    with_id = listed[listed["lead_id"] != ""].drop_duplicates("lead_id") if missing.any() else listed[:0]
    if len(with_id):
        ids = texts(sends.loc[missing, "lead_key"])
        place = places_in(ids, texts(with_id["lead_id"]).str.lower())
        row[missing] = np.where((place >= 0) & (ids != "").to_numpy(), with_id.index.to_numpy()[place], -1)
    joined = sends.copy(deep=False)
    known, row = row >= 0, np.maximum(row, 0)
    for name in _JOINED:
        tells = (listed[name].notna() if name == "verified_at" else listed[name] != _BLANK.get(name, "")).to_numpy()
        if name == "email_status":
            tells = tells & (listed["email_status_original"] != "").to_numpy()
        joined[name] = _taken(listed[name], row, known & tells[row], sends[name])
    for name in extras(listed):
        tells = (listed[name] != "").to_numpy()
        own = text_column(sends, name)
        # What the log says of the very mail goes before what the list says of the lead.
        silent = over_distinct(own, lambda found: found == "").to_numpy(dtype=bool)
        joined[name] = _taken(listed[name], row, known & tells[row] & silent, own)
    return joined, number_of_leads(codes, ~known)


def _taken(listed: pd.Series, row: Codes, says: Flags, own: pd.Series) -> pd.Series:
    """A lead list's value for each send, where it says anything, else the send's own."""
    if is_encoded(own):
        if is_encoded(listed):
            found = recoded(listed.cat.codes.to_numpy()[row], distinct(listed), own.index)
        else:
            found = spread(listed, row, own)
        return either(found, says, own)
    return pd.Series(texts(listed).array.take(row), index=own.index).where(says, texts(own))


def first_rows(lead: Codes) -> Codes:
    """The first row of each lead, where leads are numbered as they come."""
    first = np.empty(int(lead.max()) + 1 if len(lead) else 0, dtype=np.int64)
    first[lead[::-1]] = np.arange(len(lead))[::-1]
    return first


def number_of_leads(lead: Codes, chosen: Flags) -> int:
    """How many leads have a row that is chosen."""
    found = np.zeros(int(lead.max()) + 1 if len(lead) else 0, dtype=bool)
    found[lead[chosen]] = True
    return int(found.sum())


def _without_mail(logs: list[Any]) -> UnreadableInputError:
    """Names the log, and the column that was taken for the recipient where no cell of it is an address."""
    for log in logs:
        if isinstance(log, Table):
            column = next((header for header, field in log.mapping.items() if field == "recipient"), "")
            if column and not len(with_at_sign(log.frame, "recipient")):
                # Rows without an address are gone: nobody can tell here whether there were any.
                problem = f"no row holds an e-mail address in {column!r}, the column that was taken for the recipient"
                remedy = "name the right one with --map YOURCOLUMN=recipient, or give a log that has rows"
                return UnreadableInputError(log.path, problem, remedy)
            return UnreadableInputError(log.path, "holds no mail that was sent", "give the log of the campaign")
    return UnreadableInputError("campaign log", "holds no mail that was sent", "give the log of the campaign")


def leads_of(sends: pd.DataFrame) -> pd.DataFrame:
    """A lead list out of the log's own columns, where no other was given."""
    own = sends.rename(columns={"recipient": "email"})[[*LEAD_FRAME, "key"]]
    return own.iloc[first_rows(sends["lead"].to_numpy())].reset_index(drop=True)


def add_derived(sends: pd.DataFrame) -> pd.DataFrame:
    """`recipient_domain`, `sender_domain` and `week` ("2026-W10", ISO 8601; "" where it is unknown)."""
    derived = sends.copy(deep=False)
    derived["recipient_domain"] = asked_once(sends["key"], domains)
    derived["sender_domain"] = asked_once(sends["sender"], domains)
    days = sends["sent_at"].to_numpy(dtype="datetime64[ns]").astype("datetime64[D]")
    codes, different = pd.factorize(days)
    weeks = [pd.Timestamp(day).isocalendar() for day in different]
    labels = pd.Series([*(f"{year}-W{week:02d}" for year, week, _ in weeks), ""], dtype="str")
    unknown = (codes < 0) | sends["last_contact"].to_numpy(dtype=bool)
    derived["week"] = spread(labels, np.where(unknown, len(labels) - 1, codes), sends["key"])
    return derived


def shown(sends: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The columns for those who read the sends: encoded ones sort and group as their texts do."""
    few = {
        name: in_order(sends[name])
        for name in columns
        if name != "send_id" and is_encoded(sends[name]) and len(sends[name].cat.categories) <= _FEW
    }
    return sends.assign(send_id=sends.index, **few)[list(columns)]
