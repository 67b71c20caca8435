"""One chart with all that is behind it: its history and live bars, holes and halts, comparison and replay."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from qv_desktop.domain.errors import FeedDown, QvError
from qv_desktop.domain.events import MarketMoved
from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.market import Adjustment, Bar, Timeframe, bar_start, ns, timeframe
from qv_desktop.services.history import Loaded
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.wiring import Desk
from qv_desktop.wiring.comparing import Comparing
from qv_desktop.wiring.replaying import Replaying

BARS = 600  # loaded at once; more than two screens at the opening zoom
MOST = 500_000  # bars that a person can go back
LONG = 10_000  # bars from which laying them out is left to a thread
AGAIN = 2  # times that a load is repeated because a minute ended under it
QUICK, A_SECOND = 5_000, 10_000  # bars that can be read again at any time; more rest a second for so many
RETRY = 30.0  # seconds until a chart that no vendor answered for is asked for again
MINUTE = Timeframe(1, "m")
WAITING = 0.05  # seconds between two looks whether bars have come


class ChartWiring:
    """Holds which symbol and timeframe one panel shows. ``shown`` hears of each new one; ``seed`` gets symbols without a close."""

    def __init__(self, desk: Desk, panel: ChartPanel, shown: Callable[["ChartWiring"], None],
                 seed: Callable[[list[str]], Coroutine[Any, Any, None]]) -> None:  # fmt: skip
        self._desk, self.panel, self._shown, self._seed = desk, panel, shown, seed
        self.owner = panel.name.replace("-", " ")  # as the market data ranks it
        self.symbol, self.frame = "", MINUTE
        self.adjustment: Adjustment = "split"
        self._differs = self._differed = (
            False  # a finished bar here is not the vendor's, noticed in this second or the last
        )
        self._bars = BARS  # how many are to be shown; more when the person goes back
        self._asking = ""  # what is waited for, as the history calls it
        self._cancelled = False  # by the person, what was waited for
        self._retry_at: float | None = None  # loop time, when nothing could be loaded
        self._gone = False
        self._stale = False  # the store has other bars than are shown
        self._rest_until = 0.0  # loop time: reading so many bars again takes long
        self._begun = self._drawn = 0  # loads, the newest and the one that is shown
        self.comparing = Comparing(desk, self)
        self.replaying = Replaying(desk, self)
        self._connect()

    @property
    def name(self) -> str:
        """The panel's name."""
        return self.panel.name

    @property
    def count(self) -> int:
        """How many bars are to be shown."""
        return self._bars

    def _connect(self) -> None:
        panel = self.panel
        panel.older_asked.connect(self._go_back)
        panel.adjustment_chosen.connect(self._adjust)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    # ---- what is shown

    def show(self, symbol: str, frame: Timeframe | None = None) -> None:
        """Show a symbol, in another timeframe where one is given."""
        wanted = frame or self.frame
        if (symbol, wanted) == (self.symbol, self.frame) or not symbol:
            self.frame = wanted if not symbol else self.frame
            return
        services = self._desk.services
        self.replaying.stop()
        services.market.untrack(self.symbol, self.frame, self.owner)
        if symbol != self.symbol:
            services.market.watch(self.owner, [symbol])
        self.symbol, self.frame = symbol, wanted
        self._stale = self._differs = self._differed = False
        self._spawn(self.load())
        self._shown(self)

    def shown_anew(self) -> None:
        """Whether it shows the market or a replay has changed: what is ours comes or goes."""
        self._shown(self)

    def follow(self, symbol: str, frame: str) -> None:
        """What the panel's colour group shows; empty where this chart keeps its own. A replay is not disturbed: the chart follows once
        it is left."""
        if not self.replaying.on:
            self.show(symbol or self.symbol, timeframe(frame) if frame else None)

    def close(self) -> None:
        """The panel is going: nothing is heard for it any more."""
        market = self._desk.services.market
        self._gone = True
        self.replaying.stop()
        self.comparing.clear()
        market.untrack(self.symbol, self.frame, self.owner)
        market.watch(self.owner, [])

    def _adjust(self, adjustment: Adjustment) -> None:
        self.adjustment = adjustment
        self.replaying.stop()  # its bars are adjusted otherwise
        if self.symbol:
            self._spawn(self.load())
            self._shown(self)

    def _go_back(self) -> None:
        """The person nears the first bar: twice as many."""
        if self._bars < MOST and not self.replaying.on:
            self._spawn(self._load_older())

    async def _load_older(self) -> None:
        """As many again before the first bar; the person is told, and may ask again, when no vendor answers."""
        key, before = self._key(), self._bars
        self._bars = min(MOST, before * 2)
        if await self.load(quietly=True) or key != self._key():
            return
        self._bars = before
        self.panel.older_failed()

    async def reach(self, at: int) -> bool:
        """Load bars back to a moment (ns), as far as there are any: whether the chart shows its bar then."""
        await asyncio.sleep(0)  # what was just asked for begins
        while self._asking:  # noqa: ASYNC110 - a load that fails, or that a newer one overtakes, tells nobody
            await asyncio.sleep(WAITING)
        key = self._key()
        while (series := self.panel.canvas.real) is not None and int(series.starts[0]) > at:
            held = len(series)
            if self._bars >= MOST or self.replaying.on:
                return False
            await self._load_older()
            newest = self.panel.canvas.real
            if key != self._key() or newest is None or len(newest) <= held:
                return False
        return series is not None

    # ---- history

    async def load(self, quietly: bool = False, again: int = 0) -> bool:
        """``quietly``: without a word, for the chart shows these bars already or says why not; ``again`` is how often in a row.

        False when no vendor answered.
        """
        services, until = self._desk.services, self._desk.services.clock.market()
        symbol, frame, asked, key = self.symbol, self.frame, f"{self.symbol} {self.frame}", self._key()
        number = self._begun = self._begun + 1
        self._stale = False
        if not quietly:
            self._asking, self._retry_at, self._bars = asked, None, BARS
            self.panel.show_message(f"Loading {asked}…")
        try:
            loaded = await self.history(symbol, frame)
        except QvError as error:
            self._not_loaded(key, str(error), quietly)
            return False
        finally:
            self._asking = "" if self._asking == asked and not quietly else self._asking
        if not self._waits_for(key, number):
            return True  # the person has moved on, or a later load was quicker
        await self._show_loaded(key, number, loaded)
        if not quietly and services.market.snapshot(symbol).previous_close is None:
            self._spawn(self._seed_close(symbol))  # the bars are worth showing without it
        if again < AGAIN and bar_start(ns(services.clock.market()), MINUTE) > bar_start(ns(until), MINUTE):
            # a minute ended while history was asked: it is in neither the answer nor the live bar
            await self.load(quietly=True, again=again + 1)
        return True

    def _key(self) -> tuple[str, Timeframe, Adjustment]:
        return self.symbol, self.frame, self.adjustment

    def _waits_for(self, key: tuple[str, Timeframe, Adjustment], number: int) -> bool:
        """Whether the bars of this load are still wanted."""
        return key == self._key() and number >= self._drawn and not (self._gone or self.replaying.on)

    async def history(self, symbol: str, frame: Timeframe) -> Loaded:
        """As many bars as this chart shows, up to now. Raises FeedDown."""
        services = self._desk.services
        if self.adjustment == "split":
            return await services.history.latest(symbol, frame, self._bars, services.clock.market())
        return await services.history.latest(symbol, frame, self._bars, services.clock.market(), self.adjustment)

    async def _seed_close(self, symbol: str) -> None:
        try:
            await self._seed([symbol])
        except FeedDown:
            return  # the watch over the closes asks again

    async def _show_loaded(self, key: tuple[str, Timeframe, Adjustment], number: int, loaded: Loaded) -> None:
        panel, services, bars, (symbol, frame, _) = self.panel, self._desk.services, loaded.bars, key
        self._retry_at = None
        series: Series | list[Bar] = bars
        if len(bars) > LONG:
            series = await asyncio.to_thread(Series, symbol, frame, bars, panel.canvas.look.clock)
            if not self._waits_for(key, number):
                return
        self._drawn = number
        self._rest_until = asyncio.get_running_loop().time() + max(0, len(bars) - QUICK) / A_SECOND
        services.market.track(symbol, frame, bars[-1] if bars else None, self.owner)
        panel.show_history(symbol, frame, series, services.market.snapshot(symbol).previous_close)
        panel.show_snapshot(services.market.snapshot(symbol))
        if not loaded.complete:
            services.notices.tell(
                "warning", f"{symbol} {frame} is incomplete", loaded.why, f"incomplete {symbol} {frame}"
            )
        if not bars:
            panel.show_message(f"There are no bars of {symbol} in {frame}; choose another symbol or timeframe.")
        self._shown(self)
        if bars:
            self.comparing.loaded(bars[0].start)

    def _not_loaded(self, key: tuple[str, Timeframe, Adjustment], why: str, quietly: bool) -> None:
        """Say why, and try again by and by unless the person has cancelled it."""
        if key != self._key() or self.replaying.on:
            return
        if quietly and self.panel.canvas.series is not None:
            title = f"{key[0]} {key[1]} could not be read again"
            self._desk.services.notices.tell("warning", title, why, title)
            return
        if self._cancelled:
            self.panel.show_message(why)
            return
        self._retry_at = asyncio.get_running_loop().time() + RETRY
        self.panel.show_message(f"{why} It is tried again every {RETRY:.0f} s.")

    def requested(self, request: HistoryRequest) -> None:
        """How far the chart's own question is, where the person waits for it."""
        if request.label.split(" ")[0] != self.symbol:
            return
        self._cancelled = request.state == "cancelled"
        if self._asking and request.state in ("waiting", "asking"):
            detail = f" {request.detail}" if request.detail else ""
            self.panel.show_message(f"Loading {self._asking} from {request.vendor}… {request.fraction:.0%}.{detail}")

    def amended(self, symbol: str) -> None:
        """Stored bars of a symbol changed: show them now, without moving what is being read."""
        self.comparing.amended(symbol)
        if symbol == self.symbol:
            self._stale = True
            self._renew()

    def _renew(self) -> None:
        """Read the bars again if they are others by now, the sooner the fewer they are."""
        if self._stale and not self.replaying.on and asyncio.get_running_loop().time() >= self._rest_until:
            self._stale = False
            self._spawn(self.load(quietly=True))

    # ---- live

    def moved(self, event: MarketMoved) -> None:
        """What moved since the last frame."""
        if self.replaying.on:
            return
        for frame, bar in event.bars:
            if bar.symbol == self.symbol and frame == str(self.frame):
                self._show_bar(bar)
        for snapshot in event.snapshots:
            if snapshot.symbol == self.symbol:
                self.panel.show_snapshot(snapshot)
        self.comparing.moved(event)

    def _show_bar(self, bar: Bar) -> None:
        """The live bar; or the vendor's word on a minute that is over, which may leave out prints that we took in."""
        shown = self.panel.bar_before(bar.start)
        if shown is None:
            self.panel.show_bar(bar)
            return
        ours, theirs = ((one.open, one.high, one.low, one.close, one.volume) for one in (shown, bar))
        self._differs = self._differs or ours != theirs  # the store has it within a second

    def tick(self) -> None:
        """Once a second: the countdown, and the chart anew when the vendor's bars are others than ours."""
        self._stale = self._stale or self._differed
        self._differed, self._differs = self._differs, False
        self._renew()
        if self._retry_at is not None and asyncio.get_running_loop().time() >= self._retry_at:
            self._retry_at = None
            self._spawn(self.load(quietly=True))
        self.panel.show_now(self._desk.services.clock.market())
        self.comparing.tick()
