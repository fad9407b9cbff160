"""What a diagnosis of a large campaign costs, beside plain DuckDB on the same files.

python benchmarks/diagnose_scale.py [--sends 1000000] [--bounces 30000] [--leads 200000] [--format parquet|csv]
Both run as whole processes, start-up included. `diagnose` reads the bounces as `parse` wrote them and prints the
diagnosis; with --report it writes all files, of which the workbook takes longest. DuckDB, with two threads, normalises
the recipients, joins leads and bounces (by Message-ID, else by recipient) and counts distinct leads by each dimension
of the diagnosis: no statistics, no report. CPU seconds and their ratio are what counts; seconds of the clock depend on
who else uses the machine. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from analyzer.records import BOUNCE_COLUMNS
from analyzer.report.rows import write_rows

_START = np.datetime64("2026-01-05T08:00:00", "s")
_STEPS = 5
_CAMPAIGNS = 20
_SENDERS = 60
_STATUSES = ("valid", "guessed", "catch-all", "unknown")
_INDUSTRIES = (
    *("Banking", "Pharmaceuticals", "Hospital & Health Care", "Insurance"),
    *("Computer Software", "Retail", "Logistics", "Marketing and Advertising", "Construction", "Zebra keeping", ""),
)
_COUNTRIES = ("DE", "FR", "US", "GB", "ES", "PL", "")
_TITLES = ("CEO", "Head of Sales", "CTO", "Buyer", "Founder", "Controller", "")
_REPLIES = (
    ("550", "5.1.1", "550 5.1.1 <{to}>: Recipient rejected: User unknown", "hard", "address", "user_unknown"),
    ("550", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; {to} not found", "hard", "address", "user_unknown"),
    ("552", "5.2.2", "552 5.2.2 Mailbox of {to} is over quota", "hard", "mailbox", "mailbox_full"),
    ("550", "5.7.1", "550 5.7.1 Message refused as spam (case {n})", "spam", "content", "spam_content"),
    ("550", "5.7.26", "550 5.7.26 Unauthenticated email is not accepted, {n}", "spam", "sender", "auth_failure"),
    ("550", "5.7.133", "550 5.7.133 {to} takes mail from members only", "spam", "recipient", "recipient_restricted"),
)
_SQL = """
SET threads = 2;
CREATE TABLE leads AS SELECT *, lower(trim(email)) AS key FROM {leads};
CREATE TABLE sends AS SELECT *, regexp_replace(lower(trim(recipient)), '^.*<|>.*$', '', 'g') AS key,
  lower(trim(message_id, '<>')) AS mid FROM {log};
CREATE TABLE bounces AS SELECT *, lower(trim(original_message_id, '<>')) AS mid,
  lower(trim(coalesce(nullif(original_recipient, ''), recipient))) AS key FROM {bounces};
CREATE TABLE people AS SELECT key, row_number() OVER () AS lead FROM (SELECT DISTINCT key FROM sends);
CREATE TABLE by_id AS SELECT b.record_id, max(s.sent_at) AS sent_last, any_value(s.key) AS key,
  any_value(b.label) AS label, any_value(b.fault) AS fault
  FROM bounces b JOIN sends s ON s.mid = b.mid WHERE b.mid <> '' GROUP BY 1;
CREATE TABLE by_key AS SELECT b.record_id, max(s.sent_at) AS sent_last, any_value(s.key) AS key,
  any_value(b.label) AS label, any_value(b.fault) AS fault FROM bounces b JOIN sends s ON s.key = b.key
  WHERE b.record_id NOT IN (SELECT record_id FROM by_id)
  AND s.sent_at::TIMESTAMP <= b.received_at::TIMESTAMP + INTERVAL 1 HOUR GROUP BY 1;
CREATE TABLE outcome AS SELECT key, sent_last, any_value(label) AS label, any_value(fault) AS fault
  FROM (FROM by_id UNION ALL FROM by_key) GROUP BY ALL;
