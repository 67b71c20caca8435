"""The form of a sweep: which strategy, on what, which values of each parameter, how searched, and how many combinations that makes."""

import math
from collections.abc import Mapping, Sequence
from datetime import date

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.backtests import BacktestSpec, Sizing
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.domain.sweep_axes import fitting
from qv_desktop.domain.sweeps import BLOCKS, GRID, OBJECTIVES, RANDOM, Axis, SweepSpec, combinations
from qv_desktop.ui import theme
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.run_form import TIMEFRAMES
from qv_desktop.ui.models.sweep_words import FIGURES

FINE = 64  # blocks of returns kept for the tests, of up to so many combinations
FINE_UP_TO = 10_000
SEARCHES = {"Every combination": GRID, "By chance": RANDOM}
QUIET = 250  # ms of no typing after which combinations are counted
AT_ONCE = 2_000  # combinations that are counted while the window waits
STEPS = 12  # values that a range has at first


class SweepForm(QWidget):
    """Fields with captions; ``spec`` reads them. ``changed`` says that a person edited one, ``counted`` how many combinations."""

    changed = Signal()
    counted = Signal(str, bool)  # the sentence, and whether it can be started
    count_asked = Signal(object)  # SweepSpec: so many that they are counted elsewhere, then ``show_count``

    def __init__(self) -> None:
        super().__init__()
        self._strategies: dict[str, Strategy] = {}
        self.strategy, self.frame, self.search, self.objective = (QComboBox() for _ in range(4))
        self.symbol, self.constraint = QLineEdit("SPY"), QLineEdit()
        self.numbers: dict[str, NumberField] = {
            name: _number(name, text)
            for name, text in (("From", ""), ("To", ""), ("Cash, $", "100000"), ("Fees, bps", "1"), ("Slippage, bps", "2"),
                               ("Size, %", "95"), ("Samples", "500"), ("Seed", "1"), ("Workers", ""), ("Memory, MB", ""))}  # fmt: skip
        self.ranges: dict[str, tuple[NumberField, NumberField, NumberField]] = {}  # parameter -> from, to, step
        self._axes = QWidget()
        self._column = QVBoxLayout(self)
        self._timer = QTimer(self, singleShot=True, interval=QUIET)
        self._timer.timeout.connect(self.count)
        self._build()

    def _build(self) -> None:
        self.frame.addItems(TIMEFRAMES)
        self.frame.setCurrentText("1D")
        self.search.addItems(list(SEARCHES))
        self.objective.addItems([FIGURES[name] for name in OBJECTIVES])
        self.constraint.setPlaceholderText("such as fast < slow")
        self.numbers["Workers"].setPlaceholderText("all")
        self.numbers["Memory, MB"].setPlaceholderText("auto")
        self.numbers["Memory, MB"].setToolTip("The most that one worker may use; empty lets the program choose")
        named = {"Strategy": self.strategy, "Timeframe": self.frame, "Symbols": self.symbol, "Search": self.search,
                 "Best by": self.objective, "Only where": self.constraint}  # fmt: skip
        for name, field in named.items():
            field.setAccessibleName(name)
            field.setFont(theme.bold())
        column = self._column
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        number = self.numbers
        column.addLayout(
            _row(("Strategy", self.strategy, 13), ("Symbols", self.symbol, 9), ("Timeframe", self.frame, 8))
        )
        column.addLayout(_row(*((name, number[name], 10) for name in ("From", "To", "Cash, $"))))
        column.addLayout(_row(*((name, number[name], 10) for name in ("Fees, bps", "Slippage, bps", "Size, %"))))
        column.addWidget(self._axes)
        column.addLayout(_row(("Only where", self.constraint, 20), ("Best by", self.objective, 12)))
        column.addLayout(
            _row(("Search", self.search, 14), ("Samples", number["Samples"], 8), ("Seed", number["Seed"], 6))
        )
        column.addLayout(_row(("Workers", number["Workers"], 10), ("Memory, MB", number["Memory, MB"], 10)))
        column.addStretch(1)
        self.strategy.currentTextChanged.connect(self._show_axes)
        for field in (self.symbol, self.constraint, *number.values()):
            field.textEdited.connect(self._edited)
        for box in (self.search, self.objective, self.frame):
            box.currentTextChanged.connect(self._edited)
        self._show_search()

    def _edited(self) -> None:
        self._show_search()
        self.changed.emit()
        self._timer.start()

    def _show_search(self) -> None:
        chance = self.search.currentText() == "By chance"
        for name in ("Samples", "Seed"):
            self.numbers[name].setEnabled(chance)

    # filling

    def show_strategies(self, strategies: Sequence[Strategy]) -> None:
        """What can be swept; the present choice stays."""
        before = self.strategy.currentText()
        kept = {name: [field.text() for field in fields] for name, fields in self.ranges.items()}
        same = before in self._strategies and self._strategies[before] in strategies
        self._strategies = {s.name: s for s in strategies}
        self.strategy.blockSignals(True)
        self.strategy.clear()
        self.strategy.addItems(list(self._strategies))
        if before in self._strategies:
            self.strategy.setCurrentText(before)
        self.strategy.blockSignals(False)
        self._show_axes()
        if same:
            self._put_ranges(kept)

    def show_days(self, first: date, last: date) -> None:
        """The range of days to begin with."""
        self.numbers["From"].setText(first.isoformat())
        self.numbers["To"].setText(last.isoformat())
        self._timer.start()

    def show_spec(self, spec: SweepSpec) -> None:
        """Fill the form with a sweep's terms, to run it again or vary it."""
        base = spec.base
        self.strategy.setCurrentText(base.strategy)
        self.symbol.setText(", ".join(base.symbols))
        self.frame.setCurrentText(base.timeframe)
        texts = {"From": base.first.isoformat(), "To": base.last.isoformat(), "Cash, $": f"{base.cash:.10g}",
                 "Fees, bps": f"{base.fees:g}", "Slippage, bps": f"{base.slippage:g}", "Size, %": f"{base.sizing.amount * 100:g}",
                 "Seed": f"{spec.seed}"}  # fmt: skip
        if spec.samples:
            texts["Samples"] = f"{spec.samples}"
        for name, text in texts.items():
            self.numbers[name].setText(text)
        fixed = {name: [f"{value:g}", f"{value:g}", "0"] for name, value in base.parameters}
        swept = {axis.name: [_values(axis), "", ""] if axis.values else [f"{v:g}" for v in (axis.low, axis.high, axis.step)]
                 for axis in spec.axes}  # fmt: skip
        self._put_ranges({**fixed, **swept})
        self.constraint.setText(spec.constraint)
        self.objective.setCurrentText(FIGURES[spec.objective])
        self.search.setCurrentText(next(words for words, search in SEARCHES.items() if search == spec.search))
        self.count()

    def _put_ranges(self, texts: Mapping[str, Sequence[str]]) -> None:
        for name, fields in self.ranges.items():
            for field, text in zip(fields, texts.get(name, ()), strict=False):
                field.setText(text)

    def _show_axes(self) -> None:
        strategy = self._strategies.get(self.strategy.currentText())
        parameters = strategy.parameters if strategy is not None else ()
        fresh = QWidget()
        grid = QGridLayout(fresh)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(6)
        grid.setVerticalSpacing(3)
        self.ranges = {}
        for at, words in enumerate(("Parameter", "From", "To", "Step")):
            grid.addWidget(theme.caption(words), 0, at)
        for line, parameter in enumerate(parameters, 1):
            fields = self._range(parameter)
            self.ranges[parameter.name] = fields
            title = theme.label(parameter.name.replace("_", " "))
            title.setToolTip(f"{parameter.low:g} to {parameter.high:g}; a list such as 5, 10, 20 may stand under From")
            title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            for at, widget in enumerate((title, *fields)):
                grid.addWidget(widget, line, at)
        for at, weight in enumerate((12, 9, 9, 7)):
            grid.setColumnStretch(at, weight)
        self._column.replaceWidget(self._axes, fresh)
        self._axes.hide()
        self._axes.deleteLater()
        self._axes = fresh
        names = [parameter.name for parameter in parameters]
        self.constraint.setText("fast < slow" if {"fast", "slow"} <= set(names) else "")
        self._timer.start()

    def _range(self, parameter: Parameter) -> tuple[NumberField, NumberField, NumberField]:
        """At first from half of the default to twice it, within the parameter's range."""
        low, high = max(parameter.low, parameter.default / 2), min(parameter.high, parameter.default * 2)
        step = (high - low) / STEPS
        if parameter.whole:
            low, high, step = round(low), round(high), max(1, round(step))
        fields = (_number(f"{parameter.name} from", f"{low:g}", ",: "), _number(f"{parameter.name} to", f"{high:g}"),
                  _number(f"{parameter.name} step", f"{step:.3g}"))  # fmt: skip
        for field in fields:
            field.textEdited.connect(self._edited)
        return fields

    # reading

    def spec(self) -> SweepSpec:
        """What the fields say. Raises BadInput with the field's name and what to do; the field is marked."""
        strategy = self._strategies.get(self.strategy.currentText())
        if strategy is None:
            raise BadInput("Choose a strategy.")
        axes, fixed = self._read_ranges(strategy)
        base = self._base(strategy, fixed)
        search = SEARCHES[self.search.currentText()]
        samples = int(self._value("Samples", 1, 100_000)) if search == RANDOM else 0
        objective = next(name for name in OBJECTIVES if FIGURES[name] == self.objective.currentText())
        spec = SweepSpec(
            base,
            axes,
            self.constraint.text().strip(),
            objective,
            search,
            samples,
            int(self._value("Seed", 0, 2**31)),
            FINE,
        )
        fitting(axes, strategy.parameters, strategy.name)
        return spec

    def _base(self, strategy: Strategy, fixed: tuple[tuple[str, float], ...]) -> BacktestSpec:
        symbols = tuple(dict.fromkeys(word.upper() for word in self.symbol.text().replace(",", " ").split()))
        if not symbols:
            raise BadInput("Type a symbol.")
        first, last = self._day("From"), self._day("To")
        if first >= last:
            raise BadInput("The first day must lie before the last.")
        return BacktestSpec(strategy.name, strategy.version, symbols, str(timeframe(self.frame.currentText())), first, last, fixed,
                            self._value("Fees, bps", 0, 1000), self._value("Slippage, bps", 0, 1000),
                            Sizing("percent", self._value("Size, %", 0, 100) / 100), self._value("Cash, $", 0, 1e9))  # fmt: skip

    def _read_ranges(self, strategy: Strategy) -> tuple[tuple[Axis, ...], tuple[tuple[str, float], ...]]:
        """The axes, and the parameters that stay at one value."""
        axes, fixed = [], []
        for parameter in strategy.parameters:
            low, high, step = self.ranges[parameter.name]
            name = parameter.name
            if "," in low.text():
                axes.append(Axis(name, tuple(self._read(name, word, low) for word in low.text().split(","))))
                continue
            start = self._read(name, low.text(), low)
            end = self._read(name, high.text() or low.text(), high)
            width = self._read(name, step.text() or "0", step)
            if start == end:
                fixed.append((name, start))
            elif end < start:
                raise BadInput(f"{name} goes from {start:g} down to {end:g}; write the smaller value first.")
            elif width <= 0 and SEARCHES[self.search.currentText()] == GRID:
                raise BadInput(f"{name} needs a step above 0, or one value in both fields to leave it fixed.")
            else:
                axes.append(Axis(name, (), start, end, width))
        if not axes:
            raise BadInput("Every parameter stays at one value; give at least one of them a range.")
        return tuple(axes), tuple(fixed)

    def workers(self) -> tuple[int, int]:
        """How many workers and MB for each; 0 lets the program choose. Raises BadInput."""
        most = (("Workers", 64), ("Memory, MB", 65_536))
        return tuple(int(self._value(name, 1, high)) if self.numbers[name].text().strip() else 0 for name, high in most)  # type: ignore[return-value]

    def _read(self, name: str, text: str, field: NumberField) -> float:
        try:
            value = float(text.strip())
        except ValueError:
            sentence = f"“{text.strip()}” is no number; correct {name}."
            field.complain(sentence)
            raise BadInput(sentence) from None
        field.complain("")
        return value

    def _value(self, name: str, low: float, high: float) -> float:
        field = self.numbers[name]
        value = self._read(name.partition(",")[0], field.text().replace(",", ""), field)
        if not low <= value <= high:
            sentence = f"{name.partition(',')[0]} must be from {low:g} to {high:,.0f}."
            field.complain(sentence)
            raise BadInput(sentence)
        return value

    def _day(self, name: str) -> date:
        field = self.numbers[name]
        try:
            day = date.fromisoformat(field.text().strip())
        except ValueError:
            sentence = f"“{field.text()}” is no day; type it as year-month-day, such as 2024-05-31."
            field.complain(sentence)
            raise BadInput(sentence) from None
        field.complain("")
        return day

    # counting

    def count(self) -> None:
        """Say how many combinations the form stands for, or why it cannot be started."""
        self._timer.stop()
        try:
            spec = self.spec()
            if product(spec) > AT_ONCE:
                self.counted.emit("counting", True)
                self.count_asked.emit(spec)
                return
            self.counted.emit(counted(len(combinations(spec))), True)
        except BadInput as error:
            self.counted.emit(str(error), False)

    def show_count(self, spec: SweepSpec, count: int, refusal: str = "") -> None:
        """How many combinations ``spec`` has, or why it has none; of no interest once the fields say something else."""
        try:
            same = self.spec() == spec
        except BadInput:
            same = False
        if same:
            self.counted.emit(refusal or counted(count), not refusal)


