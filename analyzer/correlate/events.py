"""A log with a row for each happening (sent, opened, bounced) as one with a row for each mail."""

from __future__ import annotations

import pandas as pd

from analyzer.correlate.flags import says

_MARKED = ("yes", "maybe", "complaint")


def fold_events(rows: pd.DataFrame, events: pd.Series) -> tuple[pd.DataFrame, int]:
    """(the rows of mails, how many rows told only what became of one).

    rows: `key`, `campaign`, `step`, `message_id`, `sent_at`, `flag`, `bounced`, `bounce_reason`. events: what each row
    tells. Rows that are about a mail that another row says was sent go, and leave their flag there: the mail of the
    same step or Message-ID, else the lead's last one in the campaign. Where no row says so, the first one about a mail
    stands for it.
    """
    sent = says(events, "sent")
    rows = rows.copy()
    index = pd.Series(rows.index, index=rows.index)
    step = rows["key"] + "\0" + rows["campaign"] + "\0" + rows["step"]
    mail = rows["message_id"].where(rows["message_id"] != "")
    lead = rows["key"] + "\0" + rows["campaign"]
    target = pd.Series(pd.NA, index=rows.index, dtype="Int64")
    timed = rows["sent_at"].sort_values(na_position="first", kind="stable").index
    for name, exact in ((mail, True), (step.where(rows["step"] != ""), True), (lead, False)):
        anchors = pd.Series(name[sent].reindex([place for place in timed if sent[place]])).dropna()
        keep = anchors[~anchors.duplicated(keep="last")]
        found = name.map(pd.Series(keep.index, index=keep.to_numpy()))
        target = target.fillna(found.astype("Int64")) if exact or len(keep) else target
    target = target.mask(sent, index.astype("Int64"))
    # Nothing says that this mail was sent, but something happened to it.
    orphans = target.isna()
    if bool(orphans.any()):
        own = mail.fillna(step)[orphans]
        first = own.reindex([place for place in timed if orphans[place]])
        first = first[~first.duplicated()]
        target = target.fillna(own.map(pd.Series(first.index, index=first.to_numpy())).astype("Int64"))
    kept = target == index
    moved = rows[~kept & rows["flag"].isin(_MARKED)]
    rank = moved["flag"].map({name: place for place, name in enumerate(_MARKED)})
    moved = moved.assign(rank=rank, target=target[moved.index].astype("int64")).sort_values("rank", kind="stable")
    for columns, told in ((["flag", "bounced"], moved), (["bounce_reason"], moved[moved["bounce_reason"] != ""])):
        last = told.drop_duplicates("target", keep="last").set_index("target")
        rows.loc[last.index, columns] = last[columns]
    return rows[kept.to_numpy(dtype=bool)].reset_index(drop=True), int((~kept).sum())
