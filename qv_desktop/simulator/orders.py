"""The broker's order: its fields, its states, and how it reads on Alpaca's wire."""

import time
import uuid
from dataclasses import dataclass, field
from decimal import Decimal

from qv_desktop.simulator.alpaca_format import SHARE, decimal_text, optional_utc_text, utc_text

TERMINAL = frozenset({"filled", "canceled", "expired", "rejected", "replaced"})
WORKING = frozenset({"new", "partially_filled"})  # at the market now
TAKE_PROFIT = "take_profit"
STOP_LOSS = "stop_loss"
ZERO = Decimal(0)


def new_id() -> str:
    """A fresh id; never seeded, because a client's journal outlives one run of the simulator."""
    return str(uuid.uuid4())


@dataclass(slots=True, eq=False)  # two orders are the same order or they are not
class Order:
    """One order, or one leg of one. Times are ns UTC, money and shares are Decimal; mutable, owned by the exchange."""

    symbol: str
    asset_id: str
    side: str  # buy | sell
    type: str  # market | limit | stop | stop_limit | trailing_stop
    time_in_force: str  # day | gtc | opg | cls | ioc | fok
    created_at: int
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    hwm: Decimal | None = None
    order_class: str = ""  # "" | bracket | oco | oto
    extended_hours: bool = False
    position_intent: str = ""
    id: str = field(default_factory=new_id)
    client_order_id: str = field(default_factory=new_id)
    status: str = "pending_new"
    updated_at: int = 0
    submitted_at: int = 0
    live_from: int = 0  # before this it rests as "accepted"
    expires_at: int = 0
    filled_at: int | None = None
    expired_at: int | None = None
    canceled_at: int | None = None
    failed_at: int | None = None
    replaced_at: int | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    filled_qty: Decimal = ZERO
    filled_value: Decimal = ZERO  # dollars
    elected: bool = False  # a stop whose price has traded
    role: str = ""  # "" | take_profit | stop_loss, within its group
    parent: "Order | None" = None
    legs: list["Order"] = field(default_factory=list)
    before: str = ""  # the status to return to when a pending cancel or replace is refused
    taken_ns: int = field(default_factory=time.monotonic_ns)  # when the request came in, on the machine's clock

    def __post_init__(self) -> None:
        self.updated_at = self.updated_at or self.created_at
        self.submitted_at = self.submitted_at or self.created_at

    @property
    def is_open(self) -> bool:
        """Whether anything may still happen to it."""
        return self.status not in TERMINAL

    @property
    def sign(self) -> int:
        """+1 for a buy, -1 for a sell."""
        return 1 if self.side == "buy" else -1

    @property
    def group(self) -> "list[Order]":
        """The exit orders that cancel one another, itself included; only itself when it stands alone."""
        if self.parent is not None:
            exits = self.parent.legs if self.parent.order_class != "oco" else [self.parent, *self.parent.legs]
            return list(exits)
        return [self, *self.legs] if self.order_class == "oco" else [self]

    def remaining(self, price: Decimal) -> Decimal:
        """Shares still to fill; an order by notional turns dollars into shares at `price`."""
        if self.qty is not None:
            return self.qty - self.filled_qty
        return (((self.notional or ZERO) - self.filled_value) / price).quantize(SHARE, "ROUND_DOWN")


def order_json(order: Order, *, nested: bool = False) -> dict[str, object]:
    """The order as Alpaca writes it; `nested` rolls the legs up under it."""
    average = order.filled_value / order.filled_qty if order.filled_qty else None
    return {
        "id": order.id,
        "client_order_id": order.client_order_id,
        "created_at": utc_text(order.created_at),
        "updated_at": utc_text(order.updated_at),
        "submitted_at": utc_text(order.submitted_at),
        "filled_at": optional_utc_text(order.filled_at),
        "expired_at": optional_utc_text(order.expired_at),
        "expires_at": utc_text(order.expires_at or order.created_at),
        "canceled_at": optional_utc_text(order.canceled_at),
        "failed_at": optional_utc_text(order.failed_at),
        "replaced_at": optional_utc_text(order.replaced_at),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": order.asset_id,
        "symbol": order.symbol,
        "asset_class": "us_equity",
        "notional": decimal_text(order.notional),
        "qty": decimal_text(order.qty),
        "filled_qty": decimal_text(order.filled_qty),
        "filled_avg_price": None if average is None else decimal_text(round(average, 9)),
        "order_class": order.order_class,
        "order_type": order.type,
        "type": order.type,
        "side": order.side,
        "position_intent": order.position_intent,
        "time_in_force": order.time_in_force,
        "limit_price": decimal_text(order.limit_price),
        "stop_price": decimal_text(order.stop_price),
        "status": order.status,
        "extended_hours": order.extended_hours,
        "legs": [order_json(leg) for leg in order.legs] if nested and order.legs else None,
        "trail_percent": decimal_text(order.trail_percent),
        "trail_price": decimal_text(order.trail_price),
        "hwm": decimal_text(order.hwm),
        "subtag": None,
        "source": None,
    }
