"""Page, Markdown, workbook, screen and JSON tell the same numbers: each is read back and held against the JSON."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from conftest import Case
from rich.console import Console

from analyzer import report
from analyzer.report import words

#: What is read back of each rate: how it is written, its range, how many leads of how many.
Rate = tuple[str, str, int, int]
#: Of each way to send: leads, bounces expected, rate, range, chance of too many.
Way = tuple[int, float, str, str, str]
RATES = {
    "hard": "Hard bounces",
    "address": "of these, bad addresses",
    "spam": "Spam bounces",
    "unknown": "Unknown bounces",
}
WAYS = {"max_quantity": "Max quantity", "max_quality": "Max quality", "best_mix": "Best mix"}


def number(text: str) -> float:
    return float(text.replace(",", ""))


class Cells(HTMLParser):
    """Tiles as {name: lines} and rows of tables by what they begin with, without the explanations of words."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tiles: list[list[str]] = []
        self.rows: list[list[str]] = []
        self._into: list[str] | None = None
        self._tip = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "dl":
            self.tiles.append([])
        elif tag == "tr":
            self.rows.append([])
        elif tag in {"dt", "dd"} and self.tiles:
            self._into = self.tiles[-1]
            self._into.append("")
        elif tag in {"th", "td"} and self.rows:
            self._into = self.rows[-1]
            self._into.append("")
        self._tip = dict(attrs).get("class") == "tip"

    def handle_endtag(self, tag: str) -> None:
        self._tip = False
        if tag in {"dt", "dd", "th", "td"}:
            self._into = None

    def handle_data(self, data: str) -> None:
        if self._into is not None and not self._tip:
            self._into[-1] += data.replace("\xa0", " ")


class FromPage:
    def __init__(self, text: str) -> None:
        cells = Cells(text)
        self.tiles = {tile[0]: tile[1:] for tile in cells.tiles if tile}
        self.rows = {row[0]: row[1:] for row in cells.rows if row}

    def rate(self, name: str) -> Rate:
        figure, leads, spread = self.tiles[RATES[name]]
        part, of = re.fullmatch(r"([\d,]+) of ([\d,]+) leads", leads).groups()  # type: ignore[union-attr]
        return figure, spread.removeprefix("range "), int(number(part)), int(number(of))

    def way(self, name: str) -> Way:
        (row,) = [cells for head, cells in self.rows.items() if head.startswith(f"{WAYS[name]} (")]
        return int(number(row[0])), number(row[1]), row[2], row[3], row[4]

    def sent(self) -> int:
        return int(number(self.tiles["Emails sent"][0]))


class FromMarkdown:
    def __init__(self, text: str) -> None:
        self.text = text
        lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
        self.rows = {line[0]: line[1:] for line in lines}

    def rate(self, name: str) -> Rate:
        figure, spread, leads = self.rows[RATES[name]]
        part, of = re.fullmatch(r"([\d,]+) of ([\d,]+) leads", leads).groups()  # type: ignore[union-attr]
        return figure, spread, int(number(part)), int(number(of))

    def way(self, name: str) -> Way:
        (row,) = [cells for head, cells in self.rows.items() if head.startswith(f"{WAYS[name]} (")]
        return int(number(row[0])), number(row[1]), row[2], row[3], row[4]

    def sent(self) -> int:
        return int(number(re.search(r"([\d,]+) emails sent", self.text).group(1)))  # type: ignore[union-attr]


class FromBook:
    def __init__(self, path: Path) -> None:
        sheet = openpyxl.load_workbook(path)["Summary"]
        self.rows: dict[str, list[Any]] = {
            line[0].value: [cell.value for cell in line[1:]] for line in sheet.iter_rows() if line[0].value
        }

    def rate(self, name: str) -> Rate:
        rate, low, high, count, leads, *_ = self.rows[RATES[name]]
        return words.percent(rate), words.spread(low, high), count, leads

    def way(self, name: str) -> Way:
        leads, bounces, rate, low, high, over, *_ = self.rows[WAYS[name]]
        return leads, number(words.count(bounces)), words.percent(rate), words.spread(low, high), words.chance(over)

    def sent(self) -> int:
        return int(self.rows["Emails sent"][0])


