"""An account's margin regime and its figures: seen by whoever may see risk, changed by whoever may change it."""

from dataclasses import replace
from decimal import Decimal, InvalidOperation

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.domain.margin import FIGURES, MarginTerms, Regime
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint
from qv_desktop.ui.models.margin_words import REGIMES
from qv_desktop.ui.models.number_field import NumberField

WIDTH = 480  # px
REFUSE, WARN = "Refuse such orders", "Warn only"
NOTED = "Where your broker's figures differ, set the broker's; its own blocks stay in force whatever is chosen here."
UNSURE = "Not in the rule's words, but this program's defaults: no small deficit is excepted, and two unmet ones a year are a practice. "


class MarginDialog(QDialog):
    """Says ``saved`` with what is chosen, once it makes sense, and waits to be told what became of it."""

    saved = Signal(object)  # MarginTerms

    def __init__(self, terms: MarginTerms, reason: str = "", parent: QWidget | None = None) -> None:
        """``reason`` says why nothing can be changed, if so."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Margin regime")
        self.setFixedWidth(WIDTH)
        self._terms = terms
        self.regimes = theme.Segmented([name for name, _ in REGIMES.values()])
        self.manner = theme.Segmented([REFUSE, WARN])
        self.meaning, self._message = theme.label("", "label"), theme.label("", "label")
        self.fields = {name: NumberField(title, arrows=False, letters="") for name, (title, _, _) in FIGURES.items()}
        self._rows: dict[str, tuple[QWidget, ...]] = {}
        self.save, self.close_ = theme.button("Save", "primary"), theme.button("Close", "ghost")
        self._lay_out(reason)
        self.show_terms(terms)
        for control in (*self.fields.values(), self.regimes, self.manner, self.save):
            control.setEnabled(not reason)
            control.setToolTip(reason)
        self.regimes.chosen.connect(lambda _: self._show_regime())
        self.save.clicked.connect(self._ask)
        self.close_.clicked.connect(self.reject)

    @property
    def regime(self) -> Regime:
        """The regime that is chosen."""
        return next(regime for regime, (name, _) in REGIMES.items() if name == self.regimes.choice())

    def show_terms(self, terms: MarginTerms) -> None:
        """The terms in force."""
        self._terms = terms
        self.regimes.choose(REGIMES[terms.regime][0])
        self.manner.choose(REFUSE if terms.blocks else WARN)
        for name, field in self.fields.items():
            field.setText(_text(name, getattr(terms, name)))
            field.complain("")
        self._show_regime()

    def show_message(self, text: str, *, good: bool = False) -> None:
        """What became of it."""
        tint(self._message, "GOOD" if good else "BAD")
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def _show_regime(self) -> None:
        self.meaning.setText(REGIMES[self.regime][1])
        for name, parts in self._rows.items():
            for part in parts:
                part.setVisible(self.regime in FIGURES[name][2])
        unsure = UNSURE if self.regime is Regime.INTRADAY_MARGIN else ""
        self._hint.setText(self._reason or unsure + NOTED)
        self.show_message("")

    def _ask(self) -> None:
        mine = [name for name, (_, _, regimes) in FIGURES.items() if self.regime in regimes]
        read = {name: _value(name, self.fields[name].text(), getattr(self._terms, name)) for name in mine}
        for name, value in read.items():
            self.fields[name].complain("" if value is not None else "A number of zero or more is wanted here.")
        wrong = next((name for name, value in read.items() if value is None), "")
        if wrong:
            whole = ", a whole one" if isinstance(getattr(self._terms, wrong), int) else ""
            self.show_message(f"{FIGURES[wrong][0]}: type a number of zero or more{whole}.")
            return
        self.show_message("")
        blocks = self.manner.choice() == REFUSE
        self.saved.emit(replace(self._terms, regime=self.regime, blocks=blocks, **read))  # type: ignore[arg-type]  # none is missing

    def _lay_out(self, reason: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(10)
        column.addWidget(theme.label("Margin regime of this account", "title"))
        column.addWidget(self.regimes)
        column.addWidget(self.meaning)
        column.addWidget(self.manner)
        grid = QGridLayout()
        grid.setColumnStretch(0, 1)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        for row, (name, (title, unit, _)) in enumerate(FIGURES.items()):
            field = self.fields[name]
            field.setFixedWidth(110)
            field.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self._rows[name] = (theme.label(title, "label"), field, theme.label(unit, "hint"))
            for place, widget in enumerate(self._rows[name]):
                grid.addWidget(widget, row, place)
        column.addLayout(grid)
        self._hint = hint = theme.label("", "hint")
        self._reason = reason
        for label in (self.meaning, hint, self._message):
            label.setWordWrap(True)
        column.addWidget(hint)
        column.addWidget(self._message)
        self._message.hide()
        row_ = QHBoxLayout()
        row_.addStretch(1)
        for button in (self.close_, self.save):
            button.setAutoDefault(False)
            row_.addWidget(button)
        column.addLayout(row_)


def _text(name: str, value: Decimal | int) -> str:
    shown = value * 100 if FIGURES[name][1].startswith("%") else value
    return f"{Decimal(shown).normalize():,f}"


def _value(name: str, text: str, like: Decimal | int) -> Decimal | int | None:
    """What was typed, or None when it is no number of zero or more, or no whole one where one is wanted."""
    try:
        value = Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        return None
    if not value.is_finite() or value < 0:
        return None
    if isinstance(like, int):
        return int(value) if value == value.to_integral_value() else None
    return value / 100 if FIGURES[name][1].startswith("%") else value
