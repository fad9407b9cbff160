"""report.md: the verdict, the rates, the fixes and the forecast, short enough for a ticket or a chat.

GitHub-flavoured Markdown. Foreign text stands in code spans, where nothing in it can become a link, a mention or a
table cell; sentences that may carry foreign text are escaped.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from analyzer.report import extracts, sentences, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.diagnose.diagnosis import Diagnosis, Document

_SPECIAL = re.compile(r"([\\`*_\[\]<>|~#&@$]|:(?=//)|(?<=www)\.|^[-+=])", re.IGNORECASE)
#: The breakdowns that answer "where": the page and the workbook hold all.
_SHOWN = ("email_status", "industry_group", "provider", "campaign", "sender")
#: Fixes with all their steps; the others with the first.
_WHOLE_FIXES = 3
_ROWS, _FIXES, _DRIVERS, _WARNINGS = 8, 8, 8, 10


def text(diagnosis: Diagnosis, mappings: Sequence[str] = ()) -> str:
    """The whole report as Markdown; `mappings` says which columns were taken for what, a line a table."""
    blocks = [
        "# Bounce report",
        _verdicts(diagnosis),
        "## Do now",
        _actions(diagnosis),
        "## Rates",
        _rates(diagnosis),
        "## Forecast of bad addresses",
        _forecast(diagnosis),
    ]
    if diagnosis.drivers:
        blocks += ["## What drives it", words.DRIVERS, _drivers(diagnosis)]
    blocks += ["## Fixes for spam bounces", _fixes(diagnosis)]
    for dimension in _SHOWN:
        if len(diagnosis.breakdown.get(dimension, [])) > 1:
            blocks += [f"## By {words.dimension_title(dimension).lower()}", _breakdown(diagnosis, dimension)]
    blocks += ["## Quality of the inputs", _inputs(diagnosis, mappings)]
    return "\n\n".join(block for block in blocks if block) + "\n"


def escaped(value: object) -> str:
    """Text that Markdown shows as it is."""
    return _SPECIAL.sub(r"\\\1", words.clean(value))


def code_cell(value: object, limit: int = 200) -> str:
    """`code` in a table, where a bar would end the cell. (Elsewhere a code span shows the backslash.)"""
    return code(value, limit).replace("|", r"\|")


def code(value: object, limit: int = 200) -> str:
    """Foreign text in a code span, with a fence longer than any run of backticks inside."""
    shown = words.short(value, limit)
    if not shown:
        return words.NOTHING
    fence = "`" * (max((len(run) for run in re.findall(r"`+", shown)), default=0) + 1)
    pad = " " if shown[0] == "`" or shown[-1] == "`" else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table whose first `left` columns are words, the others numbers."""
    rule = ["---"] * left + ["---:"] * (len(head) - left)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def _verdicts(diagnosis: Diagnosis) -> str:
    paragraphs = []
    for verdict in sentences.verdicts(diagnosis):
        tone = sentences.TONE_NAMES[verdict.tone].lower()
        paragraphs.append(f"**{verdict.subject} ({tone}):** {escaped(verdict.sentence)}")
        if verdict.why:
            paragraphs.append(escaped(words.short(verdict.why, 1600)))
    return "\n\n".join(paragraphs)


def _actions(diagnosis: Diagnosis) -> str:
    return "\n".join(
        f"{number}. **{escaped(action.what)}** {escaped(action.detail)}".rstrip()
        for number, action in enumerate(sentences.actions(diagnosis), 1)
    )


def _rates(diagnosis: Diagnosis) -> str:
    totals = diagnosis.totals
    rows = [
        (name, words.percent(rate.rate), words.spread(rate.low, rate.high), words.rate_line(rate))
        for name, rate in words.named_rates(totals)
    ]
    said = [words.contacted(totals), "Ranges are 95 % intervals.", *map(escaped, words.under_rates(diagnosis))]
    return _table(["What", "Rate", "Range", "Leads"], rows) + "\n\n" + " ".join(said)


def _forecast(diagnosis: Diagnosis) -> str:
    limit = words.tolerance(diagnosis.options)
    rows = []
    for name, (title, explained) in words.FORECAST_NAMES.items():
        way = getattr(diagnosis.data_quality.forecast, name)
        rows.append(
            (
                f"{title} ({explained})",
                words.count(way.leads),
                words.expected(way),
                words.percent(way.rate),
                words.spread(way.low, way.high),
                words.chance(way.p_over_tolerance),
            )
        )
    head = ["Way to send", "Leads", "Bounces expected", "Rate", "Range", words.over_heading(limit)]
    quality = diagnosis.data_quality
    lines = [
        words.forecast_line(quality),
        words.mix_line(quality),
        escaped(words.decisions_line(quality)),
        *words.guessed_lines(diagnosis),
        escaped(words.ranking_line(quality)),
    ]
    return _table(head, rows) + "\n\n" + " ".join(line for line in lines if line)


