"""What speaks against a lead beyond format and network: whose mailbox it is, the user's lists, the history."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.addresses.reading import read_address
from analyzer.check.history import history_of, shape_of
from analyzer.check.leads import read_leads
from analyzer.check.named import is_gibberish
from analyzer.check.options import CheckOptions
from analyzer.check.records import DomainFacts
from analyzer.check.risk import Lists, Risk, of_industry, read_lists
from analyzer.check.run import CheckRun
from analyzer.errors import UnreadableInputError


def codes(found: object) -> list[str]:
    return [code for code, _ in found]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("local", "code"),
    [
        *(
            (name, "role")
            for name in (
                "info",
                "Sales",
                "customer-service",
                "info2",
                "info-uk",
                "sales.apac",
                "sales+web",
                "buero",
                "rh",
            )
        ),
        *(
            (name, "role")
            for name in ("kanzlei", "gerencia", "suporte", "ordini", "vacatures", "kundtjänst", "muhasebe")
        ),
        *((name, "no_reply") for name in ("noreply", "no-reply", "do.not.reply", "mailer-daemon", "bounces")),
        *((name, "abuse_desk") for name in ("postmaster", "abuse", "Spam")),
        *((name, "placeholder") for name in ("test", "noemail", "no-email", "firstname.lastname")),
        *((name, "sample_name") for name in ("john.doe", "JaneDoe")),
        *((name, "gibberish") for name in ("asdfghjk", "qwertz12", "xkjrtwqzbn", "aaaaaa", "x7k2q9z1", "5f3a9c0d1e2b")),
        # People, whatever they are called.
        *((name, "") for name in ("jane.roe", "j.roe", "barbara", "infante", "salesky", "a.mail", "tester.anna", "na")),
        *((name, "") for name in ("schwarzkopf", "angstmann", "krzysztof", "strzelczyk", "brzeczyszczykiewicz", "jrs")),
        # An initial and a surname, or a given name, that together or alone are some other word.
        *((name, "") for name in ("c.ert", "a.lert", "s.taff", "t.est", "n.ame", "h.r.roe", "dev.jha", "jane.wertz")),
        *((name, "") for name in ("mueller1974", "anna2b", "n.vlk", "o'brien", "bb8")),
    ],
)
def test_a_mailbox_is_told_by_its_name(local: str, code: str) -> None:
    found = codes(Risk().of_address(read_address(f"{local}@example.org")))
    assert found == ([code] if code else [])


def test_gibberish_needs_some_length() -> None:
    assert not is_gibberish("jkl")
    assert is_gibberish("jklmnbvcxz")


@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("mailinator.com", "disposable"),
        ("sub.mailinator.com", "disposable"),
        ("gmail.com", "free_mail"),
        ("throwaway.example", "disposable"),
        ("sub.throwaway.example", "disposable"),
        ("banned.example", "domain_banned"),
        ("example.org", ""),
    ],
)
def test_a_domain_is_told_by_the_lists(domain: str, code: str) -> None:
    lists = Lists(disposable=frozenset({"throwaway.example"}), banned=frozenset({"banned.example"}))
    found, _ = Risk(lists=lists).of_domain(read_address(f"jane@{domain}"))
    assert codes(found) == ([code] if code else [])


def test_the_user_s_lists_are_read_from_lines_and_tables(tmp_path: Path) -> None:
    (tmp_path / "plain.txt").write_text("# old customers\nJane@Example.org\n@gone.example\n*.banned.example\n\n")
    (tmp_path / "table.csv").write_text(
        "email,reason\nann@example.org,bounce\nbob@example.org,complaint\nall.example,customer\n"
    )
    lists = read_lists(suppress=[tmp_path / "plain.txt", tmp_path / "table.csv"], banned=[tmp_path / "plain.txt"])
    assert lists.warnings == ()
    assert set(lists.suppressed) == {
        "jane@example.org",
        "gone.example",
        "banned.example",
        "ann@example.org",
        "all.example",
    }
    assert set(lists.reported) == {"bob@example.org"}
    risk = Risk(lists=lists)
    found = {
        email: risk.of_address(read_address(email))
        for email in ("Jane@example.org", "x@gone.example", "x@a.gone.example", "bob@example.org", "new@example.org")
    }
    assert found["Jane@example.org"] == [("suppressed", "jane@example.org is on your list")]
    assert found["x@gone.example"] == [("suppressed", "gone.example is on your list")]
    assert found["x@a.gone.example"] == found["x@gone.example"]
    assert found["bob@example.org"] == [("reported", "bob@example.org is on your list (complaint)")]
    assert found["new@example.org"] == []
    with pytest.raises(UnreadableInputError, match=r"nowhere\.txt"):
        read_lists(suppress=[tmp_path / "nowhere.txt"])


@pytest.mark.parametrize("option", ["suppress", "disposable", "banned"])
@pytest.mark.parametrize("content", ["", "\n \n", "email,reason\n", "# nobody yet\n"])
def test_an_empty_list_is_told(tmp_path: Path, option: str, content: str) -> None:
    path = tmp_path / "never.csv"
    path.write_text(content)
    run = CheckRun(read_leads(["ann@example.org"]), CheckOptions(lists=read_lists(**{option: [path]})))
    assert "never.csv: holds no address and no domain" in run.warnings


def bounce(recipient: str, reason: str, fault: str, label: str = "hard", **more: object) -> dict[str, object]:
    return {
        "kind": "bounce",
        "recipient": recipient,
        "reason": reason,
        "fault": fault,
        "label": label,
        "transient": False,
        "received_at": "2026-03-02T10:00:00Z",
        "diagnostic": "550 5.1.1 said so",
    } | more


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([bounce("jane@example.org", "user_unknown", "address")], "bounced_before"),
        ([bounce("JANE@Example.org", "user_unknown", "address")], "bounced_before"),
        (
            [bounce("fwd@other.example", "user_unknown", "address", original_recipient="jane@example.org")],
            "bounced_before",
        ),
        ([bounce("jane@example.org", "user_unknown", "address", transient=True)], "failed_before"),
        ([bounce("jane@example.org", "mailbox_full", "mailbox")], "mailbox_full_before"),
        ([bounce("jane@example.org", "spam_content", "content", "spam")], "refused_before"),
        ([bounce("jane@example.org", "network_error", "infrastructure")], "failed_before"),
        ([bounce("jane@example.org", "complaint", "complaint", "spam", kind="complaint")], "reported"),
        # The worst of several decides; what is no bounce says nothing; what was forwarded is not this lead.
        (
            [
                bounce("jane@example.org", "user_unknown", "address"),
                bounce("jane@example.org", "mailbox_full", "mailbox"),
            ],
            "bounced_before",
        ),
        ([bounce("jane@example.org", "user_unknown", "address", kind="autoreply")], ""),
        ([bounce("other@example.org", "user_unknown", "address")], ""),
    ],
)
def test_what_happened_before_is_told_with_how_and_when(rows: list[dict[str, object]], code: str) -> None:
    found = Risk(history=history_of(rows)).of_address(read_address("jane@example.org"))
    assert codes(found) == ([code] if code else [])
    if code:
        assert "2026-03-02" in found[0][1]
        assert "550 5.1.1 said so" in found[0][1]


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([bounce(f"p{n}@example.org", "user_unknown", "address") for n in range(3)], "domain_bounced"),
        ([bounce(f"p{n}@example.org", "user_unknown", "address") for n in range(2)], ""),
        # One address, three times, is one address.
        ([bounce("p@example.org", "user_unknown", "address") for _ in range(3)], ""),
        ([bounce("p@example.org", "domain_not_found", "address")], "domain_dead_before"),
        (
            [
                bounce("p@example.org", "domain_not_found", "address"),
                bounce("q@example.org", "mailbox_full", "mailbox"),
            ],
            "",
        ),
        ([bounce("p@example.org", "recipient_restricted", "recipient", "spam")], "blocks_unknown_here"),
        ([bounce("p@example.org", "spam_content", "content", "spam")], ""),
    ],
)
def test_a_domain_has_a_history_too(rows: list[dict[str, object]], code: str) -> None:
    found, _ = Risk(history=history_of(rows)).of_domain(read_address("jane@example.org"))
    assert codes(found) == ([code] if code else [])


def test_a_gateway_blocks_when_it_refused_us_at_several_domains() -> None:
    facts = DomainFacts("new.example", "mx", ("mx.example.net",), "trendmicro", "trendmicro")
    rows = [
        bounce(f"p@d{n}.example", "recipient_restricted", "recipient", "spam", provider="trendmicro") for n in range(3)
    ]
    assert codes(Risk(history=history_of(rows)).of_gateway(facts)) == ["blocks_unknown_here"]
    assert codes(Risk(history=history_of(rows[:2])).of_gateway(facts)) == []
    one_domain = [row | {"recipient": f"p{n}@d.example"} for n, row in enumerate(rows)]
    assert codes(Risk(history=history_of(one_domain)).of_gateway(facts)) == []
    known = DomainFacts("new.example", "mx", ("mx.example.net",), "mimecast", "mimecast")
    assert codes(Risk().of_gateway(known)) == ["gateway_blocks_unknown"]


@pytest.mark.parametrize(
    ("local", "shape"),
    [
        ("jane.roe", "w.w"),
        ("j.roe", "i.w"),
        ("jane_roe", "w_w"),
        ("jane", ""),
        ("jroe", ""),
        ("jane.roe2", ""),
        ("a.b.c", "i.i.i"),
    ],
)
def test_the_shape_of_an_address(local: str, shape: str) -> None:
    assert shape_of(local) == shape


def test_a_pattern_that_failed_is_told_unless_the_list_shows_that_it_works() -> None:
    history = history_of(
        [bounce(f"{name}@example.org", "user_unknown", "address") for name in ("ann.bell", "carl.dorn")]
    )
    like, unlike = read_address("jane.roe@example.org"), read_address("j.roe@example.org")
    assert codes(Risk(history=history).of_pattern(like)) == ["failed_pattern"]
    assert codes(Risk(history=history).of_pattern(unlike)) == []
    assert codes(Risk(history=history, working={"example.org": {"w.w"}}).of_pattern(like)) == []


@pytest.mark.parametrize(
    ("industry", "group", "domain", "strict"),
    [
        ("Banking", "strict", "example.org", True),
        ("Retail", "open", "agency.gov", False),
        ("", "", "agency.gov", True),
        ("", "unclassified", "trust.nhs.uk", True),
        ("", "", "example.org", False),
        ("", "", "gov.example.org", False),
    ],
)
def test_strict_industries_by_the_list_or_by_the_ending(industry: str, group: str, domain: str, strict: bool) -> None:
    assert codes(of_industry(industry, group, domain)) == (["strict_industry"] if strict else [])
