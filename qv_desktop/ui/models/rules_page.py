"""The rules of a reconciliation: tolerances, and what is booked without a person; shown to all, changed by whoever may."""

from decimal import Decimal, InvalidOperation

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.breaks import LONGEST
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Tolerances
from qv_desktop.domain.reconciliation_rules import CHOICES, NAMES, Rules, sensible
from qv_desktop.domain.syncing import TOLD
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, forbid
from qv_desktop.ui.models.number_field import NumberField

ALWAYS = "Always, for they are the broker's to tell: executions are booked, and orders made elsewhere are taken in."


class RulesPage(QWidget):
    """Emits ``given(Rules, str)`` with what was typed and the reason, once it makes sense."""

    given = Signal(object, str)

    def __init__(self) -> None:
        super().__init__()
        self._rules, self._why = Rules(), ""
        self.fields = {name: NumberField(title, arrows=False, letters="") for name, title in NAMES.items()}
        self.choices = {one: QCheckBox(f"{TOLD[one][:1].upper()}{TOLD[one][1:]}") for one in CHOICES}
        self.reason = QLineEdit(maxLength=LONGEST)
        self.reason.setAccessibleName("Reason for other rules")
        self.reason.setPlaceholderText("Why the rules change")
        self.save = theme.button("Change the rules", "primary")
        self.set_by = theme.label("", "hint")
        self._lay_out()
        for field in (*self.fields.values(), self.reason):
            field.textChanged.connect(self._judge)
        for box in self.choices.values():
            box.toggled.connect(self._judge)
        self.reason.returnPressed.connect(self.save.click)
        self.save.clicked.connect(self._give)
        self.show_rules(self._rules)

    def show_rules(self, rules: Rules) -> None:
        """The rules in force."""
        self._rules = rules
        for name, field in self.fields.items():
            field.setText(f"{getattr(rules.tolerances, name).normalize():f}")
        for handling, box in self.choices.items():
            box.setChecked(handling in rules.automatic)
        self.set_by.setText(f"Set by {rules.set_by}." if rules.set_by else "As the program comes.")
        self.reason.clear()
        self._judge()

    def forbid(self, why: str) -> None:
        """Why the person may not change them, if so."""
        self._why = why
        for control in (*self.fields.values(), *self.choices.values(), self.reason):
            forbid(control, why)
        self._judge()

    # ---- hands

    def _typed(self) -> Rules:
        """Raises BadInput."""
        limits = {}
        for name, field in self.fields.items():
            try:
                limits[name] = Decimal(field.text().strip().replace(",", ""))
            except InvalidOperation:
                raise BadInput(f"{NAMES[name]}: give a number.") from None
        automatic = frozenset(one for one, box in self.choices.items() if box.isChecked())
        return sensible(Rules(Tolerances(**limits), automatic, self._rules.set_by))

    def _give(self) -> None:
        if self.save.isEnabled():
            self.given.emit(self._typed(), self.reason.text().strip())

    def _judge(self) -> None:
        forbid(self.save, self._why or self._missing())

    def _missing(self) -> str:
        try:
            typed = self._typed()
        except BadInput as error:
            return str(error)
        if typed == self._rules:
            return "Nothing was changed"
        return "" if self.reason.text().strip() else "Type a reason first"

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setVerticalSpacing(4)
        for row, (name, field) in enumerate(self.fields.items()):
            field.setFixedWidth(110)
            grid.addWidget(theme.label(NAMES[name]), row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(2, 1)
        always, later = (
            theme.label(ALWAYS, "hint"),
            theme.label("They hold from the next comparison on, at every machine.", "hint"),
        )
        always.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(6)
        column.addWidget(theme.label("No break up to", "title"))
        column.addLayout(grid)
        column.addSpacing(6)
        column.addWidget(theme.label("Booked without a person", "title"))
        for box in self.choices.values():
            column.addWidget(box)
        column.addWidget(always)
        column.addSpacing(6)
        line = across(self.reason, self.save)
        line.setStretchFactor(self.reason, 1)
        column.addLayout(line)
        column.addLayout(across(self.set_by, later, None))
        column.addStretch(1)
