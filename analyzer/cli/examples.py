"""What stands under each `--help`: how the command is mostly called."""

from __future__ import annotations

from typing import Final

#: By the words of the command. A test has the program take every line.
EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("bounce-analyzer demo --out bounce-report",),
    "parse": (
        "bounce-analyzer parse bounces.mbox Maildir/ --out bounces.csv",
        "bounce-analyzer parse imaps://bounces@mail.example/INBOX --out bounces.parquet",
        "bounce-analyzer parse - < message.eml",
    ),
    "classify": (
        'bounce-analyzer classify "550 5.1.1 No such user"',
        "bounce-analyzer classify --json < replies.txt",
    ),
    "diagnose": (
        "bounce-analyzer diagnose --bounces bounces.mbox --log log.csv --leads leads.csv --next next.csv --out report",
        'bounce-analyzer diagnose --log log.csv --map "Work mail=recipient" --json',
    ),
    "check": (
        "bounce-analyzer check leads.csv --dns --out graded.csv",
        "bounce-analyzer check leads.csv --workspace history --fail-on 5%",
        "bounce-analyzer check graded.csv --against bounces.mbox --log log.csv",
    ),
    "export": (
        "bounce-analyzer export --list",
        "bounce-analyzer export mailgun report --out lists",
    ),
    "audit": ("bounce-analyzer audit outreach.example --bounces bounces.mbox --fail-on fault",),
    "ingest": ("bounce-analyzer ingest --workspace history --log log.csv --leads leads.csv --bounces bounces.mbox",),
    "watch": (
        "bounce-analyzer watch --workspace history --imap imaps://bounces@mail.example/INBOX",
        "bounce-analyzer watch --workspace history --maildir Maildir --once",
        "bounce-analyzer watch --workspace history --listen 127.0.0.1:8080 --webhooks webhooks.toml",
    ),
    "weekly": ("bounce-analyzer weekly --workspace history --out reports --fail-on alarm",),
    "serve": ("bounce-analyzer serve --workspace history --open",),
    "workspace info": ("bounce-analyzer workspace info --workspace history",),
    "workspace compact": ("bounce-analyzer workspace compact --workspace history",),
    "workspace forget": ("bounce-analyzer workspace forget jane@example.com --workspace history",),
    "workspace retain": ("bounce-analyzer workspace retain 730 --workspace history",),
    "workspace export": ("bounce-analyzer workspace export --workspace history --out tables",),
    "rules list": ("bounce-analyzer rules list --reason mailbox_full",),
    "rules show": ("bounce-analyzer rules show microsoft/edge-blocking",),
    "rules test": ("bounce-analyzer rules test --rules own",),
    "rules explain": ('bounce-analyzer rules explain "550 5.7.1 No such user" --host mx.example.com',),
    "rules suggest": ("bounce-analyzer rules suggest bounces.mbox --out own/new.toml",),
    "verp key": ("bounce-analyzer verp key > verp.keys",),
    "verp sign": ("bounce-analyzer verp sign --verp-key-file verp.keys --domain mail.example jane@example.com",),
    "verp verify": ("bounce-analyzer verp verify --verp-key-file verp.keys < return-paths.txt",),
}


def epilog(words: str) -> str:
    """The examples of a command, as they stand under its help."""
    lines = EXAMPLES[words]
    return "\n".join(["\b", "Example:" if len(lines) == 1 else "Examples:", *(f"  {line}" for line in lines)])
