"""Users: who may sign in, with which role, from where; for those who administer them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit, QMenu, QWidget

from qv_desktop.domain.access import User
from qv_desktop.domain.people import Invitation, Person, Seat
from qv_desktop.ui import theme
from qv_desktop.ui.models.code_bar import CodeBar
from qv_desktop.ui.models.confirm_bar import ConfirmBar
from qv_desktop.ui.models.layouts import Bar, across, divider, forbid, stacked, tint
from qv_desktop.ui.models.ledger import Ledger, Line
from qv_desktop.ui.models.menu_button import entry, menu_button
from qv_desktop.ui.models.person_columns import Listed, columns, seat_columns, when
from qv_desktop.ui.models.split import DetailSplit, pane
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

_NOBODY = "Select a user first"
_EMPTY = "No user matches. Clear the search, or make a new user."
_LOADING = "Reading the users…"


class UsersPanel(QWidget):
    """Emits what the person wants of users; whoever does it answers with ``show_people`` and ``show_said`` or ``show_wrong``."""

    name = "users"
    title = "Users"

    refresh_asked = Signal()
    create_asked = Signal(str, str)  # name, role
    role_asked = Signal(object, str)  # User, role
    suspend_asked = Signal(object)  # User
    activate_asked = Signal(object)  # User
    reset_asked = Signal(object)  # User
    unlock_asked = Signal(object)  # User
    seats_asked = Signal(str)  # id of a user
    revoke_asked = Signal(object, list)  # User, ids of sessions

    def __init__(self) -> None:
        super().__init__()
        self._people: list[Listed] = []
        self._lacking: dict[str, str] = {}
        self.model: TableModel[Listed] = TableModel(columns(), key=lambda p: p.person.user.id, parent=self)
        self.table = Table(self.model, empty=_LOADING)
        self.table.setAccessibleName("Users")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.seats_model: TableModel[Seat] = TableModel(seat_columns(), key=lambda s: s.id, parent=self)
        self.seats = Table(self.seats_model, empty="Not signed in anywhere.")
        self.seats.setAccessibleName("Sessions of the user")
        self.asking, self.code = ConfirmBar(keep="Leave it"), CodeBar()
        self.making = ConfirmBar(keep="Cancel", kind="primary")
        self.said = theme.label("", "hint")
        self._build_bar()
        self._build_details()
        self._build_making()
        foot = Bar(self.said, None)
        foot.setFixedHeight(26)
        split = DetailSplit(self.table, self.details, wide=320)
        stacked(self, self.bar, self.making, divider(), split, self.asking, self.code, foot).setStretch(3, 1)
        self._connect()
        self._judge()

    # ---- in

    def show_people(self, people: Iterable[Person], oneself: str) -> None:
        """Everybody as stored now; ``oneself`` is the id of the one who looks."""
        self._people = [Listed(person, person.user.id == oneself) for person in people]
        self.table.set_empty(_EMPTY)
        self._filter()

    def show_roles(self, names: Sequence[str]) -> None:
        """The roles that there are."""
        for box in (self.role, self.new_role):
            kept = box.currentText()
            box.clear()
            box.addItems(list(names))
            box.setCurrentText(kept if kept in names else "Viewer")
        self._judge()

    def show_seats(self, user: str, seats: Sequence[Seat]) -> None:
        """Where somebody is signed in; passed over when another user is selected by now."""
        chosen = self.chosen()
        if chosen is not None and chosen.person.user.id == user:
            self.seats_model.replace(list(seats))
            self._judge()

    def show_said(self, sentence: str) -> None:
        """What was done."""
        tint(self.said, "TX1")
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    def show_wrong(self, sentence: str) -> None:
        """Why something was not done."""
        tint(self.said, "BAD")
        self.said.setText(sentence)
        self.said.setToolTip(sentence)

    def show_code(self, invitation: Invitation) -> None:
        """Show a one-time code, once."""
        self.making.dismiss()
        self.code.show_code(invitation)

    def forbid(self, lacking: Mapping[str, str]) -> None:
        """Why the person may not ``view``, ``create``, ``change`` or ``export``; what is absent is allowed."""
        self._lacking = dict(lacking)
        self.table.forbid_export(lacking.get("export", ""))
        self.seats.forbid_export(lacking.get("export", ""))
        if why := lacking.get("view", ""):
            self._people = []
            self.code.forget()
            self._filter()
            self.table.set_empty(why)
        self._judge()

    def chosen(self) -> Listed | None:
        """The user that is selected, if one is."""
        rows = self.table.selected()
        return rows[0] if len(rows) == 1 else None

    # ---- what the person does

    def _connect(self) -> None:
        self.search.textChanged.connect(self._filter)
        self.table.selectionModel().selectionChanged.connect(self._chose)
        self.seats.selectionModel().selectionChanged.connect(self._judge)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu_at)
        self.new.clicked.connect(self._make)
        self.give.clicked.connect(self._give)
        self.role.activated.connect(self._judge)
        self.turn.clicked.connect(self._turn)
        self.reset.clicked.connect(self._reset)
        self.unlock.clicked.connect(lambda: self._with(self.unlock_asked.emit))
        self.end_one.clicked.connect(lambda: self._revoke([seat.id for seat in self.seats.selected()]))
        self.end_all.clicked.connect(lambda: self._revoke([seat.id for seat in self.seats_model.rows()]))

    def _with(self, done: Callable[[User], object]) -> None:
        chosen = self.chosen()
        if chosen is not None:
            done(chosen.person.user)

    def _chose(self) -> None:
        """Another user is selected: what was asked about the one before is asked no longer."""
        self.asking.dismiss()
        self.seats_model.replace([])
        chosen = self.chosen()
        if chosen is not None:
            self.role.setCurrentText(chosen.person.user.role)
            self.seats_asked.emit(chosen.person.user.id)
        self._judge()

    def _make(self) -> None:
        if self._lacking.get("create"):
            return
        self.making.ask("New user", "Make", self._made)
        self.new_name.setFocus()

    def _made(self) -> None:
        name = self.new_name.text().strip()
        if not name:
            self.show_wrong("Type the new user's name.")
            self._make()
            return
        self.create_asked.emit(name, self.new_role.currentText())
        self.new_name.clear()

    def _give(self) -> None:
        self._give_role(self.role.currentText())

    def _give_role(self, role: str) -> None:
        self._with(lambda user: self.role_asked.emit(user, role))

    def _turn(self) -> None:
        chosen = self.chosen()
        if chosen is None:
            return
        user = chosen.person.user
        if chosen.person.suspended:
            self.asking.ask(
                f"Let {user.name} sign in again as {user.role}?", "Activate", lambda: self.activate_asked.emit(user)
            )
            return
        ends = f" Ends {_sessions(chosen.person.sessions)} now." if chosen.person.sessions else ""
        self.asking.ask(
            f"Suspend {user.name}?{ends} Working orders stay.", "Suspend", lambda: self.suspend_asked.emit(user)
        )

    def _reset(self) -> None:
        def ask(user: User) -> None:
            words = (
                f"Reset the password of {user.name}? The old one and every session end now; you get a code for them."
            )
            self.asking.ask(words, "Reset", lambda: self.reset_asked.emit(user))

        self._with(ask)

    def _revoke(self, ids: list[str]) -> None:
        def ask(user: User) -> None:
            words = f"End {_sessions(len(ids))} of {user.name}? They must sign in again."
            self.asking.ask(words, "End", lambda: self.revoke_asked.emit(user, ids))

        if ids:
            self._with(ask)

    # ---- eyes

    def _filter(self) -> None:
        wanted = self.search.text().strip().casefold()
        fit = [
            each for each in self._people if wanted in f"{each.name} {each.person.user.role} {each.state}".casefold()
        ]
        kept = self.chosen()
        self.model.replace(fit)
        if kept is not None and self.chosen() is None:
            self.table.select_key(kept.person.user.id)
        active = sum(each.state == "active" for each in self._people)
        self.count.setText(f"{len(self._people):,} users · {active:,} active" if self._people else "")
        self._judge()

    def _judge(self) -> None:
        """Grey out what cannot be done to whom is selected, each with its reason."""
        chosen, change = self.chosen(), self._lacking.get("change", "")
        nobody = change or ("" if chosen else _NOBODY)
        oneself = chosen is not None and chosen.oneself
        same = chosen is not None and self.role.currentText() == chosen.person.user.role
        locked = chosen is not None and chosen.locked
        forbid(self.new, self._lacking.get("create", ""))
        forbid(self.role, nobody)
        forbid(self.give, nobody or ("They have this role already; choose another" if same else ""))
        forbid(self.turn, nobody or ("You cannot suspend yourself" if oneself else ""))
        forbid(self.reset, nobody or ("Change your own password from the menu" if oneself else ""))
        forbid(self.unlock, nobody or ("" if locked else "This name is not locked"))
        forbid(self.end_one, nobody or ("" if self.seats.selected() else "Select a session first"))
        forbid(self.end_all, nobody or ("" if self.seats_model.rowCount() else "Not signed in anywhere"))
        self.turn.setText("Activate…" if chosen is not None and chosen.person.suspended else "Suspend…")
        self._show_facts(chosen)

    def _show_facts(self, chosen: Listed | None) -> None:
        self.heading.setText(chosen.name if chosen else "No user selected")
        person = chosen.person if chosen else None
        self.facts.show_lines(
            [
                Line(
                    "State",
                    chosen.standing,
                    {"active": "GOOD", "locked": "WARN", "invited": "ACCENT"}.get(chosen.state, "BAD"),
                ),
                Line("Last seen ET", when(person.seen)),
                Line("Created ET", when(person.created)),
            ]
            if chosen and person
            else []
        )

    # ---- building

    def _build_bar(self) -> None:
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search name, role, state…")
        self.search.setAccessibleName("Search users")
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(90)
        self.count = theme.label("", "hint")
        self.new = theme.button("New user…", "primary")
        self.more = menu_button("⋯", "More about users", self._fill)
        self.more.setFixedWidth(28)
        self.bar = Bar(self.search, self.count, self.new, self.more, yielding=(self.count,))

    def _build_details(self) -> None:
        self.heading = theme.label("", "title")
        self.facts = Ledger("User")
        self.role = QComboBox()
        self.role.setAccessibleName("Role of the user")
        self.give, self.turn = theme.button("Change role…"), theme.button("Suspend…")
        self.reset, self.unlock = theme.button("Reset password…"), theme.button("Unlock")
        self.end_one, self.end_all = theme.button("End session…"), theme.button("End all…")
        rows = []
        for parts in (
            (self.role, self.give),
            (self.turn, self.reset, self.unlock, None),
            (self.end_one, self.end_all, None),
        ):
            row = QWidget()
            row.setLayout(across(*parts))
            rows.append(row)
        self.details = pane(
            self.heading, self.facts, rows[0], rows[1], theme.caption("Sessions"), self.seats, rows[2], grow=5
        )

    def _build_making(self) -> None:
        self.new_name, self.new_role = QLineEdit(), QComboBox()
        self.new_name.setAccessibleName("Name of the new user")
        self.new_name.setPlaceholderText("Name")
        self.new_name.setMaxLength(64)
        self.new_name.setMinimumWidth(90)
        self.new_role.setAccessibleName("Role of the new user")
        self.new_role.setMinimumWidth(90)
        self.making.body.addWidget(self.new_name)
        self.making.body.addWidget(self.new_role)

    def _fill(self, menu: QMenu) -> None:
        """Everything that the details offer, for a panel too narrow for them."""
        for button, done in ((self.turn, self._turn), (self.reset, self._reset),
                             (self.unlock, lambda: self._with(self.unlock_asked.emit))):  # fmt: skip
            entry(menu, button.text(), done, "" if button.isEnabled() else button.toolTip())
        roles = menu.addMenu("Change role to")
        for place in range(self.role.count()):
            name, chosen = self.role.itemText(place), self.chosen()
            mine = chosen is not None and chosen.person.user.role == name
            why = "" if self.role.isEnabled() else self.role.toolTip()
            entry(roles, name, partial(self._give_role, name), why or ("They have it already" if mine else ""))
        ends = "" if self.end_all.isEnabled() else self.end_all.toolTip()
        entry(menu, self.end_all.text(), lambda: self._revoke([seat.id for seat in self.seats_model.rows()]), ends)
        menu.addSeparator()
        entry(menu, "Read anew", self.refresh_asked.emit, self._lacking.get("view", ""))
        self.table.offer_export(menu)

    def _menu_at(self, place: QPoint) -> None:
        menu = QMenu(self.table)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        self._fill(menu)
        menu.popup(self.table.viewport().mapToGlobal(place))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.refresh_asked.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """A desk that is locked shows no code when it is back."""
        super().hideEvent(event)
        QTimer.singleShot(0, self, lambda: self.code.forget() if self.window().isHidden() else None)


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"
