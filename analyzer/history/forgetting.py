"""`forget` beyond the tables: requests that wait in the journal, what could not be read, answers of mail servers."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from analyzer.errors import OutputError
from analyzer.files import atomic
from analyzer.history.traces import Traces, traces_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.history.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed: rows of tables, requests of the journal, files of rejects, answers of mail servers,
    jobs of `serve`.

    `held`: why something may still be there, "" where nothing is.
    """

    rows: int
    requests: int = 0
    rejects: int = 0
    answers: int = 0
    jobs: int = 0
    held: str = ""


def forget(
    workspace: Workspace,
    address: str,
    *,
    journal: Path | None = None,
    rejects: Sequence[Path] = (),
    caches: Sequence[Path] = (),
    served: Sequence[Path] = (),
) -> Forgotten:
    """Remove an address from a workspace, its journal (WORKSPACE/journal unless named), folders that `parse --rejects`
    wrote, caches of `check`, and folders of jobs of `serve`.

    `AnalyzerError` for no address, `OutputError` where something cannot be written.
    """
    # The journal first: what waits there would come back.
    traces = traces_of(address)
    folder = journal or (None if "://" in workspace.place else Path(workspace.place) / "journal")
    requests, held = _of_journal(folder, traces) if folder and folder.is_dir() else (0, "")
    rows = workspace.forget(address)
    aside = [_of_rejects(one, traces) for one in (*rejects, *([folder / "rejects"] if folder else [])) if one.is_dir()]
    answers = [_of_cache(path, traces) for path in caches if path.is_file()]
    jobs = [_of_served(one, traces) for one in served if one.is_dir()]
    held = "; ".join(filter(None, (held, *(why for _, why in jobs))))
    return Forgotten(rows, requests, sum(aside), sum(answers), sum(count for count, _ in jobs), held)


def _of_served(folder: Path, traces: Traces) -> tuple[int, str]:
    from analyzer.serve.forgetting import forget_in

    try:
        return forget_in(folder, traces)
    except OSError as error:
        raise OutputError(str(folder), f"cannot be cleared: {error.strerror}", "check its permissions") from None


def _of_journal(folder: Path, traces: Traces) -> tuple[int, str]:
    from analyzer.webhooks.journal import Busy, forget_in

    try:
        return forget_in(folder, traces.in_bytes), ""
    except Busy:
        return 0, (
            f"a receiver is at work on {folder}, which may name the address for another minute; "
            "run forget again then, or stop it first"
        )


def _of_rejects(folder: Path, traces: Traces) -> int:
    """Files that name the address go, and the lines of the list that speak of them."""
    gone: set[str] = set()
    try:
        for path in sorted(folder.iterdir()):
            named = traces.in_text(path.name)
            if path.is_file() and path.name != "rejects.jsonl" and (named or _in_reject(path, traces)):
                path.unlink()
                gone.add(path.name)
        listing = folder / "rejects.jsonl"
        if listing.is_file():
            lines = listing.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not _speaks_of(line, gone, traces)]
            if len(kept) < len(lines):
                with atomic(listing) as temporary:
                    temporary.write_bytes(b"".join(kept))
    except OSError as error:
        raise OutputError(str(folder), f"cannot be cleared: {error.strerror}", "check its permissions") from None
    return len(gone)


def _in_reject(path: Path, traces: Traces) -> bool:
    """Whether a file that could not be read as mail names the address, unpacked as far as it can be."""
    from analyzer.serve.forgetting import in_file
    from analyzer.sources.archives import DAMAGE, TooMuchError

    if traces.in_bytes(path.read_bytes()):
        return True
    with path.open("rb") as file, suppress(*DAMAGE, TooMuchError):
        return in_file(file, path, traces)
    return False


def _speaks_of(line: bytes, gone: set[str], traces: Traces) -> bool:
    if traces.in_bytes(line):
        return True
    with suppress(ValueError, AttributeError):
        return json.loads(line).get("file") in gone
    return False


def _of_cache(path: Path, traces: Traces) -> int:
    from analyzer.check.store import Store

    with Store(path) as store:
        return store.forget(traces.in_text)
