"""What a row of named values tells of a mail, by the words of its columns and of what stands in them.

For lists of bounces as tables and for events of providers that have no reader of their own; which name stands for what,
`layouts` tells. What says only that a mail bounced is told so, without a reason; a row whose words are not known, or
that tells of no bounce, is none.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import orjson

from analyzer.records import COUNTED_KINDS, Original, Report
from analyzer.sources import fields
from analyzer.sources.lists.layouts import LIST, Feed, Layout, facts, layout_of
from analyzer.sources.tables.plausible import (
    delivery_words,
    flag_words,
    is_plain_refusal,
    normalised,
    verification_words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from analyzer.records import Kind

    #: A value by its name and, of one inside others, by the names of those as well: the longest first.
    Named: TypeAlias = tuple[tuple[str, ...], Any]

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
#: A word, or several without a blank, that names a class: a server's text has blanks.
_CLASS = re.compile(r"[A-Za-z]+(?:[_-][A-Za-z]+)*")
_TIME = re.compile(r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./]\d{2,4}|\d{10}(?:\d{3})?$")
_TAKEN = re.compile(r"\s*(?:smtp;\s*)?2\d\d\b")
_NOTHING_SAID = frozenset({"", "none", "null", "na", "nan", "false", "no", "unknown", "undefined"})
_NOT = frozenset({"not", "no", "non", "un", "never", "without", "rate", "count"})
_BOUNCED = frozenset({"bounce", "bounced", "bounces", "hardbounce", "softbounce", "hardbounced", "softbounced"})
_COMPLAINTS = frozenset({"complaint", "complaints", "complained"})
_REPORTED = frozenset({"report", "reported", "reports"})
#: The name of an event has so many words at most.
_LONGEST_NAME = 5
_PAIR = {"name", "value"}
_LETTERS = re.compile(r"[^\W\d_]{2}")
_DEEPEST, _MOST_VALUES, _LONGEST_WORDS = 5, 300, 200


class Outcome(NamedTuple):
    """What a row tells. `plainly`: it names what happened, instead of a state that a lead may be in as well."""

    kind: Kind
    feed: str
    recipients: list[str]
    provider_class: str
    said: str
    status: str
    reply: str
    host: str
    at: str
    sender: str
    message_id: str
    subject: str
    plainly: bool


def outcome_of(named: Iterable[Named], *, of_a_log: bool = True) -> Outcome | None:
    """What the row tells; None for one that names no recipient, or of which no word says what became of a mail.

    Without `of_a_log`, also for a row of a campaign's log or a list of leads, unless it is a provider's that is known.
    """
    values = _by_name(named)
    names = tuple(values)
    # What no table and no event has is not worth keeping.
    layout = layout_of(names) if len(names) <= _MOST_VALUES else layout_of.__wrapped__(names)
    if layout is None:
        return None
    feed, row = layout.feed, _Row(values, layout)
    kind, word, plainly = _what_became(row, feed)
    if not kind or not (of_a_log or feed or plainly or not layout.of_a_log):
        return None
    addressed = row.first("recipient", _holds_address)
    if addressed is None:
        return None
    said, classed = _why(row, word if kind in COUNTED_KINDS else "")
    if kind == "bounce" and any(_opted_out(text) for text in (said, word, classed)):
        kind = "other"
    if kind == "complaint":
        said = fields.complaint("")
    counted = kind in COUNTED_KINDS
    return Outcome(
        kind=kind,
        feed=feed.name if feed else LIST,
        recipients=fields.named_in(addressed, said) if addressed.__class__ is list else [fields.recipient(addressed)],
        provider_class=_class_name(feed, word if counted else "", classed),
        said=said if counted or kind == "delayed" else "",
        status=next(filter(None, map(_status, row.all("code"))), ""),
        reply=next(filter(None, map(fields.reply, row.all("code"))), ""),
        host=fields.host(row.first("host")),
        at=next(filter(None, map(fields.moment, [*row.all("time"), *row.all("bounced")])), ""),
        sender=fields.address(row.first("sender", _holds_address)),
        message_id=fields.message_id(row.first("message_id")),
        subject=fields.line(row.first("subject")),
        plainly=plainly,
    )


def report_of(outcome: Outcome, name: str) -> Report:
    """The report of a row; `name` is who read it."""
    return Report(
        kind=outcome.kind,
        format=name,
        failures=tuple(
            fields.failure(
                outcome.kind,
                recipient,
                outcome.provider_class,
                outcome.said,
                code=outcome.status,
                reply_code=outcome.reply,
                mta=outcome.host,
            )
            for recipient in outcome.recipients
        ),
        received_at=outcome.at,
        original=Original(
            message_id=outcome.message_id,
            sender=outcome.sender,
            recipients=tuple(filter(None, outcome.recipients)),
            subject=outcome.subject,
        ),
    )


def named_values(event: Mapping[str, Any], within: tuple[str, ...] = ()) -> Iterator[Named]:
    """The values of a JSON object and of those in it, but for what stands under somebody else than the recipient."""
    for name, value in list(event.items())[:_MOST_VALUES]:
        key = normalised(name[:120])
        way = (*within, key)
        if value.__class__ is list and len(value) == 1 and value[0].__class__ is not list:
            value = value[0]
        elif value.__class__ is list and (pairs := _pairs(value)):
            value = pairs
        if not within and value.__class__ is str and value[:1] == "{":
            value = _decoded(value)
        if value.__class__ is dict:
            yield _names(way), None
            if len(way) < _DEEPEST and key not in facts().not_theirs:
                yield from named_values(value, way)
        else:
            yield _names(way), value


def _pairs(listed: list[Any]) -> dict[str, Any]:
    """A list of `{"name": …, "value": …}`, as headers and attributes are often written, as one object."""
    if not all(one.__class__ is dict and one.keys() == _PAIR and one["name"].__class__ is str for one in listed):
        return {}
    return {one["name"]: one["value"] for one in listed[:_MOST_VALUES]}


def _decoded(text: str) -> Any:
    """What a text holds that is JSON; the text where it is none."""
    try:
        return orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return text


def class_named(words: str) -> str:
    """`list:mailbox-full` of "Mailbox full" as of MAILBOX_FULL: what `rules/feeds.toml` has such a class under."""
    return fields.provider_class(LIST, "-".join(one.lower() for one in _WORD.findall(words[:80])))


def _names(way: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(("".join(way), "".join(way[-2:]), way[-1])))


class _Row:
    """The values of one row by the columns that they stand in."""

    def __init__(self, values: dict[str, Any], layout: Layout) -> None:
        self._values, self._columns = values, layout.columns

    def all(self, column: str) -> list[Any]:
        """What stands in the columns of that meaning, the surest first."""
        values = self._values
        return [value for name in self._columns[column] if (value := values[name]) not in (None, "", [], {})]

    def first(self, column: str, fits: Callable[[Any], object] = lambda _: True) -> Any:
        """The first of them that fits."""
        return next((value for value in self.all(column) if fits(value)), None)

    def refusals(self) -> Iterator[str]:
        """Replies of servers, wherever in the row they stand but in a subject."""
        values = (value for name, value in self._values.items() if name not in self._columns["subject"])
        return (value for value in values if value.__class__ is str and is_plain_refusal(value))

    def has(self, column: str) -> bool:
        """Whether there is such a column, even one with nothing in it."""
        return bool(self._columns[column])


def _by_name(named: Iterable[Named]) -> dict[str, Any]:
    """The first value of each name; one that stands further out goes before one inside."""
    values: dict[str, Any] = {}
    inner: list[Named] = []
    for names, value in named:
        if len(names) == 1:
            values.setdefault(names[0], value)
        else:
            inner.append((names, value))
    for names, value in inner:
        for name in names:
            if values.get(name) is None:
                values[name] = value
    return values


def _holds_address(value: Any) -> bool:
    return bool(fields.recipient(value))


def _what_became(row: _Row, feed: Feed | None) -> tuple[Kind | Literal[""], str, bool]:
    """The kind, the word that told it, and whether that names what happened; ("", "", False) where nothing tells."""
    if feed and feed.outcome:
        return feed.outcome, "", True  # type: ignore[return-value]
    for value in row.all("event"):
        if kind := _meaning(value, feed):
            return kind, fields.line(value, 80), True
    flagged = [value for value in row.all("bounced") if _says_yes(value)]
    if flagged:
        return "bounce", next((text for value in flagged if _meaning(text := fields.line(value, 80), feed)), ""), False
    if any(map(_says_yes, row.all("complained"))):
        return "complaint", "", False
    if any(map(_says_yes, row.all("spam_blocked"))):
        return "bounce", "spam blocked", False
    for value in (*row.all("state"), *filter(_is_no_verdict, row.all("result"))):
        if kind := _meaning(value, feed):
            return kind, fields.line(value, 80), False
    for value in row.all("answer"):
        answer = fields.line(value)
        if normalised(answer[:40]) not in _NOTHING_SAID:
            return ("delivered" if _TAKEN.match(answer) else "bounce"), "", False
    return ("other", "", False) if row.has("bounced") else ("", "", False)


def _meaning(value: Any, feed: Feed | None) -> Kind | Literal[""]:
    """What a word says became of a mail; "" for one that is not known, or no word."""
    word = fields.line(value, 80)
    if not word:
        return ""
    if feed and (own := feed.words.get(word.lower())):
        return own  # type: ignore[return-value]
    return _meaning_of(word)


@lru_cache(maxsize=4096)
def _meaning_of(word: str) -> Kind | Literal[""]:
    key = normalised(word)
    known = facts().words.get(key)
    if known is not None:
        return known  # type: ignore[return-value]
    if key in delivery_words():
        if key in flag_words("complaint"):
            return "complaint"
        return "bounce" if key in flag_words("yes") or key in flag_words("maybe") else "other"
    if "." in word[:-1] and " " not in word:
        # A name with those of what it belongs to in front: "users.messages.email.MarkAsSpam".
        return _meaning_of(word.partition(".")[2])
    tokens = _tokens(word)
    if len(tokens) > _LONGEST_NAME:
        return ""
    if tokens & _BOUNCED:
        return "bounce" if not tokens & _NOT else ""
    if ("spam" in tokens and tokens & _REPORTED) or tokens & _COMPLAINTS:
        return "complaint" if not tokens & _NOT else ""
    told = {facts().words.get(token) for token in tokens}
    for kind in ("bounce", "delayed"):
        if kind in told and not tokens & _NOT:
            return kind
    return "other" if told & {"other", "delivered"} else ""


@lru_cache(maxsize=4096)
def _tokens(word: str) -> frozenset[str]:
    return frozenset(token.lower() for token in _WORD.findall(word))


def _is_no_verdict(value: Any) -> bool:
    """Whether a word says what became of a mail, and not what a verifier found."""
    word = fields.line(value, 80)
    return normalised(word) not in verification_words() or not _tokens(word).isdisjoint(_BOUNCED)


def _opted_out(text: str) -> bool:
    return bool(text) and not facts().opted_out.isdisjoint(_tokens(text[:_LONGEST_WORDS]))


def _says_yes(value: Any) -> bool:
    """Whether a column "bounced" says so: yes, a kind of bounce, a number of them, or when."""
    if value.__class__ is bool:
        return bool(value)
    word = fields.line(value, 80)
    key = normalised(word)
    if key in flag_words("yes") or key in flag_words("maybe") or _TIME.match(word):
        return True
    return key.isdigit() and 0 < int(key) < 1000


def _why(row: _Row, word: str) -> tuple[str, str]:
    """The words that say why, and the reporter's own class of it."""
    classed = fields.line(
        row.first("class", lambda value: _CLASS.fullmatch(fields.line(value, 80).replace(" ", "-"))), 80
    )
    for value in (*row.all("answer"), *row.all("text"), *row.refusals()):
        text = fields.line(value)
        key = normalised(text[:80])
        if key in _NOTHING_SAID or text == word or _TAKEN.match(text) or not _LETTERS.search(text):
            continue
        if _CLASS.fullmatch(text):
            classed = text if not classed or _meaning(classed, None) else classed
            continue
        if _meaning(text, None) and text == classed:
            continue
        return text, classed
    return "", classed


def _status(value: Any) -> str:
    """An enhanced status code, as a text or as its three numbers."""
    return fields.status(".".join(map(fields.text, value)) if value.__class__ is list and len(value) == 3 else value)


def _class_name(feed: Feed | None, word: str, classed: str) -> str:
    """`list:mailbox-full`; under the feed's own name where its classes are known as it writes them."""
    told = classed or word
    if feed and feed.classes:
        return fields.provider_class(feed.classes, told)
    return class_named(told)
