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


@pytest.mark.parametrize(
    ("header", "cells", "told"),
    [
        # A list is verified once more before it is used; where that says nothing, what was there before counts.
        ("email_status,nb_result", ["verified,invalid", "guessed,valid", "guessed,"], ["invalid", "valid", "guessed"]),
        ("Email Status,MV result", ["Verified,catch_all", "Verified,ok", "Guessed,"], ["catch_all", "ok", "Guessed"]),
        # Two verifiers, and one whose column says something else, decide nothing.
        ("email_status,nb_result,mv_result", ["verified,invalid,ok", "guessed,valid,ok"], ["verified", "guessed"]),
        ("email_status,nb_result", ["verified,13", "guessed,20"], ["verified", "guessed"]),
    ],
)
def test_the_column_of_a_named_verifier_goes_before_a_status_of_nobodys(
    tmp_path: Path, header: str, cells: list[str], told: list[str]
) -> None:
    path = tmp_path / "leads.csv"
    rows = [f"kim{number}@corp.example,{cell}" for number, cell in enumerate(cells)]
    path.write_text("\n".join([f"email,{header}", *rows]) + "\n")
    table = read_table(path, "leads")
    assert table.frame["email_status"].tolist() == told
    assert any("two columns tell a verification" in warning for warning in table.warnings) is (told[0] != "verified")
