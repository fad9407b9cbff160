"""From a text with what is known beside it to a verdict, and what explains it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.classify import Classifier, Guess, classify, default_classifier, load_rules, provider_of
from analyzer.classify.blocklists import blocklist_of

if TYPE_CHECKING:
    from pathlib import Path

OWN = """
[[rule]]
id = "own/google"
provider = ["google"]
pattern = 'velvet rope'
reason = "recipient_restricted"
why = "w"
examples = ["x"]
near_misses = ["y"]

[[rule]]
id = "own/status"
status = ["5.7.1", "4.3."]
pattern = 'velvet rope'
reason = "policy"
why = "w"
examples = ["x"]
near_misses = ["y"]

[[rule]]
id = "own/phase"
phase = ["data"]
reply = ["554"]
patterns = ['velvet ropes', 'velvet rope']
reason = "spam_content"
transient = true
why = "w"
examples = ["x"]
near_misses = ["y"]

[[rule]]
id = "own/any"
pattern = 'velvet (rope|carpet)'
reason = "user_unknown"
confidence = 0.8
why = "The club has no such guest."
source = "the club"
examples = ["x"]
near_misses = ["y"]

[[rule]]
id = "own/listed"
pattern = 'on (a|the) list'
reason = "ip_blocklisted"
why = "w"
examples = ["x"]
near_misses = ["y"]
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    folder: Path = tmp_path_factory.mktemp("rules")
    (folder / "own.toml").write_text(OWN, encoding="utf-8")
    return Classifier(load_rules([folder]))


@pytest.mark.parametrize(
    ("text", "beside", "decided_by"),
    [
        ("550 5.1.1 velvet rope", {}, "rule:own/any"),
        ("550 5.1.1 VELVET  Rope", {}, "rule:own/any"),
        ("550 5.1.1 velvet rope", {"host": "alt1.aspmx.l.google.com"}, "rule:own/google"),
        ("550 5.1.1 velvet rope - gsmtp", {}, "rule:own/google"),
        ("550 5.1.1 velvet rope", {"recipient": "jane@gmail.com"}, "rule:own/google"),
        ("host aspmx.l.google.com[192.0.2.1] said: 550 velvet rope", {}, "rule:own/google"),
        ("550 5.7.1 velvet rope", {}, "rule:own/status"),
        ("550 5.7.133 velvet rope", {}, "rule:own/any"),
        ("451 4.3.5 velvet rope", {}, "rule:own/status"),
        ("550 velvet rope", {"status": "5.7.1"}, "rule:own/status"),
        ("554 velvet rope (in reply to end of DATA command)", {}, "rule:own/phase"),
        ("550 velvet rope (in reply to end of DATA command)", {}, "rule:own/any"),
        ("554 velvet rope", {}, "rule:own/any"),
        # Names in addresses and the recipient's own domain never decide.
        ("550 5.1.1 <velvet rope@example.com>: no", {}, "code"),
        ("550 5.1.1 no, not at on-the list.example", {"recipient": "a@on-the list.example"}, "code"),
        ("550 5.1.1 velvet rope", {"host": "velvet", "recipient": "jane@rope"}, "rule:own/any"),
        # The innermost reply decides, and where it says nothing, the whole does.
        ("velvet carpet: host mx.example.com said: 550 5.7.1 velvet rope", {}, "rule:own/status"),
        ("550 5.7.1 velvet carpet: host mx.example.com said: 550 no", {}, "rule:own/any"),
    ],
)
def test_which_rule_decides(own: Classifier, text: str, beside: dict[str, str], decided_by: str) -> None:
    assert own.classify(text, **beside).decided_by == decided_by


def test_a_verdict_in_full(own: Classifier) -> None:
    verdict = own.classify("550-5.1.1 <jane@velvet.example>: Velvet 550 5.1.1 carpet", host="mx1.mimecast.com")
    assert (verdict.label, verdict.fault, verdict.reason, verdict.transient) == (
        "hard",
        "address",
        "user_unknown",
        False,
    )
    assert (verdict.confidence, verdict.evidence) == (0.8, "Velvet carpet")
    assert (verdict.provider, verdict.status, verdict.reply) == ("mimecast", "5.1.1", "550")
    assert (verdict.blocklist, verdict.retry_after_s) == ("", None)


def test_an_explanation(own: Classifier) -> None:
    found = own.explain("550 5.7.1 velvet rope on the list", status="5.7.1")
    assert found.rule is not None
    assert found.rule.id == "own/status"
    assert found.also == ("own/any", "own/listed")
    assert found.codes_alone == "policy"
    assert found.verdict == own.classify("550 5.7.1 velvet rope on the list", status="5.7.1")
    nothing = own.explain("hello")
    assert (nothing.rule, nothing.also, nothing.codes_alone) == (None, (), "")


