"""The pages of the main path: give files, see what they are taken for, start, watch, cancel, remove."""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anyio
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse
from starlette.routing import Route

from analyzer.knowledge import data_folder
from analyzer.redaction import masked_text
from analyzer.serve import words
from analyzer.serve.jobs import ROLES, Upload
from analyzer.serve.pages_results import result_page
from analyzer.serve.site import page, site_of
from analyzer.serve.uploads import RefusedError, form_of, receive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from analyzer.serve.jobs import Job, Kind
    from analyzer.serve.site import Site

#: Uploads that may come in at once.
_UPLOADS = 4
_SAMPLE = ("bounces.mbox", "log.csv", "leads.csv", "next_leads.csv")
#: Files that are shown one by one with what they are taken for; of further mails only their number.
_SHOWN = 40
_POLICIES = ("balanced", "strict", "permissive")
_DATES = ("", "day-first", "month-first")


async def start(request: Request) -> Response:
    """The first page."""
    site = site_of(request)
    jobs = [(job, site.status(job)) for job in site.jobs.all()[:50]]
    return page(request, "start.html", jobs=jobs)


async def check_start(request: Request) -> Response:
    """The page that takes a lead list."""
    return page(request, "check.html", campaigns=site_of(request).finished(), policies=_policies())


async def upload(request: Request) -> Response:
    """Take files in, and look at them."""
    site = site_of(request)
    kind: Kind = "check" if request.url.path == "/check" else "diagnose"
    _make_room(site)
    if site.uploading >= _UPLOADS:
        raise RefusedError(429, "Others are uploading. Try again in a moment.")
    place = site.jobs.incoming()
    site.uploading += 1
    try:
        received = await receive(request, site.keys, site.settings, place / "in")
        if not received.files and (kind == "check" or not received.fields.get("workspace")):
            raise RefusedError(400, "No file was chosen.")
        options = _options(site, kind, received.fields)
        files = tuple(received.files)
        if site.settings.redact:
            files = tuple(replace(file, name=masked_text(file.name)) for file in files)
        job = site.jobs.accept(place, kind, files, {**options, "redact": site.settings.redact})
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    finally:
        site.uploading -= 1
    site.runner.submit(job)
    return _to(job)


async def sample(request: Request) -> Response:
    """A job with the sample campaign that comes with the program."""
    site = site_of(request)
    await form_of(request, site.keys, site.settings)
    _make_room(site)
    place = site.jobs.incoming()
    try:
        files = await anyio.to_thread.run_sync(_copied_sample, place / "in")
        job = site.jobs.accept(place, "diagnose", files, {"redact": site.settings.redact})
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    site.runner.submit(job)
    return _to(job)


async def show(request: Request) -> Response:
    """A job, as it stands."""
    site, job = _job(request)
    status = site.status(job)
    if status == "done":
        return result_page(request, site, job)
    if status in {"waiting", "working"}:
        return page(
            request, "working.html", job=job, status=status, line=_line(site, job), refresh=2, **_bar(site, job)
        )
    error = site.jobs.state(job).get("error", "") if status == "failed" else ""
    preview = site.jobs.preview(job)
    values = _ready(site, job, preview) if preview else {}
    return page(request, "job.html", job=job, status=status, error=error, preview=preview, **values)


async def state(request: Request) -> Response:
    """How a job stands, for the script that keeps the page up to date."""
    site, job = _job(request)
    said = {"status": site.status(job), "line": _line(site, job), "step": job.step}
    return JSONResponse({**said, **_bar(site, job), "error": site.jobs.state(job).get("error", "")})


async def run(request: Request) -> Response:
    """Start the run with what was chosen."""
    site, job = _job(request)
    fields = await form_of(request, site.keys, site.settings)
    if site.status(job) in {"waiting", "working"}:
        raise RefusedError(409, "This job is at work already.")
    _make_room(site)
    preview = site.jobs.preview(job)
    if not preview:
        raise RefusedError(409, "The files were not looked at yet.")
    options = {**job.options, **_chosen(preview, fields), **_options(site, job.kind, fields, job)}
    site.runner.submit(site.jobs.again(job, "run", options=options))
    return _to(job)


async def look_again(request: Request) -> Response:
    """Look at the files again, after a look that did not come to its end."""
    site, job = _job(request)
    await form_of(request, site.keys, site.settings)
    if site.status(job) in {"waiting", "working"}:
        raise RefusedError(409, "This job is at work already.")
    _make_room(site)
    site.runner.submit(site.jobs.again(job, "look"))
    return _to(job)


async def cancel(request: Request) -> Response:
    """End a job's work; its files stay."""
    site, job = _job(request)
    await form_of(request, site.keys, site.settings)
    if site.status(job) in {"waiting", "working"}:
        site.jobs.change(job, cancelled=True)
        await anyio.to_thread.run_sync(site.runner.cancel(job))
    return _to(job)


async def remove(request: Request) -> Response:
    """Delete a job with its files."""
    site, job = _job(request)
    await form_of(request, site.keys, site.settings)
    # On a full disk nothing can be written down, and there above all people delete.
    with suppress(OSError):
        site.jobs.change(job, cancelled=True)
    await anyio.to_thread.run_sync(site.runner.cancel(job))
    await anyio.to_thread.run_sync(site.jobs.remove, job)
    return RedirectResponse("/", 303)


