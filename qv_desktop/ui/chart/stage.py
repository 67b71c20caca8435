"""Everything that one painting of the chart needs to know, as one value."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF

from qv_desktop.ui.chart.axis import Mark
from qv_desktop.ui.chart.comparison import Comparison
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, Hours
from qv_desktop.ui.chart.study import Study
from qv_desktop.ui.chart.viewport import Scale, View

TIME_HEIGHT = 24
VOLUME_SHARE = 0.17  # of the price pane
STUDIES_FROM = 200  # px of height from which studies have panes of their own
LOWEST_PANE, LOWEST_PRICES = 40, 90  # px


@dataclass(frozen=True, slots=True)
class Panes:
    """Where things are, in px: the plot is ``width`` wide, prices end at ``floor``, the ``lower`` panes follow down to ``bottom``."""

    width: int
    axis: int
    floor: int
    bottom: int
    height: int
    lower: tuple[tuple[int, int], ...] = ()  # top and bottom of each

    @property
    def volume(self) -> float:
        """How tall the greatest volume is drawn."""
        return self.floor * VOLUME_SHARE

    @property
    def plot(self) -> QRect:
        """The price pane."""
        return QRect(0, 0, self.width, self.floor)

    @property
    def right(self) -> QRectF:
        """The price axis, with the corner."""
        return QRectF(self.width, 0, self.axis, self.height)


def panes(width: int, height: int, axis: int, shares: tuple[float, ...] = (), maximised: int | None = None) -> Panes:
    """The chart's panes for a widget of ``width`` × ``height`` px.

    ``shares`` are the lower panes' parts of the height, 0 for a fifth of it; ``maximised`` gives one pane all of it: 0 the
    prices, 1 the first below.
    """
    bottom = max(1, height - TIME_HEIGHT)
    across = max(1, width - axis)
    if maximised is not None and maximised <= len(shares):
        whole = tuple((0, bottom) if place + 1 == maximised else (bottom, bottom) for place in range(len(shares)))
        return Panes(
            across,
            axis,
            0 if maximised else bottom,
            bottom,
            height,
            whole if maximised else ((bottom, bottom),) * len(shares),
        )
    if height < STUDIES_FROM:
        return Panes(across, axis, bottom, bottom, height, ((bottom, bottom),) * len(shares))
    tall = _heights(bottom, shares)
    floor = bottom - sum(tall)
    tops = [floor + sum(tall[:place]) for place in range(len(tall))]
    return Panes(
        across, axis, floor, bottom, height, tuple((top, top + each) for top, each in zip(tops, tall, strict=True))
    )


def _heights(bottom: int, shares: tuple[float, ...]) -> list[int]:
    """Px of each lower pane; together they leave the prices their least."""
    wanted = [max(LOWEST_PANE, int(bottom * share)) if share else min(120, max(56, bottom // 5)) for share in shares]
    room = max(0, bottom - max(LOWEST_PRICES, bottom // 3))
    return [each * room // total for each in wanted] if (total := sum(wanted)) > room else wanted


@dataclass(frozen=True, slots=True)
class Lower:
    """One pane below the prices: its study and scale."""

    top: int
    bottom: int
    study: Study
    scale: Scale

    @property
    def seen(self) -> bool:
        """Whether it has any room."""
        return self.bottom > self.top


@dataclass(frozen=True, slots=True)
class Stage:
    """What is shown and where; ``most`` is the greatest volume of a column in shares, ``stride`` the bars per column.

    ``series`` is what is drawn, ``real`` the bars as traded; they differ for Heikin-Ashi, Renko and regular hours. ``base`` is
    the price that counts as 0 % on a percent axis, None where the axis shows dollars.
    """

    series: Series
    real: Series
    view: View
    scale: Scale
    panes: Panes
    look: Look
    decimals: int
    stride: int
    most: float
    overlays: tuple[Study, ...]
    lower: tuple[Lower, ...]
    comparisons: tuple[Comparison, ...]
    base: float | None
    figures: tuple[Mark, ...]  # that the price axis writes
    holes: tuple[Hole, ...]
    halts: tuple[Hole, ...]
    regular: Hours
