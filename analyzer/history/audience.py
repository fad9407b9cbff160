"""Whom the mails of some weeks went to: leads first written to, and mails by what is known of their leads.

Asked after `count_weeks` on the same connection, whose tables `outcomes` and `unsent` are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.correlate.industries import normalise_industries
from analyzer.correlate.statuses import normalise_statuses
from analyzer.history.companies import AtCompanies, take_companies
from analyzer.history.counts import inside, week_of

if TYPE_CHECKING:
    from analyzer.history.files import TableFiles
    from analyzer.history.iso_weeks import Weeks

#: What is known of a lead that mails are told apart by, as a lead list has it.
_FACTS = ("email_status", "industry", "list_source")


@dataclass(frozen=True, slots=True)
class FirstWritten:
    """Leads by the week in which they were first written to, of the weeks that were counted.

    leads: how many by week, in order. companies: how they lie at companies, by number of the week. bad: those whose
    address was bad then, `week` (number) and `domain`.
    """

    leads: list[int]
    companies: AtCompanies
    bad: pd.DataFrame


def first_written(files: TableFiles, weeks: Weeks) -> FirstWritten:
    """The leads first written to in each of `weeks`, those that were counted."""
    files.con.execute(f"""
        CREATE TEMP TABLE first_written AS
        SELECT who, min(week) AS week, split_part(who, '@', -1) AS domain, 1 AS sends
        FROM (SELECT address_key(recipient) AS who, {week_of(weeks)} AS week
              FROM {files.relation("sends", weeks.partitions())}
              WHERE {inside(weeks)} AND key NOT IN (SELECT key FROM unsent))
        GROUP BY who
    """)  # noqa: S608
    counted = files.rows("SELECT week, count(*) AS leads FROM first_written GROUP BY week")
    leads = counted.set_index("week")["leads"].reindex(range(len(weeks.labels)), fill_value=0)
    bad = files.rows(f"""
        SELECT DISTINCT first_written.week, who, domain
        FROM first_written JOIN (
            SELECT address_key(recipient) AS who, {week_of(weeks)} AS week
            FROM outcomes WHERE fault = 'address' AND {inside(weeks)}
        ) USING (who, week) ORDER BY week, who
    """)  # noqa: S608
    companies = take_companies(files, "first_written", "week")
    files.con.execute("DROP TABLE first_written")
    return FirstWritten([int(one) for one in leads], companies, bad.drop(columns="who"))


def audience(files: TableFiles, weeks: Weeks, counted: Weeks) -> pd.DataFrame:
    """The mails of `weeks`, some of the last that were `counted`, by what is known of their leads.

    One row for each `week` (number among those counted), `step`, `email_status`, `industry_group` and `list_source`
    ("" for not known): `sends`, and of these `address` (bad addresses) and `spam`. No rows without a lead list.
    """
    told = ", ".join(f"coalesce(max({name}), '') AS {name}" for name in _FACTS)
    known = ", ".join(f"coalesce(nullif(who.{name}, ''), sends.{name}, '') AS {name}" for name in _FACTS)
    files.con.execute(f"""
        CREATE TEMP TABLE who AS
        SELECT address_key(email) AS who, {told} FROM {files.relation("leads")} GROUP BY 1;
        CREATE TEMP VIEW to_whom AS
        SELECT key, {week_of(counted)} AS week, step, {known}
        FROM {files.relation("sends", weeks.partitions())} AS sends LEFT JOIN who ON address_key(recipient) = who
        WHERE {inside(weeks)}
    """)  # noqa: S608
    facts = ", ".join(_FACTS)
    rows = files.rows(f"""
        SELECT week, step, {facts}, count(*) AS sends, count(*) FILTER (fault = 'address') AS address,
            count(*) FILTER (label = 'spam') AS spam
        FROM to_whom ANTI JOIN unsent USING (key) LEFT JOIN (SELECT key, fault, label FROM outcomes) USING (key)
        GROUP BY ALL
    """)  # noqa: S608
    files.con.execute("DROP VIEW to_whom; DROP TABLE who")
    rows["email_status"] = normalise_statuses(rows["email_status"]).where(rows["email_status"] != "", "")
    group = normalise_industries(rows["industry"])["industry_group"]
    rows["industry_group"] = group.where(rows["industry"] != "", "")
    by = ["week", "step", "email_status", "industry_group", "list_source"]
    return rows.groupby(by, as_index=False)[["sends", "address", "spam"]].sum()
