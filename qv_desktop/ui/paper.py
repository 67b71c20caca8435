"""A report on paper: a PDF with the header on every page, no column cut, and “page n of m”. It runs on a thread."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import sqrt

from PySide6.QtCore import QBuffer, QIODevice, QMarginsF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontMetricsF,
    QPageLayout,
    QPageSize,
    QPainter,
    QPdfWriter,
    QTextLayout,
    QTextOption,
)

from qv_desktop.domain.reports import FIGURES, Document, Section
from qv_desktop.ui.colors import PAPER

DPI = 144
WIDTH, HEIGHT = 1684, 1190  # A4 across, in dots of 1/144 inch
SIDE, HEAD, FOOT, GAP, PAD = 56, 40, 44, 14, 5
INK, QUIET, LINE, GOOD, BAD = (PAPER[name] for name in ("INK", "QUIET", "LINE", "GOOD", "BAD"))
_LEAST = 44.0  # dots that a column gets at least
_MOST, _NUMBER = 150.0, 210.0  # dots up to which a column is as wide as its longest word or number, while there is room
_BREAKS = re.compile("[\n\u00ad]")  # what begins a line though there is room, and what is wider where one ends
_FIGURE = re.compile(r"[\d.,+\-−$%]+")


def font(pixels: int, *, bold: bool = False) -> QFont:
    """The report's face. Glyphs of figures that stand for no character of their own would make its text unsearchable."""
    made = QFont()
    made.setFamilies(["Inter", "Segoe UI", "Helvetica Neue", "DejaVu Sans"])
    made.setPixelSize(pixels)
    made.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    for feature in ("tnum", "calt"):
        made.setFeature(QFont.Tag(feature), 0)
    return made


@dataclass(frozen=True, slots=True)
class Text:
    """One text in its box of a page, in dots."""

    box: QRectF
    text: str
    pixels: int = 15
    bold: bool = False
    ink: str = INK
    right: bool = False


@dataclass(slots=True)
class Page:
    """What is painted on one page; ``rules`` are horizontal lines."""

    texts: list[Text] = field(default_factory=list)
    rules: list[float] = field(default_factory=list)


def breaking(*, right: bool = False) -> QTextOption:
    """Lines break between words, and inside one only where it is longer than a line."""
    made = QTextOption(
        (Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft) | Qt.AlignmentFlag.AlignTop
    )
    made.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return made


def _tall(text: str, wide: float, face: QFont, metrics: QFontMetricsF) -> float:
    """Dots that ``text`` is high in lines of ``wide`` dots."""
    if not _BREAKS.search(text) and metrics.horizontalAdvance(text) <= wide:
        return metrics.height()
    layout, high = QTextLayout(text.replace("\n", "\u2028"), face), 0.0
    layout.setTextOption(breaking())
    layout.beginLayout()
    while (line := layout.createLine()).isValid():
        line.setLineWidth(wide)
        high += line.height()
    layout.endLayout()
    return max(high, metrics.height())


