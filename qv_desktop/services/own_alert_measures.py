"""What a person's own alert rules look at: prices, profits, and studies over closed bars."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import structlog

from qv_desktop.domain.accounts import Account, day_profit
from qv_desktop.domain.alert_terms import Quantity
from qv_desktop.domain.errors import BadInput, DatabaseDown, FeedDown
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, bar_start, ns, timeframe, utc
from qv_desktop.domain.positions import Position
from qv_desktop.services.market_data import MarketData

log = structlog.get_logger(__name__)

OWNER = "alert rules"  # as which the symbols are watched
BARS = 400  # that a study is made of at least: enough for a 200-bar average to settle
SETTLES = 2  # times its longest window are enough for a longer one
EVERY, AFTER, TRY_AGAIN = (
    1.0,
    2.0,
    15.0,
)  # seconds: between looks, from a bar's end until it is asked for, after a failure

type Newest = Callable[[str, Timeframe, int, datetime], Awaitable[list[Bar]]]


class OwnAlertMeasures:
    """Values by quantity. ``strategies`` gives the profit of each deployed strategy by its name, in dollars today.

    Of a symbol that is silent though it should not be the price and what is made of the bars of a day are unknown.
    """

    def __init__(
        self, market: MarketData, newest: Newest, positions: Callable[[], Mapping[str, Position]], account: Callable[[], Account | None],
        strategies: Callable[[], Mapping[str, Decimal | None]], known: Callable[[str], bool], now: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:  # fmt: skip
        self._market, self._newest, self._positions, self._account = market, newest, positions, account
        self._strategies, self._known, self._now, self._monotonic = strategies, known, now, monotonic
        self._wanted = frozenset[Quantity]()
        self._studies: dict[
            Quantity, tuple[int, float]
        ] = {}  # quantity -> start (ns) of the bar under way when it was made, value
        self._not_before: dict[Quantity, float] = {}  # quantity -> when it may be tried again

    def follow(self, quantities: Collection[Quantity]) -> None:
        """From now on these are wanted, and no others."""
        self._wanted = frozenset(quantities)
        self._studies = {one: made for one, made in self._studies.items() if one in self._wanted}
        self._market.watch(OWNER, dict.fromkeys(one.of for one in quantities if one.scope == "symbol"))

    def checked(self, quantities: Collection[Quantity]) -> None:
        """Raises BadInput for a symbol, strategy, indicator or setting that there is not."""
        for one in quantities:
            if one.scope == "symbol" and not self._known(one.of):
                raise BadInput(f"The broker does not list “{one.of}”; check the symbol.")
            if one.scope == "strategy" and one.of not in self._strategies():
                raise BadInput(
                    f"No strategy “{one.of}” is deployed on this account; write its name as Signals shows it."
                )
            if one.what == "study":
                study_of(one)

    def value(self, quantity: Quantity) -> float | None:
        """As it is known now."""
        if quantity.what == "study":
            return self._study(quantity)
        if quantity.what == "price":
            snapshot = self._market.snapshot(quantity.of)
            return None if snapshot.stale else snapshot.last
        return self._profit(quantity)

    def _study(self, quantity: Quantity) -> float | None:
        """Bars of a day whose newest are missing say nothing of now."""
        known = self._studies.get(quantity)
        silent = timeframe(quantity.frame).intraday and self._market.snapshot(quantity.of).stale
        return None if known is None or silent else known[1]

    def _profit(self, quantity: Quantity) -> float | None:
        if quantity.scope == "day":
            account = self._account()
            profit = None if account is None else day_profit(account)
            return None if profit is None else float(profit)
        if quantity.scope == "strategy":
            found = self._strategies().get(quantity.of)
            return None if found is None else float(found)
        position = self._positions().get(quantity.of)
        if position is None:
            return 0.0
        last = self._market.snapshot(quantity.of).last if position.quantity else 0.0
        return (
            None
            if last is None
            else float(position.realised) + float(position.quantity) * (last - float(position.average))
        )

    async def asked(self, quantities: Collection[Quantity]) -> Mapping[Quantity, float | None]:
        """As they are now; a study is made anew."""
        found: dict[Quantity, float | None] = {}
        for one in quantities:
            found[one] = (await self._made(one))[1] if one.what == "study" else self.value(one)
        return found

    # ---- studies

    async def run(self) -> None:
        """Make each study anew once a bar of it has closed, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            for one in self._due():
                await self._refresh(one)

    def _due(self) -> list[Quantity]:
        now, at = ns(self._now()), self._monotonic()
        return [one for one in self._wanted if one.what == "study" and at >= self._not_before.get(one, 0.0)
                and (one not in self._studies or self._closed(one, now) > self._studies[one][0])]  # fmt: skip

    def _closed(self, quantity: Quantity, now: int) -> int:
        """The start of the bar that is under way, a moment after the one before it has closed."""
        return bar_start(now - int(AFTER * SECOND), timeframe(quantity.frame))

    async def _refresh(self, quantity: Quantity) -> None:
        try:
            self._studies[quantity] = await self._made(quantity)
        except (FeedDown, DatabaseDown, BadInput) as error:
            log.info("study_unknown", quantity=str(quantity), reason=str(error))
            self._studies.pop(quantity, None)
            self._not_before[quantity] = self._monotonic() + TRY_AGAIN

    async def _made(self, quantity: Quantity) -> tuple[int, float]:
        """The newest closed bar's value, NaN while there are too few."""
        now, frame = self._now(), timeframe(quantity.frame)
        under_way = self._closed(quantity, ns(now))
        bars = await self._newest(quantity.of, frame, await asyncio.to_thread(_needed, quantity), now)
        return under_way, await asyncio.to_thread(computed, quantity, [bar for bar in bars if bar.start < under_way])


