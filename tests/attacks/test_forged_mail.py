"""Strangers write to the bounce mailbox: nobody is suppressed, no figure moves, and every one is named with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from attacked_campaign import DMARC, USER_UNKNOWN, Campaign, arf, dsn, figures, suppressed

EVIL = "mx.evil.example"
DELIVERED = "250 2.0.0 <{to}>: delivered"
BETTER = "550 5.1.1 <{to}>: Recipient address rejected: this user is unknown here, for good, and has never been known"


def _suppressing_leads(campaign: Campaign) -> list[str]:
    """Bounces of leads that we wrote to, from a host of the stranger's, in every dress that needs no secret."""
    mails = []
    for number in range(300, 340):
        to = campaign.email(number)
        mails.append(
            (
                dsn(to, host=EVIL, returned=False),
                dsn(to, host=EVIL, message_id=f"<made.up.{number}@evil.example>"),
                dsn("me@evil.example", host=EVIL, written_to=to),
                dsn(to, host=EVIL, delivered_to=f"bounces+{to.replace('@', '=')}@outreach.example", returned=False),
                dsn("me@evil.example", host=EVIL, headers=f"X-Lead-Id: L{number}\n", written_to=to),
            )[number % 5]
        )
    return mails


def _poisoning_the_forecast(campaign: Campaign) -> list[str]:
    """A thousand bounces of guessed addresses; three hundred of the guesses are our leads."""
    names = [campaign.email(number) for number in range(600, 900)]
    names += [f"first.last{number}@company{number}.example" for number in range(700)]
    return [dsn(name, host=EVIL, message_id=f"<guess{number}@evil.example>") for number, name in enumerate(names)]


def _invented_ids(campaign: Campaign) -> list[str]:
    """Message-IDs of our own domain, made up in the log's style."""
    return [dsn(campaign.email(n), message_id=f"<{n:08x}.9@outreach.example>", host=EVIL) for n in range(100, 200)]


def _someone_elses_id(campaign: Campaign) -> list[str]:
    """The one Message-ID that a stranger knows, his own, with others as recipients."""
    known = campaign.message_id(5)
    return [dsn(campaign.email(n), message_id=known, host=EVIL, original=campaign.email(n)) for n in range(100, 140)]


def _somebody_elses_mail(campaign: Campaign) -> list[str]:
    """Failures of leads, in the name of their own hosts, that return the spam of somebody else."""
    names = [campaign.email(n) for n in range(300, 340)]
    return [
        dsn(to, host="mx." + to.partition("@")[2], message_id=f"<0.{n}@relay.botnet.example>")
        for n, to in enumerate(names)
    ]


def _hiding_a_block(campaign: Campaign) -> list[str]:
    """Better-worded failures and reports of success over the refusals of a real block."""
    blocked = [campaign.email(number) for number in range(900, 912)]
    mails = [dsn(to, BETTER, host="mx." + to.partition("@")[2], returned=False) for to in blocked]
    mails += [dsn(to, BETTER, host=EVIL) for to in blocked]
    mails += [dsn(campaign.email(n), DELIVERED, action="delivered") for n in range(900, 1000)]
    return mails


def _complaints(campaign: Campaign) -> list[str]:
    """Complaints about mail that was never sent, and about leads that never complained."""
    mails = [arf(f"stranger{n}@nowhere{n}.example", message_id=f"<x{n}@evil.example>") for n in range(30)]
    return mails + [arf(campaign.email(n), message_id=f"<x{n}@evil.example>") for n in range(300, 330)]


def _backscatter(campaign: Campaign) -> list[str]:
    """Bounces of spam that somebody sent with our address on it, from all over the world."""
    return [
        dsn(f"user{n}@isp{n}.example", host=f"mail.isp{n}.example", message_id=f"<{n}.spam@bot{n}.example>")
        for n in range(200)
    ]


