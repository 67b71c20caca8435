"""Gauges: each measure against its limit, with a bar as full as the limit is used."""

from PySide6.QtCore import QEvent, QPoint, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.domain.risk import Gauge
from qv_desktop.ui import theme

NEAR, AT = 0.8, 1.0  # fractions of a limit from which a bar warns, and from which it is reached
ROW, DENSE, BAR = 32, 19, 5  # px; gauges are between DENSE and ROW tall, as there is room


def bar_token(used: float) -> str:
    """The colour of a bar that is ``used`` full."""
    return "BAD" if used >= AT else "WARN" if used >= NEAR else "ACCENT"


class Gauges(QWidget):
    """Painted one under the other, as tall as there is room."""

    def __init__(self) -> None:
        super().__init__()
        self._gauges: tuple[Gauge, ...] = ()
        self._room = 10_000  # px that there are for all of them
        self.setAccessibleName("Limits")

    def show_gauges(self, gauges: tuple[Gauge, ...]) -> None:
        """Paint these, unless they are painted already."""
        if gauges != self._gauges:
            self._gauges = gauges
            self.setAccessibleDescription(self.text())
            self.update()

    def make_room(self, height: int) -> None:
        """Draw the gauges as tall as ``height`` px allow, so that none has to be scrolled to."""
        self._room = height
        self.update()

    def row(self) -> int:
        """px of height of one."""
        return max(DENSE, min(ROW, self._room // max(len(self._gauges), 1)))

    def tall(self, wide: int) -> int:
        """px of height that they take."""
        return len(self._gauges) * self.row()

    def sizeHint(self) -> QSize:
        return QSize(280, self.tall(280))

    def text(self) -> str:
        """Every gauge in words."""
        return "\n".join(f"{g.title}: {g.value} of {g.limit}, {g.used:.0%} used" for g in self._gauges)

    def at(self, spot: QPoint) -> Gauge | None:
        """The gauge under a point."""
        place = spot.y() // self.row()
        return self._gauges[place] if 0 <= place < len(self._gauges) else None

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            gauge = self.at(event.pos())
            words = f"{gauge.title}\n{gauge.value} of {gauge.limit}, {gauge.used:.1%} used" if gauge else ""
            QToolTip.showText(event.globalPos(), words, self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = self.row()
        for place, gauge in enumerate(self._gauges):
            paint_gauge(painter, QRectF(0, place * row, self.width(), row), gauge)


def paint_gauge(painter: QPainter, box: QRectF, gauge: Gauge) -> None:
    """Title left, “value of limit” right, and a bar below as full as the limit is used."""
    middle = Qt.AlignmentFlag.AlignVCenter
    bar = BAR if box.height() > DENSE + 5 else 3  # px
    text = QRectF(box.x(), box.y(), box.width(), box.height() - bar - 2)
    painter.setFont(theme.bold())
    painter.setPen(theme.color("TX0" if gauge.used < AT else "BAD"))
    mark = "▲ " if gauge.used >= AT else ""  # never by the colour alone
    words = f"{mark}{gauge.value} of {gauge.limit}"
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
