"""A report without addresses: what `--redact` hands to every writer instead of what was found.

What is masked and how says `analyzer.redaction`. Lists that are of no use without addresses get their SHA-256 beside
the masked one, to be matched by a system that knows the address. A digest hides an address from a reader, not from
somebody who tries likely ones.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from analyzer.redaction import ADDRESS_COLUMNS, WORD_COLUMNS, hashed
from analyzer.redaction import masked_address as address
from analyzer.redaction import masked_text as text

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis
    from analyzer.diagnose.weeks.findings import WeekFindings

Anything = TypeVar("Anything")

_ADDRESS: Final = re.compile(r"[^\s@<>]+@[^\s@<>]+")


def diagnosis(found: Diagnosis) -> Diagnosis:
    """The same diagnosis without addresses; mailboxes that look the same when masked are numbered."""
    names = _numbered((dimension, row.value) for dimension, rows in found.breakdown.items() for row in rows)
    made = walked(found)
    return replace(
        made,
        breakdown={
            dimension: [replace(row, value=names[dimension, row.value]) for row in rows]
            for dimension, rows in found.breakdown.items()
        },
        drivers=[
            replace(row, value=names.get((row.dimension, row.value), _masked(row.value))) for row in found.drivers
        ],
        options={**made.options, "redact": True},
    )


def week_findings(found: WeekFindings) -> WeekFindings:
    """The same week without addresses."""
    week = found.week
    named = [(one.dimension, one.value) for one in week.series]
    names = _numbered([*named, *((one.dimension, one.value) for one in week.changes)])
    made = walked(week)
    return replace(
        found,
        week=replace(
            made,
            series=[_renamed(one, old, names) for one, old in zip(made.series, week.series, strict=True)],
            changes=[_renamed(one, old, names) for one, old in zip(made.changes, week.changes, strict=True)],
        ),
        diagnosis=None if found.diagnosis is None else diagnosis(found.diagnosis),
    )


def _numbered(values: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """A name for each (dimension, value): masked, with a number behind those that look the same."""
    names: dict[tuple[str, str], str] = {}
    taken: dict[tuple[str, str], int] = {}
    for dimension, value in dict.fromkeys(values):
        masked = _masked(value)
        taken[dimension, masked] = number = taken.get((dimension, masked), 0) + 1
        names[dimension, value] = masked + (f" ({number})" if number > 1 and masked != value else "")
    return names


def _renamed(masked: Any, was: Any, names: dict[tuple[str, str], str]) -> Any:
    return replace(masked, value=names[was.dimension, was.value])


def bounces_of(correlated: Correlated) -> Correlated:
    """The same with masked bounces and replies in the log; what no output shows of sends and leads is left as it is."""
    sends = correlated.sends
    if "diagnostic" in sends:
        said = sends["diagnostic"].fillna("") != ""
        masked = frame(sends.loc[said, [name for name in ("recipient", "sender", "diagnostic") if name in sends]])
        sends = sends.assign(diagnostic=sends["diagnostic"].where(~said, masked["diagnostic"].reindex(sends.index)))
    return replace(correlated, bounces=frame(correlated.bounces), sends=sends)


def listed(found: pd.DataFrame) -> pd.DataFrame:
    """A list of leads with masked addresses and, beside them, `email_sha256`: of the address in lower case."""
    made = frame(found)
    if "email" in found:
        digests = ["" if not value else hashed(value) for value in _texts(found["email"])]
        made.insert(list(made.columns).index("email") + 1, "email_sha256", digests)
    return made


def frame(found: pd.DataFrame) -> pd.DataFrame:
    """A copy of a table with every address masked, whole columns of them and inside texts."""
    made = found.copy()
    present = [name for name in ADDRESS_COLUMNS if name in found]
    owners = list(zip(*(_texts(found[name]) for name in present), strict=True)) or [()] * len(found)
    for name in found.columns:
        if name in WORD_COLUMNS or not _is_text(found[name]):
            continue
        values = _texts(found[name])
        if name in ADDRESS_COLUMNS:
            made[name] = [address(value) for value in values]
        else:
            made[name] = [text(value, own) if value else value for value, own in zip(values, owners, strict=True)]
    return made


def _texts(column: pd.Series[Any]) -> list[str]:
    return [str(value) for value in column.astype(object).where(column.notna(), "")]


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_object_dtype(column) or pd.api.types.is_string_dtype(column))


def _masked(value: str) -> str:
    return address(value) if _ADDRESS.fullmatch(value) else text(value)


def walked(value: Anything) -> Anything:
    """The same shape with every text masked."""
    found: Any = value
    if isinstance(found, str):
        made: Any = _masked(found)
    elif is_dataclass(found) and not isinstance(found, type):
        made = replace(found, **{field.name: walked(getattr(found, field.name)) for field in fields(found)})
    elif isinstance(found, dict):
        made = {walked(key): walked(item) for key, item in found.items()}
    elif isinstance(found, (list, tuple)):
        made = type(found)(walked(item) for item in found)
    else:
        made = found
    return made  # type: ignore[no-any-return]
