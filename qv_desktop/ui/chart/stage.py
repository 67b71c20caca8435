"""Everything that one painting of the chart needs to know, as one value."""

from dataclasses import dataclass

from PySide6.QtCore import QRect, QRectF

from qv_desktop.ui.chart.indicators import Average, Strength
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, Hours
from qv_desktop.ui.chart.viewport import Scale, View

TIME_HEIGHT = 24
VOLUME_SHARE = 0.17  # of the price pane
STUDY_FROM = 300  # px of height from which the strength index has a pane of its own


@dataclass(frozen=True, slots=True)
class Panes:
    """Where things are, in px: the plot is ``width`` wide, prices end at ``floor``, the study lies between it and ``bottom``."""

    width: int
    axis: int
    floor: int
    bottom: int
    height: int

    @property
    def study(self) -> bool:
        """Whether the strength index has a pane."""
        return self.bottom > self.floor

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


def panes(width: int, height: int, axis: int, study: bool) -> Panes:
    """The chart's panes for a widget of ``width`` × ``height`` px."""
    bottom = max(1, height - TIME_HEIGHT)
    tall = min(120, max(64, bottom // 5)) if study and height >= STUDY_FROM else 0
    return Panes(max(1, width - axis), axis, bottom - tall, bottom, height)


@dataclass(frozen=True, slots=True)
class Stage:
    """What is shown and where; ``most`` is the greatest volume of a column in shares, ``stride`` the bars per column."""

    series: Series
    view: View
    scale: Scale
    strength_scale: Scale
    panes: Panes
    decimals: int
    stride: int
    most: float
    volume: bool
    averages: tuple[Average, ...]
    strength: Strength | None
    holes: tuple[Hole, ...]
    regular: Hours
