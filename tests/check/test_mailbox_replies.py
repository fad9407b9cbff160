"""What every kind of answer of a receiving host is taken to mean. Each row is a script and the state of one address."""

from __future__ import annotations

from pathlib import Path

import pytest
from servers.asking import BLOCKED, GREYLISTED, UNKNOWN, ask
from servers.scripted import DRIP, DROP, FLOOD, HANG, Script, server_tls

from analyzer.check.records import DomainFacts

#: (what anna's RCPT is answered with, what every other one's is, state, reason)
RCPT_REPLIES = [
    ("250 2.1.5 Ok", UNKNOWN, "accepted", ""),
    ("250 Ok", "550 no", "accepted", ""),
    ("251 User not local; will forward", UNKNOWN, "accepted", ""),
    ("250 2.1.5 Ok", "250 2.1.5 Ok", "catch_all", ""),
    ("252 Cannot verify, but will accept the message", UNKNOWN, "opaque", ""),
    (UNKNOWN, UNKNOWN, "unknown_user", "user_unknown"),
    ("550 No such user here", UNKNOWN, "unknown_user", "user_unknown"),
    (
        "550-5.1.1 The account that you tried to reach\r\n550 5.1.1 does not exist.",
        "250 Ok",
        "unknown_user",
        "user_unknown",
    ),
    ("550 5.4.1 Recipient address rejected: Access denied.", UNKNOWN, "unknown_user", "user_unknown"),
    ("550 5.7.1 No such user", UNKNOWN, "unknown_user", "user_unknown"),
    ("550 5.2.1 The account is disabled", UNKNOWN, "disabled", "mailbox_disabled"),
    ("552 5.2.2 Mailbox full", UNKNOWN, "full", "mailbox_full"),
    ("452 4.2.2 Mailbox full, over quota", UNKNOWN, "full", "mailbox_full"),
    (BLOCKED, UNKNOWN, "policy", "ip_blocklisted"),
    ("550 5.7.25 The sending IP address has no PTR record", UNKNOWN, "policy", "ptr_missing"),
    ("550 5.7.26 Unauthenticated mail from example.org is not accepted", UNKNOWN, "policy", "auth_failure"),
    ("550 5.1.8 Sender address rejected: Domain not found", UNKNOWN, "policy", "sender_rejected"),
    ("550 Sender verify failed: no such user here", UNKNOWN, "policy", "sender_rejected"),
    ("550 5.7.1 Only internal senders may write to this address", UNKNOWN, "policy", "recipient_restricted"),
    ("554 5.7.1 <anna@known.example>: Relay access denied", UNKNOWN, "policy", "relay_denied"),
    ("550", UNKNOWN, "policy", None),
    ("550 Rejected", UNKNOWN, "policy", None),
    ("503 5.5.1 Bad sequence of commands", UNKNOWN, "policy", "protocol_error"),
    (GREYLISTED, UNKNOWN, "temporary", "greylisted"),
    ("450 4.1.1 User unknown, perhaps", UNKNOWN, "temporary", "user_unknown"),
    ("451 4.3.0 Temporary lookup failure", UNKNOWN, "temporary", "server_error"),
    ("421 4.3.2 Service shutting down", UNKNOWN, "temporary", None),
    ("452 4.5.3 Too many recipients", UNKNOWN, "temporary", "rate_limited"),
    ("550 5.7.1 Rate limit exceeded, slow down", UNKNOWN, "temporary", "rate_limited"),
    ("354 Go ahead", UNKNOWN, "no_answer", "protocol_error"),
    ("what?", UNKNOWN, "no_answer", None),
    (b"\xff\xfe\x00", UNKNOWN, "no_answer", None),
    ("550 5.1.1 Usuário não existe".encode("latin-1"), UNKNOWN, "unknown_user", "user_unknown"),
    ("550 5.1.1 Utilisateur inconnu à cette adresse", UNKNOWN, "unknown_user", "user_unknown"),
    (HANG, UNKNOWN, "no_answer", None),
    (DRIP, UNKNOWN, "no_answer", None),
    (FLOOD, UNKNOWN, "no_answer", None),
    (DROP, UNKNOWN, "no_answer", None),
    # What the catch-all question is answered with decides over "accepted".
    ("250 Ok", GREYLISTED, "temporary", "greylisted"),
    ("250 Ok", BLOCKED, "policy", "ip_blocklisted"),
    ("250 Ok", HANG, "no_answer", None),
    ("250 Ok", DROP, "no_answer", None),
    ("250 Ok", "550 5.7.1 Only internal senders may write to this address", "accepted", ""),
]


@pytest.mark.parametrize(("reply", "other", "state", "reason"), RCPT_REPLIES)
def test_reply_to_the_recipient(reply: str | bytes, other: str, state: str, reason: str | None) -> None:
    answers, server = ask(Script(rcpt={"anna": reply, "*": other}), ["anna@known.example"])
    answer = answers["anna@known.example"]
    assert answer.state == state, answer
    assert reason is None or answer.reason == reason
    assert server.verbs() <= {"EHLO", "MAIL FROM", "MAIL", "RCPT TO", "RCPT", "RSET", "QUIT"}


