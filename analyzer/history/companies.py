"""How mails lie at companies, counted where they are: what one company does to its mails is not many observations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from analyzer.history.files import TableFiles


@dataclass(frozen=True, slots=True)
class AtCompanies:
    """How the mails of some groups lie at companies: recipient domains, but for those of free mail.

    groups: `value`, `shared` (mails at companies with several of the group's), `companies` (how many such), `pairs`
    (ordered pairs of mails at one); groups without any are left out.
    bouncing: `value`, `domain`, `mails`: such companies that any mail came back from.
    """

    groups: pd.DataFrame
    bouncing: pd.DataFrame


def take_companies(files: TableFiles, mails: str, value: str) -> AtCompanies:
    """Count a table of `domain`, `sends` and a column of groups; the table `outcomes` has what came back."""
    from analyzer.diagnose.leads.free_mail import consumer_domains

    files.take("free_mail", pd.DataFrame({"domain": consumer_domains()}, dtype="str"))
    files.con.execute(f"""
        CREATE TEMP TABLE together AS
        SELECT {value} AS value, domain, CAST(sum(sends) AS BIGINT) AS mails FROM {mails}
        WHERE domain NOT IN (FROM free_mail) GROUP BY ALL HAVING sum(sends) > 1
    """)  # noqa: S608
    groups = files.rows("""
        SELECT value, CAST(sum(mails) AS BIGINT) AS shared, count(*) AS companies,
            CAST(sum(mails * (mails - 1)) AS BIGINT) AS pairs
        FROM together GROUP BY value ORDER BY value
    """)
    bouncing = files.rows("""
        SELECT value, domain, mails FROM together
        WHERE domain IN (SELECT recipient_domain FROM outcomes) ORDER BY value, domain
    """)
    files.con.execute("DROP TABLE together; DROP TABLE free_mail")
    return AtCompanies(groups, bouncing)
