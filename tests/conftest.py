"""Which tests stay together where several processes run them."""

from __future__ import annotations

from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A folder with fixtures of its own (servers, workspaces) goes to one process; of the others each file by itself."""
    for item in items:
        shared = (item.path.parent / "conftest.py").exists() and item.path.parent != Path(__file__).parent
        item.add_marker(pytest.mark.xdist_group(str(item.path.parent if shared else item.path)))
