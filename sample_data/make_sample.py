"""Makes the sample campaign beside this file, the same to the byte each time: `python sample_data/make_sample.py`.

The story and what a diagnosis should find in it stand in README.md; the figures there are what this script prints.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from maker.campaign import FAULT_DAY, Send, kill, run
from maker.chance import Chance
from maker.inbox import TRUTH_HEADER, Notice, fill
from maker.replies import FAULTS
from maker.world import HELLO, LEAD_HEADER, Company, Lead, World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

SEED = "northbeam spring 2026 4"
LEADS, NEXT_LEADS, CARRIED_OVER = 3000, 2000, 45
LOG_HEADER = ("recipient", "sent_at", "campaign", "step", "sender", "message_id", "lead_id")
_DEAD = ("domain_not_found",) * 7 + ("no_mail_server",) * 3


def main() -> None:
    """Write every file, then print the true figures."""
    parser = argparse.ArgumentParser(description="Make the sample campaign.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write to")
    out: Path = parser.parse_args().out
    (out / "bounces").mkdir(parents=True, exist_ok=True)

    world = World(Chance(f"{SEED} leads"))
    leads = _leads(world)
    sends, fates = run(Chance(f"{SEED} sends"), leads)
    notices = fill(Chance(f"{SEED} bounces"), fates, sends)
    following = _next_leads(world, leads)

    _table(out / "leads.csv", LEAD_HEADER, (lead.row() for lead in leads))
    _table(out / "next_leads.csv", LEAD_HEADER, (lead.row() for lead in following))
    _table(out / "log.csv", LOG_HEADER, (_log_row(send) for send in sends))
    _messages(out, notices)
    _table(out / "truth.csv", TRUTH_HEADER, (notice.row() for notice in notices))
    print(_summary(leads, sends, notices, following))


def _leads(world: World) -> list[Lead]:
    """The campaign's leads, by company; ten small companies are dead, two people have letters beyond ASCII."""
    companies = world.companies(LEADS)
    dead = list(_DEAD)
    leads: list[Lead] = []
    for company, people in companies:
        made = world.leads(company, people)
        small_and_open = people <= 2 and company.group == "open"
        if dead and small_and_open and company.provider == "own" and not company.catch_all:
            reason = dead.pop()
            made = [kill(lead, reason) for lead in made]
        leads += made
    home = next(company for company, _ in companies if company.industry == "Logistics" and company.server == "postfix")
    unknown = world.particular(home, f"jörg.lindsten@{home.domain}", "Joerg", "Lindsten", "Guessed")
    leads.append(kill(unknown, "user_unknown"))
    leads.append(world.particular(home, f"zoë.pellquist@{home.domain}", "Zoe", "Pellquist", "Guessed"))
    return leads


def _next_leads(world: World, leads: Sequence[Lead]) -> list[Lead]:
    """The list for the next sequence: richer in guessed addresses, with some leads carried over from this one."""
    carried = world.chance.shuffled(leads)[:CARRIED_OVER]
    new = [lead for company, n in world.companies(NEXT_LEADS - CARRIED_OVER) for lead in world.leads(company, n, 1.25)]
    return world.chance.shuffled([*new, *carried])


def _log_row(send: Send) -> tuple[str, ...]:
    at = f"{send.sent_at:%Y-%m-%dT%H:%M:%SZ}"
    return (
        send.lead.email, at, send.campaign, str(send.step), send.sender.address, send.message_id, send.lead.lead_id,
    )  # fmt: skip


