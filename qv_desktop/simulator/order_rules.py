"""What the broker checks before it takes an order: the account, the position, the other orders, the market."""

from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.simulator.accounts import Account
from qv_desktop.simulator.alpaca_errors import (
    BrokerError,
    forbidden,
    insufficient_buying_power,
    insufficient_qty,
    invalid_input,
    stop_price_wrong,
    unprocessable,
    wash_trade,
)
from qv_desktop.simulator.alpaca_format import decimal_text
from qv_desktop.simulator.margin import buying_power, can_short, equity, order_value
from qv_desktop.simulator.order_book import OrderBook, waits_for_parent
from qv_desktop.simulator.order_schedule import Schedule
from qv_desktop.simulator.orders import ZERO, Order
from qv_desktop.simulator.pricing import Pricing
from qv_desktop.simulator.ticks import Listing

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Desk:
    """What the rules look at."""

    account: Account
    book: OrderBook
    pricing: Pricing
    schedule: Schedule


def require_acceptable(order: Order, listing: Listing, desk: Desk, now: int, replaced: Order | None = None) -> None:
    """Raise BrokerError when the order may not be taken; `replaced` is the order whose place it takes."""
    _require_account(order, listing, desk)
    if refusal := desk.schedule.auction_refusal(order.time_in_force, now):
        raise refusal
    _require_class_fits(order, desk)
    _require_stop_beyond_market(order, desk)
    _require_exits_beyond_base(order, desk)
    _require_no_wash(order, desk, replaced)
    position = desk.account.quantity(order.symbol)
    if position * order.sign < 0:
        _require_shares(order, position, desk, replaced)
    else:
        _require_opening(order, listing, desk, replaced)


def _require_account(order: Order, listing: Listing, desk: Desk) -> None:
    settings = desk.account.configuration
    if settings["suspend_trade"]:
        raise forbidden("new orders are rejected by user request")
    if not listing.tradable:
        raise unprocessable(f'asset "{listing.symbol}" is not tradable')
    fractional = order.notional is not None or (order.qty or ZERO) % 1 != 0
    if fractional and not listing.fractionable:
        raise forbidden(f'asset "{listing.symbol}" is not fractionable')
    if fractional and not settings["fractional_trading"]:
        raise forbidden("account is not allowed to trade fractional shares")


def _require_class_fits(order: Order, desk: Desk) -> None:
    closes = desk.account.quantity(order.symbol) * order.sign < 0
    if order.order_class in ("bracket", "oto") and not order.role and closes:
        raise unprocessable(f"{order.order_class} orders must be entry orders")
    if order.order_class == "oco" and not closes:
        raise unprocessable("oco orders must be exit orders")


def _require_stop_beyond_market(order: Order, desk: Desk) -> None:
    if order.type not in ("stop", "stop_limit") or order.stop_price is None or waits_for_parent(order):
        return
    market = desk.pricing.last(order.symbol)
    if (order.stop_price - market) * order.sign <= 0:
        raise stop_price_wrong("greater" if order.side == "buy" else "less", order.stop_price, market)


def _require_exits_beyond_base(order: Order, desk: Desk) -> None:
    """A bracket's exits lie at least a cent from the entry's limit, or from the market for a market entry."""
    base = order.limit_price if order.type == "limit" else desk.pricing.last(order.symbol)
    if order.order_class not in ("bracket", "oto") or order.role or base is None:
        return
    shown = {"base_price": decimal_text(base)}
    for leg in order.legs:
        if leg.role == "take_profit" and ((leg.limit_price or ZERO) - base) * order.sign < CENT:
            bound = ">= base_price + 0.01" if order.side == "buy" else "<= base_price - 0.01"
            raise unprocessable(f"take_profit.limit_price must be {bound}", **shown)
        if leg.role == "stop_loss" and (base - (leg.stop_price or ZERO)) * order.sign < CENT:
            bound = "<= base_price - 0.01" if order.side == "buy" else ">= base_price + 0.01"
            raise unprocessable(f"stop_loss.stop_price must be {bound}", **shown)


