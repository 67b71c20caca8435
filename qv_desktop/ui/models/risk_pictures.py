"""Pictures of risk over time: the day's profit, the drawdown, and each day's profit beside the VaR of the evening before."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QToolTip

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.risk_measures import CurvePoint, VarDay
from qv_desktop.ui import format, theme
from qv_desktop.ui.models import risk_words
from qv_desktop.ui.models.pictures import Picture
from qv_desktop.ui.models.risk_bars import short_dollars

HIGH = 132  # px of a picture
MOST_POINTS = 600  # that are drawn of a curve


class Told(Picture):
    """A picture that reads out what stands under the pointer, and marks it; ``told`` says it, by place."""

    def __init__(self, empty: str, name: str) -> None:
        super().__init__(empty, name)
        self.told: Callable[[float], str] = lambda place: ""
        self._spot = -1.0  # x under the pointer
        self.setMinimumHeight(0)
        self.setMouseTracking(True)

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return HIGH

    def text(self) -> str:
        """What it shows, in words."""
        return self.accessibleDescription()

    def place(self, x: float) -> float:
        """The place on the axis under a point."""
        room = self.room()
        share = (x - room.x()) / max(room.width(), 1.0)
        return self._x[0] + min(max(share, 0.0), 1.0) * (self._x[1] - self._x[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._spot = event.position().x()
        words = self.told(self.place(self._spot)) if self._y is not None else ""
        QToolTip.showText(event.globalPosition().toPoint(), words, self)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._spot = -1.0
        QToolTip.hideText()
        self.update()

    def zero(self, painter: QPainter) -> None:
        """The line of nothing earned."""
        room, y = self.room(), self.point(0, 0).y()
        painter.setPen(QPen(theme.color("CROSS"), 1))
        painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))

    def hair(self, painter: QPainter) -> None:
        """A line where the pointer is."""
        room = self.room()
        if room.left() <= self._spot <= room.right():
            painter.setPen(QPen(theme.color("CROSS"), 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(self._spot, room.top()), QPointF(self._spot, room.bottom()))


class CurvePicture(Told):
    """A curve about zero, filled to it, green above and red below."""

    def __init__(
        self, empty: str, name: str, write: Callable[[float], str] = short_dollars, least: float = 100.0
    ) -> None:
        """``write`` writes a value on the scale, which spans ``least`` where all values are zero."""
        super().__init__(empty, name)
        self._least = least
        self._words = write
        self._times: Sequence[datetime] = ()
        self._values: Sequence[float] = ()
        self._names: list[tuple[str, str]] = []
        self.told = self._tell

    def show_curve(
        self, times: Sequence[datetime], values: Sequence[float], names: Sequence[tuple[str, str]] = ()
    ) -> None:
        """Values by time, oldest first; ``names`` are the legend's words with their inks."""
        known = [at for at, value in enumerate(values) if math.isfinite(value)]
        times, values = [times[at] for at in known], [values[at] for at in known]
        step = max(1, -(-len(values) // MOST_POINTS))
        kept = sorted({*range(0, len(values), step), len(values) - 1}) if values else []
        self._times, self._values = [times[at] for at in kept], [values[at] for at in kept]
        self._names = list(names)
        if not self._values:
            self._y = None
            self.update()
            return
        start = self._times[0]
        last = max((self._times[-1] - start).total_seconds(), 1.0)
        low, high = min(0.0, *self._values), max(0.0, *self._values)
        if (
            not low and not high
        ):  # nothing earned or lost is a line at the top of a small scale, not in the middle of a large one
            low = -self._least
        self.setAccessibleDescription("; ".join(name for name, _ in names))
        self.scale((0.0, last), (low, high), self._words, self._moments(last))

    def _moments(self, last: float) -> list[tuple[float, str]]:
        """First, middle and last time: of day within a day, else dates."""
        intraday = last < 100_000
        form = "%H:%M" if intraday else "%Y-%m-%d"
        start = self._times[0].astimezone(NEW_YORK)
        return [(place, f"{start + timedelta(seconds=place):{form}}") for place in (0.0, last / 2, last)]

    def _seconds(self, at: int) -> float:
        return (self._times[at] - self._times[0]).total_seconds()

    def _tell(self, place: float) -> str:
        if not self._values:
            return ""
        at = min(range(len(self._values)), key=lambda i: abs(self._seconds(i) - place))
        moment = self._times[at].astimezone(NEW_YORK)
        return f"{moment:%Y-%m-%d %H:%M:%S} ET  {self._exact(self._values[at])}"

    def _exact(self, value: float) -> str:
        return risk_words.exact(value) if self._words is short_dollars else format.percent(value)

    def draw(self, painter: QPainter) -> None:
        points = [self.point(self._seconds(at), value) for at, value in enumerate(self._values)]
        base = self.point(0, 0).y()
        shape = QPolygonF([QPointF(points[0].x(), base), *points, QPointF(points[-1].x(), base)])
        room = self.room()
        for token, part in (("PROFIT", QRectF(room.left(), 0, room.width(), base)),
                            ("LOSS", QRectF(room.left(), base, room.width(), self.height() - base))):  # fmt: skip
            painter.save()
            painter.setClipRect(part)
            ground = QColor(theme.color(token))
            ground.setAlpha(46)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ground)
            painter.drawPolygon(shape)
            painter.setPen(QPen(theme.color(token), 1.5))
            painter.drawPolyline(QPolygonF(points))
            painter.restore()
        self.zero(painter)
        self.hair(painter)
        self.legend(painter, self._names)


class VarPicture(Told):
    """Bars of each day's profit, the VaR as a line below zero, and a mark at every day whose loss passed it."""

    MOST = 250  # days that are drawn

    def __init__(self, empty: str) -> None:
        super().__init__(empty, "VaR and profit by day")
        self._days: Sequence[VarDay] = ()
        self.told = self._tell

    def show_days(self, days: Sequence[VarDay], confidence: float) -> None:
        """Oldest first; the newest ``MOST`` of them are drawn."""
        self._days = [day for day in days if math.isfinite(day.var) and math.isfinite(day.profit)][-self.MOST :]
        self._confidence = confidence
        if not self._days:
            self._y = None
            self.update()
            return
        low = min(min(-day.var, day.profit) for day in self._days)
        high = max(0.0, *(day.profit for day in self._days))
        last = len(self._days)
        marks = [(at + 0.5, f"{self._days[at].day:%Y-%m-%d}") for at in dict.fromkeys((0, last // 2, last - 1))]
        passed = sum(day.exception for day in self._days)
        self.setAccessibleDescription(f"{len(self._days)} days, {passed} exceptions at {confidence:.0%}")
        self.scale((0.0, float(last)), (min(low, 0.0), high), short_dollars, marks)

    def exceptions(self) -> list[VarDay]:
        """The days that are marked."""
        return [day for day in self._days if day.exception]

    def _tell(self, place: float) -> str:
        day = self._days[min(int(place), len(self._days) - 1)] if self._days else None
        if day is None:
            return ""
        passed = "\nException: the loss passed the VaR" if day.exception else ""
        return f"{day.day}  profit {risk_words.exact(day.profit)}\nVaR told before {risk_words.cents(day.var)}{passed}"

    def draw(self, painter: QPainter) -> None:
        base, wide = self.point(0, 0).y(), self.room().width() / len(self._days)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        for at, day in enumerate(self._days):
            spot = self.point(at, day.profit)
            token = "BAD" if day.exception else "PROFIT" if day.profit >= 0 else "TX2"
            box = QRectF(
                spot.x(), min(spot.y(), base), max(wide - (1 if wide > 3 else 0), 1.0), max(abs(spot.y() - base), 1.0)
            )
            painter.fillRect(box, theme.color(token))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("ACCENT"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(
            QPolygonF([self.point(at + part, -day.var) for at, day in enumerate(self._days) for part in (0, 1)])
        )
        for at, day in enumerate(self._days):
            if day.exception:
                self._mark(painter, self.point(at + 0.5, day.profit))
        self.zero(painter)
        self.hair(painter)
        passed = len(self.exceptions())
        self.legend(painter, [(f"VaR {self._confidence:.0%}", "ACCENT"), ("daily P&L", "TX1"),
                              (f"▲ {passed} exception{'' if passed == 1 else 's'}", "BAD" if passed else "TX1")])  # fmt: skip

    def _mark(self, painter: QPainter, spot: QPointF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("BAD"))
        painter.drawPolygon(QPolygonF([spot + QPointF(0, 2), spot + QPointF(-4, 9), spot + QPointF(4, 9)]))


def percent_of(value: float) -> str:
    """A fraction on a scale."""
    return format.percent(value, 1 if abs(value) < 0.095 else 0, sign=False)


def equity_profit(points: Sequence[CurvePoint], base: float) -> tuple[list[datetime], list[float]]:
    """Times and dollars above ``base`` of the points that lie on the newest New York day."""
    if not points:
        return [], []
    day = points[-1].at.astimezone(NEW_YORK).date()
    kept = [point for point in points if point.at.astimezone(NEW_YORK).date() == day and math.isfinite(point.equity)]
    return [point.at for point in kept], [point.equity - base for point in kept]
