"""What can be measured beside other programs: Sisimai, flufl.bounce, ZoneMTA on bounces, email-validator on addresses.

    python benchmarks/comparison.py [--messages N] [--rounds N] [--flufl FOLDER] [--misses]

Three sets of messages, for who failed:

    generated   made anew by `parse_speed.py`, no two alike, with known recipient and reply (RFC 3464 reports, Exim,
                qmail, HTML)
    formats     `tests/parsing/formats`, a message for each format that our readers know: ours passes all of them, being
                written for them, so the figure only says how much of that the others know
    flufl's own its own test messages, from its source distribution unpacked at --flufl (`pip download --no-binary :all:
                --no-deps flufl.bounce`); here its own answer is taken as right

A message is *right* when exactly the failed recipients are named (by the address written to, or by the one that it was
forwarded to and that failed); *wrongly failed* counts messages that are no failure (out-of-office, delay notices) and
whose recipient is called failed for good.

Four sets of replies, for why, each in a report as Postfix writes it (ZoneMTA takes the bare reply):

    fresh       `tests/classify/replies_fresh.txt`: ours, but no rule was made or mended for them
    met         `tests/classify/replies_met.txt`: ours, and our rules were mended by them
    examples    one of each shipped rule's own examples, which ours knows by heart: how much of it the others know
    ZoneMTA's   the sample replies in its `config/bounces.txt`; here its own category is taken as right

Programs cut the reasons otherwise; `other_programs.py` says which of ours each of their words may mean, and an answer
is right where the true reason (or its label) is among them: a coarser right answer is right.

CPU seconds are those of whole processes, as `parse_speed.py` takes them; ratios are what counts. A program that is not
installed is named, and the rest goes on. `--misses` lists what another program had right and ours had wrong.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import other_programs
import parse_speed
from check_speed import made_up
from email_validator import EmailNotValidError, validate_email
from other_programs import Program

from analyzer import knowledge
from analyzer.addresses.reading import read_address
from analyzer.classify import default_classifier
from analyzer.classify.calibration import replies_in
from analyzer.records import COUNTED_KINDS

_TESTS = Path(__file__).resolve().parent.parent / "tests"
_FORMATS = _TESTS / "parsing" / "formats"
#: The reason of each of `parse_speed`'s replies, in its order.
_REASONS = (
    *("user_unknown", "user_unknown", "mailbox_full", "ip_blocklisted", "user_unknown"),
    *("auth_failure", "greylisted"),
)
_SAMPLE_REPLY = re.compile(r"#\s*([245]\d\d[ -].+)")
_TO = "jane.roe@receiver.example"


@dataclass(frozen=True, slots=True)
class Case:
    """A message, whom it says has failed for good (nobody where it is no bounce), and why, where that is known.

    `reasons` are those that count as right; `reply` is the refusing server's answer alone, where the case was made of
    one.
    """

    data: bytes
    failed: frozenset[str]
    reasons: frozenset[str] = frozenset()
    reply: str = ""
    name: str = ""

    @property
    def labels(self) -> frozenset[str]:
        """The labels of the reasons."""
        return frozenset(knowledge.reasons()[reason].label for reason in self.reasons)


def generated(count: int, seed: int = 7) -> Iterable[Case]:
    """Messages of `parse_speed`, with what they are about."""
    chance = random.Random(seed)
    sorts = [make for make, share in parse_speed._SORTS for _ in range(share)]
    texts = [words.partition("{")[0][:12] for _, _, words in parse_speed._REPLIES]
    for number in range(count):
        make, case = chance.choice(sorts), parse_speed._case(chance)
        data = make(case).encode()
        if make in (parse_speed._autoreply, parse_speed._delayed):
            yield Case(data, frozenset(), name=f"{number}")
            continue
        said = case.reply.split(" ", 2)[2]
        known = [reason for text, reason in zip(texts, _REASONS, strict=True) if text and said.startswith(text)]
        # The first reply begins with the address itself.
        reason = known[0] if known else _REASONS[0]
        yield Case(data, frozenset({case.to.lower()}), frozenset({reason}), name=f"{number}")


def formats() -> Iterable[Case]:
    """The message of each format, with the recipients that its table names."""
    with (_FORMATS / "expected.csv").open(encoding="utf-8", newline="") as table:
        for name, rows in groupby(csv.DictReader(table), key=lambda row: row["file"]):
            found = list(rows)
            counted = found[0]["kind"] in COUNTED_KINDS
            failed = (
                frozenset(row["recipient"].lower() for row in found if row["recipient"]) if counted else frozenset()
            )
            if counted and not failed:
                continue
            yield Case((_FORMATS / f"{name}.eml").read_bytes(), failed, name=name)


def flufls(folder: Path) -> Iterable[Case]:
    """Its own test messages that it calls failed for good."""
    paths = sorted(folder.rglob("tests/data/*.txt"))
    data = [path.read_bytes() for path in paths]
    for path, message, said in zip(paths, data, other_programs.flufl(data), strict=True):
        if said.named[0]:
            yield Case(message, said.named[0], name=path.name)


def labelled(name: str) -> Iterable[Case]:
    """The replies of a list of `tests/classify`, by the reasons that count as right."""
    for one in replies_in(_TESTS / "classify" / name):
        yield _case_of(one.text, frozenset(one.reasons), host=one.host)


def examples() -> Iterable[Case]:
    """Each shipped rule's first example, which its own rule decides."""
    for rule in default_classifier().rules:
        first = rule.examples[0]
        yield _case_of(first.text, frozenset({rule.reason}), first.status, first.reply, first.host)


