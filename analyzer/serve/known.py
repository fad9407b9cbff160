"""What is known of one address: the mails it was sent, what came back, and how the check grades it.

A job keeps this in its folder as Parquet; a workspace is asked in its own tables. Only rows of that address are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analyzer.addresses.key import address_key, spellings
from analyzer.report.words import FAULT_NAMES, LABEL_NAMES, short
from analyzer.serve.ask import next_step

_ROWS = 50
_SENDS = ("sent_at", "campaign", "step", "sender")
_BOUNCE_ROW = (
    *("kind", "received_at", "recipient", "original_recipient", "label", "fault", "reason", "transient", "diagnostic"),
    "provider",
)


@dataclass(frozen=True, slots=True)
class Known:
    """verdict: what to do, in a sentence. grade, why, suggestion: as the check says without the network."""

    address: str
    asked_somewhere: bool
    verdict: str
    sends: list[dict[str, str]] = field(default_factory=list)
    bounces: list[dict[str, str]] = field(default_factory=list)
    total_sends: int = 0
    status: str = ""
    industry: str = ""
    suppressed: str = ""
    grade: str = ""
    score: int = 0
    why: str = ""
    suggestion: str = ""


def asked(address: str, folder: Path | None, workspace: str) -> Known:
    """What a job's folder or a workspace knows of an address; without either, what the check says of its form."""
    from analyzer.addresses.reading import read_address

    key = address_key((read_address(address).email or address).strip().strip("<>"))
    names = spellings(key)
    sends: list[dict[str, Any]] = []
    bounces: list[dict[str, Any]] = []
    suppressed: list[dict[str, Any]] = []
    if folder is not None:
        sends = _rows(folder / "sends.parquet", [("key", "==", key)])
        bounces = [
            row
            for column in ("recipient", "original_recipient")
            for row in _rows_of(folder / "bounces.parquet", column, names)
        ]
        suppressed = _rows_of(folder / "suppression.parquet", "email", names)
    elif workspace:
        sends = _of_workspace(workspace, "sends", ("recipient",), names)
        bounces = _of_workspace(workspace, "bounces", ("recipient", "original_recipient"), names)
    unique = list({str(sorted(row.items(), key=str)): row for row in bounces}.values())
    unique.sort(key=lambda row: str(row.get("received_at") or ""), reverse=True)
    sends.sort(key=lambda row: str(row.get("sent_at") or ""), reverse=True)
    checked = _checked(key, unique, bool(sends))
    return Known(
        address=key,
        asked_somewhere=bool(folder or workspace),
        verdict=_verdict(sends, unique, suppressed, bool(folder or workspace)),
        sends=[{name: short(_text(row.get(name)), 80) for name in _SENDS} for row in sends[:_ROWS]],
        bounces=[_bounce(row) for row in unique[:_ROWS]],
        total_sends=len(sends),
        status=next((str(row["email_status"]) for row in sends if row.get("email_status")), ""),
        industry=next((str(row["industry"]) for row in sends if row.get("industry")), ""),
        suppressed=str(suppressed[0]["reason"]) if suppressed else "",
        **checked,
    )


def _verdict(
    sends: list[dict[str, Any]], bounces: list[dict[str, Any]], suppressed: list[dict[str, Any]], asked: bool
) -> str:
    from analyzer.knowledge import reasons

    if suppressed:
        why = reasons().get(str(suppressed[0]["reason"]))
        return f"Do not write to it again. {why.says if why else ''}".strip()
    faults = [row for row in [*bounces, *(row for row in sends if row.get("label"))] if row.get("fault")]
    if faults:
        why = reasons().get(str(faults[0]["reason"]))
        return f"{next_step(str(faults[0]['fault']))}. {why.says if why else ''}".strip()
    if sends:
        count = "One mail was" if len(sends) == 1 else f"{len(sends):,} mails were"
        return f"Nothing speaks against it: {count} sent to it, and none came back."
    return "Nothing is known of it here." if asked else "It was only checked for its form: no campaign was chosen."


def _bounce(row: dict[str, Any]) -> dict[str, str]:
    label, fault = str(row.get("label") or ""), str(row.get("fault") or "")
    return {
        "when": _text(row.get("received_at"))[:16].replace("T", " "),
        "label": LABEL_NAMES.get(label, label),
        "fault": FAULT_NAMES.get(fault, fault),
        "reason": short(row.get("reason") or "", 60),
        "text": short(row.get("diagnostic") or "", 400),
    }


def _text(value: object) -> str:
    if value is None:
        return ""
    formatted = getattr(value, "strftime", None)
    return str(formatted("%Y-%m-%d %H:%M")) if formatted else str(value)


def _rows(path: Path, filters: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    if not path.is_file():
        return []
    found: list[dict[str, Any]] = pq.read_table(path, filters=filters).slice(0, 1000).to_pylist()
    return found


def _rows_of(path: Path, column: str, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows whose address is one of `names` in whatever case it came."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    if not path.is_file():
        return []
    same = pc.utf8_lower(pc.field(column)).isin(list(names))
    found: list[dict[str, Any]] = pq.read_table(path, filters=same).slice(0, 1000).to_pylist()
    return found


def _of_workspace(place: str, table: str, columns: tuple[str, ...], names: tuple[str, ...]) -> list[dict[str, Any]]:
    import deltalake
    import pyarrow as pa
    from deltalake.exceptions import TableNotFoundError

    from analyzer.errors import UnreadableInputError

    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    told = " OR ".join(f"lower({column}) IN ({quoted})" for column in columns)
    try:
        opened = deltalake.DeltaTable(f"{place.rstrip('/')}/{table}")
        builder = deltalake.QueryBuilder().register("history", opened)
        rows = builder.execute(f"SELECT * FROM history WHERE {told} LIMIT 1000").read_all()  # noqa: S608 - quoted above
    except TableNotFoundError:
        return []
    except Exception as error:  # noqa: BLE001 - its engine has no class of its own for files that are damaged or gone
        problem = " ".join(str(error).split())[:200]
        raise UnreadableInputError("The workspace", f"cannot be read: {problem}") from None
    found: list[dict[str, Any]] = pa.table(rows).to_pylist()
    return [{name: value for name, value in row.items() if name not in {"key", "week"}} for row in found]


def _checked(address: str, bounces: list[dict[str, Any]], was_sent: bool) -> dict[str, Any]:
    import pandas as pd

    from analyzer.check import check

    rows = [{name: row.get(name) for name in _BOUNCE_ROW} | {"kind": "bounce"} for row in bounces]
    history = [pd.DataFrame(rows, columns=list(_BOUNCE_ROW), dtype=object).fillna("")] if rows else []
    # Mail was sent there, so that a domain of samples (.example) is one that is played with on purpose.
    row = check([address], history=history, allow_reserved=was_sent).iloc[0]
    return {
        "grade": str(row["grade"]),
        "score": int(row["score"]),
        "why": short(row["reasons_text"], 400),
        "suggestion": short(row["suggestion"], 120),
    }
