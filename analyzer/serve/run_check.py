"""A job's run: `check` over an uploaded lead list, without the network, with what is known from earlier bounces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError
from analyzer.redaction import masked_value
from analyzer.report.words import short
from analyzer.serve.jobs import ID
from analyzer.serve.words import for_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd

    from analyzer.check.options import CheckOptions
    from analyzer.check.rows import Row
    from analyzer.check.run import CheckRun
    from analyzer.serve.jobs import Job

#: Leads shown on the page, and how many of them for the same reason.
_SHOWN, _ALIKE = 25, 3
_REASONS = 8


def run_check(place: Path, job: Job, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """`{"total", "grades", "reasons", "todo", "rows", "notes", "files"}`; errors as `analyzer.check.check`."""
    from analyzer.api import column_pair
    from analyzer.check.facts import findings
    from analyzer.check.leads import read_leads
    from analyzer.check.records import GRADES
    from analyzer.check.writing import SHEET_ROWS, masked_rows, with_digest, write

    if len(job.files) != 1:
        raise AnalyzerError("Give one list at a time.")
    leads = read_leads(Path(job.files[0].stored), dict(map(column_pair, job.options.get("mapping", []))))
    tell("history", 0, 0)
    options = _options(place, job, leads)

    def again(*, told: bool) -> CheckRun:
        from analyzer.check.run import CheckRun

        return CheckRun(leads, options, on_progress=tell if told else None)

    run = again(told=True)
    redact = bool(job.options.get("redact"))
    columns = with_digest(run.columns) if redact else run.columns

    def masked(rows: Iterable[Row]) -> Iterable[Row]:
        return masked_rows(rows) if redact else rows

    shown = _Shown(run)
    write(masked(shown), str(place / "out" / "checked.csv"), columns)
    files = ["checked.csv"]
    if len(leads) < SHEET_ROWS:
        tell("write", 0, 0)
        # Grading costs less than keeping every row would.
        write(masked(again(told=False)), str(place / "out" / "checked.xlsx"), columns)
        files.insert(0, "checked.xlsx")
    known = findings()
    held = [
        (code, grade, n)
        for grade in ("do_not_send", "verify_again")
        for code, n in run.reasons_of[grade].most_common(_REASONS)
    ]
    todo = dict.fromkeys(known[code].todo for code, _, _ in held if known[code].todo)
    found = {
        "total": len(leads),
        "grades": {grade: run.grades[grade] for grade in GRADES},
        "expected": run.expected,
        "reasons": [{"code": code, "grade": grade, "says": known[code].says, "count": n} for code, grade, n in held],
        "todo": [for_page(text, ()) for text in todo][:4],
        "rows": shown.rows,
        "notes": [for_page(text, job.files) for text in dict.fromkeys(run.warnings)][:20],
        "files": files,
    }
    return masked_value(found) if redact else found


def _options(place: Path, job: Job, leads: Any) -> CheckOptions:
    from analyzer.check.start import options_for
    from analyzer.verp import keys_from

    history: list[str | Path | pd.DataFrame] = []
    suppress: list[Path] = []
    known = str(job.options.get("history", ""))
    if ID.fullmatch(known):
        # Not from its files to download, in which addresses may be masked.
        kept = place.parent / known / "known"
        if not (kept / "bounces.parquet").is_file():
            raise AnalyzerError("The campaign whose bounces were to be taken into account is not there any more.")
        history, suppress = [kept / "bounces.parquet"], [kept / "suppression.parquet"]
    # A workspace with all that it knows of what was sent: its bounces alone are anybody's words.
    workspace = known if known and not history else ""
    return options_for(
        leads,
        workspace=workspace,
        verp_keys=keys_from(),
        policy=str(job.options.get("policy", "balanced")),
        history=history,
        suppress=suppress,
        allow_reserved=bool(job.options.get("allow_reserved")),
        jobs=None,
    )


class _Shown:
    """The rows of a run as they pass by, of which those are kept that a person looks at."""

    def __init__(self, run: CheckRun) -> None:
        self._run = run
        self.rows: list[dict[str, Any]] = []
        self._of_kind: dict[str, int] = {}

    def __iter__(self) -> Any:
        for row in self._run:
            if len(self.rows) < _SHOWN and row["grade"] != "send":
                kind = row["reasons"][0] if row["reasons"] else ""
                self._of_kind[kind] = self._of_kind.get(kind, 0) + 1
                if self._of_kind[kind] <= _ALIKE:
                    self.rows.append(
                        {
                            "row": row["row"],
                            "email": short(row["email"] or row["email_original"], 80),
                            "grade": row["grade"],
                            "score": row["score"],
                            "why": short(row["reasons_text"], 240),
                            "suggestion": short(row["suggestion"], 80),
                        }
                    )
            yield row
