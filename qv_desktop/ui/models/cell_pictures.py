"""Cells that look as they did before are copied, not drawn: laying text on a screen takes ten times as long as a copy."""

from collections.abc import Callable, Hashable

from PySide6.QtGui import QPainter, QPixmap

from qv_desktop.ui import theme, wardrobe

PIXELS = 2_000_000  # of all pictures of a table: eight megabytes
SEEN = 20_000  # looks that are known to have been drawn once


class CellPictures:
    """Pictures of the cells of one table. A look is kept from its second drawing on, for most prices are shown only once."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, QPixmap] = {}
        self._seen: set[Hashable] = set()
        self._pixels = self._theme = 0
        self._ratio = 1.0
        self.find = self._kept.get  # the picture of a look, or None

    def ready(self, ratio: float) -> bool:
        """Whether pictures are exact on a screen with ``ratio`` pixels a px: between whole pixels they would blur."""
        if ratio != self._ratio or self._theme != wardrobe.themes():
            self._ratio, self._theme = ratio, wardrobe.themes()
            self._forget()
        return ratio.is_integer()

    def seen(self, look: Hashable) -> bool:
        """Whether it was drawn before; it was from now on."""
        if look in self._seen:
            return True
        if len(self._seen) > SEEN:
            self._seen.clear()
        self._seen.add(look)
        return False

    def keep(self, look: Hashable, width: int, tall: int, ground: str, draw: Callable[[QPainter], None]) -> QPixmap:
        """Keep what ``draw`` paints on ``width`` by ``tall`` px of the colour ``ground``, under ``look``."""
        pixels = round(width * tall * self._ratio**2)
        if self._pixels + pixels > PIXELS:
            self._forget()
        picture = QPixmap(round(width * self._ratio), round(tall * self._ratio))
        picture.setDevicePixelRatio(self._ratio)
        picture.fill(theme.color(ground))  # opaque, so that letters are smoothed as they are on the screen
        painter = QPainter(picture)
        draw(painter)
        painter.end()
        self._kept[look] = picture
        self._pixels += pixels
        return picture

    def _forget(self) -> None:
        self._kept.clear()
        self._pixels = 0
