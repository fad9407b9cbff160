"""Build what is learnt, by `python -m analyzer.classify.build_model`: model.npz, confidence.toml and docs/model.md."""

from __future__ import annotations

import sys
from pathlib import Path

from analyzer import knowledge
from analyzer.classify import calibration, codes, confidence, evaluation
from analyzer.classify.engine import Classifier
from analyzer.classify.model import FILE_NAME, ReplyModel, load_model, model_bytes
from analyzer.classify.rules import load_rules
from analyzer.classify.training import MET, calibrated, digest_of, fit, further_texts, labelled_texts
from analyzer.errors import AnalyzerError, OutputError

#: Labelled replies that mended no rule and taught the model nothing, in a checkout.
_FRESH = Path("tests/classify/replies_fresh.txt")


def main() -> int:
    """Build, write what is learnt and its report; with `--check`, only say whether what is shipped is up to date."""
    folder = knowledge.data_folder("rules")
    report = folder.parent / "docs" / "model.md"
    if not report.parent.is_dir():
        raise OutputError(str(report), "there is no such folder", "build the model in a checkout of the project")
    rows = labelled_texts(folder)
    answers = _answers(folder)
    shares = calibration.as_toml(calibration.fitted(answers))
    if "--check" in sys.argv[1:]:
        fresh = load_model(folder / FILE_NAME).learned.about["digest"] == digest_of(rows)
        fresh = fresh and (folder / confidence.FILE_NAME).read_text(encoding="utf-8") == shares
        print("up to date" if fresh else "the rules or texts have changed since the model was built; run `make model`")
        return 0 if fresh else 1
    folds = evaluation.run(rows)
    model = calibrated(fit(rows), rows, folds.temperature, folds.threshold)
    content = model_bytes(model)
    (folder / FILE_NAME).write_bytes(content)
    (folder / confidence.FILE_NAME).write_text(shares, encoding="utf-8")
    for known in (confidence.confidences, codes.table):
        known.cache_clear()
    whole = Classifier(load_rules([folder / "replies"]), ReplyModel(model))
    part = calibration.report(answers, calibration.replies_in(folder.parent / _FRESH), whole)
    report.write_text(evaluation.report(folds, model, rows, len(content), part), encoding="utf-8")
    print(f"{folder / FILE_NAME}: {len(content):,} bytes from {len(rows)} texts; {report} says how it does")
    return 0


def _answers(folder: Path) -> list[calibration.Answer]:
    further = [
        *further_texts(folder),
        *((one.example, one.reasons[0]) for one in calibration.replies_in(folder.parent / MET)),
    ]
    return calibration.measured(Classifier(load_rules([folder / "replies"])), further)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AnalyzerError as error:
        sys.exit(f"error: {error}")
