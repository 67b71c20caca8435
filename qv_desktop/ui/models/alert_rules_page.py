"""The rules of alerts: the desk's and one's own, switched, changed, made anew and tried on the present values."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.alert_rules import SEVERITIES, Rule, Severity, checked
from qv_desktop.domain.alert_terms import HELP
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.own_alert_rules import LONGEST_NAME, OwnRule
from qv_desktop.domain.own_alert_rules import checked as checked_own
from qv_desktop.domain.typed_numbers import read
from qv_desktop.ui import theme
from qv_desktop.ui.models.alert_columns import SEVERITY_WORDS, RuleRow, rule_columns
from qv_desktop.ui.models.layouts import Bar, across, divider, forbid, stacked, tint
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

CHOOSE = "Select a rule first"


class AlertRulesPage(QWidget):
    """Emits what a person wants of the rules; whoever keeps them answers with ``show_rules``, ``show_answer`` and ``show_saved``."""

    rule_given = Signal(object)  # Rule, of the desk
    own_given = Signal(object)  # OwnRule
    remove_asked = Signal(str)  # id of one's own
    test_asked = Signal(object)  # Rule
    test_own_asked = Signal(str)  # condition

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._lacking: Mapping[str, str] = {}  # desk, own -> why the person may not
        self._edited: RuleRow | None = None
        self.model: TableModel[RuleRow] = TableModel(rule_columns(), key=lambda row: row.rule.code, parent=self)
        self.table = Table(self.model, empty="The rules are read in a moment.")
        self.table.setAccessibleName("Alert rules")
        self.new, self.edit = theme.button("New…", "primary"), theme.button("Edit…", "ghost")
        self.switch, self.remove = theme.button("Switch off", "ghost"), theme.button("Remove", "ghost")
        self.test = theme.button("Test", "ghost")
        self.answer = theme.label("", "hint")
        self._build_form()
        self._lay_out()
        self._connect()
        self._judge()

    # ---- what is shown

    def show_rules(self, desk: Sequence[Rule], own: Sequence[OwnRule]) -> None:
        """All of them, one's own first."""
        self.model.replace([*(RuleRow(one.rule, one) for one in own), *(RuleRow(rule) for rule in desk)])
        self._judge()

    def show_answer(self, sentence: str, *, bad: bool = False) -> None:
        """What a test says of the present values, or why something cannot be."""
        tint(self.answer, "DOWN" if bad else "TX1")
        self.answer.setText(sentence)
        self.answer.setVisible(bool(sentence))

    def show_saved(self) -> None:
        """What was asked for is kept."""
        self.form.hide()
        self._edited = None
        self.show_answer("")

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not change the ``desk``'s rules or their ``own``; what is absent is allowed."""
        self._lacking = lacking
        self._judge()

    # ---- hands

    def chosen(self) -> RuleRow | None:
        """The rule that is selected."""
        rows = self.table.selected()
        return rows[0] if len(rows) == 1 else None

    def _connect(self) -> None:
        self.table.selectionModel().selectionChanged.connect(self._judge)
        self.table.row_opened.connect(lambda row: self._open(row))
        self.new.clicked.connect(lambda: self._open(None))
        self.edit.clicked.connect(lambda: self._open(self.chosen()) if self.chosen() else None)
        self.switch.clicked.connect(self._switch)
        self.remove.clicked.connect(self._remove)
        self.test.clicked.connect(self._test_chosen)
        self.try_.clicked.connect(
            lambda: self._with_typed(self.test_asked.emit, lambda own: self.test_own_asked.emit(own.condition))
        )
        self.save.clicked.connect(lambda: self._with_typed(self.rule_given.emit, self.own_given.emit))
        self.cancel.clicked.connect(self.show_saved)
        for field in (self.name, self.condition, *self.numbers.values()):
            field.returnPressed.connect(self.save.click)

    def _why_not(self, row: RuleRow | None) -> str:
        return CHOOSE if row is None else self._lacking.get("own" if row.own else "desk", "")

    def _judge(self) -> None:
        row = self.chosen()
        why = self._why_not(row)
        for button in (self.edit, self.switch):
            forbid(button, why)
        forbid(
            self.remove,
            why or ("" if row is not None and row.own else "Rules of the desk are switched off, not removed"),
        )
        forbid(self.test, "" if row is not None else CHOOSE)
        forbid(self.new, self._lacking.get("own", ""))
        self.switch.setText("Switch on" if row is not None and not row.rule.on else "Switch off")

    def _switch(self) -> None:
        row = self.chosen()
        if row is None or self._why_not(row):
            return
        if row.own is not None:
            self.own_given.emit(replace(row.own, on=not row.own.on))
        else:
            self.rule_given.emit(replace(row.rule, on=not row.rule.on))

    def _remove(self) -> None:
        row = self.chosen()
        if row is not None and row.own is not None and not self._why_not(row):
            self.remove_asked.emit(row.own.id)

    def _test_chosen(self) -> None:
        row = self.chosen()
        if row is not None and row.own is not None:
            self.test_own_asked.emit(row.own.condition)
        elif row is not None:
            self.test_asked.emit(row.rule)

    # ---- the form

    def _open(self, row: RuleRow | None) -> None:
        """Open the form on a rule, or on a new one of one's own."""
        if self._lacking.get("own" if row is None or row.own else "desk", ""):
            return
        self._edited = row
        desk = row is not None and row.own is None
        rule = row.rule if row is not None else None
        self.title.setText(rule.title if rule is not None else "New alert")
        self.name.setText("" if row is None or row.own is None else row.own.name)
        self.condition.setText("" if row is None or row.own is None else row.own.condition)
        self.severity.setCurrentIndex(SEVERITIES.index(rule.severity if rule is not None else "warning"))
        self.on.setChecked(rule is None or rule.on)
        if rule is not None:
            figures = {"near": rule.near, "breached": rule.breached, "hold": rule.hold, "escalate": rule.escalate}
            for name, field in self.numbers.items():
                field.setText("" if figures[name] is None else f"{figures[name]:g}")
            for name in ("near", "breached"):
                forbid(self.numbers[name], "It is so or it is not; there is no threshold" if rule.fixed else "")
            self.unit.setText(f"in {rule.unit}" if rule.unit and not rule.fixed else "")
        self.desk_part.setVisible(desk)
        self.own_part.setVisible(not desk)
        self.show_answer("" if desk else HELP)
        self.form.show()
        (self.numbers["breached"] if desk else self.name).setFocus()

    def _with_typed(self, desk: Callable[[Rule], object], own: Callable[[OwnRule], object]) -> None:
        """Hand on what the form says; what cannot be read is said in it."""
        try:
            row = self._edited
            if row is not None and row.own is None:
                desk(self._typed(row.rule))
            else:
                own(self._typed_own())
        except BadInput as error:
            self.show_answer(str(error), bad=True)

    def _severity(self) -> Severity:
        return SEVERITIES[self.severity.currentIndex()]

    def _typed(self, rule: Rule) -> Rule:
        near = self._number("near") if self.numbers["near"].text().strip() else None
        breached = self._number("breached") if not rule.fixed else rule.breached
        return checked(replace(rule, severity=self._severity(), on=self.on.isChecked(), near=None if rule.fixed else near,
                               breached=breached, hold=self._number("hold"), escalate=self._number("escalate")))  # fmt: skip

    def _number(self, name: str) -> float:
        typed = self.numbers[name].text().strip()
        found = read(typed, typed)
        if found is None:
            self.numbers[name].setFocus()
            raise BadInput(f"“{self.numbers[name].accessibleName()}” needs a number; type one such as 80.")
        return float(found)

    def _typed_own(self) -> OwnRule:
        own = self._edited.own if self._edited is not None else None
        made, id_ = (own.made, own.id) if own is not None else (self.now(), secrets.token_hex(8))
        name = self.name.text().strip() or self.condition.text().strip()[:LONGEST_NAME]
        return checked_own(OwnRule(id_, name, self.condition.text(), self._severity(), self.on.isChecked(), made), 0)

    def _build_form(self) -> None:
        self.form, self.desk_part, self.own_part = QWidget(), QWidget(), QWidget()
        self.title, self.unit = theme.label("", "title"), theme.label("", "hint")
        self.severity, self.on = QComboBox(), QCheckBox("On")
        self.severity.addItems([SEVERITY_WORDS[one] for one in SEVERITIES])
        self.severity.setAccessibleName("Severity")
        self.name, self.condition = QLineEdit(maxLength=LONGEST_NAME), QLineEdit()
        self.name.setAccessibleName("Name")
        self.name.setPlaceholderText("Name, such as AAPL overbought")
        self.condition.setAccessibleName("Condition")
        self.condition.setPlaceholderText("AAPL price > 230 and AAPL rsi(14) 5m > 70")
        titles = {"near": "Near", "breached": "Breached", "hold": "Holds for, s", "escalate": "Escalates after, min"}
        self.numbers = {name: NumberField(title, arrows=False, letters="") for name, title in titles.items()}
        self.try_, self.save, self.cancel = (
            theme.button("Test", "ghost"),
            theme.button("Save", "primary"),
            theme.button("Cancel", "ghost"),
        )

    def _lay_out(self) -> None:
        grid = QGridLayout(self.desk_part)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        for place, field in enumerate(self.numbers.values()):
            grid.addWidget(theme.label(field.accessibleName(), "label"), 0, place)
            grid.addWidget(field, 1, place)
        grid.addWidget(self.unit, 1, len(self.numbers))
        grid.setColumnStretch(len(self.numbers), 1)
        own = QVBoxLayout(self.own_part)
        own.setContentsMargins(0, 0, 0, 0)
        own.setSpacing(4)
        own.addWidget(self.name)
        own.addWidget(self.condition)
        form = QVBoxLayout(self.form)
        form.setContentsMargins(10, 6, 10, 8)
        form.setSpacing(6)
        form.addLayout(across(self.title, None, self.severity, self.on))
        form.addWidget(self.desk_part)
        form.addWidget(self.own_part)
        form.addLayout(across(None, self.try_, self.cancel, self.save))
        self.form.hide()
        self.answer.setWordWrap(True)
        self.answer.setContentsMargins(10, 2, 10, 6)
        self.answer.hide()
        bar = Bar(self.new, self.edit, self.switch, self.test, None, self.remove, yielding=(self.remove,))
        stacked(self, bar, divider(), self.table, divider(), self.form, self.answer).setStretch(2, 1)
