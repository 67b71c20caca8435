"""Orders from targets: from what is held to what is wanted, sales first, and what was left over is carried on."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from qv_desktop.domain.deployments import DAY, Deployment
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.market import NEW_YORK, utc
from qv_desktop.domain.orders import Order, OrderStatus, Side
from qv_desktop.domain.signals import MISSED_AUCTION, STOOD_STILL, TAKEN_BACK, Deed, Fate, Kind, Signal, order_id
from qv_desktop.domain.targets import Aim, affordable, capital, exposures, next_step, wanted
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.signal_keeping import Around, SignalKeeping
from qv_desktop.services.signal_opening import auctioned, not_taken
from qv_desktop.services.signal_sending import SignalSending, request_of

ZERO = Decimal(0)
LONGEST_LOOK = 0.5  # seconds
MOST_TRIES = 3  # orders of one target that may end short at the broker
GOES_ON = (Fate.PENDING, Fate.WAITS, Fate.ORDER)
OVERTAKEN = "A newer target took its place."
ENDED = "The deployment was paused or stopped before it was reached; what it holds stays."
SPENT = "Its capital is spent."
TURN = "Its capital is spent until what is to be sold has traded."
OVER = "The session ended before it was reached; the next targets start from what it holds."


@dataclass(slots=True)
class Standing:
    """A target that is not reached yet. ``tries``: orders that were sent for it."""

    signal: Signal
    tries: int = 0
    called_off: bool = False  # a person cancelled its order


class TargetOrders:
    """``forbidden`` hears that the person's right to trade is gone."""

    def __init__(
        self, sending: SignalSending, keeping: SignalKeeping, around: Around, forbidden: Callable[[Deployment, str], None]
    ) -> None:  # fmt: skip
        self._sending, self._keeping, self._around, self._forbidden = sending, keeping, around, forbidden
        self._standing: dict[tuple[str, str], Standing] = {}  # deployment and symbol
        self._capital: dict[
            tuple[str, int], Decimal
        ] = {}  # deployment and bar -> dollars, the same for all its symbols
        self._used: set[str] = set()  # ids of orders that left before this sitting

    async def act(self, deployment: Deployment, ledger: Ledger, aim: Aim) -> None:
        """Take up new targets in the place of those before."""
        closes = dict(aim.closes)
        await self._left(deployment, ledger, aim, closes)
        for symbol, weight in aim.weights:
            if symbol in closes:
                await self._taken(
                    deployment, ledger, aim, _signal(deployment, ledger, aim, symbol, weight, closes[symbol])
                )
        if not aim.late or self._trades_late(deployment, aim):
            await self.again(deployment, ledger)

    async def _left(self, deployment: Deployment, ledger: Ledger, aim: Aim, closes: Mapping[str, float]) -> None:
        """Who did not trade on a day and for whom nothing is said keeps what there is of it, and that is told."""
        said = {symbol for symbol, _ in aim.weights}
        for symbol in aim.absent if deployment.terms.frame == DAY else ():
            if symbol in closes and symbol not in said and aim.weights:
                signal = _signal(deployment, ledger, aim, symbol, 0.0, closes[symbol])
                await self._keeping.tell(replace(signal, fate=Fate.NOTHING, target=None, order=""))

    def _trades_late(self, deployment: Deployment, aim: Aim) -> bool:
        return deployment.terms.bounds.trade_late and not aim.missed

    async def _taken(self, deployment: Deployment, ledger: Ledger, aim: Aim, signal: Signal) -> None:
        if aim.late and not self._trades_late(deployment, aim):
            await self._keeping.tell(replace(signal, fate=Fate.LATE, reason=aim.late, order=""))
            return
        await self._overtaken(deployment, ledger, signal.symbol)
        try:
            if not await self._keeping.begin(signal):
                return
        except QvError as error:
            signal = replace(signal, fate=Fate.WAITS, reason=str(error))
            self._keeping.later(signal)
        self._standing[deployment.id, signal.symbol] = Standing(signal)

    async def _overtaken(self, deployment: Deployment, ledger: Ledger, symbol: str) -> None:
        if (former := self._standing.pop((deployment.id, symbol), None)) is not None:
            await self._finish(former, ledger, OVERTAKEN)

    def resume(self, deployment: Deployment, signals: Collection[Signal], sent: Collection[str]) -> set[Signal]:
        """Go on with the newest targets that the program left when it ended; which they are. ``sent``: orders that left.

        Purchases are gone on with on their own day only.
        """
        self._used |= set(sent)
        mine = [one for one in signals if one.deployment == deployment.id and one.kind is Kind.TARGET]
        newest = max((one.bar for one in mine), default=0)
        taken = {one for one in mine if one.bar == newest and one.fate in GOES_ON and self._in_time(one)}
        for signal in taken:
            self._standing[deployment.id, signal.symbol] = Standing(signal, self._tries(signal))
        return taken

    def _in_time(self, signal: Signal) -> bool:
        today = self._around.now().astimezone(NEW_YORK).date()
        return not signal.target or signal.at.astimezone(NEW_YORK).date() == today

    def _tries(self, signal: Signal) -> int:
        count = 0
        while _key(signal, count) in self._used:
            count += 1
        return count

    # ---- as time goes on

    async def again(self, deployment: Deployment, ledger: Ledger) -> None:
        """The next order of every target that can go now, what closes first."""
        mine = [one for (of, _), one in self._standing.items() if of == deployment.id]
        for standing in sorted(mine, key=lambda one: self._opens(ledger, one)):
            await self._step(deployment, ledger, standing)

    def _opens(self, ledger: Ledger, standing: Standing) -> bool:
        held = ledger[standing.signal.symbol].quantity
        goal = standing.signal.wanted
        step = next_step(held, goal if goal is not None else self._guess(standing.signal, held))
        return step is not None and not step[0].close

    def _buys(self, ledger: Ledger, standing: Standing) -> bool:
        """Whether it opens something, also where its shares are not reckoned yet."""
        signal = standing.signal
        fresh = signal.wanted is None and bool(signal.target) and not ledger[signal.symbol].quantity
        return fresh or self._opens(ledger, standing)

    def _guess(self, signal: Signal, held: Decimal) -> Decimal:
        """Where it goes while its shares are not reckoned yet: what is to be nothing is sold, whatever the prices are."""
        return Decimal(0) if not signal.target else held

    async def _step(self, deployment: Deployment, ledger: Ledger, standing: Standing) -> None:
        symbol = standing.signal.symbol
        if self._sending.working(deployment, symbol):
            return
        if (over := self._given_up(deployment, standing)) is not None:
            await self._end(deployment, standing, Fate.REFUSED, over)
            return
        stale = self._sending.opening.known(deployment) and not self._sending.opening.of_today(standing.signal)
        if stale and self._buys(ledger, standing):  # the machine slept over night
            await self._end(deployment, standing, Fate.REFUSED if standing.tries else Fate.BLOCKED, OVER)
            return
        if not self._around.session_open() and not self._in_auction(deployment, standing):
            await self._closed(deployment, ledger, standing)
            return
        try:
            goal = self._goal(deployment, ledger, standing)
            step = next_step(ledger[symbol].quantity, goal)
            if step is None:
                await self._reached(deployment, ledger, standing)
            else:
                await self._go(deployment, ledger, standing, *step)
        except BadInput as error:
            self._waits(standing, str(error))

    def _in_auction(self, deployment: Deployment, standing: Standing) -> bool:
        """Whether its next order goes into the opening auction."""
        signal = standing.signal
        return self._sending.in_auction(deployment, replace(signal, order=_key(signal, standing.tries)))

    def _given_up(self, deployment: Deployment, standing: Standing) -> str | None:
        """Why no other order is sent for it, None while there is no reason not to."""
        last = self._sending.order(standing.signal.order) if standing.tries else None
        if last is None or last.status in (OrderStatus.FILLED, OrderStatus.REPLACED):
            return None
        if not standing.called_off and self._sending.opening.follows(deployment, last):
            if not standing.signal.reason.startswith(MISSED_AUCTION):
                standing.signal = replace(standing.signal, reason=not_taken(last))
            return None
        words = _ended(last)
        if auctioned(last.request):
            return words
        if last.status is OrderStatus.REFUSED:
            return last.reason
        if standing.called_off or last.status is OrderStatus.REJECTED or standing.tries >= MOST_TRIES:
            return words
        return None

    async def _closed(self, deployment: Deployment, ledger: Ledger, standing: Standing) -> None:
        """Purchases are of their session, for what is bought later is bought at other prices; sales wait for the next open."""
        signal, at_once = standing.signal, deployment.terms.frame != DAY  # a day's trades at an open
        if self._sending.opening.coming(deployment) and self._sending.opening.of_today(signal):
            self._waits(standing, signal.reason or "The market is closed.")
        elif signal.wanted is None and signal.target and at_once:
            await self._end(deployment, standing, Fate.BLOCKED, "The market is closed.")
        elif self._opens(ledger, standing) and (standing.tries or signal.wanted is not None):
            await self._end(deployment, standing, Fate.REFUSED if standing.tries else Fate.BLOCKED, OVER)
        elif standing.signal.fate is not Fate.ORDER:
            self._waits(standing, "The market is closed.")

    def _goal(self, deployment: Deployment, ledger: Ledger, standing: Standing) -> Decimal:
        """Shares, reckoned once. Raises BadInput while that cannot be."""
        signal = standing.signal
        if signal.wanted is not None:
            return signal.wanted
        if not signal.target:
            goal = Decimal(0)
        else:
            price = self._price(deployment, ledger, standing)
            goal = wanted(deployment.terms.bounds, signal.target, self._dollars(deployment, ledger, signal.bar), price)
        standing.signal = replace(signal, wanted=goal)
        return goal

    def _price(self, deployment: Deployment, ledger: Ledger, standing: Standing) -> Decimal:
        """What shares are reckoned by. Raises BadInput while nothing tells it, or but a price of before: the auction has no other."""
        symbol = standing.signal.symbol
        price, auction = self._sending.price(symbol), self._in_auction(deployment, standing)
        if price is None:
            raise BadInput(f"There is no price of {symbol} yet.")
        side = Side.BUY if ledger[symbol].quantity >= 0 else Side.SELL  # which opens
        probe = replace(standing.signal, side=side, order=_key(standing.signal, standing.tries))
        if self._sending.quote_old(request_of(deployment, probe, Decimal(1), auction=auction)):
            raise BadInput(f"There is no young quote of {symbol} yet.")
        return price

    def _dollars(self, deployment: Deployment, ledger: Ledger, bar: int) -> Decimal:
        key = deployment.id, bar
        if key not in self._capital:
            profit = ledger.figures(self._around.prices()).profit
            self._capital[key] = capital(deployment.terms, profit, self._around.equity())
        return self._capital[key]

    async def _go(self, deployment: Deployment, ledger: Ledger, standing: Standing, deed: Deed, rest: Decimal) -> None:
        signal = replace(standing.signal, side=deed.side, order=_key(standing.signal, standing.tries))
        auction = self._sending.in_auction(deployment, signal)
        if not deed.close and self._selling(deployment, ledger, auction=auction):
            self._waits(standing, TURN)
            return
        if why := self._sending.hindrance(deployment, ledger, signal, deed):
            if deed.close or self._around.why_not(deployment):
                self._waits(standing, why)
            else:
                await self._end(deployment, standing, Fate.BLOCKED, why)
            return
        quantity = (
            self._room(ledger, signal.symbol, rest) if deed.close else self._afford(deployment, ledger, signal, rest)
        )
        if not quantity:
            await self._end(deployment, standing, Fate.ORDER if standing.tries else Fate.BLOCKED, SPENT)
            return
        request = request_of(deployment, signal, quantity, auction=auction)
        if auction and (why := self._sending.kept_out(request)):
            self._waits(standing, why)
            return
        if self._sending.waits_a_moment(request):
            return
        if not standing.tries:
            await self._keeping.settle(signal)  # what it came to is known to whoever goes on with it
        standing.signal, standing.tries = signal, standing.tries + 1
        leaving = self._sending.leave(self._sent(deployment, ledger, standing, deed, quantity))
        await asyncio.wait({leaving}, timeout=LONGEST_LOOK)

    def _selling(self, deployment: Deployment, ledger: Ledger, *, auction: bool) -> bool:
        """Whether another of its targets still has something to close; what is in the same ``auction`` trades at the same moment."""
        coming = self._coming(deployment) if auction else {}
        for (of, symbol), other in self._standing.items():
            if of == deployment.id:
                held = ledger[symbol].quantity + coming.get(symbol, ZERO)
                goal = other.signal.wanted
                step = next_step(held, goal if goal is not None else self._guess(other.signal, held))
                if step is not None and step[0].close:
                    return True
        return False

    def _coming(self, deployment: Deployment) -> dict[str, Decimal]:
        """Shares by symbol, bought above 0, of its orders that the opening auction has."""
        found: dict[str, Decimal] = {}
        for order in self._sending.working(deployment):
            if auctioned(order.request):
                shares = order.request.side.sign * order.remaining
                found[order.request.symbol] = found.get(order.request.symbol, ZERO) + shares
        return found

    def _room(self, ledger: Ledger, symbol: str, rest: Decimal) -> Decimal:
        """No more is closed than the books have, too. Raises BadInput."""
        own, books = ledger[symbol].quantity, self._around.held(symbol)
        room = min(abs(own), abs(books), rest) if own * books > 0 else Decimal(0)
        if not room:
            raise BadInput(f"The books hold no {symbol} of it any more; look at the positions.")
        return room

    def _afford(self, deployment: Deployment, ledger: Ledger, signal: Signal, rest: Decimal) -> Decimal:
        """Of what is to be opened, what its own capital pays for. Raises BadInput while a price is not known."""
        prices = self._around.prices()
        if signal.symbol not in prices:
            raise BadInput(f"There is no price of {signal.symbol} yet.")
        dollars, held = self._dollars(deployment, ledger, signal.bar), ledger.held()
        for symbol, shares in self._coming(deployment).items():
            held[symbol] = held.get(symbol, ZERO) + shares
        held = {symbol: shares for symbol, shares in held.items() if shares}
        return affordable(rest, Decimal(repr(prices[signal.symbol])), dollars, exposures(held, prices))

    async def _sent(
        self, deployment: Deployment, ledger: Ledger, standing: Standing, deed: Deed, quantity: Decimal
    ) -> None:
        signal = standing.signal
        sent = await self._sending.send(deployment, ledger, signal, deed, lambda: quantity)
        if sent.order is not None:
            reason = self._sending.said(deployment, signal, sent.order) or (signal.reason if standing.tries > 1 else "")
            standing.signal = after = replace(signal, fate=Fate.ORDER, reason=reason)
            await self._keeping.settle(after)
            return
        standing.tries -= 1
        if not sent.waits:
            await self._end(deployment, standing, Fate.BLOCKED, sent.why)
            return
        self._waits(standing, sent.why)
        if sent.forbidden:
            self._forbidden(deployment, sent.why)

    # ---- what became of it

    def _waits(self, standing: Standing, why: str) -> None:
        signal = standing.signal
        if (signal.fate, signal.reason) != (Fate.WAITS, why):
            order = signal.order if standing.tries else ""
            standing.signal = replace(signal, fate=Fate.WAITS, reason=why, order=order)
            self._keeping.later(standing.signal)

    async def _reached(self, deployment: Deployment, ledger: Ledger, standing: Standing) -> None:
        self._standing.pop((deployment.id, standing.signal.symbol), None)
        await self._finish(standing, ledger, "")

    async def _finish(self, standing: Standing, ledger: Ledger, why: str) -> None:
        signal, held = standing.signal, ledger[standing.signal.symbol].quantity
        if standing.tries:
            await self._keeping.settle(replace(signal, fate=Fate.ORDER, reason=why))
        else:
            words = why or f"It holds {held:f} {signal.symbol} already."
            await self._keeping.settle(replace(signal, fate=Fate.NOTHING, reason=words, order=""))

    async def _end(self, deployment: Deployment, standing: Standing, fate: Fate, why: str) -> None:
        self._standing.pop((deployment.id, standing.signal.symbol), None)
        order = standing.signal.order if standing.tries else ""
        await self._keeping.settle(replace(standing.signal, fate=fate, reason=why, order=order))

    async def withdrawn(self, deployment: Deployment, ledger: Ledger, signal: Signal) -> bool:
        """Whether a target that is told otherwise now was still to be bought, and so is not."""
        standing = self._standing.get((deployment.id, signal.symbol))
        if standing is None or standing.signal.key != signal.key or standing.tries:
            return False
        if not self._buys(ledger, standing):
            return False  # the way out stays open
        await self._end(deployment, standing, Fate.BLOCKED, TAKEN_BACK)
        return True

    def ended(self, order: Order) -> None:
        """An order of a deployment changed: whose cancelling was asked for here is not made anew."""
        if order.status is OrderStatus.PENDING_CANCEL:
            for standing in self._standing.values():
                standing.called_off |= standing.signal.order == order.id

    def forget(self, deployment: str) -> None:
        """It is stopped or paused: nothing of it is gone on with, and whoever looks is told so."""
        for key in [key for key in self._standing if key[0] == deployment]:
            standing = self._standing.pop(key)
            if standing.signal.fate is not Fate.ORDER:
                self._keeping.later(replace(standing.signal, fate=Fate.BLOCKED, reason=ENDED))


