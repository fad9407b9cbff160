"""One diagnosis of a campaign that no machine holds, with the figures of the local one.

The workers read the rows with the local functions, find the leads that a bounce can be about, and count all others
where they lie. The driver takes the bounces and these leads' mails, matches them as it would match the whole log, and
judges them together with the counts, by the local statistics.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from analyzer.errors import AnalyzerError
from analyzer.spark.rows import as_frame, columns_of, leads_of, order_of, sends_of
from analyzer.spark.silent import Counts
from analyzer.spark.told import told_leads, told_rows

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import Column, DataFrame

    from analyzer.diagnose.diagnosis import Diagnosis


def diagnose_whole(log: DataFrame, bounces: DataFrame, leads: DataFrame | None, *, tolerance: float) -> Diagnosis:
    """What `analyzer.diagnose` says of the same tables; their rows never come together in one place.

    Raises what `analyzer.diagnose` raises, and `AnalyzerError` for a log that tells of one mail in several rows.
    """
    from pyspark.sql import functions as sf

    from analyzer.correlate import correlate
    from analyzer.diagnose.campaign import assess
    from analyzer.diagnose.diagnosis import InputFile
    from analyzer.diagnose.leads.counted import with_counted
    from analyzer.knowledge import rules_version
    from analyzer.sources.tables import read_tables
    from analyzer.version import __version__

    of_log = columns_of(log, "log")
    of_leads = columns_of(leads, "leads") if leads is not None else {}
    if "event" in of_log.values():
        raise AnalyzerError(
            "log: has a row for each event, which only together tell of a mail; take it into a workspace with "
            "bounce-analyzer ingest first, or diagnose by a column"
        )
    reported = _in_order(bounces)
    sends = sends_of(log, of_log).persist()
    listed = leads_of(leads, of_leads).persist() if leads is not None else None
    told = told_leads(sends, reported).persist()
    counts = None
    try:
        order = order_of(sends, sf.col("at"))
        told_sends = sends.join(told, "lead", "left_semi")
        no_mail = sends.where(sf.col("lead").isNull()).select(told_sends.columns)
        told_log, first = _rows(told_sends.union(no_mail), order)
        tables = read_tables([(told_log, "log")], of_log, large=True)
        if listed is not None:
            ids = told_sends.where("lead_id != ''").select("lead_id")
            told_list, _ = _rows(told_rows(listed, told, ids), order_of(listed, None))
            tables += read_tables([(told_list, "leads")], of_leads, large=True)
        counts = Counts(sends.where(sf.col("lead").isNotNull()).join(told, "lead", "left_anti"), listed)
        beside, listed_rows = counts.beside(), 0
        if listed is not None:
            have, listed_rows = _held(listed)
            beside = replace(beside, have=beside.have | have)
        correlated = correlate(reported, tables[:1], tables[1:] or None, beside=beside)
        counted, rank = counts.silent(correlated, first)
        inputs = [
            InputFile("(a frame)", "bounces", len(reported), ""),
            InputFile(tables[0].path, "log", tables[0].rows + counted.mails, ""),
        ]
        if listed is not None:
            inputs.append(InputFile(tables[1].path, "leads", listed_rows, ""))
        return assess(
            *with_counted(correlated, counted, rank),
            tolerance=tolerance,
            inputs=inputs,
            rules_version=rules_version(None),
            tool_version=__version__,
        )[0]
    finally:
        if counts is not None:
            counts.close()
        for frame in (sends, listed, told):
            if frame is not None:
                frame.unpersist()


def _in_order(bounces: DataFrame) -> pd.DataFrame:
    """The bounces, by the time of their arrival, then by what they say."""
    names = bounces.columns
    if missing := [name for name in ("recipient", "label", "fault", "reason") if name not in names]:
        raise AnalyzerError(f"bounces: the frame has no column {missing[0]!r}; give what `parse` returns")
    first = [name for name in ("received_at", "key") if name in names]
    rest = [] if "key" in names else [name for name in names if name not in first]
    return as_frame(bounces.toArrow().sort_by([(name, "ascending") for name in (*first, *rest)]))


def _rows(frame: DataFrame, order: list[Column]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows as they were, in order; and the place of each lead's first one, in order."""
    from pyspark.sql import functions as sf

    places = {f"place_{number}": column for number, column in enumerate(order)}
    own = sf.struct("row.*").alias("row")
    found = frame.select("lead", own, *(column.alias(name) for name, column in places.items())).toArrow()
    found = found.sort_by([(name, "ascending") for name in places])
    first = found.select(["lead", *places]).to_pandas()
    first = first[first["lead"].notna()].drop_duplicates("lead")
    rows = pa.Table.from_batches(
        [pa.RecordBatch.from_struct_array(each) for each in found["row"].chunks],
        schema=pa.schema(list(found.schema.field("row").type)),
    )
    return as_frame(rows), first[list(places)].reset_index(drop=True)


def _held(listed: DataFrame) -> tuple[frozenset[str], int]:
    """Which columns of the lead list hold anything, as far as that is asked for; and how many rows have an address."""
    from pyspark.sql import functions as sf

    originals = {"email_status": "email_status_original", "industry": "industry_original"}
    held = [sf.max(sf.coalesce(sf.col(column), sf.lit("")) != "").alias(name) for name, column in originals.items()]
    row = listed.agg(sf.count("lead").alias("rows"), *held).first()
    if row is None:
        return frozenset(), 0
    return frozenset(name for name in originals if row[name]), int(row["rows"])
