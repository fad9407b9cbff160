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
    count,
    limit_words,
    percent,
    plural,
    short,
    spread,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from analyzer.diagnose.diagnosis import Forecasts, Row

#: Rows with fewer leads do not set the scale: their intervals reach far and would flatten all others.
_FEW_LEADS = 30
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
        _title(words),
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
        _title("Bad addresses expected of the next list, sent in three ways"),
        _description(
            "; ".join(
                f"{FORECAST_NAMES[name][0]}: {percent(way.rate)}, range {spread(way.low, way.high)}"
                for name, way in shown
            )
            + (f"; accepted: {limit_words(limit)}" if limit is not None else "")
        ),
        _axis(scale, top, height - 20),
    ]
    for number, (name, way) in enumerate(shown):
        y = top + pitch * number
        parts.append(
            Markup('<text class="name" x="0" y="{}">{}</text><text class="small" x="100%" y="{}" {}>{}</text>').format(
                y + 14,
                FORECAST_NAMES[name][0],
                y + 14,
                Markup('text-anchor="end"'),
                f"{percent(way.rate)} ({spread(way.low, way.high)})",
            )
        )
        over = "over" if limit is not None and way.rate > limit else "within"
        parts.append(
            Markup('<rect class="{}" x="0" y="{}" width="{}" height="16" rx="2"/>').format(
                f"hard {over}", y + 21, scale.at(way.rate)
            )
        )
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
    return _drawing("forecast", height, parts)


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


def trend(rows: Sequence[Row]) -> Markup:
    """Hard (solid line, discs) and spam (dashed line, squares) by week, with their intervals; needs two weeks."""
    weeks = [row for row in rows if row.value and row.leads]
    if len(weeks) < 2:
        return Markup("")
    weeks = weeks[-60:]
    scale = rows_scale(weeks)
    top, bottom = 12, 190
    xs = [10 + 88 * number / (len(weeks) - 1) for number in range(len(weeks))]

    def y_of(share: float) -> float:
        return bottom - min(share / scale.top, 1.0) * (bottom - top)

    first, last = weeks[0], weeks[-1]
    parts = [
        _title("Hard and spam bounces by week"),
        _description(
            f"From {short(first.value, 40)} to {short(last.value, 40)}: hard {percent(first.hard_rate)} to "
            f"{percent(last.hard_rate)}, spam {percent(first.spam_rate)} to {percent(last.spam_rate)}"
        ),
    ]
    for share in scale.marks():
        parts += [
            Markup(
                '<line class="grid" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>'
                '<text class="small" x="0" y="{1:.1f}">{2}</text>'
            ).format(y_of(share), y_of(share) - 3, limit_words(share))
        ]
    parts += [_series(weeks, xs, kind, y_of) for kind in ("hard", "spam")]
    every = math.ceil(len(weeks) / 4)  # a phone has room for four names
    for number in range(len(weeks) - 1, -1, -every):
        anchor = "end" if number == len(weeks) - 1 else "start" if number == 0 else "middle"
        parts.append(
            Markup('<text class="small" x="{:.2f}%" y="{}" text-anchor="{}">{}</text>').format(
                xs[number], bottom + 18, anchor, short(weeks[number].value, 10)
            )
        )
    return _drawing("trend", bottom + 26, parts)


def _series(weeks: Sequence[Row], xs: Sequence[float], kind: str, y_of: Callable[[float], float]) -> Markup:
    drawn = Markup("")
    rates = [getattr(row, f"{kind}_rate") for row in weeks]
    # Two series at one x would hide each other's whiskers.
    shift = -0.35 if kind == "hard" else 0.35
    for number, row in enumerate(weeks):
        x = xs[number] + shift
        low, high = getattr(row, f"{kind}_low"), getattr(row, f"{kind}_high")
        drawn += Markup('<line class="{0} whisker-of" x1="{1:.2f}%" x2="{1:.2f}%" y1="{2:.1f}" y2="{3:.1f}"/>').format(
            kind, x, y_of(low), y_of(high)
        )
        if number:
            drawn += Markup('<line class="{} line" x1="{:.2f}%" y1="{:.1f}" x2="{:.2f}%" y2="{:.1f}"/>').format(
                kind, xs[number - 1] + shift, y_of(rates[number - 1]), x, y_of(rates[number])
            )
    for number, row in enumerate(weeks):
        x, y = xs[number] + shift, y_of(rates[number])
        words = _title(
            f"{short(row.value, 40)}: {kind} {percent(rates[number])}, "
            f"{count(getattr(row, kind))} of {plural(row.leads, 'lead')}"
        )
        if kind == "hard":
            drawn += Markup('<circle class="hard" cx="{:.2f}%" cy="{:.1f}" r="4">{}</circle>').format(x, y, words)
        else:
            drawn += Markup(
                '<svg x="{:.2f}%" y="{:.1f}" overflow="visible"><rect class="spam" x="-4" y="-4" width="8" height="8">'
                "{}</rect></svg>"
            ).format(x, y, words)
    return drawn


def _drawing(name: str, height: int, parts: Iterable[Markup]) -> Markup:
    return Markup('<svg class="{}" role="img" width="100%" height="{}">{}</svg>').format(
        name, height, Markup("").join(parts)
    )


def _title(words: str) -> Markup:
    return Markup("<title>{}</title>").format(clean(words) or NOTHING)


def _description(words: str) -> Markup:
    return Markup("<desc>{}</desc>").format(clean(words))
