"""A diagnosis for each team, campaign or other group of a platform, every one on a worker and by the local function.

What is counted across groups is counted in Spark SQL, over the tables of the diagnoses; the statistics on those small
counts are the local ones.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from pyspark.sql import Column, DataFrame

    from analyzer.diagnose.diagnosis import Diagnosis

#: What a diagnosis of one group becomes: `diagnosis` is the text of its diagnosis.json, `error` why there is none.
DIAGNOSES = (
    "leads bigint, bounces bigint, recommendation string, side string, first_fix string, diagnosis string, error string"
)
_ROW = "analyzer row"
_ALL = "analyzer all"
#: The quantile of the normal distribution for 95 %.
_Z = 1.959963984540054
_HARDLY = 1e-3
#: What widens the interval of a row: companies seen, and those not met.
_EFFECTS = ("seen", "unseen")
_KINDS = ("log", "bounces", "leads", "next_list")
Groups: TypeAlias = "Callable[[tuple[pa.Scalar, ...], pa.Table], pa.Table]"


def diagnose(
    log: DataFrame,
    bounces: DataFrame,
    leads: DataFrame | None = None,
    next_list: DataFrame | None = None,
    *,
    by: str = "",
    tolerance: float = 0.05,
) -> DataFrame:
    """One row for each value of `by`: what `analyzer.diagnose` says of that group's tables, under DIAGNOSES.

    Without `by` all rows are one diagnosis, and the one row has the columns of DIAGNOSES alone: the workers count the
    leads that nothing came back of, and only the others' mails come to the driver (`whole`). With a `next_list`, whose
    ranking learns from every lead, one worker has to hold all.

    log, leads, next_list: frames with such columns as the files have; bounces: BOUNCE_COLUMNS; all with the column
    `by`. A group is diagnosed on one worker, which has to hold it (ten million sends take some GB). A group that cannot
    be diagnosed, for it sent nothing for one, has its reason in `error`. Rows have no order in Spark: they are sorted
    by time and key, or by all columns, before they are judged. Raises `AnalyzerError` where `by` is missing.
    """
    from pyspark.sql import functions as sf

    frames = {"log": log, "bounces": bounces, "leads": leads, "next_list": next_list}
    if not by and next_list is None:
        return log.sparkSession.createDataFrame([_whole(log, bounces, leads, tolerance)], DIAGNOSES)
    if not by:
        one = {name: frame.withColumn(_ALL, sf.lit(0)) for name, frame in frames.items() if frame is not None}
        return diagnose(**one, by=_ALL, tolerance=tolerance).drop(_ALL)
    parts = []
    columns: dict[str, list[str]] = {}
    for kind, frame in frames.items():
        if frame is None:
            continue
        if by not in frame.columns:
            raise AnalyzerError(f"{kind}: has no column {by!r} to tell the groups apart")
        columns[kind] = [name for name in frame.columns if name != by]
        parts.append(
            frame.select(
                frame[by].alias(by),
                sf.lit(kind).alias(_ROW),
                *(frame[name].alias(f"{kind} {name}") for name in columns[kind]),
            )
        )
    together = reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), parts)
    schema = f"`{by}` {log.schema[by].dataType.simpleString()}, {DIAGNOSES}"
    return together.groupBy(by).applyInArrow(_one_group(by, columns, tolerance), schema)


def breakdown(diagnoses: DataFrame, dimension: str) -> pd.DataFrame:
    """The rates of all groups together by one dimension of `breakdown`: `value`, `leads`, `hard`, `spam`, `unknown`,
    and the rates with their 95 % intervals, made like those of one diagnosis, at the variance that the groups' own
    intervals have. A lead that several groups wrote to counts in each, and a company too.
    """
    import pandas as pd
    from pyspark.sql import functions as sf

    from analyzer.diagnose.leads.companies import bounds as bounds_of

    counts, bounds = ("leads", "hard", "spam", "unknown"), ("hard_low", "hard_high", "spam_low", "spam_high")
    row = ", ".join([f"{name}: bigint" for name in counts] + [f"{name}: double" for name in bounds])
    read = sf.from_json("diagnosis", f"breakdown struct<`{dimension}`: array<struct<value: string, {row}>>>")
    rows = diagnoses.select(sf.explode(read["breakdown"][dimension]).alias("row")).select("row.*")
    effects = [
        sf.sum(sf.col("leads") * effect).alias(f"{name}_{kind}")
        for name in ("hard", "spam")
        for kind, effect in zip(_EFFECTS, _design_effects(name), strict=True)
    ]
    summed = rows.groupBy("value").agg(*(sf.sum(name).alias(name) for name in counts), *effects).orderBy("value")
    columns = ["value", *counts, *(f"{name}_{kind}" for name in ("hard", "spam") for kind in _EFFECTS)]
    table = pd.DataFrame([one.asDict() for one in summed.collect()], columns=columns)
    leads = table["leads"].to_numpy(dtype=float)
    for name in ("hard", "spam"):
        share = table[name].to_numpy(dtype=float) / leads
        effect = [table.pop(f"{name}_{kind}").to_numpy(dtype=float) / leads for kind in _EFFECTS]
        low, high = bounds_of(share, leads, *effect)
        table[f"{name}_rate"], table[f"{name}_low"], table[f"{name}_high"] = share, low, high
    return table


def _design_effects(name: str) -> tuple[Column, Column]:
    """How many times wider than binomial a row's interval takes the variance seen, and what its other bound adds.

    Both at least 1, worked back from the bounds (`companies.bounds`): the nearer one to none or all is Wilson's, with
    the first alone; the farther one has both. A row of none or all has only the farther one.
    """
    from pyspark.sql import functions as sf

    one = sf.lit(1.0)
    share, many = sf.col(name) / sf.col("leads"), sf.col("leads") / sf.lit(_Z**2)
    low, high = sf.col(f"{name}_low"), sf.col(f"{name}_high")
    mirrored = share > 0.5
    near, far = sf.when(mirrored, high).otherwise(low), sf.when(mirrored, low).otherwise(high)
    seen = many * (share - near) ** 2 / (near * (one - near))
    variance = share * (one - share)
    gained = far * (one - far) - variance
    both = (many * (far - share) ** 2 - seen * variance) / gained
    alone = many * (far - share) ** 2 / (far * (one - far))
    none = (variance == 0) | (near * (one - near) == 0)
    # Where the variance at the bound is hardly that at the rate, it does not tell.
    first = sf.greatest(one, sf.coalesce(sf.when(none, alone).otherwise(seen), one))
    second = sf.coalesce(sf.when(none, alone).when(sf.abs(gained) > _HARDLY * variance, both), first)
    return first, sf.greatest(first, second)


def _one_group(by: str, columns: dict[str, list[str]], tolerance: float) -> Groups:
    def judged(key: tuple[pa.Scalar, ...], rows: pa.Table) -> pa.Table:
        from analyzer.api import run_diagnosis

        given = {kind: _frame(rows, kind, names) for kind, names in columns.items()}
        said = _said(
            lambda: (
                run_diagnosis(
                    bounces=given["bounces"],
                    log=given["log"],
                    leads=given.get("leads", ()),
                    next_list=given.get("next_list"),
                    tolerance=tolerance,
                ).diagnosis
            )
        )
        types = {"leads": pa.int64(), "bounces": pa.int64()}
        arrays = [pa.array([value], types.get(name, pa.string())) for name, value in said.items()]
        return pa.table([pa.array([key[0].as_py()], rows.schema.field(by).type), *arrays], names=[by, *said])

    return judged


def _whole(log: DataFrame, bounces: DataFrame, leads: DataFrame | None, tolerance: float) -> dict[str, Any]:
    from analyzer.spark.whole import diagnose_whole

    return _said(lambda: diagnose_whole(log, bounces, leads, tolerance=tolerance))


def _said(diagnosed: Callable[[], Diagnosis]) -> dict[str, Any]:
    """One row of DIAGNOSES."""
    from analyzer.report.data import json_text

    said: dict[str, Any] = {"leads": 0, "bounces": 0, "recommendation": "", "side": "", "first_fix": ""}
    said |= {"diagnosis": "", "error": ""}
    try:
        found = diagnosed()
    except AnalyzerError as error:
        return said | {"error": str(error)}
    fixes = found.deliverability.fixes
    return said | {
        "leads": found.totals.leads_contacted,
        "bounces": found.matching.matched,
        "recommendation": found.data_quality.recommendation,
        "side": found.deliverability.side,
        "first_fix": fixes[0].id if fixes else "",
        "diagnosis": json_text(found),
    }


def _frame(rows: pa.Table, kind: str, names: list[str]) -> pd.DataFrame:
    """The rows of one table, text as text, in the order in which a workspace gives them: by time, then by key.

    A Spark frame has no order of its own, and what stands first decides between equals: the same rows are to give the
    same figures, to the last digit.
    """
    own = rows.filter(pc.equal(rows[_ROW], kind)).select([f"{kind} {name}" for name in names]).rename_columns(names)
    first = [name for name in ("sent_at", "received_at", "key") if name in names]
    rest = [] if "key" in names else [name for name in names if name not in first]
    frame: pd.DataFrame = own.sort_by([(name, "ascending") for name in (*first, *rest)]).to_pandas()
    for name in names:
        if frame[name].dtype.kind in "OU" or str(frame[name].dtype) == "str":
            frame[name] = frame[name].fillna("").astype("str")
    return frame
