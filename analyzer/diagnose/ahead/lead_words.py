"""Why each lead of the next list has its decision, in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analyzer.diagnose.ahead import ranking_words
from analyzer.diagnose.thresholds import thresholds
from analyzer.diagnose.words import listed, number, percent

if TYPE_CHECKING:
    from analyzer.diagnose.ahead.decisions import Chosen
    from analyzer.diagnose.ahead.next_list import NextList
    from analyzer.diagnose.ahead.origins import Origins
    from analyzer.diagnose.arrays import Codes, Flags

#: Why a lead is out, and what is to be cleared before it is used; the rest are findings of `check`.
BARRED = {
    "invalid": "The address is marked invalid.",
    "missing": "The row holds no address.",
    "malformed": "This is no address that a mail can be sent to.",
    "refused": "The receiver's own rule refused our last mail, and would refuse the next: use another channel.",
    "company": "The company refuses our mail as a whole, and would refuse the next: use another channel.",
    "domain": "The domain takes no mail: it bounced as dead, and nothing got through to it.",
    "suppressed": "The address bounced for good, or complained, before.",
    "opted_out": "The person asked not to be written to again.",
}
DOUBTS = {
    "unread": "An earlier mail to this address bounced, and nothing says why: verify it before it is used.",
    "bounced_before_the_log": "A bounce from before the log begins calls this address bad: verify it before use.",
    "complained_before_the_log": "A complaint from before the log begins names this address: ask before use.",
}
_TOOK = "Our earlier mail to this address was taken"
#: Values of an origin named in a sentence.
_SHOWN = 3
#: Recommendations by which the list as a whole goes beyond what is tolerated.
_SETTINGS = ("max_quality", "reverify")


def reasons(ahead: NextList, chosen: Chosen) -> pd.Series[str]:
    """One sentence a lead: what its chance rests on, and what keeps it from being sent to."""
    if ahead.ranked is None:
        raise ValueError("a list of its own has been ranked")
    ending = _endings(chosen)
    told = ranking_words.reasons(
        ahead.means,
        ahead.ranked.evidence,
        ahead.ranked.weights,
        ending,
        _elsewhere(ahead),
        _nowhere_bad(ahead),
        at_most=ahead.at_most,
    )
    for place in reversed(range(len(ahead.origins))):
        # With max quantity it is not the list that would suffer.
        end = ranking_words.ENDINGS[
            ranking_words.BEYOND if chosen.recommendation in _SETTINGS else ranking_words.NOTHING
        ]
        told = told.mask(pd.Series(chosen.origins[place]), _of_origin(ahead, place) + end)
    if ahead.stale is not None:
        told = told.mask(pd.Series(chosen.old), _of_age(ahead))
    took = pd.Series(ending).map(dict(enumerate(_TOOK + each for each in ranking_words.ENDINGS)))
    told = told.mask(pd.Series(ahead.taken), took.str.replace("; ", ", but ", regex=False))
    if ahead.doubted is not None:
        told = told.mask(pd.Series(chosen.doubted), pd.Series(ahead.doubted).map(_says(DOUBTS)))
    if ahead.meant is not None:
        told = told.mask(pd.Series(chosen.misspelt), "Its domain looks misspelt (" + pd.Series(ahead.meant) + "?).")
    told = told.where(ahead.barred == "", pd.Series(ahead.barred).map(_says(BARRED)))
    if ahead.meant is not None:
        dead = pd.Series((ahead.barred == "domain") & (ahead.meant != ""))
        told = told.mask(dead, "Its domain takes no mail, and looks misspelt (" + pd.Series(ahead.meant) + "?).")
    return told


def _says(own: dict[str, str]) -> dict[str, str]:
    """A sentence for each of our reasons, and for each finding of `check`."""
    from analyzer.check.facts import findings

    return {code: each.says for code, each in findings().items()} | own


def _endings(chosen: Chosen) -> Codes:
    """What keeps each lead from being sent to, as a position in `ranking_words.ENDINGS`."""
    told = chosen.recommendation != "insufficient_evidence"
    beyond = ranking_words.BEYOND if told else ranking_words.UNTOLD
    ending = np.where(chosen.send, ranking_words.NOTHING, np.where(chosen.risky, ranking_words.RISKY, beyond))
    return np.asarray(ending, dtype=np.int64)


def _of_age(ahead: NextList) -> str | pd.Series[str]:
    """Why what is old is verified first."""
    found = ahead.stale
    if found is None or ahead.days is None:
        raise ValueError("nothing is old where nothing is known of ages")
    days = number(thresholds().guessed.stale_days)
    rates = f"such addresses bounced at {percent(found.old_rate)}, fresher ones at {percent(found.fresh_rate)}."
    undated = f"Nothing says when it was verified, and what was verified over {days} days before bounced at "
    return pd.Series(np.isnan(ahead.days)).map(
        {
            False: f"Its verification is older than {days} days; {rates}",
            True: f"{undated}{percent(found.old_rate)}, fresher ones at {percent(found.fresh_rate)}.",
        }
    )


def _of_origin(ahead: NextList, place: int) -> pd.Series[str]:
    """Why leads of a bad origin are verified first."""
    found, value = ahead.origins[place], ahead.from_origin[place]
    if value is None:
        return pd.Series("", index=range(len(ahead.cell)), dtype="str")
    names = pd.Series(np.array([*found.found, "", ""], dtype=object)[value], dtype="str")
    return f"Leads of the {found.name} " + names + " bounce more than others like them"


def _elsewhere(ahead: NextList) -> Flags:
    """Who is of none of the origins that bounce more, and expected to bounce less for that."""
    less = np.zeros(len(ahead.cell), dtype=np.bool_)
    for place, (found, value) in enumerate(zip(ahead.origins, ahead.from_origin, strict=True)):
        if value is not None:
            good = (value == len(found.found)) & (np.log(found.others[ahead.cell]) <= -ranking_words.WORTH_TELLING)
            less = good if place == 0 else less | good
    bad = [there for place in range(len(ahead.origins)) if (there := ahead.from_bad(place)) is not None]
    return np.asarray(less & ~np.logical_or.reduce([less & False, *bad]), dtype=np.bool_)


def _nowhere_bad(ahead: NextList) -> str:
    """The clause for them: "it is not of the list source Crawler"."""
    return "it is not of " + " nor of ".join(_named(each) for each in ahead.origins)


def _named(found: Origins) -> str:
    if len(found.found) > _SHOWN:
        return f"one of {number(len(found.found))} {found.name} values that bounce more"
    return f"the {found.name} {listed(list(found.found)).replace(' and ', ' or ')}"
