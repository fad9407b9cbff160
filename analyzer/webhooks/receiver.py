"""The HTTP side: a request is bounded, checked, kept, and only then answered with 200. What is refused is not kept.

The address that a proxy says a request came from (X-Forwarded-For) decides nothing here.
"""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from analyzer.webhooks.decoding import decoded
from analyzer.webhooks.signatures import REFUSALS, Delivery

if TYPE_CHECKING:
    from collections.abc import Callable

    from analyzer.webhooks.config import Config
    from analyzer.webhooks.endpoint import Bounds, Endpoint
    from analyzer.webhooks.journal import Journal
    from analyzer.webhooks.meters import Meters
    from analyzer.webhooks.signatures import Reply, Scheme
    from analyzer.webhooks.taker import Taker

#: Beside those of the schemes. A status of 429 or 5xx asks the provider to try again.
_STATUSES: dict[str, int] = {
    **REFUSALS,
    "method": 405,
    "busy": 503,
    "rate": 429,
    "journal_full": 503,
    "journal_failed": 503,
    "body_too_large": 413,
    "encoding": 415,
    "too_slow": 408,
    "disconnected": 400,
    "too_deep": 400,
    "not_confirmed": 403,
    "confirmation_failed": 503,
    "internal": 500,
}
#: Refusals that may be the operator's doing, and what to look at.
_TELLING: dict[str, str] = {
    "credentials_wrong": "is its secret the one that the provider sends?",
    "signature_wrong": "is its secret or public key the provider's?",
    "outside_window": "is this machine's clock right?",
    "topic_not_allowed": "is the topic missing from topics?",
    "certificate_unavailable": "can this machine reach https://sns.REGION.amazonaws.com?",
    "certificate_invalid": "is this machine's clock right?",
    "journal_full": "is the workspace written? See /healthz",
    "journal_failed": "",
}
#: Seconds until the same is told again.
_TELL_AGAIN_S = 3600.0
_CLOSE = {"Connection": "close"}
#: What Nylas asks to be sent back; nothing that a browser would take for a page.
_CHALLENGE = re.compile(r"[A-Za-z0-9_.-]{1,200}")


class Refused(Exception):  # noqa: N818 - an answer, no fault of ours
    """A request that is not taken; `reason` is a key of _STATUSES."""

    def __init__(self, reason: str, **headers: str) -> None:
        super().__init__(reason)
        self.reason, self.headers = reason, headers


@dataclass(slots=True)
class _Rate:
    """A token bucket: `per_second` requests in the long run, `burst` at once."""

    per_second: float
    burst: float
    left: float = field(init=False)
    at: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.at = self.burst, time.monotonic()

    def wait(self) -> float:
        """0.0 for a request that may go on, else the seconds until one may."""
        now = time.monotonic()
        self.left = min(self.burst, self.left + (now - self.at) * self.per_second)
        self.at = now
        if self.left < 1:
            return (1 - self.left) / self.per_second
        self.left -= 1
        return 0.0


@dataclass(frozen=True, slots=True)
class Gate:
    """One endpoint with what checks its requests."""

    endpoint: Endpoint
    scheme: Scheme
    rate: _Rate
    #: Whether the check may wait for the network, and so needs a thread.
    waits: bool

    def check_rate(self) -> None:
        """`Refused` where the endpoint has had its requests."""
        if wait := self.rate.wait():
            raise Refused("rate", **{"Retry-After": str(int(wait) + 1)})


def gates_of(config: Config, scheme: Callable[[Endpoint], Scheme]) -> list[Gate]:
    """A gate for each endpoint."""
    return [
        Gate(one, scheme(one), _Rate(one.limits.requests_per_second, one.limits.burst), one.provider == "ses")
        for one in config.endpoints
    ]


