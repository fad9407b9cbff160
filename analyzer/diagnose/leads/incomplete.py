"""Leads of whom a part is missing from the inputs, which shows in these: who counted on would count as taken.

They are left out of all rates and of the backtest, and a warning says so.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from math import log
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import sums
from analyzer.diagnose.leads.contacts import contacts
from analyzer.diagnose.leads.counted import with_counted
from analyzer.diagnose.leads.silent import Late
from analyzer.diagnose.words import listed, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analyzer.correlate import Correlated
    from analyzer.diagnose.arrays import Codes, Flags, Reals
    from analyzer.diagnose.leads.contacts import Contacts, Dimension
    from analyzer.diagnose.leads.silent import Rows

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
_DAY = 86_400


def observed(correlated: Correlated, whole: Contacts, *, begun_before: bool = False) -> tuple[Correlated, Contacts]:
    """The campaign without the mails to leads of whom a part is missing, and with warnings that say so.

    The very same where nothing is. begun_before: it is known that the log begins later than the sequences do.
    """
    if not len(whole.leads):
        return correlated, whole
    late = Cut(_nobody(whole)) if begun_before else joined_late(correlated, whole)
    quiet, said = unheard(whole)
    if not late.leads and not quiet.any():
        return correlated, whole
    told = _told(whole)
    kept = ~(late.late | quiet[told.per_lead("sender").codes])
    warnings = [said] if said else []
    if late.leads:
        warnings.insert(
            0,
            f"{number(late.leads)} of {number(len(whole.leads))} leads are in the log with later steps only: it begins "
            "after their first mail, and those whom that did not reach are not in it. They are left out of all rates; "
            "give the log from the first mail on.",
        )
    senders = whole.at["sender"].values
    names = [senders[code] for code in np.flatnonzero(quiet)]
    correlated = replace(correlated, warnings=[*warnings, *correlated.warnings])
    return without(correlated, whole, kept, late.where, names)


def without(
    correlated: Correlated, whole: Contacts, kept: Flags, late: Late | None = None, senders: Sequence[str] = ()
) -> tuple[Correlated, Contacts]:
    """The campaign with some of its leads only: kept, of those whose mails are held.

    late, senders: which of the leads that are only counted are left out, too.
    """
    told = _told(whole)
    # Leads that are only counted have no mails of their own behind the told ones.
    sends = correlated.sends[: len(told.lead)]
    rest = replace(correlated, sends=sends[kept[told.lead]].reset_index(drop=True))
    if whole.counted is None:
        return rest, contacts(rest)
    return with_counted(rest, *whole.counted.silent.rows.without(late, list(senders), rest, kept))


def _told(whole: Contacts) -> Contacts:
    """The leads whose mails are held: all, but of a campaign of which most are only counted."""
    return whole if whole.counted is None else whole.counted.told


def _nobody(whole: Contacts) -> Flags:
    return np.zeros(len(_told(whole).leads), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Cut:
    """Leads that a log has from later steps on: which of those whose mails are held, how many in all, and of those that
    are only counted, where they begin.
    """

    late: Flags
    leads: int = 0
    where: Late | None = None


def joined_late(correlated: Correlated, whole: Contacts) -> Cut:
    """By lead: whether the log begins after its first mail, so that it is there only because that did not bounce.

    Nobody where the log was not cut. A sequence's first mail may be its second step, behind a call or a visit, and a
    branch of it may begin later: a cut shows by a campaign whose leads begin at several steps, those at later ones as
    soon after the log's first mail as its steps follow each other.
    """
    none, told = Cut(_nobody(whole)), _told(whole)
    step = _steps(told.at["step"])
    known = {*np.unique(step).tolist(), *_silent_steps(whole)} - {0}
    if not known:
        return none
    lowest = min(known)
    here = np.bincount(told.lead[(step == lowest) | (step == 0)], minlength=len(none.late)) > 0
    silent, first = _silent_begun(whole, lowest)
    if here.sum() + silent["leads"][silent["here"]].sum() > (1 - _SOME) * len(whole.leads):
        return none
    sent = pd.to_datetime(correlated.sends["sent_at"][: len(step)], utc=True, errors="coerce").dt.tz_convert(None)
    start = pd.Series([sent.min(), pd.Timestamp(first)]).min()
    mails = pd.DataFrame(
        {
            "lead": told.lead,
            "campaign": told.at["campaign"].codes.astype(np.int64),
            "step": step,
            "sent_at": sent,
            "day": (sent - start).dt.total_seconds() / _DAY,
        }
    ).sort_values(["day", "lead"], kind="stable")
    begin = mails.drop_duplicates("lead").set_index("lead").sort_index()
    if not _begins_at_several(begin, silent):
        return none
    behind = begin[~here & begin["day"].notna().to_numpy()]
    ahead = _ahead(behind, _gaps(mails, whole), whole, lowest, start)
    cut = ahead[ahead["ahead"] >= _AHEAD * ahead["leads"]]
    if cut["leads"].sum() < _SOME * len(whole.leads):
        return none
    late = none.late.copy()
    late[behind.index[pd.MultiIndex.from_frame(behind[["campaign", "step"]]).isin(cut.index)]] = True
    names = whole.at["campaign"].values
    return Cut(late, int(cut["leads"].sum()), Late(lowest, tuple((names[code], int(at)) for code, at in cut.index)))


def _ahead(behind: pd.DataFrame, gap: pd.Series, whole: Contacts, lowest: int, start: pd.Timestamp) -> pd.DataFrame:
    """Leads that have no first mail here: `leads` by the campaign and step that they begin at, and how many of them
    would have had the mail before it `ahead` of `start`.
    """
    before = behind["day"] - gap.reindex(pd.MultiIndex.from_frame(behind[["campaign", "step"]])).to_numpy()
    # Strictly: of a log whose mails all have one time, nothing can be told.
    found = behind.assign(leads=1, ahead=(before < 0).astype(np.int64))[["campaign", "step", "leads", "ahead"]]
    if whole.counted is not None:
        names = whole.at["campaign"].values
        asked = gap.rename("gap").reset_index()
        asked["campaign"] = [names[code] for code in asked["campaign"]]
        more = whole.counted.silent.rows.ahead(lowest, start.to_datetime64(), asked)
        found = pd.concat([found, more.assign(campaign=more["campaign"].map(_places(whole)))])
    return found.groupby(["campaign", "step"])[["leads", "ahead"]].sum()


def _silent_begun(whole: Contacts, lowest: int) -> tuple[pd.DataFrame, np.datetime64]:
    """`Rows.begun`, with campaigns as codes; nobody and no time where no leads are only counted."""
    if whole.counted is None:
        nobody = pd.DataFrame({"campaign": [0], "step": [0], "here": [False], "leads": [0]}).head(0)
        return nobody, np.datetime64("NaT", "us")
    begun, first = whole.counted.silent.rows.begun(lowest)
    return begun.assign(campaign=begun["campaign"].map(_places(whole))), first


def _places(whole: Contacts) -> dict[str, int]:
    return {name: code for code, name in enumerate(whole.at["campaign"].values)}


def _silent_steps(whole: Contacts) -> list[int]:
    """The numbers of the steps that leads have of whom only counts are held."""
    if whole.counted is None:
        return []
    values = whole.counted.silent.values
    return [_step(name) for name in values["value"][values["dimension"] == "step"].unique()]


def _begins_at_several(begin: pd.DataFrame, silent: pd.DataFrame) -> bool:
    """Whether a good part of some campaign's leads begin at another step than most of them."""
    leads = begin.groupby(["campaign", "step"]).size()
    leads = leads.add(silent.groupby(["campaign", "step"])["leads"].sum(), fill_value=0)
    by_campaign = leads.groupby("campaign")
    return bool((by_campaign.max() <= (1 - _ELSEWHERE) * by_campaign.sum()).any())


