"""A backtest's trades on the charts: onto the chart of their symbol and timeframe, from trade to trade, and away again."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.market import timeframe
from qv_desktop.ui.chart.trade_marks import MarkedTrade, TradeMarks
from qv_desktop.ui.models.run_tables import numbered, trade_words
from qv_desktop.wiring import Desk
from qv_desktop.wiring.chart import ChartWiring


class RunMarks:
    """``charts`` are all charts, ``active`` the one that a person used last."""

    def __init__(
        self, desk: Desk, charts: Callable[[], Iterable[ChartWiring]], active: Callable[[], ChartWiring]
    ) -> None:
        self._desk, self._charts, self._active = desk, charts, active
        desk.panels.backtests.chart_asked.connect(lambda run, number: self._spawn(self._show(run, number)))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def connect(self, chart: ChartWiring) -> None:
        """Hear who wants to go from trade to trade on this chart."""
        chart.panel.trade_asked.connect(lambda number: self._spawn(self._go(chart, number)))

    async def _show(self, run: BacktestResult, number: int) -> None:
        """On the chart that shows the symbol and timeframe already, else on the active one; prices adjusted as the run's were."""
        chosen = next((trade for place, trade in enumerate(run.trades, 1) if place == number), None)
        symbol = (chosen.symbol if chosen else _first(run)) or run.spec.symbols[0]
        marks = await asyncio.to_thread(marked, run, symbol)
        frame, charts = timeframe(run.spec.timeframe), list(self._charts())
        fits = (chart for chart in charts if (chart.symbol, chart.frame) == (symbol, frame) and not chart.replaying.on)
        chart = next(fits, self._active())
        chart.panel.choose_adjustment(run.spec.adjustment)
        self._desk.window.links.choose(chart.name, symbol, str(frame))
        chart.show(symbol, frame)
        chart.panel.show_trades(marks)
        self._desk.window.raise_panel(chart.name)
        if marks.trades:
            await self._go(chart, number or marks.trades[-1].number)

    async def _go(self, chart: ChartWiring, number: int) -> None:
        """Let a trade stand out in the middle of the chart, once its bars are there."""
        marks = chart.panel.canvas.marks
        place = marks.place(number) if marks is not None else None
        if marks is None or place is None:
            return
        reached = await chart.reach(marks.trades[place].entered)
        if chart.panel.canvas.marks is not marks:
            return  # others are shown meanwhile
        if not (chart.panel.choose_trade(number) and reached):
            self._desk.services.notices.tell(
                "warning",
                "A trade is not on the chart",
                f"The chart of {chart.symbol} {chart.frame} has no bars back to that trade; load or import them.",
                f"marks {chart.symbol} {chart.frame}",
            )


def marked(run: BacktestResult, symbol: str) -> TradeMarks:
    """The trades of a run in one symbol, as a chart draws them."""
    rows = {row.number: row for row in numbered(run) if (row.trade.symbol or symbol) == symbol}
    trades = [
        MarkedTrade(number, row.trade.entered, row.trade.left, row.trade.entry, row.trade.exit, row.trade.side == "long", row.trade.profit)
        for number, row in rows.items()
    ]  # fmt: skip
    title = f"{run.spec.strategy} v{run.spec.version} · {symbol} {run.spec.timeframe}"
    return TradeMarks(title, symbol, trades, lambda number: trade_words(rows[number]))


def _first(run: BacktestResult) -> str:
    return run.trades[0].symbol if run.trades else ""
