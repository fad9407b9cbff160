"""What verifiers and platforms call an address, in six words."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.correlate.statuses import is_known_status, normalise_status, normalise_statuses
from analyzer.records import EMAIL_STATUSES

CASES = {
    "verified": [
        *(
            "Verified",
            "valid",
            "deliverable",
            "OK",
            "Good",
            "safe",
            "safe_to_send",
            "alias_address",
            "leading_period_removed",
        ),
        *("max quality", "verifiziert"),
    ],
    "guessed": ["Guessed", "Best Guess", "extrapolated", "pattern", "Max Quantity", "predicted"],
    "catch_all": [
        "catch-all",
        "catchall",
        "CATCH_ALL",
        "accept_all",
        "Accept All",
        "accept all (unverifiable)",
        "ok_for_all",
    ],
    "risky": [
        *(
            "risky",
            "disposable",
            "role_based",
            "role_based_catch_all",
            "spamtrap",
            "abuse",
            "do_not_mail",
            "toxic",
            "webmail",
        ),
        *("possible_trap", "mailbox_quota_exceeded", "Update required", "global_suppression"),
    ],
    "unknown": [
        *("", "unknown", "Unverified", "Unavailable", "Email Unavailable", "Pending Manual Verification", "pending"),
        *(
            "Edited by User (Unverified)",
            "greylisted",
            "timeout_exceeded",
            "antispam_system",
            "processing",
            "flibbertigibbet",
        ),
        *("1", "-1", "yes", "true", "no"),
    ],
    "invalid": [
        *("invalid", "undeliverable", "Bounced", "mailbox_not_found", "no_dns_entries", "failed_syntax_check"),
        *("does_not_accept_mail", "unroutable_ip_address", "bad", "Rejected"),
    ],
}
OF_PLATFORMS = [
    ("Instantly", "1", "verified"),
    ("instantly", "11", "unknown"),
    ("instantly", "12", "unknown"),
    ("instantly", "-1", "invalid"),
    ("instantly", "-2", "risky"),
    ("instantly", "-3", "catch_all"),
    ("instantly", "-4", "risky"),
    ("instantly", "-9", "unknown"),
    ("QuickMail", "Good", "verified"),
    ("QuickMail", "Risky", "unknown"),
    ("QuickMail", "Unknown", "catch_all"),
    ("QuickMail", "Invalid", "invalid"),
    ("Reply.io", "Risky", "risky"),
    ("Apollo", "Likely to engage", "verified"),
    ("", "Likely to engage", "unknown"),
    ("AfterShip", "yes", "verified"),
    ("AfterShip", "no", "invalid"),
]


@pytest.mark.parametrize(("value", "status"), [(value, status) for status, values in CASES.items() for value in values])
def test_words_of_any_source(value: str, status: str) -> None:
    assert normalise_status(value) == status


@pytest.mark.parametrize(("platform", "value", "status"), OF_PLATFORMS)
def test_words_in_a_platforms_own_sense(platform: str, value: str, status: str) -> None:
    assert normalise_status(value, platform) == status


@pytest.mark.parametrize(
    ("value", "status"),
    [("verified (catch-all)", "catch_all"), ("(catch-all)", "catch_all"), ("invalid (catch-all)", "invalid")],
)
def test_a_catch_all_mark_outweighs_everything_but_invalid(value: str, status: str) -> None:
    assert normalise_status(value) == status


def test_every_status_has_a_case() -> None:
    assert CASES.keys() == set(EMAIL_STATUSES)


def test_a_column_keeps_its_index_and_takes_blanks() -> None:
    column = pd.Series(["Verified", None, "zzz"], index=[5, 6, 7])
    assert normalise_statuses(column).to_dict() == {5: "verified", 6: "unknown", 7: "unknown"}
    assert is_known_status("Verified")
    assert not is_known_status("zzz")
