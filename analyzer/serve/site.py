"""What all pages share: the settings, the jobs, the templates."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

from analyzer.report import words as report_words
from analyzer.report.templating import environment
from analyzer.serve import words
from analyzer.serve.guard import visitor_of

if TYPE_CHECKING:
    from jinja2 import Environment
    from starlette.requests import Request
    from starlette.responses import Response

    from analyzer.serve.guard import Guard, Keys
    from analyzer.serve.jobs import Job, JobFolder, Status
    from analyzer.serve.runner import Runner
    from analyzer.serve.settings import Settings

TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"
REPORT_STYLE = Path(report_words.__file__).parent / "templates" / "page.css"


@dataclass(slots=True)
class Site:
    """One server's state."""

    settings: Settings
    keys: Keys
    jobs: JobFolder
    runner: Runner
    guard: Guard | None = None
    uploading: int = 0

    def status(self, job: Job) -> Status:
        """How a job stands."""
        return self.jobs.status(job, expected=self.runner.expects(job))

    def finished(self) -> list[Job]:
        """The campaigns whose results can be asked about, the newest first."""
        return [job for job in self.jobs.all() if job.kind == "diagnose" and self.status(job) == "done"]


def site_of(request: Request) -> Site:
    """The server's state."""
    site: Site = request.app.state.site
    return site


def page(request: Request, name: str, code: int = 200, /, **values: Any) -> Response:
    """A page from its template."""
    site = site_of(request)
    html = _environment().get_template(name)
    return HTMLResponse(
        html.render(
            form=visitor_of(request).form_token,
            path=request.url.path,
            settings=site.settings,
            has_login=bool(site.settings.token),
            **{"refresh": 0, **values},
        ),
        code,
    )


def titled(job: Job) -> str:
    """A job in a few words: its files' names."""
    names = [file.name for file in job.files]
    if not names:
        return Path(str(job.options.get("workspace", ""))).name or "no files"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + more


@cache
def _environment() -> Environment:
    """The report's way of writing pages, with what only these need."""
    made = environment(TEMPLATES)
    made.filters.update(
        size=words.size_words,
        when=lambda moment: time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)),
    )
    made.globals.update(words=words, report_words=report_words, titled=titled)
    return made
