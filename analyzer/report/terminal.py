"""The summary on the terminal: 80 columns, bars, colour only where a terminal shows it.

Everything is printed as `rich.text.Text`, never as markup, so that a name such as "[red]" is a name; rich itself
honours NO_COLOR. Piped output has no lines drawn round tables, and an encoding without a sign gets a plain one instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from analyzer.report import extracts, sentences, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import JustifyMethod, OverflowMethod

    from analyzer.diagnose.diagnosis import Diagnosis, Fix, Row

_WIDTH = 100
_BAR = 12
#: Characters of a reasoning: it ends in what follows from it.
_WHY = 1000
_ROWS, _FIXES, _DRIVERS, _WARNINGS = 6, 5, 5, 6
_SHOWN = ("email_status", "industry_group", "industry", "provider", "sender", "campaign", "week")
_COLOURS = {"hard": "blue", "spam": "dark_orange", "act": "bold yellow", "fine": "bold green", "unsure": "bold"}
#: For encodings that lack the sign (cp437, ASCII).
_PLAIN_SIGNS = str.maketrans({"–": "-", "…": "...", "×": "x", "“": '"', "”": '"', "█": "#", "│": "|", "’": "'"})


def show(diagnosis: Diagnosis, console: Console | None = None) -> None:
    """Print the verdict, what to do, and the figures behind it."""
    _Screen(console or Console(highlight=False)).show(diagnosis)


class _Screen:
    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, _WIDTH)
        self.encoding = console.encoding

    def show(self, diagnosis: Diagnosis) -> None:
        for verdict in sentences.verdicts(diagnosis):
            head = f"{verdict.subject} ({sentences.TONE_NAMES[verdict.tone].lower()})"
            self.console.print()
            self.line(self.text(head, _COLOURS[verdict.tone]))
            self.line(self.text(verdict.sentence, "bold"))
            if verdict.why:
                self.line(self.text(words.sentences_within(verdict.why, _WHY)))
        self.heading("Do now")
        for number, action in enumerate(sentences.actions(diagnosis), 1):
            self.line(self.text(f"{number}. {action.what}", "bold"), self.text(f" {action.detail}"), hang=3)
        self.heading(words.contacted(diagnosis.totals))
        self.rates(diagnosis)
        for line in words.under_rates(diagnosis):
            self.line(self.text(line))
        self.forecast(diagnosis)
        for dimension in _SHOWN:
            if len(diagnosis.breakdown.get(dimension, [])) > 1:
                self.breakdown(diagnosis, dimension)
        if diagnosis.drivers:
            self.drivers(diagnosis)
        if fixes := sentences.ordered_fixes(diagnosis):
            self.heading("Fixes for spam bounces")
            if usual := words.fixes_line(diagnosis.deliverability):
                self.line(self.text(usual))
        for number, fix in enumerate(fixes[:_FIXES], 1):
            self.fix(number, fix)
        if len(fixes) > _FIXES:
            self.line(self.text(f"{words.count(len(fixes) - _FIXES)} more in the report."))
        self.inputs(diagnosis)

    def text(self, value: object, style: str = "") -> Text:
        """Clean text that this terminal can show."""
        shown = words.clean(value)
        if not self.can_show(shown):
            shown = shown.translate(_PLAIN_SIGNS).encode(self.encoding, "replace").decode(self.encoding)
        return Text(shown, style=style)

    def can_show(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:
            return False
        return True

    def line(self, *parts: Text, left: int = 0, hang: int = 0) -> None:
        """One paragraph, wrapped to the width: `left` spaces before it, `hang` more before all lines but the first."""
        spaced = [Text(" ") + part if number and part.plain else part for number, part in enumerate(parts)]
        lines = Text.assemble(*spaced).wrap(self.console, self.width - left - hang)
        for number, piece in enumerate(lines):
            piece.rstrip()
            piece.pad_left(left + (hang if number else 0))
            self.put(piece)

    def put(self, line: Text) -> None:
        self.console.print(line, no_wrap=True, overflow="ignore", crop=False)

    def heading(self, title: str) -> None:
        self.console.print()
        self.line(self.text(title, "bold underline" if self.console.is_terminal else "bold"))

    def table(self, head: Sequence[str], rows: Sequence[Sequence[Text]], left: int = 1) -> None:
        """A table whose first `left` columns are words, the others numbers; the first gives way when space is short."""
        drawn = box.SIMPLE_HEAD if self.console.is_terminal and not self.console.options.ascii_only else None
        table = Table(box=drawn, pad_edge=False, padding=(0, 1, 0, 0) if drawn else (0, 2, 0, 0), show_edge=False)
        cut: OverflowMethod = "ellipsis" if self.can_show("…") else "crop"
        for number, name in enumerate(head):
            if number == 0:
                table.add_column(self.text(name), overflow=cut, no_wrap=True, min_width=10)
            else:
                justify: JustifyMethod = "left" if number < left or not name else "right"
                table.add_column(self.text(name), justify=justify, overflow=cut, no_wrap=True)
        for row in rows:
            table.add_row(*row)
        if self.console.is_terminal:
            self.console.print(table, width=self.width)
            return
        with self.console.capture() as drawing:  # a file must not end its lines in spaces
            self.console.print(table, width=self.width)
        for line in drawing.get().splitlines():
            self.put(Text(line.rstrip()))

    def bar(self, share: float | None, top: float, kind: str) -> Text:
        if not share or not top:
            return Text("")
        return self.text("█" * max(1, round(share / top * _BAR)), _COLOURS[kind])

    def rates(self, diagnosis: Diagnosis) -> None:
        named = words.named_rates(diagnosis.totals)
        top = max((rate.rate or 0 for _, rate in named), default=0)
        kinds = ("hard", "hard", "spam", "unsure")
        self.table(
            ["", "Rate", "95 % range", "Leads", ""],
            [
                (
                    self.text(name),
                    self.text(words.percent(rate.rate)),
                    self.text(words.spread(rate.low, rate.high)),
                    self.text(words.count(rate.count)),
                    self.bar(rate.rate, top, kind),
                )
                for (name, rate), kind in zip(named, kinds, strict=True)
            ],
        )

    def forecast(self, diagnosis: Diagnosis) -> None:
        limit = words.tolerance(diagnosis.options)
        over = "Too many" if limit is None else f"Chance of >{words.limit_words(limit)}"
        rows = []
        for name, (title, _) in words.FORECAST_NAMES.items():
            way = getattr(diagnosis.data_quality.forecast, name)
            rows.append(
                (
                    self.text(title),
                    self.text(words.count(way.leads)),
                    self.text(words.percent(way.rate)),
                    self.text(words.spread(way.low, way.high)),
                    self.text(words.chance(way.p_over_tolerance)),
                )
            )
        self.heading("Forecast of bad addresses")
        self.table(["", "Leads", "Rate", "95 % range", over], rows)
        quality = diagnosis.data_quality
        for line in (
            words.forecast_line(quality),
            words.mix_line(quality),
            words.decisions_line(quality),
            *words.guessed_lines(diagnosis),
            words.ranking_line(quality),
        ):
            if line:
                self.line(self.text(line))

    def breakdown(self, diagnosis: Diagnosis, dimension: str) -> None:
        rows = diagnosis.breakdown[dimension]
        shown = extracts.ordered_rows(dimension, rows)
        shown = shown[-_ROWS:] if dimension == "week" else extracts.largest(shown, _ROWS)
        self.heading(f"By {words.dimension_title(dimension).lower()}")
        if extracts.counts_only(diagnosis, dimension):
            self.counts(dimension, shown)
        else:
            self.row_rates(dimension, shown, silent=extracts.silent_bounces(rows))
        if more := words.more_line(diagnosis, dimension, len(shown), "in the report"):
            self.line(self.text(more))
        if dimension == "week" and (caution := words.week_line(diagnosis)):
            self.line(self.text(caution))

    def counts(self, dimension: str, rows: Sequence[Row]) -> None:
        top = max(max(row.hard, row.spam) for row in rows)
        self.table(
            ["", "Hard bounces", "", "Spam bounces", ""],
            [
                (
                    self.text(words.value_name(dimension, row.value)),
                    self.text(words.count(row.hard)),
                    self.bar(row.hard, top, "hard"),
                    self.text(words.count(row.spam)),
                    self.bar(row.spam, top, "spam"),
                )
                for row in rows
            ],
        )

    def row_rates(self, dimension: str, rows: Sequence[Row], *, silent: bool) -> None:
        top = max(max(row.hard_rate, row.spam_rate) for row in rows)
        self.table(
            ["", "Leads", "Hard", "", "Spam", "", *(["Unknown"] if silent else [])],
            [
                (
                    self.text(words.value_name(dimension, row.value)),
                    self.text(words.count(row.leads)),
                    self.text(words.percent(row.hard_rate)),
                    self.bar(row.hard_rate, top, "hard"),
                    self.text(words.percent(row.spam_rate)),
                    self.bar(row.spam_rate, top, "spam"),
                    *([self.text(words.unknown_rate(row))] if silent else []),
                )
                for row in rows
            ],
        )

    def drivers(self, diagnosis: Diagnosis) -> None:
        self.heading("What drives it")
        self.line(self.text(words.DRIVERS))
        self.table(
            ["Value", "What", "Bounce", "Rate", "Expected", "Times"],
            [
                (
                    self.text(words.value_name(row.dimension, row.value)),
                    self.text(words.dimension_title(row.dimension)),
                    self.text(words.LABEL_NAMES[row.label]),
                    self.text(words.percent(row.rate)),
                    self.text(words.percent(row.expected)),
                    self.text(words.times(row.lift)),
                )
                for row in diagnosis.drivers[:_DRIVERS]
            ],
            left=3,
        )

    def fix(self, number: int, fix: Fix) -> None:
        title = f"{number}. {words.fix_title(fix)} ({words.SIDE_NAMES[fix.side]})"
        self.line(self.text(title, "bold"), hang=3)
        self.line(self.text(words.fix_size(fix)), left=3)
        for said in fix.evidence[:1]:
            self.line(self.text(f"They say: {words.short(said, 160)}"), left=3)
        over = words.fix_over(fix)
        if over:
            self.line(self.text(over), left=3)
        for step in fix.verify[:1] if over else fix.steps[:1]:
            self.line(self.text(f"{'Check' if over else 'Do'}: {words.short(step, 240)}"), left=3)

    def inputs(self, diagnosis: Diagnosis) -> None:
        self.heading("Quality of the inputs")
        self.line(self.text(words.matching_line(diagnosis.matching)))
        for warning in diagnosis.warnings[:_WARNINGS]:
            self.line(self.text(f"- {words.short(warning, 300)}"))
        if len(diagnosis.warnings) > _WARNINGS:
            self.line(self.text(f"- {words.count(len(diagnosis.warnings) - _WARNINGS)} more in the report"))
