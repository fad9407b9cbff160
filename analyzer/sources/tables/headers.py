"""Which column of a table means what: a person's `--map`, a platform's header fingerprint, synonyms, last the values.

Facts lie in `rules/platforms/*.toml` (one file a platform, `generic.toml` for the rest).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from analyzer import knowledge
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.readable import short
from analyzer.sources.tables.by_words import fill_by_words
from analyzer.sources.tables.header_words import meanings_of
from analyzer.sources.tables.other_files import refuse_mail
from analyzer.sources.tables.platforms import (
    FIELDS,
    IGNORED,
    Platform,
    generic,
    normalise_header,
    platforms,
    without_envelope,
)
from analyzer.sources.tables.plausible import (
    are_marks,
    are_steps,
    are_times,
    are_yes_or_no,
    delivery_words,
    flag_words,
    hold_addresses,
    tell_bounces,
    tell_delivery,
    tell_verification,
    verification_words,
)
from analyzer.sources.tables.zones import split_header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import tzinfo

# An error names columns for a person to choose from.
_MOST_NAMED = 40
_LONGEST_NAMED = 60
#: Headers that mean a step here and the day of one, or how far a sale has come, there.
_DOUBTFUL_STEPS = frozenset({"stage", "day", "touch"})
#: What tells of a mail that it bounced, before "Delivered: no" is asked.
_TELLING = frozenset({"bounced", "bounce_reason", "state", "event"})
#: Fields that hold addresses.
_OF_ADDRESSES = frozenset({"recipient", "sender"})
#: Headers of times that a platform's table may have of something else than mail.
_OF_ANYTHING = frozenset({"createdat"})
#: Headers of a column that says of each row what happened, where its values do.
_KINDS = frozenset({"type", "kind", "what", "typ", "tipo", "art", "種類", "тип"})
#: Fields whose header may name in brackets who told it.
_TOLD = ("email_status", "industry")
_SOURCE_BEHIND = re.compile(r"(.{3,60}?)\s*[(\[][^()\[\]]{1,40}[)\]]\s*")


@dataclass(frozen=True, slots=True)
class Headers:
    """`fields`: field -> place of its column; `platform`: the recognised one or None; `notes` for a person.

    `zones`: the time zones that headers name, by place. `recipient` is missing from `fields` where ids stand for it.
    `clock`: the place of the column with the time of day, where that of `sent_at` has only the day. `stand_ins`: the
    places of columns whose times stand in for a blank `sent_at`, the best first. `also`: further columns of a field
    that it is told by where the first says nothing: "Soft bounce reason" beside "Hard bounce reason".
    `blank_is_unsent`: as in `Platform`, also told by a header such as "Last contacted". `last_contact`: whether the
    column of `sent_at` has such a header, and nobody said that it is the time of a mail. `noted`: whether the column of
    `bounce_reason` holds notes on other mails, too, so that only refusals count.
    """

    fields: dict[str, int]
    platform: Platform | None
    notes: tuple[str, ...]
    zones: dict[int, tzinfo]
    clock: int | None = None
    stand_ins: tuple[int, ...] = ()
    also: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    blank_is_unsent: bool = False
    last_contact: bool = False
    noted: bool = False


def map_headers(
    where: str,
    headers: Sequence[str],
    wanted: Mapping[str, str] | None,
    column_values: Callable[[int], list[str]],
    *,
    by_id: bool = False,
) -> Headers:
    """Fields of the columns. `wanted` maps columns to fields and wins; `column_values` gives a sample of a column.

    With `by_id`, ids of leads may stand for their addresses. Raises `UnreadableInputError` for a column or field in
    `wanted` that does not exist, and `MissingColumnError` when no column holds addresses.
    """
    split = [split_header(header) for header in headers]
    ignored = {normalise_header(column) for column, field in (wanted or {}).items() if field == IGNORED}
    wanted = {column: field for column, field in (wanted or {}).items() if field != IGNORED}
    keys = ["" if normalise_header(header) in ignored else without_envelope(header) for header, _ in split]
    keys = _without_sources([header for header, _ in split], keys)
    places = _places(keys, column_values)
    fields = _explicit(where, headers, wanted)
    platform = _recognise(frozenset(keys))
    notes: list[str] = []
    if platform is not None:
        places = {key: place for key, place in places.items() if key not in platform.others}
        _fill(fields, places, platform.columns, column_values)
    # Where a platform has its own columns of times, others such as "created at" are of something else.
    timed = platform is not None and "sent_at" in platform.columns
    rest = dict(generic().columns)
    if timed:
        rest["sent_at"] = tuple(name for name in rest["sent_at"] if name not in _OF_ANYTHING)
    _fill(fields, places, rest, column_values)
    _fill_by_values(fields, keys, column_values)
    _move_marks(fields, keys, wanted, column_values)
    _move_statuses(fields, keys, wanted, column_values)
    notes += _by_delivery(fields, headers, wanted, column_values)
    others = platform.others if platform else frozenset()
    bare = ["" if key in others else header for (header, _), key in zip(split, keys, strict=True)]
    also, told, noted = fill_by_words(
        fields, [header if key else "" for header, key in zip(bare, keys, strict=True)], column_values
    )
    notes += told
    if "email_status" not in wanted.values():
        also = {**also, **_by_verifier(fields, bare, column_values)}
    notes += _second_statuses(fields, headers, ["" if key in others else key for key in keys])
    if "recipient" not in fields and not (by_id and "lead_id" in fields):
        holders = [
            place
            for place in range(len(headers))
            if place not in fields.values() and hold_addresses(column_values(place))
        ]
        if len(holders) != 1:
            refuse_mail(headers, column_values(0) if headers else (), where)
            found = ", ".join(short(header, _LONGEST_NAMED) for header in headers[:_MOST_NAMED] if header) or "none"
            more = f", and {len(headers) - _MOST_NAMED} more" if len(headers) > _MOST_NAMED else ""
            by_list = ", or give the list of these leads, with their ids, as --leads" if "lead_id" in fields else ""
            raise MissingColumnError(
                where,
                f"has no column of email addresses (found: {found}{more})",
                f"name it with --map YOURCOLUMN=recipient{by_list}",
            )
        fields["recipient"] = holders[0]
        notes.append(f"no header names an address; the column {headers[holders[0]]!r} holds addresses and was used")
    zones = {place: zone for place, (_, zone) in enumerate(split) if zone}
    sent = fields.get("sent_at")
    # A time of a lead's last mail is the lead's: where it is blank, there was none.
    said = meanings_of(headers[sent]) if sent is not None else frozenset()
    of_lead = "last" in said and bool({"sent", "contact", "step"} & said)
    also = {name: places for name, places in also.items() if name not in wanted.values()}
    return Headers(
        fields,
        platform,
        tuple(notes),
        zones,
        stand_ins=_stand_ins(fields, platform, places, wanted, column_values),
        also=also,
        blank_is_unsent=of_lead or bool(platform and platform.blank_is_unsent),
        last_contact=of_lead and "sent_at" not in wanted.values(),
        noted=noted,
    )


def _stand_ins(
    fields: Mapping[str, int],
    platform: Platform | None,
    places: Mapping[str, int],
    wanted: Mapping[str, str],
    column_values: Callable[[int], list[str]],
) -> tuple[int, ...]:
    """The columns that tell when a mail went out where its own column is blank; none where a person named that one.

    Any log may date what was delivered, and of the rest only when it bounced.
    """
    if "sent_at" not in fields or "sent_at" in wanted.values():
        return ()
    there = [places[name] for name in platform.stand_ins if name in places] if platform else []
    if not there and "bounced" in fields and are_times(column_values(fields["bounced"])):
        there = [fields["bounced"]]
    return tuple(place for place in there if place != fields["sent_at"])


def _without_sources(headers: Sequence[str], keys: list[str]) -> list[str]:
    """The keys, those of "Email status (ZeroBounce)" and "Industry [LinkedIn]" without who told it.

    Only where no other column has that header: "Email (old)" and the like tell two things apart.
    """
    known = _known_headers()
    told = {name for source in (*platforms(), generic()) for field in _TOLD for name in source.columns.get(field, ())}
    bare = [
        normalise_header(found[1]) if key and key not in known and (found := _SOURCE_BEHIND.fullmatch(header)) else key
        for header, key in zip(headers, keys, strict=True)
    ]
    return [
        short_key if short_key in told and bare.count(short_key) == 1 else key
        for key, short_key in zip(keys, bare, strict=True)
    ]


def _places(keys: Sequence[str], column_values: Callable[[int], list[str]]) -> dict[str, int]:
    """Header -> place; of several columns with one header the first that holds anything."""
    places: dict[str, int] = {}
    known = _known_headers()
    for place, key in enumerate(keys):
        if key in known and (key not in places or (not column_values(places[key]) and column_values(place))):
            places[key] = place
    return places


@cache
def _known_headers() -> frozenset[str]:
    """Every header that any platform gives a meaning."""
    sources = (*platforms(), generic())
    told = (names for source in sources for names in (*source.columns.values(), source.stand_ins))
    return frozenset(name for names in told for name in names)


def _by_verifier(
    fields: dict[str, int], headers: Sequence[str], column_values: Callable[[int], list[str]]
) -> dict[str, tuple[int, ...]]:
    """The column of a verifier that its header names goes before a status of nobody in particular, which counts where
    that says nothing: lists are verified once more before they are used. Returns the further columns (`Headers.also`).
    """
    used = fields.get("email_status")
    if used is None or "verifier" in meanings_of(headers[used]):
        return {}
    named = [
        place
        for place, header in enumerate(headers)
        if place not in fields.values()
        and {"verifier", "status"} <= meanings_of(header)
        and tell_verification(column_values(place))
    ]
    if len(named) != 1:
        return {}
    fields["email_status"] = named[0]
    return {"email_status": (used,)}


def _second_statuses(fields: Mapping[str, int], headers: Sequence[str], keys: Sequence[str]) -> list[str]:
    """Two verifications of one list are told: which of them counts is for a person to say."""
    used = fields.get("email_status")
    names = {name for platform in (*platforms(), generic()) for name in platform.columns.get("email_status", ())}
    names -= {"status", "result", "valid", "substatus", "zbsubstatus"}
    others = [headers[place] for place, key in enumerate(keys) if key in names and place not in fields.values()]
    if used is None or not others:
        return []
    return [
        f"two columns tell a verification; {headers[used]!r} was taken, not {others[0]!r} "
        f"(to change it: --map {others[0]!r}=email_status)"
    ]


def _explicit(where: str, headers: Sequence[str], wanted: Mapping[str, str]) -> dict[str, int]:
    fields: dict[str, int] = {}
    keys = [normalise_header(header) for header in headers]
    for column, told in wanted.items():
        name = "recipient" if told == "email" else told
        if name not in FIELDS:
            known = ", ".join(("email", *FIELDS))
            raise UnreadableInputError(
                where, f"{told!r} in --map {column}={told} is no field", f"the fields are {known}"
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


def _fill(
    fields: dict[str, int],
    places: Mapping[str, int],
    columns: Mapping[str, tuple[str, ...]],
    column_values: Callable[[int], list[str]],
) -> None:
    """Each field from the first of its columns that holds anything, else from the first that is there."""
    taken = set(fields.values())
    for meant, names in columns.items():
        if meant in fields:
            continue
        there = [places[name] for name in names if name in places and places[name] not in taken]
        if len(there) > 1 and meant in _OF_ADDRESSES:
            # "Recipient" may be a name, and "Recipient Email" the address.
            there = [place for place in there if hold_addresses(column_values(place))] or there
        if there:
            fields[meant] = there[0] if len(there) == 1 else next(filter(column_values, there), there[0])
            taken.add(fields[meant])


def _fill_by_values(fields: dict[str, int], keys: list[str], column_values: Callable[[int], list[str]]) -> None:
    """Columns such as "status", which hold a verification here and a delivery state there."""
    words = {"email_status": verification_words(), "state": delivery_words() | flag_words("doubtful")}
    for place, key in enumerate(keys):
        if key not in _undecided_headers() or place in fields.values():
            continue
        values = [normalise_header(value) for value in column_values(place) if value]
        shares = {
            field: sum(value in words for value in values) / max(len(values), 1) for field, words in words.items()
        }
        best = max(shares, key=lambda field: shares[field])
        if "sent_at" in fields and shares["state"] == shares[best] and tell_bounces(values):
            # "OK" and "bounced" are words of both; beside a time of sending they are of the mail.
            best = "state"
        meant = "event" if best == "state" and key in _KINDS else best
        if shares[best] >= 0.8 and meant not in fields:
            fields[meant] = place


def _move_marks(
    fields: dict[str, int], keys: Sequence[str], wanted: Mapping[str, str], column_values: Callable[[int], list[str]]
) -> None:
    """A column "Sent" that says yes and no, or counts, is no time, a "Role" no title, the "Stage" of a sale no step."""
    if "title" in fields and are_marks(column_values(fields["title"])):
        del fields["title"]
    step = fields.get("step")
    if step is not None and keys[step] in _DOUBTFUL_STEPS and "step" not in wanted.values():
        values = column_values(step)
        if values and not are_steps(values):
            del fields["step"]
    for hint in ("is_verified", "is_valid"):
        # "Verified" may say yes and no, or what was found.
        if hint in fields and "email_status" not in fields and hint not in wanted.values():
            values = column_values(fields[hint])
            if values and not are_marks(values) and tell_verification(values):
                fields["email_status"] = fields.pop(hint)
    if "sent_at" in fields and "was_sent" not in fields and are_marks(column_values(fields["sent_at"])):
        fields["was_sent"] = fields.pop("sent_at")


def _move_statuses(
    fields: dict[str, int], keys: Sequence[str], wanted: Mapping[str, str], column_values: Callable[[int], list[str]]
) -> None:
    """An "Email Status" of sent and bounced mails is no verification: another column may be, and it tells of mails."""
    used = fields.get("email_status")
    if used is None or "email_status" in wanted.values():
        return
    values = column_values(used)
    if not tell_bounces(values) or not tell_delivery(values) or tell_verification(values):
        return
    del fields["email_status"]
    names = {name for platform in (*platforms(), generic()) for name in platform.columns.get("email_status", ())}
    for place, key in enumerate(keys):
        if key in names and place != used and place not in fields.values() and tell_verification(column_values(place)):
            fields["email_status"] = place
            break
    if not {"state", "event"} & fields.keys():
        fields["state"] = used


def _by_delivery(
    fields: dict[str, int],
    headers: Sequence[str],
    wanted: Mapping[str, str],
    column_values: Callable[[int], list[str]],
) -> list[str]:
    """A column "Delivered" that says yes and no tells what bounced where no other does; a person is told."""
    place = fields.get("was_delivered")
    if place is None:
        return []
    if "was_delivered" not in wanted.values() and (_TELLING & fields.keys() or not are_yes_or_no(column_values(place))):
        del fields["was_delivered"]
        return []
    return [f"nothing else tells which mails bounced; those where {headers[place]!r} says no were taken as bounced"]


def _recognise(keys: frozenset[str]) -> Platform | None:
    """The platform whose longest fingerprint the headers carry."""
    fits = [(len(mark), platform) for platform in platforms() for mark in platform.fingerprints if mark <= keys]
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


@cache
def _undecided_headers() -> frozenset[str]:
    path = knowledge.data_folder("rules") / "platforms" / "generic.toml"
    return frozenset(normalise_header(header) for header in knowledge.load_toml(path)["by_values"]["headers"])
