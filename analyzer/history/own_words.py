"""What a log or a lead list says in its platform's own way, in the columns and words that a workspace keeps.

The tables hold `bounced`, `bounce_reason` and `state` of a mail, and know of no platform. A log may tell the same by a
row for each happening, by a mark that nothing was sent, that a filter held the mail back or that somebody complained,
and a verifier's "0" means what only its name tells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from analyzer.correlate import address_keys, normalise_addresses
from analyzer.correlate.events import fold_events
from analyzer.correlate.flags import read_flags
from analyzer.correlate.leads import asked_out, text_column
from analyzer.correlate.marks import blank_may_be_unsent, read_marks
from analyzer.correlate.statuses import normalise_statuses
from analyzer.sources.tables.encoded import plain, texts

if TYPE_CHECKING:
    from analyzer.sources.tables import Table

#: Columns that tell of a mail what a workspace has no column for.
_ELSEWHERE: Final = ("event", "was_sent", "spam_blocked", "complained", "opted_out")
#: Words that say the same in `bounced` (rules/flags.toml), and two for `state`.
_WORDS: Final = {"yes": "bounced", "maybe": "blocked", "complaint": "complaint"}
_UNSENT: Final = "not sent"
_SENT: Final = "sent"
_ASKED_OUT: Final = "unsubscribed"


def in_own_words(table: Table) -> pd.DataFrame:
    """A log or a lead list as the tables take it: `marked`, and statuses that mean the same whoever wrote them."""
    frame = table.frame
    if table.kind == "log":
        frame = marked(frame, blank_is_unsent=table.blank_is_unsent)
    if table.platform and "email_status" in frame.columns:
        said = texts(frame["email_status"])
        meant = normalise_statuses(said, table.platform)
        frame = frame.assign(email_status=said.mask(meant != normalise_statuses(said), meant))
    return frame


def marked(log: pd.DataFrame, *, blank_is_unsent: bool = False) -> pd.DataFrame:
    """A campaign log (canonical columns) with a row a mail, of which `bounced`, `bounce_reason` and `state` tell all.

    A log that tells nothing elsewhere comes back as it is. blank_is_unsent: whether a row without a time is a lead to
    whom nothing was sent yet.
    """
    if not (blank_is_unsent or blank_may_be_unsent(log) or any(name in log.columns for name in _ELSEWHERE)):
        return log
    raw = plain(log).reset_index(drop=True)
    keys = address_keys(normalise_addresses(text_column(raw, "recipient")))
    marks = read_marks(raw, keys, blank_is_unsent=blank_is_unsent)
    rows = raw.assign(
        **{name: text_column(raw, name) for name in ("campaign", "step", "message_id")},
        key=keys,
        sent_at=pd.to_datetime(raw["sent_at"] if "sent_at" in raw else pd.Series(pd.NaT, index=raw.index), utc=True),
        flag=marks.flag,
        said=text_column(raw, "bounced"),
        bounced=marks.words,
        bounce_reason=marks.reason,
    )
    if "event" in raw.columns:
        rows, _ = fold_events(rows, text_column(raw, "event"))
        # The happenings stand for it.
        rows["state"] = ""
    flag, state = rows["flag"], text_column(rows, "state")
    words = rows["bounced"].where(read_flags(rows["bounced"]) == flag, flag.map(_WORDS))
    unsent = flag == "not_sent"
    # What is sent says so, for an earlier reading may have said that it was not yet.
    state = state.mask(unsent & (read_flags(state) != "not_sent"), _UNSENT).mask(~unsent & (state == ""), _SENT)
    # Of a mail with a time, any state but one of a bounce says that it went out.
    out = rows["key"].isin(asked_out(raw, text_column(raw, "recipient")))
    state = state.mask(out & ~unsent & rows["sent_at"].notna(), _ASKED_OUT)
    return rows.assign(bounced=words.where(flag.isin(list(_WORDS)), rows["said"]).mask(unsent, ""), state=state).drop(
        columns=["key", "flag", "said", *(name for name in _ELSEWHERE if name in rows.columns)]
    )
