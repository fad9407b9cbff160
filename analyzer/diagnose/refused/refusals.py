"""The leads refused as spam, and whose side each refusal speaks for.

What a reply says goes first: it names a fault of ours, or a rule of the recipient's, or it only calls the mail
unwanted.
The last kind says little by itself, and is told apart by where it comes from: open industries are the test of the
sender's health, an excess in strict ones is theirs, and one company that refuses forty leads is one fact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import test_proportions_2indep

from analyzer.diagnose.arrays import Codes, Flags, Reals, grouped, sums
from analyzer.diagnose.diagnosis import Interval
from analyzer.diagnose.estimates.rates import clustered_rate, design_effect
from analyzer.diagnose.estimates.resampling import permutation_p
from analyzer.diagnose.leads.companies import company_of
from analyzer.diagnose.leads.contacts import Contacts, dimension
from analyzer.diagnose.leads.free_mail import free_mail
from analyzer.diagnose.refused.fix_rules import kinds_named, recipients_own
from analyzer.diagnose.refused.named import KINDS
from analyzer.diagnose.refused.strictness import Moved, learnt_groups
from analyzer.diagnose.thresholds import Refusals as Limits
from analyzer.diagnose.thresholds import thresholds
from analyzer.sources.tables import parse_times

if TYPE_CHECKING:
    from analyzer.correlate import Correlated
    from analyzer.correlate.outcomes import Judge

Party: TypeAlias = Literal["sender", "recipient", "open"]

#: Reasons that name the recipient's own rule.
OWN_RULE = frozenset({"recipient_restricted", "policy"})
#: What decides on a refusal that gives no reason: rules of last resort, and what is no word at all.
_VAGUE = ("rule:broad/", "code", "model", "default")
#: Reasons of which the words tell more: whether they name a rule, and which list.
_READ_AGAIN = ("policy", "ip_blocklisted", "domain_blocklisted", "url_blocklisted")
#: Reasons that speak of the sender's standing; all others only call the mail unwanted.
STANDING = frozenset({"ip_reputation", "domain_reputation", "rate_limited", "too_many_connections", "sender_rejected"})


@dataclass(frozen=True, slots=True)
class Findings:
    """What the refusals show.

    `refused` has one row per lead refused: `row` of its mail, `reason`, `fault`, `diagnostic`, `blocklist`,
    `sender_domain` and `day` (of the mail, "" unknown), `tried` (days from then until it came back, NaN unknown),
    `own_rule` (the recipient's own doing, by its reason or its words), `kind` (of the fault of ours that it names, one
    of KINDS, "" for none), `domain`, `group`, `provider` and `party`, whose side the refusal was put down to ("open":
    neither is shown). `proofs` are kinds beyond doubt;
    `health` is the rate among open industries without the recipients' own rules; `strict_p` is the chance of an excess
    as large in strict industries (None: not comparable); `excess` how many of their refusals, put down to us because
    open industries refuse as well, go beyond what those do.
    `compared` are the rates in open and strict industries that it is about, without what names a cause on our side and
    without the companies of `blocking`: one that refuses everything is one fact, in whichever group it is.
    `unknown` leads bounced for a cause that nobody can read; `overall`, `unnamed` (without named faults of ours) and
    `own_rule_rate` are rates of all leads, `strict_unnamed` (without the companies of `blocking`), `open_unnamed` and
    `unclassified_unnamed` of those in such industries.
    `moved` are industries that count as strict or open by the sender's own data, `companies` how many were written to.
    """

    leads: int
    unknown: int
    refused: pd.DataFrame
    proofs: tuple[str, ...]
    overall: Interval
    unnamed: Interval
    strict_unnamed: Interval
    open_unnamed: Interval
    unclassified_unnamed: Interval
    own_rule: bool
    own_rule_rate: Interval
    blocking: tuple[str, ...]
    open_rate: Interval
    strict_rate: Interval
    health: Interval
    unhealthy: bool
    standing: bool
    strict_p: float | None
    compared: tuple[Interval, Interval]
    strict_excess: bool
    excess: int
    moved: tuple[Moved, ...] = ()
    companies: int = 0

    @property
    def rate(self) -> float:
        """Refused leads of all leads."""
        return len(self.refused) / self.leads if self.leads else 0.0

    @property
    def sender(self) -> bool:
        """Whether anything shows a fault of ours."""
        return bool(self.proofs) or self.unhealthy or self.standing

    @property
    def recipient(self) -> bool:
        """Whether anything shows that recipients block by themselves."""
        return self.own_rule or self.strict_excess or bool(self.blocking)

    @property
    def mixed_in(self) -> int:
        """Refusals by unclassified industries that are of the same kind as the strict ones': the recipients' own.

        Open industries show beyond doubt that our mail is in order and strict ones refuse more; what lies between the
        two rates needs no cause of its own, for unclassified leads are some of each. Else 0.
        """
        line = thresholds().deliverability.block_line
        between, strict, healthy = self.unclassified_unnamed, self.strict_unnamed, self.open_unnamed
        if self.sender or not self.strict_excess or healthy.high is None or healthy.high > line:
            return 0
        if between.estimate is None or strict.high is None or between.estimate > strict.high:
            return 0
        rows = self.refused
        return int(((rows["group"] == "unclassified") & (rows["party"] == "open")).sum())

    def part(self, party: Party) -> int:
        """Refusals put down to a party; what strict industries refuse beyond open ones is theirs."""
        counted = int((self.refused["party"] == party).sum())
        return counted + {"sender": -self.excess, "recipient": self.excess, "open": 0}[party]


def findings(correlated: Correlated, contacts: Contacts, *, seed: int) -> Findings:
    """Weigh all refusals of the campaign."""
    limits = thresholds().deliverability
    refused = _refused(correlated, contacts)
    spam = contacts.leads["spam"].to_numpy()
    domain = company_of(contacts)
    own_rule = refused["own_rule"].to_numpy(dtype=np.bool_)
    named = (refused["kind"] != "").to_numpy(dtype=np.bool_)
    # Beside the named faults, which hit every industry alike, what is left to explain.
    left = _flag(len(spam), refused["lead"][~named])
    ours = _flag(len(spam), refused["lead"][~own_rule])
    group, moved = learnt_groups(replace(contacts, domain=domain), left, _difference_p)
    refused = refused.assign(group=group[refused["lead"].to_numpy(dtype=np.int64)])

    is_open, is_strict = group == "open", group == "strict"
    open_rate = clustered_rate(spam[is_open], domain[is_open])
    strict_rate = clustered_rate(spam[is_strict], domain[is_strict])
    proofs = tuple(kind for kind in KINDS if _proven(refused, kind, len(spam)))
    # Who greylists has not made up his mind.
    unnamed = refused[~named & (refused["reason"] != "greylisted").to_numpy()]
    # Beside many refusals for our standing, a company that refuses as a whole weighs little, and is one all the same.
    blocking = _blocking(unnamed, contacts) or _blocking(unnamed[~speaks_of_standing(unnamed)], contacts)
    tested = is_open & ~np.isin(domain, [contacts.domains.index(name) for name in blocking])
    # Unhealthy through named faults alone says nothing about the refusals that name none.
    _, suspicious = _over_the_line(left & ours, domain, tested)
    if suspicious and blocking and not _stand_out(blocking, refused[~named]):
        blocking, tested = (), is_open
        _, suspicious = _over_the_line(left & ours, domain, tested)
    health, unhealthy = _over_the_line(ours, domain, tested)
    mostly = _mostly_standing(refused, domain, is_open)
    standing = not suspicious and (mostly or _standing(refused, ours, domain, ~is_strict))
    about_us = named.copy()
    if "block list" in proofs or mostly or (suspicious and _standing_spread(refused)):
        # What is said of our standing is about us wherever it is said. Strict industries sit behind gateways of their
        # own, which may ask more lists than others: that is no blocking of theirs.
        about_us |= speaks_of_standing(refused)
    apart = _flag(len(spam), refused["lead"][~about_us])
    elsewhere = ~np.isin(domain, [contacts.domains.index(name) for name in blocking])
    # The companies set aside are told by themselves: what is left shows whether strict ones refuse more.
    strict_p, strict_excess = _strict(apart, domain, is_strict & elsewhere, is_open & elsewhere, seed)

    party = np.full(len(refused), "open", dtype=object)
    where = refused["group"].to_numpy()
    if suspicious:
        party[where != "unclassified"] = "sender"
    elif strict_excess:
        party[where == "strict"] = "recipient"
    if standing:
        party[speaks_of_standing(refused) & (where != "strict")] = "sender"
    party[about_us] = "sender"
    party[refused["domain"].isin(blocking).to_numpy()] = "recipient"
    party[own_rule] = "recipient"
    party[named] = "sender"
    excess = 0
    unwanted = clustered_rate((apart & ours)[tested], domain[tested])
    if suspicious and strict_excess and unwanted.estimate is not None:
        beyond = int(((party == "sender") & ~about_us & (where == "strict")).sum())
        excess = max(0, round(beyond - unwanted.estimate * int(is_strict.sum())))
    return Findings(
        leads=len(spam),
        unknown=int(contacts.leads["unknown"].sum()),
        refused=refused.assign(party=party),
        proofs=proofs,
        overall=clustered_rate(spam, domain),
        unnamed=clustered_rate(left, domain),
        strict_unnamed=clustered_rate(left[is_strict & elsewhere], domain[is_strict & elsewhere]),
        open_unnamed=clustered_rate(left[is_open], domain[is_open]),
        unclassified_unnamed=clustered_rate(left[group == "unclassified"], domain[group == "unclassified"]),
        own_rule_rate=clustered_rate(_flag(len(spam), refused["lead"][own_rule]), domain),
        own_rule=_told(refused[own_rule], len(refused), limits),
        blocking=blocking,
        open_rate=open_rate,
        strict_rate=strict_rate,
        health=health,
        unhealthy=unhealthy,
        standing=standing,
        strict_p=strict_p,
        compared=(
            clustered_rate(apart[is_open & elsewhere], domain[is_open & elsewhere]),
            clustered_rate(apart[is_strict & elsewhere], domain[is_strict & elsewhere]),
        ),
        strict_excess=strict_excess,
        excess=excess,
        moved=moved,
        companies=int(np.count_nonzero(np.bincount(domain))),
    )


def speaks_of_standing(refused: pd.DataFrame) -> Flags:
    """Which refusals speak of the sender's standing: they name no fault of ours, nor the recipients' own doing."""
    told = refused["own_rule"] | (refused["kind"] != "")
    return np.asarray((refused["reason"].isin(STANDING) & ~told).to_numpy(), dtype=np.bool_)


def _standing_spread(refused: pd.DataFrame) -> bool:
    """Whether several domains of open industries speak of our standing."""
    open_too = speaks_of_standing(refused) & (refused["group"] == "open").to_numpy()
    return refused["domain"][open_too].nunique() >= thresholds().deliverability.spread_domains


def _mostly_standing(refused: pd.DataFrame, domain: Codes, is_open: Flags) -> bool:
    """Whether most refusals speak of our standing, at more than the usual few, and open industries' do as well.

    Then they are not the strict ones' doing, though these refuse more: they sit behind the gateways that ask.
    """
    line = thresholds().deliverability.block_line
    speaking = speaks_of_standing(refused)
    if 2 * int(speaking.sum()) < len(refused) or not _standing_spread(refused):
        return False
    flag = _flag(len(domain), refused["lead"][speaking])
    return (clustered_rate(flag, domain).low or 0.0) > line and float(flag[is_open].mean()) > line


def _refused(correlated: Correlated, contacts: Contacts) -> pd.DataFrame:
    """One row per lead refused, by its first refusal in the log's order that names a cause, else its first."""
    rows = np.flatnonzero(contacts.spam)
    sends = correlated.sends.iloc[rows]
    table = pd.DataFrame({"lead": contacts.lead[rows], "row": rows})
    for column in ("reason", "fault", "diagnostic", "record_id"):
        table[column] = dimension(sends, column).text()
    table["sender_domain"] = contacts.at["sender_domain"].take(rows).text()
    known_times = sends["sent_at"] if "sent_at" in sends.columns else pd.Series(pd.NaT, sends.index)
    sent = pd.to_datetime(known_times, utc=True)
    table["day"] = sent.dt.strftime("%Y-%m-%d").fillna("").to_numpy(dtype=object)
    told = correlated.bounces.reindex(columns=["record_id", "blocklist", "decided_by", "received_at"]).fillna("")
    told = told[told["record_id"].isin(table["record_id"])]
    for column in ("blocklist", "decided_by", "received_at"):
        known = told[told[column] != ""]
        by_record = dict(zip(known["record_id"].to_numpy(), known[column].to_numpy(), strict=True))
        table[column] = [by_record.get(record, "") for record in table["record_id"].to_numpy()]
    table["tried"] = _days_between(sent, parse_times(table.pop("received_at")))
    # Of what a log says nothing stands among the bounces.
    unread = (table["decided_by"] == "") & table["reason"].isin(_READ_AGAIN)
    if unread.any():
        told = _read(table["diagnostic"][unread], correlated.judge)
        for column in ("blocklist", "decided_by"):
            table[column] = table[column].mask(unread & (table[column] == ""), told[column])
    table["own_rule"] = (table["reason"].isin(OWN_RULE) & ~_says_nothing(table)) | recipients_own(
        table["reason"], table["diagnostic"]
    )
    table["kind"] = np.where(table["own_rule"], "", kinds_named(table["reason"], table["diagnostic"]))
    telling = (table["kind"] != "").to_numpy() | table["own_rule"].to_numpy()
    table = table.iloc[np.argsort(~telling, kind="stable")].drop_duplicates("lead").sort_values("lead")
    people = contacts.leads.iloc[table["lead"]]
    table["domain"] = [contacts.domains[code] for code in contacts.domain[table["lead"]]]
    for name, source in (("group", "industry_group"), ("provider", "provider")):
        table[name] = people[source].astype(object).to_numpy()
    return table.reset_index(drop=True)


