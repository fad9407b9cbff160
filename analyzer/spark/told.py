"""Which leads of a log a bounce can be about: they are told one by one, and all others only counted."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING

import pyarrow as pa

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

#: What a mail can be known by, as the first letter of a name: the Message-ID, its front, the lead's address and id.
_NAMES = {"i": "id", "f": "front", "k": "lead", "l": "lead_id"}


def told_leads(sends: DataFrame, bounces: pd.DataFrame) -> DataFrame:
    """The keys (`lead`) of all leads that a bounce names in any way, or that the log itself marks, each once.

    The local matching finds the same mails among theirs as in the whole log: every mail that a clue can name is there,
    and one for each domain of the Message-IDs that clues name and for each sender, by which it knows what is ours.
    sends: `sends_of`. bounces: BOUNCE_COLUMNS.
    """
    from pyspark.sql import functions as sf

    spark = sends.sparkSession
    names, domains = _named(bounces)
    mails = sends.where(sf.col("lead").isNotNull())
    known_by = [sf.concat(sf.lit(letter), sf.col(column)) for letter, column in _NAMES.items()]
    named = mails.select("lead", sf.explode(sf.array(*known_by)).alias("name"))
    found = named.join(spark.createDataFrame(pa.table({"name": names})), "name", "left_semi").select("lead")
    behind = spark.createDataFrame(pa.table({"behind": domains}))
    examples = mails.join(behind, "behind", "left_semi").groupBy("behind").agg(sf.min("lead").alias("lead"))
    senders = mails.groupBy("sender").agg(sf.min("lead").alias("lead"))
    marked = mails.where(sf.col("mark") != "").select("lead")
    # Where nothing at all came back, one lead is told for its columns.
    anyone = mails.agg(sf.min("lead").alias("lead")).where(sf.col("lead").isNotNull())
    every = (found, marked, examples.select("lead"), senders.select("lead"), anyone)
    return reduce(lambda one, other: one.union(other), every).distinct()


def told_rows(listed: DataFrame, told: DataFrame, ids: DataFrame) -> DataFrame:
    """The rows of a lead list that the local functions have to see: of told leads, by address or by id, and those that
    they have something to say of: no address, one that stands there twice, a status that nobody knows.
    """
    from pyspark.sql import functions as sf

    twice = listed.groupBy("lead").count().where((sf.col("count") > 1) & sf.col("lead").isNotNull()).select("lead")
    wanted = told.select("lead").union(twice).distinct().withColumn("by_lead", sf.lit(True))
    lower = listed.withColumn("lower_id", sf.lower("lead_id"))
    by_id = ids.select(sf.col("lead_id").alias("lower_id")).distinct().withColumn("by_id", sf.lit(True))
    chosen = lower.join(wanted, "lead", "left").join(sf.broadcast(by_id), "lower_id", "left")
    return chosen.where(
        sf.col("by_lead").isNotNull() | sf.col("by_id").isNotNull() | sf.col("lead").isNull() | (sf.col("mark") != "")
    )


def _named(bounces: pd.DataFrame) -> tuple[pa.Array, pa.Array]:
    """All that the bounces name, each behind the letter of what it may be; and the domains of their Message-IDs."""
    from analyzer.correlate import counted_bounces
    from analyzer.correlate.clues import clues_of

    reported = counted_bounces(bounces)
    columns = ("key", "original_key", "original_message_id", "delivered_to", "original_headers")
    names: set[str] = set()
    domains: set[str] = set()
    for row in zip(*(reported[name].tolist() for name in columns), strict=True):
        clues = clues_of(*row)
        tokens = {*clues.return_tokens, *clues.header_values} - {""}
        ids = {one for one in clues.ids if one}
        names |= {f"i{one}" for one in (*ids, *tokens, *(one.partition("@")[0] for one in ids))}
        names |= {f"f{one}" for one in (*tokens, *(one for one in ids if "@" not in one))}
        names |= {f"k{one}" for one in (*clues.recipients, *clues.return_addresses, *clues.header_addresses)}
        names |= {f"l{one}" for one in tokens}
        domains |= {one.rpartition("@")[2] for one in ids}
    return pa.array(sorted(names), pa.string()), pa.array(sorted(domains - {""}), pa.string())
