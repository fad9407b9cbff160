"""A rate over time with its alarm band: one panel a series, so that nothing hides behind anything else.

Each week is a mark with its 95 % range. The grey box behind it is the alarm band: where chance alone would leave it.
A week outside has a ring and a word, so that no reading depends on colour.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from analyzer.report.charts import Scale, description, drawing, scale_for, title
from analyzer.report.words import limit_words, percent, rate_of, short, spread, week_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from analyzer.diagnose.diagnosis import Row
    from analyzer.diagnose.weeks.bands import Band

#: Weeks in a panel: more would not be told apart.
_WEEKS = 60
_TOP, _BOTTOM = 40, 190
#: The height of a line of text.
_LINE = 15
_NAMES = {"hard": "Hard bounces", "spam": "Spam bounces"}
#: Weeks of fewer leads do not set the scale: their ranges reach far.
_FEW_LEADS = 30


@dataclass(frozen=True, slots=True)
class Point:
    """One week of a series, shares of 1: `low` and `high` its own range, `band` where chance would leave it."""

    name: str
    rate: float
    low: float
    high: float
    count: int
    leads: int
    band: tuple[float, float] | None = None

    @property
    def outside(self) -> str:
        """ "above" or "below" the band, "" within it or without one."""
        if self.band is None:
            return ""
        return "above" if self.rate > self.band[1] else "below" if self.rate < self.band[0] else ""


def points(rows: Sequence[Row], kind: str, bands: Mapping[str, Band]) -> list[Point]:
    """The weeks of a breakdown as points; weeks without leads are left out."""
    found = []
    for row in rows:
        if not row.value.startswith("2") or not row.leads:
            continue
        band = bands.get(row.value)
        rate, low, high = (getattr(row, f"{kind}_{name}") for name in ("rate", "low", "high"))
        limits = (band.low, band.high) if band else None
        found.append(Point(row.value, rate, low, high, getattr(row, kind), row.leads, limits))
    return found


def panels(rows: Sequence[Row], bands: Mapping[str, Mapping[str, Band]]) -> list[Markup]:
    """The panel of each label over the weeks, on one scale; [] with fewer than two weeks."""
    series = {kind: points(rows, kind, bands.get(kind, {}))[-_WEEKS:] for kind in _NAMES}
    if len(series["hard"]) < 2:
        return []
    scale = scale_of([point for found in series.values() for point in found])
    return [panel(_NAMES[kind], kind, found, scale) for kind, found in series.items()]


def scale_of(found: Sequence[Point]) -> Scale:
    """One scale for all points with their ranges and bands."""
    sure = [point for point in found if point.leads >= _FEW_LEADS] or list(found)
    return scale_for([share for point in sure for share in (point.high, point.band[1] if point.band else None)])


def panel(name: str, kind: str, found: Sequence[Point], scale: Scale | None = None) -> Markup:
    """One series, drawn as `kind` ("hard", "spam" or another class of page.css)."""
    scale = scale or scale_of(found)
    xs = [14 + 79 * number / max(len(found) - 1, 1) for number in range(len(found))]
    parts = [title(f"{name} by week"), description(_said(found)), _grid(scale)]
    parts.append(Markup('<text class="name" x="0" y="13">{}</text>').format(name))
    width = min(79 / max(len(found) - 1, 1) * 0.7, 12)
    parts += [_band(point, x, width, scale) for point, x in zip(found, xs, strict=True)]
    for number in range(1, len(found)):
        (before, after) = found[number - 1 : number + 1]
        parts.append(
            Markup('<line class="{} line" x1="{:.2f}%" y1="{:.1f}" x2="{:.2f}%" y2="{:.1f}"/>').format(
                kind, xs[number - 1], _y(before.rate, scale), xs[number], _y(after.rate, scale)
            )
        )
    last = len(found) - 1
    places = _label_places(
        [_y(point.rate, scale) - 8 if _labelled(found, at) else None for at, point in enumerate(found)]
    )
    parts += [_mark(point, kind, x, scale, y) for point, x, y in zip(found, xs, places, strict=True)]
    every = math.ceil(len(found) / 4)  # a phone has room for four names
    for number in range(last, -1, -every):
        anchor = "end" if number == last and number else "middle"
        shift = 12 if anchor == "end" else 0
        parts.append(
            Markup('<text class="small" x="{:.2f}%" y="{}" dx="{}" text-anchor="{}">{}</text>').format(
                xs[number], _BOTTOM + 18, shift, anchor, week_starts(found[number].name)
            )
        )
    return drawing("trend", _BOTTOM + 26, parts)


def _labelled(found: Sequence[Point], number: int) -> bool:
    return number in (0, len(found) - 1) or bool(found[number].outside)


def _label_places(wanted: Sequence[float | None]) -> list[float | None]:
    """Where labels stand, above that of the week before where they would run into it; None for weeks without one."""
    places: list[float | None] = []
    for y in wanted:
        before = places[-1] if places else None
        if y is not None and before is not None and abs(y - before) < _LINE:
            # At the top there is no more room above.
            y = before - _LINE if before - _LINE >= _TOP - _LINE else before + _LINE
        places.append(y)
    return places


def _said(found: Sequence[Point]) -> str:
    """The series in words."""
    outside = [f"{point.outside} in {short(point.name, 40)}" for point in found if point.outside]
    first, last = found[0], found[-1]
    text = (
        f"From {percent(first.rate)} in {short(first.name, 40)} to {percent(last.rate)} in {short(last.name, 40)}. "
        f"Range of the last week: {spread(last.low, last.high)}."
    )
    if not any(point.band for point in found):
        return text
    return f"{text} Against the alarm band: {', '.join(outside) if outside else 'every week within'}."


def _y(share: float, scale: Scale) -> float:
    return _BOTTOM - min(max(share / scale.top, 0.0), 1.0) * (_BOTTOM - _TOP)


def _grid(scale: Scale) -> Markup:
    drawn = Markup("")
    for share in scale.marks():
        drawn += Markup(
            '<line class="grid" x1="0" x2="100%" y1="{0:.1f}" y2="{0:.1f}"/>'
            '<text class="small" x="0" y="{1:.1f}">{2}</text>'
        ).format(_y(share, scale), _y(share, scale) - 3, limit_words(share))
    return drawn


def _band(point: Point, x: float, width: float, scale: Scale) -> Markup:
    if point.band is None:
        return Markup("")
    top, bottom = _y(point.band[1], scale), _y(point.band[0], scale)
    return Markup('<rect class="band" x="{:.2f}%" y="{:.1f}" width="{:.2f}%" height="{:.1f}" rx="2"/>').format(
        x - width / 2, top, width, max(bottom - top, 1.0)
    )


def _mark(point: Point, kind: str, x: float, scale: Scale, label_y: float | None) -> Markup:
    y = _y(point.rate, scale)
    figures = f"{percent(point.rate)} ({spread(point.low, point.high)})"
    said = f"Week {point.name}: {figures}, {rate_of(point.count, point.leads)}"
    if point.band:
        said += f"; alarm band {spread(*point.band)}{f', {point.outside} it' if point.outside else ''}"
    drawn = Markup('<line class="{0} whisker-of" x1="{1:.2f}%" x2="{1:.2f}%" y1="{2:.1f}" y2="{3:.1f}"/>').format(
        kind, x, _y(point.low, scale), _y(point.high, scale)
    )
    if point.outside:
        drawn += Markup('<circle class="ring" cx="{:.2f}%" cy="{:.1f}" r="9"/>').format(x, y)
    if kind == "hard":
        drawn += Markup('<circle class="hard" cx="{:.2f}%" cy="{:.1f}" r="4.5">{}</circle>').format(x, y, title(said))
    else:
        drawn += Markup(
            '<svg x="{:.2f}%" y="{:.1f}" overflow="visible"><rect class="{}" x="-4" y="-4" width="8" height="8">{}'
            "</rect></svg>"
        ).format(x, y, kind, title(said))
    if label_y is not None:
        word = f"{percent(point.rate)}{f', {point.outside}' if point.outside else ''}"
        near_end = x > 80
        drawn += Markup('<text class="value" x="{:.2f}%" y="{:.1f}" dx="{}" text-anchor="{}">{}</text>').format(
            x, label_y, -10 if near_end else 10, "end" if near_end else "start", word
        )
    return drawn
