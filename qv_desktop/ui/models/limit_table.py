"""Every limit with what each scope sets, what counts and who set it; the chosen scope's column is typed into in place."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QWidget

from qv_desktop.domain.limit_words import WORDS, short, title, typed
from qv_desktop.domain.limits import Scope, ScopedLimits, whose
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui.models.column import Column
from qv_desktop.ui.models.shown_rows import Index
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

type Value = Decimal | int
NONE = "—"
FIRST = 1  # columns before those of the scopes
EMPTY = "The limits are read as soon as the books are open."


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit. ``staged`` is what was typed and not saved yet: a value, or None for taking it away."""

    name: str
    values: Mapping[Scope, Value]
    force: Value
    by: ScopedLimits
    me: str = ""
    changed: bool = False
    staged: Value | None = None
    wider: bool = False
    told: str = field(default="", compare=False)

    def text(self, scope: Scope) -> str:
        """What the scope sets."""
        return short(self.name, self.values[scope]) if scope in self.values else NONE

    def typed(self) -> str:
        """What was typed for the chosen scope."""
        text = NONE if self.staged is None else short(self.name, self.staged)
        return f"! {text}" if self.wider else text  # not by its colour alone

    def edited(self, scope: Scope) -> str:
        """What stands in the field when it is opened: without a unit."""
        value = self.staged if self.changed else self.values.get(scope)
        return "" if value is None else typed(self.name, value)


class LimitsModel(TableModel[LimitRow]):
    """Tells ``given(name, text)`` what was typed into the column of ``scope``, while ``why_not`` is empty."""

    given = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        self.scope, self.heads, self.why_not = Scope.FIRM, dict[Scope, str](), "The limits are not read yet."
        super().__init__(_columns(lambda: self.scope), key=lambda row: row.name, parent=parent)

    def flags(self, index: Index) -> Qt.ItemFlag:
        """The chosen scope's column can be typed into."""
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if self.editable(index.column()) else flags

    def editable(self, column: int) -> bool:
        """Whether the column can be typed into."""
        return not self.why_not and column == FIRST + list(Scope).index(self.scope)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.EditRole:
            return self.row(index.row()).edited(self.scope)
        return super().data(index, role)

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not self.editable(index.column()):
            return False
        self.given.emit(self.row(index.row()).name, str(value))
        return True

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        scopes = list(Scope)
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            place = section - FIRST
            if 0 <= place < len(scopes) and self.heads.get(scopes[place]):
                return self.heads[scopes[place]]
        return super().headerData(section, orientation, role)


class LimitsTable(Table[LimitRow]):
    """Double click, F2 or just typing changes the value of the chosen scope; Del takes it away."""

    def __init__(self) -> None:
        self.limits = LimitsModel()
        super().__init__(self.limits, empty=EMPTY)
        self.limits.setParent(self)
        self.setAccessibleName("Limits")
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        trigger = QAbstractItemView.EditTrigger
        self.setEditTriggers(
            trigger.DoubleClicked | trigger.EditKeyPressed | trigger.AnyKeyPressed | trigger.SelectedClicked
        )

    @property
    def column(self) -> int:
        """The column that can be typed into."""
        return FIRST + list(Scope).index(self.limits.scope)

    def edit_chosen(self) -> bool:
        """Begin to type into the selected row, or the first."""
        rows = self.selectionModel().selectedRows()
        place = rows[0].row() if rows else 0
        index = self.limits.index(place, self.column)
        if not self.limits.editable(self.column) or not self.limits.rowCount():
            return False
        self.setCurrentIndex(index)
        self.edit(index)
        return True

    def keyPressEvent(self, event: Any) -> None:
        """Enter opens the field; keys that type go into the chosen scope's column, wherever the row was clicked."""
        index = self.currentIndex()
        typing = (
            event.text().isprintable()
            and event.text().strip()
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        )
        enters = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2)
        if enters and self.edit_chosen():
            return
        if typing and index.isValid() and index.column() != self.column:
            self.setCurrentIndex(self.limits.index(index.row(), self.column))
        super().keyPressEvent(event)


def _columns(chosen: Callable[[], Scope]) -> tuple[Column[LimitRow], ...]:
    def of(scope: Scope) -> Column[LimitRow]:
        def mine(row: LimitRow) -> bool:
            return scope is chosen() and row.changed

        def color(row: LimitRow) -> str | None:
            if mine(row):
                return "WARN" if row.wider else "GOOD"
            return "TX0" if row.by.scope is scope else "TX1" if scope in row.values else "TX2"

        return Column(
            scope.capitalize(), lambda row: row.typed() if mine(row) else row.text(scope), right=True, width=70, whole=True, color=color,
            key=lambda row: row.values.get(scope), tip=lambda row: row.told if mine(row) else "",
            ground=lambda row: "BG2" if scope is chosen() and not row.changed else None,
        )  # fmt: skip

    return (
        Column("Limit", lambda row: title(row.name), width=154, bold=True, whole=True, tip=_meaning),
        *(of(scope) for scope in Scope),
        Column("In force", lambda row: short(row.name, row.force), key=lambda row: row.force, right=True, width=70, bold=True,
               whole=True, color=lambda row: "ACCENT"),
        Column("Set by", _setter, width=108, color=lambda row: "TX1", tip=_told, stretch=True),
    )  # fmt: skip


def _meaning(row: LimitRow) -> str:
    words = WORDS[row.name]
    return f"{words.means} Typed in {words.unit}."


def _setter(row: LimitRow) -> str:
    by = row.by
    who = {Scope.FIRM: "firm", Scope.ACCOUNT: "account"}.get(by.scope, "you" if by.of == row.me.lower() else by.of)
    return f"{who} · {by.set_by or 'the program'}"


def _told(row: LimitRow) -> str:
    by = row.by
    at = f" on {by.set_at.astimezone(NEW_YORK):%d %b %Y %H:%M}" if by.set_at is not None else ""
    second = f", approved by {by.approved_by}" if by.approved_by else ""
    return f"What counts is {whose(by, row.me)}, set by {by.set_by or 'the program'}{at}{second}."
