"""Leads of whom a part is missing from the inputs, which shows in these: who counted on would count as taken.

They are left out of all rates and of the backtest, and a warning says so.
"""

from __future__ import annotations

from dataclasses import replace
from math import log
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.words import listed, number

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Codes, Flags, Reals
    from analyzer.diagnose.contacts import Contacts, Dimension

#: Leads that joined late are left out from this share of all leads on: fewer change no figure.
_SOME = 0.05
#: Of leads that begin at one later step of a campaign so many must have had their mail before it ahead of the log; how
#: long before is as far as this share of those go of whom the log has both.
_AHEAD, _FAR = 0.8, 0.9
#: A campaign is cut off where this share of its leads begin elsewhere than most.
_ELSEWHERE = 0.1
#: Mailboxes without a bounce are called unheard where chance leaves them so less than once in 10,000 campaigns, even if
#: leads bounce half as often there, and where they have this share of the leads.
_CHANCE, _HALF, _MATTERS = 1e-4, 0.5, 0.1
#: As few other mailboxes may tell what is to be expected.
_OTHERS = 2
_NAMED = 4


def observed(correlated: Correlated, contacts: Contacts, *, begun_before: bool = False) -> Correlated:
    """The campaign without the mails to leads of whom a part is missing, and with warnings that say so.

    The very same where nothing is, or of a campaign that is only counted. begun_before: it is known that the log begins
    later than the sequences do.
    """
    if contacts.counted is not None or not len(contacts.leads):
        return correlated
    silent, said = unheard(contacts)
    late = np.zeros_like(silent) if begun_before else joined_late(correlated, contacts)
    if not (late.any() or silent.any()):
        return correlated
    told = []
    if late.any():
        told.append(
            f"{number(int(late.sum()))} of {number(len(late))} leads are in the log with later steps only: it begins "
            "after their first mail, and those whom that did not reach are not in it. They are left out of all rates; "
            "give the log from the first mail on."
        )
    rest = correlated.sends[~(late | silent)[contacts.lead]].reset_index(drop=True)
    return replace(correlated, sends=rest, warnings=[*told, *([said] if said else []), *correlated.warnings])


def joined_late(correlated: Correlated, contacts: Contacts) -> Flags:
    """By lead: whether the log begins after its first mail, so that it is there only because that did not bounce.

    All False where the log was not cut. A sequence's first mail may be its second step, behind a call or a visit, and a
    branch of it may begin later: a cut shows by a campaign whose leads begin at several steps, those at later ones as
    soon after the log's first mail as its steps follow each other.
    """
    none = np.zeros(len(contacts.leads), dtype=np.bool_)
    step = _steps(contacts.at["step"])
    if not (step > 0).any():
        return none
    lowest = step[step > 0].min()
    here = np.bincount(contacts.lead[(step == lowest) | (step == 0)], minlength=len(none)) > 0
    if here.mean() > 1 - _SOME:
        return none
    sent = pd.to_datetime(correlated.sends["sent_at"], utc=True, errors="coerce")
    mails = pd.DataFrame(
        {
            "lead": contacts.lead,
            "campaign": contacts.at["campaign"].codes.astype(np.int64),
            "step": step,
            "day": (sent - sent.min()).dt.total_seconds().to_numpy() / 86_400,
        }
    ).sort_values(["day", "lead"], kind="stable")
    begin = mails.drop_duplicates("lead").set_index("lead").sort_index()
    if not _begins_at_several(begin):
        return none
    behind = begin[~here & begin["day"].notna().to_numpy()]
    gap = _gaps(mails)
    before = behind["day"] - gap.reindex(pd.MultiIndex.from_frame(behind[["campaign", "step"]])).to_numpy()
    # Strictly: of a log whose mails all have one time, nothing can be told.
    ahead = (before < 0).groupby([behind["campaign"], behind["step"]]).transform("mean") >= _AHEAD
    late = none.copy()
    late[ahead.index[ahead]] = True
    return late if late.mean() >= _SOME else none


def _begins_at_several(begin: pd.DataFrame) -> bool:
    """Whether a good part of some campaign's leads begin at another step than most of them."""
    share = begin.groupby("campaign")["step"].value_counts(normalize=True)
    return bool((share.groupby("campaign").max() <= 1 - _ELSEWHERE).any())


