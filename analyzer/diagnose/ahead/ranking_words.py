"""The ranking in sentences: why a model or the cells order the list, and what speaks for and against each lead."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from analyzer.diagnose.ahead.ranking_features import HOSTS, SHAPES, Evidence
from analyzer.diagnose.arrays import Codes, Flags, Reals
from analyzer.diagnose.leads.contacts import GROUPS
from analyzer.diagnose.words import listed, many, number, percent, status
from analyzer.records import EMAIL_STATUSES, INDUSTRY_GROUPS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

BY_CELLS = "Leads are ranked by email status, industry group and what their domain did before"
_BY_MODEL = (
    "Leads are ranked by a model that adds to email status and industry group what each lead carries: its domain's "
    "bounces, its pattern, the age of its verification, who runs its mail"
)
#: What moves a lead's odds by less than a seventh is not worth a word.
WORTH_TELLING = float(np.log(1.15))
#: What a sentence about a lead ends in, and the positions of these.
NOTHING, BEYOND, UNTOLD, RISKY = range(4)
ENDINGS: tuple[str, ...] = (
    ".",
    "; with it, the list would go beyond what is tolerated.",
    "; that the list stays within what is tolerated with it cannot be told.",
    "; it will rather bounce than not.",
)
_HOST = {
    "google": "Google runs its domain's mail",
    "microsoft": "Microsoft runs its domain's mail",
    "consumer": "it is a free-mail address",
    "gateway": "a mail filter stands before its domain",
    "other": "its domain's mail is run by a smaller provider",
    "": "nothing is known of who runs its domain's mail",
}
_SHAPE = {
    "role": "it is a role's address, no person's",
    "digits": "it has digits before the @",
    "word": "it has a single name before the @",
    "other": "it is built in no usual way",
}
_MONTHS = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 18, 21, 24, 30, 36, 48, 60])


def too_few(bounces: int, needed: int) -> str:
    """Why the cells: not enough to learn from."""
    found = many(bounces, "bad address", "bad addresses") if bounces else "no bad address"
    return f"the log shows {found}, and a model that looks at each lead needs {number(needed)}"


def lopsided(since: int, learnt: int, judged: int, learn: int, judge: int) -> str:
    """Why the cells: one of the two parts has too little."""
    return (
        f"{number(learnt)} of the bad addresses bounced before {_day(since)} and {number(judged)} were first written "
        f"to later; a model that looks at each lead needs {number(learn)} to learn from and {number(judge)} to be "
        "tested on"
    )


def not_better(since: int, leads: int, bounces: int) -> str:
    """Why the cells: the model did not beat them."""
    return (
        f"{BY_CELLS}: a model with more about each lead, learnt from the mails before {_day(since)}, did not foretell "
        f"the {_later(leads, bounces)} better than chance could have it."
    )


def better(since: int, leads: int, bounces: int) -> str:
    """Why the model."""
    return (
        f"{_BY_MODEL}. Learnt from the mails before {_day(since)}, it foretold the {_later(leads, bounces)} better, "
        "beyond chance."
    )


def _later(leads: int, bounces: int) -> str:
    return f"{many(bounces, 'address bounce')} of the {many(leads, 'lead')} after it"


def _day(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}"


def reasons(
    means: Reals,
    known: Evidence,
    weights: Reals,
    ending: Codes,
    elsewhere: Flags,
    clause: str,
    *,
    at_most: bool = False,
) -> pd.Series[str]:
    """One sentence a lead: its cell's rate, the two things that move it most, and what its `ending` (in ENDINGS) says.

    `weights` as `Ranked` has them; for those `elsewhere` the `clause` speaks, too. at_most: the rates count what says
    nothing of its cause. Sentences are made once for all leads that share one.
    """
    import pandas as pd

    clauses: list[str] = [""]
    first, second = _two_largest(weights)
    chosen = [np.zeros(len(first), dtype=np.int64), np.zeros(len(first), dtype=np.int64)]
    for family, tell in enumerate((_domain, _pattern, _age, _host, _shape)):
        for place, largest in enumerate((first, second)):
            rows = np.flatnonzero(largest == family)
            if len(rows):
                chosen[place][rows] = tell(known, weights[rows, family] > 0, rows, clauses)
    up = [_at(weights, largest) > 0 for largest in (first, second)]
    # The same clause twice would be a domain whose pattern says what its record says.
    chosen[1][chosen[0] == chosen[1]] = 0
    size = len(clauses)
    key = known.facts.cell
    parts = ((chosen[0], size), (up[0], 2), (chosen[1], size), (up[1], 2), (elsewhere, 2), (ending, len(ENDINGS)))
    for part, width in parts:
        key = key * width + part
    codes, keys = pd.factorize(key)
    texts = []
    for code in keys.tolist():
        code, end = divmod(code, len(ENDINGS))
        code, apart = divmod(code, 2)
        code, up_two = divmod(code, 2)
        code, two = divmod(code, size)
        code, up_one = divmod(code, 2)
        cell, one = divmod(code, size)
        moved = [(clauses[one], up_one), (clauses[two], up_two), (clause if apart else "", 0)]
        texts.append(_sentence(cell, means, moved, ENDINGS[end], at_most=at_most))
    return pd.Series(np.array(texts, dtype=object)[codes] if len(texts) else [], dtype="str")


def _sentence(cell: int, means: Reals, moved: Sequence[tuple[str, int]], ending: str, *, at_most: bool) -> str:
    group = INDUSTRY_GROUPS[cell % GROUPS]
    where = "" if group == "unclassified" else f" in {group} industries"
    name = status(EMAIL_STATUSES[cell // GROUPS])
    most = ", counting bounces that say nothing of their cause" if at_most else ""
    text = f"{name[:1].upper()}{name[1:]}{where} are expected to bounce at {percent(float(means[cell]))}{most}"
    for word, sign in (("more", 1), ("less", 0)):
        why = [clause for clause, up in moved if clause and up == sign]
        if why:
            text += f"; this one {word}, as {listed(why)}"
    return text + ending


def _two_largest(weights: Reals) -> tuple[Codes, Codes]:
    """Per lead the family that moves it most and the next one; -1 where none is worth telling."""
    size = np.abs(weights)
    order = np.argsort(-size, axis=1, kind="stable")[:, :2]
    return tuple(  # type: ignore[return-value]
        np.where(_at(size, order[:, place]) >= WORTH_TELLING, order[:, place], -1) for place in (0, 1)
    )


def _at(weights: Reals, family: Codes) -> Reals:
    return weights[np.arange(len(weights)), np.maximum(family, 0)]


def _told(key: Codes, words: Callable[[int], str], clauses: list[str]) -> Codes:
    """The place in `clauses` of each row's words; `words` is asked once a key, and its clause added."""
    import pandas as pd

    codes, keys = pd.factorize(key)
    places = []
    for one in keys.tolist():
        clause = words(one)
        places.append(len(clauses) if clause else 0)
        if clause:
            clauses.append(clause)
    return np.array(places, dtype=np.int64)[codes]


