"""What the gate looks at, made anew for every judgement without going through the whole book each time."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from math import inf

from qv_desktop.domain.accounts import Account as Balances
from qv_desktop.domain.counters import Standings
from qv_desktop.domain.exposure import line, repriced
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Snapshot, money
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.domain.risk import Line, RiskView, TradingState
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.order_book import NONE, OrderBook
from qv_desktop.services.positions import Positions

MINUTE = timedelta(minutes=1)
UNDER_WAY = timedelta(
    seconds=2
)  # from an order's intent until the broker counts it, at most, once it has said that it has it
FELL = 0.9  # of the previous close: a fall of 10 % triggers the price test, 17 CFR 242.201(b)(1)(i)
UNKNOWN = Norms()


class Prices(Mapping[str, Decimal]):
    """Last prices as decimals, each made once until it changes."""

    def __init__(self, last: Callable[[str], float | None], symbols: Callable[[], Collection[str]]) -> None:
        self._last, self._symbols = last, symbols
        self._made: dict[str, tuple[float, Decimal]] = {}

    def __getitem__(self, symbol: str) -> Decimal:
        last = self._last(symbol)
        if last is None:
            raise KeyError(symbol)
        made = self._made.get(symbol)
        if made is None or made[0] != last:
            made = self._made[symbol] = (last, money(last))
        return made[1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._symbols())

    def __len__(self) -> int:
        return len(self._symbols())


@dataclass(frozen=True, slots=True)
class Desk:
    """What stands for every order alike: the moment, the trading state and why trading is closed, the account, and the person."""

    now: datetime
    state: TradingState
    closed: str
    balances: Balances | None
    may_trade: bool
    environment: str
    live_allowed: bool
    counters: Standings | None = None
    way_out: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """What is ordered: the symbol, how it is listed, and why the person may not trade it."""

    symbol: str
    instrument: Instrument | None
    restricted: str


class Views:
    """Makes views. A symbol's line is worked out anew when its position, its open orders or its price are others than they were.

    ``norms`` tells what is normal for a symbol, as far as it is known; ``held_by`` the shares that the strategy holds whose orders
    come from a source, None for a source that is no strategy; ``sectors`` the sector of a symbol.
    """

    def __init__(self, market: MarketData, positions: Positions) -> None:
        self._market, self._positions = market, positions
        self._prices = Prices(self._worth, lambda: market.prices().keys())
        self._book: OrderBook | None = None  # of which the lines are
        self._lines: dict[str, Line] = {}  # symbol -> line
        self._unpriced: set[str] = set()  # symbols with orders that are worth what the last price says
        self._symbols: list[str] = []  # of the lines, and beside them
        self._priced: set[str] = set()  # the same symbols
        self._lasts: list[float | None] = []  # the last prices of which they were made
        self.norms: Callable[[str], Norms] = lambda symbol: UNKNOWN
        self.held_by: Callable[[str], Mapping[str, Decimal] | None] = lambda source: None
        self.sectors: Mapping[str, str] = {}

    def _worth(self, symbol: str) -> float | None:
        """The last price; the middle of the quote while nothing has traded: what works or is held there is not worth nothing."""
        last = self._market.last(symbol)
        if last is not None:
            return last
        quote = self._market.snapshot(symbol).quote
        return (quote.bid + quote.ask) / 2 if quote is not None and 0 < quote.bid <= quote.ask < inf else None

    def of(
        self, desk: Desk, share: Share, source: str, book: Mapping[str, Order], gone: Collection[str] = ()
    ) -> RiskView:
        """What the rules look at to judge an order of ``share`` from ``source`` beside ``book``, in which ``gone`` do not count.

        It is of this moment: the positions, orders and prices in it move on with the desk.
        """
        symbol = share.symbol
        whole = book if isinstance(book, OrderBook) else OrderBook(book)
        snapshot, age, norms = self._market.snapshot(symbol), self._market.quote_age(symbol), self.norms(symbol)
        lines = self._line_up(whole)
        by_symbol: Mapping[str, tuple[Order, ...]] = whole.by_symbol
        if gone:
            by_symbol, lines = self._without(gone, whole, lines)
        held = self.held_by(source)
        recent, unsettled = _newest(whole, desk, gone)
        return RiskView(
            now=desk.now,
            state=desk.state,
            instrument=share.instrument,
            quote=snapshot.quote,
            quote_age=age,
            account=desk.balances,
            positions=self._positions.open,
            open_orders=tuple(chain.from_iterable(by_symbol.values())),
            prices=self._prices,
            recent=recent,
            halted=snapshot.halted,
            closed=desk.closed,
            restricted=share.restricted,
            average_volume=norms.volume20,
            sectors=self.sectors,
            strategy_held=held,
            of_source=() if held is None else _left(whole.of_source(source), gone),
            cancels=whole.cancels_since(desk.now - MINUTE),
            price_test=price_test(snapshot, norms),
            may_trade=desk.may_trade,
            environment=desk.environment,
            live_allowed=desk.live_allowed,
            counters=desk.counters,
            way_out=desk.way_out,
            unsettled=unsettled,
            by_symbol=by_symbol,
            lines=lines,
        )

    def _line_up(self, book: OrderBook) -> Mapping[str, Line]:
        """Symbol -> its line, of everything that is held or ordered."""
        if book is not self._book:
            self._book, self._lines, self._symbols, self._lasts, self._priced = book, {}, [], [], set()
            self._unpriced.clear()
            touched = self._positions.open.keys() | book.by_symbol.keys()
        else:
            touched = book.touched | self._positions.touched
            self._reprice(book)
        book.touched.clear()
        self._positions.touched.clear()
        for symbol in touched:
            self._learn(symbol, book)
        if touched and self._lines.keys() != self._priced:
            self._priced = set(self._lines)
            self._symbols = list(self._lines)
            self._lasts = self._market.lasts(self._symbols)
        return self._lines

    def keep_up(self) -> None:
        """Take in the prices that moved; often, so that a judgement finds few that did."""
        if self._book is not None:
            self._reprice(self._book)

    def _reprice(self, book: OrderBook) -> None:
        before, self._lasts = self._lasts, self._market.lasts(self._symbols)
        if before != self._lasts:
            for symbol, then, now in zip(self._symbols, before, self._lasts, strict=True):
                if then != now:
                    self._reprice_one(symbol, book)

    def _reprice_one(self, symbol: str, book: OrderBook) -> None:
        price, former = self._prices.get(symbol), self._lines.get(symbol)
        if former is None or price is None or symbol in self._unpriced:
            self._learn(symbol, book)  # it may have left the book since, or come back
        else:
            self._lines[symbol] = repriced(former, self._positions.open.get(symbol), price)

    def _learn(self, symbol: str, book: OrderBook) -> None:
        position, orders = self._positions.open.get(symbol), book.by_symbol.get(symbol, NONE)
        self._unpriced.discard(symbol)
        if position is None and not orders:
            self._lines.pop(symbol, None)
        else:
            if not all(order.request.limit or order.request.stop for order in orders):
                self._unpriced.add(symbol)
            self._lines[symbol] = line(position, orders, self._prices.get(symbol))

    def _without(
        self, gone: Collection[str], book: OrderBook, lines: Mapping[str, Line]
    ) -> tuple[dict[str, tuple[Order, ...]], dict[str, Line]]:
        """Open orders and lines as they are once the orders ``gone`` are out of the way."""
        orders, without = dict(book.by_symbol), dict(lines)
        for symbol in {book[key].request.symbol for key in gone if key in book and book[key].open}:
            orders[symbol] = tuple(order for order in orders[symbol] if order.id not in gone)
            position = self._positions.open.get(symbol)
            if position is None and not orders[symbol]:
                del orders[symbol], without[symbol]
            else:
                without[symbol] = line(position, orders[symbol], self._prices.get(symbol))
        return orders, without


def _left(orders: tuple[Order, ...], gone: Collection[str]) -> tuple[Order, ...]:
    return tuple(order for order in orders if order.id not in gone) if gone else orders


def _newest(book: OrderBook, desk: Desk, gone: Collection[str]) -> tuple[tuple[Order, ...], tuple[Order, ...]]:
    """Orders of the last minute that were not refused, and those that the balances may not know of yet."""
    minute, told = desk.now - MINUTE, desk.balances.at - UNDER_WAY if desk.balances else None
    orders = [
        order
        for order in book.since(minute if told is None else min(minute, told))
        if order.status is not OrderStatus.REFUSED and order.id not in gone
    ]
    recent = tuple(order for order in orders if order.submitted > minute)
    if told is None:
        return recent, ()
    return recent, tuple(
        order
        for order in orders
        if (order.open or order.filled) and (order.submitted > told or order.acknowledged_at is None)
    )


def price_test(snapshot: Snapshot, norms: Norms) -> bool | None:
    """Whether Rule 201 (17 CFR 242.201) binds short sales today: the symbol fell by 10 % today, or on the session before.

    By the trades that were heard, which the listing exchange's word may differ from; None while the previous close is unknown.
    """
    close = snapshot.previous_close or norms.previous_close
    if norms.price_test or close is None:
        return norms.price_test or None
    return snapshot.day_low is not None and snapshot.day_low <= close * FELL
