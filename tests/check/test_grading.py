"""From findings to a grade: gates, the score, policies, and what a verification is worth with age."""

from __future__ import annotations

import pytest

from analyzer.check.facts import findings, policies, priors, score
from analyzer.check.grading import DOMAIN_CODES, MAILBOX_CODES, Grader, basis, of_domain_facts
from analyzer.check.records import DomainFacts, MailboxFacts
from analyzer.records import EMAIL_STATUSES

ADDRESS = "jane@example.org"


def graded(
    codes: list[str], status: str = "verified", policy: str = "balanced", age: int | None = None, **more: object
) -> tuple[str, int, tuple[str, ...]]:
    chosen = policies()[policy]
    mailbox = more.get("mailbox")
    learnt = more.get("learnt")
    facts = MailboxFacts(ADDRESS, mailbox) if mailbox else None  # type: ignore[arg-type]
    based, chance = basis(status, facts, learnt, age, chosen)  # type: ignore[arg-type]
    found = Grader(chosen).grade([*codes, *(code for code, _ in based)], chance)
    return found.grade, found.score, found.reasons


@pytest.mark.parametrize(
    ("status", "strict", "balanced", "permissive"),
    [
        ("verified", "send", "send", "send"),
        ("catch_all", "verify_again", "verify_again", "send"),
        ("guessed", "verify_again", "verify_again", "send"),
        ("unknown", "verify_again", "verify_again", "send"),
        ("", "verify_again", "verify_again", "send"),
        ("risky", "verify_again", "verify_again", "verify_again"),
        ("invalid", "do_not_send", "do_not_send", "do_not_send"),
    ],
)
def test_a_policy_says_what_happens_to_the_unconfirmed(
    status: str, strict: str, balanced: str, permissive: str
) -> None:
    assert [graded([], status, policy)[0] for policy in ("strict", "balanced", "permissive")] == [
        strict,
        balanced,
        permissive,
    ]


@pytest.mark.parametrize(
    ("mailbox", "status", "grade", "reason"),
    [
        ("accepted", "guessed", "send", "accepted"),
        # The host knows better than the list, in both directions.
        ("accepted", "invalid", "send", "accepted"),
        ("unknown_user", "verified", "do_not_send", "user_unknown"),
        ("disabled", "verified", "do_not_send", "mailbox_disabled"),
        ("full", "verified", "verify_again", "mailbox_full"),
        ("temporary", "verified", "verify_again", "temporary_answer"),
        ("no_answer", "verified", "verify_again", "no_answer"),
        ("catch_all", "verified", "verify_again", "catch_all"),
        ("catch_all", "invalid", "do_not_send", "invalid"),
        # A refusal of us, or of a provider that says the same of all, says nothing: the list's word stands.
        ("policy", "verified", "send", "probe_refused"),
        ("opaque", "verified", "send", "provider_opaque"),
        ("policy", "", "verify_again", "probe_refused"),
        ("opaque", "unknown", "verify_again", "provider_opaque"),
    ],
)
def test_what_the_mailbox_s_host_says_goes_before_the_list(mailbox: str, status: str, grade: str, reason: str) -> None:
    found = graded([], status, mailbox=mailbox)
    assert found[0] == grade
    assert reason in found[2]


@pytest.mark.parametrize(
    ("reason", "grade"),
    [
        *((reason, "verify_again") for reason in ("relay_denied", "recipient_rejected", "recipient_restricted")),
        *((reason, "send") for reason in ("ip_blocklisted", "sender_rejected", "")),
    ],
)
def test_a_verified_address_that_its_host_refuses_is_not_sent_to_unless_it_refuses_us(reason: str, grade: str) -> None:
    found, chance = basis(
        "verified", MailboxFacts(ADDRESS, "policy", "550", reason=reason), None, 0, policies()["balanced"]
    )
    assert Grader(policies()["balanced"]).grade([code for code, _ in found], chance).grade == grade


@pytest.mark.parametrize("code", list(findings()))
def test_a_gate_holds_whatever_the_score(code: str) -> None:
    gate = findings()[code].gate
    grade, points, reasons = graded([code])
    if gate == "do_not_send":
        assert (grade, points) == ("do_not_send", 0)
    elif gate == "verify_again":
        assert grade == "verify_again"
        assert points < policies()["balanced"].send_from
    if gate or findings()[code].points:
        assert code in reasons


