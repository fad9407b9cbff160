"""A plain HTTP client with cookies, that can also be as rude as an attacker."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def place(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Client:
    """Follows nothing, forgets nothing but what it is told to leave out."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    _form: str = ""

    def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items() if value}}
        if self.cookies and "Cookie" not in sent:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body or None, sent)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, named, answer.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    @property
    def form(self) -> str:
        """The token that this visitor's forms carry."""
        if not self._form:
            found = re.search(r'name="form" value="([0-9a-f]+)"', self.get("/", Accept="text/html").text)
            if not found:
                found = re.search(r'name="form" value="([0-9a-f]+)"', self.get("/login").text)
            assert found
            self._form = found[1]
        return self._form

    def post(
        self, path: str, fields: dict[str, str] | None = None, *, form: str | None = None, **headers: str
    ) -> Answer:
        token = self.form if form is None else form
        body = urlencode({"form": token, **(fields or {})}).encode()
        return self.ask("POST", path, body, Content_Type="application/x-www-form-urlencoded", **headers)

    def upload(
        self,
        path: str,
        files: dict[str, bytes],
        fields: dict[str, str] | None = None,
        *,
        form: str | None = None,
        **headers: str,
    ) -> Answer:
        token = self.form if form is None else form
        given = {**({"form": token} if token else {}), **(fields or {})}
        body, kind = multipart(given, list(files.items()))
        return self.ask("POST", path, body, Content_Type=kind, **headers)

    def wait(self, place: str, *statuses: str, seconds: float = 60) -> dict[str, Any]:
        """The state of a job once it is one of `statuses`."""
        until = time.monotonic() + seconds
        while True:
            state: dict[str, Any] = json.loads(self.get(f"{place}/state").body)
            if state["status"] in statuses:
                return state
            assert state["status"] not in {"failed", "interrupted"}, state
            assert time.monotonic() < until, f"still {state}"
            time.sleep(0.05)


def multipart(fields: dict[str, str], files: list[tuple[str, bytes]]) -> tuple[bytes, str]:
    """A form with files (RFC 7578), and its content type."""
    boundary = secrets.token_hex(12)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, data in files:
        quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"
