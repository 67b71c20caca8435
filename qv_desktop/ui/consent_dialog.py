"""The question before somebody's code runs for the first time: whose it is, which text exactly, and the text itself to read."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.strategy_source import Problem
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.code_editor import CodeEditor
from qv_desktop.ui.models.layouts import across, divider, note, paint_note

WIDE, HIGH = 720, 560  # px
WORDS = (
    "This code did not come with the program. It runs in a process of its own, without your keys and within limits, and as far as this "
    "system can without your files and the network. It decides what a backtest or a deployment trades: allow it only if you know what it "
    "does."
)


class ConsentDialog(QDialog):
    """Asks in the words of who runs it; ``answered`` says whether the code may run, once."""

    answered = Signal(bool)

    def __init__(
        self, strategy: Strategy, person: str, cautions: Sequence[Problem] = (), parent: QWidget | None = None
    ) -> None:
        """``cautions`` are marked in the text and counted above it."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("consent-dialog")
        self.setWindowTitle("Code that has not run for you yet")
        self.resize(WIDE, HIGH)
        self.setMinimumSize(420, 360)
        self.strategy = strategy
        self.allow, self.back = theme.button("Allow this code", "primary"), theme.button("Do not run it", "plain")
        self.source = CodeEditor()
        self.source.show_text(strategy.source)
        self.source.show_problems(cautions)
        self._answered = False
        self._lay_out(person, cautions)
        self.allow.clicked.connect(lambda: self._answer(True))
        self.back.clicked.connect(lambda: self._answer(False))
        self.rejected.connect(lambda: self._answer(False))
        self.back.setDefault(True)
        self.back.setFocus()

    def facts(self) -> dict[str, str]:
        """What is said of the code."""
        lines = self.strategy.source.count("\n")
        size = len(self.strategy.source.encode("utf-8", "surrogatepass"))
        return {
            "Strategy": f"{self.strategy.name} · {self.strategy.title}",
            "Version": f"{self.strategy.version}, saved {format.day(self.strategy.created)}",
            "Author": self.strategy.author,
            "Size": f"{lines:,} lines, {size:,} bytes",
            "SHA-256": self.strategy.code_hash,
        }

    def _lay_out(self, person: str, cautions: Sequence[Problem]) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        words = theme.label(WORDS, "value")
        words.setFont(theme.body())
        words.setWordWrap(True)
        column.addWidget(theme.label(f"Run “{self.strategy.name}” by {self.strategy.author}?", "title"))
        column.addWidget(words)
        column.addLayout(self._grid())
        if cautions:
            odd = note()
            paint_note(odd, "WARN")
            lines = len({problem.line for problem in cautions})
            odd.setText(f"{lines} {'line looks' if lines == 1 else 'lines look'} out of place: {cautions[0].sentence}")
            odd.show()
            column.addWidget(odd)
        column.addWidget(divider())
        column.addWidget(self.source, 1)
        column.addWidget(divider())
        hint = theme.label(
            f"Your answer is recorded, as {person}'s, for this text alone: changed code asks again.", "hint"
        )
        hint.setWordWrap(True)
        column.addWidget(hint)
        for button in (self.back, self.allow):
            button.setAutoDefault(False)
        column.addLayout(across(None, self.back, self.allow))

    def _grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        for row, (name, text) in enumerate(self.facts().items()):
            value = theme.label(text, "label")
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setWordWrap(True)
            if name == "SHA-256":
                value.setFont(theme.mono())
                value.setText(text[:32] + "\n" + text[32:])
            grid.addWidget(theme.label(name, "hint"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        return grid

    def _answer(self, allowed: bool) -> None:
        if not self._answered:
            self._answered = True
            self.answered.emit(allowed)
            self.close()
