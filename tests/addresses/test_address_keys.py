"""What addresses are compared by: one key for every spelling of an address, in all that compares two of them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

import analyzer
from analyzer.addresses.key import address_key, domain_key, in_ascii, spellings
from analyzer.bounces import rows_of
from analyzer.check.history import history_of
from analyzer.classify import classifier_of
from analyzer.correlate import correlate
from analyzer.correlate.addresses import address_keys, normalise_addresses
from analyzer.diagnose import suppression
from analyzer.export.inputs import read_lead_ids
from analyzer.history import Workspace
from analyzer.history.files import TableFiles
from analyzer.history.matching import domain_of
from analyzer.records import Event, Failure, Original, Report

#: One address in letters, with its marks as signs of their own, in A-labels, and loud.
JANE = (
    "jörg@müller.example",
    "jo\u0308rg@mu\u0308ller.example",
    "jörg@xn--mller-kva.example",
    "JÖRG@XN--Mller-KVA.Example",
    "jörg@MÜLLER.example",
)
OTHERS = ("jörg@muller.example", "jorg@müller.example", "jörg@xn--mller-kvb.example", "jörg@xn--mller-kva.test")
BOUNCE = {
    "kind": "bounce",
    "received_at": "2026-03-02T09:20:00Z",
    "label": "hard",
    "fault": "address",
    "reason": "user_unknown",
    "diagnostic": "550 5.1.1 no such user",
    "record_id": "r1",
}


@pytest.mark.parametrize("spelling", JANE)
def test_every_spelling_has_one_key(spelling: str) -> None:
    assert address_key(spelling) == JANE[0]
    assert JANE[0] in spellings(spelling)
    assert "jörg@xn--mller-kva.example" in spellings(spelling)


@pytest.mark.parametrize("other", OTHERS)
def test_other_addresses_have_other_keys(other: str) -> None:
    assert address_key(other) != JANE[0]
    assert JANE[0] not in spellings(other)


@pytest.mark.parametrize(
    ("domain", "key", "ascii_name"),
    [
        ("ΟΔΟΣ.example", "οδοσ.example", "xn--pxavbq.example"),
        ("i❤.example", "i❤.example", "xn--i-7iq.example"),
        ("ｅxample\u3002com", "example.com", "example.com"),
        ("straße.example", "straße.example", "xn--strae-oqa.example"),
        # No A-labels: nothing behind the dashes, ASCII, upper case or two signs inside, and one that is too long.
        ("xn--.example", "xn--.example", "xn--.example"),
        ("xn--abc-.example", "xn--abc-.example", "xn--abc-.example"),
        ("xn--ller-lvb.example", "xn--ller-lvb.example", "xn--ller-lvb.example"),
        (f"xn--{'a' * 70}.example", f"xn--{'a' * 70}.example", f"xn--{'a' * 70}.example"),
        ("a--b.example", "a--b.example", "a--b.example"),
    ],
)
def test_domains(domain: str, key: str, ascii_name: str) -> None:
    assert domain_key(domain) == key
    assert in_ascii(key) == ascii_name
    assert domain_key(ascii_name) == key


def test_what_is_too_long_for_an_address_is_only_lowered() -> None:
    text = f"{'Jö' * 200}@XN--Mller-KVA.example"
    assert address_key(text) == address_keys(pd.Series([text]))[0] == text.lower()


def test_a_column_has_the_keys_of_its_cells() -> None:
    column = pd.Series([*JANE, *OTHERS, "Jane@Example.com", "a-b@c--d.example", "", "no address"])
    assert address_keys(normalise_addresses(column)).tolist()[: len(JANE)] == [JANE[0]] * len(JANE)
    assert address_keys(column).tolist() == [address_key(cell) for cell in column]
    assert address_keys(column.iloc[9:12]).to_dict() == {9: "jane@example.com", 10: "a-b@c--d.example", 11: ""}


def send(recipient: str) -> pd.DataFrame:
    return pd.DataFrame({"recipient": [recipient, "ann@example.com"], "sent_at": ["2026-03-02T09:00:00Z"] * 2})


@pytest.mark.parametrize("told", JANE)
def test_a_bounce_finds_its_mail_and_its_lead(told: str) -> None:
    for written in JANE:
        leads = pd.DataFrame({"email": [JANE[2], JANE[1], "ann@example.com"], "email_status": ["guessed"] * 3})
        found = correlate([{**BOUNCE, "recipient": told}], send(written), leads, pd.DataFrame({"email": [written]}))
        assert (found.matching.matched, found.matching.suspected_forged) == (1, 0)
        assert len(found.leads) == 2, "one lead, however often a list has it"
        assert found.sends["email_status"].tolist() == ["guessed", "guessed"]
        assert suppression(found)["email"].tolist() == [normalise_addresses(pd.Series([written]))[0].lower()]


def test_a_return_path_and_a_header_name_the_lead() -> None:
    """A forward hides whom the mail was sent to: the return path says it, or the To of the returned mail."""
    forwarded = {**BOUNCE, "recipient": "inbox@elsewhere.example"}
    clues = (
        {"delivered_to": "bounces+jörg=xn--mller-kva.example@outreach.example"},
        {"original_headers": json.dumps({"to": "Jörg <jo\u0308rg@xn--mller-kva.example>"})},
    )
    for clue, method in zip(clues, ("verp", "header"), strict=True):
        found = correlate([{**forwarded, **clue}], send(JANE[0])).matching
        assert getattr(found.by_method, method) == 1


def test_the_same_failure_in_two_spellings_is_one() -> None:
    rows = [{**BOUNCE, "recipient": told, "record_id": f"r{n}"} for n, told in enumerate(JANE)]
    assert correlate(rows, send("ann@example.com")).matching.duplicates == len(JANE) - 1
    assert record_id(JANE[0]) == record_id(JANE[3])


def record_id(told: str) -> str:
    failure = Failure(recipient=told, diagnostic="550 5.1.1 no such user", action="failed")
    report = Report(kind="bounce", format="feed", failures=(failure,), original=Original(message_id="<1@a.example>"))
    (row,) = rows_of(Event("", report), classifier_of(None))
    return str(row["record_id"])


def test_the_history_knows_it_by_either_spelling(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    space.add_leads(pd.DataFrame({"email": [JANE[0]], "email_status": ["guessed"]}))
    space.add_leads(pd.DataFrame({"email": [JANE[2]], "email_status": ["verified"]}))
    assert space.leads()["email"].tolist() == [JANE[2]], "the same lead, told anew"


@pytest.mark.parametrize("spelling", [*JANE, "JÖRG@müller.example ", "Jörg <jörg@müller.example>"])
def test_the_histories_domains_are_those_of_a_diagnosis(tmp_path: Path, spelling: str) -> None:
    with TableFiles(tmp_path) as files:
        found = files.con.execute(f"SELECT {domain_of('trim(who)')} FROM (SELECT ? AS who)", [spelling]).fetchall()
    assert found == [("müller.example",)]


def test_a_check_knows_who_bounced_and_who_is_suppressed(tmp_path: Path) -> None:
    (tmp_path / "stop.txt").write_text("dead.example\nBÜCHER.example\njörg@xn--mller-kva.example\n", encoding="utf-8")
    (tmp_path / "leads.csv").write_text(
        "email\njörg@müller.example\nann@xn--bcher-kva.example\nkim@grün.example\nkim@xn--grn-ioa.example\n",
        encoding="utf-8",
    )
    history = history_of([{**BOUNCE, "recipient": "kim@xn--grn-ioa.example"}])
    assert list(history.domains) == ["xn--grn-ioa.example"]
    rows = analyzer.check(
        tmp_path / "leads.csv",
        suppress=[tmp_path / "stop.txt"],
        history=[pd.DataFrame([{**BOUNCE, "recipient": "kim@grün.example"}])],
        allow_reserved=True,
    ).set_index("email_original")["reasons"]
    assert "suppressed" in rows.iloc[0]
    assert "suppressed" in rows.iloc[1]
    assert "bounced_before" in rows.iloc[2]
    assert "duplicate" in rows.iloc[3]


def test_lead_ids_of_an_export_are_found(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(f"email,lead_id\n{JANE[2]},7\n", encoding="utf-8")
    assert read_lead_ids(tmp_path / "leads.csv") == {JANE[0]: "7"}
