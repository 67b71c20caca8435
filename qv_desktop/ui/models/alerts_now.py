"""The alerts that are not over: how grave, since when, how far beyond the threshold, and what one may do about them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QWidget

from qv_desktop.domain.desk_alerts import SNOOZES, Alert
from qv_desktop.ui import theme
from qv_desktop.ui.models.alert_columns import alert_columns
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

EMPTY = "No alert is active.\nWhat a rule finds stands here until it is over; Rules shows what is watched."
CHOOSE = "Select an alert first"


class AlertsNow(QWidget):
    """Emits what a person does; Enter or a double click goes to what an alert is about, Del acknowledges."""

    acknowledge_asked = Signal(list)  # ids
    snooze_asked = Signal(list, float)  # ids, minutes
    opened = Signal(object)  # Alert

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.model: TableModel[Alert] = TableModel(alert_columns(lambda: self.now()), key=lambda a: a.id, parent=self)
        self.table = Table(self.model, empty=EMPTY)
        self.table.setAccessibleName("Active alerts")
        self.count = theme.label("", "hint")
        self.acknowledge = theme.button("Acknowledge", "ghost")
        self.snooze = menu_button("Snooze ▾", "Keep quiet about it for a while; it stays in the list", self._fill)
        self.go = theme.button("Go to", "ghost")
        strip = Bar(self.count, None, self.acknowledge, self.snooze, self.go, yielding=(self.count,))
        stacked(self, strip, divider(), self.table).setStretch(2, 1)
        self.table.row_opened.connect(self.opened)
        self.table.delete_asked.connect(self._acknowledge)
        self.table.selectionModel().selectionChanged.connect(self._judge)
        self.acknowledge.clicked.connect(lambda: self._acknowledge(self.table.selected()))
        self.go.clicked.connect(self._go)
        self._show_count([])

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """All of them, newest first."""
        known = {alert.id for alert in alerts}
        if known == {alert.id for alert in self.model.all_rows()}:
            self.model.upsert(alerts)
        else:
            self.model.replace(alerts[::-1])
        self._show_count(alerts)

    def tick(self) -> None:
        """Once a second, while it can be seen: ages grow."""
        if self.isVisible() and self.model.rowCount():
            self.model.refresh()

    def _show_count(self, alerts: Sequence[Alert]) -> None:
        critical = sum(alert.severity == "critical" for alert in alerts)
        waiting = sum(alert.waits for alert in alerts)
        words = f"{len(alerts):,} active · {critical:,} critical · {waiting:,} to acknowledge"
        self.count.setText(words if alerts else "All is well")
        tint(self.count, "BAD" if critical else "TX2")
        self._judge()

    def _judge(self) -> None:
        chosen = self.table.selected()
        forbid(
            self.acknowledge, CHOOSE if not chosen else "" if any(a.waits for a in chosen) else "Nothing of it waits"
        )
        forbid(self.snooze, "" if chosen else CHOOSE)
        forbid(self.go, "" if len(chosen) == 1 else CHOOSE)

    def _acknowledge(self, alerts: Sequence[Alert]) -> None:
        if ids := [alert.id for alert in alerts if alert.waits]:
            self.acknowledge_asked.emit(ids)

    def _fill(self, menu: QMenu) -> None:
        ids = [alert.id for alert in self.table.selected()]
        for words, minutes in SNOOZES.items():
            entry(menu, f"For {words}", lambda minutes=minutes: self.snooze_asked.emit(ids, float(minutes)))  # type: ignore[misc]

    def _go(self) -> None:
        if len(chosen := self.table.selected()) == 1:
            self.opened.emit(chosen[0])
