"""What a log or a bounce lacks, or says oddly, costs the weekly report nothing that `diagnose` counts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from weekly_story import bounce

from analyzer.api import run_diagnosis
from analyzer.api.weekly import run_weekly
from analyzer.history import Workspace

SENT = pd.Timestamp("2026-03-02T09:00:00Z").to_pydatetime()


def mail(name: str, *, numbered: bool = True, **more: object) -> dict[str, object]:
    known = {
        "sender": "me@out.example",
        "campaign": "Q1",
        "step": "1",
        "lead_id": "",
        "bounce_reason": "",
        "bounced": "",
    }
    message_id = f"<{name}@out.example>" if numbered else ""
    return {"recipient": f"{name}@corp.example", "sent_at": SENT, "message_id": message_id, **known, **more}


def week(place: Path, mails: list[dict[str, object]], back: list[dict[str, object]]) -> dict[str, tuple[int, int]]:
    """(bounces, mails) of each figure; the diagnosis of the same workspace has to count the same."""
    space = Workspace(place)
    space.add_sends(pd.DataFrame(mails))
    if back:
        space.add_bounces(pd.DataFrame(back))
    run = run_weekly(place, week="2026-W10")
    found = {one.name: (one.now.count, one.now.leads) for one in run.week.figures}
    totals = run_diagnosis(workspace=place).diagnosis.totals
    for name in ("hard", "spam", "unknown"):
        assert found[name] == (getattr(totals, name).count, totals.emails_sent)
    return found


def test_a_bounce_without_a_date_counts_in_the_week_of_its_mail(tmp_path):
    mails = [mail("ann"), mail("bob"), mail("cem", numbered=False)]
    back = [bounce(mails[0], "user_unknown"), bounce(mails[2], "user_unknown")]
    for row in back:
        row["received_at"] = ""
    assert week(tmp_path, mails, back)["hard"] == (2, 3)


@pytest.mark.parametrize("numbered", [True, False])
def test_a_recipient_in_letters_is_found_by_a_bounce_in_a_labels(tmp_path, numbered):
    mails = [mail("ann", numbered=numbered), mail("bob")]
    back = [bounce(mails[0], "user_unknown")]
    mails[0]["recipient"], back[0]["recipient"] = "ann@MÜLLER.example", "ann@xn--mller-kva.example"
    assert week(tmp_path, mails, back)["hard"] == (1, 2)


@pytest.mark.parametrize(
    "written",
    ["mailto:ann@corp.example", "ann@corp.example.", "'ann@corp.example'", "ann@corp.example; al@corp.example"],
)
def test_a_recipient_that_the_log_writes_oddly_is_found_without_a_message_id(tmp_path, written):
    mails = [mail("ann", numbered=False), mail("bob")]
    back = [bounce(mails[0], "user_unknown")]
    mails[0]["recipient"] = written
    assert week(tmp_path, mails, back)["hard"] == (1, 2)


def test_a_log_of_which_some_rows_were_not_sent_needs_no_bounce(tmp_path):
    assert week(tmp_path, [mail("ann", state="sent"), mail("bob", state="skipped")], [])["hard"] == (0, 1)


def test_a_bounce_of_what_was_not_sent_is_no_bounce_of_a_mail(tmp_path):
    mails = [mail("ann", state="sent"), *(mail(name, state="skipped") for name in ("bob", "cem", "dan"))]
    back = [bounce(one, "user_unknown") for one in mails[1:]]
    assert week(tmp_path, mails, back)["hard"] == (0, 1)
    run = run_weekly(tmp_path, week="2026-W10")
    assert run.diagnosis is not None and run.diagnosis.matching.unmatched == 3


def test_what_was_not_sent_of_itself_but_bounced_by_the_log_was_sent(tmp_path):
    """A campaign that was stopped has its state on all its rows, and says of the lead that it bounced."""
    mails = [mail("ann", state="skipped", bounced="hard bounce"), mail("bob", state="sent")]
    found = week(tmp_path, mails, [bounce(mails[0], "user_unknown")])
    assert found["hard"] == (1, 2)


def test_a_row_without_an_address_is_no_mail(tmp_path):
    assert week(tmp_path, [mail("ann"), mail("bob", recipient="n/a")], [])["hard"] == (0, 1)
