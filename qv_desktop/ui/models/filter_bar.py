"""What makes a long table short: a field to filter by, quick filters, sections, and how many rows are left."""

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.menu_button import menu_button
from qv_desktop.ui.models.row_filter import HELP, passing
from qv_desktop.ui.models.table import Table

ALL, NO_SECTIONS = "All", "No sections"
_TYPING = 120  # ms without a key until the rows follow


class FilterField(QLineEdit):
    """Esc clears it and, when it is empty, goes back to the table, as Down and Enter do."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Filter  Ctrl+F")
        self.setAccessibleName("Filter the rows")
        self.setToolTip(HELP)
        self.setClearButtonEnabled(True)
        self.setFont(theme.body())
        self.setFixedHeight(26)
        self.setMinimumWidth(110)
        self.setMaximumWidth(220)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class TableFilter[R]:
    """The controls over one table, for its panel to arrange. ``changed`` is called once other rows are shown.

    ``kinds`` are quick filters by name, ``sections`` what rows can be put under heads by.
    """

    def __init__(self, table: Table[R], panel: QWidget, *, kinds: Mapping[str, Callable[[R], bool]] | None = None,
                 sections: Mapping[str, Callable[[R], str]] | None = None) -> None:  # fmt: skip
        self._table, self._model = table, table.rows_model
        self._kinds, self._sections = dict(kinds or {}), dict(sections or {})
        self.field = FilterField()
        self.kinds = theme.Segmented((ALL, *self._kinds))
        self.kinds.setFixedWidth(66 * (1 + len(self._kinds)))
        self.sections = menu_button("☰", "Sections: put the rows under heads", self._offer_sections)
        self.section = ""
        self.changed: Callable[[], None] = lambda: None
        self._soon = QTimer(self.field, interval=_TYPING, singleShot=True)
        self._soon.timeout.connect(self._apply)
        self.field.textChanged.connect(lambda _: self._soon.start())
        self.field.left.connect(self._leave)
        self.kinds.chosen.connect(lambda _: self._apply())
        table.filterable = True
        table.filter_wanted.connect(self._filter_column)
        find = QShortcut(QKeySequence.StandardKey.Find, panel)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self.focus)

    def focus(self) -> None:
        """Put the keyboard into the field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def words(self, what: str) -> str:
        """How many rows are shown: ``12 of 340 orders`` while some are not."""
        shown, every = self._model.counts()
        return f"{shown:,} of {every:,} {what}" if shown != every else f"{every:,} {what}"

    @property
    def narrowed(self) -> bool:
        """Whether some rows are left out."""
        shown, every = self._model.counts()
        return shown != every

    def saved(self) -> dict[str, Any]:
        """What is chosen, as JSON values."""
        return {"filter": self.field.text(), "kind": self.kinds.choice(), "section": self.section}

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Choose it again; what is not known any more is left as it is."""
        self.field.setText(str(saved.get("filter", "")))
        self.kinds.choose(str(saved.get("kind", ALL)))
        section = str(saved.get("section", ""))
        self._group(section if section in self._sections else "")
        self._apply()

    def _apply(self) -> None:
        self._soon.stop()
        typed = passing(self.field.text(), self._model.columns)
        kind = self._kinds.get(self.kinds.choice())
        passes = typed if kind is None else kind if typed is None else _both(kind, typed)
        self._model.filter_by(passes)
        self.changed()

    def _offer_sections(self, menu: QMenu) -> None:
        for title in ("", *self._sections):
            entry = menu.addAction(f"By {title.lower()}" if title else NO_SECTIONS)
            entry.setCheckable(True)
            entry.setChecked(title == self.section)
            entry.triggered.connect(lambda _=False, title=title: self._group(title))

    def _group(self, title: str) -> None:
        if title != self.section:
            self.section = title
            self._model.group_by(self._sections.get(title))
            self.changed()

    def _filter_column(self, title: str) -> None:
        """Begin a filter of one column."""
        name = title.split(",")[0].replace(" ", "").lower()
        begun = f"{self.field.text()} {name}:".strip()
        self.field.setText(begun)
        self.field.setFocus()

    def _leave(self) -> None:
        self._apply()
        self._table.setFocus()


def _both[R](one: Callable[[R], bool], other: Callable[[R], bool]) -> Callable[[R], bool]:
    return lambda row: one(row) and other(row)