def _days_between(sent: pd.Series, came_back: pd.Series) -> Reals:
    """How many days after each mail was sent it came back; NaN where a time is not known.

    Midnight stands for a day without a time: it may have been sent at its end.
    """
    begun = sent.dt.floor("D") == sent
    days = came_back.to_numpy(dtype="datetime64[ns]") - sent.dt.tz_convert(None).to_numpy(dtype="datetime64[ns]")
    return np.asarray(days / np.timedelta64(1, "D") - begun.to_numpy(), dtype=np.float64)


def _read(texts: pd.Series[str], judge: Judge | None) -> pd.DataFrame:
    """`blocklist` and `decided_by` of some texts, as they are read."""
    if judge is None:
        from analyzer.classify import classify

        judge = classify
    known = {text: judge(text) for text in texts.unique()}
    told = [(known[text].blocklist or "", known[text].decided_by) for text in texts]
    return pd.DataFrame(told, columns=["blocklist", "decided_by"], index=texts.index)


def _says_nothing(table: pd.DataFrame) -> Flags:
    """Which refusals count as policy for want of any word on why: "550 5.7.1 Message rejected" names no rule."""
    vague = table["decided_by"].astype("str").str.startswith(_VAGUE)
    return np.asarray(((table["reason"] == "policy") & vague).to_numpy(dtype=np.bool_))


