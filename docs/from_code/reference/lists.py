"""What the product knows, list by list: fixes, providers, block lists, findings of `check`, bounds."""

from __future__ import annotations

from dataclasses import fields

from analyzer.bounds import Bounds
from analyzer.check.facts import findings as check_findings
from analyzer.check.facts import policies
from analyzer.classify import blocklists
from analyzer.classify import providers as classified
from analyzer.diagnose.refused.fix_rules import fix_rules
from reference.markdown import code, codes, plain, table


def fixes() -> str:
    """What to do about refused mail, fix by fix."""
    parts = [
        "# Fixes",
        "What `diagnose` asks for when mail is refused, and `audit` holds against DNS. Each refusal counts for one "
        "fix, so that the shares add up. *Proof*: one such reply is enough, no statistics needed. The rows lie in "
        "`rules/fixes.toml`.",
    ]
    for rule in fix_rules():
        parts += [f"## {rule.id}", f"**{plain(rule.title)}**"]
        facts = [("side", rule.side), ("for", codes(rule.reasons)), ("proof", "yes" if rule.proof else "no")]
        if rule.tested_by:
            facts.append(("audit looks at", codes(rule.tested_by)))
        if rule.source:
            facts.append(("source", plain(rule.source)))
        parts.append(" · ".join(f"{name}: {value}" for name, value in facts if value))
        parts.append("\n".join(f"{number}. {plain(step)}" for number, step in enumerate(rule.steps, 1)))
        if rule.tried:
            parts.append(f"Where the mail came back only {rule.tried.days:g} days or more later, instead:")
            parts.append("\n".join(f"{number}. {plain(step)}" for number, step in enumerate(rule.tried.steps, 1)))
        if rule.verify:
            parts.append("How to see that it worked: " + " ".join(plain(line) for line in rule.verify))
    return "\n\n".join(parts) + "\n"


def providers() -> str:
    """Who runs the receiving side, and how it is told."""
    rows = [
        (code(each.name), plain(each.title), codes(sorted(each.hosts)[:6]), str(len(each.domains)))
        for each in classified.known().values()
    ]
    head = (
        "# Providers\n\nWho runs the receiving side is told from the names of its mail hosts, from the recipient's "
        "domain, and from words that only this provider writes. `rules/providers.toml` has all of them.\n\n"
    )
    return head + table(("provider", "is", "mail hosts end in", "consumer domains"), rows)


def block_lists() -> str:
    """The block lists that a reply may name."""
    rows = [
        (plain(each.name), each.kind, plain(each.removal), f"<{each.url}>" if each.url else "")
        for each in blocklists.known().values()
    ]
    head = (
        "# Block lists\n\nWhat a reply names goes into the column `blocklist`. Mend the cause first: a listing that is "
        "taken off while the cause lasts comes back. A look-up that failed at the receiver is no listing.\n\n"
    )
    return head + table(("list", "lists", "how a listing ends", "where"), rows)


def findings() -> str:
    """What `check` finds of a lead."""
    rows = [
        (
            code(each.code),
            plain(each.says),
            code(each.gate or ""),
            str(each.points) if each.points else "",
            plain(each.todo),
        )
        for each in check_findings().values()
    ]
    head = (
        "# Findings of check\n\nA *gate* decides the grade whatever the score says; the *points* are taken off 100. "
        "The numbers, and what each policy changes, lie in `rules/check.toml`.\n\n"
    )
    asked = [
        (code(each.name), plain(each.says), str(each.send_from), str(each.do_not_send_below), str(each.stale_days))
        for each in policies().values()
    ]
    header = ("policy", "sends to", "send from", "give up below", "stale after days")
    return head + table(header, asked) + "\n" + table(("code", "says", "gate", "points", "what to do"), rows)


def bounds() -> str:
    """How much of one input is read at most."""
    rows = [
        (code(each.name), plain(each.metadata["of"]), _shown(each.name, each.default), plain(each.metadata["beyond"]))
        for each in fields(Bounds)
    ]
    head = (
        "# Bounds\n\nHow much of one input is read at most. What exceeds a bound is counted and named in the summary, "
        "never cut in silence. `--bound NAME=VALUE` changes one, such as `--bound message_bytes=16M`; it may be "
        "repeated.\n\n"
    )
    return head + table(("bound", "of", "at most", "what exceeds it"), rows)


def _shown(name: str, value: object) -> str:
    """A bound as a person writes it."""
    if isinstance(value, frozenset):
        return f"{len(value)} of them"
    if name.endswith("_bytes") and isinstance(value, int):
        for size, unit in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
            if value >= size and value % size == 0:
                return f"{value // size:,} {unit}"
    return f"{value:,}"
