"""The leads that nothing came back of, as Spark frames: tied to the lead list, and put together from their mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from analyzer.correlate import Beside
from analyzer.spark.rows import DIMENSIONS, EXTRAS, TAKEN, order_of
from analyzer.spark.silent_rows import SilentRows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from pyspark.sql import Column, DataFrame

    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Codes
    from analyzer.diagnose.leads.silent import Silent

_BLANK = {"email_status": "unknown", "industry_group": "unclassified"}
_ORIGINALS = ("email_status_original", "industry_original")
_TEXTS = pa.schema([("domain", pa.string()), ("shown", pa.string())])
_HAVE = {"campaign": "campaign", "email_status": "email_status_original", "industry": "industry_original"}


def with_listed(mails: DataFrame, listed: DataFrame | None) -> DataFrame:
    """The mails with what the lead list says of their leads, found by address, else by id (as `join_leads` does).

    `stranger` tells whether the list has no such lead.
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as sf

    if listed is None:
        return mails.withColumn("stranger", sf.lit(False))
    order = order_of(listed, None)
    newest = Window.partitionBy("lead").orderBy(sf.col("verified").desc_nulls_last(), *order)
    own = [sf.col(name).alias(f"listed_{name}") for name in ("verified", *TAKEN, *EXTRAS)]
    own += [sf.col(f"{name}_original").alias(f"listed_{name}_original") for name in ("email_status", "industry")]
    rows = listed.where(sf.col("lead").isNotNull()).withColumn("place", sf.row_number().over(newest))
    rows = rows.where("place = 1").drop("place")
    first = Window.partitionBy(sf.lower("lead_id")).orderBy(*order)
    by_id = rows.where("lead_id != ''").withColumn("place", sf.row_number().over(first)).where("place = 1")
    told = [column.alias(f"by_id_{number}") for number, column in enumerate(own)]
    found = mails.join(rows.select(sf.col("lead"), sf.lit(True).alias("by_lead"), *own), "lead", "left")
    # A mail without an id, or whose lead is found, asks for an id that nobody has, and each for another.
    missing = sf.col("by_lead").isNull() & (sf.col("lead_id") != "")
    found = found.withColumn(
        "asked", sf.when(missing, sf.col("lead_id")).otherwise(sf.concat(sf.lit("\0"), sf.col("lead")))
    )
    found = found.join(
        by_id.select(sf.lower("lead_id").alias("asked"), sf.lit(True).alias("by_id"), *told), "asked", "left"
    )
    known = sf.col("by_lead").isNotNull()
    names = ("verified", *TAKEN, *EXTRAS, "email_status_original", "industry_original")
    told_of: dict[str, Column] = {
        name: sf.when(known, sf.col(f"listed_{name}")).otherwise(sf.col(f"by_id_{number}"))
        for number, name in enumerate(names)
    }
    columns: dict[str, Column] = {"stranger": ~known & sf.col("by_id").isNull()}
    for name, said in told_of.items():
        says = said.isNotNull() if name == "verified" else said.isNotNull() & (said != _BLANK.get(name, ""))
        if name == "email_status":
            says = says & (sf.coalesce(told_of["email_status_original"], sf.lit("")) != "")
        if name in EXTRAS:
            # What the log says of the very mail goes before what the list says of the lead.
            says = says & (sf.coalesce(sf.col(name), sf.lit("")) == "")
        columns[name] = sf.when(says, said).otherwise(sf.col(name))
    return found.withColumns(columns).drop("asked", "by_lead", "by_id", *(f"by_id_{n}" for n in range(len(names))))


