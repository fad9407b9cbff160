"""What the statistics ask of the leads that nothing came back of, counted in Spark SQL where their rows lie."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from analyzer.spark.rows import DIMENSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column, DataFrame

    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Codes, Flags
    from analyzer.diagnose.leads.silent import Late, Like, Rows, Silent, Span

#: What follows from a mail's step.
_CLOCK = ("weekday", "hour")
#: In microseconds.
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class SilentRows:
    """`diagnose.silent.Rows` in Spark, whose methods these are.

    leads: a row each, with their provider; mails: theirs, with `places` to order them by; told, domains: of the told
    leads, the places of their first mails, and their recipient domains.
    """

    leads: DataFrame
    mails: DataFrame
    places: list[str]
    told: pd.DataFrame
    domains: DataFrame

    @classmethod
    def of(
        cls, leads: DataFrame, mails: DataFrame, places: list[str], told: pd.DataFrame, correlated: Correlated
    ) -> SilentRows:
        """The leads beside the told ones of `correlated`."""
        from pyspark.sql import functions as sf

        from analyzer.diagnose.leads.free_mail import consumer_domains

        names = sorted(set(correlated.sends["recipient_domain"].astype("str")))
        frame = leads.sparkSession.createDataFrame(pa.table({"domain": pa.array(names, pa.string())}))
        domains = sf.broadcast(frame.withColumn("told", sf.lit(True)))
        known = leads.drop("told", "free").join(domains, "domain", "left")
        return cls(
            known.withColumn("free", sf.col("domain").isin(list(consumer_domains()))), mails, places, told, domains
        )

    def counted(self) -> tuple[Silent, Codes]:
        """The counts, and where each told lead stands among all."""
        from pyspark.sql import functions as sf

        from analyzer.diagnose.leads.silent import CELL, Silent
        from analyzer.diagnose.thresholds import thresholds

        leads = self.leads
        known = sf.when(sf.col("first.provider") != "", sf.col("mails")).otherwise(0)
        sums = [sf.sum(name).alias(name) for name in ("leads", "mails", "known", "undated")]
        counted = leads.groupBy("domain", "told", "free", "cell", *CELL).agg(
            sf.count("*").alias("leads"),
            sf.sum("mails").alias("mails"),
            sf.sum(known).alias("known"),
            sf.sum("undated").alias("undated"),
            sf.min(sf.struct(*self.places)).alias("place"),
        )
        counted = counted.persist()
        by_cell = counted.groupBy("cell", *CELL).agg(*sums, sf.min("place").alias("place"))
        cells = by_cell.select("cell", *CELL, "mails", "known", "undated", "place.*").toArrow().to_pandas()
        here = counted.where("told").select("domain", "cell", "leads", "place.*").toArrow().to_pandas()
        elsewhere = counted.where(sf.col("told").isNull())
        shapes = _shapes(elsewhere)
        limit = thresholds().breakdown.recipient_domains
        most = elsewhere.groupBy(sf.col("domain").alias("value")).agg(sums[0])
        largest = most.orderBy(sf.col("leads").desc(), "value").limit(limit).toArrow().to_pandas()
        counted.unpersist()

        ranks = _ranks([self.told, cells, here], self.places)
        number = {cell: place for place, cell in enumerate(cells["cell"])}
        ours = here.groupby("domain", sort=False)["leads"].sum().rename_axis("value").reset_index()
        found = Silent(
            mails=int(cells["mails"].sum()),
            known={"provider": int(cells["known"].sum())},
            undated=int(cells["undated"].sum()),
            cells=cells[list(CELL)].assign(rank=ranks[1]),
            told_domains=here[["domain", "leads"]].assign(cell=here["cell"].map(number).astype("int64")),
            ranks=here.assign(rank=ranks[2]).groupby("domain")["rank"].min().to_dict(),
            **_of_shapes(shapes, number),
            values=_values(leads, DIMENSIONS),
            domains=pd.concat([ours, largest], ignore_index=True),
            rows=self,
        )
        return found, ranks[0]

    def companies(self, name: str, values: list[str], first_only: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
        return _companies(self.leads, name, values, first_only=first_only)

    def beside(self, name: str, chosen: dict[str, list[str]]) -> pd.DataFrame:
        return _values(self.leads, (name,), chosen)

    def told_apart(self, counted: Silent, chosen: dict[str, list[str]]) -> Silent:
        from pyspark.sql import functions as sf

        from analyzer.diagnose.leads.silent import CELL

        had = _had(chosen)
        columns = (*CELL, *had)
        leads = self.leads.withColumns(had).withColumn("cell", sf.xxhash64("cell", *had))
        own = leads.groupBy("domain", "told", "free", "cell", *columns).agg(sf.count("*").alias("leads")).persist()
        cells = own.select("cell", *columns).distinct().toArrow().to_pandas()
        here = own.where("told").select("domain", "cell", "leads").toArrow().to_pandas()
        shapes = _shapes(own.where(sf.col("told").isNull()))
        own.unpersist()
        number = {cell: place for place, cell in enumerate(cells["cell"])}
        return replace(
            counted,
            cells=cells[list(columns)],
            told_domains=here.assign(cell=here["cell"].map(number).astype("int64")),
            **_of_shapes(shapes, number),
        )

    def but_steps(self, steps: list[str]) -> tuple[pd.DataFrame, Rows]:
        from pyspark.sql import functions as sf

        # A lead's first mail counts, whatever its step.
        rest = sf.filter("clock", lambda mail: ~mail["step"].isin(steps))

        def of_rest(name: str) -> Column:
            others = sf.transform(rest, lambda mail: mail[name])
            return sf.array_distinct(sf.concat(sf.array(f"first.{name}"), others))

        leads = self.leads.withColumns({f"all_{name}": of_rest(name) for name in _CLOCK})
        return _values(leads, _CLOCK), replace(self, leads=leads)

    def sent(self, like: Like, spans: list[Span]) -> pd.DataFrame:
        from pyspark.sql import Window
        from pyspark.sql import functions as sf

        mails = self.mails
        if like.first is not None:
            turn = sf.row_number().over(Window.partitionBy("lead").orderBy(*self.places))
            mails = mails.withColumn("turn", turn).where("turn = 1" if like.first else "turn > 1")
        mails = mails.where("at is not null and week != ''")
        for name, values in like.values.items():
            mails = mails.where(sf.col(name).isin(values))
        ends = [[sf.lit(_stamp(end)) for end in span] for span in spans]
        inside = [(sf.col("at") > start) & (sf.col("at") <= end) for start, end in ends]
        number = [sf.when(within, sf.lit(place)) for place, within in enumerate(inside)]
        found = mails.withColumn("span", sf.explode(sf.array_compact(sf.array(*number))))
        found = found.join(self.domains, found["recipient_domain"] == self.domains["domain"], "left")
        counted = found.groupBy("span", "domain").agg(
            sf.count_distinct("recipient_domain").alias("companies"), sf.count("*").alias("mails")
        )
        frame: pd.DataFrame = counted.toArrow().to_pandas()
        return frame

    def begun(self, lowest: int) -> tuple[pd.DataFrame, np.datetime64]:
        from pyspark.sql import functions as sf

        counted = self._beginning(lowest).groupBy("campaign", "step", "here")
        found = counted.agg(sf.count("*").alias("leads"), sf.min("at").alias("start")).toArrow().to_pandas()
        start = found.pop("start").min()
        return found, np.datetime64("NaT", "us") if pd.isna(start) else np.datetime64(int(start), "us")

    def gaps(self, told: pd.DataFrame, share: float) -> pd.DataFrame:
        from pyspark.sql import functions as sf

        stamps = pa.array(told["sent_at"].astype("datetime64[us]"), pa.timestamp("us")).cast(pa.int64())
        texts = {"lead": told["lead"].astype("str"), "campaign": told["campaign"]}
        columns = {name: pa.array(column, pa.string(), from_pandas=True) for name, column in texts.items()}
        others = pa.table(columns | {"step": pa.array(told["step"], pa.int32()), "at": stamps})
        own = self.mails.select("lead", "campaign", _number(sf.col("step")).alias("step"), "at")
        mails = own.unionByName(self.leads.sparkSession.createDataFrame(others)).persist()
        before = mails.select("lead", "campaign", (sf.col("step") + 1).alias("step"), sf.col("at").alias("before"))
        waited = (sf.col("at") - sf.col("before")) / _DAY
        both = mails.join(before, ["lead", "campaign", "step"]).withColumn("gap", waited)
        # By step and campaign, by step alone, and in all.
        summed = both.rollup("step", "campaign").agg(sf.percentile("gap", sf.lit(share)).alias("gap"))
        found = summed.toArrow().to_pandas()
        every = mails.select("campaign", "step").distinct().toArrow().to_pandas()
        mails.unpersist()
        by_step = found["campaign"].isna()
        own_gaps: pd.DataFrame = every.merge(found[~by_step], on=["campaign", "step"], how="left")
        together: pd.DataFrame = pd.concat([own_gaps, found[by_step]], ignore_index=True)
        return together

    def ahead(self, lowest: int, start: np.datetime64, gaps: pd.DataFrame) -> pd.DataFrame:
        from pyspark.sql import functions as sf

        known = self.leads.sparkSession.createDataFrame(pa.Table.from_pandas(gaps, preserve_index=False))
        begun = self._beginning(lowest).where("not here and at is not null")
        waited = (sf.col("at") - _stamp(start)) / _DAY - sf.col("gap")
        counted = begun.join(known, ["campaign", "step"], "left").groupBy("campaign", "step")
        ahead = sf.count_if(sf.coalesce(waited < 0, sf.lit(False)))
        frame: pd.DataFrame = counted.agg(sf.count("*").alias("leads"), ahead.alias("ahead")).toArrow().to_pandas()
        return frame

    def without(self, late: Late | None, senders: list[str], rest: Correlated, kept: Flags) -> tuple[Silent, Codes]:
        from pyspark.sql import functions as sf

        leads = self.leads.where(~sf.col("first.sender").isin(senders))
        if late is not None:
            parts = pa.table(
                {
                    "campaign": pa.array([name for name, _ in late.parts], pa.string()),
                    "step": pa.array([step for _, step in late.parts], pa.int32()),
                }
            )
            cut = self._beginning(late.lowest).where("not here and at is not null")
            gone = cut.join(sf.broadcast(leads.sparkSession.createDataFrame(parts)), ["campaign", "step"], "left_semi")
            leads = leads.join(gone.select("lead"), "lead", "left_anti")
        mails = self.mails.join(leads.select("lead"), "lead", "left_semi")
        told = self.told[kept].reset_index(drop=True)
        return SilentRows.of(leads, mails, self.places, told, rest).counted()

    def _beginning(self, lowest: int) -> DataFrame:
        """Each `lead`: the `campaign` and `step` (its number) of its first mail, when that was sent (`at`), and whether
        it has mail `here`, at the step `lowest` or at none.
        """
        from pyspark.sql import functions as sf

        here = sf.exists("all_step", lambda step: _number(step).isin(0, lowest))
        first = sf.col("first")
        return self.leads.select(
            "lead", first["campaign"].alias("campaign"), _number(first["step"]).alias("step"), here.alias("here"),
            first["at"].alias("at"),
        )  # fmt: skip


def _stamp(moment: np.datetime64) -> int:
    return int(moment.astype("datetime64[us]").astype("int64"))


def _number(step: Column) -> Column:
    """The number of a step, 0 where it is none (as `diagnose.incomplete` reads it)."""
    from pyspark.sql import functions as sf

    return sf.when(step.rlike("^[0-9]{1,3}$"), step.cast("int")).otherwise(0)


def _values(leads: DataFrame, names: Sequence[str], chosen: dict[str, list[str]] | None = None) -> pd.DataFrame:
    """`Silent.values` of some dimensions; with `chosen`, as `Silent.beside` counts them."""
    from pyspark.sql import functions as sf

    had = _had(chosen or {})
    shown = [column.alias(name) for name, column in had.items()]

    def pairs(name: str) -> Column:
        return sf.transform(
            f"all_{name}",
            lambda value: sf.struct(
                sf.lit(name).alias("dimension"),
                value.alias("value"),
                (value == sf.col("first")[name]).alias("first"),
            ),
        )

    cell = ["email_status", "industry_group", *(["age"] if chosen else [])]
    every = leads.select(*cell, *shown, sf.explode(sf.concat(*map(pairs, names))).alias("pair"))
    counted = every.groupBy("pair.dimension", "pair.value", "pair.first", *cell, *had)
    frame: pd.DataFrame = counted.agg(sf.count("*").alias("leads")).toArrow().to_pandas()
    order = ["dimension", "value", *cell, *had, "first"]
    return frame.sort_values(order, ignore_index=True).astype({"first": bool})


def _had(chosen: dict[str, list[str]]) -> dict[str, Column]:
    """Which of the chosen values of each dimension a lead had at its first mail (`had_NAME`), "" for none of them."""
    from pyspark.sql import functions as sf

    own = {name: sf.col("domain" if name == "recipient_domain" else f"first.{name}") for name in chosen}
    return {f"had_{name}": sf.when(own[name].isin(chosen[name]), own[name]).otherwise("") for name in chosen}


def _shapes(elsewhere: DataFrame) -> pa.Table:
    """The domains that nothing came back of, by what they have: `copies`, `name`, and lists of `cell` and `leads`."""
    from pyspark.sql import functions as sf

    # Whose leads have no company in common has to be known by name.
    named = sf.when(sf.col("free"), sf.col("domain")).otherwise("").alias("name")
    return (
        elsewhere.groupBy("domain", "free")
        .agg(sf.array_sort(sf.collect_list(sf.struct("cell", "leads"))).alias("shape"))
        .groupBy("shape", named)
        .agg(sf.count("*").alias("copies"))
        .select("copies", "name", "shape.cell", "shape.leads")
        .toArrow()
    )


def _of_shapes(shapes: pa.Table, number: dict[int, int]) -> dict[str, Any]:
    """`shapes`, `copies` and `free` of `Silent`; number: the row of each cell."""
    rows = shapes.select(["cell", "leads"]).to_pandas()
    listed = rows.assign(shape=range(len(rows))).explode(["cell", "leads"])
    return {
        "shapes": listed.assign(cell=listed["cell"].map(number).astype("int64")).astype({"leads": "int64"}),
        "copies": shapes["copies"].to_numpy(),
        "free": shapes["name"].to_pylist(),
    }


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
    together = pd.concat([frame[places] for frame in frames], ignore_index=True)
    order = together.sort_values(places, kind="stable").index.to_numpy()
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    return np.split(rank, np.cumsum([len(frame) for frame in frames])[:-1])
