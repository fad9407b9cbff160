"""Signed return paths among the bounces: which rows carry one, whom it names, and which of that lead's mails."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analyzer.addresses.key import address_key
from analyzer.sources.tables.encoded import arrow, texts
from analyzer.verp.token import recipient_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analyzer.correlate.clues import Clues
    from analyzer.verp.token import Signed

#: The form of what `verp.token` makes.
FORM = r"(?i)-[rlh][a-z2-7]{23}(?:@|\"|>|\s|$)"
_DAY = 86_400 * 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


def signed_rows(bounces: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows have something of the form of a signature of ours, in their return path or in a returned header."""
    found = [pc.match_substring_regex(arrow(bounces[name]), FORM) for name in ("delivered_to", "original_headers")]
    return np.asarray(pc.or_(*found), dtype=bool)


def signed_address(clue: Clues) -> tuple[str, ...]:
    """The recipient that a signature names."""
    signed = clue.signed_path or clue.signed_header
    return (address_key(signed.named),) if signed and signed.names == "recipient" else ()


def named_by_digest(clues: list[Clues], keys: pd.Series) -> list[Clues]:
    """The clues with the recipient in place of its digest, where a signature has one. keys: the log's recipients.

    Mostly the bounce names it; where that was forwarded, it is looked for among all recipients of the log.
    """
    wanted = {one.named for clue in clues for one in (clue.signed_path, clue.signed_header) if one and _is_digest(one)}
    if not wanted:
        return clues
    near = {one for clue in clues for one in (*clue.recipients, *clue.header_addresses)}
    known = {recipient_digest(one): one for one in near}
    if not wanted <= known.keys():
        for one in texts(keys).unique():
            digest = recipient_digest(one)
            if digest in wanted:
                known[digest] = one
    return [
        replace(clue, signed_path=_named(clue.signed_path, known), signed_header=_named(clue.signed_header, known))
        for clue in clues
    ]


def of_signature(places: Sequence[int], signed: Signed, sent: Sequence[int]) -> Sequence[int]:
    """Of several mails to a lead those of the day that was signed, a day more or less for the zone; else all."""
    day = _days(signed.day)
    return [place for place in places if abs(sent[place] // _DAY - day) <= 1] or places


def _days(day: date) -> int:
    return (day - _EPOCH).days


def _is_digest(signed: Signed) -> bool:
    return signed.names == "digest"


def _named(signed: Signed | None, known: dict[str, str]) -> Signed | None:
    if signed is None or not _is_digest(signed):
        return signed
    return replace(signed, names="recipient", named=known.get(signed.named, signed.named))