def _signal(deployment: Deployment, ledger: Ledger, aim: Aim, symbol: str, weight: float, close: float) -> Signal:
    held = ledger[symbol].quantity
    side = Side.SELL if weight < 0 or (held > 0 and not weight) else Side.BUY
    reason = _absent(deployment, symbol, aim.bar) if symbol in aim.absent else ""
    key = order_id(deployment.id, symbol, aim.bar, Kind.TARGET)
    return Signal(deployment.id, symbol, aim.bar, side, Kind.TARGET, Decimal(repr(close)), aim.at, deployment.label, reason=reason,
                  order=key, target=Decimal(repr(weight)))  # fmt: skip


def _absent(deployment: Deployment, symbol: str, bar: int) -> str:
    if deployment.terms.frame != DAY:
        return f"{symbol} had no bar then."
    return f"{symbol} {STOOD_STILL} on {utc(bar).astimezone(NEW_YORK):%Y-%m-%d}; the others go on without it."


def _key(signal: Signal, again: int) -> str:
    return order_id(signal.deployment, signal.symbol, signal.bar, Kind.TARGET, again)


def _ended(order: Order) -> str:
    words = (
        f"{order.filled:f} of {order.request.quantity:f} traded." if order.filled else f"Its order was {order.status}."
    )
    return f"{order.reason} {words}".strip()
