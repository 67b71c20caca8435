"""From a request body to an order: what must be present, what excludes what, and which prices are on a tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from qv_desktop.simulator.alpaca_errors import invalid_input, sub_penny, unprocessable
from qv_desktop.simulator.alpaca_format import SHARE

SIDES = ("buy", "sell")
TYPES = ("market", "limit", "stop", "stop_limit", "trailing_stop")
TIMES_IN_FORCE = ("day", "gtc", "opg", "cls", "ioc", "fok")
CLASSES = ("", "simple", "bracket", "oco", "oto", "mleg")
INTENTS = ("", "buy_to_open", "buy_to_close", "sell_to_open", "sell_to_close")
CENT = Decimal("0.01")

type Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as asked for: prices in dollars, either `qty` shares or `notional` dollars."""

    symbol: str
    side: str
    type: str
    time_in_force: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    extended_hours: bool = False
    client_order_id: str | None = None
    order_class: str = ""
    take_profit: Decimal | None = None
    stop_loss: Decimal | None = None
    stop_loss_limit: Decimal | None = None
    position_intent: str = ""

    @property
    def is_fractional(self) -> bool:
        """Whether it asks for parts of a share."""
        return self.notional is not None or (self.qty is not None and self.qty % 1 != 0)


def number(body: Body, name: str, shown_as: str = "") -> Decimal | None:
    """A positive decimal from a JSON number or string; None when absent. `shown_as` names it in the error."""
    given = body.get(name)
    if given is None or given == "":
        return None
    label = shown_as or name
    if isinstance(given, bool) or not isinstance(given, str | int | float | Decimal):
        raise invalid_input(f"{label} must be a number")
    try:
        value = Decimal(str(given))
    except InvalidOperation:
        raise invalid_input(f"{label} must be a number") from None
    if not value.is_finite() or value <= 0:
        raise invalid_input(f"{label} must be > 0")
    return value.normalize() + 0  # no exponent surprises: 1E+2 becomes 100 when written with "f"


def word(body: Body, name: str, allowed: tuple[str, ...], default: str | None = None) -> str:
    """One of the allowed words; `default` when absent, an error when there is none."""
    given = body.get(name)
    if given is None and default is not None:
        return default
    if given is None:
        raise invalid_input(f"{name} is required")
    if given not in allowed:
        raise invalid_input(f"invalid {name}: {given}")
    return str(given)


def ticket(body: Body) -> Ticket:
    """The order that a POST /v2/orders body asks for; raises BrokerError (422) when it breaks a rule of form."""
    profit, loss = _part(body, "take_profit"), _part(body, "stop_loss")
    symbol = body.get("symbol")
    if not isinstance(symbol, str) or not symbol:
        raise invalid_input("symbol is required")
    order_class = word(body, "order_class", CLASSES, "")
    asked = Ticket(
        symbol=symbol.upper(),
        side=word(body, "side", SIDES),
        type=word(body, "type", TYPES),
        time_in_force=word(body, "time_in_force", TIMES_IN_FORCE),
        qty=number(body, "qty"),
        notional=number(body, "notional"),
        limit_price=number(body, "limit_price"),
        stop_price=number(body, "stop_price"),
        trail_price=number(body, "trail_price"),
        trail_percent=number(body, "trail_percent"),
        extended_hours=body.get("extended_hours") is True,
        client_order_id=client_id(body),
        order_class="" if order_class == "simple" else order_class,
        take_profit=number(profit, "limit_price", "take_profit.limit_price"),
        stop_loss=number(loss, "stop_price", "stop_loss.stop_price"),
        stop_loss_limit=number(loss, "limit_price", "stop_loss.limit_price"),
        position_intent=word(body, "position_intent", INTENTS, ""),
    )
    for rule in (_size, _prices, _session, _class, _ticks):
        rule(asked)
    return asked


def client_id(body: Body) -> str | None:
    """The client's own id for the order, at most 128 characters; None when it leaves that to the broker."""
    given = body.get("client_order_id")
    if given is None or given == "":
        return None
    if not isinstance(given, str) or len(given) > 128:
        raise invalid_input("client_order_id must be no more than 128 characters")
    return given


def _part(body: Body, name: str) -> Body:
    given = body.get(name)
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise invalid_input("request body format is invalid")
    return given


def _size(asked: Ticket) -> None:
    if asked.qty is None and asked.notional is None:
        raise invalid_input("qty or notional is required")
    if asked.qty is not None and asked.notional is not None:
        raise invalid_input("only one of qty or notional is accepted")
    if asked.qty is not None and asked.qty != asked.qty.quantize(SHARE):
        raise unprocessable("qty must be limited to 9 decimal places")
    if asked.notional is not None and asked.notional != asked.notional.quantize(CENT):
        raise unprocessable("notional value must be limited to 2 decimal places")
    if asked.notional is not None and asked.type != "market":
        raise unprocessable("notional orders must be market orders")
    if asked.is_fractional and asked.time_in_force != "day":
        raise unprocessable("fractional orders must be DAY orders")
    if asked.is_fractional and asked.order_class:
        raise unprocessable("fractional orders must be simple orders")


