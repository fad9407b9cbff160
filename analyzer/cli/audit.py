"""`audit`: what the sender domain publishes, against the fixes that the bounces asked for."""

from __future__ import annotations

from typing import Annotated

import typer

from analyzer.cli.options import Bound, Redact, Rules
from analyzer.cli.screen import say_json


def audit(
    domains: Annotated[list[str], typer.Argument(metavar="DOMAIN…", help="The domains that the mail is sent from.")],
    bounces: Annotated[
        list[str] | None,
        typer.Option(
            "--bounces", metavar="SOURCE", help="Bounces to hold against it, as for diagnose; may be repeated."
        ),
    ] = None,
    selector: Annotated[
        list[str] | None, typer.Option("--selector", metavar="NAME", help="A DKIM selector in use; may be repeated.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option("--ip", metavar="ADDRESS", help="An address mail is sent from; may be repeated.")
    ] = None,
    resolver: Annotated[
        str,
        typer.Option("--resolver", metavar="HOST[:PORT]", help="The DNS resolver to ask; the system's unless given."),
    ] = "",
    timeout: Annotated[float, typer.Option("--timeout", min=0.1, help="Seconds to wait for one look-up.")] = 5.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the audit as JSON.")] = False,
    fail_on: Annotated[
        str, typer.Option("--fail-on", metavar="fault", help="Exit with 1 where a check finds a fault.")
    ] = "",
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
) -> None:
    """Look at what a sender domain publishes (SPF, DKIM, DMARC, MX, PTR), and whether that explains its bounces."""
    from analyzer.api import run_audit
    from analyzer.report.audit import json_text, show

    if fail_on not in ("", "fault"):
        raise typer.BadParameter("give 'fault'", param_hint="--fail-on")
    found = run_audit(
        domains,
        bounces=bounces or (),
        resolver=resolver,
        selectors=selector or (),
        addresses=address or (),
        timeout=timeout,
        rules=rules,
    )
    if redact:
        from analyzer.report.redacting import walked

        found = walked(found)
    if as_json:
        say_json(json_text(found))
    else:
        show(found)
    if fail_on and any(domain.faults for domain in found.domains):
        raise typer.Exit(1)
