"""One order of a signal on its way: judged before and after every wait, and sent the one way that every order goes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from math import inf
from typing import Any

import structlog

from qv_desktop.domain.deployments import SOURCE, Deployment, owns
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, TimeInForce
from qv_desktop.domain.signals import MISSED_AUCTION, Deed, Moment, Signal, hindrance
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.orders import Orders
from qv_desktop.services.signal_keeping import Around, name_of
from qv_desktop.services.signal_opening import IN_AUCTION, PARTS, TOO_LATE, Opening, auctioned, fractional, missed

log = structlog.get_logger(__name__)

QUOTES = 8.0  # seconds that an order waits for a quote young enough
PASSING = frozenset({"QUOTE_AGE", "DUPLICATE", "ORDERS_PER_SECOND"})  # refusals that time mends
LOOK = 0.05
ANSWER = 3.0  # seconds
SOME = Decimal("0.000000001")  # of a share


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order, or ``why`` there is none. ``waits``: it may go later, unless its deployment's run is ``over``.

    ``forbidden``: the person may not trade any more; ``bound``: it is the deployment's bounds that say no, not the moment.
    """

    order: Order | None = None
    why: str = ""
    waits: bool = False
    over: str = ""
    forbidden: bool = False
    bound: bool = False


class SignalSending:
    """``quotes``: seconds that are waited for a quote."""

    def __init__(self, orders: Orders, around: Around, quotes: float = QUOTES) -> None:
        self._orders, self._around, self._quotes = orders, around, quotes
        self.opening = Opening(around)
        self._leaving: set[asyncio.Task[Any]] = set()  # orders on their way

    def hindrance(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> str:
        """Why the deed is not done now, or nothing."""
        moment = self.moment(deployment, signal)
        if not moment.why_not and (why := self._around.unsure(deployment)):
            return why
        return hindrance(deployment, deed, signal.symbol, ledger.tally(self._around.prices()), moment)

    def moment(self, deployment: Deployment, signal: Signal) -> Moment:
        """How things stand, or for what goes into the opening auction how they stand at the open."""
        price = self.price(signal.symbol) or signal.price
        working = bool(self.working(deployment, signal.symbol))
        auction = self.opening.auction(deployment, signal.order, signal)
        now = self._around.now() if auction is None else auction.open
        return Moment(now, price, self._around.equity(), auction is not None or self._around.session_open(),
                      self._around.why_not(deployment), working, self._around.held(signal.symbol))  # fmt: skip

    def price(self, symbol: str) -> Decimal | None:
        """What a share is worth by now: the last price, or the side of the quote that has moved beyond it since; None while unknown."""
        last, quote = self._around.prices().get(symbol), self._around.quote(symbol)
        if last is not None and quote is not None and 0 < quote.bid <= quote.ask < inf:
            last = min(max(last, quote.bid), quote.ask)
        return None if last is None else Decimal(repr(last))

    def quote_old(self, request: OrderRequest) -> bool:
        """Whether the newest quote is too old to reckon on, as the gate has it of an order that opens something."""
        return any(check.code == "QUOTE_AGE" for check in self._orders.judged_beside(request, ()).refusals)

    def passing(self, deployment: Deployment, signal: Signal) -> bool:
        """Whether it is but the moment that hinders an order: the market is closed, another order works, or the lease is unsure."""
        moment = self.moment(deployment, signal)
        return moment.working or not moment.session_open or bool(self._around.unsure(deployment))

    def in_auction(self, deployment: Deployment, signal: Signal) -> bool:
        """Whether its order goes into the opening auction now."""
        return self.opening.auction(deployment, signal.order, signal) is not None

    def kept_out(self, request: OrderRequest) -> str:
        """Why an order is not sent into the opening auction, or nothing: then it is tried again, and after the open at the market."""
        if fractional(request):
            return missed(PARTS)
        refusals = self._orders.judged_beside(request, ()).refusals
        return missed(" ".join(check.message for check in refusals)) if refusals else ""

    def working(self, deployment: Deployment, symbol: str = "") -> list[Order]:
        """Its orders, in one symbol or all, that may still trade, or of which the broker told more shares than executions."""
        lacking = self._orders.settling.unfinished
        return [
            order
            for order in self._orders.book.values()
            if owns(deployment.id, order.id, order.request.source)
            and symbol in ("", order.request.symbol)
            and (order.open or order.id in lacking)
        ]

    def fills(self, source: str) -> list[Fill]:
        """Executions of this sitting in its name, which the journal may not have yet."""
        book = self._orders.book
        return [
            fill
            for fill in self._orders.fills.values()
            if (order := book.get(fill.client_order_id)) is not None
            and owns(source.removeprefix(SOURCE), order.id, order.request.source)
        ]

    def waits_a_moment(self, request: OrderRequest) -> bool:
        """Whether nothing but time is against an order: the next quote comes, and a reversal is not the order that just closed."""
        refusals = self._orders.judged_beside(request, ()).refusals
        return bool(refusals) and all(check.code in PASSING for check in refusals)

    async def quoted(self, request: OrderRequest) -> None:
        """Wait, for a while, until time is not against it any more."""
        await until(lambda: not self.waits_a_moment(request), self._quotes)

    def leave[T](self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """From here the answer to an order is waited for, whatever happens to who asked."""
        leaving = asyncio.get_running_loop().create_task(work)
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        return leaving

    async def send(
        self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed, quantity: Callable[[], Decimal]
    ) -> Outcome:
        """What was judged before a wait is judged again, with nothing waited for from there until the order is in the book."""
        try:
            await self._orders.require_trading()
            if why := self.hindrance(deployment, ledger, signal, deed):
                bound = not self.passing(deployment, signal)
                return Outcome(why=why, waits=True, over=self._around.why_not(deployment), bound=bound)
            request = request_of(deployment, signal, quantity(), auction=self.in_auction(deployment, signal))
            if auctioned(request) and (why := self.kept_out(request)):
                return Outcome(why=why, waits=True)
            ledger.price(signal.order, signal.price)
            ledger.reserve(signal.order)
            return Outcome(await self._orders.submit(request, name_of(signal)))
        except NotPermitted as error:
            ledger.release(signal.order)
            return Outcome(why=str(error), waits=True, forbidden=True)
        except DatabaseDown as error:
            ledger.release(signal.order)
            return Outcome(why=str(error), waits=True)
        except QvError as error:
            ledger.release(signal.order)
            return Outcome(why=str(error))
        except Exception as error:
            log.error("signal_order_failed", signal=name_of(signal), exc_info=error)
            if signal.order not in self._orders.book:  # else it may have left, and the broker is asked
                ledger.release(signal.order)
                return Outcome(why=f"It could not be sent: {type(error).__name__}: {error}.")
            return Outcome(self._orders.book[signal.order])

    def said(self, deployment: Deployment, signal: Signal, order: Order) -> str:
        """What stands beside an order of a day that went the way it was meant to, or had to go after the open instead."""
        if auctioned(order.request):
            return IN_AUCTION
        if not self.opening.known(deployment):
            return ""
        return signal.reason if signal.reason.startswith(MISSED_AUCTION) else missed(TOO_LATE)

    def order(self, key: str) -> Order | None:
        """The order of that id, as the book has it."""
        return self._orders.book.get(key)

    async def close(self) -> None:
        """Let what is on its way to the broker have its answer, if that comes soon."""
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=ANSWER)


async def until(seen: Callable[[], bool], seconds: float) -> bool:
    """Whether it was ``seen`` within so long."""
    end = asyncio.get_running_loop().time() + seconds
    while not seen():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(LOOK)
    return True


def request_of(deployment: Deployment, signal: Signal, quantity: Decimal, *, auction: bool = False) -> OrderRequest:
    """The market order that a signal asks for, on the open (market, OPG) or for the day."""
    bar = utc(signal.bar).astimezone(NEW_YORK)
    note = f"{signal.kind} of {deployment.label} at the bar of {bar:%Y-%m-%d %H:%M} ET"
    life = TimeInForce.OPG if auction else TimeInForce.DAY
    return OrderRequest(
        signal.order, signal.symbol, signal.side, quantity, time_in_force=life, source=deployment.source, note=note
    )


def fell_short(order: Order, closes: bool) -> bool:
    """Whether it ended at the broker before all of an exit, or anything of an entry, traded; what lives on as another order has not."""
    ends = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
    return order.status in ends and order.filled < (
        order.request.quantity if closes else order.request.quantity.min(SOME)
    )
