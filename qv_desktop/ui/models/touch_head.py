"""The touch of one symbol, large: bid and ask with their sizes, mid, spread, age and source."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.sessions import Phase
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models import snapshot_words as words
from qv_desktop.ui.models.ages import STALE, hue
from qv_desktop.ui.models.layouts import tint

_LARGE, WIDE = 22, 540  # px: the figures' height, and from where there is room to name the source


class TouchHead(QWidget):
    """Its figures fade as soon as the quote is old, stale or halted: what is large must be true."""

    def __init__(self, export: QPushButton) -> None:
        super().__init__()
        self._export = export
        self.setFixedHeight(58)
        self.symbol, self.state = theme.label("", "value"), theme.label("", "hint")
        self.bid, self.ask = _large(Qt.AlignmentFlag.AlignRight), _large(Qt.AlignmentFlag.AlignLeft)
        self.bid_size, self.ask_size = theme.label("", "hint"), theme.label("", "hint")
        self.mid, self.spread = theme.label("", "label"), theme.label("", "hint")
        self.cross = theme.label("×", "hint")
        self._arrange()

    def show_snapshot(self, snapshot: Snapshot | None, age: float | None, phase: Phase) -> None:
        """Show a symbol whose quote is ``age`` seconds old; None shows that nothing is chosen."""
        quote = snapshot.quote if snapshot else None
        self.symbol.setText(snapshot.symbol if snapshot else "No symbol chosen")
        self.bid.setText(words.price(snapshot, quote.bid) if snapshot and quote else fmt.UNKNOWN)
        self.ask.setText(words.price(snapshot, quote.ask) if snapshot and quote else fmt.UNKNOWN)
        self.bid_size.setText(f"{quote.bid_size:,.0f} bid" if quote else "")
        self.ask_size.setText(f"{quote.ask_size:,.0f} asked" if quote else "")
        self.mid.setText(f"mid {fmt.price(quote.mid, 3)}" if quote else "")
        source = snapshot.source if snapshot and self.width() >= WIDE else ""
        told = [f"{words.bps_text(snapshot)} bps" if snapshot and quote else "", source]
        self.spread.setText(" · ".join(part for part in told if part))
        self._judge(snapshot, age, phase)

    def _judge(self, snapshot: Snapshot | None, age: float | None, phase: Phase) -> None:
        found = words.state(snapshot, phase) if snapshot else "no prices"
        fresh = found == "live" and age is not None and age < STALE
        tint(self.bid, "UP" if fresh else "TX2")
        tint(self.ask, "DOWN" if fresh else "TX2")
        told = [found if found != "live" else "", f"quote {fmt.age(age)}" if age is not None else ""]
        self.state.setText(" · ".join(part for part in told if part))
        tint(self.state, "BAD" if found == "halted" else "WARN" if found == "stale" else hue(age))
        self.setAccessibleName(f"{self.symbol.text()}: {self.bid.text()} by {self.ask.text()}, {self.state.text()}")

    def _arrange(self) -> None:
        right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
        grid = QGridLayout(self)
        grid.setContentsMargins(10, 5, 10, 5)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        for row, parts in enumerate(((self.symbol, self.bid, self.cross, self.ask, self.mid),
                                     (self.state, self.bid_size, None, self.ask_size, self.spread))):  # fmt: skip
            for place, part in enumerate(parts):
                if part is not None:
                    side = right if place in (1, 4) else left
                    grid.addWidget(part, row, place, side | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(self._export, 0, 5, 2, 1, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnStretch(0, 1)
        grid.setColumnStretch(4, 1)


def _large(side: Qt.AlignmentFlag) -> QLabel:
    figure = theme.label("", "value")
    font = QFont(theme.strong())
    font.setPixelSize(_LARGE)
    figure.setFont(font)
    figure.setAlignment(side | Qt.AlignmentFlag.AlignVCenter)
    return figure
