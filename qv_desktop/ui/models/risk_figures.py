"""Figures of risk: tiles of a caption over a value, and a grid of figures under heads."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.ui import theme

TILE, HIGH, SIDE = 104, 40, 10  # px: of a tile at least, its height, at the sides
LINE = 19  # px of a grid's line


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure that matters: ``hint`` follows the value, ``ink`` colours it, ``tip`` says what it is."""

    title: str
    value: str
    hint: str = ""
    ink: str = "TX0"
    tip: str = ""


def _tells(event: QEvent, told: Callable[[QPointF], str], over: QWidget) -> bool:
    """Whether it was asked what is under the pointer; that is said."""
    if event.type() != QEvent.Type.ToolTip or not isinstance(event, QHelpEvent):
        return False
    QToolTip.showText(event.globalPos(), told(QPointF(event.pos())), over)
    return True


class Tiles(QWidget):
    """Side by side, as many to a row as have room."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._tiles: tuple[Tile, ...] = ()
        self.setAccessibleName(name)

    def show_tiles(self, tiles: Sequence[Tile]) -> None:
        """Replace all of them; equal ones cost nothing."""
        if tuple(tiles) == self._tiles:
            return
        self._tiles = tuple(tiles)
        self.setAccessibleDescription(self.text())
        self._fit()
        self.update()

    def _columns(self) -> int:
        return max(1, min(len(self._tiles), (self.width() - 2 * SIDE) // TILE))

    def _fit(self) -> None:
        self.setFixedHeight(-(-len(self._tiles) // self._columns()) * HIGH if self._tiles else 0)

    def resizeEvent(self, event: object) -> None:
        self._fit()

    def text(self) -> str:
        """Every tile in words."""
        return "\n".join(f"{tile.title}: {' '.join(filter(None, (tile.value, tile.hint)))}" for tile in self._tiles)

    def _box(self, place: int) -> QRectF:
        many = self._columns()
        wide = (self.width() - 2 * SIDE) / many
        return QRectF(SIDE + place % many * wide, place // many * HIGH, wide, HIGH)

    def told(self, spot: QPointF) -> str:
        """What is said of the tile under a point."""
        tile = next((t for place, t in enumerate(self._tiles) if self._box(place).contains(spot)), None)
        return (
            ""
            if tile is None
            else "\n".join(filter(None, (f"{tile.title}  {tile.value} {tile.hint}".strip(), tile.tip)))
        )

    def event(self, event: QEvent) -> bool:
        return _tells(event, self.told, self) or super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        for place, tile in enumerate(self._tiles):
            self._paint(painter, tile, self._box(place).adjusted(0, 0, -6, 0))

    def _paint(self, painter: QPainter, tile: Tile, box: QRectF) -> None:
        painter.setFont(theme.tiny())
        painter.setPen(theme.color("TX2"))
        title = painter.fontMetrics().elidedText(tile.title.upper(), Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(QRectF(box.x(), box.y() + 3, box.width(), 14), Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(theme.strong())
        painter.setPen(theme.color(tile.ink))
        line = QRectF(box.x(), box.y() + 17, box.width(), 18)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter, tile.value)
        used = painter.fontMetrics().horizontalAdvance(tile.value) + 6
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX1"))
        if (
            painter.fontMetrics().horizontalAdvance(tile.hint) <= box.width() - used
        ):  # half a hint is none; the tip has it
            painter.drawText(line.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, tile.hint)


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure of a grid."""

    words: str
    tip: str = ""
    ink: str = "TX0"


@dataclass(frozen=True, slots=True)
class GridLine:
    """One line of a grid; a ``quiet`` one belongs to the line above it."""

    title: str
    cells: tuple[Cell, ...]
    quiet: bool = False


class FigureGrid(QWidget):
    """Lines of figures right-aligned under their heads."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._heads: tuple[str, ...] = ()
        self._lines: tuple[GridLine, ...] = ()
        self.setAccessibleName(name)

    def show_grid(self, heads: Sequence[str], lines: Sequence[GridLine]) -> None:
        """``heads`` has the first column's, too; equal grids cost nothing."""
        if (tuple(heads), tuple(lines)) != (self._heads, self._lines):
            self._heads, self._lines = tuple(heads), tuple(lines)
            self.setAccessibleDescription(self.text())
            self.update()

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return (len(self._lines) + 1) * LINE

    def sizeHint(self) -> QSize:
        return QSize(240, self.tall(240))

    def text(self) -> str:
        """Every line, with the heads."""
        return "\n".join(
            f"{line.title}: " + ", ".join(f"{head} {cell.words}" for head, cell in zip(self._heads[1:], line.cells, strict=False))
            for line in self._lines
        )  # fmt: skip

    def _columns(self) -> list[tuple[float, float]]:
        """Left and width of every column: each as its widest words need, and what is left goes between them."""
        many = max(1, len(self._heads))
        small = QFontMetricsF(theme.small_bold())
        needs = [max(small.horizontalAdvance(words) for words in self._column(place)) + 2 for place in range(many)]
        spare = max(0.0, self.width() - sum(needs)) / max(1, many - 1)
        columns, left = [], 0.0
        for place, need in enumerate(needs):
            wide = need + (spare if place else 0.0)
            columns.append((left, wide))
            left += wide
        return columns

    def _column(self, place: int) -> list[str]:
        """Every text of a column."""
        texts = [self._heads[place] if place < len(self._heads) else ""]
        if not place:
            return [*texts, *(line.title for line in self._lines)]
        return [*texts, *(line.cells[place - 1].words for line in self._lines if place <= len(line.cells))]

    def told(self, spot: QPointF) -> str:
        """What is said of the figure under a point."""
        at = int(spot.y() // LINE) - 1
        if not 0 <= at < len(self._lines):
            return ""
        line = self._lines[at]
        for place, (left, wide) in enumerate(self._columns()[1:]):
            if left <= spot.x() < left + wide and place < len(line.cells):
                return line.cells[place].tip
        return ""

    def event(self, event: QEvent) -> bool:
        return _tells(event, self.told, self) or super().event(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        columns, middle, right = self._columns(), Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX2"))
        for place, head in enumerate(self._heads):
            left, wide = columns[min(place, len(columns) - 1)]
            painter.drawText(
                QRectF(left, 0, wide, LINE), middle | (right if place else Qt.AlignmentFlag.AlignLeft), head
            )
        for number, line in enumerate(self._lines, 1):
            if number % 2 == 0:
                painter.fillRect(QRectF(0, number * LINE, self.width(), LINE), theme.color("ZEBRA"))
            self._paint_line(painter, line, number * LINE, columns)

    def _paint_line(self, painter: QPainter, line: GridLine, y: float, columns: list[tuple[float, float]]) -> None:
        middle, right = Qt.AlignmentFlag.AlignVCenter, Qt.AlignmentFlag.AlignRight
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX2" if line.quiet else "TX1"))
        painter.drawText(QRectF(0, y, columns[0][1], LINE), middle, line.title)
        painter.setFont(theme.small() if line.quiet else theme.small_bold())
        for cell, (left, wide) in zip(line.cells, columns[1:], strict=False):
            painter.setPen(theme.color("TX1" if line.quiet and cell.ink == "TX0" else cell.ink))
            painter.drawText(QRectF(left, y, wide, LINE), middle | right, cell.words)
