"""The slim bar of drawing tools at the chart's edge."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMenu, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.chart.drawing.board import CURSOR, DrawingBoard
from qv_desktop.ui.chart.drawing.tool_button import SIDE, ToolButton

WIDE, GAP, EDGE = 28, 1, 2  # px
TOOLS = (
    (CURSOR, "Cursor (Esc)"), ("trend", "Trend line (Alt+T)"), ("ray", "Ray"), ("horizontal", "Horizontal line (Alt+H)"),
    ("vertical", "Vertical line (Alt+V)"), ("cross", "Cross line (Alt+C)"), ("channel", "Parallel channel"),
    ("rectangle", "Rectangle"), ("fibonacci", "Fibonacci retracement (Alt+F)"), ("text", "Text"),
    ("measure", "Measure (Shift+click for a quick one)"),
)  # fmt: skip
KEEP = "; double-click to keep the tool"


class DrawingBar(QWidget):
    """28 px wide; buttons that do not fit go into a menu at the foot."""

    def __init__(self, board: DrawingBoard, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self.setFixedWidth(WIDE)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Ignored)
        self.setAccessibleName("Drawing tools")
        self._tools = {name: self._tool(name, tip) for name, tip in TOOLS}
        self._magnet = ToolButton(
            "magnet", "Magnet: points take a bar's open, high, low or close", self, checkable=True
        )
        self._hide = ToolButton("hide", "Hide all drawings (Ctrl+Alt+H)", self, checkable=True)
        self._undo = ToolButton("undo", "Undo (Ctrl+Z)", self)
        self._redo = ToolButton("redo", "Redo (Ctrl+Y)", self)
        self._delete = ToolButton("delete", "Remove", self)
        self._more = ToolButton("more", "More drawing tools", self)
        self._all = [*self._tools.values(), self._magnet, self._hide, self._undo, self._redo, self._delete]
        self._magnet.clicked.connect(board.toggle_magnet)
        self._hide.clicked.connect(board.toggle_hidden)
        self._undo.clicked.connect(board.undo_asked)
        self._redo.clicked.connect(board.redo_asked)
        self._delete.clicked.connect(self._remove)
        self._more.clicked.connect(self._open_rest)
        board.state_changed.connect(self.refresh)
        self.refresh()

    def _tool(self, name: str, tip: str) -> ToolButton:
        button = ToolButton(name, tip if name == CURSOR else tip + KEEP, self, checkable=True)
        button.clicked.connect(lambda: self._choose(name))
        button.double_clicked.connect(lambda: self._board.begin(name, kept=True))
        return button

    def _choose(self, name: str) -> None:
        """A second click puts the tool away."""
        self._board.begin(CURSOR if name == self._board.tool else name)
        self.refresh()

    def sizeHint(self) -> QSize:
        return QSize(WIDE, len(self._all) * (SIDE + GAP) + 2 * EDGE)

    def refresh(self) -> None:
        """Show the board's tool, switches and what can be done now."""
        board = self._board
        for name, button in self._tools.items():
            button.setChecked(name == board.tool)
        self._magnet.setChecked(board.magnet)
        self._hide.setChecked(board.hidden)
        self._hide.say("Show all drawings (Ctrl+Alt+H)" if board.hidden else "Hide all drawings (Ctrl+Alt+H)")
        self._undo.setEnabled(board.steps.can_undo)
        self._redo.setEnabled(board.steps.can_redo)
        count = len(board.removable)
        self._delete.setEnabled(board.selected is not None or bool(count))
        self._delete.say(
            "Remove the selected drawing (Del)" if board.selected is not None else f"Remove all {_drawings(count)}…"
        )

    def _remove(self) -> None:
        if self._board.selected is not None:
            self._board.remove(self._board.selected)
        else:
            ask_to_clear(self._board, self._delete)

    def _open_rest(self) -> None:
        menu = QMenu(self)
        for button in self._all:
            if button.isHidden():
                action = menu.addAction(button.toolTip().removesuffix(KEEP))
                action.setCheckable(button.isCheckable())
                action.setChecked(button.isChecked())
                action.setEnabled(button.isEnabled())
                action.triggered.connect(button.click)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._more.mapToGlobal(self._more.rect().topRight()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        room = (self.height() - 2 * EDGE + GAP) // (SIDE + GAP)
        shown = len(self._all) if room >= len(self._all) else max(0, room - 1)
        for place, button in enumerate([*self._all[:shown], self._more]):
            button.move((WIDE - SIDE) // 2, EDGE + place * (SIDE + GAP))
        for place, button in enumerate(self._all):
            button.setVisible(place < shown)
        self._more.setVisible(shown < len(self._all))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("BG1"))
        painter.fillRect(self.width() - 1, 0, 1, self.height(), theme.color("LINE"))


def ask_to_clear(board: DrawingBoard, beside: QWidget) -> QFrame:
    """A small window with one button to hold, which says how many drawings go; a click elsewhere closes it."""
    frame = QFrame(beside, Qt.WindowType.Popup)
    frame.setObjectName("clear_drawings")
    frame.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    button = theme.HoldButton(f"Hold to remove {_drawings(len(board.removable))} on {board.symbol}", frame)
    button.setMinimumWidth(button.fontMetrics().horizontalAdvance(button.text()) + 28)
    button.held.connect(board.clear)
    button.held.connect(frame.close)
    column = QVBoxLayout(frame)
    column.setContentsMargins(8, 8, 8, 8)
    column.setSpacing(6)
    column.addWidget(theme.label("Locked drawings stay. Undo brings the others back.", "hint"))
    column.addWidget(button)
    frame.move(beside.mapToGlobal(beside.rect().topRight()))
    frame.show()
    return frame


def _drawings(count: int) -> str:
    return "1 drawing" if count == 1 else f"{count} drawings"
