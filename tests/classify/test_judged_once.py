"""A text that is another one's but for addresses is judged once, and shows in the verdict nowhere."""

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from typing import Any

import pytest

from analyzer.classify import Classifier, default_classifier
from analyzer.classify.rules import rule_of

#: `analyzer.classify` is a function by name, so a path of names does not lead to the module.
engine = import_module("analyzer.classify.engine")

ROW = {
    "id": "test/probe",
    "pattern": r"no \S+ here",
    "reason": "user_unknown",
    "why": "a case",
    "examples": ["no kim here"],
    "near_misses": ["kim"],
}


def test_evidence_is_of_the_text_itself() -> None:
    classifier = Classifier([rule_of(ROW, "test.toml")])
    found = [classifier.classify(f"550 no {who}@example.com here").evidence for who in ("kim", "lee", "kim")]
    assert found == ["no kim@example.com here", "no lee@example.com here", "no kim@example.com here"]


def test_the_phase_counts() -> None:
    classifier = Classifier([rule_of({**ROW, "phase": ["rcpt"]}, "test.toml")])
    texts = ["550 no kim here (in reply to RCPT TO command)", "550 no kim here (in reply to end of DATA command)"]
    reasons = [classifier.classify(text).decided_by for text in (*texts, *texts)]
    assert reasons == ["rule:test/probe", "code", "rule:test/probe", "code"]


@pytest.mark.parametrize("beside", [{"status": "4.2.2"}, {"reply": "450"}, {"host": "mx1.mail.ru"}])
def test_what_stands_beside_the_text_counts(beside: dict[str, str]) -> None:
    text = "mailbox of <kim@example.com> cannot take mail"
    anew = Classifier(default_classifier().rules).classify(text, **beside)
    classifier = Classifier(default_classifier().rules)
    classifier.classify(text)
    assert classifier.classify(text, **beside) == anew


def test_a_full_store_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_KEPT", 2)
    classifier = Classifier([rule_of(ROW, "test.toml")])
    texts = [f"550 no {who} here" for who in "abcdefg"]
    assert [classifier.classify(text).evidence for text in texts] == [text[4:] for text in texts]


def test_a_long_text_is_judged_once_too(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = Classifier([rule_of(ROW, "test.toml")])
    judge, judged = classifier._judge, []

    def counted(case: Any) -> Any:
        judged.append(case)
        return judge(case)

    monkeypatch.setattr(classifier, "_judge", counted)
    told = "more of the same; " * 200
    found = [classifier.classify(f"550 {told} no {who}@example.com here") for who in ("kim", "lee", "kim")]
    assert [one.evidence for one in found] == [
        "no kim@example.com here",
        "no lee@example.com here",
        "no kim@example.com here",
    ]
    assert len(judged) == 1
    assert classifier.classify(f"550 {told} nothing of kim").decided_by == "code"
    assert all(isinstance(key, bytes) for key in classifier._judged)


@pytest.mark.parametrize(
    "code",
    [
        "import analyzer; import analyzer.classify.engine; print(analyzer.classify('550 5.1.1 no such user').reason)",
        "from analyzer.classify import classify; import analyzer; print(analyzer.classify('550 5.1.1 x').reason)",
        "import analyzer.diagnose, analyzer; assert callable(analyzer.diagnose); print('user_unknown')",
        "import sys, analyzer.cli; assert 'analyzer.classify' not in sys.modules; print('user_unknown')",
    ],
)
def test_names_of_stages_mean_the_functions(code: str) -> None:
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == "user_unknown"
