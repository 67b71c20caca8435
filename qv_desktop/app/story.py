"""The headless proof: a scripted trader at the real window, stage after stage, each with its own evidence."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

import structlog

from qv_desktop.app import Demo
from qv_desktop.app.hands import hold, press, shown_text
from qv_desktop.app.proof import leave
from qv_desktop.app.starting import Starting
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui.frames import LagProbe
from qv_desktop.wiring import Desk

log = structlog.get_logger(__name__)

PATIENCE = 60.0  # seconds that one stage may take
BACKTEST_PATIENCE = 240.0  # a first run compiles


class Story:
    """Acts through the panels as a person would and waits for what a person would see."""

    def __init__(self, desk: Desk, starting: Starting, probe: LagProbe, demo: Demo, window_s: float) -> None:
        self._desk, self._starting, self._probe, self._demo, self._window_s = desk, starting, probe, demo, window_s
        self.happened: dict[str, bool] = {}  # stage -> whether it did
        self._began = time.monotonic()

    async def told(self) -> int:
        """Tell the story; 0 when every stage happened, 1 with the missing ones named on standard error."""
        stages = (self._prices, self._trade, self._backtest_asked, self._refusal, self._cancel, self._halt, self._round_trip,
                  self._reconcile, self._backtest_done)  # fmt: skip
        for stage in stages:
            await self._stage(stage)
        await self._until_time()
        await self._stage(self._last_reconcile)
        await self._stage(self._verify)
        await self._stage(self._look_back)
        self._probe.stop()  # the pictures are the proof's own work
        await leave(self._desk, self._demo, self._probe, self._window_s, self.happened)
        missing = [name for name, did in self.happened.items() if not did]
        if missing:
            sys.stderr.write(f"These stages did not happen: {', '.join(missing)}; see the log and the pictures.\n")
        return 1 if missing else 0

    async def _stage(self, stage: Callable[[], Awaitable[None]]) -> None:
        name = getattr(stage, "__name__", "stage").strip("_")
        try:
            await stage()
            self.happened[name] = True
        except (TimeoutError, LookupError) as error:
            self.happened[name] = False
            log.error("stage_missing", stage=name, seconds=time.monotonic() - self._began, reason=str(error))

    async def _sees(self, seen: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait until ``seen`` is true. Raises TimeoutError."""
        async with asyncio.timeout(patience):
            while not seen():  # noqa: ASYNC110 - what is in view has no event of its own
                await asyncio.sleep(0.05)

    # ---- the stages

    async def _prices(self) -> None:
        """Trading is ready, the watchlist moves, the chart has history and a live bar."""
        market, chart = self._desk.services.market, self._desk.panels.chart
        await self._sees(self._starting.ready.is_set)
        await self._sees(lambda: len(market.prices()) >= len(market.wanted) * 0.9 and market.trades > 100)
        await self._sees(lambda: chart.canvas.series is not None and len(chart.canvas.series) > 100)

    async def _trade(self) -> None:
        """A market order fills, two limits rest, a bracket waits."""
        bought = await self._send("SPY", Side.BUY, self._worth("SPY", 12_000))
        await self._sees(lambda: self._order(bought).status is OrderStatus.FILLED)
        await self._send("AAPL", Side.BUY, self._worth("AAPL", 9_000), through=Decimal("0.002"))
        await self._send("MSFT", Side.BUY, self._worth("MSFT", 8_000), through=Decimal("-0.006"))
        await self._send("NVDA", Side.BUY, self._worth("NVDA", 6_000), bracket=Decimal("0.02"))
        await self._send("KO", Side.SELL, self._worth("KO", 5_000))
        await self._sees(lambda: len(self._desk.services.orders.fills) >= 4)
        await self._sees(
            lambda: any(order.status is OrderStatus.HELD for order in self._desk.services.orders.book.values())
        )

    async def _refusal(self) -> None:
        """An order beyond the limits is refused with the nearest size that passes."""
        order = self._order(await self._send("AMD", Side.BUY, 9_000, through=Decimal(0)))
        await self._sees(lambda: order.status is OrderStatus.REFUSED)

    async def _cancel(self) -> None:
        """A resting order is cancelled from the blotter."""
        resting = await self._send("XOM", Side.BUY, self._worth("XOM", 3_000), through=Decimal("-0.01"))
        await self._sees(lambda: self._order(resting).status is OrderStatus.WORKING)
        self._desk.panels.orders.cancel_asked.emit([resting])
        await self._sees(lambda: self._order(resting).status is OrderStatus.CANCELED)

    async def _halt(self) -> None:
        """Halt by holding the button, see an order refused, resume."""
        risk, panel = self._desk.services.risk, self._desk.panels.risk
        await hold(panel, "Halt")
        await self._sees(lambda: risk.state is TradingState.HALTED)
        refused = await self._send("SPY", Side.BUY, 1)
        await self._sees(lambda: self._order(refused).status is OrderStatus.REFUSED)
        press(panel, "Resume")
        await self._sees(lambda: risk.state is TradingState.ACTIVE)

    async def _round_trip(self) -> None:
        """Part of a position is sold at a profit or a loss, and a limit to sell the rest rests."""
        sold = await self._send("SPY", Side.SELL, 5)
        await self._sees(lambda: self._order(sold).status is OrderStatus.FILLED)
        await self._send("SPY", Side.SELL, 5, through=Decimal("-0.004"))

    async def _backtest_asked(self) -> None:
        """A backtest is asked for; it runs while trading goes on."""
        press(self._desk.panels.backtests, "Run backtest")
        await self._sees(lambda: self._desk.services.backtests.running)

    async def _backtest_done(self) -> None:
        """Its result is stored and shown."""
        await self._sees(lambda: not self._desk.services.backtests.running, BACKTEST_PATIENCE)
        stored = await self._desk.services.backtests.latest()
        if not stored:
            raise TimeoutError
        await self._send("TSLA", Side.BUY, 10, through=Decimal("0.002"))

    async def _reconcile(self) -> None:
        """The books are compared on demand and the report is exported."""
        panel = self._desk.panels.reconciliation
        before = self._desk.services.reconcile.last
        press(panel, "Run now")
        await self._sees(lambda: self._desk.services.reconcile.last not in (None, before))

    async def _last_reconcile(self) -> None:
        """The final comparison, whose report is the one that is kept."""
        await self._reconcile()

    async def _verify(self) -> None:
        """The audit chain is verified from the viewer."""
        press(self._desk.panels.audit, "Verify")
        await self._sees(lambda: self._desk.services.audit.verified)
        await self._sees(lambda: "chain" in shown_text(self._desk.panels.audit))

    async def _look_back(self) -> None:
        """The chart returns to the first symbol, with its position, its fills and the orders that rest there."""
        chart = self._desk.panels.chart
        self._desk.panels.ticket.symbol_asked.emit("SPY")
        await self._sees(lambda: "SPY" in chart.text() and chart.canvas.series is not None)
        await asyncio.sleep(1)

    async def _until_time(self) -> None:
        await asyncio.sleep(max(0.0, self._demo.seconds - (time.monotonic() - self._began)))

    # ---- the ticket

    async def _send(
        self, symbol: str, side: Side, quantity: int, through: Decimal | None = None, bracket: Decimal | None = None
    ) -> str:
        """Fill the ticket, review and send; the client order id.

        ``through`` is how far a limit reaches beyond the touch, ``bracket`` how far take profit and stop loss lie from it.
        """
        ticket, market = self._desk.panels.ticket, self._desk.services.market
        ticket.symbol_asked.emit(symbol)
        await self._sees(lambda: market.quote_age(symbol) is not None and (market.quote_age(symbol) or 0) < 1.5)
        limit = None if through is None else self._limit(symbol, side, through)
        ticket.fill_from(symbol, side, Decimal(quantity), limit)
        if bracket is not None:
            ticket.fields.set_price("take_profit", self._limit(symbol, side, bracket))
            ticket.fields.set_price("stop_loss", self._limit(symbol, side, -bracket))
        await asyncio.sleep(0.3)  # a person reads the preview
        taken: list[OrderRequest] = []
        ticket.submitted.connect(taken.append)
        for _ in range(2):  # review, then send
            ticket.send.click()
            await asyncio.sleep(0.05)
        ticket.submitted.disconnect(taken.append)
        if not taken:
            raise TimeoutError
        await self._sees(lambda: taken[0].client_order_id in self._desk.services.orders.book)
        await self._sees(lambda: self._order(taken[0].client_order_id).status is not OrderStatus.INTENT)
        return taken[0].client_order_id

    def _worth(self, symbol: str, dollars: int) -> int:
        """How many shares about ``dollars`` buy."""
        return max(1, int(dollars / (self._desk.services.market.snapshot(symbol).last or 100)))

    def _limit(self, symbol: str, side: Side, through: Decimal) -> Decimal:
        quote = self._desk.services.market.snapshot(symbol).quote
        touch = Decimal(str((quote.ask if side is Side.BUY else quote.bid) if quote else 0))
        return (touch * (1 + through * side.sign)).quantize(Decimal("0.01"))

    def _order(self, key: str) -> Order:
        return self._desk.services.orders.book[key]
