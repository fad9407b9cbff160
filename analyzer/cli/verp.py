"""`verp`: return paths that only we can make, and whether one of them is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from analyzer.cli.examples import epilog
from analyzer.cli.options import Json, VerpKeyFile, day
from analyzer.cli.screen import say, say_object

app = typer.Typer(no_args_is_help=True, help="Sign return paths (VERP), and verify signed ones.")


@app.command(epilog=epilog("verp key"), short_help="Print a fresh key.")
def key() -> None:
    """Print a fresh key: put it as the first line into a file that only you can read."""
    from analyzer.verp import new_key

    say(new_key())


@app.command(epilog=epilog("verp sign"), short_help="Print the signed return path for each recipient.")
def sign(
    recipients: Annotated[
        list[str] | None, typer.Argument(metavar="RECIPIENT", help="Whom the mails are for; else one a line of stdin.")
    ] = None,
    domain: Annotated[str, typer.Option("--domain", metavar="DOMAIN", help="The domain that your bounces go to.")] = "",
    prefix: Annotated[
        str, typer.Option("--prefix", metavar="NAME", help="What the address begins with, before the plus sign.")
    ] = "bounces",
    campaign: Annotated[str, typer.Option("--campaign", metavar="NAME", help="The campaign, as in the log.")] = "",
    sent_on: Annotated[
        str, typer.Option("--day", metavar="DATE", help="The day of sending, such as 2026-03-31; today unless given.")
    ] = "",
    header: Annotated[
        bool,
        typer.Option("--header", help="A value for a header of your own (X-Bounce-Token), in place of an address."),
    ] = False,
    key_file: VerpKeyFile = None,
) -> None:
    """Print the signed envelope sender for each recipient: RECIPIENT, a tab, the address."""
    from analyzer import verp

    keys = _keys(key_file)
    if not (domain or header):
        raise typer.BadParameter("give --domain, the one that your bounces go to, or --header")
    on = day(sent_on, "--day")
    for recipient in recipients or _lines():
        if header:
            signed = verp.sign_header(recipient, keys, campaign=campaign, day=on)
        else:
            signed = verp.sign(recipient, keys, domain=domain, prefix=prefix, campaign=campaign, day=on)
        say(f"{recipient}\t{signed}")


@app.command(epilog=epilog("verp verify"), short_help="Tell whether return paths are ours; exit 1 if one is not.")
def verify(
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="ADDRESS", help="Return paths; else one a line of stdin.")
    ] = None,
    max_age: Annotated[
        int, typer.Option("--max-age", min=0, metavar="DAYS", help="How old a signature may be; 0 for any age.")
    ] = 0,
    as_json: Json = False,
    key_file: VerpKeyFile = None,
) -> None:
    """Tell whether each address carries a signature of ours, a line each; exit code 1 where one does not."""
    from analyzer import verp

    keys = _keys(key_file)
    wrong, told = False, []
    for address in addresses or _lines():
        found = verp.verify(address, keys, max_age_days=max_age)
        wrong = wrong or not found.valid
        if as_json:
            signed = found.signed
            says = {"names": signed.names, "named": signed.named, "day": signed.day} if signed else {}
            told.append({"address": address, "valid": found.valid, "why": found.why, **says})
            continue
        said = f"\t{found.signed.names} {found.signed.named}, signed {found.signed.day}" if found.signed else ""
        say(f"{address}\t{_WORDS[found.why]}{said}")
    if as_json:
        say_object({"addresses": told})
    if wrong:
        raise typer.Exit(1)


_WORDS = {"": "valid", "unsigned": "not signed", "bad_signature": "wrong signature", "expired": "expired"}


def _keys(key_file: Path | None) -> Any:
    from analyzer import verp

    keys = verp.keys_from(key_file)
    if keys is None:
        raise typer.BadParameter(f"give --verp-key-file, or set {verp.KEY_FILE_ENV} or {verp.KEY_ENV}")
    return keys


def _lines() -> list[str]:
    import sys

    return [line.strip() for line in sys.stdin if line.strip()]
