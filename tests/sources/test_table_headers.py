"""Headers of lead lists and logs in other languages, and those that name their source in brackets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

#: A whole header -> the fields of its columns, "" for one that means nothing.
HEADERS: dict[str, list[str]] = {
    "Adresse e-mail;Date d’envoi;Campagne;Secteur d’activité;Statut de l’e-mail": ["recipient", "sent_at", "campaign", "industry", "email_status"],
    "Indirizzo e-mail;Data di invio;Campagna;Settore;Stato e-mail": ["recipient", "sent_at", "campaign", "industry", "email_status"],
    "Endereço de e-mail;Data e hora de envio;Campanha;Setor;Status do e-mail": ["recipient", "sent_at", "campaign", "industry", "email_status"],
    "Correo electrónico;Fecha de envío;Campaña;Sector;Verificación": ["recipient", "sent_at", "campaign", "industry", "email_status"],
    "E-mailadres;Verzonden op;Campagne;Bedrijf;E-mailstatus": ["recipient", "sent_at", "campaign", "company", "email_status"],
    "E-postadress;Företag;Bransch;E-poststatus": ["recipient", "company", "industry", "email_status"],
    "Email;Industry [LinkedIn];Email Status (ZeroBounce);#": ["recipient", "industry", "email_status", ""],
    "Email;Email Status;Email Status (old)": ["recipient", "email_status", ""],
    "Email (old);Work Email;Company (previous)": ["", "recipient", ""],
}  # fmt: skip


@pytest.mark.parametrize("header", HEADERS)
def test_headers_find_their_fields(tmp_path: Path, header: str) -> None:
    path = tmp_path / "log.csv"
    names = header.split(";")
    cells = ["jane@example.com" if field == "recipient" else "2026-03-02" for field in HEADERS[header]]
    path.write_text(f"{header}\n{';'.join(cells)}\n", encoding="utf-8")
    mapping = read_table(path).mapping
    assert [mapping.get(name, "") for name in names] == HEADERS[header]
