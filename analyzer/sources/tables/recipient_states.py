"""Cells that hold the recipients of a mail and what became of each: "a@x.example##Receive, Send;b@x.example##Fail".

Source: Microsoft Learn, "Message trace in the modern Exchange admin center" (recipient_status of extended reports).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.sources.tables.cells import Cells

_ONE = r"[^\s@;#]+@[^\s@;#]+##[^;#@]*"
_CELL = re.compile(rf"{_ONE}(?:;\s*{_ONE})*;?")
#: The header of the column that the states go to.
STATE = "recipient state"
#: The last step that a recipient's mail went through tells what became of it.
_FAILED, _TAKEN = ("fail", "failed"), ("send", "deliver", "delivered")


def unfolded_recipients(cells: Cells, column_values: Callable[[int], list[str]]) -> Cells:
    """The table with a row for each recipient, its state in a column of its own; as it is where no column is such."""
    place = next((at for at in range(len(cells.headers)) if _are_such(column_values(at))), None)
    if place is None:
        return cells
    name = cells.frame.columns[place]
    frame = cells.frame.assign(**{name: cells.frame[name].str.strip(" ;").str.split(";")}).explode(name)
    frame = frame.reset_index(drop=True)
    parts = frame[name].str.strip().str.partition("##")
    frame[name] = parts[0]
    return replace(cells, headers=[*cells.headers, STATE], frame=frame.assign(**{STATE: parts[2].map(_state)}))


def _are_such(values: list[str]) -> bool:
    return bool(values) and all(map(_CELL.fullmatch, values))


def _state(steps: str) -> str:
    """One word for the steps: a mail that failed anywhere bounced; others are told by their last step."""
    said = [step.strip().casefold() for step in steps.split(",")]
    if any(step in _FAILED for step in said):
        return "bounced"
    return "delivered" if said[-1] in _TAKEN else steps.strip()
