"""Which columns of a list of bounces, or names in an event, stand for what: the words lie in `rules/outcomes.toml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from analyzer import knowledge
from analyzer.sources.tables.platforms import generic
from analyzer.sources.tables.plausible import normalised

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The columns of `rules/outcomes.toml`.
_COLUMNS = frozenset(
    {
        *("recipient", "sender", "message_id", "subject", "event", "bounced", "complained", "spam_blocked"),
        *("state", "result", "answer", "text", "class", "code", "time", "host"),
    }
)
#: Under which feed of `rules/feeds.toml` the classes stand that many use.
LIST: Final = "list"
#: The columns of any table (`rules/platforms/generic.toml`) whose headers count here too, in the languages there.
_OF_ANY_TABLE: dict[str, str] = {
    "recipient": "recipient",
    "sender": "sender",
    "bounced": "bounced",
    "state": "state",
    "event": "event",
    "text": "bounce_reason",
}


@dataclass(frozen=True, slots=True)
class Feed:
    """A provider whose list or event means something of its own: a `[[feed]]` of the file, names normalised."""

    name: str
    keys: frozenset[str]
    no_other: bool
    outcome: str
    words: dict[str, str]
    columns: dict[str, tuple[str, ...]]
    classes: str


@dataclass(frozen=True, slots=True)
class Facts:
    """The file and the headers of any table: `columns` by meaning, the surest name first."""

    columns: dict[str, tuple[str, ...]]
    words: dict[str, str]
    feeds: tuple[Feed, ...]
    not_theirs: frozenset[str]
    of_a_log: frozenset[str]
    ours: frozenset[str]
    opted_out: frozenset[str]


class Layout(NamedTuple):
    """Which of the names of a row stand for what, the surest first; `of_a_log`: it is a campaign's log as well."""

    feed: Feed | None
    columns: dict[str, tuple[str, ...]]
    of_a_log: bool


@lru_cache(maxsize=512)
def layout_of(names: tuple[str, ...]) -> Layout | None:
    """The layout of all rows of these names; None where they are those of our own tables."""
    known, held = facts(), frozenset(names)
    if known.ours & held and {"reason", "recordid"} & held:
        return None
    feed = _feed_of(held)
    own = feed.columns if feed else {}
    columns = {
        column: tuple(name for name in dict.fromkeys((*own.get(column, ()), *listed)) if name in held)
        for column, listed in known.columns.items()
    }
    return Layout(feed, columns, bool(known.of_a_log & held))


def names_a_recipient(columns: Iterable[str]) -> bool:
    """Whether one of the (normalised) columns of a table is the recipient's, and the table none of ours."""
    known, held = facts(), frozenset(columns)
    feed = _feed_of(held)
    own = feed.columns.get("recipient", ()) if feed else ()
    return bool(held.intersection((*known.columns["recipient"], *own))) and not held & known.ours


def is_known_list(columns: Iterable[str]) -> bool:
    """Whether a table of these (normalised) columns is a list of failures, whatever stands in its rows."""
    known, held = facts(), frozenset(columns)
    feed = _feed_of(held)
    return bool(feed and feed.outcome) or (
        bool(held.intersection(known.columns["answer"])) and not held & (known.of_a_log | known.ours)
    )


def is_of_a_log(columns: Iterable[str]) -> bool:
    """Whether a table of these (normalised) columns is a campaign's log or a list of leads as well."""
    return bool(facts().of_a_log.intersection(columns))


def _feed_of(held: frozenset[str]) -> Feed | None:
    return next(
        (feed for feed in facts().feeds if (feed.keys == held if feed.no_other else feed.keys <= held)),
        None,
    )


@cache
def facts() -> Facts:
    """What is known of lists, loaded once."""
    table = knowledge.load_toml(knowledge.data_folder("rules") / "outcomes.toml")
    words = {
        normalised(word): kind for kind, listed in table["words"].items() if kind != "opted_out" for word in listed
    }
    columns = {name: tuple(map(normalised, headers)) for name, headers in table["columns"].items()}
    for name, of_any in _OF_ANY_TABLE.items():
        columns[name] = tuple(dict.fromkeys((*columns[name], *generic().columns[of_any])))
    sets = ("not_theirs", "of_a_log", "ours")
    return Facts(
        columns={name: columns[name] for name in _COLUMNS},
        words=words,
        feeds=tuple(map(_feed, table["feed"])),
        **{name: frozenset(columns[name]) for name in sets},
        opted_out=frozenset(table["words"]["opted_out"]),
    )


def _feed(row: dict[str, Any]) -> Feed:
    return Feed(
        name=row["name"],
        keys=frozenset("".join(map(normalised, key.split("."))) for key in row["keys"]),
        no_other=row.get("no_other", False),
        outcome=row.get("outcome", ""),
        words=row.get("words", {}),
        columns={name: tuple(map(normalised, names)) for name, names in row.get("columns", {}).items()},
        classes=row.get("classes", ""),
    )
