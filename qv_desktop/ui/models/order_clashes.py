"""What is readable in a ticket and still makes no order together, in one sentence each: the broker's rules of form."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING

from qv_desktop.domain.orders import OrderClass, OrderType, Side, TimeInForce
from qv_desktop.ui.models.order_kinds import STAYING

if TYPE_CHECKING:
    from qv_desktop.ui.models.order_draft import Facts, Field, Typed

type Values = Mapping[Field, Decimal]
type Clashes = Iterator[tuple[Field, str]]


def clashes(typed: "Typed", values: Values, facts: "Facts") -> Clashes:
    """Field and sentence, the first of a field counts."""
    if not typed.symbol.strip():
        yield "symbol", "Type a symbol."
    yield from _fractions(typed, values, facts)
    yield from _lives(typed, values, facts)
    if typed.kind.trail == "%" and values.get("trail", Decimal(0)) >= 100:
        yield "trail", "Type less than 100 %."
    if typed.kind.stop:
        yield from _triggers(typed, values, facts)
    if typed.kind.brackets:
        yield from _classes(typed, values)
        yield from _exits(typed, values, facts)
        yield from _limits(typed, values)
    if typed.order_class is OrderClass.OCO:
        yield from _leaving(typed, facts)


def _triggers(typed: "Typed", values: Values, facts: "Facts") -> Clashes:
    """A stop on the wrong side of the market would trade at once (Alpaca: 422, stop price must be greater/less)."""
    stop, touch = values.get("stop"), facts.touch
    if stop is None or touch is None or (stop - touch) * typed.side.sign > 0:
        return
    side, other = ("ask", "above") if typed.side is Side.BUY else ("bid", "below")
    yield "stop", f"This stop would trigger at once: the {side} is {touch}. Type a price {other} it, or use Market."


def _fractions(typed: "Typed", values: Values, facts: "Facts") -> Clashes:
    quantity = values.get("quantity", Decimal(0))
    if not quantity % 1:
        return
    if typed.life is not TimeInForce.DAY:
        yield "quantity", "Fractions of a share need Day."
    if typed.order_class not in (None, OrderClass.SIMPLE) or _hanging(values):
        yield "quantity", "Take profit and stop loss need whole shares."
    if typed.side is Side.SELL and facts.held <= 0:
        yield "quantity", "Fractions of a share cannot be sold short."


def _lives(typed: "Typed", values: Values, facts: "Facts") -> Clashes:
    if typed.kind.type not in (OrderType.MARKET, OrderType.LIMIT) and typed.life not in STAYING:
        yield "tif", f"{typed.kind.title} orders take Day or GTC."
    if why := facts.closed.get(typed.life, ""):
        yield "tif", why
    attached = _hanging(values) or typed.order_class not in (None, OrderClass.SIMPLE)
    if attached and typed.life not in STAYING:
        yield "tif", "Take profit and stop loss need Day or GTC."
    if attached and typed.extended_hours:
        yield "tif", "Take profit and stop loss work in regular hours only."


def _hanging(values: Values) -> bool:
    return "take_profit" in values or "stop_loss" in values


def _classes(typed: "Typed", values: Values) -> Clashes:
    """Each class names the exits that it needs."""
    profit, loss = bool(typed.take_profit.strip()), bool(typed.stop_loss.strip())
    both = typed.order_class in (OrderClass.BRACKET, OrderClass.OCO)
    if both and not profit:
        yield "take_profit", "Type a take profit."
    if both and not loss:
        yield "stop_loss", "Type a stop loss."
    if typed.order_class is OrderClass.OTO and not (profit or loss):
        yield "stop_loss", "Type a take profit or a stop loss."
    if typed.order_class is OrderClass.OTO and profit and loss:
        yield "class", "An OTO takes one exit; with both it is a Bracket."
    if typed.loss_limit.strip() and not loss:
        yield "loss_limit", "A limit of the stop loss needs a stop loss."


def _exits(typed: "Typed", values: Values, facts: "Facts") -> Clashes:
    """Profit lies beyond the price and loss before it."""
    profit, loss = values.get("take_profit"), values.get("stop_loss")
    base = values.get("limit") or values.get("stop") or facts.price
    above, below = ("above", "below") if typed.out > 0 else ("below", "above")
    if base is None:
        if profit is not None and loss is not None and (profit - loss) * typed.out <= 0:
            yield "take_profit", f"Take profit must lie {above} the stop loss."
        return
    if profit is not None and (profit - base) * typed.out <= 0:
        yield "take_profit", f"Take profit must lie {above} {base}."
    if loss is not None and (base - loss) * typed.out <= 0:
        yield "stop_loss", f"Stop loss must lie {below} {base}."


def _limits(typed: "Typed", values: Values) -> Clashes:
    """The limit of a stop loss lies at the stop or beyond it; before it the order could rest unfilled while the price runs."""
    loss, limit = values.get("stop_loss"), values.get("loss_limit")
    if loss is not None and limit is not None and (limit - loss) * typed.out > 0:
        yield "loss_limit", f"Its limit must not lie {'above' if typed.out > 0 else 'below'} the stop {loss}."


def _leaving(typed: "Typed", facts: "Facts") -> Clashes:
    if not facts.held:
        yield "class", "An OCO closes a position; there is none in this symbol."
    elif facts.held * typed.side.sign > 0:
        yield "class", f"An OCO closes what is held; choose {'SELL' if facts.held > 0 else 'BUY'}."