class FromScreen:
    """The screen leaves out what the rate is of and the bounces expected: the first stands above, the second is theirs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.leads, self.mails = (int(number(found)) for found in re.search(
            r"([\d,]+) leads contacted, ([\d,]+) emails sent", text).groups())  # type: ignore[union-attr]  # fmt: skip
        self.rows = {line[: line.find("  ")]: re.split(r"  +", line)[1:] for line in text.splitlines() if "  " in line}

    def rate(self, name: str) -> Rate:
        figure, spread, count, *_ = self.rows[RATES[name]]
        return figure, spread, int(number(count)), self.leads

    def way(self, name: str) -> Way:
        leads, rate, spread, over = self.rows[WAYS[name]]
        return int(number(leads)), -1.0, rate, spread, over

    def sent(self) -> int:
        return self.mails


@pytest.fixture(scope="module")
def files(campaign: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    found = report.write(
        campaign.diagnosis, campaign.correlated, tmp_path_factory.mktemp("same"), suppression=campaign.suppression
    )  # type: ignore[arg-type]
    return {path.name: path for path in found}


@pytest.fixture(scope="module")
def told(files: dict[str, Path]) -> dict[str, Any]:
    return json.loads(files["diagnosis.json"].read_text(encoding="utf-8"))  # type: ignore[no-any-return]


@pytest.fixture(scope="module", params=["page", "markdown", "workbook", "screen"])
def form(request: pytest.FixtureRequest, files: dict[str, Path], campaign: Case) -> Any:
    match request.param:
        case "page":
            return FromPage(files["report.html"].read_text(encoding="utf-8"))
        case "markdown":
            return FromMarkdown(files["report.md"].read_text(encoding="utf-8"))
        case "workbook":
            return FromBook(files["report.xlsx"])
        case _:
            screen = Console(file=io.StringIO(), width=100)
            report.show(campaign.diagnosis, screen)
            return FromScreen(screen.file.getvalue())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", RATES)
def test_the_rates_are_the_json_s(form: Any, told: dict[str, Any], name: str) -> None:
    rate = told["totals"][name]
    assert form.rate(name) == (
        words.percent(rate["rate"]),
        words.spread(rate["low"], rate["high"]),
        rate["count"],
        rate["leads"],
    )


@pytest.mark.parametrize("name", WAYS)
def test_the_forecast_is_the_json_s(form: Any, told: dict[str, Any], name: str) -> None:
    way = told["data_quality"]["forecast"][name]
    found = form.way(name)
    wanted = (
        way["leads"],
        number(words.count(way["bounces"])),
        words.percent(way["rate"]),
        words.spread(way["low"], way["high"]),
        words.chance(way["p_over_tolerance"]),
    )
    if isinstance(form, FromScreen):
        wanted = (wanted[0], -1.0, *wanted[2:])
    assert found == wanted


def test_the_mails_sent_are_the_json_s(form: Any, told: dict[str, Any]) -> None:
    assert form.sent() == told["totals"]["emails_sent"] == 31022


def test_every_form_gives_the_same_verdict_and_the_same_advice(files: dict[str, Path], campaign: Case) -> None:
    screen = Console(file=io.StringIO(), width=100)
    report.show(campaign.diagnosis, screen)
    book = openpyxl.load_workbook(files["report.xlsx"])["Summary"]
    page = re.sub(r'<span class="tip".*?</span>', "", files["report.html"].read_text(encoding="utf-8"))
    texts = {
        "page": re.sub(r"<[^>]+>", "", page).replace("\xa0", " "),
        "markdown": files["report.md"].read_text(encoding="utf-8").replace("\\", ""),
        "workbook": " ".join(str(cell.value) for line in book.iter_rows() for cell in line if cell.value),
        "screen": screen.file.getvalue(),  # type: ignore[attr-defined]
    }
    for name, text in texts.items():
        plain = " ".join(text.replace("*", "").split())
        for sentence in (
            "Switch the next sequence to max quality",
            "Both sides play a part: spam bounces from 1.5 % of the leads",
            "Set data quality to max quality for the next sequence.",
            "Make DMARC pass for mail.example.net.",
            "Stop writing to the 561 bad addresses.",
        ):
            assert sentence in plain, (name, sentence)
