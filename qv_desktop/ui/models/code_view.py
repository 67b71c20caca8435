"""Code to read: monospace text with numbered lines, marks in the margin and grounds behind lines."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QRect, QSize, Qt
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QTextCursor, QTextFormat
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QTextEdit, QToolTip, QWidget

from qv_desktop.ui import theme

MARK = 12  # px at the left of the numbers
PAD = 8  # px at their right


class Gutter(QWidget):
    """The margin of a view."""

    def __init__(self, view: "CodeView") -> None:
        super().__init__(view)
        self._view = view
        self.setFont(theme.mono())

    def sizeHint(self) -> QSize:
        return QSize(self._view.gutter_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_gutter(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._view.gutter_pressed(event.position().toPoint().y())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            text = self._view.mark_words(event.pos().y())
            QToolTip.showText(event.globalPos(), text, self) if text else QToolTip.hideText()
            return True
        return super().event(event)


class CodeView(QPlainTextEdit):
    """Reads like paper; ``numbers`` replace the counting of lines, ``grounds`` colour whole lines, both by place from 0."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: Sequence[str] | None = None
        self._grounds: Mapping[int, str] = {}  # line from 0 -> "#rrggbb"
        self._marks: dict[int, tuple[str, str]] = {}  # line from 0 -> token of its dot, what it says
        self.setReadOnly(True)
        self.setFont(theme.mono())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("border: none; border-radius: 0; background: transparent; padding: 0;")
        self.setTabStopDistance(4 * self.fontMetrics().horizontalAdvance(" "))
        self.gutter = Gutter(self)
        self.blockCountChanged.connect(lambda _: self._make_room())
        self.updateRequest.connect(self._follow)
        self._make_room()

    def text(self) -> str:
        """The text as it was typed, with plain line ends."""
        return self.document().toRawText().replace("\u2029", "\n").replace("\u2028", "\n")

    def show_lines(self, lines: Sequence[str], numbers: Sequence[str], grounds: Mapping[int, str]) -> None:
        """Lines with numbers of their own, and grounds behind some."""
        self._numbers, self._grounds = numbers, grounds
        self.setPlainText("\n".join(lines))
        self._make_room()
        self.setExtraSelections(self.selections())

    def set_marks(self, marks: dict[int, tuple[str, str]]) -> None:
        """Dots in the margin."""
        self._marks = marks
        self.gutter.update()

    def go_to(self, line: int, column: int = 1) -> None:
        """Put the cursor on a line, counted from 1, and bring it into the middle."""
        block = self.document().findBlockByNumber(max(0, line - 1))
        cursor = QTextCursor(block)
        cursor.setPosition(block.position() + max(0, min(column - 1, block.length() - 1)))
        self.setTextCursor(cursor)
        self.centerCursor()

    def selections(self) -> list[QTextEdit.ExtraSelection]:
        """What is drawn behind the text."""
        return [self.ground(line, QColor(color)) for line, color in self._grounds.items()]

    def ground(self, line: int, color: QColor) -> QTextEdit.ExtraSelection:
        """A whole line's ground."""
        selection = QTextEdit.ExtraSelection()
        selection.cursor = QTextCursor(self.document().findBlockByNumber(line))
        selection.format.setBackground(color)
        selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        return selection

    # ---- the margin

    def gutter_width(self) -> int:
        """Room for the longest number."""
        longest = (
            max(map(len, self._numbers or ()), default=0) if self._numbers is not None else len(str(self.blockCount()))
        )
        return MARK + max(2, longest) * self.fontMetrics().horizontalAdvance("9") + PAD

    def paint_gutter(self, event: QPaintEvent) -> None:
        """Numbers and dots of the lines in view."""
        painter = QPainter(self.gutter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        current = self.textCursor().blockNumber() if not self.isReadOnly() else -1
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            if block.isVisible() and top + height >= event.rect().top():
                self._paint_line(
                    painter, block.blockNumber(), QRect(0, round(top), self.gutter.width(), round(height)), current
                )
            block, top = block.next(), top + height

    def _paint_line(self, painter: QPainter, line: int, box: QRect, current: int) -> None:
        if line in self._grounds:
            painter.fillRect(box, QColor(self._grounds[line]))
        if line in self._marks:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color(self._marks[line][0]))
            painter.drawEllipse(QRect(3, box.center().y() - 2, 6, 6))
        number = str(line + 1) if self._numbers is None else self._numbers[line] if line < len(self._numbers) else ""
        painter.setPen(theme.color("TX1" if line == current else "TX2"))
        painter.drawText(
            box.adjusted(0, 0, -PAD, 0), Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number
        )

    def mark_words(self, y: int) -> str:
        """What the dot at this height says."""
        return self._marks.get(self._line_at(y), ("", ""))[1]

    def gutter_pressed(self, y: int) -> None:
        """A click on a number goes to its line."""
        self.go_to(self._line_at(y) + 1)

    def _line_at(self, y: int) -> int:
        return self.cursorForPosition(QRect(0, y, 1, 1).topLeft()).blockNumber()

    def _make_room(self) -> None:
        self.setViewportMargins(self.gutter_width(), 0, 0, 0)
        self._place()

    def _place(self) -> None:
        inside = self.contentsRect()
        self.gutter.setGeometry(QRect(inside.left(), inside.top(), self.gutter_width(), inside.height()))

    def _follow(self, box: QRect, dy: int) -> None:
        if dy:
            self.gutter.scroll(0, dy)
        else:
            self.gutter.update(0, box.y(), self.gutter.width(), box.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
