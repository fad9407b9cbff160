"""Keeps strangers out: every request passes here first, and every answer takes its headers from here.

A page on another site can make this browser ask us for something. So the name that we are asked under must be ours (DNS
rebinding), what changes something must come from our own pages (Fetch Metadata, Origin, a token in each form), and
nothing may be framed, sniffed or kept (W3C Fetch Metadata; OWASP, Cross-Site Request Forgery Prevention).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse

from analyzer.serve.private import new_file, open_regular

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from analyzer.serve.settings import Settings

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
#: Hours that a login lasts.
_LOGIN_S = 12 * 3600
_OPEN = ("/login", "/static/")
#: Wrong tokens within a minute after which nobody may try.
_MOST_WRONG = 10


class Keys:
    """Signs what comes back to us in cookies and forms. The secret outlives the server: a page loaded before a restart
    still works after it."""

    def __init__(self, folder: Path, token: str) -> None:
        # Another token makes every earlier login void.
        self._key = hashlib.sha256(_secret(folder / ".secret") + hashlib.sha256(token.encode()).digest()).digest()
        self._token = token

    def form_token(self, visit: str) -> str:
        """What each form of this visitor carries."""
        return self._signed("form", visit)

    def is_form_token(self, visit: str, token: str) -> bool:
        """Whether a form came from a page of ours that was made for this visitor."""
        return bool(visit) and _same(token, self.form_token(visit))

    def is_token(self, token: str) -> bool:
        """Whether somebody knows the server's token; compared in the same time whatever it is."""
        return bool(self._token) and _same(token, self._token)

    def login(self, visit: str) -> str:
        """The cookie of somebody who gave the token."""
        until = str(int(time.time()) + _LOGIN_S)
        return f"{until}.{self._signed('login', visit, until)}"

    def is_login(self, visit: str, cookie: str) -> bool:
        """Whether the cookie is one of `login` that has not run out."""
        until, _, signature = cookie.partition(".")
        good = bool(visit) and _same(signature, self._signed("login", visit, until))
        return good and until.isdecimal() and int(until) > time.time()

    def _signed(self, *parts: str) -> str:
        return hmac.new(self._key, "\0".join(parts).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _secret(path: Path) -> bytes:
    try:
        with open_regular(path) as file:
            kept = file.read(64)
        if len(kept) == 32:
            return kept
        path.unlink()
    except FileNotFoundError:
        pass
    made = secrets.token_bytes(32)
    with os.fdopen(new_file(path), "wb") as file:
        file.write(made)
    return made


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who asks. visit: the number in their cookie; form_token: what their forms must carry; bearer: whether they gave
    the token with the request itself, which no other site can make a browser do; may: whether they are let in."""

    visit: str
    form_token: str
    bearer: bool
    may: bool


class Guard:
    """The outermost layer. What gets through finds its `Visitor` in `request.state.visitor`."""

    def __init__(self, app: ASGIApp, settings: Settings, keys: Keys) -> None:
        self._app, self._settings, self._keys = app, settings, keys
        # Cookies know no ports: two servers on one machine must not take each other's.
        self.visit_cookie = f"bounce_analyzer_{settings.port}"
        self.login_cookie = f"bounce_analyzer_login_{settings.port}"
        self._wrong: list[float] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        cookies = _cookies(headers)
        visit = cookies.get(self.visit_cookie, "")
        is_new = len(visit) != 32 or not visit.isalnum()
        if is_new:
            visit = secrets.token_hex(16)
        answer = self._answer(send, visit if is_new else "")
        refusal = self._refusal(scope, headers)
        if refusal:
            await refusal(scope, receive, answer)
            return
        visitor = self._visitor(headers, cookies, visit)
        scope.setdefault("state", {})["visitor"] = visitor
        if not visitor.may and not scope["path"].startswith(_OPEN):
            is_page = scope["method"] == "GET" and "text/html" in headers.get("accept", "")
            response: Response = RedirectResponse("/login", 303) if is_page else _refused(401, "Give the token first.")
            await response(scope, receive, answer)
            return
        await self._app(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """Why a request is turned away whoever sent it."""
        asked = headers.getlist("host")
        name = _name_of(asked[0]) if len(asked) == 1 else ""
        if not self._settings.is_own_name(name):
            return _refused(421, "This server is not known under that name.")
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            return _refused(405, "Only GET, HEAD and POST are answered.")
        site = headers.get("sec-fetch-site", "")
        if scope["method"] == "POST":
            origin = headers.get("origin")
            if site not in {"", "same-origin"} or (origin is not None and _place_of(origin) != asked[0].lower()):
                return _refused(403, "This was sent from another site, and nothing was done.")
        elif site not in {"", "same-origin", "none"} and not _is_visit(headers):
            return _refused(403, "Another site may not load this.")
        return None

    def _visitor(self, headers: Headers, cookies: dict[str, str], visit: str) -> Visitor:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        bearer = scheme.lower() == "bearer" and not self.is_tired() and self._keys.is_token(given.strip())
        if scheme.lower() == "bearer" and not bearer:
            self.note_wrong()
        logged_in = self._keys.is_login(visit, cookies.get(self.login_cookie, ""))
        may = not self._settings.token or bearer or logged_in
        return Visitor(visit, self._keys.form_token(visit), bearer, may)

    def is_tired(self) -> bool:
        """Whether too many wrong tokens came within the last minute."""
        self._wrong = [at for at in self._wrong if at > time.monotonic() - 60]
        return len(self._wrong) >= _MOST_WRONG

    def note_wrong(self) -> None:
        """A wrong token was given."""
        if self._settings.token and len(self._wrong) < _MOST_WRONG:
            self._wrong.append(time.monotonic())

    def _answer(self, send: Send, new_visit: str) -> Send:
        patience = self._settings.patience_s * 2

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if new_visit:
                    headers.append("Set-Cookie", cookie(self.visit_cookie, new_visit))
            # Somebody who does not take what was asked for is given up.
            await asyncio.wait_for(send(message), patience)

        return guarded


def visitor_of(request: Request) -> Visitor:
    """Who asks."""
    visitor: Visitor = request.state.visitor
    return visitor


def cookie(name: str, value: str, *, seconds: int | None = None) -> str:
    """A Set-Cookie that only we can read, and only our own pages send."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}"


def _cookies(headers: Headers) -> dict[str, str]:
    # Cookies know no ports: those of other programs on this machine come along, and some are such that http.cookies
    # would drop ours behind them.
    return cookie_parser(headers.get("cookie", ""))


def _is_visit(headers: Headers) -> bool:
    """Somebody followed a link to a page of ours; it is shown, and the other site does not see it."""
    return headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"


def _place_of(origin: str) -> str:
    """The host and port of an origin; "" for one that is none, such as "null"."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def _name_of(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _refused(status: int, why: str) -> Response:
    return PlainTextResponse(f"{why}\n", status, headers={"Connection": "close"} if status in {401, 403, 421} else None)
