"""The terminal summary: 80 columns, nothing but text when piped, colour only where it is wanted."""

from __future__ import annotations

import io
import re
import unicodedata

import pytest
from conftest import Case
from rich.console import Console

from analyzer import report
from analyzer.report import words


def shown(case: Case, *, terminal: bool = False, width: int = 80, encoding: str = "utf-8") -> str:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    console = Console(
        file=file, width=width, force_terminal=terminal, highlight=False, color_system="truecolor" if terminal else None
    )
    report.show(case.diagnosis, console)
    file.flush()
    return raw.getvalue().decode(encoding)


def test_the_numbers_are_the_diagnosis_s(campaign: Case) -> None:
    text = shown(campaign)
    totals, forecast = campaign.diagnosis.totals, campaign.diagnosis.data_quality.forecast
    for name, rate in words.named_rates(totals):
        line = rf"{name} +{words.percent(rate.rate)} +{words.spread(rate.low, rate.high)} +{rate.count:,}\b"
        assert re.search(line, text), name
    assert re.search(rf"Best mix +34,100 +{words.percent(forecast.best_mix.rate)} +2.9–5.4 % +10 %", text)
    for row in campaign.diagnosis.breakdown["email_status"]:
        name = words.value_name("email_status", row.value)
        assert re.search(
            rf"{name} +{row.leads:,} +{words.percent(row.hard_rate)} .*{words.percent(row.spam_rate)}", text
        )
    assert "6.1 % of it" in text
    assert "830 bounces read" in text


@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("name", ["campaign", "empty", "hostile"])
def test_every_line_fits(request: pytest.FixtureRequest, name: str, width: int) -> None:
    for line in shown(request.getfixturevalue(name), width=width).splitlines():
        wide = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
        assert wide <= min(width, 100), line
        assert line == line.rstrip()


def test_piped_output_is_plain_text(campaign: Case) -> None:
    text = shown(campaign)
    assert "\x1b" not in text
    assert not set("─│┌┐└┘━┃╭╮╯╰┏┓┗┛┡┩") & set(text)


@pytest.mark.parametrize("encoding", ["ascii", "cp437", "latin-1"])
@pytest.mark.parametrize("name", ["campaign", "hostile"])
def test_an_old_encoding_gets_plain_signs(request: pytest.FixtureRequest, name: str, encoding: str) -> None:
    text = shown(request.getfixturevalue(name), encoding=encoding)
    assert re.search(r"Hard bounces +4.9 % +4.5-5.3 %", text)


def test_a_terminal_gets_colour_unless_it_is_refused(campaign: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert re.search("\x1b\\[[0-9;]*3[0-9]", shown(campaign, terminal=True))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search("\x1b\\[(?:[0-9;]*;)?[34][0-9]", shown(campaign, terminal=True))


def test_hostile_text_is_text(hostile: Case) -> None:
    text = shown(hostile)
    assert not [c for c in text if unicodedata.category(c) in {"Cc", "Cs", "Cf"} and c != "\n"]
    assert "[red]markup[/red]" in text


def test_an_empty_diagnosis_is_told_in_words(empty: Case) -> None:
    text = shown(empty)
    assert "Nothing to judge" in text
    assert "No leads contacted, no emails sent." in text
    assert "None" not in text
    assert "nan" not in text
