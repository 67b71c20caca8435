"""The few signs that are drawn: a disc of a colour, bars for a menu, a cross for closing."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QPainter, QPen, QPixmap

from qv_desktop.ui import theme


def disc(hue: str) -> QIcon:
    """A filled circle of 8 px."""

    def draw(painter: QPainter) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(hue))
        painter.drawEllipse(4, 4, 8, 8)

    return _drawn(draw)


def bars(hue: str) -> QIcon:
    """Three bars of 14 px, the sign of a menu."""

    def draw(painter: QPainter) -> None:
        for top in (3, 7, 11):
            painter.fillRect(1, top, 14, 2, theme.color(hue))

    return _drawn(draw)


def cross(hue: str) -> QIcon:
    """A cross of 7 px, the sign of closing."""

    def draw(painter: QPainter) -> None:
        painter.setPen(QPen(theme.color(hue), 1.4))
        painter.drawLine(5, 5, 11, 11)
        painter.drawLine(11, 5, 5, 11)

    return _drawn(draw)


def _drawn(draw: Callable[[QPainter], None]) -> QIcon:
    picture = QPixmap(16, 16)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw(painter)
    painter.end()
    return QIcon(picture)
