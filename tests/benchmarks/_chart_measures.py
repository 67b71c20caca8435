"""How a chart is measured, whoever's it is: a sample is a change and all that Qt does until it has been painted.

Collection of garbage is off while samples are taken, as the program does it on a timer; what a chart is given (bars, frames of
pandas, a print) is made before the clock starts.
"""

import ctypes
import gc
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Any, Protocol

import numpy as np
import psutil

from tests.benchmarks._chart_market import Candle, Market, looks_at_all, looks_at_some, market, prints

WIDTH, HEIGHT = 1600, 900  # px of the window, be it one chart's or four charts'
SOME = 300  # bars in view
FRAMES = 400  # samples of a pan, a live bar, four charts; fewer where the time runs out
OPENINGS = 5
ROUNDS = 20  # of Qt's events within which a change must have been painted

type Figures = dict[str, object]


class Chart(Protocol):
    """One chart in a window."""

    def show(self, history: Any) -> None:
        """Bars, as the program's ``history`` made them."""

    def look(self, left: float, right: float) -> None:
        """Show the bars from index ``left`` to ``right``."""

    def tick(self, candle: Candle) -> Any:
        """What ``update`` wants for this live bar."""

    def update(self, tick: Any) -> None:
        """The live bar moved, or the next one began."""

    def paints(self) -> int:
        """How often it has been painted."""

    def arrays(self) -> int | None:
        """Bytes of the arrays that it keeps, with their room to grow; None where only the process' memory is looked at."""


class Program(Protocol):
    """Who makes the charts."""

    def history(self, bars: Market) -> Any:
        """Bars in the form that the charts take."""

    def window(self, count: int, *, studies: bool) -> Sequence[Chart]:
        """A shown window of WIDTH × HEIGHT with one chart or four, empty."""

    def process(self) -> None:
        """Let Qt do what is waiting."""

    def close(self) -> None:
        """Close the window."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bars in memory for each measure, and the seconds after which one takes no further sample; three times as long with all in view."""

    pan: int
    live: int
    first: int
    four: int
    seconds: float


def measured(program: Program, sizes: Sizes) -> Iterator[Figures]:
    """Figures as they come: memory, pans, live bars, first pictures, four charts.

    With each comes the share of a processor that this program had: on a machine that is busy otherwise, all times are too long.
    """
    began, worked = perf_counter(), process_time()
    for figures in _measured(program, sizes):
        yield figures | {"processor_share": round((process_time() - worked) / (perf_counter() - began), 2)}


def _measured(program: Program, sizes: Sizes) -> Iterator[Figures]:
    _opened(program, market(2000))  # what is loaded once in a program's life is not the chart's time
    program.close()
    yield from _pans(program, sizes)
    program.close()
    yield _live(program, sizes)
    program.close()
    yield _first(program, sizes)
    yield _four(program, sizes)
    program.close()


def _pans(program: Program, sizes: Sizes) -> Iterator[Figures]:
    bars = market(sizes.pan)
    (chart,) = program.window(1, studies=False)
    before = _resident()  # the window's own pixels are there for the first bar as for the last
    _fill(program, chart, bars)
    yield _memory(_resident() - before, chart.arrays(), sizes.pan)
    yield _panned(program, chart, "pan_300", looks_at_some(sizes.pan, SOME, FRAMES), sizes.seconds)
    yield _panned(program, chart, "pan_all", looks_at_all(sizes.pan, FRAMES), sizes.seconds * 3)


def _memory(resident: int, arrays: int | None, bars: int) -> Figures:
    """By growth of the process and by the arrays' sizes; the greater is the one that counts."""
    known = {"resident": resident, "arrays": arrays} if arrays is not None else {"resident": resident}
    per_bar = {f"bytes_per_bar_{name}": round(size / bars, 1) for name, size in known.items()}
    return {"bytes_per_bar": max(per_bar.values()), **per_bar}


def _panned(program: Program, chart: Chart, name: str, looks: Sequence[tuple[float, float]], seconds: float) -> Figures:
    """The first look is not counted: what it builds once is there for all others."""
    chart.look(*looks[0])
    _settled(program)
    changes = (lambda look=look: chart.look(*look) for look in looks[1:])
    taken = _samples(program, [chart], changes, seconds)
    return {f"{name}_p99_ms": _p99(taken), f"{name}_median_ms": _median(taken), f"{name}_samples": len(taken)}