def counted(count: int) -> str:
    """``780 combinations``."""
    return f"{count:,} combination{'s' if count != 1 else ''}"


def product(spec: SweepSpec) -> int:
    """How many combinations there are to look at before the constraint. Raises BadInput."""
    if spec.search == RANDOM:
        return spec.samples * 10
    return math.prod(len(axis.points) for axis in spec.axes)


def blocks_for(count: int) -> int:
    """How many blocks of returns are kept of so many combinations."""
    return FINE if count <= FINE_UP_TO else BLOCKS


def _values(axis: Axis) -> str:
    return ", ".join(f"{value:g}" for value in axis.values)


def _number(name: str, text: str, letters: str = "") -> NumberField:
    field = NumberField(name, arrows=False, letters=letters)
    field.setText(text)
    return field


def _row(*fields: tuple[str, QWidget, int]) -> QHBoxLayout:
    """Fields side by side, each under its caption and as wide as its weight says."""
    row = QHBoxLayout()
    row.setSpacing(6)
    for name, field, weight in fields:
        cell = QVBoxLayout()
        cell.setSpacing(1)
        caption = theme.caption(name)
        caption.setBuddy(field)
        caption.setAlignment(Qt.AlignmentFlag.AlignLeft)
        for widget in (caption, field):
            widget.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            cell.addWidget(widget)
        row.addLayout(cell, weight)
    return row
