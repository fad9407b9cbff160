"""The application: its routes, its start and end, and what is shown when a request is refused."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import anyio
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, RedirectResponse
from starlette.routing import Route

from analyzer.errors import AnalyzerError
from analyzer.serve import pages_ask, pages_jobs, pages_results
from analyzer.serve.guard import Guard, Keys, cookie, visitor_of
from analyzer.serve.jobs import JobFolder
from analyzer.serve.private import FULL
from analyzer.serve.runner import Runner
from analyzer.serve.site import REPORT_STYLE, STATIC, Site, page, site_of
from analyzer.serve.uploads import RefusedError, form_of
from analyzer.serve.words import for_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request
    from starlette.responses import Response

    from analyzer.serve.settings import Settings

_TICK_S = 0.2
_PRUNE_S = 3600.0
_STATIC = {
    "report.css": (REPORT_STYLE, "text/css"),
    "serve.css": (STATIC / "serve.css", "text/css"),
    "serve.js": (STATIC / "serve.js", "text/javascript"),
}


def create_app(settings: Settings) -> Starlette:
    """The application. Errors as `Settings.checked` and `JobFolder`; its folder is free again when it has ended."""
    settings.checked()
    jobs = JobFolder(settings.folder)
    keys = Keys(jobs.folder, settings.token)
    site = Site(settings, keys, jobs, Runner(jobs, running=settings.running, waiting=settings.waiting))
    app = Starlette(
        routes=[
            Route("/login", login, methods=["GET", "POST"]),
            Route("/logout", logout, methods=["POST"]),
            Route("/static/{name}", static),
            *pages_jobs.ROUTES,
            *pages_results.ROUTES,
            *pages_ask.ROUTES,
        ],
        exception_handlers={
            RefusedError: _refused,
            AnalyzerError: _unreadable,
            HTTPException: _not_found,
            ClientDisconnect: _gone,
            OSError: _no_room,
            Exception: _broken,
        },
        lifespan=_lifespan,
    )
    app.state.site = site

    class OurGuard(Guard):
        """The guard that the login page tells of wrong tokens."""

        def __init__(self, inner: object) -> None:
            super().__init__(inner, settings, keys)  # type: ignore[arg-type]
            site.guard = self

    app.add_middleware(OurGuard)
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    site: Site = app.state.site
    beat = asyncio.create_task(_beat(site))
    try:
        yield
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
        await anyio.to_thread.run_sync(site.runner.stop)
        site.jobs.close()


async def _beat(site: Site) -> None:
    """Start what waits, and remove what is too old."""
    last = -_PRUNE_S
    while True:
        # A disk that is full just now must not keep jobs from starting for ever.
        with suppress(OSError):
            site.runner.tick()
        if site.settings.keep_s is not None and time.monotonic() - last > _PRUNE_S:
            last = time.monotonic()
            with suppress(OSError):
                for job in site.jobs.older_than(site.settings.keep_s):
                    if site.status(job) not in {"waiting", "working"}:
                        await anyio.to_thread.run_sync(site.jobs.remove, job)
        await asyncio.sleep(_TICK_S)


async def static(request: Request) -> Response:
    """A style or the script, out of the package."""
    path, kind = _STATIC.get(request.path_params["name"], (None, ""))
    if path is None:
        raise HTTPException(404)
    return FileResponse(path, media_type=kind)


async def login(request: Request) -> Response:
    """The form that asks for the token, and its answer."""
    site = site_of(request)
    guard = site.guard
    if not site.settings.token or guard is None:
        return RedirectResponse("/", 303)
    if request.method != "POST":
        return page(request, "login.html", wrong="")
    fields = await form_of(request, site.keys, site.settings)
    if guard.is_tired():
        return page(request, "login.html", 429, wrong="Too many wrong tokens. Wait a minute.")
    if not site.keys.is_token(fields.get("token", "").strip()):
        guard.note_wrong()
        await asyncio.sleep(0.5)
        return page(request, "login.html", 401, wrong="That is not the token.")
    answer = RedirectResponse("/", 303)
    answer.headers.append(
        "Set-Cookie", cookie(guard.login_cookie, site.keys.login(visitor_of(request).visit), seconds=12 * 3600)
    )
    return answer


async def logout(request: Request) -> Response:
    """End a login."""
    site = site_of(request)
    await form_of(request, site.keys, site.settings)
    answer = RedirectResponse("/login", 303)
    if site.guard is not None:
        answer.headers.append("Set-Cookie", cookie(site.guard.login_cookie, "", seconds=0))
    return answer


# --- what goes wrong ------------------------------------------------------------------------------------------------


def _said(request: Request, status: int, why: str) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"error": why}, status)
    return page(request, "message.html", status, title="Not done", sentence=why)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return _said(request, error.status, error.why)


async def _unreadable(request: Request, error: Exception) -> Response:
    return _said(request, 400, for_page(str(error), ()))


async def _not_found(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _said(request, status, "There is no such page." if status == 404 else "That cannot be done here.")


async def _gone(request: Request, error: Exception) -> Response:
    return _said(request, 400, "The upload ended too early. Send it again.")


async def _no_room(request: Request, error: Exception) -> Response:
    if not isinstance(error, OSError) or error.errno not in FULL:
        raise error
    return _said(request, 507, "The disk is full. Make room on it, or delete earlier jobs, and try again.")


async def _broken(request: Request, error: Exception) -> Response:
    return _said(request, 500, "The program failed here. What it says stands where it was started.")