# type -> (needs limit, needs stop, the sentence when the prices do not fit)
PRICES: dict[str, tuple[bool, bool, str]] = {
    "market": (False, False, "market orders require no stop or limit price"),
    "limit": (True, False, "limit orders require a limit price"),
    "stop": (False, True, "stop orders require a stop price"),
    "stop_limit": (True, True, "stop limit orders require both stop and limit price"),
    "trailing_stop": (False, False, "trailing stop orders require no stop or limit price"),
}


def _prices(asked: Ticket) -> None:
    limit, stop, sentence = PRICES[asked.type]
    limit_given = asked.limit_price is not None or (asked.order_class == "oco" and asked.take_profit is not None)
    if limit_given != limit or (asked.stop_price is not None) != stop:
        raise invalid_input(sentence)
    trails = (asked.trail_price is not None) + (asked.trail_percent is not None)
    if asked.type == "trailing_stop" and trails != 1:
        raise invalid_input("trailing stop orders must specify one of trail_price or trail_percent")
    if asked.type != "trailing_stop" and trails:
        raise invalid_input(f"{asked.type} orders require no trail_price or trail_percent")


def _session(asked: Ticket) -> None:
    if asked.extended_hours and asked.type != "limit":
        raise invalid_input('only type="limit" is allowed for extended hours orders')
    if asked.extended_hours and asked.time_in_force not in ("day", "gtc"):
        raise unprocessable("extended hours order must be DAY or GTC limit orders")
    if asked.extended_hours and asked.order_class:
        raise unprocessable("complex orders are not supported for extended hours trading")
    if asked.time_in_force in ("opg", "cls", "ioc", "fok") and asked.type not in ("market", "limit"):
        raise invalid_input(f"{asked.time_in_force} orders must be market or limit orders")


def _class(asked: Ticket) -> None:
    kind = asked.order_class
    if kind == "mleg":
        raise unprocessable("mleg orders are only supported for options")
    if not kind:
        if asked.take_profit is not None or asked.stop_loss is not None:
            raise invalid_input("simple orders require no take_profit or stop_loss")
        return
    if asked.time_in_force not in ("day", "gtc"):
        raise unprocessable("complex orders must be DAY or GTC orders")
    if kind == "oco" and asked.type != "limit":
        raise invalid_input("oco orders must be limit orders")
    if kind != "oco" and asked.type not in ("market", "limit"):
        raise invalid_input(f"{kind} orders must be market or limit orders")
    _legs(asked)


def _legs(asked: Ticket) -> None:
    kind, loss = asked.order_class, asked.stop_loss is not None
    if kind == "bracket" and asked.take_profit is None:
        raise invalid_input("bracket orders require take_profit.limit_price")
    if kind in ("bracket", "oco") and not loss:
        raise invalid_input(f"{kind} orders require stop_loss.stop_price")
    if kind == "oto" and loss == (asked.take_profit is not None):
        raise invalid_input("oto orders require one of take_profit or stop_loss")
    if asked.stop_loss_limit is not None and not loss:
        raise invalid_input("stop_loss.limit_price requires stop_loss.stop_price")
    profit = asked.take_profit if kind != "oco" or asked.take_profit is not None else asked.limit_price
    if profit is not None and asked.stop_loss is not None:
        sign = 1 if (asked.side == "buy") == (kind != "oco") else -1
        if (profit - asked.stop_loss) * sign <= 0:
            word_ = "greater" if sign > 0 else "less"
            raise unprocessable(f"take_profit.limit_price must be {word_} than stop_loss.stop_price")


def _ticks(asked: Ticket) -> None:
    prices = {
        "limit_price": asked.limit_price,
        "stop_price": asked.stop_price,
        "trail_price": asked.trail_price,
        "take_profit.limit_price": asked.take_profit,
        "stop_loss.stop_price": asked.stop_loss,
        "stop_loss.limit_price": asked.stop_loss_limit,
    }
    for name, price in prices.items():
        require_tick(name, price)


def require_tick(field: str, price: Decimal | None) -> None:
    """Raise the sub-penny refusal for a price off Alpaca's grid (cents from one dollar, else four decimals)."""
    if price is None:
        return
    step = CENT if price >= 1 else Decimal("0.0001")
    if price % step != 0:
        raise sub_penny(field, price)
