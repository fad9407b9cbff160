"""`bounce-analyzer rules`: list, show and prove the rule base, explain one text by it, and suggest what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli import completing
from analyzer.cli.examples import epilog
from analyzer.cli.options import Bound, Host, Json, Recipient, Redact, Reply, Rules, Status
from analyzer.cli.rule_facts import described, proof_facts, rule_facts
from analyzer.cli.screen import say, say_object
from analyzer.errors import AnalyzerError, OutputError
from analyzer.readable import counted

if TYPE_CHECKING:
    from analyzer.classify import Classifier
    from analyzer.knowledge import Reason

app = typer.Typer(help="List, show and prove the rules, and suggest what they lack.", no_args_is_help=True)


def _classifier(rules: Path | None) -> Classifier:
    # Imported when it is used, so that a command about something else starts without it.
    from analyzer.classify import classifier_of

    return classifier_of(rules)


def _reasons() -> dict[str, Reason]:
    from analyzer.knowledge import reasons

    return reasons()


@app.command("list", epilog=epilog("rules list"))
def list_(
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="REASON", autocompletion=completing.reasons, help="Only rules of this reason."
        ),
    ] = "",
    provider: Annotated[
        str,
        typer.Option(
            "--provider", metavar="PROVIDER", autocompletion=completing.providers, help="Only rules of this provider."
        ),
    ] = "",
    as_json: Json = False,
    rules: Rules = None,
) -> None:
    """List the rules in the order in which they are tried."""
    chosen = [
        rule
        for rule in _classifier(rules).rules
        if (not reason or rule.reason == reason) and (not provider or provider in rule.providers)
    ]
    if not chosen:
        raise AnalyzerError("no rule fits; `rules list` without options shows them all")
    if as_json:
        say_object({"rules": [rule_facts(rule) for rule in chosen]})
        return
    width = max(len(rule.id) for rule in chosen)
    reasons = _reasons()
    for rule in chosen:
        label = reasons[rule.reason].label
        scope = f"  [{', '.join(sorted(rule.providers))}]" if rule.providers else ""
        say(f"{rule.id:<{width}}  {label:<7} {rule.reason}{scope}")
    say(counted(len(chosen), "rule"))


@app.command("show", epilog=epilog("rules show"))
def show(
    rule_id: Annotated[
        str, typer.Argument(metavar="ID", autocompletion=completing.rule_ids, help="A rule's id, such as family/what.")
    ],
    as_json: Json = False,
    rules: Rules = None,
) -> None:
    """Show one rule whole."""
    known = _classifier(rules).rules
    found = next((rule for rule in known if rule.id == rule_id), None)
    if found is None:
        from difflib import get_close_matches

        near = ", ".join(get_close_matches(rule_id, [rule.id for rule in known]))
        meant = f"did you mean {near}?" if near else "`rules list` shows them all"
        raise AnalyzerError(f"no rule has the id {rule_id!r}; {meant}")
    if as_json:
        say_object(rule_facts(found, whole=True))
    else:
        say(described(found))


@app.command("test", epilog=epilog("rules test"), short_help="Run every rule's own examples; exit 1 when one fails.")
def test(
    only: Annotated[str, typer.Option("--only", metavar="START", help="Only rules whose id starts so.")] = "",
    as_json: Json = False,
    rules: Rules = None,
) -> None:
    """Run every rule's examples and near misses through the whole classifier; exit 1 when one fails."""
    from analyzer.classify.checks import prove

    proof = prove(_classifier(rules), only)
    if not proof.rules:
        raise AnalyzerError(f"no rule's id starts with {only!r}; `rules list` shows them all")
    if as_json:
        say_object(proof_facts(proof))
    else:
        for failed in proof.failed:
            say(failed)
        for rule in proof.shadowed:
            say(f"{rule.id}: never reached, none of its own examples comes to it")
        say(
            f"{counted(proof.rules, 'rule')}, {counted(proof.texts, 'text')}, {len(proof.failed):,} failed, "
            f"{len(proof.shadowed):,} never reached"
        )
    if not proof.holds:
        raise typer.Exit(1)


@app.command(
    "explain", epilog=epilog("rules explain"), short_help="Tell which rule decides a text, and on which words."
)
def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A diagnostic text.")],
    status: Status = "",
    reply: Reply = "",
    host: Host = "",
    recipient: Recipient = "",
    as_json: Json = False,
    redact: Redact = False,
    rules: Rules = None,
) -> None:
    """Tell which rule decides a text, on which words, and what else matched."""
    from analyzer.cli.explanations import as_facts, explained
    from analyzer.redaction import masked_value

    classifier = _classifier(rules)
    explanation = classifier.explain(text, status=status, reply=reply, host=host, recipient=recipient)
    if as_json:
        facts = as_facts(explanation, classifier)
        say_object(masked_value(facts, (recipient,)) if redact else facts)
        return
    say(explained(explanation, classifier, owner=recipient if redact else ""), redact=redact)


@app.command(
    "suggest", epilog=epilog("rules suggest"), short_help="Group the texts that no rule decides, with rule stubs."
)
def suggest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE", help="Messages, tables that parse wrote, or files of a text a line; - for stdin."
        ),
    ],
    least: Annotated[
        int, typer.Option("--least", min=1, metavar="N", help="Only templates of at least so many texts.")
    ] = 2,
    most: Annotated[
        int, typer.Option("--most", min=1, metavar="N", help="At most so many templates, the commonest.")
    ] = 20,
    redact: Redact = False,
    rules: Rules = None,
    bound: Bound = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write the rule stubs to this .toml file.")
    ] = None,
) -> None:
    """Group the texts that no rule decides into templates, with a rule stub to complete for each."""
    from analyzer.classify import Classifier
    from analyzer.classify.prepared import prepared_rules
    from analyzer.classify.suggest import suggest as suggestions_for
    from analyzer.cli.texts import texts_of
    from analyzer.files import atomic
    from analyzer.redaction import masked_text

    if out is not None and out.suffix != ".toml":
        raise OutputError(str(out), "is no rule file", "give it a name that ends in .toml")
    # Without the model: whether a rule decides is all that is asked of it.
    known, prefilter = prepared_rules(rules)
    classifier = Classifier(known, prefilter=prefilter)
    suggestions = suggestions_for(texts_of(sources, rules), classifier, least=least, most=most)
    blocks = ["".join(f"# {line}\n" for line in one.facts()) + one.stub for one in suggestions.found]
    if redact:
        blocks = [masked_text(block) for block in blocks]
    if out is None:
        say("\n".join(blocks).removesuffix("\n"))
    else:
        with atomic(out) as unfinished:
            unfinished.write_text("\n".join(blocks), encoding="utf-8")
        say("\n\n".join("\n".join(one.facts()) for one in suggestions.found), redact=redact)
    say(suggestions.summary(), err=True, redact=redact)
