"""How fast `parse` reads messages, beside flufl.bounce (addresses only) and Python's `email` parser on the same ones.

Every message is made anew, no two alike: addresses, hosts, dates, queue and message ids, and how much of our own mail
comes back all differ. Whole processes are timed, in turn, start-up included: CPU seconds with one job, seconds of the
clock with all cores. One machine's seconds say little about another's, so the ratios are what counts; nothing is
asserted. `python benchmarks/parse_speed.py --write FOLDER` keeps the messages.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

_FLUFL = """
import email, pathlib, sys
from flufl.bounce import all_failures
for path in pathlib.Path(sys.argv[1]).iterdir():
    all_failures(email.message_from_bytes(path.read_bytes()))
"""
_EMAIL = """
import email, pathlib, sys
for path in pathlib.Path(sys.argv[1]).iterdir():
    email.message_from_bytes(path.read_bytes())
"""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_REPLIES = (
    ("5.1.1", "550", "{to}: Recipient address rejected: User unknown in virtual mailbox table"),
    ("5.1.1", "550", "The email account that you tried to reach does not exist. {id} - gsmtp"),
    ("5.2.2", "552", "The recipient's mailbox is over quota {id}"),
    ("5.7.1", "554", "Service unavailable; Client host [{ip}] blocked using zen.spamhaus.org"),
    ("5.4.1", "550", "Recipient address rejected: Access denied. AS(201806281) [{id}.example]"),
    ("5.7.26", "550", "Unauthenticated email from {ours} is not accepted due to domain's DMARC policy. {id}"),
    ("4.7.1", "451", "Greylisted, please try again in {number} seconds"),
)


@dataclass(frozen=True, slots=True)
class _Case:
    """What one message is about. `reply` is the refusing server's whole answer."""

    to: str
    sender: str
    host: str
    ip: str
    queue_id: str
    message_id: str
    date: str
    status: str
    reply: str
    returned: str

    @property
    def daemon(self) -> str:
        return f"MAILER-DAEMON@{self.host}"


def messages(count: int, seed: int = 1) -> Iterator[bytes]:
    """`count` messages of the sorts that a campaign's mailbox holds, in the proportions of `_SORTS`."""
    chance = random.Random(seed)
    sorts = [make for make, share in _SORTS for _ in range(share)]
    for _ in range(count):
        yield chance.choice(sorts)(_case(chance)).encode()


def _case(chance: random.Random) -> _Case:
    def word(least: int = 4, most: int = 9) -> str:
        return "".join(chance.choice(_LETTERS) for _ in range(chance.randrange(least, most)))

    ours, theirs = f"{word()}.example", f"{word()}-{chance.randrange(1000)}.example"
    to, sender = f"{word()}.{word()}@{theirs}", f"{word()}@{ours}"
    ip, queue_id = f"192.0.2.{chance.randrange(1, 255)}", f"{chance.getrandbits(44):011X}"
    date = f"{chance.randrange(1, 29)} Mar 2026 {chance.randrange(24):02}:{chance.randrange(60):02}:11 +0100"
    message_id = f"<{chance.getrandbits(64):016x}@{ours}>"
    status, code, words = chance.choice(_REPLIES)
    filled = words.format(to=f"<{to}>", id=queue_id.lower(), ip=ip, ours=ours, number=chance.randrange(60, 900))
    hops = "".join(
        f"Received: from {word()}.{ours} ([{ip}])\n"
        f"\tby mx{hop}.{ours} with ESMTPS id {chance.getrandbits(40):X};\n\t{date}\n"
        for hop in range(chance.randrange(1, 5))
    )
    lines = "\n".join(" ".join(word(2) for _ in range(10)) for _ in range(chance.randrange(5, 60)))
    returned = (
        f"{hops}Message-ID: {message_id}\nFrom: {word()} <{sender}>\nTo: {to}\n"
        f"Subject: {word()} {word()}\nDate: {date}\n"
        f"X-Campaign-Id: {queue_id}\nList-Unsubscribe: <https://{ours}/{queue_id}>\nMIME-Version: 1.0\n\n{lines}\n"
    )
    return _Case(
        to,
        sender,
        f"mx{chance.randrange(9)}.{theirs}",
        ip,
        queue_id,
        message_id,
        date,
        status,
        f"{code} {status} {filled}",
        returned,
    )


def _head(case: _Case, subject: str, more: str = "") -> str:
    return (
        f"Return-Path: <>\nDelivered-To: {case.sender}\n"
        f"Received: by {case.host} (Postfix) id {case.queue_id};\n\t{case.date}\n"
        f"Date: {case.date}\nFrom: Mail Delivery System <{case.daemon}>\nTo: {case.sender}\nSubject: {subject}\n"
        f"Message-ID: <{case.queue_id}@{case.host}>\nMIME-Version: 1.0\n{more}"
    )


def _report(
    case: _Case, text: str, *, action: str = "failed", subject: str = "Undelivered Mail Returned to Sender"
) -> str:
    """A report as RFC 3464 has it, with the whole mail returned."""
    line = f"=_{case.queue_id}"
    return (
        _head(case, subject, f'Content-Type: multipart/report; report-type=delivery-status;\n\tboundary="{line}"\n')
        + f"\n--{line}\nContent-Type: text/plain; charset=us-ascii\n\n{text}\n"
        + f"\n--{line}\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; {case.host}\n"
        + f"Arrival-Date: {case.date}\n\n"
        + f"Final-Recipient: rfc822; {case.to}\nAction: {action}\nStatus: {case.status}\nRemote-MTA: dns; {case.host}\n"
        + f"Diagnostic-Code: smtp; {case.reply}\n\n--{line}\nContent-Type: message/rfc822\n\n"
        + f"{case.returned}\n--{line}--\n"
    )


