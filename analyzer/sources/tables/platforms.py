"""The fields that a column can mean, and how platforms head their tables: facts out of `rules/platforms/*.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from analyzer import knowledge
from analyzer.errors import RuleError
from analyzer.records import LEAD_COLUMNS, SEND_COLUMNS
from analyzer.sources.tables.plausible import normalised

#: Columns that are no field of their own, but tell one: the first eight tell what became of a mail (`direction`: that
#: it is one of ours at all; `opted_out`: of the lead), the next three `email_status`, and the codes `industry`;
#: `provider` tells who runs the mail of the lead's domain.
HINTS: tuple[str, ...] = (
    "state",
    "event",
    "was_sent",
    "was_delivered",
    "direction",
    "spam_blocked",
    "complained",
    "opted_out",
    "catch_all",
    "is_valid",
    "is_verified",
    "naics",
    "sic",
    "gics",
    "linkedin_industry_id",
    "provider",
)
#: What only the scan of drivers looks at: which text was sent, and where the lead came from.
EXTRAS: tuple[str, ...] = ("template", "list_source")
#: Every field that a column can be mapped to; `email` is the same as `recipient`.
FIELDS: tuple[str, ...] = (
    *SEND_COLUMNS,
    *(name for name in LEAD_COLUMNS if name not in {"email", "lead_id"}),
    *HINTS,
    *EXTRAS,
)


#: What a person maps a column to that means nothing here, whatever its header says.
IGNORED = "ignore"

_ENVELOPES = ("_airbyte_data.", "attributes.", "properties.", "fields.", "data.", "item.", "node.", "json.")


@dataclass(frozen=True, slots=True)
class Platform:
    """How one platform heads its tables. Headers are normalised; `values` are a field's codes and their words.

    `blank_is_unsent`: whether a row without a time is a lead to whom nothing was sent yet. `others`: headers that mean
    something here that is no field, whatever they mean elsewhere. `stand_ins`: headers of times that stand in, row by
    row, for a blank `sent_at`. `file_is_campaign`: whether a log that names no campaign is an export of one.
    """

    name: str
    title: str
    fingerprints: tuple[frozenset[str], ...]
    columns: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, str]]
    blank_is_unsent: bool = False
    others: frozenset[str] = frozenset()
    stand_ins: tuple[str, ...] = ()
    file_is_campaign: bool = False


def normalise_header(text: str) -> str:
    """A header without case, blanks and punctuation: "Sent At", "sent_at" and "sentAt" are one."""
    return normalised(text)


def without_envelope(header: str) -> str:
    # JSON:API and the like put every field into an envelope of this name.
    for envelope in _ENVELOPES:
        header = header.removeprefix(envelope)
    return normalise_header(header)


#: Files beside the platforms' own.
_NO_PLATFORMS = frozenset({"generic", "words"})


@cache
def platforms() -> tuple[Platform, ...]:
    """Every known platform, by name."""
    folder = knowledge.data_folder("rules") / "platforms"
    return tuple(_load(path.stem) for path in sorted(folder.glob("*.toml")) if path.stem not in _NO_PLATFORMS)


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
        tuple(frozenset(without_envelope(header) for header in mark) for mark in table.get("fingerprints", [])),
        {field: tuple(without_envelope(header) for header in headers) for field, headers in columns.items()},
        {field: {code.lower(): word for code, word in words.items()} for field, words in values.items()},
        bool(table.get("blank_is_unsent", False)),
        frozenset(map(normalise_header, table.get("others", []))),
        tuple(without_envelope(header) for header in table.get("stand_ins", [])),
        bool(table.get("file_is_campaign", False)),
    )