#: (what is said before a recipient is named, state, reason)
EARLIER_REPLIES = [
    (Script(banner=BLOCKED), "policy", "ip_blocklisted"),
    (Script(banner="554 5.3.2 No SMTP service here"), "no_answer", "not_accepting_mail"),
    (Script(banner="521 mx.example.net takes no mail"), "no_answer", "not_accepting_mail"),
    (Script(banner="421 4.3.2 Try again later"), "temporary", None),
    (Script(banner="+OK POP3 ready"), "no_answer", None),
    (Script(banner=HANG), "no_answer", None),
    (Script(banner=DROP), "no_answer", None),
    (Script(banner=FLOOD), "no_answer", None),
    (Script(banner="220 one\r\n220 two"), "no_answer", None),
    (Script(ehlo="550 5.7.1 Your name is not welcome"), "policy", None),
    (Script(ehlo="502 What?", helo="502 What?"), "policy", None),
    (Script(ehlo=DROP), "no_answer", None),
    (Script(mail="550 5.1.1 User unknown"), "policy", "sender_rejected"),
    (Script(mail="530 5.7.0 Must issue a STARTTLS command first"), "policy", "tls_required"),
    (Script(mail="451 4.7.1 Greylisted"), "temporary", "greylisted"),
    (Script(mail=HANG), "no_answer", None),
]


@pytest.mark.parametrize(("script", "state", "reason"), EARLIER_REPLIES)
def test_reply_before_a_recipient_is_named(script: Script, state: str, reason: str | None) -> None:
    answer = ask(script, ["anna@known.example"])[0]["anna@known.example"]
    assert answer.state == state, answer
    assert reason is None or answer.reason == reason


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (Script(banner="220-one\r\n220-two\r\n220 three"), "catch_all"),
        (Script(banner="220 caf\xe9".encode("latin-1")), "catch_all"),
        (Script(ehlo="502 What?"), "catch_all"),
        (Script(rset="421 Enough"), "catch_all"),
    ],
)
def test_odd_hosts_that_do_answer(script: Script, state: str) -> None:
    assert ask(script, ["anna@known.example"])[0]["anna@known.example"].state == state


def test_the_real_address_goes_first_and_the_random_one_once_per_domain() -> None:
    script = Script(rcpt={"anna": "250 Ok", "ben": "250 Ok", "cleo": UNKNOWN, "*": UNKNOWN})
    answers, server = ask(script, [f"{local}@known.example" for local in ("anna", "ben", "cleo")])
    assert {a.partition("@")[0]: one.state for a, one in answers.items()} == {
        "anna": "accepted",
        "ben": "accepted",
        "cleo": "unknown_user",
    }
    assert server.asked() == ["anna", "*", "ben", "cleo"]


def test_nobody_else_is_asked_at_a_domain_that_takes_every_address() -> None:
    script = Script(rcpt={"anna": "250 Ok", "ben": "250 Ok", "*": "250 Ok"})
    answers, server = ask(script, ["anna@known.example", "ben@known.example"])
    assert {one.state for one in answers.values()} == {"catch_all"}
    assert server.asked() == ["anna", "*"]
    assert answers["ben@known.example"].text.startswith("not asked")


@pytest.mark.parametrize("limit", ["452 4.5.3 Too many recipients", "421 4.7.0 One recipient per session"])
def test_a_second_recipient_that_is_too_many_is_asked_in_a_session_of_its_own(limit: str) -> None:
    script = Script(rcpt={"anna": "250 Ok", "*": [limit, UNKNOWN], "ben": UNKNOWN})
    answers, server = ask(script, ["anna@known.example", "ben@known.example"])
    assert answers["anna@known.example"].state == "accepted"
    assert answers["ben@known.example"].state == "unknown_user"
    assert server.sessions >= 2


@pytest.mark.parametrize(
    ("facts", "accepted", "state", "sessions"),
    [
        (DomainFacts("y.example", "mx", ("mx.y.example",), provider="yahoo"), "250 Ok", "opaque", 0),
        (DomainFacts("m.example", "mx", ("mx.m.example",), provider="microsoft"), "250 Ok", "opaque", 1),
        (DomainFacts("m.example", "mx", ("mx.m.example",), provider="microsoft"), UNKNOWN, "accepted", 1),
        (DomainFacts("p.example", "mx", ("mx.p.example",), gateway="proofpoint"), "250 Ok", "opaque", 1),
        (DomainFacts("s.example", "mx", ("mx.s.example",), gateway="sophos"), "250 Ok", "opaque", 1),
        (DomainFacts("i.example", "implicit_mx", ("i.example",)), UNKNOWN, "accepted", 1),
        (DomainFacts("n.example", "null_mx"), UNKNOWN, "no_answer", 0),
        (DomainFacts("n.example", "nxdomain"), UNKNOWN, "no_answer", 0),
        (DomainFacts("n.example", "servfail"), UNKNOWN, "no_answer", 0),
    ],
)
def test_domains_and_providers(facts: DomainFacts, accepted: str, state: str, sessions: int) -> None:
    address = f"anna@{facts.domain}"
    answers, server = ask(Script(rcpt={"anna": "250 Ok", "*": accepted}), [address], facts)
    assert (answers[address].state, server.sessions) == (state, sessions)


