"""Which stores a terminal gets: those that keep what it hears, or, for a login that may only look, those that leave it to others."""

from collections.abc import Callable
from dataclasses import dataclass

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.instruments import InstrumentStore
from qv_desktop.adapters.db.onlookers import (
    KeptByOthers,
    SeenActions,
    SeenBars,
    SeenInstruments,
    SeenOrders,
    SeenReconciliations,
    SeenStrategies,
    SeenTicks,
)
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.db.retention import Retention
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.app.entrance import Entrance
from qv_desktop.domain.access import Action, Permission, Resource

KEEPS_PRICES = Permission(Resource.MARKET, Action.CREATE)
KEEPS_ORDERS = Permission(Resource.TRADING, Action.CREATE)
COMPARES = Permission(Resource.RECONCILIATION, Action.RUN)
READS_TRAIL = Permission(Resource.AUDIT, Action.VIEW)
ADDS_STRATEGIES = Permission(Resource.STRATEGIES, Action.CREATE)


@dataclass(frozen=True, slots=True)
class Keeping:
    """The stores of the session that is signed in at ``door``."""

    door: Entrance
    database: Database

    def looks_on(self, permission: Permission) -> bool:
        """Whether the database would refuse what ``permission`` stands for to this terminal's login."""
        return self.database.acting.personal and not self.door.login.may(permission)

    def journal(self) -> OrderJournal:
        """Orders, fills and positions."""
        kind = SeenOrders if self.looks_on(KEEPS_ORDERS) else OrderJournal
        return kind(self.database, self.door.trail)

    def reconciliations(self, account: Callable[[], str]) -> ReconciliationStore:
        """Comparisons with the broker, of the account whose id ``account`` tells."""
        kind = SeenReconciliations if self.looks_on(COMPARES) else ReconciliationStore
        return kind(self.database, self.door.trail, account)

    def strategies(self) -> StrategyStore:
        """Strategies and their versions."""
        kind = SeenStrategies if self.looks_on(ADDS_STRATEGIES) else StrategyStore
        return kind(self.database, self.door.trail)

    def instruments(self) -> InstrumentStore:
        """What the broker lists."""
        return (SeenInstruments if self.looks_on(KEEPS_PRICES) else InstrumentStore)(self.database)

    def bars(self) -> BarStore:
        """Bars."""
        return (SeenBars if self.looks_on(KEEPS_PRICES) else BarStore)(self.database)

    def ticks(self) -> TickStore:
        """Trades and holes."""
        return (SeenTicks if self.looks_on(KEEPS_PRICES) else TickStore)(self.database)

    def actions(self) -> ActionStore:
        """Splits and dividends."""
        return (SeenActions if self.looks_on(KEEPS_PRICES) else ActionStore)(self.database)

    def retention(self) -> Retention:
        """The dropping of old days."""
        return (KeptByOthers if self.looks_on(KEEPS_PRICES) else Retention)(self.database)
