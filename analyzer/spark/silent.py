"""The leads that nothing came back of, counted in Spark SQL by what the statistics see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from analyzer.correlate import Beside
from analyzer.spark.rows import DIMENSIONS, EXTRAS, TAKEN, order_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from pyspark.sql import Column, DataFrame

    from analyzer.correlate import Correlated
    from analyzer.diagnose.silent import Silent

_BLANK = {"email_status": "unknown", "industry_group": "unclassified"}
_ORIGINALS = ("email_status_original", "industry_original")
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
    """The silent leads of a campaign, one row a lead in Spark, and what is asked of them.

    mails: `with_listed`, without those of told leads.
    """

    def __init__(self, mails: DataFrame) -> None:
        from pyspark.sql import functions as sf

        self._spark = mails.sparkSession
        at = order_of(mails, sf.col("at"))
        self._places = [f"place_{number}" for number in range(len(at))]
        places = [column.alias(name) for name, column in zip(self._places, at, strict=True)]
        shown = [
            sf.coalesce(sf.col(name), sf.lit(_BLANK.get(name, ""))).alias(name)
            for name in (*DIMENSIONS, "recipient_domain", *_ORIGINALS)
        ]
        self._leads = self._by_lead(mails.select("lead", "stranger", "at", "verified", *shown, *places)).persist()

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

    def silent(self, correlated: Correlated, told: pd.DataFrame) -> tuple[Silent, np.ndarray[Any, Any]]:
        """The counts, and where each told lead stands among all.

        told: the places of the told leads' first mails (as `places` gives them), in order.
        """
        from pyspark.sql import functions as sf

        from analyzer.diagnose.free_mail import consumer_domains
        from analyzer.diagnose.silent import CELL, Silent
        from analyzer.diagnose.thresholds import thresholds

        leads = self._shown(_providers(correlated)).join(self._told_domains(correlated), "domain", "left")
        leads = leads.withColumn("free", sf.col("domain").isin(list(consumer_domains())))
        known = sf.when(sf.col("first.provider") != "", sf.col("mails")).otherwise(0)
        sums = [sf.sum(name).alias(name) for name in ("leads", "mails", "known")]
        counted = leads.groupBy("domain", "told", "free", "cell", *CELL).agg(
            sf.count("*").alias("leads"),
            sf.sum("mails").alias("mails"),
            sf.sum(known).alias("known"),
            sf.min(sf.struct(*self._places)).alias("place"),
        )
        counted = counted.persist()
        by_cell = counted.groupBy("cell", *CELL).agg(*sums, sf.min("place").alias("place"))
        cells = by_cell.select("cell", *CELL, "mails", "known", "place.*").toArrow().to_pandas()
        here = counted.where("told").select("domain", "cell", "leads", "place.*").toArrow().to_pandas()
        elsewhere = counted.where(sf.col("told").isNull())
        # Whose leads have no company in common has to be known by name.
        named = sf.when(sf.col("free"), sf.col("domain")).otherwise("").alias("name")
        shapes = (
            elsewhere.groupBy("domain", "free")
            .agg(sf.array_sort(sf.collect_list(sf.struct("cell", "leads"))).alias("shape"))
            .groupBy("shape", named)
            .agg(sf.count("*").alias("copies"))
            .select("copies", "name", "shape.cell", "shape.leads")
            .toArrow()
        )
        limit = thresholds().breakdown.recipient_domains
        most = elsewhere.groupBy(sf.col("domain").alias("value")).agg(sums[0])
        largest = most.orderBy(sf.col("leads").desc(), "value").limit(limit).toArrow().to_pandas()
        counted.unpersist()
        import pandas as pd

        ranks = _ranks([told, cells, here], self._places)
        number = {cell: place for place, cell in enumerate(cells["cell"])}
        rows = shapes.select(["cell", "leads"]).to_pandas()
        listed = rows.assign(shape=range(len(rows))).explode(["cell", "leads"])
        ours = here.groupby("domain", sort=False)["leads"].sum().rename_axis("value").reset_index()
        found = Silent(
            mails=int(cells["mails"].sum()),
            known={"provider": int(cells["known"].sum())},
            cells=cells[list(CELL)].assign(rank=ranks[1]),
            told_domains=here[["domain", "leads"]].assign(cell=here["cell"].map(number).astype("int64")),
            ranks=here.assign(rank=ranks[2]).groupby("domain")["rank"].min().to_dict(),
            shapes=listed.assign(cell=listed["cell"].map(number).astype("int64")).astype({"leads": "int64"}),
            copies=shapes["copies"].to_numpy(),
            free=shapes["name"].to_pylist(),
            values=self._values(leads, DIMENSIONS),
            domains=pd.concat([ours, largest], ignore_index=True),
            companies=lambda name, values, first_only: _companies(leads, name, values, first_only=first_only),
            beside=lambda name, chosen: self._values(leads, (name,), chosen),
        )
        return found, ranks[0]

    def _told_domains(self, correlated: Correlated) -> DataFrame:
        from pyspark.sql import functions as sf

        names = sorted(set(correlated.sends["recipient_domain"].astype("str")))
        frame = self._spark.createDataFrame(pa.table({"domain": pa.array(names, pa.string())}))
        return sf.broadcast(frame.withColumn("told", sf.lit(True)))

    def _by_lead(self, mails: DataFrame) -> DataFrame:
        """One row a lead: what it was at its first mail, the values of all its mails, and how many there were."""
        from pyspark.sql import functions as sf

        from analyzer.diagnose.hindsight import SAME_DAY
        from analyzer.diagnose.silent import AGES
        from analyzer.diagnose.thresholds import thresholds

        days = thresholds().guessed.stale_days
        leads = mails.groupBy("lead").agg(
            sf.count("*").alias("mails"),
            sf.min(sf.struct(*self._places, "at", "verified", "recipient_domain", *DIMENSIONS)).alias("first"),
            *(sf.collect_set(name).alias(f"all_{name}") for name in DIMENSIONS if name != "provider"),
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
        told = [sf.col("first")[name].alias(name) for name in (*names, *self._places)]
        leads = leads.select("*", sf.col("first.recipient_domain").alias("domain"), age.alias("age"), *told)
        return leads.withColumn("cell", sf.xxhash64(*names, "age"))

    def _shown(self, providers: dict[str, str]) -> DataFrame:
        """The leads with the provider that bounces at their domain showed, else the one that is known to run it."""
        from pyspark.sql import functions as sf

        known = pa.table({"domain": list(providers), "shown": list(providers.values())}, _TEXTS)
        leads = self._leads.join(sf.broadcast(self._spark.createDataFrame(known)), "domain", "left")
        provider = sf.coalesce("shown", "first.provider")
        return leads.withColumn("first", sf.col("first").withField("provider", provider)).withColumn(
            "all_provider", sf.array(provider)
        )

    def _values(
        self, leads: DataFrame, names: Sequence[str], chosen: dict[str, list[str]] | None = None
    ) -> pd.DataFrame:
        """`Silent.values` of some dimensions; with `chosen`, as `Silent.beside` counts them."""
        from pyspark.sql import functions as sf

        had = {
            f"had_{name}": sf.col("domain" if name == "recipient_domain" else f"first.{name}") for name in chosen or {}
        }
        shown = [
            sf.when(column.isin((chosen or {})[name.removeprefix("had_")]), column).otherwise("").alias(name)
            for name, column in had.items()
        ]

        def pairs(name: str) -> Column:
            return sf.transform(
                f"all_{name}",
                lambda value: sf.struct(
                    sf.lit(name).alias("dimension"),
                    value.alias("value"),
                    (value == sf.col("first")[name]).alias("first"),
                ),
            )

        every = leads.select(
            "email_status", "industry_group", *shown, sf.explode(sf.concat(*map(pairs, names))).alias("pair")
        )
        counted = every.groupBy("pair.dimension", "pair.value", "pair.first", "email_status", "industry_group", *had)
        frame: pd.DataFrame = counted.agg(sf.count("*").alias("leads")).toArrow().to_pandas()
        order = ["dimension", "value", "email_status", "industry_group", *had, "first"]
        return frame.sort_values(order, ignore_index=True).astype({"first": bool})


_TEXTS = pa.schema([("domain", pa.string()), ("shown", pa.string())])


def _providers(correlated: Correlated) -> dict[str, str]:
    """Who runs the domains at which something bounced, by what most bounces there showed."""
    from analyzer.correlate.providers import shown_by_most
    from analyzer.sources.tables.encoded import texts

    bounces = correlated.bounces
    tied = bounces[bounces["send_id"].notna() & (bounces["provider"] != "")]
    at = correlated.sends["recipient_domain"].iloc[tied["send_id"].to_numpy(dtype="int64")]
    return shown_by_most(texts(at), tied["provider"])


def _companies(
    leads: DataFrame, name: str, values: list[str], *, first_only: bool
) -> tuple[pd.DataFrame, pd.DataFrame]:
    from pyspark.sql import functions as sf

    value = sf.col("first")[name] if first_only else sf.explode(f"all_{name}")
    chosen = leads.select("domain", "told", "free", value.alias("value")).where(sf.col("value").isin(values))
    counted = chosen.groupBy("value", "domain", "told", "free").agg(sf.count("*").alias("leads"))
    by_place = counted.groupBy("value", sf.when(sf.col("told"), sf.col("domain")).alias("domain"))
    together = sf.when(~sf.col("free") & (sf.col("leads") > 1), sf.col("leads")).otherwise(0)
    pairs = sf.sum(together * (sf.col("leads") - 1)).alias("pairs")
    shared = sf.sum(together).alias("shared")
    several = sf.count_if(together > 1).alias("companies")
    counts = (sf.sum("leads").alias("leads"), pairs, shared, several)
    frame = by_place.agg(*counts).orderBy("value", "domain").toArrow().to_pandas()
    return frame[frame["domain"].notna()], frame[frame["domain"].isna()]


def _ranks(frames: list[pd.DataFrame], places: list[str]) -> list[np.ndarray[Any, Any]]:
    """Where the rows of each frame stand among all of them, by `places`."""
    import numpy as np
    import pandas as pd

    together = pd.concat([frame[places] for frame in frames], ignore_index=True)
    order = together.sort_values(places, kind="stable").index.to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.split(rank, np.cumsum([len(frame) for frame in frames])[:-1])
