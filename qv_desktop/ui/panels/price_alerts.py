"""Price alerts: the prices at which a person wants to be told, how far away they are, and which have been reached."""

from collections.abc import Iterable, Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QLineEdit, QMenu, QSizePolicy, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.price_alerts import LONGEST_NOTE, PriceAlert, written
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.order_draft import positive
from qv_desktop.ui.models.price_alert_columns import Watched, columns
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel


class PriceAlertsPanel(QWidget):
    """Emits what a person wants of alerts; whoever keeps them answers with ``show_alerts`` and, for a new one, ``show_added``.

    Keys: Enter in a field adds, F2 changes the price of the selected alert, Del removes the selected ones.
    """

    name = "price_alerts"
    title = "Price alerts"

    add_asked = Signal(str, float, str, bool)  # symbol, price, note, repeats
    move_asked = Signal(str, float)  # id, price
    rearm_asked = Signal(list)  # ids
    remove_asked = Signal(list)  # ids
    symbol_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last: dict[str, float] = {}  # symbol -> last price, of the symbols that have alerts
        self._lacking = ""  # why the person may not change alerts
        self.model: TableModel[Watched] = TableModel(columns(), key=lambda w: w.alert.id, parent=self)
        self.table = Table(
            self.model,
            empty="No price alerts yet.\nType a symbol and a price above and press Enter, or set one on the chart.",
        )
        self.symbol, self.price, self.note = QLineEdit(), NumberField("Price", arrows=False), QLineEdit()
        self.repeats, self.add = QCheckBox("Repeats"), theme.button("Add", "primary")
        self.rearm = theme.button("Re-arm", "ghost")
        self.more = menu_button("⋯", "More about price alerts", self._fill)
        self.wrong, self.status = theme.label("", "hint"), theme.label("", "hint")
        self.moving = ConfirmBar(keep="Leave it", kind="primary")
        self.to = NumberField("New price", arrows=False)
        self._arrange()
        self._connect()
        self._judge()

    # ---- what is shown

    def show_alerts(self, alerts: Sequence[PriceAlert]) -> None:
        """All alerts of the person, in the order of their making."""
        symbols = {alert.symbol for alert in alerts}
        self._last = {symbol: last for symbol, last in self._last.items() if symbol in symbols}
        self.model.replace([self._watched(alert) for alert in alerts])
        waiting = sum(alert.state == "armed" for alert in alerts)
        self.status.setText(f"{waiting:,} armed · {len(alerts) - waiting:,} fired" if alerts else "")
        self._judge()

    def upsert(self, snapshots: Iterable[Snapshot]) -> None:
        """Show what moved; symbols without an alert are passed over, and a hidden panel only remembers."""
        moved = {s.symbol: s.last for s in snapshots if s.last is not None}
        symbols = {watched.alert.symbol for watched in self.model.rows()} if moved else set()
        fresh = {symbol: last for symbol, last in moved.items() if symbol in symbols}
        self._last |= fresh
        if fresh and self.isVisible():
            self._show_last(fresh)

    def show_added(self) -> None:
        """The alert that was asked for is kept: the fields are ready for the next one of the same symbol."""
        self.price.clear()
        self.note.clear()
        self.repeats.setChecked(False)
        self.show_wrong("")
        self.price.setFocus()

    def show_wrong(self, sentence: str) -> None:
        """Why what was asked for cannot be; nothing when it can."""
        self.wrong.setText(sentence)
        self.wrong.setVisible(bool(sentence))

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` alerts or ``export`` tables; what is absent is allowed."""
        self._lacking = lacking.get("change", "")
        self.table.forbid_export(lacking.get("export", ""))
        for field in (self.symbol, self.price, self.note, self.repeats, self.add):
            forbid(field, self._lacking)
        self._judge()

    def showEvent(self, event: QShowEvent) -> None:
        self._show_last(self._last)
        super().showEvent(event)

    def _show_last(self, symbols: Iterable[str]) -> None:
        among = set(symbols)
        self.model.upsert([self._watched(w.alert) for w in self.model.rows() if w.alert.symbol in among])

    def _watched(self, alert: PriceAlert) -> Watched:
        """What fired is watched no longer, and a price that stands still would look like the last one."""
        return Watched(alert, self._last.get(alert.symbol) if alert.state == "armed" else None)

    # ---- what the person does

    def _connect(self) -> None:
        for field in (self.symbol, self.price, self.note):
            field.returnPressed.connect(self._add)
        self.symbol.textEdited.connect(lambda text: self._upper(text))
        self.add.clicked.connect(self._add)
        self.rearm.clicked.connect(self._rearm)
        self.table.row_opened.connect(lambda watched: self.symbol_chosen.emit(watched.alert.symbol))
        self.table.delete_asked.connect(self._remove)
        self.table.selectionModel().selectionChanged.connect(self._judge)

    def _upper(self, text: str) -> None:
        place = self.symbol.cursorPosition()
        self.symbol.setText(text.upper())
        self.symbol.setCursorPosition(place)

    def _add(self) -> None:
        """Ask for the alert that the fields say; the cursor goes to what is lacking."""
        symbol = self.symbol.text().strip()
        if self._lacking:
            return
        if not symbol:
            self.show_wrong("Type the symbol to watch, such as AAPL.")
            self.symbol.setFocus()
        elif not self.price.text().strip():
            self.show_wrong("" if self.symbol.hasFocus() else "Type the price at which to be told, such as 231.40.")
            self.price.setFocus()
        elif (price := self._read(self.price)) is not None:
            self.add_asked.emit(symbol, price, self.note.text(), self.repeats.isChecked())

    def _read(self, field: NumberField) -> float | None:
        try:
            price = float(positive(field.text()))
        except BadInput as error:
            field.complain(str(error))
            self.show_wrong(str(error))
            field.setFocus()
            return None
        field.complain("")
        self.show_wrong("")
        return price

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_F2:
            self._ask_move()
        else:
            super().keyPressEvent(event)

    def _ask_move(self) -> None:
        """Open the strip that changes the price of the one that is selected."""
        chosen = self.table.selected()
        if len(chosen) == 1 and not self._lacking:
            alert = chosen[0].alert
            self.to.setText(written(alert.price))
            self.to.complain("")
            self._ask_price(alert, f"{alert.symbol}: tell me at")

    def _ask_price(self, alert: PriceAlert, question: str) -> None:
        self.moving.ask(question, "Change", lambda: self._move(alert))
        self.to.setFocus()
        self.to.selectAll()

    def _move(self, alert: PriceAlert) -> None:
        """Ask for the new price; what cannot be read keeps the strip open with its sentence."""
        try:
            price = float(positive(self.to.text()))
        except BadInput as error:
            self.to.complain(str(error))
            self._ask_price(alert, str(error))
            return
        self.table.setFocus()
        if price != alert.price:
            self.move_asked.emit(alert.id, price)

    def _rearm(self) -> None:
        ids = [watched.alert.id for watched in self.table.selected() if not watched.waits]
        if ids and not self._lacking:
            self.rearm_asked.emit(ids)

    def _remove(self, rows: list[Watched]) -> None:
        if rows and not self._lacking:
            self.moving.dismiss()
            self.remove_asked.emit([watched.alert.id for watched in rows])

    def _remove_fired(self) -> None:
        self._remove([watched for watched in self.model.rows() if not watched.waits])

    def _fill(self, menu: QMenu) -> None:
        chosen = self.table.selected()
        one, none = len(chosen) == 1, "" if chosen else "Select an alert first"
        over = "" if any(not watched.waits for watched in self.model.rows()) else "None has fired"
        entry(menu, "Change the price…\tF2", self._ask_move, self._lacking or ("" if one else "Select one alert first"))
        entry(menu, "Re-arm", self._rearm, self.rearm.toolTip() if not self.rearm.isEnabled() else "")
        entry(menu, "Remove\tDel", lambda: self._remove(self.table.selected()), self._lacking or none)
        entry(menu, "Remove all that fired", self._remove_fired, self._lacking or over)
        menu.addSeparator()
        self.table.offer_export(menu)

    def _judge(self) -> None:
        over = any(not watched.waits for watched in self.table.selected())
        forbid(self.rearm, self._lacking or ("" if over else "Select an alert that has fired"))

    def _arrange(self) -> None:
        for part, name, hint in (
            (self.symbol, "Symbol", "Symbol"),
            (self.price, "Price", "Price"),
            (self.note, "Note", "Note"),
        ):
            part.setAccessibleName(name)
            part.setPlaceholderText(hint)
        self.symbol.setMaxLength(20)
        self.note.setMaxLength(LONGEST_NOTE)
        self.symbol.setFixedWidth(76)
        self.price.setFixedWidth(84)
        self.note.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.note.setMinimumWidth(60)
        self.table.setAccessibleName("Price alerts")
        self.repeats.setToolTip("Fire at each crossing, once a minute at most; otherwise once")
        self.more.setFixedWidth(28)
        self.to.setFixedWidth(88)
        self.moving.body.addWidget(self.to)
        tint(self.wrong, "DOWN")
        self.wrong.setWordWrap(True)
        self.wrong.setContentsMargins(10, 0, 10, 4)
        self.wrong.hide()
        foot = Bar(self.status, None)
        foot.setFixedHeight(26)
        bar = Bar(self.symbol, self.price, self.note, self.repeats, self.add, self.rearm, self.more,
                  yielding=(self.rearm, self.note, self.repeats))  # fmt: skip
        stacked(self, bar, self.wrong, divider(), self.table, self.moving, foot).setStretch(3, 1)
