"""The simulated account: cash, positions at average cost, its configuration and what has happened in it."""

from dataclasses import dataclass, field
from decimal import Decimal

from qv_desktop.simulator.alpaca_format import decimal_text, new_york, utc_text
from qv_desktop.simulator.orders import ZERO, Order, new_id

type Activity = dict[str, object]


@dataclass(slots=True)
class Position:
    """Shares of one symbol; negative when short. `cost` is signed dollars at the average entry price."""

    symbol: str
    qty: Decimal = ZERO
    cost: Decimal = ZERO
    day_cost: Decimal = ZERO  # as `cost`, but shares held overnight count at the last close
    overnight_cost: Decimal = ZERO  # |cost| when the day began

    @property
    def average(self) -> Decimal:
        """Average entry price in dollars."""
        return self.cost / self.qty

    def trade(self, qty: Decimal, price: Decimal) -> Decimal:
        """Apply a fill of signed `qty` at `price`; returns the profit it realised, in dollars."""
        after = self.qty + qty
        if self.qty * qty >= 0:
            self.cost += qty * price
            self.day_cost += qty * price
            self.qty = after
            return ZERO
        closed = min(abs(qty), abs(self.qty)) * (1 if self.qty > 0 else -1)
        realised = closed * (price - self.average)
        flips = after * self.qty < 0
        self.cost = after * price if flips else self.average * after
        self.day_cost = after * price if flips else self.day_cost / self.qty * after
        self.qty = after
        return realised


def default_configuration() -> dict[str, object]:
    """The account settings of a new paper account."""
    return {
        "suspend_trade": False,
        "no_shorting": False,
        "fractional_trading": True,
        "max_margin_multiplier": "4",
        "trade_confirm_email": "all",
        "ptp_no_exception_entry": False,
        "max_options_trading_level": None,
        "disable_overnight_trading": False,
    }


@dataclass(slots=True)
class Watchlist:
    """A named list of symbols, in the order in which they were added; times are ns UTC."""

    id: str
    name: str
    symbols: list[str]
    created_at: int
    updated_at: int


@dataclass(slots=True)
class Account:
    """One margin account. Money is Decimal dollars, times are ns UTC."""

    cash: Decimal
    created_at: int
    id: str = field(default_factory=new_id)
    positions: dict[str, Position] = field(default_factory=dict)  # symbol -> position, never flat
    configuration: dict[str, object] = field(default_factory=default_configuration)
    activities: list[Activity] = field(default_factory=list)  # oldest first
    watchlists: dict[str, Watchlist] = field(default_factory=dict)  # id -> watchlist, oldest first
    last_equity: Decimal = ZERO
    last_maintenance: Decimal = ZERO
    balance_asof: str = ""
    realised_today: Decimal = ZERO
    adjusted_today: Decimal = ZERO  # by what is no trade

    def __post_init__(self) -> None:
        self.last_equity = self.last_equity or self.cash
        self.activities.append(self._deposit())

    @property
    def number(self) -> str:
        """The account number, as paper accounts have it."""
        return f"PA{self.id[:8].upper()}"

    def quantity(self, symbol: str) -> Decimal:
        """Signed shares held."""
        position = self.positions.get(symbol)
        return position.qty if position else ZERO

    def fill(self, order: Order, qty: Decimal, price: Decimal) -> None:
        """Move cash and position by an execution of `qty` (positive) shares."""
        position = self.positions.setdefault(order.symbol, Position(order.symbol))
        self.realised_today += position.trade(qty * order.sign, price)
        self.cash -= qty * order.sign * price
        if not position.qty:
            del self.positions[order.symbol]

    def slip(self, symbol: str, qty: Decimal, price: Decimal) -> Decimal:
        """Change a position by signed shares that nobody traded; returns what is held then."""
        position = self.positions.setdefault(symbol, Position(symbol))
        position.trade(qty, price)
        if not position.qty:
            del self.positions[symbol]
        return position.qty

    def record(self, order: Order, execution_id: str, at: int, qty: Decimal, price: Decimal) -> None:
        """Keep the FILL activity of an execution."""
        done = order.status == "filled"
        self.activities.append(
            {
                "id": activity_id(at, execution_id),
                "account_id": self.id,
                "activity_type": "FILL",
                "transaction_time": utc_text(at),
                "type": "fill" if done else "partial_fill",
                "price": decimal_text(price),
                "qty": decimal_text(qty),
                "side": order.side,
                "symbol": order.symbol,
                "leaves_qty": decimal_text(ZERO if done else order.remaining(price)),
                "order_id": order.id,
                "cum_qty": decimal_text(order.filled_qty),
                "order_status": order.status,
            }
        )

    def move(self, code: str, at: int, amount: Decimal | None, **fields: object) -> Activity:
        """Keep an activity that is no trade (CSD, DIV, FEE …) and move the cash by its signed `amount`, if it has one."""
        made: Activity = {
            "id": activity_id(at, new_id()),
            "account_id": self.id,
            "activity_type": code,
            "date": new_york(at).strftime("%Y-%m-%d"),
            "created_at": utc_text(at),
            **({} if amount is None else {"net_amount": decimal_text(amount)}),
            "description": "",
            "currency": "USD",
            "status": "executed",
            **fields,
        }
        self.activities.append(made)
        self.cash += amount or ZERO
        self.adjusted_today += amount or ZERO
        return made

    def begin_day(self, closes: dict[str, Decimal], equity: Decimal, maintenance: Decimal, asof: str) -> None:
        """Start a new trading day: `closes` are the held symbols' last closing prices."""
        self.last_equity, self.last_maintenance, self.balance_asof = equity, maintenance, asof
        self.realised_today = self.adjusted_today = ZERO
        for position in self.positions.values():
            position.overnight_cost = abs(position.cost)
            position.day_cost = position.qty * closes[position.symbol]

    def _deposit(self) -> Activity:
        return {
            "id": activity_id(self.created_at, new_id()),
            "account_id": self.id,
            "activity_type": "JNLC",
            "date": new_york(self.created_at).strftime("%Y-%m-%d"),
            "created_at": utc_text(self.created_at),
            "net_amount": decimal_text(self.cash),
            "description": "opening balance",
            "currency": "USD",
            "status": "executed",
        }


def activity_id(at: int, unique: str) -> str:
    """Alpaca's activity id: New York time to the millisecond, two colons, a UUID."""
    return f"{new_york(at).strftime('%Y%m%d%H%M%S')}{at // 1_000_000 % 1000:03d}::{unique}"
