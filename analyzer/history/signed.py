"""Bounces into a workspace; those with a wrong signature in their return path go to a table of their own.

There they wait for other keys: a key that was left out, or the wrong file, makes honest bounces look forged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from analyzer.records import BOUNCE_COLUMNS
from analyzer.verp import verify

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


def take_back(workspace: Workspace, keys: Keys) -> tuple[int, int]:
    """Put the suspected forgeries that are not wrongly signed by `keys` among the bounces; how many of how many.

    Among the bounces first: what is ended between the two is done by the next one, and changes nothing twice.
    """
    suspected = workspace.suspected()
    rightly = [verify(str(path or ""), keys).why != "bad_signature" for path in suspected["delivered_to"]]
    found = suspected[rightly]
    if len(found):
        workspace.add_bounces(found)
        workspace.drop_suspected(found["record_id"])
    return len(found), len(suspected)


def _is_wrongly_signed(row: Mapping[str, Any], keys: Keys | None) -> bool:
    return keys is not None and verify(str(row.get("delivered_to") or ""), keys).why == "bad_signature"
