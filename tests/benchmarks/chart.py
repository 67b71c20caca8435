"""How long the chart takes to paint: panning over everything, one live tick, and the first picture of a long history."""

import os
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.market import SECOND, Bar, Timeframe
from qv_desktop.ui import theme
from qv_desktop.ui.chart.viewport import least_spacing, moved, zoomed
from qv_desktop.ui.panels.chart import ChartPanel

WIDTH, HEIGHT = 1600, 900
STORED, FIRST, PANS, TICKS = 1_000_000, 100_000, 120, 200  # bars, bars, frames, frames
MINUTE = Timeframe(1, "m")
BEGAN = 1_600_000_020 * SECOND


def market(count: int) -> list[Bar]:
    """A seeded random walk of one-minute bars."""
    rng = np.random.default_rng(7)
    close = 100 + np.cumsum(rng.normal(0, 0.02, count))
    open_ = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(open_, close) + rng.uniform(0, 0.05, count)
    low = np.minimum(open_, close) - rng.uniform(0, 0.05, count)
    volume = rng.integers(100, 10_000, count).astype(np.float64)
    rows = zip(open_.tolist(), high.tolist(), low.tolist(), close.tolist(), volume.tolist(), strict=True)
    return [Bar("TEST", BEGAN + i * 60 * SECOND, *row) for i, row in enumerate(rows)]


def _milliseconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return (perf_counter() - begun) * 1000


def _painted(panel: ChartPanel, change: Callable[[], object]) -> float:
    """Milliseconds of ``change`` and of the painting that follows it."""

    def both() -> None:
        change()
        QApplication.processEvents()

    return _milliseconds(both)


def _shown(bars: list[Bar]) -> tuple[ChartPanel, float]:
    """A panel with these bars on the screen, and the milliseconds from call to picture."""
    panel = ChartPanel()
    panel.resize(WIDTH, HEIGHT)
    panel.show()
    QApplication.processEvents()
    return panel, _painted(panel, lambda: panel.show_history("TEST", MINUTE, bars, 100.0))


def _pans(panel: ChartPanel, bars: float) -> list[float]:
    """Milliseconds per frame while a person drags back and forth with about ``bars`` in view."""
    canvas = panel.canvas
    assert canvas.camera is not None
    assert canvas.series is not None
    count = len(canvas.series)
    factor = canvas.camera.view.bars / bars
    canvas.explore(zoomed(canvas.camera.view, factor, WIDTH, count))
    out = []
    for i in range(PANS):
        step = canvas.camera.view.bars * (0.01 if i // 30 % 2 else -0.01)
        view = moved(canvas.camera.view, step, count)
        out.append(_painted(panel, lambda view=view: canvas.explore(view)))  # type: ignore[misc]
    return out


def _ticks(panel: ChartPanel, last: Bar) -> list[float]:
    rng = np.random.default_rng(3)
    out = []
    for _ in range(TICKS):
        price = last.close + float(rng.normal(0, 0.005))
        bar = Bar("TEST", last.start, last.open, max(last.high, price), min(last.low, price), price, last.volume)
        out.append(_painted(panel, lambda bar=bar: panel.show_bar(bar)))  # type: ignore[misc]
    return out


def figures() -> dict[str, float]:
    """Milliseconds at 1600x900: p99 of a pan with everything in view, mean of a tick, and the first picture of 100,000 bars."""
    app = QApplication.instance() or QApplication([])
    assert isinstance(app, QApplication)
    theme.apply(app)
    _shown(market(2000))[0].deleteLater()  # what is loaded once in a program's life is not the chart's time
    panel, first = _shown(market(FIRST))
    panel.deleteLater()
    bars = market(STORED)
    panel, _ = _shown(bars)
    ticks = _ticks(panel, bars[-1])
    near, everything = _pans(panel, 5000), _pans(panel, WIDTH / least_spacing(WIDTH, STORED))
    panel.close()
    return {
        "pan_all_p99_ms": round(float(np.percentile(everything, 99)), 2),
        "pan_5000_p99_ms": round(float(np.percentile(near, 99)), 2),
        "live_update_ms": round(float(np.mean(ticks)), 2),
        "live_update_p99_ms": round(float(np.percentile(ticks, 99)), 2),
        "first_paint_100k_ms": round(first, 1),
        "stored_bars": STORED,
    }
