"""What the loader of rule files takes, and what it refuses with which words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from analyzer.classify import Classifier, classifier_of, load_rules
from analyzer.classify.checks import prove
from analyzer.classify.engine import Guess
from analyzer.errors import RuleError

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[[rule]]
id = "mine/first"
pattern = 'purple elephants'
reason = "policy"
why = "The receiver says so."
source = "its own page"
examples = ["550 No purple elephants here"]
near_misses = ["550 No grey elephants here"]
"""


def rule(**changes: str) -> str:
    """The good rule with lines changed, or left out where the change is empty."""
    lines = dict(line.split(" = ", 1) for line in GOOD.strip().splitlines()[1:])
    lines.update(changes)
    return "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value)


def folder_of(tmp_path: Path, **files: str) -> Path:
    for name, content in files.items():
        (tmp_path / f"{name}.toml").write_text(content, encoding="utf-8")
    return tmp_path


REFUSED = {
    "unknown reason": (rule(reason='"nonsense"'), "unknown reason 'nonsense'"),
    "unknown provider": (rule(provider='["nobody"]'), "unknown provider 'nobody'"),
    "unknown list": (rule(blocklist='"Nolist"'), "unknown block list 'Nolist'"),
    "unknown phase": (rule(phase='["dinner"]'), "unknown phase 'dinner'"),
    "unknown key": (rule(patern="'x'"), "unknown key 'patern'"),
    "no why": (rule(why=""), "why is missing"),
    "no examples": (rule(examples="[]"), "examples is missing"),
    "no near misses": (rule(near_misses=""), "near_misses is missing"),
    "no pattern": (rule(pattern=""), "either pattern or patterns"),
    "look-ahead": (
        rule(pattern="'(?=x)purple'"),
        "write it without look-around and back references (invalid perl operator",
    ),
    "back reference": (rule(pattern=r"'(p)urple \1'"), "write it without look-around and back references"),
    "open bracket": (
        rule(pattern="'purple (elephants'"),
        "close every bracket, and write \\( or \\[ for one that stands",
    ),
    "open class": (rule(pattern="'purple [elephants'"), "missing ]"),
    "repeats nothing": (rule(pattern="'*purple'"), "mend it (no argument for repetition operator"),
    "empty match": (rule(pattern="'x*'"), "matches an empty text"),
    "wrong type": (rule(provider='"google"'), "provider has the wrong type str"),
    "number for a yes": (rule(transient="1"), "transient has the wrong type int"),
    "a share above one": (rule(confidence="3.5"), "out of range"),
    "no family": (rule(id='"first"'), "no family"),
    "wrong example": (rule(examples='[{txt = "x"}]'), "examples holds neither"),
    "unknown part of an example": (rule(examples='[{text = "x", hots = "y"}]'), "wrong entry 'hots'"),
    "the same id twice": (GOOD + rule(pattern="'pink'"), "the id is taken"),
    "the same pattern in the same scope": (GOOD + rule(id='"mine/second"'), "always shadowed by mine/first"),
    "broken TOML": ("[[rule]\n", "not valid TOML"),
    "one bracket": ("[rule]\nid = 'a/b'\n", "two brackets"),
    "another table": ("[[rules]]\nid = 'a/b'\n", "unknown table"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str, tmp_path: Path) -> None:
    content, words = REFUSED[case]
    folder_of(tmp_path, mine=content)
    with pytest.raises(RuleError) as caught:
        load_rules([tmp_path])
    assert words in str(caught.value)
    assert "mine.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_without_rule_files_is_named(tmp_path: Path) -> None:
    (tmp_path / "rules.txt").write_text(GOOD, encoding="utf-8")
    with pytest.raises(RuleError, match=r"holds no \.toml file"):
        load_rules([tmp_path])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="nowhere: is no folder"):
        load_rules([tmp_path / "nowhere"])


def test_order_is_folder_then_file_name_then_row(tmp_path: Path) -> None:
    first, second = tmp_path / "b", tmp_path / "a"
    for folder in (first, second):
        folder.mkdir()
    folder_of(first, z=rule(id='"one/z"', pattern="'z'"), a=rule(id='"one/a"', pattern="'a'") + rule(id='"one/b"'))
    folder_of(second, a=rule(id='"two/a"', pattern="'y'"))
    assert [found.id for found in load_rules([first, second])] == ["one/a", "one/b", "one/z", "two/a"]


def test_a_narrower_rule_may_share_the_pattern_of_a_wider_one_behind_it(tmp_path: Path) -> None:
    folder_of(tmp_path, mine=rule(id='"mine/narrow"', provider='["google"]') + GOOD)
    assert len(load_rules([tmp_path])) == 2


def test_a_folder_that_leads_round_in_a_circle_is_named(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(RuleError, match="loop: is no folder"):
        classifier_of(tmp_path / "loop")


def test_own_rules_go_before_the_shipped_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNCE_ANALYZER_CACHE", str(tmp_path / "kept"))
    own = tmp_path / "own"
    own.mkdir()
    folder_of(own, mine=rule(pattern="'user unknown'"))
    text = "550 5.1.1 User unknown"
    assert classifier_of(None).classify(text).reason == "user_unknown"
    for _ in ("read", "kept"):
        assert classifier_of(own).classify(text).decided_by == "rule:mine/first"
    folder_of(own, mine=rule(pattern="'user unknown'", reason='"virus"'))
    assert classifier_of(own).classify(text).reason == "virus"


def test_a_broken_cache_is_no_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = tmp_path / "kept"
    monkeypatch.setenv("BOUNCE_ANALYZER_CACHE", str(kept))
    assert classifier_of(None).rules
    [place] = kept.iterdir()
    read = classifier_of(None).rules
    place.write_bytes(b'{"version": ')
    assert classifier_of(None).rules == read
    kept_file = tmp_path / "file"
    kept_file.write_text("not a folder")
    monkeypatch.setenv("BOUNCE_ANALYZER_CACHE", str(kept_file))
    assert classifier_of(None).rules == read


def test_a_rule_proves_itself_whatever_a_model_says(tmp_path: Path) -> None:
    def model(
        masked: str, status: str, reply: str, provider: str, least: float | None = None, said: str = ""
    ) -> Guess | None:
        return Guess("virus", 1.0, "worm")

    folder_of(tmp_path, mine=GOOD)
    assert prove(Classifier(load_rules([tmp_path]), model)).holds


def test_prove_names_what_fails_and_what_is_never_reached(tmp_path: Path) -> None:
    shadow = rule(id='"a/wide"', pattern="'elephants'", examples='["elephants"]', near_misses='["purple elephants"]')
    folder_of(tmp_path, mine=shadow + GOOD)
    proof = prove(Classifier(load_rules([tmp_path])))
    assert (proof.rules, proof.texts, proof.holds) == (2, 4, False)
    assert [(failed.rule.id, failed.kind, failed.decided_by) for failed in proof.failed] == [
        ("a/wide", "near miss", "rule:a/wide"),
        ("mine/first", "example", "rule:a/wide"),
    ]
    assert [found.id for found in proof.shadowed] == ["mine/first"]
    assert prove(Classifier(load_rules([tmp_path])), only="nothing").rules == 0
