"""Every row of a list in its order, whatever file it is in."""

from __future__ import annotations

import io
import re
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from analyzer.check import check
from analyzer.check.leads import read_leads
from analyzer.errors import AnalyzerError, MissingColumnError, UnreadableInputError
from analyzer.records import BOUNCE_COLUMNS

TABLE = "Name,Work Email,Email Status,Industry,Verified At\nAnn,ann@example.org,Verified,Banking,2026-03-01\nBob,,,,\nCy,none here,Guessed,Retail,\n"
PLAIN = "ann@example.org\n\nnone here\n"


@pytest.mark.parametrize(
    ("name", "content", "texts"),
    [
        ("leads.csv", TABLE, ["ann@example.org", "", "none here"]),
        ("leads.txt", TABLE, ["ann@example.org", "", "none here"]),
        ("leads", PLAIN, ["ann@example.org", "", "none here"]),
        ("leads.txt", PLAIN, ["ann@example.org", "", "none here"]),
        ("leads.txt", "Email\n" + PLAIN, ["ann@example.org", "none here"]),
        (
            "leads.txt",
            "ann@example.org, bob@example.org\ncy@example.org\n",
            ["ann@example.org, bob@example.org", "cy@example.org"],
        ),
        ("leads.csv", "ann@example.org;Acme\nbob@example.org;Brix\n", ["ann@example.org", "bob@example.org"]),
        ("leads.jsonl", '{"email": "ann@example.org", "n": 1}\n{"email": null}\n', ["ann@example.org", ""]),
        ("leads.tsv", "email\tcompany\nann@example.org\tAcme\n", ["ann@example.org"]),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_rows_stay_in_their_order_and_none_is_left_out(
    tmp_path: Path, name: str, content: str, texts: list[str], encoding: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content.encode(encoding))
    assert read_leads(path).texts == texts


def test_a_table_keeps_its_own_cells_and_tells_what_they_mean(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text(TABLE)
    leads = read_leads(path)
    assert leads.headers == ("Name", "Work Email", "Email Status", "Industry", "Verified At")
    assert leads.own[0] == ("Ann", "ann@example.org", "Verified", "Banking", "2026-03-01")
    assert leads.statuses == ["verified", "", "guessed"]
    assert leads.groups[0] == "strict"
    assert leads.verified_days == [20513, None, None]


@pytest.mark.parametrize("ending", ["csv", "xlsx", "parquet", "jsonl"])
def test_every_kind_of_table_is_read_alike(tmp_path: Path, ending: str) -> None:
    frame = pd.read_csv(io.StringIO(TABLE)).fillna("")
    path = tmp_path / f"leads.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "xlsx":
        frame.to_excel(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    for leads in (read_leads(path), read_leads(frame)):
        assert (leads.texts, leads.statuses) == (["ann@example.org", "", "none here"], ["verified", "", "guessed"])
        assert leads.verified_days == [20513, None, None]


def test_a_column_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "leads.csv"
    path.write_text("a,b\nann@example.org,bob@example.net\n")
    with pytest.raises(MissingColumnError, match="--map"):
        read_leads(path)
    assert read_leads(path, {"b": "email"}).texts == ["bob@example.net"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("leads.txt", b"", "is empty"),
        ("leads.csv", b"email,name\n", "no rows"),
        ("leads.csv", b"\x7fELF\0\0\0\0", "binary"),
        ("leads.txt", b"Dear all,\nhere is the list.\n", "no list of e-mail addresses"),
        ("leads.txt", b"From: a@b.org\nTo: c@b.org\nSubject: x\n\nSee\nyou\nthere\nthen\n", "--history"),
        ("bounces", b"From a@b.org Mon Mar  2 09:11:21 2026\nSubject: x\nTo: c@b.org\n\nSee\nyou\n", "--against"),
        ("bounces.mbox", b"From a@b.org Mon Mar  2 09:11:21 2026\nSubject: x\n\nSee you\n", "is mail, no list"),
        ("missing.csv", None, "cannot be read"),
        ("missing.txt", None, "cannot be read"),
    ],
)
def test_what_is_no_list_is_told_in_a_line(tmp_path: Path, name: str, content: bytes | None, told: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableInputError, match=told) as error:
        read_leads(path)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_the_standard_input_is_a_list_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))
    leads = read_leads("-")
    assert (leads.texts[0], leads.path) == ("ann@example.org", "the standard input")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"")))
    with pytest.raises(UnreadableInputError, match="the standard input"):
        read_leads("-")


