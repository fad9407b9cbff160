"""The worlds of `decisions.py`: how each is drawn, and what is true in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from simulated import Cause, World

TOLERANCE = 0.05
#: The refusals and full mailboxes that every campaign has.
USUAL = Cause(("spam_content", "policy", "rate_limited"), 0.012, 0.015, within=0.25)
CONTENT = ("spam_content", "url_blocklisted")


@dataclass(frozen=True)
class Scenario:
    """How to draw a world, and what is true in it: sides, first fixes (by the start of their id; "" is none), answers.

    `recommendations` is empty where the world's rates say it; `effects` likewise. `named` is a cause that has to be
    named. `small` campaigns, and `thin` ones with fewer than `FEW` leads of a status, may be too little to tell.
    """

    world: Callable[[np.random.Generator], World]
    sides: tuple[str, ...] = ("none",)
    fixes: tuple[str, ...] = ()
    recommendations: tuple[str, ...] = ()
    effects: tuple[str, ...] = ()
    small: bool = False
    tolerance: float = TOLERANCE
    named: str = ""
    thin: bool = False


def _base(rng: np.random.Generator) -> World:
    """A sender without a problem; sizes, clustering, mixes and base rates differ."""
    good, share = rng.uniform(0.004, 0.014), rng.uniform(0.15, 0.5)
    strict = rng.uniform(0.15, 0.4)
    return World(
        leads=int(np.exp(rng.uniform(np.log(500), np.log(6000)))),
        per_domain=rng.choice([1.2, 2.0, 3.5]),
        groups=(strict, 0.92 - strict, 0.08),
        guessed=(share, share, share),
        catch_all=float(rng.choice([0.0, 0.08])),
        hard=(good, good * rng.uniform(1.0, 1.3), good * 2),
        domain_sd=rng.uniform(0.3, 1.0),
        # At 5 % of bounces a correlation of up to 0.017 within a campaign; what is known of senders goes up to 0.02.
        campaign_sd=rng.uniform(0.05, 0.6),
        campaigns=int(rng.integers(1, 7)),
        steps=int(rng.integers(1, 4)),
        causes=(USUAL,),
        message_ids=bool(rng.random() < 0.7),
        mailbox_full=rng.uniform(0.0, 0.006),
    )


def _innocent(world: World) -> World:
    return replace(world, hard=(world.hard[0], world.hard[0], world.hard[2]))


def _guessed_hurts(rng: np.random.Generator) -> World:
    share = rng.uniform(0.3, 0.65)
    rate = rng.uniform(0.075, 0.11) / share
    world = _base(rng)
    return replace(
        world, guessed=(share, share, share), hard=(world.hard[0], min(rate, 0.35), 0.03), leads=max(world.leads, 600)
    )


def _guessed_mild(rng: np.random.Generator) -> World:
    world = _base(rng)
    rate = world.hard[0] * rng.uniform(3, 5)
    return replace(world, hard=(world.hard[0], rate, rate), guessed=(0.3, 0.3, 0.3), leads=max(world.leads, 1500))


def _confounded(rng: np.random.Generator) -> World:
    """Strict companies bounce more for every fault, and their addresses are mostly guessed; guessing does nothing."""
    world = _innocent(_base(rng))
    high, low = rng.uniform(0.65, 0.9), rng.uniform(0.08, 0.25)
    return replace(
        world,
        guessed=(high, low, low),
        hard_by_group=(rng.uniform(5, 14), 1.0, 1.0),
        groups=(0.4, 0.55, 0.05),
        causes=(USUAL, _strict(rng)),
        leads=max(world.leads, 800),
    )


def _stale(rng: np.random.Generator) -> World:
    rate = rng.uniform(0.085, 0.15)
    world = _base(rng)
    return replace(world, hard=(rate, min(rate * rng.uniform(1.0, 1.8), 0.3), rate), leads=max(world.leads, 600))


def _strict(rng: np.random.Generator) -> Cause:
    texts = [("spam_content",), ("policy",), ("spam_content", "policy", "domain_reputation"), ("domain_reputation",)]
    return Cause(texts[rng.integers(4)], 0.0, rng.uniform(0.12, 0.35))


def _with(*make: Callable[[np.random.Generator], Cause], **changes: object) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        found = _base(rng)
        causes = (*found.causes, *(each(rng) for each in make))
        return replace(found, causes=causes, **changes)  # type: ignore[arg-type]

    return world


def _cause(
    *reasons: str, low: float = 0.03, high: float = 0.15, **limits: float | str
) -> Callable[[np.random.Generator], Cause]:
    def make(rng: np.random.Generator) -> Cause:
        share = rng.uniform(low, high)
        return Cause(reasons, share, share, **limits)  # type: ignore[arg-type]

    return make


def _one_domain(rng: np.random.Generator) -> World:
    world = _base(rng)
    return replace(world, leads=max(world.leads, 500), big_domain=(40, (("spam_content", "policy")[rng.integers(2)],)))


def _joined(
    data: Callable[[np.random.Generator], World], *make: Callable[[np.random.Generator], Cause]
) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        found = data(rng)
        return replace(found, causes=(*found.causes, *(each(rng) for each in make)))

    return world


def _small(data: Callable[[np.random.Generator], World]) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        return replace(data(rng), leads=int(rng.integers(60, 151)), campaigns=1, next_guessed=None)

    return world


def _noise(rng: np.random.Generator) -> World:
    return replace(_base(rng), mailbox_full=rng.uniform(0.04, 0.12), outage="google")


def _next_differs(rng: np.random.Generator) -> World:
    world = _guessed_hurts(rng)
    return replace(world, next_guessed=float(rng.choice([0.03, 0.06, 0.6])), leads=max(world.leads, 1200))


def _changed(data: Callable[[np.random.Generator], World], **changes: object) -> Callable[[np.random.Generator], World]:
    return lambda rng: replace(data(rng), **changes)  # type: ignore[arg-type]


def _binary(rng: np.random.Generator) -> World:
    """Companies take all of our addresses or none, whatever their status."""
    world = _base(rng)
    return replace(
        world,
        hard=(world.hard[0] / 3,) * 3,
        dead=rng.choice([rng.uniform(0.002, 0.012), rng.uniform(0.08, 0.12)]),
        per_domain=rng.choice([1.5, 3.0]),
        leads=max(world.leads, 800),
    )


def _heavy(rng: np.random.Generator) -> World:
    data = (_guessed_hurts, _stale, lambda rng: _innocent(_base(rng)))[rng.integers(3)]
    return replace(data(rng), heavy=True, dead=0.002)


def _wrong_pattern(rng: np.random.Generator) -> World:
    world = _base(rng)
    share = rng.uniform(0.4, 0.6)
    return replace(
        world, guessed=(share,) * 3, wrong=rng.uniform(0.15, 0.25), per_domain=5.0, leads=max(world.leads, 1500)
    )


def _dead_domains(rng: np.random.Generator) -> World:
    return replace(_innocent(_base(rng)), dead=rng.uniform(0.09, 0.13), leads=2000, per_domain=2.0)


def _risky(rng: np.random.Generator) -> World:
    """Guessed ones are harmless; the risky and unknown ones are not, and no setting leaves them out."""
    world = _base(rng)
    return replace(
        world,
        guessed=(0.2,) * 3,
        hard=(world.hard[0], world.hard[0] * 1.5, 0.02),
        risky=0.3,
        unknown=0.1,
        hard_other=(rng.uniform(0.2, 0.3), rng.uniform(0.15, 0.25)),
        leads=max(world.leads, 1000),
    )


def _share(share: float) -> Callable[[np.random.Generator], World]:
    def world(rng: np.random.Generator) -> World:
        found = _base(rng)
        rate = rng.choice([0.012, 0.09 / max(share, 0.5)])
        return replace(found, guessed=(share,) * 3, hard=(found.hard[0], rate, 0.02), leads=max(found.leads, 1500))

    return world


def _policy(rng: np.random.Generator) -> Cause:
    share = rng.uniform(0.05, 0.15)
    return Cause(("policy", "recipient_restricted"), share, share)


def _stale_as_guessed(rng: np.random.Generator) -> World:
    """Verified long ago: they bounce as much as guessed ones, beyond the tolerance."""
    rate = rng.uniform(0.085, 0.15)
    world = _base(rng)
    return replace(world, hard=(rate, rate, rate), leads=max(world.leads, 600))


def _old_verification(rng: np.random.Generator) -> World:
    world = _base(rng)
    return replace(world, verified_days=((10, 1.0), (45, 1.2), (400, rng.uniform(9, 14))), leads=max(world.leads, 2500))


def _around(tolerance: float) -> Callable[[np.random.Generator], World]:
    """Guessed ones take the list far beyond that tolerance, or the whole list lies far below it."""

    def world(rng: np.random.Generator) -> World:
        found, share = _base(rng), rng.uniform(0.3, 0.6)
        verified = tolerance * rng.uniform(0.1, 0.2)
        guessed = verified if rng.random() < 0.5 else tolerance * rng.uniform(2.0, 3.0) / share
        return replace(
            found, guessed=(share,) * 3, hard=(verified, min(guessed, 0.6), verified), leads=max(found.leads, 2500)
        )

    return world


def _tiny(data: Callable[[np.random.Generator], World]) -> Callable[[np.random.Generator], World]:
    return lambda rng: replace(data(rng), leads=200, campaigns=1, next_guessed=None)


def _big(data: Callable[[np.random.Generator], World]) -> Callable[[np.random.Generator], World]:
    return lambda rng: replace(data(rng), leads=50_000, steps=1)


AUTH = _cause("auth_failure")
SENDER, RECIPIENT = ("sender",), ("recipient",)
HURTS, NOTHING = ("driven", "contributes"), ("not_shown", "too_little_data")
SCENARIOS: dict[str, Scenario] = {
    "healthy": Scenario(lambda rng: _innocent(_base(rng)), effects=NOTHING),
    "guessed-hurts": Scenario(_guessed_hurts, effects=HURTS),
    "guessed-mild": Scenario(_guessed_mild, effects=HURTS),
    "guessed-confounded": Scenario(_confounded, RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY"), effects=NOTHING),
    "next-list-differs": Scenario(_next_differs, effects=HURTS),
    "verified-stale": Scenario(_stale),
    "strict-block": Scenario(_with(_strict), RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY")),
    "one-domain-blocks": Scenario(_one_domain, RECIPIENT, ("RCPT-DOMAIN-BLOCK", "RCPT-POLICY")),
    "auth-everywhere": Scenario(_with(AUTH), SENDER, ("AUTH",)),
    "auth-one-sender": Scenario(_with(_cause("auth_failure", sender=1, low=0.1, high=0.4)), SENDER, ("AUTH",)),
    "auth-from-a-day": Scenario(_with(_cause("auth_failure", since=0.6, low=0.1, high=0.4)), SENDER, ("AUTH",)),
    "block-list": Scenario(_with(_cause("ip_blocklisted")), SENDER, ("BLOCKLIST",)),
    "own-account": Scenario(_with(_cause("sender_account")), SENDER, ("QUOTA", "TENANT")),
    "content": Scenario(_with(_cause("spam_content", low=0.05)), SENDER, ("CONTENT", "REP", "RATE")),
    "listed-link": Scenario(_with(_cause("url_blocklisted")), SENDER, ("BLOCKLIST-URL", "CONTENT-LINK")),
    "reputation": Scenario(_with(_cause("domain_reputation", low=0.05)), SENDER, ("REP",)),
    "rate-limit": Scenario(_with(_cause("rate_limited", low=0.08, high=0.3, provider="google")), SENDER, ("RATE",)),
    "complaints": Scenario(_with(_cause("complaint", low=0.04, high=0.1, within=0.3)), SENDER, ("COMPLAINT",)),
    "guessed+strict": Scenario(
        _joined(_guessed_hurts, _strict), RECIPIENT, ("RCPT-STRICT", "RCPT-POLICY"), effects=HURTS
    ),
    "guessed+auth": Scenario(_joined(_guessed_hurts, AUTH), SENDER, ("AUTH",), effects=HURTS),
    "strict+auth": Scenario(_with(AUTH, _strict), ("mixed",), ("AUTH",)),
    "strict+content": Scenario(_with(_cause("spam_content", low=0.05), _strict), ("mixed",), ("CONTENT", "RCPT")),
    "one-domain+auth": Scenario(_joined(_one_domain, AUTH), ("mixed", "sender"), ("AUTH",)),
    "small-healthy": Scenario(
        _small(lambda rng: _innocent(_base(rng))), ("none", "undetermined"), small=True, effects=NOTHING
    ),
    "small-guessed": Scenario(_small(_guessed_hurts), ("none", "undetermined"), small=True),
    "small-auth": Scenario(_small(_with(_cause("auth_failure", low=0.12, high=0.3))), SENDER, ("AUTH",), small=True),
    "small-strict": Scenario(_small(_with(_strict)), ("recipient", "none", "undetermined"), small=True),
    "full-and-outage": Scenario(_noise),
    # Where no Message-ID comes back, nothing tells a forgery that names a lead.
    "forged": Scenario(_changed(_base, forged=150, message_ids=True)),
    "flags-only": Scenario(
        _changed(_guessed_hurts, flag_only=True, causes=(USUAL, Cause(("spam_content",), 0.03, 0.03))),
        ("undetermined",),
        recommendations=("insufficient_evidence",),
        effects=NOTHING,
    ),
    "binary-domains": Scenario(_binary),
    "heavy-companies": Scenario(_heavy),
    "wrong-patterns": Scenario(_wrong_pattern, effects=HURTS, named="wrong_pattern"),
    "dead-domains": Scenario(_dead_domains),
    "risky-hurts": Scenario(_risky),
    "all-guessed-nearly": Scenario(_share(0.95), thin=True),
    "hardly-any-guessed": Scenario(_share(0.05), thin=True),
    "blank-statuses": Scenario(_changed(_guessed_hurts, blank_status=0.4), effects=HURTS),
    "blank-statuses-healthy": Scenario(_changed(lambda rng: _innocent(_base(rng)), blank_status=0.4), effects=NOTHING),
    "no-industry": Scenario(_changed(_guessed_hurts, industries=False), effects=HURTS),
    "no-industry-auth": Scenario(_joined(_changed(_base, industries=False), AUTH), SENDER, ("AUTH",)),
    "no-industry-policy": Scenario(
        _joined(_changed(_base, industries=False), _policy), RECIPIENT, ("RCPT-POLICY", "RCPT-RESTRICTED")
    ),
    "gateway-down": Scenario(_changed(_base, down=True)),
    "greylisting": Scenario(_with(_cause("greylisted", low=0.05, high=0.15)), ("sender", "none", "undetermined")),
    "listed-mid-campaign": Scenario(
        _with(_cause("ip_blocklisted", since=0.5, low=0.1, high=0.4)), SENDER, ("BLOCKLIST",)
    ),
    "google-refuses-one-domain": Scenario(
        _with(_cause("domain_reputation", sender=1, provider="google", low=0.9, high=1.0)), SENDER, ("REP",)
    ),
    "auth+block-list": Scenario(_with(AUTH, _cause("ip_blocklisted")), SENDER, ("AUTH", "BLOCKLIST")),
    "guessed+strict+auth": Scenario(_joined(_guessed_hurts, _strict, AUTH), ("mixed",), ("AUTH",), effects=HURTS),
    "stale+content": Scenario(_joined(_stale, _cause("spam_content", low=0.05)), SENDER, ("CONTENT", "REP", "RATE")),
    "stale-as-guessed": Scenario(_stale_as_guessed, effects=(*NOTHING, "contributes")),
    "old-verification": Scenario(_old_verification, named="stale_verification"),
    "tolerance-2": Scenario(_around(0.02), tolerance=0.02),
    "tolerance-8": Scenario(_around(0.08), tolerance=0.08),
    "tiny-200": Scenario(_tiny(lambda rng: _innocent(_base(rng))), ("none", "undetermined"), small=True),
    "tiny-200-guessed": Scenario(_tiny(_guessed_hurts), ("none", "undetermined"), small=True),
    "zero-bounces": Scenario(
        _changed(_base, hard=(1e-9, 1e-9, 1e-9), causes=(), mailbox_full=0.0),
        recommendations=("max_quantity", "insufficient_evidence"),
        effects=NOTHING,
    ),
    "big-50k": Scenario(_big(_guessed_hurts), effects=HURTS),
    "big-50k-healthy": Scenario(_big(lambda rng: _innocent(_base(rng))), effects=NOTHING),
    # Without Message-IDs in the true bounces nothing tells a forged one from one that a relay renamed.
    "forged-and-guessed": Scenario(_changed(_guessed_hurts, forged=300, message_ids=True), effects=HURTS),
    "bare-bad": Scenario(
        _changed(_guessed_hurts, bare=True), recommendations=("insufficient_evidence",), effects=NOTHING
    ),
    "bare-auth": Scenario(_joined(_changed(_base, bare=True), AUTH), SENDER, ("AUTH",), effects=NOTHING),
    "bare-content": Scenario(
        _joined(_changed(_base, bare=True), _cause("spam_content", low=0.05)),
        ("undetermined", "sender"),
        effects=NOTHING,
    ),
}
