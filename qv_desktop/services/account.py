"""The account: asked of the broker every few seconds and after each fill, and kept."""

import asyncio
import time

import structlog

from qv_desktop.domain.accounts import Account as Balances
from qv_desktop.domain.errors import BrokerDown, DatabaseDown
from qv_desktop.domain.events import AccountChanged
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.orders import OrderJournal

log = structlog.get_logger(__name__)

INTERVAL = 3.0  # seconds between questions
KEEP_EVERY = 10  # every so many answers one snapshot is stored


class Account:
    """The newest balances. ``balances`` is None until the broker has answered once, ``latency_ms`` while it does not answer.

    ``trouble`` is why the last question brought none; None when it did.
    """

    def __init__(self, broker: Broker, journal: OrderJournal, publish: Publish) -> None:
        self._broker, self._journal, self._publish = broker, journal, publish
        self._answers = 0
        self._soon = asyncio.Event()
        self.balances: Balances | None = None
        self.latency_ms: float | None = None  # of the last answer; None when the last question got none
        self.trouble: BrokerDown | None = None
        self._answered: float | None = None  # on the monotonic clock

    @property
    def id(self) -> str:
        """The broker's id of the account; empty while unknown."""
        return self.balances.id if self.balances else ""

    @property
    def age(self) -> float | None:
        """Seconds since the broker last told the balances; None before the first time."""
        return None if self._answered is None else time.monotonic() - self._answered

    async def refresh(self) -> Balances:
        """Ask now. Raises BrokerDown."""
        began = time.perf_counter()
        try:
            balances = await self._broker.account()
        except BrokerDown as trouble:
            self.latency_ms, self.trouble = None, trouble
            raise
        self.latency_ms, self.trouble = (time.perf_counter() - began) * 1000, None
        self._answered, self.balances = time.monotonic(), balances
        self._publish(AccountChanged(balances))
        if self._answers % KEEP_EVERY == 0:
            await self._keep(balances)
        self._answers += 1
        return balances

    def soon(self) -> None:
        """Ask again shortly, for something that moves the balances has happened."""
        self._soon.set()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await asyncio.wait_for(self._soon.wait(), INTERVAL)
                await asyncio.sleep(0.2)  # let a burst of fills settle into one question
            except TimeoutError:
                pass  # nothing happened; ask as usual
            self._soon.clear()
            try:
                await self.refresh()
            except BrokerDown as error:
                log.info("account_unknown", reason=str(error))

    async def _keep(self, balances: Balances) -> None:
        try:
            await self._journal.save_account(balances)
        except DatabaseDown as error:
            log.info("account_not_kept", reason=str(error))