def _gaps(mails: pd.DataFrame, whole: Contacts) -> pd.Series:
    """By campaign and step: how many days after the step before, at most; as elsewhere where it has none of both."""
    if whole.counted is not None:
        return _gaps_of_all(mails, whole.counted.silent.rows, whole.at["campaign"].values)
    both = mails.merge(mails.assign(step=mails["step"] + 1), on=["lead", "campaign", "step"], suffixes=("", "_before"))
    both["gap"] = both["day"] - both["day_before"]
    every = pd.MultiIndex.from_frame(mails[["campaign", "step"]].drop_duplicates())
    alike = both.groupby("step")["gap"].quantile(_FAR)
    usual = float(both["gap"].quantile(_FAR)) if len(both) else np.nan
    return _at_each(every, both.groupby(["campaign", "step"])["gap"].quantile(_FAR), alike, usual)


def _gaps_of_all(mails: pd.DataFrame, silent: Rows, campaigns: list[str]) -> pd.Series:
    """The same of all leads, those of whom only counts are held among them."""
    told = mails.assign(campaign=np.array(campaigns, dtype=object)[mails["campaign"]])
    found = silent.gaps(told[["lead", "campaign", "step", "sent_at"]], _FAR)
    found["campaign"] = found["campaign"].map({name: code for code, name in enumerate(campaigns)})
    by_campaign, by_step = found["campaign"].notna(), found["step"].notna()
    own = found[by_campaign].astype({"campaign": np.int64, "step": np.int64}).set_index(["campaign", "step"])["gap"]
    alike = found[~by_campaign & by_step].astype({"step": np.int64}).set_index("step")["gap"]
    usual = found["gap"][~by_step]
    return _at_each(own.index, own, alike, float(usual.iloc[0]) if len(usual) else np.nan)


