"""How sure an answer is: the shares that `rules/confidence.toml` holds, how they are fitted, and that they rise rightly."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from analyzer import knowledge
from analyzer.classify import calibration as fit
from analyzer.classify import classifier_of, classify, codes, default_classifier, load_rules
from analyzer.classify.calibration import Answer, replies_in
from analyzer.classify.confidence import BESIDE, Confidences, beside_of, confidences, family_of, kind_of
from analyzer.classify.engine import Classifier

HERE = Path(__file__).parent


def answers(family: str, right: int, wrong: int) -> list[Answer]:
    return [Answer("rule", family, "silent", 0.0, True)] * right + [
        Answer("rule", family, "silent", 0.0, False)
    ] * wrong


def judged(share: float, right: int, wrong: int) -> list[Answer]:
    return [Answer("code", "", "", share, True)] * right + [Answer("code", "", "", share, False)] * wrong


def test_a_family_is_as_sure_as_it_was_right_and_drawn_to_its_kind_where_it_shows_little() -> None:
    found = fit.fitted(
        [*answers("10-a", 190, 10), *answers("11-b", 2, 2), *answers("90-c", 60, 40), *judged(0.9, 9, 1)]
    )
    assert found.kinds["receiver"] == pytest.approx(192 / 204, abs=0.001)
    assert found.kinds["broad"] == pytest.approx(0.6, abs=0.001)
    assert 0.945 < found.of_rule("10-a") < 0.95
    assert found.of_rule("10-a") > found.of_rule("11-b") > 0.8
    assert found.of_rule("my-own-rules") == found.kinds["receiver"]


def test_codes_never_get_less_sure_as_they_are_judged_surer() -> None:
    found = fit.fitted([*answers("10-a", 1, 0), *judged(0.6, 90, 10), *judged(0.8, 50, 50), *judged(0.95, 99, 1)])
    shares = [share for _, share in found.codes]
    assert shares == sorted(shares)
    assert found.of_code(0.6) == found.of_code(0.8) < found.of_code(0.95)
    assert found.of_code(0.8) < found.of_code(0.9) < found.of_code(0.95)
    assert found.of_code(0.3) == found.of_code(0.6)
    assert found.of_code(0.99) == found.of_code(0.95)


def test_codes_that_say_another_label_make_a_rule_less_sure() -> None:
    found = [Answer("rule", "20-a", said, 0.0, right) for said, right in [("sure", True)] * 98 + [("sure", False)] * 2]
    found += [Answer("rule", "20-a", "other", 0.0, True)] * 80 + [Answer("rule", "20-a", "other", 0.0, False)] * 20
    shares = fit.fitted([*found, *judged(0.9, 9, 1)])
    share = shares.of_rule("20-a")
    assert shares.moved(share, "other") < share == shares.moved(share, "silent") < shares.moved(share, "sure")
    assert shares.moved(share, "other") == pytest.approx(0.81, abs=0.03)
    assert shares.moved(share, "sure") == pytest.approx(0.97, abs=0.02)


def test_what_the_codes_say_beside_a_rule() -> None:
    assert beside_of("hard", "hard", 0.95) == "sure"
    assert beside_of("hard", "hard", 0.6) == "same"
    assert beside_of("hard", "spam", 0.95) == "other"
    assert beside_of("hard", "unknown", 0.95) == beside_of("hard", "", 0.0) == "silent"
    sure, other = (classify(f"{code} User unknown").confidence for code in ("550 5.1.1", "550 5.7.1"))
    assert sure > other


def test_what_is_written_is_what_is_read() -> None:
    import tomllib

    found = Confidences({"receiver": 0.9}, {"10-a": 0.95}, dict.fromkeys(BESIDE, 0.5), ((0.5, 0.6), (0.9, 0.95)))
    table = tomllib.loads(fit.as_toml(found))
    assert table == {
        "kinds": {"receiver": 0.9},
        "families": {"10-a": 0.95},
        "beside": {"sure": 0.5, "same": 0.5, "silent": 0.5, "other": 0.5},
        "codes": {"shares": [[0.5, 0.6], [0.9, 0.95]]},
    }


def test_an_example_is_not_judged_by_its_own_rule(tmp_path: Path) -> None:
    (tmp_path / "20-own.toml").write_text(
        """
