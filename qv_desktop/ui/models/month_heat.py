"""A run's months as a heat map: a row for each year, a column for each month, and the year as a whole at the right."""

import math
from collections.abc import Mapping, Sequence
from functools import cache

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.ui import format, theme
from qv_desktop.ui.wardrobe import of_colours

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
ROW, HEAD, EDGE, YEAR, GAP = 22, 22, 10, 44, 6  # px
STRONGEST = 0.62  # of the full colour over the ground; figures stay legible on it
TIGHT, WORDY, TINY = (
    37,
    26,
    17,
)  # px of a cell under which figures lose their decimal, their sign of a gain, and themselves
EMPTY = "A run's months stand here."

type Month = tuple[int, int]  # year, month from 1


def years_of(months: Mapping[Month, float]) -> dict[int, float]:
    """Year -> its return, the months compounded."""
    out: dict[int, float] = {}
    for (year, _), value in sorted(months.items()):
        out[year] = (1 + out.get(year, 0.0)) * (1 + value) - 1
    return out


def strength(values: Sequence[float]) -> float:
    """The size of return that is coloured fully: what nine of ten months stay under, so that one crash does not pale the rest."""
    sizes = sorted(abs(value) for value in values if math.isfinite(value))
    return max(sizes[min(len(sizes) - 1, int(len(sizes) * 0.9))], 1e-9) if sizes else 1.0


@of_colours
@cache
def _mixed(token: str, share: float) -> QColor:
    """``share`` of a colour over the panel's ground."""
    over, under = theme.color(token), theme.color("BG1")
    pairs = ((over.red(), under.red()), (over.green(), under.green()), (over.blue(), under.blue()))
    return QColor(*(round(a * share + b * (1 - share)) for a, b in pairs))


class MonthHeat(QWidget):
    """Paints months; the pointer over one reads it beside the benchmark's."""

    def __init__(self) -> None:
        super().__init__()
        self._months: dict[Month, float] = {}
        self._beside: dict[Month, float] = {}
        self._years: list[int] = []
        self._totals: dict[int, float] = {}
        self._beside_totals: dict[int, float] = {}
        self._most = self._most_year = 1.0
        self.setMinimumWidth(250)
        self.setMouseTracking(True)
        self.setAccessibleName("Monthly returns")

    def show_months(self, months: Mapping[Month, float], benchmark: Mapping[Month, float]) -> None:
        """Fractions by year and month; what is absent has no bars. Newest year first."""
        self._months, self._beside = dict(months), dict(benchmark)
        self._totals, self._beside_totals = years_of(months), years_of(benchmark)
        self._years = sorted(self._totals, reverse=True)
        self._most, self._most_year = strength(list(months.values())), strength(list(self._totals.values()))
        self.setMinimumHeight(HEAD + len(self._years) * ROW + 8)
        self.setAccessibleDescription(
            "\n".join(f"{year}: {format.percent(self._totals[year], 1)}" for year in self._years)
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(680, HEAD + max(1, len(self._years)) * ROW + 8)

    def _wide(self) -> float:
        return (self.width() - 2 * EDGE - YEAR - GAP) / 13

    def _cell(self, column: int, row: int) -> QRectF:
        """Where a month (0 to 11) or the whole year (12) of a row stands."""
        wide = self._wide()
        return QRectF(EDGE + YEAR + column * wide + (GAP if column == 12 else 0), HEAD + row * ROW, wide, ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._years:
            painter.setFont(theme.body())
            painter.setPen(theme.color("TX2"))
            painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, EMPTY)
            return
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX2"))
        for column, word in enumerate((*MONTHS, "Year")):
            box = self._cell(column, -1)
            painter.drawText(
                box.adjusted(0, 0, -2, 0), Qt.AlignmentFlag.AlignCenter, word if self._wide() > WORDY else word[0]
            )
        first, last = (event.rect().top() - HEAD) // ROW, (event.rect().bottom() - HEAD) // ROW
        for row in range(max(0, first), min(len(self._years), last + 1)):
            self._paint_year(painter, row, self._years[row])

    def _paint_year(self, painter: QPainter, row: int, year: int) -> None:
        painter.setFont(theme.bold())
        painter.setPen(theme.color("TX1"))
        painter.drawText(QRectF(EDGE, HEAD + row * ROW, YEAR, ROW), Qt.AlignmentFlag.AlignVCenter, str(year))
        for month in range(12):
            self._paint_cell(
                painter, self._cell(month, row), self._months.get((year, month + 1)), self._most, theme.small()
            )
        font = theme.small_bold() if self._wide() >= WORDY else theme.small()
        self._paint_cell(painter, self._cell(12, row), self._totals[year], self._most_year, font)

    def _paint_cell(self, painter: QPainter, box: QRectF, value: float | None, most: float, font: QFont) -> None:
        inner = box.adjusted(1, 1, -1, -1)
        if value is None:
            painter.fillRect(inner, theme.color("ZEBRA"))
            return
        share = STRONGEST * min(1.0, abs(value) / most)
        painter.fillRect(inner, _mixed(format.trend(value), round(share, 2)) if value else theme.color("BG2"))
        painter.setFont(font)
        painter.setPen(theme.color("TX0"))
        painter.drawText(inner, Qt.AlignmentFlag.AlignCenter, self._words(value, box.width()))

    def _words(self, value: float, wide: float) -> str:
        """A figure as wide as its cell allows, in percent; colour tells a gain where there is no room for its sign."""
        if wide < TINY:
            return ""
        words = format.percent(value, 1 if wide >= TIGHT else 0).removesuffix("%")
        return words if wide >= WORDY else words.removeprefix("+")

    def told(self, at: QPointF) -> str:
        """What stands under a point, in words."""
        row = int((at.y() - HEAD) // ROW)
        if not 0 <= row < len(self._years):
            return ""
        year = self._years[row]
        for column in range(13):
            if self._cell(column, row).contains(at):
                ours, theirs, name = self._of(year, column)
                beside = f", benchmark {format.percent(theirs)}" if theirs is not None else ""
                return f"{name}: {format.percent(ours)}{beside}" if ours is not None else f"{name}: no bars"
        return ""

    def _of(self, year: int, column: int) -> tuple[float | None, float | None, str]:
        if column == 12:
            return self._totals.get(year), self._beside_totals.get(year), str(year)
        key = (year, column + 1)
        return self._months.get(key), self._beside.get(key), f"{MONTHS[column]} {year}"

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self.told(QPointF(event.pos())), self)
            return True
        return super().event(event)
