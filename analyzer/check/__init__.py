"""The pre-send check of a lead list: format, domain, mailbox and risk, one after another, and a grade for each lead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    import pandas as pd

    from analyzer.check.smtp import ProbeOptions

    Source: TypeAlias = str | Path

__all__ = ["check"]

_One = TypeVar("_One")


def check(
    leads: Source | pd.DataFrame | Iterable[str],
    *,
    dns: bool = False,
    smtp: ProbeOptions | None = None,
    policy: str = "balanced",
    resolver: str | None = None,
    history: Source | pd.DataFrame | Sequence[Source | pd.DataFrame] = (),
    history_log: Source | Sequence[Source] = (),
    history_leads: Source | Sequence[Source] = (),
    workspace: str | Path = "",
    suppress: Source | Sequence[Source] = (),
    disposable: Source | Sequence[Source] = (),
    banned: Source | Sequence[Source] = (),
    blocklist_zones: Sequence[str] = (),
    cache: str | Path | None = None,
    resume: bool = False,
    allow_private: bool = False,
    allow_reserved: bool = False,
    as_of: date | str | None = None,
    mapping: Mapping[str, str] | Sequence[str] | None = None,
    rules: str | Path | None = None,
) -> pd.DataFrame:
    """Grade a lead list before it is sent: a frame with one row a lead, in the order of the list.

    `leads`: a table file or a text file with an address a line, a frame with a column `email`, or addresses.
    Columns: `CHECK_COLUMNS` of `analyzer.check.rows` (`email` as cleaned, `grade` of `send`, `verify_again`,
    `do_not_send`, `score` 0 to 100, `reasons` joined by "; ", …), then the list's own. Without `dns` nothing leaves the
    machine; `smtp` asks the mailboxes' hosts, and looks domains up as well. `history`: bounce sources, or tables or
    frames of `parse`, with `history_log` (what was sent) and `history_leads` also each lead's chance to bounce;
    `workspace` adds all three as it keeps them; `rules`: a folder of your own rules, by which the history is judged.
    `as_of`: the day on which the age of verifications is judged (today), or its text (2026-03-31); `mapping`: fields by
    column, or `column=field` pairs. Raises `UnreadableInputError` for files that cannot be read and a workspace that
    holds nothing, `AnalyzerError` for an unknown policy, what is no day or a resolver that does not answer, and
    `TypeError` for what is no list of leads and for an `smtp` that does not say who asks.
    """
    import pandas as pd

    from analyzer.api.tables import column_fields
    from analyzer.check.leads import read_leads
    from analyzer.check.rows import CHECK_TYPES, LIST_COLUMNS
    from analyzer.check.run import CheckRun
    from analyzer.check.start import options_for

    if not (smtp is None or hasattr(smtp, "mail_from")):
        wanted = "analyzer.check.smtp.ProbeOptions(helo=…, mail_from=…)"
        raise TypeError(f"check: smtp is {wanted}, not {type(smtp).__name__}: every mail server is told who asks")
    day = _day(as_of)
    listed = read_leads(leads, column_fields(mapping or ()))
    options = options_for(
        listed,
        dns=dns,
        smtp=smtp,
        policy=policy,
        resolver=resolver,
        history=_listed(history),
        history_log=_listed(history_log),
        history_leads=_listed(history_leads),
        workspace=workspace,
        suppress=_listed(suppress),
        disposable=_listed(disposable),
        banned=_listed(banned),
        blocklist_zones=blocklist_zones,
        cache=Path(cache) if cache else None,
        resume=resume,
        allow_private=allow_private,
        allow_reserved=allow_reserved,
        as_of=day,
        rules=Path(rules) if rules else None,
    )
    run = CheckRun(listed, options)
    columns: dict[str, list[object]] = {name: [] for name in run.columns}
    for row in run:
        for name, values in columns.items():
            value = row[name]
            values.append("; ".join(value) if name in LIST_COLUMNS else value)
    types = {int: "Int64", float: "float64"}
    return pd.DataFrame(
        {
            name: pd.Series(values, dtype=types.get(CHECK_TYPES.get(name, str), "str"))
            for name, values in columns.items()
        }
    )


def _day(given: date | str | None) -> date | None:
    """The day that is given; of a moment its own day."""
    from datetime import date, datetime

    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError:
            raise AnalyzerError(f"as_of {given}: is no day; give one such as 2026-03-31") from None
    if isinstance(given, datetime):
        return given.date()
    if given is None or isinstance(given, date):
        return given
    raise TypeError(f"check: as_of is a day (date or str), not {type(given).__name__}")


def _listed(given: _One | Sequence[_One]) -> Sequence[_One]:
    """One source or several; a path alone is no sequence of letters, nor a frame one of its columns."""
    if isinstance(given, (str, Path)) or hasattr(given, "iloc"):
        return [given]  # type: ignore[list-item]
    return given  # type: ignore[return-value]
