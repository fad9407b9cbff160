"""A small world of mail on the loopback, of which everything is known: dnsmasq, Postfix, postgrey.

`WORLD` says of each address what is true, what the probe must find and how the check must grade it.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from servers.programs import dnsmasq, free_port, postfix, postgrey
from servers.scripted import self_signed


@dataclass(frozen=True)
class Case:
    """An address. `truth` is a phrase; `takes_mail`: whether a mail from anybody with a clean name would arrive. `state`
    and `grade` are what must come out, "" where it is never asked, and where the policy decides."""

    address: str
    truth: str
    takes_mail: Literal["yes", "no", "not now"]
    state: str
    grade: str


WORLD: tuple[Case, ...] = (
    Case("anna@known.example", "has a mailbox", "yes", "accepted", "send"),
    Case("Ben.Miller@known.example", "has a mailbox", "yes", "accepted", "send"),
    Case("jörg@known.example", "has a mailbox, beyond ASCII", "yes", "accepted", "send"),
    Case("nora@known.example", "does not exist", "no", "unknown_user", "do_not_send"),
    Case("fred@known.example", "does not exist any more", "no", "unknown_user", "do_not_send"),
    Case("clara@known.example", "was closed", "no", "disabled", "do_not_send"),
    Case("felix@known.example", "has a mailbox that is full", "not now", "full", "verify_again"),
    Case("bruno@known.example", "has a mailbox that is full, the host says 452", "not now", "full", "verify_again"),
    Case("stella@known.example", "has a mailbox, for members only", "no", "policy", "verify_again"),
    Case("lukas@known.example", "has a mailbox, its directory is down", "yes", "temporary", "verify_again"),
    Case(
        "simon@known.example", "has a mailbox, the host refuses it and gives no reason", "no", "policy", "verify_again"
    ),
    Case("alma@all.example", "the domain takes every address", "yes", "catch_all", ""),
    Case("otto@all.example", "the domain takes every address", "yes", "catch_all", ""),
    Case("mia@grey.example", "has a mailbox behind greylisting", "yes", "accepted", "send"),
    Case("gregor@grey.example", "does not exist, behind greylisting", "no", "unknown_user", "do_not_send"),
    Case(
        "tom@blocked.example", "has a mailbox; our address is on the host's block list", "yes", "policy", "verify_again"
    ),
    Case("nils@blocked.example", "does not exist; our address is on the list", "no", "policy", "verify_again"),
    Case("eva@one.example", "has a mailbox; the host takes one recipient a session", "yes", "accepted", "send"),
    Case("nina@one.example", "does not exist; one recipient a session", "no", "unknown_user", "do_not_send"),
    Case("max@helo.example", "has a mailbox; the host wants our name in DNS", "yes", "policy", "verify_again"),
    Case("nick@sender.example", "does not exist; the host wants our domain in DNS", "no", "policy", "verify_again"),
    Case("ida@tls.example", "has a mailbox; the host talks encrypted only", "yes", "accepted", "send"),
    Case("noah@tls.example", "does not exist; encrypted only", "no", "unknown_user", "do_not_send"),
    Case("sonja@soft.example", "does not exist, the host says 450", "no", "temporary", "verify_again"),
    Case("kim@second.example", "has a mailbox; the first mail host is down", "yes", "accepted", "send"),
    Case("vera@second.example", "does not exist; the first mail host is down", "no", "unknown_user", "do_not_send"),
    Case("lea@down.example", "has a mailbox; no mail host is up", "not now", "no_answer", "verify_again"),
    Case("zoe@relay.example", "the named host does not serve the domain", "no", "policy", "verify_again"),
    Case("uma@implicit.example", "has a mailbox; the domain has an address and no MX", "yes", "accepted", "send"),
    Case("ann@null.example", "the domain takes no mail (null MX)", "no", "", "do_not_send"),
    Case("ann@nowhere.example", "the domain does not exist", "no", "", "do_not_send"),
)
#: Mailboxes that exist; those of `access` below are refused before it comes to that.
_MAILBOXES = """
anna@known.example ben.miller@known.example jörg@known.example felix@known.example bruno@known.example
stella@known.example lukas@known.example simon@known.example clara@known.example @all.example mia@grey.example
tom@blocked.example eva@one.example max@helo.example ida@tls.example kim@second.example uma@implicit.example
"""
_ACCESS = """
felix@known.example 552 5.2.2 The mailbox is full, over its quota
bruno@known.example 452 4.2.2 The mailbox is full, over its quota
clara@known.example 550 5.2.1 This account has been disabled
stella@known.example 550 5.7.1 Only members of the group may write to this address
lukas@known.example 451 4.3.0 Temporary lookup failure
simon@known.example REJECT
grey.example greylist
blocked.example blocklist
"""
_DOMAINS = ("known", "all", "grey", "blocked", "one", "helo", "sender", "tls", "soft", "second", "implicit")
#: The hosts by name: each smtpd has an address of its own. Nobody listens at `dead`.
_HOSTS = {"mail": 1, "dead": 3, "one": 4, "helo": 6, "sender": 7, "tls": 8, "soft": 9}


@dataclass(frozen=True)
class World:
    """Where the servers are: `resolver` as `--resolver` wants it, and the port of every mail host."""

    resolver: str
    port: int
    log: Path


@contextmanager
def mail_world() -> Iterator[World]:
    """The servers, until the end of the block. Needs root, and Debian's postfix, postgrey and dnsmasq-base."""
    with ExitStack() as stack:
        # Postfix's own user must get in, which pytest's folders do not let it.
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mail-world-")))
        folder.chmod(0o755)
        names = f"127.{random.randint(16, 250)}.{random.randint(1, 250)}.53"
        stack.enter_context(dnsmasq(folder, names, 53, _records()))
        grey, port = free_port(), free_port()
        stack.enter_context(postgrey(folder, grey, delay_s=1))
        stack.enter_context(postfix(folder, port, _main(folder, grey), _listeners(), names))
        yield World(f"{names}:53", port, folder / "postfix.log")


