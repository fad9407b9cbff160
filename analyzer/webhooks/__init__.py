"""Webhooks of e-mail providers, received into a workspace: `watch --listen ADDR --webhooks FILE`.

    request ──► signature ──► journal (on the disk) ──► 200
                                 └──► taker ──► events ──► rows ──► Workspace.add_bounces ──► checkpoint

A request is answered with 200 only once it lies on the disk; what the journal holds goes into the workspace exactly
once, however often the process is killed, because rows are merged by `record_id`.
"""

from __future__ import annotations

from analyzer.webhooks.config import Config, load_config
from analyzer.webhooks.endpoint import Bounds, Endpoint, Limits
from analyzer.webhooks.service import listen

__all__ = ["Bounds", "Config", "Endpoint", "Limits", "listen", "load_config"]
