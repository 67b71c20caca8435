"""Live signals: at each closed bar the strategy runs on all bars since its anchor, as a backtest of the same bars would."""

import asyncio
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.errors import BadInput, FeedDown, QvError
from qv_desktop.domain.events import BarsAmended, BarsClosed
from qv_desktop.domain.market import SECOND, Adjustment, Bar, Timeframe, bar_start, ns, utc
from qv_desktop.domain.signals import Flags, Raised
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.ports import Now
from qv_desktop.services.signal_bars import MINUTE, SignalBars

log = structlog.get_logger(__name__)

WARM, TIMES = 300, 5  # bars before the first at least, and as many times the strategy's longest window
GRACE = 5 * SECOND  # after the end of a bar whose last minute did not trade
AGAIN = 5.0  # seconds between attempts to read bars that could not be read


class Evaluator(Protocol):
    """Runs a strategy's code in a process of its own."""

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        """What it says of each bar. Raises BadInput with the reason when it fails."""

    def warm(self) -> None:
        """Start in the background, so that the first bar need not wait."""


class Found(Protocol):
    """What a read of history gives."""

    @property
    def bars(self) -> list[Bar]:
        """Oldest first."""

    @property
    def complete(self) -> bool:
        """Whether none is missing."""

    @property
    def why(self) -> str:
        """What is missing."""


class Bars(Protocol):
    """Stored bars, and a vendor's for what is missing. Both raise FeedDown."""

    async def load(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: Adjustment = "split"
    ) -> Found:
        """From ``start`` up to ``end``."""

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        """About ``count`` before ``until``."""


type Tell = Callable[[Raised], Awaitable[None]]
type Trouble = Callable[
    [str, str, str, bool], None
]  # deployment, symbol, why (empty: none any more), and whether it is the strategy's
type Back = Callable[
    [str, str, int, str], Awaitable[None]
]  # deployment, symbol, bar (ns) and kind that is said no more
type Done = Callable[[str, str, int], None]  # deployment, symbol, end (ns) of the newest bar that was evaluated


class SignalWatch:
    """One deployment in one symbol. ``since``: bars that ended by then (ns) raise nothing, ones that end up to ``missed`` are late."""

    def __init__(self, deployment: Deployment, symbol: str, strategy: Strategy, since: int, missed: int) -> None:
        self.deployment, self.symbol, self.strategy = deployment, symbol, strategy
        self.bars = SignalBars(symbol, deployment.terms.frame, deployment.anchor)
        self.since, self.missed = since, missed
        self.raised: set[tuple[int, str]] = set()  # (bar, kind) that were told
        self.taken_back: set[tuple[int, str]] = set()  # and are not said any more
        self.stirred = asyncio.Event()  # there is something to evaluate
        self.trouble = ""
        self.last: int = 0  # start of the newest bar that was evaluated


