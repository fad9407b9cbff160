"""Who runs the receiving side, where the files say so and nobody has to learn it from bounces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import pytest

from analyzer.api import run_diagnosis
from analyzer.classify.providers import OTHER, named
from analyzer.correlate import correlate

if TYPE_CHECKING:
    from pathlib import Path

_LEARNT = "mostly learnt from bounces"


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("Google Workspace", "google"),
        ("G Suite", "google"),
        ("10 aspmx.l.google.com.", "google"),
        ("Microsoft 365", "microsoft"),
        ("Office 365", "microsoft"),
        ("acme-example.mail.protection.outlook.com; mx2.acme.example", "microsoft"),
        ("us-smtp-inbound-1.mimecast.com", "mimecast"),
        ("PROOFPOINT", "proofpoint"),
        ("mail.acme.example", OTHER),
        ("Other", OTHER),
        ("unknown", ""),
        ("n/a", ""),
        ("1", ""),
        ("192.0.2.1", ""),
        ("", ""),
    ],
)
def test_a_provider_by_its_words_or_its_host(text: str, provider: str) -> None:
    assert named(text) == provider


def frames(providers: list[str], domains: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A log and a lead list, a lead for each provider and domain."""
    email = [f"lead{number}@{domain}" for number, domain in enumerate(domains)]
    log = pd.DataFrame({"recipient": email, "sent_at": "2026-03-02T09:00:00Z", "campaign": "spring"})
    return log, pd.DataFrame({"email": email, "email_status": "verified", "provider": providers})


def bounce(recipient: str, provider: str) -> pd.DataFrame:
    row = {"kind": "bounce", "recipient": recipient, "received_at": "2026-03-02T09:05:00Z", "provider": provider}
    return pd.DataFrame([row | {"label": "spam", "fault": "recipient", "reason": "policy", "record_id": "1"}])


def test_what_the_list_says_holds_for_the_domain_and_goes_before_its_bounces() -> None:
    domains = ["a.example", "a.example", "b.example", "gmail.com"]
    log, leads = frames(["mx1.pphosted.com", "", "", "Microsoft"], domains)
    found = correlate(bounce("lead1@a.example", "microsoft"), log, leads)
    # Nobody but Google runs gmail.com, whatever a list says.
    assert found.sends["provider"].tolist() == ["proofpoint", "proofpoint", "", "google"]


def test_without_a_column_bounces_tell_of_their_domain() -> None:
    log, leads = frames(["", ""], ["a.example", "a.example"])
    found = correlate(bounce("lead1@a.example", "microsoft"), log, leads.drop(columns="provider"))
    assert found.sends["provider"].tolist() == ["microsoft", "microsoft"]


def test_a_column_that_contradicts_itself_is_about_something_else() -> None:
    domains = [f"company{number // 2}.example" for number in range(40)]
    log, leads = frames(["Google", "Microsoft"] * 20, domains)
    found = correlate(bounce("lead1@company0.example", "mimecast"), log, leads)
    assert set(found.sends["provider"]) == {"mimecast", ""}
    assert any("several receiving providers for one domain" in warning for warning in found.warnings)


def campaign(tmp_path: Path, header: str) -> tuple[Path, Path]:
    """Log and leads: 1,200 leads at 400 companies, of which those behind Proofpoint refuse a fifth of their mail."""
    hosts = ("aspmx.l.google.com", "mxa-0012.gslb.pphosted.com", "mail.protection.outlook.com", "mx.own.example")
    log, leads = tmp_path / "log.csv", tmp_path / "leads.csv"
    sent, listed = ["recipient,sent_at,campaign,bounced,bounce_reason"], [f"email,email status,{header}"]
    for number in range(1200):
        email, company = f"lead{number}@company{number // 3}.example", number // 3
        refused = (company % 4 == 1 and number % 5 == 0) or number % 100 == 7
        told = "yes,550 5.7.1 Message rejected by the policy of this organisation" if refused else "no,"
        sent.append(f"{email},2026-03-0{1 + number % 5}T09:00:00Z,spring,{told}")
        listed.append(f"{email},{('verified', 'guessed')[number // 7 % 2]},{hosts[company % 4]}")
    log.write_text("\n".join(sent) + "\n")
    leads.write_text("\n".join(listed) + "\n")
    return log, leads


@pytest.mark.parametrize("header", ["MX Record", "mx", "ZB SMTP Provider", "Recipient ESP"])
def test_a_provider_that_refuses_is_named_where_the_list_knows_of_all(tmp_path: Path, header: str) -> None:
    log, leads = campaign(tmp_path, header)
    found = run_diagnosis(log=log, leads=leads).diagnosis
    assert ("provider", "proofpoint") in [(each.dimension, each.value) for each in found.drivers]
    assert {row.value: row.leads for row in found.breakdown["provider"]} == {
        "google": 300, "proofpoint": 300, "microsoft": 300, "other": 300,
    }  # fmt: skip
    assert not any(_LEARNT in warning for warning in found.warnings)


def test_of_providers_that_only_bounces_tell_none_is_blamed(tmp_path: Path) -> None:
    log, leads = campaign(tmp_path, "colour")
    found = run_diagnosis(log=log, leads=leads).diagnosis
    assert "provider" not in [each.dimension for each in found.drivers]
