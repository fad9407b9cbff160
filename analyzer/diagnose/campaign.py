"""The post-campaign diagnosis and the lists that follow from it: the public face of this stage."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.leads import LEAD_FRAME
from analyzer.diagnose.ahead import lead_words
from analyzer.diagnose.ahead.decisions import choose
from analyzer.diagnose.ahead.decisions import counted as counted_decisions
from analyzer.diagnose.ahead.list_ahead import list_ahead
from analyzer.diagnose.ahead.next_list import NextList
from analyzer.diagnose.caveats import warnings
from analyzer.diagnose.data.data_quality import data_quality
from analyzer.diagnose.data.other_hard import other_hard
from analyzer.diagnose.data.unread import at_worst
from analyzer.diagnose.diagnosis import Diagnosis, InputFile
from analyzer.diagnose.drivers.drivers import drivers
from analyzer.diagnose.estimates.cell_rates import cell_means
from analyzer.diagnose.estimates.past import history
from analyzer.diagnose.estimates.rates import breakdown, left_out, totals
from analyzer.diagnose.leads.asked import asked
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.hindsight import as_known
from analyzer.diagnose.leads.incomplete import observed
from analyzer.diagnose.refused.deliverability import deliverability
from analyzer.diagnose.untold import untold, withheld

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

#: Of the next list, the columns that are written with it.
_OWN = frozenset(LEAD_FRAME) - {"email"}
#: Every draw starts here, so that the same files give the same figures.
SEED = 5321
TOLERANCE = 0.05

_DECISION_COLUMNS = ("decision", "probability", "reason")


def diagnose(
    correlated: Correlated,
    *,
    tolerance: float = TOLERANCE,
    inputs: Sequence[InputFile] = (),
    rules_version: str = "",
    tool_version: str = "",
    seed: int = SEED,
) -> Diagnosis:
    """Tell why a campaign bounced, and what to do for the next one.

    `tolerance` is the address-fault rate (fraction of leads) that the next list may have. The same input and seed give
    the same diagnosis. Missing columns leave parts untold, never fail.
    """
    return assess(
        correlated,
        tolerance=tolerance,
        inputs=inputs,
        rules_version=rules_version,
        tool_version=tool_version,
        seed=seed,
    )[0]


def assess(
    correlated: Correlated,
    counted: Contacts | None = None,
    *,
    tolerance: float = TOLERANCE,
    inputs: Sequence[InputFile] = (),
    rules_version: str = "",
    tool_version: str = "",
    seed: int = SEED,
    begun_before: bool = False,
) -> tuple[Diagnosis, NextList]:
    """`diagnose`, and the ranked list that it rests on, for `next_send`.

    begun_before: somebody has chosen from when on mail counts; leads first written to before then are no slip.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"tolerance: {tolerance} is not a rate between 0 and 1")
    counted = contacts(correlated) if counted is None else counted
    correlated, counted = observed(correlated, counted, begun_before=begun_before)
    figures = totals(counted)
    # The parts know nothing of each other, but for the drivers, which are begun first; and most of their time lies in
    # NumPy and pandas, beside Python's lock.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        named = pool.submit(drivers, counted)
        rows = pool.submit(breakdown, counted)
        sides = pool.submit(deliverability, correlated, counted, seed=seed)
        quality = pool.submit(data_quality, correlated, counted, tolerance=tolerance, seed=seed, shown=named.result)
    verdict, ahead = quality.result()
    whose = sides.result()
    if why := untold(correlated, figures, inputs):
        verdict, whose = withheld(verdict, whose, why)
        if ahead.own:
            verdict = replace(verdict, decisions=counted_decisions(ahead, choose(ahead, verdict, tolerance)))
    shown = rows.result()
    diagnosis = Diagnosis(
        inputs=list(inputs),
        tool_version=tool_version,
        rules_version=rules_version,
        options={"tolerance": tolerance, "seed": seed},
        matching=correlated.matching,
        totals=figures,
        breakdown=shown,
        data_quality=verdict,
        deliverability=whose,
        drivers=named.result(),
        warnings=warnings(correlated, counted, figures),
        other_hard=other_hard(correlated, counted),
        breakdown_left_out=left_out(counted, shown),
    )
    return diagnosis, ahead


def next_send(correlated: Correlated, diagnosis: Diagnosis, ahead: NextList | None = None) -> pd.DataFrame:
    """What to do with each lead of the next list, least risk first.

    Columns: `email`, `decision` (`send`, `verify_again`, `do_not_send`), `probability` of an address-fault bounce (0 to
    1), `reason`, then the lead's own. `decisions` says who is sent to; who else can be written to is to be verified
    before. Empty without a next list. `ahead` is the list as `assess` ranked it.
    """
    given = correlated.next_leads
    if given is None:
        return pd.DataFrame(columns=["email", *_DECISION_COLUMNS])
    if ahead is None:
        everyone = correlated, contacts(correlated)
        learnt, counted, _ = asked(*everyone)
        counted = as_known(learnt, counted)
        ahead = list_ahead(learnt, counted, history(counted), everyone)
        forecast = diagnosis.data_quality.forecast.max_quantity
        if forecast.rate is None and forecast.high is not None:
            ahead = ahead.bounded(cell_means(history(at_worst(counted))))
    chosen = choose(ahead, diagnosis.data_quality, float(diagnosis.options["tolerance"]))
    decision = np.where(ahead.barred == "", "verify_again", "do_not_send").astype(object)
    decision[chosen.send] = "send"
    rows = np.concatenate([ahead.by_risk(), np.flatnonzero(ahead.barred != "")])
    own = given[[name for name in given.columns if name in _OWN]]
    table = pd.DataFrame(
        {
            "email": given["email"].to_numpy(),
            "decision": decision,
            "probability": ahead.chance.round(4),
            "reason": lead_words.reasons(ahead, chosen),
        }
    )
    joined: pd.DataFrame = pd.concat([table, own.reset_index(drop=True)], axis=1)
    return joined.iloc[rows].reset_index(drop=True)
