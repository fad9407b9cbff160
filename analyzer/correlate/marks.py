"""What the columns of a log say, row by row, of what became of a mail: flag, words and reason.

A platform tells it in one of many ways: a bounced column (yes, a time, a count, the reply itself), the state of the
lead, a column of reasons, a complaint, a mark that nothing was sent yet, or a row of its own for each happening.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analyzer.classify.classes import class_of
from analyzer.correlate.flags import is_known, is_plain, read_flags, says
from analyzer.correlate.leads import text_column
from analyzer.records import SENT_AT_ZONED
from analyzer.sources.lists.outcomes import class_named
from analyzer.sources.tables.columns import UNREAD
from analyzer.sources.tables.encoded import blank, holds_encoded, spread, texts

#: The columns that tell what became of a mail.
_MARKS = ("bounced", "bounce_reason", "state", "event", "was_sent", "spam_blocked", "complained")
# What a server says of a mail that it took, in a column of replies.
_TAKEN = r"(?i)^\s*(?:2\d\d(?:[\s-]|$)|2\.\d{1,3}\.\d{1,3}\b|ok\b|smtp;\s*2\d\d\b)"
# What shows that a mail went out, or that none did.
_OF_UNSENT = ("sent_at", "message_id", "sender", SENT_AT_ZONED)
# A reply in a column that should say yes or no.
_REPLY = r"(?:^|[\s:;,(])[45]\d\d[\s-]|\b[45]\.\d{1,3}\.\d{1,3}\b"


_DOUBTFUL = (
    "Rows of the log without a time of sending that name a sender, counted as mails: {}. If nothing was sent to these "
    "leads yet, leave them out."
)
_NOT_TAKEN = (
    "Rows of the log without a time of sending whose state is another one than those of bounces, and whose reason is "
    "no server's reply, taken as mails that failed before they were sent: {}."
)


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
    taken = _over_distinct(reason, lambda said: said.str.contains(_TAKEN, regex=True))
    reason = reason.mask(taken, "")
    is_reply = _over_distinct(words, lambda said: said.str.contains(_REPLY, regex=True) & ~is_plain(said))
    reason = reason.mask(is_reply & (reason == ""), words)
    words = words.mask(is_reply, "bounced")
    warnings += _unknown_words(words)
    flag = read_flags(words)
    flag, words = _by_state(raw, keys, flag, words)
    # A reason that only says yes or no is a flag; "Unknown user" is one, too, and says why.
    told = read_flags(reason)
    bare = (told != "") | says(reason, "no")
    flag = flag.mask((flag == "") & (words == "") & bare, told)
    words = words.mask((words == "") & bare, reason)
    reason = reason.mask(bare & ~_over_distinct(reason, names_class), "")
    held = (flag == "") & (words == "") & _failed_before(raw, reason)
    warnings += [_NOT_TAKEN.format(int(held.sum()))] if held.any() else []
    flag, reason = flag.mask(held, "not_sent"), reason.mask(held, "")
    # A reason without a column that says yes or no is a yes.
    flag = flag.mask((flag == "") & (words == "") & (reason != ""), "yes")
    for name, meaning in (("spam_blocked", "yes"), ("complained", "complaint")):
        marked = read_flags(text_column(raw, name)) == "yes"
        flag = flag.mask(marked & (flag != "complaint"), meaning)
        words = words.mask(marked & (words == ""), name.replace("_", " "))
    unsent, sentence, doubtful = _unsent(raw, blank_is_unsent=blank_is_unsent)
    unsent &= flag == ""
    doubtful &= flag == ""
    warnings += [sentence.format(int(unsent.sum()))] if sentence and unsent.any() else []
    warnings += [_DOUBTFUL.format(int(doubtful.sum()))] if doubtful.any() else []
    flag = flag.mask(unsent, "not_sent")
    return Marks(flag, words, reason, tuple(warnings))


def _read_marked(raw: pd.DataFrame, keys: pd.Series, *, blank_is_unsent: bool) -> Marks:
    """The marks of an encoded log: only the rows where any column tells something are looked at one by one."""
    there = [name for name in _MARKS if name in raw.columns]
    # Where a blank may say that nothing was sent, every row has its say.
    told = np.full(len(raw), blank_may_be_unsent(raw))
    for name in there:
        told |= (text_column(raw, name) != "").to_numpy()
    nothing = blank(raw)
    if not told.any():
        return Marks(nothing, nothing, nothing)
    needed = [*there, *(name for name in _OF_UNSENT if name in raw.columns)]
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
    unknown = _over_distinct(words, lambda said: ~is_known(said))
    silent = ((words == "") | (unknown & (told == "yes"))) & ~keys.isin(flagged)
    # A word that says nothing here leaves it to the reason.
    says_something = _over_distinct(state, is_known)
    return flag.mask(silent & (flag != "not_sent"), told), words.mask(silent & says_something, state)


def _failed_before(raw: pd.DataFrame, reason: pd.Series) -> pd.Series:
    """The mails that the platform itself could not send: "Failed", "Mailbox not linked" beside others that "Bounced".

    What they have no time of sending for, no server has refused; where the reason is a reply, one has.
    """
    none = pd.Series(False, index=raw.index)
    if "state" not in raw.columns or "sent_at" not in raw.columns or not (reason != "").any():
        return none
    state = text_column(raw, "state")
    if not says(state, "yes").any():
        return none
    times = raw["sent_at"]
    blank_time = times.isna() if times.dtype.kind == "M" else text_column(raw, "sent_at") == ""
    if blank_time.all():
        return none
    replied = _over_distinct(reason, lambda said: said.str.contains(_REPLY, regex=True))
    return blank_time & (state != "") & (text_column(raw, "message_id") == "") & (reason != "") & ~replied


def _unsent(raw: pd.DataFrame, *, blank_is_unsent: bool) -> tuple[pd.Series, str, pd.Series]:
    """Leads to whom nothing was sent yet, by a mark that says so, or by the blank time of their last mail.

    With it what a person is told where only a blank says so, {} for the number of rows; and the rows of which only the
    sender says that there was a mail, where others have a time.
    """
    unsent, none = pd.Series(False, index=raw.index), pd.Series(False, index=raw.index)
    marked = "was_sent" in raw.columns
    was_sent = text_column(raw, "was_sent")
    if marked:
        unsent |= says(was_sent, "no")
        if not unsent.any() and says(was_sent, "yes").any():
            # Whoever ticks off what was sent leaves the rest blank.
            unsent |= was_sent == ""
    named = "event" if "event" in raw.columns else "state"
    state = text_column(raw, named)
    if "sent_at" in raw.columns and "event" not in raw.columns and SENT_AT_ZONED not in raw.columns:
        times = raw["sent_at"]
        blank_time = times.isna() if times.dtype.kind == "M" else text_column(raw, "sent_at") == ""
        if blank_time.all():
            # Nothing has a time: a state tells, where it says of others that mail went out.
            if says(state, "sent").any() and not marked:
                return (
                    unsent | (state == ""),
                    "Rows of the log without a state, taken as leads without a mail: {}.",
                    none,
                )
            return unsent, "", none
        # A mail has an id or a sender, and a time that cannot be read is one all the same.
        blank_time &= (text_column(raw, "message_id") == "") & ~says(was_sent, "yes") & (was_sent != UNREAD)
        if blank_is_unsent:
            return unsent | blank_time, "", none
        blank_time &= ~says(state, "sent")
        sender = text_column(raw, "sender") != ""
        told = "Rows of the log without a time of sending, taken as leads without a mail: {}."
        return unsent | (blank_time & ~sender), told, blank_time & sender & ~unsent
    return unsent, "", none


def names_class(words: pd.Series) -> pd.Series:
    """Which texts are the name of a class of failures, as exports write it (`rules/feeds.toml`)."""
    return words.map(class_named).map(class_of).notna()


def blank_may_be_unsent(raw: pd.DataFrame) -> bool:
    """Whether a blank may say that nothing was sent to a lead: some rows have no time, or none has one and a state
    tells more.
    """
    if "sent_at" not in raw.columns or raw["sent_at"].dtype.kind != "M":
        return False
    blank_times = raw["sent_at"].isna()
    return bool(blank_times.any()) and (not bool(blank_times.all()) or "state" in raw.columns)


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
