"""Every shipped rule proves itself, and the reference files hold together."""

from __future__ import annotations

from itertools import groupby

import pytest

from analyzer import knowledge
from analyzer.classify import Rule, default_classifier
from analyzer.classify.blocklists import known as blocklists
from analyzer.classify.checks import prove
from analyzer.classify.codes import table
from analyzer.classify.providers import known as providers

FAMILIES = {
    family: list(rules)
    for family, rules in groupby(
        sorted(default_classifier().rules, key=lambda rule: rule.id), key=lambda rule: rule.id.partition("/")[0]
    )
}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_example_and_near_miss(family: str) -> None:
    proof = prove(default_classifier(), only=f"{family}/")
    assert proof.rules == len(FAMILIES[family])
    assert not proof.failed, "\n".join(map(str, proof.failed))


def test_what_a_rule_was_made_for_gets_its_reason_with_the_model_beside_it() -> None:
    """Nearly all of it: a rule newer than the model has examples that it has not learnt yet."""
    asked = [(rule.reason, one) for rule in default_classifier().rules for one in rule.examples]
    right = [
        default_classifier()
        .classify(one.text, status=one.status, reply=one.reply, host=one.host, recipient=one.recipient)
        .reason
        == reason
        for reason, one in asked
    ]
    assert sum(right) / len(asked) >= 0.995


def test_no_reason_is_without_a_rule() -> None:
    covered = {rule.reason for rule in default_classifier().rules}
    assert set(knowledge.reasons()) - covered <= {"unspecified"}


def _proves(rule: Rule) -> bool:
    return bool(rule.examples and rule.near_misses and rule.why)


def test_every_rule_says_why_and_proves_itself() -> None:
    assert [rule.id for rule in default_classifier().rules if not _proves(rule)] == []


def test_every_block_list_has_a_procedure() -> None:
    assert [row.name for row in blocklists().values() if not row.removal or not row.patterns] == []
    assert all(row.ignore or row.url or row.kind == "any" for row in blocklists().values())


def test_providers_are_many_and_each_can_be_told() -> None:
    assert len(providers()) >= 60
    assert [one.name for one in providers().values() if not (one.hosts or one.domains or one.hints)] == []
    hosts = [host for one in providers().values() for host in one.hosts]
    assert len(hosts) == len(set(hosts))


def test_codes_name_known_providers() -> None:
    assert {provider for provider, _ in table().statuses} - set(providers()) == {""}
