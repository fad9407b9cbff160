"""What a command advised, kept in the workspace that it read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from analyzer.errors import OutputError

if TYPE_CHECKING:
    from analyzer.diagnose.diagnosis import Diagnosis


def keep_decision(workspace: str, command: str, diagnosis: Diagnosis) -> None:
    """Keep it; a workspace that may only be read costs a line on stderr, not the report."""
    from analyzer.api.workspace import remember

    try:
        remember(workspace, command, diagnosis)
    except OutputError as error:
        print(f"bounce-analyzer: the decision was not kept: {error}", file=sys.stderr)