def zonemtas(rules: Path) -> Iterable[Case]:
    """The sample replies in the remarks of its rules, by what its own category may mean."""
    found = _SAMPLE_REPLY.findall(rules.read_text(encoding="utf-8"))
    for reply, word in zip(found, other_programs.zonemta_says(found), strict=True):
        if reasons := other_programs.reasons_of(word, other_programs.ZONEMTA):
            yield _case_of(reply, reasons)


def _case_of(reply: str, reasons: frozenset[str], status: str = "", code: str = "", host: str = "") -> Case:
    given = reply if not code or reply.startswith(code) else f"{code} {reply}"
    return Case(report_of(given, status, host), frozenset({_TO}), reasons, given, given)


def report_of(reply: str, status: str = "", host: str = "") -> bytes:
    """A report as Postfix writes it, of a recipient whom `host` refused with `reply`."""
    code = re.match(r"([245])\d\d\b[ -]*([245]\.\d{1,3}\.\d{1,3})?", reply)
    known = status or (code and (code[2] or f"{code[1]}.0.0")) or "5.0.0"
    host, line = host or "mx1.receiver.example", "=_report"
    quoted = " ".join(reply.split())
    return f"""Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.sender.example>
To: anna@sender.example
Subject: Undelivered Mail Returned to Sender
Date: Mon, 2 Mar 2026 10:00:00 +0100
Auto-Submitted: auto-replied
Message-ID: <20260302090000.4C1D21F0@mx.sender.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{line}"
Content-Transfer-Encoding: 8bit

--{line}
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.sender.example.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients.

<{_TO}>: host {host}[192.0.2.9] said: {quoted}
    (in reply to RCPT TO command)

--{line}
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.sender.example
X-Postfix-Queue-ID: 4C1D21F0
X-Postfix-Sender: rfc822; anna@sender.example
Arrival-Date: Mon, 2 Mar 2026 09:59:58 +0100 (CET)

Final-Recipient: rfc822; {_TO}
Original-Recipient: rfc822;{_TO}
Action: failed
Status: {known}
Remote-MTA: dns; {host}
Diagnostic-Code: smtp; {quoted}

--{line}
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: <step-1.17@sender.example>
From: Anna <anna@sender.example>
To: {_TO}
Subject: a question about your warehouse
Date: Mon, 2 Mar 2026 09:59:57 +0100

Hello Jane
--{line}--
""".encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one program made of one case; a part of it is false where the case does not ask for it."""

    named: bool
    right: bool
    wrongly: bool
    answered: bool
    label: bool
    reason: bool


def verdicts(program: Program, cases: Sequence[Case]) -> list[Verdict]:
    """What a program made of each case, in order; one that reads replies only names nobody."""
    found = []
    for case, said in zip(cases, program.says([(case.data, case.reply) for case in cases]), strict=True):
        reasons = program.reasons_of(said.word)
        labels = frozenset(knowledge.reasons()[reason].label for reason in reasons)
        found.append(
            Verdict(
                named=bool(case.failed and said.named[0]),
                right=bool(case.failed) and case.failed in said.named,
                wrongly=not case.failed and said.final,
                answered=bool(reasons - {"unspecified"}),
                label=bool(labels & case.labels),
                reason=bool(reasons & case.reasons),
            )
        )
    return found


def _of(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def who(name: str, cases: Sequence[Case], found: Sequence[Verdict]) -> str:
    """The row of a program in the table of who failed."""
    bounces = sum(bool(case.failed) for case in cases)
    named, right, wrongly = (sum(getattr(one, part) for one in found) for part in ("named", "right", "wrongly"))
    others = len(cases) - bounces
    return f"{name:34}{_of(named, bounces):>13}{_of(right, bounces):>13}{_of(wrongly, others):>16}"


def why(name: str, cases: Sequence[Case], found: Sequence[Verdict]) -> str:
    """The row of a program in the table of why, over the cases whose reason is known."""
    asked = [one for case, one in zip(cases, found, strict=True) if case.reasons]
    shares = (sum(one.answered for one in asked), sum(one.label for one in asked), sum(one.reason for one in asked))
    return f"{name:34}" + "".join(
        f"{_of(share, len(asked)):>{width}}" for share, width in zip(shares, (13, 13, 16), strict=True)
    )


def tables(sets: dict[str, list[Case]], programs: Sequence[Program], *, misses: bool) -> None:
    """Print who failed, for the sets of messages, and why, for those whose reasons are known."""
    found = {
        (name, program.name): verdicts(program, cases)
        for name, cases in sets.items()
        for program in programs
        if program.reads_messages or cases[0].reply
    }
    print(f"\n{'who failed':34}{'anyone':>13}{'right':>13}{'wrongly failed':>16}")
    for (name, program), result in found.items():
        if not sets[name][0].reply:
            print(who(f"{name}: {program}", sets[name], result))
    print(f"\n{'why':34}{'any reason':>13}{'label right':>13}{'reason right':>16}")
    for (name, program), result in found.items():
        if any(case.reasons for case in sets[name]) and program != "flufl.bounce":
            print(why(f"{name}: {program}", sets[name], result))
    for (name, program), result in found.items() if misses else ():
        for case, ours, theirs in zip(sets[name], found[name, "ours"], result, strict=True):
            parts = [part for part in ("right", "label", "reason") if getattr(theirs, part) and not getattr(ours, part)]
            parts += ["wrongly failed"] * (ours.wrongly and not theirs.wrongly)
            if parts:
                print(f"{name}: {program} is right ({', '.join(parts)}) and ours is not: {case.name}")


def speeds(count: int, rounds: int, *, sisimai: bool) -> None:
    """Print the CPU seconds of parsing, beside each other."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "mails")
        parse_speed._write(folder, Path(place, "mails.mbox"), count)
        commands = {
            "ours: recipient, reply, reason": [
                *(sys.executable, "-m", "analyzer", "parse", str(folder), "--all", "--jobs", "1"),
                *("--out", str(Path(place, "out.jsonl"))),
            ],
            "flufl.bounce: recipient": [sys.executable, "-c", parse_speed._FLUFL, str(folder)],
        }
        if sisimai:
            commands["Sisimai: recipient, reply, reason"] = ["perl", "-e", other_programs.SISIMAI_DUMPS, str(folder)]
        _race(f"{count:,} generated messages, a file each", commands, rounds)


