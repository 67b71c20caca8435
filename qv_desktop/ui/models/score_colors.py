"""The colours of scores: from poor over the ground to good, about zero where scores lie on both sides of it."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from qv_desktop.ui import theme

LEVELS = 256


class ScoreColors:
    """Maps scores from ``low`` to ``high`` to colours; what lies beyond has the colour of the end."""

    def __init__(self, low: float, high: float) -> None:
        known = math.isfinite(low) and math.isfinite(high)
        self.low, self.high = (low, high if high > low else low + 1e-9) if known else (0.0, 1.0)
        self.table = _ramp(self.low, self.high)

    def levels(self, scores: NDArray[np.float64]) -> NDArray[np.int64]:
        """Places in ``table`` of scores of any shape; those of unknown ones mean nothing."""
        share = (np.nan_to_num(scores) - self.low) / (self.high - self.low)
        found: NDArray[np.int64] = np.clip(np.nan_to_num(share) * LEVELS, 0, LEVELS - 1).astype(np.int64)
        return found

    def color(self, score: float) -> QColor:
        """One score's colour."""
        red, green, blue = self.table[int(self.levels(np.array([score]))[0])]
        return QColor(int(red), int(green), int(blue))


def _ramp(low: float, high: float) -> NDArray[np.uint8]:
    """(levels × 3): about zero where the range has it, else from the quiet end to the loud one."""
    poor, calm, good = (_rgb(token) for token in ("DOWN", "BG3", "UP"))
    at = np.linspace(low, high, LEVELS)
    if low >= 0:
        share = (at - low) / (high - low)
        return _mixed(calm, good, share)
    if high <= 0:
        return _mixed(poor, calm, (at - low) / (high - low))
    most = max(-low, high)
    return np.where((at < 0)[:, None], _mixed(calm, poor, -at / most), _mixed(calm, good, at / most))


def _mixed(start: NDArray[np.float64], end: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.uint8]:
    part = np.clip(share, 0, 1)[:, None]
    return np.rint(start * (1 - part) + end * part).astype(np.uint8)


def _rgb(token: str) -> NDArray[np.float64]:
    ink = theme.color(token)
    return np.array([ink.red(), ink.green(), ink.blue()], dtype=np.float64)
