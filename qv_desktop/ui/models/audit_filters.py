"""The audit trail's filters: a search, fields that open under it, and what is in force as chips to be taken away one by one."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import QDateTime, QObject, Qt, QTimer, QTimeZone, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDateTimeEdit, QLineEdit, QPushButton, QWidget

from qv_desktop.domain.audit_query import AuditQuery, Installation
from qv_desktop.ui import theme
from qv_desktop.ui.models import audit_ranges
from qv_desktop.ui.models.audit_columns import tail
from qv_desktop.ui.models.audit_ranges import ANY, BETWEEN, RANGES
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.flow import Flow

PAUSE_MS = 250  # after the last key of a search
ACTIONS = ("order.*", "fill.*", "risk.*", "kill.*", "session.*", "password.*", "token.*", "permission.*", "user.*", "role.*",
           "desk.*", "connection.*", "live.*", "settings.*", "keys.*", "reconciliation.*", "export.*", "data.*", "backtest.*",
           "strategy.*", "notice.*", "audit.*")  # fmt: skip
OWN = "This installation"
OUTCOMES = ("ok", "refused", "rejected", "failed", "unresolved")
TYPES = ("human", "strategy", "system", "broker")
OBJECTS = ("order", "account", "user", "session", "permission", "connection", "settings", "reconciliation", "audit", "backtest",
           "strategy")  # fmt: skip
LONGEST = 200  # characters that can be looked for
_ZONE = QTimeZone(b"America/New_York")

type State = dict[str, object]


class SearchLine(QLineEdit):
    """Esc clears it and, when it is empty, goes back to the rows, as Down does."""

    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setPlaceholderText("Search  Ctrl+F")
        self.setAccessibleName("Search the audit trail")
        self.setToolTip("Looks in actor, action, object, reason, values, correlation, session and host")
        self.setClearButtonEnabled(True)
        self.setMaxLength(LONGEST)
        self.setMinimumWidth(104)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Down):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class AuditFilters(QObject):
    """Emits ``changed`` once the fields say something else. ``search`` is for the panel to place, ``strip`` and ``chips`` as well."""

    changed = Signal()

    def __init__(self, now: Callable[[], datetime], parent: QObject) -> None:
        super().__init__(parent)
        self._now, self.correlation, self.complaint = now, "", ""
        self.search = SearchLine()
        self.range = Choice("Time", RANGES)
        self.start, self.end = _moment("From, New York time"), _moment("To, New York time")
        self.actor = _typed("Actor", "Any actor", (), 112)
        self.actor_type = _listed("Kind of actor", "Any kind", TYPES, 92)
        self.action = _typed("Action, may end with *", "Any action", ACTIONS, 128)
        self.object_type = _typed("Kind of object", "Any object", OBJECTS, 112)
        self.object_id = QLineEdit()
        self.object_id.setPlaceholderText("Object id, id*")
        self.object_id.setAccessibleName("Id of the object, may end with *")
        self.object_id.setFixedWidth(120)
        self.object_id.setMaxLength(LONGEST)
        self.outcome = _listed("Outcome", "Any outcome", OUTCOMES, 108)
        self.range.setFixedWidth(124)
        self.range.setFont(theme.body())
        self.chain = _listed("Whose trail", OWN, (), 150)
        self._chains: dict[str, str] = {}  # what the list says -> chain
        self.fields: tuple[QWidget, ...] = (self.chain, self.range, self.start, self.end, self.actor, self.actor_type, self.action,
                                            self.object_type, self.object_id, self.outcome)  # fmt: skip
        self.strip = Flow(*self.fields)
        self.chain.hide()  # until there is another one
        self.chips = Flow()
        self.chips.hide()
        self._soon = QTimer(self, interval=PAUSE_MS, singleShot=True)
        self._soon.timeout.connect(self._tell)
        self._show_moments()
        self._connect()

    # ---- what is asked for

    def query(self) -> AuditQuery:
        """What the fields say now."""
        start, end = self._span()
        return AuditQuery(_said(self.actor), _said(self.action), _said(self.outcome), self.search.text().strip(),
                          _said(self.actor_type), _said(self.object_type), self.object_id.text().strip(), start, end,
                          self.correlation, chain=self._chains.get(_said(self.chain), ""))  # fmt: skip

    def _span(self) -> audit_ranges.Span:
        if self.range.currentText() == BETWEEN:
            return _instant(self.start), _instant(self.end) + timedelta(
                minutes=1
            )  # the minute that is named belongs to it
        return audit_ranges.span(self.range.currentText(), self._now())

    def _check(self) -> None:
        start, end = self._span()
        wrong = start is not None and end is not None and start >= end
        self.complaint = "“From” lies after “To”, so nothing can match; choose an earlier “From”." if wrong else ""

    def show_installations(self, known: Sequence[Installation]) -> None:
        """Offer the trails of others who record to the same database; ``known`` begins with this installation."""
        self._chains = {f"{host or 'unknown machine'} · {chain[:8]}": chain for chain, host in known[1:]}
        self.chain.clear()
        self.chain.addItems([OWN, *self._chains])
        self.chain.setVisible(bool(self._chains))

    def learn(self, actors: Iterable[str], objects: Iterable[str] = ()) -> None:
        """Offer names that were seen."""
        for box, names in ((self.actor, actors), (self.object_type, objects)):
            for name in sorted(set(names)):
                if name and box.findText(name) < 0:
                    box.addItem(name)

    # ---- what is chosen

    def follow(self, correlation: str) -> None:
        """Only the story of ``correlation``, whatever else was chosen."""
        self.restore({"chain": _said(self.chain)})
        self.correlation = correlation
        self._tell()

    def clear(self) -> None:
        """Everything again."""
        self.restore({})
        self._tell()

    def state(self) -> State:
        """What is chosen, to come back to."""
        return {
            "search": self.search.text(), "range": self.range.currentText(), "start": self.start.dateTime(),
            "end": self.end.dateTime(), "actor": _said(self.actor), "actor_type": _said(self.actor_type),
            "action": _said(self.action), "object_type": _said(self.object_type), "object_id": self.object_id.text(),
            "outcome": _said(self.outcome), "chain": _said(self.chain), "correlation": self.correlation,
        }  # fmt: skip

    def restore(self, state: State) -> None:
        """Choose it again without saying so; what is not named means any."""
        self._soon.stop()
        for line, name in ((self.search, "search"), (self.object_id, "object_id")):
            line.blockSignals(True)
            line.setText(str(state.get(name, "")))
            line.blockSignals(False)
        self.range.setCurrentText(str(state.get("range", ANY)))
        for field, name in ((self.start, "start"), (self.end, "end")):
            kept = state.get(name)
            if isinstance(kept, QDateTime):
                field.setDateTime(kept)
        for name in ("actor", "actor_type", "action", "object_type", "outcome", "chain"):
            _choose(getattr(self, name), str(state.get(name, "")))
        self.correlation = str(state.get("correlation", ""))
        self._soon.stop()
        self._show_moments()

    def show_chips(self) -> None:
        """One chip for each thing that narrows the rows, and one that takes all away."""
        made = [_chip(words, self._taker(part)) for part, words in self._words()]
        if made:
            made.append(_clearer(self.clear))
        self.chips.set_parts(made)
        self.chips.setVisible(bool(made))

    def count(self) -> int:
        """How many fields narrow the rows."""
        return len(self._words())

    def _words(self) -> list[tuple[str, str]]:
        query = self.query()
        span = (
            self.range.currentText()
            if self.range.currentText() != BETWEEN
            else audit_ranges.words(_instant(self.start), _instant(self.end))
        )
        said = {"range": "" if span == ANY else span, "actor": f"actor {query.actor}" if query.actor else "",
                "actor_type": f"by {query.actor_type}" if query.actor_type else "",
                "action": f"action {query.action}" if query.action else "",
                "object_type": f"on {query.object_type}" if query.object_type else "",
                "object_id": f"id {tail(query.object_id)}" if query.object_id else "",
                "outcome": f"outcome {query.outcome}" if query.outcome else "",
                "search": f"“{query.text}”" if query.text else "",
                "chain": f"trail of {_said(self.chain)}" if query.chain else ""}  # fmt: skip
        return [(part, words) for part, words in said.items() if words]

    def _taker(self, part: str) -> Callable[[], None]:
        def take() -> None:
            self.restore({name: value for name, value in self.state().items() if name != part})
            self._tell()

        return take

    # ---- hands

    def _connect(self) -> None:
        for box in (self.range, self.actor, self.actor_type, self.action, self.object_type, self.outcome, self.chain):
            box.activated.connect(self._tell)
            editor = box.lineEdit()
            if editor is not None:
                editor.editingFinished.connect(self._tell)
        self.range.activated.connect(self._show_moments)
        for field in (self.start, self.end):
            field.dateTimeChanged.connect(lambda _: self._soon.start())
        for line in (self.search, self.object_id):
            line.textChanged.connect(lambda _: self._soon.start())
            line.returnPressed.connect(self._tell)

    def _tell(self) -> None:
        self._soon.stop()
        self._show_moments()
        self._check()
        self.changed.emit()

    def _show_moments(self) -> None:
        between = self.range.currentText() == BETWEEN
        if between and self.start.isHidden():
            start, end = audit_ranges.span("Today", self._now())[0] or self._now(), self._now()
            for field, moment in ((self.start, start), (self.end, end)):
                if not field.property("chosen"):
                    field.setProperty("chosen", True)
                    field.setDateTime(QDateTime.fromSecsSinceEpoch(int(moment.timestamp()), _ZONE))
        self.start.setVisible(between)
        self.end.setVisible(between)


def _moment(name: str) -> QDateTimeEdit:
    field = QDateTimeEdit()
    field.setDisplayFormat("yyyy-MM-dd HH:mm")
    field.setTimeZone(_ZONE)
    field.setCalendarPopup(True)
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setFixedWidth(158)
    field.setFixedHeight(26)
    return field


def _instant(field: QDateTimeEdit) -> datetime:
    return datetime.fromtimestamp(field.dateTime().toSecsSinceEpoch() // 60 * 60, UTC)


def _listed(name: str, everything: str, options: Iterable[str], width: int) -> Choice:
    box = Choice(name, [everything, *options])
    box.setFont(theme.body())
    box.setFixedWidth(width)
    box.setToolTip(name)
    return box


def _typed(name: str, everything: str, options: Iterable[str], width: int) -> Choice:
    """A list that also takes what is typed; nothing typed is anything."""
    box = _listed(name, everything, options, width)
    box.setEditable(True)
    box.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
    editor = box.lineEdit()
    if editor is not None:
        editor.setPlaceholderText(everything)
        editor.setMaxLength(LONGEST)
    return box


def _said(box: QComboBox) -> str:
    """The chosen text, empty for the first entry, which means any."""
    text = box.currentText().strip()
    return "" if text == box.itemText(0) else text


def _choose(box: QComboBox, text: str) -> None:
    place = box.findText(text) if text else 0
    if place >= 0:
        box.setCurrentIndex(place)
    if box.isEditable():
        box.setEditText(text or box.itemText(0))


def _chip(words: str, taken: Callable[[], None]) -> QPushButton:
    chip = theme.button(f"{words}  ✕")
    chip.setFont(theme.small())
    chip.setFixedHeight(20)
    theme.wear(chip, lambda: f"padding: 0 6px; border-radius: 3px; background: {theme.BG2}; color: {theme.TX0};")
    chip.setAccessibleName(f"Remove the filter {words}")
    chip.setToolTip("Remove this filter")
    chip.clicked.connect(lambda _=False: taken())
    return chip


def _clearer(clear: Callable[[], None]) -> QPushButton:
    button = theme.button("Clear all", "ghost")
    button.setFont(theme.small())
    button.setFixedHeight(20)
    button.clicked.connect(lambda _=False: clear())
    return button
