"""What a command advised, kept in the workspace that it read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analyzer.cli.screen import say
from analyzer.errors import OutputError

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis


def keep_decision(workspace: str, command: str, diagnosis: Diagnosis, *, redact: bool = False) -> None:
    """Keep it; a workspace that may only be read costs a line on stderr, not the report."""
    from analyzer.api.workspace import remember

    try:
        remember(workspace, command, diagnosis)
    except OutputError as error:
        say(f"bounce-analyzer: the decision was not kept: {error}", err=True, redact=redact)
