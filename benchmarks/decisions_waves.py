"""Is the advice right for senders of another make? The questions of `decisions.py` on the worlds of `wave_worlds.py`.

    python benchmarks/decisions_waves.py [--runs N] [--kind NAME] [--seed N] [--wrong]

A setting is clearly right where, at the true risks, 400 draws of the next send exceed the tolerance in 90 % and more,
or in 5 % and less; a side where its refusals are well above or well below the usual line, counted lead by lead. The
rest is not scored. `cover` is the share of the draws inside the forecast's 95 % range, `regret` bad addresses beyond
the tolerance and good ones not written to, against the rule "over the tolerance: max quality".
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from wave_worlds import AUTH, LIMIT, LISTED, Mailbox, People, Reals, Sender, Sent, dead_addresses, send, wave_factors

from analyzer.correlate import correlate
from analyzer.diagnose import diagnose
from analyzer.diagnose.diagnosis import Diagnosis

DRAWS = 400
#: Leads below which "too little" is as good an answer as the right one.
FEW = 500


@dataclass(frozen=True)
class Kind:
    """How to draw a sender; `unsure` where "insufficient_evidence" is right too; fixes by the start of their id."""

    draw: Callable[[np.random.Generator], Sender]
    tolerance: float = 0.05
    unsure: bool = False
    fixes: tuple[str, ...] = ()
    blind: bool = False


def _base(rng: np.random.Generator) -> Sender:
    good = rng.uniform(0.003, 0.012)
    share = rng.uniform(0.15, 0.55)
    return Sender(
        leads=int(np.exp(rng.uniform(np.log(600), np.log(8000)))),
        waves=int(rng.integers(1, 9)),
        risk=(good, good * rng.uniform(1, 2), good * 2, good * 3, good * 2),
        guessed=(share, share),
        others=((0.0, 0.0, 0.0), (0.08, 0.03, 0.05))[rng.integers(2)],
        strict=rng.uniform(0.1, 0.5),
        size_sd=rng.uniform(0.3, 1.2),
        frailty=rng.choice([0.0, 0.5, 1.5]),
        takes_all=rng.uniform(0, 0.15),
        wave_sd=rng.choice([0.0, 0.15, 0.4]),
        mailboxes=(Mailbox(),) * int(rng.integers(1, 6)),
        swapped=rng.choice([0.0, 0.05]),
        delays=rng.uniform(0, 0.05),
        by_recipient=bool(rng.random() < 0.3),
    )


def _bad_guesses(rng: np.random.Generator) -> Sender:
    sender = _base(rng)
    share = rng.uniform(0.3, 0.7)
    rate = rng.uniform(0.09, 0.14) / share
    return replace(sender, guessed=(share, share), risk=(sender.risk[0], rate, 0.04, 0.06, 0.05))


def _stale(rng: np.random.Generator) -> Sender:
    rate = rng.uniform(0.09, 0.16)
    return replace(_base(rng), risk=(rate, rate * rng.uniform(1, 2), rate, rate, rate))


def _drift(rng: np.random.Generator) -> Sender:
    """The next list has another mix: mostly guessed after a list that was not, or the other way round."""
    sender = _bad_guesses(rng)
    past, ahead = ((0.15, 0.15), (0.7, 0.7)) if rng.random() < 0.5 else ((0.6, 0.6), (0.04, 0.04))
    return replace(
        sender,
        guessed=past,
        ahead=ahead,
        ahead_strict=rng.uniform(0.1, 0.6),
        leads=max(sender.leads, 1500),
        risk=(sender.risk[0], rng.uniform(0.12, 0.3), *sender.risk[2:]),
    )


def _confounded(rng: np.random.Generator) -> Sender:
    sender = _base(rng)
    return replace(
        sender,
        guessed=(rng.uniform(0.6, 0.9), rng.uniform(0.05, 0.2)),
        risk=(sender.risk[0],) * 5,
        patience=(rng.uniform(0.6, 1.3), 3.0),
    )


def _strict(rng: np.random.Generator) -> Sender:
    return replace(_base(rng), patience=(rng.uniform(0.5, 1.3), 3.1), strict=rng.uniform(0.2, 0.5))


def _bad_standing(rng: np.random.Generator) -> Sender:
    sender = _base(rng)
    return replace(sender, mailboxes=(Mailbox(badness=rng.uniform(1.3, 2.2)),) * len(sender.mailboxes))


def _named(*texts: str, one: bool = True, share: tuple[float, float] = (0.2, 0.7)) -> Callable[..., Sender]:
    """One of the mailboxes (or all) has a fault that receivers name."""

    def draw(rng: np.random.Generator, of: Callable[[np.random.Generator], Sender] = _base) -> Sender:
        sender = of(rng)
        boxes = list(sender.mailboxes) if len(sender.mailboxes) > 1 else [Mailbox(), Mailbox(), Mailbox()]
        bad = Mailbox(named=texts, named_share=rng.uniform(*share), since=rng.choice([0.0, 0.0, 0.4]))
        for place in range(1 if one else len(boxes)):
            boxes[place] = bad
        return replace(sender, mailboxes=tuple(boxes))

    return draw


def _also(first: Callable[[np.random.Generator], Sender], **changes: object) -> Callable[[np.random.Generator], Sender]:
    return lambda rng: replace(first(rng), **changes)  # type: ignore[arg-type]


def _sized(first: Callable[[np.random.Generator], Sender], leads: int) -> Callable[[np.random.Generator], Sender]:
    return lambda rng: replace(first(rng), leads=leads, waves=1 if leads < 300 else 5)


def _scaled(tolerance: float) -> Callable[[np.random.Generator], Sender]:
    """Guessed ones far beyond that tolerance, or everything far below it."""

    def draw(rng: np.random.Generator) -> Sender:
        sender, share = _base(rng), rng.uniform(0.3, 0.6)
        good = tolerance * rng.uniform(0.1, 0.25)
        bad = good if rng.random() < 0.5 else min(tolerance * rng.uniform(2.2, 3) / share, 0.7)
        return replace(
            sender, guessed=(share, share), risk=(good, bad, good, good, good), leads=max(sender.leads, 2500)
        )

    return draw


_AUTH, _LISTED, _LIMIT = _named(*AUTH), _named(*LISTED), _named(*LIMIT)
KINDS: dict[str, Kind] = {
    "calm": Kind(_base),
    "calm, wavy": Kind(_also(_base, wave_sd=0.6, waves=6)),
    "calm, outage, full": Kind(_also(_base, outage=0.8, full=0.05)),
    "calm, spoilt files": Kind(_also(_base, doubled=0.1, forged=200, mute=0.05, by_recipient=False)),
    "bad guesses": Kind(_bad_guesses),
    "bad guesses, 15 % swapped": Kind(_also(_bad_guesses, swapped=0.15)),
    "bad guesses, 30 % blank": Kind(_also(_bad_guesses, blank=0.3)),
    "bad guesses, spoilt files": Kind(_also(_bad_guesses, doubled=0.1, forged=200, mute=0.05, by_recipient=False)),
    "stale": Kind(_stale),
    "next list drifts": Kind(_drift),
    "confounded": Kind(_confounded, fixes=("RCPT",)),
    "strict": Kind(_strict, fixes=("RCPT",)),
    "strict, no industries": Kind(_also(_strict, no_industry=1.0), blind=True),
    "strict, half industries": Kind(_also(_strict, no_industry=0.5), fixes=("RCPT",)),
    "bad standing": Kind(_bad_standing, fixes=("CONTENT", "REP", "RATE")),
    "one mailbox unauthenticated": Kind(_AUTH, fixes=("AUTH",)),
    "one mailbox listed": Kind(_LISTED, fixes=("BLOCKLIST",)),
    "one mailbox over its limit": Kind(_LIMIT, fixes=("QUOTA", "TENANT")),
    "strict + listed": Kind(lambda rng: _LISTED(rng, _strict), fixes=("BLOCKLIST",)),
    "bad guesses + listed": Kind(lambda rng: _LISTED(rng, _bad_guesses), fixes=("BLOCKLIST",)),
    "bad guesses + strict": Kind(
        lambda rng: replace(_bad_guesses(rng), patience=(rng.uniform(0.5, 1.2), 3.1)), fixes=("RCPT",)
    ),
    "stale + bad standing": Kind(
        lambda rng: replace(_bad_standing(rng), risk=_stale(rng).risk), fixes=("CONTENT", "REP", "RATE")
    ),
    "a company blocks": Kind(_also(_base, blocker=45, leads=1500), fixes=("RCPT",)),
    "80 leads, calm": Kind(_sized(_base, 80), unsure=True, blind=True),
    "80 leads, bad guesses": Kind(_sized(_bad_guesses, 80), unsure=True, blind=True),
    "50,000 leads, calm": Kind(_sized(_base, 50_000)),
    "50,000 leads, bad guesses": Kind(_sized(_bad_guesses, 50_000)),
    "flags, calm": Kind(_also(_base, flags=True), unsure=True, blind=True),
    "flags, bad guesses": Kind(_also(_bad_guesses, flags=True), unsure=True, blind=True),
    "tolerance 2 %": Kind(_scaled(0.02), tolerance=0.02),
    "tolerance 3 %": Kind(_scaled(0.03), tolerance=0.03),
    "tolerance 10 %": Kind(_scaled(0.10), tolerance=0.10),
}


# --- truth ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ahead:
    """Bounces of each draw of the next send: to all, and without those said to be guessed."""

    everyone: Reals
    without: Reals
    leads: int
    kept: int

    def answer(self, tolerance: float) -> str:
        """The setting that the truth calls for; "" for a close call."""
        all_over = float((self.everyone > tolerance * self.leads).mean())
        kept_over = float((self.without > tolerance * self.kept).mean()) if self.kept else 0.0
        if all_over <= 0.05 and self.everyone.mean() <= 0.75 * tolerance * self.leads:
            return "max_quantity"
        if all_over < 0.9:
            return ""
        if kept_over <= 0.05 and self.without.mean() <= 0.75 * tolerance * self.kept:
            return "max_quality"
        return "reverify" if kept_over >= 0.9 else ""


def ahead_of(sender: Sender, sent: Sent, rng: np.random.Generator) -> Ahead:
    """The next list as one wave, drawn often."""
    some: People = replace(sent.ahead, wave=np.zeros_like(sent.ahead.wave))
    kept = some.told != 1
    drawn = [dead_addresses(sender, some, rng, wave_factors(sender, rng, 1)) for _ in range(DRAWS)]
    return Ahead(
        np.array([float(each.sum()) for each in drawn]),
        np.array([float(each[kept].sum()) for each in drawn]),
        len(kept),
        int(kept.sum()),
    )


def sides(sender: Sender, sent: Sent) -> tuple[str, ...]:
    """The sides that the refusals have, where that is clear."""
    leads = len(sent.ours)
    ours, theirs = sent.ours.sum() / leads, sent.theirs.sum() / leads
    # What strict companies refuse beyond open ones, and one that blocks, is a pattern; what all refuse anyway is not.
    we, they = ours >= 0.015, theirs >= 0.02
    if not we and not they:
        return ("none",) if ours <= 0.003 and theirs <= 0.01 else ()
    if we and they:
        part = ours / (ours + theirs)
        return ("mixed",) if 0.2 <= part <= 0.8 else ("mixed", "sender" if part > 0.8 else "recipient")
    if we:
        return ("sender",) if theirs <= 0.007 else ("sender", "mixed")
    return ("recipient",) if ours <= 0.003 else ("recipient", "mixed")


# --- scoring ----------------------------------------------------------------------------------------------------------

ASKED = ("setting", "side", "fix", "cover")


@dataclass
class Score:
    """Right answers of those asked, by question."""

    runs: int = 0
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    regret: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def note(self, what: str, right: bool, text: str) -> None:
        """One answer."""
        self.asked[what] += 1
        self.right[what] += right
        if not right:
            self.wrong.append(text)

    def line(self, name: str) -> str:
        """One row of the table."""
        cells = [f"{100 * self.right[w] / self.asked[w]:8.1f}" if self.asked[w] else f"{'–':>8}" for w in ASKED]
        runs = max(self.runs, 1)
        return (
            f"{name:30}{self.runs:5}"
            + "".join(cells)
            + "".join(f"{self.regret[who] / runs:9.1f}" for who in ("ours", "naive"))
        )


def judge(kind: Kind, rng: np.random.Generator, score: Score, run: int) -> None:
    """Send, diagnose, and hold the answers against the truth."""
    sender = kind.draw(rng)
    sent = send(sender, rng)
    found: Diagnosis = diagnose(
        correlate(sent.bounces, sent.log, sent.leads, sent.ahead_leads), tolerance=kind.tolerance
    )
    ahead = ahead_of(sender, sent, rng)
    true, said = ahead.answer(kind.tolerance), found.data_quality.recommendation
    score.runs += 1
    few = sender.leads < FEW or np.bincount(sent.people.told + 1, minlength=3)[1:3].min() < 100
    context = (
        f"run {run}: {sender.leads} leads, {sender.waves} waves, guessed {sender.guessed[0]:.2f}, risk "
        + "/".join(f"{each:.3f}" for each in sender.risk)
    )
    if true:
        right = said == true or (said == "insufficient_evidence" and (kind.unsure or few))
        score.note("setting", right, f"{context}: {said}, true {true}: {found.data_quality.why[:400]}")
        _regret(said, true, ahead, found, kind.tolerance, score)
    truth = sides(sender, sent)
    side = found.deliverability.side
    if truth and not kind.blind:
        rates = f"ours {sent.ours.mean():.3f}, theirs {sent.theirs.mean():.3f}"
        score.note("side", side in truth, f"{context}, {rates}: side {side}, true {truth}: {found.deliverability.why}")
        first = found.deliverability.fixes[0].id if found.deliverability.fixes else "no fix"
        if kind.fixes and truth != ("none",):
            score.note("fix", first.startswith(kind.fixes), f"{context}, {rates}: first fix {first}: {sent.named}")
    forecast = found.data_quality.forecast.max_quantity
    if forecast.leads == ahead.leads and forecast.low is not None and forecast.high is not None and not kind.blind:
        low, high = (bound * ahead.leads for bound in (forecast.low, forecast.high))
        score.asked["cover"] += DRAWS
        score.right["cover"] += int(((ahead.everyone >= low - 1e-6) & (ahead.everyone <= high + 1e-6)).sum())


def _regret(said: str, true: str, ahead: Ahead, found: Diagnosis, tolerance: float, score: Score) -> None:
    naive = "max_quality" if (found.totals.hard.rate or 0.0) > tolerance else "max_quantity"
    best = _cost(true, ahead, tolerance)
    for who, answer in (("ours", said), ("naive", naive)):
        score.regret[who] += max(0, round(_cost(answer, ahead, tolerance) - best))


def _cost(answer: str, ahead: Ahead, tolerance: float) -> float:
    good, good_kept = ahead.leads - ahead.everyone.mean(), ahead.kept - ahead.without.mean()
    if answer == "reverify":
        return 0.0
    if answer == "max_quality":
        return float(np.maximum(ahead.without - tolerance * ahead.kept, 0).mean() + (good - good_kept))
    return float(np.maximum(ahead.everyone - tolerance * ahead.leads, 0).mean())


def main() -> None:
    """Print a row a kind of sender, per cent right of what is clear."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--kind", action="append", choices=list(KINDS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wrong", action="store_true", help="list the wrong answers")
    chosen = options.parse_args()
    started = time.process_time()
    head = "".join(f"{name:>8}" for name in ASKED)
    print(f"{'kind of sender':30} runs{head}   regret    naive")
    overall = Score()
    for name in chosen.kind or KINDS:
        score = Score()
        for run in range(chosen.runs):
            judge(KINDS[name], np.random.default_rng([chosen.seed, list(KINDS).index(name), run]), score, run)
        print(score.line(name), flush=True)
        if chosen.wrong:
            print(*(f"    {line}" for line in score.wrong), sep="\n")
        for name_of in ("right", "asked", "regret"):
            getattr(overall, name_of).update(getattr(score, name_of))
        overall.runs += score.runs
    print(overall.line("all"))
    print(f"{time.process_time() - started:.0f} s of CPU")


if __name__ == "__main__":
    main()
