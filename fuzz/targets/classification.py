"""Classification of a text with what may stand beside it, and the loader of users' own rules."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from analyzer.classify import Classifier, classify, explain, load_rules
from analyzer.errors import RuleError
from analyzer.knowledge import data_folder
from fuzz.rows import check_verdict, hold
from fuzz.seeds import texts
from fuzz.target import Target


def classification(data: bytes) -> None:
    """A text, and behind it a status, a reply code, a host and a recipient: a verdict that `explain` shares."""
    text, *rest = data.decode("utf-8", "surrogateescape").split("\x1f")
    status, reply, host, recipient = (*rest, "", "", "", "")[:4]
    verdict = classify(text, status=status, reply=reply, host=host, recipient=recipient)
    # What comes beside a text is the caller's own, and comes back as it was given.
    if not (status or reply):
        check_verdict(verdict)
    explained = explain(text, status=status, reply=reply, host=host, recipient=recipient).verdict
    hold(explained == verdict, "explain tells the verdict of classify", explained, verdict)


def rules(data: bytes) -> None:
    """A file of a user's own rules: taken, or refused by a `RuleError` that names it; what is taken can be used."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        place = Path(folder) / "own.toml"
        place.write_bytes(data)
        try:
            loaded = load_rules([Path(folder)])
        except RuleError as error:
            hold("own.toml" in str(error), "an error names the file", str(error))
            hold("\n" not in str(error), "an error is one line", str(error))
            return
        classifier = Classifier(loaded)
        for text in ("550 5.1.1 <kim@lumen.example>: user unknown", "452 mailbox full", ""):
            check_verdict(classifier.classify(text))


@cache
def _rule_files() -> list[bytes]:
    """The first rows of each shipped file, and a file with every key."""
    shipped = sorted((data_folder("rules") / "replies").glob("*.toml"))
    heads = [b"\n[[rule]]".join(path.read_bytes().split(b"\n[[rule]]")[:3]) for path in shipped]
    return [texts.RULE, *(head for head in heads if len(head) < 6000)]


TARGETS = (
    Target("classification", classification, texts.diagnostics),
    Target("rules", rules, _rule_files),
)
