"""How a table's cells are painted: ground, figure or chip, straight from the row, for live data leaves microseconds per cell."""

from collections.abc import Callable
from functools import cache
from typing import Any

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP, TableModel

type Index = QModelIndex | QPersistentModelIndex

ROW, PAD = 22, 6  # px
_SELECTED = QStyle.StateFlag.State_Selected.value
_RIGHT = (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value
_LEFT = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value


class Face:
    """A font with the widths of the characters seen so far: adding them up is far cheaper than asking Qt for a text's width."""

    def __init__(self, font: QFont) -> None:
        self.font, self.metrics = font, QFontMetrics(font)
        self._widths: dict[str, float] = {}  # character -> px

    def fitted(self, text: str, room: int) -> str:
        """``text``, shortened with an ellipsis when it is wider than ``room`` px."""
        widths = self._widths
        try:
            total = sum([widths[character] for character in text])
        except KeyError:
            widths.update({c: self.metrics.horizontalAdvance(c) for c in text})
            total = sum([widths[character] for character in text])
        return text if total <= room else self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)


@cache
def face(bold: bool, mono: bool) -> Face:
    """The face of a column."""
    return Face(theme.mono() if mono else theme.bold() if bold else theme.body())


@cache
def _chip_face() -> Face:
    return Face(theme.small_bold())


class Cells[R](QStyledItemDelegate):
    """Paints a cell itself, for the style sheet's way costs too much under live data."""

    def __init__(self, model: TableModel[R], parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._paints: list[Callable[[QPainter, QRect, R], None]] = [
            self._chip_painter(column) if column.chip else self._text_painter(column) for column in model.columns
        ]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        place, number = index.row(), index.column()
        row, rect = self._model.row(place), option.rect
        if option.state.value & _SELECTED:
            painter.fillRect(rect, theme.color("SELECTION"))
        elif place & 1:
            painter.fillRect(rect, theme.color("ZEBRA"))
        self._paints[number](painter, rect, row)

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        return QSize(option.fontMetrics.horizontalAdvance(text) + 2 * PAD + (12 if index.data(CHIP) else 0), ROW)

    def _text_painter(self, column: Any) -> Callable[[QPainter, QRect, R], None]:
        look, flags, plain = face(column.bold, column.mono), _RIGHT if column.right else _LEFT, theme.color("TX0")
        font, fitted, text_of, color_of, ground_of = look.font, look.fitted, column.text, column.color, column.ground

        def paint(painter: QPainter, rect: QRect, row: R) -> None:
            ground = ground_of(row) if ground_of else None
            if ground:
                painter.fillRect(rect, theme.color(ground))
            token = color_of(row) if color_of else None
            painter.setFont(font)
            painter.setPen(theme.color(token) if token else plain)
            room = rect.width() - 2 * PAD
            painter.drawText(rect.x() + PAD, rect.y(), room, rect.height(), flags, fitted(text_of(row), room))

        return paint

    def _chip_painter(self, column: Any) -> Callable[[QPainter, QRect, R], None]:
        plain = self._text_painter(column)

        def paint(painter: QPainter, rect: QRect, row: R) -> None:
            chip = column.chip(row)
            if chip in theme.CHIPS:
                paint_chip(painter, rect, column.text(row), chip)
            else:
                plain(painter, rect, row)

        return paint


def paint_chip(painter: QPainter, rect: QRect, text: str, chip: str) -> None:
    """Draw ``text`` as a chip of theme.CHIPS at the left of ``rect``; unresolved ones are hatched."""
    ground, ink = theme.CHIPS[chip]
    look = _chip_face()
    shown = look.fitted(text, rect.width() - PAD - 13)
    box = QRectF(rect.left() + PAD, rect.center().y() - 7.5, look.metrics.horizontalAdvance(shown) + 11, 16)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(look.font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(ground))
    painter.drawRoundedRect(box, 3, 3)
    if chip in theme.HATCHED:
        painter.setBrush(QBrush(QColor("#6b4d10"), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(box, 3, 3)
    painter.setPen(theme.color(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()
