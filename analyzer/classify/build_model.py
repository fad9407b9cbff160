"""Build the model behind the rules: `python -m analyzer.classify.build_model` (rules/model.npz, docs/model.md)."""

from __future__ import annotations

import sys

from analyzer import knowledge
from analyzer.classify import evaluation
from analyzer.classify.model import FILE_NAME, load_model, model_bytes
from analyzer.classify.training import calibrated, digest_of, fit, labelled_texts
from analyzer.errors import AnalyzerError, OutputError


def main() -> int:
    """Build, write the model and its report; with `--check`, only say whether the shipped model is up to date."""
    folder = knowledge.data_folder("rules")
    rows = labelled_texts(folder)
    if "--check" in sys.argv[1:]:
        fresh = load_model(folder / FILE_NAME).learned.about["digest"] == digest_of(rows)
        print("up to date" if fresh else "the rules or texts have changed since the model was built; run `make model`")
        return 0 if fresh else 1
    report = folder.parent / "docs" / "model.md"
    if not report.parent.is_dir():
        raise OutputError(str(report), "there is no such folder", "build the model in a checkout of the project")
    folds = evaluation.run(rows)
    model = calibrated(fit(rows), rows, folds.temperature, folds.threshold)
    content = model_bytes(model)
    (folder / FILE_NAME).write_bytes(content)
    report.write_text(evaluation.report(folds, model, rows, len(content)), encoding="utf-8")
    print(f"{folder / FILE_NAME}: {len(content):,} bytes from {len(rows)} texts; {report} says how it does")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AnalyzerError as error:
        sys.exit(f"error: {error}")
