"""The strategies panel: what can be tested and run, at which version, and the source it stands for."""

import re
from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPlainTextEdit, QSplitter, QVBoxLayout, QWidget

from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

EMPTY = "No strategies yet; the built-in ones appear once the database is ready."
_TEST_TIP = "Set the backtest panel to this strategy (double-click does the same)"
LIST_WIDE = 400  # px
SIDE_BY_SIDE = 760  # px of width from which the source stands beside the list

PATTERNS: tuple[tuple[str, str], ...] = (  # pattern -> token of its colour, later ones win
    (
        r"\b(def|return|import|from|class|if|else|elif|for|in|while|not|and|or|is|lambda|with|as|None|True|False)\b",
        "CODE_WORD",
    ),
    (r"\b\d[\d_.]*\b", "CODE_NUMBER"),
    (r"(?<=def )\w+", "TX0"),
    (r"\"[^\"\n]*\"|'[^'\n]*'", "CODE_TEXT"),
    (r"#.*$", "TX2"),
)
DOCSTRING = re.compile(r'"""')


class PythonColors(QSyntaxHighlighter):
    """Colours Python: keywords, numbers, strings, comments and docstrings over several lines."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        self._rules = [(re.compile(pattern), _ink(ink)) for pattern, ink in PATTERNS]
        self._doc = _ink("TX2")

    def highlightBlock(self, text: str) -> None:
        """Colour one line; state 1 means that a docstring goes on."""
        for pattern, ink in self._rules:
            for found in pattern.finditer(text):
                self.setFormat(found.start(), len(found[0]), ink)
        inside = self.previousBlockState() == 1
        begin = 0
        for found in DOCSTRING.finditer(text):
            if inside:
                self.setFormat(begin, found.end() - begin, self._doc)
            inside, begin = not inside, found.start()
        if inside:
            self.setFormat(begin, len(text) - begin, self._doc)
        self.setCurrentBlockState(1 if inside else 0)


def _ink(token: str) -> QTextCharFormat:
    ink = QTextCharFormat()
    ink.setForeground(theme.color(token))
    return ink


def knob(parameter: Parameter) -> str:
    """A parameter as ``fast 20 (2–200)``."""
    return f"{parameter.name} {parameter.default:g} ({parameter.low:g}–{parameter.high:g})"


COLUMNS: tuple[Column[Strategy], ...] = (
    Column("Name", lambda s: s.name, bold=True, width=110),
    Column("Ver", lambda s: f"{s.version}", key=lambda s: s.version, right=True, width=40),
    Column("Title", lambda s: s.title, color=lambda s: "TX1", width=150, stretch=True),
    Column("Hash", lambda s: s.code_hash[:8], mono=True, color=lambda s: "TX1", width=84, tip=lambda s: s.code_hash),
    Column("Author", lambda s: s.author, color=lambda s: "TX1", width=90, shown=False),
    Column(
        "Created",
        lambda s: format.day(s.created),
        key=lambda s: s.created,
        color=lambda s: "TX1",
        width=84,
        shown=False,
    ),
)


class StrategiesPanel(QWidget):
    """Lists strategies and shows the chosen one's source. ``chosen`` and ``backtest_asked`` carry the strategy's name."""

    name = "strategies"
    title = "Strategies"

    chosen = Signal(str)
    backtest_asked = Signal(str)
    deploy_asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._model: TableModel[Strategy] = TableModel(COLUMNS, key=lambda s: s.name)
        self.table: Table[Strategy] = Table(self._model, empty=EMPTY)
        self.table.setAccessibleName("Strategies")
        self.source = QPlainTextEdit()
        self._heading = QLabel()
        self._knobs = theme.label("", "hint")
        self._hash = QLabel()
        self._test = theme.button("Backtest")
        self.deploy = theme.button("Deploy this version…")
        self._shown: Strategy | None = None
        self._lacking = ""  # why the person may not run backtests
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._build()
        self.table.row_chosen.connect(self._choose)
        self.table.row_opened.connect(self._ask_for)
        self._test.clicked.connect(self._ask)
        self.deploy.clicked.connect(self._ask_deploy)
        self._show_source(None)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._splitter.addWidget(self.table)
        self._splitter.addWidget(self._reader())
        self._splitter.setHandleWidth(4)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setStretchFactor(0, 2)
        self._splitter.setStretchFactor(1, 3)
        column.addWidget(self._splitter)

    def _reader(self) -> QWidget:
        reader = QFrame()
        column = QVBoxLayout(reader)
        column.setContentsMargins(10, 4, 8, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._heading.setFont(theme.bold())
        self._hash.setFont(theme.mono())
        ground, ink = theme.CHIPS["filled"]
        self._hash.setFixedHeight(18)
        self._hash.setStyleSheet(f"background:{ground}; color:{ink}; border-radius:3px; padding:1px 6px;")
        for widget in (self._heading, self._hash):
            row.addWidget(widget)
        row.addStretch(1)
        self._test.setToolTip(_TEST_TIP)
        row.addWidget(self._test)
        row.addWidget(self.deploy)
        column.addLayout(row)
        self._knobs.setWordWrap(True)
        column.addWidget(self._knobs)
        self.source.setReadOnly(True)
        self.source.setFont(theme.mono())
        self.source.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.source.setFrameShape(QFrame.Shape.NoFrame)
        self.source.setStyleSheet("border:none; background:transparent; padding:0;")
        self.source.setAccessibleName("Strategy source")
        self._colors = PythonColors(self.source.document())
        column.addWidget(self.source, 1)
        return reader

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """All strategies, newest versions; the first is shown until one is chosen."""
        self._model.replace(strategies)
        kept = next((s for s in strategies if self._shown is not None and s.name == self._shown.name), None)
        shown = kept or (strategies[0] if strategies else None)
        self._show_source(shown)
        if shown is not None:
            self.table.select_key(shown.name)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``backtest`` or ``deploy``; what is absent is allowed."""
        self._lacking = lacking.get("backtest", "")
        self._test.setEnabled(not self._lacking)
        self._test.setToolTip(self._lacking or _TEST_TIP)
        forbid(self.deploy, lacking.get("deploy", ""))

    def _choose(self, strategy: Strategy | None) -> None:
        if strategy is not None and strategy != self._shown:
            self._show_source(strategy)
            self.chosen.emit(strategy.name)

    def _ask(self) -> None:
        if self._shown is not None:
            self._ask_for(self._shown)

    def _ask_deploy(self) -> None:
        if self._shown is not None:
            self.deploy_asked.emit(self._shown.name)

    def _ask_for(self, strategy: Strategy) -> None:
        if not self._lacking:
            self.backtest_asked.emit(strategy.name)

    def _show_source(self, strategy: Strategy | None) -> None:
        self._shown = strategy
        for widget in (self._heading, self._hash, self._test, self.deploy, self._knobs):
            widget.setVisible(strategy is not None)
        self.source.setPlainText(strategy.source if strategy is not None else "")
        if strategy is not None:
            self._heading.setText(f"{strategy.name} v{strategy.version}")
            self._hash.setText(f"sha {strategy.code_hash[:8]}")
            self._hash.setToolTip(f"SHA-256 of the source: {strategy.code_hash}")
            self._knobs.setText(" · ".join(knob(p) for p in strategy.parameters) or "No parameters")

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= SIDE_BY_SIDE and self.height() < self.width()
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self._splitter.orientation() is not wanted:
            self._splitter.setOrientation(wanted)
            self._splitter.setSizes([LIST_WIDE, self.width() - LIST_WIDE] if wide else [1000, 2000])
