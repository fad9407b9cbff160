"""Columns whose headers no list knows, told by the words of the header where the values agree; a person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.sources.tables.header_words import Reading, listed, meanings_of, readings, words_of
from analyzer.sources.tables.plausible import (
    are_marks,
    fits,
    hold_replies,
    is_plain_refusal,
    tell_bounces,
    tell_delivery,
    tell_outcomes_of_probes,
    tell_verification,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: What tells one kind of bounce from another; a log may have a column for each.
_KINDS = frozenset({"bounce", "hardness"})
#: A blank column of these says nothing; one of bounces says that there were none.
_NEEDS_VALUES = frozenset({"recipient", "sender", "email_status", "industry", "sent_at", "state"})
_TELLING = frozenset({"bounced", "bounce_reason", "state", "event", "was_delivered"})
_BLANK = 1000
_PRIVATE = 500
_FEW_WORDS = 50


def fill_by_words(
    fields: dict[str, int], headers: Sequence[str], column_values: Callable[[int], list[str]]
) -> tuple[dict[str, tuple[int, ...]], list[str], bool]:
    """Fields that are missing from `fields`, found by the words of `headers` ("" for one that is not to be looked at).

    Returns the further columns of a field (`Headers.also`), what a person is told of both, and `Headers.noted`.
    """
    free = [place for place, header in enumerate(headers) if header and place not in fields.values()]
    notes: list[str] = []
    taken: dict[int, str] = {}
    for name, chances in _chances(fields, headers, free, column_values).items():
        if name in fields:
            continue
        rank, place = min(chances)
        fields[name], taken[place] = place, name
        rivals = [headers[other] for other_rank, other in sorted(chances) if other != place and other_rank < _BLANK]
        if rivals and rank < _BLANK:
            notes.append(f"both {headers[place]!r} and {rivals[0]!r} could be {name}; the first was taken")
    _fill_state(fields, headers, [place for place in free if place not in taken], column_values, taken)
    _fill_state_by_values(fields, [place for place in free if place not in taken], column_values, taken)
    noted = _fill_replies(fields, [place for place in free if place not in taken], column_values, taken)
    _fill_status(fields, headers, [place for place in free if place not in taken], column_values, taken)
    if taken:
        named = ", ".join(f"{headers[place]!r} as {name}" for place, name in sorted(taken.items()))
        wrong = next(iter(sorted(taken)))
        notes.insert(
            0,
            f"taken by the words of the header, or by what it holds: {named} "
            f"(where that is wrong: --map {headers[wrong]!r}=ignore)",
        )
    also = _also(fields, headers, [place for place in free if place not in taken], column_values)
    for name, places in also.items():
        beside = ", ".join(repr(headers[place]) for place in places)
        notes.append(f"{name}: where {headers[fields[name]]!r} says nothing, {beside} is read")
    if not _TELLING & fields.keys():
        notes += _perhaps_telling(headers, [place for place in free if place not in taken], column_values)
    return also, notes, noted


def _perhaps_telling(
    headers: Sequence[str], free: Sequence[int], column_values: Callable[[int], list[str]]
) -> list[str]:
    """One sentence where nothing tells what bounced, and a column that is not used looks as if it did."""
    for place in free:
        said = {meaning for word in words_of(headers[place]) for meaning in meanings_of(word)}
        if ({"bounce", "delivered"} & said and column_values(place)) or tell_bounces(column_values(place)):
            header = headers[place]
            return [
                f"nothing tells which mails bounced; {header!r} may, and was not understood (a column that says yes, a "
                f'time or a reply where one bounced is taken with --map "{header}=bounced")'
            ]
    return []


def _chances(
    fields: dict[str, int], headers: Sequence[str], free: Sequence[int], column_values: Callable[[int], list[str]]
) -> dict[str, list[tuple[int, int]]]:
    """For each field that is missing the columns that can be it: (rank, place), the lowest rank is the plainest."""
    found: dict[str, list[tuple[int, int]]] = {}
    for place in free:
        for reading in readings(headers[place]):
            values = column_values(place)
            name = "was_sent" if reading.field == "sent_at" and are_marks(values) else reading.field
            if not values and name in _NEEDS_VALUES:
                continue
            if name not in fields and fits(reading.field if name != "was_sent" else name, values):
                rank = reading.rank + (0 if values else _BLANK) + (_PRIVATE if "private" in reading.meanings else 0)
                found.setdefault(name, []).append((rank, place))
                break
    return found


def _fill_state(
    fields: dict[str, int],
    headers: Sequence[str],
    free: Sequence[int],
    column_values: Callable[[int], list[str]],
    taken: dict[int, str],
) -> None:
    """`state` from the status column that tells of bounces: there may be one of the lead, and one of the campaign."""
    if {"event", "bounced"} & fields.keys():
        return
    chances = [place for place in free if _is_state(headers[place], column_values(place))]
    telling = [place for place in chances if tell_bounces(column_values(place))]
    if "state" not in fields and chances:
        place = (telling or chances)[0]
    elif "state" in fields and telling and not tell_bounces(column_values(fields["state"])):
        place = telling[0]
    else:
        return
    taken.pop(fields.get("state", -1), None)
    fields["state"], taken[place] = place, "state"


def _fill_state_by_values(
    fields: dict[str, int],
    free: Sequence[int],
    column_values: Callable[[int], list[str]],
    taken: dict[int, str],
) -> None:
    """`state` from the one column that says what became of each mail, whatever its header, where nothing else tells."""
    if _TELLING & fields.keys():
        return
    chances = [
        place
        for place in free
        if tell_bounces(column_values(place))
        and tell_delivery(column_values(place))
        and not tell_verification(column_values(place))
    ]
    if len(chances) == 1:
        fields["state"], taken[chances[0]] = chances[0], "state"


def _fill_replies(
    fields: dict[str, int],
    free: Sequence[int],
    column_values: Callable[[int], list[str]],
    taken: dict[int, str],
) -> bool:
    """`bounce_reason` from the column that holds replies of servers, where "reason" or no other holds any.

    Where another column tells which mails bounced, replies may stand among notes on the others: then it is true.
    """
    used = fields.get("bounce_reason")
    if used is not None and (taken.get(used) or not column_values(used) or hold_replies(column_values(used))):
        return False
    holders = [place for place in free if hold_replies(column_values(place))]
    noted = not holders and used is None and bool({"event", "state", "bounced"} & fields.keys())
    if noted:
        holders = [place for place in free if any(map(is_plain_refusal, column_values(place)))]
    if len(holders) != 1:
        return False
    fields["bounce_reason"], taken[holders[0]] = holders[0], "bounce_reason"
    return noted


def _fill_status(
    fields: dict[str, int],
    headers: Sequence[str],
    free: Sequence[int],
    column_values: Callable[[int], list[str]],
    taken: dict[int, str],
) -> None:
    """`email_status` from the one column that holds what probes find, whatever its header; none of several."""
    if {"email_status", "is_valid", "is_verified"} & fields.keys():
        return
    chances = [
        place
        for place in free
        if not listed("no_address").intersection(words_of(headers[place]))
        and not any("private" in meanings_of(word) for word in words_of(headers[place]))
        and tell_outcomes_of_probes(column_values(place))
    ]
    if len(chances) == 1:
        fields["email_status"], taken[chances[0]] = chances[0], "email_status"


def _is_state(header: str, values: Sequence[str]) -> bool:
    """Whether a column called a status by whatever name ("Merge status") holds words for what became of a mail."""
    named = any("status" in meanings_of(word) for word in words_of(header))
    # "Invalid" and "unknown" are words of both; what a probe found is no state of a mail.
    return named and tell_delivery(values) and not tell_verification(values)


def _also(
    fields: dict[str, int], headers: Sequence[str], free: Sequence[int], column_values: Callable[[int], list[str]]
) -> dict[str, tuple[int, ...]]:
    """The columns for other kinds of bounces beside the one that was taken."""
    found: dict[str, tuple[int, ...]] = {}
    for name in ("bounced", "bounce_reason"):
        if name not in fields:
            continue
        own = meanings_of(headers[fields[name]])
        places = tuple(
            place
            for place in free
            if _is_other_kind(name, own, readings(headers[place]))
            and column_values(place)
            and (fits(name, column_values(place)) or (name == "bounce_reason" and _say_why(column_values(place))))
        )
        if places:
            found[name] = places
    return found


def _say_why(values: Sequence[str]) -> bool:
    """Whether one of few words is more than that it bounced: "POLICY" beside "UNKNOWN_USER"."""
    words = list(dict.fromkeys(values))
    return len(words) <= _FEW_WORDS and any(fits("bounce_reason", [word]) for word in words)


def _is_other_kind(name: str, own: frozenset[str], found: Sequence[Reading]) -> bool:
    if not found or found[0].field != name or not _KINDS & found[0].meanings:
        return False
    return name == "bounce_reason" or ("hardness" in own and "hardness" in found[0].meanings)
