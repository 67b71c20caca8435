"""A small chart of breaks over days: bars for the most that a day's comparisons found, a line for the dollars at risk."""

from collections.abc import Sequence
from datetime import timedelta

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.domain.break_history import Day
from qv_desktop.ui import format as words
from qv_desktop.ui import theme

TOP, SIDE, FOOT = 20, 10, 18  # px around the bars


class BreakTrend(QWidget):
    """Days run from left to right without holes; one without a comparison has no bar, one that passed a thin green line."""

    def __init__(self) -> None:
        super().__init__()
        self._days: dict[int, Day] = {}  # days since the first -> its figures
        self._span = 0
        self.setFixedHeight(96)
        self.setMouseTracking(True)
        self.setAccessibleName("Breaks over days")

    def show_days(self, days: Sequence[Day]) -> None:
        """Oldest first."""
        first = days[0].day if days else None
        self._days = {(each.day - first).days: each for each in days} if first else {}
        self._span = max(self._days, default=-1) + 1
        self.setAccessibleDescription("; ".join(told(day) for day in days[-14:]))
        self.update()

    def at(self, x: float) -> Day | None:
        """The day under a point."""
        if not self._span:
            return None
        return self._days.get(int((x - SIDE) / self._wide())) if x >= SIDE else None

    def _wide(self) -> float:
        """px of a day; few days do not become walls."""
        return min(28.0, max(1.0, self.width() - 2 * SIDE) / self._span)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        day = self.at(event.position().x())
        QToolTip.showText(event.globalPosition().toPoint(), told(day) if day else "", self)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("BG1"))
        painter.setFont(theme.small())
        if not self._span:
            painter.setPen(theme.color("TX2"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, "The trend begins with the first comparison.")
            return
        self._paint_heads(painter)
        self._paint_bars(painter)
        self._paint_risk(painter)
        painter.end()

    def _paint_heads(self, painter: QPainter) -> None:
        most = max(self._days.values(), key=lambda day: day.most)
        risk = max(day.most_at_risk for day in self._days.values())
        head = QRectF(SIDE, 2, self.width() - 2 * SIDE, TOP - 4)
        painter.setPen(theme.color("TX1"))
        painter.drawText(head, Qt.AlignmentFlag.AlignLeft, f"Most breaks a day, up to {most.most:,}")
        painter.setPen(theme.color("WARN"))
        painter.drawText(head, Qt.AlignmentFlag.AlignRight, f"At risk, up to {words.money(risk)}")
        foot = QRectF(SIDE, self.height() - FOOT + 2, self.width() - 2 * SIDE, FOOT - 2)
        first = self._days[min(self._days)].day
        last = first + timedelta(days=self._span - 1)
        painter.setPen(theme.color("TX2"))
        painter.drawText(foot, Qt.AlignmentFlag.AlignLeft, str(first) if first == last else f"{first} to {last}")

    def _paint_bars(self, painter: QPainter) -> None:
        most = max(1, *(day.most for day in self._days.values()))
        room, wide = self.height() - TOP - FOOT, self._wide()
        for place, day in self._days.items():
            high = max(3.0, room * day.most / most) if day.most else 2.0
            box = QRectF(SIDE + place * wide, self.height() - FOOT - high, max(1.0, wide - 1), high)
            painter.fillRect(box, theme.color("ACCENT" if day.most else "GOOD"))

    def _paint_risk(self, painter: QPainter) -> None:
        top = max(day.most_at_risk for day in self._days.values())
        if not top:
            return
        room, wide = self.height() - TOP - FOOT, self._wide()
        points = [QPointF(SIDE + (place + 0.5) * wide, self.height() - FOOT - room * float(day.most_at_risk / top))
                  for place, day in sorted(self._days.items())]  # fmt: skip
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("WARN"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.color("WARN"))
        for point in points if len(points) < 32 else ():
            painter.drawEllipse(point, 2, 2)


def told(day: Day) -> str:
    """A day in words."""
    return (
        f"{day.day}: {day.failed:,} of {day.runs:,} comparisons found breaks, at most {day.most:,} with "
        f"{words.money(day.most_at_risk)} at risk; the last one found {day.last:,}"
    )
