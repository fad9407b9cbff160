"""Every file of a report: that it is there, holds the diagnosis's numbers, and shows hostile text as text."""

from __future__ import annotations

import base64
import csv
import hashlib
import html
import json
import re
import subprocess
import sys
import unicodedata
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import openpyxl
import pandas as pd
import pytest
from conftest import HOSTILE, Case, row

from analyzer import report
from analyzer.diagnose.diagnosis import DIMENSIONS, SCHEMA_VERSION, Diagnosis
from analyzer.errors import OutputError
from analyzer.report import data, extracts, markdown, page, words

NAMES = ["diagnosis.json", "bounces.csv", "suppression.csv", "report.md", "report.xlsx", "report.html"]


@pytest.fixture(scope="module", params=["campaign", "empty", "hostile"])
def any_case(request: pytest.FixtureRequest) -> Case:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Case)
    return found


def written(case: Case, out: Path, **more: pd.DataFrame) -> dict[str, Path]:
    files = report.write(case.diagnosis, case.correlated, out, suppression=case.suppression, **more)  # type: ignore[arg-type]
    return {path.name: path for path in files}


def page_of(case: Case) -> str:
    return page.html(case.diagnosis, case.correlated, case.suppression)  # type: ignore[arg-type]


class _Reader(HTMLParser):
    """Tags with their attributes, and the text outside style and script."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        self._silent = tag in {"style", "script"} or "tip" in dict(attrs).get("class", "").split()  # type: ignore[union-attr]

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words)).replace("\xa0", " ")


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    return reader


# The folder


def test_the_folder_is_made_and_every_file_is_told(campaign: Case, tmp_path: Path) -> None:
    files = written(campaign, tmp_path / "new" / "folder")
    assert sorted(files) == sorted(NAMES)
    assert sorted(path.name for path in (tmp_path / "new" / "folder").iterdir()) == sorted(NAMES)


def test_the_next_list_is_written_when_given(campaign: Case, tmp_path: Path) -> None:
    leads = pd.DataFrame({"email": ["a@example.com", "=b@example.com"], "send": [True, False]})
    files = written(campaign, tmp_path, next_send=leads)
    rows = list(csv.DictReader(files["next_send.csv"].open(encoding="utf-8", newline="")))
    assert rows == [{"email": "a@example.com", "send": "true"}, {"email": "'=b@example.com", "send": "false"}]
    assert (
        "next_send.csv says of each of the 2 leads what to do, how likely it bounces, and why."
        in read(files["report.html"].read_text()).text
    )


def test_the_same_input_gives_the_same_bytes(any_case: Case, tmp_path: Path) -> None:
    first, second = written(any_case, tmp_path / "a"), written(any_case, tmp_path / "b")
    for name, path in first.items():
        assert path.read_bytes() == second[name].read_bytes(), name


@pytest.mark.parametrize("below", ["file", "file/deeper"])
def test_a_file_in_the_way_is_an_output_error(campaign: Case, tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        written(campaign, tmp_path / below)


def test_a_folder_in_the_way_of_a_file_is_an_output_error(campaign: Case, tmp_path: Path) -> None:
    (tmp_path / "report.xlsx").mkdir()
    with pytest.raises(OutputError, match=r"report\.xlsx"):
        written(campaign, tmp_path)


def test_importing_the_report_stays_cheap() -> None:
    program = "import sys, analyzer.report.rows; print([m for m in ('pandas', 'rich', 'jinja2') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_the_suppression_list_is_made_when_it_is_not_given(campaign: Case, tmp_path: Path) -> None:
    report.write(campaign.diagnosis, campaign.correlated, tmp_path)  # type: ignore[arg-type]
    rows = list(csv.DictReader((tmp_path / "suppression.csv").open(encoding="utf-8", newline="")))
    assert {found["reason"] for found in rows} == {"user_unknown"}
    assert len({found["email"] for found in rows}) == len(rows) > 30


# diagnosis.json


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    return json.loads(report.SCHEMA.read_text(encoding="utf-8"))


def test_the_json_follows_its_schema(any_case: Case, schema: dict[str, object]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(data.json_text(any_case.diagnosis)))


def test_the_schema_knows_every_field_and_no_other(schema: dict[str, dict[str, dict[str, object]]]) -> None:
    properties = schema["properties"]
    assert list(properties) == schema["required"]
    assert set(properties) == {field.name for field in fields(Diagnosis)}
    assert tuple(properties["breakdown"]["properties"]) == DIMENSIONS  # type: ignore[arg-type]
    assert properties["schema_version"]["const"] == SCHEMA_VERSION


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("surprise",), 1),
        (("totals", "hard", "rate"), 1.2),
        (("totals", "hard", "count"), -1),
        (("totals", "hard", "count"), 1.5),
        (("data_quality", "recommendation"), "send_more"),
        (("deliverability", "side"), "nobody"),
        (("breakdown", "weather"), []),
        (("inputs", 0, "sha256"), "abc"),
        (("matching", "by_method", "guess"), 1),
        (("drivers", 0, "label"), "unknown"),
        (("schema_version",), "2.0"),
    ],
)
def test_the_schema_refuses_what_the_contract_does_not_know(
    campaign: Case, schema: dict[str, object], path: tuple[object, ...], value: object
) -> None:
    found = json.loads(data.json_text(campaign.diagnosis))
    place = found
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    assert not jsonschema.Draft202012Validator(schema).is_valid(found)


def test_a_rate_without_leads_is_null(empty: Case, schema: dict[str, object]) -> None:
    found = json.loads(data.json_text(empty.diagnosis))
    assert found["totals"]["hard"] == {"count": 0, "leads": 0, "rate": None, "low": None, "high": None}
    found["totals"]["hard"]["rate"] = 0.0
    assert not jsonschema.Draft202012Validator(schema).is_valid(found)


def test_the_json_holds_values_exactly_and_no_acting_character(hostile: Case) -> None:
    text = data.json_text(hostile.diagnosis)
    assert [c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"} and c != "\n"] == []
    assert json.loads(text)["warnings"] == [text.replace("\ud800", "\ufffd") for text in HOSTILE]


def test_the_json_takes_what_pandas_hands_on(campaign: Case) -> None:
    options = {
        "count": pd.Series([3]).iloc[0],
        "nan": float("nan"),
        "path": Path("a/b"),
        "at": pd.Timestamp("2026-03-01").date(),
    }
    found = json.loads(data.json_text(replace(campaign.diagnosis, options=options)))
    assert found["options"] == {"count": 3, "nan": None, "path": "a/b", "at": "2026-03-01"}


# The same numbers in every form


def test_every_form_tells_the_verdict_and_the_same_rates(campaign: Case, tmp_path: Path) -> None:
    files = written(campaign, tmp_path)
    totals, forecast = campaign.diagnosis.totals, campaign.diagnosis.data_quality.forecast
    forms = {
        "html": read(files["report.html"].read_text(encoding="utf-8")).text,
        "md": files["report.md"].read_text(encoding="utf-8"),
    }
    for name, text in forms.items():
        for rate in (totals.hard, totals.spam, totals.unknown, totals.address):
            assert words.percent(rate.rate) in text, name
            assert words.spread(rate.low, rate.high) in text, name
            assert f"{rate.count:,} of 12,400 leads" in text, name
        for way in (forecast.max_quantity, forecast.max_quality, forecast.best_mix):
            assert words.percent(way.rate) in text, name
            assert words.chance(way.p_over_tolerance) in text, name
        assert "6.1 % of it would bounce for bad addresses (chance of more than the 5 % you accept: 83 %)" in text, name
        assert "31,022" in text, name


def test_the_markdown_tables_hold_the_breakdown(campaign: Case) -> None:
    text = markdown.text(campaign.diagnosis)
    table = dict(re.findall(r"^\| `(\S+)` \| [\d,]+ \| ([\d.]+) % \|", text, re.MULTILINE))
    for found in campaign.diagnosis.breakdown["email_status"]:
        shown = words.value_name("email_status", found.value)
        assert float(table[shown]) == pytest.approx(found.hard_rate * 100, abs=0.051)


def test_the_page_tables_hold_the_breakdown(campaign: Case) -> None:
    text = page_of(campaign)
    for dimension, rows in campaign.diagnosis.breakdown.items():
        part = text.split(f'<h3 id="by-{dimension}">')[1].split("</table>")[0]
        values = re.findall(r'data-v="([^"]+)"', part)
        numbers = {
            (int(a), float(b), float(c)) for a, b, c in zip(values[::3], values[1::3], values[2::3], strict=True)
        }
        shown = extracts.largest(rows, 20)
        assert numbers == {(found.leads, found.hard_rate, found.spam_rate) for found in shown}, dimension


def test_the_workbook_holds_every_number(campaign: Case, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(campaign, tmp_path)["report.xlsx"])
    summary = {
        line[0].value: [cell.value for cell in line[1:]] for line in book["Summary"].iter_rows() if line[0].value
    }
    totals = campaign.diagnosis.totals
    assert summary["Hard bounces"][:5] == pytest.approx(
        [totals.hard.rate, totals.hard.low, totals.hard.high, 604, 12400]
    )
    assert summary["of these, bad addresses"][3] == 561
    assert summary["Emails sent"][0] == 31022
    assert summary["Best mix"][:6] == [34100, 1398, 0.041, 0.0291, 0.0538, 0.097]
    for dimension, rows in campaign.diagnosis.breakdown.items():
        sheet = book[words.dimension_title(dimension)]
        numbers = sorted(tuple(cell.value for cell in line[1:]) for line in sheet.iter_rows(min_row=2))
        wanted = sorted(tuple(getattr(found, field.name) for field in fields(found))[1:] for found in rows)
        for line, values in zip(numbers, wanted, strict=True):
            assert line == pytest.approx(values), dimension
        assert sheet.freeze_panes == "B2"
        assert sheet.auto_filter.ref.startswith("A1:")
        assert sheet["F2"].number_format == "0.0%"
    assert len(list(book["Bounces"].iter_rows())) == 1 + len(campaign.correlated.bounces)
    assert [cell.value for cell in book["Fixes"]["B"]][1:] == [
        fix.title for fix in campaign.diagnosis.deliverability.fixes
    ]
    assert book["Summary"]._charts
    assert book["Email status"]._charts


def test_bounces_csv_holds_every_counted_bounce(campaign: Case, tmp_path: Path) -> None:
    rows = list(csv.DictReader(written(campaign, tmp_path)["bounces.csv"].open(encoding="utf-8", newline="")))
    assert len(rows) == 120
    assert {"match_method", "suspected_forged", "duplicate_of"} <= set(rows[0])
    assert [r["record_id"] for r in rows if r["suspected_forged"] == "true"] == ["id00013"]
    assert [r["record_id"] for r in rows if r["duplicate_of"]] == ["id00007"]
    assert rows[2]["transient"] == "true"


# The page


def test_the_page_asks_nobody_for_anything(any_case: Case) -> None:
    text = page_of(any_case)
    for tag, attributes in read(text).tags:
        assert tag not in {"link", "iframe", "img", "object", "embed", "base", "form", "video", "audio"}, tag
        assert not {"src", "srcset", "style", "action", "data", "ping"} & set(attributes), (tag, attributes)
        link = attributes.get("href", "#")
        assert link.startswith("#") or link in {*NAMES, "next_send.csv"}, link
        assert not [name for name in attributes if name.startswith("on")]
    style, script = re.findall(r"<style>(.*?)</style>.*<script>(.*?)</script>", text, re.DOTALL)[0]
    assert "url(" not in style
    assert "@import" not in style
    assert "http" not in style + script


def test_the_policy_allows_the_one_style_and_the_one_script(any_case: Case) -> None:
    text = page_of(any_case)
    metas = [attributes for tag, attributes in read(text).tags if tag == "meta"]
    (policy,) = [meta["content"] for meta in metas if meta.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    for tag in ("style", "script"):
        (inline,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_verdict_comes_first_and_drawings_are_named(campaign: Case) -> None:
    order = ["Switch the next", "Both sides", "Do now", "Figures", "Email status × industry group", "Over time",
             "What drives it", "Forecast of bad", "accepted: 5 %", "Fixes for spam", "Who to leave alone",
             "Where it bounces", "Reasons, with real", "Quality of the inputs", "How each number"]  # fmt: skip
    main = re.sub(r"<nav.*?</nav>", "", page_of(campaign), flags=re.DOTALL)
    places = [read(main).text.index(name) for name in order]
    assert places == sorted(places)
    text = page_of(campaign)
    drawings = re.findall(r"<svg[^>]*role=\"img\"[^>]*>(.{7})", text)
    assert drawings
    assert set(drawings) == {"<title>"}
    assert text.count("<desc>") == 3


def test_ids_are_unique_and_links_lead_somewhere(campaign: Case) -> None:
    tags = read(page_of(campaign)).tags
    ids = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in tags:
        for name in ("href", "aria-labelledby", "aria-describedby"):
            if name in attributes and attributes[name] not in NAMES:
                assert attributes[name].removeprefix("#") in ids


def test_the_grid_counts_leads_once_and_only_shows_what_agrees(campaign: Case) -> None:
    grid = extracts.grid(campaign.diagnosis, campaign.correlated.sends)
    assert grid is not None
    assert grid.statuses == ["verified", "guessed", "catch_all"]
    assert grid.groups == ["strict", "open", "unclassified"]
    assert grid.cells["guessed", "strict"] == extracts.Cell(1100, 125, 47)
    other = replace(campaign.diagnosis, breakdown=campaign.diagnosis.breakdown | {
        "email_status": [row("verified", 7000, 90, 118), row("guessed", 4400, 486, 64)]})  # fmt: skip
    assert extracts.grid(other, campaign.correlated.sends) is None


def test_examples_leave_out_duplicates_and_forgeries_and_come_from_two_providers(campaign: Case) -> None:
    found = {item.reason: item for item in extracts.reason_counts(campaign.correlated.bounces)}
    assert found["user_unknown"].bounces == 38
    assert [example.provider for example in found["user_unknown"].examples] == ["google", "microsoft"]
    assert found["unspecified"].examples == []


def test_a_large_report_stays_small(campaign: Case) -> None:
    many = [row(f"company{number}.example", 40, number % 9, number % 3) for number in range(3000)]
    fixes = [replace(fix, evidence=["x" * 10_000] * 50) for fix in campaign.diagnosis.deliverability.fixes] * 10
    diagnosis = replace(
        campaign.diagnosis,
        breakdown=dict.fromkeys(DIMENSIONS, many),
        deliverability=replace(campaign.diagnosis.deliverability, fixes=fixes),
        drivers=campaign.diagnosis.drivers * 400,
        warnings=["w" * 5000] * 400,
    )
    bounces = pd.concat([campaign.correlated.bounces] * 50, ignore_index=True)
    bounces["reason"] = [f"reason_{number % 300}" for number in range(len(bounces))]
    text = page_of(replace(campaign, diagnosis=diagnosis, correlated=replace(campaign.correlated, bounces=bounces)))
    assert len(text.encode()) < 1_500_000
    assert "The 20 with the most leads are shown; 2,980 more are in report.xlsx." in read(text).text


def test_a_workbook_of_many_bounces_goes_to_disk_as_it_is_written(campaign: Case, tmp_path: Path) -> None:
    bounces = pd.concat([campaign.correlated.bounces] * 200, ignore_index=True)
    case = replace(campaign, correlated=replace(campaign.correlated, bounces=bounces))
    book = openpyxl.load_workbook(written(case, tmp_path)["report.xlsx"], read_only=True)
    rows = list(book["Bounces"].iter_rows(values_only=True))
    assert len(bounces) == 24_000
    assert len(rows) == 1 + 20_000 + 1
    assert rows[-1][0] == "The first 20,000 of 24,000 rows; bounces.csv has them all."
    assert book["Summary"].max_row > 20
    book.close()


# Hostile text


def test_hostile_text_is_text_on_the_page(hostile: Case) -> None:
    text = page_of(hostile)
    reader = read(text)
    assert sum(tag == "script" for tag, _ in reader.tags) == 1
    assert "<script>alert(1)</script>" in reader.text
    assert "{{ 7*7 }} {% raw %} ${x} </style></title></svg>" in reader.text
    assert not [c for c in html.unescape(text) if unicodedata.category(c) in {"Cc", "Cs", "Cf"} and c != "\n"]
    assert "W" * 700 not in text


def test_hostile_text_is_text_in_markdown(hostile: Case) -> None:
    text = markdown.text(hostile.diagnosis)
    plain = re.sub(r"(?<!\\)(`+) ?.*?(?<!`)\1(?!`)", "", text)  # without code spans
    assert not re.search(r"(?<!\\)<script", plain)
    assert not re.search(r"(?<!\\)\[link", plain)
    assert not re.search(r"(?<!\\)@everyone", plain)
    assert not [c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Cf"} and c != "\n"]
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if re.fullmatch(r"\| (-{3}:?( \| )?)+ \|", line):
            columns = line.count("|")
            for cells in lines[number + 1 :]:
                if not cells.startswith("|"):
                    break
                assert len(re.findall(r"(?<!\\)\|", cells)) == columns, cells


def test_hostile_text_is_text_in_the_workbook(hostile: Case, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(written(hostile, tmp_path)["report.xlsx"])
    kinds = {cell.data_type for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None}
    assert kinds == {"s", "n"}
    assert not [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.hyperlink]
    values = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert "=cmd|' /C calc'!A0" in values
    assert not [c for value in values for c in value if unicodedata.category(c) in {"Cc", "Cs", "Cf"}]


def test_hostile_text_is_no_formula_in_the_tables(hostile: Case, tmp_path: Path) -> None:
    files = written(hostile, tmp_path)
    for name in ("bounces.csv", "suppression.csv"):
        for line in csv.reader(files[name].open(encoding="utf-8", newline="")):
            assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@"))], name


def test_mails_that_only_the_log_marks_have_their_reasons_too(campaign: Case) -> None:
    """A platform's log with bounce reasons and no messages beside it."""
    correlated = campaign.correlated
    sends = correlated.sends.head(3).assign(label="hard", fault="address", reason="user_unknown", diagnostic="550 no")
    found = extracts.reason_counts(correlated.bounces.head(0), sends)
    assert [(item.reason, item.bounces, item.examples[0].diagnostic) for item in found] == [
        ("user_unknown", 3, "550 no")
    ]
    before = sum(item.bounces for item in extracts.reason_counts(correlated.bounces))
    after = sum(item.bounces for item in extracts.reason_counts(correlated.bounces, correlated.sends))
    tied = correlated.bounces["send_id"].dropna()
    marked = correlated.sends[(correlated.sends["label"] != "") & ~correlated.sends["send_id"].isin(tied)]
    assert after == before + len(marked)
