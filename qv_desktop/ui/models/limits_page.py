"""All limits of what is chosen: typed in place, gathered, and saved with a reason; what lets more pass is told apart."""

from collections.abc import Mapping
from decimal import Decimal

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limit_changes import LONGEST, LimitBook
from qv_desktop.domain.limit_words import WORDS, read, title, told
from qv_desktop.domain.limits import NAMES, Scope, ScopedLimits, binding, in_force, looser, raised
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import Bar, divider, forbid, stacked, tint
from qv_desktop.ui.models.limit_table import FIRST, LimitRow, LimitsTable

type Value = Decimal | int

NARROW, SLIM = 560, 480  # px
ORDER = tuple(WORDS)  # as they are read, and not as they were added


class LimitsPage(QWidget):
    """Emits ``save_asked(Scope, str, dict, str, int)``: for whom, all its limits by name, the reason, and the version looked at."""

    save_asked = Signal(object, str, object, str, int)

    def __init__(self) -> None:
        super().__init__()
        self._book, self._me, self._why = LimitBook(), "", ""
        self._of: dict[Scope, str] = dict.fromkeys(Scope, "")
        self._names: Mapping[tuple[Scope, str], str] = {}
        self._staged: dict[str, Value | None] = {}  # limit -> what was typed; None takes it away
        self._base = ScopedLimits(Scope.FIRM, "", {})  # as it was when the first value was typed
        self._read = False
        self.table = LimitsTable()
        self.reason = QLineEdit(maxLength=LONGEST)
        self.reason.setAccessibleName("Reason for other limits")
        self.reason.setPlaceholderText("Why")
        self.save, self.undo = theme.button("Save", "primary"), theme.button("Discard", "ghost")
        self.tally, self.said = theme.label("", "hint"), theme.label("", "hint")
        self._lay_out()
        self.table.limits.given.connect(self._type)
        self.table.delete_asked.connect(lambda rows: self._type(rows[0].name, ""))
        self.reason.textChanged.connect(self._judge)
        self.reason.returnPressed.connect(self._save)
        self.save.clicked.connect(self._save)
        self.undo.clicked.connect(self.discard)
        self._judge()

    # ---- in

    @property
    def scope(self) -> Scope:
        """Whose limits are typed into."""
        return self.table.limits.scope

    @property
    def of(self) -> str:
        """Their name."""
        return self._of[self.scope]

    def show_book(self, book: LimitBook, account: str, me: str, names: Mapping[tuple[Scope, str], str]) -> None:
        """The limits as they stand; what was typed stays."""
        self._book, self._me, self._names, self._read = book, me, names, bool(book.versions)
        if not self._of[Scope.ACCOUNT]:
            self._of[Scope.ACCOUNT] = account
        if not self._of[Scope.USER]:
            self._of[Scope.USER] = me.lower()
        self._show()

    def choose(self, scope: Scope, of: str) -> None:
        """Whose limits are shown and typed into; what was typed for others and not saved is dropped."""
        if (scope, of) == (self.scope, self.of):
            return
        self._of[scope] = of
        self.table.limits.scope = scope
        self._staged.clear()
        self.say("")
        self._show()

    def forbid(self, why: str) -> None:
        """Why nothing may be changed, if so."""
        self._why = why
        forbid(self.reason, why)
        self._show()

    def say(self, sentence: str, *, good: bool = False) -> None:
        """What came of it."""
        tint(self.said, "TX1" if good else "BAD")
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def show_saved(self, sentence: str) -> None:
        """It was kept."""
        self._staged.clear()
        self.reason.clear()
        self._show()
        self.say(sentence, good=True)

    def discard(self) -> None:
        """Back to what is in force."""
        self._staged.clear()
        self.say("")
        self._show()

    # ---- hands

    @property
    def after(self) -> dict[str, Value]:
        """All limits of the chosen scope, with what was typed."""
        values = {name: value for name, value in self._base.values.items() if name in NAMES} | self._staged
        return {name: value for name, value in values.items() if value is not None}

    def _type(self, name: str, text: str) -> None:
        try:
            value = self._value(name, text.strip())
        except BadInput as error:
            self.say(str(error))
            return
        if not self._staged:
            self._base = self._book.version(self.scope, self.of)
        self.say("")
        if value == self._base.values.get(name):
            self._staged.pop(name, None)
        else:
            self._staged[name] = value
        self._show()

    def _value(self, name: str, text: str) -> Value | None:
        if text and text != "—":
            return read(name, text)
        if self.scope is Scope.FIRM:
            raise BadInput(f"{title(name)}: the firm sets every limit; type a value instead of nothing.")
        return None

    def _save(self) -> None:
        if self.save.isEnabled():
            self.save_asked.emit(self.scope, self.of, self.after, self.reason.text().strip(), self._base.version)

    def _missing(self) -> str:
        if not self._staged:
            return "Double click a value in the marked column and type another"
        return "" if self.reason.text().strip() else "Type a reason first"

    # ---- eyes

    def _show(self) -> None:
        if not self._staged:
            self._base = self._book.version(self.scope, self.of)
        model, of = self.table.limits, self._of
        model.why_not = self._why or ("" if self._read else "The limits are not read yet.")
        model.heads = {scope: self._head(scope) for scope in Scope}
        bound = self._book.binding(of[Scope.ACCOUNT], of[Scope.USER], of[Scope.STRATEGY], of[Scope.SYMBOL])
        force = in_force(bound)
        wider = raised(self.scope, self._base.values, self.after)
        sets = {
            scope: self._book.version(scope, of[scope]).values if scope is Scope.FIRM or of[scope] else {}
            for scope in Scope
        }
        model.replace([self._row(name, sets, getattr(force, name), binding(name, bound), name in wider) for name in ORDER]
                      if self._read else [])  # fmt: skip
        self.table.horizontalHeader().viewport().update()
        self._fit()
        self._judge()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where there is little room scopes give way of which nothing is chosen, and where there is less all but the one typed into."""
        for place, scope in enumerate(Scope, FIRST):
            unset = scope is not Scope.FIRM and not self._of[scope]
            away = scope is not self.scope and (self.width() < SLIM or (self.width() < NARROW and unset))
            if self.table.isColumnHidden(place) != away:
                self.table.setColumnHidden(place, away)

    def _row(
        self, name: str, sets: Mapping[Scope, Mapping[str, Value]], force: Value, by: ScopedLimits, wider: bool
    ) -> LimitRow:
        values = {scope: found[name] for scope, found in sets.items() if name in found}
        if name not in self._staged:
            return LimitRow(name, values, force, by, self._me)
        before = told(name, self._base.values[name]) if name in self._base.values else "not set"
        ends = "a second person has to approve it" if wider else "counts as soon as it is saved"
        return LimitRow(
            name,
            values,
            force,
            by,
            self._me,
            True,
            self._staged[name],
            wider,
            f"Was {before}; {ends}.{self._idle(name, force)}",
        )

    def _idle(self, name: str, force: Value) -> str:
        value = self._staged.get(name)
        if self.scope is Scope.FIRM or value is None or not looser(name, value, force):
            return ""
        return f" What counts stays {told(name, force)}, which is tighter."

    def _head(self, scope: Scope) -> str:
        of = self._of[scope]
        if scope is Scope.FIRM or not of:
            return ""
        return self._names.get((scope, of)) or of

    def _judge(self) -> None:
        wider = raised(self.scope, self._base.values, self.after) if self._staged else ()
        tighter = len(self._staged) - len(wider)
        words = [
            f"{tighter} at once" if tighter else "",
            f"{len(wider)} after a second person approves" if wider else "",
        ]
        self.tally.setText(" · ".join(filter(None, words)))
        self.save.setText("Propose…" if wider else "Save")
        forbid(self.save, self._why or self._missing())
        forbid(self.undo, "" if self._staged else "Nothing was typed")

    def _lay_out(self) -> None:
        self.said.setWordWrap(True)
        self.said.setContentsMargins(10, 2, 10, 4)
        self.said.hide()
        bar = Bar(self.reason, self.tally, self.undo, self.save, yielding=(self.tally,))
        bar.grow(self.reason)
        self.reason.setMinimumWidth(60)
        stacked(self, self.table, divider(), self.said, bar).setStretch(0, 1)
