"""The page of questions: one diagnostic text, or one address."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import anyio
from starlette.routing import Route

from analyzer.redaction import masked_address, masked_text, masked_value
from analyzer.serve.jobs import ID
from analyzer.serve.site import page, site_of
from analyzer.serve.uploads import RefusedError, form_of

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from analyzer.serve.site import Site

#: Signs of a text and of what stands beside it.
_TEXT, _BESIDE = 20_000, 300
_EMPTY = {"text": "", "status": "", "host": "", "address": "", "source": ""}


async def ask(request: Request) -> Response:
    """The page before a question."""
    return _page(request, {})


async def ask_text(request: Request) -> Response:
    """Why a mail failed, from the words that came back."""
    from analyzer.serve.ask import explained

    site = site_of(request)
    fields = await form_of(request, site.keys, site.settings)
    text = fields.get("text", "").strip()
    if not text:
        raise RefusedError(400, "There is no text to judge.")
    if len(text) > _TEXT:
        raise RefusedError(413, f"The text is longer than {_TEXT:,} characters. Give the part with the reply.")
    status, host = fields.get("status", "").strip()[:_BESIDE], fields.get("host", "").strip()[:_BESIDE]
    if site.settings.redact:
        text = masked_text(text)
    answer = await anyio.to_thread.run_sync(explained, text, status, host)
    return _page(request, {"text": text, "status": status, "host": host}, answer=answer)


async def ask_address(request: Request) -> Response:
    """What is known of one address."""
    from analyzer.serve.known import Known, asked

    site = site_of(request)
    fields = await form_of(request, site.keys, site.settings)
    address = fields.get("address", "").strip()[:400]
    if "@" not in address:
        raise RefusedError(400, "That is no email address.")
    source = fields.get("source", "")
    folder, workspace = _source(site, source)
    known = await anyio.to_thread.run_sync(asked, address, folder, workspace)
    if site.settings.redact:
        told = masked_value(asdict(known), (known.address,))
        known, address = Known(**{**told, "address": masked_address(known.address)}), ""
    return _page(request, {"address": address, "source": source}, known=known)


ROUTES = [
    Route("/ask", ask),
    Route("/ask/text", ask_text, methods=["POST"]),
    Route("/ask/address", ask_address, methods=["POST"]),
]


def _source(site: Site, source: str) -> tuple[Path | None, str]:
    """The folder of a job's knowledge, or a workspace; neither for no source."""
    if not source:
        return None, ""
    if source in site.settings.workspaces:
        return None, source
    job = site.jobs.job(source) if ID.fullmatch(source) else None
    if job is None or site.status(job) != "done" or job.kind != "diagnose":
        raise RefusedError(404, "That campaign is not there any more.")
    return site.jobs.path(job.id) / "known", ""


def _page(request: Request, fields: dict[str, str], **answers: Any) -> Response:
    campaigns = site_of(request).finished()
    values = {"answer": None, "known": None, **answers}
    return page(request, "ask.html", fields={**_EMPTY, **fields}, campaigns=campaigns, **values)
