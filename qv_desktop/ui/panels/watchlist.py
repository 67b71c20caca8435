"""The watchlist: last price, change, touch and age of the symbols that a person follows."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from qv_desktop.domain.market import SECOND, Quote, Snapshot
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

FLASH_MS = 250
STALE, OLD = 5.0, 60.0  # seconds: shown in amber, faded
_LAST, _AGE = 1, 4  # columns


class WatchlistPanel(QWidget):
    """Rows are snapshots; ages are against the time last given to ``show_age``."""

    name = "watchlist"
    title = "Watchlist"

    symbol_chosen = Signal(str)
    symbol_add_asked = Signal(str)
    symbol_remove_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now: int | None = None  # ns
        self._speed = 1.0
        self._aged: int | None = None  # ns, when ages were last painted
        self._flashes: dict[str, str] = {}  # symbol -> colour behind its last price
        self._flashing = True
        self._lacking = ""  # why the person may not change the list
        self.model: TableModel[Snapshot] = TableModel(self._columns(), key=lambda s: s.symbol, parent=self)
        self.table = Table(self.model, empty="No symbols yet.\nType one below and press Enter.")
        self.table.setAccessibleName("Watchlist")
        self._add = QLineEdit(placeholderText="Add symbol…", clearButtonEnabled=True)
        self._fade = QTimer(self, interval=FLASH_MS, singleShot=True)
        self._arrange()
        self._connect()

    def show_symbols(self, symbols: Iterable[str]) -> None:
        """Follow these symbols and no others; what is known of those that stay is kept."""
        self.model.replace([self.model.get(symbol) or Snapshot(symbol) for symbol in symbols])

    def upsert(self, snapshots: Iterable[Snapshot]) -> None:
        """Show what moved; symbols that are not followed are passed over."""
        known = [s for s in snapshots if self.model.get(s.symbol) is not None]
        for snapshot in known:
            self._note_flash(snapshot)
        self.model.upsert(known)
        if self._flashes and not self._fade.isActive():
            self._fade.start()

    def show_age(self, now: int, speed: float = 1.0) -> None:
        """Count ages from the market's ``now`` (ns since the epoch, UTC), in seconds that a person waits.

        ``speed`` is seconds of market time in one of those; the column is painted anew five times a second at most.
        """
        self._now, self._speed = now, speed
        if self._aged is None or not 0 <= now - self._aged < SECOND / 5 * speed:
            self._aged = now
            self.model.refresh(_AGE)

    def show_chosen(self, symbol: str) -> None:
        """Select the row of ``symbol`` without saying so."""
        self.table.blockSignals(True)
        self.table.select_key(symbol)
        self.table.blockSignals(False)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``change`` the list; what is absent is allowed."""
        self._lacking = lacking.get("change", "")
        self._add.setPlaceholderText(self._lacking or "Add symbol…")
        forbid(self._add, self._lacking)

    def set_flashing(self, on: bool) -> None:
        """Whether price changes flash; off for people who asked for less motion."""
        self._flashing = on

    def _columns(self) -> list[Column[Snapshot]]:
        return [
            Column("Symbol", lambda s: s.symbol, width=58, bold=True, tip=_tip, color=lambda s: "WARN" if s.halted else None),
            Column("Last", lambda s: fmt.price(s.last, _digits(s)), key=lambda s: s.last, right=True, width=62,
                   color=self._last_color, ground=lambda s: self._flashes.get(s.symbol)),
            Column("Chg %", lambda s: fmt.signed(_percent(s)), key=lambda s: s.change_fraction, right=True, width=54,
                   color=lambda s: fmt.trend(s.change)),
            Column("Bid × Ask", _touch, key=lambda s: s.quote.ask - s.quote.bid if s.quote else None, right=True, width=118,
                   color=lambda s: "TX0" if s.quote else "TX2", stretch=True, tip=_sizes),
            Column("Age", lambda s: fmt.age(self._age(s)), key=self._age, right=True, width=42, color=self._age_color),
            Column("Volume", lambda s: fmt.volume(s.day_volume), key=lambda s: s.day_volume, right=True, width=60, shown=False),
            Column("High", lambda s: fmt.price(s.day_high, _digits(s)), key=lambda s: s.day_high, right=True, width=62, shown=False),
            Column("Low", lambda s: fmt.price(s.day_low, _digits(s)), key=lambda s: s.day_low, right=True, width=62, shown=False),
        ]  # fmt: skip

    def _arrange(self) -> None:
        self.setMinimumWidth(290)
        self._add.setAccessibleName("Add a symbol")
        self._add.setFrame(False)
        self._add.setProperty("flat", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(0)
        column.addWidget(self.table, 1)
        column.addWidget(self._add)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)

    def _connect(self) -> None:
        self.table.row_chosen.connect(lambda s: self.symbol_chosen.emit(s.symbol))
        self.table.row_opened.connect(lambda s: self.symbol_chosen.emit(s.symbol))
        self.table.delete_asked.connect(self._ask_remove)
        self.table.customContextMenuRequested.connect(self._offer)
        self._add.returnPressed.connect(self._ask_add)
        self._fade.timeout.connect(self._end_flashes)

    def _ask_add(self) -> None:
        symbol = self._add.text().strip().upper()
        if symbol:
            self.symbol_add_asked.emit(symbol)
            self._add.clear()

    def _ask_remove(self, chosen: list[Snapshot]) -> None:
        for snapshot in chosen if not self._lacking else ():
            self.symbol_remove_asked.emit(snapshot.symbol)

    def _offer(self, at: QPoint) -> None:
        chosen = self.table.selected()
        if not chosen or self._lacking:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for snapshot in chosen:
            entry = menu.addAction(f"Remove {snapshot.symbol}")
            entry.triggered.connect(lambda _=False, s=snapshot.symbol: self.symbol_remove_asked.emit(s))
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _note_flash(self, snapshot: Snapshot) -> None:
        before = self.model.get(snapshot.symbol)
        if not self._flashing or before is None or before.last is None or snapshot.last is None:
            return
        if snapshot.last != before.last:
            self._flashes[snapshot.symbol] = "#40" + (theme.UP if snapshot.last > before.last else theme.DOWN)[1:]

    def _end_flashes(self) -> None:
        self._flashes.clear()
        self.model.refresh(_LAST)

    def _age(self, snapshot: Snapshot) -> float | None:
        """The quote's age, as the ticket shows it; the last trade's where there is no quote."""
        at = snapshot.quote.at if snapshot.quote else snapshot.last_at
        return None if self._now is None or at is None else max(0, self._now - at) / SECOND / self._speed

    def _age_color(self, snapshot: Snapshot) -> str:
        age = self._age(snapshot)
        return "TX2" if age is None or age >= OLD else "WARN" if age >= STALE else "TX1"

    def _last_color(self, snapshot: Snapshot) -> str:
        age = self._age(snapshot)
        return "TX2" if age is not None and age >= OLD else fmt.trend(snapshot.change)


def _digits(snapshot: Snapshot) -> int:
    return 4 if snapshot.last is not None and snapshot.last < 1 else 2


def _percent(snapshot: Snapshot) -> float | None:
    return None if snapshot.change_fraction is None else snapshot.change_fraction * 100


def _touch(snapshot: Snapshot) -> str:
    quote, digits = snapshot.quote, _digits(snapshot)
    return f"{fmt.price(quote.bid, digits)} × {fmt.price(quote.ask, digits)}" if quote else fmt.UNKNOWN


def _sizes(snapshot: Snapshot) -> str:
    quote: Quote | None = snapshot.quote
    return f"{fmt.quantity(quote.bid_size)} bid, {fmt.quantity(quote.ask_size)} asked" if quote else ""


def _tip(snapshot: Snapshot) -> str:
    return (
        f"Trading in {snapshot.symbol} is halted"
        if snapshot.halted
        else f"{snapshot.symbol} from {snapshot.source or 'no source yet'}"
    )
