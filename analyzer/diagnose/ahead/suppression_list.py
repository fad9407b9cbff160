"""Addresses never to write to again, and domains that take no mail at all.

Only what is tied to a mail that we sent counts: a forged bounce must not be able to strike a lead off the list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from analyzer.correlate.addresses import address_keys

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.leads.contacts import Contacts

SUPPRESSION_COLUMNS: tuple[str, ...] = ("email", "reason", "fault", "evidence", "date", "match_method", "record_id")
_FINAL_FAULTS = ("address", "complaint")
_DEAD = ("domain_not_found", "no_mail_server")
#: So many bounces of a dead domain speak for one that was lost.
_LOST = 9


def suppression(correlated: Correlated) -> pd.DataFrame:
    """One row per address (SUPPRESSION_COLUMNS, text) with a final address fault or a complaint.

    `date` is an ISO 8601 UTC time or ""; `evidence` the deciding reply; `match_method` is "" where only the log's own
    entry says so. Transient failures, suspected forgeries and bounces without a mail of ours are not taken.
    """
    found = pd.concat([_from_bounces(correlated), _from_sends(correlated.sends)], ignore_index=True)
    found["email"] = found["email"].astype(str).str.strip().str.lower()
    found = found[found["email"] != ""]
    # A complaint outranks a dead mailbox, a bounce with its text outranks the log's entry.
    found = found.assign(rank=(found["fault"] != "complaint").astype(int))
    found = found.sort_values(["email", "rank", "match_method"], ascending=[True, True, False], kind="stable")
    return found[~address_keys(found["email"]).duplicated()][list(SUPPRESSION_COLUMNS)].reset_index(drop=True)


def dead_domains(contacts: Contacts, correlated: Correlated) -> frozenset[str]:
    """Domains that the bounces call dead, and where hardly any lead's mail got through.

    Now and then a bounce is lost, the surer the more leads a company has: one silent lead in ten is none that got mail.
    """
    sends = correlated.sends
    rows = np.flatnonzero(contacts.address)
    if "reason" not in sends.columns or not len(rows):
        return frozenset()
    rows = rows[sends["reason"].iloc[rows].isin(_DEAD).to_numpy()]
    domain = contacts.at["recipient_domain"]
    size, leads = len(domain.values), contacts.leads
    silent = ~np.logical_or.reduce(
        [leads[name].to_numpy(dtype=bool) for name in ("address", "hard", "spam", "unknown")]
    )
    gone = np.bincount(contacts.domain[np.unique(contacts.lead[rows])], minlength=size)
    alive = np.bincount(contacts.domain[silent], minlength=size) * _LOST > gone
    if contacts.counted is not None:
        alive[contacts.counted.silent_domains(contacts)] = True
    return frozenset(domain.values[code] for code in np.unique(domain.codes[rows]) if not alive[code])


def refused(correlated: Correlated) -> frozenset[str]:
    """Addresses (their keys) whose latest mail the receiver's own rule refused for good: another would be, too.

    Not struck off, for the address is good: another channel reaches the person.
    """
    sends = correlated.sends
    if sends.empty or "fault" not in sends.columns:
        return frozenset()
    times = (
        pd.to_datetime(sends["sent_at"], utc=True, errors="coerce")
        if "sent_at" in sends.columns
        else pd.Series(pd.NaT, sends.index)
    )
    by_rule = (sends["fault"] == "recipient") & ~_yes(sends, "transient")
    frame = pd.DataFrame({"key": address_keys(sends["recipient"].astype("str")), "at": times, "by_rule": by_rule})
    last = frame.sort_values("at", na_position="first", kind="stable").drop_duplicates("key", keep="last")
    return frozenset(last.loc[last["by_rule"], "key"])


def bounced_before_the_log(correlated: Correlated) -> tuple[frozenset[str], frozenset[str]]:
    """Addresses (their keys) that bounces call bad for good, or that complained, of a mail that is in no log: what our
    own side sent before the log begins. A stranger could write as much, so they are struck off no list.
    """
    bounces = correlated.bounces
    if bounces.empty:
        return frozenset(), frozenset()
    untied = bounces[bounces["send_id"].isna() & ~_yes(bounces, "suspected_forged") & ~_yes(bounces, "transient")]
    whom = untied["original_recipient"].where(untied["original_recipient"] != "", untied["recipient"])
    keys = address_keys(whom.astype("str").str.strip())
    bad, complained = (frozenset(keys[untied["fault"] == fault]) - {""} for fault in _FINAL_FAULTS)
    return bad, complained


def _from_bounces(correlated: Correlated) -> pd.DataFrame:
    bounces = correlated.bounces
    if bounces.empty:
        return _table({})
    matched = (bounces["match_method"].fillna("") != "") & bounces["send_id"].notna()
    chosen = bounces[
        matched
        & ~_yes(bounces, "suspected_forged")
        & bounces["fault"].isin(_FINAL_FAULTS)
        & ~_yes(bounces, "transient")
        # Of several copies one was chosen to be believed; another may be a stranger's.
        & (bounces["duplicate_of"].fillna("") == "")
    ]
    # The address that we wrote to, which is not the one that failed where mail was forwarded.
    sends = correlated.sends[["send_id", "recipient"]]
    written_to = sends[sends["send_id"].isin(chosen["send_id"].astype("int64"))].set_index("send_id")["recipient"]
    return _table(
        {
            "email": written_to.reindex(chosen["send_id"].astype("int64")).to_numpy(),
            "reason": chosen["reason"].to_numpy(),
            "fault": chosen["fault"].to_numpy(),
            "evidence": chosen["diagnostic"].to_numpy(),
            "date": chosen["received_at"].to_numpy(),
            "match_method": chosen["match_method"].to_numpy(),
            "record_id": chosen["record_id"].to_numpy(),
        }
    )


def _from_sends(sends: pd.DataFrame) -> pd.DataFrame:
    if sends.empty or "fault" not in sends.columns:
        return _table({})
    chosen = sends[sends["fault"].isin(_FINAL_FAULTS) & ~_yes(sends, "transient")]
    sent = (
        pd.to_datetime(chosen["sent_at"], utc=True) if "sent_at" in chosen.columns else pd.Series(pd.NaT, chosen.index)
    )
    return _table(
        {
            "email": chosen["recipient"].to_numpy(),
            "reason": chosen["reason"].to_numpy(),
            "fault": chosen["fault"].to_numpy(),
            "evidence": chosen["diagnostic"].to_numpy(),
            "date": sent.dt.strftime("%Y-%m-%dT%H:%M:%SZ").fillna("").to_numpy() if len(chosen) else [],
            "record_id": chosen["record_id"].to_numpy(),
        }
    )


def _table(columns: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(columns, columns=list(SUPPRESSION_COLUMNS), dtype=object).fillna("")


def _yes(frame: pd.DataFrame, column: str) -> pd.Series[bool]:
    if column not in frame.columns:
        return pd.Series(False, index=frame.index)
    return frame[column].astype("boolean").fillna(False).astype(bool)