CODES = [
    # text, what is beside it, reason
    ("", {"status": "5.1.1"}, "user_unknown"),
    ("550 5.1.10", {}, "no_mail_server"),
    ("550 5.1.10", {"host": "x.mail.protection.outlook.com"}, "user_unknown"),
    ("550 5.4.1", {}, "network_error"),
    ("550 5.4.1", {"host": "x.mail.protection.outlook.com"}, "user_unknown"),
    ("550 5.7.27", {}, "sender_rejected"),
    ("550 5.7.27", {"host": "aspmx.l.google.com"}, "auth_failure"),
    ("550 5.7.30", {}, "tls_required"),
    ("550 5.7.30", {"host": "aspmx.l.google.com"}, "auth_failure"),
    ("550 5.7.133", {}, "recipient_restricted"),
    ("550 5.7.705", {}, "sender_account"),
    ("550 5.0.0 (in reply to RCPT TO command)", {}, "recipient_rejected"),
    ("550 (in reply to end of DATA command)", {}, "spam_content"),
    ("550 (in reply to MAIL FROM command)", {}, "sender_rejected"),
    ("550", {}, "recipient_rejected"),
    ("", {"reply": "552"}, "mailbox_full"),
    ("5.0.0", {}, "unspecified"),
    # A wrapper's status only stands in for the quoted reply's where the classes agree.
    ("host mx.example.com said: 421 hm", {"status": "5.1.1"}, "server_error"),
    ("host mx.example.com said: 550 hm", {"status": "5.1.1"}, "user_unknown"),
    ("550 5.1.1 x: host mx.example.com said: 552 5.2.2 hm", {"status": "5.1.1"}, "mailbox_full"),
]


@pytest.mark.parametrize(("text", "beside", "reason"), CODES)
def test_codes_where_no_words_decide(own: Classifier, text: str, beside: dict[str, str], reason: str) -> None:
    verdict = own.classify(text, **beside)
    assert (verdict.reason, verdict.decided_by) == (reason, "code")


@pytest.mark.parametrize(
    ("status", "reason"), [("5.2.1", "mailbox_disabled"), ("5.2.2", "mailbox_full"), ("5.0.0", "unspecified")]
)
def test_words_without_a_reason_leave_it_to_a_status_that_gives_one(status: str, reason: str) -> None:
    assert classify("Your message could not be delivered.", status=status).reason == reason


def test_nothing_at_all_is_unknown(own: Classifier) -> None:
    for text in ("", "  \n", "bounced", "\udcff"):
        verdict = own.classify(text)
        assert (verdict.label, verdict.reason, verdict.decided_by) == ("unknown", "unspecified", "default")