def _table(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _messages(out: Path, notices: list[Notice]) -> None:
    """One notice of each writer and kind as a file of its own (line ends CRLF), all others into the mbox."""
    for old in (out / "bounces").glob("*.eml"):
        old.unlink()
    shown: set[tuple[str, str]] = set()
    boxed: list[bytes] = []
    for notice in notices:
        variety = (notice.written_by, notice.kind if notice.kind == "delayed" else notice.reason)
        if variety not in shown and (len(shown) < 20 or notice.written_by not in {writer for writer, _ in shown}):
            shown.add(variety)
            words = [f"{len(shown):02d}", *variety] if variety[1] else [f"{len(shown):02d}", notice.written_by]
            name = "-".join(dict.fromkeys(words)).replace("_", "-") + ".eml"
            notice.source = f"bounces/{name}"
            (out / "bounces" / name).write_bytes(notice.text.encode().replace(b"\n", b"\r\n"))
        else:
            notice.source = f"bounces.mbox#{len(boxed)}"
            quoted = re.sub(rb"(?m)^(>*From )", rb">\1", notice.text.encode())
            boxed.append(f"From MAILER-DAEMON {notice.at:%a %b %d %H:%M:%S %Y}\n".encode() + quoted + b"\n")
    (out / "bounces.mbox").write_bytes(b"".join(boxed))


def _summary(leads: list[Lead], sends: list[Send], notices: list[Notice], following: list[Lead]) -> str:
    """The true figures; the unit of a rate is the lead contacted."""
    first = [
        one for one in notices if one.kind in ("bounce", "complaint") and not one.copy_of and not one.suspected_forged
    ]
    by_id = {send.message_id: send for send in sends}
    failed = {by_id[one.message_id].lead.lead_id: one for one in first}
    sender = {send.lead.lead_id: send.sender for send in sends}
    spam = {key for key, one in failed.items() if FAULTS[one.reason][0] == "spam"}
    dead = {key for key, one in failed.items() if FAULTS[one.reason][1] == "address"}
    auth = {key for key, one in failed.items() if one.reason == "auth_failure"}
    away = {lead.lead_id for lead in leads if sender[lead.lead_id] != HELLO}

    def lines(title: str, group: Callable[[Lead], str]) -> list[str]:
        rows = [f"{title:<24}{'leads':>7}{'guessed':>9}{'address':>9}{'rate':>8}{'spam':>6}{'rate':>8}"]
        for value, n in sorted(Counter(map(group, leads)).items(), key=lambda item: (-item[1], item[0])):
            ids = {lead.lead_id for lead in leads if group(lead) == value}
            guessed = sum(lead.status == "Guessed" for lead in leads if lead.lead_id in ids)
            a, s = len(ids & dead), len(ids & spam)
            rows.append(f"{value:<24}{n:>7}{guessed / n:>9.1%}{a:>9}{a / n:>8.2%}{s:>6}{s / n:>8.2%}")
        return [*rows, ""]

    def counts(title: str, values: Iterable[str]) -> list[str]:
        ordered = sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))
        return [f"{title}: " + ", ".join(f"{value} {n}" for value, n in ordered), ""]

    refused = [lead for lead in leads if lead.company.strict and lead.lead_id in spam - auth]
    guilty: set[Company] = {lead.company for lead in refused}
    clean = {lead.lead_id for lead in leads if lead.company.group == "open"} & away
    days = sorted(by_id[one.message_id].sent_at.date() for one in first if one.reason == "auth_failure")
    mix = Counter(lead.status for lead in following)
    return "\n".join(
        [
            f"{len(leads)} leads contacted, {len(sends)} mails sent, {len(notices)} messages came back",
            f"{len(failed)} failed: {len(failed) - len(spam)} hard ({len(dead)} of them address), {len(spam)} spam",
            "",
            *lines("email status", lambda lead: lead.status),
            *lines("industry group", lambda lead: lead.company.group),
            *lines("industry", lambda lead: lead.company.industry),
            *lines("status x group", lambda lead: f"{lead.status}, {lead.company.group}"),
            *lines("sending domain", lambda lead: sender[lead.lead_id].domain),
            *lines("mailbox", lambda lead: sender[lead.lead_id].address),
            f"strict industries: {len(guilty)} recipient domains refused {len(refused)} leads",
            f"open industries, sending domain in order: {len(clean & spam)} of {len(clean)} leads spam",
            f"authentication: {len(auth)} leads, all from {HELLO.domain}, {days[0]} to {days[-1]} (lost {FAULT_DAY})",
            "",
            *counts("messages", (one.kind for one in notices)),
            *counts("reasons", (one.reason for one in first)),
            *counts("matched by", (one.match for one in first)),
            *counts("written by", (one.written_by for one in notices)),
            f"copies: {sum(bool(one.copy_of) for one in notices)}",
            f"forged: {sum(one.suspected_forged for one in notices)}",
            f"next list: {len(following)} leads, " + ", ".join(f"{value} {n}" for value, n in sorted(mix.items())),
        ]
    )


if __name__ == "__main__":
    main()
