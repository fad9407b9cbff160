"""What the driver of `analyzer.spark.diagnose` holds of a campaign that no machine holds: bytes a silent lead.

The sample campaign is told mail by mail; beside it stand as many leads as asked for of whom only counts are held, in
5,000 kinds of domains with one to four leads. Prints the memory that their codes take, the most that the statistics
take beside, and the processor seconds. `python benchmarks/spark_driver.py [--leads 2000000]`; needs no Spark.
"""

from __future__ import annotations

import argparse
import resource
import time
from unittest.mock import Mock

import numpy as np
import pandas as pd

import analyzer
from analyzer.correlate import correlate
from analyzer.diagnose.campaign import assess
from analyzer.diagnose.leads.counted import with_counted
from analyzer.diagnose.leads.silent import CELL, Silent
from analyzer.knowledge import data_folder
from analyzer.sources.tables import read_tables

_KINDS, _MAILS = 5_000, 3
_STATUSES = ("verified", "guessed")
_INDUSTRIES = (("banking", "strict"), ("software", "open"), ("retail", "open"))
_CAMPAIGNS = ("Spring EMEA", "Summer")


def silent(leads: int) -> Silent:
    """So many leads, about, in domains of a few."""
    rng = np.random.default_rng(1)
    told = [(status, *industry, name, "") for status in _STATUSES for industry in _INDUSTRIES for name in _CAMPAIGNS]
    cells = pd.DataFrame(told, columns=list(CELL)).assign(rank=range(len(told)))
    shape = np.repeat(np.arange(_KINDS), rng.integers(1, 5, _KINDS))
    shapes = pd.DataFrame({"shape": shape, "cell": rng.integers(0, len(cells), len(shape)), "leads": 1})
    values = cells.melt(value_vars=["email_status", "industry", "industry_group", "campaign"], var_name="dimension")
    values = values.drop_duplicates().assign(email_status="verified", industry_group="open", first=True, leads=leads)
    nowhere = pd.DataFrame({"domain": [""], "cell": [0], "leads": [0]}).head(0)
    counts = {name: [0] for name in ("leads", "pairs", "shared", "companies")}
    none = pd.DataFrame({"value": [""], "domain": [""], **counts}).head(0)
    nothing_begun = pd.DataFrame({"campaign": [_CAMPAIGNS[0]], "step": [1], "here": [True], "leads": [leads]})
    rows = Mock(
        companies=lambda *_: (none, none),
        beside=lambda _, chosen: values.head(0).assign(**{f"had_{name}": "" for name in chosen}),
        sent=lambda *_: pd.DataFrame({"span": [0], "domain": [""], "companies": [0], "mails": [0]}).head(0),
        begun=lambda _: (nothing_begun, np.datetime64("2026-01-05", "us")),
    )
    return Silent(
        mails=_MAILS * leads,
        known={},
        undated=0,
        cells=cells,
        told_domains=nowhere,
        ranks={},
        shapes=shapes,
        copies=np.full(_KINDS, max(leads // len(shape), 1)),
        free=[""] * _KINDS,
        values=values.reset_index(drop=True),
        domains=none[["value", "leads"]],
        rows=rows,
    )


def most() -> float:
    """The most memory held so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def main() -> None:
    """Print bytes a lead, kept and at most, and processor seconds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--leads", type=int, default=2_000_000)
    chosen = options.parse_args()
    sample = data_folder("sample_data")
    tables = read_tables([(sample / "log.csv", "log"), (sample / "leads.csv", "leads")], {}, large=True)
    told = correlate(analyzer.parse(sample / "bounces.mbox", sample / "bounces"), tables[:1], tables[1:])
    before, began = most(), time.process_time()
    correlated, whole = with_counted(told, silent(chosen.leads), np.arange(told.sends["lead"].nunique()))
    leads = len(whole.leads)
    kept = whole.leads.memory_usage(index=False).sum() + whole.domain.nbytes + whole.first.nbytes
    assess(correlated, whole)
    seconds = time.process_time() - began
    print(f"{leads:,} silent leads at {len(whole.domains):,} domains, {seconds:.1f} processor seconds")
    print(f"bytes a lead: {kept / leads:.0f} kept, {(most() - before) / leads:.0f} at most while the statistics run")


if __name__ == "__main__":
    main()