def pdf(document: Document) -> bytes:
    """The document as a PDF file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    _print(document, buffer)  # the writer is gone before what it writes to
    buffer.close()
    return bytes(buffer.data().data())


def _print(document: Document, into: QIODevice) -> None:
    writer = QPdfWriter(into)
    writer.setResolution(DPI)
    size = QPageSize(QPageSize.PageSizeId.A4)
    writer.setPageLayout(QPageLayout(size, QPageLayout.Orientation.Landscape, QMarginsF(0, 0, 0, 0)))
    writer.setTitle(f"{document.title}, {document.subtitle}")
    writer.setCreator("QuantVision Desktop")
    with QPainter(writer) as painter:  # ended whatever happens: one that outlives its paper takes the program down
        for number, sheet in enumerate(pages(document)):
            if number:
                writer.newPage()
            _paint(painter, sheet)


def pages(document: Document) -> list[Page]:
    """Every page with its texts in place: the header with all facts, as many rows as there is room for, and the foot."""
    head, top = _header(document)
    made, y = [Page([*head.texts], [*head.rules])], top
    for section in document.sections:
        widths = _widths(section)
        for first, row in _blocks(section, widths):
            if y + row.high > HEIGHT - FOOT - PAD:
                made.append(Page([*head.texts], [*head.rules]))
                y = top
                if not first:  # what goes on has its column names again
                    y = _put(made[-1], _names(section, widths), y)
            y = _put(made[-1], row, y)
        y += GAP
    _number(made, document)
    return made


@dataclass(frozen=True, slots=True)
class _Block:
    """Texts that stay together, from y = 0."""

    texts: tuple[Text, ...]
    high: float
    rule: bool = True


def _blocks(section: Section, widths: list[float]) -> Iterator[tuple[bool, _Block]]:
    """The title with the names and the first row, which stay together, then row by row."""
    title = _Block((Text(QRectF(SIDE, 0, WIDTH - 2 * SIDE, 24), section.title, 18, bold=True),), 28, rule=False)
    if not section.rows:
        note = Text(QRectF(SIDE, 28, WIDTH - 2 * SIDE, 20), section.note, ink=QUIET)
        yield True, _Block((*title.texts, note), 52, rule=False)
        return
    rows = [_row(section, row, widths) for row in section.rows]
    yield True, _under(_under(title, _names(section, widths)), rows[0])
    for row in rows[1:]:
        yield False, row


def _under(above: _Block, below: _Block) -> _Block:
    return _Block((*above.texts, *_moved(below.texts, above.high)), above.high + below.high)


def _moved(texts: tuple[Text, ...], y: float) -> list[Text]:
    return [Text(t.box.translated(0, y), t.text, t.pixels, t.bold, t.ink, t.right) for t in texts]


def _put(page: Page, block: _Block, y: float) -> float:
    page.texts += _moved(block.texts, y)
    if block.rule:
        page.rules.append(y + block.high)
    return y + block.high


def _names(section: Section, widths: list[float]) -> _Block:
    return _cells(section.columns, section, widths, ink=QUIET)


def _row(section: Section, row: tuple[str, ...], widths: list[float]) -> _Block:
    return _cells(row, section, widths)


def _cells(cells: tuple[str, ...], section: Section, widths: list[float], ink: str = INK) -> _Block:
    """Every cell as high as its text needs in its width, so that nothing is cut."""
    face = font(15)
    metrics = QFontMetricsF(face)
    high = max(_tall(text, wide - 2 * PAD, face, metrics) for text, wide in zip(cells, widths, strict=True)) + 2 * PAD
    texts, x = [], float(SIDE)
    for text, wide, name in zip(cells, widths, section.columns, strict=True):
        texts.append(Text(QRectF(x + PAD, PAD, wide - 2 * PAD, high - 2 * PAD), text, ink=ink, right=name in FIGURES))
        x += wide
    return _Block(tuple(texts), high)


def _widths(section: Section) -> list[float]:
    """What each column would like, brought to the width of the page: the widest give way."""
    metrics = QFontMetricsF(font(15))
    sample = (section.columns, *section.rows[:400])
    liked = [
        max(_LEAST, max(metrics.horizontalAdvance(row[c]) for row in sample) + 2 * PAD + 4)
        for c in range(len(section.columns))
    ]
    room = float(WIDTH - 2 * SIDE)
    if sum(liked) <= room:
        if section.columns[-1] not in FIGURES:  # a figure stands beside what it is of
            liked[-1] += room - sum(liked)
        return liked
    least = [min(wide, max(_LEAST, _unbroken(sample, c, metrics))) for c, wide in enumerate(liked)]
    if sum(least) > room:
        least = [0.0] * len(liked)
    shares = _shares([wide - least[c] for c, wide in enumerate(liked)], room - sum(least))
    return [wide + share for wide, share in zip(least, shares, strict=True)]


def _unbroken(sample: Sequence[tuple[str, ...]], column: int, metrics: QFontMetricsF) -> float:
    """Dots that a column takes with its margins, if none of its words is broken that is not very long, and still fewer numbers."""
    words = {word for row in sample for word in row[column].split()}
    widest = max(
        (min(metrics.horizontalAdvance(word), _NUMBER if _FIGURE.fullmatch(word) else _MOST) for word in words),
        default=0.0,
    )
    return widest + 2 * PAD + 4


def _shares(wanted: list[float], room: float) -> list[float]:
    """``room`` among columns by the root of what each wants, so that a long text is not a tower; none gets more than it wants."""
    weights, shares = [sqrt(want) for want in wanted], [0.0] * len(wanted)
    rest = sum(weights)
    for c in sorted(range(len(wanted)), key=lambda c: wanted[c]):
        shares[c] = min(wanted[c], room * weights[c] / rest) if rest > 0 else 0.0
        room, rest = room - shares[c], rest - weights[c]
    return shares


def _header(document: Document) -> tuple[Page, float]:
    """What stands on top of every page, and where the rest begins."""
    wide = WIDTH - 2 * SIDE
    texts = [
        Text(QRectF(SIDE, HEAD, wide / 2, 30), document.title, 24, bold=True),
        Text(
            QRectF(SIDE + wide / 2, HEAD, wide / 2, 30),
            document.verdict,
            18,
            bold=True,
            ink=GOOD if document.good else BAD,
            right=True,
        ),
        Text(QRectF(SIDE, HEAD + 32, wide, 20), document.subtitle, ink=QUIET),
    ]
    facts, half, face = (*document.facts, ("Report hash", document.hash)), wide / 2, font(14)
    y = HEAD + 60.0
    for place in range(0, len(facts), 2):
        high = 20.0
        for side, (name, value) in enumerate(facts[place : place + 2]):
            x, room = SIDE + side * half, half - 180
            high = max(high, _tall(value or "—", room, face, QFontMetricsF(face)) + 2)
            texts.append(Text(QRectF(x, y, 160, 20), name, 14, ink=QUIET))
            texts.append(Text(QRectF(x + 165, y, room, high), value or "—", 14))
        y = max(y + high, y)
    return Page(texts, [y + 6]), y + GAP + 8


def _number(made: list[Page], document: Document) -> None:
    y = float(HEIGHT - FOOT)
    for number, page in enumerate(made, 1):
        page.rules.append(y)
        page.texts.append(Text(QRectF(SIDE, y + 6, 1_200, 20), f"Report {document.hash}", 13, ink=QUIET))
        words = f"Page {number} of {len(made)}"
        page.texts.append(Text(QRectF(WIDTH - SIDE - 300, y + 6, 300, 20), words, 13, ink=QUIET, right=True))


def _paint(painter: QPainter, page: Page) -> None:
    painter.setPen(QColor(LINE))
    for y in page.rules:
        painter.drawLine(SIDE, round(y), WIDTH - SIDE, round(y))
    for text in page.texts:
        painter.setFont(font(text.pixels, bold=text.bold))
        painter.setPen(QColor(text.ink))
        painter.drawText(text.box, text.text, breaking(right=text.right))
