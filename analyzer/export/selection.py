"""Who goes into an export, and who is left out and why.

An address is struck off only for its own fault, for good, or for a complaint: a refusal for what the mail was, or for
how we send, says nothing about the lead. A bounce that may be forged never counts: it could strike any lead off a list.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.check.facts import findings
from analyzer.correlate.addresses import address_keys
from analyzer.errors import AnalyzerError
from analyzer.export.kinds import codes, next_steps
from analyzer.knowledge import reasons
from analyzer.records import COUNTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.export.inputs import Given

#: Which faults each kind of export takes by itself.
FAULTS: dict[str, frozenset[str]] = {
    "suppression": frozenset({"address", "complaint"}),
    "contacts": frozenset({"address", "complaint", "recipient"}),
    "audience": frozenset({"recipient"}),
}
#: A lead's bounces are told by the one that weighs most.
_WEIGHT: tuple[str, ...] = (
    *("complaint", "address", "recipient", "mailbox", "content", "sender", "infrastructure", "unknown"),
)
_WEIGHTS = {fault: weight for weight, fault in enumerate(_WEIGHT)}
#: Beside faults and reasons, what `--include` may name.
_EXTRAS = ("transient", "unmatched")
_SAYS = {
    "forged": "suspected forgeries",
    "unmatched": "bounces tied to no mail that was sent",
    "kind": "messages that are no bounce",
    "transient": "only temporary",
    "malformed": "nothing that a platform takes as an address",
    "gone": "in no audience because the address is dead or its owner complained",
    "grade": "not graded do not send",
    "passing": "graded do not send for what is not final (a repeated row, a low score, a vendor's word)",
    "open": "with nothing that says the receiver refuses unknown senders",
    "mailbox": "full mailbox or too large a mail",
    "infrastructure": "a server or the network failed",
    "sender": "refused for how we send (authentication, reputation, block list, rate, account)",
    "content": "refused for what the mail says",
    "recipient": "refused by the receiver's own rule",
    "unknown": "nothing says why",
    "address": "the address itself failed",
    "complaint": "complaints",
}
# One "@" with something on both sides, and nothing that ends a cell, a line or a header, or that shows as nothing.
_ADDRESS = re.compile(
    r'(?:"[^"\\\x00-\x1f\x7f]+"|[^\s@",;:<>()\[\]\\\x00-\x1f\x7f-\x9f]+)@[^\s@",;:<>()\\\x00-\x1f\x7f-\x9f]+\.?'
)
_ACTING = re.compile("[\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffd\U000e0000-\U000e007f]")
_LONGEST = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets


@dataclass(frozen=True, slots=True)
class Selection:
    """taken: rows of `inputs.ROWS`, one an address, with `next_step`, `says`, `bounced_reason` and `bounced_date`.

    left_out: how many addresses for which reason, in words. widened: how many were taken only because it was asked.
    """

    taken: pd.DataFrame
    left_out: dict[str, int]
    widened: dict[str, int]


def select(given: Given, takes: str, include: Sequence[str] = ()) -> Selection:
    """The rows that an export of this sort takes; `AnalyzerError` for an `include` that names nothing."""
    allowed = {*_WEIGHT, *reasons(), *_EXTRAS, *(findings() if given.checked else ())}
    for name in include:
        if name not in allowed:
            raise AnalyzerError(
                f"--include {name}: is no fault, reason or kind of bounce; "
                f"use a fault ({', '.join(_WEIGHT)}), a reason such as mailbox_full, {' or '.join(_EXTRAS)}"
            )
    if given.graded is not None and not given.checked and takes in {"suppression", "audience"}:
        raise AnalyzerError(
            f"{given.named}: a next_send.csv says what to send, not whom to strike off; "
            "give the folder it came from, or what `check --out` wrote"
        )
    rows = given.rows.copy()
    # Nothing is dug out of a cell that holds more than an address: it could strike off somebody else.
    rows["email"] = rows["email"].astype("str").str.lower()
    rows["key"] = address_keys(rows["email"])
    why, asked = _why_not(rows, takes, frozenset(include))
    rows = rows.assign(why=why, asked=asked, weight=rows["fault"].map(_WEIGHTS))
    taken = rows[rows["why"] == ""].sort_values(["weight", "date"], ascending=[True, False], kind="stable")
    # The dead are not advertised to, nor is anyone who complained.
    if takes == "audience":
        gone = rows[rows["fault"].isin(("address", "complaint")) & ~rows["forged"] & ~rows["transient"]]["key"]
        out = taken["key"].isin(set(gone))
        rows.loc[taken.index[out], "why"] = "gone"
        taken = taken[~out]
    if takes == "suppression":
        # A list may hold a lead twice, and only the second row is barred for it.
        wanted = rows[rows["grade"].isin(("send", "verify_again"))]["key"]
        out = taken["key"].isin(set(wanted))
        rows.loc[taken.index[out], "why"] = "grade"
        taken = taken[~out]
    taken = taken.drop_duplicates("key").sort_index()
    left = rows[(rows["why"] != "") & ~rows["again"] & ~rows["key"].isin(set(taken["key"]))]
    left = left.sort_values("weight", kind="stable").drop_duplicates("key")
    widened = taken[taken["asked"]]["fault"].value_counts()
    return Selection(
        _described(taken.drop(columns=["why", "asked", "weight", "key"]).reset_index(drop=True)),
        {_SAYS.get(str(name), str(name)): int(number) for name, number in left["why"].value_counts().items()},
        {_SAYS.get(str(name), str(name)): int(number) for name, number in widened.items()},
    )


def is_address(text: str) -> bool:
    """Whether a platform can take it as an address: no break, blank, separator, invisible or bidirectional sign."""
    return len(text.encode()) <= _LONGEST and bool(_ADDRESS.fullmatch(text)) and not _ACTING.search(text)


def _why_not(rows: pd.DataFrame, takes: str, include: frozenset[str]) -> tuple[pd.Series, pd.Series]:
    """Why each row is left out, "" where it is taken; and whether it is taken because it was asked for by name."""
    graded = rows["kind"] == "graded"
    known = FAULTS[takes]
    named = rows["fault"].isin(include) | rows["reason"].isin(include)
    of_itself = rows["fault"].isin(known)
    transient = rows["transient"] & ~named & ("transient" not in include)
    asked = ~graded & (named & ~(of_itself & ~rows["transient"]) | of_itself & rows["transient"] & ~transient)
    why = pd.Series("", index=rows.index, dtype=object)
    why = why.mask(~graded & ~(of_itself | named), rows["fault"])
    why = why.mask(~graded & (why == "") & transient, "transient")
    if takes in {"suppression", "audience"} and graded.any():
        final = _has(rows["codes"], codes("final"))
        if takes == "suppression":
            why = why.mask(graded & ~final & ~_has(rows["codes"], include), "passing")
            why = why.mask(graded & (rows["grade"] != "do_not_send"), "grade")
        else:
            why = why.mask(graded & ~_has(rows["codes"], codes("other_channel")), "open")
            why = why.mask(graded & final, "gone")
    why = why.mask(~rows["email"].map(is_address), "malformed")
    why = why.mask(~graded & ~rows["kind"].isin(COUNTED_KINDS), "kind")
    if "unmatched" not in include:
        why = why.mask(~rows["tied"], "unmatched")
    why = why.mask(rows["forged"], "forged")
    return why, asked & (why == "")


def _has(texts: pd.Series, wanted: frozenset[str]) -> pd.Series:
    """Which of the rows' codes ("a; b") hold one of `wanted`."""
    return texts.map(lambda text: not wanted.isdisjoint(re.split(r"[;,\s]+", text))).astype(bool)


def _described(rows: pd.DataFrame) -> pd.DataFrame:
    steps, says = next_steps(), {name: reason.says for name, reason in reasons().items()}
    by_fault = rows["fault"].map(lambda fault: steps["fault"].get(fault, ""))
    by_fault = by_fault.mask(rows["transient"], steps["fault"]["mailbox"])
    graded = rows["kind"] == "graded"
    words = rows["reason"].map(lambda reason: says.get(reason, ""))
    complained = graded & _has(rows["codes"], codes("complaint"))
    address = (rows["fault"] == "address") & ~rows["transient"]
    return rows.assign(
        next_step=by_fault.mask(graded, rows["grade"].map(lambda grade: steps["grade"].get(grade, ""))),
        says=words,
        fault=rows["fault"].mask(complained, "complaint"),
        bounced_reason=words.where(address, ""),
        bounced_date=rows["date"].where(address, ""),
    )
