"""`check`: a lead list before it is sent, graded lead by lead."""

from __future__ import annotations

from collections import Counter, deque
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from analyzer.cli.check_screen import ALIKE, SHOWN, progress, show
from analyzer.cli.completing import words
from analyzer.cli.options import Bound, Jobs, Log, Mapping, Redact, Resolver, Rules, VerpKeyFile, WorkspacePlace, day
from analyzer.cli.probing import SMTP_PORT, audit_self, probe_options, usual_cache_made
from analyzer.cli.screen import say, say_json
from analyzer.cli.sparing import refuse_two_dashes, spare_inputs
from analyzer.errors import AnalyzerError
from analyzer.readable import clean_lines, printable_json

if TYPE_CHECKING:
    from analyzer.check.run import CheckRun

Files = list[Path] | None


def check(
    leads: Annotated[
        str,
        typer.Argument(
            metavar="LEADS", help="The list: CSV, XLSX, Parquet, JSON lines, or an address a line; - for stdin."
        ),
    ],
    dns: Annotated[bool, typer.Option("--dns", help="Look the domains up.")] = False,
    resolver: Resolver = "",
    zones: Annotated[
        list[str] | None,
        typer.Option("--blocklist", metavar="ZONE", help="A DNS block list of domains to ask; may be repeated."),
    ] = None,
    smtp: Annotated[
        bool,
        typer.Option("--smtp", help="Ask the mail servers whether they know each address; nothing is sent."),
    ] = False,
    helo: Annotated[
        str | None,
        typer.Option("--helo", metavar="NAME", help="This host's name, as its PTR record has it."),
    ] = None,
    mail_from: Annotated[
        str | None,
        typer.Option("--mail-from", metavar="ADDRESS", help="A mailbox of yours that somebody reads."),
    ] = None,
    smtp_port: Annotated[int, typer.Option("--smtp-port", metavar="PORT", help="The port to ask at.")] = SMTP_PORT,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="N", help="Addresses a second in all, at most (20)."),
    ] = None,
    provider_rate: Annotated[
        float | None,
        typer.Option("--provider-rate", metavar="N", help="Addresses a minute at each receiving provider."),
    ] = None,
    connections: Annotated[
        int | None,
        typer.Option("--connections", metavar="N", help="Connections to each receiving provider."),
    ] = None,
    no_wait: Annotated[
        bool,
        typer.Option("--no-wait", help="Do not wait for servers that ask to come back later (up to 80 minutes)."),
    ] = False,
    cache: Annotated[
        Path | None,
        typer.Option("--cache", metavar="FILE", help="Where answers are kept between runs."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with a run of this list that did not come to its end."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Ask although DNS says that this host is not fit to."),
    ] = False,
    allow_private: Annotated[
        bool,
        typer.Option("--allow-private", help="Mail servers in private networks count as well."),
    ] = False,
    history: Annotated[
        list[str] | None,
        typer.Option(
            "--history", metavar="SOURCE", help="What bounced before, as --bounces of diagnose; may be repeated."
        ),
    ] = None,
    log: Log = None,
    log_leads: Annotated[
        Files,
        typer.Option("--log-leads", metavar="FILE", help="The lead list of that log; may be repeated."),
    ] = None,
    workspace: WorkspacePlace = "",
    suppress: Annotated[
        Files,
        typer.Option("--suppress", metavar="FILE", help="Addresses and domains never to write to; may be repeated."),
    ] = None,
    disposable: Annotated[
        Files,
        typer.Option("--disposable", metavar="FILE", help="More disposable domains; may be repeated."),
    ] = None,
    banned: Annotated[Files, typer.Option("--banned", metavar="FILE", help="Banned domains; may be repeated.")] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="SOURCE",
            help="LEADS was checked before: compare its grades with what then bounced; may be repeated.",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="COLUMN",
            help="Compare by this column of the list too, such as its source; may be repeated.",
        ),
    ] = None,
    policy: Annotated[
        str,
        typer.Option(
            "--policy",
            metavar="NAME",
            autocompletion=words("strict", "balanced", "permissive"),
            help="strict, balanced or permissive: how unconfirmed leads are graded.",
        ),
    ] = "balanced",
    as_of: Annotated[
        str,
        typer.Option("--as-of", metavar="DATE", help="Judge the age of verifications on this day (2026-03-31)."),
    ] = "",
    allow_reserved: Annotated[
        bool, typer.Option("--allow-reserved", help="Treat documentation domains (.example) as any other: for samples.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help=".csv, .xlsx, .jsonl or .parquet; - for JSON lines on stdout."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON lines on stdout, as --out -.")] = False,
    columns: Annotated[
        str | None,
        typer.Option("--columns", metavar="A,B,…", help="The columns to write; own stands for the list's own."),
    ] = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            metavar="LIMIT",
            autocompletion=words("do_not_send", "verify_again"),
            help="Exit with 1 over it: 5%, do_not_send, verify_again:10%; may be repeated.",
        ),
    ] = None,
    mapping: Mapping = None,
    jobs: Jobs = None,
    bound: Bound = None,
    redact: Redact = False,
    rules: Rules = None,
    verp_key_file: VerpKeyFile = None,
) -> None:
    """Check a lead list before it is sent: a grade for each lead (send, verify again, do not send), and why."""
    probe = probe_options(
        smtp,
        helo,
        mail_from,
        smtp_port,
        rate,
        provider_rate,
        connections,
        no_wait=no_wait,
        resume=resume,
        allow_private=allow_private,
        force=force,
    )
    if against:
        if dns or smtp or out:
            raise AnalyzerError("--against looks back at a list that was checked: leave out --dns, --smtp and --out")
        _look_back(leads, against, log, by, jobs, rules, as_json=as_json, redact=redact)
        return
    if probe is not None:
        audit_self(probe, resolver, force=force)
    if by:
        raise AnalyzerError("--by compares grades with what then bounced: give --against too, or leave it out")
    from analyzer.api import column_pair
    from analyzer.check.leads import read_leads
    from analyzer.check.run import CheckRun
    from analyzer.check.start import options_for
    from analyzer.check.summary import check_limit, over_limit, summary
    from analyzer.check.writing import check_ending
    from analyzer.verp import keys_from

    if as_json and out not in {None, "-"}:
        raise AnalyzerError(f"--json writes to the standard output, --out {out} to a file: use one of them")
    target = "-" if as_json else out
    for limit in fail_on or ():
        check_limit(limit)
    own_lists = (*(suppress or ()), *(disposable or ()), *(banned or ()))
    inputs = [leads, *(history or ()), *(log or ()), *(log_leads or ()), *own_lists]
    refuse_two_dashes(inputs)
    if target is not None:
        check_ending(target)
        spare_inputs(target, inputs)
    listed = read_leads(leads, dict(map(column_pair, mapping or ())))
    if target is not None:
        check_ending(target, len(listed))
    options = options_for(
        listed,
        dns=dns,
        smtp=probe,
        policy=policy,
        resolver=resolver or None,
        history=history or (),
        history_log=log or (),
        history_leads=log_leads or (),
        workspace=workspace,
        suppress=suppress or (),
        disposable=disposable or (),
        banned=banned or (),
        blocklist_zones=zones or (),
        cache=(cache or usual_cache_made()) if smtp else cache,
        resume=resume,
        allow_private=allow_private,
        allow_reserved=allow_reserved,
        as_of=day(as_of, "--as-of"),
        jobs=jobs,
        verp_keys=keys_from(verp_key_file),
        rules=rules,
    )
    with progress() as on_progress:
        run = CheckRun(listed, options, on_progress=on_progress)
        chosen = _columns(columns, run)
        gone = not _write(run, target, chosen, redact=redact, to_the_end=bool(fail_on))
    if gone and not fail_on:
        # Who reads no further asks for no summary of what was graded up to there.
        return
    for line in summary(run):
        say(line, err=target is not None, redact=redact)
    told = [why for limit in fail_on or () if (why := over_limit(run, limit))]
    for why in told:
        say(f"bounce-analyzer: {why}", err=True, redact=redact)
    if told:
        raise typer.Exit(1)