CREATE TABLE joined AS SELECT s.campaign, s.step, s.sender, split_part(s.sender, '@', 2) AS sender_domain,
  split_part(s.key, '@', 2) AS recipient_domain, strftime(s.sent_at::TIMESTAMP, '%G-W%V') AS week,
  dayofweek(s.sent_at::TIMESTAMP) AS weekday, l.email_status, l.industry, l.country, l.title, p.lead,
  o.label, o.fault FROM sends s JOIN people p USING (key) LEFT JOIN leads l ON l.key = s.key
  LEFT JOIN outcome o ON o.key = s.key AND o.sent_last = s.sent_at;
{counts}
"""
_DIMENSIONS = (
    *("email_status", "industry", "campaign", "step", "sender", "sender_domain"),
    *("recipient_domain", "week", "weekday", "country", "title"),
)
_COUNT = """SELECT {name}, count(DISTINCT lead), count(DISTINCT lead) FILTER (label = 'hard'),
  count(DISTINCT lead) FILTER (label = 'spam'), count(DISTINCT lead) FILTER (label = 'unknown'),
  count(DISTINCT lead) FILTER (fault = 'address') FROM joined GROUP BY 1;"""
_PLAIN = "import duckdb, sys; duckdb.connect().execute(sys.stdin.read())"


@dataclass(frozen=True, slots=True)
class Files:
    """The made campaign: the paths of its three tables."""

    log: Path
    leads: Path
    bounces: Path


@dataclass(frozen=True, slots=True)
class Cost:
    """One process: seconds of CPU and of the clock, and the most memory that it held (GB)."""

    cpu: float
    clock: float
    memory: float


def make(folder: Path, sends: int, bounces: int, leads: int, form: str) -> Files:
    """A campaign log, its lead list and what came back, written as `form`; the same figures give the same files."""
    rng = np.random.default_rng(4)
    email, lead_columns = _leads(rng, leads)
    lead, send_columns = _sends(rng, sends, email)
    files = Files(*(folder / f"{name}.{form}" for name in ("log", "leads", "bounces")))
    _write(pa.table(lead_columns), files.leads)
    _write(pa.table(send_columns), files.log)
    _write_bounces(_bounces(rng, bounces, lead, email, send_columns), files.bounces)
    return files


def _numbered(values: Any, width: int = 0) -> pa.Array:
    text = pc.cast(pa.array(values), pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def _picked(rng: np.random.Generator, words: tuple[str, ...], size: int) -> pa.Array:
    return pa.array(words).take(pa.array(rng.integers(0, len(words), size)))


def _leads(rng: np.random.Generator, leads: int) -> tuple[pa.Array, dict[str, pa.Array]]:
    # Few companies have many leads, most have two or three.
    company = (rng.random(leads) ** 2 * max(leads // 4, 1)).astype(np.int64)
    domain = pc.binary_join_element_wise(_numbered(company), "-company.", _picked(rng, ("com", "de", "fr"), leads), "")
    name = _picked(rng, ("anna", "ben", "carla", "david", "elena", "felix", "greta", "hugo"), leads)
    email = pc.binary_join_element_wise(name, ".", _numbered(np.arange(leads)), "@", domain, "")
    checked = pa.array(_START - rng.integers(0, 200, leads).astype("timedelta64[D]"))
    columns = {
        "email": email,
        "lead_id": pc.binary_join_element_wise("L", _numbered(np.arange(leads), 8), ""),
        "email_status": _picked(rng, _STATUSES, leads),
        "industry": _picked(rng, _INDUSTRIES, leads),
        "company": pc.binary_join_element_wise("Company ", _numbered(company), ""),
        "country": _picked(rng, _COUNTRIES, leads),
        "verified_at": pc.strftime(checked, "%Y-%m-%d"),
        "title": _picked(rng, _TITLES, leads),
    }
    return email, columns


def _sends(rng: np.random.Generator, sends: int, email: pa.Array) -> tuple[Any, dict[str, pa.Array]]:
    """Every lead gets its steps in turn, a few days apart; one address in a hundred is written in another way."""
    leads = len(email)
    number = np.arange(sends)
    lead, step = number % leads, number // leads % _STEPS
    campaign = lead * _CAMPAIGNS // leads
    hour = campaign * 96 + step * 72 + rng.integers(0, 24, sends)
    sent = pa.array(_START + (hour * 3600 + rng.integers(0, 3600, sends)).astype("timedelta64[s]"))
    recipient = email.take(pa.array(lead))
    odd = pa.array(rng.integers(0, 200, sends))
    named = pc.binary_join_element_wise("A Lead <", recipient, ">", "")
    recipient = pc.if_else(pc.equal(odd, 0), pc.utf8_upper(recipient), recipient)
    recipient = pc.if_else(pc.equal(odd, 1), named, recipient)
    sender = lead % _SENDERS
    mailbox = _numbered(sender)
    salt = _numbered(rng.integers(10**14, 10**15, sends))
    columns = {
        "recipient": recipient,
        "sent_at": pc.strftime(sent, "%Y-%m-%dT%H:%M:%SZ"),
        "campaign": pc.binary_join_element_wise("Campaign ", _numbered(campaign + 1), ""),
        "step": _numbered(step + 1),
        "sender": pc.binary_join_element_wise("rep", mailbox, "@sender", _numbered(sender % 6), ".example", ""),
        "message_id": pc.binary_join_element_wise("<", salt, ".", _numbered(number), "@mail.sender.example>", ""),
        "lead_id": pc.binary_join_element_wise("L", _numbered(lead, 8), ""),
    }
    return lead, columns


def _bounces(
    rng: np.random.Generator, bounces: int, lead: Any, email: pa.Array, sends: dict[str, pa.Array]
) -> list[tuple[Any, ...]]:
    """Rows of BOUNCE_COLUMNS: most name the Message-ID, some only a return path, a header or the recipient."""
    chosen = np.sort(rng.choice(len(lead), size=min(bounces, len(lead)), replace=False))
    picked = pa.array(chosen)
    to = email.take(pa.array(lead[chosen])).to_pylist()
    ids, lead_ids = sends["message_id"].take(picked).to_pylist(), sends["lead_id"].take(picked).to_pylist()
    sent = sends["sent_at"].take(picked).to_pylist()
    way, reply = rng.integers(0, 100, len(chosen)).tolist(), rng.integers(0, len(_REPLIES), len(chosen)).tolist()
    rows = []
    for number, address in enumerate(to):
        code, status, text, label, fault, reason = _REPLIES[reply[number]]
        how = way[number]
        day = int(sent[number][8:10])
        row: dict[str, Any] = dict.fromkeys(BOUNCE_COLUMNS, "") | {
            "source": f"bounces.mbox#{number}",
            "kind": "bounce",
            "received_at": f"{sent[number][:8]}{day:02d}T23:59:59Z",
            "recipient": address if how < 98 else f"stranger{number}@elsewhere.example",
            "original_message_id": ids[number] if how < 60 else "",
            "provider": ("google", "microsoft", "mimecast")[lead[chosen[number]] % 3],
            "action": "failed",
            "status": status,
            "reply": code,
            "diagnostic": text.format(to=address, n=number),
            "label": label,
            "fault": fault,
            "reason": reason,
            "transient": reason == "mailbox_full",
            "confidence": 0.98,
            "decided_by": f"rule:made/{reason}",
            "evidence": text.format(to=address, n=number)[:24],
            "retry_after_s": None,
            "format": "dsn",
            "record_id": f"{number:024x}",
            "delivered_to": f"bounces+{lead_ids[number]}@sender.example" if 60 <= how < 75 else "",
            "original_headers": f'{{"X-Lead-Id":"{lead_ids[number]}"}}' if 75 <= how < 85 else "",
        }
        rows.append(tuple(row[name] for name in BOUNCE_COLUMNS))
    return rows


def _write(table: pa.Table, path: Path) -> None:
    if path.suffix == ".parquet":
        pa.parquet.write_table(table, path)
        return
    pa.csv.write_csv(table, path, pa.csv.WriteOptions(quoting_style="needed"))


def _write_bounces(rows: list[tuple[Any, ...]], path: Path) -> None:
    write_rows(iter(rows), path, list(BOUNCE_COLUMNS))


def measure(command: list[str], text: str = "") -> tuple[Cost, str]:
    """What a process costs, its own children included, and what it wrote."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as told:
        given.write(text.encode())
        given.seek(0)
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=given, stdout=told)
        _, status, used = os.wait4(process.pid, 0)
        clock = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        told.seek(0)
        output = told.read().decode("utf-8", "replace")
    if process.returncode:
        sys.exit(f"{' '.join(command)}: ended with {process.returncode}\n{output}")
    # Linux counts in KiB, macOS in bytes.
    memory = used.ru_maxrss / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    return Cost(used.ru_utime + used.ru_stime, clock, memory), output


