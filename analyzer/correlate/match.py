"""Which mail a bounce is about: by message id, by its return path, by returned headers, last by recipient and time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analyzer.correlate.clues import Clues, clues_of, organisation
from analyzer.correlate.message_ids import find_ids, fronts, message_keys
from analyzer.correlate.outright import named_outright
from analyzer.sources.tables.encoded import arrow, over_distinct, plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from analyzer.correlate.message_ids import Rows

#: How far a bounce's clock may run before the log's.
SLACK = pd.Timedelta(hours=1)
#: The same where the log's times carry no zone: no place is further from UTC.
ZONE_SLACK = pd.Timedelta(hours=15)
_NEVER = np.iinfo(np.int64).min
_LONG_FRONT = 8
#: What `clues_of` takes.
_CLUES = ("key", "original_key", "original_message_id", "delivered_to", "original_headers")


@dataclass(frozen=True, slots=True)
class Matches:
    """Bounce by bounce: `send_id` (-1: nothing that was sent), `method` ("" then), `forged_why`."""

    send_id: NDArray[np.int64]
    method: NDArray[np.object_]
    forged_why: NDArray[np.object_]


@dataclass(frozen=True, slots=True)
class Match:
    """`send_id` is -1 and `method` "" for a bounce of nothing that was sent; `forged_why` says why it looks forged."""

    send_id: int
    method: str
    forged_why: str = ""


@dataclass(frozen=True, slots=True)
class _Pool:
    """The sends that any bounce could be about, by everything a bounce could know them by; values are positions."""

    send_id: list[int]
    key: list[str]
    sent: list[int]
    campaign: list[str]
    by_id: dict[str, list[int]]
    by_front: dict[str, list[int]]
    by_key: dict[str, list[int]]
    by_token: dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class _Time:
    received: int
    slack: int
    zone_slack: int
    window: int


def match_bounces(bounces: pd.DataFrame, sends: pd.DataFrame, *, window: pd.Timedelta, zoned: bool) -> Matches:
    """What each bounce is about, in order.

    bounces: BOUNCE_COLUMNS with `key` and `original_key` (address keys) and `received` (datetime64[ns, UTC]).
    sends: `key`, `lead_key` (text in lower case), `message_id`, `sent_at`, `campaign`; its index is the send_id.
    window: how long after a send a bounce can be tied to it by recipient alone; zoned: whether the log's times are.
    """
    outright = named_outright(bounces, sends)
    found = Matches(
        np.where(outright.row >= 0, sends.index.to_numpy()[outright.row], -1).astype(np.int64),
        np.where(outright.row >= 0, "message_id", "").astype(object),
        np.full(len(bounces), "", dtype=object),
    )
    # Most bounces name their mail and its recipient. The others are looked at in every way, one by one.
    left = np.flatnonzero(outright.row < 0)
    if not len(left):
        return found
    rest = bounces.iloc[left]
    clues = [clues_of(*row) for row in zip(*(rest[name].tolist() for name in _CLUES), strict=True)]
    moments = rest["received"].to_numpy(dtype="datetime64[ns]").view(np.int64).tolist()
    times = [_Time(one, SLACK.value, SLACK.value if zoned else ZONE_SLACK.value, window.value) for one in moments]
    log = _Log(sends, clues)
    named = log.pool(log.named)
    ours = _domains_that_match(clues, named, log, outright.domains)
    matches: list[Match | None] = [None] * len(clues)
    for number, clue in enumerate(clues):
        if clue.ids and (place := _by_message_id(clue, named, times[number])) is not None:
            matches[number] = Match(named.send_id[place], "message_id")
    # Only the sends that the others could be about are looked at in every way.
    unnamed = [number for number, match in enumerate(matches) if match is None]
    if unnamed:
        pool = log.pool(log.named | log.possible([clues[number] for number in unnamed]))
        for number in unnamed:
            matches[number] = _match(clues[number], pool, times[number], ours)
    for place, match in zip(left.tolist(), matches, strict=True):
        if match is not None:
            found.send_id[place], found.method[place] = match.send_id, match.method
            found.forged_why[place] = match.forged_why
    return found


class _Log:
    """The sends, searched for what the clues name: all columns at once, and row by row only where they name one."""

    def __init__(self, sends: pd.DataFrame, clues: Sequence[Clues]) -> None:
        self._sends = sends
        ids = {one for clue in clues for one in clue.ids}
        self._tokens = {one for clue in clues for one in (*clue.return_tokens, *clue.header_values)} - {""}
        self._bare, behind = _fronts(ids)
        self._ids = ids | behind
        self._keys = {
            one for clue in clues for one in (*clue.recipients, *clue.return_addresses, *clue.header_addresses)
        }
        domains = {one.rpartition("@")[2] for one in ids}
        #: Which sends have a Message-ID that a clue names, and which domains of the clues' ids the log's ids have.
        self.named, self.domains = find_ids(
            sends["message_id"], self._ids | self._tokens, self._bare | self._tokens, domains
        )
        #: The recipients in the clues to whom something was sent.
        self.recipients = self._known({one for clue in clues for one in clue.recipients})

    def _known(self, keys: set[str]) -> frozenset[str]:
        rows = _one_of(self._sends["key"], keys)
        return frozenset(self._sends["key"].iloc[np.flatnonzero(rows)].unique())

    def possible(self, clues: Sequence[Clues]) -> Rows:
        """The sends to an address, or with a lead's id, that the clues hold."""
        keys = {one for clue in clues for one in (*clue.recipients, *clue.return_addresses, *clue.header_addresses)}
        tokens = {one for clue in clues for one in (*clue.return_tokens, *clue.header_values)}
        return _one_of(self._sends["key"], keys) | _one_of(self._sends["lead_key"], tokens)

    def pool(self, wanted: Rows) -> _Pool:
        """Some of the sends, ready to be looked up by what the clues name."""
        places = np.flatnonzero(wanted)
        columns = ["key", "lead_key", "message_id", "campaign", "sent_at"]
        chosen = plain(self._sends[columns].iloc[places])
        keys = message_keys(chosen["message_id"])
        fronts_of = [fronts(keys)] if self._bare or self._tokens else []
        return _Pool(
            send_id=chosen.index.tolist(),
            key=chosen["key"].tolist(),
            sent=chosen["sent_at"].to_numpy(dtype="datetime64[ns]").view(np.int64).tolist(),
            campaign=chosen["campaign"].str.lower().tolist(),
            by_id=_places(self._ids, keys),
            by_front=_places(self._bare, *fronts_of) if self._bare else {},
            by_key=_places(self._keys, chosen["key"]),
            by_token=_places(self._tokens, chosen["lead_key"], keys, *fronts_of),
        )


