"""What is watched of one deployment, and what a watch asks of others: bars, and an answer from the strategy's code."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.market import Adjustment, Bar, Timeframe
from qv_desktop.domain.signals import Flags, Raised
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Aim, Row, Weights
from qv_desktop.services.day_bars import DayBars
from qv_desktop.services.signal_bars import SignalBars
from qv_desktop.services.signal_times import GRACE, BarTimes, Calendar


class Evaluator(Protocol):
    """Runs a strategy's code in a process of its own."""

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        """What it says of each bar. Raises BadInput with the reason when it fails."""

    async def weights(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Mapping[str, Sequence[Bar]], *, shorts: bool
    ) -> Weights:
        """What it weighs a universe at each of its bars. Raises BadInput with the reason when it fails."""

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
type TellAim = Callable[[Aim], Awaitable[None]]
type Foresee = Callable[[Raised | Aim, int], None]  # what is said of a day's bar, and when (ns) it is acted upon
type Trouble = Callable[
    [str, str, str, bool], None
]  # deployment, symbol (empty: of a universe), why (empty: none any more), and whether it is the strategy's
type Back = Callable[
    [str, str, int, str], Awaitable[None]
]  # deployment, symbol, bar (ns) and kind that is said no more
type Done = Callable[[str, str, int], None]  # deployment, symbol, up to when (ns) its bars were evaluated


class SignalWatch:
    """One deployment in one symbol, or in its universe.

    ``since``: what traded by then (ns) raises nothing; up to ``missed``, when this run began, it is late.
    """

    def __init__(
        self, deployment: Deployment, symbols: Sequence[str], strategy: Strategy, since: int, missed: int, calendar: Calendar
    ) -> None:  # fmt: skip
        self.deployment, self.strategy, self.symbols = deployment, strategy, tuple(symbols)
        self.times = BarTimes(deployment.terms.frame, calendar)
        self.bars: dict[str, SignalBars | DayBars] = {symbol: self._held(symbol) for symbol in symbols}
        self.since, self.missed = since, missed
        self.raised: set[tuple[int, str]] = set()  # (bar, kind) that were told
        self.taken_back: set[tuple[int, str]] = set()  # and are not said any more; of a universe (bar, symbol)
        self.aimed: dict[int, Row] = {}  # bar -> the weights that were told
        self.foreseen: Raised | Aim | None = None
        self.stirred = asyncio.Event()  # there is something to evaluate
        self.again_at = 0  # ns; a universe's bar is whole by then, whoever did not trade
        self.trouble = ""
        self.last: int = 0  # start of the newest bar that was evaluated

    def _held(self, symbol: str) -> SignalBars | DayBars:
        if self.times.daily:
            return DayBars(symbol, self.times, self.deployment.anchor)
        return SignalBars(symbol, self.times.frame, self.deployment.anchor)

    @property
    def weighs(self) -> bool:
        """Whether it is of a universe."""
        return self.strategy.weighs

    @property
    def symbol(self) -> str:
        """Its symbol, none for a universe."""
        return "" if self.weighs else self.symbols[0]

    @property
    def heard(self) -> int:
        """Rises with all that changes its bars."""
        return sum(one.heard for one in self.bars.values())

    def close(self, now: int) -> None:
        """Close bars that ended by ``now`` (ns) though their last minutes did not trade."""
        closed = [one.close(now if isinstance(one, DayBars) else now - GRACE) for one in self.bars.values()]
        if any(closed) or 0 < self.again_at <= now:
            self.again_at = 0
            self.stirred.set()
