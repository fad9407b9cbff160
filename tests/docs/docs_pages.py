"""The pages of `docs/` as programs: their files are written, their commands run, and their output is what they show.

A block says by its first line what it is:

    ```console             commands behind "$ ", each with the output that follows it; run in a folder of the page's own
    ```toml own/acme.toml  a file, written into that folder before the first command
    ```pycon               Python as an interpreter shows it, run by doctest
    ```sh, ```ini, …       commands that need something that is not here (a server, a bucket, a mailbox): they are only
                           parsed, as the program itself does, so every option exists and nothing needed is missing

In the folder lies `sample_data`; the terminal is 80 columns wide. In shown output a line "…" stands for any lines, and "…"
within a line for any text: what is long, or differs from run to run. A command that does not end by itself (`serve`, or one
with "&" behind it) is stopped when its output is there, or when the page is done.

`python tests/docs/docs_pages.py docs/tutorial.md …` writes the output that the commands really have into the pages.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
#: The README stands at the top, and is written in the same way.
PAGES = (ROOT / "README.md", *sorted(DOCS.rglob("*.md")))
#: Its blocks may end before the output does.
OPEN_ENDED = frozenset({ROOT / "README.md"})

_FENCE = re.compile(r"^```(?P<kind>[\w-]*)(?: (?P<name>[\w./-]+))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^\n|\A)((?: {4}\S.*\n)+)", re.MULTILINE)
_INLINE = re.compile(r"`(bounce-analyzer [^`\n]+)`")
_ANY = "…"
#: What stands for the page's folder in shown output.
_HOME = "/home/you"
#: The port that pages name; another one is free where they are tested.
_PORT = "8025"
#: Seconds that a command may take.
_PATIENCE = 120
#: Commands that go on until they are stopped.
_ENDLESS = re.compile(r"bounce-analyzer (?:serve|watch(?!.*--once))\b")


@dataclass(frozen=True)
class Block:
    """A fenced block: `start` and `end` are where its body lies in the page."""

    kind: str
    name: str
    body: str
    start: int
    end: int


@dataclass(frozen=True)
class Shown:
    """A command as a page shows it, with the lines under it."""

    command: str
    lines: tuple[str, ...]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = _FENCE.finditer(page.read_text(encoding="utf-8"))
    return [Block(one["kind"], one["name"] or "", one["body"], one.start("body"), one.end("body")) for one in found]


def is_console(block: Block) -> bool:
    """Whether its commands are to be run."""
    return block.kind == "console" or block.body.startswith("$ ")


def shown(block: Block) -> list[Shown]:
    """The commands of a console block; a backslash or a pipe at the end of a line carries on to the next."""
    found: list[tuple[str, list[str]]] = []
    carried = False
    for line in block.body.splitlines():
        if carried:
            found[-1] = (f"{found[-1][0]}\n{line}", [])
        elif line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
        carried = line.endswith(("\\", " |")) and not found[-1][1]
    return [Shown(command, tuple(lines)) for command, lines in found]


class Workplace:
    """A folder in which the commands of one page are run."""

    def __init__(self, folder: Path, cache: Path, page: Path) -> None:
        self.folder, self._page = folder, page
        self._behind: list[subprocess.Popen[str]] = []
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self._port = str(found.getsockname()[1])
        (folder / "sample_data").symlink_to(ROOT / "sample_data")
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        self.environment = kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "HOME": str(folder),
            "XDG_CACHE_HOME": str(cache),
            "COLUMNS": "80",
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "TZ": "UTC",
        }
        for block in blocks(page):
            if block.name:
                target = folder / block.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(block.body.replace(_PORT, self._port), encoding="utf-8")

    def run(self, one: Shown) -> list[str]:
        """What the command prints, on both its outputs."""
        command = one.command.replace(_PORT, self._port)
        if command.rstrip().endswith("&"):
            self._behind.append(self._start(command.rstrip().removesuffix("&")))
            return []
        started = self._start(command)
        if _ENDLESS.search(command):
            return self._until_shown(started, one)
        try:
            printed = started.communicate(timeout=_PATIENCE)[0]
        except subprocess.TimeoutExpired:
            self._stop(started)
            raise
        return self._as_shown(printed)

    def close(self) -> None:
        """Stop what the page left running."""
        for process in self._behind:
            self._stop(process)

    def _start(self, command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def _until_shown(self, process: subprocess.Popen[str], one: Shown) -> list[str]:
        """Read as many lines as are shown, then stop it."""
        assert process.stdout is not None
        late = threading.Timer(_PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
        late.daemon = True
        late.start()
        printed = [process.stdout.readline() for _ in one.lines]
        late.cancel()
        self._stop(process)
        return self._as_shown("".join(printed))

    @staticmethod
    def _stop(process: subprocess.Popen[str]) -> None:
        """As Ctrl-C does, which is passed on to everything that the command started."""
        for how in (signal.SIGINT, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, how)
                try:
                    process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    continue
        if process.stdout is not None:
            process.stdout.close()

    def _as_shown(self, printed: str) -> list[str]:
        told = printed.replace(str(self.folder), _HOME).replace(self._port, _PORT)
        return [line.rstrip() for line in told.splitlines()]


def differs(expected: tuple[str, ...], printed: list[str], *, open_ended: bool = False) -> str:
    """What to change in the page, line by line, where the output is another one than it shows; "" where it is that."""
    lines = [line.rstrip() for line in expected]
    while lines and not lines[-1]:
        lines.pop()
    wanted = [*lines, _ANY] if open_ended else lines
    pattern = "".join(".*" if line == _ANY else _line(line) + "\n" for line in map(_without_guess, wanted))
    told = "".join(_without_guess(line) + "\n" for line in printed)
    if re.fullmatch(pattern, told, re.DOTALL):
        return ""
    shown_to = len(lines) if wanted and wanted[-1] == _ANY else len(printed)
    return "\n".join(difflib.unified_diff(lines, printed[:shown_to], "the page", "the program", lineterm="", n=1))


def _line(line: str) -> str:
    return "[^\n]*".join(re.escape(part) for part in line.split(_ANY))


def _without_guess(line: str) -> str:
    """A confidence and a guess change whenever the model is built anew."""
    line = re.sub(r"\d+(?:\.\d+)?%", "%", line)
    line = re.sub(r"(^[a-z]+ .* · |confidence +)[<>]?\d+ ?%", r"\1%", line)
    if line.startswith("  model "):
        return "  model"
    if line.startswith("#   likely "):
        return "#   likely"
    return re.sub(r'"\w+"  # the model\'s guess.*', "# the model's guess", line)


def only_shown(page: Path) -> Iterator[str]:
    """Commands of ours that a page shows and that nothing runs: whole lines of blocks that are no console."""
    text = page.read_text(encoding="utf-8")
    bodies = [block.body for block in blocks(page) if not is_console(block) and block.kind not in {"text", "pycon"}]
    outside = _FENCE.sub("", text)
    bodies += [match[1] for match in _INDENTED.finditer(outside)]
    for body in bodies:
        for line in body.replace("\\\n", " ").splitlines():
            if not line.lstrip().startswith("#") and "bounce-analyzer " in line:
                found = re.search(r"(?:^|[ /=\"'])bounce-analyzer (.*)", line)
                # Not what follows a name such as `bounce-analyzer[spark]`, or a unit's own name.
                if found and re.match(r"[a-z-]", found[1]) and not re.match(r"\s*(?:Description|pip)\b", line.lstrip()):
                    yield found[1]


def inline(page: Path) -> list[str]:
    """Commands of ours in running text, which may leave out what they need."""
    return [found.removeprefix("bounce-analyzer ") for found in _INLINE.findall(page.read_text(encoding="utf-8"))]


def words_of(command: str) -> list[str]:
    """The words of a command line up to what the shell takes for itself (a pipe, a second command, a redirection)."""
    words: list[str] = []
    lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    lexer.commenters = "#"
    for word in lexer:
        if set(word) <= set("|&;<>"):
            break
        words.append(word)
    return words


def problem(command: str, *, whole: bool) -> str:
    """What the program says to a command line, "" for nothing; with `whole`, also whether something needed is missing."""
    import typer.main
    from typer import TyperException

    from analyzer.cli import app, spread

    words = spread(words_of(command))
    group: Any = typer.main.get_command(app)
    told = []
    while hasattr(group, "commands"):
        if not words:
            return "" if not whole else f"{command}: names no command"
        if words[0].startswith("-"):
            break
        if words[0] not in group.commands:
            return f"{command}: there is no command {words[0]}"
        told.append(words[0])
        group, words = group.commands[words[0]], words[1:]
    if not whole:
        known = {name for each in group.params for name in (*each.opts, *each.secondary_opts)} | {"--help", "--version"}
        unknown = [word for word in words if word.startswith("--") and word.split("=")[0] not in known]
        return f"{command}: there is no option {unknown[0]}" if unknown else ""
    try:
        group.make_context(" ".join(told), words)
    except TyperException as error:
        return f"{command}: {error.format_message()}"
    return ""


def renewed(page: Path, workplace: Workplace) -> str:
    """The page with the output that its commands have now; what "…" covers, and still fits, stays."""
    text, done, parts = page.read_text(encoding="utf-8"), 0, []
    for block in blocks(page):
        if not is_console(block):
            continue
        body = []
        for one in shown(block):
            printed = workplace.run(one)
            faults = [line for line in printed if "fault of its own" in line or line.startswith("Traceback")]
            if faults:
                raise SystemExit(f"{page}: {one.command}: {faults[0]}")
            body += [f"$ {one.command}"]
            if one.lines and one.lines[-1] == _ANY and differs(one.lines, printed):
                body += [*printed[: len(one.lines) - 1], _ANY]
            else:
                body += one.lines if not differs(one.lines, printed) else printed
        parts += [text[done : block.start], "\n".join(body) + "\n"]
        done = block.end
    return "".join([*parts, text[done:]])


def main(pages: list[str]) -> None:
    """Renew the pages named, or all."""
    for page in map(Path, pages) if pages else PAGES:
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(tempfile.gettempdir()) / "docs-pages-cache"
            workplace = Workplace(Path(folder), cache, page.resolve())
            try:
                text = renewed(page, workplace)
            finally:
                workplace.close()
        if text != page.read_text(encoding="utf-8"):
            page.write_text(text, encoding="utf-8")
            print(f"{page}: renewed")


if __name__ == "__main__":
    main(sys.argv[1:])
