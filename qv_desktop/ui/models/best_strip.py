"""The strip over a sweep's pages: the best combination or the chosen one, what it came to, and loudly how far it can be believed."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from qv_desktop.domain.validation import Level
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import forbid

UNTESTED = "Not tested for overfitting: the best of many trials always looks good. Test it under Validation."
GROUNDS: dict[Level, str] = {"good": "working", "doubtful": "unresolved", "bad": "rejected", "unknown": "filled"}


class BestStrip(QFrame):
    """Emits ``open_asked`` to run the combination as a backtest, ``best_asked`` to go back to the best one,
    ``export_asked`` to write every combination into a file.
    """

    open_asked = Signal()
    export_asked = Signal()
    best_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._title, self._figures, self._verdict = QLabel(), theme.label("", "label"), QLabel()
        self._open, self._best = theme.button("Open as backtest"), theme.button("Best", "ghost")
        self._export = theme.button("Export CSV", "ghost")
        self._export.setToolTip("Every combination in view as a file")
        self._open.setToolTip("Fill the backtest form with this combination and run it")
        self._best.setToolTip("Back to the best combination")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 8, 6)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(1)
        self._title.setFont(theme.strong())
        for label in (self._title, self._figures):
            label.setMinimumWidth(10)
            label.setWordWrap(True)
            words.addWidget(label)
        row.addLayout(words, 1)
        row.addWidget(self._best, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._export, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self._open, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(row)
        self._verdict.setWordWrap(True)
        self._verdict.setMinimumWidth(10)
        self._verdict.setFont(theme.bold())
        column.addWidget(self._verdict)
        self._open.clicked.connect(self.open_asked)
        self._best.clicked.connect(self.best_asked)
        self._export.clicked.connect(self.export_asked)
        self.hide()

    def show_combination(self, title: str, figures: str, *, best: bool) -> None:
        """Which combination it is, and what it came to."""
        self._title.setText(title)
        self._figures.setText(figures)
        self._best.setVisible(not best)
        self.show()

    def show_verdict(self, level: Level | None, sentence: str) -> None:
        """How far the best can be believed; None while nobody has tested it."""
        chip = GROUNDS[level or "unknown"]
        self._verdict.setText(sentence if level else UNTESTED)
        size = "" if level in (None, "good") else "font-size:13px;"
        theme.wear(self._verdict, lambda: f"{theme.chip(chip)} border-radius:3px; padding:4px 8px; {size}")
        self._verdict.setAccessibleName(self._verdict.text())

    def forbid(self, running: str, exporting: str) -> None:
        """Why the person may not run backtests, or export; empty when they may."""
        forbid(self._open, running)
        forbid(self._export, exporting)

    def text(self) -> str:
        """What it says, for a screen reader."""
        return ". ".join(label.text() for label in (self._title, self._figures, self._verdict))
