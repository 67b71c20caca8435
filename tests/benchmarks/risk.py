"""The gate: milliseconds that the real ``services.Risk.judge`` takes with every rule, beside a full book in a moving market.

Between two judgements the market trades, an order comes, moves or goes and a position fills, so that nothing is the same twice.
"""

import argparse
import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from math import ceil

from qv_desktop.domain.access import Role, User
from qv_desktop.domain.counters import ACCOUNT, Standing
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.limits import Limits, Scope
from qv_desktop.domain.margin import MarginStanding
from qv_desktop.domain.market import Batch, Quote, Trade, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.order_book import OrderBook
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from tests.builders import NOW, a_position, a_session, an_account
from tests.fakes import Broker, Journal, RiskStore, Trail, Users

POSITIONS, OPEN_ORDERS, JUDGEMENTS, WARM = 500, 1_000, 5_000, 200
MOVING, FRAMES = 60, 3  # symbols that trade within a frame, and whole frames between two judgements
SECTORS = ("Energy", "Technology", "Utilities", "Health care", "Industrials")
MONTE_CARLO = "tests.benchmarks.risk_monte_carlo"


def arguments(parser: argparse.ArgumentParser) -> None:
    """How full the book is."""
    parser.add_argument("--positions", type=int, default=POSITIONS, help="symbols that are held")
    parser.add_argument("--open-orders", type=int, default=OPEN_ORDERS, help="orders that work")
    parser.add_argument("--judgements", type=int, default=JUDGEMENTS, help="how many are timed")


def figures(
    positions: int = POSITIONS, open_orders: int = OPEN_ORDERS, judgements: int = JUDGEMENTS
) -> dict[str, object]:
    """Milliseconds of one judgement, those of them that the processor worked on it, and how many rules answered at most.

    And the seconds of the Monte-Carlo, where that is built.
    """
    times, spent, rules = asyncio.run(_judged(positions, open_orders, judgements))
    found: dict[str, object] = {
        "gate_p50_ms": _rank(times, 0.5),
        "gate_p99_ms": _rank(times, 0.99),
        "gate_max_ms": max(times),
        "gate_cpu_p99_ms": _rank(spent, 0.99),
        "positions": positions,
        "open_orders": open_orders,
        "judgements": len(times),
        "rules": rules,
        "monte_carlo_s": None,
    }
    if find_spec(MONTE_CARLO) is not None:
        found["monte_carlo_s"] = import_module(MONTE_CARLO).figures()["monte_carlo_s"]
    return found


def _rank(times: list[float], part: float) -> float:
    """The time within which that part of all was done."""
    return sorted(times)[ceil(part * len(times)) - 1]


class Market:
    """A desk without a window: everything that the gate looks at, and the events that move it."""

    def __init__(self, risk: Risk, market: MarketData, positions: Positions, symbols: list[str], orders: int) -> None:
        self.risk, self.market, self.positions, self.symbols = risk, market, positions, symbols
        self.dice, self.moment, self.book = random.Random(7), NOW, OrderBook()
        self._count, self.account = 0, risk._account
        self.prices = {symbol: 20.0 + place % 200 for place, symbol in enumerate(symbols)}
        self.trade(symbols)
        for place in range(orders):
            self.enter(symbols[place % len(symbols)])

    def trade(self, symbols: list[str]) -> None:
        """Each of ``symbols`` trades and is quoted a little away from where it was."""
        at = ns(self.moment)
        for symbol in symbols:
            self.prices[symbol] = max(1.0, round(self.prices[symbol] * self.dice.uniform(0.999, 1.001), 2))
        trades = [Trade(symbol, at, self.prices[symbol], 10, "1") for symbol in symbols]
        quotes = [Quote(s, at, self.prices[s] - 0.01, 300, self.prices[s] + 0.01, 500) for s in symbols]
        self.market.hear(Batch(trades, quotes))

    def request(self, symbol: str, side: Side, away: float = 0.0, source: str = "Ticket") -> OrderRequest:
        """A limit order of ten shares, its limit a fraction ``away`` from the market."""
        self._count += 1
        limit = Decimal(f"{self.prices[symbol] * (1 - away * side.sign):.2f}")
        return OrderRequest(f"qv-{self._count}", symbol, side, Decimal(10), OrderType.LIMIT, limit, source=source)

    def enter(self, symbol: str) -> None:
        """An order that came long ago rests."""
        side = self.dice.choice((Side.BUY, Side.SELL))
        source = self.dice.choice(("Ticket", "Ticket", "Ticket", "strategy:one"))
        order = Order(self.request(symbol, side, 0.05, source), "demo", "account", self.moment - timedelta(hours=1))
        self.book[order.id] = replace(order, status=OrderStatus.WORKING, acknowledged_at=order.submitted)

    def move(self) -> None:
        """What happens between two clicks: prices, an order that ends, another that comes, and a fill."""
        self.moment += timedelta(milliseconds=900)
        account = self.risk._account  # which the broker tells every few seconds
        account.balances = account.balances and replace(account.balances, at=self.moment)
        for _ in range(FRAMES):
            self.trade(self.dice.sample(self.symbols, min(MOVING, len(self.symbols))))
            self.risk.views.keep_up()
        self.trade(self.dice.sample(self.symbols, min(MOVING, len(self.symbols))))
        gone = next(iter(self.book))
        self.book[gone] = replace(self.book[gone], status=OrderStatus.CANCELED)
        del self.book[gone]
        symbol = self.dice.choice(self.symbols)
        self.enter(symbol)
        fill = Fill(
            f"x{self._count}", "qv", symbol, Side.BUY, Decimal(1), Decimal(str(self.prices[symbol])), self.moment
        )
        self.positions.fill(fill)
        if self.account.balances is not None:  # the broker tells its balances every few seconds, and after each fill
            self.account.balances = replace(self.account.balances, at=self.moment)

    def asked(self) -> Iterator[OrderRequest]:
        """What a day asks: of every symbol, both sides, and of a strategy."""
        while True:
            symbol = self.dice.choice(self.symbols)
            source = self.dice.choice(("Ticket", "Chart", "strategy:one"))
            yield self.request(symbol, self.dice.choice((Side.BUY, Side.SELL)), source=source)


