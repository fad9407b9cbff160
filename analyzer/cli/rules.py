"""`bounce-analyzer rules`: list, show and prove the rule base, explain one text by it, and suggest what it lacks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from analyzer.cli.options import Bound, Redact, Rules
from analyzer.cli.screen import say
from analyzer.errors import AnalyzerError, OutputError

if TYPE_CHECKING:
    from analyzer.classify import Classifier, Example, Rule
    from analyzer.knowledge import Reason

app = typer.Typer(
    help="List, show and prove the rule base, explain one text by it, and suggest what it lacks.", no_args_is_help=True
)


def _classifier(rules: Path | None) -> Classifier:
    # Imported when it is used, so that a command about something else starts without it.
    from analyzer.classify import classifier_of

    return classifier_of(rules)


def _reasons() -> dict[str, Reason]:
    from analyzer.knowledge import reasons

    return reasons()


@app.command("list")
def list_(
    reason: Annotated[str, typer.Option(help="Only rules of this reason.")] = "",
    provider: Annotated[str, typer.Option(help="Only rules of this provider.")] = "",
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
    width = max(len(rule.id) for rule in chosen)
    reasons = _reasons()
    for rule in chosen:
        label = reasons[rule.reason].label
        scope = f"  [{', '.join(sorted(rule.providers))}]" if rule.providers else ""
        say(f"{rule.id:<{width}}  {label:<7} {rule.reason}{scope}")
    say(f"{len(chosen)} rules")


@app.command("show")
def show(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="A rule's id, such as family/what.")],
    rules: Rules = None,
) -> None:
    """Show one rule whole."""
    found = next((rule for rule in _classifier(rules).rules if rule.id == rule_id), None)
    if found is None:
        raise AnalyzerError(f"no rule has the id {rule_id!r}; `rules list` shows them all")
    say(described(found))


@app.command("test")
def test(
    only: Annotated[str, typer.Option(help="Only rules whose id starts so.")] = "",
    rules: Rules = None,
) -> None:
    """Run every rule's examples and near misses through the whole classifier; exit 1 when one fails."""
    from analyzer.classify.checks import prove

    proof = prove(_classifier(rules), only)
    if not proof.rules:
        raise AnalyzerError(f"no rule's id starts with {only!r}; `rules list` shows them all")
    for failed in proof.failed:
        say(failed)
    for rule in proof.shadowed:
        say(f"{rule.id}: never reached, none of its own examples comes to it")
    say(f"{proof.rules} rules, {proof.texts} texts, {len(proof.failed)} failed, {len(proof.shadowed)} never reached")
    if not proof.holds:
        raise typer.Exit(1)


@app.command("explain")
def explain(
    text: Annotated[str, typer.Argument(help="A diagnostic text.")],
    status: Annotated[str, typer.Option(help="Enhanced status code beside the text.")] = "",
    reply: Annotated[str, typer.Option(help="SMTP reply code beside the text.")] = "",
    host: Annotated[str, typer.Option(help="The host that answered.")] = "",
    recipient: Annotated[str, typer.Option(help="The address that failed.")] = "",
    redact: Redact = False,
    rules: Rules = None,
) -> None:
    """Tell which rule decides a text, on which words, and what else matched."""
    from analyzer.cli.explanations import explained

    classifier = _classifier(rules)
    explanation = classifier.explain(text, status=status, reply=reply, host=host, recipient=recipient)
    say(explained(explanation, classifier, owner=recipient if redact else ""), redact=redact)


@app.command("suggest")
def suggest(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE…", help="Messages, tables that parse wrote, or files of a text a line; - for stdin."
        ),
    ],
    least: Annotated[int, typer.Option(min=1, metavar="N", help="Only templates of at least so many texts.")] = 2,
    most: Annotated[int, typer.Option(min=1, metavar="N", help="At most so many templates, the commonest.")] = 20,
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
    known, requirements = prepared_rules(rules)
    classifier = Classifier(known, requirements=requirements)
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


def described(rule: Rule) -> str:
    """A rule for a person, a fact a line."""
    lines = [f"{rule.id}", f"  reason       {rule.reason}", f"  file         {Path(rule.file).name}"]
    scope = {
        "provider": sorted(rule.providers),
        "status": rule.statuses,
        "reply": rule.replies,
        "phase": sorted(rule.phases),
    }
    lines += [f"  {name:<12} {', '.join(values)}" for name, values in scope.items() if values]
    lines += [f"  pattern      {pattern}" for pattern in rule.patterns]
    if rule.transient is not None:
        lines.append(f"  transient    {'yes' if rule.transient else 'no'}")
    if rule.blocklist:
        lines.append(f"  block list   {rule.blocklist}")
    lines += [
        f"  confidence   {rule.confidence:.0%}",
        f"  why          {rule.why}",
        f"  source       {rule.source or 'not given'}",
    ]
    lines += [f"  matches      {_shown(one)}" for one in rule.examples]
    lines += [f"  not          {_shown(one)}" for one in rule.near_misses]
    return "\n".join(lines)


def _shown(example: Example) -> str:
    beside = [
        f"{name} {value}" for name in ("status", "reply", "host", "recipient") if (value := getattr(example, name))
    ]
    return example.text + (f"  ({', '.join(beside)})" if beside else "")
