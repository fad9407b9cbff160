"""How many leads a second the offline check grades, against `email-validator` alone on the same addresses.

python benchmarks/check_speed.py [LEADS]
Addresses are made up: people at companies that have a few leads each, a tenth at consumer providers, some dirt.
Figures are leads a CPU second of one process; the goal is 20,000 and more, reading and making the rows included.
"""

from __future__ import annotations

import random
import sys
import time

import pandas as pd
from email_validator import EmailNotValidError, validate_email

from analyzer.check.leads import read_leads
from analyzer.check.options import CheckOptions
from analyzer.check.run import CheckRun

_FIRST = (
    *("anna", "ben", "carla", "david", "elena", "felix", "greta", "hugo", "ines", "jonas"),
    *("katja", "lars", "mona", "nils", "olga", "paul", "rita", "sven", "tina", "uwe", "vera"),
)
_LAST = (
    *("ahlsten", "briskmont", "cstavling", "dahlberg", "fennrick", "gravholt"),
    *("hoskins", "iboreau", "jarlund", "kelmoor", "lindander", "merberg"),
)
_TRADES = (
    *("bank", "cloud", "foods", "freight", "group", "hotels", "labs"),
    *("logistics", "machines", "media", "partners", "software", "supply", "systems", "tools"),
)
_CONSUMER = ("gmail.com", "outlook.com", "yahoo.com", "gmx.de", "icloud.com", "hotmial.com")
_DIRT = ("{} ", "Anna <{}>", "mailto:{}", "{}.", "'{}'", "{}, {}", "{}@", "")


def made_up(count: int, seed: int = 1) -> pd.DataFrame:
    """A list of leads with statuses, industries and dates of verification."""
    rng = random.Random(seed)
    companies = [
        f"{rng.choice(_LAST)}{n}-{rng.choice(_TRADES)}.{rng.choice(['com', 'de', 'co.uk', 'fr', 'io'])}"
        for n in range(count // 3)
    ]
    rows = []
    for number in range(count):
        domain = rng.choice(_CONSUMER) if rng.random() < 0.1 else rng.choice(companies)
        local = rng.choice(["{f}.{l}", "{i}{l}", "{f}", "{f}_{l}", "info"]).format(
            f=rng.choice(_FIRST), i=rng.choice(_FIRST)[0], l=f"{rng.choice(_LAST)}{number % 97}"
        )
        email = f"{local}@{domain}"
        if rng.random() < 0.02:
            email = rng.choice(_DIRT).format(email, email)
        status = rng.choice(["verified", "guessed", "catch_all", "unknown", ""])
        day = f"2026-{rng.randint(1, 9):02d}-{rng.randint(1, 28):02d}" if status == "verified" else ""
        rows.append((email, status, rng.choice(["Banking", "Software", "Retail", ""]), day))
    return pd.DataFrame(rows, columns=["email", "email_status", "industry", "verified_at"])


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    frame = made_up(count)
    texts = frame["email"].tolist()

    start = time.process_time()
    for text in texts:
        try:
            validate_email(text, check_deliverability=False)
        except EmailNotValidError:
            continue
    alone = count / (time.process_time() - start)

    # What is read once for a process, however long the list.
    for _ in CheckRun(read_leads(frame.head(5)), CheckOptions()):
        pass
    start = time.process_time()
    leads = read_leads(frame)
    read = time.process_time() - start
    run = CheckRun(leads, CheckOptions())
    rows = sum(1 for _ in run)
    whole = count / (time.process_time() - start)
    grading = rows / (time.process_time() - start - read)

    print(f"{count:,} leads, {frame['email'].str.rpartition('@')[2].nunique():,} domains: {dict(run.grades)}")
    print(f"email-validator alone            {alone:>9,.0f} leads a CPU second")
    print(f"check: list read, graded         {whole:>9,.0f}   {whole / alone:.2f} of email-validator alone")
    print(f"       graded                    {grading:>9,.0f}   {grading / alone:.2f}")


if __name__ == "__main__":
    main()
