"""Which mail of a workspace each bounce is about, without reading all of its mails into memory.

The rules are those of `correlate`: its first one (the Message-ID, where one mail to that recipient has it) is done
here in SQL, for it settles most bounces, and the rest is done by `correlate` itself on the mails that could be meant.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pandas as pd

from analyzer.correlate import address_keys, correlate, normalise_addresses
from analyzer.correlate.clues import Clues, clues_of
from analyzer.correlate.flags import is_known, read_flags
from analyzer.correlate.signatures import FORM
from analyzer.errors import UnreadableInputError
from analyzer.records import BOUNCE_COLUMNS, COUNTED_KINDS, SEND_COLUMNS, SENT_AT_ZONED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from analyzer.correlate import Correlated
    from analyzer.correlate.outcomes import Judge
    from analyzer.history.files import TableFiles
    from analyzer.verp.keys import Keys

#: What is kept of a mail that bounced.
MAIL = "key, recipient, sent_at, sender, campaign, step"
#: Reasons that leave open what exactly was wrong; another copy of the same failure says more (`correlate`).
_VAGUE = ("", "unspecified", "recipient_rejected", "expired", "policy", "server_error")
#: Of the bounces that a Message-ID settled, so many for each domain show `correlate` that our own mail is named so, and
#: so many for each reporter that it reports our mail.
_WITNESSES = 3
#: What is looked at closely is looked at with these columns.
_CLOSE = ", ".join((*SEND_COLUMNS, SENT_AT_ZONED, "state", "key"))
#: SQL: what stands in a log with a name or in brackets is compared by `correlate`, and so is what the log marks.
_IN_BRACKETS = "contains(recipient, '<')"
_MARKED = "(bounced, state) IN (SELECT (bounced, state) FROM marks) OR bounce_reason <> ''"
#: What the log says was perhaps not sent: whether it was, `correlate` tells from all that is said of the lead.
_HELD_BACK = "(bounced, state) IN (SELECT (bounced, state) FROM marks WHERE unsent)"
#: Stands, where recipients are looked up, for all that has to be looked at closely; no address.
_LOOK_CLOSER = "<"
_RECIPIENT = "address_key(recipient)"
_FLAGGED = ("key", "kind", "label", "fault", "reason")


def domain_of(column: str) -> str:
    """SQL for the domain of an address, also where a log writes it with a name and brackets."""
    plain = f"split_part(address_key({column}), '@', -1)"
    return f"CASE WHEN ends_with({column}, '>') THEN rtrim({plain}, '> ') ELSE {plain} END"


def take_bounces(files: TableFiles, bounces: str) -> None:
    """Table `back`: the bounces that count, by what they are told by, and what they say; `vagueness` 0 says most."""
    kinds = ", ".join(f"'{kind}'" for kind in sorted(COUNTED_KINDS))
    vague = ", ".join(f"'{reason}'" for reason in _VAGUE)
    files.con.execute(f"""
        CREATE TEMP TABLE back AS
        SELECT record_id, CASE kind WHEN '' THEN 'bounce' ELSE kind END AS kind,
            address_key(recipient) AS recipient, address_key(original_recipient) AS original_recipient,
            lower(trim(original_message_id, '<> ')) AS message_id, label, diagnostic <> '' AS worded,
            regexp_extract(lower(reporting_mta), '[^.; ]+[.][^.; ]+$') AS reporter,
            regexp_matches(concat(delivered_to, ' ', original_headers), '{FORM}') AS signed, fault, reason, provider,
            TRY_CAST(received_at AS TIMESTAMPTZ) AS received, length(diagnostic) AS words,
            CASE WHEN label IN ('hard', 'spam') THEN 0 ELSE 8 END
                + CASE WHEN diagnostic = '' OR (decided_by = 'code' AND provider_class <> '') THEN 4 ELSE 0 END
                + CASE WHEN reason IN ({vague}) THEN 2 ELSE 0 END
                + CASE WHEN status = '' THEN 1 ELSE 0 END AS vagueness
        FROM {bounces} WHERE kind IN ({kinds}, '')
    """)  # noqa: S608


def take_matches(files: TableFiles, sends: str, bounces: str, judge: Judge | None, keys: Keys | None = None) -> None:
    """Which mail each bounce is about, and what the log says of mails itself.

    Table `told`: record_id with the mail's own columns. `candidates`: mails that were looked at closely. `flagged`: key
    and outcome of mails that only the log says bounced. `unsent`: rows of the log that were never sent.
    """
    con = files.con
    marks = _take_marks(files, sends)
    _take_pool(files, sends, marks)
    con.execute(f"""
        CREATE TEMP TABLE told AS
        WITH ids AS (
            SELECT record_id, unnest([message_id, '<' || message_id || '>']) AS id, recipient AS first,
                original_recipient AS other FROM back WHERE message_id <> '' {"AND NOT signed" if keys else ""}
        )
        SELECT record_id, {MAIL}, true AS sure FROM pool JOIN ids ON lower(message_id) = id
        WHERE ({_RECIPIENT} = first OR {_RECIPIENT} = other) AND NOT ({_HELD_BACK})
        QUALIFY count(*) OVER (PARTITION BY record_id) = 1;
        CREATE TEMP TABLE rest AS SELECT record_id FROM back WHERE record_id NOT IN (SELECT record_id FROM told);
    """)  # noqa: S608
    others = _bounce_rows(files, bounces, "SELECT record_id FROM rest")
    _take_candidates(files, sends, others, marks)
    witnesses = _bounce_rows(files, bounces, "SELECT record_id FROM witnesses")
    mails = files.rows(f"SELECT {_CLOSE} FROM candidates ORDER BY sent_at, key")  # noqa: S608
    _take_correlated(files, pd.concat([others, witnesses], ignore_index=True), mails, judge, keys)


def _take_marks(files: TableFiles, sends: str) -> bool:
    """Table `marks`: the words of the log's own columns that tell what became of a mail; whether there are any.

    Most logs say "no" or "completed" of all mails: those are not worth a look.
    """
    said = files.rows(f"""
        SELECT bounced, state FROM {sends} WHERE bounced <> '' OR state <> '' GROUP BY ALL ORDER BY ALL
    """)  # noqa: S608
    telling, unsent = (pd.Series(False, index=said.index) for _ in range(2))
    for name in ("bounced", "state"):
        words = said[name].str.strip()
        flags = read_flags(words)
        telling |= (words != "") & ((flags != "") | ((name == "bounced") & ~is_known(words)))
        unsent |= flags == "not_sent"
    files.take("marks", said[telling].astype("str").assign(unsent=unsent[telling]))
    return bool(telling.any()) or bool(
        files.con.execute(f"SELECT 1 FROM {sends} WHERE bounce_reason <> '' LIMIT 1").fetchall()  # noqa: S608
    )


def _bounce_rows(files: TableFiles, bounces: str, which: str) -> pd.DataFrame:
    columns = ", ".join(BOUNCE_COLUMNS)
    return files.rows(f"""
        SELECT {columns} FROM {bounces} WHERE record_id IN ({which}) ORDER BY received_at, record_id
    """)  # noqa: S608


def _take_pool(files: TableFiles, sends: str, marks: bool) -> None:
    """Table `pool`: the mails to the recipients that bounces name, and those that the log marks.

    One test of one value for each mail: DuckDB answers that at once, and an OR of several many times slower.
    """
    files.con.execute(f"""
        CREATE TEMP TABLE whom AS
        SELECT recipient FROM back UNION SELECT original_recipient FROM back UNION SELECT '{_LOOK_CLOSER}'
    """)  # noqa: S608
    closer = f"{_IN_BRACKETS} OR {_MARKED}" if marks else _IN_BRACKETS
    files.con.execute(f"""
        CREATE TEMP TABLE pool AS SELECT {_CLOSE} FROM {sends}
        WHERE CASE WHEN {closer} THEN '{_LOOK_CLOSER}' ELSE {_RECIPIENT} END IN (SELECT recipient FROM whom)
    """)  # noqa: S608


def _take_candidates(files: TableFiles, sends: str, others: pd.DataFrame, marks: bool) -> None:
    """Tables `candidates`: the mails that the other bounces could be about, and those that the log marks.

    `witnesses`: bounces that are settled, and that `correlate` has to know of: of marked leads, and a few of each
    domain of our Message-IDs.
    """
    tests = [_IN_BRACKETS]
    elsewhere: dict[str, list[str]] = {}
    for number, (value, values) in enumerate(_wanted(_clues(others)).items()):
        if values:
            files.take(f"wanted{number}", pd.DataFrame({"value": sorted(values)}, dtype="str"))
            tests.append(f"{value} IN (SELECT value FROM wanted{number})")  # noqa: S608
            unseen = f"SELECT value FROM wanted{number}"  # noqa: S608
            if value == _RECIPIENT:
                # The mails to those whom a bounce names as recipients are there.
                unseen += " EXCEPT FROM whom"
                if not files.con.execute(f"SELECT 1 FROM ({unseen}) LIMIT 1").fetchall():  # noqa: S608
                    continue
            column = next(name for name in ("recipient", "message_id", "lead_id") if name in value)
            elsewhere.setdefault(column, []).append(f"{value} IN ({unseen})")
    _add_to_pool(files, sends, elsewhere)
    if marks:
        tests.append(_MARKED)
    files.con.execute(f"CREATE TEMP TABLE candidates AS SELECT {_CLOSE} FROM pool WHERE {' OR '.join(tests)}")  # noqa: S608
    files.con.execute(f"""
        CREATE TEMP TABLE witnesses AS
        SELECT record_id, key FROM told JOIN (SELECT record_id, message_id, reporter FROM back) USING (record_id)
        QUALIFY row_number() OVER (PARTITION BY split_part(message_id, '@', -1) ORDER BY record_id) <= {_WITNESSES}
            OR row_number() OVER (PARTITION BY reporter ORDER BY record_id) <= {_WITNESSES}
        UNION SELECT record_id, key FROM told WHERE {"true" if marks else "false"}
            AND {_RECIPIENT} IN (SELECT {_RECIPIENT} FROM candidates WHERE bounced <> '' OR state <> ''
                                     OR bounce_reason <> '');
        INSERT INTO candidates SELECT {_CLOSE} FROM pool
        WHERE key IN (SELECT key FROM witnesses) AND key NOT IN (SELECT key FROM candidates);
    """)  # noqa: S608


def _add_to_pool(files: TableFiles, sends: str, elsewhere: dict[str, list[str]]) -> None:
    """Mails that ids, return paths or headers name, whoever their recipient: into `pool`.

    elsewhere: tests by the column that they read. That column alone is searched; the others are read where it has any.
    """
    found = []
    for column, tests in elsewhere.items():
        files.con.execute(f"""
            CREATE TEMP TABLE found_{column} AS SELECT DISTINCT {column} FROM {sends} WHERE {" OR ".join(tests)}
        """)  # noqa: S608
        if files.con.execute(f"SELECT 1 FROM found_{column} LIMIT 1").fetchall():  # noqa: S608
            found.append(f"{column} IN (FROM found_{column})")
    if found:
        files.con.execute(f"""
            INSERT INTO pool SELECT {_CLOSE} FROM {sends}
            WHERE ({" OR ".join(found)}) AND key NOT IN (SELECT key FROM pool)
        """)  # noqa: S608


def _wanted(clues: list[Clues]) -> dict[str, set[str]]:
    """By SQL of a mail's column, the values that make it one that these bounces could be about; see `correlate.match`.

    A provider names an id without the domain that the mail carries behind it, or the other way round.
    """
    tokens = {one for each in clues for one in (*each.return_tokens, *each.header_values)}
    ids = {one for each in clues for one in each.ids} | tokens
    ids |= {one.partition("@")[0] for one in ids}
    bare = {one for one in ids if "@" not in one}
    whom = {one for each in clues for one in (*each.recipients, *each.return_addresses, *each.header_addresses)}
    wanted = {_RECIPIENT: whom, "lower(message_id)": ids | {f"<{one}>" for one in ids}}
    if tokens or any("@" not in one for each in clues for one in each.ids):
        wanted["split_part(lower(trim(message_id, '<> ')), '@', 1)"] = bare
    return wanted | {"lower(lead_id)": tokens}


def _clues(others: pd.DataFrame) -> list[Clues]:
    recipients = address_keys(normalise_addresses(others["recipient"]))
    originals = address_keys(normalise_addresses(others["original_recipient"]))
    rest: Iterable[tuple[str, str, str]] = zip(
        others["original_message_id"], others["delivered_to"], others["original_headers"], strict=True
    )
    return [clues_of(one, other, *told) for one, other, told in zip(recipients, originals, rest, strict=True)]


def _take_correlated(
    files: TableFiles, bounces: pd.DataFrame, mails: pd.DataFrame, judge: Judge | None, keys: Keys | None
) -> None:
    """What `correlate` says of the other bounces and of the marked mails, into `told`, `flagged` and `unsent`."""
    matched = pd.DataFrame({"record_id": [], "key": []}, dtype="str").assign(sure=False)
    flagged = pd.DataFrame({name: [] for name in _FLAGGED}, dtype="str")
    unsent = pd.DataFrame({"key": []}, dtype="str")
    if len(mails):
        settled = int(files.con.execute("SELECT count(*) FROM told").fetchall()[0][0])
        sent: set[str] = set()
        # Where the log says of every one of them that it was not sent, there is nothing to compare with.
        with suppress(UnreadableInputError):
            # The title of a lead serves no matching: it carries the mail's key through.
            log = mails.rename(columns={"key": "title"})
            found = correlate(bounces, log, judge=judge, verp_keys=keys, proven=settled)
            matched, flagged, sent = _matched(found), _flagged(found), set(found.sends["title"])
        unsent = pd.DataFrame({"key": sorted(set(mails["key"]) - sent)}, dtype="str")
    files.take("matched", matched)
    files.take("flagged", flagged)
    files.take("unsent_keys", unsent)
    files.con.execute(f"""
        INSERT INTO told SELECT record_id, {MAIL}, sure FROM matched JOIN candidates USING (key)
        WHERE record_id IN (SELECT record_id FROM rest);
        CREATE TEMP TABLE unsent AS SELECT {MAIL} FROM candidates WHERE key IN (SELECT key FROM unsent_keys);
    """)  # noqa: S608


def _matched(found: Correlated) -> pd.DataFrame:
    tied = found.bounces[found.bounces["send_id"].notna()]
    keys = found.sends.set_index("send_id")["title"]
    return (
        pd.DataFrame({"record_id": tied["record_id"], "key": tied["send_id"].map(keys)})
        .astype("str")
        .assign(sure=tied["sure"].to_numpy(dtype=bool))
        .drop_duplicates(["record_id", "key"])
    )


def _flagged(found: Correlated) -> pd.DataFrame:
    rows = found.sends[(found.sends["label"] != "") & (found.sends["record_id"] == "")]
    kind = rows["fault"].map(lambda fault: "complaint" if fault == "complaint" else "bounce")
    columns = {
        "key": rows["title"],
        "kind": kind,
        "label": rows["label"],
        "fault": rows["fault"],
        "reason": rows["reason"],
    }
    return pd.DataFrame(columns).astype("str")