def _at_each(every: pd.Index, own: pd.Series, alike: pd.Series, usual: float) -> pd.Series:
    """The gap of each campaign and step, else that of the step elsewhere, else the usual one."""
    there = alike.reindex(every.get_level_values("step")).to_numpy()
    return own.reindex(every).fillna(pd.Series(there, every)).fillna(usual)


def _steps(step: Dimension) -> Codes:
    """The number of each mail's step; 0 where it is none."""
    return np.array([*map(_step, step.values), 0], dtype=np.int64)[step.codes]


def _step(name: str) -> int:
    return int(name) if name.isascii() and name.isdigit() and len(name) < 4 else 0


def unheard(whole: Contacts) -> tuple[Flags, str]:
    """The sending mailboxes (by code) whose bounces were not given; and a sentence on them.

    They are those of which nothing bounced though others' leads of the same email status and campaign did, too many for
    chance; no single one of these others decides.
    """
    senders = whole.at["sender"].values
    nobody = np.zeros(len(senders), dtype=np.bool_)
    rows = _by_sender(whole)
    sizes, bounced = (sums(rows.sender, of, len(senders)).astype(np.int64) for of in (rows.leads, rows.bounced))
    heard = bounced > 0
    quiet = ~heard & (sizes > 0) & np.array([bool(name) for name in senders])
    if heard.sum() < _OTHERS or sizes[quiet].sum() < _MATTERS * len(whole.leads):
        return nobody, ""
    missed = _expected(rows, heard, quiet)
    # Which mailboxes are quiet was seen first: as if they had been picked from all selections of them.
    if missed * _HALF < log(1 / _CHANCE) + len(senders) * log(2):
        return nobody, ""
    names = [senders[code] for code in np.argsort(-sizes, kind="stable") if quiet[code]]
    more = [f"{number(len(names) - _NAMED)} more"] if len(names) > _NAMED else []
    said = (
        f"No bounce of {number(len(names))} of the {number(int((sizes > 0).sum()))} sending mailboxes was given "
        f"({listed([*names[:_NAMED], *more])}), where the others let expect some {number(round(missed))} among "
        f"{number(int(sizes[quiet].sum()))} leads. These leads are left out of all rates; give the bounces of these "
        "mailboxes too."
    )
    return quiet, said


@dataclass(frozen=True, slots=True)
class _BySender:
    """Rows of so many leads (all that are held mail by mail are a row each) by what they were at their first mail, in
    codes: the sending mailbox, the email status, the campaign; and which bounced for whatever reason, and which hard.
    """

    sender: Codes
    status: Codes
    campaign: Codes
    leads: Codes
    bounced: Flags
    hard: Flags


def _by_sender(whole: Contacts) -> _BySender:
    told = _told(whole)
    hard = told.leads["hard"].to_numpy()
    rows = _BySender(
        told.per_lead("sender").codes,
        told.leads["email_status"].cat.codes.to_numpy().astype(np.int64),
        told.leads["campaign"].cat.codes.to_numpy().astype(np.int64),
        np.ones(len(hard), dtype=np.int64),
        hard | told.leads["spam"].to_numpy() | told.leads["unknown"].to_numpy(),
        hard,
    )
    if whole.counted is None:
        return rows
    silent = whole.counted.silent.rows.beside("sender", {"campaign": whole.at["campaign"].values})
    silent = silent[silent["first"]]
    codes = [
        silent[column].map({value: code for code, value in enumerate(whole.at[name].values)}).to_numpy(dtype=np.int64)
        for column, name in (("value", "sender"), ("email_status", "email_status"), ("had_campaign", "campaign"))
    ]
    none = np.zeros(len(silent), dtype=np.bool_)
    sender, status, campaign = codes
    more = _BySender(sender, status, campaign, silent["leads"].to_numpy(dtype=np.int64), none, none)
    return _BySender(*(np.concatenate([getattr(part, each.name) for part in (rows, more)]) for each in fields(rows)))


def _expected(rows: _BySender, heard: Flags, quiet: Flags) -> float:
    """Hard bounces that the leads of the quiet mailboxes would have had; the least, whichever other one is left out."""
    cell = np.unique(rows.status * (int(rows.campaign.max()) + 2) + rows.campaign, return_inverse=True)[1]
    shape = len(heard), int(cell.max()) + 1
    at = rows.sender.astype(np.int64) * shape[1] + cell
    sizes, bounced = (sums(at, of, shape[0] * shape[1]).reshape(shape) for of in (rows.leads, rows.hard))
    asked, all_leads, all_hard = sizes[quiet].sum(axis=0), sizes[heard].sum(axis=0), bounced[heard].sum(axis=0)
    return min(
        float((asked * _rates(all_hard - bounced[one], all_leads - sizes[one])).sum()) for one in np.flatnonzero(heard)
    )


def _rates(bounced: Reals, leads: Reals) -> Reals:
    return np.asarray(bounced / np.maximum(leads, 1), dtype=np.float64)
