"""Orders from signals: written down once, sized within the deployment's bounds, and sent the one way that every order goes."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Protocol

import structlog

from qv_desktop.domain.audit import Actor, Draft, Outcome
from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted, QvError, RowRefused
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus
from qv_desktop.domain.signals import (
    BOTH,
    Deed,
    Fate,
    Kind,
    Moment,
    Raised,
    Signal,
    deeds,
    hindrance,
    order_id,
    shares,
    side_of,
)
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

FLAT = 30.0  # seconds that the other side of a reversal waits until what was held is closed
QUOTES = 8.0  # seconds that an order waits for a quote young enough
PASSING = frozenset({"QUOTE_AGE", "DUPLICATE", "ORDERS_PER_SECOND"})  # refusals that time mends
LOOK = 0.05
SOME = Decimal("0.000000001")  # of a share
LONGEST_LOOK, ANSWER = 0.5, 3.0  # seconds
ENDED = "The deployment was paused or stopped before it could go."
MISSED_EXIT = "The position stands: close it by hand, or wait for its next exit."

type Publish = Callable[[Signal], None]


class SignalStore(Protocol):
    """Where signals are written down. Raises DatabaseDown."""

    async def raise_(self, signal: Signal, account: str, draft: Draft | None) -> bool:
        """Once; whether it was not there yet."""

    async def settle(self, signal: Signal) -> None:
        """What became of it."""


@dataclass(frozen=True, slots=True)
class Around:
    """What an order is judged by besides the rules of the account. ``why_not`` says why a deployment may send nothing now."""

    now: Callable[[], datetime]
    prices: Callable[[], Mapping[str, float]]
    equity: Callable[[], Decimal | None]
    session_open: Callable[[], bool]
    account: Callable[[], str]
    held: Callable[[str], Decimal]  # what the books hold of a symbol
    why_not: Callable[[Deployment], str]
    actor: Callable[[], Actor]


class SignalOrders:
    """``forbidden`` hears that the person's right to trade is gone; ``changed`` of every signal as it now stands."""

    def __init__(
        self, orders: Orders, store: SignalStore, around: Around, changed: Publish, forbidden: Callable[[Deployment, str], None],
        *, flat: float = FLAT, quotes: float = QUOTES,
    ) -> None:  # fmt: skip
        self._orders, self._store, self._around, self._changed = orders, store, around, changed
        self._forbidden, self._flat, self._quotes = forbidden, flat, quotes
        self._waiting: dict[tuple[str, str], Signal] = {}  # exits that go as soon as they can
        self._leaving: set[asyncio.Task[bool]] = set()  # orders on their way
        self._unsaved: list[Signal] = []  # what became of signals while the database was away

    async def act(self, deployment: Deployment, ledger: Ledger, raised: Raised) -> None:
        """Do what is said of a bar, in order: what is held is closed before the other side is opened."""
        todo = self._todo(deployment, ledger, raised)
        if raised.late and (raised.missed or not deployment.terms.bounds.trade_late):
            await self._late(deployment, ledger, raised, todo)
        elif todo:
            for place, deed in enumerate(todo):
                if place and not await self._until(lambda: not ledger[raised.symbol].quantity, self._flat):
                    why = "What was held before was not closed in time."
                    await self._told(
                        replace(_signal(deployment, raised, deed.kind), fate=Fate.BLOCKED, reason=why, order="")
                    )
                elif not await self._done(deployment, ledger, raised, deed):
                    break
        else:
            await self._nothing(deployment, ledger, raised)

    def _todo(self, deployment: Deployment, ledger: Ledger, raised: Raised) -> tuple[Deed, ...]:
        """An exit is of what its entry may still bring, too: else that would stand when it comes."""
        held, shorts = ledger[raised.symbol].quantity, deployment.terms.bounds.shorts
        coming = Decimal(sum(order.request.side.sign for order in self._working(deployment, raised.symbol)))
        if not held and coming and (todo := deeds(raised.kinds, coming, shorts=shorts)):
            return todo
        return deeds(raised.kinds, held, shorts=shorts)

    async def _done(self, deployment: Deployment, ledger: Ledger, raised: Raised, deed: Deed) -> bool:
        """Whether the deed was sent."""
        signal = _signal(deployment, raised, deed.kind)
        if not deed.close:
            self._overtaken(deployment.id, raised.symbol)
        try:
            if not await self._store.raise_(signal, self._around.account(), self._draft(signal)):
                return False  # it was acted upon before: by this program, or at another desk
        except QvError as error:
            self._put_off(signal, deed, str(error))
            return False
        self._changed(signal)
        return await self._sent(deployment, ledger, signal, deed)

    async def _sent(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> bool:
        """A pause or a stop ends the wait before an order is on its way; from then on its answer is waited for whatever happens."""
        if why := self._hindrance(deployment, ledger, signal, deed):
            self._put_off(signal, deed, why, self._around.why_not(deployment))
            return False
        try:
            request = _request(deployment, signal, self._quantity(deployment, ledger, signal, deed))
        except QvError as error:
            await self._not_sent(signal, deed, str(error))
            return False
        try:
            await self._until(lambda: not self._waits_a_moment(request), self._quotes)
        except asyncio.CancelledError:
            self._put_off(signal, deed, ENDED, ENDED)
            raise
        return await asyncio.shield(self._send(deployment, ledger, signal, deed))

    async def remark(self, signal: Signal) -> None:
        """Keep what is to be said of a signal beside what became of it."""
        await self._settle(signal)

    def _send(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> asyncio.Task[bool]:
        sending = asyncio.get_running_loop().create_task(self._submitted(deployment, ledger, signal, deed))
        self._leaving.add(sending)
        sending.add_done_callback(self._leaving.discard)
        return sending

    async def _submitted(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> bool:
        """What was judged before a wait is judged again, with nothing waited for from there until the order is in the book."""
        try:
            await self._orders.require_trading()
            if why := self._hindrance(deployment, ledger, signal, deed):
                self._put_off(signal, deed, why, self._around.why_not(deployment))
                return False
            request = _request(deployment, signal, self._quantity(deployment, ledger, signal, deed))
            ledger.price(signal.order, signal.price)
            ledger.reserve(signal.order)
            order = await self._orders.submit(request, _name(signal))
        except NotPermitted as error:
            ledger.release(signal.order)
            self._put_off(signal, deed, str(error))
            self._forbidden(deployment, str(error))
            return False
        except DatabaseDown as error:
            ledger.release(signal.order)
            self._put_off(signal, deed, str(error))
            return False
        except QvError as error:
            ledger.release(signal.order)
            await self._not_sent(signal, deed, str(error))
            return False
        except Exception as error:
            log.error("signal_order_failed", signal=_name(signal), exc_info=error)
            if signal.order not in self._orders.book:  # else it may have left, and the broker is asked
                ledger.release(signal.order)
                await self._not_sent(signal, deed, f"It could not be sent: {type(error).__name__}: {error}.")
                return False
            order = self._orders.book[signal.order]
        return await self._became(signal, order, deed)

    def _hindrance(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> str:
        moment = self._moment(deployment, signal)
        return hindrance(deployment, deed, signal.symbol, ledger.tally(self._around.prices()), moment)

    def _quantity(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> Decimal:
        return self._closing(ledger, signal) if deed.close else shares(deployment, self._moment(deployment, signal))

    async def _not_sent(self, signal: Signal, deed: Deed, why: str) -> None:
        reason = f"{why} {MISSED_EXIT}" if deed.close else why
        await self._settle(replace(signal, fate=Fate.BLOCKED, reason=reason, order=""))

    async def _became(self, signal: Signal, order: Order, deed: Deed) -> bool:
        if order.status is OrderStatus.REFUSED or _fell_short(order, deed.close):
            await self._settle(replace(signal, fate=Fate.REFUSED, reason=_short(order, deed.close)))
            return False
        await self._settle(replace(signal, fate=Fate.ORDER, reason=""))
        return True

    async def ended(self, signal: Signal, order: Order) -> None:
        """An order that the broker took ended before all of it traded, long after its signal was done with."""
        closes = signal.kind in (Kind.EXIT, Kind.COVER)
        if signal.fate is Fate.ORDER and _fell_short(order, closes):
            await self._settle(replace(signal, fate=Fate.REFUSED, reason=_short(order, closes)))

    def _closing(self, ledger: Ledger, signal: Signal) -> Decimal:
        """What is held by it, and by the books too. Raises BadInput when they hold none of it."""
        own, books = ledger[signal.symbol].quantity, self._around.held(signal.symbol)
        room = min(abs(own), abs(books)) if own * books > 0 else Decimal(0)
        if not room:
            raise BadInput(f"The books hold no {signal.symbol} of it any more; look at the positions.")
        return room

    def _moment(self, deployment: Deployment, signal: Signal) -> Moment:
        last = self._around.prices().get(signal.symbol)
        price = signal.price if last is None else Decimal(repr(last))
        working = bool(self._working(deployment, signal.symbol))
        return Moment(self._around.now(), price, self._around.equity(), self._around.session_open(),
                      self._around.why_not(deployment), working, self._around.held(signal.symbol))  # fmt: skip

    def _working(self, deployment: Deployment, symbol: str) -> list[Order]:
        """Its orders that may still trade, or of which the broker told more shares than executions."""
        lacking = self._orders.settling.unfinished
        return [
            order
            for order in self._orders.book.values()
            if order.request.source == deployment.source
            and order.request.symbol == symbol
            and (order.open or order.id in lacking)
        ]

    def fills(self, source: str) -> list[Fill]:
        """Executions of this sitting in its name, which the journal may not have yet."""
        book = self._orders.book
        return [
            fill
            for fill in self._orders.fills.values()
            if (order := book.get(fill.client_order_id)) is not None and order.request.source == source
        ]

    # ---- what makes no order

    async def _late(self, deployment: Deployment, ledger: Ledger, raised: Raised, todo: tuple[Deed, ...]) -> None:
        kinds = [deed.kind for deed in todo] or sorted(raised.edges)
        for kind in kinds:
            words = f"{raised.late} {MISSED_EXIT}" if todo and todo[0].close and kind is todo[0].kind else raised.late
            await self._told(replace(_signal(deployment, raised, kind), fate=Fate.LATE, reason=words, order=""))

    async def _nothing(self, deployment: Deployment, ledger: Ledger, raised: Raised) -> None:
        """What is said anew and changes nothing is kept too; what was said of the bar before already is not."""
        held = ledger[raised.symbol].quantity
        for kind in sorted(raised.edges):
            if {Kind.ENTRY, Kind.EXIT} <= raised.kinds or {Kind.SHORT, Kind.COVER} <= raised.kinds:
                why = BOTH
            elif kind in (Kind.SHORT, Kind.COVER) and not deployment.terms.bounds.shorts:
                continue
            else:
                why = f"It holds {held:f} {raised.symbol} already." if held else f"It holds no {raised.symbol}."
            await self._told(replace(_signal(deployment, raised, kind), fate=Fate.NOTHING, reason=why, order=""))

    async def _told(self, signal: Signal) -> None:
        draft = self._draft(signal) if signal.fate is Fate.LATE else None
        try:
            if await self._store.raise_(signal, self._around.account(), draft):
                self._changed(signal)
        except DatabaseDown:
            self._unsaved.append(signal)
            self._changed(signal)

    def _put_off(self, signal: Signal, deed: Deed, why: str, over: str = "") -> None:
        """An exit waits until it can go, unless its deployment's run is ``over``; an entry is, for the price it was meant for is."""
        if not deed.close:
            self._keep(replace(signal, fate=Fate.BLOCKED, reason=why, order=""))
        elif over:
            self._keep(replace(signal, fate=Fate.BLOCKED, reason=f"{why} {MISSED_EXIT}", order=""))
        else:
            if (
                former := self._waiting.get((signal.deployment, signal.symbol))
            ) is not None and former.key != signal.key:
                self._overtaken(signal.deployment, signal.symbol)
            self._waiting[signal.deployment, signal.symbol] = after = replace(signal, fate=Fate.WAITS, reason=why)
            self._keep(after)

    def _keep(self, signal: Signal) -> None:
        self._unsaved.append(signal)
        self._changed(signal)

    def _overtaken(self, deployment: str, symbol: str) -> None:
        """A newer word takes the place of an exit that waits."""
        if (former := self._waiting.pop((deployment, symbol), None)) is not None:
            self._keep(replace(former, fate=Fate.NOTHING, reason="A newer signal took its place.", order=""))

    async def _settle(self, signal: Signal) -> None:
        self._changed(signal)
        try:
            await self._store.settle(signal)
        except DatabaseDown:
            self._unsaved.append(signal)

    # ---- as time goes on

    async def again(self, deployment: Deployment, ledger: Ledger) -> None:
        """Send exits that wait, when they can go now; nobody waits here for a quote, or long for the broker."""
        for (of, symbol), signal in list(self._waiting.items()):
            if of != deployment.id:
                continue
            held = ledger[symbol].quantity
            if not held and self._working(deployment, symbol):
                continue  # its entry may still trade
            if not held or (held > 0) != (signal.kind is Kind.EXIT):
                del self._waiting[of, symbol]
                await self._settle(
                    replace(signal, fate=Fate.NOTHING, reason="What it was to close is closed.", order="")
                )
                continue
            deed = Deed(signal.kind, signal.side, True)
            if not self._hindrance(deployment, ledger, signal, deed) and not self._too_early(
                deployment, ledger, signal
            ):
                del self._waiting[of, symbol]
                await asyncio.wait({self._send(deployment, ledger, signal, deed)}, timeout=LONGEST_LOOK)

    def _too_early(self, deployment: Deployment, ledger: Ledger, signal: Signal) -> bool:
        try:
            return self._waits_a_moment(_request(deployment, signal, self._closing(ledger, signal)))
        except BadInput:
            return False  # sending it tells why

    async def flush(self) -> None:
        """Write down what could not be written. Raises DatabaseDown, and what is left waits in its order."""
        while self._unsaved:
            signal = self._unsaved[0]
            try:
                await self._store.raise_(signal, self._around.account(), self._draft(signal))
                await self._store.settle(signal)
            except DatabaseDown as error:
                if not isinstance(error, RowRefused):
                    raise
                log.error("signal_not_kept", signal=_name(signal), reason=str(error))
            except Exception as error:  # one row that the database never takes must not keep exits waiting for ever
                log.error("signal_not_kept", signal=_name(signal), exc_info=error)
            self._unsaved.pop(0)

    def forget(self, deployment: str) -> None:
        """It is stopped or paused: nothing of it waits any more, and whoever looks is told so."""
        for key in [key for key in self._waiting if key[0] == deployment]:
            signal = self._waiting.pop(key)
            self._keep(replace(signal, fate=Fate.BLOCKED, reason=f"{ENDED} {MISSED_EXIT}", order=""))

    async def close(self) -> None:
        """Let what is on its way to the broker have its answer, if that comes soon."""
        if self._leaving:
            await asyncio.wait(set(self._leaving), timeout=ANSWER)

    def _waits_a_moment(self, request: OrderRequest) -> bool:
        """Whether nothing but time is against an order: the next quote comes, and a reversal is not the order that just closed."""
        refusals = self._orders.judged_beside(request, ()).refusals
        return bool(refusals) and all(check.code in PASSING for check in refusals)

    async def _until(self, seen: Callable[[], bool], seconds: float) -> bool:
        end = asyncio.get_running_loop().time() + seconds
        while not seen():
            if asyncio.get_running_loop().time() > end:
                return False
            await asyncio.sleep(LOOK)
        return True

    def _draft(self, signal: Signal) -> Draft:
        """The row that links a signal with its order: both have the order's correlation."""
        after = {"symbol": signal.symbol, "kind": signal.kind.value, "side": signal.side.value, "close": str(signal.price),
                 "bar": utc(signal.bar).isoformat(), "strategy": signal.strategy}  # fmt: skip
        outcome: Outcome = "ok" if signal.fate is Fate.PENDING else "refused"
        actor = replace(self._around.actor(), type="strategy")
        return Draft(actor, "signal.raise", "signal", _name(signal), outcome, signal.reason, after=json.dumps(after),
                     correlation=signal.order, causation=signal.deployment)  # fmt: skip


def _fell_short(order: Order, closes: bool) -> bool:
    """Whether it ended at the broker before all of an exit, or anything of an entry, traded; what lives on as another order has not."""
    ends = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED)
    return order.status in ends and order.filled < (
        order.request.quantity if closes else order.request.quantity.min(SOME)
    )


def _short(order: Order, closes: bool) -> str:
    parts = [order.reason]
    if order.filled:
        parts.append(f"{order.filled:f} of {order.request.quantity:f} traded.")
    elif order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
        parts.append(f"Its order was {order.status}.")
    return " ".join(filter(None, [*parts, MISSED_EXIT if closes else ""]))


def _name(signal: Signal) -> str:
    return f"{signal.deployment} {signal.symbol} {utc(signal.bar):%Y-%m-%dT%H:%MZ} {signal.kind}"


def _signal(deployment: Deployment, raised: Raised, kind: Kind) -> Signal:
    key = order_id(deployment.id, raised.symbol, raised.bar, kind)
    return Signal(deployment.id, raised.symbol, raised.bar, side_of(kind), kind, Decimal(repr(raised.price)), raised.at,
                  deployment.label, order=key)  # fmt: skip


def _request(deployment: Deployment, signal: Signal, quantity: Decimal) -> OrderRequest:
    bar = utc(signal.bar).astimezone(NEW_YORK)
    note = f"{signal.kind} of {deployment.label} at the bar of {bar:%Y-%m-%d %H:%M} ET"
    return OrderRequest(signal.order, signal.symbol, signal.side, quantity, source=deployment.source, note=note)
