"""Earlier grades against later bounces: matrices, bands and intervals worked out by hand."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from analyzer.errors import AnalyzerError, MissingColumnError
from analyzer.knowledge import reasons
from analyzer.scorecard import lines
from analyzer.scorecard.against import OUTCOMES, against


def bounce(email: str, reason: str, **more: object) -> dict[str, object]:
    found = reasons()[reason]
    kind = "complaint" if reason == "complaint" else "bounce"
    judged = {"label": found.label, "fault": found.fault, "reason": reason, "transient": found.transient}
    return {"kind": kind, "recipient": email, "received_at": "2026-03-02T10:00:00Z", **judged, **more}


def checked(*rows: tuple[str, str, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["email", "grade", "score"])


LEADS = checked(
    ("a1@example.com", "send", 97),
    ("A2@Example.com", "send", 97),
    ("a3@example.com", "send", 94),
    ("a4@example.com", "send", 91),
    ("v1@example.com", "verify_again", 55),
    ("v2@example.com", "verify_again", 55),
    ("d1@example.com", "do_not_send", 4),
    ("d2@example.com", "do_not_send", 4),
    ("d2@EXAMPLE.com", "do_not_send", 0),
    ("", "do_not_send", 0),
)
BOUNCES = pd.DataFrame(
    [
        bounce("a2@example.com", "user_unknown"),
        bounce("a3@example.com", "recipient_restricted"),
        bounce("a4@example.com", "mailbox_full"),
        bounce("v1@example.com", "mailbox_full"),
        bounce("v1@example.com", "no_mail_server"),
        bounce("v2@example.com", "unspecified"),
        bounce("elsewhere@example.org", "user_unknown", original_recipient="d1@example.com"),
        bounce("stranger@example.net", "user_unknown"),
        bounce("d2@example.com", "user_unknown", kind="delayed"),
    ]
)
SENT = ["a1@example.com", "a2@example.com", "a3@example.com", "v1@example.com", "d1@example.com", "other@example.net"]


def apart(*frames: pd.DataFrame) -> list[pd.DataFrame]:
    """The same with every lead at a company of its own."""
    return [frame.replace(r"^([A-Za-z]\d)@.*", r"\1@\1.example", regex=True) for frame in frames]


def counts(found: object) -> dict[str, list[int]]:
    matrix = found.matrix  # type: ignore[attr-defined]
    return {row["grade"]: [row[name] for name in ("leads", *OUTCOMES, "not_sent")] for row in matrix.to_dict("records")}


def test_the_matrix_without_a_log():
    found = against(LEADS, BOUNCES)
    # leads, address, spam, mailbox, infrastructure, unknown, no bounce, not sent
    assert counts(found) == {
        "send": [4, 1, 1, 1, 0, 0, 1, 0],
        "verify_again": [2, 1, 0, 0, 0, 1, 0, 0],
        "do_not_send": [2, 1, 0, 0, 0, 0, 1, 0],
    }
    assert (found.leads, found.sent, found.logged, found.strangers) == (8, 8, False, 1)
    assert found.notes == ("Rows that repeat an address or have none, left out: 2.",)
    # At companies of their own. Wilson, 1 of 4: centre (0.25 + 1.9207/4) / (1 + 3.8415/4), E. B. Wilson 1927.
    row = against(*apart(LEADS, BOUNCES)).matrix.iloc[0]
    assert (row["rate"], round(row["low"], 4), round(row["high"], 4)) == (0.25, 0.0456, 0.6994)


def test_leads_of_one_company_are_not_as_many_observations():
    """Sixty bad addresses at a dead domain, against twenty companies of three: by hand, both are 60 of 660."""
    good = [(f"p{n}@c{n // 3}.example", "send", 97) for n in range(600)]
    one = [(f"q{n}@closed.example", "send", 97) for n in range(60)]
    many = [(f"q{n}@d{n // 3}.example", "send", 97) for n in range(60)]
    ranges = {}
    for name, bad in (("one", one), ("many", many)):
        back = pd.DataFrame([bounce(email, "user_unknown") for email, _, _ in bad])
        found = against(checked(*good, *bad).assign(source="list"), back, by=["source"])
        rows = found.matrix.iloc[0], found.by["source"].iloc[0], found.calibration.iloc[0]
        (ranges[name],) = {(row["address"], row["rate"], row["low"], row["high"]) for row in rows}
    assert ranges["one"][:2] == ranges["many"][:2] == (60, 60 / 660)
    assert ranges["one"][3] - ranges["one"][2] > 1.5 * (ranges["many"][3] - ranges["many"][2])
    # Wilson's would be 0.0715 to 0.1154; twenty companies of 220 make it about 0.06 to 0.14.
    assert ranges["many"][2] == pytest.approx(0.06, abs=0.006)
    assert ranges["many"][3] == pytest.approx(0.14, abs=0.01)


def test_only_leads_in_the_log_were_sent_to():
    log = pd.DataFrame({"recipient": SENT, "sent_at": "2026-03-02T09:00:00Z"})
    found = against(LEADS, BOUNCES.drop(index=3), log)
    assert counts(found) == {
        "send": [3, 1, 1, 0, 0, 0, 1, 1],
        "verify_again": [1, 1, 0, 0, 0, 0, 0, 1],
        "do_not_send": [1, 1, 0, 0, 0, 0, 0, 1],
    }
    assert (found.leads, found.sent, found.logged) == (8, 5, True)


@pytest.mark.parametrize(
    ("column", "value"), [("suspected_forged", True), ("match_method", ""), ("duplicate_of", "r0")]
)
def test_what_a_diagnosis_set_aside_does_not_count(column, value):
    given = BOUNCES.head(1).assign(
        **{"match_method": "verp", "suspected_forged": False, "duplicate_of": "", column: value}
    )
    assert against(LEADS, given).matrix["address"].tolist() == [0, 0, 0]


def test_calibration_of_the_score():
    """Three points a percent: 97 expects 1 %, 94 2 %, 91 3 %, 55 15 %, 4 32 %."""
    table = against(LEADS, BOUNCES).calibration
    assert table is not None
    shown = [
        (row["score_from"], row["score_to"], row["leads"], round(row["expected"], 4), row["address"], row["rate"])
        for row in table.to_dict("records")
    ]
    assert shown == [
        (95, 100, 2, 0.01, 1, 0.5),
        (90, 95, 2, 0.025, 0, 0.0),
        (40, 60, 2, 0.15, 1, 0.5),
        (0, 20, 2, 0.32, 1, 0.5),
    ]


def test_a_lists_own_chance_goes_before_the_score():
    table = against(LEADS.assign(bounce_chance=0.2), BOUNCES).calibration
    assert table is not None
    assert {round(value, 9) for value in table["expected"]} == {0.2}


def test_a_next_send_list_has_chances_for_scores():
    ahead = LEADS.rename(columns={"grade": "decision"}).drop(columns="score").assign(probability=0.07)
    found = against(ahead, BOUNCES)
    assert found.calibration is not None
    assert found.calibration[["score_from", "leads"]].to_numpy().tolist() == [[90, 8]]
    assert counts(found)["send"][:2] == [4, 1]


def many(bad: dict[str, int], size: int = 100) -> tuple[pd.DataFrame, pd.DataFrame]:
    score = {"send": 95, "verify_again": 60, "do_not_send": 5}
    leads = checked(*((f"{grade}{i}@example.com", grade, score[grade]) for grade in bad for i in range(size)))
    failed = [bounce(f"{grade}{i}@example.com", "user_unknown") for grade, number in bad.items() for i in range(number)]
    return leads, pd.DataFrame(failed)


def test_grades_that_tell_apart_and_grades_that_do_not():
    good, bad = against(*many({"send": 1, "do_not_send": 60})), against(*many({"send": 30, "do_not_send": 30}))
    assert good.separates is not None and good.separates < 1e-6
    assert bad.separates is not None and bad.separates > 0.5
    # 61 bad and 139 good: pairs won 60 x 99 (send over do not send), ties 1 x 99 + 60 x 40.
    assert good.ranking == pytest.approx((60 * 99 + (99 + 60 * 40) / 2) / (61 * 139))
    assert bad.ranking == pytest.approx(0.5)
    assert any("tell bad addresses apart" in line for line in lines(good))
    assert any("Not shown" in line for line in lines(bad))


@pytest.mark.parametrize(("leads", "bounces"), [(LEADS, BOUNCES), (many({"send": 3})[0], many({"send": 3})[1])])
def test_too_few_to_rank(leads, bounces):
    assert against(leads, bounces).ranking is None


def test_by_source_and_vendor():
    listed = LEADS.assign(
        **{
            "Lead Source": ["fair", "fair", "web", "web", "web", "fair", "fair", "", "", ""],
            "ZeroBounce Status": ["valid"] * 5 + ["catch-all"] * 5,
            "Company": [f"c{i}" for i in range(10)],
            "provider": ["google", "microsoft"] * 5,  # the receiving side's, as `check` writes it
        }
    )
    found = against(listed, BOUNCES)
    assert list(found.by) == ["Lead Source", "ZeroBounce Status"]
    rows = found.by["Lead Source"][["value", "leads", "send", "address"]].to_numpy().tolist()
    assert rows == [["fair", 4, 2, 2], ["web", 3, 2, 1], ["(not given)", 1, 0, 0]]
    crossed = against(listed, BOUNCES, by=["lead_source+zerobounce status"]).by["lead_source+zerobounce status"]
    assert crossed[["value", "leads", "address"]].to_numpy().tolist() == [
        ["web / valid", 3, 1],
        ["fair / catch-all", 2, 1],
        ["fair / valid", 2, 1],
        ["(not given) / catch-all", 1, 0],
    ]
    with pytest.raises(MissingColumnError, match=r"'vendor'.*Lead Source"):
        against(listed, BOUNCES, by=["vendor"])


def test_words_for_a_person():
    text = "\n".join(lines(against(*apart(LEADS, BOUNCES))))
    assert "8 checked leads; without --log" in text
    assert "Graded send: 25.0 % had a bad address (4.6–69.9 %), 1 of 4; 4 leads are few." in text
    assert "Of 3 bad addresses that bounced, 1 (33.3 %) had been graded send, 1 verify again, 1 do not send." in text
    assert "count for no grade: 3." in text
    assert all(len(line) <= 80 for line in text.splitlines() if line.startswith(("Grade ", "send", "95")))


def test_no_word_about_grades_that_were_not_sent_to():
    log = pd.DataFrame({"recipient": ["a1@example.com"], "sent_at": "2026-03-02T09:00:00Z"})
    text = "\n".join(lines(against(LEADS, BOUNCES, log)))
    assert "Graded do not send: none was sent to" in text


def test_json_has_every_part():
    told = json.loads(json.dumps(against(LEADS, BOUNCES).to_dict(), allow_nan=False))
    assert told["matrix"][0]["grade"] == "send"
    assert told["matrix"][0]["address"] == 1
    assert told["calibration"][0]["score_from"] == 95
    assert told["ranking"] is None


def test_files_and_messages(tmp_path):
    LEADS.to_csv(tmp_path / "checked.csv", index=False)
    pd.DataFrame({"recipient": SENT}).to_csv(tmp_path / "log.csv", index=False)
    (tmp_path / "bounce.eml").write_text(
        "From: MAILER-DAEMON@mx.example\nTo: ann@example.net\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n"
        "Final-Recipient: rfc822; a1@example.com\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 No such user\n\n--b--\n"
    )
    for log in (None, tmp_path / "log.csv"):
        found = against(tmp_path / "checked.csv", tmp_path / "bounce.eml", log)
        assert found.matrix["address"].tolist() == [1, 0, 0], log
    BOUNCES.to_csv(tmp_path / "bounces.csv", index=False)
    assert counts(against(tmp_path / "checked.csv", tmp_path)) == counts(against(LEADS, BOUNCES))


@pytest.mark.parametrize(
    ("leads", "words"),
    [
        (LEADS[["email", "score"]], "give a folder"),
        (LEADS.assign(grade="perhaps"), "perhaps"),
        (LEADS.head(0), "no lead"),
        (BOUNCES.assign(match_method="x"), "no grades"),
    ],
)
def test_what_is_no_checked_list(leads, words):
    with pytest.raises(AnalyzerError, match=words):
        against(leads, BOUNCES)
