"""Which breaks of the queue are shown: open, mine or all, of a section, of a severity."""

from PySide6.QtCore import Signal

from qv_desktop.domain.breaks import BreakItem
from qv_desktop.ui import theme
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.layouts import Bar

OPEN, MINE, SIGN, ALL = "Open", "Mine", "To sign", "All"
SECTIONS = {"All sections": "", "Positions": "positions", "Open orders": "open orders", "Fills": "fills", "Cash": "cash",
            "Equity": "equity"}  # fmt: skip
SEVERITIES = {"Any severity": "", "High": "high", "Medium": "medium", "Low": "low"}


class BreakFilters(Bar):
    """Emits ``changed``. ``me`` is who is signed in."""

    changed = Signal()

    def __init__(self) -> None:
        self.me = ""
        self.scope = theme.Segmented((OPEN, MINE, SIGN, ALL))
        self.scope.setFixedWidth(220)
        self.sections = Choice("Section", tuple(SECTIONS))
        self.severities = Choice("Severity", tuple(SEVERITIES))
        self.sections.setFixedWidth(116)
        self.severities.setFixedWidth(116)
        self.tally = theme.label("", "hint")
        super().__init__(self.scope, self.sections, self.severities, None, self.tally, yielding=(self.tally,))
        self.scope.segment(SIGN).setToolTip("Decided by somebody else, and waiting for a second person")
        self.scope.chosen.connect(lambda _: self.changed.emit())
        for choice in (self.sections, self.severities):
            choice.currentTextChanged.connect(lambda _: self.changed.emit())

    @property
    def plain(self) -> bool:
        """Whether every open break would be shown."""
        return self.scope.choice() == OPEN and not self.sections.currentIndex() and not self.severities.currentIndex()

    def passes(self, item: BreakItem) -> bool:
        """Whether an item is shown."""
        section, severity = SECTIONS[self.sections.currentText()], SEVERITIES[self.severities.currentText()]
        return self._in_scope(item) and section in ("", item.section) and severity in ("", item.severity)

    def _in_scope(self, item: BreakItem) -> bool:
        match self.scope.choice():
            case "Open":
                return not item.closed
            case "Mine":
                return item.owner == self.me and not item.closed
            case "To sign":
                return item.waits and item.decided_by != self.me
        return True

    def show_tally(self, shown: int, known: int) -> None:
        """How many of how many pass."""
        self.tally.setText(f"{shown:,} of {known:,}" if shown != known else f"{known:,}")
