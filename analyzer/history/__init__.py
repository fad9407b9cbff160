"""The memory of a team: what was sent, to whom, and what came back, as Delta tables in a folder or object store."""

from __future__ import annotations

from analyzer.history.workspace import Ingested, Kept, Stored, Workspace, check_week

__all__ = ["Ingested", "Kept", "Stored", "Workspace", "check_week"]