class Signals:
    """Watches closed bars for every running deployment. ``heard_since`` is the market's: since when a symbol is heard without a hole.

    ``tell`` gets what is raised, one bar after the other; ``trouble`` why a symbol cannot be evaluated now.
    """

    def __init__(
        self, bars: Bars, evaluator: Evaluator, now: Now, heard_since: Callable[[str], int | None], tell: Tell,
        trouble: Trouble, done: Done = lambda deployment, symbol, until: None, back: Back | None = None,
    ) -> None:  # fmt: skip
        self._bars, self._evaluator, self._now, self._heard_since = bars, evaluator, now, heard_since
        self._tell, self._trouble, self._done, self._back = tell, trouble, done, back
        self._watches: dict[tuple[str, str], SignalWatch] = {}
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}

    # ---- who is watched

    async def anchor(
        self, symbols: Sequence[str], frame: Timeframe, strategy: Strategy, parameters: Mapping[str, float]
    ) -> int:
        """The first bar (ns) on which the signals are reckoned: far enough back for the strategy's windows. Raises FeedDown."""
        self._evaluator.warm()
        longest = max((int(parameters[p.name]) for p in strategy.parameters if p.whole), default=0)
        wanted = max(WARM, TIMES * longest)
        found = [await self._bars.newest(symbol, frame, wanted, self._now()) for symbol in symbols]
        return min((bars[0].start for bars in found if bars), default=bar_start(ns(self._now()), frame))

    def watch(self, deployment: Deployment, strategy: Strategy, missed_since: int = 0) -> None:
        """Begin with every symbol of it; bars that ended after ``missed_since`` (ns) and before now were missed."""
        now = ns(self._now())
        self._evaluator.warm()
        for symbol in deployment.terms.symbols:
            key = deployment.id, symbol
            if key not in self._watches:
                one = SignalWatch(deployment, symbol, strategy, missed_since or now, now)
                self._watches[key] = one
                one.stirred.set()
                self._work[key] = asyncio.get_running_loop().create_task(self._follow(one))

    def unwatch(self, deployment: str) -> None:
        """Begin no more of it."""
        for key in [key for key in self._watches if key[0] == deployment]:
            del self._watches[key]
            self._work.pop(key).cancel()

    def watched(self) -> list[str]:
        """Symbols, each once."""
        return list(dict.fromkeys(symbol for _, symbol in self._watches))

    async def close(self) -> None:
        """End everything."""
        work = list(self._work.values())
        for deployment in {key[0] for key in self._watches}:
            self.unwatch(deployment)
        await asyncio.gather(*work, return_exceptions=True)

    # ---- what is heard

    def hear(self, event: BarsClosed) -> None:
        """Minutes that the stream in force has completed."""
        if event.frame != MINUTE or not self._watches:
            return
        wanted = {symbol for _, symbol in self._watches}
        minutes = [bar for bar in event.bars if bar.symbol in wanted]  # a batch may tell of thousands
        for (_, symbol), watch in self._watches.items():
            for minute in (bar for bar in minutes if bar.symbol == symbol):
                if watch.bars.take(minute, self._heard_since(symbol)):
                    watch.stirred.set()

    def amended(self, event: BarsAmended) -> None:
        """Stored bars changed: read them again."""
        for (_, symbol), watch in self._watches.items():
            if symbol == event.symbol and ns(event.end) > watch.bars.anchor:
                watch.bars.doubt()
                watch.stirred.set()

    def tick(self) -> None:
        """Once a second: close bars whose last minutes did not trade, and try again to read what could not be read."""
        now = ns(self._now())
        for watch in self._watches.values():
            if watch.bars.close(now - GRACE):
                watch.stirred.set()

    # ---- evaluating

    async def _follow(self, watch: SignalWatch) -> None:
        while True:
            await watch.stirred.wait()
            pause = await self._looked(watch)
            if pause:
                await asyncio.sleep(pause)

    async def _looked(self, watch: SignalWatch) -> float:
        """Evaluate what there is; seconds to wait before that is tried again, 0 when it went well."""
        count = watch.bars.heard
        try:
            if watch.bars.doubtful:
                await self._read(watch)
            await self._evaluate(watch)
        except QvError as error:
            self._say(watch, str(error))
            return AGAIN
        except Exception as error:
            log.error("signals_failed", exc_info=error, deployment=watch.deployment.id, symbol=watch.symbol)
            self._say(watch, f"Its signals could not be made: {type(error).__name__}: {error}")
            return AGAIN
        self._say(watch, "")
        if watch.bars.heard == count:
            watch.stirred.clear()
        return 0.0

    async def _read(self, watch: SignalWatch) -> None:
        """Take the bars since the anchor from history, where every backtest has them from. Raises FeedDown."""
        bars, frame, now = watch.bars, watch.deployment.terms.frame, self._now()
        mark = bars.doubts
        growing = bar_start(ns(now), frame)
        found = await self._bars.load(watch.symbol, frame, utc(bars.anchor), utc(growing))
        minutes = [] if frame == MINUTE else (await self._bars.load(watch.symbol, MINUTE, utc(growing), now)).bars
        if not found.complete:
            raise FeedDown(f"Bars of {watch.symbol} are missing. {found.why}")
        bars.seed(found.bars, [one for one in minutes if one.start + 60 * SECOND <= ns(now)], mark, ns(now))

    async def _evaluate(self, watch: SignalWatch) -> None:
        bars, terms = watch.bars.closed(), watch.deployment.terms
        if not bars:
            return
        shorts = terms.bounds.shorts
        try:
            flags = await self._evaluator.flags(watch.strategy, dict(terms.parameters), bars, shorts=shorts)
        except BadInput as error:
            self._say(watch, str(error), fatal=True)
            raise
        length = terms.frame.seconds * SECOND
        first = bisect_right(bars, watch.since, key=lambda bar: bar.start + length)
        for place, bar in enumerate(bars[first:], first):
            fresh = frozenset(kind for kind in flags.at(place) if (bar.start, kind) not in watch.raised)
            if fresh:
                watch.raised |= {(bar.start, kind) for kind in fresh}
                late = self._late(watch, bar, length, newest=place == len(bars) - 1)
                edge = fresh - flags.at(place - 1) if place else fresh
                missed = bar.start + length <= watch.missed
                # what is decided looks at all that is said of the bar, which a correction may have added to
                await self._tell(Raised(watch.deployment.id, watch.symbol, bar.start, flags.at(place), edge, bar.close, self._now(), late,
                                        missed))  # fmt: skip
        await self._take_back(watch, bars, flags)
        watch.last = bars[-1].start
        self._done(watch.deployment.id, watch.symbol, bars[-1].start + length)

    async def _take_back(self, watch: SignalWatch, bars: Sequence[Bar], flags: Flags) -> None:
        """What was told and is not said any more, for a bar was corrected, or the strategy does not stand by its word."""
        open_ = watch.raised - watch.taken_back
        places = {bar.start: place for place, bar in enumerate(bars)} if open_ and self._back is not None else {}
        for start, kind in sorted(open_):
            if start in places and kind not in flags.at(places[start]):
                watch.taken_back.add((start, kind))
                await self._back(watch.deployment.id, watch.symbol, start, kind)  # type: ignore[misc]

    def _late(self, watch: SignalWatch, bar: Bar, length: int, *, newest: bool) -> str:
        """Why a signal of ``bar`` does not trade any more, or nothing."""
        ended = bar.start + length
        if ended <= watch.missed:
            return "The bar closed while the deployment did not run."
        if not newest or watch.last > bar.start or ns(self._now()) >= ended + length:
            return "The bar came, or was corrected, after its time."
        return ""

    def _say(self, watch: SignalWatch, why: str, *, fatal: bool = False) -> None:
        if why != watch.trouble:
            watch.trouble = why
            self._trouble(watch.deployment.id, watch.symbol, why, fatal)
