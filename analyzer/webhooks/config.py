"""The endpoints of the receiver, from a TOML file: which path belongs to which provider, and where its secret is kept.

    [endpoint."/sendgrid/main"]
    provider = "sendgrid"
    public_key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…"

    [endpoint."/mailgun/eu"]
    provider = "mailgun"
    secret_env = "MAILGUN_SIGNING_KEY"

No secret stands in the file itself: it names an environment variable or a file. docs/webhooks.md has every provider.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analyzer.errors import UnreadableInputError
from analyzer.webhooks.endpoint import Bounds, Endpoint, Limits
from analyzer.webhooks.providers import PROVIDERS, scheme_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = re.compile(r"/[A-Za-z0-9._~/-]{1,200}")
_GREATEST_SECRET = 10_000
#: Paths of our own.
_OURS = frozenset({"/healthz", "/metrics"})
_HEADER = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]{1,100}")
_KEYS = frozenset(
    {"provider", "auth", "secret_env", "secret_file", "public_key", "user", "header", "parameter", "topics",
     "tolerance_seconds", "limits"}
)  # fmt: skip
_LITERAL = frozenset({"secret", "password", "token", "key", "signing_key", "webhook_secret"})


@dataclass(frozen=True, slots=True)
class Config:
    """All endpoints; `place` is the file that they were read from."""

    endpoints: tuple[Endpoint, ...]
    bounds: Bounds = field(default_factory=Bounds)
    place: str = ""


def load_config(path: str | Path, environment: Mapping[str, str] | None = None) -> Config:
    """The endpoints of a TOML file; `UnreadableInputError`, with the endpoint and the key, for what it cannot be."""
    path = Path(path)
    try:
        value = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UnreadableInputError(str(path), f"cannot be read: {error.strerror}", "name a TOML file") from None
    except (ValueError, RecursionError) as error:
        # TOML's own, one of the encoding, an integer that is longer than Python reads, tables a thousand deep.
        raise UnreadableInputError(str(path), f"is no TOML: {error}", "see docs/webhooks.md for an example") from None
    given = dict(os.environ) if environment is None else environment
    if unknown := sorted(value.keys() - {"endpoint", "limits", "receiver"}):
        raise UnreadableInputError(
            str(path), f"has the unknown key {unknown[0]!r}", "the tables are endpoint, limits and receiver"
        )
    tables = value.get("endpoint")
    if not isinstance(tables, dict) or not tables:
        raise UnreadableInputError(str(path), "names no endpoint", 'add a table such as [endpoint."/sendgrid/main"]')
    limits = _bounded(Limits(), value.get("limits", {}), f"{path}, [limits]")
    bounds = _bounded(Bounds(), value.get("receiver", {}), f"{path}, [receiver]")
    endpoints = tuple(_endpoint(path, name, table, limits, given) for name, table in tables.items())
    return Config(endpoints, bounds, str(path))


def _endpoint(file: Path, path: str, table: Any, limits: Limits, environment: Mapping[str, str]) -> Endpoint:
    where = f'{file}, endpoint "{path}"'
    if not isinstance(table, dict):
        raise UnreadableInputError(where, "is no table", f'write [endpoint."{path}"]')
    # A client leaves out `.` and `..` before it sends.
    if not _PATH.fullmatch(path) or path in _OURS or "//" in path or {".", ".."} & set(path.split("/")):
        problem = "is one of the receiver's own" if path in _OURS else "is no path"
        raise UnreadableInputError(where, problem, "give one such as /sendgrid/main")
    if literal := sorted(table.keys() & _LITERAL):
        raise UnreadableInputError(
            where,
            f"{literal[0]} stands in the file itself, which everyone who may read the configuration can read",
            'keep it in a file or the environment, and name that: secret_file = "…" or secret_env = "…"',
        )
    if unknown := sorted(table.keys() - _KEYS):
        raise UnreadableInputError(where, f"has the unknown key {unknown[0]!r}", f"the keys are {_listed(_KEYS)}")
    provider = _text(where, table, "provider").lower()
    known = PROVIDERS.get(provider)
    if known is None:
        problem = f"has no provider {provider!r}" if provider else "names no provider"
        here = (name for name, one in PROVIDERS.items() if not one.not_here)
        raise UnreadableInputError(where, problem, f"the providers are {_listed(here)}")
    if known.not_here:
        raise UnreadableInputError(where, f"{provider} {known.not_here}")
    auth = _text(where, table, "auth").lower() or known.auth[0]
    if auth not in (*known.auth, "none"):
        raise UnreadableInputError(where, f"{provider} has no auth {auth!r}", f"give one of {_listed(known.auth)}")
    endpoint = Endpoint(
        path=path,
        provider=provider,
        auth=auth,
        secrets=_secrets(where, table, auth, known.public_key, file.parent, environment),
        user=_text(where, table, "user"),
        header=_header(where, table) or known.header,
        parameter=_text(where, table, "parameter") or "token",
        topics=frozenset(_texts(where, table, "topics")),
        tolerance_s=_tolerance(where, table),
        limits=_bounded(limits, table.get("limits", {}), f"{where}, limits"),
    )
    # What its scheme says of its secret belongs here, before anything is listened on.
    scheme_of(endpoint, where)
    return endpoint


def _header(where: str, table: dict[str, Any]) -> str:
    name = _text(where, table, "header").lower()
    if name and not _HEADER.fullmatch(name):
        raise UnreadableInputError(where, f"{name!r} is no header's name", "give one such as X-Webhook-Token")
    return name


def _secrets(
    where: str, table: dict[str, Any], auth: str, public: bool, folder: Path, environment: Mapping[str, str]
) -> tuple[str, ...]:
    found: list[str] = []
    for name in _texts(where, table, "secret_env"):
        value = environment.get(name, "").strip()
        if not value:
            raise UnreadableInputError(where, f"the environment variable {name} is not set", "set it to the secret")
        found.append(value)
    found += [_secret_in(where, folder / name, public) for name in _texts(where, table, "secret_file")]
    keys = _texts(where, table, "public_key")
    if keys and not public:
        raise UnreadableInputError(where, "has a public_key, which its provider does not sign with", "take it out")
    return (*found, *keys)


def _secret_in(where: str, place: Path, public: bool) -> str:
    try:
        with place.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            value = file.read(_GREATEST_SECRET).decode("utf-8").strip()
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", "") or "is no text"
        problem = f"the secret's file {place} cannot be read: {problem}"
        raise UnreadableInputError(where, problem, "write the secret there, and nothing else") from None
    # systemd's own store of credentials shows its access list as rights of the group.
    kept = os.environ.get("CREDENTIALS_DIRECTORY")
    shown = stat.S_ISREG(mode) and mode & 0o077 and not (kept and place.resolve().is_relative_to(kept))
    if shown and not public:
        raise UnreadableInputError(where, f"others may read the secret's file {place}", f"run: chmod 600 {place}")
    if not value or (not value.isprintable() and not public):
        problem = "holds more than one line" if value else "is empty"
        raise UnreadableInputError(
            where, f"the secret's file {place} {problem}", "write the secret there, and nothing else"
        )
    return value


def _tolerance(where: str, table: dict[str, Any]) -> float | None:
    value = table.get("tolerance_seconds")
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 1 <= value <= 2_592_000:
        raise UnreadableInputError(where, f"tolerance_seconds {value!r} is no number from 1 to 2592000 (30 days)")
    return float(value)


def _bounded(defaults: Any, table: Any, where: str) -> Any:
    """The defaults with what the table changes; every bound is a number over 0."""
    if not isinstance(table, dict):
        raise UnreadableInputError(where, "is no table", "write { name = number }, or a table of its own")
    kinds = {one.name: type(getattr(defaults, one.name)) for one in fields(defaults)}
    changed = {}
    for name, value in table.items():
        if name not in kinds:
            raise UnreadableInputError(where, f"has the unknown key {name!r}", f"the keys are {_listed(kinds)}")
        whole = kinds[name] is int
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not 0 < value < 1e15:
            raise UnreadableInputError(where, f"{name} {value!r} is no {'whole ' if whole else ''}number over 0")
        changed[name] = kinds[name](value)
    return replace(defaults, **changed)


def _text(where: str, table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise UnreadableInputError(where, f"{key} is no text", f'write {key} = "…"')
    return value.strip()


def _texts(where: str, table: dict[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key, ())
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, (list, tuple)) or not all(isinstance(one, str) and one.strip() for one in listed):
        raise UnreadableInputError(where, f"{key} is no text or list of texts", f'write {key} = "…"')
    return tuple(one.strip() for one in listed)


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))
