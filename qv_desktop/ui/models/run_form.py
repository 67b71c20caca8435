"""The form of one backtest: which strategy, on what, how large, with which exits, costs and data."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QMenu, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.models import run_fields as fields
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.layouts import divider
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.run_fields import ADJUSTMENTS, DIRECTIONS, SESSIONS, SIZINGS

TIMEFRAMES = ("1m", "5m", "15m", "30m", "1h", "1D", "1W")
WEIGHTS = {"Strategy": 13, "Timeframe": 7, "Sizing": 13, "Session": 13, "Benchmark": 10}  # of a row's width, others 10
PLACES = 3  # fields side by side
TIPS = {
    "Symbols": "One symbol, several with commas, or a watchlist's name",
    "Stop loss, %": "Leave when the price has gone this far against the entry; empty: never",
    "Target, %": "Leave when the price has gone this far with the entry; empty: never",
    "Trailing, %": "Leave when the price has gone back this far from its best since the entry; empty: never",
    "Fees, bps": "Of the value of each order, in hundredths of a percent",
    "Fees, $/share": "Of each share bought or sold",
    "Slippage, bps": "How much worse than the bar's open each order fills",
    "Benchmark": "A symbol to hold from the first bar to the last; empty: the traded symbols in equal parts",
    "Seed": "Sets the random numbers that a strategy may draw",
    "From the": "New York, such as 09:45", "Up to": "New York, such as 15:55",
}  # fmt: skip


class RunForm(QWidget):
    """Fields with captions in a grid; ``spec`` reads them, ``changed`` says that a person edited one."""

    changed = Signal()

    def __init__(self, first: date, last: date) -> None:
        super().__init__()
        self._strategies: dict[str, Strategy] = {}  # name -> strategy
        self._lists: dict[str, tuple[str, ...]] = {}  # watchlist -> symbols
        self.strategy, self.frame = Choice("Strategy", ()), Choice("Timeframe", TIMEFRAMES)
        self.symbol = QLineEdit()  # one symbol, several, or a watchlist's name
        self.lists = menu_button("☰", "Take the symbols of a watchlist", self._offer_lists)
        self.first, self.last = self._day(first, "First day"), self._day(last, "Last day")
        self.sizing, self.amount = Choice("Sizing", tuple(SIZINGS)), self._number("Size", "95")
        self.direction = Choice("Direction", tuple(DIRECTIONS))
        self.session, self.adjustment = Choice("Session", tuple(SESSIONS)), Choice("Prices", tuple(ADJUSTMENTS))
        self.opens, self.closes = self._number("From the", "09:30"), self._number("Up to", "16:00")
        self.benchmark, self.seed = QLineEdit(), self._number("Seed", "0")
        self.costs = {name: self._number(name, value) for name, value in
                      (("Fees, bps", "1"), ("Fees, $/share", "0"), ("Slippage, bps", "2"), ("Cash, $", "100000"))}  # fmt: skip
        self.exits = {name: self._number(name, "") for name in ("Stop loss, %", "Target, %", "Trailing, %")}
        self.knobs: dict[str, NumberField] = {}  # parameter -> field
        self._knob_rows = QWidget()
        self._size_caption = theme.caption("")
        self._column = QVBoxLayout(self)
        self._build()
        self._dress()

    # ---- building

    def _build(self) -> None:
        self.frame.setCurrentText("1D")
        self.symbol.setText("SPY")
        for field, name in ((self.symbol, "Symbols"), (self.benchmark, "Benchmark")):
            field.setAccessibleName(name)
            field.setFont(theme.bold())
            field.setToolTip(TIPS[name])
            field.textEdited.connect(self.changed)
        self.symbol.editingFinished.connect(self._tidy)
        self.benchmark.setPlaceholderText("held")
        for exit_ in self.exits.values():
            exit_.setPlaceholderText("—")
        for choice in (self.frame, self.sizing, self.direction, self.session, self.adjustment):
            choice.currentTextChanged.connect(self.changed)
        self.strategy.currentTextChanged.connect(self._show_knobs)
        self.sizing.currentTextChanged.connect(self._dress)
        self.session.currentTextChanged.connect(self._dress)
        column = self._column
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._rows(
            [[("Strategy", self.strategy), ("Timeframe", self.frame)], [("Symbols", self._with_lists())],
             [("From", self.first), ("To", self.last), ("Cash, $", self.costs["Cash, $"])]],
        )  # fmt: skip
        column.addWidget(self._knob_rows)
        self._group([("Sizing", self.sizing), ("Size", self.amount), ("Direction", self.direction)],
                    [(name, field) for name, field in self.exits.items()])  # fmt: skip
        self._group([(name, self.costs[name]) for name in ("Fees, bps", "Fees, $/share", "Slippage, bps")])
        self._group([("Session", self.session), ("From the", self.opens), ("Up to", self.closes)],
                    [("Prices", self.adjustment), ("Benchmark", self.benchmark), ("Seed", self.seed)])  # fmt: skip
        column.addStretch(1)

    def _with_lists(self) -> QWidget:
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        row.addWidget(self.symbol, 1)
        row.addWidget(self.lists)
        return both

    def _group(self, *rows: Sequence[tuple[str, QWidget]]) -> None:
        """Rows under a hairline: what belongs together."""
        self._column.addSpacing(2)
        self._column.addWidget(divider())
        self._rows(rows)

    def _rows(self, rows: Sequence[Sequence[tuple[str, QWidget]]]) -> None:
        for row in rows:
            self._column.addLayout(_row(row, self._caption))

    def _caption(self, name: str) -> QWidget:
        return self._size_caption if name == "Size" else theme.caption(name.replace("_", " "))

    def _day(self, day: date, name: str) -> NumberField:
        field = NumberField(name, arrows=False)
        field.setText(day.isoformat())
        field.setToolTip("Year-month-day; the arrow keys move by a day, with Shift by ten")
        field.stepped.connect(lambda days: self._step_day(field, days))
        field.textEdited.connect(self.changed)
        return field

    def _step_day(self, field: NumberField, days: int) -> None:
        try:
            field.setText((date.fromisoformat(field.text().strip()) + timedelta(days)).isoformat())
        except (ValueError, OverflowError):
            field.complain("Type a day as year-month-day, such as 2024-05-31.")

    def _number(self, name: str, value: str) -> NumberField:
        field = NumberField(name, arrows=False)
        field.setText(value)
        field.setToolTip(TIPS.get(name, ""))
        field.textEdited.connect(self.changed)
        return field

    def _show_knobs(self, name: str) -> None:
        strategy = self._strategies.get(name)
        parameters: Sequence[Parameter] = strategy.parameters if strategy is not None else ()
        self.knobs = {p.name: self._knob(p) for p in parameters}
        fresh, knobs = QWidget(), list(self.knobs.items())
        column = QVBoxLayout(fresh)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for start in range(0, len(knobs), PLACES):
            column.addLayout(_row(knobs[start : start + PLACES], self._caption))
        self._column.replaceWidget(self._knob_rows, fresh)
        self._knob_rows.hide()
        self._knob_rows.deleteLater()
        self._knob_rows = fresh

    def _knob(self, parameter: Parameter) -> NumberField:
        field = self._number(parameter.name, f"{parameter.default:.10g}")
        field.setToolTip(f"{parameter.low:,.10g} to {parameter.high:,.10g}")
        return field

    def _dress(self) -> None:
        """The amount is called by its unit, and the window's hours can be typed only where they count."""
        self._size_caption.setText(SIZINGS[self.sizing.currentText()][1].upper())
        self.amount.setAccessibleName(SIZINGS[self.sizing.currentText()][1])
        for field in (self.opens, self.closes):
            field.setEnabled(SESSIONS[self.session.currentText()] == "window")

    def _tidy(self) -> None:
        """Symbols in capitals; a watchlist's name as it is written."""
        text = self.symbol.text().strip()
        if text.casefold() not in {name.casefold() for name in self._lists}:
            self.symbol.setText(text.upper())

    def _offer_lists(self, menu: QMenu) -> None:
        for name, symbols in self._lists.items():
            entry(menu, f"{name}  ({len(symbols)})", partial(self._take_list, name), "" if symbols else "It is empty.")
        if not self._lists:
            entry(menu, "No watchlists", lambda: None, "Make one in the Watchlist panel.")

    def _take_list(self, name: str) -> None:
        self.symbol.setText(name)
        fields.mark(self.symbol, "")
        self.changed.emit()

    # ---- in

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be chosen; the present choice stays."""
        before, typed = self.strategy.currentText(), {name: knob.text() for name, knob in self.knobs.items()}
        self._strategies = {s.name: s for s in strategies}
        self.strategy.blockSignals(True)
        self.strategy.clear()
        self.strategy.addItems(list(self._strategies))
        if before in self._strategies:
            self.strategy.setCurrentText(before)
        self.strategy.blockSignals(False)
        self._show_knobs(self.strategy.currentText())
        if before == self.strategy.currentText():
            self._type(self.knobs, typed)

    def show_watchlists(self, lists: Mapping[str, Sequence[str]]) -> None:
        """The lists whose names can be typed in place of symbols."""
        self._lists = {name: tuple(symbols) for name, symbols in lists.items()}

    def show_spec(self, spec: BacktestSpec) -> None:
        """Fill the form with a run's terms, to run it again or vary it."""
        if spec.strategy in self._strategies:
            self.strategy.setCurrentText(spec.strategy)
        self.symbol.setText(", ".join(spec.symbols))
        self.frame.setCurrentText(spec.timeframe)
        self.first.setText(spec.first.isoformat())
        self.last.setText(spec.last.isoformat())
        title = next(title for title, (kind, *_) in SIZINGS.items() if kind == spec.sizing.kind)
        self.sizing.setCurrentText(title)
        share = spec.sizing.kind in fields.SHARES_OF_EQUITY
        self.amount.setText(f"{spec.sizing.amount * (100 if share else 1):.10g}")
        costs = {
            "Fees, bps": spec.fees,
            "Fees, $/share": spec.fees_per_share,
            "Slippage, bps": spec.slippage,
            "Cash, $": spec.cash,
        }
        self._type(self.costs, {name: f"{value:.10g}" for name, value in costs.items()})
        exits = dict(zip(self.exits, (spec.stops.loss, spec.stops.profit, spec.stops.trailing), strict=True))
        self._type(self.exits, {name: "" if part is None else f"{part * 100:.10g}" for name, part in exits.items()})
        for choice, titles, value in ((self.direction, DIRECTIONS, spec.direction), (self.session, SESSIONS, spec.hours.kind),
                                      (self.adjustment, ADJUSTMENTS, spec.adjustment)):  # fmt: skip
            choice.setCurrentText(next(title for title, kind in titles.items() if kind == value))
        for field, moment in ((self.opens, spec.hours.first), (self.closes, spec.hours.last)):
            if moment is not None:
                field.setText(f"{moment:%H:%M}")
        self.benchmark.setText(spec.benchmark)
        self.seed.setText(str(spec.seed))
        self._type(self.knobs, {name: f"{value:.10g}" for name, value in spec.parameters})

    def _type(self, into: Mapping[str, NumberField], texts: Mapping[str, str]) -> None:
        for name, text in texts.items():
            if name in into:
                into[name].setText(text)
                into[name].complain("")

    # ---- what is kept

    def _choices(self) -> dict[str, QComboBox]:
        return {"strategy": self.strategy, "timeframe": self.frame, "sizing": self.sizing, "direction": self.direction,
                "session": self.session, "prices": self.adjustment}  # fmt: skip

    def _texts(self) -> dict[str, QLineEdit]:
        return {"symbols": self.symbol, "from": self.first, "to": self.last, "size": self.amount, "opens": self.opens,
                "closes": self.closes, "benchmark": self.benchmark, "seed": self.seed, **self.costs, **self.exits}  # fmt: skip

    def saved(self) -> dict[str, str]:
        """What stands in the fields, as texts by name: for a preset, and for the next start."""
        told = {name: choice.currentText() for name, choice in self._choices().items()}
        told |= {name: field.text() for name, field in self._texts().items()}
        return told | {f"parameter {name}": field.text() for name, field in self.knobs.items()}

    def restore(self, saved: Mapping[str, object]) -> None:
        """Fill the fields with what ``saved`` gave; what is not known any more is passed over."""
        texts = {name: value for name, value in saved.items() if isinstance(value, str)}
        for name, choice in self._choices().items():
            if choice.findText(texts.get(name, "")) >= 0:
                choice.setCurrentText(texts[name])
        for name, field in self._texts().items():
            if name in texts:
                field.setText(texts[name])
                fields.mark(field, "")
        self._type(
            self.knobs,
            {name.removeprefix("parameter "): text for name, text in texts.items() if name.startswith("parameter ")},
        )
        self.changed.emit()

    # ---- out

    def spec(self) -> BacktestSpec:
        """What the fields say. Raises BadInput with the field's name and its range; the field is marked."""
        strategy = self._strategies.get(self.strategy.currentText())
        if strategy is None:
            raise BadInput("Choose a strategy.")
        symbols = fields.read_symbols(self.symbol, self._lists)
        first, last = fields.read_day(self.first), fields.read_day(self.last)
        if first >= last:
            raise fields.refuse(self.last, "The first day must lie before the last.")
        parameters = tuple(
            (p.name, fields.read_number(self.knobs[p.name], p.name, p.low, p.high, whole=p.whole))
            for p in strategy.parameters
        )
        stops = fields.read_stops(*self.exits.values())
        sizing = fields.read_sizing(self.sizing.currentText(), self.amount, stops)
        cash = fields.read_number(self.costs["Cash, $"], "Cash", 1.0, 1e9)
        fees, slippage = (
            fields.read_number(self.costs[name], name, 0.0, 1000.0) for name in ("Fees, bps", "Slippage, bps")
        )
        per_share = fields.read_number(self.costs["Fees, $/share"], "Fees a share", 0.0, 1.0)
        hours = fields.read_hours(self.session.currentText(), self.opens, self.closes)
        return BacktestSpec(
            strategy.name, strategy.version, symbols, str(timeframe(self.frame.currentText())), first, last, parameters, fees, slippage,
            sizing, cash, per_share, stops, DIRECTIONS[self.direction.currentText()], hours,  # type: ignore[arg-type]
            fields.read_symbol(self.benchmark, "The benchmark"), ADJUSTMENTS[self.adjustment.currentText()],  # type: ignore[arg-type]
            int(fields.read_number(self.seed, "Seed", 0, 2**31 - 1, whole=True)),
        )  # fmt: skip


def _row(parts: Sequence[tuple[str, QWidget]], caption: Callable[[str], QWidget]) -> QHBoxLayout:
    """Fields side by side, each under its caption; empty places of a grid keep their room."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for name, field in parts:
        cell = QVBoxLayout()
        cell.setSpacing(1)
        head = caption(name)
        for widget in (head, field):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            cell.addWidget(widget)
        row.addLayout(cell, WEIGHTS.get(name, 10))
    if len(parts) < PLACES and parts[0][0] not in ("Strategy", "Symbols"):
        row.addStretch(10 * (PLACES - len(parts)))
    return row
