"""A strip that asks over which days and accounts a report goes, and as what it is written."""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.trading_days import weekdays_on
from qv_desktop.ui import theme
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.layouts import forbid
from qv_desktop.ui.models.number_field import NumberField

HERE, EVERY = "This account", "Every account"


class ReportDays(QWidget):
    """Emits ``chosen(date, date, str | None, str)``: first and last day, the account's id ("" every one, None the one in use), the form.

    ``accounts_asked`` when it opens. ``now`` tells which day is today, with which both fields begin.
    """

    chosen = Signal(object, object, object, str)
    accounts_asked = Signal()

    def __init__(self, now: Callable[[], datetime], forms: Sequence[str]) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"ReportDays {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self._now = now
        self.first, self.last = _day("First day of the report"), _day("Last day of the report")
        self.account = Choice("Account of the report", (HERE, EVERY))
        self.form = Choice("Form of the report", [form.upper() for form in forms])
        self.write, self.close_ = theme.button("Write report", "primary"), theme.button("Cancel")
        self.complaint = theme.label("", "hint")
        self._lay_out()
        self.write.clicked.connect(self.accept)
        self.close_.clicked.connect(self.hide)
        self._ids: dict[str, str | None] = {HERE: None, EVERY: ""}  # what the list shows -> the account's id
        self.hide()

    def _lay_out(self) -> None:
        theme.wear(self.complaint, lambda: f"color:{theme.BAD};")
        self.complaint.setWordWrap(True)
        self.account.setMinimumWidth(128)
        self.form.setMinimumWidth(70)
        to = theme.label("to", "label")
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(2)
        label = theme.label("Report over New York's days", "label")
        for text in (label, to):
            text.setFixedHeight(26)  # as high as the fields, on whose middle it stands
        column.addWidget(
            Flow(label, self.first, to, self.last, self.account, self.form, self.write, self.close_, sides=0)
        )
        column.addWidget(self.complaint)
        self.complaint.hide()

    def ask(self) -> None:
        """Open, with today in both fields."""
        today = self._now().astimezone(NEW_YORK).date().isoformat()
        for field in (self.first, self.last):
            field.setText(today)
            field.complain("")
        self._complain("")
        self.show()
        self.first.setFocus()
        self.first.selectAll()
        self.accounts_asked.emit()

    def show_accounts(self, others: Sequence[tuple[str, str]]) -> None:
        """Ids of the other accounts that were compared, and how each is shown; the choice stays if it is among them."""
        before = self.account.currentText()
        twice = {shown for _, shown in others if sum(shown == other for _, other in others) > 1}
        self._ids = {HERE: None, EVERY: ""}
        self._ids |= {f"{shown} ({id_[:8]})" if shown in twice else shown: id_ for id_, shown in others}
        self.account.clear()
        self.account.addItems(list(self._ids))
        self.account.setCurrentText(before if before in self._ids else HERE)

    def accept(self) -> None:
        """Ask for the report, or say which day is none."""
        if not self.write.isEnabled():
            return
        try:
            first, last = _read(self.first), _read(self.last)
        except BadInput as error:
            self._complain(str(error))
            return
        turned = f"The report would begin on {first} and end before that, on {last}; turn the days round."
        self._complain(turned if first > last else "")
        if first <= last:
            self.chosen.emit(first, last, self._ids[self.account.currentText()], self.form.currentText().lower())

    def forbid(self, why: str) -> None:
        """Why the person may not write reports; nothing when they may."""
        forbid(self.write, why)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accept()
        else:
            super().keyPressEvent(event)

    def _complain(self, sentence: str) -> None:
        self.complaint.setText(sentence)
        self.complaint.setVisible(bool(sentence))


def _day(name: str) -> NumberField:
    field = NumberField(name)
    field.setFixedWidth(122)
    field.setToolTip("Year-month-day; the arrow keys move by a weekday, with Shift by ten")
    field.stepped.connect(lambda days: _step(field, days))
    return field


def _step(field: NumberField, days: int) -> None:
    """So many weekdays on, for on others nothing trades."""
    try:
        day = weekdays_on(_read(field), days)
    except (BadInput, OverflowError):
        return
    field.setText(day.isoformat())


def _read(field: NumberField) -> date:
    try:
        day = date.fromisoformat(field.text().strip())
    except ValueError:
        sentence = f"“{field.text()}” is no day; type it as year-month-day, such as 2026-11-20."
        field.complain(sentence)
        raise BadInput(sentence) from None
    field.complain("")
    return day
