"""Whom limits are set for: the firm, accounts, users, strategies and symbols, and a line to add one more."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_changes import owner
from qv_desktop.domain.limits import Scope
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, forbid

GROUPS = {Scope.ACCOUNT: "Accounts", Scope.USER: "Users", Scope.STRATEGY: "Strategies", Scope.SYMBOL: "Symbols"}
HINTS = {
    Scope.USER: "Name, as they log in",
    Scope.STRATEGY: "Strategy, such as sma_cross",
    Scope.SYMBOL: "Symbol, such as AAPL",
}
ROW = 21  # px
_OF = Qt.ItemDataRole.UserRole

type Key = tuple[Scope, str]


class ScopeTree(QWidget):
    """Emits ``chosen(Scope, str)``, and ``failed(str)`` when what was typed names nothing."""

    chosen = Signal(object, str)
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._items: dict[Key, QTreeWidgetItem] = {}
        self._added: list[Key] = []  # without limits of their own yet
        self._shown: tuple[object, ...] = ()
        self.tree = QTreeWidget()
        self.tree.setHeaderHidden(True)
        self.tree.setAccessibleName("Whom limits are set for")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.setIndentation(10)
        self.tree.setStyleSheet("QTreeView { padding-left: 6px; }")
        self.tree.setRootIsDecorated(False)
        self.kind, self.field, self.add = QComboBox(), QLineEdit(), theme.button("Add")
        self.kind.setAccessibleName("What to add")
        for scope in HINTS:
            self.kind.addItem(scope.capitalize(), scope)
        self.field.setAccessibleName("Name to add")
        self._lay_out()
        self.tree.currentItemChanged.connect(self._chose)
        self.kind.currentIndexChanged.connect(self._hint)
        self.field.returnPressed.connect(self._add)
        self.add.clicked.connect(self._add)
        self._hint()

    def show_scopes(self, keys: Iterable[Key], marked: Mapping[Key, int], names: Mapping[Key, str]) -> None:
        """All that there is; ``marked`` are those with limits of their own and how many, ``names`` what some are called."""
        every = sorted(
            {(Scope.FIRM, ""), *keys, *self._added}, key=lambda key: (list(Scope).index(key[0]), key[1].lower())
        )
        shown = (tuple(every), dict(marked), dict(names))
        if shown == self._shown:
            return
        self._shown, kept = shown, self.current()
        self.tree.blockSignals(True)
        self.tree.clear()
        self._items.clear()
        groups: dict[Scope, QTreeWidgetItem] = {}
        for key in every:
            scope, of = key
            if scope is not Scope.FIRM and scope not in groups:
                groups[scope] = QTreeWidgetItem(self.tree, [GROUPS[scope].upper()])
                groups[scope].setFlags(Qt.ItemFlag.ItemIsEnabled)
                groups[scope].setForeground(0, theme.color("TX2"))
                groups[scope].setFont(0, theme.tiny())
                groups[scope].setSizeHint(0, QSize(0, ROW))
            count = f"  · {marked[key]}" if marked.get(key) else ""
            item = QTreeWidgetItem(groups.get(scope, self.tree), [f"{names.get(key) or of or 'Firm'}{count}"])
            item.setSizeHint(0, QSize(0, ROW))
            item.setData(0, _OF, key)
            item.setToolTip(0, f"{marked[key]} limits of its own" if marked.get(key) else "No limits of its own")
            self._items[key] = item
        self.tree.expandAll()
        self.tree.setCurrentItem(self._items.get(kept, self._items[Scope.FIRM, ""]))
        self.tree.blockSignals(False)
        if self.current() != kept:
            self._chose()

    def current(self) -> Key:
        """What is chosen."""
        item = self.tree.currentItem()
        key = item.data(0, _OF) if item is not None else None
        return (Scope(key[0]), key[1]) if key else (Scope.FIRM, "")

    def choose(self, scope: Scope, of: str) -> None:
        """As if the person chose it."""
        if (scope, of) in self._items:
            self.tree.setCurrentItem(self._items[scope, of])

    def forbid(self, why: str) -> None:
        """Why nothing may be added, if so."""
        for control in (self.kind, self.field, self.add):
            forbid(control, why)

    def _chose(self) -> None:
        item = self.tree.currentItem()
        if item is not None and item.data(0, _OF):
            self.chosen.emit(*self.current())

    def _hint(self) -> None:
        self.field.setPlaceholderText(HINTS[Scope(self.kind.currentData())])

    def _add(self) -> None:
        scope = Scope(self.kind.currentData())
        try:
            key = (scope, owner(scope, self.field.text()))
        except BadInput as error:
            self.failed.emit(str(error))
            return
        self.failed.emit("")
        self._added.append(key)
        _, marked, names = self._shown
        self.show_scopes(list(self._items), marked, names)  # type: ignore[arg-type]  # as they were given
        self.choose(*key)
        self.field.clear()

    def _lay_out(self) -> None:
        self.kind.setMinimumWidth(52)
        self.add.setFixedWidth(46)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 5, 0, 6)
        column.setSpacing(4)
        column.addWidget(self.tree, 1)
        for row in (across(self.kind, self.add), across(self.field)):
            row.setContentsMargins(8, 0, 8, 0)
            column.addLayout(row)
