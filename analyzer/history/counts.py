"""What was sent and what came back, week by week, counted where it lies.

DuckDB counts the mails, and picks the few that any bounce could be about. A bounce that names a mail's Message-ID and
its recipient is about that mail; all others go through `correlate` with the mails they could be about, so that a
bounce means the same here as in `diagnose`. Bounces go to the week of their mail, however late they came.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.correlate.sends import normalise_senders
from analyzer.history.companies import AtCompanies, take_companies
from analyzer.history.iso_weeks import WEEK_US, Weeks
from analyzer.history.matching import MAIL, domain_of, take_bounces, take_matches
from analyzer.history.tables import NO_WEEK, SENDS
from analyzer.records import BOUNCE_COLUMNS, LEAD_COLUMNS
from analyzer.sources.tables.platforms import EXTRAS

if TYPE_CHECKING:
    from analyzer.correlate.outcomes import Judge
    from analyzer.history.files import TableFiles
    from analyzer.verp.keys import Keys

#: By what mails are counted, beside the week.
COUNTED_BY: tuple[str, ...] = ("sender", "sender_domain", "provider", "campaign")
#: What is counted: the table and the column that hold its values.
_VALUES = {
    "": ("cells", "''"),
    "sender": ("cells", "sender"),
    "campaign": ("cells", "campaign"),
    "provider": ("received", "provider"),
    "recipient_domain": ("received", "refusing"),
}
#: Recipient domains whose mails are counted, those that refused most, and from how many refusals on.
_REFUSING, _REFUSALS = 100, 5
#: Weeks before the last one that it is held against.
RECENT = 8
#: A bounce may come this many weeks after the week of its mail.
LATE_WEEKS = 5
#: A mail of these many weeks later may be what a bounce without a Message-ID is about.
_LATER_SENDS = 2


@dataclass(frozen=True, slots=True)
class Counts:
    """The mails of some weeks, `weeks.labels` in order.

    sends: by dimension of COUNTED_BY, by "" for all, and by "recipient_domain" for the domains that refused most:
    frames of `week` (number), `value`, `step` (of the sequence), `sends`.
    companies: how they lie at companies: under "" those of each week (number), and under -1 those of the RECENT weeks
    before the last together; under each dimension of COUNTED_BY those of the last week, by value.
    bounced: one row for each mail that bounced: `week` (number), the dimensions of COUNTED_BY, `step`,
    `recipient_domain`, `day` (of the mail, UTC), `kind`, `label`, `fault`, `reason`. last_bounce: when the last bounce
    that was read came (ISO 8601 UTC, "" for none).
    """

    weeks: Weeks
    sends: dict[str, pd.DataFrame]
    companies: dict[str, AtCompanies]
    bounced: pd.DataFrame
    last_bounce: str


def count_weeks(files: TableFiles, weeks: Weeks, judge: Judge | None = None, keys: Keys | None = None) -> Counts:
    """Count the mails of `weeks`, of which the workspace holds some, and what came back of them.

    judge: what reads the log's own reason texts, keys: of signed return paths, both as for `correlate`.
    """
    sends = files.relation("sends", weeks.partitions(later=_LATER_SENDS))
    bounces = files.relation("bounces", [*weeks.partitions(later=LATE_WEEKS), NO_WEEK])
    take_bounces(files, bounces)
    take_matches(files, sends, bounces, judge, keys)
    _decide(files)
    counted = _count(files, weeks, sends)
    last = files.con.execute("SELECT strftime(max(received), '%Y-%m-%dT%H:%M:%SZ') FROM back").fetchall()
    return Counts(
        weeks=weeks,
        sends=counted,
        companies=_companies(files, weeks, sends),
        bounced=_bounced(files, weeks),
        last_bounce=last[0][0] or "",
    )


@dataclass(frozen=True, slots=True)
class WeekRows:
    """The rows of some weeks, as `correlate` takes them: their mails, what came back of them and their leads.

    Bounces that no mail was found for stand in the week in which they came.
    """

    sends: pd.DataFrame
    bounces: pd.DataFrame
    leads: pd.DataFrame


def rows_of(files: TableFiles, weeks: Weeks) -> WeekRows:
    """The rows of `weeks`, after `count_weeks` on the same connection, of which they are some."""
    sends = files.relation("sends", weeks.partitions())
    bounces = files.relation("bounces", [*weeks.partitions(later=LATE_WEEKS), NO_WEEK])
    columns = ", ".join(name for name in SENDS.schema.names if name not in ("key", "week"))
    mails = files.rows(f"SELECT {columns} FROM {sends} WHERE {inside(weeks)} ORDER BY sent_at, key")  # noqa: S608
    back = files.rows(f"""
        SELECT {", ".join(BOUNCE_COLUMNS)} FROM {bounces}
        WHERE record_id IN (SELECT record_id FROM told WHERE {inside(weeks)})
            OR record_id IN (SELECT record_id FROM back WHERE {inside(weeks, "received")}
                             AND record_id NOT IN (SELECT record_id FROM told))
        ORDER BY received_at, record_id
    """)  # noqa: S608
    leads = files.rows(f"""
        SELECT {", ".join((*LEAD_COLUMNS, *EXTRAS))} FROM {files.relation("leads")}
        WHERE address_key(email) IN (SELECT address_key(recipient) FROM {sends} WHERE {inside(weeks)})
            OR lower(lead_id) IN (SELECT lower(lead_id) FROM {sends} WHERE {inside(weeks)} AND lead_id <> '')
        ORDER BY email
    """)  # noqa: S608
    return WeekRows(mails, back, leads)


def written_before(files: TableFiles, weeks: Weeks, number: int) -> frozenset[str]:
    """Of those written to in the last `number` of `weeks`, the keys of those who were written to in the ones before."""
    earlier, last = weeks.before(number), weeks.last(number)
    if not earlier.labels:
        return frozenset()
    found = files.rows(f"""
        SELECT DISTINCT address_key(recipient) AS key FROM {files.relation("sends", earlier.partitions())}
        WHERE {inside(earlier)} AND address_key(recipient) IN (
            SELECT address_key(recipient) FROM {files.relation("sends", last.partitions())} WHERE {inside(last)}
        )
    """)  # noqa: S608
    return frozenset(found["key"])


def last_sent(files: TableFiles, before: int) -> datetime | None:
    """The last moment before `before` (microseconds since 1970, UTC) at which a mail was sent; None without one."""
    for week in reversed(files.weeks("sends")):
        query = (
            f"SELECT epoch_us(max(sent_at)) FROM {files.relation('sends', [week])} WHERE epoch_us(sent_at) < {before}"  # noqa: S608
        )
        found = files.con.execute(query).fetchall()[0][0]
        if found is not None:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(found))
    return None


def _decide(files: TableFiles) -> None:
    """Table `outcomes`: what counts of each mail that bounced; a complaint outweighs a bounce, and both the log's flag.

    Table `domains`: who runs the receiving side of a domain, by most of its bounces, else by its name.
    """
    from analyzer.classify.providers import known

    con = files.con
    con.execute(f"""
        CREATE TEMP TABLE outcomes AS
        SELECT {MAIL}, kind, label, fault, reason, provider, {domain_of("told.recipient")} AS recipient_domain
        FROM (
            SELECT *, NOT sure AND bool_or(sure AND worded AND label IN ('hard', 'spam'))
                OVER (PARTITION BY key, kind) AS outranked
            FROM told JOIN (SELECT * EXCLUDE (recipient) FROM back) b USING (record_id)
        ) told
        QUALIFY row_number() OVER (
            PARTITION BY key
            ORDER BY kind = 'complaint' DESC, outranked, vagueness, words DESC, received DESC NULLS LAST, record_id
        ) = 1
    """)  # noqa: S608
    con.execute("DELETE FROM outcomes WHERE key IN (SELECT key FROM flagged WHERE kind = 'complaint')")
    con.execute(f"""
        INSERT INTO outcomes SELECT {MAIL}, kind, label, fault, reason, '', {domain_of("recipient")}
        FROM flagged JOIN candidates USING (key) WHERE key NOT IN (SELECT key FROM outcomes)
    """)  # noqa: S608
    names = {domain: one.name for one in known().values() for domain in one.domains}
    files.take("consumer", pd.DataFrame({"domain": list(names), "provider": list(names.values())}, dtype="str"))
    con.execute("""
        CREATE TEMP TABLE domains AS
        WITH most AS (
            SELECT domain, provider
            FROM (SELECT recipient_domain AS domain, provider, count(*) AS bounces FROM outcomes WHERE provider <> ''
                  GROUP BY recipient_domain, provider)
            QUALIFY row_number() OVER (PARTITION BY domain ORDER BY bounces DESC, provider) = 1
        )
        FROM most UNION ALL FROM consumer WHERE domain NOT IN (SELECT domain FROM most)
    """)
    con.execute(f"""
        CREATE TEMP TABLE looked_up AS
        WITH refusing AS (
            SELECT recipient_domain AS domain FROM outcomes WHERE label = 'spam' AND fault <> 'complaint'
            GROUP BY recipient_domain HAVING count(*) >= {_REFUSALS}
            ORDER BY count(*) DESC, recipient_domain LIMIT {_REFUSING}
        )
        SELECT domain, provider, CASE WHEN refusing.domain IS NULL THEN '' ELSE domain END AS refusing
        FROM domains FULL JOIN refusing USING (domain)
    """)  # noqa: S608


def _count(files: TableFiles, weeks: Weeks, sends: str) -> dict[str, pd.DataFrame]:
    """The mails of each week, in all and by each dimension.

    Two passes over the files, each over few columns: what the log says of the sender's side repeats so often that it is
    counted as it is stored, while the recipient's domain has to be made out mail by mail.
    """
    _cells(files, "cells", "sender, campaign", sends, weeks)
    _cells(files, "by_domain", f"{domain_of('recipient')} AS domain", sends, weeks)
    files.con.execute("""
        CREATE TEMP TABLE received AS
        SELECT week, step, coalesce(provider, '') AS provider, coalesce(refusing, '') AS refusing, sum(sends) AS sends
        FROM by_domain LEFT JOIN looked_up USING (domain) GROUP BY ALL
    """)
    found = {}
    for name, (table, value) in _VALUES.items():
        query = f"SELECT week, {value} AS value, step, CAST(sum(sends) AS BIGINT) AS sends FROM {table} GROUP BY ALL"  # noqa: S608
        found[name] = files.rows(query)
    found["recipient_domain"] = found["recipient_domain"].query("value != ''")
    found["sender"]["value"] = normalise_senders(found["sender"]["value"])
    found["sender_domain"] = found["sender"].assign(value=_domains(found["sender"]["value"]))
    return {
        name: frame.groupby(["week", "value", "step"], as_index=False)["sends"]
        .sum()
        .query("sends > 0")
        .reset_index(drop=True)
        for name, frame in found.items()
    }


def _companies(files: TableFiles, weeks: Weeks, sends: str) -> dict[str, AtCompanies]:
    """How mails lie at companies, after `_count`."""
    last = len(weeks.labels) - 1
    files.con.execute(f"""
        CREATE TEMP VIEW of_weeks AS
        SELECT week AS value, domain, sends FROM by_domain
        UNION ALL SELECT -1, domain, sends FROM by_domain WHERE week >= {last - RECENT} AND week < {last}
    """)  # noqa: S608
    found = {"": take_companies(files, "of_weeks", "value")}
    # Most of what is held: a row for each week, step and domain.
    files.con.execute("DROP VIEW of_weeks; DROP TABLE by_domain")
    _cells(files, "last_sent", f"sender, campaign, {domain_of('recipient')} AS domain", sends, weeks.last())
    senders = files.rows("SELECT DISTINCT sender FROM last_sent ORDER BY sender")
    mailbox = normalise_senders(senders["sender"])
    files.take("mailboxes", senders.assign(mailbox=mailbox, host=_domains(mailbox)).astype("str"))
    files.con.execute("""
        CREATE TEMP VIEW of_last_week AS
        SELECT mailbox AS sender, host AS sender_domain, coalesce(provider, '') AS provider, campaign, domain, sends
        FROM last_sent JOIN mailboxes USING (sender) LEFT JOIN looked_up USING (domain)
    """)
    return found | {name: take_companies(files, "of_last_week", name) for name in COUNTED_BY}


def _cells(files: TableFiles, name: str, columns: str, sends: str, weeks: Weeks) -> None:
    """Table `name`: `sends` by week, step and `columns`, without what the log says was not sent."""
    for relation, count, into in (
        (sends, "count(*)", f"CREATE TEMP TABLE {name} AS"),
        ("unsent", "-count(*)", f"INSERT INTO {name}"),
    ):
        files.con.execute(f"""
            {into} SELECT {week_of(weeks)} AS week, step, {columns}, {count} AS sends
            FROM {relation} WHERE {inside(weeks)} GROUP BY ALL
        """)  # noqa: S608


def _bounced(files: TableFiles, weeks: Weeks) -> pd.DataFrame:
    """The mails that bounced; the provider is that of the domain, as where mails are counted."""
    rows = files.rows(f"""
        SELECT {week_of(weeks)} AS week, sender, campaign, step, coalesce(domains.provider, '') AS provider,
            recipient_domain,
            strftime(sent_at, '%Y-%m-%d') AS day, kind, label, fault, reason
        FROM outcomes LEFT JOIN domains ON domains.domain = recipient_domain
        WHERE {inside(weeks)} ORDER BY sent_at, key
    """)  # noqa: S608
    rows["sender"] = normalise_senders(rows["sender"])
    rows["sender_domain"] = _domains(rows["sender"])
    return rows


def _domains(senders: pd.Series[str]) -> pd.Series[str]:
    distinct = senders.drop_duplicates()
    domains = distinct.str.extract(r"@([^@]*)$", expand=False).fillna("")
    found: pd.Series[str] = senders.map(dict(zip(distinct, domains, strict=True))).astype("str")
    return found


def week_of(weeks: Weeks) -> str:
    """SQL for the number of the week that `sent_at` lies in; the moment must lie in one of them.

    Weeks in which the clocks are changed are an hour longer or shorter: there the next bound decides.
    """
    moment, first = "epoch_us(sent_at)", weeks.bounds[0]
    number = f"(({moment} - {first}) // {WEEK_US})"
    if all(later - earlier == WEEK_US for earlier, later in zip(weeks.bounds, weeks.bounds[1:], strict=False)):
        return number
    bounds = "[" + ", ".join(f"{bound}" for bound in weeks.bounds) + "]"
    before = f"CAST({moment} < {bounds}[{number} + 1] AS BIGINT)"
    behind = f"CAST(coalesce({moment} >= {bounds}[{number} + 2], false) AS BIGINT)"
    return f"({number} - {before} + {behind})"


def inside(weeks: Weeks, column: str = "sent_at") -> str:
    return f"({column} >= make_timestamptz({weeks.bounds[0]}) AND {column} < make_timestamptz({weeks.bounds[-1]}))"
