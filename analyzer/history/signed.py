"""Bounces into a workspace; those with a wrong signature in their return path go to a table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.records import BOUNCE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.history.workspace import Ingested, Workspace
    from analyzer.verp.keys import Keys


def add_bounces(
    workspace: Workspace, rows: Sequence[Mapping[str, Any]], keys: Keys | None
) -> tuple[Ingested | None, Ingested | None]:
    """Keep rows of BOUNCE_COLUMNS: what changed among the bounces, and among the suspected forgeries, None for nothing.

    Without keys nothing is suspected here; who counts the bounces judges them by all that is known then.
    """
    import pandas as pd

    wrong = [row for row in rows if _is_wrongly_signed(row, keys)] if keys else []
    apart = set(map(id, wrong))
    kept = [row for row in rows if id(row) not in apart]

    def frame(chosen: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        return pd.DataFrame(chosen, columns=list(BOUNCE_COLUMNS))

    return (
        workspace.add_bounces(frame(kept)) if kept else None,
        workspace.add_suspected(frame(wrong)) if wrong else None,
    )


def _is_wrongly_signed(row: Mapping[str, Any], keys: Keys | None) -> bool:
    from analyzer.verp import verify

    return keys is not None and verify(str(row.get("delivered_to") or ""), keys).why == "bad_signature"
