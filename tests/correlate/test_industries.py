"""Industry names of any source as canonical names and groups."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.correlate.industries import normalise_industries, normalise_industry

STRICT = [
    ("Banking", "Banking"),
    ("banks", "Banking"),
    ("Banken", "Banking"),
    ("banque", "Banking"),
    ("銀行", "Banking"),
    ("Community Bank", "Banking"),
    ("Sparkassen und Volksbanken", "Banking"),
    ("Financial Services", "Financial Services"),
    ("financial services", "Financial Services"),
    ("Finanzdienstleistungen", "Financial Services"),
    ("Mortgage Lenders", "Financial Services"),
    ("Investment Banking", "Investment Banking"),
    ("Investment Management", "Investment Management"),
    ("hedge funds", "Investment Management"),
    ("Capital Markets", "Capital Markets"),
    ("Insurance", "Insurance"),
    ("Versicherung", "Insurance"),
    ("assurance", "Insurance"),
    ("Seguros", "Insurance"),
    ("FinTech", "Fintech"),
    ("Financial Technology", "Fintech"),
    ("B2B fintech platform", "Fintech"),
    ("hospital & health care", "Hospital & Health Care"),
    ("Hospitals and Health Care", "Hospital & Health Care"),
    ("Healthcare", "Hospital & Health Care"),
    ("Gesundheitswesen", "Hospital & Health Care"),
    ("santé", "Hospital & Health Care"),
    ("sante", "Hospital & Health Care"),
    ("salud", "Hospital & Health Care"),
    ("Medical Practices", "Medical Practice"),
    ("Dental Clinics", "Medical Practice"),
    ("Mental Health Care", "Mental Health Care"),
    ("Pharmaceuticals", "Pharmaceuticals"),
    ("Pharmaceutical Manufacturing", "Pharmaceuticals"),
    ("farmacéutica", "Pharmaceuticals"),
    ("Farmaceutica", "Pharmaceuticals"),
    ("Pharmaceutcal Manufacturing", "Pharmaceuticals"),
    ("Biotechnology Research", "Biotechnology"),
    ("Medical Equipment Manufacturing", "Medical Devices"),
    ("Medizintechnik", "Medical Devices"),
    ("Government Administration", "Government Administration"),
    ("governo", "Government Administration"),
    ("Armed Forces", "Military"),
    ("Law Enforcement", "Law Enforcement"),
    ("Defense and Space Manufacturing", "Defense & Space"),
    ("law practice", "Law Practice"),
    ("Law Firms & Legal Services", "Law Practice"),
    ("Venture Capital & Private Equity", "Venture Capital & Private Equity"),
    ("Utilities", "Utilities"),
    ("NAICS 522110", "Banking"),
    ("naics: 3254", "Pharmaceuticals"),
    ("NAICS code 541714", "Biotechnology"),
    ("NAICS 928110", "Military"),
    ("SIC 6021", "Banking"),
    ("SIC 8062", "Hospital & Health Care"),
    ("GICS 403010", "Insurance"),
    ("LinkedIn 41", "Banking"),
    ("Computer Software; Banking", "Banking"),
    ("Retail / Insurance", "Insurance"),
]
OPEN = [
    ("Transport et logistique", "Logistics & Supply Chain"),
    ("Logistyka", "Logistics & Supply Chain"),
    ("Mécanique industrielle", "Mechanical or Industrial Engineering"),
    ("Restauration", "Restaurants"),
    ("Ristorazione", "Restaurants"),
    ("Commercio al dettaglio", "Retail"),
    ("Handel detaliczny", "Retail"),
    ("Macchinari", "Machinery"),
    ("Maszyny", "Machinery"),
    ("Maquinaria", "Machinery"),
    ("Budownictwo", "Construction"),
    ("Nieruchomości", "Real Estate"),
    ("Oprogramowanie", "Computer Software"),
    ("Computer Software", "Computer Software"),
    ("Software Development", "Computer Software"),
    ("insurance software", "Computer Software"),
    ("law enforcement software", "Computer Software"),
    ("Information Technology & Services", "Information Technology & Services"),
    ("IT Services and IT Consulting", "Information Technology & Services"),
    ("Technology, Information and Internet", "Internet"),
    ("Package/Freight Delivery", "Package/Freight Delivery"),
    ("Primary/Secondary Education", "Primary/Secondary Education"),
    ("marketing & advertising", "Marketing & Advertising"),
    ("Hospitality", "Hospitality"),
    ("Food bank", "Nonprofit Organization Management"),
    ("Health food store", "Health, Wellness & Fitness"),
    ("wellness", "Health, Wellness & Fitness"),
    ("Baking", "Food Production"),
    ("Animal hospital", "Veterinary"),
    ("Higher Education", "Higher Education"),
    ("Telecommunicatons", "Telecommunications"),
    ("Einzelhandel", "Retail"),
    ("NAICS 5415", "Information Technology & Services"),
    ("LinkedIn 96", "Information Technology & Services"),
]
UNCLASSIFIED = [
    *("", "asdf", "5221", "n.e.c.", "Blood bank storage", "bank note printing", "NAICS 99", "LinkedIn 9999"),
    *("Quality assurance", "Salvation Army", "Miscellaneous"),
]


@pytest.mark.parametrize(("text", "name"), STRICT)
def test_strict(text: str, name: str) -> None:
    found = normalise_industry(text)
    assert (found.name, found.group) == (name, "strict")


@pytest.mark.parametrize(("text", "name"), OPEN)
def test_open(text: str, name: str) -> None:
    found = normalise_industry(text)
    assert (found.name, found.group) == (name, "open")


@pytest.mark.parametrize("text", UNCLASSIFIED)
def test_what_nothing_fits_is_never_open(text: str) -> None:
    assert normalise_industry(text).group == "unclassified"


@pytest.mark.parametrize("code", range(1, 149))
def test_every_linkedin_code_is_known(code: int) -> None:
    # The list has no number 2.
    assert (normalise_industry(f"LinkedIn {code}").group == "unclassified") == (code == 2)


def test_a_column_keeps_its_index_and_the_unclassified_words() -> None:
    found = normalise_industries(pd.Series(["Banks", None, "Basketry"], index=[3, 1, 2]))
    assert found["industry"].to_dict() == {3: "Banking", 1: "", 2: "Basketry"}
    assert found["industry_group"].to_dict() == {3: "strict", 1: "unclassified", 2: "unclassified"}
