"""The tables of a workspace: their columns, the key that makes a row the same when it is read again, and their weeks.

Columns come from `records`; text is "" where unknown. `week` (ISO 8601, "2026-W10") is what a table is partitioned by:
of the send for sends, of the bounce's arrival for bounces. Leads and runs are small and have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa

from analyzer.correlate import address_keys, normalise_addresses
from analyzer.correlate.flags import read_flags
from analyzer.history.own_words import marked
from analyzer.records import BOUNCE_COLUMNS, BOUNCE_TYPES, LEAD_COLUMNS, SEND_COLUMNS, SENT_AT_ZONED
from analyzer.sources.tables import parse_times
from analyzer.sources.tables.platforms import EXTRAS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: A row without a time.
NO_WEEK = "unknown"
_TIME = pa.timestamp("us", tz="UTC")
_TIMES = frozenset({"sent_at", "verified_at"})
_ARROW = {bool: pa.bool_(), float: pa.float64(), int: pa.int64()}
#: What a flag says of a mail that did not go well (`correlate.flags`).
_TELLING = ("yes", "maybe", "complaint")
#: What of a lead the campaign log may carry itself.
_LEAD_OF_SEND = tuple(name for name in LEAD_COLUMNS if name not in ("email", "lead_id"))


@dataclass(frozen=True, slots=True)
class TableKind:
    """One table. `updates`: columns that a later reading of the same row may change; `newer` is when it may. `merged`:
    SQL of the new value of a column (`s` the later reading, `t` what is there), where it is not just the later one.

    `order`: by what its rows are sorted where they are read, the key behind it.
    """

    name: str
    schema: pa.Schema
    partitioned: bool
    updates: tuple[str, ...] = ()
    newer: str = ""
    order: tuple[str, ...] = ()
    merged: Mapping[str, str] = field(default_factory=dict)


def _told(names: Sequence[str]) -> dict[str, str]:
    """What a later reading leaves blank stays: another export may have no such column."""
    return {name: f"CASE WHEN s.{name} <> '' THEN s.{name} ELSE t.{name} END" for name in names}


def _is_news(names: Sequence[str]) -> str:
    return " OR ".join(f"(s.{name} <> '' AND s.{name} IS DISTINCT FROM t.{name})" for name in names)


def _schema(columns: Sequence[str], types: dict[str, type] | None = None, *, week: bool) -> pa.Schema:
    own = types or {}
    fields = [
        pa.field(name, _TIME if name in _TIMES else _ARROW.get(own[name]) if name in own else pa.string())
        for name in columns
    ]
    return pa.schema([pa.field("key", pa.string()), *fields, *([pa.field("week", pa.string())] if week else [])])


_NEWS = ("bounced", "bounce_reason", "state")
#: What a later reading of the same mail may change.
_OF_MAIL = (*_NEWS, *EXTRAS)
SENDS = TableKind(
    "sends",
    _schema((*SEND_COLUMNS, "state", *_LEAD_OF_SEND, SENT_AT_ZONED, *EXTRAS), week=True),
    True,
    # A later export knows of a bounce that an earlier one did not, or has a column that an older version did not keep.
    updates=_OF_MAIL,
    newer=_is_news(_OF_MAIL),
    order=("sent_at",),
    merged=_told(_OF_MAIL),
)
BOUNCES = TableKind(
    "bounces",
    _schema(BOUNCE_COLUMNS, BOUNCE_TYPES, week=True),
    True,
    # The same failure from a source that carries its text, where the one before had none.
    # Its time stays as well, by which its week was told.
    updates=tuple(name for name in BOUNCE_COLUMNS if name not in ("record_id", "received_at")),
    newer="t.diagnostic = '' AND s.diagnostic <> ''",
    order=("received_at",),
)
#: Bounces that a key has shown to be forged: kept for a look, and read by nothing that counts.
SUSPECTED = replace(BOUNCES, name="suspected")
_OF_LEAD = tuple(name for name in (*LEAD_COLUMNS, *EXTRAS) if name not in _TIMES)
LEADS = TableKind(
    "leads",
    pa.schema([*_schema((*LEAD_COLUMNS, *EXTRAS), week=False), pa.field("seen_at", _TIME)]),
    False,
    updates=(*LEAD_COLUMNS, *EXTRAS, "seen_at"),
    newer=f"s.seen_at > t.seen_at AND ({_is_news(_OF_LEAD)} OR "
    "(s.verified_at IS NOT NULL AND s.verified_at IS DISTINCT FROM t.verified_at))",
    # The time of a verification goes with its result.
    merged=_told(_OF_LEAD)
    | {
        "verified_at": "CASE WHEN s.verified_at IS NOT NULL OR (s.email_status <> '' "
        "AND s.email_status IS DISTINCT FROM t.email_status) THEN s.verified_at ELSE t.verified_at END"
    },
)
RUNS = TableKind(
    "runs",
    pa.schema(
        [
            *(pa.field(name, pa.string()) for name in ("key", "kind", "path", "sha256", "tool_version")),
            pa.field("rows", pa.int64()),
            pa.field("at", _TIME),
        ]
    ),
    False,
)
#: What was advised, and on what figures: fractions of 1, null where the data could not tell.
DECISIONS = TableKind(
    "decisions",
    pa.schema(
        [
            *(pa.field(name, pa.string()) for name in ("key", "command", "first_week", "last_week")),
            *(pa.field(name, pa.string()) for name in ("recommendation", "guessed_effect", "side", "first_fix")),
            *(pa.field(name, pa.int64()) for name in ("leads", "emails")),
            *(pa.field(name, pa.float64()) for name in ("tolerance", "hard_rate", "address_rate", "spam_rate")),
            *(pa.field(name, pa.float64()) for name in ("max_quantity_rate", "max_quality_rate", "p_over_tolerance")),
            *(pa.field(name, pa.string()) for name in ("tool_version", "rules_version")),
            pa.field("at", _TIME),
        ]
    ),
    False,
)
KINDS: tuple[TableKind, ...] = (SENDS, BOUNCES, SUSPECTED, LEADS, RUNS, DECISIONS)


def sends_of(log: pd.DataFrame) -> pa.Table:
    """A campaign log (canonical columns) as rows of `sends`.

    The key is our Message-ID with the recipient; without one, all that is known of the mail, and its number among those
    that are alike: a log read twice gives the same keys. Rows without an address are left out, as `correlate` does;
    those of one Message-ID are one mail, with the last news of it.
    """
    frame = _filled(marked(log), SENDS.schema)
    frame["recipient"] = normalise_addresses(frame["recipient"])
    frame = frame[frame["recipient"].str.contains("@", regex=False)].reset_index(drop=True)
    who = address_keys(frame["recipient"])
    known = frame["message_id"].str.strip("<> ") != ""
    other = who + "|" + _text(frame["sent_at"]) + "|" + frame["campaign"] + "|" + frame["step"] + "|" + frame["sender"]
    other = other + "|" + other.groupby(other).cumcount().astype("str")
    frame["key"] = _digests((frame["message_id"].str.strip("<> ") + "|" + who).where(known, other))
    frame["week"] = weeks(frame["sent_at"])
    return _table(_with_last_news(frame), SENDS)


def _with_last_news(frame: pd.DataFrame) -> pd.DataFrame:
    """Each row of a mail that stands in several says what the last of them does, or the last that tells of a bounce."""
    again = frame["key"].duplicated(keep=False)
    if not again.any():
        return frame
    told = frame.loc[again, ["key", *_NEWS]]
    for name in _NEWS:
        said = told[told[name] != ""]
        order = read_flags(said[name]).isin(_TELLING).sort_values(kind="stable").index
        last = dict(zip(said.loc[order, "key"], said.loc[order, name], strict=True))
        frame.loc[again, name] = [last.get(key, "") for key in told["key"]]
    return frame


def leads_of(leads: pd.DataFrame, seen_at: pd.Timestamp) -> pa.Table:
    """A lead list (canonical columns) as rows of `leads`, keyed by address.

    Keys are digests throughout: what a table logs of itself must not name anyone who is to be forgotten.
    """
    frame = _filled(leads, LEADS.schema)
    frame["email"] = normalise_addresses(frame["email"])
    frame = frame[frame["email"] != ""].reset_index(drop=True)
    frame["key"] = _digests(address_keys(frame["email"]))
    frame["seen_at"] = seen_at
    return _table(frame, LEADS)


def bounces_of(bounces: pd.DataFrame) -> pa.Table:
    """Rows of BOUNCE_COLUMNS as rows of `bounces`, keyed by record_id."""
    frame = _filled(bounces, BOUNCES.schema)
    frame["key"] = frame["record_id"]
    frame["week"] = weeks(parse_times(frame["received_at"]))
    # Of the same failure in one reading, the row with the most to tell.
    order = frame["diagnostic"].str.len().sort_values(ascending=False, kind="stable").index
    return _table(frame.loc[order], BOUNCES)


def decision_of(values: dict[str, Any], at: pd.Timestamp) -> pa.Table:
    """One row of `decisions`; the same advice on the same figures has the same key, whenever it was given."""
    known = {field.name: values.get(field.name) for field in DECISIONS.schema if field.name not in ("key", "at")}
    told = "|".join(str(value) for value in known.values())
    row = {"key": _digests(pd.Series([told]))[0], **known, "at": at}
    return pa.Table.from_pylist([row], schema=DECISIONS.schema)


def weeks(times: pd.Series[Any]) -> pd.Series[str]:
    """ISO 8601 week labels, such as 2026-W10; NO_WEEK where the time is not known."""
    moments = pd.to_datetime(times, utc=True)
    calendar = moments.dt.isocalendar()
    labels = calendar["year"].astype("str") + "-W" + calendar["week"].astype("str").str.zfill(2)
    return labels.where(moments.notna(), NO_WEEK).astype("str")


def _filled(frame: pd.DataFrame, schema: pa.Schema) -> pd.DataFrame:
    """All columns of the schema, text as text."""
    columns: dict[str, Any] = {}
    for column in schema:
        have = column.name in frame.columns
        if pa.types.is_timestamp(column.type):
            values = frame[column.name] if have else pd.Series(pd.NaT, index=frame.index)
            columns[column.name] = pd.to_datetime(values, utc=True).dt.floor("us")
        elif pa.types.is_string(column.type):
            values = frame[column.name] if have else pd.Series("", index=frame.index, dtype="str")
            columns[column.name] = values.astype("str").fillna("")
        else:
            columns[column.name] = frame[column.name] if have else pd.Series(None, index=frame.index, dtype="object")
    return pd.DataFrame(columns).reset_index(drop=True)


def _table(frame: pd.DataFrame, kind: TableKind) -> pa.Table:
    once = frame.drop_duplicates("key")
    return pa.Table.from_pandas(
        once[kind.schema.names], schema=kind.schema, preserve_index=False
    ).replace_schema_metadata()


def _digests(texts: pd.Series[str]) -> pd.Series[str]:
    import hashlib

    digests: pd.Series[str] = texts.map(
        lambda text: hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=12).hexdigest()
    )
    return digests


def _text(times: pd.Series[Any]) -> pd.Series[str]:
    text: pd.Series[str] = times.dt.strftime("%Y-%m-%dT%H:%M:%S.%f").fillna("").astype("str")
    return text
