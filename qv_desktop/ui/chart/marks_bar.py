"""The strip over a chart that shows a backtest's trades: whose they are, from trade to trade, and away with them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.chart.trade_marks import TradeMarks
from qv_desktop.ui.models.plain_tip import plain_tip


class MarksBar(QWidget):
    """Hidden without trades. ``stepped`` gives −1 or +1, ``removed`` that the trades are to go."""

    stepped = Signal(int)
    removed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setFixedHeight(28)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"MarksBar {{ background:{theme.BG2}; border-bottom:1px solid {theme.LINE}; }}")
        self.words = theme.label("", "label")
        self.words.setFont(theme.small())
        self.words.setMinimumWidth(20)
        self.words.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.count = theme.label("", "label")
        self.count.setFont(theme.small())
        self.before = self._tool("‹", "The trade before", lambda: self.stepped.emit(-1))
        self.after = self._tool("›", "The next trade", lambda: self.stepped.emit(1))
        self.away = self._tool("✕", "Take the backtest's trades off the chart", self.removed.emit)
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 0, 4, 1)
        row.setSpacing(2)
        row.addWidget(self.words, 1)
        for part in (self.before, self.count, self.after, self.away):
            row.addWidget(part)
        self.hide()

    def _tool(self, sign: str, name: str, does: object) -> QPushButton:
        button = theme.button(sign, "ghost")
        button.setFixedSize(26, 22)
        button.setToolTip(name)
        button.setAccessibleName(name)
        button.clicked.connect(does)
        return button

    def show_marks(self, marks: TradeMarks | None) -> None:
        """What is drawn; None, or another symbol's, is nothing."""
        self.setVisible(marks is not None)
        if marks is None:
            return
        every, at = len(marks.trades), marks.place(marks.chosen) if marks.chosen else None
        won = int(marks.won.sum())
        self.words.setText(f"Backtest {marks.title} · {every:,} trades, {won:,} won")
        self.words.setToolTip(plain_tip(self.words.text()))
        self.count.setText(f"{every:,}" if at is None else f"{at + 1:,} / {every:,}")
        self.before.setEnabled(bool(every) and at != 0)
        self.after.setEnabled(bool(every) and at != every - 1)
