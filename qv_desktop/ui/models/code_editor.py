"""An editor for Python: numbered lines, colours, indentation, comments, and problems marked where they are."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QHelpEvent, QKeyEvent, QTextCharFormat, QTextCursor
from PySide6.QtWidgets import QTextEdit, QToolTip

from qv_desktop.domain.strategy_source import Problem
from qv_desktop.ui import theme
from qv_desktop.ui.models import code_typing
from qv_desktop.ui.models.code_colors import PythonColors
from qv_desktop.ui.models.code_view import CodeView

_CONTROL, _SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
_OWN = {Qt.Key.Key_S: "save_asked", Qt.Key.Key_F: "find_asked"}  # with Ctrl; the window has these keys too


class CodeEditor(CodeView):
    """Keys: Tab and Shift+Tab move lines, Ctrl+/ makes comments of them, Ctrl+S asks to save, Ctrl+F to find."""

    save_asked = Signal()
    find_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._problems: Sequence[Problem] = ()
        self._found: list[QTextCursor] = []
        self._colors = PythonColors(self.document())
        self.setAccessibleName("Strategy source")
        self.cursorPositionChanged.connect(self._redraw)

    def set_editable(self, editable: bool) -> None:
        """Let the text be typed in, or only read."""
        self.setReadOnly(not editable)
        keys = Qt.TextInteractionFlag.TextSelectableByKeyboard
        self.setTextInteractionFlags(self.textInteractionFlags() | keys)
        self._redraw()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """Mark problems in the margin and under the text, the graver one where a line has two."""
        self._problems = problems
        marks: dict[int, tuple[str, str]] = {}
        for problem in sorted(problems, key=lambda problem: problem.grave):
            line = max(0, problem.line - 1)
            words = [each.sentence for each in problems if max(0, each.line - 1) == line]
            marks[line] = ("BAD" if problem.grave else "WARN", "\n".join(words))
        self.set_marks(marks)
        self._redraw()

    def show_found(self, found: list[QTextCursor]) -> None:
        """Mark what was looked for."""
        self._found = found
        self._redraw()

    def show_text(self, text: str) -> None:
        """Put another text in; what could be undone is forgotten."""
        self._colors.begin()
        self.setPlainText(text)

    def replace_all(self, text: str) -> None:
        """Put another text in, as one step that can be undone."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        self._colors.begin()
        cursor.insertText(text)

    # ---- keys

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and self._own(event):
            event.accept()  # else the window's shortcut of the same keys is taken
            return True
        if isinstance(event, QHelpEvent):
            return self._explain(event)
        return super().event(event)

    def _own(self, event: QKeyEvent) -> bool:
        control = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == _CONTROL
        return control and event.key() in (*_OWN, Qt.Key.Key_Slash)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if self._own(event) and event.key() in _OWN:
            getattr(self, _OWN[Qt.Key(event.key())]).emit()
        elif self.isReadOnly() or not self._edited(event):
            super().keyPressEvent(event)
        else:
            self.ensureCursorVisible()

    def _edited(self, event: QKeyEvent) -> bool:
        """Whether the key does more than Qt would do with it, and has done it."""
        cursor, plain = self.textCursor(), not event.modifiers() & (_CONTROL | Qt.KeyboardModifier.AltModifier)
        match event.key():
            case Qt.Key.Key_Slash if self._own(event):
                code_typing.toggle_comment(cursor)
            case Qt.Key.Key_Return | Qt.Key.Key_Enter if plain:
                code_typing.new_line(cursor)
            case Qt.Key.Key_Tab if plain:
                code_typing.tab(cursor)
            case Qt.Key.Key_Backtab:
                code_typing.shift(cursor, further=False)
            case Qt.Key.Key_Backspace if plain and not event.modifiers() & _SHIFT:
                if not code_typing.backspace(cursor):
                    return False
            case _:
                return False
        self.setTextCursor(cursor)
        return True

    # ---- eyes

    def _explain(self, event: QHelpEvent) -> bool:
        line = self.cursorForPosition(self.viewport().mapFrom(self, event.pos())).blockNumber() + 1
        words = "\n".join(problem.sentence for problem in self._problems if max(1, problem.line) == line)
        QToolTip.showText(event.globalPos(), words, self) if words else QToolTip.hideText()
        return True

    def _redraw(self) -> None:
        self.setExtraSelections(self.selections())
        self.gutter.update()

    def selections(self) -> list[QTextEdit.ExtraSelection]:
        """The line of the cursor, what was found, and waves under problems."""
        drawn = super().selections()
        if not self.isReadOnly():
            drawn.append(self.ground(self.textCursor().blockNumber(), theme.color("BG2")))
        drawn += [_marked(cursor, _ground("SELECTION")) for cursor in self._found]
        drawn += [
            _marked(self._line(problem), _wave("BAD" if problem.grave else "WARN"))
            for problem in self._problems
            if problem.line
        ]
        return drawn

    def _line(self, problem: Problem) -> QTextCursor:
        """From where the problem begins to the end of its line, or the whole line."""
        block = self.document().findBlockByNumber(problem.line - 1)
        cursor = QTextCursor(block)
        text = block.text()
        start = (
            len(text) - len(text.lstrip()) if problem.column <= 1 or problem.column > len(text) else problem.column - 1
        )
        cursor.setPosition(block.position() + start)
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
        return cursor


def _marked(cursor: QTextCursor, format: QTextCharFormat) -> QTextEdit.ExtraSelection:
    selection = QTextEdit.ExtraSelection()
    selection.cursor, selection.format = cursor, format
    return selection


def _wave(token: str) -> QTextCharFormat:
    ink = QTextCharFormat()
    ink.setUnderlineStyle(QTextCharFormat.UnderlineStyle.WaveUnderline)
    ink.setUnderlineColor(theme.color(token))
    return ink


def _ground(token: str) -> QTextCharFormat:
    ink = QTextCharFormat()
    ink.setBackground(QColor(theme.color(token)))
    return ink
