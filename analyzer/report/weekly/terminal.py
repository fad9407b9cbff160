"""The week on a terminal: what is wrong, what to do, what changed, and the figures; plain text, 100 columns."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from analyzer.report import words
from analyzer.report.weekly import words as say

if TYPE_CHECKING:
    from analyzer.diagnose.weeks.findings import WeekFindings

_WIDTH = 100
_ROWS = 8


def text(run: WeekFindings) -> str:
    """The summary."""
    week = run.week
    lines = [f"Week {week.week}, {say.period(week)}: {words.plural(week.sends, 'mail')} sent."]
    lines += _wrapped(say.verdict(week)[1])
    lines += ["", "Do now"]
    for number, action in enumerate(say.actions(week, run.diagnosis), 1):
        lines += _wrapped(f"{number}. {action.what} {action.detail}", "   ")
    for kind, sentences in say.changed(week).items():
        if sentences:
            lines += ["", say.KIND_NAMES[kind]]
            for sentence in sentences[:_ROWS]:
                lines += _wrapped(f"- {sentence}", "  ")
            if len(sentences) > _ROWS:
                lines.append(f"  {len(sentences) - _ROWS} more in weekly.md")
    lines += ["", f"{'Of all mails':<26}{'this week':>10}  {'range':<14}{'weeks before':>12}"]
    for one in week.figures:
        name, spread = say.FIGURE_NAMES[one.name], words.spread(one.now.low, one.now.high)
        lines.append(f"{name:<26}{words.percent(one.now.rate):>10}  {spread:<14}{words.percent(one.before.rate):>12}")
    if week.leads is not None and week.leads.now.leads:
        now, weeks = week.leads.now, words.plural(week.leads.weeks, "week")
        lines += ["", f"{'Of leads first written to':<26}{'this week':>10}  {'range':<14}{f'last {weeks}':>12}"]
        spread, recent = words.spread(now.low, now.high), words.percent(week.leads.recent.rate)
        lines.append(f"{'Bad addresses':<26}{words.percent(now.rate):>10}  {spread:<14}{recent:>12}")
    aside = say.set_aside(run.diagnosis)
    if aside:
        lines += ["", *_wrapped(aside)]
    return "\n".join(lines) + "\n"


def _wrapped(sentence: str, indent: str = "") -> list[str]:
    # A number and its unit stay on one line.
    kept = words.clean(sentence).replace(" %", "\N{NO-BREAK SPACE}%")
    lines = textwrap.wrap(kept, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
