"""From the journal into the workspace: what cannot be read or stored is put aside, and everything else goes in."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import webhook_senders as senders

from analyzer.errors import OutputError
from analyzer.history import Workspace
from analyzer.verp import Keys, sign
from analyzer.webhooks import settling, taker
from analyzer.webhooks.journal import Journal
from analyzer.webhooks.meters import Meters
from analyzer.webhooks.rejects import Rejects
from analyzer.webhooks.settling import Settling
from analyzer.webhooks.taker import Pace, Taker


class Refusing:
    """A workspace that fails of certain recipients, or altogether for a while."""

    def __init__(self, workspace: Workspace, wrong: str = "", failures: int = 0) -> None:
        self._workspace, self._wrong, self.failures = workspace, wrong, failures

    def add_bounces(self, frame: Any) -> Any:
        if self.failures:
            self.failures -= 1
            raise OutputError("workspace", "bounces cannot be written: it is away")
        if self._wrong and frame["recipient"].str.startswith(self._wrong).any():
            raise OutputError("workspace", "bounces cannot be written: a value that no column takes")
        return self._workspace.add_bounces(frame)


@contextmanager
def taking(
    folder: Path,
    *bodies: Any,
    workspace: Callable[[], Any] | None = None,
    pace: Pace | None = None,
    keys: Keys | None = None,
) -> Iterator[tuple[Journal, Taker, list[str]]]:
    """A taker over a journal that holds these bodies."""
    journal, said = Journal(folder / "journal"), []

    async def keep() -> None:
        for body in bodies:
            await journal.append("/x", body if isinstance(body, bytes) else json.dumps(body).encode())

    asyncio.run(keep())
    place = folder / "workspace"
    working = Taker(
        journal,
        workspace or (lambda: Workspace(place)),
        Meters(),
        Rejects(folder / "rejects"),
        lambda: Settling(str(place)),
        pace or Pace(every_s=0.02, drain_s=20),
        None,
        said.append,
        keys,
    )
    working.start()
    yield journal, working, said
    journal.close()


def stored(folder: Path) -> list[str]:
    return sorted(Workspace(folder / "workspace").bounces()["recipient"])


def rejected(folder: Path) -> list[dict[str, Any]]:
    place = folder / "rejects"
    return [json.loads(path.read_text()) for path in sorted(place.iterdir())] if place.exists() else []


def test_a_request_that_breaks_a_reader_is_put_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = taker._rows_of

    def breaking(value: Any, source: str, classifier: Any) -> Any:
        if value.get("email", "").startswith("lead1@"):
            raise RuntimeError("lead1@ broke it")
        return real(value, source, classifier)

    monkeypatch.setattr(taker, "_rows_of", breaking)
    with taking(tmp_path, *(senders.brevo_event(n) for n in range(3))) as (_, working, said):
        assert working.stop()
    assert stored(tmp_path) == ["lead0@corp0.example", "lead2@corp2.example"]
    assert [one["reason"] for one in rejected(tmp_path)] == ["error"]
    assert "lead1@" in rejected(tmp_path)[0]["body"]
    assert said == ["/x: a request could not be read (RuntimeError); it is in the rejects"]


def test_a_request_that_no_commit_takes_is_found_and_put_aside(tmp_path: Path) -> None:
    def workspace() -> Any:
        return Refusing(Workspace(tmp_path / "workspace"), wrong="lead2@")

    with taking(tmp_path, *(senders.brevo_event(n) for n in range(4)), workspace=workspace) as (_, working, _said):
        time.sleep(0.5)
        assert working.stop()
    assert stored(tmp_path) == ["lead0@corp0.example", "lead1@corp1.example", "lead3@corp3.example"]
    assert [one["reason"] for one in rejected(tmp_path)] == ["not_stored"]


def test_a_value_that_no_table_takes_is_put_aside_though_it_is_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = taker._rows_of

    def odd(value: Any, source: str, classifier: Any) -> Any:
        for row in real(value, source, classifier):
            yield {**row, "confidence": object()} if row["recipient"].startswith("lead1@") else row

    monkeypatch.setattr(taker, "_rows_of", odd)
    with taking(tmp_path, senders.brevo_event(1)) as (_, working, _said):
        assert working.stop()
    assert [one["reason"] for one in rejected(tmp_path)] == ["not_stored"]


def test_a_workspace_that_is_away_for_a_while_costs_nothing(tmp_path: Path) -> None:
    away = Refusing(Workspace(tmp_path / "workspace"), failures=9)
    bodies = [senders.brevo_event(n) for n in range(5)]
    with taking(tmp_path, *bodies, workspace=lambda: away) as (journal, working, said):
        assert working.stop()
        assert journal.waiting_bytes == 0
    assert len(stored(tmp_path)) == 5
    assert rejected(tmp_path) == []
    assert said == [
        "the journal is kept, and will be tried again: workspace: bounces cannot be written: it is away",
        "what was kept goes into the workspace again",
    ]


def test_a_workspace_that_stays_away_keeps_the_journal(tmp_path: Path) -> None:
    away = Refusing(Workspace(tmp_path / "workspace"), failures=10**9)
    pace = Pace(every_s=0.02, drain_s=0.5)
    with taking(tmp_path, senders.brevo_event(1), workspace=lambda: away, pace=pace) as (journal, working, _):
        assert not working.stop()
        assert journal.waiting_bytes > 0
    with taking(tmp_path) as (_, working, _said):
        assert working.stop()
    assert stored(tmp_path) == ["lead1@corp1.example"]


def test_large_backlogs_are_taken_in_several_commits(tmp_path: Path) -> None:
    batches = [[senders.sendgrid_event(20 * at + n) for n in range(20)] for at in range(10)]
    pace = Pace(every_s=0.02, most=50, drain_s=30)
    with taking(tmp_path, *batches, pace=pace) as (_, working, _said):
        assert working.stop()
    assert len(stored(tmp_path)) == 200
    assert len(list((tmp_path / "workspace" / "bounces" / "_delta_log").glob("*.json"))) >= 4


def test_the_small_files_of_many_commits_are_joined(tmp_path: Path) -> None:
    batches = [senders.sendgrid_event(n) for n in range(12)]
    pace = Pace(every_s=0.02, most=1, compact=5, drain_s=30)
    with taking(tmp_path, *batches, pace=pace) as (_, working, said):
        assert working.stop()
    (table,) = Workspace(tmp_path / "workspace").info()
    assert (table.rows, said) == (12, [])
    assert table.files < 12


def test_every_file_of_a_commit_is_synced_before_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    real_sync, real_replace = settling._sync, Path.replace

    def sync(path: Path) -> None:
        order.append(path.name if path.is_file() else f"{path.name}/")
        real_sync(path)

    def replace(path: Path, target: Path) -> Path:
        order.append(target.name)
        return real_replace(path, target)

    monkeypatch.setattr(settling, "_sync", sync)
    monkeypatch.setattr(Path, "replace", replace)
    with taking(tmp_path, senders.brevo_event(1)) as (_, working, _said):
        assert working.stop()
    before = order[: order.index("checkpoint.json")]
    files = [path.name for path in (tmp_path / "workspace" / "bounces").rglob("*") if path.is_file()]
    assert set(files) <= set(before)
    assert {"_delta_log/", "bounces/", "week=2026-W10/"} <= set(before)


def test_rejects_are_for_their_owner_alone_and_no_more_than_so_many(tmp_path: Path) -> None:
    rejects = Rejects(tmp_path / "rejects", most=3)
    from analyzer.webhooks.journal import Position

    for number in range(5):
        rejects.keep(Position(1, number), "/x", "unknown", [number])
    rejects.keep(Position(1, 0), "/x", "unknown", [0])
    paths = sorted((tmp_path / "rejects").iterdir())
    assert len(paths) == 3
    assert {oct(path.stat().st_mode & 0o777) for path in paths} == {"0o600"}


def test_what_is_put_aside_counts_once_however_often_its_batch_is_tried(tmp_path: Path) -> None:
    workspace = Refusing(Workspace(tmp_path / "workspace"), failures=2)
    unknown = [senders.sendgrid_event(1), {"nobody": "knows this"}]
    with taking(tmp_path, unknown, workspace=lambda: workspace) as (_, working, _said):
        assert working.stop()
        counted = working._meters.registry.get_sample_value(
            "bounce_webhook_rejected_total", {"endpoint": "/x", "reason": "unknown"}
        )
    assert counted == 1


def test_what_a_commit_fails_of_is_not_named_in_the_log(tmp_path: Path) -> None:
    class Naming(Refusing):
        def add_bounces(self, frame: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise ValueError(f"cannot store {frame['recipient'].iloc[0]}")
            return super().add_bounces(frame)

    workspace = Naming(Workspace(tmp_path / "workspace"), failures=1)
    with taking(tmp_path, [senders.sendgrid_event(1)], workspace=lambda: workspace) as (_, working, said):
        assert working.stop()
    assert stored(tmp_path) == ["lead1@corp1.example"]
    assert said
    assert "lead1" not in "".join(said)


def test_a_large_reject_is_no_larger_than_what_came(tmp_path: Path) -> None:
    deep: Any = list(range(20_000))
    for _ in range(80):
        deep = [deep]
    with taking(tmp_path, deep) as (_, working, _said):
        assert working.stop()
    (path,) = (tmp_path / "rejects").iterdir()
    assert path.stat().st_size < 2 * len(json.dumps(deep))


def test_a_trouble_that_lasts_is_a_line_when_it_begins_and_one_when_it_ends(tmp_path: Path) -> None:
    class Away(Refusing):
        def add_bounces(self, frame: Any) -> Any:
            if self.failures:
                self.failures -= 1
                raise OutputError("workspace", f"\x1b[31mpart-{self.failures}\x1b[0m cannot\nbe written")
            return super().add_bounces(frame)

    workspace = Away(Workspace(tmp_path / "workspace"), failures=2)
    with taking(tmp_path, [senders.sendgrid_event(1)], workspace=lambda: workspace) as (_, working, said):
        assert working.stop()
    assert said == [
        "the journal is kept, and will be tried again: workspace: part-1 cannot be written",
        "what was kept goes into the workspace again",
    ]


def test_a_mail_that_is_handed_on_with_a_wrong_signature_is_kept_apart(tmp_path: Path) -> None:
    """Who relays the mails of a mailbox (Gmail's API, here) vouches for the mailbox, and not for who wrote to it."""
    ours, strangers = Keys((b"0123456789abcdef0123456789abcdef",)), Keys((b"f" * 32,))

    def handed_on(number: int, keys: Keys) -> dict[str, str]:
        lead = f"lead{number}@corp.example"
        path = sign(lead, keys, domain="outreach.example")
        mail = (
            f"From: MAILER-DAEMON@mx.corp.example\nTo: {path}\nDate: Mon, 02 Mar 2026 09:11:21 +0000\n"
            "Subject: Undelivered Mail Returned to Sender\n"
            "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
            "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.corp.example\n\n"
            f"Final-Recipient: rfc822; {lead}\nAction: failed\nStatus: 5.1.1\n"
            "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n--b--\n"
        )
        return {"id": str(number), "threadId": str(number), "raw": urlsafe_b64encode(mail.encode()).decode()}

    with taking(tmp_path, handed_on(1, ours), handed_on(2, strangers), keys=ours) as (_, working, _said):
        assert working.stop()
    assert stored(tmp_path) == ["lead1@corp.example"]
    assert list(Workspace(tmp_path / "workspace").suspected()["recipient"]) == ["lead2@corp.example"]
