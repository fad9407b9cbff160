"""The sends that bounces could be about: all columns searched at once, and row by row only where they name one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.correlate.message_ids import find_ids, fronts, message_keys
from analyzer.correlate.signatures import signed_address
from analyzer.sources.tables.encoded import arrow, over_distinct, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from analyzer.correlate.clues import Clues
    from analyzer.correlate.message_ids import Rows

#: A front of a Message-ID that is shorter is a number of something else.
LONG_FRONT = 8


@dataclass(frozen=True, slots=True)
class Pool:
    """The sends that any bounce could be about, by everything a bounce could know them by; values are positions."""

    send_id: list[int]
    key: list[str]
    sent: list[int]
    zoned: list[bool]
    campaign: list[str]
    has_id: list[bool]
    by_id: dict[str, list[int]]
    by_front: dict[str, list[int]]
    by_key: dict[str, list[int]]
    by_token: dict[str, list[int]]


class Log:
    """The sends, searched for what the clues name: all columns at once, and row by row only where they name one."""

    def __init__(self, sends: pd.DataFrame, clues: Sequence[Clues]) -> None:
        self._sends = sends
        ids = {one for clue in clues for one in clue.ids}
        self._tokens = {one for clue in clues for one in (*clue.return_tokens, *clue.header_values)} - {""}
        self._bare, behind = _fronts(ids)
        self._ids = ids | behind
        self._keys = {
            one
            for clue in clues
            for one in (*clue.recipients, *clue.return_addresses, *clue.header_addresses, *signed_address(clue))
        }
        domains = {one.rpartition("@")[2] for one in ids}
        #: Which sends have a Message-ID that a clue names, and which domains of the clues' ids the log's ids have.
        self.named, self.domains = find_ids(
            sends["message_id"], self._ids | self._tokens, self._bare | self._tokens, domains
        )
        #: The recipients in the clues to whom something was sent.
        self.recipients = self._known({one for clue in clues for one in clue.recipients})

    def _known(self, keys: set[str]) -> frozenset[str]:
        rows = _one_of(self._sends["key"], keys)
        return frozenset(self._sends["key"].iloc[np.flatnonzero(rows)].unique())

    def possible(self, clues: Sequence[Clues]) -> Rows:
        """The sends to an address, or with a lead's id, that the clues hold."""
        keys = {
            one
            for clue in clues
            for one in (*clue.recipients, *clue.return_addresses, *clue.header_addresses, *signed_address(clue))
        }
        tokens = {one for clue in clues for one in (*clue.return_tokens, *clue.header_values)}
        return _one_of(self._sends["key"], keys) | _one_of(self._sends["lead_key"], tokens)

    def pool(self, wanted: Rows) -> Pool:
        """Some of the sends, ready to be looked up by what the clues name."""
        places = np.flatnonzero(wanted)
        columns = ["key", "lead_key", "message_id", "campaign", "sent_at", "zoned"]
        chosen = plain(self._sends[columns].iloc[places])
        keys = message_keys(chosen["message_id"])
        fronts_of = [fronts(keys)] if self._bare or self._tokens else []
        return Pool(
            send_id=chosen.index.tolist(),
            key=chosen["key"].tolist(),
            sent=chosen["sent_at"].to_numpy(dtype="datetime64[ns]").view(np.int64).tolist(),
            zoned=chosen["zoned"].tolist(),
            campaign=chosen["campaign"].str.lower().tolist(),
            has_id=(chosen["message_id"] != "").tolist(),
            by_id=_places(self._ids, keys),
            by_front=_places(self._bare, *fronts_of) if self._bare else {},
            by_key=_places(self._keys, chosen["key"]),
            by_token=_places(self._tokens, chosen["lead_key"], keys, *fronts_of),
        )


def _fronts(ids: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(ids without a domain, the fronts of those with one): a provider names `0100019-1` what the mail carries as
    `<0100019-1@email.amazonses.com>`. Short ones are numbers of something else.
    """
    long = [one for one in ids if len(one.partition("@")[0]) >= LONG_FRONT]
    return frozenset(one for one in long if "@" not in one), frozenset(
        one.partition("@")[0] for one in long if "@" in one
    )


def _one_of(column: pd.Series, wanted: Collection[str]) -> Rows:
    """Which rows hold one of the texts."""
    among = pa.array(sorted(wanted), pa.large_string())
    found = over_distinct(column, lambda texts: pd.Series(np.asarray(pc.is_in(arrow(texts), value_set=among))))
    return found.to_numpy(dtype=bool)


def _places(wanted: Collection[str], *columns: pd.Series) -> dict[str, list[int]]:
    """Where the columns hold what is wanted; a text of any other is not looked for."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    among = pa.array(sorted({*wanted} - {""}), pa.large_string())
    for column in columns:
        rows = np.flatnonzero(np.asarray(pc.is_in(arrow(column), value_set=among)))
        for place, value in zip(rows.tolist(), column.iloc[rows].tolist(), strict=True):
            places[value].append(place)
    return dict(places)
