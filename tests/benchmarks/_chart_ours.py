"""Our chart as the benchmark drives it: the panel of the program, by what it shows and asks for."""

import gc
import os
from collections.abc import Sequence
from dataclasses import replace
from types import FunctionType, ModuleType

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QGridLayout, QWidget

from qv_desktop.domain.market import Bar, Timeframe
from qv_desktop.ui import theme
from qv_desktop.ui.chart.viewport import View, clamped
from qv_desktop.ui.panels.chart import ChartPanel
from tests.benchmarks._chart_market import Candle, Market
from tests.benchmarks._chart_measures import HEIGHT, WIDTH

SYMBOL, FRAME = "TEST", Timeframe(1, "m")
STUDIES = 3  # EMA 9, EMA 30 and RSI 14 are there from the start


class Paints(QObject):
    """Counts how often a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.seen = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.seen += event.type() == QEvent.Type.Paint
        return False


class OurChart:
    """One panel; keeps nothing of what it was given."""

    def __init__(self, panel: ChartPanel) -> None:
        self.panel, self._paints, self._count = panel, Paints(panel.canvas), 0

    def show(self, history: Sequence[Bar]) -> None:
        """Bars on the screen, as the program shows them."""
        self._count = len(history)
        self.panel.show_history(SYMBOL, FRAME, history, history[0].open)

    def look(self, left: float, right: float) -> None:
        """Other bars in view."""
        view = view_of(self.panel)
        self.panel.canvas.explore(clamped(replace(view, right=right, spacing=view.width / (right - left)), self._count))

    def tick(self, candle: Candle) -> Bar:
        """The live bar as a bar of ours."""
        return Bar(SYMBOL, candle.start, candle.open, candle.high, candle.low, candle.close, candle.volume)

    def update(self, tick: Bar) -> None:
        """As a live bar reaches the panel."""
        self.panel.show_bar(tick)

    def paints(self) -> int:
        """How often the canvas was painted."""
        return self._paints.seen

    def arrays(self) -> int:
        """Bytes of everything that the panel keeps in arrays."""
        return array_bytes(self.panel)


class Ours:
    """Makes our panels; the application is dressed as the program is."""

    def __init__(self) -> None:
        app = QApplication.instance() or QApplication([])
        assert isinstance(app, QApplication)
        theme.apply(app)
        self._app, self._window = app, QWidget()

    def history(self, bars: Market) -> list[Bar]:
        """Bars as the store gives them."""
        return [Bar(SYMBOL, *row) for row in bars.rows]

    def window(self, count: int, *, studies: bool) -> list[OurChart]:
        """One panel or four; studies are shown in either case."""
        panels = [ChartPanel("chart" if i == 0 else f"chart{i + 1}") for i in range(count)]
        self._window = QWidget()
        grid = QGridLayout(self._window)
        grid.setContentsMargins(0, 0, 0, 0)
        for i, panel in enumerate(panels):
            assert shown_studies(panel) >= STUDIES or not studies, (
                "The charts have fewer studies than are to be measured."
            )
            grid.addWidget(panel, i // 2, i % 2)
        self._window.resize(WIDTH, HEIGHT)
        self._window.show()
        self.process()
        return [OurChart(panel) for panel in panels]

    def process(self) -> None:
        """Qt's events."""
        self._app.processEvents()

    def close(self) -> None:
        """The window and all its memory."""
        self._window.close()
        self._window.deleteLater()
        self._window = QWidget()
        self._app.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        gc.collect()


# what is known of the chart's insides


def view_of(panel: ChartPanel) -> View:
    """What the chart shows now."""
    camera = panel.canvas.camera
    assert camera is not None
    return camera.view


def shown_studies(panel: ChartPanel) -> int:
    """How many studies are switched on."""
    return sum(not study.hidden for study in panel.canvas.scenery.studies)


def array_bytes(panel: ChartPanel) -> int:
    """Bytes of all arrays that can be reached from a panel, each memory counted once, with the room they keep to grow."""
    seen: set[int] = set()
    owners: dict[int, int] = {}  # id of the array that owns memory -> bytes
    waiting: list[object] = [vars(panel), vars(panel.canvas)]
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, (type, ModuleType, FunctionType)):
            continue
        seen.add(id(found))
        if isinstance(found, np.ndarray):
            owner = _owner(found)
            owners[id(owner)] = owner.nbytes
        else:
            waiting.extend(gc.get_referents(found))
    return sum(owners.values())


def _owner(array: np.ndarray) -> np.ndarray:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