ROUTES = [
    Route("/", start),
    Route("/check", check_start),
    Route("/jobs", upload, methods=["POST"]),
    Route("/check", upload, methods=["POST"]),
    Route("/jobs/sample", sample, methods=["POST"]),
    Route("/jobs/{job}", show),
    Route("/jobs/{job}/state", state),
    Route("/jobs/{job}/run", run, methods=["POST"]),
    Route("/jobs/{job}/look", look_again, methods=["POST"]),
    Route("/jobs/{job}/cancel", cancel, methods=["POST"]),
    Route("/jobs/{job}/delete", remove, methods=["POST"]),
]


def _job(request: Request) -> tuple[Site, Job]:
    site = site_of(request)
    job = site.jobs.job(request.path_params["job"])
    if job is None:
        raise HTTPException(404)
    return site, job


def _to(job: Job) -> Response:
    return RedirectResponse(f"/jobs/{job.id}", 303)


def _make_room(site: Site) -> None:
    if site.runner.is_full():
        raise RefusedError(429, "Too many jobs are waiting. Try again when some are done.")


def _copied_sample(folder: Path) -> tuple[Upload, ...]:
    files = []
    for number, name in enumerate(_SAMPLE, 1):
        source = data_folder("sample_data") / name
        stored = f"upload-{number:04d}{source.suffix}"
        shutil.copyfile(source, folder / stored)
        files.append(Upload(stored, name, source.stat().st_size))
    return tuple(files)


def _options(site: Site, kind: Kind, fields: Mapping[str, str], job: Job | None = None) -> dict[str, Any]:
    """What the form says beside the columns; only what we offered is taken."""
    if kind == "check":
        history = fields.get("history", "")
        known = {one.id for one in site.finished()} | set(site.settings.workspaces)
        given = {} if job else {"history": history if history in known else ""}
        if "policy" in fields or job is None:
            policy = fields.get("policy", "")
            given["policy"] = policy if policy in _POLICIES else _POLICIES[0]
            given["allow_reserved"] = "yes" if fields.get("allow_reserved") == "yes" else ""
        return given
    options: dict[str, Any] = {}
    workspace = fields.get("workspace", "")
    if job is None and workspace:
        if workspace not in site.settings.workspaces:
            raise RefusedError(400, "That workspace was not named when the server was started.")
        options["workspace"] = workspace
    if "tolerance" in fields:
        options["tolerance"] = _share(fields["tolerance"])
    if fields.get("dates", "") in _DATES:
        options["dates"] = fields.get("dates", "")
    options["timezone"] = fields.get("timezone", "").strip()[:60]
    options["since"] = fields.get("since", "").strip()[:10]
    return options


def _share(text: str) -> float:
    try:
        share = float(text.strip().rstrip("%").replace(",", ".")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise RefusedError(400, "The share of bad addresses you accept is a number over 0 and under 100, such as 5.")
    return share


def _chosen(preview: dict[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
    """Roles and columns as the form has them; what the form does not show stays as it was found."""
    from analyzer.sources.tables.platforms import FIELDS, IGNORED

    roles, mapping = {}, {}
    for number, entry in enumerate(preview["files"]):
        role = fields.get(f"role.{number}", "")
        roles[entry["stored"]] = role if role in ROLES else entry["role"]
        for place, column in enumerate(entry["columns"]):
            field = fields.get(f"field.{number}.{place}")
            if field is not None and field != column["field"] and field in {"", *FIELDS}:
                mapping[column["header"]] = field or IGNORED
    return {"roles": roles, "mapping": [f"{column}={field}" for column, field in mapping.items()]}


def _ready(site: Site, job: Job, preview: dict[str, Any]) -> dict[str, Any]:
    """What the page of a job that waits for a person shows."""
    chosen = dict(pair.rpartition("=")[::2] for pair in job.options.get("mapping", []))
    names = {file.stored: file for file in job.files}
    entries: list[dict[str, Any]] = []
    mails = 0
    for number, entry in enumerate(preview["files"]):
        roles = job.options.get("roles", {})
        is_mail = bool(not entry["columns"] and not entry["problem"])
        mails += is_mail
        shown = (is_mail and mails <= 3) or (not is_mail and len(entries) < _SHOWN)
        if not shown:
            continue
        columns = [
            column
            | {
                "chosen": {"ignore": ""}.get(
                    chosen.get(column["header"], ""), chosen.get(column["header"], column["field"])
                )
            }
            for column in entry["columns"]
        ]
        entries.append(
            entry
            | {
                "number": number,
                "file": names[entry["stored"]],
                "role": roles.get(entry["stored"], entry["role"]),
                "columns": columns,
            }
        )
    return {
        "entries": entries,
        "more": len(preview["files"]) - len(entries),
        "dates": _DATES,
        "policies": _policies(),
        "options": {"tolerance": 0.05, "dates": "", "timezone": "", "since": "", "workspace": "", **job.options},
    }


def _policies() -> list[tuple[str, str]]:
    from analyzer.check.facts import policies

    return [(name, policies()[name].says) for name in _POLICIES if name in policies()]


def _line(site: Site, job: Job) -> str:
    """What the job is at, in a line."""
    said = site.jobs.state(job)
    if said.get("state") != "working":
        return words.STATUSES[site.status(job)]
    stage, done, total = str(said.get("stage", "")), int(said.get("done", 0)), int(said.get("total", 0))
    line = words.STAGES.get(stage, words.STATUSES["working"])
    if stage in words.UNITS and (done or total):
        line += f": {words.counted(done, words.UNITS[stage])}" + (f" of {total:,}" if total else "")
    return line


def _bar(site: Site, job: Job) -> dict[str, int]:
    said = site.jobs.state(job)
    return {"done": int(said.get("done", 0) or 0), "total": int(said.get("total", 0) or 0)}