def _records() -> list[str]:
    """What DNS knows, as options of dnsmasq: each domain's mail host has the domain's own name, so is a party of its own."""
    address = {name: f"127.0.0.{_HOSTS.get(name, _HOSTS['mail'])}" for name in (*_DOMAINS, "relay")}
    address["down"] = f"127.0.0.{_HOSTS['dead']}"
    records = [f"host-record=mx.{name}.example,{host}" for name, host in address.items()]
    records += [f"mx-host={name}.example,mx.{name}.example,20" for name in address if name != "implicit"]
    records += ["mx-host=second.example,mx.down.example,10", "host-record=implicit.example,127.0.0.1"]
    # The test's block list has our address on it, as a real one would answer.
    return [*records, "mx-host=null.example,.,0", "host-record=1.0.0.127.dnsbl.example,127.0.0.2"]


def _main(folder: Path, grey: int) -> dict[str, str]:
    certificate, key = self_signed(folder, "mail.hosts.example")
    (folder / "mailboxes").write_text("".join(f"{address} kept\n" for address in _MAILBOXES.split()), encoding="utf-8")
    (folder / "access").write_text(_ACCESS.lstrip())
    return {
        "myhostname": "mail.hosts.example",
        "virtual_mailbox_domains": " ".join(f"{name}.example" for name in _DOMAINS),
        "virtual_mailbox_maps": f"texthash:{folder / 'mailboxes'}",
        "smtputf8_enable": "yes",
        "smtpd_tls_security_level": "may",
        "smtpd_tls_cert_file": str(certificate),
        "smtpd_tls_key_file": str(key),
        "smtpd_relay_restrictions": "reject_unauth_destination",
        "smtpd_recipient_restrictions": f"check_recipient_access texthash:{folder / 'access'}",
        "smtpd_restriction_classes": "greylist, blocklist",
        "greylist": f"check_policy_service inet:127.0.0.1:{grey}",
        "blocklist": "reject_rbl_client dnsbl.example",
        "smtpd_error_sleep_time": "0",
    }


def _listeners() -> dict[str, dict[str, str]]:
    own: dict[str, dict[str, str]] = {
        "mail": {},
        "one": {"smtpd_recipient_limit": "1", "smtpd_recipient_overshoot_limit": "1"},
        "helo": {"smtpd_helo_restrictions": "reject_unknown_helo_hostname", "unknown_hostname_reject_code": "550"},
        "sender": {"smtpd_sender_restrictions": "reject_unknown_sender_domain", "unknown_address_reject_code": "550"},
        "tls": {"smtpd_tls_security_level": "encrypt"},
        "soft": {"unknown_virtual_mailbox_reject_code": "450"},
    }
    return {f"127.0.0.{_HOSTS[name]}": settings for name, settings in own.items()}
