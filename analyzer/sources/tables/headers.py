"""Which column of a table means what: a person's `--map`, a platform's header fingerprint, synonyms, last the values.

Facts lie in `rules/platforms/*.toml` (one file a platform, `generic.toml` for the rest).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from analyzer import knowledge
from analyzer.errors import MissingColumnError, RuleError, UnreadableInputError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: Columns that are no field of their own, but tell one: `state` tells `bounced`, the next three `email_status`, and
#: the codes `industry`.
HINTS: tuple[str, ...] = (
    "state",
    "catch_all",
    "is_valid",
    "is_verified",
    "naics",
    "sic",
    "gics",
    "linkedin_industry_id",
)
#: Every field that a column can be mapped to; `email` is the same as `recipient`.
FIELDS: tuple[str, ...] = (*SEND_COLUMNS, *(name for name in LEAD_COLUMNS if name not in {"email", "lead_id"}), *HINTS)


@dataclass(frozen=True, slots=True)
class Platform:
    """How one platform heads its tables. Headers are normalised; `values` are a field's codes and their words."""

    name: str
    title: str
    fingerprints: tuple[frozenset[str], ...]
    columns: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Headers:
    """`fields`: field -> place of its column; `platform`: the recognised one or None; `notes` for a person."""

    fields: dict[str, int]
    platform: Platform | None
    notes: tuple[str, ...]


def normalise_header(text: str) -> str:
    """A header without case, blanks and punctuation: "Sent At", "sent_at" and "sentAt" are one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def map_headers(
    where: str, headers: Sequence[str], wanted: Mapping[str, str] | None, column_values: Callable[[int], list[str]]
) -> Headers:
    """Fields of the columns. `wanted` maps columns to fields and wins; `column_values` gives a sample of a column.

    Raises `UnreadableInputError` for a column or field in `wanted` that does not exist, and `MissingColumnError` when
    no column holds addresses.
    """
    keys = [_strip_envelope(header) for header in headers]
    fields = _explicit(where, headers, wanted or {})
    platform = _recognise(frozenset(keys))
    notes: list[str] = []
    for source in (platform, generic()):
        if source is not None:
            _fill(fields, keys, source.columns)
    _fill_by_values(fields, keys, column_values)
    if "recipient" not in fields:
        holders = [place for place in range(len(headers)) if _mostly_addresses(column_values(place))]
        if len(holders) != 1:
            found = ", ".join(header for header in headers if header) or "none"
            raise MissingColumnError(
                where, f"has no column of e-mail addresses (found: {found})", "name it with --map YOURCOLUMN=recipient"
            )
        fields["recipient"] = holders[0]
        notes.append(f"no header names an address; the column {headers[holders[0]]!r} holds addresses and was used")
    return Headers(fields, platform, tuple(notes))


def _explicit(where: str, headers: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    fields: dict[str, int] = {}
    keys = [normalise_header(header) for header in headers]
    for column, field in wanted.items():
        name = "recipient" if field == "email" else field
        if name not in FIELDS:
            known = ", ".join(("email", *FIELDS))
            raise UnreadableInputError(
                where, f"{field!r} in --map {column}={field} is no field", f"the fields are {known}"
            )
        if column in headers:
            place = list(headers).index(column)
        elif normalise_header(column) in keys:
            place = keys.index(normalise_header(column))
        else:
            known = ", ".join(header for header in headers if header)
            raise UnreadableInputError(where, f"has no column {column!r} (--map)", f"its columns are {known}")
        fields[name] = place
    return fields


def _strip_envelope(header: str) -> str:
    # JSON:API and the like put every field into an envelope of this name.
    for envelope in ("attributes.", "properties.", "fields.", "data."):
        header = header.removeprefix(envelope)
    return normalise_header(header)


def _fill(fields: dict[str, int], keys: list[str], columns: Mapping[str, tuple[str, ...]]) -> None:
    taken = set(fields.values())
    for field, names in columns.items():
        if field in fields:
            continue
        for name in names:
            if name in keys and keys.index(name) not in taken:
                fields[field] = keys.index(name)
                taken.add(fields[field])
                break


def _fill_by_values(fields: dict[str, int], keys: list[str], column_values: Callable[[int], list[str]]) -> None:
    """Columns such as "status", which hold a verification here and a delivery state there."""
    for place, key in enumerate(keys):
        if key not in _undecided_headers() or place in fields.values():
            continue
        values = [normalise_header(value) for value in column_values(place) if value]
        shares = {
            field: sum(value in words for value in values) / max(len(values), 1) for field, words in _words().items()
        }
        best = max(shares, key=lambda field: shares[field])
        if shares[best] >= 0.8 and best not in fields:
            fields[best] = place


def _mostly_addresses(values: list[str]) -> bool:
    filled = [value for value in values if value]
    return bool(filled) and sum("@" in value and "." in value.rpartition("@")[2] for value in filled) * 2 > len(filled)


def _recognise(keys: frozenset[str]) -> Platform | None:
    """The platform whose longest fingerprint the headers carry."""
    fits = [(len(mark), platform) for platform in platforms() for mark in platform.fingerprints if mark <= keys]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


@cache
def platforms() -> tuple[Platform, ...]:
    """Every known platform, by name."""
    folder = knowledge.data_folder("rules") / "platforms"
    return tuple(_load(path.stem) for path in sorted(folder.glob("*.toml")) if path.stem != "generic")


@cache
def generic() -> Platform:
    """The synonyms that hold for any table."""
    return _load("generic")


@cache
def _load(name: str) -> Platform:
    path = knowledge.data_folder("rules") / "platforms" / f"{name}.toml"
    table = knowledge.load_toml(path)
    columns: dict[str, list[str]] = table.get("columns", {})
    values: dict[str, dict[str, str]] = table.get("values", {})
    unknown = (columns.keys() | values.keys()) - set(FIELDS)
    if unknown:
        raise RuleError(str(path), f"unknown fields {sorted(unknown)}", f"the fields are {', '.join(FIELDS)}")
    return Platform(
        name,
        table.get("title", name),
        tuple(frozenset(_strip_envelope(header) for header in mark) for mark in table.get("fingerprints", [])),
        {field: tuple(_strip_envelope(header) for header in headers) for field, headers in columns.items()},
        values,
    )


@cache
def _undecided_headers() -> frozenset[str]:
    path = knowledge.data_folder("rules") / "platforms" / "generic.toml"
    return frozenset(normalise_header(header) for header in knowledge.load_toml(path)["by_values"]["headers"])


@cache
def _words() -> dict[str, frozenset[str]]:
    """The words that mark a column as verification (`email_status`) or delivery (`state`)."""
    rules = knowledge.data_folder("rules")
    flags: dict[str, Any] = knowledge.load_toml(rules / "flags.toml")
    statuses: dict[str, dict[str, list[str]]] = knowledge.load_toml(rules / "statuses.toml")
    verification = {word for status in statuses["any"].values() for word in status}
    delivery = {word for words in flags.values() for word in words} - {
        "true",
        "false",
        "yes",
        "no",
        "0",
        "1",
        "y",
        "n",
        "x",
    }
    return {
        "email_status": frozenset(map(normalise_header, verification)),
        "state": frozenset(map(normalise_header, delivery)),
    }
