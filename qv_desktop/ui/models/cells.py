"""How a table's cells are painted: ground, figure or chip, straight from the row, for live data leaves microseconds per cell."""

import math
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QFont, QFontMetrics, QPainter, QPixmap, QStaticText
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP, Column, TableModel
from qv_desktop.ui.wardrobe import of_colours

type Index = QModelIndex | QPersistentModelIndex

type Span = tuple[int, int, int]  # left edge and width in px, and number of a column
type Paint = Callable[[QPainter, int, int, int, int, Look], None]  # left, top, width, height
type Look = tuple[str, str | None, str | None, str | float | None]  # text, colour, ground, chip or fraction

ROW, PAD, BAR_TEXT, CHIP_HEIGHT = 22, 6, 44, 16  # px
BROAD = 9  # px of a character at most, of those that figures are made of
REMEMBERED = 20_000  # cells
KEPT = 4_000  # texts that stay laid out
EMPTY: Look = ("", None, None, None)
_RIGHT = (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value
_LEFT = (Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter).value


class Face:
    """A font with the widths of the characters seen so far: adding them up is far cheaper than asking Qt for a text's width."""

    def __init__(self, font: QFont) -> None:
        self.font, self.metrics = font, QFontMetrics(font)
        self._widths: dict[str, float] = {}  # character -> px
        self._still: dict[str, QStaticText] = {}  # text -> laid out

    def fitted(self, text: str, room: int) -> str:
        """``text``, shortened with an ellipsis when it is wider than ``room`` px."""
        return text if self.width(text) <= room else self.metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)

    def still(self, text: str) -> QStaticText:
        """``text`` laid out once, for most of what a table shows is shown again."""
        found = self._still.get(text)
        if found is None:
            if len(self._still) > KEPT:
                self._still.clear()
            found = self._still[text] = QStaticText(text)
            found.setTextFormat(Qt.TextFormat.PlainText)
            found.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
        return found

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
        self._paints: list[Paint] = [_painter(column) for column in model.columns]
        self._painted: dict[tuple[int, int], Look] = {}  # (row, column) as shown -> what stands there
        self._whole = [
            face(c.bold, c.mono) if (c.right or c.bold or c.whole) and not c.bar else None for c in model.columns
        ]
        self.lacking: dict[int, int] = {}  # column -> px that its widest figure or symbol needs, where it was cut

    def paint_row(
        self, painter: QPainter, place: int, top: int, tall: int, spans: Sequence[Span], *, selected: bool
    ) -> None:
        """Paint the cells of row ``place`` in the columns of ``spans``, from ``top`` on and ``tall`` px high."""
        if len(self._painted) > REMEMBERED:
            self._painted.clear()
        if self.is_head(place):
            for left, width, number in spans:
                self._paint_total(painter, QRect(left, top, width, tall), self._noted(place, number))
            return
        row, ground = self._model.row(place), "SELECTION" if selected else "ZEBRA" if place & 1 else ""
        if ground:
            left, (last, width, _) = spans[0][0], spans[-1]
            painter.fillRect(left, top, last + width - left, tall, theme.color(ground))
        looks, paints, painted, wholes = self._looks, self._paints, self._painted, self._whole
        for left, width, number in spans:
            look = painted[place, number] = looks[number](row)
            whole = wholes[number]
            if whole is not None and len(look[0]) * BROAD + 2 * PAD > width and not look[3]:
                self._measure(number, math.ceil(whole.width(look[0])) + 2 * PAD, width)
            if look != EMPTY:
                paints[number](painter, left, top, width, tall, look)

    def _noted(self, place: int, number: int) -> Look:
        look = self._painted[place, number] = self._look(place, number)
        return look

    def _measure(self, number: int, needed: int, width: int) -> None:
        if needed > max(width, self.lacking.get(number, 0)):
            self.lacking[number] = needed

    def changed(self, place: int, number: int) -> bool:
        """Whether the cell would look other than it was last painted."""
        return self._painted.get((place, number)) != self._look(place, number)

    def is_head(self, place: int) -> bool:
        """Whether the head of a section stands at ``place``."""
        return self._model.sectioned and self._model.head(place) is not None

    def shows_total(self, place: int, number: int) -> bool:
        """Whether the head at ``place`` has a total in the column ``number``."""
        head = self._model.head(place)
        return head is not None and bool(head.totals[number])

    def paint_title(self, painter: QPainter, rect: QRect, place: int) -> None:
        """Paint the title of the head at ``place`` over its row, as far as ``rect`` goes."""
        head = self._model.head(place)
        if head is not None:
            look = face(True, False)
            painter.setFont(look.font)
            painter.setPen(theme.color("TX1"))
            painter.drawText(rect.adjusted(PAD, 0, -PAD, 0), _LEFT, look.fitted(head.title, rect.width() - 2 * PAD))

    def _look(self, place: int, number: int) -> Look:
        head = self._model.head(place) if self._model.sectioned else None
        return self._looks[number](self._model.row(place)) if head is None else (head.totals[number], None, None, None)

    @staticmethod
    def _paint_total(painter: QPainter, rect: QRect, look: Look) -> None:
        painter.fillRect(rect, theme.color("BG2"))
        painter.setFont(face(True, False).font)
        painter.setPen(theme.color("TX1"))
        painter.drawText(rect.adjusted(PAD, 0, -PAD, 0), _RIGHT, look[0])

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


