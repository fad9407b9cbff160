"""What the columns of a log say, row by row, of what became of a mail: flag, words and reason.

A platform tells it in one of many ways: a bounced column (yes, a time, a count, the reply itself), the state of the
lead, a column of reasons, a complaint, a mark that nothing was sent yet, or a row of its own for each happening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyzer.correlate.flags import is_known, is_plain, read_flags, says
from analyzer.correlate.leads import text_column
from analyzer.sources.tables.encoded import blank, holds_encoded, spread, texts

#: The columns that tell what became of a mail.
_MARKS = ("bounced", "bounce_reason", "state", "event", "was_sent", "spam_blocked", "complained")
# A reply in a column that should say yes or no.
_REPLY = r"(?:^|[\s:;,(])[45]\d\d[\s-]|\b[45]\.\d{1,3}\.\d{1,3}\b"


@dataclass(frozen=True, slots=True)
class Marks:
    """Three columns: `flag` ("yes", "maybe", "complaint", "not_sent", ""), the words behind it, the reason's text."""

    flag: pd.Series
    words: pd.Series
    reason: pd.Series
    warnings: tuple[str, ...] = ()


def read_marks(raw: pd.DataFrame, keys: pd.Series, *, blank_is_unsent: bool = False) -> Marks:
    """The marks of a log.

    raw: the log's canonical columns. keys: what its leads are compared by. blank_is_unsent: whether the log lists leads
    with the time of their last mail, so that one without a time was never written to.
    """
    if holds_encoded(raw):
        return _read_marked(raw, keys, blank_is_unsent=blank_is_unsent)
    warnings: list[str] = []
    words, reason = text_column(raw, "bounced"), text_column(raw, "bounce_reason")
    is_reply = _over_distinct(words, lambda said: said.str.contains(_REPLY, regex=True) & ~is_plain(said))
    reason = reason.mask(is_reply & (reason == ""), words)
    words = words.mask(is_reply, "bounced")
    warnings += _unknown_words(words)
    flag = read_flags(words)
    flag, words = _by_state(raw, keys, flag, words)
    # A reason that only says yes or no is a flag.
    told = read_flags(reason)
    bare = (told != "") | says(reason, "no")
    flag = flag.mask((flag == "") & (words == "") & bare, told)
    words = words.mask((words == "") & bare, reason)
    reason = reason.mask(bare, "")
    # A reason without a column that says yes or no is a yes.
    flag = flag.mask((flag == "") & (words == "") & (reason != ""), "yes")
    for name, meaning in (("spam_blocked", "yes"), ("complained", "complaint")):
        marked = read_flags(text_column(raw, name)) == "yes"
        flag = flag.mask(marked & (flag != "complaint"), meaning)
        words = words.mask(marked & (words == ""), name.replace("_", " "))
    flag = flag.mask((flag == "") & _unsent(raw, words, blank_is_unsent=blank_is_unsent), "not_sent")
    return Marks(flag, words, reason, tuple(warnings))


def _read_marked(raw: pd.DataFrame, keys: pd.Series, *, blank_is_unsent: bool) -> Marks:
    """The marks of an encoded log: only the rows where any column tells something are looked at one by one."""
    there = [name for name in _MARKS if name in raw.columns]
    told = np.full(len(raw), blank_is_unsent and "sent_at" in raw.columns)
    for name in there:
        told |= (text_column(raw, name) != "").to_numpy()
    nothing = blank(raw)
    if not told.any():
        return Marks(nothing, nothing, nothing)
    needed = [*there, *(name for name in ("sent_at", "message_id") if blank_is_unsent and name in raw.columns)]
    rows = pd.DataFrame({name: texts(raw.loc[told, name]) for name in needed})
    found = read_marks(rows, texts(keys[told]), blank_is_unsent=blank_is_unsent)
    place = np.full(len(raw), len(rows))
    place[told] = np.arange(len(rows))
    last = pd.Series([""], dtype="str")
    columns = (
        spread(pd.concat([column, last], ignore_index=True), place, nothing)
        for column in (found.flag, found.words, found.reason)
    )
    flag, words, reason = columns
    return Marks(flag, words, reason, found.warnings)


def _by_state(raw: pd.DataFrame, keys: pd.Series, flag: pd.Series, words: pd.Series) -> tuple[pd.Series, pd.Series]:
    """What the state of the mail or the lead adds, where the bounced column is blank for the row and for its lead."""
    name = "event" if "event" in raw.columns else "state"
    if name not in raw.columns:
        return flag, words
    state = text_column(raw, name)
    told = read_flags(state)
    flag = flag.mask((told == "not_sent") & (flag == ""), "not_sent")
    flagged = frozenset(keys[flag.isin(("yes", "maybe"))])
    silent = (words == "") & ~keys.isin(flagged)
    return flag.mask(silent & (flag != "not_sent"), told), words.mask(silent, state)


def _unsent(raw: pd.DataFrame, words: pd.Series, *, blank_is_unsent: bool) -> pd.Series:
    """Leads to whom nothing was sent yet, by a mark that says so, or by the blank time of their last mail."""
    unsent = pd.Series(False, index=raw.index)
    if "was_sent" in raw.columns:
        unsent |= says(text_column(raw, "was_sent"), "no")
    if blank_is_unsent and "sent_at" in raw.columns:
        times = raw["sent_at"]
        blank = times.isna() if times.dtype.kind == "M" else text_column(raw, "sent_at") == ""
        if not bool(blank.all()):
            unsent |= blank & (text_column(raw, "message_id") == "")
    return unsent


def _over_distinct(column: pd.Series, function: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """What `function` says of each text, asked once for each distinct one: most logs repeat two words."""
    codes, distinct = pd.factorize(column)
    told = function(pd.Series(distinct, dtype="str"))
    return pd.Series(told.array.take(codes), index=column.index)


def _unknown_words(words: pd.Series) -> list[str]:
    distinct = words[words != ""].drop_duplicates()
    strange = distinct[~is_known(distinct)]
    if not len(strange):
        return []
    shown = ", ".join(repr(str(word)[:40]) for word in strange.head(3))
    return [
        f"Words of the log's bounced column that are not known ({shown}), taken as no bounce: "
        f"{int(words.isin(strange).sum())} rows."
    ]
