"""Roles as grids: one role's resources by actions, ticked or being ticked, and all roles side by side."""

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableWidget, QTableWidgetItem

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.roles import KnownRole, whole
from qv_desktop.ui import theme

_RESOURCES, _ACTIONS = tuple(Resource), tuple(Action)
LETTERS = {"view": "V", "create": "C", "change": "H", "delete": "D", "run": "R", "approve": "A", "export": "X"}
LEGEND = "V view · C create · H change · D delete · R run · A approve · X export · a dot is no"
_YES, _NO, _DOT, _ROW = "✓", "–", "·", 22


class RoleGrid(QTableWidget):
    """What one role may do. While ``editing``, a click, Space or Enter grants or takes away what the editor may grant."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__(len(_RESOURCES), len(_ACTIONS))
        _dress(self, "What the role may do")
        self.setHorizontalHeaderLabels([str(action) for action in _ACTIONS])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        self.horizontalHeader().setMinimumSectionSize(54)
        self._granted: frozenset[Permission] = frozenset()
        self._mine: frozenset[Permission] | None = None  # what the editor may grant, while editing
        self.cellClicked.connect(self._turn)
        self.show_role(())

    @property
    def editing(self) -> bool:
        """Whether it is being edited."""
        return self._mine is not None

    def granted(self) -> frozenset[Permission]:
        """What is ticked."""
        return self._granted

    def show_role(self, granted: Collection[Permission], may_grant: Collection[Permission] | None = None) -> None:
        """Show these; with ``may_grant`` they can be edited within that."""
        self._granted = frozenset(granted)
        self._mine = None if may_grant is None else frozenset(may_grant)
        for row in range(len(_RESOURCES)):
            for column in range(len(_ACTIONS)):
                self._paint(row, column)

    def _paint(self, row: int, column: int) -> None:
        permission = Permission(_RESOURCES[row], _ACTIONS[column])
        held = permission in self._granted
        item = QTableWidgetItem(_YES if held else _NO)
        item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
        item.setFont(theme.bold() if held else theme.body())
        item.setForeground(theme.color("GOOD" if held else "TX2"))
        words = f"{permission}: {'may' if held else 'may not'}"
        if self._mine is not None and permission not in self._mine:
            words = f"{words}. You lack this yourself, so you cannot grant it or take it away"
            item.setForeground(theme.color("TX2"))
        elif self.editing:
            item.setBackground(theme.color("BG2"))
        item.setToolTip(words)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
        self.setItem(row, column, item)

    def _turn(self, row: int, column: int) -> None:
        """Grant or take away; to do something to what cannot be seen is no use, so the two go together."""
        permission = Permission(_RESOURCES[row], _ACTIONS[column])
        if self._mine is None or permission not in self._mine:
            return
        if permission not in self._granted:
            self._granted = whole({*self._granted, permission})
        elif permission.action is Action.VIEW:
            self._granted = frozenset(each for each in self._granted if each.resource is not permission.resource)
        else:
            self._granted -= {permission}
        for place in range(len(_ACTIONS)):
            self._paint(row, place)
        self.setCurrentCell(row, column)
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.editing:
            self._turn(self.currentRow(), self.currentColumn())
        else:
            super().keyPressEvent(event)


class RolesBesideEachOther(QTableWidget):
    """Every role as a column, every resource as a row; a letter for each action that is granted, a dot for each that is not."""

    role_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__(len(_RESOURCES), 0)
        _dress(self, "What every role may do")
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._names: list[str] = []
        self.cellDoubleClicked.connect(lambda _row, column: self.role_chosen.emit(self._names[column]))
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().sectionClicked.connect(lambda column: self.role_chosen.emit(self._names[column]))

    def show_roles(self, roles: Sequence[KnownRole], own: str) -> None:
        """Show these; the column of the role that the person has stands out."""
        self._names = [role.name for role in roles]
        self.setColumnCount(len(roles))
        self.setHorizontalHeaderLabels([f"{role.name} (yours)" if role.name == own else role.name for role in roles])
        for column, role in enumerate(roles):
            for row, resource in enumerate(_RESOURCES):
                self.setItem(row, column, _letters(role, resource, own=role.name == own))
            self.setColumnWidth(column, 112)

    def words(self, role: str, resource: Resource) -> str:
        """What a cell shows. Raises ValueError for an unknown role."""
        item = self.item(_RESOURCES.index(resource), self._names.index(role))
        return item.text() if item is not None else ""


def _letters(role: KnownRole, resource: Resource, *, own: bool) -> QTableWidgetItem:
    held = [action for action in _ACTIONS if Permission(resource, action) in role.permissions]
    item = QTableWidgetItem(" ".join(LETTERS[action] if action in held else _DOT for action in _ACTIONS))
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    item.setFont(theme.mono())
    item.setForeground(theme.color("TX0" if own else "TX1" if held else "TX2"))
    if own:
        item.setBackground(theme.color("SELECTION"))
    words = f"{role.name}, {resource}: {', '.join(held) or 'nothing'}"
    item.setToolTip(words)
    item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
    return item


def _dress(grid: QTableWidget, name: str) -> None:
    """Dense rows without lines, the resources' names at the left."""
    grid.setAccessibleName(name)
    grid.setVerticalHeaderLabels([str(resource) for resource in _RESOURCES])
    grid.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    grid.setShowGrid(False)
    grid.setFrameShape(QFrame.Shape.NoFrame)
    grid.setTabKeyNavigation(False)
    grid.setCornerButtonEnabled(False)
    grid.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    for header in (grid.horizontalHeader(), grid.verticalHeader()):
        header.setFont(theme.small())
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
    grid.horizontalHeader().setFixedHeight(24)
    grid.verticalHeader().setFixedWidth(96)
    grid.verticalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    grid.verticalHeader().setMinimumSectionSize(16)
    grid.verticalHeader().setDefaultSectionSize(_ROW)
