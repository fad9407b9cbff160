"""Each way of tying a bounce to a send, and what must not be tied."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
import pytest

from analyzer.correlate import correlate

LOG = pd.DataFrame(
    [
        # recipient, sent_at, campaign, message_id, lead_id
        ("jane@example.com", "2026-03-02T09:00:00Z", "Q1", "<M1@sender.example>", "L-1"),
        ("jane@example.com", "2026-03-05T09:00:00Z", "Q1", "<M2@sender.example>", "L-1"),
        ("Bob@example.net", "2026-03-02T09:00:00Z", "Q1", "<m3@sender.example>", "42"),
        ("ann@acme.example", "2026-03-02T09:00:00Z", "Q2", "<camp@sender.example>", "77"),
        ("carl@other.example", "2026-03-02T09:00:00Z", "Q2", "<camp@sender.example>", "78"),
        ("dora+x@example.org", "2026-03-02T09:00:00Z", "Q2", "", "79"),
        ("bob@example.net", "2026-03-03T09:00:00Z", "Q3", "<m7@sender.example>", "42"),
        ("eve@fronts.example", "2026-03-02T09:00:00Z", "Q4", "<010001958-77@mail.example>", "80"),
        ("fay@fronts.example", "2026-03-02T09:00:00Z", "Q4", "14c5d75ce93.dfd", "81"),
        ("gus@fronts.example", "2026-03-02T09:00:00Z", "Q4", "12", "82"),
    ],
    columns=["recipient", "sent_at", "campaign", "message_id", "lead_id"],
)


def _bounce(**known: Any) -> dict[str, Any]:
    headers = known.pop("headers", None)
    row = {"kind": "bounce", "received_at": "2026-03-02T09:05:00Z", "label": "hard", "record_id": "r", **known}
    return {**row, "original_headers": json.dumps(headers)} if headers else row


CASES: list[tuple[str, dict[str, Any], int | None, str]] = [
    ("by message id", {"original_message_id": "<M1@sender.example>", "recipient": "jane@example.com"}, 0, "message_id"),
    ("without brackets, in other case, folded", {"original_message_id": " m2@SENDER.\n example"}, 1, "message_id"),
    ("by In-Reply-To", {"headers": {"In-Reply-To": "<m3@sender.example>"}}, 2, "message_id"),
    ("by the last of References", {"headers": {"References": "<a@x.example> <m3@sender.example>"}}, 2, "message_id"),
    ("a colleague's alias", {"original_message_id": "<m3@sender.example>", "recipient": "robert@mail.example.net"}, 2, "message_id"),
    ("a tenant's address", {"original_message_id": "<camp@sender.example>", "recipient": "ann@acme.onmicrosoft.com"}, 3, "message_id"),
    ("a forward", {"original_message_id": "<m3@sender.example>", "recipient": "b@private.example", "original_recipient": "bob@example.net"}, 2, "message_id"),
    ("a forward, by To", {"original_message_id": "<m3@sender.example>", "recipient": "b@private.example", "headers": {"To": "Bob <bob@example.net>"}}, 2, "message_id"),
    ("one id for a campaign", {"original_message_id": "<camp@sender.example>", "recipient": "carl@other.example"}, 4, "message_id"),
    ("one id for a campaign, no recipient", {"original_message_id": "<camp@sender.example>"}, None, ""),
    ("an id whose recipient is someone else's", {"original_message_id": "<m3@sender.example>", "recipient": "eve@elsewhere.example"}, None, ""),
    ("an id of someone else, a recipient of ours", {"original_message_id": "<m3@sender.example>", "recipient": "carl@other.example"}, 4, "recipient"),
    ("return path with the recipient", {"delivered_to": "bounces+jane=example.com@sender.example"}, 0, "verp"),
    ("return path, hyphens and a number", {"delivered_to": "bounce-17-jane=example.com@sender.example"}, 0, "verp"),
    ("return path, plus in the recipient", {"delivered_to": "b-dora+x=example.org@sender.example"}, 5, "verp"),
    ("return path with a lead id", {"delivered_to": "bounces+L-1@sender.example"}, 0, "verp"),
    ("return path with a lead id and a hash", {"delivered_to": "bounces+77-9f3a@sender.example", "recipient": "ann@acme.example"}, 3, "verp"),
    ("return path with the front of a message id", {"delivered_to": "bounces+m1@sender.example"}, 0, "verp"),
    ("a number that is a lead of another recipient", {"delivered_to": "b+77@sender.example", "recipient": "carl@other.example"}, 4, "recipient"),
    ("header with a lead id", {"headers": {"X-Lead-Id": "79"}}, 5, "header"),
    ("header with a lead id and its campaign", {"headers": {"X-Lead-Id": "42", "X-Campaign-Id": "Q3"}}, 6, "header"),
    ("Feedback-ID", {"headers": {"Feedback-ID": "q2:78:lead:sender"}, "recipient": "carl@other.example"}, 4, "header"),
    ("a header that names no lead, no recipient", {"headers": {"X-Priority": "77"}}, None, ""),
    ("forward known by To alone", {"recipient": "b@private.example", "headers": {"To": "carl@other.example"}}, 4, "header"),
    ("forward known by the return path alone", {"recipient": "b@private.example", "delivered_to": "bounces+carl=other.example@sender.example"}, 4, "verp"),
    ("a return path of someone else, a recipient of ours", {"recipient": "jane@example.com", "delivered_to": "bounces+carl=other.example@sender.example"}, 0, "recipient"),
    ("by recipient, before the second mail", {"recipient": "JANE@Example.COM"}, 0, "recipient"),
    ("by recipient, after the second mail", {"recipient": "jane@example.com", "received_at": "2026-03-05T09:01:00Z"}, 1, "recipient"),
    ("by recipient, a clock that is behind", {"recipient": "bob@example.net", "received_at": "2026-03-02T08:30:00Z"}, 2, "recipient"),
    ("by original recipient", {"recipient": "x@private.example", "original_recipient": "carl@other.example"}, 4, "recipient"),
    ("by recipient, time unknown", {"recipient": "jane@example.com", "received_at": ""}, 1, "recipient"),
    ("by recipient, before anything was sent", {"recipient": "jane@example.com", "received_at": "2026-03-01T09:00:00Z"}, None, ""),
    ("by recipient, weeks later", {"recipient": "jane@example.com", "received_at": "2026-04-05T09:00:00Z"}, None, ""),
    ("a late one with its message id", {"original_message_id": "<M1@sender.example>", "received_at": "2026-04-05T09:00:00Z"}, 0, "message_id"),
    ("a provider's id, of which the log has the Message-ID", {"original_message_id": "010001958-77"}, 7, "message_id"),
    ("a Message-ID, of which the log has the provider's id", {"original_message_id": "<14c5d75ce93.dfd@geopod-1>"}, 8, "message_id"),
    ("a short number is no such id", {"original_message_id": "<12@elsewhere.example>"}, None, ""),
    ("nothing known", {}, None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("case", "bounce", "send", "method"), CASES, ids=[case[0] for case in CASES])
def test_which_send_and_how(case: str, bounce: dict[str, Any], send: int | None, method: str) -> None:
    found = correlate([_bounce(**bounce)], LOG)
    row = found.bounces.iloc[0]
    assert (None if pd.isna(row["send_id"]) else row["send_id"], row["match_method"]) == (send, method)
    assert found.matching.matched + found.matching.unmatched == found.matching.bounces == 1
    assert getattr(found.matching.by_method, method, 0) == (1 if method else 0)
    assert (found.sends["label"] != "").sum() == found.matching.matched


@pytest.mark.parametrize(
    ("bounce", "reason"),
    [
        ({"recipient": "zed@nowhere.example"}, "not_sent"),
        ({"original_message_id": "<spam@evil.example>"}, "not_sent"),
        ({"recipient": "zed@nowhere.example", "original_message_id": "<spam@evil.example>"}, "not_sent"),
        ({"recipient": "zed@nowhere.example", "original_message_id": "<m3@sender.example>"}, "contradicts_send"),
        ({"recipient": "jane@example.com", "received_at": "2026-04-05T09:00:00Z"}, "wrong_time"),
        ({"recipient": "jane@example.com", "received_at": "2026-01-05T09:00:00Z"}, "wrong_time"),
        ({"recipient": "jane@example.com", "reporting_mta": "mx.evil.example"}, "host_does_not_fit"),
        ({}, ""),
    ],
)
def test_what_looks_forged(bounce: dict[str, Any], reason: str) -> None:
    found = correlate([_bounce(**bounce)], LOG)
    row = found.bounces.iloc[0]
    assert (row["suspected_forged"], row["forged_reason"]) == (bool(reason), reason)
    assert bool(row["forged_why"]) == bool(reason)
    assert found.matching.suspected_forged == int(bool(reason))
    assert found.matching.forged_reasons == ({reason: 1} if reason else {})
    assert (found.sends["label"] == "").all()


@pytest.mark.parametrize(
    ("found_there", "found_elsewhere", "unknown", "believed"),
    [
        (2, 2, 13, False),  # our mail comes back with the log's ids, here too: the others are made up
        (1, 0, 13, True),  # a single one proves nothing
        (0, 9, 13, True),  # at another domain a relay may write ids of its own
        (1, 9, 13, True),
        (2, 0, 1, False),  # the most are found
        (3, 0, 40, False),
    ],
)
def test_unknown_ids_of_our_own_domain(found_there: int, found_elsewhere: int, unknown: int, believed: bool) -> None:
    """Bounces that name a lead beside a Message-ID of a domain of the log that the log does not hold."""
    domains = ["here.example"] * 60 + ["there.example"] * 20
    log = pd.DataFrame(
        {
            "recipient": [f"kim{n}@company{n}.example" for n in range(80)],
            "sent_at": "2026-03-02T09:00:00Z",
            "message_id": [f"<m{n}@{domain}>" for n, domain in enumerate(domains)],
        }
    )
    known = [*range(found_there), *range(60, 60 + found_elsewhere)]
    bounces = [_bounce(recipient=log["recipient"][n], original_message_id=log["message_id"][n]) for n in known]
    bounces += [
        _bounce(recipient=log["recipient"][n], original_message_id=f"<made.up.{n}@here.example>")
        for n in range(10, 10 + unknown)
    ]
    found = correlate([{**row, "record_id": str(n)} for n, row in enumerate(bounces)], log)
    assert found.matching.by_method.message_id == len(known)
    assert found.matching.by_method.recipient == (unknown if believed else 0)


def test_a_log_in_local_time_still_matches() -> None:
    log = pd.DataFrame({"recipient": ["jane@example.com"], "sent_at": pd.to_datetime(["2026-03-02 18:00"])})
    bounce = _bounce(recipient="jane@example.com", received_at="2026-03-02T09:01:00Z")
    assert correlate([bounce], log.assign(sent_at=log["sent_at"].dt.tz_localize("UTC"))).matching.matched == 0
    assert correlate([bounce], log).matching.matched == 1


def test_the_window_can_be_set() -> None:
    late = _bounce(recipient="jane@example.com", received_at="2026-04-05T09:00:00Z")
    assert correlate([late], LOG, window_days=60).matching.matched == 1
