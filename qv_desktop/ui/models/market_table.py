"""A table of snapshots under live data: it takes what moved, flashes prices and ages, and rests while nobody sees it."""

from collections.abc import Callable, Iterable, Sequence

from PySide6.QtGui import QShowEvent

from qv_desktop.domain.market import Snapshot
from qv_desktop.ui.models.ages import Ages
from qv_desktop.ui.models.flashes import Flashes
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

type Columns = Callable[[Ages, Flashes], Sequence[Column[Snapshot]]]


class MarketTable(Table[Snapshot]):
    """Rows are snapshots by symbol; ``columns`` is given the ages and flashes that it shows."""

    def __init__(self, columns: Columns, *, empty: str) -> None:
        ages, flashes = Ages(), Flashes()
        model: TableModel[Snapshot] = TableModel(columns(ages, flashes), key=lambda s: s.symbol)
        super().__init__(model, empty=empty)
        model.setParent(self)
        flashes.setParent(self)  # its timer ends with the table
        self.rows, self.ages, self.flashes = model, ages, flashes
        self._waiting: dict[str, Snapshot] = {}  # symbol -> newest, while the table is hidden
        self._aging = [place for place, column in enumerate(model.columns) if column.aging]
        self._flashing = [place for place, column in enumerate(model.columns) if column.ground]
        flashes.faded.connect(self._end_flashes)

    def show_symbols(self, symbols: Iterable[str]) -> None:
        """Follow these symbols and no others; what is known of those that stay is kept."""
        self._settle()
        self.rows.replace([self.rows.get(symbol) or Snapshot(symbol) for symbol in symbols])

    def upsert(self, snapshots: Iterable[Snapshot]) -> None:
        """Show what moved; symbols that are not followed are passed over, and a hidden table only remembers."""
        known = [s for s in snapshots if self.rows.get(s.symbol) is not None]
        if not self.isVisible():
            self._waiting.update({s.symbol: s for s in known})
            return
        for snapshot in known:
            before = self.rows.get(snapshot.symbol)
            self.flashes.moved(snapshot.symbol, before.last if before else None, snapshot.last)
        self.rows.upsert(known)

    def newest(self, symbol: str) -> Snapshot | None:
        """What was last told of ``symbol``, or None when it is not followed."""
        return self._waiting.get(symbol) or self.rows.get(symbol)

    def show_age(self, now: int, speed: float = 1.0) -> bool:
        """Count ages from the market's ``now`` (ns UTC); painted anew, and True said, five times a second at most."""
        due = self.ages.turn(now, speed)
        if due and self.isVisible():
            self._refresh(self._aging)
        return due

    def show_chosen(self, symbol: str) -> None:
        """Select the row of ``symbol`` without saying so."""
        self.blockSignals(True)
        self.select_key(symbol)
        self.blockSignals(False)

    def showEvent(self, event: QShowEvent) -> None:
        self._settle()
        super().showEvent(event)

    def _settle(self) -> None:
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self.rows.upsert([s for s in waiting.values() if self.rows.get(s.symbol) is not None])

    def _end_flashes(self) -> None:
        self._refresh(self._flashing)

    def _refresh(self, columns: Iterable[int]) -> None:
        for column in columns:
            self.rows.refresh(column)
