"""The small square button of the drawing bars, which paints its own icon."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from qv_desktop.ui.chart.drawing.icons import draw_icon
from qv_desktop.ui.theme import color

SIDE, ICON = 24, 16  # px


class ToolButton(QAbstractButton):
    """A 24 px button with a 16 px icon; the keyboard's focus stays with the chart when it is clicked."""

    double_clicked = Signal()

    def __init__(self, icon: str, tip: str, parent: QWidget | None = None, *, checkable: bool = False) -> None:
        super().__init__(parent)
        self.icon_name = icon
        self.setObjectName(icon)
        self.setCheckable(checkable)
        self.setFixedSize(SIDE, SIDE)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.say(tip)

    def say(self, tip: str) -> None:
        """What it does, for eyes and for a screen reader."""
        self.setToolTip(tip)
        self.setAccessibleName(tip)

    def show_icon(self, icon: str) -> None:
        """Another icon."""
        if icon != self.icon_name:
            self.icon_name = icon
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(SIDE, SIDE)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect())
        ground = "BG3" if self.isChecked() or self.isDown() else "BG2" if self.underMouse() and self.isEnabled() else ""
        painter.setPen(color("ACCENT") if self.hasFocus() else Qt.PenStyle.NoPen)
        painter.setBrush(color(ground) if ground else Qt.BrushStyle.NoBrush)
        if ground or self.hasFocus():
            painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        self._draw(painter, QRectF((SIDE - ICON) / 2, (SIDE - ICON) / 2, ICON, ICON), self._ink())

    def _ink(self) -> QColor:
        if not self.isEnabled():
            faded = QColor(color("TX2"))
            faded.setAlpha(110)
            return faded
        return color("ACCENT") if self.isChecked() else color("TX0" if self.underMouse() else "TX1")

    def _draw(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        draw_icon(painter, box, self.icon_name, ink)


class Swatch(ToolButton):
    """A colour to choose."""

    def __init__(self, token: str, tip: str, parent: QWidget | None = None) -> None:
        self.token = token
        super().__init__("more", tip, parent, checkable=True)
        self.setObjectName(f"color_{token}")

    def _draw(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        painter.setPen(color("TX0") if self.isChecked() else Qt.PenStyle.NoPen)
        painter.setBrush(color(self.token))
        painter.drawRoundedRect(box.adjusted(2.5, 2.5, -2.5, -2.5), 3, 3)


class StrokeButton(ToolButton):
    """A line as wide and as broken as the drawing's."""

    def __init__(self, name: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__("more", tip, parent)
        self.setObjectName(name)
        self.stroke, self.gap, self.thick = 12, 0, 1  # px

    def show_line(self, stroke: int, gap: int, thick: int) -> None:
        """Strokes of ``stroke`` px with ``gap`` px between, ``thick`` px thick."""
        self.stroke, self.gap, self.thick = stroke, gap, thick
        self.update()

    def _draw(self, painter: QPainter, box: QRectF, ink: QColor) -> None:
        left, right = int(box.left()) + 1, int(box.right()) - 1
        for x in range(left, right, self.stroke + self.gap):
            painter.fillRect(x, int(box.center().y()) - self.thick // 2, min(self.stroke, right - x), self.thick, ink)