class Receiver:
    """All endpoints over one journal."""

    def __init__(
        self, gates: list[Gate], bounds: Bounds, journal: Journal, meters: Meters, say: Callable[[str], None]
    ) -> None:
        self._bounds, self._journal, self._meters, self._say = bounds, journal, meters, say
        self._gates = {gate.endpoint.path: gate for gate in gates}
        self._in_flight = 0
        #: When a refusal was last told of, by path and reason.
        self._told: dict[tuple[str, str], float] = {}

    def routes(self) -> list[Route]:
        """One for each endpoint."""
        methods = ["GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE", "PATCH"]
        return [Route(path, self.receive, methods=methods) for path in self._gates]

    async def receive(self, request: Request) -> Response:
        """The answer to one request."""
        # A route takes its path with a line end behind it, too.
        gate = self._gates.get(request.scope["path"])
        if gate is None:
            return nothing_here()
        path = gate.endpoint.path
        self._meters.received.labels(path).inc()
        began = time.perf_counter()
        self._in_flight += 1
        try:
            if self._in_flight > self._bounds.in_flight:
                raise Refused("busy", **{"Retry-After": "1"})
            return await self._taken(gate, request)
        except Refused as refused:
            return self._refusal(path, refused)
        except ClientDisconnect:
            return self._refusal(path, Refused("disconnected"))
        except Exception as error:  # noqa: BLE001 - the provider tries again, and the operator learns of it
            # Its text might name somebody.
            self._say(f"{path}: a request could not be taken ({type(error).__name__})")
            return self._refusal(path, Refused("internal"))
        finally:
            self._in_flight -= 1
            self._meters.request_seconds.observe(time.perf_counter() - began)

    async def _taken(self, gate: Gate, request: Request) -> Response:
        path = gate.endpoint.path
        if request.method != "POST":
            return _challenge(gate, request)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        query = dict(parse_qsl(request.scope["query_string"].decode("latin-1")[:4096]))
        if why := gate.scheme.refuses_head(headers, query):
            raise Refused(why)
        # Behind the credentials, or the signature, so that a stranger cannot use up what is the provider's.
        if gate.endpoint.auth != "signature":
            gate.check_rate()
        if self._journal.waiting_bytes >= self._bounds.journal_bytes:
            raise Refused("journal_full", **{"Retry-After": "60"})
        wire = await _body(request, headers, gate.endpoint)
        self._meters.bytes.labels(path).inc(len(wire))
        body = _unpacked(wire, headers.get("content-encoding", ""), gate.endpoint.limits.body_bytes)
        delivery = Delivery(headers, query, body, wire)
        if gate.waits:
            why = await asyncio.to_thread(gate.scheme.refuses, delivery, time.time())
        else:
            why = gate.scheme.refuses(delivery, time.time())
        if why:
            raise Refused(why)
        if gate.endpoint.auth == "signature":
            gate.check_rate()
        self._meters.verified.labels(path).inc()
        return await self._kept(gate, delivery)

    async def _kept(self, gate: Gate, delivery: Delivery) -> Response:
        """The answer to a genuine request: it is on the disk, or it is no news."""
        path = gate.endpoint.path
        try:
            value = decoded(delivery.body)
        except ValueError:
            raise Refused("not_json") from None
        if _deeper(value, gate.endpoint.limits.nesting):
            raise Refused("too_deep")
        if gate.waits:
            reply = await asyncio.to_thread(gate.scheme.reply, delivery, value)
        else:
            reply = gate.scheme.reply(delivery, value)
        if reply is not None:
            return self._replied(path, reply)
        if not value:
            self._meters.replies.labels(path).inc()
            return Response(status_code=200)
        try:
            events = len(value) if isinstance(value, list) else 1
            await self._journal.append(path, gate.scheme.signed(delivery, value), events)
        except OSError:
            raise Refused("journal_failed", **{"Retry-After": "10"}) from None
        self._meters.kept.labels(path).inc()
        return Response(status_code=200)

    def _replied(self, path: str, reply: Reply) -> Response:
        if reply.note:
            self._say(f"{path}: {reply.note}")
        if reply.status >= 400:
            raise Refused("not_confirmed" if reply.status < 500 else "confirmation_failed")
        self._meters.replies.labels(path).inc()
        return Response(reply.body, reply.status, media_type="application/json" if reply.body else None)

    def _tell(self, path: str, reason: str) -> None:
        """A line an hour at most for each reason that somebody here may have to see to; strangers cause them, too."""
        now = time.monotonic()
        if reason in _TELLING and now - self._told.get((path, reason), float("-inf")) >= _TELL_AGAIN_S:
            self._told[path, reason] = now
            hint = _TELLING[reason] or f"the journal cannot be written: {self._journal.trouble}"
            self._say(f"{path}: a request was refused ({reason}): {hint}")

    def _refusal(self, path: str, refused: Refused) -> Response:
        self._meters.refused.labels(path, refused.reason).inc()
        self._tell(path, refused.reason)
        status = _STATUSES[refused.reason]
        # SNS sends its credentials only once it was asked for them. What is left of the body is not waited for.
        asked = {"WWW-Authenticate": 'Basic realm="webhooks"'} if status == 401 else {}
        return Response(
            f"{refused.reason}\n", status, headers={**_CLOSE, **asked, **refused.headers}, media_type="text/plain"
        )