def _domain(known: Evidence, up: Flags, rows: Codes, clauses: list[str]) -> Codes:
    seen, bounced = known.status_seen[rows], known.status_bounced[rows]
    # What its own status did there is the nearer fact; where that says nothing, or the opposite, all statuses' is told.
    wide = (seen == 0) | (up & (bounced == 0)) | (~up & (bounced == seen))
    seen = np.where(wide, known.any_seen[rows], seen)
    bounced = np.where(wide, known.any_bounced[rows], bounced)
    kind = np.where(wide, len(EMAIL_STATUSES), known.facts.cell[rows] // GROUPS)
    width = 1 << 24

    def words(key: int) -> str:
        place, of = divmod(key // width, width)
        name = "addresses" if place == len(EMAIL_STATUSES) else status(EMAIL_STATUSES[place])
        return _record(key % width, of, name, "at this domain") if of else "nothing was sent to this domain before"

    return _told((kind * width + np.minimum(seen, width - 1)) * width + np.minimum(bounced, width - 1), words, clauses)


def _pattern(known: Evidence, up: Flags, rows: Codes, clauses: list[str]) -> Codes:
    width = 1 << 24
    seen, bounced = known.pattern_seen[rows], known.pattern_bounced[rows]

    def words(key: int) -> str:
        place, of = divmod(key // width, width)
        return _record(key % width, of, "unconfirmed addresses", f"of its pattern ({SHAPES[place]}) at this domain")

    key = (known.facts.shape[rows] * width + np.minimum(seen, width - 1)) * width + np.minimum(bounced, width - 1)
    return np.where(seen > 0, _told(key, words, clauses), 0)


def _record(bounced: int, of: int, name: str, where: str) -> str:
    """`3 of 5 guessed addresses at this domain were bad`: mail refused as spam says nothing against an address."""
    if of == 1:
        one = name.replace("addresses", "address", 1)
        return f"the one {one} {where} that was written to was {'bad' if bounced else 'not bad'}"
    how_many = number(bounced) if bounced else "none"
    return f"{how_many} of {number(of)} {name} {where} {'was' if bounced == 1 else 'were'} bad"


def _age(known: Evidence, up: Flags, rows: Codes, clauses: list[str]) -> Codes:
    months = known.months[rows]
    dated = ~np.isnan(months)
    whole = np.searchsorted(_MONTHS, np.where(dated, months, 0.0), side="right") - 1

    def words(key: int) -> str:
        if key < 0:
            return "nothing says when it was verified"
        since = int(_MONTHS[key])
        if since == _MONTHS[-1]:
            return f"it was verified over {since // 12} years ago"
        return f"it was verified {many(since, 'month')} ago" if since else "it was verified less than a month ago"

    return _told(np.where(dated, whole, -1), words, clauses)


def _host(known: Evidence, up: Flags, rows: Codes, clauses: list[str]) -> Codes:
    return _told(known.host[rows], lambda key: _HOST[HOSTS[key]], clauses)


def _shape(known: Evidence, up: Flags, rows: Codes, clauses: list[str]) -> Codes:
    return _told(known.facts.shape[rows], lambda key: _SHAPE.get(SHAPES[key], f"it is built as {SHAPES[key]}"), clauses)