def _flag(size: int, leads: pd.Series[int]) -> Flags:
    found = np.zeros(size, dtype=np.bool_)
    found[leads.to_numpy(dtype=np.int64)] = True
    return found


def _over_the_line(refused: Flags, domain: Codes, tested: Flags) -> tuple[Interval, bool]:
    """The rate among some leads, and whether it is above the block line beyond doubt and at several domains."""
    limits = thresholds().deliverability
    rate = clustered_rate(refused[tested], domain[tested])
    witnesses = len(np.unique(domain[tested & refused]))
    return rate, rate.low is not None and rate.low > limits.block_line and witnesses >= limits.spread_domains


def _strict(
    refused: Flags,
    domain: Codes,
    is_strict: Flags,
    is_open: Flags,
    seed: int,
) -> tuple[float | None, bool]:
    """The p of an excess in strict industries, and whether it counts.

    Whole domains are compared with domains of their size; where strict companies have a size of their own, the two
    rates are compared instead, each with the spread between its own domains.
    """
    limits = thresholds().deliverability
    inside = is_strict | is_open
    names, index = grouped(domain[inside])
    size = np.bincount(index)
    hits = sums(index, refused[inside]).astype(np.int64)
    # A company with leads in both groups is what most of its leads are.
    marked = 2 * sums(index, is_strict[inside]) > size
    if not len(names) or not marked.any() or marked.all():
        return None, False
    p = permutation_p(size, hits, marked, draws=thresholds().draws.permutation, seed=seed)
    if p is None:
        p = _difference_p(refused, domain, is_strict, is_open)
    return p, p <= limits.strict_p and int((hits[marked] > 0).sum()) >= limits.strict_domains


