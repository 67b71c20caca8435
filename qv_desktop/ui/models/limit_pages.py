"""The pages beside the limits: versions with what each changed, proposals that wait for a second person, and the restricted list."""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QAbstractItemView, QComboBox, QLineEdit, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_changes import LONGEST, Proposal, Restriction, owner, until
from qv_desktop.domain.limit_changes import reason as reason_of
from qv_desktop.domain.limit_changes import symbol as symbol_of
from qv_desktop.domain.limits import Scope
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.limit_columns import (
    ProposalRow,
    VersionRow,
    proposal_columns,
    restriction_columns,
    version_columns,
)
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.models.table_model import TableModel

CHOOSE = "Select one first"
TWO = "Whatever lets more pass is approved by a second person."


class _Told(QWidget):
    """A page with a sentence at its foot, and a place for the lines of what is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.said = theme.label("", "hint")
        self.details = theme.label("", "hint")
        for label in (self.said, self.details):
            label.setWordWrap(True)
            label.setContentsMargins(10, 4, 10, 4)
            label.hide()

    def say(self, sentence: str, *, good: bool = False) -> None:
        """What came of it."""
        tint(self.said, "TX1" if good else "BAD")
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def _detail(self, lines: Sequence[str]) -> None:
        self.details.setText("\n".join(lines))
        self.details.setVisible(bool(lines))


class VersionsPage(_Told):
    """Every version of what is chosen; the selected one's changes stand below."""

    def __init__(self) -> None:
        super().__init__()
        self.model: TableModel[VersionRow] = TableModel(version_columns(), key=lambda r: r.one.version, parent=self)
        self.table = Table(self.model, empty="No limits were ever set here.")
        self.table.setAccessibleName("Versions of the limits")
        self.heading = theme.label("", "hint")
        self.heading.setContentsMargins(10, 5, 10, 5)
        self.table.selectionModel().selectionChanged.connect(self._show)
        stacked(self, self.heading, self.table, divider(), self.details, self.said).setStretch(1, 1)

    def show_versions(self, whose: str, rows: Sequence[VersionRow]) -> None:
        """Newest first."""
        self.heading.setText(f"{whose} · {len(rows)} versions" if len(rows) != 1 else f"{whose} · 1 version")
        self.model.replace(rows)
        self._show()

    def _show(self) -> None:
        rows = self.table.selected()
        self._detail([*rows[0].changes, *([f"“{rows[0].reason}”"] if rows[0].reason else [])] if len(rows) == 1 else [])


class ProposalsPage(_Told):
    """Emits ``decision_asked(str, Proposal)`` with approve, decline or withdraw; ``why_not`` says why somebody may not approve one."""

    decision_asked = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.why_not: Callable[[Proposal], str] = lambda proposal: ""
        self._me, self._lacking = "", ""
        self.model: TableModel[ProposalRow] = TableModel(
            proposal_columns(lambda: self.now()), key=lambda r: r.one.id, parent=self
        )
        self.table = Table(self.model, empty=f"Nothing waits for a second person.\n{TWO}")
        self.table.setAccessibleName("Proposals")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.buttons = {
            "approve": theme.button("Approve…", "primary"), "decline": theme.button("Decline…"), "withdraw": theme.button("Withdraw"),
        }  # fmt: skip
        self.hint = theme.label("", "hint")
        self.table.selectionModel().selectionChanged.connect(self.judge)
        for what, button in self.buttons.items():
            button.clicked.connect(lambda _=False, what=what: self._ask(what))
        bar = Bar(*self.buttons.values(), self.hint, None, yielding=(self.hint,))
        stacked(self, bar, divider(), self.table, divider(), self.details, self.said).setStretch(2, 1)
        self.judge()

    def show_proposals(self, rows: Sequence[ProposalRow], me: str) -> None:
        """Those that wait first, then the newest."""
        self._me = me
        self.model.replace(rows)
        if rows and not self.table.selected() and rows[0].one.open(self.now()):
            self.table.select_key(rows[0].one.id)
        self.judge()

    def forbid(self, why: str) -> None:
        """Why the person may not decide, if so."""
        self._lacking = why
        self.judge()

    def chosen(self) -> Proposal | None:
        """The selected one."""
        rows = self.table.selected()
        return rows[0].one if len(rows) == 1 else None

    def judge(self) -> None:
        """Grey out what cannot be done, each with its reason."""
        one, rows = self.chosen(), self.table.selected()
        why = self.why_not(one) if one is not None else CHOOSE
        closed = CHOOSE if one is None else "" if one.open(self.now()) else why
        mine = one is not None and one.proposed_by.lower() == self._me.lower()
        yours = f"Only {one.proposed_by} can withdraw it" if one is not None and not mine else ""
        forbid(self.buttons["approve"], self._lacking or why)
        forbid(
            self.buttons["decline"],
            self._lacking or closed or ("You proposed this yourself; withdraw it" if mine else ""),
        )
        forbid(self.buttons["withdraw"], self._lacking or closed or yours)
        self.hint.setText(why if one is not None and not self._lacking else "")
        lines = [*rows[0].changes, f"{rows[0].one.proposed_by}: “{rows[0].one.reason}”"] if one is not None else []
        if one is not None and one.because:
            lines.append(f"{one.decided_by}: “{one.because}”")
        self._detail(lines)

    def _ask(self, what: str) -> None:
        one = self.chosen()
        if one is not None and self.buttons[what].isEnabled():
            self.say("")
            self.decision_asked.emit(what, one)


