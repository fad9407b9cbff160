"""What happened to mail that was sent before: addresses and domains that bounced, who refused us, patterns that failed.

Without the log of what was sent, every bounce is taken at its word; with one, only those tied to a mail of ours are
and those that the log itself tells of, and each lead's chance to bounce is learnt as `diagnose` learns it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from analyzer.addresses.key import address_key, domain_key, in_ascii
from analyzer.check.facts import score
from analyzer.errors import AnalyzerError
from analyzer.records import COUNTED_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from analyzer.verp.keys import Keys

Source: TypeAlias = str | Path

_DEAD = frozenset({"domain_not_found", "no_mail_server"})
#: Refusals of whoever the receiver does not know; other spam-fault refusals are about our own reputation or content.
_UNKNOWN_SENDER = frozenset({"recipient_restricted", "policy", "sender_rejected"})
_LONGEST = 160
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Bounce:
    """One bounce of an address: when (ISO 8601 UTC or ""), and how."""

    at: str
    label: str
    fault: str
    reason: str
    transient: bool
    text: str

    def told(self) -> str:
        """In a few words: `bounced 2026-03-02 (user_unknown): 550 5.1.1 No such user`."""
        when = f" {self.at[:10]}" if self.at else ""
        return f"bounced{when} ({self.reason})" + (f": {self.text}" if self.text else "")


@dataclass(frozen=True, slots=True)
class AtDomain:
    """What the bounces of one domain say."""

    bad_addresses: int = 0
    dead: str = ""
    refused: str = ""
    #: shape of the local part -> addresses of that shape that do not exist
    failed_shapes: Mapping[str, int] = field(default_factory=dict)


_NOTHING = AtDomain()


@dataclass(slots=True)
class History:
    """Bounces by address (its key, the worst of each) and by domain (in A-labels).

    `blocking`: gateways that refuse us as unknown, and how often; `chances`: the chance of a bad address by address,
    where sends were given; `bounces`: how many were read; by the log of sends: `opted_out`, the keys of who asked out,
    `refusing`, domains (in A-labels) of companies that refuse us as a whole, `dead`, domains that take no mail,
    `taken`, the day (of the epoch) of the last mail of ours that an address took, by its key, and `unread`, how many
    leads bounced for no known reason where that is too many to learn from.
    """

    addresses: dict[str, Bounce] = field(default_factory=dict)
    domains: dict[str, AtDomain] = field(default_factory=dict)
    blocking: dict[str, int] = field(default_factory=dict)
    chances: dict[str, float] = field(default_factory=dict)
    bounces: int = 0
    opted_out: frozenset[str] = frozenset()
    refusing: frozenset[str] = frozenset()
    dead: frozenset[str] = frozenset()
    taken: dict[str, int] = field(default_factory=dict)
    unread: int = 0
    warnings: list[str] = field(default_factory=list)

    def at(self, domain: str) -> AtDomain:
        """What is known of a domain."""
        return self.domains.get(domain, _NOTHING)


def history_of(rows: Iterable[Mapping[str, Any]]) -> History:
    """The history in bounce rows (BOUNCE_COLUMNS; those of other kinds than bounces and complaints say nothing)."""
    found = History()
    limits = score()
    refusals: dict[str, list[str]] = defaultdict(list)
    by_domain: dict[str, dict[str, Bounce]] = defaultdict(dict)
    for row in rows:
        if row.get("kind", "bounce") not in COUNTED_KINDS:
            continue
        found.bounces += 1
        bounce = Bounce(
            str(row.get("received_at") or ""),
            str(row.get("label") or ""),
            str(row.get("fault") or ""),
            str(row.get("reason") or ""),
            row.get("transient") in {True, "true", "True"},
            " ".join(str(row.get("diagnostic") or "").split())[:_LONGEST],
        )
        # Where mail was forwarded, the address that we wrote to is the one that is on the list.
        for name in ("original_recipient", "recipient"):
            address = address_key(str(row.get(name) or "").strip())
            if "@" not in address:
                continue
            held = found.addresses.get(address)
            if held is None or _worse(bounce, held):
                found.addresses[address] = bounce
            domain = in_ascii(domain_key(address.rpartition("@")[2]))
            by_domain[domain][address] = found.addresses[address]
            if bounce.fault == "recipient" and bounce.reason in _UNKNOWN_SENDER:
                provider = str(row.get("provider") or "")
                refusals[provider].append(domain)
            break
    for domain, bounces in by_domain.items():
        found.domains[domain] = _at_domain(bounces)
    from analyzer.addresses.words import words

    for provider, domains in refusals.items():
        enough = len(domains) >= limits.gateway_refusals and len(set(domains)) >= limits.gateway_domains
        if provider in words().gateways and enough:
            found.blocking[provider] = len(domains)
    return found


def read_history(
    sources: Sequence[Source | pd.DataFrame],
    *,
    leads: pd.DataFrame | None = None,
    logs: Sequence[Source | pd.DataFrame] = (),
    log_leads: Sequence[Source | pd.DataFrame] = (),
    jobs: int | None = 1,
    keys: Keys | None = None,
    rules: Path | None = None,
) -> History:
    """The history in bounce sources (or tables or frames of `parse`), sharpened by the logs of what was sent.

    `leads` is the list to be checked, as `LeadList.frame` gives it. keys: of signed
    return paths. rules: a folder of the user's own rules, asked before the shipped ones. Errors as `diagnose`.
    """
    rows: list[Mapping[str, Any]] = []
    warnings: list[str] = []
    for source in sources:
        found, unread = _rows(source, jobs, rules)
        rows += found
        warnings += unread
    history = _tied(rows, leads, logs, log_leads, keys, rules) if logs else history_of(rows)
    history.warnings = [*warnings, *history.warnings]
    return history


def _rows(
    source: Source | pd.DataFrame, jobs: int | None, rules: Path | None
) -> tuple[list[Mapping[str, Any]], list[str]]:
    if not isinstance(source, (str, Path)):
        # What a frame has no text for is blank, not "nan".
        told = source.astype(object).where(source.notna(), None)
        return [{str(name): value for name, value in row.items()} for row in told.to_dict("records")], []
    from analyzer.api import ParseRun
    from analyzer.sources.own_rows import is_own_rows, read_own_rows

    if is_own_rows(source):
        strangers = _strangers_in(Path(source))
        own = list(read_own_rows(Path(source)))
        return [row for row in own if (row["source"], row["record_id"]) not in strangers], []
    run = ParseRun([source], jobs=jobs, rules=rules)
    rows = list(run)
    broken = run.reading.broken
    return list(rows), [
        f"Files or messages of {source} that could not be read as bounces: {broken:,}."
    ] if broken else []


def _strangers_in(path: Path) -> frozenset[tuple[str, str]]:
    """(source, record_id) of the suspected forgeries in the bounces.csv of a diagnosis, and of bounces that were tied
    to no mail there: a stranger's words, who may date his mail before the log."""
    import csv

    if path.suffix.lower() != ".csv":
        return frozenset()
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as handle:
        told = csv.DictReader(handle)
        if "suspected_forged" not in (told.fieldnames or ()):
            return frozenset()
        return frozenset(
            (str(row.get("source") or ""), str(row.get("record_id") or ""))
            for row in told
            if (row["suspected_forged"] or "").lower() == "true" or not row.get("match_method", "untold")
        )