def test_the_weightiest_reason_stands_first() -> None:
    assert graded(["strict_industry", "role"], "guessed")[2] == ("guessed", "role", "strict_industry")
    assert graded(["strict_industry", "null_mx"], "guessed")[2] == ("null_mx", "strict_industry")
    assert graded(["alias_duplicate", "free_mail"])[2] == ("verified",)


def test_too_much_taken_together_is_given_up() -> None:
    grade, points, reasons = graded(["gibberish", "domain_bounced", "refused_before", "role"], "guessed")
    assert (grade, reasons[0]) == ("do_not_send", "low_score")
    assert points < policies()["balanced"].do_not_send_below


@pytest.mark.parametrize(
    ("policy", "age", "grade"),
    [
        *(("strict", 20, "send"), ("strict", 31, "verify_again")),
        *(("balanced", 31, "send"), ("balanced", 90, "send"), ("balanced", 91, "verify_again")),
        *(("permissive", 91, "send"), ("permissive", 181, "verify_again")),
        # However old: what its age alone makes likely to bounce is to be asked again, not given up.
        *(("strict", 900, "verify_again"), ("balanced", 900, "verify_again"), ("permissive", 900, "verify_again")),
        # A date in the future is a typing error, not a promise.
        ("balanced", -400, "send"),
    ],
)
def test_a_verification_ages(policy: str, age: int, grade: str) -> None:
    found = graded([], "verified", policy, age)
    assert found[0] == grade
    assert ("stale_verification" in found[2]) == (age > policies()[policy].stale_days)


def test_an_old_verification_saves_no_lead_that_much_speaks_against() -> None:
    codes = ["gibberish", "domain_bounced", "refused_before", "role", "possible_typo", "mixed_scripts"]
    assert graded(codes, "verified", age=900)[0] == "do_not_send"


def test_age_costs_points_before_it_holds_a_lead_back() -> None:
    points = [graded([], "verified", age=age)[1] for age in (0, 30, 60, 90)]
    assert points == sorted(points, reverse=True)
    assert len(set(points)) == 4


def test_history_takes_the_place_of_what_is_believed_of_a_status() -> None:
    assert graded([], "guessed", learnt=0.02)[0] == "send"
    assert graded([], "verified", learnt=0.09)[0] == "verify_again"
    assert graded([], "catch_all", learnt=0.01, mailbox="catch_all")[0] == "send"
    # What the host said a moment ago is nearer than any history.
    assert graded([], "guessed", learnt=0.3, mailbox="accepted")[0] == "send"


def test_the_line_of_the_usual_policy_is_the_tolerance_of_the_diagnosis() -> None:
    from analyzer.diagnose.campaign import TOLERANCE

    assert 100 - score().points_per_percent * 100 * TOLERANCE == policies()["balanced"].send_from


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        (DomainFacts("example.org", "mx", ("mx.example.org",)), []),
        (DomainFacts("example.org", "implicit_mx", detail="A 192.0.2.1"), ["implicit_mx"]),
        (DomainFacts("example.org", "implicit_mx", detail="v=spf1 -all"), ["sends_no_mail", "implicit_mx"]),
        (DomainFacts("example.org", "mx", detail="not public: 10.0.0.1"), ["mx_not_public"]),
        (DomainFacts("example.org", "mx", parked=True), ["parked"]),
        (DomainFacts("example.org", "servfail"), ["dns_failed"]),
        (DomainFacts("example.org", "timeout"), ["dns_timeout"]),
    ],
)
def test_dns_is_told_in_findings(facts: DomainFacts, codes: list[str]) -> None:
    assert [code for code, _ in of_domain_facts(facts)] == codes


@pytest.mark.parametrize("state", ["servfail", "timeout"])
@pytest.mark.parametrize("policy", list(policies()))
def test_a_failing_name_server_never_makes_an_address_bad(state: str, policy: str) -> None:
    codes = [code for code, _ in of_domain_facts(DomainFacts("example.org", state))]  # type: ignore[arg-type]
    assert graded(codes, "verified", policy)[0] != "do_not_send"


def test_every_state_and_status_has_its_finding() -> None:
    known = set(findings())
    assert {*MAILBOX_CODES.values(), *DOMAIN_CODES.values(), *EMAIL_STATUSES, "not_verified", "low_score"} <= known
    assert set(priors()) == set(EMAIL_STATUSES)
