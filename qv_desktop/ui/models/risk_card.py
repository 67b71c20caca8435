"""Cards of the risk panels: a caption, a note at its right, and a body or the sentence that says why there is none."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.figure_columns import shared

HEAD, SIDE, FOOT = 22, 10, 8  # px: of the caption's line, at the sides, under the body
COLUMN, GAP = 292, 12  # px: of a column at least, and between columns


class Card(QWidget):
    """``body`` has a ``tall(wide)``; one that has no such says its ``sizeHint``. A sentence takes its place while there is nothing."""

    def __init__(self, title: str, body: QWidget, empty: str = "", *, inset: int = SIDE) -> None:
        """``empty`` stands in the body's place until there is something; the body is ``inset`` px from the sides."""
        super().__init__()
        self._inset = inset
        self.title, self.body = title, body
        self.foot = FOOT  # px under the body
        self.put_away = False  # whether it is not on show at all
        self._note, self._ink = "", "TX2"
        self._sentence = QLabel(empty)
        self._sentence.setWordWrap(True)
        self._sentence.setTextFormat(Qt.TextFormat.PlainText)
        self._sentence.setFont(theme.body())
        theme.wear(self._sentence, lambda: f"color:{theme.TX2};")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        for part in (body, self._sentence):
            part.setParent(self)
        body.setVisible(not empty)
        self._sentence.setVisible(bool(empty))
        self.setAccessibleName(title)

    def say(self, sentence: str) -> bool:
        """Show ``sentence`` in the body's place, or the body when there is none to say; whether its height may have changed."""
        changed = self._sentence.text() != sentence or self.body.isHidden() != bool(sentence)
        if changed:
            self._sentence.setText(sentence)
            self._sentence.setVisible(bool(sentence))
            self.body.setVisible(not sentence)
            self.setAccessibleDescription(sentence)
            self._place()
        return changed

    def note(self, words: str, ink: str = "TX2") -> None:
        """What stands at the right of the caption, in the ink of a token."""
        if (words, ink) != (self._note, self._ink):
            self._note, self._ink = words, ink
            self.update(0, 0, self.width(), HEAD)

    @property
    def _head(self) -> int:
        return HEAD if self.title else 2

    @property
    def empty(self) -> bool:
        """Whether a sentence stands in the body's place."""
        return self.body.isHidden()

    def tall(self, wide: int) -> int:
        """px of height that it takes in ``wide`` px."""
        inner = wide - 2 * self._inset
        if self.empty:
            box = QFontMetricsF(theme.body()).boundingRect(
                QRectF(0, 0, inner, 1_000), Qt.TextFlag.TextWordWrap, self._sentence.text()
            )
            return self._head + int(box.height()) + 4 + self.foot
        tall = getattr(self.body, "tall", None)
        if tall is None and self.body.width() != inner:
            self.body.resize(inner, max(self.body.height(), 1))  # what another made fits itself to its width
        return self._head + (tall(inner) if tall is not None else self.body.sizeHint().height()) + self.foot

    def text(self) -> str:
        """What it says, for a screen reader."""
        told = getattr(self.body, "text", None)
        said = self._sentence.text() if self.empty else told() if callable(told) else self.body.accessibleDescription()
        return "\n".join(line for line in (f"{self.title}{': ' if self._note else ''}{self._note}", said) if line)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _place(self) -> None:
        wide, high = self.width() - 2 * self._inset, self.height() - self._head - self.foot
        for part in (self.body, self._sentence):
            part.setGeometry(self._inset, self._head, max(wide, 1), max(high, 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        middle = Qt.AlignmentFlag.AlignVCenter
        box = QRectF(SIDE, 0, self.width() - 2 * SIDE, HEAD)
        painter.setFont(theme.tiny())
        painter.setPen(theme.color("TX2"))
        caption = self.title.upper()
        painter.drawText(box, middle | Qt.AlignmentFlag.AlignLeft, caption)
        if self._note:
            room = box.width() - QFontMetricsF(theme.tiny()).horizontalAdvance(caption) - 10
            painter.setFont(theme.small())
            painter.setPen(theme.color(self._ink))
            words = painter.fontMetrics().elidedText(self._note, Qt.TextElideMode.ElideRight, int(max(room, 0)))
            painter.drawText(box, middle | Qt.AlignmentFlag.AlignRight, words)


class Wrapped(QLabel):
    """Lines of text, broken between words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(theme.small())
        theme.wear(self, lambda: f"color:{theme.TX2};")
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.setAccessibleName(name)

    def tall(self, wide: int) -> int:
        """px of height that it takes in ``wide`` px."""
        box = QFontMetricsF(theme.small()).boundingRect(
            QRectF(0, 0, wide, 5_000), Qt.TextFlag.TextWordWrap, QLabel.text(self)
        )
        return int(box.height()) + 2


class CardColumns(QWidget):
    """Cards in their order, in as many columns as have room, each column about as tall as the others; as tall as they need."""

    def __init__(self, cards: Sequence[Card]) -> None:
        super().__init__()
        self.cards = list(cards)
        for card in self.cards:
            card.setParent(self)
        self._placed: tuple[object, ...] = ()
        self.filling = False  # while several cards are filled, they are placed once at the end

    def columns(self) -> int:
        """How many columns have room."""
        return max(1, min(len(self._seen()) or 1, (self.width() + GAP) // (COLUMN + GAP)))

    def _seen(self) -> list[Card]:
        return [card for card in self.cards if not card.put_away]

    def fit(self) -> None:
        """Give every card the height that it needs now; nothing moves where none changed."""
        if self.filling:
            return
        seen, many = self._seen(), self.columns()
        wide = (self.width() - (many - 1) * GAP) // many
        heights = [card.tall(wide) for card in seen]
        key = (many, wide, tuple(heights), tuple(map(id, seen)))
        if key == self._placed or not seen:
            return
        self._placed = key
        place, bottom = 0, 0
        for column, count in enumerate(shared(heights, many)):
            top = 0
            for card, high in zip(seen[place : place + count], heights[place : place + count], strict=True):
                card.setGeometry(column * (wide + GAP), top, wide, high)
                card.show()
                top += high
            place, bottom = place + count, max(bottom, top)
        self.setMinimumHeight(bottom)
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def sizeHint(self) -> QSize:
        return QSize(COLUMN, max(self.minimumHeight(), 60))

    def text(self) -> str:
        """What all cards say, for a screen reader."""
        return "\n".join(card.text() for card in self._seen())
