"""The same failure from a webhook, a log and a mailbox: one bounce, with the best words of the three."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pandas as pd
import pytest

from analyzer.correlate import correlate

LOG = pd.DataFrame(
    [
        # recipient, sent_at, campaign, step, message_id
        ("jane@example.com", "2026-03-02T09:00:00Z", "Q1", "1", "<m1@sender.example>"),
        ("jane@example.com", "2026-03-05T09:00:00Z", "Q1", "2", "<m2@sender.example>"),
        ("bob@example.net", "2026-03-02T09:00:00Z", "Q1", "1", "010001958-77@email.amazonses.com"),
        ("ann@acme.example", "2026-03-02T09:00:00Z", "Q1", "1", "14c5d75ce93.dfd.64b469"),
    ],
    columns=["recipient", "sent_at", "campaign", "step", "message_id"],
)
HARD = {"label": "hard", "fault": "address", "reason": "user_unknown", "decided_by": "rule:a/b"}
SPAM = {"label": "spam", "fault": "content", "reason": "spam_content", "decided_by": "rule:a/c"}
BLANK = {"label": "unknown", "fault": "unknown", "reason": "unspecified", "decided_by": "default"}


def _row(record_id: str, recipient: str, at: str, **known: Any) -> dict[str, Any]:
    at = at if "T" in at or not at else f"2026-03-02T{at}:00Z"
    return {"kind": "bounce", "record_id": record_id, "recipient": recipient, "received_at": at, **known}


#: (what it is about, rows, how many failures are left)
CASES: list[tuple[str, list[dict[str, Any]], int]] = [
    (
        "webhook, log and mailbox, one Message-ID",
        [
            _row("r", "jane@example.com", "09:01", original_message_id="m1@sender.example", provider_class="ses:Permanent/General", **BLANK),
            _row("r", "JANE@example.com", "09:02", original_message_id="<m1@sender.example>", diagnostic="550 no", **HARD),
            _row("r", "jane@example.com", "", original_message_id="<M1@sender.example>", diagnostic="550 5.1.1 no such user", status="5.1.1", **HARD),
        ],
        1,
    ),
    (
        "a provider's own id, and the Message-ID made of it",
        [
            _row("a", "bob@example.net", "09:01", original_message_id="010001958-77", **HARD),
            _row("b", "bob@example.net", "09:01", original_message_id="<010001958-77@email.amazonses.com>", **HARD),
        ],
        1,
    ),
    (
        "an id that the log knows without its domain",
        [
            _row("a", "ann@acme.example", "", original_message_id="<14c5d75ce93.dfd.64b469@geopod-1>", **HARD),
            _row("b", "ann@acme.example", "09:01", **HARD),
        ],
        1,
    ),
    (
        "one with an id, one with recipient and time alone",
        [_row("a", "jane@example.com", "09:01", original_message_id="<m1@sender.example>", **HARD), _row("b", "jane@example.com", "09:03", **HARD)],
        1,
    ),
    (
        "the bounces of two steps, each told twice",
        [
            _row("a", "jane@example.com", "09:01", original_message_id="<m1@sender.example>", **HARD),
            _row("b", "jane@example.com", "09:02", **HARD),
            _row("c", "jane@example.com", "2026-03-05T09:01:00Z", original_message_id="<m2@sender.example>", **HARD),
            _row("d", "jane@example.com", "2026-03-05T09:02:00Z", **HARD),
        ],
        2,
    ),
    (
        "a bounce of step 1 after step 2, and a webhook without an id",
        [
            _row("a", "jane@example.com", "2026-03-05T10:00:00Z", original_message_id="<m1@sender.example>", format="rfc3464", **HARD),
            _row("b", "jane@example.com", "2026-03-05T10:05:00Z", format="instantly", **BLANK),
        ],
        1,
    ),
    (
        "the same, and the bounce of step 2",
        [
            _row("a", "jane@example.com", "2026-03-05T10:00:00Z", original_message_id="<m1@sender.example>", format="rfc3464", **HARD),
            _row("b", "jane@example.com", "2026-03-05T10:05:00Z", format="instantly", **BLANK),
            _row("c", "jane@example.com", "2026-03-05T10:06:00Z", original_message_id="<m2@sender.example>", format="rfc3464", **HARD),
        ],
        2,
    ),
    (
        "a bounce of step 1, and a message of step 2 without an id in the same mailbox",
        [
            _row("a", "jane@example.com", "2026-03-05T10:00:00Z", original_message_id="<m1@sender.example>", format="rfc3464", **HARD),
            _row("b", "jane@example.com", "2026-03-05T10:05:00Z", format="rfc3464", **HARD),
        ],
        2,
    ),
    (
        "a bounce of step 1, and a webhook a day after it",
        [
            _row("a", "jane@example.com", "2026-03-04T10:00:00Z", original_message_id="<m1@sender.example>", format="rfc3464", **HARD),
            _row("b", "jane@example.com", "2026-03-05T10:05:00Z", format="instantly", **HARD),
        ],
        2,
    ),
    (
        "a bounce of step 1, and a list without times that says no more than that the address bounced",
        [
            _row("a", "jane@example.com", "2026-03-02T10:00:00Z", original_message_id="<m1@sender.example>", format="rfc3464", **HARD),
            _row("b", "jane@example.com", "", format="list", **BLANK),
        ],
        1,
    ),
    (
        "a bounce and a complaint of one mail",
        [_row("a", "jane@example.com", "09:01", **HARD), _row("b", "jane@example.com", "10:01", kind="complaint", label="spam", fault="complaint", reason="complaint")],
        2,
    ),
    (
        "a deferral that ended in delivery here, in a bounce there",
        [
            _row("a", "jane@example.com", "09:01", kind="delayed"),
            _row("b", "jane@example.com", "09:02", kind="delivered"),
            _row("c", "jane@example.com", "11:02", diagnostic="550 5.1.1 no such user", **HARD),
        ],
        1,
    ),
    (
        "strangers to the log, minutes apart",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "ZED@nowhere.example", "09:04", diagnostic="550 no such user", **HARD)],
        1,
    ),
    (
        "strangers, a zone apart",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "zed@nowhere.example", "20:01", **HARD)],
        1,
    ),
    (
        "strangers, days apart",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "zed@nowhere.example", "2026-03-05T09:01:00Z", **HARD)],
        2,
    ),
    (
        "strangers, one without words",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "zed@nowhere.example", "09:02", **BLANK)],
        1,
    ),
    (
        "strangers that mean something else",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "zed@nowhere.example", "09:02", **SPAM)],
        2,
    ),
    (
        "strangers of two mails, by their ids",
        [
            _row("a", "zed@nowhere.example", "09:01", original_message_id="<x1@other.example>", **HARD),
            _row("b", "zed@nowhere.example", "09:02", original_message_id="<x2@other.example>", **HARD),
        ],
        2,
    ),
    (
        "strangers, one id in two forms",
        [
            _row("a", "zed@nowhere.example", "09:01", original_message_id="<x1@other.example>", **HARD),
            _row("b", "zed@nowhere.example", "09:02", original_message_id="0100-77", **HARD),
        ],
        1,
    ),
    (
        "strangers of two mails, by the provider's ids",
        [
            _row("a", "zed@nowhere.example", "09:01", original_message_id="0100-76", **HARD),
            _row("b", "zed@nowhere.example", "09:02", original_message_id="0100-77", **HARD),
        ],
        2,
    ),
    (
        "strangers, one without a time",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "zed@nowhere.example", "", **HARD)],
        1,
    ),
    (
        "a forward and the address that was written to",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "z@private.example", "09:02", original_recipient="zed@nowhere.example", **HARD)],
        1,
    ),
    (
        "strangers of whom nothing is known",
        [_row("a", "", "09:01", **HARD), _row("b", "", "09:01", **HARD)],
        2,
    ),
    (
        "colleagues",
        [_row("a", "zed@nowhere.example", "09:01", **HARD), _row("b", "yan@nowhere.example", "09:01", **HARD)],
        2,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("about", "rows", "failures"), CASES, ids=[case[0] for case in CASES])
def test_how_many_failures_there_are(about: str, rows: list[dict[str, Any]], failures: int) -> None:
    counted = [row for row in rows if row["kind"] in {"bounce", "complaint"}]
    told = set()
    for order in permutations(rows):
        found = correlate(list(order), LOG)
        kept = found.bounces[found.bounces["duplicate_of"] == ""]
        assert len(kept) == failures
        assert found.matching.bounces == len(counted)
        assert found.matching.duplicates == len(counted) - failures
        assert set(found.bounces["duplicate_of"]) - {""} <= set(kept["record_id"])
        told.add(tuple(sorted(kept["diagnostic"])))
    # Which source was read first changes nothing.
    assert len(told) == 1


WEBHOOK = _row(
    "e1", "jane@example.com", "09:01", provider_class="ses:Permanent/NoEmail", label="hard", fault="address", reason="user_unknown",
    decided_by="code", provider="microsoft", source="events.json#1",
)  # fmt: skip
LOGGED = _row(
    "l1", "jane@example.com", "10:01", original_message_id="m1@sender.example", diagnostic="550 5.4.1 refused", status="5.4.1", reply="550",
    remote_mta="mx.example.com", source="mail.log", **{**HARD, "reason": "recipient_rejected"},
)  # fmt: skip
MAILED = _row(
    "m1", "jane@example.com", "09:03", original_message_id="<m1@sender.example>", subject="Undeliverable",
    diagnostic="550 5.7.1 Message rejected as spam by our content filter", status="5.7.1", reporting_mta="mx.sender.example",
    source="bounces.mbox#4", **SPAM,
)  # fmt: skip


@pytest.mark.parametrize("order", list(permutations([WEBHOOK, LOGGED, MAILED])))
def test_the_best_words_are_kept_and_the_rest_is_taken_over(order: tuple[dict[str, Any], ...]) -> None:
    found = correlate(list(order), LOG)
    kept = found.bounces[found.bounces["duplicate_of"] == ""].iloc[0]
    assert kept["source"] == "bounces.mbox#4"
    assert kept["diagnostic"] == MAILED["diagnostic"]
    assert (kept["label"], kept["reason"], kept["status"]) == ("spam", "spam_content", "5.7.1")
    assert kept["provider_class"] == "ses:Permanent/NoEmail"
    assert (kept["provider"], kept["remote_mta"], kept["reply"]) == ("microsoft", "mx.example.com", "550")
    assert kept["match_method"] == "message_id"
    assert found.sends["reason"].tolist() == ["spam_content", "", "", ""]


@pytest.mark.parametrize(
    "rows", [[LOGGED], [MAILED, LOGGED], [WEBHOOK, LOGGED], [WEBHOOK, LOGGED, {**MAILED, "record_id": "l1"}]]
)
def test_the_record_id_is_the_one_that_the_message_id_gives(rows: list[dict[str, Any]]) -> None:
    assert correlate(rows, LOG).sends.loc[0, "record_id"] == "l1"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ({**BLANK, "diagnostic": "Undelivered mail returned to sender"}, "class"),
        ({**HARD, "reason": "recipient_rejected", "diagnostic": "550 rejected"}, "words"),
        ({**SPAM, "diagnostic": "554 spam"}, "words"),
    ],
)
def test_a_class_without_words_serves_where_there_are_none(words: dict[str, Any], kept: str) -> None:
    found = correlate([WEBHOOK, _row("w", "jane@example.com", "09:02", source="words", **words)], LOG)
    first = found.bounces[found.bounces["duplicate_of"] == ""].iloc[0]
    assert ("class" if first["source"] == WEBHOOK["source"] else "words") == kept
    assert first["provider_class"] == WEBHOOK["provider_class"]


def test_the_flag_of_the_log_and_its_bounce_are_one() -> None:
    log = LOG.assign(bounced=["true", "", "true", ""])
    found = correlate([_row("a", "jane@example.com", "09:01", **HARD)], log)
    assert found.sends["label"].tolist() == ["hard", "", "unknown", ""]
    assert (found.matching.bounces, found.matching.flag_only) == (1, 1)


def test_a_copy_that_matched_nothing_is_no_forgery_when_the_other_did() -> None:
    late = _row("r", "jane@example.com", "2026-04-20T09:00:00Z", **HARD)
    found = correlate([late, _row("r", "jane@example.com", "09:01", diagnostic="550", **BLANK)], LOG)
    kept = found.bounces[found.bounces["duplicate_of"] == ""].iloc[0]
    assert (kept["label"], kept["send_id"], kept["suspected_forged"]) == ("hard", 0, False)
    assert (found.matching.matched, found.matching.unmatched) == (1, 0)