def _fronts(ids: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
    """(ids without a domain, the fronts of those with one): a provider names `0100019-1` what the mail carries as
    `<0100019-1@email.amazonses.com>`. Short ones are numbers of something else.
    """
    long = [one for one in ids if len(one.partition("@")[0]) >= _LONG_FRONT]
    return frozenset(one for one in long if "@" not in one), frozenset(
        one.partition("@")[0] for one in long if "@" in one
    )


def _one_of(column: pd.Series, wanted: Collection[str]) -> Rows:
    """Which rows hold one of the texts."""
    among = pa.array(sorted(wanted), pa.large_string())
    found = over_distinct(column, lambda texts: pd.Series(np.asarray(pc.is_in(arrow(texts), value_set=among))))
    return found.to_numpy(dtype=bool)


def _places(wanted: Collection[str], *columns: pd.Series) -> dict[str, list[int]]:
    """Where the columns hold what is wanted; a text of any other is not looked for."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    among = pa.array(sorted({*wanted} - {""}), pa.large_string())
    for column in columns:
        rows = np.flatnonzero(np.asarray(pc.is_in(arrow(column), value_set=among)))
        for place, value in zip(rows.tolist(), column.iloc[rows].tolist(), strict=True):
            places[value].append(place)
    return dict(places)


def _domains_that_match(clues: Sequence[Clues], pool: _Pool, log: _Log, outright: Mapping[str, int]) -> frozenset[str]:
    """The domains of the log's Message-IDs by which bounces are found: three at least, or most of those to our leads.

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
    return frozenset(domain for domain in known if known[domain] >= 3 or known[domain] > unknown[domain])


def _match(clues: Clues, pool: _Pool, time: _Time, ours: frozenset[str]) -> Match:
    for method, find in _METHODS:
        if method == "recipient" and not any(one in pool.by_id for one in clues.ids):
            stranger = next((one for one in clues.ids if one.rpartition("@")[2] in ours), "")
            if stranger:
                return Match(
                    -1, "", f"It names the Message-ID <{stranger}> of our own domain, which the log does not hold."
                )
        place = find(clues, pool, time)
        if place is not None:
            return Match(pool.send_id[place], method)
    return Match(-1, "", _why_forged(clues, pool))


def _by_message_id(clues: Clues, pool: _Pool, time: _Time) -> int | None:
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


def _by_front(message_id: str, pool: _Pool) -> list[int] | None:
    """The sends whose id is the same but for a domain that only one of the two has."""
    front, at, _ = message_id.partition("@")
    if len(front) < _LONG_FRONT:
        return None
    return pool.by_id.get(front) if at else pool.by_front.get(front)


def _by_return_path(clues: Clues, pool: _Pool, time: _Time) -> int | None:
    for address in clues.return_addresses:
        places = [place for place in pool.by_key.get(address, ()) if _names(pool.key[place], clues, pool)]
        if places:
            return _last_before(places, pool, time)
    return _by_token(clues.return_tokens, clues.sure_return_tokens, clues, pool, time)


def _by_header(clues: Clues, pool: _Pool, time: _Time) -> int | None:
    found = _by_token(clues.header_values, clues.sure_header_values, clues, pool, time)
    if found is not None:
        return found
    strangers = [address for address in clues.header_addresses if address not in clues.recipients]
    if any(address in pool.by_key for address in clues.recipients):
        return None
    places = [place for address in strangers for place in pool.by_key.get(address, ())]
    return _within_window(places, pool, time) if len({pool.key[place] for place in places}) == 1 else None


def _by_token(tokens: Iterable[str], sure: frozenset[str], clues: Clues, pool: _Pool, time: _Time) -> int | None:
    for token in tokens:
        if not clues.recipients and token not in sure:
            continue
        places = [place for place in pool.by_token.get(token, ()) if _names(pool.key[place], clues, pool)]
        if not places:
            continue
        # Blank campaigns are no header's value.
        places = [place for place in places if pool.campaign[place] in clues.header_values] or places
        if len({pool.key[place] for place in places}) == 1:
            return _last_before(places, pool, time)
    return None


def _by_recipient(clues: Clues, pool: _Pool, time: _Time) -> int | None:
    for recipient in clues.recipients:
        found = _within_window(pool.by_key.get(recipient, ()), pool, time)
        if found is not None:
            return found
    return None


def _agrees(key: str, clues: Clues) -> bool:
    """Whether a send's recipient can be whom the bounce is about: the same, or at the same organisation."""
    if not clues.recipients or key in clues.recipients or key in clues.header_addresses:
        return True
    return any(organisation(key) == organisation(recipient) for recipient in clues.recipients)


def _names(key: str, clues: Clues, pool: _Pool) -> bool:
    """The same for weaker evidence: a recipient that we wrote to is itself, not a colleague."""
    if any(recipient in pool.by_key for recipient in clues.recipients):
        return key in clues.recipients
    return _agrees(key, clues)


def _last_before(places: Sequence[int], pool: _Pool, time: _Time) -> int:
    """The last of the sends made before the bounce came, else the last of all: something stronger named them."""
    if time.received != _NEVER:
        for slack in (time.slack, time.zone_slack):
            earlier = [place for place in places if pool.sent[place] <= time.received + slack]
            dated = [place for place in earlier if pool.sent[place] != _NEVER]
            if dated:
                return max(dated, key=lambda place: (pool.sent[place], place))
    return max(places, key=lambda place: (pool.sent[place], place))


def _within_window(places: Sequence[int], pool: _Pool, time: _Time) -> int | None:
    """The last send before the bounce and not too long before it; without times the latest send."""
    if not places:
        return None
    dated = [place for place in places if pool.sent[place] != _NEVER]
    if time.received == _NEVER or not dated:
        return max(places, key=lambda place: (pool.sent[place], place))
    for slack in (time.slack, time.zone_slack):
        fits = [place for place in dated if time.received - time.window <= pool.sent[place] <= time.received + slack]
        if fits:
            return max(fits, key=lambda place: (pool.sent[place], place))
    return None


#: In the order in which they are believed.
_METHODS: tuple[tuple[str, Callable[[Clues, _Pool, _Time], int | None]], ...] = (
    ("message_id", _by_message_id),
    ("verp", _by_return_path),
    ("header", _by_header),
    ("recipient", _by_recipient),
)


def _why_forged(clues: Clues, pool: _Pool) -> str:
    """Why a bounce that matches nothing may be about mail that someone else sent in our name; "" if nothing says so."""
    if any(one in pool.by_id for one in clues.ids) or any(one in pool.by_key for one in clues.recipients):
        return ""
    claims = []
    if clues.recipients:
        claims.append(f"the recipient {clues.recipients[0]}")
    if clues.ids:
        claims.append(f"the Message-ID <{clues.ids[0]}>")
    if not claims:
        return ""
    named = " and ".join(claims)
    return f"It names {named}, which the log does not hold: forged, or of a campaign that is not in the log."
