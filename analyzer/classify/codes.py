"""What the codes alone say: enhanced status codes (RFC 3463, IANA registry), providers' own meanings, reply codes.

Facts lie in `rules/codes.toml`. A strong code decides on its own when no rule knew the words; a weak one only when
nothing else did.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from analyzer import knowledge
from analyzer.classify.confidence import confidences
from analyzer.classify.text import PHASES
from analyzer.errors import RuleError


class Code(NamedTuple):
    """What a code means where no words say more. `confidence` is the chance that its label is right, as it was measured
    for codes that were `judged` alike."""

    reason: str
    judged: float
    confidence: float
    strong: bool
    why: str
    transient: bool | None = None


class CodeTable(NamedTuple):
    """`statuses` by (provider or "", status); `replies` by (phase or "", reply code or its first digit)."""

    statuses: dict[tuple[str, str], Code]
    replies: dict[tuple[str, str], Code]

    def strong(self, provider: str, status: str) -> Code | None:
        """What the enhanced status says on its own, or None where it is weak or unknown."""
        code = self._status(provider, status)
        return code if code and code.strong else None

    def weak(self, provider: str, status: str, reply: str, phase: str) -> Code | None:
        """The last resort: a weak status, then the reply code in its phase, then its class."""
        told = self._status(provider, status)
        if told and told.reason != "unspecified":
            return told
        if reply:
            for key in ((phase, reply), (phase, reply[0]), ("", reply), ("", reply[0])):
                code = self.replies.get(key)
                if code:
                    return code
        return told

    def _status(self, provider: str, status: str) -> Code | None:
        if not status:
            return None
        return self.statuses.get((provider, status)) or self.statuses.get(("", status))


@cache
def table() -> CodeTable:
    """The shipped table. In the file `*.1.1` stands for 4.1.1 and 5.1.1 where those have no row of their own."""
    path = knowledge.data_folder("rules") / "codes.toml"
    data = knowledge.load_toml(path)
    statuses: dict[tuple[str, str], Code] = {}
    replies: dict[tuple[str, str], Code] = {}
    for row in data.get("status", []):
        code = _code(row, f"{path}: status {row.get('code')}", strong=not row.get("weak", False))
        for provider in row.get("provider", [""]):
            if (provider, row["code"]) in statuses:
                raise RuleError(f"{path}: status {row['code']}", f"stands twice for {provider or 'all'}")
            statuses[provider, row["code"]] = code
    for (provider, status), code in tuple(statuses.items()):
        if status.startswith("*"):
            for reply_class in "45":
                statuses.setdefault((provider, reply_class + status[1:]), code)
            del statuses[provider, status]
    for row in data.get("reply", []):
        phase = row.get("phase", "")
        if phase and phase not in PHASES:
            raise RuleError(f"{path}: reply {row.get('code')}", f"names an unknown phase {phase!r}")
        replies[phase, row["code"]] = _code(row, f"{path}: reply {row.get('code')}", strong=False)
    return CodeTable(statuses, replies)


def _code(row: dict[str, Any], where: str, *, strong: bool) -> Code:
    for key in ("code", "reason", "confidence", "why"):
        if key not in row:
            raise RuleError(where, f"{key} is missing")
    if row["reason"] not in knowledge.reasons():
        raise RuleError(where, f"names an unknown reason {row['reason']!r}", "take one of rules/reasons.toml")
    judged = float(row["confidence"])
    return Code(row["reason"], judged, confidences().of_code(judged), strong, row["why"], row.get("transient"))