@pytest.mark.parametrize(
    ("ehlo", "state"),
    [
        ("250-mx.example.net\r\n250-8BITMIME\r\n250 SMTPUTF8", "accepted"),
        ("250-mx.example.net\r\n250 8BITMIME", "no_answer"),
    ],
)
def test_addresses_beyond_ascii_need_smtputf8(ehlo: str, state: str) -> None:
    script = Script(rcpt={"änne": "250 Ok", "anna": "250 Ok", "*": UNKNOWN}, ehlo=ehlo)
    answers, server = ask(script, ["anna@known.example", "änne@known.example"])
    assert answers["änne@known.example"].state == state
    assert answers["anna@known.example"].state == "accepted"
    asked_in_utf8 = any(line.endswith("SMTPUTF8") for _, line in server.told)
    assert asked_in_utf8 == (state == "accepted")


@pytest.mark.parametrize("address", ["a b@known.example", "a>\r\nDATA\r\n@known.example", "a\x00@known.example"])
def test_what_would_break_a_command_is_not_sent(address: str) -> None:
    answers, server = ask(Script(), [address])
    assert (answers[address].state, server.told) == ("no_answer", [])


def test_starttls_where_offered_whoever_the_certificate_is_for(tmp_path: Path) -> None:
    ehlo = ["250-mx.example.net\r\n250 STARTTLS", "250 mx.example.net"]
    script = Script(rcpt={"anna": "250 Ok", "*": UNKNOWN}, ehlo=ehlo, tls=server_tls(tmp_path))
    answers, server = ask(script, ["anna@known.example"])
    assert answers["anna@known.example"].state == "accepted"
    assert [line.partition(" ")[0] for _, line in server.told[:4]] == ["EHLO", "STARTTLS", "EHLO", "MAIL"]
    assert server.sessions == 1


def test_a_host_with_broken_tls_is_asked_in_clear() -> None:
    script = Script(rcpt={"anna": "250 Ok", "*": UNKNOWN}, ehlo="250-mx.example.net\r\n250 STARTTLS")
    answers, server = ask(script, ["anna@known.example"])
    assert answers["anna@known.example"].state == "accepted"
    assert server.sessions == 2


def test_commands_slipped_in_before_the_handshake_end_the_session() -> None:
    script = Script(ehlo="250-mx.example.net\r\n250 STARTTLS", starttls="220 Go\r\n250 Ok")
    answers, server = ask(script, ["anna@known.example"])
    assert answers["anna@known.example"].state == "no_answer"
    assert server.asked() == []


@pytest.mark.parametrize(
    ("mx", "open_host", "state"),
    [
        (("dead.example", "mx.known.example"), "mx.known.example", "accepted"),
        (("gone.example", "mx.known.example"), "mx.known.example", "accepted"),
        (("dead.example", "gone.example"), "", "no_answer"),
    ],
)
def test_all_hosts_are_tried_in_their_order(mx: tuple[str, ...], open_host: str, state: str) -> None:
    async def resolve(host: str) -> list[str]:
        if host == "gone.example":
            raise OSError("no such name")
        # On the loopback nobody listens on this other address.
        return ["127.0.0.1" if host == open_host else "127.0.0.2"]

    facts = DomainFacts("known.example", "mx", mx)
    answers, _ = ask(Script(rcpt={"anna": "250 Ok", "*": UNKNOWN}), ["anna@known.example"], facts, resolve=resolve)
    answer = answers["anna@known.example"]
    assert (answer.state, answer.host) == (state, open_host or mx[0])


def test_hosts_inside_our_own_network_are_not_asked() -> None:
    answers, server = ask(Script(), ["anna@known.example"], allow_private=False)
    assert answers["anna@known.example"].state == "no_answer"
    assert "private" in answers["anna@known.example"].text
    assert server.sessions == 0


def test_every_answer_names_what_was_said() -> None:
    answer = ask(Script(rcpt={"anna": UNKNOWN}), ["anna@known.example"])[0]["anna@known.example"]
    assert (answer.reply, answer.host) == ("550", "mx.known.example")
    assert answer.text == UNKNOWN[4:]
    assert answer.checked_at.startswith("20") and answer.checked_at.endswith("+00:00")