LIST = pd.DataFrame(
    {
        "Email": [
            "ann@example.org",
            "ANN@example.org ",
            "info@@gmail",
            "",
            "bob@example.org",
            "a.nn@gmail.com",
            "ann+x@gmail.com",
        ],
        "Email Status": ["verified", "verified", "verified", "", "guessed", "verified", "verified"],
        "domain": ["example.org"] * 7,
    }
)


def test_the_library_grades_a_frame() -> None:
    checked = check(LIST, allow_reserved=True)
    assert list(checked["grade"]) == [
        "send",
        "do_not_send",
        "do_not_send",
        "do_not_send",
        "verify_again",
        "send",
        "send",
    ]
    assert list(checked["email"])[:3] == ["ann@example.org", "ANN@example.org", "info@@gmail"]
    assert list(checked["email_original"]) == list(LIST["Email"])
    assert checked["duplicate_of"][1] == 1
    assert checked["reasons"][1] == "duplicate"
    assert checked["suggestion"][2] == "info@gmail.com"
    assert checked["tags"][6] == "alias_duplicate; free_mail"
    assert checked["score"].between(0, 100).all()
    assert all(text.endswith(".") for text in checked["reasons_text"])
    # The list's own columns stay, one that has our name is marked.
    assert list(checked.columns[-2:]) == ["Email Status", "domain (list)"]
    again = check(checked, allow_reserved=True)
    assert list(again.columns) == list(checked.columns)
    assert list(again["grade"])[:3] == ["send", "do_not_send", "do_not_send"]


def test_the_package_offers_the_check_and_it_is_a_function() -> None:
    import analyzer
    import analyzer.check.rows

    assert analyzer.check is check
    assert list(analyzer.check(["ann@example.org"])["reasons"]) == ["reserved_domain"]


def test_a_history_with_what_was_sent_sharpens_each_lead(tmp_path: Path) -> None:
    """Guessed addresses that hardly ever bounced here may be sent to; verified ones that did are held back."""
    sent, bounced = [], []
    for number in range(800):
        status = "guessed" if number % 2 else "verified"
        address = f"p{number}@d{number}.example"
        sent.append(
            {"recipient": address, "sent_at": "2026-02-01", "campaign": f"c{number // 8 % 6}", "email_status": status}
        )
        if status == "verified" and number % 8 == 0:
            row = {
                "recipient": address,
                "label": "hard",
                "fault": "address",
                "reason": "user_unknown",
                "kind": "bounce",
            }
            bounced.append(row | {"transient": False, "received_at": "2026-02-01T10:00:00Z", "record_id": f"r{number}"})
    stranger = bounced[0] | {"recipient": "new1@other.example", "record_id": "forged"}
    pd.DataFrame(sent).to_csv(tmp_path / "log.csv", index=False)
    pd.DataFrame([*bounced, stranger]).to_csv(tmp_path / "bounces.csv", index=False)
    leads = pd.DataFrame(
        {
            "email": ["new1@other.example", "new2@other.example", bounced[1]["recipient"]],
            "email_status": ["guessed", "verified", "verified"],
        }
    )
    files = {"history": [tmp_path / "bounces.csv"], "history_log": [tmp_path / "log.csv"]}
    assert list(check(leads, allow_reserved=True)["grade"]) == ["verify_again", "send", "send"]
    checked = check(leads, allow_reserved=True, **files)  # type: ignore[arg-type]
    assert list(checked["grade"]) == ["send", "verify_again", "do_not_send"]
    assert checked["bounce_chance"][0] < 0.05 < checked["bounce_chance"][1]
    # Without the log nobody can tell that the bounce of a stranger's mail is none of ours.
    bare = check(leads, allow_reserved=True, history=[pd.DataFrame([stranger])])
    assert bare["reasons"][0] == "bounced_before"
    with pytest.raises(AnalyzerError, match="without the bounces"):
        check(leads, history_log=[tmp_path / "log.csv"])


