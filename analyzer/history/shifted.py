"""Mails that a workspace holds already, at other times: the same log taken in again with another `--timezone`.

A mail without a Message-ID is told by its time, so that every one of them would be kept, and counted, twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from analyzer.errors import UnreadableInputError
from analyzer.history.files import TableFiles
from analyzer.history.tables import SENDS, sends_of, weeks

if TYPE_CHECKING:
    from analyzer.history.workspace import Workspace

#: So many recipients of a log are looked at, spread over all of it.
_SAMPLE = 500
#: And so great a share of their mails has to be there at another time: a log may have grown since.
_ENOUGH = 0.1
#: Zones differ by whole quarter hours, and only on paper by a day or more.
_STEP_US, _MOST_US = 15 * 60 * 1_000_000, 24 * 60 * 60 * 1_000_000
_DAY = pd.Timedelta(days=1)


def refuse_shifted(workspace: Workspace, log: pd.DataFrame, path: str, *, sha256: str) -> None:
    """`UnreadableInputError` where the workspace holds mails of `log` (canonical columns) at times of another zone.

    Such a mail has the recipient, campaign, step and sender of one in the workspace, is whole quarter hours away from
    it, and either one's zone was known where the other's was not, or this very file (`sha256`) was taken in before.
    """
    recipients = log["recipient"].drop_duplicates()
    chosen = recipients.iloc[:: max(1, len(recipients) // _SAMPLE)]
    # All mails of a recipient, for they are numbered among those that are alike.
    asked = sends_of(log[log["recipient"].isin(chosen)]).to_pandas()
    asked = asked[(asked["message_id"].str.strip("<> ") == "") & asked["sent_at"].notna()]
    if asked.empty:
        return
    near = pd.concat([weeks(asked["sent_at"] + shift) for shift in (-_DAY, 0 * _DAY, _DAY)]).unique()
    with TableFiles(workspace.place, workspace.storage_options) as files:
        if not set(near) & set(files.weeks(SENDS.name)):
            return
        again = sha256 in set(workspace.runs().query("kind == 'log'")["sha256"])
        files.take("asked", asked)
        away = "abs(epoch_us(kept.sent_at) - epoch_us(asked.sent_at))"
        (found,) = files.rows(f"""
            WITH kept AS (FROM {files.relation(SENDS.name, list(near))} WHERE trim(message_id, '<> ') = ''
                          AND address_key(recipient) IN (SELECT address_key(recipient) FROM asked)),
                 fresh AS (FROM asked WHERE key NOT IN (SELECT key FROM kept))
            SELECT count(DISTINCT asked.key)::BIGINT AS shifted, (SELECT count(*) FROM fresh)::BIGINT AS fresh
            FROM fresh AS asked JOIN kept ON address_key(kept.recipient) = address_key(asked.recipient)
                 AND kept.campaign = asked.campaign AND kept.step = asked.step AND kept.sender = asked.sender
            WHERE {away} % {_STEP_US} = 0 AND {away} BETWEEN 1 AND {_MOST_US - 1}
                  AND kept.key NOT IN (SELECT key FROM asked)
                  AND ({again} OR kept.sent_at_zoned <> asked.sent_at_zoned)
        """).to_dict("records")  # noqa: S608 - names and numbers of our own
    if found["shifted"] and found["shifted"] >= _ENOUGH * found["fresh"]:
        problem = f"its mails are in {workspace.place} already, at the times of another zone: they would count twice"
        remedy = "give the same --timezone as then, or none as then; if that was wrong, take all into a new workspace"
        raise UnreadableInputError(path, problem, remedy)
