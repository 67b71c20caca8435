"""The chart as it shows: history, live bars, what is ours, holes and halts, other symbols, and all of it in words."""

from collections.abc import Callable, Sequence
from datetime import datetime

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from qv_desktop.domain.drawings import Drawing
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Adjustment, Bar, Snapshot, Timeframe, ns, utc
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.positions import Position
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.domain.risk import Check
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui import theme
from qv_desktop.ui.chart.amending import Amending
from qv_desktop.ui.chart.comparison import COLOURS, Comparison
from qv_desktop.ui.chart.drawing_hand import DrawingHand
from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.marks_bar import MarksBar
from qv_desktop.ui.chart.prompt import Prompt
from qv_desktop.ui.chart.saying import said
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import Hole, hours
from qv_desktop.ui.chart.studying import Studying
from qv_desktop.ui.chart.times import local_seconds
from qv_desktop.ui.chart.toolbar import ChartBar
from qv_desktop.ui.chart.trade_marks import TradeMarks
from qv_desktop.ui.models.confirm_bar import ConfirmBar

EMPTY = "Choose a symbol in the watchlist, or type its first letter here, to see its chart."
PRICES: dict[Adjustment, str] = {"split": "adjusted", "all": "total return", "raw": "as traded"}


class ChartView(QWidget):
    """Everything of one symbol that can be seen.

    ``install`` names this installation in the ids of changed orders; ``more`` makes the menu at the end of the row.
    """

    title_changed = Signal(str)
    setup_changed = Signal()  # how the chart is set up is another

    def __init__(self, install: str, more: Callable[[], QMenu]) -> None:
        super().__init__()
        self.canvas = Explorer()
        self._symbol, self._frame = "", Timeframe(5, "m")
        self._adjustment: Adjustment = "split"
        self._begins = False  # history was empty: the next live bar begins the chart
        self._told = ""
        self.compared: list[str] = []  # symbols that are wanted over this one, loaded or not
        self._message = QLabel(EMPTY, self.canvas)
        self.prompt, self.asking = Prompt(self.canvas), ConfirmBar(keep="Leave it", kind="primary")
        self.studying = Studying(self.canvas, self.prompt)
        self.amending = Amending(self.canvas, self.asking, install)
        self.drawing = DrawingHand(self.canvas, self)
        self.bar, self.marks_bar = ChartBar(self.indicator_menu, more), MarksBar()
        self._build()
        self.show_message(EMPTY)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        rule = QFrame()
        rule.setFixedHeight(1)
        theme.wear(rule, lambda: f"background:{theme.LINE};")
        for widget in (self.bar, rule, self.marks_bar):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(self.drawing.bar)
        row.addWidget(self.canvas, 1)
        column.addLayout(row, 1)
        column.addWidget(self.asking)
        self._message.setFont(theme.body())
        theme.wear(self._message, lambda: f"color:{theme.TX1}; background:transparent;")
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._message.setWordWrap(True)
        cover = QVBoxLayout(self.canvas)
        cover.addWidget(self._message)
        self.setFocusProxy(self.canvas)

    def indicator_menu(self) -> QMenu:
        """The studies as check marks, and what can be done with them."""
        return self.studying.menu()

    def show_history(
        self, symbol: str, frame: Timeframe, bars: Sequence[Bar] | Series, previous_close: float | None
    ) -> None:
        """Bars oldest first, or a series made of them elsewhere; the same symbol and timeframe again keeps what is read in view."""
        same = (symbol, frame) == (self._symbol, self._frame)
        self._name(symbol, frame)
        if not same:
            self._forget()
        self.canvas.holdings.previous_close = previous_close
        self._begins = not len(bars)
        if not len(bars):
            self.show_message(f"No bars of {symbol} at {frame} yet; the first trade draws one.")
            return
        self._message.hide()
        series = bars if isinstance(bars, Series) else Series(symbol, frame, bars, self.canvas.look.clock)
        self.canvas.begin(series, keep=same)
        self._say_session()
        self._describe()

    def _forget(self) -> None:
        """Another symbol or timeframe: nothing of the last one stays."""
        self.canvas.holes, self.canvas.halts = [], []
        self.canvas.scenery.comparisons = []
        self.canvas.holdings.now, self.canvas.holdings.halted = None, False
        self._dismiss()

    def _dismiss(self) -> bool:
        asked = self.asking.isVisible()
        if asked:
            self.asking.no.click()
        return asked

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
        series = self.canvas.real
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

    def show_instrument(self, instrument: Instrument | None) -> None:
        """In which steps the symbol's prices move."""
        self.amending.instrument = instrument

    def show_orders(self, orders: Sequence[Order]) -> None:
        """All orders; open ones of the shown symbol become lines."""
        self.canvas.holdings.take_orders(tuple(orders))
        self.canvas.update()

    def show_verdict(self, checks: Sequence[Check]) -> None:
        """What the risk rules say of the change that was drafted."""
        self.amending.show_verdict(checks)

    def show_position(self, position: Position | None) -> None:
        """The position, drawn at its average price; None or a flat one draws nothing."""
        self.canvas.holdings.position = position
        self.canvas.update()

    def show_fills(self, fills: Sequence[Fill]) -> None:
        """All fills; those of the shown symbol become triangles."""
        self.canvas.holdings.fills = tuple(fills)
        self.canvas.update()

    def show_trades(self, marks: TradeMarks | None) -> None:
        """A backtest's trades over the bars of their symbol; None takes them away."""
        self.canvas.marks = marks
        self.canvas.redraw()
        self._say_marks()

    def choose_trade(self, number: int) -> bool:
        """Let one of them stand out, in the middle of the chart; False when it lies before the first bar."""
        marks = self.canvas.marks
        place = marks.place(number) if marks is not None else None
        if marks is None or place is None:
            return False
        marks.chosen = number
        found = self.canvas.go_to(self._middle(int(marks.entered[place]), int(marks.left[place])))
        self.canvas.redraw()
        self._say_marks()
        return found

    def _middle(self, entered: int, left: int) -> int:
        """The moment that a trade is looked at around: its middle, or its entry where the whole of it does not fit."""
        series, camera = self.canvas.series, self.canvas.camera
        if series is None or camera is None:
            return entered
        first, last = series.index_at(entered), series.index_at(left)
        fits = last - first < camera.view.bars * 0.9
        return int(series.starts[(first + last) // 2]) if fits and first >= 0 else entered

    def _say_marks(self) -> None:
        marks = self.canvas.marks
        self.marks_bar.show_marks(marks if marks is not None and marks.symbol == self._symbol else None)

    def show_alerts(self, alerts: Sequence[PriceAlert]) -> None:
        """All price alerts; armed ones of the shown symbol become lines."""
        self.canvas.holdings.alerts = tuple(alerts)
        self.canvas.update()

    def show_drawings(self, drawings: Sequence[Drawing]) -> None:
        """What the person has drawn on the shown symbol."""
        self.drawing.show(self._symbol, tuple(drawings))

    def show_gaps(self, gaps: Sequence[tuple[datetime, datetime]]) -> None:
        """All holes in the feed of the shown symbol, hatched from start to end."""
        holes = [Hole(start, end) for start, end in gaps]
        if holes != self.canvas.holes:
            self.canvas.holes = holes
            self.canvas.redraw()

    def show_halts(self, halts: Sequence[tuple[datetime, datetime]]) -> None:
        """All halts of the shown symbol, hatched from start to end."""
        found = [Hole(start, end, "halted") for start, end in halts]
        if found != self.canvas.halts:
            self.canvas.halts = found
            self.canvas.redraw()

    def show_sessions(self, sessions: Sequence[MarketSession]) -> None:
        """The calendar, oldest day first: what lies outside its regular hours is shaded, half days too."""
        self.canvas.regular = hours(sessions)
        if self.canvas.look.extended:
            self.canvas.redraw()
        else:
            self.canvas.draw_anew()

    def show_compare(self, symbol: str, bars: Sequence[Bar]) -> None:
        """Lay another symbol's bars over this one's, in percent since the first bar in view; none take it away."""
        scenery = self.canvas.scenery
        held = next((one for one in scenery.comparisons if one.symbol == symbol), None)
        if bars:
            taken = {one.token for one in scenery.comparisons}
            token = held.token if held is not None else next((ink for ink in COLOURS if ink not in taken), COLOURS[0])
            scenery.compare(Comparison(symbol, token, bars))
        else:
            scenery.comparisons = [one for one in scenery.comparisons if one is not held]
        self.canvas.relayout()
        self._compares(symbol, bool(bars))

    def _compares(self, symbol: str, wanted: bool) -> None:
        """Keep the list of compared symbols, which outlives their bars; prices that move are no change of the setup."""
        if wanted == (symbol in self.compared):
            return
        self.compared = [*self.compared, symbol] if wanted else [one for one in self.compared if one != symbol]
        self.setup_changed.emit()

    def in_hours(self, bars: Sequence[Bar]) -> Sequence[Bar]:
        """Those of real bars that are drawn: all, or those within regular hours where there are any."""
        if self.canvas.look.extended or not bars or not self._frame.intraday:
            return bars
        starts = local_seconds(np.array([bar.start for bar in bars], dtype=np.int64))
        outside = self.canvas.regular.outside(starts, self._frame.seconds)
        return [bar for bar, out in zip(bars, outside, strict=True) if not out] or bars

    def show_pointer(self, at: int | None) -> None:
        """The crosshair of a linked chart stands at this moment (ns), or has left."""
        self.canvas.point_at(at)

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
        """Loading, empty or in error: a sentence in place of the bars, until history comes."""
        self.canvas.clear()
        self._message.setText(text)
        self._message.show()
        self.canvas.setAccessibleDescription(text)

    def text(self) -> str:
        """What the chart says, for a screen reader."""
        stage = self.canvas.stage()
        return (
            self._message.text()
            if stage is None
            else said(stage, self.canvas.holdings, self.canvas.pointer, self.canvas.mark)
        )

    def _name(self, symbol: str, frame: Timeframe) -> None:
        self._symbol, self._frame = symbol, frame
        self.bar.show_frame(str(frame))
        self._say_session()
        self._say_marks()
        self.title_changed.emit(self._titled())

    def _titled(self) -> str:
        """What the panel's tab says."""
        title = f"{self._symbol} · {self._frame}"
        return f"{self.canvas.mark} · {title}" if self.canvas.mark else title

    def _tell(self, sentence: str) -> None:
        """A sentence in the row above; an empty one lets the usual words return."""
        self._told = sentence
        self._say_session()

    def _say_session(self) -> None:
        if self._told:
            self.bar.show_hint(self._told, "WARN")
        elif self.canvas.holdings.halted:
            self.bar.show_hint("Trading halted", "WARN")
        else:
            self.bar.show_hint(" · ".join(self._session_words()))

    def _session_words(self) -> list[str]:
        look, drawn = self.canvas.look, self.canvas.drawn
        words = [look.clock_name, PRICES[self._adjustment]]
        if self._frame.intraday:
            lacking = drawn is not None and drawn.lacking
            words.append("ext. hours" if look.extended else "no regular hours here" if lacking else "regular hours")
        return words

    def _describe(self) -> None:
        self.canvas.setAccessibleDescription(self.text())