def _tied(
    rows: list[Mapping[str, Any]],
    leads: pd.DataFrame | None,
    logs: Sequence[Source | pd.DataFrame],
    log_leads: Sequence[Source | pd.DataFrame],
    verp_keys: Keys | None,
    rules: Path | None,
) -> History:
    """The history of bounces that belong to a send of ours, with the chance of each lead."""
    from analyzer.classify import classifier_of
    from analyzer.correlate import address_keys, correlate
    from analyzer.correlate.sends import TELLING
    from analyzer.diagnose.ahead.list_ahead import list_ahead
    from analyzer.diagnose.ahead.list_bars import closed_companies
    from analyzer.diagnose.ahead.suppression_list import dead_domains
    from analyzer.diagnose.data.unread import unread
    from analyzer.diagnose.estimates.past import history as learn
    from analyzer.diagnose.leads.arrived import arrived
    from analyzer.diagnose.leads.asked import asked
    from analyzer.diagnose.leads.contacts import contacts
    from analyzer.sources.tables import read_tables
    from analyzer.sources.tables.folders import tables_in

    sent = tables_in(logs)
    tables = read_tables([*((path, "log") for path in sent), *((path, "leads") for path in tables_in(log_leads))])
    correlated = correlate(
        rows,
        tables[: len(sent)],
        tables[len(sent) :] or None,
        leads,
        judge=classifier_of(rules).classify if rules else None,
        verp_keys=verp_keys,
    )
    if not rows and not correlated.have & TELLING:
        raise AnalyzerError("a log of what was sent says nothing without the bounces of it: give them as history too")
    bounces = correlated.bounces
    tied = bounces[bounces["send_id"].notna() & (bounces["duplicate_of"] == "")]
    written_to = correlated.sends.set_index("send_id")["recipient"]
    tied = tied.assign(original_recipient=written_to.reindex(tied["send_id"].astype("int64")).to_numpy())
    told = _told_by_log(correlated.sends, tied["send_id"])
    each = chain(tied.to_dict("records"), told.to_dict("records"))
    history = history_of({str(name): value for name, value in row.items()} for row in each)
    history.opted_out = correlated.opted_out
    untied = int(bounces["send_id"].isna().sum())
    if untied:
        history.warnings.append(f"Bounces of the history that belong to no send of the log, left out: {untied:,}.")
    if correlated.next_leads is not None:
        counted = contacts(correlated)
        learnt, addresses, _ = asked(correlated, counted)
        ahead = list_ahead(learnt, addresses, learn(addresses), (correlated, counted))
        keys = address_keys(correlated.next_leads["email"].astype("str"))
        free = ahead.barred == ""
        history.refusing = frozenset(map(in_ascii, closed_companies(correlated, counted)))
        history.dead = frozenset(map(in_ascii, dead_domains(counted, correlated)))
        history.taken = arrived(correlated, counted).on_day()
        history.unread = unread(counted)
        if history.unread:
            history.warnings.append(
                f"Leads of the history that bounced for no known reason: {history.unread:,}. How likely a lead is to "
                "bounce is not learnt from it; the bounces themselves say why."
            )
        else:
            history.chances = dict(zip(keys[free], (float(chance) for chance in ahead.chance[free]), strict=True))
    return history


