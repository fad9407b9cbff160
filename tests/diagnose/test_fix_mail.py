"""Of which of our mail a fix is: since when, until when, and whether one mailbox, campaign, step or template has it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from diagnose_builder import STRICT, Block, campaign

from analyzer.correlate import Correlated
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Deliverability, Fix, FixPart

EARLY, LATE, LAST = "2026-03-02T09:00:00Z", "2026-03-12T09:00:00Z", "2026-03-20T09:00:00Z"
#: Somebody bounced at the end: until then, bounces were read.
READ = Block(20, sent_at=LAST, bounced={"user_unknown": 1})


def verdict(*blocks: Block, **changes: object) -> Deliverability:
    return diagnose(campaign(*blocks, **changes)).deliverability


def fix(found: Deliverability, name: str) -> Fix:
    return next(one for one in found.fixes if one.id.startswith(name))


def test_a_fault_of_the_first_days_is_over_after_hundreds_of_like_mails():
    found = verdict(
        Block(100, sent_at=EARLY, bounced={"auth_failure": 30}),
        Block(400, sent_at=LATE, bounced={"policy": 3}),
        READ,
    )
    gone = fix(found, "AUTH")
    assert (gone.since, gone.until, gone.clear) == ("2026-03-02", "2026-03-02", 420)
    assert "seems mended" in found.why
    assert "420 mails like these have gone out since" in found.why


@pytest.mark.parametrize(
    ("name", "blocks"),
    [
        ("seen at the end as well", (Block(400, sent_at=LATE, bounced={"auth_failure": 1}), READ)),
        ("another domain of ours wrote later", (Block(400, sent_at=LATE, sender="bob@other.example"), READ)),
        ("follow-ups meet those who took the first mail", (Block(400, sent_at=LATE, step="2"), READ)),
        ("nothing came back of later mail, so it may not be read yet", (Block(400, sent_at=LATE),)),
        ("one company got the later mail", (Block(400, sent_at=LATE, domain="one.example"), READ)),
        ("hardly anything was sent later", (READ,)),
    ],
)
def test_a_fault_stands_where(name, blocks):
    found = verdict(Block(100, sent_at=EARLY, bounced={"auth_failure": 30}), *blocks)
    assert fix(found, "AUTH").clear is None, name
    assert "seems mended" not in found.why


def test_companies_that_got_many_mails_before_do_not_make_a_few_later_ones_telling():
    """One mail in nine is refused: of 66 later ones to a company each none is by chance, of nine each one would be."""
    early = [Block(9, sent_at=EARLY, domain=f"c{i}.example", bounced={"auth_failure": 1}) for i in range(60)]
    quiet = Block(360, per_domain=9, sent_at=EARLY)
    found = verdict(*early, quiet, Block(40, sent_at=LATE), READ)
    assert fix(found, "AUTH").clear is None


@pytest.mark.parametrize(
    ("later", "order"),
    [
        # By what they explain: 30 × 0.95 before 25 × 0.6 and 25 × 0.85, behind 50 × 0.6 and 35 × 0.85.
        (Block(400, sent_at=LATE, bounced={"spam_content": 25}), ["AUTH-DMARC", "CONTENT-SPAM"]),
        (Block(400, sent_at=LATE, bounced={"spam_content": 50}), ["CONTENT-SPAM", "AUTH-DMARC"]),
        (Block(400, sent_at=LATE, industry=STRICT, bounced={"policy": 25}), ["AUTH-DMARC", "RCPT-POLICY"]),
        (Block(400, sent_at=LATE, industry=STRICT, bounced={"policy": 35}), ["RCPT-POLICY", "AUTH-DMARC"]),
        # Beside the few of every campaign, which nobody has to do anything about.
        (Block(400, sent_at=LATE, bounced={"spam_content": 4}), ["AUTH-DMARC"]),
        (Block(400, sent_at=LATE, bounced={"policy": 4}), ["AUTH-DMARC", "RCPT-POLICY"]),
        (Block(400, sent_at=LATE, bounced={"domain_reputation": 4}), ["AUTH-DMARC"]),
    ],
)
def test_what_is_over_has_the_place_that_its_bounces_give_it(later, order):
    found = verdict(Block(100, sent_at=EARLY, bounced={"auth_failure": 30}), later, READ)
    assert fix(found, "AUTH").clear is not None
    assert [one.id for one in found.fixes] == order, found.why


def test_few_refusals_may_stop_by_chance():
    found = verdict(Block(200, sent_at=EARLY, bounced={"auth_failure": 5}), Block(300, sent_at=LATE), READ)
    assert fix(found, "AUTH").clear is None


def test_a_text_that_is_no_longer_sent_is_not_mended():
    refused = Block(200, sent_at=EARLY, campaign="spring", bounced={"spam_content": 60})
    assert fix(verdict(refused, Block(400, sent_at=LATE, campaign="summer"), READ), "CONTENT").clear is None
    again = Block(400, sent_at=LATE, campaign="spring")
    assert fix(verdict(refused, again, READ), "CONTENT").clear == 420


def test_what_stands_is_not_hidden_by_what_is_over():
    found = verdict(
        Block(100, sent_at=EARLY, bounced={"auth_failure": 30}),
        Block(400, sent_at=LATE, bounced={"spam_content": 25}),
        READ,
    )
    assert [one.clear is None for one in found.fixes] == [False, True]
    assert "seems mended" not in found.why


def test_without_times_nothing_is_over():
    found = verdict(
        Block(100, sent_at="", bounced={"auth_failure": 30}), Block(400, sent_at="", bounced={"user_unknown": 1})
    )
    assert [(one.since, one.until, one.clear) for one in found.fixes] == [("", "", None)]


def parts(*blocks: Block, **changes: object) -> list[tuple[str, str, int]]:
    first = verdict(*blocks, **changes).fixes[0]
    return [(one.dimension, one.value, one.bounces) for one in first.only]


def test_the_one_mailbox_that_is_refused_is_named():
    blocks = [Block(200, sender=f"{name}@sender.example") for name in ("bob", "cat", "dan")]
    assert parts(Block(200, sender="ann@sender.example", bounced={"auth_failure": 40}), *blocks) == [
        ("sender", "ann@sender.example", 40)
    ]


def test_a_domain_with_one_mailbox_is_named_as_the_domain():
    others = [Block(200, sender=f"{name}@other.example") for name in ("bob", "cat", "dan")]
    assert parts(Block(200, sender="ann@sender.example", bounced={"auth_failure": 40}), *others) == [
        ("sender_domain", "sender.example", 40)
    ]


def test_the_one_campaign_and_step_whose_text_is_refused_are_named():
    spring = [Block(200, step=step, bounced={"spam_content": 40} if step == "2" else None) for step in "123"]
    summer = [Block(200, step=step, campaign="summer") for step in "123"]
    assert ("campaign", "spring", 40) in parts(*spring, *summer)


def test_nothing_is_named_that_nearly_all_mail_has_or_that_others_share():
    assert parts(Block(900, bounced={"auth_failure": 40}), Block(100, sender="bob@sender.example")) == []
    both = [Block(300, sender=f"{name}@sender.example", bounced={"auth_failure": 20}) for name in ("ann", "bob")]
    assert parts(*both) == []


def test_a_campaign_is_no_cause_of_a_fault_in_how_we_send():
    assert parts(Block(300, bounced={"auth_failure": 40}), Block(600, campaign="summer")) == []


def followed_up(*blocks: Block) -> Correlated:
    """A campaign whose steps 2 and 3 went to whoever did not bounce before."""
    first = campaign(*blocks)
    later = first.sends[first.sends["label"] == ""]
    steps = [later.assign(step=step, sent_at=later["sent_at"] + pd.Timedelta(days=int(step))) for step in "23"]
    return replace(first, sends=pd.concat([first.sends, *steps], ignore_index=True))


def test_the_first_step_is_not_named_for_being_first():
    found = diagnose(followed_up(Block(300, bounced={"spam_content": 60}), Block(100, industry=STRICT)))
    assert found.deliverability.fixes[0].only == []


def test_the_one_step_whose_text_is_refused_is_named():
    correlated = followed_up(Block(400))
    sends = correlated.sends.copy()
    rows = sends.index[sends["step"] == "3"][:40]
    for column, value in (("label", "spam"), ("fault", "content"), ("reason", "spam_content")):
        sends.loc[rows, column] = value
    sends.loc[rows, "diagnostic"] = "554 5.7.1 Message scored as spam"
    found = diagnose(replace(correlated, sends=sends)).deliverability.fixes[0]
    assert found.only == [FixPart("step", "3", 40)]


LISTED = "550 5.7.1 Service unavailable; client [{ip}] blocked using zen.spamhaus.org, listed as 127.0.0.3"


def test_the_address_that_receivers_name_is_told():
    listed = Block(400, bounced={"ip_blocklisted": 40}, text=LISTED.format(ip="198.51.100.7"))
    assert parts(listed, Block(400)) == [("sending_ip", "198.51.100.7", 40)]


def test_an_address_that_one_company_names_may_be_its_own_server():
    listed = Block(400, bounced={"ip_blocklisted": 40}, text=LISTED.format(ip="198.51.100.7"), domain="one.example")
    assert all(name != "sending_ip" for name, _, _ in parts(listed, Block(400)))


def test_several_addresses_are_none():
    listed = [Block(400, bounced={"ip_blocklisted": 20}, text=LISTED.format(ip=f"198.51.100.{i}")) for i in range(2)]
    assert parts(*listed, Block(400)) == []


def test_the_one_provider_that_limits_the_rate_is_told():
    limited = Block(400, provider="yahoo", bounced={"rate_limited": 40})
    assert parts(limited, Block(400)) == [("receiver", "yahoo", 40)]
    both = Block(400, provider="microsoft", bounced={"rate_limited": 40})
    assert parts(limited, both) == []


def test_the_one_provider_that_minds_the_text_is_told_where_others_get_it_too():
    minded = Block(400, provider="yahoo", bounced={"spam_content": 40, "user_unknown": 10})
    others = Block(400, provider="microsoft", bounced={"user_unknown": 10})
    assert parts(minded, others) == [("receiver", "yahoo", 40)]
    assert parts(minded, Block(400)) == []


def test_a_rate_held_back_for_complaints_is_a_fix_of_its_own():
    text = "421 4.7.0 [TSS04] Messages from 198.51.100.7 temporarily deferred due to user complaints - 4.16.55.1"
    found = verdict(Block(400, provider="yahoo", bounced={"rate_limited": 40}, text=text), Block(400)).fixes[0]
    assert (found.id, [part.value for part in found.only]) == ("RATE-COMPLAINTS", ["198.51.100.7", "yahoo"])
