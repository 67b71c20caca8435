"""One audit row in full: who, what, why, what changed, its place in the chain, and the ways on to what belongs with it."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.audit import Entry
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.audit_columns import READ, as_text, capped, short, tail
from qv_desktop.ui.models.flow import Flow
from qv_desktop.ui.models.json_difference import DifferenceView, difference
from qv_desktop.ui.models.ledger import Ledger, Line, scrolled
from qv_desktop.ui.models.split import pane

_TOKENS = {"ok": "GOOD", "refused": "BAD", "rejected": "BAD", "failed": "BAD", "unresolved": "WARN"}


class AuditDetails(QWidget):
    """Emits ``followed`` with a correlation or causation id."""

    followed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.entry: Entry | None = None
        self.heading = theme.label("", "title")
        self.facts, self.seals = Ledger("Entry"), Ledger("Hashes of the entry")
        self.change = DifferenceView("What the entry changed")
        self.follow, self.cause = theme.button("Follow correlation"), theme.button("Follow cause")
        self.copy = theme.button("Copy")
        self.follow.setToolTip("Show every row of this story: the order, its verdict, what the broker said, its fills")
        self.cause.setToolTip("Show the story that this row came of")
        self.hands = Flow(self.follow, self.cause, self.copy, sides=0)
        self.change.setMinimumHeight(108)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled(pane(self.heading, self.facts, self.hands, self.change, self.seals, grow=3)))
        self.follow.clicked.connect(self._follow)
        self.cause.clicked.connect(self._follow_cause)
        self.copy.clicked.connect(self._copy)
        self.show_entry(None)

    def show_entry(self, entry: Entry | None) -> None:
        """Show a row, or that none is chosen."""
        self.entry = entry
        for part in (self.change, self.hands):
            part.setVisible(entry is not None)
        self.copy.setEnabled(entry is not None)
        self.follow.setEnabled(entry is not None and bool(entry.draft.correlation))
        self.cause.setVisible(entry is not None and entry.draft.causation not in ("", entry.draft.correlation))
        if entry is None:
            self.heading.setText("No row is chosen")
            self.facts.show_lines([])
            self.seals.show_lines([])
            self.change.show_lines([])
            return
        self.heading.setText(f"Entry #{entry.sequence:,}")
        self.facts.show_lines(_facts(entry))
        changed = difference(entry.draft.before, entry.draft.after)
        self.change.show_lines(changed or [(" ", "nothing changed")])
        both = f"previous {entry.previous}\nown {entry.hash}"
        self.seals.show_lines(
            [Line("Hash", f"{short(entry.previous)} → {short(entry.hash)}", "TX1", mono=True, tip=both)]
        )

    def _follow(self) -> None:
        if self.entry is not None:
            self.followed.emit(self.entry.draft.correlation)

    def _follow_cause(self) -> None:
        if self.entry is not None:
            self.followed.emit(self.entry.draft.causation)

    def _copy(self) -> None:
        if self.entry is not None:
            QGuiApplication.clipboard().setText(as_text(self.entry))


def _facts(entry: Entry) -> list[Line]:
    draft, actor = entry.draft, entry.draft.actor
    named = f"{capped(draft.object_type)} {tail(draft.object_id, 10)}".strip()
    optional = (
        Line("Reason", capped(draft.reason), "TX1", tip=capped(draft.reason, READ)) if draft.reason else None,
        Line("Session", tail(actor.session, 8), "TX1", tip=capped(actor.session, READ)) if actor.session else None,
        Line("Correlation", tail(draft.correlation, 10), "ACCENT", tip=capped(draft.correlation, READ))
        if draft.correlation
        else None,
        Line("Cause", tail(draft.causation, 10), "ACCENT", tip=capped(draft.causation, READ))
        if draft.causation
        else None,
    )
    return [
        Line("Action", capped(draft.action)),
        Line("Actor", " · ".join(capped(part) for part in (actor.name, actor.role, actor.host) if part)),
        Line("Time", f"{words.day(entry.at)} {words.clock_ms(entry.at)} ET", tip=entry.at.isoformat()),
        Line("Outcome", str(draft.outcome), _TOKENS.get(draft.outcome, "TX0")),
        *([Line("Object", named, tip=capped(f"{draft.object_type} {draft.object_id}", READ))] if named else []),
        *(line for line in optional if line is not None),
    ]
