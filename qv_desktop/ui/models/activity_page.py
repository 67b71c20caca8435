"""The account's activities: a table with its kinds and days to choose, older ones to load, and what could not be read or asked."""

from collections.abc import Sequence
from datetime import date, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from qv_desktop.domain.account_history import Activity, Kind, Wanted
from qv_desktop.ui import theme
from qv_desktop.ui.models.activity_columns import columns
from qv_desktop.ui.models.layouts import Bar, divider, forbid, note, paint_note, stacked
from qv_desktop.ui.models.number_field import NumberField
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

EVERYTHING = "All activities"
ASKING = "The activities are being asked for…"
NONE = "Nothing of this kind happened on these days; choose another kind or other days."
NONE_YET = "None of this kind so far; load older ones, or choose other days."
ALL_TOLD = "The broker has told everything of this choice"


class ActivityPage(QWidget):
    """Emits ``asked(Wanted)`` for another choice, ``older_asked`` and ``export_asked``."""

    asked = Signal(object)
    older_asked = Signal()
    export_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.model: TableModel[Activity] = TableModel(columns(), key=lambda one: one.id)
        self.table: Table[Activity] = Table(self.model, empty=ASKING)
        self.table.setAccessibleName("Activities")
        self.table.setObjectName("account-activities")  # what an exported file is called
        self.kinds = QComboBox()
        self.kinds.setAccessibleName("Kind of activity")
        self.kinds.addItems([EVERYTHING, *Kind])
        self.first, self.last = self._day("First day", "from day"), self._day("Last day", "to day")
        self.clear = theme.button("All days", "ghost")
        self.count, self.older = theme.label("", "hint"), theme.button("Load older")
        self.export = theme.button("⤓ Export CSV", "ghost")
        self._complaint = note()
        self._more = False
        self._asked_for = Wanted()  # the choice that was asked for last
        top = Bar(self.kinds, self.first, self.last, self.clear, None, self.count, self.older, self.export,
                  yielding=(self.count, self.export, self.clear, self.last, self.first))  # fmt: skip
        stacked(self, top, self._complaint, divider(), self.table).setStretch(3, 1)
        self._connect()

    def _day(self, name: str, hint: str) -> NumberField:
        field = NumberField(name, arrows=False)
        field.setPlaceholderText(hint)
        field.setToolTip("Year-month-day, such as 2026-05-31; the arrow keys move by a day, with Shift by ten")
        field.setFixedWidth(94)
        field.stepped.connect(lambda days: self._step(field, days))
        field.editingFinished.connect(self._ask)
        return field

    def _connect(self) -> None:
        self.kinds.activated.connect(lambda _: self._ask())
        self.clear.clicked.connect(self._all_days)
        self.older.clicked.connect(self._ask_older)
        self.export.clicked.connect(self.export_asked)

    # ---- what is asked for

    @property
    def wanted(self) -> Wanted:
        """The choice; days that cannot be read are open."""
        kind = self.kinds.currentText()
        return Wanted(None if kind == EVERYTHING else Kind(kind), _read(self.first), _read(self.last))

    def _ask(self) -> None:
        """Days are complained about until they can be read; a choice that is on show already is not asked for again."""
        if not (_checked(self.first) and _checked(self.last)):
            return
        wanted = self.wanted
        if wanted.first is not None and wanted.last is not None and wanted.last < wanted.first:
            self.last.complain("The last day lies before the first one.")
            return
        if wanted != self._asked_for:
            self._asked_for = wanted
            self._complaint.hide()
            self.model.replace([])
            self.table.set_empty(ASKING)
            self._show_count(more=False)
            self.asked.emit(wanted)

    def _ask_older(self) -> None:
        self.older.setEnabled(False)
        self.older.setText("Loading…")
        self.older_asked.emit()

    def _all_days(self) -> None:
        for field in (self.first, self.last):
            field.clear()
            field.complain("")
        self._ask()

    def _step(self, field: NumberField, days: int) -> None:
        day = _read(field)
        if day is not None:
            field.setText((day + timedelta(days)).isoformat())

    # ---- what is shown

    def show_activities(self, wanted: Wanted, activities: Sequence[Activity], more: bool, unreadable: int) -> None:
        """Show all that is loaded of ``wanted``, newest first; ``more`` says that older ones can be loaded."""
        if wanted != self.wanted:
            return  # somebody chose something else meanwhile
        self.table.set_empty(NONE_YET if more else NONE)
        self.model.replace(activities)
        self._show_count(more)
        self._complaint.hide()
        if unreadable:
            rows = "row" if unreadable == 1 else "rows"
            self._complain(
                f"{unreadable:,} {rows} of the broker's answer could not be read and {'is' if unreadable == 1 else 'are'} missing here."
            )

    def show_failure(self, sentence: str) -> None:
        """Why there are no newer or older ones; what is loaded stays."""
        self._complain(f"Stale: {sentence}" if self.model.rowCount() else sentence)
        self.table.set_empty("")
        self._show_count(self._more)

    def _complain(self, sentence: str) -> None:
        self._complaint.setText(sentence)
        paint_note(self._complaint, "WARN")
        self._complaint.show()

    def _show_count(self, more: bool) -> None:
        self._more = more
        count = self.model.rowCount()
        self.count.setText(f"{count:,} loaded" if count else "")
        self.older.setEnabled(more)
        self.older.setText("Load older")
        self.older.setToolTip("" if more else ALL_TOLD)

    def forbid(self, why: str) -> None:
        """Why the person may not export, or nothing."""
        forbid(self.export, why)

    @property
    def complaint(self) -> str:
        """The sentence about what failed or is missing, or nothing."""
        return "" if self._complaint.isHidden() else self._complaint.text()


def _read(field: NumberField) -> date | None:
    try:
        return date.fromisoformat(field.text().strip())
    except ValueError:
        return None


def _checked(field: NumberField) -> bool:
    """Whether the field is empty or holds a day; else it says how days are typed."""
    fine = not field.text().strip() or _read(field) is not None
    field.complain("" if fine else "Type a day as year-month-day, such as 2026-05-31.")
    return fine
