"""Drawings inside a report's page: curves over time and a heat map of months, as SVG text that loads nothing."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from qv_desktop.domain.market import NEW_YORK, utc

WIDE, SIDE, FOOT, TOP = (
    960,
    64,
    20,
    8,
)  # px: of a drawing, of the axis at its right, of the years below, of the air above
COLUMNS = 880  # points of a curve that a page can show; each keeps the least and the most of its bars
FLAT = 0.0005  # a return under this reads 0.0 and has no colour
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

type Floats = NDArray[np.float64]
type Place = Callable[[float], float]  # a value -> px from the top


@dataclass(frozen=True, slots=True)
class Curve:
    """Values, one per bar, with a name and a CSS class; ``filled`` down to zero."""

    name: str
    css: str
    values: Sequence[float]
    filled: bool = False


def thinned(values: Floats, columns: int = COLUMNS) -> tuple[NDArray[np.int64], Floats]:
    """Bars and values that draw the same picture: of each column of bars its least and its most, in the order they came."""
    if len(values) <= 2 * columns:
        places = np.flatnonzero(np.isfinite(values))
        return places, values[places]
    kept: list[int] = []
    for part in np.array_split(np.arange(len(values)), columns):
        known = part[np.isfinite(values[part])]
        if len(known):
            kept += sorted({int(known[np.argmin(values[known])]), int(known[np.argmax(values[known])])})
    places = np.unique(np.array([*kept, len(values) - 1 if math.isfinite(values[-1]) else kept[-1]], dtype=np.int64))
    return places, values[places]


def steps(low: float, high: float, most: int = 6) -> list[float]:
    """Round values between ``low`` and ``high`` to write on an axis, at most about ``most``."""
    span = high - low
    if not span > 0 or not math.isfinite(span):
        return [low]
    rough = span / most
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * times for times in (1, 2, 2.5, 5, 10) if unit * times >= rough)
    first = math.ceil(low / step)
    return [round(n * step, 12) for n in range(first, math.floor(high / step) + 1)]


def curves(at: Sequence[int], lines: Sequence[Curve], tall: int, words: str, *, percent: bool = False) -> str:
    """A drawing of curves over bars that began at ``at`` (ns); ``words`` say what it is to who cannot see it."""
    known = [np.asarray(line.values, dtype=np.float64) for line in lines]
    found = np.concatenate([values[np.isfinite(values)] for values in known]) if known else np.empty(0)
    if not len(found) or not len(at):
        return ""
    low, high = float(found.min()), float(found.max())
    if any(line.filled for line in lines):
        low, high = min(low, 0.0), max(high, 0.0)
    pad = (high - low) * 0.04 or max(abs(high) * 0.01, 1e-6)
    low, high = low - pad, high + pad
    across = (WIDE - SIDE) / max(1, len(at) - 1)
    down = (tall - FOOT - TOP) / (high - low)

    def y(value: float) -> float:
        return TOP + (high - value) * down

    parts = [_axis(low, high, y, percent, max(2, tall // 45)), _years(at, across, tall)]
    parts += [_line(line, values, across, y) for line, values in zip(lines, known, strict=True)]
    return f'<svg viewBox="0 0 {WIDE} {tall}" role="img" aria-label="{escape(words)}">{"".join(parts)}</svg>'


def _line(line: Curve, values: Floats, across: float, y: Place) -> str:
    places, shown = thinned(values)
    if not len(places):
        return ""
    points = " ".join(f"{place * across:.1f},{y(float(value)):.1f}" for place, value in zip(places, shown, strict=True))
    if not line.filled:
        return f'<polyline class="{line.css}" points="{points}"/>'
    first, last = places[0] * across, places[-1] * across
    return f'<polygon class="{line.css}" points="{first:.1f},{y(0.0):.1f} {points} {last:.1f},{y(0.0):.1f}"/>'


def _axis(low: float, high: float, y: Place, percent: bool, most: int) -> str:
    out = []
    for value in steps(low, high, most):
        words = f"{value:.0%}" if percent else f"{value:,.0f}"
        out.append(f'<line class="grid" x1="0" x2="{WIDE - SIDE}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
                   f'<text x="{WIDE - SIDE + 8}" y="{y(value) + 4:.1f}">{words.replace("-", "−")}</text>')  # fmt: skip
    return "".join(out)


def _years(at: Sequence[int], across: float, tall: int) -> str:
    """Where years begin; where there is but one, its months; where there is but one month, its days."""
    moments = [utc(at[i]).astimezone(NEW_YORK) for i in range(0, len(at), max(1, len(at) // 4000))]
    every = max(1, len(at) // 4000)
    for unit in ("%Y", "%b %Y", "%d %b"):
        words = [moment.strftime(unit) for moment in moments]
        begins = [i for i in range(1, len(words)) if words[i] != words[i - 1]]
        if len(begins) >= 2 or unit == "%d %b":
            break
    skip = max(1, math.ceil(len(begins) / 14))
    return "".join(f'<text x="{i * every * across:.1f}" y="{tall - 5}">{words[i]}</text>'
                   f'<line class="grid" x1="{i * every * across:.1f}" x2="{i * every * across:.1f}" y1="{TOP}" y2="{tall - FOOT}"/>'
                   for i in begins[::skip])  # fmt: skip


def months(found: Mapping[tuple[int, int], float], totals: Mapping[int, float]) -> str:
    """The heat map: years down, months across, whole years at the right; each figure is written, so colour is not all that tells."""
    if not found:
        return ""
    wide, row, head, first = 66, 24, 22, 52
    years = sorted(totals, reverse=True)
    sizes = sorted(abs(value) for value in found.values() if math.isfinite(value))
    most = max(sizes[min(len(sizes) - 1, int(len(sizes) * 0.9))], 1e-9) if sizes else 1.0
    out = [
        f'<text class="mid" x="{first + (column + 0.5) * wide:.0f}" y="14">{name}</text>'
        for column, name in enumerate((*MONTHS, "Year"))
    ]
    for line, year in enumerate(years):
        top = head + line * row
        out.append(f'<text x="4" y="{top + 16}">{year}</text>')
        for column in range(13):
            value = totals[year] if column == 12 else found.get((year, column + 1))
            out.append(
                _month(
                    first + column * wide, top, wide, row, value, most * (3.0 if column == 12 else 1.0), column == 12
                )
            )
    tall = head + len(years) * row + 4
    return f'<svg viewBox="0 0 {first + 13 * wide} {tall}" role="img" aria-label="Returns by month and year">{"".join(out)}</svg>'


def _month(x: int, y: int, wide: int, row: int, value: float | None, most: float, whole: bool) -> str:
    if value is None:
        return f'<rect class="none" x="{x + 1}" y="{y + 1}" width="{wide - 2}" height="{row - 2}"/>'
    flat = abs(value) < FLAT
    css = "none" if flat else "gain" if value > 0 else "loss"
    share = 0.08 + 0.5 * min(1.0, abs(value) / most)
    words = f"{value * 100:+.1f}".replace("-", "−") if not flat else "0.0"
    return (f'<rect class="{css}" fill-opacity="{share:.2f}" x="{x + 1}" y="{y + 1}" width="{wide - 2}" height="{row - 2}"/>'
            f'<text class="mid{" strong" if whole else ""}" x="{x + wide / 2:.0f}" y="{y + 16}">{words}</text>')  # fmt: skip


def years(found: Mapping[tuple[int, int], float]) -> dict[int, float]:
    """Year -> its return, the months compounded."""
    out: dict[int, float] = {}
    for (year, _), value in sorted(found.items()):
        out[year] = (1 + out.get(year, 0.0)) * (1 + value) - 1
    return out
