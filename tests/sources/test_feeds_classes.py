"""The table of providers' classes: sound, reachable, and refused where it cannot be."""

from __future__ import annotations

import pytest
from feed_examples import EXAMPLES, PROSE, ses_bounce

from analyzer.bounces import rows_of
from analyzer.classify import classes, classify, default_classifier
from analyzer.errors import RuleError
from analyzer.records import Event, Failure, Report
from analyzer.sources.feeds.registry import READERS

ROW = """
[[class]]
class = ["ses:Permanent/NoEmail"]
reason = "user_unknown"
confidence = 0.9
why = "x"
source = "y"
"""


def judged(name: str, **failure: str):
    report = Report("bounce", "x", (Failure("kim@lumen.example", provider_class=name, **failure),))
    (row,) = rows_of(Event("x", report), default_classifier())
    return row


def test_every_class_is_of_a_feed_or_a_log_and_decides_alone():
    feeds = {reader.name for reader in READERS} | {"pmta", "kumomta", "list", "beside-spam"}
    for name, told in classes.table().items():
        assert name.partition(":")[0] in feeds
        row = judged(name)
        assert (row["reason"], row["decided_by"], row["evidence"]) == (told.reason, "code", name)
        assert row["confidence"] == told.confidence
        assert told.transient is None or row["transient"] == told.transient


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SES:permanent/noemail", "user_unknown"),
        ("mailjet:content/some new word", "spam_content"),
        ("resend:suppressed/OnAccountSuppressionList", "user_unknown"),
        ("ses:Permanent/General", ""),
        ("ses:Transient/General", ""),
        ("ses:Undetermined/Undetermined", ""),
        ("sendgrid:bounce/Unclassified", ""),
        ("sparkpost:1", ""),
        ("sparkpost:100", ""),
        ("nobody:10", ""),
        ("", ""),
        (":", ""),
    ],
)
def test_a_class_without_a_row_counts_as_the_one_above_it(name, reason):
    told = classes.class_of(name)
    assert (told.reason if told else "") == reason


@pytest.mark.parametrize(
    ("name", "failure", "reason", "decided_by"),
    [
        # A general class adds nothing to a status.
        ("ses:Transient/General", {"status": "5.4.4"}, "domain_not_found", "code"),
        # A status that says one thing is surer than a vague class, a general status is not.
        ("postmark:SoftBounce", {"status": "5.1.1"}, "user_unknown", "code"),
        ("ses:Transient/MailboxFull", {"status": "5.0.0"}, "mailbox_full", "code"),
        ("ses:Transient/MailboxFull", {"reply": "550"}, "mailbox_full", "code"),
        # Words that only say that there is a bounce leave it to the class, and to the status.
        ("azure:FilteredSpam", {"diagnostic": "bounced"}, "spam_content", "code"),
        ("azure:Bounced", {"diagnostic": PROSE, "status": "5.1.1"}, "user_unknown", "code"),
        ("azure:Bounced", {"diagnostic": "bounced"}, "unspecified", "rule:broad/delivery-undetermined"),
        # Words that say why decide, whatever the class.
        ("sparkpost:52", {"diagnostic": "552 5.2.2 mailbox is full"}, "mailbox_full", None),
    ],
)
def test_words_go_before_codes_and_the_surer_code_before_the_other(name, failure, reason, decided_by):
    row = judged(name, **failure)
    assert row["reason"] == reason
    assert row["decided_by"] == decided_by or (decided_by is None and row["decided_by"].startswith("rule:"))


def test_a_mail_without_a_class_is_judged_as_before():
    assert judged("", diagnostic="bounced", status="5.1.1")["reason"] == classify("bounced", status="5.1.1").reason


def test_the_classes_that_ses_documents_are_told_apart():
    from analyzer.sources import feeds

    reasons = {}
    for kind, subtype in (
        ("Permanent", "NoEmail"), ("Permanent", "Suppressed"), ("Transient", "MailboxFull"), ("Transient", "MessageTooLarge"),
        ("Transient", "ContentRejected"), ("Transient", "AttachmentRejected"), ("Undetermined", "Undetermined"),
    ):  # fmt: skip
        (item,) = feeds.events(ses_bounce(kind, subtype))
        reasons[subtype] = rows_of(item, default_classifier())[0]["reason"]
    assert reasons == {
        "NoEmail": "user_unknown", "Suppressed": "user_unknown", "MailboxFull": "mailbox_full",
        "MessageTooLarge": "message_too_large", "ContentRejected": "spam_content", "AttachmentRejected": "virus",
        "Undetermined": "unspecified",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (ROW.replace("user_unknown", "no_such_thing"), "names an unknown reason 'no_such_thing'"),
        (ROW.replace("user_unknown", "unspecified"), "names an unknown reason 'unspecified'"),
        (ROW.replace("0.9", "9.0"), "confidence is not between"),
        (ROW.replace("0.9", '"sure"'), "confidence is not between"),
        (ROW.replace('why = "x"', ""), "why is missing"),
        (ROW.replace('["ses:Permanent/NoEmail"]', "[]"), "class is missing"),
        (ROW.replace("ses:", ""), "'Permanent/NoEmail' is no class of a feed"),
        (ROW + 'transient = "no"\n', "transient is neither true nor false"),
        (ROW + 'reson = "x"\n', "has an unknown key 'reson'"),
        (ROW + ROW.replace("NoEmail", "noemail"), "ses:Permanent/noemail stands twice"),
    ],
)
def test_a_broken_table_is_refused_by_name(tmp_path, text, says):
    path = tmp_path / "feeds.toml"
    path.write_text(text)
    with pytest.raises(RuleError) as told:
        classes.table(path)
    assert str(path) in str(told.value)
    assert says in str(told.value)


def test_no_example_stands_without_a_class():
    for example in EXAMPLES:
        assert all(row.get("provider_class") for row in example.facts), example.name
