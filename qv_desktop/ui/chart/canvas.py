"""The chart itself: a widget that keeps a painted still layer and puts the live bar and the crosshair on top."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QPointF, QRect, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPixmap, QRegion, QResizeEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.market import Bar
from qv_desktop.ui import theme
from qv_desktop.ui.chart.axis import Mark, axis_width, price_marks
from qv_desktop.ui.chart.camera import Camera
from qv_desktop.ui.chart.crosshair import draw_crosshair, draw_mark, draw_moment
from qv_desktop.ui.chart.drawn import Drawn
from qv_desktop.ui.chart.history import clear_prices, draw_history
from qv_desktop.ui.chart.holdings import Holdings
from qv_desktop.ui.chart.legend import Entry, bar_at, draw_legend
from qv_desktop.ui.chart.live import draw_last, draw_live, last_box, price_text
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.order_lines import (
    Grip,
    Level,
    draw_fills,
    draw_ghost,
    draw_levels,
    draw_previous_close,
    placed,
)
from qv_desktop.ui.chart.scenery import Scenery
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, hours
from qv_desktop.ui.chart.stage import Panes, Stage, panes
from qv_desktop.ui.chart.study import Study, opening
from qv_desktop.ui.chart.tags import tag_box
from qv_desktop.ui.chart.trade_marks import TradeMarks, draw_chosen, draw_marks
from qv_desktop.ui.chart.viewport import stride_of

LEGEND_TALL, TAIL_WIDE = 44, 230  # px repainted on a tick: the legend's height, and the tail when tags stand in it


class Canvas(QWidget):
    """Bars of one series, painted in two layers.

    Signals: ``looked`` says that the view, the scale or the following of the newest bar changed.
    """

    looked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.real: Series | None = None  # the bars as traded
        self.drawn: Drawn | None = None  # and as they are shown
        self.camera: Camera | None = None
        self._parked: Camera | None = None  # the view from before the bars were taken away
        self.look = Look()
        self.holdings = Holdings()
        self.holes: list[Hole] = []
        self.halts: list[Hole] = []
        self.regular = hours(())
        self.scenery = Scenery(opening())
        self.shares: dict[int, float] = {}  # study number -> part of the height that a person gave its pane
        self.maximised: int | None = None  # the pane that has all the room: 0 the prices, 1 the first below
        self._still: QPixmap | None = None
        self._stage: Stage | None = None
        self.pointer: QPointF | None = None  # where the crosshair stands
        self.linked: int | None = None  # the bar at which a linked chart's crosshair stands
        self.entries: list[Entry] = []  # what stands in the legend
        self.grips: list[Grip] = []  # where orders and alerts can be taken hold of
        self.over_bars: Callable[[QPainter, Stage], None] = lambda painter, stage: (
            None
        )  # paints what a person has drawn
        self.marks: TradeMarks | None = None  # a backtest's trades
        self.mark = ""  # a word in violet over everything: what is shown is not the market
        self.dragged: tuple[Level, float] | None = None  # a level on its way to another price
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(160, 90)
        self.setAccessibleName("Price chart")
        theme.follow(self, self.redraw)

    @property
    def series(self) -> Series | None:
        """The bars that are drawn, or None without any."""
        return self.drawn.series if self.drawn is not None else None

    # what is shown

    def begin(self, series: Series, *, keep: bool) -> None:
        """Show a series; ``keep`` leaves the zoom and a hand-made scale, and stays at the bar that a person reads."""
        before, self.real = self.camera or self._parked, series
        self.draw_anew()
        if keep and before is not None and not before.untouched and self.camera is not None:
            self.camera.resume(before)
        self.redraw()

    def draw_anew(self) -> None:
        """From the real bars: what is drawn of them, the studies of that, and the opening view."""
        if self.real is None:
            return
        if self.real.zone != self.look.clock:
            self.real.on_clock(self.look.clock)
        self.drawn = Drawn(self.real, self.look, self.regular)
        self.scenery.rebuild(self.drawn.series)
        self.camera = Camera(self.drawn.series, self._panes(), self.look, self.scenery.beside)
        self.redraw()

    def clear(self) -> None:
        """Show no bars; where a person was reading is kept for the same symbol's return."""
        self._parked = self.camera or self._parked
        self.real = self.drawn = self.camera = None
        self.redraw()

    def dress(self, look: Look) -> None:
        """Another style, scale or clock; the person stays where they were."""
        before, self.look = self.look, look
        if self.real is None or self.camera is None:
            return
        if (before.style, before.extended, before.zone) != (look.style, look.extended, look.zone):
            old = self.camera
            self.draw_anew()
            if not old.untouched:
                self.camera.resume(old)
                self.camera.fit()
        else:
            self.camera.dress(look)
        self.relayout()

    def study(self, studies: Iterable[Study]) -> None:
        """Show these studies, in this order."""
        self.scenery.studies = list(studies)
        if self.drawn is not None:
            self.scenery.rebuild(self.drawn.series)
        self.relayout()

    def take(self, bar: Bar) -> None:
        """A live bar: repaint the tail, or everything when it began a new bar or left the price range."""
        if self.real is None or self.drawn is None or self.camera is None:
            return
        followed, before = self.camera.following, len(self.drawn.series)
        taken = self.drawn.take(bar)
        if taken == "closed":
            self.scenery.extend(self.drawn.series)
            self.camera.bars_closed(len(self.drawn.series) - before, followed)
            self.redraw()
        elif taken == "moved":
            self.redraw() if self.camera.bar_moved() or self._lower_left() else self.update(self._tail())
        else:  # the last price has moved all the same, outside of the hours that are drawn
            self.update(self._tail())
        if self.drawn.lacking and self.drawn.opened:
            self.draw_anew()

    def _lower_left(self) -> bool:
        """Whether a study's live value has left its pane's scale."""
        stage = self.stage()
        return stage is not None and any(self.scenery.left(lower, stage.series) for lower in stage.lower if lower.seen)

    def update_tag(self) -> None:
        """Repaint the last price's tag alone: its countdown has moved."""
        stage = self.stage()
        if stage is not None:
            self.update(last_box(stage, 1.0).toAlignedRect().adjusted(-1, -1, 1, 1))

    def relayout(self) -> None:
        """The size, or the set of studies, has changed: lay the panes out anew."""
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
        shares = tuple(self.shares.get(study.number, 0.0) for study in self.scenery.lower)
        return panes(self.width(), self.height(), axis, shares, self.maximised)

    def stage(self) -> Stage | None:
        """What is shown now, or None without bars."""
        if self._stage is None and self.drawn is not None and self.real is not None and self.camera is not None:
            self._stage = self._staged(self.drawn.series, self.real, self.camera)
        return self._stage

    def _staged(self, series: Series, real: Series, camera: Camera) -> Stage:
        view = camera.view
        stride = stride_of(view)
        first, last = view.window(len(series))
        base = self.scenery.base(series, first) if self.look.percent or self.scenery.comparisons else None
        lower = self.scenery.lower_panes(camera.panes, series, first, last)
        return Stage(series, real, view, camera.scale, camera.panes, self.look, real.decimals, stride,
                     series.most_volume(first, last, stride), self.scenery.overlays, lower, tuple(self.scenery.comparisons), base,
                     _figures(camera, real.decimals, base), tuple(self.holes), tuple(self.halts), self.regular)  # fmt: skip

    # painting

    def _tail(self) -> QRegion:
        """What a tick can change: the live bar to the right edge, and the legends while they read the live bar."""
        stage = self.stage()
        if stage is None:
            return QRegion(self.rect())
        left = stage.view.x(len(stage.series) - 1 - stage.stride) - stage.view.spacing
        if self.real is not None and self.holdings.levels(self.real.live):
            left = min(left, stage.panes.width - TAIL_WIDE)
        region = QRegion(QRect(max(0, int(left)), 0, self.width(), self.height()))
        if self.pointer is None:
            for entry in self.entries:
                region = region.united(entry.box.toAlignedRect())
            region = region.united(QRect(0, 0, stage.panes.width, 24))
        return region

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        stage = self.stage()
        if stage is None:
            painter.fillRect(self.rect(), theme.color("BG1"))
            return
        if self._still is None:
            self._still = self._painted(stage)
        painter.drawPixmap(0, 0, self._still)
        draw_live(painter, stage)
        self.over_bars(painter, stage)
        self.draw_ours(painter, stage)
        if self.marks is not None:
            draw_chosen(painter, stage, self.marks, self.pointer)
        self.entries = draw_legend(painter, stage, bar_at(stage, self.pointer))
        if self.pointer is not None:
            draw_crosshair(painter, stage, self.pointer)
        elif self.linked is not None:
            draw_moment(painter, stage, self.linked)
        if self.mark:
            draw_mark(painter, stage, self.mark)

    def _painted(self, stage: Stage) -> QPixmap:
        ratio = self.devicePixelRatioF()
        still = QPixmap(self.size() * ratio)
        still.setDevicePixelRatio(ratio)
        painter = QPainter(still)
        draw_history(painter, stage)
        if self.marks is not None:
            draw_marks(painter, stage, self.marks)
        painter.end()
        return still

    def draw_ours(self, painter: QPainter, stage: Stage) -> None:
        """Fills, orders, the position, the previous close, and the last price."""
        if not stage.panes.floor:
            return
        held, live = self.holdings, stage.real.live
        left = stage.real.seconds_left(held.now) if held.now is not None and self.look.countdown else None
        box = last_box(stage, left)
        draw_fills(painter, stage, held.own_fills(live.symbol))
        levels = placed(stage, held.levels(live), box)
        clear_prices(painter, stage, [box, *(tag_box(stage.panes, place) for _, _, place in levels)])
        self.grips = draw_levels(painter, stage, levels)
        if self.dragged is not None:
            draw_ghost(painter, stage, *self.dragged)
        if held.previous_close is not None:
            taken = [box, *(tag_box(stage.panes, place) for _, _, place in levels)]
            draw_previous_close(painter, stage, held.previous_close, taken, price_text(stage, held.previous_close))
        draw_last(painter, stage, left, held.day_change(live))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.relayout()


def _figures(camera: Camera, decimals: int, base: float | None) -> tuple[Mark, ...]:
    """What the price axis writes, clear of its ends."""
    marks = price_marks(camera.scale, decimals, base) if camera.panes.floor else []
    return tuple(mark for mark in marks if 8 < mark.at < camera.panes.floor - 8)
