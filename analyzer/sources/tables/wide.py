"""A log with a row for each lead and columns for each step ("Step 1 sent", "Step 1 bounced", "Step 2 sent", …) as one
with a row for each mail.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from analyzer.readable import counted
from analyzer.sources.tables.cells import Cells, bounded
from analyzer.sources.tables.columns import tidy
from analyzer.sources.tables.header_words import listed, meanings_of, readings, words_of
from analyzer.sources.tables.plausible import are_marks, are_times, fits, flag_words, hold_addresses, normalised

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import pandas as pd

#: The fields that a step has of its own.
_OF_A_STEP = (
    "sent_at",
    "was_sent",
    "bounced",
    "bounce_reason",
    "state",
    "sender",
    "message_id",
    "template",
    "complained",
)
_SENT = frozenset({"sent_at", "was_sent", "state"})
_CAME_BACK = frozenset({"bounced", "bounce_reason", "state"})
_MOST_STEPS = 50
_NAMED_STEPS = {"initial": 0, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
_ORDINAL = frozenset({"st", "nd", "rd", "th"})


@dataclass(slots=True)
class _Column:
    """The columns of one kind, one a step: `places` by number of step, `title` with # where the number stands."""

    title: str
    field: str
    places: dict[int, int] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unfolded:
    """`cells` with a row for each mail; `mapping`: what its new columns are."""

    cells: Cells
    mapping: dict[str, str]
    notes: tuple[str, ...] = ()


def unfolded(
    where: str, cells: Cells, named: Collection[str], column_values: Callable[[int], list[str]]
) -> Unfolded | None:
    """The table as one of mails; None where it has no columns for steps.

    named: columns that a person maps, whose wish goes before. column_values: a sample of a column without its blanks.
    """
    import pandas as pd

    columns = _columns_of_steps(cells.headers, column_values)
    if not columns or {normalised(name) for name in named} & {
        normalised(cells.headers[place]) for column in columns for place in column.places.values()
    }:
        return None
    steps = sorted({step for column in columns for step in column.places})
    rows = _rows_of_mails(cells.frame, columns, steps)
    if not _SENT & {column.field for column in columns}:
        # Nothing says how many steps a lead got: a row for each, and where one bounced, the step at which.
        rest = sorted(set(range(len(cells.frame))) - set(rows["row"]))
        rows = pd.concat([rows, pd.DataFrame({"row": rest, "step": -1})]).sort_values("row", kind="stable")
        rows = rows.reset_index(drop=True)
    if not len(rows):
        return None
    taken = {place for column in columns for place in column.places.values()}
    own = [place for place in range(len(cells.headers)) if place not in taken]
    told = [column for column in columns if column.field != "was_sent"]
    headers = [*(cells.headers[place] for place in own), *(column.title for column in told), "step #"]
    bounded(where, len(headers), len(rows))
    leads = len(cells.frame)
    unsent = leads - rows["row"].nunique()
    left = f"; {counted(unsent, 'row')} without a mail left out" if unsent else ""
    note = (
        f"has a row for each lead and columns for {counted(len(steps), 'step')} "
        f"({', '.join(column.title for column in columns)}); read as a row for each mail: "
        f"{counted(len(rows), 'mail')} to {counted(leads - unsent, 'lead')}{left}"
    )
    mapping = {column.title: column.field for column in told} | {"step #": "step"}
    return Unfolded(Cells(headers, _long(cells.frame, own, told, rows), (*cells.notes, note)), mapping)


def _long(frame: pd.DataFrame, own: Sequence[int], told: Sequence[_Column], rows: pd.DataFrame) -> pd.DataFrame:
    """What belongs to the lead on each of its rows, then what the step's own columns hold."""
    import pandas as pd

    place, step = rows["row"].to_numpy(), rows["step"]
    columns = [frame.iloc[:, number].array.take(place) for number in own]
    for column in told:
        values = pd.Series("", index=rows.index, dtype="str")
        for number, at in column.places.items():
            of_step = (step == number).to_numpy()
            values[of_step] = frame.iloc[:, at].array.take(place[of_step])
        columns.append(values.array)
    columns.append(step.astype("str").where(step >= 0, "").array)
    return pd.DataFrame({f"c{number}": values for number, values in enumerate(columns)}, index=range(len(rows)))


