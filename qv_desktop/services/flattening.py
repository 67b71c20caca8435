"""Flattening: what rests in a symbol is cancelled, then what is held is closed, through the one way that every order goes."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import structlog

from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.flattening import OPENING, Plan, closing_order, market_order, planned
from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.domain.positions import Position
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions

log = structlog.get_logger(__name__)

CANCELS = 10.0  # seconds until the symbol's orders must be gone
FILLS = 30.0  # seconds until the closing order must be done
QUOTES = 5.0  # seconds that the other side of a reversal waits for a quote young enough
LOOK = 0.05  # seconds between two looks at the book
OF_THE_SIDE = ("SHORT", "BORROW", "SSR", "RESTRICTED")  # rules that forbid one side of a symbol whatever the size

type Tell = Callable[[str], None]


class Flattening:
    """One intent per symbol at a time. ``prices`` gives last prices by symbol."""

    def __init__(self, orders: Orders, positions: Positions, prices: Callable[[], Mapping[str, float]], *, cancels: float = CANCELS,
                 fills: float = FILLS, quotes: float = QUOTES) -> None:  # fmt: skip
        self._orders, self._positions, self._prices = orders, positions, prices
        self._cancels, self._fills, self._quotes = cancels, fills, quotes
        self.under_way: set[str] = set()  # symbols

    def plan(self, symbol: str, *, reverse: bool = False) -> Plan:
        """What closing the position would do now. Raises BadInput when nothing is held."""
        position = self._positions[symbol]
        if not position.quantity:
            raise BadInput(f"No {symbol} is held: there is nothing to close.")
        plan = self._planned(position, reverse=reverse)
        return replace(plan, refused=self._refusal(plan))

    def plans(self) -> list[Plan]:
        """What closing every position would do now."""
        return [self._planned(position) for _, position in sorted(self._positions.held().items())]

    def _planned(self, position: Position, *, reverse: bool = False) -> Plan:
        last = self._prices().get(position.symbol)
        return planned(position, self._orders.book.values(), None if last is None else money(last), reverse=reverse)

    def _refusal(self, plan: Plan) -> str:
        """Why the rules would not take the closing order once the symbol's others are gone; nothing when they would."""
        if plan.reverse and not self._orders.opens:
            return "Trading is not open, so that nothing could be opened on the other side; flatten only."
        gone = {order.id for order in self._open_in(plan.symbol)}
        verdict = self._orders.judged_beside(closing_order(plan, "", plan.quantity), gone)
        refused = " ".join(check.message for check in verdict.refusals)
        return refused or (self._cannot_open(plan, gone) if plan.reverse else "")

    def _cannot_open(self, plan: Plan, gone: Collection[str]) -> str:
        """Why the other side could never be stood on, as far as that can be told while the position is held; nothing when it could.

        Sold as one order with what is held, what is short of it is judged by the same rules as when the position is flat.
        """
        if plan.side is Side.SELL and plan.quantity % 1:
            return f"Parts of a share cannot be sold short, and {plan.quantity:f} {plan.symbol} would be; flatten only."
        both = market_order("", plan.symbol, plan.side, plan.quantity * 2, OPENING)
        refusals = [
            check.message for check in self._orders.judged_beside(both, gone).refusals if check.code in OF_THE_SIDE
        ]
        return f"{' '.join(refusals)} Flatten only." if refusals else ""

    async def flatten(self, plan: Plan, closing: str, opening: str = "", tell: Tell = lambda words: None) -> str:
        """Do what ``plan`` shows, and say what became of it; ``closing`` and ``opening`` are the client order ids of its orders.

        While the same symbol is under way nothing is done. Raises BadInput when the position is not the planned one any more,
        or when it could not be closed whole: the sentence says what remains. Raises NotPermitted and DatabaseDown as orders do.
        """
        if plan.symbol in self.under_way:
            return ""
        await self._orders.require_trading()
        if plan.symbol in self.under_way:
            return ""
        self._same_as(plan)
        if why := self._refusal(plan):  # a stop that protects is not taken away for an order that would not be sent
            raise BadInput(f"{why} Nothing was cancelled, and the {plan.symbol} position stands.")
        self.under_way.add(plan.symbol)
        try:
            return await self._done(plan, closing, opening, tell)
        finally:
            self.under_way.discard(plan.symbol)

    async def _done(self, plan: Plan, closing: str, opening: str, tell: Tell) -> str:
        await self._clear(plan.symbol, tell, closing)
        held = self._positions[plan.symbol].quantity
        if not held:
            return self._said(f"{plan.symbol} is flat: what was cancelled had closed it.", plan)
        if (held > 0) != (plan.held > 0):
            raise BadInput(
                f"{plan.symbol} turned to {held:f} shares while its orders were cancelled; nothing was sent. Look again."
            )
        tell(f"Closing {abs(held):f} {plan.symbol}…")
        order = await self._send(plan, closing)
        if plan.reverse:
            tell(f"Opening {plan.quantity:f} {plan.symbol} on the other side…")
            await self._open(plan, opening)
            return f"{plan.symbol} is reversed: {order.request.side} {abs(held):f}, then {plan.side} {plan.quantity:f}."
        average = "" if order.average is None else f" at {order.average:.2f}"
        return f"{plan.symbol} is flat: {order.request.side} {abs(held):f}{average}."

    def _said(self, sentence: str, plan: Plan) -> str:
        return f"{sentence} Nothing was opened on the other side." if plan.reverse else sentence

    def _same_as(self, plan: Plan) -> None:
        held = self._positions[plan.symbol].quantity
        if held != plan.held:
            raise BadInput(
                f"The {plan.symbol} position changed from {plan.held:f} to {held:f} shares since the preview; nothing was sent. Look again."
            )

    async def _clear(self, symbol: str, tell: Tell, closing: str) -> None:
        """Cancel the symbol's orders on both sides and wait until the broker says that they are gone."""
        resting = self._open_in(symbol)
        if not resting:
            return
        tell(f"Cancelling {_orders(len(resting))} in {symbol}…")
        await self._orders.cancel([order.id for order in resting], f"to flatten {symbol}", closing)
        if not await self._until(lambda: not self._open_in(symbol), self._cancels):
            left = _orders(len(self._open_in(symbol)))
            raise BadInput(
                f"{left} in {symbol} could not be cancelled within {self._cancels:g} s, so that nothing was sent and the position stands."
                " Look at the blotter, then flatten again."
            )

    async def _send(self, plan: Plan, key: str) -> Order:
        """The closing order, once it is filled."""
        held = self._positions[plan.symbol].quantity
        try:
            order = await self._orders.submit(closing_order(plan, key, abs(held)))
        except QvError as error:
            raise type(error)(
                f"{error} The {plan.symbol} position stands; its working orders are cancelled."
            ) from error
        await self._until(lambda: not self._orders.book[order.id].open, self._fills)
        order = self._orders.book[order.id]
        if order.status is OrderStatus.FILLED:
            return order
        raise BadInput(self._remains(plan, order))

    def _remains(self, plan: Plan, order: Order) -> str:
        """What stands when the closing order did not fill whole."""
        held = self._positions[plan.symbol].quantity
        if order.open:
            rest = f"the closing order is still {order.status} for {order.remaining:f} of {order.request.quantity:f} shares"
        else:
            rest = f"the closing order was {order.status}{': ' + order.reason.rstrip('.') if order.reason else ''}"
        return self._said(f"{plan.symbol} is not flat: {rest}; {held:f} shares are held.", plan)

    async def _open(self, plan: Plan, key: str) -> None:
        """The other side, which Alpaca takes only once the position is flat."""
        flat = await self._until(lambda: not self._positions[plan.symbol].quantity, self._cancels)
        if not flat:
            held = self._positions[plan.symbol].quantity
            raise BadInput(
                f"{plan.symbol} was closed but {held:f} shares are held; nothing was opened on the other side."
            )
        opening = market_order(key, plan.symbol, plan.side, plan.quantity, OPENING)
        await self._until(lambda: not self._waits_for_quote(opening), self._quotes)
        order = await self._orders.submit(opening)
        if order.status in (OrderStatus.REFUSED, OrderStatus.REJECTED):
            raise BadInput(f"{plan.symbol} is flat, but the other side was {order.status}: {order.reason}")

    def _waits_for_quote(self, request: OrderRequest) -> bool:
        """Whether nothing but the age of the quote is against an order, which the next quote mends."""
        refusals = self._orders.judged_beside(request, ()).refusals
        return bool(refusals) and all(check.code == "QUOTE_AGE" for check in refusals)

    def _open_in(self, symbol: str) -> list[Order]:
        return [order for order in self._orders.book.values() if order.open and order.request.symbol == symbol]

    async def _until(self, seen: Callable[[], bool], seconds: float) -> bool:
        """Look again and again; whether it was seen in time."""
        end = asyncio.get_running_loop().time() + seconds
        while not seen():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(LOOK)
        return True


def _orders(count: int) -> str:
    return f"{count} order{'' if count == 1 else 's'}"