def _postfix(case: _Case) -> str:
    said = f"<{case.to}>: host {case.host}[{case.ip}] said: {case.reply} (in reply to RCPT TO command)"
    return _report(
        case, f"This is the mail system at host {case.host}.\n\nYour message could not be delivered.\n\n{said}"
    )


def _delayed(case: _Case) -> str:
    text = f"This is a warning message only. Your message to {case.to} has been delayed, and will be retried."
    return _report(case, text, action="delayed", subject="Delayed Mail (still being retried)")


def _exim(case: _Case) -> str:
    more = f"Auto-Submitted: auto-replied\nX-Failed-Recipients: {case.to}\n"
    return (
        _head(case, "Mail delivery failed: returning message to sender", more)
        + "\nThis message was created automatically by mail delivery software.\n\n"
        + "A message that you sent could not be delivered"
        + " to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n"
        + f"  {case.to}\n    host {case.host} [{case.ip}]\n"
        + f"    SMTP error from remote mail server after RCPT TO:<{case.to}>:\n"
        + f"    {case.reply}\n\n------ This is a copy of the message, including all the headers. "
        + f"------\n\n{case.returned}"
    )


def _qmail(case: _Case) -> str:
    return (
        _head(case, "failure notice")
        + f"\nHi. This is the qmail-send program at {case.host}.\nI'm afraid I wasn't able to deliver your message.\n\n"
        + f"<{case.to}>:\n{case.ip} does not like recipient.\nRemote host said: {case.reply}\n"
        + f"Giving up on {case.ip}.\n\n"
        + f"--- Below this line is a copy of the message.\n\n{case.returned}"
    )


def _html(case: _Case) -> str:
    return (
        _head(case, "Undeliverable: your message", "Content-Type: text/html; charset=utf-8\n")
        + "\n<html><body><p>Delivery has failed to these "
        + f"recipients:</p><p><b>{case.to}</b><br>Your message couldn't be"
        + f" delivered.</p><p>Remote Server returned '{case.reply}'</p></body></html>\n"
    )


def _autoreply(case: _Case) -> str:
    return (
        f"Return-Path: <{case.to}>\nDate: {case.date}\nFrom: {case.to}\nTo: {case.sender}\n"
        f"Subject: Automatic reply: hello\n"
        f"Auto-Submitted: auto-replied\nIn-Reply-To: {case.message_id}\n\nI am away until Monday. {case.queue_id}\n"
    )


#: How a message is written, and how many of twenty are.
_SORTS: tuple[tuple[Callable[[_Case], str], int], ...] = (
    (_postfix, 9), (_exim, 3), (_qmail, 2), (_html, 2), (_autoreply, 2), (_delayed, 2),
)  # fmt: skip


def cost_of(command: list[str]) -> tuple[float, float, float]:
    """(CPU seconds of a finished command and its workers, seconds of the clock, peak MiB of the largest so far)."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, took, after.ru_maxrss / 1024


def _write(folder: Path, mbox: Path, count: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with mbox.open("wb") as box:
        for number, message in enumerate(messages(count)):
            (folder / f"{number:07}.eml").write_bytes(message)
            box.write(
                b"From MAILER-DAEMON Mon Mar  2 10:00:00 2026\n" + message.replace(b"\nFrom ", b"\n>From ") + b"\n"
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--messages", type=int, default=6_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--write", type=Path, metavar="FOLDER", help="write the messages there, and stop")
    chosen = options.parse_args()
    if chosen.write:
        _write(chosen.write, chosen.write.with_suffix(".mbox"), chosen.messages)
        return
    with tempfile.TemporaryDirectory() as place:
        folder, mbox, out = Path(place, "mails"), Path(place, "mails.mbox"), Path(place, "out.jsonl")
        _write(folder, mbox, chosen.messages)
        parse = [sys.executable, "-m", "analyzer", "parse", "--all", "--out", str(out)]
        commands = {
            "parse, files": [*parse, str(folder), "--jobs", "1"],
            "parse, mbox": [*parse, str(mbox), "--jobs", "1"],
            "flufl.bounce, files": [sys.executable, "-c", _FLUFL, str(folder)],
            "email parser, files": [sys.executable, "-c", _EMAIL, str(folder)],
        }
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        many = {name: [*command[:-1], str(cores)] for name, command in list(commands.items())[:2]}
        for command in commands.values():
            cost_of(command)
        rounds = [{name: cost_of(command) for name, command in commands.items()} for _ in range(chosen.rounds)]
        wide = [{name: cost_of(command) for name, command in many.items()} for _ in range(chosen.rounds)]
    cpu = {name: statistics.median(one[name][0] for one in rounds) for name in commands}
    print(f"{chosen.messages:,} messages, each of them new; medians of {chosen.rounds} rounds, whole processes")
    print(f"{'':22}{'a CPU second':>14}{'to flufl.bounce':>18}{'to email parser':>18}")
    for name, seconds in cpu.items():
        flufl, known = cpu["flufl.bounce, files"] / seconds, cpu["email parser, files"] / seconds
        print(f"{name:22}{chosen.messages / seconds:>14,.0f}{flufl:>18.2f}{known:>18.2f}")
    for name in many:
        alone = statistics.median(one[name][1] for one in rounds)
        together = statistics.median(one[name][1] for one in wide)
        print(
            f"{name}: {cores} jobs take {together:.2f} s, one takes {alone:.2f} s: {alone / together:.2f} times as fast"
        )
    print(f"peak memory of any process: {wide[-1]['parse, mbox'][2]:,.0f} MiB")


if __name__ == "__main__":
    main()
