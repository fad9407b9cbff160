"""weekly.md: the week for a ticket or a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.report import words
from analyzer.report.markdown import code_cell, escaped
from analyzer.report.sentences import TONE_NAMES
from analyzer.report.weekly import words as say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.diagnose.weeks.findings import WeekFindings
    from analyzer.diagnose.weeks.weekly import Week

_ROWS = 12
#: States that a reader wants to see a row for.
_SHOWN = ("alarm", "recovering", "watch")


def text(run: WeekFindings) -> str:
    """The whole week as Markdown."""
    week = run.week
    tone, sentence = say.verdict(week)
    blocks = [
        f"# Bounces in week {week.week}",
        escaped(f"{say.period(week)}, {words.plural(week.sends, 'mail')} sent."),
        f"**{TONE_NAMES[tone]}:** {escaped(sentence)}",
        "## Do now",
        "\n".join(
            f"{number}. **{escaped(action.what)}** {escaped(action.detail)}".rstrip()
            for number, action in enumerate(say.actions(week, run.diagnosis), 1)
        ),
        "## What changed and why",
    ]
    changed = {kind: sentences for kind, sentences in say.changed(week).items() if sentences}
    for kind, sentences in changed.items():
        blocks += [f"### {say.KIND_NAMES[kind]}", "\n".join(f"- {escaped(one)}" for one in sentences[:_ROWS])]
    if not changed:
        blocks.append("Nothing that goes beyond chance.")
    blocks += ["## Figures", _figures(week)]
    aside = say.set_aside(run.diagnosis)
    if aside:
        blocks.append(escaped(aside))
    rows = [one for one in week.series if one.dimension != "total" and one.state in _SHOWN]
    if rows:
        head = ("Series", "Bounces", "State", "This week", "Usual")
        table = [
            (
                f"{words.dimension_title(one.dimension)} {code_cell(words.value_name(one.dimension, one.value), 80)}",
                say.MEASURE_NAMES[one.measure],
                say.STATE_NAMES[one.state],
                say.of(one.now),
                words.percent(one.usual),
            )
            for one in rows[:_ROWS]
        ]
        blocks += ["## Mailboxes, domains, providers, campaigns", _table(head, table, left=3)]
    version = f"bounce-analyzer {run.tool_version}, rules {run.rules_version}."
    return "\n\n".join([*blocks, escaped(version)]) + "\n"


def _figures(week: Week) -> str:
    rows = [
        (
            say.FIGURE_NAMES[one.name],
            words.percent(one.now.rate),
            words.spread(one.now.low, one.now.high),
            f"{words.count(one.now.count)} of {words.count(one.now.leads)}",
            words.percent(one.before.rate),
        )
        for one in week.figures
    ]
    mails = _table(("Of all mails", "This week", "Range", "Mails", "Weeks before"), rows)
    if week.leads is None or not week.leads.now.leads:
        return mails
    now, weeks = week.leads.now, words.plural(week.leads.weeks, "week")
    row = (
        "Bad addresses",
        words.percent(now.rate),
        words.spread(now.low, now.high),
        f"{words.count(now.count)} of {words.count(now.leads)}",
        words.percent(week.leads.recent.rate),
    )
    return mails + "\n\n" + _table(("Of leads first written to", "This week", "Range", "Leads", f"Last {weeks}"), [row])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