def _fixes(diagnosis: Diagnosis) -> str:
    fixes = sentences.ordered_fixes(diagnosis)
    if not fixes:
        return "No bounce asks for a fix."
    about = [words.shares_line(diagnosis.deliverability), words.fixes_line(diagnosis.deliverability)]
    lines = [" ".join(filter(None, about)) + "\n"] if any(about) else []
    for number, fix in enumerate(fixes[:_FIXES], 1):
        title = escaped(words.fix_title(fix))
        size = " ".join(filter(None, [f"{words.fix_size(fix)}.", words.fix_over(fix)]))
        lines.append(f"{number}. **{title}** ({words.SIDE_NAMES[fix.side]}): {escaped(size)}")
        whole = number <= _WHOLE_FIXES
        lines += [f"   - They say: {code(said, 200)}" for said in fix.evidence[: 2 if whole else 1]]
        lines += [f"   - Do: {escaped(words.short(step, 400))}" for step in fix.steps[: 8 if whole else 1]]
        lines += [f"   - Check: {escaped(words.short(step, 400))}" for step in fix.verify[: 4 if whole else 0]]
        if whole and fix.documentation:
            lines.append(f"   - Read: {', '.join(map(_document, fix.documentation))}")
    if len(fixes) > _WHOLE_FIXES:
        lines.append("\nEvery step and how to check it is in report.html.")
    if len(fixes) > _FIXES:
        lines.append(f"\n{words.plural(len(fixes) - _FIXES, 'more fix', 'more fixes')} in report.html.")
    return "\n".join(lines)


def _document(each: Document) -> str:
    return f"[{escaped(each.title)}]({each.url})" if each.url else escaped(each.title)


def _drivers(diagnosis: Diagnosis) -> str:
    rows = [
        (
            words.dimension_title(row.dimension),
            code_cell(words.value_name(row.dimension, row.value), 80),
            words.LABEL_NAMES[row.label],
            f"{words.count(row.bounces)} of {words.count(row.leads)}",
            words.percent(row.rate),
            words.percent(row.expected),
            words.times(row.lift),
        )
        for row in diagnosis.drivers[:_DRIVERS]
    ]
    return _table(["What", "Value", "Bounce", "Bounced", "Rate", "Expected", "Times"], rows, left=3)


def _breakdown(diagnosis: Diagnosis, dimension: str) -> str:
    rows = diagnosis.breakdown[dimension]
    shown = extracts.ordered_rows(dimension, extracts.largest(rows, _ROWS))
    title, silent = words.dimension_title(dimension), extracts.silent_bounces(rows)
    if extracts.counts_only(diagnosis, dimension):
        table = _table(
            [title, "Hard bounces", "Spam bounces"],
            [
                (code_cell(words.value_name(dimension, row.value), 80), words.count(row.hard), words.count(row.spam))
                for row in shown
            ],
        )
    else:
        table = _table(
            [title, "Leads", "Hard", "Range", "Spam", "Range", *(["Unknown"] if silent else [])],
            [
                (
                    code_cell(words.value_name(dimension, row.value), 80),
                    words.count(row.leads),
                    words.percent(row.hard_rate),
                    words.spread(row.hard_low, row.hard_high),
                    words.percent(row.spam_rate),
                    words.spread(row.spam_low, row.spam_high),
                    *([words.unknown_rate(row)] if silent else []),
                )
                for row in shown
            ],
        )
    more = words.more_line(diagnosis, dimension, len(shown), "in report.xlsx")
    return table + (f"\n\n{more}" if more else "")


def _inputs(diagnosis: Diagnosis, mappings: Sequence[str]) -> str:
    lines = [words.matching_line(diagnosis.matching)]
    lines += [f"- {escaped(words.short(warning, 400))}" for warning in diagnosis.warnings[:_WARNINGS]]
    if len(diagnosis.warnings) > _WARNINGS:
        lines.append(f"- {words.count(len(diagnosis.warnings) - _WARNINGS)} more in diagnosis.json")
    lines += [f"- Columns taken: {escaped(words.short(line, 400))}" for line in mappings[:_WARNINGS]]
    version = escaped(f"bounce-analyzer {diagnosis.tool_version}, rules {diagnosis.rules_version}.")
    return lines[0] + "\n\n" + "".join(line + "\n" for line in lines[1:]) + ("\n" if lines[1:] else "") + version