def _require_no_wash(order: Order, desk: Desk, replaced: Order | None) -> None:
    own = {o.id for o in replaced.group} if replaced else set()
    for other in desk.book.open(order.symbol):
        if other.side == order.side or other.id in own or waits_for_parent(other):
            continue
        if reason := _wash_reason(order, other):
            raise wash_trade(reason, other.id)


def _wash_reason(order: Order, other: Order) -> str | None:
    if other.limit_price is None:
        return "opposite side market/stop order exists"
    if order.limit_price is None or (order.limit_price - other.limit_price) * order.sign >= 0:
        return "opposite side limit order exists"
    return None


def _require_shares(order: Order, position: Decimal, desk: Desk, replaced: Order | None) -> None:
    held, related = desk.book.held_shares(order.symbol, position, replaced)
    asked = order.remaining(desk.pricing.last(order.symbol))
    if asked > abs(position) - held:
        raise insufficient_qty(order.symbol, asked, abs(position), held, related)


def _require_opening(order: Order, listing: Listing, desk: Desk, replaced: Order | None) -> None:
    if order.position_intent.endswith("_to_close"):
        raise invalid_input(
            f"position intent mismatch, inferred: {order.side}_to_open, specified: {order.side}_to_close"
        )
    _require_one_direction(order, desk)
    if order.side == "sell":
        _require_shortable(order, listing, desk)
    _require_money(order, listing, desk, replaced)


def _require_one_direction(order: Order, desk: Desk) -> None:
    """From flat, a symbol cannot be entered both long and short."""
    if desk.account.quantity(order.symbol):
        return
    opposite = next((o for o in desk.book.open(order.symbol) if o.side != order.side and not o.role), None)
    if opposite is not None:
        side, other = ("short sell", "long buy") if order.side == "sell" else ("long buy", "short sell")
        raise forbidden(f"cannot open a {side} while a {other} order is open", existing_order_id=opposite.id)


def _require_shortable(order: Order, listing: Listing, desk: Desk) -> None:
    if not can_short(desk.account, equity(desk.account, desk.pricing.last)):
        raise forbidden("account is not allowed to short")
    if not (listing.shortable and listing.easy_to_borrow):
        raise unprocessable(f'asset "{listing.symbol}" cannot be sold short')
    if order.notional is not None or (order.qty or ZERO) % 1 != 0:
        raise unprocessable("fractional orders cannot be sold short")


def _require_money(order: Order, listing: Listing, desk: Desk, replaced: Order | None) -> None:
    cost = value(order, desk.pricing)
    if cost < 1:
        raise forbidden(
            "cost basis must be >= minimal amount of order 1", cost_basis=decimal_text(cost.normalize() + 0)
        )
    held = desk.book.held_buying_power(desk.pricing.ask_and_last, desk.account.quantity, replaced)
    power = buying_power(desk.account, desk.pricing.last, held)
    if not listing.marginable:
        power = min(power, max(ZERO, desk.account.cash - held))
    if cost > power:
        raise insufficient_buying_power(power, cost)


def value(order: Order, pricing: Pricing) -> Decimal:
    """What the order's remaining shares claim of the buying power, in dollars."""
    ask, last = pricing.ask_and_last(order.symbol)
    return order_value(order, ask, last, order.remaining(last))


def require_replaceable(order: Order) -> None:
    """Raise BrokerError when the order's state allows no replacement."""
    held_leg = order.status == "held" and not waits_for_parent(order)
    if order.status not in ("new", "partially_filled") and not held_leg:
        raise unprocessable("unable to replace order in current state")
    if order.notional is not None:
        raise unprocessable("notional orders cannot be replaced")


def cancel_refusal(order: Order) -> BrokerError | None:
    """Why the order cannot be cancelled; None when it can."""
    if order.is_open and order.status not in ("pending_cancel", "pending_replace"):
        return None
    return unprocessable(f'order is already in "{order.status}" state')
