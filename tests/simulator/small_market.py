"""A market of two symbols that does only what a test tells it, for testing orders against exact prices and times."""

from collections.abc import Callable, Sequence
from datetime import date

from qv_desktop.simulator import sessions
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.faults import Fault, Faults
from qv_desktop.simulator.order_reports import Update
from qv_desktop.simulator.orders import Order
from qv_desktop.simulator.ticks import SECOND, Bar, Event, Listing, Quote, Session, Trade

DAY = date(2026, 3, 4)  # a Wednesday
ASSET = "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415"
LISTINGS = (
    Listing("ACME", "Acme Corporation", "NYSE", ASSET, 99.0),
    Listing(
        "HARD", "Hard To Borrow Inc.", "NASDAQ", "904837e3-3b76-47ec-b432-046db621571b", 20.0, easy_to_borrow=False
    ),
)


def at(hour: int, minute: int = 0, day: date = DAY) -> int:
    """A New York wall time as ns UTC."""
    return sessions.midnight(day) + (hour * 60 + minute) * 60 * SECOND


class SmallMarket:
    """Stands where it is put: time and prices change only by `tell`."""

    speed = 1.0

    def __init__(self, now: int = at(10)) -> None:
        self.time = now
        self.halted: set[str] = set()
        self._quotes: dict[str, Quote] = {}
        self._trades: dict[str, Trade] = {}
        self._hear: list[Callable[[Sequence[Event]], None]] = []
        self.previous = {listing.symbol: listing.previous_close for listing in LISTINGS}

    def now(self) -> int:
        return self.time

    def listing(self, symbol: str) -> Listing | None:
        return next((listing for listing in LISTINGS if listing.symbol == symbol), None)

    def listings(self) -> list[Listing]:
        return list(LISTINGS)

    def quote(self, symbol: str) -> Quote | None:
        return self._quotes.get(symbol)

    def last(self, symbol: str) -> Trade | None:
        return self._trades.get(symbol)

    def previous_day_bar(self, symbol: str) -> Bar | None:
        close = self.previous[symbol]
        return Bar(symbol, 0, close, close, close, close, 1, 1, close, 86_400)

    def sessions(self, first: date, last: date) -> list[Session]:
        return sessions.sessions(first, last)

    def is_halted(self, symbol: str) -> bool:
        return symbol in self.halted

    def subscribe(self, hear: Callable[[Sequence[Event]], None]) -> Callable[[], None]:
        self._hear.append(hear)
        return lambda: self._hear.remove(hear)

    def tell(self, *events: Event) -> None:
        """Let these events happen; time moves to the last of them."""
        for event in events:
            self.time = max(self.time, event.t)
            if isinstance(event, Quote):
                self._quotes[event.symbol] = event
            elif isinstance(event, Trade):
                self._trades[event.symbol] = event
        for hear in self._hear:
            hear(events)

    def trade(self, price: float, t: int | None = None, symbol: str = "ACME") -> None:
        """A print with the NBBO one cent around it."""
        moment = t or self.time + SECOND
        quote = Quote(symbol, moment, round(price - 0.01, 4), 100, round(price + 0.01, 4), 100)
        self.tell(quote, Trade(symbol, moment, price, 100, 1))

    def quoted(self, bid: float, ask: float, t: int | None = None, symbol: str = "ACME") -> None:
        """A new NBBO without a print."""
        self.tell(Quote(symbol, t or self.time + SECOND, bid, 100, ask, 100))


class Floor:
    """An exchange on a small market, and everything that it reported. No partial fills unless a test asks for them."""

    def __init__(self, now: int = at(10), price: float = 100.0) -> None:
        self.market = SmallMarket(now)
        self.faults = Faults()
        self.updates: list[Update] = []
        self.market.trade(price, now)
        self.market.trade(20.0, now, "HARD")
        self.exchange = Exchange(self.market, self.faults, seed=1)  # type: ignore[arg-type]
        self.exchange._random.random = lambda: 1.0  # type: ignore[method-assign]
        self.exchange.reports.subscribe(self.updates.append)

    def order(self, side: str = "buy", qty: object = 10, kind: str = "market", **fields: object) -> Order:
        """Send an order and let it reach the market."""
        body = {"symbol": "ACME", "side": side, "type": kind, "time_in_force": "day", "qty": qty} | fields
        order = self.exchange.submit({name: value for name, value in body.items() if value is not None})
        self.exchange.step()
        return order

    def fault(self, kind: str) -> None:
        """Let one thing go wrong in trading."""
        self.faults.add(Fault(kind, "trading"))

    def events(self, order: Order) -> list[str]:
        """What was reported about an order, in order."""
        return [str(update["event"]) for update in self.updates if update["order"]["id"] == order.id]  # type: ignore[index]
