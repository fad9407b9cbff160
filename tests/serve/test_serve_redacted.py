"""`serve --redact`: no page and no file to download names an address, and what is known is still found by one."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from serve_files import SAMPLE
from serve_server import start

ADDRESS = re.compile(r"[\w.+'-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)


def _part(name: str, rows: int) -> bytes:
    return b"".join((SAMPLE / name).read_bytes().splitlines(keepends=True)[:rows])


def test_no_page_and_no_file_names_anybody(tmp_path: Path) -> None:
    mails = b"\nFrom ".join((SAMPLE / "bounces.mbox").read_bytes().split(b"\nFrom ")[:40]) + b"\n"
    files = {"bounces.mbox": mails, "log.csv": _part("log.csv", 1500), "leads.csv": _part("leads.csv", 400)}
    known = {
        found.lower()
        for data in (*files.values(), _part("leads.csv", 9999))
        for found in ADDRESS.findall(data.decode("utf-8", "replace"))
    }
    who = next(csv.DictReader(io.StringIO(files["log.csv"].decode())))["recipient"]
    running = start(tmp_path / "jobs", "--redact")
    try:
        client = running.client()
        seen = {}

        def look(name: str, body: bytes) -> None:
            text = body.decode("utf-8", "replace").lower().replace("<wbr>", "").replace("&#39;", "'")
            seen[name] = sorted(known & set(ADDRESS.findall(text)))[:3]

        place = client.upload("/jobs", files).place
        client.wait(place, "ready")
        look("what the files are", client.get(place).body)
        assert "***@" in client.get(place).text
        assert client.post(f"{place}/run", {"tolerance": "5"}).status == 303
        client.wait(place, "done", seconds=120)
        look("result", client.get(place).body)
        for name in re.findall(rf"{place}/files/([\w.]+)", client.get(place).text):
            if not name.endswith(".xlsx"):
                look(name, client.get(f"{place}/files/{name}").body)
        job = place.rpartition("/")[2]
        asked = client.post("/ask/address", {"address": who, "source": job})
        assert "Mails sent" in asked.text
        assert "Nothing is known of it" not in asked.text
        look("ask", asked.body)
        look("ask text", client.post("/ask/text", {"text": f"550 5.1.1 <{who}> unknown"}).body)
        checked = client.upload(
            "/check", {"leads.csv": (SAMPLE / "leads.csv").read_bytes()}, {"history": job, "allow_reserved": "yes"}
        ).place
        client.wait(checked, "ready")
        client.post(f"{checked}/run", {})
        client.wait(checked, "done", seconds=120)
        look("check", client.get(checked).body)
        table = client.get(f"{checked}/files/checked.csv").body
        look("checked.csv", table)
        # The bounces of the campaign are known, though its own files are masked.
        assert b"bounced" in table
        assert len(seen) >= 10
        assert {name: found for name, found in seen.items() if found} == {}
    finally:
        running.stop()
