"""How a table's cells are painted: ground, figure or chip, straight from the row, for live data leaves microseconds per cell."""

import math
from collections.abc import Callable
from functools import cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP, Column, TableModel

type Index = QModelIndex | QPersistentModelIndex

type Look = tuple[str, str | None, str | None, str | float | None]  # text, colour, ground, chip or fraction

ROW, PAD, BAR_TEXT = 22, 6, 44  # px
BROAD = 9  # px of a character at most, of those that figures are made of
REMEMBERED = 20_000  # cells
_RIGHT = (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value
_LEFT = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value


class Face:
    """A font with the widths of the characters seen so far: adding them up is far cheaper than asking Qt for a text's width."""

    def __init__(self, font: QFont) -> None:
        self.font, self.metrics = font, QFontMetrics(font)
        self._widths: dict[str, float] = {}  # character -> px

    def fitted(self, text: str, room: int) -> str:
        """``text``, shortened with an ellipsis when it is wider than ``room`` px."""
        return text if self.width(text) <= room else self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)

    def width(self, text: str) -> float:
        """How wide ``text`` is, in px."""
        widths = self._widths
        try:
            return sum([widths[character] for character in text])
        except KeyError:
            widths.update({c: self.metrics.horizontalAdvance(c) for c in text})
            return sum([widths[character] for character in text])


@cache
def face(bold: bool, mono: bool) -> Face:
    """The face of a column."""
    return Face(theme.mono() if mono else theme.bold() if bold else theme.body())


@cache
def _chip_face() -> Face:
    return Face(theme.small_bold())


class Cells[R](QStyledItemDelegate):
    """Paints a cell itself, for the style sheet's way costs too much under live data, and remembers what it painted."""

    def __init__(self, model: TableModel[R], parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._looks: list[Callable[[R], Look]] = [_look_of(column) for column in model.columns]
        self._paints: list[Callable[[QPainter, QRect, Look], None]] = [_painter(column) for column in model.columns]
        self._painted: dict[tuple[int, int], Look] = {}  # (row, column) as shown -> what stands there
        self._whole = [face(c.bold, c.mono) if (c.right or c.bold) and not c.bar else None for c in model.columns]
        self.lacking: dict[int, int] = {}  # column -> px that its widest figure or symbol needs, where it was cut

    def paint_cell(self, painter: QPainter, rect: QRect, place: int, number: int, *, selected: bool) -> None:
        """Paint the cell of row ``place`` and column ``number`` into ``rect``."""
        look = self._looks[number](self._model.row(place))
        if len(self._painted) > REMEMBERED:
            self._painted.clear()
        self._painted[place, number] = look
        whole = self._whole[number]
        if whole is not None and len(look[0]) * BROAD + 2 * PAD > rect.width() and not look[3]:
            self._measure(number, math.ceil(whole.width(look[0])) + 2 * PAD, rect.width())
        if selected:
            painter.fillRect(rect, theme.color("SELECTION"))
        elif place & 1:
            painter.fillRect(rect, theme.color("ZEBRA"))
        self._paints[number](painter, rect, look)

    def _measure(self, number: int, needed: int, width: int) -> None:
        if needed > max(width, self.lacking.get(number, 0)):
            self.lacking[number] = needed

    def changed(self, place: int, number: int) -> bool:
        """Whether the cell would look other than it was last painted."""
        return self._painted.get((place, number)) != self._looks[number](self._model.row(place))

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        text = str(index.data(Qt.ItemDataRole.DisplayRole) or "")
        return QSize(option.fontMetrics.horizontalAdvance(text) + 2 * PAD + (12 if index.data(CHIP) else 0), ROW)


def _look_of[R](column: Column[R]) -> Callable[[R], Look]:
    """What a cell of ``column`` shows of a row; the parts that a column does not have are not asked for."""
    text_of, color_of, ground_of = column.text, column.color, column.ground
    mark_of: Callable[[R], str | float | None] | None = column.chip or column.bar
    if ground_of is None and mark_of is None:
        if color_of is None:
            return lambda row: (text_of(row), None, None, None)
        return lambda row: (text_of(row), color_of(row), None, None)
    return lambda row: (
        text_of(row),
        color_of(row) if color_of else None,
        ground_of(row) if ground_of else None,
        mark_of(row) if mark_of else None,
    )


def _painter[R](column: Column[R]) -> Callable[[QPainter, QRect, Look], None]:
    plain = _text_painter(column)
    return _chip_painter(plain) if column.chip else _bar_painter(plain) if column.bar else plain


def _text_painter[R](column: Column[R]) -> Callable[[QPainter, QRect, Look], None]:
    look, flags, usual = face(column.bold, column.mono), _RIGHT if column.right else _LEFT, theme.color("TX0")
    font, fitted = look.font, look.fitted

    def paint(painter: QPainter, rect: QRect, shown: Look) -> None:
        text, token, ground, _ = shown
        if ground:  # and its own hue would hardly stand out from it
            painter.fillRect(rect, theme.color(ground))
        painter.setFont(font)
        painter.setPen(theme.color(token) if token and not ground else usual)
        room = rect.width() - 2 * PAD
        painter.drawText(rect.x() + PAD, rect.y(), room, rect.height(), flags, fitted(text, room))

    return paint


def _chip_painter(plain: Callable[[QPainter, QRect, Look], None]) -> Callable[[QPainter, QRect, Look], None]:
    def paint(painter: QPainter, rect: QRect, shown: Look) -> None:
        if shown[3] in theme.CHIPS:
            paint_chip(painter, rect, shown[0], str(shown[3]))
        else:
            plain(painter, rect, shown)

    return paint


def _bar_painter(plain: Callable[[QPainter, QRect, Look], None]) -> Callable[[QPainter, QRect, Look], None]:
    """A bar from the left, filled as far as the fraction says, and the text at its right."""

    def paint(painter: QPainter, rect: QRect, shown: Look) -> None:
        room = rect.width() - 2 * PAD - BAR_TEXT
        if shown[3] is None or room < 20:
            plain(painter, rect, shown)
            return
        track = QRect(rect.x() + PAD, rect.center().y() - 2, room, 5)
        painter.fillRect(track, theme.color("BG3"))
        track.setWidth(round(room * min(1.0, max(0.0, float(shown[3])))))
        painter.fillRect(track, theme.color(shown[1] or "ACCENT"))
        plain(painter, rect.adjusted(room, 0, 0, 0), (shown[0], "TX1", None, None))

    return paint


def paint_chip(painter: QPainter, rect: QRect, text: str, chip: str) -> None:
    """Draw ``text`` as a chip of theme.CHIPS at the left of ``rect``; unresolved ones are hatched."""
    ground, ink = theme.CHIPS[chip]
    look = _chip_face()
    shown = look.fitted(text, rect.width() - PAD - 13)
    box = QRectF(
        rect.left() + PAD, rect.top() + (rect.height() - 16) // 2, look.metrics.horizontalAdvance(shown) + 11, 16
    )
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(look.font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(ground))
    painter.drawRoundedRect(box, 3, 3)
    if chip in theme.HATCHED:
        painter.setBrush(QBrush(theme.color("HATCH"), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(box, 3, 3)
    painter.setPen(theme.color(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, shown)
    painter.restore()
