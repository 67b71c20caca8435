"""A chart with a drawing board on it, as a panel has one: it asks the board first and shows what the board paints."""

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.drawings import Anchor, Drawing
from qv_desktop.ui.chart.canvas import Canvas
from qv_desktop.ui.chart.drawing.board import DrawingBoard
from qv_desktop.ui.chart.drawing.plane import StagePlane
from qv_desktop.ui.chart.series import Series
from tests.ui.chart_market import FIVE, walk

NONE = Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton
MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt)  # QTest presses these too


class Host(Canvas):
    """``panned`` counts the presses and drags that the board left to the chart; ``kept`` is what it told."""

    def __init__(self, count: int = 300) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.board = DrawingBoard(self)
        self.board.repaint_asked.connect(self.update)
        self.board.changed.connect(self._changed)
        self.board.removed.connect(self._removed)
        self.kept: dict[str, Drawing] = {}  # as a store would have it
        self.told: list[str] = []
        self.left: list[str] = []  # what the board did not take
        self.resize(900, 520)
        self.begin(Series("AAPL", FIVE, walk(count)), keep=False)
        self.board.show("AAPL", [])

    def _changed(self, drawing: Drawing) -> None:
        self.kept[drawing.id] = drawing
        self.told.append(f"changed {drawing.kind}")

    def _removed(self, id: str) -> None:
        del self.kept[id]
        self.told.append("removed")

    @property
    def plane(self) -> StagePlane:
        stage = self.stage()
        assert stage is not None
        return StagePlane(stage)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        self.board.paint(QPainter(self), self.plane)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.board.plane = self.plane
        if not self.board.press(event.position(), event.modifiers()):
            self.left.append("press")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.board.plane = self.plane
        self.board.move(event.position(), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.board.plane = self.plane
        self.board.release(event.position(), event.modifiers())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.board.plane = self.plane
        if not self.board.double_click(event.position(), event.modifiers()):
            self.left.append("double click")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.board.plane = self.plane
        if not self.board.key(event.key(), event.modifiers()) and event.key() not in MODIFIERS:
            self.left.append("key")

    # hands

    def only(self) -> Drawing:
        """The one drawing there is."""
        (drawing,) = self.board.drawings
        assert self.kept == {drawing.id: drawing}
        return drawing

    def put(self, *drawings: Drawing) -> None:
        """Drawings as the store shows them."""
        self.kept = {drawing.id: drawing for drawing in drawings}
        self.board.show("AAPL", drawings)

    def at(self, index: float, price: float) -> QPoint:
        """The pixel of a bar and a price."""
        stage = self.stage()
        assert stage is not None
        return QPoint(round(stage.view.x(index)), round(stage.scale.y(price)))

    def anchor(self, index: int, price: float) -> Anchor:
        """The anchor on a bar."""
        assert self.series is not None
        return Anchor(int(self.series.starts[index]), price)

    def click(self, *points: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        for point in points:
            QTest.mouseMove(self, point)
            QTest.mouseClick(self, LEFT, held, point)

    def drag(self, start: QPoint, *way: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        QTest.mousePress(self, LEFT, held, start)
        for point in way:
            self.hover(point, held)
        QTest.mouseRelease(self, LEFT, held, way[-1])

    def hover(self, point: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
        """The pointer moves there with these keys held, which QTest cannot say of a move."""
        self.board.plane = self.plane
        self.board.move(QPointF(point), held)

    def type(self, key: Qt.Key, held: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self, key, held)


def a_host(qtbot: QtBot, count: int = 300) -> Host:
    """A host on the screen."""
    host = Host(count)
    qtbot.addWidget(host)
    host.show()
    qtbot.waitExposed(host)
    host.setFocus()
    return host
