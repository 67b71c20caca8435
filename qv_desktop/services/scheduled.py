"""A reconciliation without the terminal: what is written down here beside the broker's books; it books nothing."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

from qv_desktop.domain.audit import Actor
from qv_desktop.domain.orders import ZERO
from qv_desktop.domain.reconciliation import ONLY_LOOKED, Books, Reconciliation
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.services.cash import Cash
from qv_desktop.services.looking import Announced, Looking, drafted, run_of
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.orders import StoredBooks
from qv_desktop.services.ports.reconciliation import ReconciliationStore
from qv_desktop.services.reconcile import LOOKS, SETTLE


class Scheduled:
    """One comparison for a scheduler. A terminal may run meanwhile: its journal is what is compared."""

    def __init__(self, broker: Broker, books: StoredBooks, store: ReconciliationStore, cash: Cash, now: Now,
                 since: Callable[[], datetime], announced: Announced | None = None,
                 rules: Callable[[str], Awaitable[Rules]] | None = None) -> None:  # fmt: skip
        self._broker, self._books, self._store, self._cash, self._now = broker, books, store, cash, now
        self._looking = Looking(broker, self._ours, cash, now, since, announced)
        self._rules, self.account = rules, ""  # the broker's id of the account, once it was asked

    async def run(self, actor: Actor) -> Reconciliation:
        """Compare and store. Raises BrokerDown, DatabaseDown: nothing is known then, and nothing stored."""
        self.account = (await self._broker.account()).id
        await self._cash.begin(self.account, only_looks=True)
        tolerances = (Rules() if self._rules is None else await self._rules(self.account)).tolerances
        look, earlier = await self._looking.look(tolerances), None
        for _ in range(1, LOOKS):
            if not look.all or (earlier is not None and not look.moving(earlier)):
                break
            await asyncio.sleep(SETTLE)
            earlier, look = look, await self._looking.look(tolerances, closely=True)
        run = run_of(uuid.uuid4().hex, actor.name, ONLY_LOOKED, self._now(), tolerances, look, earlier)
        await self._store.save(run, drafted(run, actor))
        if look.broker.account is not None and not look.cash.breaks:
            await self._cash.keep(look.broker.account, look.cash)
        return run

    async def _ours(self, since: datetime) -> Books:
        orders = await self._books.orders_since(self.account, since)
        fills = await self._books.fills_since(self.account, since)
        held = {one.symbol: one for one in await self._books.positions(self.account) if one.quantity != ZERO}
        return Books(
            self._now(), held, {one.id: one for one in orders if one.open}, {one.execution_id: one for one in fills}
        )
