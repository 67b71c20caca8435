"""The fill rules of a backtest once more, as a slow loop in plain Python that shares no code with the worker."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Row:
    """One symbol's bar; None where it has none."""

    open: float
    high: float
    low: float
    close: float


@dataclass
class Rules:
    """Costs as fractions; ``kind`` and ``amount`` size an entry; None switches a stop off."""

    kind: str = "percent"
    amount: float = 0.5
    cash: float = 10_000.0
    fees: float = 0.0
    per_share: float = 0.0
    slippage: float = 0.0
    loss: float | None = None
    trailing: float | None = None
    profit: float | None = None


@dataclass
class Held:
    """One symbol's position: signed shares, what they were filled at, the best price since, what a short was sold for."""

    shares: float = 0.0
    entry: float = 0.0
    best: float = 0.0
    owed: float = 0.0


@dataclass
class Fill:
    """One fill: row, symbol, signed shares, price, fee, and why."""

    row: int
    symbol: int
    shares: float
    price: float
    fee: float
    why: str


@dataclass
class Told:
    """What the loop found: equity at every row's closes, and the fills in order."""

    equity: list[float] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)


class Loop:
    """``wishes[row][symbol]`` are (long in, long out, short in, short out), due at that row's open."""

    def __init__(
        self,
        bars: Sequence[Sequence[Row | None]],
        wishes: Sequence[Sequence[tuple[bool, bool, bool, bool]]],
        rules: Rules,
    ) -> None:
        self.bars, self.wishes, self.rules = bars, wishes, rules
        self.count = len(bars[0])
        self.held = [Held() for _ in range(self.count)]
        self.cash = rules.cash
        self.worth = [0.0] * self.count
        self.told = Told()

    def run(self) -> Told:
        """Every row in turn."""
        for row, bars in enumerate(self.bars):
            for symbol, bar in enumerate(bars):
                if bar is not None:
                    self.worth[symbol] = bar.open
            exits, turns, entries, inside = self._due(row)
            for symbol, price, why in (*exits, *turns, *entries, *inside):
                self._fill(row, symbol, price, why)
            for symbol, bar in enumerate(bars):
                if bar is not None:
                    self.worth[symbol] = bar.close
            self.told.equity.append(self._equity())
        return self.told

    def _equity(self) -> float:
        return self.cash + sum(held.shares * worth for held, worth in zip(self.held, self.worth, strict=True))

    def _due(self, row: int) -> tuple[list[tuple[int, float, str]], ...]:
        exits: list[tuple[int, float, str]] = []
        turns: list[tuple[int, float, str]] = []
        entries: list[tuple[int, float, str]] = []
        inside: list[tuple[int, float, str]] = []
        for symbol, bar in enumerate(self.bars[row]):
            if bar is None:
                continue
            long_in, long_out, short_in, short_out = self._wished(row, symbol)
            shares = self.held[symbol].shares
            if shares == 0:
                if long_in or short_in:
                    entries.append((symbol, bar.open, "signal"))
            elif short_in if shares > 0 else long_in:
                turns.append((symbol, bar.open, "reversal"))
            elif long_out if shares > 0 else short_out:
                exits.append((symbol, bar.open, "signal"))
            else:
                price, why = self._stopped(symbol, bar)
                if why:
                    (exits if price == bar.open else inside).append((symbol, price, why))
        return exits, turns, entries, inside

    def _wished(self, row: int, symbol: int) -> tuple[bool, bool, bool, bool]:
        long_in, long_out, short_in, short_out = self.wishes[row][symbol]
        if not (long_in or short_in):
            return False, long_out, False, short_out
        if long_in and long_out:
            long_in = long_out = False
        if short_in and short_out:
            short_in = short_out = False
        if long_in and short_in:
            long_in = short_in = False
        return long_in, long_out, short_in, short_out

    def _stopped(self, symbol: int, bar: Row) -> tuple[float, str]:
        """The price and the name of the stop that this bar reaches; the best price moves when it reaches none."""
        held, rules = self.held[symbol], self.rules
        side = math.copysign(1, held.shares)
        distance = rules.loss if rules.loss is not None else rules.trailing
        if distance is not None:
            stop = (held.entry if rules.trailing is None else held.best) * (1 - side * distance)
            if (bar.open - stop) * side <= 0:
                return bar.open, "stop" if rules.trailing is None else "trailing"
            if bar.low <= stop <= bar.high:
                return stop, "stop" if rules.trailing is None else "trailing"
        if rules.profit is not None:
            target = held.entry * (1 + side * rules.profit)
            if (bar.open - target) * side >= 0:
                return bar.open, "target"
            if bar.low <= target <= bar.high:
                return target, "target"
        held.best = max(held.best, bar.high) if side > 0 else min(held.best, bar.low)
        return 0.0, ""

    def _fill(self, row: int, symbol: int, price: float, why: str) -> None:
        held, rules = self.held[symbol], self.rules
        buys = held.shares < 0 if held.shares else self._wished(row, symbol)[0]
        side = 1 if buys else -1
        fill = price * (1 + side * rules.slippage)
        rate = rules.fees + rules.per_share / fill
        fresh = self._sized(fill, rate) if not held.shares or why == "reversal" else 0.0
        free = self.cash - 2 * sum(one.owed for one in self.held)
        if buys:
            able = self._affordable(held, fill, rate, free)
        else:
            sold = max(held.shares, 0.0)
            free += sold * fill * (1 - rate)
            able = sold + max(free, 0.0) / (fill * (1 + rate)) if fresh else abs(held.shares)
        shares = min(abs(held.shares) + fresh, able)
        if shares <= 1e-12:
            return
        self._book(row, symbol, Fill(row, symbol, side * shares, fill, shares * fill * rate, why))

    def _affordable(self, held: Held, fill: float, rate: float, free: float) -> float:
        """Shares that the cash pays for; what a short was sold for, and as much again, is locked until it is bought back."""
        limit = free + 2 * held.owed if held.shares < 0 else free
        return max(min(limit, self.cash), 0.0) / (fill * (1 + rate))

    def _sized(self, fill: float, rate: float) -> float:
        rules, equity = self.rules, max(self._equity(), 0.0)
        if rules.kind == "dollars":
            return rules.amount / fill
        if rules.kind == "shares":
            return rules.amount
        if rules.kind == "risk":
            distance = rules.loss if rules.loss is not None else rules.trailing
            assert distance is not None
            return equity * rules.amount / (fill * distance)
        part = rules.amount / (self.count if rules.kind == "equal" else 1)
        return equity * part / (fill * (1 + rate))

    def _book(self, row: int, symbol: int, fill: Fill) -> None:
        held = self.held[symbol]
        before, after = held.shares, held.shares + fill.shares
        if abs(after) < 1e-9:
            after = 0.0
        self.cash -= fill.shares * fill.price + fill.fee
        if before < 0 and fill.shares > 0:
            held.owed *= max(0.0, -after) / -before if after < 0 else 0.0
        if after < 0 and fill.shares < 0:
            held.owed += (min(-fill.shares, -after)) * fill.price
        if before == 0 or before * after < 0:
            held.entry = held.best = fill.price
        held.shares = after
        self.told.fills.append(fill)
