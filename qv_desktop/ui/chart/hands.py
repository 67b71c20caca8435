"""What the mouse takes hold of besides the view: pane borders and the legend. The explorer asks each in turn."""

from typing import Protocol

from PySide6.QtCore import QPointF, Qt

from qv_desktop.ui.chart.canvas import Canvas
from qv_desktop.ui.chart.legend import Entry

NEAR = 4  # px from a border within which it is taken


class Hand(Protocol):
    """One thing that can be taken; ``press`` says whether it was, and then it hears of moves until the release."""

    def press(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        """The left button went down."""

    def move(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        """The mouse moved while it is held."""

    def release(self, at: QPointF) -> None:
        """The button went up."""

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """The pointer's shape over it, or None where there is nothing of it."""


class Borders:
    """The lines between the panes: dragged, they change the heights; double-clicked, a pane takes all the room."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self._taken: int | None = None  # the pane below the border

    def _near(self, at: QPointF) -> int | None:
        camera = self._canvas.camera
        if camera is None or self._canvas.maximised is not None or at.x() > camera.panes.width:
            return None
        tops = [top for top, bottom in camera.panes.lower if bottom > top]
        return next((place for place, top in enumerate(tops) if abs(at.y() - top) <= NEAR), None)

    def press(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        """Take the border under the pointer."""
        self._taken = self._near(at)
        return self._taken is not None

    def move(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        """Give the pane below the room down from here."""
        camera, canvas = self._canvas.camera, self._canvas
        if camera is None or self._taken is None:
            return
        _, bottom = camera.panes.lower[self._taken]
        study = canvas.scenery.lower[self._taken]
        canvas.shares[study.number] = max(0.05, min(0.8, (bottom - at.y()) / max(1, camera.panes.bottom)))
        canvas.relayout()

    def release(self, at: QPointF) -> None:
        """Let go."""
        self._taken = None

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Up and down over a border."""
        return Qt.CursorShape.SplitVCursor if self._near(at) is not None else None


def entry_at(canvas: Canvas, at: QPointF) -> Entry | None:
    """The study or comparison whose words in the legend are under the pointer."""
    return next((entry for entry in canvas.entries if entry.box.contains(at)), None)


def pane_at(canvas: Canvas, at: QPointF) -> int:
    """Which pane is under the pointer: 0 the prices, 1 the first below."""
    if canvas.camera is None:
        return 0
    lower = canvas.camera.panes.lower
    return next((place + 1 for place, (top, bottom) in enumerate(lower) if top < at.y() <= bottom), 0)
