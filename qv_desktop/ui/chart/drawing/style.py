"""The small bar that floats over the chart while a drawing is chosen: its colour, line, lock, clone and removal."""

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from qv_desktop.domain.drawings import COLORS, DASHES, WIDEST, Dash, Drawing, Kind
from qv_desktop.ui.chart.drawing.board import DrawingBoard
from qv_desktop.ui.chart.drawing.painting import PATTERNS
from qv_desktop.ui.chart.drawing.tool_button import StrokeButton, Swatch, ToolButton
from qv_desktop.ui.theme import color

NAMES = {"ACCENT": "Blue", "UP": "Up colour", "DOWN": "Down colour", "WARN": "Amber", "VIOLET": "Violet", "TX1": "Grey"}


class DrawingStyle(QWidget):
    """Shown by itself while a drawing is chosen; the host says with ``place`` where. Clicks on it do not reach the chart."""

    def __init__(self, board: DrawingBoard, host: QWidget) -> None:
        super().__init__(host)
        self._board = board
        self.setAccessibleName("Selected drawing")
        self.setCursor(Qt.CursorShape.ArrowCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_NoMousePropagation)
        self._swatches = {token: self._swatch(token) for token in COLORS}
        self._width = StrokeButton("line_width", "", self)
        self._dash = StrokeButton("line_dash", "", self)
        self._lock = ToolButton("unlocked", "Lock", self, checkable=True)
        self._clone = ToolButton("clone", "Clone (Ctrl+C, Ctrl+V or Alt+drag)", self)
        self._delete = ToolButton("delete", "Remove (Del)", self)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 3, 4, 3)
        row.setSpacing(1)
        for button in (*self._swatches.values(), self._width, self._dash, self._lock, self._clone, self._delete):
            row.addWidget(button)
        self._width.clicked.connect(self._wider)
        self._dash.clicked.connect(self._broken)
        self._lock.clicked.connect(self._locked)
        self._clone.clicked.connect(board.clone_selected)
        self._delete.clicked.connect(self._remove)
        board.state_changed.connect(self.refresh)
        self.refresh()

    def _swatch(self, token: str) -> Swatch:
        swatch = Swatch(token, NAMES[token], self)
        swatch.clicked.connect(lambda: self._colour(token))
        return swatch

    def refresh(self) -> None:
        """Show what the chosen drawing is like, or nothing."""
        drawing = self._board.selected
        self.setVisible(drawing is not None)
        if drawing is None:
            return
        lined = drawing.kind not in (Kind.TEXT, Kind.MEASURE)
        for token, swatch in self._swatches.items():
            swatch.setChecked(token == drawing.color)
            swatch.setEnabled(drawing.kind is not Kind.MEASURE)  # its colour says up or down
        for button in (self._width, self._dash):
            button.setEnabled(lined)
        self._width.show_line(12, 0, drawing.width)
        self._width.say(f"Line width {drawing.width} px (click for {_next_width(drawing)})")
        self._dash.show_line(*PATTERNS[drawing.dash], 1)
        self._dash.say(f"{drawing.dash.capitalize()} line (click for {_next_dash(drawing)})")
        self._show_lock(drawing)
        self.adjustSize()
        self.raise_()

    def _show_lock(self, drawing: Drawing) -> None:
        self._lock.setChecked(drawing.locked)
        self._lock.show_icon("locked" if drawing.locked else "unlocked")
        self._lock.say("Unlock, so that it can be moved" if drawing.locked else "Lock in its place")
        self._delete.setEnabled(not drawing.locked)
        self._delete.say("Unlock it first, then remove it" if drawing.locked else "Remove (Del)")

    def place(self, pane: QRectF) -> None:
        """Stand in the middle of the pane's top, below the legend."""
        self.move(max(0, round(pane.center().x() - self.width() / 2)), round(pane.top()) + 48)

    def _colour(self, token: str) -> None:
        if self._board.selected is not None:
            self._board.restyle(replace(self._board.selected, color=token))
        self.refresh()  # a second click on the same colour leaves it chosen

    def _wider(self) -> None:
        if self._board.selected is not None:
            self._board.restyle(replace(self._board.selected, width=_next_width(self._board.selected)))

    def _broken(self) -> None:
        if self._board.selected is not None:
            self._board.restyle(replace(self._board.selected, dash=_next_dash(self._board.selected)))

    def _locked(self) -> None:
        if self._board.selected is not None:
            self._board.commit(
                {self._board.selected.id: replace(self._board.selected, locked=not self._board.selected.locked)}
            )

    def _remove(self) -> None:
        if self._board.selected is not None:
            self._board.remove(self._board.selected)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(color("LINE"))
        painter.setBrush(color("BG2"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


def _next_width(drawing: Drawing) -> int:
    return drawing.width % WIDEST + 1


def _next_dash(drawing: Drawing) -> Dash:
    return DASHES[(DASHES.index(drawing.dash) + 1) % len(DASHES)]