def diagnosis(files: Files, out: Path | None) -> Cost:
    """`bounce-analyzer diagnose` on the files, and its report where there is a folder for it."""
    command = [sys.executable, "-m", "analyzer", "diagnose", "--bounces", str(files.bounces), "--log", str(files.log)]
    command += ["--leads", str(files.leads), *(["--out", str(out)] if out else ["--json"])]
    return measure(command)[0]


def plain_duckdb(files: Files) -> Cost:
    """The same join and counts in DuckDB alone."""
    counts = "\n".join(_COUNT.format(name=name) for name in _DIMENSIONS)
    return measure([sys.executable, "-c", _PLAIN], _SQL.format(counts=counts, **_scans(files)))[0]


def _scans(files: Files) -> dict[str, str]:
    def scan(path: Path) -> str:
        return f"'{path}'" if path.suffix == ".parquet" else f"read_csv('{path}', all_varchar = true)"

    return {"leads": scan(files.leads), "log": scan(files.log), "bounces": scan(files.bounces)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sends", type=int, default=1_000_000)
    parser.add_argument("--bounces", type=int, default=30_000)
    parser.add_argument("--leads", type=int, default=200_000)
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    parser.add_argument("--keep", type=Path, help="make the files in this folder, and leave them there")
    parser.add_argument("--report", action="store_true", help="let diagnose write its report, too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="scale-") as temporary:
        folder = chosen.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        files = make(folder, chosen.sends, chosen.bounces, chosen.leads, chosen.format)
        print(f"{chosen.sends:,} sends, {chosen.bounces:,} bounces, {chosen.leads:,} leads, as {chosen.format}")
        print(f"{'':24}{'CPU s':>9}{'clock s':>9}{'GB':>7}")
        costs = []
        for name, run in (
            ("plain DuckDB", lambda: plain_duckdb(files)),
            ("diagnose", lambda: diagnosis(files, folder / "out" if chosen.report else None)),
        ):
            costs.append(cost := run())
            print(f"{name:24}{cost.cpu:9.1f}{cost.clock:9.1f}{cost.memory:7.2f}", flush=True)
        plain, ours = costs
        print(
            f"diagnose / plain DuckDB: {ours.cpu / plain.cpu:.2f} of CPU, {ours.clock / plain.clock:.2f} of the clock"
        )


if __name__ == "__main__":
    main()