class RestrictedPage(_Told):
    """Emits ``restrict_asked(str, str, str, datetime | None)``: symbol, user or "", reason, until; and ``lift_asked(Restriction)``."""

    restrict_asked = Signal(str, str, str, object)
    lift_asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._lacking, self._waiting = "", frozenset[int]()
        columns = restriction_columns(lambda: self.now(), lambda r: r.id in self._waiting)
        self.model: TableModel[Restriction] = TableModel(columns, key=lambda r: r.id, parent=self)
        self.table = Table(self.model, empty="No symbol is restricted.")
        self.table.setAccessibleName("Restricted symbols")
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.symbol, self.who, self.until, self.reason = (
            QLineEdit(),
            QComboBox(),
            QLineEdit(),
            QLineEdit(maxLength=LONGEST),
        )
        self.who.setEditable(True)
        self.add, self.lift = theme.button("Restrict", "primary"), theme.button("Lift…")
        self._lay_out()
        self.table.selectionModel().selectionChanged.connect(self._judge)
        for field in (self.symbol, self.until, self.reason):
            field.returnPressed.connect(self.add.click)
        self.add.clicked.connect(self._add)
        self.lift.clicked.connect(self._lift)
        self._judge()

    def show_restrictions(self, rows: Sequence[Restriction], waiting: Collection[int], users: Sequence[str]) -> None:
        """Those in force first; ``waiting`` are the numbers of those that somebody proposed to lift."""
        self._waiting = frozenset(waiting)
        self.model.replace(rows)
        known = ["everybody", *users]
        if [self.who.itemText(i) for i in range(self.who.count())] != known:
            kept = self.who.currentText()
            self.who.clear()
            self.who.addItems(known)
            self.who.setCurrentText(kept or "everybody")
        self.model.refresh()
        self._judge()

    def forbid(self, why: str) -> None:
        """Why the person may not change the list, if so."""
        self._lacking = why
        for control in (self.symbol, self.who, self.until, self.reason, self.add):
            forbid(control, why)
        self._judge()

    def show_done(self, sentence: str) -> None:
        """It was kept."""
        for field in (self.symbol, self.until, self.reason):
            field.clear()
        self.say(sentence, good=True)

    def chosen(self) -> Restriction | None:
        """The selected one."""
        rows = self.table.selected()
        return rows[0] if len(rows) == 1 else None

    def _add(self) -> None:
        who = self.who.currentText().strip()
        try:
            name, of = symbol_of(self.symbol.text()), "" if who.lower() in ("", "everybody") else owner(Scope.USER, who)
            moment, words = until(self.until.text()), reason_of(self.reason.text())
        except BadInput as error:
            self.say(str(error))
            return
        self.say("")
        self.restrict_asked.emit(name, of, words, moment)

    def _lift(self) -> None:
        one = self.chosen()
        if one is not None and self.lift.isEnabled():
            self.lift_asked.emit(one)

    def _judge(self) -> None:
        one = self.chosen()
        over = CHOOSE if one is None else "" if one.holds(self.now()) else "This restriction is over already"
        waits = "To lift it was proposed already; see Waiting" if one is not None and one.id in self._waiting else ""
        forbid(self.lift, self._lacking or over or waits)

    def _lay_out(self) -> None:
        fields = (
            (self.symbol, "Symbol", 76),
            (self.who, "For whom", 108),
            (self.until, "Until, or empty", 0),
            (self.reason, "Why", 0),
        )
        for field, name, width in fields:
            field.setAccessibleName(name)
            if width:
                field.setFixedWidth(width)
            if isinstance(field, QLineEdit):
                field.setPlaceholderText(name)
        self.until.setToolTip("A day, or a day and a time in New York: 2026-12-31 or 2026-12-31 16:00")
        self.reason.setMinimumWidth(60)
        whom, why = Bar(self.symbol, self.who, self.until), Bar(self.reason, self.add, self.lift)
        whom.grow(self.until)
        why.grow(self.reason)
        stacked(self, whom, why, divider(), self.table, divider(), self.said).setStretch(3, 1)
