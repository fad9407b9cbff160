"""A log's column of reasons may hold the names of classes alone, as HubSpot's export of e-mail events does."""

from __future__ import annotations

import pandas as pd
import pytest

from analyzer.correlate import correlate


@pytest.mark.parametrize(
    ("said", "label", "reason"),
    [
        ("POLICY", "spam", "policy"),
        ("UNKNOWN_USER", "hard", "user_unknown"),
        ("Content", "spam", "spam_content"),
        ("Unknown user", "hard", "user_unknown"),
        ("MAILBOX_FULL", "hard", "mailbox_full"),
        ("IP_REPUTATION", "spam", "ip_reputation"),
        # What a server said goes before the word for it, and what is no class stays unknown.
        ("policy: 550 5.1.1 no such user here", "hard", "user_unknown"),
        ("OTHER", "unknown", "unspecified"),
        ("MAILBOX_MISCONFIGURATION", "hard", "server_error"),
    ],
)
def test_the_class_says_why_where_no_words_do(said: str, label: str, reason: str) -> None:
    log = pd.DataFrame({"recipient": ["bob@corp.example", "eva@corp.example"], "bounced": ["yes", "no"]})
    found = correlate([], log.assign(bounce_reason=[said, ""])).sends
    assert list(zip(found["label"], found["reason"], strict=True)) == [(label, reason), ("", "")]


@pytest.mark.parametrize(("column", "said"), [("bounced", "Unknown user"), ("state", "Invalid recipient")])
def test_a_mark_may_say_why_too(column: str, said: str) -> None:
    log = pd.DataFrame({"recipient": ["bob@corp.example", "eva@corp.example"], column: [said, "sent"]})
    found = correlate([], log)
    assert list(zip(found.sends["label"], found.sends["reason"], strict=True)) == [("hard", "user_unknown"), ("", "")]
    assert not any("nothing says why" in warning for warning in found.warnings)


def test_hard_and_spam_bounces_that_a_platform_tells_apart() -> None:
    log = pd.DataFrame({"recipient": [f"bob{number}@corp.example" for number in range(4)]})
    found = correlate([], log.assign(state=["hard bounce", "Spam Bounce", "completed", "hard bounce"])).sends
    assert list(found["label"]) == ["hard", "spam", "", "hard"]
    assert list(found["fault"]) == ["address", "content", "", "address"]
    # Alone it is any refusal for good.
    alone = correlate([], log.assign(state=["hard bounce", "completed", "completed", "hard bounce"])).sends
    assert list(alone["label"]) == ["unknown", "", "", "unknown"]