def test_a_model_stands_above_weak_codes_and_beside_strong_ones(own: Classifier) -> None:
    asked: list[tuple[str, str, str, str]] = []

    def model(
        masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None:
        asked.append((masked, status, reply, provider))
        surer = 0.99 if "certainly" in masked else 0.7
        return Guess("virus", surer, "worm") if "worm" in masked else None

    modelled = Classifier(own.rules, model)
    assert modelled.classify("550 5.7.1 a worm for a@b.example").decided_by == "model"
    assert modelled.classify("550 5.7.1 a bird").decided_by == "code"
    assert modelled.classify("550 5.1.1 a worm").decided_by == "code"
    assert modelled.classify("550 5.1.1 certainly a worm").decided_by == "model"
    assert modelled.classify("550 velvet rope worm").decided_by == "rule:own/any"
    assert asked[0] == ("550 5.7.1 a worm for _@_", "5.7.1", "550", "")
    assert len(asked) == 4


def told(guess: Guess) -> Classifier:
    """The shipped rules before a model that says one thing of every text, where it is let."""

    def model(
        masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None:
        return guess if guess.confidence > (0.74 if least is None else least) else None

    return Classifier(default_classifier().rules, model)


def test_an_unsure_model_stands_above_a_class_of_replies_and_below_a_status() -> None:
    modelled = told(Guess("virus", 0.65, "yyy"))
    assert modelled.classify("550 zzz yyy zzz").reason == "virus"
    assert modelled.classify("550 5.1.1 zzz yyy zzz").reason == "user_unknown"
    assert modelled.classify("zzz yyy zzz").reason == "unspecified"
    assert told(Guess("virus", 0.45, "yyy")).classify("550 zzz yyy zzz").decided_by == "code"


def test_a_model_that_weighed_the_word_of_a_rule_in_names_another_reason_with_the_rules_confidence() -> None:
    text = "554 zzz: the message looks like spam"
    rule = Classifier(default_classifier().rules).classify(text)
    assert (rule.reason, rule.decided_by) == ("spam_content", "rule:content/looks-like-spam")
    named = told(Guess("sender_rejected", 0.6, "zzz")).classify(text)
    assert (named.reason, named.decided_by, named.evidence) == ("sender_rejected", "model", "zzz")
    assert (named.label, named.confidence) == (rule.label, rule.confidence)


def test_a_model_hears_what_the_rule_says_and_may_leave_it_at_that() -> None:
    heard: list[tuple[float | None, str]] = []

    def model(
        masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None:
        heard.append((least, said))
        return None

    verdict = Classifier(default_classifier().rules, model).classify("554 zzz: the message looks like spam")
    assert (verdict.reason, verdict.decided_by[:5], heard) == ("spam_content", "rule:", [(0.0, "spam_content")])


def test_an_address_that_is_not_fit_for_sending_is_told_from_one_that_is_misspelt() -> None:
    assert classify("550 unsuitable source IP to deliver mail from").reason == "ip_reputation"
    assert classify("501 invalid IP address in HELO").reason == "protocol_error"


def test_another_label_than_a_rules_is_as_sure_as_what_the_rule_left_of_it() -> None:
    verdict = told(Guess("relay_denied", 0.83, "zzz")).classify("554 zzz: the message looks like spam")
    assert (verdict.label, verdict.confidence) == ("hard", 0.83)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("550 5.1.1 User unknown", ""),
        ("554 delivery error: dd This user doesn't have a yahoo.com account", "mta7.am0.yahoodns.net"),
        # A name decided, which the model does not see; a rule that says itself how sure it is.
        ("554 zzz: host listed at zen.spamhaus.org", ""),
        ("554 5.3.5 Local configuration error 550 5.1.1 postmaster... User unknown", ""),
        ("velvet rope", ""),
    ],
)
def test_a_model_stands_before_no_rule_that_a_status_bears_out_nor_a_receivers_own_nor_the_users(
    text: str, host: str, own: Classifier
) -> None:
    rules = (*own.rules, *default_classifier().rules)
    alone = Classifier(rules).classify(text, host=host)
    reason = {"hard": "mail_loop", "spam": "virus"}[alone.label]
    assert Classifier(rules, told(Guess(reason, 0.999, "zzz")).model).classify(text, host=host) == alone


def test_the_words_that_a_model_names_are_shown_for_each_text_alike() -> None:
    modelled = told(Guess("sender_rejected", 0.99, "zzz"))
    found = [modelled.classify(f"554 zzz: mail of {who}@sender.example looks like spam") for who in "ab"]
    assert [one.evidence for one in found] == ["zzz", "zzz"]
    told_why = modelled.explain("554 zzz: looks like spam")
    assert (told_why.verdict.evidence, told_why.rule) == ("zzz", None)
    assert "content/looks-like-spam" in told_why.also


@pytest.mark.parametrize(
    ("text", "transient"),
    [
        ("550 5.1.1 velvet rope", False),
        ("450 4.1.1 velvet rope", False),
        ("450 4.1.1 velvet rope, try again later", True),
        ("421 on a list", True),
        ("554 on a list", False),
        ("554 temporarily on a list", True),
        ("452 4.2.2", True),
        ("552 5.2.2", False),
        ("4.4.7", True),
        ("554 velvet rope (in reply to end of DATA command)", True),
        ("4.0.0", False),
    ],
)
def test_transient_by_meaning(own: Classifier, text: str, transient: bool) -> None:
    assert own.classify(text).transient is transient


def test_a_time_to_wait_comes_with_a_transient_verdict_only(own: Classifier) -> None:
    assert own.classify("450 on a list, try again in 90 seconds").retry_after_s == 90
    assert own.classify("550 5.1.1 velvet rope in 90 seconds").retry_after_s is None


@pytest.mark.parametrize(
    ("line", "reason", "name"),
    [
        ("blocked using zen.spamhaus.org", "ip_blocklisted", "Spamhaus ZEN"),
        ("see https://www.spamhaus.org/sbl/query/SBL1", "ip_blocklisted", "Spamhaus SBL"),
        ("listed in Spamhaus", "domain_blocklisted", "Spamhaus"),
        ("blocked using dbl.spamhaus.org", "domain_blocklisted", "Spamhaus DBL"),
        ("blocked using bl.spamcop.net", "ip_blocklisted", "SpamCop"),
        ("blocked using b.barracudacentral.org", "ip_blocklisted", "Barracuda"),
        ("a link is in multi.surbl.org, the host in bl.spamcop.net", "url_blocklisted", "SURBL"),
        ("a link is in multi.surbl.org, the host in bl.spamcop.net", "ip_blocklisted", "SpamCop"),
        ("dnsbl-2.uceprotect.net", "ip_blocklisted", "UCEPROTECT L2"),
        ("see https://ipcheck.proofpoint.com/?ip=0.0.0.0", "ip_reputation", "Proofpoint"),
        ("blocked using zen.spamhaus.org", "policy", ""),
        ("blocked using zen.spamhaus.org; Error: open resolver", "ip_blocklisted", ""),
        ("bl.spamcop.net query refused", "ip_blocklisted", ""),
        ("on our own list", "ip_blocklisted", ""),
    ],
)
def test_the_block_list_that_a_refusal_names(line: str, reason: str, name: str) -> None:
    assert blocklist_of(line, reason) == name


@pytest.mark.parametrize(
    ("host", "domain", "text", "name"),
    [
        ("aspmx.l.google.com", "", "", "google"),
        ("dns; ALT1.ASPMX.L.GOOGLE.COM. [192.0.2.1]", "", "", "google"),
        ("example-com.mail.protection.outlook.com", "", "", "microsoft"),
        ("hotmail-com.olc.protection.outlook.com", "", "", "outlook.com"),
        ("mta5.am0.yahoodns.net", "", "", "yahoo"),
        ("mx0a-00000001.pphosted.com", "", "", "proofpoint"),
        ("mx1-us1.ppe-hosted.com", "", "", "proofpoint_essentials"),
        ("cluster1.eu.messagelabs.com", "", "", "symantec"),
        ("mx1.example.iphmx.com", "", "", "cisco"),
        ("mx00.ionos.de", "", "", "ionos"),
        ("mx.example.org", "gmail.com", "", "google"),
        ("", "GMX.de", "", "gmx"),
        ("mx.example.org", "", "550 x - gsmtp", "google"),
        ("mx.example.org", "example.org", "550 to a@gmail.com", ""),
        ("notgoogle.com", "", "", ""),
        ("", "", "", ""),
    ],
)
def test_provider(host: str, domain: str, text: str, name: str) -> None:
    assert provider_of(host, domain, text) == name


# What the product promises in so many words.
PROMISED = [
    ("550 5.4.1 Recipient address rejected: Access denied", "example-com.mail.protection.outlook.com", "user_unknown"),
    ("550 5.7.1 No such user", "", "user_unknown"),
    ("550 5.1.1 Too many messages from you, rate limit exceeded", "", "rate_limited"),
    ("550 Sender verify failed: no such user here", "", "sender_rejected"),
    ("554 5.0.0 Failed: host mx.example.com said: 452 4.2.2 Mailbox full", "", "mailbox_full"),
]


@pytest.mark.parametrize(("text", "host", "reason"), PROMISED)
def test_labels_follow_meaning(text: str, host: str, reason: str) -> None:
    assert classify(text, host=host).reason == reason


@pytest.mark.parametrize(
    ("text", "beside", "name"),
    [
        (
            "DNS type 'mx' lookup of lumen.example responded with code NXDOMAIN; see https://support.google.com/mail/answer/6596",
            {},
            "",
        ),
        ("550 5.4.310 DNS domain lumen.example does not exist [AM1.eop-eur05.prod.protection.outlook.com]", {}, ""),
        (
            "The recipient server did not accept our requests to connect. https://support.google.com/mail/answer/7720",
            {},
            "",
        ),
        ("550 recipient domain not found", {"host": "mx.protection.outlook.com"}, "microsoft"),
        ("550 5.1.1 no such user - gsmtp", {}, "google"),
    ],
)
def test_who_finds_nobody_to_deliver_to_is_not_the_receiving_side(text: str, beside: dict[str, str], name: str) -> None:
    assert classify(text, **beside).provider == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("554 Client host [192.0.2.1] blocked using b.barracudacentral.org; http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.1", ""),
        ("554 Client host [h] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.1", "barracuda"),
        ("554 Client host [192.0.2.1] blocked using rbl.mail-abuse.com", ""),
    ],
)  # fmt: skip
def test_a_public_block_list_is_no_receivers(text: str, name: str) -> None:
    verdict = classify(text)
    assert (verdict.reason, verdict.provider) == ("ip_blocklisted", name)
