"""Duplicates, complaints, flags, leads: what becomes of sends once bounces are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from analyzer.correlate import SEND_FRAME, correlate
from analyzer.correlate.leads import LEAD_FRAME
from analyzer.errors import MissingColumnError, UnreadableInputError
from analyzer.records import BOUNCE_COLUMNS, Verdict
from analyzer.sources.tables import read_table

if TYPE_CHECKING:
    from pathlib import Path

LOG = pd.DataFrame(
    {
        "recipient": ["Jane@example.com", "jane@example.com", "bob@example.net", "ann@example.org"],
        "sent_at": ["2026-03-02T09:00:00Z", "2026-03-05T09:00:00Z", "2026-03-02T09:00:00Z", "2026-01-01T09:00:00Z"],
        "campaign": "q1",
        "step": ["1", "2", "1", "1"],
        "sender": "Founder <Founder@Sender.example>",
    }
)
HARD = {
    "label": "hard",
    "fault": "address",
    "reason": "user_unknown",
    "status": "5.1.1",
    "diagnostic": "550 5.1.1 no such user",
}
SPAM = {"label": "spam", "fault": "content", "reason": "spam_content", "status": "5.7.1", "diagnostic": "554 spam"}
BLANK = {
    "label": "unknown",
    "fault": "unknown",
    "reason": "unspecified",
    "diagnostic": "Undelivered mail returned to sender",
}


def _bounce(record_id: str, recipient: str = "bob@example.net", **known: Any) -> dict[str, Any]:
    return {
        "kind": "bounce",
        "received_at": "2026-03-02T09:05:00Z",
        "record_id": record_id,
        "recipient": recipient,
        **known,
    }


@pytest.mark.parametrize(
    ("bounces", "kept"),
    [
        ([_bounce("a", **HARD), _bounce("a", **HARD)], "a"),
        ([_bounce("a", **BLANK), _bounce("b", **HARD)], "b"),
        ([_bounce("a", **HARD), _bounce("b", **BLANK)], "a"),
        ([_bounce("a", **{**HARD, "reason": "recipient_rejected"}), _bounce("b", **HARD)], "b"),
        (
            [
                _bounce("a", **HARD),
                _bounce("b", **{**HARD, "diagnostic": HARD["diagnostic"] + " here, see the manual"}),
            ],
            "b",
        ),
        ([_bounce("a", **HARD), _bounce("b", **{**HARD, "received_at": "2026-03-02T10:00:00Z"})], "b"),
        ([_bounce("a", **{**HARD, "reason": "expired"}), _bounce("b", **SPAM)], "b"),
    ],
)
def test_of_copies_the_one_that_says_most_is_kept(bounces: list[dict[str, Any]], kept: str) -> None:
    found = correlate(bounces, LOG)
    assert (found.matching.bounces, found.matching.matched, found.matching.duplicates) == (2, 1, 1)
    assert found.sends.loc[2, "record_id"] == kept
    assert sorted(found.bounces["duplicate_of"]) == ["", kept]


def test_unmatched_copies_are_one_failure_too() -> None:
    found = correlate([_bounce("z", "zed@nowhere.example", **HARD)] * 3, LOG)
    assert (found.matching.unmatched, found.matching.duplicates, found.matching.suspected_forged) == (1, 2, 1)


def test_two_mails_to_one_lead_are_two_failures() -> None:
    later = _bounce("b", "jane@example.com", **{**HARD, "received_at": "2026-03-05T09:01:00Z"})
    found = correlate([_bounce("a", "jane@example.com", **HARD), later], LOG)
    assert (found.matching.matched, found.matching.duplicates) == (2, 0)
    assert found.sends["record_id"].tolist() == ["a", "b", "", ""]


def test_a_complaint_is_kept_beside_the_bounce_and_decides() -> None:
    complaint = _bounce("c", kind="complaint", label="spam", fault="complaint", reason="complaint")
    found = correlate([complaint, _bounce("a", **HARD)], LOG)
    assert (found.matching.matched, found.matching.duplicates) == (2, 0)
    assert found.sends.loc[2, ["label", "fault", "record_id"]].tolist() == ["spam", "complaint", "c"]


def test_only_bounces_and_complaints_count() -> None:
    kinds = ["delayed", "delivered", "autoreply", "mdn", "challenge", "other", "bounce"]
    found = correlate([{**_bounce(kind, **HARD), "kind": kind} for kind in kinds], LOG)
    assert found.bounces["kind"].tolist() == ["bounce"]
    assert found.matching.bounces == 1


def test_the_frames_have_their_columns() -> None:
    found = correlate([_bounce("a", **HARD)], LOG)
    assert tuple(found.sends.columns) == SEND_FRAME
    assert tuple(found.leads.columns) == LEAD_FRAME
    assert tuple(found.bounces.columns[: len(BOUNCE_COLUMNS)]) == BOUNCE_COLUMNS
    assert str(found.bounces["send_id"].dtype) == "Int64"
    assert found.sends["recipient_domain"].tolist() == ["example.com", "example.com", "example.net", "example.org"]
    assert set(found.sends["sender"]) == {"founder@sender.example"}
    assert set(found.sends["sender_domain"]) == {"sender.example"}
    assert found.sends["week"].tolist() == ["2026-W10", "2026-W10", "2026-W10", "2026-W01"]
    assert found.sends["lead"].tolist() == [0, 0, 1, 2]


def test_no_bounces_at_all() -> None:
    found = correlate([], LOG)
    assert (found.matching.bounces, len(found.bounces)) == (0, 0)
    assert (found.sends["label"] == "").all()


# --- flags of the log


def _flagged(**columns: Any) -> Any:
    return correlate([], pd.DataFrame({"recipient": ["bob@example.net"], **columns}))


@pytest.mark.parametrize("flag", ["true", "1", "Yes", "BOUNCED", "hard bounce", "2026-03-02T09:11:00Z", "1772442660"])
def test_a_flag_without_a_text_is_unknown(flag: str) -> None:
    found = _flagged(bounced=[flag])
    assert found.sends.loc[0, ["label", "fault", "reason"]].tolist() == ["unknown", "unknown", "unspecified"]
    assert found.matching.flag_only == 1
    assert found.matching.bounces == 0


@pytest.mark.parametrize("flag", ["false", "0", "no", "", "delivered", "opened"])
def test_what_is_no_flag(flag: str) -> None:
    found = _flagged(bounced=[flag])
    assert found.sends.loc[0, "label"] == ""
    assert found.matching.flag_only == 0


def test_blocked_is_unknown_and_told() -> None:
    found = _flagged(state=["BLOCKED"])
    assert found.sends.loc[0, "label"] == "unknown"
    assert any("blocked" in warning for warning in found.warnings)


@pytest.mark.parametrize("columns", [{"bounced": ["true"]}, {}])
def test_a_flag_with_a_text_is_judged_by_it(columns: dict[str, Any]) -> None:
    found = _flagged(bounce_reason=["550 5.1.1 The email account that you tried to reach does not exist"], **columns)
    assert found.sends.loc[0, ["label", "reason"]].tolist() == ["hard", "user_unknown"]
    assert found.sends.loc[0, "diagnostic"].startswith("550")


def test_a_text_beside_a_no_is_no_bounce() -> None:
    assert _flagged(bounced=["false"], bounce_reason=["550 user unknown"]).sends.loc[0, "label"] == ""


@pytest.mark.parametrize(
    ("portal", "everywhere", "label"),
    [
        ("550 5.1.1 User unknown", "FALSE", "hard"),
        ("550 5.1.1 User unknown", "TRUE", "hard"),
        ("TRUE", "FALSE", "unknown"),
        ("", "TRUE", "unknown"),
        ("FALSE", "TRUE", "unknown"),
        ("", "FALSE", ""),
        ("FALSE", "FALSE", ""),
    ],
)
def test_either_of_hubspots_two_columns_is_a_bounce(tmp_path: Path, portal: str, everywhere: str, label: str) -> None:
    path = tmp_path / "recipients.csv"
    path.write_text(
        "Recipient,Sent date,Portal Bounce,Global Bounce\n"
        f"jane@example.com,2026-03-02 09:11,{portal},{everywhere}\n"
        "bob@example.net,2026-03-02 09:11,,FALSE\n"
    )
    found = correlate(pd.DataFrame(columns=list(BOUNCE_COLUMNS)), read_table(path, "log"), None)
    assert found.sends["label"].tolist() == [label, ""]


def test_a_flag_that_a_bounce_explains_is_not_counted_again() -> None:
    found = correlate([_bounce("a", "jane@example.com", **HARD)], LOG.assign(bounced=["yes", "yes", "", ""]))
    assert found.matching.flag_only == 0
    assert found.sends["label"].tolist() == ["hard", "", "", ""]


def test_a_leads_state_on_each_of_its_mails_counts_once() -> None:
    found = correlate([], LOG.assign(state=["bounced", "bounced", "", ""]))
    assert found.matching.flag_only == 1
    assert found.sends["label"].tolist() == ["", "unknown", "", ""]


def test_leads_to_whom_nothing_was_sent_are_no_sends() -> None:
    found = correlate([], LOG.assign(state=["completed", "completed", "skipped", "imported"]))
    assert len(found.sends) == 2
    assert any("nothing was sent" in warning for warning in found.warnings)


# --- leads


LEADS = pd.DataFrame(
    {
        "email": ["JANE@example.com", "old@example.net", "ann@example.org", "ann@example.org"],
        "lead_id": ["", "B7", "", ""],
        "email_status": ["Verified", "Best Guess", "valid", "invalid"],
        "industry": ["Banken", "SaaS", "", "Basketry"],
        "verified_at": ["2026-01-01", "", "2025-01-01", "2026-02-01"],
    }
)


def test_leads_are_joined_by_address_then_by_id() -> None:
    found = correlate([], LOG.assign(lead_id=["", "", "b7", ""]), LEADS)
    assert found.sends["email_status"].tolist() == ["verified", "verified", "guessed", "invalid"]
    assert found.sends["industry_group"].tolist() == ["strict", "strict", "open", "unclassified"]
    assert found.sends["industry"].tolist() == ["Banking", "Banking", "Computer Software", "Basketry"]
    assert found.leads["email_status_original"].tolist() == ["Verified", "Best Guess", "invalid"]
    assert str(found.sends["verified_at"].dtype) == "datetime64[ns, UTC]"
    assert any("repeat an address: 1" in warning for warning in found.warnings)


def test_a_lead_that_is_not_listed_is_unknown_and_told() -> None:
    found = correlate([], LOG, LEADS)
    assert found.sends.loc[2, ["email_status", "industry", "industry_group"]].tolist() == [
        "unknown",
        "",
        "unclassified",
    ]
    assert any("not in the lead list: 1 of 3" in warning for warning in found.warnings)


def test_without_leads_the_log_speaks_for_them() -> None:
    found = correlate([], LOG.assign(email_status=["valid", "valid", "guessed", ""], industry="Insurance"))
    assert found.sends["email_status"].tolist() == ["verified", "verified", "guessed", "unknown"]
    assert len(found.leads) == 3
    assert {"email_status", "industry"} <= found.have


def test_a_blank_in_the_lead_list_leaves_the_logs_word() -> None:
    found = correlate(
        [], LOG.assign(email_status="valid", industry="Insurance"), LEADS.assign(email_status="", industry="")
    )
    assert set(found.sends["email_status"]) == {"verified"}
    assert set(found.sends["industry_group"]) == {"strict"}


def test_what_is_missing_is_said_in_plain_sentences() -> None:
    found = correlate([], pd.DataFrame({"recipient": ["bob@example.net"]}))
    assert found.have == {"recipient"}
    text = " ".join(found.warnings)
    assert "verification status" in text
    assert "industry" in text
    assert "no times" in text
    assert found.sends.loc[0, ["email_status", "industry_group", "week"]].tolist() == ["unknown", "unclassified", ""]


def test_words_that_nobody_knows_are_told() -> None:
    found = correlate([], LOG, LEADS.assign(email_status="flibbertigibbet"))
    assert any("'flibbertigibbet'" in warning for warning in found.warnings)


def test_the_next_list_is_normalised_like_leads() -> None:
    found = correlate([], LOG, LEADS, LEADS.head(2))
    assert found.next_leads is not None
    assert found.next_leads["email_status"].tolist() == ["verified", "guessed"]
    assert tuple(found.next_leads.columns) == LEAD_FRAME


def test_providers_come_from_the_bounce_then_its_domain_then_the_address() -> None:
    log = pd.DataFrame({"recipient": ["a@acme.example", "b@acme.example", "c@gmail.com", "d@other.example"]})
    found = correlate([_bounce("a", "a@acme.example", provider="proofpoint", **HARD)], log)
    assert found.sends["provider"].tolist() == ["proofpoint", "proofpoint", "google", ""]


def test_several_logs_are_one() -> None:
    found = correlate([], [LOG.head(2), LOG.tail(2)])
    assert found.sends["send_id"].tolist() == [0, 1, 2, 3]


def test_frames_without_addresses_and_logs_without_mail_are_refused() -> None:
    with pytest.raises(MissingColumnError):
        correlate([], pd.DataFrame({"mail": ["bob@example.net"]}))
    with pytest.raises(MissingColumnError):
        correlate([], LOG, pd.DataFrame({"mail": ["bob@example.net"]}))
    with pytest.raises(UnreadableInputError):
        correlate([], LOG.head(0))


def test_another_judge_of_the_logs_texts() -> None:
    def judge(text: str, *, recipient: str = "") -> Verdict:
        return Verdict("spam", "recipient", "policy", False, 1.0, f"rule:{recipient}")

    log = pd.DataFrame({"recipient": ["bob@example.net"], "bounce_reason": ["house rule 7"]})
    assert correlate([], log, judge=judge).sends.loc[0, "reason"] == "policy"


def test_what_reading_found_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("Wer,Industry\nbob@example.net,Banken\n,\n")
    found = correlate([], read_table(path), read_table(path, "leads"))
    assert sum("'Wer'" in warning for warning in found.warnings) == 1
    assert found.sends["industry_group"].tolist() == ["strict"]