def reply_speeds(replies: Sequence[str], rounds: int) -> None:
    """Print the CPU seconds of classifying replies by ours and by ZoneMTA's rules, each from its standard input."""
    with tempfile.TemporaryDirectory() as place:
        given = Path(place, "replies.jsonl")
        given.write_text("".join(f"{json.dumps({'text': reply})}\n" for reply in replies), encoding="utf-8")
        bare = Path(place, "replies.json")
        bare.write_text("".join(f"{json.dumps(reply)}\n" for reply in replies), encoding="utf-8")
        commands = {
            "ours: reason, evidence": ["sh", "-c", f'"$0" -m analyzer classify --json < {given}', sys.executable],
            "ZoneMTA: category": ["sh", "-c", f'node -e "$0" < {bare}', other_programs.ZONEMTA_READS],
        }
        _race(f"{len(replies):,} replies, no two alike", commands, rounds)


def _race(over: str, commands: dict[str, list[str]], rounds: int) -> None:
    """Run whole processes in turn, and print their CPU seconds beside each other."""
    for command in commands.values():
        parse_speed.cost_of(command)
    taken = dict.fromkeys(commands, float("inf"))
    for _ in range(rounds):
        for name, command in commands.items():
            taken[name] = min(taken[name], parse_speed.cost_of(command)[0])
    print(f"\n{over}; CPU seconds of whole processes")
    slowest = max(taken.values())
    for name, seconds in taken.items():
        print(f"{name:40}{slowest / seconds:>6.2f} times the slowest one's speed")


