"""A backtest result as a list: the name of each statistic and its value."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.ui import theme
from qv_desktop.ui.models.run_tables import Statistic, statistics

ROW = 21  # px


class StatisticsList(QWidget):
    """Names at the left, values at the right, a hairline between; as tall as it needs."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Statistic] = []
        self.setAccessibleName("Statistics")

    def show_result(self, result: BacktestResult | None) -> None:
        """Paint a result's statistics; None clears."""
        self._rows = statistics(result) if result is not None else []
        self.setAccessibleDescription("\n".join(f"{row.title}: {row.text}" for row in self._rows))
        self.setMinimumHeight(len(self._rows) * ROW + 8)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(210, len(self._rows) * ROW + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._rows:
            painter.setFont(theme.body())
            painter.setPen(theme.color("TX2"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect().adjusted(12, 0, -12, 0)), flags, "A run's statistics stand here.")
        for place, row in enumerate(self._rows):
            box = QRectF(10, 4 + place * ROW, self.width() - 20, ROW)
            painter.setFont(theme.body())
            painter.setPen(theme.color("TX1"))
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, row.title)
            painter.setFont(theme.bold())
            painter.setPen(theme.color(row.token))
            painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.text)
            painter.fillRect(QRectF(box.x(), box.bottom() - 1, box.width(), 1), theme.color("ZEBRA"))
