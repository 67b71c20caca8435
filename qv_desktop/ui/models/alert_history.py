"""The history of alerts: raised, grown graver, acknowledged, snoozed, escalated and cleared, by whom and with which figures."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from qv_desktop.domain.desk_alerts import Past
from qv_desktop.ui import theme
from qv_desktop.ui.models.alert_columns import DEEDS, SEVERITY_WORDS, history_columns
from qv_desktop.ui.models.layouts import Bar, divider, stacked
from qv_desktop.ui.models.menu_button import export_button
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

RANGES = {"Today": 1, "7 days": 7, "30 days": 30, "365 days": 365}  # words -> days
ANY, EVERYTHING = "Any severity", "Everything"


class AlertHistory(QWidget):
    """Emits ``asked`` with so many days when it is shown or another range is chosen; the filters look at what came."""

    asked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.model: TableModel[tuple[int, Past]] = TableModel(history_columns(), key=lambda row: row[0], parent=self)
        self.table = Table(self.model, empty="Nothing was raised in this time.")
        self.table.setAccessibleName("History of alerts")
        self.days, self.severity, self.what = QComboBox(), QComboBox(), QComboBox()
        self.days.addItems(list(RANGES))
        self.severity.addItems([ANY, *SEVERITY_WORDS.values()])
        self.what.addItems([EVERYTHING, *DEEDS.values()])
        self.text = QLineEdit()
        self.text.setPlaceholderText("Filter")
        self.text.setMinimumWidth(60)
        self.count = theme.label("", "hint")
        for part, name in (
            (self.days, "Days"),
            (self.severity, "Severity"),
            (self.what, "What happened"),
            (self.text, "Filter"),
        ):
            part.setAccessibleName(name)
        bar = Bar(self.days, self.severity, self.what, self.text, self.count, export_button(self.table),
                  yielding=(self.count, self.what, self.severity))  # fmt: skip
        stacked(self, bar, divider(), self.table).setStretch(2, 1)
        self.days.currentIndexChanged.connect(self.ask)
        for choice in (self.severity, self.what):
            choice.currentIndexChanged.connect(self._filter)
        self.text.textChanged.connect(self._filter)

    def ask(self) -> None:
        """Ask for the range that is chosen."""
        self.asked.emit(RANGES[self.days.currentText()])

    def show_past(self, past: Sequence[Past]) -> None:
        """What was done, newest first."""
        self.model.replace(list(enumerate(past)))
        self._filter()

    def showEvent(self, event: QShowEvent) -> None:
        self.ask()
        super().showEvent(event)

    def _filter(self) -> None:
        self.model.filter_by(self._passes)
        shown, known = self.model.rowCount(), len(self.model.all_rows())
        self.count.setText(f"{shown:,} of {known:,}" if shown != known else f"{known:,}")

    def _passes(self, row: tuple[int, Past]) -> bool:
        past, words = row[1], self.text.text().strip().casefold()
        severity, what = self.severity.currentText(), self.what.currentText()
        if severity not in (ANY, SEVERITY_WORDS[past.alert.severity]) or what not in (
            EVERYTHING,
            DEEDS[past.done.what],
        ):
            return False
        return words in f"{past.alert.title} {past.done.words} {past.done.actor}".casefold()