def addresses(count: int) -> None:
    """Print how many of the addresses of a list as people keep them each program can use, and at what cost."""
    listed = [str(each) for each in made_up(count)["email"]]

    def validated(text: str) -> bool:
        try:
            validate_email(text, check_deliverability=False)
        except EmailNotValidError:
            return False
        return True

    programs: dict[str, Callable[[str], bool]] = {
        "ours: cleaned, typo, fault": lambda text: not read_address(text).fault,
        "email-validator: syntax": validated,
    }
    print(
        f"\n{len(listed):,} addresses as lists have them, one in fifty with dirt (a name in front, a trailing dot, …)"
    )
    cost: dict[str, float] = {}
    for name, usable in programs.items():
        before = time.process_time()
        found = sum(map(usable, listed))
        cost[name] = time.process_time() - before
        print(f"{name:40}usable as they stand: {_of(found, len(listed))}")
    first, second = cost.values()
    print(f"CPU time of the first: {first / second:.2f} times that of the second")


def main() -> None:
    """Print the tables."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--messages", type=int, default=3_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--flufl", type=Path, metavar="FOLDER", help="flufl.bounce's source distribution, unpacked")
    options.add_argument("--misses", action="store_true", help="list what another program had right and ours had not")
    chosen = options.parse_args()
    programs = other_programs.all_programs()
    for program in programs:
        print(f"{program.name} {program.version}" if program.version else f"{program.name} is not here: {program.how}")
    there = [program for program in programs if program.version]
    sets = {"generated": list(generated(chosen.messages)), "formats": list(formats())}
    if chosen.flufl:
        sets["flufl's own"] = list(flufls(chosen.flufl))
    sets |= {"fresh": list(labelled("replies_fresh.txt")), "met": list(labelled("replies_met.txt"))}
    sets["examples"] = list(examples())
    if rules := other_programs.zonemta_rules():
        sets["ZoneMTA's"] = list(zonemtas(rules))
    print("; ".join(f"{name}: {len(cases):,}" for name, cases in sets.items()))
    tables(sets, there, misses=chosen.misses)
    names = {program.name for program in there}
    for count in sorted({min(200, chosen.messages), chosen.messages}):
        speeds(count, chosen.rounds, sisimai="Sisimai" in names)
    if "ZoneMTA" in names:
        reply_speeds([parse_speed._case(random.Random(number)).reply for number in range(20_000)], chosen.rounds)
    addresses(20_000)


if __name__ == "__main__":
    main()