def _told_by_log(sends: pd.DataFrame, heard: pd.Series[int]) -> pd.DataFrame:
    """Bounces that the log alone tells of, as bounce rows, each at the time of its mail; `heard`: sends with others."""
    told = sends.loc[(sends["label"].astype("str") != "") & ~sends["send_id"].isin(heard)]
    told = told[["recipient", "label", "fault", "reason", "transient", "diagnostic", "provider", "sent_at"]]
    return told.assign(received_at=told["sent_at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ").fillna("")).astype(object)


def shape_of(local: str) -> str:
    """How a local part is built, as far as it shows: `jane.roe` is "w.w", `j.roe` "i.w"; "" where nothing shows."""
    parts = re.split(r"([._-])", local.lower())
    if len(parts) < 3 or not all(_WORD.fullmatch(part) for part in parts[::2]):
        return ""
    return "".join(part if place % 2 else "i" if len(part) == 1 else "w" for place, part in enumerate(parts))


def _at_domain(bounces: Mapping[str, Bounce]) -> AtDomain:
    bad = {address: one for address, one in bounces.items() if one.fault == "address" and not one.transient}
    shapes: dict[str, int] = defaultdict(int)
    for address, one in bad.items():
        shape = shape_of(address.rpartition("@")[0])
        if shape and one.reason in {"user_unknown", "recipient_rejected"}:
            shapes[shape] += 1
    dead = next((one.told() for one in bad.values() if one.reason in _DEAD), "")
    # A domain that answered for another address of it is there.
    alive = any(one.reason not in _DEAD for one in bounces.values())
    refused = next(
        (one.told() for one in bounces.values() if one.fault == "recipient" and one.reason in _UNKNOWN_SENDER), ""
    )
    return AtDomain(len(bad), "" if alive else dead, refused, dict(shapes))


def _rank(bounce: Bounce) -> int:
    if bounce.fault == "complaint":
        return 4
    if bounce.fault == "address" and not bounce.transient:
        return 3
    if bounce.fault == "mailbox":
        return 2
    return 1 if bounce.label == "spam" else 0


def _worse(one: Bounce, other: Bounce) -> bool:
    return (_rank(one), one.at) > (_rank(other), other.at)
