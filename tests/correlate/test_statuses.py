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


#: Everything that a source is known to answer, in its own words.
VOCABULARIES: dict[str, dict[str, str]] = {
    "Reacher": {"safe": "verified", "risky": "risky", "invalid": "invalid", "unknown": "unknown"},
    "AfterShip": {"yes": "verified", "no": "invalid", "unknown": "unknown"},
    "ZeroBounce": {
        "valid": "verified",
        "invalid": "invalid",
        "catch-all": "catch_all",
        "spamtrap": "risky",
        "abuse": "risky",
        "do_not_mail": "risky",
        "unknown": "unknown",
        "antispam_system": "unknown",
        "greylisted": "unknown",
        "mail_server_temporary_error": "unknown",
        "forcible_disconnect": "unknown",
        "timeout_exceeded": "unknown",
        "mail_server_did_not_respond": "unknown",
        "failed_smtp_connection": "unknown",
        "disposable": "risky",
        "mailbox_quota_exceeded": "risky",
        "exception_occurred": "unknown",
        "possible_traps": "risky",
        "role_based": "risky",
        "role_based_catch_all": "risky",
        "global_suppression": "risky",
        "toxic": "risky",
        "mailbox_not_found": "invalid",
        "no_dns_entries": "invalid",
        "failed_syntax_check": "invalid",
        "possible_typo": "risky",
        "unroutable_ip_address": "invalid",
        "leading_period_removed": "verified",
        "does_not_accept_mail": "invalid",
        "alias_address": "verified",
    },
    "NeverBounce": {
        "valid": "verified",
        "invalid": "invalid",
        "disposable": "risky",
        "catchall": "catch_all",
        "unknown": "unknown",
        "0": "verified",
        "1": "invalid",
        "2": "risky",
        "3": "catch_all",
        "4": "unknown",
    },
    "Kickbox": {"deliverable": "verified", "undeliverable": "invalid", "risky": "risky", "unknown": "unknown"},
    "Hunter": {
        "valid": "verified",
        "invalid": "invalid",
        "accept_all": "catch_all",
        "webmail": "risky",
        "disposable": "risky",
        "unknown": "unknown",
        "block": "unknown",
        "pending": "unknown",
    },
    "MillionVerifier": {
        "ok": "verified",
        "catch_all": "catch_all",
        "unknown": "unknown",
        "error": "unknown",
        "disposable": "risky",
        "invalid": "invalid",
    },
    "Clearout": {"valid": "verified", "invalid": "invalid", "catch_all": "catch_all", "yes": "verified", "no": "risky"},
    "Apollo": {
        "Verified": "verified",
        "Unverified": "unknown",
        "Update required": "risky",
        "Unavailable": "unknown",
        "Likely to engage": "verified",
        "Guessed": "guessed",
        "Pending Manual Verification": "unknown",
        "Bounced": "invalid",
        "No email": "unknown",
        "extrapolated": "guessed",
        "User Managed": "unknown",
    },
    "Amplemarket": {
        "deliverable": "verified",
        "risky": "risky",
        "unknown": "unknown",
        "undeliverable": "invalid",
        "verified": "verified",
        "guessed": "guessed",
        "max quality": "verified",
        "max quantity": "guessed",
        "deliverable (catch-all)": "catch_all",
        "queued": "unknown",
        "error": "unknown",
    },
    "LeadIQ": {
        "Verified": "verified",
        "Best Guess": "guessed",
        "Unverified": "unknown",
        "Bounced": "invalid",
        "Email Unavailable": "unknown",
        "Edited by User (Unverified)": "unknown",
    },
    "Instantly": {
        "1": "verified",
        "11": "unknown",
        "12": "unknown",
        "-1": "invalid",
        "-2": "risky",
        "-3": "catch_all",
        "-4": "risky",
    },
    "Reply.io": {"Valid": "verified", "Risky": "risky", "Invalid": "invalid"},
    "QuickMail": {"Good": "verified", "Risky": "unknown", "Unknown": "catch_all", "Invalid": "invalid"},
    "UpLead": {"Valid": "verified", "Accept All": "catch_all", "Invalid": "invalid", "Unknown": "unknown"},
}


@pytest.mark.parametrize(
    ("source", "word", "status"),
    [(source, word, status) for source, words in VOCABULARIES.items() for word, status in words.items()],
)
def test_every_word_of_every_source_is_known(source: str, word: str, status: str) -> None:
    assert normalise_status(word, source) == status
    assert is_known_status(word, source)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        # Instantly's codes in a list that left it: the sign tells whose they are.
        (["1", "-1", "-3", "", "11"], ["verified", "invalid", "catch_all", "unknown", "unknown"]),
        # Without a minus sign, or with a number that is nobody's, they stay what they are: numbers.
        (["1", "2", "3"], ["unknown"] * 3),
        (["1", "-1", "-9"], ["unknown"] * 3),
        (["valid", "-1"], ["verified", "unknown"]),
    ],
)
def test_whose_numbers_a_column_holds(values: list[str], told: list[str]) -> None:
    assert list(normalise_statuses(pd.Series(values))) == told
