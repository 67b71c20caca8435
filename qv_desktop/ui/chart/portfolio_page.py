"""The equity curve under its period and what that period earned; what failed is said and leaves the old curve in view."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from qv_desktop.domain.account_history import Curve, Period, gain, moved, profit
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.layouts import Bar, note, paint_note, tint

if TYPE_CHECKING:
    from qv_desktop.ui.chart.portfolio import PortfolioPlot

WAITING = "The equity curve is being asked for…"
NOTHING = "The broker has no equity to show for this period; choose a longer one."
EARNED = (
    "What the period earned: the last equity less the baseline and less what came from outside; deposits are no profit."
)
SHARE = "Of the baseline and what was put in during the period"


class PortfolioPage(QWidget):
    """Emits ``period_chosen(Period)``."""

    period_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._plot: PortfolioPlot | None = None
        self._waiting: Curve | None = None  # not drawn yet, for nobody sees the page
        self.curve: Curve | None = None  # on show
        self.periods = theme.Segmented([period.value for period in Period])
        self.periods.setFixedWidth(236)
        self.periods.choose(Period.MONTH.value)
        self.periods.chosen.connect(lambda text: self._choose(Period(text)))
        self.equity, self.profit = theme.label("—", "value"), theme.label("—", "value")
        self.equity.setFont(theme.strong())
        self.profit.setFont(theme.strong())
        self.profit.setToolTip(f"{EARNED}\nPercent: {SHARE}")
        self.flows, self.state = theme.label("", "hint"), theme.label("", "hint")
        self._failure = note()
        self._failure.setContentsMargins(4, 0, 4, 0)
        self._empty = self._sentence()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(Bar(self.periods, self.equity, self.profit, self.flows, None, self.state,
                                   yielding=(self.flows, self.state, self.equity)))  # fmt: skip
        self._column.addWidget(self._failure)
        self._column.addWidget(self._empty, 1)

    def _sentence(self) -> QLabel:
        words = QLabel(WAITING)
        words.setFont(theme.body())
        theme.wear(words, lambda: f"color:{theme.TX1}; padding:16px;")
        words.setWordWrap(True)
        words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return words

    @property
    def period(self) -> Period:
        """The period that is chosen."""
        return Period(self.periods.choice())

    @property
    def plot(self) -> "PortfolioPlot":
        """The curve; built when it is first needed, for pyqtgraph takes long to load and the window opens without it."""
        if self._plot is None:
            from qv_desktop.ui.chart.portfolio import PortfolioPlot

            self._plot = PortfolioPlot()
            self._column.addWidget(self._plot, 1)
        return self._plot

    def _choose(self, period: Period) -> None:
        """Another period's curve is not shown under this one's name."""
        self._failure.hide()
        if self.curve is not None and self.curve.period is not period:
            self.curve = self._waiting = None
            self._show_figures()
            self._say_empty(WAITING)
        self.period_chosen.emit(period)

    def show_curve(self, curve: Curve) -> None:
        """Show what the broker told; a curve of another period than the chosen one is too late to be shown."""
        if curve.period is not self.period:
            return
        self.curve, self._waiting = curve, curve
        self._failure.hide()
        self._show_figures()
        if curve.last is None:
            self._say_empty(NOTHING)
        elif self.isVisible():
            self._draw()
        if curve.unreadable:
            self._complain(
                f"{curve.unreadable:,} of the values that Alpaca told could not be read; the curve has holes there."
            )

    def show_failure(self, sentence: str) -> None:
        """Why the curve is not newer; what is drawn stays, marked as stale."""
        self._complain(sentence if self.curve is None else f"Stale: {sentence}")
        tint(self.equity, "TX2")
        if self.curve is None:
            self._say_empty("")

    def show_age(self, seconds: float | None, stale: bool) -> None:
        """How long ago the curve was told."""
        self.state.setText("" if seconds is None or self.curve is None else f"told {format.age(seconds)} ago")
        tint(self.state, "WARN" if stale else "TX2")

    def _complain(self, sentence: str) -> None:
        self._failure.setText(sentence)
        paint_note(self._failure, "WARN")
        self._failure.show()

    def _show_figures(self) -> None:
        curve = self.curve
        earned, share = (None, None) if curve is None else (profit(curve), gain(curve))
        came = None if curve is None else moved(curve)
        self.equity.setText(format.money(None if curve is None else curve.last))
        tint(self.equity, "TX0")
        self.profit.setText(
            format.UNKNOWN if earned is None else f"{format.signed_money(earned)}  {format.percent(share)}"
        )
        tint(self.profit, format.trend(earned))
        self.flows.setText(f"{format.signed_money(came)} moved in or out" if came else "")

    def _say_empty(self, sentence: str) -> None:
        self._empty.setText(sentence)
        self._empty.show()
        if self._plot is not None:
            self._plot.hide()

    def _draw(self) -> None:
        curve, self._waiting = self._waiting, None
        if curve is not None and curve.last is not None:
            self._empty.hide()
            self.plot.show_curve(curve)
            self.plot.show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._draw()

    @property
    def complaint(self) -> str:
        """The sentence about what failed, or nothing."""
        return "" if self._failure.isHidden() else self._failure.text()

    def text(self) -> str:
        """What the page says, for a screen reader."""
        if self.curve is None:
            return self.complaint or self._empty.text()
        words = f"{self.period.value}: {self.equity.text()}, {self.profit.text()}"
        return f"{words}. {self.complaint}" if self.complaint else words
