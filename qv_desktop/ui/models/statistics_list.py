"""A backtest result as a list: statistics in groups, each with its name, its value, and what it means under the pointer."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.ui import theme
from qv_desktop.ui.models.run_tables import Statistic, grouped

ROW, HEAD = 20, 26  # px of a line and of a group's title
EDGE = 10
EMPTY = "A run's statistics stand here."


class StatisticsList(QWidget):
    """Names at the left, values at the right, a hairline between; as tall as it needs."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[Statistic | str] = []  # a text is a group's title
        self._tops: list[int] = []
        self.setMouseTracking(True)
        self.setAccessibleName("Statistics")

    def show_result(self, result: BacktestResult | None) -> None:
        """Paint a result's statistics; None clears."""
        self._rows, self._tops, top = [], [], 2
        for group, rows in (grouped(result) if result is not None else {}).items():
            titled: list[Statistic | str] = [group, *rows]
            for row in titled:
                self._rows.append(row)
                self._tops.append(top)
                top += HEAD if isinstance(row, str) else ROW
        lines = [f"{row.title}: {row.text}" for row in self._rows if not isinstance(row, str)]
        self.setAccessibleDescription("\n".join(lines))
        self.setMinimumHeight(top + 6)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(210, self.minimumHeight())

    def told(self, y: float) -> str:
        """What the statistic at a height means."""
        for top, row in zip(self._tops, self._rows, strict=True):
            if not isinstance(row, str) and top <= y < top + ROW:
                return f"{row.title}: {row.meaning}" if row.meaning else row.title
        return ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(QPointF(event.pos()).y()), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._rows:
            painter.setFont(theme.body())
            painter.setPen(theme.color("TX2"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(QRectF(self.rect().adjusted(12, 0, -12, 0)), flags, EMPTY)
        for top, row in zip(self._tops, self._rows, strict=True):
            if top <= event.rect().bottom() and top + HEAD >= event.rect().top():
                self._paint(painter, top, row)

    def _paint(self, painter: QPainter, top: int, row: Statistic | str) -> None:
        if isinstance(row, str):
            painter.setFont(theme.tiny())
            painter.setPen(theme.color("TX2"))
            painter.drawText(QRectF(EDGE, top, self.width() - 2 * EDGE, HEAD - 4),
                             Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, row.upper())  # fmt: skip
            return
        box = QRectF(EDGE, top, self.width() - 2 * EDGE, ROW)
        painter.setFont(theme.bold())
        room = box.width() - painter.fontMetrics().horizontalAdvance(row.text) - 8
        painter.setPen(theme.color(row.token))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, row.text)
        painter.setFont(theme.body())
        painter.setPen(theme.color("TX1"))
        title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, int(room))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)
        painter.fillRect(QRectF(box.x(), box.bottom() - 1, box.width(), 1), theme.color("ZEBRA"))
