"""Programs of others that `comparison.py` runs where they are installed, and what their words mean in ours.

    apt-get install libsisimai-perl             Sisimai, in Perl, by its public `make`
    npm install --prefix FOLDER zone-mta        ZoneMTA's bounce rules, by `check`, with NODE_PATH=FOLDER/node_modules

Only their public functions are called; nothing of theirs is kept here. A program that is not there is said to be not
there, and the rest goes on. Their words are coarser than ours, or cut otherwise, so each stands for every reason that
it may mean by its own description: an answer is right where the true reason is among them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from importlib import metadata
from pathlib import Path

from flufl.bounce import all_failures

from analyzer.classify import classify
from analyzer.parsing import read_message
from analyzer.records import COUNTED_KINDS

#: Sisimai's reasons (`perldoc Sisimai::Reason::…`), each with ours that it may mean. `onhold` and `undefined` are its
#: words for "nothing says why", so they are no answer.
SISIMAI = {
    "blocked": "ip_blocklisted ip_reputation ptr_missing domain_blocklisted domain_reputation rate_limited"
    " greylisted protocol_error sender_rejected",
    "disabled": "mailbox_disabled",
    "contenterror": "spam_content protocol_error auth_failure policy",
    "exceedlimit": "message_too_large rate_limited mailbox_full",
    "expired": "expired network_error server_error no_mail_server greylisted rate_limited",
    "feedback": "complaint",
    "filtered": "user_unknown recipient_rejected recipient_restricted mailbox_disabled policy sender_rejected",
    "hasmoved": "moved",
    "hostunknown": "domain_not_found no_mail_server",
    "mailboxfull": "mailbox_full",
    "mailererror": "server_error policy",
    "mesgtoobig": "message_too_large",
    "networkerror": "network_error mail_loop no_mail_server domain_not_found expired",
    "norelaying": "relay_denied sender_account",
    "notaccept": "not_accepting_mail no_mail_server server_error",
    "policyviolation": "policy spam_content protocol_error auth_failure tls_required recipient_restricted"
    " rate_limited sender_rejected ptr_missing",
    "rejected": "sender_rejected domain_blocklisted domain_reputation auth_failure sender_account recipient_restricted",
    "securityerror": "auth_failure tls_required policy virus sender_account recipient_restricted",
    "spamdetected": "spam_content url_blocklisted domain_reputation ip_reputation",
    "speeding": "rate_limited greylisted",
    "suspend": "mailbox_disabled",
    "syntaxerror": "protocol_error address_syntax",
    "systemerror": "server_error mail_loop network_error",
    "systemfull": "mailbox_full server_error",
    "toomanyconn": "too_many_connections rate_limited",
    "userunknown": "user_unknown recipient_rejected address_syntax",
    "virusdetected": "virus",
}
#: ZoneMTA's categories, as the rules of its `config/bounces.txt` use them. `other` is no answer.
ZONEMTA = {
    "auth": "auth_failure tls_required recipient_restricted sender_account",
    "blacklist": "ip_blocklisted domain_blocklisted url_blocklisted ip_reputation domain_reputation sender_rejected",
    "block": "ip_blocklisted ip_reputation domain_reputation domain_blocklisted ptr_missing sender_rejected"
    " sender_account policy recipient_restricted",
    "capacity": "mailbox_full server_error too_many_connections mailbox_disabled",
    "config": "ptr_missing tls_required sender_rejected server_error auth_failure protocol_error",
    "dmarc": "auth_failure",
    "envelope": "user_unknown domain_not_found address_syntax recipient_rejected sender_rejected rate_limited",
    "greylist": "greylisted",
    "message": "message_too_large spam_content protocol_error auth_failure policy",
    "network": "network_error mail_loop expired no_mail_server domain_not_found",
    "policy": "policy spam_content recipient_restricted",
    "protocol": "protocol_error tls_required",
    "rate": "rate_limited too_many_connections",
    "recipient": "user_unknown mailbox_disabled moved recipient_rejected not_accepting_mail no_mail_server"
    " relay_denied server_error rate_limited",
    "sender": "sender_rejected auth_failure",
    "spam": "spam_content url_blocklisted ip_reputation domain_reputation rate_limited complaint",
    "virus": "virus",
}
#: A line of JSON for each file of the list on standard input: whom it calls failed, and why.
SISIMAI_READS = r"""
use strict; use warnings; use JSON; use Sisimai;
my $json = JSON->new->canonical;
while (my $path = <STDIN>) {
    chomp $path;
    my @found;
    my $made = eval { local $SIG{__WARN__} = sub {}; Sisimai->make($path) };
    for my $one (@{ $made || [] }) {
        next if $one->action eq 'delayed' or $one->reason eq 'vacation';
        push @found, { recipient => $one->recipient->address, alias => $one->alias, reason => $one->reason,
                       final => $one->action eq 'failed' || $one->softbounce == 0 ? 1 : 0 };
    }
    print $json->encode(\@found), "\n";
}
"""
#: The whole of a folder, and everything known of each bounce as JSON.
SISIMAI_DUMPS = "use Sisimai; print Sisimai->dump($ARGV[0]);"
#: One JSON string a line on standard input, one category a line back.
ZONEMTA_READS = r"""
const { check } = require('zone-mta/lib/bounces.js');
const replies = require('fs').readFileSync(0, 'utf-8').split('\n').filter(Boolean).map(line => JSON.parse(line));
process.stdout.write(replies.map(reply => JSON.stringify(check(reply).category || 'other')).join('\n') + '\n');
"""


@dataclass(frozen=True, slots=True)
class Said:
    """What a program says of a message: whom it names, in each way that it names them, and its word for why.

    `final` tells whether it calls one of them failed for good, not late or soft.
    """

    named: tuple[frozenset[str], ...]
    word: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True)
class Program:
    """A program as it stands on this machine; `version` is empty where it is not there, and `how` says how to get it.

    `says` takes messages, each with the bare reply in it where that is known. `meanings` is None for our own words.
    """

    name: str
    version: str
    how: str
    says: Callable[[Sequence[tuple[bytes, str]]], list[Said]]
    meanings: dict[str, str] | None = None
    reads_messages: bool = True

    def reasons_of(self, word: str) -> frozenset[str]:
        """Our reasons that its word may mean; none for a word that gives no reason."""
        if self.meanings is None:
            return frozenset({word} - {""})
        return reasons_of(word, self.meanings)


def reasons_of(word: str, meanings: dict[str, str]) -> frozenset[str]:
    """Our reasons that a word may mean by a table of meanings; none for a word that is not in it."""
    return frozenset(meanings.get(word, "").split())


def all_programs() -> list[Program]:
    """Ours and the others, there or not."""
    return [
        Program("ours", metadata.version("bounce-analyzer"), "", lambda given: ours(data for data, _ in given)),
        Program(
            *("Sisimai", _printed(["perl", "-MSisimai", "-MJSON", "-e", "print Sisimai->version"])),
            *("apt-get install libsisimai-perl", lambda given: sisimai(data for data, _ in given), SISIMAI),
        ),
        Program(
            *("flufl.bounce", metadata.version("flufl.bounce"), ""),
            *(lambda given: flufl(data for data, _ in given), {}),
        ),
        Program(
            *("ZoneMTA", _printed(["node", "-p", "require('zone-mta/package.json').version"])),
            "npm install zone-mta, and NODE_PATH set to its node_modules",
            lambda given: [Said((frozenset(),), word) for word in zonemta_says(reply for _, reply in given)],
            ZONEMTA,
            reads_messages=False,
        ),
    ]


def zonemta_rules() -> Path | None:
    """Where its rules lie; None where it is not there."""
    found = _printed(["node", "-p", "require.resolve('zone-mta/config/bounces.txt')"])
    return Path(found) if found else None


def _printed(command: list[str]) -> str:
    """What a command prints; nothing where it cannot be run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def ours(messages: Iterable[bytes]) -> list[Said]:
    """Our parser: the addresses that failed, those written to where mail was forwarded, and the first one's reason."""
    return [_ours(message) for message in messages]


