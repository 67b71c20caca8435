"""The simulated broker and its exchange: takes orders in, hears the market, and lets them meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import TYPE_CHECKING

from qv_desktop.simulator.accounts import Account
from qv_desktop.simulator.alpaca_format import SECOND, new_york, new_york_ns, price_of
from qv_desktop.simulator.corporate_actions import CENT, pay, split_orders, split_positions
from qv_desktop.simulator.equity_history import EquityHistory
from qv_desktop.simulator.faults import Faults
from qv_desktop.simulator.margin import equity, maintenance
from qv_desktop.simulator.matching import accepts, elects, execution_price, portion, trailed
from qv_desktop.simulator.order_book import OrderBook, waits_for_parent
from qv_desktop.simulator.order_desk import OrderDesk
from qv_desktop.simulator.order_entry import Body
from qv_desktop.simulator.order_life import OrderLife
from qv_desktop.simulator.order_reports import OrderReports
from qv_desktop.simulator.order_rules import Desk
from qv_desktop.simulator.order_schedule import Schedule
from qv_desktop.simulator.orders import WORKING, Order
from qv_desktop.simulator.pricing import Pricing
from qv_desktop.simulator.splits import Split
from qv_desktop.simulator.ticks import Event, Listing, Quote, Trade

if TYPE_CHECKING:
    from qv_desktop.simulator.market import Market

AUCTIONS = ("opg", "cls")
AUCTION_PATIENCE = 60 * SECOND  # without a print by then, the auction uses the last price


@dataclass(frozen=True, slots=True)
class Closing:
    """The account at the close of a session, in dollars; `prices` are those of the symbols held."""

    equity: Decimal
    maintenance: Decimal
    prices: dict[str, Decimal]


class Exchange:
    """One account and its orders over one market; `faults` can make it misbehave, `seed` decides partial fills."""

    def __init__(self, market: "Market", faults: Faults, seed: int, cash: Decimal = Decimal(100_000)) -> None:
        self.market = market
        self.faults = faults
        self.reports = OrderReports()
        self.pricing = Pricing(market)
        self.schedule = Schedule(market)
        self._nbbo: dict[str, Quote] = {}  # symbol -> the best bid and offer as of the event being heard
        self._seed = seed
        self._cash = cash
        self._assets = {listing.asset_id: listing for listing in market.listings()}  # asset id -> listing
        self.reset()
        market.subscribe(self.hear)

    def reset(self) -> None:
        """Begin again with the opening balance, no orders and no positions; listeners stay."""
        now = self.market.now()
        opened = new_york_ns(new_york(now).date() - timedelta(days=30), 9)
        self.account = Account(cash=self._cash, created_at=opened)
        self.account.balance_asof = self._previous_day(now)
        self.history = EquityHistory(self._cash, opened)
        self.book = OrderBook()
        self._random = Random(self._seed)
        self._life = OrderLife(self.account, self.schedule, self.reports)
        desk = Desk(self.account, self.book, self.pricing, self.schedule)
        self._desk = OrderDesk(desk, self._life, self.listing)
        self._doomed: set[str] = set()  # ids of orders that the market will reject
        self._day = new_york(now).date()
        self._closing: Closing | None = None

    def listing(self, name: str) -> Listing | None:
        """The listing with this symbol or asset id."""
        return self.market.listing(name.upper()) or self._assets.get(name.lower())

    # Orders

    def submit(self, body: Body) -> Order:
        """Take a new order (a POST body); raises BrokerError when it is refused."""
        twice = self.faults.take("take_duplicates", "trading") is not None
        order = self._desk.submit(body, self.market.now(), even_twice=twice)
        if self.faults.take("reject_next", "trading"):
            self._doomed.add(order.id)
        return order

    def replace(self, order: Order, body: Body) -> Order:
        """Take a replacement (a PATCH body); returns the new order, raises BrokerError when it is refused."""
        return self._desk.replace(order, body, self.market.now())

    def cancel(self, order: Order) -> None:
        """Ask for a cancel; raises BrokerError when the order cannot be cancelled any more."""
        self._desk.cancel(order, self.market.now())

    def find(self, order_id: str) -> Order:
        """The order with this id; raises BrokerError (404)."""
        return self._desk.find(order_id)

    def held_shares(self, symbol: str) -> Decimal:
        """Shares of the position that open orders claim."""
        return self.book.held_shares(symbol, self.account.quantity(symbol))[0]

    def held_buying_power(self) -> Decimal:
        """Dollars of buying power that open orders claim."""
        return self.book.held_buying_power(self.pricing.ask_and_last, self.account.quantity)

    # What is no trade

    def split(self, split: Split) -> None:
        """Let a split take effect: the price, the shares held and the open orders."""
        self.step()
        now, price = self.market.now(), self.pricing.last(split.symbol) * split.old / split.new
        self.market.splits.add(split)
        split_positions(self.account, split, price, now)
        split_orders(self.book, self._life, split, now)  # before the new price comes, which would meet the old ones
        self.market.price(split.symbol, float(max(CENT, price.quantize(CENT))))
        self.market.step()
        self.history.sample(now, equity(self.account, self.pricing.last))

    def pay(self, symbol: str, rate: Decimal) -> Decimal:
        """Pay a dividend of `rate` dollars a share; returns what was paid."""
        self.step()
        now = self.market.now()
        paid = pay(self.account, symbol, rate, now)
        self.history.sample(now, equity(self.account, self.pricing.last))
        return paid

    # Time and the market

    def hear(self, events: Sequence[Event]) -> None:
        """Let the orders meet what happened in the market, oldest first."""
        self._begin_day(self.market.now())
        self._route(self.market.now())
        for event in events:
            if isinstance(event, Quote):
                self._nbbo[event.symbol] = event
                if self.book.has_open(event.symbol):
                    self._meet(event.symbol, event, event.t)
            elif isinstance(event, Trade) and self.book.has_open(event.symbol):
                self._print(event, self._nbbo.get(event.symbol) or self.market.quote(event.symbol))
        self.step()

    def step(self) -> None:
        """Do what the clock alone asks for: route, expire, run late auctions, value the account."""
        now = self.market.now()
        self._begin_day(now)
        self._route(now)
        for order in self.book.open():
            if order.is_open and order.time_in_force not in AUCTIONS and now >= order.expires_at > 0:
                self._expire(order, now)
            elif order.time_in_force in AUCTIONS and now >= _auction_time(order) + AUCTION_PATIENCE:
                self._auction(order, self.pricing.last(order.symbol), now)
        if self.history.is_due(now):
            self.history.sample(now, equity(self.account, self.pricing.last))

    def _expire(self, order: Order, now: int) -> None:
        if not waits_for_parent(order):
            self._life.end(order, "expired", now)

    def _route(self, now: int) -> None:
        """Bring requests that are on their way to their end."""
        for order in self.book.open():
            if order.status == "pending_cancel":
                self._finish_cancel(order, now)
            elif order.status == "pending_replace":
                self._finish_replace(order, now)
            elif order.status == "pending_new" or (order.status == "accepted" and now >= order.live_from):
                self._open(order, now)

    def _open(self, order: Order, now: int) -> None:
        if order.id in self._doomed:
            self._doomed.discard(order.id)
            self._life.end(order, "rejected", now)
            return
        if order.type == "trailing_stop":
            order.hwm, order.stop_price = trailed(order, self.pricing.last(order.symbol))
        self._life.move(order, "new", now)
        self._meet_now(order, now)

    def _meet_now(self, order: Order, now: int) -> None:
        """Try a fresh order against the standing quote; immediate-or-cancel orders end here."""
        quote = self.market.quote(order.symbol)
        if quote is not None:
            self._try(order, quote, now)
        if order.is_open and order.time_in_force in ("ioc", "fok"):
            self._life.end(order, "canceled", now)

    def _finish_cancel(self, order: Order, now: int) -> None:
        if self.faults.take("cancel_rejected", "trading"):
            self._life.refuse_cancel(order, now)
        else:
            self._life.end(order, "canceled", now)

    def _finish_replace(self, order: Order, now: int) -> None:
        new = self.book.get(order.replaced_by or "")
        if new is None:
            raise LookupError(f"order {order.id} is being replaced by an unknown order")
        if self.faults.take("cancel_rejected", "trading"):
            self._life.refuse_replace(order, new, now)
            return
        self._life.replace(order, new, now)
        if new.status in WORKING:
            self._meet_now(new, now)

    def _meet(self, symbol: str, quote: Quote, at: int) -> None:
        for order in self.book.open(symbol):
            self._try(order, quote, at)

    def _try(self, order: Order, quote: Quote, at: int) -> None:
        if order.status not in WORKING or order.time_in_force in AUCTIONS:
            return
        if self.market.is_halted(order.symbol) or not self.schedule.works(order, at):
            return
        price = execution_price(order, quote)
        if price is not None:
            self._execute(order, price, at)

    def _execute(self, order: Order, price: Decimal, at: int) -> None:
        left = order.remaining(price)
        divisible = order.time_in_force != "fok" and (left > 1 or left % 1 != 0)
        partial = divisible and self.faults.take("partial_fills", "trading") is not None
        self._life.fill(order, portion(order, price, self._random, partial=partial), price, at)

    def _print(self, trade: Trade, quote: Quote | None) -> None:
        price = price_of(trade.price)
        for order in self.book.open(trade.symbol):
            if order.time_in_force in AUCTIONS:
                if order.status in WORKING and trade.t >= _auction_time(order):
                    self._auction(order, price, trade.t)
            elif _watches(order) and self.schedule.works(order, trade.t):
                self._watch(order, trade, price, quote)

    def _watch(self, order: Order, trade: Trade, price: Decimal, quote: Quote | None) -> None:
        if elects(order, trade, quote):
            self._life.elect(order, trade.t)
            if quote is not None:
                self._try(order, quote, trade.t)
        elif order.type == "trailing_stop":
            order.hwm, order.stop_price = trailed(order, price)

    def _auction(self, order: Order, price: Decimal, at: int) -> None:
        """Execute an auction order at the auction's price, all of it or not at all."""
        if order.status in WORKING and accepts(order, price) and not self.market.is_halted(order.symbol):
            self._life.fill(order, order.remaining(price), price, at)
        else:
            self._life.end(order, "canceled", at)

    # Days

    def _begin_day(self, now: int) -> None:
        session = self.schedule.today(now)
        if session is not None and now >= session.close and self._closing is None and session.day == self._day:
            self._closing = self._closed()
        day = new_york(now).date()
        if day == self._day:
            return
        closing = self._closing or self._closed()
        closes = {symbol: self.pricing.last(symbol) for symbol in self.account.positions} | closing.prices
        self.account.begin_day(closes, closing.equity, closing.maintenance, self._previous_day(now))
        self._day, self._closing = day, None

    def _closed(self) -> "Closing":
        account, last = self.account, self.pricing.last
        return Closing(
            equity(account, last), maintenance(account, last), {name: last(name) for name in account.positions}
        )

    def _previous_day(self, now: int) -> str:
        today = new_york(now).date()
        days = [s.day for s in self.market.sessions(today - timedelta(days=10), today) if s.day < today]
        return days[-1].isoformat() if days else today.isoformat()


def _auction_time(order: Order) -> int:
    return order.live_from if order.time_in_force == "opg" else order.expires_at


def _watches(order: Order) -> bool:
    """Whether the order listens for its stop price."""
    return order.status in WORKING or (order.status == "held" and not waits_for_parent(order))