async def desk(positions: int, open_orders: int) -> Market:
    """The real services with a book of that size, every one of their rules in force."""
    symbols = [f"S{place:04}" for place in range(positions)]
    moment: Callable[[], int] = lambda: ns(built.moment)  # noqa: E731
    login = Login(
        Users(User("u1", "demo", Role.TRADER), a_session(Role.TRADER)), Trail(), lambda: NOW, "host", lambda: 0.0
    )
    await login.sign_in("demo", "right")
    market = MarketData(Clock(wall_ns=moment), lambda _: None, lambda _: None, lambda _, __: None)
    held, account = Positions(lambda _: None), Account(Broker(), Journal(), lambda _: None)
    account.balances = an_account("10000000")
    risk = Risk(RiskStore(), market, held, account, login, lambda _: None, lambda: built.moment, environment="LIVE",
                limits_for=lambda *_: Limits(opens=240, closes=1_320))  # fmt: skip
    risk.know(Instrument(symbol, symbol, "NYSE") for symbol in symbols)
    risk.views.norms = lambda _: Norms(volume20=5e6, previous_close=30.0, price_test=True)
    risk.views.sectors = {symbol: SECTORS[place % len(SECTORS)] for place, symbol in enumerate(symbols)}
    risk.margin = lambda: MarginStanding(
        NOW, NOW.date(), equity=Decimal(10**7), level=Decimal(10**7), headroom=Decimal(10**7)
    )
    scopes = (ACCOUNT, (Scope.USER, "demo"), (Scope.SYMBOL, symbols[0]))
    standings = tuple(Standing(key, Limits(), profit=Decimal(5), drawdown=Decimal("0.01")) for key in scopes)
    risk.standings = lambda user, source, symbol: standings
    own = {symbol: Decimal(5) for symbol in symbols[::10]}
    risk.views.held_by = lambda source: own if source.startswith("strategy:") else None
    held.adopt({symbol: a_position(100 if place % 3 else -100, "50", symbol) for place, symbol in enumerate(symbols)})
    built = Market.__new__(Market)
    built.moment = NOW
    built.__init__(risk, market, held, symbols, open_orders)  # type: ignore[misc]  # its clock is asked while it is made
    return built


async def _judged(positions: int, open_orders: int, judgements: int) -> tuple[list[float], list[float], int]:
    built = await desk(positions, open_orders)
    times, spent, rules, asked = list[float](), list[float](), 0, built.asked()
    gc.collect()
    gc.freeze()
    gc.disable()  # as the window does, which collects between two events of its loop
    for place in range(judgements + WARM):
        built.move()
        request = next(asked)
        worked, began = time.thread_time(), time.perf_counter()
        verdict = built.risk.judge(request, built.book)
        took, work = time.perf_counter() - began, time.thread_time() - worked
        rules = max(rules, len(verdict.checks))
        if place >= WARM:
            times.append(took * 1_000)
            spent.append(work * 1_000)
    gc.enable()
    gc.unfreeze()
    return times, spent, rules
