"""The chart panel: a row of timeframes and indicators over the candles of one symbol."""

from collections.abc import Sequence
from datetime import datetime

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar, Snapshot, Timeframe, ns, timeframe, utc
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.positions import Position
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.crosshair import reading
from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, hours

TIMEFRAMES = ("1m", "5m", "15m", "1h", "1D", "1W")
ROOMY = 380  # px of width from which words fit beside the timeframes
NEAR = 60  # bars from the first one at which older ones are asked for
EMPTY = "Choose a symbol in the watchlist, or type its first letter here, to see its chart."


class ChartPanel(QWidget):
    """Shows history and live bars; asks for another timeframe or symbol."""

    name = "chart"
    title = "Chart"

    title_changed = Signal(str)
    timeframe_chosen = Signal(str)
    symbol_asked = Signal(str)
    older_asked = Signal()  # the view nears the first bar; once for as many bars
    adjustment_chosen = Signal(str)  # raw, split or all
    pointed = Signal(object)  # start (ns) of the bar under the crosshair, None when it left
    compare_asked = Signal(str)  # a symbol to lay over this one
    compare_removed = Signal(str)
    setup_changed = Signal()  # what ``setup`` gives is another
    templates_changed = Signal(object)  # all templates of studies, as JSON values by name
    snapshot_taken = Signal(object)  # QPixmap
    replay_asked = Signal(object)  # from which moment on (ns)
    replay_stepped = Signal(int)  # bars, back when negative
    replay_played = Signal(bool)
    replay_speed_chosen = Signal(float)  # bars per second
    replay_left = Signal()
    amend_asked = Signal(str, object)  # client order id, OrderRequest
    cancel_asked = Signal(list)  # client order ids
    order_drafted = Signal(object)  # OrderRequest for the ticket, never sent from here
    alert_asked = Signal(float)  # price
    alert_moved = Signal(str, float)  # id, price
    alert_removed = Signal(str)  # id
    drawing_changed = Signal(object)  # Drawing, new or as it now is
    drawing_removed = Signal(str)  # id

    def __init__(self, name: str = "chart") -> None:
        super().__init__()
        self.name = name
        self.canvas = Explorer()
        self._symbol, self._frame = "", Timeframe(5, "m")
        self._begins = False  # history was empty: the next live bar begins the chart
        self._looked_back = ("", "", 0)  # symbol, timeframe and first bar for which older ones were asked for
        self._frames = QButtonGroup(self)
        self._frames.setExclusive(True)
        self._message = QLabel(EMPTY, self.canvas)
        self._build()
        self.canvas.timeframe_asked.connect(self._ask_timeframe)
        self.canvas.symbol_asked.connect(self.symbol_asked)
        self.canvas.looked.connect(self._look_back)
        self.show_message(EMPTY)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._toolbar())
        rule = QFrame()
        rule.setFixedHeight(1)
        rule.setStyleSheet(f"background:{theme.LINE};")
        column.addWidget(rule)
        column.addWidget(self.canvas, 1)
        self._message.setFont(theme.body())
        self._message.setStyleSheet(f"color:{theme.TX1}; background:transparent;")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        cover = QVBoxLayout(self.canvas)
        cover.addWidget(self._message)
        self.setFocusProxy(self.canvas)

    def _toolbar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(6, 3, 8, 3)
        row.setSpacing(2)
        for text in TIMEFRAMES:
            button = self._flat(text, f"Timeframe {text}")
            button.setCheckable(True)
            button.setChecked(text == str(self._frame))
            button.clicked.connect(lambda _=False, chosen=text: self.timeframe_chosen.emit(chosen))
            self._frames.addButton(button)
            row.addWidget(button)
        line = QFrame()
        line.setFixedSize(1, 14)
        line.setStyleSheet(f"background:{theme.LINE};")
        row.addSpacing(6)
        row.addWidget(line)
        row.addSpacing(6)
        self._indicators = self._flat("ƒ  Indicators", "Indicators")
        self._indicators.clicked.connect(self._choose_indicators)
        self._indicators.setMinimumWidth(28)
        row.addWidget(self._indicators)
        self._hint = theme.label("", "hint")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self._hint, 1)
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._indicators.setText("ƒ  Indicators" if self.width() >= ROOMY else "ƒ")

    def _flat(self, text: str, name: str) -> QPushButton:
        button = theme.button(text, "ghost")
        button.setFixedHeight(24)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setAccessibleName(name)
        button.setMinimumWidth(max(30, button.fontMetrics().horizontalAdvance(text) + 14))
        return button

    def indicator_menu(self) -> QMenu:
        """The indicators as check marks."""
        menu = QMenu(self)
        for title in ("Volume", *(average.title for average in self.canvas.averages), self.canvas.strength.title):
            action = QAction(title, menu, checkable=True)
            action.setChecked(self.canvas.volume if title == "Volume" else title not in self.canvas.hidden)
            action.toggled.connect(lambda on, which=title: self._show_indicator(which, on))
            menu.addAction(action)
        return menu

    def _choose_indicators(self) -> None:
        menu = self.indicator_menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._indicators.mapToGlobal(QPoint(0, self._indicators.height())))

    def _show_indicator(self, title: str, on: bool) -> None:
        if title == "Volume":
            self.canvas.volume = on
        else:
            (self.canvas.hidden.discard if on else self.canvas.hidden.add)(title)
        self.canvas.relayout()

    def _ask_timeframe(self, text: str) -> None:
        try:
            self.timeframe_chosen.emit(str(timeframe(text)))
        except BadInput as error:
            self._hint.setText(str(error))

    # what is shown

    def show_history(self, symbol: str, frame: Timeframe, bars: Sequence[Bar], previous_close: float | None) -> None:
        """Bars oldest first; showing the same symbol and timeframe again keeps what a person reads in view."""
        same = (symbol, frame) == (self._symbol, self._frame)
        self._name(symbol, frame)
        if not same:
            self.canvas.holes.clear()
            self.canvas.holdings.now, self.canvas.holdings.halted = None, False
        self.canvas.holdings.previous_close = previous_close
        self._begins = not bars
        if not bars:
            self.show_message(f"No bars of {symbol} at {frame} yet; the first trade draws one.")
            return
        self._message.hide()
        self.canvas.begin(Series(symbol, frame, bars), keep=same)
        self._describe()

    def show_bar(self, bar: Bar) -> None:
        """A live bar of the shown symbol and timeframe: it replaces the last or follows it; others are passed over."""
        if bar.symbol != self._symbol:
            return
        if self._begins:
            self.show_history(self._symbol, self._frame, [bar], self.canvas.holdings.previous_close)
        else:
            self.canvas.take(bar)

    def bar_before(self, start: int) -> Bar | None:
        """The bar that is shown from ``start`` (ns) on when a newer one is live already, else None."""
        series = self.canvas.series
        if series is None or start >= series.live.start:
            return None
        index = series.index_at(start)
        return series.bar(index) if index >= 0 and int(series.starts[index]) == start else None

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """The previous close, the time of the last trade (for the countdown) and a halt."""
        if snapshot.symbol != self._symbol:
            return
        held = self.canvas.holdings
        before = (held.previous_close, held.halted)
        held.take_snapshot(snapshot)
        if before != (held.previous_close, held.halted):
            self.canvas.update()
            self._say_session()

    def show_now(self, now: datetime) -> None:
        """The market's time, for the countdown of a bar that sees no trade."""
        self.canvas.holdings.now = max(self.canvas.holdings.now or 0, ns(now))
        self.canvas.update_tag()

    def show_orders(self, orders: Sequence[Order]) -> None:
        """All orders; open ones of the shown symbol become lines."""
        self.canvas.holdings.take_orders(tuple(orders))
        self.canvas.update()

    def show_position(self, position: Position | None) -> None:
        """The position, drawn at its average price; None or a flat one draws nothing."""
        self.canvas.holdings.position = position
        self.canvas.update()

    def show_fills(self, fills: Sequence[Fill]) -> None:
        """All fills; those of the shown symbol become triangles."""
        self.canvas.holdings.fills = tuple(fills)
        self.canvas.update()

    def show_gaps(self, gaps: Sequence[tuple[datetime, datetime]]) -> None:
        """All holes in the feed of the shown symbol, hatched from start to end."""
        holes = [Hole(start, end) for start, end in gaps]
        if holes != self.canvas.holes:
            self.canvas.holes = holes
            self.canvas.redraw()

    def show_sessions(self, sessions: Sequence[MarketSession]) -> None:
        """The calendar, oldest day first: what lies outside its regular hours is shaded, half days too."""
        self.canvas.regular = hours(sessions)
        self.canvas.redraw()

    def show_compare(self, symbol: str, bars: Sequence[Bar]) -> None:
        """Lay another symbol's bars over this one's, in percent since the first bar in view; none take it away."""

    def show_pointer(self, at: int | None) -> None:
        """The crosshair of a linked chart stands at this moment (ns), or has left."""

    def show_replay(self, words: str | None, playing: bool = False, speed: float = 1.0) -> None:
        """Replaying stored history, marked as such, with ``words`` of where it stands; None is live again."""

    def show_templates(self, templates: dict[str, object]) -> None:
        """The person's templates of studies, as ``templates_changed`` gave them."""

    def setup(self) -> dict[str, object]:
        """How the chart is set up, as JSON values: style, scale, hours, zone, studies; not its symbol and timeframe."""
        return {}

    def apply_setup(self, setup: dict[str, object]) -> None:
        """Set the chart up as ``setup`` once gave; what cannot be used is left as it is."""

    def _look_back(self) -> None:
        """Ask for older bars before the person reaches the first one."""
        canvas = self.canvas
        if canvas.series is None or canvas.camera is None or canvas.camera.untouched:
            return
        begun = (canvas.series.symbol, str(canvas.series.frame), int(canvas.series.starts[0]))
        if canvas.camera.view.window(len(canvas.series))[0] < NEAR and begun != self._looked_back:
            self._looked_back = begun
            self.older_asked.emit()

    def in_view(self) -> tuple[str, Timeframe, datetime, datetime] | None:
        """Symbol, timeframe, and from when up to when (UTC) the bars are that can be seen; None without any."""
        canvas = self.canvas
        if canvas.series is None or canvas.camera is None:
            return None
        series, (first, last) = canvas.series, canvas.camera.view.window(len(canvas.series))
        if first >= last:
            return None
        return series.symbol, series.frame, utc(int(series.starts[first])), utc(int(series.starts[last - 1]) + 1)

    def show_message(self, text: str) -> None:
        """Loading, empty or in error: a sentence in place of the candles, until history comes."""
        self.canvas.clear()
        self._message.setText(text)
        self._message.show()
        self.canvas.setAccessibleDescription(text)

    def text(self) -> str:
        """What the chart says, for a screen reader: symbol, timeframe and the newest bar in words."""
        stage = self.canvas.stage()
        if stage is None:
            return self._message.text()
        words = " ".join(word for _, word in reading(stage, len(stage.series) - 1))
        change = self.canvas.holdings.day_change(stage.series.live)
        return f"{self._symbol} {self._frame}, {words}, {format.signed(change)} since the previous close"

    def _name(self, symbol: str, frame: Timeframe) -> None:
        self._symbol, self._frame = symbol, frame
        for button in self._frames.buttons():
            self._frames.setExclusive(False)
            button.setChecked(button.text() == str(frame))
            self._frames.setExclusive(True)
        self._say_session()
        self.title_changed.emit(f"{symbol} · {frame}")

    def _say_session(self) -> None:
        halted = self.canvas.holdings.halted
        words = "ET · extended hours" if self._frame.intraday else "ET"
        self._hint.setText("Trading halted" if halted else words)
        self._hint.setStyleSheet(f"color:{theme.WARN};" if halted else "")

    def _describe(self) -> None:
        self.canvas.setAccessibleDescription(self.text())
