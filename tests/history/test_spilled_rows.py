"""What a count writes aside, because it is too much for the memory, is for its owner alone and gone at the end."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from analyzer.errors import OutputError
from analyzer.history.files import TableFiles


def test_what_is_written_aside_is_private_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(KeyboardInterrupt), TableFiles(tmp_path / "workspace") as files:
        files.con.execute("SET memory_limit = '40MB'")
        files.con.execute("SET threads = 1")
        files.con.execute("CREATE TEMP TABLE many AS SELECT range || 'kim@lumen.example' AS text FROM range(3000000)")
        (aside,) = tmp_path.iterdir()
        assert stat.S_IMODE(aside.stat().st_mode) == 0o700
        assert sum(path.stat().st_size for path in aside.rglob("*") if path.is_file()) > 1 << 20
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_too_little_room_is_not_told_as_a_damaged_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(OutputError) as told, TableFiles(tmp_path / "workspace") as files:
        files.con.execute("SET memory_limit = '40MB'; SET max_temp_directory_size = '1MB'; SET threads = 1")
        files.con.execute("CREATE TEMP TABLE many AS SELECT range || 'kim@lumen.example' AS text FROM range(3000000)")
    assert "too little room" in str(told.value) and str(tmp_path / "workspace") not in str(told.value)


def test_what_else_fails_beside_a_count_is_told_as_what_it_is(tmp_path: Path) -> None:
    """Such as an output that cannot be written: it is not the workspace that is at fault."""
    with pytest.raises(PermissionError, match="report"), TableFiles(tmp_path / "workspace"):
        raise PermissionError(13, "Permission denied", "report.html")
