"""The page of tests of a sweep: four cards beside or under each other, and what runs."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QProgressBar, QScrollArea, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.validation import Kind, Validation
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across
from qv_desktop.ui.models.validation_cards import Card, FoldsCard, OverfittingCard, TradesCard, WalkCard

BESIDE = 720  # px of width from which two cards stand beside each other
NOTHING = "Run a sweep, or choose a kept one under Sweeps; then test here how far its best combination can be believed."


class ValidationPage(QWidget):
    """Asks for tests with their terms: ``asked`` carries the kind and the terms (None for overfitting)."""

    asked = Signal(str, object)
    cancel_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.overfitting, self.walk, self.folds, self.trades = OverfittingCard(), WalkCard(), FoldsCard(), TradesCard()
        self.cards: dict[Kind, Card] = {"overfitting": self.overfitting, "walk_forward": self.walk, "cross_validation": self.folds,
                                        "monte_carlo": self.trades}  # fmt: skip
        self._values: tuple[float, ...] | None = None  # the combination whose trades are drawn
        self._running, self._lacking, self._there = False, "", False
        self._bar, self._step, self._cancel = QProgressBar(), theme.label("", "hint"), theme.button("Cancel")
        self._grid = QGridLayout()
        self._columns = 0
        self._build()
        self._connect()
        self.show_sweep(False)
        self.show_running(False)

    def _build(self) -> None:
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName("Progress of the test")
        self._head = QWidget()
        row = across(self._step, self._bar, self._cancel)
        row.setContentsMargins(10, 4, 10, 0)
        row.setStretch(1, 1)
        self._head.setLayout(row)
        inner = QWidget()
        inner.setLayout(self._grid)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inner)
        self._nothing = theme.label(NOTHING, "label")
        self._nothing.setWordWrap(True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._nothing.setContentsMargins(16, 16, 16, 16)
        self._scroll = scroll
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        for widget in (self._head, self._nothing, scroll):
            column.addWidget(widget, 0 if widget is self._head else 1)
        self._arrange(1)

    def _connect(self) -> None:
        self.overfitting.asked.connect(lambda: self.asked.emit("overfitting", None))
        self.walk.asked.connect(lambda: self._ask("walk_forward"))
        self.folds.asked.connect(lambda: self._ask("cross_validation"))
        self.trades.asked.connect(lambda: self._ask("monte_carlo"))
        self._cancel.clicked.connect(self.cancel_asked)

    def _ask(self, kind: Kind) -> None:
        try:
            if kind == "walk_forward":
                self.asked.emit(kind, self.walk.terms())
            elif kind == "cross_validation":
                self.asked.emit(kind, self.folds.terms())
            elif self._values is not None:
                self.asked.emit(kind, self.trades.terms(self._values))
        except BadInput as error:
            self.cards[kind].show_failure(str(error))

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for at, card in enumerate(self.cards.values()):
            self._grid.addWidget(card, at // columns, at % columns)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1 if columns > 1 else 0)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange(2 if self.width() >= BESIDE else 1)

    # showing

    def show_sweep(self, there: bool) -> None:
        """Another sweep is in view, of which nothing is known yet; or none."""
        self._there, self._values = there, None
        self._scroll.setVisible(there)
        self._nothing.setVisible(not there)
        for card in self.cards.values():
            card.clear()

    def show_combination(self, values: tuple[float, ...] | None) -> None:
        """Whose trades are drawn."""
        self._values = values
        self._greyed()

    def show_validation(self, told: Validation) -> None:
        """A test's result, now or of an earlier day."""
        self.cards[told.kind].show_validation(told)

    def show_failure(self, kind: Kind, sentence: str) -> None:
        """A test that was not made, and why."""
        self.cards[kind].show_failure(sentence)

    def show_running(self, running: bool, fraction: float = 0.0, step: str = "") -> None:
        """How far the running test is."""
        self._running = running
        self._head.setVisible(running)
        self._bar.setValue(round(fraction * 1000))
        self._step.setText(step)
        self._greyed()

    def forbid(self, why: str) -> None:
        """Why the person may not test; empty when they may."""
        self._lacking = why
        self._greyed()

    def _greyed(self) -> None:
        for kind, card in self.cards.items():
            none = "Choose a combination first." if kind == "monte_carlo" and self._values is None else ""
            card.show_running(self._running, self._lacking or none)
