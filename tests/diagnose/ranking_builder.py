"""A sender with several months of mail and a known truth, for the tests of the ranking."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from analyzer.correlate import SEND_FRAME, Correlated
from analyzer.records import BOUNCE_COLUMNS, ByMethod, Matching

START = pd.Timestamp("2026-01-05T08:00:00Z")
DAYS = 84


def sender(
    seed: int,
    leads: int = 6000,
    *,
    month: float = 0.0,
    company: float = 0.0,
    rate: float = 0.02,
    days: float = DAYS,
    timed: bool = True,
) -> tuple[Correlated, NDArray[np.bool_]]:
    """A log, its bounces and a next list, and who of that list has a bad address.

    On the log-odds of a bounce `month` counts per month since verification, `company` is the standard deviation between
    companies. Guessed addresses bounce four times as often as the verified ones at `rate`.
    """
    rng = np.random.default_rng(seed)
    shift = rng.normal(0, company, max(leads // 5, 2))
    sent, value = _leads(rng, leads, shift, month, rate)
    at = START + pd.to_timedelta(np.sort(rng.uniform(0, days, leads)), unit="D")
    bounced = rng.random(leads) < expit(value)
    week = ((at - START).days // 14).astype(str)
    columns: dict[str, Any] = dict.fromkeys(SEND_FRAME, "") | {
        "send_id": np.arange(leads),
        "lead": np.arange(leads),
        "recipient": sent["email"],
        "sent_at": at.round("s") if timed else pd.Series(pd.NaT, range(leads), dtype="datetime64[ns, UTC]"),
        "campaign": "campaign " + week,
        "verified_at": at - pd.to_timedelta(sent["months"] * 30.44, unit="D"),
        "recipient_domain": sent["email"].str.partition("@")[2],
        "provider": np.where(bounced, "google", ""),
        "label": np.where(bounced, "hard", ""),
        "fault": np.where(bounced, "address", ""),
        "reason": np.where(bounced, "user_unknown", ""),
        "transient": False,
    }
    columns |= {name: sent[name] for name in ("email_status", "industry_group")}
    sends = pd.DataFrame(columns)[list(SEND_FRAME)]
    back = sends[bounced]
    bounces = pd.DataFrame(dict.fromkeys(BOUNCE_COLUMNS, ""), index=back.index).assign(
        kind="bounce",
        received_at=(back["sent_at"] + pd.Timedelta(minutes=3)).dt.strftime("%Y-%m-%dT%H:%M:%SZ").fillna(""),
        recipient=back["recipient"],
        label="hard",
        fault="address",
        reason="user_unknown",
        transient=False,
        match_method="message_id",
        send_id=back["send_id"].astype("Int64"),
        duplicate_of="",
        suspected_forged=False,
        forged_why="",
    )
    ahead, value = _leads(rng, leads // 2, shift, month, rate, prefix="new")
    listed = ahead.drop(columns=["months"]).assign(
        verified_at=START + pd.Timedelta(days=days) - pd.to_timedelta(ahead["months"] * 30.44, unit="D")
    )
    correlated = Correlated(
        sends=sends,
        bounces=bounces,
        leads=pd.DataFrame(columns=["email"]),
        matching=Matching(len(bounces), len(bounces), 0, 0, 0, ByMethod(message_id=len(bounces))),
        warnings=[],
        have=frozenset({"email_status", "industry", "campaign", "sent_at"}),
        next_leads=listed,
    )
    return correlated, rng.random(len(listed)) < expit(value)


def _leads(
    rng: np.random.Generator, size: int, shift: NDArray[Any], month: float, rate: float, prefix: str = "old"
) -> tuple[pd.DataFrame, NDArray[Any]]:
    at = rng.integers(len(shift), size=size)
    guessed = rng.random(size) < 0.3
    months = rng.gamma(1.5, 6.0, size)
    value = logit(np.where(guessed, 4 * rate, rate)) + shift[at] + np.where(guessed, 0.0, month * (months - 9))
    frame = pd.DataFrame(
        {
            "email": [f"{prefix}.lead{i}@company{company}.example" for i, company in enumerate(at)],
            "email_status": np.where(guessed, "guessed", "verified"),
            "industry_group": "open",
            "months": np.where(guessed, np.nan, months),
        }
    )
    return frame, value
