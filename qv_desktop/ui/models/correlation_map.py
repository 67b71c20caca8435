"""Correlations of the largest positions as a heat map: a row and a column for each, red and a minus where they move apart."""

import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QPainter, QPaintEvent, QPen

from qv_desktop.analytics.sweep_table import Grid
from qv_desktop.domain.risk_measures import Correlations
from qv_desktop.ui import theme
from qv_desktop.ui.models.heat_map import HeatMap

MOST = 40  # names that are drawn, the largest positions
HIGH = 300  # px
MARKED = 7  # px of a cell from which a minus has room in it


class CorrelationMap(HeatMap):
    """Shows ``Correlations``, the largest position at the top and at the left."""

    def __init__(self) -> None:
        super().__init__()
        self.empty = "Correlations need two names with a common history."
        self._symbols: tuple[str, ...] = ()
        self._shown: Correlations | None = None
        self.setAccessibleName("Correlations")

    def show_correlations(self, found: Correlations | None) -> None:
        """Draw them, unless they are drawn already."""
        if found is self._shown:
            return
        self._shown = found
        self._symbols = found.symbols[:MOST] if found is not None else ()
        many = len(self._symbols)
        if found is None or many < 2:
            self.show_grid(None, ("", ""), "", str, str)
            return
        scores = np.array([row[:many] for row in found.values[:many]], dtype=np.float64)[::-1]
        places = tuple(float(place) for place in range(many))
        rows = np.arange(many * many, dtype=np.int64).reshape(many, many)
        grid = Grid(places, places, scores, rows, np.ones((many, many), dtype=np.int64))
        self.show_grid(grid, ("", ""), "corr.", lambda value: f"{value:.1f}".replace("-", "−"), str, (-1.0, 1.0))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A minus, too, where names move apart: green and red are one colour to some."""
        super().paintEvent(event)
        if self._grid is None or min(self._place(0, 0).width(), self._place(0, 0).height()) < MARKED:
            return
        painter = QPainter(self)
        painter.setPen(QPen(theme.color("TX0"), 1))
        for line, column in np.argwhere(self._grid.scores < 0).tolist():
            middle = self._place(line, column).center()
            painter.drawLine(middle - QPointF(2.5, 0), middle + QPointF(2.5, 0))

    def tall(self, wide: int) -> int:
        """px of height that it takes."""
        return max(160, min(HIGH, wide))

    def text(self) -> str:
        """The pairs that move most alike, and how many days that was seen over."""
        if self._shown is None:
            return ""
        pairs = self.pairs()[:5]
        told = [f"{a} and {b} {value:.2f}" for a, b, value in pairs]
        return "\n".join([f"{len(self._shown.symbols)} names over {self._shown.observations} days", *told])

    def pairs(self) -> list[tuple[str, str, float]]:
        """Pairs of different names, the strongest first."""
        if self._shown is None:
            return []
        values, names = self._shown.values, self._symbols
        found = [(names[i], names[j], values[i][j]) for i in range(len(names)) for j in range(i + 1, len(names))]
        return sorted((p for p in found if np.isfinite(p[2])), key=lambda p: -abs(p[2]))

    def label(self, value: float, *, across: bool) -> str:
        place = int(value) if across else len(self._symbols) - 1 - int(value)
        return self._symbols[place] if 0 <= place < len(self._symbols) else ""

    def words(self, cell: tuple[int, int]) -> str:
        if self._grid is None or cell[0] < 0 or self._shown is None:
            return ""
        one, other = self.label(cell[0], across=False), self.label(cell[1], across=True)
        value = float(self._grid.scores[cell])
        said = f"{value:.3f}".replace("-", "−") if np.isfinite(value) else "unknown"
        return f"{one} and {other}: {said}\n{self._shown.observations} common days"
