"""The check's verdicts on the small world of mail beside the truth, and the table of `docs/check-verdicts.md`."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from servers.mail_world import WORLD, Case, World

from analyzer.check import check
from analyzer.check.smtp import ProbeOptions
from analyzer.check.store import Store

_GRADES = {"send": "send", "verify_again": "verify again", "do_not_send": "do not send"}
_HEAD = """# The check against the truth

Written by `python benchmarks/check_verdicts.py`; a test holds it true. The servers are real ones on the loopback: Postfix
with known mailboxes, a catch-all domain, full and closed mailboxes, greylisting (postgrey), a DNS block list that has our
address on it (dnsmasq), hosts that want our name in DNS, talk encrypted only, take one recipient a session, or are down.
The whole way is taken: DNS, RCPT probe, grade (policy `balanced`).

**{cases} addresses: {wrong_invalid} wrong "invalid", {wrong_send} wrong "send".**

A wrong "invalid" is an address that takes mail, now or later, and is called unknown, closed or not to be sent to; a wrong
"send" is one that does not take mail and is graded "send".

| address | the truth | takes mail | what the host said | mailbox | grade |
|---|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Verdict:
    """What came out for one case."""

    case: Case
    state: str
    grade: str
    said: str

    @property
    def wrong_invalid(self) -> bool:
        """It takes mail, or will again, and is called wrong."""
        called_wrong = self.state in {"unknown_user", "disabled"} or self.grade == "do_not_send"
        return called_wrong and self.case.takes_mail != "no"

    @property
    def wrong_send(self) -> bool:
        """It takes no mail and is called good."""
        return self.grade == "send" and self.case.takes_mail != "yes"


def judge(world: World) -> list[Verdict]:
    """The check, whole, on every address of the world."""
    options = ProbeOptions(
        helo="probe.example.org",
        mail_from="postmaster@probe.example.org",
        port=world.port,
        pause_s=0.0,
        recipients_per_minute=6000,
        recipients_per_second=1000,
        # postgrey lets a second try in after one second here.
        retry_after_s=(2.0, 2.0),
        allow_private=True,
    )
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name) / "cache.sqlite"
        frame = _checked(world, options, cache)
        rows = frame.to_dict("records")
        assert [row["email_original"] for row in rows] == [case.address for case in WORLD]
        with Store(cache) as store:
            kept = [store.mailbox(str(row["email"]), time.time()) for row in rows]
    return [
        Verdict(case, str(row["mailbox"]), str(row["grade"]), f"{facts.reply} {facts.text}".strip() if facts else "")
        for case, row, facts in zip(WORLD, rows, kept, strict=True)
    ]


def _checked(world: World, options: ProbeOptions, cache: Path) -> pd.DataFrame:
    return check(
        [case.address for case in WORLD],
        dns=True,
        smtp=options,
        resolver=world.resolver,
        cache=cache,
        allow_private=True,
        allow_reserved=True,
    )


def as_markdown(verdicts: list[Verdict]) -> str:
    """The page."""
    head = _HEAD.format(
        cases=len(verdicts),
        wrong_invalid=sum(one.wrong_invalid for one in verdicts),
        wrong_send=sum(one.wrong_send for one in verdicts),
    )
    rows = (
        (
            one.case.address,
            one.case.truth,
            one.case.takes_mail,
            f"`{one.said}`" if one.said else "(not asked)",
            one.state,
            one.grade,
        )
        for one in verdicts
    )
    return head + "".join(
        f"| {address} | {truth} | {takes} | {said.replace('|', '/')} | {state.replace('_', ' ') or '-'} | {_GRADES[grade]} |\n"
        for address, truth, takes, said, state, grade in rows
    )
