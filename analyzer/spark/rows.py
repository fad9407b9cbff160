"""The rows of a log and of a lead list as the local functions read them, part by part where they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from analyzer.errors import UnreadableInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pandas as pd
    from pyspark.sql import Column, DataFrame

    Batches = Iterable[pa.RecordBatch]

#: Rows that the local functions are given at once.
_PART = 100_000
#: Of so many rows the meaning of the columns is told.
_TELLING = 1_000
_NUMBER = "analyzer row"
#: Dimensions that may change from mail to mail of a lead; its recipient domain does not.
DIMENSIONS: tuple[str, ...] = (
    *("email_status", "industry", "industry_group", "provider", "sender", "sender_domain", "campaign", "step", "week"),
    *("country", "title", "template", "list_source", "weekday", "hour"),
)
#: What a send takes over from its lead's row, beside the times.
TAKEN: tuple[str, ...] = ("email_status", "industry", "industry_group", "country", "title")
EXTRAS: tuple[str, ...] = ("template", "list_source")
_ORIGINALS = ("email_status_original", "industry_original")
#: What is told of a mail: its lead's key and id, its Message-ID and the two parts of that, what the log says came of
#: it ("" for nothing), times in microseconds.
_SEND_TEXTS = ("lead", "lead_id", "id", "front", "behind", "mark", "recipient_domain", *DIMENSIONS, *_ORIGINALS)
_SEND_TIMES = ("at", "verified")
_LEAD_TEXTS = ("lead", "lead_id", "mark", *TAKEN, *EXTRAS, *_ORIGINALS)


def columns_of(frame: DataFrame, kind: str) -> dict[str, str]:
    """What the columns are taken for, by the first rows: what `read_table` says of them, the rest is left alone.

    Raises what `read_table` raises.
    """
    from analyzer.sources.tables import read_table
    from analyzer.sources.tables.platforms import IGNORED

    table = read_table(as_frame(frame.limit(_TELLING).toArrow()), "leads" if kind == "leads" else "log")
    return {**dict.fromkeys(table.unmapped, IGNORED), **table.mapping}


def as_frame(rows: pa.Table) -> pd.DataFrame:
    """Rows as the local functions take them: text as text, "" where there is none."""
    frame: pd.DataFrame = rows.to_pandas()
    for name in frame.columns:
        if frame[name].dtype.kind in "OU" or str(frame[name].dtype) == "str":
            frame[name] = frame[name].fillna("").astype("str")
    return frame


def order_of(frame: DataFrame, at: Column | None) -> list[Column]:
    """By what the rows of a frame come: by time, then by key, or by all columns of `row` where they have no key.

    A Spark frame has no order of its own, and what stands first decides between equals.
    """
    from pyspark.sql import functions as sf

    names = frame.schema["row"].dataType.names  # type: ignore[attr-defined]
    rest = ["key"] if "key" in names else [name for name in names if name != "sent_at"]
    texts = [sf.coalesce(sf.col("row")[name].cast("string"), sf.lit("")) for name in rest]
    return [*([] if at is None else [sf.coalesce(at, sf.lit((1 << 63) - 1))]), *texts]


def sends_of(log: DataFrame, mapping: Mapping[str, str]) -> DataFrame:
    """The mails of a log: each `row` as it is, and what the local functions read in it.

    `lead` is null for a row that is no mail: without an address, or of a lead to whom nothing was sent.
    """
    return _mapped(log, _sends(dict(mapping)), _SEND_TEXTS, _SEND_TIMES)


def leads_of(leads: DataFrame, mapping: Mapping[str, str]) -> DataFrame:
    """The rows of a lead list, likewise; `mark` is not "" where the list holds a status that nobody knows."""
    return _mapped(leads, _leads(dict(mapping)), _LEAD_TEXTS, ("verified",))


def _mapped(
    frame: DataFrame, read: Callable[[pa.Table], pa.Table], texts: Sequence[str], times: Sequence[str]
) -> DataFrame:
    from pyspark.sql import functions as sf
    from pyspark.sql.types import LongType, StringType, StructField, StructType

    def parts(batches: Batches) -> Iterator[pa.RecordBatch]:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            held.append(batch)
            if sum(map(len, held)) >= _PART:
                yield from read(pa.Table.from_batches(held)).to_batches()
                held = []
        if held:
            yield from read(pa.Table.from_batches(held)).to_batches()

    schema = StructType(
        [
            StructField("row", StructType(frame.schema.fields)),
            *(StructField(name, StringType()) for name in texts),
            *(StructField(name, LongType()) for name in times),
        ]
    )
    return frame.select(sf.struct(*(frame[name] for name in frame.columns)).alias("row")).mapInArrow(parts, schema)


def _sends(mapping: dict[str, str]) -> Callable[[pa.Table], pa.Table]:
    def read(rows: pa.Table) -> pa.Table:
        import pandas as pd

        from analyzer.correlate.message_ids import fronts, message_keys
        from analyzer.correlate.providers import add_providers
        from analyzer.correlate.sends import add_derived, build_sends
        from analyzer.diagnose.leads.contacts import dimension, weekdays_and_hours
        from analyzer.sources.tables.encoded import plain

        table, frame = _read(rows, "log", mapping)
        nothing = pd.DataFrame({"send_id": pd.Series(dtype="int64"), "provider": pd.Series(dtype="str")})
        try:
            if table is None:
                raise UnreadableInputError("campaign log", "holds no mail", "")
            sent = build_sends([table]).frame
        except UnreadableInputError:
            return _beside(rows, {}, np.zeros(0, dtype=np.int64), _SEND_TEXTS, _SEND_TIMES)
        sent = plain(add_providers(add_derived(sent), nothing))
        number = sent[_column()].astype("int64").to_numpy()
        ids = message_keys(sent["message_id"])
        found: dict[str, Any] = {name: sent[name] for name in _SEND_TEXTS if name in sent.columns}
        found |= {"lead": sent["key"], "lead_id": sent["lead_key"], "id": ids, "front": fronts(ids)}
        found["behind"] = ids.str.rpartition("@")[2]
        # A time that cannot be read is to be told by the local reader.
        unread = sent["sent_at"].isna().to_numpy() & _told_time(frame, mapping)[number]
        found["mark"] = sent["flag"].mask(unread & (sent["flag"] == "").to_numpy(), "unread")
        clock = weekdays_and_hours(sent, dimension(sent, "week"), "")
        for name, part in zip(("weekday", "hour"), clock, strict=True):
            found[name] = pd.Series(part.text(), dtype="str")
        times = {"at": sent["sent_at"], "verified": sent["verified_at"]}
        return _beside(rows, found | times, number, _SEND_TEXTS, _SEND_TIMES)

    return read


def _leads(mapping: dict[str, str]) -> Callable[[pa.Table], pa.Table]:
    def read(rows: pa.Table) -> pa.Table:
        from analyzer.correlate import address_keys, normalise_addresses
        from analyzer.correlate.leads import frame_of, text_column, with_attributes
        from analyzer.correlate.statuses import is_known_status
        from analyzer.sources.tables.encoded import plain

        table, _ = _read(rows, "leads", mapping)
        if table is None:
            return _beside(rows, {}, np.zeros(0, dtype=np.int64), _LEAD_TEXTS, ("verified",))
        frame, platform = frame_of(table)
        frame = plain(frame)
        listed = with_attributes(frame, platform)
        found: dict[str, Any] = {name: listed[name] for name in (*TAKEN, *_ORIGINALS)}
        found |= {name: text_column(frame, name) for name in ("lead_id", *EXTRAS)}
        keys = address_keys(normalise_addresses(frame["email"]))
        found["lead"] = keys.where(keys.str.contains("@", regex=False), None)
        words = listed["email_status_original"]
        asked = {word: word != "" and not is_known_status(str(word), platform) for word in words.unique()}
        found["mark"] = words.map({word: "unread" if odd else "" for word, odd in asked.items()})
        found["verified"] = listed["verified_at"]
        return _beside(rows, found, frame[_column()].astype("int64").to_numpy(), _LEAD_TEXTS, ("verified",))

    return read


def _column() -> str:
    from analyzer.sources.tables.named import PREFIX

    return PREFIX + _NUMBER


def _read(rows: pa.Table, kind: Any, mapping: dict[str, str]) -> tuple[Any, pd.DataFrame]:
    """A part of a table, read; None for a part that has no row with an address."""
    from analyzer.sources.tables import read_tables

    frame = as_frame(pa.Table.from_batches(pa.RecordBatch.from_struct_array(each) for each in rows["row"].chunks))
    numbered = frame.assign(**{_NUMBER: np.arange(len(frame)).astype(str)})
    table = read_tables([(numbered, kind)], mapping, large=True, keep=(_NUMBER,))[0]
    return (table if table.rows else None), frame


def _told_time(frame: pd.DataFrame, mapping: dict[str, str]) -> Any:
    column = next((header for header, field in mapping.items() if field == "sent_at"), "")
    if column not in frame.columns:
        return np.zeros(len(frame), dtype=bool)
    return (frame[column].notna() & (frame[column].astype("str") != "")).to_numpy()


def _beside(rows: pa.Table, found: dict[str, Any], number: Any, texts: Sequence[str], times: Sequence[str]) -> pa.Table:
    """The rows with what was found of some of them, by their number; null for the others."""
    place = np.full(len(rows), -1, dtype=np.int64)
    place[number] = np.arange(len(number))
    taken = pa.array(place, mask=place < 0)
    columns: dict[str, Any] = {"row": rows["row"]}
    for name in texts:
        column = found.get(name)
        if column is None:
            columns[name] = pa.nulls(len(rows), pa.string())
            continue
        text = pa.array(column.where(column.isna(), column.astype("str").str.strip()), pa.string(), from_pandas=True)
        columns[name] = (text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text).take(taken)
    for name in times:
        if name not in found:
            columns[name] = pa.nulls(len(rows), pa.int64())
            continue
        stamps = pa.array(found[name].astype("datetime64[us, UTC]"), pa.timestamp("us", "UTC")).cast(pa.int64())
        columns[name] = stamps.take(taken)
    return pa.table(columns)
