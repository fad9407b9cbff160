"""One row: what DNS knows goes before what the spelling or the past suggests, and the evidence is told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analyzer import check
from analyzer.addresses.reading import read_address
from analyzer.check.facts import policies
from analyzer.check.history import History, history_of
from analyzer.check.leads import read_leads
from analyzer.check.records import DomainFacts, MailboxFacts
from analyzer.check.risk import Lists
from analyzer.check.rows import CHECK_COLUMNS, Row, RowMaker

DEAD = [{"recipient": "old@dead.example", "fault": "address", "label": "hard", "reason": "domain_not_found"}]


def maker(*texts: str, history: History | None = None, **more: object) -> RowMaker:
    return RowMaker(
        read_leads(list(texts)),
        [read_address(text) for text in texts],
        policy=policies()["balanced"],
        lists=Lists(),
        history=history or History(),
        today=20_000,
        **more,  # type: ignore[arg-type]
    )


def row(text: str, facts: DomainFacts | None = None, mailbox: MailboxFacts | None = None, **more: object) -> Row:
    rows = maker(text, **more)  # type: ignore[arg-type]
    if facts:
        rows.facts[facts.domain] = facts
    if mailbox:
        rows.mailboxes[mailbox.address] = mailbox
    return rows.row(0)


def mx(domain: str, **more: object) -> DomainFacts:
    return DomainFacts(domain, "mx", (f"mx.{domain}",), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "facts", "reasons"),
    [
        # A near name with mail servers of its own is another company; a known misspelling proves nothing with them.
        ("jane@gmaild.com", None, {"possible_typo", "not_verified"}),
        ("jane@gmaild.com", mx("gmaild.com"), {"not_verified"}),
        ("jane@gmaild.com", mx("gmaild.com", parked=True), {"parked", "possible_typo"}),
        ("jane@gmaild.com", DomainFacts("gmaild.com", "nxdomain"), {"domain_not_found", "possible_typo"}),
        ("jane@gamil.com", mx("gamil.com"), {"possible_typo", "not_verified"}),
        # Spelling is only the second best witness.
        ("jane@lab.test", None, {"reserved_domain"}),
        ("jane@lab.test", mx("lab.test"), {"not_verified"}),
        ("jane@lab.test", DomainFacts("lab.test", "nxdomain"), {"domain_not_found"}),
        ("jane@lab.test", DomainFacts("lab.test", "timeout"), {"reserved_domain", "dns_timeout"}),
        ("jane@co.uk", mx("co.uk"), {"not_verified"}),
        ("jane@firm.newsuffix", mx("firm.newsuffix"), {"not_verified"}),
    ],
)
def test_dns_goes_before_the_spelling(text: str, facts: DomainFacts | None, reasons: set[str]) -> None:
    assert set(row(text, facts)["reasons"]) == reasons


def test_a_dead_domain_may_have_come_back() -> None:
    history = history_of(DEAD)
    assert "domain_dead_before" in row("new@dead.example", history=history, allow_reserved=True)["reasons"]
    assert "domain_dead_before" not in row("new@dead.example", mx("dead.example"), history=history)["reasons"]
    history.dead = frozenset({"dead.example"})
    assert row("new@dead.example", history=history, allow_reserved=True)["grade"] == "do_not_send"
    assert "domain_dead" not in row("new@dead.example", mx("dead.example"), history=history)["reasons"]


def test_every_row_has_every_column_and_its_evidence() -> None:
    found = row(
        " Jane@known.example",
        mx("known.example", provider="google"),
        MailboxFacts("Jane@known.example", "unknown_user", "550", "550 5.1.1 No such user", "mx.known.example"),
    )
    assert tuple(found) == CHECK_COLUMNS
    assert (found["grade"], found["mailbox"], found["domain_state"]) == ("do_not_send", "unknown_user", "mx")
    assert found["evidence"] == [
        "user_unknown: mx.known.example: 550 5.1.1 No such user",
        "MX mx.known.example (google)",
        "cleaned: spaces removed",
    ]


def test_only_those_are_asked_for_whom_an_answer_can_change_something() -> None:
    rows = maker("a@known.example", "A@known.example", "noreply@known.example", "b@null.example", "c@slow.example", "@")
    rows.facts["known.example"] = mx("known.example")
    rows.facts["null.example"] = DomainFacts("null.example", "null_mx")
    rows.facts["slow.example"] = DomainFacts("slow.example", "timeout")
    assert [rows.is_worth_asking(number) for number in range(6)] == [True, False, False, False, False, False]


def test_a_listing_bans_a_domain() -> None:
    rows = maker("a@known.example")
    rows.facts["known.example"] = mx("known.example")
    rows.listings["known.example"] = "known.example is listed by dbl.example (127.0.1.2)"
    found = rows.row(0)
    assert (found["grade"], found["reasons"]) == ("do_not_send", ("domain_banned",))
    assert "domain_banned: known.example is listed by dbl.example (127.0.1.2)" in found["evidence"]


def test_a_list_that_says_two_things_of_an_address_is_not_believed() -> None:
    leads = pd.DataFrame(
        {
            "email": ["a@known.example", "A@known.example", "b@known.example", "b@known.example"],
            "email_status": ["verified", "invalid", "verified", "guessed"],
        }
    )
    checked = check(leads, allow_reserved=True)
    assert list(checked["grade"]) == ["verify_again", "do_not_send", "send", "do_not_send"]
    assert "contradicted: row 2 says invalid" in checked["evidence"][0]


def test_what_the_list_forbids_is_not_sent_to_though_its_server_takes_mail() -> None:
    words = ["spamtrap", "Spam trap", "abuse", "do_not_mail", "risky", "verified", "verified", "Do Not Mail"]
    names = ["a", "b", "c", "d", "e", "f", "g", "g"]
    leads = pd.DataFrame({"email": [f"{name}@known.example" for name in names], "email_status": words})
    listed = read_leads(leads)
    rows = RowMaker(
        listed,
        [read_address(text) for text in listed.texts],
        policy=policies()["permissive"],
        lists=Lists(),
        history=History(),
        today=20_000,
        allow_reserved=True,
    )
    rows.facts["known.example"] = mx("known.example")
    rows.mailboxes = {f"{name}@known.example": MailboxFacts(f"{name}@known.example", "accepted") for name in names}
    found = [rows.row(number) for number in range(len(names))]
    assert [one["grade"] for one in found] == [*["do_not_send"] * 4, "send", "send", "do_not_send", "do_not_send"]
    assert found[0]["reasons"] == ("list_forbids",)
    assert "list_forbids: row 8 says Do Not Mail" in found[6]["evidence"]


@pytest.mark.parametrize("domain", ["gmial.com", "hotmial.com"])
def test_a_known_misspelling_is_called_one_whoever_caught_the_domain(domain: str) -> None:
    found = row(f"jane@{domain}")
    assert found["reasons"] == ("possible_typo", "not_verified")
    assert found["tags"] == []
    assert found["suggestion"] in {"jane@gmail.com", "jane@hotmail.com"}


def test_a_cell_of_several_addresses_is_as_likely_to_bounce_as_one_of_them() -> None:
    found = row("jane@lumen.org; bob@lumen.org")
    assert (found["reasons"][0], found["grade"]) == ("several_addresses", "verify_again")
    assert found["bounce_chance"] == row("jane@lumen.org")["bounce_chance"] > 0


@pytest.mark.parametrize(
    ("header", "yes", "no"),
    [("Unsubscribed", "Yes", ""), ("HasOptedOutOfEmail", "True", "False"), ("unsubscribed_at", "2026-03-02", "")],
)
def test_whoever_asked_out_is_not_sent_to(tmp_path: Path, header: str, yes: str, no: str) -> None:
    path = tmp_path / "leads.csv"
    rows = [
        f"ann.lee@acme-widgets.com,verified,{yes}",
        *(f"bob{number}.roe@acme-widgets.com,verified,{no}" for number in range(9)),
    ]
    path.write_text("\n".join([f"email,email_status,{header}", *rows]) + "\n")
    found = check(path)
    assert found["grade"].tolist() == ["do_not_send"] + ["send"] * 9
    assert found["reasons"][0] == "list_forbids"
    assert "list_forbids: unsubscribed" in found["evidence"][0]
