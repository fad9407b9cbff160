"""Campaign logs as one frame, one row a mail sent, with what is known of the lead it went to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys, domains, normalise_addresses
from analyzer.correlate.clues import normalise_message_id
from analyzer.correlate.events import fold_events
from analyzer.correlate.leads import (
    LEAD_FRAME,
    Leads,
    TableLike,
    Tables,
    as_list,
    frame_of,
    held,
    text_column,
    with_attributes,
)
from analyzer.correlate.marks import read_marks
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.tables import Table, read_times

_TEXT = ("campaign", "step", "message_id", "lead_id", "bounced", "bounce_reason")
_JOINED: tuple[str, ...] = (
    *("email_status", "industry", "industry_group", "company", "country", "title", "verified_at"),
    *("email_status_original", "industry_original"),
)
_BLANK = {"email_status": "unknown", "industry_group": "unclassified"}


@dataclass(frozen=True, slots=True)
class Sends:
    """frame: the sends, and what they are compared by (`key`, `message_key`, `lead_key`, `flag`); index: send_id.

    `lead` numbers the recipients. have: canonical columns that hold anything. zoned: whether all times carry zones.
    """

    frame: pd.DataFrame
    have: frozenset[str]
    zoned: bool
    warnings: tuple[str, ...]


def build_sends(log: Tables) -> Sends:
    """Every mail of the logs; `MissingColumnError` without a `recipient` column, `UnreadableInputError` if none."""
    tables = as_list(log)
    warnings: list[str] = []
    have: set[str] = set()
    parts = []
    zoned = True
    for table in tables:
        raw, platform = frame_of(table)
        warnings += table.warnings if isinstance(table, Table) else ()
        have |= held(raw, (*SEND_COLUMNS, *LEAD_COLUMNS)) - {"email"}
        times = read_times(raw["sent_at"] if "sent_at" in raw.columns else text_column(raw, "sent_at"))
        zoned &= table.zoned if isinstance(table, Table) else times.zoned
        part, told = _sends_of(raw, table, platform, times.values)
        warnings += told
        real = (part["flag"] != "not_sent") & part["recipient"].str.contains("@", regex=False)
        skipped = int((part["flag"] == "not_sent").sum())
        if skipped:
            warnings.append(f"Rows of the log left out, because nothing was sent to these leads: {skipped}.")
        parts.append(part[real])
    if not parts or not sum(map(len, parts)):
        raise _without_mail(tables)
    frame = pd.concat(parts, ignore_index=True)
    if len(parts) > 1:
        # Two exports overlap, or one was given twice: the same mail to the same lead is one mail.
        again = frame.duplicated(["key", "message_id", "sent_at", "campaign", "step", "sender"])
        if again.any():
            warnings.append(f"Rows that stand in several of the logs, counted once: {int(again.sum())}.")
            frame = frame[~again].reset_index(drop=True)
    frame["lead"] = pd.factorize(frame["key"])[0]
    frame["lead_key"] = frame["lead_id"].str.lower()
    frame["message_key"] = _message_keys(frame["message_id"])
    return Sends(frame, frozenset(have), zoned, tuple(warnings))


def _sends_of(raw: pd.DataFrame, table: TableLike, platform: str, sent: pd.Series) -> tuple[pd.DataFrame, list[str]]:
    name = "recipient" if "recipient" in raw.columns else "email"
    if name not in raw.columns:
        raise MissingColumnError("campaign log", "has no column 'recipient'", "rename the column of addresses")
    columns = {column: text_column(raw, column) for column in _TEXT}
    recipient = normalise_addresses(raw[name])
    marks = read_marks(raw, address_keys(recipient), blank_is_unsent=isinstance(table, Table) and table.blank_is_unsent)
    columns |= {"bounced": marks.words, "bounce_reason": marks.reason}
    rows = pd.DataFrame(
        {
            "recipient": recipient,
            "key": address_keys(recipient),
            "sent_at": sent,
            "sender": normalise_senders(text_column(raw, "sender")),
            **columns,
            "flag": marks.flag,
            **with_attributes(raw, platform),
        }
    )
    if "event" not in raw.columns:
        return rows, list(marks.warnings)
    rows, folded = fold_events(rows, text_column(raw, "event"))
    told = [f"Rows of the log that tell what became of a mail that another row sends: {folded}."] if folded else []
    return rows, [*marks.warnings, *told]


def normalise_senders(column: pd.Series) -> pd.Series:
    """Sender addresses in one spelling; a sender that is no address (a mailbox's name) stays as it is."""
    distinct = column.drop_duplicates()
    address = address_keys(normalise_addresses(distinct))
    spelling = address.where(address.str.contains("@", regex=False), distinct)
    return column.map(dict(zip(distinct, spelling, strict=True))).astype("str")


def _message_keys(column: pd.Series) -> pd.Series:
    plain = column.str.contains(r"^<?[^<> \t\r\n]*>?$", regex=True)
    keys = column.str.strip("<>").str.lower()
    if not bool(plain.all()):
        keys = keys.mask(~plain, column[~plain].map(normalise_message_id))
    return keys


def join_leads(sends: pd.DataFrame, leads: Leads) -> tuple[pd.DataFrame, int]:
    """The sends with the attributes of their leads, found by address, else by lead_id; and how many leads have none.

    Where the lead list says nothing, what the log itself says stays.
    """
    listed = leads.frame
    if not len(listed):
        return sends, 0
    codes, keys = sends["lead"].to_numpy(), sends.drop_duplicates("lead")["key"]
    row = pd.Index(listed["key"]).get_indexer(keys)[codes]
    with_id = listed[listed["lead_id"] != ""].drop_duplicates("lead_id")
    missing = row < 0
    if missing.any() and len(with_id):
        ids = sends.loc[missing, "lead_key"]
        place = pd.Index(with_id["lead_id"].str.lower()).get_indexer(ids)
        row[missing] = np.where((place >= 0) & (ids != "").to_numpy(), with_id.index.to_numpy()[place], -1)
    joined = sends.copy(deep=False)
    for name in _JOINED:
        found = pd.Series(listed[name].array.take(row, allow_fill=True), index=sends.index)
        says = found.notna()
        if name != "verified_at":
            says &= found != _BLANK.get(name, "")
        if name == "email_status":
            says &= pd.Series(listed["email_status_original"].array.take(row, allow_fill=True), index=sends.index) != ""
        joined[name] = found.where(says, sends[name])
    alone = int(pd.Series(codes[row < 0]).nunique())
    return joined, alone


def _without_mail(logs: list[Any]) -> UnreadableInputError:
    """Names the log, and the column that was taken for the recipient where no cell of it is an address."""
    for log in logs:
        if isinstance(log, Table):
            column = next((header for header, field in log.mapping.items() if field == "recipient"), "")
            if column and not log.frame["recipient"].str.contains("@", regex=False).any():
                problem = f"its column {column!r} was taken for the recipient, and holds no e-mail address"
                return UnreadableInputError(log.path, problem, "name the right one with --map YOURCOLUMN=recipient")
            return UnreadableInputError(log.path, "holds no mail that was sent", "give the log of the campaign")
    return UnreadableInputError("campaign log", "holds no mail that was sent", "give the log of the campaign")


def leads_of(sends: pd.DataFrame) -> pd.DataFrame:
    """A lead list out of the log's own columns, where no other was given."""
    once = sends.drop_duplicates("lead").rename(columns={"recipient": "email"})
    return once[[*LEAD_FRAME, "key"]].reset_index(drop=True)


def add_derived(sends: pd.DataFrame) -> pd.DataFrame:
    """`recipient_domain`, `sender_domain` and `week` ("2026-W10", ISO 8601; "" where the time is unknown)."""
    derived = sends.copy(deep=False)
    derived["recipient_domain"] = _over_distinct_leads(sends)
    codes, senders = pd.factorize(sends["sender"])
    derived["sender_domain"] = pd.Series(domains(pd.Series(senders, dtype="str")).array.take(codes), index=sends.index)
    days = sends["sent_at"].dt.floor("D")
    codes, distinct = pd.factorize(days)
    labels = pd.Series([*(f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}" for day in distinct), ""], dtype="str")
    derived["week"] = pd.Series(labels.array.take(np.where(codes < 0, len(labels) - 1, codes)), index=sends.index)
    return derived


def _over_distinct_leads(sends: pd.DataFrame) -> pd.Series:
    keys = sends.drop_duplicates("lead")["key"].reset_index(drop=True)
    return pd.Series(domains(keys).array.take(sends["lead"].to_numpy()), index=sends.index)