def _rows_of_mails(frame: pd.DataFrame, columns: Sequence[_Column], steps: Sequence[int]) -> pd.DataFrame:
    """`row` and `step` of each mail that went out, lead by lead."""
    import pandas as pd

    parts = []
    for step in steps:
        sent = pd.Series(False, index=range(len(frame)))
        held = pd.Series(False, index=range(len(frame)))
        at = {column.field: column.places[step] for column in columns if step in column.places}
        timed = bool({"sent_at", "was_sent"} & at.keys())
        for name, place in at.items():
            words = tidy(frame.iloc[:, place]).reset_index(drop=True).map(normalised)
            if name in {"sent_at", "was_sent", "bounced"}:
                sent |= (words != "") & ~words.isin(flag_words("no") | flag_words("not_sent"))
            elif name == "state":
                held |= words.isin(flag_words("not_sent"))
                sent |= words.isin(flag_words("yes") | flag_words("maybe") | flag_words("complaint"))
                sent |= (words != "") & (not timed)
            elif name == "bounce_reason":
                sent |= words != ""
        chosen = sent & ~held
        parts.append(pd.DataFrame({"row": chosen.index[chosen], "step": step}))
    return pd.concat(parts).sort_values(["row", "step"], kind="stable").reset_index(drop=True)


def _columns_of_steps(headers: Sequence[str], column_values: Callable[[int], list[str]]) -> list[_Column]:
    """The columns that steps have of their own; none where they do not tell that mails went out, and to which step."""
    found: dict[tuple[str, ...], dict[int, int]] = {}
    titles: dict[tuple[str, ...], str] = {}
    for place, header in enumerate(headers):
        split = _split(header)
        if split is not None:
            step, rest, title = split
            found.setdefault(rest, {}).setdefault(step, place)
            titles.setdefault(rest, title)
    columns: dict[str, _Column] = {}
    for rest, places in found.items():
        values = [value for place in places.values() for value in column_values(place)]
        name = _field(rest, values)
        # The plainest header of a field comes first: "sent", and then "sent from".
        if name and (name not in columns or len(places) > len(columns[name].places)):
            columns[name] = _Column(titles[rest], name, places)
    steps = {step for column in columns.values() for step in column.places}
    if not (_SENT | _CAME_BACK) & columns.keys():
        return []
    if len(steps) < 2 and not (_SENT & columns.keys() and _CAME_BACK & columns.keys()):
        return []
    return list(columns.values())


def _split(header: str) -> tuple[int, tuple[str, ...], str] | None:
    """(number of the step, the other words, the header with # for the number) of a header such as "Step 1 sent at"."""
    words = words_of(header)
    numbers = [word for word in words if word.isdigit()]
    is_step = any(word in listed("steps") for word in words)
    if len(numbers) == 1 and int(numbers[0]) <= _MOST_STEPS:
        step, title = int(numbers[0]), header.replace(numbers[0], "#", 1)
    else:
        named = [word for word in words if word in _NAMED_STEPS]
        if numbers or len(named) != 1 or not is_step:
            return None
        step, title = _NAMED_STEPS[named[0]], re.sub(named[0], "#", header, count=1, flags=re.IGNORECASE)
    rest = tuple(
        word for word in words if not word.isdigit() and word not in {*listed("steps"), *_ORDINAL, *_NAMED_STEPS}
    )
    # Without the word for a step, only what plainly is about mail: "Sent 1", and not "Date 1".
    if not is_step and not {"sent", "bounce"} & meanings_of(" ".join(rest)):
        return None
    return step, rest, title


def _field(rest: tuple[str, ...], values: Sequence[str]) -> str:
    """The field of a step's columns, by the words beside the number and by what they hold; "" for none of them."""
    if not values and not rest:
        return ""
    if not rest:
        # "Step 1" alone: when it was sent, or what became of it. "Email 1" may be an address.
        if hold_addresses(values):
            return ""
        return "state" if fits("state", values) else "sent_at" if are_times(values) else ""
    names = [reading.field for reading in readings(" ".join(rest))]
    if rest in {("date",), ("time",), ("datum",), ("fecha",), ("data",), ("on",), ("at",)}:
        names.append("sent_at")
    if "template" in rest or "subject" in rest or "variant" in rest:
        names.append("template")
    if {"message", "id"} == set(rest):
        names.append("message_id")
    for name in names:
        if name == "sent_at" and are_marks(values):
            return "was_sent"
        if name in _OF_A_STEP and fits(name, values):
            return name
    return ""
