"""The audit of sender domains on the terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from analyzer.readable import counted
from analyzer.report import words
from analyzer.report.data import readable_json

if TYPE_CHECKING:
    from analyzer.audit.records import Audit, CheckState, DomainAudit, FixVerdict, Subject

_NOTES = 3
_NAMES: dict[Subject, str] = {
    "spf": "SPF",
    "dkim": "DKIM",
    "dmarc": "DMARC",
    "alignment": "Alignment",
    "mx": "MX",
    "ptr": "Reverse DNS",
    "helo": "HELO",
    "mta_sts": "MTA-STS",
    "unsubscribe": "Unsubscribe",
}
_STATES: dict[CheckState, tuple[str, str]] = {
    "ok": ("in order", "green"),
    "fault": ("FAULT", "bold red"),
    "absent": ("MISSING", "bold red"),
    "unanswered": ("not known", "yellow"),
}
_VERDICTS: dict[FixVerdict, tuple[str, str]] = {
    "confirmed": ("confirmed", "bold red"),
    "contradicted": ("contradicted", "yellow"),
    "not_testable": ("not testable", ""),
}


def json_text(audit: Audit) -> str:
    """The audit's fields as they are, indented."""
    return readable_json(asdict(audit))


def show(audit: Audit, console: Console | None = None) -> None:
    """Print the checks of each domain, and what they say of each fix that its bounces ask for."""
    screen = console or Console(highlight=False)
    for domain in audit.domains:
        _domain(domain, screen)
    for warning in audit.warnings:
        screen.print()
        screen.print(Text(words.clean(f"Note: {warning}")))


def _domain(domain: DomainAudit, screen: Console) -> None:
    screen.print()
    count = len(domain.faults)
    unknown = sum(check.state == "unanswered" for check in domain.checks)
    head = f"{counted(count, 'thing')} to mend" if count else "nothing found to mend"
    if unknown == len(domain.checks):
        head = "no check could be made"
    elif unknown:
        head += f", {unknown} of {len(domain.checks)} checks not known"
    screen.print(Text(words.clean(f"{domain.domain}: {head}"), "bold"))
    table = Table.grid(padding=(0, 2))
    for check in domain.checks:
        label, style = _STATES[check.state]
        says = Text(words.clean(check.says))
        for note in check.notes[:_NOTES]:
            says.append(f" {words.clean(note)}", "dim")
        table.add_row(Text(f"  {_NAMES[check.subject]}"), Text(label, style), says)
    screen.print(table)
    if not domain.fixes:
        return
    screen.print()
    screen.print(Text("  What its bounces asked for", "bold"))
    for fix in domain.fixes:
        label, style = _VERDICTS[fix.verdict]
        bounces = counted(fix.bounces, "bounce")
        line = Text(f"  {words.clean(f'{fix.id} ({bounces}): {fix.title}')}: ")
        line.append(label, style)
        screen.print(line)
        screen.print(Padding(Text(words.clean(fix.why)), (0, 0, 0, 6)))
