"""Inline SVG without scripts, styles or text that shrinks: x in per cent of the width, y in pixels.

A drawing without a viewBox (SVG 2, 7.2) keeps its letters readable from a phone to a printed page. Every drawing has a
title, and shape or position beside colour, so that no reading depends on telling colours apart. Colours are classes of
page.css: the page's content policy forbids style attributes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from analyzer.report.words import (
    FORECAST_NAMES,
    NOTHING,
    clean,
    limit_words,
    percent,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from analyzer.diagnose.diagnosis import Forecasts, Row

#: Rows with fewer leads do not set the scale: their intervals reach far and would flatten all others.
_FEW_LEADS = 30
_HATCHED = Markup(' fill="url(#hatch)"')
_HATCH = Markup(
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<line class="hatch" x1="0" x2="0" y1="0" y2="7"/></pattern></defs>'
)
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.25)


@dataclass(frozen=True, slots=True)
class Scale:
    """From 0 to `top`, with a mark at every `step` (shares of 1)."""

    top: float
    step: float

    def at(self, share: float) -> str:
        """Where a share lies, in per cent of the width; what lies outside sits on the edge."""
        return f"{min(max(share / self.top, 0.0), 1.0) * 100:.2f}%"

    def marks(self) -> list[float]:
        """The shares that carry a mark."""
        return [round(self.step * number, 6) for number in range(round(self.top / self.step) + 1)]


def scale_for(shares: Iterable[float | None], marks: int = 5) -> Scale:
    """The smallest round scale that holds all `shares`."""
    top = max((share for share in shares if share is not None and math.isfinite(share)), default=0.0)
    top = min(max(top, 0.002), 1.0)
    step = next((step for step in _STEPS if top / step <= marks), _STEPS[-1])
    return Scale(min(math.ceil(top / step - 1e-9) * step, 1.0), step)


def rows_scale(rows: Sequence[Row]) -> Scale:
    """One scale for the hard and spam bars of a table, so that they compare."""
    sure = [row for row in rows if row.leads >= _FEW_LEADS] or list(rows)
    return scale_for([share for row in sure for share in (row.hard_high, row.spam_high, row.hard_rate, row.spam_rate)])


def bar(
    rate: float | None,
    low: float | None,
    high: float | None,
    scale: Scale,
    kind: str,
    reference: float | None = None,
) -> Markup:
    """A bar with its interval as a whisker, and a tick where all leads together stand (`reference`)."""
    if rate is None:
        return Markup("")
    words = f"{kind} {percent(rate)}" + (f" ({spread(low, high)})" if low is not None else "")
    parts = [
        title(words),
        Markup('<rect class="track" width="100%" height="14" rx="2"/>'),
        Markup('<rect class="{}" y="2" width="{}" height="10"/>').format(kind, scale.at(rate)),
    ]
    if reference is not None and reference <= scale.top:
        at = scale.at(reference)
        parts.append(Markup('<line class="reference" x1="{0}" x2="{0}" y1="0" y2="14"/>').format(at))
    if low is not None and high is not None:
        parts.append(_whisker(scale, low, high, 7, 3))
    return Markup('<svg class="bar" role="img" width="100%" height="14">{}</svg>').format(Markup("").join(parts))


def _whisker(scale: Scale, low: float, high: float, y: int, half: int) -> Markup:
    left, right = scale.at(low), scale.at(high)
    ends = [left] if high > scale.top else [left, right]  # an open end where the interval leaves the drawing
    lines = Markup('<line class="whisker" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(left, right, y, y)
    for x in ends:
        lines += Markup('<line class="whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/>').format(x, y - half, y + half)
    return lines


def forecast(forecasts: Forecasts, limit: float | None) -> Markup:
    """The three ways to send the next list, each with its range, and the line of what is accepted."""
    ways = [(name, getattr(forecasts, name)) for name in FORECAST_NAMES]
    shown = [(name, way) for name, way in ways if way.rate is not None]
    if not shown:
        return Markup("")
    scale = scale_for([share for _, way in shown for share in (way.high, way.rate)] + [limit and limit * 1.15])
    top, pitch = 30, 54
    height = top + pitch * len(shown) + 22
    parts = [
        title("Bad addresses expected of the next list, sent in three ways"),
        description(
            "; ".join(
                f"{FORECAST_NAMES[name][0]}: {percent(way.rate)}, range {spread(way.low, way.high)}"
                for name, way in shown
            )
            + (f"; accepted: {limit_words(limit)}, bars beyond it are hatched" if limit is not None else "")
        ),
        _HATCH if limit is not None and any(way.rate > limit for _, way in shown) else Markup(""),
        _axis(scale, top, height - 20),
    ]
    # The line of what is accepted may run through names and figures, which therefore stand over it.
    figures = []
    for number, (name, way) in enumerate(shown):
        y = top + pitch * number
        figures.append(Markup('<text class="name over" x="0" y="{}">{}</text>').format(y + 14, FORECAST_NAMES[name][0]))
        figures.append(
            Markup('<text class="small over" x="100%" y="{}" text-anchor="end">{}</text>').format(
                y + 14, f"{percent(way.rate)} ({spread(way.low, way.high)})"
            )
        )
        over = limit is not None and way.rate > limit
        box = Markup('<rect class="{}" x="0" y="{}" width="{}" height="16" rx="2"{}/>')
        parts.append(box.format("hard", y + 21, scale.at(way.rate), ""))
        if over:  # a pattern too: not by colour alone
            parts.append(box.format("hatched", y + 21, scale.at(way.rate), _HATCHED))
        if way.low is not None and way.high is not None:
            parts.append(_whisker(scale, way.low, way.high, y + 29, 6))
    if limit is not None:
        at = scale.at(limit)
        anchor = "end" if limit / scale.top > 0.6 else "start"
        parts.append(
            Markup(
                '<line class="limit" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text class="limit-name" x="{0}" y="14" '
                'dx="{3}" text-anchor="{4}">{5}</text>'
            ).format(at, 4, height - 20, -6 if anchor == "end" else 6, anchor, f"accepted: {limit_words(limit)}")
        )
    return drawing("forecast", height, [*parts, *figures])


def _axis(scale: Scale, top: int, bottom: int) -> Markup:
    marks = scale.marks()
    drawn = Markup("")
    for number, share in enumerate(marks):
        anchor = "start" if number == 0 else "end" if number == len(marks) - 1 else "middle"
        drawn += Markup(
            '<line class="grid" x1="{0}" x2="{0}" y1="{1}" y2="{2}"/><text class="small" x="{0}" y="{3}" '
            'text-anchor="{4}">{5}</text>'
        ).format(scale.at(share), top, bottom, bottom + 15, anchor, limit_words(share))
    return drawn


def drawing(name: str, height: int, parts: Iterable[Markup]) -> Markup:
    return Markup('<svg class="{}" role="img" width="100%" height="{}">{}</svg>').format(
        name, height, Markup("").join(parts)
    )


def title(words: str) -> Markup:
    return Markup("<title>{}</title>").format(clean(words) or NOTHING)


def description(words: str) -> Markup:
    return Markup("<desc>{}</desc>").format(clean(words))
