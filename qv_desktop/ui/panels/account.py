"""The account strip of the top bar: what it is worth, what today earned, what may still be done, the time and who sits here."""

from datetime import datetime
from html import escape

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.access import User
from qv_desktop.domain.accounts import Account, day_profit, intraday_headroom, margin_headroom
from qv_desktop.domain.margin import MarginStanding, Regime
from qv_desktop.domain.risk import Measures, TradingState
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme

_STATE_COLORS = {TradingState.ACTIVE: "GOOD", TradingState.REDUCING: "WARN", TradingState.HALTED: "BAD"}
STALE = 10.0  # seconds; the broker is asked every three
_GAP = 18  # px between figures


class Figure(QWidget):
    """A caption over a figure. The width never shrinks, so that neighbours stand still while digits change."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._caption, self._value = theme.caption(title), theme.label("—", "value")
        self._value.setTextFormat(Qt.TextFormat.RichText)
        self._shown: tuple[str, str, str] = ("—", "TX0", "")
        self._faded = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._caption)
        column.addWidget(self._value)
        self.setFixedHeight(33)
        self.setAccessibleName(title)
        theme.follow(self, self._paint)

    def show_value(self, text: str, color: str = "TX0", after: str = "") -> None:
        """Show the figure in a colour, and a smaller one after it."""
        if (text, color, after) == self._shown:
            return
        self._shown = (text, color, after)
        self._paint()

    def _paint(self) -> None:
        text, color, after = self._shown
        color = "TX2" if self._faded else color
        small = f' <span style="font-size: 11px">{escape(after)}</span>' if after else ""
        self._value.setText(f'<span style="color: {theme.color(color).name()}">{escape(text)}{small}</span>')
        self.setAccessibleDescription(self.text)
        wanted = max(self.minimumWidth(), self.sizeHint().width())
        if wanted != self.minimumWidth():
            self.setMinimumWidth(wanted)

    def show_title(self, title: str) -> None:
        """Change the caption."""
        if title.upper() != self._caption.text():
            self._caption.setText(title.upper())

    @property
    def title(self) -> str:
        """The caption as shown."""
        return self._caption.text()

    def fade(self, faded: bool) -> None:
        """Whether the figure is too old to be believed."""
        if faded != self._faded:
            self._faded = faded
            self._paint()

    @property
    def faded(self) -> bool:
        """Whether it is shown as too old."""
        return self._faded

    @property
    def text(self) -> str:
        """What is shown, with what stands after it."""
        return f"{self._shown[0]} {self._shown[2]}".strip()


ROOM_TIP = "Intraday margin headroom: what may be added in long positions before equity falls short of the requirement"
SETTLED_TIP = "Settled cash: what may be spent and sold again at once without breaking good faith"


class AccountPanel(QWidget):
    """Figures right-aligned in a row; when room is short the less important ones give way first."""

    name = "account"
    title = "Account"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.equity, self.profit = Figure("Equity"), Figure("Day P&L")
        self.cash, self.power = Figure("Cash"), Figure("Buying power")
        self.excess, self.headroom = Figure("Maint. excess"), Figure("Intraday room")
        self.excess.setToolTip("Maintenance excess: equity above the maintenance requirement")
        self.headroom.setToolTip(ROOM_TIP)
        self._margin: MarginStanding | None = None
        self.exposure, self.state = Figure("Gross / net"), Figure("Risk state")
        self.time, self.user = Figure("ET"), Figure("Nobody")
        self._giving_way = (self.excess, self.cash, self.exposure, self.headroom, self.power, self.user)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(_GAP)
        self._row.addStretch(1)
        for figure in self._all():
            self._row.addWidget(figure)
        self.setMinimumWidth(320)

    def show_account(self, account: Account) -> None:
        """Show balances; what the broker did not report is an em dash."""
        self.equity.show_value(fmt.money(account.equity))
        self.power.show_value(fmt.money(account.buying_power))
        self.cash.show_value(fmt.money(account.cash))
        excess = margin_headroom(account)
        self.excess.show_value(fmt.money(excess), "BAD" if excess is not None and excess < 0 else "TX0")
        if self._margin is None:
            self.headroom.show_value(fmt.money(intraday_headroom(account)))
        profit = day_profit(account)
        share = profit / account.last_equity if profit is not None and account.last_equity else None
        hue = "TX0" if not profit else fmt.trend(profit)
        self.profit.show_value(fmt.signed(profit), hue, "" if share is None else fmt.percent(share))
        self._make_room()

    def show_margin(self, standing: MarginStanding) -> None:
        """Show the headroom under the account's margin regime: it counts executions that the broker's figures may lack."""
        self._margin = standing
        cash = standing.regime is Regime.CASH
        self.headroom.show_title("Settled cash" if cash else "Intraday room")
        self.headroom.setToolTip(SETTLED_TIP if cash else ROOM_TIP)
        bad = standing.restricted_until is not None or (not cash and standing.level is not None and standing.level < 0)
        self.headroom.show_value(
            fmt.money(standing.headroom), "BAD" if bad else "WARN" if standing.outstanding else "TX0"
        )
        self._make_room()

    def show_age(self, seconds: float | None) -> None:
        """Fade the broker's figures once they were told more than ``STALE`` seconds ago, and say how long ago."""
        stale = seconds is not None and seconds > STALE
        self.equity.show_title(f"Equity · {fmt.age(seconds)} old" if stale else "Equity")
        for figure in (self.equity, self.profit, self.cash, self.power, self.excess, self.headroom):
            figure.fade(stale)

    def show_measures(self, measures: Measures) -> None:
        """Show gross and net exposure as shares of equity, and the risk state."""
        equity = measures.equity
        net, gross = (v / equity if equity else None for v in (measures.net, measures.gross))
        self.exposure.show_value(f"{fmt.percent(gross, 0, sign=False)} / {fmt.percent(net, 0, sign=False)}")
        self.show_state(measures.state)
        self._make_room()

    def show_state(self, state: TradingState) -> None:
        """Show whether trading is active, reducing or halted."""
        self.state.show_value(f"● {state.value}", _STATE_COLORS[state])

    def show_now(self, now: datetime) -> None:
        """Show New York's time."""
        self.time.show_value(fmt.clock(now))

    def show_user(self, user: User) -> None:
        """Show who is signed in, under the role."""
        self.user.show_title(str(user.role))
        self.user.show_value(user.name)
        self._make_room()

    def _all(self) -> tuple[Figure, ...]:
        return (self.equity, self.profit, self.cash, self.power, self.excess, self.headroom, self.exposure, self.state, self.time,
                self.user)  # fmt: skip

    def _make_room(self) -> None:
        """Hide figures in the order of ``_giving_way`` until the rest fits."""
        widths = {figure: figure.sizeHint().width() + _GAP for figure in self._all()}
        wanted = sum(widths.values())
        for figure in self._giving_way:
            figure.setVisible(wanted <= self.width())
            wanted -= 0 if wanted <= self.width() else widths[figure]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def sizeHint(self) -> QSize:
        return QSize(sum(figure.sizeHint().width() + _GAP for figure in self._all()), 32)
