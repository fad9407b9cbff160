"""`watch`: follow a mailbox, or receive webhooks, into a workspace."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from analyzer.cli.options import Bound, Redact, Rules, Since, VerpKeyFile, WorkspacePlace


def watch(
    workspace: WorkspacePlace,
    imap: Annotated[
        str, typer.Option("--imap", metavar="URL", help="A folder on a mail server: imaps://user@host/FOLDER.")
    ] = "",
    maildir: Annotated[Path | None, typer.Option("--maildir", metavar="DIR", help="A Maildir.")] = None,
    spool: Annotated[
        Path | None, typer.Option("--spool", metavar="FILE", help="An mbox that mail is appended to.")
    ] = None,
    address: Annotated[
        str,
        typer.Option(
            "--listen", metavar="[HOST:]PORT", help="Receive providers' webhooks here, such as 127.0.0.1:8080."
        ),
    ] = "",
    webhooks: Annotated[
        Path | None, typer.Option("--webhooks", metavar="FILE", help="With --listen: its endpoints and their secrets.")
    ] = None,
    journal: Annotated[
        Path | None,
        typer.Option("--journal", metavar="DIR", help="With --listen: what was accepted; else in the workspace."),
    ] = None,
    metrics: Annotated[
        str,
        typer.Option("--metrics", metavar="[HOST:]PORT", help="With --listen: an address for /metrics and /healthz."),
    ] = "",
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="FILE", help="With --listen: a certificate chain (PEM).")
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="FILE", help="With --listen: the certificate's key (PEM).")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Take what is there, and stop: for cron.")] = False,
    every: Annotated[
        float | None,
        typer.Option(
            "--every",
            metavar="SECONDS",
            min=0.5,
            help="How often to look where the source does not tell by itself; 60 for a server, 5 for files.",
        ),
    ] = None,
    since: Since = "",
    move_to: Annotated[
        str,
        typer.Option(
            "--move-to", metavar="FOLDER", help="Move bounces and complaints here once they are kept (--imap only)."
        ),
    ] = "",
    state: Annotated[
        Path | None,
        typer.Option("--state", metavar="DIR", help="Where to remember how far it came; else in the workspace."),
    ] = None,
    password_env: Annotated[
        str, typer.Option("--password-env", metavar="NAME", help="The environment variable that holds the password.")
    ] = "",
    password_file: Annotated[
        Path | None,
        typer.Option("--password-file", metavar="FILE", help="A file that holds the password; only you may read it."),
    ] = None,
    token_command: Annotated[
        str,
        typer.Option("--token-command", metavar="COMMAND", help="Prints an OAuth 2 access token on its first line."),
    ] = "",
    ca_file: Annotated[
        Path | None,
        typer.Option("--ca-file", metavar="FILE", help="Certificates to trust in place of the system's (PEM)."),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Log a line for each bounce, with its address.")] = False,
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
    verp_key_file: VerpKeyFile = None,
) -> None:
    """Follow a mailbox, or receive webhooks, and keep the bounces in a workspace.

    Nothing in the mailbox is marked, moved or deleted unless asked for with --move-to.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    sources = (("--imap", imap), ("--maildir", maildir), ("--spool", spool), ("--listen", address))
    given = [name for name, value in sources if value]
    if len(given) != 1:
        what = "give one of --imap, --maildir, --spool and --listen"
        raise typer.BadParameter(what + (", not several" if given else ""))
    if address:
        unused = (once, every, since, move_to, state, password_env, password_file, token_command, ca_file, verbose)
        if any(unused):
            what = "--listen goes with --webhooks, --journal, --metrics, --tls-cert, --tls-key, --verp-key-file only"
            raise typer.BadParameter(what)
        _listen(address, workspace, webhooks, journal, metrics, tls_cert, tls_key, rules, verp_key_file)
        return
    if webhooks or journal or metrics or tls_cert or tls_key:
        raise typer.BadParameter("--webhooks, --journal, --metrics, --tls-cert and --tls-key go with --listen only")
    if move_to and not imap:
        raise typer.BadParameter("--move-to works with --imap only")
    if since and spool:
        raise typer.BadParameter("--since does not work with --spool, which keeps no time of arrival")
    if verbose:
        from analyzer import logbook

        logbook.widen("debug")
    ways = [name for name in (password_env, password_file, token_command) if name]
    if len(ways) > 1:
        raise typer.BadParameter("give one of --password-env, --password-file and --token-command")

    from analyzer.history.iso_weeks import first_day
    from analyzer.sources.imap_login import Access
    from analyzer.verp import keys_from
    from analyzer.watch import Watched
    from analyzer.watch import watch as follow

    follow(
        workspace,
        Watched(imap, maildir, spool, move_to, first_day(since)),
        access=Access(password_env, password_file, token_command, ca_file).completed(),
        once=once,
        every_s=every,
        state=state,
        rules=rules,
        stop=stopped_by_signals(),
        verbose=verbose,
        verp_keys=keys_from(verp_key_file),
    )


def _listen(
    address: str,
    workspace: str,
    webhooks: Path | None,
    journal: Path | None,
    metrics: str,
    tls_cert: Path | None,
    tls_key: Path | None,
    rules: Path | None,
    verp_key_file: Path | None,
) -> None:
    if webhooks is None:
        raise typer.BadParameter("--listen needs --webhooks FILE, which says who may send (docs/webhooks.md)")
    if (tls_cert is None) != (tls_key is None):
        raise typer.BadParameter("--tls-cert and --tls-key go together")
    from analyzer.verp import keys_from
    from analyzer.webhooks import listen

    code = listen(
        address,
        workspace,
        config=webhooks,
        journal=journal,
        metrics=metrics or None,
        tls=(tls_cert, tls_key) if tls_cert and tls_key else None,
        rules=rules,
        verp_keys=keys_from(verp_key_file),
    )
    if code:
        raise typer.Exit(code)


def stopped_by_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set; the second of them ends the process as it would without us."""
    stop = threading.Event()

    def on_signal(number: int, _: object) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    return stop
