"""The backtest on the terminal, and as JSON: each campaign as it was foretold, and as it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from analyzer.diagnose.words import many, number, percent
from analyzer.report import words
from analyzer.report.data import readable_json, write_text

if TYPE_CHECKING:
    from pathlib import Path

    from analyzer.diagnose.backtest import Backtest

#: Widths; what is longer pushes the rest of its row.
_WIDTHS = (10, 21, 19, 7, 7)


def json_text(backtest: Backtest) -> str:
    """The backtest's fields as they are, indented."""
    return readable_json(backtest.to_dict())


def write(backtest: Backtest, folder: Path) -> Path:
    """Write backtest.json into a folder that is there; its path. `OutputError` where it cannot."""
    path = folder / "backtest.json"
    write_text(path, json_text(backtest))
    return path


def show(backtest: Backtest, console: Console | None = None) -> None:
    """Print what the advice before each campaign was, what came, and what following it would have changed."""
    screen = console or Console(highlight=False)
    screen.print()
    screen.print(Text("What the advice before each campaign would have been, and what came", "bold"))
    if not backtest.steps:
        screen.print(Text("No campaign could be tested: it takes two at least, with names and times."))
    else:
        _table(backtest, screen)
        for line in sentences(backtest):
            screen.print(Text(words.clean(line)))
    for reason in backtest.skipped:
        screen.print(Text(words.clean(f"Not tested: {reason}."), "dim"))


def sentences(backtest: Backtest) -> list[str]:
    """How well the forecasts held, and what following the advice would have changed."""
    inside = sum(step.within_interval for step in backtest.steps)
    lines = [
        f"{inside} of {many(len(backtest.steps), 'outcome')} fell inside the forecast's range, made to hold 95 in 100."
    ]
    lines += _calibration(backtest)
    left_out = any(step.recommendation == "max_quality" for step in backtest.steps)
    if left_out or not backtest.to_verify:
        which = "Following the advice to leave guessed addresses out" if backtest.to_verify else "Following the advice"
        lines.append(_followed(which, backtest.avoided, backtest.lost))
    if backtest.to_verify:
        lines.append(_verified(backtest))
    lines.append(
        _followed(
            f'The rule of thumb "over {percent(backtest.tolerance)}: leave guessed addresses out"',
            backtest.naive_avoided,
            backtest.naive_lost,
        )
    )
    return lines


def _calibration(backtest: Backtest) -> list[str]:
    """Whether the chances of exceeding the tolerance came true, and what was foretold of max quality."""
    lines = []
    told = [step for step in backtest.steps if step.forecast.p_over_tolerance is not None]
    if told:
        lines.append(
            f"Above {words.limit_words(backtest.tolerance)}: {backtest.over_foretold:.1f} of "
            f"{many(len(told), 'campaign')} foretold (the chances added up), {backtest.over_came} came; "
            f"Brier score {backtest.brier or 0.0:.2f}, where 0 is best and 0.25 a coin's."
        )
    tested = [step for step in backtest.steps if step.quality_rate is not None and step.guessed]
    if tested:
        inside = sum(step.quality_within_interval for step in tested)
        lines.append(
            f"Without guessed addresses {inside} of {many(len(tested), 'outcome')} fell inside the range that was "
            "foretold for max quality."
        )
    return lines


def _followed(who: str, avoided: int, lost: int) -> str:
    if not avoided and not lost:
        return f"{who} would have left no one out."
    return f"{who} would have avoided {many(avoided, 'bounce')} and given up {many(lost, 'lead')} that did not bounce."


def _verified(backtest: Backtest) -> str:
    """What the advice to verify leads again is known to be worth."""
    named = [step for step in backtest.steps if step.to_verify]
    bounces = sum(step.bounces for step in named)
    before = "one campaign" if len(named) == 1 else many(len(named), "campaign")
    return (
        f'The advice "verify again" before {before} named {number(backtest.to_verify)} of '
        f"{many(sum(step.leads for step in named), 'lead')}, with {number(backtest.to_verify_bounces)} of the "
        f"{many(bounces, 'bounce')}. How many of these a verifier would have found, the log cannot tell: following it "
        f"would have avoided {_up_to(backtest.to_verify_bounces)}, and given up no lead whose address it finds good."
    )


def _up_to(bounces: int) -> str:
    return f"anything from none to {many(bounces, 'bounce')}" if bounces else "no bounce"


def _table(backtest: Backtest, screen: Console) -> None:
    """A row for each campaign, below its name: names of one team differ at their ends, so none is cut."""
    screen.print(Text("Campaign", "bold"))
    head = ("Began", "Advice", "Foretold", "Came", f"Over {words.limit_words(backtest.tolerance)}")
    _row(screen, *(Text(name, "bold") for name in head))
    for step in backtest.steps:
        leads = Text(f" ({many(step.leads, 'lead')})", "dim")
        screen.print(Text(words.clean(step.campaign)) + leads, overflow="fold")
        _row(
            screen,
            Text(step.began),
            Text(step.recommendation.replace("_", " ")),
            Text(f"{percent(step.forecast.rate)} ({words.spread(step.forecast.low, step.forecast.high)})"),
            Text(percent(step.rate), "" if step.within_interval else "bold yellow"),
            Text(words.chance(step.forecast.p_over_tolerance), "bold yellow" if step.over_tolerance else ""),
        )


def _row(screen: Console, *cells: Text) -> None:
    """Figures in their columns, the last three to the right."""
    line = Text()
    for place, (cell, width) in enumerate(zip(cells, _WIDTHS, strict=True)):
        pad = " " * max(width - cell.cell_len, 0)
        line += Text("  ") + (cell + pad if place < 2 else Text(pad) + cell)
    screen.print(line, no_wrap=True, overflow="ignore", crop=False)
