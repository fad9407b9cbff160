"""What `parse` makes of a log: each row as the columns that a source can fill, without those that are empty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import analyzer

#: Everything but what classify adds; of that `reason` alone is kept, to show that the words arrived.
COLUMNS = (
    "kind",
    "received_at",
    "recipient",
    "original_recipient",
    "sender",
    "original_message_id",
    "subject",
    "reporting_mta",
    "remote_mta",
    "action",
    "status",
    "reply",
    "diagnostic",
    "reason",
    "format",
    "delivered_to",
    "original_headers",
    "provider_class",
)


def rows(folder: Path, log: str | bytes, name: str = "mail.log") -> list[dict[str, Any]]:
    """Every row, of any kind, in the order of reading; `line` is the number behind the source."""
    path = folder / name
    path.write_bytes(log if isinstance(log, bytes) else log.encode())
    found = []
    for row in analyzer.parse(path, all_kinds=True).to_dict("records"):
        source, _, line = row["source"].rpartition("#")
        assert source == str(path)
        found.append({"line": int(line), **{name: row[name] for name in COLUMNS if row[name]}})
    return found


def ids(folder: Path, source: str | bytes, name: str) -> dict[str, str]:
    """The record_id of each counted row by its recipient."""
    path = folder / name
    path.write_bytes(source if isinstance(source, bytes) else source.encode())
    return {row["recipient"]: row["record_id"] for row in analyzer.parse(path).to_dict("records")}
