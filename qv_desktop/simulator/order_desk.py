"""Taking orders in: new ones, replacements and cancels, checked and handed to the order's life."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from qv_desktop.simulator.alpaca_errors import BrokerError, invalid_input, not_found, unprocessable
from qv_desktop.simulator.order_entry import TIMES_IN_FORCE, Body, Ticket, client_id, number, require_tick, ticket, word
from qv_desktop.simulator.order_life import OrderLife, replacement_size
from qv_desktop.simulator.order_rules import Desk, cancel_refusal, require_acceptable, require_replaceable
from qv_desktop.simulator.orders import STOP_LOSS, TAKE_PROFIT, Order
from qv_desktop.simulator.ticks import Listing


class OrderDesk:
    """The counter at which orders arrive; `listing` finds a listing by symbol or asset id."""

    def __init__(self, desk: Desk, life: OrderLife, listing: Callable[[str], Listing | None]) -> None:
        self._desk = desk
        self._life = life
        self._listing = listing

    def submit(self, body: Body, now: int, *, even_twice: bool = False) -> Order:
        """Take the order of a POST body; raises BrokerError when it is refused.

        `even_twice`: also when its client order id is taken, as brokers do that do not tell repetitions apart.
        """
        asked = ticket(body)
        listing = self._listing(asked.symbol)
        if listing is None:
            raise unprocessable(f'asset "{asked.symbol}" not found')
        if not even_twice:
            self._require_new_client_id(asked.client_order_id)
        order = self._drafted(replace(asked, symbol=listing.symbol), listing, now)
        require_acceptable(order, listing, self._desk, now)
        for each in (order, *order.legs):
            self._desk.book.add(each)
        self._life.receive(order, now)
        return order

    def _require_new_client_id(self, given: str | None) -> None:
        if given is not None and self._desk.book.by_client_id(given) is not None:
            raise invalid_input("client_order_id must be unique")

    def _drafted(self, asked: Ticket, listing: Listing, now: int) -> Order:
        order = Order(
            symbol=asked.symbol,
            asset_id=listing.asset_id,
            side=asked.side,
            type=asked.type,
            time_in_force=asked.time_in_force,
            created_at=now,
            qty=asked.qty,
            notional=asked.notional,
            limit_price=asked.limit_price,
            stop_price=asked.stop_price,
            trail_price=asked.trail_price,
            trail_percent=asked.trail_percent,
            order_class=asked.order_class,
            extended_hours=asked.extended_hours,
            position_intent=asked.position_intent or self._intent(asked.symbol, asked.side),
        )
        if asked.client_order_id is not None:
            order.client_order_id = asked.client_order_id
        if asked.order_class == "oco":
            order.role, order.limit_price = TAKE_PROFIT, asked.take_profit or asked.limit_price
        order.legs = self._exits(asked, order)
        return order

    def _intent(self, symbol: str, side: str) -> str:
        held = self._desk.account.quantity(symbol)
        closes = held < 0 if side == "buy" else held > 0
        return f"{side}_to_{'close' if closes else 'open'}"

    def _exits(self, asked: Ticket, entry: Order) -> list[Order]:
        side = entry.side if asked.order_class == "oco" else ("sell" if entry.side == "buy" else "buy")
        legs = []
        if asked.take_profit is not None and asked.order_class != "oco":
            legs.append(_leg(entry, side, TAKE_PROFIT, "limit", asked.take_profit, None))
        if asked.stop_loss is not None:
            kind = "stop" if asked.stop_loss_limit is None else "stop_limit"
            legs.append(_leg(entry, side, STOP_LOSS, kind, asked.stop_loss_limit, asked.stop_loss))
        return legs

    def replace(self, order: Order, body: Body, now: int) -> Order:
        """Take the replacement that a PATCH body asks for; returns the new order."""
        require_replaceable(order)
        new = self._replacement(order, body, now)
        listing = self._listing(order.symbol)
        if listing is None:
            raise unprocessable(f'asset "{order.symbol}" not found')
        require_acceptable(new, listing, self._desk, now, replaced=order)
        self._desk.book.add(new)
        self._life.ask_replace(order, new, now)
        return new

    def _replacement(self, order: Order, body: Body, now: int) -> Order:
        given = client_id(body)
        self._require_new_client_id(given)
        trail, qty = number(body, "trail"), number(body, "qty")
        if trail is not None and order.type != "trailing_stop":
            raise invalid_input("trail can only be replaced on trailing stop orders")
        if qty is not None and (qty % 1 or (order.qty or 0) % 1):
            raise unprocessable("qty of fractional orders cannot be replaced")
        new = Order(
            symbol=order.symbol,
            asset_id=order.asset_id,
            side=order.side,
            type=order.type,
            time_in_force=word(body, "time_in_force", TIMES_IN_FORCE, order.time_in_force),
            created_at=now,
            qty=replacement_size(order, qty),
            limit_price=self._price(body, "limit_price", order, order.limit_price),
            stop_price=self._price(body, "stop_price", order, order.stop_price),
            trail_price=(trail or order.trail_price) if order.trail_price is not None else None,
            trail_percent=(trail or order.trail_percent) if order.trail_percent is not None else None,
            hwm=order.hwm,
            order_class=order.order_class,
            extended_hours=order.extended_hours,
            position_intent=order.position_intent,
            replaces=order.id,
            role=order.role,
            parent=order.parent,
        )
        if given is not None:
            new.client_order_id = given
        return new

    def _price(self, body: Body, name: str, order: Order, old: Decimal | None) -> Decimal | None:
        new = number(body, name)
        if new is not None and old is None:
            raise invalid_input(f"{name} cannot be set on a {order.type} order")
        require_tick(name, new)
        return old if new is None else new

    def cancel(self, order: Order, now: int) -> None:
        """Ask for a cancel; raises BrokerError when the order's state allows none."""
        if refusal := cancel_refusal(order):
            raise refusal
        self._life.ask_cancel(order, now)

    def find(self, order_id: str) -> Order:
        """The order with this id; raises BrokerError (404) when there is none."""
        order = self._desk.book.get(order_id)
        if order is None:
            raise order_missing(order_id)
        return order


def _leg(entry: Order, side: str, role: str, kind: str, limit: Decimal | None, stop: Decimal | None) -> Order:
    return Order(
        symbol=entry.symbol,
        asset_id=entry.asset_id,
        side=side,
        type=kind,
        time_in_force=entry.time_in_force,
        created_at=entry.created_at,
        qty=entry.qty,
        limit_price=limit,
        stop_price=stop,
        order_class=entry.order_class,
        position_intent=f"{side}_to_close",
        status="held",
        role=role,
        parent=entry,
    )


def order_missing(order_id: str) -> BrokerError:
    """No order has this id."""
    return not_found(f"order not found for {order_id}")