def test_addresses_in_memory_keep_their_places() -> None:
    checked = check(["ann@example.org", None, "", float("nan"), ""], allow_reserved=True)  # type: ignore[list-item]
    assert list(checked["reasons"].map(str)) == ["not_verified", *["blank_line"] * 4]
    assert list(checked["email"]) == ["ann@example.org", "", "", "", ""]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (None, "check: a list is the path of a file (str or Path), a frame or addresses, not NoneType"),
        (5, "check: a list is the path of a file (str or Path), a frame or addresses, not int"),
        (
            {"email": ["ann@example.org"]},
            "check: a list is the path of a file (str or Path), a frame or addresses, not d",
        ),
        ([{"email": "ann@example.org"}], "check: an address is a str, not dict; give a frame where more is known"),
        ([b"ann@example.org"], "check: an address is a str, not bytes"),
    ],
)
def test_what_is_no_list_in_memory_is_refused(given: object, told: str) -> None:
    with pytest.raises(TypeError, match=f"^{re.escape(told)}"):
        check(given)  # type: ignore[arg-type]


def test_the_day_of_judging_may_be_a_text_or_a_moment() -> None:
    frame = pd.DataFrame({"email": ["ann@example.org"], "email_status": ["verified"], "verified_at": ["2025-06-01"]})
    days = [
        *("2025-06-02", date(2025, 6, 2), datetime(2025, 6, 2, 23, tzinfo=UTC)),
        *("2026-11-01", pd.Timestamp("2026-11-01", tz="UTC")),
    ]
    scores = [int(check(frame, as_of=day, allow_reserved=True)["score"][0]) for day in days]
    assert scores[0] == scores[1] == scores[2] > scores[3] == scores[4]
    with pytest.raises(AnalyzerError, match=r"^as_of 1\.6\.2025: is no day; give one such as 2026-03-31$"):
        check(frame, as_of="1.6.2025")
    with pytest.raises(TypeError, match=r"^check: as_of is a day"):
        check(frame, as_of=2025)  # type: ignore[arg-type]


def test_mailboxes_are_asked_by_somebody() -> None:
    with pytest.raises(TypeError, match=r"^check: smtp is analyzer\.check\.smtp\.ProbeOptions.* not bool: every"):
        check(["ann@example.org"], smtp=True)  # type: ignore[arg-type]


def test_columns_are_named_as_a_mapping_or_as_the_command_names_them() -> None:
    frame = pd.DataFrame({"Work mail": ["ann@example.org"], "Second": ["bob@example.org"]})
    for mapping in ({"Second": "email"}, ["Second=email"], "Second=email"):
        assert list(check(frame, mapping=mapping)["email"]) == ["bob@example.org"]


def test_a_diagnosis_bounces_of_strangers_are_nobodys_history(tmp_path: Path) -> None:
    told = {"kind": "bounce", "label": "hard", "fault": "address", "reason": "user_unknown", "record_id": "1"}
    ties = {"tied": ("recipient", "false"), "forged": ("", "true"), "untied": ("", "false")}
    rows = [
        {**told, "source": name, "recipient": f"{name}@example.org", "match_method": tie, "suspected_forged": forged}
        for name, (tie, forged) in ties.items()
    ]
    pd.DataFrame(rows).reindex(columns=[*BOUNCE_COLUMNS, "match_method", "suspected_forged"]).to_csv(
        tmp_path / "bounces.csv", index=False
    )
    checked = check([f"{name}@example.org" for name in ties], history=tmp_path / "bounces.csv", allow_reserved=True)
    assert list(checked["reasons"]) == ["bounced_before", "not_verified", "not_verified"]


def test_a_log_that_tells_what_bounced_is_a_history_of_its_own(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "recipient,sent_at,bounced,bounce_reason\n"
        "ann@corp.example,2026-03-02,yes,550 5.1.1 User unknown\n"
        "bob@corp.example,2026-03-02,no,\n"
        "cy@corp.example,2026-03-02,yes,550 5.7.1 This is spam\n"
    )
    checked = check(["ann@corp.example", "bob@corp.example", "cy@corp.example"], history_log=log, allow_reserved=True)
    assert list(checked["grade"]) == ["do_not_send", "verify_again", "verify_again"]
    assert checked["reasons"][0] == "bounced_before"
    assert "550 5.1.1 User unknown" in checked["evidence"][0]
    assert "2026-03-02" in checked["evidence"][0]
