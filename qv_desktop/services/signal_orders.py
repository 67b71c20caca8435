"""Orders from flags: written down once, sized within the deployment's bounds, what is held closed before the other side is opened."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import replace
from decimal import Decimal

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus
from qv_desktop.domain.signals import (
    BOTH,
    MISSED_AUCTION,
    TAKEN_BACK,
    Deed,
    Fate,
    Kind,
    Raised,
    Signal,
    deeds,
    order_id,
    shares,
    side_of,
)
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.signal_keeping import Around, SignalKeeping
from qv_desktop.services.signal_opening import auctioned, fallback, missed, not_taken
from qv_desktop.services.signal_sending import Outcome, SignalSending, fell_short, request_of, until

FLAT = 30.0  # seconds that the other side of a reversal waits until what was held is closed
LONGEST_LOOK = 0.5  # seconds
ENDED = "The deployment was paused or stopped before it could go."
CLOSES = (Kind.EXIT, Kind.COVER)
BEHIND = "what is held is closed there first"
TOO_LONG = "The open is too long ago by now; an entry is not made later."
MISSED_EXIT = "The position stands: close it by hand, or wait for its next exit."


class SignalOrders:
    """``forbidden`` hears that the person's right to trade is gone."""

    def __init__(
        self, sending: SignalSending, keeping: SignalKeeping, around: Around, forbidden: Callable[[Deployment, str], None],
        *, flat: float = FLAT,
    ) -> None:  # fmt: skip
        self._sending, self._keeping, self._around = sending, keeping, around
        self._forbidden, self._flat = forbidden, flat
        self._waiting: dict[tuple[str, str], Signal] = {}  # exits that go as soon as they can
        self._entering: dict[tuple[str, str], Signal] = {}  # entries of days that go at the open, or soon after it

    async def act(self, deployment: Deployment, ledger: Ledger, raised: Raised) -> None:
        """Do what is said of a bar, in order: what is held is closed before the other side is opened."""
        todo = self._todo(deployment, ledger, raised)
        if raised.late and (raised.missed or not deployment.terms.bounds.trade_late):
            await self._late(deployment, ledger, raised, todo)
        elif todo:
            at_open = self._sending.opening.in_time(deployment)
            for place, deed in enumerate(todo):
                if place and at_open:
                    await self._behind(deployment, raised, deed)
                elif place and not await until(lambda: not ledger[raised.symbol].quantity, self._flat):
                    why = "What was held before was not closed in time."
                    await self._keeping.tell(
                        replace(_signal(deployment, raised, deed.kind), fate=Fate.BLOCKED, reason=why, order="")
                    )
                elif not await self._done(deployment, ledger, raised, deed) and not (
                    at_open and (deployment.id, raised.symbol) in self._waiting
                ):
                    break
        else:
            await self._nothing(deployment, ledger, raised)

    async def _behind(self, deployment: Deployment, raised: Raised, deed: Deed) -> None:
        """The other side of a reversal at an open: what is held trades there, and this follows it."""
        signal = _signal(deployment, raised, deed.kind)
        try:
            if not await self._keeping.begin(signal):
                return
        except QvError:
            pass  # it is written down with what becomes of it
        self._put_off(deployment, replace(signal, order=fallback(signal)), deed, missed(BEHIND))

    def _todo(self, deployment: Deployment, ledger: Ledger, raised: Raised) -> tuple[Deed, ...]:
        """An exit is of what its entry may still bring, too: else that would stand when it comes."""
        held, shorts = ledger[raised.symbol].quantity, deployment.terms.bounds.shorts
        coming = Decimal(sum(order.request.side.sign for order in self._sending.working(deployment, raised.symbol)))
        if not held and coming and (todo := deeds(raised.kinds, coming, shorts=shorts)):
            return todo
        return deeds(raised.kinds, held, shorts=shorts)

    async def _done(self, deployment: Deployment, ledger: Ledger, raised: Raised, deed: Deed) -> bool:
        """Whether the deed was sent."""
        signal = _signal(deployment, raised, deed.kind)
        if not deed.close:
            self._overtaken(deployment.id, raised.symbol)
        try:
            if not await self._keeping.begin(signal):
                return False
        except QvError as error:
            self._put_off(deployment, signal, deed, str(error))
            return False
        return await self._sent(deployment, ledger, signal, deed)

    async def _sent(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> bool:
        """A pause or a stop ends the wait before an order is on its way."""
        if why := self._sending.hindrance(deployment, ledger, signal, deed):
            bound = not self._sending.passing(deployment, signal)
            self._put_off(deployment, signal, deed, why, self._around.why_not(deployment), bound=bound)
            return False
        try:
            request = self._request(deployment, ledger, signal, deed)
        except QvError as error:
            await self._not_sent(signal, deed, str(error))
            return False
        try:
            await self._sending.quoted(request)
        except asyncio.CancelledError:
            self._put_off(deployment, signal, deed, ENDED, ENDED)
            raise
        return await asyncio.shield(self._sending.leave(self._submitted(deployment, ledger, signal, deed)))

    async def _submitted(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> bool:
        sent = await self._sending.send(
            deployment, ledger, signal, deed, lambda: self._quantity(deployment, ledger, signal, deed)
        )
        if sent.order is not None:
            return await self._became(deployment, signal, sent.order, deed)
        await self._held_back(deployment, signal, deed, sent)
        return False

    async def _held_back(self, deployment: Deployment, signal: Signal, deed: Deed, sent: Outcome) -> None:
        if not sent.waits:
            await self._not_sent(signal, deed, sent.why)
            return
        self._put_off(deployment, signal, deed, sent.why, sent.over, bound=sent.bound)
        if sent.forbidden:
            self._forbidden(deployment, sent.why)

    def _request(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> OrderRequest:
        """Raises BadInput when it comes to no shares."""
        quantity = self._quantity(deployment, ledger, signal, deed)
        return request_of(deployment, signal, quantity, auction=self._sending.in_auction(deployment, signal))

    def _quantity(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> Decimal:
        if deed.close:
            return self._closing(ledger, signal)
        return shares(deployment, self._sending.moment(deployment, signal))

    async def _not_sent(self, signal: Signal, deed: Deed, why: str) -> None:
        reason = f"{why} {MISSED_EXIT}" if deed.close else why
        await self._keeping.settle(replace(signal, fate=Fate.BLOCKED, reason=reason, order=""))

    async def _became(self, deployment: Deployment, signal: Signal, order: Order, deed: Deed) -> bool:
        if self._followed(deployment, signal, order, deed):
            return deed.close
        if order.status is OrderStatus.REFUSED or fell_short(order, deed.close):
            await self._keeping.settle(replace(signal, fate=Fate.REFUSED, reason=_short(order, deed.close)))
            return False
        await self._keeping.settle(
            replace(signal, fate=Fate.ORDER, reason=self._sending.said(deployment, signal, order))
        )
        return True

    def _followed(self, deployment: Deployment, signal: Signal, order: Order, deed: Deed) -> bool:
        """Whether the auction did not take it, so that a market order follows: under another id, and once this one has ended."""
        short = fell_short(order, deed.close) and self._sending.opening.follows(deployment, order)
        if short and signal.order == order.id:
            self._put_off(deployment, replace(signal, order=fallback(signal)), deed, not_taken(order))
        return short

    async def ended(self, deployment: Deployment | None, signal: Signal, order: Order) -> None:
        """An order that the broker took ended before all of it traded, long after its signal was done with.

        ``deployment`` is None when it does not run any more.
        """
        closes = signal.kind in CLOSES
        if deployment is not None and self._followed(deployment, signal, order, Deed(signal.kind, signal.side, closes)):
            return
        if signal.fate is Fate.ORDER and fell_short(order, closes):
            await self._keeping.settle(replace(signal, fate=Fate.REFUSED, reason=_short(order, closes)))

    def _closing(self, ledger: Ledger, signal: Signal) -> Decimal:
        """What is held by it, and by the books too. Raises BadInput when they hold none of it."""
        own, books = ledger[signal.symbol].quantity, self._around.held(signal.symbol)
        room = min(abs(own), abs(books)) if own * books > 0 else Decimal(0)
        if not room:
            raise BadInput(f"The books hold no {signal.symbol} of it any more; look at the positions.")
        return room

    # ---- what makes no order

    async def _late(self, deployment: Deployment, ledger: Ledger, raised: Raised, todo: tuple[Deed, ...]) -> None:
        kinds = [deed.kind for deed in todo] or sorted(raised.edges)
        for kind in kinds:
            words = f"{raised.late} {MISSED_EXIT}" if todo and todo[0].close and kind is todo[0].kind else raised.late
            await self._keeping.tell(replace(_signal(deployment, raised, kind), fate=Fate.LATE, reason=words, order=""))

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
            await self._keeping.tell(
                replace(_signal(deployment, raised, kind), fate=Fate.NOTHING, reason=why, order="")
            )

    def _put_off(
        self, deployment: Deployment, signal: Signal, deed: Deed, why: str, over: str = "", *, bound: bool = False
    ) -> None:
        """An exit waits until it can go, unless its deployment's run is ``over``; an entry is, for the price it was meant for is.

        What is meant for the open is not over until some time after it, unless a ``bound`` of the deployment says no.
        """
        if not deed.close and not over and not bound and self._sending.opening.in_time(deployment):
            self._entering[signal.deployment, signal.symbol] = after = replace(signal, fate=Fate.WAITS, reason=why)
            self._keeping.later(after)
        elif not deed.close:
            self._keeping.later(replace(signal, fate=Fate.BLOCKED, reason=why, order=""))
        elif over:
            self._keeping.later(replace(signal, fate=Fate.BLOCKED, reason=f"{why} {MISSED_EXIT}", order=""))
        else:
            if (
                former := self._waiting.get((signal.deployment, signal.symbol))
            ) is not None and former.key != signal.key:
                self._overtaken(signal.deployment, signal.symbol)
            self._waiting[signal.deployment, signal.symbol] = after = replace(signal, fate=Fate.WAITS, reason=why)
            self._keeping.later(after)

    def _overtaken(self, deployment: str, symbol: str) -> None:
        """A newer word takes the place of what waits."""
        former = self._waiting.pop((deployment, symbol), None) or self._entering.pop((deployment, symbol), None)
        if former is not None:
            self._keeping.later(replace(former, fate=Fate.NOTHING, reason="A newer signal took its place.", order=""))

    # ---- as time goes on

    async def again(self, deployment: Deployment, ledger: Ledger) -> None:
        """Send exits that wait, when they can go now; nobody waits here for a quote, or long for the broker."""
        for (of, symbol), signal in list(self._waiting.items()):
            if of != deployment.id:
                continue
            held = ledger[symbol].quantity
            if not held and self._sending.working(deployment, symbol):
                continue  # its entry may still trade
            if not held or (held > 0) != (signal.kind is Kind.EXIT):
                del self._waiting[of, symbol]
                await self._keeping.settle(
                    replace(signal, fate=Fate.NOTHING, reason="What it was to close is closed.", order="")
                )
                continue
            deed = Deed(signal.kind, signal.side, True)
            if not self._sending.hindrance(deployment, ledger, signal, deed) and not self._too_early(
                deployment, ledger, signal
            ):
                del self._waiting[of, symbol]
                await self._leaves(deployment, ledger, signal, deed)
        await self._enter(deployment, ledger)

    async def _leaves(self, deployment: Deployment, ledger: Ledger, signal: Signal, deed: Deed) -> None:
        sent = self._sending.leave(self._submitted(deployment, ledger, signal, deed))
        await asyncio.wait({sent}, timeout=LONGEST_LOOK)

    def _too_early(self, deployment: Deployment, ledger: Ledger, signal: Signal) -> bool:
        deed = Deed(signal.kind, signal.side, signal.kind in CLOSES)
        try:
            request = self._request(deployment, ledger, signal, deed)
        except BadInput:
            return False  # sending it tells why
        if auctioned(request) and (why := self._sending.kept_out(request)):
            if not signal.reason.startswith(MISSED_AUCTION):
                self._put_off(deployment, signal, deed, why)
            return True
        return self._sending.waits_a_moment(request)

    async def _enter(self, deployment: Deployment, ledger: Ledger) -> None:
        """Entries of days: as soon as they can go after all, until it is too late for them."""
        for (of, symbol), signal in list(self._entering.items()):
            if of != deployment.id:
                continue
            held, deed = ledger[symbol].quantity, Deed(signal.kind, signal.side, False)
            if held * signal.side.sign > 0:
                await self._over(signal, Fate.NOTHING, f"It holds {held:f} {symbol} already.")
            elif not self._sending.opening.in_time(deployment) or not self._sending.opening.of_today(signal):
                await self._over(signal, Fate.BLOCKED, f"{signal.reason} {TOO_LONG}".strip())
            elif held or self._sending.passing(deployment, signal):
                continue
            elif why := self._sending.hindrance(deployment, ledger, signal, deed):
                await self._over(signal, Fate.BLOCKED, why)
            elif not self._too_early(deployment, ledger, signal):
                del self._entering[of, symbol]
                await self._leaves(deployment, ledger, signal, deed)

    async def _over(self, signal: Signal, fate: Fate, why: str) -> None:
        del self._entering[signal.deployment, signal.symbol]
        await self._keeping.settle(replace(signal, fate=fate, reason=why, order=""))

    async def withdrawn(self, signal: Signal) -> bool:
        """Whether an entry that is said no more still waited, and so does not go."""
        waits = self._entering.get((signal.deployment, signal.symbol))
        if waits is None or waits.key != signal.key:
            return False
        await self._over(waits, Fate.BLOCKED, TAKEN_BACK)
        return True

    def resume(self, deployment: Deployment, signals: Collection[Signal], sent: Collection[str]) -> set[Signal]:
        """Go on with what of today's open never left when the program ended; which they are. ``sent``: orders that left."""
        if not self._sending.opening.in_time(deployment):
            return set()
        taken = {
            one
            for one in signals
            if one.deployment == deployment.id and one.kind is not Kind.TARGET and one.fate in (Fate.PENDING, Fate.WAITS)
            and one.order not in sent and self._sending.opening.of_today(one)
        }  # fmt: skip
        for one in taken:
            where = self._waiting if one.kind in CLOSES else self._entering
            where[one.deployment, one.symbol] = one
        return taken

    def forget(self, deployment: str) -> None:
        """It is stopped or paused: nothing of it waits any more, and whoever looks is told so."""
        for key in [key for key in self._waiting if key[0] == deployment]:
            signal = self._waiting.pop(key)
            self._keeping.later(replace(signal, fate=Fate.BLOCKED, reason=f"{ENDED} {MISSED_EXIT}", order=""))
        for key in [key for key in self._entering if key[0] == deployment]:
            self._keeping.later(replace(self._entering.pop(key), fate=Fate.BLOCKED, reason=ENDED, order=""))


def _short(order: Order, closes: bool) -> str:
    parts = [order.reason]
    if order.filled:
        parts.append(f"{order.filled:f} of {order.request.quantity:f} traded.")
    elif order.status in (OrderStatus.CANCELED, OrderStatus.EXPIRED):
        parts.append(f"Its order was {order.status}.")
    return " ".join(filter(None, [*parts, MISSED_EXIT if closes else ""]))


def _signal(deployment: Deployment, raised: Raised, kind: Kind) -> Signal:
    key = order_id(deployment.id, raised.symbol, raised.bar, kind)
    return Signal(deployment.id, raised.symbol, raised.bar, side_of(kind), kind, Decimal(repr(raised.price)), raised.at,
                  deployment.label, order=key)  # fmt: skip
