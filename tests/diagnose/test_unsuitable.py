"""Leads that `check` holds back for their address alone, held back in next_send.csv too."""

from __future__ import annotations

import pandas as pd
from diagnose_builder import Block, campaign

from analyzer.check import check
from analyzer.diagnose import diagnose, next_send

SENT = (Block(900, bounced={"user_unknown": 6}), Block(100, "guessed", bounced={"user_unknown": 2}))
LEADS = {
    "jane.roe@acme-widgets.com": ("verified", "send"),
    "user7@mailinator.com": ("verified", "do_not_send"),
    "user7@eu.mailinator.com": ("verified", "do_not_send"),
    "No-Reply@acme-widgets.com": ("verified", "do_not_send"),
    "abuse@acme-widgets.com": ("verified", "do_not_send"),
    "your.name@acme-widgets.com": ("verified", "do_not_send"),
    "john.doe@acme-widgets.com": ("verified", "verify_again"),
    "info@acme-widgets.com": ("verified", "send"),
    "spam.trap@acme-widgets.com": ("spamtrap", "do_not_send"),
}


def test_next_send_holds_back_whom_check_holds_back() -> None:
    statuses = [status for status, _ in LEADS.values()]
    ahead = pd.DataFrame(
        {
            "email": list(LEADS),
            "email_status": ["verified"] * len(LEADS),
            "email_status_original": statuses,
            "industry_group": "open",
        }
    )
    correlated = campaign(*SENT, next_leads=ahead)
    table = next_send(correlated, diagnose(correlated)).set_index("email")
    assert table["decision"].to_dict() == {email: decision for email, (_, decision) in LEADS.items()}
    assert table.loc["user7@mailinator.com", "reason"] == "The domain hands out disposable addresses."
    assert table.loc["No-Reply@acme-widgets.com", "probability"] < 0.1

    graded = check(pd.DataFrame({"email": list(LEADS), "email_status": statuses}))
    grades = dict(zip(LEADS, graded["grade"], strict=True))
    assert grades == {email: decision for email, (_, decision) in LEADS.items()}
