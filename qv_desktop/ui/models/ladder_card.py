"""The loss ladder as a picture: the day's loss on its way to the rungs; below it which rung holds, why, since when, and who lifts it."""

from collections.abc import Iterator
from datetime import datetime

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.domain.loss_ladder import Ladder, Step
from qv_desktop.domain.loss_rules import clock, remaining
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui import format, theme

BEYOND = 1.12  # how far the picture goes past the rung that halts
TITLE, GAP, BAR, LABELS, SIDE = 20, 6, 8, 18, 10  # px
NOT_KNOWN = "The loss ladder begins to count as soon as the broker has told the account."


class LadderPicture(QWidget):
    """Painted: the loss, the rungs at which trading reduces and halts, and a marker where the day stands."""

    def __init__(self) -> None:
        super().__init__()
        self._ladder: Ladder | None = None
        self.setFixedHeight(TITLE + GAP + BAR + LABELS + 4)

    def show_ladder(self, ladder: Ladder) -> None:
        """Paint this one."""
        self._ladder = ladder
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._ladder is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(SIDE, 0, self.width() - 2 * SIDE, TITLE)
        self._paint_title(painter, box, self._ladder)
        bar = QRectF(box.x(), TITLE + GAP, box.width(), BAR)
        halt, near = bar.width() / BEYOND, bar.width() / BEYOND * self._near_share(self._ladder)
        self._paint_bar(painter, bar, near, halt, self._ladder)
        self._paint_labels(painter, QRectF(box.x(), bar.bottom() + 2, box.width(), LABELS), near, self._ladder)

    @staticmethod
    def _near_share(ladder: Ladder) -> float:
        return float(ladder.near / ladder.limits.daily_loss) if ladder.limits.daily_loss else 1.0

    @staticmethod
    def _paint_title(painter: QPainter, box: QRectF, ladder: Ladder) -> None:
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setFont(theme.body())
        painter.setPen(theme.color("TX1"))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeft | middle, "Loss ladder")
        painter.setFont(theme.bold())
        painter.setPen(theme.color(token(ladder)))
        painter.drawText(box, Qt.AlignmentFlag.AlignRight | middle, day_words(ladder))

    @staticmethod
    def _paint_bar(painter: QPainter, bar: QRectF, near: float, halt: float, ladder: Ladder) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("BG3"))
        painter.drawRoundedRect(bar, BAR / 2, BAR / 2)
        loss, limit = ladder.losses.loss, ladder.limits.daily_loss
        share = 0.0 if not loss else min(float(loss / limit) if limit else BEYOND, BEYOND)
        reached = bar.width() / BEYOND * share
        if reached >= 1:
            painter.setBrush(theme.color(token(ladder)))
            painter.drawRoundedRect(QRectF(bar.x(), bar.y(), max(reached, BAR), BAR), BAR / 2, BAR / 2)
        for place, name in ((near, "WARN"), (halt, "BAD")):
            painter.setBrush(theme.color(name))
            painter.drawRect(QRectF(bar.x() + place - 1, bar.y() - 3, 2, BAR + 6))
        if loss is not None:
            x = min(bar.x() + reached, bar.right())
            painter.setBrush(theme.color("TX0"))
            painter.drawPolygon(
                QPolygonF([QPointF(x - 4, bar.y() - 5), QPointF(x + 4, bar.y() - 5), QPointF(x, bar.y() + 1)])
            )

    @staticmethod
    def _paint_labels(painter: QPainter, box: QRectF, near: float, ladder: Ladder) -> None:
        painter.setFont(theme.small())
        wide = QFontMetricsF(theme.small()).horizontalAdvance
        halts, reduces = f"halts at ${ladder.limits.daily_loss:,.0f}", f"reduces from ${ladder.near:,.0f}"
        right, middle = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignVCenter
        painter.setPen(theme.color("TX1"))
        painter.drawText(box, right | middle, halts)
        end = min(near + wide(reduces) / 2, box.width() - wide(halts) - 12)
        if end >= wide(reduces):
            painter.drawText(QRectF(box.x(), box.y(), end, box.height()), right | middle, reduces)


