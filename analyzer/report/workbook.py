"""report.xlsx: every figure with its own cell, filters and native charts.

Written with XlsxWriter. The creation date is fixed, so that the same diagnosis gives the same bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from analyzer.diagnose.diagnosis import DIMENSIONS
from analyzer.errors import OutputError
from analyzer.files import atomic
from analyzer.report import extracts, sentences, words
from analyzer.report.cells import Sheets
from analyzer.report.how import HOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from analyzer.correlate import Correlated
    from analyzer.diagnose.diagnosis import Diagnosis

#: Rows of the sheets of bounces and of suppressed addresses: more takes long to write and opens slowly, and bounces.csv
#: and suppression.csv have them all.
BOUNCE_CAP = 20_000
#: Above this the rows go to disk as they are written, at the price of values cached for charts.
_LARGE = 20_000
_BOUNCE_COLUMNS = (
    "received_at",
    "recipient",
    "label",
    "fault",
    "reason",
    "transient",
    "diagnostic",
    "status",
    "reply",
    "provider",
    "sender",
    "subject",
    "blocklist",
    "confidence",
    "decided_by",
    "match_method",
    "suspected_forged",
    "duplicate_of",
    "source",
    "record_id",
)
_FIXED_DATE = datetime(2000, 1, 1)
#: The colours of the page (Okabe and Ito): told apart by colour-blind readers too.
_COLOURS = {"hard": "#0072B2", "spam": "#D55E00"}
_CHART_ROWS = 15


def write(
    diagnosis: Diagnosis,
    correlated: Correlated,
    suppression: pd.DataFrame,
    path: Path,
    mappings: Sequence[str] = (),
    every: pd.DataFrame | None = None,
) -> None:
    """Write the workbook to `path`; its folder must exist. `mappings` says which columns were taken for what.

    every: what the sheet of bounces shows, in place of those of `correlated`.
    """
    every = correlated.bounces if every is None else every
    large = len(every) > _LARGE
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
        "constant_memory": large,
    }
    with atomic(path) as temporary:
        book = xlsxwriter.Workbook(str(temporary), options)
        book.set_properties({"title": "Bounce report", "created": _FIXED_DATE})
        _Report(book).fill(diagnosis, correlated, suppression, mappings, every)
        try:
            book.close()
        except FileCreateError as error:
            raise OutputError(str(path), f"cannot be written: {error}", "free some space or write elsewhere") from None


class _Report(Sheets):
    """The sheets of the report, one method each."""

    def fill(
        self,
        diagnosis: Diagnosis,
        correlated: Correlated,
        suppression: pd.DataFrame,
        mappings: Sequence[str],
        every: pd.DataFrame,
    ) -> None:
        self.summary(diagnosis)
        self.grid(diagnosis, correlated)
        for dimension in DIMENSIONS:
            if diagnosis.breakdown.get(dimension):
                self.breakdown(diagnosis, dimension)
        self.fixes(diagnosis)
        self.drivers(diagnosis)
        self.reasons(correlated)
        self.frame("Suppression", suppression, BOUNCE_CAP, list(suppression.columns))
        self.frame("Bounces", every, BOUNCE_CAP, [name for name in _BOUNCE_COLUMNS if name in every])
        self.inputs(diagnosis, mappings)

    def summary(self, diagnosis: Diagnosis) -> None:
        sheet = self.book.add_worksheet("Summary")
        sheet.hide_gridlines(2)
        sheet.set_column(0, 0, 34)
        sheet.set_column(1, 6, 15)
        row = 0
        self.cell(sheet, row, 0, "Bounce report", "title")
        for verdict in sentences.verdicts(diagnosis):
            row += 2
            tone = sentences.TONE_NAMES[verdict.tone].lower()
            self.cell(sheet, row, 0, f"{verdict.subject} ({tone})", "section")
            row += 1
            self.line(sheet, row, verdict.sentence, "bold")
            if verdict.why:
                row += 1
                self.line(sheet, row, verdict.why, "wrap")
        row += 2
        self.cell(sheet, row, 0, "Do now", "section")
        for number, action in enumerate(sentences.actions(diagnosis), 1):
            row += 1
            self.line(sheet, row, f"{number}. {action.what} {action.detail}".strip(), "wrap")
        row += 2
        self.cell(sheet, row, 0, "Rates", "section")
        rates = [
            (name, rate.rate, rate.low, rate.high, rate.count, rate.leads)
            for name, rate in words.named_rates(diagnosis.totals)
        ]
        row = self.table(
            sheet,
            row + 1,
            ["What", "Rate", "Low (95 %)", "High (95 %)", "Leads bounced", "Leads contacted"],
            ["text", "percent", "percent", "percent", "count", "count"],
            rates,
        )
        self.cell(sheet, row, 0, "Emails sent")
        self.cell(sheet, row, 1, diagnosis.totals.emails_sent, "count")
        for line in words.under_rates(diagnosis):
            row += 1
            self.line(sheet, row, line, "wrap")
        self._forecast(sheet, row + 2, diagnosis)

    def _forecast(self, sheet: Any, row: int, diagnosis: Diagnosis) -> None:
        limit = words.tolerance(diagnosis.options)
        self.cell(sheet, row, 0, "Forecast of bad addresses", "section")
        rows: list[list[object]] = []
        for name, (title, _) in words.FORECAST_NAMES.items():
            way = getattr(diagnosis.data_quality.forecast, name)
            mean = None if way.leads and way.rate is None else way.bounces
            rows.append([title, way.leads, mean, way.rate, way.low, way.high, way.p_over_tolerance, limit])
        head = [
            "Way to send",
            "Leads",
            "Bounces expected",
            "Rate",
            "Low (95 %)",
            "High (95 %)",
            words.over_heading(limit),
        ]
        first = row + 2
        kinds = ["text", "count", "decimal", "percent", "percent", "percent", "percent", "percent"]
        bottom = self.table(sheet, row + 1, [*head, "Accepted"], kinds, rows)
        last = bottom - 1
        if ranking := words.ranking_line(diagnosis.data_quality):
            self.line(sheet, bottom, ranking, "wrap")
            bottom += 1
        if all(line[3] is None for line in rows):
            return
        chart = self.book.add_chart({"type": "column"})
        names = ["Summary", first, 0, last, 0]
        chart.add_series(
            {
                "name": "Bad addresses expected",
                "categories": names,
                "values": ["Summary", first, 3, last, 3],
                "fill": {"color": _COLOURS["hard"]},
                "gap": 120,
                "y_error_bars": {
                    "type": "custom",
                    "plus_values": [_gap(line[5], line[3]) for line in rows],
                    "minus_values": [_gap(line[3], line[4]) for line in rows],
                },
            }
        )
        if limit is not None:
            line = self.book.add_chart({"type": "line"})
            line.add_series(
                {
                    "name": "Accepted",
                    "categories": names,
                    "values": ["Summary", first, 7, last, 7],
                    "line": {"color": "#16191D", "dash_type": "dash", "width": 1.75},
                }
            )
            chart.combine(line)
        chart.set_title({"name": "Bad addresses expected of the next list", "name_font": {"size": 12}})
        chart.set_y_axis({"num_format": "0%", "min": 0, "major_gridlines": {"visible": True}})
        chart.set_legend({"position": "bottom"})
        sheet.insert_chart(bottom + 1, 0, chart, {"x_scale": 1.4, "y_scale": 1.1})

    def breakdown(self, diagnosis: Diagnosis, dimension: str) -> None:
        rows = extracts.ordered_rows(dimension, diagnosis.breakdown[dimension])
        title = words.dimension_title(dimension)
        name = title[:31]
        rates = not extracts.counts_only(diagnosis, dimension)
        rate_heads = [f"{label} {part}" for label in ("Hard", "Spam") for part in ("rate", "low (95 %)", "high (95 %)")]
        sheet = self.listing(
            name,
            [title, *(["Leads"] if rates else []), "Hard", "Spam", "Unknown", *(rate_heads if rates else [])],
            ["text", *["count"] * (4 if rates else 3), *["percent"] * (6 if rates else 0)],
            [36] + [11] * (10 if rates else 3),
            [
                [
                    words.value_name(dimension, row.value),
                    *([row.leads] if rates else []),
                    *(row.hard, row.spam, row.unknown),
                    *([row.hard_rate, row.hard_low, row.hard_high] if rates else []),
                    *([row.spam_rate, row.spam_low, row.spam_high] if rates else []),
                ]
                for row in rows
            ],
        )
        if more := words.left_out_line(diagnosis, dimension):
            sheet.write_string(len(rows) + 2, 0, more)
        if len(rows) < 2 or not rates:
            return
        last = min(len(rows), _CHART_ROWS)
        first = max(1, len(rows) - 52) if dimension == "week" else 1
        last = len(rows) if dimension == "week" else last
        chart = self.book.add_chart({"type": "line" if dimension == "week" else "bar"})
        for label, column in (("hard", 5), ("spam", 8)):
            colour = {"color": _COLOURS[label]}
            look: dict[str, Any] = {"fill": colour}
            if dimension == "week":
                marker = {"type": "circle" if label == "hard" else "square", "size": 6, "fill": colour}
                look = {"line": {**colour, "dash_type": "solid" if label == "hard" else "dash"}, "marker": marker}
            series = {
                "name": words.LABEL_NAMES[label],
                "categories": [name, first, 0, last, 0],
                "values": [name, first, column, last, column],
            }
            chart.add_series(series | look)
        chart.set_title({"name": f"Bounces by {title.lower()}", "name_font": {"size": 12}})
        rate_axis = {"num_format": "0%", "min": 0}
        if dimension == "week":
            chart.set_y_axis(rate_axis)
        else:
            chart.set_x_axis(rate_axis)
            chart.set_y_axis({"reverse": True})
        chart.set_legend({"position": "bottom"})
        sheet.insert_chart(1, 12, chart, {"x_scale": 1.2, "y_scale": 0.8 + 0.06 * (last - first + 1)})

    def fixes(self, diagnosis: Diagnosis) -> None:
        rows = [
            [
                number,
                words.fix_title(fix),
                words.SIDE_NAMES[fix.side],
                fix.bounces,
                fix.domains,
                fix.share,
                fix.since,
                fix.until,
                fix.clear,
                ", ".join(words.reason_name(reason) for reason in fix.reasons),
                " / ".join(fix.evidence[:5]),
                " ".join(f"{step}. {text}" for step, text in enumerate(fix.steps, 1)),
                " / ".join(fix.verify),
                " / ".join(f"{each.title} {each.url}".strip() for each in fix.documentation),
            ]
            for number, fix in enumerate(sentences.ordered_fixes(diagnosis), 1)
        ]
        head = ["No.", "Fix", "Side", "Bounces", "Domains", "Share of spam", "First", "Last", "Clear since"]
        head += ["Reasons", "They say", "Do", "Then check", "Read"]
        kinds = ["count", "bold", "wrap", "count", "count", "percent", "text", "text", "count", *["wrap"] * 5]
        self.listing("Fixes", head, kinds, [5, 34, 16, 10, 10, 10, 12, 12, 10, 24, 60, 60, 40, 40], rows)

    def drivers(self, diagnosis: Diagnosis) -> None:
        rows = [
            [
                words.dimension_title(row.dimension),
                words.value_name(row.dimension, row.value),
                words.LABEL_NAMES[row.label],
                row.leads,
                row.bounces,
                row.rate,
                row.expected,
                row.lift,
                row.q_value,
            ]
            for row in diagnosis.drivers
        ]
        head = ["What", "Value", "Bounce", "Leads", "Bounced", "Rate", "Expected", "Times", "False alarm (q)"]
        kinds = ["text", "text", "text", "count", "count", "percent", "percent", "decimal", "exact"]
        self.listing("Drivers", head, kinds, [22, 36, 10, 10, 10, 10, 10, 10, 14], rows)

    def reasons(self, correlated: Correlated) -> None:
        rows = [
            [
                words.reason_name(row.reason),
                words.reason_says(row.reason),
                words.LABEL_NAMES.get(row.label, row.label),
                words.FAULT_NAMES.get(row.fault, row.fault),
                row.bounces,
                row.examples[0].diagnostic if row.examples else "",
            ]
            for row in extracts.reason_counts(correlated.bounces, correlated.sends)
        ]
        head = ["Reason", "What it means", "Bounce", "Whose fault", "Bounces", "For example"]
        self.listing("Reasons", head, ["text", "wrap", "text", "text", "count", "wrap"], [24, 44, 10, 24, 10, 90], rows)

    def grid(self, diagnosis: Diagnosis, correlated: Correlated) -> None:
        """Email status by industry group, a row a cell."""
        found = extracts.grid(diagnosis, correlated.sends)
        if found is None:
            return
        rows = [
            [
                words.value_name("email_status", status),
                words.value_name("industry_group", group),
                *(cell.leads, cell.hard, cell.spam, cell.hard / cell.leads, cell.spam / cell.leads),
            ]
            for status in found.statuses
            for group in found.groups
            if (cell := found.cells.get((status, group)))
        ]
        head = ["Email status", "Industry group", "Leads", "Hard", "Spam", "Hard rate", "Spam rate"]
        kinds = ["text", "text", "count", "count", "count", "percent", "percent"]
        self.listing("Status by industry", head, kinds, [20, 20, 11, 11, 11, 11, 11], rows)

    def inputs(self, diagnosis: Diagnosis, mappings: Sequence[str]) -> None:
        matching = diagnosis.matching
        rows: list[Sequence[object]] = [
            ["Bounces", "read", matching.bounces],
            ["Bounces", "tied to a mail we sent", matching.matched],
            *(
                ["Bounces", f"tied by {explained}", getattr(matching.by_method, name)]
                for name, explained in words.METHOD_NAMES.items()
            ),
            ["Bounces", "tied to nothing, left out", matching.unmatched],
            ["Bounces", "of these, suspected forgeries", matching.suspected_forged],
            ["Bounces", "duplicates", matching.duplicates],
            ["Leads", "only flagged in the log", matching.flag_only],
            *(
                [
                    "File",
                    f"{words.INPUT_NAMES.get(item.kind, item.kind)}: {item.path} (SHA-256 {item.sha256})",
                    item.rows,
                ]
                for item in diagnosis.inputs
            ),
            *(["Keep in mind", warning, ""] for warning in diagnosis.warnings),
            *(["Columns taken", line, ""] for line in mappings),
            *(
                ["Option", words.option_name(name), words.option_value(name, value)]
                for name, value in diagnosis.options.items()
            ),
            ["Version", "bounce-analyzer", diagnosis.tool_version],
            ["Version", "rules", diagnosis.rules_version],
            *(["How it was worked out", f"{what}: {how}", ""] for what, how in HOW),
        ]
        self.listing("Inputs", ["What", "Detail", "Value"], ["text", "wrap", "text"], [24, 110, 24], rows)


def _gap(high: object, low: object) -> float:
    return max(high - low, 0.0) if isinstance(high, (int, float)) and isinstance(low, (int, float)) else 0.0
