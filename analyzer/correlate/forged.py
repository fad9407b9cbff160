"""Bounces that a stranger could have written: which of them are not believed, why, and in how many words.

A bounce mailbox is open to everybody. What shows our Message-ID with its recipient, our signature or a token that
nobody guesses is believed. What only names a recipient in time is believed when the host that reports it fits
(`reporters`) and when it is not part of a flood. Event feeds and mail logs come by a way of their own and are not asked
for a host.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.correlate.clues import PROVEN, normalise_message_id, organisation
from analyzer.correlate.reporters import Reporters, public_host
from analyzer.sources.tables.encoded import places_in, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from analyzer.correlate.match import Matches

#: Why a bounce is not believed, and how a sentence names it.
REASONS: dict[str, str] = {
    "not_sent": "about mail that the log does not hold",
    "backscatter": "about mail that somebody else sent in our name (backscatter)",
    "storm": "part of a flood",
    "loop": "about our own automatic answer or bounce (a loop)",
    "wrong_time": "before or long after any mail to the lead",
    "contradicts_send": "with a Message-ID of a mail to somebody else",
    "bad_signature": "with a return path that carries a wrong signature",
    "host_does_not_fit": "from a host that has nothing to do with the lead or with us",
}
#: What is told in a sentence of its own; the rest is told by the number of suspected forgeries.
_TOLD = tuple(name for name in REASONS if name != "not_sent")
#: Why a bounce is doubted that may only be older than the log.
_NOT_IN_THE_LOG = ("not_sent", "wrong_time")
#: Formats of messages, which anybody can send us; every other one is a feed's or a log's.
_MAIL = frozenset(
    (
        *(
            "rfc3464",
            "rfc6533",
            "rfc5965",
            "mdn-reject",
            "flufl.bounce",
            "notice",
            "exim",
            "dma",
            "embedded",
            "wrapped",
            "returned",
            "aol",
        ),
        *("amazonses-sns", "content-filter", "mailing-list", "jmrp", "unsubscribe", "james", "mms", "postfix-session"),
    )
)
#: A mail reader and a log have this name; a log's rows have no subject and were delivered to nobody.
_AMBIGUOUS = "exim"
#: A host is a relay of ours when it reported proven failures at so many organisations, or named leads of ours at so
#: many and hardly anybody else. Where the log has no Message-IDs, an honest bounce has nothing else to show, and one
#: organisation will do: a stranger who knows the list could name three as well.
_ORGANISATIONS, _AGREEING, _AGREEING_WITHOUT_IDS, _SHARE = 2, 3, 1, 0.9
#: A flood: so many from one host or about one recipient, and so many times what is proven.
_FLOOD, _TIMES = 20, 4
#: So many bounces of mail that others sent make a wave of backscatter, not a slip of the log.
_WAVE = 10
_DAEMONS = frozenset(("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"))
#: How answers mark themselves (RFC 3834, 5, and older habit); mail that a program sends unasked is "auto-generated".
_AUTOMATIC = {"auto-submitted": "auto-replied", "x-autoreply": "yes", "x-autorespond": "yes"}


@dataclass(frozen=True, slots=True)
class _Rows:
    """What of the bounces is looked at here, by position."""

    host: list[str]
    mail: NDArray[np.bool_]
    key: list[str]
    #: The recipient (key) of the send that each was matched to, "" for none; whether its Message-ID is known.
    to: list[str]
    has_id: list[bool]


def doubt(
    bounces: pd.DataFrame, sends: pd.DataFrame, matches: Matches, proven: int = 0, listed: pd.Series | None = None
) -> None:
    """Take back, in place, the matches that are not believed, and the doubt of what is only older than the log.

    bounces: BOUNCE_COLUMNS, `key` and `received`; sends: `key`, `message_id`, `sender`, `sent_at`, by send_id. proven:
    bounces beside these that are known to be ours. listed: the keys of the lead list, where one was given.
    """
    weak = (matches.send_id >= 0) & ~matches.sure
    open_ = np.flatnonzero(weak | (matches.send_id < 0))
    if len(open_):
        rows = _rows(bounces, sends, matches)
        senders = _senders(sends)
        proven += int(matches.sure.sum())
        _take_back_loops(bounces, matches, rows, senders, open_)
        reporters = _reporters(bounces, rows, matches, senders, proven)
        _take_back_strangers(matches, rows, reporters, proven, np.flatnonzero(weak & (matches.send_id >= 0)))
        _take_back_foreign(bounces, sends, matches, rows, reporters, np.flatnonzero(weak & (matches.send_id >= 0)))
        _take_back_floods(matches, rows, reporters, proven)
        _believe_older(bounces, sends, matches, rows, reporters)
        _name_waves(bounces, matches, rows, reporters, listed)


def sentences(bounces: pd.DataFrame, sends: pd.DataFrame) -> list[str]:
    """What was found: mails that are not believed, and failures that are older than the log.

    bounces: `received`, `send_id` (-1: none), `forged_reason` ("": believed) and `duplicate_of`; sends: `sent_at`.
    """
    found = Counter(bounces["forged_reason"].tolist())
    told = [f"Suspected forgeries {REASONS[name]}: {found[name]:,}; not counted." for name in _TOLD if found[name]]
    untied = (bounces["send_id"] < 0) & (bounces["forged_reason"] == "") & (bounces["duplicate_of"] == "")
    older = int((_before_the_log(bounces, sends) & untied).sum())
    if older:
        begins = f"{sends['sent_at'].min():%Y-%m-%d}"
        told.append(
            f"Bounces of mail from before the log's first, of {begins}: {older:,}. They are in no rate; to have them "
            "counted, give the log of that mail too. next_send.csv sends to no address that they call bad."
        )
    return told


def _rows(bounces: pd.DataFrame, sends: pd.DataFrame, matches: Matches) -> _Rows:
    form = bounces["format"]
    mail = form.isin(_MAIL) & ((form != _AMBIGUOUS) | (bounces["delivered_to"] != "") | (bounces["subject"] != ""))
    host = [public_host(name) for name in bounces["reporting_mta"].tolist()]
    # Of rows that do not say how they came, those that name a host are asked about it.
    mail |= (form == "") & np.array([bool(name) for name in host], dtype=bool)
    place = np.maximum(sends.index.get_indexer(pd.Index(matches.send_id)), 0)
    known = matches.send_id >= 0
    to = np.where(known, texts(sends["key"].iloc[place]).to_numpy(dtype=object), "")
    has_id = known & (texts(sends["message_id"].iloc[place]) != "").to_numpy(dtype=bool)
    return _Rows(host, mail.to_numpy(dtype=bool), bounces["key"].tolist(), to.tolist(), has_id.tolist())


def _senders(sends: pd.DataFrame) -> frozenset[str]:
    found = texts(pd.Series(sends["sender"].unique()).astype("str"))
    return frozenset(one.lower() for one in found if "@" in one)


def _take_back_loops(
    bounces: pd.DataFrame, matches: Matches, rows: _Rows, senders: frozenset[str], places: Iterable[int]
) -> None:
    """Bounces of what our own side wrote by itself: an absence note, or a bounce."""
    sender, headers = bounces["sender"].tolist(), bounces["original_headers"].tolist()
    for place in places:
        address = sender[place].lower()
        daemon = address.partition("@")[0] in _DAEMONS and address not in senders
        if rows.mail[place] and (daemon or _is_automatic(headers[place])):
            what = "a bounce" if daemon else "an automatic answer"
            _refuse(matches, place, f"What came back is {what} of our own side, not a mail of the log.", "loop")


def _is_automatic(headers: str) -> bool:
    if "auto" not in headers.lower():
        return False
    try:
        found = {str(name).lower(): str(value).strip().lower() for name, value in json.loads(headers).items()}
    except (ValueError, AttributeError):
        return False
    return any(found.get(name, "").startswith(value) for name, value in _AUTOMATIC.items())


def _reporters(bounces: pd.DataFrame, rows: _Rows, matches: Matches, senders: frozenset[str], proven: int) -> Reporters:
    own = frozenset(organisation(one) for one in senders)
    if not own:
        own = _mostly(bounces["delivered_to"][rows.mail])
    whom: defaultdict[str, set[str]] = defaultdict(set)
    for place in np.flatnonzero(matches.sure & rows.mail).tolist():
        if rows.host[place]:
            whom[organisation(rows.host[place])].add(organisation(rows.to[place]))
    trusted = {host for host, found in whom.items() if len(found) >= _ORGANISATIONS}
    return Reporters(own, frozenset(trusted | _agreeing(rows, matches, proven)))


def _mostly(addresses: pd.Series) -> frozenset[str]:
    """Where most of the bounces went, if the log does not say who sent."""
    found = Counter(organisation(one.lower()) for one in addresses if "@" in one)
    return frozenset(name for name, count in found.items() if 2 * count > found.total())


def _agreeing(rows: _Rows, matches: Matches, proven: int) -> set[str]:
    """Hosts that name our leads, at several organisations, and hardly anybody else: a relay that a stranger would have
    to know our list to pass for. Not where the log has Message-IDs and our mail is known to come back with them.
    """
    returns = proven >= PROVEN
    ours: Counter[str] = Counter()
    others: Counter[str] = Counter()
    without_id: set[str] = set()
    whom: defaultdict[str, set[str]] = defaultdict(set)
    for place in np.flatnonzero(rows.mail & ~matches.sure).tolist():
        if not rows.host[place]:
            continue
        host = organisation(rows.host[place])
        if matches.send_id[place] < 0:
            others[host] += 1
        elif not (returns and rows.has_id[place]):
            ours[host] += 1
            whom[host].add(organisation(rows.to[place]))
            if not rows.has_id[place]:
                without_id.add(host)
    return {
        host
        for host, count in ours.items()
        if len(whom[host]) >= (_AGREEING_WITHOUT_IDS if host in without_id else _AGREEING)
        and count >= _SHARE * (count + others[host])
    }


def _take_back_strangers(
    matches: Matches, rows: _Rows, reporters: Reporters, proven: int, places: NDArray[np.int64]
) -> None:
    """Bounces that only name a recipient, from hosts that do not fit."""
    returns = proven >= PROVEN
    for place in places.tolist():
        if not rows.mail[place]:
            continue
        host = rows.host[place]
        whom: tuple[str, ...] = (rows.to[place],)
        if matches.method[place] == "message_id":
            # With our Message-ID, the host that a mail was forwarded to may tell of it.
            whom = (*whom, rows.key[place])
        if host and not reporters.fits(host, whom):
            shown = _SHOWN[matches.method[place]]
            why = f"{host} reports it, which is neither the recipient's side nor ours, and {shown}."
            _refuse(matches, place, why, "host_does_not_fit")
        elif not host and returns and rows.has_id[place] and not matches.returned[place]:
            why = "It names no host that reports it, and not the Message-ID that our mail comes back with."
            _refuse(matches, place, why, "host_does_not_fit")


def _take_back_foreign(
    bounces: pd.DataFrame,
    sends: pd.DataFrame,
    matches: Matches,
    rows: _Rows,
    reporters: Reporters,
    places: NDArray[np.int64],
) -> None:
    """A wave of bounces that only name a recipient, and return mails whose Message-ID is a stranger's.

    A relay may write Message-IDs of its own: only mail of a mailbox that is known to come back with the log's is looked
    at, and a few are taken for honest.
    """
    ids = bounces["original_message_id"]
    named = [
        place
        for place in places.tolist()
        if rows.mail[place] and rows.has_id[place] and matches.method[place] != "message_id" and ids.iloc[place]
    ]
    known = np.flatnonzero(matches.sure & (matches.method == "message_id")).tolist()
    if len(named) < _WAVE or len(known) < PROVEN:
        return
    returns = set(_senders_of(sends, matches, known))
    ours = reporters.own | {organisation(normalise_message_id(ids.iloc[place])) for place in known}
    foreign = []
    for place, sender in zip(named, _senders_of(sends, matches, named), strict=True):
        domain = normalise_message_id(ids.iloc[place]).rpartition("@")[2]
        # Its own name is what a host mostly writes where it loses ours.
        near = {organisation(rows.host[place]), organisation(rows.to[place]), organisation(rows.key[place])}
        if sender in returns and organisation(domain) not in ours | near:
            foreign.append((place, domain))
    for place, domain in foreign if len(foreign) >= _WAVE else ():
        why = f"It returns a mail with a Message-ID of {domain}, and mail of that sender comes back with the log's own."
        _refuse(matches, place, why, "backscatter")


def _senders_of(sends: pd.DataFrame, matches: Matches, places: list[int]) -> list[str]:
    """The mailbox whose mail each bounce was matched to."""
    rows = sends.index.get_indexer(pd.Index(matches.send_id[places]))
    return [one.lower() for one in texts(sends["sender"].iloc[rows]).tolist()]


_SHOWN = {
    "message_id": "the Message-ID that it shows is of a mail to another recipient than it names",
    "verp": "everybody could write the address that it was sent to",
    "header": "everybody could write the header that names the lead",
    "recipient": "it shows nothing that only our mail has",
}


def _take_back_floods(matches: Matches, rows: _Rows, reporters: Reporters, proven: int) -> None:
    """What only names a recipient, and came with many others of mail that was never sent, or with far more of its kind
    than our mail is known to come back.
    """
    strange: Counter[str] = Counter()
    weak: defaultdict[str, list[int]] = defaultdict(list)
    bare = []
    for place in np.flatnonzero(rows.mail & ~matches.sure).tolist():
        host = rows.host[place]
        if matches.send_id[place] < 0:
            strange[host] += 1
            continue
        weak[host].append(place)
        if rows.has_id[place] and not matches.returned[place]:
            bare.append(place)
    for host, places in weak.items():
        if not (host and reporters.fits(host, ())) and strange[host] >= _FLOOD and strange[host] > _TIMES * len(places):
            for place in places:
                why = (
                    f"{host or 'A host without a name'} reported {strange[host]} failures of mail that was never sent."
                )
                _refuse(matches, place, why, "storm")
    if proven >= PROVEN and len(bare) >= _FLOOD and len(bare) > _TIMES * proven:
        for place in bare:
            why = f"It is one of {len(bare)} without a Message-ID, and {proven} show that our mail comes back with it."
            _refuse(matches, place, why, "storm")


def _of_our_own(
    bounces: pd.DataFrame, matches: Matches, rows: _Rows, reporters: Reporters, places: NDArray[np.int64]
) -> tuple[list[int], set[int]]:
    """Of some bounces, those that return a mail of ours by its sender and its Message-ID, as far as shown, and
    that a host reports which fits; and which of them do show a Message-ID.
    """
    names = {name: bounces[name].str.lower().tolist() for name in ("sender", "original_message_id")}
    ids = [normalise_message_id(one) for one in names["original_message_id"]]
    proven = {organisation(ids[place]) for place in np.flatnonzero(matches.sure).tolist() if "@" in ids[place]}
    returned = reporters.own | proven
    found = []
    for place in places.tolist():
        host, sender, one = rows.host[place], names["sender"][place], ids[place]
        if rows.mail[place]:
            ours = organisation(sender) in reporters.own
            ours &= not host or reporters.fits(host, (bounces["key"].iloc[place],))
        else:
            # What comes by a way of its own does not always name the sender.
            ours = organisation(sender or one) in returned
        if ours and ("@" not in one or organisation(one) in returned):
            found.append(place)
    return found, {place for place in found if "@" in ids[place]}


def _believe_older(
    bounces: pd.DataFrame, sends: pd.DataFrame, matches: Matches, rows: _Rows, reporters: Reporters
) -> None:
    """Bounces of mail that our own side sent before the log begins: tied to nothing, and no forgeries.

    A mailbox mostly holds more than one log tells of.
    """
    before = _before_the_log(bounces, sends).to_numpy(dtype=bool)
    places = np.flatnonzero(before & np.isin(matches.forged_reason, _NOT_IN_THE_LOG))
    if len(places):
        for place in _of_our_own(bounces, matches, rows, reporters, places)[0]:
            matches.forged_why[place] = matches.forged_reason[place] = ""


def _before_the_log(bounces: pd.DataFrame, sends: pd.DataFrame) -> pd.Series[bool]:
    """Which bounces came before the first mail; none where the log, or the bounce, has no time."""
    return pd.Series(bounces["received"] < sends["sent_at"].min(), dtype=bool)


def _name_waves(
    bounces: pd.DataFrame, matches: Matches, rows: _Rows, reporters: Reporters, listed: pd.Series | None
) -> None:
    """Of what was never sent: floods (one host, one recipient) and backscatter by name."""
    places = np.flatnonzero(matches.forged_reason == "not_sent").tolist()
    if len(places) < _WAVE:
        return
    hosts, whom = Counter(rows.host[place] for place in places), Counter(rows.key[place] for place in places)
    returned = (bounces["original_message_id"] != "").to_numpy() | (bounces["original_headers"] != "").to_numpy()
    # A campaign whose log was not given is likelier than a stranger who makes Message-IDs like ours, or who writes in
    # our name to those that are on our list.
    ours = _of_our_own(bounces, matches, rows, reporters, np.array(places))[1]
    if listed is not None:
        ours |= _about_leads(bounces, rows, reporters, places, listed)
    scattered = {place for place in places if returned[place]} - ours
    for place in places:
        host, recipient = rows.host[place], rows.key[place]
        if rows.mail[place] and host and hosts[host] >= _FLOOD and not reporters.fits(host, ()):
            matches.forged_reason[place] = "storm"
            matches.forged_why[place] += f" {host} sent {hosts[host]} like it."
        elif recipient and whom[recipient] >= _FLOOD:
            matches.forged_reason[place] = "storm"
            matches.forged_why[place] += f" {whom[recipient]} name this recipient."
        elif rows.mail[place] and place in scattered and len(scattered) >= _WAVE:
            matches.forged_reason[place] = "backscatter"


def _about_leads(
    bounces: pd.DataFrame, rows: _Rows, reporters: Reporters, places: list[int], listed: pd.Series
) -> set[int]:
    """Of some bounces, those about leads of the list and of mail from the mailbox that they came to, from hosts that
    fit. Where the log names no senders, that is all that tells which domains are ours.
    """
    some = bounces.iloc[places]
    lead = (places_in(some["key"], texts(listed)) >= 0).tolist()
    sender, mailbox = (some[name].str.lower().map(organisation).tolist() for name in ("sender", "delivered_to"))
    return {
        place
        for number, place in enumerate(places)
        if lead[number]
        and sender[number]
        and sender[number] == mailbox[number]
        and (not rows.host[place] or reporters.fits(rows.host[place], (rows.key[place],)))
    }


def _refuse(matches: Matches, place: int, why: str, reason: str) -> None:
    matches.send_id[place], matches.method[place] = -1, ""
    matches.forged_why[place], matches.forged_reason[place] = why, reason
