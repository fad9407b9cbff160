"""The entries of a suppression, ban or disposable list, however it was kept: none is overlooked, none made up."""

from __future__ import annotations

from pathlib import Path

import pytest

from analyzer.check.entries import read_entries
from analyzer.errors import UnreadableInputError


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("ann@a.com\nB.com\n*.c.com\n@d.com\n\n# e.com\n", ["ann@a.com", "b.com", "c.com", "d.com"]),
        ("Ann Roe <ann@a.com>\n<bob@b.com>\nmailto:Cat@c.com\n", ["ann@a.com", "bob@b.com", "cat@c.com"]),
        ("ann@a.com.\nexample.org.\nhttps://b.com/\n", ["ann@a.com", "example.org", "b.com"]),
        ("ann@a.com\u200b\n\u00a0bob@b.com\n", ["ann@a.com", "bob@b.com"]),
        ("ann@a.com, bob@b.com\ncat@c.com; dan@d.com\n", ["ann@a.com", "bob@b.com", "cat@c.com", "dan@d.com"]),
        ("ann@a.com # left, was angry\nbob@b.com\n", ["ann@a.com", "bob@b.com"]),
        ("a#b@x.com\n", ["a#b@x.com"]),
        ("ann@a.com\n" * 60 + "zed@z.com,unsubscribed\n", ["ann@a.com"] * 60 + ["zed@z.com"]),
        ("@foo.com, @bar.com\n", ["foo.com", "bar.com"]),
        ("foo.com,customer\nbar.com,customer\n", ["foo.com", "bar.com"]),
        ("ann@a.com,unsubscribed\nbob@b.com,complaint\n", ["ann@a.com", "bob@b.com"]),
        ("domain,reason\n*.foo.com,x\n@bar.com,y\nBaz.com.,z\n", ["foo.com", "bar.com", "baz.com"]),
        ("email,domain\nann@a.com,a.com\n,foo.com\n", ["ann@a.com", "foo.com"]),
        ("E-Mail-Adresse;Grund\nann@a.com;Kunde\n", ["ann@a.com"]),
        ("", []),
        ("# nobody yet\n", []),
        ("email,reason\n", []),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entries(tmp_path: Path, text: str, entries: list[str], encoding: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(text, encoding=encoding)
    assert [entry for entry, _ in read_entries(path)] == entries


def test_an_old_list_of_windows_keeps_its_letters(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("ann@müller.de\n".encode("cp1252"))
    assert list(read_entries(path)) == [("ann@müller.de", "")]


def test_a_list_without_any_entry_is_not_taken_for_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("Please ask Ann\nfor the list\n")
    with pytest.raises(UnreadableInputError, match="names no address and no domain"):
        list(read_entries(path))
