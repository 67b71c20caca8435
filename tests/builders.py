"""Plain values for tests, with defaults that a test need not mention."""

from datetime import UTC, datetime
from decimal import Decimal

from qv_desktop.domain.access import Role, Session, User
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Quote, ns
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import RiskView, TradingState

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


def a_request(
    quantity: int = 100, side: Side = Side.BUY, symbol: str = "AAPL", id: str = "qv-1", **rest: object
) -> OrderRequest:
    return OrderRequest(id, symbol, side, Decimal(quantity), **rest)  # type: ignore[arg-type]


def a_limit(price: str, quantity: int = 100, side: Side = Side.BUY, **rest: object) -> OrderRequest:
    return a_request(quantity, side, type=OrderType.LIMIT, limit=Decimal(price), **rest)


def an_order(request: OrderRequest | None = None, status: OrderStatus = OrderStatus.WORKING, **rest: object) -> Order:
    return Order(request or a_request(), "demo", "account", **{"submitted": NOW, "status": status, **rest})  # type: ignore[arg-type]


def an_account(equity: str = "100000", **rest: object) -> Account:
    values = {"last_equity": Decimal(equity), "cash": Decimal(equity), "buying_power": Decimal(equity) * 2,
              "shorting_enabled": True, "maintenance_margin": Decimal(0), **rest}  # fmt: skip
    return Account("account", "PA000123", "ACTIVE", NOW, equity=Decimal(equity), **values)  # type: ignore[arg-type]


def a_quote(bid: float = 99.99, ask: float = 100.01, symbol: str = "AAPL") -> Quote:
    return Quote(symbol, ns(NOW), bid, 300, ask, 500)


def a_view(**rest: object) -> RiskView:
    values: dict[str, object] = {
        "now": NOW, "state": TradingState.ACTIVE, "instrument": Instrument("AAPL", "Apple Inc", "NASDAQ"), "quote": a_quote(),
        "quote_age": 0.2, "account": an_account(), "positions": {}, "open_orders": (), "prices": {"AAPL": Decimal(100)}, **rest,
    }  # fmt: skip
    return RiskView(**values)  # type: ignore[arg-type]


def a_position(quantity: int, average: str = "100", symbol: str = "AAPL") -> Position:
    return Position(symbol, Decimal(quantity), Decimal(average))


def a_session(role: Role = Role.TRADER, name: str = "demo") -> Session:
    return Session("s1", User("u1", name, role), "host", NOW, NOW)
