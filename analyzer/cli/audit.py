"""`audit`: what the sender domain publishes, against the fixes that the bounces asked for."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from analyzer.cli.options import Bounces, Bound, Json, Redact, Resolver, Rules
from analyzer.cli.screen import say_json


class FailOn(StrEnum):
    """What `--fail-on` knows."""

    fault = "fault"


def audit(
    domains: Annotated[list[str], typer.Argument(metavar="DOMAIN", help="The domains that the mail is sent from.")],
    bounces: Bounces = None,
    selector: Annotated[
        list[str] | None, typer.Option("--selector", metavar="NAME", help="A DKIM selector in use; may be repeated.")
    ] = None,
    address: Annotated[
        list[str] | None, typer.Option("--ip", metavar="ADDRESS", help="An address mail is sent from; may be repeated.")
    ] = None,
    resolver: Resolver = "",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="Seconds to wait for one look-up.")
    ] = 5.0,
    patience: Annotated[
        float,
        typer.Option(
            "--patience", metavar="SECONDS", min=0.1, help="Seconds to wait in all for look-ups that nobody answers."
        ),
    ] = 20.0,
    as_json: Json = False,
    fail_on: Annotated[
        FailOn | None, typer.Option("--fail-on", metavar="fault", help="Exit with 1 where a check finds a fault.")
    ] = None,
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
) -> None:
    """Look at what a domain publishes (SPF, DKIM, DMARC, MX, PTR, HELO, MTA-STS), held against its bounces."""
    from analyzer.api import run_audit
    from analyzer.report.audit import json_text, show

    found = run_audit(
        domains,
        bounces=bounces or (),
        resolver=resolver,
        selectors=selector or (),
        addresses=address or (),
        timeout=timeout,
        patience=patience,
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
