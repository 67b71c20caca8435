"""Whether the audit chain is whole: the button that asks, the progress, what was found, and what no checkpoint covers yet."""

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from qv_desktop.domain.audit import Verification
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import note, paint_note, paint_pill, pill
from qv_desktop.ui.models.menu_button import entry, menu_button

NOT_CHECKED = "chain not checked"


class AuditProof(QObject):
    """Its parts are for the panel to place.

    Emits ``asked(bool)``, true for “since the last checkpoint only”, ``cancelled`` and ``row_wanted(int)``.
    """

    asked = Signal(bool)
    cancelled = Signal()
    row_wanted = Signal(int)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.running = False
        self._broken: int | None = None
        self.chain = pill(NOT_CHECKED)
        self.verify = theme.button("Verify")
        self.verify.setToolTip(
            "Read every row of this installation's trail and check that each hash fits the one before it"
        )
        self.how = menu_button("▾", "How much to verify", self._offer)
        self.how.setFixedWidth(22)
        self.finding, self.show_row = note(), theme.button("Show row")
        self.show_row.setFixedHeight(22)
        self.banner = QWidget()
        row = QHBoxLayout(self.banner)
        row.setContentsMargins(8, 2, 8, 2)
        row.addWidget(self.finding, 1)
        row.addWidget(self.show_row)
        self.banner.hide()
        self.verify.clicked.connect(self._pressed)
        self.show_row.clicked.connect(self._want_row)

    # ---- in

    def show_progress(self, done: int, total: int) -> None:
        """How many rows of how many have been checked."""
        if self.running:
            share = f"{min(100, done * 100 // total)} %" if total else "…"
            self.chain.setText(f"checking {share}")
            self.chain.setToolTip(f"{done:,} of {total:,} rows checked")

    def show_found(self, found: Verification, since: bool = False) -> None:
        """The chain's state: whole up to its head, or where and why it breaks; and what is not covered."""
        self._rest()
        self._broken = found.broken_at
        if found.whole and found.unproven:
            self.chain.setText(f"chain fits to #{found.head:,}")
            self.chain.setToolTip(_sentence(found))
            paint_pill(self.chain, "WARN", "LINE")
        elif found.whole:
            self.chain.setText(f"✓ chain whole to #{found.head:,}")
            scope = "since the last checkpoint" if since else "from the first one on"
            self.chain.setToolTip(f"{found.rows:,} rows read {scope}; head {found.head_hash}\n{coverage(found)}")
            paint_pill(self.chain, "GOOD", "LINE")
        else:
            self.chain.setText(f"✗ chain broken at #{found.broken_at:,}")
            self.chain.setToolTip(found.reason)
            paint_pill(self.chain, "BAD", "BAD")
        self._say(_sentence(found), "BAD" if not found.whole else "WARN")
        self.show_row.setVisible(not found.whole)

    def show_failed(self, sentence: str) -> None:
        """It could not be checked; what was found before counts no more."""
        self._rest()
        self.chain.setText("not checked")
        self.chain.setToolTip(sentence)
        paint_pill(self.chain, "WARN", "LINE")
        self._say(sentence, "WARN")
        self.show_row.hide()

    def show_cancelled(self) -> None:
        """It was stopped half way, which proves nothing."""
        self._rest()
        self.chain.setText(NOT_CHECKED)
        self.chain.setToolTip("Checking was cancelled; nothing is proved")
        paint_pill(self.chain, "TX1", "LINE")

    def broken(self, sequence: int) -> bool:
        """Whether the chain breaks at that row."""
        return sequence == self._broken

    # ---- hands

    def ask(self, since: bool) -> None:
        """Begin to check, unless it is being done."""
        if self.running:
            return
        self.running = True
        self.verify.setText("Cancel")
        self.how.setEnabled(False)
        self.chain.setText("checking…")
        paint_pill(self.chain, "TX1", "LINE")
        self.banner.hide()
        self.asked.emit(since)

    def _pressed(self) -> None:
        if self.running:
            self.cancelled.emit()
        else:
            self.ask(False)

    def _want_row(self) -> None:
        if self._broken is not None:
            self.row_wanted.emit(self._broken)

    def _offer(self, menu: QMenu) -> None:
        entry(menu, "Verify every row", lambda: self.ask(False))
        entry(menu, "Verify since the last checkpoint", lambda: self.ask(True))

    def _rest(self) -> None:
        self.running = False
        self.verify.setText("Verify")
        self.how.setEnabled(True)

    def _say(self, sentence: str, token: str) -> None:
        self.finding.setText(sentence)
        paint_note(self.finding, token)
        self.finding.setVisible(bool(sentence))
        self.banner.setVisible(bool(sentence))


def coverage(found: Verification) -> str:
    """What no signed checkpoint covers, in a sentence, in New York's time."""
    if found.covered_at is None:
        return f"No signed checkpoint yet: {_rows(found.head)} stand by the chain alone."
    when = f"{words.day(found.covered_at)} {words.clock(found.covered_at)} ET"
    if not found.uncovered:
        return f"Signed checkpoint of {when} covers every row."
    return f"Signed checkpoint of {when} covers rows to #{found.covered:,}; {_rows(found.uncovered)} since are not covered."


def coverage_in_short(found: Verification) -> str:
    """The same in a few words, for a narrow dock."""
    if found.covered_at is None:
        return "no signed checkpoint yet"
    return f"{_rows(found.uncovered)} not covered" if found.uncovered else "all rows covered"


def _sentence(found: Verification) -> str:
    """What a person must read; nothing when all is well."""
    said = [] if found.whole else [f"{found.reason[:1].upper()}{found.reason[1:]}."]
    if found.whole and found.unproven:
        said = [f"The rows fit each other, but they were not compared with {found.unproven}."]
    return " ".join((*said, *found.notes))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
