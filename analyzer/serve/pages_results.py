"""What a job came to: its verdict, its report in a frame of its own, and its files to download."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import anyio
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse
from starlette.routing import Route

from analyzer.serve import words
from analyzer.serve.private import open_regular
from analyzer.serve.site import page, site_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from analyzer.serve.jobs import Job
    from analyzer.serve.site import Site

_CHUNK = 256 * 1024
#: The report is our own page, but full of strangers' words: it runs in an origin of its own, and may ask for nothing.
_REPORT = {
    "Content-Security-Policy": (
        "sandbox allow-scripts; default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}


def result_page(request: Request, site: Site, job: Job) -> Response:
    """The page of a job that is done."""
    result = site.jobs.result(job)
    files = _offered(site, job)
    if job.kind == "check":
        return page(request, "checked.html", job=job, result=result, files=files)
    return page(request, "result.html", job=job, result=result, files=files)


async def download(request: Request) -> Response:
    """One file of a result; only names that a result can have."""
    site, job = _done(request)
    name = request.path_params["name"]
    if name not in words.OUTPUTS:
        raise HTTPException(404)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return _sent(site, job, name, headers)


async def report(request: Request) -> Response:
    """The report, for the frame on the result's page."""
    site, job = _done(request)
    return _sent(site, job, "report.html", _REPORT)


ROUTES = [
    Route("/jobs/{job}/files/{name}", download),
    Route("/jobs/{job}/report", report),
]


def _done(request: Request) -> tuple[Site, Job]:
    site = site_of(request)
    job = site.jobs.job(request.path_params["job"])
    if job is None or site.status(job) != "done":
        raise HTTPException(404)
    return site, job


def _offered(site: Site, job: Job) -> list[dict[str, Any]]:
    """The files that are there, in the order in which they are offered."""
    out = site.jobs.path(job.id) / "out"
    found = []
    for name, says in words.OUTPUTS.items():
        try:
            with open_regular(out / name) as file:
                found.append({"name": name, "says": says, "size": os.fstat(file.fileno()).st_size})
        except OSError:
            continue
    return found


def _sent(site: Site, job: Job, name: str, headers: dict[str, str]) -> Response:
    try:
        file = open_regular(site.jobs.path(job.id) / "out" / name)
    except OSError:
        raise HTTPException(404) from None
    size = os.fstat(file.fileno()).st_size
    kind = words.MEDIA[Path(name).suffix]
    return StreamingResponse(_pieces(file, size), media_type=kind, headers={"Content-Length": str(size), **headers})


async def _pieces(file: IO[bytes], size: int) -> AsyncIterator[bytes]:
    with file:
        while size > 0 and (piece := await anyio.to_thread.run_sync(file.read, min(_CHUNK, size))):
            size -= len(piece)
            yield piece