class Counts:
    """The silent leads of a campaign, and what is asked of them.

    mails: `sends_of`, without those of told leads; listed: `leads_of`.
    """

    def __init__(self, mails: DataFrame, listed: DataFrame | None) -> None:
        from pyspark.sql import functions as sf

        at = order_of(mails, sf.col("at"))
        self._places = [f"place_{number}" for number in range(len(at))]
        places = [column.alias(name) for name, column in zip(self._places, at, strict=True)]
        #: What the lead list says is not asked of single mails.
        self._mails = mails.select("lead", "at", *_shown(("recipient_domain", *DIMENSIONS)), *places)
        known = with_listed(mails, listed)
        columns = _shown(("recipient_domain", *DIMENSIONS, *_ORIGINALS))
        self._leads = _by_lead(known.select("lead", "stranger", "at", "verified", *columns, *places), self._places)
        self._leads.persist()

    def close(self) -> None:
        """Let go of what Spark keeps of them."""
        self._leads.unpersist()

    def beside(self) -> Beside:
        """How many there are, and what their columns hold."""
        from pyspark.sql import functions as sf

        flags = ("strangers", "unclassified", "set_by_bounce")
        have = ("sent_at", *(f"have_{name}" for name in _HAVE))
        row = self._leads.agg(
            sf.count("*").alias("leads"),
            *(sf.coalesce(sf.sum(sf.col(name).cast("long")), sf.lit(0)).alias(name) for name in flags),
            *(sf.coalesce(sf.max(name), sf.lit(False)).alias(name) for name in have),
        ).first()
        assert row is not None
        there = frozenset(name.removeprefix("have_") for name in have if row[name])
        return Beside(there, row["leads"], *(int(row[name]) for name in flags))

    def silent(self, correlated: Correlated, told: pd.DataFrame) -> tuple[Silent, Codes]:
        """The counts, and where each told lead stands among all.

        told: the places of the told leads' first mails (as `places` gives them), in order.
        """
        leads = _with_provider(self._leads, _providers(correlated))
        return SilentRows.of(leads, self._mails, self._places, told, correlated).counted()


def _shown(names: Sequence[str]) -> list[Column]:
    from pyspark.sql import functions as sf

    return [sf.coalesce(sf.col(name), sf.lit(_BLANK.get(name, ""))).alias(name) for name in names]


def _by_lead(mails: DataFrame, places: list[str]) -> DataFrame:
    """One row a lead: what it was at its first mail, the values of all its mails, and how many there were."""
    from pyspark.sql import functions as sf

    from analyzer.diagnose.leads.hindsight import SAME_DAY
    from analyzer.diagnose.leads.silent import AGES
    from analyzer.diagnose.thresholds import thresholds

    days = thresholds().guessed.stale_days
    leads = mails.groupBy("lead").agg(
        sf.count("*").alias("mails"),
        sf.min(sf.struct(*places, "at", "verified", "recipient_domain", *DIMENSIONS)).alias("first"),
        *(sf.collect_set(name).alias(f"all_{name}") for name in DIMENSIONS if name != "provider"),
        sf.collect_set(sf.struct("step", "weekday", "hour")).alias("clock"),
        sf.count_if(sf.col("at").isNull()).alias("undated"),
        sf.max("stranger").alias("strangers"),
        sf.max(sf.col("industry_group") == "unclassified").alias("unclassified"),
        sf.max(sf.lower("email_status_original").contains("bounced")).alias("set_by_bounce"),
        sf.max(sf.col("at").isNotNull()).alias("sent_at"),
        *(sf.max(sf.col(column) != "").alias(f"have_{name}") for name, column in _HAVE.items()),
    )
    waited = sf.col("first.at") - sf.col("first.verified")
    age = sf.when(waited.isNull(), AGES[0]).when(waited < -SAME_DAY.value // 1000, AGES[3])
    # Only of verified addresses is it asked how old that is.
    age = age.when(sf.col("first.email_status") != "verified", AGES[0])
    age = age.when(waited > days * 86_400_000_000, AGES[2]).otherwise(AGES[1])
    names = ("email_status", "industry", "industry_group", "campaign")
    told = [sf.col("first")[name].alias(name) for name in (*names, *places)]
    leads = leads.select("*", sf.col("first.recipient_domain").alias("domain"), age.alias("age"), *told)
    return leads.withColumn("cell", sf.xxhash64(*names, "age"))


def _with_provider(leads: DataFrame, providers: dict[str, str]) -> DataFrame:
    """The leads with the provider that bounces at their domain showed, else the one that is known to run it."""
    from pyspark.sql import functions as sf

    known = pa.table({"domain": list(providers), "shown": list(providers.values())}, _TEXTS)
    leads = leads.join(sf.broadcast(leads.sparkSession.createDataFrame(known)), "domain", "left")
    provider = sf.coalesce("shown", "first.provider")
    return leads.withColumn("first", sf.col("first").withField("provider", provider)).withColumn(
        "all_provider", sf.array(provider)
    )


def _providers(correlated: Correlated) -> dict[str, str]:
    """Who runs the domains at which something bounced, by what most bounces there showed."""
    from analyzer.correlate.providers import shown_by_most
    from analyzer.sources.tables.encoded import texts

    bounces = correlated.bounces
    tied = bounces[bounces["send_id"].notna() & (bounces["provider"] != "")]
    at = correlated.sends["recipient_domain"].iloc[tied["send_id"].to_numpy(dtype="int64")]
    return shown_by_most(texts(at), tied["provider"])
