"""Live signals: at each closed bar the strategy runs on all bars since its anchor, as a backtest of the same bars would."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog

from qv_desktop.domain.deployments import DAY, Deployment
from qv_desktop.domain.errors import BadInput, FeedDown, QvError
from qv_desktop.domain.events import BarsAmended, BarsClosed
from qv_desktop.domain.market import NEW_YORK, SECOND, Timeframe, bar_start, ns, utc
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Aim
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.signal_bars import MINUTE
from qv_desktop.services.signal_telling import Telling
from qv_desktop.services.signal_times import Always, Calendar
from qv_desktop.services.signal_watch import (
    Back,
    Bars,
    Done,
    Evaluator,
    Foresee,
    SignalWatch,
    Tell,
    TellAim,
    Trouble,
)

log = structlog.get_logger(__name__)

WARM, TIMES = 300, 5  # bars before the first at least, and as many times the strategy's longest window
AGAIN = 5.0  # seconds between attempts to read bars that could not be read
ALWAYS = Always()


async def _no_aim(aim: Aim) -> None:
    """Where no universe is weighed."""


class Signals:
    """Watches closed bars for every running deployment. ``heard_since`` is the market's: since when a symbol is heard without a hole.

    ``tell`` gets what is raised, one bar after the other; ``trouble`` why a symbol cannot be evaluated now.
    """

    def __init__(
        self, bars: Bars, evaluator: Evaluator, now: Now, heard_since: Callable[[str], int | None], tell: Tell,
        trouble: Trouble, done: Done = lambda deployment, symbol, until: None, back: Back | None = None, *,
        aim: TellAim = _no_aim, foresee: Foresee = lambda said, due: None, calendar: Calendar = ALWAYS,
    ) -> None:  # fmt: skip
        self._bars, self._evaluator, self._now, self._heard_since = bars, evaluator, now, heard_since
        self._calendar = calendar
        self._telling = Telling(evaluator, now, tell, aim, foresee, trouble, done, back)
        self._watches: dict[tuple[str, str], SignalWatch] = {}  # deployment and symbol (empty: its universe)
        self._work: dict[tuple[str, str], asyncio.Task[None]] = {}

    # ---- who is watched

    async def anchor(
        self, symbols: Sequence[str], frame: Timeframe, strategy: Strategy, parameters: Mapping[str, float]
    ) -> int:
        """The first bar (ns) on which the signals are reckoned: far enough back for the strategy's windows.

        Raises FeedDown, and BadInput for a universe of which some have no bars at all.
        """
        self._evaluator.warm()
        whole = [int(parameters[p.name]) for p in strategy.parameters if p.whole]
        wanted = max(WARM, TIMES * max(whole, default=0))
        found = [await self._bars.newest(symbol, frame, wanted, self._now()) for symbol in symbols]
        none = [symbol for symbol, bars in zip(symbols, found, strict=True) if not bars]
        if none and strategy.weighs:
            raise BadInput(f"There are no {frame} bars of {', '.join(none)}; import them, or take these symbols out.")
        return min((bars[0].start for bars in found if bars), default=bar_start(ns(self._now()), frame))

    def watch(self, deployment: Deployment, strategy: Strategy, missed_since: int = 0) -> None:
        """Begin with every symbol of it; bars that ended after ``missed_since`` (ns) and before now were missed."""
        now = ns(self._now())
        self._evaluator.warm()
        symbols = deployment.terms.symbols
        for part in [symbols] if strategy.weighs else [(symbol,) for symbol in symbols]:
            one = SignalWatch(deployment, part, strategy, missed_since or now, now, self._calendar)
            key = deployment.id, one.symbol
            if key not in self._watches:
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
        return list(dict.fromkeys(symbol for watch in self._watches.values() for symbol in watch.symbols))

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
        wanted = set(self.watched())
        minutes = [bar for bar in event.bars if bar.symbol in wanted]  # a batch may tell of thousands
        for watch in self._watches.values():
            for minute in (bar for bar in minutes if bar.symbol in watch.bars):
                if watch.bars[minute.symbol].take(minute, self._heard_since(minute.symbol)):
                    watch.stirred.set()

    def amended(self, event: BarsAmended) -> None:
        """Stored bars changed: read them again."""
        for watch in self._watches.values():
            bars = watch.bars.get(event.symbol)
            if bars is not None and ns(event.end) > bars.anchor:
                bars.doubt()
                watch.stirred.set()

    def tick(self) -> None:
        """Once a second: close bars whose last minutes did not trade, and try again to read what could not be read."""
        now = ns(self._now())
        for watch in self._watches.values():
            watch.close(now)

    # ---- evaluating

    async def _follow(self, watch: SignalWatch) -> None:
        while True:
            await watch.stirred.wait()
            pause = await self._looked(watch)
            if pause:
                await asyncio.sleep(pause)

    async def _looked(self, watch: SignalWatch) -> float:
        """Evaluate what there is; seconds to wait before that is tried again, 0 when it went well."""
        count = watch.heard
        try:
            await self._read_all(watch)
            await self._telling.evaluate(watch)
        except QvError as error:
            self._telling.say(watch, str(error))
            return AGAIN
        except Exception as error:
            log.error("signals_failed", exc_info=error, deployment=watch.deployment.id, symbol=watch.symbol)
            self._telling.say(watch, f"Its signals could not be made: {type(error).__name__}: {error}")
            return AGAIN
        self._telling.say(watch, "")
        if watch.heard == count:
            watch.stirred.clear()
        return 0.0

    async def _read_all(self, watch: SignalWatch) -> None:
        """Whatever is in doubt. Raises FeedDown that names every symbol whose bars cannot be had."""
        missing = []
        for symbol, bars in watch.bars.items():
            if bars.doubtful:
                try:
                    await self._read(watch, symbol)
                except FeedDown as error:
                    missing.append(str(error))
        if missing:
            raise FeedDown(" ".join(missing))
        self._require_any(watch)

    def _require_any(self, watch: SignalWatch) -> None:
        """A day on which nobody of a universe traded is one that the vendor does not have. Raises FeedDown."""
        expected = watch.times.expected(ns(self._now()))
        if expected and not any(bar.start == expected for bars in watch.bars.values() for bar in bars.closed()[-2:]):
            for bars in watch.bars.values():
                bars.doubt()
            raise FeedDown(_not_there(", ".join(watch.symbols), expected))

    async def _read(self, watch: SignalWatch, symbol: str) -> None:
        """Take the bars since the anchor from history, where every backtest has them from. Raises FeedDown."""
        bars, frame, now = watch.bars[symbol], watch.deployment.terms.frame, self._now()
        mark = bars.doubts
        # of days that under way, too: it may be whole, for its session may have closed
        growing = ns(now) if frame == DAY else bar_start(ns(now), frame)
        found = await self._bars.load(symbol, frame, utc(bars.anchor), utc(growing))
        plain = frame in (MINUTE, DAY)
        minutes = [] if plain else (await self._bars.load(symbol, MINUTE, utc(growing), now)).bars
        if not found.complete:
            raise FeedDown(f"Bars of {symbol} are missing. {found.why}")
        expected = watch.times.expected(ns(now))
        if (
            expected
            and all(bar.start != expected for bar in found.bars)
            and not (found.bars and watch.weighs and await self._stood_still(watch, symbol, expected))
        ):
            raise FeedDown(_not_there(symbol, expected))
        bars.seed(found.bars, [one for one in minutes if one.start + 60 * SECOND <= ns(now)], mark, ns(now))

    async def _stood_still(self, watch: SignalWatch, symbol: str, day: int) -> bool:
        """Whether history is whole on that day (ns) and has no minute of its session: halted, or nobody traded. Raises FeedDown."""
        if (session := watch.times.session(day)) is None:
            return False
        found = await self._bars.load(symbol, MINUTE, session.open, session.close)
        return found.complete and not found.bars


def _not_there(symbols: str, day: int) -> str:
    return f"The bar of {utc(day).astimezone(NEW_YORK):%Y-%m-%d} of {symbols} is not there yet."
