"""Exports with German headers and words, as Excel saves them: every column finds its place without --map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.correlate import correlate
from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

LOG = """Kampagnenbericht;;;;;
Empfänger;Versendet am;Kampagnenname;Absender;Zustellstatus;Fehlermeldung
jana@müller.example;02.03.2026 09:11;Frühjahr;lisa@nord.example;Zugestellt;
ole@weiß.example;2.3.26 9:12;Frühjahr;lisa@nord.example;Nicht zugestellt;550 5.1.1 Empfänger unbekannt
kim@krüger.example;13.03.2026 09:13;Frühjahr;lisa@nord.example;Geplant;
"""
OTHERS = {
    "sent_at": ["Sendedatum", "Versandzeitpunkt", "Verschickt am", "Gesendet um"],
    "campaign": ["Kampagne", "Sequenzname", "Nom de la campagne"],
    "sender": ["Absenderadresse", "Gesendet von", "E-Mail-Konto"],
    "bounced": ["Gebounct", "Nicht zugestellt", "Unzustellbar"],
    "bounce_reason": ["Bounce-Grund", "Ablehnungsgrund", "Serverantwort"],
}


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_a_german_log_needs_no_map(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "Kampagne März.csv"
    path.write_text(LOG, encoding=encoding)
    table = read_table(path)
    first, second = table.frame.head(2).to_dict("records")
    assert first["recipient"] == "jana@müller.example"
    assert (str(first["sent_at"])[:16], str(second["sent_at"])[:16]) == ("2026-03-02 09:11", "2026-03-02 09:12")
    assert (first["campaign"], first["sender"]) == ("Frühjahr", "lisa@nord.example")
    assert second["bounce_reason"] == "550 5.1.1 Empfänger unbekannt"


def test_german_states_tell_who_bounced_and_to_whom_nothing_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text(LOG, encoding="cp1252")
    sends = correlate([], read_table(path)).sends
    assert sends[["recipient", "reason"]].to_numpy().tolist() == [
        ["jana@müller.example", ""],
        ["ole@weiß.example", "user_unknown"],
    ]


@pytest.mark.parametrize(("field", "header"), [(field, header) for field, all_ in OTHERS.items() for header in all_])
def test_other_words_for_a_column(tmp_path: Path, field: str, header: str) -> None:
    path = tmp_path / "log.csv"
    path.write_text(f"E-Mail;{header}\njana@lumen.example;2026-03-02 09:11\n", encoding="cp1252")
    assert read_table(path).frame.iloc[0][field]