def _live(program: Program, sizes: Sizes) -> Figures:
    bars = market(sizes.live)
    chart = _opened(program, bars)
    ends, moved, closed = perf_counter() + sizes.seconds, [], []
    with _no_collection():
        for candle, began in prints(bars.last, FRAMES):
            tick = chart.tick(candle)
            (closed if began else moved).append(painted(program, [chart], lambda tick=tick: chart.update(tick)))
            if perf_counter() > ends and closed:
                break
    return {"live_update_ms": _mean(moved), "live_update_p99_ms": _p99(moved), "live_update_samples": len(moved),
            "live_close_ms": _mean(closed), "live_close_p99_ms": _p99(closed)}  # fmt: skip


def _first(program: Program, sizes: Sizes) -> Figures:
    bars, ends, taken = market(sizes.first), perf_counter() + sizes.seconds, []
    for _ in range(OPENINGS):
        history = program.history(bars)
        (chart,) = program.window(1, studies=False)
        with _no_collection():
            taken.append(painted(program, [chart], lambda: chart.show(history)))  # noqa: B023
        program.close()
        if perf_counter() > ends:
            break
    return {"first_paint_100k_ms": _median(taken), "first_paint_100k_max_ms": round(max(taken), 2)}


def _four(program: Program, sizes: Sizes) -> Figures:
    """All four move at each frame, and one of them is panned at each tenth; frames at which a bar closes in all are counted apart."""
    bars = market(sizes.four)
    charts = program.window(4, studies=True)
    for chart in charts:
        chart.show(program.history(bars))
    _settled(program)
    looks, ends, moved, closed = looks_at_some(sizes.four, SOME, FRAMES), perf_counter() + sizes.seconds, [], []
    with _no_collection():
        for i, (candle, began) in enumerate(prints(bars.last, FRAMES)):
            ticks = [chart.tick(candle) for chart in charts]
            panned = (charts[i // 10 % 4], looks[i]) if i % 10 == 4 else None
            frame = painted(program, charts, lambda: _frame(charts, ticks, panned))  # noqa: B023
            (closed if began else moved).append(frame)
            if perf_counter() > ends and closed:
                break
    return {"four_charts_frame_ms": _p99(moved), "four_charts_frame_mean_ms": _mean(moved), "four_charts_samples": len(moved),
            "four_charts_close_ms": _mean(closed), "four_charts_close_p99_ms": _p99(closed)}  # fmt: skip


def _frame(charts: Sequence[Chart], ticks: Sequence[Any], panned: tuple[Chart, tuple[float, float]] | None) -> None:
    for chart, tick in zip(charts, ticks, strict=True):
        chart.update(tick)
    if panned is not None:
        panned[0].look(*panned[1])


def painted(program: Program, charts: Sequence[Chart], change: Callable[[], object]) -> float:
    """Milliseconds of ``change`` and of the painting of all ``charts`` that follows it."""
    before = [chart.paints() for chart in charts]
    begun = perf_counter()
    change()
    for _ in range(ROUNDS):
        program.process()
        if all(chart.paints() > count for chart, count in zip(charts, before, strict=True)):
            return (perf_counter() - begun) * 1000
    raise AssertionError("A change was not painted: what was timed is no frame.")


def _samples(
    program: Program, charts: Sequence[Chart], changes: Iterable[Callable[[], object]], seconds: float
) -> list[float]:
    ends, out = perf_counter() + seconds, []
    with _no_collection():
        for change in changes:
            out.append(painted(program, charts, change))
            if perf_counter() > ends:
                break
    return out


def _opened(program: Program, bars: Market) -> Chart:
    """A chart of ``bars`` in a window of its own."""
    (chart,) = program.window(1, studies=False)
    _fill(program, chart, bars)
    return chart


def _fill(program: Program, chart: Chart, bars: Market) -> None:
    """What the chart is given is given up, so that only the chart holds memory."""
    chart.show(program.history(bars))
    _settled(program)
    gc.collect()


def _settled(program: Program) -> None:
    for _ in range(5):
        program.process()


class _no_collection:  # noqa: N801
    """Within it no garbage is collected."""

    def __enter__(self) -> None:
        gc.collect()
        gc.disable()

    def __exit__(self, *error: object) -> None:
        gc.enable()


def _resident() -> int:
    """Bytes that the process holds. Freed bars leave up to 60 bytes each in the allocator, by chance: those are given back first."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it
        if trim is not None:
            trim(0)
    return int(psutil.Process().memory_info().rss)


def _p99(taken: Sequence[float]) -> float:
    return round(float(np.percentile(taken, 99)), 2)


def _median(taken: Sequence[float]) -> float:
    return round(median(taken), 2)


def _mean(taken: Sequence[float]) -> float:
    return round(float(np.mean(taken)), 2)
