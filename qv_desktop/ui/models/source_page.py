"""One strategy's source: the editor with what is wrong in it, a field for the note, and the buttons that save or give up."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.domain.strategies import LONGEST_NOTE
from qv_desktop.domain.strategy_source import Problem
from qv_desktop.ui import theme
from qv_desktop.ui.models.code_editor import CodeEditor
from qv_desktop.ui.models.find_bar import FindBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.strategy_columns import PROBLEM_COLUMNS
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

LINT_AFTER, DRAFT_AFTER = 350, 400  # ms after the last key
ROWS = 4  # problems in view at once
ROW = 22  # px


class SourcePage(QWidget):
    """Says what a person does to the text; ``show_source`` puts another one in. It is unsaved while it differs from what is saved."""

    typed = Signal(str)  # the text, a moment after the last key
    lint_asked = Signal(str)
    save_asked = Signal()
    discard_asked = Signal()
    unsaved_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._saved = ""  # the text that the newest version has
        self._unsaved, self._faulty, self._why, self._showing = False, False, "", False
        self.editor = CodeEditor()
        self.finding = FindBar(self.editor)
        self._problems: TableModel[Problem] = TableModel(PROBLEM_COLUMNS, key=lambda problem: problem)
        self.problems: Table[Problem] = Table(self._problems, empty="")
        self.note, self.state = QLineEdit(), theme.label("", "hint")
        self.save, self.discard = theme.button("Save version", "primary"), theme.button("Discard")
        self._lint, self._draft = (QTimer(self, singleShot=True, interval=each) for each in (LINT_AFTER, DRAFT_AFTER))
        self._build()
        self._connect()
        self._judge()

    def _build(self) -> None:
        self.problems.setAccessibleName("Problems in the source")
        self.problems.horizontalHeader().hide()
        self.problems.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.note.setPlaceholderText("What changed, in a few words")
        self.note.setAccessibleName("Note of the version")
        self.note.setMaxLength(LONGEST_NOTE)
        self.note.setMinimumWidth(60)
        self.save.setAccessibleName("Save version")
        self.foot = Bar(self.note, self.state, self.discard, self.save, yielding=(self.state,))
        stacked(self, self.finding, self.editor, divider(), self.problems, self.foot).setStretch(1, 1)
        self.problems.hide()

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._changed)
        self.editor.save_asked.connect(self._ask_save)
        self.editor.find_asked.connect(self.finding.open_bar)
        self.save.clicked.connect(self._ask_save)
        self.discard.clicked.connect(self.discard_asked)
        self.note.returnPressed.connect(self._ask_save)
        self.problems.row_chosen.connect(self._jump)
        self._lint.timeout.connect(lambda: self.lint_asked.emit(self.text()))
        self._draft.timeout.connect(lambda: self.typed.emit(self.text()))

    # ---- in

    def show_source(self, saved: str, text: str | None = None, note: str = "") -> None:
        """The saved text, and what is typed instead of it where there is something."""
        self._showing = True
        self._saved = saved
        self.editor.show_text(saved if text is None else text)
        self.note.setText(note)
        self.show_problems(())
        self._showing = False
        (self._lint.start if self.text() else self._lint.stop)()
        self._draft.stop()
        self._note_unsaved()

    def show_saved(self, saved: str) -> None:
        """What is saved is this now; what was typed since stays."""
        self._saved = saved
        self._note_unsaved()

    def show_problems(self, problems: Sequence[Problem]) -> None:
        """What is to be said about the text as it stands."""
        self.editor.show_problems(problems)
        self._problems.replace(list(dict.fromkeys(problems)))  # a sentence is said once for each place
        self.problems.setVisible(bool(problems))
        self.problems.setFixedHeight(min(ROWS, max(1, len(problems))) * ROW + 2)
        self._faulty = any(problem.grave for problem in problems)
        self._judge()

    def forbid(self, why: str) -> None:
        """Why the text cannot be changed, or nothing when it can."""
        self._why = why
        self.editor.set_editable(not why)
        self._judge()

    def text(self) -> str:
        """What is typed."""
        return self.editor.text()

    @property
    def unsaved(self) -> bool:
        """Whether what is typed is not what is saved."""
        return self._unsaved

    def flush(self) -> None:
        """Say at once what was typed a moment ago."""
        if self._draft.isActive():
            self._draft.stop()
            self.typed.emit(self.text())

    # ---- what the person does

    def _changed(self) -> None:
        if self._showing:
            return
        self._lint.start()
        self._draft.start()
        self._note_unsaved()

    def _note_unsaved(self) -> None:
        before, self._unsaved = self._unsaved, self.text().rstrip("\n") != self._saved.rstrip("\n")
        self._judge()
        if before != self._unsaved:
            self.unsaved_changed.emit(self._unsaved)

    def _ask_save(self) -> None:
        if self.save.isEnabled():
            self.flush()
            self.save_asked.emit()

    def _jump(self, problem: Problem | None) -> None:
        if problem is not None:
            self.editor.go_to(problem.line or 1, problem.column)
            self.editor.setFocus()

    def _judge(self) -> None:
        """Which buttons there are, and what the state line says."""
        forbid(self.save, self._why or ("" if self._unsaved else "Nothing was changed"))
        self.save.setToolTip(self.save.toolTip() or "Ctrl+S")
        forbid(self.discard, self._why or ("" if self._unsaved else "Nothing was changed"))
        for part in (self.note, self.discard, self.save):
            self.foot.want(part, not self._why)
        words = self._why or ("Not saved" if self._unsaved else "Saved")
        if self._faulty:
            words += " · has faults"
        tint(self.state, "BAD" if self._faulty else "WARN" if self._unsaved and not self._why else "TX2")
        self.state.setText(words)
        self.state.setToolTip(words)
        self.state.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.foot.want(self.state, True)
