"""The canvas under a person's hands: mouse, wheel and keys look around in it, and typing asks for something else."""

import re

from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QPushButton

from qv_desktop.ui import theme
from qv_desktop.ui.chart.canvas import Canvas
from qv_desktop.ui.chart.gestures import CURSORS, Drag, keyed, wheeled, zone_of
from qv_desktop.ui.chart.viewport import View, latest

FRAME_TEXT = re.compile(r"\d{1,3}[smhdwDWM]?")


class Explorer(Canvas):
    """Pan, zoom, scale and read. Signals: ``timeframe_asked`` (“15” and Enter), ``symbol_asked`` (the first letter typed)."""

    timeframe_asked = Signal(str)
    symbol_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._drag: Drag | None = None
        self._typed = ""
        self._entry = QLabel(self)
        self._entry.setObjectName("timeframe_entry")
        self._entry.setFont(theme.strong())
        self._entry.setStyleSheet(
            f"background:{theme.BG3}; border:1px solid {theme.ACCENT}; border-radius:4px; padding:4px 10px;"
        )
        self._entry.hide()
        self.live_chip = self._chip("⇥ live", "Back to the newest bar (End)", self.go_live)
        self.auto_chip = self._chip("A", "Fit the prices again (double-click the price axis)", self.fit_prices)
        self.looked.connect(self._place_chips)

    def _chip(self, text: str, tip: str, does: object) -> QPushButton:
        chip = QPushButton(text, self)
        chip.setFont(theme.small_bold())
        chip.setToolTip(tip)
        chip.setAccessibleName(tip)
        chip.setCursor(Qt.CursorShape.PointingHandCursor)
        chip.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        chip.setStyleSheet(f"QPushButton {{ background:{theme.BG3}; color:{theme.TX0}; border:1px solid {theme.LINE};"
                           f" border-radius:4px; padding:2px 8px; min-height:14px; }}"
                           f"QPushButton:hover {{ border-color:{theme.ACCENT}; }}")  # fmt: skip
        chip.clicked.connect(does)
        chip.hide()
        return chip

    # what the chips and keys do

    def explore(self, view: View) -> None:
        """Show other bars."""
        if self.camera is not None:
            self.camera.explore(view)
            self.redraw()

    def go_live(self) -> None:
        """Back to the newest bar."""
        if self.camera is not None and self.series is not None:
            self.explore(latest(self.camera.view, len(self.series)))

    def fit_prices(self) -> None:
        """Prices fitted by themselves again."""
        if self.camera is not None:
            self.camera.fit()
            self.redraw()

    def _place_chips(self) -> None:
        camera = self.camera
        self.live_chip.setVisible(camera is not None and not camera.following)
        self.auto_chip.setVisible(camera is not None and not camera.auto)
        if camera is None:
            return
        live, auto = self.live_chip.sizeHint(), self.auto_chip.sizeHint()
        self.live_chip.resize(live)
        self.auto_chip.resize(auto)
        self.live_chip.move(camera.panes.width - live.width() - 10, camera.panes.floor - live.height() - 10)
        self.auto_chip.move(self.width() - auto.width() - 4, camera.panes.floor - auto.height() - 4)

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.camera is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        at = event.position()
        self._drag = Drag(zone_of(self.camera.panes, at), at, self.camera.view, self.camera.scale)
        self.setFocus(Qt.FocusReason.MouseFocusReason)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        camera, at = self.camera, event.position()
        if camera is None:
            return
        if self._drag is not None:
            self.pointer = None
            camera.drag(self._drag, at)
            self.redraw()
            return
        zone = zone_of(camera.panes, at)
        self.setCursor(CURSORS[zone])
        self.point(at if zone == "plot" else None)

    def point(self, at: QPointF | None) -> None:
        """Put the crosshair somewhere, or take it away."""
        self.pointer = at
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self.camera is not None and zone_of(self.camera.panes, event.position()) == "prices":
            self.fit_prices()

    def leaveEvent(self, event: QEvent) -> None:
        self.point(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.camera is None or self.series is None:
            return
        angle = QPointF(event.angleDelta())
        self.explore(wheeled(self.camera.view, angle, event.position().x(), len(self.series)))
        event.accept()

    # the keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held = event.modifiers()
        control, alt = bool(held & Qt.KeyboardModifier.ControlModifier), bool(held & Qt.KeyboardModifier.AltModifier)
        view = None
        if self.camera is not None and self.series is not None:
            view = keyed(self.camera.view, event.key(), control, alt, len(self.series))
        if view is not None:
            self.explore(view)
            if alt:
                self.fit_prices()
        elif control or alt or not self._took_text(event.key(), event.text()):
            super().keyPressEvent(event)

    def _took_text(self, key: int, text: str) -> bool:
        if self._typed and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.timeframe_asked.emit(self._typed)
            return self._show_typed("")
        if self._typed and key == Qt.Key.Key_Backspace:
            return self._show_typed(self._typed[:-1])
        if self._typed and key == Qt.Key.Key_Escape:
            return self._show_typed("")
        if FRAME_TEXT.fullmatch(self._typed + text):
            return self._show_typed(self._typed + text)
        if not self._typed and len(text) == 1 and text.isalpha():
            self.symbol_asked.emit(text.upper())
            return True
        return bool(self._typed and text)

    def _show_typed(self, text: str) -> bool:
        self._typed = text
        self._entry.setText(f"Timeframe  {text}  ⏎")
        self._entry.adjustSize()
        self._entry.move((self.width() - self._entry.width()) // 2, 56)
        self._entry.setVisible(bool(text))
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._show_typed("")
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_typed("")
