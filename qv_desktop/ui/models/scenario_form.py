"""The form of a stress scenario of one's own: a name, and shocks of the market, of sectors and of symbols."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from qv_desktop.domain import typed_numbers
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.risk_measures import Scenario, Shock
from qv_desktop.domain.sectors import SECTORS
from qv_desktop.domain.stress import own
from qv_desktop.domain.stress_history import MARKET, SECTOR, SYMBOL
from qv_desktop.ui import format, theme
from qv_desktop.ui.models.complaint import Complaint

KINDS = {"Market": MARKET, "Sector": SECTOR, "Symbol": SYMBOL}


@dataclass(slots=True)
class _Row:
    """The controls of one shock."""

    kind: QComboBox
    sector: QComboBox
    symbol: QLineEdit
    move: QLineEdit
    drop: QPushButton

    def parts(self) -> tuple[QWidget, ...]:
        return self.kind, self.sector, self.symbol, self.move, self.drop

    def chosen(self) -> str:
        return KINDS[self.kind.currentText()]

    def target(self) -> str:
        return {MARKET: "", SECTOR: self.sector.currentText(), SYMBOL: self.symbol.text()}[self.chosen()]


class ScenarioForm(QWidget):
    """``saved`` carries the Scenario and the name of the one that it replaces, "" of a new one."""

    saved = Signal(object, str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._replaces = ""
        self._rows: list[_Row] = []
        self.name = QLineEdit()
        self.name.setPlaceholderText("Name, such as Rates up 100 bps")
        self.name.setAccessibleName("Name of the scenario")
        self.name.setMaxLength(60)
        self.complaint = Complaint()
        self._title = theme.label("", "title")
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(4)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, 72)
        self.more = theme.button("Add a shock")
        self.save = theme.button("Save scenario", "primary")
        self.cancel = theme.button("Cancel")
        self._lay_out()
        self.more.clicked.connect(lambda: self._add(Shock(SYMBOL, "", -0.1)))
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self.left)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(6)
        column.addWidget(self._title)
        column.addWidget(self.name)
        column.addWidget(theme.caption("Shocks: the most particular one counts"))
        column.addLayout(self._grid)
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.complaint)
        column.addStretch(1)
        row = QHBoxLayout()
        row.setSpacing(6)
        row.addWidget(self.cancel, 1)
        row.addWidget(self.save, 1)
        column.addLayout(row)

    # ---- what is shown

    def show_scenario(self, scenario: Scenario | None, *, copy: bool = False) -> None:
        """Fill in a scenario to change, or to begin another one from (``copy``); None begins a new one."""
        self._replaces = "" if scenario is None or copy else scenario.name
        self._title.setText(f"Change “{self._replaces}”" if self._replaces else "New scenario")
        self.name.setText("" if scenario is None else f"{scenario.name}, changed"[:60] if copy else scenario.name)
        self.complaint.show_text("", "")
        while self._rows:
            self._drop(self._rows[-1])
        for shock in scenario.shocks if scenario is not None else (Shock(MARKET, "", -0.1),):
            self._add(shock)
        self.name.setFocus()

    def show_failed(self, sentence: str) -> None:
        """Why it was not saved."""
        self.complaint.show_text(sentence, "")

    def _add(self, shock: Shock) -> None:
        row = _Row(QComboBox(), QComboBox(), QLineEdit(), QLineEdit(), theme.button("✕", "ghost"))
        row.kind.addItems(list(KINDS))
        row.kind.setCurrentText(next(title for title, kind in KINDS.items() if kind == shock.kind))
        row.sector.addItems(list(SECTORS))
        if shock.kind == SECTOR:
            row.sector.setCurrentText(shock.target)
        row.symbol.setText(shock.target if shock.kind == SYMBOL else "")
        row.symbol.setPlaceholderText("Symbol")
        row.move.setText(f"{shock.move * 100:+.4f}".rstrip("0").rstrip(".").replace("-", format.MINUS))
        for box in (row.kind, row.sector):  # as narrow as the panel is; a name too long for it is elided
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(4)
        row.sector.setMinimumWidth(60)
        row.symbol.setMinimumWidth(60)
        row.move.setFixedWidth(64)
        row.move.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.drop.setFixedWidth(26)
        number = len(self._rows) + 1
        for part, words in zip(row.parts(), ("Kind", "Sector", "Symbol", "Move in percent", "Take away"), strict=True):
            part.setAccessibleName(f"{words}, shock {number}")
            part.setFixedHeight(26)
        row.move.setToolTip("The move in percent, such as −20")
        row.drop.setToolTip("Take this shock away")
        row.kind.activated.connect(lambda: self._turn(row))
        row.drop.clicked.connect(lambda: self._drop(row))
        self._rows.append(row)
        self._place()
        self._turn(row)

    def _place(self) -> None:
        for at, row in enumerate(self._rows):
            for part, column in zip(row.parts(), (0, 1, 1, 2, 3), strict=True):
                self._grid.addWidget(part, at, column)

    def _turn(self, row: _Row) -> None:
        row.sector.setVisible(row.chosen() == SECTOR)
        row.symbol.setVisible(row.chosen() != SECTOR)
        row.symbol.setEnabled(row.chosen() == SYMBOL)
        row.symbol.setPlaceholderText("Symbol" if row.chosen() == SYMBOL else "every name, by its beta")

    def _drop(self, row: _Row) -> None:
        self._rows.remove(row)
        for part in row.parts():
            self._grid.removeWidget(part)
            part.hide()
            part.deleteLater()
        self._place()

    # ---- what is asked

    def shocks(self) -> Sequence[Shock]:
        """What the rows say. Raises BadInput."""
        return [Shock(row.chosen(), row.target(), _move(row.move.text())) for row in self._rows]

    def _save(self) -> None:
        try:
            scenario = own(self.name.text(), self.shocks())
        except BadInput as error:
            self.show_failed(str(error))
            return
        self.complaint.show_text("", "")
        self.saved.emit(scenario, self._replaces)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        else:
            super().keyPressEvent(event)


def _move(text: str) -> float:
    """A move in percent as a fraction. Raises BadInput."""
    plain = text.strip().removesuffix("%").strip().replace(format.MINUS, "-")
    number = typed_numbers.read(plain, text)
    if number is None:
        raise BadInput(f"“{text.strip()}” is no move; type it in percent, such as −20 or +5.")
    return float(number / 100)