class LadderCard(QWidget):
    """``show_ladder`` shows it all; ``count_anew_asked`` is said when somebody wants the drawdown counted from today's equity."""

    count_anew_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.picture = LadderPicture()
        self.words = theme.label(NOT_KNOWN, "label")
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.figures = theme.label("", "hint")
        self.figures.setWordWrap(True)
        self.anew = theme.button("Count the drawdown anew…")
        self.anew.setToolTip(
            "The highest equity becomes today's, so that the drawdown begins at nothing; takes a reason."
        )
        self.anew.clicked.connect(self.count_anew_asked)
        self._forbidden = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 2)
        column.setSpacing(2)
        column.addWidget(self.picture)
        below = QVBoxLayout()
        below.setContentsMargins(SIDE, 0, SIDE, 0)
        below.setSpacing(2)
        for part in (self.words, self.figures):
            below.addWidget(part)
        below.addWidget(self.anew, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(below)
        self.picture.hide()
        self.anew.hide()
        self.setAccessibleName("Loss ladder")

    def show_ladder(self, ladder: Ladder) -> None:
        """Where the day stands, and what holds."""
        self.picture.show_ladder(ladder)
        self.picture.show()
        lines = list(said(ladder))
        self.words.setText("\n".join(lines))
        self.words.setVisible(bool(lines))
        self.figures.setText(figures(ladder))
        self.anew.setVisible(ladder.stand.has(Step.DRAWDOWN))
        self.setAccessibleDescription("\n".join((day_words(ladder), *lines, figures(ladder))))

    def forbid(self, why: str) -> None:
        """Why the drawdown may not be counted anew; nothing when it may."""
        self.anew.setEnabled(not why)
        if why:
            self.anew.setToolTip(why)


def token(ladder: Ladder) -> str:
    """The colour of the day: by the rung that its loss stands on now."""
    loss = ladder.losses.loss
    if not loss:
        return "TX0"
    return "BAD" if loss >= ladder.limits.daily_loss else "WARN" if loss >= ladder.near else "ACCENT"


def day_words(ladder: Ladder) -> str:
    """The day in dollars, with its sign."""
    profit = ladder.losses.profit
    return "day's profit or loss —" if profit is None else f"{format.signed_money(profit)} today"


def since_words(since: datetime, now: datetime) -> str:
    """The time, with the day where that is not today's."""
    local = since.astimezone(NEW_YORK)
    today = local.date() == now.astimezone(NEW_YORK).date()
    return clock(since) if today else f"{local:%d %b} {clock(since)}"


def said(ladder: Ladder) -> Iterator[str]:
    """What holds, line by line; nothing while trading is free."""
    if ladder.state is not TradingState.ACTIVE:
        since = f" Since {since_words(ladder.since, ladder.at)}." if ladder.since else ""
        yield f"{ladder.state.value}: {ladder.why}{since}"
        yield ladder.rearm
    if ladder.cooling_until is not None:
        left = remaining(ladder.cooling_until, ladder.at)
        many = f"{ladder.consecutive_losses} losing round trips in a row"
        yield f"Cooldown: {many}; only what reduces is taken for {left}, until {clock(ladder.cooling_until)}."
    if ladder.blind:
        yield ladder.blind
    if ladder.state is TradingState.ACTIVE and any(rung.step is Step.NEAR for rung in ladder.stand.passed):
        yield f"Resumed with a loss: the next rung is HALTED at ${ladder.limits.daily_loss:,.0f}."


def figures(ladder: Ladder) -> str:
    """How far it is to the other limits."""
    limits, lost = ladder.limits, ladder.losses.drawdown
    return (
        f"Drawdown {'—' if lost is None else f'{lost:.1%}'} of {limits.drawdown_fraction:.0%} · "
        f"{ladder.consecutive_losses} of {limits.consecutive_losses} losses in a row · "
        f"{ladder.trades_today:,} of {limits.trades_per_day:,} round trips today"
    )
