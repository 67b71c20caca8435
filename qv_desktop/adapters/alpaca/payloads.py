"""Our orders in Alpaca's words: the bodies of POST and PATCH /v2/orders. Numbers go as decimal text, exact."""

from decimal import Decimal

from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType

type Body = dict[str, object]


def submission(request: OrderRequest) -> Body:
    """The body of a new order, always with its client order id, for that is what makes asking again safe."""
    body: Body = {
        "symbol": request.symbol,
        "qty": _text(request.quantity),
        "side": request.side.value,
        "type": request.type.value,
        "time_in_force": request.time_in_force.value,
        "client_order_id": request.client_order_id,
    }
    body |= _prices(request)
    if request.order_class is OrderClass.OCO:
        body.pop("limit_price", None)  # the limit order of the pair is named as its take profit
    if request.extended_hours:
        body["extended_hours"] = True
    if request.order_class is not OrderClass.SIMPLE:
        body |= _group(request)
    return body


def amendment(before: OrderRequest, after: OrderRequest) -> Body:
    """The body of a replacement: what changed, and the new client order id."""
    changes: Body = {"qty": _text(after.quantity)} if after.quantity != before.quantity else {}
    if after.time_in_force is not before.time_in_force:
        changes["time_in_force"] = after.time_in_force.value
    old, new = _prices(before), _prices(after)
    changes |= {key: value for key, value in new.items() if old.get(key) != value and not key.startswith("trail_")}
    trail = after.trail_price if after.trail_price is not None else after.trail_percent
    if trail is not None and (after.trail_price, after.trail_percent) != (before.trail_price, before.trail_percent):
        changes["trail"] = _text(trail)
    if not changes:
        changes["qty"] = _text(after.quantity)
    if after.client_order_id != before.client_order_id:
        changes["client_order_id"] = after.client_order_id
    return changes


def _prices(request: OrderRequest) -> Body:
    if request.type is OrderType.TRAILING_STOP:
        trail = {"trail_price": request.trail_price, "trail_percent": request.trail_percent}
        return {key: _text(value) for key, value in trail.items() if value is not None}
    prices = {"limit_price": request.limit, "stop_price": request.stop}
    return {key: _text(value) for key, value in prices.items() if value is not None}


def _group(request: OrderRequest) -> Body:
    group: Body = {"order_class": request.order_class.value}
    profit = request.limit if request.order_class is OrderClass.OCO else request.take_profit
    if profit is not None:
        group["take_profit"] = {"limit_price": _text(profit)}
    loss = {"stop_price": request.stop_loss, "limit_price": request.stop_loss_limit}
    if request.stop_loss is not None:
        group["stop_loss"] = {key: _text(value) for key, value in loss.items() if value is not None}
    return group


def _text(value: Decimal) -> str:
    return format(value, "f")
