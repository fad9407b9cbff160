"""How many diagnostic texts a CPU second classifies, on one core and start-up apart.

The texts are the examples of the shipped rules with fresh addresses, hosts, IP addresses and ids in them, so that
hardly one stands twice. CPU times of one machine say little about another: beside them stands the time of a known piece
of work in the same run, reading the same lines with `json.loads` and looking for the commonest words with `re`.
Figures are printed, nothing is asserted. `python benchmarks/classify_speed.py --write FILE` keeps the texts.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

_VARIED = re.compile(
    r"(?P<address>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)|(?P<ip>\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b)"
    r"|(?P<id>\b(?=[A-Za-z]*\d)[A-Za-z0-9]{8,}\b)|(?P<number>\b\d{5,}\b)"
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ID_CHARACTERS = "0123456789ABCDEF"
_COMMONEST = re.compile(
    "address|blocked|mailbox|message|user|unknown|recipient|rejected|spam|policy|not|full|does|exist|mail|server|denied"
    "|access|host|domain",
    re.IGNORECASE,
)


def texts(count: int, seed: int = 1) -> list[dict[str, str]]:
    """`count` texts as `classify` takes them from stdin, each with its codes, host and recipient where it has some."""
    from analyzer.classify import default_classifier

    examples = [example for rule in default_classifier().rules for example in rule.examples]
    chance = random.Random(seed)
    found = []
    for number in range(count):
        example = examples[number % len(examples)] if number < len(examples) else chance.choice(examples)
        varied = _VARIED.sub(lambda part: _another(part, chance), example.text)
        if chance.random() < 0.4:
            varied = f"{varied} {_id(chance, 11)}"
        if chance.random() < 0.2:
            host = f"mx{chance.randrange(9)}.{_domain(chance)}[{_ip(chance)}]"
            varied = f"host {host} said: {varied} (in reply to RCPT TO command)"
        row = {"text": varied}
        for name in ("status", "reply", "host", "recipient"):
            if value := getattr(example, name):
                row[name] = value
        if "recipient" not in row:
            row["recipient"] = f"{_word(chance)}@{_domain(chance)}"
        found.append(row)
    return found


def _another(part: re.Match[str], chance: random.Random) -> str:
    if part["address"]:
        return f"{_word(chance)}.{_word(chance)}@{_domain(chance)}"
    if part["ip"]:
        return _ip(chance)
    if part["id"]:
        return _id(chance, len(part["id"]))
    return "".join(chance.choice("123456789") for _ in part["number"])


def _ip(chance: random.Random) -> str:
    return f"192.0.2.{chance.randrange(1, 255)}"


def _id(chance: random.Random, length: int) -> str:
    return "".join(chance.choice(_ID_CHARACTERS) for _ in range(length))


def _word(chance: random.Random) -> str:
    return "".join(chance.choice(_LETTERS) for _ in range(chance.randrange(3, 9)))


def _domain(chance: random.Random) -> str:
    return f"{_word(chance)}-{chance.randrange(1000)}.example"


def lines_of(rows: list[dict[str, str]]) -> bytes:
    """The rows as JSON lines."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def cpu_of(command: list[str], given: bytes = b"") -> float:
    """CPU seconds of a command's own process, user and system together."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=given, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def known_work(lines: list[bytes]) -> float:
    """CPU seconds of reading the lines with `json.loads` and finding the commonest words in their texts."""
    start = time.process_time()
    for line in lines:
        _COMMONEST.findall(json.loads(line)["text"])
    return time.process_time() - start


def through_command(given: bytes) -> float:
    """CPU seconds that `classify --json` spends on the lines inside this process, where all is started up already."""
    from analyzer.cli import classify as command

    out = io.BytesIO()
    stdin = SimpleNamespace(buffer=io.BytesIO(given), isatty=lambda: False)
    stdout = SimpleNamespace(buffer=out, isatty=lambda: False)
    with mock.patch.multiple(sys, stdin=stdin, stdout=stdout):
        start = time.process_time()
        command.classify(None, "", "", "", "", True, False, None)
        return time.process_time() - start


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--texts", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--write", type=Path, metavar="FILE", help="write the texts as JSON lines, and stop")
    chosen = options.parse_args()
    given = lines_of(texts(2 * chosen.texts))
    if chosen.write:
        chosen.write.write_bytes(given)
        return
    lines = given.splitlines(keepends=True)
    # Other texts of the same rules come first: they compile every pattern, as a long run would have done.
    warm, measured = b"".join(lines[: chosen.texts]), lines[chosen.texts :]
    first = through_command(warm)
    joined = b"".join(measured)
    rounds = [(through_command(joined), known_work(measured)) for _ in range(chosen.rounds)]
    best, known = min(rounds)[0], min(one for _, one in rounds)
    again = through_command(joined)
    print(f"{len(measured)} texts, {len(joined) / len(measured):.0f} bytes a line")
    print(f"first texts, patterns not compiled yet   {len(measured) / first:>9,.0f} a CPU second")
    print(f"classify --json from stdin               {len(measured) / best:>9,.0f} a CPU second")
    print(f"known work (json.loads, re.findall)      {len(measured) / known:>9,.0f} a CPU second")
    print(f"classify costs {best / known:.1f} times the known work ({again / known:.1f} in another round)")
    command = [sys.executable, "-m", "analyzer"]
    bare = min(cpu_of([sys.executable, "-c", "pass"]) for _ in range(3))
    for name, arguments in (("--help", ["--help"]), ("classify TEXT", ["classify", "550 5.1.1 no such user"])):
        took = min(cpu_of([*command, *arguments]) for _ in range(3))
        print(f"start-up, {name:<30} {took * 1000:>9.0f} ms CPU, of which Python alone {bare * 1000:.0f}")


if __name__ == "__main__":
    main()
