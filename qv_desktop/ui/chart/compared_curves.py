"""The equity of several runs over one axis of time, each from 0 % at its own first bar."""

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPen

from qv_desktop.domain.run_comparison import LETTERS
from qv_desktop.ui import format, theme
from qv_desktop.ui.chart.curve_panes import Panes, Values, ink, words
from qv_desktop.ui.chart.run_curves import ComparedRuns

INKS = ("ACCENT", "YELLOW", "PINK", "CYAN", "LIME", "ORANGE")  # of the runs in turn
DASHES = (Qt.PenStyle.SolidLine, Qt.PenStyle.SolidLine, Qt.PenStyle.SolidLine,
          Qt.PenStyle.DashLine, Qt.PenStyle.DashLine, Qt.PenStyle.DashLine)  # fmt: skip


def _pen(token: str, dash: Qt.PenStyle) -> QPen:
    return QPen(theme.color(token), 0, dash)


class ComparedCurves(Panes):
    """The pointer reads every run at a moment; the wheel zooms in time, a double click shows all again."""

    def __init__(self) -> None:
        self._runs: ComparedRuns | None = None
        super().__init__(Values(True))
        self.setAccessibleName("Curves of the compared runs")
        self._legend = words(self)
        self._lines = [self.curve(0, partial(_pen, token, dash)) for token, dash in zip(INKS, DASHES, strict=True)]
        self.scene().sigMouseMoved.connect(self._read)

    def dress(self) -> None:
        super().dress()
        if self._runs is not None and len(self._runs.at):
            self._say(len(self._runs.at) - 1)

    def show_runs(self, runs: ComparedRuns) -> None:
        """Draw these runs in place of others."""
        self._runs = runs
        self.moments.take(runs.bars)
        for place, line in enumerate(self._lines):
            if place < len(runs.gains):
                line.setData(runs.places[place], runs.gains[place])
            else:
                line.clear()
        if len(runs.at):
            self.show_all(len(runs.at))
            self._say(len(runs.at) - 1)

    def _say(self, index: int) -> None:
        """What each run had made by a moment."""
        runs = self._runs
        if runs is None:
            return
        told = list[str]()
        for place, (bars, gains) in enumerate(zip(runs.places, runs.gains, strict=True)):
            bar = int(np.searchsorted(bars, index, side="right")) - 1
            gain = format.percent(float(gains[bar])) if bar >= 0 else format.UNKNOWN
            told.append(ink(INKS[place], f"<b>{LETTERS[place]}</b>&nbsp; {gain}"))
        when = self.moments.moment(index) if index < len(runs.at) - 1 else ""
        self._legend.setText("&nbsp;&nbsp;&nbsp;".join([*told, ink("TX2", when)]))
        self._legend.adjustSize()

    def _read(self, at: QPointF) -> None:
        if self._runs is None or not len(self._runs.at):
            return
        index, last = round(self.views[0].mapSceneToView(at).x()), len(self._runs.at) - 1
        inside = 0 <= index <= last and self.rect().contains(at.toPoint())
        self.point(index if inside else None)
        self._say(index if inside else last)

    def mouseDoubleClickEvent(self, event: Any) -> None:
        if self._runs is not None:
            self.show_all(len(self._runs.at))
