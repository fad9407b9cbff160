"""A made campaign of 200,000 mails: few companies with many leads, a guessed quarter, banks that refuse, dead domains,
and two free-mail providers, of one of which nothing comes back.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_START = np.datetime64("2026-03-02T08:00:00", "s")
_INDUSTRIES = np.array(["Banking", "Pharmaceuticals", "Computer Software", "Retail", "Logistics", "Construction"])
_CAMPAIGNS = np.array(["North", "South", "East"])
_SENDERS = np.array([f"{name}@{domain}.example" for name in ("ann", "ben") for domain in ("try-us", "meet-us")])


def campaign(sends: int, leads: int) -> dict[str, pd.DataFrame]:
    """`log`, `bounces` and `leads`, each in the order in which Spark takes its rows."""
    rng = np.random.default_rng(8)
    company = (rng.random(leads) ** 2 * (leads // 4)).astype(np.int64)
    industry = _INDUSTRIES[company % len(_INDUSTRIES)]
    status = np.where(rng.random(leads) < 0.25, "guessed", "verified")
    numbers = np.arange(leads)
    domain = np.char.add(np.char.add("company", company.astype(str)), ".example").astype(object)
    domain[company == 1], domain[company == 2] = "gmail.com", "web.de"
    emails = np.char.add(np.char.add(numbers.astype(str), "@"), domain.astype(str))
    listed = pd.DataFrame({"email": emails, "email_status": status, "industry": industry, "verified_at": "2026-02-01"})
    # The first mail goes to everyone, the later ones to some.
    lead = np.concatenate([rng.permutation(leads), rng.integers(0, leads, sends - leads)])
    sent = _START + (np.arange(sends) * 12).astype("timedelta64[s]")
    sender = _SENDERS[rng.integers(0, len(_SENDERS), sends)]
    log = pd.DataFrame(
        {
            "sent_at": np.char.add(np.datetime_as_string(sent), "Z"),
            "recipient": emails[lead],
            "campaign": _CAMPAIGNS[company[lead] % 7 % len(_CAMPAIGNS)],
            "step": np.where(np.arange(sends) < leads, "1", "2"),
            "sender": sender,
            "message_id": np.char.add(np.char.add("<m", np.arange(sends).astype(str)), "@try-us.example>"),
        }
    )
    first = np.arange(leads)
    chance = np.where(status[lead[:leads]] == "guessed", 0.05, 0.008) + (company[lead[:leads]] % 400 == 3) * 0.9
    hard = first[rng.random(leads) < chance]
    refused = np.where(np.isin(industry[lead], _INDUSTRIES[:2]), 0.01, 0.0004)
    spam = np.setdiff1d(np.flatnonzero(rng.random(sends) < refused), hard)
    hard, spam = (mails[company[lead[mails]] != 2] for mails in (hard, spam))
    rows = np.concatenate([hard, spam])
    is_hard = np.arange(len(rows)) < len(hard)
    bounces = pd.DataFrame(
        {
            "received_at": np.char.add(np.datetime_as_string(sent[rows] + np.timedelta64(90, "s")), "Z"),
            "kind": "bounce",
            "recipient": emails[lead[rows]],
            "original_message_id": log["message_id"].to_numpy()[rows],
            "provider": np.where(rows % 3 == 0, "google", "microsoft"),
            "label": np.where(is_hard, "hard", "spam"),
            "fault": np.where(is_hard, "address", "recipient"),
            "reason": np.where(is_hard, "user_unknown", "recipient_restricted"),
            "diagnostic": np.where(is_hard, "550 5.1.1 User unknown", "550 5.7.133 Members only"),
            "record_id": np.char.add("r", rows.astype(str)),
        }
    )
    # A quarter names no mail: only the recipient and the time tell which it was.
    bounces.loc[rows % 4 == 0, "original_message_id"] = ""
    return {
        "log": log.sort_values(list(log.columns), ignore_index=True),
        "bounces": bounces.sort_values(list(bounces.columns), ignore_index=True),
        "leads": listed.sort_values(list(listed.columns), ignore_index=True),
    }
