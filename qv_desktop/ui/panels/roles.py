"""Roles: what every role may do, for everybody to read, and for those who may to make roles of the desk's own."""

from collections.abc import Collection, Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QMenu, QSplitter, QStackedWidget, QWidget

from qv_desktop.domain.access import Permission
from qv_desktop.domain.role_names import LONGEST
from qv_desktop.domain.roles import KnownRole, listed
from qv_desktop.ui import theme
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.role_grid import LEGEND, RoleGrid, RolesBesideEachOther
from qv_desktop.ui.models.split import pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import Column, TableModel

_BUILT_IN = "This role is built in and stays as it is; copy it and change the copy"
_NARROW, _LIST = 560, (190, 112)  # px; the list's width where there is room, and where there is not
_TOGETHER = "Click a role to see it by itself"


class RolesPanel(QWidget):
    """Emits what is wanted of roles; whoever keeps them answers with ``show_roles``, and ``show_saved`` or ``show_wrong``.

    The list at the left chooses a role; without one all stand side by side. Clicks tick and untick while a role is edited.
    """

    name = "roles"
    title = "Roles"

    refresh_asked = Signal()
    make_asked = Signal(str, object)  # name, permissions
    edit_asked = Signal(object, str, object)  # KnownRole as it was, name, permissions
    delete_asked = Signal(object)  # KnownRole

    def __init__(self) -> None:
        super().__init__()
        self._own, self._mine = "", frozenset[Permission]()  # the person's role, and what it may do
        self._lacking: dict[str, str] = {}
        self._before: KnownRole | None = None  # what is being edited; None while a new one is made
        self._editing = False
        self.model: TableModel[KnownRole] = TableModel(_columns(), key=lambda r: r.name, parent=self)
        self.table = Table(self.model, empty="Reading the roles…")
        self.table.setAccessibleName("Roles")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.all, self.grid = RolesBesideEachOther(), RoleGrid()
        self.asking, self.said = ConfirmBar(keep="Leave it"), theme.label("", "hint")
        self._build()
        self._connect()
        self._judge()

    # ---- in

    def show_roles(self, roles: Sequence[KnownRole], own: str, mine: Collection[Permission]) -> None:
        """Every role; ``own`` is the person's, which may do ``mine``: nobody grants more. What is being edited stays."""
        self._own, self._mine = own, frozenset(mine)
        self.model.replace(list(roles))
        self.all.show_roles(roles, own)
        if not self._editing:
            self._show_chosen()

    def show_saved(self, sentence: str) -> None:
        """It is done: back from editing."""
        self._leave()
        tint(self.said, "TX1")
        self._say(sentence)

    def show_wrong(self, sentence: str) -> None:
        """Why it was not done; what was ticked stays."""
        tint(self.said, "BAD")
        self._say(sentence)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``create``, ``change`` or ``delete`` roles, ``export``, or ``view`` who has one; what is absent is
        allowed.
        """
        self._lacking = dict(lacking)
        self._fit()
        self.table.forbid_export(lacking.get("export", ""))
        if self._editing and (lacking.get("change") or lacking.get("create")):
            self._leave()
        self._show_page()

    def chosen(self) -> KnownRole | None:
        """The role that is selected, if one is."""
        rows = self.table.selected()
        return rows[0] if len(rows) == 1 else None

    # ---- what the person does

    def _connect(self) -> None:
        self.table.selectionModel().selectionChanged.connect(self._chose)
        self.all.role_chosen.connect(self.table.select_key)
        self.beside.clicked.connect(self.table.clearSelection)
        self.new.clicked.connect(lambda: self._begin(None, "", frozenset()))
        self.edit.clicked.connect(self._edit)
        self.copy.clicked.connect(self._copy)
        self.delete.clicked.connect(self._delete)
        self.save.clicked.connect(self._save)
        self.cancel.clicked.connect(self._leave)
        self.field.returnPressed.connect(self._save)

    def _chose(self) -> None:
        self.asking.dismiss()
        self._show_chosen()

    def _edit(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._begin(chosen, chosen.name, chosen.permissions)

    def _copy(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._begin(None, f"Copy of {chosen.name}"[:LONGEST], chosen.permissions & self._mine)

    def _delete(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self.asking.ask(
                f"Delete the role {chosen.name}? Nobody has it.", "Delete", lambda: self.delete_asked.emit(chosen)
            )

    def _begin(self, before: KnownRole | None, name: str, granted: Collection[Permission]) -> None:
        """Edit: a new role when there was none ``before``."""
        self.asking.dismiss()
        self._before, self._editing = before, True
        self.field.setText(name)
        self.grid.show_role(granted, self._mine)
        self._say("")
        self._show_page()
        self.field.setFocus()
        self.field.selectAll()

    def _save(self) -> None:
        name, granted = self.field.text().strip(), self.grid.granted()
        if not name:
            self.show_wrong("Type the role's name.")
            self.field.setFocus()
        elif self._before is None:
            self.make_asked.emit(name, granted)
        elif (name, granted) == (self._before.name, self._before.permissions):
            self._leave()
        else:
            self.edit_asked.emit(self._before, name, granted)

    def _leave(self) -> None:
        """Back from editing; what was not saved is dropped."""
        self._before, self._editing = None, False
        self._say("")
        self._show_chosen()

    # ---- eyes

    def _show_chosen(self) -> None:
        chosen = self.chosen()
        if chosen is not None and not self._editing:
            self.grid.show_role(chosen.permissions)
        self._show_page()

    def _show_page(self) -> None:
        chosen = self.chosen()
        self.pages.setCurrentWidget(self.one if self._editing or chosen is not None else self.every)
        self.heading.setText(self._heading(chosen))
        self.heading.setVisible(not self._editing)
        for part in (self.field, self.save, self.cancel):
            self.editor.want(part, self._editing)
        self.editor.setVisible(self._editing)
        self.table.setEnabled(not self._editing)
        self._judge()

    def _heading(self, chosen: KnownRole | None) -> str:
        if chosen is None:
            return ""
        held = "" if "view" in self._lacking else f"held by {listed(chosen.holders)}"
        words = (
            chosen.name,
            "built in" if chosen.built_in else "made here",
            "yours" if chosen.name == self._own else held,
            f"{len(chosen.unknown)} that only a newer program knows" if chosen.unknown else "",
        )
        return " · ".join(filter(None, words))

    def _say(self, sentence: str) -> None:
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    def _judge(self) -> None:
        """Grey out what cannot be done to what is selected, each with its reason."""
        chosen, busy = self.chosen(), "Save or cancel first" if self._editing else ""
        none = busy or ("" if chosen else "Select a role first")
        fixed = none or (_BUILT_IN if chosen is not None and chosen.built_in else "") or self._mightier(chosen)
        held = (
            f"It is the role of {listed(chosen.holders)}; give them another one first"
            if chosen and chosen.holders
            else ""
        )
        forbid(self.beside, busy or ("" if chosen else _TOGETHER))
        forbid(self.new, self._lacking.get("create", "") or busy)
        forbid(self.copy, self._lacking.get("create", "") or none)
        forbid(self.edit, self._lacking.get("change", "") or fixed)
        forbid(self.delete, self._lacking.get("delete", "") or fixed or held)

    def _mightier(self, chosen: KnownRole | None) -> str:
        lacking = chosen.permissions - self._mine if chosen is not None else ()
        return "This role may do what yours may not, so you cannot change it" if lacking else ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the list gives way to the grid."""
        super().resizeEvent(event)
        if (self.width() < _NARROW) != (event.oldSize().width() < _NARROW) or not event.oldSize().isValid():
            self.split.setSizes([_LIST[self.width() < _NARROW], 10_000])
            self._fit()

    def _fit(self) -> None:
        """Who has a role is shown where there is room for it, to those who may see users."""
        self.table.setColumnHidden(1, self.width() < _NARROW or "view" in self._lacking)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_asked.emit()

    # ---- building

    def _build(self) -> None:
        self.beside = theme.button("Side by side")
        self.new, self.copy = theme.button("New…"), theme.button("Copy…")
        self.edit, self.delete = theme.button("Edit…"), theme.button("Delete…")
        self.more = menu_button("⋯", "More about roles", self._fill)
        self.more.setFixedWidth(28)
        bar = Bar(self.beside, None, self.new, self.copy, self.edit, self.delete, self.more,
                  yielding=(self.delete, self.edit, self.copy, self.beside, self.new))  # fmt: skip
        self.heading, self.field = theme.label("", "title"), QLineEdit()
        self.heading.setWordWrap(True)
        self.field.setAccessibleName("Name of the role")
        self.field.setPlaceholderText("Name of the role")
        self.field.setMaxLength(LONGEST)
        self.save, self.cancel = theme.button("Save…", "primary"), theme.button("Cancel")
        self.editor = Bar(self.field, self.save, self.cancel)
        self.editor.hide()
        self.one, self.every, self.pages = (
            pane(self.heading, self.editor, self.grid, grow=2),
            QWidget(),
            QStackedWidget(),
        )
        hint = theme.label(LEGEND, "hint")
        hint.setContentsMargins(10, 4, 10, 4)
        hint.setWordWrap(True)
        stacked(self.every, self.all, hint).setStretch(0, 1)
        self.pages.addWidget(self.every)
        self.pages.addWidget(self.one)
        foot = Bar(self.said, None)
        foot.setFixedHeight(26)
        self.split = _beside(self.table, self.pages)
        stacked(self, bar, divider(), self.split, self.asking, foot).setStretch(2, 1)

    def _fill(self, menu: QMenu) -> None:
        """All that the bar offers, for a panel too narrow for it."""
        for button in (self.beside, self.new, self.copy, self.edit, self.delete):
            entry(menu, button.text(), button.click, "" if button.isEnabled() else button.toolTip())
        menu.addSeparator()
        entry(menu, "Read anew", self.refresh_asked.emit)
        self.table.offer_export(menu)


def _beside(roles: QWidget, pages: QWidget) -> QSplitter:
    """The list of roles takes little, the grid the rest."""
    split = QSplitter()
    split.setHandleWidth(1)
    theme.wear(split, lambda: f"QSplitter::handle {{ background: {theme.LINE}; }}")
    split.setChildrenCollapsible(False)
    split.addWidget(roles)
    split.addWidget(pages)
    split.setStretchFactor(1, 1)
    roles.setMinimumWidth(110)
    pages.setMinimumWidth(200)
    return split


def _columns() -> list[Column[KnownRole]]:
    return [
        Column("Role", lambda r: r.name, width=110, bold=True, stretch=True, color=lambda r: "TX0" if r.built_in else "ACCENT",
               tip=lambda r: "Built in" if r.built_in else "Made here"),
        Column("Users", lambda r: f"{len(r.holders)}", key=lambda r: len(r.holders), right=True, width=48, color=lambda r: "TX1",
               tip=lambda r: listed(r.holders)),
    ]  # fmt: skip
