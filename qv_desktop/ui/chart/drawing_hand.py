"""The drawing board on a chart: it is asked before the view moves, and paints over the bars and under our orders."""

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QGuiApplication, QPainter
from PySide6.QtWidgets import QWidget

from qv_desktop.domain.drawings import Drawing
from qv_desktop.ui.chart.drawing.bar import DrawingBar
from qv_desktop.ui.chart.drawing.board import DrawingBoard
from qv_desktop.ui.chart.drawing.plane import StagePlane
from qv_desktop.ui.chart.drawing.style import DrawingStyle
from qv_desktop.ui.chart.explorer import Explorer
from qv_desktop.ui.chart.stage import Stage


class DrawingHand(QObject):
    """Signals: ``changed`` (a Drawing, new or as it now is) and ``removed`` (symbol and id)."""

    changed = Signal(object)
    removed = Signal(str, str)

    def __init__(self, canvas: Explorer, parent: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.board = DrawingBoard(canvas)
        self.bar = DrawingBar(self.board, parent)
        self.bar.hide()
        self.style = DrawingStyle(self.board, canvas)
        self.board.changed.connect(self.changed)
        self.board.removed.connect(lambda id_: self.removed.emit(self.board.symbol, id_))
        self.board.refused.connect(canvas.told)
        self.board.repaint_asked.connect(canvas.update)
        canvas.hands.append(self)
        canvas.looked.connect(self._place)
        self.board.state_changed.connect(self._place)
        canvas.over_bars = self._paint
        canvas.double_clicked = self._double_click
        canvas.pointer_left = self.board.leave

    def show(self, symbol: str, drawings: tuple[Drawing, ...]) -> None:
        """The symbol's drawings as stored."""
        self.board.show(symbol, drawings)

    def _ready(self) -> bool:
        """Whether there is a chart to draw on; the board then knows the view of this moment."""
        stage = self._canvas.stage()
        self.board.plane = StagePlane(stage) if stage is not None and stage.panes.floor else None
        return self.board.plane is not None

    def _place(self) -> None:
        if self.style.isVisible() and self._ready() and self.board.plane is not None:
            self.style.place(self.board.plane.rect)

    def _paint(self, painter: QPainter, stage: Stage) -> None:
        if stage.panes.floor:
            self.board.paint(painter, StagePlane(stage))

    # the hand

    def press(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        """A tool is in hand, or a drawing is under the pointer."""
        return self._ready() and self.board.press(at, held)

    def move(self, at: QPointF, held: Qt.KeyboardModifier) -> None:
        """Draw on."""
        if self._ready():
            self.board.move(at, held)

    def release(self, at: QPointF) -> None:
        """The button went up."""
        if self._ready():
            self.board.release(at, QGuiApplication.keyboardModifiers())

    def cursor(self, at: QPointF) -> Qt.CursorShape | None:
        """Over a drawing, or while one is being made; the board follows the pointer."""
        if not self._ready():
            return None
        self.board.move(at, QGuiApplication.keyboardModifiers())
        return self.board.cursor(at)

    def _double_click(self, at: QPointF, held: Qt.KeyboardModifier) -> bool:
        return self._ready() and self.board.double_click(at, held)

    def key(self, key: int, held: Qt.KeyboardModifier) -> bool:
        """A key; False when it means nothing here."""
        return self._ready() and self.board.key(key, held)
