"""The fixes that the refusals ask for, from `rules/fixes.toml`, each with what speaks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from analyzer.diagnose.arrays import Flags, Texts
from analyzer.diagnose.diagnosis import Document, Fix, Side
from analyzer.diagnose.refused.fix_mail import FixMail
from analyzer.diagnose.refused.fix_rules import FixRule, fix_rules
from analyzer.diagnose.refused.named import NAMED
from analyzer.diagnose.refused.refusals import STANDING, Findings
from analyzer.diagnose.thresholds import thresholds
from analyzer.knowledge import data_folder, load_toml

_EVIDENCE = 3
_SENDERS = 5
#: Each list of addresses and domains has to be left by itself; a link is taken out of the mail once for all lists.
_LISTED = ("ip_blocklisted", "domain_blocklisted")
_LINK = "url_blocklisted"
_ADDRESS = re.compile(r"(?<![^\s<>@\"'(),;:\[\]=])[^\s<>@\"'(),;:\[\]=]+@([\w.-]+)")
_WORD = re.compile(r"[\w-]+")
#: Words of so many letters are keys, not language.
_KEY = 16


@dataclass(frozen=True, slots=True)
class _Asked:
    """A fix with the refusals that ask for it, how many of them it explains, and `Fix.clear`."""

    rule: FixRule
    rows: pd.DataFrame
    bounces: int
    clear: int | None


def fixes(found: Findings, side: Side, mail: FixMail) -> list[Fix]:
    """The fixes that the findings ask for, numbered by priority; each refusal counts for one of them.

    One reply that names a fault of ours suffices to list its fix. `_order` says which comes first.
    """
    rows, line = found.refused, thresholds().deliverability.block_line
    chosen: list[_Asked] = []
    dealt = [(rule, mine, _explained(rule, mine, found)) for rule, mine in _dealt(found)]
    # Beside a proven fault, the few that name nothing are what every campaign has.
    unnamed = [each for each in dealt if _doubtful(each[0]) and not set(each[0].reasons) & set(NAMED)]
    usual = sum(explained for _, _, explained in unnamed) <= line * found.leads
    beside = {rule.id for rule, _, _ in unnamed} if found.proofs and usual else set()
    for rule, mine, explained in dealt:
        # A reply that names nothing is no reason to change anything where our side is not the one at fault.
        few = explained < thresholds().evidence.min_bounces or explained <= line * found.leads
        quiet = (side == "none" and not _mostly(rule, explained, found)) or (side == "recipient" and few)
        idle = _doubtful(rule) and quiet
        if explained and not idle and rule.id not in beside:
            chosen += [
                _Asked(each, rows[part], explained if part is mine else int(part.sum()), _clear(each, rows[part], mail))
                for each, part in _split(rule, rows, mine)
            ]
    chosen.sort(key=_order)
    return [_fix(each, mail, len(rows), place) for place, each in enumerate(chosen, start=1)]


def _clear(rule: FixRule, rows: pd.DataFrame, mail: FixMail) -> int | None:
    return mail.clear(rows) if rule.side == "sender" else None


def _mostly(rule: FixRule, explained: int, found: Findings) -> bool:
    """Whether most refusals say one thing of our standing: beside lesser fixes it is not left out."""
    enough = explained >= max(len(found.refused) / 2, 2 * thresholds().evidence.min_bounces)
    return enough and set(rule.reasons) <= STANDING


def _doubtful(rule: FixRule) -> bool:
    """Whether a fix is asked for by what names no fault of ours."""
    return rule.side == "sender" and not rule.proof


def _dealt(found: Findings) -> list[tuple[FixRule, Flags]]:
    """Every fix with the refusals that ask for it, each refusal dealt to one.

    A finding about a whole company goes first, then what the reply says: the fix that goes `before` the others it
    matches, and where it still names several causes (neither SPF nor DKIM passed), the fallback, which holds them all.
    What strict industries refuse beyond open ones is no set of refusals, only a number: it shares its rows.
    """
    size = len(found.refused)
    rules = [rule for rule in fix_rules() if rule.finding]
    dealt = [(rule, _asked(rule, found)) for rule in rules]
    taken = np.zeros(size, dtype=np.bool_)
    for rule, mine in dealt:
        if rule.finding != "strict_excess" or not found.excess:
            mine &= ~taken
            taken |= mine
    specific = [rule for rule in fix_rules() if not rule.finding and not rule.fallback]
    asked = {rule.id: _asked(rule, found) & ~taken for rule in specific}
    for rule in specific:
        for name in rule.before:
            if name in asked:
                asked[name] &= ~asked[rule.id]
    named = np.sum(list(asked.values()), axis=0) if asked else np.zeros(size)
    for rule in (rule for rule in fix_rules() if rule.fallback):
        mine = _asked(rule, found) & ~taken & (named != 1)
        taken |= mine
        dealt.append((rule, mine))
    for rule in specific:
        mine = asked[rule.id] & ~taken
        taken |= mine
        dealt.append((rule, mine))
    return _one_cause(_joined(dealt, found), found.refused)


@dataclass(frozen=True, slots=True)
class _Member:
    """One fix of a family: the refusals dealt to it, and those of the family that name what it mends as failed."""

    rule: FixRule
    mine: Flags
    failed: Flags

    def among(self, some: Flags) -> _Member:
        """The same of some refusals."""
        return _Member(self.rule, self.mine & some, self.failed & some)


def _one_cause(dealt: list[tuple[FixRule, Flags]], refused: pd.DataFrame) -> list[tuple[FixRule, Flags]]:
    """The same where the fixes of a family are one: which receiver words a cause how is chance, and no other cause.

    Where refusals of several sender domains name a cause each, and not the same, each domain keeps its own.
    """
    for name in dict.fromkeys(rule.family for rule, _ in dealt if rule.family):
        left = np.logical_or.reduce([mine for rule, mine in dealt if rule.family == name])
        members = [
            _Member(rule, mine, left & rule.names_failed(refused["diagnostic"]))
            for rule, mine in dealt
            if rule.family == name
        ]
        kept = _by_domain(members, refused["sender_domain"].to_numpy(dtype=object))
        for mine in kept.values():
            left = left & ~mine
        whole = _of_family(members).id
        kept[whole] = kept.get(whole, left) | left
        dealt = [(rule, kept.get(rule.id, mine)) for rule, mine in dealt if rule.family != name or rule.id in kept]
    return dealt


def _by_domain(members: list[_Member], sender_domain: Texts) -> dict[str, Flags]:
    """The refusals of sender domains that name one fix of a family each, by its id; none where it is the same for all.

    What goes `before` a fix that another domain's refusals name may come of the same cause, and is no other one.
    """
    every = np.logical_or.reduce([each.mine for each in members])
    named: dict[str, tuple[FixRule, Flags]] = {}
    for domain in sorted(set(sender_domain[every]) - {""}):
        own = every & np.asarray(sender_domain == domain, dtype=np.bool_)
        rule = _of_family([each.among(own) for each in members])
        if own.sum() >= thresholds().evidence.min_bounces and not rule.fallback:
            named[rule.id] = rule, named.get(rule.id, (rule, np.zeros_like(own)))[1] | own
    causes = {name: mine for name, (rule, mine) in named.items() if not set(named) & set(rule.before)}
    return causes if len(causes) > 1 else {}


def _of_family(members: list[_Member]) -> FixRule:
    """The one fix of a family that its refusals name, but a few of them; the fallback where they name several.

    What goes `before` another one names what that leads to (DMARC fails where SPF does), so it is asked last; and it
    may say that something else failed as well.
    """
    few = (1 - thresholds().fixes.part) * sum(int(each.mine.sum()) for each in members)
    ids = {each.rule.id for each in members}
    named = [each for each in members if each.mine.sum() > few]
    causes = [each for each in named if not ids & set(each.rule.before)] or named
    also = [each for each in members if each not in causes and (each.mine | each.failed).sum() > few]
    if len(causes) == 1 and (ids & set(causes[0].rule.before) or not any(each.rule.failed for each in also)):
        return causes[0].rule
    return next(each.rule for each in members if each.rule.fallback)


def _joined(dealt: list[tuple[FixRule, Flags]], found: Findings) -> list[tuple[FixRule, Flags]]:
    """The same where a fix that a proven one mends along (`part_of`) is part of it: one act is told once."""
    ids = {rule.id: place for place, (rule, _) in enumerate(dealt)}
    kept = dict(enumerate(dealt))
    for place, (rule, mine) in enumerate(dealt):
        for whole in (ids[name] for name in rule.part_of if name in ids):
            said = found.refused["kind"][kept[whole][1]]
            if mine.any() and set(said) & set(found.proofs):
                kept[whole] = (kept[whole][0], kept[whole][1] | mine)
                del kept[place]
                break
    return list(kept.values())


def _explained(rule: FixRule, mine: Flags, found: Findings) -> int:
    """How many of its refusals a fix explains.

    Among those of strict industries that are put down to us, `excess` are the recipients' after all; which ones, nobody
    knows: each fix of ours gives up its part of them.
    """
    if not found.excess or not mine.any() or rule.finding == "blocking_domain":
        return int(mine.sum())
    if rule.finding == "strict_excess":
        return found.excess
    beyond = _put_down_to_us(found)
    shared = (mine & beyond).sum() / max(int(beyond.sum()), 1)
    return max(int(mine.sum()) - round(found.excess * float(shared)), 0)


def _put_down_to_us(found: Findings) -> Flags:
    """Refusals of strict industries that name nothing and that are put down to us, as open industries refuse too."""
    rows = found.refused
    mine = (rows["group"] == "strict") & (rows["party"] == "sender") & (rows["kind"] == "")
    return np.asarray(mine.to_numpy(), dtype=np.bool_)


def _order(each: _Asked) -> tuple[float, str]:
    """What a fix is ordered by: the refusals that it explains times how sure it is that it answers them.

    Whoever's it is, and whether it is over: what to do next is another question (`report.sentences.actions`).
    """
    return -each.bounces * each.rule.confidence, each.rule.id


def _asked(rule: FixRule, found: Findings) -> Flags:
    """The refusals that ask for a fix."""
    rows = found.refused
    theirs = (rows["party"] == "recipient").to_numpy()
    if rule.finding == "blocking_domain":
        blocked = rows["domain"].isin(found.blocking).to_numpy() & theirs
        return np.asarray(blocked | _beyond_open(found, of_few=True), dtype=np.bool_)
    if rule.finding == "strict_excess":
        return _beyond_open(found, of_few=False)
    mine = rows["reason"].isin(rule.reasons).to_numpy() & (theirs == (rule.side == "recipient"))
    mine[mine] = rule.says(rows["diagnostic"][mine])
    return np.asarray(mine, dtype=np.bool_)


def _beyond_open(found: Findings, *, of_few: bool) -> Flags:
    """What strict industries refuse beyond open ones, without a word on why; nothing where that is not as asked: one or
    two companies (`of_few`) are no industry to reach in another way, but companies that block us.
    """
    mine = _put_down_to_us(found) if found.excess else _unexplained_strict(found)
    few = found.refused["domain"][mine].nunique() < thresholds().deliverability.strict_domains
    return mine if few == of_few else np.zeros(len(mine), dtype=np.bool_)


def _unexplained_strict(found: Findings) -> Flags:
    """What strict industries refuse by themselves, where open ones do not."""
    rows = found.refused
    if not found.strict_excess:
        return np.zeros(len(rows), dtype=np.bool_)
    soft = (rows["group"] == "strict") & ~rows["fault"].isin(("complaint", "recipient"))
    theirs = (rows["party"] == "recipient") & ~rows["domain"].isin(found.blocking)
    return np.array(soft & theirs, dtype=np.bool_)


def _split(rule: FixRule, rows: pd.DataFrame, mine: Flags) -> list[tuple[FixRule, Flags]]:
    """One fix per listing that the refusals name, with the list's own procedure; one for a link, with those of all; and
    one of its own for mail that was tried again for days.
    """
    if rule.tried is not None:
        late = mine & (rows["tried"] >= rule.tried.days).to_numpy()
        parts = [(rule, mine & ~late), (rule.after_tries(rule.tried), late)]
        return [(each, mine if part.sum() == mine.sum() else part) for each, part in parts if part.any()]
    if not set(rule.reasons) & {*_LISTED, _LINK}:
        return [(rule, mine)]
    lists = _blocklists()
    named = _listings(rows["blocklist"][mine])
    if _LINK in rule.reasons:
        told = sorted({name for name in named.values() if lists.get(name, {}).get("removal")})
        ways = tuple(f"{name}: {lists[name]['removal']}" for name in told)
        return [(replace(rule, steps=(*rule.steps, *ways)), mine)]
    listing = rows["blocklist"].map(named)
    parts = []
    for name in sorted(set(named.values())):
        part = mine & (listing == name).to_numpy()
        parts.append((rule if not name else _for_list(rule, name, lists.get(name, {})), part))
    return parts


def _listings(named: pd.Series[str]) -> dict[str, str]:
    """Each list that is named, and the one whose listing it speaks of: itself, or the most named of those it holds."""
    count = named.value_counts()
    found = {}
    for name in count.index:
        listing, held = str(name), [str(name)]
        while held:
            listing = held[0]
            inner = set(_blocklists().get(listing, {}).get("holds", ()))
            held = sorted((str(one) for one in count.index if one in inner), key=lambda one: (-count[one], one))
        found[str(name)] = listing
    return found


def _for_list(rule: FixRule, name: str, entry: dict[str, Any]) -> FixRule:
    slug = re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")
    url = str(entry.get("url", ""))
    procedure = f"{name}: {entry.get('removal') or rule.steps[1]}"
    if entry.get("ignore"):
        return replace(
            rule,
            id=f"{rule.id}-{slug}",
            title=f"Do not chase the listing at {name}",
            steps=(
                procedure,
                "Never pay for a removal; ask the receivers that use it to allow the domain instead.",
            ),
            confidence=0.3,
            proof=False,
        )
    return replace(
        rule,
        id=f"{rule.id}-{slug}",
        title=f"Get off the {name} block list",
        steps=(*(() if entry.get("without_cause") else rule.steps[:1]), procedure, *rule.steps[2:]),
        verify=(f"{url} shows the address or domain as not listed.",) if url else rule.verify,
        documents=(*((Document(name, url),) if url else ()), *rule.documents),
    )


@cache
def _blocklists() -> dict[str, dict[str, Any]]:
    """Block lists by name; none when the file is not there, for a fix needs no more than the name."""
    path = data_folder("rules") / "blocklists.toml"
    rows = load_toml(path).get("blocklist", []) if path.is_file() else []
    return {str(row.get("name", row.get("id", ""))): row for row in rows}


def _fix(each: _Asked, mail: FixMail, refused: int, place: int) -> Fix:
    rule, rows = each.rule, each.rows
    days = rows["day"][rows["day"] != ""]
    return Fix(
        id=rule.id,
        title=rule.title,
        side=rule.side,
        reasons=sorted(set(rows["reason"])),
        priority=place,
        bounces=each.bounces,
        # Where another fix or the other side has a part in these refusals, it has one in their domains.
        domains=max(1, round(rows["domain"].nunique() * each.bounces / len(rows))),
        share=each.bounces / refused,
        evidence=_evidence(rows),
        steps=list(rule.steps),
        verify=list(rule.verify),
        senders=[name for name in rows["sender_domain"].value_counts(sort=True).index if name][:_SENDERS],
        since=min(days, default=""),
        until=max(days, default=""),
        clear=each.clear,
        only=[*mail.parts(rows), *mail.places(rows)] if rule.side == "sender" else [],
        documentation=list(rule.documents),
    )


def _evidence(rows: pd.DataFrame) -> list[str]:
    """Up to three replies that differ in more than numbers, the most frequent wording first; addresses are masked."""
    texts = rows["diagnostic"][rows["diagnostic"] != ""].head(5000)
    if texts.empty:
        return []
    wording = texts.map(lambda text: _WORD.sub(_same, _ADDRESS.sub("@", text)).lower())
    order = wording.value_counts(sort=True).index[:_EVIDENCE]
    return [mask(str(texts[wording == each].iloc[0])) for each in order]


def _same(word: re.Match[str]) -> str:
    """ "#" for what differs from reply to reply: numbers, and names and keys with numbers in them."""
    text = word[0]
    return "#" if len(text) >= _KEY or any(letter.isdigit() for letter in text) else text


def mask(text: str) -> str:
    """A reply without the names of people: the part before @ becomes "***"."""
    return _ADDRESS.sub(r"***@\1", text)
