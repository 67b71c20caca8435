"""One order of a signal on its way: judged before and after every wait, and sent the one way that every order goes."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import structlog

from qv_desktop.domain.deployments import SOURCE, Deployment, owns
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, QvError
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus
from qv_desktop.domain.signals import Deed, Moment, Signal, hindrance
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.orders import Orders
from qv_desktop.services.signal_keeping import Around, name_of

log = structlog.get_logger(__name__)

QUOTES = 8.0  # seconds that an order waits for a quote young enough
PASSING = frozenset({"QUOTE_AGE", "DUPLICATE", "ORDERS_PER_SECOND"})  # refusals that time mends
LOOK = 0.05
ANSWER = 3.0  # seconds
SOME = Decimal("0.000000001")  # of a share


@dataclass(frozen=True, slots=True)
class Outcome:
    """The order, or ``why`` there is none. ``waits``: it may go later, unless its deployment's run is ``over``.

    ``forbidden``: the person may not trade any more.
    """

    order: Order | None = None
    why: str = ""
    waits: bool = False
    over: str = ""
    forbidden: bool = False


class SignalSending:
    """``quotes``: seconds that are waited for a quote."""

    def __init__(self, orders: Orders, around: Around, quotes: float = QUOTES) -> None:
        self._orders, self._around, self._quotes = orders, around, quotes
        self._leaving: set[asyncio.Task[Any]] = set()  # orders on their way

    def hindrance(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> str:
        """Why the deed is not done now, or nothing."""
        moment = self.moment(deployment, signal)
        if not moment.why_not and (why := self._around.unsure(deployment)):
            return why
        return hindrance(deployment, deed, signal.symbol, ledger.tally(self._around.prices()), moment)

    def moment(self, deployment: Deployment, signal: Signal) -> Moment:
        """How things stand."""
        last = self._around.prices().get(signal.symbol)
        price = signal.price if last is None else Decimal(repr(last))
        working = bool(self.working(deployment, signal.symbol))
        return Moment(self._around.now(), price, self._around.equity(), self._around.session_open(),
                      self._around.why_not(deployment), working, self._around.held(signal.symbol))  # fmt: skip

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
                return Outcome(why=why, waits=True, over=self._around.why_not(deployment))
            request = request_of(deployment, signal, quantity())
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


def request_of(deployment: Deployment, signal: Signal, quantity: Decimal) -> OrderRequest:
    """The market order that a signal asks for."""
    bar = utc(signal.bar).astimezone(NEW_YORK)
    note = f"{signal.kind} of {deployment.label} at the bar of {bar:%Y-%m-%d %H:%M} ET"
    return OrderRequest(signal.order, signal.symbol, signal.side, quantity, source=deployment.source, note=note)


def fell_short(order: Order, closes: bool) -> bool:
    """Whether it ended at the broker before all of an exit, or anything of an entry, traded; what lives on as another order has not."""
    ends = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
    return order.status in ends and order.filled < (
        order.request.quantity if closes else order.request.quantity.min(SOME)
    )