def _difference_p(refused: Flags, domain: Codes, is_strict: Flags, is_open: Flags) -> float:
    """One-sided p of the difference of two rates (score test, Miettinen & Nurminen 1985) at effective sample sizes."""
    counts, sizes = [], []
    for group in (is_strict, is_open):
        effective = group.sum() / design_effect(refused[group], domain[group])
        counts.append(float(refused[group].mean() * effective))
        sizes.append(float(effective))
    if sum(counts) == 0:
        return 1.0
    # It works ratios out as well, which are infinite where one side has no refusal.
    with np.errstate(divide="ignore", invalid="ignore"):
        result = test_proportions_2indep(
            counts[0], sizes[0], counts[1], sizes[1], method="score", compare="diff", alternative="larger"
        )
    return float(result.pvalue)


def _blocking(refused: pd.DataFrame, contacts: Contacts) -> tuple[str, ...]:
    """One or two domains that refuse as a whole and weigh among all refusals; more are a pattern, not a company.

    A few more are no pattern either where nearly nobody else refuses and they are no strict industry's. Beside a
    pattern, one that gives most of all refusals is a company by itself.

    As a whole: several leads refused there, which are most of the domain's leads or most of all refusals. A free-mail
    provider is no company that chose to: what it refuses speaks of our mail.
    """
    limits = thresholds().deliverability
    hits = refused["domain"].value_counts()
    nobody = ["", *(contacts.domains[code] for code in np.flatnonzero(free_mail(contacts.domains)))]
    hits = hits[(hits >= thresholds().evidence.min_bounces) & ~hits.index.isin(nobody)]
    if hits.empty:
        return ()
    written = np.bincount(contacts.domain)[_codes(contacts.domains, hits.index)]
    share = limits.one_domain_share
    whole = hits[(hits >= share * written) | (hits >= share * len(refused))]
    if whole.sum() < limits.blocking_weight * len(refused):
        return ()
    if len(whole) >= limits.strict_domains and not _all_there_is(whole, refused, contacts):
        whole = whole[whole >= share * len(refused)]
    return tuple(str(name) for name in whole.index)


