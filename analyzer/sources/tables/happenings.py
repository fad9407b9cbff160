"""Logs with a row for each happening, of which one mail has several that say that it went out: "processed", then
"delivered".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources.tables.header_words import meanings_of, words_of
from analyzer.sources.tables.plausible import flag_words, normalised

if TYPE_CHECKING:
    import pandas as pd

#: What a delivery becomes that another row's mail had: no mail of its own, and no bounce.
_ARRIVED = "not bounced"
#: What tells one mail from another, the plainest first.
_MAILS = (("message_id",), ("campaign", "step"))


def without_second_sends(columns: dict[str, pd.Series]) -> None:
    """Deliveries of mails that another row says were sent count as no second mail; `columns` (by field) are changed in
    place. A delivery without such a row stays the mail."""
    from analyzer.sources.tables.encoded import texts

    if not {"event", "recipient"} <= columns.keys():
        return
    event = texts(columns["event"])
    kinds = {word: _kind(word) for word in event.drop_duplicates()}
    if not {"sent", "delivered"} <= set(kinds.values()):
        return
    kind = event.map(kinds)
    mail = texts(columns["recipient"]).str.lower()
    fields = next((fields for fields in _MAILS if any(_holds(columns, name) for name in fields)), ())
    for name in fields:
        if name in columns:
            mail = mail + "\0" + texts(columns[name])
    again = (kind == "delivered") & mail.isin(mail[kind == "sent"])
    columns["event"] = event.mask(again, _ARRIVED)


def _holds(columns: dict[str, pd.Series], name: str) -> bool:
    from analyzer.sources.tables.encoded import texts

    return name in columns and bool((texts(columns[name]) != "").any())


def _kind(word: str) -> str:
    key = normalised(word)
    if key not in flag_words("sent"):
        return ""
    arrived = key == "delivery" or any("delivered" in meanings_of(part) for part in words_of(word))
    return "delivered" if arrived else "sent"