def nothing_here() -> Response:
    """The 404, for what is no endpoint's."""
    return Response("not found\n", 404, headers=_CLOSE, media_type="text/plain")


def application(routes: list[Route]) -> Starlette:
    """The routes, and a 404 for the rest that closes the connection with whatever it was sending."""

    async def answered(request: Request, error: Exception) -> Response:
        return nothing_here()

    app = Starlette(routes=list(routes), exception_handlers={404: answered, 405: answered})
    app.router.redirect_slashes = False
    return app


def inspection(journal: Journal, taker: Taker, meters: Meters, bounds: Bounds) -> list[Route]:
    """/healthz and /metrics."""

    def measure() -> float:
        oldest = journal.oldest_at
        lag = max(0.0, time.time() - oldest) if oldest is not None and journal.taken != journal.durable else 0.0
        meters.lag_seconds.set(lag)
        meters.lag_bytes.set(journal.waiting_bytes)
        return lag

    async def healthz(request: Request) -> Response:
        lag = measure()
        problems = []
        if journal.trouble:
            problems.append(f"the journal cannot be written: {journal.trouble}")
        if journal.waiting_bytes >= bounds.journal_bytes:
            problems.append("the journal is full")
        if not taker.alive:
            problems.append("nothing is taken into the workspace")
        if lag > bounds.lag_seconds:
            problems.append(f"the workspace is {lag:,.0f} s behind")
        told = {
            "status": "failing" if problems else "ok",
            "problems": problems,
            "journal_lag_seconds": round(lag, 1),
            "journal_lag_bytes": journal.waiting_bytes,
        }
        return JSONResponse(told, status_code=503 if problems else 200)

    async def metrics(request: Request) -> Response:
        measure()
        return Response(meters.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return [Route("/healthz", healthz), Route("/metrics", metrics)]


def _challenge(gate: Gate, request: Request) -> Response:
    """Nylas's question whether somebody is there; nothing else is asked with another method."""
    asked = request.query_params.get("challenge", "")
    if gate.endpoint.provider == "nylas" and request.method == "GET" and _CHALLENGE.fullmatch(asked):
        return Response(asked, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})
    raise Refused("method", Allow="POST")


async def _body(request: Request, headers: dict[str, str], endpoint: Endpoint) -> bytes:
    """The body as it was sent, at most so long, and within so many seconds."""
    most = endpoint.limits.body_bytes
    told = headers.get("content-length", "")
    if told.isdigit() and int(told[:20]) > most:
        raise Refused("body_too_large")
    pieces, size = [], 0
    try:
        async with asyncio.timeout(endpoint.limits.body_seconds):
            async for piece in request.stream():
                size += len(piece)
                if size > most:
                    raise Refused("body_too_large")
                pieces.append(piece)
    except TimeoutError:
        raise Refused("too_slow") from None
    return b"".join(pieces)


def _unpacked(wire: bytes, encoding: str, most: int) -> bytes:
    """The body without gzip (RFC 1952), which may not expand over the bound."""
    if encoding.lower() in ("", "identity"):
        return wire
    if encoding.lower() not in ("gzip", "x-gzip"):
        raise Refused("encoding")
    unpacking = zlib.decompressobj(wbits=31)
    try:
        body = unpacking.decompress(wire, most + 1)
    except zlib.error:
        raise Refused("encoding") from None
    if len(body) > most or unpacking.unconsumed_tail:
        raise Refused("body_too_large")
    if not unpacking.eof or unpacking.unused_data:
        raise Refused("encoding")
    return body


def _deeper(value: Any, most: int) -> bool:
    """Whether lists and objects stand more than `most` deep in each other."""
    level = [value] if value.__class__ in (dict, list) else []
    for _ in range(most):
        if not level:
            return False
        level = [
            child
            for one in level
            for child in (one.values() if one.__class__ is dict else one)
            if child.__class__ in (dict, list)
        ]
    return bool(level)