def _codes(domains: list[str], names: pd.Index[str]) -> Codes:
    """The code of each of some domains, in one pass; of silent leads several may be called alike: the first counts."""
    wanted = frozenset(names)
    place: dict[str, int] = {}
    for code, name in enumerate(domains):
        if name in wanted:
            place.setdefault(name, code)
    return np.array([place[name] for name in names], dtype=np.int64)


def _all_there_is(whole: pd.Series[int], refused: pd.DataFrame, contacts: Contacts) -> bool:
    """Whether hardly anybody beside some few domains refuses, and most of these are not in strict industries."""
    limits = thresholds().deliverability
    others = int((~np.isin(contacts.domain, _codes(contacts.domains, whole.index))).sum())
    rest = len(refused) - int(whole.sum())
    there = refused[refused["domain"].isin(whole.index)].drop_duplicates("domain")
    strict = int((there["group"] == "strict").sum())
    # By company as by lead: under half of what makes our own sending suspicious. A company is one observation however
    # many leads it has, and a handful of them, all below the line, show no more than chance does.
    line = limits.block_line * len(np.unique(company_of(contacts)))
    few = len(whole) <= (line if len(whole) < thresholds().evidence.min_bounces else line / 2)
    return few and rest <= limits.block_line * others / 2 and 2 * strict < len(whole)


def _stand_out(blocking: tuple[str, ...], unnamed: pd.DataFrame) -> bool:
    """Where other companies refuse as well: whether these are more than large ones among them.

    They are when they make up most of what is refused, or name a rule of their own.
    """
    there = unnamed["domain"].isin(blocking)
    return bool(
        there.sum() >= thresholds().deliverability.one_domain_share * len(unnamed) or unnamed["own_rule"][there].all()
    )


def _standing(refused: pd.DataFrame, ours: Flags, domain: Codes, tested: Flags) -> bool:
    """Where too few leads are known as open: do enough domains outside strict industries speak of our standing?

    Enough is several, at a rate above the usual few, and a clear share of what is refused: a handful of rate limits
    does not explain four hundred refusals that name nothing.
    """
    limits = thresholds().deliverability
    speaking = refused[speaks_of_standing(refused) & (refused["group"] != "strict").to_numpy()]
    witnesses = len(np.unique(domain[speaking["lead"].to_numpy(dtype=np.int64)]))
    if witnesses < limits.spread_domains or len(speaking) < limits.proof_share * len(refused):
        return False
    low = clustered_rate(ours[tested], domain[tested]).low
    return low is not None and low > limits.block_line


def _proven(refused: pd.DataFrame, kind: str, leads: int) -> bool:
    limits = thresholds().deliverability
    rows = refused[refused["kind"] == kind]
    if kind == "complaints":
        return len(rows) >= limits.complaints_needed and len(rows) >= limits.complaint_line * leads
    if kind == "own account":
        # Our own server said it: where the lead is has nothing to do with it.
        return len(rows) >= limits.proof_bounces
    if kind == "sender address":
        # A look-up fails here and there for no fault of ours; what fails at a good part of the receivers does not.
        enough = max(thresholds().evidence.min_bounces, limits.proof_share * len(refused))
        return len(rows) >= enough and rows["domain"].nunique() >= limits.proof_domains
    return _told(rows, len(refused), limits)


def _told(rows: pd.DataFrame, refused: int, limits: Limits) -> bool:
    """Said by several unrelated domains, or by a clear share of all refusals. A single reply may be a forwarder's."""
    if len(rows) < limits.proof_bounces:
        return False
    return rows["domain"].nunique() >= limits.proof_domains or len(rows) >= limits.proof_share * refused
