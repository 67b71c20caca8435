"""The account's margin at a glance: regime, level bar, headroom, deficits, five day cells and settlement; used by panels."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QToolTip, QVBoxLayout, QWidget

from qv_desktop.domain.margin import MarginStanding
from qv_desktop.ui import theme
from qv_desktop.ui.models.figure_columns import FigureColumns
from qv_desktop.ui.models.layouts import Bar, forbid, note, paint_note
from qv_desktop.ui.models.margin_words import REGIMES, groups, sentence, spoken, used

CELL, BETWEEN, TALL = 34, 3, 30  # px: a day's width, between days, height
ROOMY = 500  # px from which the day cells stand beside the regime, and not below it
WAITING = "Not counted yet"


class DayCells(QWidget):
    """Five small boxes, oldest first, each with its weekday and how many day trades it has; today's has an edge."""

    def __init__(self) -> None:
        super().__init__()
        self._standing: MarginStanding | None = None
        self._limit: int | None = None
        self.setFixedSize(self.sizeHint())
        self.setAccessibleName("Day trades within five business days")

    def show_standing(self, standing: MarginStanding, limit: int | None) -> None:
        """``limit`` is the person's own one, None for none."""
        self._standing, self._limit = standing, limit
        self.setAccessibleDescription(spoken(standing.window))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(5 * CELL + 4 * BETWEEN, TALL)

    def _box(self, place: int) -> QRectF:
        return QRectF(place * (CELL + BETWEEN) + 0.5, 0.5, CELL - 1, TALL - 1)

    def _token(self) -> str:
        """The colour of days that count: calm while more are allowed, amber at the limit, red beyond it."""
        standing = self._standing
        limits = [most for most in (self._limit, standing.allowed if standing else None) if most is not None]
        if standing is None or not limits:
            return "ACCENT"
        return (
            "BAD" if standing.day_trades > min(limits) else "WARN" if standing.day_trades == min(limits) else "ACCENT"
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        standing = self._standing
        window = standing.window if standing else ()
        for place in range(5):
            box = self._box(place)
            day, count = window[place] if place < len(window) else (None, 0)
            today = standing is not None and day == standing.day
            painter.setBrush(theme.color(self._token() if count else "BG3"))
            painter.setPen(theme.color("TX1" if today else "LINE"))
            painter.drawRoundedRect(box, 4, 4)
            ink = theme.ink_on(self._token()) if count else theme.color("TX2")
            painter.setPen(ink)
            painter.setFont(theme.tiny())
            painter.drawText(box.adjusted(0, 2, 0, -15), Qt.AlignmentFlag.AlignCenter, f"{day:%a}" if day else "—")
            painter.setFont(theme.small_bold())
            painter.drawText(box.adjusted(0, 12, 0, -2), Qt.AlignmentFlag.AlignCenter, f"{count}" if day else "")

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = next((p for p in range(5) if self._box(p).contains(QPointF(event.pos()))), None)
            window = self._standing.window if self._standing else ()
            if place is not None and place < len(window):
                day, count = window[place]
                plural = "" if count == 1 else "s"
                QToolTip.showText(event.globalPos(), f"{day:%A, %d %B}: {count} day trade{plural}", self)
            return True
        return super().event(event)


class MarginCard(QWidget):
    """Emits ``change_asked()`` for another regime, and ``met_asked()`` when the broker took a deficit as met."""

    change_asked = Signal()
    met_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.regime, self.doubt = theme.label(WAITING, "value"), theme.label("", "hint")
        self.cells, self.figures, self._told = DayCells(), FigureColumns(barred="Level"), note()
        self.below = DayCells()  # the same where the card is narrow
        self.change, self.met = theme.button("Change…"), theme.button("Met…")
        head = Bar(self.regime, self.doubt, None, self.cells, self.met, self.change, yielding=(self.doubt,))
        self.met.setAccessibleName("Note that the broker took a deficit as met")
        head.setFixedHeight(40)
        head.want(self.met, False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        under = QHBoxLayout()
        under.setContentsMargins(12, 0, 12, 4)
        under.addWidget(self.below)
        under.addStretch(1)
        column.addWidget(head)
        column.addLayout(under)
        for part in (self._told, self.figures):
            column.addWidget(part)
        column.addStretch(1)
        self.change.clicked.connect(lambda: self.change_asked.emit())
        self.met.clicked.connect(lambda: self.met_asked.emit())
        self.figures.show_groups(groups(None))
        self.change.setEnabled(False)
        self._head, self._why = head, ""

    def show_standing(self, standing: MarginStanding, limit: int | None = None) -> None:
        """How the account stands; ``limit`` is the person's own one on day trades, None for none."""
        name, meaning = REGIMES[standing.regime]
        self.regime.setText(name)
        self.regime.setToolTip(meaning)
        self.doubt.setText("" if standing.terms.blocks else "warns only")
        for cells in (self.cells, self.below):
            cells.show_standing(standing, limit)
        shown = groups(standing, limit)
        self.figures.show_groups(shown)
        self.figures.used.show_used(used(standing))
        self._head.want(self.met, bool(standing.unmet))
        told = sentence(standing)
        self._told.setVisible(told is not None)
        if told is not None:
            self._told.setText(told[0])
            paint_note(self._told, told[1])
        self._permit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._head.want(self.cells, self.width() >= ROOMY)
        self.below.setVisible(self.width() < ROOMY)

    def forbid(self, why: str) -> None:
        """Why the person may not change the regime; nothing when they may."""
        self._why = why
        self._permit()

    def _permit(self) -> None:
        known = self.regime.text() != WAITING
        for control in (self.change, self.met):
            forbid(control, self._why or ("" if known else "The account is not known yet."))

    @property
    def told(self) -> str:
        """What is said over the figures, or nothing."""
        return "" if self._told.isHidden() else self._told.text()
