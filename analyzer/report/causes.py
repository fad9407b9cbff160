"""What most of the bad addresses have in common, where it can be named: it is to be mended whatever the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from analyzer.diagnose.thresholds import thresholds
from analyzer.report.words import count, dimension_title, percent, plural, short, tolerance

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis, Explanation, Origin

#: From this share of the bad addresses on, a cause is worth a step of its own.
_PART: Final = 0.2
#: Most bad addresses and not most leads: then they came with one part of the mail.
_MOST: Final = 0.8
_NOT_ALL: Final = 0.75
_PARTS: Final = ("campaign", "sender_domain", "sender", "template")
#: Companies named, and how many of them a diagnosis keeps.
_NAMED: Final = 3
_KEPT: Final = 20
_WHERE: Final = {
    "dead_domain": (", which takes no mail", ", which take no mail"),
    "wrong_pattern": (", where the guessed pattern is wrong", ", where the guessed patterns are wrong"),
}


def leading(diagnosis: Diagnosis) -> Explanation | None:
    """The cause that explains most, if that is a part that matters and comes again."""
    there = [each for each in diagnosis.data_quality.explained_by if each.next_leads != 0]
    found = max(there, key=lambda each: each.bounces, default=None)
    if found is None or found.bounces < max(thresholds().evidence.min_bounces, _PART * diagnosis.totals.address.count):
        return None
    return found


def explains_most(diagnosis: Diagnosis, found: Explanation | None) -> bool:
    """Whether a cause stands behind half of the bad addresses or more."""
    return found is not None and 2 * found.bounces >= diagnosis.totals.address.count


def sentence(diagnosis: Diagnosis, found: Explanation) -> str:
    """The cause as the answer, and what the others do without it."""
    bad = diagnosis.totals.address
    if found.kind == "stale_verification" or not found.domains:
        return f"One cause explains most bad addresses. {found.text}"
    number = len(found.domains)
    who = "One company explains" if number == 1 else f"{number} companies explain"
    if number >= _KEPT:
        who = f"{number} companies or more explain"
    if found.kind == "typo":
        who = "A misspelt domain explains" if number == 1 else "Misspelt domains explain"
    told = (
        f"{who} most bad addresses: {count(found.bounces)} of {count(bad.count)} are at {_names(found)}"
        f"{_WHERE.get(found.kind, ('', ''))[number > 1]}"
    )
    leads, rest = bad.leads - found.leads, bad.count - found.bounces
    if leads <= 0:
        return f"{told}."
    others = f"{percent(rest / leads)} of the leads are bad ({count(rest)} of {count(leads)})"
    return f"{told}; without {'it' if number == 1 else 'them'} {others}."


def step(diagnosis: Diagnosis, found: Explanation) -> tuple[str, str]:
    """What to do about it, and what speaks for it."""
    one, names = len(found.domains) == 1, _names(found)
    part = f"{count(found.bounces)} of the {plural(diagnosis.totals.address.count, 'bad address', 'bad addresses')}"
    match found.kind:
        case "dead_domain":
            moved = "See where the company moved." if one else "See where these companies moved."
            return (
                f"Correct or drop the addresses at {names}: {'it takes' if one else 'they take'} no mail.",
                f"{part} {'is' if found.bounces == 1 else 'are'} there. {moved} Other domains of the next list may be "
                "as dead: bounce-analyzer check --dns finds them before you send.",
            )
        case "wrong_pattern":
            whose = "its guessed addresses" if one else "their guessed addresses"
            return (
                f"Find the right address pattern of {names}, or leave {whose} out.",
                f"{part} were guessed there.",
            )
        case "typo":
            return f"Correct the misspelt domains, such as {names}.", f"{part} are there."
        case _:
            return old_step(found)


def old_step(found: Explanation) -> tuple[str, str]:
    """What to do about old verifications, and what speaks for it."""
    return f"Have {old_addresses(found)} verified again before the next sequence.", reason(found)


def old_addresses(found: Explanation) -> str:
    """Those of the next list that are old, with their number where it is known."""
    if found.next_leads == 1:
        return "the old address"
    return f"the {count(found.next_leads)} old addresses" if found.next_leads else "the old addresses"


def origin_step(diagnosis: Diagnosis) -> tuple[str, str] | None:
    """What to do about leads from where they bounce more, where that is a part that matters and comes again."""
    found = diagnosis.data_quality.origins
    again = [each for each in found if each.next_leads != 0]
    extra = sum(each.bounces - each.expected * each.leads for each in again)
    if extra < max(thresholds().evidence.min_bounces, _PART * diagnosis.totals.address.count):
        return None
    return leave_out(found, tolerance(diagnosis.options) or 0.0)


def one_part(diagnosis: Diagnosis) -> str:
    """That most bad addresses came with one campaign, mailbox or template, where they did and most leads did not."""
    bad, leads = diagnosis.totals.address.count, diagnosis.totals.leads_contacted
    for found in diagnosis.drivers:
        told = found.label == "hard" and found.dimension in _PARTS
        if told and found.bounces >= _MOST * bad and found.leads <= _NOT_ALL * leads:
            what = f"{dimension_title(found.dimension).lower()} {short(found.value, 60)}"
            return (
                f"{count(found.bounces)} of the {count(bad)} bad addresses are of the {what}: {percent(found.rate)} of "
                f"its leads, {percent(found.expected)} of others like them. See first where its leads come from."
            )
    return ""


def leave_out(origins: list[Origin], limit: float) -> tuple[str, str] | None:
    """Which leads to leave out for where they come from, or to have verified, and why; None if none exceed `limit`."""
    found = [each for each in origins if each.next_leads != 0 and each.rate > limit]
    if not found:
        return None
    whose = " and ".join(_leads_of(each) for each in found)
    told = [
        f"{percent(each.rate)} of {'them' if len(found) == 1 else f'the {_named(each)}'} were bad "
        f"({count(each.bounces)} of {count(each.leads)}), {percent(each.expected)} of others like them."
        for each in found
    ]
    return f"Leave {whose} out of the next sequence, or have them verified first.", " ".join(told)


def _leads_of(found: Origin) -> str:
    whose = f"the {plural(found.next_leads, 'lead')}" if found.next_leads else "leads"
    kind = {"verified": " that are verified", "unverified": " that are not verified"}.get(found.only, "")
    return f"{whose} of the {_named(found)}{kind}"


def _named(found: Origin) -> str:
    names = [short(value, 60) for value in found.values[:_NAMED]]
    rest = len(found.values) - len(names)
    return f"{found.column} {', '.join(names)}" + (f" and {plural(rest, 'more', 'more')}" if rest else "")


def reason(found: Explanation) -> str:
    """What a cause rests on, without the advice that its text ends in."""
    return found.text.rpartition(": ")[0] + "." if ": " in found.text else found.text


def _names(found: Explanation) -> str:
    """The companies with most bounces: "a.example", "a.example, b.example and 4 others"."""
    names = [short(name, 60) for name in found.domains[:_NAMED]]
    more = len(found.domains) - len(names)
    if more > 0:
        return f"{', '.join(names)} and {'one other' if more == 1 else f'{more} others'}"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
