"""What is done to a drawing from outside the plane: its words, and another one like it."""

from dataclasses import replace

from PySide6.QtCore import QPointF

from qv_desktop.domain.drawings import Drawing, cloned
from qv_desktop.ui.chart.drawing.gripping import carried
from qv_desktop.ui.chart.drawing.plane import Plane

ASIDE = 16.0  # px to the right and down


def edited(drawing: Drawing, text: str) -> Drawing | None:
    """The drawing with another text; None when nothing is left of it."""
    return replace(drawing, text=text) if text.strip() else None


def duplicate(plane: Plane, drawing: Drawing, id: str, symbol: str) -> Drawing:
    """Another one on ``symbol``, a little aside of the first."""
    twin = replace(cloned(drawing, id), symbol=symbol)
    return carried(plane, twin, QPointF(max(ASIDE, plane.spacing), ASIDE))
