"""Groups of lines side by side: as many columns as there is room for, each group whole, in their order from top to bottom."""

from collections.abc import Sequence
from decimal import Decimal

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.account_lines import Group, used_token
from qv_desktop.ui.models.ledger import Ledger

NARROW, GAP, CAPTION, BETWEEN, BAR = (
    206,
    28,
    20,
    12,
    5,
)  # px: of a column, between columns, of a caption, between groups, of a bar


class Used(QWidget):
    """A bar as full as the share that is used; empty while that is unknown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._used: Decimal | None = None
        self.setAccessibleName("Margin in use")
        self.resize(100, BAR)

    def show_used(self, used: Decimal | None) -> None:
        """0 to 1; above stays full."""
        if used != self._used:
            self._used = used
            self.setAccessibleDescription("unknown" if used is None else f"{used:.1%}")
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("BG3"))
        painter.setBrush(theme.color("BG3"))
        painter.drawRoundedRect(QRectF(0, 0, self.width(), BAR), BAR / 2, BAR / 2)
        if self._used is not None and self._used > 0:
            token = used_token(self._used)
            painter.setPen(theme.color(token))
            painter.setBrush(theme.color(token))
            wide = max(float(BAR), self.width() * min(1.0, float(self._used)))
            painter.drawRoundedRect(QRectF(0, 0, wide, BAR), BAR / 2, BAR / 2)


class FigureColumns(QWidget):
    """``barred`` names the group that has the bar ``used`` under its lines."""

    def __init__(self, barred: str) -> None:
        super().__init__()
        self._barred = barred
        self._ledgers: dict[str, Ledger] = {}  # caption -> its lines
        self._captions: dict[str, QWidget] = {}
        self.used = Used(self)

    def show_groups(self, groups: Sequence[Group]) -> None:
        """Show these lines; the groups themselves are the same every time."""
        for caption, lines in groups:
            if caption not in self._ledgers:
                self._add(caption)
            self._ledgers[caption].show_lines(lines)
        self._place()

    def _add(self, caption: str) -> None:
        words, ledger = theme.caption(caption), Ledger(caption)
        for part in (words, ledger):
            part.setParent(self)
            part.show()
        self._captions[caption], self._ledgers[caption] = words, ledger

    def _tall(self, caption: str) -> int:
        return (
            CAPTION + self._ledgers[caption].sizeHint().height() + BETWEEN + (BAR + 6 if caption == self._barred else 0)
        )

    def _place(self) -> None:
        if not self._ledgers:
            return
        many = max(1, min(len(self._ledgers), (self.width() - 24 + GAP) // (NARROW + GAP)))
        wide = (self.width() - 24 - (many - 1) * GAP) // many
        columns = shared([self._tall(caption) for caption in self._ledgers], many)
        captions = iter(self._ledgers)
        for column, count in enumerate(columns):
            top = 6
            for _ in range(count):
                top = self._put(next(captions), 12 + column * (wide + GAP), top, wide)
        self.setMinimumHeight(self.sizeHint().height())

    def _put(self, caption: str, left: int, top: int, wide: int) -> int:
        """The height at which the next group begins."""
        ledger = self._ledgers[caption]
        tall = ledger.sizeHint().height()
        self._captions[caption].setGeometry(left, top, wide, CAPTION - 2)
        ledger.setGeometry(left, top + CAPTION, wide, tall)
        if caption == self._barred:
            self.used.setGeometry(left, top + CAPTION + tall + 3, wide, BAR)
        return top + self._tall(caption)

    def texts(self) -> list[str]:
        """Every line as a person reads it."""
        return [text for ledger in self._ledgers.values() for text in ledger.texts()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def sizeHint(self) -> QSize:
        bottoms = [part.geometry().bottom() for part in self._ledgers.values()]
        return QSize(480, max(bottoms, default=100) + 8)

    def minimumSizeHint(self) -> QSize:
        return QSize(NARROW + 24, 60)


def shared(heights: Sequence[int], many: int) -> list[int]:
    """How many of the groups, in their order, each of ``many`` columns takes, so that the tallest column is as low as can be."""
    best: list[int] = [len(heights)] + [0] * (many - 1)
    least = sum(heights)
    for limit in sorted({sum(heights[i:j]) for i in range(len(heights)) for j in range(i + 1, len(heights) + 1)}):
        counts = _filled(heights, limit)
        if counts is not None and len(counts) <= many and limit <= least:
            return counts + [0] * (many - len(counts))
    return best


def _filled(heights: Sequence[int], limit: int) -> list[int] | None:
    counts, room = [0], limit
    for height in heights:
        if height > limit:
            return None
        if height > room:
            counts.append(0)
            room = limit
        counts[-1] += 1
        room -= height
    return counts
