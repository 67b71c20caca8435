"""How much was traded at which price."""

from dataclasses import dataclass

import numpy as np

from qv_desktop.analytics.indicators.library import Floats


@dataclass(frozen=True, slots=True)
class Profile:
    """Rows of price, lowest first: ``edges`` of shape (rows + 1,), shares traded in rising and in falling bars of shape (rows,).

    ``point`` is the middle of the busiest row; ``low`` to ``high`` is the value area.
    """

    edges: Floats
    up: Floats
    down: Floats
    point: float
    low: float
    high: float


def volume_profile(
    high: Floats, low: Floats, close: Floats, open: Floats, volume: Floats, rows: int, share: float = 0.70
) -> Profile:
    """Each bar's volume spread evenly over its range, in ``rows`` rows between the lowest low and the highest high.

    The value area grows from the busiest row to whichever side has the more volume next to it, until it holds ``share`` of all, as
    J. P. Steidlmayer's market profile has it. At least one bar.
    """
    bottom, top = float(low.min()), float(high.max())
    edges = np.linspace(bottom, top if top > bottom else bottom + 1e-9, rows + 1)
    rises = close >= open
    up, down = (_spread(low[which], high[which], volume[which], edges) for which in (rises, ~rises))
    first, last = _value_area(up + down, share)
    busiest = int(np.argmax(up + down))
    return Profile(
        edges, up, down, float(edges[busiest] + edges[busiest + 1]) / 2, float(edges[first]), float(edges[last + 1])
    )


def _spread(low: Floats, high: Floats, volume: Floats, edges: Floats) -> Floats:
    """Shares by row. Row by row, for as many passes as rows cost less than one matrix of bars by rows."""
    height = edges[1] - edges[0]
    span = np.maximum(high - low, height * 1e-6)  # a bar of one price lies in one row
    density = volume / span
    below = np.array([float((density * np.clip(edge - low, 0.0, span)).sum()) for edge in edges])
    below[-1] = float(volume.sum())
    return np.maximum(np.diff(below), 0.0)


def _value_area(traded: Floats, share: float) -> tuple[int, int]:
    first = last = int(np.argmax(traded))
    held, wanted = float(traded[first]), float(traded.sum()) * share
    while held < wanted and (first > 0 or last < len(traded) - 1):
        below = float(traded[first - 1]) if first > 0 else -1.0
        above = float(traded[last + 1]) if last < len(traded) - 1 else -1.0
        if above >= below:
            last, held = last + 1, held + above
        else:
            first, held = first - 1, held + below
    return first, last
