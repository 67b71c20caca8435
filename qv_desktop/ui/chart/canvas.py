"""The chart itself: a widget that keeps a painted still layer and puts the live bar and the crosshair on top."""

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPixmap, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.market import Bar
from qv_desktop.ui import theme
from qv_desktop.ui.chart.axis import axis_width
from qv_desktop.ui.chart.camera import Camera
from qv_desktop.ui.chart.crosshair import bar_at, draw_crosshair, draw_legend
from qv_desktop.ui.chart.history import draw_history, draw_prices
from qv_desktop.ui.chart.holdings import Holdings
from qv_desktop.ui.chart.indicators import BLUE, YELLOW, Average, Strength
from qv_desktop.ui.chart.live import draw_last, draw_live, draw_live_strength, last_box
from qv_desktop.ui.chart.order_lines import draw_fills, draw_levels, draw_previous_close
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, hours
from qv_desktop.ui.chart.stage import Panes, Stage, panes
from qv_desktop.ui.chart.viewport import Scale, stride_of

LEGEND_TALL, TAIL_WIDE = 44, 230  # px repainted on a tick: the legend's height, and the tail when tags stand in it


class Canvas(QWidget):
    """Candles of one series, painted in two layers.

    Signals: ``looked`` says that the view, the scale or the following of the newest bar changed.
    """

    looked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.series: Series | None = None
        self.camera: Camera | None = None
        self._parked: Camera | None = None  # the view from before the bars were taken away
        self.holdings = Holdings()
        self.holes: list[Hole] = []
        self.regular = hours(())
        self.volume = True
        self.averages = (Average(9, YELLOW), Average(30, BLUE))
        self.strength = Strength(14, "VIOLET")
        self.hidden: set[str] = set()  # titles of indicators that are switched off
        self._still: QPixmap | None = None
        self._stage: Stage | None = None
        self.pointer: QPointF | None = None  # where the crosshair stands
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 90)
        self.setAccessibleName("Price chart")

    def begin(self, series: Series, *, keep: bool) -> None:
        """Show a series; ``keep`` stays where a person reads, at the same bar's start, if they had left the newest bar."""
        before, self.series = self.camera or self._parked, series
        for study in (*self.averages, self.strength):
            study.rebuild(series)
        self.camera = Camera(series, self._panes())
        if keep and before is not None and not before.untouched and not before.following:
            self.camera.resume(before)
        self.redraw()

    def clear(self) -> None:
        """Show no bars; where a person was reading is kept for the same symbol's return."""
        self._parked = self.camera or self._parked
        self.series = self.camera = None
        self.redraw()

    def take(self, bar: Bar) -> None:
        """A live bar: repaint the tail, or everything when it began a new bar or left the price range."""
        if self.series is None or self.camera is None:
            return
        followed = self.camera.following
        taken = self.series.take(bar)
        if taken == "closed":
            for study in (*self.averages, self.strength):
                study.extend(self.series)
            self.camera.bar_closed(followed)
            self.redraw()
        elif taken == "moved":
            self.redraw() if self.camera.bar_moved() else self.update(self._tail())

    def update_tag(self) -> None:
        """Repaint the last price's tag alone: its countdown has moved."""
        stage = self.stage()
        if stage is not None:
            self.update(last_box(stage, 1.0).toAlignedRect().adjusted(-1, -1, 1, 1))

    def relayout(self) -> None:
        """The size, or the set of indicators, has changed: lay the panes out anew."""
        if self.camera is not None:
            self.camera.resize(self._panes())
        self.redraw()

    def redraw(self) -> None:
        """Paint the still layer anew at the next frame."""
        self._still = self._stage = None
        self.update()
        self.looked.emit()

    def _panes(self) -> Panes:
        decimals = self.series.decimals if self.series is not None else 2
        figure = QFontMetricsF(theme.small_bold()).horizontalAdvance("0")
        high = self.series.live.high if self.series is not None else 100.0
        axis = round(axis_width(high, decimals, figure))
        return panes(self.width(), self.height(), axis, self.strength.title not in self.hidden)

    def stage(self) -> Stage | None:
        """What is shown now, or None without bars."""
        if self._stage is None and self.series is not None and self.camera is not None:
            self._stage = self._staged(self.series, self.camera)
        return self._stage

    def _staged(self, series: Series, camera: Camera) -> Stage:
        stride = stride_of(camera.view)
        first, last = camera.view.window(len(series))
        shown = tuple(average for average in self.averages if average.title not in self.hidden)
        strength = self.strength if self.strength.title not in self.hidden else None
        space = Scale(camera.panes.floor + 6, camera.panes.bottom - 4, 0.0, 100.0)
        return Stage(series, camera.view, camera.scale, space, camera.panes, series.decimals, stride,
                     series.most_volume(first, last, stride), self.volume, shown, strength, tuple(self.holes), self.regular)  # fmt: skip

    def _tail(self) -> QRegion:
        """What a tick can change: the live bar to the right edge, and the legend while it reads the live bar."""
        stage = self.stage()
        if stage is None:
            return QRegion(self.rect())
        left = stage.view.x(len(stage.series) - 1 - stage.stride) - stage.view.spacing
        if self.series is not None and self.holdings.levels(self.series.live):
            left = min(left, stage.panes.width - TAIL_WIDE)
        region = QRegion(QRect(max(0, int(left)), 0, self.width(), self.height()))
        return region.united(QRect(0, 0, stage.panes.width, LEGEND_TALL)).united(QRect(0, stage.panes.floor, 120, 24))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        stage = self.stage()
        if stage is None:
            painter.fillRect(self.rect(), theme.color("BG1"))
            return
        if self._still is None:
            self._still = self._painted(stage)
        painter.drawPixmap(0, 0, self._still)
        painter.save()
        draw_live(painter, stage)
        painter.restore()
        draw_live_strength(painter, stage)
        self._draw_ours(painter, stage)
        draw_legend(painter, stage, bar_at(stage, self.pointer))
        if self.pointer is not None:
            draw_crosshair(painter, stage, self.pointer)

    def _painted(self, stage: Stage) -> QPixmap:
        ratio = self.devicePixelRatioF()
        still = QPixmap(self.size() * ratio)
        still.setDevicePixelRatio(ratio)
        painter = QPainter(still)
        draw_history(painter, stage)
        painter.end()
        return still

    def _draw_ours(self, painter: QPainter, stage: Stage) -> None:
        held, live = self.holdings, stage.series.live
        left = stage.series.seconds_left(held.now) if held.now is not None else None
        box = last_box(stage, left)
        draw_fills(painter, stage, held.own_fills(live.symbol))
        taken = [box, *draw_levels(painter, stage, held.levels(live), box)]
        if held.previous_close is not None:
            taken = draw_previous_close(painter, stage, held.previous_close, taken)
        draw_prices(painter, stage, taken)
        draw_last(painter, stage, left, held.day_change(live))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.relayout()
