"""A job's run: `diagnose` over what was uploaded, its files, and what questions about one address are answered from."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import AnalyzerError
from analyzer.readable import counted
from analyzer.redaction import masked_value
from analyzer.serve.private import read_json
from analyzer.serve.words import OUTPUTS, for_page, with_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.api import DiagnosisRun
    from analyzer.serve.jobs import Job

#: So many files of bounces are named one by one; more are one source, as a folder is.
_NAMED = 10
#: Fields of a log that say which mails came back.
_OF_A_BOUNCE = frozenset({"bounced", "bounce_reason", "state", "event", "spam_blocked"})
_SEND_COLUMNS = (
    *("recipient", "sent_at", "campaign", "step", "sender", "email_status", "industry", "industry_group", "company"),
    *("provider", "label", "fault", "reason", "transient", "diagnostic"),
)
_BOUNCE_COLUMNS = (
    *("kind", "received_at", "recipient", "original_recipient", "label", "fault", "reason", "transient", "diagnostic"),
    *("status", "reply", "decided_by", "provider", "duplicate_of", "suspected_forged"),
)


def run_diagnosis(place: Path, job: Job, tell: Callable[[str, int, int], None]) -> dict[str, Any]:
    """`{"verdicts", "actions", "mappings", "files"}`; errors as `analyzer.api.run_diagnosis`."""
    from analyzer import api
    from analyzer.report import sentences
    from analyzer.verp import keys_from

    roles: dict[str, str] = job.options.get("roles", {})
    given = {
        role: [file.stored for file in job.files if roles.get(file.stored) == role] for role in set(roles.values())
    }
    next_lists = given.get("next", [])
    if len(next_lists) > 1:
        raise AnalyzerError("Two files are the next list: choose one, and leave the other out.")
    workspace = str(job.options.get("workspace", ""))
    if not given.get("log") and not workspace:
        raise AnalyzerError("No file is the campaign log: say which one holds what was sent, or add it.")
    if not given.get("bounces") and not workspace and not _says_what_bounced(place, job, given.get("log", [])):
        # Where nothing can have come back, nothing having come back is no good news.
        raise AnalyzerError(
            "No file holds bounces: add what came back, or say which column of the log tells which mails bounced."
        )
    tell("bounces", 0, 0)
    bounces = _sources(given.get("bounces", []), job)

    def read(messages: int) -> None:
        tell("bounces", messages, 0)

    run = api.run_diagnosis(
        bounces=bounces,
        log=[Path(name) for name in given.get("log", [])],
        leads=[Path(name) for name in given.get("leads", [])],
        next_list=Path(next_lists[0]) if next_lists else None,
        tolerance=float(job.options.get("tolerance", 0.05)),
        mapping=job.options.get("mapping", []),
        dates=str(job.options.get("dates", "")),
        timezone=str(job.options.get("timezone", "")),
        workspace=workspace,
        since=str(job.options.get("since", "")),
        jobs=None,
        # No page asks for a secret: the environment of the server names the keys, or holds them.
        verp_keys=keys_from(),
        on_progress=read,
    )
    tell("write", 0, 0)
    run = _with_names(run, job, len(given.get("bounces", [])))
    redact = bool(job.options.get("redact"))
    written = run.write(place / "out", redact=redact)
    _keep_known(run, place / "known")
    told = {
        "verdicts": [
            {"subject": one.subject, "tone": one.tone, "sentence": one.sentence}
            for one in sentences.verdicts(run.diagnosis)
        ],
        "actions": [{"what": one.what, "detail": one.detail} for one in sentences.actions(run.diagnosis)],
        "mappings": [for_page(line, job.files) for line in run.mappings],
        "files": [path.name for path in written if path.name in OUTPUTS],
    }
    return masked_value(told) if redact else told


def _says_what_bounced(place: Path, job: Job, logs: list[str]) -> bool:
    """Whether a column of a log tells what became of the mails, as it was found or as a person said."""
    chosen = dict(pair.rpartition("=")[::2] for pair in job.options.get("mapping", []))
    preview = read_json(place / "preview.json") or {}
    return any(
        chosen.get(column["header"], column["field"]) in _OF_A_BOUNCE
        for entry in preview.get("files", [])
        if entry["stored"] in logs
        for column in entry["columns"]
    )


def _sources(stored: list[str], job: Job) -> list[str]:
    """The sources of bounces: tables that `parse` wrote, and the messages, many of them together in one folder."""
    from analyzer.sources.own_rows import is_own_rows

    if len(stored) <= _NAMED:
        return list(stored)
    tables = [name for name in stored if is_own_rows(name)]
    folder = Path(f"mail-{job.attempt}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    for name in stored:
        if name not in tables:
            os.link(name, folder / name)
    return [str(folder), *tables]


def _with_names(run: DiagnosisRun, job: Job, bounces: int) -> DiagnosisRun:
    """The run with the names that people gave their files, where it has ours."""
    folder = counted(bounces, "file of bounces", "files of bounces")

    def named(text: str) -> str:
        return with_names(text, job.files, folder)

    source = run.correlated.bounces["source"].map(named).astype("str")
    correlated = replace(
        run.correlated,
        bounces=run.correlated.bounces.assign(source=source),
        warnings=[named(text) for text in run.correlated.warnings],
    )
    diagnosis = replace(
        run.diagnosis,
        inputs=[replace(item, path=named(item.path)) for item in run.diagnosis.inputs],
        warnings=[named(text) for text in run.diagnosis.warnings],
    )
    return replace(run, diagnosis=diagnosis, correlated=correlated, mappings=tuple(map(named, run.mappings)))


def _keep_known(run: DiagnosisRun, folder: Path) -> None:
    """What is known of each address, for `known.ask`: sends, bounces and the addresses to leave alone, as Parquet."""
    from analyzer.correlate.addresses import address_keys
    from analyzer.diagnose import suppression

    correlated = run.correlated
    sends = correlated.sends[[name for name in _SEND_COLUMNS if name in correlated.sends]]
    sends = sends.assign(key=address_keys(sends["recipient"].astype("str").str.strip()))
    sends.sort_values("key", kind="stable").to_parquet(folder / "sends.parquet", index=False)
    bounces = correlated.bounces[[name for name in _BOUNCE_COLUMNS if name in correlated.bounces]]
    bounces.to_parquet(folder / "bounces.parquet", index=False)
    suppression(correlated).to_parquet(folder / "suppression.parquet", index=False)
