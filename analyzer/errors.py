"""The errors a caller may meet: each says what was read, where, what was expected and what to do."""

from __future__ import annotations


class AnalyzerError(Exception):
    """Base of every error this package raises on purpose; its text is one line for a person."""


class UnreadableInputError(AnalyzerError):
    """A file, folder or stream that cannot be read as what it was given as."""

    def __init__(self, where: str, problem: str, remedy: str = "") -> None:
        self.where, self.problem, self.remedy = where, problem, remedy
        super().__init__(_told(where, problem, remedy))


class MissingColumnError(UnreadableInputError):
    """A table without a column that its use needs."""


class RuleError(AnalyzerError):
    """A rule or reference file that the loader refuses."""

    def __init__(self, where: str, problem: str, remedy: str = "") -> None:
        self.where, self.problem, self.remedy = where, problem, remedy
        super().__init__(_told(where, problem, remedy))


class OutputError(AnalyzerError):
    """A result that cannot be written where it was asked to go."""

    def __init__(self, where: str, problem: str, remedy: str = "") -> None:
        self.where, self.problem, self.remedy = where, problem, remedy
        super().__init__(_told(where, problem, remedy))


def _told(where: str, problem: str, remedy: str) -> str:
    """One line that does nothing to a terminal: a file's name, and what stands in it, may be anybody's choice."""
    text = f"{where}: {problem}" + (f"; {remedy}" if remedy else "")
    if text.isprintable():
        return text
    from analyzer.readable import clean

    return clean(text)
