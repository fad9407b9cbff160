"""Days and times of day in two columns, and times of day that have no day at all."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING

import openpyxl
import pandas as pd
import pytest

from analyzer.sources.tables import read_table, read_tables, read_times

if TYPE_CHECKING:
    from pathlib import Path

ROWS = [["jane@example.com", "02.03.2026", "09:11"], ["bob@example.net", "25.03.2026", "16:40"]]


def log(tmp_path: Path, header: str, rows: list[list[str]]) -> Path:
    path = tmp_path / "log.csv"
    path.write_text("\n".join([header, *(";".join(row) for row in rows)]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    ["Email;Date;Time", "E-Mail;Datum;Uhrzeit", "Email;Sent Date;Sent Time", "Email;Sent on;Time", "Email;Fecha;Hora"],
)
def test_a_day_and_a_time_beside_it_are_when_a_mail_was_sent(tmp_path: Path, header: str) -> None:
    table = read_table(log(tmp_path, header, ROWS))
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 09:11", "03-25 16:40"]
    assert [name for name, field in table.mapping.items() if field == "sent_at"] == header.split(";")[1:]
    assert not table.warnings


def test_the_time_may_come_first_and_stand_apart(tmp_path: Path) -> None:
    rows = [[clock, mail, "Q1", day] for mail, day, clock in ROWS]
    table = read_table(log(tmp_path, "Time;Email;Campaign;Sent on", rows))
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 09:11", "03-25 16:40"]


def test_a_person_may_name_both(tmp_path: Path) -> None:
    rows = [[mail, day, "x", clock] for mail, day, clock in ROWS]
    path = log(tmp_path, "Email;Tag;Note;Minute", rows)
    table = read_table(path, mapping={"Tag": "sent_at", "Minute": "sent_at"}, timezone="Europe/Berlin")
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 08:11", "03-25 15:40"]


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (
        ["Email", "Date", "Time"],
        ["jane@example.com", date(2026, 3, 2), time(9, 11)],
        ["b@example.net", date(2026, 3, 3)],
    ):
        book.active.append(row)
    path = tmp_path / "log.xlsx"
    book.save(path)
    table = read_table(path)
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 09:11", "03-03 00:00"]


def test_a_window_for_sending_is_no_time_of_a_mail(tmp_path: Path) -> None:
    table = read_table(log(tmp_path, "Email;Sent on;From", ROWS))
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 00:00", "03-25 00:00"]


def test_times_of_day_alone_say_nothing(tmp_path: Path) -> None:
    table = read_table(log(tmp_path, "Email;Name;Time", [[mail, "Jane", clock] for mail, _, clock in ROWS]))
    assert table.frame["sent_at"].isna().all()
    assert "sent_at" not in table.mapping.values()
    assert any("'Time' holds times of day, and no column the days" in warning for warning in table.warnings)


def test_a_whole_time_elsewhere_goes_before_a_time_of_day(tmp_path: Path) -> None:
    rows = [[mail, clock, f"2026-03-0{n} {clock}"] for n, (mail, _, clock) in enumerate(ROWS, 2)]
    table = read_table(log(tmp_path, "Email;Time;Created at", rows))
    assert table.frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["03-02 09:11", "03-03 16:40"]


@pytest.mark.parametrize("word", ["10:30", "10:30:15", "9:05 AM", "T10:00", "now", "Today"])
def test_nothing_is_read_as_of_the_day_of_the_reading(word: str) -> None:
    times = read_times(pd.Series([word, "2026-03-02 09:11"]))
    assert times.values.isna().tolist() == [True, False]
    assert times.unread == (word,)


def test_the_same_in_every_table_of_a_run(tmp_path: Path) -> None:
    """The order of day and month that one table proves holds for the joined column of another."""
    open_order = [["jane@example.com", "03/02/2026", "09:11"], ["bob@example.net", "04/02/2026", "10:00"]]
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    logs = [
        log(first, "Email;Date;Time", open_order),
        log(second, "Email;Date;Time", [["ann@example.org", "25/02/2026", "11:00"]]),
    ]
    tables = read_tables([(path, "log") for path in logs])
    assert tables[0].frame["sent_at"].dt.strftime("%m-%d %H:%M").tolist() == ["02-03 09:11", "02-04 10:00"]