def _look_back(
    checked: str,
    bounces: list[str],
    log: Files,
    by: list[str] | None,
    jobs: int | None,
    rules: Path | None,
    *,
    as_json: bool,
    redact: bool,
) -> None:
    """The closed loop: how earlier grades compare with what then bounced."""
    from analyzer.scorecard import against, lines

    found = against(checked, bounces, log or None, by or (), jobs=jobs, rules=rules)
    if as_json:
        import orjson

        from analyzer.redaction import masked_value

        told = masked_value(found.to_dict()) if redact else found.to_dict()
        say_json(printable_json(orjson.dumps(told, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)))
        return
    for line in lines(found):
        say(clean_lines(line), redact=redact)


def _columns(text: str | None, run: CheckRun) -> list[str]:
    if text is None:
        return list(run.columns)
    chosen: list[str] = []
    for name in (part.strip() for part in text.split(",")):
        if name == "own":
            chosen += run.own_columns
        elif name in run.columns:
            chosen.append(name)
        else:
            raise AnalyzerError(f"--columns {name}: is no column; there are {', '.join(run.columns)}, and own")
    return list(dict.fromkeys(chosen))


def _write(run: CheckRun, target: str | None, columns: list[str], *, redact: bool, to_the_end: bool) -> bool:
    """Write the graded rows; whether somebody has read them all. to_the_end: grade them all in any case."""
    from analyzer.check.writing import masked_rows, with_digest, write

    rows = iter(masked_rows(run) if redact else run)
    if target is not None:
        written = write(rows, target, with_digest(columns) if redact else columns)
        if to_the_end:
            deque(rows, maxlen=0)
        return written == len(run)
    shown: list[dict[str, Any]] = []
    of_kind: Counter[str] = Counter()
    for row in rows:
        # A short list whole, of a long one a few for each reason: the rest of them would look the same.
        if len(run) > SHOWN:
            of_kind[kind := row["reasons"][0]] += 1
            if row["grade"] == "send" or of_kind[kind] > ALIKE or len(shown) >= SHOWN:
                continue
        shown.append(row)
    show(shown, run)
    return True
