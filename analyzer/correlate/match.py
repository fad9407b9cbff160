"""Which mail a bounce is about: by message id, by its return path, by returned headers, last by recipient and time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from analyzer.addresses.key import address_key
from analyzer.correlate.clues import PROVEN, Clues, clues_of, organisation
from analyzer.correlate.outright import named_outright
from analyzer.correlate.pool import LONG_FRONT, Log, Pool
from analyzer.correlate.signatures import named_by_digest, of_signature, signed_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from analyzer.verp.keys import Keys
    from analyzer.verp.token import Signed

#: How far a bounce's clock may run before the log's.
SLACK = pd.Timedelta(hours=1)
#: The same for a mail whose time carries no zone: no place is further from UTC.
ZONE_SLACK = pd.Timedelta(hours=15)
#: For mails without and with a known zone; the second is tried where the first finds none.
_SLACKS = ((SLACK.value, SLACK.value), (ZONE_SLACK.value, SLACK.value))
_NEVER = np.iinfo(np.int64).min
#: A token of so many signs, digits among them, is nothing that a stranger tries.
_UNGUESSABLE = 16
#: Strangers who make up Message-IDs of a domain of ours may be so many times those of its mail that came back.
_STRANGERS = 10
#: What `clues_of` takes.
_CLUES = ("key", "original_key", "original_message_id", "delivered_to", "original_headers")


@dataclass(frozen=True, slots=True)
class Matches:
    """Bounce by bounce: `send_id` (-1: nothing that was sent), `method` ("" then), `forged_reason` and `forged_why`.

    sure: whether it shows what a stranger does not know; else its recipient and its time are all that speaks for it.
    returned: whether the bounce shows a Message-ID, known or not.
    """

    send_id: NDArray[np.int64]
    method: NDArray[np.object_]
    forged_why: NDArray[np.object_]
    forged_reason: NDArray[np.object_]
    sure: NDArray[np.bool_]
    returned: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Match:
    """`send_id` is -1 and `method` "" for a bounce of nothing that was sent; `forged_why` says why it looks forged.

    `sure`: it shows what a stranger does not know. `forged_reason`: one of `forged.REASONS`.
    """

    send_id: int
    method: str
    forged_why: str = ""
    forged_reason: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _Time:
    received: int
    window: int


#: A send's position, and whether it was found by what a stranger does not know.
_Found: TypeAlias = tuple[int | None, bool]


def match_bounces(
    bounces: pd.DataFrame, sends: pd.DataFrame, *, window: pd.Timedelta, keys: Keys | None = None
) -> Matches:
    """What each bounce is about, in order.

    bounces: BOUNCE_COLUMNS with `key` and `original_key` (address keys) and `received` (datetime64[ns, UTC]).
    sends: `key`, `lead_key` (text in lower case), `message_id`, `sent_at`, `zoned` (whether that time's zone is known),
    `campaign`; its index is the send_id. window: how long after a send a bounce can be tied to it by recipient alone.
    keys: what return paths were signed with, where they were.
    """
    outright = named_outright(bounces, sends, but=signed_rows(bounces) if keys else None)
    named = outright.row >= 0
    found = Matches(
        np.where(named, sends.index.to_numpy()[outright.row], -1).astype(np.int64),
        np.where(named, "message_id", "").astype(object),
        np.full(len(bounces), "", dtype=object),
        np.full(len(bounces), "", dtype=object),
        named.copy(),
        named.copy(),
    )
    # Most bounces name their mail and its recipient. The others are looked at in every way, one by one.
    left = np.flatnonzero(~named)
    if not len(left):
        return found
    rest = bounces.iloc[left]
    told: list[list[str]] = [rest[name].tolist() for name in _CLUES]
    clues = [clues_of(a, b, c, d, e, keys) for a, b, c, d, e in zip(*told, strict=True)]
    clues = named_by_digest(clues, sends["key"])
    moments = rest["received"].to_numpy(dtype="datetime64[ns]").view(np.int64).tolist()
    times = [_Time(one, window.value) for one in moments]
    for place, clue, match in zip(left.tolist(), clues, _matches(clues, times, sends, outright.domains), strict=True):
        found.send_id[place], found.method[place] = match.send_id, match.method
        found.forged_why[place], found.forged_reason[place] = match.forged_why, match.forged_reason
        found.sure[place], found.returned[place] = match.sure, bool(clue.ids)
    return found


def _matches(
    clues: Sequence[Clues], times: Sequence[_Time], sends: pd.DataFrame, outright: Mapping[str, int]
) -> list[Match]:
    log = Log(sends, clues)
    named = log.pool(log.named)
    ours = _domains_that_match(clues, named, log, outright)
    matches: list[Match | None] = [None] * len(clues)
    for number, clue in enumerate(clues):
        if clue.bad_signature:
            why = f"Its return path {clue.bad_signature} is not signed with a key of ours."
            matches[number] = Match(-1, "", why, "bad_signature")
        elif clue.signed_path or clue.signed_header:
            continue
        elif clue.ids and (place := _by_message_id(clue, named, times[number])) is not None:
            sure = named.key[place] in clue.recipients
            matches[number] = Match(named.send_id[place], "message_id", sure=sure)
    # Only the sends that the others could be about are looked at in every way.
    unnamed = [number for number, match in enumerate(matches) if match is None]
    if unnamed:
        pool = log.pool(log.named | log.possible([clues[number] for number in unnamed]))
        for number in unnamed:
            matches[number] = _match(clues[number], pool, times[number], ours)
    return [match for match in matches if match is not None]


def _domains_that_match(clues: Sequence[Clues], pool: Pool, log: Log, outright: Mapping[str, int]) -> frozenset[str]:
    """The domains of the log's Message-IDs by which bounces are found: three at least, or most of those to our leads,
    or, where three are found at any domains, a tenth of them.

    outright: bounces beside those of `clues` that were found so, by domain.

    There a Message-ID that the log does not hold is no mail of ours, whoever its recipient. Elsewhere (a relay that
    writes Message-IDs of its own, a log with the platform's ids) it says nothing.
    """
    known: dict[str, int] = defaultdict(int, outright)
    unknown: dict[str, int] = defaultdict(int)
    for clue in clues:
        # Floods to strangers have no vote on how our own mail is named.
        if clue.recipients and not any(recipient in log.recipients for recipient in clue.recipients):
            continue
        for domain in {one.rpartition("@")[2] for one in clue.ids} & log.domains:
            hit = any(one in pool.by_id for one in clue.ids)
            (known if hit else unknown)[domain] += 1
    least = _STRANGERS if sum(known.values()) >= PROVEN else 1
    return frozenset(domain for domain, found in known.items() if found >= PROVEN or found * least > unknown[domain])


def _match(clues: Clues, pool: Pool, time: _Time, ours: frozenset[str]) -> Match:
    stranger = ""
    if not any(one in pool.by_id for one in clues.ids):
        stranger = next((one for one in clues.ids if one.rpartition("@")[2] in ours), "")
    for method, find in _METHODS:
        place, sure = find(clues, pool, time)
        if place is None:
            continue
        # Of a mail whose Message-ID the log holds, another one of the same domain is not the one that was sent.
        if stranger and not sure and pool.has_id[place]:
            without = [other for other in pool.by_key.get(pool.key[place], ()) if not pool.has_id[other]]
            other = _within_window(without, pool, time)
            if other is not None:
                return Match(pool.send_id[other], method)
            why = f"It names the Message-ID <{stranger}> of our own domain, which the log does not hold."
            return Match(-1, "", why, "not_sent")
        return Match(pool.send_id[place], method, sure=sure)
    return Match(-1, "", *_why_forged(clues, pool, time))


def _by_message_id(clues: Clues, pool: Pool, time: _Time) -> int | None:
    for one in clues.ids:
        places = pool.by_id.get(one) or _by_front(one, pool)
        if not places:
            continue
        named = {*clues.recipients, *clues.header_addresses}
        exact = [place for place in places if pool.key[place] in named]
        if exact:
            return _last_before(exact, pool, time)
        # The recipient may be an alias or a forward; with one id for many sends only its organisation tells which.
        near = [place for place in places if _agrees(pool.key[place], clues)]
        if near and len({pool.key[place] for place in near}) == 1:
            return _last_before(near, pool, time)
    return None


def _by_front(message_id: str, pool: Pool) -> list[int] | None:
    """The sends whose id is the same but for a domain that only one of the two has."""
    front, at, _ = message_id.partition("@")
    if len(front) < LONG_FRONT:
        return None
    return pool.by_id.get(front) if at else pool.by_front.get(front)


def _by_id(clues: Clues, pool: Pool, time: _Time) -> _Found:
    if clues.signed_path or clues.signed_header:
        return None, False
    place = _by_message_id(clues, pool, time)
    return place, place is not None and pool.key[place] in clues.recipients


def _by_return_path(clues: Clues, pool: Pool, time: _Time) -> _Found:
    if clues.signed_path:
        return _by_signature(clues.signed_path, clues, pool, time), True
    if clues.signed_header:
        return None, False
    for address in clues.return_addresses:
        # All behind the prefix is a lead's address, so it is told even where the mail was forwarded to a stranger.
        whole = address.replace("@", "=") in clues.sure_return_tokens and not _knows_one(clues, pool)
        places = [place for place in pool.by_key.get(address, ()) if whole or _names(pool.key[place], clues, pool)]
        if places:
            return _last_before(places, pool, time), False
    return _by_token(clues.return_tokens, clues.sure_return_tokens, clues, pool, time)


def _by_header(clues: Clues, pool: Pool, time: _Time) -> _Found:
    if clues.signed_path:
        return None, False
    if clues.signed_header:
        return _by_signature(clues.signed_header, clues, pool, time), True
    found = _by_token(clues.header_values, clues.sure_header_values, clues, pool, time)
    if found[0] is not None:
        return found
    strangers = [address for address in clues.header_addresses if address not in clues.recipients]
    if any(address in pool.by_key for address in clues.recipients):
        return None, False
    places = [place for address in strangers for place in pool.by_key.get(address, ())]
    same = len({pool.key[place] for place in places}) == 1
    return (_within_window(places, pool, time) if same else None), False


def _by_signature(signed: Signed, clues: Clues, pool: Pool, time: _Time) -> int | None:
    """The mail that our signature names: its own where a Message-ID tells, else that of its campaign and day."""
    by_lead = signed.names == "lead_id"
    places = pool.by_token.get(signed.named, ()) if by_lead else pool.by_key.get(address_key(signed.named), ())
    if not places:
        return None
    by_id = [place for one in clues.ids for place in pool.by_id.get(one, ()) if place in places]
    of_campaign = [place for place in places if signed.of_campaign(pool.campaign[place])]
    return _last_before(by_id or of_signature(of_campaign or places, signed, pool.sent), pool, time)


def _unguessable(token: str) -> bool:
    return len(token) >= _UNGUESSABLE and any(sign.isdigit() for sign in token)


def _by_token(tokens: Iterable[str], sure: frozenset[str], clues: Clues, pool: Pool, time: _Time) -> _Found:
    for token in tokens:
        if not clues.recipients and token not in sure:
            continue
        places = [place for place in pool.by_token.get(token, ()) if _names(pool.key[place], clues, pool)]
        if not places:
            continue
        # Blank campaigns are no header's value.
        places = [place for place in places if pool.campaign[place] in clues.header_values] or places
        if len({pool.key[place] for place in places}) == 1:
            return _last_before(places, pool, time), _unguessable(token)
    return None, False


def _by_recipient(clues: Clues, pool: Pool, time: _Time) -> _Found:
    if clues.signed_path or clues.signed_header:
        return None, False
    for recipient in clues.recipients:
        found = _within_window(pool.by_key.get(recipient, ()), pool, time)
        if found is not None:
            return found, False
    return None, False


def _agrees(key: str, clues: Clues) -> bool:
    """Whether a send's recipient can be whom the bounce is about: the same, or at the same organisation."""
    if not clues.recipients or key in clues.recipients or key in clues.header_addresses:
        return True
    return any(organisation(key) == organisation(recipient) for recipient in clues.recipients)


def _names(key: str, clues: Clues, pool: Pool) -> bool:
    """The same for weaker evidence: a recipient that we wrote to is itself, not a colleague."""
    if _knows_one(clues, pool):
        return key in clues.recipients
    return _agrees(key, clues)


def _knows_one(clues: Clues, pool: Pool) -> bool:
    """Whether we wrote to one of the recipients that the bounce names."""
    return any(recipient in pool.by_key for recipient in clues.recipients)


def _last_before(places: Sequence[int], pool: Pool, time: _Time) -> int:
    """The last of the sends made before the bounce came, else the last of all: something stronger named them."""
    if time.received != _NEVER:
        for slacks in _SLACKS:
            earlier = [place for place in places if pool.sent[place] <= time.received + slacks[pool.zoned[place]]]
            dated = [place for place in earlier if pool.sent[place] != _NEVER]
            if dated:
                return max(dated, key=lambda place: (pool.sent[place], place))
    return max(places, key=lambda place: (pool.sent[place], place))


def _within_window(places: Sequence[int], pool: Pool, time: _Time) -> int | None:
    """The last send before the bounce and not too long before it; without times the latest send."""
    if not places:
        return None
    dated = [place for place in places if pool.sent[place] != _NEVER]
    if time.received == _NEVER or not dated:
        return max(places, key=lambda place: (pool.sent[place], place))
    for slacks in _SLACKS:
        fits = [
            place
            for place in dated
            if time.received - time.window <= pool.sent[place] <= time.received + slacks[pool.zoned[place]]
        ]
        if fits:
            return max(fits, key=lambda place: (pool.sent[place], place))
    return None


#: In the order in which they are believed.
_METHODS: tuple[tuple[str, Callable[[Clues, Pool, _Time], _Found]], ...] = (
    ("message_id", _by_id),
    ("verp", _by_return_path),
    ("header", _by_header),
    ("recipient", _by_recipient),
)


def _why_forged(clues: Clues, pool: Pool, time: _Time) -> tuple[str, str]:
    """Why a bounce that matches nothing may be about mail that someone else sent in our name, in words and as one of
    `forged.REASONS`; blank if nothing says so.
    """
    if clues.signed_path or clues.signed_header:
        # Ours beyond doubt, of a campaign that is not in the log.
        return "", ""
    if known := next((one for one in clues.ids if one in pool.by_id), ""):
        whom = f"the recipient {clues.recipients[0]}" if clues.recipients else "no recipient"
        return f"It names the Message-ID <{known}> of a mail to somebody else, and {whom}.", "contradicts_send"
    if known := next((one for one in clues.recipients if one in pool.by_key), ""):
        when = "before any mail to" if _is_early(pool.by_key[known], pool, time) else "long after the last mail to"
        return f"It came {when} {known}, and shows nothing that only our mail has.", "wrong_time"
    claims = []
    if clues.recipients:
        claims.append(f"the recipient {clues.recipients[0]}")
    if clues.ids:
        claims.append(f"the Message-ID <{clues.ids[0]}>")
    if not claims:
        return "", ""
    named = " and ".join(claims)
    why = f"It names {named}, which the log does not hold: forged, or of a campaign that is not in the log."
    return why, "not_sent"


def _is_early(places: Sequence[int], pool: Pool, time: _Time) -> bool:
    return all(pool.sent[place] > time.received for place in places)
