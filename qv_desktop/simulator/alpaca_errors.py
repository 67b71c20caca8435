"""What Alpaca's trading API answers when it refuses: status, code, message and the extra fields of each case."""

from collections.abc import Sequence
from decimal import Decimal

from qv_desktop.simulator.alpaca_format import decimal_text

FORBIDDEN = 40310000
NOT_FOUND = 40410000
UNPROCESSABLE = 42210000
INVALID_INPUT = 40010001


class BrokerError(Exception):
    """A refusal; `status` is the HTTP status and `body` the JSON that goes with it."""

    def __init__(self, status: int, code: int | None, message: str, **extras: object) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, object] = {"message": message, **extras}
        if code is not None:
            self.body["code"] = code


def invalid_input(message: str) -> BrokerError:
    """A request that does not parse into an order."""
    return BrokerError(422, INVALID_INPUT, message)


def unprocessable(message: str, **extras: object) -> BrokerError:
    """A well-formed request that the order rules forbid."""
    return BrokerError(422, UNPROCESSABLE, message, **extras)


def forbidden(message: str, **extras: object) -> BrokerError:
    """A request that the account may not make now."""
    return BrokerError(403, FORBIDDEN, message, **extras)


def not_found(message: str) -> BrokerError:
    """The thing asked for does not exist."""
    return BrokerError(404, NOT_FOUND, message)


def insufficient_buying_power(buying_power: Decimal, cost: Decimal) -> BrokerError:
    """The order would cost more than the account may spend."""
    return forbidden(
        "insufficient buying power",
        buying_power=decimal_text(buying_power.quantize(Decimal("0.01"))),
        cost_basis=decimal_text(cost.quantize(Decimal("0.01"))),
    )


def insufficient_qty(
    symbol: str, asked: Decimal, existing: Decimal, held: Decimal, related: Sequence[str]
) -> BrokerError:
    """More shares asked for than the position has free of other orders."""
    available = max(Decimal(0), existing - held)
    message = (
        f"insufficient qty available for order (requested: {decimal_text(asked)}, available: {decimal_text(available)})"
    )
    return forbidden(
        message,
        available=decimal_text(available),
        existing_qty=decimal_text(existing),
        held_for_orders=decimal_text(held),
        related_orders=list(related),
        symbol=symbol,
    )


def wash_trade(reason: str, existing_order_id: str) -> BrokerError:
    """The order could trade with another order of the same account."""
    message = "potential wash trade detected. use complex orders"
    return forbidden(message, reject_reason=reason, existing_order_id=existing_order_id)


def stop_price_wrong(word: str, stop: Decimal, market: Decimal) -> BrokerError:
    """A stop on the wrong side of the market; `word` is "less" or "greater"."""
    return unprocessable(
        f"stop price must be {word} than current price",
        market_price=decimal_text(market),
        stop_price=decimal_text(stop),
    )


def sub_penny(field: str, price: Decimal) -> BrokerError:
    """A price between two ticks: cents from one dollar up, hundredths of a cent below."""
    return unprocessable(
        f"invalid {field} {decimal_text(price)}. sub-penny increment does not fulfill minimum pricing criteria"
    )
