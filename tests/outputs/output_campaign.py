"""A small campaign out of the sample data: enough for every command, and quick."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from analyzer.knowledge import data_folder

SAMPLE = data_folder("sample_data")
ADDRESS = re.compile(r"[\w.+'=-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
MAILS, ROWS = 60, 400


@dataclass(frozen=True)
class Small:
    """The files of a small campaign."""

    folder: Path

    @property
    def bounces(self) -> Path:
        return self.folder / "bounces.mbox"

    @property
    def log(self) -> Path:
        return self.folder / "log.csv"

    @property
    def leads(self) -> Path:
        return self.folder / "leads.csv"

    @property
    def ahead(self) -> Path:
        return self.folder / "next.csv"

    def inputs(self) -> list[object]:
        """For diagnose and ingest."""
        return ["--bounces", self.bounces, "--log", self.log, "--leads", self.leads]

    def addresses(self) -> set[str]:
        """Every address in the files, in lower case."""
        found: set[str] = set()
        for path in (self.bounces, self.log, self.leads, self.ahead):
            text = path.read_text(encoding="utf-8", errors="replace")
            found.update(name.casefold() for name in ADDRESS.findall(text))
        return found


def small_campaign(folder: Path) -> Small:
    """Write the files into a folder that is made."""
    folder.mkdir(parents=True)
    mails = re.split(rb"(?m)^(?=From )", (SAMPLE / "bounces.mbox").read_bytes())
    (folder / "bounces.mbox").write_bytes(b"".join(mails[: MAILS + 1]))
    told = set(ADDRESS.findall(b"".join(mails[: MAILS + 1]).decode("utf-8", "replace").lower()))
    _cut("log.csv", folder / "log.csv", "recipient", told)
    _cut("leads.csv", folder / "leads.csv", "Email", told)
    _cut("next_leads.csv", folder / "next.csv", "Email", set())
    (folder / "odd.eml").write_bytes(b"From: a@x.example\nTo: b@y.example\nSubject: lunch\n\nAt noon?\n")
    return Small(folder)


def _cut(name: str, out: Path, column: str, wanted: set[str]) -> None:
    """The rows about `wanted`, and the first of the others."""
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = [row for number, row in enumerate(rows) if number < ROWS or row[column].lower() in wanted]
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(kept)