[[rule]]
id = "own/narrow"
pattern = 'purple elephant'
reason = "policy"
why = "w"
examples = ["550 purple elephant seen"]
near_misses = ["550 grey elephant"]

[[rule]]
id = "own/wide"
pattern = 'elephant'
reason = "user_unknown"
why = "w"
examples = ["550 an elephant"]
near_misses = ["550 a mouse"]
""",
        encoding="utf-8",
    )
    found = fit.measured(Classifier(load_rules([tmp_path])), [])
    assert [one for one in found if one.by == "rule"] == [Answer("rule", "20-own", "same", 0.0, False)]


def test_a_rule_takes_the_share_of_its_file_or_says_its_own(tmp_path: Path) -> None:
    row = "[[rule]]\nid = 'own/{0}'\npattern = '{0} rope'\nreason = 'policy'\nwhy = 'w'\nexamples = ['{0} rope']\nnear_misses = ['x']\n"
    (tmp_path / "own.toml").write_text(row.format("red") + row.format("blue") + "confidence = 0.6\n", encoding="utf-8")
    own = classifier_of(tmp_path)
    assert own.classify("red rope").confidence == confidences().moved(confidences().kinds["receiver"], "silent")
    assert own.classify("blue rope").confidence == 0.6
    shipped = next(rule for rule in default_classifier().rules if family_of(rule.file) == "90-broad")
    assert shipped.confidence == confidences().of_rule("90-broad") < confidences().kinds["subject"]


def test_every_shipped_family_and_every_code_has_a_share_that_fits() -> None:
    found = confidences()
    folder = knowledge.data_folder("rules") / "replies"
    unmeasured = {path.stem for path in folder.glob("*.toml")} - set(found.families)
    assert len(unmeasured) <= 2, "run `make model`"
    assert {kind_of(name) for name in found.families} == {"receiver", "subject", "language", "broad"}
    assert found.kinds["broad"] < min(found.kinds[name] for name in ("receiver", "subject", "language"))
    for code in codes.table().statuses.values():
        assert code.confidence == found.of_code(code.judged)


def test_confidence_rises_with_what_comes_true() -> None:
    """Over the replies that neither rules nor model learnt from: those answered more surely are right more often."""
    label_of = {name: reason.label for name, reason in knowledge.reasons().items()}
    seen = []
    for name in ("replies_fresh.txt", "replies_new_styles.txt"):
        for one in replies_in(HERE / name):
            verdict = classify(one.text, host=one.host)
            seen.append((verdict.confidence, verdict.label == label_of[one.reasons[0]]))
    shares = []
    for low, high in pairwise((0.0, 0.9, 0.95, 1.01)):
        inside = [right for confidence, right in seen if low <= confidence < high]
        assert len(inside) >= 20
        shares.append(sum(inside) / len(inside))
    assert all(more >= less - 0.01 for less, more in pairwise(shares))
    assert shares[0] < shares[-1]
    mean = sum(confidence for confidence, _ in seen) / len(seen)
    assert mean <= sum(right for _, right in seen) / len(seen), "surer than right"


def test_left_out_answers_come_true_as_often_as_their_confidence_says() -> None:
    folder = knowledge.data_folder("rules")
    found = list(fit._left_out(fit.measured(Classifier(load_rules([folder / "replies"])), [])))
    for low, high in ((0.5, 0.8), (0.8, 0.9), (0.9, 1.0)):
        inside = [(share, right) for share, right in found if low <= share < high]
        mean, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
        assert abs(mean - right) < 0.05
