"""What is done about signals, flags and targets alike: one place that a run asks."""

from collections.abc import Callable, Collection
from dataclasses import replace

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.signals import TAKEN_BACK, Kind, Raised, Signal
from qv_desktop.domain.targets import Aim
from qv_desktop.services.deployment_ledger import Ledger
from qv_desktop.services.orders import Orders
from qv_desktop.services.signal_keeping import Around, Publish, SignalKeeping, SignalStore
from qv_desktop.services.signal_orders import FLAT, SignalOrders
from qv_desktop.services.signal_sending import QUOTES, SignalSending
from qv_desktop.services.target_orders import TargetOrders


class SignalActing:
    """``forbidden`` hears that the person's right to trade is gone; ``changed`` of every signal as it now stands."""

    def __init__(
        self, orders: Orders, store: SignalStore, around: Around, changed: Publish, forbidden: Callable[[Deployment, str], None],
        *, flat: float = FLAT, quotes: float = QUOTES,
    ) -> None:  # fmt: skip
        self._keeping = SignalKeeping(store, around, changed)
        self._sending = SignalSending(orders, around, quotes)
        self._flags = SignalOrders(self._sending, self._keeping, around, forbidden, flat=flat)
        self._targets = TargetOrders(self._sending, self._keeping, around, forbidden)

    async def act(self, deployment: Deployment, ledger: Ledger, said: Raised | Aim) -> None:
        """Do what is said of a bar."""
        if isinstance(said, Aim):
            await self._targets.act(deployment, ledger, said)
        else:
            await self._flags.act(deployment, ledger, said)

    async def again(self, deployment: Deployment, ledger: Ledger) -> None:
        """Send what waits, when it can go now."""
        await self._flags.again(deployment, ledger)
        await self._targets.again(deployment, ledger)

    def resume(self, deployment: Deployment, signals: Collection[Signal], sent: Collection[str]) -> set[Signal]:
        """Go on with what was meant for today's open, and targets that were not reached, when the program ended; which they are."""
        return self._flags.resume(deployment, signals, sent) | self._targets.resume(deployment, signals, sent)

    def order(self, key: str) -> Order | None:
        """The order of that id, as the book has it."""
        return self._sending.order(key)

    async def ended(self, deployment: Deployment | None, signal: Signal, order: Order) -> None:
        """An order that the broker took ended, maybe before all of it traded; the deployment is None when it does not run."""
        if signal.kind is not Kind.TARGET:
            await self._flags.ended(deployment, signal, order)

    def changed(self, order: Order) -> None:
        """An order of a deployment as it now stands."""
        self._targets.ended(order)

    async def taken_back(self, deployment: Deployment | None, ledger: Ledger, signal: Signal) -> None:
        """What is said no more and still waits to open something does not go; of all else it is kept beside what became of it."""
        if await self._flags.withdrawn(signal):
            return
        if deployment is not None and await self._targets.withdrawn(deployment, ledger, signal):
            return
        await self._keeping.settle(replace(signal, reason=f"{signal.reason} {TAKEN_BACK}".strip()))

    def fills(self, source: str) -> list[Fill]:
        """Executions of this sitting in its name, which the journal may not have yet."""
        return self._sending.fills(source)

    def forget(self, deployment: str) -> None:
        """It is stopped or paused: nothing of it waits any more."""
        self._flags.forget(deployment)
        self._targets.forget(deployment)

    async def flush(self) -> None:
        """Write down what could not be written. Raises DatabaseDown."""
        await self._keeping.flush()

    async def close(self) -> None:
        """Let what is on its way to the broker have its answer, if that comes soon."""
        await self._sending.close()
