"""One failure that several sources tell of (webhook, log, mailbox) as one: which copies belong together, which is kept.

The kept copy is the one whose words say most; what it lacks it takes over from the others.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.clues import normalise_message_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

#: Reasons that leave open what exactly was wrong; a copy with another one tells more.
_VAGUE = ("", "unspecified", "recipient_rejected", "expired", "policy", "server_error")
#: The stronger first.
_METHODS = ("message_id", "verp", "header", "recipient", "")
#: By these a bounce names its mail itself.
_NAMED = _METHODS[:3]
#: How far apart two sources may tell of one failure that no Message-ID ties: a log's clock may be a zone away, and the
#: next mail of a sequence is a day away.
_APART = pd.Timedelta(hours=15).value
#: Of one recipient's earlier failures so many are compared: a flood of thousands to one address is no campaign's.
_LOOKED_AT = 50
_NEVER = np.iinfo(np.int64).min
_BEST_FIRST = ("outranked", "undecided", "wordless", "vague", "without_status", "shortness", "age")
#: What is taken over where the kept copy has nothing.
_FILLED = (
    *("received_at", "original_recipient", "sender", "original_message_id", "subject", "reporting_mta", "remote_mta"),
    *("provider", "status", "reply", "blocklist", "delivered_to", "original_headers", "provider_class"),
)


def merge_duplicates(bounces: pd.DataFrame) -> pd.DataFrame:
    """The bounces with `duplicate_of`: the record_id of the kept copy, "" for those that are kept.

    bounces: BOUNCE_COLUMNS, `key`, `original_key`, `received`, `send_id` (-1 unmatched), `match_method`, `forged_why`,
    `forged_reason` and `sure` (shows what a stranger does not know). What is not believed is never one with what is,
    and where a copy that is sure says in words why, its words count, however well others put theirs.
    Two bounces are one failure when they have the same record_id, are bounces of the same send, or, where no send is
    known, name the same recipient within hours and mean the same. A complaint is another matter than a bounce of the
    same send: both are kept. Kept copies have their blanks filled from the others, the surest match of all of them, and
    the record_id that the Message-ID gives, so that it does not depend on which sources were read.
    """
    identity = _failures(bounces)
    rank = pd.DataFrame(
        {
            "identity": identity,
            "outranked": _outranked(bounces, identity),
            "undecided": ~bounces["label"].isin(("hard", "spam")),
            # The provider's own class, without words, serves only where there are none.
            "wordless": (bounces["diagnostic"] == "")
            | ((bounces["decided_by"] == "code") & (bounces["provider_class"] != "")),
            "vague": bounces["reason"].isin(_VAGUE),
            "without_status": bounces["status"] == "",
            "shortness": -bounces["diagnostic"].str.len(),
            "age": -bounces["received"].to_numpy(dtype="datetime64[ns]").view(np.int64).astype(float),
        }
    )
    order = rank.sort_values(["identity", *_BEST_FIRST], kind="stable").index
    best_first = identity.reindex(order)
    kept = ~best_first.duplicated()
    merged = bounces.copy(deep=False)
    copies = best_first[best_first.duplicated(keep=False)]
    if len(copies):
        merged = _filled(merged, copies)
    keeper = merged["record_id"].reindex(order).where(kept).ffill()
    merged["duplicate_of"] = keeper.where(~kept, "").reindex(bounces.index).fillna("").astype("str")
    return merged


def _outranked(bounces: pd.DataFrame, identity: pd.Series) -> pd.Series:
    """Copies that anybody could have written, beside one that nobody could and that says why."""
    sure = bounces["sure"] if "sure" in bounces else pd.Series(True, index=bounces.index)
    if sure.all():
        return ~sure
    telling = sure & (bounces["diagnostic"] != "") & bounces["label"].isin(("hard", "spam"))
    return ~sure & telling.groupby(identity).transform("any")


def _filled(bounces: pd.DataFrame, copies: pd.Series) -> pd.DataFrame:
    """The kept rows with what their copies know. copies: identity of each row that has copies, best first."""
    place = copies[~copies.duplicated()].index
    names = copies.loc[place].to_numpy()
    filled = bounces.copy()
    for column in _FILLED:
        values = bounces.loc[copies.index, column]
        first = values.where(values != "").groupby(copies).first().reindex(names)
        filled.loc[place, column] = first.fillna("").astype("str").to_numpy()
    own = bounces.loc[copies.index].assign(identity=copies)
    matched = own[own["send_id"] >= 0]
    surest = matched.assign(order=matched["match_method"].map({name: n for n, name in enumerate(_METHODS)}))
    surest = surest.sort_values("order", kind="stable").drop_duplicates("identity").set_index("identity")
    found = pd.Series(names, index=place).isin(surest.index).to_numpy()
    filled.loc[place[found], "send_id"] = surest.loc[names[found], "send_id"].to_numpy()
    filled.loc[place[found], ["forged_why", "forged_reason"]] = ""
    filled.loc[place[found], "match_method"] = surest.loc[names[found], "match_method"].to_numpy()
    named = own[own["original_message_id"] != ""]
    named = named.assign(bare=~named["original_message_id"].str.contains("@", regex=False))
    named = named.sort_values(["bare", "record_id"], kind="stable").drop_duplicates("identity").set_index("identity")
    found = pd.Series(names, index=place).isin(named.index).to_numpy()
    filled.loc[place[found], "record_id"] = named.loc[names[found], "record_id"].to_numpy()
    return filled


def _failures(bounces: pd.DataFrame) -> pd.Series:
    """The failure that each row is about, as text."""
    # The same record read from two places may have been matched in one of them only.
    matched = bounces["send_id"].where(bounces["send_id"] >= 0)
    by_record = matched.groupby(bounces["record_id"]).transform("first")
    # One that names nothing we sent may be the poorer copy of one that does; what is refused for cause stays apart.
    poorer = bounces["forged_reason"].isin(("not_sent", "wrong_time")) & by_record.notna()
    doubted = (bounces["forged_why"] != "") & ~poorer
    send = _with_the_named(bounces, matched.fillna(by_record).mask(doubted))
    by_send = pd.Series("send ", index=bounces.index) + send.fillna(-1).astype("int64").astype("str")
    identity = by_send.where(send.notna(), "record " + bounces["record_id"])
    loose = bounces[send.isna() & ((bounces["key"] != "") | (bounces["original_key"] != ""))]
    whom = _whom(loose)
    # Only recipients with several records are worth a look: most floods name each address once.
    several = loose[(whom + " " + loose["record_id"]).groupby(whom).transform("nunique") > 1]
    if len(several):
        identity.loc[several.index] = pd.Series(_told_together(several, whom[several.index]), index=several.index)
    return identity + " " + bounces["kind"] + doubted.map({True: " doubted", False: ""})


def _whom(rows: pd.DataFrame) -> pd.Series:
    return rows["original_key"].where(rows["original_key"] != "", rows["key"]) + " " + rows["kind"]


def _with_the_named(bounces: pd.DataFrame, send: pd.Series) -> pd.Series:
    """`send`, where what has only a recipient and a time, and so went to the latest mail, takes an earlier one.

    It does where another source names that mail for the same failure within hours, and none names the latest: a webhook
    without an id and the bounce message beside it, days after their mail and after the next step.
    """
    named = bounces["match_method"].isin(_NAMED) & send.notna()
    guessed = (bounces["match_method"] == "recipient") & send.notna() & (bounces["original_message_id"] == "")
    guessed &= ~send.isin(send[named])
    if not (guessed.any() and named.any()):
        return send
    whom, people = pd.factorize(_whom(bounces))
    guessed &= _any(named.to_numpy(), whom, len(people))[whom]
    known: defaultdict[int, list[tuple[_Told, str, float]]] = defaultdict(list)
    told = _all_told(bounces)
    formats, sends, names = bounces["format"].tolist(), send.tolist(), whom.tolist()
    for place in np.flatnonzero(named & _any(guessed.to_numpy(), whom, len(people))[whom]).tolist():
        known[names[place]].append((told(place), formats[place], sends[place]))
    for place in np.flatnonzero(guessed).tolist():
        one = told(place)
        fits = [
            (abs(one.moment - other.moment) if _NEVER not in (one.moment, other.moment) else 0, other.record, mail)
            for other, written, mail in known[names[place]][-_LOOKED_AT:]
            if written != formats[place] and one.same_as(other)
        ]
        if fits:
            sends[place] = min(fits)[2]
    return pd.Series(sends, index=send.index, dtype=send.dtype)


def _any(flag: NDArray[np.bool_], group: NDArray[np.intp], groups: int) -> NDArray[np.bool_]:
    """For each group, whether any of its rows has the flag."""
    found = np.zeros(groups, dtype=np.bool_)
    found[group[flag]] = True
    return found


def _all_told(rows: pd.DataFrame) -> Callable[[int], _Told]:
    """What the row at a place tells."""
    moments = rows["received"].to_numpy(dtype="datetime64[ns]").view(np.int64)
    record, label, fault, reason, message_id = (
        rows[name].to_numpy() for name in ("record_id", "label", "fault", "reason", "original_message_id")
    )

    def told(place: int) -> _Told:
        mail = normalise_message_id(message_id[place])
        return _Told(record[place], label[place], fault[place], reason[place], mail, int(moments[place]))

    return told


def _told_together(rows: pd.DataFrame, whom: pd.Series) -> list[str]:
    """The failure of each row, as the record of the first row that tells of it; `whom`: the recipient and the kind."""
    moments = rows["received"].to_numpy(dtype="datetime64[ns]").view(np.int64).tolist()
    told = list(map(_all_told(rows), range(len(rows))))
    names = [""] * len(told)
    known: defaultdict[str, list[_Told]] = defaultdict(list)
    groups = whom.tolist()
    # Rows without a time come last: they join what the others began.
    for place in sorted(range(len(told)), key=lambda at: (moments[at] == _NEVER, moments[at])):
        one, before = told[place], known[groups[place]]
        same = next((earlier for earlier in reversed(before[-_LOOKED_AT:]) if earlier.same_as(one)), None)
        if same is None:
            before.append(one)
        names[place] = f"record {(same or one).record}"
    return names


class _Told:
    """What one row tells of a failure of a recipient."""

    __slots__ = ("fault", "label", "message_id", "moment", "reason", "record")

    def __init__(self, record: str, label: str, fault: str, reason: str, message_id: str, moment: int) -> None:
        self.record, self.message_id, self.moment = record, message_id, moment
        self.label, self.fault, self.reason = label, fault, reason

    def same_as(self, other: _Told) -> bool:
        if self.record == other.record:
            return True
        if self.message_id and other.message_id:
            if self.message_id == other.message_id:
                return True
            # Two ids that one system wrote are two mails; a provider's own id beside a Message-ID says nothing.
            if self.message_id.partition("@")[2] == other.message_id.partition("@")[2]:
                return False
        if not self._means_the_same(other):
            return False
        if _NEVER in (self.moment, other.moment):
            # A list that says no more than that an address bounced tells of nothing new.
            return self.reason == other.reason or "unknown" in (self.label, other.label)
        return abs(self.moment - other.moment) <= _APART

    def _means_the_same(self, other: _Told) -> bool:
        if "unknown" in (self.label, other.label) or "" in (self.label, other.label):
            return True
        if self.label != other.label:
            return False
        return self.fault == other.fault or self.reason in _VAGUE or other.reason in _VAGUE