def _painter[R](column: Column[R]) -> Paint:
    plain = _text_painter(column)
    return _chip_painter(plain) if column.chip else _bar_painter(plain) if column.bar else plain


def _text_painter[R](column: Column[R]) -> Paint:
    look = face(column.bold, column.mono)
    font, width_of, elided, still = look.font, look.width, look.metrics.elidedText, look.still
    high = look.metrics.height()
    right = column.right

    def paint(painter: QPainter, left: int, top: int, width: int, tall: int, shown: Look) -> None:
        text, token, ground, _ = shown
        if ground:  # and its own hue would hardly stand out from it
            painter.fillRect(left, top, width, tall, theme.color(ground))
        painter.setFont(font)
        painter.setPen(theme.color(token if token and not ground else "TX0"))
        room = width - 2 * PAD
        wide = width_of(text)
        if wide > room:
            text = elided(text, Qt.TextElideMode.ElideRight, room)
            wide = width_of(text)
        x = left + width - PAD - round(wide) if right else left + PAD
        painter.drawStaticText(x, top + (tall - high) // 2, still(text))

    return paint


def _chip_painter(plain: Paint) -> Paint:
    def paint(painter: QPainter, left: int, top: int, width: int, tall: int, shown: Look) -> None:
        if shown[3] in theme.CHIPS:
            paint_chip(painter, QRect(left, top, width, tall), shown[0], str(shown[3]))
        else:
            plain(painter, left, top, width, tall, shown)

    return paint


def _bar_painter(plain: Paint) -> Paint:
    """A bar from the left, filled as far as the fraction says, and the text at its right."""

    def paint(painter: QPainter, left: int, top: int, width: int, tall: int, shown: Look) -> None:
        room = width - 2 * PAD - BAR_TEXT
        if shown[3] is None or room < 20:
            plain(painter, left, top, width, tall, shown)
            return
        track = QRect(left + PAD, top + (tall - 1) // 2 - 2, room, 5)
        painter.fillRect(track, theme.color("BG3"))
        track.setWidth(round(room * min(1.0, max(0.0, float(shown[3])))))
        painter.fillRect(track, theme.color(shown[1] or "ACCENT"))
        plain(painter, left + room, top, width - room, tall, (shown[0], "TX1", None, None))

    return paint


def paint_chip(painter: QPainter, rect: QRect, text: str, chip: str) -> None:
    """Draw ``text`` as a chip of theme.CHIPS at the left of ``rect``; unresolved ones are hatched. Each is drawn once and kept."""
    shown = _chip_face().fitted(text, rect.width() - PAD - 13)
    picture = _chip(shown, chip, painter.device().devicePixelRatioF())
    painter.drawPixmap(rect.left() + PAD, rect.top() + (rect.height() - CHIP_HEIGHT) // 2, picture)


@of_colours
@lru_cache(maxsize=256)
def _chip(text: str, chip: str, ratio: float) -> QPixmap:
    ground, ink = theme.CHIPS[chip]
    look = _chip_face()
    box = QRectF(0, 0, look.metrics.horizontalAdvance(text) + 11, CHIP_HEIGHT)
    picture = QPixmap((box.size() * ratio).toSize())
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(look.font)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color(ground))
    painter.drawRoundedRect(box, 3, 3)
    if chip in theme.HATCHED:
        painter.setBrush(QBrush(theme.color("HATCH"), Qt.BrushStyle.BDiagPattern))
        painter.drawRoundedRect(box, 3, 3)
    painter.setPen(theme.color(ink))
    painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return picture
