"""How long does `weekly` take over a long history, and what does it read? Held against DuckDB on the same files.

    python benchmarks/weekly_scale.py [--sends 5000000] [--weeks 104] [--place DIR]

Builds a workspace's `sends` and `bounces` tables, runs `bounce-analyzer weekly` as a whole process, then the bare
query, and prints the ratio of the two (processor and wall time), the memory at its peak, and what was read. A history
that is already at --place is used again, and kept.

The bare query counts, for the same weeks, the mails, hard and spam bounces and bad addresses of each week and step: in
all, by sender mailbox, sender domain, receiving provider and campaign. It writes addresses and ids in one case as
`weekly` does, ties bounces by Message-ID and recipient, else by recipient within two weeks, and takes a domain's
provider from most of its bounces, else from the table of consumer domains. It does not do the other things of
`weekly`: bounces told by headers or return paths, copies of one failure, the log's own flags, alarms, and the diagnosis
of the week's mails. It is written twice: as one writes it, and tuned to what DuckDB is quick at.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deltalake
import duckdb
import pyarrow as pa

from analyzer.history.iso_weeks import weeks_until, zone_of
from analyzer.history.tables import BOUNCES, SENDS

#: The Monday on which the history begins.
START = "2024-09-02"
REPORTED = 27
SENDERS, CAMPAIGNS = 400, 300

_SENDS = """
    SELECT left(md5('s' || i), 24) AS key, recipient, sent_at, campaign, CAST(1 + i % 3 AS VARCHAR) AS step, sender,
        '<' || left(md5('m' || i), 20) || '@' || split_part(sender, '@', 2) || '>' AS message_id,
        CAST(lead AS VARCHAR) AS lead_id, '' AS bounced, '' AS bounce_reason, '' AS state,
        CASE WHEN lead % 5 < 3 THEN 'verified' WHEN lead % 5 = 3 THEN 'guessed' ELSE 'catch_all' END AS email_status,
        CASE lead % 7 WHEN 0 THEN 'Banking' WHEN 1 THEN 'Pharmaceuticals' ELSE 'Software' END AS industry,
        '' AS company, '' AS country, CAST(NULL AS TIMESTAMPTZ) AS verified_at, '' AS title,
        'yes' AS sent_at_zoned, week
    FROM (
        SELECT i, lead, week,
            'person' || lead || '@' || CASE WHEN domain % 12 = 0 THEN 'gmail.com'
                ELSE 'company' || domain || '.example' END AS recipient,
            TIMESTAMPTZ '{start} 00:00:00+00' + to_microseconds(CAST(i * {step_us} AS BIGINT)) AS sent_at,
            'mailbox' || (hash(i) % {senders}) || '@out' || (hash(i) % {senders} % 40) || '.example' AS sender,
            'Campaign ' || (i * {campaigns} // {total} + hash(i, 1) % 4) AS campaign
        FROM (SELECT i, hash(i, 2) % {leads} AS lead, hash(i, 2) % {leads} % {domains} AS domain, '{week}' AS week
              FROM range({first}, {last}) numbers(i))
    )
"""

_BOUNCES = """
    SELECT left(md5('b' || key), 24) AS key, 'bounces.mbox#' || n AS source,
        CASE WHEN n % 97 = 0 THEN 'complaint' ELSE 'bounce' END AS kind,
        strftime(sent_at + to_seconds(20 + hash(n, 3) % 90000), '%Y-%m-%dT%H:%M:%SZ') AS received_at,
        recipient, '' AS original_recipient, sender,
        CASE WHEN hash(n, 4) % 10 < 9 THEN message_id ELSE '' END AS original_message_id, 'Quick question' AS subject,
        'mx.out.example' AS reporting_mta, 'mx.' || split_part(recipient, '@', 2) AS remote_mta,
        CASE WHEN hash(recipient) % 3 = 0 THEN 'microsoft' WHEN hash(recipient) % 3 = 1 THEN 'google' ELSE '' END
            AS provider, 'failed' AS action,
        CASE WHEN hard THEN '5.1.1' ELSE '5.7.1' END AS status, '550' AS reply,
        CASE WHEN hard THEN '550 5.1.1 <' || recipient || '>: Recipient address rejected: User unknown in table ' || n
            ELSE '550 5.7.1 Our system has detected that this message is likely unsolicited mail ' || n END
            AS diagnostic,
        CASE WHEN hard THEN 'hard' ELSE 'spam' END AS label, CASE WHEN hard THEN 'address' ELSE 'content' END AS fault,
        CASE WHEN hard THEN 'user_unknown' ELSE 'spam_content' END AS reason, false AS transient, 0.97 AS confidence,
        'rule:x' AS decided_by, '' AS evidence, '' AS blocklist, CAST(NULL AS BIGINT) AS retry_after_s, 'dsn' AS format,
        left(md5('b' || key), 24) AS record_id, 'bounce@out.example' AS delivered_to, '' AS original_headers,
        '' AS provider_class,
        strftime(sent_at + to_seconds(20 + hash(n, 3) % 90000), '%G-W%V') AS week
    FROM (SELECT *, hash(n) % 3 < 2 AS hard FROM (SELECT *, row_number() OVER (ORDER BY key) AS n FROM sent
          WHERE hash(key) % {every} = 0))
"""

#: What a person would ask DuckDB for: bounces first, and who runs each domain by most of them. Then every mail with its
#: bounce, by Message-ID and recipient, else by recipient within two weeks.
_BACK = """
    CREATE TEMP TABLE back AS
    SELECT lower(recipient) AS recipient, lower(trim(original_message_id, '<> ')) AS message_id,
        lower(split_part(recipient, '@', -1)) AS domain, arg_min(label, received_at) AS label,
        arg_min(fault, received_at) AS fault, max(provider) AS provider,
        min(CAST(received_at AS TIMESTAMPTZ)) AS received
    FROM {bounces} WHERE kind IN ('bounce', 'complaint') GROUP BY ALL;
    CREATE TEMP TABLE providers AS
    SELECT domain, mode(provider) AS provider FROM back WHERE provider <> '' GROUP BY domain
    UNION ALL FROM consumer WHERE domain NOT IN (SELECT domain FROM back WHERE provider <> '');
"""
_SENT = """
    (SELECT week, step, lower(sender) AS sender, split_part(lower(sender), '@', -1) AS sender_domain, campaign, sent_at,
        lower(recipient) AS recipient, lower(split_part(recipient, '@', -1)) AS domain,
        lower(trim(message_id, '<> ')) AS message_id FROM {sends})
"""
_GROUPS = """
    GROUP BY GROUPING SETS ((week, step), (week, step, sender), (week, step, sender_domain), (week, step, provider),
        (week, step, campaign))
"""
_BARE = f"""
    SELECT week, step, sender, sender_domain, provider, campaign, count(*) AS mails,
        count(*) FILTER (label = 'hard') AS hard, count(*) FILTER (label = 'spam') AS spam,
        count(*) FILTER (fault = 'address') AS address
    FROM (
        SELECT s.week, s.step, s.sender, s.sender_domain, p.provider, s.campaign, coalesce(i.label, r.label) AS label,
            coalesce(i.fault, r.fault) AS fault
        FROM {_SENT} s
        LEFT JOIN (SELECT * FROM back WHERE message_id <> '') i
            ON i.message_id = s.message_id AND i.recipient = s.recipient
        LEFT JOIN (SELECT * FROM back WHERE message_id = '') r
            ON r.recipient = s.recipient AND r.received BETWEEN s.sent_at AND s.sent_at + INTERVAL 14 DAY
        LEFT JOIN providers p ON p.domain = s.domain
    )
    {_GROUPS}
"""
#: The same by one who knows what DuckDB is quick at, and that few mails bounce: columns that repeat are counted as they
#: are stored, the domain is made out in a scan of its own, and only what bounced is joined.
_TUNED = f"""
    WITH cells AS (
        SELECT week, step, lower(sender) AS sender, split_part(lower(sender), '@', -1) AS sender_domain, campaign, mails
        FROM (SELECT week, step, sender, campaign, count(*) AS mails FROM {{sends}} GROUP BY ALL)
    ),
    received AS (
        SELECT week, step, coalesce(provider, '') AS provider, count(*) AS mails
        FROM (SELECT week, step, lower(split_part(recipient, '@', -1)) AS domain FROM {{sends}})
        LEFT JOIN providers USING (domain) GROUP BY ALL
    ),
    named AS (
        SELECT s.week, s.step, lower(s.sender) AS sender, split_part(lower(s.sender), '@', -1) AS sender_domain,
            coalesce(p.provider, '') AS provider, s.campaign, b.label, b.fault
        FROM {{sends}} s JOIN back b ON b.recipient = lower(s.recipient) LEFT JOIN providers p ON p.domain = b.domain
        WHERE b.message_id = lower(trim(s.message_id, '<> '))
            OR b.message_id = '' AND b.received BETWEEN s.sent_at AND s.sent_at + INTERVAL 14 DAY
    )
    SELECT week, step, sender, sender_domain, NULL AS provider, campaign, sum(mails) AS mails, 0 AS hard, 0 AS spam,
        0 AS address
    FROM cells
    GROUP BY GROUPING SETS ((week, step), (week, step, sender), (week, step, sender_domain), (week, step, campaign))
    UNION ALL SELECT week, step, NULL, NULL, provider, NULL, mails, 0, 0, 0 FROM received
    UNION ALL SELECT week, step, sender, sender_domain, provider, campaign, 0, count(*) FILTER (label = 'hard'),
        count(*) FILTER (label = 'spam'), count(*) FILTER (fault = 'address')
    FROM named {_GROUPS}
"""


def build(place: Path, sends: int, weeks: int, every: int) -> None:
    """The two tables, a commit for each week, as a team that takes its log in once a week has them."""
    import datetime as dt

    con = duckdb.connect()
    con.execute("SET timezone = 'UTC'")
    monday = dt.date.fromisoformat(START)
    step_us = weeks * 7 * 86_400_000_000 / sends
    for number in range(weeks):
        year, week, _ = (monday + dt.timedelta(weeks=number)).isocalendar()
        first, last = -(-sends * number // weeks), -(-sends * (number + 1) // weeks)
        con.execute(
            "CREATE OR REPLACE TEMP TABLE sent AS "
            + _SENDS.format(
                start=START,
                step_us=step_us,
                senders=SENDERS,
                campaigns=CAMPAIGNS,
                total=sends,
                leads=max(sends // 3, 1),
                domains=max(sends // 60, 1),
                week=f"{year}-W{week:02d}",
                first=first,
                last=last,
            )
        )
        _add(place / "sends", con.sql("SELECT * FROM sent").to_arrow_table(), SENDS.schema)
        bounced = con.sql(_BOUNCES.format(every=every)).to_arrow_table()
        _add(place / "bounces", bounced, BOUNCES.schema)


def _add(where: Path, rows: pa.Table, schema: pa.Schema) -> None:
    """Append rows; what a workspace keeps and the query has no use for is blank."""
    for name in schema.names:
        if name not in rows.column_names:
            rows = rows.append_column(name, pa.array([""] * len(rows)))
    deltalake.write_deltalake(str(where), rows.select(schema.names).cast(schema), partition_by=["week"], mode="append")


def bare(place: Path, weeks: list[str], query: str) -> None:
    """The query alone, in a process of its own."""
    from analyzer.classify.providers import known

    con = duckdb.connect()
    con.execute("SET timezone = 'UTC'")
    files = {}
    for name in ("sends", "bounces"):
        table = deltalake.DeltaTable(str(place / name))
        paths = table.file_uris(file_pruning_predicate=[("week", "in", weeks)])
        files[name] = f"read_parquet({paths!r}, hive_partitioning = true)"
    con.execute("CREATE TEMP TABLE consumer (domain VARCHAR, provider VARCHAR)")
    con.executemany(
        "INSERT INTO consumer VALUES (?, ?)", [(domain, one.name) for one in known().values() for domain in one.domains]
    )
    con.execute(_BACK.format(**files))
    rows = con.execute(query.format(**files)).fetchall()
    # Each of the five groupings counts every mail.
    mails, hard, spam, address = (sum(row[place] for row in rows) // 5 for place in range(6, 10))
    print(f"{len(rows):,} rows: {mails:,} mails, {hard:,} hard, {spam:,} spam, {address:,} bad addresses")


def timed(*arguments: str) -> tuple[float, float, float, str]:
    """(wall s, processor s, peak MB, what it printed) of this program run with `arguments`."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, __file__, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    if status:
        raise SystemExit(f"{' '.join(arguments)}: failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sends", type=int, default=5_000_000)
    parser.add_argument("--weeks", type=int, default=104)
    parser.add_argument("--every", type=int, default=50, help="one mail in so many bounces")
    parser.add_argument("--place", type=Path)
    parser.add_argument("--bare", metavar="WEEKS", help=argparse.SUPPRESS)
    parser.add_argument("--tuned", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--weekly", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        query = _TUNED if arguments.tuned else _BARE
        bare(arguments.place / "workspace", json.loads(arguments.bare), query)
        return
    if arguments.weekly:
        weekly(arguments.place)
        return
    place = arguments.place or Path(tempfile.mkdtemp(prefix="weekly-scale-"))
    try:
        run(place, arguments)
    finally:
        if not arguments.place:
            shutil.rmtree(place, ignore_errors=True)


def run(place: Path, arguments: argparse.Namespace) -> None:
    space = place / "workspace"
    if not (space / "sends").is_dir():
        began = time.perf_counter()
        build(space, arguments.sends, arguments.weeks, arguments.every)
        print(f"built in {time.perf_counter() - began:.0f} s")
    actions = {name: deltalake.DeltaTable(str(space / name)) for name in ("sends", "bounces")}
    sizes = {name: pa.table(table.get_add_actions(flatten=True)) for name, table in actions.items()}
    for name, files in sizes.items():
        size = sum(files["size_bytes"].to_pylist()) / 1e6
        print(f"{name}: {sum(files['num_records'].to_pylist()):,} rows, {files.num_rows} files, {size:,.0f} MB")
    labels = sorted({part["week"] for part in actions["sends"].partitions()})
    weeks = weeks_until(labels[-1], REPORTED - 1, zone_of("")).partitions()
    for name, files in sizes.items():
        read = sum(week in weeks for week in files["partition.week"].to_pylist())
        print(f"{name}: {read} of {files.num_rows} files are of the {len(weeks)} weeks that are read")
    asked = ("--place", str(place), "--bare", json.dumps(weeks))
    whole = timed("--place", str(place), "--weekly")
    print(f"weekly, the whole process: {_told(whole)}")
    print(whole[3])
    for name, alone in (("bare query", timed(*asked)), ("tuned", timed(*asked, "--tuned"))):
        print(f"{name}: {_told(alone)}   ({alone[3]})")
        ratios = f"{whole[1] / alone[1]:.2f} times its processor time, {whole[0] / alone[0]:.2f} times its wall time"
        print(f"  weekly takes {ratios}")


def _told(run: tuple[float, float, float, str]) -> str:
    return f"{run[0]:.1f} s, {run[1]:.1f} s of processor, {run[2]:,.0f} MB"


def weekly(place: Path) -> None:
    """The whole report, written; prints the processor seconds of its parts."""
    from analyzer.api import weekly as api
    from analyzer.diagnose.weeks import leads as week_leads
    from analyzer.history import counts

    spent = {"counting": 0.0, "diagnosis": 0.0}

    def measured(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            began = time.process_time()
            try:
                return function(*args, **options)
            finally:
                spent[name] += time.process_time() - began

        return call

    counts.count_weeks = measured("counting", counts.count_weeks)  # type: ignore[assignment]
    api._mails = measured("diagnosis", api._mails)  # type: ignore[assignment]
    week_leads.diagnosis_of_week = measured("diagnosis", week_leads.diagnosis_of_week)  # type: ignore[assignment]
    week_leads.new_leads = measured("diagnosis", week_leads.new_leads)  # type: ignore[assignment]
    run = api.run_weekly(place / "workspace")
    run.write(place / "weekly")
    for name, seconds in spent.items():
        print(f"  {name} {seconds:.1f} s of processor")
    print(f"  {run.week.week}: {run.week.sends:,} mails, {[one.now.count for one in run.week.figures]}")


if __name__ == "__main__":
    main()
