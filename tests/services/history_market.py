"""A market of bars and prints that a fake vendor tells of, and a store in memory that knows what it covers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.history import Span, missing
from qv_desktop.domain.market import SECOND, Action, Bar, Correction, Gap, Snapshot, Timeframe, Trade, ns, timeframe
from qv_desktop.services.ports.callbacks import Progress

MINUTE, DAY = timeframe("1m"), timeframe("1D")


def minute(start: datetime, price: float = 10.0, symbol: str = "AAPL") -> Bar:
    return Bar(symbol, ns(start), price, price, price, price, 100.0, 2, price)


@dataclass
class BarStore:
    """``ports.history.BarStore``; ``down`` fails like a database."""

    kept: dict[tuple[str, str, int], Bar] = field(default_factory=dict)
    spans: dict[tuple[str, str], list[Span]] = field(default_factory=dict)
    saved: int = 0
    down: bool = False

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        self._ask()
        mine = (bar for (name, text, _), bar in self.kept.items() if (name, text) == (symbol, str(frame)))
        return sorted((bar for bar in mine if ns(start) <= bar.start < ns(end)), key=lambda bar: bar.start)

    async def of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, list[Bar]]:
        found = {symbol: await self.bars(symbol, frame, start, end) for symbol in symbols}
        return {symbol: bars for symbol, bars in found.items() if bars}

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        self._ask()
        self.saved += len(bars)
        self.kept.update({(bar.symbol, str(frame), bar.start): bar for bar in bars})
        return len(bars)

    async def covered(self, symbol: str, frame: Timeframe) -> list[Span]:
        self._ask()
        return list(self.spans.get((symbol, str(frame)), []))

    async def cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        self._ask()
        self.spans.setdefault((symbol, str(frame)), []).append(span)

    async def uncover(self, symbol: str, frames: Collection[Timeframe], span: Span) -> None:
        self._ask()
        for frame in frames:
            known = self.spans.get((symbol, str(frame)), [])
            self.spans[symbol, str(frame)] = [part for one in known for part in missing(one, [span])]

    def _ask(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")


@dataclass
class ActionStore:
    """``ports.history.ActionStore``."""

    known: dict[str, tuple[datetime, list[Action]]] = field(default_factory=dict)

    async def actions(self, symbol: str) -> tuple[datetime | None, list[Action]]:
        return self.known.get(symbol, (None, []))

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        self.known[symbol] = asked_at, list(actions)


@dataclass
class TickStore:
    """``ports.ticks.TickStore``; prints by their key."""

    kept: dict[tuple[str, str, str, str], Trade] = field(default_factory=dict)
    holes: dict[tuple[str, datetime, tuple[str, ...]], Gap] = field(default_factory=dict)
    down: bool = False

    async def save(self, trades: Sequence[Trade]) -> int:
        self._ask()
        fresh = {(t.symbol, t.id, t.exchange, t.tape): t for t in trades}
        new = fresh.keys() - self.kept.keys()
        self.kept = {**fresh, **self.kept}
        return len(new)

    async def trades(self, symbol: str, start: int, end: int, limit: int = 100_000) -> list[Trade]:
        self._ask()
        mine = (trade for trade in self.kept.values() if trade.symbol == symbol and start <= trade.at < end)
        return sorted(mine, key=lambda trade: trade.at)[:limit]

    async def amend(self, corrections: Sequence[Correction]) -> int:
        self._ask()
        for one in corrections:
            self.kept.pop((one.symbol, one.id, one.exchange, one.tape), None)
            if one.trade is not None:
                await self.save([one.trade])
        return len(corrections)

    async def save_gap(self, gap: Gap) -> None:
        self._ask()
        self.holes[gap.feed, gap.start, gap.symbols] = gap

    async def gaps(self, limit: int = 200, unfilled: bool = False) -> list[Gap]:
        self._ask()
        found = [gap for gap in self.holes.values() if not (unfilled and gap.filled_at)]
        return sorted(found, key=lambda gap: gap.start, reverse=True)[:limit]

    def _ask(self) -> None:
        if self.down:
            raise DatabaseDown("The database is away; nothing was written.")


@dataclass
class Vendor:
    """``ports.history.History`` that tells of ``market`` up to ``now()`` less ``delay`` ns, and notes what it was asked."""

    market: dict[str, list[Bar]] = field(default_factory=dict)  # timeframe -> bars
    prints: list[Trade] = field(default_factory=list)
    happened: list[Action] = field(default_factory=list)
    name: str = "Polygon"
    error: Exception | None = None
    trades_error: Exception | None = None
    now: Callable[[], datetime] | None = None
    delay: int = 0
    asked: list[tuple[str, str, datetime | None, datetime | None]] = field(default_factory=list)

    async def bars(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Bar]:
        self._ask(str(frame), symbol, start, end)
        known = ns(self.now()) - self.delay if self.now else ns(end)
        return [bar for bar in self.market.get(str(frame), []) if bar.symbol == symbol
                and ns(start) <= bar.start < min(ns(end), known)]  # fmt: skip

    async def trades(
        self, symbol: str, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Trade]:
        self._ask("trades", symbol, start, end)
        if self.trades_error:
            raise self.trades_error
        return [trade for trade in self.prints if trade.symbol == symbol and ns(start) <= trade.at < ns(end)]

    async def daily(self, symbols: Sequence[str], start: datetime, end: datetime,
                    progress: Progress | None = None) -> dict[str, list[Bar]]:  # fmt: skip
        return {symbol: await self.bars(symbol, DAY, start, end) for symbol in symbols}

    async def actions(self, symbol: str) -> list[Action]:
        self._ask("actions", symbol)
        return self.happened

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        self._ask("snapshots", ",".join(symbols))
        return [Snapshot(symbol, last=1.0) for symbol in symbols]

    def of(self, kind: str) -> list[tuple[datetime | None, datetime | None]]:
        return [(start, end) for what, _, start, end in self.asked if what == kind]

    def _ask(self, kind: str, symbol: str, start: datetime | None = None, end: datetime | None = None) -> None:
        self.asked.append((kind, symbol, start, end))
        if self.error:
            raise self.error


def minutes(first: datetime, count: int, symbol: str = "AAPL") -> list[Bar]:
    """A minute each, their prices counting up from 10."""
    return [Bar(symbol, ns(first) + i * 60 * SECOND, *([10.0 + i] * 4), 100.0, 2, 10.0 + i) for i in range(count)]