def _ours(message: bytes) -> Said:
    report = read_message(message)
    if report.kind not in COUNTED_KINDS or not report.failures:
        return Said((frozenset(),))
    failed = frozenset(failure.recipient.lower() for failure in report.failures)
    written = frozenset((failure.original_recipient or failure.recipient).lower() for failure in report.failures)
    first = report.failures[0]
    verdict = classify(first.diagnostic, status=first.status, reply=first.reply, host=first.remote_mta)
    return Said((failed, written), verdict.reason, final=bool(failed))


def flufl(messages: Iterable[bytes]) -> list[Said]:
    """flufl.bounce: whom it calls failed for good; nobody where it raises, which ends a run that does not catch it."""
    return [_flufl(message) for message in messages]


def _flufl(message: bytes) -> Said:
    try:
        permanent = all_failures(message_from_bytes(message))[1]
    except Exception:  # noqa: BLE001 - any of its errors is the same answer
        return Said((frozenset(),))
    failed = frozenset(address.decode("utf-8", "replace").lower() for address in permanent)
    return Said((failed,), final=bool(failed))


def sisimai(messages: Iterable[bytes]) -> list[Said]:
    """Sisimai, in one process for all messages, each in a file of its own as it wants them."""
    with tempfile.TemporaryDirectory() as place:
        paths = []
        for number, message in enumerate(messages):
            paths.append(Path(place, f"{number:07}.eml"))
            paths[-1].write_bytes(message)
        lines = _lines(["perl", "-e", SISIMAI_READS], [str(path) for path in paths])
    found = []
    for rows in map(json.loads, lines):
        failed = frozenset(row["recipient"].lower() for row in rows)
        written = frozenset((row["alias"] or row["recipient"]).lower() for row in rows)
        final = any(row["final"] for row in rows)
        found.append(Said((failed, written), rows[0]["reason"] if rows else "", final=final))
    return found


def zonemta_says(replies: Iterable[str]) -> list[str]:
    """ZoneMTA's category of each reply."""
    return [json.loads(line) for line in _lines(["node", "-e", ZONEMTA_READS], [json.dumps(one) for one in replies])]


def _lines(command: list[str], lines: Sequence[str]) -> list[str]:
    """A command's output lines, one for each line that it is given."""
    given = "".join(f"{line}\n" for line in lines)
    done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", check=True)
    answers = done.stdout.splitlines()
    if len(answers) != len(lines):
        raise RuntimeError(f"{command[0]} answered {len(answers)} of {len(lines)}: {done.stderr.strip()[-300:]}")
    return answers
