"""What can be measured beside other programs here: flufl.bounce on bounce messages, email-validator on addresses.

    python benchmarks/comparison.py [--messages N] [--rounds N] [--flufl FOLDER]

Three sets of messages:

    generated   made anew by `parse_speed.py`, no two alike, with known recipient and reply (RFC 3464 reports, Exim,
                qmail, HTML)
    formats     `tests/parsing/formats`, a message for each format that our readers know: ours passes all of them, being
                written for them, so the figure only says how much of that flufl.bounce knows
    flufl's own its own test messages, from its source distribution unpacked at --flufl (`pip download --no-binary :all:
                --no-deps flufl.bounce`); here its own answer is taken as right

A message is *right* when exactly the failed recipients are named (by the address written to, or by the one that it was
forwarded to and that failed); *wrongly failed* counts messages that are no failure
(out-of-office, delay notices) and whose recipient is called failed. Labels are only ours, since flufl.bounce tells who
failed and not why. CPU seconds are those of whole processes, as `parse_speed.py` takes them; ratios are what counts.
Programs in other languages cannot be installed from a package index of Python and are not run.
"""

from __future__ import annotations

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email import message_from_bytes
from itertools import groupby
from pathlib import Path

import parse_speed
from check_speed import made_up
from email_validator import EmailNotValidError, validate_email
from flufl.bounce import all_failures

from analyzer.addresses.reading import read_address
from analyzer.classify import classify
from analyzer.parsing import read_message
from analyzer.records import COUNTED_KINDS

_FORMATS = Path(__file__).resolve().parent.parent / "tests" / "parsing" / "formats"
#: The label of each of `parse_speed`'s replies, in its order.
_LABELS = ("hard", "hard", "hard", "spam", "hard", "spam", "spam")
#: The addresses that a program calls failed, in each way that it names them.
Named = Callable[[bytes], tuple[frozenset[str], ...]]


@dataclass(frozen=True)
class Case:
    """A message, whom it says has failed for good (nobody where it is no bounce), and the label where it is known."""

    data: bytes
    failed: frozenset[str]
    label: str = ""


@dataclass
class Score:
    """Counts over the cases of one set."""

    bounces: int = 0
    named: int = 0
    right: int = 0
    others: int = 0
    wrongly: int = 0

    def line(self, name: str) -> str:
        """The row of the table."""
        return f"{name:28}{_of(self.named, self.bounces):>15}{_of(self.right, self.bounces):>15}" + (
            f"{_of(self.wrongly, self.others):>17}"
        )


def _of(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def ours(data: bytes) -> tuple[frozenset[str], ...]:
    """Whom our parser calls failed: the addresses that failed, and those written to where mail was forwarded."""
    report = read_message(data)
    if report.kind not in COUNTED_KINDS:
        return (frozenset(),)
    failed = frozenset(failure.recipient.lower() for failure in report.failures)
    return failed, frozenset((failure.original_recipient or failure.recipient).lower() for failure in report.failures)


def theirs(data: bytes) -> tuple[frozenset[str], ...]:
    """Whom flufl.bounce calls failed for good; nobody where it raises, which ends a run that does not catch it."""
    try:
        permanent = all_failures(message_from_bytes(data))[1]
    except Exception:  # noqa: BLE001 - any of its errors is the same answer
        return (frozenset(),)
    return (frozenset(address.decode("utf-8", "replace").lower() for address in permanent),)


def generated(count: int, seed: int = 7) -> Iterable[Case]:
    """Messages of `parse_speed`, with what they are about."""
    chance = random.Random(seed)
    sorts = [make for make, share in parse_speed._SORTS for _ in range(share)]
    texts = [words.partition("{")[0][:12] for _, _, words in parse_speed._REPLIES]
    for _ in range(count):
        make, case = chance.choice(sorts), parse_speed._case(chance)
        data = make(case).encode()
        if make in (parse_speed._autoreply, parse_speed._delayed):
            yield Case(data, frozenset())
            continue
        said = case.reply.split(" ", 2)[2]
        known = [label for text, label in zip(texts, _LABELS, strict=True) if text and said.startswith(text)]
        # The first reply begins with the address itself.
        yield Case(data, frozenset({case.to.lower()}), known[0] if known else _LABELS[0])


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
            yield Case((_FORMATS / f"{name}.eml").read_bytes(), failed)


def flufls(folder: Path) -> Iterable[Case]:
    """Its own test messages that it calls failed for good."""
    for path in sorted(folder.rglob("tests/data/*.txt")):
        data = path.read_bytes()
        if failed := theirs(data)[0]:
            yield Case(data, failed)


def score(cases: Iterable[Case], named: Named) -> Score:
    """Count one program's answers."""
    found = Score()
    for case in cases:
        said = named(case.data)
        if case.failed:
            found.bounces += 1
            found.named += bool(said[0])
            found.right += case.failed in said
        else:
            found.others += 1
            found.wrongly += bool(said[0])
    return found


def labels(cases: Iterable[Case]) -> tuple[int, int]:
    """How many bounces got the right label, of how many."""
    right = whole = 0
    for case in cases:
        if case.label:
            failure = read_message(case.data).failures[0]
            verdict = classify(failure.diagnostic, status=failure.status, reply=failure.reply, host=failure.remote_mta)
            whole, right = whole + 1, right + (verdict.label == case.label)
    return right, whole


def speeds(count: int, rounds: int) -> None:
    """Print the CPU seconds of parsing, beside each other."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "mails")
        parse_speed._write(folder, Path(place, "mails.mbox"), count)
        commands = {
            "ours: recipient, reply, reason, label": [
                *(sys.executable, "-m", "analyzer", "parse", str(folder), "--all", "--jobs", "1"),
                *("--out", str(Path(place, "out.jsonl"))),
            ],
            "flufl.bounce: recipient": [sys.executable, "-c", parse_speed._FLUFL, str(folder)],
        }
        for command in commands.values():
            parse_speed.cost_of(command)
        taken = {name: min(parse_speed.cost_of(each)[0] for _ in range(rounds)) for name, each in commands.items()}
    slowest = max(taken.values())
    for name, seconds in taken.items():
        print(f"{name:40}{slowest / seconds:>6.2f} times the slower one's speed")


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
    chosen = options.parse_args()
    sets = {"generated": list(generated(chosen.messages)), "formats": list(formats())}
    if chosen.flufl:
        sets["flufl's own"] = list(flufls(chosen.flufl))
    version = subprocess.run(
        [sys.executable, "-m", "analyzer", "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    print(f"{version}\n{'':28}{'anyone named':>15}{'right':>15}{'wrongly failed':>17}")
    for name, cases in sets.items():
        print(score(cases, ours).line(f"{name}: ours"))
        print(score(cases, theirs).line(f"{name}: flufl.bounce"))
    right, whole = labels(sets["generated"])
    print(f"generated: label right {_of(right, whole)} of {whole:,}\n")
    speeds(chosen.messages, chosen.rounds)
    addresses(20_000)


if __name__ == "__main__":
    main()