def study_of(quantity: Quantity) -> tuple[str, dict[str, float], int]:
    """Kind, settings and the number of the output that ``quantity`` names. Raises BadInput with what to do."""
    from qv_desktop.analytics.studies import KINDS, checked  # numpy and TA-Lib come later than the window

    kind = KINDS.get(quantity.study)
    if kind is None or kind.method is None or any(one.name == "anchor" for one in kind.settings):
        some = "rsi, sma, ema, macd, atr, adx, cci, mfi, roc, bollinger, vwap or stochastic"
        raise BadInput(f"There is no indicator “{quantity.study}”; use {some}.")
    if len(quantity.numbers) > len(kind.settings):
        raise BadInput(f"{kind.title} takes {len(kind.settings)} numbers at most; leave out the others.")
    settings = checked(
        kind.id, {one.name: number for one, number in zip(kind.settings, quantity.numbers, strict=False)}
    )
    names = [output.name for output in kind.outputs]
    if quantity.output and quantity.output not in names:
        raise BadInput(
            f"{kind.title} has no “{quantity.output}”; use {', '.join(f'{kind.id}.{name}' for name in names)}."
        )
    return kind.id, settings, names.index(quantity.output) if quantity.output else 0


def _needed(quantity: Quantity) -> int:
    """Bars of which its value is made. Blocking, for it may load what computes."""
    return max(BARS, int(max(study_of(quantity)[1].values(), default=0.0) * SETTLES) + 1)


def computed(quantity: Quantity, bars: Sequence[Bar]) -> float:
    """The value at the newest of ``bars``; NaN of too few. Blocking."""
    import numpy as np

    from qv_desktop.analytics.studies import KINDS, Bars, Computation

    kind, settings, output = study_of(quantity)
    if not bars:
        return math.nan

    class Whole:
        def __len__(self) -> int:
            return len(bars)

        def part(self, first: int, last: int) -> Bars:
            some = bars[first:last]
            sessions = [utc(bar.start).astimezone(NEW_YORK).toordinal() for bar in some]
            rows = (
                np.array([getattr(bar, name) for bar in some], np.float64)
                for name in ("open", "high", "low", "close", "volume")
            )
            return Bars(np.array([bar.start for bar in some], np.int64), np.array(sessions, np.int64), *rows)

    return Computation(KINDS[kind], settings).live(Whole())[output]
