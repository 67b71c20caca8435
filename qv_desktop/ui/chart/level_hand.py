"""Taking hold of orders and alerts on the chart: dragged to another price, or taken away by their cross."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt

from qv_desktop.ui.chart.canvas import Canvas
from qv_desktop.ui.chart.order_lines import Grip, Handle, Level

NEAR = 4  # px from a line within which it is taken


class Levels:
    """``moved`` hears of a level and its new price at the drop, ``removed`` of a cross that was clicked.

    ``legal`` gives the tradable price nearest to one; ``may`` says whether a handle may be taken at all.
    """

    def __init__(
        self, canvas: Canvas, legal: Callable[[float], float], may: Callable[[Handle], bool], moved: Callable[[Level, float], None],
        removed: Callable[[Handle], None],
    ) -> None:  # fmt: skip
        self._canvas, self._legal, self._may, self._moved, self._removed = canvas, legal, may, moved, removed
        self._taken: Level | None = None

    def _at(self, at: QPointF) -> Grip | None:
        canvas = self._canvas
        if canvas.camera is None or at.x() > canvas.camera.panes.width or at.y() > canvas.camera.panes.floor:
            return None
        grips = [grip for grip in canvas.grips if grip.level.handle is not None and self._may(grip.level.handle)]
        on_words = next((grip for grip in grips if grip.words.contains(at)), None)
        near = sorted((grip for grip in grips if abs(grip.y - at.y()) <= NEAR), key=lambda grip: abs(grip.y - at.y()))
        return on_words or (near[0] if near else None)

    def press(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        """Take the level under the pointer, or ask to take it away."""
        grip = self._at(at)
        if grip is None or grip.level.handle is None:
            return False
        if grip.cross.contains(at):
            self._removed(grip.level.handle)
        else:
            self._taken = grip.level
        return True

    def move(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        """Show where it would go."""
        canvas = self._canvas
        if self._taken is None or canvas.camera is None:
            return
        price = self._legal(canvas.camera.scale.value(max(0.0, min(at.y(), canvas.camera.panes.floor - 1.0))))
        canvas.dragged = (self._taken, price) if price > 0 else None
        canvas.update()

    def release(self, at: QPointF) -> None:
        """Tell where it was dropped, if it is elsewhere now."""
        dragged, self._taken, self._canvas.dragged = self._canvas.dragged, None, None
        self._canvas.update()
        if dragged is not None and dragged[1] != dragged[0].price:
            self._moved(*dragged)

    def cancel(self) -> bool:
        """Leave a level that is being dragged where it was; False when none is."""
        taken, self._taken, self._canvas.dragged = self._taken, None, None
        self._canvas.update()
        return taken is not None

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Up and down over a level, a hand over its cross."""
        grip = self._at(at)
        if grip is None:
            return None
        return Qt.CursorShape.PointingHandCursor if grip.cross.contains(at) else Qt.CursorShape.SizeVerCursor
