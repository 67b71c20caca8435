"""The risk panel: every measure against its limit, exposure by symbol, and the desk's brakes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from qv_desktop.domain.risk import Gauge, Measures, TradingState
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.ladder_card import LadderCard

type Action = Literal["halt", "reduce", "resume"]

NEAR, AT = 0.8, 1.0  # fractions of a limit from which a bar warns, and from which it is reached
ROW, DENSE, BAR, EXPOSURE_ROW, GAP, MARGIN = (
    32,
    19,
    5,
    22,
    26,
    2,
)  # px; gauges are between DENSE and ROW tall, as there is room
LOW = 236  # px of height under which the reason stands beside the state
TWO_COLUMNS = 560  # px of width from which gauges stand in two columns
EMPTY = "Risk is measured as soon as the broker has told the account's balances."
STATES: dict[TradingState, tuple[str, str]] = {  # state -> colour token, what it means
    TradingState.ACTIVE: ("GOOD", "All orders are taken"),
    TradingState.REDUCING: ("WARN", "Only orders that reduce a position"),
    TradingState.HALTED: ("BAD", "No new orders; cancelling stays possible"),
}
DONE: dict[Action, str] = {"halt": "Halted by hand", "reduce": "Reduced by hand", "resume": "Resumed by hand"}


def bar_token(used: float) -> str:
    """The colour of a bar that is ``used`` full."""
    return "BAD" if used >= AT else "WARN" if used >= NEAR else "ACCENT"


class Measured(QWidget):
    """Gauges, then exposures, painted; as tall as they need."""

    def __init__(self) -> None:
        super().__init__()
        self._gauges: tuple[Gauge, ...] = ()
        self._exposures: tuple[tuple[str, Decimal], ...] = ()
        self._equity: Decimal | None = None
        self._summary = ""
        self._room = self._row = ROW  # px: what there is for gauges, and what each takes

    def show_measures(self, measures: Measures) -> None:
        """Paint these, unless they are painted already."""
        shown = (measures.gauges, measures.exposures, measures.equity)
        if shown == (self._gauges, self._exposures, self._equity):
            return
        self._gauges, self._exposures, self._equity = measures.gauges, measures.exposures, measures.equity
        self._summary = f"net {_dollars(measures.net)} · gross {_dollars(measures.gross)}"
        lines = [f"{g.title}: {g.value} of {g.limit}, {g.used:.0%} used" for g in self._gauges]
        lines += [f"{symbol} {format.signed_money(value)}" for symbol, value in self._exposures]
        self.setAccessibleDescription("\n".join([*lines, self._summary]))
        self._fit()
        self.update()

    def make_room(self, height: int) -> None:
        """Draw the gauges as tall as ``height`` px allow, so that none has to be scrolled to."""
        self._room = height
        self._fit()
        self.update()

    def _columns(self) -> int:
        return 2 if self.width() >= TWO_COLUMNS else 1

    def _gauges_tall(self) -> int:
        return -(-len(self._gauges) // self._columns()) * self._row

    def _fit(self) -> None:
        rows = -(-len(self._gauges) // self._columns()) or 1
        self._row = max(DENSE, min(ROW, (self._room - MARGIN) // rows))
        exposures = GAP + len(self._exposures) * EXPOSURE_ROW if self._exposures else 0
        self.setMinimumHeight(self._gauges_tall() + exposures + MARGIN)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(280, self.minimumHeight())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        many = self._columns()
        wide = (self.width() - 20 - (many - 1) * 24) / many
        for place, gauge in enumerate(self._gauges):
            left = 10 + place % many * (wide + 24)
            paint_gauge(painter, QRectF(left, place // many * self._row, wide, self._row), gauge)
        if self._exposures:
            self._paint_exposures(painter, QRectF(10, self._gauges_tall(), self.width() - 20, 0))

    def _paint_exposures(self, painter: QPainter, box: QRectF) -> None:
        painter.setFont(theme.tiny())
        painter.setPen(theme.color("TX2"))
        head = QRectF(box.x(), box.y() + 8, box.width(), 16)
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "EXPOSURE")
        painter.setFont(theme.small())
        painter.drawText(head, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._summary)
        most = max((abs(value) for _, value in self._exposures), default=Decimal(1)) or Decimal(1)
        for place, (symbol, value) in enumerate(self._exposures):
            row = QRectF(box.x(), box.y() + GAP + place * EXPOSURE_ROW, box.width(), EXPOSURE_ROW)
            share = None if not self._equity else value / self._equity
            paint_exposure(painter, row, symbol, value, share, float(abs(value) / most))


def _dollars(value: Decimal) -> str:
    return f"{format.MINUS if value < 0 else ''}${abs(value):,.0f}"


def paint_gauge(painter: QPainter, box: QRectF, gauge: Gauge) -> None:
    """Title left, “value of limit” right, and a bar below as full as the limit is used."""
    middle = Qt.AlignmentFlag.AlignVCenter
    bar = BAR if box.height() > DENSE + 5 else 3  # px
    text = QRectF(box.x(), box.y(), box.width(), box.height() - bar - 2)
    painter.setFont(theme.bold())
    painter.setPen(theme.color("TX0" if gauge.used < AT else "BAD"))
    words = f"{gauge.value} of {gauge.limit}"
    painter.drawText(text, Qt.AlignmentFlag.AlignRight | middle, words)
    room = box.width() - QFontMetricsF(theme.bold()).horizontalAdvance(words) - 8
    painter.setFont(theme.body())
    painter.setPen(theme.color("TX1"))
    title = QFontMetricsF(theme.body()).elidedText(gauge.title, Qt.TextElideMode.ElideRight, room)
    painter.drawText(text, Qt.AlignmentFlag.AlignLeft | middle, title)
    _bar(painter, QRectF(box.x(), text.bottom(), box.width(), bar), gauge.used, bar_token(gauge.used))


def _bar(painter: QPainter, box: QRectF, share: float, token: str) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("BG3"))
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
    wide = box.width() * max(0.0, min(share, 1.0))
    if wide >= 1:
        painter.setBrush(theme.color(token))
        round_ = box.height() / 2
        painter.drawRoundedRect(QRectF(box.x(), box.y(), max(wide, box.height()), box.height()), round_, round_)


def paint_exposure(painter: QPainter, box: QRectF, symbol: str, value: Decimal, share: Decimal | None,
                   full: float) -> None:  # fmt: skip
    """A symbol, a bar as long as its share of the greatest, its dollars and its share of equity."""
    middle = Qt.AlignmentFlag.AlignVCenter
    painter.setFont(theme.bold())
    painter.setPen(theme.color("TX0"))
    painter.drawText(QRectF(box.x(), box.y(), 56, box.height()), Qt.AlignmentFlag.AlignLeft | middle, symbol)
    painter.setFont(theme.body())
    money = QRectF(box.right() - 128, box.y(), 74, box.height())
    painter.setPen(theme.color("BUY_INK" if value >= 0 else "SELL_INK"))
    sign = "+" if value > 0 else ""
    painter.drawText(money, Qt.AlignmentFlag.AlignRight | middle, f"{sign}{_dollars(value)}")
    painter.setPen(theme.color("TX1"))
    part = format.percent(share, 1, sign=False)
    painter.drawText(QRectF(box.right() - 50, box.y(), 50, box.height()), Qt.AlignmentFlag.AlignRight | middle, part)
    room = box.width() - 56 - 128 - 10
    if room > 16:
        _bar(
            painter, QRectF(box.x() + 58, box.center().y() - 2, room, 4), full, "BUY_INK" if value >= 0 else "SELL_INK"
        )


class Shutter(QScrollArea):
    """Scrolls the measures up and down, and tells them how much of them can be seen at once."""

    def __init__(self, measured: Measured) -> None:
        super().__init__()
        self._measured = measured
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(measured)
        self.setAccessibleName("Risk measures")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._measured.make_room(self.viewport().height())


class RiskPanel(QWidget):
    """Shows measures and the trading state; asks to halt, reduce or resume, each with a reason for the audit trail."""

    name = "risk"
    title = "Risk"

    halt_asked = Signal(str)
    reduce_asked = Signal(str)
    resume_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._measured = Measured()
        self._empty = QLabel(EMPTY)
        self._by = ""  # who set the state, and why
        self._state = TradingState.ACTIVE
        self._low = False  # whether the panel is too low for a row of the reason alone
        self._state_chip = QLabel()
        self._meaning = theme.label("", "hint")
        self.ladder = LadderCard()
        self._permitted: Sequence[Action] = ("halt", "reduce", "resume")
        self._no_resume = ""  # why resuming takes more than braking now
        self._reason = QLineEdit()
        self._halt = theme.HoldButton("Halt · hold 1 s")
        self._reduce = theme.button("Reduce only")
        self._resume = theme.button("Resume trading", "primary")
        self._build()
        self.show_state(TradingState.ACTIVE)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 6, 0, 8)
        column.setSpacing(4)
        column.addLayout(self._state_row())
        column.addWidget(self.ladder)
        scroll = Shutter(self._measured)
        self._measured.setAccessibleName("Risk measures")
        self._empty.setWordWrap(True)
        self._empty.setFont(theme.body())
        self._empty.setStyleSheet(f"color:{theme.TX1}; padding:12px;")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._scroll = scroll
        scroll.hide()
        column.addWidget(self._empty, 1)
        column.addWidget(scroll, 1)
        column.addLayout(self._brakes())

    def _state_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(10, 0, 10, 0)
        row.setSpacing(8)
        self._state_chip.setFont(theme.bold())
        self._state_chip.setAccessibleName("Trading state")
        row.addWidget(self._state_chip)
        self._meaning.setMinimumWidth(40)  # a long reason is cut, and does not widen the dock
        row.addWidget(self._meaning, 1)
        self._top = row
        return row

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_reason()

    def _place_reason(self) -> None:
        """A low panel has the reason beside the state, in the place of its meaning."""
        low = self.height() < LOW
        if low != self._low:
            self._low = low
            self._meaning.setVisible(not low)
            self._say_author()
            (self._bottom if low else self._top).removeWidget(self._reason)
            if low:
                self._top.addWidget(self._reason, 1)
            else:
                self._bottom.insertWidget(0, self._reason)

    def _brakes(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setContentsMargins(10, 0, 10, 0)
        column.setSpacing(6)
        self._reason.setAccessibleName("Reason")
        self._reason.setMaxLength(200)
        self._bottom = column
        column.addWidget(self._reason)
        row = QHBoxLayout()
        row.setSpacing(6)
        self._halt.setToolTip(
            "Hold for one second: every new order is refused until trading is resumed; cancelling stays possible."
        )
        self._reduce.setToolTip("Only orders that bring a position nearer to zero are taken.")
        self._resume.setToolTip("All orders are taken again.")
        for button, action in ((self._reduce, "reduce"), (self._resume, "resume"), (self._halt, "halt")):
            button.setMinimumWidth(60)
            row.addWidget(button, 1)
            self._connect(button, action)  # type: ignore[arg-type]  # the tuple's words are the actions
        column.addLayout(row)
        return column

    def _connect(self, button: QPushButton | theme.HoldButton, action: Action) -> None:
        signal = button.held if isinstance(button, theme.HoldButton) else button.clicked
        signal.connect(lambda *_: self._ask(action))

    def _ask(self, action: Action) -> None:
        reason = self._reason.text().strip() or DONE[action]
        asked = {"halt": self.halt_asked, "reduce": self.reduce_asked, "resume": self.resume_asked}[action]
        self._reason.clear()
        asked.emit(reason)

    def show_measures(self, measures: Measures) -> None:
        """The measures of this moment, with the trading state they were taken in."""
        self._empty.hide()
        self._scroll.show()
        self._measured.show_measures(measures)
        if measures.state is not self._state:
            self.show_state(measures.state)

    def show_state(self, state: TradingState, actor: str = "", reason: str = "") -> None:
        """The trading state, who set it and why; only the actions that make sense now can be asked for."""
        self._state = state
        token, meaning = STATES[state]
        self._state_chip.setText(f"● {state.value}")
        self._state_chip.setStyleSheet(f"color:{theme.color(token).name()};")
        by = " · ".join(word for word in (actor, reason) if word)
        self._by = by
        self._meaning.setText(by or meaning)
        self._meaning.setToolTip(f"{meaning}. {by}".strip())
        self._say_author()
        self._halt.setVisible(state is not TradingState.HALTED)
        self._reduce.setVisible(state is not TradingState.REDUCING)
        self._resume.setVisible(state is not TradingState.ACTIVE)

    def _say_author(self) -> None:
        """Where the meaning gave way to the reason, the empty field says who stopped trading."""
        told = self._low and self._by and self._state is not TradingState.ACTIVE
        self._reason.setPlaceholderText(self._by if told else "Reason, kept in the audit trail")

    def show_permitted(self, actions: Sequence[Action], why: str = "") -> None:
        """Enable only these actions; the others say ``why`` they are grey."""
        self._permitted = actions
        for button, action in ((self._halt, "halt"), (self._reduce, "reduce"), (self._resume, "resume")):
            button.setEnabled(action in actions)
            if action not in actions and why:
                button.setToolTip(why)
        self.forbid_resume(self._no_resume)

    def forbid_resume(self, why: str) -> None:
        """Grey the way back with the reason, while it takes more than the right to brake; nothing gives it back."""
        self._no_resume = why
        self._resume.setEnabled("resume" in self._permitted and not why)
        if "resume" in self._permitted:
            self._resume.setToolTip(why or "All orders are taken again.")

    def text(self) -> str:
        """What the panel says, for a screen reader."""
        if self._scroll.isHidden():
            return f"{self._state.value}. {EMPTY}"
        return f"{self._state.value}\n{self._measured.accessibleDescription()}"
