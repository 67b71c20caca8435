"""Deploying a version of a strategy: on what, with which parameters and size, and what it may do."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import time
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.deployments import Bounds, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sizing import Sizing
from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 560  # px
FRAMES = ("1m", "2m", "5m", "15m", "30m", "1h", "4h", "1D")
SIZINGS = {"Dollars": Sizing.NOTIONAL, "Shares": Sizing.SHARES, "% of equity": Sizing.EQUITY}
LIMITS = {"value": ("Largest position, $", Bounds().value), "shares": ("Most shares", Bounds().shares),
          "orders": ("Orders a day", Bounds().orders), "loss": ("Loss a day, $", Bounds().loss)}  # fmt: skip


UNIVERSE = (
    "It weighs a universe: the size is the capital that it spreads over all the symbols, and each position keeps to the largest position "
    "below as well."
)


class DeployDialog(QDialog):
    """Says ``given(Terms, bool)`` with whether it is deployed at once; somebody else judges, and closes it or says why not."""

    given = Signal(object, bool)

    def __init__(
        self, strategies: Sequence[Strategy], symbol: str, parent: QWidget | None = None, *, title: str = "Deploy a strategy",
        action: str = "Deploy to paper",
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setObjectName("deploy-dialog")
        self.setFixedWidth(WIDTH)
        self._strategies = {strategy.name: strategy for strategy in strategies}
        self.strategy, self.frame, self.sizing = QComboBox(), QComboBox(), QComboBox()
        self.symbols, self.amount = QLineEdit(symbol), QLineEdit("5000")
        self.limits = {name: QLineEdit(f"{default}") for name, (_, default) in LIMITS.items()}
        self.begins, self.ends = QLineEdit("09:30"), QLineEdit("15:55")
        self.shorts = QCheckBox("May sell short")
        self.late = QCheckBox("Trade signals of bars that come late")
        self.knobs: dict[str, QLineEdit] = {}
        self._grid = QGridLayout()
        self.go, self.draft, self.back = (
            theme.button(action, "primary"),
            theme.button("Keep as draft"),
            theme.button("Cancel", "ghost"),
        )
        self._message, self._universe = theme.label("", "label"), theme.label(UNIVERSE, "hint")
        for box, items in ((self.strategy, list(self._strategies)), (self.frame, FRAMES), (self.sizing, SIZINGS)):
            box.addItems(list(items))
        self._lay_out(title)
        self.strategy.currentTextChanged.connect(self._show_knobs)
        self.go.clicked.connect(lambda: self._give(at_once=True))
        self.draft.clicked.connect(lambda: self._give(at_once=False))
        self.back.clicked.connect(self.reject)
        self._show_knobs(self.strategy.currentText())

    def show_terms(self, terms: Terms) -> None:
        """Begin with these: those of a backtest, or of a deployment that is to be changed."""
        self.strategy.setCurrentText(terms.name)
        self.symbols.setText(", ".join(terms.symbols))
        self.frame.setCurrentText(terms.timeframe)
        self.sizing.setCurrentText(next(words for words, sizing in SIZINGS.items() if sizing is terms.sizing))
        self.amount.setText(f"{terms.amount.normalize():f}")
        for name, field in self.limits.items():
            field.setText(f"{Decimal(getattr(terms.bounds, name)).normalize():f}")
        self.begins.setText(f"{terms.bounds.begins:%H:%M}")
        self.ends.setText(f"{terms.bounds.ends:%H:%M}")
        self.shorts.setChecked(terms.bounds.shorts)
        self.late.setChecked(terms.bounds.trade_late)
        self.show_parameters(dict(terms.parameters))

    def show_parameters(self, parameters: Mapping[str, float]) -> None:
        """Values of the chosen strategy's parameters."""
        for name, value in parameters.items():
            if name in self.knobs:
                self.knobs[name].setText(f"{value:g}")

    def fix_strategy(self) -> None:
        """Only its terms can be changed: which strategy and version it runs stays, and it is no draft."""
        self.strategy.setEnabled(False)
        self.draft.hide()

    def show_message(self, text: str) -> None:
        """Say why it was not done; it can be tried again."""
        self._busy(False)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def terms(self) -> Terms:
        """What is typed. Raises BadInput with what to correct."""
        strategy = self._strategies.get(self.strategy.currentText())
        if strategy is None:
            raise BadInput("Choose a strategy.")
        bounds = Bounds(_number("Largest position", self.limits["value"]), _number("Most shares", self.limits["shares"]),
                        int(_number("Orders a day", self.limits["orders"])), _number("Loss a day", self.limits["loss"]),
                        _time(self.begins), _time(self.ends), self.shorts.isChecked(), self.late.isChecked())  # fmt: skip
        parameters = tuple((name, float(_number(name, field))) for name, field in self.knobs.items())
        symbols = tuple(
            part.strip().upper() for part in self.symbols.text().replace(";", ",").split(",") if part.strip()
        )
        return Terms(strategy.id, strategy.name, strategy.version, symbols, self.frame.currentText(), parameters,
                     SIZINGS[self.sizing.currentText()], _number("Size", self.amount), bounds)  # fmt: skip

    def _give(self, *, at_once: bool) -> None:
        try:
            terms = self.terms()
        except BadInput as error:
            self.show_message(str(error))
            return
        self._busy(True)
        self.given.emit(terms, at_once)

    def _busy(self, busy: bool) -> None:
        for control in (self.go, self.draft):
            control.setEnabled(not busy)

    def _show_knobs(self, name: str) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.knobs = {}
        strategy = self._strategies.get(name)
        for place, parameter in enumerate(strategy.parameters if strategy else ()):
            field = QLineEdit(f"{parameter.default:g}")
            field.setAccessibleName(parameter.name)
            field.setToolTip(f"{parameter.low:g} to {parameter.high:g}")
            self.knobs[parameter.name] = field
            self._grid.addWidget(theme.label(parameter.name, "label"), place // 3, place % 3 * 2)
            self._grid.addWidget(field, place // 3, place % 3 * 2 + 1)
        weighs = strategy is not None and strategy.weighs
        if weighs:
            self.frame.setCurrentText("1D")
        self._universe.setVisible(weighs)
        self.go.setText(self.go.text())
        self.adjustSize()

    def _lay_out(self, title: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        column.addWidget(theme.label(title, "title"))
        column.addLayout(
            _grid(
                (("Strategy", self.strategy), ("Symbols", self.symbols)), (("Bars", self.frame), ("Size", self._size()))
            )
        )
        column.addWidget(theme.caption("Parameters"))
        self._grid.setHorizontalSpacing(8)
        column.addLayout(self._grid)
        column.addWidget(theme.caption("What it may do, within the account's own limits"))
        fields = [(LIMITS[name][0], field) for name, field in self.limits.items()]
        column.addLayout(_grid(fields[:2], fields[2:], (("Entries from, ET", self.begins), ("until, ET", self.ends))))
        row = QHBoxLayout()
        for box in (self.shorts, self.late):
            row.addWidget(box)
        row.addStretch(1)
        column.addLayout(row)
        hint = theme.label(
            "It trades paper, in your name, while you are signed in. Real money takes a second person's approval.",
            "hint",
        )
        tint(self._message, "BAD")
        self._message.hide()
        self._universe.hide()
        for line in (self._universe, hint, self._message):
            line.setWordWrap(True)
            column.addWidget(line)
        self.symbols.setPlaceholderText("AAPL, MSFT")
        for widget, words in ((self.strategy, "Strategy"), (self.symbols, "Symbols"), (self.frame, "Bars"), (self.amount, "Size"),
                              (self.sizing, "Sized by"), (self.begins, "Entries from"), (self.ends, "Entries until")):  # fmt: skip
            widget.setAccessibleName(words)
        for name, field in self.limits.items():
            field.setAccessibleName(LIMITS[name][0])
        foot = QHBoxLayout()
        foot.addStretch(1)
        for button in (self.back, self.draft, self.go):
            button.setAutoDefault(False)
            foot.addWidget(button)
        column.addSpacing(4)
        column.addLayout(foot)

    def _size(self) -> QWidget:
        box = QWidget()
        row = QHBoxLayout(box)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.amount)
        row.addWidget(self.sizing)
        return box


def with_version(terms: Terms, strategy: Strategy) -> Terms:
    """The terms for another version of their strategy."""
    return replace(terms, strategy=strategy.id, version=strategy.version)


def _grid(*rows: Sequence[tuple[str, QWidget]]) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(10)
    grid.setVerticalSpacing(6)
    for line, row in enumerate(rows):
        for place, (words, widget) in enumerate(row):
            grid.addWidget(theme.label(words, "label"), line, place * 2)
            grid.addWidget(widget, line, place * 2 + 1)
    for place in (1, 3):
        grid.setColumnStretch(place, 1)
    return grid


def _number(title: str, field: QLineEdit) -> Decimal:
    try:
        value = Decimal(field.text().replace(",", "").replace("$", "").replace("%", "").strip())
    except InvalidOperation:
        raise BadInput(f"“{title}” is no number; type one such as 10.") from None
    if not value.is_finite():
        raise BadInput(f"“{title}” is no number; type one such as 10.")
    return value


def _time(field: QLineEdit) -> time:
    try:
        return time.fromisoformat(field.text().strip())
    except ValueError:
        raise BadInput(f"“{field.text()}” is no time; type it as 09:30.") from None
