"""How fast messages are parsed and teams diagnosed on Spark, beside the same work on one core without it.

Spark runs as `local-cluster`: a master and two workers of one core each, real processes, all on this machine. What it
adds (start-up, serialising, the hand-over between Java and Python) shows in the ratio; what a day of a billion sends
would need is worked out from the rates. `python benchmarks/spark_rates.py [--messages N] [--teams N] [--whole N]`.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from diagnose_scale import make
from parse_speed import messages

import analyzer
from analyzer.api import run_diagnosis

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_CORES = 2
_PER_BOX = 500
_SENDS, _LEADS, _BOUNCES = 20_000, 8_000, 600
#: The day that is worked out: sends, and the share of them that comes back as a message.
_DAY, _COMES_BACK = 1_000_000_000, 0.03


def session(folder: Path) -> SparkSession:
    """A cluster of two workers on the loopback."""
    os.environ |= {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_WORKER_DIR": str(folder),
    }
    from pyspark.sql import SparkSession

    warnings.simplefilter("ignore")
    made = (
        SparkSession.builder.master(f"local-cluster[{_CORES},1,2048]")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.executor.memory", "2g")
        .config("spark.sql.shuffle.partitions", "8")
        .getOrCreate()
    )
    made.sparkContext.setLogLevel("OFF")
    return made


def parsing(spark: SparkSession, count: int, folder: Path) -> tuple[float, float]:
    """Messages a second: here on one core, and on each core of the cluster."""
    boxes = []
    made = messages(count)
    for number in range(count // _PER_BOX):
        box = io.BytesIO()
        for _ in range(_PER_BOX):
            box.write(b"From MAILER-DAEMON Mon Mar  2 08:00:00 2026\n" + next(made) + b"\n")
        path = folder / f"{number:04}.mbox"
        path.write_bytes(box.getvalue())
        boxes.append(path)
    analyzer.parse(boxes[0])
    began = time.perf_counter()
    here = len(analyzer.parse(*boxes))
    local = count / (time.perf_counter() - began)

    from analyzer.spark import parse

    frame = spark.read.format("binaryFile").load([str(path) for path in boxes]).repartition(4 * _CORES).cache()
    frame.count()
    parse(frame.limit(1)).count()
    began = time.perf_counter()
    there = len(parse(frame).select("record_id").collect())
    clock = time.perf_counter() - began
    if here != there:
        raise SystemExit(f"{here:,} rows here, {there:,} there")
    return local, count / clock / _CORES


def diagnosing(spark: SparkSession, teams: int, folder: Path) -> tuple[float, float]:
    """Sends a second, as above, where each team's campaign is diagnosed on its own."""
    from analyzer.spark import diagnose

    files = make(folder, _SENDS, _BOUNCES, _LEADS, "parquet")
    frames: dict[str, Any] = {name: pd.read_parquet(getattr(files, name)) for name in ("log", "leads", "bounces")}
    run_diagnosis(**frames)
    began = time.perf_counter()
    run_diagnosis(**frames)
    local = _SENDS / (time.perf_counter() - began)

    from pyspark.sql import functions as sf

    numbers = spark.range(teams).select(sf.format_string("team %04d", "id").alias("team"))
    given = [
        spark.read.parquet(str(getattr(files, name))).crossJoin(sf.broadcast(numbers)).cache()
        for name in ("log", "bounces", "leads")
    ]
    for frame in given:
        frame.count()
    began = time.perf_counter()
    rows = diagnose(*given, by="team").select("error").collect()
    clock = time.perf_counter() - began
    if len(rows) != teams or any(row.error for row in rows):
        raise SystemExit(f"{len(rows)} diagnoses of {teams} teams: {rows[:1]}")
    return local, teams * _SENDS / clock / _CORES


def whole(spark: SparkSession, sends: int, folder: Path) -> tuple[float, float, float]:
    """Sends a second, as above, of one diagnosis of all; and what of the log's rows came to the driver (a share)."""
    from analyzer.spark import diagnose, rows, told

    files = make(folder, sends, sends * 3 // 100, sends // 5, "parquet")
    frames: dict[str, Any] = {name: pd.read_parquet(getattr(files, name)) for name in ("log", "leads", "bounces")}
    began = time.perf_counter()
    here = run_diagnosis(**frames).diagnosis
    local = sends / (time.perf_counter() - began)
    given = {name: spark.read.parquet(str(getattr(files, name))) for name in frames}
    began = time.perf_counter()
    (row,) = diagnose(**given).collect()
    clock = time.perf_counter() - began
    if row.error or row.leads != here.totals.leads_contacted or row.bounces != here.matching.matched:
        raise SystemExit(f"{row.error or row}, here {here.totals.leads_contacted:,} leads")
    mails = rows.sends_of(given["log"], rows.columns_of(given["log"], "log"))
    asked = told.told_leads(mails, rows.as_frame(given["bounces"].toArrow()))
    return local, sends / clock / _CORES, mails.join(asked, "lead", "left_semi").count() / sends


def main() -> None:
    """Print the rates, their ratios and what a billion sends a day would need."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=20_000)
    options.add_argument("--teams", type=int, default=16)
    options.add_argument("--whole", type=int, default=300_000, help="sends of one diagnosis that nobody holds")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        spark = session(folder)
        try:
            parsed = parsing(spark, chosen.messages, folder)
            judged = diagnosing(spark, chosen.teams, folder)
            *as_one, told = whole(spark, chosen.whole, folder)
        finally:
            spark.stop()
    print(f"{'':22} {'one core here':>14} {'a core of Spark':>16} {'ratio':>6}")
    rates = {"messages parsed a s": parsed, "sends by team a s": judged, "sends as one a s": as_one}
    for name, (local, there) in rates.items():
        print(f"{name:22} {local:14,.0f} {there:16,.0f} {there / local:6.2f}")
    print(f"\nOf {chosen.whole:,} sends diagnosed as one, {told:.1%} came to the driver, 3% came back.")
    mails = _DAY * _COMES_BACK
    hours = {
        "parsing": mails / parsed[1] / 3600,
        "by team": _DAY / judged[1] / 3600,
        "as one": _DAY / as_one[1] / 3600,
    }
    print(f"\nA day of {_DAY:,} sends, {_COMES_BACK:.0%} of which come back as a message:")
    for name, need in hours.items():
        print(f"{name:24} {need:8,.1f} core hours: {need / 24:.1f} cores all day")
    print("A platform does one of the last two, or both.")


if __name__ == "__main__":
    main()