def _gaps(mails: pd.DataFrame) -> pd.Series:
    """By campaign and step: how many days after the step before, at most; as elsewhere where it has none of both."""
    both = mails.merge(mails.assign(step=mails["step"] + 1), on=["lead", "campaign", "step"], suffixes=("", "_before"))
    both["gap"] = both["day"] - both["day_before"]
    every = pd.MultiIndex.from_frame(mails[["campaign", "step"]].drop_duplicates())
    own = both.groupby(["campaign", "step"])["gap"].quantile(_FAR).reindex(every)
    alike = both.groupby("step")["gap"].quantile(_FAR).reindex(every.get_level_values("step")).to_numpy()
    return own.fillna(pd.Series(alike, every)).fillna(both["gap"].quantile(_FAR) if len(both) else np.nan)


def _steps(step: Dimension) -> Codes:
    """The number of each mail's step; 0 where it is none."""
    numbers = [int(name) if name.isascii() and name.isdigit() and len(name) < 4 else 0 for name in step.values]
    return np.array([*numbers, 0], dtype=np.int64)[step.codes]


def unheard(contacts: Contacts) -> tuple[Flags, str]:
    """By lead: whether it is one of a sending mailbox whose bounces were not given; and a sentence on these mailboxes.

    They are those of which nothing bounced though others' leads of the same email status and campaign did, too many for
    chance; no single one of these others decides.
    """
    leads, sender = contacts.leads, contacts.at["sender"]
    own = contacts.per_lead("sender").codes
    nobody = np.zeros(len(leads), dtype=np.bool_)
    told = (leads["hard"] | leads["spam"] | leads["unknown"]).to_numpy()
    sizes = np.bincount(own, minlength=len(sender.values))
    heard = np.bincount(own[told], minlength=len(sender.values)) > 0
    quiet = ~heard & (sizes > 0) & np.array([bool(name) for name in sender.values])
    if heard.sum() < _OTHERS or sizes[quiet].sum() < _MATTERS * len(leads):
        return nobody, ""
    missed = _expected(leads, own, heard, quiet)
    # Which mailboxes are quiet was seen first: as if they had been picked from all selections of them.
    if missed * _HALF < log(1 / _CHANCE) + len(sender.values) * log(2):
        return nobody, ""
    names = [sender.values[code] for code in np.argsort(-sizes, kind="stable") if quiet[code]]
    more = [f"{number(len(names) - _NAMED)} more"] if len(names) > _NAMED else []
    said = (
        f"No bounce of {number(len(names))} of the {number(int((sizes > 0).sum()))} sending mailboxes was given "
        f"({listed([*names[:_NAMED], *more])}), where the others let expect some {number(round(missed))} among "
        f"{number(int(sizes[quiet].sum()))} leads. These leads are left out of all rates; give the bounces of these "
        "mailboxes too."
    )
    return np.asarray(quiet[own]), said


def _expected(leads: pd.DataFrame, own: Codes, heard: Flags, quiet: Flags) -> float:
    """Hard bounces that the leads of the quiet mailboxes would have had; the least, whichever other one is left out."""
    cell = leads["email_status"].cat.codes.to_numpy().astype(np.int64) + 1
    cell = cell * (len(leads["campaign"].cat.categories) + 1) + leads["campaign"].cat.codes.to_numpy() + 1
    cell, hard = np.unique(cell, return_inverse=True)[1], leads["hard"].to_numpy()
    shape = len(heard), int(cell.max()) + 1
    at = own.astype(np.int64) * shape[1] + cell
    sizes, bounced = (np.bincount(at[rows], minlength=shape[0] * shape[1]).reshape(shape) for rows in (..., hard))
    asked, all_leads, all_hard = sizes[quiet].sum(axis=0), sizes[heard].sum(axis=0), bounced[heard].sum(axis=0)
    return min(
        float((asked * _rates(all_hard - bounced[one], all_leads - sizes[one])).sum()) for one in np.flatnonzero(heard)
    )


def _rates(bounced: Codes, leads: Codes) -> Reals:
    return np.asarray(bounced / np.maximum(leads, 1), dtype=np.float64)