def _loops(campaign: Campaign) -> list[str]:
    """Answers to our own absence notes and bounces, in the name of leads whom we wrote to."""
    return [
        dsn(
            campaign.email(n),
            host=f"mx.company{n}.example",
            message_id=f"<auto{n}@office.example>",
            headers=("X-Autoreply: yes\n", "Auto-Submitted: auto-replied (vacation)\n")[n % 4 // 2],
        )
        if n % 2
        else dsn(
            campaign.email(n),
            host=f"mx.company{n}.example",
            sender="mailer-daemon@outreach.example",
            message_id=f"<bounce{n}@office.example>",
        )
        for n in range(300, 320)
    ]


def _one_recipient_over_and_over(campaign: Campaign) -> list[str]:
    return [
        dsn(
            "ceo@competitor.example",
            host="mx.competitor.example",
            date=f"Tue, 3 Mar 2026 {n % 24:02d}:{n % 60:02d}:00 +0000",
        )
        for n in range(60)
    ]


ATTACKS: list[tuple[Callable[[Campaign], list[str]], set[str]]] = [
    (_suppressing_leads, {"host_does_not_fit"}),
    (_poisoning_the_forecast, {"host_does_not_fit", "storm"}),
    (_invented_ids, {"not_sent", "storm"}),
    (_someone_elses_id, {"host_does_not_fit"}),
    (_somebody_elses_mail, {"backscatter"}),
    (_hiding_a_block, {"host_does_not_fit"}),
    (_complaints, {"not_sent", "host_does_not_fit", "storm", "backscatter"}),
    (_backscatter, {"backscatter"}),
    (_loops, {"loop"}),
    (_one_recipient_over_and_over, {"not_sent", "storm"}),
]


@pytest.mark.parametrize(("attack", "reasons"), ATTACKS, ids=[attack.__name__.strip("_") for attack, _ in ATTACKS])
def test_an_attack_changes_nothing(campaign, diagnosed, attack, reasons):
    quiet, quiet_out = diagnosed(campaign)
    run, out = diagnosed(campaign, attack(campaign))

    assert figures(run) == figures(quiet)
    assert suppressed(out) == suppressed(quiet_out)
    bounces = run.correlated.bounces
    told = bounces[bounces["suspected_forged"]]
    assert len(told)
    assert set(told["forged_reason"]) <= reasons
    assert (told["forged_why"] != "").all()
    assert told["send_id"].isna().all()
    first = told[told["duplicate_of"] == ""]
    assert run.diagnosis.matching.suspected_forged == len(first)
    assert run.diagnosis.matching.forged_reasons == dict(sorted(Counter(first["forged_reason"]).items()))


def test_the_warnings_name_each_kind_with_its_number(campaign, diagnosed):
    run, _ = diagnosed(campaign, [*_backscatter(campaign), *_loops(campaign), *_suppressing_leads(campaign)])
    said = "\n".join(run.diagnosis.warnings)
    assert "about mail that somebody else sent in our name (backscatter): 200; not counted." in said
    assert "about our own automatic answer or bounce (a loop): 20; not counted." in said
    assert "from a host that has nothing to do with the lead or with us: 40; not counted." in said


def test_a_real_block_keeps_its_reason_beside_better_words(campaign, diagnosed):
    run, _ = diagnosed(campaign, _hiding_a_block(campaign))
    sends = run.correlated.sends.set_index("recipient")
    assert {sends.loc[campaign.email(n), "reason"] for n in range(900, 912)} == {"auth_failure"}


def test_a_stranger_with_an_id_of_his_own_strikes_off_nobody_else(campaign, diagnosed):
    """He is a lead, and so knows one Message-ID; what he says of others is not believed, in no file."""
    him, victim = campaign.email(5), campaign.email(321)
    mails = [
        dsn(victim, host=EVIL, message_id=campaign.message_id(5), written_to=him),
        dsn(him, host=EVIL, message_id=campaign.message_id(5), original=victim),
    ]
    _, out = diagnosed(campaign, mails)
    assert victim not in suppressed(out)
    from analyzer.export.inputs import read_given

    taken = read_given(out / "bounces.csv").rows
    counted = taken[~taken["forged"] & taken["tied"]]
    assert victim not in set(counted["email"])


def test_honest_bounces_without_a_message_id_still_count(campaign, diagnosed):
    """From the lead's own server, our relay, a provider or a filter that serves it; forwarded, too."""
    mails = [
        dsn(campaign.email(300), host="mx2.company300.example", returned=False),
        dsn(campaign.email(301), host="relay7.outreach.example", returned=False),
        dsn(campaign.email(302), host="googlemail.com", message_id="<replaced@mail.gmail.com>"),
        dsn(campaign.email(303), host="AM0PR01MB1234.eurprd01.prod.outlook.com", message_id="<r@relay.example>"),
        dsn(campaign.email(304), host="mx0a-00112233.pphosted.com", returned=False),
        dsn("jane@private.example", host="mx.company305.example", written_to=campaign.email(305)),
        dsn("jane@private.example", host="mx.private.example", message_id=campaign.message_id(306), written_to=campaign.email(306)),
    ]  # fmt: skip
    run, out = diagnosed(campaign, mails)
    assert run.diagnosis.matching.suspected_forged == 0
    assert {campaign.email(n) for n in range(300, 307)} <= suppressed(out)
    assert "jane@private.example" not in suppressed(out)


def test_a_mailbox_whose_relay_writes_its_own_message_ids_is_believed(campaign, diagnosed):
    """What comes back with the log's own is of another mailbox."""
    for row in campaign.log[300:340]:
        row["sender"] = "bo@outreach.example"
    names = [campaign.email(n) for n in range(300, 330)]
    mails = [dsn(to, host="mx." + to.partition("@")[2], message_id="<0.7@relay.example>") for to in names]
    run, out = diagnosed(campaign, mails)
    assert run.diagnosis.matching.suspected_forged == 0
    assert set(names) <= suppressed(out)


def test_a_log_without_message_ids_believes_its_relay_and_no_stranger(campaign, diagnosed):
    for row in campaign.log:
        row["message_id"] = ""
    relay = "smtp3.sendingservice.example"
    campaign.honest = [dsn(campaign.email(n), host=relay, message_id=f"<{n}@{relay}>") for n in range(0, 40, 2)]
    quiet, quiet_out = diagnosed(campaign)
    run, out = diagnosed(campaign, _suppressing_leads(campaign)[:2] + _poisoning_the_forecast(campaign)[300:])
    assert quiet.diagnosis.matching.matched == 20
    assert figures(run) == figures(quiet)
    assert suppressed(out) == suppressed(quiet_out)


def test_feeds_and_logs_are_not_asked_for_a_host():
    from analyzer.correlate import correlate

    log = [{"recipient": "jane@example.com", "sent_at": "2026-03-02T09:00:00Z", "message_id": "<a@x.example>"}]
    row = {"kind": "bounce", "received_at": "2026-03-02T09:05:00Z", "recipient": "jane@example.com", "label": "hard"}
    row |= {"reporting_mta": "mta.unheard.example", "record_id": "r"}
    import pandas as pd

    for form, forged in (("sendgrid", False), ("postfix", False), ("rfc3464", True)):
        found = correlate([row | {"format": form}], pd.DataFrame(log))
        assert found.matching.suspected_forged == int(forged), form


def test_the_texts_of_the_cases_are_what_they_say():
    assert "5.7.26" in DMARC
    assert "5.1.1" in USER_UNKNOWN
