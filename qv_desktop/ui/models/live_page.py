"""A strategy's day beside its backtest: which day, what of it was traded, what the difference came to, and why."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.live_backtest import Comparison, Pair
from qv_desktop.domain.live_backtest_report import CAUSES, verdict
from qv_desktop.domain.trading_days import weekdays_on
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.layouts import forbid, tint
from qv_desktop.ui.models.live_columns import live_columns
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.run_history import FORMS
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

EMPTY = "Choose a day, a strategy and a symbol, and press Compare."
NOTHING = ("No order of {} carries a strategy's name as its source, so there is nothing live to lay beside a backtest. Choose another day, "
           "or press Compare to see what the strategy of the form would have traded.")  # fmt: skip


class LivePage(QWidget):
    """Emits ``day_chosen(date)``, ``picked(str, str)`` with strategy and symbol, ``compare_asked(date, Decimal | None)`` with the shares
    of each trade of the backtest, ``export_asked(Comparison, str)`` with a form, ``open_asked(Path)``."""

    day_chosen = Signal(object)
    picked = Signal(str, str)
    compare_asked = Signal(object, object)
    export_asked = Signal(object, str)
    open_asked = Signal(Path)

    def __init__(self) -> None:
        super().__init__()
        self._lacking = dict[str, str]()
        self._traded: dict[str, tuple[str, str]] = {}  # what the list shows -> strategy and symbol
        self._compared: Comparison | None = None
        self._saved: Path | None = None
        self.day, self.shares = (
            NumberField("Day to compare"),
            NumberField("Shares of each trade of the backtest", arrows=False),
        )
        self.traded = Choice("What was traded on that day", ("—",))
        self.compare, self.open = theme.button("Compare", "primary"), theme.button("Open")
        self.report = menu_button("⤓ Report", "Write a report of this comparison", self._fill_reports)
        self.verdict, self.why, self.note = (
            theme.label("", "title"),
            theme.label("", "label"),
            theme.label(EMPTY, "hint"),
        )
        self.model: TableModel[Pair] = TableModel(
            live_columns(), key=lambda p: (p.at, p.side, p.sent.id if p.sent else "")
        )
        self.model.sort(0, Qt.SortOrder.DescendingOrder)
        self.table: Table[Pair] = Table(self.model, empty="What the strategy and its backtest traded stands here.")
        self._lay_out()
        self._connect()
        self._dress()

    # ---- in

    def show_day(self, day: date) -> None:
        """The day to begin with; what was traded on it is asked for."""
        self.day.setText(day.isoformat())
        self.day_chosen.emit(day)

    def show_traded(self, day: date, rows: Sequence[tuple[str, str, int]]) -> None:
        """Strategy, symbol and number of orders of a day."""
        if self.day.text().strip() != day.isoformat():
            return  # another day was chosen meanwhile
        before = self.traded.currentText()
        self._traded = {f"{name} · {symbol} ({count:,})": (name, symbol) for name, symbol, count in rows}
        self.traded.blockSignals(True)
        self.traded.clear()
        self.traded.addItems(list(self._traded) or ["no orders"])
        if before in self._traded:
            self.traded.setCurrentText(before)
        self.traded.blockSignals(False)
        self.traded.setEnabled(bool(rows))
        if rows and before not in self._traded:
            self._pick(self.traded.currentText())
        if self._compared is None:
            self._say("" if rows else NOTHING.format(day), bad=False)
            if rows:
                self._say(EMPTY, bad=False)

    def show_comparison(self, told: Comparison) -> None:
        """What came out."""
        self._compared = told
        self.compare.setText("Compare")
        parts = told.parts
        self.verdict.setText(
            f"{told.spec.strategy} · {told.spec.symbol} · {told.asked.day}: {verdict(parts.total, told)}"
        )
        tint(self.verdict, "GOOD" if parts.total >= 0 else "BAD")
        made = [
            f"{name} {words.signed(getattr(parts, part))}" for part, (name, _) in CAUSES.items() if getattr(parts, part)
        ]
        counted = f"{told.count('both')} of both, {told.count('only live')} only live, {told.count('only backtest')} only backtest"
        self.why.setText(" · ".join((*made, counted)))
        self._say(" ".join(told.notes), bad=False)
        self.model.replace(told.pairs)
        self._dress()

    def show_written(self, paths: Sequence[Path]) -> None:
        """Where the report is."""
        self._saved = paths[0] if paths else None
        self._say(f"Saved {', '.join(path.name for path in paths)} in {paths[0].parent}." if paths else "", bad=False)
        self._dress()

    def show_failed(self, sentence: str) -> None:
        """Why something came to nothing, and what to do."""
        self.compare.setText("Compare")
        self._say(sentence, bad=True)
        self._dress()

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``run`` a backtest or ``export``; what is absent is allowed."""
        self._lacking = dict(lacking)
        self._dress()

    # ---- building

    def _lay_out(self) -> None:
        self.day.setFixedWidth(122)
        self.day.setToolTip("Year-month-day in New York; the arrow keys move by a weekday, with Shift by ten")
        self.shares.setFixedWidth(84)
        self.shares.setPlaceholderText("as live")
        self.shares.setToolTip(
            "Shares of each trade of the backtest; empty: as many as most of the strategy's orders asked for"
        )
        self.traded.setMinimumWidth(170)
        self.table.setAccessibleName("Live and backtest")
        for text in (self.verdict, self.why, self.note):
            text.setWordWrap(True)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(3)
        labels = [theme.label(text, "label") for text in ("Day", "Shares")]
        for label in labels:
            label.setFixedHeight(26)
        column.addWidget(
            Flow(labels[0], self.day, self.traded, labels[1], self.shares, self.compare, self.report, self.open)
        )
        said = QVBoxLayout()
        said.setContentsMargins(8, 0, 8, 2)
        said.setSpacing(2)
        for text in (self.verdict, self.why, self.note):
            said.addWidget(text)
        column.addLayout(said)
        column.addWidget(self.table, 1)

    def _connect(self) -> None:
        self.day.stepped.connect(self._step)
        self.day.editingFinished.connect(self._day_typed)
        self.traded.currentTextChanged.connect(self._pick)
        self.compare.clicked.connect(self._ask)
        for field in (self.day, self.shares):
            field.returnPressed.connect(self._ask)
        self.open.clicked.connect(lambda: self.open_asked.emit(self._saved) if self._saved else None)

    # ---- hands

    def _step(self, days: int) -> None:
        try:
            day = weekdays_on(self._read_day(), days)
        except (BadInput, OverflowError):
            return
        self.show_day(day)

    def _day_typed(self) -> None:
        try:
            self.day_chosen.emit(self._read_day())
        except BadInput as error:
            self._say(str(error), bad=True)

    def _pick(self, text: str) -> None:
        if text in self._traded:
            self.picked.emit(*self._traded[text])

    def _ask(self) -> None:
        if not self.compare.isEnabled():
            return
        try:
            day, shares = self._read_day(), self._read_shares()
        except BadInput as error:
            self._say(str(error), bad=True)
            return
        self.compare.setText("Comparing…")
        self.compare.setEnabled(False)
        self._say("Running the backtest of the day; the first one after a start takes a while.", bad=False)
        self.compare_asked.emit(day, shares)

    def _read_day(self) -> date:
        try:
            day = date.fromisoformat(self.day.text().strip())
        except ValueError:
            sentence = f"“{self.day.text()}” is no day; type it as year-month-day, such as 2026-11-20."
            self.day.complain(sentence)
            raise BadInput(sentence) from None
        self.day.complain("")
        return day

    def _read_shares(self) -> Decimal | None:
        text = self.shares.text().strip().replace(",", "")
        try:
            shares = Decimal(text) if text else None
        except InvalidOperation:
            shares = Decimal(0)
        sentence = "" if shares is None or (shares.is_finite() and Decimal(0) < shares <= 10**9) else (
            "Shares must be a number above 0, or empty for as many as the orders asked for.")  # fmt: skip
        self.shares.complain(sentence)
        if sentence:
            raise BadInput(sentence)
        return shares

    def _fill_reports(self, menu: QMenu) -> None:
        why = self._lacking.get("export", "") or ("" if self._compared else "Compare a day first")
        for form in FORMS:
            entry(menu, form.upper(), partial(self.export_asked.emit, self._compared, form), why)

    # ---- eyes

    def _dress(self) -> None:
        forbid(self.compare, self._lacking.get("run", ""))
        self.open.setVisible(self._saved is not None)
        for text in (self.verdict, self.why):
            text.setVisible(bool(text.text()))

    def _say(self, sentence: str, *, bad: bool) -> None:
        self.note.setText(sentence)
        self.note.setVisible(bool(sentence))
        tint(self.note, "BAD" if bad else "TX2")
