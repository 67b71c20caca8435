"""What a strategy says of the bars of a watch: told once when it is due, foreseen before, marked when it comes late or is taken back."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from qv_desktop.domain.deployments import DAY
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.market import Bar, bar_start, ns
from qv_desktop.domain.signals import Flags, Kind, Raised
from qv_desktop.domain.targets import Aim, Row
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.signal_times import GRACE, NEVER
from qv_desktop.services.signal_watch import Back, Done, Evaluator, Foresee, SignalWatch, Tell, TellAim, Trouble

MISSED = "The bar closed while the deployment did not run."
BEHIND = "The bar came, or was corrected, after its time."
NO_CALENDAR = "The exchange's calendar is not known yet, so that nobody knows when the next session opens."


class Telling:
    """Evaluates a watch and tells what is new of it."""

    def __init__(
        self, evaluator: Evaluator, now: Now, tell: Tell, aim: TellAim, foresee: Foresee, trouble: Trouble, done: Done, back: Back | None,
    ) -> None:  # fmt: skip
        self._evaluator, self._now, self._done, self._back = evaluator, now, done, back
        self._tell, self._aim, self._foresee, self._trouble = tell, aim, foresee, trouble

    async def evaluate(self, watch: SignalWatch) -> None:
        """Raises QvError when it cannot be done now."""
        if watch.times.daily and watch.times.due(bar_start(ns(self._now()), DAY)) == NEVER:
            raise FeedDown(NO_CALENDAR)
        try:
            await (self._weigh(watch) if watch.weighs else self._flag(watch))
        except BadInput as error:
            self.say(watch, str(error), fatal=True)
            raise

    def say(self, watch: SignalWatch, why: str, *, fatal: bool = False) -> None:
        """Why it makes no signals now, nothing when it does again."""
        if why != watch.trouble:
            watch.trouble = why
            self._trouble(watch.deployment.id, watch.symbol, why, fatal)

    # ---- flags of one symbol

    async def _flag(self, watch: SignalWatch) -> None:
        bars, terms, times = watch.bars[watch.symbol].closed(), watch.deployment.terms, watch.times
        if not bars:
            return
        flags = await self._evaluator.flags(watch.strategy, dict(terms.parameters), bars, shorts=terms.bounds.shorts)
        now = ns(self._now())
        first = bisect_right(bars, watch.since, key=lambda bar: times.opens(bar.start))
        count = bisect_right(bars, now, key=lambda bar: times.due(bar.start)) if times.daily else len(bars)
        for place in range(first, count):
            fresh = frozenset(kind for kind in flags.at(place) if (bars[place].start, kind) not in watch.raised)
            if fresh:
                watch.raised |= {(bars[place].start, kind) for kind in fresh}
                edge = fresh - flags.at(place - 1) if place else fresh
                # what is decided looks at all that is said of the bar, which a correction may have added to
                await self._tell(self._raised(watch, bars[place], flags.at(place), edge, newest=place == count - 1))
        await self._take_back(watch, bars, flags)
        if count < len(bars):
            self._foretell(watch, self._raised(watch, bars[-1], flags.at(-1), flags.at(-1), newest=True))
        if count:
            watch.last = bars[count - 1].start
            self._done(watch.deployment.id, watch.symbol, times.opens(watch.last))

    def _raised(
        self, watch: SignalWatch, bar: Bar, kinds: frozenset[Kind], edges: frozenset[Kind], *, newest: bool
    ) -> Raised:
        late, missed = self._late(watch, bar.start, newest=newest), watch.times.missed(bar.start, watch.missed)
        return Raised(watch.deployment.id, watch.symbol, bar.start, kinds, edges, bar.close, self._now(), late, missed)

    async def _take_back(self, watch: SignalWatch, bars: Sequence[Bar], flags: Flags) -> None:
        """What was told and is not said any more, for a bar was corrected, or the strategy does not stand by its word."""
        open_ = watch.raised - watch.taken_back
        places = {bar.start: place for place, bar in enumerate(bars)} if open_ and self._back is not None else {}
        for start, kind in sorted(open_):
            if start in places and kind not in flags.at(places[start]):
                watch.taken_back.add((start, kind))
                await self._back(watch.deployment.id, watch.symbol, start, kind)  # type: ignore[misc]

    # ---- weights of a universe

    async def _weigh(self, watch: SignalWatch) -> None:
        series, terms, times = self._whole(watch), watch.deployment.terms, watch.times
        if not any(series.values()):
            return
        weights = await self._evaluator.weights(
            watch.strategy, dict(terms.parameters), series, shorts=terms.bounds.shorts
        )
        now, count = ns(self._now()), len(weights.at)
        due = bisect_right(weights.at, now, key=times.due) if times.daily else count
        for place in range(bisect_right(weights.at, watch.since, key=times.opens), due):
            if row := weights.row(place):
                await self._aimed(watch, self._aim_of(watch, series, weights.at[place], row, newest=place == due - 1))
        if due < count:
            self._foretell(watch, self._aim_of(watch, series, weights.at[-1], weights.row(count - 1), newest=True))
        if due:
            watch.last = weights.at[due - 1]
            for symbol in watch.symbols:
                self._done(watch.deployment.id, symbol, times.opens(watch.last))

    def _whole(self, watch: SignalWatch) -> dict[str, list[Bar]]:
        """The bars by symbol, without a last one that some may still get."""
        series = {symbol: bars.closed() for symbol, bars in watch.bars.items()}
        newest = {bars[-1].start if bars else 0 for bars in series.values()}
        last = max(newest, default=0)
        if watch.times.daily or len(newest) == 1 or ns(self._now()) >= (until := watch.times.whole(last) + GRACE):
            return series
        watch.again_at = until
        return {symbol: bars[:-1] if bars and bars[-1].start == last else bars for symbol, bars in series.items()}

    def _aim_of(self, watch: SignalWatch, series: dict[str, list[Bar]], bar: int, row: Row, *, newest: bool) -> Aim:
        ends = {symbol: bisect_right(bars, bar, key=lambda one: one.start) for symbol, bars in series.items()}
        closes = tuple((symbol, series[symbol][end - 1].close) for symbol, end in ends.items() if end)
        absent = tuple(symbol for symbol, end in ends.items() if not end or series[symbol][end - 1].start != bar)
        missed = watch.times.missed(bar, watch.missed)
        return Aim(watch.deployment.id, bar, row, closes, self._now(), absent, self._late(watch, bar, newest=newest), missed)  # fmt: skip

    async def _aimed(self, watch: SignalWatch, aim: Aim) -> None:
        """Once for each bar; a symbol that is weighed otherwise afterwards is taken back."""
        before = watch.aimed.get(aim.bar)
        if before is None:
            watch.aimed[aim.bar] = aim.weights
            await self._aim(aim)
            return
        other = {symbol for symbol, _ in set(before) ^ set(aim.weights)} & {symbol for symbol, _ in before}
        for symbol in sorted(other):
            if (aim.bar, symbol) not in watch.taken_back and self._back is not None:
                watch.taken_back.add((aim.bar, symbol))
                await self._back(watch.deployment.id, symbol, aim.bar, Kind.TARGET)

    # ---- both

    def _late(self, watch: SignalWatch, bar: int, *, newest: bool) -> str:
        """Why what is said of ``bar`` does not trade any more, or nothing."""
        latest = watch.times.latest(bar)
        if watch.times.missed(bar, watch.missed):
            return MISSED
        if not newest or watch.last > bar or ns(self._now()) >= latest:
            return BEHIND
        return ""

    def _foretell(self, watch: SignalWatch, said: Raised | Aim) -> None:
        """What the newest day says before it is due, each time that changes."""
        if watch.foreseen is None or replace(said, at=watch.foreseen.at) != watch.foreseen:
            watch.foreseen = said
            self._foresee(said, watch.times.due(said.bar))
