"""The canvas under a person's hands: mouse, wheel and keys look around in it, and typing asks for something else."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QPushButton

from qv_desktop.ui import theme
from qv_desktop.ui.chart.canvas import Canvas
from qv_desktop.ui.chart.gestures import CURSORS, Drag, keyed, wheeled, zone_of
from qv_desktop.ui.chart.hands import Borders, Hand, entry_at, pane_at
from qv_desktop.ui.chart.typing_entry import TypedFrame
from qv_desktop.ui.chart.viewport import View, latest

COMMANDS: dict[tuple[bool, bool, int], str] = {  # Ctrl, Alt, key -> what it asks for
    (False, True, Qt.Key.Key_L): "log", (False, True, Qt.Key.Key_P): "percent", (False, True, Qt.Key.Key_I): "invert",
    (False, True, Qt.Key.Key_S): "snapshot", (False, True, Qt.Key.Key_G): "goto", (False, False, Qt.Key.Key_Slash): "indicators",
    (False, False, Qt.Key.Key_Period): "layout",
}  # fmt: skip


class Explorer(Canvas):
    """Pan, zoom, scale and read.

    Signals: ``timeframe_asked`` and ``symbol_asked`` (typed), ``commanded`` (one of ``COMMANDS``), ``pointed`` (the start in
    ns of the bar under the crosshair, or None), ``entry_chosen`` (a study or comparison in the legend, and where on the
    screen), ``menu_asked`` (price or None, and where on the screen).
    """

    timeframe_asked = Signal(str)
    symbol_asked = Signal(str)
    commanded = Signal(str)
    pointed = Signal(object)
    entry_chosen = Signal(object, QPoint)
    menu_asked = Signal(object, QPoint)
    told = Signal(str)  # a sentence about something that could not be done

    def __init__(self) -> None:
        super().__init__()
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.hands: list[Hand] = [Borders(self)]  # asked in turn, before the view is dragged
        self.overruled: Callable[[int, Qt.KeyboardModifier], bool] = lambda key, held: False  # hears of keys first
        self.double_clicked: Callable[[QPointF, Qt.KeyboardModifier], bool] = lambda at, held: (
            False
        )  # hears of them first
        self.pointer_left: Callable[[], None] = lambda: None
        self._holding: Hand | None = None
        self._drag: Drag | None = None
        self.typed = TypedFrame(self)
        self.typed.timeframe_asked.connect(self.timeframe_asked)
        self.typed.symbol_asked.connect(self.symbol_asked)
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
        theme.wear(
            chip,
            lambda: (
                f"QPushButton {{ background:{theme.BG3}; color:{theme.TX0}; border:1px solid {theme.LINE};"
                f" border-radius:4px; padding:2px 8px; min-height:14px; }}"
                f"QPushButton:hover {{ border-color:{theme.ACCENT}; }}"
            ),
        )
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

    def go_to(self, at: int) -> bool:
        """Show the bar of a moment (ns) in the middle; False when it lies before the first bar."""
        if self.camera is None or self.series is None or (index := self.series.index_at(at)) < 0:
            return False
        view = self.camera.view
        self.explore(replace(view, right=min(index + view.bars / 2, latest(view, len(self.series)).right)))
        return True

    def reset(self) -> None:
        """The view as a chart opens."""
        if self.camera is not None and self.series is not None:
            self.camera.untouched = True
            self.camera.resize(self.camera.panes)
            self.fit_prices()

    def fit_prices(self) -> None:
        """Prices fitted by themselves again."""
        if self.camera is not None:
            self.camera.fit()
            self.redraw()

    def maximise_pane(self, place: int) -> None:
        """Give one pane all the room, or every pane its own again."""
        self.maximised = None if self.maximised is not None else place
        self.relayout()

    def _place_chips(self) -> None:
        camera = self.camera
        self.live_chip.setVisible(camera is not None and not camera.following)
        self.auto_chip.setVisible(camera is not None and not camera.auto)
        if camera is None:
            return
        live, auto = self.live_chip.sizeHint(), self.auto_chip.sizeHint()
        self.live_chip.resize(live)
        self.auto_chip.resize(auto)
        foot = camera.panes.floor or camera.panes.bottom
        self.live_chip.move(camera.panes.width - live.width() - 10, foot - live.height() - 10)
        self.auto_chip.move(self.width() - auto.width() - 4, foot - auto.height() - 4)

    # the crosshair

    def point(self, at: QPointF | None) -> None:
        """Put the crosshair somewhere, or take it away."""
        before = self.pointed_bar()
        self.pointer = at
        if at is not None:
            self.linked = None
        self.update()
        if (now := self.pointed_bar()) != before:
            self.pointed.emit(now)

    def pointed_bar(self) -> int | None:
        """The start in ns of the bar under the crosshair."""
        if self.pointer is None or self.camera is None or self.series is None:
            return None
        index = round(self.camera.view.index(self.pointer.x()))
        return int(self.series.starts[index]) if 0 <= index < len(self.series) else None

    def point_at(self, at: int | None) -> None:
        """A linked chart's crosshair stands at a moment (ns), or has left."""
        linked = None if at is None or self.series is None else max(0, self.series.index_at(at))
        if linked != self.linked:
            self.linked = linked
            self.update()

    def step_crosshair(self, bars: int) -> None:
        """Move the crosshair by bars, from the newest one when there is none; the view follows it."""
        if self.camera is None or self.series is None:
            return
        view, last = self.camera.view, len(self.series) - 1
        index = round(view.index(self.pointer.x())) + bars if self.pointer is not None else last
        index = max(0, min(last, index))
        first, end = view.window(last + 1)
        if not first < index < end - 1 and 0 < index < last:
            self.explore(replace(view, right=view.right + bars))
        y = self.camera.scale.y(self.series.bar(index).close)
        self.point(QPointF(self.camera.view.x(index), max(0.0, min(y, float(self.camera.panes.floor)))))

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.camera is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._holding = next((hand for hand in self.hands if hand.press(at, event.modifiers())), None)
        if self._holding is not None:
            return
        if (entry := entry_at(self, at)) is not None:
            self.entry_chosen.emit(entry.of, self.mapToGlobal(entry.box.bottomLeft().toPoint()))
            return
        self._drag = Drag(zone_of(self.camera.panes, at), at, self.camera.view, self.camera.scale)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        camera, at = self.camera, event.position()
        if camera is None:
            return
        if self._holding is not None:
            self._holding.move(at, event.modifiers())
        elif self._drag is not None:
            self.point(None)
            camera.drag(self._drag, at)
            self.redraw()
        else:
            self._hover(at)

    def _hover(self, at: QPointF) -> None:
        zone = zone_of(self.camera.panes, at) if self.camera is not None else "plot"
        over = next((shape for hand in self.hands if (shape := hand.cursor(at)) is not None), None)
        if over is None and entry_at(self, at) is not None:
            over = Qt.CursorShape.PointingHandCursor
        self.setCursor(over if over is not None else CURSORS[zone])
        self.point(at if zone == "plot" else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._holding is not None:
            self._holding.release(event.position())
        self._holding = self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self.camera is None or event.button() is not Qt.MouseButton.LeftButton:
            return
        if self.double_clicked(at, event.modifiers()):
            return
        zone = zone_of(self.camera.panes, at)
        if zone == "prices":
            self.fit_prices()
        elif zone == "times":
            self.commanded.emit("reset")
        elif entry_at(self, at) is None:
            self.maximise_pane(pane_at(self, at))

    def leaveEvent(self, event: QEvent) -> None:
        self.pointer_left()
        self.point(None)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.camera is None or self.series is None:
            return
        angle = QPointF(event.angleDelta())
        self.explore(wheeled(self.camera.view, angle, event.position().x(), len(self.series)))
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at = QPointF(event.pos())
        price = None
        if self.camera is not None and 0 < at.y() < self.camera.panes.floor:
            price = self.camera.scale.value(at.y())
        self.menu_asked.emit(price, event.globalPos())

    # the keys

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held, key = event.modifiers(), event.key()
        control, alt = bool(held & Qt.KeyboardModifier.ControlModifier), bool(held & Qt.KeyboardModifier.AltModifier)
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        if self.overruled(key, held):
            return
        if shift and not control and not alt and key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.step_crosshair(1 if key == Qt.Key.Key_Right else -1)
        elif (command := COMMANDS.get((control, alt, key))) is not None:
            self.commanded.emit(command)
        elif not self._moved_by(key, control, alt) and (control or alt or not self.typed.take(key, event.text())):
            super().keyPressEvent(event)

    def _moved_by(self, key: int, control: bool, alt: bool) -> bool:
        """Whether the key moved the view."""
        if self.camera is None or self.series is None:
            return False
        view = keyed(self.camera.view, key, control, alt, len(self.series))
        if view is None:
            return False
        self.explore(view)
        if alt:
            self.fit_prices()
        return True

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self.typed.leave()
        super().focusOutEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.typed.leave()
