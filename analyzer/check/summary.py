"""A checked list in a few lines for a person: how many of each grade, what holds the others back, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.check.facts import findings
from analyzer.check.records import GRADES
from analyzer.errors import AnalyzerError

if TYPE_CHECKING:
    from analyzer.check.run import CheckRun

_SHOWN = 6
_NAMES = {"send": "send", "verify_again": "verify again", "do_not_send": "do not send"}


def summary(run: CheckRun) -> list[str]:
    """The lines, after the run."""
    total = sum(run.grades.values())
    if not total:
        return ["No leads."]
    known = findings()
    asked = "asked their mail servers" if run.options.smtp else "looked their domains up" if run.options.dns else ""
    how = f" ({asked})" if asked else " (offline: neither domains nor mailboxes were asked)"
    lines = [
        f"{total:,} {'lead' if total == 1 else 'leads'} checked{how}, policy {run.policy.name}: {run.policy.says}."
    ]
    for grade in GRADES:
        count = run.grades[grade]
        lines.append(f"  {_NAMES[grade]:13}{count:>9,}  {_share(count, total):>6}")
    send = run.grades["send"]
    if send and not run.options.history.unread:
        share = _share(run.expected, send)
        if run.expected < 1:
            lines.append(f"Of those to send to, fewer than one ({share}) is expected to bounce as a bad address.")
        else:
            expected = f"{run.expected:,.1f}" if run.expected < 10 else f"{run.expected:,.0f}"
            lines.append(f"Of those to send to, about {expected} ({share}) are expected to bounce as bad addresses.")
    for grade in ("do_not_send", "verify_again"):
        held = run.reasons_of[grade]
        if held:
            lines.append(f"{_NAMES[grade].capitalize()}, by what weighs most:")
            lines += [f"  {count:>9,}  {code}: {known[code].says}" for code, count in held.most_common(_SHOWN)]
            if len(held) > _SHOWN:
                rest = sum(count for _, count in held.most_common()[_SHOWN:])
                others = "one other reason" if len(held) == _SHOWN + 1 else f"{len(held) - _SHOWN} other reasons"
                lines.append(f"  {rest:>9,}  for {others}")
    if run.cleaned:
        cells = "1 cell was" if run.cleaned == 1 else f"{run.cleaned:,} cells were"
        lines.append(f"{cells} cleaned; `email` holds the address, `email_original` the cell.")
    if run.suggested:
        guesses = "1 suggestion" if run.suggested == 1 else f"{run.suggested:,} suggestions"
        verb = "stands" if run.suggested == 1 else "stand"
        lines.append(f"{guesses} of what an address was meant to be {verb} in `suggestion`.")
    main = [code for grade in ("do_not_send", "verify_again") for code, _ in run.reasons_of[grade].most_common(3)]
    todo = list(dict.fromkeys(known[code].todo for code in main if known[code].todo))
    if run.grades["send"] < total and not (run.options.dns or run.options.smtp) and len(todo) < 4:
        todo.append("Look the domains up too: --dns.")
    if todo:
        lines.append("What to do:")
        lines += [f"  - {text}" for text in todo]
    return [*lines, *(f"Note: {text}" for text in dict.fromkeys(run.warnings))]


def _share(part: float, total: float) -> str:
    return f"{100 * part / total:.1f} %"


def over_limit(run: CheckRun, limit: str) -> str:
    """Why a list fails `--fail-on`, or "": `do_not_send`, `verify_again` (that or worse), with `:5%` or `:20` behind it
    for a share or a number that may not be exceeded; `5%`, `0.05` or `20` alone speak of leads not to send to.
    """
    grade, most, share = _parsed(limit)
    total = sum(run.grades.values())
    worse = run.grades["do_not_send"] + (run.grades["verify_again"] if grade == "verify_again" else 0)
    named = "not to be sent to" if grade == "do_not_send" else "not to be sent to, or to be verified again"
    if (share and total and worse > most / 100 * total) or (not share and worse > most):
        allowed = f"{most:g} %" if share else f"{most:g}"
        return f"{worse:,} of {total:,} leads ({_share(worse, total)}) are {named}; --fail-on {limit} allows {allowed}"
    return ""


def check_limit(limit: str) -> None:
    """`AnalyzerError` for a `--fail-on` that cannot be understood; to be called before the work starts."""
    _parsed(limit)


def _parsed(limit: str) -> tuple[str, float, bool]:
    grade, colon, amount = limit.strip().rpartition(":")
    if not colon and amount in {"do_not_send", "verify_again"}:
        return amount, 0.0, False
    grade = grade if colon else "do_not_send"
    number = amount.strip().removesuffix("%").strip()
    is_percent = amount.strip().endswith("%")
    if (
        grade not in {"do_not_send", "verify_again"}
        or not number.replace(".", "", 1).isdecimal()
        or (is_percent and float(number) > 100)
    ):
        raise AnalyzerError(
            f"--fail-on {limit}: is no limit; use do_not_send, verify_again, 5%, do_not_send:20 or verify_again:10%"
        )
    if not is_percent and 0 < float(number) < 1:  # a share, as --tolerance has it: there is no half of a lead
        return grade, 100 * float(number), True
    return grade, float(number), is_percent
