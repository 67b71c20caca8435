"""Stores of a terminal whose person may look and not write: what it hears is shown, and kept by the terminals of those who may.

Postgres would refuse each of these writes to the person's login. They come of themselves, from streams and comparisons, so there is
nobody to refuse them to; what a person asks for is refused by the services, and by Postgres if it came to that.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.instruments import InstrumentStore
from qv_desktop.adapters.db.orders import NOTHING, OrderJournal, Record
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.db.retention import Retention
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.history import Span
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Action, Bar, Correction, Gap, Timeframe, Trade
from qv_desktop.domain.orders import Order
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.strategies import Strategy


class SeenOrders(OrderJournal):
    """The journal of somebody who does not trade; ``intend`` still writes, and so is refused."""

    async def record(self, *records: Record) -> None:
        """What the broker told is in view, and recorded elsewhere."""

    async def adopt(self, order: Order, draft: Draft) -> str:
        """Likewise an order that was made elsewhere; who made it is only told as the broker does."""
        return order.user

    async def save_positions(
        self, account: str, positions: Sequence[Position], told: Mapping[str, datetime] = NOTHING
    ) -> None:
        """Positions are kept by those who trade."""

    async def save_account(self, account: Account) -> None:
        """So are balances."""


class SeenReconciliations(ReconciliationStore):
    """Comparisons of somebody who may not run them for the record: shown, not kept."""

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """The run is in view."""


class SeenStrategies(StrategyStore):
    """Strategies of somebody who may not add any: the stored ones."""

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        """The stored version with its source, else the strategy as it came."""
        versions = await self.versions(strategy.id)
        return next((each for each in versions if each.code_hash == strategy.code_hash), strategy)


class SeenBars(BarStore):
    """Bars as others stored them; the vendor's newer word is shown beside them and forgotten."""

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """No row is touched."""
        return 0

    async def cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        """Nothing more is known to be stored."""

    async def uncover(self, symbol: str, frames: Collection[Timeframe], span: Span) -> None:
        """Nor less."""


class SeenTicks(TickStore):
    """Trades as others stored them."""

    async def save(self, trades: Sequence[Trade]) -> int:
        """No row is new."""
        return 0

    async def amend(self, corrections: Sequence[Correction]) -> int:
        """No row is changed."""
        return 0

    async def save_gap(self, gap: Gap) -> None:
        """A hole in what is not stored is none."""


class SeenActions(ActionStore):
    """Splits and dividends as others stored them."""

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        """What the vendor says is used, and asked for again."""


class SeenInstruments(InstrumentStore):
    """Instruments as others stored them."""

    async def save(self, listed: Sequence[Instrument]) -> None:
        """The broker's list is used from memory."""


class KeptByOthers(Retention):
    """Dropping old days is for those who keep them."""

    async def keep_since(self, kind: str, oldest: datetime) -> int:
        """Nothing is dropped."""
        return 0
