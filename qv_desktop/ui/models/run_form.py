"""The form of one backtest: which strategy, on what, with which parameters and costs."""

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestSpec, Sizing
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.models.number_field import NumberField

TIMEFRAMES = ("1m", "5m", "15m", "1h", "1D", "1W")
WEIGHTS = {"Strategy": 13, "Symbol": 7}  # of a row's width, others 10
PLACES = 3  # fields side by side
MOST = {"Fees, bps": 1000.0, "Slippage, bps": 1000.0, "Size, %": 100.0, "Cash, $": 1e9}


class RunForm(QWidget):
    """Fields with captions in a grid; ``spec`` reads them, ``changed`` says that a person edited one."""

    changed = Signal()

    def __init__(self, first: date, last: date) -> None:
        super().__init__()
        self._strategies: dict[str, Strategy] = {}  # name -> strategy
        self.strategy, self.frame = QComboBox(), QComboBox()
        self.symbol = QLineEdit()
        self.first, self.last = self._day(first, "First day"), self._day(last, "Last day")
        self.costs = {name: self._number(name, value) for name, value in
                      (("Fees, bps", "1"), ("Slippage, bps", "2"), ("Size, %", "95"), ("Cash, $", "100000"))}  # fmt: skip
        self.knobs: dict[str, NumberField] = {}  # parameter -> field
        self._knob_rows = QWidget()
        self._column = QVBoxLayout(self)
        self._build()

    def _build(self) -> None:
        self.frame.addItems(TIMEFRAMES)
        self.frame.setCurrentText("1D")
        self.symbol.setText("SPY")
        self.symbol.textEdited.connect(lambda text: self.symbol.setText(text.upper()))
        self.strategy.currentTextChanged.connect(self._show_knobs)
        for field, name in ((self.strategy, "Strategy"), (self.frame, "Timeframe"), (self.symbol, "Symbol")):
            field.setAccessibleName(name)
            field.setFont(theme.bold())
        column = self._column
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        rows: list[list[tuple[str, QWidget]]] = [
            [("Strategy", self.strategy), ("Symbol", self.symbol), ("Timeframe", self.frame)],
            [("From", self.first), ("To", self.last), ("Cash, $", self.costs["Cash, $"])],
            [(name, self.costs[name]) for name in ("Fees, bps", "Slippage, bps", "Size, %")],
        ]
        for fields in rows:
            column.addLayout(_row(fields))
        column.addWidget(self._knob_rows)
        column.addStretch(1)

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
        except ValueError:
            field.complain("Type a day as year-month-day, such as 2024-05-31.")

    def _number(self, name: str, value: str) -> NumberField:
        field = NumberField(name, arrows=False)
        field.setText(value)
        field.textEdited.connect(self.changed)
        return field

    def _show_knobs(self, name: str) -> None:
        strategy = self._strategies.get(name)
        parameters: Sequence[Parameter] = strategy.parameters if strategy is not None else ()
        self.knobs = {p.name: self._knob(p) for p in parameters}
        fresh, fields = QWidget(), list(self.knobs.items())
        column = QVBoxLayout(fresh)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for start in range(0, len(fields), PLACES):
            column.addLayout(_row(fields[start : start + PLACES]))
        self._column.replaceWidget(self._knob_rows, fresh)
        self._knob_rows.hide()
        self._knob_rows.deleteLater()
        self._knob_rows = fresh

    def _knob(self, parameter: Parameter) -> NumberField:
        field = self._number(parameter.name, f"{parameter.default:g}")
        field.setToolTip(f"{parameter.low:g} to {parameter.high:g}")
        return field

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be chosen; the present choice stays."""
        before = self.strategy.currentText()
        self._strategies = {s.name: s for s in strategies}
        self.strategy.blockSignals(True)
        self.strategy.clear()
        self.strategy.addItems(list(self._strategies))
        if before in self._strategies:
            self.strategy.setCurrentText(before)
        self.strategy.blockSignals(False)
        self._show_knobs(self.strategy.currentText())

    def show_spec(self, spec: BacktestSpec) -> None:
        """Fill the form with a run's terms, to run it again or vary it."""
        if spec.strategy in self._strategies:
            self.strategy.setCurrentText(spec.strategy)
        self.symbol.setText(spec.symbol)
        self.frame.setCurrentText(spec.timeframe)
        self.first.setText(spec.first.isoformat())
        self.last.setText(spec.last.isoformat())
        costs = {
            "Fees, bps": spec.fees,
            "Slippage, bps": spec.slippage,
            "Size, %": spec.sizing.amount * 100,
            "Cash, $": spec.cash,
        }
        for name, value in costs.items():
            self.costs[name].setText(f"{value:.10g}")
        for name, value in spec.parameters:
            if name in self.knobs:
                self.knobs[name].setText(f"{value:g}")

    def spec(self) -> BacktestSpec:
        """What the fields say. Raises BadInput with the field's name and its range; the field is marked."""
        strategy = self._strategies.get(self.strategy.currentText())
        if strategy is None:
            raise BadInput("Choose a strategy.")
        symbol = self.symbol.text().strip().upper()
        if not symbol:
            raise BadInput("Type a symbol.")
        first, last = _date(self.first), _date(self.last)
        if first >= last:
            raise BadInput("The first day must lie before the last.")
        parameters = tuple(
            (p.name, self._value(p.name, self.knobs[p.name], p.low, p.high, p.whole)) for p in strategy.parameters
        )
        costs = {name: self._value(name, field, 0.0, MOST[name], False) for name, field in self.costs.items()}
        return BacktestSpec(strategy.name, strategy.version, (symbol,), str(timeframe(self.frame.currentText())), first, last,
                            parameters, costs["Fees, bps"], costs["Slippage, bps"], Sizing("percent", costs["Size, %"] / 100), costs["Cash, $"])  # fmt: skip

    def _value(self, name: str, field: NumberField, low: float, high: float, whole: bool) -> float:
        try:
            value = float(field.text().replace(",", ""))
        except ValueError:
            value = float("nan")
        ok = low <= value <= high and (not whole or value == int(value))
        kind = "a whole number" if whole else "a number"
        sentence = "" if ok else f"{name.partition(',')[0].capitalize()} must be {kind} from {low:g} to {high:,.0f}."
        field.complain(sentence)
        if not ok:
            field.setFocus(Qt.FocusReason.OtherFocusReason)
            raise BadInput(sentence)
        return value


def _date(field: NumberField) -> date:
    try:
        day = date.fromisoformat(field.text().strip())
    except ValueError:
        sentence = f"“{field.text()}” is no day; type it as year-month-day, such as 2024-05-31."
        field.complain(sentence)
        raise BadInput(sentence) from None
    field.complain("")
    return day


def _row(fields: Sequence[tuple[str, QWidget]]) -> QHBoxLayout:
    """Fields of equal width, each under its caption; empty places keep their room."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for name, field in fields:
        cell = QVBoxLayout()
        cell.setSpacing(1)
        caption = theme.caption(name.replace("_", " "))
        caption.setBuddy(field)
        for widget in (caption, field):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            cell.addWidget(widget)
        row.addLayout(cell, WEIGHTS.get(name, 10))
    if len(fields) < PLACES:
        row.addStretch(10 * (PLACES - len(fields)))
    return row
