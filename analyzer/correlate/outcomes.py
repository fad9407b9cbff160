"""What became of each send: the bounce that was matched to it, else the log's own word that it bounced."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from analyzer.classify.classes import class_of, without_words
from analyzer.correlate.flags import is_plain
from analyzer.records import Verdict
from analyzer.sources.lists.outcomes import class_named
from analyzer.sources.tables.encoded import plain, spread

#: What judges a log's own reason text: `classify`, called with the text and `recipient`.
Judge: TypeAlias = Callable[..., Verdict]

_OF_FLAGGED = ["lead", "key", "campaign", "sent_at", "flag", "bounced", "bounce_reason"]
#: Amplemarket's label for what a spam filter or a strict receiver refused.
_SPAM_BOUNCE = "list:spam-bounce"
_OUTCOME = ("label", "fault", "reason", "diagnostic", "record_id")


def add_outcomes(
    sends: pd.DataFrame, bounces: pd.DataFrame, judge: Judge | None = None
) -> tuple[pd.DataFrame, int, list[str]]:
    """(the sends with `label fault reason transient diagnostic record_id`, leads that only a flag names, warnings).

    bounces: `send_id` (-1 unmatched), `duplicate_of`, and the columns of the outcome. A complaint outweighs a bounce.
    """
    kept = bounces[(bounces["send_id"] >= 0) & (bounces["duplicate_of"] == "")]
    kept = kept.assign(is_complaint=kept["kind"] == "complaint").sort_values("is_complaint", kind="stable")
    kept = kept.drop_duplicates("send_id", keep="last")
    flagged, leads, warnings = _flagged_only(sends, kept, judge)
    complaints, told = _complained(sends, kept)
    # What stands last counts: of a complaint and a bounce of one mail the complaint.
    rows = pd.concat([kept[["send_id", "transient", *_OUTCOME]], flagged, complaints], ignore_index=True)
    warnings += told
    place = np.full(len(sends), len(rows))
    place[rows["send_id"].to_numpy(dtype=np.int64)] = np.arange(len(rows))
    with_outcome = sends.copy(deep=False)
    for name in _OUTCOME:
        values = pd.concat([rows[name].astype("str"), pd.Series([""], dtype="str")], ignore_index=True)
        with_outcome[name] = spread(values, place, sends["key"])
    transient = np.append(rows["transient"].to_numpy(dtype=bool), False)
    with_outcome["transient"] = transient[place]
    return with_outcome, leads, warnings


def _flagged_only(sends: pd.DataFrame, kept: pd.DataFrame, judge: Judge | None) -> tuple[pd.DataFrame, int, list[str]]:
    """Rows that the log flags as bounced and that no bounce explains: one for each lead and campaign."""
    flag = sends["flag"]
    flagged = plain(sends.loc[(flag == "yes") | (flag == "maybe"), _OF_FLAGGED])
    explained = plain(sends[["lead", "campaign"]].iloc[kept["send_id"].to_numpy(dtype=np.int64)]).drop_duplicates()
    explained["explained"] = True
    known = flagged[["lead", "campaign"]].merge(explained, on=["lead", "campaign"], how="left")["explained"]
    flagged = flagged[known.isna().to_numpy()]
    # A lead's state is repeated on each of its mails; its last one is what bounced.
    flagged = flagged.sort_values("sent_at", na_position="first", kind="stable").drop_duplicates(
        ["lead", "campaign"], keep="last"
    )
    warnings = []
    if len(flagged):
        words = flagged["bounced"].where(~is_plain(flagged["bounced"]), "")
        named = words.where(_classes(words).map(class_of).notna(), "")
        reason = flagged["bounce_reason"].where(flagged["bounce_reason"] != "", named)
        verdicts = _verdicts(reason, flagged["key"], judge)
        silent = reason == ""
        leads = int(flagged["lead"].nunique())
        mute = int(flagged.loc[silent, "lead"].nunique())
        whom = "" if mute == leads else f" of {mute}"
        why = f"; nothing says why{whom}: counted as unknown" if mute else ""
        warnings.append(f"Leads that only the log marks as bounced, without a bounce message: {leads:,}{why}.")
        maybe = int(flagged.loc[(flagged["flag"] == "maybe") & silent, "lead"].nunique())
        if maybe:
            warnings.append(f"Leads flagged as blocked, by a bounce or by a block list: {maybe:,}; counted as unknown.")
        rows = verdicts.assign(send_id=flagged.index, diagnostic=reason.where(~silent, words), record_id="")
        return rows, leads, warnings
    return pd.DataFrame(columns=["send_id", "transient", *_OUTCOME]), 0, warnings


def _complained(sends: pd.DataFrame, kept: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leads whom the log marks as having reported a mail as spam, where no complaint was read: one row each."""
    marked = sends.loc[sends["flag"] == "complaint", ["lead", "sent_at"]]
    reported = sends["lead"].iloc[kept.loc[kept["kind"] == "complaint", "send_id"].to_numpy(dtype=np.int64)]
    marked = marked[~marked["lead"].isin(reported)]
    marked = marked.sort_values("sent_at", na_position="first", kind="stable").drop_duplicates("lead", keep="last")
    rows = pd.DataFrame(
        {
            "send_id": marked.index,
            "transient": False,
            "label": "spam",
            "fault": "complaint",
            "reason": "complaint",
            "diagnostic": "",
            "record_id": "",
        }
    )
    if not len(rows):
        return rows, []
    return rows, [f"Leads that the log marks as having reported a mail as spam: {len(rows)}; counted as complaints."]


def _classes(words: pd.Series) -> pd.Series:
    """The names of the classes that texts may be.

    "Hard bounce" is any refusal for good; where a platform tells it from "spam bounce", it is what is wrong with the
    address.
    """
    names = words.map(class_named)
    return names.replace("list:hard-bounce", "beside-spam:hard-bounce") if (names == _SPAM_BOUNCE).any() else names


def _verdicts(texts: pd.Series, recipients: pd.Series, judge: Judge | None) -> pd.DataFrame:
    """Label, fault, reason and transient of each text, judged once for each distinct one.

    Where its words say nothing it may be the name of a class: HubSpot's POLICY.
    """
    if judge is None:
        from analyzer.classify import classify

        judge = classify
    unspecified = ("unknown", "unknown", "unspecified", False)
    judged: dict[str, tuple[str, str, str, bool]] = {"": unspecified}
    for text, name, recipient in zip(texts, _classes(texts), recipients, strict=True):
        if text not in judged:
            verdict = judge(text, recipient=recipient)
            if verdict.reason == "unspecified":
                verdict = without_words(verdict, verdict, name)
            judged[text] = (verdict.label, verdict.fault, verdict.reason, verdict.transient)
    rows = [judged[text] for text in texts]
    return pd.DataFrame(rows, columns=["label", "fault", "reason", "transient"], index=texts.index)
